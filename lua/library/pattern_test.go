package library

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cellsh/lua/value"
)

// substitute calls Gsub with a replacement that is a string.
func substitute(m Meter, args ...any) string {
	results, err := Gsub(m, list(args...), func(value.Value, []value.Value) (value.Value, error) {
		return nil, errors.New("a string calls nobody")
	})
	if err != nil {
		return "error: " + err.Error()
	}
	return show(results)
}

func TestPatternErrors(t *testing.T) {
	for _, c := range []struct{ s, pattern, want string }{
		{"ab", "a%", "ends with %"},
		{"ab", "[a", "has a [ without its ]"},
		{"ab", "[%a", "has a [ without its ]"},
		{"ab", "[]", "has a [ without its ]"},
		{"ab", "(a", "has a ( without its )"},
		{"ab", "a)", "has a ) without its ("},
		{"ab", "%f", "has %f without a [ behind it"},
		{"ab", "%bx", "has %b without two characters behind it"},
		{"ab", "(a)%2", "has %2 before its capture ends"},
		{"ab", "(a%1)", "has %1 before its capture ends"},
		{"ab", strings.Repeat("()", 33), "has more than 32 captures"},
		{"ab", strings.Repeat("x?", 5000) + "a", ""},
		{strings.Repeat("x", 6000), strings.Repeat("x?", 6000), "has more than 5000 items that the matching must come back to"},
	} {
		got := call(Session, newCounter(), "string.match", c.s, c.pattern)
		if c.want == "" {
			if strings.HasPrefix(got, "error: ") {
				t.Error(got)
			}
			continue
		}
		if want := "error: argument 2 of string.match must be a pattern, but " + c.want; got != want {
			t.Errorf("%q\n got %s\nwant %s", c.pattern, got, want)
		}
	}
	for _, c := range []struct {
		args []any
		want string
	}{
		{[]any{"x", "x"}, "error: argument 3 of string.gsub must be a string, a function or a table, but is missing"},
		{[]any{"x", "x", nil}, "error: argument 3 of string.gsub must be a string, a function or a table, but is nil"},
		{[]any{"x", "x", true}, "error: argument 3 of string.gsub must be a string, a function or a table, but is a boolean"},
		{[]any{"x", "x", "%"}, "error: argument 3 of string.gsub must be a replacement, but ends with %, which must stand before a digit or as %%"},
		{[]any{"x", "x", "%2"}, "error: argument 3 of string.gsub must be a replacement with captures of the pattern, but has %2"},
		{[]any{"x", "[", "y"}, "error: argument 2 of string.gsub must be a pattern, but has a [ without its ]"},
		{[]any{nil, "[", "y"}, "error: argument 1 of string.gsub must be a string, but is nil"},
		{[]any{"x", "x", "y", "z"}, `error: argument 4 of string.gsub must be a number, but is the string "z"`},
	} {
		if got := substitute(newCounter(), c.args...); got != c.want {
			t.Errorf("%v\n got %s\nwant %s", c.args, got, c.want)
		}
	}
	if _, err := Gmatch(newCounter(), list("x")); err == nil || err.Error() != "argument 2 of string.gmatch must be a string, but is missing" {
		t.Error(err)
	}
	if g, err := Gmatch(newCounter(), list("x", "[")); err != nil {
		t.Error(err)
	} else if _, err := g.Next(newCounter()); err == nil || err.Error() != "argument 2 of string.gmatch must be a pattern, but has a [ without its ]" {
		t.Error(err)
	}
}

func TestGmatchByHand(t *testing.T) {
	g, err := Gmatch(newCounter(), list("one 2 three", "(%a+)()"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"one" 4`, `"three" 12`, "", ""} {
		found, err := g.Next(newCounter())
		if err != nil || show(found) != want {
			t.Errorf("%s %v, want %s", show(found), err, want)
		}
	}
}

func TestGsubCalls(t *testing.T) {
	failure := errors.New("raised")
	f := &value.Builtin{Name: "f"}
	for _, c := range []struct {
		name   string
		answer value.Value
		err    error
		want   string
	}{
		{"nil keeps", value.Nil{}, nil, "abc"},
		{"false keeps", value.Bool(false), nil, "abc"},
		{"number", value.Number(1.5), nil, "a1.5c"},
		{"empty", value.String(""), nil, "ac"},
		{"true", value.Bool(true), nil, "what string.gsub puts in must be a string or a number, but is a boolean"},
		{"error", value.Nil{}, failure, "raised"},
	} {
		results, err := Gsub(newCounter(), list("abc", "(b)()", f), func(with value.Value, captures []value.Value) (value.Value, error) {
			if with != value.Value(f) || show(captures) != `"b" 3` {
				t.Error(with, show(captures))
			}
			return c.answer, c.err
		})
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = string(results[0].(value.String))
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	_, err := Gsub(newCounter(), list("abc", "(b)()", newArray()), func(_ value.Value, captures []value.Value) (value.Value, error) {
		if show(captures) != `"b"` {
			t.Error("a table is asked for the first capture, but is for", show(captures))
		}
		return value.Nil{}, nil
	})
	if err != nil {
		t.Error(err)
	}
}

// Nothing runs for longer than the meter allows, and each call costs the same every time.
func TestPatternsEnd(t *testing.T) {
	slow := []struct {
		name string
		args []any
	}{
		{"string.find", []any{strings.Repeat("a", 30), strings.Repeat("a-", 10) + "b"}},
		{"string.match", []any{strings.Repeat("a", 40), strings.Repeat("a*", 20) + "b"}},
		{"string.find", []any{strings.Repeat("a", 100000), ".-b"}},
		{"string.find", []any{strings.Repeat("(", 100000), "%b()"}},
		{"string.match", []any{strings.Repeat("a", 1000), "(.-)%1(.-)%2(.-)%3$x"}},
		{"string.find", []any{strings.Repeat("a", 1000), "[" + strings.Repeat("b", 100000) + "]"}},
	}
	for _, c := range slow {
		m := newCounter()
		m.mostWork = 100_000
		if _, err := Session[c.name].Call(m, list(c.args...)); err != errWork {
			t.Errorf("%s(%.40q): %v", c.name, c.args[1], err)
		}
		if m.work > m.mostWork+10_000 {
			t.Errorf("%s: %d", c.name, m.work)
		}
	}
	m := newCounter()
	m.mostWork = 100_000
	if _, err := Gsub(m, list(strings.Repeat("a", 40), strings.Repeat("a-", 20)+"b", ""), nil); err != errWork {
		t.Error(err)
	}
	m = newCounter()
	m.mostAll = 1 << 20
	if _, err := Gsub(m, list(strings.Repeat("a", 1000), "a", strings.Repeat("%0", 10000)), nil); err != errGrow {
		t.Error(err)
	}
}

func checkPattern(t interface{ Fatalf(string, ...any) }, s, p, with string, from int) {
	run := func(limit int) (string, *counter) {
		m := newCounter()
		m.mostWork = limit
		out := call(Session, m, "string.find", s, p, from) + call(Session, m, "string.match", s, p, from) + substitute(m, s, p, with)
		if g, err := Gmatch(m, list(s, p)); err == nil {
			for range 5 {
				found, err := g.Next(m)
				out += fmt.Sprint(show(found), err)
			}
		}
		return out, m
	}
	first, m := run(200_000)
	second, m2 := run(200_000)
	if first != second || m.work != m2.work || m.bytes != m2.bytes {
		t.Fatalf("twice the same is not the same: %q %q", s, p)
	}
	if m.work > 200_000+20_000 {
		t.Fatalf("%q %q cost %d", s, p, m.work)
	}
	if strings.Contains(first, errWork.Error()) {
		return
	}
	// Half of it is not enough.
	if m.work > 200 {
		if out, _ := run(m.work / 2); out == first {
			t.Fatalf("%q %q cost %d, but half of it is enough", s, p, m.work)
		}
	}
	if results, err := Gsub(newCounter(), list(s, p, with), nil); err == nil {
		made := len(results[0].(value.String))
		m := newCounter()
		Gsub(m, list(s, p, with), nil)
		if m.bytes < made {
			t.Fatalf("%q %q %q made %d bytes, but told of %d", s, p, with, made, m.bytes)
		}
	}
}

func TestPatternsStayWithinTheMeter(t *testing.T) {
	parts := rapid.SampledFrom([]string{"a", "b", "%a", ".", "[ab]", "[^a]", "*", "+", "-", "?", "(", ")", "%1", "%b()", "%f[a]", "^", "$", "()", "\x00", "%", "["})
	rapid.Check(t, func(t *rapid.T) {
		p := strings.Join(rapid.SliceOfN(parts, 0, 10).Draw(t, "pattern"), "")
		s := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "(", ")", "\x00", "aaaaaaaa"}), 0, 20).Draw(t, "text"), "")
		with := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"%0", "%1", "%2", "x", "%%", "%"}), 0, 3).Draw(t, "replacement"), "")
		checkPattern(t, s, p, with, rapid.IntRange(-5, 25).Draw(t, "from"))
	})
}

func FuzzPattern(f *testing.F) {
	f.Add("THE (quick) fox", "%f[%a]%a+%f[%A]", "<%0>", 1)
	f.Add("((a)b)(c", "%b()()", "%1", -3)
	f.Add("key = value", "^(%w+)%s*=%s*(.-)$", "%2=%1", 0)
	f.Add("aaa", "[^%a-]a-$", "", 9)
	f.Fuzz(func(t *testing.T, s, p, with string, from int) {
		if len(s) > 500 || len(p) > 200 || len(with) > 200 {
			return
		}
		checkPattern(t, s, p, with, from)
	})
}

func FuzzFormat(f *testing.F) {
	f.Add("%5.2f|%-4d|%x|%s|%q|%%|%c|%i", 3.14, "x", 7.0)
	f.Add("%-+ #099.99g%#o%e", 1e300, "0x10", math.Inf(-1))
	f.Fuzz(func(t *testing.T, form string, x float64, s string, y float64) {
		m := newCounter()
		results, err := Policy["string.format"].Call(m, list(form, x, s, y, s, x, true, nil))
		if err != nil {
			if err == errWork || err == errGrow {
				t.Fatal(err)
			}
			return
		}
		got := string(results[0].(value.String))
		if m.bytes < len(got) {
			t.Fatalf("%q made %d bytes, but told of %d", form, len(got), m.bytes)
		}
		if strings.Contains(got, "%!") && !strings.Contains(form+s, "!") {
			t.Fatalf("%q gives what Go writes: %q", form, got)
		}
	})
}

func FuzzDate(f *testing.F) {
	f.Add("!%a %j %V %c", 1700000000.0)
	f.Add("*t", -1e17)
	f.Fuzz(func(t *testing.T, form string, when float64) {
		m := newCounter()
		results, err := clocks["dateberlin"]["os.date"].Call(m, list(form, when))
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := results[0].(value.String); ok && m.bytes < len(s) {
			t.Fatalf("%q made %d bytes, but told of %d", form, len(s), m.bytes)
		}
	})
}
