package graph

import (
	"slices"
	"sort"

	"cellsh/policy"
	"cellsh/policy/kauth"
)

// Path is the requests that come along a path of tests, while it is followed down and up again. Each step takes as much
// memory as the test is large, and not as much as the region is: on chains of thousands of tests on one field that is
// what counts. It is not safe for concurrent use.
type Path struct {
	region Region
	steps  []pathStep
}

// pathStep is how a step is taken back: either the atoms of a variable are replaced as a whole, or a few of them.
type pathStep struct {
	v     int32
	whole bool
	// old are the atoms that were replaced: all, or those before which at atoms stay, now stands for how many are there
	// instead.
	old     []atomRange
	at, now int
}

// Path starts with all requests.
func (s *Space) Path() *Path { return &Path{region: s.Everything()} }

// Region is what is left. It is valid until the next step.
func (p *Path) Region() Region { return p.region }

// Push follows a test of the space to yes, or to no. It reports whether some variable has no value left; then as after
// any other step Pop takes it back.
func (p *Path) Push(t *policy.Test, yes bool) (empty bool) {
	v, set := p.region.space.atomsOf(t)
	now := p.region.allowed[v]
	if !yes && now != nil && len(set) == 1 {
		p.remove(v, set[0])
		return len(p.region.allowed[v]) == 0
	}
	if !yes {
		set = complement(set, p.region.space.vars[v].atoms)
	}
	if now != nil {
		set = intersect(now, set)
	}
	if set == nil {
		set = []atomRange{}
	}
	p.steps = append(p.steps, pathStep{v: v, whole: true, old: now})
	p.region.allowed[v] = set
	return len(set) == 0
}

// remove takes atoms out of those of a variable, in place: nobody else has the list.
func (p *Path) remove(v int32, out atomRange) {
	now := p.region.allowed[v]
	from := sort.Search(len(now), func(i int) bool { return now[i].hi > out.lo })
	to := from
	var kept []atomRange
	for ; to < len(now) && now[to].lo < out.hi; to++ {
		if now[to].lo < out.lo {
			kept = append(kept, atomRange{now[to].lo, out.lo})
		}
		if out.hi < now[to].hi {
			kept = append(kept, atomRange{out.hi, now[to].hi})
		}
	}
	p.steps = append(p.steps, pathStep{v: v, old: slices.Clone(now[from:to]), at: from, now: len(kept)})
	p.region.allowed[v] = slices.Replace(now, from, to, kept...)
}

// Pop takes the last step back.
func (p *Path) Pop() {
	s := p.steps[len(p.steps)-1]
	p.steps = p.steps[:len(p.steps)-1]
	if s.whole {
		p.region.allowed[s.v] = s.old
		return
	}
	p.region.allowed[s.v] = slices.Replace(p.region.allowed[s.v], s.at, s.at+s.now, s.old...)
}

// Feasible reports whether any request comes along. It is [Region.Witness] without the request.
func (p *Path) Feasible() bool {
	for i, atoms := range p.region.allowed {
		if atoms == nil {
			continue
		}
		if len(atoms) == 0 {
			return false
		}
		v := &p.region.space.vars[i]
		switch {
		case v.kind == policy.Compare, v.kind == policy.Member, v.kind == policy.Has, v.kind == policy.Modulus,
			v.kind == policy.In && (v.max > kauth.MaxExact || v.starts[0] < -kauth.MaxExact):
			// What has to do with others, or with numbers that Lua may not have.
			_, ok := p.region.Witness()
			return ok
		}
	}
	return true
}
