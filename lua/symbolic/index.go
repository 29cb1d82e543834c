package symbolic

import (
	"cmp"
	"fmt"
	"slices"

	"cellsh/lua/library"
	"cellsh/lua/syntax"
	"cellsh/lua/value"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// maxMeta is how many tables an __index chain may lead through, as in PUC Lua.
const maxMeta = 100

// global reads a global variable.
func (x *exec) global(s *state, name value.Value, p spot) result {
	r := x.indexValue(s, known(s.top().env), known(name), p)
	if v, ok := r.plain(); ok && v.isNil() {
		word := string(name.(value.String))
		if !x.loading {
			x.undefinedGlobal(p, word)
		}
		return one(term{known: value.Nil{}, origin: word, undefined: true})
	}
	return r
}

// absent says of what Lua has and policies do not how to do without.
var absent = map[string]string{
	"os":        "a decision does not know the time: load another policy when it has come",
	"io":        "a decision can't read files: read them where the policy is made, and write a table",
	"coroutine": "call functions instead",
	"rawget":    "read a field by its name: r.port",
	"rawset":    "assign to a local table",
	"rawequal":  "compare with ==",
	"load":      "write a function",
	"dofile":    "require a file beside the policy, outside of the function",
}

// undefinedHint says what a global that nobody defined may stand for.
func undefinedHint(name string) string {
	if hint := questionHint(name, kauth.NumFields); hint != "" {
		return hint
	}
	if hint := diag.DidYouMean(name, []string{"deny", "allow", "grant", "record", "unlimited", "has", "ipairs", "pairs", "string", "table", "math", "tonumber", "tostring", "type", "select", "unpack", "next"}); hint != "" {
		return hint
	}
	return cmp.Or(absent[name], library.AbsentHint(name))
}

// undefinedGlobal warns of a global that nobody defined: it reads nil, and nil passes a question on.
func (x *exec) undefinedGlobal(p spot, name string) {
	global, ok := p.node(whole).(*syntax.NameExpr)
	if ok && !x.undefined[global] {
		x.undefined[global] = false
	}
	x.noteAbout(global, p, whole, diag.DecisionGlobal, undefinedHint(name), "a global must be defined before it is used, but %s is not, and reads nil", name)
}

// indexValue is v[key], with metatables.
func (x *exec) indexValue(s *state, v, key term, p spot) result {
	if v.kind == unknown || key.kind == unknown {
		return one(term{kind: unknown})
	}
	// Choices of the tables on the way, of which those before come first.
	var choices []choice
	for range maxMeta {
		switch v.kind {
		case request, target, cell, address, inGroup, within:
			return x.indexObject(v, key, p)
		case number:
			return x.cannotIndex(v, key, p)
		case named:
			return fails(x.refusal(p, whole, diag.DecisionText, namedHint(v), "text must be the same for every request to be worked on, but is %s", v))
		case text:
			if name, ok := key.string(); ok && name == "glob" {
				return one(known(x.machine.builtins["string.glob"]))
			}
			return fails(x.refusal(p, whole, diag.DecisionText, textHint, "text must be the same for every request to be worked on, but is %s", v))
		}
		got := x.indexRaw(s, v, key, p)
		if got.fault != nil {
			return got
		}
		plain := first(got.values)
		meta := x.metaField(s, v, "__index")
		// What is not among the keys of this table is looked for behind it.
		if !meta.isNil() && plain.isNil() {
			choices = append(choices, got.choices...)
		} else {
			got.choices = append(choices, got.choices...)
			if v.isTable() || !plain.isNil() || len(got.choices) > 0 {
				return got
			}
			return x.cannotIndex(v, key, p)
		}
		if meta.isFunction() {
			if b, ok := meta.known.(*value.Builtin); ok && meta.kind == constant && !x.loading {
				return fails(x.refusal(p, keyPart, diag.DecisionCall, "", "a decision can't call %s", b.Name))
			}
			return result{choices: choices, call: &call{meta, []term{v, key}}}
		}
		v = meta
	}
	return fails(x.raising(p, keyPart, "", "tables must inherit from each other at most %d deep, but do so deeper", maxMeta))
}

// indexRaw is v[key] without metatables; nil for what is no table.
func (x *exec) indexRaw(s *state, v, key term, p spot) result {
	if v.kind == table {
		return x.getLocal(s, v.ref, key, p)
	}
	if t, ok := v.table(); ok {
		return x.getLoaded(t, key, p)
	}
	return one(nilTerm)
}

func (x *exec) cannotIndex(v, key term, p spot) result {
	if v.kind == constant && v.known.Type() == value.UserdataType {
		// A session has it, whose machine may find something there.
		return fails(x.refusal(p, keyPart, diag.DecisionUnsupported, "read it outside of the function, into a local", "what is indexed with %s must be a table, but is %s", keyText(key), v.bad()))
	}
	fault := x.raising(p, keyPart, value.IndexText(plainType(v)), "what is indexed with %s must be a table, but is %s", keyText(key), v.bad())
	if name, ok := key.string(); ok && name == "has" && v.kind == number && v.expr.field.Info().Flags && fault.Hint == "" {
		fault.Hint = questionHint(name, v.expr.field)
	}
	return fails(x.lacking(fault, p, v))
}

// namedHint says how a field with names is asked: it is a number to the kernel, so that no pattern matches it.
func namedHint(v term) string {
	hint := "compare the field with names"
	if names := v.field.Info().Names; names != nil {
		if all := names.All(); len(all) > 0 {
			hint += fmt.Sprintf(": %s == %q", v, all[0])
		}
	}
	return hint
}

// questions are the functions and methods that ask a field of the request, as they are written.
var questions = map[string]string{
	"has":      `has(r.flags, "MNT_RDONLY")`,
	"glob":     `r.ifname:glob("wm*")`,
	"within":   `r.addr:within("10.0.0.0/8")`,
	"in_group": `r:in_group("wheel")`,
}

// questionHint says how the question of that name is written, "" if there is none. f is the field that is asked, if that is
// known.
func questionHint(name string, f kauth.Field) string {
	form, ok := questions[name]
	switch {
	case !ok:
		return ""
	case name == "has" && f < kauth.NumFields && f.Info().Flags:
		form = fmt.Sprintf("has(r.%s, 2)", f)
		if names := f.BitNames(); len(names) > 0 {
			form = fmt.Sprintf("has(r.%s, %q)", f, names[0])
		}
	}
	return "write: " + form
}

// askLibrary calls the function of the library that a question is where it is not asked of a field. What is wrong with the
// call has a hint.
func (x *exec) askLibrary(s *state, name, question string, args []term, p spot) result {
	out := x.callLibrary(s, library.Policy[name], args, p)
	if out.fault != nil && out.fault.Hint == "" {
		out.fault.Hint = questionHint(question, kauth.NumFields)
	}
	return out
}

func keyText(key term) string {
	if s, ok := key.string(); ok {
		return diag.Short(s)
	}
	return key.String()
}

// getLoaded reads a table that was there after load.
func (x *exec) getLoaded(t *value.Table, key term, p spot) result {
	switch key.kind {
	case constant:
		return one(known(t.Get(key.known)))
	case table, closure:
		return one(nilTerm)
	case number, named, text:
		var pairs []pair
		for k, v := range t.Pairs {
			pairs = append(pairs, pair{k, known(v)})
		}
		return x.lookup(pairs, key, p)
	}
	return x.badKey(key, p)
}

// getLocal reads a table of the decision.
func (x *exec) getLocal(s *state, ref int32, key term, p spot) result {
	o := s.heap[ref]
	switch key.kind {
	case constant:
		if n, ok := arrayIndex(key); ok {
			if n <= len(o.elements) {
				return one(o.elements[n-1])
			}
			return one(nilTerm)
		}
		return one(o.get(entryKey{known: key.known}))
	case table, closure:
		return one(o.get(entryKey{ref: key.ref + 1}))
	case number, named, text:
		var pairs []pair
		for i, v := range o.elements {
			pairs = append(pairs, pair{value.Number(i + 1), v})
		}
		for _, n := range o.entries {
			if n.key.ref == 0 {
				pairs = append(pairs, pair{n.key.known, n.value})
			}
		}
		return x.lookup(pairs, key, p)
	}
	return x.badKey(key, p)
}

func (x *exec) badKey(key term, p spot) result {
	return fails(x.refusal(p, keyPart, diag.DecisionUnsupported, "", "the key of a table must be a number, a name or a string, but is %s", key))
}

type pair struct {
	key   value.Value
	value term
}

// lookup is a table indexed by a field: one test for each value that the table has, for all keys that lead to it.
func (x *exec) lookup(pairs []pair, key term, p spot) result {
	type group struct {
		value term
		set   interval.Set
		texts []string
	}
	x.steps += stepsPerPair * len(pairs)
	var groups []*group
	byValue := map[groupKey]*group{}
	misspelled := ""
	for _, e := range pairs {
		if e.value.isNil() {
			continue
		}
		var set interval.Set
		var textKey string
		switch key.kind {
		case number:
			n, ok := e.key.(value.Number)
			if !ok {
				continue
			}
			v, ok := exactInteger(n)
			if !ok {
				continue
			}
			if lo, hi := key.expr.bounds(); v < lo || v > hi {
				x.note(p, keyPart, diag.DecisionConstant, "", "the key %d of a table that is looked up with %s must be a number from %d to %d, but is not", v, key, lo, hi)
				continue
			}
			var err error
			if set, err = key.expr.preimage(interval.Single(v)); err != nil {
				return fails(x.refusal(p, keyPart, diag.DecisionArithmetic, "", "a calculated key must stand for at most %d ranges of %s, but stands for more", maxIntervals, key.expr.field))
			}
		case named:
			names := key.field.Info().Names
			switch k := e.key.(type) {
			case value.String:
				v, ok := names.Value(string(k))
				if !ok {
					misspelled = string(k)
					continue
				}
				set = interval.Single(v)
			case value.Number:
				v, ok := exactInteger(k)
				if _, has := names.Name(v); !ok || has {
					continue
				}
				set = interval.Single(v)
			default:
				continue
			}
		case text:
			k, ok := e.key.(value.String)
			if !ok || k == "" && key.field.Info().Nullable {
				continue
			}
			if why := impossible(key.field, string(k)); why != "" {
				x.note(p, keyPart, diag.DecisionType, listHint(key.field), "the key of a table that is looked up with %s must be text that it can be, but one is %s", key, why)
				continue
			}
			textKey = string(k)
		}
		id := groupKey{kind: e.value.kind, field: e.value.field, ref: e.value.ref, known: e.value.known, expr: e.value.expr}
		g, ok := byValue[id]
		if !ok {
			g = &group{value: e.value}
			byValue[id] = g
			groups = append(groups, g)
		}
		if key.kind == text {
			g.texts = append(g.texts, textKey)
		} else {
			g.set = append(g.set, set...)
		}
	}
	if misspelled != "" && len(groups) > 0 {
		names := key.field.Info().Names
		x.note(p, keyPart, diag.PolicyName, diag.DidYouMean(misspelled, names.All()), "the key %q of a table that is looked up with %s must be %s, but is none", diag.Short(misspelled), key, names.What())
	}
	r := one(nilTerm)
	for _, g := range groups {
		values := []term{g.value}
		if key.kind == text {
			for _, t := range g.texts {
				r.choices = append(r.choices, choice{test: policy.Test{Kind: policy.Is, Field: key.field, Text: t}, values: values})
			}
			continue
		}
		if set := interval.Of(g.set...); !set.Empty() {
			test := policy.Test{Kind: policy.In, Field: key.field, Set: set}
			if key.kind == number {
				test = key.expr.test(set)
			}
			r.choices = append(r.choices, choice{test: test, values: values})
		}
	}
	return r
}

// groupKey makes values comparable: equal values of a table share a test.
type groupKey struct {
	kind  kind
	field kauth.Field
	ref   int32
	known value.Value
	expr  *expr
}

// arrayIndex is the key as an index of the array part, as value.Table divides tables.
func arrayIndex(key term) (int, bool) {
	if key.kind != constant {
		return 0, false
	}
	return value.ArrayIndex(key.known)
}

func (o *object) get(k entryKey) term {
	if i, ok := o.index[k]; ok {
		return o.entries[i].value
	}
	return nilTerm
}

// at is the element of an index from 1.
func (o *object) at(i int) term {
	if i >= 1 && i <= len(o.elements) {
		return o.elements[i-1]
	}
	if i >= 1 && i < value.MaxArray {
		return nilTerm
	}
	return o.get(entryKey{known: value.Number(i)})
}

// assign is t[key] = v, with metatables. What it gives is nothing, or a function that is called for it.
func (x *exec) assign(s *state, t, key, v term, p spot) result {
	for range maxMeta {
		switch t.kind {
		case unknown:
			return result{}
		case request, target, cell:
			return fails(x.refusal(p, keyPart, diag.DecisionWrite, "", "a request can't be changed, but %s is assigned to", keyText(key)))
		}
		if !t.isTable() {
			break
		}
		meta := x.metaField(s, t, "__newindex")
		if !meta.isNil() {
			old, ok := x.indexRaw(s, t, key, p).plain()
			if !ok {
				return fails(x.refusal(p, keyPart, diag.DecisionWrite, "", "the key of an assignment must be the same for every request, but is %s", key))
			}
			if !old.isNil() {
				meta = nilTerm
			}
		}
		switch {
		case meta.isNil():
			return result{fault: x.rawSet(s, t, key, v, p)}
		case meta.isFunction():
			return result{call: &call{meta, []term{t, key, v}}}
		}
		t = meta
	}
	return fails(x.raising(p, keyPart, value.IndexText(plainType(t)), "what is assigned into with %s must be a table, but is %s", keyText(key), t.bad()))
}

// maxElements bounds the tables that a decision makes.
const maxElements = 1 << 18

// rawSet is t[key] = v for a table, without metatables.
func (x *exec) rawSet(s *state, t, key, v term, p spot) *rules.Fault {
	if key.kind == constant {
		switch k := key.known.(type) {
		case value.Nil:
			return x.raising(p, keyPart, value.ErrNilKey.Error(), "a key must not be nil, but is")
		case value.Number:
			if k != k {
				return x.raising(p, keyPart, value.ErrNaNKey.Error(), "a key must not be NaN, but is")
			}
		}
	}
	if loaded, ok := t.table(); ok {
		switch {
		case loaded.ReadOnly != "":
			return x.raising(p, keyPart, loaded.ReadOnly+" can't be changed", "%s can't be changed", loaded.ReadOnly)
		case !x.loading:
			return x.refusal(p, keyPart, diag.DecisionWrite, "fill a table that is made inside of the function", "a decision must leave nothing behind, but assigns to a table that was made outside of it")
		}
		if fault := x.grow(p, loaded.Growth(key.known)); fault != nil {
			return fault
		}
		// nil and NaN are out of the way.
		_ = loaded.Set(key.known, v.known)
		return nil
	}
	var k entryKey
	switch key.kind {
	case constant:
		if n, ok := arrayIndex(key); ok {
			if n > maxElements {
				return x.refusal(p, keyPart, diag.DecisionBudget, "", "a table that a decision makes must have at most %d elements, but gets index %d", maxElements, n)
			}
			o := s.object(t.ref)
			if fault := x.grow(p, bytesPerTerm*max(n-len(o.elements), 0)); fault != nil {
				return fault
			}
			for len(o.elements) < n {
				o.elements = append(o.elements, nilTerm)
				o.holes++
			}
			if o.elements[n-1].isNil() {
				o.holes--
			}
			if v.isNil() {
				o.holes++
			}
			o.elements[n-1] = v
			return nil
		}
		k.known = key.known
	case table, closure:
		k.ref = key.ref + 1
	case unknown:
		return nil
	default:
		return x.refusal(p, keyPart, diag.DecisionWrite, "", "the key of an assignment must be the same for every request, but is %s", key)
	}
	o := s.object(t.ref)
	i, ok := o.index[k]
	if !ok {
		if v.isNil() {
			return nil
		}
		if fault := x.grow(p, 2*bytesPerTerm); fault != nil {
			return fault
		}
		i = len(o.entries)
		o.entries = append(o.entries, entry{key: k})
		if o.index == nil {
			o.index = map[entryKey]int{}
		}
		o.index[k] = i
	}
	o.entries[i].value = v
	return nil
}

// length is the number of elements, as value.Table counts them.
func (o *object) length() int {
	return value.Border(len(o.elements), o.has)
}

func (o *object) has(i int) bool { return !o.elements[i-1].isNil() }

// tableLength is # of a table.
func (x *exec) tableLength(s *state, t term, p spot) int {
	length, lowest := x.borders(s, t)
	if length != lowest && x.openAnswer(p) {
		return lowest
	}
	return length
}

// borders are # of a table, and what else it could be.
func (x *exec) borders(s *state, t term) (length, lowest int) {
	if loaded, ok := t.table(); ok {
		return loaded.Borders()
	}
	o := s.heap[t.ref]
	length = o.length()
	if o.holes == 0 {
		return length, length
	}
	return length, value.LowestBorder(length, o.has)
}

// length is #v. Lua 5.1 does not ask tables for __len.
func (x *exec) length(s *state, v term, p spot) result {
	switch v.kind {
	case unknown:
		return one(v)
	case text, named:
		return fails(x.refusal(p, left, diag.DecisionText, textHint, "text must be the same for every request to be worked on, but is %s", v))
	}
	if v.isTable() {
		return one(numberTerm(value.Number(x.tableLength(s, v, p))))
	}
	if t, ok := v.string(); ok {
		return one(numberTerm(value.Number(len(t))))
	}
	return fails(x.raising(p, left, value.LengthText(plainType(v)), "the operand of # must be a table or string, but is %s", v.bad()))
}

// metaField is a field of a value's metatable, nil if it has none.
func (x *exec) metaField(s *state, v term, name string) term {
	switch v.kind {
	case table:
		meta := s.heap[v.ref].meta
		if meta.kind == table {
			return s.heap[meta.ref].get(entryKey{known: value.String(name)})
		}
		if t, ok := meta.table(); ok {
			return known(t.Field(name))
		}
	case constant:
		switch t := v.known.(type) {
		case *value.Table:
			if t.Meta != nil {
				return known(t.Meta.Field(name))
			}
		case value.String:
			return known(x.machine.strings.Field(name))
		}
	}
	return nilTerm
}

// indexObject reads a field of the request or of what it leads to.
func (x *exec) indexObject(v, key term, p spot) result {
	name, ok := key.string()
	if !ok {
		return fails(x.refusal(p, keyPart, diag.DecisionUnsupported, "write the field's name: r.port", "a request must be read by the name of a field, but is read with %s", key))
	}
	switch v.kind {
	case request:
		switch name {
		case "target":
			if x.carries(kauth.FieldTargetPID, "target", p) {
				return one(term{kind: target})
			}
			return one(term{known: value.Nil{}, origin: "target"})
		case "cell":
			return one(term{kind: cell})
		case "in_group":
			return one(term{kind: inGroup})
		}
		return x.field(name, p)
	case target:
		return x.field("target."+name, p)
	case cell:
		switch name {
		case "name":
			x.cellRead = true
			return one(stringTerm(x.cell))
		case "id", "profile":
			why := "the kernel does not give the profile back"
			if name == "id" {
				why = "ids are not known before a cell is made"
			}
			return fails(x.refusal(p, keyPart, diag.DecisionField, "use r.cell.name", "r.cell.%s can't be known to a policy: %s", name, why))
		}
		return fails(x.refusal(p, keyPart, diag.DecisionField, "use r.cell.name", "a cell has a name and nothing else, but %s is read", diag.Short(name)))
	case address:
		if name == "within" {
			return one(term{kind: within, field: v.field})
		}
		return fails(x.refusal(p, keyPart, diag.DecisionField, "write: r.addr:within(\"10.0.0.0/8\")", "an address has the method within and nothing else, but %s is read", diag.Short(name)))
	}
	return x.cannotIndex(v, key, p)
}

// carries reports whether the request has the field, and notes that the function looked.
func (x *exec) carries(f kauth.Field, name string, p spot) bool {
	x.read = x.read.With(f)
	if x.info.Fields.Has(f) {
		return true
	}
	if read := (rules.FieldRead{Field: f, Name: name, Span: p.span(keyPart)}); !x.ghost && len(x.absent) < maxAbsent && !slices.Contains(x.absent, read) {
		x.absent = append(x.absent, read)
	}
	return false
}

// maxAbsent bounds how many reads of fields that a request does not carry are remembered.
const maxAbsent = 100

// field reads a field of the request.
func (x *exec) field(name string, p spot) result {
	fd, ok := kauth.FindField(name)
	if !ok || fd == kauth.FieldGroups || fd == kauth.FieldMembers {
		return fails(x.refusal(p, keyPart, diag.DecisionField, cmp.Or(questionHint(name, kauth.NumFields), diag.DidYouMean(name, fieldNames)), "a field must be one that some request carries, but there is none called %s", diag.Short(name)))
	}
	if !x.carries(fd, name, p) {
		return one(term{known: value.Nil{}, origin: name})
	}
	info := fd.Info()
	switch info.Kind {
	case kauth.KindNamed:
		return one(term{kind: named, field: fd})
	case kauth.KindBool:
		test := policy.Test{Kind: policy.In, Field: fd, Set: interval.Single(1)}
		return result{values: []term{{known: value.Bool(false), origin: name}}, choices: []choice{{test: test, values: []term{{known: value.Bool(true), origin: name}}}}}
	case kauth.KindString:
		v := term{kind: text, field: fd}
		if info.Nullable {
			test := policy.Test{Kind: policy.Is, Field: fd}
			return result{values: []term{v}, choices: []choice{{test: test, values: []term{{known: value.Nil{}, origin: name}}}}}
		}
		return one(v)
	case kauth.KindAddr:
		return one(term{kind: address, field: fd})
	}
	e, _ := x.newExpr(exprKey{field: fd, mul: 1})
	return one(term{kind: number, expr: e})
}

// fieldNames are the names that can follow "r.".
var fieldNames = func() []string {
	names := []string{"target", "cell", "in_group"}
	for f := range kauth.Field(kauth.NumFields) {
		if f != kauth.FieldGroups && f != kauth.FieldMembers {
			names = append(names, f.String())
		}
	}
	slices.Sort(names)
	return names
}()
