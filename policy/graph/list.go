package graph

import "cellsh/policy/listing"

// List is the graph as people read it, with one start. Nodes are named from n0 on, and leaves from L0 on in the order in
// which the nodes refer to them.
func (g *Graph[L]) List() *listing.Listing[L] {
	reach := g.Reachable()
	names := map[Ref]string{}
	var order []Ref
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		if reach[i] {
			names[Ref(i)] = listing.NodeName(len(order))
			order = append(order, Ref(i))
		}
	}
	out := &listing.Listing[L]{}
	name := func(r Ref) string {
		i, leaf := r.Leaf()
		if leaf && names[r] == "" {
			names[r] = listing.LeafName(len(out.Leaves))
			out.Leaves = append(out.Leaves, listing.Leaf[L]{Name: names[r], Value: g.Leaves[i]})
		}
		return names[r]
	}
	out.Starts = []listing.Start{{Name: name(g.Root)}}
	for _, r := range order {
		n := &g.Nodes[r]
		out.Nodes = append(out.Nodes, listing.Node{Name: names[r], Test: n.Test.String(), Yes: name(n.Yes), No: name(n.No), Span: n.Span})
	}
	return out
}
