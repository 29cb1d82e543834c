package loader

import (
	"strings"
	"testing"

	"cellsh/policy/diag"
	"cellsh/policy/rules"
)

// problem is what a diagnostic must say. Its place is LINE or LINE:COLUMN; related is the place of the first of two.
type problem struct {
	at       string
	code     diag.Code
	severity diag.Severity
	message  string
	hint     string
	related  string
}

func (want problem) check(t *testing.T, got diag.Diagnostic, file string) {
	t.Helper()
	if at := strings.TrimPrefix(strings.TrimPrefix(got.Span.String(), file), ":"); at != want.at {
		t.Errorf("place: %q, want %q: %s", at, want.at, got.Message)
	}
	if got.File != file {
		t.Errorf("file: %q, want %q", got.File, file)
	}
	if got.Code != want.code || got.Severity != want.severity {
		t.Errorf("%s [%s], want %s [%s]: %s", got.Severity, got.Code, want.severity, want.code, got.Message)
	}
	if got.Message != want.message {
		t.Errorf("message:\n  %s\nwant:\n  %s", got.Message, want.message)
	}
	if got.Hint != want.hint {
		t.Errorf("hint: %q, want %q", got.Hint, want.hint)
	}
	related := ""
	for _, r := range got.Related {
		related = strings.TrimPrefix(r.Span.String(), file+":")
		if r.Message == "" || r.Excerpt == "" {
			t.Errorf("a related place must have words and its line: %+v", r)
		}
	}
	if related != want.related {
		t.Errorf("related: %q, want %q", related, want.related)
	}
	if got.Line > 0 && got.Excerpt == "" {
		t.Errorf("%s must show its line", got.Span)
	}
}

func load(text string) (*rules.Set, diag.List) {
	return LoadSources([]rules.Source{{File: "p.lua", Text: text + "\n"}}, Options{})
}

// What a load can't hold is refused in time, with words, and without taking the memory that it would need.
func TestLimits(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{`local t = {} for i = 1, 10001 do t[i] = "network" end policy "p" { deny = t }`, "deny must have at most 10000 elements, but has more"},
		{`local t = {} for i = 1, 10001 do t[i] = "web-" .. i end policy "p" { cells = t }`, "cells must have at most 10000 elements, but has more"},
		{`local t = {} for i = 1, 10001 do t["network." .. i] = 1 end policy "p" { on = t }`, "on must have at most 10000 elements, but has more"},
		{`local t = {} for i = 1, 10001 do t["key" .. i] = 1 end policy("p", t)`, "a policy must have at most 10000 elements, but has more"},
		{`local t = {} for i = 1, 10001 do t["key" .. i] = 1 end policy "p" { budget = t }`, "a budget must have at most 10000 elements, but has more"},
		{`local t = {} for i = 1, 10001 do t[i] = "network" end never("t", t)`, "a never must have at most 10000 elements, but has more"},
		{`for i = 1, 10001 do policy("p" .. i) {} end`, "a load must have at most 10000 policies, but has more"},
		{`for i = 1, 10001 do never("t" .. i, { "network" }) end`, "a load must have at most 10000 assertions, but has more"},
		{`for i = 1, 1500 do policy("p" .. i) { dny = {} } end`, "a load tells at most 1000 problems, but has 500 more"},
	} {
		_, problems := load(c.source)
		found := false
		for _, p := range problems {
			found = found || p.Code == diag.PolicyLimit && p.Severity == diag.Error && p.Message == c.want
		}
		if !found || len(problems) > 1000+1 {
			t.Errorf("%.70s\nmust be refused with %q, but gives %d problems: %v", c.source, c.want, len(problems), problems)
		}
	}
	// Warnings that are too many do not make a load fail, and an error among them does. Each is on a line of its own.
	notes := "local n = 0\n" + strings.Repeat("n = n + 1 policy(\"p\" .. n) { deny = { \"network.smb\" } }\n", 1500)
	_, problems := load(notes)
	if problems.Failed() || len(problems) != 1000+1 {
		t.Errorf("warnings must not make a load fail, but there are %d problems: %v", len(problems), problems.Err())
	}
	_, problems = load(notes + "policy \"last\" { mode = \"x\" }")
	if !problems.Failed() {
		t.Error("an error that is not told must make the load fail all the same")
	}
}

func TestDeclarationsThatAreWrong(t *testing.T) {
	for _, c := range wrong {
		t.Run(c.source, func(t *testing.T) {
			_, problems := load(c.source)
			for i, got := range problems {
				if i < len(c.want) {
					c.want[i].check(t, got, "p.lua")
				}
			}
			if len(problems) != len(c.want) {
				t.Errorf("%d problems, want %d:\n%v", len(problems), len(c.want), []diag.Diagnostic(problems))
			}
		})
	}
}

var wrong = []struct {
	source string
	want   []problem
}{
	// The name.
	{`policy "" {}`, []problem{
		{at: "1:8", code: diag.PolicyValue, message: "the name of a policy must not be empty, but is"},
	}},
	{`policy "a b" {}`, []problem{
		{at: "1:9", code: diag.PolicyValue, message: "the name of a policy must consist of A-Z a-z 0-9 . _ -, but has the character ' '"},
	}},
	{`policy "a\nb" {}`, []problem{
		{at: "1:8", code: diag.PolicyValue, message: "the name of a policy must consist of A-Z a-z 0-9 . _ -, but has the character '\\n'"},
	}},
	{`policy "a\0b" {}`, []problem{
		{at: "1:8", code: diag.PolicyValue, message: "the name of a policy must consist of A-Z a-z 0-9 . _ -, but has the character '\\x00'"},
	}},
	{`policy "gr\195\188n" {}`, []problem{
		{at: "1:8", code: diag.PolicyValue, message: "the name of a policy must consist of A-Z a-z 0-9 . _ -, but has the character 'ü'"},
	}},
	{`policy "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" {}`, []problem{
		{at: "1:9", code: diag.PolicyValue, message: "the name of a policy must have at most 63 characters, but has 64"},
	}},
	{`policy(("x"):rep(10000)) {}`, []problem{
		{at: "1:1", code: diag.PolicyValue, message: "the name of a policy must have at most 63 characters, but has 10000"},
	}},
	{`policy(5) {}`, []problem{
		{at: "1:1", code: diag.PolicyValue, message: "the name of a policy must be a string, but is 5", hint: `write: policy "name" { ... }`},
	}},
	{`policy() {}`, []problem{
		{at: "1:1", code: diag.PolicyValue, message: "the name of a policy must be a string, but is nil", hint: "write: policy \"name\" { ... }"},
	}},
	{`policy({}, {})`, []problem{
		{at: "1:1", code: diag.PolicyValue, message: "the name of a policy must be a string, but is a table", hint: `write: policy "name" { ... }`},
	}},

	// The table.
	{`policy "p"`, []problem{
		{at: "1:1", code: diag.PolicyValue, message: "what a policy declares must be a table, but is missing", hint: `write: policy "name" { ... }`},
	}},
	{`local later = policy "p"`, []problem{
		{at: "1:15", code: diag.PolicyValue, message: "what a policy declares must be a table, but is missing", hint: `write: policy "name" { ... }`},
	}},
	{`policy("p", nil)`, []problem{
		{at: "1:1", code: diag.PolicyValue, message: "what a policy declares must be a table, but is nil", hint: "write: policy \"name\" { ... }"},
	}},
	{`policy "p" "q"`, []problem{
		{at: "1:1", code: diag.PolicyValue, message: `what a policy declares must be a table, but is "q"`, hint: `write: policy "name" { ... }`},
	}},
	{`policy("p", 5)`, []problem{
		{at: "1:1", code: diag.PolicyValue, message: "what a policy declares must be a table, but is 5", hint: `write: policy "name" { ... }`},
	}},
	{`policy("p", function() end)`, []problem{
		{at: "1:1", code: diag.PolicyValue, message: "what a policy declares must be a table, but is a function", hint: `write: policy "name" { ... }`},
	}},
	{`policy("p", setmetatable({}, { __index = { deny = { "system" } } }))`, []problem{
		{at: "1:1", code: diag.PolicyValue, message: "the table of a policy must hold its values itself, but has a metatable", hint: "copy what is inherited into the table"},
	}},

	// Keys.
	{`policy "p" {
  cels = { "a" },
}`, []problem{
		{at: "2:3", code: diag.PolicyKey, message: `a key of a policy must be a known one, but is "cels"`, hint: "did you mean cells?"},
	}},
	{`policy "p" {
  xyzzy = 1,
}`, []problem{
		{at: "2:3", code: diag.PolicyKey, message: `a key of a policy must be a known one, but is "xyzzy"`, hint: "the keys are cells, default, deny, allow, grant, on, budget, mode"},
	}},
	{`policy "p" { "network" }`, []problem{
		{at: "1:15", code: diag.PolicyKey, message: `a key of a policy must be a name, but is 1, which stands for "network"`, hint: `write: deny = { "network" }`},
	}},
	{`policy "p" { [true] = 1 }`, []problem{
		{at: "1:15", code: diag.PolicyKey, message: "a key of a policy must be a name, but is true, which stands for 1", hint: `write: deny = { "network" }`},
	}},
	{`policy "p" { [1.5] = 1 }`, []problem{
		{at: "1:15", code: diag.PolicyKey, message: "a key of a policy must be a name, but is 1.5, which stands for 1", hint: `write: deny = { "network" }`},
	}},
	{`policy "p" {
  [("deny"):rep(30)] = 1,
}`, []problem{
		{at: "1:1", code: diag.PolicyKey, message: `a key of a policy must be a known one, but is "denydenydenydenydenydenydenydenydenydenydenydenydenydenydeny..."`, hint: "the keys are cells, default, deny, allow, grant, on, budget, mode"},
	}},
	{`policy "p" {
  deny = { "system" },
  deny = { "machdep" },
}`, []problem{
		{at: "3:3", code: diag.PolicyDuplicate, message: "a key must be given once, but deny is given twice", related: "2:3"},
	}},
	{`local ports = { [80] = "web", [443] = "web", [0x50] = "other" }
policy "p" {}`, []problem{
		{at: "1:47", code: diag.PolicyDuplicate, message: "a key must be given once, but 80 is given twice", related: "1:18"},
	}},
	{`local list = { "a", [1] = "b" }
policy "p" {}`, []problem{
		{at: "1:22", code: diag.PolicyDuplicate, message: "a key must be given once, but 1 is given twice", related: "1:17"},
	}},
	{`local on = {
  ["network.bind"] = 1,
  ["network.bind"] = 2,
}
policy "p" {}`, []problem{
		{at: "3:5", code: diag.PolicyDuplicate, message: "a key must be given once, but network.bind is given twice", related: "2:5"},
	}},

	// Values that are nil.
	{`policy "p" {
  default = denny,
}`, []problem{
		{at: "2:3", code: diag.PolicyValue, message: "default must have a value, but denny is nil", hint: "did you mean deny?"},
	}},
	{`policy "p" {
  deny = { "system", machdep },
}`, []problem{
		{at: "2:22", code: diag.PolicyValue, message: "element 2 must have a value, but machdep is nil", hint: "to leave it out write: nil"},
	}},
	{`policy "p" {
  deny = { machdep, "system" },
}`, []problem{
		{at: "2:12", code: diag.PolicyValue, message: "element 1 must have a value, but machdep is nil", hint: "to leave it out write: nil"},
	}},
	{`local names = {}
policy "p" {
  deny = names.administration,
  budget = { procs = names.limits.procs },
}`, []problem{
		{at: "4:35", code: diag.Runtime, message: "what is indexed with procs must be a table, but is nil"},
	}},
	{`local names = { limits = {} }
policy "p" {
  deny = names.administration,
  budget = { procs = names.limits.procs },
}`, []problem{
		{at: "3:3", code: diag.PolicyValue, message: "deny must have a value, but names.administration is nil", hint: "to leave it out write: nil"},
		{at: "4:14", code: diag.PolicyValue, message: "procs must have a value, but names.limits.procs is nil", hint: "to leave it out write: nil"},
	}},
	{`local function nothing() end
policy "p" {
  on = { ["network.bind"] = check_bind, network = nothing() },
}`, []problem{
		{at: "3:12", code: diag.PolicyValue, message: "network.bind must have a value, but check_bind is nil", hint: "to leave it out write: nil"},
		{at: "3:41", code: diag.PolicyValue, message: "network must have a value, but nothing() is nil", hint: "to leave it out write: nil"},
	}},
	{`never("t", { "network", where = is_raw })`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: "where must have a value, but is_raw is nil", hint: "to leave it out write: nil"},
	}},
	{`never("t", { networks })`, []problem{
		{at: "1:14", code: diag.PolicyValue, message: "element 1 must have a value, but networks is nil", hint: "to leave it out write: nil"},
	}},

	{`local strict
policy "p" {
  default = strict and deny,
  deny = { "system", strict and "machdep" },
  on = { network = (strict or nil), system = strict and
    function(r) return deny end },
}`, []problem{
		{at: "3:3", code: diag.PolicyValue, message: "default must have a value, but strict and deny is nil", hint: "to leave it out where it is nil write: or nil"},
		{at: "4:22", code: diag.PolicyValue, message: `element 2 must have a value, but strict and "machdep" is nil`, hint: "to leave it out where it is nil write: or nil"},
		{at: "5:37", code: diag.PolicyValue, message: "system must have a value, but strict and ... is nil", hint: "to leave it out where it is nil write: or nil"},
	}},
	{`local function p(...) policy "p" { default = ..., deny = { ... } } end p()`, []problem{
		{at: "1:36", code: diag.PolicyValue, message: "default must have a value, but ... is nil", hint: "to leave it out where it is nil write: or nil"},
	}},
	{`local strict
policy "p" { default = strict and deny or nil, deny = nil, mode = (nil), allow = { "system", strict and "machdep" or nil } }`, nil},
	{`local ok, why = pcall(policy, "p", { cels = "a" })
pcall(policy "q", { mode = denny })`, []problem{
		{at: "1:38", code: diag.PolicyKey, message: `a key of a policy must be a known one, but is "cels"`, hint: "did you mean cells?"},
		{at: "2:21", code: diag.PolicyValue, message: "mode must have a value, but denny is nil", hint: "did you mean deny?"},
	}},

	// cells
	{`policy "p" { cells = 5 }`, []problem{
		{at: "1:14", code: diag.PolicyValue, message: "cells must be a list of globs, but is 5"},
	}},
	{`policy "p" { cells = {} }`, []problem{
		{at: "1:14", code: diag.PolicyValue, message: "cells must name at least one cell, but is empty", hint: "leave it out for every cell"},
	}},
	{`policy "p" { cells = { "a", 5 } }`, []problem{
		{at: "1:29", code: diag.PolicyValue, message: "cells must be a list of globs, but element 2 is 5"},
	}},
	{`policy "p" { cells = { x = "a" } }`, []problem{
		{at: "1:24", code: diag.PolicyValue, message: `cells must be a list of globs, but has the key "x"`},
	}},
	{`policy "p" { cells = { [1] = "a", [3] = "b" } }`, []problem{
		{at: "1:14", code: diag.PolicyValue, message: "cells must be a list of globs, but element 2 is nil"},
	}},
	{`policy "p" { cells = { [0] = "a" } }`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: "cells must be a list of globs, but has the key 0"},
	}},
	{`policy "p" { cells = { "" } }`, []problem{
		{at: "1:24", code: diag.PolicyValue, message: "a glob must not be empty, but is"},
	}},
	{`policy "p" {
  cells = {
    "web-?",
    "ok",
    "a b",
    "a\0b",
  },
}`, []problem{
		{at: "3:6", code: diag.PolicyValue, message: "a glob must consist of A-Z a-z 0-9 . _ - and *, but has the character '?'", hint: "only * is special"},
		{at: "5:6", code: diag.PolicyValue, message: "a glob must consist of A-Z a-z 0-9 . _ - and *, but has the character ' '"},
		{at: "6:5", code: diag.PolicyValue, message: "a glob must consist of A-Z a-z 0-9 . _ - and *, but has the character '\\x00'"},
	}},
	{`policy "p" { cells = { ("x"):rep(257) } }`, []problem{
		{at: "1:24", code: diag.PolicyValue, message: "a glob must have at most 256 characters, but has 257"},
	}},
	{`policy "p" { cells = setmetatable({ "a" }, {}) }`, []problem{
		{at: "1:14", code: diag.PolicyValue, message: "the table of cells must hold its values itself, but has a metatable", hint: "copy what is inherited into the table"},
	}},

	// default and mode
	{`policy "p" { default = "alow" }`, []problem{
		{at: "1:14", code: diag.PolicyValue, message: `default must be allow, deny or grant, but is "alow"`, hint: "did you mean allow?"},
	}},
	{`policy "p" { default = "" }`, []problem{
		{at: "1:14", code: diag.PolicyValue, message: `default must be allow, deny or grant, but is ""`},
	}},
	{`policy "p" { default = 1 }`, []problem{
		{at: "1:14", code: diag.PolicyValue, message: "default must be allow, deny or grant, but is 1"},
	}},
	{`policy "p" { default = true }`, []problem{
		{at: "1:14", code: diag.PolicyValue, message: "default must be allow, deny or grant, but is true"},
	}},
	{`policy "p" { default = function() end }`, []problem{
		{at: "1:14", code: diag.PolicyValue, message: "default must be allow, deny or grant, but is a function"},
	}},
	{`policy "p" { mode = "adit" }`, []problem{
		{at: "1:14", code: diag.PolicyValue, message: `mode must be "enforce" or "audit", but is "adit"`, hint: "did you mean audit?"},
	}},
	{`policy "p" { mode = 3 }`, []problem{
		{at: "1:14", code: diag.PolicyValue, message: `mode must be "enforce" or "audit", but is 3`},
	}},

	// Names of requests.
	{`policy "p" { deny = 5 }`, []problem{
		{at: "1:14", code: diag.PolicyValue, message: "deny must be a list of names of requests, but is 5"},
	}},
	{`policy "p" { deny = function() end }`, []problem{
		{at: "1:14", code: diag.PolicyValue, message: "deny must be a list of names of requests, but is a function"},
	}},
	{`policy "p" { deny = { "nework.bind" } }`, []problem{
		{at: "1:24", code: diag.PolicyRequest, message: `a rule must be about a scope, an action or a request, but there is none called "nework.bind"`, hint: "did you mean network.bind?"},
	}},
	{`policy "p" { allow = { "network.bind.privprt" } }`, []problem{
		{at: "1:25", code: diag.PolicyRequest, message: `a rule must be about a scope, an action or a request, but there is none called "network.bind.privprt"`, hint: "did you mean network.bind.privport?"},
	}},
	{`policy "p" { grant = { "Network.Bind" } }`, []problem{
		{at: "1:25", code: diag.PolicyRequest, message: `a rule must be about a scope, an action or a request, but there is none called "Network.Bind"`, hint: "did you mean network.bind?"},
	}},
	{`policy "p" { deny = { "network.bind " } }`, []problem{
		{at: "1:24", code: diag.PolicyRequest, message: "a rule must be about a scope, an action or a request, but there is none called \"network.bind \"", hint: "did you mean network.bind?"},
	}},
	{`policy "p" { deny = { "network\n.bind" } }`, []problem{
		{at: "1:23", code: diag.PolicyRequest, message: `a rule must be about a scope, an action or a request, but there is none called "network\n.bind"`, hint: "did you mean network.bind?"},
	}},
	{`policy "p" { deny = { "net\0work" } }`, []problem{
		{at: "1:23", code: diag.PolicyRequest, message: `a rule must be about a scope, an action or a request, but there is none called "net\x00work"`, hint: "did you mean network?"},
	}},
	{`policy "p" { deny = { "" } }`, []problem{
		{at: "1:23", code: diag.PolicyRequest, message: `a rule must be about a scope, an action or a request, but there is none called ""`},
	}},
	{`policy "p" { deny = { ("n"):rep(10000) } }`, []problem{
		{at: "1:23", code: diag.PolicyRequest, message: `a rule must be about a scope, an action or a request, but there is none called "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn..."`},
	}},
	{`policy "p" { deny = { "frobnicate" } }`, []problem{
		{at: "1:24", code: diag.PolicyRequest, message: `a rule must be about a scope, an action or a request, but there is none called "frobnicate"`},
	}},
	{`policy "p" { deny = { "network.*" } }`, []problem{
		{at: "1:24", code: diag.PolicyRequest, message: `a rule must be about a scope, an action or a request, but there is none called "network.*"`, hint: `leave .* out: network stands for all of it`},
	}},
	{`policy "p" { deny = { "netwrk.*" } }`, []problem{
		{at: "1:24", code: diag.PolicyRequest, message: `a rule must be about a scope, an action or a request, but there is none called "netwrk.*"`, hint: "did you mean network?"},
	}},
	{`policy "p" { deny = { "*" } }`, []problem{
		{at: "1:24", code: diag.PolicyRequest, message: `a rule must be about a scope, an action or a request, but there is none called "*"`, hint: "for every request write: default = deny"},
	}},
	{`policy "p" { deny = { "generic.issuser" } }`, []problem{
		{at: "1:24", code: diag.PolicyScope, message: "a rule can't be about the scope generic: the generic scope is only asked by code that predates the other scopes, and its single request says nothing about what is attempted", hint: "the scopes are process, system, network, machdep and device"},
	}},
	{`policy "p" { deny = { "cred" } }`, []problem{
		{at: "1:24", code: diag.PolicyScope, message: "a rule can't be about the scope cred: the cred scope only announces changes of credentials: the kernel discards the answers", hint: "the scopes are process, system, network, machdep and device"},
	}},
	{`policy "p" { deny = { "vnode.read_data" } }`, []problem{
		{at: "1:24", code: diag.PolicyScope, message: "a rule can't be about the scope vnode: the vnode scope asks with bit masks, and an answer there would override file modes and owners", hint: "the scopes are process, system, network, machdep and device"},
	}},
	{`policy "p" { deny = { "device.tty_open" } }`, []problem{
		{at: "1:24", code: diag.PolicySpin, message: "a rule can't be about device.tty_open: the kernel asks it while it holds a spin lock, where it can't find out which cell is asking"},
	}},
	{`policy "p" { allow = { "process.cansee.kptr", "process.scheduler_setparam" } }`, []problem{
		{at: "1:25", code: diag.PolicySpin, message: "a rule can't be about process.cansee.kptr: the kernel asks it while it holds a spin lock, where it can't find out which cell is asking"},
		{at: "1:48", code: diag.PolicySpin, message: "a rule can't be about process.scheduler_setparam: the kernel asks it while it holds a spin lock, where it can't find out which cell is asking"},
	}},
	{`policy "p" { deny = { "process.cansee" } }`, []problem{
		{at: "1:24", code: diag.PolicySpin, severity: diag.Note, message: "process.cansee skips process.cansee.kptr, which the kernel asks while it holds a spin lock"},
	}},
	// Files of other tools.
	{`volume("x")`, []problem{
		{at: "1:1", code: diag.FileForeign, message: "a source must be a policy, a service or a script of cellsh, but this is a file of cellman: volume is a word of it", hint: "cellsh reads policies, which declare with policy and never, services, which declare with service, and scripts, which make cells with cell.create"},
	}},
	{`cell("web", { create = { profile = "high" } })`, []problem{
		{at: "1:1", code: diag.FileForeign, message: "a source must be a policy, a service or a script of cellsh, but this is a file of cellman: cell is a word of it", hint: "cellsh reads policies, which declare with policy and never, services, which declare with service, and scripts, which make cells with cell.create"},
	}},
	{`apply("web", { pkg("nginx") })`, []problem{
		{at: "1:16", code: diag.FileForeign, message: "a source must be a policy, a service or a script of cellsh, but this is a file of cellman: pkg is a word of it", hint: "cellsh reads policies, which declare with policy and never, services, which declare with service, and scripts, which make cells with cell.create"},
	}},
	{`policy "p" {} local data = host("/data", { target = "/data" })`, []problem{
		{at: "1:28", code: diag.FileForeign, message: "a source must be a policy, a service or a script of cellsh, but this is a file of cellman: host is a word of it", hint: "cellsh reads policies, which declare with policy and never, services, which declare with service, and scripts, which make cells with cell.create"},
	}},
	{"# a comment\nname=web\n\ncommand=/usr/sbin/nginx -g\n", []problem{
		{at: "2:1", code: diag.FileForeign, message: "a source must be a policy, a service or a script of cellsh, but this is a file of celladm: name= is a key of it", hint: "cellsh reads policies, which declare with policy and never, services, which declare with service, and scripts, which make cells with cell.create"},
	}},
	// Assignments of one's own are not.
	{"name='web'\nreserved_ports=80,443", nil},
	{"# where from\nNETBSD_MIRROR=http://cdn.NetBSD.org/pub\nCELL_ALLOW_HOST_MOUNTS=YES\n", []problem{
		{at: "2:1", code: diag.FileForeign, message: "a source must be a policy, a service or a script of cellsh, but this is a file of cellman: NETBSD_MIRROR= is a key of it", hint: "cellsh reads policies, which declare with policy and never, services, which declare with service, and scripts, which make cells with cell.create"},
	}},
	// Names of one's own are not.
	{`local function cell(name) end cell("x") function host(name) end host("y") policy "p" { deny = { "network" } }`, nil},
	{`function host(name) local t = nil return t.x end host("y")`, []problem{{at: "1:44", code: diag.Runtime, message: "what is indexed with x must be a table, but is nil"}}},
	{`copy("x", "y")`, []problem{{at: "1:1", code: diag.Runtime, message: "copy must be a function, but is nil"}}},
	// Said once, and not of a whole scope.
	{`policy "p" { deny = { "process" } } never "n" { "process" }`, nil},
	{`policy "p" { deny = { "process.cansee" } } policy "q" { allow = { "process.cansee" } } never "n" { "process.cansee" }`, []problem{
		{at: "1:24", code: diag.PolicySpin, severity: diag.Note, message: "process.cansee skips process.cansee.kptr, which the kernel asks while it holds a spin lock"},
	}},
	{`policy "p" { deny = { "network.smb" } }`, []problem{
		{at: "1:24", code: diag.PolicyNever, severity: diag.Warning, message: "a rule must be about something that the kernel asks, but it never asks network.smb", hint: "the rule has no effect; leave it out"},
	}},
	{`policy "p" { on = { ["system.debug"] = function(r) return deny end } }`, []problem{
		{at: "1:23", code: diag.PolicyNever, severity: diag.Warning, message: "a rule must be about something that the kernel asks, but it never asks system.debug", hint: "the rule has no effect; leave it out"},
	}},
	{`policy "p" {
  deny = { "network.bind" },
  allow = { "network.bind" },
}`, []problem{
		{at: "3:14", code: diag.PolicyDuplicate, message: "a policy must have one entry for a name, but has two for network.bind", hint: "an entry of a more specific name, or a function, can decide between cases", related: "2:13"},
	}},
	{`policy "p" {
  deny = { "system",
    "system" },
}`, []problem{
		{at: "3:6", code: diag.PolicyDuplicate, message: "a policy must have one entry for a name, but has two for system", hint: "an entry of a more specific name, or a function, can decide between cases", related: "2:13"},
	}},
	{`policy "p" {
  deny = { "network.bind.port", "network.bind" },
  on = {
    ["network.bind"] = function(r) return deny end,
  },
}`, []problem{
		{at: "4:7", code: diag.PolicyDuplicate, message: "a policy must have one entry for a name, but has two for network.bind", hint: "an entry of a more specific name, or a function, can decide between cases", related: "2:34"},
	}},
	{`local rules = { deny = { "nework" } }
policy("p", rules)`, []problem{
		{at: "2:1", code: diag.PolicyRequest, message: "a rule must be about a scope, an action or a request, but there is none called \"nework\"", hint: "did you mean network?"},
	}},
	{`for _, name in ipairs{ "a", "b" } do
  policy(name) { deny = { "nework" } }
end`, []problem{
		{at: "2:28", code: diag.PolicyRequest, message: "a rule must be about a scope, an action or a request, but there is none called \"nework\"", hint: "did you mean network?"},
	}},

	// on
	{`policy "p" { on = 5 }`, []problem{
		{at: "1:14", code: diag.PolicyValue, message: "on must be a table of functions, but is 5", hint: `write: on = { ["network.bind"] = function(r) ... end }`},
	}},
	{`policy "p" { on = function(r) end }`, []problem{
		{at: "1:14", code: diag.PolicyValue, message: "on must be a table of functions, but is a function", hint: `write: on = { ["network.bind"] = function(r) ... end }`},
	}},
	{`policy "p" { on = { ["network.bind"] = "deny" } }`, []problem{
		{at: "1:23", code: diag.PolicyValue, message: `an entry of on must be a function, but network.bind is "deny"`, hint: `write: deny = { "network.bind" }`},
	}},
	{`policy "p" { on = { network = "denied" } }`, []problem{
		{at: "1:21", code: diag.PolicyValue, message: `an entry of on must be a function, but network is "denied"`},
	}},
	{`policy "p" { on = { network = tostring } }`, []problem{
		{at: "1:21", code: diag.PolicyValue, message: "an entry of on must be a function written in Lua, but network is one of the library"},
	}},
	{`policy "p" { on = { function(r) end } }`, []problem{
		{at: "1:21", code: diag.PolicyValue, message: "a key of on must be the name of a request, but is 1", hint: `write: ["network.bind"] = function(r) ... end`},
	}},
	{`policy "p" { on = { ["network.bnd"] = function(r) end } }`, []problem{
		{at: "1:23", code: diag.PolicyRequest, message: "a rule must be about a scope, an action or a request, but there is none called \"network.bnd\"", hint: "did you mean network.bind?"},
	}},
	{`policy "p" { on = { network = { bind = function(r) end } } }`, []problem{
		{at: "1:21", code: diag.PolicyValue, message: "an entry of on must be a function, but network is a table"},
	}},
	{`policy "p" { on = { vnode = function(r) end } }`, []problem{
		{at: "1:21", code: diag.PolicyScope, message: "a rule can't be about the scope vnode: the vnode scope asks with bit masks, and an answer there would override file modes and owners", hint: "the scopes are process, system, network, machdep and device"},
	}},

	// budget
	{`policy "p" { budget = 5 }`, []problem{
		{at: "1:14", code: diag.PolicyValue, message: "budget must be a table, but is 5", hint: "write: budget = { procs = 64 }"},
	}},
	{`policy "p" { budget = { prcs = 5 } }`, []problem{
		{at: "1:25", code: diag.PolicyKey, message: `a key of a budget must be a known one, but is "prcs"`, hint: "did you mean procs?"},
	}},
	{`policy "p" { budget = { 64 } }`, []problem{
		{at: "1:25", code: diag.PolicyKey, message: "a key of a budget must be a name, but is 1, which stands for 64", hint: "write: procs = 64"},
	}},
	{`policy "p" { budget = { procs = -1 } }`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: "procs must be a whole number from 0 to 2147483647, but is -1"},
	}},
	{`policy "p" { budget = { procs = 1.5 } }`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: "procs must be a whole number from 0 to 2147483647, but is 1.5"},
	}},
	{`policy "p" { budget = { procs = "64" } }`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: `procs must be a whole number from 0 to 2147483647, but is "64"`},
	}},
	{`policy "p" { budget = { procs = unlimited } }`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: "procs must be a whole number from 0 to 2147483647, but is unlimited"},
	}},
	{`policy "p" { budget = { procs = 2^31 } }`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: "procs must be a whole number from 0 to 2147483647, but is 2147483648"},
	}},
	{`policy "p" { budget = { procs = 0/0, nofile = 1/0 } }`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: "procs must be a whole number from 0 to 2147483647, but is nan"},
		{at: "1:38", code: diag.PolicyValue, message: "nofile must be a whole number from 1 to 2147483647 or unlimited, but is inf"},
	}},
	{`policy "p" { budget = { nofile = 0 } }`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: "nofile must be a whole number from 1 to 2147483647 or unlimited, but is 0"},
	}},
	{`policy "p" { budget = { as = "9999999T" } }`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: `as must be a number of bytes, or one with the unit K, M, G or T like "512M", or unlimited, but is "9999999T"`, hint: "M is 1048576 bytes"},
	}},
	{`policy "p" { budget = { as = -1 } }`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: "as must be a number of bytes, or one with the unit K, M, G or T like \"512M\", or unlimited, but is -1", hint: "M is 1048576 bytes"},
	}},
	{`policy "p" { budget = { as = 2^60 } }`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: `as must be a number of bytes, or one with the unit K, M, G or T like "512M", or unlimited, but is 1152921504606846976`, hint: "M is 1048576 bytes"},
	}},
	{`policy "p" { budget = { core = "2 G" } }`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: `core must be a number of bytes, or one with the unit K, M, G or T like "512M", or unlimited, but is "2 G"`, hint: `write: "2G"`},
	}},
	{`policy "p" { budget = { memory = "512MB" } }`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: `memory must be a number of bytes, or one with the unit K, M, G or T like "512M", but is "512MB"`, hint: `write: "512M"`},
	}},
	{`policy "p" { budget = { memory = "512x" } }`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: `memory must be a number of bytes, or one with the unit K, M, G or T like "512M", but is "512x"`, hint: "M is 1048576 bytes"},
	}},
	{`policy "p" { budget = { memory = "" } }`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: `memory must be a number of bytes, or one with the unit K, M, G or T like "512M", but is ""`, hint: "M is 1048576 bytes"},
	}},
	{`policy "p" { budget = { memory = "1.5G" } }`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: `memory must be a number of bytes, or one with the unit K, M, G or T like "512M", but is "1.5G"`, hint: "M is 1048576 bytes"},
	}},
	{`policy "p" { budget = { memory = unlimited } }`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: "memory must be a number of bytes, or one with the unit K, M, G or T like \"512M\", but is unlimited", hint: "M is 1048576 bytes"},
	}},
	{`policy "p" { budget = { memory = { limit = "512x", warn = "0%", over = 10, action = "restrat" } } }`, []problem{
		{at: "1:36", code: diag.PolicyValue, message: `limit must be a number of bytes, or one with the unit K, M, G or T like "512M", but is "512x"`, hint: "M is 1048576 bytes"},
		{at: "1:52", code: diag.PolicyValue, message: `warn must be a percentage from "1%" to "100%", but is "0%"`, hint: "it is a part of limit"},
		{at: "1:65", code: diag.PolicyValue, message: `over must be a duration like "10s", but is 10`, hint: `write: "10s"`},
		{at: "1:76", code: diag.PolicyValue, message: `action must be "log", "throttle", "restart" or "stop", but is "restrat"`, hint: "did you mean restart?"},
	}},
	{`policy "p" { budget = { memory = { warn = "101%", over = "25x", action = function() end }, cpu = {} } }`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: "memory must have a limit, but has none"},
		{at: "1:36", code: diag.PolicyValue, message: `warn must be a percentage from "1%" to "100%", but is "101%"`, hint: "it is a part of limit"},
		{at: "1:51", code: diag.PolicyValue, message: `over must be a duration like "10s", but is "25x"`, hint: `write: "10s"; the units are ms, s, m, h and d`},
		{at: "1:65", code: diag.PolicyValue, message: `action must be "log", "throttle", "restart" or "stop", but is a function`, hint: `a function that is called then is a hook of sessions and scripts: cell.on("over-budget", function(e) ... end)`},
		{at: "1:92", code: diag.PolicyValue, message: "cpu must have a limit, but has none"},
	}},
	{`policy "p" { budget = { cpu = { limit = 50, lmit = 3, ["over"] = "-10s", warn = warning } } }`, []problem{
		{at: "1:33", code: diag.PolicyValue, message: `limit must be a percentage like "50%", but is 50`, hint: "100% is one whole processor"},
		{at: "1:45", code: diag.PolicyKey, message: `a key of cpu must be a known one, but is "lmit"`, hint: "did you mean limit?"},
		{at: "1:57", code: diag.PolicyValue, message: `over must be at least 0s, but is "-10s"`},
		{at: "1:74", code: diag.PolicyValue, message: "warn must have a value, but warning is nil", hint: "to leave it out write: nil"},
	}},
	{`policy "p" { budget = { memory = { "512M" } } }`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: "memory must have a limit, but has none"},
		{at: "1:37", code: diag.PolicyKey, message: `a key of memory must be a name, but is 1, which stands for "512M"`, hint: "write: limit = ..."},
	}},
	{`policy "p" { budget = { cpu = 50 } }`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: `cpu must be a percentage like "50%", but is 50`, hint: "100% is one whole processor"},
	}},
	{`policy "p" { budget = { cpu = "50" } }`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: `cpu must be a percentage like "50%", but is "50"`, hint: "100% is one whole processor"},
	}},
	{`policy "p" { budget = { cpu = "0%" } }`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: "cpu must be a percentage like \"50%\", but is \"0%\"", hint: "100% is one whole processor"},
	}},
	{`policy "p" { budget = { cpu = "-5%" } }`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: "cpu must be a percentage like \"50%\", but is \"-5%\"", hint: "100% is one whole processor"},
	}},
	{`policy "p" { budget = { cpu = "99999999%" } }`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: "cpu must be a percentage like \"50%\", but is \"99999999%\"", hint: "100% is one whole processor"},
	}},

	// never
	{`never(5, { "network" })`, []problem{
		{at: "1:1", code: diag.PolicyValue, message: "the title of a never must be a string, but is 5", hint: `write: never("title", { ... })`},
	}},
	{`never("", { "network" })`, []problem{
		{at: "1:1", code: diag.PolicyValue, message: `the title of a never must be a line of at most 255 bytes, but is ""`},
	}},
	{`never("a\nb", { "network" })`, []problem{
		{at: "1:1", code: diag.PolicyValue, message: `the title of a never must be a line of at most 255 bytes, but is "a\nb"`},
	}},
	{`never(("x"):rep(256), { "network" })`, []problem{
		{at: "1:1", code: diag.PolicyValue, message: `the title of a never must be a line of at most 255 bytes, but is "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..."`},
	}},
	{`never("t")`, []problem{
		{at: "1:1", code: diag.PolicyValue, message: "what a never declares must be a table, but is missing", hint: "write: never(\"title\", { ... })"},
	}},
	{`never("t", 5)`, []problem{
		{at: "1:1", code: diag.PolicyValue, message: "what a never declares must be a table, but is 5", hint: "write: never(\"title\", { ... })"},
	}},
	{`never("t", {})`, []problem{
		{at: "1:1", code: diag.PolicyValue, message: "a never must name at least one request, but names none", hint: "write: never(\"title\", { \"network.route\" })"},
	}},
	{`never("t", { cells = "db-*" })`, []problem{
		{at: "1:1", code: diag.PolicyValue, message: "a never must name at least one request, but names none", hint: "write: never(\"title\", { \"network.route\" })"},
	}},
	{`never("t", { "network", wher = function(r) end })`, []problem{
		{at: "1:25", code: diag.PolicyKey, message: "a key of never must be a known one, but is \"wher\"", hint: "did you mean where?"},
	}},
	{`never("t", { "network", foo = 1 })`, []problem{
		{at: "1:25", code: diag.PolicyKey, message: `a key of never must be a known one, but is "foo"`, hint: "it takes cells, where, and the names of requests"},
	}},
	{`never("t", { "network", 5 })`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: "what must never be allowed must be the name of a request, but is 5"},
	}},
	{`never("t", { "network", where = 5 })`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: "where must be a function written in Lua, but is 5", hint: "write: where = function(r) return r.port == 80 end"},
	}},
	{`never("t", { "network", where = tostring })`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: "where must be a function written in Lua, but is one of the library", hint: "write: where = function(r) return r.port == 80 end"},
	}},
	{`never("t", { "netwrk" })`, []problem{
		{at: "1:15", code: diag.PolicyRequest, message: "a rule must be about a scope, an action or a request, but there is none called \"netwrk\"", hint: "did you mean network?"},
	}},
	{`never("t", { "vnode" })`, []problem{
		{at: "1:15", code: diag.PolicyScope, message: "a rule can't be about the scope vnode: the vnode scope asks with bit masks, and an answer there would override file modes and owners", hint: "the scopes are process, system, network, machdep and device"},
	}},
	{`never("t", { "device.tty_open" })`, []problem{
		{at: "1:15", code: diag.PolicySpin, message: "a rule can't be about device.tty_open: the kernel asks it while it holds a spin lock, where it can't find out which cell is asking"},
	}},
	{`never("t", { "network.smb" })`, []problem{
		{at: "1:15", code: diag.PolicyNever, severity: diag.Warning, message: "a rule must be about something that the kernel asks, but it never asks network.smb", hint: "the rule has no effect; leave it out"},
	}},
	{`never("t", { "network", cells = 5 })`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: "cells must be a list of globs, but is 5"},
	}},
	{`never("t", { "network", cells = {} })`, []problem{
		{at: "1:25", code: diag.PolicyValue, message: "cells must name at least one cell, but is empty", hint: "leave it out for every cell"},
	}},
	{`never("t", { "network", cells = "a b" })`, []problem{
		{at: "1:34", code: diag.PolicyValue, message: "a glob must consist of A-Z a-z 0-9 . _ - and *, but has the character ' '"},
	}},

	// Policies of one name.
	{`policy "p" {}
policy "p" {}`, []problem{
		{at: "2:9", code: diag.PolicyDuplicate, message: `a policy's name must be its own, but "p" is used twice`, related: "1:9"},
	}},
	{`policy "p" {} policy "p" {}`, []problem{
		{at: "1:23", code: diag.PolicyDuplicate, message: `a policy's name must be its own, but "p" is used twice`, related: "1:9"},
	}},

	// Sources that fail.
	{`policy "p" {
  deny = { "system"
}`, []problem{
		{at: "3:1", code: diag.Syntax, message: `the "{" of line 2 must be closed with "}" before "}", but is not`, related: "2:10"},
	}},
	{`policy "p" {
  deny = = 5
}`, []problem{
		{at: "2:10", code: diag.Syntax, message: "an expression must follow \"=\", but \"=\" does", hint: "= assigns, and only a statement does; compare with =="},
	}},
	{`while true do end`, []problem{
		{at: "1:1", code: diag.Budget, message: "the code must end within 20000000 instructions, but does not", hint: "look for a loop that does not end"},
	}},
	{`local s = ("x"):rep(1000000000)`, []problem{
		{at: "1:17", code: diag.Budget, message: "the result of string.rep must be at most 4194304 bytes, but would be 1000000000"},
	}},
	{`local s = "x"
while true do s = s .. s end`, []problem{
		{at: "2:19", code: diag.Budget, message: "the result of .. must be at most 4194304 bytes, but would be 8388608"},
	}},
	{`local t = {}
for i = 1, 1e9 do t[i] = {} end`, []problem{
		{at: "2:26", code: diag.Memory, message: "the code must do with 64 MB of memory, but needs more"},
	}},
	{`error("out of ports")`, []problem{
		{at: "1:1", code: diag.Runtime, message: "out of ports"},
	}},
	{`error({})`, []problem{
		{at: "1:1", code: diag.Runtime, message: "an error that is a table: {}"},
	}},
	{`error({ code = 1, list = { "a", true } })`, []problem{
		{at: "1:1", code: diag.Runtime, message: "an error that is a table: {code = 1, list = {\"a\", true}}"},
	}},
	{`error(setmetatable({}, { __tostring = function() return "its text" end }))`, []problem{
		{at: "1:1", code: diag.Runtime, message: "its text"},
	}},
	{`error()`, []problem{
		{at: "1:1", code: diag.Runtime, message: "nil"},
	}},
	{`polcy "p" {}`, []problem{
		{at: "1:1", code: diag.Runtime, message: "polcy must be a function, but is nil"},
	}},
	{`io.open("/etc/passwd")`, []problem{
		{at: "1:4", code: diag.Runtime, message: "what is indexed with open must be a table, but is io, which nobody has defined", hint: "policies have no io"},
	}},
	{`local t = {} t.cells = t  t[1] = t
policy("p", t)`, []problem{
		{at: "2:1", code: diag.PolicyKey, message: "a key of a policy must be a name, but is 1, which stands for a table", hint: "write: deny = { \"network\" }"},
		{at: "2:1", code: diag.PolicyValue, message: "cells must be a list of globs, but element 1 is a table"},
		{at: "2:1", code: diag.PolicyValue, message: "cells must be a list of globs, but has the key \"cells\""},
	}},
	{`local t = {} t[1] = t t.on = t
policy "p" { cells = t, deny = t, on = t, budget = t }
never("t", t)`, []problem{
		{at: "2:14", code: diag.PolicyValue, message: "cells must be a list of globs, but element 1 is a table"},
		{at: "2:14", code: diag.PolicyValue, message: "cells must be a list of globs, but has the key \"on\""},
		{at: "2:25", code: diag.PolicyValue, message: "deny must be a list of names of requests, but element 1 is a table"},
		{at: "2:25", code: diag.PolicyValue, message: "deny must be a list of names of requests, but has the key \"on\""},
		{at: "2:35", code: diag.PolicyRequest, message: "a rule must be about a scope, an action or a request, but there is none called \"on\""},
		{at: "2:35", code: diag.PolicyValue, message: "a key of on must be the name of a request, but is 1", hint: "write: [\"network.bind\"] = function(r) ... end"},
		{at: "2:35", code: diag.PolicyValue, message: "an entry of on must be a function, but on is a table"},
		{at: "2:43", code: diag.PolicyKey, message: "a key of a budget must be a known one, but is \"on\"", hint: "the keys are procs, nofile, as, core, memory, cpu"},
		{at: "2:43", code: diag.PolicyKey, message: "a key of a budget must be a name, but is 1, which stands for a table", hint: "write: procs = 64"},
		{at: "3:1", code: diag.PolicyKey, message: "a key of never must be a known one, but is \"on\"", hint: "it takes cells, where, and the names of requests"},
		{at: "3:1", code: diag.PolicyValue, message: "what must never be allowed must be the name of a request, but is a table"},
	}},
	{`policy { deny = { "network" } }`, []problem{
		{at: "1:1", code: diag.PolicyValue, message: "the name of a policy must be a string, but is a table", hint: "write: policy \"name\" { ... }"},
	}},
}
