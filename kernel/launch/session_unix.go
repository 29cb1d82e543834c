//go:build linux || netbsd || freebsd || openbsd || dragonfly || darwin

package launch

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// child is what is to be started.
type child struct {
	// paths are the files to try.
	paths, args, env []string
	dir              string
	// extra are its descriptors from 3 on.
	extra []*os.File
}

// session runs a child to its end. Once it is started, ready is called with its process, and its error ends the session; the modes
// of the caller's terminal are not touched before it succeeded.
func (o Options) session(ctx context.Context, c child, f Files, ready func(pid int) error) (Status, error) {
	if err := ctx.Err(); err != nil {
		return Status{}, err
	}
	r, files, err := newRelay(f)
	if err != nil {
		return Status{}, err
	}
	terminal := -1
	if r != nil {
		terminal = r.index
	}
	signals, stop := o.signals()
	defer stop()
	p, err := start(c.paths, c.args, c.env, c.dir, append(files.all(), c.extra...), terminal)
	if err != nil {
		r.close()
		return Status{}, err
	}
	defer context.AfterFunc(ctx, func() { killUntilGone(p, o.clock()) })()

	err = ready(p.pid)
	if err == nil && r != nil {
		err = r.begin()
	}
	if err != nil {
		// Closing the terminal first lets the child end: it can't while its terminal holds output that nobody reads.
		r.close()
		killUntilGone(p, o.clock())
		return p.status, err
	}
	if r != nil {
		defer r.end(o.clock())
	}
	for {
		select {
		case <-p.done:
			return p.status, ctx.Err()
		case s, open := <-signals:
			if !open {
				signals = nil
			}
			switch number, _ := s.(syscall.Signal); number {
			case 0:
			case unix.SIGWINCH:
				if r != nil {
					r.resize()
				}
			default:
				p.signal(number)
			}
		}
	}
}

// signals gives the signals to pass on.
func (o Options) signals() (signals <-chan os.Signal, stop func()) {
	if o.Signals != nil {
		return o.Signals, func() {}
	}
	own := make(chan os.Signal, 16)
	signal.Notify(own, unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGUSR1, unix.SIGUSR2, unix.SIGWINCH)
	return own, func() { signal.Stop(own) }
}
