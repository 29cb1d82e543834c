package host

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/sim"
	"cellsh/policy/rules"
	"cellsh/policy/study"
)

// lapse lets the time of what waits go by.
func (s *stage) lapse() {
	s.t.Helper()
	s.pass(24 * time.Hour)
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

// A kernel that was started again gets what is active again, but not what waited to be confirmed.
func TestStartedAgainWhileWaiting(t *testing.T) {
	s := newStage(t)
	s.load("a", 0)
	s.load("b", time.Hour)
	k, err := sim.New(sim.Options{})
	ok(t, err)
	s.h = New(k, s.h.notes, load, s.h.now)
	const cause = "waited to be confirmed when the kernel was started again"
	if _, err := s.h.Create(kernel.Spec{Name: "web-1", Root: "/cells"}); err == nil || !strings.Contains(err.Error(), cause) {
		t.Error(err)
	}
	history, err := s.h.History()
	ok(t, err)
	if o := history.Overdue(); o == nil || !o.Restarted || history.Active().Number != 1 || s.active() != "a" {
		t.Errorf("%+v, %+v", o, history.Active())
	}
	x := s.session(false)
	s.took()
	ok(t, x.Step(func() error { return nil }))
	s.want("the next step", "tick, save, generation 2 "+cause+": rolled back, as generation 3, save")
	_, err = s.h.Create(kernel.Spec{Name: "web-1", Root: "/cells"})
	ok(t, err)
	if status, err := k.Status(); err != nil || status.Generation != 3 || status.Waits || s.active() != "a" {
		t.Errorf("%+v, %v, %s", status, err, s.active())
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

// A boot that can note nothing leaves what is good as it is; where nothing is, what was good before is loaded all the same, or
// else lockdown, if it is wanted. What it says is active is what the kernel has.
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
			{"good", true, false, BootLastGood},
			{"good", true, true, BootLastGood},
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
			var notes []string
			booted, out, err := h.Boot(policies("new", "system.rebot"), BootOptions{Lockdown: c.lockdown, Note: func(text string) { notes = append(notes, text) }})
			told := errors.Is(err, errFull) || len(notes) == 1 && strings.Contains(notes[0], "could not be noted: "+errFull.Error())
			if booted != c.want || err == nil || (out != nil || c.before == "good") && !told {
				t.Errorf("%s, %+v: %s, %v, %q", name, c, booted, err, notes)
			}
			e, err := k.Evaluator()
			ok(t, err)
			status, err := e.Status()
			ok(t, err)
			if (status.Generation != 0) != (booted != BootNothing) || out != nil && out.Generation != status.Generation || c.before == "good" && (out != nil) != c.fresh {
				t.Errorf("%s, %+v: the kernel has generation %d, but %s is told, and %+v", name, c, status.Generation, booted, out)
			}
		}
	}
}

// Good policies are loaded into a kernel that has none although that can't be noted. Over what is good they are not.
func TestBootLoadsWhatItCanNotNote(t *testing.T) {
	for _, worse := range []func(Notebook) Notebook{func(n Notebook) Notebook { return full{n} }, func(n Notebook) Notebook { return shut{n} }, func(n Notebook) Notebook { return unread{full{n}} }} {
		s := newStage(t)
		s.load("a", 0)
		notes := s.h.notes
		s.h.notes = worse(notes)
		if _, is := s.h.notes.(unread); !is {
			booted, out, err := s.h.Boot(policies("b", "machdep"), BootOptions{})
			if booted != BootLastGood || out != nil || !errors.Is(err, errFull) || s.active() != "a" {
				t.Errorf("%s, %+v, %v", booted, out, err)
			}
		}
		k, err := sim.New(sim.Options{})
		ok(t, err)
		h := New(k, worse(notes), load, s.h.now)
		var told []string
		booted, out, err := h.Boot(policies("b", "machdep"), BootOptions{Note: func(text string) { told = append(told, text) }})
		status, serr := k.Status()
		if booted != BootLoaded || err != nil || out == nil || status.Generation != out.Generation || serr != nil || len(told) != 1 || !strings.Contains(told[0], "could not be noted: no space left") {
			t.Errorf("%s, %+v, %v, %+v, %q", booted, out, err, status, told)
		}
		// Nobody else takes what is noted for what is loaded.
		h = New(k, notes, load, s.h.now)
		_, err = h.Create(kernel.Spec{Name: "web-1", Root: "/cells"})
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("generation %d is not", status.Generation)) {
			t.Error(err)
		}
		if now, err := k.Status(); err != nil || now != status {
			t.Errorf("%+v, %v", now, err)
		}
		_, _, err = h.Load(policies("b", "machdep"), LoadOptions{})
		ok(t, err)
		_, err = h.Create(kernel.Spec{Name: "web-1", Root: "/cells"})
		ok(t, err)
	}
}

// unread are notes that can't be read.
type unread struct{ Notebook }

func (unread) ReadNotes() ([]byte, error) { return nil, errFull }

// Policies that nobody has confirmed are not loaded at boot, whenever the machine went down and whatever the files are called
// now. Others are, and that is told.
func TestBootWithUnconfirmedPolicies(t *testing.T) {
	renamed := func(name, request string) *study.Policies {
		return load([]rules.Source{{File: "/elsewhere/" + name + ".lua", Text: request}})
	}
	for _, late := range []bool{false, true} {
		for _, clock := range []time.Duration{0, -50 * 365 * 24 * time.Hour, time.Hour, 50 * 365 * 24 * time.Hour} {
			s := newStage(t)
			s.load("a", 0)
			_, _, err := s.h.Load(policies("b", "machdep"), LoadOptions{Confirm: time.Minute, Yes: true})
			ok(t, err)
			if late {
				s.pass(time.Hour)
				_, err := s.h.Expire()
				ok(t, err)
			}
			start := func() (boot func(*study.Policies) (Booted, *Loaded, error)) {
				k, err := sim.New(sim.Options{})
				ok(t, err)
				text, err := s.h.notes.ReadNotes()
				ok(t, err)
				h := New(k, &Memory{text}, load, func() time.Time { return s.now.Add(clock) })
				return func(p *study.Policies) (Booted, *Loaded, error) {
					x := NewSession(h, s, SessionOptions{})
					ok(t, x.Enter())
					defer x.Release()
					return h.Boot(p, BootOptions{Note: func(text string) { s.did(text) }})
				}
			}
			boot := start()
			s.took()
			booted, out, err := boot(policies("b", "machdep"))
			if booted != BootLastGood || out == nil || err == nil || !strings.Contains(err.Error(), "those of generation 2, which had to be confirmed") {
				t.Errorf("%v, %v: %s, %+v, %v", late, clock, booted, out, err)
			}
			boot = start()
			if booted, _, err := boot(renamed("b", "machdep")); booted != BootLastGood || err == nil {
				t.Errorf("%v, %v: another name: %s, %v", late, clock, booted, err)
			}
			boot = start()
			s.took()
			booted, out, err = boot(policies("b", "machdep.iopl"))
			if told := s.took(); booted != BootLoaded || out == nil || err != nil || !strings.Contains(told, "have changed since generation 2 was loaded, which nobody has confirmed: they are loaded as new") {
				t.Errorf("%v, %v: changed: %s, %+v, %v, %q", late, clock, booted, out, err, told)
			}
			// What was good before they were tried is.
			boot = start()
			s.took()
			if booted, _, err := boot(policies("a", "system.reboot")); booted != BootLoaded || err != nil {
				t.Errorf("%v, %v: the old ones: %s, %v", late, clock, booted, err)
			}
			if told := s.took(); strings.Contains(told, "changed") {
				t.Errorf("%v, %v: the old ones: %q", late, clock, told)
			}
			// And what somebody has loaded without a condition since.
			_, _, err = s.h.Load(policies("b", "machdep"), LoadOptions{Yes: true})
			ok(t, err)
			boot = start()
			if booted, _, err := boot(policies("b", "machdep")); booted != BootLoaded || err != nil {
				t.Errorf("%v, %v: loaded since: %s, %v", late, clock, booted, err)
			}
		}
	}
}

// No policies are loaded at boot only if they were wanted before.
func TestBootWithoutPolicies(t *testing.T) {
	s := newStage(t)
	none := load(nil)
	if booted, out, err := s.h.Boot(none, BootOptions{}); booted != BootNothing || out != nil || err == nil {
		t.Errorf("%s, %+v, %v", booted, out, err)
	}
	s.load("a", 0)
	booted, out, err := s.h.Boot(none, BootOptions{Lockdown: true})
	if booted != BootLastGood || out == nil || err == nil || !strings.Contains(err.Error(), "a policy must be declared, but none is") || s.active() != "a" {
		t.Errorf("%s, %+v, %v", booted, out, err)
	}
	_, _, err = s.h.Load(none, LoadOptions{Yes: true})
	ok(t, err)
	if booted, out, err := s.h.Boot(none, BootOptions{}); booted != BootLoaded || out == nil || err != nil || s.active() != "" {
		t.Errorf("%s, %+v, %v", booted, out, err)
	}
}

// A damaged list of generations keeps good policies from nothing, and lockdown neither; it is kept.
func TestBootWithDamagedNotes(t *testing.T) {
	s := newStage(t)
	ok(t, s.h.notes.WriteNotes([]byte("{")))
	wrong := policies("new", "system.rebot")
	if booted, loaded, err := s.h.Boot(wrong, BootOptions{}); booted != BootNothing || loaded != nil || err == nil {
		t.Errorf("boot: %s, %v, %v", booted, loaded, err)
	}
	ok(t, s.h.notes.WriteNotes([]byte("{")))
	if booted, loaded, err := s.h.Boot(wrong, BootOptions{Lockdown: true}); booted != BootLockdown || loaded == nil || err == nil {
		t.Errorf("boot: %s, %v, %v", booted, loaded, err)
	}
	ok(t, s.h.notes.WriteNotes([]byte("{")))
	var told string
	if booted, loaded, err := s.h.Boot(policies("a", "system"), BootOptions{Note: func(text string) { told += text }}); booted != BootLoaded || loaded == nil || err != nil || s.active() != "a" {
		t.Errorf("boot: %s, %v, %v", booted, loaded, err)
	}
	if told != "the list of generations must be as it was written, but is damaged: it ends too early; it is kept as nothing, and a new one begins" {
		t.Error(told)
	}
}
