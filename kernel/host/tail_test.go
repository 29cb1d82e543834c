package host

import (
	"testing"
	"time"

	"cellsh/kernel/sim"
)

// An evaluation model that is loaded anew counts from 1 again: then so does the tail, and says that it does.
func TestTailAnew(t *testing.T) {
	k, err := sim.New(sim.Options{})
	ok(t, err)
	r := &ring{Kernel: k, kept: sequence(1, 2, 3)}
	tail := New(r, &Memory{}, load, time.Now).Tail(0)
	next := func(n int, lost uint64, anew bool) {
		t.Helper()
		list, l, err := tail.Next()
		if err != nil || len(list) != n || l != lost || tail.Anew() != anew {
			t.Errorf("%d decisions, %d lost, anew %v, %v; want %d, %d, %v", len(list), l, tail.Anew(), err, n, lost, anew)
		}
	}
	next(3, 0, false)
	r.kept = sequence(2)
	next(1, 1, true)
	next(0, 0, false)
	r.kept = sequence(2, 3)
	next(1, 0, false)
	r.kept = nil
	next(0, 0, true)
	r.kept = sequence(1)
	next(1, 0, false)
}
