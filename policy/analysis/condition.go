package analysis

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"

	"cellsh/policy/stock"
)

// conditions says in which combinations of the facts something happens: in exactly those in which one of the
// conditions holds. happens has the byte mark at each combination in which it does; bit i of a combination's number is
// whether fact i holds. No condition has a literal that it could do without, and none of them is superfluous.
func conditions(facts []stock.Fact, happens string, mark byte) []stock.Condition {
	// A term is a set of combinations: those that agree with value in the bits of mask.
	type term struct{ mask, value int }
	covers := func(t term, c int) bool { return c&t.mask == t.value }
	within := func(t term) bool {
		for c := range len(happens) {
			if covers(t, c) && happens[c] != mark {
				return false
			}
		}
		return true
	}
	var found []term
	for c := range len(happens) {
		if happens[c] != mark || slices.ContainsFunc(found, func(t term) bool { return covers(t, c) }) {
			continue
		}
		// The largest term around the combination: facts are left out as long as it stays within.
		t := term{len(happens) - 1, c}
		for i := range facts {
			if wider := (term{t.mask &^ (1 << i), t.value &^ (1 << i)}); within(wider) {
				t = wider
			}
		}
		found = append(found, t)
	}
	// A term is superfluous if the others cover all of it.
	for i := 0; i < len(found); {
		needed := false
		for c := range len(happens) {
			needed = needed || covers(found[i], c) && !slices.ContainsFunc(found, func(t term) bool { return t != found[i] && covers(t, c) })
		}
		if needed {
			i++
		} else {
			found = slices.Delete(found, i, i+1)
		}
	}
	slices.SortFunc(found, func(a, b term) int {
		return cmp.Or(bits.OnesCount(uint(a.mask))-bits.OnesCount(uint(b.mask)), a.mask-b.mask, b.value-a.value)
	})
	var out []stock.Condition
	for _, t := range found {
		c := stock.Condition{}
		for i, f := range facts {
			if t.mask>>i&1 != 0 {
				c = append(c, stock.Literal{Fact: f, Not: t.value>>i&1 == 0})
			}
		}
		out = append(out, c)
	}
	return out
}

// truthOf is whether something happens in all combinations, in none, or in some.
func truthOf(happens string, mark byte) stock.Truth {
	switch strings.Count(happens, string(mark)) {
	case 0:
		return stock.No
	case len(happens):
		return stock.Yes
	}
	return stock.Unknown
}
