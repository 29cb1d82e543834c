package sim

import (
	"cmp"
	"container/list"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/sim/fs"
	"cellsh/policy/kauth"
)

// Process is a simulated process. Its methods are system calls: they return 0 or the error number that NetBSD
// returns. A process that has ended makes no calls; they all give ESRCH.
type Process struct {
	k      *Kernel
	pid    int
	parent *Process
	// children by id; zombies stay until they are waited for.
	children map[int]*Process
	place    *list.Element
	cred     *cred
	name     string
	state    procState
	status   int
	// system processes are the kernel's own (PK_SYSTEM).
	system bool
	// sugid: ids or root were changed since the last exec (PK_SUGID).
	sugid bool
	// kmem: the process has opened kernel memory (PK_KMEM).
	kmem   bool
	execed bool

	pgrp *pgrp
	ctty bool
	// root is nil unless the process is chrooted.
	root, cwd *vnode
	umask     uint16
	files     map[int]*file
	limits    [numResources]Rlimit
	nice      int
	class     int
	priority  int
	threads   int
	affinity  []int
	ignored   uint64
	received  []int
	stopped   bool

	// tracer traces the process, tracees are those that it traces itself, by id.
	tracer  *Process
	tracees map[int]*Process
	// ktrace: system calls are traced; ktraceAll: across set-id programs too (KTRFAC_PERSISTENT), ktraceInherit:
	// in children too (KTRFAC_INHERIT).
	ktrace, ktraceAll, ktraceInherit bool

	watchers []*watcher
	corename string

	vmsize uint64
	ticks  uint64
}

type procState uint8

const (
	alive procState = iota
	zombie
	gone
)

// Rlimit is a resource limit: the soft and the hard one. Unlimited is kauth.Unlimited.
type Rlimit struct{ Cur, Max int64 }

// The resources (sys/resource.h).
const (
	rlimitNproc  = 7
	rlimitNofile = 8
	rlimitNthr   = 11

	numResources = 12
)

// watcher is a knote of EVFILT_PROC.
type watcher struct {
	owner *Process
	track bool
}

// pgrp is a process group.
type pgrp struct {
	id      int
	session *session
	members []*Process
}

// session is a session with its controlling terminal.
type session struct {
	id       int
	leader   *Process
	login    string
	loginSet bool
	tty      *tty
}

// file is an open file, shared by the descriptors that refer to it.
type file struct {
	refs        int
	read, write bool
	v           *vnode
	sock        *socket
	sem         *ksem
	tty         *tty
	// master is the terminal that this file is the master of.
	master *tty
	// closed is called when the last descriptor is closed.
	closed func()
}

// maxThreads is kern.maxlwp.
const maxThreads = 2048

const (
	priUser   = 0
	priUserRT = 128
)

func (k *Kernel) newProcess(pid int, parent *Process, c *cred, name string) *Process {
	p := &Process{k: k, pid: pid, parent: parent, cred: c, name: name, children: map[int]*Process{}, files: map[int]*file{},
		umask: 0o022, threads: 1, class: 0, priority: 43}
	if parent == nil {
		p.limits = k.defaultLimits()
		p.corename = "%n.core"
		p.pgrp = &pgrp{id: pid, session: &session{id: pid, leader: p, login: "root"}}
		k.groupsOf[pid] = p.pgrp
		p.cwd = fs.Hold(k.rootVnode())
	} else {
		parent.children[pid] = p
		p.limits, p.nice, p.corename = parent.limits, parent.nice, parent.corename
		p.class, p.priority, p.umask = parent.class, parent.priority, parent.umask
		p.root, p.cwd = fs.Hold(parent.root), fs.Hold(parent.cwd)
		p.pgrp, p.ctty = parent.pgrp, parent.ctty
		p.sugid, p.ignored = parent.sugid, parent.ignored
	}
	p.pgrp.members = append(p.pgrp.members, p)
	k.procs[pid] = p
	p.place = k.all.PushFront(p)
	k.nprocs++
	k.userProcs[c.uid]++
	k.cells.joined(p)
	return p
}

func (k *Kernel) defaultLimits() [numResources]Rlimit {
	const none = kauth.Unlimited
	l := [numResources]Rlimit{}
	for i := range l {
		l[i] = Rlimit{none, none}
	}
	l[2] = Rlimit{256 << 20, 8 << 30}
	l[3] = Rlimit{4 << 20, 128 << 20}
	l[rlimitNproc] = Rlimit{min(160, int64(k.maxProc)), int64(k.maxProc)}
	l[rlimitNofile] = Rlimit{128, defaultMaxFiles}
	l[rlimitNthr] = Rlimit{maxThreads / 2, maxThreads}
	return l
}

// setCred gives the process other credentials, and keeps the books of users and cells.
func (p *Process) setCred(c *cred) {
	k := p.k
	if c.uid != p.cred.uid {
		k.countUser(p.cred.uid, -1)
		k.countUser(c.uid, 1)
	}
	if c.cell != p.cred.cell {
		k.cells.left(p)
		p.cred = c
		k.cells.joined(p)
	}
	p.cred = c
}

func (k *Kernel) countUser(uid uint32, by int) {
	if n := k.userProcs[uid] + by; n > 0 {
		k.userProcs[uid] = n
	} else {
		delete(k.userProcs, uid)
	}
}

// find gives a living process (proc_find), nil if there is none of that id.
func (k *Kernel) find(pid int) *Process {
	if p := k.procs[pid]; p != nil && p.state == alive {
		return p
	}
	return nil
}

func (p *Process) session() *session { return p.pgrp.session }

func (p *Process) leavePgrp() {
	g := p.pgrp
	g.members = slices.DeleteFunc(g.members, func(m *Process) bool { return m == p })
	if len(g.members) == 0 {
		delete(p.k.groupsOf, g.id)
	}
}

// takePID gives the next id that no process and no process group has.
func (k *Kernel) takePID() int {
	for {
		pid := k.nextPID
		if k.nextPID++; k.nextPID > maxPID {
			k.nextPID = 2
		}
		if k.procs[pid] == nil && k.groupsOf[pid] == nil {
			return pid
		}
	}
}

const maxPID = 30000

// forkMessageEvery limits the message about a full process table (kern_fork.c).
const forkMessageEvery = 10 * time.Second

// end makes a zombie of a process (exit1). A parent that does not want to know, and init, never see it.
func (p *Process) end(status int) {
	k := p.k
	if p.state != alive {
		return
	}
	for _, fd := range p.descriptors() {
		p.closeFile(fd)
	}
	p.detachIPC()
	if s := p.session(); s.leader == p && s.tty != nil {
		s.tty.session, s.tty = nil, nil
	}
	fs.Release(p.root)
	fs.Release(p.cwd)
	p.root, p.cwd = nil, k.rootVnode()
	for _, c := range k.children(p) {
		delete(p.children, c.pid)
		c.parent = k.init
		k.init.children[c.pid] = c
		if c.state == zombie {
			c.reap()
		}
	}
	// Whom it traced is killed.
	orphans := slices.Sorted(maps.Keys(p.tracees))
	p.state, p.status = zombie, status
	p.traceBy(nil)
	k.all.Remove(p.place)
	p.place = k.zombies.PushFront(p)
	p.watchers = nil
	for _, pid := range orphans {
		t := p.tracees[pid]
		t.traceBy(nil)
		k.logf("pid %d was killed: orphaned traced process", pid)
		t.deliver(sigKill)
	}
	if p.parent == k.init || p.parent.ignored>>sigChld&1 != 0 {
		p.reap()
	}
}

// reap removes a zombie for good.
func (p *Process) reap() {
	k := p.k
	k.zombies.Remove(p.place)
	delete(k.procs, p.pid)
	delete(p.parent.children, p.pid)
	p.leavePgrp()
	p.state = gone
	k.nprocs--
	k.countUser(p.cred.uid, -1)
	k.cells.left(p)
}

// children of the process, by id.
func (k *Kernel) children(p *Process) []*Process {
	list := make([]*Process, 0, len(p.children))
	for _, c := range p.children {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *Process) int { return cmp.Compare(a.pid, b.pid) })
	return list
}

func (p *Process) descriptors() []int {
	fds := make([]int, 0, len(p.files))
	for fd := range p.files {
		fds = append(fds, fd)
	}
	slices.Sort(fds)
	return fds
}

// openFile gives a file the lowest free descriptor, EMFILE beyond the limit.
func (p *Process) openFile(f *file) (int, kauth.Errno) {
	for fd := 0; int64(fd) < p.limits[rlimitNofile].Cur; fd++ {
		if p.files[fd] == nil {
			f.refs++
			p.files[fd] = f
			return fd, 0
		}
	}
	return -1, kauth.EMFILE
}

var callClose = Call{
	Name: "close",
	Doc:  "Asks nobody.",
	Params: []Param{
		{Name: "fd", Kind: Integer, Doc: "descriptor", Min: 0, Max: math.MaxInt32},
	},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.closeFile(a.int("fd"))
	},
}

func (p *Process) closeFile(fd int) kauth.Errno {
	f := p.files[fd]
	if f == nil {
		return kauth.EBADF
	}
	delete(p.files, fd)
	if f.refs--; f.refs > 0 {
		return 0
	}
	p.k.lastClose(f)
	return 0
}

// lastClose is what happens when nothing refers to an open file any more.
func (k *Kernel) lastClose(f *file) {
	fs.Release(f.v)
	if f.closed != nil {
		f.closed()
	}
	if f.tty != nil {
		f.tty.close()
	}
	if f.sock != nil {
		k.net.closeSocket(f.sock)
	}
}

// SpawnSpec says what a new process is like. The zero SpawnSpec is a root process of the host.
type SpawnSpec struct {
	// Parent of the process; nil is init, and then the process leads a session of its own, as daemons do.
	Parent *Process
	// Cell that the process is in; it is chrooted to the cell's root then.
	Cell kernel.CellID
	// Root is the directory it is chrooted to, "" for the cell's root or none.
	Root string
	// UID and GID are the real ids. The effective and saved ones are the same unless given.
	UID, GID           uint32
	EUID, EGID         *uint32
	SavedUID, SavedGID *uint32
	// Groups are the supplementary groups; nil is GID alone.
	Groups []uint32
	// Name of the program, "" for "sh".
	Name string
	// ChangedIDs marks it as having changed ids or root since its last exec (PK_SUGID), as it is until it
	// executes another program. Without it the process is as after that exec.
	ChangedIDs bool
	// VMSize is its virtual size in bytes; 0 is 16 MB.
	VMSize uint64
	// PID that it should have, 0 for the next free one.
	PID int
}

const defaultVMSize = 16 << 20

// Spawn puts a process into the system without any system call, so nobody is asked. It is how tests and scripts
// begin. The error says what is wrong with the spec.
func (k *Kernel) Spawn(s SpawnSpec) (*Process, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	refuse := func(form string, args ...any) (*Process, error) {
		return nil, &kernel.Error{Op: "spawn a process", Text: fmt.Sprintf(form, args...)}
	}
	parent := s.Parent
	if parent == nil {
		parent = k.init
	}
	if parent.k != k || parent.state != alive {
		return refuse("the parent must be a living process of this kernel, but is not")
	}
	if k.nprocs >= k.maxProc-1 {
		return refuse("there must be fewer than %d processes (kern.maxproc), but there are %d", k.maxProc-1, k.nprocs)
	}
	pid := s.PID
	switch {
	case pid == 0:
		pid = k.takePID()
	case pid < 2 || pid > maxPID:
		return refuse("the process id must be 2 to %d, but is %d", maxPID, pid)
	case k.procs[pid] != nil || k.groupsOf[pid] != nil:
		return refuse("the process id must be free, but %d is taken", pid)
	}
	var root *vnode
	home := k.cells.byID[s.Cell]
	if s.Cell != 0 {
		if home == nil {
			return refuse("the cell must exist, but there is no cell %d", s.Cell)
		}
		root = home.rootVnode
		if root == nil {
			f, e := fs.Walk(&cred{}, k.rootVnode(), k.rootVnode(), home.root, true, false)
			if e != 0 || !f.File.IsDir() {
				return refuse("the root of cell %s must be a directory, but %s is none", home.name, home.root)
			}
			root = f.File
		}
	}
	if s.Root != "" {
		f, e := fs.Walk(&cred{}, k.rootVnode(), k.rootVnode(), s.Root, true, false)
		if e != 0 || !f.File.IsDir() {
			return refuse("the root must be a directory, but %s is none", s.Root)
		}
		root = f.File
	}
	pick := func(v *uint32, otherwise uint32) uint32 {
		if v != nil {
			return *v
		}
		return otherwise
	}
	c := &cred{uid: s.UID, gid: s.GID, cell: home, groups: slices.Clone(s.Groups)}
	c.euid, c.egid = pick(s.EUID, s.UID), pick(s.EGID, s.GID)
	c.svuid, c.svgid = pick(s.SavedUID, c.euid), pick(s.SavedGID, c.egid)
	if s.Groups == nil {
		c.groups = []uint32{s.GID}
	}
	name := s.Name
	if name == "" {
		name = "sh"
	}
	p := k.newProcess(pid, parent, c, name)
	p.sugid, p.execed = s.ChangedIDs, !s.ChangedIDs
	if s.Parent == nil {
		p.enterPgrp(pid, pid, true)
	}
	p.vmsize = s.VMSize
	if p.vmsize == 0 {
		p.vmsize = defaultVMSize
	}
	if root != nil {
		fs.Release(p.root)
		fs.Release(p.cwd)
		p.root, p.cwd = fs.Hold(root), fs.Hold(root)
	}
	return p, nil
}

// PID is the process id.
func (p *Process) PID() int { return p.pid }

// String is "311 httpd".
func (p *Process) String() string {
	p.k.mu.Lock()
	defer p.k.mu.Unlock()
	return p.label()
}

func (p *Process) label() string { return fmt.Sprintf("%d %s", p.pid, p.name) }

// Cell is the cell that the process is in, 0 for the host.
func (p *Process) Cell() kernel.CellID {
	p.k.mu.Lock()
	defer p.k.mu.Unlock()
	return p.cred.cell.number()
}

// Alive reports whether the process still runs; zombies do not.
func (p *Process) Alive() bool {
	p.k.mu.Lock()
	defer p.k.mu.Unlock()
	return p.state == alive
}

// ChangedIDs reports whether ids or root were changed since the last exec (PK_SUGID).
func (p *Process) ChangedIDs() bool {
	p.k.mu.Lock()
	defer p.k.mu.Unlock()
	return p.sugid
}

// Root is the directory that the process is chrooted to, as the host sees it; "/" for none.
func (p *Process) Root() string {
	p.k.mu.Lock()
	defer p.k.mu.Unlock()
	if p.root == nil {
		return "/"
	}
	return p.root.Path()
}

// Signals are those that the process got and survived, in the order of arrival.
func (p *Process) Signals() []int {
	p.k.mu.Lock()
	defer p.k.mu.Unlock()
	return slices.Clone(p.received)
}

// Credential is a copy of a process's ids.
type Credential struct {
	UID, EUID, SavedUID uint32
	GID, EGID, SavedGID uint32
	Groups              []uint32
	Cell                kernel.CellID
}

func (c *cred) export() Credential {
	return Credential{c.uid, c.euid, c.svuid, c.gid, c.egid, c.svgid, slices.Clone(c.groups), c.cell.number()}
}

// String is "uid 0, euid 1000, cell 3"; ids that are equal to the real one are left out.
func (c Credential) String() string {
	parts := []string{fmt.Sprintf("uid %d", c.UID)}
	if c.EUID != c.UID {
		parts = append(parts, fmt.Sprintf("euid %d", c.EUID))
	}
	if c.Cell != 0 {
		parts = append(parts, fmt.Sprintf("cell %d", c.Cell))
	}
	return strings.Join(parts, ", ")
}

// Credential gives the ids of the process.
func (p *Process) Credential() Credential {
	p.k.mu.Lock()
	defer p.k.mu.Unlock()
	return p.cred.export()
}

// Run accounts processor time to the process, as if it had run for so long. The clock does not move; the samples
// of its cell show it after the next full second.
func (p *Process) Run(d time.Duration) {
	p.k.mu.Lock()
	defer p.k.mu.Unlock()
	p.ticks += uint64(max(d, 0)) * uint64(p.k.hz) / uint64(time.Second)
}

// SetVMSize gives the process another virtual size in bytes.
func (p *Process) SetVMSize(bytes uint64) {
	p.k.mu.Lock()
	defer p.k.mu.Unlock()
	p.vmsize = bytes
}

// parentPID is the id of the parent, 0 without one.
func (p *Process) parentPID() int {
	if p.parent == nil {
		return 0
	}
	return p.parent.pid
}
