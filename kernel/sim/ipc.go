package sim

import (
	"math"
	"slices"
	"strings"

	"cellsh/policy/kauth"
	"cellsh/policy/stock"
)

// The accesses that System V IPC asks for (sys/ipc.h).
const (
	ipcRead   = 0o400
	ipcWrite  = 0o200
	ipcModify = 0o10000
)

// ipcPerm is struct ipc_perm.
type ipcPerm struct {
	uid, gid, cuid, cgid uint32
	mode                 uint16
}

func permOf(c *cred, mode int) ipcPerm {
	return ipcPerm{c.euid, c.egid, c.euid, c.egid, uint16(mode) & 0o777}
}

// allows is what sysvipc_listener looks at: the first class that the caller is in decides.
func (p *ipcPerm) allows(c *cred, want int) bool {
	owner := c.euid == p.uid || c.euid == p.cuid
	if want == ipcModify {
		return owner
	}
	mask := uint16(0)
	if want&ipcRead != 0 {
		mask |= 4
	}
	if want&ipcWrite != 0 {
		mask |= 2
	}
	mode := p.mode
	switch {
	case owner:
		mode >>= 6
	case c.GroupMember(p.gid) || c.GroupMember(p.cgid):
		mode >>= 3
	}
	return mode&mask == mask
}

// ipcObject is a segment of shared memory, a set of semaphores or a message queue.
type ipcObject struct {
	kind string
	id   int
	key  int
	perm ipcPerm
	// size is bytes of a segment, semaphores of a set, or the limit of a queue's bytes.
	size     int
	attached int
	locked   bool
	removed  bool
}

// ksem is a POSIX semaphore, mqueue a POSIX message queue.
type ksem struct {
	name     string
	uid, gid uint32
	mode     uint16
}

type mqueue struct {
	uid, gid uint32
	mode     uint16
}

type ipc struct {
	objects  map[int]*ipcObject
	next     int
	attached map[*Process][]*ipcObject
	sems     map[string]*ksem
	queues   map[string]*mqueue
}

func newIPC() ipc {
	return ipc{map[int]*ipcObject{}, 65536, map[*Process][]*ipcObject{}, map[string]*ksem{}, map[string]*mqueue{}}
}

const maxQueueBytes = 2048

var (
	reqBypassIPC = kauth.MustFind("system.sysvipc.bypass")
	reqShmLock   = kauth.MustFind("system.sysvipc.shm_lock")
	reqShmUnlock = kauth.MustFind("system.sysvipc.shm_unlock")
	reqOversize  = kauth.MustFind("system.sysvipc.msgq_oversize")
	reqSemaphore = kauth.MustFind("system.semaphore")
	reqMqueue    = kauth.MustFind("system.mqueue")
)

// ipcperm is asked at every access to an object that exists. Despite the request's name root needs it too.
func (p *Process) ipcperm(o *ipcObject, want int) kauth.Errno {
	q := p.ask(reqBypassIPC).with(kauth.FieldMode, int64(want)).fact(stock.IPCModeAllows, o.perm.allows(p.cred, want))
	e := q.answer()
	if e != 0 && want != ipcModify {
		return kauth.EACCES
	}
	return e
}

var callIpcget = Call{
	Name: "ipcget",
	Doc:  "shmget(2), semget(2) or msgget(2). Making an object asks nobody; getting an existing one asks system.sysvipc.bypass: EACCES.",
	Params: []Param{
		{Name: "kind", Kind: Word, Doc: "shared memory, semaphores or messages", Words: []string{"shm", "sem", "msg"}},
		{Name: "key", Kind: Integer, Doc: "key, 0 for a private object", Min: 0, Max: math.MaxInt32, Optional: true, Default: int64(0)},
		{Name: "size", Kind: Integer, Doc: "bytes or number of semaphores", Min: 0, Max: math.MaxInt32, Optional: true, Default: int64(1)},
		{Name: "mode", Kind: Integer, Doc: "permissions", Min: 0, Max: 0o777, Optional: true, Default: int64(0o600)},
		{Name: "create", Kind: Switch, Doc: "make it if it is missing", Optional: true, Default: true},
		{Name: "exclusive", Kind: Switch, Doc: "fail if it exists", Optional: true},
	},
	Returns: "the object's id",
	Asks:    []string{"system.sysvipc.bypass", "system.module"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		id, e := p.ipcget(a.text("kind"), a.int("key"), a.int("size"), a.int("mode"), a.on("create"), a.on("exclusive"))
		return int64(id), e
	},
}

// Ipcget is shmget(2), semget(2) or msgget(2), by the kind "shm", "sem" or "msg". Key 0 is IPC_PRIVATE; making
// an object asks nobody.
func (p *Process) Ipcget(kind string, key, size, mode int, create bool) (int, kauth.Errno) {
	id := -1
	e := p.call(func() (e kauth.Errno) { id, e = p.ipcget(kind, key, size, mode, create, false); return e })
	return id, e
}

func (p *Process) ipcget(kind string, key, size, mode int, create, exclusive bool) (int, kauth.Errno) {
	if e := p.callOf("sysv_ipc"); e != 0 {
		return -1, e
	}
	n := &p.k.ipc
	if key != 0 {
		for _, o := range n.objects {
			if o.kind != kind || o.key != key || o.removed {
				continue
			}
			if kind != "sem" && create && exclusive {
				return -1, kauth.EEXIST
			}
			want := mode & 0o700
			if kind == "shm" {
				want = mode & 0o777
			}
			if e := p.ipcperm(o, want); e != 0 {
				return -1, e
			}
			switch {
			case size > o.size && kind != "msg":
				return -1, kauth.EINVAL
			case create && exclusive:
				return -1, kauth.EEXIST
			}
			return o.id, 0
		}
		if !create {
			return -1, kauth.ENOENT
		}
	}
	if kind == "msg" {
		size = maxQueueBytes
	}
	if size <= 0 {
		return -1, kauth.EINVAL
	}
	n.next++
	n.objects[n.next] = &ipcObject{kind: kind, id: n.next, key: key, perm: permOf(p.cred, mode), size: size}
	return n.next, 0
}

func (p *Process) ipcObject(kind string, id int) (*ipcObject, kauth.Errno) {
	if e := p.callOf("sysv_ipc"); e != 0 {
		return nil, e
	}
	o := p.k.ipc.objects[id]
	if o == nil || o.kind != kind || o.removed {
		return nil, kauth.EINVAL
	}
	return o, 0
}

var callShmat = Call{
	Name: "shmat",
	Doc:  "Attaches a segment. Asks system.sysvipc.bypass with mode 256 or 384: EACCES.",
	Params: []Param{
		{Name: "id", Kind: Integer, Doc: "object", Min: 0, Max: math.MaxInt32},
		{Name: "readonly", Kind: Switch, Doc: "only for reading", Optional: true},
	},
	Asks: []string{"system.sysvipc.bypass", "system.module"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.shmat(a.int("id"), a.on("readonly"))
	},
}

// Shmat is shmat(2).
func (p *Process) Shmat(id int, readonly bool) kauth.Errno {
	return p.call(func() kauth.Errno { return p.shmat(id, readonly) })
}

func (p *Process) shmat(id int, readonly bool) kauth.Errno {
	o, e := p.ipcObject("shm", id)
	if e != 0 {
		return e
	}
	want := ipcRead | ipcWrite
	if readonly {
		want = ipcRead
	}
	if e := p.ipcperm(o, want); e != 0 {
		return e
	}
	o.attached++
	p.k.ipc.attached[p] = append(p.k.ipc.attached[p], o)
	return 0
}

var callShmdt = Call{
	Name: "shmdt",
	Doc:  "Detaches a segment. Asks nobody.",
	Params: []Param{
		{Name: "id", Kind: Integer, Doc: "object", Min: 0, Max: math.MaxInt32},
	},
	Asks: []string{"system.module"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.shmdt(a.int("id"))
	},
}

func (p *Process) shmdt(id int) kauth.Errno {
	if e := p.callOf("sysv_ipc"); e != 0 {
		return e
	}
	n := &p.k.ipc
	i := slices.IndexFunc(n.attached[p], func(o *ipcObject) bool { return o.id == id })
	if i < 0 {
		return kauth.EINVAL
	}
	o := n.attached[p][i]
	n.attached[p] = slices.Delete(n.attached[p], i, i+1)
	n.detach(o)
	return 0
}

func (n *ipc) detach(o *ipcObject) {
	if o.attached--; o.attached == 0 && o.removed {
		delete(n.objects, o.id)
	}
}

// detachIPC and inheritIPC keep the attached segments at exec, exit and fork.
func (p *Process) detachIPC() {
	n := &p.k.ipc
	for _, o := range n.attached[p] {
		n.detach(o)
	}
	delete(n.attached, p)
}

func (p *Process) inheritIPC(c *Process) {
	n := &p.k.ipc
	if list := n.attached[p]; len(list) > 0 {
		n.attached[c] = slices.Clone(list)
		for _, o := range list {
			o.attached++
		}
	}
}

var callIpcctl = Call{
	Name: "ipcctl",
	Doc:  "shmctl(2), semctl(2) or msgctl(2). Asks system.sysvipc.bypass: EACCES, but EPERM for set and rmid, which are for the owner. lock and unlock ask system.sysvipc.shm_lock and .shm_unlock, a queue's larger size .msgq_oversize: EPERM.",
	Params: []Param{
		{Name: "kind", Kind: Word, Doc: "shared memory, semaphores or messages", Words: []string{"shm", "sem", "msg"}},
		{Name: "cmd", Kind: Word, Doc: "command", Words: []string{"stat", "set", "rmid", "lock", "unlock", "getval", "setval"}},
		{Name: "id", Kind: Integer, Doc: "object", Min: 0, Max: math.MaxInt32},
		{Name: "uid", Kind: Integer, Doc: "new owner", Min: 0, Max: math.MaxUint32, Optional: true},
		{Name: "gid", Kind: Integer, Doc: "new group", Min: 0, Max: math.MaxUint32, Optional: true},
		{Name: "mode", Kind: Integer, Doc: "new permissions", Min: 0, Max: 0o777, Optional: true, Default: int64(0o600)},
		{Name: "size", Kind: Integer, Doc: "new limit of a queue's bytes, 0 to keep it", Min: 0, Max: math.MaxInt32, Optional: true, Default: int64(0)},
	},
	Asks: []string{"system.sysvipc", "system.module"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.ipcctl(a.text("kind"), a.text("cmd"), a.int("id"), a.uint32("uid"), a.uint32("gid"), a.int("mode"), a.int("size"))
	},
}

// ipcctl is shmctl(2), semctl(2) and msgctl(2): cmd is "stat", "set", "rmid", "lock", "unlock", "getval" or
// "setval". size is the new limit of a queue's bytes for "set", 0 to keep it.
func (p *Process) ipcctl(kind, cmd string, id int, uid, gid uint32, mode, size int) kauth.Errno {
	o, e := p.ipcObject(kind, id)
	if e != 0 {
		return e
	}
	switch {
	case cmd == "stat" || cmd == "getval" && kind == "sem":
		return p.ipcperm(o, ipcRead)
	case cmd == "setval" && kind == "sem":
		return p.ipcperm(o, ipcWrite)
	case cmd == "set":
		if e := p.ipcperm(o, ipcModify); e != 0 {
			return e
		}
		if kind == "msg" && size > 0 {
			if size > o.size {
				if e := p.ask(reqOversize).answer(); e != 0 {
					return e
				}
			}
			o.size = min(size, maxQueueBytes)
		}
		o.perm.uid, o.perm.gid, o.perm.mode = uid, gid, uint16(mode)&0o777
	case cmd == "rmid":
		if e := p.ipcperm(o, ipcModify); e != 0 {
			return e
		}
		o.removed = true
		if o.attached == 0 {
			delete(p.k.ipc.objects, id)
		}
	case kind == "shm" && (cmd == "lock" || cmd == "unlock"):
		req := reqShmLock
		if cmd == "unlock" {
			req = reqShmUnlock
		}
		if e := p.ask(req).answer(); e != 0 {
			return e
		}
		o.locked = cmd == "lock"
	default:
		return kauth.EINVAL
	}
	return 0
}

var callIpcuse = Call{
	Name: "ipcuse",
	Doc:  "semop(2), msgsnd(2) or msgrcv(2). Asks system.sysvipc.bypass: EACCES. semop always asks for writing.",
	Params: []Param{
		{Name: "kind", Kind: Word, Doc: "semaphores or messages", Words: []string{"sem", "msg"}},
		{Name: "id", Kind: Integer, Doc: "object", Min: 0, Max: math.MaxInt32},
		{Name: "write", Kind: Switch, Doc: "send a message, instead of receiving one", Optional: true},
	},
	Asks: []string{"system.sysvipc.bypass", "system.module"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.ipcUse(a.text("kind"), a.int("id"), a.on("write"))
	},
}

// ipcUse is semop(2), msgsnd(2) and msgrcv(2). semop asks for writing whatever it does, even if it only waits for zero.
func (p *Process) ipcUse(kind string, id int, write bool) kauth.Errno {
	o, e := p.ipcObject(kind, id)
	if e != 0 {
		return e
	}
	want := ipcRead
	if write || kind == "sem" {
		want = ipcWrite
	}
	return p.ipcperm(o, want)
}

// maxSemName is NAME_MAX, the zero at the end included.
const maxSemName = 511

var callSemOpen = Call{
	Name: "sem_open",
	Doc:  "Opens a POSIX semaphore. Making one asks nobody, and the umask does not count; opening an existing one asks system.semaphore: EACCES.",
	Params: []Param{
		{Name: "name", Kind: Text, Doc: "name"},
		{Name: "create", Kind: Switch, Doc: "make it if it is missing", Optional: true, Default: true},
		{Name: "exclusive", Kind: Switch, Doc: "EEXIST if it exists", Optional: true},
		{Name: "mode", Kind: Integer, Doc: "permissions", Min: 0, Max: 0o777, Optional: true, Default: int64(0o600)},
	},
	Returns: "the descriptor",
	Asks:    []string{"system.semaphore", "system.module"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		fd, e := p.semOpen(a.text("name"), a.on("create"), a.on("exclusive"), a.int("mode"))
		return int64(fd), e
	},
}

// semOpen is sem_open(3): making a semaphore asks nobody, opening one that exists does. The umask has no part in it, as
// it has in mq_open(3).
func (p *Process) semOpen(name string, create, exclusive bool, mode int) (int, kauth.Errno) {
	if e := p.callOf("ksem"); e != 0 {
		return -1, e
	}
	n := &p.k.ipc
	s := n.sems[name]
	switch {
	case len(name) >= maxSemName:
		return -1, kauth.ENAMETOOLONG
	case int64(len(p.files)) >= p.limits[rlimitNofile].Cur:
		return -1, kauth.EMFILE
	case create && (len(name) < 2 || name[0] != '/' || strings.Contains(name[1:], "/")):
		return -1, kauth.EINVAL
	case s != nil && exclusive:
		return -1, kauth.EEXIST
	case s != nil:
		if e := p.semPermission(s); e != 0 {
			return -1, e
		}
	case !create:
		return -1, kauth.ENOENT
	default:
		s = &ksem{name: name, uid: p.cred.euid, gid: p.cred.egid, mode: uint16(mode) & 0o777}
		n.sems[name] = s
	}
	return p.openFile(&file{sem: s})
}

func (p *Process) semPermission(s *ksem) kauth.Errno {
	allowed := p.cred.euid == s.uid && s.mode&0o200 != 0 || p.cred.egid == s.gid && s.mode&0o020 != 0 || s.mode&0o002 != 0
	if p.ask(reqSemaphore).fact(stock.SemaphoreModeAllows, allowed).answer() != 0 {
		return kauth.EACCES
	}
	return 0
}

var callSemUnlink = Call{
	Name: "sem_unlink",
	Doc:  "ENOENT if it does not exist; else asks system.semaphore: EACCES.",
	Params: []Param{
		{Name: "name", Kind: Text, Doc: "name"},
	},
	Asks: []string{"system.semaphore", "system.module"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.semUnlink(a.text("name"))
	},
}

// SemUnlink is sem_unlink(3).
func (p *Process) SemUnlink(name string) kauth.Errno {
	return p.call(func() kauth.Errno { return p.semUnlink(name) })
}

func (p *Process) semUnlink(name string) kauth.Errno {
	if e := p.callOf("ksem"); e != 0 {
		return e
	}
	s := p.k.ipc.sems[name]
	if s == nil {
		return kauth.ENOENT
	}
	if e := p.semPermission(s); e != 0 {
		return e
	}
	delete(p.k.ipc.sems, name)
	return 0
}

var callMqOpen = Call{
	Name: "mq_open",
	Doc:  "Opens a POSIX message queue. Asks nobody: the mode alone counts, less the umask, for root too.",
	Params: []Param{
		{Name: "name", Kind: Text, Doc: "name"},
		{Name: "create", Kind: Switch, Doc: "make it if it is missing", Optional: true, Default: true},
		{Name: "mode", Kind: Integer, Doc: "permissions", Min: 0, Max: 0o777, Optional: true, Default: int64(0o600)},
	},
	Asks: []string{"system.module"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.mqOpen(a.text("name"), a.on("create"), a.int("mode"))
	},
}

// mqOpen is mq_open(3): it looks at the mode alone, and root has no other rights than everybody.
func (p *Process) mqOpen(name string, create bool, mode int) kauth.Errno {
	if e := p.callOf("mqueue"); e != 0 {
		return e
	}
	n := &p.k.ipc
	q := n.queues[name]
	if q == nil {
		if !create {
			return kauth.ENOENT
		}
		n.queues[name] = &mqueue{p.cred.euid, p.cred.egid, uint16(mode) & 0o777 &^ p.umask}
		return 0
	}
	m := q.mode
	switch {
	case p.cred.euid == q.uid:
		m >>= 6
	case p.cred.GroupMember(q.gid):
		m >>= 3
	}
	if m&6 != 6 {
		return kauth.EACCES
	}
	return 0
}

var callMqUnlink = Call{
	Name: "mq_unlink",
	Doc:  "ENOENT if it does not exist; else asks system.mqueue: EACCES.",
	Params: []Param{
		{Name: "name", Kind: Text, Doc: "name"},
	},
	Asks: []string{"system.mqueue", "system.module"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.mqUnlink(a.text("name"))
	},
}

// MqUnlink is mq_unlink(3).
func (p *Process) MqUnlink(name string) kauth.Errno {
	return p.call(func() kauth.Errno { return p.mqUnlink(name) })
}

func (p *Process) mqUnlink(name string) kauth.Errno {
	if e := p.callOf("mqueue"); e != 0 {
		return e
	}
	q := p.k.ipc.queues[name]
	if q == nil {
		return kauth.ENOENT
	}
	if p.ask(reqMqueue).fact(stock.OwnsQueue, p.cred.euid == q.uid).answer() != 0 {
		return kauth.EACCES
	}
	delete(p.k.ipc.queues, name)
	return 0
}
