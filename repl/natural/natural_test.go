package natural

import (
	"cmp"
	"testing"

	"pgregory.net/rapid"
)

func TestCompare(t *testing.T) {
	sorted := []string{"", "-", "1", "01", "2", "10", "a", "a0", "a1", "a1b", "a01c", "a2", "a10", "a10.2", "a10.11", "b", "web-9", "web-10", "web-18446744073709551616"}
	for i, a := range sorted {
		for j, b := range sorted {
			if a == "1" && b == "01" || a == "01" && b == "1" {
				continue // which of them is first does not matter
			}
			if got, want := Compare(a, b), cmp.Compare(i, j); got != want {
				t.Errorf("%q and %q: %d", a, b, got)
			}
		}
	}
	text := rapid.StringMatching(`[ab0-2]{0,5}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := text.Draw(t, "a"), text.Draw(t, "b"), text.Draw(t, "c")
		if Compare(a, b) != -Compare(b, a) || (Compare(a, b) == 0) != (a == b) || Compare(a, b) <= 0 && Compare(b, c) <= 0 && Compare(a, c) > 0 {
			t.Fatalf("%q %q %q: %d %d %d", a, b, c, Compare(a, b), Compare(b, c), Compare(a, c))
		}
	})
}
