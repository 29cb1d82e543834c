package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/connect"
	"cellsh/kernel/host"
	"cellsh/repl/command"
)

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

func (w *world) audit(cells ...string) func(*command.Target) error {
	return func(t *command.Target) error {
		p, err := t.Host.ProposeAudit(cells, time.Hour)
		if err != nil {
			return err
		}
		plan, err := t.Host.Plan(p, host.LoadOptions{Yes: true})
		if err == nil {
			_, err = t.Host.Carry(plan)
		}
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
	// active are the policies of the generation that is told to be active, "" for none, and the cells that are told to be audited.
	active string
	number uint64
	// gone says that the kernel has nothing, which is told.
	gone    bool
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
	audit, err := t.Host.Audit()
	if err != nil {
		return f, err
	}
	if audit != nil {
		f.active += ", audited " + strings.Join(audit.Cells, " ")
	}
	e, err := t.Evaluator()
	if err != nil {
		return f, err
	}
	status, err := e.Status()
	if err != nil {
		return f, err
	}
	told := f.number
	if instead, differs := history.Instead(); differs {
		told, f.gone = instead, true
	}
	if status.Generation != told {
		return f, fmt.Errorf("generation %d is told to be active, but the kernel has %d", told, status.Generation)
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

func loaded(name string, confirm time.Duration) func(*world) func(*command.Target) error {
	return func(w *world) func(*command.Target) error { return w.load(name, confirm) }
}

func created(name string) func(*world) func(*command.Target) error {
	return func(w *world) func(*command.Target) error { return w.create(name) }
}

func audited(cells ...string) func(*world) func(*command.Target) error {
	return func(w *world) func(*command.Target) error { return w.audit(cells...) }
}

// Of two that load at once each has loaded, as one after the other, or says that another has changed what it was about to change;
// so it is with two that make and destroy cells, or confirm.
func TestTogether(t *testing.T) {
	program, err := exec.LookPath("cellsh")
	if err != nil {
		t.Fatal(err)
	}
	usual := []func(*world) func(*command.Target) error{loaded("a", 0), created("web-1")}
	for _, netbsd := range []bool{false, true} {
		base := newWorld(t, netbsd, usual...)
		waiting := newWorld(t, netbsd, append(usual, loaded("c", time.Hour))...)
		auditing := newWorld(t, netbsd, append(usual, audited("web-1"))...)
		for _, c := range []struct {
			base   *world
			one    []string
			two    []string
			active []string
			// generations are how many more a success of either makes.
			generations [2]int
		}{
			{base, []string{"load", "--yes", "b.lua"}, []string{"load", "--yes", "c.lua"}, []string{"b x", "c x"}, [2]int{1, 1}},
			{base, []string{"load", "--yes", "b.lua"}, []string{"create", "web-2", "--root", "/cells/web-2", "--profile", "low", "--ports", "82"}, []string{"a x", "b x"}, [2]int{1, 0}},
			{base, []string{"unload", "--yes", "x"}, []string{"load", "--yes", "--only", "b", "b.lua"}, []string{"a", "a b x", "a b"}, [2]int{1, 1}},
			{waiting, []string{"confirm", "2"}, []string{"rollback"}, []string{"c x", "a x"}, [2]int{0, 1}},
			{base, []string{"audit", "start", "web-1", "--for", "1h", "--yes"}, []string{"load", "--yes", "b.lua"}, []string{"a x, audited web-1", "b x", "b x, audited web-1"}, [2]int{1, 1}},
			{auditing, []string{"audit", "stop"}, []string{"unload", "--yes", "x"}, []string{"a x", "a"}, [2]int{1, 1}},
		} {
			for range 3 {
				w := c.base.copy(t)
				before, err := c.base.look()
				if err != nil {
					t.Fatal(err)
				}
				var cmds [2]*exec.Cmd
				var output [2]bytes.Buffer
				for i, args := range [][]string{c.one, c.two} {
					target, env := "sim:s", append(os.Environ(), machine+"=")
					if netbsd {
						target, env = "netbsd", append(env, machine+"=kept:"+filepath.Join(w.dir, "k"))
					}
					cmds[i] = exec.Command(program, append([]string{"-k", target}, args...)...)
					cmds[i].Dir, cmds[i].Env, cmds[i].Stdout, cmds[i].Stderr = w.dir, env, &output[i], &output[i]
					if err := cmds[i].Start(); err != nil {
						t.Fatal(err)
					}
				}
				more, done := 0, 0
				for i, cmd := range cmds {
					err := cmd.Wait()
					if err == nil {
						more += c.generations[i]
						done++
						continue
					}
					if text := output[i].String(); !slices.ContainsFunc([]string{"another program has changed", "another process", "must have one writer", "must wait to be confirmed, but", "somebody else has loaded meanwhile", "an earlier generation", "an audit must run to be ended"}, func(s string) bool { return strings.Contains(text, s) }) {
						t.Errorf("%v beside %v says nothing of the other: %s", c.one, c.two, text)
					}
				}
				now, err := w.look()
				if err != nil || done == 0 || !slices.Contains(c.active, now.active) || len(now.bare) > 0 || len(now.numbers) != len(before.numbers)+more {
					t.Errorf("%v and %v on %s: %+v, %v; %d have succeeded\n%s\n%s", c.one, c.two, base.target(), now, err, done, output[0].String(), output[1].String())
				}
			}
		}
	}
}
