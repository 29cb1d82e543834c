package program

import "math"

// search stands for a run of nodes that compare one field with constants by Le, as the compiler writes it to find a
// number among many: a loop over a sorted list is faster than the same steps from node to node, each with a branch that
// the processor can't foresee (BenchmarkSearch). Searches are made of the nodes when a program is linked; the encoding
// knows nothing of them.
type search struct {
	// bounds ascend. Numbers up to bounds[i], and above the bound before it, lead to to[i]; those above all lead to the
	// last of to.
	bounds []int64
	to     []Ref
}

// find is where the number leads.
func (s *search) find(v int64) Ref {
	b := s.bounds
	lo, n := 0, len(b)
	for n > 0 {
		half := n >> 1
		if b[lo+half] < v {
			lo += half + 1
			n -= half + 1
		} else {
			n = half
		}
	}
	return s.to[lo]
}

// minBounds is the length from which a search is faster than the nodes.
const minBounds = 8

// search finds the runs that are worth it, and makes the first node of each an opSearch.
func (p *Program) search() []search {
	var out []search
	taken := make([]bool, len(p.nodes))
	for i := range p.nodes {
		if p.nodes[i].Op != Le || taken[i] {
			continue
		}
		if s := p.searchFrom(Ref(i), taken); len(s.bounds) >= minBounds {
			p.code[i] = instruction{op: opSearch, field: p.nodes[i].Field, lo: int64(len(out))}
			out = append(out, s)
		}
	}
	return out
}

// searchFrom is the run that begins with a node. Any program that is verified may come here, so a node joins only if
// both its ways are open for the numbers that reach it, and no node joins twice: that keeps the bounds in order and the
// work linear. Where a node does not join the search ends, and the evaluation goes on with the node itself.
func (p *Program) searchFrom(first Ref, taken []bool) search {
	// part is a node for numbers from lo to hi.
	type part struct {
		at     Ref
		lo, hi int64
	}
	var s search
	field := p.nodes[first].Field
	stack := []part{{first, math.MinInt64, math.MaxInt64}}
	for len(stack) > 0 {
		x := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if x.at >= 0 && !taken[x.at] {
			if n := &p.nodes[x.at]; n.Op == Le && n.Field == field && x.lo <= n.K && n.K < x.hi {
				taken[x.at] = true
				stack = append(stack, part{n.No, n.K + 1, x.hi}, part{n.Yes, x.lo, n.K})
				continue
			}
		}
		s.to = append(s.to, x.at)
		if x.hi < math.MaxInt64 {
			s.bounds = append(s.bounds, x.hi)
		}
	}
	return s
}
