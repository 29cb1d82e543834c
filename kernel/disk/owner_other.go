//go:build !unix

package disk

import (
	"io/fs"
	"os"
)

func chown(*os.File, fs.FileInfo) error { return nil }

func linked(fs.FileInfo) bool { return false }

// Removed reports whether a file that is open has no name any more, where the system can tell.
func Removed(fs.FileInfo) bool { return false }
