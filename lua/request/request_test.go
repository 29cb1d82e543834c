package request

import (
	"maps"
	"slices"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/vm"
	"cellsh/policy"
	"cellsh/policy/kauth"
)

type groups map[string]uint32

func (g groups) Lookup(name string) (uint32, bool) {
	gid, ok := g[name]
	return gid, ok
}

func (g groups) Names() []string { return slices.Sorted(maps.Keys(g)) }

// ask asks what a source returns about a request.
func ask(t *testing.T, source string, where bool, q *policy.Request, g policy.Groups) (policy.Answer, int64, error) {
	t.Helper()
	v := vm.New(vm.Options{Level: vm.Policy})
	t.Cleanup(v.Close)
	for _, r := range []policy.Result{policy.Allow, policy.Deny, policy.Grant} {
		v.Define(r.String(), lua.LString(r.String()))
	}
	fn, err := v.Compile("p.lua", "return "+source)
	if err != nil {
		t.Fatal(err)
	}
	out, err := v.Call(fn)
	if err != nil {
		t.Fatal(err)
	}
	return Ask(v, out[0].(*lua.LFunction), where, q, "web-1", g)
}

func bind(t *testing.T) *policy.Request {
	t.Helper()
	id, ok := kauth.Find("network.bind.port")
	if !ok {
		t.Fatal("there must be network.bind.port")
	}
	addr, err := policy.ParseAddr("10.1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	q := &policy.Request{ID: id}
	q.SetCredential(10, 11, 12, 13, 20)
	q.SetInt(kauth.FieldPort, 8080)
	q.SetAddr(addr)
	return q
}

func TestAsk(t *testing.T) {
	g := groups{"staff": 20, "wheel": 0}
	for _, c := range []struct {
		source string
		where  bool
		want   policy.Answer
		err    string
	}{
		{source: `function() end`},
		{source: `function() return nil, "why" end`},
		{source: `function() return deny end`, want: policy.Answer{Result: policy.Deny}},
		{source: `function() return grant, "why", "record" end`, want: policy.Answer{Result: policy.Grant, Reason: "why", Record: true}},
		{source: `function() return allow, nil, "record" end`, want: policy.Answer{Result: policy.Allow, Record: true}},
		{source: `function() return grant, "why", nil end`, want: policy.Answer{Result: policy.Grant, Reason: "why"}},
		{source: `function() return grant, "why", 3 end`, want: policy.Answer{Result: policy.Grant, Reason: "why"}, err: "the third value of a decision must be record or nothing, but is 3"},
		{source: `function(r) return r.addr:within("10.1.2.3-10.1.2.3") and r.addr:within("10.0.0.0-10.1.2.4") and not r.addr:within("10.1.2.4-10.255.255.255") and not r.addr:within("::-::ffff") and deny or nil end`, want: policy.Answer{Result: policy.Deny}},
		{source: `function(r) return r.addr:within("10.1.2.3-10.1.2.2") end`, err: "a range must have an address at each end, the lower first"},
		{source: `function(r) return r.addr:within("10.1.2.3-") end`, err: "a range must have an address at each end"},
		{source: `function(r) return has(r.port, 0x80) and has(8080, 0x1f90) and not has(r.port, 3) and deny or nil end`, want: policy.Answer{Result: policy.Deny}},
		{source: `function(r) return has(r.fstype, 1) end`, err: "argument 1 of has must be a number, but is nil"},
		{source: `function(r) return allow, r.port .. r.cell.name .. r.uid .. r.euid .. r.gid .. r.egid end`, want: policy.Answer{Result: policy.Allow, Reason: "8080web-110111213"}},
		{source: `function(r) return r.addr:within("10.0.0.0/8") and not r.addr:within("10.2.0.0/16") and deny or nil end`, want: policy.Answer{Result: policy.Deny}},
		{source: `function(r) return r:in_group("staff") and r:in_group(20) and not r:in_group("wheel") and deny or nil end`, want: policy.Answer{Result: policy.Deny}},
		{source: `function(r) return r.target == nil and r.fstype == nil and r.addr == r.addr and r.cell == r.cell and deny or nil end`, want: policy.Answer{Result: policy.Deny}},
		{source: `function() return "maybe" end`, err: "a decision must return deny, allow, grant or nothing, but returns maybe"},
		{source: `function() return true end`, err: "but returns true"},
		{source: `function() return deny, 5 end`, want: policy.Answer{Result: policy.Deny}, err: "a reason must be a string, but is number"},
		{source: `function(r) return r.prot end`, err: "there is none called prot"},
		{source: `function(r) return r[1] end`, err: "a request must be read by the name of a field, but is read with a number"},
		{source: `function(r) r.port = 1 end`, err: "a request can't be changed"},
		{source: `function(r) return r.cell.id end`, err: "a cell has a name and nothing else, but id is read"},
		{source: `function(r) return r.addr.port end`, err: "an address has the method within and nothing else, but port is read"},
		{source: `function(r) return r.addr:within("10.0.0.0/99") end`, err: "10.0.0.0/99"},
		{source: `function(r) return r:in_group("nobody") end`, err: `a group must exist on the host, but there is none called "nobody"`},
		{source: `function(r) return r:in_group("staff", "wheel") end`, err: "in_group must have 1 argument, but has 2"},
		{source: `function(r) return r.addr:within("10.0.0.0/8", "fd00::/8") end`, err: "within must have 1 argument, but has 2"},
		{source: `function(r) return r:in_group(true) end`, err: "a group must be a number or a name, but is a boolean"},
		{source: `function() while true do end end`, err: "within 1000000 instructions"},
		{where: true, source: `function(r) return r.port == 8080 end`, want: policy.Answer{Result: policy.Allow}},
		{where: true, source: `function(r) return 0 end`, want: policy.Answer{Result: policy.Allow}},
		{where: true, source: `function(r) return false, "x" end`},
		{where: true, source: `function(r) end`},
	} {
		a, steps, err := ask(t, c.source, c.where, bind(t), g)
		if a != c.want || steps < 1 {
			t.Errorf("%s: %+v in %d steps, want %+v", c.source, a, steps, c.want)
		}
		if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: error %v, want %q", c.source, err, c.err)
		}
	}
	// Without groups there is none of any name.
	if _, _, err := ask(t, `function(r) return r:in_group("staff") end`, false, bind(t), nil); err == nil || !strings.Contains(err.Error(), "there is none called") {
		t.Errorf("%v", err)
	}
}

// Steps are those of the question, also where it is asked by running code.
func TestSteps(t *testing.T) {
	_, short, _ := ask(t, `function() for i = 1, 10 do end end`, false, bind(t), nil)
	_, long, _ := ask(t, `function() for i = 1, 10000 do end end`, false, bind(t), nil)
	if short >= 1000 || long < 10000 {
		t.Errorf("%d steps, and %d", short, long)
	}
	v := vm.New(vm.Options{Level: vm.Session})
	defer v.Close()
	fn, err := v.Compile("s.lua", "return function() return nil end")
	if err != nil {
		t.Fatal(err)
	}
	out, err := v.Call(fn)
	if err != nil {
		t.Fatal(err)
	}
	var inside int64
	v.Define("ask", v.Function(vm.Builtin{Name: "ask"}, func(*lua.LState) int {
		_, inside, err = Ask(v, out[0].(*lua.LFunction), false, bind(t), "web-1", nil)
		return 0
	}))
	outer, compileErr := v.Compile("s.lua", "for i = 1, 5000 do end ask() for i = 1, 5000 do end")
	if compileErr != nil {
		t.Fatal(compileErr)
	}
	if _, callErr := v.Call(outer); callErr != nil || err != nil || inside < 1 || inside > 100 {
		t.Errorf("%d steps, errors %v and %v", inside, callErr, err)
	}
}
