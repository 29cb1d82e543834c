package graph

import "cellsh/policy/kauth"

// inParts orders a graph of which the reduced form would be too large, as that of a long chain of tests that alternate
// between fields is: it grows with the square of the chain. The graph is divided at nodes through which all paths go
// that go on, and each part is reduced by itself, with what comes after it as one of its outcomes. So the result grows
// with the graph and no faster. limit is how many pieces the reduced form of a part with so many nodes may have. It
// gives the number of parts.
func inParts[L comparable](g *Graph[L], request kauth.RequestID, limit func(nodes int) int) (*Graph[L], int) {
	g = Share(g)
	var b Builder[L]
	leaves := make([]Ref, len(g.Leaves))
	for i, l := range g.Leaves {
		leaves[i] = b.Leaf(l)
	}
	at, ends := g.Root, g.waists()
	if leaf, ok := at.Leaf(); ok {
		at = leaves[leaf]
	}
	// A part ends at nodes[to-1]; the part below it ended at nodes[from-1] and starts at below in the new graph.
	parts, from := 0, 0
	var below Ref
	for size := firstPart; len(ends) > 0; parts++ {
		size = min(size, len(ends))
		var to int
		var grow bool
		for ; ; size /= 2 {
			to = int(ends[size-1]) + 1
			part := g.part(from, to, leaves, below)
			d := NewDiagrams[Ref](NewSpace(request, part))
			d.Bound(limit(to - from))
			r, err := Reduce(d, part)
			if err != nil && size > 1 {
				continue
			}
			if err == nil {
				part = d.Graph(r)
			}
			// The next part may be an easier one.
			grow = err == nil && d.count < d.limit/4
			at = Splice(&b, part, func(place Ref) Ref { return place })
			break
		}
		below, from, ends = at, to, ends[size:]
		if grow {
			size *= 2
		}
	}
	return b.Graph(at), max(parts, 1)
}

// firstPart is how many nodes between which the graph can be divided the first part has at most: who comes here has
// found the whole too large, and parts grow where they are easy.
const firstPart = 512

// partLimit is how many pieces the reduced form of a part with so many nodes may have.
func partLimit(nodes int) int { return 4*nodes + 1024 }

// waists lists the nodes through which all paths go that reach a node below them, in ascending order; the root is the
// last. The graph must have no nodes that the root does not reach.
func (g *Graph[L]) waists() []Ref {
	// above[i] is how many edges lead from nodes above i to nodes below it, as differences.
	above := make([]int, len(g.Nodes)+1)
	for i := range g.Nodes {
		for _, child := range [...]Ref{g.Nodes[i].Yes, g.Nodes[i].No} {
			if child >= 0 {
				above[child+1]++
				above[i]--
			}
		}
	}
	var out []Ref
	over := 0
	for i := range g.Nodes {
		if over += above[i]; over == 0 {
			out = append(out, Ref(i))
		}
	}
	return out
}

// part is the nodes with an index from from to below to as a graph of its own, which ends in places of another graph:
// those of leaves, or below for the node before from.
func (g *Graph[L]) part(from, to int, leaves []Ref, below Ref) *Graph[Ref] {
	var b Builder[Ref]
	b.take(g.work)
	ref := func(r Ref) Ref {
		if leaf, ok := r.Leaf(); ok {
			return b.Leaf(leaves[leaf])
		}
		if int(r) < from {
			return b.Leaf(below)
		}
		return r - Ref(from)
	}
	for i := from; i < to; i++ {
		n := &g.Nodes[i]
		b.Node(n.Test, ref(n.Yes), ref(n.No), n.Span)
	}
	return b.Graph(Ref(to - from - 1))
}
