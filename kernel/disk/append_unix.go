//go:build unix

package disk

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Append opens a file to add to its end, and to read. It is made for the caller alone if it does not exist, in folders that are
// made too. It must be a file with one name: in a folder that others write in there may be a link of either kind, or a pipe,
// which would lead what is added elsewhere, or make the caller wait; they are a *TrustError.
func Append(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	return single(path, os.O_RDWR|os.O_APPEND|os.O_CREATE)
}

// single opens a file that has one name.
func single(path string, flags int) (*os.File, error) {
	file, err := os.OpenFile(path, flags|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
	if info, lerr := os.Lstat(path); err != nil && lerr == nil && info.Mode()&os.ModeSymlink != 0 {
		return nil, &TrustError{path, "must be a file with one name, but is a symbolic link"}
	}
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &st); err != nil {
		file.Close()
		return nil, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG || st.Nlink > 1 {
		file.Close()
		return nil, &TrustError{path, "must be a file with one name, but is something else"}
	}
	return file, nil
}
