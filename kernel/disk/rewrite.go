package disk

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrChanged says that a file is no longer what it was when it was read.
var ErrChanged = errors.New("somebody else has changed it meanwhile")

// ErrLinked says that a file has other names, hard links, which would keep the old text.
var ErrLinked = errors.New("it has other names, which would keep the old text")

// Target is the file that a path leads to, past symbolic links. It is the same for every path to a file but for hard links.
func Target(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}

// Rewrite makes another text the content of a file that somebody keeps by hand, so that after a crash either the one is
// there or the other. The file keeps its mode and, where the caller may do that, its owner; a symbolic link stays one. The
// error is [ErrChanged] if the file does not hold what it is believed to, and [ErrLinked] if it has hard links: only one of them
// could get the new text in one step.
func Rewrite(path string, from, to []byte) error {
	path, err := Target(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if linked(info) {
		return ErrLinked
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	return put(temp, path, to, func(temp *os.File) error {
		if err := chown(temp, info); err != nil {
			return err
		}
		// After the owner, whose change takes away the bits that give rights.
		if err := temp.Chmod(info.Mode() & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky)); err != nil {
			return err
		}
		if err := temp.Sync(); err != nil {
			return err
		}
		now, err := os.ReadFile(path)
		if err == nil && !bytes.Equal(now, from) {
			err = ErrChanged
		}
		return err
	})
}
