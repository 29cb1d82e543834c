package oracle

import (
	"strings"
	"testing"

	"cellsh/judge/request"
)

func TestAnswers(t *testing.T) {
	m, problem := Open([]File{{"a.lua", `
policy "a" {
  cells = "web-*",
  default = "grant",
  deny = { "machdep" },
  on = {
    network = function(r) if r.uid == 7 then return allow end end,
    ["network.bind"] = function(r)
      if r.addr and r.addr:within("10.0.0.0/8") then return deny, "ten" end
      if r.addr and r.addr:within("::ffff:0.0.0.0/96") then return deny, "mapped" end
      if r.port < 5 then return grant, "small" end
    end,
    ["process.signal"] = function(r) if r.target.is_self and r:in_group(5) then return deny, r.cell.name end return r.uid == 1 end,
    ["system.time"] = function(r) while true do end end,
  },
}`}, {"b.lua", `policy "b" { cells = { "web-1", "x" }, deny = { "network.route" }, on = { ["process.rlimit.set"] = function(r) if r.cur == unlimited then return "deny", "all" end return allow, "some" end } }`}})
	if problem != "" {
		t.Fatal(problem)
	}
	for _, c := range []struct {
		cell, name string
		values     map[string]any
		want       Answer
	}{
		{"web-1", "network.bind.port", map[string]any{"addr": "10.9.8.7", "port": int64(9)}, Answer{"deny", "ten", true}},
		{"web-1", "network.bind.port", map[string]any{"addr": "::ffff:9.9.8.7", "port": int64(9)}, Answer{"deny", "mapped", true}},
		{"web-1", "network.bind.port", map[string]any{"addr": "11.9.8.7", "port": int64(4)}, Answer{"grant", "small", true}},
		{"web-1", "network.bind.port", map[string]any{"addr": "::1", "port": int64(5), "uid": int64(7)}, Answer{"allow", "", true}},
		{"web-1", "network.bind.port", map[string]any{"addr": "::1", "port": int64(5)}, Answer{"grant", "", true}},
		{"web-1", "network.bind.anyaddr", nil, Answer{"error", "a.lua:11: attempt to compare a nil value with a number value", false}},
		{"web-1", "network.route", nil, Answer{"deny", "", true}},
		{"web-2", "network.route", nil, Answer{"grant", "", true}},
		{"x", "network.route", nil, Answer{"deny", "", true}},
		{"y", "network.route", nil, Answer{"allow", "", false}},
		{"x", "system.reboot", nil, Answer{"allow", "", false}},
		{"x", "process.rlimit.set", map[string]any{"cur": int64(request.Unlimited)}, Answer{"deny", "all", true}},
		{"x", "process.rlimit.set", map[string]any{"cur": int64(1 << 40)}, Answer{"allow", "some", true}},
		{"web-2", "process.signal", map[string]any{"target.is_self": true, "egid": int64(5)}, Answer{"deny", "web-2", true}},
		{"web-2", "process.signal", map[string]any{"target.is_self": true, "egid": int64(4)}, Answer{"error", "an answer is false", false}},
		{"web-2", "process.signal", map[string]any{"target.is_self": false, "uid": int64(1)}, Answer{"error", "the answer is true", false}},
		{"web-2", "system.time.system", nil, Answer{"error", "CPU limit of 20000000 exceeded", false}},
		{"web-2", "machdep.iopl", nil, Answer{"deny", "", true}},
	} {
		if got := m.Ask(&request.Request{Cell: c.cell, Name: c.name, Groups: []int64{20}, Values: c.values}); got != c.want {
			t.Errorf("%s %s %v: got %+v, want %+v", c.cell, c.name, c.values, got, c.want)
		}
	}
}

func TestProblems(t *testing.T) {
	for text, want := range map[string]string{
		`policy "a" {`:         "syntax: ",
		"error('x', 0)":        "error: x",
		"while true do end":    "CPU limit",
		"local t = {} t.x.y=1": "error: a.lua:1:",
	} {
		if m, problem := Open([]File{{"a.lua", text}}); !strings.HasPrefix(problem, want) {
			t.Errorf("%s: %q", text, problem)
		} else if got := m.Ask(&request.Request{Cell: "a", Name: "system.reboot"}); got.Result != "error" {
			t.Errorf("%s: got %+v", text, got)
		}
	}
}

func TestRun(t *testing.T) {
	output, problem := Run(File{"a.lua", `for i = 3, 1, -1 do if i == 2 then goto next end print(i, select("#", unpack({ 1, 2 }))) ::next:: end error("x", 0)`})
	if output != "3\t2\n1\t2\n" || problem != "error: x" {
		t.Errorf("got %q, %q", output, problem)
	}
	if Compiles(File{"a.lua", "local = 1"}) || !Compiles(File{"a.lua", "goto x ::x::"}) {
		t.Error("golua must know what is Lua")
	}
}
