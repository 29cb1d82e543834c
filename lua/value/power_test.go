package value

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestPow(t *testing.T) {
	inf, nan, zero := math.Inf(1), math.NaN(), math.Copysign(0, -1)
	for _, c := range []struct{ x, y, want float64 }{
		{2, 10, 1024}, {10, 15, 1e15}, {10, -1, 0.1}, {10, -15, 1e-15}, {-2, 3, -8}, {-2, 2, 4}, {-2, -1, -0.5},
		{4, 0.5, 2}, {8, 1.0 / 3, 2}, {2, 0.5, math.Sqrt2}, {1000, 1.0 / 3, 9.999999999999998}, {16, 0.25, 2}, {0.25, -0.5, 2},
		{2, 1023, 0x1p1023}, {2, 1024, inf}, {2, -1074, 0x1p-1074}, {2, -1080, 0}, {-2, 1025, -inf}, {-10, -401, zero}, {10, 400, inf},
		{0, 0, 1}, {nan, 0, 1}, {1, nan, 1}, {0, -1, inf}, {zero, -1, -inf}, {zero, 3, zero}, {-8, 1.0 / 3, nan}, {inf, -1, 0}, {2, inf, inf}, {0.5, inf, 0},
		{-1, inf, 1}, {-inf, 3, -inf}, {nan, 1, nan}, {2, nan, nan}, {1.0000000000000002, 1 << 53, 7.3890560989306486}, {-1, 1<<53 - 1, -1},
	} {
		got := float64(Pow(Number(c.x), Number(c.y)))
		if math.Float64bits(got) != math.Float64bits(c.want) && !(got != got && c.want != c.want) {
			t.Errorf("%v ^ %v = %v, want %v", c.x, c.y, got, c.want)
		}
	}
}

// Powers of whole numbers are rounded once: what is exact is exact.
func TestWholePowers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := float64(rapid.Int64Range(-1<<20, 1<<20).Draw(t, "x")) / float64(rapid.SampledFrom([]int{1, 1, 8, 10}).Draw(t, "divisor"))
		n := rapid.IntRange(0, 60).Draw(t, "n")
		exact := new(big.Float).SetPrec(8000).SetInt64(1)
		for range n {
			exact.Mul(exact, new(big.Float).SetFloat64(x))
		}
		want, accuracy := exact.Float64()
		got := float64(Pow(Number(x), Number(n)))
		if got == want {
			return
		}
		// Only what is half between two numbers may go either way.
		other := new(big.Float).SetPrec(8000).SetFloat64(got)
		first := new(big.Float).Sub(exact, other)
		second := new(big.Float).Sub(exact, new(big.Float).SetFloat64(want))
		if accuracy == big.Exact || first.Abs(first).Cmp(second.Abs(second)) != 0 {
			t.Fatalf("%v ^ %d = %v, want %v", x, n, got, want)
		}
	})
}

// Roots are the inverse of powers.
func TestRoots(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.IntRange(1, 1000).Draw(t, "x")
		n := rapid.IntRange(2, 5).Draw(t, "n")
		power := Pow(Number(x), Number(n))
		if root := Pow(power, Number(1/float64(n))); math.Abs(float64(root)-float64(x)) > 1e-12*float64(x) {
			t.Fatalf("the root %d of %v is %v, want %d", n, power, root, x)
		}
		if whole, float := Pow(Number(x), Number(n)), logarithm(math.Frexp(float64(x))).times(float64(n)).exponential(); float64(whole) != float && x > 1 {
			t.Fatalf("%d ^ %d is %v by multiplying, but %v by the logarithm", x, n, whole, float)
		}
	})
}
