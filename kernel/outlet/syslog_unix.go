//go:build unix

package outlet

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// socket is a descriptor of a datagram socket that is connected and never waits.
type socket int

const closed socket = -1

// dial connects to who listens at a path.
func dial(path string) (socket, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	if err != nil {
		return closed, err
	}
	unix.CloseOnExec(fd)
	if err := errors.Join(unix.SetNonblock(fd, true), unix.Connect(fd, &unix.SockaddrUnix{Name: path})); err != nil {
		return closed, errors.Join(err, unix.Close(fd))
	}
	return socket(fd), nil
}

// send sends a datagram, or says ErrBusy where the queue of who listens is full: Linux says EAGAIN then, the BSDs ENOBUFS.
func (s socket) send(packet []byte) error {
	for {
		_, err := unix.Write(int(s), packet)
		switch err {
		case unix.EINTR:
			continue
		case unix.EAGAIN, unix.ENOBUFS:
			return ErrBusy
		}
		return err
	}
}

// ready waits until a datagram can be sent. The BSDs look at the sender's side only, and say so at once.
func (s socket) ready(within time.Duration) {
	// An error is a short wait.
	_, _ = unix.Poll([]unix.PollFd{{Fd: int32(s), Events: unix.POLLOUT}}, int(within.Milliseconds()))
}

func (s socket) close() error { return unix.Close(int(s)) }
