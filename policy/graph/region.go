package graph

import (
	"fmt"
	"strings"

	"cellsh/policy"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
)

// Region is a set of requests: those whose variables lie in given atoms, each variable by itself.
type Region struct {
	space *Space
	// allowed has nil for a variable that may have any value.
	allowed [][]atomRange
}

// Regions calls yield for every path of the diagram with the requests that take it and the outcome, until yield
// returns false. Paths that no request can take, because several variables are about one field, are left
// out. The regions are disjoint and are together all requests.
func (d *Diagrams[L]) Regions(r Ref, yield func(Region, L) bool) {
	d.regions(r, nil, yield)
}

// RegionsOf is like Regions with only the outcomes for which want is true; other parts are not even looked at.
func (d *Diagrams[L]) RegionsOf(r Ref, want func(L) bool, yield func(Region, L) bool) {
	leads := map[Ref]bool{}
	var mark func(Ref) bool
	mark = func(r Ref) bool {
		if i, ok := r.Leaf(); ok {
			return want(d.leaves[i])
		}
		ok, known := leads[r]
		if !known {
			for _, kid := range d.nodes[r].kids {
				ok = mark(kid) || ok
			}
			leads[r] = ok
		}
		return ok
	}
	mark(r)
	d.regions(r, mark, yield)
}

func (d *Diagrams[L]) regions(r Ref, want func(Ref) bool, yield func(Region, L) bool) {
	region := Region{d.Space, make([][]atomRange, len(d.Space.vars))}
	var walk func(Ref) bool
	walk = func(r Ref) bool {
		d.Space.work.Check()
		if want != nil && !want(r) {
			return true
		}
		if i, ok := r.Leaf(); ok {
			if _, feasible := region.Witness(); !feasible {
				return true
			}
			return yield(region, d.leaves[i])
		}
		v, all := d.nodes[r].v, true
		d.children(r, func(kid Ref, atoms []atomRange) bool {
			region.allowed[v] = atoms
			all = walk(kid)
			return all
		})
		if all {
			region.allowed[v] = nil
		}
		return all
	}
	walk(r)
}

// children calls yield once for each child of a node, with all atoms that lead to it, until yield returns false.
func (d *Diagrams[L]) children(r Ref, yield func(kid Ref, atoms []atomRange) bool) {
	n := &d.nodes[r]
	var children []Ref
	atoms := map[Ref][]atomRange{}
	lo := int32(0)
	for i, kid := range n.kids {
		if atoms[kid] == nil {
			children = append(children, kid)
		}
		atoms[kid] = append(atoms[kid], atomRange{lo, n.ends[i]})
		lo = n.ends[i]
	}
	for _, kid := range children {
		if !yield(kid, atoms[kid]) {
			return
		}
	}
}

// Clone is the region as it is now: those that Regions yields change afterwards.
func (r Region) Clone() Region {
	return Region{r.space, append([][]atomRange(nil), r.allowed...)}
}

// Contains reports whether the request, all of whose fields are given, is in the region.
func (r Region) Contains(q *policy.Request) bool {
	for i, atoms := range r.allowed {
		if atoms != nil && !hasAtom(atoms, r.space.vars[i].of(q)) {
			return false
		}
	}
	return true
}

// MayContain reports whether the request is in the region for some values of the fields that are not given, as far as each
// variable tells by itself.
func (r Region) MayContain(q *policy.Request) bool {
	for i, atoms := range r.allowed {
		if atoms == nil {
			continue
		}
		v := &r.space.vars[i]
		if t := v.test(); t.Needs()&^q.Given == 0 && !hasAtom(atoms, v.of(q)) {
			return false
		}
	}
	return true
}

// Needs are the fields by which the region is told from others.
func (r Region) Needs() kauth.FieldSet {
	var out kauth.FieldSet
	for i, atoms := range r.allowed {
		if atoms != nil {
			t := r.space.vars[i].test()
			out |= t.Needs()
		}
	}
	return out
}

// Tests describe the region: every request in it answers all of them with yes. Atoms of text that are more than one, and
// groups and bits that are excluded, have no such test; [Region.String] tells of them too.
func (r Region) Tests() []policy.Test {
	var out []policy.Test
	for i, atoms := range r.allowed {
		v := &r.space.vars[i]
		if atoms == nil {
			continue
		}
		t := v.test()
		switch v.kind {
		case policy.In, policy.Modulus:
			t.Set = r.numbers(i)
			out = append(out, t)
		case policy.Member, policy.Has:
			if atoms[0].lo == 1 {
				out = append(out, t)
			}
		case policy.Compare:
			for a := range int32(3) {
				if hasAtom(atoms, a) {
					t.Order |= 1 << a
				}
			}
			out = append(out, t)
		case policy.Is:
			if at := int(atoms[0].lo); at < len(v.texts.names) && v.count(atoms) == 1 {
				t.Text = v.texts.names[at]
				out = append(out, t)
			}
		}
	}
	return out
}

// String says what the requests of the region have in common, in the words of policies; "any request" if
// nothing.
func (r Region) String() string {
	var parts []string
	for i, atoms := range r.allowed {
		if atoms == nil {
			continue
		}
		v := &r.space.vars[i]
		switch v.kind {
		case policy.Member, policy.Has:
			if atoms[0].lo == 0 {
				t := v.test()
				parts = append(parts, "not "+t.String())
				continue
			}
		case policy.Is:
			parts = append(parts, v.describeTexts(atoms))
			continue
		case policy.Within:
			parts = append(parts, describeAddrs(v, atoms))
			continue
		}
		one := Region{r.space, make([][]atomRange, len(r.allowed))}
		one.allowed[i] = atoms
		for _, t := range one.Tests() {
			parts = append(parts, t.String())
		}
	}
	if len(parts) == 0 {
		return "any request"
	}
	return strings.Join(parts, " and ")
}

// describeAddrs lists the prefixes and ranges that the atoms make up, or those that they leave out if there are fewer.
func describeAddrs(v *variable, atoms []atomRange) string {
	in, out := v.ranges(atoms), v.ranges(complement(atoms, v.atoms))
	word, list := "within", in
	if len(out) < len(in) || len(in) == 0 {
		word, list = "not within", out
	}
	var names []string
	for i, r := range list {
		if i == 8 {
			names = append(names, fmt.Sprintf("and %d more", len(list)-i))
			break
		}
		names = append(names, policy.RangeText(r.first, r.last))
	}
	return "r.addr " + word + " " + strings.Join(names, ", ")
}

// addrRange is addresses of one version, from first to last.
type addrRange struct{ first, last policy.Addr }

// ranges are the addresses of the atoms; no address is in none.
func (v *variable) ranges(atoms []atomRange) []addrRange {
	var out []addrRange
	for _, all := range [...]policy.Prefix{allV4, allV6} {
		for _, a := range atoms {
			r := addrRange{v.addrs[a.lo], all.Last()}
			if r.first.Compare(all.First()) < 0 {
				r.first = all.First()
			}
			if a.hi < v.atoms {
				// Only the first atom begins with no address.
				if last, _ := v.addrs[a.hi].Prev(); last.Compare(r.last) < 0 {
					r.last = last
				}
			}
			if r.first.Compare(r.last) > 0 {
				continue
			}
			// Neighbours are one.
			if n := len(out); n > 0 && out[n-1].last.Version == r.first.Version {
				if next, ok := out[n-1].last.Next(); ok && next == r.first {
					out[n-1].last = r.last
					continue
				}
			}
			out = append(out, r)
		}
	}
	return out
}

func hasAtom(atoms []atomRange, a int32) bool {
	for _, r := range atoms {
		if r.lo <= a && a < r.hi {
			return true
		}
	}
	return false
}

func (v *variable) count(atoms []atomRange) int {
	n := int32(0)
	for _, r := range atoms {
		n += r.hi - r.lo
	}
	return int(n)
}

// numbers are the values that variable i, a number field, may have.
func (r Region) numbers(i int) interval.Set {
	v := &r.space.vars[i]
	set := make(interval.Set, 0, len(r.allowed[i]))
	for _, a := range r.allowed[i] {
		// Atoms are in order; only neighbours can touch.
		x := v.numbers(a.lo, a.hi)
		if n := len(set); n > 0 && set[n-1].Hi+1 == x.Lo {
			set[n-1].Hi = x.Hi
			continue
		}
		set = append(set, x)
	}
	return set
}

// Witness gives a request of the region with all its fields, false if there is none. Numbers are ones that a
// float64 holds exactly, so that Lua can be asked the same.
func (r Region) Witness() (*policy.Request, bool) { return r.WitnessWith() }

// WitnessWith is Witness with further tests of numbers that the request must answer with yes: whether they are in a set, what
// is left of them, and how they compare.
func (r Region) WitnessWith(more ...*policy.Test) (*policy.Request, bool) {
	s := solver{request: r.space.request, numbers: map[kauth.Field]*numbers{}}
	q := Example(r.space.request)
	var in, out []uint32
	for i, atoms := range r.allowed {
		if atoms == nil {
			continue
		}
		if len(atoms) == 0 {
			return nil, false
		}
		v := &r.space.vars[i]
		switch v.kind {
		case policy.In, policy.Modulus, policy.Has:
			r.restrict(s.of(v.field), i)
		case policy.Is:
			q.SetText(v.field, v.texts.example(atoms[0].lo))
		case policy.Within:
			q.SetAddr(v.addrOf(atoms[0].lo))
		case policy.Member:
			if atoms[0].lo == 1 {
				in = append(in, v.gid)
			} else {
				out = append(out, v.gid)
			}
		case policy.Compare:
			var o policy.Order
			for a := range int32(3) {
				if hasAtom(atoms, a) {
					o |= 1 << a
				}
			}
			s.orders = append(s.orders, orderOf{v.field, v.other, o})
		}
	}
	for _, t := range more {
		switch t.Kind {
		case policy.Modulus:
			s.of(t.Field).divided(t.Mod, t.Set)
		case policy.Compare:
			s.orders = append(s.orders, orderOf{t.Field, t.Other, t.Order})
		default:
			s.of(t.Field).restrict(t.Set)
		}
	}
	for _, gid := range out {
		// The effective group counts as membership.
		s.of(kauth.FieldEGID).restrict(interval.Single(int64(gid)).Complement())
	}
	if !s.solve(q) {
		return nil, false
	}
	q.SetGroups(in...)
	return q, true
}

// restrict leaves the numbers that variable i may have.
func (r Region) restrict(n *numbers, i int) {
	v, atoms := &r.space.vars[i], r.allowed[i]
	switch {
	case v.kind == policy.In:
		n.restrict(r.numbers(i))
	case v.kind == policy.Modulus:
		n.divided(v.mod, r.numbers(i))
	case v.count(atoms) > 1:
		// The bit may be set or not.
	case atoms[0].lo == 1:
		n.ones |= v.bit
	default:
		n.zeros |= v.bit
	}
}

// Nearest are the values of a number field that are nearest to v among those that the region leaves to it, and within a
// set unless that is nil: below and above v, and of a field with flags those that differ from v in the fewest bits. The
// region must be one of a space in which no two fields are compared.
func (r Region) Nearest(f kauth.Field, v int64, within interval.Set) []int64 {
	n := &numbers{set: interval.Between(r.space.request.Range(f))}
	if within != nil {
		n.restrict(within)
	}
	for i, atoms := range r.allowed {
		if atoms != nil && r.space.vars[i].field == f {
			r.restrict(n, i)
		}
	}
	return n.nearest(v, f.Info().Flags)
}

// Texts are examples of all texts that tests of the space tell apart in a field.
func (s *Space) Texts(f kauth.Field) []string {
	var out []string
	for i := range s.vars {
		if v := &s.vars[i]; v.kind == policy.Is && v.field == f {
			for atom := range v.atoms {
				out = append(out, v.texts.example(atom))
			}
		}
	}
	return out
}

// addrOf is an address of the atom, a real one rather than none.
func (v *variable) addrOf(atom int32) policy.Addr {
	a := v.addrs[atom]
	if a.Version == 0 {
		if next, _ := a.Next(); atom+1 == v.atoms || next.Compare(v.addrs[atom+1]) < 0 {
			return next
		}
	}
	return a
}

// Example is a request with a plausible value in each field that it carries.
func Example(id kauth.RequestID) *policy.Request {
	q := &policy.Request{ID: id}
	for _, f := range id.Info().Fields.Fields() {
		switch f {
		case kauth.FieldAddr:
			a, _ := policy.ParseAddr("10.0.0.1")
			q.SetAddr(a)
		case kauth.FieldGroups:
			q.SetGroups()
		case kauth.FieldIfname:
			q.SetText(f, "wm0")
		case kauth.FieldFstype:
			q.SetText(f, "ffs")
		case kauth.FieldTargetCell:
			q.SetText(f, "")
		default:
			lo, hi := id.Range(f)
			v := min(max(plausible[f], lo), hi)
			if !id.IsUsual(f, v) {
				// The nearest end of what is usual.
				list := id.Usual(f)
				v = list[len(list)-1].Hi
			}
			q.SetInt(f, v)
		}
	}
	return q
}

// plausible values of number fields; 0 for those that are not here.
var plausible = [kauth.NumFields]int64{
	kauth.FieldUID: 1000, kauth.FieldEUID: 1000, kauth.FieldGID: 100, kauth.FieldEGID: 100,
	kauth.FieldFamily: 2, kauth.FieldType: 1, kauth.FieldProtocol: 6, kauth.FieldPort: 8080, kauth.FieldDomain: 2,
	kauth.FieldSignal: 15, kauth.FieldTargetPID: 4711, kauth.FieldTargetUID: 1000, kauth.FieldTargetEUID: 1000,
	kauth.FieldNprocs: 40, kauth.FieldResource: 8, kauth.FieldCur: 64, kauth.FieldMax: 128, kauth.FieldOp: 9,
	kauth.FieldMode: 256, kauth.FieldKind: 4, kauth.FieldMajor: 2, kauth.FieldMinor: 2, kauth.FieldBits: 1,
	kauth.FieldSec: 1767225600,
}
