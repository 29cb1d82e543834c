package main

import (
	"runtime"
	"time"
)

// effort says how carefully is measured.
type effort struct {
	// rounds of at least each; the fastest counts, because other programs can only make a round slower.
	rounds int
	each   time.Duration
}

var careful, quick = effort{7, 100 * time.Millisecond}, effort{1, 0}

// measured is what one call costs.
type measured struct {
	time   time.Duration
	allocs float64
}

// measure times functions in turn, so that what disturbs one round disturbs it for all.
func measure(e effort, calls ...func() error) ([]measured, error) {
	out := make([]measured, len(calls))
	for round := range e.rounds {
		for i, call := range calls {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			n := 0
			start := time.Now()
			for n == 0 || time.Since(start) < e.each {
				if err := call(); err != nil {
					return nil, err
				}
				n++
			}
			took := time.Since(start) / time.Duration(n)
			runtime.ReadMemStats(&after)
			if round == 0 || took < out[i].time {
				out[i].time = took
			}
			out[i].allocs = float64(after.Mallocs-before.Mallocs) / float64(n)
		}
	}
	return out, nil
}

// repeat makes one call of n.
func repeat(n int, call func(i int) error) func() error {
	return func() error {
		for i := range n {
			if err := call(i); err != nil {
				return err
			}
		}
		return nil
	}
}
