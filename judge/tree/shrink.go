package tree

// smallest are the texts that a node of the kind is replaced with first.
var smallest = map[Kind][]string{
	Number: {"0", "1"},
	Field:  {"r.uid", "1"},
	Truth:  {"false", "true"},
	Text:   {`""`, `"a"`},
	Answer: {"nil", "deny", "allow"},
}

// Shrink makes the program smaller in place, as long as holds is true of it, and at most tries times asks holds. It gives
// the number of times that it asked. The program that is left is one of which holds was true, or the first.
func Shrink(root *Node, tries int, holds func() bool) (asked int) {
	s := &shrinker{holds: holds, left: tries, root: root, known: map[string]bool{}}
	for s.changed = true; s.changed && s.left > 0; {
		s.changed = false
		s.visit(root)
	}
	return tries - s.left
}

type shrinker struct {
	root  *Node
	holds func() bool
	// known are the texts of which holds was not true.
	known   map[string]bool
	left    int
	changed bool
}

// try gives the node other parts, and its old ones back if holds is not true of that.
func (s *shrinker) try(n *Node, kind Kind, parts []any) bool {
	if s.left <= 0 {
		return false
	}
	old := *n
	n.Kind, n.Parts = kind, parts
	if text := s.root.String(); !s.known[text] {
		s.left--
		if s.holds() {
			s.changed = true
			return true
		}
		s.known[text] = true
	}
	*n = old
	return false
}

func (s *shrinker) visit(n *Node) {
	switch n.Kind {
	case Block:
		s.block(n)
	case Optional:
		if len(n.Parts) > 0 && s.try(n, Optional, nil) {
			return
		}
	case Number, Field, Truth, Text, Answer:
		s.expression(n)
	}
	for _, part := range n.Parts {
		if child, ok := part.(*Node); ok {
			s.visit(child)
		}
	}
}

// block leaves out statements, many first, and then puts what stands in a statement in its place.
func (s *shrinker) block(n *Node) {
	for size := len(n.Parts); size > 0; size /= 2 {
		for i := 0; i+size <= len(n.Parts); {
			if !s.try(n, Block, splice(n.Parts, i, i+size, nil)) {
				i += size
			}
		}
	}
	for i := 0; i < len(n.Parts); i++ {
		for _, inner := range blocks(n.Parts[i].(*Node), nil) {
			if s.try(n, Block, splice(n.Parts, i, i+1, inner.Parts)) {
				i--
				break
			}
		}
	}
}

func splice(parts []any, from, to int, with []any) []any {
	out := make([]any, 0, len(parts)-(to-from)+len(with))
	out = append(out, parts[:from]...)
	out = append(out, with...)
	return append(out, parts[to:]...)
}

// blocks are the blocks of a node that stand in no other block of it.
func blocks(n *Node, found []*Node) []*Node {
	for _, part := range n.Parts {
		child, ok := part.(*Node)
		switch {
		case !ok:
		case child.Kind == Block:
			found = append(found, child)
		default:
			found = blocks(child, found)
		}
	}
	return found
}

// expression puts something shorter of the same kind in the place of an expression: one of the smallest, or what stands
// in it.
func (s *shrinker) expression(n *Node) {
	for _, text := range smallest[n.Kind] {
		if len(text) < len(n.String()) && s.try(n, n.Kind, []any{text}) {
			return
		}
	}
	for again := true; again; {
		again = false
		for _, inner := range within(n, n.Kind, nil) {
			if s.try(n, inner.Kind, inner.Parts) {
				again = true
				break
			}
		}
	}
}

// within are the expressions of a kind that stand in a node, those in functions too. A number may stand for a field.
func within(n *Node, kind Kind, found []*Node) []*Node {
	for _, part := range n.Parts {
		if child, ok := part.(*Node); ok {
			if child.Kind == kind || kind == Field && child.Kind == Number {
				found = append(found, child)
			}
			found = within(child, kind, found)
		}
	}
	return found
}
