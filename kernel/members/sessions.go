package members

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/disk"
	"cellsh/kernel/process"
	"cellsh/policy/kauth"
)

// Sessions are what a simulated kernel can see of members: the sessions of this machine's processes that cellsh has started for
// its cells, which are noted while they run. It is safe for concurrent use, and for that of many programs with one Folder.
//
// A number of a session can be that of another one later. A note therefore has witnesses: processes that are known to be of
// the session, by what no other process can have. It is believed as long as one of them is there. While the command runs that
// is the command; when it ends, those that it leaves in its session are the witnesses, and without any the note is removed.
type Sessions struct {
	// Folder has a file for each; "" keeps them in memory, for a kernel that ends with the program.
	Folder string
	// Warn is told of what could not be noted; nil for nobody.
	Warn func(error)
	// Machine has the processes; nil is this one.
	Machine Machine
	// After gives a channel that is sent the time once, after the duration; nil is the system's clock.
	After func(time.Duration) <-chan time.Time

	mu     sync.Mutex
	memory map[int]note
}

var _ Members = (*Sessions)(nil)

// Machine has processes. Its methods are safe for concurrent use.
type Machine interface {
	Read(process.Query) ([]process.Process, error)
	// Send sends a signal to a process; that it has ended is no error.
	Send(pid int, s syscall.Signal) error
	// Session is that of the calling process.
	Session() int
}

// thisMachine is the one that the program runs on.
type thisMachine struct{}

func (thisMachine) Read(q process.Query) ([]process.Process, error) { return process.Read(q) }
func (thisMachine) Send(pid int, s syscall.Signal) error            { return send(pid, s) }
func (thisMachine) Session() int                                    { return ownSessionNumber() }

func (s *Sessions) machine() Machine {
	if s.Machine == nil {
		return thisMachine{}
	}
	return s.Machine
}

// note is what is kept of a session. Ids of simulated cells are not given twice, but a state that was made anew has its own.
type note struct {
	Cell      kernel.CellID
	Name      string
	Session   int
	Witnesses []process.Key
}

// Began notes that a session has begun for the cell, by its number; ended is for when the command that began it has ended.
// What goes wrong is told to Warn: the command runs all the same, and is not seen.
func (s *Sessions) Began(c kernel.Cell, session int) (ended func()) {
	warn := func(err error) {
		// Where processes can't be seen that is told to who wants to see them.
		if err != nil && s.Warn != nil && !errors.As(err, new(*kernel.UnsupportedError)) {
			s.Warn(fmt.Errorf("cellsh ps will not see what was started in cell %s: %w", c.Name, err))
		}
	}
	update := func() {
		list, err := s.machine().Read(process.Query{Session: &session})
		n := note{Cell: c.ID, Name: c.Name, Session: session}
		for i := range list {
			if p := &list[i]; p.Measured && p.Living() {
				n.Witnesses = append(n.Witnesses, p.Key())
			}
		}
		if err == nil {
			err = s.put(n)
		}
		warn(err)
	}
	s.sweep()
	update()
	return update
}

// Processes gives those of all sessions that are noted for the cell.
func (s *Sessions) Processes(c kernel.Cell) ([]process.Process, error) {
	return s.in(c).processes()
}

// Signal sends it to each process of them.
func (s *Sessions) Signal(c kernel.Cell, sig syscall.Signal) (int, error) {
	after := s.After
	if after == nil {
		after = time.After
	}
	return signalAll(c.Name, s.in(c), sig, after)
}

func (s *Sessions) in(c kernel.Cell) *noted { return &noted{s: s, cell: c} }

// noted is the place of the sessions of a cell.
type noted struct {
	s    *Sessions
	cell kernel.Cell
	last []process.Process
}

func (n *noted) processes() ([]process.Process, error) {
	notes, err := n.s.all()
	if err != nil {
		return nil, err
	}
	all, err := n.s.machine().Read(process.Query{Commands: true})
	if err != nil {
		return nil, err
	}
	believed := map[int]bool{}
	for _, x := range notes {
		if x.Cell == n.cell.ID && x.Name == n.cell.Name && x.Session != n.s.machine().Session() {
			believed[x.Session] = believed[x.Session] || x.believed(all)
		}
	}
	list := sorted(slices.DeleteFunc(all, func(p process.Process) bool { return !believed[p.Session] }))
	clean(list)
	// The caller may change its own.
	n.last = slices.Clone(list)
	return list, nil
}

// signal is for those of the last look.
func (n *noted) signal(sig syscall.Signal) error {
	living, failed := 0, []error(nil)
	for i := range n.last {
		if p := &n.last[i]; p.Living() {
			living++
			if err := n.s.machine().Send(p.PID, sig); err != nil {
				failed = append(failed, fmt.Errorf("process %d must take a signal, but: %w", p.PID, err))
			}
		}
	}
	if living == 0 {
		return kauth.ESRCH
	}
	if err := errors.Join(failed...); err != nil {
		return &kernel.Error{Op: opSignal(n.cell.Name), Text: err.Error()}
	}
	return nil
}

// believed reports whether the note is still about that session.
func (n *note) believed(all []process.Process) bool {
	return slices.ContainsFunc(all, func(p process.Process) bool {
		return p.Measured && p.Session == n.Session && slices.Contains(n.Witnesses, p.Key())
	})
}

// sweep removes notes that are not to be believed any more.
func (s *Sessions) sweep() {
	// The notes first: what is noted afterwards is not looked at, and who is seen afterwards was there.
	notes, err := s.all()
	if err != nil || len(notes) == 0 {
		return
	}
	all, err := s.machine().Read(process.Query{})
	if err != nil {
		return
	}
	for _, n := range notes {
		if !n.believed(all) {
			n.Witnesses = nil
			s.put(n)
		}
	}
}

// path of the file of a session.
func (s *Sessions) path(session int) string { return filepath.Join(s.Folder, strconv.Itoa(session)) }

// put keeps a note; one without witnesses is removed.
func (s *Sessions) put(n note) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.Folder == "" && len(n.Witnesses) == 0:
		delete(s.memory, n.Session)
		return nil
	case s.Folder == "":
		if s.memory == nil {
			s.memory = map[int]note{}
		}
		s.memory[n.Session] = n
		return nil
	case len(n.Witnesses) == 0:
		err := os.Remove(s.path(n.Session))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		os.Remove(s.Folder) // which fails while there are others
		return err
	}
	text, err := json.Marshal(n)
	if err != nil {
		return err
	}
	if err := os.Mkdir(s.Folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return disk.Swap(s.path(n.Session), text)
}

// all are the notes there are. One that can't be read, or is not whole, is none.
func (s *Sessions) all() ([]note, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var notes []note
	for _, n := range s.memory {
		notes = append(notes, n)
	}
	if s.Folder == "" {
		return notes, nil
	}
	files, err := os.ReadDir(s.Folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the folder %s must be readable to see what runs in cells, but: %w", s.Folder, disk.Cause(err))
	}
	for _, f := range files {
		session, err := strconv.Atoi(f.Name())
		if err != nil || session <= 0 {
			continue
		}
		text, err := os.ReadFile(s.path(session))
		if err != nil {
			continue
		}
		var n note
		if json.Unmarshal(text, &n) == nil && n.Session == session {
			notes = append(notes, n)
		}
	}
	return notes, nil
}
