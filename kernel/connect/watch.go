package connect

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"cellsh/kernel"
)

// ErrAlone says that waiting would never end: nobody but this program can do something in the kernel.
var ErrAlone = &kernel.Error{Op: "follow what is decided", Text: "the kernel must be one that others can use meanwhile, but only this program can use this one",
	Hint: "log shows what there is; another terminal can follow a kernel that is kept in a file: cellsh -k sim:FILE log -f"}

// Wait returns once there may be decisions that can't be seen yet, after that of the given number, or with the error of the
// context. The error is [ErrAlone] if there can be none.
func (c *Connection) Wait(ctx context.Context, after uint64) error { return c.watch.wait(ctx, after) }

// Snapshot gives the options that open the kernel anew, where the connection shows it as it was when it was opened; false
// where it shows what is.
func (c *Connection) Snapshot() (Options, bool) {
	s, ok := c.watch.(*snapshot)
	if !ok {
		return Options{}, false
	}
	return s.o, true
}

// Stale is Snapshot where what the connection shows is not so any more.
func (c *Connection) Stale() (Options, bool) {
	o, ok := c.Snapshot()
	return o, ok && c.watch.(*snapshot).changed()
}

// watch waits for what others do.
type watch interface {
	wait(ctx context.Context, after uint64) error
}

// alone has nobody to wait for.
type alone struct{}

func (alone) wait(context.Context, uint64) error { return ErrAlone }

// pause is how long it can take until something is seen that nobody tells of. The kernel's log has at most one denial a second
// of each kind.
const pause = 250 * time.Millisecond

// snapshot is a state file that was read. Who writes it puts a new file in its place, so that a look at the name tells, on
// every system and for every file system; a look costs a microsecond.
type snapshot struct {
	path string
	seen fs.FileInfo
	o    Options
}

func (s *snapshot) wait(ctx context.Context, _ uint64) error {
	for !s.changed() {
		select {
		case <-s.o.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (s *snapshot) changed() bool {
	now, err := os.Stat(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false // it is still to be made, or made anew
	}
	// What else is wrong with it is told by who opens it.
	return err != nil || s.seen == nil || !os.SameFile(now, s.seen) || now.Size() != s.seen.Size() || !now.ModTime().Equal(s.seen.ModTime())
}

// going is a kernel that goes on by itself. Its evaluation model tells of decisions; its log has to be looked at.
type going struct {
	k     kernel.Kernel
	after func(time.Duration) <-chan time.Time
}

func (r *going) wait(ctx context.Context, after uint64) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	told := make(chan error, 1)
	if e, err := r.k.Evaluator(); err == nil {
		go func() { told <- e.Wait(ctx, after) }()
	} else if !errors.As(err, new(*kernel.UnsupportedError)) {
		return err
	}
	var look <-chan time.Time
	if _, ok := r.k.Info().Capabilities[kernel.CapDenials]; ok {
		look = r.after(4 * pause)
	}
	select {
	case err := <-told:
		return err
	case <-look:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Shared reports whether others can do something in the kernel meanwhile, so that Wait may end.
func (c *Connection) Shared() bool {
	_, only := c.watch.(alone)
	return !only
}
