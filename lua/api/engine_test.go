package api

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/loader"
	"cellsh/lua/vm"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/study"
)

const webPolicy = `policy "web" {
  cells = "web-*",
  deny = { "machdep" },
  on = { ["network.bind.privport"] = function(r) if r.port == 80 then return grant, "web" end return deny end },
  budget = { nofile = 64 },
}
never("no machine", { cells = "web-*", "machdep" })
`

// plainValue is a Lua value as encoding/json has it; an empty table is a list.
func plainValue(v lua.LValue) any {
	switch x := v.(type) {
	case lua.LBool:
		return bool(x)
	case lua.LNumber:
		return float64(x)
	case lua.LString:
		return string(x)
	case *lua.LTable:
		if n := x.MaxN(); n > 0 {
			list := make([]any, n)
			for i := range list {
				list[i] = plainValue(x.RawGetInt(i + 1))
			}
			return list
		}
		members := map[string]any{}
		x.ForEach(func(k, e lua.LValue) { members[k.String()] = plainValue(e) })
		if len(members) == 0 {
			return []any{}
		}
		return members
	}
	return nil
}

// Scripts get what commands write with --json.
func TestEngineGivesWhatCommandsWrite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "web.lua")
	if err := os.WriteFile(file, []byte(webPolicy), 0o644); err != nil {
		t.Fatal(err)
	}
	old := filepath.Join(t.TempDir(), "old.lua")
	if err := os.WriteFile(old, []byte(`policy "web" { budget = { procs = 5 } }`), 0o644); err != nil {
		t.Fatal(err)
	}
	read := func(path string) *study.Policies { return loader.Reader{}.Read([]string{path}) }
	pattern, _ := kauth.FindPattern("network.bind")
	for name, c := range map[string]struct {
		text string
		want func() (any, error)
	}{
		"check": {`return engine.check(FILE, { cells = { "db-1" } })`, func() (any, error) {
			c, err := read(file).Check(study.CheckOptions{Cells: []string{"db-1"}, Effort: checkEffort})
			return c.Report(), err
		}},
		"explain": {`return engine.explain({ cell = "web-1", request = "network.bind.privport", port = 81 }, { policy = FILE })`, func() (any, error) {
			q, err := policy.ParseQuestion([]byte(`{"cell":"web-1","request":"network.bind.privport","port":81}`))
			if err != nil {
				return nil, err
			}
			e, err := newSession(t).own.Host.Explain(q, read(file), true)
			return e.Report(), err
		}},
		"can": {`return engine.can("web-1", "network.bind", { policy = { FILE }, revision = "april", profile = "high", ports = { 80 } })`, func() (any, error) {
			a, err := newSession(t).own.Host.Can("web-1", &pattern, read(file), true, study.Supposition{Revision: "april", Profile: "high", Ports: []uint16{80}})
			return a.Report(), err
		}},
		"diff": {`return engine.diff(OLD, FILE, { cells = { "db-1" } })`, func() (any, error) {
			d, err := study.Diff(read(old), read(file), nil, []string{"db-1"})
			return d.Report(), err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := c.want()
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(report)
			if err != nil {
				t.Fatal(err)
			}
			var want any
			if err := json.Unmarshal(text, &want); err != nil {
				t.Fatal(err)
			}
			s := newSession(t)
			fn, err := s.VM.Compile("session", strings.NewReplacer("FILE", "[["+file+"]]", "OLD", "[["+old+"]]").Replace(c.text))
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.Call(fn)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != 1 || !reflect.DeepEqual(plainValue(got[0]), want) {
				t.Errorf("gives\n%v\nwant\n%v", plainValue(got[0]), want)
			}
		})
	}
}

func TestEngineRefusesWrongArguments(t *testing.T) {
	for text, want := range map[string]string{
		`engine.explain()`:             "engine.explain must be given a table, but is given nil",
		`engine.explain{ cell = "a" }`: "request must be given, but is missing",
		`engine.decide{ cell = "a", request = "process.signal", ["target.pid"] = 5 }`:                                                                                                  "target.pid must be a member of target, but is a key of its own (give target with its member pid)",
		`engine.decide{ cell = "a", request = "process.signal", target = { ["target.pid"] = 5 } }`:                                                                                     "target.target.pid must be the name of a field, but there is none of that name",
		`engine.decide{ cell = "a", request = "process.signal", target = { is_self = 1 } }`:                                                                                            "target.is_self must be true or false, but is 1",
		`engine.decide{ cell = "a", request = "process.signal", signal = "SIGKILL" }`:                                                                                                  "but is \"SIGKILL\" (write kill)",
		`engine.explain{ cell = "a", request = "system.rebot" }`:                                                                                                                       "did you mean system.reboot?",
		`engine.explain({ cell = "a", request = "system.reboot" }, { polcy = 1 })`:                                                                                                     "a key of the options of engine.explain must be a known one, but is polcy (did you mean policy?)",
		`engine.explain({ cell = "a", request = "system.reboot" }, 5)`:                                                                                                                 "the options of engine.explain must be given a table, but is given 5",
		`engine.explain({ cell = "a", request = "system.reboot" }, { policy = "none.lua" })`:                                                                                           "none.lua: a policy file or folder must exist, but does not",
		`engine.explain({ cell = "a", request = "system.reboot" }, { policy = "none.lua", pending = true })`:                                                                           "must have policy or pending, but have both",
		`policy "p" { on = { ["system.reboot"] = function(r) if r.uid == 0 then return deny end end } } engine.explain({ cell = "a", request = "system.reboot" }, { pending = true })`: "the answer depends on uid, which must be given, but is missing",
		`engine.can()`:                                  "engine.can must be given the name of a cell, but is given nil",
		`engine.can("a", 5)`:                            "engine.can must be given the name of a request, but is given 5",
		`engine.can("a", "system.rebot")`:               "request must be a scope, an action or a request, but is \"system.rebot\"",
		`engine.can("a", nil, { profile = "middle" })`:  "profile must be low, medium, high or unknown, but is \"middle\"",
		`engine.can("a", nil, { ports = { 0 } })`:       "ports of the options of engine.can must be ports from 1 to 65535, but one is 0",
		`engine.can("a", nil, { program = "mine" })`:    "program must be policies, fallback or none, but is \"mine\"",
		`engine.check(5)`:                               "engine.check must be given a path or a list of paths, but is given 5",
		`engine.check(nil, { cells = "a" })`:            "cells of the options of engine.check must be a list of strings, but is \"a\"",
		`engine.check(nil, { proof = 1 })`:              "proof of the options of engine.check must be true or false, but is 1",
		`policy "p" { den = 5 } engine.check()`:         "a key of a policy must be a known one, but is \"den\"",
		`engine.diff("none.lua", "none.lua")`:           "none.lua: a policy file or folder must exist, but does not",
		`engine.diff({ 5 })`:                            "what engine.diff is given must be a list of paths, but number 1 of them is 5",
		`engine.load({ "b.lua", yes = true })`:          "what engine.load is given must be a list of paths, but has the key \"yes\"",
		`engine.check({ "a.lua", foo = 1 })`:            "what engine.check is given must be a list of paths, but has the key \"foo\"",
		`engine.check({ foo = 1 })`:                     "what engine.check is given must be a list of paths, but has the key \"foo\"",
		`engine.unload({ "a", yes = true })`:            "what engine.unload is given must be a list of names, but has the key \"yes\"",
		`engine.unload({ 5 })`:                          "what engine.unload is given must be a list of names, but number 1 of them is 5",
		`engine.unload(5)`:                              "engine.unload must be given the name of a policy or a list of names, but is given 5",
		`engine.load("a", { only = { "a", b = 1 } })`:   "what only of the options of engine.load is given must be a list of names, but has the key \"b\"",
		`engine.loaded({ [1.5] = "a" })`:                "what engine.loaded is given must be a list of paths, but has the key 1.5",
		`engine.diff({ nil, "a" })`:                     "what engine.diff is given must be a list of paths, but number 1 of them is nil",
		`engine.check(nil, { cells = { "a", b = 1 } })`: "cells of the options of engine.check must be a list of strings, but has the key \"b\"",
		`engine.explain({ cell = "a", request = "system.reboot" }, { policy = { "a", pending = true } })`: "what engine.explain is given must be a list of paths, but has the key \"pending\"",
		`cell.create{ name = "a", root = "/cells/a" }:exec{ cmd = { "true", user = "x" } }`:               "cmd of exec must be a list of strings, but has the key \"user\"",
		`cell.create{ name = "a", root = "/cells/a" }:process{ groups = { 1, x = 2 } }`:                   "must be a list of whole numbers from 0 to 4294967295, but has the key \"x\"",
	} {
		s := newSession(t)
		out, err := s.run(text)
		if !strings.Contains(err, want) {
			t.Errorf("%s: %q (printed %q), want %q", text, err, out, want)
		}
	}
}

// What is wrong with the policies of a check is its result, not an error.
func TestEngineCheckTellsWhatIsWrong(t *testing.T) {
	file := filepath.Join(t.TempDir(), "wrong.lua")
	if err := os.WriteFile(file, []byte("policy \"p\" {\n  den = 5 }"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := newSession(t)
	out, err := s.run(`local c = engine.check([[` + file + `]]) print(c.ok, #c.diagnostics, c.diagnostics[1].line, c.diagnostics[1].code)`)
	if want := "false\t1\t2\tpolicy.key\n"; err != "" || out != want {
		t.Errorf("%q, %q, want %q", out, err, want)
	}
}

// What the host refuses has the same code in Lua as from a command; where Lua has only words, it is an error of Lua.
func TestErrorsKeepTheirCode(t *testing.T) {
	s := newSession(t)
	s.expect(t, `policy "web" { cells = "web-*", deny = { "system" } }
engine.load()
p = cell.create{ name = "web-1", root = "/cells/web-1" }:process{}`, "")
	other := filepath.Join(t.TempDir(), "other.lua")
	if err := os.WriteFile(other, []byte(`policy "other" { cells = "db-*", deny = { "system" } }`), 0o600); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]diag.Code{
		`engine.load("` + other + `")`:                                 diag.LoadLoses,
		`engine.load("none.lua")`:                                      diag.FileRead,
		`cell.create{ name = "web-1", root = "/cells/web-1" }`:         diag.KernelRefused,
		`coroutine.wrap(function() engine.load("none.lua") end)()`:     diag.Runtime,
		`local ok, why = pcall(engine.load, "none.lua") error(why, 0)`: diag.Runtime,
		`p:setuid()`:                diag.Runtime,
		`engine.load(5)`:            diag.Runtime,
		`error("x")`:                diag.Runtime,
		`local t = nil; return t.x`: diag.Runtime,
	} {
		fn, err := s.VM.CompileIn(s.VM.Environment(), "session", text)
		if err != nil {
			t.Fatal(err)
		}
		var e *vm.Error
		if _, err := s.Call(fn); !errors.As(err, &e) || e.Code != want || e.File != "session" {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
