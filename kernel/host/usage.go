package host

import (
	"slices"
	"sync"

	"cellsh/kernel"
	"cellsh/kernel/budget"
	"cellsh/policy/analysis"
	"cellsh/policy/study"
)

// Excess is what a cell uses of a budget that it exceeds, or that an event is about.
type Excess struct {
	// Budget is "memory" in bytes or "cpu" in percent of one processor: those that the kernel does not enforce.
	Budget string `json:"budget"`
	Use    int64  `json:"use"`
	Limit  int64  `json:"limit"`
	// Policy that sets the limit.
	Policy string `json:"policy"`
}

// Measure is what a cell uses, and what limits it.
type Measure struct {
	kernel.Cell
	// CPU1s and CPU10s are percent of one processor, over the last second and the last ten.
	CPU1s, CPU10s float64
	// Counts of the evaluation model, nil where there is none.
	Counts *kernel.Counts
	// Policies of the active generation that apply to the cell, by name; nil if they are not known. Hidden says that this is
	// because the caller may not read them. Budgets are what they limit. Neither must be changed.
	Policies []string
	Hidden   bool
	Budgets  []analysis.Budget
	// Over are the budgets that it exceeds: as the monitor of its service has it if it is Supervised, else by what the kernel
	// samples.
	Over       []Excess
	Supervised bool
	// Watched is what that monitor says is used.
	Watched budget.Uses
}

// Use is how much of a budget the cell uses, in the unit of the budget; false for one that is a limit of each process. It is what
// is compared with the budget: of a Supervised cell what its monitor has told, at most ten seconds ago, or what exceeds it; false
// before that.
func (m *Measure) Use(b analysis.BudgetName) (float64, bool) {
	if !m.Supervised || !b.Watched() {
		return m.sampled(b)
	}
	for _, x := range m.Over {
		if x.Budget == string(b) {
			return float64(x.Use), true
		}
	}
	use, told := m.Watched[b]
	return float64(use), told
}

// sampled is what the kernel samples.
func (m *Measure) sampled(b analysis.BudgetName) (float64, bool) {
	switch b {
	case analysis.BudgetMemory:
		return float64(m.Memory), true
	case analysis.BudgetCPU:
		return m.CPU10s, true
	case analysis.BudgetProcs:
		return float64(m.Processes), true
	}
	return 0, false
}

// Usage is what a cell uses, and what decides about it.
type Usage struct {
	Measure
	// Answerer is what answers for the cell. Behind is the generation whose policies that are, if it is not the one that was
	// loaded last, else 0; Unattached says that Attach would give it the program of its policies, which it lacks.
	Answerer   analysis.Answerer
	Behind     uint64
	Unattached bool
	// Audit is the one that the cell is part of, nil if there is none.
	Audit *Audit
}

// Covered reports whether a program of policies answers for the cell; else it is the fallback or the profile alone.
func (u *Usage) Covered() bool { return u.Answerer.Asked() == analysis.ByPolicies }

// Usage gives all cells by id. It has no effects.
func (h *Host) Usage() ([]Usage, error) {
	// Policies that can't be compiled any more tell nothing about cells, and keep nobody from looking at them.
	p, unread := h.Policies()
	if unread != nil {
		p = nil
	}
	list, err := h.measure(p, Hidden(unread))
	if err != nil {
		return nil, err
	}
	answers, err := h.answering(p, false)
	if err != nil {
		return nil, err
	}
	audit, err := h.Audit()
	if err != nil && !Hidden(unread) {
		return nil, err
	}
	out := make([]Usage, len(list))
	for i := range list {
		u := &out[i]
		u.Measure = list[i]
		u.Answerer, u.Behind = answers.of(u.Cell), answers.behind
		u.Unattached = p != nil && answers.asks && !answers.disabled && len(u.Policies) > 0 && !u.Covered()
		if audit != nil && slices.Contains(audit.Cells, u.Name) && u.Covered() {
			u.Audit = audit
		}
	}
	return out, nil
}

// Measures gives what all cells use, by id: Usage without what decides about them, which takes longer to find out. It has no
// effects.
func (h *Host) Measures() ([]Measure, error) {
	p, unread := h.Policies()
	if unread != nil {
		p = nil
	}
	return h.measure(p, Hidden(unread))
}

// applied is what policies say about the cell of a name.
type applied struct {
	names   []string
	budgets []analysis.Budget
}

// measure measures all cells. The policies are those that are loaded, nil if they are not known.
func (h *Host) measure(p *study.Policies, hidden bool) ([]Measure, error) {
	cells, err := h.Kernel.List()
	if err != nil {
		return nil, err
	}
	counts, err := h.counts()
	if err != nil {
		return nil, err
	}
	// What applies to a name is found by looking at all policies, and stays as long as they are loaded.
	known := h.applied
	if h.appliedBy != p {
		known = nil
	}
	h.applied, h.appliedBy = make(map[string]*applied, len(cells)), p
	hz := float64(max(h.Kernel.Info().HZ, 1))
	services := sync.OnceValue(func() map[kernel.CellID]budget.Watched {
		if h.Services == nil {
			return nil
		}
		return h.Services()
	})
	out := make([]Measure, len(cells))
	for i, c := range cells {
		m := &out[i]
		m.Cell, m.Hidden = c, hidden
		m.CPU1s, m.CPU10s = 100*float64(c.Ticks1s)/hz, 100*float64(c.Ticks10s)/hz
		m.Counts = counts[c.ID]
		if p == nil {
			continue
		}
		a := known[c.Name]
		if a == nil {
			list := p.For(c.Name)
			a = &applied{namesOf(list), analysis.BudgetsOf(list)}
		}
		h.applied[c.Name] = a
		m.Policies, m.Budgets = a.names, a.budgets
		if !slices.ContainsFunc(m.Budgets, func(b analysis.Budget) bool { return b.Name.Watched() }) {
			continue
		}
		w, known := services()[c.ID]
		if m.Supervised = known; !known {
			m.Over = excesses(m)
		}
		m.Watched = w.Uses
		for _, x := range w.Over {
			m.Over = append(m.Over, excess(x.Rule, x.Use))
		}
	}
	return out, nil
}

func excess(r budget.Rule, use int64) Excess {
	return Excess{string(r.Budget), use, r.Limit, r.Policy}
}

// counts are those of the evaluation model; none where there is none.
func (h *Host) counts() (map[kernel.CellID]*kernel.Counts, error) {
	e, err := h.Kernel.Evaluator()
	if err != nil {
		return nil, nil // it asks no programs
	}
	list, err := e.Cells()
	if err != nil {
		return nil, err
	}
	out := make(map[kernel.CellID]*kernel.Counts, len(list))
	for i := range list {
		out[list[i].Cell] = &list[i].Counts
	}
	return out, nil
}

func excesses(m *Measure) []Excess {
	var out []Excess
	for i := range m.Budgets {
		b := &m.Budgets[i]
		if !b.Name.Watched() {
			continue // the kernel enforces it
		}
		if use, _ := m.sampled(b.Name); use > float64(b.Value) {
			out = append(out, Excess{string(b.Name), int64(use), b.Value, b.Policy})
		}
	}
	return out
}

// WatchedBudgets are the rules by which the use of a cell of that name is watched, which need not exist.
func (h *Host) WatchedBudgets(cell string) ([]budget.Rule, error) {
	p, err := h.Policies()
	if err != nil {
		return nil, err
	}
	return budget.Rules(analysis.Budgets(p.Set(), cell)), nil
}
