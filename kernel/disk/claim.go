package disk

import "errors"

// Claim makes this process the one that has the file as long as it lives, or until it releases it: the kernel itself says who that
// is, and nobody can be believed to have it who has died. The error is a *BusyError if another process has it. The file is made
// if it does not exist, and stays.
//
// The claim is the whole process's: it has it no more once it closes the file in any other way, as Claimant does. Release must
// be called in the end: a claim that is forgotten may end at any time before. Where the system has no such locks the error is errors.ErrUnsupported.
func Claim(path string) (release func(), err error) {
	file, err := claim(path)
	if errors.Is(err, errHeld) {
		pid, _ := claimant(path) // it may have died just now
		return nil, &BusyError{path, pid}
	}
	if err != nil {
		return nil, err
	}
	// The function keeps the file open: one that nobody has any more is closed by the collector of garbage.
	return func() { file.Close() }, nil
}

// Claimant is the process that has claimed the file; 0 for none. It must not be asked by that process itself.
func Claimant(path string) (pid int, err error) { return claimant(path) }
