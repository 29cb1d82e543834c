package netbsd

import (
	"io/fs"
	"os"
	"runtime"

	"cellsh/kernel"
	"cellsh/kernel/abi"
)

// System is what the driver needs of the system that it runs on. It must be safe for concurrent use.
type System interface {
	// Machine is how structures are laid out.
	Machine() abi.Machine
	// Sysctl is __sysctl(2): it reads the node into old and writes it from new. A nil slice is a null pointer, an empty
	// one is not. It gives the length that the kernel left in *oldlenp, also beside an error. Errors are a kauth.Errno.
	Sysctl(mib []int32, old, new []byte) (int, error)
	// EUID is the effective user id of the caller.
	EUID() int
	// Stat looks at a file, and SameFile reports whether two looks saw one file.
	Stat(path string) (fs.FileInfo, error)
	SameFile(a, b fs.FileInfo) bool
	// OpenEvaluation opens the device of the evaluation model, which has that major number. Errors are a kauth.Errno, or say in
	// words what is in the way.
	OpenEvaluation(major uint32) (abi.Device, error)
	// LookEvaluation gives the error that OpenEvaluation would meet with the file of the device, nil for none, and changes
	// nothing. It is for root.
	LookEvaluation(major uint32) error
}

// system is the one that the options name. On systems other than NetBSD the error is a *kernel.UnsupportedError.
func (o *Options) system() (System, error) {
	if o.System != nil {
		return o.System, nil
	}
	machine, known := abi.FindMachine(runtime.GOARCH)
	if nativeSysctl == nil || !known {
		return nil, NotNetBSD(runtime.GOOS + "/" + runtime.GOARCH)
	}
	return native{machine}, nil
}

// NotNetBSD says that the system of that name has no cells.
func NotNetBSD(name string) *kernel.UnsupportedError {
	return &kernel.UnsupportedError{Kernel: name, Capability: CapCells,
		Why: "cells are a part of NetBSD", Hint: "the simulated kernel runs everywhere: -k sim"}
}

// native is the running system.
type native struct{ machine abi.Machine }

func (n native) Machine() abi.Machine { return n.machine }

func (native) Sysctl(mib []int32, old, new []byte) (int, error) { return nativeSysctl(mib, old, new) }
func (native) EUID() int                                        { return os.Geteuid() }
func (native) Stat(path string) (fs.FileInfo, error)            { return os.Stat(path) }
func (native) SameFile(a, b fs.FileInfo) bool                   { return os.SameFile(a, b) }
func (native) OpenEvaluation(major uint32) (abi.Device, error)  { return nativeEvaluation(major) }
func (native) LookEvaluation(major uint32) error                { return nativeLook(major) }
