package analysis

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cellsh/policy"
	"cellsh/policy/graph"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// What a request gets under a user id is among the possible decisions; and whatever is not decided by the user id alone shows in
// more than one.
func TestPossibleHasAllDecisions(t *testing.T) {
	ids := kauth.Newest().Requests()
	several, one := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		id := rapid.SampledFrom(ids).Draw(rt, "request")
		policies := smallSet(rt, t, id)
		c := compiler(policies...)
		euid := uint32(rapid.IntRange(0, 3).Draw(rt, "euid"))
		p, err := Possible(c, "web-1", id, &euid)
		if err != nil {
			rt.Fatal(err)
		}
		anybody, err := Possible(c, "web-1", id, nil)
		if err != nil {
			rt.Fatal(err)
		}
		prog, err := c.Program("web-1")
		if err != nil {
			rt.Fatal(err)
		}
		in, err := PossibleIn(prog.Program, id, &euid)
		if err != nil {
			rt.Fatal(err)
		}
		if len(in.Decisions) != len(p.Decisions) {
			rt.Fatalf("policies can say %v, their program %v", p.Decisions, in.Decisions)
		}
		seen := map[policy.Decision]bool{}
		for range 12 {
			q := smallRequest(rt, id)
			q.SetInt(kauth.FieldEUID, int64(euid))
			if !likely(q) {
				continue
			}
			d := *prog.Decide(q)
			seen[d] = true
			if !slices.Contains(p.Decisions, d) || !slices.Contains(anybody.Decisions, d) || !slices.Contains(in.Decisions, d) {
				rt.Fatalf("%v gets %v, but possible are %v, %v and %v", q, d, p.Decisions, anybody.Decisions, in.Decisions)
			}
		}
		if len(p.Decisions) == 0 || len(p.Decisions) > 1 && p.Depends == 0 {
			rt.Fatalf("%v, depending on %v", p.Decisions, p.Depends.Fields())
		}
		if len(p.Decisions) > 1 {
			several++
		} else {
			one++
		}
	})
	enough(t, several, 10, "are open")
	enough(t, one, 10, "are decided")
}

// Only what a process of a cell can ask counts, and only what is not known is told.
func TestPossible(t *testing.T) {
	user := uint32(100)
	root := uint32(0)
	one := func(test policy.Test, yes, no policy.Result) func(kauth.RequestID) *graph.Graph[rules.Outcome] {
		var b graph.Builder[rules.Outcome]
		leaf := func(r policy.Result) graph.Ref {
			return b.Leaf(rules.Outcome{Answer: policy.Answer{Result: r, Source: policy.Source{File: "f.lua", Line: 1}}})
		}
		g := b.Graph(b.Node(test, leaf(yes), leaf(no), policy.Source{}.Span()))
		return func(kauth.RequestID) *graph.Graph[rules.Outcome] { return g }
	}
	in := func(f kauth.Field, lo, hi int64) policy.Test {
		return policy.Test{Kind: policy.In, Field: f, Set: interval.Between(lo, hi)}
	}
	for name, x := range map[string]struct {
		request string
		test    policy.Test
		euid    *uint32
		want    []policy.Result
		depends kauth.FieldSet
	}{
		"decided by the user":           {"system.reboot", in(kauth.FieldEUID, 0, 0), &user, []policy.Result{policy.Grant}, 0},
		"decided by root":               {"system.reboot", in(kauth.FieldEUID, 0, 0), &root, []policy.Result{policy.Deny}, 0},
		"nobody is known":               {"system.reboot", in(kauth.FieldEUID, 0, 0), nil, []policy.Result{policy.Deny, policy.Grant}, kauth.FieldSet(0).With(kauth.FieldEUID)},
		"a port":                        {"network.bind.privport", in(kauth.FieldPort, 80, 80), &root, []policy.Result{policy.Deny, policy.Grant}, kauth.FieldSet(0).With(kauth.FieldPort)},
		"a port that is never asked so": {"network.bind.privport", in(kauth.FieldPort, 1024, 65535), &root, []policy.Result{policy.Grant}, kauth.FieldSet(0).With(kauth.FieldPort)},
	} {
		p, err := Possible(compiler(rule(t, "p", x.request, one(x.test, policy.Deny, policy.Grant))), "web-1", request(t, x.request), x.euid)
		if err != nil {
			t.Fatal(err)
		}
		var results []policy.Result
		for _, d := range p.Decisions {
			results = append(results, d.Result)
		}
		if !slices.Equal(results, x.want) || p.Depends != x.depends {
			t.Errorf("%s: %v, depending on %v", name, results, p.Depends.Fields())
		}
	}
}
