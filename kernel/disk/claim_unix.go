//go:build unix

package disk

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// claim is a lock of fcntl(2), because that tells who holds it.
func claim(path string) (*os.File, error) {
	file, err := single(path, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, err
	}
	for {
		whole := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}
		err = unix.FcntlFlock(file.Fd(), unix.F_SETLK, &whole)
		if err != unix.EINTR {
			break
		}
	}
	if err == nil {
		return file, nil
	}
	file.Close()
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return nil, errHeld
	}
	return nil, &os.PathError{Op: "fcntl", Path: path, Err: err}
}

func claimant(path string) (int, error) {
	file, err := os.OpenFile(path, os.O_RDWR|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer file.Close()
	whole := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}
	if err := unix.FcntlFlock(file.Fd(), unix.F_GETLK, &whole); err != nil {
		return 0, &os.PathError{Op: "fcntl", Path: path, Err: err}
	}
	if whole.Type == unix.F_UNLCK {
		return 0, nil
	}
	return int(whole.Pid), nil
}
