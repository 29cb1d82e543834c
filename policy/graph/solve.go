package graph

import (
	"math"
	"math/bits"

	"cellsh/policy"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
)

// solver finds values for number fields that lie in given sets and compare with each other as required.
type solver struct {
	request kauth.RequestID
	numbers map[kauth.Field]*numbers
	orders  []orderOf
}

// orderOf requires that the order of two fields is one of several.
type orderOf struct {
	a, b  kauth.Field
	order policy.Order
}

// of are the values of a field, to be restricted.
func (s *solver) of(f kauth.Field) *numbers {
	n, ok := s.numbers[f]
	if !ok {
		n = &numbers{set: interval.Between(s.request.Range(f))}
		s.numbers[f] = n
	}
	return n
}

// solve sets the fields in q, which holds the values that are liked best; false if there is no solution.
//
// Without comparisons every field is free in its set. With them, each alternative of the orders is tried: fields
// that are equal share their sets, and along "less" every class takes the least value that is left. Taking
// least values misses no solution, because a smaller value never rules out one further up.
func (s *solver) solve(q *policy.Request) bool {
	for f, n := range s.numbers {
		v, ok := n.pick(q.Int[f])
		if !ok {
			return false
		}
		if usual := Usual(s.request, f); usual != nil && !usual.Contains(v) {
			// A request that the kernel really makes says more.
			if u, ok := n.and(&numbers{set: usual}).next(math.MinInt64); ok {
				v = u
			}
		}
		q.SetInt(f, v)
	}
	if len(s.orders) == 0 {
		return true
	}
	// What is liked may happen to fit.
	fits := true
	for _, o := range s.orders {
		t := policy.Test{Kind: policy.Compare, Field: o.a, Other: o.b, Order: o.order}
		fits = fits && t.Eval(q)
	}
	if fits {
		return true
	}
	choice := make([]policy.Order, len(s.orders))
	var try func(i int) bool
	try = func(i int) bool {
		if i == len(choice) {
			return s.least(q, choice)
		}
		for _, o := range [...]policy.Order{policy.Less, policy.Equal, policy.Greater} {
			if s.orders[i].order&o != 0 {
				if choice[i] = o; try(i + 1) {
					return true
				}
			}
		}
		return false
	}
	return try(0)
}

// least solves one alternative of the orders.
func (s *solver) least(q *policy.Request, choice []policy.Order) bool {
	// Equal fields are one class.
	class := map[kauth.Field]kauth.Field{}
	find := func(f kauth.Field) kauth.Field {
		for class[f] != f {
			f = class[f]
		}
		return f
	}
	for _, o := range s.orders {
		class[o.a], class[o.b] = o.a, o.b
	}
	for i, o := range s.orders {
		if choice[i] == policy.Equal {
			class[find(o.a)] = find(o.b)
		}
	}
	domain := map[kauth.Field]*numbers{}
	for f := range class {
		c := find(f)
		if n, ok := domain[c]; ok {
			domain[c] = n.and(s.of(f))
		} else {
			domain[c] = s.of(f)
		}
	}
	greater := map[kauth.Field][]kauth.Field{}
	below := map[kauth.Field]int{}
	for i, o := range s.orders {
		a, b := find(o.a), find(o.b)
		switch choice[i] {
		case policy.Less:
			greater[a] = append(greater[a], b)
			below[b]++
		case policy.Greater:
			greater[b] = append(greater[b], a)
			below[a]++
		}
	}
	// From the least classes up; a class on a cycle is never reached.
	value := map[kauth.Field]int64{}
	atLeast := map[kauth.Field]int64{}
	var ready []kauth.Field
	for c := range domain {
		atLeast[c] = math.MinInt64
		if below[c] == 0 {
			ready = append(ready, c)
		}
	}
	for len(ready) > 0 {
		c := ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		v, ok := domain[c].next(atLeast[c])
		if !ok {
			return false
		}
		value[c] = v
		for _, g := range greater[c] {
			if v == math.MaxInt64 {
				return false
			}
			atLeast[g] = max(atLeast[g], v+1)
			if below[g]--; below[g] == 0 {
				ready = append(ready, g)
			}
		}
	}
	if len(value) < len(domain) {
		return false
	}
	for f := range class {
		q.SetInt(f, value[find(f)])
	}
	return true
}

// pick gives the value that is liked, or else the least.
func (n *numbers) pick(liked int64) (int64, bool) {
	if n.contains(liked) {
		return liked, true
	}
	return n.next(math.MinInt64)
}

// Usual is the set of values with which the kernel asks a request, nil where that is the whole range; see
// kauth.RequestID.Usual.
func Usual(id kauth.RequestID, f kauth.Field) interval.Set {
	var ranges []interval.Range
	for _, b := range id.Usual(f) {
		ranges = append(ranges, interval.Range{Lo: b.Lo, Hi: b.Hi})
	}
	if ranges == nil {
		return nil
	}
	return interval.Of(ranges...)
}

// exact gives the least number of the set from v on that a float64 holds exactly. RLIM_INFINITY counts as exact:
// Lua has it as the constant unlimited.
func exact(set interval.Set, v int64) (int64, bool) {
	for {
		n, ok := set.Next(v)
		if !ok {
			return 0, false
		}
		v = roundUp(n)
		if v == n {
			return n, true
		}
	}
}

// roundUp gives the least number from v on that a float64 holds exactly, or RLIM_INFINITY.
func roundUp(v int64) int64 {
	abs := uint64(v)
	if v < 0 {
		abs = -abs
	}
	drop := bits.Len64(abs) - 53
	if drop <= 0 {
		return v
	}
	mask := uint64(1)<<drop - 1
	if v < 0 {
		return -int64(abs &^ mask)
	}
	if abs = (abs + mask) &^ mask; abs > math.MaxInt64 {
		return kauth.Unlimited
	}
	return int64(abs)
}
