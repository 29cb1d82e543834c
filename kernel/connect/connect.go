package connect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/disk"
	"cellsh/kernel/host"
	"cellsh/kernel/launch"
	"cellsh/kernel/members"
	"cellsh/kernel/monitor/rundir"
	"cellsh/kernel/netbsd"
	"cellsh/kernel/process"
	"cellsh/kernel/sim"
	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/progress"
)

// Options of Open.
type Options struct {
	// Target is "sim", "sim:FILE" or "netbsd". "" is the running system where that is NetBSD, else "sim": on NetBSD nobody gets
	// a simulated kernel who has not asked for one. Words after
	// sim say how the simulated kernel is built: "sim,april" has that revision of secmodel_cell, "sim,stock" no evaluation
	// model; both go together, and with a file: "sim,april,stock:FILE".
	Target string
	// ReadOnly refuses whatever would change the kernel. A state file is not locked then.
	ReadOnly bool
	// Patience is how long to wait for another writer of a state file; commands are done soon, a session is not.
	Patience time.Duration
	// Now is the clock that moves that of a simulated kernel.
	Now func() time.Time
	// Machine is the one whose kernel is meant.
	Machine Machine
	// Work that waiting for other programs is part of; nil can't be stopped.
	Work *progress.Work
	// Warn is told of what went wrong beside something that succeeded; nil for nobody.
	Warn func(error)
	// After gives a channel that is sent the time once, after the duration; nil is the system's clock.
	After func(time.Duration) <-chan time.Time
}

// Machine is what a program runs on. The zero value is the machine that it does run on; others are for tests, which must
// not reach that.
type Machine struct {
	// System stands for the running NetBSD; nil is the running system, whatever it is.
	System netbsd.System
	// Foreign is the name of a system that is not NetBSD, as linux/amd64, and has no cells; it stands for the running system
	// unless it is "".
	Foreign string
	// Folder is where notes about the running NetBSD are kept; "" is /var/db/cellsh.
	Folder string
	// Policies is the folder with the policies for boot; "" is /etc/cellsh/policy.d.
	Policies string
	// Hooks is the folder with the hooks of cellsh watch; "" is /etc/cellsh/hooks.d.
	Hooks string
	// Run is the run directory of services; "" is /var/run/cellsh.
	Run string
}

// isNetBSD reports whether the system is NetBSD, with cells or without.
func (m *Machine) isNetBSD() bool {
	return m.System != nil || m.Foreign == "" && runtime.GOOS == "netbsd"
}

// Where things are (hier(7)): what the kernel does not keep, and the policies for boot.
const (
	defaultFolder   = "/var/db/cellsh"
	defaultPolicies = "/etc/cellsh/policy.d"
	defaultHooks    = "/etc/cellsh/hooks.d"
)

// folder is where notes are.
func (m *Machine) folder() string { return cmp.Or(m.Folder, defaultFolder) }

// BootFolder is the folder with the policies for boot.
func (m *Machine) BootFolder() string { return cmp.Or(m.Policies, defaultPolicies) }

// HookFolder is the folder with hooks.
func (m *Machine) HookFolder() string { return cmp.Or(m.Hooks, defaultHooks) }

// RunDir is where the state of services is.
func (m *Machine) RunDir() rundir.Dir { return cmp.Or(rundir.Dir(m.Run), rundir.Default) }

// Connection is a kernel in use, with what is kept beside it. It is not safe for concurrent use.
type Connection struct {
	kernel.Kernel
	// Simulator is the simulated kernel where there is one that may be changed, else nil.
	Simulator *sim.Kernel
	// Launcher runs commands in cells.
	Launcher launch.Launcher
	// Members are the processes in cells.
	Members members.Members
	// Place is which kernel it is, for what outlives the connection: see Place.
	Place string
	// Groups of the host, by name.
	Groups policy.Groups
	// Owners are the ids of the users of this machine who decide what the kernel is given at boot: root, and whoever has a
	// simulated kernel.
	Owners []int

	// reach are the Members without the restriction of a read-only view; nil if they are Members.
	reach members.Members
	// whole is the kernel without the restriction of a read-only view; nil if it is Kernel.
	whole  kernel.Kernel
	keeper keeper
	clock  *clock
	watch  watch
}

// Whole describes the kernel as it is for those who may change it, also to those who may not.
func (c *Connection) Whole() kernel.Info {
	if c.whole != nil {
		return c.whole.Info()
	}
	return c.Info()
}

// Reach are the Members for who may send them signals, which changes neither cells nor policies and needs no lock, also where
// the connection is read-only. Whether the user wants that is for the caller to ask.
func (c *Connection) Reach() members.Members {
	if c.reach != nil {
		return c.reach
	}
	return c.Members
}

// keeper keeps the notes of a connection, and the kernel's state where it does not keep it itself.
type keeper interface {
	// The lock keeps other programs from changing kernel and notes.
	host.Notebook
	save() error
	// settle is save if cells or notes have changed.
	settle() error
	close() error
}

// Open connects to the kernel.
func Open(o Options) (*Connection, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Warn == nil {
		o.Warn = func(error) {}
	}
	if o.After == nil {
		o.After = time.After
	}
	t, err := parseTarget(o.Target)
	if err != nil {
		return nil, err
	}
	c, err := openTarget(&t, o)
	if err == nil {
		c.Place, err = Place(o.Target, &o.Machine)
	}
	return c, err
}

func openTarget(t *target, o Options) (*Connection, error) {
	switch {
	case t.isNetBSD(&o.Machine):
		return openNetBSD(o)
	case t.file == "":
		return openMemory(t, o)
	}
	return openFile(t, o)
}

// Place is which kernel a target names, the same for all names of it: "netbsd", "sim:" and the absolute path of the file that
// has its state, or "sim" for one that ends with the program. Neither the kernel nor the file need exist.
func Place(name string, m *Machine) (string, error) {
	t, err := parseTarget(name)
	switch {
	case err != nil:
		return "", err
	case t.isNetBSD(m):
		return "netbsd", nil
	case t.file == "":
		return "sim", nil
	}
	path, err := filepath.Abs(t.file)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	} else if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(dir, filepath.Base(path))
	}
	return "sim:" + path, nil
}

// ReadNotes gives what is kept beside the kernel.
func (c *Connection) ReadNotes() ([]byte, error) { return c.keeper.ReadNotes() }

// WriteNotes replaces it, whole or not at all; refused if the connection is read-only.
func (c *Connection) WriteNotes(text []byte) error { return c.keeper.WriteNotes(text) }

// SetAside keeps what can't be used of it out of the way, and says where; refused if the connection is read-only.
func (c *Connection) SetAside() (where string, err error) { return c.keeper.SetAside() }

// Lock keeps other programs from changing the kernel or what is kept beside it, until unlock. It waits for them.
func (c *Connection) Lock() (unlock func(), err error) { return c.keeper.Lock() }

// Ephemeral reports whether the kernel's state ends with the program.
func (c *Connection) Ephemeral() bool {
	_, kept := c.Info().Capabilities[kernel.CapState]
	return !kept
}

// Tick moves the clock of a simulated kernel by the time that has passed since the last Tick, or since Open.
func (c *Connection) Tick() {
	if c.clock != nil {
		c.clock.tick()
	}
}

// Save writes the state of a simulated kernel that is kept in a file; for others it does nothing.
func (c *Connection) Save() error { return c.keeper.save() }

// Settle is Save if cells, their programs or the notes have changed since the last time. It costs next to nothing if they
// have not.
func (c *Connection) Settle() error { return c.keeper.settle() }

// Close saves, and gives the connection up.
func (c *Connection) Close() error {
	return errors.Join(c.keeper.save(), c.keeper.close(), c.Kernel.Close())
}

// unshared is the lock of what nobody else can change anyway.
func unshared() (unlock func(), err error) { return func() {}, nil }

// clock moves the clock of a simulated kernel as time passes. It is safe for concurrent use.
type clock struct {
	k   *sim.Kernel
	now func() time.Time
	mu  sync.Mutex
	// last is what the clock of the machine said when that of the kernel was moved last.
	last time.Time
}

func newClock(k *sim.Kernel, now func() time.Time) *clock { return &clock{k: k, now: now, last: now()} }

func (c *clock) tick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if d := now.Sub(c.last); d > 0 {
		c.k.Advance(d)
	}
	c.last = now
}

func (c *clock) moved() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

// memory keeps notes until the program ends, as the kernel beside them.
type memory struct{ host.Memory }

func (*memory) save() error   { return nil }
func (*memory) settle() error { return nil }
func (*memory) close() error  { return nil }

func openMemory(t *target, o Options) (*Connection, error) {
	k, err := sim.New(t.build)
	if err != nil {
		return nil, err
	}
	return simulated(k, k, &memory{}, alone{}, o), nil
}

// simulated makes the connection to a simulated kernel, which k may wrap.
func simulated(k kernel.Kernel, s *sim.Kernel, keep keeper, w watch, o Options) *Connection {
	c := &Connection{Kernel: k, Simulator: s, Groups: simGroups(sim.DefaultGroups()), keeper: keep, clock: newClock(s, o.Now), watch: w, Owners: []int{0}}
	if uid := os.Geteuid(); uid > 0 {
		c.Owners = append(c.Owners, uid)
	}
	sessions := &members.Sessions{Warn: o.Warn}
	if f, kept := keep.(*stateFile); kept {
		sessions.Folder = f.path + ".sessions"
		c.clock = f.clock
	}
	c.Launcher, c.Members = &launch.Local{Register: register(s), Started: sessions.Began}, sessions
	if o.ReadOnly {
		return c.ReadOnlyView()
	}
	return c
}

// ReadOnlyView gives the same kernel to somebody who must not change it. It needs no Close of its own.
func (c *Connection) ReadOnlyView() *Connection {
	return &Connection{Kernel: kernel.ReadOnly(c.Kernel), whole: c.Kernel, Launcher: refusing{}, Members: members.ReadOnly(c.Members), reach: c.Reach(), Place: c.Place, Groups: c.Groups, Owners: c.Owners, keeper: readOnly{c.keeper}, clock: c.clock, watch: c.watch}
}

// register lets a command of this machine be a process of the simulated kernel while it runs.
func register(k *sim.Kernel) func(kernel.Cell, launch.Account) (func(launch.Status), error) {
	return func(c kernel.Cell, a launch.Account) (func(launch.Status), error) {
		p, err := k.Spawn(sim.SpawnSpec{Cell: c.ID, UID: a.UID, GID: a.GID, Groups: a.Groups, Name: a.Name})
		if err != nil {
			return nil, err
		}
		return func(s launch.Status) {
			p.Exit(s.Exit())
			// Its parent is init, which waits for all its children.
			k.Init().Wait()
		}, nil
	}
}

// readOnly refuses new notes, and writes nothing.
type readOnly struct{ keeper }

func (readOnly) WriteNotes([]byte) error   { return kernel.RefuseReadOnly("load a policy") }
func (readOnly) SetAside() (string, error) { return "", kernel.RefuseReadOnly("load a policy") }
func (readOnly) Lock() (func(), error)     { return unshared() }
func (readOnly) save() error               { return nil }
func (readOnly) settle() error             { return nil }

// refusing is the launcher of a connection that is read-only: a command could change anything.
type refusing struct{}

func (refusing) Run(_ context.Context, c launch.Command, _ launch.Files) (launch.Status, error) {
	return launch.Status{}, &launch.NotStarted{Err: kernel.RefuseReadOnly("run a command in cell " + c.Cell.Name), Code: 1}
}

// nowhere is the launcher where something stands for the running system: there is no process that could enter a cell.
type nowhere struct{ euid int }

func (n nowhere) Run(_ context.Context, c launch.Command, _ launch.Files) (launch.Status, error) {
	return launch.Status{}, &launch.NotStarted{Err: n.refuse("exec in cell " + c.Cell.Name), Code: 1}
}

// Processes and Signal refuse, too.
func (n nowhere) Processes(c kernel.Cell) ([]process.Process, error) {
	return nil, n.refuse("see the members of cell " + c.Name)
}

func (n nowhere) Signal(c kernel.Cell, _ syscall.Signal) (int, error) {
	return 0, n.refuse("send a signal to cell " + c.Name)
}

func (n nowhere) refuse(op string) *kernel.Error {
	err := &kernel.Error{Op: op, Text: "the kernel must be the running one, but something stands for it"}
	if n.euid != 0 {
		err = kernel.NotRoot(op, n.euid)
	}
	return err
}

// folder keeps notes about the running NetBSD in a file, for a caller with that user id.
type folder struct {
	path string
	euid int
	work *progress.Work
}

func (f folder) notes() string { return filepath.Join(f.path, "generations") }

// ReadNotes has the errno EACCES where only root may read.
func (f folder) ReadNotes() ([]byte, error) {
	text, err := os.ReadFile(f.notes())
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, nil
	case errors.Is(err, os.ErrPermission) && f.euid != 0:
		return nil, f.rootOnly("read which generations there are", kauth.EACCES)
	case err != nil:
		return nil, &kernel.Error{Op: "read the generations", Text: fmt.Sprintf("the file %s must be readable, but is not: %s", f.notes(), disk.Cause(err))}
	}
	return text, nil
}

func (f folder) rootOnly(op string, errno kauth.Errno) error {
	e := kernel.NotRoot(op, f.euid)
	e.Errno = errno
	return e
}

// WriteNotes is for who has locked.
func (f folder) WriteNotes(text []byte) error {
	err := disk.Replace(f.notes(), text)
	if err == nil {
		return nil
	}
	return &kernel.Error{Op: "note the generation", Text: fmt.Sprintf("the file %s must be writable, but is not: %s", f.notes(), disk.Cause(err))}
}

// SetAside renames the file, to one that does not exist yet, as long as there are not too many of them: then the last is replaced.
func (f folder) SetAside() (where string, err error) {
	const most = 9
	for i := 1; i <= most; i++ {
		where = fmt.Sprintf("%s.damaged.%d", f.notes(), i)
		if _, err := os.Lstat(where); errors.Is(err, os.ErrNotExist) {
			break
		}
	}
	return where, os.Rename(f.notes(), where)
}

// Lock is for all programs that use the folder.
func (f folder) Lock() (unlock func(), err error) {
	err = os.MkdirAll(f.path, 0o700)
	if err == nil {
		ctx, end := f.work.Listen()
		unlock, err = disk.LockUntil(ctx, f.notes()+".lock", func(b *disk.BusyError) { f.work.At(waiting(b)) })
		end()
		if errors.Is(err, context.Canceled) {
			f.work.Check()
			return nil, progress.ErrStopped // what must not be stopped half-way does not wait any more
		}
	}
	switch {
	case err == nil:
		return unlock, nil
	case errors.Is(err, os.ErrPermission) && f.euid != 0:
		return nil, f.rootOnly("change cells or policies", kauth.EPERM)
	}
	hint := ""
	if disk.ReadOnly(err) {
		hint = "its file system is mounted read-only: mount it for writing"
	}
	return nil, &kernel.Error{Op: "lock the generations", Text: fmt.Sprintf("the folder %s must be writable, but is not: %s", f.path, disk.Cause(err)), Hint: hint}
}

// waiting is the step of who waits for a lock.
func waiting(b *disk.BusyError) progress.Step {
	who := "another program"
	if b.PID > 0 {
		who = fmt.Sprintf("process %d", b.PID)
	}
	return progress.Step{Doing: "waiting for " + who + ", which holds " + b.Path}
}

func (folder) save() error   { return nil }
func (folder) settle() error { return nil }
func (folder) close() error  { return nil }

func openNetBSD(o Options) (*Connection, error) {
	if o.Machine.System == nil && o.Machine.Foreign != "" {
		return nil, netbsd.NotNetBSD(o.Machine.Foreign)
	}
	path := o.Machine.folder()
	k, err := netbsd.Open(netbsd.Options{State: filepath.Join(path, "cells"), Warn: o.Warn, Now: o.Now, System: o.Machine.System})
	if err != nil {
		return nil, err
	}
	c := &Connection{Kernel: k, Launcher: &launch.Cells{}, Members: &members.Cells{}, Groups: hostGroups{}, Owners: []int{0}, keeper: folder{path, k.EUID(), o.Work}, watch: &going{k, o.After}}
	if o.Machine.System != nil {
		// A helper would enter a cell of the running system.
		c.Launcher, c.Members = nowhere{k.EUID()}, nowhere{k.EUID()}
	}
	if o.ReadOnly {
		return c.ReadOnlyView(), nil
	}
	return c, nil
}
