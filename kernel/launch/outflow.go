package launch

import (
	"io"
	"sync/atomic"
	"time"
)

// outflow copies the output of a terminal's far end until there is no more.
//
// While the command runs the far end is open here too, so that the command's close of it is not the last one. NetBSD has
// the last close wait for a reader, but only for 5 s, and then drops what was not read (ttywflush in kern/tty.c): a caller
// whose terminal is slow, or who does not read yet, would lose output. It has the exit of a session's leader wait without
// a limit, and takes the terminal from all processes then. So reading begins before anything is closed, and when the
// command is gone nothing is left to be dropped.
type outflow struct {
	far io.Closer
	// done is closed when the copying ended.
	done chan struct{}
	// waiting is set while it waits for more, chunks counts what came.
	waiting atomic.Bool
	chunks  atomic.Int64
}

// begin starts to copy; a drain must follow. The end of the output is an error too: a terminal whose far end was closed gives EIO on
// some systems. If the output can't be written any more it is read all the same, because a process can't end
// while its terminal holds output.
func (f *outflow) begin(to io.Writer, from io.Reader, far io.Closer) {
	f.far = far
	f.done = make(chan struct{})
	go func() {
		defer close(f.done)
		buf := make([]byte, 32<<10)
		for {
			f.waiting.Store(true)
			n, err := from.Read(buf)
			f.waiting.Store(false)
			f.chunks.Add(1)
			if n > 0 && to != nil {
				if _, failed := to.Write(buf[:n]); failed != nil {
					to = nil
				}
			}
			if err != nil {
				return
			}
		}
	}()
}

// drainTime is how long more output is waited for after the command's end. Its terminal is taken from all
// processes then, so that reading ends by itself, but for systems that do not take it.
const drainTime = time.Second

// drain closes the far end, because the command is gone, and waits until the copying ended, or until nothing came for
// drainTime. Writing may take as long as it needs: the caller's terminal may be slow.
func (f *outflow) drain(clock Clock) {
	f.far.Close()
	for {
		before := f.chunks.Load()
		select {
		case <-f.done:
			return
		case <-clock.After(drainTime):
			if f.waiting.Load() && f.chunks.Load() == before {
				return
			}
		}
	}
}
