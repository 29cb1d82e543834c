package lower

import (
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"cellsh/lua/syntax"
)

// expr lowers an expression of which one value is wanted. What it needs beforehand goes to out.
func (l *lowerer) expr(e syntax.Expr) ast.Expr {
	switch n := e.(type) {
	case *syntax.NilExpr:
		return at(l.line, &ast.NilExpr{})
	case *syntax.TrueExpr:
		return at(l.line, &ast.TrueExpr{})
	case *syntax.FalseExpr:
		return at(l.line, &ast.FalseExpr{})
	case *syntax.NumberExpr:
		return l.number(n.Value)
	case *syntax.StringExpr:
		return l.constant(lua.LString(n.Value), lua.LString(n.Value))
	case *syntax.VarargExpr:
		return at(l.line, &ast.Comma3Expr{AdjustRet: true})
	case *syntax.FunctionExpr:
		return l.functionExpr(n)
	case *syntax.NameExpr:
		return l.nameExpr(n)
	case *syntax.IndexExpr:
		line := l.place(n)
		object, key := l.pair(n.Object, n.Key, l.key)
		return at(line, &ast.AttrGetExpr{Object: object, Key: key})
	case *syntax.CallExpr:
		c := l.callExpr(n)
		c.AdjustRet = true
		return c
	case *syntax.ParenExpr:
		return l.expr(n.Inner)
	case *syntax.TableExpr:
		return l.table(n)
	case *syntax.UnaryExpr:
		return l.unary(n)
	case *syntax.BinaryExpr:
		return l.binary(n)
	}
	panic("lower: an expression that is none")
}

func (l *lowerer) nameExpr(n *syntax.NameExpr) ast.Expr {
	if n.Local != nil && !l.shared[n.Local] {
		return l.variable(n.Local)
	}
	l.name(n.Name, n)
	return at(l.place(n), &ast.IdentExpr{Value: n.Name})
}

// key lowers the key of an index.
func (l *lowerer) key(e syntax.Expr) ast.Expr {
	if s, ok := e.(*syntax.StringExpr); ok {
		return l.field(s.Value)
	}
	return l.expr(e)
}

// multiple lowers a call or ... of which all values are wanted.
func (l *lowerer) multiple(e syntax.Expr) ast.Expr {
	if c, ok := e.(*syntax.CallExpr); ok {
		return l.callExpr(c)
	}
	return at(l.line, &ast.Comma3Expr{})
}

// exprs lowers a list whose last expression gives all its values.
func (l *lowerer) exprs(list []syntax.Expr) []ast.Expr {
	return l.list(len(list), func(i int) ast.Expr {
		if i == len(list)-1 && syntax.Multiple(list[i]) {
			return l.multiple(list[i])
		}
		return l.expr(list[i])
	})
}

func (l *lowerer) callExpr(n *syntax.CallExpr) *ast.FuncCallExpr {
	line := l.place(n)
	c := at(line, &ast.FuncCallExpr{})
	all := l.list(1+len(n.Args), func(i int) ast.Expr {
		switch {
		case i == 0:
			return l.expr(n.Func)
		case i == len(n.Args) && syntax.Multiple(n.Args[i-1]):
			return l.multiple(n.Args[i-1])
		}
		return l.expr(n.Args[i-1])
	})
	c.Args = all[1:]
	if n.Method == nil {
		c.Func = all[0]
		return c
	}
	l.name(n.Method.Name, n.Method)
	c.Receiver, c.Method = all[0], n.Method.Name
	return c
}

// pair lowers two operands. One that is a local is read when both are there, as PUC Lua does; that shows where it is in a
// box, because only then can something assign to it meanwhile.
func (l *lowerer) pair(left, right syntax.Expr, lowerRight func(syntax.Expr) ast.Expr) (a, b ast.Expr) {
	if local := l.ownBox(left); local != nil && !calm(right) {
		b = l.kept(lowerRight(right))
		return l.variable(local), b
	}
	both := l.list(2, func(i int) ast.Expr {
		if i == 0 {
			return l.expr(left)
		}
		return lowerRight(right)
	})
	return both[0], both[1]
}

func (l *lowerer) unary(n *syntax.UnaryExpr) ast.Expr {
	switch n.Op {
	case syntax.Neg:
		if number, ok := n.Operand.(*syntax.NumberExpr); ok {
			return l.number(-number.Value)
		}
		line := l.place(n)
		operand := l.expr(n.Operand)
		return l.deep(l.call(line, HiddenNegate, operand), operand)
	case syntax.Not:
		if yes, known := l.truth(n); known {
			return l.boolean(yes)
		}
		line := l.line
		return at(line, &ast.UnaryNotOpExpr{Expr: l.expr(n.Operand)})
	}
	line := l.place(n)
	return l.call(line, HiddenLen, l.expr(n.Operand))
}

func (l *lowerer) boolean(yes bool) ast.Expr {
	if yes {
		return at(l.line, &ast.TrueExpr{})
	}
	return at(l.line, &ast.FalseExpr{})
}

// arithmetic are the operators that are calls of hidden functions.
var arithmetic = map[syntax.Op]string{syntax.Add: HiddenAdd, syntax.Sub: HiddenSub, syntax.Mul: HiddenMul, syntax.Div: HiddenDiv,
	syntax.Mod: HiddenMod, syntax.Pow: HiddenPow}

func (l *lowerer) binary(n *syntax.BinaryExpr) ast.Expr {
	switch {
	case n.Op == syntax.And || n.Op == syntax.Or:
		return l.logical(n)
	case n.Op == syntax.Concat:
		return l.concat(n)
	}
	line := l.place(n)
	a, b := l.pair(n.Left, n.Right, l.expr)
	if function, ok := arithmetic[n.Op]; ok {
		return l.deep(l.call(line, function, a, b), a, b)
	}
	l.branch(line, labelsOfTest)
	return at(line, &ast.RelationalOpExpr{Operator: n.Op.String(), Lhs: a, Rhs: b})
}

// nest is arithmetic within arithmetic: how deep, and a local of our own that it reads, "" for none.
type nest struct {
	depth int
	sum   string
}

// deep puts arithmetic into a local where it has become too deep. A long sum goes on in the local that it has already,
// because nothing else reads that.
func (l *lowerer) deep(e ast.Expr, operands ...ast.Expr) ast.Expr {
	n := nest{depth: 1}
	for _, o := range operands {
		in := l.function.nests[o]
		n.depth = max(n.depth, in.depth+1)
		if n.sum == "" {
			n.sum = in.sum
		}
	}
	if n.depth < threshold.arithmetic {
		l.function.nests[e] = n
		return e
	}
	if n.sum == "" {
		n.sum = l.temporary()
		l.local(n.sum, e)
	} else {
		l.move(n.sum, e)
	}
	sum := l.ident(n.sum)
	l.function.nests[sum] = nest{sum: n.sum}
	return sum
}

// concat makes one call of a chain of "..", which leans to the right.
func (l *lowerer) concat(n *syntax.BinaryExpr) ast.Expr {
	line := l.place(n)
	var operands []syntax.Expr
	var rest syntax.Expr = n
	for {
		c, ok := rest.(*syntax.BinaryExpr)
		if !ok || c.Op != syntax.Concat {
			break
		}
		operands = append(operands, c.Left)
		rest = c.Right
	}
	operands = append(operands, rest)
	args := l.list(len(operands), func(i int) ast.Expr { return l.expr(operands[i]) })
	return l.call(line, HiddenConcat, args...)
}

// certainty is what the source itself says about a condition.
type certainty uint8

const (
	open certainty = iota
	surely
	never
)

func (c certainty) not() certainty { return [...]certainty{open, never, surely}[c] }

// truth is what the source says about a condition.
func (l *lowerer) truth(e syntax.Expr) (yes, known bool) {
	c := l.certainty(e)
	return c == surely, c != open
}

func (l *lowerer) certainty(e syntax.Expr) certainty {
	switch n := e.(type) {
	case *syntax.NilExpr, *syntax.FalseExpr:
		return never
	case *syntax.TrueExpr, *syntax.NumberExpr, *syntax.StringExpr, *syntax.FunctionExpr:
		return surely
	case *syntax.ParenExpr:
		return l.certainty(n.Inner)
	case *syntax.UnaryExpr:
		if n.Op == syntax.Not {
			return l.remembered(n, func() certainty { return l.certainty(n.Operand).not() })
		}
	case *syntax.BinaryExpr:
		if n.Op == syntax.And || n.Op == syntax.Or {
			return l.remembered(n, func() certainty {
				switch left := l.certainty(n.Left); {
				case left == open:
					return open
				case (left == surely) == (n.Op == syntax.Or):
					return left
				}
				return l.certainty(n.Right)
			})
		}
	}
	return open
}

// remembered works out an answer once: chains are asked at every link.
func (l *lowerer) remembered(e syntax.Expr, answer func() certainty) certainty {
	c, ok := l.certainties[e]
	if !ok {
		c = answer()
		l.certainties[e] = c
	}
	return c
}

// logical lowers and and or.
func (l *lowerer) logical(n *syntax.BinaryExpr) ast.Expr {
	if yes, known := l.truth(n.Left); known {
		if yes == (n.Op == syntax.Or) {
			return l.expr(n.Left)
		}
		return l.expr(n.Right)
	}
	line := l.line
	left := l.expr(n.Left)
	var right ast.Expr
	before := l.collect(func() { right = l.expr(n.Right) })
	if len(before) == 0 {
		l.branch(line, labelsOfLogic)
		return at(line, &ast.LogicalOpExpr{Operator: n.Op.String(), Lhs: left, Rhs: right})
	}
	// What the right side needs is done only where it counts.
	name := l.temporary()
	l.local(name, left)
	var condition ast.Expr = l.ident(name)
	if n.Op == syntax.Or {
		condition = at(line, &ast.UnaryNotOpExpr{Expr: condition})
	}
	l.emit(at(line, &ast.IfStmt{Condition: condition, Then: append(before, l.collect(func() { l.move(name, right) })...)}))
	return l.ident(name)
}

// move assigns a value to a local that exists.
func (l *lowerer) move(name string, e ast.Expr) {
	switch e.(type) {
	case *ast.LogicalOpExpr, *ast.FuncCallExpr, *ast.Comma3Expr, *ast.TableExpr:
		l.scoped(func() { l.assignTo(l.ident(name), l.spill(e)) })
	default:
		l.assignTo(l.ident(name), e)
	}
}

func (l *lowerer) assignTo(target, e ast.Expr) {
	l.emit(at(l.line, &ast.AssignStmt{Lhs: []ast.Expr{target}, Rhs: []ast.Expr{e}}))
}
