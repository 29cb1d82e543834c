//go:build unix

package disk

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// chown gives a file the owner and the group of another. Who may not do that keeps what is theirs.
func chown(file *os.File, like fs.FileInfo) error {
	info, ok := like.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	err := file.Chown(int(info.Uid), int(info.Gid))
	if errors.Is(err, fs.ErrPermission) {
		return nil
	}
	return err
}

// linked reports whether a file has several names.
func linked(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Nlink > 1
}

// Removed reports whether a file that is open has no name any more.
func Removed(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Nlink == 0
}
