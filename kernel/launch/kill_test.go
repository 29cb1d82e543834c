package launch

import (
	"slices"
	"testing"
	"time"
)

// stepClock lets every wait end at once and notes how long it would have been.
type stepClock struct{ waits []time.Duration }

func (c *stepClock) After(d time.Duration) <-chan time.Time {
	c.waits = append(c.waits, d)
	done := make(chan time.Time, 1)
	done <- time.Time{}
	return done
}

// deaf is a process in execve: it loses the first signals.
type deaf struct {
	loses int
	kills int
	done  chan struct{}
}

func (d *deaf) kill() {
	if d.kills++; d.kills == d.loses+1 {
		close(d.done)
	}
}

func (d *deaf) ended() <-chan struct{} { return d.done }

func TestKillUntilGone(t *testing.T) {
	for _, loses := range []int{0, 1, 5} {
		clock := &stepClock{}
		d := &deaf{loses: loses, done: make(chan struct{})}
		killUntilGone(d, clock)
		// Once it is gone, a wait that is over too may still be taken first; then it is killed once more.
		if d.kills < loses+1 || len(clock.waits) < loses {
			t.Errorf("lost %d: %d kills, %d waits", loses, d.kills, len(clock.waits))
		}
		if slices.ContainsFunc(clock.waits, func(w time.Duration) bool { return w != killInterval }) {
			t.Errorf("waits %v", clock.waits)
		}
	}
}
