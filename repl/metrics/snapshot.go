package metrics

import (
	"errors"
	"slices"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/host"
	"cellsh/kernel/monitor/rundir"
	"cellsh/kernel/service"
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
	// Known says that Use is known: a monitor tells it once it has looked.
	Known  bool
	Policy string
	// Found is whether the monitor of a service says that any budget of its kind is exceeded, which counts; nil where none
	// watches.
	Found *bool
}

// exceeded reports whether more is used.
func (b *Budget) exceeded() bool {
	if b.Found != nil {
		return *b.Found
	}
	return b.Use > b.Limit
}

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

// Unknown is the state of a service of which nothing is known, because what is kept of it can't be read.
const Unknown = "unknown"

// ServicesOf looks at the services of a run directory. One that can't be read is Unknown, and joins the error, with which there may
// be services all the same.
func ServicesOf(d rundir.Dir, now time.Time) ([]Service, error) {
	names, err := d.Names()
	if err != nil {
		return nil, err
	}
	var list []Service
	var errs []error
	for _, name := range names {
		s, err := d.Service(name).Look()
		if err != nil {
			errs = append(errs, err)
			list = append(list, Service{Name: name, State: Unknown})
			continue
		}
		list = append(list, serviceOf(&s, now))
	}
	return list, errors.Join(errs...)
}

func serviceOf(s *rundir.Status, now time.Time) Service {
	out := Service{Name: s.Service, Cell: s.Cell, State: s.State.String(), Uptime: s.Uptime(now), Restarts: uint64(max(s.Restarts, 0)), Healthy: s.Healthy}
	switch s.State {
	case service.Starting, service.Running, service.Unhealthy, service.Stopping:
		out.Up = s.PID != 0
	}
	if e := s.Exit; e != nil {
		code := e.Code
		if e.Signal != 0 {
			code = signalled + e.Signal
		}
		out.Exit = &code
	}
	return out
}

// signalled and the number of the signal is the code of a command that a signal ended, as shells have it.
const signalled = 128

func cellOf(m *host.Measure) Cell {
	c := Cell{ID: uint32(m.ID), Name: m.Name, Root: m.Root, Ticks1s: m.Ticks1s, Ticks10s: m.Ticks10s, Processes: m.Processes, References: m.References, Memory: m.Memory, Age: m.Age, Counts: m.Counts}
	for i := range m.Budgets {
		b := &m.Budgets[i]
		if b.Value == kauth.Unlimited {
			continue
		}
		budget := &Budget{Limit: float64(b.Value), Policy: b.Policy}
		budget.Use, budget.Known = m.Use(b.Name)
		if m.Supervised && b.Name.Watched() {
			budget.Found = new(slices.ContainsFunc(m.Over, func(x host.Excess) bool { return x.Budget == string(b.Name) }))
		}
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
