package lower_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cellsh/lua/lower"
	"cellsh/lua/syntax"
	"cellsh/policy/diag"
)

func compile(text string) error {
	l, err := lower.File(syntax.Read("p.lua", text), lower.Options{Guard: true})
	if err == nil {
		_, err = l.Compile()
	}
	return err
}

func repeat(n int, form string) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, form, i)
	}
	return b.String()
}

// What the interpreter has no room for is refused, with its place, and never run as something else.
func TestLimits(t *testing.T) {
	big := repeat(20000, "x[%d] = y\n")
	for _, c := range []struct{ name, text, at, message string }{
		{"parameters", "local f = function(x0" + repeat(198, ", x%d") + ") print(1, 2, 3) end", "p.lua:1:11", "must fit 200 registers"},
		{"shared in a loop", "for i = 1, 2 do\n" + repeat(195, "local x%[1]d = i f(function() return x%[1]d end)\n") + "print(1, 2, 3, 4, 5) end", "p.lua:196:7", "must fit 200 registers"},
		{"arguments", "print(" + strings.Repeat("1, ", 250) + "1)", "p.lua", "must fit 200 registers"},
		{"joined values", "x = 'a'" + strings.Repeat(" .. 'a'", 250), "p.lua", "must fit 200 registers"},
		{"upvalues", outer(255, "return 1 % 2"), "", "at most 255 variables"},
		{"a long loop", "local x, y = {}, 1 while y do " + big + " end", "p.lua:1:10", "a branch must have at most 131071 instructions"},
		{"a long loop in a function", "\nlocal function f(x, y) for i = 1, 2 do " + big + " end end", "p.lua:2:24", "a loop must have at most 131071 instructions"},
		{"a long branch", "local x, y = {}, 1 if y then " + repeat(30000, "x[%d] = y\n") + " end", "p.lua:1:10", "a branch must have at most 131071 instructions"},
		{"globals", repeat(1100, "x%d = 1\n"), "p.lua:1025:1", "at most 1024 different globals"},
		{"gotos", "::top::\n" + strings.Repeat("if x then goto top end\n", 1001), "p.lua:1:1", "at most 1000 labels and gotos"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := compile(c.text)
			var list diag.List
			if !errors.As(err, &list) || !strings.Contains(list[0].Message, c.message) || !strings.HasPrefix(list[0].Span.String(), c.at) || list[0].Code != diag.SourceSize {
				t.Errorf("got %v", err)
			}
		})
	}
}

// outer is a function that uses n variables of functions around it.
func outer(n int, body string) string {
	var b, use strings.Builder
	functions := 0
	for i := 1; i <= n; i++ {
		if i%100 == 1 {
			b.WriteString("return function()\n")
			functions++
		}
		fmt.Fprintf(&b, "local x%d = %d\n", i, i)
		fmt.Fprintf(&use, "if x%d == 0 then return end\n", i)
	}
	return b.String() + "return function() " + use.String() + body + " end " + strings.Repeat("end ", functions)
}

// Straight code has no limit but that of the source.
func TestLongSources(t *testing.T) {
	for name, text := range map[string]string{
		"assignments":          "local x, y = {}, 1\n" + repeat(30000, "x[%d] = y\n"),
		"a table and a loop":   "local t = {" + repeat(100000, "%d, ") + "} for _, v in ipairs(t) do end",
		"a set and a loop":     "local t = {" + repeat(50000, "['k%d'] = true, ") + "} for k in pairs(t) do end",
		"rules and a loop":     "local function f(r) " + repeat(9000, "if r.port == %d then return deny, 'no' end\n") + " for i = 1, 2 do end end",
		"functions":            repeat(20000, "t[%d] = function() return t end\n"),
		"255 upvalues":         outer(255, ""),
		"a line of a megabyte": strings.Repeat("f()", 300000),
	} {
		if err := compile(text); err != nil {
			t.Errorf("%s: %.300v", name, err)
		}
	}
}

// The time it takes is linear in the size of the source.
func TestTime(t *testing.T) {
	for name, make := range map[string]func(n int) string{
		"rules": func(n int) string {
			return "return function(r) " + repeat(n, "if r.port == %[1]d then return deny, 'rule %[1]d' end\n") + "end"
		},
		"elseif": func(n int) string {
			return "return function(r) if r.port == 0 then return 1 " + repeat(n, "elseif r.port == %[1]d then return deny, 'rule %[1]d' \n") + "end end"
		},
		"elseif that goes on": func(n int) string {
			return "local x if x then x = 1 " + repeat(n, "elseif x == %[1]d then x = %[1]d \n") + "end"
		},
		"or": func(n int) string {
			return "return function(r) return r.port == 0" + repeat(n, " or r.port == %d") + " end"
		},
		"a table":    func(n int) string { return "local t = {" + repeat(n*10, "%d, ") + "}" },
		"a set":      func(n int) string { return "local t = {" + repeat(n*5, "[%d] = true, ") + "}" },
		"calls":      func(n int) string { return "local t = {" + repeat(n*5, "f(%d), ") + "}" },
		"a sum":      func(n int) string { return "local x = 1 x = x" + repeat(n, " + x * %d") },
		"statements": func(n int) string { return repeat(n, "x = y + %[1]d f(x, 'text %[1]d')\n") },
		"loops": func(n int) string {
			return repeat(n, "for i = 1, %d do if i > x then break end local y = i f(function() return y end) end\n")
		},
		"many locals": func(n int) string {
			return "local function f() " + repeat(150, "local x%d = 1\n") + repeat(n, "do local x = x150 + %d f(x, function() return x end) end\n") + " end"
		},
		"blocks":    func(n int) string { return repeat(n, "do local x = %d f(x) end\n") },
		"locals":    func(n int) string { return "local x " + repeat(n, "x = %d\n") },
		"functions": func(n int) string { return repeat(n, "f(function(a, b) return a + b + %d end)\n") },
		"an index":  func(n int) string { return "local x = t" + strings.Repeat(".x", n) },
		"a call":    func(n int) string { return "f" + strings.Repeat("()", n) },
		"signs":     func(n int) string { return "local x = 1 x = " + strings.Repeat("- ", n/2) + "x" },
		"nots":      func(n int) string { return "local x = 1 x = " + strings.Repeat("not ", n/2) + "x" },
		"powers":    func(n int) string { return "local x = 1 x = x" + strings.Repeat(" ^ x", n/2) },
	} {
		took := func(n int) time.Duration {
			text := make(n)
			f := syntax.Read("p.lua", text)
			began := time.Now()
			l, err := lower.File(f, lower.Options{Guard: true})
			if err == nil {
				_, err = l.Compile()
			}
			if err != nil && !strings.Contains(err.Error(), "registers") {
				t.Errorf("%s: %.200v", name, err)
			}
			return time.Since(began)
		}
		took(100)
		// Ten times as much takes ten times as long; what is quadratic takes a hundred times.
		small, large := min(took(800), took(800), took(800), took(800)), min(took(8000), took(8000))
		t.Logf("%-20s %6d %6d microseconds", name, small.Microseconds(), large.Microseconds())
		if large > 40*small+100*time.Millisecond {
			t.Errorf("%s: 800 take %s, 8000 take %s", name, small, large)
		}
	}
}
