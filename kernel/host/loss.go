package host

import (
	"fmt"
	"slices"
	"strings"

	"cellsh/kernel"
	"cellsh/policy/diag"
	"cellsh/policy/study"
)

// Loss is a policy that live cells have, and would not have any more.
type Loss struct {
	// Policy is its name, "" where it is not known which one it is.
	Policy string `json:"policy"`
	// Cells by id.
	Cells []string `json:"cells"`
}

// String is a sentence without a full stop, "cells app-1, a-1 lose policy app".
func (l Loss) String() string {
	const most = 10
	cells := strings.Join(l.Cells[:min(most, len(l.Cells))], ", ")
	if n := len(l.Cells) - most; n > 0 {
		cells += fmt.Sprintf(" and %d more", n)
	}
	what := "policy " + l.Policy
	if l.Policy == "" {
		what = "the policies that a session has declared"
	}
	if len(l.Cells) == 1 {
		return fmt.Sprintf("cell %s loses %s", cells, what)
	}
	return fmt.Sprintf("cells %s lose %s", cells, what)
}

// LossError refuses a load that would take policies from live cells, unless somebody says that it shall.
type LossError struct {
	Losses []Loss
	// Gone are the policies that are loaded, where there would be none any more.
	Gone []string
	// Hint says how to say that.
	Hint string
}

func (e *LossError) Error() string {
	if len(e.Losses) == 0 {
		return "there must be policies to load, but there are none, and those that are loaded would be gone: " + strings.Join(e.Gone, ", ")
	}
	texts := make([]string, len(e.Losses))
	for i, l := range e.Losses {
		texts[i] = l.String()
	}
	return "live cells must keep the policies that they have, but " + strings.Join(texts, ", and ")
}

// Diagnostics is one problem.
func (e *LossError) Diagnostics() diag.List {
	hint := e.Hint
	if hint == "" {
		hint = "if that is meant: load --yes PATH, or engine.load(PATH, { yes = true })"
	}
	return diag.List{{Code: diag.LoadLoses, Message: e.Error(), Hint: hint}}
}

// gone are the policies that are loaded, if there would be none any more.
func (h *Host) gone(p *study.Policies, history *History) []string {
	g := history.Active()
	if g == nil || g.Lockdown || len(p.Set().Policies) > 0 {
		return nil
	}
	had, err := h.policiesOf(g)
	if err != nil {
		return nil // they are gone already
	}
	return had.Set().Names()
}

// losses are the policies that live cells have by what is active, and would not have by the others. Lockdown is no
// policy that somebody could miss, and where the kernel asks no programs live cells stay what they are.
func (h *Host) losses(p *study.Policies, history *History) ([]Loss, error) {
	g := history.Active()
	e, err := h.Kernel.Evaluator()
	if g == nil || g.Lockdown || err != nil {
		return nil, nil
	}
	cells, err := h.Kernel.List()
	if err != nil {
		return nil, err
	}
	var out []Loss
	lose := func(policy, cell string) {
		i := slices.IndexFunc(out, func(l Loss) bool { return l.Policy == policy })
		if i < 0 {
			i, out = len(out), append(out, Loss{Policy: policy})
		}
		out[i].Cells = append(out[i].Cells, cell)
	}
	if had, err := h.policiesOf(g); err == nil {
		for _, c := range cells {
			for _, policy := range missing(namesOf(had.For(c.Name)), namesOf(p.For(c.Name))) {
				lose(policy, c.Name)
			}
		}
		return out, nil
	}
	// What a session has declared is gone with it, but the kernel knows for which cells it has programs.
	known, err := e.Cells()
	if err != nil {
		return nil, err
	}
	covered := map[kernel.CellID]bool{}
	for _, s := range known {
		covered[s.Cell] = s.Answered == kernel.ByProgram
	}
	for _, c := range cells {
		if covered[c.ID] && !p.Names(c.Name) {
			lose("", c.Name)
		}
	}
	return out, nil
}
