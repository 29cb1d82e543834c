package display

import (
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/gdamore/tcell/v3"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// tty is the terminal as tcell has it: its modes, what is typed, what is written. Reading can be told to end, so that no
// reader is left over who would take keys that are meant for somebody else.
type tty struct {
	in, out *os.File
	sieve   sieve
	// before are the modes that it had, nil while they are those of a screen.
	mu     sync.Mutex
	before *term.State
	// reading is held by the reader; wake has a byte once it shall end. Between Stop and Start tcell reads nothing: it does not wait for
	// its last reader, who may come late and would take what is meant for somebody else.
	reading        sync.Mutex
	serving        bool
	wake, waking   *os.File
	resized        chan os.Signal
	resizedStopped sync.WaitGroup
}

func newTTY(in, out *os.File, t Terminal) (*tty, error) {
	wake, waking, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	return &tty{in: in, out: out, sieve: sieve{t}, wake: wake, waking: waking}, nil
}

// Start sets the modes of a screen. It is called again after Stop.
func (t *tty) Start() error {
	if err := t.raw(); err != nil {
		return err
	}
	t.reading.Lock()
	defer t.reading.Unlock()
	t.serving = true
	return nil
}

// raw sets the modes in which keys are read as they come.
func (t *tty) raw() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.before != nil {
		return nil
	}
	before, err := term.MakeRaw(int(t.in.Fd()))
	if err != nil {
		return err
	}
	t.before = before
	return nil
}

// Drain has the reader end.
func (t *tty) Drain() error {
	_, err := t.waking.Write([]byte{0})
	return err
}

// Stop sets the modes that were before, once nobody reads any more.
func (t *tty) Stop() error {
	t.reading.Lock()
	var b [1]byte
	_, _ = t.wake.Read(b[:]) // what Drain has written
	t.serving = false
	t.reading.Unlock()
	t.NotifyResize(nil)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.before == nil {
		return nil
	}
	err := term.Restore(int(t.in.Fd()), t.before)
	t.before = nil
	return err
}

// Read reads what is typed; io.EOF is the end of the terminal, and of reading.
func (t *tty) Read(b []byte) (int, error) {
	t.reading.Lock()
	defer t.reading.Unlock()
	if !t.serving {
		return 0, io.EOF
	}
	return t.read(b)
}

// ReadKey is Read for who has the terminal while tcell has not.
func (t *tty) ReadKey(b []byte) (int, error) {
	t.reading.Lock()
	defer t.reading.Unlock()
	return t.read(b)
}

func (t *tty) read(b []byte) (int, error) {
	in, wake := int(t.in.Fd()), int(t.wake.Fd())
	if in < 0 || wake < 0 {
		return 0, io.EOF // it is closed
	}
	for {
		var set unix.FdSet
		set.Set(in)
		set.Set(wake)
		_, err := unix.Select(max(in, wake)+1, &set, nil, nil, nil)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return 0, err
		case set.IsSet(wake):
			return 0, io.EOF
		case !set.IsSet(in):
			continue
		}
		n, err := t.in.Read(b)
		if n == 0 && err == nil {
			err = io.EOF
		}
		return n, err
	}
}

// Write writes what the terminal knows of it.
func (t *tty) Write(b []byte) (int, error) {
	if text := t.sieve.pass(string(b)); text != "" {
		if _, err := io.WriteString(t.out, text); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

// WindowSize is how large it is. Serial lines do not know that of theirs.
func (t *tty) WindowSize() (tcell.WindowSize, error) {
	width, height, err := term.GetSize(int(t.out.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		width, height = 80, 24
	}
	return tcell.WindowSize{Width: width, Height: height}, nil
}

// NotifyResize tells a channel when the size has changed; nil ends that.
func (t *tty) NotifyResize(to chan<- bool) {
	if t.resized != nil {
		signal.Stop(t.resized)
		close(t.resized)
		t.resizedStopped.Wait()
		t.resized = nil
	}
	if to == nil {
		return
	}
	resized := make(chan os.Signal, 1)
	t.resized = resized
	signal.Notify(resized, syscall.SIGWINCH)
	t.resizedStopped.Go(func() {
		for range resized {
			select {
			case to <- true:
			default: // it is told already
			}
		}
	})
}

// Close ends the use of it.
func (t *tty) Close() error {
	t.wake.Close()
	return t.waking.Close()
}
