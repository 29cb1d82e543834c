package host

import (
	"errors"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/sim"
)

// guarded is a notebook and a kernel that are changed only while they are locked.
type guarded struct {
	*sim.Kernel
	Memory
	t      *testing.T
	locked bool
	locks  int
	// before is done by another program just before the next lock is had.
	before func()
}

func (g *guarded) Lock() (func(), error) {
	if g.locked {
		return nil, errors.New("locked by the same program twice: it would wait for ever")
	}
	if before := g.before; before != nil {
		g.before = nil
		before()
	}
	g.locked = true
	g.locks++
	return func() { g.locked = false }, nil
}

func (g *guarded) WriteNotes(text []byte) error {
	if !g.locked {
		g.t.Error("the history is changed without the lock")
	}
	return g.Memory.WriteNotes(text)
}

func (g *guarded) Evaluator() (kernel.Evaluator, error) { return g, nil }

func (g *guarded) Load(bundle []byte, window time.Duration) error {
	if !g.locked {
		g.t.Error("programs are loaded without the lock")
	}
	return g.Kernel.Load(bundle, window)
}

// Whatever changes generations locks first, and looks again at what is there then.
func TestLocks(t *testing.T) {
	k, err := sim.New(sim.Options{})
	ok(t, err)
	g := &guarded{Kernel: k, t: t}
	s := newStage(t)
	s.h = New(g, g, load, func() time.Time { return s.now })
	other := New(g, g, load, s.h.now)
	// Both programs find that b was not confirmed in time; one of them is faster.
	s.load("a", 0)
	s.load("b", time.Minute)
	s.pass(time.Hour)
	g.before = func() {
		if back, err := other.Expire(); back == nil || err != nil {
			t.Fatal(back, err)
		}
	}
	if back, err := s.h.Expire(); back != nil || err != nil {
		t.Errorf("what others have rolled back is rolled back again: %v, %v", back, err)
	}
	if s.active() != "a" {
		t.Errorf("active is %q", s.active())
	}
	_, err = s.h.Create(kernel.Spec{Name: "web-1", Root: "/cells"})
	ok(t, err)
	_, err = s.h.Attach()
	ok(t, err)
	s.load("c", time.Minute)
	ok(t, s.h.Confirm(4))
	rollback(s, 0)
	s.load("d", time.Minute)
	_, err = s.h.Revert()
	ok(t, err)
	booted, _, err := s.h.Boot(policies("x", "system.rebot"), BootOptions{Lockdown: true})
	if booted != BootLastGood || err == nil {
		t.Error(booted, err)
	}
	// A hook is called without the lock, and may do all that.
	s.h.Events.On("create", func(Event) error { _, err := s.h.Attach(); return err })
	_, err = s.h.Create(kernel.Spec{Name: "web-2", Root: "/cells"})
	ok(t, err)
	if g.locked || g.locks < 12 {
		t.Errorf("locked %v, %d times", g.locked, g.locks)
	}
	if subs := s.h.Events.Subscriptions(); len(subs) != 1 {
		t.Error("the hook has failed")
	}
}
