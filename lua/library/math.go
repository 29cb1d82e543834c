package library

import (
	"math"

	"cellsh/lua/value"
)

const pi = math.Pi

var huge = math.Inf(1)

// radiansPerDegree is rounded, as in C, before anything is calculated with it.
var radiansPerDegree = func(pi float64) float64 { return pi / 180 }(pi)

// maths has all functions of math but those of random numbers. Where Go and C round the last digit differently, it is
// Go's.
var maths = []definition{
	real1("abs", math.Abs),
	real1("acos", math.Acos),
	real1("asin", math.Asin),
	real1("atan", math.Atan),
	real1("ceil", math.Ceil),
	real1("cos", math.Cos),
	real1("cosh", math.Cosh),
	real1("deg", func(x float64) float64 { return x / radiansPerDegree }),
	real1("exp", math.Exp),
	real1("floor", math.Floor),
	real1("log", logarithm),
	real1("log10", decimalLogarithm),
	real1("rad", func(x float64) float64 { return x * radiansPerDegree }),
	real1("sin", math.Sin),
	real1("sinh", math.Sinh),
	real1("sqrt", math.Sqrt),
	real1("tan", math.Tan),
	real1("tanh", math.Tanh),
	real2("atan2", math.Atan2),
	real2("fmod", math.Mod),
	real2("mod", math.Mod),
	real2("pow", func(x, y float64) float64 { return float64(value.Pow(value.Number(x), value.Number(y))) }),
	{name: "math.ldexp", call: func(a *Args) []value.Value { return number(math.Ldexp(a.Number(1), a.Integer(2))) }},
	{name: "math.frexp", call: func(a *Args) []value.Value {
		fraction, exponent := math.Frexp(a.Number(1))
		return []value.Value{value.Number(fraction), value.Number(exponent)}
	}},
	{name: "math.modf", call: func(a *Args) []value.Value {
		x := a.Number(1)
		whole, fraction := math.Modf(x)
		if math.IsInf(x, 0) {
			fraction = math.Copysign(0, x)
		}
		return []value.Value{value.Number(whole), value.Number(fraction)}
	}},
	extreme("max", func(x, y float64) bool { return x > y }),
	extreme("min", func(x, y float64) bool { return x < y }),
}

// smallestNormal is the smallest number with all its digits. Go's logarithms of those below it are wrong on some machines.
const smallestNormal = 0x1p-1022

func logarithm(x float64) float64 {
	if 0 < x && x < smallestNormal {
		return math.Log(x*0x1p60) - 60*math.Ln2
	}
	return math.Log(x)
}

// decimalLogarithm is exact for powers of ten, where Go's is not.
func decimalLogarithm(x float64) float64 {
	result := logarithm(x) / math.Ln10
	if n := math.Round(result); math.Abs(n) < 300 && math.Pow10(int(n)) == x {
		return n
	}
	return result
}

func real1(name string, f func(float64) float64) definition {
	return definition{name: "math." + name, call: func(a *Args) []value.Value { return number(f(a.Number(1))) }}
}

func real2(name string, f func(x, y float64) float64) definition {
	return definition{name: "math." + name, call: func(a *Args) []value.Value { return number(f(a.Number(1), a.Number(2))) }}
}

func extreme(name string, better func(x, y float64) bool) definition {
	return definition{name: "math." + name, call: func(a *Args) []value.Value {
		best := a.Number(1)
		for i := 2; i <= len(a.values); i++ {
			if x := a.Number(i); better(x, best) {
				best = x
			}
		}
		return number(best)
	}}
}
