package stock

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The columns "root" and "user" of kauth.json were measured with the settings of GENERIC. What they say must come
// out of the rules.
func TestNetAgreesWithTheFacts(t *testing.T) {
	for id := range kauth.RequestID(kauth.NumRequests) {
		info := id.Info()
		if info.StockRoot == "" {
			continue
		}
		for _, c := range []struct {
			root bool
			says string
		}{{true, info.StockRoot}, {false, info.StockUser}} {
			want := Unknown
			switch {
			case c.says == "allow":
				want = Yes
			case c.says == "deny" || strings.HasPrefix(c.says, "deny (") || strings.HasPrefix(c.says, "deny with npf only") || c.says == "by machdep.user_ldt":
				want = No
			}
			if got := NetFor(id, c.root, DefaultSettings()); got.Allowed != want {
				t.Errorf("%s, root %v: %v, but the facts say %q", id, c.root, got, c.says)
			}
		}
	}
}

func TestEveryRaisedRequestHasAnAllow(t *testing.T) {
	for id := range kauth.RequestID(kauth.NumRequests) {
		if id.Info().Flags.Has(kauth.NeverRaised) {
			continue
		}
		v := Judge(Listeners(id), &Known{})
		if v.Allowed == No {
			t.Errorf("%s is never allowed: %v", id, v)
		}
	}
}

func TestSettingsChangeTheNet(t *testing.T) {
	find := func(name string) kauth.RequestID {
		id, ok := kauth.Find(name)
		if !ok {
			t.Fatalf("no request %s", name)
		}
		return id
	}
	for _, c := range []struct {
		request string
		root    bool
		change  func(*Settings)
		want    Truth
	}{
		{"system.module", true, func(s *Settings) { s.Securelevel = 0 }, Yes},
		{"system.module", true, func(s *Settings) { s.Securelevel = 1 }, No},
		{"system.mount.new", true, func(s *Settings) { s.Securelevel = 1 }, Yes},
		{"system.mount.new", true, func(s *Settings) { s.Securelevel = 2 }, No},
		{"system.mount.new", false, func(s *Settings) { s.Usermount = true }, Unknown},
		{"process.ptrace", true, func(s *Settings) { s.Securelevel = 0 }, Unknown}, // init is out of reach
		{"process.cansee.eproc", false, func(s *Settings) { s.Curtain = true }, Unknown},
		{"process.cansee.eproc", true, func(s *Settings) { s.Curtain = true }, Yes},
		{"process.cansee.kptr", false, func(s *Settings) { s.ExposeAddress = 2 }, Yes},
		{"process.cansee.kptr", false, func(s *Settings) { s.ExposeAddress = 0 }, No},
		{"process.scheduler_setaffinity", false, func(s *Settings) { s.UserSetCPUAffinity = true }, Unknown},
		{"network.firewall.fw", false, func(s *Settings) { s.IPF = true }, Yes},
		{"network.firewall.fw", false, func(s *Settings) { s.PF, s.Securelevel = true, 2 }, No},
		{"machdep.ldt_set", false, func(s *Settings) { s.UserLDT = true }, Yes},
		{"system.veriexec.modify", true, func(s *Settings) { s.Veriexec = 1 }, No},
		{"device.rawio_passthru.all", true, func(s *Settings) { s.Veriexec = 2 }, No},
		{"device.rawio_passthru.readconf", true, func(s *Settings) { s.Securelevel = 2 }, Yes},
		{"device.rawio_passthru.read", true, func(s *Settings) { s.Securelevel = 1 }, No},
	} {
		s := DefaultSettings()
		c.change(&s)
		if got := NetFor(find(c.request), c.root, s); got.Allowed != c.want {
			t.Errorf("%s, root %v, %+v: %v, want %v", c.request, c.root, s, got, c.want)
		}
	}
}

func TestDeclarations(t *testing.T) {
	kernel := map[string]bool{}
	for _, d := range declarations {
		for _, e := range d.entries {
			for _, p := range e.patterns {
				if len(requests(p)) == 0 {
					t.Errorf("%s answers for %q, which does not exist", d.name, p)
				}
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
	for rev := range cellEntries {
		for _, e := range cellEntries[rev] {
			for _, p := range e.patterns {
				if len(requests(p)) == 0 {
					t.Errorf("secmodel_cell answers for %q, which does not exist", p)
				}
			}
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
		if test, ok := f.Test(); ok && f.Origin() != FromKernel && test.Needs() == 0 {
			t.Errorf("the test of %s reads nothing", f.Name())
		}
	}
}

// What the profiles deny in whole scopes, actions and single requests, spelled out from secmodel_cell_policy.c.
func TestProfiles(t *testing.T) {
	for _, c := range []struct {
		request string
		rev     Revision
		place   Place
		want    string // the conditions of the rules, "" for none
	}{
		{"system.sysctl.prvt", Current, Low, "deny always"},
		{"system.sysctl.prvt", Current, Host, ""},
		{"system.sysctl.desc", Current, High, ""},
		{"system.module", Current, Low, ""},
		{"system.module", April, Medium, "deny always"},
		{"system.mount.get", Current, High, ""},
		{"system.sysvipc.bypass", April, Medium, ""},
		{"system.sysvipc.bypass", April, High, "deny always"},
		{"system.fs_quota.get", Current, High, ""},
		{"system.veriexec.modify", Current, High, ""},
		{"process.fork", Current, High, ""},
		{"process.signal", April, Host, "deny if the target is not in the caller's cell, and the caller is not root on the host"},
		{"process.signal", April, Low, "deny if the target is not in the caller's cell"},
		{"process.nice", April, High, ""},
		{"process.nice", Current, Low, "deny if the target is not in the caller's cell"},
		{"network.bind.privport", April, Low, "grant if the port is reserved by the caller's cell; deny if the port is reserved by a cell that is not the caller's"},
		{"network.bind.privport", Current, Low, "deny if the port is reserved by a cell that is not the caller's"},
		{"network.bind.port", Current, Host, "deny if the port is reserved by a cell that is not the caller's, and the caller is not root on the host"},
		{"network.bind.anyaddr", Current, High, ""},
		{"network.socket.open", Current, Medium, "deny if the socket is a routing socket"},
		{"network.socket.open", April, High, ""},
		{"network.socket.cansee", Current, High, ""},
		{"network.route", Current, Medium, "deny always"},
		{"device.rawio_spec.read", Current, Medium, "deny always"},
		{"device.rawio_spec.read", Current, Low, ""},
		{"device.rawio_spec.read", April, High, ""},
		{"machdep.iopl", Current, High, "deny always"},
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

// A profile as a program answers as the profile itself, wherever it does not depend on ports of other cells.
func TestProgramsAreTheProfiles(t *testing.T) {
	ports := []uint16{80, 443, 444, 7000}
	for rev := range Revision(numRevisions) {
		for _, place := range []Place{Low, Medium, High} {
			p, partial := Program(rev, place, ports, "because")
			if len(partial) != 2 {
				t.Errorf("%s %s: partial for %v, want the two binds", rev, place, partial)
			}
			if q, err := program.Decode(p.Encode(&kauth.NetBSD109912), &kauth.NetBSD109912); err != nil || q == nil {
				t.Errorf("%s %s: %v", rev, place, err)
			}
			rapid.Check(t, func(t *rapid.T) {
				id := kauth.RequestID(rapid.IntRange(0, kauth.NumRequests-1).Draw(t, "request"))
				info := id.Info()
				if info.Flags.Has(kauth.Spin) || info.Flags.Has(kauth.NeverRaised) {
					return
				}
				r := &policy.Request{ID: id}
				r.SetCredential(0, 0, 0, 0)
				for _, f := range (info.Fields &^ kauth.Credential).Fields() {
					switch f.Info().Kind {
					case kauth.KindInt, kauth.KindNamed, kauth.KindBool:
						lo, hi := id.Range(f)
						v := rapid.Int64Range(lo, hi).Draw(t, f.String())
						if f == kauth.FieldPort && rapid.Bool().Draw(t, "own") {
							v = int64(rapid.SampledFrom(ports).Draw(t, "port"))
						}
						if f == kauth.FieldDomain && rapid.Bool().Draw(t, "route") {
							v = rapid.SampledFrom([]int64{17, 34}).Draw(t, "domain")
						}
						r.SetInt(f, v)
					default:
						r.Given = r.Given.With(f)
					}
				}
				want, _ := CellListener(rev, place, id).Answer(&Known{Request: r, Place: place, Ports: ports})
				if got := p.Decide(r).Result; got != want {
					t.Fatalf("%s: the program says %s, the profile %s", id, got, want)
				}
			})
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
		for rev := range Revision(numRevisions) {
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

func TestVerdictReadsWell(t *testing.T) {
	id, _ := kauth.Find("network.socket.open")
	v := NetFor(id, false, DefaultSettings())
	want := "depends: kernel (socket_listener) allows if the socket is a routing, Bluetooth or CAN socket; kernel (socket_listener) allows if the socket is not raw"
	if v.String() != want {
		t.Errorf("%q", v)
	}
	id, _ = kauth.Find("system.reboot")
	if v := NetFor(id, false, DefaultSettings()); v.String() != "no: nobody allows it" {
		t.Errorf("%q", v)
	}
	s := DefaultSettings()
	k := Known{Settings: &s, Request: &policy.Request{ID: id}, Place: High}
	k.Request.SetCredential(0, 0, 0, 0)
	if v := Judge(Everything(Current, High, id), &k); v.String() != "no: cell denies; suser allows" {
		t.Errorf("%q", v)
	}
}

func TestParse(t *testing.T) {
	for _, name := range []string{"current", "april"} {
		if r, ok := ParseRevision(name); !ok || r.String() != name {
			t.Errorf("%s: %v, %v", name, r, ok)
		}
	}
	for _, name := range []string{"host", "low", "medium", "high"} {
		if p, ok := ParsePlace(name); !ok || p.String() != name {
			t.Errorf("%s: %v, %v", name, p, ok)
		}
	}
	if _, ok := ParseRevision("may"); ok {
		t.Error("may is a revision")
	}
	if _, ok := ParsePlace(""); ok {
		t.Error("nothing is a place")
	}
}
