package engine

import (
	"cellsh/kernel"
	"cellsh/policy/rules"
)

// Limit is a limit of a cell, and the policy that sets it.
type Limit struct {
	Value  int64
	Policy string
}

// Limits are the budgets of a cell: of each the smallest that a policy sets, nil if none does. Policies in audit mode
// limit nothing.
type Limits struct{ Procs, Nofile, AS, Core, Memory, CPU *Limit }

// Budget gives the limits that the policies set for a cell of that name.
func (p *Policies) Budget(cell string) Limits {
	var out Limits
	for _, pol := range p.Set().Policies {
		if pol.Audit || !pol.AppliesTo(cell) {
			continue
		}
		b := &pol.Budget
		for _, l := range []struct {
			to   **Limit
			from *int64
		}{{&out.Procs, b.Procs}, {&out.Nofile, b.Nofile}, {&out.AS, b.AS}, {&out.Core, b.Core}, {&out.Memory, b.Memory}, {&out.CPU, b.CPU}} {
			if l.from != nil && (*l.to == nil || *l.from < (*l.to).Value) {
				*l.to = &Limit{*l.from, pol.Name}
			}
		}
	}
	return out
}

// Names reports whether any policy applies to a cell of that name.
func (p *Policies) Names(cell string) bool { return len(p.For(cell)) > 0 }

// For gives the policies that apply to a cell of that name, by name.
func (p *Policies) For(cell string) []*rules.Policy {
	var out []*rules.Policy
	for _, pol := range p.Set().Policies {
		if pol.AppliesTo(cell) {
			out = append(out, pol)
		}
	}
	return out
}

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
	Counts *kernel.Statistics
	// Policies of the active generation that apply to the cell, by name; nil if they are not known.
	Policies []string
	// Covered says that a program of these policies answers for the cell in the kernel; without it, it is the fallback
	// or the profile alone.
	Covered bool
	// Over are the budgets that it exceeds.
	Over []Excess
}

// Usage gives all cells by id. Events are emitted for budgets that were not exceeded the last time.
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
		u.Over = excesses(p.Budget(c.Name), u)
	}
	if e, err := kernel.Evaluation(h.Kernel); err == nil {
		status, err := e.Status()
		if err != nil {
			return nil, err
		}
		for _, id := range status.Covered {
			if u := index[id]; u != nil {
				u.Covered = true
			}
		}
		counts, err := e.Statistics()
		if err != nil {
			return nil, err
		}
		for i := range counts {
			if u := index[counts[i].Cell]; u != nil {
				u.Counts = &counts[i]
			}
		}
	}
	h.tellOver(out)
	return out, nil
}

func excesses(b Limits, u *Usage) []Excess {
	var out []Excess
	if l := b.Memory; l != nil && int64(u.Memory) > l.Value {
		out = append(out, Excess{"memory", int64(u.Memory), l.Value, l.Policy})
	}
	if l := b.CPU; l != nil && u.CPU10s > float64(l.Value) {
		out = append(out, Excess{"cpu", int64(u.CPU10s), l.Value, l.Policy})
	}
	return out
}

// tellOver emits events for budgets that are exceeded now and were not the last time.
func (h *Host) tellOver(list []Usage) {
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
}

// WatchBudgets looks whether budgets are exceeded, if any hook wants to know.
func (h *Host) WatchBudgets() error {
	if !h.Events.Wanted("over-budget") {
		return nil
	}
	_, err := h.Usage()
	return err
}
