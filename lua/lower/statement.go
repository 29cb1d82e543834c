package lower

import (
	"slices"

	"github.com/yuin/gopher-lua/ast"

	"cellsh/lua/syntax"
	"cellsh/policy/diag"
)

// block lowers the statements of a block.
func (l *lowerer) block(b *syntax.Block) {
	live := l.function.live
	defer func() { l.function.live = live }()
	for i, s := range b.Stmts {
		label, ok := s.(*syntax.LabelStmt)
		if !ok {
			l.stmt(s)
			continue
		}
		l.emit(at(l.place(label), &ast.LabelStmt{Name: l.label(label)}))
		if !onlyLabels(b.Stmts[i:]) {
			l.landing()
		}
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

// landing emits an instruction that does nothing, for code that is jumped back to.
func (l *lowerer) landing() {
	l.emit(at(l.line, &ast.DoBlockStmt{Stmts: []ast.Stmt{at(l.line, &ast.LocalAssignStmt{Names: []string{"(landing)"}})}}))
}

// label is the name of a label, which no other has.
func (l *lowerer) label(n *syntax.LabelStmt) string {
	f := l.function
	to, ok := f.labels[n]
	if !ok {
		to = label{l.newName(n.Name.Name), l.line}
		f.labels[n] = to
	}
	l.lowered.jumps = append(l.lowered.jumps, jump{n, to.line, l.lowered.Next()})
	l.jump(n)
	return to.name
}

// label is the name of one, and the place where it is met first, by a goto or itself.
type label struct {
	name string
	line int
}

// jump counts labels and gotos.
func (l *lowerer) jump(n syntax.Node) {
	f := l.function
	if f.jumps++; f.jumps == maxJumps+1 {
		l.fail(n, diag.SourceSize, "divide the function", "a function must have at most %d labels and gotos, but has more here", maxJumps)
	}
}

// Labels of the compiler's own, at most, of what branches.
const (
	labelsOfTest      = 1 // a comparison, or a label of the source
	labelsOfCondition = 3 // if, while and the loops of for
	labelsOfLogic     = 5 // and, or
)

// branch counts the labels that the compiler will make of what is at a place. Jumps have them as 18 bits until it knows
// what they stand for, and those of labels beyond that lead to the begin of the function.
func (l *lowerer) branch(line, labels int) {
	f := l.function
	before := f.branches
	if f.branches += labels; before <= maxJump && f.branches > maxJump {
		l.fail(l.lowered.Node(line), diag.SourceSize, "divide the function", "a function must have at most about %d tests, but has more here", maxJump/labelsOfCondition)
	}
}

func (l *lowerer) stmt(s syntax.Stmt) {
	switch n := s.(type) {
	case *syntax.LocalStmt:
		l.place(n)
		l.localStmt(n)
	case *syntax.AssignStmt:
		l.place(n)
		l.scoped(func() { l.assign(n.Targets, n.Exprs) })
	case *syntax.CallStmt:
		l.place(n)
		l.scoped(func() {
			call := l.callExpr(n.Call)
			l.emit(at(call.Line(), &ast.FuncCallStmt{Expr: call}))
		})
	case *syntax.DoStmt:
		line := l.place(n)
		l.emit(at(line, &ast.DoBlockStmt{Stmts: l.collect(func() { l.block(n.Body) })}))
	case *syntax.WhileStmt:
		l.place(n)
		l.while(n)
	case *syntax.RepeatStmt:
		l.place(n)
		l.repeat(n)
	case *syntax.IfStmt:
		l.place(n)
		l.scoped(func() { l.ifStmt(n) })
	case *syntax.NumericFor:
		l.place(n)
		l.scoped(func() { l.numericFor(n) })
	case *syntax.GenericFor:
		l.place(n)
		l.scoped(func() { l.genericFor(n) })
	case *syntax.FunctionStmt:
		l.place(n)
		l.scoped(func() { l.assign([]syntax.Expr{n.Target}, []syntax.Expr{n.Func}) })
	case *syntax.LocalFunctionStmt:
		l.place(n)
		l.localFunction(n)
	case *syntax.ReturnStmt:
		line := l.place(n)
		l.scoped(func() { l.emit(at(line, &ast.ReturnStmt{Exprs: l.exprs(n.Exprs)})) })
	case *syntax.BreakStmt:
		line := l.place(n)
		if in := l.function.loop; in.label != "" {
			in.used = true
			l.emit(at(line, &ast.GotoStmt{Label: in.label}))
		} else {
			l.emit(at(line, &ast.BreakStmt{}))
		}
	case *syntax.GotoStmt:
		line := l.place(n)
		l.emit(at(line, &ast.GotoStmt{Label: l.label(n.Target)}))
	default:
		panic("lower: a statement that is none")
	}
}

// values lowers a list of expressions so that it gives as many values as there are names.
func (l *lowerer) values(list []syntax.Expr, names int) []ast.Expr {
	return l.list(min(len(list), names), func(i int) ast.Expr {
		if i == len(list)-1 && i < names-1 && syntax.Multiple(list[i]) {
			return l.multiple(list[i])
		}
		return l.expr(list[i])
	})
}

// dropped works out the expressions that no name is there for.
func (l *lowerer) dropped(list []syntax.Expr, names int) {
	if len(list) <= names {
		return
	}
	for _, e := range list[names:] {
		l.scoped(func() { l.spill(l.expr(e)) })
	}
}

func (l *lowerer) localStmt(n *syntax.LocalStmt) {
	if l.shared[n.Names[0]] {
		targets := make([]syntax.Expr, len(n.Names))
		for i, local := range n.Names {
			targets[i] = &syntax.NameExpr{Ident: local.Ident, Local: local}
		}
		exprs := n.Exprs
		if len(exprs) == 0 {
			exprs = []syntax.Expr{&syntax.NilExpr{}}
		}
		l.scoped(func() { l.assign(targets, exprs) })
		return
	}
	line := l.line
	var values []ast.Expr
	before := l.collect(func() { values = l.values(n.Exprs, len(n.Names)) })
	simple := len(before) == 0 && len(n.Exprs) <= len(n.Names)
	boxed := slices.ContainsFunc(n.Names, inBox)
	if simple && boxed && len(values) < len(n.Names) && len(values) > 0 {
		// The values of a call go through locals, and those of a declaration without values are nil.
		simple = !syntax.Multiple(n.Exprs[len(n.Exprs)-1])
	}
	l.line = line
	// Those that are variables.
	var names []string
	var locals []*syntax.Local
	for _, local := range n.Names {
		if h := l.declare(local, true); !h.frame {
			names, locals = append(names, h.name), append(locals, local)
		}
	}
	if simple && len(n.Names) == 1 && len(names) == 0 {
		var value ast.Expr = at(line, &ast.NilExpr{})
		if len(values) > 0 {
			value = values[0]
		}
		l.assignTo(l.variable(n.Names[0]), value)
		return
	}
	if simple && len(names) == len(n.Names) {
		if boxed {
			for i, local := range n.Names {
				if i == len(values) {
					values = append(values, at(line, &ast.NilExpr{}))
				}
				values[i] = l.boxedValue(local, values[i])
			}
		}
		l.emit(at(line, &ast.LocalAssignStmt{Names: names, Exprs: values}))
		return
	}
	// The locals are there first, and get their values from a block with what these need.
	if len(names) > 0 {
		first := make([]ast.Expr, len(names))
		for i, local := range locals {
			first[i] = l.boxedValue(local, at(line, &ast.NilExpr{}))
		}
		l.emit(at(line, &ast.LocalAssignStmt{Names: names, Exprs: first}))
	}
	l.emit(at(line, &ast.DoBlockStmt{Stmts: l.collect(func() {
		*l.out = append(*l.out, before...)
		first := l.several(values, len(n.Names))
		l.dropped(n.Exprs, len(n.Names))
		l.line = line
		for i, local := range n.Names {
			l.assignTo(l.variable(local), first(i))
		}
	})}))
}

// several works out values for so many variables, and gives what has value i then.
func (l *lowerer) several(values []ast.Expr, n int) func(i int) ast.Expr {
	line := l.line
	if n <= threshold.names {
		names := make([]string, n)
		for i := range names {
			names[i] = l.temporary()
		}
		l.emit(at(line, &ast.LocalAssignStmt{Names: names, Exprs: values}))
		return func(i int) ast.Expr { return l.ident(names[i]) }
	}
	// There may not be registers for all.
	t := &ast.TableExpr{}
	if last := len(values) - 1; last > 0 && last%batch == 0 {
		// An open call must not follow a full batch.
		t.Fields = append(t.Fields, &ast.Field{Value: at(line, &ast.NilExpr{})})
	}
	before := len(t.Fields)
	for _, v := range values {
		t.Fields = append(t.Fields, &ast.Field{Value: v})
	}
	name := l.temporary()
	l.local(name, at(line, t))
	return func(i int) ast.Expr {
		return at(l.line, &ast.AttrGetExpr{Object: l.ident(name), Key: l.integer(before + i + 1)})
	}
}

func (l *lowerer) localFunction(n *syntax.LocalFunctionStmt) {
	line := l.line
	if l.shared[n.Name] {
		l.scoped(func() {
			l.assign([]syntax.Expr{&syntax.NameExpr{Ident: n.Name.Ident, Local: n.Name}}, []syntax.Expr{n.Func})
		})
		return
	}
	h := l.declare(n.Name, true)
	if h.element == 0 {
		l.emit(at(line, &ast.LocalAssignStmt{Names: []string{h.name}, Exprs: []ast.Expr{l.functionExpr(n.Func)}}))
		return
	}
	if !h.frame {
		l.local(h.name, l.boxedValue(n.Name, at(line, &ast.NilExpr{})))
	}
	f := l.functionExpr(n.Func)
	l.line = line
	l.assignTo(l.variable(n.Name), f)
}

// target is what is assigned to: a variable, or an object with a key.
type target struct {
	node        syntax.Expr
	line        int
	object, key func() ast.Expr
}

// assign lowers an assignment. As in PUC Lua, what is assigned into is worked out first, but for a local, which is
// read when the assignment is made, unless the same statement assigns to it; values are assigned from the last to the
// first.
func (l *lowerer) assign(targets, exprs []syntax.Expr) {
	line := l.line
	if len(targets) == 1 && len(exprs) == 1 {
		l.assignOne(targets[0], exprs[0])
		return
	}
	all := make([]target, len(targets))
	for i, t := range targets {
		all[i] = target{node: t, line: line}
		x, ok := t.(*syntax.IndexExpr)
		if !ok {
			continue
		}
		all[i].line = l.place(x)
		part := func(e syntax.Expr, lower func(syntax.Expr) ast.Expr) func() ast.Expr {
			if local := l.own(e); local != nil && !l.shared[local] && !assigned(targets[i+1:], local) {
				return func() ast.Expr { return l.variable(local) }
			}
			v := lower(e)
			if _, variable := v.(*ast.IdentExpr); variable || !stable(v) {
				v = l.spill(v)
			}
			return func() ast.Expr { return v }
		}
		all[i].object = part(x.Object, l.expr)
		all[i].key = part(x.Key, l.key)
	}
	values := l.values(exprs, len(targets))
	l.line = line
	first := l.several(values, len(targets))
	l.dropped(exprs, len(targets))
	for i, t := range slices.Backward(all) {
		l.line = t.line
		value := first(i)
		switch n := t.node.(type) {
		case *syntax.NameExpr:
			l.setName(n, value)
		case *syntax.IndexExpr:
			l.setIndex(n, t.line, t.object(), t.key(), value)
		}
	}
}

// assigned reports whether a local is among the targets.
func assigned(targets []syntax.Expr, local *syntax.Local) bool {
	return slices.ContainsFunc(targets, func(t syntax.Expr) bool {
		name, ok := t.(*syntax.NameExpr)
		return ok && name.Local == local
	})
}

// assignOne is an assignment of one value.
func (l *lowerer) assignOne(to, e syntax.Expr) {
	if n, ok := to.(*syntax.NameExpr); ok {
		l.setName(n, l.expr(e))
		return
	}
	x := to.(*syntax.IndexExpr)
	line := l.place(x)
	parts := []func() ast.Expr{func() ast.Expr { return l.expr(x.Object) }, func() ast.Expr { return l.key(x.Key) }, func() ast.Expr { return l.expr(e) }}
	late := make([]*syntax.Local, 2)
	if !calm(e) {
		late[0], late[1] = l.ownBox(x.Object), l.ownBox(x.Key)
	} else if !calm(x.Key) {
		late[0] = l.ownBox(x.Object)
	}
	results := l.list(3, func(i int) ast.Expr {
		switch {
		case i < 2 && late[i] != nil:
			return at(line, &ast.NilExpr{})
		case late[0] != nil || i == 2 && late[1] != nil:
			// Worked out before what is late is read.
			return l.kept(parts[i]())
		}
		return parts[i]()
	})
	l.line = line
	for i, local := range late {
		if local != nil {
			results[i] = l.variable(local)
		}
	}
	l.setIndex(x, line, results[0], results[1], results[2])
}

// setName assigns to a variable.
func (l *lowerer) setName(n *syntax.NameExpr, value ast.Expr) {
	if n.Local == nil || l.shared[n.Local] {
		l.name(n.Name, n)
		l.assignTo(at(l.place(n), &ast.IdentExpr{Value: n.Name}), value)
		return
	}
	h := l.lowered.homes[n.Local]
	if h.element > 0 {
		l.assignTo(l.variable(n.Local), value)
		return
	}
	l.move(h.name, value)
}

// setIndex assigns to an element of a table.
func (l *lowerer) setIndex(n *syntax.IndexExpr, line int, object, key, value ast.Expr) {
	l.line = line
	switch object.(type) {
	case *ast.StringExpr, *ast.NumberExpr:
		object = l.spill(object)
	}
	if _, constant := n.Key.(*syntax.StringExpr); l.options.Guard && !constant {
		call := l.call(line, HiddenSet, object, key, value)
		l.emit(at(line, &ast.FuncCallStmt{Expr: call}))
		return
	}
	l.assignTo(at(line, &ast.AttrGetExpr{Object: object, Key: key}), value)
}

// loop emits a loop that is left by break. body lowers it, in the loop.
func (l *lowerer) loop(n syntax.Node, body func()) {
	f := l.function
	in := &loop{outer: f.loop}
	if l.closes(n) {
		in.label = l.newName("break")
	}
	line, live := l.line, f.live
	f.loop = in
	list := l.collect(func() {
		body()
		if in.used {
			l.emit(at(line, &ast.LabelStmt{Name: in.label}))
		}
	})
	f.loop, f.live = in.outer, live
	l.lowered.jumps = append(l.lowered.jumps, jump{n, line, l.lowered.Next()})
	if in.used {
		l.emit(at(line, &ast.DoBlockStmt{Stmts: list}))
		return
	}
	*l.out = append(*l.out, list...)
}

func (l *lowerer) while(n *syntax.WhileStmt) {
	line := l.line
	yes, known := l.truth(n.Cond)
	if known && !yes {
		return
	}
	l.loop(n, func() {
		if known {
			l.emit(at(line, &ast.WhileStmt{Condition: at(line, &ast.TrueExpr{}), Stmts: l.collect(func() {
				l.landing()
				l.block(n.Body)
			})}))
			return
		}
		var condition ast.Expr
		before := l.collect(func() { condition = l.expr(n.Cond) })
		if len(before) == 0 {
			l.emit(at(line, &ast.WhileStmt{Condition: condition, Stmts: l.collect(func() { l.block(n.Body) })}))
			return
		}
		l.emit(at(line, &ast.WhileStmt{Condition: at(line, &ast.TrueExpr{}), Stmts: l.collect(func() {
			l.landing()
			l.scoped(func() {
				*l.out = append(*l.out, before...)
				l.leave(line, at(line, &ast.UnaryNotOpExpr{Expr: condition}))
			})
			l.block(n.Body)
		})}))
	})
}

// leave breaks a loop on a condition. Nothing that functions share is open but what the loop itself declares.
func (l *lowerer) leave(line int, condition ast.Expr) {
	l.emit(at(line, &ast.IfStmt{Condition: condition, Then: []ast.Stmt{at(line, &ast.BreakStmt{})}}))
}

func (l *lowerer) repeat(n *syntax.RepeatStmt) {
	line := l.line
	l.loop(n, func() {
		l.emit(at(line, &ast.WhileStmt{Condition: at(line, &ast.TrueExpr{}), Stmts: l.collect(func() {
			l.landing()
			l.block(n.Body)
			if ends(n.Body) {
				return
			}
			l.line = line
			yes, known := l.truth(n.Cond)
			switch {
			case !known:
				l.scoped(func() { l.leave(line, l.expr(n.Cond)) })
			case yes:
				l.emit(at(line, &ast.BreakStmt{}))
			}
		})}))
	})
}

// ends reports whether nothing behind a block is reached from it.
func ends(b *syntax.Block) bool {
	if len(b.Stmts) == 0 {
		return false
	}
	switch b.Stmts[len(b.Stmts)-1].(type) {
	case *syntax.ReturnStmt, *syntax.BreakStmt, *syntax.GotoStmt:
		return true
	}
	return false
}

// ifStmt lowers a chain of branches.
func (l *lowerer) ifStmt(n *syntax.IfStmt) {
	if len(n.Clauses) <= threshold.chain {
		l.branches(n.Clauses, func() {
			if n.Else != nil {
				l.block(n.Else)
			}
		})
		return
	}
	line := l.line
	if !slices.ContainsFunc(n.Clauses, func(c *syntax.IfClause) bool { return !ends(c.Body) }) {
		// What is behind a branch is reached only from those that were not taken.
		for _, c := range n.Clauses {
			l.scoped(func() { l.branches([]*syntax.IfClause{c}, func() {}) })
		}
		if n.Else != nil {
			l.emit(at(line, &ast.DoBlockStmt{Stmts: l.collect(func() { l.block(n.Else) })}))
		}
		return
	}
	taken := l.temporary()
	l.local(taken, at(line, &ast.FalseExpr{}))
	unless := func(body func()) {
		l.emit(at(line, &ast.IfStmt{Condition: at(line, &ast.UnaryNotOpExpr{Expr: at(line, &ast.IdentExpr{Value: taken})}), Then: l.collect(body)}))
	}
	set := func(e ast.Expr) { l.assignTo(l.ident(taken), at(l.line, e)) }
	for from := 0; from < len(n.Clauses); from += threshold.chain {
		unless(func() {
			set(&ast.TrueExpr{})
			l.branches(n.Clauses[from:min(from+threshold.chain, len(n.Clauses))], func() { set(&ast.FalseExpr{}) })
		})
	}
	if n.Else != nil {
		unless(func() { l.block(n.Else) })
	}
}

// branches lowers a chain in which each branch lies in the else of the one before. otherwise is the last else.
func (l *lowerer) branches(clauses []*syntax.IfClause, otherwise func()) {
	if len(clauses) == 0 {
		otherwise()
		return
	}
	c := clauses[0]
	body := func() { l.block(c.Body) }
	if yes, known := l.truth(c.Cond); known {
		if !yes {
			l.branches(clauses[1:], otherwise)
			return
		}
		l.emit(at(l.place(c), &ast.DoBlockStmt{Stmts: l.collect(body)}))
		return
	}
	line := l.place(c)
	s := at(line, &ast.IfStmt{Condition: l.expr(c.Cond)})
	l.line = line
	s.Then = l.collect(body)
	s.Else = l.collect(func() { l.branches(clauses[1:], otherwise) })
	l.emit(s)
}

// numericFor lowers a loop over numbers.
func (l *lowerer) numericFor(n *syntax.NumericFor) {
	line := l.line
	step := n.Step
	if step == nil {
		step = &syntax.NumberExpr{Value: 1}
	}
	bounds := []syntax.Expr{n.Start, n.Limit, step}
	values := l.exprsSingle(bounds)
	l.line = line
	if slices.ContainsFunc(bounds, func(e syntax.Expr) bool { return !isNumber(e) }) {
		call := l.call(line, HiddenLoop, values...)
		call.AdjustRet = false
		names := []string{l.temporary(), l.temporary(), l.temporary()}
		l.emit(at(line, &ast.LocalAssignStmt{Names: names, Exprs: []ast.Expr{call}}))
		values = []ast.Expr{l.ident(names[0]), l.ident(names[1]), l.ident(names[2])}
	}
	l.loop(n, func() {
		s := at(line, &ast.NumberForStmt{Init: values[0], Limit: values[1], Step: values[2]})
		s.Stmts = l.collect(func() {
			s.Name = l.parameter(n.Var, true)
			l.block(n.Body)
		})
		l.emit(s)
	})
}

func isNumber(e syntax.Expr) bool {
	if u, ok := e.(*syntax.UnaryExpr); ok && u.Op == syntax.Neg {
		e = u.Operand
	}
	_, ok := e.(*syntax.NumberExpr)
	return ok
}

// exprsSingle lowers expressions of which each gives one value.
func (l *lowerer) exprsSingle(list []syntax.Expr) []ast.Expr {
	return l.list(len(list), func(i int) ast.Expr { return l.expr(list[i]) })
}

// genericFor lowers a loop over what a function gives.
func (l *lowerer) genericFor(n *syntax.GenericFor) {
	line := l.line
	values := l.values(n.Exprs, 3)
	l.line = line
	if _, call := n.Exprs[0].(*syntax.CallExpr); !call || len(n.Exprs) > 1 {
		names := []string{l.temporary(), l.temporary(), l.temporary()}
		l.emit(at(line, &ast.LocalAssignStmt{Names: names, Exprs: values}))
		l.dropped(n.Exprs, 3)
		l.line = line
		values = []ast.Expr{l.ident(names[0]), l.ident(names[1]), l.ident(names[2])}
	}
	l.loop(n, func() {
		s := at(line, &ast.GenericForStmt{Exprs: values})
		s.Stmts = l.collect(func() {
			l.landing()
			for _, v := range n.Vars {
				s.Names = append(s.Names, l.parameter(v, true))
			}
			l.block(n.Body)
		})
		l.emit(s)
	})
}
