package analysis

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
	"cellsh/policy/secmodel"
	"cellsh/policy/stock"
)

// met reports whether somebody who asks in the world meets one of the gaps.
func (w *world) metGap(gaps []Gap) bool {
	for i := range gaps {
		g := &gaps[i]
		if g.Request != w.request.ID || !g.Region.Contains(w.request) {
			continue
		}
		m := g.User
		if w.request.Int[kauth.FieldEUID] == 0 {
			m = g.Root
		}
		if m.Truth == stock.Yes || m.Truth == stock.Unknown && w.met(m.If) {
			return true
		}
	}
	return false
}

// A profile is laxer or stricter exactly where asking all models says so, whatever the open facts are.
func TestFitIsExact(t *testing.T) {
	ids := kauth.Newest().Requests()
	binds := []kauth.RequestID{request(t, "network.bind.port"), request(t, "network.bind.privport")}
	differ := 0
	rapid.Check(t, func(rt *rapid.T) {
		id := rapid.SampledFrom(ids).Draw(rt, "request")
		if rapid.IntRange(0, 2).Draw(rt, "bind") == 0 {
			id = rapid.SampledFrom(binds).Draw(rt, "which")
		}
		policies := smallSet(rt, t, id)
		c := compiler(policies...)
		rev := rapid.SampledFrom(secmodel.Revisions()).Draw(rt, "revision")
		f := &StockFit{Cell: "web-1", Revision: rev}
		if err := f.ports(c); err != nil {
			rt.Fatal(err)
		}
		for i, p := range secmodel.Profiles {
			f.Profiles[i].Profile = p
		}
		if err := f.compare(c, id); err != nil {
			rt.Fatal(err)
		}
		for range 4 {
			w := &world{request: smallRequest(rt, id), revision: rev, settings: stock.DefaultSettings(), ports: f.Ports}
			for i := range w.drawn {
				w.drawn[i] = rapid.Bool().Draw(rt, "fact")
			}
			if !realistic(w.request) {
				continue
			}
			decision := decide(policies, w.request)
			for i, p := range secmodel.Profiles {
				// The policies on a kernel that asks them: profile low, and no ports of its own.
				w.profile, w.reserves = secmodel.Low, false
				if !w.possible() {
					continue
				}
				want := w.ask(decision.Result)
				w.profile, w.reserves = p, true
				if !w.possible() {
					continue
				}
				got := w.ask(policy.Allow)
				if lax := w.metGap(f.Profiles[i].Laxer); lax != (got && !want) {
					rt.Fatalf("%s in profile %s (%s): laxer %v, but the policies lead to %v and the profile to %v; ports %v", id, p, rev, lax, want, got, f.Ports)
				}
				if strict := w.metGap(f.Profiles[i].Stricter); strict != (!got && want) {
					rt.Fatalf("%s in profile %s (%s): stricter %v, but the policies lead to %v and the profile to %v; ports %v", id, p, rev, strict, want, got, f.Ports)
				}
				if got != want {
					differ++
				}
			}
		}
	})
	enough(t, differ, 20, "differences were met")
}

func TestFitChoosesTheBestProfile(t *testing.T) {
	deny := func(scopes ...string) []*rules.Policy {
		p := &rules.Policy{Name: "p", Default: rules.Default{Result: policy.Allow}}
		for _, s := range scopes {
			p.Entries = append(p.Entries, rules.Entry{Pattern: pattern(t, s), Result: policy.Deny})
		}
		return []*rules.Policy{p}
	}
	everything := &rules.Policy{Name: "p", Default: rules.Default{Result: policy.Deny, Span: diag.Span{File: "p.lua", Line: 1}}}
	for _, c := range []struct {
		name     string
		policies []*rules.Policy
		want     secmodel.Profile
		lax      bool
	}{
		{"nothing is refused", nil, secmodel.Low, false},
		{"what no profile refuses", deny("network.bind.port"), secmodel.Low, true},
		{"the administration of the host", deny("system", "machdep"), secmodel.High, true},
		{"a reboot", deny("system.reboot"), secmodel.Medium, false},
		{"everything is refused", []*rules.Policy{everything}, secmodel.High, true},
	} {
		for _, rev := range secmodel.Revisions() {
			t.Run(fmt.Sprint(c.name, " ", rev), func(t *testing.T) {
				f, err := Fit(compiler(c.policies...), "web-1", rev)
				if err != nil {
					t.Fatal(err)
				}
				if f.Best().Profile != c.want || f.Lax() != c.lax {
					t.Errorf("profile %s, lax %v; want %s, %v", f.Best().Profile, f.Lax(), c.want, c.lax)
				}
				for i := range f.Profiles {
					score := func(p *ProfileFit) []int {
						return []int{Requests(p.Laxer), Requests(p.Stricter)}
					}
					if slices.CompareFunc(score(&f.Profiles[i]), score(f.Best()), cmp.Compare[int]) < 0 {
						t.Errorf("%s fits better: %v, %v", f.Profiles[i].Profile, score(&f.Profiles[i]), score(f.Best()))
					}
				}
			})
		}
	}
}

func TestFitReservesPorts(t *testing.T) {
	answer := func(r policy.Result) rules.Outcome {
		return rules.Outcome{Answer: policy.Answer{Result: r, Source: policy.Source{File: "f.lua", Line: 1}}}
	}
	bind := func(name, request string, set interval.Set, in, out policy.Result) *rules.Policy {
		return rule(t, name, request, func(kauth.RequestID) *graph.Graph[rules.Outcome] {
			var b graph.Builder[rules.Outcome]
			return b.Graph(b.Node(policy.Test{Kind: policy.In, Field: kauth.FieldPort, Set: set}, b.Leaf(answer(in)), b.Leaf(answer(out)), diag.Span{}))
		})
	}
	var many interval.Set
	for p := range int64(40) {
		many = many.Union(interval.Single(100 + 2*p))
	}
	few := many.Intersect(interval.Between(100, 159))
	for _, c := range []struct {
		name     string
		policies []*rules.Policy
		rev      secmodel.Revision
		want     string
		note     string
	}{
		{"granted ones", []*rules.Policy{bind("p", "network.bind.privport", interval.Of(interval.Range{Lo: 80, Hi: 80}, interval.Range{Lo: 443, Hi: 443}), policy.Grant, policy.Deny)},
			secmodel.Current, "[80 443]", "only one cell can reserve a port"},
		{"allowed ones above 1023", []*rules.Policy{bind("p", "network.bind.port", interval.Single(8080), policy.Allow, policy.Deny)}, secmodel.Current, "[8080]", ""},
		{"too many", []*rules.Policy{bind("p", "network.bind.privport", many, policy.Grant, policy.Deny)}, secmodel.Current,
			"[]", "of those that the policies allow 40 more can't be reserved"},
		{"a few too many", []*rules.Policy{bind("p", "network.bind.privport", few, policy.Grant, policy.Deny), bind("q", "network.bind.port", interval.Between(2000, 2003), policy.Allow, policy.Deny)},
			secmodel.Current, fmt.Sprint(append(ports(100, 30), 2000, 2001)), "of those that the policies allow 2 more can't be reserved"},
		{"a range is not a few", []*rules.Policy{bind("p", "network.bind.port", interval.Between(2000, 3000), policy.Allow, policy.Deny)}, secmodel.Current, "[]", ""},
		{"a denial takes them back", []*rules.Policy{bind("p", "network.bind.privport", interval.Single(80), policy.Grant, policy.Deny), fixed(t, "q", "network.bind", policy.Deny)},
			secmodel.Current, "[]", ""},
		{"April, where the port is a right", []*rules.Policy{bind("p", "network.bind.privport", interval.Single(80), policy.Grant, policy.Deny)}, secmodel.April, "[80]", ""},
		{"April, where not all may bind it", []*rules.Policy{bind("p", "network.bind.privport", interval.Single(80), policy.Allow, policy.Deny)}, secmodel.April, "[]", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := Fit(compiler(c.policies...), "web-1", c.rev)
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(f.Ports); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			if c.note != "" && !slices.ContainsFunc(f.Notes, func(n string) bool { return strings.Contains(n, c.note) }) {
				t.Errorf("no note %q in %q", c.note, f.Notes)
			}
		})
	}
}

// ports lists every second one.
func ports(from uint16, n int) []uint16 {
	var out []uint16
	for i := range n {
		out = append(out, from+2*uint16(i))
	}
	return out
}

func TestFitUsesBudgets(t *testing.T) {
	n := func(v int64) *int64 { return &v }
	big := &rules.Policy{Name: "a", Default: rules.Default{Result: policy.Allow}, Budget: rules.Budget{Procs: n(64), Nofile: n(1024), Core: n(0), Memory: &rules.Watch{Limit: 1 << 29}, CPU: &rules.Watch{Limit: 50}}}
	small := &rules.Policy{Name: "b", Default: rules.Default{Result: policy.Allow}, Budget: rules.Budget{Nofile: n(256), AS: n(kauth.Unlimited)}}
	audit := &rules.Policy{Name: "c", Audit: true, Default: rules.Default{Result: policy.Allow}, Budget: rules.Budget{Nofile: n(1)}}
	f, err := Fit(compiler(big, small, audit), "web-1", secmodel.Current)
	if err != nil {
		t.Fatal(err)
	}
	words := func(list []Budget) string {
		var parts []string
		for i := range list {
			parts = append(parts, list[i].String()+" by "+list[i].Policy)
		}
		return strings.Join(parts, ", ")
	}
	if got, want := words(f.Limits), "nofile = 256 by b, as = unlimited by b, core = 0 by a"; got != want {
		t.Errorf("limits %s, want %s", got, want)
	}
	if got, want := words(f.Unenforced), "procs = 64 by a, memory = 512M by a, cpu = 50% by a"; got != want {
		t.Errorf("not enforced %s, want %s", got, want)
	}
	if !f.Lax() {
		t.Error("what is not enforced must make the fit lax")
	}
}
