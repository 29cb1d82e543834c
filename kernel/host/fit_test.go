package host

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/sim"
	"cellsh/policy"
	"cellsh/policy/analysis"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
	"cellsh/policy/secmodel"
)

// recording remembers how the last cell was made.
type recording struct {
	kernel.Kernel
	last kernel.Spec
}

func (r *recording) Create(s kernel.Spec) (kernel.CellID, error) {
	r.last = s
	return r.Kernel.Create(s)
}

// bare is a host whose kernel asks no programs.
func bare(t *testing.T) *Host {
	t.Helper()
	simulated, err := sim.New(sim.Options{NoEvaluation: true})
	ok(t, err)
	ok(t, simulated.MakeRoot("/cells"))
	k := &recording{Kernel: simulated}
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	return New(k, &Memory{}, load, func() time.Time { return now })
}

// TestLoadWithoutEvaluation: on a kernel that asks no programs policies choose how cells are made, live cells stay as they
// are, and --strict refuses what such a kernel enforces less of.
func TestLoadWithoutEvaluation(t *testing.T) {
	h := bare(t)
	if h.Evaluates() {
		t.Fatal("the kernel must ask no programs")
	}
	_, err := h.Create(kernel.Spec{Name: "web-1", Root: "/cells", Profile: new(kernel.Profile)})
	ok(t, err)
	lax := only("web", "web-*") // denies less than any profile, and something that none does
	out, _, err := h.Load(lax, LoadOptions{Yes: true})
	ok(t, err)
	if !out.Stock || out.Generation != 1 || len(out.Frozen) != 1 || out.Frozen[0].Cell != "web-1" || *out.Frozen[0].Profile != kernel.Low || len(out.Made) != 1 || out.Made[0].Glob != "web-*" || out.Made[0].Cells() != "cells web-*" {
		t.Fatalf("%+v", out)
	}
	report := out.Report()
	if !report.Stock || len(report.Made) != 1 || report.Made[0].Profile != out.Made[0].Fit.Best().Profile.String() || report.Made[0].Lax != out.Made[0].Fit.Lax() ||
		len(report.Frozen) != 1 || report.Frozen[0].Profile != "low" || !report.Frozen[0].Lax {
		t.Errorf("%+v", report)
	}
	if n, err := h.Holds(lax); n != 1 || err != nil {
		t.Errorf("generation %d holds them, %v", n, err)
	}
	if n, err := h.Holds(policies("other", "system.reboot")); n != 0 || err != nil {
		t.Errorf("generation %d holds others, %v", n, err)
	}

	// A new cell is made as fits it best.
	_, err = h.Create(kernel.Spec{Name: "web-2", Root: "/cells"})
	ok(t, err)
	fit, err := lax.Fit("web-2", h.Kernel.Info().Revision, analysis.Strict)
	ok(t, err)
	made := h.Kernel.(*recording)
	if p := made.last.Profile; p == nil || *p != fit.Best().Profile {
		t.Errorf("web-2 is made with profile %v, but %s fits best", p, fit.Best().Profile)
	}
	// What is given stays, and a cell that no policy names gets what the kernel gives it.
	given := kernel.Profile(2)
	_, err = h.Create(kernel.Spec{Name: "web-3", Root: "/cells", Profile: &given, Ports: []uint16{80}})
	ok(t, err)
	if p := made.last.Profile; p == nil || *p != given || !slices.Equal(made.last.Ports, []uint16{80}) {
		t.Errorf("%+v", made.last)
	}
	_, err = h.Create(kernel.Spec{Name: "other", Root: "/cells"})
	ok(t, err)
	if made.last.Profile != nil || made.last.Ports != nil {
		t.Errorf("%+v", made.last)
	}
}

// TestStrictWithoutEvaluation: what the kernel is laxer in is told, and nothing changes.
func TestStrictWithoutEvaluation(t *testing.T) {
	h := bare(t)
	// process.fork is refused by no profile.
	p := load([]rules.Source{{File: "quiet.lua", Text: "process.fork"}})
	_, _, err := h.Load(p, LoadOptions{Strict: true})
	l := diag.Of(err)
	if len(l) == 0 || l[0].Code != diag.FitLax || !strings.Contains(l[0].Message, "the kernel must be at least as strict as the policies for cell ") || !strings.Contains(l[0].Message, "process.fork") {
		t.Fatalf("%v", l)
	}
	if history, err := h.History(); err != nil || history.Active() != nil {
		t.Errorf("%v, %v", history, err)
	}
	if out, _, err := h.Load(p, LoadOptions{}); err != nil || !out.Made[0].Fit.Lax() {
		t.Errorf("%+v, %v", out, err)
	}
	for n, want := range map[int]string{1: "1 request", 2: "2 requests"} {
		if got := count(n, "request"); got != want {
			t.Errorf("%q", got)
		}
	}
}

// TestMerge: what a session declares stands beside what is loaded, and in place of what has the same name.
func TestMerge(t *testing.T) {
	s := newStage(t)
	s.load("a", 0)
	declared := &rules.Set{Policies: []*rules.Policy{
		{Name: "b", Default: rules.Default{Result: policy.Allow}},
	}, Nevers: []*rules.Never{{Title: "n"}}}
	merged, err := s.h.Merge(declared)
	ok(t, err)
	var names []string
	for _, p := range merged.Set().Policies {
		names = append(names, p.Name)
	}
	if !slices.Equal(names, []string{"a", "b"}) || len(merged.Set().Nevers) != 1 || len(merged.Set().Sources) != 1 {
		t.Errorf("%q %v", names, merged.Set())
	}
	mine := &rules.Policy{Name: "a", Default: rules.Default{Result: policy.Deny}}
	merged, err = s.h.Merge(&rules.Set{Policies: []*rules.Policy{mine}})
	ok(t, err)
	if l := merged.Set().Policies; len(l) != 1 || l[0] != mine {
		t.Errorf("%v", l)
	}
}

// TestCellThatIsNotThere: its name is told, and which one was meant.
func TestCellThatIsNotThere(t *testing.T) {
	s := newStage(t)
	for _, c := range []struct{ name, hint string }{{"web-1", "there are no cells"}, {"wbe-1", "did you mean web-1?"}} {
		if c.name == "wbe-1" {
			_, err := s.h.Create(kernel.Spec{Name: "web-1", Root: "/", HostRoot: true})
			ok(t, err)
		}
		_, err := s.h.Cell("look at cell "+c.name, c.name)
		var wrong *kernel.Error
		if !errors.As(err, &wrong) || wrong.Op != "look at cell "+c.name || wrong.Text != "the cell must exist, but there is none called "+c.name || wrong.Hint != c.hint {
			t.Errorf("%s: %+v", c.name, wrong)
		}
	}
	if c, err := s.h.Cell("look", "web-1"); err != nil || c.Name != "web-1" {
		t.Errorf("%v, %v", c, err)
	}
}

// TestReports: what programs read has every member where there is something to say, and lists that are empty are lists.
func TestReports(t *testing.T) {
	text := func(v any) string {
		b, err := json.Marshal(v)
		ok(t, err)
		return string(b)
	}
	s := newStage(t)
	out := s.load("a", time.Minute)
	if got := text(out.Report()); !strings.HasPrefix(got, `{"generation":1,"cells":[],"programs":0,"bytes":`) || !strings.Contains(got, `"until":"2026-06-01T00:01:00Z"`) || strings.Contains(got, "stock") {
		t.Errorf("%s", got)
	}
	history, err := s.h.History()
	ok(t, err)
	history.Generations[0].Sources = append(history.Generations[0].Sources, Source{Source: rules.Source{File: "module.lua", Module: true}})
	if got, want := text(history.Report()), `[{"generation":1,"time":"2026-06-01T00:00:00Z","files":["a.lua"],"active":true,"until":"2026-06-01T00:01:00Z"}]`; got != want {
		t.Errorf("%s", got)
	}
	if got := text((&History{}).Report()); got != "[]" {
		t.Errorf("%s", got)
	}
	four := uint64(4)
	u := Usage{Measure: Measure{Cell: kernel.Cell{ID: 3, Name: "web-1", Root: "/cells/web-1", Age: 90 * time.Second, Processes: 2, References: 3, Memory: 4096, Nofile: &four}, CPU1s: 1.5, Policies: []string{"a"}, Counts: &kernel.Counts{Decisions: 9, Denied: 1}}}
	if got, want := text(u.Report()), `{"id":3,"name":"web-1","root":"/cells/web-1","age":90,"processes":2,"references":3,"memory":4096,"cpu1s":1.5,"cpu10s":0,"nofile":4,"policies":["a"],"covered":true,"program":"policies","profile":"unknown","over":[],"decisions":9,"denied":1,"granted":0,"would_deny":0}`; got != want {
		t.Errorf("%s", got)
	}
	e := kernel.Event{Sequence: 7, Time: 1500 * time.Millisecond, Name: "web-1", Cell: 3, PID: 12, EUID: 80, Request: kauth.MustFind("system.reboot"), Decision: policy.Decision{Answer: policy.Answer{Result: policy.Deny, Reason: "no"}}, Fallback: true}
	r := Recorded{Event: &e, Name: e.Name, Started: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)}
	if got, want := text(r.Report()), `{"model":"secmodel_celleval","sequence":7,"time":1.5,"at":"2026-06-01T00:00:01.5Z","cell":"web-1","id":3,"pid":12,"euid":80,"request":"system.reboot","result":"deny","reason":"no","fallback":true,"unknown":["uid","gid","egid","groups"]}`; got != want {
		t.Errorf("%s", got)
	}
	if got := text(KernelReport(kernel.Info{Name: "x", Revision: secmodel.Current})); !strings.Contains(got, `"vocabulary":""`) || !strings.Contains(got, `"revision":"current"`) {
		t.Errorf("%s", got)
	}
}

// TestWords: what people read of subscriptions, boots and losses.
func TestWords(t *testing.T) {
	var b Bus
	sub := b.On("deny", func(Event) error { return nil })
	if sub.String() != "hook for deny" || !sub.Active() {
		t.Errorf("%s", sub)
	}
	sub.Cancel()
	sub.Cancel()
	if sub.Active() {
		t.Error("a hook that was cancelled must not wait")
	}
	for booted, want := range map[Booted]string{BootLoaded: "loaded", BootLastGood: "last good", BootLockdown: "lockdown", BootNothing: "nothing"} {
		if booted.String() != want {
			t.Errorf("%q", booted)
		}
	}
	loss := &LossError{Losses: []Loss{{Policy: "a", Cells: []string{"web-1"}}}}
	if l := loss.Diagnostics(); len(l) != 1 || l[0].Code != diag.LoadLoses || l[0].Message != "live cells must keep the policies that they have, but cell web-1 loses policy a" || !strings.Contains(l[0].Hint, "load --yes") {
		t.Errorf("%v", l)
	}
	loss.Hint = "run it again"
	if l := loss.Diagnostics(); l[0].Hint != "run it again" {
		t.Errorf("%v", l)
	}
	full := errors.New("no space left")
	if u := (&UnsavedError{Err: full}); !errors.Is(u, full) || u.Error() != "no space left" {
		t.Errorf("%v", u)
	}
}

// TestView: who looks on sees the same policies, and has hooks of its own.
func TestView(t *testing.T) {
	s := newStage(t)
	s.load("a", 0)
	v := s.h.View(kernel.ReadOnly(s.h.Kernel), s.h.notes)
	p, err := v.Policies()
	ok(t, err)
	if l := p.Set().Policies; len(l) != 1 || l[0].Name != "a" {
		t.Errorf("%v", l)
	}
	if _, err := v.Create(kernel.Spec{Name: "web-1", Root: "/", HostRoot: true}); err == nil {
		t.Error("who looks on must make nothing")
	}
	s.h.Events.On("load", func(Event) error { return nil })
	if len(v.Events.subs) != 0 {
		t.Error("hooks must not be shared")
	}
}

// TestStanding: what is active after a start is told by the kernel, and without programs by the notes.
func TestStanding(t *testing.T) {
	s := newStage(t)
	if got := s.h.Standing(); got != BootNothing {
		t.Errorf("%s", got)
	}
	s.load("a", 0)
	if got := s.h.Standing(); got != BootLastGood {
		t.Errorf("%s", got)
	}
	h := bare(t)
	if got := h.Standing(); got != BootNothing {
		t.Errorf("%s", got)
	}
}
