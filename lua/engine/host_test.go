package engine

import (
	"testing"
	"time"

	"cellsh/kernel/sim"
	"cellsh/policy/rules"
)

// A generation that was loaded while another waited to be confirmed does not confirm that one.
func TestUnconfirmedGenerations(t *testing.T) {
	k, err := sim.New(sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	h := NewHost(k, &Memory{}, Options{}, func() time.Time { return now })
	load := func(name string, confirm time.Duration) {
		t.Helper()
		p := FromSources([]rules.Source{{File: name + ".lua", Text: "policy '" + name + "' {}"}}, Options{})
		if _, _, err := h.Load(p, LoadOptions{Confirm: confirm}); err != nil {
			t.Fatal(err)
		}
	}
	active := func() string {
		t.Helper()
		p, err := h.Policies()
		if err != nil {
			t.Fatal(err)
		}
		names := ""
		for _, p := range p.Set().Policies {
			names += p.Name
		}
		return names
	}
	expire := func() string {
		t.Helper()
		now = now.Add(time.Hour)
		if _, err := h.Expire(); err != nil {
			t.Fatal(err)
		}
		return active()
	}

	load("a", time.Minute)
	load("b", time.Minute)
	if got := expire(); got != "" {
		t.Errorf("nothing was ever confirmed, but active is %q", got)
	}
	load("c", 0)
	load("d", time.Minute)
	load("e", time.Minute)
	if got := active(); got != "e" {
		t.Fatalf("active is %q", got)
	}
	if got := expire(); got != "c" {
		t.Errorf("c was the last that nobody had to confirm, but active is %q", got)
	}
	if got := expire(); got != "c" {
		t.Errorf("nothing waits any more, but active is %q", got)
	}

	// At boot neither of two that wait is an earlier good one.
	load("d", time.Minute)
	load("e", time.Minute)
	broken := FromSources([]rules.Source{{File: "f.lua", Text: "policy 'f' { denny = {} }"}}, Options{})
	if booted, _, err := h.Boot(broken, BootOptions{}); booted != BootLastGood || err == nil || active() != "c" {
		t.Errorf("boot: %s, %v, active is %q", booted, err, active())
	}
	load("d", time.Minute)
	history, err := h.History()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Confirm(history.Active().Number); err != nil {
		t.Fatal(err)
	}
	if got := expire(); got != "d" {
		t.Errorf("d was confirmed, but active is %q", got)
	}
}
