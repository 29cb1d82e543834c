package output

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"cellsh/kernel/disk"
	"cellsh/kernel/outlet"
)

// Tail reads the output of a service from its file, and before that from those that were moved out of its way. Whenever the file
// is rotated it goes on where it was: only what is removed before it is read is missing, and that is said. It is not safe for
// concurrent use.
type Tail struct {
	path string
	// f is the file that is read now, nil before there is one; offset is what of it was read, and held a line that has not ended.
	f      *os.File
	r      *bufio.Reader
	offset int64
	held   []byte
	// at is the time of the last line that has one.
	at time.Time
	// unseen is how often in a row no name was found that leads to f.
	unseen int
	// ready are lines that come before those of the file.
	ready []Record
}

// TailOptions choose what a tail begins with.
type TailOptions struct {
	// Since leaves out lines that are older. One without a time is as old as the one before it.
	Since time.Time
	// Last are at most so many lines, the last of those that are there; negative for all.
	Last int
}

// maxHeld is what is read as one line at most: more than a line can have that was written here.
const maxHeld = 8 * MaxLine

// NewTail begins to read the file of that name. The error says that it can't be read; that there is none is no error.
func NewTail(path string, o TailOptions) (*Tail, error) {
	t := &Tail{path: path}
	if o.Last < 0 && o.Since.IsZero() {
		if _, err := t.advance(); err != nil {
			return nil, t.unreadable(err)
		}
		return t, nil
	}
	var chosen []Record
	for {
		r, ok, err := t.Next()
		if err != nil {
			t.Close()
			return nil, err
		}
		if !ok {
			break
		}
		if r.Time.Before(o.Since) {
			continue
		}
		chosen = append(chosen, r)
		if o.Last >= 0 && len(chosen) >= 2*o.Last+64 {
			// What is left out is let go now and then.
			chosen = slices.Clone(chosen[len(chosen)-o.Last:])
		}
	}
	if o.Last >= 0 {
		chosen = chosen[max(0, len(chosen)-o.Last):]
	}
	t.ready = chosen
	return t, nil
}

// Empty reports whether there is no file that could be read so far.
func (t *Tail) Empty() bool { return t.f == nil }

// Close closes the file.
func (t *Tail) Close() {
	if t.f != nil {
		t.f.Close() // nothing was written
		t.f = nil
	}
}

// Next gives the next line; ok is false if there is none at present, and then Next can be called again later.
func (t *Tail) Next() (r Record, ok bool, err error) {
	for {
		if len(t.ready) > 0 {
			r, t.ready = t.ready[0], t.ready[1:]
			return r, true, nil
		}
		if t.f != nil {
			line, whole, err := t.line()
			if err != nil {
				return r, false, t.unreadable(err)
			}
			if whole {
				return t.record(line), true, nil
			}
		}
		moved, err := t.advance()
		if err != nil {
			return r, false, t.unreadable(err)
		}
		if !moved {
			return r, false, nil
		}
	}
}

func (t *Tail) unreadable(err error) error {
	return fmt.Errorf("%s must be readable, but is not: %w", t.path, disk.Cause(err))
}

// Rest gives the beginning of a line that has not ended, if there is one. It is for who reads no more.
func (t *Tail) Rest() (r Record, ok bool) {
	if len(t.held) == 0 {
		return r, false
	}
	r = t.record(t.held)
	t.held = nil
	return r, true
}

// record makes a record of a line.
func (t *Tail) record(line []byte) Record {
	r := Parse(string(line))
	if r.Foreign {
		r.Time = t.at
	}
	t.at = r.Time
	return r
}

// line reads up to the next newline; whole is false if there is none yet.
func (t *Tail) line() (line []byte, whole bool, err error) {
	for {
		piece, err := t.r.ReadSlice('\n')
		t.offset += int64(len(piece))
		t.held = append(t.held, piece...)
		switch {
		case err == nil || len(t.held) >= maxHeld:
			line, t.held = bytes.TrimSuffix(t.held, []byte{'\n'}), nil
			return line, true, nil
		case err == bufio.ErrBufferFull:
		case err == io.EOF:
			return nil, false, nil
		default:
			return nil, false, err
		}
	}
}

// names are those of the files that are there, the newest first, with what they are. While files are moved, from the oldest on,
// one number has none.
func (t *Tail) names() (names []string, infos []fs.FileInfo, err error) {
	missing := 0
	for n := -1; missing < 2; n++ {
		name := t.path
		if n >= 0 {
			name = outlet.Older(t.path, n)
		}
		info, err := os.Stat(name)
		switch {
		case err == nil:
			names, infos = append(names, name), append(infos, info)
			missing = 0
		case errors.Is(err, fs.ErrNotExist):
			missing++
		default:
			return nil, nil, err
		}
	}
	return names, infos, nil
}

// advances is how often it is looked for the next file, when all are moved meanwhile.
const advances = 100

// unseen is how often a file that was not removed is looked for under its names in vain: then somebody has moved it elsewhere.
const unseen = 1000

// advance goes to where there may be more, once the file has been read to its end: to its beginning if it was emptied, and to
// the next if it was moved. Moved is false if there is nothing to go to.
func (t *Tail) advance() (moved bool, err error) {
	for range advances {
		names, infos, err := t.names()
		if err != nil || len(infos) == 0 {
			return false, err
		}
		next, gap := len(infos)-1, t.f != nil
		if t.f != nil {
			mine, err := t.f.Stat()
			if err != nil {
				return false, err
			}
			here := slices.IndexFunc(infos, func(i fs.FileInfo) bool { return os.SameFile(i, mine) })
			switch {
			case mine.Size() < t.offset:
				_, err := t.f.Seek(0, io.SeekStart)
				t.begin(t.f)
				return true, err
			case here == 0:
				t.unseen = 0
				return false, nil
			case mine.Size() > t.offset:
				// It was written to between the read and the move; now it is not any more.
				return true, nil
			case here > 0:
				next, gap = here-1, false
			case !disk.Removed(mine):
				// It was between two names when it was looked for, or somebody has moved it elsewhere.
				if t.unseen++; t.unseen < unseen {
					continue
				}
			}
		}
		f, err := t.open(names, infos, next, gap)
		if err != nil {
			return false, err
		}
		if f == nil {
			continue
		}
		if r, ok := t.Rest(); ok {
			t.ready = append(t.ready, r)
		}
		if gap {
			t.ready = append(t.ready, Record{Time: t.at, Stream: Service, Text: "lines may be missing here: the file was removed before the next was seen"})
		}
		t.Close()
		t.begin(f)
		t.unseen = 0
		return true, nil
	}
	return false, nil
}

// open opens the file of a number, if it is what it was, and so is the one before it, which is being read: otherwise files are
// being moved, and it is nil.
func (t *Tail) open(names []string, infos []fs.FileInfo, n int, gap bool) (*os.File, error) {
	f, err := os.Open(names[n])
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	is := func(n int) bool {
		now, err := os.Stat(names[n])
		return err == nil && os.SameFile(now, infos[n])
	}
	info, err := f.Stat()
	// In this order: with the first as it was after the second, both have stayed where they are meanwhile.
	if err == nil && os.SameFile(info, infos[n]) && (t.f == nil || gap || is(n+1)) && is(n) {
		return f, nil
	}
	f.Close()
	return nil, err
}

func (t *Tail) begin(f *os.File) {
	t.f, t.r, t.offset, t.held = f, bufio.NewReaderSize(f, readSize), 0, nil
}
