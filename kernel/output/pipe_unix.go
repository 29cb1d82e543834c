//go:build unix

package output

import (
	"io"
	"syscall"
)

// present reads what is in a pipe, without waiting: nothing where that is empty, and io.EOF where nobody can write to it.
func present(fd uintptr, buffer []byte) (int, error) {
	for {
		n, err := syscall.Read(int(fd), buffer)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			return 0, nil
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		}
		return n, nil
	}
}
