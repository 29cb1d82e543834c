package pty

import (
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// multiplexer is what near ends are opened by (ptmx(4)).
const multiplexer = "/dev/ptmx"

func openNear() (int, error) { return openPath(multiplexer) }

// prepareFar gives the far end to the caller, unlocks it and gives its path.
func prepareFar(near int) (string, error) {
	for _, request := range []uint{syscall.TIOCPTYGRANT, syscall.TIOCPTYUNLK} {
		if err := unix.IoctlSetInt(near, request, 0); err != nil {
			return "", err
		}
	}
	var pinned runtime.Pinner
	defer pinned.Unpin()
	// The size is in the request (sys/ioccom.h).
	name := new([syscall.TIOCPTYGNAME >> 16 & 0x1fff]byte)
	pinned.Pin(name)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(near), syscall.TIOCPTYGNAME, uintptr(unsafe.Pointer(name))); errno != 0 {
		return "", errno
	}
	return unix.ByteSliceToString(name[:]), nil
}
