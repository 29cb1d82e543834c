package api

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"cellsh/kernel/host"
	"cellsh/kernel/launch"
	"cellsh/kernel/sim"
	"cellsh/lua/loader"
	"cellsh/lua/services"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
)

// session is a machine on a simulated kernel of its own.
type session struct {
	*Machine
	out      bytes.Buffer
	problems diag.List
}

func newSession(t testing.TB) *session {
	t.Helper()
	k, err := sim.New(sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := &session{}
	now := func() time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) }
	h := host.New(k, &host.Memory{}, loader.Reader{}.Load, now)
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { null.Close() })
	s.Machine = New(Options{Kernel: Kernel{Host: h, Simulator: k, Launch: &launch.Local{Quiet: true}}, Stdin: null, Stdout: null, Stderr: null, Output: &s.out, Report: func(l diag.List) { s.problems = append(s.problems, l...) }})
	t.Cleanup(s.Close)
	return s
}

// run runs a text with the globals of the session and gives what it printed, and the error in words.
func (s *session) run(text string) (string, string) {
	s.out.Reset()
	s.problems = nil
	fn, err := s.VM.CompileIn(s.VM.Environment(), "session", text)
	if err == nil {
		_, err = s.Call(fn)
	}
	if err != nil {
		return s.out.String(), err.Error()
	}
	return s.out.String(), ""
}

// expected are the lines of an example that begin with -->.
func expected(example string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(example, "\n") {
		if rest, ok := strings.CutPrefix(line, "-->"); ok {
			b.WriteString(strings.TrimPrefix(rest, " ") + "\n")
		}
	}
	return b.String()
}

// TestExamples: every entry of the help and of cellsh(3) has an example, which runs and prints what it says.
func TestExamples(t *testing.T) {
	for _, e := range Entries() {
		t.Run(e.Name, func(t *testing.T) {
			if e.Example == "" {
				t.Fatal("there is no example")
			}
			if name := e.Name[strings.LastIndexAny(e.Name, ".:")+1:]; !regexp.MustCompile(`\b` + name + `\b`).MatchString(e.Example) {
				t.Errorf("the example does not show it: %s", e.Example)
			}
			if !e.Services && expected(e.Example) == "" {
				t.Error("the example must print something, by which it can be told that it works")
			}
			if e.Services {
				set, problems := services.Load([]rules.Source{{File: "web.lua", Text: e.Example}}, services.Options{})
				if len(problems) > 0 || len(set.Services) != 2 {
					t.Errorf("%d services, %v", len(set.Services), problems)
				}
				return
			}
			s := newSession(t)
			out, err := s.run(e.Example)
			if err != "" || len(s.problems) > 0 {
				t.Fatalf("%s %v", err, s.problems)
			}
			if want := expected(e.Example); out != want {
				t.Errorf("prints\n%swant\n%s", out, want)
			}
		})
	}
}

// Help of all that there is fits a terminal, but for signatures, which stay in one line until it is known how wide that is.
func TestHelpFits(t *testing.T) {
	signatures := map[string]bool{}
	for _, e := range Entries() {
		signatures[e.Signature()] = true
	}
	for _, name := range append(entryNames(), "", "cell", "sim", "process") {
		text, err := About(name)
		if err != nil {
			t.Fatal(err)
		}
		text, _, _ = strings.Cut(text, "\n  example:\n") // code
		for line := range strings.SplitSeq(text, "\n") {
			if len(line) > columns && !signatures[line] {
				t.Errorf("help(%q) has a line of %d columns: %s", name, len(line), line)
			}
		}
	}
}

// An argument of the wrong type is told with the name of the function, and where it was called.
func TestArgumentsAreNamed(t *testing.T) {
	for call, want := range map[string]string{
		"cell.on()":             "argument 1 of cell.on must be a string, but is nil",
		"cell.on('create')":     "argument 2 of cell.on must be a function, but is nil",
		"cell.on({}, print)":    "argument 1 of cell.on must be a string, but is a table",
		"kauth.request(nil)":    "argument 1 of kauth.request must be a string, but is nil",
		"help({})":              "argument 1 of help must be a string, but is a table",
		"help(cell.create)":     `argument 1 of help must be a name, but is a function (write the name in quotes: help("cell.create"))`,
		"sim.advance('x')":      "argument 1 of sim.advance must be a number, but is a string",
		"sim.trace()":           "argument 1 of sim.trace must be a function, but is nil",
		"string.glob(nil, 'x')": `argument 1 of string.glob must be a string, but is nil`,
		"io.open()":             "argument 1 of io.open must be a string, but is missing",
		"os.date(5, {})":        "argument 2 of os.date must be a number, but is a table",
		"pcall()":               "argument 1 of pcall must be a value, but is missing",
	} {
		s := newSession(t)
		if _, err := s.run("f = function() " + call + " end f()"); !strings.HasPrefix(err, "session:1:") || !strings.Contains(err, ": error: "+want) {
			t.Errorf("%s: %s, want %s", call, err, want)
		}
	}
}

// A coroutine can't yield out of what waits for a result: that is an error of Lua, and what waited goes on.
func TestYieldsOutOfGo(t *testing.T) {
	for _, src := range []string{
		`cell.on("create", function() coroutine.yield() end) coroutine.wrap(function() cell.create{ name = "a", root = "/a" } end)()`,
		`cell.on("create", coroutine.yield) cell.create{ name = "a", root = "/a" }`,
		`assert(not coroutine.resume(coroutine.create(function() sim.trace(coroutine.yield) end)))`,
		`assert(not coroutine.resume(coroutine.create(function() sim.trace(function() coroutine.yield() end) end)))`,
		`coroutine.wrap(function() policy "p" { on = { ["network.bind"] = function() coroutine.yield() end } } local ok, e = pcall(engine.load) assert(not ok and e:find("a decision can't call coroutine.yield", 1, true), e) end)()`,
		`local co = coroutine.create(function() policy "p" { on = { ["network.bind"] = function() return deny end } } engine.load() coroutine.yield() end) assert(coroutine.resume(co) and coroutine.resume(co))`,
		`policy "p" { deny = { "system" } } engine.load() cell.on("deny", function() coroutine.yield() end) coroutine.wrap(function() cell.create{ name = "a", root = "/a" }:process{}:reboot() sim.advance(1) coroutine.yield() end)()`,
		`cell.on("create", function() local w = coroutine.wrap(function() coroutine.yield(1) end) assert(w() == 1) end) coroutine.wrap(function() cell.create{ name = "a", root = "/a" } coroutine.yield() end)()`,
	} {
		s := newSession(t)
		if _, err := s.run(src); err != "" {
			t.Errorf("%s: %s", src, err)
		}
		if out, err := s.run("print(6 * 7, coroutine.wrap(function() coroutine.yield(5) end)())"); err != "" || out != "42\t5\n" {
			t.Errorf("%s: afterwards: %s %s", src, out, err)
		}
	}
}

// What the kernel does not keep any more is counted for those who read it, and told to those who wait for it.
func TestLostDecisions(t *testing.T) {
	s := newSession(t)
	out, problem := s.run(`policy "web" { deny = { "system" } }
engine.load()
local p = cell.create{ name = "web-1", root = "/cells/web-1" }:process{}
for i = 1, 3 do p:reboot() end
local list, lost = kernel.events(1)
print(#list, lost)
cell.on("deny", function() end)
for i = 1, 2000 do p:reboot() end
list, lost = kernel.events(3)
print(#list + lost)
print(lost)`)
	lost, ok := strings.CutPrefix(strings.TrimSpace(out), "2\t0\n2000\n")
	if problem != "" || !ok || lost == "0" {
		t.Fatal(out, problem)
	}
	if len(s.problems) != 1 || s.problems[0].Code != diag.EventsLost || !strings.Contains(s.problems[0].Message, "last told "+lost+" can") {
		t.Errorf("%v, want one about %s decisions", s.problems, lost)
	}
}
