package analysis

import (
	"errors"
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
)

// A witness gets to its leaf. Where the search is complete, nothing gets to leaves without one.
func TestWitnessesAreExact(t *testing.T) {
	ids := kauth.Newest().Requests()
	rapid.Check(t, func(rt *rapid.T) {
		id := rapid.SampledFrom(ids).Draw(rt, "request")
		g := smallGraph(rt, id)
		wanted := make([]bool, len(g.Leaves))
		for i := range wanted {
			wanted[i] = rapid.IntRange(0, 3).Draw(rt, "wanted") > 0
		}
		pieces := rapid.SampledFrom([]int{0, graph.DefaultLimit}).Draw(rt, "pieces")
		found, complete := graph.Witnesses(g, id, wanted, pieces)
		for i, q := range found {
			switch {
			case q == nil:
			case !wanted[i]:
				rt.Fatalf("leaf %d is not wanted, but found", i)
			case g.Eval(q) != g.Leaves[i]:
				rt.Fatalf("the witness for leaf %d gets to %v", i, g.Eval(q))
			}
		}
		denied := func(o rules.Outcome) bool { return o.Result == policy.Deny }
		one, decided := graph.Find(g, id, denied, pieces)
		if one != nil && !denied(g.Eval(one)) {
			rt.Fatalf("what is found must be denied, but gets %v", g.Eval(one))
		}
		if pieces > 0 && (!complete || !decided) {
			rt.Fatal("small graphs must be decided")
		}
		for range 8 {
			q := smallRequest(rt, id)
			leaf := slices.Index(g.Leaves, g.Eval(q))
			if complete && wanted[leaf] && found[leaf] == nil {
				rt.Fatalf("leaf %d is got to, but not found", leaf)
			}
			if decided && denied(g.Eval(q)) && one == nil {
				rt.Fatal("a denial is got to, but not found")
			}
		}
	})
}

// line is a leaf that answers on a line.
func line(r policy.Result, at int) rules.Outcome {
	return rules.Outcome{Answer: policy.Answer{Result: r, Source: policy.Source{File: "f.lua", Line: at}}}
}

// chain is a chain of tests for single ports, each with an answer of its own.
func chain(n int) *graph.Graph[rules.Outcome] {
	var b graph.Builder[rules.Outcome]
	at := b.Leaf(rules.Outcome{})
	for i := n - 1; i >= 0; i-- {
		at = b.Node(policy.Test{Kind: policy.In, Field: kauth.FieldPort, Set: interval.Single(int64(i))}, b.Leaf(line(policy.Deny, i+1)), at, diag.Span{})
	}
	return b.Graph(at)
}

func TestWitnessAsksForEachAnswer(t *testing.T) {
	g := chain(20)
	c := compiler(rule(t, "p", "network.bind.port", func(kauth.RequestID) *graph.Graph[rules.Outcome] { return g }), fixed(t, "q", "system.reboot", policy.Deny))
	all := NewWitnesses(c)
	w, err := all.Compare([]string{"web-1", "web-2"})
	if err != nil || w.Answers != 21 || w.Asked != 21 || w.LeftOut() != 0 || w.Steps == 0 || len(w.Problems()) > 0 {
		t.Errorf("%+v, %v", w, err)
	}
	if w, err := all.Compare([]string{"web-3"}); err != nil || w.Asked != 0 {
		t.Errorf("what was compared needs no more: %+v, %v", w, err)
	}
}

// What the functions may take is in proportion to the size of the graphs, and what was left out is told.
func TestWitnessIsBounded(t *testing.T) {
	g := chain(500)
	p := rule(t, "p", "network.bind.port", func(kauth.RequestID) *graph.Graph[rules.Outcome] { return g })
	w, err := NewWitnesses(compiler(p)).Compare([]string{"web-1"})
	if err != nil || w.Asked != w.Answers || w.Answers != 501 {
		t.Errorf("%+v, %v", w, err)
	}
	p.Entries[0].Function.(*function).steps = 10_000
	w, err = NewWitnesses(compiler(p)).Compare([]string{"web-1"})
	bound := int64(freeSteps + stepsForSize*1001)
	if err != nil || w.Asked != w.Answers-w.LeftOut() || w.Asked >= 100 || w.Asked < 50 || w.Answers != 501 || w.Steps < bound*9/10 || w.Steps > bound+10_000 {
		t.Errorf("%+v, %v", w, err)
	}
	list := w.Problems()
	if len(list) != 1 || list[0].Severity != diag.Note || list[0].Code != diag.ReadingPartial || !strings.Contains(list[0].Message, "of 501 answers") {
		t.Errorf("%v", list)
	}
}

func TestWitnessFindsDifferences(t *testing.T) {
	port := policy.Test{Kind: policy.In, Field: kauth.FieldPort, Set: interval.Single(80)}
	var b graph.Builder[rules.Outcome]
	g := b.Graph(b.Node(port, b.Leaf(line(policy.Deny, 3)), b.Leaf(rules.Outcome{}), diag.Span{File: "f.lua", Line: 3}))
	made := func(ask func(*policy.Request) (policy.Answer, error)) *function {
		return &function{graph: func(kauth.RequestID) *graph.Graph[rules.Outcome] { return g }, ask: ask}
	}
	for _, c := range []struct {
		name string
		ask  func(*policy.Request) (policy.Answer, error)
		// Of a policy, and of an assertion with the same function.
		want, where string
	}{
		{"none", func(q *policy.Request) (policy.Answer, error) { return g.Eval(q).Answer, nil }, "", ""},
		{"another answer", func(*policy.Request) (policy.Answer, error) { return policy.Answer{}, nil },
			`f.lua:3: error: two readings of a function must give the same, but for network.bind.port where r.port is 80 of cell web-1 one gives deny and the other allow (policy p) [reading.differs]`,
			`f.lua:3: error: two readings of a function must give the same, but for network.bind.port where r.port is 80 of cell web-1 one gives true and the other false (where of "t") [reading.differs]`},
		{"an error", func(q *policy.Request) (policy.Answer, error) {
			if q.Int[kauth.FieldPort] == 80 {
				return policy.Answer{}, errors.New("no\nway")
			}
			return policy.Answer{}, nil
		},
			`f.lua:3: error: two readings of a function must give the same, but for network.bind.port where r.port is 80 of cell web-1 one gives deny and the other an error, "no; way" (policy p) [reading.differs]`,
			`f.lua:3: error: two readings of a function must give the same, but for network.bind.port where r.port is 80 of cell web-1 one gives true and the other an error, "no; way" (where of "t") [reading.differs]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := rule(t, "p", "network.bind.port", nil)
			p.Entries[0].Function = made(c.ask)
			n := &rules.Never{Title: "t", Patterns: []kauth.Pattern{pattern(t, "network.bind.port")}, Where: made(c.ask)}
			for _, x := range []struct {
				set  *rules.Set
				want string
			}{{&rules.Set{Policies: []*rules.Policy{p}}, c.want}, {&rules.Set{Nevers: []*rules.Never{n}}, c.where}} {
				all := rules.NewCompiler(x.set, rules.Options{})
				w, err := NewWitnesses(all).Compare([]string{"web-1"})
				if err != nil {
					t.Fatal(err)
				}
				proof, err := Prove(all, []string{"web-1"}, ProveOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if w.Asked != 2 || proof.Asked < 2 || proof.Failed() != (x.want != "") {
					t.Errorf("%+v, %+v", w, proof)
				}
				for _, list := range []diag.List{w.Problems(), proof.Problems()} {
					got := ""
					if len(list) > 0 {
						got = list[0].Error()
					}
					if got != x.want || len(list) > 1 {
						t.Errorf("%v\nwant %s", list, x.want)
					}
				}
			}
		})
	}
}
