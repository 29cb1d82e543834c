package api

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
	"weak"

	lua "github.com/yuin/gopher-lua"

	"cellsh/kernel"
	"cellsh/kernel/host"
	"cellsh/kernel/sim"
	"cellsh/lua/loader"
	"cellsh/lua/vm"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
)

// hooked has a cell of a kernel K with a process, and a policy that denies and limits.
const hooked = `policy "web" { cells = "web-*", deny = { "system" }, budget = { memory = "1K" } }
K.engine.load()
function tell(e) print(e.event, e.cell, e.id, e.request, e.budget, e.policy) end
for _, kind in ipairs{ "create", "destroy", "deny", "over-budget" } do K.cell.on(kind, tell) end
c = K.cell.create{ name = "web-1", root = "/cells/web-1" }
p = c:process{}
`

// kernels are how a script has a kernel: its own, or another.
var kernels = map[string]string{
	"own":     `K = { cell = cell, engine = engine, kernel = kernel, sim = sim }`,
	"another": `K = sim.kernel{}`,
	"one of several": `sim.kernel{}.cell.on("deny", print)
K = sim.kernel{ revision = "april" }
more = sim.kernel{}
more.cell.create{ name = "web-1", root = "/cells/web-1" }`,
}

// everyKernel runs a test for each of them.
func everyKernel(t *testing.T, test func(t *testing.T, s *session)) {
	for name, text := range kernels {
		t.Run(name, func(t *testing.T) {
			s := newSession(t)
			if out, problem := s.run(text); out != "" || problem != "" {
				t.Fatal(out, problem)
			}
			test(t, s)
		})
	}
}

// expect runs a text that must print that, and no more.
func (s *session) expect(t *testing.T, text, want string) {
	t.Helper()
	if out, problem := s.run(text); out != want || problem != "" || len(s.problems) > 0 {
		t.Fatalf("%s\nprints\n%s%s%v\nwant\n%s", text, out, problem, s.problems, want)
	}
}

// Hooks are told of what happens in their kernel, whichever that is.
func TestHooksOfEveryKernel(t *testing.T) {
	everyKernel(t, func(t *testing.T, s *session) {
		s.expect(t, hooked+`print("end")`, "create\tweb-1\t1\tnil\tnil\tnil\nend\n")
		s.expect(t, `p:reboot() print("end")`, "end\ndeny\tweb-1\t1\tsystem.reboot\tnil\tweb\n")
		s.expect(t, `print("end")`, "end\n")
		s.expect(t, `K.sim.advance(1) print("end")`, "over-budget\tweb-1\t1\tnil\tmemory\tweb\nend\n")
		s.expect(t, `K.sim.advance(1)`, "")
		s.expect(t, `p:reboot() K.sim.advance(1) print("end")`, "deny\tweb-1\t1\tsystem.reboot\tnil\tweb\nend\n")
		s.expect(t, `p:reboot() os.execute("true") print("end")`, "deny\tweb-1\t1\tsystem.reboot\tnil\tweb\nend\n")
		s.expect(t, `p:exit() K.sim.advance(1) c:destroy() print("end")`, "destroy\tweb-1\t1\tnil\tnil\tnil\nend\n")
		s.expect(t, `print(#K.cell.hooks()) for _, h in ipairs(K.cell.hooks()) do h:cancel() end print(#K.cell.hooks())`, "4\n0\n")
		s.expect(t, `c = K.cell.create{ name = "web-1", root = "/cells/web-1" } c:process{}:reboot() K.sim.advance(1)`, "")
	})
}

// Hooks are told of loads and rollbacks, of grants, and of budgets that are not exceeded any more.
func TestHooksOfOtherKinds(t *testing.T) {
	everyKernel(t, func(t *testing.T, s *session) {
		s.expect(t, `for _, kind in ipairs{ "load", "rollback" } do
  K.cell.on(kind, function(e) print(e.event, e.generation, e.from, e.of, e.cell, #(e.files or {})) end)
end
policy "a" { cells = "web-*", grant = { "system.reboot" }, budget = { memory = "1K" } }
print(#K.cell.hooks())`, "2\n")
		s.expect(t, `K.engine.load() print("end")`, "end\nload\t1\t0\tnil\tnil\t0\n")
		s.expect(t, `policy "b" { cells = "db-*" } K.engine.load()`, "load\t2\t1\tnil\tnil\t0\n")
		s.expect(t, `K.engine.rollback()`, "rollback\t3\t2\t1\tnil\t0\n")
		s.expect(t, `print("end")`, "end\n")
		s.expect(t, `for _, kind in ipairs{ "grant", "over-budget", "under-budget" } do
  K.cell.on(kind, function(e) print(e.event, e.cell, e.request, e.count, e.budget, e.limit) end)
end
p = K.cell.create{ name = "web-1", root = "/cells/web-1" }:process{ uid = 80 }
p:reboot()`, "grant\tweb-1\tsystem.reboot\t1\tnil\tnil\n")
		s.expect(t, `K.sim.advance(1)`, "over-budget\tweb-1\tnil\tnil\tmemory\t1024\n")
		s.expect(t, `p:exit() K.sim.advance(1)`, "under-budget\tweb-1\tnil\tnil\tmemory\t1024\n")
	})
}

// What only cellsh watch sees is refused elsewhere, with what to do.
func TestHooksOfServices(t *testing.T) {
	s := newSession(t)
	for _, kind := range host.Kinds {
		_, problem := s.run(`cell.on("` + kind.Name + `", print)`)
		want := ""
		if kind.Watched {
			want = "hooks for " + kind.Name + " must be in a file that cellsh watch runs, because nobody else sees services, but this one is not"
		}
		if !strings.Contains(problem, want) || (problem == "") != (want == "") {
			t.Errorf("%s: %s", kind.Name, problem)
		}
	}
	if _, problem := s.run(`cell.on("dney", print)`); !strings.Contains(problem, `an event must be one of crash-loop, create, deny, `) {
		t.Error(problem)
	}
}

// A machine that is watched is told of events, of all kinds, by its owner only, and keeps hooks that fail; also with another
// connection to its kernel.
func TestWatched(t *testing.T) {
	k, err := sim.New(sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := host.New(k, &host.Memory{}, loader.Reader{}.Load, time.Now)
	var out strings.Builder
	var problems diag.List
	m := New(Options{Kernel: Kernel{Host: h, Simulator: k}, Output: &out, Watched: true, Patience: time.Minute, Report: func(l diag.List) { problems = append(problems, l...) }})
	defer m.Close()
	run := func(text string) {
		t.Helper()
		fn, err := m.VM.CompileIn(m.VM.Environment(), "hooks.lua", text)
		if err == nil {
			_, err = m.Call(fn)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	run(`for _, kind in ipairs{ "create", "deny", "exit", "over-budget" } do
  cell.on(kind, function(e) print(e.event, e.cell, e.service, e.code, e.count, #cell.list()) end)
end
cell.on("create", function(e) error("no " .. e.cell) end)
function make() return cell.create{ name = "web-1", root = "/cells/web-1" } end`)
	code := 3
	e := kernel.Event{Cell: 1, Name: "web-1"}
	tell := func() {
		m.Tell(host.Event{Kind: host.Created, Cell: "web-1", ID: 1})
		m.Tell(host.Event{Kind: host.Exited, Cell: "web-1", ID: 1, Service: &host.ServiceChange{Service: "web", Code: &code}})
		m.Tell(host.Event{Kind: host.Denied, Cell: "web-1", ID: 1, Count: 7, Decision: &host.Recorded{Event: &e, Name: "web-1"}})
	}
	tell()
	const want = "create\tweb-1\tnil\tnil\tnil\t0\nexit\tweb-1\tweb\t3\tnil\t0\ndeny\tweb-1\tnil\tnil\t7\t0\n"
	if out.String() != want {
		t.Errorf("%s", out.String())
	}
	if len(problems) != 1 || problems[0].Code != diag.HookFailed || problems[0].Line != 4 || problems[0].Message != "the hook for create has failed, and is called again the next time: no web-1" {
		t.Errorf("%v", problems)
	}
	other := host.New(k, &host.Memory{}, loader.Reader{}.Load, time.Now)
	if err := k.MakeRoot("/cells/web-1"); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Create(kernel.Spec{Name: "web-1", Root: "/cells/web-1"}); err != nil {
		t.Fatal(err)
	}
	m.Rebind(Kernel{Host: other, Simulator: k})
	out.Reset()
	tell()
	if out.String() != strings.ReplaceAll(want, "\t0\n", "\t1\n") || len(problems) != 2 {
		t.Errorf("%s, %v", out.String(), problems)
	}
	// What never ends is ended, hook or not.
	fn, err := m.VM.CompileIn(m.VM.Environment(), "hooks.lua", "while true do end")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Call(fn); err == nil || !strings.Contains(err.Error(), "must end within 10000000 instructions") {
		t.Error(err)
	}
	// Kernels that the code makes for itself are told as elsewhere.
	out.Reset()
	run(`local k = sim.kernel{} k.cell.on("create", function(e) print("made", e.cell) end) k.cell.create{ name = "x", root = "/x" }`)
	if out.String() != "made\tx\n" {
		t.Error(out.String())
	}
}

// Hooks are told of what happened while a command ran in a cell.
func TestHooksAfterExec(t *testing.T) {
	s := newSession(t)
	s.expect(t, kernels["own"]+"\n"+hooked+`p:reboot() c:exec{ cmd = { "true" } } print("end")`,
		"create\tweb-1\t1\tnil\tnil\tnil\ndeny\tweb-1\t1\tsystem.reboot\tnil\tweb\nend\n")
}

// Nobody is told of what happens in another kernel than that of the hook.
func TestHooksAreOfOneKernel(t *testing.T) {
	s := newSession(t)
	s.expect(t, `K = sim.kernel{}
cell.on("create", function(e) print("own", e.cell) end)
`+hooked+`p:reboot()
cell.create{ name = "a", root = "/a" }
print(#cell.hooks(), #K.cell.hooks())`, "create\tweb-1\t1\tnil\tnil\tnil\nown\ta\n1\t4\ndeny\tweb-1\t1\tsystem.reboot\tnil\tweb\n")
}

// Kernels are told of in the order in which they were made.
func TestHooksInOrder(t *testing.T) {
	s := newSession(t)
	s.expect(t, `local all = { { cell = cell, engine = engine } }
for i = 2, 5 do all[i] = sim.kernel{} end
local ps = {}
for i = 5, 1, -1 do
  policy "web" { deny = { "system" } }
  all[i].engine.load()
  ps[i] = all[i].cell.create{ name = "web-1", root = "/cells/web-1" }:process{}
  all[i].cell.on("deny", function(e) print(i, e.sequence) end)
end
for i = 5, 1, -1 do ps[i]:reboot() end`, "1\t1\n2\t1\n3\t1\n4\t1\n5\t1\n")
}

// What hooks do is told to hooks too, also in other kernels, and also at the end of a script.
func TestHooksCauseEvents(t *testing.T) {
	everyKernel(t, func(t *testing.T, s *session) {
		s.expect(t, hooked+`for _, h in ipairs(K.cell.hooks()) do h:cancel() end
n = 0
K.cell.on("deny", function() n = n + 1 if n < 5 then p:reboot() end print(n) end)
p:reboot()
print("end")`, "create\tweb-1\t1\tnil\tnil\tnil\nend\n1\n2\n3\n4\n5\n")
		s.expect(t, `other = sim.kernel{}
policy "web" { deny = { "system" } }
other.engine.load()
local q = other.cell.create{ name = "web-1", root = "/cells/web-1" }:process{}
other.cell.on("deny", function() print("other", n) if n < 8 then p:reboot() end end)
K.cell.on("deny", function() q:reboot() end)
p:reboot()`, "6\nother\t6\n7\nother\t7\n8\nother\t8\n")
	})
}

// Hooks that cause denials without end are dropped, and what they are not told of is counted.
func TestHooksWithoutEnd(t *testing.T) {
	everyKernel(t, func(t *testing.T, s *session) {
		out, problem := s.run(hooked + `for _, h in ipairs(K.cell.hooks()) do h:cancel() end
n = 0
K.cell.on("deny", function() n = n + 1 p:reboot() p:reboot() end)
p:reboot()`)
		if problem != "" || len(s.problems) == 0 || s.problems[0].Code != diag.EventsLost && len(s.problems) != 1 {
			t.Fatal(out, problem, s.problems)
		}
		last := s.problems[len(s.problems)-1]
		if last.Code != diag.HookDropped || last.Line != 9 || !strings.Contains(last.Message, "hooks must not set each other off without end, but did 1000 times; 10") {
			t.Errorf("%+v", last)
		}
		s.expect(t, `print(#K.cell.hooks(), n > 1000 and n < 4000)`, "0\ttrue\n")
	})
}

// A hook that fails is told with its place and dropped, in every kernel; the others are still told.
func TestHooksThatFail(t *testing.T) {
	everyKernel(t, func(t *testing.T, s *session) {
		for _, c := range []struct{ hook, at, want string }{
			{`function(e) local x = e.nothing.at end`, "session:1:53", "what is indexed with at must be a table, but is nil"},
			{`function(e) error("not today") end`, "session:1:33", "not today"},
			{`function(e) while true do end end`, "session:1:33", "the code must end within 1000000 instructions"},
			{`sim.advance`, "session:1:1", "argument 1 of sim.advance must be a number, but is a table"},
			{`function(e) error({}) end`, "session:1:33", "an error that is a table"},
		} {
			if _, problem := s.run(`K.cell.on("create", ` + c.hook + `)
K.cell.on("create", function(e) print("told", e.cell) end)`); problem != "" {
				t.Fatal(problem)
			}
			out, problem := s.run(`K.cell.create{ name = "a", root = "/a" }:destroy()`)
			if out != "told\ta\n" || problem != "" || len(s.problems) != 1 {
				t.Errorf("%s: %s %s %v", c.hook, out, problem, s.problems)
				continue
			}
			d := s.problems[0]
			if d.Code != diag.HookDropped || d.Severity != diag.Warning || d.Span.String() != c.at || !strings.HasPrefix(d.Message, "the hook for create is dropped: "+c.want) {
				t.Errorf("%s: %s", c.hook, d.Error())
			}
			if _, problem := s.run(`for _, h in ipairs(K.cell.hooks()) do h:cancel() end`); problem != "" {
				t.Fatal(problem)
			}
		}
	})
}

// What the kernel does not keep any more is counted in every kernel, with the place of the hook.
func TestHooksAreToldOfLosses(t *testing.T) {
	everyKernel(t, func(t *testing.T, s *session) {
		s.expect(t, hooked+`for _, h in ipairs(K.cell.hooks()) do h:cancel() end`, "create\tweb-1\t1\tnil\tnil\tnil\n")
		s.expect(t, `n = 0
hook = K.cell.on("deny", function() n = n + 1 end)`, "")
		_, problem := s.run(`for i = 1, 2000 do p:reboot() end`)
		if problem != "" || len(s.problems) != 1 || s.problems[0].Code != diag.EventsLost || s.problems[0].Span.String() != "session:2:8" || !strings.Contains(s.problems[0].Message, " 976 can't be had any more") {
			t.Fatal(problem, s.problems)
		}
		s.expect(t, `print(n)`, "1024\n")
	})
}

// To look at what a cell uses has no effects: hooks are told when they always are.
func TestStatsTellNobody(t *testing.T) {
	everyKernel(t, func(t *testing.T, s *session) {
		s.expect(t, hooked+`K.sim.advance(1)`, "create\tweb-1\t1\tnil\tnil\tnil\nover-budget\tweb-1\t1\tnil\tmemory\tweb\n")
		s.expect(t, `K.cell.on("over-budget", function(e) print("second", e.cell) end)
for _, h in ipairs(K.cell.hooks()) do if tostring(h) == "hook for over-budget" then h:cancel() end end`, "")
		s.expect(t, `K.cell.on("over-budget", tell)
for i = 1, 3 do print(#c:stats().over) end
print("end")`, "1\n1\n1\nend\nover-budget\tweb-1\t1\tnil\tmemory\tweb\n")
		s.expect(t, `c:stats()`, "")
	})
}

// An object belongs to its kernel, wherever it is used.
func TestObjectsKeepTheirKernel(t *testing.T) {
	s := newSession(t)
	s.expect(t, `K = sim.kernel{}
a = cell.create{ name = "own", root = "/a" }
b = K.cell.create{ name = "other", root = "/b" }
print(a.id, b.id, a == b, a == cell.get("own"), a.destroy == b.destroy)
a.destroy(b)
print(#cell.list(), #K.cell.list())`, "1\t1\tfalse\ttrue\ttrue\n1\t0\n")
	s.expect(t, `b = K.cell.create{ name = "other", root = "/b" }
p, q = a:process{}, b:process{}
print(p:kill(p, 0), q:kill(q, 0))`, "true\ttrue\n")
	if _, problem := s.run(`p:kill(q, 0)`); !strings.Contains(problem, "kill: pid must be a process of the same kernel, but is one of another") {
		t.Error(problem)
	}
}

// What is declared is pending for whichever kernel it is loaded into, in the statement or later.
func TestPendingIsOfTheMachine(t *testing.T) {
	s := newSession(t)
	s.expect(t, `K = sim.kernel{} policy "web" { deny = { "system" } }`, "")
	s.expect(t, `print(#K.engine.policies(), K.engine.policies()[1].pending, #engine.policies())
print(K.engine.load().generation, #K.engine.policies(), #engine.policies())`, "1\ttrue\t1\n1\t1\t0\n")
	if _, problem := s.run(`engine.load()`); !strings.Contains(problem, "nothing is pending") {
		t.Error(problem)
	}
}

// Another kernel gets policies that were read for its own vocabulary, whatever that of the session's kernel is.
func TestAnotherKernelHasItsVocabulary(t *testing.T) {
	newest := kauth.Newest()
	numbers, flags := make([]kauth.Number, kauth.NumRequests), make([]kauth.Flags, kauth.NumRequests)
	for id := range kauth.RequestID(kauth.NumRequests) {
		numbers[id], _ = newest.Number(id)
		flags[id] = newest.Flags(id)
	}
	gone, _ := kauth.Find("system.reboot")
	numbers[gone] = kauth.Number{}
	v, err := kauth.NewVocabulary("9.0", numbers, flags)
	if err != nil {
		t.Fatal(err)
	}
	k, err := sim.New(sim.Options{Vocabulary: v})
	if err != nil {
		t.Fatal(err)
	}
	s := newSession(t)
	reader := loader.Reader{Vocabulary: v}
	s.Machine = New(Options{Kernel: Kernel{Host: host.New(k, &host.Memory{}, reader.Load, time.Now), Reader: reader, Simulator: k}, Output: &s.out, Report: s.options.Report})
	t.Cleanup(s.Close)
	file := filepath.Join(t.TempDir(), "web.lua")
	if err := os.WriteFile(file, []byte(`policy "web" { deny = { "system" } }`), 0o600); err != nil {
		t.Fatal(err)
	}
	s.VM.Environment().RawSetString("FILE", lua.LString(file))
	s.expect(t, `K = sim.kernel{}
for _, at in ipairs{ { cell = cell, engine = engine }, K } do
  at.engine.load(FILE)
  at.cell.create{ name = "web-1", root = "/web" }
  print(at.engine.loaded(FILE), at.engine.decide{ cell = "web-1", request = "system.reboot" }.result)
end`, "1\tallow\n1\tdeny\n")
}

// A hook may declare policies; what is wrong with them is told after it.
func TestHooksDeclare(t *testing.T) {
	s := newSession(t)
	_, problem := s.run(`policy "web" { deny = { "system" } }
engine.load()
cell.on("deny", function() policy "late" { den = 5 } end)
cell.create{ name = "web-1", root = "/web" }:process{}:reboot()`)
	if problem != "" || len(s.problems) != 1 || s.problems[0].Code != diag.PolicyKey {
		t.Error(problem, s.problems)
	}
}

// noEvents is a kernel that does not give its decisions.
type noEvents struct{ *sim.Kernel }

func (n noEvents) Evaluator() (kernel.Evaluator, error) { return n, nil }

func (noEvents) Events(uint64) ([]kernel.Event, error) { return nil, errors.New("the ring is broken") }

// That hooks can't be told is an error of nobody's call, and is told.
func TestHooksThatCantBeTold(t *testing.T) {
	for _, own := range []bool{true, false} {
		k, err := sim.New(sim.Options{})
		if err != nil {
			t.Fatal(err)
		}
		broken := Kernel{Host: host.New(noEvents{k}, &host.Memory{}, loader.Reader{}.Load, time.Now), Simulator: k}
		s := newSession(t)
		b := s.bind(broken)
		if own {
			s.Machine = New(Options{Kernel: broken, Output: &s.out, Report: s.options.Report})
			t.Cleanup(s.Close)
			b = s.own
		}
		table := s.VM.L.NewTable()
		for name, v := range b.globals() {
			table.RawSetString(name, v)
		}
		s.VM.Environment().RawSetString("K", table)
		_, problem := s.run(`K.cell.on("deny", print)`)
		for i := range 2 {
			if i > 0 {
				_, problem = s.run(`K.cell.list()`)
			}
			if problem != "" || len(s.problems) != 1 || s.problems[0].Error() != "session:1:1: error: hooks for deny must be told what happens, but are not: the ring is broken [failed]" {
				t.Errorf("%s %v", problem, s.problems)
			}
		}
	}
	// A kernel that never has any says so once.
	s := newSession(t)
	_, problem := s.run(`K = sim.kernel{ evaluation = false }
K.cell.on("deny", print)`)
	if problem != "" || len(s.problems) != 1 || s.problems[0].Code != diag.KernelUnsupported || s.problems[0].Severity != diag.Warning || s.problems[0].Line != 2 {
		t.Errorf("%s %v", problem, s.problems)
	}
	s.expect(t, `K.cell.list()`, "")
}

// A kernel that no code can reach any more is forgotten, with its hooks.
func TestKernelsAreForgotten(t *testing.T) {
	s := newSession(t)
	s.expect(t, `K = sim.kernel{}`+"\n"+hooked+`p:reboot() hook = K.cell.hooks()[1]`, "create\tweb-1\t1\tnil\tnil\tnil\ndeny\tweb-1\t1\tsystem.reboot\tnil\tweb\n")
	b := weak.Make(objectOf(s.VM.Environment().RawGetString("hook")).of())
	forgotten := func() bool {
		runtime.GC()
		return b.Value() == nil
	}
	if forgotten() {
		t.Fatal("it can be reached by K, c, p and hook")
	}
	s.expect(t, `K, c, p = nil`, "")
	if forgotten() {
		t.Fatal("it can be reached by hook")
	}
	s.expect(t, `hook = nil`, "")
	if !forgotten() {
		t.Error("no code can reach it")
	}
	// Only those wait where something can have happened that somebody wants to know.
	s.VM.Define("waiting", s.VM.Function(vm.Builtin{Name: "waiting"}, func(L *lua.LState) int {
		L.Push(lua.LNumber(len(s.used)))
		return 1
	}))
	s.expect(t, `cell.list() -- the machine's own always waits
local before = waiting()
for i = 1, 100 do sim.kernel{}.cell.on("create", print) end
print(waiting() - before)
for i = 1, 3 do sim.kernel{}.cell.on("deny", print) end
print(waiting() - before)
sim.advance(1)
print(waiting())`, "0\n3\n0\n")
}

// An evaluation model that is loaded anew counts its decisions from 1 again: hooks are told of those, and that there may be
// others.
func TestHooksWhenTheModelIsLoadedAnew(t *testing.T) {
	s := newSession(t)
	s.expect(t, `policy "web" { deny = { "system.reboot" } }
engine.load()
cell.on("deny", function(e) print(e.sequence) end)
p = cell.create{ name = "web-1", root = "/cells/web-1" }:process{}
p:reboot() p:reboot()`, "1\n2\n")
	k, err := sim.New(sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.own.Host.Kernel = k
	if _, problem := s.run(`local x = 1`); problem != "" || len(s.problems) != 1 || s.problems[0].Code != diag.EventsLost || !strings.Contains(s.problems[0].Message, "was started anew") {
		t.Errorf("%q, %v", problem, s.problems)
	}
	if _, problem := s.run(`local x = 1`); problem != "" || len(s.problems) != 0 {
		t.Errorf("it must be told once: %q, %v", problem, s.problems)
	}
}
