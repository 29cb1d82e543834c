//go:build unix

package state

import (
	"os"

	"golang.org/x/sys/unix"
)

// lock waits until no other process and no other goroutine holds the lock file, and holds it. The file that is
// replaced can't be locked itself: the one who waited would hold the lock of a file that is gone.
func lock(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Flock(int(file.Fd()), unix.LOCK_EX)
		if err != unix.EINTR {
			break
		}
	}
	if err != nil {
		file.Close()
		return nil, &os.PathError{Op: "flock", Path: path, Err: err}
	}
	// Closing the only descriptor of the opened file gives the lock up.
	return func() { file.Close() }, nil
}
