package value

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		n    float64
		want string
	}{
		{0, "0"}, {math.Copysign(0, -1), "-0"}, {1, "1"}, {-17, "-17"},
		{0.1 + 0.2, "0.3"}, {0.1, "0.1"}, {1.0 / 3, "0.33333333333333"}, {1e-5, "1e-05"}, {0.0001, "0.0001"},
		{1e14, "1e+14"}, {1e15, "1e+15"}, {99999999999999, "99999999999999"}, {-99999999999999, "-99999999999999"},
		{123456789012345, "1.2345678901234e+14"}, {99999999999999.9, "1e+14"}, {1 << 53, "9.007199254741e+15"},
		{1e100, "1e+100"}, {5e-324, "4.9406564584125e-324"}, {math.MaxFloat64, "1.7976931348623e+308"},
		{math.Inf(1), "inf"}, {math.Inf(-1), "-inf"}, {math.NaN(), "nan"}, {-math.NaN(), "nan"},
	} {
		if got := Format(Number(c.n)); got != c.want {
			t.Errorf("Format(%v) = %q, want %q", c.n, got, c.want)
		}
	}
}

func TestParseNumber(t *testing.T) {
	for _, c := range []struct {
		text string
		want float64
	}{
		{"10", 10}, {" 10 ", 10}, {"\t\n\v\f\r10\t\n\v\f\r", 10}, {"+5", 5}, {"-5", -5}, {"1e3", 1000}, {"1E+3", 1000},
		{"5e-3", 0.005}, {"1.", 1}, {".5", .5}, {"010", 10}, {"1e400", math.Inf(1)}, {"-1e400", math.Inf(-1)},
		{"1e1000000000000", math.Inf(1)}, {"1e-400", 0}, {"4.9e-324", 5e-324}, {"2e-324", 0},
		{"0x10", 16}, {"0XfF", 255}, {"-0x10", -16}, {"0x1p4", 16}, {"0x.8", .5}, {"0x1.8", 1.5}, {"0x1.8P-1", .75},
		{"0xffffffffffffffff", 1 << 64}, {"0x1ffffffffffffffff", 1 << 65}, {"0x0", 0}, {"0x1p2000", math.Inf(1)},
		{"0." + strings.Repeat("0", 400) + "1e401", 1},
	} {
		if got, ok := ParseNumber(c.text); !ok || float64(got) != c.want {
			t.Errorf("ParseNumber(%q) = %v, %v, want %v", c.text, got, ok, c.want)
		}
	}
	for _, text := range []string{"", " ", "a", "10a", "1 0", "- 5", "--5", "+-5", ".", "-", "e3", ".e3", "1e", "1e+", "1e3.5", "1e 3",
		"0x", "0xg", "0x.", "0x.p1", "0x1p", "0x1p+", "0x-1", "x10", "1_000", "0x1_0", "inf", "-inf", "Infinity", "nan", "nan(1)",
		"1\x00", "\x001", "1d3", "1f", "0b1", "0o7", "1,5", "\u00a01", "١"} {
		if got, ok := ParseNumber(text); ok {
			t.Errorf("ParseNumber(%q) = %v, want none", text, got)
		}
	}
	if n, ok := ParseNumber("-0"); !ok || !math.Signbit(float64(n)) {
		t.Error("-0 must keep its sign")
	}
}

// A number that 17 digits tell is read back as it was.
func TestNumbersRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := math.Float64frombits(rapid.Uint64().Draw(t, "bits"))
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return
		}
		for _, text := range []string{fmt.Sprintf("%.17g", x), fmt.Sprintf("%x", x)} {
			if got, ok := ParseNumber(text); !ok || float64(got) != x {
				t.Fatalf("ParseNumber(%q) = %v, %v", text, got, ok)
			}
		}
		// 14 digits lose what is behind them, and no more.
		got, ok := ParseNumber(Format(Number(x)))
		if !ok || !math.IsInf(float64(got), 0) && math.Abs(float64(got)-x) > math.Abs(x)*1e-13+5e-324 {
			t.Fatalf("Format(%v) = %q", x, Format(Number(x)))
		}
	})
}

func TestCoercion(t *testing.T) {
	if n, ok := ToNumber(String(" 0x10 ")); !ok || n != 16 {
		t.Error(n, ok)
	}
	if s, ok := ToString(Number(0.1)); !ok || s != "0.1" {
		t.Error(s, ok)
	}
	for _, v := range []Value{Nil{}, Bool(true), &Table{}, &Builtin{}} {
		if _, ok := ToNumber(v); ok {
			t.Errorf("%v is no number", v)
		}
		if _, ok := ToString(v); ok {
			t.Errorf("%v is no string", v)
		}
	}
}

func TestMod(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct{ a, b, want float64 }{
		{5, 3, 2}, {-5, 3, 1}, {5, -3, -1}, {-5, -3, -2}, {5.5, 2, 1.5}, {-0.5, 1, 0.5},
		{1, 0, nan}, {1, inf, nan}, {-1, inf, nan}, {inf, 1, nan}, {nan, 1, nan}, {0, 1, 0},
	} {
		got := float64(Mod(Number(c.a), Number(c.b)))
		if got != c.want && !(got != got && c.want != c.want) {
			t.Errorf("%v %% %v = %v, want %v", c.a, c.b, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64Range(-1<<40, 1<<40).Draw(t, "a"), rapid.Int64Range(-1<<10, 1<<10).Draw(t, "b")
		if b == 0 {
			return
		}
		want := a % b
		if want != 0 && (want < 0) != (b < 0) {
			want += b
		}
		if got := Mod(Number(a), Number(b)); got != Number(want) {
			t.Fatalf("%d %% %d = %v, want %d", a, b, got, want)
		}
	})
}

func TestOrder(t *testing.T) {
	nan := Number(math.NaN())
	for _, c := range []struct {
		a, b         Value
		less, le, ok bool
	}{
		{Number(1), Number(2), true, true, true}, {Number(2), Number(2), false, true, true}, {nan, nan, false, false, true},
		{String("a"), String("b"), true, true, true}, {String("a"), String("a\x00"), true, true, true},
		{String("z"), String("\xe4"), true, true, true}, {String("Z"), String("a"), true, true, true},
		{String("10"), String("9"), true, true, true}, {String(""), String(""), false, true, true},
		{String("1"), Number(2), false, false, false}, {Nil{}, Nil{}, false, false, false}, {Bool(false), Bool(true), false, false, false},
	} {
		if less, ok := Less(c.a, c.b); less != c.less || ok != c.ok {
			t.Errorf("Less(%v, %v) = %v, %v", c.a, c.b, less, ok)
		}
		if le, ok := LessEqual(c.a, c.b); le != c.le || ok != c.ok {
			t.Errorf("LessEqual(%v, %v) = %v, %v", c.a, c.b, le, ok)
		}
	}
	for _, c := range []struct {
		a, b Value
		want bool
	}{{Number(0), Number(math.Copysign(0, -1)), true}, {nan, nan, false}, {String("1"), Number(1), false}, {Nil{}, Nil{}, true}, {Nil{}, Bool(false), false},
		{&Table{}, &Table{}, false}} {
		if Equal(c.a, c.b) != c.want {
			t.Errorf("Equal(%v, %v) must be %v", c.a, c.b, c.want)
		}
	}
}

func FuzzParseNumber(f *testing.F) {
	for _, s := range []string{"1", " 0x1.8p3 ", "1e+", "nan", "-.5e-3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, ok := ParseNumber(s)
		if !ok && n != 0 {
			t.Errorf("ParseNumber(%q) = %v, false", s, n)
		}
		if n != n {
			t.Errorf("ParseNumber(%q) is NaN", s)
		}
		if m, same := ParseNumber("\t" + s + " "); m != n || same != ok {
			t.Errorf("white space around %q makes a difference", s)
		}
	})
}
