package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/connect"
	"cellsh/kernel/host"
	"cellsh/repl/command"
)

// killer runs a program and kills it, as with kill -9, at one of the system calls that change what stays when it has ended. That
// is exact: nothing happens between two of them that anybody else could see.
type killer struct {
	dir string
	// at is the number of the call, from 0, that the program is killed before; it ends by itself if there are fewer.
	at int
	// calls are the names of those that were begun.
	calls []string
	// output of the program, both kinds.
	output bytes.Buffer
}

// changing are the system calls that may leave something.
var changing = map[uint64]string{
	syscall.SYS_OPENAT: "open", syscall.SYS_WRITE: "write", syscall.SYS_PWRITE64: "write", syscall.SYS_FSYNC: "fsync", syscall.SYS_FTRUNCATE: "truncate",
	syscall.SYS_RENAME: "rename", syscall.SYS_RENAMEAT: "rename", syscall.SYS_UNLINK: "unlink", syscall.SYS_UNLINKAT: "unlink", syscall.SYS_MKDIR: "mkdir", syscall.SYS_MKDIRAT: "mkdir",
	syscall.SYS_FLOCK: "lock", syscall.SYS_FCHMOD: "chmod",
}

// run gives whether it was killed, and its exit code if not.
func (k *killer) run(program string, env []string, args ...string) (killed bool, code int, err error) {
	runtime.LockOSThread() // all calls of ptrace(2) come from the thread that began it
	defer runtime.UnlockOSThread()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = k.dir, append(env, "GODEBUG=asyncpreemptoff=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true, Setpgid: true}
	out, err := os.CreateTemp(k.dir, "output")
	if err != nil {
		return false, 0, err
	}
	os.Remove(out.Name())
	defer func() {
		out.Seek(0, io.SeekStart)
		k.output.ReadFrom(out)
		out.Close()
	}()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return false, 0, err
	}
	pid := cmd.Process.Pid
	defer cmd.Process.Release()
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil {
		return false, 0, err
	}
	const exitKill = 1 << 20
	if err := syscall.PtraceSetOptions(pid, syscall.PTRACE_O_TRACESYSGOOD|syscall.PTRACE_O_TRACECLONE|exitKill); err != nil {
		return false, 0, err
	}
	if err := syscall.PtraceSyscall(pid, 0); err != nil {
		return false, 0, err
	}
	inside, known := map[int]bool{}, map[int]bool{pid: true}
	for {
		tid, err := syscall.Wait4(-pid, &status, syscall.WALL, nil)
		if err != nil {
			return killed, code, err
		}
		if status.Exited() || status.Signaled() {
			if tid == pid {
				return killed, status.ExitStatus(), nil
			}
			continue
		}
		signal := 0
		switch s := status.StopSignal(); {
		case killed:
			continue
		case s == syscall.SIGTRAP|0x80:
			inside[tid] = !inside[tid]
			if inside[tid] && k.changes(tid) {
				if len(k.calls) > k.at {
					killed = true
					syscall.Kill(pid, syscall.SIGKILL)
					continue
				}
			}
		case s == syscall.SIGTRAP: // a thread was made
		case s == syscall.SIGSTOP && !known[tid]:
			known[tid] = true
		default:
			signal = int(s)
		}
		known[tid] = true
		if err := syscall.PtraceSyscall(tid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return killed, code, err
		}
	}
}

// changes notes the system call that a thread begins, if it may change something in the folder.
func (k *killer) changes(tid int) bool {
	var regs syscall.PtraceRegs
	if syscall.PtraceGetRegs(tid, &regs) != nil {
		return false
	}
	name, ok := changing[regs.Orig_rax]
	switch {
	case !ok:
		return false
	case name == "open" && regs.Rdx&(syscall.O_CREAT|syscall.O_TRUNC) == 0:
		return false
	case name == "write" || name == "truncate" || name == "fsync" || name == "lock" || name == "chmod":
		target, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", tid, int32(regs.Rdi)))
		if err != nil || !strings.HasPrefix(target, k.dir) || strings.HasSuffix(target, "(deleted)") {
			return false // what it says
		}
		name += " " + filepath.Base(target)
	}
	k.calls = append(k.calls, name)
	return true
}

// world is a folder with a kernel, policies and notes.
type world struct {
	t      testing.TB
	dir    string
	netbsd bool
}

func (w *world) machine() connect.Machine {
	m := connect.Machine{Foreign: "linux/amd64", Folder: filepath.Join(w.dir, "db"), Policies: filepath.Join(w.dir, "policy.d")}
	if w.netbsd {
		m.System = kept{filepath.Join(w.dir, "k"), time.Now}
	}
	return m
}

func (w *world) target() string {
	if w.netbsd {
		return "netbsd"
	}
	return "sim:" + filepath.Join(w.dir, "s")
}

// open begins a step with the kernel; end must be called.
func (w *world) open(readOnly bool) (*command.Target, error) {
	t, err := command.OpenTarget(connect.Options{Target: w.target(), ReadOnly: readOnly, Machine: w.machine(), Now: time.Now, Warn: func(err error) { w.t.Error(err) }}, io.Discard, host.SessionOptions{})
	if err == nil {
		if err = t.Steps.Enter(); err != nil {
			err = errors.Join(err, t.Steps.Close())
		}
	}
	return t, err
}

// do works with the kernel, and leaves what waits to be confirmed.
func (w *world) do(work func(*command.Target) error) error {
	t, err := w.open(false)
	if err != nil {
		return err
	}
	return errors.Join(work(t), t.Steps.Release())
}

func (w *world) load(name string, confirm time.Duration) func(*command.Target) error {
	return func(t *command.Target) error {
		_, _, err := t.Host.Load(t.Reader.Read([]string{filepath.Join(w.dir, name+".lua")}), host.LoadOptions{Confirm: confirm, Yes: true})
		return err
	}
}

var madeWith = map[string]kernel.Profile{"web-1": kernel.Medium, "web-2": kernel.Low, "web-3": kernel.High}

func (w *world) create(name string) func(*command.Target) error {
	return func(t *command.Target) error {
		profile := madeWith[name]
		_, err := t.Host.Create(kernel.Spec{Name: name, Root: "/cells/" + name, Profile: &profile, Ports: []uint16{uint16(80 + len(name)*10 + int(name[len(name)-1]))}})
		return err
	}
}

// copy gives another world that is the same.
func (w *world) copy(t testing.TB) *world {
	out := &world{t, filepath.Join(t.TempDir(), "w"), w.netbsd}
	if err := os.CopyFS(out.dir, os.DirFS(w.dir)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(out.dir, 0o755), os.Chmod(filepath.Join(out.dir, "policy.d"), 0o755)); err != nil {
		t.Fatal(err)
	}
	return out
}

// newWorld makes one, step by step.
func newWorld(t testing.TB, netbsd bool, steps ...func(*world) func(*command.Target) error) *world {
	t.Helper()
	w := &world{t, t.TempDir(), netbsd}
	for _, name := range []string{"a", "b", "c", "policy.d/d"} {
		path := filepath.Join(w.dir, name+".lua")
		text := fmt.Sprintf("policy %q { cells = \"web-*\", deny = { \"system\" } }\npolicy \"x\" { cells = \"web-*\", deny = { \"machdep.iopl\" } }\n", filepath.Base(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range steps {
		if err := w.do(step(w)); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// found is what there is in a world.
type found struct {
	// active are the policies of the generation that is told to be active, "" for none.
	active  string
	number  uint64
	numbers []uint64
	cells   []string
	// bare are cells that policies name and whose program the kernel has not.
	bare []string
}

// look says what there is, as a command that only looks is told, and fails where that is not one whole thing.
func (w *world) look() (f found, err error) {
	t, err := w.open(true)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, t.Steps.Release()) }()
	history, err := t.Host.History()
	if err != nil {
		return f, err
	}
	for _, g := range history.Generations {
		f.numbers = append(f.numbers, g.Number)
	}
	p, err := t.Host.Policies()
	if err != nil {
		return f, err
	}
	f.active = strings.Join(p.Set().Names(), " ")
	if a := history.Active(); a != nil {
		f.number = a.Number
	}
	e, err := t.Evaluator()
	if err != nil {
		return f, err
	}
	status, err := e.Status()
	if err != nil {
		return f, err
	}
	if status.Generation != f.number {
		return f, fmt.Errorf("generation %d is told to be active, but the kernel has %d", f.number, status.Generation)
	}
	if waits := history.Deadline != nil && history.Overdue() == nil; waits != status.Waits {
		return f, fmt.Errorf("that generation %d waits is told: %t, and so in the kernel: %t", f.number, waits, status.Waits)
	}
	cells, err := t.List()
	if err != nil {
		return f, err
	}
	answers, err := e.Cells()
	if err != nil {
		return f, err
	}
	for _, c := range cells {
		f.cells = append(f.cells, c.Name)
		made, ok := t.Made(c)
		if want := madeWith[c.Name]; !ok || made.Profile != want || len(made.Ports) != 1 {
			return f, fmt.Errorf("cell %s was made with profile %s, but %+v is known: %t", c.Name, want, made, ok)
		}
		i := slices.IndexFunc(answers, func(s kernel.CellStatus) bool { return s.Cell == c.ID })
		if p.Names(c.Name) && (i < 0 || answers[i].Answered != kernel.ByProgram) {
			f.bare = append(f.bare, c.Name)
		}
	}
	return f, nil
}

// act is a command that is killed in the middle.
type act struct {
	name string
	args []string
	base []func(*world) func(*command.Target) error
	// restart has the kernel started again before.
	restart bool
	// active are the policies that may be active then, cells those that may exist beside the others, and bare the one that may
	// have no program yet.
	active []string
	cells  []string
	bare   string
}

func loaded(name string, confirm time.Duration) func(*world) func(*command.Target) error {
	return func(w *world) func(*command.Target) error { return w.load(name, confirm) }
}

func created(name string) func(*world) func(*command.Target) error {
	return func(w *world) func(*command.Target) error { return w.create(name) }
}

var acts = func() []act {
	usual := []func(*world) func(*command.Target) error{loaded("a", 0), created("web-1"), created("web-2"), loaded("b", 0)}
	waiting := append(slices.Clone(usual), loaded("c", time.Hour))
	return []act{
		{name: "first load", args: []string{"load", "a.lua"}, active: []string{"", "a x"}},
		{name: "load", args: []string{"load", "--yes", "c.lua"}, base: usual, active: []string{"b x", "c x"}},
		{name: "load to be confirmed", args: []string{"-e", "load --yes --confirm 1h c.lua"}, base: usual, active: []string{"b x", "c x"}},
		{name: "load over what waits", args: []string{"load", "--yes", "a.lua"}, base: waiting, active: []string{"a x", "c x"}},
		{name: "confirm", args: []string{"confirm", "3"}, base: waiting, active: []string{"c x"}},
		{name: "rollback", args: []string{"rollback"}, base: usual, active: []string{"a x", "b x"}},
		{name: "rollback of what waits", args: []string{"rollback"}, base: waiting, active: []string{"b x", "c x"}},
		{name: "unload", args: []string{"unload", "--yes", "x"}, base: usual, active: []string{"b", "b x"}},
		{name: "create", args: []string{"create", "web-3", "--root", "/cells/web-3", "--profile", "high", "--ports", "81"}, base: usual, active: []string{"b x"}, cells: []string{"web-3"}, bare: "web-3"},
		{name: "destroy", args: []string{"destroy", "web-2"}, base: usual, active: []string{"b x"}, cells: []string{"web-2"}},
		{name: "boot", args: []string{"load", "--boot", "policy.d"}, base: usual, active: []string{"b x", "d x"}},
		{name: "boot after a start", args: []string{"load", "--boot", "policy.d"}, base: usual, restart: true, active: []string{"b x", "d x"}},
		{name: "boot while it waits", args: []string{"load", "--boot", "c.lua"}, base: waiting, restart: true, active: []string{"b x"}},
		{name: "create after a start", args: []string{"create", "web-1", "--root", "/cells/web-1", "--profile", "medium", "--ports", "80"}, base: usual, restart: true, active: []string{"b x"}, cells: []string{"web-1"}, bare: "web-1"},
	}
}()

// killAt runs the act in a copy of its world, kills it at that call, and looks what is there; then it has to go on as ever. It
// gives how many calls there were, and whether it was killed.
func (a *act) killAt(t *testing.T, base *world, program string, at int) (calls int, killed bool) {
	w := base.copy(t)
	k := &killer{dir: w.dir, at: at}
	args := append([]string{"-k", "sim:s"}, a.args...)
	env := append(os.Environ(), machine+"=")
	if w.netbsd {
		args[1], env = "netbsd", append(env, machine+"=kept:"+filepath.Join(w.dir, "k"))
	}
	killed, code, err := k.run(program, env, args...)
	if err != nil {
		t.Fatal(err)
	}
	bad := func(form string, args ...any) {
		t.Helper()
		t.Errorf("%s on %s, killed: %t (exit code %d) before call %d (%s):\n%s\n%s", a.name, base.target(), killed, code, at, strings.Join(k.calls, ", "), fmt.Sprintf(form, args...), k.output.String())
	}
	before, err := base.look()
	if err != nil && !a.restart {
		t.Fatal(err)
	}
	now, err := w.look()
	if nothing := a.restart || len(a.base) == 0; err != nil && !(nothing && killed && strings.HasSuffix(err.Error(), "but the kernel has 0")) {
		bad("%v", err)
		return len(k.calls), killed
	}
	if !slices.Contains(a.active, now.active) && !(a.restart && killed) {
		bad("active is %q, which must be one of %q", now.active, a.active)
	}
	for _, n := range before.numbers {
		if !slices.Contains(now.numbers, n) {
			bad("generation %d is lost: %v are kept", n, now.numbers)
		}
	}
	for _, c := range slices.Concat(before.cells, now.cells) {
		if slices.Contains(before.cells, c) != slices.Contains(now.cells, c) && !slices.Contains(a.cells, c) {
			bad("cells are %v, and were %v", now.cells, before.cells)
		}
	}
	for _, c := range now.bare {
		if c != a.bare {
			bad("cell %s has no program", c)
		}
	}
	// Whoever comes next finds nothing in the way, and all is well after that.
	if err := w.do(w.load("c", 0)); err != nil {
		bad("the next load: %v", err)
		return len(k.calls), killed
	}
	end, err := w.look()
	if err != nil || end.active != "c x" || len(end.bare) > 0 {
		bad("after the next load: %+v, %v", end, err)
	}
	return len(k.calls), killed
}

// Whoever is killed, wherever that is, leaves one whole generation active, told as that, and loses nothing. Each act is killed
// at a few of its calls that are drawn by lot, with CELLSH_TEST_KILLS=N as many times in all, and with 0 before each of its calls
// once. What was written in 2026 was killed 3,000 times.
func TestKilled(t *testing.T) {
	program, err := exec.LookPath("cellsh")
	if err != nil {
		t.Fatal(err)
	}
	kills, err := strconv.Atoi(cmp.Or(os.Getenv("CELLSH_TEST_KILLS"), "50"))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := (&killer{dir: t.TempDir(), at: 1 << 30}).run(program, os.Environ(), "-k", "sim", "list"); err != nil {
		t.Skipf("no program can be traced here: %v", err)
	}
	type stage struct {
		*act
		base *world
		// calls are how many it makes.
		calls int
	}
	var stages []stage
	done := 0
	for _, netbsd := range []bool{false, true} {
		for i := range acts {
			a := &acts[i]
			if a.restart && !netbsd {
				continue // the file is the kernel
			}
			s := stage{act: a, base: newWorld(t, netbsd, a.base...)}
			if a.restart {
				if err := os.Remove(filepath.Join(s.base.dir, "k")); err != nil {
					t.Fatal(err)
				}
			}
			s.calls, _ = a.killAt(t, s.base, program, 1<<30)
			for at := 0; kills == 0 && at < s.calls; at++ {
				if _, killed := a.killAt(t, s.base, program, at); killed {
					done++
				}
			}
			stages = append(stages, s)
		}
	}
	lot := rand.New(rand.NewPCG(2026, 13))
	for done < kills && !t.Failed() {
		s := &stages[done%len(stages)]
		if _, killed := s.killAt(t, s.base, program, lot.IntN(s.calls)); killed {
			done++
		}
	}
	t.Logf("killed %d times", done)
}
