package host

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/sim"
)

// lapse lets the time of what waits go by.
func (s *stage) lapse() {
	s.t.Helper()
	s.now = s.now.Add(24 * time.Hour)
	_, err := s.h.Expire()
	ok(s.t, err)
}

// Rollback goes to the last generation that needs no confirmation.
func TestRollback(t *testing.T) {
	s := newStage(t)
	if _, err := s.h.Rollback(0); err == nil {
		t.Error("there is nothing to go back to")
	}
	s.load("a", 0)             // 1
	s.load("b", time.Minute)   // 2
	s.lapse()                  // 3 is 1
	s.load("c", 0)             // 4
	s.load("d", time.Minute)   // 5, replaced
	s.load("e", 2*time.Minute) // 6
	if out := rollback(s, 0); s.active() != "c" || out.Replaced != 6 || out.Deadline != nil {
		t.Errorf("of what waits: active %q, %+v", s.active(), out)
	}
	if rollback(s, 0); s.active() != "a" {
		t.Errorf("of c: active %q", s.active())
	}
	if _, err := s.h.Rollback(0); err == nil {
		t.Errorf("what was rolled back from is not gone back to, but active is %q", s.active())
	}

	// What was never confirmed has as long as it had.
	out := rollback(s, 6)
	if d := out.Deadline; s.active() != "e" || d == nil || d.Window != 2*time.Minute || !d.Until.Equal(s.now.Add(2*time.Minute)) {
		t.Fatalf("active %q, %+v", s.active(), out)
	}
	s.lapse()
	if s.active() != "a" {
		t.Errorf("nobody has confirmed e, but active is %q", s.active())
	}
	// Once it is confirmed, so are all that are the same.
	n := rollback(s, 6).Generation
	ok(t, s.h.Confirm(n))
	if out := rollback(s, 6); out.Deadline != nil {
		t.Errorf("e is confirmed, but waits: %+v", out)
	}
	// What nobody has confirmed is passed over.
	s.load("f", time.Minute)
	s.load("g", 0)
	if rollback(s, 0); s.active() != "e" {
		t.Errorf("of g: active %q", s.active())
	}
	if _, err := s.h.Rollback(77); err == nil {
		t.Error("there is no generation 77")
	}
}

// However many generations are tried, the last good one is kept to go back to.
func TestManyTries(t *testing.T) {
	s := newStage(t)
	s.load("good", 0)
	for i := range 2 * maxGenerations {
		s.load(fmt.Sprint("try", i), time.Minute)
	}
	history, err := s.h.History()
	ok(t, err)
	if n := len(history.Generations); n != maxGenerations || history.Find(1) == nil {
		t.Errorf("%d generations are kept", n)
	}
	if s.lapse(); s.active() != "good" {
		t.Errorf("active is %q", s.active())
	}
	// One that needs no confirmation takes its place.
	for i := range 2 * maxGenerations {
		s.load(fmt.Sprint("next", i), 0)
	}
	if history, err = s.h.History(); err != nil || history.Find(1) != nil || len(history.Generations) != maxGenerations {
		t.Errorf("%v, %d generations are kept", err, len(history.Generations))
	}
}

// A kernel that was started again gets what is active again. What waits goes on waiting, and no longer than it would have.
func TestAttachKeepsWaiting(t *testing.T) {
	s := newStage(t)
	s.load("a", 0)
	d := s.load("b", time.Hour).Deadline
	k, err := sim.New(sim.Options{})
	ok(t, err)
	h := New(k, s.h.notes, load, func() time.Time { return s.now.Add(time.Minute) })
	if _, err := h.Create(kernel.Spec{Name: "web-1", Root: "/cells"}); err != nil {
		t.Fatal(err)
	}
	history, err := h.History()
	ok(t, err)
	want := &Deadline{d.Generation + 1, d.Until, d.Window, d.Back}
	if !reflect.DeepEqual(history.Deadline, want) {
		t.Errorf("the deadline is %+v, want %+v", history.Deadline, want)
	}
}

// At boot nothing is gone back to that nobody has confirmed, also if that was long ago.
func TestBootSkipsTries(t *testing.T) {
	s := newStage(t)
	s.load("a", 0)
	s.load("b", time.Minute)
	s.load("c", 0)
	// What needed no confirmation can't be read any more.
	for _, what := range []string{"a", "c"} {
		history, err := s.h.History()
		ok(t, err)
		for i := range history.Generations {
			if src := history.Generations[i].Sources; src[0].File == what+".lua" {
				src[0].Text = "system.rebot"
			}
		}
		ok(t, writeHistory(s.h.notes, history))
	}
	fresh, err := sim.New(sim.Options{})
	ok(t, err)
	s.h = New(fresh, s.h.notes, load, s.h.now)
	if booted, _, err := s.h.Boot(policies("new", "system.rebot"), BootOptions{}); booted != BootNothing || err == nil {
		t.Errorf("boot: %s, %v", booted, err)
	}
}

// full has no room for notes: what is written is refused.
type full struct{ Notebook }

var errFull = errors.New("no space left")

func (full) WriteNotes([]byte) error { return errFull }

// shut are notes that can't be locked.
type shut struct{ Notebook }

func (shut) Lock() (func(), error) { return nil, errFull }

// A boot that can note nothing leaves what is good as it is; where nothing is, lockdown is loaded all the same, if it is
// wanted. What it says is active is what the kernel has.
func TestBootThatCanNoteNothing(t *testing.T) {
	for name, worse := range map[string]func(Notebook) Notebook{
		"no room for the generations": func(n Notebook) Notebook { return full{n} },
		"no lock":                     func(n Notebook) Notebook { return shut{n} },
	} {
		for _, c := range []struct {
			before   string
			fresh    bool // the kernel is started anew in between
			lockdown bool
			want     Booted
		}{
			{"", false, false, BootNothing},
			{"", false, true, BootLockdown},
			{"good", false, false, BootLastGood},
			{"good", false, true, BootLastGood},
			{"good", true, false, BootNothing},
			{"good", true, true, BootLockdown},
			{"tentative", false, false, BootLastGood},
			{"tentative", false, true, BootLockdown},
			{"lockdown", false, false, BootLockdown},
			{"lockdown", false, true, BootLockdown},
		} {
			s := newStage(t)
			switch c.before {
			case "good":
				s.load("a", 0)
			case "tentative":
				s.load("a", time.Minute)
			case "lockdown":
				if booted, _, err := s.h.Boot(policies("new", "system.rebot"), BootOptions{Lockdown: true}); booted != BootLockdown || err == nil {
					t.Fatal(booted, err)
				}
			}
			k := s.h.Kernel
			if c.fresh {
				var err error
				k, err = sim.New(sim.Options{})
				ok(t, err)
			}
			h := New(k, worse(s.h.notes), load, s.h.now)
			booted, out, err := h.Boot(policies("new", "system.rebot"), BootOptions{Lockdown: c.lockdown})
			if booted != c.want || err == nil || (out != nil || c.before == "good") && !errors.Is(err, errFull) {
				t.Errorf("%s, %+v: %s, %v", name, c, booted, err)
			}
			e, err := k.Evaluator()
			ok(t, err)
			status, err := e.Status()
			ok(t, err)
			if (status.Generation != 0) != (booted != BootNothing) || out != nil && (booted != BootLockdown || out.Generation != status.Generation) {
				t.Errorf("%s, %+v: the kernel has generation %d, but %s is told, and %+v", name, c, status.Generation, booted, out)
			}
		}
	}
}

// Notes that can't be read keep lockdown from nothing.
func TestBootWithDamagedNotes(t *testing.T) {
	s := newStage(t)
	ok(t, s.h.notes.WriteNotes([]byte("{")))
	wrong := policies("new", "system.rebot")
	if booted, loaded, err := s.h.Boot(wrong, BootOptions{}); booted != BootNothing || loaded != nil || err == nil {
		t.Errorf("boot: %s, %v, %v", booted, loaded, err)
	}
	if booted, loaded, err := s.h.Boot(wrong, BootOptions{Lockdown: true}); booted != BootLockdown || loaded == nil || err == nil {
		t.Errorf("boot: %s, %v, %v", booted, loaded, err)
	}
}
