package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cellsh/kernel/disk"
)

// Vigil watches over a generation that waits to be confirmed, without holding the kernel: another program has to be able
// to confirm it.
type Vigil struct {
	Deadline Deadline
	// Open begins a session with the kernel, for a look or for a change, and tells nobody what failed: Wait does. It has
	// entered its only step.
	Open func(readOnly bool) (*Session, error)
	// After gives a channel that is sent the time once, after the duration.
	After func(time.Duration) <-chan time.Time
	// Now is the clock of the deadline.
	Now func() time.Time
}

// Fate is what became of a generation that waited to be confirmed.
type Fate struct {
	// Generation that it is about.
	Generation uint64
	// Confirmed says that it stays.
	Confirmed bool
	// Now is the generation that is active in its place, and Why says in words how it came to that.
	Now uint64
	Why string
}

// String is a sentence without a full stop.
func (f Fate) String() string {
	if f.Confirmed {
		return fmt.Sprintf("generation %d is confirmed", f.Generation)
	}
	return fmt.Sprintf("generation %d %s, and is not active any more: generation %d is", f.Generation, f.Why, f.Now)
}

// pause is how often a vigil looks.
const pause = time.Second

// Wait waits until the generation is confirmed or another one is active, and rolls it back when its time is over, or when
// the context is done before.
func (v *Vigil) Wait(ctx context.Context) (Fate, error) {
	over := v.After(v.Deadline.Left(v.Now()))
	for {
		select {
		case <-over:
			return v.end("was not confirmed in time")
		case <-ctx.Done():
			return v.end("was interrupted before it was confirmed")
		case <-v.After(pause):
			// A state that is just being written is looked at the next time.
			if fate, decided, err := v.look(); err == nil && decided {
				return fate, nil
			}
		}
	}
}

// look says what became of the generation, and whether that is decided.
func (v *Vigil) look() (Fate, bool, error) {
	s, err := v.Open(true)
	if err != nil {
		return Fate{}, false, err
	}
	fate, decided, err := v.fate(s.Host, "")
	return fate, decided, errors.Join(err, s.Release())
}

// end rolls the generation back if it still waits.
func (v *Vigil) end(why string) (Fate, error) {
	for {
		// To open the kernel for a change is to roll back what was not confirmed in time.
		s, err := v.Open(false)
		if errors.As(err, new(*disk.BusyError)) {
			// Whoever has the kernel may decide it.
			if fate, decided, err := v.look(); err == nil && decided {
				return fate, nil
			}
			<-v.After(pause)
			continue
		}
		if err != nil {
			return Fate{}, err
		}
		fate, decided, err := v.fate(s.Host, why)
		if err == nil && !decided {
			if _, err = s.Host.Revert(); err == nil {
				fate, _, err = v.fate(s.Host, why)
			} else {
				err = &ExpireError{&Overdue{Deadline: v.Deadline}, err}
			}
		}
		return fate, errors.Join(err, s.Release())
	}
}

// fate reads from the history what became of the generation. Why is how it ended if it was rolled back to the one that its
// deadline names; "" if that is for others to know.
func (v *Vigil) fate(h *Host, why string) (Fate, bool, error) {
	history, err := h.History()
	if err != nil {
		return Fate{}, false, err
	}
	number := v.Deadline.Generation
	if d := history.Deadline; d != nil && d.Generation == number {
		return Fate{}, false, nil
	}
	f := Fate{Generation: number}
	if g := history.Find(number); g != nil && g.settled() {
		f.Confirmed = true
		return f, true, nil
	}
	a := history.Active()
	if a == nil {
		f.Why = "is not known any more"
		return f, true, nil
	}
	f.Now = a.Number
	back := uint64(0)
	if g := history.Find(v.Deadline.Back); g != nil {
		back = g.Origin()
	}
	switch {
	case a.Of != back || a.Of == 0 && len(a.Sources) > 0:
		f.Why = "was replaced before it was confirmed"
	case v.Deadline.Over(v.Now()):
		f.Why = "was not confirmed in time"
	case why != "":
		f.Why = why
	default:
		f.Why = "was rolled back before it was confirmed"
	}
	return f, true, nil
}
