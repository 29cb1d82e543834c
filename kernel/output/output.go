package output

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/outlet"
	"cellsh/kernel/service"
)

// Options of Open.
type Options struct {
	// Cell that the service is in, by its name and number.
	Cell string
	ID   kernel.CellID
	// Log says where output goes; File must be set unless Size is 0.
	Log service.Log
	// Tell is told, in a sentence without a full stop, what can't be kept. It is called by several goroutines, one at a time.
	Tell func(string)
	// Now is the clock; nil is the system's.
	Now func() time.Time
	// Sockets are where syslogd may listen; nil is where it does on the systems that there are.
	Sockets []string

	// system is the system's log of tests.
	system outlet.Place[outlet.Message]
}

// The queue to syslogd: so many bytes of messages wait for it, each for so long.
const (
	queueLimit = 1 << 20
	patience   = time.Second
)

// Output is where the lines of a service go. It is safe for concurrent use.
type Output struct {
	o      Options
	sender outlet.Sender
	// prefix of each message in the system's log.
	prefix string
	// system is nil where nothing goes to the system's log.
	system *outlet.Queue[outlet.Message]

	mu sync.Mutex
	// file is nil where none is kept.
	file *outlet.Lines[[]byte]
	// visible and line are scratch.
	visible, line []byte
}

// Open begins to keep lines. Nothing that is wrong with a place keeps a service from running: it is told with the first line.
func Open(o Options) *Output {
	if o.Now == nil {
		o.Now = time.Now
	}
	var telling sync.Mutex
	tell := func(s string) {
		telling.Lock()
		defer telling.Unlock()
		o.Tell(s)
	}
	out := &Output{o: o, sender: outlet.Sender{Facility: o.Log.Facility, Tag: o.Log.Tag, Now: o.Now, Sockets: o.Sockets},
		prefix: fmt.Sprintf("cell=%s cid=%d ", o.Cell, o.ID)}
	const what = "lines"
	missing := func(lost uint64, why string) string { return fmt.Sprintf("%d lines are missing here: %s", lost, why) }
	if o.Log.Size > 0 {
		out.file = outlet.New(outlet.Rotated(o.Log.File, o.Log.Size, o.Log.Keep), outlet.Options[[]byte]{What: what, Tell: tell,
			Gap: func(lost uint64, why string) []byte {
				return appendLine(nil, o.Now(), Service, false, []byte(Visible(missing(lost, why))))
			}})
	}
	if o.Log.Stdout >= 0 || o.Log.Stderr >= 0 {
		place := o.system
		if place == nil {
			place = outlet.Syslog(out.sender)
		}
		out.system = outlet.NewQueue(place, outlet.QueueOptions[outlet.Message]{
			Options: outlet.Options[outlet.Message]{What: what, Tell: tell, Gap: func(lost uint64, why string) outlet.Message {
				return outlet.Message{Level: warning, Text: out.prefix + missing(lost, why)}
			}},
			Size: func(m outlet.Message) int { return len(m.Text) }, Limit: queueLimit, Patience: patience, Wait: out.file == nil})
	}
	return out
}

// warning of syslog(3).
const warning = 4

// Note keeps a sentence about the service; the level is that of the system's log, from 0 to 7, where lines of the service go.
func (out *Output) Note(level int, text string) { out.keep(Service, level, []byte(text), false) }

// keep keeps a line, or a part of one.
func (out *Output) keep(s Stream, level int, text []byte, more bool) {
	out.mu.Lock()
	out.visible = appendVisible(out.visible[:0], text)
	if out.file != nil {
		out.line = appendLine(out.line[:0], out.o.Now(), s, more, out.visible)
		out.file.Write(out.line)
	}
	var messages []string
	if out.system != nil && level >= 0 {
		messages = out.messages(s, string(out.visible), more)
	}
	out.mu.Unlock()
	// Here the service waits if the system's log is all there is; the other stream may go on.
	for _, m := range messages {
		out.system.Write(outlet.Message{Level: level, Text: m})
	}
}

// messages are what the system's log is given for a line: as many parts as it takes.
func (out *Output) messages(s Stream, text string, more bool) []string {
	var list []string
	head := func(more bool) string {
		if s == Service {
			return out.prefix
		}
		return out.prefix + s.head(more)
	}
	room := out.sender.Room() - len(head(true))
	for len(text) > room {
		cut := runeEnd([]byte(text[:room]))
		list = append(list, head(true)+text[:cut])
		text = text[cut:]
	}
	return append(list, head(more)+text)
}

// Lost are lines that were not kept, in the file and in the system's log. In the latter a part counts as a line.
type Lost struct{ File, Syslog uint64 }

// Lost says how many lines were not kept so far.
func (out *Output) Lost() Lost {
	var l Lost
	if out.file != nil {
		l.File = out.file.Lost()
	}
	if out.system != nil {
		l.Syslog = out.system.Lost()
	}
	return l
}

// Close closes the places, after everything that is taken has ended. The system's log gets what waits for it within the time.
// It is an error if lines were not kept.
func (out *Output) Close(within time.Duration) error {
	var errs []error
	if out.system != nil {
		errs = append(errs, out.system.Close(within))
	}
	if out.file != nil {
		errs = append(errs, out.file.Close())
	}
	return errors.Join(errs...)
}

// Taking is a stream that is read, in a goroutine of its own.
type Taking struct {
	finish chan struct{}
	once   sync.Once
	pipe   *os.File
	done   chan struct{}
	err    error
}

// Take reads a stream of the service from the end of a pipe, line by line, until all who can write there have closed it, or
// until Finish. It closes the pipe. The error says that the file is none that can be read so.
func (out *Output) Take(s Stream, pipe *os.File) (*Taking, error) {
	if err := pipe.SetReadDeadline(time.Time{}); err != nil {
		return nil, fmt.Errorf("%s must be read from a pipe that does not block: %w", s, err)
	}
	level := out.o.Log.Stdout
	if s == Stderr {
		level = out.o.Log.Stderr
	}
	t := &Taking{finish: make(chan struct{}), pipe: pipe, done: make(chan struct{})}
	c := &cutter{emit: func(text []byte, more bool) { out.keep(s, level, text, more) }}
	go func() {
		defer close(t.done)
		t.err = t.run(c)
		c.end()
		pipe.Close()
	}()
	return t, nil
}

// Finish says that nobody is left whose output counts, though somebody may hold the pipe: what is in it is read, and no more.
func (t *Taking) Finish() {
	t.once.Do(func() {
		close(t.finish)
		// It wakes who waits for more. An error says that the pipe is closed.
		_ = t.pipe.SetReadDeadline(time.Unix(1, 0))
	})
}

// Done is closed once all that came is kept, but for what waits for the system's log.
func (t *Taking) Done() <-chan struct{} { return t.done }

// Err is why reading ended, after Done; nil where nothing went wrong.
func (t *Taking) Err() error { return t.err }

const (
	readSize = 64 << 10
	// drainMost is more than pipes hold: what is read after Finish at most, however fast somebody writes.
	drainMost = 1 << 20
)

func (t *Taking) run(c *cutter) error {
	buffer := make([]byte, readSize)
	for {
		n, err := t.pipe.Read(buffer)
		c.write(buffer[:n])
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return t.drain(c, buffer)
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// drain reads what is in the pipe without waiting for more.
func (t *Taking) drain(c *cutter, buffer []byte) error {
	// Nothing is read at all while the deadline has passed.
	if err := t.pipe.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	raw, err := t.pipe.SyscallConn()
	if err != nil {
		return err
	}
	for most := drainMost; most > 0; {
		var n int
		var failed error
		if err := raw.Read(func(fd uintptr) bool {
			n, failed = present(fd, buffer)
			return true
		}); err != nil {
			return err
		}
		if failed == io.EOF || failed == nil && n == 0 {
			return nil
		}
		if failed != nil {
			return failed
		}
		c.write(buffer[:n])
		most -= n
	}
	return nil
}

// File is where the output of a service is kept whose definition names no file.
func File(folder, name string) string { return strings.TrimSuffix(folder, "/") + "/" + name + ".log" }
