package study

import (
	"fmt"

	"cellsh/policy"
	"cellsh/policy/analysis"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// DecidedAt completes a question of which a place in a file has decided, or would have but for audit mode: what is not given of it
// becomes that of an example that the place decides. Taken are the fields that policies ask about and that were not given. So one
// learns of a decision of which the kernel has kept the place, and not all of the request. The error is as for Decide, or a diag.List
// if the place decides no such request.
func (p *Policies) DecidedAt(q *policy.Question, file string, line int) (taken []kauth.Field, err error) {
	if err := p.Usable(q.Cell); err != nil {
		return nil, err
	}
	graphs := p.PolicyGraphs(q.Cell, q.ID)
	given := givenTests(&q.Request)
	d := graph.NewDiagrams[policy.Decision](graph.NewSpace(q.ID, append(rules.Tested(graphs), given)...))
	r, err := rules.Combine(d, graphs)
	if err != nil {
		return nil, tooLarge(err)
	}
	here := func(a policy.Answer) bool { return a.Source.File == file && a.Source.Line == line }
	decides := func(x policy.Decision) bool { return here(x.Answer) || here(x.Would) }
	var found *policy.Request
	d.RegionsOf(r, decides, func(region graph.Region, _ policy.Decision) bool {
		for i := range given {
			region = region.Restrict(&given[i], true)
		}
		x, ok := analysis.Example(region)
		if !ok || !x.IsUsual() {
			return true
		}
		if q.Given.Has(kauth.FieldGroups) {
			x.SetGroups(q.Groups...)
			full := *q
			full.Request = *x
			if d, err := p.Decide(&full); err != nil || !decides(d.Decision) {
				return true
			}
		}
		found = x
		return false
	})
	if found == nil {
		return nil, diag.List{{Span: diag.Span{File: file, Line: line}, Code: diag.Failed,
			Message: fmt.Sprintf("the place must decide such a request of cell %s, %s, but does not with these policies", q.Cell, q.ID),
			Hint:    "they may have been changed since"}}
	}
	var asked kauth.FieldSet
	for _, g := range graphs {
		asked |= graph.Fields(g.Graph)
	}
	for _, f := range asked.Fields() {
		if !q.Given.Has(f) {
			taken = append(taken, f)
		}
	}
	q.Request = *found
	return taken, nil
}

// givenTests are tests that hold for what is given of a request, but for its groups.
func givenTests(r *policy.Request) graph.Tests {
	var out graph.Tests
	for _, f := range r.Given.Fields() {
		switch f.Info().Kind {
		case kauth.KindGroups:
		case kauth.KindString:
			out = append(out, policy.Test{Kind: policy.Is, Field: f, Text: r.Text(f)})
		case kauth.KindAddr:
			if r.Addr.Version != 0 {
				out = append(out, policy.Test{Kind: policy.Within, Field: f, First: r.Addr, Last: r.Addr})
			}
		default:
			out = append(out, policy.Test{Kind: policy.In, Field: f, Set: interval.Single(r.Int[f])})
		}
	}
	return out
}
