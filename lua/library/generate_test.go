package library

import (
	"math"
	"math/rand/v2"
	"strings"

	"cellsh/lua/value"
)

// The numbers that calls are made with: around what integers and casts can hold, and the odd ones.
var oddNumbers = []float64{0, math.Copysign(0, -1), 1, -1, 2, -2, 3, 7, 10, -10, 0.5, -0.5, 1.5, -1.5, 2.5, 0.1, 1.0 / 3, 42.195, 100, 255, 256, 1000, 65535, 1e6,
	12345678.9, 1e10, 1 << 31, -1 << 31, 1<<31 - 1, 1 << 32, 99999999999999, 1e14, 123456789012345, 1e15, 1 << 53, 1<<53 - 1, 1 << 62, 1 << 63, -1 << 63, 1.5e19, 1 << 64, 1e20, 1e100,
	-1e100, 1e300, math.MaxFloat64, math.SmallestNonzeroFloat64, 2.2250738585072014e-308, 1e-5, 0.0001, 123.456e-7, 9.9999999e5, 999999.5, 0.99999999999999994,
	math.Pi, math.E, math.Inf(1), math.Inf(-1), math.NaN()}

// The strings: with white space, all bytes, and what looks like a number.
var oddStrings = []string{"", "a", "abc", "hello world", "ABC xyz 123", " 10 ", "0x10", "1e3", "-7", "line\nbreak\r\ttab", "quote\"back\\slash", "\x80\xff\xe4", "%d", "a.b.c",
	"foo(bar(baz))qux", "aaa", "key = value", "2026-11-27", "192.168.0.1", "THE (quick) fox", "x=1, y=2; z=3"}

// generateCalls are the calls that are recorded. They are the same every time.
func generateCalls() []recordedCall {
	g := &generator{r: rand.New(rand.NewPCG(1, 2))}
	g.numbers()
	g.formats()
	g.strings()
	g.patterns()
	g.tables()
	g.maths()
	g.dates()
	return g.calls
}

type generator struct {
	r     *rand.Rand
	calls []recordedCall
}

func (g *generator) add(name string, args ...any) {
	g.calls = append(g.calls, recordedCall{name: name, args: list(args...)})
}

func pick[T any](g *generator, from []T) T { return from[g.r.IntN(len(from))] }

// float is any number: of random bits, of few digits, or an odd one.
func (g *generator) float() float64 {
	switch g.r.IntN(4) {
	case 0:
		return math.Float64frombits(g.r.Uint64())
	case 1:
		return float64(g.r.IntN(2000)-1000) / math.Pow(10, float64(g.r.IntN(4)))
	case 2:
		return pick(g, oddNumbers)
	}
	return g.r.NormFloat64() * math.Pow(10, float64(g.r.IntN(40)-20))
}

func (g *generator) numbers() {
	for _, x := range oddNumbers {
		g.add("tostring", x)
		g.add("concat", x, "|")
		g.add("concat", x, x)
		for _, y := range oddNumbers {
			if g.r.IntN(4) == 0 {
				g.add("mod", x, y)
			}
		}
	}
	for range 500 {
		g.add("tostring", g.float())
		x, y := g.float(), g.float()
		for _, name := range []string{"add", "sub", "mul", "div", "mod", "less", "lessequal", "equal"} {
			if g.r.IntN(3) == 0 {
				g.add(name, x, y)
			}
		}
	}
	for _, x := range oddStrings {
		for _, y := range oddStrings {
			if g.r.IntN(4) == 0 {
				g.add("less", x, y)
				g.add("lessequal", x, y)
			}
		}
		g.add("concat", x, 1.5)
		g.add("add", "10", " 0x10 ")
	}
	g.add("less", 1, "2")
	g.add("less", nil, nil)
	g.add("equal", 1, "1")
	g.add("concat", nil, "x")
	g.add("concat", true, "x")

	parts := []string{"1", "0", "9", "0x", "e", "E", "+", "-", ".", " ", "\t", "f", "p", "x", "_", "\n", "a", "23", "e5", "e-3", "p2", "0X"}
	for range 1500 {
		var s strings.Builder
		for range 1 + g.r.IntN(6) {
			s.WriteString(pick(g, parts))
		}
		g.add("tonumber", s.String())
	}
	for _, s := range []string{"", "10", " 10 ", "1e400", "-1e400", "0x", "0xg", "1e", "1e+", "1 2", "1_000", "0x1p4", "0x.8", "0x1.8p-2", "0xffffffffffffffffff", "5e-324", "2e-324",
		"0." + strings.Repeat("0", 300) + "1", strings.Repeat("9", 400), "123456789012345678901234567890", "0b1", "1f", "1L", "1,5", "١", "\v1\f", "--1", "+-1", "+1", "-0", "0x-1"} {
		g.add("tonumber", s)
		g.add("tonumber", s, 10)
	}
	for _, x := range oddNumbers {
		g.add("tonumber", x)
	}
	g.add("tonumber", nil)
	g.add("tonumber", true)
	g.add("tonumber")
	g.add("tonumber", "1", 1)
	g.add("tonumber", "1", 37)
	g.add("tonumber", "1", "x")
	for range 500 {
		base := 2 + g.r.IntN(35)
		var s strings.Builder
		for range 1 + g.r.IntN(8) {
			s.WriteByte("0123456789abcdefghijklmnopqrstuvwxyzABCXYZ"[g.r.IntN(min(42, base+2))])
		}
		g.add("tonumber", pick(g, []string{"", "", "", " ", "+", "0x", "\t"})+s.String()+pick(g, []string{"", "", " ", "x", "_"}), base)
	}
	for _, v := range []any{nil, true, false, "x", 1.5} {
		g.add("tostring", v)
		g.add("type", v)
	}
	g.add("type")
	g.add("tostring")
	for i := -4; i <= 5; i++ {
		g.add("select", i, "a", "b", "c")
	}
	g.add("select", "#", 1, nil, nil)
	g.add("select", "#")
	g.add("select", "x", 1)
	g.add("select")
	g.add("select", 1.9, "a", "b")
	g.add("select", "2", "a", "b")
}

func (g *generator) formats() {
	for range 3000 {
		var form strings.Builder
		form.WriteString(pick(g, []string{"", "", "", "<", "a%%"}))
		form.WriteByte('%')
		for g.r.IntN(5) < 2 {
			form.WriteByte("-+ #0"[g.r.IntN(5)])
		}
		if g.r.IntN(2) == 0 {
			form.WriteString(pick(g, []string{"1", "2", "5", "8", "10", "20", "35", "99"}))
		}
		if g.r.IntN(2) == 0 {
			form.WriteString(pick(g, []string{".", ".0", ".1", ".2", ".3", ".6", ".10", ".14", ".17", ".30", ".99"}))
		}
		verb := "diuoxXcsqeEfgG"[g.r.IntN(14)]
		form.WriteByte(verb)
		form.WriteString(pick(g, []string{"", "", ">", "%%"}))
		var arg any
		switch verb {
		case 's', 'q':
			if arg = pick(g, oddStrings); g.r.IntN(4) == 0 {
				arg = g.float()
			}
		case 'c':
			arg = 1 + g.r.IntN(255)
		default:
			if arg = g.float(); g.r.IntN(20) == 0 {
				arg = pick(g, oddStrings)
			}
		}
		g.add("string.format", form.String(), arg)
	}
	for _, x := range oddNumbers {
		for _, form := range []string{"%d", "%u", "%x", "%o", "%g", "%e", "%f", "%.0f", "%.14g", "%5.1f", "%s", "%#o", "%#x", "%#.0e", "%#g", "%+d", "% d", "%05d", "%.3d", "%.0d", "%i"} {
			g.add("string.format", form, x)
		}
	}
	for _, c := range [][]any{
		{"%"}, {"%%"}, {"%5%"}, {"%y", 1}, {"%l", 1}, {"%ld", 1}, {"%*d", 1, 1}, {"%123d", 1}, {"%.123d", 1}, {"%-+ #0d", 1}, {"%-+ #00d", 1}, {"%-+ #000d", 1}, {"%5.5.5d", 1}, {"%d"}, {"%s"}, {"%q"},
		{"%d", nil}, {"%d", true}, {"%q", nil}, {"%c", "65"}, {"%d %d", 1}, {"%d", 1, 2, 3}, {"", 1}, {"%s%s%s", 1, "b", 3}, {"%d", " 0x10 "}, {"%D", 1}, {"%p", 1}, {"%a", 1}, {"%n", 1},
		{"%s", strings.Repeat("x", 150)}, {"%50s", strings.Repeat("x", 150)}, {"%.20s", strings.Repeat("x", 150)}, {"%q", "a\x00b\r\nc\\\"d"}, {"%-10q|", "x"}, {"%c%c", 10, 200}, {"%c", 321}, {"%c", -1},
		{"%5s|%-5s|%.1s|%5.1s|", "ab", "ab", "ab", "ab"}, {nil}, {}, {123}, {"%2$s", "x"}, {"% s", "x"}, {"%05s", "x"}, {"%05c", 65}, {"%+c", 65}, {"%.0c", 65}, {"%'d", 1000}, {"%hd", 1}, {"%F", 1}} {
		g.add("string.format", c...)
	}
}

func (g *generator) index() any {
	return pick(g, []any{-100, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 100, 1.9, -1.9, "2", 0.5})
}

func (g *generator) strings() {
	for range 600 {
		s := pick(g, oddStrings)
		g.add("string.sub", s, g.index(), g.index())
		g.add("string.byte", s, g.index(), g.index())
		g.add("plain.find", s, s[g.r.IntN(len(s)+1):][:0]+pick(g, []string{"", "a", "o", "b", ".", "bc"}), g.index())
	}
	for _, s := range oddStrings {
		for _, name := range []string{"len", "lower", "upper", "reverse", "byte", "sub"} {
			g.add("string."+name, s)
		}
		g.add("string.sub", s, 2)
		g.add("string.byte", s, -1)
		for _, n := range []any{-1, 0, 1, 3, 2.9, "2", nil} {
			g.add("string.rep", s, n)
		}
	}
	for _, name := range []string{"len", "lower", "upper", "reverse", "rep", "sub", "byte", "find", "match", "format"} {
		for _, v := range []any{nil, true, 12.5} {
			g.add("string."+name, v, 1)
		}
		g.add("string." + name)
	}
	for _, args := range [][]any{{}, {65}, {0, 255}, {256}, {-1}, {"66", 67.9}, {"x"}, {nil}, {65, nil}, {1e10}} {
		g.add("string.char", args...)
	}
}

func (g *generator) pattern() string {
	items := []string{"a", "b", ".", "%a", "%d", "%s", "%w", "%p", "%u", "%x", "%A", "%S", "%.", "%%", "[ab]", "[^a]", "[a-c]", "[%w_]", "[^%s]", "[a-]", "[]]", "[^]]", "%1", "%2", "%b()", "%f[%w]", "%f[^%w]",
		"()", "x", "l", "o", " ", "%z", "%c", "%l", "%g", "-", "=", "1"}
	malformed := []string{"%", "[", "[a", "[^", "[%", "[]", "(", ")", "%f", "%fa", "%b", "%ba", "%0", "%3", "(()", "%f["}
	var p strings.Builder
	if g.r.IntN(5) == 0 {
		p.WriteByte('^')
	}
	open := 0
	for range 1 + g.r.IntN(5) {
		switch g.r.IntN(12) {
		case 0, 1:
			p.WriteByte('(')
			open++
			p.WriteString(pick(g, items))
		case 2:
			if open > 0 {
				p.WriteByte(')')
				open--
			}
		case 3:
			if g.r.IntN(4) == 0 {
				p.WriteString(pick(g, malformed))
			}
		}
		p.WriteString(pick(g, items))
		p.WriteString(pick(g, []string{"", "", "", "*", "+", "-", "?"}))
	}
	if g.r.IntN(10) > 0 {
		p.WriteString(strings.Repeat(")", open))
	}
	if g.r.IntN(6) == 0 {
		p.WriteByte('$')
	}
	return p.String()
}

func (g *generator) patterns() {
	subjects := append([]string{"aaab", "abab", "a.b", "x1y22", "((a)b)(c", "THE (quick) fox", "  trim  ", "a,b,,c", "\x00a\x00", "aXbXc"}, oddStrings...)
	replacements := []any{"", "<%0>", "%1", "%1%1", "%2", "%%", "x", 7, "%a", "[%1%2]"}
	for range 3000 {
		s, p := pick(g, subjects), g.pattern()
		switch g.r.IntN(7) {
		case 0, 1:
			g.add("string.find", s, p)
		case 2:
			g.add("string.find", s, p, g.index())
		case 3:
			g.add("string.match", s, p)
		case 4:
			if strings.Count(p, "(") <= 4 {
				g.add("gmatch", s, p)
			}
		case 5:
			g.add("string.gsub", s, p, pick(g, replacements))
		case 6:
			switch g.r.IntN(3) {
			case 0:
				g.add("gsubtable", s, p)
			case 1:
				g.add("gsubfunction", s, p)
			case 2:
				g.add("string.gsub", s, p, pick(g, replacements), pick(g, []any{-1, 0, 1, 2, 100}))
			}
		}
	}
	for _, c := range [][2]string{
		{"hello world from Lua", "%a+"}, {"THE (quick) fox", "%f[%a]%a+%f[%A]"}, {"  trim  ", "^%s*(.-)%s*$"}, {"key = value", "(%w+)%s*=%s*(%w+)"}, {"f(a(b)c)d", "%b()"}, {"abc", "()b()"}, {"abc", ""},
		{"abc", "^"}, {"abc", "$"}, {"abc", "^$"}, {"", "^$"}, {"", ""}, {"abc$", "c$"}, {"abc$", "$$"}, {"a^b", "a^b"}, {"^a", "^^a"}, {"abcabc", "(abc)%1"}, {"a b", "(%a) (%a)"}, {"aaa", "a-"}, {"aaa", "a-$"},
		{"aaa", "a?a?a?a?"}, {"[x]", "[[]x[]]"}, {"a-c", "[a%-]+"}, {"a]b", "[]]"}, {"a]b", "[^]]+"}, {"0123", "[1-3]+"}, {"x-y", "[x-]+"}, {"x%y", "%%"}, {"%d", "%%d"}, {"ab", "(a)(b)(c?)"}, {"ab", "((a)(b))"},
		{"ab", "(()a())"}, {"ab", "%1"}, {"ab", "(a)%2"}, {"ab", "(a%1)"}, {"ab", "a)"}, {"ab", "(a"}, {"ab", "(a))"}, {"ab", "[a"}, {"ab", "%"}, {"ab", "a%"}, {"ab", "[%a"}, {"ab", "%f"}, {"ab", "%fa"}, {"ab", "%b"},
		{"ab", "%bx"}, {"ab", strings.Repeat("()", 32)}, {"ab", strings.Repeat("()", 33)}, {"\x00x", "%z"}, {"\x00x", "[%z]"}, {"\x00x", "%Z"}, {"x\x00", "x."}, {"aXb", "%u"}, {"aXb", "%U+"}, {"\x80\xff", "%a"}, {"\x80\xff", "[\x80-\xff]+"},
		{"abc", "*"}, {"abc", "+"}, {"abc", "?"}, {"a*c", "**"}, {"a+b", "++"}, {"abc", "a**"}, {"a.b", "."}, {"a.b", "%."}, {"192.168.0.1", "^(%d+)%.(%d+)%.(%d+)%.(%d+)$"}, {"word word", "(%w+) %1"}, {"((x)", "%b()"}, {"aab", "%baa"},
		{"aab", "%bab"}, {"x(y", "%b()"}, {"THE", "%f[a]"}, {"the end", "%f[%z]"}, {"a,b,,c", "([^,]*)"}, {"a,b,,c", "[^,]*"}, {"key=val", "(.-)=(.*)"}, {"aXbXc", "X()"}, {"no", "(x?)"}, {"()", "%(%)"}} {
		s, p := c[0], c[1]
		for _, name := range []string{"string.find", "string.match", "gmatch", "gsubtable", "gsubfunction"} {
			if name == "gmatch" && strings.Count(p, "(") > 4 {
				continue
			}
			g.add(name, s, p)
		}
		for i := -2; i <= 6; i++ {
			g.add(pick(g, []string{"string.find", "string.match"}), s, p, i)
		}
		g.add("string.find", s, p, 1, true)
		for _, with := range replacements {
			g.add("string.gsub", s, p, with)
		}
	}
	// Every class with every byte.
	all := make([]byte, 255)
	for i := range all {
		all[i] = byte(i + 1)
	}
	for _, class := range "acdlpsuwxzACDLPSUWXZgk.-b" {
		if class != 'b' {
			g.add("string.gsub", string(all), "%"+string(class), "")
			g.add("string.gsub", "\x00"+string(all), "[%"+string(class)+"]", "")
			g.add("string.gsub", string(all), "[^%"+string(class)+"]", "")
		}
	}
	for _, args := range [][]any{{"x"}, {"x", nil}, {nil, "x"}, {"x", "x"}, {"x", "x", nil}, {"x", "x", true}, {"x", "x", "y", "z"}, {12, 1, 3}, {"x", "x", "y", nil}} {
		g.add("string.gsub", args...)
	}
	g.add("string.find", "abc", "b", nil, nil)
	g.add("string.find", "a.c", ".", 2, true)
	g.add("string.find", "a.c", ".", 2, false)
	g.add("string.find", 12345, 34)
}

func (g *generator) element() any {
	return pick(g, []any{1, 2.5, -3, "x", "", "abc", 1e15, 0.1})
}

func (g *generator) tables() {
	for range 300 {
		t := newArray()
		for i := range g.r.IntN(6) {
			t.Put(i+1, list(g.element())[0])
		}
		args := []any{t}
		if g.r.IntN(3) > 0 {
			args = append(args, pick(g, []any{"", ", ", "-", 0, nil}))
			if g.r.IntN(2) == 0 {
				args = append(args, pick(g, []any{-1, 0, 1, 2, 3, 7, "2", nil}))
				if g.r.IntN(2) == 0 {
					args = append(args, pick(g, []any{-1, 0, 1, 2, 3, 7, nil}))
				}
			}
		}
		g.add("table.concat", args...)
		g.add("unpack", append([]any{t}, pick(g, [][]any{{}, {2}, {1, 3}, {0, 2}, {3, 1}, {-1, 1}, {nil, 2}, {2, nil}, {"2"}})...)...)
		g.add("table.getn", t)
		g.add("table.maxn", t)
	}
	for range 300 {
		t := newArray()
		for i := range g.r.IntN(5) {
			t.Put(i+1, list(g.element())[0])
		}
		n := t.Len()
		switch g.r.IntN(3) {
		case 0:
			g.add("table.insert", t, g.element())
		case 1:
			g.add("table.insert", t, 1+g.r.IntN(n+1), g.element())
		case 2:
			g.add("table.remove", append([]any{t}, pick(g, [][]any{{}, {1}, {2}, {n}, {n + 1}, {0}, {"1"}, {1.5}})...)...)
		}
	}
	g.add("table.insert", newArray(1), 1, 2, 3)
	g.add("table.insert", newArray(1))
	g.add("table.insert", nil, 1)
	g.add("table.concat", newArray(1, true))
	g.add("table.concat", newArray(1, newArray()))
	g.add("table.concat", "x")
	g.add("table.remove", 7)
	for range 200 {
		numbers, words := newArray(), newArray()
		for i := range g.r.IntN(20) {
			numbers.Put(i+1, value.Number(g.r.IntN(40)))
			words.Put(i+1, value.String(pick(g, oddStrings)))
		}
		name := pick(g, []string{"table.sort", "table.sortdown"})
		g.add(name, numbers)
		g.add(name, words)
	}
	g.add("table.sort", newArray(1, "x"))
	g.add("table.sort", newArray(true, false))
	g.add("table.sort", "x")
}

func (g *generator) maths() {
	exact := []string{"abs", "ceil", "floor", "sqrt", "deg", "rad", "frexp", "modf"}
	for _, x := range oddNumbers {
		for _, name := range exact {
			g.add("math."+name, x)
		}
		for _, name := range rounded {
			if name != "atan2" {
				g.add("math."+name, x)
			}
		}
		for _, y := range []float64{0, math.Copysign(0, -1), 1, -1, 2, -3, 0.5, 10, 1e300, 53, -1074, 3000, math.Inf(1), math.Inf(-1), math.NaN()} {
			g.add("math.fmod", x, y)
			g.add(pick(g, []string{"math.mod", "math.max", "math.min"}), x, y)
			g.add("math.atan2", x, y)
			g.add("pow", x, y)
			if y == math.Trunc(y) && math.Abs(y) < 1e5 {
				g.add("math.ldexp", x, y)
			}
		}
	}
	for range 300 {
		x, y := g.float(), g.float()
		for _, name := range exact {
			if g.r.IntN(4) == 0 {
				g.add("math."+name, x)
			}
		}
		g.add("math.fmod", x, y)
		// The functions of angles, where arguments are small.
		for _, name := range rounded {
			if name != "atan2" && g.r.IntN(4) == 0 {
				g.add("math."+name, (g.r.Float64()-0.5)*20)
			}
		}
		g.add("math.atan2", g.r.NormFloat64(), g.r.NormFloat64())
		g.add("math.max", x, y, g.float())
		g.add("math.min", x, y, g.float())
	}
	for i := range 16 {
		g.add("math.log10", math.Pow(10, float64(i)))
		g.add("pow", 10, i)
		g.add("pow", 10, -i)
	}
	for range 300 {
		g.add("pow", g.r.IntN(100)-50, g.r.IntN(60)-20)
		g.add("pow", float64(g.r.IntN(2000)-1000)/8, g.r.IntN(20)-8)
		g.add("pow", math.Abs(g.float()), g.r.IntN(40)-20)
		g.add("pow", g.r.Float64()*100, g.r.NormFloat64()*10)
	}
	for _, y := range []float64{0.5, 1.0 / 3, 0.25, -0.5, 1.5, 2.5} {
		for _, x := range []float64{2, 4, 8, 16, 27, 64, 81, 1000, 1e6, 0.5, 0.125} {
			g.add("pow", x, y)
		}
	}
	for _, name := range []string{"abs", "floor", "max", "min", "fmod", "sin", "modf", "ldexp"} {
		for _, args := range [][]any{{}, {nil}, {"x"}, {true}, {"10", 3}, {" 0x10 ", "3"}, {1, nil}, {1, "x"}} {
			g.add("math."+name, args...)
		}
	}
}

func (g *generator) dates() {
	moments := []int64{0, 1, -1, 1700000000, 951782400, 951868800, 1078012800, 1735689599, 1735689600, 1767225600, 4102444800, -2208988800, -62135596800, -62167219200, -62198755200, 253402300800, 1 << 31, 1<<32 - 1,
		firstSecond, lastSecond, firstSecond - 1, lastSecond + 1, 1e17}
	letters := "aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyYzZ%EOQN+-_:!*"
	for _, when := range moments {
		for _, c := range letters {
			g.add("date", "!%"+string(c), float64(when))
		}
		g.add("date", "!*t", float64(when))
		g.add("date", "*t", float64(when))
		g.add("date", "%c|%x|%X|%p|%Z", float64(when))
	}
	for range 200 {
		when := g.r.Int64N(8e9) - 3e9
		g.add("date", "!%a %A %b %B %C %d %D %e %F %g %G %H %I %j %k %l %m %M %p %P %r %R %S %T %u %U %V %w %W %x %X %y %Y", float64(when))
	}
	// Days around every beginning of a year, for the weeks.
	for year := int64(0); year < 30; year++ {
		for day := int64(-4); day <= 4; day++ {
			g.add("date", "!%F %U %W %V %G %g %j %u %w", float64((year*365+(year+1)/4+day)*86400))
		}
	}
	for _, args := range [][]any{{"%", 0}, {"%Y%", 0}, {"", 0}, {"!", 0}, {"*t", 1.9}, {"*t", "86400"}, {"!*t ", 0}, {"x*t", 0}, {"%%Y", 0}, {"%-d", 0}, {"%Ey", 0}, {"%Od", 0}, {"%5d", 0}, {"a\x00b", 0}, {true, 0}, {"%Y", true}, {"%Y", "x"}, {nil, 0}, {12, 0}} {
		if s, ok := args[0].(string); ok && strings.Contains(s, "\x00") {
			continue
		}
		g.add("date", args...)
	}
	for range 500 {
		g.add("time", 1970+g.r.IntN(100), g.r.IntN(40)-12, g.r.IntN(100)-40, g.r.IntN(60)-20, g.r.IntN(200)-80, g.r.IntN(1000)-400)
	}
	g.add("time", 2000, 1, 1)
	g.add("time", 2000, 1)
	g.add("time", 2000)
	g.add("time", "2000", "1", "1")
	g.add("time", 2000.9, 1.9, 1.9)
	g.add("time", 2000, 1, 1, nil, 5)
	g.add("time", 2000, 1, 1, 0, 0, 0, true)
	g.add("time", 2000, 7, 1, 0, 0, 0, false)
	g.add("time", 1900, 1, 1, 0)
	g.add("time", 2147483647, 12, 31)
	for range 300 {
		// Behind the year 1996 the rules of the zone are those of today.
		when := 852076800 + g.r.Int64N(2e9)
		g.add("dateberlin", "%Y-%m-%d %H:%M:%S %z %Z %j %c", float64(when))
		g.add("dateberlin", "*t", float64(when))
		year, month, day, hour := 1997+g.r.IntN(60), 1+g.r.IntN(12), 1+g.r.IntN(24), 4+g.r.IntN(20)
		g.add("timeberlin", year, month, day, hour, 0, 0)
		g.add("timeberlin", year, month, day, hour, 0, 0, g.r.IntN(2) == 0)
	}
	g.add("os.difftime", 10, 3)
	g.add("os.difftime", 10)
	g.add("os.difftime", 10.9, 3.5)
	g.add("os.difftime", "x")
}
