package learn

import (
	"fmt"

	"cellsh/policy"
	"cellsh/policy/analysis"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/rules"
	"cellsh/policy/study"
)

const (
	// proofEffort bounds the comparison of the changed functions with their graphs.
	proofEffort = 1_000_000
	// maxExamples is how many requests of each wish are asked.
	maxExamples = 64
)

// prove looks once more, with the functions themselves as the second reading has them: what was asked for is not denied, and what
// is said to change does. That nothing else changes is what the difference says of the graphs, which are compared with the
// functions.
func (l *learner) prove(out *Lesson, wishes []*wish) error {
	fault := func(form string, args ...any) error {
		return diag.List{{Code: diag.ReadingDiffers, Message: "what learn has found must hold in both readings of the policies, but " + fmt.Sprintf(form, args...),
			Hint: "this is a fault of cellsh and not of the files; nothing was written; please report it"}}
	}
	for i := range out.Difference.Requests {
		c := &out.Difference.Requests[i]
		if why := l.more(c); why != "" {
			return diag.List{{Code: diag.Failed, Message: "a change must lift denials and nothing else, but in cell " + c.Cells[0] + " " + why, Hint: "choose fewer decisions, or change the policies by hand"}}
		}
	}
	for _, w := range wishes {
		could := w.could(&l.o.Told)
		d := graph.NewDiagrams[bool](graph.NewSpace(w.Request, could))
		r, err := graph.Reduce(d, could)
		if err != nil {
			return tooLarge(w.Asked, err)
		}
		var wrong error
		n := 0
		d.RegionsOf(r, yes, func(region graph.Region, _ bool) bool {
			q, ok := analysis.Example(region)
			if !ok {
				return true
			}
			var result policy.Result
			if result, wrong = answer(out.Policies, w.Cell, q, w.policy.Audit); wrong == nil && result == policy.Deny {
				wrong = fault("%s in cell %s is denied still: cellsh explain %s", w.Request, w.Cell, study.ExplainArgs(w.Cell, q))
			}
			n++
			return wrong == nil && n < maxExamples
		})
		out.Proved += n
		if wrong != nil {
			return wrong
		}
	}
	for i := range out.Difference.Requests {
		c := &out.Difference.Requests[i]
		audit := c.Kind() == analysis.InAudit
		q, ok := analysis.Example(c.Region)
		if !ok {
			continue
		}
		was, err := answer(l.base, c.Cells[0], q, audit)
		if err != nil {
			return err
		}
		now, err := answer(out.Policies, c.Cells[0], q, audit)
		if err != nil {
			return err
		}
		if was != policy.Deny || now == policy.Deny {
			return fault("%s in cell %s is %s and becomes %s", c.Request, c.Cells[0], was, now)
		}
		out.Proved++
	}
	proof, err := analysis.Prove(out.Policies.Compiler, l.cells, analysis.ProveOptions{Effort: proofEffort})
	if err != nil {
		return err
	}
	return out.Policies.Fill(proof.Problems()).Err()
}

// answer is what the functions themselves say: of the policies in audit mode, or of the others. A budget is no rule, and left out.
func answer(p *study.Policies, cell string, q *policy.Request, audit bool) (policy.Result, error) {
	out := policy.Allow
	for _, x := range p.For(cell) {
		if x.Audit != audit {
			continue
		}
		without := *x
		without.Budget = rules.Budget{}
		a, _, err := without.Ask(q, cell)
		if err != nil {
			return out, err
		}
		out = max(out, a.Result)
	}
	return out, nil
}
