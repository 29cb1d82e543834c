// Package screen measures what the live figures of the screen take of a processor.
//
//	taken, err := screen.Look(100, 100, 60)
package screen

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/connect"
	"cellsh/kernel/host"
	"cellsh/kernel/monitor/rundir"
	"cellsh/kernel/service"
	"cellsh/kernel/sim"
	"cellsh/repl/command"
	"cellsh/repl/screen/model"
	"cellsh/repl/screen/source"
)

// policy is for all cells, with what has to be looked at for each.
const policy = `policy "all" { budget = { memory = "1G", cpu = "50%", procs = 100 }, deny = { "system.reboot" } }
policy "even" { cells = "*0", on = { ["network.bind"] = function(r) if r.port == 22 then return deny, "no ssh" end end } }
`

// Taken is processor time of one look: the first, and the mean of those that follow.
type Taken struct{ First, Later time.Duration }

// Look takes so many looks at the cells and the decisions of a kernel in a state file, and at the status, each in a step of the
// session and a second after the last. One cell in ten works, and is denied something; the first so many cells have services, as
// files declare them.
func Look(cells, services, looks int) (out Taken, err error) {
	dir, err := os.MkdirTemp("", "cellsh-screen")
	if err != nil {
		return out, err
	}
	defer os.RemoveAll(dir)
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	machine := connect.Machine{Foreign: "linux/amd64", Folder: filepath.Join(dir, "db"), Policies: filepath.Join(dir, "policy.d"), Run: filepath.Join(dir, "run")}
	t, err := command.OpenTarget(connect.Options{Target: "sim:" + filepath.Join(dir, "state"), Machine: machine, Now: clock}, io.Discard, host.SessionOptions{})
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, t.Steps.Close()) }()
	var working []*sim.Process
	if err := t.Steps.Step(func() (err error) {
		working, err = fill(t, dir, cells)
		return err
	}); err != nil {
		return out, err
	}
	if err := declare(machine, dir, t.Place, services, now); err != nil {
		return out, err
	}
	s := source.New(source.Options{Target: t, Machine: machine, Now: clock})
	defer s.Close()
	for i := range looks + 1 {
		now = now.Add(time.Second)
		for j, p := range working {
			p.Run(time.Duration(1+(i+j)%7) * 100 * time.Millisecond)
			if j%10 == i%10 {
				p.Reboot()
			}
		}
		began := processorTime()
		if err := t.Steps.Peek(func() error { return look(s) }); err != nil {
			return out, err
		}
		took := processorTime() - began
		if i == 0 {
			out.First = took
		} else {
			out.Later += took / time.Duration(looks)
		}
	}
	return out, nil
}

func look(s *source.Source) error {
	_, err := s.Status()
	for _, k := range []model.Kind{model.Cells, model.Decisions} {
		if _, wrong := s.Read(model.Place{Kind: k}); wrong != nil {
			err = errors.Join(err, wrong)
		}
	}
	return err
}

// fill makes cells, and loads policies for them.
func fill(t *command.Target, dir string, cells int) (working []*sim.Process, err error) {
	if err := t.Simulator.MakeRoot("/cells/all"); err != nil {
		return nil, err
	}
	low := kernel.Low
	for i := range cells {
		id, err := t.Kernel.Create(kernel.Spec{Name: name(i), Root: "/cells/all", Profile: &low})
		if err != nil {
			return nil, err
		}
		if i%10 != 0 {
			continue
		}
		p, err := t.Simulator.Spawn(sim.SpawnSpec{Cell: id, Name: "httpd"})
		if err != nil {
			return nil, err
		}
		working = append(working, p)
	}
	path := filepath.Join(dir, "policy.lua")
	if err := os.WriteFile(path, []byte(policy), 0o600); err != nil {
		return nil, err
	}
	_, _, err = t.Host.Load(t.Reader.Read([]string{path}), host.LoadOptions{Yes: true})
	return working, err
}

func name(i int) string { return fmt.Sprintf("web-%d", i) }

// declare has services declared, which have run.
func declare(m connect.Machine, dir, place string, services int, now time.Time) error {
	folder := filepath.Join(dir, "services.d")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	var text strings.Builder
	for i := range services {
		fmt.Fprintf(&text, "service %q { cell = { root = \"/cells/all\" }, cmd = { \"/bin/httpd\" } }\n", name(i))
		s := rundir.Status{Service: name(i), Kernel: place, Cell: name(i), State: service.Running, Since: now, Starts: 1, PID: i + 2, Command: []string{"/bin/httpd"}}
		f := m.RunDir().Service(s.Service)
		if err := errors.Join(f.Make(), f.WriteStatus(&s)); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(folder, "all.lua"), []byte(text.String()), 0o600)
}

// processorTime is what the program has taken so far of all processors: other programs don't count in it, and memory that is
// cleaned up beside does.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // it has no reason to fail
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
