package watch

import (
	"context"
	"sync"

	"cellsh/kernel"
	"cellsh/kernel/host"
)

// The limits of a queue. What comes when it is full is counted.
const (
	maxEvents = 10_000
	maxAlike  = 1000
)

// Queue keeps events for somebody who may be slow: a storm of decisions takes no more of it than there are kinds of them. It must be
// made by NewQueue; its methods are safe for concurrent use.
type Queue struct {
	mu sync.Mutex
	// events are those that are no decisions.
	events []host.Event
	// decisions are folded; alike has the place of each, counted from the first that there ever was, of which so many are told.
	decisions []folded
	alike     map[alike]int
	told      int
	lost      uint64
	stopped   bool
	// more has something while the queue is not empty.
	more chan struct{}
}

// folded is what decisions have become.
type folded struct {
	host.Event
	alike
}

// alike is what decisions that become one have in common.
type alike struct {
	kind    string
	cell    kernel.CellID
	name    string
	request string
	policy  string
	reason  string
}

// NewQueue is an empty queue.
func NewQueue() *Queue { return &Queue{alike: map[alike]int{}, more: make(chan struct{}, 1)} }

// Put adds an event. A decision like one that waits joins it: the newest of them is told, with how many there were. Where there are
// very many different ones all of a cell are alike.
func (q *Queue) Put(e host.Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.stopped:
		return
	case e.Decision != nil:
		q.fold(e)
	case len(q.events) >= maxEvents:
		q.lost++
	default:
		q.events = append(q.events, e)
	}
	select {
	case q.more <- struct{}{}:
	default:
	}
}

func (q *Queue) fold(e host.Event) {
	rough := alike{kind: e.Kind, cell: e.ID, name: e.Cell}
	exact := rough
	for _, id := range e.Decision.Requests() {
		exact.request += id.String() + " "
	}
	if d := e.Decision.Event; d != nil {
		exact.policy, exact.reason = d.Source.Policy, d.Reason
	}
	for _, key := range []alike{exact, rough} {
		if at, ok := q.alike[key]; ok {
			waits := &q.decisions[at-q.told]
			e.Count += waits.Count
			waits.Event = e
			return
		}
		if most := maxAlike; len(q.decisions) < most || key == rough && len(q.decisions) < 2*most {
			q.alike[key] = q.told + len(q.decisions)
			q.decisions = append(q.decisions, folded{e, key})
			return
		}
	}
	q.lost += e.Count
}

// Stop takes no more, and forgets what waits: nobody will be told.
func (q *Queue) Stop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stopped, q.events, q.decisions, q.alike = true, nil, nil, nil
}

// Take gives the next event, what is no decision first, or waits for one; false once the context is done. Lost are events that
// nobody can be told of, because the queue was full since the last time.
func (q *Queue) Take(ctx context.Context) (e host.Event, lost uint64, ok bool) {
	for {
		if e, lost, ok = q.take(); ok {
			return e, lost, true
		}
		select {
		case <-q.more:
		case <-ctx.Done():
			return host.Event{}, 0, false
		}
	}
}

func (q *Queue) take() (e host.Event, lost uint64, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	lost, q.lost = q.lost, 0
	switch {
	case len(q.events) > 0:
		e, q.events = q.events[0], q.events[1:]
		return e, lost, true
	case len(q.decisions) > 0:
		e = q.decisions[0].Event
		delete(q.alike, q.decisions[0].alike)
		q.decisions = q.decisions[1:]
		q.told++
		return e, lost, true
	}
	q.lost = lost
	return host.Event{}, 0, false
}
