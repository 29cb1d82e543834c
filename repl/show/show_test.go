package show

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"
	"pgregory.net/rapid"

	"cellsh/lua/value"
	"cellsh/lua/vm"
	"cellsh/policy/diag"
)

// values runs Lua and gives what it returns, with the options that name the functions of the machine.
func values(t *testing.T, source string) ([]lua.LValue, Options) {
	t.Helper()
	v := vm.New(vm.Options{Level: vm.Session})
	t.Cleanup(v.Close)
	v.Define("library", v.Protect("library", func() *lua.LTable {
		t := v.L.NewTable()
		t.RawSetString("two", lua.LNumber(2))
		return t
	}()))
	v.Define("object", func() lua.LValue {
		ud := v.L.NewUserData()
		ud.Value = "cell web-1\n(\x1b[31m)"
		return ud
	}())
	fn, err := v.Compile("test.lua", source)
	if err != nil {
		t.Fatal(err)
	}
	out, err := v.Call(fn)
	if err != nil {
		t.Fatal(err)
	}
	return out, Options{
		Function: v.Describe,
		ReadOnly: v.ReadOnly,
		Object: func(v lua.LValue) (string, bool) {
			s, ok := v.(*lua.LUserData).Value.(string)
			return s, ok
		},
	}
}

func TestValues(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{`return`, ""},
		{`return nil`, "nil\n"},
		{`return 1, -0.5, 1e100, 2^53, 1/0, true, "x"`, "1  -0.5  1e+100  9.007199254741e+15  inf  true  \"x\"\n"},
		{`return "a\"b\\c\n\t\0\27[31m\127é\195x"`, `"a\"b\\c\n\t\000\027[31m\127é\195x"` + "\n"},
		{`return "\226\128\174abc", "\194\155"`, `"\226\128\174abc"  "\194\155"` + "\n"},
		{`return {}`, "{}\n"},
		{`return { 1, 2, nil, 4 }`, "{ 1, 2, nil, 4 }\n"},
		{`return { z = 1, a = 2, [-1] = 4, [true] = 5, ["end"] = 6, ["a b"] = 7, "list" }`,
			`{ "list", [-1] = 4, a = 2, ["a b"] = 7, ["end"] = 6, z = 1, [true] = 5 }` + "\n"},
		{`return { a = { b = { c = { d = { e = { f = { g = { 1 } } } } } } } }`, "{ a = { b = { c = { d = { e = { f = {... 1 more} } } } } } }\n"},
		{`local t = { name = "x" } t.self, t.inner = t, { t, {} } return t`, `{ inner = { <cycle: 2 up>, {} }, name = "x", self = <cycle: 1 up> }` + "\n"},
		{`local s = { 1 } return { s, s }`, "{ { 1 }, { 1 } }\n"},
		{`return string.rep, function() end, (coroutine.create(function() end))`, "function: string.rep  function: test.lua:1  thread\n"},
		{`return object, { object }`, `cell web-1 (\027[31m)  { cell web-1 (\027[31m) }` + "\n"},
		{`return library`, "{ two = 2 }\n"},
		{`return ("x"):rep(2000)`, `"` + strings.Repeat("x", 1000) + `"... (2,000 bytes)` + "\n"},
		{`return ("x"):rep(50), ("y"):rep(50)`, `"` + strings.Repeat("x", 50) + "\"\n\"" + strings.Repeat("y", 50) + "\"\n"},
		{`local t = {} for i = 1, 30 do t[i] = i * 100 end t.name = "long" t.list = { 1, 2 } return t`, `{
  100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1100, 1200, 1300, 1400,
  1500, 1600, 1700, 1800, 1900, 2000, 2100, 2200, 2300, 2400, 2500, 2600, 2700,
  2800, 2900, 3000,
  list = { 1, 2 },
  name = "long",
}
`},
		{`return { web = { deny = { "network.route", "network.interface" }, reason = ("x"):rep(60) }, db = { 1 } }`, `{
  db = { 1 },
  web = {
    deny = { "network.route", "network.interface" },
    reason = "` + strings.Repeat("x", 60) + `",
  },
}
`},
		{`return { { id = 1, name = "web-1", ok = true }, { id = 20, name = "ünï", ok = false }, { id = 3, name = "7", ok = true }, { id = 3, name = "日本\n", ok = true } }`, `id  name      ok
 1  web-1     true
20  ünï       false
 3  "7"       true
 3  "日本\n"  true
`},
		{`return { { id = 1 }, { id = 2, more = 3 } }`, "{ { id = 1 }, { id = 2, more = 3 } }\n"},
		{`return { { id = 1 }, { id = {} } }`, "{ { id = 1 }, { id = {} } }\n"},
		{`return { { id = 1 } }`, "{ { id = 1 } }\n"},
	} {
		list, o := values(t, c.source)
		var b bytes.Buffer
		if err := Values(&b, list, o); err != nil || b.String() != c.want {
			t.Errorf("%s\ngot\n%s\nwant\n%s", c.source, b.String(), c.want)
		}
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		source string
		ends   string
		lines  int
	}{
		{`local t = {} for i = 1, 10090 do t[i] = i end return t`, "\n  ... 9,990 more\n}", 10},
		{`local t = {} for i = 1, 1101 do t["k" .. i] = i end return t`, "\n  ... 1,001 more\n}", 103},
		{`local t = {} for i = 1, 1100 do t[i] = { id = i } end return t`, "\n100\n... 1,000 more", 102},
		// Two to the power of thirty tables, if all were shown.
		{`local t = {} for i = 1, 30 do t = { t, t, ("x"):rep(80) } end return t`, "\n}", 1000},
		{`local t = {} for i = 1, 100 do t[i] = t end local u = {} for i = 1, 100 do u[i] = { t, t, t } end return { u, u, u, u }`, "\n}", 6100},
	} {
		list, o := values(t, c.source)
		s := Value(list[0], o)
		if n := 1 + strings.Count(s, "\n"); !strings.HasSuffix(s, c.ends) || n > c.lines {
			t.Errorf("%s: %d lines, ends with %q", c.source, n, s[max(0, len(s)-60):])
		}
	}
}

// Whatever is shown is safe for the terminal, and as narrow as it can be.
func TestSafeAndNarrow(t *testing.T) {
	v := vm.New(vm.Options{Level: vm.Session})
	defer v.Close()
	scalar := rapid.OneOf(
		rapid.Map(rapid.StringOfN(rapid.Rune(), 0, 12, -1), func(s string) lua.LValue { return lua.LString(s) }),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 12), func(s []byte) lua.LValue { return lua.LString(s) }),
		rapid.Map(rapid.Float64(), func(f float64) lua.LValue { return lua.LNumber(f) }),
		rapid.Just[lua.LValue](lua.LTrue))
	rapid.Check(t, func(t *rapid.T) {
		tables := []*lua.LTable{v.L.NewTable()}
		for range rapid.IntRange(0, 40).Draw(t, "entries") {
			owner := rapid.SampledFrom(tables).Draw(t, "table")
			value := scalar.Draw(t, "value")
			switch rapid.IntRange(0, 5).Draw(t, "kind") {
			case 0:
				inner := v.L.NewTable()
				tables = append(tables, inner)
				value = inner
			case 1:
				value = rapid.SampledFrom(tables).Draw(t, "again")
			}
			if rapid.Bool().Draw(t, "list") {
				owner.Append(value)
			} else if key := scalar.Draw(t, "key"); key != lua.LNumber(0) {
				owner.RawSet(key, value)
			}
		}
		s := Value(tables[0], Options{Width: 100})
		for _, r := range s {
			if r != '\n' && !unicode.IsGraphic(r) {
				t.Fatalf("%q has %q", s, r)
			}
		}
		if !utf8.ValidString(s) {
			t.Fatalf("%q is no UTF-8", s)
		}
		for _, line := range strings.Split(s, "\n") {
			if Width(line) > 100 && strings.Count(line, ",") > 1 && !strings.ContainsAny(line, `"\`) {
				t.Fatalf("%q is %d wide", line, Width(line))
			}
		}
	})
}

func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "a\r\n\"\\", "\x1b]0;x\a", "\xff\xfe", "\u202e", "1\x002"} {
		f.Add(s)
	}
	v := vm.New(vm.Options{Level: vm.Session})
	f.Fuzz(func(t *testing.T, s string) {
		q := value.Quote(s)
		for _, r := range q + strings.ReplaceAll(strings.ReplaceAll(Text(s), "\n", ""), "\t", "") {
			if !unicode.IsGraphic(r) {
				t.Fatalf("%q has %q", q, r)
			}
		}
		fn, err := v.Compile("q", "return "+q)
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		if out, err := v.Call(fn); err != nil || out[0] != lua.LString(s) {
			t.Fatalf("%q became %v as %s: %v", s, out, q, err)
		}
	})
}

func TestWidth(t *testing.T) {
	for s, want := range map[string]int{"": 0, "abc": 3, "é": 1, "e\u0301": 1, "日本": 4, "ｆ": 2, "한": 2, "…": 1, "😀": 2, "→": 1} {
		if got := Width(s); got != want {
			t.Errorf("%q: %d, want %d", s, got, want)
		}
	}
}

func TestStyle(t *testing.T) {
	env := func(vars ...string) func(string) string {
		return func(name string) string {
			for _, v := range vars {
				if value, ok := strings.CutPrefix(v, name+"="); ok {
					return value
				}
			}
			return ""
		}
	}
	for _, c := range []struct {
		terminal bool
		env      []string
		want     bool
	}{
		{true, []string{"TERM=wsvt25"}, true}, {false, []string{"TERM=wsvt25"}, false}, {true, []string{"TERM=dumb"}, false},
		{true, nil, false}, {true, []string{"TERM=xterm", "NO_COLOR=1"}, false}, {true, []string{"TERM=xterm", "NO_COLOR="}, true},
	} {
		if got := NewStyle(c.terminal, env(c.env...)).colours; got != c.want {
			t.Errorf("%v: %v", c, got)
		}
	}
	plain, coloured := Style{}, NewStyle(true, env("TERM=xterm"))
	if got := plain.Prompt("SIM", true, false) + plain.Prompt("SIM", true, true); got != "SIM> SIM| " {
		t.Error(got)
	}
	if sim, real := coloured.Prompt("SIM", true, false), coloured.Prompt("SIM", false, false); sim != "\x1b[1;32mSIM\x1b[0m> " || sim == real {
		t.Errorf("%q %q", sim, real)
	}
	if got := plain.Prompt("\x1b]0;x\a\nNetBSD", false, false); got != `\027]0;x\a NetBSD> ` {
		t.Errorf("%q", got)
	}
	l := diag.List{{Span: diag.Span{File: "a.lua", Line: 2, Column: 3, Width: 2}, Code: diag.Syntax, Message: "x must be y", Hint: "do", Excerpt: "a bc"},
		{Severity: diag.Warning, Code: diag.Failed, Message: "w"}}
	var b bytes.Buffer
	if err := coloured.Problems(&b, l); err != nil {
		t.Fatal(err)
	}
	want := "\x1b[31ma.lua:2:3: error: x must be y [source.syntax]\x1b[0m\n    2 | a bc\n      |   \x1b[31m^~\x1b[0m\n   hint: do\n\x1b[33mwarning: w [failed]\x1b[0m\n"
	if b.String() != want {
		t.Errorf("%q\nwant\n%q", b.String(), want)
	}
	b.Reset()
	plain.Problems(&b, l)
	if strings.Contains(b.String(), "\x1b") || !strings.Contains(b.String(), "^~") {
		t.Errorf("%q", b.String())
	}
}

func ExampleValue() {
	v := vm.New(vm.Options{Level: vm.Session})
	defer v.Close()
	fn, _ := v.Compile("x", `return { { id = 1, name = "web-1" }, { id = 2, name = "db" } }`)
	out, _ := v.Call(fn)
	fmt.Println(Value(out[0], Options{}))
	// Output:
	// id  name
	//  1  web-1
	//  2  db
}
