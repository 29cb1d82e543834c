package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// BusyError says that another process holds a lock.
type BusyError struct {
	Path string
	// PID of the other process, 0 if it is not known.
	PID int
}

func (e *BusyError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("%s must be free, but another process holds it", e.Path)
	}
	return fmt.Sprintf("%s must be free, but process %d holds it", e.Path, e.PID)
}

// errHeld is what flock gives instead of waiting.
var errHeld = errors.New("the lock is held")

// Lock waits until no other process and no other goroutine holds the lock file, and holds it. The file is made if it
// does not exist, and stays; it tells the id of the process that holds it. Where the system has no locks the error is
// errors.ErrUnsupported.
func Lock(path string) (unlock func(), err error) {
	return LockUntil(context.Background(), path, func(*BusyError) {})
}

// LockUntil is Lock that gives up once the context is done; the error is that of the context. If it has to wait, waits is told
// who holds the lock.
func LockUntil(ctx context.Context, path string, waits func(*BusyError)) (unlock func(), err error) {
	unlock, err = TryLock(path)
	var busy *BusyError
	if !errors.As(err, &busy) {
		return unlock, err
	}
	waits(busy)
	type result struct {
		file *os.File
		err  error
	}
	locked := make(chan result, 1)
	go func() {
		file, err := lock(path, true)
		locked <- result{file, err}
	}()
	select {
	case r := <-locked:
		return hold(r.file, r.err)
	case <-ctx.Done():
		// Nobody wants it any more when it comes.
		go func() {
			if r := <-locked; r.err == nil {
				r.file.Close()
			}
		}()
		return nil, ctx.Err()
	}
}

// hold notes in a lock file that was locked who holds it.
func hold(file *os.File, err error) (unlock func(), _ error) {
	if err != nil {
		return nil, err
	}
	if err := errors.Join(file.Truncate(0), writePID(file)); err != nil {
		file.Close()
		return nil, err
	}
	// Closing the only descriptor of the opened file gives the lock up.
	return func() { file.Close() }, nil
}

// TryLock is Lock without waiting: the error is a *BusyError if somebody else holds the lock.
func TryLock(path string) (unlock func(), err error) {
	file, err := lock(path, false)
	if errors.Is(err, errHeld) {
		return nil, &BusyError{path, holder(path)}
	}
	return hold(file, err)
}

func writePID(file *os.File) error {
	_, err := file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

func holder(path string) int {
	file, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer file.Close()
	text, _ := io.ReadAll(io.LimitReader(file, 32))
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return pid
}

// Cause is what went wrong with a file, without the call and the path, for messages that name it themselves.
func Cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// ReadOnly reports whether an error says that the file system is mounted read-only.
func ReadOnly(err error) bool { return errors.Is(err, syscall.EROFS) }

// Replace makes the text the content of the file, so that after a crash either the old content is there or the new
// one. The file belongs to the caller and is readable by nobody else. Whoever calls it holds the lock of the file: the
// new content is first written to FILE.new, where a process that was killed may have left some.
func Replace(path string, text []byte) error {
	if err := replace(path, text, (*os.File).Sync); err != nil {
		return err
	}
	// The new name itself is only safe once the folder is on the disk.
	return flush(filepath.Dir(path))
}

// Swap is Replace for what is replaced again and again, and takes a tenth of its time: whenever the program is killed
// either the old content is there or the new one, but only Sync makes it so for a crash of the machine.
func Swap(path string, text []byte) error {
	return replace(path, text, func(*os.File) error { return nil })
}

// Sync makes the content that Swap has given a file safe from a crash of the machine.
func Sync(path string) error {
	if err := flush(path); err != nil {
		return err
	}
	return flush(filepath.Dir(path))
}

// flush brings what the system still has in memory of a file or a folder to the disk.
func flush(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	err = file.Sync()
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}

func replace(path string, text []byte, sync func(*os.File) error) error {
	if err := os.Remove(path + ".new"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	temp, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return put(temp, path, text, sync)
}

// put writes the text to a new file, finishes it, and gives it the name path in place of what has it. If any of that fails
// nothing stays of the new file.
func put(temp *os.File, path string, text []byte, finish func(*os.File) error) (err error) {
	defer func() {
		if err != nil {
			os.Remove(temp.Name())
		}
	}()
	_, err = temp.Write(text)
	if err == nil {
		err = finish(temp)
	}
	if closed := temp.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	return err
}
