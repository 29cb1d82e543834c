package assist

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cellsh/lua/syntax"
	"cellsh/lua/trial"
	"cellsh/policy"
)

// at divides a text at the cursor, which is |.
func at(t testing.TB, text string) (string, int) {
	t.Helper()
	before, after, ok := strings.Cut(text, "|")
	if !ok {
		t.Fatalf("no cursor in %q", text)
	}
	return before + after, len(before)
}

func TestComplete(t *testing.T) {
	const decision = `policy "web" { on = { ["network.socket.open"] = function(r) `
	for _, test := range []struct {
		// text with | for the cursor.
		text string
		// want are the labels: all of them, or with a + some of them, with a - none of these.
		want string
	}{
		// Fields of the request that is asked, and of no other.
		{decision + `if r.|`, "cell domain egid euid gid protocol type uid"},
		{decision + `if r.| then return deny end end } }`, "cell domain egid euid gid protocol type uid"},
		{decision + "\n  r.|\n  local x = 1\nend } }", "cell domain egid euid gid protocol type uid"},
		{decision + `if r.do| == 1 then end end } }`, "domain"},
		{decision + `if r.p|rotocol then end end } }`, "protocol"},
		{decision + `local f = function() return r.d| end end } }`, "domain"},
		{decision + `r:|`, "in_group"},
		{decision + `r.cell.|`, "name"},
		{decision + `x.|`, ""},
		{`policy "web" { on = { network = function(q) q.if| end } }`, "ifname"},
		{`policy "web" { on = { ["process.signal"] = function(r) return r.| end } }`, "+signal target"},
		{`policy "web" { on = { ["process.signal"] = function(r) return r.target.i| end } }`, "is_init is_self"},
		{`policy "web" { on = { ["network.bind.port"] = function(r) return r.addr:| end } }`, "within"},
		{`policy "web" { on = { ["network.interface"] = function(r) return r.ifname:gl| end } }`, "glob"},
		{`local function f(q) return q.po| end policy "web" { on = { ["network.bind.port"] = f } }`, "port"},
		{`local f = function(q) return q.po| end policy "web" { on = { ["network.bind.port"] = f } }`, "port"},
		{`never("t", { "network.bind", where = function(q) return q.po| end })`, "port"},
		{`local function f(r) return r.nic| end`, "nice"},
		{`local function f(q) return q.nic| end`, ""},
		// Names of values by what they are compared with.
		{decision + `if r.domain == "|`, "+inet inet6 local"},
		{decision + `if r.domain == "|" then end end } }`, "+inet inet6 local"},
		{decision + `if r.domain == "in| then return deny, "x" end end } }`, "+inet inet6"},
		{decision + `if "ra|" ~= r.type then`, "raw"},
		{decision + `if r.type == "|`, "conn_dgram dgram raw rdm seqpacket stream"},
		{`policy "web" { on = { ["process.signal"] = function(r) if r.signal == 'ki| end } }`, "kill"},
		{decision + `if r.uid == "|`, ""},
		{`policy "web" { on = { ["system.mount.new"] = function(r) if has(r.flags, "MNT_RDO|") then end end } }`, "MNT_RDONLY"},
		{`policy "web" { on = { ["system.mount.new"] = function(r) if has(r.flags, "|`, "+MNT_RDONLY MNT_NOSUID -IPC_R"},
		{`policy "web" { on = { ["system.mount.new"] = function(r) if has(r.uid, "|`, ""},
		{`policy "web" { on = { ["network.interface"] = function(q) if q.cmd == "SIOCSIFF|`, "SIOCSIFFLAGS"},
		{decision + `return deny, "|`, ""},
		// A function that decides has no more than policies have, and declares none.
		{decision + `return |`, "+allow deny grant r has math string -policy never cell io os load"},
		{`local function f(q) return | end policy "web" { on = { ["network.bind.port"] = f } }`, "+allow deny q -policy never"},
		{`local function f(q) | end`, "+q policy never"},
		{decision + `if r.cell.name == "|`, "db web-1"},
		// Keys of the table that is being written, and nothing else.
		{`policy "web" { |`, "allow budget cells default deny grant mode on"},
		{`policy "web" { cells = "a", | }`, "allow budget default deny grant mode on"},
		{"policy \"web\" {\n  de|\n  cells = 'a',\n}", "default deny"},
		{`policy "web" { budget = { | } }`, "as core cpu memory nofile procs"},
		{`service "web" { | }`, "after autostart backoff cell cmd env groups health health_every health_failures health_timeout log requires restart start_timeout stop_signal stop_timeout user"},
		{`service("web", { cell = { | } })`, "as core name nofile ports profile root yes"},
		{`service "web" { log = { file = "/x", | } }`, "facility keep size stderr stdout tag"},
		{`service "db" {} service("log", {}) service "web" { requires = { "|" } }`, "db log"},
		{`service "web" { after = "|" } service "db" {}`, "db"},
		{`service "web" { restart = "|" }`, "always never on-failure"},
		{`policy "web" { budget = { memory = { limit = "1G", | } } }`, "action over warn"},
		{`policy "web" { budget = { cpu = { action = "|" } } }`, "log restart stop throttle"},
		{`policy("web")({ mo|`, "mode"},
		{`policy "web" { on = { net| } }`, "+network network.bind.port"},
		{`never("t", { wh| })`, "where"},
		{`policy "web" { on = { |`, "+network network.bind.port -policy"},
		// Strings in tables.
		{`policy "web" { deny = { "network.bi|`, "network.bind network.bind.anyaddr network.bind.port network.bind.privport"},
		{`policy "web" { deny = "system.reb|" }`, "system.reboot"},
		{`policy "web" { on = { ["system.reb|"] = f } }`, "system.reboot"},
		{`policy "web" { cells = { "w|" } }`, "web-1"},
		{`policy "web" { mode = "|`, "audit enforce"},
		{`policy "web" { default = "d|" }`, "deny"},
		{`never("t", { "system.reb|" })`, "system.reboot"},
		{`local t = { "system.reb|" }`, ""},
		{`local on = { ["system.reb|`, "system.reboot"},
		// Names.
		{`local first, second = 1; local function third() end; local x = |`, "+first second third policy deny string -x -cell"},
		{`local function f(a, b) local c; for i = 1, 2 do | end local d end`, "+a b c f i -d"},
		{`for k, v in pairs(t) do | end`, "+k v"},
		{`for k, v in pairs(|) do end`, "-k v"},
		{`pol|`, "policy"},
		{`wh|`, "while"},
		{`string.re|`, "rep reverse"},
		{`math.hu|`, "huge"},
		{`re.m|`, "match"},
		{`("x"):re|`, "rep reverse"},
		{`local s = "x" s:re|`, "rep reverse"},
		// Nothing where nothing can be known.
		{`local |`, ""}, {`function |`, ""}, {`-- r.|`, ""}, {`x = 1|`, ""}, {`x = [[ |`, ""}, {`--[[ |`, ""}, {`goto |`, ""}, {`x = "done"|`, ""},
		{`cell.|`, ""},
		{`|`, "+policy never string"},
		{"\x00|", ""},
	} {
		text, offset := at(t, test.text)
		checkLabels(t, test.text, test.want, Complete(Source{Name: "web.lua", Text: text, Cells: []string{"web-1", "db"}}, offset))
	}
}

func TestCompleteScript(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{`cell.cr|`, "create"},
		{`local c = cell.create{ name = "a" } c.|`, "id name root"},
		{`local c = cell.create{ name = "a" } c:des|`, "destroy"},
		{`local c = cell.get("a") local p = c:process{} p:bin|`, "bind bind_local"},
		{`cell.create{ |`, "as core name nofile ports profile root yes"},
		{`cell.create{ profile = "|`, "high low medium"},
		{`local p = sim.process{} p:bind{ |`, "+addr port"},
		{`cell.on("|`, "crash-loop create deny destroy exit grant healthy load near-budget over-budget rollback start under-budget unhealthy"},
		{`cell.get("w|`, "web-1"},
		{`engine.decide{ request = "network.bind.port", |`, "+port family cell -signal expect"},
		{`engine.decide{ request = "network.bind.port", family = "in|" }`, "+inet inet6"},
		{`ker|`, "kernel"},
		{`pri|`, "print"},
		{`policy "web" { on = { ["network.bind"] = function(r) return |`, "+allow deny grant r math -policy cell io load"},
	} {
		text, offset := at(t, test.text)
		checkLabels(t, test.text, test.want, Complete(Source{Name: "x.lua", Text: text, Script: true, Cells: []string{"web-1", "db"}}, offset))
	}
}

func TestCompleteTests(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{`ca|`, "cases"},
		{`cases("x", { cell = "web-1", request = "process.signal", |`, "+expect signal target reason -port"},
		{`cases("x", { request = "process.signal", { sig| } })`, "signal"},
		{`cases("x", { { signal = "ki|" } })`, "kill"},
		{`cases("x", { request = "process.|`, "+process.signal process.fork"},
		{`cases("x", { target = { is_| } })`, "is_init is_self"},
		{`cases("x", { expect = "|`, "allow deny grant"},
		{`test("x", function() decide{ reque| } end)`, "request"},
		{`engine.|`, "+decide"},
	} {
		text, offset := at(t, test.text)
		checkLabels(t, test.text, test.want, Complete(Source{Name: "web_test.lua", Text: text}, offset))
	}
}

func checkLabels(t *testing.T, text, want string, got []Candidate) {
	t.Helper()
	var labels []string
	has := map[string]bool{}
	for _, c := range got {
		labels = append(labels, c.Label)
		has[c.Label] = true
	}
	all := strings.Join(labels, " ")
	if want == "" || want[0] != '+' && want[0] != '-' {
		if all != want {
			t.Errorf("%s\ngives %q, want %q", text, all, want)
		}
		return
	}
	sign := byte('+')
	for _, w := range strings.Fields(want) {
		if w[0] == '+' || w[0] == '-' {
			sign, w = w[0], w[1:]
		}
		if has[w] != (sign == '+') {
			t.Errorf("%s\ngives %q: %c%s", text, all, sign, w)
		}
	}
}

func TestInsert(t *testing.T) {
	for _, test := range []struct{ text, label, want string }{
		{`policy "w" { ce| }`, "cells", `policy "w" { cells =  }`},
		{`policy "w" { ce|ll = "a" }`, "cells", `policy "w" { cells = "a" }`},
		{`policy "w" { on = { network.| } }`, "", ""},
		{`policy "w" { on = { net| } }`, "network.bind", `policy "w" { on = { ["network.bind"] =  } }`},
		{`policy "w" { on = { net| } }`, "network", `policy "w" { on = { network =  } }`},
		{`policy "w" { deny = { "net|work" } }`, "network.bind", `policy "w" { deny = { "network.bind" } }`},
		{`policy "w" { deny = { "net| } }`, "network.bind", `policy "w" { deny = { "network.bind } }`},
	} {
		text, offset := at(t, test.text)
		got := ""
		for _, c := range Complete(Source{Name: "w.lua", Text: text}, offset) {
			if c.Label == test.label {
				got = text[:c.From] + c.Insert + text[c.To:]
			}
		}
		if got != test.want {
			t.Errorf("%s with %s gives\n%s, want\n%s", test.text, test.label, got, test.want)
		}
	}
}

func TestHover(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{`policy "w" { on = { ["network.b|ind"] = function(r) end } }`, "network.bind: a kauth(9) action of 3 requests\nnetwork.bind.port, network.bind.privport, network.bind.anyaddr\nfields: uid, euid, gid, egid, family, type, protocol, port, addr"},
		{`policy "w" { deny = { "system.re|boot" } }`, "system.reboot: a kauth(9) action\nfields: uid, euid, gid, egid\n"},
		{`policy "w" { on = { ["network.bind"] = function(r) return r.po|rt end } }`, "port: a number, 0 to 65535\nport to bind, 0 for one that the kernel chooses\nnil but in network.bind.port, network.bind.privport"},
		{`policy "w" { on = { ["network.bind.port"] = function(r) return r.family == "in|et" end } }`, "inet: an address family, the number 2"},
		{`policy "w" { on = { ["network.bind.port"] = function(|r) end } }`, "r: the request that is asked\nnetwork.bind.port\nfields: uid, euid, gid, egid, family, type, protocol, port, addr"},
		{`policy "w" { on = { ["network.bind.port"] = function(r) return r.addr:wi|thin("::/0") end } }`, "within("},
		{`policy "w" { on = { ["system.mount.new"] = function(r) return has(r.flags, "MNT_NO|DEV") end } }`, "MNT_NODEV: 0x10 of r.flags"},
		{`policy "w" { on = { ["network.bind.port"] = function(r) return r:in_|group(0) end } }`, "in_group("},
		{`service "w" { restart = "a", stop_sig|nal = {} }`, "stop_signal: string|number\nthe signal that ends it"},
		{`ser|vice "w" {}`, "service \"name\" {cell, cmd, [user]"},
		{`policy "w" { bud|get = {} }`, "budget: table\nprocs, nofile"},
		{`policy "w" { budget = { pr|ocs = 1 } }`, "procs\nprocesses at a time"},
		{`pol|icy "w" {}`, `policy "name" {`},
		{`cell.cre|ate{}`, "cell.create{"},
		{`local c = cell.create{} c:des|troy()`, "cell:destroy("},
		{`local c = cell.create{} print(c.na|me)`, "cell.name: string"},
		{`local c = cell.create{} print(|c)`, "c: a local, cell, of line 1"},
		{`local function f(x) return |x end`, "x: a parameter, of line 1"},
		{`|local x`, ""}, {`x = 1|`, ""}, {`-- no|`, ""},
	} {
		text, offset := at(t, test.text)
		got, from, to, ok := Hover(syntax.Read("w.lua", text), offset)
		if ok != (test.want != "") || !strings.HasPrefix(got, test.want) || ok && (from > offset || to < offset) {
			t.Errorf("%s\nsays %q from %d to %d, want %q", test.text, got, from, to, test.want)
		}
	}
}

// TestDefinition has ^ where the name is declared.
func TestDefinition(t *testing.T) {
	for _, text := range []string{
		"local ^x = 1 local y = |x", "local x = 1 do local ^x = 2 f(x|) end", "local function ^f() return |f end",
		"function ^f() end |f()", "local M = {} function M.^g() end M.|g()", "local M = { ^g = 1 } return M.|g",
		"local M = { a = { ^b = 1 } } return M.a.|b", "^x = 1 return |x", "local M = {} function M:^g() end M:|g()", "for ^i = 1, 2 do f(|i) end",
	} {
		wanted, text := "", text
		wanted, rest, _ := strings.Cut(text, "^")
		text, offset := at(t, wanted+rest)
		got, ok := Definition(syntax.Read("w.lua", text), offset)
		if !ok || got.From != len(wanted) {
			t.Errorf("%s gives %v %v, want %d", text, got, ok, len(wanted))
		}
	}
	for _, text := range []string{"|print()", "x = |1", "|"} {
		text, offset := at(t, text)
		if got, ok := Definition(syntax.Read("w.lua", text), offset); ok {
			t.Errorf("%s gives %v", text, got)
		}
	}
	text, offset := at(t, `local service = require "service" policy "w" { on = { network = service.ref|use("x") } }`)
	if module, name, ok := Required(syntax.Read("w.lua", text), offset); module != "service" || name != "refuse" || !ok {
		t.Errorf("%q %q %v", module, name, ok)
	}
	for _, text := range []string{"local M = {} function M.^f() end return M", "return { ^f = 1 }", "local M = { ^f = 1 } return M"} {
		before, after, _ := strings.Cut(text, "^")
		if got, ok := Exported(syntax.Read("m.lua", before+after), "f"); !ok || got.From != len(before) {
			t.Errorf("%s gives %v %v", text, got, ok)
		}
	}
}

func TestRename(t *testing.T) {
	for _, test := range []struct{ text, name, want string }{
		{"local |x = 1 return x + x", "y", "local y = 1 return y + y"},
		{"local x = 1 do local x = 2 f(x) end return |x", "y", "local y = 1 do local x = 2 f(x) end return y"},
		{"local x = 1 do local |x = x f(x) end return x", "y", "local x = 1 do local y = x f(y) end return x"},
		{"local function f(|a) return function() return a end end", "b", "local function f(b) return function() return b end end"},
		{"local x = { x = 1 } return x.x, |x", "y", "local y = { x = 1 } return y.x, y"},
		{"for i = 1, 2 do print(i|) end", "n", "for n = 1, 2 do print(n) end"},
		// Those that would mean another variable.
		{"local x, y = 1, 2 return |x, y", "y", "problem"},
		{"local |x = 1 do local y = 2 f(x) end", "y", "problem"},
		{"local |x = 1 print(x)", "print", "problem"},
		{"local x = 1 do local |y = 2 f(x, y) end", "x", "problem"},
		{"local |x = 1", "end", "problem"}, {"local |x = 1", "a b", "problem"}, {"local |x = 1", "", "problem"}, {"local |x = 1", "1", "problem"},
		{"|x = 1", "y", "problem"}, {"local |x = = 1", "y", "problem"}, {"function a:b() return |self end", "y", "problem"},
	} {
		text, offset := at(t, test.text)
		places, problem := Rename(syntax.Read("w.lua", text), offset, test.name)
		got := "problem"
		if problem == "" {
			got = text
			for i := len(places) - 1; i >= 0; i-- {
				got = got[:places[i].From] + test.name + got[places[i].To:]
			}
		}
		if got != test.want {
			t.Errorf("%s to %s gives %s (%s), want %s", test.text, test.name, got, problem, test.want)
		}
	}
}

// setField sets a key of a question, of a request that is known already.
func setField(name string) error {
	q := &policy.Question{}
	if err := q.Set("request", "network.bind.port"); err != nil {
		return err
	}
	return q.Set(name, 1.0)
}

// TestCaseKeys: what is offered in a row of cases is what a row can have.
func TestCaseKeys(t *testing.T) {
	question, row := map[string]bool{}, map[string]bool{}
	for _, k := range questionShape(&syntax.TableExpr{}, false).keys {
		question[k.name] = true
	}
	for _, k := range questionShape(&syntax.TableExpr{}, true).keys {
		if !question[k.name] {
			row[k.name] = true
		}
	}
	for _, name := range trial.CaseKeys {
		if !row[name] {
			t.Errorf("%s is not offered", name)
		}
		delete(row, name)
	}
	if len(row) > 0 {
		t.Errorf("%v are offered, and no row has them", row)
	}
	if err := setField("nonsense"); err == nil || !strings.Contains(err.Error(), "there is none of that name") {
		t.Fatalf("what is no field gives %v", err)
	}
	for name := range question {
		if name == "target" {
			continue
		}
		if err := setField(name); err != nil && strings.Contains(err.Error(), "there is none of that name") {
			t.Errorf("%s is offered, but %v", name, err)
		}
	}
}

func TestSymbols(t *testing.T) {
	f := syntax.Read("w.lua", "local x = 1\nlocal function f() end\nfunction M.g() end\npolicy \"web\" {}\nnever(\"t\", {})\nx()\npolicy(x) {}\nservice \"s\" {}\n")
	var got []string
	for _, s := range Symbols(f) {
		got = append(got, fmt.Sprint(s.Name, " ", f.Text[s.At.From:s.At.To]))
	}
	if want := `[f f M.g g policy web "web" never t "t" service s "s"]`; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}

func TestScripted(t *testing.T) {
	for text, want := range map[string]bool{"policy 'x' {}": false, "engine.load()": true, "local cell = 1 f(cell.x)": false, "x = cell.list": true} {
		if got := Scripted(syntax.Read("x.lua", text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// FuzzAssist: whatever stands in a text, nothing panics, and what is offered replaces what is typed.
func FuzzAssist(f *testing.F) {
	files, _ := filepath.Glob("../../scripts/policy.d/*.lua")
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), len(text)/2)
	}
	for _, text := range []string{"policy \"x\" { on = { [\"", "r.", "local function f(r) return r:", "x = \"", "]]", "{{{", "function a.b:c() self."} {
		f.Add(text, len(text))
	}
	f.Fuzz(func(t *testing.T, text string, offset int) {
		for _, script := range []bool{false, true} {
			for _, c := range Complete(Source{Name: "x.lua", Text: text, Script: script}, offset) {
				if c.From < 0 || c.From > c.To || c.To > len(text) || c.From > max(0, min(offset, len(text))) || !strings.HasPrefix(c.Label, text[c.From:max(c.From, min(offset, len(text)))]) {
					t.Fatalf("%q at %d offers %+v", text, offset, c)
				}
			}
		}
		file := syntax.Read("x.lua", text)
		Hover(file, offset)
		Definition(file, offset)
		Required(file, offset)
		Symbols(file)
		if places, problem := Rename(file, offset, "renamed"); problem == "" {
			for i, p := range places {
				if i > 0 && places[i-1].To > p.From || p.To > len(text) {
					t.Fatalf("%v in %q", places, text)
				}
			}
		}
	})
}
