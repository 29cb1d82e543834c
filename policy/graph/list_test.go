package graph

import (
	"testing"

	"pgregory.net/rapid"

	"cellsh/policy/diag"
	"cellsh/policy/listing"
)

// TestList: who follows the listing of a graph passes the tests that an evaluation makes, downwards only, and comes to its
// outcome; and nothing is listed twice or for nobody.
func TestList(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := rapidChooser{rt}
		id := request(t, testRequests[c.IntN(len(testRequests))])
		g := randomGraph(c, id, 1+c.IntN(24), 1+c.IntN(4))
		for i := range g.Nodes {
			g.Nodes[i].Span = diag.Span{File: "x.lua", Line: 1 + i}
		}
		l := g.List()
		if len(l.Starts) != 1 || l.Starts[0].Fields != nil {
			rt.Fatalf("%v", l.Starts)
		}
		nodes, leaves, wanted := map[string]int{}, map[string]int{}, map[string]bool{l.Starts[0].Name: true}
		for i, n := range l.Nodes {
			if n.Name != listing.NodeName(i) || !wanted[n.Name] {
				rt.Fatalf("node %d is %s, and nothing before it leads there", i, n.Name)
			}
			nodes[n.Name], wanted[n.Yes], wanted[n.No] = i, true, true
		}
		for i, x := range l.Leaves {
			if x.Name != listing.LeafName(i) || !wanted[x.Name] {
				rt.Fatalf("leaf %d is %s, and nothing leads there", i, x.Name)
			}
			leaves[x.Name] = x.Value
		}
		if len(wanted) != len(nodes)+len(leaves) {
			rt.Fatalf("%v are referred to, but %v and %v are listed", wanted, nodes, leaves)
		}
		for range 20 {
			want, passed := g.Trace(randomRequest(c, id))
			at := l.Starts[0].Name
			for _, p := range passed {
				n := l.Nodes[nodes[at]]
				if x := g.Nodes[p.Node]; n.Name != at || n.Test != x.Test.String() || n.Span != x.Span || n.Op != "" {
					rt.Fatalf("%s is %v, but must be %v", at, n, x)
				}
				if at = n.No; p.Yes {
					at = n.Yes
				}
			}
			if got, ok := leaves[at]; !ok || got != want {
				rt.Fatalf("the listing leads to %s, %d, but the graph to %d", at, got, want)
			}
		}
	})
}
