package launch

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"
)

// turnClock lets waits end when the test says so.
type turnClock struct{ turns chan time.Time }

func (c turnClock) After(time.Duration) <-chan time.Time { return c.turns }

// slow is a terminal that takes its time.
type slow struct {
	io.Writer
	began chan struct{}
}

func (s slow) Write(text []byte) (int, error) {
	close(s.began)
	return s.Writer.Write(text)
}

// TestSlowOutput: what is slow is the caller's terminal, so nothing is given up.
func TestSlowOutput(t *testing.T) {
	read, write := io.Pipe()
	var f outflow
	began := make(chan struct{})
	f.begin(slow{write, began}, strings.NewReader("output"), io.NopCloser(nil))
	<-began
	clock := turnClock{make(chan time.Time)}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		f.drain(clock)
	}()
	for range 3 {
		clock.turns <- time.Time{}
	}
	select {
	case <-drained:
		t.Error("given up while output was being written")
	default:
	}
	buf := make([]byte, 10)
	if n, err := read.Read(buf); err != nil || string(buf[:n]) != "output" {
		t.Errorf("%q, %v", buf[:n], err)
	}
	<-drained
}

// TestStuckOutput: nothing comes, and the far end is not closed either.
func TestStuckOutput(t *testing.T) {
	read, write := io.Pipe()
	var f outflow
	f.begin(io.Discard, read, io.NopCloser(nil))
	write.Write([]byte("something"))
	clock := &stepClock{}
	f.drain(clock)
	for _, w := range clock.waits {
		if w != drainTime {
			t.Errorf("waited %v", w)
		}
	}
	write.Close()
	<-f.done
}

// failing is a terminal that is gone.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("gone") }

// TestOutputGone: a command whose output nobody gets is not kept from ending.
func TestOutputGone(t *testing.T) {
	read, write := io.Pipe()
	var f outflow
	f.begin(failing{}, read, io.NopCloser(nil))
	for range 100 {
		if _, err := write.Write([]byte("more")); err != nil {
			t.Fatal(err)
		}
	}
	write.Close()
	<-f.done
}

// line is a terminal as NetBSD has it, without its clock: what takes 5 s there takes no time here.
type line struct {
	mu      sync.Mutex
	changed sync.Cond
	queue   string
	// holders have the far end open, readers wait at the near one.
	holders, readers int
	lost             string
}

func newLine(holders int) *line {
	l := &line{holders: holders}
	l.changed.L = &l.mu
	return l
}

// Read waits for output, or for the last close.
func (l *line) Read(buf []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.readers++
	l.changed.Broadcast()
	for l.queue == "" && l.holders > 0 {
		l.changed.Wait()
	}
	l.readers--
	n := copy(buf, l.queue)
	l.queue = l.queue[n:]
	l.changed.Broadcast()
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// Close closes the far end of one holder. The last close waits for somebody who reads, and drops what nobody does.
func (l *line) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.holders == 1 && l.queue != "" && l.readers > 0 {
		l.changed.Wait()
	}
	l.holders = max(l.holders-1, 0)
	if l.holders == 0 {
		l.lost, l.queue = l.lost+l.queue, ""
	}
	l.changed.Broadcast()
	return nil
}

// exit is that of the session's leader: it closes the far end, waits until all is read, and takes it from all others.
func (l *line) exit() {
	l.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.queue != "" {
		l.changed.Wait()
	}
	l.holders = 0
	l.changed.Broadcast()
}

// TestShortCommand: whenever a command ends, all of its output comes: before anybody reads, and with a terminal that is
// slower than any last close waits.
func TestShortCommand(t *testing.T) {
	var text strings.Builder
	for i := range 60 {
		fmt.Fprintf(&text, "line %d\n", i)
	}
	for _, early := range []bool{true, false} {
		terminal := newLine(2) // the command's and ours
		var f outflow
		read, write := io.Pipe()
		began := make(chan struct{})
		begin := func() { f.begin(slow{write, began}, terminal, terminal) }
		if !early {
			begin()
		}
		gone := make(chan struct{})
		terminal.mu.Lock()
		terminal.queue = text.String()
		terminal.changed.Broadcast()
		terminal.mu.Unlock()
		go func() {
			defer close(gone)
			terminal.exit()
		}()
		if early {
			// The command has closed its own, and must wait.
			terminal.mu.Lock()
			for terminal.holders != 1 {
				terminal.changed.Wait()
			}
			terminal.mu.Unlock()
			begin()
		}
		select {
		case <-began:
		case <-f.done: // nothing came
		}
		<-gone
		shown := make(chan string)
		go func() {
			all, _ := io.ReadAll(read)
			shown <- string(all)
		}()
		f.drain(turnClock{})
		write.Close()
		if got := <-shown; got != text.String() || terminal.lost != "" {
			t.Errorf("early %v: %d bytes of %d are shown, and %d lost", early, len(got), text.Len(), len(terminal.lost))
		}
	}
}
