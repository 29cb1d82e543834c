package metrics

import (
	"time"

	"cellsh/kernel"
	"cellsh/kernel/host"
	"cellsh/policy/analysis"
	"cellsh/policy/kauth"
)

// Snapshot is what is so at one time, in plain values.
type Snapshot struct {
	// Version of the program.
	Version string
	// Cells by id.
	Cells []Cell
	// Loaded is nil where the caller may not read what is loaded, and Evaluation where the kernel has no evaluation model.
	Loaded     *Loaded
	Evaluation *Evaluation
	// Services by name.
	Services []Service
}

// Cell is one cell.
type Cell struct {
	ID                    uint32
	Name, Root            string
	Ticks1s, Ticks10s     uint64
	Processes, References int
	// Memory is the virtual size of all members in bytes.
	Memory uint64
	Age    time.Duration
	// Counts of the evaluation model, nil where there is none.
	Counts *kernel.Counts
	// Memory, processor and processes as policies limit them, nil where none does.
	MemoryBudget, CPUBudget, ProcessBudget *Budget
}

// Budget is a limit, what is used of it, and the policy that sets it: in bytes, processors or processes.
type Budget struct {
	Use, Limit float64
	Policy     string
}

// exceeded reports whether more is used.
func (b *Budget) exceeded() bool { return b.Use > b.Limit }

// Loaded is the generation that was loaded last, 0 for none, how long ago, and whether it waits to be confirmed.
type Loaded struct {
	Generation  uint64
	Age         time.Duration
	Unconfirmed bool
}

// Evaluation is the state of the kernel's evaluation model: the generation that it has, whether it is switched off, how many
// decisions it has recorded, and how many of these nobody can read any more.
type Evaluation struct {
	Generation        uint64
	Disabled          bool
	Recorded, Dropped uint64
}

// Service is one service.
type Service struct {
	Name, Cell string
	// State is the word for what it is doing, and Up whether its command runs.
	State string
	Up    bool
	// Restarts are how often it was started again after it had ended by itself.
	Restarts uint64
	// Exit is the code that its command has ended with last, 128 and the number of the signal where that has ended it; nil if
	// it has not ended.
	Exit *int
	// Uptime is how long its command has been running, 0 while it does not.
	Uptime time.Duration
	// Healthy is what its health command said last; nil if none has said anything.
	Healthy *bool
}

// Of looks at the kernel of a host. It has no effects.
func Of(h *host.Host) (*Snapshot, error) {
	measures, err := h.Measures()
	if err != nil {
		return nil, err
	}
	s := &Snapshot{Cells: make([]Cell, len(measures))}
	for i := range measures {
		s.Cells[i] = cellOf(&measures[i])
	}
	history, err := h.History()
	switch {
	case host.Hidden(err):
	case err != nil:
		return nil, err
	default:
		s.Loaded = &Loaded{Unconfirmed: history.Deadline != nil}
		if g := history.Active(); g != nil {
			s.Loaded.Generation, s.Loaded.Age = g.Number, max(h.Now().Sub(g.Time), 0)
		}
	}
	e, err := h.Kernel.Evaluator()
	if err != nil {
		return s, nil // it has none
	}
	status, err := e.Status()
	if err != nil {
		return nil, err
	}
	s.Evaluation = &Evaluation{status.Generation, status.Disabled, status.Sequence, status.Dropped}
	return s, nil
}

func cellOf(m *host.Measure) Cell {
	c := Cell{ID: uint32(m.ID), Name: m.Name, Root: m.Root, Ticks1s: m.Ticks1s, Ticks10s: m.Ticks10s, Processes: m.Processes, References: m.References, Memory: m.Memory, Age: m.Age, Counts: m.Counts}
	for i := range m.Budgets {
		b := &m.Budgets[i]
		use, ok := m.Use(b.Name)
		if !ok || b.Value == kauth.Unlimited {
			continue
		}
		budget := &Budget{use, float64(b.Value), b.Policy}
		var to **Budget
		switch b.Name {
		case analysis.BudgetMemory:
			to = &c.MemoryBudget
		case analysis.BudgetCPU:
			budget.Use, budget.Limit = budget.Use/100, budget.Limit/100
			to = &c.CPUBudget
		case analysis.BudgetProcs:
			to = &c.ProcessBudget
		default:
			continue
		}
		// Of those with several actions it is the least limit.
		if *to == nil || budget.Limit < (*to).Limit {
			*to = budget
		}
	}
	return c
}
