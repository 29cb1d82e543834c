package analysis

import (
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// unknownCells finds denials that depend on the name of a target's cell, and are not given where the kernel knows no name: a
// cell that was made by other tools since the load is called policy.UnknownCell, whatever its name is. The host is always
// known. Graphs with too many cases are left out.
func unknownCells(g *rules.PolicyGraph, id kauth.RequestID, found map[diag.Span]diag.Diagnostic) {
	const f = kauth.FieldTargetCell
	if !graph.Fields(g.Graph).Has(f) {
		return
	}
	// The same graph for a request of which only the cell of the target is another.
	unknown := withText(g.Graph, f, policy.UnknownCell)
	host := policy.Test{Kind: policy.Is, Field: f}
	space := graph.NewSpace(id, g.Graph, unknown, graph.Tests{host})
	outcomes := graph.NewDiagrams[rules.Outcome](space)
	outcomes.Bound(smallReach)
	x, err := graph.Reduce(outcomes, g.Graph)
	if err != nil {
		return
	}
	y, err := graph.Reduce(outcomes, unknown)
	if err != nil {
		return
	}
	// escapes is the denial of a cell with a name that one without does not get.
	type escapes struct{ from rules.Outcome }
	pairs := graph.NewDiagrams[escapes](space)
	pairs.Bound(smallReach)
	r, err := graph.Apply(pairs, outcomes, x, outcomes, y, func(known, unknown rules.Outcome) escapes {
		if known.Fault == nil && unknown.Fault == nil && known.Result == policy.Deny && unknown.Result != policy.Deny {
			return escapes{known}
		}
		return escapes{}
	})
	if err != nil {
		return
	}
	regions := 0
	pairs.RegionsOf(r, func(e escapes) bool { return e.from.Result == policy.Deny }, func(region graph.Region, e escapes) bool {
		at := e.from.Source.Span()
		if at.Column = e.from.Column; found[at].Code == "" {
			if part := region.Restrict(&host, false); !part.Empty() {
				if _, ok := example(part); ok {
					found[at] = diag.Diagnostic{Span: at, Severity: diag.Warning, Code: diag.LintUnknownCell,
						Message: "a denial should not depend on the name of a cell that the kernel may not know, but a target whose r.target.cell is \"?\" is not denied here",
						Hint:    "a cell that other tools made since the load is called \"?\": deny what is not allowed by name, or deny \"?\" too"}
				}
			}
		}
		regions++
		return regions < smallRegions
	})
}

// withText is the graph for requests that have one text in a field: its tests are answered.
func withText(g *graph.Graph[rules.Outcome], f kauth.Field, text string) *graph.Graph[rules.Outcome] {
	q := &policy.Request{}
	q.SetText(f, text)
	return graph.Rewrite(g, func(b *graph.Builder[rules.Outcome], n *graph.Node, yes, no graph.Ref) graph.Ref {
		switch {
		case n.Test.Field != f:
			return b.Node(n.Test, yes, no, n.Span)
		case n.Test.Eval(q):
			return yes
		}
		return no
	})
}
