// Package interval is the algebra of sets of integers that policies test fields against: sorted ranges, with
// the inverse images that turn a test on a calculated value into a test on the field itself.
//
//	s := interval.Of(interval.Range{Lo: 80, Hi: 80}, interval.Range{Lo: 443, Hi: 443})
//	s.Contains(80)                  // true
//	s.Shift(-1)                     // 79 and 442: the x for which x+1 is in s
//
// A [Set] is immutable by convention: no function changes its arguments, results may share memory with them.
package interval

import (
	"errors"
	"math"
	"math/big"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Range is the integers from Lo to Hi, both included.
type Range struct{ Lo, Hi int64 }

// Set is a set of integers: ranges in ascending order that neither overlap nor touch. The empty set is nil or
// of length 0.
type Set []Range

// All is every integer of 64 bits.
var All = Set{{math.MinInt64, math.MaxInt64}}

// Of is the union of the ranges, in any order. Ranges with Hi below Lo are empty.
func Of(ranges ...Range) Set {
	s := make(Set, 0, len(ranges))
	for _, r := range ranges {
		if r.Lo <= r.Hi {
			s = append(s, r)
		}
	}
	slices.SortFunc(s, func(a, b Range) int {
		switch {
		case a.Lo < b.Lo:
			return -1
		case a.Lo > b.Lo:
			return 1
		}
		return 0
	})
	out := s[:0]
	for _, r := range s {
		if n := len(out); n > 0 && (out[n-1].Hi == math.MaxInt64 || r.Lo <= out[n-1].Hi+1) {
			out[n-1].Hi = max(out[n-1].Hi, r.Hi)
			continue
		}
		out = append(out, r)
	}
	return out
}

// Single is the set of one integer.
func Single(v int64) Set { return Set{{v, v}} }

// Between is the integers from lo to hi, both included; empty if hi is below lo.
func Between(lo, hi int64) Set {
	if hi < lo {
		return nil
	}
	return Set{{lo, hi}}
}

// Empty reports whether nothing is in the set.
func (s Set) Empty() bool { return len(s) == 0 }

// Equal reports whether both sets hold the same integers.
func (s Set) Equal(t Set) bool { return slices.Equal(s, t) }

// Contains reports whether v is in the set; it takes time logarithmic in the number of ranges.
func (s Set) Contains(v int64) bool {
	i := sort.Search(len(s), func(i int) bool { return s[i].Hi >= v })
	return i < len(s) && s[i].Lo <= v
}

// Min is the smallest integer of the set, false if it is empty.
func (s Set) Min() (int64, bool) {
	if len(s) == 0 {
		return 0, false
	}
	return s[0].Lo, true
}

// Next is the smallest integer of the set that is at least v, false if there is none.
func (s Set) Next(v int64) (int64, bool) {
	i := sort.Search(len(s), func(i int) bool { return s[i].Hi >= v })
	if i == len(s) {
		return 0, false
	}
	return max(s[i].Lo, v), true
}

// Union of both sets.
func (s Set) Union(t Set) Set { return Of(append(slices.Clone(s), t...)...) }

// Intersect is what both sets hold.
func (s Set) Intersect(t Set) Set {
	var out Set
	for i, j := 0, 0; i < len(s) && j < len(t); {
		if lo, hi := max(s[i].Lo, t[j].Lo), min(s[i].Hi, t[j].Hi); lo <= hi {
			out = append(out, Range{lo, hi})
		}
		if s[i].Hi < t[j].Hi {
			i++
		} else {
			j++
		}
	}
	return out
}

// Complement is every integer of 64 bits that the set does not hold.
func (s Set) Complement() Set {
	var out Set
	next, open := int64(math.MinInt64), true
	for _, r := range s {
		if r.Lo > next {
			out = append(out, Range{next, r.Lo - 1})
		}
		if r.Hi == math.MaxInt64 {
			open = false
			break
		}
		next = r.Hi + 1
	}
	if open {
		out = append(out, Range{next, math.MaxInt64})
	}
	return out
}

// Minus is what s holds and t does not.
func (s Set) Minus(t Set) Set { return s.Intersect(t.Complement()) }

// Shift is the x for which x-by is in the set: every range moved up by by. What would leave 64 bits is cut off.
func (s Set) Shift(by int64) Set {
	out := make(Set, 0, len(s))
	for _, r := range s {
		lo, okLo := add(r.Lo, by)
		hi, okHi := add(r.Hi, by)
		switch {
		case okLo && okHi:
			out = append(out, Range{lo, hi})
		case okLo && by > 0:
			out = append(out, Range{lo, math.MaxInt64})
		case okHi && by < 0:
			out = append(out, Range{math.MinInt64, hi})
		}
	}
	return out
}

func add(a, b int64) (int64, bool) {
	c := a + b
	return c, (c > a) == (b > 0)
}

// Unscale is the x for which x*by is in the set. by must not be 0.
func (s Set) Unscale(by int64) Set {
	out := make(Set, 0, len(s))
	for _, r := range s {
		lo, hi := r.Lo, r.Hi
		if by < 0 {
			lo, hi = hi, lo
		}
		// The quotients of big operands: MinInt64 / -1 does not fit otherwise.
		l := ceilDiv(lo, by)
		h := floorDiv(hi, by)
		if l.Cmp(h) <= 0 && l.Cmp(bigMax) <= 0 && h.Cmp(bigMin) >= 0 {
			out = append(out, Range{clamp(l), clamp(h)})
		}
	}
	return Of(out...)
}

var bigMin, bigMax = big.NewInt(math.MinInt64), big.NewInt(math.MaxInt64)

func clamp(v *big.Int) int64 {
	switch {
	case v.Cmp(bigMin) < 0:
		return math.MinInt64
	case v.Cmp(bigMax) > 0:
		return math.MaxInt64
	}
	return v.Int64()
}

func floorDiv(a, b int64) *big.Int {
	q, m := new(big.Int), new(big.Int)
	q.DivMod(big.NewInt(a), big.NewInt(b), m)
	// DivMod is Euclidean: the remainder is never negative, so for b < 0 it rounds up.
	if b < 0 && m.Sign() != 0 {
		q.Sub(q, big.NewInt(1))
	}
	return q
}

func ceilDiv(a, b int64) *big.Int {
	q := floorDiv(a, b)
	if new(big.Int).Mul(q, big.NewInt(b)).Cmp(big.NewInt(a)) != 0 {
		q.Add(q, big.NewInt(1))
	}
	return q
}

// Mod is what is left of v when it is divided by m, which must be above 0: from 0 to m-1, for negative v too.
func Mod(v, m int64) int64 {
	if v %= m; v < 0 {
		v += m
	}
	return v
}

// GCD is the greatest common divisor of two numbers that are not negative, of 0 and another one the other.
func GCD(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// ErrTooMany is returned where a set would have more ranges than the caller allows.
var ErrTooMany = errors.New("too many intervals")

// Unmod is the x in [lo, hi] for which x mod m, with the sign of m as in Lua, is in the set. m must not be 0. If
// that takes more than limit ranges the error is ErrTooMany.
func (s Set) Unmod(m, lo, hi int64, limit int) (Set, error) {
	// The possible remainders.
	var residues Set
	if m > 0 {
		residues = s.Intersect(Between(0, m-1))
	} else {
		residues = s.Intersect(Between(m+1, 0))
	}
	if residues.Empty() || lo > hi {
		return nil, nil
	}
	width := m
	if m < 0 {
		if m == math.MinInt64 {
			return nil, ErrTooMany
		}
		width = -m
	}
	if len(residues) == 1 && residues[0].Hi-residues[0].Lo == width-1 {
		return Between(lo, hi), nil
	}
	// Periods from the one that holds lo to the one that holds hi.
	first, last := floorDiv(lo, width), floorDiv(hi, width)
	count := new(big.Int).Sub(last, first)
	if !count.IsInt64() || count.Int64() >= int64(limit) {
		return nil, ErrTooMany
	}
	// One period more than those that hold lo and hi: with a negative m a period lies below its multiple.
	var out Set
	base := new(big.Int).Mul(first, big.NewInt(width))
	for range count.Int64() + 2 {
		for _, r := range residues {
			l := new(big.Int).Add(base, big.NewInt(r.Lo))
			h := new(big.Int).Add(base, big.NewInt(r.Hi))
			if l.Cmp(bigMax) <= 0 && h.Cmp(bigMin) >= 0 {
				out = append(out, Range{clamp(l), clamp(h)})
			}
		}
		if len(out) > limit+2*len(residues) {
			return nil, ErrTooMany
		}
		base.Add(base, big.NewInt(width))
	}
	set := Of(out...).Intersect(Between(lo, hi))
	if len(set) > limit {
		return nil, ErrTooMany
	}
	return set, nil
}

// String lists the ranges: "0..79, 81, 443..65535"; "nothing" for the empty set.
func (s Set) String() string {
	if len(s) == 0 {
		return "nothing"
	}
	parts := make([]string, len(s))
	for i, r := range s {
		parts[i] = r.String()
	}
	return strings.Join(parts, ", ")
}

// String is "80" or "0..79".
func (r Range) String() string {
	if r.Lo == r.Hi {
		return strconv.FormatInt(r.Lo, 10)
	}
	return strconv.FormatInt(r.Lo, 10) + ".." + strconv.FormatInt(r.Hi, 10)
}
