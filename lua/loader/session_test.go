package loader

import (
	"fmt"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
	"pgregory.net/rapid"

	"cellsh/lua/library"
	"cellsh/lua/symbolic"
	"cellsh/lua/value"
	"cellsh/lua/vm"
	"cellsh/lua/written"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// session is a machine whose declarations are collected.
func session(t *testing.T) (d *Declarer, run func(text string)) {
	t.Helper()
	d = NewDeclarer(nil, nil, nil)
	m := d.Machine(vm.Options{Level: vm.Session})
	t.Cleanup(m.Close)
	return d, func(text string) {
		t.Helper()
		fn, err := m.CompileIn(m.Environment(), "line", text)
		if err == nil {
			_, err = m.Call(fn)
		}
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
}

// answer compiles a function for a request, and asks it: what it says in both ways.
func answer(f rules.Function, request string, port int64) (compiled, asked string) {
	id, ok := kauth.Find(request)
	if !ok {
		panic(request)
	}
	q := &policy.Request{ID: id}
	q.SetCredential(10, 10, 10, 10)
	if id.Info().Fields.Has(kauth.FieldPort) {
		q.SetInt(kauth.FieldPort, port)
	}
	out := f.Compile(id, "web-1").Graph.Eval(q)
	if compiled = strings.TrimSpace(out.Result.String() + " " + out.Reason); out.Fault != nil {
		compiled = "fault " + out.Fault.Message
	}
	a, _, err := f.Ask(q, "web-1")
	if asked = strings.TrimSpace(a.Result.String() + " " + a.Reason); err != nil {
		asked = "fault " + err.Error()
	}
	return compiled, asked
}

// What a session has declared is compiled as what it is there: globals, variables that functions share, tables in
// circles, metatables, functions of the library.
func TestSessionFunctions(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{`policy "p" { on = { network = function(r) return deny, "no" end } }`, "deny no"},
		{`limit = 80 policy "p" { on = { network = function(r) if r.port > limit then return deny, "above " .. limit end end } }`, "deny above 80"},
		{`local limit = 80 local function over(n) return n > limit end
		  policy "p" { on = { network = function(r) if over(r.port) then return grant end end } }`, "grant"},
		{`local limit = 1 local function set(n) limit = n end
		  policy "p" { on = { network = function(r) if r.port > limit then return deny end end } } set(100000)`, ""},
		{`local t = { ports = { [443] = deny } } t.self = t t.ports.up = t
		  policy "p" { on = { network = function(r) return t.self.ports.up.self.ports[r.port] end } }`, "deny"},
		{`local base = { allowed = { [443] = true } } local t = setmetatable({}, { __index = base })
		  policy "p" { on = { network = function(r) if t.allowed[r.port] then return allow, "inherited" end return deny end } }`, "allow inherited"},
		{`policy "p" { on = { network = function(r) return deny, string.rep("x", 3) .. math.max(1, 2) .. ("y"):upper() .. #_G.tostring(12) end } }`, "deny xxx2Y2"},
		{`local rep = string.rep policy "p" { on = { network = function(r) return deny, rep == string.rep and rep("z", 2) or "" end } }`, "deny zz"},
		{`list = { 1, 2, 3 } policy "p" { on = { network = function(r) local n = 0 for _, x in ipairs(list) do n = n + x end return deny, tostring(n) end } }`, "deny 6"},
		{`function even(n) if n == 0 then return true end return odd(n - 1) end function odd(n) if n == 0 then return false end return even(n - 1) end
		  policy "p" { on = { network = function(r) if even(10) then return deny end end } }`, "deny"},
		{`local f f = function(n) if n == 0 then return deny end return f(n - 1) end policy "p" { on = { network = function(r) return f(3) end } }`, "deny"},
		{`policy "p" { on = { network = setfenv(function(r) return answer end, { answer = "deny" }) } }`, "deny"},
		{`local made = {} for i = 1, 3 do made[i] = function(r) return deny, "number " .. i end end policy "p" { on = { network = made[2] } }`, "deny number 2"},
		{`local function any(...) local n = select("#", ...) return function(r) return deny, "of " .. n end end policy "p" { on = { network = any(1, nil, 3) } }`, "deny of 3"},
	} {
		d, run := session(t)
		run(c.source)
		set := d.Set()
		if p := d.Problems(); len(p) > 0 || len(set.Policies) != 1 {
			t.Fatalf("%s: %v", c.source, p)
		}
		f := set.Policies[0].Entries[0].Function
		if compiled, asked := answer(f, "network.bind.port", 443); compiled != c.want || asked != c.want {
			t.Errorf("%s: compiled %q, asked %q, want %q", c.source, compiled, asked, c.want)
		}
		if f.Span().File != "line" || f.Span().Column == 0 {
			t.Errorf("the function is at %v", f.Span())
		}
	}
}

// What has no meaning outside of the session is refused where it is used, and not where it is only there.
func TestSessionValuesWithoutMeaning(t *testing.T) {
	for source, want := range map[string]string{
		`if io.stdout then return deny, type(io.stdout) end`:   "deny userdata",
		`if co ~= io.stdout and co == co then return deny end`: "deny",
		`return io.stdout.name`:                                "fault what is indexed with name must be a table, but is userdata",
		`return later{}`:                                       "fault a decision can't call a function of the session: it has no meaning in a kernel",
		`return io.write("x")`:                                 "fault a decision can't call io.write: it has no meaning in a kernel",
	} {
		d, run := session(t)
		run(`co = coroutine.create(function() end) later = policy "later" policy "p" { on = { network = function(r) ` + source + ` end } }`)
		id, _ := kauth.Find("network.bind.port")
		c := d.Set().Policies[0].Entries[0].Function.Compile(id, "web-1")
		if len(c.Graph.Leaves) != 1 {
			t.Errorf("%s: %+v", source, c.Graph.Leaves)
			continue
		}
		out := c.Graph.Leaves[0]
		got := strings.TrimSpace(out.Result.String() + " " + out.Reason)
		if out.Fault != nil {
			got = "fault " + out.Fault.Message
			if out.Fault.Raised {
				t.Errorf("%s: Lua raises nothing there", source)
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", source, got, want)
		}
	}
}

// A function keeps the values that it has when it is first compiled.
func TestSessionValuesAreThoseOfTheFirstCompile(t *testing.T) {
	d, run := session(t)
	run(`limit = 80 policy "p" { on = { network = function(r) if r.port > limit then return deny end end } }`)
	f := d.Set().Policies[0].Entries[0].Function
	run(`limit = 1000`)
	if compiled, _ := answer(f, "network.bind.port", 443); compiled != "" {
		t.Errorf("before: %s", compiled)
	}
	run(`limit = 80`)
	if compiled, _ := answer(f, "network.bind.port", 443); compiled != "" {
		t.Errorf("after: %s", compiled)
	}
}

// What is wrong with declarations of a session is told at its place.
func TestSessionProblems(t *testing.T) {
	d, run := session(t)
	run("local t = { a = 1, a = 2 }\npolicy 'p' {\n  cels = 'a',\n  on = { network = print },\n}")
	var got []string
	for _, p := range d.Problems() {
		got = append(got, fmt.Sprintf("%s %s %s", p.Span, p.Code, p.Excerpt))
	}
	want := "line:1:20 policy.duplicate local t = { a = 1, a = 2 }; line:3:3 policy.key   cels = 'a',; line:4:10 policy.value   on = { network = print },"
	if strings.Join(got, "; ") != want {
		t.Errorf("%q", got)
	}
	if p := d.Problems(); p[0].Severity != diag.Error {
		t.Errorf("%+v", p[0])
	}
}

// Taking over takes no longer than what is reachable is large: a chain of tables is no depth, other globals cost
// nothing, and what is shared is taken over once.
func TestTakeOverIsBounded(t *testing.T) {
	start := time.Now()
	d, run := session(t)
	run(`chain = {} for i = 1, 300000 do chain = { chain } end
data = {} for i = 1, 300000 do data[i] = { i } end
shared = {} for i = 1, 20 do shared = { shared, shared } end
for i = 1, 200 do policy("p" .. i) { on = { network = function(r) if shared[1][2] == shared[2][2] then return deny end end } } end
policy "all" { on = { network = function(r) if #data == 300000 and chain[1][1] then return deny, "all" end end } }`)
	for _, p := range d.Set().Policies {
		want := "deny"
		if p.Name == "all" {
			want = "deny all"
		}
		if compiled, _ := answer(p.Entries[0].Function, "network.bind.port", 443); compiled != want {
			t.Fatalf("%s: %s", p.Name, compiled)
		}
	}
	// Some seconds on a slow machine; otherwise it would be 200 times 300,000 tables.
	if took := time.Since(start); took > time.Minute {
		t.Errorf("it took %s", took)
	}
}

// TestTakeOver: what is taken over is the same graph of values, with the same identities.
func TestTakeOver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := vm.New(vm.Options{Level: vm.Session})
		defer m.Close()
		n := rapid.IntRange(1, 8).Draw(t, "tables")
		tables := make([]*lua.LTable, n)
		for i := range tables {
			tables[i] = m.L.NewTable()
		}
		pick := func() lua.LValue {
			switch rapid.IntRange(0, 6).Draw(t, "value") {
			case 0:
				return lua.LNumber(rapid.Float64Range(-5, 5).Draw(t, "number"))
			case 1:
				return lua.LString(rapid.StringN(0, 3, -1).Draw(t, "string"))
			case 2:
				return lua.LBool(rapid.Bool().Draw(t, "bool"))
			case 3:
				return m.Environment().RawGetString("string").(*lua.LTable).RawGetString("rep")
			}
			return tables[rapid.IntRange(0, n-1).Draw(t, "table")]
		}
		for _, x := range tables {
			for range rapid.IntRange(0, 6).Draw(t, "pairs") {
				key := pick()
				if rapid.Bool().Draw(t, "array") {
					key = lua.LNumber(rapid.IntRange(1, 5).Draw(t, "index"))
				}
				x.RawSet(key, pick())
			}
			if rapid.Bool().Draw(t, "meta") {
				x.Metatable = tables[rapid.IntRange(0, n-1).Draw(t, "metatable")]
			}
		}
		m.Define("root", tables[0])
		fn, err := m.CompileIn(m.Environment(), "line", "return function() return root end")
		if err != nil {
			t.Fatal(err)
		}
		m.Environment().RawSetString("root", tables[0])
		out, err := m.Call(fn)
		if err != nil {
			t.Fatal(err)
		}
		machine := symbolic.NewMachine(symbolic.MachineOptions{Library: library.Session})
		in := &importer{from: m, to: machine, tables: map[*lua.LTable]*value.Table{}, others: map[lua.LValue]value.Value{}, globals: map[*lua.LTable]*value.Table{}}
		if c := takeOver(m, out[0].(*lua.LFunction), machine); c.Node != m.Node(out[0].(*lua.LFunction)) {
			t.Fatal("the closure must be of the function's node")
		}
		root := in.table(tables[0])
		in.work()
		back := map[value.Value]lua.LValue{}
		var same func(v value.Value, l lua.LValue)
		same = func(v value.Value, l lua.LValue) {
			if known, ok := back[v]; ok && v.Type() != value.NumberType {
				if known != l {
					t.Fatalf("%v stands for two values", v)
				}
				return
			}
			back[v] = l
			if v.Type().String() != l.Type().String() {
				t.Fatalf("a %s became a %s", l.Type(), v.Type())
			}
			switch x := v.(type) {
			case value.Number, value.String, value.Bool:
				if vm.FromPlain(x) != l {
					t.Fatalf("%v became %v", l, x)
				}
			case *value.Builtin:
				if machine.Builtin("string.rep") != x {
					t.Fatalf("string.rep became %v", x)
				}
			case *value.Table:
				from := l.(*lua.LTable)
				if x.Meta == nil != (from.Metatable == lua.LNil) {
					t.Fatal("a metatable must stay one")
				}
				if x.Meta != nil {
					same(x.Meta, from.Metatable)
				}
				pairs := 0
				k, other := from.Next(lua.LNil)
				for key, val := range x.Pairs {
					same(key, k)
					same(val, other)
					pairs++
					k, other = from.Next(k)
				}
				if k != lua.LNil {
					t.Fatalf("a table has more than %d pairs", pairs)
				}
			}
		}
		same(root, tables[0])
	})
}

// A table that stands in many places costs once: there is not enough time for each of them.
func TestSharedTables(t *testing.T) {
	m := vm.New(vm.Options{Level: vm.Session})
	defer m.Close()
	inner := lua.LValue(lua.LTrue)
	for range declaredDepth - 1 {
		outer := m.L.NewTable()
		for range written.MaxElements {
			outer.Append(inner)
		}
		inner = outer
	}
	c := copier{m, map[level]*value.Table{}}
	top := c.shallow(inner, declaredDepth).(*value.Table)
	if top.At(1) != top.At(written.MaxElements) || len(c.done) != declaredDepth-1 {
		t.Errorf("%d tables are taken over, must be %d", len(c.done), declaredDepth-1)
	}
}

// Words in a session take no more of a table than a declaration has.
func TestShallow(t *testing.T) {
	m := vm.New(vm.Options{Level: vm.Session})
	defer m.Close()
	loop := m.L.NewTable()
	loop.RawSetString("self", loop)
	long := m.L.NewTable()
	for i := range 3 * written.MaxElements {
		long.Append(lua.LNumber(i))
	}
	loop.RawSetString("long", long)
	c := copier{m, map[level]*value.Table{}}
	top := c.shallow(loop, declaredDepth).(*value.Table)
	inner := top
	for range declaredDepth - 1 {
		inner = inner.Field("self").(*value.Table)
	}
	if inner.Field("self") != (value.Nil{}) {
		t.Error("tables below a list must be left out")
	}
	if n := top.Field("long").(*value.Table).Len(); n <= written.MaxElements || n > written.MaxElements+2 {
		t.Errorf("%d elements are taken over", n)
	}
}
