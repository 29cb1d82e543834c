package pty

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// pathMax is PATH_MAX (sys/syslimits.h).
const pathMax = 1024

// ptmget is struct ptmget (sys/ttycom.h) since NetBSD 8, and requestName is TIOCPTSNAME, _IOR('t', 72, struct ptmget)
// (sys/ioccom.h). Of these golang.org/x/sys has what was before, but for arm.
type ptmget struct {
	nearFD, farFD int32
	near, far     [pathMax]byte
}

const requestName = 0x40000000 | unsafe.Sizeof(ptmget{})<<16 | 't'<<8 | 72

// Each line is a compile error unless the second is what C has for amd64, arm64, 386 and arm.
var (
	_ = [1]struct{}{}[unsafe.Sizeof(ptmget{})-2056]
	_ = [1]struct{}{}[unsafe.Offsetof(ptmget{}.near)-8]
	_ = [1]struct{}{}[unsafe.Offsetof(ptmget{}.far)-1032]
	_ = [1]struct{}{}[requestName-0x48087448]
	_ = [1]struct{}{}[unix.TIOCGRANTPT-0x20007447]
)

// multiplexer is what near ends are opened by (ptm(4)).
const multiplexer = "/dev/ptmx"

func openNear() (int, error) { return openPath(multiplexer) }

// prepareFar gives the far end to the caller and gives its path.
func prepareFar(near int) (string, error) {
	// The size in the request is 0: there is no argument.
	if err := unix.IoctlSetInt(near, unix.TIOCGRANTPT, 0); err != nil {
		return "", err
	}
	var pinned runtime.Pinner
	defer pinned.Unpin()
	names := new(ptmget)
	pinned.Pin(names)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(near), requestName, uintptr(unsafe.Pointer(names))); errno != 0 {
		return "", errno
	}
	return unix.ByteSliceToString(names.far[:]), nil
}
