package host

import (
	"fmt"
	"slices"

	"cellsh/kernel"
	"cellsh/policy/diag"
)

// Event is something that happened.
type Event struct {
	// Kind is the name of one of Kinds.
	Kind string
	// Cell that it happened to, "" and 0 for none.
	Cell string
	ID   kernel.CellID
	// Decision of a denial or a grant, and Count how many like it the event stands for.
	Decision *Recorded
	Count    uint64
	// Excess is the budget that is exceeded, or is not any more.
	Excess *Excess
	// Change is that of what is loaded.
	Change *Change
	// Service is what one has become.
	Service *ServiceChange
}

// Change is that the policies of another generation are active.
type Change struct {
	// Generation that is active now, 0 for none, and From the one before.
	Generation uint64 `json:"generation"`
	From       uint64 `json:"from"`
	// Of is the generation whose policies it repeats, 0 for new ones.
	Of uint64 `json:"of,omitempty"`
	// Files of its policies.
	Files []string `json:"files,omitempty"`
}

// ServiceChange is what a service has become.
type ServiceChange struct {
	Service string `json:"service"`
	State   string `json:"state"`
	// Why it is in that state, where there is more to say.
	Why string `json:"why,omitempty"`
	PID int    `json:"pid,omitempty"`
	// Restarts are how often it was started again after it had ended by itself.
	Restarts int `json:"restarts"`
	// Code and Signal are how its command has ended, for an exit; nil where that is not known.
	Code   *int `json:"code,omitempty"`
	Signal *int `json:"signal,omitempty"`
}

// The kinds of events. Those of cells that are made and destroyed here are emitted by the host itself; the others by who
// looks for them: package watch.
const (
	Created     = "create"
	Destroyed   = "destroy"
	Started     = "start"
	Exited      = "exit"
	Healthy     = "healthy"
	Unhealthy   = "unhealthy"
	CrashLoop   = "crash-loop"
	NearBudget  = "near-budget"
	OverBudget  = "over-budget"
	UnderBudget = "under-budget"
	Denied      = "deny"
	Granted     = "grant"
	Replaced    = "load"
	RolledBack  = "rollback"
)

// Kind describes a kind of events.
type Kind struct {
	Name string
	// Doc says when it happens, and Has what the table of a hook has beside event.
	Doc, Has string
	// Watched says that only cellsh watch sees it: it happens to services, which go on without those who have started them.
	Watched bool
}

// Kinds are those that there are, by name.
var Kinds = []Kind{
	{CrashLoop, "a service has ended too often in a row, and is not started again by itself", "cell, id, service, state, why, pid, restarts", true},
	{Created, "a cell was made", "cell, id", false},
	{Denied, "a request was denied", "what kernel.events tells, and count", false},
	{Destroyed, "a cell was removed", "cell, id", false},
	{Exited, "the command of a service has ended", "cell, id, service, state, why, pid, restarts, and code or signal", true},
	{Granted, "a request was granted", "what kernel.events tells, and count", false},
	{Healthy, "a service runs, and its health command says that it works", "cell, id, service, state, why, pid, restarts", true},
	{Replaced, "policies were loaded", "generation, from, of, files", false},
	{NearBudget, "what a cell uses of a budget has reached the warning that the policy has", "cell, id, budget, use, limit, policy", false},
	{OverBudget, "a cell has used more than its budget for as long as the policy says", "cell, id, budget, use, limit, policy", false},
	{RolledBack, "earlier policies are active again", "generation, from, of, files", false},
	{Started, "the command of a service was started", "cell, id, service, state, why, pid, restarts", true},
	{UnderBudget, "a cell that was over its budget has used at most nine tenths of it for as long", "cell, id, budget, use, limit, policy", false},
	{Unhealthy, "the health command of a service has failed so often in a row that it counts, or was not good in time after the start", "cell, id, service, state, why, pid, restarts", true},
}

// FindKind gives the kind of that name; false if there is none.
func FindKind(name string) (Kind, bool) {
	i := slices.IndexFunc(Kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Kind{}, false
	}
	return Kinds[i], true
}

// KindNames are the names of all kinds, by name.
func KindNames() []string {
	var names []string
	for _, k := range Kinds {
		names = append(names, k.Name)
	}
	return names
}

// Subscription is a hook that waits for events. Cancel ends it.
type Subscription struct {
	bus  *Bus
	Kind string
	// At is where it was made, for what is said of it; nowhere if nobody has set it.
	At   diag.Span
	call func(Event) error
	// Failed is why it has failed last, and was dropped if the bus does not keep it; nil if it has not.
	Failed error
}

// Cancel ends the subscription; twice is no harm.
func (s *Subscription) Cancel() {
	s.bus.subs = slices.DeleteFunc(s.bus.subs, func(x *Subscription) bool { return x == s })
}

// String says what it waits for.
func (s *Subscription) String() string { return "hook for " + s.Kind }

// Active reports whether it still waits.
func (s *Subscription) Active() bool { return slices.Contains(s.bus.subs, s) }

// Bus tells hooks of events. Events that come up while hooks run wait until these are done, so that a hook which
// destroys the cell it is told about, or makes another, confuses nobody. The zero value is ready; it is not safe
// for concurrent use.
type Bus struct {
	subs    []*Subscription
	queue   []Event
	running bool
	// Keep says that hooks that fail are called again the next time.
	Keep bool
	// Failed is told of hooks that failed. Those that are kept are active yet.
	Failed func(*Subscription)
}

// maxChain is how many events in a row hooks may cause by themselves.
const maxChain = 1000

// On subscribes to a kind of event. An error of the hook ends the subscription, unless Keep is set.
func (b *Bus) On(kind string, call func(Event) error) *Subscription {
	s := &Subscription{bus: b, Kind: kind, call: call}
	b.subs = append(b.subs, s)
	return s
}

// Subscriptions lists those that wait.
func (b *Bus) Subscriptions() []*Subscription { return slices.Clone(b.subs) }

// Wanted reports whether anybody waits for a kind of event.
func (b *Bus) Wanted(kind string) bool {
	return slices.ContainsFunc(b.subs, func(s *Subscription) bool { return s.Kind == kind })
}

// Emit tells all hooks of an event. Events of hooks that set each other off end after a thousand.
func (b *Bus) Emit(e Event) {
	b.queue = append(b.queue, e)
	if b.running {
		return
	}
	b.running = true
	defer func() { b.running = false }()
	for n := 0; len(b.queue) > 0; n++ {
		if n == maxChain {
			untold := len(b.queue)
			b.queue = nil
			b.Break(maxChain, untold)
			return
		}
		e := b.queue[0]
		b.queue = b.queue[1:]
		for _, s := range b.Subscriptions() {
			if s.Kind != e.Kind || !s.Active() {
				continue
			}
			if err := s.call(e); err != nil {
				b.fail(s, err, b.Keep)
			}
		}
	}
}

// Break drops all hooks because they set each other off, which went on for so many events; those that are not told are
// counted.
func (b *Bus) Break(told, untold int) {
	events := "1 event is"
	if untold != 1 {
		events = fmt.Sprintf("%d events are", untold)
	}
	for _, s := range b.Subscriptions() {
		b.fail(s, fmt.Errorf("hooks must not set each other off without end, but did %d times; %s not told", told, events), false)
	}
}

func (b *Bus) fail(s *Subscription, err error, keep bool) {
	s.Failed = err
	if !keep {
		s.Cancel()
	}
	if b.Failed != nil {
		b.Failed(s)
	}
}
