//go:build netbsd || linux

package launch

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"cellsh/kernel"
	"cellsh/policy/kauth"
)

// NewSystem is the running system, for Helper. The function gives the way into a cell, because that is the
// kernel driver's. Linux has all but cells and login names, so that everything else can be tried there; on other
// systems the error is a *kernel.UnsupportedError.
func NewSystem(entry func(kernel.CellID) (Entry, error)) (System, error) {
	return nativeSystem{entry}, nil
}

type nativeSystem struct {
	entry func(kernel.CellID) (Entry, error)
}

func (nativeSystem) HideDescriptors(from int) error {
	return eachDescriptor(from, func(fd int) error {
		_, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, unix.FD_CLOEXEC)
		return err
	})
}

func (nativeSystem) CloseInherited(from int) error { return CloseInherited(from) }

// CloseInherited closes the descriptors from the given one on that the program was started with. Those that it has opened itself
// are marked to be closed by execve, and stay.
func CloseInherited(from int) error {
	return eachDescriptor(from, func(fd int) error {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if err == nil && flags&unix.FD_CLOEXEC == 0 {
			err = unix.Close(fd)
		}
		return err
	})
}

// eachDescriptor does something with each descriptor from the given one on that is open.
func eachDescriptor(from int, do func(fd int) error) error {
	last, err := lastDescriptor()
	if err != nil {
		return kernelErrno(err)
	}
	for fd := from; fd <= last; fd++ {
		if err := do(fd); err != nil && err != unix.EBADF {
			return kernelErrno(err)
		}
	}
	return nil
}

func (nativeSystem) Chroot(dir string) error { return kernelErrno(unix.Chroot(dir)) }
func (nativeSystem) Chdir(dir string) error  { return kernelErrno(unix.Chdir(dir)) }

func (nativeSystem) ReadFile(name string, limit int) ([]byte, error) {
	// The cell owns the name: a pipe would make open(2) wait, and a terminal could become the session's.
	file, err := os.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fs.ErrNotExist
	}
	if err != nil {
		return nil, kernelErrno(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, kernelErrno(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it must be a regular file, but is not")
	}
	text, err := io.ReadAll(io.LimitReader(file, int64(limit)+1))
	if err == nil && len(text) > limit {
		err = fmt.Errorf("it must be at most %d bytes, but is longer", limit)
	}
	return text, kernelErrno(err)
}

func (nativeSystem) Setgroups(groups []uint32) error {
	ids := make([]int, len(groups))
	for i, g := range groups {
		ids[i] = int(g)
	}
	return kernelErrno(unix.Setgroups(ids))
}

func (nativeSystem) Setgid(gid uint32) error { return kernelErrno(unix.Setgid(int(gid))) }

func (nativeSystem) Setlogin(name string) error { return kernelErrno(setlogin(name)) }

func (nativeSystem) Setlimit(limit Limit, value uint64) error {
	resource := [...]int{Nofile: unix.RLIMIT_NOFILE, Core: unix.RLIMIT_CORE, AS: unix.RLIMIT_AS}[limit]
	if value == kauth.Unlimited {
		value = unix.RLIM_INFINITY
	}
	return kernelErrno(unix.Setrlimit(resource, &unix.Rlimit{Cur: value, Max: value}))
}

func (nativeSystem) Setreuid(real, effective uint32) error {
	return kernelErrno(unix.Setreuid(int(real), int(effective)))
}

func (nativeSystem) Setuid(uid uint32) error { return kernelErrno(unix.Setuid(int(uid))) }

func (nativeSystem) Getuid() (real, effective uint32) {
	return uint32(unix.Getuid()), uint32(unix.Geteuid())
}

func (s nativeSystem) PrepareEnter(id kernel.CellID) (Entry, error) { return s.entry(id) }
