package lower_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

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
		{"tests", "local x\n" + strings.Repeat("if x then y()end\n", 43700), "p.lua:43692:1", "at most about 43690 tests"},
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
