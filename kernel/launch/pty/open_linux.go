package pty

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// multiplexer is what near ends are opened by (pts(4)).
const multiplexer = "/dev/ptmx"

func openNear() (int, error) { return openPath(multiplexer) }

// prepareFar unlocks the far end and gives its path.
func prepareFar(near int) (string, error) {
	if err := unix.IoctlSetPointerInt(near, unix.TIOCSPTLCK, 0); err != nil {
		return "", err
	}
	n, err := unix.IoctlGetUint32(near, unix.TIOCGPTN)
	return "/dev/pts/" + strconv.FormatUint(uint64(n), 10), err
}
