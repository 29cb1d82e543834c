package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"cellsh/kernel"
	"cellsh/kernel/abi"
	"cellsh/kernel/connect"
	"cellsh/kernel/launch"
	"cellsh/kernel/monitor"
	"cellsh/kernel/monitor/rundir"
	"cellsh/kernel/process"
	"cellsh/kernel/sim"
	"cellsh/policy/kauth"
	"cellsh/repl"
)

func TestMain(m *testing.M) {
	if launch.IsHelper(os.Args) || monitor.IsHelper(os.Args) {
		program() // for what the tests themselves start
	}
	testscript.Main(m, map[string]func(){"cellsh": program, "fetch": fetch})
}

// later is the variable with how much later than now it is for the program, uptime with how much longer a kernel that is kept runs, machine the one with what it runs on, and
// policies the one with the folder of the policies for boot.
const (
	later    = "CELLSH_TEST_LATER"
	uptime   = "CELLSH_TEST_UPTIME"
	machine  = "CELLSH_TEST_MACHINE"
	policies = "CELLSH_TEST_POLICIES"
)

// program is the program on a machine whose kernel no script can reach.
func program() {
	switch {
	case launch.IsHelper(os.Args):
		os.Exit(launch.Helper(launch.NewSystem(nil)))
	case monitor.IsHelper(os.Args):
		os.Exit(monitor.Main(os.Args, monitor.Options{Sockets: []string{}}))
	}
	m, err := testMachine(os.Getenv(machine))
	if err != nil {
		panic(err)
	}
	os.Exit(repl.Main(os.Args[1:], repl.Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Version: version, Now: clock(later), Machine: m}))
}

// clock is a clock that the variable sets.
func clock(variable string) func() time.Time {
	d, err := time.ParseDuration(cmp.Or(os.Getenv(variable), "0s"))
	if err != nil {
		panic(err)
	}
	return func() time.Time { return time.Now().Add(d) }
}

// fetch is a program that makes a request of the server whose address is in a file, as cellsh metrics writes it, and writes the
// answer.
func fetch() {
	text, err := os.ReadFile(os.Args[1])
	if err == nil {
		at := regexp.MustCompile(`http://[^/]+`).Find(text)
		if at == nil {
			err = errors.New("there is no address yet")
		} else {
			err = request(string(at) + os.Args[2])
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func request(url string) error {
	a, err := http.Get(url)
	if err != nil {
		return err
	}
	defer a.Body.Close()
	fmt.Println(a.Status)
	_, err = io.Copy(os.Stdout, a.Body)
	return err
}

// testMachine is a machine that stands for the one that the tests run on. Without a name it is no NetBSD. Else it is one
// with a cell called web, where the program is run by
//
//	root     root of the host
//	user     a user of the host, which the process then is too
//	member   root in the cell
//
// or kept:FILE: then it has no cell at first, root of the host, the evaluation model, and a kernel that is kept in the file and
// goes on when programs end, until the file is removed. It counts by
// a clock of its own (CELLSH_TEST_UPTIME).
//
// Behind any of the others +evaluation says that the kernel has the evaluation model, and +evaluation+blocked that its device can't
// be made either, because /dev is read-only.
// What is kept beside its kernel is in the folder db, the state of services in run, and the policies for boot are in policy.d, or in CELLSH_TEST_POLICIES.
func testMachine(name string) (connect.Machine, error) {
	m := connect.Machine{Foreign: "linux/amd64", Folder: "db", Run: "run", Hooks: "hooks.d", Policies: cmp.Or(os.Getenv(policies), "policy.d")}
	if name == "" {
		return m, nil
	}
	if path, is := strings.CutPrefix(name, "kept:"); is {
		m.System = kept{path, clock(uptime)}
		return m, nil
	}
	name, blocked := strings.CutSuffix(name, "+blocked")
	name, evaluation := strings.CutSuffix(name, "+evaluation")
	k, err := sim.New(sim.Options{NoEvaluation: !evaluation})
	if err != nil {
		return m, err
	}
	if err := k.MakeRoot("/cells/web"); err != nil {
		return m, err
	}
	web, err := k.Create(kernel.Spec{Name: "web", Root: "/cells/web"})
	if err != nil {
		return m, err
	}
	var who sim.SpawnSpec
	switch name {
	case "root":
	case "member":
		who.Cell = web
	case "user":
		const nobody = 32767
		if os.Getuid() == 0 {
			err = errors.Join(syscall.Setgroups(nil), syscall.Setgid(nobody), syscall.Setuid(nobody))
		}
		who.UID, who.GID = nobody, nobody
	default:
		err = fmt.Errorf("%s must be root, user or member, but is %s", machine, name)
	}
	if err != nil {
		return m, err
	}
	p, err := k.Spawn(who)
	m.System = sim.Wire{Process: p}
	if blocked {
		m.System = blockedDevice{sim.Wire{Process: p}}
	}
	return m, err
}

// blockedDevice is a system without a device of the evaluation model, with a /dev that is read-only.
type blockedDevice struct{ sim.Wire }

func (blockedDevice) OpenEvaluation(uint32) (abi.Device, error) { return nil, kauth.EROFS }
func (blockedDevice) LookEvaluation(uint32) error               { return kauth.EROFS }

var update = flag.Bool("update", false, "write what is printed into the scripts")

// The scripts run the program as an administrator would: see "go doc github.com/rogpeppe/go-internal/testscript". In
// addition to its commands there are
//
//	status CODE PROGRAM ARGUMENT...   like exec, with the exit code that is expected
//	fill FILE SIZE                    makes a file of so many bytes, all of them comment
//	cut FROM TO SIZE                  copies the first so many bytes of a file
//	mode FILE OCTAL                   fails unless these are the file's permissions
//	link FILE TARGET                  fails unless the file is a symbolic link to that
//	retry PROGRAM ARGUMENT...         like exec, again and again until it succeeds
//	crash KEY FILE                    kills the process whose number has that key in the status of a service, as JSON
//
// the program
//
//	fetch FILE PATH                   asks the server for a path, whose address cellsh metrics has written to the file
//
// and the conditions root, kill for a shell that can send signals, mount for who may mount file systems for a program alone, and
// processes for a system whose processes can be seen. Services that a script has started are stopped at its end.
//
// RCD is the path of the rc.d script.
//
// With the variable CELLSH_TEST_LATER=TIME the program believes that it is later by that, and with CELLSH_TEST_MACHINE=NAME
// that it runs on that machine, see testMachine; on the one that it does run on it never is.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			path, err := filepath.Abs("../../scripts/rc.d/cellsh")
			env.Setenv("RCD", path)
			return errors.Join(err, stopServices(env))
		},
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Condition: func(name string) (bool, error) {
			switch name {
			case "root":
				return os.Getuid() == 0, nil
			case "processes":
				_, err := process.Read(process.Query{})
				return err == nil, nil
			case "kill":
				return exec.Command("sh", "-c", "kill -0 $$").Run() == nil, nil
			case "mount":
				return exec.Command("unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", os.TempDir()).Run() == nil, nil
			}
			return false, errors.New("there is no condition " + name)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"status": status, "fill": fill, "retry": retry, "cut": cut, "mode": mode, "link": link, "crash": crash},
	})
}

// crash kills a process that a status names.
func crash(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: crash KEY FILE")
	}
	var list []map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &list))
	pid, ok := list[0][args[0]].(float64)
	if !ok || pid <= 1 {
		ts.Fatalf("there is no process %s in %s", args[0], args[1])
	}
	ts.Check(syscall.Kill(int(pid), syscall.SIGKILL))
}

// stopServices stops what a script has left running.
func stopServices(e *testscript.Env) error {
	e.Defer(func() {
		m := &monitor.Manager{Dir: rundir.Dir(filepath.Join(e.WorkDir, "run"))}
		names, err := m.Dir.Names()
		for _, name := range names {
			_, failed := m.Stop(context.Background(), name)
			err = errors.Join(err, failed)
		}
		if err != nil {
			panic(err)
		}
	})
	return nil
}

func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status CODE PROGRAM ARGUMENT...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("the exit code is %d, but must be %d", got, want)
	}
}

func fill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: fill FILE SIZE")
	}
	size, err := strconv.Atoi(args[1])
	ts.Check(err)
	text := make([]byte, size)
	for i := range text {
		text[i] = '-'
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), text, 0o644))
}

func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode FILE OCTAL")
	}
	want, err := strconv.ParseUint(args[1], 8, 32)
	ts.Check(err)
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := info.Mode().Perm(); uint64(got) != want {
		ts.Fatalf("the mode is %#o, but must be %#o", got, want)
	}
}

func link(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: link FILE TARGET")
	}
	target, err := os.Readlink(ts.MkAbs(args[0]))
	ts.Check(err)
	if target != args[1] {
		ts.Fatalf("the link leads to %s, but must lead to %s", target, args[1])
	}
}

// retry runs a program until it succeeds: for what another one has to do first.
func retry(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: retry PROGRAM ARGUMENT...")
	}
	var err error
	for range 2000 {
		if err = ts.Exec(args[0], args[1:]...); err == nil {
			return
		}
	}
	ts.Fatalf("it never succeeds: %v", err)
}

func cut(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: cut FROM TO SIZE")
	}
	size, err := strconv.Atoi(args[2])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(ts.ReadFile(args[0])[:size]), 0o644))
}
