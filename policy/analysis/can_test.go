package analysis

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
	"cellsh/policy/secmodel"
	"cellsh/policy/stock"
	"cellsh/policy/stock/stocktest"
)

// world is one question with everything that the kernel's models look at: the request, what no field tells, and where
// it is asked.
type world struct {
	request  *policy.Request
	revision secmodel.Revision
	profile  secmodel.Profile
	settings stock.Settings
	ports    []uint16
	// reserves says that the ports are the cell's.
	reserves bool
	drawn    [stock.NumFacts]bool
}

// Fact answers everything.
func (w *world) Fact(f stock.Fact) stock.Truth {
	r := w.request
	own := false
	for _, p := range w.ports {
		own = own || r.ID.Info().Fields.Has(kauth.FieldPort) && int64(p) == r.Int[kauth.FieldPort]
	}
	switch f {
	case stock.CallerHostRoot:
		return stock.No
	case stock.PortReservedByCaller:
		return stock.TruthOf(own && w.reserves)
	case stock.PortReservedByOther:
		return stock.TruthOf(!own && r.Int[kauth.FieldPort] != 0 && w.drawn[f])
	}
	if f.Origin() == stock.FromHost || f.Origin() == stock.NeverHolds {
		return w.settings.Fact(f)
	}
	if t, ok := f.Test(); ok && t.Needs()&^r.ID.Info().Fields == 0 {
		return stock.TruthOf(t.Eval(r))
	}
	if self, ok := stock.TargetIsCaller.Test(); ok && self.Needs()&^r.ID.Info().Fields == 0 && self.Eval(r) {
		for _, l := range (stock.Literal{Fact: stock.TargetIsCaller}).Implies() {
			if l.Fact == f {
				return stock.TruthOf(!l.Not)
			}
		}
	}
	return stock.TruthOf(w.drawn[f])
}

// possible reports whether there can be such a question: what follows from facts is so.
func (w *world) possible() bool {
	for f := range stock.Fact(stock.NumFacts) {
		for _, l := range (stock.Literal{Fact: f, Not: w.Fact(f) == stock.No}).Implies() {
			if l.Truth(w) != stock.Yes {
				return false
			}
		}
	}
	return true
}

// ask asks every listener and the program, and combines the answers as kern_auth.c does.
func (w *world) ask(program policy.Result) bool {
	deny, grant := program == policy.Deny, program == policy.Grant
	for _, l := range stock.Everything(w.revision, stock.In(w.profile), w.request.ID) {
		switch r, _ := l.Answer(w); r {
		case policy.Deny:
			deny = true
		case policy.Grant:
			grant = true
		}
	}
	return !deny && grant
}

// met evaluates conditions of which one must hold.
func (w *world) met(list []stock.Condition) bool {
	for _, c := range list {
		if c.Truth(w) == stock.Yes {
			return true
		}
	}
	return false
}

func drawWorld(t *rapid.T, id kauth.RequestID) *world {
	w := &world{request: smallRequest(t, id), settings: stock.DefaultSettings(), reserves: true}
	w.revision = rapid.SampledFrom(secmodel.Revisions()).Draw(t, "revision")
	w.profile = rapid.SampledFrom(secmodel.Profiles[:]).Draw(t, "profile")
	if rapid.Bool().Draw(t, "hardened") {
		for i := range w.settings {
			lo, hi := stock.Setting(i).Range()
			w.settings[i] = rapid.IntRange(lo, hi).Draw(t, stock.Setting(i).String())
		}
	}
	if rapid.Bool().Draw(t, "ports") {
		w.ports = []uint16{2, 5}
	}
	for f := range w.drawn {
		w.drawn[f] = rapid.Bool().Draw(t, "fact")
	}
	return w
}

// What Can says about any question is what comes out of asking everybody: exactly one case has it if a process
// of a cell can ask it, with the decision of the policies, and its outcome is right whatever the open facts are.
func TestCanIsExact(t *testing.T) {
	ids := kauth.Newest().Requests()
	rapid.Check(t, func(rt *rapid.T) {
		id := rapid.SampledFrom(ids).Draw(rt, "request")
		policies := smallSet(rt, t, id)
		w := drawWorld(rt, id)
		who, o := Answerer{Revision: w.revision, Ports: w.ports}, CanOptions{Settings: &w.settings}
		if rapid.Bool().Draw(rt, "known") {
			who.Profile = &w.profile
		}
		who.Program = rapid.SampledFrom([]Answering{ByPolicies, ByFallback, ByNone}).Draw(rt, "program")
		var want policy.Decision
		switch who.Program {
		case ByPolicies:
			want = decide(policies, w.request)
		case ByFallback:
			want = *stock.Fallback().Decide(w.request)
		default:
			want = policy.Allowed
		}
		a, err := Can(compiler(policies...), "web-1", id, who, o)
		if err != nil {
			rt.Fatal(err)
		}
		var found *Case
		for i := range a.Cases {
			if a.Cases[i].Region.Contains(w.request) {
				if found != nil {
					rt.Fatalf("%s is in two cases: %s, and %s", id, found.Where, a.Cases[i].Where)
				}
				found = &a.Cases[i]
			}
		}
		if found == nil && !realistic(w.request) {
			return
		}
		if found == nil {
			rt.Fatalf("%s is in no case", id)
		}
		// Whatever is left out of the request, its case is one of those that are left; without anything left out it is alone.
		part := *w.request
		part.Given &= kauth.FieldSet(rapid.Uint64().Draw(rt, "given"))
		left := Becomes(a, &part)
		if !slices.ContainsFunc(left, func(c Case) bool { return c.Where == found.Where }) {
			rt.Fatalf("%s where %s is not among %d cases", id, found.Where, len(left))
		}
		if left = Becomes(a, w.request); len(left) != 1 || left[0].Root != nil && left[0].User != nil {
			rt.Fatalf("%s is in %d cases: %+v", id, len(left), left)
		}
		if who.Program == ByFallback && who.Profile != nil && w.profile != secmodel.Low {
			want = policy.Allowed
		}
		if found.Decision.Result != want.Result || found.Decision.Would.Result != want.Would.Result {
			rt.Fatalf("%s where %s: %v, want %v", id, found.Where, found.Decision, want)
		}
		if !w.possible() {
			return
		}
		outcome := found.User
		if w.request.Int[kauth.FieldEUID] == 0 {
			outcome = found.Root
		}
		if outcome == nil {
			rt.Fatalf("%s where %s: there is such a caller", id, found.Where)
		}
		if outcome.Profiles != nil {
			outcome = &outcome.Profiles[w.profile-secmodel.Low]
		}
		program := want.Result
		if who.Program == ByFallback && w.profile != secmodel.Low {
			program = policy.Allow
		}
		allowed := outcome.Allowed == stock.Yes || outcome.Allowed == stock.Unknown && w.met(outcome.If)
		if wants := w.ask(program); allowed != wants {
			rt.Fatalf("%s where %s: %s, but the kernel says %v", id, found.Where, outcome, wants)
		}
	})
}

// Without a program, and with nothing else known, Can says what the table of the stock models says.
func TestCanAgreesWithTheStockModels(t *testing.T) {
	for id := range kauth.RequestID(kauth.NumRequests) {
		low := secmodel.Low
		a, err := Can(compiler(), "web-1", id, Answerer{Program: ByNone, Profile: &low}, CanOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, root := range []bool{true, false} {
			want := stocktest.NetFor(id, root, stock.DefaultSettings()).Allowed
			if l := stock.CellListener(secmodel.Current, stock.In(low), id); len(l.Rules) > 0 || want == stock.Unknown {
				continue // the profile has a say, or more is known here
			}
			for _, c := range a.Cases {
				o := c.User
				if root {
					o = c.Root
				}
				// NetFor takes the real user id to be the effective one.
				if strings.Contains(c.Where, "r.uid") {
					continue
				}
				if o == nil || o.Allowed != want {
					t.Errorf("%s where %s, root %v: %v, want %s", id, c.Where, root, o, want)
				}
			}
		}
	}
}

func TestCanShowsRootAndUsers(t *testing.T) {
	euid := func(results ...policy.Result) func(kauth.RequestID) *graph.Graph[rules.Outcome] {
		return func(kauth.RequestID) *graph.Graph[rules.Outcome] {
			var b graph.Builder[rules.Outcome]
			leaf := func(r policy.Result) graph.Ref { return b.Leaf(rules.Outcome{Answer: policy.Answer{Result: r}}) }
			return b.Graph(b.Node(isRoot, leaf(results[0]), leaf(results[1]), diag.Span{}))
		}
	}
	low, high := secmodel.Low, secmodel.High
	for _, c := range []struct {
		name, request string
		policies      []*rules.Policy
		who           Answerer
		want          []string
	}{
		{"the other models decide", "system.reboot", nil, Answerer{Profile: &low},
			[]string{"any request: allow: root allowed by suser: user refused, nobody allows it"}},
		{"a denial stands", "system.reboot", []*rules.Policy{fixed(t, "p", "system", policy.Deny)}, Answerer{Profile: &low},
			[]string{"any request: deny: root refused by policies: user refused by policies"}},
		{"a grant is enough", "system.reboot", []*rules.Policy{fixed(t, "p", "system", policy.Grant)}, Answerer{Profile: &low},
			[]string{"any request: grant: root allowed by suser: user allowed by policies"}},
		{"the profile takes a grant back", "system.reboot", []*rules.Policy{fixed(t, "p", "system", policy.Grant)}, Answerer{Profile: &high},
			[]string{"any request: grant: root refused by secmodel_cell: user refused by secmodel_cell"}},
		{"an unknown profile", "system.reboot", nil, Answerer{},
			[]string{"any request: allow: root depends on the profile (low: allowed by suser; medium and high: refused by secmodel_cell): user refused, nobody allows it"}},
		{"the fallback speaks for low", "system.reboot", nil, Answerer{Program: ByFallback},
			[]string{"any request: deny: root refused by fallback and secmodel_cell: user refused by fallback and secmodel_cell"}},
		{"nobody is asked under a spin lock", "device.tty_open", []*rules.Policy{fixed(t, "p", "device", policy.Deny)}, Answerer{Profile: &low},
			[]string{"any request: allow: root allowed by suser: user allowed if the terminal is not open, or if the terminal is not for exclusive use (TIOCEXCL)"}},
		{"policies that ask for root", "system.reboot", []*rules.Policy{rule(t, "p", "system.reboot", euid(policy.Deny, policy.Grant))}, Answerer{Profile: &low},
			[]string{"r.euid == 0: deny: root refused by policies: no user", "r.euid ~= 0: grant: no root: user allowed by policies"}},
		{"fields decide facts", "network.socket.open", nil, Answerer{Profile: &low},
			[]string{`r.type ~= "raw": allow: root allowed by suser: user allowed by kernel (socket_listener)`,
				`r.type == "raw" and r.domain not in "oroute", "bluetooth", "route", "can": allow: root allowed by suser: user refused, nobody allows it`,
				`r.type == "raw" and r.domain in "oroute", "bluetooth", "route", "can": allow: root allowed by suser: user allowed by kernel (socket_listener)`}},
		{"the cell's own ports", "network.bind.privport", nil, Answerer{Profile: &low, Revision: secmodel.April, Ports: []uint16{80}},
			[]string{"r.port == 0: allow: root allowed by suser: user refused, nobody allows it",
				"r.port in 1..79, 81..65535: allow: root allowed if no other cell reserves the port: user refused, nobody allows it",
				"r.port == 80: allow: root allowed by suser: user allowed by secmodel_cell"}},
		{"a process is in its own cell", "process.rlimit.get", nil, Answerer{Profile: &low},
			[]string{"not r.target.same_cell: allow: root refused by secmodel_cell: user refused by secmodel_cell",
				"r.target.same_cell: allow: root allowed by suser: user allowed by kernel (resource_listener)"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := Can(compiler(c.policies...), "web-1", request(t, c.request), c.who, CanOptions{})
			if err != nil {
				t.Fatal(err)
			}
			words := func(who string, o *Outcome) string {
				if o == nil {
					return "no " + who
				}
				return who + " " + o.String()
			}
			var got []string
			for _, x := range a.Cases {
				got = append(got, x.Where+": "+x.Decision.Result.String()+": "+words("root", x.Root)+": "+words("user", x.User))
			}
			for _, want := range c.want {
				found := false
				for _, g := range got {
					found = found || strings.HasPrefix(g, want)
				}
				if !found {
					t.Errorf("no case %q in\n%s", want, strings.Join(got, "\n"))
				}
			}
			if len(got) != len(c.want) {
				t.Errorf("%d cases, want %d:\n%s", len(got), len(c.want), strings.Join(got, "\n"))
			}
		})
	}
}

func TestCanStopsAtMost(t *testing.T) {
	id := request(t, "process.ptrace")
	all, err := Can(compiler(), "web-1", id, Answerer{}, CanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	some, err := Can(compiler(), "web-1", id, Answerer{}, CanOptions{Most: 2})
	if err != nil {
		t.Fatal(err)
	}
	if all.More || len(all.Cases) < 3 {
		t.Errorf("all: %d cases, more %v", len(all.Cases), all.More)
	}
	if !some.More || len(some.Cases) != 2 {
		t.Errorf("at most 2: %d cases, more %v", len(some.Cases), some.More)
	}
	exactly, err := Can(compiler(), "web-1", id, Answerer{}, CanOptions{Most: len(all.Cases)})
	if err != nil || exactly.More {
		t.Errorf("exactly as many: more %v, %v", exactly.More, err)
	}
}

// Every combination of open facts is looked at, so there must be few of them.
func TestFewFactsAreOpen(t *testing.T) {
	settings := stock.DefaultSettings()
	for id := range kauth.RequestID(kauth.NumRequests) {
		for _, rev := range secmodel.Revisions() {
			m := newModels(id, scene{rev, secmodel.High, &settings, nil, true})
			if len(m.open) > 6 || len(m.splits) > 8 {
				t.Errorf("%s: %d open facts, %d tests", id, len(m.open), len(m.splits))
			}
			for _, l := range m.listeners {
				if len(l) > 16 {
					t.Errorf("%s: %d listeners", id, len(l))
				}
			}
		}
	}
}
