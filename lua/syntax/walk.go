package syntax

import (
	"github.com/yuin/gopher-lua/ast"
)

// Children calls f for every statement and expression directly below a node, in the order of the source. The
// node is an ast.Stmt or ast.Expr.
func Children(node any, f func(any)) {
	exprs := func(list []ast.Expr) {
		for _, e := range list {
			f(e)
		}
	}
	stmts := func(list []ast.Stmt) {
		for _, s := range list {
			f(s)
		}
	}
	switch n := node.(type) {
	case *ast.AssignStmt:
		exprs(n.Lhs)
		exprs(n.Rhs)
	case *ast.LocalAssignStmt:
		exprs(n.Exprs)
	case *ast.FuncCallStmt:
		f(n.Expr)
	case *ast.DoBlockStmt:
		stmts(n.Stmts)
	case *ast.WhileStmt:
		f(n.Condition)
		stmts(n.Stmts)
	case *ast.RepeatStmt:
		stmts(n.Stmts)
		f(n.Condition)
	case *ast.IfStmt:
		f(n.Condition)
		stmts(n.Then)
		stmts(n.Else)
	case *ast.NumberForStmt:
		f(n.Init)
		f(n.Limit)
		if n.Step != nil {
			f(n.Step)
		}
		stmts(n.Stmts)
	case *ast.GenericForStmt:
		exprs(n.Exprs)
		stmts(n.Stmts)
	case *ast.FuncDefStmt:
		if n.Name.Func != nil {
			f(n.Name.Func)
		} else {
			f(n.Name.Receiver)
		}
		f(n.Func)
	case *ast.ReturnStmt:
		exprs(n.Exprs)
	case *ast.AttrGetExpr:
		f(n.Object)
		f(n.Key)
	case *ast.TableExpr:
		for _, field := range n.Fields {
			if field.Key != nil {
				f(field.Key)
			}
			f(field.Value)
		}
	case *ast.FuncCallExpr:
		if n.Func != nil {
			f(n.Func)
		} else {
			f(n.Receiver)
		}
		exprs(n.Args)
	case *ast.LogicalOpExpr:
		f(n.Lhs)
		f(n.Rhs)
	case *ast.RelationalOpExpr:
		f(n.Lhs)
		f(n.Rhs)
	case *ast.StringConcatOpExpr:
		f(n.Lhs)
		f(n.Rhs)
	case *ast.ArithmeticOpExpr:
		f(n.Lhs)
		f(n.Rhs)
	case *ast.UnaryMinusOpExpr:
		f(n.Expr)
	case *ast.UnaryNotOpExpr:
		f(n.Expr)
	case *ast.UnaryLenOpExpr:
		f(n.Expr)
	case *ast.FunctionExpr:
		stmts(n.Stmts)
	}
}

// Inspect calls f for every node of the chunk, parents first. It does not recurse, and may be used on trees of
// any depth that Parse gives.
func Inspect(chunk []ast.Stmt, f func(node any)) {
	inspect(chunk, func(node any, _ int) bool {
		f(node)
		return true
	})
}

func inspect(chunk []ast.Stmt, f func(node any, depth int) bool) {
	type item struct {
		node  any
		depth int
	}
	var stack []item
	for i := len(chunk) - 1; i >= 0; i-- {
		stack = append(stack, item{chunk[i], 1})
	}
	for len(stack) > 0 {
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if !f(top.node, top.depth) {
			return
		}
		from := len(stack)
		Children(top.node, func(child any) { stack = append(stack, item{child, top.depth + 1}) })
		for i, j := from, len(stack)-1; i < j; i, j = i+1, j-1 {
			stack[i], stack[j] = stack[j], stack[i]
		}
	}
}

// tooDeep is the line of a node deeper than MaxChain, or 0.
func tooDeep(chunk []ast.Stmt) int {
	line := 0
	inspect(chunk, func(node any, depth int) bool {
		if depth > MaxChain {
			line = max(node.(ast.PositionHolder).Line(), 1)
			return false
		}
		return true
	})
	return line
}
