package launch

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// lastDescriptor is the highest one that is open.
func lastDescriptor() (int, error) { return unix.FcntlInt(0, unix.F_MAXFD, 0) }

// setlogin names the user of the session, as setlogin(2).
func setlogin(name string) error {
	text, err := unix.BytePtrFromString(name)
	if err != nil {
		return err
	}
	if _, _, errno := unix.Syscall(unix.SYS___SETLOGIN, uintptr(unsafe.Pointer(text)), 0, 0); errno != 0 {
		return errno
	}
	return nil
}
