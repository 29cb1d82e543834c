package analysis

import (
	"cmp"
	"fmt"
	"slices"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// Grant is a place that gives a right which the kernel's other models may refuse.
type Grant struct {
	Policy   string
	Requests []kauth.RequestID
	Reason   string
	diag.Span
	// Audit grants do not apply.
	Audit bool
}

// Grants lists all that can be reached in the cells, by place.
func Grants(c *rules.Compiler, cells []string) []Grant {
	type key struct {
		policy string
		answer policy.Answer
	}
	found := map[key]*Grant{}
	each(c, cells, func(g *rules.PolicyGraph, _ string, id kauth.RequestID) {
		for _, leaf := range g.Graph.Leaves {
			if leaf.Fault != nil || leaf.Result != policy.Grant {
				continue
			}
			k := key{g.Policy.Name, leaf.Answer}
			if found[k] == nil {
				found[k] = &Grant{Policy: g.Policy.Name, Reason: leaf.Reason, Span: leaf.Source.Span(), Audit: g.Policy.Audit}
			}
			if !slices.Contains(found[k].Requests, id) {
				found[k].Requests = append(found[k].Requests, id)
			}
		}
	})
	var out []Grant
	for _, g := range found {
		out = append(out, *g)
	}
	slices.SortFunc(out, func(a, b Grant) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Reason, b.Reason))
	})
	return out
}

// each calls f for every policy graph of the cells, those that are shared once.
func each(c *rules.Compiler, cells []string, f func(g *rules.PolicyGraph, cell string, id kauth.RequestID)) {
	seen := map[*rules.PolicyGraph]bool{}
	for _, cell := range cells {
		for _, id := range rules.Requests() {
			for _, g := range c.PolicyGraphs(cell, id) {
				if !seen[g] {
					seen[g] = true
					f(g, cell, id)
				}
			}
		}
	}
}

// Lint finds what is surely not meant: entries that are never asked because more specific ones always answer, and
// tests that have the same answer for every request. Only what holds in all of the cells is told.
func Lint(c *rules.Compiler, cells []string) diag.List {
	tests := map[testPlace]*testSeen{}
	asked := map[entryPlace]bool{}
	applies := map[*rules.Policy]bool{}
	each(c, cells, func(g *rules.PolicyGraph, cell string, id kauth.RequestID) {
		applies[g.Policy] = true
		noteTests(g, cell, id, tests)
		noteEntries(g, cell, id, asked)
	})
	var out diag.List
	for place, seen := range tests {
		if seen.yes == seen.no {
			continue
		}
		word := "true"
		if seen.no {
			word = "false"
		}
		message := fmt.Sprintf("a test should depend on the request, but %s is always %s here", place.test, word)
		if place.bounds != "" {
			message = fmt.Sprintf("a test should depend on the request, but this one is always %s, because %s", word, place.bounds)
		}
		out = append(out, diag.Diagnostic{Span: place.Span, Severity: diag.Warning, Code: diag.LintConstant, Message: message})
	}
	for p := range applies {
		for i, e := range p.Entries {
			if asked[entryPlace{p, i}] || neverAsked(e.Pattern) {
				continue
			}
			out = append(out, diag.Diagnostic{Span: e.Span, Severity: diag.Warning, Code: diag.LintShadowed,
				Message: fmt.Sprintf("an entry should be asked for some request, but %s never is: more specific entries always answer", e.Pattern)})
		}
	}
	return out.Sort()
}

// neverAsked reports whether the kernel asks none of the pattern's requests, which is told elsewhere.
func neverAsked(p kauth.Pattern) bool {
	return !slices.ContainsFunc(rules.Requests(), p.Matches)
}

type testPlace struct {
	diag.Span
	test string
	// bounds are those of the field, where they alone decide the test.
	bounds string
}

// boundsOf says within which bounds a field is, if a test is for values beyond them, or for all within them.
func boundsOf(t *policy.Test, id kauth.RequestID) string {
	if t.Kind != policy.In || t.Field.Info().Kind == kauth.KindBool {
		return ""
	}
	lo, hi := id.Range(t.Field)
	bounds := interval.Between(lo, hi)
	if !t.Set.Intersect(bounds).Empty() && !bounds.Minus(t.Set).Empty() {
		return ""
	}
	return fmt.Sprintf("r.%s is %s to %s", t.Field, t.Field.FormatValue(lo), t.Field.FormatValue(hi))
}

type testSeen struct{ yes, no bool }

// noteTests notes which outcomes tests can have.
func noteTests(g *rules.PolicyGraph, cell string, id kauth.RequestID, tests map[testPlace]*testSeen) {
	if len(g.Graph.Nodes) == 0 {
		return
	}
	p := &prover{proof: &Proof{}, quiet: true}
	p.graph(g, cell, id)
	if p.proof.Undecided > 0 {
		// What was not decided may be possible.
		for i := range p.yes {
			p.yes[i], p.no[i] = true, true
		}
	}
	reach := g.Graph.Reachable()
	for i := range g.Graph.Nodes {
		n := &g.Graph.Nodes[i]
		if !reach[i] || n.Span.Line == 0 {
			continue
		}
		k := testPlace{n.Span, n.Test.String(), boundsOf(&n.Test, id)}
		if tests[k] == nil {
			tests[k] = &testSeen{}
		}
		tests[k].yes = tests[k].yes || p.yes[i]
		tests[k].no = tests[k].no || p.no[i]
	}
}

type entryPlace struct {
	policy *rules.Policy
	entry  int
}

// noteEntries notes which entries of the policy are asked for the request: the first of the chain, and each further
// one as long as those before can pass.
func noteEntries(g *rules.PolicyGraph, cell string, id kauth.RequestID, asked map[entryPlace]bool) {
	for _, pattern := range id.Chain() {
		for i, e := range g.Policy.Entries {
			if e.Pattern != pattern {
				continue
			}
			asked[entryPlace{g.Policy, i}] = true
			if e.Function == nil || !canPass(e.Function, cell, id) {
				return
			}
		}
	}
}

// canPass reports whether a function gives no answer for some request.
func canPass(f rules.Function, cell string, id kauth.RequestID) bool {
	compiled := f.Compile(id, cell)
	pass := func(o rules.Outcome) bool { return o.Fault == nil && o.Result == policy.Pass }
	if !slices.ContainsFunc(compiled.Graph.Leaves, pass) {
		return false
	}
	d := graph.NewDiagrams[rules.Outcome](graph.NewSpace(id, compiled.Graph))
	r, err := graph.Reduce(d, compiled.Graph)
	if err != nil {
		return true
	}
	found := false
	d.RegionsOf(r, pass, func(graph.Region, rules.Outcome) bool {
		found = true
		return false
	})
	return found
}
