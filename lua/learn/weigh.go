package learn

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"

	"cellsh/lua/edit"
	"cellsh/policy"
	"cellsh/policy/analysis"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
	"cellsh/policy/study"
)

// weighed is a candidate that was read and compiled, and does what it is to do.
type weighed struct {
	candidate
	policies *study.Policies
	// touched are the requests to which some policy says something else.
	touched []kauth.RequestID
	// count is how many requests it lets through, nil if that can't be counted; lines is how many lines it changes.
	count *big.Int
	lines int
	order int
}

// compare puts the smallest change first.
func (x *weighed) compare(y *weighed) int {
	switch {
	case x.count == nil && y.count != nil:
		return 1
	case x.count != nil && y.count == nil:
		return -1
	case x.count != nil:
		if c := x.count.Cmp(y.count); c != 0 {
			return c
		}
	}
	return cmp.Or(cmp.Compare(x.lines, y.lines), order(x.named)-order(y.named), cmp.Compare(x.shape, y.shape), cmp.Compare(x.order, y.order))
}

// weigh reads and compiles the candidates, and gives those that do nothing but to lift denials, those of the task among them, the
// smallest first. The policies are those before the change. Why is why the first was not taken.
func (l *learner) weigh(t *task, cur *study.Policies, candidates []candidate) (out []*weighed, why string, err error) {
	for i, c := range candidates {
		w, reason, err := l.try(t, cur, c)
		if err != nil {
			return nil, "", err
		}
		if w == nil {
			why = cmp.Or(why, reason)
			continue
		}
		w.order = i
		out = append(out, w)
	}
	l.count(cur, out)
	slices.SortFunc(out, (*weighed).compare)
	return out, why, nil
}

// try reads and compiles one candidate; nil if it is of no use.
func (l *learner) try(t *task, cur *study.Policies, c candidate) (*weighed, string, error) {
	w := &weighed{candidate: c}
	sources := slices.Clone(cur.Set().Sources)
	i := slices.IndexFunc(sources, func(s rules.Source) bool { return s.File == c.file })
	before := sources[i].Text
	after := edit.InStyle(c.file, before, edit.Apply(before, c.edits))
	if after == before {
		return nil, "", nil
	}
	if !slices.Equal(edit.Comments(c.file, before), edit.Comments(c.file, after)) {
		return nil, "a comment would be lost", nil
	}
	for j := range sources {
		// Files that were loaded at different times can have one module.
		if sources[j].File == c.file && sources[j].Text == before {
			sources[j].Text = after
		}
	}
	w.lines = edit.ChangedLines(before, after)
	p, err := l.read(sources)
	if err != nil {
		return nil, "", err
	}
	if p.Loading.Failed() {
		return nil, "", nil // it fits in nowhere as it is written
	}
	if !slices.Equal(p.Set().Names(), cur.Set().Names()) {
		return nil, "the policies would be others", nil
	}
	w.policies = p
	for _, cell := range l.cells {
		if err := p.Usable(cell); err != nil {
			return nil, diag.Of(err)[0].Message, nil
		}
	}
	// Requests that a policy can't tell apart share its graphs, but not the values that they are asked with.
	type asking struct {
		pair
		id kauth.RequestID
	}
	seen := map[asking]bool{}
	for _, cell := range l.cells {
		for _, id := range cur.Requests() {
			pairs, same := pairsOf(cur.PolicyGraphs(cell, id), p.PolicyGraphs(cell, id))
			if !same {
				return nil, "policies would be for other cells", nil
			}
			for _, x := range pairs {
				changed, known := seen[asking{x, id}]
				if !known {
					var why string
					if changed, why, err = l.permitted(t, x, id); err != nil {
						return nil, err.Error(), nil
					}
					if why != "" {
						return nil, why, nil
					}
					seen[asking{x, id}] = changed
				}
				switch {
				case !changed:
					continue
				case x.old.Policy.Name != t.policy.Name:
					return nil, fmt.Sprintf("policy %s shares what would be changed", x.old.Policy.Name), nil
				case !l.o.AnyCell && !slices.ContainsFunc(t.asked, func(a *Asked) bool { return a.Cell == cell }):
					return nil, fmt.Sprintf("it would be for other cells too, for %s, say", cell), nil
				}
				if !slices.Contains(w.touched, id) {
					w.touched = append(w.touched, id)
				}
			}
		}
	}
	if budgets := analysis.BudgetChanges(cur.Set(), p.Set(), l.cells); len(budgets) > 0 {
		return nil, "a budget would change", nil
	}
	lifted, err := l.lifted(t, p)
	if err != nil || !lifted {
		return nil, "", nil
	}
	return w, "", nil
}

// more says what a change does beside lifting a denial, "" if nothing.
func (l *learner) more(c *analysis.Change) string {
	was, now := &c.Old, &c.New
	would := was.Would.Result == now.Would.Result || was.Would.Result == policy.Deny && now.Would.Result != policy.Grant
	switch k := c.Kind(); {
	case k == analysis.NowAllowed && was.Result == policy.Deny && would,
		k == analysis.NowGranted && was.Result == policy.Deny && l.o.Grant && would,
		k == analysis.InAudit && would,
		k == analysis.InAudit && was.Would.Result == policy.Deny && l.o.Grant:
		return ""
	case k == analysis.Recording:
		return fmt.Sprintf("it would change what is recorded of %s", c.Request)
	}
	return fmt.Sprintf("it would change %s to %s for %s where %s", was.Result, now.Result, c.Request, c.Where)
}

// opened reports whether a denial is lifted between two decisions.
func opened(was, now *policy.Decision) bool {
	return was.Result == policy.Deny && now.Result != policy.Deny || was.Would.Result == policy.Deny && now.Would.Result != policy.Deny
}

// pair is what one policy says to a request before a change and after it.
type pair struct{ old, new *rules.PolicyGraph }

// pairsOf are those of all policies; false if they are not the same policies.
func pairsOf(old, new []*rules.PolicyGraph) ([]pair, bool) {
	if len(old) != len(new) {
		return nil, false
	}
	out := make([]pair, len(old))
	for i := range old {
		if old[i].Policy.Name != new[i].Policy.Name || old[i].Policy.Audit != new[i].Policy.Audit {
			return nil, false
		}
		out[i] = pair{old[i], new[i]}
	}
	return out, true
}

// turn is what a policy alone decides, before and after.
type turn struct{ was, now policy.Decision }

// turns are the decisions of a policy alone, in a space that may know more tests.
func (x pair) turns(space *graph.Space) (*graph.Diagrams[turn], graph.Ref, error) {
	a, b := graph.NewDiagrams[policy.Decision](space), graph.NewDiagrams[policy.Decision](space)
	old, err := rules.Combine(a, []*rules.PolicyGraph{x.old})
	if err != nil {
		return nil, 0, err
	}
	new, err := rules.Combine(b, []*rules.PolicyGraph{x.new})
	if err != nil {
		return nil, 0, err
	}
	d := graph.NewDiagrams[turn](space)
	r, err := graph.Apply(d, a, old, b, new, func(was, now policy.Decision) turn {
		// Words and places are no changes.
		return turn{verdict(was), verdict(now)}
	})
	return d, r, err
}

// verdict is what of a decision matters.
func verdict(d policy.Decision) policy.Decision {
	return policy.Decision{Answer: policy.Answer{Result: d.Result, Record: d.Record}, Would: policy.Answer{Result: d.Would.Result}}
}

// opens reports whether the policy stops denying.
func (t turn) opens() bool { return opened(&t.was, &t.now) }

// permitted says whether a policy says anything else after a change, and what is wrong with that, "" if it only stops to deny.
func (l *learner) permitted(t *task, x pair, id kauth.RequestID) (changed bool, why string, err error) {
	if a, ok := constant(x.old); ok {
		if b, ok := constant(x.new); ok && a == b {
			return false, "", nil
		}
	}
	user := policy.Test{Kind: policy.In, Field: kauth.FieldEUID, Set: t.users()}
	d, r, err := x.turns(graph.NewSpace(id, x.old.Graph, x.new.Graph, graph.Tests{user}))
	if err != nil {
		return false, "", err
	}
	d.RegionsOf(r, func(t turn) bool { return t.was != t.now }, func(region graph.Region, t turn) bool {
		if _, ok := analysis.Example(region); !ok {
			return true
		}
		changed = true
		c := analysis.Change{Request: id, Where: region.String(), Old: t.was, New: t.now}
		if why = l.more(&c); why == "" && !l.o.AnyUser {
			if q, ok := analysis.Example(region.Restrict(&user, false)); ok {
				why = fmt.Sprintf("it would be for other users too, for euid %d, say", q.Int[kauth.FieldEUID])
			}
		}
		return why == ""
	})
	return changed, why, nil
}

// constant is what a graph says to all requests, if it says the same to all.
func constant(g *rules.PolicyGraph) (policy.Decision, bool) {
	if _, ok := g.Graph.Root.Leaf(); !ok {
		return policy.Decision{}, false
	}
	return verdict(g.Policy.Decision(g.Graph.Leaf(g.Graph.Root))), true
}

// count counts what each lets through: what a policy no longer denies, even if another denies it too. All is counted in one
// space, so that the numbers can be compared.
func (l *learner) count(cur *study.Policies, list []*weighed) {
	var touched []kauth.RequestID
	for _, w := range list {
		w.count = new(big.Int)
		for _, id := range w.touched {
			if !slices.Contains(touched, id) {
				touched = append(touched, id)
			}
		}
	}
	for _, id := range touched {
		for _, cell := range l.cells {
			tested := append(rules.Tested(cur.PolicyGraphs(cell, id)), l.toldTests(id))
			for _, w := range list {
				tested = append(tested, rules.Tested(w.policies.PolicyGraphs(cell, id))...)
			}
			space := graph.NewSpace(id, tested...)
			for _, w := range list {
				if w.count == nil || !slices.Contains(w.touched, id) {
					continue
				}
				pairs, _ := pairsOf(cur.PolicyGraphs(cell, id), w.policies.PolicyGraphs(cell, id))
				for _, x := range pairs {
					d, r, err := x.turns(space)
					var n *big.Int
					if err == nil {
						n, err = d.Count(r, turn.opens)
					}
					if err != nil {
						w.count = nil
						break
					}
					w.count.Add(w.count, n)
				}
			}
		}
	}
}

// toldTests are the tests that tell the requests.
func (l *learner) toldTests(id kauth.RequestID) graph.Tests {
	var out graph.Tests
	for _, f := range l.o.Told.carried(id) {
		out = append(out, l.o.Told.tests[f]...)
	}
	return out
}
