package outlet

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"cellsh/kernel/disk"
)

// file is a file that grows. Each line is one write(2) at its end, so that several programs can share it.
type file struct {
	path string
	open func(path string) (*os.File, error)
	f    *os.File
	// torn says that the file does not end with a newline: somebody was stopped, or the disk was full, within a line.
	torn bool
	// size of the file that is open, as it was when it was last looked at.
	size int64
}

// File opens a file to which lines are added; it is made for the user alone if it does not exist. Before each line the name is
// looked at: where it leads to another file than before, or to none, that is opened, or made. So a file that is renamed, as
// newsyslog(8) does, gets no more lines after that, and no signal is needed; one that is emptied gets the next line at its
// beginning.
func File(path string) (Place[[]byte], error) {
	p := &file{path: path, open: func(path string) (*os.File, error) {
		return os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	}}
	return p, p.begin()
}

func (p *file) String() string { return p.path }

// begin opens what has the name.
func (p *file) begin() error {
	if err := p.Close(); err != nil {
		return err
	}
	f, err := p.open(p.path)
	if err != nil {
		return err
	}
	p.f, p.torn, p.size = f, false, 0
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return err
	}
	p.size = info.Size()
	last := make([]byte, 1)
	if _, err := f.ReadAt(last, p.size-1); err != nil {
		return err
	}
	p.torn = last[0] != '\n'
	return nil
}

// moved reports whether the name leads to another file than the one that is open.
func (p *file) moved() (bool, error) {
	if p.f == nil {
		return true, nil
	}
	now, err := os.Stat(p.path)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	mine, err := p.f.Stat()
	if err != nil {
		return false, err
	}
	if p.size = mine.Size(); p.size == 0 {
		p.torn = false
	}
	return !os.SameFile(now, mine), nil
}

// current has the file open that has the name.
func (p *file) current() error {
	moved, err := p.moved()
	if err == nil && moved {
		err = p.begin()
	}
	return err
}

func (p *file) Put(line []byte) error {
	if err := p.current(); err != nil {
		return err
	}
	return p.add(line)
}

func (p *file) add(line []byte) error {
	if p.torn {
		// What is there of a line stays alone on its own.
		line = append([]byte{'\n'}, line...)
	}
	n, err := p.f.Write(line)
	switch {
	case err == nil:
		p.torn = false
	case n > 0:
		p.torn = !p.torn || n > 1
	}
	return err
}

func (p *file) Close() error {
	if p.f == nil {
		return nil
	}
	f := p.f
	p.f = nil
	return f.Close()
}

// rotated is a file that is moved out of the way once it is large.
type rotated struct {
	file
	limit int64
	keep  int
}

// Rotated is a file as File has, of one writer and with at most so many bytes: before a line that would be too much it becomes
// path.0, and what that was path.1, of which so many are kept; with none it is removed. A line that is larger alone gets a file
// of its own. It is opened, and its folder made, when the first line comes; it must be a file with one name, so that nobody who
// can write in the folder has lines put elsewhere.
func Rotated(path string, limit int64, keep int) Place[[]byte] {
	return &rotated{file: file{path: path, open: disk.Append}, limit: limit, keep: keep}
}

// Older is the name of the file that was moved out of the way as the nth before the last, from 0 on.
func Older(path string, n int) string { return path + "." + strconv.Itoa(n) }

func (p *rotated) Put(line []byte) error {
	if err := p.current(); err != nil {
		return err
	}
	if p.size > 0 && p.size+int64(len(line)) > p.limit {
		if err := p.rotate(); err != nil {
			return err
		}
	}
	return p.add(line)
}

// rotate begins a new file. What fails of it is told as the reason why lines are not kept: they must not fill the disk.
func (p *rotated) rotate() error {
	// A number that is not used any more has nothing after it.
	last := max(p.keep-1, 0)
	for n := last; ; n++ {
		err := os.Remove(Older(p.path, n))
		if errors.Is(err, fs.ErrNotExist) && n > last {
			break
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("it can't be rotated: %s: %w", Older(p.path, n), disk.Cause(err))
		}
	}
	move := func(from, to string) error {
		err := os.Rename(from, to)
		var link *os.LinkError
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if errors.As(err, &link) {
			err = fmt.Errorf("it can't be rotated: %s: %w", to, link.Err)
		}
		return err
	}
	for n := last; n > 0; n-- {
		if err := move(Older(p.path, n-1), Older(p.path, n)); err != nil {
			return err
		}
	}
	if p.keep > 0 {
		if err := move(p.path, Older(p.path, 0)); err != nil {
			return err
		}
	} else if err := os.Remove(p.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("it can't be rotated: %w", disk.Cause(err))
	}
	return p.begin()
}
