//go:build linux || netbsd || freebsd || openbsd || dragonfly || darwin

package members

import (
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"cellsh/policy/kauth"
)

// ownSession keeps signals of the caller's terminal from the helper.
var ownSession = &syscall.SysProcAttr{Setsid: true}

func signalNumber(name string) syscall.Signal { return unix.SignalNum(name) }
func signalName(s syscall.Signal) string      { return unix.SignalName(s) }

// broadcast sends the signal to all that the caller may reach, but itself.
func broadcast(s syscall.Signal) error {
	err := unix.Kill(-1, s)
	if err == unix.ESRCH {
		return kauth.ESRCH
	}
	return err
}

// send sends the signal to one process; that it has ended is no error.
func send(pid int, s syscall.Signal) error {
	if pid <= 1 {
		// To kill(2) that would be groups, or all there are.
		return fmt.Errorf("a process of a cell must have a number above 1, but has %d", pid)
	}
	if err := unix.Kill(pid, s); err != nil && !errors.Is(err, unix.ESRCH) {
		return err
	}
	return nil
}

// ownSessionNumber is that of the caller's session.
func ownSessionNumber() int {
	sid, _ := unix.Getsid(0) // the error is for processes of others
	return sid
}
