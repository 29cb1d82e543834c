package process

import (
	"encoding/binary"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The numbers of nodes in sys/sys/sysctl.h.
const (
	ctlKern         = 1
	kernProc2       = 47
	kernProcArgs    = 48
	kernProcAll     = 0
	kernProcSession = 3
	kernProcArgv    = 1
)

// attempts to read a list that grows meanwhile.
const attempts = 16

// Read gives the processes that the caller can see, in no order. It is safe for concurrent use. One that begins or ends
// meanwhile may be there or not.
func Read(q Query) ([]Process, error) {
	op, arg := int32(kernProcAll), int32(0)
	if q.Session != nil {
		op, arg = kernProcSession, int32(*q.Session)
	}
	var text []byte
	for try := 1; ; try++ {
		n, err := sysctl([]int32{ctlKern, kernProc2, op, arg, kinfoSize, 0}, nil)
		if err != nil {
			return nil, unread(err)
		}
		// The kernel tells more than it needs now; twice that for what forks quickly.
		text = make([]byte, 2*n-2*n%kinfoSize+kinfoSize)
		n, err = sysctl([]int32{ctlKern, kernProc2, op, arg, kinfoSize, int32(len(text) / kinfoSize)}, text)
		if err == nil && n <= len(text) {
			text = text[:n]
			break
		}
		if err != unix.ENOMEM || try == attempts {
			return nil, unread(err)
		}
	}
	list, err := decodeKinfos(binary.NativeEndian, uint64(os.Getpagesize()), text)
	if err != nil {
		return nil, unread(err)
	}
	if q.Commands {
		for i := range list {
			args := make([]byte, maxArgs)
			// Those of a process that ends, or that nobody may look into, are not told; it is shown without.
			if n, err := sysctl([]int32{ctlKern, kernProcArgs, int32(list[i].PID), kernProcArgv}, args); err == nil {
				list[i].Args = decodeArgs(args[:min(n, len(args))])
			}
		}
	}
	return list, nil
}

func unread(err error) error {
	return fmt.Errorf("kern.proc2 must be readable to see processes, but: %w", err)
}

// sysctl reads a node, and gives the length of what it has.
func sysctl(mib []int32, old []byte) (int, error) {
	n := uintptr(len(old))
	_, _, errno := unix.Syscall6(unix.SYS___SYSCTL,
		uintptr(unsafe.Pointer(unsafe.SliceData(mib))), uintptr(len(mib)),
		uintptr(unsafe.Pointer(unsafe.SliceData(old))), uintptr(unsafe.Pointer(&n)), 0, 0)
	if errno != 0 {
		return int(n), errno
	}
	return int(n), nil
}
