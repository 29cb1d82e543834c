//go:build !netbsd && !linux

package process

import (
	"runtime"

	"cellsh/kernel"
)

// Read gives a *kernel.UnsupportedError: this program can't see processes on this system.
func Read(Query) ([]Process, error) {
	return nil, &kernel.UnsupportedError{Kernel: runtime.GOOS + "/" + runtime.GOARCH, Capability: CapProcessList,
		Why: "cellsh reads that of NetBSD and that of Linux only"}
}
