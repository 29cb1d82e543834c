package host

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/sim"
)

// The kernel counts how long a generation waits, whatever is done to the clock of the machine meanwhile.
func TestClockIsSet(t *testing.T) {
	for _, jump := range []time.Duration{-56 * 365 * 24 * time.Hour, -time.Hour, -3 * time.Second, 3 * time.Second, time.Hour, 56 * 365 * 24 * time.Hour} {
		s := newStage(t)
		k := s.h.Kernel.(*sim.Kernel)
		x := s.session(false)
		ok(t, x.Step(func() error { s.load("a", 0); s.load("b", time.Minute); return nil }))
		s.now = s.now.Add(jump)
		k.Advance(20 * time.Second)
		ok(t, x.Step(func() error { return nil }))
		history, err := s.h.History()
		ok(t, err)
		if d := history.Deadline; d == nil || d.Left(s.now) != 40*time.Second || history.Overdue() != nil || s.active() != "b" {
			t.Fatalf("%s: %+v, overdue %+v", jump, d, history.Overdue())
		}
		if last := s.timers[len(s.timers)-1]; last.after != 40*time.Second {
			t.Errorf("%s: the timer is set to %s", jump, last.after)
		}
		// In time it can be confirmed.
		notes, err := s.h.notes.ReadNotes()
		ok(t, err)
		state, err := k.Marshal()
		ok(t, err)
		same, err := sim.Restore(state)
		ok(t, err)
		other := New(same, &Memory{bytes.Clone(notes)}, load, s.h.now)
		ok(t, other.Confirm(2))
		same.Advance(time.Hour)
		if status, err := same.Status(); err != nil || status.Generation != 2 {
			t.Errorf("%s: %+v, %v", jump, status, err)
		}
		// Afterwards the kernel has gone back, and that is told, noted, and not confirmed any more.
		k.Advance(40 * time.Second)
		history, err = s.h.History()
		ok(t, err)
		if o := history.Overdue(); o == nil || !o.GoneBack || s.active() != "a" {
			t.Errorf("%s: overdue %+v, active %s", jump, o, s.active())
		}
		if err := s.h.Confirm(2); err == nil {
			t.Errorf("%s: confirmed too late", jump)
		}
		s.took()
		ok(t, x.Step(func() error { return nil }))
		s.want("after its time", "tick, save, generation 2 was not confirmed in time: rolled back, as generation 3, save")
	}
}

// cut is what a program leaves that is killed when the kernel has done what it was told, or before.
type cut struct {
	*sim.Kernel
	Memory
	// notes that are not written any more, and commands that do not reach the kernel.
	mute, deaf bool
}

var errKilled = errors.New("killed")

func (c *cut) WriteNotes(text []byte) error {
	if c.mute {
		return errKilled
	}
	return c.Memory.WriteNotes(text)
}

func (c *cut) Evaluator() (kernel.Evaluator, error) { return c, nil }

func (c *cut) Load(bundle []byte, window time.Duration) error {
	if c.deaf {
		c.mute = true
		return errKilled
	}
	return c.Kernel.Load(bundle, window)
}

// What was noted and never reached the kernel has not happened, also if it took the place of what waits; what the kernel was
// told and nobody has noted has.
func TestKilledBetweenNotesAndKernel(t *testing.T) {
	for _, waits := range []time.Duration{0, time.Minute} {
		for _, confirm := range []time.Duration{0, time.Hour} {
			s := newStage(t)
			c := &cut{Kernel: s.h.Kernel.(*sim.Kernel)}
			s.h = New(c, c, load, s.h.now)
			s.load("a", 0)
			s.load("b", waits)
			before, err := s.h.History()
			ok(t, err)
			c.deaf = true
			if _, _, err := s.h.Load(policies("c", "machdep"), LoadOptions{Confirm: confirm, Yes: true}); !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
			c.deaf, c.mute = false, false
			s.h = New(c, c, load, s.h.now)
			after, err := s.h.History()
			ok(t, err)
			if !reflect.DeepEqual(before, after) {
				t.Errorf("%s, %s: %+v, before it was %+v", waits, confirm, after, before)
			}
			if waits > 0 {
				s.pass(waits)
				if x, err := s.h.History(); err != nil || x.Overdue() == nil || !x.Overdue().GoneBack || s.active() != "a" {
					t.Errorf("%+v, %v", x, err)
				}
				_, err = s.h.Expire()
				ok(t, err)
			}
			if want := map[bool]string{true: "a", false: "b"}[waits > 0]; s.active() != want {
				t.Errorf("active is %s", s.active())
			}
			s.load("d", 0)
			if s.active() != "d" {
				t.Errorf("active is %s", s.active())
			}
		}
	}
	s := newStage(t)
	c := &cut{Kernel: s.h.Kernel.(*sim.Kernel)}
	s.h = New(c, c, load, s.h.now)
	s.load("a", 0)
	s.load("b", time.Minute)
	c.mute = true
	if err := s.h.Confirm(2); !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	c.mute = false
	s.h = New(c, c, load, s.h.now)
	s.pass(time.Hour)
	history, err := s.h.History()
	ok(t, err)
	if history.Deadline != nil || history.Overdue() != nil || !history.Newest().settled() || s.active() != "b" {
		t.Errorf("%+v", history)
	}
	if back, err := s.h.Expire(); back != nil || err != nil {
		t.Errorf("what the kernel keeps is rolled back: %+v, %v", back, err)
	}
	// Whoever confirms it again is not refused, and notes it.
	ok(t, s.h.Confirm(2))
	noted, err := parseHistory(c.text)
	ok(t, err)
	if noted.Deadline != nil {
		t.Error("it is not noted")
	}
	if err := s.h.Confirm(2); err == nil {
		t.Error("what needs no confirmation is confirmed")
	}
}

// Of notes that are cut anywhere, or have a bit that is another one, nothing is believed.
func TestDamagedNotes(t *testing.T) {
	s := newStage(t)
	s.load("a", 0)
	s.load("b", time.Minute)
	good, err := s.h.notes.ReadNotes()
	ok(t, err)
	bad := func(text []byte) {
		t.Helper()
		var damaged *DamagedError
		if h, err := parseHistory(text); !errors.As(err, &damaged) {
			t.Errorf("%q is believed: %+v, %v", text, h, err)
		}
	}
	for i := range good {
		bad(good[:i])
		for bit := range 8 {
			text := bytes.Clone(good)
			text[i] ^= 1 << bit
			bad(text)
		}
	}
	bad(append(bytes.Clone(good), '\n'))
	bad(append(bytes.Clone(good), good...))
	body := good[bytes.IndexByte(good, '\n')+1:]
	if _, err := parseHistory(body); err != nil {
		t.Errorf("an earlier version wrote that: %v", err)
	}
	for _, text := range []string{`{"generations":[{"number":0}]}`, `{"generations":[{"number":2},{"number":2}]}`, `{"unconfirmed":{"generation":1}}`, `{"generations":[{"number":2}],"unconfirmed":{"generation":1}}`, `{}{}`, `{"generations":[{"number":1,"unheard":true}]}`} {
		bad([]byte(text))
	}
}

func FuzzParseHistory(f *testing.F) {
	f.Add([]byte(`{"generations":[{"number":1,"time":"2026-01-01T00:00:00Z","sources":[{"file":"a.lua","text":"x"}]},{"number":2,"tentative":1,"time":"2026-01-01T00:00:00Z"}],"unconfirmed":{"generation":2,"until":"2026-01-01T00:00:00Z","back":1}}`), true)
	f.Add([]byte("cellsh generations 2 00\n{}"), false)
	f.Fuzz(func(t *testing.T, text []byte, seal bool) {
		if seal {
			text = append([]byte(notesMagic+checksum(text)+"\n"), text...)
		}
		h, err := parseHistory(text)
		if err != nil {
			if !errors.As(err, new(*DamagedError)) {
				t.Errorf("%v", err)
			}
			return
		}
		// What is believed can be worked with, and written as it was read.
		_, _, _, _ = h.Active(), h.Before(), h.settled(), h.tried()
		h.with(Generation{Number: 1 << 40}, nil)
		m := &Memory{}
		if err := writeHistory(m, h); err != nil {
			t.Skip() // a time that no text can have
		}
		again, err := parseHistory(m.text)
		if err != nil {
			t.Fatal(err)
		}
		a, _ := json.Marshal(h)
		b, _ := json.Marshal(again)
		if !bytes.Equal(a, b) {
			t.Errorf("%s was read as %s", a, b)
		}
	})
}
