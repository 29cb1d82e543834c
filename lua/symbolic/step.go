package symbolic

import (
	"math"

	lua "github.com/yuin/gopher-lua"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
)

// outcome is what an instruction led to. If all members are zero the state simply goes on.
type outcome struct {
	// done: the path ends.
	done *rules.Outcome
	// fork: the path divides. The state is as it was before the instruction.
	fork *fork
}

// fork says what distinguishes the ways on, in the order in which the tests are made, and what the state does on
// each. The last way has no test.
type fork struct {
	at   diag.Span
	ways []way
}

type way struct {
	test policy.Test
	then func(*state) outcome
}

func ended(o rules.Outcome) outcome { return outcome{done: &o} }

// result is what an operation gives: values, or values that depend on tests, or a fault, or a function of Lua that
// must be called first.
type result struct {
	values  []value
	choices []choice
	fault   *rules.Fault
	call    *call
}

// choice is values under a condition; the first whose test is answered with yes counts, or else result.values.
type choice struct {
	test   policy.Test
	values []value
}

// call is a function of Lua with its arguments.
type call struct {
	fn   value
	args []value
}

func one(v value) result          { return result{values: []value{v}} }
func fails(f *rules.Fault) result { return result{fault: f} }
func (r result) plain() (value, bool) {
	return first(r.values), r.fault == nil && r.call == nil && r.choices == nil
}

func first(vs []value) value {
	if len(vs) == 0 {
		return nilValue
	}
	return vs[0]
}

// finish lets the state go on at pc with what an operation gave.
func (x *exec) finish(s *state, pc int, ret returnTo, r result, at diag.Span) outcome {
	switch {
	case r.fault != nil:
		return x.faulted(r.fault)
	case r.call != nil:
		s.own().pc = pc
		return x.enter(s, r.call.fn, r.call.args, ret, at)
	case r.choices != nil:
		f := &fork{at: at}
		for _, c := range r.choices {
			f.ways = append(f.ways, way{c.test, func(s *state) outcome {
				s.own().pc = pc
				return x.deliver(s, ret, c.values)
			}})
		}
		f.ways = append(f.ways, way{then: func(s *state) outcome {
			s.own().pc = pc
			return x.deliver(s, ret, r.values)
		}})
		return outcome{fork: f}
	}
	s.own().pc = pc
	return x.deliver(s, ret, r.values)
}

// deliver puts results where they belong, in the frame that now runs.
func (x *exec) deliver(s *state, ret returnTo, values []value) outcome {
	switch ret.how {
	case toRegisters:
		n := ret.count
		if n < 0 {
			n = len(values)
		}
		// Also for a fixed number: return (f()) returns up to the top.
		s.own().top = ret.base + n
		for i := range n {
			v := nilValue
			if i < len(values) {
				v = values[i]
			}
			s.set(ret.base+i, v)
		}
	case toLoop:
		for i := range ret.count {
			v := nilValue
			if i < len(values) {
				v = values[i]
			}
			s.set(ret.base+3+i, v)
		}
		f := s.own()
		if c := s.get(ret.base + 3); !c.isNil() {
			s.set(ret.base+2, c)
			f.pc += 1 + instruction(f.proto.Code[f.pc]).sbx()
		} else {
			f.pc++
		}
	case toBranch:
		if first(values).truth() != ret.want {
			s.own().pc++
		}
	case toNobody:
		return x.conclude(s, values)
	}
	return outcome{}
}

// step executes one instruction.
func (x *exec) step(s *state) outcome {
	f := s.top()
	pc := f.pc
	i := instruction(f.proto.Code[pc])
	a, b, c := i.a(), i.b(), i.c()
	// rk is an operand that is a register or a constant.
	rk := func(operand int) value {
		if operand&constantBit != 0 {
			return known(f.proto.Constants[operand&^constantBit])
		}
		return s.get(operand)
	}
	next := func() outcome {
		s.own().pc = pc + 1
		return outcome{}
	}
	put := func(reg int, r result, token string) outcome {
		return x.finish(s, pc+1, returnTo{how: toRegisters, base: reg, count: 1}, r, x.at(f, pc, token))
	}
	switch i.op() {
	case lua.OP_MOVE, lua.OP_MOVEN:
		s.set(a, s.get(b))
	case lua.OP_LOADK:
		s.set(a, known(f.proto.Constants[i.bx()]))
	case lua.OP_LOADBOOL:
		s.set(a, known(lua.LBool(b != 0)))
		if c != 0 {
			s.own().pc = pc + 2
			return outcome{}
		}
	case lua.OP_LOADNIL:
		for reg := a; reg <= b; reg++ {
			s.set(reg, nilValue)
		}
	case lua.OP_GETUPVAL:
		s.set(a, x.upvalue(s, b))
	case lua.OP_GETGLOBAL:
		name := f.proto.Constants[i.bx()]
		return put(a, x.global(s, f, pc, name), name.String())
	case lua.OP_GETTABLE, lua.OP_GETTABLEKS:
		key := rk(c)
		return put(a, x.indexValue(s, s.get(b), key, f, pc), tokenOf(key))
	case lua.OP_SETGLOBAL:
		name := f.proto.Constants[i.bx()].String()
		return x.refuse(f, pc, diag.DecisionWrite, name, "write: local "+name, "a decision must leave nothing behind, but assigns to the global %s", name)
	case lua.OP_SETUPVAL:
		return x.setUpvalue(s, f, pc, b, s.get(a))
	case lua.OP_SETTABLE, lua.OP_SETTABLEKS:
		if fault := x.assign(s, s.get(a), rk(b), rk(c), f, pc); fault != nil {
			return x.faulted(fault)
		}
	case lua.OP_NEWTABLE:
		s.set(a, value{kind: table, ref: s.alloc(&object{what: tableObject})})
	case lua.OP_SELF:
		self := s.get(b)
		key := rk(c)
		r := x.indexValue(s, self, key, f, pc)
		if v, ok := r.plain(); ok {
			s.set(a+1, self)
			s.set(a, v)
			break
		}
		if r.call != nil || r.choices != nil {
			return x.refuse(f, pc, diag.DecisionUnsupported, tokenOf(key), "", "a method must be known, but %s depends on the request or is made by a function", tokenOf(key))
		}
		return x.faulted(r.fault)
	case lua.OP_ADD, lua.OP_SUB, lua.OP_MUL, lua.OP_DIV, lua.OP_MOD, lua.OP_POW:
		return put(a, x.arith(s, i.op(), rk(b), rk(c), f, pc), "")
	case lua.OP_UNM:
		return put(a, x.negate(s, rk(b), f, pc), "")
	case lua.OP_NOT:
		s.set(a, known(lua.LBool(!s.get(b).truth())))
	case lua.OP_LEN:
		return put(a, x.length(s, rk(b), f, pc), "")
	case lua.OP_CONCAT:
		args := make([]value, 0, c-b+1)
		for reg := b; reg <= c; reg++ {
			args = append(args, s.get(reg))
		}
		return put(a, x.concat(s, args, f, pc), "")
	case lua.OP_JMP:
		s.own().pc = pc + 1 + i.sbx()
		return outcome{}
	case lua.OP_EQ:
		return x.branch(s, x.equal(s, rk(b), rk(c), f, pc), a == 0, pc)
	case lua.OP_LT:
		return x.branch(s, x.less(s, rk(b), rk(c), false, f, pc), a == 0, pc)
	case lua.OP_LE:
		return x.branch(s, x.less(s, rk(b), rk(c), true, f, pc), a == 0, pc)
	case lua.OP_TEST:
		if s.get(a).truth() == (c == 0) {
			s.own().pc = pc + 2
			return outcome{}
		}
	case lua.OP_TESTSET:
		if v := s.get(b); v.truth() != (c == 0) {
			s.set(a, v)
		} else {
			s.own().pc = pc + 2
			return outcome{}
		}
	case lua.OP_CALL:
		return x.callInstruction(s, f, pc, i)
	case lua.OP_TAILCALL:
		return x.tailCall(s, f, pc, i)
	case lua.OP_RETURN:
		return x.leave(s, s.slice(a, b-1))
	case lua.OP_FORPREP:
		return x.forPrepare(s, f, pc, i)
	case lua.OP_FORLOOP:
		return x.forLoop(s, f, pc, i)
	case lua.OP_TFORLOOP:
		ret := returnTo{how: toLoop, base: a, count: c}
		return x.invoke(s, s.get(a), []value{s.get(a + 1), s.get(a + 2)}, ret, f, pc)
	case lua.OP_SETLIST:
		if fault := x.setList(s, f, pc, i); fault != nil {
			return x.faulted(fault)
		}
	case lua.OP_CLOSE:
		s.close(a)
	case lua.OP_CLOSURE:
		s.own().pc = pc + 1 + x.makeClosure(s, f, pc, i)
		return outcome{}
	case lua.OP_VARARG:
		n := b - 1
		if n < 0 {
			n = len(f.varargs)
			s.own().top = a + n
		}
		for k := range n {
			v := nilValue
			if k < len(f.varargs) {
				v = f.varargs[k]
			}
			s.set(a+k, v)
		}
	case lua.OP_NOP:
	}
	return next()
}

// slice gives the registers from reg on: count of them, or up to the top if count is negative.
func (s *state) slice(reg, count int) []value {
	if count < 0 {
		count = max(s.top().top-reg, 0)
	}
	values := make([]value, count)
	for i := range values {
		values[i] = s.get(reg + i)
	}
	return values
}

// branch goes on after a comparison: past the next instruction unless the answer is the wanted one.
func (x *exec) branch(s *state, r comparison, skipIfYes bool, pc int) outcome {
	target := func(yes bool) int {
		if yes == skipIfYes {
			return pc + 2
		}
		return pc + 1
	}
	switch {
	case r.fault != nil:
		return x.faulted(r.fault)
	case r.call != nil:
		s.own().pc = pc + 1
		return x.enter(s, r.call.fn, r.call.args, returnTo{how: toBranch, want: !skipIfYes}, r.at)
	case r.test != nil:
		f := &fork{at: r.at}
		f.ways = []way{
			{*r.test, func(s *state) outcome { s.own().pc = target(true); return outcome{} }},
			{then: func(s *state) outcome { s.own().pc = target(false); return outcome{} }},
		}
		return outcome{fork: f}
	}
	s.own().pc = target(r.yes)
	return outcome{}
}

func (x *exec) upvalue(s *state, i int) value {
	f := s.top()
	if f.fn.kind == constant {
		return known(f.fn.lua.(*lua.LFunction).Upvalues[i].Value())
	}
	up := s.heap[f.fn.ref].ups[i]
	if up.loaded != nil {
		return known(up.loaded.Value())
	}
	return s.heap[up.box].boxed
}

func (x *exec) setUpvalue(s *state, f *frame, pc, i int, v value) outcome {
	if f.fn.kind == closure {
		if up := s.heap[f.fn.ref].ups[i]; up.loaded == nil {
			s.object(up.box).boxed = v
			s.own().pc = pc + 1
			return outcome{}
		}
	}
	name := f.proto.DbgUpvalues[i]
	return x.refuse(f, pc, diag.DecisionWrite, name, "declare it inside of the function", "a decision must leave nothing behind, but assigns to %s, which was declared outside of it", name)
}

func (x *exec) makeClosure(s *state, f *frame, pc int, i instruction) int {
	p := f.proto.FunctionPrototypes[i.bx()]
	o := &object{what: closureObject, proto: p, env: f.env}
	n := int(p.NumUpvalues)
	// The closure's own register first: a local function may capture itself.
	ref := s.alloc(o)
	s.set(i.a(), value{kind: closure, ref: ref})
	for k := 1; k <= n; k++ {
		up := instruction(f.proto.Code[pc+k])
		if up.op() == lua.OP_MOVE {
			box := s.capture(up.b())
			s.object(ref).ups = append(s.object(ref).ups, upvalue{box: box})
			continue
		}
		if f.fn.kind == constant {
			s.object(ref).ups = append(s.object(ref).ups, upvalue{loaded: f.fn.lua.(*lua.LFunction).Upvalues[up.b()]})
		} else {
			s.object(ref).ups = append(s.object(ref).ups, s.heap[f.fn.ref].ups[up.b()])
		}
	}
	return n
}

func (x *exec) setList(s *state, f *frame, pc int, i instruction) *rules.Fault {
	a := i.a()
	n := i.b()
	if n == 0 {
		n = max(f.top-a-1, 0)
	}
	offset := (i.c() - 1) * lua.FieldsPerFlush
	t := s.get(a)
	for k := 1; k <= n; k++ {
		if fault := x.rawSet(s, t.ref, known(lua.LNumber(offset+k)), s.get(a+k), f, pc); fault != nil {
			return fault
		}
	}
	return nil
}

// forPrepare and forLoop are the numeric for: its bounds must be known.
func (x *exec) forPrepare(s *state, f *frame, pc int, i instruction) outcome {
	init, step, out := x.loopNumbers(s, f, pc, i.a(), i.a()+2, "initial value", "step")
	if out != nil {
		return *out
	}
	s.set(i.a(), known(init-step))
	s.own().pc = pc + 1 + i.sbx()
	return outcome{}
}

func (x *exec) forLoop(s *state, f *frame, pc int, i instruction) outcome {
	a := i.a()
	init, limit, out := x.loopNumbers(s, f, pc, a, a+1, "initial value", "limit")
	if out != nil {
		return *out
	}
	_, step, out := x.loopNumbers(s, f, pc, a, a+2, "initial value", "step")
	if out != nil {
		return *out
	}
	init += step
	s.set(a, known(init))
	if step > 0 && init <= limit || step <= 0 && init >= limit {
		s.set(a+3, known(init))
		s.own().pc = pc + 1 + i.sbx()
		return outcome{}
	}
	s.own().pc = pc + 1
	return outcome{}
}

func (x *exec) loopNumbers(s *state, f *frame, pc, reg1, reg2 int, what1, what2 string) (n1, n2 lua.LNumber, out *outcome) {
	number := func(reg int, what string) (lua.LNumber, *outcome) {
		v := s.get(reg)
		if v.kind != constant {
			o := x.refuse(f, pc, diag.DecisionLoop, fieldToken(v), "loop over a known table or range, and test the field inside",
				"the %s of a loop must be the same for every request, but is %s", what, v)
			return 0, &o
		}
		n, ok := v.lua.(lua.LNumber)
		if !ok {
			o := x.raise(f, pc, "", "the %s of a loop must be a number, but is %s", what, v.lua.Type())
			return 0, &o
		}
		return n, nil
	}
	if n1, out = number(reg1, what1); out != nil {
		return 0, 0, out
	}
	n2, out = number(reg2, what2)
	return n1, n2, out
}

// leave returns from the running function.
func (x *exec) leave(s *state, values []value) outcome {
	ret := s.top().ret
	if ret.how == toNobody {
		return x.conclude(s, values)
	}
	s.frames = s.frames[:len(s.frames)-1]
	return x.deliver(s, ret, values)
}

// conclude ends the decision with what it returned.
func (x *exec) conclude(s *state, values []value) outcome {
	f := s.top()
	pc := f.pc
	if x.options.Where {
		o := rules.Outcome{Answer: policy.Answer{Result: policy.Pass}}
		if first(values).truth() {
			o.Result = policy.Allow
		}
		return ended(o)
	}
	span := x.at(f, pc, "")
	answer := policy.Answer{Source: policy.Source{File: span.File, Line: span.Line}}
	if len(values) == 0 || values[0].isNil() {
		if len(values) > 1 && !values[1].isNil() {
			return x.refuse(f, pc, diag.DecisionResult, "return", "return deny, allow or grant before the reason", "a reason must follow a result, but follows nothing")
		}
		if len(values) > 0 && values[0].origin != "" {
			return ended(rules.Outcome{})
		}
		return ended(rules.Outcome{})
	}
	word, ok := values[0].constantString()
	result, known := policy.ParseResult(word)
	if !ok || !known {
		hint := "write: return deny"
		if ok {
			hint = diag.DidYouMean(word, []string{"deny", "allow", "grant"})
		}
		return x.refuse(f, pc, diag.DecisionResult, "return", hint, "a decision must return deny, allow, grant or nothing, but returns %s", values[0])
	}
	answer.Result = result
	if len(values) > 1 && !values[1].isNil() {
		reason, ok := values[1].constantString()
		if !ok {
			return x.refuse(f, pc, diag.DecisionResult, "return", "", "the reason must be a string that is the same for every request, but is %s", values[1])
		}
		if fault := x.checkReason(reason, f, pc); fault != nil {
			return x.faulted(fault)
		}
		answer.Reason = reason
	}
	if len(values) > 2 {
		return x.refuse(f, pc, diag.DecisionResult, "return", "", "a decision must return a result and a reason, but returns %d values", len(values))
	}
	return ended(rules.Outcome{Answer: answer})
}

// exactInteger is the number as an integer; false if it is none, or too far from zero to be sure of.
func exactInteger(n lua.LNumber) (int64, bool) {
	v := float64(n)
	if v != math.Trunc(v) || math.Abs(v) > maxExact {
		return 0, false
	}
	return int64(v), true
}
