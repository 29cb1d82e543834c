package sim_test

import (
	"strings"
	"testing"

	"cellsh/kernel/sim"
	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
	"cellsh/policy/stock"
)

// renumbered is a kernel of a version that nobody has: every action has a higher number, system.mknod is asked under a spin
// lock, and one request is gone.
func renumbered(t *testing.T) *kauth.Vocabulary {
	t.Helper()
	old := kauth.Newest()
	numbers, flags := make([]kauth.Number, kauth.NumRequests), make([]kauth.Flags, kauth.NumRequests)
	for id := range kauth.RequestID(kauth.NumRequests) {
		n, _ := old.Number(id)
		n.Action += 100
		numbers[id], flags[id] = n, old.Flags(id)
		switch id.String() {
		case "system.mknod":
			flags[id] |= kauth.Spin
		case "system.swapctl":
			numbers[id] = kauth.Number{}
		}
	}
	v, err := kauth.NewVocabulary("99.0", numbers, flags)
	must(t, err)
	return v
}

// A simulated kernel speaks the vocabulary that it is given, and no other.
func TestVocabulary(t *testing.T) {
	v := renumbered(t)
	k, web, _ := evaluated(t, sim.Options{Vocabulary: v})
	if info := k.Info(); info.Vocabulary != v || info.Version != "99.0" {
		t.Errorf("the information is %+v", info)
	}
	p := answering(t, map[string]policy.Decision{"system.accounting": denying("not here")})
	b := bundleFor(2, p, program.Cell{ID: web, Name: "web"})
	err := k.Load(b.Encode(), 0)
	if err == nil || !strings.Contains(err.Error(), "the vocabulary must be that of 99.0, but is that of 10.99.12") {
		t.Errorf("a bundle of another vocabulary: %v", err)
	}
	b.Vocabulary, b.Fallback = v, stock.FallbackFor(v)
	must(t, k.Load(b.Encode(), 0))
	in := spawn(t, k, sim.SpawnSpec{Cell: web})
	wantErrno(t, "accounting", in.Acct(""), kauth.EPERM)
	events, err := k.Events(0)
	must(t, err)
	if len(events) == 0 || events[len(events)-1].Request.String() != "system.accounting" {
		t.Errorf("the events are %+v", events)
	}
	// The program is not asked under a spin lock.
	for _, q := range k.Trace(func() { in.Mknod("/tmp/x", "chr", 0o600, 2, 2) }) {
		for _, a := range q.Answers {
			if q.Request.ID.String() == "system.mknod" && a.Model == "evaluation" && a.Result != policy.Allow {
				t.Errorf("a program answers under a spin lock: %s", a)
			}
		}
	}
	// A program with such a request is refused before it is loaded.
	b = bundleFor(3, answering(t, map[string]policy.Decision{"system.mknod": denying("no")}), program.Cell{ID: web, Name: "web"})
	b.Vocabulary, b.Fallback = v, stock.FallbackFor(v)
	if err := k.Load(b.Encode(), 0); err == nil || !strings.Contains(err.Error(), "must be one that the kernel can ask a policy, but is system.mknod") {
		t.Errorf("a program for a request under a spin lock: %v", err)
	}
	if v, ok := k.Init().SysctlRead("kern.osrelease"); v != "99.0" {
		t.Errorf("the release is %v, %v", v, ok)
	}
	// A state says which vocabulary it is of; who does not know it takes nothing from it.
	if _, err := sim.Restore(marshal(t, k)); err == nil || !strings.Contains(err.Error(), "the vocabulary must be one that this program knows, but is that of NetBSD 99.0") {
		t.Errorf("a state of another vocabulary: %v", err)
	}
}
