//go:build linux || netbsd || freebsd || openbsd || dragonfly || darwin

package launch

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"

	"cellsh/policy/kauth"
)

// kernelErrno is NetBSD's number for an error of this system, by its name; other errors stay as they are. For a
// bare errno, and for no error, it asks for no memory.
func kernelErrno(err error) error {
	if errno, bare := err.(syscall.Errno); bare {
		if e, ok := kauth.FindErrno(unix.ErrnoName(errno)); ok {
			return e
		}
		return err
	}
	if inner := errors.Unwrap(err); inner != nil {
		if e, ok := kernelErrno(inner).(kauth.Errno); ok {
			return e
		}
	}
	return err
}
