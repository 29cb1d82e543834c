package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cellsh/kernel/disk"
	"cellsh/kernel/sim"
)

// stage is a host with a clock that tests move, and what its sessions did.
type stage struct {
	t    *testing.T
	h    *Host
	now  time.Time
	log  []string
	full bool // nothing can be saved
	// timers that are set, and how many were stopped.
	timers []timer
}

type timer struct {
	after   time.Duration
	run     func()
	stopped bool
}

func newStage(t *testing.T) *stage {
	t.Helper()
	k, err := sim.New(sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, now: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)}
	s.h = New(k, &Memory{}, load, func() time.Time { return s.now })
	return s
}

// The stage is what keeps the host.
func (s *stage) Tick()         { s.did("tick") }
func (s *stage) Settle() error { return s.save("settle") }
func (s *stage) Save() error   { return s.save("save") }
func (s *stage) Close() error  { return s.save("close") }

func (s *stage) save(what string) error {
	s.did(what)
	if s.full {
		return errors.New("no space left")
	}
	return nil
}

func (s *stage) did(what string) { s.log = append(s.log, what) }

// took gives what was done since the last time.
func (s *stage) took() string {
	out := strings.Join(s.log, ", ")
	s.log = nil
	return out
}

func (s *stage) session(readOnly bool) *Session {
	return NewSession(s.h, s, SessionOptions{
		ReadOnly: readOnly,
		AfterFunc: func(d time.Duration, f func()) func() bool {
			i := len(s.timers)
			s.timers = append(s.timers, timer{d, f, false})
			return func() bool { s.timers[i].stopped = true; return true }
		},
		Lapsed: func(l Lapse) { s.did(l.String()) },
		Failed: func(err error) { s.did("failed: " + err.Error()) },
	})
}

func (s *stage) load(name string, confirm time.Duration) *Loaded {
	s.t.Helper()
	out, _, err := s.h.Load(policies(name, "system.reboot"), LoadOptions{Confirm: confirm, Yes: true})
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

func (s *stage) active() string {
	s.t.Helper()
	p, err := s.h.Policies()
	if err != nil {
		s.t.Fatal(err)
	}
	var names []string
	for _, p := range p.Set().Policies {
		names = append(names, p.Name)
	}
	return strings.Join(names, " ")
}

func (s *stage) want(what, want string) {
	s.t.Helper()
	if got := s.took(); got != want {
		s.t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestStep(t *testing.T) {
	s := newStage(t)
	x := s.session(false)
	ok(t, x.Step(func() error { s.did("work"); return nil }))
	s.want("a step", "tick, work, save")
	ok(t, x.Peek(func() error { s.did("work"); return nil }))
	s.want("a step that changes nothing", "tick, work, settle")

	// What waits gets a timer at the end of the step, which goes with the next.
	ok(t, x.Step(func() error { s.load("a", 0); s.load("b", time.Minute); return nil }))
	if len(s.timers) != 1 || s.timers[0].after != time.Minute {
		t.Fatalf("timers %v", s.timers)
	}
	s.pass(20 * time.Second)
	ok(t, x.Step(func() error { return nil }))
	if len(s.timers) != 2 || !s.timers[0].stopped || s.timers[1].after != 40*time.Second {
		t.Fatalf("timers %v", s.timers)
	}
	s.took()
	s.pass(40 * time.Second)
	s.timers[1].run()
	s.want("the timer", "tick, save, generation 2 was not confirmed in time: rolled back, as generation 3, save")
	if s.active() != "a" || len(s.timers) != 2 {
		t.Errorf("active %q, timers %v", s.active(), s.timers)
	}

	// Without the timer the next step does it, before its work.
	ok(t, x.Step(func() error { s.load("c", time.Minute); return nil }))
	s.pass(time.Hour)
	s.took()
	ok(t, x.Step(func() error { s.did(s.active()); return nil }))
	s.want("a late step", "tick, save, generation 4 was not confirmed in time: rolled back, as generation 5, a, save")

	// Whoever goes back just then means what was rolled back already, and must not go further.
	ok(t, x.Step(func() error { s.load("late", time.Minute); return nil }))
	s.pass(time.Hour)
	ok(t, x.Step(func() error {
		if _, err := s.h.Rollback(0); err == nil || !strings.Contains(err.Error(), "generation 6 was not confirmed in time: rolled back, as generation 7") || s.active() != "a" {
			t.Errorf("a rollback must go no further, but: %v, active is %s", err, s.active())
		}
		return nil
	}))
	s.took()

	// Who only looks leaves it, and sees what the kernel has gone back to.
	ok(t, x.Step(func() error { s.load("d", time.Minute); return nil }))
	s.pass(time.Hour)
	s.took()
	look := s.session(true)
	ok(t, look.Step(func() error { s.did(s.active()); return nil }))
	ok(t, look.Close())
	s.want("a look", "tick, a, save, close")
	ok(t, x.Close())
	if err := x.Step(func() error { t.Error("a step after the end"); return nil }); !errors.Is(err, ErrEnded) {
		t.Error(err)
	}
}

// What can't be rolled back stays, and keeps nobody from working.
func TestStepGoesOn(t *testing.T) {
	s := newStage(t)
	x := s.session(false)
	ok(t, x.Step(func() error { s.load("a", 0); s.load("b", time.Minute); return nil }))
	broken := errors.New("a is gone")
	s.h.notes = failing{s.h.notes, broken}
	s.pass(time.Hour)
	s.took()
	timers := len(s.timers)
	ok(t, x.Step(func() error { s.did("work"); return nil }))
	s.want("a step", "tick, failed: generation 2 was not confirmed in time; the kernel has gone back to generation 1 by itself, which could not be loaded and noted anew: a is gone, work, save")
	// It is told once, however many steps there are, and by who tries it himself.
	ok(t, x.Step(func() error {
		_, err := s.h.Revert()
		if err == nil || x.Told(err) {
			t.Errorf("%v must be told", err)
		}
		return nil
	}))
	s.want("another step", "tick, save")
	if len(s.timers) != timers {
		t.Error("a timer would try it again and again")
	}
	if s.active() != "a" {
		t.Errorf("the kernel has gone back by itself, but active is %q", s.active())
	}
}

// failing is a notebook that takes nothing.
type failing struct {
	Notebook
	err error
}

func (f failing) WriteNotes([]byte) error { return f.err }

func TestUnsaved(t *testing.T) {
	s := newStage(t)
	x := s.session(false)
	s.full = true
	work := errors.New("wrong")
	var unsaved *UnsavedError
	err := x.Step(func() error { return work })
	if !errors.Is(err, work) || !errors.As(err, &unsaved) || unsaved.Again {
		t.Errorf("%#v", err)
	}
	// Whoever was to be told has said it.
	if err := x.Step(func() error {
		if err := x.Settle(); !errors.As(err, &unsaved) {
			t.Error(err)
		}
		return nil
	}); err != nil {
		t.Errorf("told twice: %v", err)
	}
	if err := x.Step(func() error { return nil }); !errors.As(err, &unsaved) {
		t.Error(err)
	}
	s.full = false
	ok(t, x.Step(func() error { s.load("a", 0); s.load("b", time.Minute); return nil }))
	// What is not saved is not told.
	s.pass(time.Hour)
	s.full = true
	s.took()
	if err := x.Step(func() error { t.Error("the work must wait"); return nil }); !errors.As(err, &unsaved) {
		t.Error(err)
	}
	s.want("a lapse", "tick, save")
	if err := x.Close(); !errors.As(err, &unsaved) || !unsaved.Again {
		t.Error(err)
	}
}

// At its end a session takes back what it has loaded, and leaves what others have.
func TestEnd(t *testing.T) {
	s := newStage(t)
	x := s.session(false)
	ok(t, x.Step(func() error { s.load("a", 0); s.load("b", time.Minute); return nil }))
	s.took()
	ok(t, x.Close())
	s.want("the end", "save, generation 2 was not confirmed before the end: rolled back, as generation 3, close")
	ok(t, x.Close())
	if !s.timers[len(s.timers)-1].stopped {
		t.Error("the timer must be stopped")
	}

	// Another program loads while the session goes on, and lets the kernel go.
	x = s.session(false)
	ok(t, x.Step(func() error { return nil }))
	mine := s.h
	s.h = New(mine.Kernel, mine.notes, load, mine.now)
	loader := s.session(false)
	ok(t, loader.Enter())
	s.load("c", time.Minute)
	ok(t, loader.Release())
	ok(t, x.Close())
	if s.active() != "c" {
		t.Errorf("the loader of c watches over it, but active is %q", s.active())
	}
	// So it does where the kernel was started again.
	s.h = mine
	x = s.session(false)
	ok(t, x.Step(func() error { s.load("d", time.Minute); return nil }))
	k, err := sim.New(sim.Options{})
	ok(t, err)
	s.h.Kernel = k
	ok(t, x.Close())
	if s.active() != "a" {
		t.Errorf("nobody watches over d any more, but active is %q", s.active())
	}
}

// TestVigil: what the waiting command says of every end that there is.
func TestVigil(t *testing.T) {
	busy := &disk.BusyError{Path: "s.lock"}
	for _, c := range []struct {
		name string
		// pauses are what others do while it waits, one after another. After the last the time is over, unless that
		// decides it.
		pauses []func(*stage)
		// stop interrupts it.
		stop bool
		want string
		then string
	}{
		{"confirmed", []func(*stage){nil, func(s *stage) { ok(s.t, s.h.Confirm(2)) }}, false, "generation 2 is confirmed", "b"},
		{"confirmed, and then others", []func(*stage){func(s *stage) { ok(s.t, s.h.Confirm(2)); s.load("c", 0) }}, false, "generation 2 is confirmed", "c"},
		{"replaced", []func(*stage){nil, func(s *stage) { s.load("c", 0) }}, false, "generation 2 was replaced before it was confirmed, and is not active any more: generation 3 is", "c"},
		{"replaced by another that waits", []func(*stage){func(s *stage) { s.load("c", time.Hour) }}, false, "generation 2 was replaced before it was confirmed, and is not active any more: generation 3 is", "c"},
		{"rolled back", []func(*stage){func(s *stage) { rollback(s, 0) }}, false, "generation 2 was rolled back before it was confirmed, and is not active any more: generation 3 is", "a"},
		{"over", []func(*stage){nil, nil}, false, "generation 2 was not confirmed in time, and is not active any more: generation 3 is", "a"},
		{"over, and others were faster", []func(*stage){func(s *stage) {
			s.pass(time.Hour)
			_, err := s.h.Expire()
			ok(s.t, err)
		}}, false, "generation 2 was not confirmed in time, and is not active any more: generation 3 is", "a"},
		{"interrupted", nil, true, "generation 2 was interrupted before it was confirmed, and is not active any more: generation 3 is", "a"},
	} {
		for _, busyFor := range []int{0, 3} {
			t.Run(fmt.Sprintf("%s, busy for %d", c.name, busyFor), func(t *testing.T) {
				s := newStage(t)
				s.load("a", 0)
				d := s.load("b", time.Minute).Deadline
				ctx, stop := context.WithCancel(context.Background())
				defer stop()
				pauses := slices.Clone(c.pauses)
				ready := make(chan time.Time)
				close(ready)
				over := make(chan time.Time)
				refused := 0
				v := Vigil{Deadline: *d, Now: func() time.Time { return s.now }, After: func(d time.Duration) <-chan time.Time {
					switch {
					case d == time.Minute:
						if c.stop {
							stop()
						}
						return over
					case c.stop && refused == 0:
						return nil
					case len(pauses) == 0:
						if refused == 0 {
							s.pass(time.Hour)
							close(over)
							return nil
						}
						return ready
					}
					if pauses[0] != nil {
						pauses[0](s)
					}
					pauses = pauses[1:]
					return ready
				}, Open: func(readOnly bool) (*Session, error) {
					if !readOnly && refused < busyFor {
						refused++
						return nil, busy
					}
					x := s.session(readOnly)
					return x, x.Enter()
				}}
				fate, err := v.Wait(ctx)
				ok(t, err)
				if fate.String() != c.want {
					t.Errorf("%s, want %s", fate, c.want)
				}
				if s.active() != c.then {
					t.Errorf("active is %q, want %q", s.active(), c.then)
				}
			})
		}
	}
}

func rollback(s *stage, n uint64) *Loaded {
	s.t.Helper()
	out, err := s.h.Rollback(n)
	ok(s.t, err)
	return out
}

// Generations that can't be read keep nobody from work that needs none, and are told once by who does.
func TestDamagedNotesInASession(t *testing.T) {
	s := newStage(t)
	ok(t, s.h.notes.WriteNotes([]byte("{")))
	session := NewSession(s.h, s, SessionOptions{Failed: func(err error) { t.Error(err) }})
	worked := false
	if err := session.Step(func() error { worked = true; return nil }); err != nil || !worked {
		t.Errorf("worked %v, %v", worked, err)
	}
	if err := session.Step(func() error { _, err := s.h.Rollback(0); return err }); err == nil || strings.Count(err.Error(), "damaged") != 1 {
		t.Errorf("it must be told once, but there is %v", err)
	}
	if err := session.Close(); err != nil {
		t.Error(err)
	}
}

// pass lets time go on, for the machine and for its kernel.
func (s *stage) pass(d time.Duration) {
	s.now = s.now.Add(d)
	if k, simulated := s.h.Kernel.(interface{ Advance(time.Duration) }); simulated {
		k.Advance(d)
	}
}
