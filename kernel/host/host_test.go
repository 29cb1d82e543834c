package host

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cellsh/kernel/sim"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
	"cellsh/policy/study"
)

// load reads sources that are no Lua: the name of the source is that of a policy, and each word of the text is a request
// that it denies.
func load(sources []rules.Source) *study.Policies {
	set := &rules.Set{Sources: slices.Clone(sources)}
	var problems diag.List
	for _, s := range sources {
		p := &rules.Policy{Name: strings.TrimSuffix(filepath.Base(s.File), ".lua"), Span: diag.Span{File: s.File, Line: 1}, File: s.File, Default: rules.Default{Result: policy.Allow}}
		for _, word := range strings.Fields(s.Text) {
			at, ok := kauth.FindPattern(word)
			if !ok {
				problems = append(problems, diag.Diagnostic{Span: p.Span, Code: diag.PolicyRequest, Message: "a request must exist, but " + word + " does not"})
				continue
			}
			p.Entries = append(p.Entries, rules.Entry{Pattern: at, Span: p.Span, Result: policy.Deny})
		}
		set.Policies = append(set.Policies, p)
	}
	return study.New(set, problems, study.Options{})
}

// policies are those of one source.
func policies(name, text string) *study.Policies {
	return load([]rules.Source{{File: name + ".lua", Text: text}})
}

// A generation that was loaded while another waited to be confirmed does not confirm that one.
func TestUnconfirmedGenerations(t *testing.T) {
	k, err := sim.New(sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	h := New(k, &Memory{}, load, func() time.Time { return now })
	push := func(name string, confirm time.Duration) {
		t.Helper()
		if _, _, err := h.Load(policies(name, "system.reboot"), LoadOptions{Confirm: confirm}); err != nil {
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
		k.Advance(time.Hour)
		if _, err := h.Expire(); err != nil {
			t.Fatal(err)
		}
		return active()
	}

	push("a", time.Minute)
	push("b", time.Minute)
	if got := expire(); got != "" {
		t.Errorf("nothing was ever confirmed, but active is %q", got)
	}
	push("c", 0)
	push("d", time.Minute)
	push("e", time.Minute)
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
	push("d", time.Minute)
	push("e", time.Minute)
	if booted, _, err := h.Boot(policies("f", "system.rebot"), BootOptions{}); booted != BootLastGood || err == nil || active() != "c" {
		t.Errorf("boot: %s, %v, active is %q", booted, err, active())
	}
	push("d", time.Minute)
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
