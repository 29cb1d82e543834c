package loader_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cellsh/lua/loader"
	"cellsh/policy"
	"cellsh/policy/analysis"
	"cellsh/policy/graph"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
	"cellsh/policy/rules"
	"cellsh/policy/study"
)

type testGroups map[string]uint32

func (g testGroups) Lookup(name string) (uint32, bool) { gid, ok := g[name]; return gid, ok }
func (g testGroups) Names() []string                   { return []string{"wheel", "operator"} }

var groups = testGroups{"wheel": 0, "operator": 5}

// generator writes random policies. Every construct of the language that has a meaning in a decision can come up.
type generator struct {
	choose func(n int) int
	b      strings.Builder
	depth  int
	vars   []string
	loops  int
	seen   map[string]bool
	// family is what the policies of the source are about.
	family *family
	// entry is what the function that is written is for.
	entry string
}

// family is requests that policies are written for, and conditions on the fields that they carry.
type family struct {
	entries    []string
	requests   []string
	numbers    []string
	conditions []string
	// modulo is what can be divided with rest, and by how much at least.
	modulo  string
	divisor int
}

var families = []family{
	{
		entries:  []string{"network.bind", "network.bind.port", "network.socket.open"},
		requests: []string{"network.bind.port", "network.bind.privport", "network.bind.anyaddr", "network.socket.open", "network.route"},
		numbers:  []string{"r.port", "(r.port or 7)"},
		modulo:   "(r.port or 9)", divisor: 20,
		conditions: []string{"r.type == 'raw'", "r.type ~= 'stream'", "r.protocol == 'udp'", "r.protocol ~= 200", "r.addr ~= nil and r.addr:within('10.0.0.0/8')",
			"r.addr and (r.addr:within(net) or r.addr:within('::/0'))", "r.port == nil", "not r.addr", "allowed[r.port]", "names[r.type]", "allowed[r.port] == 'b'", "r.addr and r.addr:within('10.0.0.5-10.0.1.9')", "r.addr and r.addr:within('::1-2001:db8::5')", "(r.port or 1) % 2 == 1", "r.uid % 1000 < 3 and r.uid % 7 == 2",
			"r.uid % 1000000 >= 5 or (3 - 6 * r.uid) % 1000 == 7",
			"names[r.protocol] ~= nil", "type(r.domain) == 'string'", "type(r.protocol) == 'number'", "r.port and allowed[r.port + 1]", "r.port and allowed[r.port % 1000]"},
	},
	{
		entries:  []string{"process", "process.signal", "process.rlimit.set"},
		requests: []string{"process.signal", "process.rlimit.set", "process.fork", "process.nice", "process.ptrace"},
		numbers:  []string{"(r.nprocs or 5)", "(r.target and r.target.pid or 3)"},
		modulo:   "(r.nice or 1)", divisor: 2,
		conditions: []string{"r.signal == 'kill'", "r.signal == 0", "r.signal ~= 40", "r.target and r.target.is_init", "r.target and r.target.same_cell == true",
			"r.target ~= nil and r.target.cell == 'db-1'", "r.target and r.target.cell and r.target.cell:glob('db-*')", "r.target and r.target.cell and r.target.cell:glob('*-1')", "r.target and r.target.cell == ''", "r.target and r.target.uid == r.uid", "r.cur == unlimited", "r.max ~= unlimited",
			"r.cur ~= nil and r.cur < r.max", "r.resource == 'nofile' and r.cur > 1024", "r.op == 'attach'", "r.nice and r.nice < 0", "names[r.signal]", "({kill = true, [9] = false})[r.signal or 1]"},
	},
	{
		entries:  []string{"network.interface", "network.interface.setpriv", "network"},
		requests: []string{"network.interface.setpriv", "network.interface.getpriv", "network.route"},
		numbers:  []string{"r.egid", "r.gid"},
		modulo:   "r.uid", divisor: 1 << 24,
		conditions: []string{"r.ifname == 'wm0'", "r.cmd == 'SIOCSIFFLAGS'", "r.cmd ~= 5", "type(r.cmd) == 'number'", "({SIOCSIFMTU = true, [7] = false})[r.cmd or 1]", "r.ifname ~= 'lo0'", "r.ifname == nil", "not r.ifname", "names[r.ifname]", "r.ifname and r.ifname:glob('w*')", "r.ifname and (r.ifname:glob('*0') or not string.glob(r.ifname, 'wm*'))", "r.ifname and r.ifname:glob('wm**')",
			"r.ifname and r.ifname:glob('wm0')", "has(#ports + 2, 4)", "r.ifname and names[r.ifname] == 4", "tostring(r.ifname) == 'wm0'"},
	},
	{
		entries:  []string{"device", "device.rawio_passthru", "device.rawio_spec"},
		requests: []string{"device.rawio_passthru.read", "device.rawio_passthru", "device.rawio_spec.rw", "device.rawio_spec.read"},
		numbers:  []string{"(r.bits or 2)", "(r.major or 2)"},
		modulo:   "(r.major or 8)", divisor: 7,
		conditions: []string{"r.bits == 1", "r.bits ~= 3", "r.bits and has(r.bits, 2)", "r.bits and not has(r.bits, 'KAUTH_REQ_DEVICE_RAWIO_PASSTHRU_READ')", "r.bits and has(r.bits, 12)", "r.kind == 'char'", "r.major == r.minor", "r.kind and r.major == 2 and r.minor < 8", "allowed[r.bits or 8]"},
	},
}

// carried are those of the texts whose fields some request of the entry carries: others would be refused as a slip.
func (g *generator) carried(texts []string) []string {
	pattern, _ := kauth.FindPattern(g.entry)
	lo, hi := pattern.Range()
	return slices.DeleteFunc(slices.Clone(texts), func(text string) bool {
		for _, m := range fieldRead.FindAllStringSubmatch(text, -1) {
			name := m[1]
			if name == "target" {
				name = "target.pid"
			}
			field, ok := kauth.FindField(name)
			carried := !ok
			for id := lo; id < hi && !carried; id++ {
				carried = id.Info().Fields.Has(field) && kauth.Newest().Asks(id)
			}
			if !carried {
				return true
			}
		}
		return false
	})
}

var fieldRead = regexp.MustCompile(`\br\.(target\.\w+|\w+)`)

func (g *generator) use(construct string) { g.seen[construct] = true }

func (g *generator) line(form string, args ...any) {
	g.b.WriteString(strings.Repeat("  ", g.depth))
	fmt.Fprintf(&g.b, form, args...)
	g.b.WriteByte('\n')
}

// number is an expression for a number that depends on the request.
func (g *generator) number() string {
	list := append([]string{"r.uid", "r.euid", "id(r.uid)", "pick(2, r.gid, r.egid)"}, g.carried(g.family.numbers)...)
	f := list[g.choose(len(list))]
	switch g.choose(9) {
	case 0:
		g.use("addition")
		return fmt.Sprintf("%s + %d", f, g.choose(9))
	case 1:
		g.use("subtraction")
		return fmt.Sprintf("%d - %s", g.choose(20), f)
	case 2:
		g.use("multiplication")
		return fmt.Sprintf("%s * %d", f, g.choose(5)-1)
	case 3:
		g.use("modulo")
		divided, by := "r.uid", 1<<24
		if len(g.carried([]string{g.family.modulo})) > 0 {
			divided, by = g.family.modulo, g.family.divisor
		}
		return fmt.Sprintf("%s %% %d", divided, (by+g.choose(400))*(1-2*g.choose(2)))
	case 4:
		g.use("minus")
		return "-" + f
	}
	return f
}

// within is a constant that the number can be equal to, whatever it is made of.
func (g *generator) within() string {
	return []string{"0", "1", "5", "7", "#ports", "t.a", "t.b.c", "('x'):len()"}[g.choose(8)]
}

// constant is any number.
func (g *generator) constant() string {
	return []string{"0", "1", "5", "8", "80", "1024", "65535", "7.5", "-3", "limit", "#ports", "ports[2]", "t.a", "t.b.c", "2^10", "('x'):len()", "tonumber('12')", "math.max(3, 9)"}[g.choose(18)]
}

// fill puts the number of a variable for @ and a number for $.
func (g *generator) fill(text string) string {
	return strings.NewReplacer("@", fmt.Sprint(g.loops), "$", g.plain()).Replace(text)
}

// plain is a number field as it is, or something else where it is not carried.
func (g *generator) plain() string {
	list := append([]string{"r.uid", "r.gid"}, g.carried(g.family.numbers)...)
	return list[g.choose(len(list))]
}

// condition is an expression that is true or false.
func (g *generator) condition(deep int) string {
	if deep > 0 && g.choose(3) == 0 {
		a, b := g.condition(deep-1), g.condition(deep-1)
		switch g.choose(3) {
		case 0:
			g.use("and")
			return fmt.Sprintf("(%s and %s)", a, b)
		case 1:
			g.use("or")
			return fmt.Sprintf("(%s or %s)", a, b)
		}
		g.use("not")
		return fmt.Sprintf("not (%s)", a)
	}
	switch g.choose(16) {
	case 0, 1, 2, 3:
		list := g.carried(g.family.conditions)
		if len(list) == 0 {
			return "r.uid == 5"
		}
		c := list[g.choose(len(list))]
		g.use(c)
		return c
	case 4:
		g.use("in_group")
		return fmt.Sprintf("r:in_group(%s)", []string{"\"wheel\"", "5", "100"}[g.choose(3)])
	case 5:
		g.use("two fields")
		return fmt.Sprintf("r.uid %s r.euid", []string{"==", "~=", "<", "<=", ">", ">="}[g.choose(6)])
	case 6:
		g.use("module")
		return []string{"mod.check(r)", "mod.below(r.uid)", "mod.inner.list[2] == 20", "mod.wheel(r)"}[g.choose(4)]
	case 7:
		g.use("helper")
		return fmt.Sprintf("%s(r, %s)", []string{"below", "helper.check"}[g.choose(2)], g.constant())
	case 8:
		g.use("method")
		return fmt.Sprintf("object:over(%s)", g.number())
	case 9:
		g.use("cell name")
		return []string{"r.cell.name == 'web-1'", "string.glob(r.cell.name, 'web-*')", "r.cell.name:sub(1, 2) == 'db'"}[g.choose(3)]
	case 10:
		if len(g.vars) > 0 {
			g.use("local variable")
			v := g.vars[g.choose(len(g.vars))]
			return fmt.Sprintf("(type(%s) == 'number' and %s > %d)", v, v, g.choose(9))
		}
	case 12:
		g.use("metatable")
		return fmt.Sprintf("(meta + %s) %s 40", g.number(), []string{"<", ">="}[g.choose(2)])
	case 13:
		g.use("equality")
		return fmt.Sprintf("%s %s %s", []string{"r.uid", "r.euid", "r.gid * 1", "id(r.egid)"}[g.choose(4)], g.equality(), g.within())
	case 11:
		g.use("constant condition")
		return []string{"true", "false", "nil", "1 < 2", "'a' == 'b'", "#t.list == 3"}[g.choose(6)]
	}
	g.use("comparison")
	return fmt.Sprintf("%s %s %s", g.number(), []string{"<", "<=", ">", ">="}[g.choose(4)], g.constant())
}

func (g *generator) equality() string { return []string{"==", "~="}[g.choose(2)] }

func (g *generator) result() string {
	r := []string{"deny", "allow", "grant", "'deny'", "t.no", "mod.answer"}[g.choose(6)]
	switch g.choose(6) {
	case 0:
		return r + fmt.Sprintf(", 'reason %d'", g.choose(4))
	case 1:
		g.use("conditional result")
		return fmt.Sprintf("(%s) and %s or allow", g.condition(0), r)
	case 2:
		g.use("concatenated reason")
		return r + ", 'no ' .. " + []string{"limit", "'x'", "t.a"}[g.choose(3)]
	case 3:
		g.use("nil result")
		return "nil"
	case 4:
		g.use("record")
		return []string{"deny", "allow", "grant"}[g.choose(3)] + ", " + []string{"nil", "'seen'"}[g.choose(2)] + ", " + []string{"record", "r.uid == 5 and record or nil"}[g.choose(2)]
	}
	return r
}

// block is some statements.
func (g *generator) block(n int) {
	vars := len(g.vars)
	g.depth++
	for range 1 + g.choose(n) {
		g.statement(n - 1)
	}
	g.depth--
	g.vars = g.vars[:vars]
}

func (g *generator) statement(n int) {
	if n <= 0 {
		g.line("if %s then return %s end", g.condition(1), g.result())
		return
	}
	switch g.choose(18) {
	case 0:
		g.use("if else")
		g.line("if %s then", g.condition(2))
		g.block(n - 1)
		g.line("elseif %s then", g.condition(1))
		g.block(n - 1)
		g.line("else")
		g.block(n - 1)
		g.line("end")
	case 1:
		g.use("local")
		v := fmt.Sprintf("v%d", len(g.vars))
		g.line("local %s = %s", v, []string{g.number(), g.constant(), "nil", g.plain()}[g.choose(4)])
		g.vars = append(g.vars, v)
	case 2:
		if len(g.vars) > 0 {
			g.use("assignment")
			g.line("if %s then %s = %s end", g.condition(0), g.vars[g.choose(len(g.vars))], g.constant())
		}
	case 3:
		g.use("numeric for")
		g.line("for i = %d, %d, %d do", g.choose(3), 3+g.choose(3), 1+g.choose(2))
		g.line("  if %s == i * 10 then return %s end", g.plain(), g.result())
		g.line("end")
	case 4:
		g.use("generic for")
		g.line("for k, v in %s do", []string{"ipairs(ports)", "pairs(t.list)", "pairs({a = 1, b = 2, 3})", "next, ports"}[g.choose(4)])
		g.line("  if %s == v then return %s end", g.plain(), g.result())
		if g.choose(3) == 0 {
			g.use("break")
			g.line("  if %s then break end", g.condition(0))
		}
		g.line("end")
	case 5:
		g.use("while")
		g.line("local n%d = 0", g.loops)
		g.line("while n%d < %d do n%d = n%d + 1 if r.uid == n%d then return %s end end", g.loops, 1+g.choose(4), g.loops, g.loops, g.loops, g.result())
		g.loops++
	case 6:
		g.use("repeat")
		g.line("local m%d = %d", g.loops, 1+g.choose(3))
		g.line("repeat if r.egid == m%d then return %s end m%d = m%d - 1 until m%d <= 0", g.loops, g.result(), g.loops, g.loops, g.loops)
		g.loops++
	case 7:
		g.use("closure")
		g.line("local c%d = 0", g.loops)
		g.line("local function add%d(n) c%d = c%d + n return c%d end", g.loops, g.loops, g.loops, g.loops)
		g.line("if %s then add%d(1) end", g.condition(0), g.loops)
		g.line("if add%d(1) == 2 then return %s end", g.loops, g.result())
		g.loops++
	case 8:
		g.use("varargs")
		g.line("local a%d, b%d = (function(...) return select('#', ...), ... end)(%s, 2, r.uid)", g.loops, g.loops, g.number())
		g.line("if a%d == 3 and b%d >= %s then return %s end", g.loops, g.loops, g.constant(), g.result())
		g.loops++
	case 9:
		g.use("local table")
		g.line("local l%d = {%s, n = %s}", g.loops, g.constant(), g.constant())
		g.line("if %s then l%d[#l%d + 1] = 5 table.insert(l%d, 6) end", g.condition(0), g.loops, g.loops, g.loops)
		g.line("for _, v in ipairs(l%d) do if v == 7.5 or %s > v then return %s end end", g.loops, g.plain(), g.result())
		g.loops++
	case 10:
		g.use("recursion")
		g.line("local function down%d(n) if n == 0 then return false end return r.gid == n or down%d(n - 1) end", g.loops, g.loops)
		g.line("if down%d(%d) then return %s end", g.loops, 1+g.choose(4), g.result())
		g.loops++
	case 12:
		g.use("goto")
		g.line("for i = 1, %d do", 2+g.choose(2))
		g.line("  if %s ~= i then goto next%d end", g.plain(), g.loops)
		g.line("  do return %s end", g.result())
		g.line("  ::next%d::", g.loops)
		g.line("end")
		g.loops++
	case 13:
		g.use("nested tables")
		g.line("local n%d = {{on = {%s, %d}, say = %s}, {on = {9, 3}, say = allow}}", g.loops, g.within(), g.choose(9), "deny")
		g.line("for _, e in ipairs(n%d) do for _, v in ipairs(e.on) do if r.uid == v then return e.say end end end", g.loops)
		g.loops++
	case 14:
		g.use("and or value")
		g.line("local x%d = %s and %s or %s", g.loops, g.condition(1), g.within(), g.constant())
		g.line("if %s < x%d then return %s end", g.plain(), g.loops, g.result())
		g.loops++
	case 15:
		g.use("objects")
		g.line("local mt%d = {__index = function(t, k) return k .. 'x' end, __call = function(self, n) return n < self.v end, __unm = function(o) return o.v end,", g.loops)
		g.line("  __eq = function(a, b) return a.v == b.v end, __lt = function(a, b) return a.v < b.v end, __le = function(a, b) return a.v <= b.v end, __len = function() return 4 end, __mul = function(a, b) return 2 * (type(a) == 'table' and b or a) end}")
		g.line("local oa%d, ob%d = setmetatable({v = %s}, mt%d), setmetatable({v = %s}, mt%d)", g.loops, g.loops, g.within(), g.loops, g.within(), g.loops)
		g.line("if %s then return %s end", g.fill([]string{"oa@ == ob@", "oa@ < ob@ and oa@ <= ob@", "-oa@ > 3", "#oa@ == 4", "oa@($)", "oa@.k == 'kx'",
			"oa@ * $ > 9", "$ * ob@ < 40", "getmetatable(oa@) == mt@", "rawequal == nil"}[g.choose(10)]), g.result())
		g.loops++
	case 16:
		g.use("library")
		g.line("local q%d = {%s, %s, 4}", g.loops, g.plain(), g.within())
		g.line("if %s then return %s end", g.fill([]string{"select(-1, unpack(q@)) == 4 and (unpack(q@)) > 30", "table.remove(q@) == 4 and q@[1] < 9", "math.floor(q@[1]) >= 80", "tonumber(q@[1]) > 5",
			"assert(q@[3] == 4) and math.ceil(q@[1]) <= 100", "tostring(q@[2]) == '5'", "type(q@[1]) == 'number' and next(q@) == 1", "table.concat({'a', 'b'}, '-') == 'a-b' and #q@ == 3",
			"('web-1'):find('web', 1, true) == 1 and string.format('%d', q@[3]) == '4'", "string.rep('x', 3) == 'xxx'"}[g.choose(10)]), g.result())
		g.loops++
	case 17:
		g.use("two fields calculated")
		g.line("if %s then return %s end", []string{"r.uid + 0 == r.gid", "r.uid ~= r.gid", "r.euid - r.uid == 0 or r.uid >= r.egid", "r.uid + r.uid > 90", "r.gid <= r.egid and r.gid ~= r.uid"}[[]int{1, 1, 1, 3, 4}[g.choose(5)]], g.result())
	case 11:
		g.use("do block")
		g.line("do")
		g.block(n - 1)
		g.line("end")
	}
	g.line("if %s then return %s end", g.condition(1), g.result())
}

// module is a file beside the policies.
const module = `
local M = {inner = {list = {10, 20}}, answer = 'deny'}
local secret = 30
function M.check(r) return r.egid > secret or M.below(r.gid) end
function M.below(n) return n < M.inner.list[1] end
function M.wheel(r) return r:in_group('wheel') end
return M
`

const prelude = `
local mod = require 'mod'
local net = '192.168.' .. '0.0/16'
local meta = setmetatable({n = 30}, {__add = function(a, b) return b + a.n end})
local ports = {80, 443, 8080}
local limit = 1024
local t = {a = 5, b = {c = 9}, list = {1, 2, 3}, no = deny}
local allowed = {[80] = 'a', [443] = 'b', [8080] = 'a'}
local names = {stream = 1, dgram = 2, tcp = 3, wm0 = 4, kill = 5}
local function below(r, n) return r.port ~= nil and r.port < n end
local helper = {} function helper.check(r, n) return r.uid >= n end
local object = {limit = 50} object.__index = object function object:over(n) return n > self.limit end
local function id(...) return ... end
local function pick(n, ...) return (select(n, ...)) end
`

// source writes a file with one or two policies.
func (g *generator) source() string {
	g.b.Reset()
	g.b.WriteString(prelude)
	g.family = &families[g.choose(len(families))]
	for i := range 1 + g.choose(2) {
		g.vars = nil
		g.line("policy \"p%d\" {", i)
		if g.choose(2) == 0 {
			g.line("cells = { %q },", []string{"web-*", "*", "db-1"}[g.choose(3)])
		}
		if g.choose(2) == 0 {
			g.line("default = %s,", []string{"allow", "deny", "grant"}[g.choose(3)])
		}
		if g.choose(4) == 0 {
			g.use("audit")
			g.line("mode = \"audit\",")
		}
		if g.choose(3) == 0 {
			g.use("static")
			g.line("deny = { %q },", []string{"system", "network.route", "process.nice"}[g.choose(3)])
		}
		g.line("on = {")
		for _, name := range g.family.entries[g.choose(2) : 2+g.choose(2)] {
			g.line("[%q] = function(r)", name)
			g.vars, g.entry = nil, name
			g.block(3)
			g.line("end,")
		}
		g.line("},")
		g.line("}")
	}
	return g.b.String()
}

// compare holds everything that can answer against each other.
func compare(t *testing.T, src string, f *family) (compiled bool) {
	t.Helper()
	sources := []rules.Source{{File: "mod.lua", Text: module, Module: true}, {File: "f.lua", Text: src}}
	p := loader.Reader{Groups: groups}.Load(sources)
	if p.Loading.Failed() {
		t.Fatalf("%s\n%s", src, p.Loading)
	}
	raw := loader.Reader{Groups: groups, SkipOptimizations: true}.Load(sources)
	for _, cell := range []string{"web-1", "db-1"} {
		if err := p.Usable(cell); err != nil {
			if strings.Contains(err.Error(), "fault of cellsh") || strings.Contains(err.Error(), "the compiler holds") {
				t.Fatalf("%s\n%s", src, err)
			}
			return false // what is refused is tested elsewhere
		}
		proof, err := analysis.Prove(p.Compiler, []string{cell}, analysis.ProveOptions{})
		if err != nil {
			t.Fatalf("%s\n%s", src, err)
		}
		for _, d := range proof.Differences {
			t.Fatalf("%s\n%s\n%s", src, d.Error(), study.ExplainArgs(cell, orNone(d.Request)))
		}
		if tooManyCases(p, cell) {
			continue // the divisors of a field have too little in common
		}
		if proof.EdgesCovered != proof.Edges || proof.Undecided > 0 || proof.BoundariesCovered != proof.Boundaries {
			t.Fatalf("%s\nnot all is covered: %+v", src, *proof)
		}
		optimized, err1 := p.Program(cell)
		plain, err2 := raw.Program(cell)
		if err1 != nil || err2 != nil {
			t.Fatalf("%s\n%v %v", src, err1, err2)
		}
		if err := raw.Verify(cell, plain.Program, graph.DefaultLimit); err != nil {
			t.Fatalf("%s\nwithout optimising: %v", src, err)
		}
		decoded, err := program.Decode(optimized.Encode(&kauth.NetBSD109912), &kauth.NetBSD109912)
		if err != nil {
			t.Fatalf("%s\n%v", src, err)
		}
		compareOnWitnesses(t, src, p, cell, f.requests, []*program.Program{optimized.Program, plain.Program, decoded})
	}
	return true
}

// tooManyCases reports whether the decision on some request has too many cases.
func tooManyCases(p *study.Policies, cell string) bool {
	return slices.ContainsFunc(p.Vocabulary().Requests(), func(id kauth.RequestID) bool {
		_, _, err := p.Diagram(cell, id)
		return err == graph.ErrTooLarge
	})
}

func orNone(r *policy.Request) *policy.Request {
	if r == nil {
		return &policy.Request{}
	}
	return r
}

// compareOnWitnesses asks everything about one request of each region: every node of the program is met.
func compareOnWitnesses(t *testing.T, src string, p *study.Policies, cell string, requests []string, programs []*program.Program) {
	t.Helper()
	met := make([]bool, len(programs[0].Nodes()))
	all := true
	// Those of the family, and whatever else the program lists.
	for _, root := range programs[0].Roots() {
		if !slices.Contains(requests, root.Request.String()) {
			requests = append(slices.Clip(requests), root.Request.String())
		}
	}
	for _, name := range requests {
		id, ok := kauth.Find(name)
		if !ok || !slices.Contains(kauth.Newest().Requests(), id) {
			t.Fatalf("no request that policies are asked: %s", name)
		}
		d, ref, err := p.Diagram(cell, id)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		d.Regions(ref, func(r graph.Region, want policy.Decision) bool {
			n++
			q, _ := r.Witness()
			for i, prog := range programs {
				if got := *prog.Decide(q); got != want {
					t.Fatalf("%s\nprogram %d says %+v, want %+v\n%s", src, i, got, want, study.ExplainArgs(cell, q))
				}
				if got, err := prog.DecideGiven(q); err != nil || *got != want {
					t.Fatalf("%s\nprogram %d, carefully: %+v, %v", src, i, got, err)
				}
			}
			// What Lua says, combined by hand.
			lua := policy.Allowed
			for k, pol := range p.Set().Policies {
				if !pol.AppliesTo(cell) {
					continue
				}
				a, _, err := pol.Ask(q, cell)
				if err != nil {
					t.Fatalf("%s\n%v", src, err)
				}
				x := pol.Decision(rules.Outcome{Answer: a})
				if k == 0 || lua == policy.Allowed {
					lua = x
				} else {
					lua = lua.Combine(x)
				}
			}
			if lua.Result != want.Result || lua.Would.Result != want.Would.Result || lua.Reason != want.Reason || lua.Record != want.Record {
				t.Fatalf("%s\nLua says %+v, the program %+v\n%s", src, lua, want, study.ExplainArgs(cell, q))
			}
			follow(programs[0], q, met)
			// Every range of every number field leads to the same place.
			for _, test := range r.Tests() {
				for _, rng := range test.Set {
					for _, v := range []int64{rng.Lo, rng.Hi} {
						moved := *q
						moved.SetInt(test.Field, v)
						if !r.Contains(&moved) {
							continue // another test is about the same field
						}
						if got := *programs[0].Decide(&moved); got != want {
							t.Fatalf("%s\nthe program says %+v, want %+v\n%s", src, got, want, study.ExplainArgs(cell, &moved))
						}
						follow(programs[0], &moved, met)
					}
				}
			}
			// And so does every text that tests tell apart, and every address at an end of a prefix.
			move := func(set func(*policy.Request)) {
				moved := *q
				if set(&moved); !r.Contains(&moved) {
					return
				}
				if got := *programs[0].Decide(&moved); got != want {
					t.Fatalf("%s\nthe program says %+v, want %+v\n%s", src, got, want, study.ExplainArgs(cell, &moved))
				}
				follow(programs[0], &moved, met)
			}
			for _, f := range [...]kauth.Field{kauth.FieldIfname, kauth.FieldFstype, kauth.FieldTargetCell} {
				for _, s := range d.Space.Texts(f) {
					move(func(q *policy.Request) { q.SetText(f, s) })
				}
			}
			for _, node := range programs[0].Nodes() {
				if node.Op == program.InPrefix {
					move(func(q *policy.Request) { q.SetAddr(node.Prefix.First()) })
					move(func(q *policy.Request) { q.SetAddr(node.Prefix.Last()) })
				}
			}
			all = n < 2000
			return all
		})
	}
	// Where several tests are about one field a node may be one that no request reaches.
	groups, egid := false, false
	for _, node := range programs[0].Nodes() {
		all = all && (node.Op < program.FieldEq || node.Op == program.Glob)
		// The effective group is one of the groups.
		groups, egid = groups || node.Op == program.Member, egid || node.Field == kauth.FieldEGID
	}
	all = all && !(groups && egid)
	for i, node := range programs[0].Nodes() {
		if all && !met[i] {
			t.Errorf("%s\nno region meets node %d (%s %s)", src, i, node.Op, node.Field)
		}
	}
}

// follow marks the nodes that a request meets.
func follow(p *program.Program, q *policy.Request, met []bool) {
	for at, ok := p.Root(q.ID); ok && at >= 0; {
		met[at] = true
		node := p.Nodes()[at]
		test := node.Test()
		if at = node.No; test.Eval(q) {
			at = node.Yes
		}
	}
}

// TestGeneratedPolicies: Lua, graph, optimised graph, program and decoded program decide alike, for every outcome of
// every test and at every boundary.
func TestGeneratedPolicies(t *testing.T) {
	// What the grammar writes is looked at in 300 policies; comparing them takes time.
	n := 150
	if testing.Short() {
		n = 20
	}
	seen := map[string]bool{}
	refused := 0
	for seed := range 300 {
		rnd := rand.New(rand.NewPCG(uint64(seed), 99))
		g := &generator{choose: rnd.IntN, seen: seen}
		src := g.source()
		if seed < n && !compare(t, src, g.family) {
			refused++
		}
	}
	if refused > n/3 {
		t.Errorf("%d of %d policies were refused", refused, n)
	}
	constructs := []string{"addition", "subtraction", "multiplication", "modulo", "minus", "and", "or", "not",
		"in_group", "two fields", "helper", "method", "module", "metatable", "cell name", "local variable", "constant condition",
		"comparison", "equality", "conditional result", "concatenated reason", "nil result", "record", "if else", "local", "assignment", "numeric for", "generic for", "break",
		"while", "repeat", "closure", "varargs", "local table", "nested tables", "and or value", "goto", "objects", "library", "two fields calculated", "recursion", "do block", "audit", "static"}
	for i := range families {
		constructs = append(constructs, families[i].conditions...)
	}
	for _, construct := range constructs {
		if !seen[construct] {
			t.Errorf("the grammar never wrote: %s", construct)
		}
	}
}

func FuzzPolicies(f *testing.F) {
	f.Add([]byte("seed"))
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 200, 100, 50, 25})
	f.Fuzz(func(t *testing.T, data []byte) {
		i := 0
		g := &generator{seen: map[string]bool{}, choose: func(n int) int {
			if i == len(data) || n == 1 {
				return 0
			}
			i++
			return int(data[i-1]) % n
		}}
		src := g.source()
		compare(t, src, g.family)
	})
}
