//go:build !netbsd && !linux

package process

import (
	"runtime"

	"cellsh/kernel"
)

// Read gives a *kernel.UnsupportedError: this program can't see processes on this system.
func Read(Query) ([]Process, error) { return nil, unsupported() }

// SetNice gives a *kernel.UnsupportedError, too.
func SetNice(pid, nice int) error { return unsupported() }

func unsupported() error {
	return &kernel.UnsupportedError{Kernel: runtime.GOOS + "/" + runtime.GOARCH, Capability: CapProcessList,
		Why: "cellsh reads that of NetBSD and that of Linux only"}
}
