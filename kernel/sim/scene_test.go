package sim_test

import (
	"fmt"
	"testing"

	"cellsh/kernel"
	"cellsh/kernel/sim"
	"cellsh/policy/kauth"
	"cellsh/policy/secmodel"
)

// ok fails the test if a call failed.
func ok(t testing.TB, what string, e kauth.Errno) {
	t.Helper()
	if e != 0 {
		t.Fatalf("%s: %s", what, e.Name())
	}
}

// do makes a call of the table that must not be misused, and gives its outcome.
func do(t testing.TB, p *sim.Process, name string, args map[string]any) (any, kauth.Errno) {
	t.Helper()
	v, e, err := p.Call(name, args)
	if err != nil {
		t.Fatal(err)
	}
	return v, e
}

type args = map[string]any

func start(t testing.TB, o sim.Options) *sim.Kernel {
	t.Helper()
	k, err := sim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// recorderKernel is the machine on which the vectors were recorded: without the evaluation model, with roots for
// cells that have a few device nodes. It gives the process that recorded, a child of init.
func recorderKernel(t testing.TB, revision string) (*sim.Kernel, *sim.Process) {
	t.Helper()
	rev, known := secmodel.ParseRevision(revision)
	if !known {
		t.Fatalf("there is no revision %q", revision)
	}
	k := start(t, sim.Options{Revision: rev, NoEvaluation: true})
	for _, cell := range []string{"web", "db"} {
		for _, dir := range []string{"dev", "etc", "bin", "tmp"} {
			if err := k.Mkdir("/cells/" + cell + "/" + dir); err != nil {
				t.Fatal(err)
			}
		}
		root := k.Init()
		_, e := do(t, root, "chmod", args{"path": "/cells/" + cell + "/tmp", "mode": 0o1777})
		ok(t, "chmod", e)
		for _, n := range []struct {
			name         string
			major, minor int
			mode         int
			gid          int
		}{{"null", 2, 2, 0o666, 0}, {"zero", 2, 12, 0o666, 0}, {"mem", 2, 0, 0o640, 2}, {"ptmx", 165, 0, 0o666, 0}, {"tty", 1, 0, 0o666, 0}} {
			path := fmt.Sprintf("/cells/%s/dev/%s", cell, n.name)
			ok(t, "mknod", root.Mknod(path, "chr", 0o600, n.major, n.minor))
			_, e := do(t, root, "chmod", args{"path": path, "mode": n.mode})
			ok(t, "chmod", e)
			_, e = do(t, root, "chown", args{"path": path, "gid": n.gid})
			ok(t, "chown", e)
		}
	}
	p, e := k.Init().Fork()
	ok(t, "fork", e)
	ok(t, "setrlimit", p.Setrlimit(8, sim.Rlimit{Cur: 3403, Max: 3404}))
	return k, p
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// inCell brings a root process into a cell, as every launcher does.
func inCell(t testing.TB, p *sim.Process, root string, id kernel.CellID) {
	t.Helper()
	ok(t, "chroot", p.Chroot(root))
	ok(t, "chdir", p.Chdir("/"))
	ok(t, "enter", p.SysctlWrite("security.models.cell.id", int64(id)))
}

// dropTo gives up root.
func dropTo(t testing.TB, p *sim.Process, uid uint32) {
	t.Helper()
	ok(t, "setgroups", p.Setgroups(100))
	ok(t, "setgid", p.Setgid(100))
	ok(t, "setuid", p.Setuid(uid))
}
