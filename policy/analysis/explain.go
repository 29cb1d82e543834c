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
	// Policies that apply to the cell, by name; none for a request that policies are not asked.
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
	graphs := c.PolicyGraphs(cell, r.ID)
	for _, g := range graphs {
		out.Policies = append(out.Policies, tracePolicy(g, r))
	}
	out.Misses = misses(graphs, r, func(moved *policy.Request) (policy.Decision, bool) {
		other, err := p.DecideGiven(moved)
		if err != nil {
			return policy.Decision{}, false
		}
		return *other, true
	})
	return out, nil
}

// tracePolicy lists the tests up to the answer, or up to one whose field is missing.
func tracePolicy(g *rules.PolicyGraph, r *policy.Request) PolicyTrace {
	t := PolicyTrace{Policy: g.Policy.Name, Audit: g.Policy.Audit || g.Lifted}
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

// Value is what a request has for the fields that a test asks about, as policies write it.
func Value(r *policy.Request, t *policy.Test) string {
	switch t.Kind {
	case policy.Compare:
		return FieldText(r, t.Field) + " and " + FieldText(r, t.Other)
	case policy.Member:
		return FieldText(r, kauth.FieldEGID) + " and " + FieldText(r, kauth.FieldGroups)
	case policy.Has:
		return flagsText(r.Int[t.Field], t.Field)
	}
	return FieldText(r, t.Field)
}

// flagsText is flags as a number, with the names that they have.
func flagsText(v int64, f kauth.Field) string {
	var list []string
	for rest := v; rest > 0; rest &= rest - 1 {
		if name, ok := f.BitName(rest & -rest); ok {
			list = append(list, name)
		}
	}
	if len(list) == 0 {
		return f.FormatValue(v)
	}
	return fmt.Sprintf("%s (%s)", f.FormatValue(v), strings.Join(list, ", "))
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
