package rules

import (
	"fmt"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
	"cellsh/policy/progress"
)

// Ask answers a request by running the policy's functions themselves, entry by entry: the reference that its
// graph must agree with. The source has the policy and, for what a function answered, no line. Steps are those of the
// functions that were run, 0 if none was.
func (p *Policy) Ask(r *policy.Request, cell string) (a policy.Answer, steps int64, err error) {
	if n := p.Budget.Procs; n != nil && r.ID.Info().Fields.Has(kauth.FieldMembers) && r.Int[kauth.FieldMembers] >= *n {
		return policy.Answer{Result: policy.Deny, Reason: "budget procs = " + itoa(*n), Source: policy.Source{Policy: p.Name}}, 0, nil
	}
	for _, pattern := range r.ID.Chain() {
		for _, e := range p.Entries {
			if e.Pattern != pattern {
				continue
			}
			if e.Function == nil {
				return policy.Answer{Result: e.Result, Source: policy.Source{Policy: p.Name}}, steps, nil
			}
			a, took, err := e.Function.Ask(r, cell)
			steps += took
			if err != nil || a.Result != policy.Pass {
				a.Source = policy.Source{Policy: p.Name}
				return a, steps, err
			}
		}
	}
	a = policy.Answer{Result: p.Default.Result}
	if p.Default.Span.Line > 0 {
		a.Source = policy.Source{Policy: p.Name}
	}
	return a, steps, nil
}

// ProgramGraph is what a program says to a request, as a graph again.
func ProgramGraph(p *program.Program, id kauth.RequestID) *graph.Graph[policy.Decision] {
	root, ok := p.Root(id)
	if !ok {
		return graph.Constant(policy.Allowed)
	}
	var b graph.Builder[policy.Decision]
	nodes := p.Nodes()
	refs := make([]graph.Ref, len(nodes))
	needed := make([]bool, len(nodes))
	if root >= 0 {
		needed[root] = true
	}
	for i := range nodes {
		if !needed[i] {
			continue
		}
		for _, child := range [...]program.Ref{nodes[i].Yes, nodes[i].No} {
			if child >= 0 {
				needed[child] = true
			}
		}
	}
	to := func(r program.Ref) graph.Ref {
		if r >= 0 {
			return refs[r]
		}
		return b.Leaf(*p.Leaf(r))
	}
	// Children have higher indices in programs, and come first in graphs.
	for i := len(nodes) - 1; i >= 0; i-- {
		if needed[i] {
			n := &nodes[i]
			refs[i] = b.Node(n.Test(), to(n.Yes), to(n.No), diag.Span{})
		}
	}
	return b.Graph(to(root))
}

// MismatchError says that a program does not say what the policies say: a fault of the compiler.
type MismatchError struct {
	Cell    string
	Request kauth.RequestID
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("the program for cell %s must answer %s as the policies do, but does not; please report this", e.Cell, e.Request)
}

// Verify compares a program with what the policies say in a cell, exactly: for every request both are reduced to
// the same form. The error is a *MismatchError; graph.ErrTooLarge where it can't be worked out.
func (c *Compiler) Verify(cell string, p *program.Program, pieces int) error {
	for i, id := range c.requests {
		c.options.Work.At(progress.Step{Doing: "comparing the program with the policies", Of: cell + " " + id.String(), Done: i, Total: len(c.requests)})
		graphs := c.PolicyGraphs(cell, id)
		written := ProgramGraph(p, id)
		d := graph.NewDiagrams[policy.Decision](graph.NewSpace(id, append(Tested(graphs), written)...))
		d.Bound(pieces)
		want, err := Combine(d, graphs)
		if err != nil {
			return err
		}
		got, err := graph.Reduce(d, written)
		if err != nil {
			return err
		}
		if got != want {
			return &MismatchError{cell, id}
		}
	}
	return nil
}
