package launch

import (
	"errors"
	"io"
	"strings"
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
	f.begin(slow{write, began}, strings.NewReader("output"))
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
	f.begin(io.Discard, read)
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
	f.begin(failing{}, read)
	for range 100 {
		if _, err := write.Write([]byte("more")); err != nil {
			t.Fatal(err)
		}
	}
	write.Close()
	<-f.done
}
