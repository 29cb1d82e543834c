package progress

import (
	"errors"
	"testing"
)

// Work ends at its next check, and only that which runs.
func TestStop(t *testing.T) {
	w := New()
	w.Stop() // nothing runs
	rounds := 0
	err := w.Run(func() error {
		for {
			if rounds++; rounds == 3 {
				w.Stop()
				w.Stop()
			}
			w.At(Step{Doing: "counting", Done: rounds})
		}
	})
	if err != ErrStopped || rounds != 3 || w.Step().Done != 2 {
		t.Errorf("%v after %d rounds, at %v", err, rounds, w.Step())
	}
	// What runs next is not stopped, and begins where nobody has said anything.
	other := errors.New("other")
	if err := w.Run(func() error { w.Check(); return other }); err != other || w.Step() != (Step{}) || w.Stopped() {
		t.Errorf("%v, at %v", err, w.Step())
	}
	// A run within a run ends, and the outer one at its next check.
	inner := 0
	err = w.Run(func() error {
		w.Stop()
		for range 2 {
			if err := w.Run(func() error { w.Check(); return nil }); err != ErrStopped {
				t.Errorf("the inner run ends with %v", err)
			}
			inner++
		}
		w.Check()
		return nil
	})
	if err != ErrStopped || inner != 2 {
		t.Errorf("the outer run ends with %v, after %d inner ones", err, inner)
	}
}

// Other panics go on, and work is of use after them.
func TestPanic(t *testing.T) {
	w := New()
	func() {
		defer func() {
			if p := recover(); p != "a fault" {
				t.Errorf("%v", p)
			}
		}()
		_ = w.Run(func() error { panic("a fault") })
	}()
	if err := w.Run(func() error { w.Stop(); w.Check(); return nil }); err != ErrStopped {
		t.Errorf("%v", err)
	}
	// The checks of one work do not end another.
	v := New()
	err := w.Run(func() error {
		return v.Run(func() error {
			w.Stop()
			v.Check()
			if err := v.Catch(func() {}); err != nil {
				t.Error(err)
			}
			w.Check()
			return nil
		})
	})
	if err != ErrStopped || v.Stopped() {
		t.Errorf("%v", err)
	}
}

// What is firm is not stopped half-way; what comes after it is.
func TestFirmly(t *testing.T) {
	w := New()
	after := false
	err := w.Run(func() error {
		err := w.Firmly(func() error {
			w.Stop()
			w.Check()
			if w.Stopped() || w.Abandon() {
				t.Error("it is stopped half-way")
			}
			w.Changed("a thing is made")
			return nil
		})
		if w.Abandon() {
			t.Error("it is abandoned before it is saved")
		}
		w.Saved()
		if err != nil || !w.Stopped() {
			t.Errorf("after it: %v, %t", err, w.Stopped())
		}
		w.Check()
		after = true
		return nil
	})
	if err != ErrStopped || after || len(w.Changes()) != 1 || w.Changes()[0] != "a thing is made" {
		t.Errorf("%v, %q", err, w.Changes())
	}
	if err := w.Run(func() error { return nil }); err != nil || w.Changes() != nil {
		t.Errorf("%v, %q", err, w.Changes())
	}
}

// Once the work is abandoned nothing is changed any more.
func TestAbandon(t *testing.T) {
	w := New()
	err := w.Run(func() error {
		if w.Abandoned() || !w.Abandon() || !w.Abandoned() {
			t.Error("it can't be abandoned")
		}
		return w.Firmly(func() error { t.Error("something is changed"); return nil })
	})
	if err != ErrStopped {
		t.Errorf("%v", err)
	}
}

// Who listens is told by the context.
func TestListen(t *testing.T) {
	w := New()
	err := w.Run(func() error {
		ctx, end := w.Listen()
		if ctx.Err() != nil || !w.Listening() {
			t.Errorf("%v", ctx.Err())
		}
		w.Stop()
		<-ctx.Done()
		w.Check()
		if w.Abandon() {
			t.Error("it is abandoned while somebody listens")
		}
		end()
		if w.Listening() {
			t.Error("it goes on listening")
		}
		w.Check()
		t.Error("it is not stopped")
		return nil
	})
	if err != ErrStopped {
		t.Errorf("%v", err)
	}
}

// Work can be stopped at each of its checks.
func TestStopAfter(t *testing.T) {
	w := New()
	for n := range 5 {
		w.StopAfter(n)
		rounds := 0
		err := w.Run(func() error {
			for range 3 {
				rounds++
				w.Check()
			}
			return nil
		})
		if n < 3 && (err != ErrStopped || rounds != n+1) || n >= 3 && err != nil {
			t.Errorf("after %d: %v in round %d", n, err, rounds)
		}
	}
}

// Nil can't be stopped.
func TestNil(t *testing.T) {
	var w *Work
	w.Stop()
	w.At(Step{Doing: "nothing"})
	w.Changed("nothing")
	w.Saved()
	ctx, end := w.Listen()
	defer end()
	ran := false
	err := w.Run(func() error { return w.Firmly(func() error { w.Check(); return w.Catch(func() { ran = true }) }) })
	if err != nil || !ran || ctx.Err() != nil || w.Stopped() || w.Listening() || !w.Abandon() || w.Changes() != nil || w.Step() != (Step{}) {
		t.Errorf("%v", err)
	}
}

func BenchmarkCheck(b *testing.B) {
	w := New()
	for b.Loop() {
		w.Check()
	}
}
