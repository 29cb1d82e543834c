package analysis

import (
	"fmt"
	"strings"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
	"cellsh/policy/rules"
)

// Explanation says why a request is answered as it is.
type Explanation struct {
	Cell     string
	Request  kauth.RequestID
	Decision policy.Decision
	// Policies that apply to the cell, by name.
	Policies []PolicyTrace
	// Misses are the smallest changes of one field each that turn the result, the smallest first.
	Misses []Miss
}

// PolicyTrace is how one policy came to its answer.
type PolicyTrace struct {
	Policy string
	Audit  bool
	Answer policy.Answer
	Tests  []TestTrace
}

// TestTrace is one test that was made.
type TestTrace struct {
	Test policy.Test
	// Value of the field that was tested, as policies write it.
	Value string
	Yes   bool
	diag.Span
}

// Miss is a change of one field that turns the result.
type Miss struct {
	Field kauth.Field
	// From and To are the values as policies write them; for groups, To says what would change.
	From, To string
	Decision policy.Decision
}

// Explain follows a request through all policies of a cell. Fields that are missing and matter give a
// *program.MissingError.
func Explain(c *rules.Compiler, cell string, r *policy.Request) (*Explanation, error) {
	p, err := c.Program(cell)
	if err != nil {
		return nil, err
	}
	d, err := p.DecideGiven(r)
	if err != nil {
		return nil, err
	}
	out := &Explanation{Cell: cell, Request: r.ID, Decision: *d}
	for _, g := range c.PolicyGraphs(cell, r.ID) {
		out.Policies = append(out.Policies, tracePolicy(g, r))
	}
	graphs := c.PolicyGraphs(cell, r.ID)
	space := graph.NewSpace(r.ID, rules.Tested(graphs)...)
	for _, change := range graph.Changes(space, r, func(moved *policy.Request) (policy.Decision, bool) {
		other, err := p.DecideGiven(moved)
		if err != nil || other.Result == d.Result {
			return policy.Decision{}, false
		}
		return *other, true
	}) {
		out.Misses = append(out.Misses, Miss{change.Field, change.From, change.To, change.Outcome})
	}
	return out, nil
}

// tracePolicy lists the tests up to the answer, or up to one whose field is missing.
func tracePolicy(g *rules.PolicyGraph, r *policy.Request) PolicyTrace {
	t := PolicyTrace{Policy: g.Policy.Name, Audit: g.Policy.Audit}
	at := g.Graph.Root
	for at >= 0 {
		n := &g.Graph.Nodes[at]
		if n.Test.Needs()&^r.Given != 0 {
			return t
		}
		yes := n.Test.Eval(r)
		t.Tests = append(t.Tests, TestTrace{n.Test, Value(r, &n.Test), yes, n.Span})
		if at = n.No; yes {
			at = n.Yes
		}
	}
	t.Answer = g.Graph.Leaf(at).Answer
	return t
}

// Value is what a request has for the field that a test asks about, as policies write it.
func Value(r *policy.Request, t *policy.Test) string {
	f := t.Field
	switch f.Info().Kind {
	case kauth.KindString:
		if r.Text(f) == "" && f.Info().Nullable {
			return "nil"
		}
		return fmt.Sprintf("%q", r.Text(f))
	case kauth.KindAddr:
		return r.Addr.String()
	case kauth.KindGroups:
		parts := make([]string, len(r.Groups))
		for i, g := range r.Groups {
			parts[i] = fmt.Sprint(g)
		}
		return "groups {" + strings.Join(parts, ", ") + "}"
	}
	if t.Kind == policy.Compare {
		return fmt.Sprintf("%s and %s", f.FormatValue(r.Int[f]), t.Other.FormatValue(r.Int[t.Other]))
	}
	return f.FormatValue(r.Int[f])
}

// Missing is the field that an explanation or decision lacked; false if the error is another one.
func Missing(err error) (kauth.Field, bool) {
	m, ok := err.(*program.MissingError)
	if !ok {
		return 0, false
	}
	return m.Field, true
}

// names is the distinct values of a list, in order.
func names[T comparable](list []T) []T {
	seen := map[T]bool{}
	var out []T
	for _, x := range list {
		if !seen[x] {
			seen[x] = true
			out = append(out, x)
		}
	}
	return out
}

// decisionGraph gives the reduced decision of a cell over a space that also holds other tests.
func decisionGraph(c *rules.Compiler, space *graph.Space, cell string, id kauth.RequestID) (*graph.Diagrams[policy.Decision], graph.Ref, error) {
	d := graph.NewDiagrams[policy.Decision](space)
	r, err := rules.Combine(d, c.PolicyGraphs(cell, id))
	return d, r, err
}
