package stock_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
	"cellsh/policy/stock"
	"cellsh/policy/stock/stocktest"
)

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
			want := stock.Unknown
			switch {
			case c.says == "allow":
				want = stock.Yes
			case c.says == "deny" || strings.HasPrefix(c.says, "deny (") || strings.HasPrefix(c.says, "deny with npf only") || c.says == "by machdep.user_ldt":
				want = stock.No
			}
			if got := stocktest.NetFor(id, c.root, stock.DefaultSettings()); got.Allowed != want {
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
		v := stocktest.Judge(stock.Listeners(id), &stocktest.Known{})
		if v.Allowed == stock.No {
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
		change  func(*stock.Settings)
		want    stock.Truth
	}{
		{"system.module", true, func(s *stock.Settings) { s.Securelevel = 0 }, stock.Yes},
		{"system.module", true, func(s *stock.Settings) { s.Securelevel = 1 }, stock.No},
		{"system.mount.new", true, func(s *stock.Settings) { s.Securelevel = 1 }, stock.Yes},
		{"system.mount.new", true, func(s *stock.Settings) { s.Securelevel = 2 }, stock.No},
		{"system.mount.new", false, func(s *stock.Settings) { s.Usermount = true }, stock.Unknown},
		{"process.ptrace", true, func(s *stock.Settings) { s.Securelevel = 0 }, stock.Unknown}, // init is out of reach
		{"process.cansee.eproc", false, func(s *stock.Settings) { s.Curtain = true }, stock.Unknown},
		{"process.cansee.eproc", true, func(s *stock.Settings) { s.Curtain = true }, stock.Yes},
		{"process.cansee.kptr", false, func(s *stock.Settings) { s.ExposeAddress = 2 }, stock.Yes},
		{"process.cansee.kptr", false, func(s *stock.Settings) { s.ExposeAddress = 0 }, stock.No},
		{"process.scheduler_setaffinity", false, func(s *stock.Settings) { s.UserSetCPUAffinity = true }, stock.Unknown},
		{"network.firewall.fw", false, func(s *stock.Settings) { s.IPF = true }, stock.Yes},
		{"network.firewall.fw", false, func(s *stock.Settings) { s.PF, s.Securelevel = true, 2 }, stock.No},
		{"machdep.ldt_set", false, func(s *stock.Settings) { s.UserLDT = true }, stock.Yes},
		{"system.veriexec.modify", true, func(s *stock.Settings) { s.Veriexec = 1 }, stock.No},
		{"device.rawio_passthru.all", true, func(s *stock.Settings) { s.Veriexec = 2 }, stock.No},
		{"device.rawio_passthru.readconf", true, func(s *stock.Settings) { s.Securelevel = 2 }, stock.Yes},
		{"device.rawio_passthru.read", true, func(s *stock.Settings) { s.Securelevel = 1 }, stock.No},
	} {
		s := stock.DefaultSettings()
		c.change(&s)
		if got := stocktest.NetFor(find(c.request), c.root, s); got.Allowed != c.want {
			t.Errorf("%s, root %v, %+v: %v, want %v", c.request, c.root, s, got, c.want)
		}
	}
}

// A profile as a program answers as the profile itself, wherever it does not depend on ports of other cells.
func TestProgramsAreTheProfiles(t *testing.T) {
	ports := []uint16{80, 443, 444, 7000}
	for _, rev := range []stock.Revision{stock.April, stock.Current} {
		for _, place := range []stock.Place{stock.Low, stock.Medium, stock.High} {
			p, partial := stock.Program(rev, place, ports, "because")
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
				want, _ := stock.CellListener(rev, place, id).Answer(&stocktest.Known{Request: r, Place: place, Ports: ports})
				if got := p.Decide(r).Result; got != want {
					t.Fatalf("%s: the program says %s, the profile %s", id, got, want)
				}
			})
		}
	}
}
