package metrics

// All lists the metrics in the order in which they are written. It must not be changed.
func All() []Metric { return metrics }

var (
	rootedLabels  = []string{"cid", "name", "root"}
	cellLabelled  = []string{"cid", "name"}
	budgetLabels  = []string{"cid", "name", "policy"}
	serviceLabels = []string{"service", "cell"}
)

// metrics is the table. The first six are those of cellctl(8), with its names and labels.
var metrics = []Metric{
	rooted("cell_cpu_ticks_1s", "Processor ticks of the cell's members over the last second.", func(c *Cell) float64 { return float64(c.Ticks1s) }),
	rooted("cell_cpu_ticks_10s_avg", "Processor ticks of the cell's members a second, the mean of the last ten seconds.", func(c *Cell) float64 { return float64(c.Ticks10s) }),
	rooted("cell_processes_current", "Living processes of the cell.", func(c *Cell) float64 { return float64(c.Processes) }),
	rooted("cell_references_current", "Processes of the cell, zombies included.", func(c *Cell) float64 { return float64(c.References) }),
	rooted("cell_memory_vmsize_bytes", "Virtual size of all members of the cell.", func(c *Cell) float64 { return float64(c.Memory) }),
	rooted("cell_age_seconds", "Time since the cell was made.", func(c *Cell) float64 { return c.Age.Seconds() }),

	counted("cell_decisions_total", "Decisions of the evaluation model for members of the cell.", func(c *Cell) uint64 { return c.Counts.Decisions }),
	counted("cell_denials_total", "Decisions that denied, probes left out.", func(c *Cell) uint64 { return c.Counts.Denied }),
	counted("cell_grants_total", "Decisions that granted.", func(c *Cell) uint64 { return c.Counts.Granted }),
	counted("cell_would_denials_total", "Decisions that a policy in audit mode would have denied.", func(c *Cell) uint64 { return c.Counts.WouldDeny }),

	limit("cell_budget_memory_limit_bytes", "Budget of memory that a policy gives the cell.", memory),
	use("cell_budget_memory_use_bytes", "Memory that counts against the budget; of a cell whose service is watched over as it was at most ten seconds ago.", memory),
	limit("cell_budget_cpu_limit_ratio", "Budget of processor time that a policy gives the cell; 1 is one processor.", cpu),
	use("cell_budget_cpu_use_ratio", "Processor time that counts against the budget, the mean of the last ten seconds; 1 is one processor. Of a cell whose service is watched over as it was at most ten seconds ago.", cpu),
	limit("cell_budget_processes_limit", "Budget of processes that a policy gives the cell.", processes),
	use("cell_budget_processes_use", "Processes that count against the budget.", processes),
	{"cell_budget_exceeded", Gauge, "1 if the cell uses more than its budget, else 0. The kernel does not enforce budgets of memory and cpu.", []string{"cid", "name", "budget"},
		func(s *Snapshot, w *sampler) {
			for i := range s.Cells {
				for _, b := range []struct {
					name string
					of   *Budget
				}{{"cpu", s.Cells[i].CPUBudget}, {"memory", s.Cells[i].MemoryBudget}} {
					if b.of != nil {
						w.begin(w.ofCells[i].named())
						w.more("budget", b.name)
						w.end(truth(b.of.exceeded()))
					}
				}
			}
		}},

	{"cellsh_generation", Gauge, "Number of the generation of policies that is loaded, 0 for none.", nil, ofLoaded(func(l *Loaded) (float64, bool) { return float64(l.Generation), true })},
	{"cellsh_generation_age_seconds", Gauge, "Time since that generation was loaded.", nil, ofLoaded(func(l *Loaded) (float64, bool) { return l.Age.Seconds(), l.Generation != 0 })},
	{"cellsh_generation_unconfirmed", Gauge, "1 while a generation waits to be confirmed, and is rolled back if it is not; else 0.", nil, ofLoaded(func(l *Loaded) (float64, bool) { return truth(l.Unconfirmed), true })},
	{"cellsh_kernel_generation", Gauge, "Number of the generation that the kernel's evaluation model has, 0 for none.", nil, ofEvaluation(func(e *Evaluation) float64 { return float64(e.Generation) })},
	{"cellsh_kernel_disabled", Gauge, "1 while the evaluation model is switched off, so that no policy is asked; else 0.", nil, ofEvaluation(func(e *Evaluation) float64 { return truth(e.Disabled) })},
	{"cellsh_events_recorded_total", Counter, "Decisions that the evaluation model has recorded to be read.", nil, ofEvaluation(func(e *Evaluation) float64 { return float64(e.Recorded) })},
	{"cellsh_events_lost_total", Counter, "Recorded decisions that the kernel keeps no more. Who had not read them by then can't.", nil, ofEvaluation(func(e *Evaluation) float64 { return float64(e.Dropped) })},

	ofService("cellsh_service_up", Gauge, "1 if the command of the service runs, else 0.", func(s *Service) (float64, bool) { return truth(s.Up), true }),
	{"cellsh_service_state", Gauge, "1 for the state that the service is in: that of cellsh status, or unknown where what is kept of it can't be read.", []string{"service", "cell", "state"}, func(s *Snapshot, w *sampler) {
		for i := range s.Services {
			w.sample(1, s.Services[i].Name, s.Services[i].Cell, s.Services[i].State)
		}
	}},
	ofService("cellsh_service_restarts_total", Counter, "Starts of the service after its command had ended by itself.", func(s *Service) (float64, bool) { return float64(s.Restarts), true }),
	ofService("cellsh_service_last_exit_code", Gauge, "Code that the command of the service has ended with last; 128 and the number of the signal where that has ended it.", func(s *Service) (float64, bool) {
		if s.Exit == nil {
			return 0, false
		}
		return float64(*s.Exit), true
	}),
	ofService("cellsh_service_uptime_seconds", Gauge, "Time since the command of the service was started, while it runs.", func(s *Service) (float64, bool) { return s.Uptime.Seconds(), s.Up }),
	ofService("cellsh_service_healthy", Gauge, "1 if the health command of the service said last that it works, else 0.", func(s *Service) (float64, bool) {
		if s.Healthy == nil {
			return 0, false
		}
		return truth(*s.Healthy), true
	}),

	{"cellsh_build_info", Gauge, "1, with the version of the program.", []string{"version"}, func(s *Snapshot, w *sampler) { w.sample(1, s.Version) }},
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// named are the labels cid and name.
func (l *labels) named() []byte { return l.rooted[:l.plain] }

// rooted is a metric of cellctl.
func rooted(name, help string, of func(*Cell) float64) Metric {
	return Metric{name, Gauge, help, rootedLabels, func(s *Snapshot, w *sampler) {
		for i := range s.Cells {
			w.begin(w.ofCells[i].rooted)
			w.end(of(&s.Cells[i]))
		}
	}}
}

// counted is a metric of what the evaluation model counts.
func counted(name, help string, of func(*Cell) uint64) Metric {
	return Metric{name, Counter, help, cellLabelled, func(s *Snapshot, w *sampler) {
		for i := range s.Cells {
			if s.Cells[i].Counts != nil {
				w.begin(w.ofCells[i].named())
				w.count(of(&s.Cells[i]))
			}
		}
	}}
}

func memory(c *Cell) *Budget    { return c.MemoryBudget }
func cpu(c *Cell) *Budget       { return c.CPUBudget }
func processes(c *Cell) *Budget { return c.ProcessBudget }

// limit and use are the metrics of a budget.
func limit(name, help string, of func(*Cell) *Budget) Metric {
	return Metric{name, Gauge, help, budgetLabels, func(s *Snapshot, w *sampler) {
		for i := range s.Cells {
			if b := of(&s.Cells[i]); b != nil {
				w.begin(w.ofCells[i].named())
				w.more("policy", b.Policy)
				w.end(b.Limit)
			}
		}
	}}
}

func use(name, help string, of func(*Cell) *Budget) Metric {
	return Metric{name, Gauge, help, cellLabelled, func(s *Snapshot, w *sampler) {
		for i := range s.Cells {
			if b := of(&s.Cells[i]); b != nil && b.Known {
				w.begin(w.ofCells[i].named())
				w.end(b.Use)
			}
		}
	}}
}

func ofLoaded(of func(*Loaded) (float64, bool)) func(*Snapshot, *sampler) {
	return func(s *Snapshot, w *sampler) {
		if s.Loaded != nil {
			if v, ok := of(s.Loaded); ok {
				w.sample(v)
			}
		}
	}
}

func ofEvaluation(of func(*Evaluation) float64) func(*Snapshot, *sampler) {
	return func(s *Snapshot, w *sampler) {
		if s.Evaluation != nil {
			w.sample(of(s.Evaluation))
		}
	}
}

func ofService(name string, kind Kind, help string, of func(*Service) (float64, bool)) Metric {
	return Metric{name, kind, help, serviceLabels, func(s *Snapshot, w *sampler) {
		for i := range s.Services {
			if v, ok := of(&s.Services[i]); ok {
				w.sample(v, s.Services[i].Name, s.Services[i].Cell)
			}
		}
	}}
}
