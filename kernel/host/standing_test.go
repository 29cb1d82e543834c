package host

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/abi"
	"cellsh/kernel/netbsd"
	"cellsh/kernel/sim"
	"cellsh/policy"
	"cellsh/policy/analysis"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

func newHost(t *testing.T, k kernel.Kernel) *Host {
	t.Helper()
	return New(k, &Memory{}, load, func() time.Time { return time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC) })
}

func newSim(t testing.TB, o sim.Options) *sim.Kernel {
	t.Helper()
	k, err := sim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.MakeRoot("/cells/c"); err != nil {
		t.Fatal(err)
	}
	return k
}

// driver is that of the running NetBSD on the simulated one, with a memory of what it has made at the path.
func driver(t testing.TB, under *sim.Kernel, state string) kernel.Kernel {
	t.Helper()
	k, err := netbsd.Open(netbsd.Options{System: sim.Wire{Process: under.Init()}, Now: under.Now, State: state, Warn: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func makeCell(t *testing.T, k interface {
	Create(kernel.Spec) (kernel.CellID, error)
}, name string, profile *kernel.Profile) kernel.CellID {
	t.Helper()
	id, err := k.Create(kernel.Spec{Name: name, Root: "/cells/c", Profile: profile})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// What is said to answer for a cell is what does.
func TestStandingOf(t *testing.T) {
	low, medium, high := kernel.Low, kernel.Medium, kernel.High
	web := policies("web", "system") // for every cell
	state := filepath.Join(t.TempDir(), "cells")
	asks, stock := newSim(t, sim.Options{}), newSim(t, sim.Options{NoEvaluation: true})
	evaluating, silent := newHost(t, asks), newHost(t, driver(t, stock, state))
	// Made before there were policies, and by another tool after.
	makeCell(t, evaluating, "early", &low)
	for _, h := range []*Host{evaluating, silent} {
		if _, _, err := h.Load(web, LoadOptions{}); err != nil {
			t.Fatal(err)
		}
		makeCell(t, h, "ours", nil)
	}
	makeCell(t, asks, "theirs-low", &low)
	makeCell(t, asks, "theirs-high", &high)
	makeCell(t, driver(t, stock, ""), "theirs", &low)
	makeCell(t, silent, "medium", &medium)
	forgetful := newHost(t, driver(t, stock, "")) // another machine's notes
	for _, c := range []struct {
		what  string
		h     *Host
		cell  string
		want  string
		exact analysis.Answering
		who   string
		near  string
	}{
		{"a cell of ours where programs are asked", evaluating, "ours", "policies", analysis.ByPolicies, "the program of its policies answers", ""},
		{"one that was there before the load", evaluating, "early", "policies", analysis.ByPolicies, "the program of its policies answers", ""},
		{"one of other tools", evaluating, "theirs-low", "fallback", analysis.ByFallback, "it has no program of its policies, which cellsh attach gives it: the fallback answers", ""},
		{"one of a profile for which the fallback does not speak", evaluating, "theirs-high", "profile high", analysis.ByNone, "its profile, which is high,", ""},
		{"one that does not exist", evaluating, "our", "policies", analysis.ByPolicies, "the program of its policies answers", "ours"},
		{"a cell of ours where none are asked", silent, "ours", "profile high", analysis.ByNone, "this kernel asks no programs: its profile, which is high,", ""},
		{"one with a profile of its own", silent, "medium", "profile medium", analysis.ByNone, "this kernel asks no programs: its profile, which is medium,", ""},
		{"one of other tools", silent, "theirs", "profile unknown", analysis.ByNone, "the profile is not known: another tool has made the cell", ""},
		{"one that does not exist", silent, "nobody", "profile high", analysis.ByNone, "one made now gets profile high", ""},
		{"nothing is remembered", forgetful, "ours", "profile unknown", analysis.ByNone, "the profile is not known", ""},
	} {
		p, err := c.h.Policies()
		if err != nil {
			t.Fatal(err)
		}
		s, err := c.h.StandingOf(c.cell, p, false)
		if err != nil {
			t.Fatal(err)
		}
		if s.String() != c.want || s.Asked() != c.exact || !strings.Contains(s.Who(), c.who) || s.Near != c.near {
			t.Errorf("%s (%s): %s, %s, near %q: %s", c.what, c.cell, s.String(), s.Asked(), s.Near, s.Who())
		}
		if missing := s.Missing() != ""; missing == s.Exists || missing != (strings.Contains(c.what, "does not exist")) {
			t.Errorf("%s (%s): exists %v, %q", c.what, c.cell, s.Exists, s.Missing())
		}
	}

	// What is supposed to be loaded is asked of cells by their names, and what they were made with stays.
	other := policies("other", "machdep")
	for _, c := range []struct {
		h          *Host
		cell, want string
	}{{evaluating, "theirs-high", "policies"}, {evaluating, "nobody", "policies"}, {silent, "medium", "profile medium"}} {
		s, err := c.h.StandingOf(c.cell, other, true)
		if err != nil {
			t.Fatal(err)
		}
		if s.String() != c.want {
			t.Errorf("%s under other policies: %s, want %s", c.cell, s.String(), c.want)
		}
	}
}

// secret are notes that only root may read.
type secret struct{ Notebook }

func (secret) ReadNotes() ([]byte, error) { return nil, kauth.EACCES }

// Policies that the caller may not read are not told as lost.
func TestUsageOfHiddenPolicies(t *testing.T) {
	k := newSim(t, sim.Options{})
	h := newHost(t, k)
	if _, _, err := h.Load(policies("web", "system"), LoadOptions{}); err != nil {
		t.Fatal(err)
	}
	makeCell(t, h, "web", nil)
	if u, err := h.Usage(); err != nil || len(u) != 1 || u[0].Hidden || u[0].Policies == nil {
		t.Errorf("%+v, %v", u, err)
	}
	user := New(k, secret{h.notes}, load, h.Now)
	if u, err := user.Usage(); err != nil || len(u) != 1 || !u[0].Hidden || !u[0].Covered() || u[0].Policies != nil {
		t.Errorf("%+v, %v", u, err)
	}
}

// A kernel that has another generation than was loaded last does not answer by that.
func TestStandingBehind(t *testing.T) {
	k := newSim(t, sim.Options{})
	h := newHost(t, k)
	if _, _, err := h.Load(policies("web", "system"), LoadOptions{}); err != nil {
		t.Fatal(err)
	}
	makeCell(t, h, "web", nil)
	g := Generation{Number: 5, Sources: whole([]rules.Source{{File: "web.lua", Text: "machdep"}})}
	if err := writeHistory(h.notes, (&History{}).with(g, nil)); err != nil {
		t.Fatal(err)
	}
	p, err := h.Policies()
	if err != nil {
		t.Fatal(err)
	}
	s, err := h.StandingOf("web", p, false)
	if err != nil {
		t.Fatal(err)
	}
	if u, err := h.Usage(); err != nil || len(u) != 1 || u[0].Behind != 1 || !u[0].Covered() || u[0].Unattached {
		t.Errorf("%+v, %v", u, err)
	}
	if s.Behind != 1 || !strings.Contains(s.Who(), "generation 1 answers") {
		t.Errorf("behind %d: %s", s.Behind, s.Who())
	}
}

// What Explain says becomes of a reboot is what becomes of it, whatever the kernel asks and whatever the cell was made with.
func TestExplainIsWhatHappens(t *testing.T) {
	reboot, ok := kauth.Find("system.reboot")
	if !ok {
		t.Fatal("there is no system.reboot")
	}
	for _, c := range []struct {
		sim.Options
		disabled bool
	}{{}, {disabled: true}, {Options: sim.Options{NoEvaluation: true}}} {
		for _, text := range []string{"machdep", "system machdep", "process.ptrace"} {
			k := newSim(t, c.Options)
			h := newHost(t, k)
			if c.disabled {
				if e := k.Init().SysctlWrite(abi.EvalDisable, int64(1)); e != 0 {
					t.Fatal(e)
				}
			}
			for _, p := range []kernel.Profile{kernel.Low, kernel.Medium, kernel.High} {
				makeCell(t, h, "before-"+p.String(), &p)
			}
			if _, _, err := h.Load(policies("p", text), LoadOptions{}); err != nil {
				t.Fatal(err)
			}
			for _, p := range []kernel.Profile{kernel.Low, kernel.Medium, kernel.High} {
				makeCell(t, h, "with-"+p.String(), &p)
				makeCell(t, k, "theirs-"+p.String(), &p)
			}
			makeCell(t, h, "chosen", nil)
			p, err := h.Policies()
			if err != nil {
				t.Fatal(err)
			}
			cells, err := k.List()
			if err != nil {
				t.Fatal(err)
			}
			for _, in := range cells {
				for _, uid := range []uint32{0, 1000} {
					q := policy.Question{Cell: in.Name, Request: policy.Request{ID: reboot}}
					q.SetCredential(uid, uid, uid, uid)
					e, err := h.Explain(&q, p, false)
					if err != nil {
						t.Fatal(err)
					}
					if e.Becomes == nil {
						// The policies deny it, which stands: what else is said is that of can.
						if e.Decision.Result != policy.Deny || e.Standing.Asked() != analysis.ByPolicies {
							t.Errorf("policies %q, cell %s, uid %d: it is not said what becomes of %s", text, in.Name, uid, e.Decision.Result)
						}
						if e.Becomes, err = p.Becomes(&q, e.Standing.Answerer); err != nil {
							t.Fatal(err)
						}
					}
					if len(e.Becomes) != 1 {
						t.Fatalf("%+v", e.Becomes)
					}
					said := e.Becomes[0].User
					if uid == 0 {
						said = e.Becomes[0].Root
					}
					proc, err := k.Spawn(sim.SpawnSpec{Cell: in.ID, UID: uid})
					if err != nil {
						t.Fatal(err)
					}
					happens := proc.Reboot() == 0
					proc.Exit(0)
					k.Init().Wait()
					if off := strings.Contains(e.Standing.Who(), "is switched off"); off != c.disabled {
						t.Errorf("cell %s: %s", in.Name, e.Standing.Who())
					}
					if says := said.String(); strings.HasPrefix(says, "allowed by") != happens || !happens && !strings.HasPrefix(says, "refused") {
						t.Errorf("policies %q, cell %s, uid %d: it is said to be %s, but is allowed: %v", text, in.Name, uid, says, happens)
					}
				}
			}
		}
	}
}
