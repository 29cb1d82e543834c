package graph

import (
	"slices"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/progress"
)

// Ref refers to a node, or, if negative, to a leaf: the leaf with index i is ^i.
type Ref int32

// Leaf is the index of the leaf referred to; false if it is a node.
func (r Ref) Leaf() (int, bool) { return int(^r), r < 0 }

// Node is a test and where it leads.
type Node struct {
	Test    policy.Test
	Yes, No Ref
	// Span is the place of the test in the source.
	Span diag.Span
}

// Graph is a decision graph. Every child of a node has a lower index than the node, so that there are no
// cycles and a walk from low to high sees children first. No two leaves are equal. A graph is not changed once it is
// built; it is safe for any number of goroutines then.
type Graph[L comparable] struct {
	Root   Ref
	Nodes  []Node
	Leaves []L

	// work is what the graph is looked at for; graphs that are made of it, and spaces, have it from there.
	work *progress.Work
}

// For says for which work the graph is looked at: what takes long with it, or with what is made of it, ends where that is
// stopped. It gives the graph.
func (g *Graph[L]) For(w *progress.Work) *Graph[L] {
	g.work = w
	return g
}

// Work is what the graph is looked at for; nil is nothing that could be stopped.
func (g *Graph[L]) Work() *progress.Work { return g.work }

// Leaf is the leaf that the reference leads to; it panics if it refers to a node.
func (g *Graph[L]) Leaf(r Ref) L { return g.Leaves[^r] }

// Constant is the graph that always gives the leaf.
func Constant[L comparable](leaf L) *Graph[L] {
	return &Graph[L]{Root: ^Ref(0), Leaves: []L{leaf}}
}

// Eval gives the outcome for a request all of whose fields are given.
func (g *Graph[L]) Eval(r *policy.Request) L {
	at := g.Root
	for at >= 0 {
		if n := &g.Nodes[at]; n.Test.Eval(r) {
			at = n.Yes
		} else {
			at = n.No
		}
	}
	return g.Leaves[^at]
}

// Passed is one test that an evaluation made.
type Passed struct {
	Node Ref
	Yes  bool
}

// Trace gives the outcome and the tests that led to it.
func (g *Graph[L]) Trace(r *policy.Request) (L, []Passed) {
	var steps []Passed
	at := g.Root
	for at >= 0 {
		n := &g.Nodes[at]
		yes := n.Test.Eval(r)
		steps = append(steps, Passed{at, yes})
		at = n.No
		if yes {
			at = n.Yes
		}
	}
	return g.Leaves[^at], steps
}

// Builder makes a graph, children first. The zero value is ready.
type Builder[L comparable] struct {
	g      Graph[L]
	leaves map[L]Ref // for leafIn
}

// take takes over for which work a graph is looked at.
func (b *Builder[L]) take(w *progress.Work) {
	if b.g.work == nil {
		b.g.work = w
	}
	b.g.work.Check()
}

// Leaf adds a leaf; an equal one is added once.
func (b *Builder[L]) Leaf(leaf L) Ref {
	return leafIn(&b.g.Leaves, &b.leaves, leaf)
}

// leafIn finds a leaf in a list, or adds it. The map has the first of the list, as many as it is long: the others were
// added by who knew that they are new.
func leafIn[L comparable](list *[]L, at *map[L]Ref, leaf L) Ref {
	if *at == nil {
		*at = make(map[L]Ref, cap(*list))
	}
	for i := len(*at); i < len(*list); i++ {
		(*at)[(*list)[i]] = ^Ref(i)
	}
	r, ok := (*at)[leaf]
	if !ok {
		r = ^Ref(len(*list))
		*list = append(*list, leaf)
		(*at)[leaf] = r
	}
	return r
}

// newLeaf adds a leaf that is known to differ from all before it.
func (b *Builder[L]) newLeaf(leaf L) Ref {
	b.g.Leaves = append(b.g.Leaves, leaf)
	return ^Ref(len(b.g.Leaves) - 1)
}

// grow makes room for so many more nodes and leaves.
func (b *Builder[L]) grow(nodes, leaves int) {
	b.g.Nodes, b.g.Leaves = slices.Grow(b.g.Nodes, nodes), slices.Grow(b.g.Leaves, leaves)
}

// Node adds a test whose children were added before.
func (b *Builder[L]) Node(t policy.Test, yes, no Ref, at diag.Span) Ref {
	b.g.Nodes = append(b.g.Nodes, Node{t, yes, no, at})
	return Ref(len(b.g.Nodes) - 1)
}

// Graph gives the graph that starts at root. The builder must not be used afterwards.
func (b *Builder[L]) Graph(root Ref) *Graph[L] {
	b.g.Root = root
	return &b.g
}

// Splice adds the nodes of another graph, with each of its leaves replaced by what leaf gives for it, which may
// be a node that is already here. It gives where the other graph starts.
func Splice[L, M comparable](b *Builder[L], g *Graph[M], leaf func(M) Ref) Ref {
	b.take(g.work)
	b.grow(len(g.Nodes), len(g.Leaves))
	leaves := make([]Ref, len(g.Leaves))
	for i, l := range g.Leaves {
		leaves[i] = leaf(l)
	}
	nodes := make([]Ref, len(g.Nodes))
	to := func(r Ref) Ref {
		if i, ok := r.Leaf(); ok {
			return leaves[i]
		}
		return nodes[r]
	}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		nodes[i] = b.Node(n.Test, to(n.Yes), to(n.No), n.Span)
	}
	return to(g.Root)
}

// Rewrite is the graph with something else in place of each node. f is given the node, and where its outcomes lead in the new
// graph, which is being built; what it gives is where all that led to the node leads there.
func Rewrite[L comparable](g *Graph[L], f func(b *Builder[L], n *Node, yes, no Ref) Ref) *Graph[L] {
	var b Builder[L]
	b.take(g.work)
	nodes := make([]Ref, len(g.Nodes))
	to := func(r Ref) Ref {
		if i, ok := r.Leaf(); ok {
			return b.Leaf(g.Leaves[i])
		}
		return nodes[r]
	}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		yes, no := to(n.Yes), to(n.No)
		nodes[i] = f(&b, n, yes, no)
	}
	return b.Graph(to(g.Root))
}

// reachable marks the nodes that the roots lead to.
func (g *Graph[L]) reachable(roots ...Ref) []bool {
	seen := make([]bool, len(g.Nodes))
	for _, r := range roots {
		if r >= 0 {
			seen[r] = true
		}
	}
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		if !seen[i] {
			continue
		}
		for _, child := range [...]Ref{g.Nodes[i].Yes, g.Nodes[i].No} {
			if child >= 0 {
				seen[child] = true
			}
		}
	}
	return seen
}
