package outlet

import (
	"sync"
	"time"
)

// QueueOptions of NewQueue.
type QueueOptions[T any] struct {
	Options[T]
	// Size of a value in bytes, and how many bytes wait at most.
	Size  func(T) int
	Limit int
	// Patience is how long a place that is busy is waited for with each value.
	Patience time.Duration
	// Wait has Write wait for room, as long as the place takes anything within its patience.
	Wait bool
}

// Queue hands values on to a place in a goroutine of its own, so that who gives them never waits. What is too much is counted.
// It is safe for concurrent use. Tell and Gap are called in the goroutine, which Close ends.
type Queue[T any] struct {
	o     QueueOptions[T]
	lines *Lines[T]
	// stop is closed when there is no more time; done when the goroutine has ended.
	stop, done chan struct{}

	mu   sync.Mutex
	wake *sync.Cond
	list []queued[T]
	// bytes in the list, and values that did not fit since the last that did.
	bytes   int
	dropped uint64
	closing bool
	// refused says that the place did not take the last value.
	refused bool
	// room is signalled when values have been taken off the list, or the place has refused one.
	room *sync.Cond
}

// queued is a value, and how many before it did not fit.
type queued[T any] struct {
	value   T
	dropped uint64
}

const tooMuch = "more came than it takes"

// NewQueue begins to hand values on to the place, which Close closes.
func NewQueue[T any](p Place[T], o QueueOptions[T]) *Queue[T] {
	q := &Queue[T]{o: o, stop: make(chan struct{}), done: make(chan struct{})}
	q.wake, q.room = sync.NewCond(&q.mu), sync.NewCond(&q.mu)
	q.lines = New[T](&patient[T]{p, o.Patience, q.stop}, o.Options)
	go q.run()
	return q
}

// Write hands a value on, or counts it.
func (q *Queue[T]) Write(v T) {
	size := q.o.Size(v)
	q.mu.Lock()
	defer q.mu.Unlock()
	full := func() bool { return q.bytes > 0 && q.bytes+size > q.o.Limit }
	for q.o.Wait && full() && !q.closing && !q.refused {
		q.room.Wait()
	}
	if q.closing || full() {
		q.dropped++
		return
	}
	q.list = append(q.list, queued[T]{v, q.dropped})
	q.bytes += size
	q.dropped = 0
	q.wake.Signal()
}

// Lost is how many values were not kept so far.
func (q *Queue[T]) Lost() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := q.lines.Lost() + q.dropped
	for i := range q.list {
		n += q.list[i].dropped
	}
	return n
}

// take waits for a value; without one there are no more, but dropped ones.
func (q *Queue[T]) take() (v queued[T], more bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.list) == 0 && !q.closing {
		q.wake.Wait()
	}
	if len(q.list) == 0 {
		v.dropped, q.dropped = q.dropped, 0
		return v, false
	}
	v = q.list[0]
	q.list[0] = queued[T]{}
	if q.list = q.list[1:]; len(q.list) == 0 {
		q.list = nil
	}
	q.bytes -= q.o.Size(v.value)
	q.room.Broadcast()
	return v, true
}

func (q *Queue[T]) run() {
	defer close(q.done)
	for {
		v, more := q.take()
		if v.dropped > 0 {
			q.lines.Lose(v.dropped, tooMuch)
		}
		if !more {
			return
		}
		before := q.lines.Lost()
		q.lines.Write(v.value)
		q.mu.Lock()
		q.refused = q.lines.Lost() > before
		q.room.Broadcast()
		q.mu.Unlock()
	}
}

// Close hands on what waits, for at most so long, and gives the place up. It is an error if values were not kept.
func (q *Queue[T]) Close(within time.Duration) error {
	q.mu.Lock()
	q.closing = true
	q.wake.Signal()
	q.room.Broadcast()
	q.mu.Unlock()
	t := time.NewTimer(within)
	defer t.Stop()
	select {
	case <-q.done:
	case <-t.C:
		close(q.stop)
		<-q.done
	}
	return q.lines.Close()
}

// Patient waits for a place that is busy, for at most so long with each value.
func Patient[T any](p Place[T], patience time.Duration) Place[T] {
	return &patient[T]{p, patience, nil}
}

// patient is Patient, until it is stopped.
type patient[T any] struct {
	Place[T]
	patience time.Duration
	stop     <-chan struct{}
}

// A busy place is asked again after a pause that grows from the first to the last of these.
const firstPause, lastPause = time.Millisecond, 64 * time.Millisecond

// readier is a place that knows when it takes more: ready waits for that for at most so long, if the system can tell, and
// otherwise not at all.
type readier interface{ ready(time.Duration) }

func (p *patient[T]) Put(v T) error {
	place, known := p.Place.(readier)
	var waited time.Duration
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := p.Place.Put(v)
		if err == ErrBusy && known {
			place.ready(pause)
			err = p.Place.Put(v)
		}
		if err != ErrBusy || waited >= p.patience {
			return err
		}
		t := time.NewTimer(pause)
		select {
		case <-t.C:
			waited += pause
		case <-p.stop:
			t.Stop()
			return err
		}
	}
}
