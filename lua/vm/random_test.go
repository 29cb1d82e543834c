package vm_test

import (
	"fmt"
	"math/rand"
	"strings"
)

// program writes random Lua that ends: what PUC Lua, the machine and the executor must all do alike. It traces what it
// works out, and catches the errors that it makes.
type program struct {
	r    *rand.Rand
	b    strings.Builder
	vars [][]string
	// left bounds the size, depth that of functions and loops within each other.
	left, depth, loops, names int
	jumps                     bool
}

func newProgram(seed int64, jumps bool) string {
	p := &program{r: rand.New(rand.NewSource(seed)), left: 25 + int(seed%40), jumps: jumps}
	p.write("do local ok, e = pcall(function(...)\n")
	p.open()
	p.vars[0] = append(p.vars[0], "g1", "g2")
	p.write("g1, g2 = 3, 'x'\n")
	p.block()
	p.close()
	p.write("end, 1, 'a', nil, 4) trace('end', ok, e) end\n")
	return p.b.String()
}

func (p *program) write(form string, args ...any) { fmt.Fprintf(&p.b, form, args...) }

func (p *program) one(list ...string) string { return list[p.r.Intn(len(list))] }

func (p *program) chance(percent int) bool { return p.r.Intn(100) < percent }

func (p *program) open() { p.vars = append(p.vars, nil) }

func (p *program) close() { p.vars = p.vars[:len(p.vars)-1] }

func (p *program) declare(name string) {
	p.vars[len(p.vars)-1] = append(p.vars[len(p.vars)-1], name)
}

func (p *program) fresh() string {
	if p.chance(50) {
		return p.one("a", "b", "c", "d", "x")
	}
	p.names++
	return fmt.Sprintf("v%d", p.names)
}

func (p *program) variable() string {
	var all []string
	for _, s := range p.vars {
		all = append(all, s...)
	}
	// Mostly the inner ones.
	if len(all) > 4 && p.chance(60) {
		all = all[len(all)-4:]
	}
	return all[p.r.Intn(len(all))]
}

func (p *program) block() {
	for range 1 + p.r.Intn(5) {
		if p.left <= 0 {
			break
		}
		p.stmt()
	}
}

func (p *program) target() string {
	if p.chance(25) {
		return p.one("T", "T", p.variable()) + p.one(".x", ".y", "[1]", "[2]", "[key("+p.expr(1)+")]")
	}
	return p.variable()
}

func (p *program) list(n int) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = p.expr(2)
	}
	return strings.Join(parts, ", ")
}

func (p *program) stmt() {
	p.left--
	switch k := p.r.Intn(40); {
	case k < 5:
		n := 1 + p.r.Intn(3)
		names := make([]string, n)
		for i := range names {
			names[i] = p.fresh()
		}
		p.write("local %s", strings.Join(names, ", "))
		if p.chance(85) {
			p.write(" = %s", p.list(1+p.r.Intn(n+1)))
		}
		p.write("\n")
		for _, name := range names {
			p.declare(name)
		}
	case k < 9:
		p.write("%s = %s\n", p.target(), p.expr(3))
	case k < 12:
		n := 2 + p.r.Intn(2)
		targets := make([]string, n)
		for i := range targets {
			targets[i] = p.target()
		}
		p.write("%s = %s\n", strings.Join(targets, ", "), p.list(1+p.r.Intn(n+1)))
	case k < 14:
		p.write("trace(%s)\n", p.list(1+p.r.Intn(3)))
	case k < 17:
		p.write("if %s then\n", p.cond(2))
		p.inner()
		for p.chance(30) {
			p.write("elseif %s then\n", p.cond(2))
			p.inner()
		}
		if p.chance(50) {
			p.write("else\n")
			p.inner()
		}
		p.write("end\n")
	case k < 18:
		p.write("do\n")
		p.inner()
		p.write("end\n")
	case k < 24 && p.depth < 4:
		p.loop()
	case k < 27 && p.depth < 4:
		p.functionStmt()
	case k < 28 && p.depth < 4:
		p.write("trace(pcall(function(...)\n")
		loops := p.loops
		p.loops = 0
		p.inner()
		p.loops = loops
		p.write("end, %s))\n", p.list(2))
	case k < 30 && p.loops > 0:
		if p.jumps && p.chance(50) {
			p.write("if %s then goto again%d end\n", p.cond(1), p.loops)
		} else {
			p.write(p.one("if %s then break end\n", "do if %s then break end end\n"), p.cond(1))
		}
	case k < 32:
		p.write("pcall(error, 'x')\n")
	case k < 36:
		// An existing variable, often of itself.
		v := p.variable()
		p.write("%s = %s trace(%s, %s, %s)\n", v, p.logic(3, v), v, p.variable(), p.variable())
	case k < 38:
		p.write("trace(%s, %s, %s)\n", p.variable(), p.variable(), p.variable())
	case k < 39:
		p.write("if %s then return %s end\n", p.cond(1), p.list(1+p.r.Intn(2)))
	default:
		p.write("f1(%s)\n", p.list(p.r.Intn(3)))
	}
}

func (p *program) inner() {
	p.open()
	p.block()
	p.close()
}

func (p *program) body() {
	p.depth++
	p.open()
	p.block()
	p.close()
	p.depth--
}

func (p *program) loop() {
	p.names++
	n := p.names
	loops := p.loops
	p.loops = n
	defer func() { p.loops = loops }()
	again := ""
	if p.jumps {
		again = fmt.Sprintf("::again%d::\n", n)
	}
	wrap := func(body func()) {
		early := p.chance(50)
		if early {
			p.write("tick()\n")
		}
		if p.jumps {
			p.write("do\n")
		}
		body()
		if !early {
			p.write("tick()\n")
		}
		if p.jumps {
			p.write("end\n%s", again)
		}
	}
	switch p.r.Intn(5) {
	case 0:
		p.write("local n%d = 0 while n%d < 3 and %s do n%d = n%d + 1\n", n, n, p.cond(1), n, n)
		wrap(p.body)
		p.write("end\n")
	case 1:
		p.write("local n%d = 0 while true do n%d = n%d + 1 if n%d > 3 then break end\n", n, n, n, n)
		wrap(p.body)
		p.write("end\n")
	case 2:
		p.write("local n%d = 0 repeat n%d = n%d + 1\n", n, n, n)
		if p.jumps {
			wrap(p.body)
			p.write("until n%d > 2 or %s\n", n, p.cond(1))
			return
		}
		p.depth++
		p.open()
		p.write("tick()\n")
		p.block()
		p.write("local u%d = %s\n", n, p.expr(1))
		p.declare(fmt.Sprintf("u%d", n))
		p.write("until n%d > 2 or %s\n", n, p.cond(1))
		p.close()
		p.depth--
	case 3:
		name := p.fresh()
		p.write("for %s = %s do\n", name, p.one("1, 3", "3, 1, -1", "1, 2, 0.25", "'1', 2", "1, 0", "0.1, 0.5, 0.1", "'3', 4", "1, #T"))
		p.open()
		p.declare(name)
		wrap(p.body)
		p.close()
		p.write("end\n")
	case 4:
		k, v := p.fresh(), p.fresh()
		p.write("for %s, %s in %s do\n", k, v, p.one("ipairs(T)", "ipairs{5, 6}", "ipairs({1}), {7, 8}, 0", "next, {9}", "next, {4}, nil", "pairs{3, 2, 1}"))
		p.open()
		p.declare(k)
		p.declare(v)
		wrap(p.body)
		p.close()
		p.write("end\n")
	}
}

// functionBody writes parameters and body. What calls itself is bounded by the count of calls.
func (p *program) functionBody() {
	loops := p.loops
	p.loops = 0
	params := []string{p.one("a", "b"), p.one("c", "d")}
	vararg := p.chance(40)
	list := strings.Join(params[:1+p.r.Intn(2)], ", ")
	if vararg {
		list += ", ..."
	}
	p.write("(%s) tick() calls = calls + 1 if calls > 60 then return %s end\n", list, p.one("1", "nil", "'s', 2"))
	p.open()
	for _, name := range strings.Split(list, ", ") {
		if name != "..." {
			p.declare(name)
		}
	}
	p.body()
	if p.chance(70) {
		if vararg && p.chance(50) {
			p.write("return %s, %s\n", p.expr(1), p.one("...", "(...)", "select('#', ...)"))
		} else {
			p.write("return %s\n", p.list(1+p.r.Intn(2)))
		}
	}
	p.close()
	p.write("end")
	p.loops = loops
}

func (p *program) functionStmt() {
	switch p.r.Intn(4) {
	case 0:
		name := p.fresh()
		p.write("local function %s", name)
		p.declare(name)
		p.functionBody()
	case 1:
		name := p.fresh()
		p.write("local %s = function", name)
		p.functionBody()
		p.declare(name)
	case 2:
		p.write("f1 = function")
		p.functionBody()
	case 3:
		p.write("T.f = function")
		p.functionBody()
	}
	p.write("\n")
}

func (p *program) constant() string {
	return p.one("1", "2", "0", "-1", "0.5", "10", "'x'", "'2'", "'10'", "''", "nil", "true", "false", "3", "1e3")
}

func (p *program) number(depth int) string {
	if depth <= 0 || p.chance(40) {
		return p.one("1", "2", "3", "0.5", "10", p.variable(), p.variable(), "#T", "'4'")
	}
	return p.number(depth-1) + " " + p.one("+", "-", "*", "/", "%", "^") + " " + p.number(depth-1)
}

func (p *program) expr(depth int) string {
	if depth <= 0 {
		if p.chance(70) {
			return p.variable()
		}
		return p.constant()
	}
	switch p.r.Intn(24) {
	case 0, 1, 2:
		return p.constant()
	case 3, 4, 5:
		return p.variable()
	case 6, 7, 8:
		return p.expr(depth-1) + " " + p.one("and", "or") + " " + p.expr(depth-1)
	case 9:
		return "(" + p.expr(depth-1) + " " + p.one("and", "or") + " " + p.expr(depth-1) + ")"
	case 10:
		return "not " + p.simple(depth-1)
	case 11, 12:
		return p.simple(depth-1) + " " + p.one("==", "~=") + " " + p.simple(depth-1)
	case 13:
		return p.number(depth-1) + " " + p.one("<", ">", "<=", ">=") + " " + p.number(depth-1)
	case 14, 15:
		return p.number(depth)
	case 16:
		return "cut(" + p.one(p.variable(), p.constant()) + " .. " + p.one(p.variable(), "'s'", "1.5") + p.one("", " .. "+p.variable()) + ")"
	case 17:
		return p.one("T", p.variable()) + p.one(".x", "[1]", ".y")
	case 18, 19:
		return p.one("f1", "f1", "id", "T.f", "two") + "(" + p.list(p.r.Intn(3)) + ")"
	case 20:
		return "(" + p.one("two", "f1") + "(" + p.expr(depth-1) + "))"
	case 21:
		return p.one("{"+p.list(1+p.r.Intn(3))+"}", "{x = "+p.expr(depth-1)+", "+p.expr(depth-1)+"}", "{[key("+p.expr(depth-1)+")] = 1, two(5)}")
	case 22:
		return "(function() " + p.assignments() + "return " + p.expr(depth-1) + " end)()"
	default:
		return p.one("- ", "#") + p.simple(depth-1)
	}
}

// logic combines a variable with others.
func (p *program) logic(depth int, v string) string {
	leaf := func() string {
		return p.one(v, v, p.variable(), p.variable()+" == "+p.constant(), p.variable()+" ~= "+p.variable(), p.constant())
	}
	if depth <= 0 || p.chance(15) {
		return leaf()
	}
	switch p.r.Intn(5) {
	case 0:
		return "not (" + p.logic(depth-1, v) + ")"
	case 1:
		return "(" + p.logic(depth-1, v) + ")"
	}
	return p.logic(depth-1, v) + " " + p.one("and", "or") + " " + p.logic(depth-1, v)
}

// assignments change variables of functions around.
func (p *program) assignments() string {
	if p.chance(60) {
		return p.variable() + " = " + p.constant() + " "
	}
	return ""
}

func (p *program) simple(depth int) string {
	if depth <= 0 || p.chance(50) {
		return p.one(p.variable(), p.constant())
	}
	return "(" + p.expr(depth-1) + ")"
}

func (p *program) cond(depth int) string {
	if p.chance(25) {
		return p.one("true", "false", "nil", "1", "not nil", "not true", "false or nil", "true and 1")
	}
	if p.chance(30) {
		return p.cond(depth-1) + " " + p.one("and", "or") + " " + p.cond(depth-1)
	}
	if p.chance(15) {
		return "not (" + p.cond(depth-1) + ")"
	}
	return p.expr(depth)
}

// prelude is what programs count on. What trace writes is the same for all who run them.
const prelude = `
local function show(v)
	if type(v) == "number" then if v ~= v then return "nan" end return string.format("%.14g", v) end
	if type(v) == "string" then return "'" .. v .. "'" end
	if type(v) == "table" or type(v) == "function" then return type(v) end
	return tostring(v)
end
function out(...)
	local s = ""
	for i = 1, select("#", ...) do s = s .. show((select(i, ...))) .. " " end
	emit(s)
end
function id(...) return ... end
function key(v) if type(v) == 'number' then return v % 8 end return v end
function tick() steps = steps + 1 if steps > 2000 then error('steps', 0) end end
function two(a) return a, 2 end
function cut(s) return string.sub(s, 1, 30) end
`

// start is what each program begins with.
const start = `calls = 0 steps = 0 T = {10, 20, x = 1, y = 'why'} f1 = function(a, b) return b, a end T.f = id
`
