//go:build netbsd || freebsd || openbsd || dragonfly || darwin

package launch

import "golang.org/x/sys/unix"

// The requests that read and set the modes of a terminal (termios(4)).
const (
	getTermios = unix.TIOCGETA
	setTermios = unix.TIOCSETA
)
