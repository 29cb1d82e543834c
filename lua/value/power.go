package value

import "math"

// Pow is a ^ b, rounded once from a result with twice the digits: what is exact comes out exact, and the result does not
// depend on the machine. The pow of C is within a hair of that.
func Pow(a, b Number) Number {
	x, y := float64(a), float64(b)
	negative := false
	switch {
	case x == 0 || x == 1 || y == 0 || x-x != 0 || y-y != 0 || x < 0 && y != math.Trunc(y):
		// Infinities, NaN and the like, which IEEE 754 defines.
		return Number(math.Pow(x, y))
	case x < 0:
		x, negative = -x, math.Mod(y, 2) != 0
	}
	fraction, exponent := math.Frexp(x)
	var result float64
	switch size := y * (float64(exponent) + math.Log2(fraction)); {
	case size > 1100:
		result = math.Inf(1)
	case size < -1200:
		result = 0
	case y == math.Trunc(y) && math.Abs(y) <= maxMultiplied:
		result = multiplied(fraction, exponent, int(y))
	default:
		result = logarithm(fraction, exponent).times(y).exponential()
	}
	if negative {
		result = -result
	}
	return Number(result)
}

// maxMultiplied is the highest exponent for which multiplying is exact enough.
const maxMultiplied = 1 << 20

// multiplied is (fraction * 2^exponent)^n by squaring.
func multiplied(fraction float64, exponent, n int) float64 {
	result, power := pair{1, 0}, pair{fraction, 0}
	resultExponent, powerExponent := 0, exponent
	for rest := max(n, -n); ; {
		if rest&1 != 0 {
			result, resultExponent = result.multiply(power), resultExponent+powerExponent
		}
		if rest >>= 1; rest == 0 {
			break
		}
		power, powerExponent = power.multiply(power), 2*powerExponent
		// Away from the smallest numbers, where digits are lost.
		_, e := math.Frexp(power.high)
		power, powerExponent = power.scale(-e), powerExponent+e
		_, e = math.Frexp(result.high)
		result, resultExponent = result.scale(-e), resultExponent+e
	}
	if n < 0 {
		result, resultExponent = pair{1, 0}.divide(result), -resultExponent
	}
	return math.Ldexp(result.high+result.low, resultExponent)
}

// pair is a number with twice the digits: the sum of two, of which the second is at most half a unit of the last digit of
// the first. The conversions keep compilers from rounding fewer times than is written.
type pair struct{ high, low float64 }

// sum is a + b for any two numbers.
func sum(a, b float64) pair {
	s := float64(a + b)
	t := float64(s - a)
	return pair{s, float64(float64(a-float64(s-t)) + float64(b-t))}
}

func (p pair) add(q pair) pair {
	s := sum(p.high, q.high)
	return sum(s.high, float64(s.low+float64(p.low+q.low)))
}

func (p pair) multiply(q pair) pair {
	h := float64(p.high * q.high)
	l := math.FMA(p.high, q.high, -h)
	l = math.FMA(p.high, q.low, l)
	l = math.FMA(p.low, q.high, l)
	return sum(h, l)
}

func (p pair) times(x float64) pair { return p.multiply(pair{x, 0}) }

func (p pair) divide(q pair) pair {
	h := float64(p.high / q.high)
	rest := p.add(q.times(-h))
	return sum(h, float64(rest.high/q.high))
}

func (p pair) scale(exponent int) pair {
	return pair{math.Ldexp(p.high, exponent), math.Ldexp(p.low, exponent)}
}

// ln2 is the logarithm of 2.
var ln2 = pair{0.693147180559945309417232121458176568, 2.3190468138462996e-17}

// logarithm is that of fraction * 2^exponent, for a fraction from 0.5 to 1.
func logarithm(fraction float64, exponent int) pair {
	if fraction < math.Sqrt2/2 {
		fraction, exponent = 2*fraction, exponent-1
	}
	// log(f) = 2 atanh(s) = 2 (s + s^3/3 + s^5/5 + ...)
	s := pair{fraction - 1, 0}.divide(sum(fraction, 1))
	square := s.multiply(s)
	series := pair{}
	for n := 45; n > 0; n -= 2 {
		series = series.multiply(square).add(pair{1, 0}.divide(pair{float64(n), 0}))
	}
	return series.multiply(s).scale(1).add(ln2.times(float64(exponent)))
}

// exponential is e^p.
func (p pair) exponential() float64 {
	halvings := math.Round(p.high / ln2.high)
	rest := p.add(ln2.times(-halvings))
	series := pair{1, 0}
	for n := 26; n > 0; n-- {
		series = series.multiply(rest).divide(pair{float64(n), 0}).add(pair{1, 0})
	}
	return math.Ldexp(series.high+series.low, int(halvings))
}
