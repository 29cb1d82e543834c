package disk

import (
	"errors"
	"runtime"
)

// Claim makes this process the one that has the file as long as it lives, or until it releases it: the kernel itself says who that
// is, and nobody can be believed to have it who has died. The error is a *BusyError if another process has it. The file is made
// if it does not exist, and stays.
//
// The claim is the whole process's: it has it no more once it closes the file in any other way, as Claimant does. Where the
// system has no such locks the error is errors.ErrUnsupported.
func Claim(path string) (release func(), err error) {
	file, err := claim(path)
	if errors.Is(err, errHeld) {
		pid, _ := claimant(path) // it may have died just now
		return nil, &BusyError{path, pid}
	}
	if err != nil {
		return nil, err
	}
	return func() {
		file.Close()
		runtime.KeepAlive(file)
	}, nil
}

// Claimant is the process that has claimed the file; 0 for none. It must not be asked by that process itself.
func Claimant(path string) (pid int, err error) { return claimant(path) }
