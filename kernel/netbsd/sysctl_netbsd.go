package netbsd

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"cellsh/kernel/abi"
	"cellsh/policy/kauth"
)

// A compile error unless the kernel's struct sysctlnode has the size that package abi reads.
var _ [abi.NodeSize]byte = [unsafe.Sizeof(unix.Sysctlnode{})]byte{}

// nativeSysctl is the system call of the running kernel.
var nativeSysctl = func(mib []int32, old, new []byte) (int, error) {
	n := uintptr(len(old))
	_, _, errno := unix.Syscall6(unix.SYS___SYSCTL,
		uintptr(unsafe.Pointer(unsafe.SliceData(mib))), uintptr(len(mib)),
		uintptr(unsafe.Pointer(unsafe.SliceData(old))), uintptr(unsafe.Pointer(&n)),
		uintptr(unsafe.Pointer(unsafe.SliceData(new))), uintptr(len(new)))
	if errno != 0 {
		return int(n), kernelErrno(errno)
	}
	return int(n), nil
}

// kernelErrno is the number as it is: here the system's numbers are those of NetBSD.
func kernelErrno(e syscall.Errno) kauth.Errno { return kauth.Errno(e) }
