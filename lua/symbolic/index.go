package symbolic

import (
	"slices"

	lua "github.com/yuin/gopher-lua"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// maxMeta is how many tables an __index chain may lead through, as in gopher-lua.
const maxMeta = 100

// global reads a global variable.
func (x *exec) global(s *state, f *frame, pc int, name lua.LValue) result {
	r := x.indexValue(s, known(f.env), known(name), f, pc)
	if v, ok := r.plain(); ok && v.isNil() {
		x.undefined(f, pc, name.String())
	}
	return r
}

// indexValue is v[key], with metatables.
func (x *exec) indexValue(s *state, v, key value, f *frame, pc int) result {
	for range maxMeta {
		switch v.kind {
		case request, target, cell, address, inGroup, within:
			return x.indexObject(v, key, f, pc)
		case number:
			return x.cannotIndex(v, key, f, pc)
		case named, text:
			return fails(x.refusal(f, pc, diag.DecisionText, v.field.String(), textHint, "text must be the same for every request to be worked on, but is %s", v))
		}
		var got result
		switch {
		case v.kind == table:
			got = x.getLocal(s, v.ref, key, f, pc)
		case v.kind == constant && v.lua.Type() == lua.LTTable:
			got = x.getLoaded(v.lua.(*lua.LTable), key, f, pc)
		default:
			got = one(nilValue)
		}
		if plain, ok := got.plain(); !ok || !plain.isNil() {
			if got.choices != nil && !x.metaField(s, v, "__index").isNil() {
				return fails(x.refusal(f, pc, diag.DecisionUnsupported, tokenOf(key), "look the field up in a table without a metatable",
					"a table that is looked up with %s must have no __index, but has", key))
			}
			return got
		}
		meta := x.metaField(s, v, "__index")
		switch {
		case meta.isNil():
			if isTable(v) {
				return one(nilValue)
			}
			return x.cannotIndex(v, key, f, pc)
		case x.isFunction(meta):
			if b, ok := x.builtin(meta); ok {
				return fails(x.refusal(f, pc, diag.DecisionCall, b.Name, "", "a decision can't call %s", b.Name))
			}
			return result{call: &call{meta, []value{v, key}}}
		}
		v = meta
	}
	return fails(x.raising(f, pc, tokenOf(key), "tables must inherit from each other at most %d deep, but do so deeper", maxMeta))
}

func isTable(v value) bool {
	return v.kind == table || v.kind == constant && v.lua.Type() == lua.LTTable
}

func (x *exec) cannotIndex(v, key value, f *frame, pc int) result {
	return fails(x.raising(f, pc, tokenOf(key), "what is indexed with %s must be a table, but is %s", keyText(key), describeBad(v)))
}

// describeBad describes a value that is of the wrong kind: for a nil that came from a field, where it came from.
func describeBad(v value) string {
	if v.isNil() && v.origin != "" {
		return "r." + v.origin + ", which is nil"
	}
	if v.kind == constant {
		return v.lua.Type().String()
	}
	return v.String()
}

func keyText(key value) string {
	if s, ok := key.constantString(); ok {
		return s
	}
	return key.String()
}

// tokenOf is what the caret of a message about the key points to.
func tokenOf(key value) string {
	if s, ok := key.constantString(); ok {
		return s
	}
	return fieldToken(key)
}

// fieldToken is the word in the source that reads the field of a value.
func fieldToken(v value) string {
	switch v.kind {
	case number:
		return lastWord(v.expr.field.String())
	case named, text, address:
		return lastWord(v.field.String())
	case constant:
		return lastWord(v.origin)
	}
	return ""
}

// getLoaded reads a table that was there after load.
func (x *exec) getLoaded(t *lua.LTable, key value, f *frame, pc int) result {
	switch key.kind {
	case constant:
		return one(known(t.RawGet(key.lua)))
	case table, closure:
		return one(nilValue)
	case number, named, text:
		var pairs []pair
		for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
			pairs = append(pairs, pair{k, known(v)})
		}
		return x.lookup(pairs, key, f, pc)
	}
	return x.badKey(key, f, pc)
}

// getLocal reads a table of the decision.
func (x *exec) getLocal(s *state, ref int32, key value, f *frame, pc int) result {
	o := s.heap[ref]
	switch key.kind {
	case constant:
		if n, ok := arrayIndex(key); ok {
			if n <= len(o.elements) {
				return one(o.elements[n-1])
			}
			return one(nilValue)
		}
		return one(o.get(entryKey{lua: key.lua}))
	case table, closure:
		return one(o.get(entryKey{ref: key.ref + 1}))
	case number, named, text:
		var pairs []pair
		for i, v := range o.elements {
			pairs = append(pairs, pair{lua.LNumber(i + 1), v})
		}
		for _, n := range o.entries {
			if n.key.ref == 0 {
				pairs = append(pairs, pair{n.key.lua, n.value})
			}
		}
		return x.lookup(pairs, key, f, pc)
	}
	return x.badKey(key, f, pc)
}

func (x *exec) badKey(key value, f *frame, pc int) result {
	return fails(x.refusal(f, pc, diag.DecisionUnsupported, fieldToken(key), "", "the key of a table must be a number, a name or a string, but is %s", key))
}

type pair struct {
	key   lua.LValue
	value value
}

// lookup is a table indexed by a field: one test for each value that the table has, for all keys that lead to it.
func (x *exec) lookup(pairs []pair, key value, f *frame, pc int) result {
	type group struct {
		value value
		set   interval.Set
		texts []string
	}
	x.steps += stepsPerPair * len(pairs)
	var groups []*group
	byValue := map[groupKey]*group{}
	misspelled := ""
	for _, p := range pairs {
		if p.value.isNil() {
			continue
		}
		var set interval.Set
		var textKey string
		switch key.kind {
		case number:
			n, ok := p.key.(lua.LNumber)
			if !ok {
				continue
			}
			v, ok := exactInteger(n)
			if !ok {
				continue
			}
			if lo, hi := key.expr.bounds(); v < lo || v > hi {
				x.note(f, pc, diag.DecisionConstant, fieldToken(key), "", "the key %d of a table that is looked up with %s must be a number from %d to %d, but is not", v, key, lo, hi)
				continue
			}
			var err error
			if set, err = key.expr.preimage(interval.Single(v)); err != nil {
				return fails(x.refusal(f, pc, diag.DecisionArithmetic, fieldToken(key), "", "a calculated key must stand for at most %d ranges of %s, but stands for more", maxIntervals, key.expr.field))
			}
		case named:
			names := key.field.Info().Names
			switch k := p.key.(type) {
			case lua.LString:
				v, ok := names.Value(string(k))
				if !ok {
					misspelled = string(k)
					continue
				}
				set = interval.Single(v)
			case lua.LNumber:
				v, ok := exactInteger(k)
				if _, has := names.Name(v); !ok || has {
					continue
				}
				set = interval.Single(v)
			default:
				continue
			}
		case text:
			k, ok := p.key.(lua.LString)
			if !ok || k == "" && key.field.Info().Nullable {
				continue
			}
			if why := impossible(string(k)); why != "" {
				x.note(f, pc, diag.DecisionType, fieldToken(key), "", "the key of a table that is looked up with %s must be text that it can be, but one is %s", key, why)
				continue
			}
			textKey = string(k)
		}
		id := groupKey{kind: p.value.kind, field: p.value.field, ref: p.value.ref, lua: p.value.lua, expr: p.value.expr}
		g, ok := byValue[id]
		if !ok {
			g = &group{value: p.value}
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
		x.note(f, pc, diag.PolicyName, misspelled, diag.DidYouMean(misspelled, names.All()), "the key %q of a table that is looked up with %s must be %s, but is none", misspelled, key, names.What())
	}
	r := one(nilValue)
	for _, g := range groups {
		values := []value{g.value}
		if key.kind == text {
			for _, t := range g.texts {
				r.choices = append(r.choices, choice{policy.Test{Kind: policy.Is, Field: key.field, Text: t}, values})
			}
			continue
		}
		field := key.field
		if key.kind == number {
			field = key.expr.field
		}
		if set := interval.Of(g.set...); !set.Empty() {
			r.choices = append(r.choices, choice{policy.Test{Kind: policy.In, Field: field, Set: set}, values})
		}
	}
	return r
}

// groupKey makes values comparable: equal values of a table share a test.
type groupKey struct {
	kind  kind
	field kauth.Field
	ref   int32
	lua   lua.LValue
	expr  *expr
}

// arrayIndex is the key as an index of the array part, as gopher-lua divides tables.
func arrayIndex(key value) (int, bool) {
	n, ok := key.lua.(lua.LNumber)
	if !ok || key.kind != constant || n != lua.LNumber(int64(n)) || n < 1 || n >= lua.LNumber(lua.MaxArrayIndex) {
		return 0, false
	}
	return int(n), true
}

func (o *object) get(k entryKey) value {
	if i, ok := o.index[k]; ok {
		return o.entries[i].value
	}
	return nilValue
}

// assign is t[key] = v, with metatables.
func (x *exec) assign(s *state, t, key, v value, f *frame, pc int) *rules.Fault {
	switch {
	case t.kind == table:
		if meta := x.metaField(s, t, "__newindex"); !meta.isNil() {
			if r := x.getLocal(s, t.ref, key, f, pc); first(r.values).isNil() {
				return x.refusal(f, pc, diag.DecisionUnsupported, tokenOf(key), "", "a table that a decision fills must have no __newindex, but has")
			}
		}
		return x.rawSet(s, t.ref, key, v, f, pc)
	case t.kind == constant && t.lua.Type() == lua.LTTable:
		return x.refusal(f, pc, diag.DecisionWrite, tokenOf(key), "fill a table that is made inside of the function", "a decision must leave nothing behind, but assigns to a table that was made outside of it")
	case t.kind == request || t.kind == target || t.kind == cell:
		return x.refusal(f, pc, diag.DecisionWrite, tokenOf(key), "", "a request can't be changed, but %s is assigned to", keyText(key))
	}
	return x.raising(f, pc, tokenOf(key), "what is assigned into with %s must be a table, but is %s", keyText(key), describeBad(t))
}

// maxElements bounds the tables that a decision makes.
const maxElements = 1 << 18

func (x *exec) rawSet(s *state, ref int32, key, v value, f *frame, pc int) *rules.Fault {
	var k entryKey
	switch key.kind {
	case constant:
		if key.isNil() {
			return x.raising(f, pc, "", "a key must not be nil, but is")
		}
		if n, ok := arrayIndex(key); ok {
			if n > maxElements {
				return x.refusal(f, pc, diag.DecisionBudget, "", "", "a table that a decision makes must have at most %d elements, but gets index %d", maxElements, n)
			}
			o := s.object(ref)
			for len(o.elements) < n-1 {
				o.elements = append(o.elements, nilValue)
			}
			if n <= len(o.elements) {
				o.elements[n-1] = v
			} else {
				o.elements = append(o.elements, v)
			}
			return nil
		}
		k.lua = key.lua
	case table, closure:
		k.ref = key.ref + 1
	default:
		return x.refusal(f, pc, diag.DecisionWrite, fieldToken(key), "", "the key of an assignment must be the same for every request, but is %s", key)
	}
	o := s.object(ref)
	i, ok := o.index[k]
	if !ok {
		if v.isNil() {
			return nil
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

// length is the number of elements, as gopher-lua counts them: up to the last before which there is none nil at
// the end.
func (o *object) length() int {
	for i := len(o.elements) - 1; i >= 0; i-- {
		if !o.elements[i].isNil() {
			return i + 1
		}
		if i > 0 && !o.elements[i-1].isNil() {
			return i
		}
	}
	return 0
}

func (x *exec) length(s *state, v value, f *frame, pc int) result {
	switch v.kind {
	case text, named:
		return fails(x.refusal(f, pc, diag.DecisionText, fieldToken(v), textHint, "text must be the same for every request to be worked on, but is %s", v))
	case table:
		if meta := x.metaField(s, v, "__len"); !meta.isNil() {
			return result{call: &call{meta, []value{v}}}
		}
		return one(known(lua.LNumber(s.heap[v.ref].length())))
	case constant:
		switch t := v.lua.(type) {
		case lua.LString:
			return one(known(lua.LNumber(len(t))))
		case *lua.LTable:
			if meta := x.metaField(s, v, "__len"); x.isFunction(meta) {
				return result{call: &call{meta, []value{v}}}
			}
			return one(known(lua.LNumber(t.Len())))
		}
	}
	return fails(x.raising(f, pc, fieldToken(v), "the operand of # must be a table or string, but is %s", describeBad(v)))
}

// metaField is a field of a value's metatable, nil if it has none.
func (x *exec) metaField(s *state, v value, name string) value {
	switch v.kind {
	case table:
		meta := s.heap[v.ref].meta
		switch {
		case meta.kind == table:
			return s.heap[meta.ref].get(entryKey{lua: lua.LString(name)})
		case !meta.isNil():
			return known(meta.lua.(*lua.LTable).RawGetString(name))
		}
	case constant:
		if m := x.fn.vm.L.GetMetaField(v.lua, name); m != nil {
			return known(m)
		}
	}
	return nilValue
}

func (x *exec) isFunction(v value) bool {
	return v.kind == closure || v.kind == inGroup || v.kind == within || v.kind == constant && v.lua.Type() == lua.LTFunction
}

// indexObject reads a field of the request or of what it leads to.
func (x *exec) indexObject(v, key value, f *frame, pc int) result {
	name, ok := key.constantString()
	if !ok {
		return fails(x.refusal(f, pc, diag.DecisionUnsupported, fieldToken(key), "write the field's name: r.port", "a request must be read by the name of a field, but is read with %s", key))
	}
	switch v.kind {
	case request:
		switch name {
		case "target":
			if x.carries(kauth.FieldTargetPID) {
				return one(value{kind: target})
			}
			return one(value{lua: lua.LNil, origin: "target"})
		case "cell":
			return one(value{kind: cell})
		case "in_group":
			return one(value{kind: inGroup})
		}
		return x.field(name, name, f, pc)
	case target:
		return x.field("target."+name, name, f, pc)
	case cell:
		switch name {
		case "name":
			x.cellRead = true
			return one(known(lua.LString(x.cell)))
		case "id", "profile":
			why := "the kernel does not give the profile back"
			if name == "id" {
				why = "ids are not known before a cell is made"
			}
			return fails(x.refusal(f, pc, diag.DecisionField, name, "use r.cell.name", "r.cell.%s can't be known to a policy: %s", name, why))
		}
		return fails(x.refusal(f, pc, diag.DecisionField, name, "use r.cell.name", "a cell has a name and nothing else, but %s is read", name))
	case address:
		if name == "within" {
			return one(value{kind: within, field: v.field})
		}
		return fails(x.refusal(f, pc, diag.DecisionField, name, "write: r.addr:within(\"10.0.0.0/8\")", "an address has the method within and nothing else, but %s is read", name))
	}
	return x.cannotIndex(v, key, f, pc)
}

// carries reports whether the request has the field, and notes that the function looked.
func (x *exec) carries(f kauth.Field) bool {
	x.read = x.read.With(f)
	return x.info.Fields.Has(f)
}

// field reads a field of the request.
func (x *exec) field(name, word string, f *frame, pc int) result {
	fd, ok := kauth.FindField(name)
	if !ok || fd == kauth.FieldGroups || fd == kauth.FieldMembers {
		return fails(x.refusal(f, pc, diag.DecisionField, word, diag.DidYouMean(name, fieldNames), "a field must be one that some request carries, but there is none called %s", name))
	}
	if !x.carries(fd) {
		return one(value{lua: lua.LNil, origin: name})
	}
	info := fd.Info()
	switch info.Kind {
	case kauth.KindNamed:
		return one(value{kind: named, field: fd})
	case kauth.KindBool:
		test := policy.Test{Kind: policy.In, Field: fd, Set: interval.Single(1)}
		return result{values: []value{{lua: lua.LFalse, origin: name}}, choices: []choice{{test, []value{{lua: lua.LTrue, origin: name}}}}}
	case kauth.KindString:
		v := value{kind: text, field: fd}
		if info.Nullable {
			test := policy.Test{Kind: policy.Is, Field: fd}
			return result{values: []value{v}, choices: []choice{{test, []value{{lua: lua.LNil, origin: name}}}}}
		}
		return one(v)
	case kauth.KindAddr:
		return one(value{kind: address, field: fd})
	}
	e, _ := x.newExpr(exprKey{field: fd, mul: 1})
	return one(value{kind: number, expr: e})
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
