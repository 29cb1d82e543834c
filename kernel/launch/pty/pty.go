//go:build linux || netbsd || freebsd || darwin

package pty

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Open makes a pseudo terminal. Closing the near end ends a read of it that waits. The far end is not the terminal of the
// caller's session, and blocks, because it is for a command to inherit; it has the path of the terminal as its name. Both
// are closed at exec. It is safe for concurrent use.
//
// On systems other than Linux, NetBSD, FreeBSD and macOS the error is errors.ErrUnsupported.
func Open() (near, far *os.File, err error) {
	fd, err := openNear()
	if err != nil {
		return nil, nil, &os.PathError{Op: "open", Path: multiplexer, Err: err}
	}
	name, err := prepareFar(fd)
	// The runtime waits in its poller for a descriptor that does not block.
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		unix.Close(fd)
		return nil, nil, &os.PathError{Op: "open the far end of", Path: multiplexer, Err: err}
	}
	near = os.NewFile(uintptr(fd), multiplexer)
	fd, err = openPath(name)
	if err != nil {
		near.Close()
		return nil, nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	return near, os.NewFile(uintptr(fd), name), nil
}

// openPath opens a terminal that does not become that of the session.
func openPath(name string) (int, error) {
	return again(func() (int, error) { return unix.Open(name, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0) })
}

// again makes a call until no signal interrupts it.
func again(call func() (int, error)) (int, error) {
	for {
		v, err := call()
		if err != syscall.EINTR {
			return v, err
		}
	}
}

// control uses the descriptor of a file and leaves it in the poller, from which File.Fd would take it.
func control(f *os.File, use func(fd int) error) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = use(int(fd)) }); err != nil {
		return err
	}
	return failed
}

// GetSize gives the size of a terminal, either end of it.
func GetSize(f *os.File) (s Size, err error) {
	err = control(f, func(fd int) error {
		w, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ)
		if err == nil {
			s = Size{Rows: w.Row, Columns: w.Col, Width: w.Xpixel, Height: w.Ypixel}
		}
		return err
	})
	return s, err
}

// SetSize gives the terminal a size. If it is a new one the system tells the processes that are in front there.
func SetSize(f *os.File, s Size) error {
	return control(f, func(fd int) error {
		return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: s.Rows, Col: s.Columns, Xpixel: s.Width, Ypixel: s.Height})
	})
}
