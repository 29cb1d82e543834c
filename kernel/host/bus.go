package host

import (
	"fmt"
	"slices"

	"cellsh/kernel"
)

// Event is something that happened to a cell.
type Event struct {
	// Kind is "create", "destroy", "deny" or "over-budget".
	Kind string
	Cell string
	ID   kernel.CellID
	// Decision of a denial.
	Decision *kernel.Event
	// Excess is the budget that is exceeded.
	Excess *Excess
}

// EventKinds are the kinds that there are.
var EventKinds = []string{"create", "deny", "destroy", "over-budget"}

// Subscription is a hook that waits for events. Cancel ends it.
type Subscription struct {
	bus  *Bus
	Kind string
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
			lost := len(b.queue)
			b.queue = nil
			for _, s := range b.Subscriptions() {
				b.drop(s, errChain{lost})
			}
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

// errChain is the error of hooks that set each other off for ever.
type errChain struct{ lost int }

func (e errChain) Error() string {
	text := fmt.Sprintf("hooks must not set each other off without end, but did %d times; ", maxChain)
	if e.lost == 1 {
		return text + "1 event is not told"
	}
	return fmt.Sprintf("%s%d events are not told", text, e.lost)
}

func (b *Bus) drop(s *Subscription, err error) {
	s.Failed = err
	s.Cancel()
	if b.Dropped != nil {
		b.Dropped(s)
	}
}
