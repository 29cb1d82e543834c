package graph

import (
	"hash/maphash"
	"math/bits"
	"slices"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
)

// Size is how large a graph is.
type Size struct {
	Nodes, Leaves int
	// Depth is the longest path, in tests.
	Depth int
}

// Size of the graph.
func (g *Graph[L]) Size() Size { return Size{len(g.Nodes), len(g.Leaves), g.Depth()} }

// add puts the sizes of two graphs together: of depths the larger counts.
func (s Size) add(t Size) Size {
	return Size{s.Nodes + t.Nodes, s.Leaves + t.Leaves, max(s.Depth, t.Depth)}
}

// Stats say what optimising did to a graph, or to several.
type Stats struct {
	Before, After Size
	// Steps are those that were made, in their order.
	Steps []StepStats
}

// StepStats say what one step did: to how many graphs, in how many of them it changed anything, and their sizes before and
// after it.
type StepStats struct {
	Name            string
	Graphs, Changed int
	Before, After   Size
}

// Add puts the stats of several graphs together, those of the same step as one.
func (st *Stats) Add(other Stats) {
	st.Before, st.After = st.Before.add(other.Before), st.After.add(other.After)
	at := 0
	for _, x := range other.Steps {
		i := slices.IndexFunc(st.Steps, func(y StepStats) bool { return y.Name == x.Name })
		if i < 0 {
			// After the steps that came before it.
			st.Steps = slices.Insert(st.Steps, at, x)
			at++
			continue
		}
		y := &st.Steps[i]
		y.Graphs, y.Changed = y.Graphs+x.Graphs, y.Changed+x.Changed
		y.Before, y.After = y.Before.add(x.Before), y.After.add(x.After)
		at = i + 1
	}
}

// Step is one way of making a graph better. It gives the same outcome for every request whose fields are in
// range; the prover and the fuzzer check that.
type Step[L comparable] struct {
	Name string
	// Does says what it does, Relies which invariant makes that right.
	Does, Relies string
	// Run gives the better graph and whether it differs; the graph that it is given stays as it is.
	Run func(g *Graph[L], request kauth.RequestID) (better *Graph[L], changed bool)
}

// Steps are those of [Optimize], in their order. None needs another for being right.
func Steps[L comparable]() []Step[L] {
	share := func(g *Graph[L], _ kauth.RequestID) (*Graph[L], bool) {
		out := Share(g)
		return out, len(out.Nodes) != len(g.Nodes) || len(out.Leaves) != len(g.Leaves)
	}
	return []Step[L]{
		{"share",
			"equal nodes become one, a test whose outcomes lead to the same place is left out, and so is what the root does not lead to",
			"children have lower indices than their parents, so that equal children are one before their parents are compared",
			share},
		{"order",
			"every variable is asked once on a path, in the order in which the graph first asks them, so that no test is left whose answer is known or makes no difference; numbers and addresses are found by balanced searches; what would become too large is done in parts",
			"the request carries every field that is tested, with a value in the field's range, and a field keeps its value during a decision",
			order[L]},
		{"share again",
			"searches of different variables often end alike: as share",
			"as share",
			share},
	}
}

// Optimize makes a graph fit for a kernel by all [Steps].
func Optimize[L comparable](g *Graph[L], request kauth.RequestID) (*Graph[L], Stats) {
	return run(g, request, Steps[L]())
}

// Finish does what is left of [Optimize] for a graph that [Diagrams.Graph] has written: such a graph is in order.
func Finish[L comparable](g *Graph[L], request kauth.RequestID) (*Graph[L], Stats) {
	steps := Steps[L]()
	ordered := slices.IndexFunc(steps, func(s Step[L]) bool { return s.Name == "order" })
	return run(g, request, steps[ordered+1:])
}

func run[L comparable](g *Graph[L], request kauth.RequestID, steps []Step[L]) (*Graph[L], Stats) {
	size := g.Size()
	st := Stats{Before: size, After: size}
	for _, step := range steps {
		out, changed := step.Run(g, request)
		x := StepStats{Name: step.Name, Graphs: 1, Before: st.After, After: out.Size()}
		if changed {
			x.Changed = 1
		}
		st.Steps, st.After = append(st.Steps, x), x.After
		g = out
	}
	return g, st
}

// Depth is the number of tests on the longest path.
func (g *Graph[L]) Depth() int {
	depth := make([]int, len(g.Nodes))
	of := func(r Ref) int {
		if r < 0 {
			return 0
		}
		return depth[r]
	}
	for i := range g.Nodes {
		depth[i] = 1 + max(of(g.Nodes[i].Yes), of(g.Nodes[i].No))
	}
	return of(g.Root)
}

// hashSeed may differ from run to run: which nodes are equal does not depend on their hashes.
var hashSeed = maphash.MakeSeed()

func hashNode(t *policy.Test, yes, no Ref) uint64 {
	h := uint64(t.Kind)<<48 | uint64(t.Field)<<32 | uint64(t.Other)<<16 | uint64(t.Order)
	mix := func(x uint64) {
		h = (h ^ x) * 0xff51afd7ed558ccd
		h ^= h >> 32
	}
	mix(uint64(uint32(yes))<<32 | uint64(uint32(no)))
	switch t.Kind {
	case policy.In, policy.Modulus:
		mix(uint64(t.Mod))
		for _, r := range t.Set {
			mix(uint64(r.Lo))
			mix(uint64(r.Hi))
		}
	case policy.Has:
		mix(uint64(t.Bit))
	case policy.Is, policy.Glob:
		mix(maphash.String(hashSeed, t.Text))
	case policy.Within:
		mix(t.First.Hi ^ uint64(t.First.Version))
		mix(t.First.Lo)
		mix(t.Last.Hi)
		mix(t.Last.Lo)
	case policy.Member:
		mix(uint64(t.GID))
	}
	return h
}

// equal reports whether the node makes the test and leads to the same places.
func (n *Node) equal(t *policy.Test, yes, no Ref) bool {
	x := &n.Test
	return n.Yes == yes && n.No == no && x.Kind == t.Kind && x.Field == t.Field && x.Other == t.Other && x.Order == t.Order &&
		x.GID == t.GID && x.Bit == t.Bit && x.Mod == t.Mod && x.Text == t.Text && x.First == t.First && x.Last == t.Last && x.Set.Equal(t.Set)
}

// Share merges equal nodes, leaves out tests that make no difference, and drops what the root does not reach.
func Share[L comparable](g *Graph[L]) *Graph[L] {
	out, roots := shareRoots(g, []Ref{g.Root})
	out.Root = roots[0]
	return out
}

// ShareAll is Share for several graphs that one builder made: nodes that are equal in different graphs
// become one too. It gives where each of them starts now.
func ShareAll[L comparable](b *Builder[L], roots []Ref) (*Graph[L], []Ref) {
	return shareRoots(&b.g, roots)
}

func shareRoots[L comparable](g *Graph[L], roots []Ref) (*Graph[L], []Ref) {
	var b Builder[L]
	b.take(g.work)
	// Lists would be copied many times while they grow: usually nearly all nodes stay.
	b.grow(len(g.Nodes), len(g.Leaves))
	known := make(map[uint64]Ref, len(g.Nodes))
	// next has another node of the same hash.
	next := map[Ref]Ref{}
	to := mapper(g, &b)
	seen := g.reachable(roots...)
	for i := range g.Nodes {
		if !seen[i] {
			continue
		}
		n := &g.Nodes[i]
		yes, no := to.ref(n.Yes), to.ref(n.No)
		if yes == no {
			to.nodes[i] = yes
			continue
		}
		h := hashNode(&n.Test, yes, no)
		first, found := known[h]
		r, more := first, found
		for more && !b.g.Nodes[r].equal(&n.Test, yes, no) {
			r, more = next[r]
		}
		if !more {
			r = b.Node(n.Test, yes, no, n.Span)
			if found {
				next[r] = first
			}
			known[h] = r
		}
		to.nodes[i] = r
	}
	out := make([]Ref, len(roots))
	for i, r := range roots {
		out[i] = to.ref(r)
	}
	return &b.g, out
}

// mapping takes references of one graph to those of another that is being built.
type mapping[L comparable] struct {
	from  *Graph[L]
	b     *Builder[L]
	nodes []Ref
	// leaves has 0, which refers to no leaf, for those that were not met yet.
	leaves []Ref
}

func mapper[L comparable](g *Graph[L], b *Builder[L]) *mapping[L] {
	return &mapping[L]{g, b, make([]Ref, len(g.Nodes)), make([]Ref, len(g.Leaves))}
}

func (m *mapping[L]) ref(r Ref) Ref {
	i, ok := r.Leaf()
	if !ok {
		return m.nodes[r]
	}
	if m.leaves[i] == 0 {
		m.leaves[i] = m.b.newLeaf(m.from.Leaves[i])
	}
	return m.leaves[i]
}

// ReducedLimit is how many pieces the reduced form of a graph may have to be worth its while: it is often larger than
// the graph, and always faster, but a kernel should not hold a program out of all proportion to the policy.
func ReducedLimit(nodes int) int { return min(64*nodes+4096, 1<<17) }

// order is the graph of the reduced diagram, in parts where the whole is too large.
func order[L comparable](g *Graph[L], request kauth.RequestID) (*Graph[L], bool) {
	if g.Root < 0 {
		return g, false
	}
	d := NewDiagrams[L](NewSpace(request, g))
	d.Bound(ReducedLimit(len(g.Nodes)))
	var out *Graph[L]
	if r, err := Reduce(d, g); err == nil {
		out = d.Graph(r)
	} else {
		out, _ = inParts(g, request, partLimit)
	}
	same := func(a, b Node) bool { return a.equal(&b.Test, b.Yes, b.No) }
	return out, out.Root != g.Root || !slices.Equal(out.Leaves, g.Leaves) || !slices.EqualFunc(out.Nodes, g.Nodes, same)
}

// Graph writes the diagram as tests: numbers and addresses are found by balanced searches, so that the tests on a path
// grow with the logarithm of the pieces.
func (d *Diagrams[L]) Graph(r Ref) *Graph[L] {
	var b Builder[L]
	b.take(d.Space.work)
	// leaves has 0, which refers to no leaf, for those that were not written yet.
	leaves, done := make([]Ref, len(d.leaves)), map[Ref]Ref{}
	b.g.Leaves = make([]L, 0, len(d.leaves))
	var emit func(Ref) Ref
	emit = func(r Ref) Ref {
		if i, ok := r.Leaf(); ok {
			if leaves[i] == 0 {
				leaves[i] = b.newLeaf(d.leaves[i])
			}
			return leaves[i]
		}
		if x, ok := done[r]; ok {
			return x
		}
		n := &d.nodes[r]
		kids := make([]Ref, len(n.kids))
		for i, kid := range n.kids {
			kids[i] = emit(kid)
		}
		x := emitNode(&b, d.Space, n, kids)
		done[r] = x
		return x
	}
	return b.Graph(emit(r))
}

// emitNode writes one node of a diagram whose children are written.
func emitNode[L comparable](b *Builder[L], s *Space, n *pieces, kids []Ref) Ref {
	v := &s.vars[n.v]
	switch v.kind {
	case policy.Member, policy.Has:
		return b.Node(v.test(), kids[1], kids[0], v.spans[1])
	case policy.Within:
		return emitAddrs(b, v, n.ends, kids)
	case policy.Is:
		return emitTexts(b, v, n.ends, kids)
	case policy.In, policy.Modulus:
		cases := make([]numberCase, len(kids))
		lo := int32(0)
		for i, k := range kids {
			cases[i] = numberCase{v.numbers(lo, n.ends[i]), k, v.spans[lo]}
			lo = n.ends[i]
		}
		return emitSearch(b, v.test(), v.starts[0], cases)
	}
	// The order of two fields. The child with the most pieces needs no test: it is what is left.
	orders := map[Ref]policy.Order{}
	var children []Ref
	lo := int32(0)
	for i, k := range kids {
		if orders[k] == 0 {
			children = append(children, k)
		}
		for ; lo < n.ends[i]; lo++ {
			orders[k] |= 1 << lo
		}
	}
	rest := children[0]
	for _, k := range children {
		if bits.OnesCount8(uint8(orders[k])) > bits.OnesCount8(uint8(orders[rest])) {
			rest = k
		}
	}
	at := rest
	for _, k := range slices.Backward(children) {
		if k != rest {
			t := v.test()
			t.Order = orders[k]
			at = b.Node(t, k, at, v.spans[0])
		}
	}
	return at
}

// numberCase is a range of numbers and where they lead.
type numberCase struct {
	interval.Range
	target Ref
	span   diag.Span
}

// emitSearch writes the tests that find the case of a number from least on: a single test where there are two targets, else
// halves. Each asks what test does, for a set of its own.
func emitSearch[L comparable](b *Builder[L], test policy.Test, least int64, cases []numberCase) Ref {
	first, second := cases[0].target, Ref(0)
	targets := 1
	for _, c := range cases[1:] {
		if c.target != first && (targets == 1 || c.target != second) {
			if targets++; targets > 2 {
				break
			}
			second = c.target
		}
	}
	switch targets {
	case 1:
		return first
	case 2:
		t := test
		span := cases[0].span
		for _, c := range cases {
			if c.target == second {
				if len(t.Set) == 0 {
					span = c.span
				}
				t.Set = append(t.Set, c.Range)
			}
		}
		return b.Node(t, second, first, span)
	}
	mid := len(cases) / 2
	// A single number in the middle is tested for by itself sooner than halves around it are.
	low := emitSearch(b, test, least, cases[:mid])
	high := emitSearch(b, test, least, cases[mid:])
	t := test
	t.Set = interval.Between(least, cases[mid].Lo-1)
	return b.Node(t, low, high, cases[mid].span)
}
