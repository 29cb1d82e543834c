package netbsd

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"

	"cellsh/kernel/abi"
	"cellsh/policy/kauth"
)

// nativeEvaluation opens the device, and makes it where it is missing or belongs to a major number of before.
var nativeEvaluation = func(major uint32) (abi.Device, error) {
	const path, mode = abi.EvalDevice, unix.S_IFCHR | 0o600
	wanted := unix.Mkdev(major, 0)
	is := func(s *unix.Stat_t) bool { return s.Mode&unix.S_IFMT == unix.S_IFCHR && s.Rdev == wanted }
	for range 2 {
		var there unix.Stat_t
		switch err := unix.Lstat(path, &there); {
		case err == nil && !is(&there):
			if there.Mode&unix.S_IFMT != unix.S_IFCHR {
				return nil, errOtherFile
			}
			if err := unix.Unlink(path); err != nil && err != unix.ENOENT {
				return nil, numbered(err)
			}
			fallthrough
		case err == unix.ENOENT:
			if err := unix.Mknod(path, mode, int(wanted)); err != nil && err != unix.EEXIST {
				return nil, numbered(err)
			}
		case err != nil:
			return nil, numbered(err)
		}
		fd, err := again(func() (int, error) {
			return unix.Open(path, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
		})
		if err != nil {
			return nil, numbered(err)
		}
		// What was opened may be another than what was looked at. A device that makes one of its own for each opener shows
		// the same number.
		if err := unix.Lstat(path, &there); err == nil && is(&there) {
			return &device{fd: fd}, nil
		}
		unix.Close(fd)
	}
	return nil, fmt.Errorf("%s must hold still, but somebody changes it", path)
}

var errOtherFile = errors.New(abi.EvalDevice + " must be a device, but is another kind of file")

// nativeLook looks whether nativeEvaluation could open the device, or make it.
var nativeLook = func(major uint32) error {
	var there unix.Stat_t
	switch err := unix.Lstat(abi.EvalDevice, &there); {
	case err == nil && there.Mode&unix.S_IFMT != unix.S_IFCHR:
		return errOtherFile
	case err == nil && there.Rdev == unix.Mkdev(major, 0):
		return nil
	case err != nil && err != unix.ENOENT:
		return numbered(err)
	}
	return numbered(unix.Access(filepath.Dir(abi.EvalDevice), unix.W_OK))
}

// device is the open device of the evaluation model.
type device struct{ fd int }

func (d *device) Write(text []byte) (int, error) {
	n, err := again(func() (int, error) { return unix.Write(d.fd, text) })
	return max(n, 0), numbered(err)
}

func (d *device) Read(text []byte) (int, error) {
	n, err := again(func() (int, error) { return unix.Read(d.fd, text) })
	return max(n, 0), numbered(err)
}

func (d *device) Close() error { return numbered(unix.Close(d.fd)) }

// Wait polls the device and a pipe that the end of the context writes to.
func (d *device) Wait(ctx context.Context) error {
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return numbered(err)
	}
	told := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(told)
		unix.Write(pipe[1], []byte{0})
	})
	defer func() {
		if !stop() {
			<-told // it must not write to a number that is another's by then
		}
		unix.Close(pipe[0])
		unix.Close(pipe[1])
	}()
	for {
		fds := []unix.PollFd{{Fd: int32(d.fd), Events: unix.POLLIN}, {Fd: int32(pipe[0]), Events: unix.POLLIN}}
		_, err := again(func() (int, error) { return unix.Poll(fds, -1) })
		switch {
		case err != nil:
			return numbered(err)
		case ctx.Err() != nil:
			return ctx.Err()
		case fds[0].Revents&unix.POLLNVAL != 0:
			return kauth.EBADF
		case fds[0].Revents&unix.POLLIN != 0:
			return nil
		case fds[0].Revents != 0:
			return kauth.ENXIO // the module goes
		}
	}
}

// again makes a call until no signal interrupts it.
func again(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if err != unix.EINTR {
			return n, err
		}
	}
}

// numbered is the error with NetBSD's number, which is the system's here.
func numbered(err error) error {
	var errno unix.Errno
	if errors.As(err, &errno) {
		return kernelErrno(errno)
	}
	return err
}
