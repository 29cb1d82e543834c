package interval

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// small draws sets whose members lie in -40..40, so that properties can be checked member by member.
func small(t *rapid.T, label string) Set {
	n := rapid.IntRange(0, 5).Draw(t, label+" ranges")
	ranges := make([]Range, n)
	for i := range ranges {
		lo := rapid.Int64Range(-40, 40).Draw(t, label+" lo")
		ranges[i] = Range{lo, lo + rapid.Int64Range(-1, 9).Draw(t, label+" width")}
	}
	return Of(ranges...)
}

func TestAlgebra(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := small(t, "a"), small(t, "b")
		by := rapid.Int64Range(-7, 7).Filter(func(v int64) bool { return v != 0 }).Draw(t, "by")
		union, both, not, minus, shift, unscale := a.Union(b), a.Intersect(b), a.Complement(), a.Minus(b), a.Shift(by), a.Unscale(by)
		unmod, err := a.Unmod(by, -60, 60, 4096)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []Set{union, both, not, minus, shift, unscale, unmod} {
			for i := range s {
				if s[i].Lo > s[i].Hi || i > 0 && s[i].Lo <= s[i-1].Hi+1 {
					t.Fatalf("not canonical: %v", s)
				}
			}
		}
		for v := int64(-120); v <= 120; v++ {
			check := func(what string, s Set, want bool) {
				if s.Contains(v) != want {
					t.Fatalf("%s of %v and %v by %d: %d in %v is %v", what, a, b, by, v, s, !want)
				}
			}
			check("union", union, a.Contains(v) || b.Contains(v))
			check("intersection", both, a.Contains(v) && b.Contains(v))
			check("complement", not, !a.Contains(v))
			check("difference", minus, a.Contains(v) && !b.Contains(v))
			check("shift", shift, a.Contains(v-by))
			check("unscale", unscale, a.Contains(v*by))
			mod := v % by
			if mod != 0 && (mod < 0) != (by < 0) {
				mod += by
			}
			check("unmod", unmod, -60 <= v && v <= 60 && a.Contains(mod))
		}
	})
}

func TestBounds(t *testing.T) {
	if got := Of(Range{math.MinInt64, math.MaxInt64}).Complement(); !got.Empty() {
		t.Errorf("complement of everything is %v", got)
	}
	if got := Single(math.MaxInt64).Complement(); !got.Equal(Between(math.MinInt64, math.MaxInt64-1)) {
		t.Errorf("complement of the largest is %v", got)
	}
	if got := Between(math.MaxInt64-1, math.MaxInt64).Shift(1); !got.Equal(Single(math.MaxInt64)) {
		t.Errorf("shift out of range gives %v", got)
	}
	if got := Single(math.MinInt64).Unscale(-1); !got.Empty() {
		t.Errorf("no x of 64 bits has -x = -2^63, but got %v", got)
	}
	if _, err := Single(0).Unmod(2, 0, math.MaxUint32, 4096); err != ErrTooMany {
		t.Errorf("even numbers of 32 bits: %v", err)
	}
	if got, err := Between(0, 1).Unmod(2, 0, math.MaxInt64, 4096); err != nil || !got.Equal(Between(0, math.MaxInt64)) {
		t.Errorf("every remainder: %v, %v", got, err)
	}
}

func TestGCD(t *testing.T) {
	for x, want := range map[[2]int64]int64{{12, 18}: 6, {18, 12}: 6, {5, 7}: 1, {0, 5}: 5, {7, 0}: 7, {1, math.MaxInt64}: 1, {1 << 62, 1 << 61}: 1 << 61} {
		if got := GCD(x[0], x[1]); got != want {
			t.Errorf("%d and %d have %d, want %d", x[0], x[1], got, want)
		}
	}
}
