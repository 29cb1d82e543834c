package netbsd

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/abi"
	"cellsh/kernel/denylog"
	"cellsh/kernel/netbsd/state"
	"cellsh/policy/kauth"
	"cellsh/policy/secmodel"
)

// CapCells is having cells at all: Open fails without it.
const CapCells kernel.Capability = "cells"

// Options of Open. The zero value is good for a look at the running kernel.
type Options struct {
	// State is the path of the file that remembers profiles and ports; "" remembers nothing. See package state.
	State string
	// Warn, if not nil, is told of what went wrong beside an operation that succeeded.
	Warn func(error)
	// System stands for the running one where it is not nil.
	System System
	// Now is the clock that ages are told by; nil is the machine's.
	Now func() time.Time
}

// Kernel is the running NetBSD. Its methods are safe for concurrent use.
type Kernel struct {
	tree   *tree
	memory *state.File
	warn   func(error)
	now    func() time.Time
	sys    System
	// info is what does not change; what was found out about the model is in rev.
	info kernel.Info
	boot time.Time
	// eval is the evaluation model, nil where there is none to be used.
	eval *evaluator

	mu  sync.Mutex
	rev revision
	// unread says that somebody was told that the memory can't be read.
	unread atomic.Bool
}

var _ kernel.Kernel = (*Kernel)(nil)

// Open connects to the running kernel and finds out what it can do. The error is a *kernel.UnsupportedError
// where there are no cells.
func Open(o Options) (*Kernel, error) {
	sys, err := o.system()
	if err != nil {
		return nil, err
	}
	k := &Kernel{tree: newTree(sys), warn: o.Warn, now: o.Now, sys: sys}
	if k.warn == nil {
		k.warn = func(error) {}
	}
	if k.now == nil {
		k.now = time.Now
	}
	if o.State != "" {
		k.memory = &state.File{Path: o.State, Damaged: k.warn}
	}
	if err := k.identify(); err != nil {
		return nil, err
	}
	rev, err := probe(k.tree)
	if err != nil {
		return nil, k.noCells(err)
	}
	k.rev = rev
	k.capabilities()
	if v := k.info.Vocabulary.Version; k.eval == nil && v != k.info.Version {
		k.rev.found("the kernel does not tell how it numbers its requests, so they are taken to be those of %s", v)
	}
	return k, nil
}

// identify fills in what the system says about itself.
func (k *Kernel) identify() error {
	var texts [3]string
	for i, name := range []string{abi.SystemType, abi.SystemMachine, abi.SystemRelease} {
		var err error
		if texts[i], err = k.tree.readString(name); err != nil {
			return fmt.Errorf("the kernel does not tell %s: %w", name, err)
		}
	}
	var err error
	if k.boot, err = k.booted(); err != nil {
		return fmt.Errorf("the kernel does not tell %s: %w", abi.SystemBoot, err)
	}
	clock, err := k.tree.read(abi.SystemClock, 1)
	if err == nil {
		k.info.HZ, err = k.tree.machine.DecodeStatHZ(clock)
	}
	if err != nil {
		return fmt.Errorf("the kernel does not tell %s: %w", abi.SystemClock, err)
	}
	k.info.Name = texts[0] + "/" + texts[1]
	k.info.Version = texts[2]
	for _, v := range kauth.Vocabularies() {
		// The newest comes last; it is the best guess for a version that is not known.
		if k.info.Vocabulary == nil || k.info.Vocabulary.Version != k.info.Version {
			k.info.Vocabulary = v
		}
	}
	return nil
}

// booted is when the kernel started. It moves when the clock is stepped.
func (k *Kernel) booted() (time.Time, error) {
	text, err := k.tree.read(abi.SystemBoot, 1)
	if err != nil {
		return time.Time{}, err
	}
	return k.tree.machine.DecodeTimespec(text)
}

// noCells says why there are none.
func (k *Kernel) noCells(err error) error {
	if !errors.Is(err, errNoNode) {
		return fmt.Errorf("the kernel's cells can't be used: %w", err)
	}
	why := "there is no " + abi.CellTree + ": secmodel_cell(9) is neither loaded nor a part of the kernel"
	if _, err := k.tree.find(abi.JailTree); err == nil {
		why = "it has secmodel_jail, the model's first form, which is not supported; it needs secmodel_cell(9)"
	}
	return &kernel.UnsupportedError{Kernel: k.info.Name, Capability: CapCells, Why: why,
		Hint: "as root run: modload secmodel_cell; for every boot a line with secmodel_cell in /etc/modules.conf does it, which comes before the securelevel rises and forbids it; to try things out there is a simulated kernel: -k sim"}
}

func (k *Kernel) capabilities() {
	k.info.Capabilities = map[kernel.Capability]string{
		kernel.CapState: "cells are the kernel's and stay until they are destroyed or the host restarts",
	}
	k.info.Missing = map[kernel.Capability]string{
		kernel.CapProcesses: "its processes are real ones: start them with exec",
	}
	var found string
	if k.eval, found = k.findEvaluation(); k.eval != nil {
		k.info.Capabilities[kernel.CapEvaluation] = found
	} else {
		k.info.Missing[kernel.CapEvaluation] = found
	}
	if rev := k.rev.Revision; !rev.Properties().LogsDenials {
		k.info.Missing[kernel.CapDenials] = denylog.NotLogged(rev)
	} else if uid := k.sys.EUID(); uid != 0 {
		k.info.Missing[kernel.CapDenials] = fmt.Sprintf("only root of the host can read the kernel's log, but the caller is uid %d", uid)
	} else {
		k.info.Capabilities[kernel.CapDenials] = denylog.Logged
	}
	if uid := k.sys.EUID(); uid != 0 {
		k.info.Missing[kernel.CapEnter] = fmt.Sprintf("only root of the host can enter a cell, but the caller is uid %d", uid)
	} else if _, err := k.Current(); err != nil {
		k.info.Missing[kernel.CapEnter] = "only root of the host can enter a cell, but the caller is in a cell"
	} else {
		k.info.Capabilities[kernel.CapEnter] = abi.CellID + " can be read, which only root of the host can"
	}
}

// EUID is the effective user id of the caller.
func (k *Kernel) EUID() int { return k.sys.EUID() }

// Info says which kernel it is.
func (k *Kernel) Info() kernel.Info {
	k.mu.Lock()
	defer k.mu.Unlock()
	info := k.info
	info.Capabilities, info.Missing = maps.Clone(info.Capabilities), maps.Clone(info.Missing)
	info.Revision, info.RevisionAssumed, info.Findings = k.rev.Revision, k.rev.assumed, slices.Clone(k.rev.findings)
	return info
}

func (k *Kernel) revision() revision {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.rev
}

// Create makes a cell. A kernel that keeps the root only as a text (before current) gets one that was checked
// to be a directory.
func (k *Kernel) Create(s kernel.Spec) (kernel.CellID, error) {
	op := "create cell " + s.Name
	rev := k.revision()
	if err := k.check(op, &s, rev.Revision); err != nil {
		return 0, err
	}
	from := k.now()
	unmade := k.announce(s, from)
	id, err := k.create(op, s, rev.Layout)
	if errors.Is(err, kauth.EINVAL) && !rev.sized && rev.Revision == secmodel.April {
		id, err = k.createEarly(op, s, err)
	}
	if err != nil {
		unmade()
		return 0, err
	}
	k.mu.Lock()
	k.rev.sized = true
	k.mu.Unlock()
	k.remember(id, s, from)
	return id, nil
}

// createEarly tries the structure of Early where the size could not be seen, because there was no cell: the
// kernel refuses a structure of another size without making anything.
func (k *Kernel) createEarly(op string, s kernel.Spec, refused error) (kernel.CellID, error) {
	early, err := abi.NewLayout(secmodel.Early, k.tree.machine)
	if err != nil || s.Nofile != nil || s.AS != nil || s.Core != nil {
		return 0, refused
	}
	id, err := k.create(op, s, early)
	if errors.Is(err, kauth.EINVAL) {
		return 0, refused
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.rev.Layout, k.rev.sized = early, true
	k.rev.found("%s took a structure of %d bytes: early", abi.CellCreate, early.Create.Size)
	return id, err
}

func (k *Kernel) create(op string, s kernel.Spec, l abi.Layout) (kernel.CellID, error) {
	text, err := l.EncodeCreate(abi.FromSpec(&s))
	if err != nil {
		return 0, &kernel.Error{Op: op, Text: err.Error()}
	}
	// The reply must have room for the whole structure: without, a kernel of April makes the cell and keeps its
	// id to itself.
	reply := make([]byte, l.Create.Size)
	n, err := k.tree.call(abi.CellCreate, reply, text)
	if err == nil && n == len(reply) {
		made, err := l.DecodeCreate(reply)
		if err == nil && made.ID != 0 && made.Name == s.Name {
			return kernel.CellID(made.ID), nil
		}
	}
	if leaked := err == kauth.ENOMEM || err == kauth.EFAULT; err == nil || leaked && !l.Revision.Properties().FullReply {
		// The cell may be there although the reply is not. The name belongs to this call: had it been taken
		// before, the kernel would have said EEXIST.
		made := func(c kernel.Cell) bool { return c.Name == s.Name && c.Root == s.Root }
		if c, ok := k.lookUp(l, made); ok {
			return c.ID, nil
		}
	}
	if err == nil {
		return 0, &kernel.Error{Op: op, Text: fmt.Sprintf("the kernel's reply must be %d bytes that name the cell, but is %d bytes and no such cell exists", len(reply), n)}
	}
	return 0, k.createError(op, s, err)
}

// Destroy removes a cell without members.
func (k *Kernel) Destroy(id kernel.CellID) error {
	op := fmt.Sprintf("destroy cell %d", id)
	if id == 0 {
		return &kernel.Error{Op: op, Text: "the cell must be one that was created, but 0 is the host"}
	}
	if _, err := k.tree.call(abi.CellDestroy, nil, abi.EncodeInt(k.tree.machine.Order, uint32(id))); err != nil {
		if cell, listed := k.find(id); listed {
			op = fmt.Sprintf("destroy cell %s", cell.Name)
		}
		return k.destroyError(op, id, err)
	}
	k.forget(id)
	return nil
}

// List gives the cells, ordered by id.
func (k *Kernel) List() ([]kernel.Cell, error) {
	return k.list(k.revision().Layout)
}

func (k *Kernel) list(l abi.Layout) ([]kernel.Cell, error) {
	text, err := k.tree.read(abi.CellList, l.Info.Size)
	if err != nil {
		return nil, k.listError(err)
	}
	infos, err := l.DecodeList(text)
	if err != nil {
		return nil, &kernel.Error{Op: "list the cells", Text: err.Error()}
	}
	cells := make([]kernel.Cell, len(infos))
	for i := range infos {
		cells[i] = infos[i].Cell()
		// Before current the kernel does not tell.
		if c := &cells[i]; c.Created > 0 {
			c.Age = max(k.now().Sub(k.boot)-c.Created, 0)
		}
	}
	slices.SortFunc(cells, func(a, b kernel.Cell) int { return cmp.Compare(a.ID, b.ID) })
	return cells, nil
}

// lookUp gives the cell with a property. A list that can't be had has none: what is looked up here only makes a
// message better, or is looked up because something failed already.
func (k *Kernel) lookUp(l abi.Layout, is func(kernel.Cell) bool) (kernel.Cell, bool) {
	cells, err := k.list(l)
	i := slices.IndexFunc(cells, is)
	if err != nil || i < 0 {
		return kernel.Cell{}, false
	}
	return cells[i], true
}

func (k *Kernel) find(id kernel.CellID) (kernel.Cell, bool) {
	return k.lookUp(k.revision().Layout, func(c kernel.Cell) bool { return c.ID == id })
}

// Denials are read from the kernel's message buffer, which only root of the host can.
func (k *Kernel) Denials() ([]kernel.Denial, error) {
	if _, ok := k.info.Capabilities[kernel.CapDenials]; !ok {
		return nil, kernel.Unsupported(k, kernel.CapDenials)
	}
	text, err := k.tree.read(abi.SystemLog, 1)
	if err != nil {
		return nil, plainError("read the kernel's log", err)
	}
	return denylog.Denials(string(text), k.info.Vocabulary, k.revision().Revision), nil
}

// Uptime is how long ago the kernel started.
func (k *Kernel) Uptime() time.Duration {
	boot, err := k.booted()
	if err != nil {
		boot = k.boot // it told when it was opened
	}
	return max(k.now().Sub(boot), 0)
}

// Current is 0 on the host. The kernel does not tell a member of a cell which one it is in: that is an error.
func (k *Kernel) Current() (kernel.CellID, error) {
	const op = "read the current cell"
	id, err := k.readInt(abi.CellID)
	switch err {
	case nil:
		return kernel.CellID(id), nil
	case kauth.EPERM:
	default:
		return 0, plainError(op, err)
	}
	// Users of the host can't read their cell, but they can read the list, which members can't.
	if _, err := k.List(); err == nil {
		return 0, nil
	}
	return 0, &kernel.Error{
		Op: op, Errno: kauth.EPERM, Text: "the caller must be on the host to be told, but is in a cell",
		Hint: "the kernel does not tell a process which cell it is in",
	}
}

func (k *Kernel) readInt(name string) (uint32, error) {
	text, err := k.tree.read(name, 1)
	if err != nil {
		return 0, err
	}
	return abi.DecodeInt(k.tree.machine.Order, text)
}

// Close gives up nothing: there is no connection to keep.
func (k *Kernel) Close() error { return nil }

// remember keeps what the kernel won't give back. The cell is made, so a failure is only a warning. The list, which has the
// exact time of its creation, is not asked for: it is as long as there are cells.
func (k *Kernel) remember(id kernel.CellID, s kernel.Spec, from time.Time) {
	if k.memory == nil {
		return
	}
	to := k.now()
	boot, err := k.booted()
	if err == nil {
		err = k.memory.Put(boot, state.Entry{Cell: id, Name: s.Name, From: from.Sub(boot), To: to.Sub(boot), Profile: s.Profile, Ports: s.Ports})
	}
	if err != nil {
		k.warn(err)
	}
}

// announce notes what a cell is about to be made with, for the case that this program is killed before it can be remembered, and
// gives what takes that back where the cell is not made. What goes wrong with it goes wrong again when the cell is remembered,
// and is told then.
func (k *Kernel) announce(s kernel.Spec, from time.Time) (unmade func()) {
	if k.memory == nil {
		return func() {}
	}
	boot, err := k.booted()
	if err != nil {
		return func() {}
	}
	e := state.Entry{Name: s.Name, From: from.Sub(boot), Profile: s.Profile, Ports: s.Ports}
	_ = k.memory.Begin(boot, e)
	return func() { _ = k.memory.Drop(boot, e) }
}

// forget drops what was kept of a cell that is gone.
func (k *Kernel) forget(id kernel.CellID) {
	if k.memory == nil {
		return
	}
	boot, err := k.booted()
	if err == nil {
		err = k.memory.Remove(boot, id)
	}
	if err != nil {
		k.warn(err)
	}
}

// Made gives what a cell was made with, if this program has made it. The kernel does not tell.
func (k *Kernel) Made(c kernel.Cell) (kernel.Made, bool) {
	if k.memory == nil {
		return kernel.Made{}, false
	}
	boot, err := k.booted()
	var e state.Entry
	var ok bool
	if err == nil {
		e, ok, err = k.memory.Find(state.Key{Boot: boot, Cell: c.ID, Created: c.Created, Name: c.Name})
	}
	// The memory is root's. Others are told no more than that nothing is known, and not again for each cell.
	if err != nil && !errors.Is(err, fs.ErrPermission) && k.unread.CompareAndSwap(false, true) {
		k.warn(err)
	}
	if !ok {
		return kernel.Made{}, false
	}
	return kernel.MadeWith(&kernel.Spec{Profile: e.Profile, Ports: e.Ports}), true
}
