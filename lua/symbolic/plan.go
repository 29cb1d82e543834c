package symbolic

import (
	"slices"

	"cellsh/lua/syntax"
	"cellsh/lua/value"
)

// plan is a function of the tree, laid out: its nodes in the order in which Lua gets to them. A state says with a number
// where it is, so that it can be kept, copied and compared; a walk of the tree would have that on the stack of Go.
//
// Values lie on a stack of the call: variables where they are declared, and on top what expressions have worked out so
// far. How high the stack is before every step is known, but for the values of an open call: those lie on top.
type plan struct {
	id    int
	node  *syntax.FunctionExpr
	steps []step
	// slots are the places of the locals.
	slots map[*syntax.Local]int32
	// live has for each step the places of the stack that matter before it; see liveness. Nil until it is asked for.
	live []places
}

// step is a node's turn, or a part of it. a, b and c are as do says.
type step struct {
	do      do
	a, b, c int32
	// height of the stack before the step, without open values.
	height int32
	node   syntax.Node
	known  value.Value
}

// do is what a step does. "Pushes" is what it puts onto the stack; places are counted from the bottom of the stack. An
// operand is a place, or onTop: what was pushed last is taken from there; or written, which is known.
type do uint8

const (
	// doConst pushes known.
	doConst do = iota
	// doGet pushes the variable at a; doSet takes a value for it. c says that it is in a box.
	doGet
	doSet
	// doGetUp and doSetUp are these for a variable of a function around, the a-th of Upvalues.
	doGetUp
	doSetUp
	// doGetGlobal and doSetGlobal are these for a global.
	doGetGlobal
	doSetGlobal
	// doBox makes a box of its own for the variable at a.
	doBox
	// doIndex pushes operand a at the key that is operand b.
	doIndex
	// doSetIndex takes a value, and gives it to the object at a for the key at b, which are places.
	doSetIndex
	// doTable pushes an empty table.
	doTable
	// doSetField takes a key and a value, for the table at a.
	doSetField
	// doSetList takes all values above the table at a, for the indices from b on.
	doSetList
	// doClosure pushes the function that node is.
	doClosure
	// doVararg pushes a of the values of ..., or all.
	doVararg
	// doSelf takes an object, and pushes its method and it.
	doSelf
	// doCall calls the function at a with all above it, pushes b results, or all. c says that the arguments are open.
	doCall
	// doTailCall is a call whose results are those of the function.
	doTailCall
	// doReturn gives back all from a on.
	doReturn
	// doJump goes on at step a with a stack of height b.
	doJump
	// doJumpIf and doJumpIfNot take a value, and go to a if it is true, or is not.
	doJumpIf
	doJumpIfNot
	// doAnd and doOr keep the value and go to a if it decides; or drop it.
	doAnd
	doOr
	// doNot, doNeg and doLen push what they make of operand a.
	doNot
	doNeg
	doLen
	// doArith pushes operand a with operand b; c is the operator.
	doArith
	// doCompare pushes whether operands a and b compare as the operator c says.
	doCompare
	// doConcat takes a values and pushes them joined.
	doConcat
	// doForPrepare looks at start, limit and step, which lie at a, and goes to b.
	doForPrepare
	// doForLoop takes the step at a, a+1 and a+2: it pushes the variable, or goes to b with a stack of height a.
	doForLoop
	// doForCheck ends a generic loop, whose three values lie at a, if what its function gave first is nil: then it goes to
	// b with a stack of height a.
	doForCheck
	// doDrop cuts the stack to height a.
	doDrop
	// doDone returns nothing.
	doDone
)

// open stands for a number of values that is only known when they are there; onTop for an operand that was pushed, and
// written for one that the source gives as a literal.
const (
	open    = -1
	onTop   = -1
	written = -2
)

// planner lays out a function.
type planner struct {
	p      *plan
	height int32
	loops  []*loop
	// labels that were met, and jumps to labels that were not.
	labels  map[*syntax.LabelStmt]label
	forward map[*syntax.LabelStmt][]int
}

type loop struct {
	height int32
	breaks []int
}

type label struct{ at, height int32 }

// layOut makes the plan of a function.
func layOut(id int, fn *syntax.FunctionExpr) *plan {
	l := &planner{p: &plan{id: id, node: fn, slots: map[*syntax.Local]int32{}}, labels: map[*syntax.LabelStmt]label{}, forward: map[*syntax.LabelStmt][]int{}}
	begin := parameters(fn)
	for _, local := range begin {
		l.declare(local)
		l.height++
	}
	for _, local := range begin {
		l.boxed(local)
	}
	l.block(fn.Body, false)
	l.emit(fn, doDone, 0, 0, 0)
	return l.p
}

// parameters are the locals that a function begins with: those that are declared, and the table arg where it is used.
func parameters(fn *syntax.FunctionExpr) []*syntax.Local {
	if fn.Arg != nil {
		return append(slices.Clone(fn.Params), fn.Arg)
	}
	return fn.Params
}

// emit adds a step.
func (l *planner) emit(n syntax.Node, d do, a, b, c int32) int {
	l.p.steps = append(l.p.steps, step{do: d, a: a, b: b, c: c, height: l.height, node: n})
	return len(l.p.steps) - 1
}

// push adds a step that pushes a value.
func (l *planner) push(n syntax.Node, d do, a, b, c int32) int {
	at := l.emit(n, d, a, b, c)
	l.height++
	return at
}

func (l *planner) constant(n syntax.Node, v value.Value) {
	l.p.steps[l.push(n, doConst, 0, 0, 0)].known = v
}

func (l *planner) here() int32 { return int32(len(l.p.steps)) }

// declare gives a local the place on top of the stack, where its value comes or is.
func (l *planner) declare(local *syntax.Local) { l.p.slots[local] = l.height }

// boxed puts a local that functions share into a box, once its value is there.
func (l *planner) boxed(local *syntax.Local) {
	if local.Captured {
		l.emit(local, doBox, l.p.slots[local], 0, 0)
	}
}

// cut drops what lies above.
func (l *planner) cut(n syntax.Node, height int32) {
	if l.height > height {
		l.emit(n, doDrop, height, 0, 0)
		l.height = height
	}
}

// block lays out statements. What they declare is dropped at the end, unless the caller still wants it.
func (l *planner) block(b *syntax.Block, keep bool) {
	from := l.height
	for i, s := range b.Stmts {
		if name, ok := s.(*syntax.LabelStmt); ok && !keep && onlyLabels(b.Stmts[i:]) {
			// A label at the end is outside of what the block declares.
			l.cut(name, from)
		}
		l.stmt(s)
	}
	if !keep {
		l.cut(b, from)
	}
}

func onlyLabels(list []syntax.Stmt) bool {
	for _, s := range list {
		if _, ok := s.(*syntax.LabelStmt); !ok {
			return false
		}
	}
	return true
}

func (l *planner) stmt(s syntax.Stmt) {
	switch n := s.(type) {
	case *syntax.LocalStmt:
		from := l.height
		l.exprs(n, n.Exprs, len(n.Names))
		for i, local := range n.Names {
			l.p.slots[local] = from + int32(i)
		}
		for _, local := range n.Names {
			l.boxed(local)
		}
	case *syntax.AssignStmt:
		l.assign(n)
	case *syntax.CallStmt:
		l.call(n.Call, 0)
	case *syntax.DoStmt:
		l.block(n.Body, false)
	case *syntax.WhileStmt:
		start := l.here()
		l.expr(n.Cond)
		exit := l.emit(n.Cond, doJumpIfNot, 0, 0, 0)
		l.height--
		l.begin()
		l.block(n.Body, false)
		l.emit(n, doJump, start, l.height, 0)
		l.p.steps[exit].a = l.here()
		l.end()
	case *syntax.RepeatStmt:
		start := l.here()
		l.begin()
		from := l.height
		l.block(n.Body, true)
		l.expr(n.Cond)
		again := l.emit(n.Cond, doJumpIfNot, 0, 0, 0)
		l.height--
		inside := l.height
		l.cut(n, from)
		exit := l.emit(n, doJump, 0, from, 0)
		l.height = inside
		l.p.steps[again].a = l.here()
		l.emit(n, doJump, start, from, 0)
		l.height = from
		l.p.steps[exit].a = l.here()
		l.end()
	case *syntax.IfStmt:
		l.ifStmt(n)
	case *syntax.NumericFor:
		l.numericFor(n)
	case *syntax.GenericFor:
		l.genericFor(n)
	case *syntax.FunctionStmt:
		l.assignTo(n, []syntax.Expr{n.Target}, []syntax.Expr{n.Func})
	case *syntax.LocalFunctionStmt:
		l.declare(n.Name)
		l.constant(n, value.Nil{})
		l.boxed(n.Name)
		l.push(n.Func, doClosure, 0, 0, 0)
		l.set(n, n.Name)
		l.height--
	case *syntax.ReturnStmt:
		from := l.height
		if len(n.Exprs) == 1 {
			if c, ok := n.Exprs[0].(*syntax.CallExpr); ok {
				isOpen := l.callee(c)
				l.emit(c, doTailCall, from, 0, boolTo(isOpen))
				l.height = from
				return
			}
		}
		l.openExprs(n.Exprs)
		l.emit(n, doReturn, from, 0, 0)
		l.height = from
	case *syntax.BreakStmt:
		in := l.loops[len(l.loops)-1]
		in.breaks = append(in.breaks, l.emit(n, doJump, 0, in.height, 0))
	case *syntax.GotoStmt:
		at := l.emit(n, doJump, 0, 0, 0)
		if to, ok := l.labels[n.Target]; ok {
			l.p.steps[at].a, l.p.steps[at].b = to.at, to.height
		} else {
			l.forward[n.Target] = append(l.forward[n.Target], at)
		}
	case *syntax.LabelStmt:
		l.labels[n] = label{l.here(), l.height}
		for _, at := range l.forward[n] {
			l.p.steps[at].a, l.p.steps[at].b = l.here(), l.height
		}
	}
}

func boolTo(b bool) int32 {
	if b {
		return 1
	}
	return 0
}

// begin and end surround what break leaves.
func (l *planner) begin() { l.loops = append(l.loops, &loop{height: l.height}) }

func (l *planner) end() {
	in := l.loops[len(l.loops)-1]
	l.loops = l.loops[:len(l.loops)-1]
	for _, at := range in.breaks {
		l.p.steps[at].a = l.here()
	}
}

func (l *planner) ifStmt(n *syntax.IfStmt) {
	var ends []int
	for i, c := range n.Clauses {
		l.expr(c.Cond)
		next := l.emit(c.Cond, doJumpIfNot, 0, 0, 0)
		l.height--
		l.block(c.Body, false)
		if i < len(n.Clauses)-1 || n.Else != nil {
			ends = append(ends, l.emit(c, doJump, 0, l.height, 0))
		}
		l.p.steps[next].a = l.here()
	}
	if n.Else != nil {
		l.block(n.Else, false)
	}
	for _, at := range ends {
		l.p.steps[at].a = l.here()
	}
}

func (l *planner) numericFor(n *syntax.NumericFor) {
	base := l.height
	l.expr(n.Start)
	l.expr(n.Limit)
	if n.Step != nil {
		l.expr(n.Step)
	} else {
		l.constant(n, value.Number(1))
	}
	prepare := l.emit(n, doForPrepare, base, 0, 0)
	start := l.here()
	l.p.steps[prepare].b = start
	again := l.emit(n, doForLoop, base, 0, 0)
	l.begin()
	l.loops[len(l.loops)-1].height = base
	l.declare(n.Var)
	l.height++
	l.boxed(n.Var)
	l.block(n.Body, false)
	l.emit(n, doJump, start, base+3, 0)
	l.height = base
	l.p.steps[again].b = l.here()
	l.end()
}

func (l *planner) genericFor(n *syntax.GenericFor) {
	base := l.height
	l.exprs(n, n.Exprs, 3)
	start := l.here()
	for i := range int32(3) {
		l.push(n, doGet, base+i, 0, 0)
	}
	l.emit(n, doCall, base+3, int32(len(n.Vars)), 0)
	l.height = base + 3 + int32(len(n.Vars))
	check := l.emit(n, doForCheck, base, 0, 0)
	l.begin()
	l.loops[len(l.loops)-1].height = base
	for i, local := range n.Vars {
		l.p.slots[local] = base + 3 + int32(i)
	}
	for _, local := range n.Vars {
		l.boxed(local)
	}
	l.block(n.Body, false)
	l.emit(n, doJump, start, base+3, 0)
	l.height = base
	l.p.steps[check].b = l.here()
	l.end()
}

// assign lays out an assignment. As in PUC Lua, what is assigned into is read first but for a local variable, which is
// read when the assignment is made, unless the same statement assigns to it; values are assigned from the last to the
// first.
func (l *planner) assign(n *syntax.AssignStmt) { l.assignTo(n, n.Targets, n.Exprs) }

func (l *planner) assignTo(n syntax.Node, targets, exprs []syntax.Expr) {
	from := l.height
	type operands struct{ object, key int32 }
	places := make([]operands, len(targets))
	for i, t := range targets {
		x, ok := t.(*syntax.IndexExpr)
		if !ok {
			continue
		}
		place := func(e syntax.Expr) int32 {
			if local := l.localOf(e); local != nil && !assigned(targets[i+1:], local) {
				return l.p.slots[local]
			}
			l.expr(e)
			return l.height - 1
		}
		places[i].object = place(x.Object)
		places[i].key = place(x.Key)
	}
	l.exprs(n, exprs, len(targets))
	for i := len(targets) - 1; i >= 0; i-- {
		switch t := targets[i].(type) {
		case *syntax.NameExpr:
			l.setName(t)
		case *syntax.IndexExpr:
			l.emit(t, doSetIndex, places[i].object, places[i].key, 0)
		}
		l.height--
	}
	l.cut(n, from)
}

// assigned reports whether a local is among the targets.
func assigned(targets []syntax.Expr, local *syntax.Local) bool {
	return slices.ContainsFunc(targets, func(t syntax.Expr) bool {
		name, ok := t.(*syntax.NameExpr)
		return ok && name.Local == local
	})
}

// localOf is the local of this function that an expression is, nil if it is something else.
func (l *planner) localOf(e syntax.Expr) *syntax.Local {
	if name, ok := syntax.Unparen(e).(*syntax.NameExpr); ok && name.Local != nil && name.Local.Function == l.p.node {
		return name.Local
	}
	return nil
}

// setName takes a value for a variable; the height is the caller's.
func (l *planner) setName(n *syntax.NameExpr) {
	switch {
	case n.Local == nil:
		l.p.steps[l.emit(n, doSetGlobal, 0, 0, 0)].known = value.String(n.Name)
	case n.Local.Function == l.p.node:
		l.set(n, n.Local)
	default:
		l.emit(n, doSetUp, l.p.upvalue(n.Local), 0, 0)
	}
}

// set takes a value for a local of this function.
func (l *planner) set(n syntax.Node, local *syntax.Local) {
	l.emit(n, doSet, l.p.slots[local], 0, boolTo(local.Captured))
}

// upvalue is the number of a local of a function around among those that this one uses.
func (p *plan) upvalue(local *syntax.Local) int32 {
	return int32(slices.Index(p.node.Upvalues, local))
}

// exprs pushes so many values of a list.
func (l *planner) exprs(n syntax.Node, list []syntax.Expr, want int) {
	for i, e := range list {
		switch {
		case i == len(list)-1 && syntax.Multiple(e) && i < want:
			l.multiple(e, int32(want-i))
			return
		case i < want:
			l.expr(e)
		default:
			l.expr(e)
			l.cut(e, l.height-1)
		}
	}
	for range want - len(list) {
		l.constant(n, value.Nil{})
	}
}

// openExprs pushes all values of a list; it reports whether their number is open.
func (l *planner) openExprs(list []syntax.Expr) bool {
	for i, e := range list {
		if i == len(list)-1 && syntax.Multiple(e) {
			l.multiple(e, open)
			return true
		}
		l.expr(e)
	}
	return false
}

// multiple pushes so many values of a call or "...".
func (l *planner) multiple(e syntax.Expr, want int32) {
	if c, ok := e.(*syntax.CallExpr); ok {
		l.call(c, want)
		return
	}
	l.emit(e, doVararg, want, 0, 0)
	l.height += max(want, 0)
}

// call lays out a call of which so many results are wanted.
func (l *planner) call(c *syntax.CallExpr, want int32) {
	base := l.height
	isOpen := l.callee(c)
	l.emit(c, doCall, base, want, boolTo(isOpen))
	l.height = base + max(want, 0)
}

// callee pushes a function and its arguments; it reports whether their number is open.
func (l *planner) callee(c *syntax.CallExpr) bool {
	l.expr(c.Func)
	if c.Method != nil {
		l.push(c, doSelf, 0, 0, 0)
	}
	return l.openExprs(c.Args)
}

// operand works out an expression for an operation: a local is read by the operation itself, when all operands are
// there. That is what PUC Lua does, where a function that is called by the one operand assigns to the other.
func (l *planner) operand(e syntax.Expr) int32 {
	if local := l.localOf(e); local != nil {
		return l.p.slots[local]
	}
	l.expr(e)
	return onTop
}

// expr pushes the value of an expression.
func (l *planner) expr(e syntax.Expr) {
	switch n := e.(type) {
	case *syntax.NilExpr:
		l.constant(n, value.Nil{})
	case *syntax.TrueExpr:
		l.constant(n, value.Bool(true))
	case *syntax.FalseExpr:
		l.constant(n, value.Bool(false))
	case *syntax.NumberExpr:
		l.constant(n, value.Number(n.Value))
	case *syntax.StringExpr:
		l.constant(n, value.String(n.Value))
	case *syntax.VarargExpr:
		l.multiple(n, 1)
	case *syntax.FunctionExpr:
		l.push(n, doClosure, 0, 0, 0)
	case *syntax.NameExpr:
		switch {
		case n.Local == nil:
			l.p.steps[l.push(n, doGetGlobal, 0, 0, 0)].known = value.String(n.Name)
		case n.Local.Function == l.p.node:
			l.push(n, doGet, l.p.slots[n.Local], 0, 0)
		default:
			l.push(n, doGetUp, l.p.upvalue(n.Local), 0, 0)
		}
	case *syntax.IndexExpr:
		l.operation(n, doIndex, n.Object, n.Key, 0)
	case *syntax.CallExpr:
		l.call(n, 1)
	case *syntax.ParenExpr:
		l.expr(n.Inner)
	case *syntax.TableExpr:
		l.table(n)
	case *syntax.UnaryExpr:
		from := l.height
		operand := l.operand(n.Operand)
		l.emit(n, map[syntax.Op]do{syntax.Not: doNot, syntax.Neg: doNeg, syntax.Len: doLen}[n.Op], operand, 0, 0)
		l.height = from + 1
	case *syntax.BinaryExpr:
		l.binary(n)
	}
}

func (l *planner) binary(n *syntax.BinaryExpr) {
	from := l.height
	switch n.Op {
	case syntax.And, syntax.Or:
		l.logical(n)
	case syntax.Concat:
		count := int32(0)
		var rest syntax.Expr = n
		for {
			c, ok := rest.(*syntax.BinaryExpr)
			if !ok || c.Op != syntax.Concat {
				break
			}
			l.expr(c.Left)
			count++
			rest = c.Right
		}
		l.expr(rest)
		l.emit(n, doConcat, count+1, 0, 0)
	case syntax.Less, syntax.Greater, syntax.LessEqual, syntax.GreaterEqual, syntax.Equal, syntax.NotEqual:
		l.operation(n, doCompare, n.Left, n.Right, int32(n.Op))
	default:
		l.operation(n, doArith, n.Left, n.Right, int32(n.Op))
	}
	l.height = from + 1
}

// operation lays out an operation with two operands, of which the second may be a literal.
func (l *planner) operation(n syntax.Node, d do, left, right syntax.Expr, c int32) {
	from := l.height
	a := l.operand(left)
	b, v := int32(written), literal(right)
	if v == nil {
		b = l.operand(right)
	}
	l.p.steps[l.emit(n, d, a, b, c)].known = v
	l.height = from + 1
}

// literal is the value of a number or a string of the source, nil for other expressions.
func literal(e syntax.Expr) value.Value {
	switch n := e.(type) {
	case *syntax.NumberExpr:
		return value.Number(n.Value)
	case *syntax.StringExpr:
		return value.String(n.Value)
	}
	return nil
}

// logical lays out and and or. Chains lean to the left: down them without recursion.
func (l *planner) logical(n *syntax.BinaryExpr) {
	chain := []*syntax.BinaryExpr{n}
	for {
		left, ok := chain[len(chain)-1].Left.(*syntax.BinaryExpr)
		if !ok || left.Op != syntax.And && left.Op != syntax.Or {
			break
		}
		chain = append(chain, left)
	}
	l.expr(chain[len(chain)-1].Left)
	for _, b := range slices.Backward(chain) {
		d := doAnd
		if b.Op == syntax.Or {
			d = doOr
		}
		at := l.emit(b, d, 0, 0, 0)
		l.height--
		l.expr(b.Right)
		l.p.steps[at].a = l.here()
	}
}

// flush is how many elements of a constructor PUC Lua stores at once: keys are stored when they come, so that the order
// shows where a key is given twice.
const flush = 50

func (l *planner) table(n *syntax.TableExpr) {
	l.push(n, doTable, 0, 0, 0)
	from := l.height
	index := int32(1)
	store := func() {
		l.emit(n, doSetList, from-1, index, 0)
		index += l.height - from
		l.height = from
	}
	pending := int32(0)
	for i, f := range n.Fields {
		if pending == flush {
			store()
			pending = 0
		}
		switch {
		case f.Key != nil:
			l.expr(f.Key)
			l.expr(f.Value)
			l.emit(f, doSetField, from-1, 0, 0)
			l.height -= 2
		case i == len(n.Fields)-1 && syntax.Multiple(f.Value):
			l.multiple(f.Value, open)
			l.emit(n, doSetList, from-1, index, 0)
			l.height = from
			return
		default:
			l.expr(f.Value)
			pending++
		}
	}
	if pending > 0 {
		store()
	}
}
