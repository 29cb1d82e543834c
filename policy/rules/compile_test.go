package rules

import (
	"errors"
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
)

// someRequests have fields of every kind between them.
var someRequests = []string{"network.bind.port", "network.bind.privport", "process.rlimit.set", "network.interface.setpriv", "system.mount.update", "process.signal", "process.fork"}

func drawOf[T any](t *rapid.T, of []T) T { return rapid.SampledFrom(of).Draw(t, "of") }

// fieldsFor are the fields of the request on which a test of that kind can be made; none where it takes two and there is one.
func fieldsFor(kind policy.TestKind, id kauth.RequestID) (fields []kauth.Field) {
	for _, f := range id.Info().Fields.Fields() {
		info := f.Info()
		number := info.Kind != kauth.KindString && info.Kind != kauth.KindAddr && info.Kind != kauth.KindGroups
		fits := map[policy.TestKind]bool{
			policy.In: number, policy.Is: info.Kind == kauth.KindString, policy.Glob: info.Kind == kauth.KindString, policy.Within: info.Kind == kauth.KindAddr,
			policy.Member: info.Kind == kauth.KindGroups, policy.Compare: info.Kind == kauth.KindInt, policy.Has: info.Flags, policy.Modulus: f.Divisible() && !info.Flags,
		}
		if fits[kind] {
			fields = append(fields, f)
		}
	}
	if kind == policy.Compare && len(fields) < 2 {
		return nil
	}
	return fields
}

// drawTest makes a test of that kind on a field of the request; false if it has no such field.
func drawTest(t *rapid.T, kind policy.TestKind, id kauth.RequestID) (policy.Test, bool) {
	fields := fieldsFor(kind, id)
	if len(fields) == 0 {
		return policy.Test{}, false
	}
	x := policy.Test{Kind: kind, Field: drawOf(t, fields)}
	few := func(most int64) interval.Set {
		var set interval.Set
		for range rapid.IntRange(1, 3).Draw(t, "ranges") {
			lo := rapid.Int64Range(0, most).Draw(t, "lo")
			set = set.Union(interval.Between(lo, lo+rapid.Int64Range(0, 3).Draw(t, "span")))
		}
		return set
	}
	switch kind {
	case policy.In:
		if x.Set = few(12); rapid.Bool().Draw(t, "not") {
			x.Set = x.Set.Complement()
		}
	case policy.Is:
		x.Text = drawOf(t, []string{"", "wm0", "lo0", "tmpfs"})
	case policy.Glob:
		x.Text = drawOf(t, []string{"wm*", "*0", "*", "l*0"})
	case policy.Within:
		within, err := policy.WithinAddrs(drawOf(t, []string{"10.0.0.0/8", "10.0.0.5-10.0.0.9", "::1", "2001:db8::/32"}))
		if err != nil {
			t.Fatal(err)
		}
		x = within
	case policy.Member:
		x.GID = drawOf(t, []uint32{0, 1, 2})
	case policy.Compare:
		others := slices.DeleteFunc(fields, func(f kauth.Field) bool { return f == x.Field })
		x.Other, x.Order = drawOf(t, others), policy.Order(rapid.IntRange(1, 6).Draw(t, "order"))
	case policy.Has:
		x.Bit = 1 << rapid.IntRange(0, 4).Draw(t, "bit")
	case policy.Modulus:
		x.Mod = rapid.Int64Range(2, 9).Draw(t, "mod")
		x.Set = few(x.Mod - 1).Intersect(interval.Between(0, x.Mod-1))
	}
	return x, true
}

// drawRequest gives values near those of drawTest.
func drawRequest(t *rapid.T, id kauth.RequestID) *policy.Request {
	q := &policy.Request{ID: id}
	for _, f := range id.Info().Fields.Fields() {
		switch f.Info().Kind {
		case kauth.KindString:
			q.SetText(f, drawOf(t, []string{"", "wm0", "wm1", "lo0", "tmpfs", "x"}))
		case kauth.KindAddr:
			a, _ := policy.ParseAddr(drawOf(t, []string{"10.0.0.1", "10.0.0.5", "10.0.0.9", "11.0.0.0", "::1", "2001:db8::1"}))
			q.SetAddr(a)
		case kauth.KindGroups:
			q.SetGroups(drawOf(t, [][]uint32{nil, {0}, {1}, {1, 2}})...)
		default:
			lo, hi := id.Range(f)
			q.SetInt(f, min(lo+rapid.Int64Range(0, 20).Draw(t, "value"), hi))
		}
	}
	return q
}

// TestEveryTestIsCompiled: a program answers each kind of test as the test itself does.
func TestEveryTestIsCompiled(t *testing.T) {
	for kind := range policy.TestKind(policy.NumTestKinds) {
		var fit []string
		for _, name := range someRequests {
			if len(fieldsFor(kind, request(t, name))) > 0 {
				fit = append(fit, name)
			}
		}
		if len(fit) == 0 {
			t.Errorf("no request has a test of kind %d", kind)
			continue
		}
		rapid.Check(t, func(rt *rapid.T) {
			id := request(t, drawOf(rt, fit))
			test, ok := drawTest(rt, kind, id)
			if !ok {
				rt.Fatalf("no test of kind %d is made on %s", kind, id)
			}
			var b graph.Builder[Outcome]
			yes, no := policy.Answer{Result: policy.Grant, Reason: "yes"}, policy.Answer{Result: policy.Deny, Reason: "no"}
			g := b.Graph(b.Node(test, b.Leaf(Outcome{Answer: yes}), b.Leaf(Outcome{Answer: no}), diag.Span{}))
			p := &Policy{Name: "p", Entries: []Entry{{Pattern: id.Chain()[0], Function: constant{g}}}, Default: Default{Result: policy.Allow}}
			c := NewCompiler(&Set{Policies: []*Policy{p}}, Options{SkipOptimizations: rapid.Bool().Draw(rt, "plain")})
			program, err := c.Program("a")
			if err != nil {
				rt.Fatal(err)
			}
			for range 8 {
				q := drawRequest(rt, id)
				if got, want := program.Decide(q).Result == policy.Grant, test.Eval(q); got != want {
					rt.Fatalf("%s of %v is %t, but the program says %t", &test, q, want, got)
				}
			}
		})
	}
}

// TestUnknownTests: a test that programs do not have is an error, and no other test.
func TestUnknownTests(t *testing.T) {
	first, _ := policy.ParseAddr("10.0.0.5")
	last, _ := policy.ParseAddr("10.0.0.9")
	for _, test := range []policy.Test{
		{Kind: policy.NumTestKinds, Field: kauth.FieldUID},
		{Kind: policy.Compare, Field: kauth.FieldUID, Other: kauth.FieldEUID},
		{Kind: policy.Compare, Field: kauth.FieldUID, Other: kauth.FieldEUID, Order: policy.Less | policy.Equal | policy.Greater},
		{Kind: policy.Within, Field: kauth.FieldAddr, First: first, Last: last}, // no prefix
	} {
		if n, ok := encodeTest(&test, 0, 0); ok {
			t.Errorf("%v becomes %v", test, n)
		}
	}
	a := newAssembler()
	var b graph.Builder[policy.Decision]
	deny := policy.Decision{Answer: policy.Answer{Result: policy.Deny}}
	never := policy.Test{Kind: policy.Compare, Field: kauth.FieldUID, Other: kauth.FieldEUID}
	a.add(request(t, "system.reboot"), b.Graph(b.Node(never, b.Leaf(deny), b.Leaf(policy.Allowed), diag.Span{File: "f.lua", Line: 3, Column: 7})))
	if _, _, err := a.program(); err == nil || err.Error() != "a test must be one that programs have, but is r.uid is never r.euid (f.lua:3:7)" {
		t.Errorf("%v", err)
	}
}

// drawPolicies makes policies with everything that a policy can have, on few requests.
func drawPolicies(t *rapid.T, requests []kauth.RequestID) []*Policy {
	var out []*Policy
	answer := func(place int) policy.Answer {
		a := policy.Answer{Result: policy.Result(rapid.IntRange(0, 3).Draw(t, "result")), Record: rapid.Bool().Draw(t, "record")}
		if a.Result != policy.Pass {
			a.Reason, a.Source = fmt.Sprintf("reason %d", place), policy.Source{File: "f.lua", Line: place}
		} else {
			a.Record = false
		}
		return a
	}
	for i := range rapid.IntRange(1, 3).Draw(t, "policies") {
		p := &Policy{Name: string(rune('a' + i)), Audit: rapid.Bool().Draw(t, "audit"), Default: Default{Result: policy.Allow}}
		p.Cells = drawOf(t, [][]Glob{nil, {{Pattern: "web-*"}}, {{Pattern: "web-1"}, {Pattern: "db"}}})
		if rapid.Bool().Draw(t, "default") {
			p.Default = Default{policy.Result(rapid.IntRange(1, 3).Draw(t, "default")), diag.Span{File: "f.lua", Line: 100 * (i + 1)}}
		}
		if rapid.Bool().Draw(t, "budget") {
			n := rapid.Int64Range(1, 12).Draw(t, "procs")
			p.Budget = Budget{Span: diag.Span{File: "f.lua", Line: 100*(i+1) + 1}, Procs: &n}
		}
		for _, id := range requests {
			for level, pattern := range id.Chain() {
				place := 100*(i+1) + 10*level + 2
				if slices.ContainsFunc(p.Entries, func(e Entry) bool { return e.Pattern == pattern }) || rapid.Bool().Draw(t, "none") {
					continue
				}
				e := Entry{Pattern: pattern, Span: diag.Span{File: "f.lua", Line: place}, Result: policy.Result(rapid.IntRange(1, 3).Draw(t, "entry"))}
				if rapid.Bool().Draw(t, "function") {
					var b graph.Builder[Outcome]
					at := b.Leaf(Outcome{Answer: answer(place)})
					for n := range rapid.IntRange(0, 3).Draw(t, "nodes") {
						test, ok := drawTest(t, policy.TestKind(rapid.IntRange(0, policy.NumTestKinds-1).Draw(t, "kind")), id)
						// A pattern is for requests that have other fields: only those that all have are asked for.
						if ok && test.Needs()&^kauth.Credential == 0 {
							at = b.Node(test, b.Leaf(Outcome{Answer: answer(place + 1 + n)}), at, diag.Span{})
						}
					}
					e.Function = constant{b.Graph(at)}
				}
				p.Entries = append(p.Entries, e)
			}
		}
		out = append(out, p)
	}
	return out
}

// plainly is what the policies say, worked out one after the other: the strongest answer, of equals the first that
// somebody gave.
func plainly(t *rapid.T, set *Set, q *policy.Request, cell string) policy.Decision {
	out := policy.Allowed
	record := false
	for _, p := range set.Policies {
		if !p.AppliesTo(cell) {
			continue
		}
		a, _, err := p.Ask(q, cell)
		if err != nil {
			t.Fatal(err)
		}
		record = record || a.Record
		a.Record = false
		switch at := &out.Answer; {
		case p.Audit:
			if a.Result == policy.Allow {
				continue
			}
			if at = &out.Would; a.Result > at.Result {
				*at = a
			}
		case a.Result > at.Result, a.Result == at.Result && at.Implicit():
			*at = a
		}
	}
	out.Record = record
	if d := &out; set.Audits(cell) && d.Result == policy.Deny {
		// Nothing is refused, and what would be is noted, with the first who says so.
		if d.Would.Result != policy.Deny || d.Answer.Source.Policy < d.Would.Source.Policy {
			d.Would = policy.Answer{Result: policy.Deny, Reason: d.Reason, Source: d.Source}
		}
		d.Result, d.Reason, d.Source = policy.Allow, "", policy.Source{}
	}
	return out
}

// TestProgramsSayWhatPoliciesSay: programs, optimised or not, decide as the policies that apply to the cell do when each is
// asked by itself, but for denials in cells that are audited; Verify holds that, and tells a program for another set.
func TestProgramsSayWhatPoliciesSay(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ids := []kauth.RequestID{request(t, drawOf(rt, someRequests)), request(t, drawOf(rt, someRequests))}
		set := &Set{Policies: drawPolicies(rt, ids), Audited: []string{"web-2", "other"}}
		c := NewCompiler(set, Options{SkipOptimizations: rapid.Bool().Draw(rt, "plain")})
		for _, cell := range []string{"web-1", "web-2", "db", "other"} {
			p, err := c.Program(cell)
			if err != nil {
				rt.Fatal(err)
			}
			var names []string
			for _, x := range set.Policies {
				if x.AppliesTo(cell) {
					names = append(names, x.Name)
				}
			}
			if got := fmt.Sprint(p.Policies); len(p.Policies) != len(names) {
				rt.Fatalf("%s gets %s, but %v apply", cell, got, names)
			}
			if len(p.Spans) != len(p.Nodes()) {
				rt.Fatalf("%d nodes have %d places", len(p.Nodes()), len(p.Spans))
			}
			if err := c.Verify(cell, p.Program, 1<<20); err != nil {
				rt.Fatal(err)
			}
			for range 6 {
				q := drawRequest(rt, drawOf(rt, ids))
				got, want := *p.Decide(q), plainly(rt, set, q, cell)
				// What was asked gives no places.
				got.Source.File, got.Source.Line, got.Would.Source.File, got.Would.Source.Line = "", 0, "", 0
				if got != want {
					rt.Fatalf("%s of %s must be %v, but is %v", q.ID, cell, want, got)
				}
				g := ProgramGraph(p.Program, q.ID)
				if again := g.Eval(q); again != *p.Decide(q) {
					rt.Fatalf("as a graph again it gives %v", again)
				}
			}
		}
	})
}

func TestVerifyFindsADifference(t *testing.T) {
	id := request(t, "network.bind.port")
	answer := func(r policy.Result) *Set {
		return &Set{Policies: []*Policy{{Name: "p", Entries: []Entry{{Pattern: id.Chain()[0], Result: r}}, Default: Default{Result: policy.Allow}}}}
	}
	other, err := NewCompiler(answer(policy.Grant), Options{}).Program("a")
	if err != nil {
		t.Fatal(err)
	}
	err = NewCompiler(answer(policy.Deny), Options{}).Verify("a", other.Program, 1<<20)
	var wrong *MismatchError
	if !errors.As(err, &wrong) || wrong.Cell != "a" || wrong.Request != id {
		t.Fatalf("%v", err)
	}
	if want := "the program for cell a must answer network.bind.port as the policies do, but does not; please report this"; err.Error() != want {
		t.Errorf("%s", err)
	}
	if g := ProgramGraph(other.Program, request(t, "system.reboot")); g.Leaf(g.Root) != policy.Allowed {
		t.Errorf("%v", g)
	}
	// It takes at least a piece to compare anything that is tested.
	tests := &Set{Policies: []*Policy{{Name: "p", Entries: []Entry{{Pattern: id.Chain()[0], Function: constant{tested(5, 7, Outcome{Answer: policy.Answer{Result: policy.Deny}})}}}, Default: Default{Result: policy.Allow}}}}
	c := NewCompiler(tests, Options{})
	p, err := c.Program("a")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Verify("a", p.Program, 1); !errors.Is(err, graph.ErrTooLarge) {
		t.Errorf("%v", err)
	}
}

// TestProgramsAreShared: cells that no policy tells apart get one program, and those that get equal ones the same bytes.
func TestProgramsAreShared(t *testing.T) {
	id := request(t, "system.reboot")
	deny := func(name string, globs ...string) *Policy {
		p := &Policy{Name: name, Entries: []Entry{{Pattern: id.Chain()[0], Result: policy.Deny}}, Default: Default{Result: policy.Allow}}
		for _, g := range globs {
			p.Cells = append(p.Cells, Glob{Pattern: g})
		}
		return p
	}
	c := NewCompiler(&Set{Policies: []*Policy{deny("a", "web-*"), deny("b", "db", "db", "web-9")}}, Options{})
	programs := map[string]*Program{}
	for _, cell := range []string{"web-1", "web-2", "web-9", "db", "other", "more"} {
		p, err := c.Program(cell)
		if err != nil {
			t.Fatal(err)
		}
		programs[cell] = p
	}
	names := func(cell string) string {
		var out []string
		for _, p := range programs[cell].Policies {
			out = append(out, p.Name)
		}
		return strings.Join(out, " ")
	}
	if names("web-1") != "a" || names("web-9") != "a b" || names("db") != "b" || names("other") != "" {
		t.Errorf("%q %q %q %q", names("web-1"), names("web-9"), names("db"), names("other"))
	}
	if programs["web-1"] != programs["web-2"] || programs["other"] != programs["more"] || programs["web-1"] == programs["db"] {
		t.Error("cells that no policy tells apart must share a program, and others not")
	}
	if programs["other"].Decide(&policy.Request{ID: id}).Result != policy.Allow {
		t.Error("a cell that no policy names must be allowed everything")
	}
	if again, _ := c.Program("db"); again != programs["db"] {
		t.Error("a program must be made once")
	}
}

// TestOptimized: what a program is made of is there step by step, and each step is one that is told of.
func TestOptimized(t *testing.T) {
	id := request(t, "network.bind.port")
	policyOf := func(name string, lo, hi int64) *Policy {
		return &Policy{Name: name, Entries: []Entry{{Pattern: id.Chain()[0], Function: constant{tested(lo, hi, Outcome{Answer: policy.Answer{Result: policy.Deny, Reason: name}})}}}, Default: Default{Result: policy.Allow}}
	}
	set := &Set{Policies: []*Policy{policyOf("a", 5, 7), policyOf("b", 6, 9)}}
	var names []string
	for _, s := range Steps() {
		if s.Does == "" || s.Relies == "" || slices.Contains(names, s.Name) {
			t.Errorf("%v must be told of once, in words", s)
		}
		names = append(names, s.Name)
	}
	for _, o := range []Options{{}, {SkipOptimizations: true}} {
		g, stats := NewCompiler(set, o).Optimized("x", id)
		for port, want := range map[int64]string{4: "", 5: "a", 6: "a", 8: "b", 9: "b", 10: ""} {
			q := &policy.Request{ID: id}
			q.SetInt(kauth.FieldPort, port)
			if got := g.Eval(q).Reason; got != want {
				t.Errorf("port %d: %q", port, got)
			}
		}
		if stats.Before.Nodes != 2 || stats.After != g.Size() {
			t.Errorf("%+v", stats)
		}
		for _, s := range stats.Steps {
			if !slices.Contains(names, s.Name) {
				t.Errorf("nobody is told of step %s", s.Name)
			}
		}
	}
	d, ref, err := NewCompiler(set, Options{}).Diagram("x", id)
	if err != nil {
		t.Fatal(err)
	}
	q := &policy.Request{ID: id}
	q.SetInt(kauth.FieldPort, 8)
	if got := d.Eval(ref, q); got.Reason != "b" {
		t.Errorf("%v", got)
	}
	if l := Tested(NewCompiler(set, Options{}).PolicyGraphs("x", id)); len(l) != 2 {
		t.Errorf("%v", l)
	}
}

// TestDecision: what a policy contributes; one in audit mode only what it would refuse or grant, and what it wants kept.
func TestDecision(t *testing.T) {
	answer := func(r policy.Result, record bool) policy.Answer {
		return policy.Answer{Result: r, Reason: "why", Record: record, Source: policy.Source{Policy: "p", File: "f.lua", Line: 3}}
	}
	would := func(r policy.Result, record bool) policy.Decision {
		d := policy.Allowed
		d.Would, d.Record = answer(r, false), record
		return d
	}
	kept := policy.Allowed
	kept.Record = true
	enforce, audit := &Policy{Name: "p"}, &Policy{Name: "p", Audit: true}
	for _, c := range []struct {
		p    *Policy
		in   Outcome
		want policy.Decision
	}{
		{enforce, Outcome{Answer: answer(policy.Deny, true)}, policy.Decision{Answer: answer(policy.Deny, true)}},
		{enforce, Outcome{Answer: answer(policy.Allow, false)}, policy.Decision{Answer: answer(policy.Allow, false)}},
		{audit, Outcome{Answer: answer(policy.Deny, false)}, would(policy.Deny, false)},
		{audit, Outcome{Answer: answer(policy.Grant, true)}, would(policy.Grant, true)},
		{audit, Outcome{Answer: answer(policy.Allow, true)}, kept},
		{audit, Outcome{Answer: answer(policy.Allow, false)}, policy.Allowed},
		{enforce, Outcome{Fault: fault(1, "x")}, policy.Decision{Answer: policy.Answer{Result: policy.Deny}}},
		{audit, Outcome{Fault: fault(1, "x")}, policy.Decision{Answer: policy.Answer{Result: policy.Deny}}},
	} {
		if got := c.p.Decision(c.in); got != c.want {
			t.Errorf("%s %v: %v, want %v", c.p.Mode(), c.in, got, c.want)
		}
	}
}

func TestAppliesTo(t *testing.T) {
	globs := func(patterns ...string) []Glob {
		var out []Glob
		for _, p := range patterns {
			out = append(out, Glob{Pattern: p})
		}
		return out
	}
	for _, c := range []struct {
		cells []Glob
		cell  string
		want  bool
	}{
		{nil, "any", true}, {[]Glob{}, "any", false}, {globs("web-*"), "web-1", true}, {globs("web-*"), "web", false},
		{globs("db", "web-*"), "web-", true}, {globs("db"), "db1", false}, {globs("*"), "x", true},
	} {
		p, n := &Policy{Cells: c.cells}, &Never{Cells: c.cells}
		if p.AppliesTo(c.cell) != c.want || n.AppliesTo(c.cell) != c.want {
			t.Errorf("%v for %s must be %t", c.cells, c.cell, c.want)
		}
	}
	for pattern, want := range map[string]string{"web-*": "web-1", "*-*": "1-1", "db": "db"} {
		g := Glob{Pattern: pattern}
		if got := g.Sample(); got != want || !g.Match(got) {
			t.Errorf("%s: %s", pattern, got)
		}
	}
	network, _ := kauth.FindPattern("network")
	reboot, _ := kauth.FindPattern("system.reboot")
	n := &Never{Patterns: []kauth.Pattern{network, reboot}}
	for name, want := range map[string]bool{"network.bind.port": true, "system.reboot": true, "system.mount.new": false} {
		if n.About(request(t, name)) != want {
			t.Errorf("%s: %t", name, !want)
		}
	}
	if n.About(request(t, "process.fork")) || (&Never{}).About(request(t, "process.fork")) {
		t.Error("an assertion must be about what it names only")
	}
}

// raising is a function that raises an error.
type raising struct{ constant }

func (raising) Ask(*policy.Request, string) (policy.Answer, int64, error) {
	return policy.Answer{}, 5, errors.New("raised")
}

// TestAsk: the budget first, then the entries from the request to the scope, then the default.
func TestAsk(t *testing.T) {
	id := request(t, "process.rlimit.set")
	entry := func(level int, e Entry) Entry {
		e.Pattern = id.Chain()[level]
		return e
	}
	function := func(r policy.Result) Function {
		return constant{graph.Constant(Outcome{Answer: policy.Answer{Result: r, Reason: "function"}})}
	}
	two := int64(2)
	mine := policy.Source{Policy: "p"}
	q := &policy.Request{ID: id}
	fork := &policy.Request{ID: request(t, "process.fork")}
	fork.SetInt(kauth.FieldMembers, 2)
	for _, c := range []struct {
		name  string
		p     Policy
		q     *policy.Request
		want  policy.Answer
		steps int64
		err   bool
	}{
		{"nothing", Policy{Default: Default{Result: policy.Allow}}, q, policy.Answer{Result: policy.Allow}, 0, false},
		{"default", Policy{Default: Default{policy.Deny, diag.Span{Line: 1}}}, q, policy.Answer{Result: policy.Deny, Source: mine}, 0, false},
		{"entry", Policy{Entries: []Entry{entry(2, Entry{Result: policy.Deny}), entry(0, Entry{Result: policy.Grant})}}, q, policy.Answer{Result: policy.Grant, Source: mine}, 0, false},
		{"passes on", Policy{Entries: []Entry{entry(0, Entry{Function: function(policy.Pass)}), entry(1, Entry{Function: function(policy.Deny)})}}, q,
			policy.Answer{Result: policy.Deny, Reason: "function", Source: mine}, 2, false},
		{"raises", Policy{Entries: []Entry{entry(0, Entry{Function: raising{}})}}, q, policy.Answer{Source: mine}, 5, true},
		{"full", Policy{Budget: Budget{Procs: &two}}, fork, policy.Answer{Result: policy.Deny, Reason: "budget procs = 2", Source: mine}, 0, false},
		{"others do not count", Policy{Budget: Budget{Procs: &two}, Default: Default{Result: policy.Allow}}, q, policy.Answer{Result: policy.Allow}, 0, false},
	} {
		c.p.Name = "p"
		got, steps, err := c.p.Ask(c.q, "a")
		if got != c.want || steps != c.steps || (err != nil) != c.err {
			t.Errorf("%s: %v in %d steps, %v", c.name, got, steps, err)
		}
	}
}

// TestNobodyIsAsked: what a policy says to a whole scope it does not say to the requests that policies are not asked.
func TestNobodyIsAsked(t *testing.T) {
	device, _ := kauth.FindPattern("device")
	p := &Policy{Name: "p", Entries: []Entry{{Pattern: device, Result: policy.Deny}}, Default: Default{Result: policy.Allow}}
	c := NewCompiler(&Set{Policies: []*Policy{p}}, Options{})
	asked := 0
	for lo, hi := device.Range(); lo < hi; lo++ {
		want := 0
		if c.Vocabulary().Asks(lo) {
			want = 1
			asked++
		}
		if got := c.PolicyGraphs("a", lo); len(got) != want {
			t.Errorf("%s: %d policies speak", lo, len(got))
		}
	}
	if spin := request(t, "device.tty_open"); asked == 0 || c.Vocabulary().Asks(spin) {
		t.Errorf("%d requests of the scope are asked", asked)
	}
}

// TestProgramsAreListed: with the places of the tests in the source.
func TestProgramsAreListed(t *testing.T) {
	id := request(t, "network.bind.port")
	var b graph.Builder[Outcome]
	at := diag.Span{File: "f.lua", Line: 7}
	g := b.Graph(b.Node(policy.Test{Kind: policy.In, Field: kauth.FieldPort, Set: interval.Single(80)}, b.Leaf(Outcome{Answer: policy.Answer{Result: policy.Deny}}), b.Leaf(Outcome{}), at))
	set := &Set{Policies: []*Policy{{Name: "p", Entries: []Entry{{Pattern: id.Chain()[0], Function: constant{g}}}, Default: Default{Result: policy.Allow}}}}
	c := NewCompiler(set, Options{})
	p, err := c.Program("a")
	if err != nil {
		t.Fatal(err)
	}
	l := p.List(c.Requests())
	if len(l.Nodes) != 1 || l.Nodes[0].Span != at || l.Nodes[0].Test != "r.port == 80" || len(l.Starts) != 1 || l.Starts[0].Request != id {
		t.Errorf("%+v", l)
	}
	if c.Set() != set || c.Vocabulary() != kauth.Newest() || !slices.Contains(c.Requests(), id) {
		t.Error("a compiler must say what it was made for")
	}
	if _, ok := p.Root(request(t, "system.reboot")); ok {
		t.Error("what nobody objects to must need no start")
	}
}
