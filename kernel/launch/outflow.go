package launch

import (
	"io"
	"sync/atomic"
	"time"
)

// outflow copies output until there is no more.
type outflow struct {
	// done is closed when the copying ended.
	done chan struct{}
	// waiting is set while it waits for more, chunks counts what came.
	waiting atomic.Bool
	chunks  atomic.Int64
}

// begin starts to copy. The end of the output is an error too: a terminal whose far end was closed gives EIO on
// some systems. If the output can't be written any more it is read all the same, because a process can't end
// while its terminal holds output.
func (f *outflow) begin(to io.Writer, from io.Reader) {
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

// drain waits until the copying ended, or until nothing came for drainTime. Writing may take as long as it
// needs: the caller's terminal may be slow.
func (f *outflow) drain(clock Clock) {
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
