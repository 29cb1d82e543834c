package loader

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
	"pgregory.net/rapid"

	"cellsh/lua/declare"
	"cellsh/lua/syntax"
	"cellsh/lua/vm"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// wrongReading is the second reading, but that the global second is true in it: what a file makes of that is what the
// second reading has got wrong.
func wrongReading(file *syntax.File, modules func(name string) (*syntax.File, error), d *declare.Declarations, o Options) error {
	m := vm.New(vm.Options{Level: vm.Policy, Require: modules, Instructions: o.VM.Instructions})
	wordsIn(m, d)
	m.Define("second", lua.LTrue)
	fn, err := m.CompileTree(m.NewEnvironment(), file)
	if err == nil {
		_, err = m.Call(fn)
	}
	return err
}

func loadWrongly(text string) (*rules.Set, diag.List) {
	return LoadSources([]rules.Source{{File: "p.lua", Text: text}}, Options{second: wrongReading})
}

// Every kind of difference is an error, at its place.
func TestDifferences(t *testing.T) {
	for _, c := range []struct{ source, at, text string }{
		// What is declared.
		{`if not second then policy "p" {} end`, "1:28", `only the first declares policy "p"`},
		{`if second then policy "p" {} end`, "1:24", `only the second declares policy "p"`},
		{`policy(second and "a" or "b") {}`, "1:1", `only the first declares policy "b"`},
		{`policy "p" {} if second then policy "p" {} end`, "1:38", `only the second declares policy "p"`},
		{`if not second then never("t", { "system" }) end`, "1:20", `only the first declares never "t"`},
		{`if second then never("t", { "system" }) end`, "1:16", `only the second declares never "t"`},
		{`never(second and "a" or "b", { "system" })`, "1:1", `only the first declares never "b"`},

		// What a policy says.
		{`policy "p" { cells = second and "a" or "b" }`, "1:9", `cells of policy "p" is "b" in the first, and "a" in the second`},
		{`policy "p" { cells = second and { "a", "b" } or { "b", "a" } }`, "1:9", `cells of policy "p" is "b", "a" in the first, and "a", "b" in the second`},
		{`policy "p" { cells = second and "a" or nil }`, "1:9", `cells of policy "p" is not given in the first, and "a" in the second`},
		{`policy "p" { mode = second and "audit" or nil }`, "1:9", `mode of policy "p" is enforce in the first, and audit in the second`},
		{`policy "p" { default = second and allow or deny }`, "1:9", `default of policy "p" is deny in the first, and allow in the second`},
		{`policy "p" { default = second and allow or nil }`, "1:9", `default of policy "p" is not given in the first, and allow in the second`},
		{`policy "p" { budget = { procs = second and 1 or 2 } }`, "1:9", `budget of policy "p" is procs = 2 in the first, and procs = 1 in the second`},
		{`policy "p" { budget = { procs = 2, cpu = second and "1%" or nil } }`, "1:9", `budget of policy "p" is procs = 2 in the first, and procs = 2, cpu = 1 in the second`},
		{`policy "p" { budget = second and { as = unlimited } or nil }`, "1:9", `budget of policy "p" is nothing in the first, and as = 9223372036854775807 in the second`},

		// What an entry says.
		{`policy "p" { deny = { "system", second and "machdep" or nil } }`, "1:33", `what policy "p" says to machdep is nothing in the first, and deny in the second`},
		{`policy "p" { deny = { "system", not second and "machdep" or nil } }`, "1:33", `what policy "p" says to machdep is deny in the first, and nothing in the second`},
		{`policy "p" { [second and "allow" or "deny"] = "system" }`, "1:1", `what policy "p" says to system is deny in the first, and allow in the second`},
		{`policy "p" { on = { network = second and function() end or function() return deny end } }`, "1:21", `what policy "p" says to network is the function at p.lua:1:60 in the first, and the function at p.lua:1:42 in the second`},
		{`policy "p" { [second and "deny" or "x"] = "network", on = not second and { network = function() end } or nil }`, "", ""},
		{`local f, g = function() return deny end, function() return allow end if second then f, g = g, f end
policy "p" { on = { network = f, system = g } }`, "2:21", `what policy "p" says to network is the function at p.lua:1:14 in the first, and the function at p.lua:1:42 in the second`},
		{`local function f() end policy "p" { on = { network = not second and f or nil } }`, "1:44", `what policy "p" says to network is the function at p.lua:1:7 in the first, and nothing in the second`},

		// What an assertion says.
		{`never("t", { "system", cells = second and "a" or "b" })`, "1:1", `cells of never "t" is "b" in the first, and "a" in the second`},
		{`never("t", { second and "system" or "machdep" })`, "1:1", `what is denied of never "t" is machdep in the first, and system in the second`},
		{`never("t", { "system", where = second and function() end or nil })`, "1:1", `where of never "t" is nothing in the first, and the function at p.lua:1:43 in the second`},
		{`local function f() end local function g() end never("t", { "system", where = second and f or g })`, "1:47", `where of never "t" is the function at p.lua:1:30 in the first, and the function at p.lua:1:7 in the second`},

		// What is wrong.
		{`policy "p" { mode = second and "x" or nil }`, "1:14", `only the second finds: mode must be "enforce" or "audit", but is "x"`},

		// Errors.
		{"\nif second then error('no') end", "2:16", "the second raises an error, and the first none: no"},
		{"\nif not second then error('no') end", "2:20", "the first raises an error, and the second none: no"},
		{"\nlocal x = second and nil .. ''", "2:22", "the second raises an error, and the first none: joined values must be strings or numbers, but one is nil"},
	} {
		_, problems := loadWrongly(c.source)
		if c.text == "" {
			if !problems.Failed() {
				t.Errorf("%s: no problem", c.source)
			}
			continue
		}
		found := false
		for _, p := range problems {
			if p.Code == diag.ReadingDiffers && strings.TrimPrefix(p.Span.String(), "p.lua:") == c.at && p.Message == "two readings of a file must be equal, but "+c.text {
				found = true
				if p.Severity != diag.Error || p.Hint == "" || p.Excerpt == "" {
					t.Errorf("%+v", p)
				}
			}
		}
		if !found {
			t.Errorf("%s:\n%s %s\nis not among\n%s", c.source, c.at, c.text, problems.Error())
		}
		// What the test injects is all that differs.
		if _, problems := load(c.source); problems.Failed() && !strings.Contains(c.source, "error(") && !strings.Contains(c.source, `"x"]`) {
			t.Errorf("%s: %v", c.source, problems)
		}
	}
}

// What both raise is told once, as the first says it; and what was declared before it is compared all the same.
func TestBothRaise(t *testing.T) {
	_, problems := load("policy 'p' {}\nerror('no')")
	if len(problems) != 1 || problems[0].Code != diag.Runtime || problems[0].Message != "no" {
		t.Errorf("%v", problems)
	}
	_, problems = loadWrongly("policy(second and 'a' or 'b') {}\nerror('no')")
	if len(problems) != 3 || problems[0].Code != diag.ReadingDiffers || problems[2].Code != diag.Runtime {
		t.Errorf("%v", problems)
	}
}

// A bound of one reading is no difference between them, and an error.
func TestBoundsOfReadings(t *testing.T) {
	_, problems := LoadSources([]rules.Source{{File: "p.lua", Text: "policy 'p' {} if second then while true do end end"}}, Options{second: wrongReading})
	if len(problems) != 1 || problems[0].Code != diag.Budget || problems[0].Line != 1 {
		t.Errorf("%v", problems)
	}
	_, problems = LoadSources([]rules.Source{{File: "p.lua", Text: "policy 'p' {} if not second then while true do end end"}}, Options{second: wrongReading})
	if len(problems) != 1 || problems[0].Code != diag.Budget {
		t.Errorf("%v", problems)
	}
	// An error without a place is in the file.
	_, problems = LoadSources([]rules.Source{{File: "p.lua", Text: "policy 'p' {}"}}, Options{second: func(*syntax.File, func(string) (*syntax.File, error), *declare.Declarations, Options) error {
		return errors.New("the machine is broken")
	}})
	if len(problems) != 1 || problems[0].Code != diag.ReadingDiffers || problems[0].File != "p.lua" {
		t.Errorf("%v", problems)
	}
}

// Both readings run a module; it is read once, and what it finds wrong and prints is told once.
func TestModuleInBothReadings(t *testing.T) {
	read := 0
	module := func(dir, name string) (string, string, error) {
		read++
		return filepath.Join(dir, name+".lua"), `print("shared")
local t = { a = 1, a = 2 }
policy "p" { deny = { "process.cansee" }, on = { network = function(r) return deny end } }
return function(r) return allow end`, nil
	}
	var out bytes.Buffer
	set, problems := LoadSources([]rules.Source{{File: "a.lua", Text: `policy "q" { on = { system = require "shared" } }`}}, Options{Module: module, Output: &out})
	if read != 1 {
		t.Errorf("the module was read %d times", read)
	}
	if len(problems) != 2 || problems[0].Code != diag.PolicyDuplicate || problems[1].Code != diag.PolicySpin {
		t.Errorf("%v", problems)
	}
	if out.String() != "shared\n" {
		t.Errorf("%q", out.String())
	}
	if len(set.Policies) != 2 || len(set.Sources) != 2 {
		t.Fatalf("%+v", set)
	}
	for _, p := range set.Policies {
		for _, e := range p.Entries {
			if e.Function == nil {
				continue
			}
			a, steps, err := e.Function.Ask(&policy.Request{ID: first(e.Pattern)}, "web-1")
			want := map[string]policy.Result{"p": policy.Deny, "q": policy.Allow}[p.Name]
			if err != nil || a.Result != want || steps < 1 || e.Function.Span().File != "shared.lua" {
				t.Errorf("%s: %v, %d steps, %v at %s", p.Name, a, steps, err, e.Function.Span())
			}
		}
	}
	_, problems = LoadSources([]rules.Source{{File: "a.lua", Text: `require "shared"`}}, Options{second: wrongReading, Module: func(dir, name string) (string, string, error) {
		return "shared.lua", "\npolicy(second and 'a' or 'b') {}", nil
	}})
	if len(problems) != 2 || problems[0].Code != diag.ReadingDiffers || problems[0].Span.String() != "shared.lua:2:1" {
		t.Errorf("%v", problems)
	}
}

func first(p kauth.Pattern) kauth.RequestID {
	lo, _ := p.Range()
	return lo
}

// Functions are paired whatever they are called and wherever they were made, and Ask asks the one that is compiled.
func TestFunctionsOfBothReadings(t *testing.T) {
	set, problems := load(`
local function always(result) return function(r) return result, result .. " by " .. r.cell.name end end
local list = {}
for _, name in ipairs{ "network", "system", "machdep" } do list[name] = always(name == "system" and allow or deny) end
policy "p" { on = list }
never("t", { "network", where = function(r) return r.euid ~= 0 end })
pcall(policy, "q", { on = { network = function() return grant end } })`)
	if len(problems) > 0 || len(set.Policies) != 2 || len(set.Policies[0].Entries) != 3 || len(set.Policies[1].Entries) != 1 {
		t.Fatalf("%v", problems)
	}
	for _, p := range set.Policies {
		for _, e := range p.Entries {
			q := &policy.Request{ID: first(e.Pattern)}
			a, _, err := e.Function.Ask(q, "web-1")
			g := e.Function.Compile(q.ID, "web-1").Graph
			if len(g.Leaves) != 1 || err != nil || g.Leaves[0].Result != a.Result || g.Leaves[0].Reason != a.Reason {
				t.Errorf("%s: %+v, %v; compiled %+v", e.Pattern, a, err, g.Leaves)
			}
		}
	}
}

// A file of random declarations is read alike by both readings.
func TestReadingsAgree(t *testing.T) {
	names := []string{"network", "network.bind", "system", "system.reboot", "machdep", "process.signal", "nework", "device.tty_open", ""}
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		pick := func(list ...string) string { return rapid.SampledFrom(list).Draw(t, "pick") }
		quote := func(s string) string { return fmt.Sprintf("%q", s) }
		var table func(depth int) string
		expr := func(depth int) string {
			switch rapid.IntRange(0, 9).Draw(t, "expression") {
			case 0, 1, 2:
				return quote(pick(names...))
			case 3:
				return pick("1", "-1", "1.5", "2^53", "0/0", "1e400", "unlimited", "'512M'", "'50%'")
			case 4:
				return pick("nil", "true", "false", "allow", "deny", "nothing", "string", "print")
			case 5:
				return pick("function(r) return deny end", "f", "g", "(f)")
			case 6:
				return pick("t", "twice()", "none()", "t.x", "#t", "'a' .. 1")
			case 7:
				return "t and " + quote(pick(names...)) + " or " + pick("nil", "deny")
			}
			if depth > 2 {
				return "t"
			}
			return table(depth + 1)
		}
		table = func(depth int) string {
			var fields []string
			for range rapid.IntRange(0, 4).Draw(t, "fields") {
				switch rapid.IntRange(0, 3).Draw(t, "field") {
				case 0, 1:
					fields = append(fields, pick("cells", "default", "deny", "allow", "grant", "on", "budget", "mode", "procs", "cpu", "where", "x", "network")+" = "+expr(depth))
				case 2:
					fields = append(fields, expr(depth))
				case 3:
					fields = append(fields, "["+pick("1", "2", "3", "'deny'", "'network.bind'", "true", "-1", "t", "f")+"] = "+expr(depth))
				}
			}
			return "{ " + strings.Join(fields, ", ") + " }"
		}
		b.WriteString("local t = { 'system' } t.x = t local function f(r) return allow end local g = function() end\nlocal function twice() return 'system', 'machdep' end local function none() end\n")
		for range rapid.IntRange(1, 4).Draw(t, "declarations") {
			name := quote(pick("p", "q", "", "a b"))
			switch rapid.IntRange(0, 5).Draw(t, "form") {
			case 0, 1:
				fmt.Fprintf(&b, "policy %s %s\n", name, table(0))
			case 2:
				fmt.Fprintf(&b, "never(%s, %s)\n", name, table(0))
			case 3:
				fmt.Fprintf(&b, "for i = 1, 2 do policy(%s .. i)(%s) end\n", name, expr(0))
			case 4:
				fmt.Fprintf(&b, "local later = policy %s\nif t then later(%s) end\n", name, expr(0))
			case 5:
				fmt.Fprintf(&b, "print(pcall(%s, %s, %s))\n", pick("policy", "never"), expr(0), expr(0))
			}
		}
		_, problems := load(b.String())
		for _, p := range problems {
			if p.Code == diag.ReadingDiffers {
				t.Fatalf("%v\n%s", p, b.String())
			}
			if p.Line == 0 || p.Column == 0 {
				t.Fatalf("a problem without a place: %+v\n%s", p, b.String())
			}
		}
	})
}
