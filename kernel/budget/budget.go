package budget

import (
	"fmt"
	"time"

	"cellsh/policy/analysis"
	"cellsh/policy/rules"
)

// Rule is what is watched. Rules are comparable values, and can be JSON.
type Rule struct {
	// Budget is memory or cpu.
	Budget analysis.BudgetName `json:"budget"`
	// Limit is what may be used: bytes, or percent of one processor.
	Limit int64 `json:"limit"`
	// Warn is what is used when a warning is told; 0 for none.
	Warn int64 `json:"warn,omitempty"`
	// Over is for how long the limit must be exceeded until that counts.
	Over time.Duration `json:"over,omitempty"`
	// Action is what is done then.
	Action rules.Action `json:"action"`
	// Policy that says so.
	Policy string `json:"policy"`
}

// Rules are those of the budgets of a cell that are watched.
func Rules(budgets []analysis.Budget) []Rule {
	var list []Rule
	for i := range budgets {
		b := &budgets[i]
		if !b.Name.Watched() {
			continue
		}
		r := Rule{Budget: b.Name, Limit: b.Value, Over: time.Duration(b.Over) * time.Millisecond, Action: b.Action, Policy: b.Policy}
		if b.Warn > 0 {
			r.Warn = max(part(b.Value, b.Warn), 1)
		}
		list = append(list, r)
	}
	return list
}

// part is so many percent, without running over.
func part(n, percent int64) int64 { return n/100*percent + n%100*percent/100 }

// Kind is what happened to a budget.
type Kind uint8

// The kinds.
const (
	// Near: what is used has reached the warning.
	Near Kind = iota
	// Over: the limit has been exceeded for as long as the rule says.
	Over
	// Under: it is no more, by a clear margin.
	Under
)

// Event is something that happened.
type Event struct {
	Rule
	Kind Kind
	// Use is what was used then.
	Use int64
}

// String says it in a sentence without the cell: "memory is over its budget: 600M, but policy web says 512M".
func (e *Event) String() string {
	use, limit := e.Budget.Format(e.Use), e.Budget.Format(e.Limit)
	switch e.Kind {
	case Near:
		return fmt.Sprintf("%s is near its budget: %s of %s in policy %s", e.Budget, use, limit, e.Policy)
	case Under:
		return fmt.Sprintf("%s is under its budget again: %s of %s in policy %s", e.Budget, use, limit, e.Policy)
	}
	return fmt.Sprintf("%s is over its budget: %s, but policy %s says %s", e.Budget, use, e.Policy, limit)
}

// Watcher follows one rule. What swings round a limit is one event: a budget that was exceeded is no more when at most nine
// tenths of the limit have been used for as long as it takes to exceed it; and a warning is told again only after less than nine
// tenths of what it takes were used. The zero value of all but Rule has seen nothing. It is for one goroutine.
type Watcher struct {
	Rule
	over, warned bool
	// told is what was used when it was told that the limit is exceeded.
	told int64
	// since is from when on all samples say that it is time to change over, if there is one.
	since   time.Duration
	turning bool
}

// calm is what must be used at most to count as under a limit that was exceeded.
func calm(limit int64) int64 { return part(limit, 90) }

// Exceeded reports whether the budget is exceeded.
func (w *Watcher) Exceeded() bool { return w.over }

// Step takes a sample into account: what is used at a time, by any clock that does not go back; if it does, what has lasted until then begins anew.
func (w *Watcher) Step(at time.Duration, use int64) []Event {
	// Whether the sample says that it is the other way round than it was.
	turns := use > w.Limit
	if w.over {
		turns = use <= calm(w.Limit)
	}
	switch {
	case !turns:
		w.turning = false
	case !w.turning || at < w.since:
		w.turning, w.since = true, at
	}
	var events []Event
	turned := w.turning && at-w.since >= w.Rule.Over
	if turned {
		w.over, w.turning = !w.over, false
	}
	if w.Warn > 0 {
		switch {
		case w.warned && use < calm(w.Warn):
			w.warned = false
		case !w.warned && use >= w.Warn:
			// That it is exceeded says it all.
			if w.warned = true; !w.over {
				events = append(events, Event{w.Rule, Near, use})
			}
		}
	}
	if turned {
		kind := Under
		if w.over {
			kind, w.told = Over, use
		}
		events = append(events, Event{w.Rule, kind, use})
	}
	return events
}
