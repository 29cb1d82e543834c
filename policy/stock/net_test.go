package stock_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
	"cellsh/policy/secmodel"
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
		if kauth.Newest().Flags(id).Has(kauth.NeverRaised) {
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
	type change struct {
		setting stock.Setting
		value   int
	}
	for _, c := range []struct {
		request string
		root    bool
		changes []change
		want    stock.Truth
	}{
		{"system.module", true, []change{{stock.SettingSecurelevel, 0}}, stock.Yes},
		{"system.module", true, []change{{stock.SettingSecurelevel, 1}}, stock.No},
		{"system.mount.new", true, []change{{stock.SettingSecurelevel, 1}}, stock.Yes},
		{"system.mount.new", true, []change{{stock.SettingSecurelevel, 2}}, stock.No},
		{"system.mount.new", false, []change{{stock.SettingUsermount, 1}}, stock.Unknown},
		{"process.ptrace", true, []change{{stock.SettingSecurelevel, 0}}, stock.Unknown}, // init is out of reach
		{"process.cansee.eproc", false, []change{{stock.SettingCurtain, 1}}, stock.Unknown},
		{"process.cansee.eproc", true, []change{{stock.SettingCurtain, 1}}, stock.Yes},
		{"process.cansee.kptr", false, []change{{stock.SettingExposeAddress, 2}}, stock.Yes},
		{"process.cansee.kptr", false, []change{{stock.SettingExposeAddress, 0}}, stock.No},
		{"process.scheduler_setaffinity", false, []change{{stock.SettingUserSetCPUAffinity, 1}}, stock.Unknown},
		{"network.firewall.fw", false, []change{{stock.SettingIPF, 1}}, stock.Yes},
		{"network.firewall.fw", false, []change{{stock.SettingPF, 1}, {stock.SettingSecurelevel, 2}}, stock.No},
		{"machdep.ldt_set", false, []change{{stock.SettingUserLDT, 1}}, stock.Yes},
		{"system.veriexec.modify", true, []change{{stock.SettingVeriexec, 1}}, stock.No},
		{"device.rawio_passthru.all", true, []change{{stock.SettingVeriexec, 2}}, stock.No},
		{"device.rawio_passthru.readconf", true, []change{{stock.SettingSecurelevel, 2}}, stock.Yes},
		{"device.rawio_passthru.read", true, []change{{stock.SettingSecurelevel, 1}}, stock.No},
	} {
		s := stock.DefaultSettings()
		for _, x := range c.changes {
			s = s.With(x.setting, x.value)
		}
		if got := stocktest.NetFor(find(c.request), c.root, s); got.Allowed != c.want {
			t.Errorf("%s, root %v, %+v: %v, want %v", c.request, c.root, s, got, c.want)
		}
	}
}

// A profile as a program answers as the profile itself, wherever it does not depend on ports of other cells.
func TestProgramsAreTheProfiles(t *testing.T) {
	ports := []uint16{80, 443, 444, 7000}
	for _, rev := range secmodel.Revisions() {
		for _, profile := range secmodel.Profiles {
			place := stock.In(profile)
			p, partial := stock.Program(kauth.Newest(), rev, place, ports, "because")
			// What depends on the commit within revision interim can't be told from a request, nor can others' ports.
			var open []kauth.RequestID
			for _, id := range partial {
				if s := id.String(); s != "network.bind.port" && s != "network.bind.privport" {
					open = append(open, id)
				}
			}
			if len(partial)-len(open) != 2 || (rev == secmodel.Interim) != (len(open) > 0) {
				t.Errorf("%s %s: partial for %v, want the two binds", rev, place, partial)
			}
			if q, err := program.Decode(p.Encode(&kauth.NetBSD109912), &kauth.NetBSD109912); err != nil || q == nil {
				t.Errorf("%s %s: %v", rev, place, err)
			}
			rapid.Check(t, func(t *rapid.T) {
				id := kauth.RequestID(rapid.IntRange(0, kauth.NumRequests-1).Draw(t, "request"))
				info := id.Info()
				if !kauth.Newest().Asks(id) || slices.Contains(open, id) {
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
