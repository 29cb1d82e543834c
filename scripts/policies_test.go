package scripts_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cellsh/kernel/connect"
	"cellsh/repl/command"
)

// cellsh runs the program as an administrator would.
func cellsh(t *testing.T, args ...string) (status int, out, problems string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status = command.Find(args[0]).Run(args[1:], command.Common{}, command.Env{Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Machine: connect.Machine{Foreign: "linux/amd64"}})
	return status, stdout.String(), stderr.String()
}

func TestPoliciesAreClean(t *testing.T) {
	status, out, problems := cellsh(t, "check", "--json", "policy.d")
	if status != command.OK {
		t.Errorf("check must succeed, but exits with %d:\n%s%s", status, problems, out)
	}
	var report struct {
		Diagnostics []struct{ Severity, Message string }
		Grants      []struct {
			Policy, Reason string
			Requests       []string
		}
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, d := range report.Diagnostics {
		if d.Severity != "note" {
			t.Errorf("check must have nothing to say but notes, but has: %s", d.Message)
		}
	}
	if len(report.Grants) == 0 {
		t.Error("check must list the grants, but lists none")
	}
	// The only grants are those of nginx, and they are for port 80.
	for _, g := range report.Grants {
		if !strings.HasSuffix(g.Policy, "-nginx") || !slices.Equal(g.Requests, []string{"network.bind.privport"}) || g.Reason != "nginx serves port 80 without root" {
			t.Errorf("nothing else should be granted, but there is: %+v", g)
		}
	}
}

func TestPoliciesPassTheirTests(t *testing.T) {
	status, out, problems := cellsh(t, "test", "policy.d", "--threshold", "95")
	if status != command.OK {
		t.Errorf("the tests must pass and cover 95%%, but:\n%s%s", problems, out)
	}
}

// What the base policy must deny to every cell is checked for one that no other policy names: their defaults, which are
// deny, must not hide it.
func TestBaseHoldsUnnamedCells(t *testing.T) {
	dir := copyOf(t)
	change(t, filepath.Join(dir, "policy.d", "00-base.lua"), "  allow = {", "  allow = { \"system.reboot\",")
	status, _, problems := cellsh(t, "check", "--no-proof", filepath.Join(dir, "policy.d"))
	if status != command.Failed || !strings.Contains(problems, "\"cells do not administer the host\" must hold, but cell cell-1 gets allow for system.reboot") {
		t.Errorf("check must find it, but exits with %d:\n%s", status, problems)
	}
}

// The base policy closes what check says is left to root of other policies, which check offers it for.
func TestBaseClosesWhatIsLeft(t *testing.T) {
	file := filepath.Join(t.TempDir(), "open.lua")
	if err := os.WriteFile(file, []byte("policy \"open\" { cells = \"a\", grant = { \"network.route\", \"system.reboot\" } }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	left := func(paths ...string) (list []map[string]any) {
		t.Helper()
		_, out, problems := cellsh(t, append([]string{"check", "--json", "--no-proof"}, paths...)...)
		report := map[string]json.RawMessage{}
		if err := json.Unmarshal([]byte(out), &report); err != nil {
			t.Fatal(err, problems, out)
		}
		if err := json.Unmarshal(report["left_to_root"], &list); err != nil {
			t.Fatal(err, out)
		}
		return list
	}
	if list := left(file); len(list) != 1 || len(list[0]["host"].([]any)) == 0 || len(list[0]["network"].([]any)) == 0 {
		t.Errorf("much must be left of a policy that refuses nothing, but it is %v", list)
	}
	if list := left(file, "policy.d/00-base.lua"); len(list) != 0 {
		t.Errorf("nothing must be left with the base policy, but there is %v", list)
	}
	if list := left("policy.d"); len(list) != 0 {
		t.Errorf("nothing must be left of the policies that ship, but there is %v", list)
	}
}

var declaration = regexp.MustCompile(`(?m)^ *policy[ (]"`)

// Every file that declares a policy has tests beside it.
func TestEveryPolicyHasTests(t *testing.T) {
	files, err := filepath.Glob("policy.d/*.lua")
	if err != nil || len(files) == 0 {
		t.Fatalf("policy.d must hold policies: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.lua") || !declaration.Match(text) {
			continue
		}
		if _, err := os.Stat(strings.TrimSuffix(file, ".lua") + "_test.lua"); err != nil {
			t.Errorf("%s must have tests: %v", file, err)
		}
	}
}
