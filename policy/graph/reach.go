package graph

import (
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
)

// Reachable marks the nodes that the root leads to.
func (g *Graph[L]) Reachable() []bool { return g.reachable(g.Root) }

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

// Empty reports whether some variable has no value left. A region that is not empty may still have no request,
// where fields are compared with each other: Witness tells.
func (r Region) Empty() bool {
	for _, atoms := range r.allowed {
		if atoms != nil && len(atoms) == 0 {
			return true
		}
	}
	return false
}

// WitnessAt gives a request of the region whose number field has the one value that the test asks for.
func (r Region) WitnessAt(t *policy.Test) (*policy.Request, bool) {
	v, _ := t.Set.Min()
	i, ok := r.space.index[keyOf(t)]
	if !ok {
		return nil, false
	}
	q := &policy.Request{}
	q.SetInt(t.Field, v)
	atom := r.space.vars[i].of(q)
	if now := r.allowed[i]; now != nil && !hasAtom(now, atom) {
		return nil, false
	}
	out := r.Clone()
	out.allowed[i] = []atomRange{{atom, atom + 1}}
	return out.witness(t)
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

// Reaching gives a request that gets to the node and answers the test there as wanted; nil if there is none. The
// test need not be the node's.
func Reaching[L comparable](g *Graph[L], request kauth.RequestID, at Ref, t *policy.Test, yes bool) (*policy.Request, error) {
	// The graph in which only getting there leads to true.
	var b Builder[bool]
	yesRef, noRef := b.Leaf(yes), b.Leaf(!yes)
	missed := b.Leaf(false)
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
			nodes[i] = b.Node(*t, yesRef, noRef, diag.Span{})
		} else {
			nodes[i] = b.Node(n.Test, to(n.Yes), to(n.No), n.Span)
		}
	}
	h := b.Graph(to(g.Root))
	d := NewDiagrams[bool](NewSpace(request, h))
	r, err := Reduce(d, h)
	if err != nil {
		return nil, err
	}
	var found *policy.Request
	d.RegionsOf(r, func(x bool) bool { return x }, func(region Region, _ bool) bool {
		found, _ = region.Witness()
		return false
	})
	return found, nil
}
