package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/disk"
	"cellsh/policy/diag"
)

// Key says which cell of which start of the kernel is meant.
type Key struct {
	// Boot is when the kernel started (kern.boottime).
	Boot time.Time
	Cell kernel.CellID
	// Created is how long after the start the cell was made.
	Created time.Duration
	Name    string
}

// bootSlack is how far two times of one start may be apart. The kernel moves the time of its start when its
// clock is stepped; no machine starts twice within this.
const bootSlack = 2 * time.Second

func (k Key) sameBoot(l Key) bool { return k.Boot.Sub(l.Boot).Abs() <= bootSlack }

func (k Key) same(l Key) bool {
	return k.sameBoot(l) && k.Cell == l.Cell && k.Created == l.Created && k.Name == l.Name
}

// Entry is what is remembered of a cell.
type Entry struct {
	Key
	// Profile that was given, or nil for the kernel's default.
	Profile *kernel.Profile `json:",omitempty"`
	// Ports that the cell reserved.
	Ports []uint16 `json:",omitempty"`
}

// File is the memory. Its methods are safe for concurrent use, also by other processes.
type File struct {
	// Path of the file. Its folder is made with the first entry; beside the file, Path.lock is.
	Path string
	// Damaged, if not nil, is told of a file that is not believed, with a *DamagedError.
	Damaged func(error)
}

// DamagedError says why a file is not believed.
type DamagedError struct{ Path, Why string }

func (e *DamagedError) Error() string {
	return fmt.Sprintf("%s is ignored: %s", e.Path, e.Why)
}

// Find gives the entry of the cell; false if there is none. The error is that of a file which can't be read.
func (f *File) Find(k Key) (Entry, bool, error) {
	entries, err := f.read()
	if err != nil {
		return Entry{}, false, err
	}
	i := slices.IndexFunc(entries, func(e Entry) bool { return e.same(k) })
	if i < 0 {
		return Entry{}, false, nil
	}
	return entries[i], true, nil
}

// Boot gives all entries of the kernel's start at that time.
func (f *File) Boot(at time.Time) ([]Entry, error) {
	entries, err := f.read()
	return slices.DeleteFunc(entries, func(e Entry) bool { return !e.sameBoot(Key{Boot: at}) }), err
}

// Put adds the entry, or replaces that of the same cell. Entries of other starts are dropped.
func (f *File) Put(e Entry) error {
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o700); err != nil {
		return fmt.Errorf("the state of cells can't be written: %w", err)
	}
	return f.update(func(entries []Entry) []Entry {
		entries = slices.DeleteFunc(entries, func(old Entry) bool { return old.same(e.Key) || !old.sameBoot(e.Key) })
		return append(entries, e)
	})
}

// Remove drops the entry of the cell, if there is one.
func (f *File) Remove(k Key) error {
	if _, err := os.Stat(filepath.Dir(f.Path)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return f.update(func(entries []Entry) []Entry {
		return slices.DeleteFunc(entries, func(old Entry) bool { return old.same(k) })
	})
}

// The form of the file: a line with the magic and the checksum of the rest, then the entries as JSON.
const (
	magic   = "cellsh state 1"
	maxSize = 1 << 20
)

func (f *File) read() ([]Entry, error) {
	text, mode, err := load(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the state of cells can't be read: %w", err)
	}
	entries, why := decode(text)
	if mode&0o022 != 0 {
		entries, why = nil, fmt.Sprintf("it must be writable by its owner only, but its mode is %#o", mode)
	}
	if why != "" && f.Damaged != nil {
		f.Damaged(&DamagedError{f.Path, why})
	}
	return entries, nil
}

func load(path string) ([]byte, fs.FileMode, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, 0, err
	}
	text, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	return text, info.Mode().Perm(), err
}

func encode(entries []Entry) ([]byte, error) {
	body, err := json.MarshalIndent(entries, "", " ")
	if err != nil {
		return nil, err
	}
	return seal(body), nil
}

func seal(body []byte) []byte {
	return fmt.Appendf(nil, "%s %08x\n%s\n", magic, crc32.ChecksumIEEE(body), body)
}

// decode gives the entries, or why the text is not believed.
func decode(text []byte) ([]Entry, string) {
	if len(text) > maxSize {
		return nil, fmt.Sprintf("it must be at most %d bytes, but is longer", maxSize)
	}
	head, body, _ := bytes.Cut(text, []byte("\n"))
	body = bytes.TrimSuffix(body, []byte("\n"))
	if want := fmt.Sprintf("%s %08x", magic, crc32.ChecksumIEEE(body)); string(head) != want {
		return nil, fmt.Sprintf("its first line must be %q, but is %q", want, head[:min(len(head), 40)])
	}
	var entries []Entry
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&entries); err != nil {
		return nil, "it must be a list of cells, but: " + diag.Malformed(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, "it must be a list of cells, but more follows the list"
	}
	for _, e := range entries {
		if e.Cell == 0 || e.Name == "" || len(e.Ports) > kernel.MaxPorts || e.Profile != nil && *e.Profile > kernel.High {
			return nil, fmt.Sprintf("an entry must be that of a cell, but is of cell %d, name %q, %d ports", e.Cell, e.Name, len(e.Ports))
		}
	}
	return entries, ""
}

func (f *File) update(change func([]Entry) []Entry) error {
	unlock, err := disk.Lock(f.Path + ".lock")
	if err != nil {
		return fmt.Errorf("the state of cells can't be locked: %w", err)
	}
	defer unlock()
	entries, err := f.read()
	if err != nil {
		return err
	}
	text, err := encode(change(entries))
	if err != nil {
		return err
	}
	if err := disk.Replace(f.Path, text); err != nil {
		return fmt.Errorf("the state of cells can't be written: %w", err)
	}
	return nil
}
