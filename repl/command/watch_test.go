package command

import (
	"errors"
	"strings"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/connect"
	"cellsh/kernel/host"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
)

// TestHookFailures: the same failure is told once a minute, with how often it came, also where the clock jumps; another at once.
func TestHookFailures(t *testing.T) {
	var said strings.Builder
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	f := newHookFile(&Invocation{Env: Env{Stderr: &said, Now: func() time.Time { return now }, Machine: connect.Machine{Foreign: "linux/amd64"}}}, rules.Source{File: "a.lua"})
	for i, step := range []struct {
		later   time.Duration
		message string
		want    string
	}{
		{0, "no", "warning: no"},
		{time.Second, "no", ""},
		{time.Second, "other", "warning: other"},
		{time.Second, "no", ""},
		{57 * time.Second, "no", "warning: no (2 more times since that was said)"},
		{59 * time.Second, "no", ""},
		// The clock is set back, and told anew it is.
		{-time.Hour, "no", "warning: no (1 more time since that was said)"},
		{time.Second, "no", ""},
		{1000 * time.Hour, "no", "warning: no (1 more time since that was said)"},
		{1000 * time.Hour, "no", "warning: no"},
	} {
		now = now.Add(step.later)
		said.Reset()
		f.report(nil, diag.List{{Severity: diag.Warning, Code: diag.HookFailed, Message: step.message}})
		if got := strings.TrimSuffix(strings.TrimSpace(said.String()), " [hook.failed]"); got != step.want {
			t.Errorf("step %d: %q, want %q", i, got, step.want)
		}
	}
	// However many different ones there are, no more are kept than can be.
	for i := range 3 * maxFailures {
		f.report(nil, diag.List{{Severity: diag.Warning, Code: diag.HookFailed, Message: strings.Repeat("x", i)}})
	}
	if len(f.failures) > maxFailures {
		t.Errorf("%d failures are kept", len(f.failures))
	}
}

// TestHookRunsLong: one that does not come back is said once.
func TestHookRunsLong(t *testing.T) {
	var said strings.Builder
	f := newHookFile(&Invocation{Env: Env{Stderr: &said, Machine: connect.Machine{Foreign: "linux/amd64"}}}, rules.Source{File: "a.lua"})
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	const want = "note: a.lua: a hook has been running for 30s; events for this file wait\n"
	for i, step := range []struct {
		busy  bool
		after time.Duration
		want  string
	}{{false, 0, ""}, {true, 29 * time.Second, ""}, {true, 30 * time.Second, want}, {true, time.Hour, ""}, {false, 0, ""}, {true, time.Hour, want}, {true, -time.Hour, ""}} {
		said.Reset()
		f.busy.Store(nil)
		if step.busy {
			f.busy.Store(&now)
		}
		if f.check(now.Add(step.after)); said.String() != step.want {
			t.Errorf("step %d: %q", i, said.String())
		}
	}
}

// TestTrouble: what can't be looked at is said once for each reason, and so is that it can be again.
func TestTrouble(t *testing.T) {
	var said strings.Builder
	o := observer{inv: &Invocation{Env: Env{Stderr: &said, Machine: connect.Machine{Foreign: "linux/amd64"}}}}
	o.trouble("cells", nil)
	for _, err := range []error{errors.New("one"), errors.New("one"), errors.New("two"), nil, nil, errors.New("one")} {
		o.trouble("cells", err)
	}
	o.trouble("services", errors.New("one"))
	const want = "note: cells can't be looked at: one\nnote: cells can't be looked at: two\nnote: cells can be looked at again\nnote: cells can't be looked at: one\nnote: services can't be looked at: one\n"
	if said.String() != want {
		t.Errorf("%s", said.String())
	}
}

// TestObserverTells: denials and grants go to every file of hooks, what is missing is said, and all of it goes to the log.
func TestObserverTells(t *testing.T) {
	var said, log strings.Builder
	inv := &Invocation{Env: Env{Stderr: &said, Machine: connect.Machine{Foreign: "linux/amd64"}}}
	o := observer{inv: inv, out: lines{put: func(b []byte) error { log.Write(b); return nil }, note: func(b []byte, _ uint64) error { log.Write(b); return nil }, end: func() error { return nil }}}
	for range 2 {
		o.files = append(o.files, newHookFile(inv, rules.Source{File: "a.lua"}))
	}
	b := host.Batch{Lost: 3, Gap: true, List: []host.Recorded{{Denial: &kernel.Denial{Text: "line"}}}}
	for _, result := range []policy.Result{policy.Deny, policy.Grant, policy.Allow, policy.Deny} {
		e := &kernel.Event{Sequence: uint64(len(b.List))}
		e.Result = result
		b.List = append(b.List, host.Recorded{Event: e})
	}
	o.decided(nil, &b)
	for _, f := range o.files {
		var got []string
		for range 3 {
			e, _, ok := f.queue.Take(t.Context())
			if !ok {
				t.Fatal("there must be three events")
			}
			got = append(got, e.Kind)
		}
		if strings.Join(got, " ") != "deny deny grant" {
			t.Errorf("%q", got)
		}
	}
	if n := strings.Count(log.String(), "\n"); n != 7 {
		t.Errorf("the log has %d lines: %s", n, log.String())
	}
	if said.String() != "note: 3 decisions are lost: the kernel keeps only so many decisions\nnote: decisions may be lost: the kernel's log was written faster than it was read: denials by secmodel_cell may be missing\n" {
		t.Errorf("%s", said.String())
	}
}
