package waiting

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"cellsh/policy/progress"
)

// clock stands until it is moved. Whoever waits is told then, before the move is over.
type clock struct {
	mu     sync.Mutex
	now    time.Time
	timers []timer
	// asked is told of each timer.
	asked chan bool
}

type timer struct {
	at time.Time
	to chan time.Time
}

func newClock() *clock {
	return &clock{now: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC), asked: make(chan bool, 100)}
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := timer{c.now.Add(d), make(chan time.Time, 1)}
	c.timers = append(c.timers, t)
	c.asked <- true
	return t.to
}

// move moves the clock, from one timer that is over to the next; who is told must ask for another one.
func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	end := c.now.Add(d)
	for {
		next := -1
		for i, t := range c.timers {
			if !t.at.After(end) && (next < 0 || t.at.Before(c.timers[next].at)) {
				next = i
			}
		}
		if next < 0 {
			break
		}
		t := c.timers[next]
		c.timers = append(c.timers[:next], c.timers[next+1:]...)
		c.now = t.at
		c.mu.Unlock()
		t.to <- t.at
		<-c.asked
		c.mu.Lock()
	}
	c.now = end
	c.mu.Unlock()
}

// screen is what is written to a terminal.
type screen struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *screen) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(text)
}

// said gives what was written since it was last asked.
func (s *screen) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := s.text.String()
	s.text.Reset()
	return text
}

func watch(t *testing.T, name string, w *progress.Work, columns int, plain bool) (l *Line, c *clock, s *screen, end func()) {
	t.Helper()
	c, s = newClock(), &screen{}
	l = New(Options{To: s, Columns: func() int { return columns }, Plain: plain, After: c.After, Now: c.Now})
	ended := l.Watch(name, w)
	<-c.asked
	return l, c, s, func() {
		ended()
		c.timers = nil // nobody waits any more
	}
}

func expect(t *testing.T, s *screen, want string) {
	t.Helper()
	if got := s.said(); got != want {
		t.Errorf("on the terminal must be %q, but is %q", want, got)
	}
}

// A line comes after a second, goes on, and is gone at the end.
func TestLine(t *testing.T) {
	w := progress.New()
	_, c, s, end := watch(t, "check", w, 80, false)
	c.move(patience - 1)
	expect(t, s, "")
	w.At(progress.Step{Doing: "comparing two readings", Of: "web-1 network.bind.port", Done: 12, Total: 140})
	c.move(1)
	expect(t, s, "\rcheck 1s: comparing two readings, web-1 network.bind.port, 12 of 140\x1b[K")
	// What is so already is not written again.
	c.move(pause)
	expect(t, s, "")
	w.At(progress.Step{Doing: "waiting for generation 3 to be confirmed", Until: c.Now().Add(30 * time.Second)})
	c.move(pause)
	expect(t, s, "\rcheck 1s: waiting for generation 3 to be confirmed, 30s left\x1b[K")
	w.At(progress.Step{})
	c.move(pause)
	expect(t, s, "\rcheck 2s: running\x1b[K")
	end()
	expect(t, s, "\r\x1b[K")
}

// Quick work shows nothing, and so does what ends before its line would come.
func TestQuick(t *testing.T) {
	_, c, s, end := watch(t, "list", progress.New(), 80, false)
	c.move(patience / 2)
	end()
	expect(t, s, "")
}

// What is written never stands beside the line, nor the line behind half a line.
func TestWriter(t *testing.T) {
	l, c, s, end := watch(t, "test", progress.New(), 80, false)
	out := l.Writer(s)
	c.move(patience)
	expect(t, s, "\rtest 1s: running\x1b[K")
	fmt.Fprintln(out, "ok")
	expect(t, s, "\r\x1b[Kok\n")
	c.move(patience - pause)
	expect(t, s, "")
	c.move(pause)
	expect(t, s, "\rtest 2s: running\x1b[K")
	fmt.Fprint(out, "half")
	c.move(10 * patience)
	expect(t, s, "\r\x1b[Khalf")
	fmt.Fprint(out, " a line\n")
	c.move(patience)
	expect(t, s, " a line\n\rtest 13s: running\x1b[K")
	l.Hide()
	c.move(10 * patience)
	expect(t, s, "\r\x1b[K")
	end()
	expect(t, s, "")
	// Hidden is only what was watched then.
	end = l.Watch("fit", progress.New())
	<-c.asked
	c.move(patience)
	expect(t, s, "\rfit 1s: running\x1b[K")
	end()
}

// A terminal that can't erase gets few lines, which stay.
func TestPlain(t *testing.T) {
	w := progress.New()
	_, c, s, end := watch(t, "prove", w, 80, true)
	c.move(patience)
	expect(t, s, "prove 1s: running\n")
	c.move(plainPause - 1)
	expect(t, s, "")
	c.move(1)
	expect(t, s, "prove 11s: running\n")
	end()
	expect(t, s, "")
}

// Names are harmless, and the line stays one line.
func TestNames(t *testing.T) {
	for _, x := range []struct {
		of, want string
		columns  int
	}{
		{"a\x1b[2J\nb\tc", "load 1s: reading, a\\027[2J b c", 80},
		{strings.Repeat("x", 100), "load 1s: reading, " + strings.Repeat("x", 59) + "..", 80},
		{strings.Repeat("界", 100), "load 1s: reading, " + strings.Repeat("界", 29) + "..", 80},
		{"x", "load 1..", 9},
		{"x", "", 1},
		{"x", "", 0},
	} {
		w := progress.New()
		_, c, s, end := watch(t, "load", w, x.columns, false)
		w.At(progress.Step{Doing: "reading", Of: x.of})
		c.move(patience)
		want := ""
		if x.want != "" {
			want = "\r" + x.want + "\x1b[K"
		}
		if got := s.said(); got != want {
			t.Errorf("%q in %d columns: %q, want %q", x.of, x.columns, got, want)
		}
		end()
	}
}

// Without a terminal there is no line.
func TestNil(t *testing.T) {
	var l *Line
	l.Hide()
	if w := l.Writer(io.Discard); w != io.Discard {
		t.Errorf("%v", w)
	}
	l.Watch("x", nil)()
}
