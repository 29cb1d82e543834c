package lower_test

import (
	"fmt"
	"strings"
)

// generator writes random programs: what they mean alike in every Lua 5.1 is printed. pick gives a number below n.
type generator struct {
	pick func(n int) int
	b    strings.Builder
	// puc is the same for PUC Lua, which has no goto.
	puc strings.Builder
	// scopes are the variables that can be seen, the innermost last.
	scopes []*scope
	names  int
	depth  int
	budget int
}

type scope struct {
	numbers, others, functions []string
	// function is set where a function begins, loop where a loop does.
	function, loop, vararg bool
	// jumps says that goto makes a loop of it, which break does not leave.
	jumps bool
}

// prelude prints values; 0 and -0 are one, because they are so as constants of a function in PUC Lua.
const prelude = `
local function S(x) if x == 0 then return "0" end local t = type(x) if t == "table" or t == "function" then return t end return tostring(x) end
local function N(x) if x == 0 then return "0" end return x end
local function P(...) local s = "" for i = 1, select("#", ...) do s = s .. S((select(i, ...))) .. " " end print(s) end
local function Q(i, ok, ...) if ok then P(i, ...) else P(i, "error") end end
g1, g2 = 11, 12
local fs = {}
local t = {1, 2, 3, x = 4, y = 5}
local function id(...) return ... end
local function iter(n) local i = 0 return function() i = i + 1 if i <= n then return i, i * 2 end end end
`

func (g *generator) program() (ours, puc string) {
	g.budget = 60
	g.line("%slocal function main(...)", prelude)
	g.open(&scope{function: true, vararg: true, others: []string{"t", "fs"}})
	g.block()
	g.close()
	g.line("end\nP(pcall(main, 7, nil, 9) == true)\nfor i = 1, #fs do Q(i, pcall(fs[i], 2)) end for i = #fs, 1, -1 do Q(i, pcall(fs[i])) end P(t[1], t[2], t[3], t.x, t.y, g1, g2)")
	return g.b.String(), g.puc.String()
}

func (g *generator) open(s *scope)     { g.scopes = append(g.scopes, s) }
func (g *generator) close()            { g.scopes = g.scopes[:len(g.scopes)-1] }
func (g *generator) top() *scope       { return g.scopes[len(g.scopes)-1] }
func (g *generator) chance(n int) bool { return g.pick(n) == 0 }
func (g *generator) line(f string, a ...any) {
	text := fmt.Sprintf(f, a...)
	g.either(text, text)
}

func (g *generator) either(ours, puc string) {
	indent := strings.Repeat(" ", len(g.scopes))
	fmt.Fprintf(&g.b, "%s%s\n", indent, ours)
	fmt.Fprintf(&g.puc, "%s%s\n", indent, puc)
}

func (g *generator) name() string {
	// Some names come again, to hide others.
	if g.chance(5) && g.names > 3 {
		return fmt.Sprintf("v%d", 1+g.pick(g.names))
	}
	g.names++
	return fmt.Sprintf("v%d", g.names)
}

// declare makes a variable known from here on.
func (g *generator) declare(name, kind string) {
	for _, s := range g.scopes {
		drop := func(list []string) []string {
			var rest []string
			for _, x := range list {
				if x != name {
					rest = append(rest, x)
				}
			}
			return rest
		}
		// What it hides is seen no more; outer scopes see it again too late, which does not matter.
		s.numbers, s.others, s.functions = drop(s.numbers), drop(s.others), drop(s.functions)
	}
	s := g.top()
	switch kind {
	case "number":
		s.numbers = append(s.numbers, name)
	case "function":
		s.functions = append(s.functions, name)
	default:
		s.others = append(s.others, name)
	}
}

func (g *generator) visible(of func(*scope) []string) []string {
	var all []string
	for _, s := range g.scopes {
		all = append(all, of(s)...)
	}
	return all
}

func (g *generator) numberVariable() string {
	all := g.visible(func(s *scope) []string { return s.numbers })
	if len(all) == 0 {
		return ""
	}
	// Recent ones rather than old ones.
	return all[len(all)-1-min(g.pick(len(all)), g.pick(len(all)))]
}

func (g *generator) otherVariable() string {
	all := g.visible(func(s *scope) []string { return s.others })
	if len(all) == 0 {
		return ""
	}
	return all[g.pick(len(all))]
}

func (g *generator) functionVariable() string {
	all := g.visible(func(s *scope) []string { return s.functions })
	if len(all) == 0 {
		return "id"
	}
	return all[g.pick(len(all))]
}

func (g *generator) inVararg() bool {
	for i := len(g.scopes) - 1; i >= 0; i-- {
		if g.scopes[i].function {
			return g.scopes[i].vararg
		}
	}
	return false
}

func (g *generator) inLoop() bool {
	for i := len(g.scopes) - 1; i >= 0 && !g.scopes[i].function; i-- {
		if g.scopes[i].loop || g.scopes[i].jumps {
			return g.scopes[i].loop
		}
	}
	return false
}

func (g *generator) block() {
	n := 1 + g.pick(5)
	g.depth++
	for range n {
		g.statement()
	}
	g.depth--
	switch {
	case g.inLoop() && g.chance(4):
		g.line("break")
	case g.chance(6) && g.depth > 0:
		g.line("return %s", g.list(3))
	}
}

// inner is a block in a scope of its own.
func (g *generator) inner(s *scope) {
	g.open(s)
	g.block()
	g.close()
}

func (g *generator) statement() {
	g.budget--
	if g.budget < 0 || g.depth > 5 {
		g.line("P(%s)", g.list(3))
		return
	}
	switch g.pick(24) {
	case 0, 1, 2:
		name := g.name()
		g.line("local %s = %s", name, g.number(2))
		g.declare(name, "number")
	case 3:
		var names []string
		for range 1 + g.pick(4) {
			names = append(names, g.name())
		}
		if g.chance(5) {
			g.line("local %s", strings.Join(names, ", "))
		} else {
			g.line("local %s = %s", strings.Join(names, ", "), g.list(4))
		}
		for _, n := range names {
			g.declare(n, "other")
		}
	case 4, 5, 6:
		g.assignment()
	case 7:
		if v := g.otherVariable(); v != "" && v != "t" && v != "fs" {
			g.line("%s = %s", v, g.any(3))
		}
	case 8, 9:
		g.ifStatement()
	case 10:
		counter := g.name()
		g.line("local %s = 0", counter)
		g.line("while %s do", g.condition(2))
		g.line(" %s = %s + 1 if %s > 4 then break end", counter, counter, counter)
		g.loopBody(&scope{loop: true}, counter)
		g.line("end")
	case 11:
		counter := g.name()
		g.line("local %s = 0", counter)
		g.line("repeat")
		g.open(&scope{loop: true})
		inner := g.name()
		g.line("local %s = %s + 1", inner, counter)
		g.declare(inner, "number")
		for range g.pick(4) {
			g.statement()
		}
		if inner != counter {
			g.line("%s = %s + 1", counter, counter)
			g.line("local stop = %s > 3 or %s", counter, g.condition(1))
			if g.chance(2) {
				g.line("fs[#fs + 1] = function() return %s, stop end", inner)
			}
			switch g.pick(3) {
			case 0:
				g.line("until stop")
			case 1:
				g.line("until stop and id(%s) or %s > 2", inner, inner)
			default:
				g.line("until (function() return stop end)()")
			}
		} else {
			g.line("until true")
		}
		g.close()
	case 12:
		v := g.name()
		ranges := []string{"1, 3", "3, 1, -1", "0, 1, 0.25", "1, 0", "'1', '3'", "2, '4', '2'", "0.5, 2", "5, 1, -1.5", "1, id(2)", "id(1), id(2), id(1)", "1, 1e300, 5e299"}
		g.line("for %s = %s do", v, ranges[g.pick(len(ranges))])
		s := &scope{loop: true}
		g.loopBody(s, "", v)
		g.line("end")
	case 13:
		a, b := g.name(), g.name()
		iterators := []string{"ipairs({3, 1, 2})", "iter(3)", "iter(2), nil", "next, {5, 6}", "next, {5, 6}, nil", "id(ipairs({4}))", "id(next), {8, 9}", "ipairs{}", "iter(id(2)), id(1), id(0)", "ipairs(t)"}
		if g.chance(3) {
			g.line("for %s in %s do", a, iterators[g.pick(len(iterators))])
			g.loopBody(&scope{loop: true}, "", a)
		} else {
			g.line("for %s, %s in %s do", a, b, iterators[g.pick(len(iterators))])
			g.open(&scope{})
			if a != b {
				g.declare(a, "other")
			}
			g.declare(b, "other")
			g.loopBody(&scope{loop: true}, "")
			g.close()
		}
		g.line("end")
	case 14:
		g.line("do")
		g.inner(&scope{})
		g.line("end")
	case 15, 16:
		name := g.name()
		kind := g.pick(4)
		if kind == 0 {
			g.declare(name, "other")
		}
		switch kind {
		case 0:
			g.line("local function %s(%s)", name, g.params())
		default:
			g.line("local %s = function(%s)", name, g.params())
		}
		g.body()
		g.line("end")
		g.declare(name, "function")
	case 17, 18:
		g.line("fs[#fs + 1] = function(%s)", g.params())
		g.body()
		g.line("end")
	case 19:
		g.line("P(pcall(function(%s) do", g.params())
		g.body()
		g.line("end")
		if g.chance(2) {
			g.line(" error('e')")
		}
		g.line("end, %s) == true)", g.list(2))
	case 20:
		label := fmt.Sprintf("l%d", g.names+1000+g.b.Len())
		counter := g.name()
		g.line("local %s = 0", counter)
		if g.chance(2) {
			g.line("do")
			g.open(&scope{jumps: true})
			g.either("::"+label+"::", "repeat")
			g.line("%s = %s + 1", counter, counter)
			for range g.pick(3) {
				g.statement()
			}
			g.either(fmt.Sprintf("if %s < 3 then goto %s end", counter, label), fmt.Sprintf("until %s >= 3", counter))
			g.close()
			g.line("end")
		} else {
			g.line("do")
			g.open(&scope{})
			condition := g.condition(2)
			g.either(fmt.Sprintf("if %s then goto %s end", condition, label), fmt.Sprintf("if not (%s) then", condition))
			for range g.pick(3) {
				g.statement()
			}
			g.either("::"+label+"::", "end")
			g.close()
			g.line("end")
		}
	case 21:
		if g.inLoop() {
			g.line("if %s then break end", g.condition(1))
		} else {
			g.line("if %s then return %s end", g.condition(1), g.list(2))
		}
	case 22:
		g.line("P(%s(%s))", g.functionVariable(), g.list(3))
	default:
		g.line("P(%s)", g.list(4))
	}
}

// loopBody is a block that may begin with what the compiler gets wrong.
func (g *generator) loopBody(s *scope, counter string, numbers ...string) {
	g.open(s)
	for _, n := range numbers {
		g.declare(n, "number")
	}
	switch g.pick(6) {
	case 0:
		g.line("if false then local x = 1 end")
	case 1:
		g.line("if %s then P(1) end", []string{"nil", "not true", "false and x", "true", "not nil", "1"}[g.pick(6)])
	case 2:
		g.line("while false do end")
	}
	g.block()
	g.close()
}

func (g *generator) params() string {
	s := &scope{function: true, vararg: g.chance(3)}
	g.open(s)
	var names []string
	for range g.pick(3) {
		n := g.name()
		names = append(names, n)
	}
	for _, n := range names {
		g.declare(n, "other")
	}
	if s.vararg {
		names = append(names, "...")
	}
	return strings.Join(names, ", ")
}

// body is what follows params.
func (g *generator) body() {
	g.block()
	g.close()
}

func (g *generator) ifStatement() {
	g.line("if %s then", g.condition(3))
	g.inner(&scope{})
	for range g.pick(3) {
		g.line("elseif %s then", g.condition(2))
		g.inner(&scope{})
	}
	if g.chance(2) {
		g.line("else")
		g.inner(&scope{})
	}
	g.line("end")
}

func (g *generator) target() string {
	switch g.pick(8) {
	case 0:
		return "t.x"
	case 1:
		return "t.y"
	case 2:
		return fmt.Sprintf("t[%d]", 1+g.pick(3))
	case 3:
		return "g1"
	case 4:
		return "t[id(2)]"
	}
	if v := g.numberVariable(); v != "" {
		return v
	}
	return "g2"
}

func (g *generator) assignment() {
	switch n := g.pick(4); n {
	case 0:
		// Of several.
		var targets, values []string
		for range 2 + g.pick(3) {
			targets = append(targets, g.target())
			values = append(values, g.number(2))
		}
		if g.chance(3) {
			values = append(values, g.any(1))
		}
		g.line("%s = %s", strings.Join(targets, ", "), strings.Join(values, ", "))
	case 1:
		// Swap.
		a, b := g.target(), g.target()
		g.line("%s, %s = %s, %s", a, b, b, a)
	default:
		g.line("%s = %s", g.target(), g.number(3))
	}
}

// list is expressions, of which the last may give several values.
func (g *generator) list(n int) string {
	var parts []string
	for range 1 + g.pick(n) {
		parts = append(parts, g.any(2))
	}
	switch {
	case g.inVararg() && g.chance(4):
		parts = append(parts, "...")
	case g.chance(5):
		parts = append(parts, fmt.Sprintf("id(%s, %s)", g.any(1), g.any(1)))
	}
	return strings.Join(parts, ", ")
}

// number is an expression whose value is a number, if globals and the fields of t have some.
func (g *generator) number(depth int) string {
	if depth <= 0 || g.chance(4) {
		if v := g.numberVariable(); v != "" && !g.chance(3) {
			return v
		}
		return []string{"1", "2", "3", "0.5", "t.x", "t[1]", "#t", "10", "0x10"}[g.pick(9)]
	}
	a, b := func() string { return g.number(depth - 1) }, func() string { return g.number(depth - 1) }
	switch g.pick(12) {
	case 0, 1:
		return fmt.Sprintf("(%s + %s)", a(), b())
	case 2:
		return fmt.Sprintf("%s - %s", a(), b())
	case 3:
		return fmt.Sprintf("%s %% %d", a(), 1+g.pick(5))
	case 4:
		return fmt.Sprintf("(%s) / %d", a(), 1+g.pick(4))
	case 5:
		return fmt.Sprintf("(%s and %s or %s)", g.condition(depth-1), a(), b())
	case 6:
		return fmt.Sprintf("(%s or %s)", a(), b())
	case 7:
		return fmt.Sprintf("(id(%s, %s))", a(), g.any(1))
	case 8:
		return fmt.Sprintf("-(%s)", a())
	case 9:
		effect := g.sideEffect()
		g.open(&scope{function: true})
		defer g.close()
		return fmt.Sprintf("(function() %s return %s end)()", effect, a())
	case 10:
		return fmt.Sprintf("({%s, %s, n = %s})[%d]", a(), b(), a(), 1+g.pick(2))
	}
	return fmt.Sprintf("(%q + %s)", fmt.Sprint(g.pick(20)), a())
}

// sideEffect changes a variable from within an expression.
func (g *generator) sideEffect() string {
	if v := g.numberVariable(); v != "" {
		return fmt.Sprintf("%s = %s + 1", v, v)
	}
	return ""
}

func (g *generator) condition(depth int) string {
	if depth <= 0 {
		if v := g.otherVariable(); v != "" && g.chance(2) {
			return v
		}
		return []string{"true", "false", "nil", "1", "''", "not nil"}[g.pick(6)]
	}
	switch g.pick(10) {
	case 0, 1:
		return fmt.Sprintf("%s %s %s", g.number(depth-1), []string{"<", ">", "<=", ">=", "==", "~="}[g.pick(6)], g.number(depth-1))
	case 2, 3:
		return fmt.Sprintf("(%s and %s)", g.condition(depth-1), g.condition(depth-1))
	case 4, 5:
		return fmt.Sprintf("(%s or %s)", g.condition(depth-1), g.condition(depth-1))
	case 6, 7:
		return fmt.Sprintf("not (%s)", g.condition(depth-1))
	case 8:
		return fmt.Sprintf("(%s) == %s", g.any(depth-1), g.any(depth-1))
	}
	return fmt.Sprintf("id(%s)", g.condition(depth-1))
}

// any is any expression.
func (g *generator) any(depth int) string {
	if depth <= 0 || g.chance(5) {
		if v := g.otherVariable(); v != "" && g.chance(2) {
			return v
		}
		return []string{"nil", "true", "false", "'s'", "7", "{}"}[g.pick(6)]
	}
	switch g.pick(11) {
	case 0, 1, 2:
		return g.number(depth)
	case 3, 4:
		return g.condition(depth)
	case 5:
		return fmt.Sprintf("(%s and %s)", g.any(depth-1), g.any(depth-1))
	case 6:
		return fmt.Sprintf("(%s or %s)", g.any(depth-1), g.any(depth-1))
	case 7:
		return fmt.Sprintf("N(%s) .. %q", g.number(depth-1), "x")
	case 8:
		if g.inVararg() {
			return []string{"(...)", "select('#', ...)", "(select(2, ...))"}[g.pick(3)]
		}
	case 9:
		return fmt.Sprintf("#{%s, id(%s, %s)}", g.number(depth-1), g.number(depth-1), g.number(depth-1))
	}
	return fmt.Sprintf("id(%s, %s)", g.any(depth-1), g.any(depth-1))
}
