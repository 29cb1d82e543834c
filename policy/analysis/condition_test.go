package analysis

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cellsh/policy/stock"
)

// holds evaluates conditions by hand.
func holds(list []stock.Condition, facts []stock.Fact, combination int) bool {
	for _, c := range list {
		all := true
		for _, l := range c {
			i := slices.Index(facts, l.Fact)
			all = all && (combination>>i&1 != 0) != l.Not
		}
		if all {
			return true
		}
	}
	return false
}

func TestConditionsSayWhatTheTableSays(t *testing.T) {
	all := []stock.Fact{stock.SameSession, stock.OwnsQueue, stock.OwnsMount, stock.RouteGet, stock.TTYClosed}
	rapid.Check(t, func(rt *rapid.T) {
		facts := all[:rapid.IntRange(0, len(all)).Draw(rt, "facts")]
		var table strings.Builder
		for range 1 << len(facts) {
			table.WriteByte(rapid.SampledFrom([]byte("yn")).Draw(rt, "value"))
		}
		happens := table.String()
		list := conditions(facts, happens, 'y')
		same := func(list []stock.Condition) bool {
			for c := range len(happens) {
				if holds(list, facts, c) != (happens[c] == 'y') {
					return false
				}
			}
			return true
		}
		if !same(list) {
			rt.Fatalf("%s: %v", happens, list)
		}
		for i, c := range list {
			if same(slices.Delete(slices.Clone(list), i, i+1)) {
				rt.Fatalf("%s: %v is superfluous in %v", happens, c, list)
			}
			for k := range c {
				shorter := slices.Clone(list)
				shorter[i] = slices.Delete(slices.Clone(c), k, k+1)
				if same(shorter) {
					rt.Fatalf("%s: %v could do without %v", happens, c, c[k])
				}
			}
		}
	})
}

func TestConditions(t *testing.T) {
	facts := []stock.Fact{stock.TTYClosed, stock.TTYShared}
	for _, c := range []struct{ happens, want string }{
		{"nnnn", ""},
		{"yyyy", "always"},
		{"nyny", "the terminal is not open"},
		{"ynyn", "the terminal is open"},
		{"nnny", "the terminal is not open, and the terminal is not for exclusive use (TIOCEXCL)"},
		{"nyyy", "the terminal is not open; the terminal is not for exclusive use (TIOCEXCL)"},
		{"ynny", "the terminal is not open, and the terminal is not for exclusive use (TIOCEXCL); the terminal is open, and the terminal is for exclusive use (TIOCEXCL)"},
	} {
		var parts []string
		for _, x := range conditions(facts, c.happens, 'y') {
			parts = append(parts, x.String())
		}
		if got := strings.Join(parts, "; "); got != c.want {
			t.Errorf("%s: %q, want %q", c.happens, got, c.want)
		}
	}
}
