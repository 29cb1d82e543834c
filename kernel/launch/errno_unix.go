//go:build linux || netbsd || freebsd || openbsd || dragonfly || darwin

package launch

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"

	"cellsh/policy/kauth"
)

// kernelErrno is NetBSD's number for an error of this system, by its name; other errors stay as they are.
func kernelErrno(err error) error {
	var errno syscall.Errno
	if !errors.As(err, &errno) || errno == 0 {
		return err
	}
	if e, ok := kauth.FindErrno(unix.ErrnoName(errno)); ok {
		return e
	}
	return err
}
