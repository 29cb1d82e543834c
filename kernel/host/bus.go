package host

import (
	"fmt"
	"slices"

	"cellsh/kernel"
	"cellsh/policy/diag"
)

// Event is something that happened to a cell.
type Event struct {
	// Kind is one of EventKinds.
	Kind string
	Cell string
	ID   kernel.CellID
	// Decision of a denial.
	Decision *kernel.Event
	// Excess is the budget that an event is about.
	Excess *Excess
}

// The kinds of events. Those of cells that are made and destroyed here are emitted by the host itself; the others by who
// looks for them, with [Tail] and [Host.NewExcesses].
const (
	Created   = "create"
	Destroyed = "destroy"
	Denied    = "deny"
	// NearBudget: what is used of a budget has reached its warning. OverBudget: it was exceeded for as long as it says.
	// UnderBudget: it is no more.
	NearBudget  = "near-budget"
	OverBudget  = "over-budget"
	UnderBudget = "under-budget"
)

// EventKinds are the kinds that there are.
var EventKinds = []string{Created, Denied, Destroyed, NearBudget, OverBudget, UnderBudget}

// Subscription is a hook that waits for events. Cancel ends it.
type Subscription struct {
	bus  *Bus
	Kind string
	// At is where it was made, for what is said of it; nowhere if nobody has set it.
	At   diag.Span
	call func(Event) error
	// Failed is why it was dropped, nil while it is not.
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
	// Dropped is told of hooks that failed and are not called any more.
	Dropped func(*Subscription)
}

// maxChain is how many events in a row hooks may cause by themselves.
const maxChain = 1000

// On subscribes to a kind of event. An error of the hook ends the subscription.
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
				b.drop(s, err)
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
		b.drop(s, fmt.Errorf("hooks must not set each other off without end, but did %d times; %s not told", told, events))
	}
}

func (b *Bus) drop(s *Subscription, err error) {
	s.Failed = err
	s.Cancel()
	if b.Dropped != nil {
		b.Dropped(s)
	}
}
