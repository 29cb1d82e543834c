//go:build linux || netbsd || freebsd || openbsd || dragonfly || darwin

package launch

import (
	"os"
	"slices"
	"sync"

	"golang.org/x/sys/unix"

	"cellsh/kernel/launch/pty"
)

// relay stands between the caller's terminal and the command's own one.
type relay struct {
	// user is the caller's terminal that the output goes to, and saved its modes.
	user  *os.File
	saved *unix.Termios
	// in is the caller's terminal if the command reads from one, else nil.
	in *os.File
	// master is the near end of the command's terminal, slave the far one. Ours of it stays open until the command is gone:
	// see outflow.
	master, slave *os.File
	// index is which of the command's descriptors is the first that is the terminal.
	index int

	output outflow
	// input is running while keys are taken. It ends when stop is closed, the other end of wake.
	input      sync.WaitGroup
	wake, stop *os.File
}

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), getTermios)
	return err == nil
}

// term is the kind of the terminal that a command with these files is given, "" if it is given none.
func (o Options) term(f Files) string {
	if slices.ContainsFunc(f.all(), isTerminal) {
		return o.Term
	}
	return ""
}

// newRelay gives the command a terminal of its own in place of every one among the files, and the files as they
// are then. Without a terminal there is no relay.
func newRelay(f Files) (*relay, Files, error) {
	given := f.all()
	r := &relay{index: -1}
	for i, file := range given {
		if !isTerminal(file) {
			continue
		}
		if r.index < 0 {
			r.index = i
		}
		if i == 0 {
			r.in = file
		}
		// Output goes where output went, rather than to where input came from.
		if r.user == nil || r.user == r.in {
			r.user = file
		}
	}
	if r.index < 0 {
		return nil, f, nil
	}
	if err := r.open(); err != nil {
		r.close()
		return nil, f, err
	}
	for i, file := range given {
		if isTerminal(file) {
			given[i] = r.slave
		}
	}
	return r, Files{given[0], given[1], given[2]}, nil
}

func (r *relay) open() (err error) {
	if r.master, r.slave, err = pty.Open(); err != nil {
		return err
	}
	if r.wake, r.stop, err = os.Pipe(); err != nil {
		return err
	}
	if r.saved, err = unix.IoctlGetTermios(int(r.user.Fd()), getTermios); err != nil {
		return err
	}
	modes := *r.saved
	if r.in == nil {
		// The caller's terminal keeps its modes then, and must not process the output twice.
		modes.Oflag &^= unix.OPOST
	}
	if err := unix.IoctlSetTermios(int(r.slave.Fd()), setTermios, &modes); err != nil {
		return err
	}
	r.resize()
	return nil
}

// resize gives the command's terminal the size of the caller's. The kernel tells the command.
func (r *relay) resize() {
	if size, err := pty.GetSize(r.user); err == nil {
		pty.SetSize(r.master, size)
	}
}

// begin lets the bytes flow; an end must follow. If the command reads from a terminal, the caller's one passes
// every key on as it is from now on, Ctrl-C too. Nothing is shown before that, so that who sees the command's
// first output can type.
func (r *relay) begin() error {
	if r.in != nil {
		raw := *r.saved
		raw.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
		raw.Oflag &^= unix.OPOST
		raw.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
		raw.Cflag &^= unix.CSIZE | unix.PARENB
		raw.Cflag |= unix.CS8
		raw.Cc[unix.VMIN], raw.Cc[unix.VTIME] = 1, 0
		if err := unix.IoctlSetTermios(int(r.in.Fd()), setTermios, &raw); err != nil {
			return err
		}
	}
	r.output.begin(r.user, r.master, r.slave)
	if r.in != nil {
		r.input.Go(r.copyIn)
	}
	return nil
}

// copyIn copies until stop is closed. It reads only what is there: a read that waits would swallow the first key
// after the command.
func (r *relay) copyIn() {
	buf := make([]byte, 4<<10)
	in, wake := int(r.in.Fd()), int(r.wake.Fd())
	for {
		fds := []unix.PollFd{{Fd: int32(in), Events: unix.POLLIN}, {Fd: int32(wake), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, -1); err == unix.EINTR {
			continue
		} else if err != nil || fds[1].Revents != 0 {
			return
		}
		n, err := unix.Read(in, buf)
		if err == unix.EINTR || err == unix.EAGAIN {
			continue
		}
		if err != nil || n <= 0 {
			return
		}
		if _, err := r.master.Write(buf[:n]); err != nil {
			return
		}
	}
}

// end is for when the command is gone: it writes the rest of the output and gives the caller its terminal back.
func (r *relay) end(clock Clock) {
	r.output.drain(clock)
	r.stop.Close()
	r.master.Close()
	<-r.output.done
	r.input.Wait()
	if r.in != nil {
		unix.IoctlSetTermios(int(r.in.Fd()), setTermios, r.saved)
	}
	r.close()
}

// close closes what is still open. A nil relay has nothing open.
func (r *relay) close() {
	if r == nil {
		return
	}
	for _, f := range []*os.File{r.master, r.slave, r.wake, r.stop} {
		// A nil file can be closed too: it says so, and that is all.
		f.Close()
	}
}
