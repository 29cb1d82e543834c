package launch

import "golang.org/x/sys/unix"

// The requests that read and set the modes of a terminal (termios(4)).
const (
	getTermios = unix.TCGETS
	setTermios = unix.TCSETS
)
