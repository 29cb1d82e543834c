package symbolic

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"

	"cellsh/lua/library"
	"cellsh/lua/syntax"
	"cellsh/lua/value"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

const (
	// maxDepth is how deep calls may lie within each other: less than gopher-lua itself allows.
	maxDepth = 900
	// maxLibrary is how deep functions of the library may lie within each other that call functions of Lua: each takes a
	// part of Go's stack.
	maxLibrary = 100
)

// callable resolves the metamethod __call.
func (x *exec) callable(s *state, fn term, args []term, p spot) (term, []term, *rules.Fault) {
	if fn.isFunction() || fn.kind == unknown {
		return fn, args, nil
	}
	if meta := x.metaField(s, fn, "__call"); meta.isFunction() {
		return meta, append([]term{fn}, args...), nil
	}
	what := "what is called"
	if name := calledName(p); name != "" {
		what = name
	}
	is := fn.bad()
	if fn.undefined {
		is = "nil"
	}
	fault := x.raising(p, callee, value.CallText(plainType(fn)), "%s must be a function, but is %s", what, is)
	if fn.isNil() && fault.Hint == "" && !x.loading {
		fault.Hint = library.AbsentIn(p.step().node)
	}
	return fn, args, fault
}

// calledName is the name by which a function is called, "" if it has none.
func calledName(p spot) string {
	if c, ok := p.step().node.(*syntax.CallExpr); ok {
		return c.Spelling()
	}
	return ""
}

func isLua(fn term) bool {
	if fn.kind == constant {
		_, ok := fn.known.(*Closure)
		return ok
	}
	return fn.kind == closure
}

// settle calls functions that are not written in Lua, so that what is left of a result is values, or a call of Lua.
func (x *exec) settle(s *state, r result, p spot) result {
	for r.fault == nil && r.call != nil {
		fn, args, fault := x.callable(s, r.call.fn, r.call.args, p)
		if fault != nil {
			return fails(fault)
		}
		if isLua(fn) {
			r.call = &call{fn, args}
			break
		}
		n := x.native(s, fn, args, p)
		n.choices = append(r.choices, n.choices...)
		r = n
	}
	return r
}

// enter begins a call of a function written in Lua.
func (x *exec) enter(s *state, fn term, args []term, ret returnTo, p spot) outcome {
	if len(s.frames) >= maxDepth {
		return x.faulted(x.budgetFault(p, callee, "", "calls must lie at most %d deep, but lie deeper", maxDepth))
	}
	var node *syntax.FunctionExpr
	var env *value.Table
	if fn.kind == closure {
		o := s.heap[fn.ref]
		node, env = o.node, o.env
	} else {
		c := fn.known.(*Closure)
		node, env = c.Node, c.env
	}
	f := &frame{owner: s.id, plan: x.plan(node), fn: fn, env: env, ret: ret}
	f.stack = make([]term, len(node.Params), len(node.Params)+8)
	n := copy(f.stack, args)
	for i := n; i < len(node.Params); i++ {
		f.stack[i] = nilTerm
	}
	s.frames = append(s.frames, f)
	if node.Vararg && len(args) > len(node.Params) {
		f.varargs = args[len(node.Params):]
	}
	switch {
	case node.Arg == nil:
	case node.UsesVararg:
		f.stack = append(f.stack, nilTerm)
	default:
		// Lua 5.0's table arg, for functions that do not use ... themselves.
		t := x.newTable(s)
		for i, v := range f.varargs {
			if fault := x.rawSet(s, t, numberTerm(value.Number(i+1)), v, p); fault != nil {
				return x.faulted(fault)
			}
		}
		if fault := x.rawSet(s, t, stringTerm("n"), numberTerm(value.Number(len(f.varargs))), p); fault != nil {
			return x.faulted(fault)
		}
		f.stack = append(f.stack, t)
	}
	if fault := x.grow(p, bytesPerFrame+bytesPerTerm*len(f.stack)); fault != nil && x.loading {
		return x.faulted(fault)
	}
	return outcome{}
}

// newTable makes a table: one that stays while a file is run, else one of the decision.
func (x *exec) newTable(s *state) term {
	if x.loading {
		return known(&value.Table{})
	}
	return s.allocTable()
}

// callNow calls a function for one of the library, which needs the results at once. What it does must be the same for
// every request.
func (x *exec) callNow(s *state, fn term, args []term, p spot) ([]term, *rules.Fault) {
	direct := x.direct
	x.direct = true
	r := x.settle(s, result{call: &call{fn, args}}, p)
	x.direct = false
	defer func() { x.direct = direct }()
	switch {
	case r.fault != nil:
		return nil, r.fault
	case r.choices != nil:
		return nil, x.dependent(p)
	case r.call == nil:
		return r.values, nil
	}
	if x.nested >= maxLibrary {
		return nil, x.budgetFault(p, callee, "", "calls of functions by functions of the library must lie at most %d deep, but lie deeper", maxLibrary)
	}
	x.nested++
	defer func() { x.nested-- }()
	depth := len(s.frames)
	o := x.enter(s, r.call.fn, r.call.args, returnTo{how: toLibrary}, p)
	for o.done == nil && o.fork == nil && len(s.frames) > depth {
		if fault := x.count(s); fault != nil {
			return nil, fault
		}
		o = x.step(s)
	}
	s.frames = s.frames[:depth]
	switch {
	case o.done != nil:
		return nil, o.done.Fault
	case o.fork != nil:
		return nil, x.dependent(p)
	}
	return x.returned, nil
}

func (x *exec) dependent(p spot) *rules.Fault {
	return x.refusal(p, whole, diag.DecisionUnsupported, "test the field outside of the function", "what %s calls must do the same for every request, but depends on a field", calledName(p))
}

// native calls a function that is not written in Lua.
func (x *exec) native(s *state, fn term, args []term, p spot) result {
	switch fn.kind {
	case unknown:
		return one(fn)
	case inGroup:
		return x.callInGroup(args, p)
	case within:
		return x.callWithin(args, p)
	}
	b, ok := fn.known.(*value.Builtin)
	if !ok {
		return fails(x.refusal(p, callee, diag.DecisionCall, "", "a decision can call functions of Lua and of the string, table and math libraries, but calls another"))
	}
	if special := x.machine.specials[b]; special != nil {
		return special(x, s, args, p)
	}
	if x.loading {
		if native := x.machine.natives[b]; native != nil {
			return x.callNative(native, args, p)
		}
	}
	if lib := x.machine.options.Library[b.Name]; lib != nil && x.machine.builtins[b.Name] == b {
		return x.callLibrary(s, lib, args, p)
	}
	return fails(x.cannotCall(b.Name, p))
}

func (x *exec) cannotCall(name string, p spot) *rules.Fault {
	return x.refusal(p, callee, diag.DecisionCall, callHints[name], "a decision can't call %s: it has no meaning in a kernel", name)
}

var callHints = map[string]string{
	"print":   "return a reason, and look at it with explain or log",
	"pcall":   "a decision can't fail: what could raise an error is found when it is compiled",
	"xpcall":  "a decision can't fail: what could raise an error is found when it is compiled",
	"require": "require the module outside of the function",
	"os.time": "a decision does not know the time: load another policy when it has come",
	"os.date": "a decision does not know the time: load another policy when it has come",
}

// callNative calls a word like policy, while a file is run.
func (x *exec) callNative(native func(*Call) ([]value.Value, error), args []term, p spot) result {
	c := &Call{Args: make([]value.Value, len(args)), Site: Site{File: p.plan.node.File}}
	c.Site.Call, _ = p.step().node.(*syntax.CallExpr)
	for i, v := range args {
		c.Args[i] = v.known
	}
	out, err := native(c)
	if err != nil {
		return fails(x.raising(p, callee, err.Error(), "%s", err))
	}
	r := result{values: make([]term, len(out))}
	for i, v := range out {
		r.values[i] = known(v)
	}
	return r
}

// special functions work on values that depend on the request, or need the machine.
type special func(x *exec, s *state, args []term, p spot) result

// specials are those that every machine has, by name.
func specials() map[string]special {
	return map[string]special{
		"type":             callType,
		"tonumber":         callToNumber,
		"tostring":         callToString,
		"assert":           callAssert,
		"error":            callError,
		"next":             callNext,
		"pairs":            callPairs,
		"ipairs":           callIpairs,
		library.IpairsStep: callIpairsStep,
		"setmetatable":     callSetMetatable,
		"getmetatable":     callGetMetatable,
		"table.sort":       callSort,
		"has":              callHas,
		"string.glob":      callGlob,
		"math.floor":       round("math.floor"),
		"math.ceil":        round("math.ceil"),
		"pcall":            callPcall,
		"xpcall":           callXpcall,
		"print":            callPrint,
		"require":          callRequire,
	}
}

func arg(args []term, i int) term {
	if i < len(args) {
		return args[i]
	}
	return nilTerm
}

// callInGroup is r:in_group(gid or name).
func (x *exec) callInGroup(args []term, p spot) result {
	if arg(args, 0).kind != request {
		return fails(x.refusal(p, callee, diag.DecisionUnsupported, "write: r:in_group(\"wheel\")", "in_group must be called as a method, but is not"))
	}
	if len(args) > 2 {
		return fails(x.refusal(p, 2, diag.DecisionType, "ask for each group: r:in_group(\"wheel\") or r:in_group(\"operator\")", "in_group must have 1 argument, but has %d", len(args)-1))
	}
	g := arg(args, 1)
	var gid int64
	if n, ok := g.number(); ok {
		v, ok := exactInteger(n)
		if !ok || v < 0 || v > math.MaxUint32 {
			return fails(x.refusal(p, 1, diag.DecisionType, "", "a group must be a number from 0 to 4294967295, but is %s", g))
		}
		gid = v
	} else if name, ok := g.string(); ok {
		id, ok := x.machine.options.Groups.Lookup(name)
		if !ok {
			return fails(x.refusal(p, 1, diag.PolicyName, x.groupHint(name), "a group must exist on the host, but there is none called %q", diag.Short(name)))
		}
		gid = int64(id)
	} else {
		return fails(x.refusal(p, 1, diag.DecisionType, "write: r:in_group(\"wheel\")", "a group must be a known number or name, but is %s", g.bad()))
	}
	return asked(policy.Test{Kind: policy.Member, Field: kauth.FieldGroups, GID: uint32(gid)})
}

// asked is the answer of a test as a value.
func asked(test policy.Test) result {
	return result{values: []term{falseTerm}, choices: []choice{{test: test, values: []term{trueTerm}}}}
}

func (x *exec) groupHint(name string) string {
	if hint := diag.DidYouMean(name, x.machine.options.Groups.Names()); hint != "" {
		return hint
	}
	return "names are those of the host's group file; a number always works"
}

// callWithin is r.addr:within(prefix).
func (x *exec) callWithin(args []term, p spot) result {
	if arg(args, 0).kind != address {
		return fails(x.refusal(p, callee, diag.DecisionUnsupported, "write: r.addr:within(\"10.0.0.0/8\")", "within must be called as a method of an address, but is not"))
	}
	if len(args) > 2 {
		return fails(x.refusal(p, 2, diag.DecisionType, "ask for each prefix: r.addr:within(\"10.0.0.0/8\") or r.addr:within(\"fd00::/8\")", "within must have 1 argument, but has %d", len(args)-1))
	}
	word, ok := arg(args, 1).string()
	if !ok {
		return fails(x.refusal(p, 1, diag.DecisionType, "write: r.addr:within(\"10.0.0.0/8\")", "a prefix must be a known string, but is %s", arg(args, 1).bad()))
	}
	test, err := policy.WithinAddrs(word)
	if err != nil {
		return fails(x.refusal(p, 1, diag.DecisionType, "", "%s", err))
	}
	return asked(test)
}

// callHas is has(number, mask).
func callHas(x *exec, s *state, args []term, p spot) result {
	v, mask := arg(args, 0), arg(args, 1)
	switch {
	case v.kind == unknown || mask.kind == unknown:
		return one(term{kind: unknown})
	case v.isNil():
		return fails(x.lacking(x.raising(p, 0, "", "argument 1 of has must be a number, but is %s", v.bad()), p, v))
	case v.kind == constant:
		return x.askLibrary(s, "has", "has", args, p)
	case v.kind != number || !v.expr.field.Info().Flags:
		return fails(x.refusal(p, 0, diag.DecisionType, "fields with flags are r.flags, r.mode and r.bits", "has must be asked of flags, but is asked of %s", v))
	case !v.expr.raw():
		return fails(x.refusal(p, 0, diag.DecisionArithmetic, "", "has must be asked of r.%s as it is, but is asked of %s", v.expr.field, v))
	case len(args) > 2:
		return fails(x.refusal(p, 2, diag.DecisionType, fmt.Sprintf("ask for each: has(%s, %s) and has(%s, %s)", v, mask, v, args[2]), "has must have 2 arguments, but has %d", len(args)))
	}
	f := v.expr.field
	bits, fault := x.mask(f, mask, p)
	if fault != nil {
		return fails(fault)
	}
	r := one(trueTerm)
	for ; bits != 0; bits &= bits - 1 {
		r.choices = append(r.choices, choice{test: policy.Test{Kind: policy.Has, Field: f, Bit: bits & -bits}, values: []term{falseTerm}, not: true})
	}
	return r
}

// mask gives the bits of a field that are asked for, by a name or as a number.
func (x *exec) mask(f kauth.Field, mask term, p spot) (int64, *rules.Fault) {
	if name, ok := mask.string(); ok {
		of, bit, ok := kauth.FindBit(name)
		switch {
		case !ok:
			hint := diag.DidYouMean(name, f.BitNames())
			if meant := f.MeantBit(name); meant != "" {
				hint = fmt.Sprintf("write: has(r.%s, %q)", f, meant)
			}
			if n, isNumber := value.ParseNumber(name); isNumber {
				hint = "write: " + value.Format(n)
			}
			return 0, x.refusal(p, 1, diag.PolicyName, hint, "a flag of r.%s must have a name, or be a number, but there is none called %q", f, diag.Short(name))
		case of != f:
			return 0, x.refusal(p, 1, diag.PolicyName, "", "a flag must be one of r.%s, but %s is one of r.%s", f, name, of)
		}
		return bit, nil
	}
	n, ok := mask.number()
	if !ok {
		return 0, x.refusal(p, 1, diag.DecisionType, fmt.Sprintf("write: has(r.%s, %q)", f, f.BitNames()[0]), "flags must be a known name or number, but are %s", mask.bad())
	}
	bits, ok := exactInteger(n)
	if most := f.Info().Max; !ok || bits <= 0 || bits > most {
		return 0, x.refusal(p, 1, diag.DecisionConstant, "", "flags of r.%s must be a number from 1 to %d, but are %s", f, most, mask)
	}
	return bits, nil
}

// callGlob is string.glob(s, pattern).
func callGlob(x *exec, s *state, args []term, p spot) result {
	v, pattern := arg(args, 0), arg(args, 1)
	switch {
	case v.kind == unknown || pattern.kind == unknown:
		return one(term{kind: unknown})
	case v.isNil() && v.origin != "":
		return fails(x.lacking(x.raising(p, 0, "", "argument 1 of string.glob must be a string, but is %s", v.bad()), p, v))
	case v.kind != text:
		return x.askLibrary(s, "string.glob", "glob", args, p)
	case len(args) > 2:
		return fails(x.refusal(p, 2, diag.DecisionType, fmt.Sprintf("ask for each: %s:glob(\"tap*\") or %s:glob(\"tun*\")", v, v), "glob must have 1 pattern, but has %d", len(args)-1))
	}
	of := part(len(args) - 1)
	word, ok := textOf(pattern)
	if !ok {
		return fails(x.refusal(p, of, diag.DecisionType, fmt.Sprintf("write: %s:glob(\"web-*\")", v), "a pattern must be a known string, but is %s", pattern.bad()))
	}
	if why := impossible(v.field, strings.ReplaceAll(word, "*", "")); why != "" {
		return fails(x.refusal(p, of, diag.DecisionType, listHint(v.field), "%s must be compared with a pattern that it can match, but that has %s", v, why))
	}
	// Several stars together say no more than one.
	for strings.Contains(word, "**") {
		word = strings.ReplaceAll(word, "**", "*")
	}
	if policy.CheckGlob(word) == "" {
		return asked(policy.Test{Kind: policy.Glob, Field: v.field, Text: word})
	}
	// Without a star it is a text.
	if word == "" && v.field.Info().Nullable {
		return one(falseTerm)
	}
	return asked(policy.Test{Kind: policy.Is, Field: v.field, Text: word})
}

// missing is the error of an argument of another kind, in the words of package library.
func (x *exec) missing(name string, n int, what string, args []term, p spot) result {
	known := make([]value.Value, min(n, len(args)))
	for i := range known {
		if known[i] = args[i].known; args[i].kind != constant {
			known[i] = &value.Table{}
		}
	}
	a := library.NewArgs(name, nil, known)
	a.Must(n, what)
	message := a.Err().Error()
	if n <= len(args) && (args[n-1].kind != constant || args[n-1].isNil() && args[n-1].origin != "") {
		message = fmt.Sprintf("argument %d of %s must be %s, but is %s", n, name, what, args[n-1].bad())
	}
	return fails(x.raising(p, part(n-1), "", "%s", message))
}

func callType(x *exec, s *state, args []term, p spot) result {
	if len(args) == 0 {
		return x.callLibrary(s, library.Policy["type"], args, p)
	}
	switch v := args[0]; v.kind {
	case unknown:
		return one(v)
	case named:
		// A name where the value has one, else a number.
		names := v.field.Info().Names
		var values []int64
		for _, name := range names.All() {
			n, _ := names.Value(name)
			values = append(values, n)
		}
		test := policy.Test{Kind: policy.In, Field: v.field, Set: setOf(values)}
		return result{values: []term{stringTerm("number")}, choices: []choice{{test: test, values: []term{stringTerm("string")}}}}
	}
	return one(stringTerm(args[0].typeName()))
}

func callToNumber(x *exec, s *state, args []term, p spot) result {
	if v := arg(args, 0); v.kind == number && arg(args, 1).isNil() {
		return one(v)
	}
	return x.callLibrary(s, library.Policy["tonumber"], args, p)
}

func callToString(x *exec, s *state, args []term, p spot) result {
	v := arg(args, 0)
	if v.kind == text || v.kind == unknown {
		return one(v)
	}
	if len(args) > 0 {
		if meta := x.metaField(s, v, "__tostring"); !meta.isNil() {
			return result{call: &call{meta, args[:1]}}
		}
		switch v.kind {
		case table, closure, inGroup, within:
			return one(x.addressless(v, p))
		case constant:
			switch v.known.Type() {
			case value.TableType, value.FunctionType, value.UserdataType:
				return one(x.addressless(v, p))
			}
		}
	}
	return x.callLibrary(s, library.Policy["tostring"], args, p)
}

// addressless is the text of a value whose address Lua would give: the name of its type.
func (x *exec) addressless(v term, p spot) term {
	if x.openAnswer(p) {
		return stringTerm("another " + v.typeName())
	}
	return stringTerm(v.typeName())
}

func callAssert(x *exec, s *state, args []term, p spot) result {
	if len(args) == 0 {
		return x.missing("assert", 1, "a value", args, p)
	}
	if args[0].kind == unknown || args[0].truth() {
		return result{values: args}
	}
	message := "assertion failed!"
	if v := arg(args, 1); !v.isNil() {
		t, ok := textOf(v)
		if !ok {
			return x.missing("assert", 2, "a string", args, p)
		}
		message = t
	}
	form := "a decision must not fail, but an assertion does: %s"
	if x.loading {
		form = "%s"
	}
	return fails(x.raising(p, callee, message, form, message))
}

func callError(x *exec, s *state, args []term, p spot) result {
	v := arg(args, 0)
	if level := arg(args, 1); level.kind == constant && !level.isNil() {
		if _, ok := toNumber(level); !ok {
			return x.missing("error", 2, "a number", args, p)
		}
	}
	message := v.String()
	if m, ok := textOf(v); ok {
		message = m
	} else if v.isTable() || v.isFunction() || v.kind == constant && v.known.Type() > value.FunctionType {
		t := value.FunctionType
		if !v.isFunction() {
			t = plainType(v)
		}
		message = value.OddErrorText(t, x.shown(s, v))
	}
	if !x.loading {
		return fails(x.raising(p, callee, "", "a decision must not fail, but raises: %s", message))
	}
	fault := x.raising(p, callee, "", "%s", message)
	x.thrown = v
	if m, ok := textOf(v); ok {
		level := value.Number(1)
		if n, ok := toNumber(arg(args, 1)); ok {
			level = n
		}
		x.thrown = stringTerm(x.levelPosition(s, int(level), p) + m)
	}
	return fails(fault)
}

// shown is a value for messages: in a line, with what tables hold.
func (x *exec) shown(s *state, v term) string {
	d := value.Describer[term]{
		Plain: func(v term) value.Value {
			if v.kind == constant && v.known.Type() < value.TableType {
				return v.known
			}
			return nil
		},
		Pairs: func(v term) iter.Seq2[term, term] {
			if !v.isTable() {
				return nil
			}
			pairs := x.pairsOf(s, v, false)
			return func(yield func(k, v term) bool) {
				for i := range pairs.elements + pairs.entries {
					if k, v := pairs.at(i); !v.isNil() && !yield(k, v) {
						return
					}
				}
			}
		},
		Other: func(v term) string {
			if v.kind == constant {
				return v.known.Type().String()
			}
			return v.String()
		},
	}
	return d.Describe(v)
}

// levelPosition is the place that error puts before a message: of its caller, of that one's caller, and so on.
func (x *exec) levelPosition(s *state, level int, p spot) string {
	if level == 1 {
		return x.position(p)
	}
	i := len(s.frames) - 1
	for ; level > 1 && i >= 0; level-- {
		if s.frames[i].ret.how == toLibrary {
			// The caller is a function of the library, which has no place.
			if level == 2 {
				return ""
			}
			level--
		}
		i--
	}
	if level != 1 || i < 0 {
		return ""
	}
	f := s.frames[i]
	return x.position(spot{f.plan, f.at - 1})
}

// array is a table as package library sees it. The elements of one that the decision made may depend on the request.
type array struct {
	x *exec
	s *state
	t term
	p spot
}

// Type is that of a table.
func (a *array) Type() value.Type { return value.TableType }

// Len is what # gives.
func (a *array) Len() int { return a.x.tableLength(a.s, a.t, a.p) }

// Text is what string.format writes.
func (a *array) Text() (string, error) {
	if !a.x.metaField(a.s, a.t, "__tostring").isNil() {
		return "", library.ErrTostring
	}
	s, _ := a.x.addressless(a.t, a.p).string()
	return s, nil
}

// At is an element.
func (a *array) At(i int) value.Value {
	if t, ok := a.t.table(); ok {
		return t.At(i)
	}
	return a.x.export(a.s, a.s.heap[a.t.ref].at(i), a.p)
}

// Put changes an element.
func (a *array) Put(i int, v value.Value) error {
	if fault := a.x.rawSet(a.s, a.t, numberTerm(value.Number(i)), a.x.imported(v), a.p); fault != nil {
		return &faultError{fault}
	}
	return nil
}

// MaxN is the highest key.
func (a *array) MaxN() float64 {
	if t, ok := a.t.table(); ok {
		return t.MaxN()
	}
	o := a.s.heap[a.t.ref]
	highest := 0.0
	for i, v := range o.elements {
		if !v.isNil() {
			highest = float64(i + 1)
		}
	}
	for _, e := range o.entries {
		if n, ok := e.key.known.(value.Number); ok && !e.value.isNil() {
			highest = max(highest, float64(n))
		}
	}
	return highest
}

// opaque is a value that functions of the library hand on, and can't look into.
type opaque struct {
	x    *exec
	term term
	p    spot
}

// Text is what string.format writes.
func (o *opaque) Text() (string, error) {
	s, _ := o.x.addressless(o.term, o.p).string()
	return s, nil
}

// Type is that of the value.
func (o *opaque) Type() value.Type {
	switch o.term.kind {
	case number:
		return value.NumberType
	case closure, inGroup, within:
		return value.FunctionType
	case text, named:
		return value.StringType
	}
	return value.UserdataType
}

// export gives a value to a function of the library.
func (x *exec) export(s *state, v term, p spot) value.Value {
	if v.isTable() {
		return &array{x, s, v, p}
	}
	if v.kind == constant {
		return v.known
	}
	return &opaque{x, v, p}
}

// imported takes a value from a function of the library.
func (x *exec) imported(v value.Value) term {
	switch o := v.(type) {
	case *array:
		return o.t
	case *opaque:
		return o.term
	}
	return known(v)
}

// faultError carries a fault through a function of the library.
type faultError struct{ fault *rules.Fault }

func (e *faultError) Error() string { return e.fault.Message }

// meter counts what functions of the library do.
type meter struct {
	x *exec
	p spot
}

// Work counts steps.
func (m meter) Work(instructions int) error {
	if m.x.steps += instructions; m.x.steps > m.x.limit {
		return &faultError{m.x.budgetFault(m.p, callee, "", "the code must end within %d instructions, but does not", m.x.limit)}
	}
	return nil
}

// Grow counts bytes.
func (m meter) Grow(what string, bytes int) error {
	if bytes > maxText {
		return &faultError{m.x.budgetFault(m.p, callee, "", "%s must be at most %d bytes, but would be %d", what, maxText, bytes)}
	}
	if fault := m.x.grow(m.p, bytes); fault != nil {
		return &faultError{fault}
	}
	return nil
}

// handsOn are functions that only hand values on, from an argument on: those may depend on the request.
var handsOn = map[string]int{"select": 1, "table.insert": 1, "unpack": 3}

// callLibrary calls a function of the library. What it looks at must be known.
func (x *exec) callLibrary(s *state, lib *library.Function, args []term, p spot) result {
	in := make([]value.Value, len(args))
	from, some := handsOn[lib.Name]
	for i, v := range args {
		if v.kind == unknown {
			return one(v)
		}
		dependent := v.kind != constant && v.kind != table && v.kind != closure
		if dependent && !(some && i >= from && !(lib.Name == "table.insert" && i == 1 && len(args) > 2)) {
			code, hint := diag.DecisionArithmetic, "compare the field with constants, or with other fields"
			switch v.kind {
			case text:
				code, hint = diag.DecisionText, textHint
			case named:
				code, hint = diag.DecisionText, namedHint(v)
			case request, target, cell, address, inGroup, within:
				code, hint = diag.DecisionUnsupported, ""
			}
			return fails(x.refusal(p, part(i), code, hint, "the arguments of %s must be the same for every request, but one is %s", lib.Name, v))
		}
		in[i] = x.export(s, v, p)
	}
	if !x.loading && !lib.Pure && len(args) > 0 {
		// A message of its own, which names the function.
		if t, ok := args[0].table(); ok && t.ReadOnly == "" {
			return fails(x.changesLoaded(lib.Name, p))
		}
	}
	out, err := lib.Call(meter{x, p}, in)
	if err != nil {
		return fails(x.libraryFault(lib.Name, in, err, p))
	}
	r := result{values: make([]term, len(out))}
	for i, v := range out {
		r.values[i] = x.imported(v)
	}
	return r
}

func (x *exec) changesLoaded(name string, p spot) *rules.Fault {
	return x.refusal(p, 0, diag.DecisionWrite, "fill a table that is made inside of the function", "a decision must leave nothing behind, but %s changes a table that was made outside of it", name)
}

// libraryFault is the fault of a function of the library that failed.
func (x *exec) libraryFault(name string, in []value.Value, err error, p spot) *rules.Fault {
	var f *faultError
	if errors.As(err, &f) {
		return f.fault
	}
	// It may have stumbled over an element that depends on the request.
	for i, v := range in {
		a, ok := v.(*array)
		if !ok || a.t.kind != table {
			continue
		}
		for _, e := range a.s.heap[a.t.ref].elements {
			if e.kind != constant && e.kind != table && e.kind != closure {
				return x.refusal(p, part(i), diag.DecisionText, "", "the elements that %s works on must be the same for every request, but one is %s", name, e)
			}
		}
	}
	return x.raising(p, callee, err.Error(), "%s", err)
}

func callSort(x *exec, s *state, args []term, p spot) result {
	if !x.loading {
		if t, ok := arg(args, 0).table(); ok && t.ReadOnly == "" {
			return fails(x.changesLoaded("table.sort", p))
		}
	}
	in := make([]value.Value, len(args))
	for i, v := range args {
		in[i] = x.export(s, v, p)
	}
	err := library.Sort(meter{x, p}, in, func(f, a, b value.Value) (bool, error) {
		v, w := x.imported(a), x.imported(b)
		if (f != value.Nil{}) {
			out, fault := x.callNow(s, x.imported(f), []term{v, w}, p)
			if fault != nil {
				return false, &faultError{fault}
			}
			return first(out).truth(), nil
		}
		c := x.less(s, v, w, false, whole, whole, p)
		switch {
		case c.fault != nil:
			return false, &faultError{c.fault}
		case c.test != nil:
			return false, &faultError{x.dependent(p)}
		case c.call != nil:
			out, fault := x.callNow(s, c.call.fn, c.call.args, p)
			if fault != nil {
				return false, &faultError{fault}
			}
			return first(out).truth() != c.not, nil
		}
		return c.yes != c.not, nil
	})
	if err != nil {
		return fails(x.libraryFault("table.sort", in, err, p))
	}
	return result{}
}

func (x *exec) iteratorArg(name string, args []term, p spot) *rules.Fault {
	v := arg(args, 0)
	switch v.kind {
	case request, target, cell:
		return x.refusal(p, 0, diag.DecisionUnsupported, "read the fields by their names", "%s can't be listed: its fields differ from request to request", v)
	}
	if !v.isTable() && v.kind != unknown {
		return x.missing(name, 1, "a table", args, p).fault
	}
	return nil
}

func callNext(x *exec, s *state, args []term, p spot) result {
	t, key := arg(args, 0), arg(args, 1)
	if fault := x.iteratorArg("next", args, p); fault != nil {
		return fails(fault)
	}
	if t.kind == unknown || key.kind == unknown {
		return one(term{kind: unknown})
	}
	if key.kind != constant && key.kind != table && key.kind != closure {
		return fails(x.refusal(p, 1, diag.DecisionLoop, "", "the key of next must be known, but is %s", key))
	}
	pairs := x.pairsOf(s, t, x.flips(p))
	at := 0
	if !key.isNil() {
		i, ok := pairs.find(key)
		if !ok {
			return fails(x.raising(p, 1, "the key of next must be one of the table, but is not", "the key of next must be one of the table, but is not"))
		}
		at = i + 1
	}
	for n := pairs.elements + pairs.entries; at < n; at++ {
		i := at
		if at >= pairs.elements && x.openAnswer(p) {
			// The other keys from behind.
			i = n - 1 - (at - pairs.elements)
		}
		if k, v := pairs.at(i); !v.isNil() {
			return result{values: []term{k, v}}
		}
	}
	return one(nilTerm)
}

// pairing is a table as next goes through it: so many elements, and then so many entries with other keys.
type pairing struct {
	elements, entries int
	at                func(i int) (k, v term)
	find              func(key term) (int, bool)
}

// pairsOf gives them, flipped if the other keys are to come from behind.
func (x *exec) pairsOf(s *state, t term, flipped bool) pairing {
	flip := func(p pairing) pairing {
		if !flipped {
			return p
		}
		find, n := p.find, p.elements+p.entries
		p.find = func(key term) (int, bool) {
			i, ok := find(key)
			if i >= p.elements {
				i = n - 1 - (i - p.elements)
			}
			return i, ok
		}
		return p
	}
	if loaded, ok := t.table(); ok {
		elements, entries := loaded.Sizes()
		return flip(pairing{elements, entries, func(i int) (term, term) {
			k, v := loaded.Pair(i)
			return known(k), known(v)
		}, func(key term) (int, bool) {
			if key.kind != constant {
				return 0, false
			}
			return loaded.Position(key.known)
		}})
	}
	o := s.heap[t.ref]
	return flip(pairing{len(o.elements), len(o.entries), func(i int) (term, term) {
		if i < len(o.elements) {
			return numberTerm(value.Number(i + 1)), o.elements[i]
		}
		e := o.entries[i-len(o.elements)]
		if e.key.ref != 0 {
			return term{kind: s.heap[e.key.ref-1].termKind(), ref: e.key.ref - 1}, e.value
		}
		return known(e.key.known), e.value
	}, func(key term) (int, bool) {
		if n, ok := arrayIndex(key); ok && n <= len(o.elements) {
			return n - 1, true
		}
		i, ok := o.index[keyOf(key)]
		return len(o.elements) + i, ok
	}})
}

func keyOf(v term) entryKey {
	if v.kind == table || v.kind == closure {
		return entryKey{ref: v.ref + 1}
	}
	return entryKey{known: v.known}
}

func (o *object) termKind() kind {
	if o.what == closureObject {
		return closure
	}
	return table
}

func callPairs(x *exec, s *state, args []term, p spot) result {
	if fault := x.iteratorArg("pairs", args, p); fault != nil {
		return fails(fault)
	}
	return result{values: []term{known(x.machine.builtins["next"]), args[0], nilTerm}}
}

func callIpairs(x *exec, s *state, args []term, p spot) result {
	if fault := x.iteratorArg("ipairs", args, p); fault != nil {
		return fails(fault)
	}
	return result{values: []term{known(x.machine.builtins[library.IpairsStep]), args[0], numberTerm(0)}}
}

func callIpairsStep(x *exec, s *state, args []term, p spot) result {
	if arg(args, 0).kind == unknown {
		return one(args[0])
	}
	n, ok := toNumber(arg(args, 1))
	if !ok {
		return x.missing(library.IpairsStep, 2, "a number", args, p)
	}
	if !args[0].isTable() {
		return x.missing(library.IpairsStep, 1, "a table", args, p)
	}
	next := numberTerm(n + 1)
	v, ok := x.indexRaw(s, args[0], next, p).plain()
	if !ok || v.isNil() {
		return one(nilTerm)
	}
	return result{values: []term{next, v}}
}

func callSetMetatable(x *exec, s *state, args []term, p spot) result {
	t, mt := arg(args, 0), arg(args, 1)
	if t.kind == unknown {
		return one(t)
	}
	if !t.isTable() {
		return x.missing("setmetatable", 1, "a table", args, p)
	}
	if len(args) < 2 || !mt.isNil() && !mt.isTable() {
		return x.missing("setmetatable", 2, "a table or nil", args, p)
	}
	if loaded, ok := t.table(); ok {
		switch {
		case loaded.ReadOnly != "":
			return fails(x.raising(p, callee, "", "%s can't be changed", loaded.ReadOnly))
		case !x.loading:
			return fails(x.refusal(p, 0, diag.DecisionWrite, "", "a decision must leave nothing behind, but changes the metatable of a table that was made outside of it"))
		}
	}
	if !x.metaField(s, t, "__metatable").isNil() {
		return fails(x.raising(p, callee, "", "this metatable can't be changed"))
	}
	if loaded, ok := t.table(); ok {
		loaded.Meta, _ = mt.known.(*value.Table)
	} else {
		s.object(t.ref).meta = mt
	}
	return one(t)
}

func callGetMetatable(x *exec, s *state, args []term, p spot) result {
	v := arg(args, 0)
	if len(args) == 0 {
		return x.missing("getmetatable", 1, "a value", args, p)
	}
	if hidden := x.metaField(s, v, "__metatable"); !hidden.isNil() {
		return one(hidden)
	}
	switch v.kind {
	case table:
		return one(s.heap[v.ref].meta)
	case constant:
		if t, ok := v.known.(*value.Table); ok && t.Meta != nil {
			return one(known(t.Meta))
		}
	case request, target, cell, address:
		return one(falseTerm)
	}
	return one(nilTerm)
}

// round is math.floor or math.ceil of what is an integer anyway, or of a known number.
func round(name string) special {
	return func(x *exec, s *state, args []term, p spot) result {
		if v := arg(args, 0); v.kind == number {
			return one(v)
		}
		return x.callLibrary(s, library.Policy[name], args, p)
	}
}

func setOf(values []int64) interval.Set {
	ranges := make([]interval.Range, len(values))
	for i, v := range values {
		ranges[i] = interval.Range{Lo: v, Hi: v}
	}
	return interval.Of(ranges...)
}

// protected calls a function while a file is run; what it raises is a value.
func (x *exec) protected(s *state, fn term, args []term, p spot) (values []term, thrown term, ok bool, fault *rules.Fault) {
	depth := len(s.frames)
	values, fault = x.callNow(s, fn, args, p)
	if fault == nil {
		return values, nilTerm, true, nil
	}
	if !fault.Raised {
		// The end of a budget is no error that code can catch.
		return nil, nilTerm, false, fault
	}
	s.frames = s.frames[:depth]
	return nil, x.thrown, false, nil
}

func callPcall(x *exec, s *state, args []term, p spot) result {
	if !x.loading {
		return fails(x.cannotCall("pcall", p))
	}
	if len(args) == 0 {
		return x.missing("pcall", 1, "a value", args, p)
	}
	values, thrown, ok, fault := x.protected(s, args[0], args[1:], p)
	switch {
	case fault != nil:
		return fails(fault)
	case !ok:
		return result{values: []term{falseTerm, thrown}}
	}
	return result{values: append([]term{trueTerm}, values...)}
}

func callXpcall(x *exec, s *state, args []term, p spot) result {
	if !x.loading {
		return fails(x.cannotCall("xpcall", p))
	}
	if len(args) < 2 {
		return x.missing("xpcall", 2, "a value", args, p)
	}
	values, thrown, ok, fault := x.protected(s, args[0], nil, p)
	switch {
	case fault != nil:
		return fails(fault)
	case ok:
		return result{values: append([]term{trueTerm}, values...)}
	}
	out, _, ok, fault := x.protected(s, args[1], []term{thrown}, p)
	switch {
	case fault != nil:
		return fails(fault)
	case !ok:
		return result{values: []term{falseTerm, stringTerm(value.HandlerText)}}
	}
	// One value, as PUC Lua gives.
	return result{values: []term{falseTerm, first(out)}}
}

func callPrint(x *exec, s *state, args []term, p spot) result {
	if !x.loading {
		return fails(x.cannotCall("print", p))
	}
	parts := make([]string, len(args))
	for i, v := range args {
		out, fault := x.callNow(s, known(x.machine.builtins["tostring"]), []term{v}, p)
		if fault != nil {
			return fails(fault)
		}
		t, ok := textOf(first(out))
		if !ok {
			return fails(x.raising(p, callee, "", "tostring must give a string to print, but gives %s", first(out).bad()))
		}
		parts[i] = t
	}
	x.machine.printer.Print(strings.Join(parts, "\t"))
	return result{}
}

func callRequire(x *exec, s *state, args []term, p spot) result {
	if !x.loading {
		return fails(x.cannotCall("require", p))
	}
	name, ok := textOf(arg(args, 0))
	if !ok {
		return x.missing("require", 1, "a string", args, p)
	}
	raise := func(form string, args ...any) result {
		return fails(x.raising(p, callee, "", form, args...))
	}
	if !library.ModuleName(name) {
		return raise("a module's name must consist of a-z, 0-9 and _, but is %q", diag.Short(name))
	}
	if v, ok := x.machine.modules[name]; ok {
		if v == nil {
			return raise("module %s must not need itself, but does", name)
		}
		return one(known(v))
	}
	if x.machine.options.Require == nil {
		return raise("module %s must lie beside the policy file, but there is no file", name)
	}
	file, err := x.machine.options.Require(name)
	if err != nil {
		return raise("%s", err)
	}
	if file.Problems.Failed() {
		return raise("module %s: %s", name, file.Problems)
	}
	x.machine.modules[name] = nil
	out, fault := x.callNow(s, known(x.machine.main(file)), []term{stringTerm(name)}, p)
	if fault != nil {
		delete(x.machine.modules, name)
		return fails(fault)
	}
	v := first(out).known
	if (v == value.Nil{}) {
		v = value.Bool(true)
	}
	x.machine.modules[name] = v
	return one(known(v))
}
