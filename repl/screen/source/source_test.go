package source

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/connect"
	"cellsh/kernel/host"
	"cellsh/kernel/members"
	"cellsh/kernel/monitor/rundir"
	"cellsh/kernel/process"
	"cellsh/kernel/service"
	"cellsh/kernel/sim"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/progress"
	"cellsh/policy/rules"
	"cellsh/repl/command"
	"cellsh/repl/screen/model"
)

var update = flag.Bool("update", false, "write golden files")

// world is a session with a simulated kernel, whose clock moves when it is told to.
type world struct {
	testing.TB
	dir    string
	now    time.Time
	work   *progress.Work
	target *command.Target
	source *Source
	out    strings.Builder
}

func newWorld(t testing.TB, kernel string, readOnly bool) *world {
	t.Helper()
	w := &world{TB: t, dir: t.TempDir(), work: progress.New(), now: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)}
	w.open(strings.ReplaceAll(kernel, "DIR", w.dir), readOnly)
	return w
}

func (w *world) machine() connect.Machine {
	return connect.Machine{Foreign: "linux/amd64", Folder: filepath.Join(w.dir, "db"), Policies: filepath.Join(w.dir, "policy.d"), Run: filepath.Join(w.dir, "run")}
}

func (w *world) open(kernel string, readOnly bool) {
	w.Helper()
	now := func() time.Time { return w.now }
	var err error
	w.target, err = command.OpenTarget(connect.Options{Target: kernel, ReadOnly: readOnly, Machine: w.machine(), Now: now, Work: w.work}, io.Discard, host.SessionOptions{ReadOnly: readOnly})
	if err != nil {
		w.Fatal(err)
	}
	w.source = New(Options{Target: w.target, Machine: w.machine(), Now: now, ReadOnly: readOnly})
	w.Cleanup(func() {
		w.source.Close()
		if err := w.target.Steps.Close(); err != nil {
			w.Error(err)
		}
	})
}

// pass lets time pass.
func (w *world) pass(d time.Duration) { w.now = w.now.Add(d) }

// step works in a step of the session.
func (w *world) step(work func() error) {
	w.Helper()
	if err := w.target.Steps.Step(work); err != nil {
		w.Fatal(err)
	}
}

// run runs a command of the session, which must succeed.
func (w *world) run(words ...string) {
	w.Helper()
	var out, errs bytes.Buffer
	code := command.Failed
	w.step(func() error {
		env := command.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Now: func() time.Time { return w.now }, Machine: w.machine(), Session: w.target}
		code = command.Find(words[0]).Run(words[1:], command.Common{}, env)
		return nil
	})
	if code != command.OK {
		w.Fatalf("%v: %d, %s", words, code, errs.String()) // not within the step, which the cleanup waits for
	}
}

// file writes a file.
func (w *world) file(name, text string) string {
	w.Helper()
	path := filepath.Join(w.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		w.Fatal(err)
	}
	return path
}

// read reads a place, in a step.
func (w *world) read(kind model.Kind, of string) (t model.Table, err error) {
	w.Helper()
	w.step(func() error {
		t, err = w.source.Read(model.Place{Kind: kind, Of: of})
		return nil
	})
	w.sound(&t)
	return t, err
}

// sound says what no table must have.
func (w *world) sound(t *model.Table) {
	w.Helper()
	seen := map[string]bool{}
	depth := -1
	for i := range t.Rows {
		r := &t.Rows[i]
		if seen[r.ID] || r.ID == "" {
			w.Errorf("two rows have the ID %q", r.ID)
		}
		seen[r.ID] = true
		if len(r.Fields) != len(t.Columns) {
			w.Errorf("row %s has %d fields for %d columns", r.ID, len(r.Fields), len(t.Columns))
		}
		if r.Depth > depth+1 {
			w.Errorf("row %s is %d deep below one that is %d", r.ID, r.Depth, depth)
		}
		depth = r.Depth
		for _, f := range append(slices.Clone(r.Fields), r.Detail...) {
			if slices.ContainsFunc(f.Spark, func(x uint8) bool { return x > model.SparkTop }) {
				w.Errorf("row %s has figures above the top: %v", r.ID, f.Spark)
			}
			if strings.Contains(f.Text, "\n") {
				w.Errorf("row %s has a text of several lines: %q", r.ID, f.Text)
			}
		}
	}
}

// show adds what a place has to the golden text.
func (w *world) show(title string, kind model.Kind, of string) {
	w.Helper()
	t, err := w.read(kind, of)
	fmt.Fprintf(&w.out, "== %s: %s\n", title, model.Place{Kind: kind, Of: of}.Title())
	if err != nil {
		for _, d := range diag.Of(err) {
			fmt.Fprintf(&w.out, "error: %s (%s)\n", w.plain(d.Message), d.Hint)
		}
		return
	}
	var heads []string
	for _, c := range t.Columns {
		heads = append(heads, c.Title)
	}
	fmt.Fprintln(&w.out, strings.Join(heads, " | "))
	field := func(f model.Field) string {
		text := f.Text
		if len(f.Spark) > 0 {
			text += " "
			for _, x := range f.Spark {
				text += fmt.Sprint(x)
			}
		}
		return text
	}
	for i := range t.Rows {
		r := &t.Rows[i]
		var texts []string
		for _, f := range r.Fields {
			texts = append(texts, field(f))
		}
		line := strings.Repeat("  ", r.Depth) + strings.Join(texts, " | ")
		line += [...]string{"", " (good)", " (warning)", " (bad)", " (faint)"}[r.Tone]
		fmt.Fprintln(&w.out, w.plain(line))
		fmt.Fprintf(&w.out, "%s    id %s", strings.Repeat("  ", r.Depth), w.plain(r.ID))
		if r.Subject != nil {
			fmt.Fprintf(&w.out, ", %s", w.plain(strings.TrimPrefix(fmt.Sprintf("%T %+v", r.Subject, r.Subject), "model.")))
		}
		if r.Into != nil {
			fmt.Fprintf(&w.out, ", into %s", r.Into.Title())
		}
		fmt.Fprintln(&w.out)
		for _, f := range r.Detail {
			fmt.Fprintln(&w.out, strings.Repeat("  ", r.Depth)+"    . "+w.plain(field(f)))
		}
	}
	if t.Note != "" {
		fmt.Fprintf(&w.out, "note: %s\n", w.plain(t.Note))
	}
}

// plain is a text without the folder of the test.
func (w *world) plain(text string) string { return strings.ReplaceAll(text, w.dir, "DIR") }

func (w *world) status(title string) {
	w.Helper()
	w.step(func() error {
		s, err := w.source.Status()
		fmt.Fprintf(&w.out, "== %s: status\n%+v %v\n", title, s, err)
		return nil
	})
}

// golden compares what was shown with a file.
func (w *world) golden(name string) {
	w.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(w.out.String()), 0o666); err != nil {
			w.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		w.Fatal(err)
	}
	got, wanted := strings.Split(w.out.String(), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(got), len(wanted)) {
		if i >= len(got) || i >= len(wanted) || got[i] != wanted[i] {
			w.Fatalf("%s: line %d differs\ngot  %q\nwant %q", path, i+1, at(got, i), at(wanted, i))
		}
	}
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "nothing"
}

const webPolicy = `policy "web" {
  cells = { "web-*" },
  budget = { memory = { limit = "96M", warn = "50%" }, cpu = "50%", procs = 8 },
  deny = { "system.reboot", "system.module" },
  allow = { "process.setid" },
  on = {
    ["network.bind.privport"] = function(r)
      if r.port == 80 then return grant, "the web server" end
      if r.port == 22 then return deny, "no ssh here" end
    end,
    ["network.bind.port"] = function(r) if r.port == 8080 then return deny, "taken" end end,
  },
}

policy "all" {
  mode = "audit",
  default = deny,
  allow = { "process", "network" },
}

never("cells load no modules", { "system.module", cells = "web-*" })
`

// spawn starts a simulated process in a cell.
func (w *world) spawn(cell string, uid uint32, size uint64) *sim.Process {
	w.Helper()
	c, err := w.target.Host.Cell("test", cell)
	if err != nil {
		w.Fatal(err)
	}
	p, err := w.target.Simulator.Spawn(sim.SpawnSpec{Cell: c.ID, UID: uid, GID: uid, Name: "httpd", VMSize: size})
	if err != nil {
		w.Fatal(err)
	}
	return p
}

// bind asks whether a process may bind a port.
func (w *world) bind(p *sim.Process, port int) {
	w.Helper()
	fd, errno := p.Socket(2, 1, 0)
	if errno != 0 {
		w.Fatal(errno)
	}
	p.Bind(fd, policy.Addr{}, port)
	p.CloseFD(fd)
}

// TestCells: what cells use comes with the figures of the last looks, and what is wrong with one stands out.
func TestCells(t *testing.T) {
	w := newWorld(t, "sim", false)
	w.show("nothing", model.Cells, "")
	w.status("nothing")
	w.run("load", "--yes", w.file("web.lua", webPolicy))
	w.run("create", "web-10", "--root", "/", "--yes")
	w.run("create", "web-2", "--root", "/cells/web-2", "--ports", "80,443", "--nofile", "64", "--as", "512M", "--core", "unlimited")
	w.run("create", "db", "--root", "/cells/db", "--profile", "medium")
	p := w.spawn("web-2", 0, 60<<20)
	w.pass(2 * time.Second)
	w.show("made", model.Cells, "")
	for i := range 4 {
		p.Run(time.Duration(i) * 300 * time.Millisecond)
		for range 3 * i {
			w.bind(p, 22)
		}
		w.pass(time.Second)
		if _, err := w.read(model.Cells, ""); err != nil {
			t.Fatal(err)
		}
		// Looks in between take no figures.
		w.pass(time.Millisecond)
		if _, err := w.read(model.Cells, ""); err != nil {
			t.Fatal(err)
		}
		w.pass(-time.Millisecond)
	}
	p.SetVMSize(100 << 20)
	w.pass(time.Second)
	w.show("over its budget", model.Cells, "")
	if _, err := w.target.Kernel.Create(kernel.Spec{Name: "web-foreign", Root: "/cells/db"}); err != nil {
		t.Fatal(err)
	}
	w.run("audit", "start", "web-2", "--for", "10m", "--yes")
	low := kernel.Low
	if _, err := w.target.Kernel.Create(kernel.Spec{Name: "web-later", Root: "/cells/db", Profile: &low}); err != nil {
		t.Fatal(err)
	}
	w.run("destroy", "db")
	w.pass(time.Second)
	w.show("audited, and one is gone", model.Cells, "")
	w.status("audited")
	w.golden("cells")
}

// TestServices: services are told of as files and the run directory have them, where they run and where they are declared only.
func TestServices(t *testing.T) {
	w := newWorld(t, "sim", false)
	w.show("nothing", model.Services, "")
	w.run("create", "web-1", "--root", "/cells/web-1")
	w.file("services.d/web.lua", `service "web" { cell = "web-1", cmd = { "/bin/httpd", "-f" }, autostart = true }
service "log" { cell = "web-1", cmd = { "/bin/log" }, log = { size = 0 } }
service "new" { cell = { name = "new", root = "/cells/new" }, cmd = { "/bin/new" } }
`)
	began, yes := w.now.Add(-90*time.Second), true
	for _, s := range []rundir.Status{
		{Service: "web", Kernel: "sim", Cell: "web-1", CellID: 1, State: service.CrashLoop, Since: w.now.Add(-time.Minute), Starts: 11, Restarts: 10, Crashes: 10, Began: &began, Exit: &service.Exit{Code: 3}, Command: []string{"/bin/httpd", "-f"}},
		{Service: "other", Kernel: "sim:/elsewhere", Cell: "web-1", State: service.CrashLoop, Command: []string{"x"}},
		{Service: "old", Kernel: "sim", Cell: "web-1", CellID: 1, State: service.Failed, Since: w.now.Add(-50 * time.Hour), Starts: 1, Exit: &service.Exit{Signal: 9}, Healthy: &yes, Supervised: true, Command: []string{"/bin/old"}},
		{Service: "killed", Kernel: "sim", Cell: "web-1", CellID: 1, State: service.Running, PID: 7, Since: w.now.Add(-time.Hour), Starts: 1, Began: &began, Command: []string{"/bin/killed"}},
	} {
		f := rundir.Dir(w.machine().Run).Service(s.Service)
		if err := errors.Join(f.Make(), f.WriteStatus(&s)); err != nil {
			t.Fatal(err)
		}
	}
	w.show("declared and run", model.Services, "")
	w.show("in the cell", model.Cells, "")
	w.file("services.d/bad.lua", `service "bad" { cmd = "x" }`)
	w.show("one is wrong", model.Services, "")
	w.golden("services")
}

// TestOutput: lines of both streams and marks are told apart, come once, and are bounded.
func TestOutput(t *testing.T) {
	w := newWorld(t, "sim", false)
	w.show("unknown", model.Output, "web")
	w.file("services.d/web.lua", `service "web" { cell = "web-1", cmd = { "/bin/httpd" } }
service "mute" { cell = "web-1", cmd = { "/bin/mute" }, log = { size = 0 } }
`)
	w.show("nothing yet", model.Output, "web")
	w.show("kept nowhere", model.Output, "mute")
	w.show("misspelt", model.Output, "wbe")
	log := w.file("run/log/web.log", "2026-06-01T11:59:01.123456Z service: started\n2026-06-01T11:59:02.000000Z stdout+: GET /\n2026-06-01T11:59:02.000000Z stdout: index\n2026-06-01T11:59:03.000000Z stderr: no \\x1b file\nforeign\n")
	w.show("some", model.Output, "web")
	f, err := os.OpenFile(log, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fmt.Fprintln(f, "2026-06-01T11:59:04.000000Z stdout: more")
	w.show("more", model.Output, "web")
	for i := range 5 * maxLines {
		fmt.Fprintf(f, "2026-06-01T11:59:05.000000Z stdout: %d\n", i)
	}
	table, err := w.read(model.Output, "web")
	if n := len(table.Rows); err != nil || n < maxLines || n > 2*maxLines || table.Rows[n-1].Fields[2].Text != fmt.Sprint(5*maxLines-1) {
		t.Errorf("%d rows, %v", n, err)
	}
	if again, _ := w.read(model.Output, "web"); again.Rows[0].ID != table.Rows[0].ID || len(again.Rows) != len(table.Rows) {
		t.Error("nothing came, and the rows are others")
	}
	w.golden("output")
}

// TestPolicies: policies are trees of what they ask about; for a cell what they decide together.
func TestPolicies(t *testing.T) {
	w := newWorld(t, "sim", false)
	w.show("nothing", model.Policies, "")
	w.run("load", "--yes", w.file("web.lua", webPolicy))
	w.run("create", "web-1", "--root", "/cells/web-1")
	w.show("loaded", model.Policies, "")
	w.show("of one", model.Policies, "all")
	w.show("for a cell", model.Policies, "web-1")
	w.show("for one that does not exist", model.Policies, "wbe-1")
	pending := w.target.Reader.Read([]string{w.file("pending.lua", `policy "web" { cells = "web-*", on = {
  ["network.bind.port"] = function(r)
    if r.port < 1024 or r.port > 2000 and r.euid ~= 80 then return deny, "not this one" end
    if r.euid == 7 then return allow, "operator" end
  end,
  ["process.signal"] = function(r) return r.signal.x end,
} }
never("no reboot", { "system.reboot" })`)})
	w.target.Declared = func() *rules.Set { return pending.Set() }
	w.show("pending", model.Policies, "")
	w.status("pending")
	w.run("audit", "start", "web-1", "--for", "10m", "--yes")
	w.show("audited", model.Policies, "web-1")
	w.golden("policies")
}

// TestDecisions: decisions come as they are made, each once, with who has decided.
func TestDecisions(t *testing.T) {
	w := newWorld(t, "sim", false)
	w.show("nothing", model.Decisions, "")
	w.run("load", "--yes", w.file("web.lua", webPolicy))
	w.run("create", "web-1", "--root", "/cells/web-1")
	w.run("create", "high", "--root", "/cells/high", "--profile", "high")
	web, high := w.spawn("web-1", 0, 0), w.spawn("high", 5, 0)
	w.bind(web, 22)
	w.pass(1500 * time.Millisecond)
	w.bind(web, 80)
	web.Reboot()
	w.show("three", model.Decisions, "")
	w.pass(24 * time.Hour)
	high.Reboot()
	w.show("of a profile, too", model.Decisions, "")
	w.show("of a cell", model.Decisions, "high")
	w.show("of a policy", model.Decisions, "all")
	for range 3 * maxDecisions {
		w.bind(web, 22)
	}
	table, err := w.read(model.Decisions, "")
	if n := len(table.Rows); err != nil || n < 100 || n > 2*maxDecisions || !strings.Contains(table.Note, "not kept any more") {
		t.Errorf("%d rows, %v, %s", n, err, table.Note)
	}
	w.golden("decisions")
}

// TestGenerations: what was loaded, what is active, and what goes away.
func TestGenerations(t *testing.T) {
	w := newWorld(t, "sim", false)
	w.show("nothing", model.Generations, "")
	w.run("create", "web-1", "--root", "/cells/web-1")
	path := w.file("web.lua", webPolicy)
	w.run("load", "--yes", path)
	w.pass(time.Hour)
	w.run("load", "--yes", "--confirm", "60s", w.file("web.lua", webPolicy+"-- more\n"))
	w.pass(18 * time.Second)
	w.show("one waits", model.Generations, "")
	w.status("one waits")
	w.pass(time.Minute)
	w.show("rolled back", model.Generations, "")
	w.run("audit", "start", "web-1", "--for", "10m", "--yes")
	w.pass(5 * time.Minute)
	w.show("audit", model.Generations, "")
	w.status("audit")
	w.golden("generations")
}

// processes are those of a machine.
type processes []process.Process

func (p processes) Read(process.Query) ([]process.Process, error) { return slices.Clone(p), nil }
func (processes) Send(int, syscall.Signal) error                  { return nil }
func (processes) Session() int                                    { return 1 }

// blind is a system that does not tell which processes it has.
type blind struct{ members.Members }

func (blind) Processes(kernel.Cell) ([]process.Process, error) {
	return nil, &kernel.UnsupportedError{Kernel: "plan9/amd64", Capability: process.CapProcessList, Why: "cellsh does not know how that system tells of processes"}
}

// TestMembers: processes are below their parents, whatever these seem to be.
func TestMembers(t *testing.T) {
	w := newWorld(t, "sim", false)
	w.show("no cell", model.Members, "web-1")
	w.run("create", "web-1", "--root", "/cells/web-1")
	w.show("nobody", model.Members, "web-1")
	make := func(pid, parent int, state process.State, args ...string) process.Process {
		return process.Process{PID: pid, Parent: parent, Group: 10, Session: 10, UID: 80, RealUID: uint32(pid % 2), State: state, Measured: state != process.Zombie, Born: process.Stamp(fmt.Sprint(pid)), Start: w.now,
			Resident: uint64(pid) << 20, Time: time.Duration(pid) * time.Second, Name: "httpd", Args: args}
	}
	list := processes{make(10, 1, process.Sleeping, "httpd", "-f"), make(11, 10, process.Running, "worker", "a\x1b[2J"), make(12, 10, process.Stopped, "worker", "b"), make(13, 11, process.Zombie),
		make(20, 21, process.Running, "odd"), make(21, 20, process.Running, "odd")}
	sessions := &members.Sessions{Machine: list}
	w.target.Members = sessions
	w.source = New(w.source.o)
	c, err := w.target.Host.Cell("test", "web-1")
	if err != nil {
		t.Fatal(err)
	}
	sessions.Began(c, 10)
	w.show("a few", model.Members, "web-1")
	w.target.Members = blind{}
	w.source = New(w.source.o)
	w.show("a system that does not tell", model.Members, "web-1")
	w.golden("members")
}

// TestOtherKernels: what a kernel can't do is said, and all else is shown.
func TestOtherKernels(t *testing.T) {
	for _, kernel := range []string{"sim,stock", "sim,april"} {
		t.Run(kernel, func(t *testing.T) {
			w := newWorld(t, kernel, false)
			w.run("load", "--yes", w.file("web.lua", webPolicy))
			w.run("create", "web-1", "--root", "/cells/web-1")
			w.run("create", "other", "--root", "/cells/other", "--profile", "high")
			w.spawn("web-1", 0, 0).Reboot()
			w.spawn("other", 0, 0).Reboot()
			w.pass(2 * time.Second)
			for _, k := range model.Kinds() {
				w.show("of "+kernel, k, "")
			}
			w.show("of "+kernel, model.Policies, "web-1")
			w.status("of " + kernel)
			w.golden(strings.ReplaceAll(kernel, ",", "-"))
		})
	}
}

// TestReadOnly: who only looks at a kernel in a file sees what others do there, and is refused nothing.
func TestReadOnly(t *testing.T) {
	w := newWorld(t, "sim:DIR/state", false)
	w.run("load", "--yes", w.file("web.lua", webPolicy))
	w.run("create", "web-1", "--root", "/cells/web-1")
	w.bind(w.spawn("web-1", 0, 0), 22)
	if err := w.target.Steps.Close(); err != nil {
		t.Fatal(err)
	}
	writer := *w
	w.open("sim:"+filepath.Join(w.dir, "state"), true)
	for _, k := range model.Kinds() {
		w.show("before", k, "")
	}
	writer.open("sim:"+filepath.Join(w.dir, "state"), false)
	writer.run("create", "web-2", "--root", "/cells/web-2")
	writer.bind(writer.spawn("web-1", 0, 0), 22)
	writer.step(func() error { return nil }) // which saves it
	w.pass(2 * time.Second)
	w.show("after", model.Cells, "")
	w.show("after", model.Decisions, "")
	w.status("after")
	w.golden("readonly")
}
