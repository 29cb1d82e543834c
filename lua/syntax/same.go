package syntax

import "reflect"

// Same reports whether two files are the same program: nothing differs but space, comments, optional separators, the
// spelling of numbers and strings, parentheses that change nothing, and fields written with a dot or in brackets. A
// file with problems is the same as none.
func Same(a, b *File) bool {
	if len(a.Problems) > 0 || len(b.Problems) > 0 {
		return false
	}
	left, right := marks(a.Main), marks(b.Main)
	if len(left) != len(right) {
		return false
	}
	for i := range left {
		if left[i] != right[i] {
			return false
		}
	}
	return true
}

// mark is what a node says by itself. The marks of all nodes, in order, make the tree.
type mark struct {
	node   reflect.Type
	text   string
	number float64
	flag   bool
	op     Op
	counts [2]int
}

func marks(root Node) []mark {
	var all []mark
	Walk(root, func(n Node) bool {
		m := mark{node: reflect.TypeOf(n)}
		switch n := n.(type) {
		case *Block:
			m.counts[0] = len(n.Stmts)
		case *LocalStmt:
			m.counts = [2]int{len(n.Names), len(n.Exprs)}
		case *AssignStmt:
			m.counts = [2]int{len(n.Targets), len(n.Exprs)}
		case *IfStmt:
			m.counts[0], m.flag = len(n.Clauses), n.Else != nil
		case *NumericFor:
			m.flag = n.Step != nil
		case *GenericFor:
			m.counts = [2]int{len(n.Vars), len(n.Exprs)}
		case *FunctionStmt:
			m.flag = n.Method
		case *ReturnStmt:
			m.counts[0] = len(n.Exprs)
		case *FunctionExpr:
			m.counts[0], m.flag = len(n.Params), n.Vararg
		case *CallExpr:
			m.counts[0], m.flag = len(n.Args), n.Method != nil
		case *TableExpr:
			m.counts[0] = len(n.Fields)
		case *TableField:
			m.flag = n.Key != nil
		case *BinaryExpr:
			m.op = n.Op
		case *UnaryExpr:
			m.op = n.Op
		case *Ident:
			m.text = n.Name
		case *Local:
			m.text = n.Name
		case *NameExpr:
			m.text = n.Name
		case *StringExpr:
			m.text = n.Value
		case *NumberExpr:
			m.number = n.Value
		case *ParenExpr:
			// It matters only where it makes one value of several.
			if !Multiple(n.Inner) {
				return true
			}
		}
		all = append(all, m)
		return true
	})
	return all
}
