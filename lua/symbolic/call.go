package symbolic

import (
	"fmt"
	"math"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/syntax"
	"cellsh/lua/vm"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// maxDepth is how deep calls may lie within each other: less than the interpreter itself allows.
const maxDepth = 900

// callInstruction is OP_CALL.
func (x *exec) callInstruction(s *state, f *frame, pc int, i instruction) outcome {
	a := i.a()
	ret := returnTo{how: toRegisters, base: a, count: i.c() - 1}
	return x.invoke(s, s.get(a), s.slice(a+1, i.b()-1), ret, f, pc)
}

// tailCall is OP_TAILCALL: the called function returns for the running one.
func (x *exec) tailCall(s *state, f *frame, pc int, i instruction) outcome {
	a := i.a()
	fn, args := s.get(a), s.slice(a+1, i.b()-1)
	fn, args, fault := x.callable(s, fn, args, f, pc)
	if fault != nil {
		return x.faulted(fault)
	}
	if x.isLua(fn) {
		ret := f.ret
		at := x.at(f, pc, "")
		s.frames = s.frames[:len(s.frames)-1]
		return x.enter(s, fn, args, ret, at)
	}
	r := x.native(s, fn, args, f, pc)
	at := x.at(f, pc, lastWord(x.nativeName(fn)))
	if f.ret.how != toNobody && r.fault == nil && r.call == nil {
		// The results are those of the caller's call.
		ret := f.ret
		pop := func(s *state, values []value) outcome {
			s.frames = s.frames[:len(s.frames)-1]
			return x.deliver(s, ret, values)
		}
		if r.choices == nil {
			return pop(s, r.values)
		}
		fk := &fork{at: at}
		for _, c := range r.choices {
			fk.ways = append(fk.ways, way{c.test, func(s *state) outcome { return pop(s, c.values) }})
		}
		fk.ways = append(fk.ways, way{then: func(s *state) outcome { return pop(s, r.values) }})
		return outcome{fork: fk}
	}
	return x.finish(s, pc, returnTo{how: toNobody}, r, at)
}

// invoke calls a value and lets the state go on after pc.
func (x *exec) invoke(s *state, fn value, args []value, ret returnTo, f *frame, pc int) outcome {
	fn, args, fault := x.callable(s, fn, args, f, pc)
	if fault != nil {
		return x.faulted(fault)
	}
	if x.isLua(fn) {
		s.own().pc = pc + 1
		return x.enter(s, fn, args, ret, x.at(f, pc, ""))
	}
	return x.finish(s, pc+1, ret, x.native(s, fn, args, f, pc), x.at(f, pc, lastWord(x.nativeName(fn))))
}

// callable resolves the metamethod __call.
func (x *exec) callable(s *state, fn value, args []value, f *frame, pc int) (value, []value, *rules.Fault) {
	if x.isFunction(fn) {
		return fn, args, nil
	}
	if isTable(fn) {
		if meta := x.metaField(s, fn, "__call"); x.isFunction(meta) {
			return meta, append([]value{fn}, args...), nil
		}
	}
	name := x.calledName(f, pc)
	what := "what is called"
	if name != "" {
		what = name
	}
	fault := x.raising(f, pc, lastWord(name), "%s must be a function, but is %s", what, describeBad(fn))
	return fn, args, fault
}

// calledName is the name by which the function is called at pc, "" if that has none.
func (x *exec) calledName(f *frame, pc int) string {
	for _, c := range f.proto.DbgCalls {
		if c.Pc == pc && c.Name != "?" && c.Name != "(anonymous)" {
			return c.Name
		}
	}
	return ""
}

func (x *exec) isLua(fn value) bool {
	if fn.kind == constant {
		l, ok := fn.lua.(*lua.LFunction)
		return ok && !l.IsG
	}
	return fn.kind == closure
}

// enter begins a call of a function written in Lua.
func (x *exec) enter(s *state, fn value, args []value, ret returnTo, at diag.Span) outcome {
	if !x.isLua(fn) {
		f := s.top()
		return x.finish(s, f.pc, ret, x.native(s, fn, args, f, f.pc-1), at)
	}
	if len(s.frames) >= maxDepth {
		return x.faulted(x.newFault(at, diag.DecisionBudget, false, "", "calls must lie at most %d deep, but lie deeper", maxDepth))
	}
	var p *lua.FunctionProto
	var env *lua.LTable
	if fn.kind == closure {
		o := s.heap[fn.ref]
		p, env = o.proto, o.env
	} else {
		l := fn.lua.(*lua.LFunction)
		p, env = l.Proto, l.Env
	}
	f := &frame{owner: s.id, proto: x.protoOf(p), fn: fn, env: env, ret: ret, regs: make([]value, int(p.NumUsedRegisters)+1)}
	for i := range f.regs {
		f.regs[i] = nilValue
	}
	np := int(p.NumParameters)
	for i := 0; i < np && i < len(args); i++ {
		f.regs[i] = args[i]
	}
	s.frames = append(s.frames, f)
	if p.IsVarArg&lua.VarArgIsVarArg != 0 {
		if len(args) > np {
			f.varargs = args[np:]
		}
		if p.IsVarArg&lua.VarArgNeedsArg != 0 {
			// Lua 5.0's table arg, for functions that do not use ... themselves.
			o := &object{what: tableObject, elements: append([]value(nil), f.varargs...)}
			key := entryKey{lua: lua.LString("n")}
			o.entries = []entry{{key, known(lua.LNumber(len(f.varargs)))}}
			o.index = map[entryKey]int{key: 0}
			f.regs[np] = value{kind: table, ref: s.alloc(o)}
		}
	}
	return outcome{}
}

// builtin says what a function that is not written in Lua is.
func (x *exec) builtin(fn value) (vm.Builtin, bool) {
	if l, ok := fn.lua.(*lua.LFunction); ok && fn.kind == constant {
		return x.fn.vm.Builtin(l)
	}
	return vm.Builtin{}, false
}

func (x *exec) nativeName(fn value) string {
	switch fn.kind {
	case inGroup:
		return "in_group"
	case within:
		return "within"
	}
	b, _ := x.builtin(fn)
	return b.Name
}

// native calls a function that is not written in Lua.
func (x *exec) native(s *state, fn value, args []value, f *frame, pc int) result {
	switch fn.kind {
	case inGroup:
		return x.callInGroup(args, f, pc)
	case within:
		return x.callWithin(args, f, pc)
	}
	b, ok := x.builtin(fn)
	if !ok {
		return fails(x.refusal(f, pc, diag.DecisionCall, x.calledName(f, pc), "", "a decision can call functions of Lua and of the string, table and math libraries, but calls another"))
	}
	if special, ok := specials[b.Name]; ok {
		return special(x, s, args, f, pc)
	}
	if !b.Pure {
		return fails(x.refusal(f, pc, diag.DecisionCall, lastWord(b.Name), callHints[b.Name], "a decision can't call %s: it has no meaning in a kernel", b.Name))
	}
	return x.callPure(s, b, fn.lua.(*lua.LFunction), args, f, pc)
}

var callHints = map[string]string{
	"print":   "return a reason, and look at it with explain or log",
	"pcall":   "a decision can't fail: what could raise an error is found when it is compiled",
	"xpcall":  "a decision can't fail: what could raise an error is found when it is compiled",
	"require": "require the module outside of the function",
	"os.time": "a decision does not know the time: load another policy when it has come",
	"os.date": "a decision does not know the time: load another policy when it has come",
}

// special functions work on values that depend on the request, or on tables that the decision made.
type special func(x *exec, s *state, args []value, f *frame, pc int) result

var specials map[string]special

func init() {
	specials = map[string]special{
		syntax.HiddenConcat: func(x *exec, s *state, args []value, f *frame, pc int) result { return x.concat(s, args, f, pc) },
		syntax.HiddenKey:    func(x *exec, s *state, args []value, f *frame, pc int) result { return one(first(args)) },
		syntax.HiddenSet: func(x *exec, s *state, args []value, f *frame, pc int) result {
			return result{fault: x.assign(s, args[0], args[1], args[2], f, pc)}
		},
		"type":         callType,
		"tonumber":     callToNumber,
		"tostring":     callToString,
		"select":       callSelect,
		"unpack":       callUnpack,
		"assert":       callAssert,
		"error":        callError,
		"next":         callNext,
		"pairs":        callPairs,
		"ipairs":       callIpairs,
		vm.IpairsStep:  callIpairsStep,
		"setmetatable": callSetMetatable,
		"getmetatable": callGetMetatable,
		"table.insert": callInsert,
		"table.remove": callRemove,
		"math.floor":   round("math.floor"),
		"math.ceil":    round("math.ceil"),
	}
}

func arg(args []value, i int) value {
	if i < len(args) {
		return args[i]
	}
	return nilValue
}

// callInGroup is r:in_group(gid or name).
func (x *exec) callInGroup(args []value, f *frame, pc int) result {
	if arg(args, 0).kind != request {
		return fails(x.refusal(f, pc, diag.DecisionUnsupported, "in_group", "write: r:in_group(\"wheel\")", "in_group must be called as a method, but is not"))
	}
	g := arg(args, 1)
	var gid int64
	switch v := g.lua.(type) {
	case lua.LNumber:
		n, ok := exactInteger(v)
		if !ok || n < 0 || n > math.MaxUint32 {
			return fails(x.refusal(f, pc, diag.DecisionType, "in_group", "", "a group must be a number from 0 to 4294967295, but is %s", v))
		}
		gid = n
	case lua.LString:
		id, ok := x.fn.options.Groups.Lookup(string(v))
		if !ok {
			return fails(x.refusal(f, pc, diag.PolicyName, string(v), x.groupHint(string(v)), "a group must exist on the host, but there is none called %q", string(v)))
		}
		gid = int64(id)
	default:
		return fails(x.refusal(f, pc, diag.DecisionType, "in_group", "write: r:in_group(\"wheel\")", "a group must be a known number or name, but is %s", describeBad(g)))
	}
	test := policy.Test{Kind: policy.Member, Field: kauth.FieldGroups, GID: uint32(gid)}
	return result{values: []value{known(lua.LFalse)}, choices: []choice{{test, []value{known(lua.LTrue)}}}}
}

func (x *exec) groupHint(name string) string {
	if hint := diag.DidYouMean(name, x.fn.options.Groups.Names()); hint != "" {
		return hint
	}
	return "names are those of the host's group file; a number always works"
}

// callWithin is r.addr:within(prefix).
func (x *exec) callWithin(args []value, f *frame, pc int) result {
	if arg(args, 0).kind != address {
		return fails(x.refusal(f, pc, diag.DecisionUnsupported, "within", "write: r.addr:within(\"10.0.0.0/8\")", "within must be called as a method of an address, but is not"))
	}
	word, ok := arg(args, 1).constantString()
	if !ok {
		return fails(x.refusal(f, pc, diag.DecisionType, "within", "write: r.addr:within(\"10.0.0.0/8\")", "a prefix must be a known string, but is %s", describeBad(arg(args, 1))))
	}
	p, err := policy.ParsePrefix(word)
	if err != nil {
		return fails(x.refusal(f, pc, diag.DecisionType, word, "", "%s", err))
	}
	test := policy.Test{Kind: policy.Within, Field: kauth.FieldAddr, Prefix: p}
	return result{values: []value{known(lua.LFalse)}, choices: []choice{{test, []value{known(lua.LTrue)}}}}
}

func (x *exec) missing(name string, n int, what string, v value, f *frame, pc int) result {
	return fails(x.raising(f, pc, lastWord(name), "argument %d of %s must be %s, but is %s", n, name, what, describeBad(v)))
}

func callType(x *exec, s *state, args []value, f *frame, pc int) result {
	if len(args) == 0 {
		return x.missing("type", 1, "given", nilValue, f, pc)
	}
	if v := args[0]; v.kind == named {
		// A name where the value has one, else a number.
		names := v.field.Info().Names
		var values []int64
		for _, name := range names.All() {
			n, _ := names.Value(name)
			values = append(values, n)
		}
		test := policy.Test{Kind: policy.In, Field: v.field, Set: setOf(values)}
		return result{values: []value{known(lua.LString("number"))}, choices: []choice{{test, []value{known(lua.LString("string"))}}}}
	}
	return one(known(lua.LString(args[0].typeName())))
}

func callToNumber(x *exec, s *state, args []value, f *frame, pc int) result {
	v := arg(args, 0)
	if v.kind == number && len(args) == 1 {
		return one(v)
	}
	return x.pureByName(s, "tonumber", args, f, pc)
}

func callToString(x *exec, s *state, args []value, f *frame, pc int) result {
	switch v := arg(args, 0); v.kind {
	case text:
		return one(v)
	case table:
		if !x.metaField(s, v, "__tostring").isNil() {
			return fails(x.refusal(f, pc, diag.DecisionUnsupported, "tostring", "", "a table that is turned into text must have no __tostring, but has"))
		}
		return one(known(lua.LString("table")))
	case closure, inGroup, within:
		return one(known(lua.LString("function")))
	}
	return x.pureByName(s, "tostring", args, f, pc)
}

func callSelect(x *exec, s *state, args []value, f *frame, pc int) result {
	n := arg(args, 0)
	if word, ok := n.constantString(); ok && word == "#" {
		return one(known(lua.LNumber(len(args) - 1)))
	}
	if n.kind != constant {
		return fails(x.refusal(f, pc, diag.DecisionUnsupported, "select", "", "the first argument of select must be known, but is %s", n))
	}
	v, ok := toNumber(n)
	if !ok {
		return x.missing("select", 1, "a number", n, f, pc)
	}
	k := int(v)
	if k < 0 {
		k = len(args) + k
	}
	if k < 1 {
		return fails(x.raising(f, pc, "select", "the index must be within the arguments, but is %s", v))
	}
	if k >= len(args) {
		return result{}
	}
	return result{values: args[k:]}
}

func callUnpack(x *exec, s *state, args []value, f *frame, pc int) result {
	t := arg(args, 0)
	if !isTable(t) {
		return x.missing("unpack", 1, "a table", t, f, pc)
	}
	from, to := 1, 0
	if t.kind == table {
		to = s.heap[t.ref].length()
	} else {
		to = t.lua.(*lua.LTable).Len()
	}
	for i, bound := range []*int{&from, &to} {
		v := arg(args, i+1)
		if v.isNil() {
			continue
		}
		n, ok := toNumber(v)
		if !ok {
			return x.missing("unpack", i+2, "a known number", v, f, pc)
		}
		*bound = int(n)
	}
	const most = 10000 // as the library has it
	if to-from >= most {
		return fails(x.raising(f, pc, "unpack", "unpack must give at most %d values, but would give more", most))
	}
	var out []value
	for i := from; i <= to; i++ {
		v, ok := x.indexRaw(s, t, known(lua.LNumber(i)), f, pc).plain()
		if !ok {
			return fails(x.refusal(f, pc, diag.DecisionUnsupported, "unpack", "", "the elements of the table must be known"))
		}
		out = append(out, v)
	}
	return result{values: out}
}

// indexRaw reads a table without its metatable.
func (x *exec) indexRaw(s *state, t, key value, f *frame, pc int) result {
	if t.kind == table {
		return x.getLocal(s, t.ref, key, f, pc)
	}
	return x.getLoaded(t.lua.(*lua.LTable), key, f, pc)
}

func callAssert(x *exec, s *state, args []value, f *frame, pc int) result {
	if arg(args, 0).truth() {
		return result{values: args}
	}
	message := "assertion failed"
	if m, ok := arg(args, 1).constantString(); ok {
		message = m
	}
	return fails(x.raising(f, pc, "assert", "a decision must not fail, but an assertion does: %s", message))
}

func callError(x *exec, s *state, args []value, f *frame, pc int) result {
	message := arg(args, 0).String()
	if m, ok := arg(args, 0).constantString(); ok {
		message = m
	}
	return fails(x.raising(f, pc, "error", "a decision must not fail, but raises: %s", message))
}

// tableOf is a table argument, with libraries seen through.
func (x *exec) tableOf(v value) (value, bool) {
	if v.kind == constant {
		t, ok := v.lua.(*lua.LTable)
		if !ok {
			return v, false
		}
		if real, ok := x.fn.vm.ReadOnly(t); ok {
			return known(real), true
		}
		return v, true
	}
	return v, v.kind == table
}

func (x *exec) iteratorArg(name string, v value, f *frame, pc int) (value, *rules.Fault) {
	switch v.kind {
	case request, target, cell:
		return v, x.refusal(f, pc, diag.DecisionUnsupported, name, "read the fields by their names", "%s can't be listed: its fields differ from request to request", v)
	}
	t, ok := x.tableOf(v)
	if !ok {
		return v, x.missing(name, 1, "a table", v, f, pc).fault
	}
	return t, nil
}

func callNext(x *exec, s *state, args []value, f *frame, pc int) result {
	t, fault := x.iteratorArg("next", arg(args, 0), f, pc)
	if fault != nil {
		return fails(fault)
	}
	key := arg(args, 1)
	if t.kind == constant {
		if key.kind != constant {
			return fails(x.refusal(f, pc, diag.DecisionLoop, fieldToken(key), "", "the key of next must be known, but is %s", key))
		}
		k, v := t.lua.(*lua.LTable).Next(key.lua)
		if k == lua.LNil {
			return one(nilValue)
		}
		return result{values: []value{known(k), known(v)}}
	}
	o := s.heap[t.ref]
	at := 0
	if !key.isNil() {
		if n, ok := arrayIndex(key); ok && n <= len(o.elements) {
			at = n
		} else {
			i, ok := o.index[keyOf(key)]
			if !ok {
				return one(nilValue)
			}
			at = len(o.elements) + i + 1
		}
	}
	for ; at < len(o.elements); at++ {
		if v := o.elements[at]; !v.isNil() {
			return result{values: []value{known(lua.LNumber(at + 1)), v}}
		}
	}
	for i := at - len(o.elements); i < len(o.entries); i++ {
		if e := o.entries[i]; !e.value.isNil() {
			k := known(e.key.lua)
			if e.key.ref != 0 {
				k = value{kind: s.heap[e.key.ref-1].valueKind(), ref: e.key.ref - 1}
			}
			return result{values: []value{k, e.value}}
		}
	}
	return one(nilValue)
}

func keyOf(v value) entryKey {
	if v.kind == table || v.kind == closure {
		return entryKey{ref: v.ref + 1}
	}
	return entryKey{lua: v.lua}
}

func (o *object) valueKind() kind {
	if o.what == closureObject {
		return closure
	}
	return table
}

func callPairs(x *exec, s *state, args []value, f *frame, pc int) result {
	t, fault := x.iteratorArg("pairs", arg(args, 0), f, pc)
	if fault != nil {
		return fails(fault)
	}
	return result{values: []value{known(x.fn.vm.Named("next")), t, nilValue}}
}

func callIpairs(x *exec, s *state, args []value, f *frame, pc int) result {
	t, fault := x.iteratorArg("ipairs", arg(args, 0), f, pc)
	if fault != nil {
		return fails(fault)
	}
	return result{values: []value{known(x.fn.vm.Named(vm.IpairsStep)), t, known(lua.LNumber(0))}}
}

func callIpairsStep(x *exec, s *state, args []value, f *frame, pc int) result {
	n, ok := toNumber(arg(args, 1))
	if !ok {
		return x.missing("ipairs", 2, "a known number", arg(args, 1), f, pc)
	}
	next := known(n + 1)
	v, ok := x.indexRaw(s, arg(args, 0), next, f, pc).plain()
	if !ok || v.isNil() {
		return one(nilValue)
	}
	return result{values: []value{next, v}}
}

func callSetMetatable(x *exec, s *state, args []value, f *frame, pc int) result {
	t, mt := arg(args, 0), arg(args, 1)
	if t.kind != table {
		if t.kind == constant && t.lua.Type() == lua.LTTable {
			return fails(x.refusal(f, pc, diag.DecisionWrite, "setmetatable", "", "a decision must leave nothing behind, but changes the metatable of a table that was made outside of it"))
		}
		return x.missing("setmetatable", 1, "a table", t, f, pc)
	}
	if !mt.isNil() && !isTable(mt) {
		return x.missing("setmetatable", 2, "a table or nil", mt, f, pc)
	}
	if !x.metaField(s, t, "__metatable").isNil() {
		return fails(x.raising(f, pc, "setmetatable", "this metatable can't be changed"))
	}
	s.object(t.ref).meta = mt
	return one(t)
}

func callGetMetatable(x *exec, s *state, args []value, f *frame, pc int) result {
	v := arg(args, 0)
	if v.kind != table {
		return x.pureByName(s, "getmetatable", args, f, pc)
	}
	if hidden := x.metaField(s, v, "__metatable"); !hidden.isNil() {
		return one(hidden)
	}
	return one(s.heap[v.ref].meta)
}

// localTable is a table that the decision may change.
func (x *exec) localTable(name string, v value, f *frame, pc int) *rules.Fault {
	if v.kind == table {
		return nil
	}
	if v.kind == constant && v.lua.Type() == lua.LTTable {
		return x.refusal(f, pc, diag.DecisionWrite, lastWord(name), "fill a table that is made inside of the function", "a decision must leave nothing behind, but %s changes a table that was made outside of it", name)
	}
	return x.missing(name, 1, "a table", v, f, pc).fault
}

func callInsert(x *exec, s *state, args []value, f *frame, pc int) result {
	t := arg(args, 0)
	if fault := x.localTable("table.insert", t, f, pc); fault != nil {
		return fails(fault)
	}
	o := s.object(t.ref)
	if len(args) == 2 {
		// As LTable.Append does: after the last that is not nil.
		if args[1].isNil() {
			return result{}
		}
		n := len(o.elements)
		for n > 0 && o.elements[n-1].isNil() {
			n--
		}
		if n < len(o.elements) {
			o.elements[n] = args[1]
		} else {
			o.elements = append(o.elements, args[1])
		}
		return result{}
	}
	n, ok := toNumber(arg(args, 1))
	if !ok || len(args) < 3 {
		return x.missing("table.insert", 2, "a known number", arg(args, 1), f, pc)
	}
	at := int(n)
	if at > len(o.elements) || at <= 0 {
		return result{fault: x.rawSet(s, t.ref, known(lua.LNumber(at)), args[2], f, pc)}
	}
	o.elements = append(o.elements, nilValue)
	copy(o.elements[at:], o.elements[at-1:])
	o.elements[at-1] = args[2]
	return result{}
}

func callRemove(x *exec, s *state, args []value, f *frame, pc int) result {
	t := arg(args, 0)
	if fault := x.localTable("table.remove", t, f, pc); fault != nil {
		return fails(fault)
	}
	at := -1
	if v := arg(args, 1); !v.isNil() {
		n, ok := toNumber(v)
		if !ok {
			return x.missing("table.remove", 2, "a known number", v, f, pc)
		}
		at = int(n)
	}
	o := s.object(t.ref)
	n := len(o.elements)
	i := at - 1
	switch {
	case n == 0 || i > n-1:
		return one(nilValue)
	case i == n-1 || i < 0:
		v := o.elements[n-1]
		o.elements = o.elements[:n-1]
		return one(v)
	}
	v := o.elements[i]
	o.elements = append(o.elements[:i], o.elements[i+1:]...)
	return one(v)
}

// round is math.floor or math.ceil of what is an integer anyway, or of a known number.
func round(name string) special {
	return func(x *exec, s *state, args []value, f *frame, pc int) result {
		if v := arg(args, 0); v.kind == number {
			return one(v)
		}
		return x.pureByName(s, name, args, f, pc)
	}
}

// pureByName calls a pure function of the library with known arguments.
func (x *exec) pureByName(s *state, name string, args []value, f *frame, pc int) result {
	return x.callPure(s, vm.Builtin{Name: name, Pure: true}, x.fn.vm.Named(name), args, f, pc)
}

// pureInstructions bounds what one call of a library function may take: sorting calls back.
const pureInstructions = 100_000

// callPure calls a library function whose result depends on nothing but its arguments, which must be known.
func (x *exec) callPure(s *state, b vm.Builtin, fn *lua.LFunction, args []value, f *frame, pc int) result {
	m := &materializer{x: x, s: s, tables: map[int32]*lua.LTable{}, refs: map[*lua.LTable]int32{}}
	in := make([]lua.LValue, len(args))
	for i, v := range args {
		l, ok := m.lua(v)
		if !ok {
			if v.kind == closure || v.kind == table {
				return fails(x.refusal(f, pc, diag.DecisionUnsupported, lastWord(b.Name), "", "the arguments of %s must be known, but one is %s of the decision", b.Name, v))
			}
			code := diag.DecisionArithmetic
			hint := "compare the field with constants, or with other fields"
			if v.kind == text || v.kind == named {
				code, hint = diag.DecisionText, textHint
			}
			return fails(x.refusal(f, pc, code, fieldToken(v), hint, "the arguments of %s must be the same for every request, but one is %s", b.Name, v))
		}
		in[i] = l
	}
	out, err := x.fn.vm.CallWithin(pureInstructions, fn, in...)
	if err != nil {
		return fails(x.raising(f, pc, lastWord(b.Name), "%s: %s", b.Name, messageOf(err)))
	}
	m.back()
	values := make([]value, len(out))
	for i, l := range out {
		values[i] = m.value(l)
	}
	return result{values: values}
}

// materializer gives library functions real tables for those that the decision made.
type materializer struct {
	x      *exec
	s      *state
	tables map[int32]*lua.LTable
	refs   map[*lua.LTable]int32
}

func (m *materializer) lua(v value) (lua.LValue, bool) {
	switch v.kind {
	case constant:
		return v.lua, true
	case table:
		if t, ok := m.tables[v.ref]; ok {
			return t, true
		}
		t := m.x.fn.vm.L.NewTable()
		m.tables[v.ref], m.refs[t] = t, v.ref
		o := m.s.heap[v.ref]
		if !o.meta.isNil() {
			return nil, false
		}
		for i, e := range o.elements {
			l, ok := m.lua(e)
			if !ok {
				return nil, false
			}
			t.RawSetInt(i+1, l)
		}
		for _, e := range o.entries {
			l, ok := m.lua(e.value)
			if !ok || e.key.ref != 0 {
				return nil, false
			}
			t.RawSet(e.key.lua, l)
		}
		return t, true
	}
	return nil, false
}

func (m *materializer) value(l lua.LValue) value {
	if t, ok := l.(*lua.LTable); ok {
		if ref, ok := m.refs[t]; ok {
			return value{kind: table, ref: ref}
		}
	}
	return known(l)
}

// back takes over what the function changed in the elements of tables. Functions change nothing else.
func (m *materializer) back() {
	for ref, t := range m.tables {
		o := m.s.heap[ref]
		n := t.MaxN()
		same := n <= len(o.elements)
		for i := 0; same && i < n; i++ {
			old, _ := m.lua(o.elements[i])
			same = old == t.RawGetInt(i+1)
		}
		if same {
			continue
		}
		o = m.s.object(ref)
		o.elements = make([]value, n)
		for i := range o.elements {
			o.elements[i] = m.value(t.RawGetInt(i + 1))
		}
	}
}

func messageOf(err error) string {
	if e, ok := err.(*vm.Error); ok {
		return e.Message
	}
	return fmt.Sprint(err)
}
