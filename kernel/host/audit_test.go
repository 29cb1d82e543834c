package host

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cellsh/kernel"
	"cellsh/kernel/sim"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
	"cellsh/policy/study"
)

// audit audits cells as somebody does who has said yes.
func audit(h *Host, lasts time.Duration, cells ...string) (*Loaded, error) {
	p, err := h.ProposeAudit(cells, lasts)
	if err != nil {
		return nil, err
	}
	plan, err := h.Plan(p, LoadOptions{Yes: true})
	if err != nil {
		return nil, err
	}
	return h.Carry(plan)
}

// An audit ends with the kernel that it was begun on: what is loaded there is what comes after it.
func TestAuditEndsWithItsKernel(t *testing.T) {
	s := newStage(t)
	s.load("a", 0)
	if _, err := s.h.Create(kernel.Spec{Name: "web-1", Root: "/cells"}); err != nil {
		t.Fatal(err)
	}
	if _, err := audit(s.h, time.Hour, "web-1"); err != nil {
		t.Fatal(err)
	}
	fresh, err := sim.New(sim.Options{})
	ok(t, err)
	h := New(fresh, s.h.notes, load, s.h.now)
	if a, err := h.Audit(); err != nil || a != nil {
		t.Errorf("the kernel has nothing loaded, but runs %v, %v", a, err)
	}
	if back, err := h.Expire(); err != nil || back == nil {
		t.Fatalf("what was loaded before the audit is not loaded again: %v, %v", back, err)
	}
	if _, err := h.Create(kernel.Spec{Name: "web-1", Root: "/cells"}); err != nil {
		t.Fatal(err)
	}
	history, err := h.History()
	ok(t, err)
	if a := history.Active(); a.Audit != nil || a.Of != 1 || !a.settled() || history.Deadline != nil {
		t.Errorf("active is %+v, %+v", a, history.Deadline)
	}
	if n, err := h.Holds(policies("a", "system.reboot")); n != history.Active().Number || err != nil {
		t.Errorf("generation %d holds the files, %v", n, err)
	}
}

// What would be loaded again at the end must fit, and what an audit leaves open is told.
func TestAuditIsAskedFor(t *testing.T) {
	s := newStage(t)
	never := func(sources []rules.Source) *study.Policies {
		p := load(sources)
		set := *p.Set()
		reboot, _ := kauth.FindPattern("system.reboot")
		set.Nevers = []*rules.Never{{Title: "no reboot", Span: diag.Span{File: "a.lua", Line: 1}, Patterns: []kauth.Pattern{reboot}}}
		return study.New(&set, nil, study.Options{})
	}
	s.h.load = never
	if _, _, err := s.h.Load(never([]rules.Source{{File: "a.lua", Text: "system.reboot"}}), LoadOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"web-1", "web-2"} {
		if _, err := s.h.Create(kernel.Spec{Name: name, Root: "/cells"}); err != nil {
			t.Fatal(err)
		}
	}
	p, err := s.h.ProposeAudit([]string{"web-1"}, time.Hour)
	ok(t, err)
	plan, err := s.h.Plan(p, LoadOptions{})
	ok(t, err)
	if plan.Problem == nil || !strings.Contains(plan.Problem.Error(), `"no reboot" would not hold`) || len(plan.Audit.Left) != 1 {
		t.Errorf("%v, %+v", plan.Problem, plan.Audit)
	}
	if _, err := s.h.Carry(plan); err == nil {
		t.Error("nobody has agreed")
	}
	plan.Agree()
	if _, err := s.h.Carry(plan); err != nil {
		t.Fatal(err)
	}
	for _, lasts := range []time.Duration{0, -1, MaxAudit + 1} {
		if _, err := s.h.ProposeAudit([]string{"web-1"}, lasts); err == nil {
			t.Errorf("an audit can't last %s", lasts)
		}
	}
}

// Whatever is done: an audit is never settled, loaded again or booted; it ends at what was loaded before; and the kernel refuses
// nothing in the cells that are audited, and in no others.
func TestAudits(t *testing.T) {
	names := []string{"a", "b", "c"}
	low := kernel.Low
	rapid.Check(t, func(rt *rapid.T) {
		k, err := sim.New(sim.Options{})
		if err != nil {
			rt.Fatal(err)
		}
		now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
		notes := &Memory{}
		h := New(k, notes, load, func() time.Time { return now })
		if _, _, err := h.Load(policies("a", "system.reboot"), LoadOptions{}); err != nil {
			rt.Fatal(err)
		}
		for _, name := range names[:2] {
			if _, err := h.Create(kernel.Spec{Name: name, Root: "/cells"}); err != nil {
				rt.Fatal(err)
			}
		}
		pick := func() string { return rapid.SampledFrom(names).Draw(rt, "name") }
		step := func() {
			switch rapid.SampledFrom([]string{"load", "load", "tentative", "only", "unload", "create", "create", "destroy", "audit", "audit", "audit", "audit", "audit", "stop", "rollback",
				"rollback to", "confirm", "time", "kernel's time", "attach", "boot", "restart"}).Draw(rt, "op") {
			case "load":
				_, _, _ = h.Load(policies(pick(), "system.reboot"), LoadOptions{Yes: true})
			case "tentative":
				_, _, _ = h.Load(policies(pick(), "system.reboot"), LoadOptions{Yes: true, Confirm: time.Minute})
			case "only":
				name := pick()
				if p, err := h.Only(policies(name, "system.reboot"), []string{name}); err == nil {
					_, _, _ = h.LoadProposal(p, LoadOptions{Yes: true})
				}
			case "unload":
				if p, err := h.Unload([]string{pick()}); err == nil && len(p.Set().Policies) > 0 {
					_, _, _ = h.LoadProposal(p, LoadOptions{Yes: true})
				}
			case "create":
				_, _ = h.Create(kernel.Spec{Name: pick(), Root: "/cells", Profile: &low})
			case "destroy":
				_ = h.Destroy(pick())
			case "audit":
				if live, _ := h.LiveNames(); len(live) > 0 {
					_, _ = audit(h, time.Hour, rapid.SliceOfN(rapid.SampledFrom(live), 1, 2).Draw(rt, "cells")...)
				}
			case "stop":
				_, _ = h.EndAudit()
			case "rollback":
				_, _ = h.Rollback(0)
			case "rollback to":
				_, _ = h.Rollback(rapid.Uint64Range(1, 12).Draw(rt, "generation"))
			case "confirm":
				if history, _ := h.History(); history.Deadline != nil {
					_ = h.Confirm(history.Deadline.Generation)
				}
			case "time":
				now = now.Add(2 * time.Hour)
			case "kernel's time":
				now = now.Add(2 * time.Hour)
				k.Advance(2 * time.Hour)
			case "attach":
				_, _ = h.Attach()
			case "boot":
				before, _ := h.History()
				if _, _, err := h.Boot(policies("x", "system.rebot"), BootOptions{}); err == nil {
					rt.Fatal("booted what is wrong")
				}
				if after, _ := h.History(); len(after.Generations) > len(before.Generations) && after.Active().Audit != nil {
					rt.Fatal("booted an audit")
				}
			case "restart":
				if k, err = sim.New(sim.Options{}); err != nil {
					rt.Fatal(err)
				}
				h = New(k, notes, load, func() time.Time { return now })
			}
			if _, err := h.Expire(); err != nil {
				rt.Fatal(err)
			}
		}
		for range rapid.IntRange(15, 30).Draw(rt, "steps") {
			step()
			history, err := h.History()
			if err != nil {
				rt.Fatal(err)
			}
			for i := range history.Generations {
				g := &history.Generations[i]
				if g.Audit == nil {
					continue
				}
				if g.settled() || g.Of != 0 {
					rt.Fatalf("an audit that stays: %+v", g)
				}
				for _, o := range history.Generations {
					if o.Of == g.Number {
						rt.Fatalf("%d repeats the audit %d", o.Number, g.Number)
					}
				}
			}
			a, e := history.Active(), history.Enforced()
			if a != nil && a.Audit != nil && (e == nil || e.Audit != nil || !e.settled() || history.Deadline == nil) {
				rt.Fatalf("after the audit %+v comes %+v", a, e)
			}
			running, err := h.Audit()
			if err != nil {
				rt.Fatal(err)
			}
			cells, _ := k.Cells()
			live, _ := k.List()
			for i, c := range live {
				p, err := k.Spawn(sim.SpawnSpec{Cell: c.ID})
				if err != nil {
					rt.Fatal(err)
				}
				refused := p.Reboot() != 0
				p.Exit(0)
				k.Advance(0)
				audited := running != nil && slices.Contains(running.Cells, c.Name) && cells[i].Answered == kernel.ByProgram
				if refused == audited {
					rt.Fatalf("cell %s, answered by %v: refused is %v, and audited %v by %+v", c.Name, cells[i].Answered, refused, audited, running)
				}
				if audited {
					list, _ := k.Events(0)
					if last := list[len(list)-1]; last.Result != policy.Allow || last.Would.Result != policy.Deny || last.Cell != c.ID {
						rt.Fatalf("recorded is %+v", last)
					}
				}
			}
		}
	})
}
