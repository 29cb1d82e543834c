package api

import (
	"strings"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/host"
	"cellsh/kernel/sim"
	"cellsh/lua/loader"
	"cellsh/policy/diag"
)

// TestWhatIsMissingIsSaid: on a kernel whose processes are out of reach the functions for them are there, and say so.
func TestWhatIsMissingIsSaid(t *testing.T) {
	k, err := sim.New(sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Create(kernel.Spec{Name: "web", Root: "/", HostRoot: true}); err != nil {
		t.Fatal(err)
	}
	h := host.New(kernel.ReadOnly(k), &host.Memory{}, loader.Reader{}.Load, time.Now)
	s := &session{}
	s.Machine = New(Options{Kernel: Kernel{Host: h}, Output: &s.out, Report: func(l diag.List) { s.problems = append(s.problems, l...) }})
	t.Cleanup(s.Close)
	for text, want := range map[string]string{
		`sim.advance(1)`:                           "kernel sim has no processes: the session is read-only",
		`cell.get("web"):process{}`:                "kernel sim has no processes: the session is read-only",
		`sim.process{}`:                            "kernel sim has no processes: the session is read-only",
		`cell.get("web"):destroy()`:                "must not be read-only for this, but is",
		`cell.create{ name = "x", root = "/x" }`:   "must not be read-only for this, but is",
		`cell.get("web"):exec{ cmd = { "true" } }`: "kernel sim has no enter",
	} {
		if _, problem := s.run(text); !strings.Contains(problem, want) {
			t.Errorf("%s must say %q, but says %q", text, want, problem)
		}
	}
	// Another kernel is nobody's business.
	if out, problem := s.run(`local other = sim.kernel{}
other.cell.create{ name = "x", root = "/x" }
print(#other.cell.list(), #cell.list())`); out != "1\t1\n" || problem != "" {
		t.Errorf("another kernel: %q, %s", out, problem)
	}
}
