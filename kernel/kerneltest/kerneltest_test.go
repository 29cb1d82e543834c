package kerneltest_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"cellsh/kernel"
	"cellsh/kernel/kerneltest"
	"cellsh/kernel/launch"
	"cellsh/kernel/netbsd"
	"cellsh/kernel/sim"
	"cellsh/policy/kauth"
	"cellsh/policy/secmodel"
)

// TestMain makes the test program its own helper for commands in cells.
func TestMain(m *testing.M) {
	running.helper()
	if launch.IsHelper(os.Args) {
		os.Exit(launch.Helper(launch.NewSystem(func(id kernel.CellID) (launch.Entry, error) { return netbsd.NewEntry(id, netbsd.Options{}) })))
	}
	os.Exit(m.Run())
}

// runningKernel is how the running kernel's processes make the calls of probes.
type runningKernel struct {
	furnish func(root string) error
	probe   func(c kernel.Cell, uid uint32, probe string) (kerneltest.Probed, error)
	// helper makes the call and ends, if this process was started for it.
	helper func()
}

func simulator(t *testing.T, o sim.Options) *sim.Kernel {
	t.Helper()
	k, err := sim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// files are those of the simulator.
func files(t *testing.T, k *sim.Kernel, s kerneltest.Subject) kerneltest.Subject {
	t.Helper()
	s.Folder, s.Mkdir = "/cells", k.Mkdir
	s.WriteFile = func(path string) error {
		// Any file will do that is no directory.
		if e := k.Init().Mknod(path, "chr", 0o644, 2, 2); e != 0 {
			return e
		}
		return nil
	}
	if err := k.Mkdir(s.Folder); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSimulator(t *testing.T) {
	for _, rev := range secmodel.Revisions() {
		for _, without := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/evaluation=%v", rev, !without), func(t *testing.T) {
				kerneltest.Run(t, func(t *testing.T) kerneltest.Subject {
					k := simulator(t, sim.Options{Revision: rev, NoEvaluation: without})
					return files(t, k, kerneltest.Subject{Kernel: k, Furnish: furnish(k), Probe: simulated(k), Enter: func(c kernel.Cell) (func(), error) {
						p, err := k.Spawn(sim.SpawnSpec{Cell: c.ID})
						if err != nil {
							return nil, err
						}
						return func() { p.Exit(0); k.Init().Wait() }, nil
					}})
				})
			})
		}
	}
}

// TestDriver has the driver for the running NetBSD work on the simulator's nodes, as root of its host.
func TestDriver(t *testing.T) {
	for _, rev := range secmodel.Revisions() {
		for _, without := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/evaluation=%v", rev, !without), func(t *testing.T) { testDriver(t, sim.Options{Revision: rev, NoEvaluation: without}) })
		}
	}
}

func testDriver(t *testing.T, o sim.Options) {
	kerneltest.Run(t, func(t *testing.T) kerneltest.Subject {
		under := simulator(t, o)
		// The size of the first revision's structures shows where there is a cell.
		if err := under.MakeRoot("/cells/first"); err != nil {
			t.Fatal(err)
		}
		if _, err := under.Create(kernel.Spec{Name: "first", Root: "/cells/first"}); err != nil {
			t.Fatal(err)
		}
		root, e := under.Init().Fork()
		if e != 0 {
			t.Fatal(e)
		}
		k, err := netbsd.Open(netbsd.Options{System: sim.Wire{Process: root}, Now: under.Now, State: filepath.Join(t.TempDir(), "cells"), Warn: func(err error) { t.Error(err) }})
		if err != nil {
			t.Fatal(err)
		}
		if found := k.Info().Revision; found != o.Revision {
			t.Fatalf("the driver finds revision %s: %v", found, k.Info().Findings)
		}
		return files(t, under, kerneltest.Subject{Kernel: k, Furnish: furnish(under), Probe: simulated(under), Enter: func(c kernel.Cell) (func(), error) {
			p, e := root.Fork()
			if e != 0 {
				return nil, e
			}
			leave := func() { p.Exit(0); root.Wait() }
			if e := p.Chroot(c.Root); e != 0 {
				leave()
				return nil, e
			}
			entry, err := netbsd.NewEntry(c.ID, netbsd.Options{System: sim.Wire{Process: p}})
			if err == nil {
				err = entry.Enter()
			}
			if err != nil {
				leave()
				return nil, err
			}
			return leave, nil
		}})
	})
}

// TestDriverUsers: what the driver says to callers who are not root of the host.
func TestDriverUsers(t *testing.T) {
	for _, rev := range secmodel.Revisions() {
		under := simulator(t, sim.Options{Revision: rev})
		if err := under.MakeRoot("/cells/web"); err != nil {
			t.Fatal(err)
		}
		id, err := under.Create(kernel.Spec{Name: "web", Root: "/cells/web"})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			who  string
			spec sim.SpawnSpec
			// lists says that they may see the list, and so be told that they are on the host.
			lists bool
		}{{"a user of the host", sim.SpawnSpec{UID: 1000}, true}, {"root in a cell", sim.SpawnSpec{Cell: id}, false}, {"a user in a cell", sim.SpawnSpec{Cell: id, UID: 1000}, false}} {
			p, err := under.Spawn(c.spec)
			if err != nil {
				t.Fatal(err)
			}
			k, err := netbsd.Open(netbsd.Options{System: sim.Wire{Process: p}, Now: under.Now})
			if err != nil {
				t.Errorf("%s, %s: %v", rev, c.who, err)
				continue
			}
			_, create := k.Create(kernel.Spec{Name: "db", Root: "/tmp"})
			for what, err := range map[string]error{"create": create, "destroy": k.Destroy(id)} {
				if !errors.Is(err, kauth.EPERM) {
					t.Errorf("%s, %s: %s: %v, want EPERM", rev, c.who, what, err)
				}
			}
			if cells, err := k.List(); (err == nil) != c.lists || c.lists && len(cells) != 1 {
				t.Errorf("%s, %s: the list is %v, %v", rev, c.who, cells, err)
			}
			if at, err := k.Current(); (err == nil) != c.lists || at != 0 {
				t.Errorf("%s, %s: the current cell is %d, %v", rev, c.who, at, err)
			}
		}
	}
}

// TestRunning tests the running kernel, if that is wanted.
func TestRunning(t *testing.T) {
	if os.Getenv("CELLSH_KERNEL") != "netbsd" {
		t.Skip("CELLSH_KERNEL=netbsd tests the running NetBSD")
	}
	if os.Geteuid() != 0 {
		t.Fatal("the caller must be root of the host")
	}
	kerneltest.Run(t, func(t *testing.T) kerneltest.Subject {
		k, err := netbsd.Open(netbsd.Options{State: filepath.Join(t.TempDir(), "cells"), Warn: func(err error) { t.Error(err) }})
		if err != nil {
			t.Fatalf("on %s: %v", runtime.GOOS, err)
		}
		// Links in the path of a temporary directory would show in the list as they are.
		folder, err := filepath.EvalSymlinks(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { null.Close() })
		return kerneltest.Subject{Kernel: k, Folder: folder, Furnish: running.furnish, Probe: running.probe,
			Mkdir:     func(path string) error { return os.MkdirAll(path, 0o755) },
			WriteFile: func(path string) error { return os.WriteFile(path, nil, 0o644) },
			Enter: func(c kernel.Cell) (func(), error) {
				in, stay, err := os.Pipe()
				if err != nil {
					return nil, err
				}
				there, out, err := os.Pipe()
				if err != nil {
					return nil, err
				}
				done := make(chan error, 1)
				go func() {
					// It says that it is there, and stays until its input ends.
					_, err := new(launch.Cells).Run(context.Background(), launch.Command{Cell: c, Args: []string{"/bin/sh", "-c", "echo; read x"}},
						launch.Files{In: in, Out: out, Err: null})
					out.Close()
					done <- err
				}()
				leave := func() {
					stay.Close()
					<-done
					in.Close()
					there.Close()
				}
				if _, err := there.Read(make([]byte, 1)); err != nil {
					stay.Close()
					return nil, cmp.Or(<-done, err)
				}
				return leave, nil
			}}
	})
}

// TestLeftOut: a request that policies are asked has a probe, or a reason why it has none, and not both.
func TestLeftOut(t *testing.T) {
	probed := map[string]bool{}
	for _, p := range kerneltest.Probes {
		probed[p.Request] = true
	}
	used := map[string]bool{}
	for _, id := range kauth.Newest().Requests() {
		var reasons []string
		for why, names := range kerneltest.LeftOut {
			for _, name := range names {
				if id.String() == name || strings.HasPrefix(id.String(), name+".") {
					reasons, used[name] = append(reasons, why), true
				}
			}
		}
		switch {
		case probed[id.String()] && len(reasons) > 0:
			t.Errorf("%s has a probe, and is left out: %q", id, reasons)
		case !probed[id.String()] && len(reasons) != 1:
			t.Errorf("%s has no probe, and must have one reason why, but has %q", id, reasons)
		}
	}
	for _, names := range kerneltest.LeftOut {
		for _, name := range names {
			if !used[name] {
				t.Errorf("%s is left out, but is no request that the kernel asks policies", name)
			}
		}
	}
}
