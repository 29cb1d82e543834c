package pty

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// multiplexer is how errors call what near ends come from (pts(4)).
const multiplexer = "posix_openpt"

func openNear() (int, error) {
	return again(func() (int, error) {
		fd, _, errno := unix.Syscall(unix.SYS_POSIX_OPENPT, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0, 0)
		if errno != 0 {
			return -1, errno
		}
		return int(fd), nil
	})
}

// prepareFar gives the path of the far end, which needs nothing else.
func prepareFar(near int) (string, error) {
	n, err := unix.IoctlGetInt(near, unix.TIOCGPTN)
	return "/dev/pts/" + strconv.Itoa(n), err
}
