package symbolic

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	luarequest "cellsh/lua/request"
	"cellsh/lua/syntax"
	"cellsh/lua/value"
	"cellsh/lua/vm"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/kauth"
)

type testGroups map[string]uint32

func (g testGroups) Lookup(name string) (uint32, bool) { gid, ok := g[name]; return gid, ok }
func (g testGroups) Names() []string {
	var names []string
	for n := range g {
		names = append(names, n)
	}
	return names
}

var groups = testGroups{"wheel": 0, "operator": 5, "users": 100}

func source(prelude, body string) string { return prelude + "\ntake(function(r) " + body + "\nend)" }

// load runs "return function(r) BODY end", after PRELUDE, and gives the function.
func load(t testing.TB, prelude, body string, o Options) *Function {
	t.Helper()
	m := NewMachine(MachineOptions{Groups: groups})
	for _, r := range []policy.Result{policy.Allow, policy.Grant, policy.Deny} {
		m.Define(r.String(), value.String(r.String()))
	}
	m.Define("unlimited", value.Number(kauth.Unlimited))
	var out *Closure
	m.Define("take", m.Native("take", func(c *Call) ([]value.Value, error) {
		out = c.Args[0].(*Closure)
		return nil, nil
	}))
	f := syntax.Read("t.lua", source(prelude, body))
	if f.Problems.Failed() {
		t.Fatalf("%s\n%v", body, f.Problems)
	}
	if err := m.Run(f); err != nil {
		t.Fatalf("%s\n%v", body, err)
	}
	return NewFunction(m, out, o)
}

func find(t testing.TB, name string) kauth.RequestID {
	t.Helper()
	id, ok := kauth.Find(name)
	if !ok {
		t.Fatalf("no request %s", name)
	}
	return id
}

// randomRequest takes interesting values: the constants that a test's source holds, and their neighbours.
func randomRequest(rnd *rand.Rand, id kauth.RequestID, numbers []int64) *policy.Request {
	q := graph.Example(id)
	for _, f := range id.Info().Fields.Fields() {
		info := f.Info()
		lo, hi := id.Range(f)
		switch info.Kind {
		case kauth.KindInt, kauth.KindNamed, kauth.KindBool:
			v := lo + int64(rnd.IntN(40))
			if len(numbers) > 0 && rnd.IntN(3) > 0 {
				v = numbers[rnd.IntN(len(numbers))] + int64(rnd.IntN(3)) - 1
			}
			if hi == kauth.Unlimited && rnd.IntN(8) == 0 {
				v = kauth.Unlimited
			}
			q.SetInt(f, max(lo, min(v, hi)))
		case kauth.KindString:
			q.SetText(f, []string{"", "wm0", "lo0", "ffs", "web-1", "db-1"}[rnd.IntN(6)])
		case kauth.KindAddr:
			a, _ := policy.ParseAddr([]string{"10.0.0.1", "10.1.0.1", "127.0.0.1", "::1", "2001:db8::5"}[rnd.IntN(5)])
			q.SetAddr(a)
		case kauth.KindGroups:
			var gids []uint32
			for _, g := range []uint32{0, 5, 100} {
				if rnd.IntN(2) == 0 {
					gids = append(gids, g)
				}
			}
			q.SetGroups(gids...)
		}
	}
	return q
}

// second is the function as gopher-lua has it: what the first reading is held against.
func second(t *testing.T, prelude, body string) (*vm.VM, *lua.LFunction) {
	t.Helper()
	m := vm.New(vm.Options{Level: vm.Policy})
	t.Cleanup(m.Close)
	for _, r := range []policy.Result{policy.Allow, policy.Grant, policy.Deny} {
		m.Define(r.String(), lua.LString(r.String()))
	}
	m.Define("unlimited", lua.LNumber(kauth.Unlimited))
	var out *lua.LFunction
	m.Define("take", m.Function(vm.Builtin{Name: "take"}, func(L *lua.LState) int {
		out = L.CheckFunction(1)
		return 0
	}))
	fn, err := m.CompileTree(m.NewEnvironment(), syntax.Read("t.lua", source(prelude, body)))
	if err == nil {
		_, err = m.Call(fn)
	}
	if err != nil {
		t.Fatalf("%s\n%v", body, err)
	}
	return m, out
}

// agree compares the graph with the function as gopher-lua has it, on many requests.
func agree(t *testing.T, f *Function, id kauth.RequestID, prelude, body string) {
	t.Helper()
	c := f.Compile(id, "web-1")
	var numbers []int64
	for _, n := range c.Graph.Nodes {
		for _, r := range n.Test.Set {
			for _, v := range []int64{r.Lo, r.Hi} {
				if v > -1<<52 && v < 1<<52 {
					numbers = append(numbers, v)
				}
			}
		}
	}
	m, fn := second(t, prelude, body)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		q := randomRequest(rnd, id, numbers)
		got := c.Graph.Eval(q)
		want, _, err := luarequest.Ask(m, fn, false, q, "web-1", groups)
		if (got.Fault != nil) != (err != nil) || err == nil && (got.Result != want.Result || got.Reason != want.Reason || got.Record != want.Record) {
			t.Fatalf("%s\n%s: the graph gives %q %q %v, Lua %q %q %v\nrequest %+v", body, id, got.Result, got.Reason, got.Fault, want.Result, want.Reason, err, *q)
		}
	}
}

// What compiles must decide as Lua does.
func TestLanguage(t *testing.T) {
	for _, c := range []struct{ request, prelude, body string }{
		{"network.bind.port", "", "if r.port == 80 then return allow, 'web' end return deny"},
		{"network.bind.port", "", "if not r.port then return deny, 'any address' end if r.port == 0 or r.port >= 1024 then return allow end return deny, 'low'"},
		{"network.bind.anyaddr", "", "if not r.port then return deny, 'any address' end return allow"},
		{"network.bind.port", "local ports = {80, 443, 8080}", "for _, p in ipairs(ports) do if r.port == p then return grant, 'web port' end end return deny"},
		{"network.bind.port", "local ports = {[80] = 'a', [443] = 'b', [8080] = 'a'}", "local x = ports[r.port] if x then return allow, x end return deny"},
		{"network.bind.port", "local names = {tcp = 'T', udp = 'U', [3] = 'three'}", "local n = names[r.protocol] if n then return deny, n end"},
		{"network.bind.port", "", "local t = {} t[80] = 'x' t.tcp = 'y' if t[r.port] then return deny, t[r.port] end if t[r.protocol] then return allow, 'p' end"},
		{"network.bind.port", "", "if r.family == 'inet6' and r.type ~= 'dgram' then return deny elseif r.protocol == 'udp' then return allow, 'u' else return grant end"},
		{"network.bind.port", "", "local a = r.port > 100 and r.port < 200 if a then return deny end return r.uid == 0 and allow or nil"},
		{"network.bind.port", "", "if r.addr:within('10.0.0.0/8') then return allow end if r.addr:within('::/0') then return deny, 'v6' end return grant"},
		{"network.bind.port", "", "if r:in_group('wheel') or r:in_group(100) then return allow end if r.in_group(r, 5) then return grant end return deny"},
		{"network.bind.port", "local function low(p) return p < 1024 end local function check(r) if low(r.port) then return deny, 'low' end end", "return check(r)"},
		{"network.bind.port", "local M = {} function M:ok(r) return r.port % 100 == self.rest end M.rest = 1", "if M:ok(r) then return allow, 'odd' end return deny, 'even'"},
		{"network.bind.port", "", "local n = 0 for i = 1, 5 do if r.port == i * 10 then n = i end end if n > 2 then return deny, 'big' elseif n > 0 then return allow, 'small' end"},
		{"network.bind.port", "", "local i = 0 while i < 4 do i = i + 1 if r.port == i then break end end if i == 4 then return deny end return allow"},
		{"network.bind.port", "", "local i = 3 repeat if r.uid == i then return deny, 'uid ' .. i end i = i - 1 until i == 0"},
		{"network.bind.port", "", "local f = function(...) return select('#', ...), (select(2, ...)) end local n, second = f(1, r.port, 3) if second == 80 and n == 3 then return allow end return deny"},
		{"network.bind.port", "", "local function g(...) local a, b = ... return b, a end local x, y = g(r.port, r.uid) if x == 5 and y == 6 then return deny end"},
		{"network.bind.port", "", "local function fact(n) if n == 0 then return 1 end return n * fact(n - 1) end if r.port < fact(6) then return deny, '<720' end"},
		{"network.bind.port", "", "local function walk(n, r) if n == 0 then return nil end if r.port == n then return deny, 'n' end return walk(n - 1, r) end return walk(20, r)"},
		{"network.bind.port", "", "local c = 0 local function inc() c = c + 1 return c end if r.port == 1 then inc() end inc() if c == 2 then return deny, 'two' end return allow, 'one'"},
		{"network.bind.port", "", "local fs = {} for i = 1, 3 do fs[i] = function(r) return r.port == i end end if fs[1](r) then return deny, '1' elseif fs[3](r) then return deny, '3' end"},
		{"network.bind.port", "", "local t = {{80, deny}, {443, allow}, n = {x = {y = grant}}} for _, e in ipairs(t) do if r.port == e[1] then return e[2] end end if r.uid == 0 then return t.n.x.y end"},
		{"network.bind.port", "", "local t = {} for i = 1, 10 do table.insert(t, i) end table.remove(t, 1) t[#t + 1] = 77 for i = #t, 1, -3 do if r.port == t[i] then return deny, tostring(i) end end"},
		{"network.bind.port", "local t = {b = 2, a = 1, 10}", "local s = '' for k, v in pairs(t) do s = s .. k .. v if r.port == v then return deny, s end end"},
		{"network.bind.port", "", "local t = {x = 1, y = 2, 5} local s = '' for k, v in pairs(t) do if r.port == v then return deny, s .. k end s = s .. k end return allow, s"},
		{"network.bind.port", "", "local t = {3, 1, 2} table.sort(t) if r.port == t[1] then return deny, table.concat(t, ',') end"},
		{"network.bind.port", "", "local t = {3, 1, 2} table.sort(t, nil or function(a, b) return a > b end)"},
		{"network.bind.port", "", "return r.port == 1 and deny or r.port == 2 and allow or grant, ('x'):rep(2)"},
		{"network.bind.port", "", "local w = r.port if w == 5 then w = 6 end if w == 6 then return deny end"},
		{"network.bind.port", "", "local w = r.port * 2 + 1 if w == 11 then return deny, 'five' end if 100 - r.port < 20 then return allow end if -r.port > -3 then return grant end"},
		{"network.bind.port", "", "if (r.port + 3) % 1000 == 80 then return deny end if r.port % 16 < 3 then return allow end if r.port % -70 == -2 then return grant end"},
		{"network.bind.port", "", "if r.port < 80.5 then return deny end if r.port == 90.5 then return grant end if r.port >= 99.1 then return allow end"},
		{"network.bind.port", "", "if r.port + r.port == 20 then return deny end if r.port - 5 < r.port then return allow end"},
		{"network.bind.port", "", "if r.uid == r.euid then return allow, 'same' end if r.uid < r.euid then return deny, 'less' end return grant"},
		{"network.bind.port", "", "if r.uid == r.uid and r.family == r.family and r.addr == r.addr and r == r then return allow end return deny"},
		{"network.bind.port", "", "if r.family == nil or r.addr == nil then return deny end if type(r.port) == 'number' and type(r.family) == 'string' then return allow end if type(r.family) == 'number' then return grant end"},
		{"network.bind.port", "", "if r.cell.name == 'web-1' then return deny, r.cell.name end return allow"},
		{"network.bind.port", "", "if r.port > 2^53 or r.port < 0/0 or r.port == 1/0 then return deny end if r.port < 1/0 then return allow end"},
		{"network.bind.port", "local t = {70000, -5, 80.5, 22}", "for _, p in ipairs(t) do if r.port == p then return deny end end if r.port < t[1] then return allow end"},
		{"network.bind.port", "local t = setmetatable({[5] = 1}, {__index = function(t, k) if k > 1000 then return k end end})", "if t[r.port] then return deny end"},
		{"network.bind.port", "local base = {[5] = 'x', [6] = 'y'} local t = setmetatable({[5] = 'z'}, {__index = base})", "if t[r.port] then return deny, t[r.port] end"},
		{"network.bind.port", "", "return r.port == 80 and deny or nil, 'web'"},
		{"network.bind.port", "", "local a = 1 local function f() a = 10 return 1 end if r.port == a + f() then return deny end return allow"},
		{"network.bind.port", "", "local t, i = {5, 6}, 1 local function f() i = 2 return 80 end t[i] = f() if r.port == t[2] then return deny end"},
		{"network.bind.port", "", "local mt = {__index = {p = 80}, __call = function(self, x) return x + 1 end, __eq = function() return true end, __lt = function(a, b) return a.v < b.v end, __le = function(a, b) return a.v <= b.v end, __add = function(a, b) return a.v + b end, __len = function() return 9 end, __unm = function() return 5 end} local a, b = setmetatable({v = 1}, mt), setmetatable({v = 2}, mt) if r.port == a.p and a == b and a < b and a <= b and a(1) == 2 and a + 5 == 6 and -a == 5 then return deny, 'meta' end"},
		{"network.bind.port", "local base = {limit = 50} base.__index = base function base:over(n) return n > self.limit end local obj = setmetatable({}, base)", "if obj:over(r.port) then return deny, 'over' end return allow"},
		{"network.bind.port", "", "local a, b, c = (function() return 1, 2, 3 end)() local t = {(function() return 4, 5 end)(), (function() return 6, 7 end)()} if r.port == a + b + c + #t then return deny, 'nine' end"},
		{"network.bind.port", "", "do local x = 1 local function f() x = x + 1 end if r.port == 5 then f() end if x == 2 then return deny end end return allow"},
		{"network.bind.port", "", "for i = 1, 3 do local j = i local f = function() j = j + r.uid * 0 return j end if r.port == f() then return deny, 'j' .. j end end"},
		{"network.bind.port", "", "goto done do return deny end ::done:: return allow"},
		{"network.bind.port", "", "for i = 1, 3 do if r.port ~= i then goto continue end do return deny, '' .. i end ::continue:: end"},
		{"network.bind.port", "", "if r.port == 1 then return nil end if r.port == 2 then return end return 'den' .. 'y'"},
		{"network.bind.port", "local function any(list, f) for _, v in ipairs(list) do if f(v) then return true end end return false end", "if any({1, 5, 9}, function(v) return r.port == v end) then return deny end"},
		{"network.bind.port", "", "local v = r.port or 5 if v == 5 then return deny end local z = r.nprocs or 7 if z == 7 and v == 6 then return allow end"},
		{"network.bind.port", "", "local n = math.floor(r.port) if n == math.max(1, 80) then return deny end if tonumber(r.port) == tonumber('81') then return allow end"},
		{"network.bind.port", "", "local n = next({}) if n == nil and r.port == #'abc' then return deny, ('%d%%'):format(5) end"},
		{"network.bind.port", "", "local x = {} x[1], x[2] = r.port, r.uid if x[1] == 1 and x[2] == 2 then return deny end local a, b = 1, 2 a, b = b, a if r.port == a then return allow end"},
		{"network.bind.port", "", "local function f(a, b) return b end if f(r.port) == nil and f(1, r.port, 3) == 8 then return deny end"},
		{"network.bind.port", "", "local t = {} t[r.uid == 0 and 1 or 2] = 'x' if t[1] then return deny elseif t[2] then return allow end"},
		{"process.signal", "", "if r.target.is_self or r.target.same_cell then return allow end if r.signal == 0 or r.signal == 'kill' then return deny, 'k' end if r.signal == 40 then return grant end return deny"},
		{"process.signal", "", "local tg = r.target if tg.cell == '' then return deny, 'host' elseif tg.cell == 'db-1' then return allow end if tg.pid == 1 or tg.uid == r.uid then return grant end"},
		{"process.signal", "", "if r.port then return deny end if r.target.is_init == true then return deny, 'init' end if r.target.is_init == false then return allow end"},
		{"process.rlimit.set", "", "if r.cur == unlimited or r.max == unlimited then return deny, 'no limit' end if r.resource == 'nofile' and r.cur > 1024 then return deny, 'too many' end if r.cur < r.max then return allow, 'soft' end"},
		{"process.nice", "", "if r.nice < 0 then return deny end if r.nice + 20 == 25 then return grant end"},
		{"process.ptrace", "", "if r.op == 'attach' or r.op == 'read_d' then return deny end if r.target.uid == nil then return allow, 'unknown' end"},
		{"process.fork", "", "if r.nprocs > 100 then return deny end"},
		{"network.interface.setpriv", "", "if r.ifname == nil then return deny, 'new' end if r.ifname == 'wm0' then return allow end if not r.ifname then return grant end if r.cmd == 5 then return deny, 'cmd' end"},
		{"network.interface.setpriv", "local ok = {wm0 = true, lo0 = true}", "if r.ifname and ok[r.ifname] then return allow end return deny"},
		{"system.module", "", "if r.autoload then return allow end if r.cmd == 0 then return deny end"},
		{"device.rawio_spec.rw", "", "if r.kind == 'char' and r.major == 2 then return allow end if r.kind ~= 'char' then return deny, 'block' end"},
		{"device.rawio_passthru.read", "", "if r.bits == 1 then return deny end return allow"},
		{"device.rawio_passthru", "", "if r.bits == 1 then return deny elseif r.bits > 15 then return allow end"},
		{"system.time.system", "", "if r.sec < 1000 then return deny end"},
		{"system.mount.new", "", "if has(r.flags, 'MNT_RDONLY') and not has(r.flags, 6) then return allow, 'x', 'record' end if has(5, 4) and not has(5, 2) then return deny end"},
		{"network.interface.setpriv", "", "if r.ifname and (r.ifname:glob('tap*') or string.glob(r.ifname, '*0')) then return deny end"},
		{"network.bind.port", "", "if r.addr:within('10.0.0.5-10.0.0.9') then return deny end"},
		{"network.bind.port", "local t = {[3] = 'x', [7] = 'x', [8] = 'y'}", "if (3 - 7 * r.uid) % 10 == 4 then return deny end if t[r.uid % 10] then return deny, t[r.uid % 10] end if r.port % 2 == 1 and (r.uid * 6 + 1) % -4 < -1 then return allow end"},
		{"system.mount.update", "", "if r.fstype == 'tmpfs' then return allow end if r.flags == 1 then return deny end"},
	} {
		f := load(t, c.prelude, c.body, Options{})
		id := find(t, c.request)
		for _, leaf := range f.Compile(id, "web-1").Graph.Leaves {
			if leaf.Fault != nil && !leaf.Fault.Raised {
				t.Errorf("%s\nrefused: %s", c.body, leaf.Fault.Error())
			}
		}
		agree(t, f, id, c.prelude, c.body)
	}
}

var update = flag.Bool("update", false, "write the golden file")

// Every refusal: what has no meaning in a kernel, with its place and what to write instead. The golden file has the whole
// messages.
func TestRefusals(t *testing.T) {
	var all strings.Builder
	for _, c := range []struct {
		request, prelude, body string
		code                   diag.Code
		message, hint          string
	}{
		{"network.bind.port", "", "if r.port == '80' then return deny end", diag.DecisionType, `r.port must be compared with a number, but is compared with "80"`, "write: 80"},
		{"network.bind.port", "", "if '80' == r.port then return deny end", diag.DecisionType, "must be compared with a number", "write: 80"},
		{"network.bind.port", "", "if r.port < '80' then return deny end", diag.DecisionType, "must be compared with a number", "write: 80"},
		{"network.bind.port", "", "if r.port == true then return deny end", diag.DecisionType, "must be compared with a number", ""},
		{"network.bind.port", "", "if r.port == {} then return deny end", diag.DecisionType, "must be compared with a number", ""},
		{"network.bind.port", "", "if r.addr == '1.2.3.4' then return deny end", diag.DecisionType, "r.addr must be asked with within", `write: r.addr:within("1.2.3.4")`},
		{"network.bind.port", "", "if r.addr < '1.2.3.4' then return deny end", diag.DecisionType, "r.addr must be asked with within", "within"},
		{"network.bind.port", "", "if r.addr:within('10.0.0.1/8') then return deny end", diag.DecisionType, "no bits set beyond its length", ""},
		{"network.bind.port", "", "if r.addr:within('x') then return deny end", diag.DecisionType, "a prefix must be like 10.0.0.0/8", ""},
		{"network.bind.port", "", "if r.addr:within(5) then return deny end", diag.DecisionType, "a prefix must be a known string, but is number", ""},
		{"network.bind.port", "", "if r.addr:outside('10.0.0.0/8') then return deny end", diag.DecisionField, "method within and nothing else", ""},
		{"process.signal", "", "if r.signal == 9 then return deny end", diag.DecisionType, `r.signal reads "kill" where it is 9`, `write: r.signal == "kill"`},
		{"process.signal", "", "if r.signal == 'SIGKILL' then return deny end", diag.PolicyName, `there is none called "SIGKILL"`, `write: r.signal == "kill"`},
		{"process.signal", "", "if r.signal == 'kil' then return deny end", diag.PolicyName, "the name of a signal", "did you mean kill?"},
		{"process.signal", "", "if r.signal < 9 then return deny end", diag.DecisionType, "r.signal has no order", "=="},
		{"process.signal", "", "if r.signal + 1 == 9 then return deny end", diag.DecisionArithmetic, "only numbers can be calculated with", ""},
		{"process.signal", "", "if r.target.is_self == 1 then return deny end", diag.DecisionType, "must be compared with true or false", "if r.target.is_self then"},
		{"network.socket.open", "", "if r.domain == 'unix' then return deny end", diag.PolicyName, "there is none called", `write: r.domain == "local"`},
		{"network.bind.port", "", "if r.prot == 80 then return deny end", diag.DecisionField, "there is none called prot", "did you mean port?"},
		{"network.bind.port", "", "if r['po' .. 'rt'] == 80 then return deny end if r[5] then return allow end", diag.DecisionUnsupported, "must be read by the name of a field", "r.port"},
		{"network.bind.port", "", "if r.cell.id == 1 then return deny end", diag.DecisionField, "ids are not known before a cell is made", "r.cell.name"},
		{"network.bind.port", "", "if r.cell.profile == 'low' then return deny end", diag.DecisionField, "the kernel does not give the profile back", ""},
		{"process.rlimit.set", "", "if r.cur > unlimited then return deny end", diag.DecisionConstant, "between -2^52 and 2^52", "r.cur == unlimited"},
		{"network.bind.port", "", "if r.port == 70000 then return deny end", diag.DecisionConstant, "r.port must be compared with a number from 0 to 65535, but is compared with 70000", ""},
		{"network.bind.port", "", "if -1 ~= r.uid then return deny end", diag.DecisionConstant, "r.uid must be compared with a number from 0 to 4294967295, but is compared with -1", ""},
		{"network.bind.port", "", "if r.port % 16 == 16 then return deny end", diag.DecisionConstant, "r.port % 16 must be compared with a number from 0 to 15", ""},
		{"network.bind.port", "", "if r.port + 10 == 5 then return deny end", diag.DecisionConstant, "r.port + 10 must be compared with a number from 10 to 65545", ""},
		{"process.signal", "", "if r.signal == 64 then return deny end", diag.DecisionConstant, "r.signal must be compared with a number from 0 to 63, but is compared with 64", ""},
		{"network.bind.port", "", "if r.protocol == 5000000000 then return deny end", diag.DecisionConstant, "r.protocol must be compared with a number from -2147483648 to 2147483647", ""},
		{"network.bind.port", "", "local t = {} for i = 1, 5000 do t[i] = 'x' .. i end if t[r.uid] then return deny, t[r.uid] end", diag.DecisionBudget, "the states of the function of line 2 multiply here", "one table"},
		{"process.nice", "", "if r.nice == 21 then return deny end", diag.DecisionConstant, "from -20 to 20", ""},
		{"network.interface.setpriv", "", "if r.ifname == ('x'):rep(10000) then return deny end", diag.DecisionType, "text that it can be, but is compared with 10000 bytes, where it has at most 15", "ifconfig -l"},
		{"network.interface.setpriv", "", "if r.ifname == 'sixteen-bytes-00' then return deny end", diag.DecisionType, "16 bytes, where it has at most 15", "ifconfig -l"},
		{"system.mount.get", "", "if ('x'):rep(32) == r.fstype then return deny end", diag.DecisionType, "32 bytes, where it has at most 31", "mount lists"},
		{"process.signal", "", "if r.target.cell == ('x'):rep(64) then return deny end", diag.DecisionType, "64 bytes, where it has at most 63", "cellsh list"},
		{"system.mount.new", "", "if r.flags == 'MNT_NOSUID' then return deny end", diag.DecisionType, "must be compared with a number", `write: has(r.flags, "MNT_NOSUID")`},
		{"system.mount.new", "", "if r.flags == 'nosuid' then return deny end", diag.DecisionType, "must be compared with a number", `write: has(r.flags, "MNT_NOSUID")`},
		{"system.mount.new", "", "if r.flags < 'IPC_R' then return deny end", diag.DecisionType, "must be compared with a number", ""},
		{"system.mount.new", "", "if r:has('MNT_RDONLY') then return deny end", diag.DecisionField, "there is none called has", `write: has(r.flags, "MNT_RDONLY")`},
		{"network.interface.setpriv", "", "if r.cmd:glob('SIOC*') then return deny end", diag.DecisionText, "but is r.cmd", "compare the field with names: r.cmd == "},
		{"network.interface.setpriv", "", "if string.glob(r.cmd, 'SIOC*') then return deny end", diag.DecisionText, "but one is r.cmd", "compare the field with names: r.cmd == "},
		{"network.interface.setpriv", "", "if r.ifname == 'w\\0m' then return deny end", diag.DecisionType, "a zero in it", ""},
		{"network.interface.setpriv", "", "if r.ifname == 'w\\255m' then return deny end", diag.DecisionType, "not UTF-8", ""},
		{"network.bind.port", "", "if r:in_group('wh\\0eel\\n' .. ('x'):rep(10000)) then return deny end", diag.PolicyName, "a group must exist on the host", ""},
		{"network.bind.port", "", "return deny, 'zero \\0'", diag.DecisionResult, "one line of text", ""},
		{"network.bind.port", "", "return deny, '\\255'", diag.DecisionResult, "UTF-8", ""},
		{"network.bind.port", "", "if r.port / 2 == 40 then return deny end", diag.DecisionArithmetic, "but not used with /", "multiply"},
		{"network.bind.port", "", "if r.port ^ 2 == 40 then return deny end", diag.DecisionArithmetic, "but not used with ^", ""},
		{"network.bind.port", "", "if r.port * 0.5 == 40 then return deny end", diag.DecisionArithmetic, "calculated with integers up to 2^53, but 0.5 is used", ""},
		{"network.bind.port", "", "if r.port * r.uid == 40 then return deny end", diag.DecisionArithmetic, "both depend on it", ""},
		{"network.bind.port", "", "if r.uid % 100003 % 7 == 0 then return deny end", diag.DecisionArithmetic, "into at most 4096 ranges, but makes more", ""},
		{"system.mount.new", "", "if r.flags % 10 == 3 then return deny end", diag.DecisionArithmetic, "into at most 4096 ranges, but makes more", "has(r.flags, \"MNT_RDONLY\")"},
		{"system.mount.new", "", "if has(r.flags, 'MNT_RDONL') then return deny end", diag.PolicyName, "there is none called \"MNT_RDONL\"", "did you mean MNT_RDONLY?"},
		{"system.mount.new", "", "if has(r.flags, 'nosuid') then return deny end", diag.PolicyName, "there is none called \"nosuid\"", "write: has(r.flags, \"MNT_NOSUID\")"},
		{"system.mount.new", "", "if has(r.flags, 'IPC_R') then return deny end", diag.PolicyName, "a flag must be one of r.flags, but IPC_R is one of r.mode", ""},
		{"system.mount.new", "", "if has(r.flags, '4') then return deny end", diag.PolicyName, "there is none called", "write: 4"},
		{"system.mount.new", "", "if has(r.flags, 0) then return deny end", diag.DecisionConstant, "must be a number from 1 to 4294967295, but are 0", ""},
		{"system.mount.new", "", "if has(r.flags, 2^32) then return deny end", diag.DecisionConstant, "but are 4294967296", ""},
		{"system.mount.new", "", "if has(r.flags, 1.5) then return deny end", diag.DecisionConstant, "but are 1.5", ""},
		{"system.mount.new", "", "if has(r.flags) then return deny end", diag.DecisionType, "flags must be a known name or number, but are nil", "MNT_RDONLY"},
		{"system.mount.new", "", "if has(r.flags, 'MNT_RDONLY', 'MNT_NOSUID') then return deny end", diag.DecisionType, "has must have 2 arguments, but has 3", "has(r.flags, \"MNT_RDONLY\") and has(r.flags, \"MNT_NOSUID\")"},
		{"network.interface.setpriv", "", "if r.ifname and r.ifname:glob('tap*', 'tun*') then return deny end", diag.DecisionType, "glob must have 1 pattern, but has 2", "r.ifname:glob(\"tap*\") or"},
		{"network.interface.setpriv", "", "if r.ifname and string.glob(r.ifname, 'tap*', 'tun*') then return deny end", diag.DecisionType, "glob must have 1 pattern, but has 2", "or r.ifname:glob"},
		{"network.bind.port", "", "if r.addr:within('10.0.0.0/8', 'fd00::/8') then return deny end", diag.DecisionType, "within must have 1 argument, but has 2", "for each prefix"},
		{"network.bind.port", "", "if r:in_group(20, 21) then return deny end", diag.DecisionType, "in_group must have 1 argument, but has 2", "for each group"},
		{"system.mount.new", "", "if has(r.flags, r.uid) then return deny end", diag.DecisionType, "flags must be a known name or number, but are r.uid", ""},
		{"system.mount.new", "", "if has(r.flags + 1, 4) then return deny end", diag.DecisionArithmetic, "as it is, but is asked of r.flags + 1", ""},
		{"system.mount.new", "", "if has(r.uid, 4) then return deny end", diag.DecisionType, "has must be asked of flags, but is asked of r.uid", "r.mode"},
		{"network.bind.port", "", "if has(r.family, 4) then return deny end", diag.DecisionType, "but is asked of r.family", ""},
		{"network.interface.setpriv", "", "if r.ifname and r.ifname:glob(5 .. r.uid) then return deny end", diag.DecisionText, "made of r.uid", ""},
		{"network.interface.setpriv", "", "if r.ifname and r.ifname:glob() then return deny end", diag.DecisionType, "a pattern must be a known string, but is nil", "glob"},
		{"network.interface.setpriv", "", "if r.ifname and r.ifname:glob(('x'):rep(16) .. '*') then return deny end", diag.DecisionType, "has 16 bytes, where it has at most 15", "ifconfig -l"},
		{"network.interface.setpriv", "", "if r.ifname and r.ifname:glob('a\\0*') then return deny end", diag.DecisionType, "a zero in it", ""},
		{"network.bind.port", "", "if r.addr:within('10.0.0.9-10.0.0.5') then return deny end", diag.DecisionType, "a range must begin with its lower end", ""},
		{"network.bind.port", "", "if r.port % 0 == 0 then return deny end", diag.DecisionArithmetic, "must not be 0", ""},
		{"network.bind.port", "", "if 5 % r.port == 0 then return deny end", diag.DecisionArithmetic, "right operand of % must be the same", ""},
		{"network.bind.port", "", "if r.port * 2^50 == 0 then return deny end", diag.DecisionArithmetic, "within 2^53", ""},
		{"process.rlimit.set", "", "if r.cur + 1 == 5 then return deny end", diag.DecisionArithmetic, "r.cur can be larger", ""},
		{"network.bind.port", "", "if r.port + 1 < r.uid then return deny end", diag.DecisionArithmetic, "compared as they are", ""},
		{"network.bind.port", "", "return deny, 'port ' .. r.port", diag.DecisionText, "text must be the same for every request, but is made of r.port", "constant reason"},
		{"network.bind.port", "", "return deny, tostring(r.port)", diag.DecisionArithmetic, "the arguments of tostring must be the same for every request, but one is r.port", ""},
		{"network.bind.port", "", "return deny, ('%d'):format(r.port)", diag.DecisionArithmetic, "the arguments of string.format", ""},
		{"network.interface.setpriv", "", "if r.ifname and r.ifname:sub(1, 2) == 'wm' then return deny end", diag.DecisionText, "text must be the same for every request to be worked on, but is r.ifname", "=="},
		{"network.interface.setpriv", "", "if r.ifname and #r.ifname == 3 then return deny end", diag.DecisionText, "r.ifname", ""},
		{"network.interface.setpriv", "", "if r.ifname and r.ifname < 'wm' then return deny end", diag.DecisionText, "must be compared with ==", ""},
		{"network.interface.setpriv", "", "if r.ifname and r.ifname == 5 then return deny end", diag.DecisionType, "compared with a string", ""},
		{"network.bind.port", "", "if math.min(r.port, 5) == 5 then return deny end", diag.DecisionArithmetic, "the arguments of math.min", ""},
		{"network.bind.port", "", "for i = 1, r.port do if i == 5 then return deny end end", diag.DecisionLoop, "the limit of a loop must be the same for every request, but is r.port", "test the field inside"},
		{"network.bind.port", "", "local n = 0 while n < r.port do n = n + 1 end if n == 5 then return deny end", diag.DecisionBudget, "multiply here", "test fields outside"},
		{"network.bind.port", "", "while r.port > 5 do end", diag.DecisionLoop, "a loop must end after a known number of rounds", ""},
		{"network.bind.port", "", "while true do end", diag.DecisionBudget, "a decision must be compiled within", "does not end"},
		{"network.bind.port", "", "count = 1 return deny", diag.DecisionWrite, "assigns to the global count", "local count"},
		{"network.bind.port", "local n = 0", "n = n + 1 return deny", diag.DecisionWrite, "assigns to n, which was declared outside of it", "inside"},
		{"network.bind.port", "local t = {}", "t.x = 1 return deny", diag.DecisionWrite, "a table that was made outside of it", ""},
		{"network.bind.port", "local t = {}", "t[1] = 1 return deny", diag.DecisionWrite, "a table that was made outside of it", ""},
		{"network.bind.port", "local t = {}", "table.insert(t, 1) return deny", diag.DecisionWrite, "table.insert changes a table that was made outside of it", ""},
		{"network.bind.port", "local t = {}", "setmetatable(t, {}) return deny", diag.DecisionWrite, "changes the metatable", ""},
		{"network.bind.port", "", "r.port = 5 return deny", diag.DecisionWrite, "a request can't be changed", ""},
		{"network.bind.port", "", "local t = {} t[r.port] = 1 return deny", diag.DecisionWrite, "the key of an assignment must be the same for every request", ""},
		{"network.bind.port", "", "print(r.port) return deny", diag.DecisionCall, "a decision can't call print: it has no meaning in a kernel", "reason"},
		{"network.bind.port", "", "return pcall(error)", diag.DecisionCall, "can't call pcall", "can't fail"},
		{"network.bind.port", "", "require 'x' return deny", diag.DecisionCall, "can't call require", "outside"},
		{"network.bind.port", "", "for k, v in pairs(r) do return deny end", diag.DecisionUnsupported, "the request can't be listed", "by their names"},
		{"network.bind.port", "", "if r:in_group('whel') then return deny end", diag.PolicyName, `there is none called "whel"`, "did you mean wheel?"},
		{"network.bind.port", "", "if r:in_group(r.gid) then return deny end", diag.DecisionType, "a group must be a known number or name, but is r.gid", ""},
		{"network.bind.port", "", "if r:in_group(-1) then return deny end", diag.DecisionType, "a group must be a number from 0", ""},
		{"network.bind.port", "", "return true", diag.DecisionResult, "must return deny, allow, grant or nothing, but returns true", "return deny"},
		{"network.bind.port", "", "return 'dney'", diag.DecisionResult, `but returns "dney"`, "did you mean deny?"},
		{"network.bind.port", "", "return r.port", diag.DecisionResult, "but returns r.port", ""},
		{"network.bind.port", "", "return deny, 5", diag.DecisionResult, "the reason must be a string", ""},
		{"network.bind.port", "", "return deny, r.family", diag.DecisionResult, "the reason must be a string that is the same for every request, but is r.family", ""},
		{"network.bind.port", "", "return nil, 'why'", diag.DecisionResult, "a reason must follow a result", ""},
		{"network.bind.port", "", "return deny, 'a', 'b'", diag.DecisionResult, "the third value of a decision must be record or nothing, but is \"b\"", "record"},
		{"network.bind.port", "", "return deny, 'a', recrd", diag.DecisionResult, "the third value of a decision must be record or nothing, but is recrd, which nobody has defined", "did you mean record?"},
		{"network.bind.port", "", "return deny, 'a', 'record', 1", diag.DecisionResult, "but returns 4 values", ""},
		{"network.bind.port", "", "return deny, 'record'", diag.DecisionResult, "the reason must be a text of its own, but is the word record", "\"why\", record"},
		{"network.bind.port", "", "return nil, nil, 'record'", diag.DecisionResult, "a decision must have a result to be recorded, but has none", "allow"},
		{"network.bind.port", "", "return deny, 'a\\nb'", diag.DecisionResult, "a reason must be one line", ""},
		{"network.bind.port", "", "return deny, ('x'):rep(300)", diag.DecisionResult, "at most 255 bytes, but has 300", ""},
		{"network.bind.port", "", "local function f(n) return 1 + f(n + 1) end return f(1)", diag.DecisionBudget, "calls must lie at most 900 deep", ""},
		{"network.bind.port", "", "local t = {} t[10000000] = 1 t[300000] = 1 return deny", diag.DecisionBudget, "at most 262144 elements", ""},
	} {
		t.Run(c.body, func(t *testing.T) {
			f := load(t, c.prelude, c.body, Options{States: 2000, Instructions: 200000})
			var found []string
			fmt.Fprintf(&all, "%s: %s %s\n", c.request, c.prelude, c.body)
			leaves := f.Compile(find(t, c.request), "web-1").Graph.Leaves
			for _, leaf := range leaves {
				if leaf.Fault != nil {
					fmt.Fprintf(&all, "    %s\n", leaf.Fault.Error())
					if leaf.Fault.Hint != "" {
						fmt.Fprintf(&all, "    hint: %s\n", leaf.Fault.Hint)
					}
				}
			}
			for _, leaf := range leaves {
				if leaf.Fault == nil {
					continue
				}
				if leaf.Fault.Code == c.code && strings.Contains(leaf.Fault.Message, c.message) && strings.Contains(leaf.Fault.Hint, c.hint) && leaf.Fault.Line > 0 {
					if leaf.Fault.Raised {
						t.Errorf("it is no error of Lua")
					}
					return
				}
				found = append(found, fmt.Sprintf("%s (hint: %s)", leaf.Fault.Error(), leaf.Fault.Hint))
			}
			t.Errorf("found %q", found)
		})
	}
	const golden = "testdata/refusals.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(all.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || string(want) != all.String() {
		t.Errorf("the messages are not those of %s (-update writes it): %v\n%s", golden, err, all.String())
	}
}

// What Lua raises for some requests is a fault on exactly these.
func TestErrorsOfLua(t *testing.T) {
	for _, c := range []struct{ request, prelude, body, message string }{
		{"network.bind.anyaddr", "", "if r.port < 1024 then return deny end", "r.port, which is nil"},
		{"network.bind.anyaddr", "", "if r.port + 1 == 5 then return deny end", "r.port, which is nil"},
		{"network.bind.anyaddr", "", "if r.addr:within('10.0.0.0/8') then return deny end", "r.addr, which is nil"},
		{"network.bind.port", "", "if r.target.pid == 1 then return deny end", "r.target, which is nil"},
		{"network.bind.port", "", "if r.uid == 5 then error('five') end return deny", "raises: five"},
		{"network.bind.port", "", "if r.uid == 5 then error({code = 1, uid = r.uid, {2}}) end return deny", "raises: an error that is a table: {{2}, code = 1, uid = r.uid}"},
		{"network.bind.port", "local t = {code = 1}", "error(t)", "raises: an error that is a table: {code = 1}"},
		{"network.bind.port", "", "error(function() end)", "raises: an error that is a function"},
		{"network.bind.port", "", "assert(r.uid ~= 5, 'no five') return deny", "no five"},
		{"network.bind.port", "", "local t if r.uid == 0 then t = {} end return t.x", "but is nil"},
		{"network.bind.port", "", "local f if r.uid ~= 0 then f = function() end end f() return deny", "f must be a function, but is nil"},
		{"network.bind.port", "", "return deny, 'a' .. nil", "joined values"},
		{"network.bind.port", "", "return #5", "operand of #"},
		{"network.bind.port", "", "return -{}", "operand of -"},
		{"network.bind.port", "", "return {} < {}", "compared values"},
		{"network.bind.port", "", "return 1 < 'x'", "compared values"},
		{"network.bind.port", "", "for i = 1, 'x' do end", "limit of a loop must be a number"},
		{"network.bind.port", "", "local t = {} t[nil] = 1", "a key must not be nil"},
		{"network.bind.port", "", "return unpack({}, 1, 20000)", "at most 10000 values"},
		{"network.bind.port", "", "return string.rep()", "string.rep"},
		{"network.bind.port", "", "return nofunction()", "nofunction must be a function, but is nil"},
		{"network.bind.port", "", "local s = 'x' return s.y.z", "but is nil"},
	} {
		t.Run(c.body, func(t *testing.T) {
			f := load(t, c.prelude, c.body, Options{})
			id := find(t, c.request)
			found := false
			for _, leaf := range f.Compile(id, "web-1").Graph.Leaves {
				if leaf.Fault != nil && leaf.Fault.Raised && strings.Contains(leaf.Fault.Message, c.message) {
					found = true
				} else if leaf.Fault != nil {
					t.Errorf("also %s", leaf.Fault.Error())
				}
			}
			if !found {
				t.Error("no fault")
			}
			agree(t, f, id, c.prelude, c.body)
		})
	}
}

// TestMisplacedQuestions: who asks a field in a way that it has not reads how it is asked.
func TestMisplacedQuestions(t *testing.T) {
	for _, c := range []struct{ request, body, message, hint string }{
		{"system.mount.new", "if r.flags:has('MNT_NOSUID') then return deny end", "what is indexed with has must be a table, but is r.flags", `write: has(r.flags, "MNT_RDONLY")`},
		{"device.rawio_passthru.read", "if r.bits:has(2) then return deny end", "what is indexed with has must be a table, but is r.bits", `write: has(r.bits, "KAUTH_REQ_DEVICE_RAWIO_PASSTHRU_READ")`},
		{"system.mount.new", "if has('MNT_RDONLY') then return deny end", "argument 1 of has must be a number", `write: has(r.flags, "MNT_RDONLY")`},
		{"network.interface.setpriv", "if glob(r.ifname, 'tap*') then return deny end", "glob must be a function, but is nil", `write: r.ifname:glob("wm*")`},
		{"network.bind.port", "if within(r.addr, '10.0.0.0/8') then return deny end", "within must be a function, but is nil", `write: r.addr:within("10.0.0.0/8")`},
		{"network.bind.port", "if in_group(5) then return deny end", "in_group must be a function, but is nil", `write: r:in_group("wheel")`},
		{"system.mount.get", "if r.fstype.glob('nfs*') then return deny end", "argument 2 of string.glob must be a string, but is missing", `write: r.ifname:glob("wm*")`},
		{"process.rlimit.set", "if r.cur:glob('1*') then return deny end", "what is indexed with glob must be a table, but is r.cur", ""},
	} {
		t.Run(c.body, func(t *testing.T) {
			f := load(t, "", c.body, Options{})
			id := find(t, c.request)
			found := false
			for _, leaf := range f.Compile(id, "web-1").Graph.Leaves {
				if leaf.Fault == nil {
					continue
				}
				found = true
				if !leaf.Fault.Raised || !strings.Contains(leaf.Fault.Message, c.message) || leaf.Fault.Hint != c.hint {
					t.Errorf("%s (hint: %s)", leaf.Fault.Error(), leaf.Fault.Hint)
				}
			}
			if !found {
				t.Error("no fault")
			}
			agree(t, f, id, "", c.body)
		})
	}
}

// States that are equal are one: a chain of ifs makes a graph of its length.
func TestJoining(t *testing.T) {
	for _, n := range []int{10, 100, 1000} {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "if r.port == %d then hit = true end\n", i)
		}
		body := "local hit\n" + b.String() + "if hit then return deny end"
		g := load(t, "", body, Options{}).Compile(find(t, "network.bind.port"), "x").Graph
		if len(g.Nodes) > 2*n {
			t.Errorf("%d ifs with a flag make %d nodes", n, len(g.Nodes))
		}
		body = "local s = 0\n" + strings.ReplaceAll(b.String(), "hit = true", "local x = r.uid") + "return deny"
		if g := load(t, "", body, Options{}).Compile(find(t, "network.bind.port"), "x").Graph; len(g.Nodes) != n {
			t.Errorf("%d ifs without consequences make %d nodes", n, len(g.Nodes))
		}
	}
}

func TestPathExplosion(t *testing.T) {
	var b strings.Builder
	b.WriteString("local s = 0\n")
	for i := range 40 {
		fmt.Fprintf(&b, "if r.port == %d then s = s * 2 + 1 else s = s * 2 end\n", i)
	}
	b.WriteString("if s > 5 then return deny end")
	f := load(t, "", b.String(), Options{States: 10000})
	// What was found out until then is not kept: 10,000 nodes and more of a graph that nobody can use.
	g := f.Compile(find(t, "network.bind.port"), "x").Graph
	if len(g.Nodes) > 0 || len(g.Leaves) != 1 {
		t.Errorf("%d nodes, %d leaves", len(g.Nodes), len(g.Leaves))
	}
	for _, leaf := range g.Leaves {
		if leaf.Fault != nil {
			if leaf.Fault.Code != diag.DecisionBudget || leaf.Fault.Line < 5 || !strings.Contains(leaf.Fault.Message, "the states of the function of line 2 multiply here") {
				t.Errorf("got %s", leaf.Fault.Error())
			}
			return
		}
	}
	t.Error("2^40 states were explored")
}

func TestCellIsReadOrNot(t *testing.T) {
	id := find(t, "network.bind.port")
	for body, want := range map[string]bool{
		"return deny": false, "local c = r.cell return deny": false,
		"if r.cell.name == 'x' then return deny end":        true,
		"if r.port == 80 then return deny, r.cell.name end": true,
	} {
		f := load(t, "", body, Options{})
		a, b := f.Compile(id, "web-1"), f.Compile(id, "db-1")
		if a.CellRead != want || (a == b) == want {
			t.Errorf("%s: read %v, shared %v", body, a.CellRead, a == b)
		}
	}
}

func TestNotes(t *testing.T) {
	f := load(t, "local t = {tcp = 1, upd = 2}", "if t[r.protocol] then return dney and deny end", Options{})
	var got []string
	for _, n := range f.Compile(find(t, "network.bind.port"), "x").Notes {
		got = append(got, n.Error()+" "+n.Hint)
	}
	all := strings.Join(got, "\n")
	for _, want := range []string{"global must be defined before it is used, but dney is not", "did you mean deny?", `the key "upd" of a table`, "did you mean udp?"} {
		if !strings.Contains(all, want) {
			t.Errorf("no note %q in\n%s", want, all)
		}
	}
}

// What Lua has and policies do not is undefined, which is one error, with a word on how to do without.
func TestAbsent(t *testing.T) {
	for body, hint := range map[string]string{
		"if os.time() > 5 then return deny end":          "load another policy",
		"if rawget(r, 'port') == 5 then return deny end": "r.port",
		"return io.open('/etc/passwd')":                  "write a table",
		"return coroutine.wrap(function() end)()":        "call functions",
		"return load('return deny')()":                   "write a function",
		"return string.match('x', 'y')":                  "use re.match",
		"return math.random(5)":                          "the same answer every time",
		"return debug.traceback()":                       "policies have no debug",
	} {
		c := load(t, "", body, Options{}).Compile(find(t, "network.bind.port"), "x")
		if len(c.Notes) != 0 {
			t.Errorf("%s: notes %v", body, c.Notes)
		}
		if fault := c.Graph.Leaves[0].Fault; fault == nil || !fault.Raised || !strings.Contains(fault.Hint, hint) || fault.Line != 2 {
			t.Errorf("%s: %v", body, fault)
		}
	}
}

// A global that nobody defined is told once: by the error of what was done with it, or else by a warning.
func TestUndefinedGlobalsAreToldOnce(t *testing.T) {
	for body, warnings := range map[string]int{
		"foo()":                                0,
		"return foo.x":                         0,
		"foo.x = 1":                            0,
		"return dney":                          0,
		"if r.port < foo then return deny end": 0,
		"if r.port == foo + 1 then return deny end": 0,
		"return deny, 'x' .. foo":                   0,
		"for i = 1, foo do end":                     0,
		"for k in foo do end":                       0,
		"return string.rep(foo, 2)":                 0,
		"return -foo":                               0,
		"return #foo":                               0,
		"if foo then return deny end":               1,
		"if r.port == foo then return deny end":     1,
		// What comes behind an error is not raised, and so the warning is all there is.
		"foo() bar()": 1,
	} {
		c := load(t, "", body, Options{}).Compile(find(t, "network.bind.port"), "x")
		if len(c.Notes) != warnings {
			t.Errorf("%s: notes %v", body, c.Notes)
		}
		for _, leaf := range c.Graph.Leaves {
			if warnings == 0 && (leaf.Fault == nil || leaf.Fault.Hint == "") && len(c.Graph.Leaves) == 1 {
				t.Errorf("%s: %v", body, leaf.Fault)
			}
		}
	}
}

// Large tables and long loops are compiled, in time that grows with them.
func TestLargeTables(t *testing.T) {
	for body, nodes := range map[string]int{
		"local t = {} for i = 1, 100000 do t[i] = i % 2 == 0 end if t[r.uid] then return deny end": 2,
		"for i = 1, 100000 do if r.uid == i then return deny end end":                              100000,
	} {
		if g := load(t, "", body, Options{}).Compile(find(t, "network.bind.port"), "x").Graph; len(g.Nodes) != nodes || len(g.Leaves) > 2 {
			t.Errorf("%s: %d nodes, %d leaves", body, len(g.Nodes), len(g.Leaves))
		}
	}
}

func TestWhere(t *testing.T) {
	f := load(t, "", "return r.port == 80", Options{Where: true})
	g := f.Compile(find(t, "network.bind.port"), "x").Graph
	q := graph.Example(find(t, "network.bind.port"))
	for port, want := range map[int64]policy.Result{80: policy.Allow, 81: policy.Pass} {
		q.SetInt(kauth.FieldPort, port)
		if got := g.Eval(q); got.Result != want {
			t.Errorf("port %d: %v", port, got.Result)
		}
	}
}

func BenchmarkChain(b *testing.B) {
	for _, n := range []int{1000, 10000} {
		var src strings.Builder
		for i := range n {
			fmt.Fprintf(&src, "if r.port == %d then return allow end\n", i)
		}
		f := load(b, "", src.String(), Options{})
		id := find(b, "network.bind.port")
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				clear(f.cache)
				f.Compile(id, "x")
			}
		})
	}
}
