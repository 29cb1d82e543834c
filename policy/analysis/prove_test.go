package analysis

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// Every outcome of a test that some request takes is put through the function, and nothing is called impossible that is
// not.
func TestProveCoversWhatRequestsTake(t *testing.T) {
	ids := kauth.Newest().Requests()
	rapid.Check(t, func(rt *rapid.T) {
		id := rapid.SampledFrom(ids).Draw(rt, "request")
		g := smallGraph(rt, id)
		c := compiler(rule(t, "p", id.String(), func(kauth.RequestID) *graph.Graph[rules.Outcome] { return g }))
		p := &prover{proof: &Proof{}, thorough: true}
		pg := c.PolicyGraphs("web-1", id)[0]
		p.look(policySubject(pg, id, "web-1"))
		if x := p.proof; len(x.Differences) > 0 || x.Undecided > 0 || x.Limited || x.Edges != x.EdgesCovered || x.Boundaries != x.BoundariesCovered {
			rt.Fatalf("%+v", x)
		}
		// Who only wants to know what is possible finds the same, and asks for what no walk gets to only.
		quiet := &prover{proof: &Proof{}, quiet: true}
		quiet.look(policySubject(pg, id, "web-1"))
		for i := range p.yes {
			if quiet.yes[i] && !p.yes[i] || quiet.no[i] && !p.no[i] {
				rt.Fatalf("%s has an outcome that no request takes", pg.Graph.Nodes[i].Test.String())
			}
			if quiet.proof.Undecided == 0 && (quiet.yes[i] != p.yes[i] || quiet.no[i] != p.no[i]) {
				rt.Fatalf("%s has an outcome that is not found", pg.Graph.Nodes[i].Test.String())
			}
		}
		for range 8 {
			_, steps := pg.Graph.Trace(smallRequest(rt, id))
			for _, s := range steps {
				if s.Yes && !p.yes[s.Node] || !s.Yes && !p.no[s.Node] {
					rt.Fatalf("%s is answered with %v, but that was not asked", pg.Graph.Nodes[s.Node].Test.String(), s.Yes)
				}
			}
		}
	})
}

// A graph that is wrong in the least is found out.
func TestProveFindsFaults(t *testing.T) {
	prefix := func(s string) policy.Prefix {
		p, err := policy.ParsePrefix(s)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	number := func(lo, hi int64) policy.Test {
		return policy.Test{Kind: policy.In, Field: kauth.FieldPort, Set: interval.Between(lo, hi)}
	}
	order := func(o policy.Order) policy.Test {
		return policy.Test{Kind: policy.Compare, Field: kauth.FieldUID, Other: kauth.FieldEUID, Order: o}
	}
	in := func(p string) policy.Test {
		return policy.WithinPrefix(prefix(p))
	}
	group := func(gid uint32) policy.Test {
		return policy.Test{Kind: policy.Member, Field: kauth.FieldGroups, GID: gid}
	}
	id := request(t, "network.bind.port")
	leaf := func(r policy.Result, reason string) rules.Outcome {
		return rules.Outcome{Answer: policy.Answer{Result: r, Reason: reason}}
	}
	simple := func(test policy.Test, yes, no rules.Outcome) *graph.Graph[rules.Outcome] {
		var b graph.Builder[rules.Outcome]
		// Behind another test, so that the test is not met by every request.
		first := b.Node(test, b.Leaf(yes), b.Leaf(no), diag.Span{})
		return b.Graph(b.Node(number(0, 40000), first, b.Leaf(leaf(policy.Deny, "far")), diag.Span{}))
	}
	yes, no := leaf(policy.Grant, "yes"), leaf(policy.Deny, "no")
	for _, c := range []struct {
		name     string
		function *graph.Graph[rules.Outcome]
		graph    *graph.Graph[rules.Outcome]
	}{
		{"a limit one too high", simple(number(1024, 65535), yes, no), simple(number(1025, 65535), yes, no)},
		{"a limit one too low", simple(number(1024, 65535), yes, no), simple(number(1023, 65535), yes, no)},
		{"an end one too far", simple(number(80, 443), yes, no), simple(number(80, 444), yes, no)},
		{"a number that is left out", simple(number(80, 80), yes, no), simple(number(81, 81), yes, no)},
		{"outcomes that are exchanged", simple(number(1024, 65535), yes, no), simple(number(1024, 65535), no, yes)},
		{"another reason", simple(number(1024, 65535), yes, no), simple(number(1024, 65535), yes, leaf(policy.Deny, "On"))},
		{"another result", simple(number(1024, 65535), yes, no), simple(number(1024, 65535), leaf(policy.Allow, "yes"), no)},
		{"less instead of at most", simple(order(policy.Less|policy.Equal), yes, no), simple(order(policy.Less), yes, no)},
		{"greater instead of less", simple(order(policy.Less), yes, no), simple(order(policy.Greater), yes, no)},
		{"a prefix that is too long", simple(in("10.0.0.0/8"), yes, no), simple(in("10.0.0.0/9"), yes, no)},
		{"a prefix that is too short", simple(in("10.0.0.0/8"), yes, no), simple(in("10.0.0.0/7"), yes, no)},
		{"another family", simple(in("0.0.0.0/0"), yes, no), simple(in("::/0"), yes, no)},
		{"another group", simple(group(1), yes, no), simple(group(2), yes, no)},
	} {
		t.Run(c.name, func(t *testing.T) {
			prove := func(g *graph.Graph[rules.Outcome]) *Proof {
				f := &function{graph: func(kauth.RequestID) *graph.Graph[rules.Outcome] { return g },
					ask: func(q *policy.Request) (policy.Answer, error) { return c.function.Eval(q).Answer, nil }}
				p := &rules.Policy{Name: "p", Default: rules.Default{Result: policy.Allow}, Entries: []rules.Entry{{Pattern: pattern(t, id.String()), Function: f}}}
				proof, err := Prove(compiler(p), []string{"web-1"}, ProveOptions{})
				if err != nil {
					t.Fatal(err)
				}
				return proof
			}
			if p := prove(c.function); len(p.Differences) > 0 {
				t.Errorf("there is no fault, but %v", p.Differences)
			}
			p := prove(c.graph)
			if len(p.Differences) == 0 {
				t.Fatal("the fault must be found, but is not")
			}
			if d := p.Differences[0]; d.Function == d.Graph.Answer || d.Request.ID != id || d.About != "policy p" || d.Cell != "web-1" {
				t.Errorf("%+v", d)
			}
		})
	}
}

// What Lua raises must be raised, and what it does not raise must not.
func TestProveFindsErrors(t *testing.T) {
	raises := errors.New("attempt to compare nil with number")
	for _, c := range []struct {
		name   string
		fault  *rules.Fault
		err    error
		differ bool
	}{
		{"an error that is told", &rules.Fault{Raised: true}, raises, false},
		{"an error that is not told", nil, raises, true},
		{"an error that does not happen", &rules.Fault{Raised: true}, nil, true},
		{"what can't be compiled", &rules.Fault{}, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := graph.Constant(rules.Outcome{Answer: policy.Answer{Result: policy.Deny}, Fault: c.fault})
			p := rule(t, "p", "system.reboot", func(kauth.RequestID) *graph.Graph[rules.Outcome] { return g })
			p.Entries[0].Function.(*function).ask = func(*policy.Request) (policy.Answer, error) {
				return policy.Answer{Result: policy.Deny}, c.err
			}
			x := &prover{proof: &Proof{}, thorough: true}
			id := request(t, "system.reboot")
			x.look(policySubject(compiler(p).PolicyGraphs("web-1", id)[0], id, "web-1"))
			if got := len(x.proof.Differences) > 0; got != c.differ {
				t.Errorf("%v, want %v", got, c.differ)
			}
		})
	}
}

// A program of other policies is told from the right one.
func TestVerifyFindsWrongPrograms(t *testing.T) {
	c := compiler(fixed(t, "p", "system.reboot", policy.Deny))
	for _, wrong := range []*rules.Policy{fixed(t, "p", "system.reboot", policy.Grant), fixed(t, "p", "system.module", policy.Deny), fixed(t, "q", "system.reboot", policy.Deny)} {
		p, err := compiler(wrong).Program("web-1")
		if err != nil {
			t.Fatal(err)
		}
		var m *rules.MismatchError
		if err := c.Verify("web-1", p.Program, graph.DefaultLimit); !errors.As(err, &m) {
			t.Errorf("%v, want a mismatch", err)
		}
	}
}

// Without a bound everything is looked at; with one it is said that not everything was.
func TestProveWithinBounds(t *testing.T) {
	id := request(t, "network.bind.port")
	var b graph.Builder[rules.Outcome]
	at := b.Leaf(rules.Outcome{Answer: policy.Answer{Result: policy.Deny}})
	allow := b.Leaf(rules.Outcome{Answer: policy.Answer{Result: policy.Allow}})
	for port := range int64(500) {
		at = b.Node(policy.Test{Kind: policy.In, Field: kauth.FieldPort, Set: interval.Single(2 * port)}, allow, at, diag.Span{})
	}
	g := b.Graph(at)
	c := compiler(rule(t, "p", id.String(), func(kauth.RequestID) *graph.Graph[rules.Outcome] { return g }))
	whole, err := Prove(c, []string{"web-1"}, ProveOptions{})
	if err != nil || whole.Limited || whole.Edges != 1000 || whole.EdgesCovered != 1000 {
		t.Errorf("%+v, %v", whole, err)
	}
	part, err := Prove(c, []string{"web-1"}, ProveOptions{Effort: 1000})
	if err != nil || !part.Limited || part.EdgesCovered >= 1000 {
		t.Errorf("%+v, %v", part, err)
	}
}

func TestCoverage(t *testing.T) {
	id := request(t, "process.nice")
	var b graph.Builder[rules.Outcome]
	leaf := func(r policy.Result, reason string, line int) graph.Ref {
		return b.Leaf(rules.Outcome{Answer: policy.Answer{Result: r, Reason: reason, Source: policy.Source{File: "f.lua", Line: line}}})
	}
	test := func(line int, lo, hi int64, yes, no graph.Ref) graph.Ref {
		return b.Node(policy.Test{Kind: policy.In, Field: kauth.FieldNice, Set: interval.Between(lo, hi)}, yes, no, diag.Span{File: "f.lua", Line: line})
	}
	deny := leaf(policy.Deny, "no", 4)
	// The test of line 5 can't be true: its answer is no point.
	at := test(5, 15, 18, leaf(policy.Deny, "never", 9), deny)
	at = test(3, 5, 5, leaf(policy.Deny, "web", 3), at)
	g := b.Graph(test(2, 10, 20, leaf(policy.Allow, "", 2), at))
	// The policy says nothing else; what the default answers is no point either.
	c := compiler(rule(t, "p", id.String(), func(kauth.RequestID) *graph.Graph[rules.Outcome] { return g }))
	asks := func(v *Coverage, values ...int64) (int, int, []string) {
		for _, p := range values {
			q := graph.Example(id)
			q.SetInt(kauth.FieldNice, p)
			v.Add(c, "web-1", q)
		}
		covered, total, missing := v.Covered(c, []string{"web-1"})
		var list []string
		for _, p := range missing {
			list = append(list, p.Span.String()+" "+p.String())
		}
		return covered, total, list
	}
	v := NewCoverage()
	if covered, total, missing := asks(v); covered != 0 || total != 8 || len(missing) != 8 {
		t.Errorf("nothing asked: %d of %d, %q", covered, total, missing)
	}
	covered, total, missing := asks(v, 2)
	if want := []string{`f.lua:2 allow`, `f.lua:2 r.nice >= 10 is true`, `f.lua:3 deny, "web"`, `f.lua:3 r.nice == 5 is true`}; covered != 4 || total != 8 || !slices.Equal(missing, want) {
		t.Errorf("2 asked: %d of %d, %q, want %q", covered, total, missing, want)
	}
	if covered, _, missing := asks(v, 5, 12); covered != 8 || missing != nil {
		t.Errorf("all asked: %d, %q", covered, missing)
	}
	// A field that is missing ends the way.
	v = NewCoverage()
	q := graph.Example(id)
	q.Given = 0
	v.Add(c, "web-1", q)
	if covered, _, _ := v.Covered(c, []string{"web-1"}); covered != 0 {
		t.Errorf("nothing is known of the value, but %d are covered", covered)
	}
}

// What some request meets is a point; all together are covered and missing.
func TestCoverageIsExact(t *testing.T) {
	ids := kauth.Newest().Requests()
	rapid.Check(t, func(rt *rapid.T) {
		id := rapid.SampledFrom(ids).Draw(rt, "request")
		c := compiler(smallSet(rt, t, id)...)
		all := NewCoverage()
		_, total, points := all.Covered(c, []string{"web-1"})
		if len(points) != total {
			rt.Fatalf("nothing was asked, but %d of %d are missing", len(points), total)
		}
		v := NewCoverage()
		for range 6 {
			if q := smallRequest(rt, id); q.IsUsual() {
				v.Add(c, "web-1", q)
			}
		}
		covered, again, missing := v.Covered(c, []string{"web-1"})
		if again != total || covered+len(missing) != total {
			rt.Fatalf("%d covered and %d missing must be %d and are %d", covered, len(missing), total, again)
		}
		for p := range v.points {
			if p.Span.Line > 0 && !slices.Contains(points, p) {
				rt.Fatalf("%s was met, but is no point", p)
			}
		}
	})
}
