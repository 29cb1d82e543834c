package budget

import (
	"maps"
	"slices"
	"time"

	"cellsh/kernel/process"
	"cellsh/policy/analysis"
)

// Interval is how often samples of a session are taken.
const Interval = time.Second

// window is over how long the processor time is averaged, as the kernel does it for cells.
const window = 10 * time.Second

// Session follows what the processes of one run of a service use. It is for one goroutine.
type Session struct {
	watchers []*Watcher
	meter    process.Meter
	// spent are the last samples of processor time, for the window.
	spent []spent
	uses  Uses
}

// Uses is what is used of budgets, in their units.
type Uses map[analysis.BudgetName]int64

// Watched is what whoever watches the budgets of a cell says of them.
type Watched struct {
	// Over are those that are exceeded.
	Over []Excess
	// Uses has those that were sampled.
	Uses Uses
}

type spent struct{ at, time time.Duration }

// NewSession follows a run that begins.
func NewSession(rules []Rule) *Session {
	s := &Session{}
	s.Change(rules)
	return s
}

// Change has other rules from now on. Those that stay know what they knew.
func (s *Session) Change(rules []Rule) {
	var watchers []*Watcher
	for _, r := range rules {
		w := &Watcher{Rule: r}
		for _, old := range s.watchers {
			if old.Rule == r {
				w = old
			}
		}
		watchers = append(watchers, w)
	}
	s.watchers = watchers
	maps.DeleteFunc(s.uses, func(name analysis.BudgetName, _ int64) bool {
		return !slices.ContainsFunc(watchers, func(w *Watcher) bool { return w.Budget == name })
	})
}

// Watches reports whether there is anything to watch.
func (s *Session) Watches() bool { return len(s.watchers) > 0 }

// Sample takes what there is of the session at a time into account, by a clock that does not go back. The events come with what is
// used: memory is what is resident of all its processes, and cpu the mean of the last ten seconds, before the first of which
// nothing was used. A look at which some process is just in execve(2), so that its memory is not told, says nothing of memory;
// one at which none lives says nothing at all, because the end of a session is no end of an excess.
func (s *Session) Sample(at time.Duration, list []process.Process) []Event {
	living, told := false, true
	for i := range list {
		if p := &list[i]; p.Living() {
			living, told = true, told && p.Measured
		}
	}
	if !living {
		return nil
	}
	use := s.meter.Add(list)
	s.spent = append(s.spent, spent{at, use.Time})
	for len(s.spent) > 2 && at-s.spent[1].at >= window {
		s.spent = s.spent[1:]
	}
	first := s.spent[0]
	cpu := int64(100 * (use.Time - first.time) / max(at-first.at, window))
	var events []Event
	for _, w := range s.watchers {
		used := cpu
		if w.Budget == analysis.BudgetMemory {
			if !told {
				continue
			}
			used = int64(use.Resident)
		}
		if s.uses == nil {
			s.uses = Uses{}
		}
		s.uses[w.Budget] = used
		events = append(events, w.Step(at, used)...)
	}
	return events
}

// Uses is what was used of the budgets at the last sample that told it; nil before the first one.
func (s *Session) Uses() Uses { return maps.Clone(s.uses) }

// Excess is a budget that is exceeded.
type Excess struct {
	Rule
	// Use is what was used when that was told.
	Use int64 `json:"use"`
}

// Exceeded are the budgets that are exceeded.
func (s *Session) Exceeded() []Excess {
	var list []Excess
	for _, w := range s.watchers {
		if w.Exceeded() {
			list = append(list, Excess{w.Rule, w.told})
		}
	}
	return list
}

// last is the last priority there is; what is beyond becomes that.
const last, nearlyLast = 20, 19

// Throttle lets everything else go before some processes, and lets them go as they went again. The zero value has done neither. It
// is for one goroutine.
type Throttle struct {
	// was is the priority that each of them had, base that of those that have come since.
	was  map[process.Key]int
	base int
	on   bool
}

// On reports whether processes are held back.
func (t *Throttle) On() bool { return t.on }

// Lower gives the processes the last priority, those that have come since too. The first is the one whose priority all have that
// it starts.
func (t *Throttle) Lower(list []process.Process, set func(pid, nice int) error) error {
	first := !t.on
	if first {
		t.on, t.was, t.base = true, map[process.Key]int{}, 0
		if len(list) > 0 {
			t.base = list[0].Nice
		}
	}
	var failed error
	for i := range list {
		p := &list[i]
		if _, known := t.was[p.Key()]; known || !p.Measured || !p.Living() {
			continue
		}
		if p.Nice >= nearlyLast {
			// It has it from its parent, or had it before.
			if t.was[p.Key()] = t.base; first {
				t.was[p.Key()] = p.Nice
			}
			continue
		}
		if err := set(p.PID, last); err != nil {
			failed = err
			continue
		}
		t.was[p.Key()] = p.Nice
	}
	return failed
}

// Restore gives the processes what they had.
func (t *Throttle) Restore(list []process.Process, set func(pid, nice int) error) error {
	if !t.on {
		return nil
	}
	var failed error
	for i := range list {
		p := &list[i]
		nice, known := t.was[p.Key()]
		if !known {
			nice = t.base
		}
		// One that has changed its own meanwhile keeps that.
		if !p.Living() || p.Nice < nearlyLast {
			continue
		}
		if err := set(p.PID, nice); err != nil {
			failed = err
		}
	}
	*t = Throttle{}
	return failed
}
