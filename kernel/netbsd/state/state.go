package state

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/disk"
)

// Key says which cell of which start of the kernel is meant.
type Key struct {
	// Boot is when the kernel started (kern.boottime).
	Boot time.Time
	Cell kernel.CellID
	// Created is how long after the start the cell was made; 0 where the kernel does not tell.
	Created time.Duration
	Name    string
}

// slack is how far two times of one start may be apart, and a time of creation from when it was seen. The kernel moves the
// time of its start when its clock is stepped; no machine starts twice within this.
const slack = 2 * time.Second

func sameBoot(a, b time.Time) bool { return a.Sub(b).Abs() <= slack }

// Entry is what is remembered of a cell.
type Entry struct {
	Cell kernel.CellID `json:"cell"`
	Name string        `json:"name"`
	// From and To are how long after the kernel's start the call was made that made the cell, and when it was over.
	From time.Duration `json:"from"`
	To   time.Duration `json:"to"`
	// Profile that was given, or nil for the kernel's default.
	Profile *kernel.Profile `json:"profile,omitempty"`
	// Ports that the cell reserved.
	Ports []uint16 `json:"ports,omitempty"`
}

func (e *Entry) is(k Key) bool {
	return e.Cell == k.Cell && e.Name == k.Name && (k.Created == 0 || e.From-slack <= k.Created && k.Created <= e.To+slack)
}

// File is the memory. Its methods are safe for concurrent use, also by other processes. It must not be copied.
type File struct {
	// Path of the file. Its folder is made with the first entry; beside the file, Path.lock is.
	Path string
	// Damaged, if not nil, is told of a file that is not believed, with a *DamagedError.
	Damaged func(error)

	mu sync.Mutex
	// seen is what the file held when it was last looked at, as far as it was whole; info is of the file then, nil if there was
	// none.
	seen journal
	info fs.FileInfo
	// bad says why the file is not believed behind what was seen, "" if it is.
	bad string
}

// DamagedError says why a file is not believed.
type DamagedError struct {
	Path, Why string
	// Before is how many cells are known from what stands before the damage, which is believed.
	Before int
}

func (e *DamagedError) Error() string {
	if e.Before > 0 {
		return fmt.Sprintf("%s is ignored from what is damaged on, and %d cells before it are known: %s", e.Path, e.Before, e.Why)
	}
	return fmt.Sprintf("%s is ignored: %s", e.Path, e.Why)
}

// Find gives the entry of the cell; false if there is none. The error is that of a file which can't be read.
func (f *File) Find(k Key) (Entry, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.look(); err != nil {
		return Entry{}, false, err
	}
	if !sameBoot(f.seen.boot, k.Boot) {
		return Entry{}, false, nil
	}
	if e, ok := f.seen.entries[k.Cell]; ok && e.is(k) {
		return e, true, nil
	}
	// Who made it may have been killed before it was told which id the cell has.
	var best Entry
	ok := false
	for _, e := range f.seen.making[k.Name] {
		// Once it was made nobody else could make it: it is the last that was begun before.
		if e.Cell, e.To = k.Cell, e.From+call; k.Created != 0 && e.is(k) && (!ok || e.From <= k.Created) {
			best, ok = e, true
		}
	}
	return best, ok, nil
}

// call is how long a call that makes a cell takes at most.
const call = 10 * time.Second

// Begin notes that a cell is about to be made; the entry has no id yet, and no end. If it is made Put follows, and if not Drop
// with the same entry. Whoever is killed between Begin and Put leaves the entry to the cell of that name that was made then.
func (f *File) Begin(boot time.Time, e Entry) error {
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o700); err != nil {
		return fmt.Errorf("the state of cells can't be written: %w", err)
	}
	return f.change(boot, record{Making: &e})
}

// Drop says that a cell that Begin has noted was not made.
func (f *File) Drop(boot time.Time, e Entry) error {
	if _, err := os.Stat(filepath.Dir(f.Path)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return f.change(boot, record{Unmade: &e})
}

// Put adds the entry, or replaces that of the same cell. Entries of other starts are dropped. It costs the same however many
// entries there are.
func (f *File) Put(boot time.Time, e Entry) error {
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o700); err != nil {
		return fmt.Errorf("the state of cells can't be written: %w", err)
	}
	return f.change(boot, record{Made: &e})
}

// Remove drops the entry of the cell with that id, if there is one.
func (f *File) Remove(boot time.Time, id kernel.CellID) error {
	if _, err := os.Stat(filepath.Dir(f.Path)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return f.change(boot, record{Gone: id})
}

// change writes a record behind the others, or the file anew.
func (f *File) change(boot time.Time, r record) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	unlock, err := disk.Lock(f.Path + ".lock")
	if err != nil {
		return fmt.Errorf("the state of cells can't be locked: %w", err)
	}
	defer unlock()
	if err := f.look(); err != nil {
		return err
	}
	anew := f.info == nil || !sameBoot(f.seen.boot, boot)
	_, known := f.seen.entries[r.Gone]
	begun := r.Unmade != nil && len(f.seen.making[r.Unmade.Name]) > 0
	if r.Made == nil && r.Making == nil && (anew || !known && !begun) {
		return nil
	}
	if anew {
		f.seen = newJournal(boot)
	}
	line, err := f.seen.add(r)
	if err == nil {
		if anew || f.bad != "" || f.seen.wasteful() {
			err = f.rewrite()
		} else {
			err = f.write(line)
		}
	}
	if err != nil {
		f.info = nil // what was seen is not what is there
		return fmt.Errorf("the state of cells can't be written: %w", err)
	}
	return nil
}

// write puts a line behind the last whole one, which the writer before may have died behind. Nothing has to be safe from a
// crash of the machine: it ends the start of the kernel that the file is about.
func (f *File) write(line []byte) error {
	file, err := os.OpenFile(f.Path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	at := f.seen.end - int64(len(line))
	if f.info.Size() > at {
		err = file.Truncate(at)
	}
	if err == nil {
		_, err = file.WriteAt(line, at)
	}
	if err == nil {
		f.info, err = file.Stat()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}

// rewrite leaves out what is gone.
func (f *File) rewrite() error {
	var list []record
	for _, e := range f.seen.sorted() {
		list = append(list, record{Made: &e})
	}
	for _, name := range slices.Sorted(maps.Keys(f.seen.making)) {
		for _, e := range f.seen.making[name] {
			list = append(list, record{Making: &e})
		}
	}
	f.seen = newJournal(f.seen.boot)
	text := f.seen.header()
	for _, r := range list {
		line, err := f.seen.add(r)
		if err != nil {
			return err
		}
		text = append(text, line...)
	}
	if f.bad != "" {
		// Nobody can say what is lost with it.
		os.Remove(f.Path + ".damaged")
		if err := os.Link(f.Path, f.Path+".damaged"); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) && !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	err := disk.Swap(f.Path, text)
	if err == nil {
		f.bad = ""
		f.info, err = os.Stat(f.Path)
	}
	return err
}

// look reads what others have written since.
func (f *File) look() error {
	info, err := os.Stat(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		f.seen, f.info, f.bad = journal{}, nil, ""
		return nil
	}
	if err != nil {
		return fmt.Errorf("the state of cells can't be read: %w", err)
	}
	if f.info != nil && os.SameFile(f.info, info) && f.info.Size() == info.Size() && f.info.ModTime().Equal(info.ModTime()) && f.info.Mode() == info.Mode() {
		return nil
	}
	if err := f.read(); err != nil {
		f.info = nil
		return fmt.Errorf("the state of cells can't be read: %w", err)
	}
	return nil
}

// read reads what is behind the part that was seen, or if that is not there any more all.
func (f *File) read() error {
	file, err := os.Open(f.Path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	grown := f.info != nil && f.bad == "" && os.SameFile(f.info, info) && info.Size() >= f.seen.end
	if !grown {
		f.seen = journal{}
	}
	why, err := f.follow(file)
	if err == nil && why != "" && grown {
		// It may be another file that has got the number of the one that was seen.
		f.seen = journal{}
		why, err = f.follow(file)
	}
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o022 != 0 {
		f.seen = journal{}
		why = fmt.Sprintf("it must be writable by its owner only, but its mode is %#o", info.Mode().Perm())
	}
	if f.info, f.bad = info, why; why != "" && f.Damaged != nil {
		f.Damaged(&DamagedError{f.Path, why, len(f.seen.entries)})
	}
	return nil
}

// follow reads from the end of what was seen; see journal.follow.
func (f *File) follow(file *os.File) (why string, err error) {
	text, err := io.ReadAll(io.NewSectionReader(file, f.seen.end, maxSize+1-f.seen.end))
	if err != nil {
		return "", err
	}
	if f.seen.end+int64(len(text)) > maxSize {
		return fmt.Sprintf("it must be at most %d bytes, but is longer", maxSize), nil
	}
	return f.seen.follow(text), nil
}

// sorted are the entries by id.
func (j *journal) sorted() []Entry {
	list := make([]Entry, 0, len(j.entries))
	for _, e := range j.entries {
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b Entry) int { return cmp.Compare(a.Cell, b.Cell) })
	return list
}
