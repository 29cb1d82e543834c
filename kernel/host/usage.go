package host

import (
	"slices"

	"cellsh/kernel"
	"cellsh/policy/analysis"
)

// Excess is a budget that a cell exceeds.
type Excess struct {
	// Budget is "memory" in bytes or "cpu" in percent of one processor: those that the kernel does not enforce.
	Budget string `json:"budget"`
	Use    int64  `json:"use"`
	Limit  int64  `json:"limit"`
	// Policy that sets the limit.
	Policy string `json:"policy"`
}

type excessKey struct {
	cell   kernel.CellID
	budget string
}

// Usage is what a cell uses, and what decides about it.
type Usage struct {
	kernel.Cell
	// CPU1s and CPU10s are percent of one processor, over the last second and the last ten.
	CPU1s, CPU10s float64
	// Counts of the evaluation model, nil where there is none.
	Counts *kernel.Counts
	// Policies of the active generation that apply to the cell, by name; nil if they are not known. Hidden says that this is
	// because the caller may not read them.
	Policies []string
	Hidden   bool
	// Answerer is what answers for the cell. Behind is the generation whose policies that are, if it is not the one that was
	// loaded last, else 0; Unattached says that Attach would give it the program of its policies, which it lacks.
	Answerer   analysis.Answerer
	Behind     uint64
	Unattached bool
	// Audit is the one that the cell is part of, nil if there is none.
	Audit *Audit
	// Over are the budgets that it exceeds.
	Over []Excess
}

// Covered reports whether a program of policies answers for the cell; else it is the fallback or the profile alone.
func (u *Usage) Covered() bool { return u.Answerer.Asked() == analysis.ByPolicies }

// Usage gives all cells by id. It has no effects.
func (h *Host) Usage() ([]Usage, error) {
	cells, err := h.Kernel.List()
	if err != nil {
		return nil, err
	}
	// Policies that can't be compiled any more tell nothing about cells, and keep nobody from looking at them.
	p, err := h.Policies()
	hidden := Hidden(err)
	if err != nil {
		p = nil
	}
	answers, err := h.answering(p, false)
	if err != nil {
		return nil, err
	}
	audit, err := h.Audit()
	if err != nil && !hidden {
		return nil, err
	}
	out := make([]Usage, len(cells))
	hz := float64(max(h.Kernel.Info().HZ, 1))
	for i, c := range cells {
		u := &out[i]
		u.Cell, u.Hidden = c, hidden
		u.CPU1s, u.CPU10s = 100*float64(c.Ticks1s)/hz, 100*float64(c.Ticks10s)/hz
		u.Answerer, u.Behind = answers.of(c), answers.behind
		if audit != nil && slices.Contains(audit.Cells, c.Name) && u.Covered() {
			u.Audit = audit
		}
		if s, ok := answers.known[c.ID]; ok {
			u.Counts = &s.Counts
		}
		if p == nil {
			continue
		}
		u.Policies = namesOf(p.For(c.Name))
		u.Unattached = answers.asks && !answers.disabled && len(u.Policies) > 0 && !u.Covered()
		u.Over = excesses(analysis.Budgets(p.Set(), c.Name), u)
	}
	return out, nil
}

func excesses(budgets []analysis.Budget, u *Usage) []Excess {
	var out []Excess
	for i := range budgets {
		b := &budgets[i]
		switch {
		case b.Name == analysis.BudgetMemory && int64(u.Memory) > b.Value:
			out = append(out, Excess{string(b.Name), int64(u.Memory), b.Value, b.Policy})
		case b.Name == analysis.BudgetCPU && u.CPU10s > float64(b.Value):
			out = append(out, Excess{string(b.Name), int64(u.CPU10s), b.Value, b.Policy})
		}
	}
	return out
}

// NewExcesses gives an event for each budget that is exceeded and was not the last time, if any hook wants to know. Whoever
// calls it emits them. Usage does not change what it gives: to look has no effects.
func (h *Host) NewExcesses() ([]Event, error) {
	if !h.Events.Wanted(OverBudget) {
		h.over = nil // who comes later is told of all
		return nil, nil
	}
	list, err := h.Usage()
	if err != nil {
		return nil, err
	}
	now := map[excessKey]bool{}
	var fresh []Event
	for i := range list {
		u := &list[i]
		for j := range u.Over {
			key := excessKey{u.ID, u.Over[j].Budget}
			now[key] = true
			if !h.over[key] {
				fresh = append(fresh, Event{Kind: OverBudget, Cell: u.Name, ID: u.ID, Excess: &u.Over[j]})
			}
		}
	}
	h.over = now
	return fresh, nil
}
