//go:build unix

package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// ReadFile gives the content of a regular file, and one byte more than Limit of a larger one.
func (t *Trust) ReadFile(path string) (string, error) {
	file, err := t.open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, t.Limit+1))
	return string(text), err
}

// ReadDir lists the names in a folder, sorted. If the path is no folder it gives false.
func (t *Trust) ReadDir(path string) (names []string, folder bool, err error) {
	file, err := t.open(path)
	if err != nil {
		return nil, false, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.IsDir() {
		return nil, false, err
	}
	names, err = file.Readdirnames(-1)
	slices.Sort(names)
	return names, true, err
}

// maxLinks is how many symbolic links one path may lead through (MAXSYMLINKS).
const maxLinks = 32

// walk is a way through folders that are open.
type walk struct {
	trust *Trust
	// folders are open, the root first.
	folders []*os.File
	names   []string
	links   int
}

// open opens a file or folder.
func (t *Trust) open(path string) (*os.File, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	w := &walk{trust: t}
	defer func() {
		for _, f := range w.folders {
			f.Close()
		}
	}()
	root, err := os.Open("/")
	if err != nil {
		return nil, err
	}
	w.folders = append(w.folders, root)
	rest := strings.Split(strings.Trim(full, "/"), "/")
	for len(rest) > 0 {
		name := rest[0]
		rest = rest[1:]
		if name == "" || name == "." {
			continue
		}
		if name == ".." {
			if len(w.folders) > 1 {
				w.pop()
			}
			continue
		}
		// The folder that the name is in must be trusted before anything in it is believed.
		if err := w.check(w.here(), w.path(), true); err != nil {
			return nil, err
		}
		target, err := w.step(name)
		if err != nil {
			return nil, err
		}
		if target != "" {
			if strings.HasPrefix(target, "/") {
				for len(w.folders) > 1 {
					w.pop()
				}
			}
			rest = append(strings.Split(strings.Trim(target, "/"), "/"), rest...)
		}
	}
	last := w.here()
	if err := w.check(last, w.path(), false); err != nil {
		return nil, err
	}
	info, err := last.Stat()
	if err != nil {
		return nil, err
	}
	if above := len(w.folders) - 2; !info.IsDir() && above >= 0 {
		// The folder that the file itself is in.
		if err := w.check(w.folders[above], filepath.Dir(w.path()), false); err != nil {
			return nil, err
		}
	}
	w.folders = w.folders[:len(w.folders)-1]
	return last, nil
}

func (w *walk) here() *os.File { return w.folders[len(w.folders)-1] }
func (w *walk) path() string   { return "/" + strings.Join(w.names, "/") }

func (w *walk) pop() {
	w.here().Close()
	w.folders = w.folders[:len(w.folders)-1]
	w.names = w.names[:len(w.names)-1]
}

// step opens a name in the current folder, or gives the target if it is a symbolic link.
func (w *walk) step(name string) (target string, err error) {
	dir := int(w.here().Fd())
	path := filepath.Join(w.path(), name)
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err == nil {
		w.folders, w.names = append(w.folders, os.NewFile(uintptr(fd), path)), append(w.names, name)
		return "", nil
	}
	// What a link gives is ELOOP, EMLINK or EFTYPE, as the system likes.
	var st unix.Stat_t
	if unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil || st.Mode&unix.S_IFMT != unix.S_IFLNK {
		return "", &fs.PathError{Op: "open", Path: path, Err: err}
	}
	if w.links++; w.links > maxLinks {
		return "", &fs.PathError{Op: "open", Path: path, Err: unix.ELOOP}
	}
	if !slices.Contains(w.trust.Owners, int(st.Uid)) {
		return "", w.trust.foreign(path, int(st.Uid))
	}
	buffer := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(dir, name, buffer)
	if err != nil || n == 0 {
		return "", &fs.PathError{Op: "readlink", Path: path, Err: errors.Join(err, os.ErrInvalid)}
	}
	return string(buffer[:n]), nil
}

func (t *Trust) foreign(path string, owner int) error {
	return &TrustError{path, fmt.Sprintf("must belong to %s, but belongs to user %d", t.owners(), owner)}
}

// check looks at something that is open. Folders above the last may be sticky.
func (w *walk) check(f *os.File, path string, above bool) error {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	kind := st.Mode & unix.S_IFMT
	switch {
	case !slices.Contains(w.trust.Owners, int(st.Uid)):
		return w.trust.foreign(path, int(st.Uid))
	case kind != unix.S_IFDIR && kind != unix.S_IFREG:
		return &TrustError{path, "must be a file or a folder, but is something else"}
	case st.Mode&0o022 != 0 && !(above && kind == unix.S_IFDIR && st.Mode&unix.S_ISVTX != 0):
		return &TrustError{path, fmt.Sprintf("must be writable by its owner only, but its mode is %#o", st.Mode&0o7777)}
	}
	return nil
}
