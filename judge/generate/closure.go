package generate

import (
	"fmt"
	"strings"

	"cellsh/judge/tree"
)

// inside writes something that stands in a function of its own.
func (g *Generator) inside(f function, write func() *tree.Node, known ...variable) *tree.Node {
	g.functions = append(g.functions, f)
	g.open()
	if f.gives != answer { // a decision runs once
		g.repeats++
	}
	for _, v := range known {
		g.put(v)
	}
	n := write()
	if f.gives != answer {
		g.repeats--
	}
	g.close()
	g.functions = g.functions[:len(g.functions)-1]
	return n
}

// body is what stands in a function: some statements, and what it gives.
func (g *Generator) body(f function, most int, known ...variable) *tree.Node {
	return g.inside(f, func() *tree.Node {
		b := tree.Sequence()
		g.fill(b, g.IntN(most+1))
		if n := g.leave(); n != nil {
			b.Append(n)
		}
		return b
	}, known...)
}

// closures are the statements that declare functions, and call those that do something.
func (g *Generator) closures() []form {
	few := func() bool { return len(g.functions) < 4 }
	return []form{
		{"function", 8, func(int) *tree.Node {
			if !few() {
				return nil
			}
			k := pick(g, fnTruth, fnTruth, fnField, fnWhole, fnText, fnPair, fnAnswer)
			if k == fnAnswer && g.script {
				k = fnTruth
			}
			takes := g.argument()
			if k == fnWhole || k == fnText {
				takes = whole
			}
			name, x := g.name("f"), g.name("x")
			varargs := g.chance(20)
			rest := ""
			if varargs {
				rest = ", ..."
			}
			body := g.body(function{gives: k, varargs: varargs}, 2, variable{name: x, kind: takes})
			head := pick(g, "local function %s(%s%s)$end", "local %s = function(%s%s)$end", "local %[1]s; %[1]s = function(%[2]s%[3]s)$end", "local function %s(%s%s)$end")
			g.keep(name, k)
			return statement(fmt.Sprintf(head, name, x, rest), body)
		}},
		{"function made by another", 3, func(int) *tree.Node {
			maker, name := g.name("f"), g.name("f")
			low := pick(g, pool...)
			bound := g.inside(function{gives: fnTruth}, func() *tree.Node { return g.truth(3) })
			g.keep(name, fnTruth)
			return tree.Sequence(
				statement(fmt.Sprintf("local function %s(lo, hi)$end", maker), tree.Sequence(
					statement("local middle = $", bound),
					statement("return function(x) return "+pick(g, "x >= lo and x <= hi", "x < lo or x > hi", "x ~= lo and middle", "(middle and lo or hi) == x", "not (x == hi) and middle")+" end"))),
				statement(fmt.Sprintf("local %s = %s(%d, %d)", name, maker, low, low+int64(g.IntN(50)))))
		}},
		{"callable table", 2, func(int) *tree.Node {
			name := g.name("f")
			g.keep(name, fnTruth)
			return statement(fmt.Sprintf("local %s = setmetatable({ limit = %d }, { __call = function(self, x) return x %s self.limit end })", name, pick(g, pool...), g.comparison()))
		}},
		{"results of a pair", 4, func(int) *tree.Node {
			f := g.one(fnPair)
			if f == "" {
				return nil
			}
			call := tree.New(tree.Piece, f+"($)", g.field(1))
			a, b, c := g.name("v"), g.name("v"), g.name("v")
			number := g.argument()
			switch g.IntN(4) {
			case 0:
				g.declare(a, number)
				g.declare(b, truth)
				return statement("local "+a+", "+b+" = $", call)
			case 1:
				first := tree.New(tree.Piece, f+"($)", g.field(1))
				g.declare(a, number)
				g.declare(b, number)
				g.declare(c, truth)
				return statement("local "+a+", "+b+", "+c+" = $, $", first, call)
			case 2:
				a, b := g.target(number), g.target(truth)
				if a == "" || b == "" {
					return nil
				}
				return statement(a+", "+b+" = $", call)
			}
			g.declare(b, truth)
			return statement("local "+b+" = select(2, $)", call)
		}},
		{"recursion", 3, func(int) *tree.Node {
			f, v := g.name("f"), g.name("v")
			end := g.inside(function{gives: fnTruth}, func() *tree.Node { return g.truth(3) }, variable{name: "x", kind: g.argument(), fixed: true})
			step := pick(g, "return f(n - 1, x)", "return f(n - 1, x + 1)", "return x == n or f(n - 1, x)", "return not f(n - 1, x)", "local y = f(n - 1, x) return not y or x == 5", "if f(n - 1, x) then return x > n end return x < n")
			argument := g.field(1)
			g.declare(v, truth)
			return tree.Sequence(
				statement("local function "+f+"(n, x)$end", tree.Sequence(statement("if n == 0 then return $ end", end), statement(strings.ReplaceAll(step, "f(", f+"(")))),
				statement(fmt.Sprintf("local %s = %s(%d, $)", v, f, g.IntN(6)), argument))
		}},
		{"recursion of numbers", 2, func(int) *tree.Node {
			f := g.name("f")
			body := pick(g, "if n < 2 then return n end return f(n - 1) + f(n - 2)", "return n <= 1 and 1 or n * f(n - 1) % 1009", "if n == 0 then return 0 end return 1 + f(n - 1)",
				"local a = n > 0 and f(n - 1) or 3 a = a + n return a")
			name := g.name("v")
			g.declare(name, whole)
			return tree.Sequence(statement(fmt.Sprintf("local function %s(n) %s end", f, strings.ReplaceAll(body, "f(", f+"("))),
				statement(fmt.Sprintf("local %s = %s(%d)", name, f, g.IntN(8))))
		}},
		{"two that call each other", 1, func(int) *tree.Node {
			odd, even, v := g.name("f"), g.name("f"), g.name("v")
			count := g.whole(2)
			g.declare(v, truth)
			return tree.Sequence(statement("local "+odd+", "+even),
				statement(fmt.Sprintf("function %s(n) if n == 0 then return true end return %s(n - 1) end", even, odd)),
				statement(fmt.Sprintf("function %s(n) if n == 0 then return false end return %s(n - 1) end", odd, even)),
				statement(fmt.Sprintf("local %s = %s($ %% 7)", v, pick(g, odd, even)), count))
		}},
		{"procedure", 5, func(int) *tree.Node {
			if !few() {
				return nil
			}
			name, x := g.name("p"), g.name("x")
			body := g.body(function{gives: procedure}, 3, variable{name: x, kind: whole})
			g.keep(name, procedure)
			return statement("local function "+name+"("+x+")$end", body)
		}},
		{"call of procedure", 12, func(int) *tree.Node {
			name := g.one(procedure)
			if name == "" || !g.may(name) {
				return nil
			}
			return statement(name+"($)", g.whole(2))
		}},
		{"counter", 4, func(int) *tree.Node {
			count, f := g.name("v"), g.name("f")
			start := g.stored(whole, 3)
			g.declare(count, whole)
			b := tree.Sequence(statement("local "+count+" = $", start),
				statement(fmt.Sprintf("local function %s(k) %s = (%s + (k or 1)) %% 1009 return %s end", f, count, count, count)))
			for range 1 + g.IntN(3) {
				b.Append(statement("if $ then "+f+"($) end", g.condition(2), tree.New(tree.Optional, pick(g, "", "3", "-1"))))
			}
			if g.chance(50) {
				v := g.name("v")
				g.declare(v, whole)
				b.Append(statement("local " + v + " = " + f + "()"))
			}
			return b
		}},
		{"two functions of one variable", 2, func(int) *tree.Node {
			get, set, v := g.name("f"), g.name("f"), g.name("v")
			n := tree.Sequence(statement("local "+get+", "+set),
				statement("do local hidden = $ "+get+" = function() return hidden end "+set+" = function(x) hidden = x end end", g.stored(whole, 3)),
				statement("if $ then "+set+"($) end", g.condition(2), g.stored(whole, 3)), statement("local "+v+" = "+get+"()"))
			g.declare(v, whole)
			return n
		}},
		{"functions of a loop", 4, func(int) *tree.Node {
			all, f := g.name("v"), g.name("f")
			count := 1 + g.IntN(3)
			inner := pick(g, "return x + i", "return z * i", "local y = z y = y + i return y", "return x == z and i or z")
			if g.script {
				inner = pick(g, inner, "i = i + 1 return i + x", "z = (z + x) % 1009 return z", "i, z = z, i return i")
			}
			start := tree.New(tree.Optional, "")
			if g.chance(30) {
				start = tree.New(tree.Optional, "$ ", g.constantStartOutside())
			}
			skip := ""
			if !g.Plain && g.chance(25) {
				skip = g.name("next")
			}
			head := fmt.Sprintf("for i = 1, %d do $local z = i * 2 ", count)
			end := ""
			if skip != "" {
				head += "if i == 2 then goto " + skip + " end "
				end = " ::" + skip + "::"
			}
			g.keep(f, fnWhole)
			return tree.Sequence(statement("local "+all+" = {}"),
				statement(head+fmt.Sprintf("%s[#%s + 1] = function(x) %s end", all, all, inner)+end+" end", start),
				statement(fmt.Sprintf("local %s = %s[%d] or function() return 0 end", f, all, 1+g.IntN(count))))
		}},
		{"three functions in each other", 2, func(int) *tree.Node {
			v, outer := g.name("v"), g.name("v")
			start := g.stored(whole, 2)
			g.declare(outer, whole)
			g.declare(v, whole)
			return tree.Sequence(statement("local "+outer+" = $", start),
				statement(fmt.Sprintf("local %s = (function(a) return (function(b) local c = a + b return (function() %s return %s + c end)() end)(a + 1) end)(2)", v,
					pick(g, outer+" = "+outer+" + 1", "a = a + 1", "b, a = a, b", "c, a = a, c", "local d = c c = d + 1"), outer)))
		}},
		{"varargs", 4, func(int) *tree.Node {
			f, v := g.name("f"), g.name("v")
			body := pick(g, `local n = 0 for i = 1, select("#", ...) do if (select(i, ...)) then n = n + 1 end end return n`, `return select("#", ...)`, "local a, b = ... return (a and 1 or 0) + (b and 2 or 0)",
				`local t = { ... } local n = 0 for i = 1, select("#", ...) do if t[i] == nil then n = n + 1 end end return n`, "local a, b, c = ..., 5 return (b and 1 or 0) + (c and 2 or 0)",
				`return (function(...) return select("#", ...) end)(1, ...)`, `local function rest(_, ...) return ... end return select("#", rest(...))`, `return select("#", ..., nil)`,
				"local n = (...) and 1 or 2 n = (select(-1, 0, ...)) and n or 3 return n")
			var args []*tree.Node
			for range 1 + g.IntN(3) {
				args = append(args, pick(g, g.truth(2), g.truth(2), g.whole(2), lua(tree.Truth, "false"), lua(tree.Truth, "nil"), lua(tree.Piece, `"a"`)))
			}
			g.declare(v, whole)
			return tree.Sequence(statement("local function "+f+"(...) "+body+" end"), statement("local "+v+" = "+f+"($)", tree.List(args...)))
		}},
		{"changed behind a function", 4, func(int) *tree.Node {
			// The function sees what the variable becomes later, also behind an error that was caught.
			v, f := g.name("v"), g.name("f")
			first, second := g.stored(whole, 2), g.stored(whole, 2)
			g.declare(v, whole)
			g.keep(f, fnTruth)
			b := tree.Sequence(statement("local "+v+" = $", first), statement("local "+f+" = function(x) return x "+g.comparison()+" "+v+" end"))
			if g.mayCatch() && g.chance(70) {
				g.outermost = true
				b.Append(statement(pick(g, `pcall(error, "x")`, `pcall(function() local y = nil; return y.z end)`, `xpcall(function() error("x", 0) end, function(m) return m end)`)))
			}
			b.Append(statement(v+" = $", second))
			return b
		}},
		{"caught error", 6, func(int) *tree.Node {
			if !g.mayCatch() || !g.script {
				return nil
			}
			g.outermost = true
			ok, why := g.name("v"), g.name("v")
			thrown := pick(g, `error("x", 0)`, `error("a" .. 1, 0)`, "error({ n = 3 })", "error(nil)", "return 1", "return nil, 2")
			condition := g.inside(function{gives: procedure}, func() *tree.Node { return g.condition(2) })
			b := tree.Sequence(statement("local "+ok+", "+why+" = pcall(function() local x = 1 if $ then "+thrown+" end return x end)", condition),
				statement(fmt.Sprintf("if type(%s) == \"table\" then %s = %s.n end", why, why, why)), statement("say("+ok+", "+why+")"))
			g.declare(ok, truth)
			return b
		}},
		{"caught error of Lua", 3, func(int) *tree.Node {
			if !g.mayCatch() || !g.script {
				return nil
			}
			g.outermost = true
			wrong := pick(g, "local y return y.z", "local y = {} return y.z.w", "return nil + 1", `return {} < 1`, `return 1 < "2"`, "local y y()", "return #nil", "return -{}", `return {} .. "x"`,
				"for i = 1, {} do end", "local t = {} t[nil] = 1", `return ("x"):nothing()`, `return "x" + 1`, "setmetatable(1, {})", `return ipairs()`)
			return statement("say((pcall(function() " + wrong + " end)), (pcall(pcall, error)), select(\"#\", pcall(error)))")
		}},
		{"global", 2, func(int) *tree.Node {
			if g.depth() != 1 {
				return nil
			}
			g.outermost = true
			name := g.name("g")
			value := g.stored(whole, 2)
			g.declare(name, whole)
			return statement(name+" = $", value)
		}},
	}
}

// mayCatch reports whether pcall may be used: a decision has no errors to catch.
func (g *Generator) mayCatch() bool { return g.script || g.depth() == 1 }

// may reports whether a procedure may be called here: what it changes is not outside of what may change, and it does not
// call itself.
func (g *Generator) may(name string) bool {
	for _, v := range g.visible(procedure) {
		if v.name == name && v.depth < g.base {
			return false
		}
	}
	// In a function that stands in an expression nothing may change but its own variables.
	for _, f := range g.functions[max(g.base, 1):] {
		if f.gives != procedure {
			return false
		}
	}
	return true
}

// constantStartOutside is what a loop may begin with whose body is written by hand.
func (g *Generator) constantStartOutside() *tree.Node {
	return lua(tree.Statement, "%s", pick(g, "if false then local x = 1 end", "while nil do end", "do local x = false or nil end"))
}
