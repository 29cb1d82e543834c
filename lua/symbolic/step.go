package symbolic

import (
	"cellsh/lua/syntax"
	"cellsh/lua/value"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
)

// outcome is what a step led to. If all members are zero the state simply goes on.
type outcome struct {
	// done: the path ends.
	done *rules.Outcome
	// fork: the path divides. The state is as it was before the step.
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
	not  bool
	then func(*state) outcome
}

func ended(o rules.Outcome) outcome { return outcome{done: &o} }

func (x *exec) faulted(f *rules.Fault) outcome { return ended(rules.Outcome{Fault: f}) }

// result is what an operation gives: values, or values that depend on tests, or a fault, or a function of Lua that
// must be called first.
type result struct {
	values  []term
	choices []choice
	fault   *rules.Fault
	// call is what gives the values, where no choice counts.
	call *call
}

// choice is values under a condition; the first whose test is answered with yes, or with no if not is set, counts, or else
// the result's values.
type choice struct {
	test   policy.Test
	values []term
	not    bool
}

// call is a function with its arguments.
type call struct {
	fn   term
	args []term
}

func one(v term) result           { return result{values: []term{v}} }
func fails(f *rules.Fault) result { return result{fault: f} }
func (r result) plain() (term, bool) {
	return first(r.values), r.fault == nil && r.call == nil && r.choices == nil
}

func first(vs []term) term {
	if len(vs) == 0 {
		return nilTerm
	}
	return vs[0]
}

// finish lets the state go on behind a step with what an operation gave, from a stack of that height on.
func (x *exec) finish(s *state, height int32, ret returnTo, r result, p spot) outcome {
	r = x.settle(s, r, p)
	if r.fault != nil {
		return x.faulted(r.fault)
	}
	return r.each(s, p, func(s *state, values []term, c *call) outcome {
		s.cut(height).at = p.at + 1
		if c != nil {
			return x.enter(s, c.fn, c.args, ret, p)
		}
		return x.deliver(s, ret, values, p)
	})
}

// each lets the state go on with what an operation gave, on a way of its own for each of the choices.
func (r result) each(s *state, p spot, goOn func(s *state, values []term, c *call) outcome) outcome {
	if r.choices == nil {
		return goOn(s, r.values, r.call)
	}
	f := &fork{at: p.span(whole)}
	for _, c := range r.choices {
		f.ways = append(f.ways, way{c.test, c.not, func(s *state) outcome { return goOn(s, c.values, nil) }})
	}
	f.ways = append(f.ways, way{then: func(s *state) outcome { return goOn(s, r.values, r.call) }})
	return outcome{fork: f}
}

// deliver gives results to who called, whose frame now runs.
func (x *exec) deliver(s *state, ret returnTo, values []term, p spot) outcome {
	switch ret.how {
	case toStack:
		f := s.own()
		n := int(ret.count)
		if ret.count == open {
			n = len(values)
		}
		for i := range n {
			v := nilTerm
			if i < len(values) {
				v = values[i]
			}
			f.stack = append(f.stack, v)
		}
	case toTruth:
		v := first(values)
		if v.kind != unknown {
			v = boolean(v.truth() != ret.not)
		}
		s.push(v)
	case toLibrary:
		x.returned = values
	case toNobody:
		return x.conclude(s, values, p)
	}
	return outcome{}
}

// leave returns from the running function.
func (x *exec) leave(s *state, values []term, p spot) outcome {
	ret := s.top().ret
	if ret.how == toNobody {
		return x.conclude(s, values, p)
	}
	s.frames = s.frames[:len(s.frames)-1]
	return x.deliver(s, ret, values, p)
}

// step does one step.
func (x *exec) step(s *state) outcome {
	f := s.own()
	p := spot{f.plan, f.at}
	st := p.step()
	// value reads a place; of a variable in a box, the variable.
	read := func(at int32) term {
		v := f.stack[at]
		if v.kind == box {
			return s.unbox(v)
		}
		return v
	}
	top := func() term { return f.stack[len(f.stack)-1] }
	pop := func() term {
		v := top()
		f.stack = f.stack[:len(f.stack)-1]
		return v
	}
	goOn := func() outcome {
		f.at++
		return outcome{}
	}
	push := func(v term) outcome {
		f.stack = append(f.stack, v)
		f.at++
		return outcome{}
	}
	toOne := returnTo{count: 1}
	switch st.do {
	case doConst:
		return push(known(st.known))
	case doGet:
		return push(read(st.a))
	case doSet:
		v := pop()
		f.at++
		s.set(st.a, v)
		return outcome{}
	case doGetUp:
		return push(x.upvalue(s, f, st.a))
	case doSetUp:
		return x.setUpvalue(s, f, p)
	case doGetGlobal:
		return x.finish(s, st.height, toOne, x.global(s, st.known, p), p)
	case doSetGlobal:
		return x.setGlobal(s, p)
	case doBox:
		f.stack[st.a] = x.newBox(s, f.stack[st.a])
		if fault := x.grow(p, bytesPerBox); fault != nil {
			return x.faulted(fault)
		}
		return goOn()
	case doIndex:
		a, b, rest := st.operands()
		key := known(st.known)
		if b >= 0 {
			key = read(b)
		}
		return x.finish(s, rest, toOne, x.indexValue(s, read(a), key, p), p)
	case doSetIndex:
		r := x.assign(s, read(st.a), read(st.b), top(), p)
		return x.finish(s, st.height-1, returnTo{}, r, p)
	case doTable:
		if fault := x.grow(p, bytesPerTable); fault != nil {
			return x.faulted(fault)
		}
		return push(x.newTable(s))
	case doSetField:
		n := len(f.stack)
		if fault := x.rawSet(s, f.stack[st.a], f.stack[n-2], f.stack[n-1], p); fault != nil {
			return x.faulted(fault)
		}
		f.stack = f.stack[:n-2]
		return goOn()
	case doSetList:
		for i, v := range f.stack[st.a+1:] {
			if fault := x.rawSet(s, f.stack[st.a], numberTerm(value.Number(int(st.b)+i)), v, p); fault != nil {
				return x.faulted(fault)
			}
		}
		x.steps += len(f.stack) - int(st.a)
		f.stack = f.stack[:st.a+1]
		return goOn()
	case doClosure:
		if fault := x.grow(p, bytesPerTable); fault != nil {
			return x.faulted(fault)
		}
		return push(x.newClosure(s, f, st.node.(*syntax.FunctionExpr)))
	case doVararg:
		n := len(f.varargs)
		if st.a != open {
			n = int(st.a)
		}
		for i := range n {
			v := nilTerm
			if i < len(f.varargs) {
				v = f.varargs[i]
			}
			f.stack = append(f.stack, v)
		}
		return goOn()
	case doSelf:
		return x.self(s, f, p)
	case doCall:
		args := append([]term(nil), f.stack[st.a+1:]...)
		return x.finish(s, st.a, returnTo{count: st.b}, result{call: &call{f.stack[st.a], args}}, p)
	case doTailCall:
		return x.tailCall(s, f, p)
	case doReturn:
		return x.leave(s, append([]term(nil), f.stack[st.a:]...), p)
	case doDone:
		return x.leave(s, nil, p)
	case doJump:
		f.at = int(st.a)
		f.stack = f.stack[:st.b]
		return outcome{}
	case doJumpIf, doJumpIfNot:
		v := top()
		if v.kind == unknown {
			other := x.rest(s)
			other.cut(st.height - 1).at = int(st.a)
			x.also(other)
		}
		f = s.cut(st.height - 1)
		f.at++
		if v.kind != unknown && v.truth() == (st.do == doJumpIf) {
			f.at = int(st.a)
		}
		return outcome{}
	case doAnd, doOr:
		v := top()
		if v.kind == unknown {
			other := x.rest(s)
			other.own().at = int(st.a)
			x.also(other)
			f = s.own()
		} else if v.truth() == (st.do == doOr) {
			f.at = int(st.a)
			return outcome{}
		}
		f.stack = f.stack[:st.height-1]
		f.at++
		return outcome{}
	case doNot:
		a, rest := st.operand()
		v := read(a)
		if v.kind != unknown {
			v = boolean(!v.truth())
		}
		f.stack = append(f.stack[:rest], v)
		return goOn()
	case doNeg:
		a, rest := st.operand()
		return x.finish(s, rest, toOne, x.negate(s, read(a), p), p)
	case doLen:
		a, rest := st.operand()
		return x.finish(s, rest, toOne, x.length(s, read(a), p), p)
	case doArith, doCompare:
		a, b, rest := st.operands()
		v, w := read(a), known(st.known)
		if b >= 0 {
			w = read(b)
		}
		if st.do == doArith {
			return x.finish(s, rest, toOne, x.arith(s, syntax.Op(st.c), v, w, p), p)
		}
		if v.kind == unknown || w.kind == unknown {
			return x.finish(s, rest, toOne, one(term{kind: unknown}), p)
		}
		return x.compared(s, rest, x.compare(s, syntax.Op(st.c), v, w, p), p)
	case doConcat:
		rest := st.height - st.a
		return x.finish(s, rest, toOne, x.concat(s, f.stack[rest:], p), p)
	case doForPrepare:
		return x.forPrepare(s, f, p)
	case doForLoop:
		return x.forLoop(s, f, p)
	case doForCheck:
		v := f.stack[st.a+3]
		if v.kind == unknown {
			other := x.rest(s)
			other.cut(st.a).at = int(st.b)
			x.also(other)
			f = s.own()
		}
		if v.isNil() {
			f.stack = f.stack[:st.a]
			f.at = int(st.b)
			return outcome{}
		}
		f.stack[st.a+2] = v
		return goOn()
	case doDrop:
		f.stack = f.stack[:st.a]
		return goOn()
	}
	panic("symbolic: a step that nothing does")
}

// compared goes on with the answer of a comparison.
func (x *exec) compared(s *state, height int32, c comparison, p spot) outcome {
	switch {
	case c.fault != nil:
		return x.faulted(c.fault)
	case c.test != nil:
		r := result{choices: []choice{{test: *c.test, values: []term{boolean(!c.not)}}}, values: []term{boolean(c.not)}}
		return x.finish(s, height, returnTo{count: 1}, r, p)
	case c.call != nil:
		return x.finish(s, height, returnTo{how: toTruth, not: c.not}, result{call: c.call}, p)
	}
	return x.finish(s, height, returnTo{count: 1}, one(boolean(c.yes != c.not)), p)
}

func (x *exec) newBox(s *state, v term) term {
	if x.loading {
		return term{kind: box, known: &Cell{Value: v.known}}
	}
	return term{kind: box, ref: s.alloc(&object{what: boxObject, boxed: v, meta: nilTerm})}
}

func (x *exec) newClosure(s *state, f *frame, node *syntax.FunctionExpr) term {
	variable := func(up *syntax.Local) variable {
		if up.Function == f.plan.node {
			v := f.stack[f.plan.slots[up]]
			if c, ok := v.known.(*Cell); ok {
				return variable{cell: c}
			}
			return variable{box: v.ref}
		}
		return x.variable(s, f, f.plan.upvalue(up))
	}
	if x.loading {
		c := &Closure{Node: node, env: f.env, upvalues: make([]*Cell, len(node.Upvalues))}
		for i, up := range node.Upvalues {
			c.upvalues[i] = variable(up).cell
		}
		return known(c)
	}
	o := &object{what: closureObject, node: node, env: f.env, meta: nilTerm}
	for _, up := range node.Upvalues {
		o.ups = append(o.ups, variable(up))
	}
	return term{kind: closure, ref: s.alloc(o)}
}

// variable is the i-th of the variables of functions around the running one.
func (x *exec) variable(s *state, f *frame, i int32) variable {
	if f.fn.kind == constant {
		return variable{cell: f.fn.known.(*Closure).upvalues[i]}
	}
	return s.heap[f.fn.ref].ups[i]
}

func (x *exec) upvalue(s *state, f *frame, i int32) term {
	up := x.variable(s, f, i)
	if up.cell != nil {
		return known(up.cell.Value)
	}
	return s.heap[up.box].boxed
}

func (x *exec) setUpvalue(s *state, f *frame, p spot) outcome {
	st := p.step()
	up := x.variable(s, f, st.a)
	v := f.stack[len(f.stack)-1]
	switch {
	case up.cell == nil:
		s.object(up.box).boxed = v
	case x.loading:
		up.cell.Value = v.known
	default:
		name := f.plan.node.Upvalues[st.a].Name
		return x.faulted(x.refusal(p, whole, diag.DecisionWrite, "declare it inside of the function", "a decision must leave nothing behind, but assigns to %s, which was declared outside of it", name))
	}
	f.stack = f.stack[:len(f.stack)-1]
	f.at++
	return outcome{}
}

func (x *exec) setGlobal(s *state, p spot) outcome {
	st := p.step()
	name := st.known.(value.String)
	if !x.loading {
		return x.faulted(x.refusal(p, whole, diag.DecisionWrite, "write: local "+string(name), "a decision must leave nothing behind, but assigns to the global %s", name))
	}
	f := s.top()
	r := x.assign(s, known(f.env), known(name), f.stack[len(f.stack)-1], p)
	return x.finish(s, st.height-1, returnTo{}, r, p)
}

// self replaces an object by its method and it.
func (x *exec) self(s *state, f *frame, p spot) outcome {
	st := p.step()
	object := f.stack[len(f.stack)-1]
	name := st.node.(*syntax.CallExpr).Method.Name
	r := x.settle(s, x.indexValue(s, object, stringTerm(name), p), p)
	if r.fault != nil {
		return x.faulted(r.fault)
	}
	if r.choices != nil {
		return x.faulted(x.refusal(p, callee, diag.DecisionUnsupported, "", "a method must be known, but %s depends on the request", name))
	}
	if r.call != nil {
		values, fault := x.callNow(s, r.call.fn, r.call.args, p)
		if fault != nil {
			return x.faulted(fault)
		}
		r.values = values
	}
	f = s.cut(st.height - 1)
	f.stack = append(f.stack, first(r.values), object)
	f.at++
	return outcome{}
}

// tailCall calls a function that returns for the running one.
func (x *exec) tailCall(s *state, f *frame, p spot) outcome {
	st := p.step()
	args := append([]term(nil), f.stack[st.a+1:]...)
	r := x.settle(s, result{call: &call{f.stack[st.a], args}}, p)
	if r.fault != nil {
		return x.faulted(r.fault)
	}
	ret := f.ret
	return r.each(s, p, func(s *state, values []term, c *call) outcome {
		if c == nil {
			return x.leave(s, values, p)
		}
		s.frames = s.frames[:len(s.frames)-1]
		return x.enter(s, c.fn, c.args, ret, p)
	})
}

// forPrepare and forLoop are the numeric loop as Lua 5.1 has it: the first step is taken back, and then made again. Its
// bounds must be known; strings that are numbers will do.
func (x *exec) forPrepare(s *state, f *frame, p spot) outcome {
	st := p.step()
	var numbers [3]value.Number
	loop, _ := st.node.(*syntax.NumericFor)
	nodes := [...]syntax.Expr{loop.Start, loop.Limit, loop.Step}
	for i, what := range [...]string{"initial value", "limit", "step"} {
		v := f.stack[int(st.a)+i]
		at := p.span(whole)
		if nodes[i] != nil {
			at = f.plan.node.File.Span(nodes[i])
		}
		if v.kind == unknown {
			f.skip(st)
			return outcome{}
		}
		if v.kind != constant && v.kind != table && v.kind != closure {
			return x.faulted(x.newFault(at, f.plan.node.File, diag.DecisionLoop, false, "loop over a known table or range, and test the field inside", "the %s of a loop must be the same for every request, but is %s", what, v))
		}
		n, ok := toNumber(v)
		if !ok {
			fault := x.newFault(at, f.plan.node.File, diag.DecisionError, true, "", "the %s of a loop must be a number, but is %s", what, v.bad())
			if x.loading {
				x.thrown, x.at = stringTerm(x.position(p)+value.LoopText(what, plainType(v))), loop
			}
			return x.faulted(x.blame(fault, p))
		}
		numbers[i] = n
	}
	f.stack[st.a] = numberTerm(numbers[0] - numbers[2])
	f.stack[st.a+1], f.stack[st.a+2] = numberTerm(numbers[1]), numberTerm(numbers[2])
	f.at = int(st.b)
	return outcome{}
}

// skip passes over a loop of which nothing is known, from its doForPrepare.
func (f *frame) skip(prepare *step) {
	loop := &f.plan.steps[prepare.b]
	f.stack = f.stack[:prepare.a]
	f.at = int(loop.b)
}

func (x *exec) forLoop(s *state, f *frame, p spot) outcome {
	st := p.step()
	at, _ := f.stack[st.a].number()
	limit, _ := f.stack[st.a+1].number()
	by, _ := f.stack[st.a+2].number()
	at += by
	if by > 0 && at <= limit || !(by > 0) && limit <= at {
		f.stack[st.a] = numberTerm(at)
		f.stack = append(f.stack, numberTerm(at))
		f.at++
		return outcome{}
	}
	f.stack = f.stack[:st.a]
	f.at = int(st.b)
	return outcome{}
}

// conclude ends the decision with what it returned.
func (x *exec) conclude(s *state, values []term, p spot) outcome {
	if x.loading {
		x.returned = values
		return ended(rules.Outcome{})
	}
	if x.ghost && first(values).kind == unknown {
		return ended(rules.Outcome{})
	}
	if x.options.Where {
		o := rules.Outcome{Answer: policy.Answer{Result: policy.Pass}}
		if first(values).truth() {
			o.Result = policy.Allow
		}
		return ended(o)
	}
	refuse := func(of part, hint, form string, args ...any) outcome {
		return x.faulted(x.refusal(p, of, diag.DecisionResult, hint, form, args...))
	}
	span := p.span(whole)
	answer := policy.Answer{Source: policy.Source{File: span.File, Line: span.Line}}
	result := first(values)
	reason := nilTerm
	if len(values) > 1 {
		reason = values[1]
	}
	if result.isNil() {
		switch {
		case result.undefined && returnsName(p):
			return refuse(0, undefinedHint(result.origin), "a decision must return deny, allow, grant or nothing, but returns %s, which nobody has defined", result.origin)
		case !reason.isNil() && returnsNil(p):
			return refuse(whole, "return deny, allow or grant before the reason", "a reason must follow a result, but follows nothing")
		case len(values) > 2 && !values[2].isNil() && values[2].kind != unknown:
			return refuse(2, "return allow, \"why\", record where nothing is to be said but that", "a decision must have a result to be recorded, but has none")
		}
		return ended(rules.Outcome{})
	}
	word, ok := result.string()
	kind, isResult := policy.ParseResult(word)
	if !ok || !isResult {
		hint := "write: return deny"
		if ok {
			hint = diag.DidYouMean(word, []string{"deny", "allow", "grant"})
		}
		return refuse(0, hint, "a decision must return deny, allow, grant or nothing, but returns %s", result)
	}
	answer.Result = kind
	if !reason.isNil() && reason.kind != unknown {
		text, ok := reason.string()
		if !ok {
			return refuse(1, "", "the reason must be a string that is the same for every request, but is %s", reason)
		}
		if err := policy.CheckReason(text); err != nil {
			return refuse(1, "", "%s", err)
		}
		answer.Reason = text
	}
	if answer.Reason == recordWord && len(values) == 2 {
		return refuse(1, "write: return "+word+", \"why\", record", "the reason must be a text of its own, but is the word record")
	}
	if len(values) > 2 && (!values[2].isNil() || values[2].undefined) && values[2].kind != unknown {
		if w, ok := values[2].string(); !ok || w != recordWord {
			return refuse(2, recordHint(values[2]), "the third value of a decision must be record or nothing, but is %s", values[2])
		}
		answer.Record = true
	}
	if len(values) > 3 {
		return refuse(whole, "", "a decision must return a result, a reason and record, but returns %d values", len(values))
	}
	return ended(rules.Outcome{Answer: answer, Column: span.Column})
}

// recordWord is what the word record stands for.
const recordWord = "record"

// recordHint says what is meant by a third value.
func recordHint(v term) string {
	if v.undefined {
		return undefinedHint(v.origin)
	}
	return "write: return deny, \"why\", record"
}

// returnsName reports whether what is returned is a variable by its name: a slip, where a calculation that comes to nil may
// be meant.
func returnsName(p spot) bool {
	_, ok := p.node(0).(*syntax.NameExpr)
	return ok
}

// returnsNil reports whether what is returned first can be nothing but nil.
func returnsNil(p spot) bool {
	switch e := p.node(0).(type) {
	case *syntax.NilExpr:
		return true
	case *syntax.NameExpr:
		return e.Local == nil
	}
	return false
}
