//go:build linux || netbsd

package launch

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestCloseInherited: what would be left open at execve is closed, and what would not is the program's own.
func TestCloseInherited(t *testing.T) {
	const from = 150
	inherited := must(unix.FcntlInt(2, unix.F_DUPFD, from))
	own := must(unix.FcntlInt(2, unix.F_DUPFD_CLOEXEC, from))
	below := must(unix.Dup(2))
	defer unix.Close(own)
	defer unix.Close(below)
	if err := (nativeSystem{}).CloseInherited(from); err != nil {
		t.Fatal(err)
	}
	open := func(fd int) bool {
		_, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		return err == nil
	}
	if open(inherited) || !open(own) || !open(below) {
		t.Errorf("inherited %v, own %v, below %v", open(inherited), open(own), open(below))
	}
}
