//go:build !unix

package disk

import (
	"io/fs"
	"os"
)

func chown(*os.File, fs.FileInfo) error { return nil }

func linked(fs.FileInfo) bool { return false }
