package scripts_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/host"
	"cellsh/kernel/sim"
	"cellsh/lua/api"
	"cellsh/lua/loader"
	"cellsh/policy/diag"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// machine is a simulated kernel with what is kept beside it, on which scripts run one after the other.
type machine struct {
	kernel *sim.Kernel
	host   *host.Host
}

func newMachine(t *testing.T, o sim.Options) *machine {
	t.Helper()
	k, err := sim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) }
	return &machine{k, host.New(k, &host.Memory{}, loader.Reader{}.Load, now)}
}

// run runs a file as a program of its own would: what it printed, and the error in words, "" if there is none.
func (m *machine) run(t *testing.T, file string) (string, string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	var problems diag.List
	a := api.New(api.Options{Kernel: api.Kernel{Host: m.host, Simulator: m.kernel}, Output: &out, Report: func(l diag.List) { problems = append(problems, l...) }})
	defer a.Close()
	fn, err := a.VM.CompileIn(a.VM.Environment(), file, string(text))
	if err == nil {
		_, err = a.Call(fn)
	}
	for _, p := range problems {
		fmt.Fprintln(&out, p.Error())
	}
	if err != nil {
		return out.String(), err.Error()
	}
	return out.String(), ""
}

// state is what a second run must leave as it is: the cells, and what is loaded.
func (m *machine) state(t *testing.T) (string, []kernel.Cell) {
	t.Helper()
	cells, err := m.kernel.List()
	if err != nil {
		t.Fatal(err)
	}
	status, err := m.kernel.Status()
	if err != nil {
		t.Fatal(err)
	}
	known, err := m.kernel.Cells()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "generation %d.%d\n", status.Generation, status.Attachment)
	for _, c := range known {
		fmt.Fprintf(&b, "%d is answered by %d\n", c.Cell, c.Answered)
	}
	for _, c := range cells {
		fmt.Fprintf(&b, "%d %s %s, %d processes, %d references\n", c.ID, c.Name, c.Root, c.Processes, c.References)
	}
	return b.String(), cells
}

// provisioning are the scripts, one for each deployment.
func provisioning(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.lua")
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(files, func(f string) bool { return f == "provision.lua" || f == "demo.lua" })
}

// TestProvisioning runs every script twice on one kernel. The golden files show the first run.
func TestProvisioning(t *testing.T) {
	scripts := provisioning(t)
	if len(scripts) != 10 {
		t.Errorf("there must be a script for each of the 10 deployments, but there are %d", len(scripts))
	}
	for _, file := range scripts {
		t.Run(file, func(t *testing.T) {
			m := newMachine(t, sim.Options{})
			out, problem := m.run(t, file)
			if problem != "" {
				t.Fatalf("the first run fails: %s\n%s", problem, out)
			}
			golden(t, strings.TrimSuffix(file, ".lua"), out)
			before, cells := m.state(t)
			if len(cells) == 0 || strings.Contains(before, "covered []") {
				t.Fatalf("there must be cells with programs, but there is\n%s", before)
			}
			out, problem = m.run(t, file)
			if problem != "" {
				t.Fatalf("the second run fails: %s\n%s", problem, out)
			}
			if after, _ := m.state(t); after != before {
				t.Errorf("the second run must change nothing, but before there was\n%sand after it there is\n%s", before, after)
			}
			if !strings.Contains(out, "unchanged, generation 1\n") || strings.Count(out, " is right, id ") != len(cells) || strings.Contains(out, " made, ") {
				t.Errorf("the second run must say that all is as it should be, but says\n%s", out)
			}
		})
	}
}

// copyOf is the folder as an administrator would copy it, to change it.
func copyOf(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "scripts")
	if err := os.CopyFS(dir, os.DirFS(".")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func change(t *testing.T, file, old, with string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("%s must hold %q, but does not", file, old)
	}
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(text), old, with)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// What differs from the script: each is told, and what can be mended is.
func TestProvisioningMends(t *testing.T) {
	for _, c := range []struct {
		name string
		// between is done before the second run.
		between func(t *testing.T, m *machine, dir string)
		// says are lines of the second run, and problem is in its error.
		says    []string
		problem string
	}{
		{"a policy was changed", func(t *testing.T, m *machine, dir string) {
			change(t, dir+"/policy.d/httpd.lua", "procs = 64", "procs = 65")
		}, []string{"policies               loaded, generation 2", "cell httpd             is right, id 1"}, ""},
		{"a module was changed", func(t *testing.T, m *machine, dir string) {
			change(t, dir+"/policy.d/service.lua", "listens on port", "serves port")
		}, []string{"policies               loaded, generation 2", "httpd serves port 8080 only"}, ""},
		{"a policy is wrong", func(t *testing.T, m *machine, dir string) {
			change(t, dir+"/policy.d/httpd.lua", "procs = 64", "prcs = 64")
		}, nil, "a key of a budget must be a known one, but is \"prcs\" (did you mean procs?)"},
		{"a policy allows too much", func(t *testing.T, m *machine, dir string) {
			change(t, dir+"/policy.d/00-base.lua", "  allow = {", "  allow = { \"system.reboot\",")
			change(t, dir+"/policy.d/httpd.lua", "default = \"deny\"", "default = \"allow\"")
		}, nil, "\"cells do not administer the host\" must hold"},
		{"the cell is gone", func(t *testing.T, m *machine, _ string) {
			if err := m.host.Destroy("httpd"); err != nil {
				t.Fatal(err)
			}
		}, []string{"policies               unchanged, generation 1", "cell httpd             made, id 2"}, ""},
		{"another tool made the cell", func(t *testing.T, m *machine, _ string) {
			if err := m.host.Destroy("httpd"); err != nil {
				t.Fatal(err)
			}
			low := kernel.Low
			if _, err := m.kernel.Create(kernel.Spec{Name: "httpd", Root: "/var/cells/httpd", Profile: &low, Ports: []uint16{8080}}); err != nil {
				t.Fatal(err)
			}
		}, []string{"cell httpd             attached: another tool made it after the policies were loaded", "httpd listens on port 8080 only"}, ""},
		{"the root is another one", func(t *testing.T, m *machine, dir string) {
			change(t, dir+"/httpd.lua", "/var/cells/httpd", "/cells/httpd")
		}, []string{"the root must be /cells/httpd, but is /var/cells/httpd: destroy the cell, and run this again"}, "must be as this script says, but is not"},
		{"a limit is another one", func(t *testing.T, m *machine, dir string) {
			change(t, dir+"/httpd.lua", "ports = { 8080 }", "ports = { 8080 }, nofile = 64")
		}, []string{"nofile must be 64, but is 128: destroy the cell, and run this again"}, "must be as this script says, but is not"},
		{"the profile is another one", func(t *testing.T, m *machine, dir string) {
			change(t, dir+"/httpd.lua", "ports = { 8080 }", "ports = { 8080 }, profile = \"high\"")
		}, []string{"the profile must be high, but is low: destroy the cell, and run this again"}, "must be as this script says, but is not"},
		{"the policies allow what the script shows as refused", func(t *testing.T, m *machine, dir string) {
			change(t, dir+"/policy.d/httpd.lua", "port = 8080,", "port = 8081,")
		}, []string{"it serves a second port, but it must be refused", "httpd serves port 8080, but it must be allowed: EACCES"}, "must be as this script says, but is not"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, dir := newMachine(t, sim.Options{}), copyOf(t)
			file := filepath.Join(dir, "httpd.lua")
			if out, problem := m.run(t, file); problem != "" {
				t.Fatalf("the first run fails: %s\n%s", problem, out)
			}
			c.between(t, m, dir)
			before, _ := m.state(t)
			out, problem := m.run(t, file)
			if c.problem == "" && problem != "" || !strings.Contains(problem, c.problem) {
				t.Errorf("the second run must fail with %q, but fails with %q\n%s", c.problem, problem, out)
			}
			for _, line := range c.says {
				if !strings.Contains(out, line) {
					t.Errorf("the second run must say %q, but says\n%s", line, out)
				}
			}
			if after, _ := m.state(t); c.problem != "" && c.says == nil && after != before {
				t.Errorf("a load that is refused must change nothing, but before there was\n%sand after it there is\n%s", before, after)
			}
		})
	}
}

// What goes wrong in what the scripts share is told at the line of the script that has asked for it.
func TestProvisioningBlamesTheScript(t *testing.T) {
	for _, c := range []struct{ name, file, old, with, line, problem string }{
		{"a root that is none", "httpd.lua", "root = \"/var/cells/httpd\"", "root = \"var\"", "local httpd = provision.cell", "the root must be an absolute path"},
		{"a misspelt key", "httpd.lua", "ports = {", "prots = {", "local httpd = provision.cell", "a key of cell.create must be a known one, but is prots (did you mean ports?)"},
		{"no name", "httpd.lua", "name = \"httpd\", root", "root", "local httpd = provision.cell", "name of cell.create must be a string, but is nil"},
		{"a policy is wrong", "policy.d/httpd.lua", "procs = 64", "prcs = 64", "provision.policies()", "policy.d/httpd.lua:"},
		{"something differs", "httpd.lua", "refused(\"it serves a second port\", www:bind{ port = 8081 })", "allowed(\"it serves a second port\", www:bind{ port = 8081 })", "provision.finish()", "see the line above with \"must\""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, dir := newMachine(t, sim.Options{}), copyOf(t)
			file := filepath.Join(dir, "httpd.lua")
			change(t, filepath.Join(dir, c.file), c.old, c.with)
			_, problem := m.run(t, file)
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			before, _, _ := strings.Cut(string(text), c.line)
			if place := fmt.Sprintf("%s:%d:", file, 1+strings.Count(before, "\n")); !strings.HasPrefix(problem, place) || !strings.Contains(problem, c.problem) || strings.Contains(problem, "provision.lua") {
				t.Errorf("it must fail at %s with %q, but fails with %q", place, c.problem, problem)
			}
		})
	}
}

// On a kernel that asks no policies the cells get what fits these best, and the scripts say so.
func TestProvisioningWithoutEvaluation(t *testing.T) {
	for _, file := range provisioning(t) {
		m := newMachine(t, sim.Options{NoEvaluation: true})
		for _, loaded := range []string{"loaded", "unchanged"} {
			out, problem := m.run(t, file)
			if problem != "" || !strings.HasPrefix(out, "policies               "+loaded+", generation 1\npolicies               kernel sim asks none: cells get the profile and the ports that fit them best\n") {
				t.Errorf("%s: %s\n%s", file, problem, out)
			}
		}
		if cells, err := m.kernel.List(); err != nil || len(cells) == 0 {
			t.Errorf("%s must make cells, but makes %d: %v", file, len(cells), err)
		}
	}
}

// golden compares with a file in testdata, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("prints\n%swant\n%s", got, want)
	}
}

func TestDemonstration(t *testing.T) {
	// As a program that carries it does, from a folder of its own.
	out, problem := newMachine(t, sim.Options{}).run(t, filepath.Join(copyOf(t), "demo.lua"))
	if problem != "" {
		t.Fatalf("it fails: %s\n%s", problem, out)
	}
	golden(t, "demo", out)
}

// The script of rc.d(8) that loads policies does what its comments promise for every exit code of load --boot.
func TestBootScript(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh: ", err)
	}
	text, err := os.ReadFile("rc.d/cellsh")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		return file
	}
	command := write("cellsh", "#!/bin/sh\necho \"$@\"\nexit $CODE\n")
	// What rc.subr(8) gives.
	subr := write("rc.subr", `warn() { echo "WARNING: $*"; }
load_rc_config() { cellsh_flags="--lockdown"; }
run_rc_command() { rc_flags=$cellsh_flags; eval "run=\$${1}_cmd"; $run; }
`)
	script := strings.NewReplacer("/etc/rc.subr", subr, "/sbin/cellsh", command).Replace(string(text))
	file := write("script", script)
	for _, c := range []struct {
		word string
		code int
		want string
	}{
		{"start", 0, "Loading policies of cells.\n-k netbsd load --boot --lockdown /etc/cellsh/policy.d\n"},
		{"start", 1, "those that were loaded last are active\n"},
		{"start", 2, "it is not known which policy is active\n"},
		{"start", 3, "cells may do nothing (lockdown)\n"},
		{"start", 4, "no policy is active: cells are held by their profiles and the kernel's fallback alone\n"},
		{"stop", 0, ""},
		{"reload", 0, "-k netbsd load /etc/cellsh/policy.d\n"},
		{"reload", 1, "run: " + command + " -k netbsd load --yes /etc/cellsh/policy.d\n"},
		{"check", 1, "-k netbsd check /etc/cellsh/policy.d\n"},
		{"status", 0, "-k netbsd list\n"},
	} {
		run := exec.Command(sh, file, c.word)
		run.Env = append(os.Environ(), fmt.Sprintf("CODE=%d", c.code))
		out, _ := run.CombinedOutput()
		if code := run.ProcessState.ExitCode(); code != c.code || !strings.HasSuffix(string(out), c.want) {
			t.Errorf("%s with exit code %d must say %q, but exits with %d and says %q", c.word, c.code, c.want, code, out)
		}
	}
}
