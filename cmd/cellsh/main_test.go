package main

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"cellsh/kernel/launch"
	"cellsh/repl"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"cellsh": program})
}

// later is the variable with how much later than now it is for the program.
const later = "CELLSH_TEST_LATER"

func program() {
	if os.Getenv(later) == "" || launch.IsHelper(os.Args) {
		main()
		return
	}
	d, err := time.ParseDuration(os.Getenv(later))
	if err != nil {
		panic(err)
	}
	os.Exit(repl.Main(os.Args[1:], repl.Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Now: func() time.Time { return time.Now().Add(d) }}))
}

var update = flag.Bool("update", false, "write what is printed into the scripts")

// The scripts run the program as an administrator would: see "go doc github.com/rogpeppe/go-internal/testscript". In
// addition to its commands there are
//
//	status CODE PROGRAM ARGUMENT...   like exec, with the exit code that is expected
//	fill FILE SIZE                    makes a file of so many bytes, all of them comment
//	cut FROM TO SIZE                  copies the first so many bytes of a file
//	retry PROGRAM ARGUMENT...         like exec, again and again until it succeeds
//
// With the variable CELLSH_TEST_LATER=TIME the program believes that it is later by that.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Condition: func(name string) (bool, error) {
			if name == "root" {
				return os.Getuid() == 0, nil
			}
			return false, errors.New("there is no condition " + name)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"status": status, "fill": fill, "retry": retry, "cut": cut},
	})
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

// retry runs a program until it succeeds: for what another one has to do first.
func retry(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: retry PROGRAM ARGUMENT...")
	}
	var err error
	for range 200 {
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
