package graph

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"cellsh/policy/interval"
	"cellsh/policy/kauth"
)

// numbers are the values that a number field can have: those of a set, with some bits given, of which what is left when
// they are divided by some numbers is in other sets.
type numbers struct {
	set interval.Set
	// ones are the bits that must be set, zeros those that must not.
	ones, zeros int64
	// all says that numbers need not be such that a float64 holds them.
	all bool
	// rests have the greatest modulus first. Only fields whose values a float64 holds all exactly are divided: what is
	// exact does not come again with a period.
	rests []rest
}

// rest requires that what is left after dividing by mod is in set.
type rest struct {
	mod int64
	set interval.Set
}

func (n *numbers) restrict(set interval.Set) { n.set = n.set.Intersect(set) }

func (n *numbers) divided(mod int64, set interval.Set) {
	n.rests = append(n.rests, rest{mod, set})
	slices.SortStableFunc(n.rests, func(a, b rest) int { return cmp.Compare(b.mod, a.mod) })
}

// and are the values that both have.
func (n *numbers) and(m *numbers) *numbers {
	out := &numbers{all: n.all, set: n.set.Intersect(m.set), ones: n.ones | m.ones, zeros: n.zeros | m.zeros, rests: slices.Clone(n.rests)}
	for _, r := range m.rests {
		out.divided(r.mod, r.set)
	}
	return out
}

func (n *numbers) contains(v int64) bool {
	return n.set.Contains(v) && v&n.ones == n.ones && v&n.zeros == 0 && (n.all || roundUp(v) == v) &&
		!slices.ContainsFunc(n.rests, func(r rest) bool { return !r.set.Contains(interval.Mod(v, r.mod)) })
}

// next gives the least value from v on that a float64 holds exactly, unless all are wanted. RLIM_INFINITY counts as exact: Lua has it as the
// constant unlimited.
func (n *numbers) next(v int64) (int64, bool) {
	if n.ones&n.zeros != 0 || n.contradicts() {
		return 0, false
	}
	if len(n.rests) == 0 && n.ones|n.zeros == 0 {
		if n.all {
			return n.set.Next(v)
		}
		return exact(n.set, v)
	}
	s := numberSearch{n, n.periods(), maxSteps}
	for i := range n.set {
		if r := n.set[i]; r.Hi >= v {
			if x, ok := s.find(0, max(r.Lo, v), r.Hi); ok {
				return x, true
			}
		}
	}
	return 0, false
}

// contradicts reports whether two of the rests can't be together: what is left by a common divisor is never the same.
// Others that can't be are found out by looking for a number, which takes longer.
func (n *numbers) contradicts() bool {
	for i := range n.rests {
		for j := range i {
			a, b := &n.rests[i], &n.rests[j]
			if common := interval.GCD(a.mod, b.mod); a.left(common).Intersect(b.left(common)).Empty() {
				return true
			}
		}
	}
	return false
}

// left is what is left of the numbers by a divisor of mod.
func (r *rest) left(divisor int64) interval.Set {
	var out []interval.Range
	for _, x := range r.set {
		if x.Hi-x.Lo >= divisor-1 {
			return interval.Between(0, divisor-1)
		}
		lo, hi := x.Lo%divisor, x.Hi%divisor
		if lo <= hi {
			out = append(out, interval.Range{Lo: lo, Hi: hi})
		} else {
			out = append(out, interval.Range{Lo: 0, Hi: hi}, interval.Range{Lo: lo, Hi: divisor - 1})
		}
	}
	return interval.Of(out...)
}

// periods gives for each of the rests after how many numbers it and all those behind it, and the bits, begin anew.
func (n *numbers) periods() []int64 {
	out := make([]int64, len(n.rests)+1)
	// Bits of numbers that were turned around include the sign, which does not matter here.
	top := bits.Len64(uint64((n.ones | n.zeros) & math.MaxInt64))
	out[len(n.rests)] = int64(1) << min(top, 62)
	for i := len(n.rests) - 1; i >= 0; i-- {
		out[i] = lcm(out[i+1], n.rests[i].mod)
	}
	return out
}

// maxSteps bounds the search for a number: it is never met in a space that is not too large, see hard.
const maxSteps = 1 << 22

// numberSearch looks for one number.
type numberSearch struct {
	*numbers
	periods []int64
	left    int
}

// find gives the least number from lo to hi that all rests from i on allow, and the bits. One rest allows ranges that lie
// apart; within each it looks for a number that the others allow. Where a whole period has none there is none.
func (s *numberSearch) find(i int, lo, hi int64) (int64, bool) {
	if i == len(s.rests) {
		for lo <= hi {
			x, ok := nextBits(lo, s.ones, s.zeros)
			if !ok || x > hi {
				return 0, false
			}
			if lo = roundUp(x); lo == x || s.all {
				return x, true
			}
		}
		return 0, false
	}
	if end, ok := add(lo, s.periods[i]-1); ok {
		hi = min(hi, end)
	}
	r := &s.rests[i]
	for lo <= hi && s.left > 0 {
		s.left--
		at := interval.Mod(lo, r.mod)
		start, ok := r.set.Next(at)
		if !ok {
			if lo, ok = add(lo, r.mod-at); !ok {
				return 0, false
			}
			continue
		}
		if lo, ok = add(lo, start-at); !ok || lo > hi {
			return 0, false
		}
		// The end of the range that start is in.
		j, _ := slices.BinarySearchFunc(r.set, start, func(x interval.Range, v int64) int { return cmp.Compare(x.Hi, v) })
		end, ok := add(lo, r.set[j].Hi-start)
		if !ok {
			end = math.MaxInt64
		}
		if x, ok := s.find(i+1, lo, min(end, hi)); ok {
			return x, true
		}
		if end == math.MaxInt64 {
			return 0, false
		}
		lo = end + 1
	}
	return 0, false
}

// add is a+b for b of at least 0; false if it does not fit.
func add(a, b int64) (int64, bool) { return a + b, a+b >= a }

// prev gives the greatest value up to v, one that a float64 holds exactly or not.
func (n *numbers) prev(v int64) (int64, bool) {
	// In -1-x the order is turned around, and so is every bit.
	m := &numbers{ones: n.zeros, zeros: n.ones, all: true}
	for _, r := range slices.Backward(n.set) {
		m.set = append(m.set, interval.Range{Lo: ^r.Hi, Hi: ^r.Lo})
	}
	for _, x := range n.rests {
		var set interval.Set
		for _, r := range slices.Backward(x.set) {
			set = append(set, interval.Range{Lo: x.mod - 1 - r.Hi, Hi: x.mod - 1 - r.Lo})
		}
		m.rests = append(m.rests, rest{x.mod, set})
	}
	x, ok := m.next(^v)
	return ^x, ok
}

// nearest are the values that are nearest to v: the first below it and above it. Of a field with flags they are those that
// differ from it in the fewest bits, among others.
func (n *numbers) nearest(v int64, flags bool) []int64 {
	var out []int64
	if !flags {
		all := *n
		all.all = true
		if x, ok := all.next(v); ok {
			out = append(out, x)
		}
		if x, ok := all.prev(v); ok {
			out = append(out, x)
		}
		return out
	}
	free := (v | n.ones) &^ n.zeros
	try := func(x int64) {
		if n.contains(x) {
			out = append(out, x)
		}
	}
	try(free)
	for _, r := range n.set {
		try(r.Lo)
		try(r.Hi)
		// Any other value of the range parts from one of its ends at some bit, and is free from there on.
		for bit := int64(1); bit > 0 && bit <= r.Lo^r.Hi; bit <<= 1 {
			try((r.Lo|bit)&^(bit-1) | free&(bit-1))
			try(r.Hi&^(2*bit-1) | free&(bit-1))
		}
	}
	return out
}

// nextBits gives the least number from v on with those bits set and those not.
func nextBits(v, ones, zeros int64) (int64, bool) {
	if ones|zeros == 0 {
		return v, true
	}
	if v < 0 {
		// Among the negative numbers the bits below the sign grow with the number.
		if x, ok := nextLow(v&math.MaxInt64, ones&math.MaxInt64, zeros&math.MaxInt64); ok && zeros >= 0 {
			return x | math.MinInt64, true
		}
		v = 0
	}
	if ones < 0 {
		return 0, false
	}
	return nextLow(v, ones, zeros&math.MaxInt64)
}

// nextLow is nextBits for what is not negative.
func nextLow(v, ones, zeros int64) (int64, bool) {
	wrong := ones&^v | zeros&v
	if wrong == 0 {
		return v, true
	}
	// The highest bit that is wrong.
	high := int64(1) << (bits.Len64(uint64(wrong)) - 1)
	if high&ones != 0 {
		// What is above stays, and what is below becomes as small as it can be.
		return v&^(2*high-1) | high | ones&(high-1), true
	}
	// It becomes 0 only if a free bit above it becomes 1: the lowest.
	free := ^(v | zeros) &^ (2*high - 1) & math.MaxInt64
	if free == 0 {
		return 0, false
	}
	up := free & -free
	return v&^(2*up-1) | up | ones&(up-1), true
}

func lcm(a, b int64) int64 {
	a /= interval.GCD(a, b)
	if a > math.MaxInt64/b {
		return math.MaxInt64
	}
	return a * b
}

// maxHard is how many steps a search for a number may take at worst.
const maxHard = 1 << 21

// hard reports whether finding numbers could take too long: fields are divided by several numbers that have little in
// common, or by some and asked for high bits. Fields that are compared with each other count as one, and so do those of the
// caller and of a target that may be the caller.
func (s *Space) hard() bool {
	class := [kauth.NumFields]kauth.Field{}
	for f := range class {
		class[f] = kauth.Field(f)
	}
	find := func(f kauth.Field) kauth.Field {
		for class[f] != f {
			f = class[f]
		}
		return f
	}
	class[kauth.FieldTargetUID], class[kauth.FieldTargetEUID] = kauth.FieldUID, kauth.FieldEUID
	for i := range s.vars {
		if v := &s.vars[i]; v.other != 0 {
			class[find(v.field)] = find(v.other)
		}
	}
	all, count := map[kauth.Field]*numbers{}, map[kauth.Field]int64{}
	for i := range s.vars {
		v := &s.vars[i]
		if v.mod == 0 && v.bit == 0 {
			continue
		}
		c := find(v.field)
		if all[c] == nil {
			all[c] = &numbers{}
		}
		lo, hi := s.request.Range(v.field)
		count[c] = max(count[c], hi-lo)
		if all[c].ones |= v.bit; v.mod != 0 {
			// As many ranges as there can be.
			all[c].divided(v.mod, make(interval.Set, (v.atoms+1)/2))
		}
	}
	for c, n := range all {
		if n.worst(0, n.periods(), count[c]) > maxHard {
			return true
		}
	}
	return false
}

// worst is how many steps find takes at most for so many numbers.
func (n *numbers) worst(i int, periods []int64, count int64) float64 {
	if i == len(n.rests) {
		return 1
	}
	r := &n.rests[i]
	times := float64(min(count, periods[i]))/float64(r.mod) + 1
	return times * float64(len(r.set)) * (1 + n.worst(i+1, periods, r.mod))
}
