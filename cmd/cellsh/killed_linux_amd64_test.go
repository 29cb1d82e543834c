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
	"sync/atomic"
	"syscall"
	"testing"
	"time"

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
	syscall.SYS_RENAMEAT: "rename", syscall.SYS_UNLINKAT: "unlink", syscall.SYS_MKDIRAT: "mkdir",
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

// changes notes the system call that a thread begins, if it may change something in the folder. What the stand-in for a kernel
// does to keep its own file is one call, the last.
func (k *killer) changes(tid int) bool {
	var regs syscall.PtraceRegs
	if syscall.PtraceGetRegs(tid, &regs) != nil {
		return false
	}
	call, ok := changing[regs.Orig_rax]
	if !ok || call == "open" && regs.Rdx&(syscall.O_CREAT|syscall.O_TRUNC) == 0 {
		return false
	}
	var path string
	switch call {
	case "open", "unlink", "mkdir", "rename":
		// The calls that Go makes have the folder first.
		text := make([]byte, 256)
		if n, err := syscall.PtracePeekData(tid, uintptr(regs.Rsi), text); err == nil {
			path, _, _ = strings.Cut(string(text[:n]), "\x00")
		}
	default:
		var err error
		path, err = os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", tid, int32(regs.Rdi)))
		if err != nil || !strings.HasPrefix(path, k.dir) || strings.HasSuffix(path, "(deleted)") {
			return false // what it says
		}
	}
	name := filepath.Base(path)
	if name == "k.lock" || name == "k.new" && call != "rename" {
		return false
	}
	k.calls = append(k.calls, call+" "+name)
	return true
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
	// again are the policies that may be active too if it is done twice, "" for none.
	again string
}

var acts = func() []act {
	usual := []func(*world) func(*command.Target) error{loaded("a", 0), created("web-1"), created("web-2"), loaded("b", 0)}
	waiting := append(slices.Clone(usual), loaded("c", time.Hour))
	auditing := append(slices.Clone(usual), audited("web-1"))
	return []act{
		{name: "first load", args: []string{"load", "a.lua"}, active: []string{"", "a x"}},
		{name: "load", args: []string{"load", "--yes", "c.lua"}, base: usual, active: []string{"b x", "c x"}},
		{name: "load to be confirmed", args: []string{"-e", "load --yes --confirm 1h c.lua"}, base: usual, active: []string{"b x", "c x"}},
		{name: "load over what waits", args: []string{"load", "--yes", "a.lua"}, base: waiting, active: []string{"a x", "c x"}},
		{name: "confirm", args: []string{"confirm", "3"}, base: waiting, active: []string{"c x"}},
		{name: "rollback", args: []string{"rollback"}, base: usual, active: []string{"a x", "b x"}},
		{name: "rollback of what waits", args: []string{"rollback"}, base: waiting, active: []string{"b x", "c x"}, again: "a x"},
		{name: "unload", args: []string{"unload", "--yes", "x"}, base: usual, active: []string{"b", "b x"}},
		{name: "create", args: []string{"create", "web-3", "--root", "/cells/web-3", "--profile", "high", "--ports", "81"}, base: usual, active: []string{"b x"}, cells: []string{"web-3"}, bare: "web-3"},
		{name: "destroy", args: []string{"destroy", "web-2"}, base: usual, active: []string{"b x"}, cells: []string{"web-2"}},
		{name: "boot", args: []string{"load", "--boot", "policy.d"}, base: usual, active: []string{"b x", "d x"}},
		{name: "boot after a start", args: []string{"load", "--boot", "policy.d"}, base: usual, restart: true, active: []string{"b x", "d x"}},
		{name: "boot while it waits", args: []string{"load", "--boot", "c.lua"}, base: waiting, restart: true, active: []string{"b x"}},
		{name: "audit", args: []string{"audit", "start", "--yes", "--for", "1h", "web-1"}, base: usual, active: []string{"b x", "b x, audited web-1"}},
		{name: "audit of more", args: []string{"audit", "start", "--yes", "--for", "2h", "web-1", "web-2"}, base: auditing, active: []string{"b x, audited web-1", "b x, audited web-1 web-2"}},
		{name: "end of an audit", args: []string{"audit", "stop"}, base: auditing, active: []string{"b x", "b x, audited web-1"}},
		{name: "load over an audit", args: []string{"-e", "load --yes --confirm 1h a.lua"}, base: auditing, active: []string{"a x", "b x", "b x, audited web-1"}},
		{name: "unload under an audit", args: []string{"unload", "--yes", "x"}, base: auditing, active: []string{"b", "b x, audited web-1"}, again: "b x"},
		{name: "boot in an audit", args: []string{"load", "--boot", "bad.lua"}, base: auditing, restart: true, active: []string{"b x"}},
		{name: "create after a start", args: []string{"create", "web-1", "--root", "/cells/web-1", "--profile", "medium", "--ports", "80"}, base: usual, restart: true, active: []string{"b x"}, cells: []string{"web-1"}, bare: "web-1"},
	}
}()

// scene is an act in a world, in which there is something before.
type scene struct {
	*act
	base   *world
	before found
	// calls is a number of calls that the act is known to have at most, 0 if none is.
	calls atomic.Int64
}

// killAt runs the act in a copy of its world, kills it before that call, and looks what is there; then it has to go on as ever.
// With again, if that is not below 0, the act is tried once more before anybody looks, and killed before that call. It gives
// whether it was killed the first time, and how many times in all.
func (a *scene) killAt(t *testing.T, program string, at, again int) (killed bool, kills int) {
	w, before := a.base.copy(t), &a.before
	defer os.RemoveAll(w.dir)
	k := &killer{dir: w.dir, at: at}
	args := append([]string{"-k", "sim:s"}, a.args...)
	env := append(os.Environ(), machine+"=")
	if w.netbsd {
		args[1], env = "netbsd", append(env, machine+"=kept:"+filepath.Join(w.dir, "k"))
	}
	killed, code, err := k.run(program, env, args...)
	if killed {
		kills++
	}
	if killed && again >= 0 && err == nil {
		k.at, k.calls = again, append(k.calls, "killed; again")
		k.at += len(k.calls)
		var second bool
		if second, code, err = k.run(program, env, args...); second {
			kills++
		}
	}
	if err != nil {
		t.Error(err)
		return killed, kills
	}
	bad := func(form string, args ...any) {
		t.Helper()
		t.Errorf("%s on %s, killed: %t (exit code %d) before call %d (%s):\n%s\n%s", a.name, w.target(), killed, code, at, strings.Join(k.calls, ", "), fmt.Sprintf(form, args...), k.output.String())
	}
	now, err := w.look()
	if nothing := a.restart || len(a.act.base) == 0; err != nil || now.gone && !(nothing && killed) {
		bad("%+v, %v", now, err)
		return killed, kills
	}
	if !slices.Contains(a.active, now.active) && !(a.restart && killed) && (again < 0 || now.active != a.again) {
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
		return killed, kills
	}
	end, err := w.look()
	if err != nil || end.active != "c x" || len(end.bare) > 0 {
		bad("after the next load: %+v, %v", end, err)
	}
	return killed, kills
}

// Whoever is killed, wherever that is, leaves one whole generation active, told as that, and loses nothing. Programs are killed
// fifty times, at calls that are drawn by lot, and half of them a second time when they try again; with CELLSH_TEST_KILLS=N it is so many times, and with 0 once before each call of
// each act.
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
	var scenes []*scene
	for _, netbsd := range []bool{false, true} {
		for i := range acts {
			a := &acts[i]
			if a.restart && !netbsd {
				continue // the file is the kernel
			}
			s := &scene{act: a, base: newWorld(t, netbsd, a.base...)}
			if a.restart {
				if err := os.Remove(filepath.Join(s.base.dir, "k")); err != nil {
					t.Fatal(err)
				}
			}
			if s.before, err = s.base.look(); err != nil {
				t.Fatal(err)
			}
			scenes = append(scenes, s)
		}
	}
	// No act has more calls.
	const most = 40
	var next, killed atomic.Int64
	lot := rand.New(rand.NewPCG(2026, 13))
	var order []int // of places to kill at, by lot
	for len(order) < len(scenes)*most {
		order = append(order, len(order))
	}
	lot.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	t.Run("workers", func(t *testing.T) {
		for i := range 2 {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				for !t.Failed() {
					n := int(next.Add(1)) - 1
					if kills == 0 && n >= len(order) || kills > 0 && int(killed.Load()) >= kills {
						return
					}
					s, at := scenes[order[n%len(order)]/most], order[n%len(order)]%most
					if known := int(s.calls.Load()); known > 0 && at >= known {
						continue
					}
					again := -1
					if kills > 0 && n%2 == 1 {
						again = order[len(order)-1-n%len(order)] % most
					}
					first, times := s.killAt(t, program, at, again)
					killed.Add(int64(times))
					if !first {
						s.calls.Store(int64(at))
					}
				}
			})
		}
	})
	t.Logf("killed %d times", killed.Load())
}
