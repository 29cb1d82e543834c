package syntax

// Walk calls visit for a node and what lies below it, parents first and in the order of the source; below a node only
// where visit gives true. Declared locals are nodes, implicit ones are not; so are the names of labels and methods. It
// does not recurse: trees may be deep.
func Walk(n Node, visit func(Node) bool) {
	walk(n, func(n Node, _ int) bool { return visit(n) })
}

// walk is Walk with the number of nodes above each.
func walk(n Node, visit func(n Node, depth int) bool) {
	type step struct {
		node  Node
		depth int
	}
	stack := []step{{n, 0}}
	for len(stack) > 0 {
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if !visit(top.node, top.depth) {
			continue
		}
		from := len(stack)
		below(top.node, func(n Node) { stack = append(stack, step{n, top.depth + 1}) })
		for i, j := from, len(stack)-1; i < j; i, j = i+1, j-1 {
			stack[i], stack[j] = stack[j], stack[i]
		}
	}
}

// below calls f for what lies directly below a node.
func below(n Node, f func(Node)) {
	switch n := n.(type) {
	case *Block:
		each(n.Stmts, f)
	case *LocalStmt:
		each(n.Names, f)
		each(n.Exprs, f)
	case *AssignStmt:
		each(n.Targets, f)
		each(n.Exprs, f)
	case *CallStmt:
		f(n.Call)
	case *DoStmt:
		f(n.Body)
	case *WhileStmt:
		f(n.Cond)
		f(n.Body)
	case *RepeatStmt:
		f(n.Body)
		f(n.Cond)
	case *IfStmt:
		each(n.Clauses, f)
		if n.Else != nil {
			f(n.Else)
		}
	case *IfClause:
		f(n.Cond)
		f(n.Body)
	case *NumericFor:
		f(n.Var)
		f(n.Start)
		f(n.Limit)
		if n.Step != nil {
			f(n.Step)
		}
		f(n.Body)
	case *GenericFor:
		each(n.Vars, f)
		each(n.Exprs, f)
		f(n.Body)
	case *FunctionStmt:
		f(n.Target)
		f(n.Func)
	case *LocalFunctionStmt:
		f(n.Name)
		f(n.Func)
	case *ReturnStmt:
		each(n.Exprs, f)
	case *GotoStmt:
		f(&n.Label)
	case *LabelStmt:
		f(&n.Name)
	case *FunctionExpr:
		for _, l := range n.Params {
			if !l.Implicit {
				f(l)
			}
		}
		f(n.Body)
	case *IndexExpr:
		f(n.Object)
		f(n.Key)
	case *CallExpr:
		f(n.Func)
		if n.Method != nil {
			f(n.Method)
		}
		each(n.Args, f)
	case *BinaryExpr:
		f(n.Left)
		f(n.Right)
	case *UnaryExpr:
		f(n.Operand)
	case *TableExpr:
		each(n.Fields, f)
	case *TableField:
		if n.Key != nil {
			f(n.Key)
		}
		f(n.Value)
	case *ParenExpr:
		f(n.Inner)
	}
}

func each[N Node](list []N, f func(Node)) {
	for _, n := range list {
		f(n)
	}
}
