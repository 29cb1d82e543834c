package syntax

import (
	"fmt"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"cellsh/policy/diag"
)

// Hidden are the names of what guarded code calls. No source can spell them as variables; as keys of _G they can be read,
// and Guard and HiddenSet refuse to assign to them.
const (
	// HiddenConcat takes the operands of "..".
	HiddenConcat = "(concat)"
	// HiddenSet takes a table, a key and a value, and assigns.
	HiddenSet = "(set)"
	// HiddenKey takes the key of a table constructor and gives it back.
	HiddenKey = "(key)"
	// HiddenConstants is followed by a number of the chunk: a table of tables of constants.
	HiddenConstants = "(constants)"
)

// The sizes at which gopher-lua needs help.
const (
	// maxPositional: beyond 511 batches of 50 a table constructor loses its elements.
	maxPositional = 511*50 - 1
	// maxConstants: finding a constant takes time linear in those before it.
	maxConstants = 64
	// maxKeys is the same for names as keys of tables: problems are told with the place of the key, which a moved one
	// has lost.
	maxKeys = 256
	// pageSize is how many constants a page of the constants' table has: few, because the places on a page and the pages
	// are constants too.
	pageSize = 128
	// maxNames is how many different globals, fields and methods a function may name.
	maxNames = 1024
	// sparse is how far a literal index may lie beyond the number of fields without being asked about.
	sparse = 1024
)

// Constants are those that Guard moved out of functions, by page.
type Constants [][]lua.LValue

// Mend rewrites what gopher-lua compiles wrong, or in quadratic time: some elements of table constructors get
// explicit keys, generic loops all three of their values, the constants of functions with very many go to a table
// of their own, and the branches of long elseif chains are put beside each other. The chunk is
// changed in place and behaves as it should. name is that of the global with the constants.
func Mend(file string, chunk []ast.Stmt, name string) (Constants, error) {
	return rewrite(&guard{file: file, constantsName: name}, chunk)
}

// Guard is Mend and more for the sandbox: a..b becomes a call of HiddenConcat, and t[k] = v one of HiddenSet,
// because neither the instruction budget nor anything else sees how much memory these take; so do odd keys of
// table constructors.
func Guard(file string, chunk []ast.Stmt, name string) (Constants, error) {
	return rewrite(&guard{file: file, constantsName: name, sandbox: true}, chunk)
}

func rewrite(g *guard, chunk []ast.Stmt) (Constants, error) {
	g.function(&chunk)
	return g.constants, g.err
}

type guard struct {
	file          string
	constantsName string
	sandbox       bool
	constants     Constants
	constantAt    map[lua.LValue]int
	err           error
	// Of the function that is being rewritten: its constants and the names that it uses.
	seen  map[lua.LValue]bool
	names map[string]bool
	temps int
}

// function rewrites the body of a function.
func (g *guard) function(body *[]ast.Stmt) {
	seen, names := g.seen, g.names
	g.seen, g.names = map[lua.LValue]bool{}, map[string]bool{}
	g.block(body)
	g.seen, g.names = seen, names
}

func (g *guard) block(list *[]ast.Stmt) {
	for i, s := range *list {
		(*list)[i] = g.stmt(s)
	}
}

func (g *guard) exprs(list []ast.Expr) {
	for i := range list {
		g.expr(&list[i])
	}
}

func (g *guard) stmt(s ast.Stmt) ast.Stmt {
	switch n := s.(type) {
	case *ast.AssignStmt:
		return g.assign(n)
	case *ast.LocalAssignStmt:
		g.exprs(n.Exprs)
	case *ast.FuncCallStmt:
		g.expr(&n.Expr)
	case *ast.DoBlockStmt:
		g.block(&n.Stmts)
	case *ast.WhileStmt:
		g.expr(&n.Condition)
		g.block(&n.Stmts)
	case *ast.RepeatStmt:
		g.block(&n.Stmts)
		g.expr(&n.Condition)
	case *ast.IfStmt:
		g.ifStmt(n)
		return flatten(n)
	case *ast.NumberForStmt:
		g.expr(&n.Init)
		g.expr(&n.Limit)
		if n.Step != nil {
			g.expr(&n.Step)
		}
		g.block(&n.Stmts)
	case *ast.GenericForStmt:
		// The compiler forgets to set what is not given, and the loop would go on from what was there before.
		for len(n.Exprs) < 3 && !multiple(n.Exprs[len(n.Exprs)-1]) {
			n.Exprs = append(n.Exprs, at(&ast.NilExpr{}, n))
		}
		g.exprs(n.Exprs)
		g.block(&n.Stmts)
	case *ast.FuncDefStmt:
		if n.Name.Func != nil {
			g.target(&n.Name.Func)
		} else {
			g.expr(&n.Name.Receiver)
			g.name(n.Name.Method, n)
		}
		g.function(&n.Func.Stmts)
	case *ast.ReturnStmt:
		g.exprs(n.Exprs)
	}
	return s
}

// ifStmt goes along a chain of elseif without recursion.
func (g *guard) ifStmt(n *ast.IfStmt) {
	for {
		g.expr(&n.Condition)
		g.block(&n.Then)
		next := elseIf(n)
		if next == nil {
			g.block(&n.Else)
			return
		}
		n = next
	}
}

// flatten puts the branches of a long elseif chain beside each other where those before end with return or break:
// the compiler takes quadratic time for branches within branches.
func flatten(n *ast.IfStmt) ast.Stmt {
	const long = 32
	length := 0
	for next := elseIf(n); next != nil; next = elseIf(next) {
		length++
	}
	if length < long {
		return n
	}
	block := at(&ast.DoBlockStmt{}, n)
	for {
		block.Stmts = append(block.Stmts, n)
		next := elseIf(n)
		if next == nil || !leaves(n.Then) {
			return block
		}
		n.Else = nil
		n = next
	}
}

func elseIf(n *ast.IfStmt) *ast.IfStmt {
	if len(n.Else) == 1 {
		if next, ok := n.Else[0].(*ast.IfStmt); ok {
			return next
		}
	}
	return nil
}

// leaves reports whether nothing after the block is reached from it.
func leaves(block []ast.Stmt) bool {
	if len(block) == 0 {
		return false
	}
	switch block[len(block)-1].(type) {
	case *ast.ReturnStmt, *ast.BreakStmt:
		return true
	}
	return false
}

// target rewrites the left side of an assignment whose key is a constant name or that is a variable.
func (g *guard) target(e *ast.Expr) {
	switch n := (*e).(type) {
	case *ast.IdentExpr:
		g.name(n.Value, n)
	case *ast.AttrGetExpr:
		g.expr(&n.Object)
		if k, ok := n.Key.(*ast.StringExpr); ok {
			if g.sandbox && IsHidden(k.Value) {
				g.fail(diag.Syntax, n, "an assignment must be to a name of its own, but %q is the interpreter's", k.Value)
			}
			g.name(k.Value, n)
		} else {
			g.expr(&n.Key)
		}
	}
}

// IsHidden reports whether a name is one of the hidden.
func IsHidden(name string) bool {
	return name == HiddenConcat || name == HiddenSet || name == HiddenKey || strings.HasPrefix(name, HiddenConstants)
}

// assign rewrites an assignment. Where a key is not a constant name the assignment becomes a call, in a block
// that first works out all sides if there are several.
func (g *guard) assign(n *ast.AssignStmt) ast.Stmt {
	dynamic := false
	for _, e := range n.Lhs {
		if a, ok := e.(*ast.AttrGetExpr); ok {
			if _, constant := a.Key.(*ast.StringExpr); !constant {
				dynamic = true
			}
		}
	}
	if !dynamic || !g.sandbox {
		for i := range n.Lhs {
			g.target(&n.Lhs[i])
		}
		g.exprs(n.Rhs)
		return n
	}
	if len(n.Lhs) == 1 && len(n.Rhs) == 1 {
		a := n.Lhs[0].(*ast.AttrGetExpr)
		single(n.Rhs[0])
		call := g.call(HiddenSet, n, a.Object, a.Key, n.Rhs[0])
		g.exprs(call.Args)
		return at(&ast.FuncCallStmt{Expr: call}, n)
	}
	g.exprs(n.Rhs)
	block := at(&ast.DoBlockStmt{}, n)
	values := at(&ast.LocalAssignStmt{Exprs: n.Rhs}, n)
	var sets []ast.Stmt
	for i, e := range n.Lhs {
		value := g.temp(n)
		values.Names = append(values.Names, value.Value)
		switch x := e.(type) {
		case *ast.AttrGetExpr:
			object, key := g.temp(n), g.temp(n)
			g.expr(&x.Object)
			g.expr(&x.Key)
			single(x.Object)
			single(x.Key)
			block.Stmts = append(block.Stmts, at(&ast.LocalAssignStmt{Names: []string{object.Value, key.Value}, Exprs: []ast.Expr{x.Object, x.Key}}, n))
			sets = append(sets, at(&ast.FuncCallStmt{Expr: g.call(HiddenSet, n, object, key, value)}, n))
		default:
			g.target(&n.Lhs[i])
			sets = append(sets, at(&ast.AssignStmt{Lhs: []ast.Expr{n.Lhs[i]}, Rhs: []ast.Expr{value}}, n))
		}
	}
	block.Stmts = append(block.Stmts, values)
	// From the last to the first, as gopher-lua assigns.
	for i := len(sets) - 1; i >= 0; i-- {
		block.Stmts = append(block.Stmts, sets[i])
	}
	return block
}

func (g *guard) temp(pos ast.PositionHolder) *ast.IdentExpr {
	g.temps++
	return at(&ast.IdentExpr{Value: "(temp" + strconv.Itoa(g.temps) + ")"}, pos)
}

// single makes a call or ... give one value where it stands last in a list.
func single(e ast.Expr) {
	switch n := e.(type) {
	case *ast.FuncCallExpr:
		n.AdjustRet = true
	case *ast.Comma3Expr:
		n.AdjustRet = true
	}
}

func (g *guard) call(name string, pos ast.PositionHolder, args ...ast.Expr) *ast.FuncCallExpr {
	fn := at(&ast.IdentExpr{Value: name}, pos)
	return at(&ast.FuncCallExpr{Func: fn, Args: args}, pos)
}

// at gives a new node the place of an old one.
func at[N ast.PositionHolder](n N, pos ast.PositionHolder) N {
	n.SetLine(pos.Line())
	n.SetLastLine(max(pos.LastLine(), pos.Line()))
	return n
}

func (g *guard) expr(e *ast.Expr) {
	switch n := (*e).(type) {
	case *ast.NumberExpr:
		if v, ok := numberOf(n.Value); ok {
			g.constant(e, v, n, maxConstants)
		}
	case *ast.StringExpr:
		g.constant(e, lua.LString(n.Value), n, maxConstants)
	case *ast.IdentExpr:
		g.name(n.Value, n)
	case *ast.AttrGetExpr:
		g.attr(n)
	case *ast.TableExpr:
		g.table(n)
	case *ast.FuncCallExpr:
		g.funcCall(n)
	case *ast.LogicalOpExpr:
		// Chains lean to the left: go down them without recursion.
		for {
			g.expr(&n.Rhs)
			left, ok := n.Lhs.(*ast.LogicalOpExpr)
			if !ok {
				g.expr(&n.Lhs)
				return
			}
			n = left
		}
	case *ast.RelationalOpExpr:
		g.expr(&n.Lhs)
		g.expr(&n.Rhs)
	case *ast.ArithmeticOpExpr:
		g.expr(&n.Lhs)
		g.expr(&n.Rhs)
	case *ast.UnaryMinusOpExpr:
		// -1 is one constant for the compiler.
		if number, ok := n.Expr.(*ast.NumberExpr); ok {
			if v, ok := numberOf(number.Value); ok {
				g.constant(e, -v, n, maxConstants)
			}
			return
		}
		g.expr(&n.Expr)
	case *ast.UnaryNotOpExpr:
		g.expr(&n.Expr)
	case *ast.UnaryLenOpExpr:
		g.expr(&n.Expr)
	case *ast.StringConcatOpExpr:
		if g.sandbox {
			*e = g.concat(n)
			return
		}
		for {
			g.expr(&n.Lhs)
			right, ok := n.Rhs.(*ast.StringConcatOpExpr)
			if !ok {
				g.expr(&n.Rhs)
				return
			}
			n = right
		}
	case *ast.FunctionExpr:
		g.function(&n.Stmts)
	}
}

func (g *guard) attr(n *ast.AttrGetExpr) {
	for {
		if k, ok := n.Key.(*ast.StringExpr); ok {
			g.name(k.Value, n)
		} else {
			g.expr(&n.Key)
		}
		inner, ok := n.Object.(*ast.AttrGetExpr)
		if !ok {
			g.expr(&n.Object)
			return
		}
		n = inner
	}
}

func (g *guard) funcCall(n *ast.FuncCallExpr) {
	if n.Func != nil {
		g.expr(&n.Func)
	} else {
		g.expr(&n.Receiver)
		g.name(n.Method, n)
	}
	g.exprs(n.Args)
}

// concat makes one call of a chain of "..", which leans to the right.
func (g *guard) concat(n *ast.StringConcatOpExpr) ast.Expr {
	var args []ast.Expr
	var rest ast.Expr = n
	for {
		c, ok := rest.(*ast.StringConcatOpExpr)
		if !ok {
			break
		}
		args = append(args, c.Lhs)
		rest = c.Rhs
	}
	args = append(args, rest)
	for i := range args {
		g.expr(&args[i])
		single(args[i])
	}
	call := g.call(HiddenConcat, n, args...)
	call.AdjustRet = true
	return call
}

func (g *guard) table(n *ast.TableExpr) {
	g.explicitKeys(n)
	highest := 0.0
	for _, f := range n.Fields {
		if k, ok := f.Key.(*ast.NumberExpr); ok {
			if v, ok := numberOf(k.Value); ok {
				highest = max(highest, float64(v))
			}
		}
	}
	for _, f := range n.Fields {
		if f.Key != nil {
			asked := g.sandbox
			switch k := f.Key.(type) {
			case *ast.StringExpr:
				asked = false
			case *ast.NumberExpr:
				v, _ := numberOf(k.Value)
				asked = asked && float64(v) == highest && highest > float64(len(n.Fields)+sparse)
			}
			if k, ok := f.Key.(*ast.StringExpr); ok {
				g.constant(&f.Key, lua.LString(k.Value), k, maxKeys)
			} else {
				g.expr(&f.Key)
			}
			if asked {
				f.Key = g.guarded(f.Key)
			}
		}
		g.expr(&f.Value)
	}
}

// explicitKeys gives elements of a table constructor the keys that they have by their position, where gopher-lua
// would store them wrong: beyond 511 batches, and from the last of a full batch on if a key follows it.
func (g *guard) explicitKeys(n *ast.TableExpr) {
	position, from := 0, maxPositional
	for i, f := range n.Fields {
		if f.Key != nil {
			continue
		}
		position++
		if position%lua.FieldsPerFlush == 0 && i+1 < len(n.Fields) && n.Fields[i+1].Key != nil {
			from = min(from, position-1)
		}
	}
	if position <= from {
		return
	}
	position = 0
	for i, f := range n.Fields {
		if f.Key != nil {
			continue
		}
		if position++; position <= from {
			continue
		}
		if i == len(n.Fields)-1 && multiple(f.Value) {
			g.fail(diag.SourceSize, n, "a table constructor with so many elements must not end with a call or ..., but does")
			return
		}
		f.Key = at(&ast.NumberExpr{Value: strconv.Itoa(position)}, f.Value)
	}
}

// multiple reports whether the expression gives all its values where it stands last in a list.
func multiple(e ast.Expr) bool {
	switch n := e.(type) {
	case *ast.FuncCallExpr:
		return !n.AdjustRet
	case *ast.Comma3Expr:
		return !n.AdjustRet
	}
	return false
}

func (g *guard) guarded(key ast.Expr) ast.Expr {
	single(key)
	call := g.call(HiddenKey, key, key)
	call.AdjustRet = true
	return call
}

func numberOf(text string) (lua.LNumber, bool) {
	if v, err := strconv.ParseInt(text, 0, 64); err == nil {
		return lua.LNumber(v), true
	}
	v, err := strconv.ParseFloat(text, 64)
	return lua.LNumber(v), err == nil
}

// constant moves a constant of a function that has more than most to the table of constants.
func (g *guard) constant(e *ast.Expr, v lua.LValue, pos ast.PositionHolder, most int) {
	if g.seen[v] || len(g.seen) < most {
		g.seen[v] = true
		return
	}
	if g.constantAt == nil {
		g.constantAt = map[lua.LValue]int{}
	}
	i, ok := g.constantAt[v]
	if !ok {
		i = len(g.constantAt)
		g.constantAt[v] = i
		if i%pageSize == 0 {
			g.constants = append(g.constants, nil)
		}
		g.constants[i/pageSize] = append(g.constants[i/pageSize], v)
	}
	number := func(n int) ast.Expr { return at(&ast.NumberExpr{Value: strconv.Itoa(n)}, pos) }
	page := at(&ast.AttrGetExpr{Object: at(&ast.IdentExpr{Value: g.constantsName}, pos), Key: number(1 + i/pageSize)}, pos)
	*e = at(&ast.AttrGetExpr{Object: page, Key: number(1 + i%pageSize)}, pos)
}

// name counts the names of a function, which can't be moved.
func (g *guard) name(name string, pos ast.PositionHolder) {
	if g.names[name] {
		return
	}
	g.names[name] = true
	if len(g.names) > maxNames {
		g.fail(diag.SourceSize, pos, "a function must use at most %d different names, but uses more here", maxNames)
		g.names = map[string]bool{}
	}
}

func (g *guard) fail(code diag.Code, pos ast.PositionHolder, form string, args ...any) {
	if g.err == nil {
		g.err = &Error{Diagnostic: diag.Diagnostic{Span: diag.Span{File: g.file, Line: pos.Line()}, Code: code, Message: fmt.Sprintf(form, args...)}}
	}
}
