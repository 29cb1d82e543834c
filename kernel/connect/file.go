package connect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/disk"
	"cellsh/kernel/sim"
	"cellsh/policy/diag"
)

// stateFile keeps the state of a simulated kernel in a file.
type stateFile struct {
	*sim.Kernel
	// name as the user gave it, path without links.
	name, path string
	unlock     func()
	now        func() time.Time
	// seen is the file as it was just before it was read, nil if there was none.
	seen fs.FileInfo
	// mu is held while the section or the file is written.
	mu sync.Mutex
	// saved is what the file holds, savedAt when it was last made safe from a crash, and swapped says that it was written
	// since.
	saved   []byte
	savedAt time.Time
	// clock is the kernel's.
	clock   *clock
	swapped bool
	// unsettled says that cells, programs or notes have changed since.
	unsettled bool
}

// section is what the state holds for this package.
type section struct {
	// Saved is what the clock of the machine said when that of the kernel was what is saved.
	Saved time.Time `json:"saved"`
	Notes []byte    `json:"notes,omitempty"`
	// Damaged are notes that could not be used, the newest last.
	Damaged [][]byte `json:"damaged,omitempty"`
}

func openFile(t *target, o Options) (*Connection, error) {
	f := &stateFile{name: t.file, now: o.Now}
	if err := f.open(t, o); err != nil {
		if f.unlock != nil {
			f.unlock()
		}
		return nil, err
	}
	var w watch = alone{}
	if o.ReadOnly {
		w = &snapshot{path: f.path, seen: f.seen, o: o}
	}
	return simulated(f, f.Kernel, f, w, o), nil
}

func (f *stateFile) open(t *target, o Options) error {
	path, err := filepath.EvalSymlinks(f.name)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(f.name); err == nil {
			return f.refuse("it must be a file, but is a symbolic link to what does not exist", "")
		}
		if path, err = filepath.EvalSymlinks(filepath.Dir(f.name)); err == nil {
			path = filepath.Join(path, filepath.Base(f.name))
		}
	}
	if err != nil {
		return f.unusable(err)
	}
	f.path = path
	if !o.ReadOnly {
		f.unlock, err = lock(path+".lock", o)
		if err != nil {
			return f.unusable(err)
		}
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.Kernel, err = sim.New(t.build)
		f.clock = newClock(f.Kernel, f.now)
		return err
	case err != nil:
		return f.unusable(err)
	case !info.Mode().IsRegular():
		return f.refuse("it must be a file, but is something else", "")
	}
	f.seen = info
	text, err := os.ReadFile(path)
	if err != nil {
		return f.unusable(err)
	}
	if f.Kernel, err = sim.Restore(text); err != nil {
		var bad *sim.StateError
		if errors.As(err, &bad) {
			return f.refuse(bad.Text, bad.Hint)
		}
		return f.refuse(err.Error(), "")
	}
	if text := t.agrees(f.Kernel); text != "" {
		return f.refuse(text, "a kernel is built when its file is made; take another file")
	}
	now := f.now()
	f.saved, f.savedAt, f.clock = text, now, &clock{k: f.Kernel, now: f.now, last: now}
	s, err := f.section()
	if err != nil {
		return err
	}
	// The kernel went on while nobody looked.
	if d := now.Sub(s.Saved); d > 0 && !s.Saved.IsZero() {
		f.Kernel.Advance(d)
	}
	return nil
}

// busyError is what the user is told. Who wants to wait finds the *disk.BusyError in it, which is no error of its own:
// one cause is told once.
type busyError struct {
	error
	lock *disk.BusyError
}

func (e *busyError) Unwrap() error { return e.error }

// As gives the lock's own error to errors.As.
func (e *busyError) As(target any) bool {
	lock, ok := target.(**disk.BusyError)
	if ok {
		*lock = e.lock
	}
	return ok
}

// Diagnostics is one problem: the lock is inside.
func (e *busyError) Diagnostics() diag.List { return diag.Of(e.error) }

func (f *stateFile) refuse(text, hint string) error {
	return &kernel.Error{Op: "state file " + f.name, Text: text, Hint: hint}
}

// unusable says in words why a file can't be used.
func (f *stateFile) unusable(err error) error {
	var busy *disk.BusyError
	switch {
	case errors.As(err, &busy):
		by := "another process"
		if busy.PID > 0 {
			by = fmt.Sprintf("process %d", busy.PID)
		}
		return &busyError{f.refuse("it must have one writer, but "+by+" has it open", "end that session, or look at it with --readonly"), busy}
	case errors.Is(err, fs.ErrPermission):
		return f.refuse("it must be readable and writable, but permission is denied", "")
	case errors.Is(err, fs.ErrNotExist):
		return f.refuse("its folder must exist, but does not", "")
	}
	var trust *disk.TrustError
	if errors.As(err, &trust) {
		return f.refuse(trust.Error(), "remove it if no other program uses it")
	}
	return f.refuse("it must be readable and writable, but is not: "+disk.Cause(err).Error(), "")
}

// Info says that the state is kept.
func (f *stateFile) Info() kernel.Info {
	info := f.Kernel.Info()
	delete(info.Missing, kernel.CapState)
	info.Capabilities[kernel.CapState] = "the state is kept in " + f.name
	return info
}

func (f *stateFile) section() (section, error) {
	var s section
	text := f.Client()
	if len(text) == 0 {
		return s, nil
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, f.refuse("its notes must be readable, but are not: "+diag.Malformed(err), "the file was changed by hand, or by another program")
	}
	return s, nil
}

// ReadNotes gives what is kept in the state.
func (f *stateFile) ReadNotes() ([]byte, error) {
	s, err := f.section()
	return s.Notes, err
}

// WriteNotes keeps it in the state; Save writes it to the file.
func (f *stateFile) WriteNotes(text []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, err := f.section()
	if err != nil {
		return err
	}
	s.Notes = text
	f.unsettled = true
	return f.setSection(s)
}

// SetAside keeps it in the state, beside what is written from then on.
func (f *stateFile) SetAside() (where string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, err := f.section()
	if err != nil {
		return "", err
	}
	s.Damaged, s.Notes = append(s.Damaged, s.Notes), nil
	f.unsettled = true
	return "a part of " + f.name, f.setSection(s)
}

func (f *stateFile) setSection(s section) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return f.SetClient(text)
}

// What changes the kernel writes the file from time to time, so that a script that does many of them and is killed
// loses little. That the file can't be written is told by who has to know that it is: save and settle.

// Create makes a cell.
func (f *stateFile) Create(s kernel.Spec) (kernel.CellID, error) {
	id, err := f.Kernel.Create(s)
	return id, f.changed(err)
}

// Destroy removes a cell.
func (f *stateFile) Destroy(id kernel.CellID) error {
	return f.changed(f.Kernel.Destroy(id))
}

// Evaluator is the simulated kernel's, which writes the file as the methods below do.
func (f *stateFile) Evaluator() (kernel.Evaluator, error) {
	if _, err := f.Kernel.Evaluator(); err != nil {
		return nil, err
	}
	return f, nil
}

// Load replaces what is loaded.
func (f *stateFile) Load(bundle []byte, window time.Duration) error {
	return f.changed(f.Kernel.Load(bundle, window))
}

// Attach adds to what is loaded.
func (f *stateFile) Attach(bundle []byte) error {
	return f.changed(f.Kernel.Attach(bundle))
}

// Confirm keeps what waits.
func (f *stateFile) Confirm(generation uint64) error {
	return f.changed(f.Kernel.Confirm(generation))
}

// Revert goes back to what was confirmed before.
func (f *stateFile) Revert(generation uint64) error {
	return f.changed(f.Kernel.Revert(generation))
}

const saveInterval = time.Second

// changed is for after a change, whose error it gives.
func (f *stateFile) changed(err error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unsettled = true
	if f.due() {
		_ = f.write(true) // it is tried again, and told then
	}
	return err
}

// due reports whether it is time to make the file safe from a crash.
func (f *stateFile) due() bool {
	d := f.now().Sub(f.savedAt)
	return d < 0 || d >= saveInterval
}

// settle writes the file if cells, programs or notes have changed. A script that tells of a thousand cells settles a
// thousand times; what a crash of the machine may take is what saving from time to time may, too.
func (f *stateFile) settle() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.unsettled {
		return nil
	}
	return f.write(f.due())
}

// save writes the file if anything has changed.
func (f *stateFile) save() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.write(true)
}

// write is save for who holds mu; without safe only a killed program is thought of.
func (f *stateFile) write(safe bool) error {
	s, err := f.section()
	if err != nil {
		return err
	}
	s.Saved = f.clock.moved().UTC()
	if err := f.setSection(s); err != nil {
		return err
	}
	text, err := f.Marshal()
	if err != nil {
		return f.refuse(err.Error(), "")
	}
	if safe {
		f.savedAt = f.now()
	}
	same := bytes.Equal(text, f.saved)
	switch {
	case !same && safe:
		err = disk.Replace(f.path, text)
	case !same:
		err = disk.Swap(f.path, text)
	case safe && f.swapped:
		err = disk.Sync(f.path)
	}
	if err != nil {
		return f.unusable(err)
	}
	f.saved, f.unsettled = text, false
	f.swapped = !safe && (f.swapped || !same)
	return nil
}

// Lock has nobody to keep away: the file is locked as long as it is open.
func (f *stateFile) Lock() (unlock func(), err error) { return unshared() }

func (f *stateFile) close() error {
	if f.unlock != nil {
		f.unlock()
	}
	return nil
}

// lock takes a lock that others hold for a short while only.
func lock(path string, o Options) (unlock func(), err error) {
	const pause = 10 * time.Millisecond
	for patience := o.Patience; ; patience -= pause {
		unlock, err = disk.TryLock(path)
		busy := new(disk.BusyError)
		if patience <= 0 || !errors.As(err, &busy) {
			return unlock, err
		}
		o.Work.At(waiting(busy))
		<-o.After(pause)
	}
}
