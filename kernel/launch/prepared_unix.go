//go:build netbsd || linux

package launch

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What is here makes one system call with arguments that were prepared, and so asks for no memory.

func (nativeSystem) PrepareChdir(dir string) (func() error, error) {
	path, err := unix.BytePtrFromString(dir)
	if err != nil {
		return nil, kernelErrno(err)
	}
	return func() error {
		_, _, errno := syscall.RawSyscall(unix.SYS_CHDIR, uintptr(unsafe.Pointer(path)), 0, 0)
		return resultOf(errno)
	}, nil
}

func (nativeSystem) PrepareExec(paths, args, env []string) ([]func() error, error) {
	// The Go runtime raised the soft limit of open files for itself, and lowers it again in its own Exec. The cell
	// may refuse that, so it is done here: an Exec of nothing does that and no more.
	unix.Exec("", nil, nil)
	argv, err := syscall.SlicePtrFromStrings(args)
	if err != nil {
		return nil, kernelErrno(err)
	}
	envp, err := syscall.SlicePtrFromStrings(env)
	if err != nil {
		return nil, kernelErrno(err)
	}
	execs := make([]func() error, len(paths))
	for i := range paths {
		path, err := unix.BytePtrFromString(paths[i])
		if err != nil {
			return nil, kernelErrno(err)
		}
		execs[i] = func() error {
			_, _, errno := syscall.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(path)),
				uintptr(unsafe.Pointer(&argv[0])), uintptr(unsafe.Pointer(&envp[0])))
			return resultOf(errno)
		}
	}
	return execs, nil
}

// resultOf is the result of a raw system call.
func resultOf(errno syscall.Errno) error {
	if errno == 0 {
		return nil
	}
	return kernelErrno(errno)
}
