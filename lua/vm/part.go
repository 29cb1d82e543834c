package vm

import (
	"strings"

	"cellsh/lua/syntax"
)

// part says which part of a node an error is about.
type part int

const (
	// whole is the node itself; left and right are the operands of an operator.
	whole part = iota
	left
	right
	// key is that of an index, or a method; callee the name of the function that is called.
	key
	callee
	// start and the two after it are the bounds of a numeric loop.
	start
	limit
	step
)

// of is the part of a node, or all of it where it has no such part.
func (p part) of(n syntax.Node) syntax.Node {
	switch x := n.(type) {
	case *syntax.BinaryExpr:
		switch p {
		case left:
			return x.Left
		case right:
			return x.Right
		}
	case *syntax.UnaryExpr:
		if p == left {
			return x.Operand
		}
	case *syntax.IndexExpr:
		if p == key {
			return x.Key
		}
	case *syntax.CallExpr:
		if p == callee || p == key && x.Method != nil {
			return x.Callee()
		}
	case *syntax.NumericFor:
		switch {
		case p == start:
			return x.Start
		case p == limit:
			return x.Limit
		case p == step && x.Step != nil:
			return x.Step
		}
	}
	return n
}

// named puts names into a message, where the code has some: what pcall gives has none.
func named(n syntax.Node, text string) string {
	if rest, ok := strings.CutPrefix(text, "what is called "); ok {
		if c, ok := n.(*syntax.CallExpr); ok {
			if name := c.Spelling(); name != "" {
				return name + " " + rest
			}
		}
	}
	if rest, ok := strings.CutPrefix(text, "what is indexed "); ok {
		name := ""
		switch x := n.(type) {
		case *syntax.IndexExpr:
			if key, isName := x.Key.(*syntax.StringExpr); isName && x.Dot {
				name = key.Value
			}
		case *syntax.CallExpr:
			if x.Method != nil {
				name = x.Method.Name
			}
		}
		if name != "" {
			return "what is indexed with " + name + " " + rest
		}
	}
	return text
}
