package stock

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/secmodel"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestDeclarations(t *testing.T) {
	kernel := map[string]bool{}
	for _, d := range declarations {
		for _, e := range d.entries {
			if len(e.patterns) == 0 {
				t.Errorf("%s answers for nothing", d.name)
			}
			for _, p := range e.patterns {
				requests(p) // which panics where there are none
			}
			if e.answer != policy.Deny && e.answer != policy.Grant {
				t.Errorf("%s gives %q", d.name, e.answer)
			}
		}
		if d.model == Kernel {
			kernel[d.name] = true
		}
	}
	if len(kernel) != 27 {
		t.Errorf("the kernel has 27 listeners of its own, but %d are here", len(kernel))
	}
	for _, e := range cellEntries {
		for _, p := range e.patterns {
			requests(p)
		}
		if e.since > e.until {
			t.Errorf("secmodel_cell answers for %q from %s to %s", e.patterns, e.since, e.until)
		}
	}
}

func TestFactsHaveWords(t *testing.T) {
	seen := map[string]bool{}
	for f := range Fact(NumFacts) {
		for _, s := range []string{f.Name(), f.String(), f.Negation()} {
			if s == "" || seen[s] {
				t.Errorf("fact %d has no words of its own: %q", f, s)
			}
			seen[s] = true
		}
		if about := hostFacts[f] != (hostFact{}); about != (f.Origin() == FromHost) {
			t.Errorf("%s is about a setting: %v", f.Name(), about)
		}
		if test, ok := f.Test(); ok && f.Origin() != FromKernel && test.Needs() == 0 {
			t.Errorf("the test of %s reads nothing", f.Name())
		}
	}
}

// What the profiles deny in whole scopes, actions and single requests, spelled out from secmodel_cell_policy.c.
func TestProfiles(t *testing.T) {
	for _, c := range []struct {
		request string
		rev     secmodel.Revision
		place   Place
		want    string // the conditions of the rules, "" for none
	}{
		{"system.sysctl.prvt", current, low, "deny always"},
		{"system.sysctl.prvt", current, Host, ""},
		{"system.sysctl.desc", current, high, ""},
		{"system.module", current, low, ""},
		{"system.module", april, medium, "deny always"},
		{"system.mount.get", current, high, ""},
		{"system.sysvipc.bypass", april, medium, ""},
		{"system.sysvipc.bypass", april, high, "deny always"},
		{"system.fs_quota.get", current, high, ""},
		{"system.veriexec.modify", current, high, ""},
		{"process.fork", current, high, ""},
		{"process.signal", april, Host, "deny if the target is not in the caller's cell, and the caller is not root on the host"},
		{"process.signal", april, low, "deny if the target is not in the caller's cell"},
		{"process.nice", april, high, ""},
		{"process.nice", current, low, "deny if the target is not in the caller's cell"},
		{"network.bind.privport", april, low, "grant if the port is reserved by the caller's cell; deny if the port is reserved by a cell that is not the caller's"},
		{"network.bind.privport", current, low, "deny if the port is reserved by a cell that is not the caller's"},
		{"network.bind.port", current, Host, "deny if the port is reserved by a cell that is not the caller's, and the caller is not root on the host"},
		{"network.bind.anyaddr", current, high, ""},
		{"network.socket.open", current, medium, "deny if the socket is a routing socket"},
		{"network.socket.open", april, high, ""},
		{"network.socket.cansee", current, high, ""},
		{"network.route", current, medium, "deny always"},
		{"device.rawio_spec.read", current, medium, "deny always"},
		{"device.rawio_spec.read", current, low, ""},
		{"device.rawio_spec.read", april, high, ""},
		{"machdep.iopl", current, high, "deny always"},
		{"network.bind.privport", early, low, "grant if the port is reserved by the caller's cell; deny if the port is reserved by a cell that is not the caller's"},
		{"network.bind.privport", interim, low, "grant if the port is reserved by the caller's cell; deny if the port is reserved by a cell that is not the caller's"},
		{"network.route", interim, high, ""},
		{"process.ptrace", interim, low, "deny if the target is not in the caller's cell"},
		{"process.nice", interim, low, "deny if the kernel's revision interim is commit f14f41e, and the target is not in the caller's cell"},
		{"device.rawio_spec.read", interim, medium, "deny if the kernel's revision interim is commit f14f41e"},
	} {
		id, _ := kauth.Find(c.request)
		var parts []string
		for _, r := range CellListener(c.rev, c.place, id).Rules {
			s := r.Answer.String() + " always"
			if len(r.When) > 0 {
				s = r.Answer.String() + " if " + r.When.String()
			}
			parts = append(parts, s)
		}
		if got := strings.Join(parts, "; "); got != c.want {
			t.Errorf("%s, %s, %s: %q, want %q", c.request, c.rev, c.place, got, c.want)
		}
	}
}

func TestFallback(t *testing.T) {
	p := Fallback()
	for request, want := range map[string]policy.Result{
		"system.reboot": policy.Deny, "system.mknod": policy.Deny, "device.rawio_spec.read": policy.Deny, "system.sysvipc.bypass": policy.Deny,
		"process.fork": policy.Allow, "network.bind.port": policy.Allow, "system.mount.get": policy.Allow,
	} {
		id, _ := kauth.Find(request)
		d := p.Decide(&policy.Request{ID: id})
		if d.Result != want {
			t.Errorf("%s: %v, want %v", request, d.Result, want)
		}
		if want == policy.Deny && d.Reason != FallbackReason {
			t.Errorf("%s: reason %q", request, d.Reason)
		}
	}
	if q := Fallback(); q != p {
		t.Error("the fallback is made twice")
	}
}

// The whole table in words: what changes in it must be looked at.
func TestGolden(t *testing.T) {
	var b strings.Builder
	rules := func(ls []Listener) {
		for _, l := range ls {
			for _, r := range l.Rules {
				fmt.Fprintf(&b, "    %-24s %-5s %s\n", l.Name, r.Answer, r.When)
			}
		}
	}
	for id := range kauth.RequestID(kauth.NumRequests) {
		fmt.Fprintf(&b, "%s\n", id)
		rules(Listeners(id))
		for _, rev := range secmodel.Revisions() {
			for p := range Place(numPlaces) {
				if l := CellListener(rev, p, id); len(l.Rules) > 0 {
					fmt.Fprintf(&b, "  %s %s\n", rev, p)
					rules([]Listener{*l})
				}
			}
		}
	}
	const name = "testdata/rules.txt"
	if *update {
		if err := os.WriteFile(name, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != string(want) {
		g, w := strings.Split(got, "\n"), strings.Split(string(want), "\n")
		for i := range min(len(g), len(w)) {
			if g[i] != w[i] {
				t.Fatalf("line %d is %q, want %q (run with -update if that is meant)", i+1, g[i], w[i])
			}
		}
		t.Fatalf("%d lines, want %d", len(g), len(w))
	}
}

func TestPlaces(t *testing.T) {
	for p, want := range map[Place]string{Host: "host", In(secmodel.Low): "low", In(secmodel.Medium): "medium", In(secmodel.High): "high"} {
		if p.String() != want {
			t.Errorf("%d: %q, want %q", p, p, want)
		}
	}
}
