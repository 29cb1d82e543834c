package host

import (
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
	// Policies of the active generation that apply to the cell, by name; nil if they are not known.
	Policies []string
	// Covered says that a program of these policies answers for the cell in the kernel; without it, it is the fallback
	// or the profile alone.
	Covered bool
	// Over are the budgets that it exceeds.
	Over []Excess
}

// Usage gives all cells by id. It has no effects.
func (h *Host) Usage() ([]Usage, error) {
	cells, err := h.Kernel.List()
	if err != nil {
		return nil, err
	}
	// Policies that can't be compiled any more tell nothing about cells, and keep nobody from looking at them.
	p, err := h.Policies()
	if err != nil {
		p = nil
	}
	out := make([]Usage, len(cells))
	index := map[kernel.CellID]*Usage{}
	hz := float64(max(h.Kernel.Info().HZ, 1))
	for i, c := range cells {
		u := &out[i]
		u.Cell = c
		u.CPU1s, u.CPU10s = 100*float64(c.Ticks1s)/hz, 100*float64(c.Ticks10s)/hz
		index[c.ID] = u
		if p == nil {
			continue
		}
		u.Policies = []string{}
		for _, pol := range p.For(c.Name) {
			u.Policies = append(u.Policies, pol.Name)
		}
		u.Over = excesses(analysis.Budgets(p.Set(), c.Name), u)
	}
	if e, err := h.Kernel.Evaluator(); err == nil {
		known, err := e.Cells()
		if err != nil {
			return nil, err
		}
		for i := range known {
			if u := index[known[i].Cell]; u != nil {
				u.Counts, u.Covered = &known[i].Counts, known[i].Answered == kernel.ByProgram
			}
		}
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

// WatchBudgets emits an event for each budget that is exceeded and was not when it was last watched, if any hook wants to
// know. Usage does not: to look changes nothing.
func (h *Host) WatchBudgets() error {
	if !h.Events.Wanted("over-budget") {
		h.over = nil // who comes later is told of all
		return nil
	}
	list, err := h.Usage()
	if err != nil {
		return err
	}
	now := map[excessKey]bool{}
	var fresh []Event
	for i := range list {
		u := &list[i]
		for j := range u.Over {
			key := excessKey{u.ID, u.Over[j].Budget}
			now[key] = true
			if !h.over[key] {
				fresh = append(fresh, Event{Kind: "over-budget", Cell: u.Name, ID: u.ID, Excess: &u.Over[j]})
			}
		}
	}
	h.over = now
	for _, e := range fresh {
		h.Events.Emit(e)
	}
	return nil
}
