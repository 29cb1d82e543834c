//go:build unix

package outlet

import (
	"errors"

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

func (s socket) close() error { return unix.Close(int(s)) }
