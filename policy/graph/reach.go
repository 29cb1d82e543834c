package graph

import (
	"slices"
	"sort"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
)

// Reachable marks the nodes that the root leads to.
func (g *Graph[L]) Reachable() []bool { return g.reachable(g.Root) }

// Fields are those that the graph's tests look at.
func Fields(g Tested) kauth.FieldSet {
	var out kauth.FieldSet
	g.tests(func(t *policy.Test, _ *diag.Span) { out |= t.Needs() })
	return out
}

// Everything is the region of all requests.
func (s *Space) Everything() Region { return Region{s, make([][]atomRange, len(s.vars))} }

// Restrict is the part of the region whose requests answer a test of the space with yes, or with no.
func (r Region) Restrict(t *policy.Test, yes bool) Region {
	i, set := r.space.atomsOf(t)
	if !yes {
		set = complement(set, r.space.vars[i].atoms)
	}
	out := r.Clone()
	if now := r.allowed[i]; now != nil {
		set = intersect(now, set)
	}
	if set == nil {
		set = []atomRange{}
	}
	out.allowed[i] = set
	return out
}

// Empty reports whether some variable has no value left. A region that is not empty may still have no request, where
// several variables are about one field: Witness tells.
func (r Region) Empty() bool {
	for _, atoms := range r.allowed {
		if atoms != nil && len(atoms) == 0 {
			return true
		}
	}
	return false
}

// WitnessAt gives a request of the region whose number field has the one value that the test asks for, or leaves it when it
// is divided.
func (r Region) WitnessAt(t *policy.Test) (*policy.Request, bool) {
	i, atom := r.space.atomOf(t)
	if now := r.allowed[i]; now != nil && !hasAtom(now, atom) {
		return nil, false
	}
	out := r.Clone()
	out.allowed[i] = []atomRange{{atom, atom + 1}}
	return out.WitnessWith(t)
}

// atomOf gives the variable and the atom of a test for a single number.
func (s *Space) atomOf(t *policy.Test) (int32, int32) {
	v, _ := t.Set.Min()
	i := s.index[keyOf(t)]
	return i, s.vars[i].atomWith(v)
}

func complement(set []atomRange, atoms int32) []atomRange {
	var out []atomRange
	at := int32(0)
	for _, r := range set {
		if at < r.lo {
			out = append(out, atomRange{at, r.lo})
		}
		at = r.hi
	}
	if at < atoms {
		out = append(out, atomRange{at, atoms})
	}
	return out
}

func intersect(a, b []atomRange) []atomRange {
	out := []atomRange{}
	// What lies before the other begins need not be looked at one by one.
	if len(a) > 0 && len(b) > 0 {
		a = a[sort.Search(len(a), func(i int) bool { return a[i].hi > b[0].lo }):]
		b = b[sort.Search(len(b), func(i int) bool { return len(a) == 0 || b[i].hi > a[0].lo }):]
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		if lo, hi := max(a[i].lo, b[j].lo), min(a[i].hi, b[j].hi); lo < hi {
			out = append(out, atomRange{lo, hi})
		}
		if a[i].hi < b[j].hi {
			i++
		} else {
			j++
		}
	}
	return out
}

// Reach is the requests that get to one node of a graph.
type Reach struct {
	d *Diagrams[bool]
	r Ref
}

// Reaching works out which requests get to a node. The error is ErrTooLarge if that takes more than so many pieces of
// diagrams.
func Reaching[L comparable](g *Graph[L], request kauth.RequestID, at Ref, pieces int) (*Reach, error) {
	// The graph in which only getting there leads to true. The node's own test stays, so that its values are told
	// apart.
	var b Builder[bool]
	b.take(g.work)
	there, missed := b.Leaf(true), b.Leaf(false)
	nodes := make([]Ref, len(g.Nodes))
	to := func(r Ref) Ref {
		if r < 0 {
			return missed
		}
		return nodes[r]
	}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if Ref(i) == at {
			nodes[i] = there
		} else {
			nodes[i] = b.Node(n.Test, to(n.Yes), to(n.No), n.Span)
		}
	}
	h := b.Graph(to(g.Root))
	d := NewDiagrams[bool](NewSpace(request, g))
	d.Bound(pieces)
	r, err := Reduce(d, h)
	return &Reach{d, r}, err
}

// Answering gives a request that gets to the node and answers a test with yes, or with no; nil if there is none. The
// test must be one of the graph's, or for a single number of a field that the graph tests.
func (x *Reach) Answering(t *policy.Test, yes bool) *policy.Request {
	return x.find(func(region Region) (*policy.Request, bool) {
		part := region.Restrict(t, yes)
		if part.Empty() {
			return nil, false
		}
		return part.Witness()
	}, nil)
}

// At gives a request that gets to the node with the single number that the test asks for, see [Region.WitnessAt]; nil if
// there is none.
func (x *Reach) At(t *policy.Test) *policy.Request {
	return x.find(func(region Region) (*policy.Request, bool) { return region.WitnessAt(t) }, t)
}

// With gives a request that gets to the node with a value in a field that has nothing to do with others, an address or a
// text; nil if there is none.
func (x *Reach) With(set func(*policy.Request)) *policy.Request {
	return x.find(func(region Region) (*policy.Request, bool) { return region.With(set) }, nil)
}

// With gives a request of the region with a value in a field that has nothing to do with others, an address or a text.
func (r Region) With(set func(*policy.Request)) (*policy.Request, bool) {
	q, ok := r.Witness()
	if !ok {
		return nil, false
	}
	set(q)
	return q, r.Contains(q)
}

func (x *Reach) find(try func(Region) (*policy.Request, bool), point *policy.Test) *policy.Request {
	var found *policy.Request
	at := x.r
	if point != nil {
		// Only the piece with that value is of interest.
		i, atom := x.d.Space.atomOf(point)
		at = x.d.restrictAtom(at, i, atom)
	}
	x.d.RegionsOf(at, func(there bool) bool { return there }, func(region Region, _ bool) bool {
		q, ok := try(region)
		if ok {
			found = q
		}
		return !ok
	})
	return found
}

// restrictAtom is the diagram with a variable fixed to one atom. It is only as small as it happens to be.
func (d *Diagrams[L]) restrictAtom(r Ref, v, atom int32) Ref {
	memo := map[Ref]Ref{}
	var walk func(Ref) Ref
	walk = func(r Ref) Ref {
		if d.varOf(r) > v {
			return r
		}
		if out, ok := memo[r]; ok {
			return out
		}
		n := d.nodes[r]
		out := r
		if n.v == v {
			i, _ := slices.BinarySearch(n.ends, atom+1)
			out = n.kids[i]
		} else {
			kids := make([]Ref, len(n.kids))
			for i, k := range n.kids {
				kids[i] = walk(k)
			}
			if x, err := d.node(n.v, slices.Clone(n.ends), kids); err == nil {
				out = x
			}
		}
		memo[r] = out
		return out
	}
	return walk(r)
}
