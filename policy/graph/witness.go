package graph

import (
	"slices"

	"cellsh/policy"
	"cellsh/policy/kauth"
)

// maxMisses is how many paths are tried in vain, because fields are compared with each other there, before the search for
// witnesses gives up.
const maxMisses = 1 << 12

// witnessWork is how many steps may be made for each node, and parts of regions looked at, where a graph is too large to be
// reduced: chains of tests would cost the square of their length.
const witnessWork = 64

// Witnesses finds a request for each leaf that is wanted, by index. Where the reduced form of the graph has at most so
// many pieces the answer is complete: no request gets to a wanted leaf for which none is given. Otherwise only some ways
// are gone, those that are tested first before those further down.
func Witnesses[L comparable](g *Graph[L], id kauth.RequestID, wanted []bool, pieces int) (found []*policy.Request, complete bool) {
	found = make([]*policy.Request, len(g.Leaves))
	missing := 0
	for _, w := range wanted {
		if w {
			missing++
		}
	}
	if leaf, ok := g.Root.Leaf(); ok || missing == 0 {
		if ok && wanted[leaf] {
			found[leaf] = Example(id)
		}
		return found, true
	}
	space := NewSpace(id, g)
	d := NewDiagrams[L](space)
	d.Bound(pieces)
	if r, err := Reduce(d, g); err == nil {
		// The leaves of the diagram are those of the graph, with the same indices.
		complete := d.oneEach(r, wanted, missing, func(_ Region, q *policy.Request, leaf int) { found[leaf] = q })
		return found, complete
	}
	w := &walker[L]{g: g, wanted: wanted, found: found, missing: missing, seen: make([]bool, len(g.Nodes)), left: witnessWork*len(g.Nodes) + 1<<16}
	w.walk(g.Root, space.Path())
	return found, w.missing == 0
}

// Find gives a request that gets to a leaf for which want is true; nil if there is none, or if that is not decided: the
// reduced form of the graph would have more than so many pieces.
func Find[L comparable](g *Graph[L], id kauth.RequestID, want func(L) bool, pieces int) (q *policy.Request, decided bool) {
	var b Builder[bool]
	h := b.Graph(Splice(&b, g, func(l L) Ref { return b.Leaf(want(l)) }))
	wanted := slices.Clone(h.Leaves)
	there := slices.Index(wanted, true)
	if there < 0 {
		return nil, true
	}
	if h.Root >= 0 {
		// It is usually near.
		w := &walker[bool]{g: h, wanted: wanted, found: make([]*policy.Request, len(wanted)), missing: 1, seen: make([]bool, len(h.Nodes)), left: 1 << 12}
		w.walk(h.Root, NewSpace(id, h).Path())
		if q := w.found[there]; q != nil {
			return q, true
		}
	}
	found, complete := Witnesses(h, id, wanted, pieces)
	return found[there], complete
}

// OneRegionEach calls yield once for each outcome of the diagram that is wanted, with requests that get it and one of
// them. It takes little more time than the diagram has pieces, however many paths there are. It gives false where fields are
// compared with each other on so many paths that not all were tried.
func (d *Diagrams[L]) OneRegionEach(r Ref, want func(L) bool, yield func(region Region, q *policy.Request, leaf L)) (complete bool) {
	wanted, missing := make([]bool, len(d.leaves)), 0
	for i, l := range d.leaves {
		if wanted[i] = want(l); wanted[i] {
			missing++
		}
	}
	return d.oneEach(r, wanted, missing, func(region Region, q *policy.Request, leaf int) { yield(region, q, d.leaves[leaf]) })
}

func (d *Diagrams[L]) oneEach(r Ref, wanted []bool, missing int, yield func(region Region, q *policy.Request, leaf int)) bool {
	s := &search[L]{d: d, region: d.Space.Everything(), wanted: slices.Clone(wanted), missing: missing, yield: yield, done: make([]bool, len(d.nodes))}
	s.walk(r)
	return s.misses <= maxMisses
}

// search goes through a diagram.
type search[L comparable] struct {
	d      *Diagrams[L]
	region Region
	yield  func(region Region, q *policy.Request, leaf int)
	// wanted are the leaves that are still to be found, and missing is how many there are.
	wanted  []bool
	missing int
	// done are the nodes below which everything that is wanted was found.
	done   []bool
	misses int
}

// walk looks below a node, and reports whether everything that is wanted there was found.
func (s *search[L]) walk(r Ref) bool {
	s.d.Space.work.Check()
	if leaf, ok := r.Leaf(); ok {
		if !s.wanted[leaf] {
			return true
		}
		q, ok := s.region.Witness()
		if !ok {
			s.misses++
			return false
		}
		s.wanted[leaf] = false
		s.missing--
		s.yield(s.region, q, leaf)
		return true
	}
	if s.done[r] {
		return true
	}
	v, all := s.d.nodes[r].v, true
	s.d.children(r, func(kid Ref, atoms []atomRange) bool {
		s.region.allowed[v] = atoms
		all = s.walk(kid) && all
		return s.misses <= maxMisses && s.missing > 0
	})
	s.region.allowed[v] = nil
	s.done[r] = all
	return all
}

// walker goes through a graph as it is, each node once.
type walker[L comparable] struct {
	g      *Graph[L]
	wanted []bool
	found  []*policy.Request
	// missing is how many leaves are still to be found.
	missing int
	seen    []bool
	// left is how many steps may still be made, and parts of regions looked at.
	left int
}

func (w *walker[L]) walk(at Ref, path *Path) {
	w.g.work.Check()
	if leaf, ok := at.Leaf(); ok {
		if w.wanted[leaf] && w.found[leaf] == nil {
			w.left -= path.size()
			if q, ok := path.region.Witness(); ok {
				w.found[leaf] = q
				w.missing--
			}
		}
		return
	}
	if w.seen[at] {
		return
	}
	w.seen[at] = true
	n := &w.g.Nodes[at]
	// Leaves first: what is near costs least.
	ways := [...]bool{true, false}
	if _, leaf := n.No.Leaf(); leaf {
		ways = [...]bool{false, true}
	}
	for _, yes := range ways {
		if w.left <= 0 || w.missing == 0 {
			return
		}
		w.left--
		if empty := path.Push(&n.Test, yes); !empty && yes {
			w.walk(n.Yes, path)
		} else if !empty {
			w.walk(n.No, path)
		}
		path.Pop()
	}
}

// size is how many parts the region is made of.
func (p *Path) size() int {
	n := len(p.region.allowed)
	for _, atoms := range p.region.allowed {
		n += len(atoms)
	}
	return n
}

// Distances are how many tests are made on the shortest way to each leaf, by index; -1 for leaves that the root does not
// lead to.
func (g *Graph[L]) Distances() []int {
	leaves, nodes := make([]int, len(g.Leaves)), make([]int, len(g.Nodes))
	for i := range leaves {
		leaves[i] = -1
	}
	for i := range nodes {
		nodes[i] = -1
	}
	reach := func(r Ref, tests int) {
		at := &leaves
		i, ok := r.Leaf()
		if !ok {
			at, i = &nodes, int(r)
		}
		if d := (*at)[i]; d < 0 || tests < d {
			(*at)[i] = tests
		}
	}
	reach(g.Root, 0)
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		if nodes[i] >= 0 {
			reach(g.Nodes[i].Yes, nodes[i]+1)
			reach(g.Nodes[i].No, nodes[i]+1)
		}
	}
	return leaves
}
