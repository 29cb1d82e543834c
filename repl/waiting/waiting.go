package waiting

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"cellsh/policy/progress"
	"cellsh/repl/show"
)

// Options of a Line.
type Options struct {
	// To is the terminal.
	To io.Writer
	// Columns is how wide it is.
	Columns func() int
	// Plain terminals can't erase a line: they get one now and then, which stays.
	Plain bool
	// After gives a channel that is sent the time once, after the duration; Now is the clock.
	After func(time.Duration) <-chan time.Time
	Now   func() time.Time
}

const (
	// patience is how long nothing is shown.
	patience = time.Second
	// pause is how long a line stands at least, and plainPause where each is one more.
	pause      = 200 * time.Millisecond
	plainPause = 10 * time.Second
)

// Line is the last line of a terminal, while it is not used for anything else. A nil Line shows nothing. Its methods are safe for
// concurrent use.
type Line struct {
	options Options

	mu sync.Mutex
	// name of what is watched, since when, and the work.
	name  string
	began time.Time
	work  *progress.Work
	// quiet is until when nothing is shown, and hidden that nothing is any more; middle says that what was written last has
	// not ended its line.
	quiet          time.Time
	hidden, middle bool
	shown          string
}

// New makes a line that shows nothing yet.
func New(o Options) *Line { return &Line{options: o} }

// Watch shows what the work says of itself, under a name, until end. One is watched at a time.
func (l *Line) Watch(name string, w *progress.Work) (end func()) {
	if l == nil {
		return func() {}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.name, l.work, l.began, l.hidden = name, w, l.options.Now(), false
	l.quiet = l.began.Add(patience)
	quit, gone := make(chan struct{}), make(chan struct{})
	next := l.options.After(patience)
	go func() {
		defer close(gone)
		for {
			select {
			case <-quit:
				return
			case <-next:
				next = l.options.After(l.draw())
			}
		}
	}()
	return func() {
		close(quit)
		<-gone
		l.mu.Lock()
		defer l.mu.Unlock()
		l.erase()
		l.work = nil
	}
}

// draw shows where the work is, and gives when to do that again.
func (l *Line) draw() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.options.Now()
	if left := l.quiet.Sub(now); left > 0 {
		return left
	}
	again := pause
	if l.options.Plain {
		again = plainPause
	}
	if l.hidden || l.middle {
		return again
	}
	text := l.text(now)
	switch {
	case text == l.shown:
	case l.options.Plain:
		fmt.Fprintln(l.options.To, text)
	default:
		// What stood there is written over, so that the line does not flicker.
		io.WriteString(l.options.To, "\r"+text+"\x1b[K")
		l.shown = text
	}
	return again
}

// text is the line: "check 3s: comparing two readings, web-1 network.bind.port, 12 of 140".
func (l *Line) text(now time.Time) string {
	doing := Doing(l.work.Step(), now)
	if doing == "" {
		doing = "running"
	}
	text := fmt.Sprintf("%s %s: %s", l.name, now.Sub(l.began).Round(time.Second), doing)
	// A terminal that is written to its last column may begin another line.
	return show.Fit(strings.NewReplacer("\n", " ", "\t", " ").Replace(text), l.options.Columns()-1)
}

// Doing says where work is at a time, "comparing two readings, web-1 network.bind.port, 12 of 140"; "" if it has not said so.
func Doing(s progress.Step, now time.Time) string {
	var parts []string
	for _, p := range []string{s.Doing, s.Of} {
		if p != "" {
			parts = append(parts, show.Text(p))
		}
	}
	if s.Total > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d", s.Done, s.Total))
	}
	if !s.Until.IsZero() {
		parts = append(parts, max(0, s.Until.Sub(now)).Round(time.Second).String()+" left")
	}
	return strings.Join(parts, ", ")
}

// erase makes the line empty, for who holds mu.
func (l *Line) erase() {
	if l.shown != "" {
		io.WriteString(l.options.To, "\r\x1b[K")
		l.shown = ""
	}
}

// Hide makes the line go away until the end of what is watched: the terminal is used for something else.
func (l *Line) Hide() {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hidden = true
	l.erase()
}

// Writer gives a writer to the same terminal, before which the line gives way. It comes back where nothing is written for a
// while. A nil Line gives the writer itself.
func (l *Line) Writer(to io.Writer) io.Writer {
	if l == nil {
		return to
	}
	return &writer{l, to}
}

type writer struct {
	line *Line
	to   io.Writer
}

func (w *writer) Write(text []byte) (int, error) {
	l := w.line
	l.mu.Lock()
	defer l.mu.Unlock()
	l.erase()
	if len(text) > 0 {
		l.middle = text[len(text)-1] != '\n'
	}
	l.quiet = l.options.Now().Add(patience)
	return w.to.Write(text)
}

// Unwrap is where it writes to, for who needs the file. The line must be hidden then.
func (w *writer) Unwrap() io.Writer { return w.to }
