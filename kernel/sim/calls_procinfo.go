package sim

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"cellsh/kernel/sim/fs"
	"cellsh/policy/kauth"
	"cellsh/policy/stock"
)

// ProcessInfo is an entry of a process listing.
type ProcessInfo struct {
	PID, PPID int
	UID, EUID uint32
	Name      string
	Zombie    bool
	// Addresses says whether kernel addresses would be shown.
	Addresses bool
}

// Processes is the sysctl kern.proc2 with KERN_PROC_ALL, as ps(1) reads it: those that the caller may see,
// zombies first, then the newest first.
func (p *Process) Processes() ([]ProcessInfo, kauth.Errno) {
	var list []ProcessInfo
	e := p.call(func() kauth.Errno { list = p.listProcesses(); return 0 })
	return list, e
}

var callPs = Call{
	Name:    "ps",
	Doc:     "Lists processes as the sysctl kern.proc2 does. Asks process.cansee.kptr once, and process.cansee.eproc about every process; hidden ones are left out.",
	Returns: "lines with process id, parent, real and effective user id, and name",
	Asks:    []string{"process.cansee.kptr", "process.cansee.eproc"},
	do: func(p *Process, _ Args) (any, kauth.Errno) {
		var list []string
		for _, i := range p.listProcesses() {
			list = append(list, i.String())
		}
		return list, 0
	},
}

func (p *Process) listProcesses() []ProcessInfo {
	addresses := p.exposesAddresses()
	var list []ProcessInfo
	for _, t := range append(ordered(&p.k.zombies), p.k.processes()...) {
		if p.canSee(reqEproc, t) != 0 {
			continue
		}
		list = append(list, ProcessInfo{PID: t.pid, PPID: t.parentPID(), UID: t.cred.uid, EUID: t.cred.euid, Name: t.name, Zombie: t.state == zombie, Addresses: addresses})
	}
	return list
}

var callProcArgs = Call{
	Name: "proc_args",
	Doc:  "Arguments or environment of a process, or the path of its program or working directory. Asks process.cansee.args, .env or .entry: EPERM.",
	Params: []Param{
		{Name: "pid", Kind: Integer, Doc: "id of the process", Min: math.MinInt32, Max: math.MaxInt32},
		{Name: "what", Kind: Word, Doc: "what to read", Words: []string{"args", "env", "path", "cwd"}, Optional: true, Default: "args"},
	},
	Returns: "the text",
	Asks:    []string{"process.cansee.args", "process.cansee.env", "process.cansee.entry"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		s, e := p.procArgs(a.int("pid"), a.text("what"))
		return s, e
	},
}

// procArgs is the sysctl kern.proc_args: what is args, env, path or cwd.
func (p *Process) procArgs(pid int, what string) (string, kauth.Errno) {
	if what == "path" || what == "cwd" {
		t := p
		if pid != -1 {
			t = p.k.find(pid)
		}
		if t == nil {
			return "", kauth.ESRCH
		}
		if e := p.canSee(reqEntry, t); e != 0 {
			return "", e
		}
		if what == "cwd" {
			return t.cwd.Path(), 0
		}
		return t.name, 0
	}
	t := p.k.find(pid)
	if t == nil {
		return "", kauth.EINVAL
	}
	id := reqArgs
	if what == "env" {
		id = reqEnv
	}
	if e := p.canSee(id, t); e != 0 {
		return "", e
	}
	if t.system {
		return "", kauth.EINVAL
	}
	if what == "env" {
		return "PATH=/usr/bin:/bin", 0
	}
	return t.name, 0
}

var callFiles = Call{
	Name: "files",
	Doc:  "Lists open files as the sysctl kern.file2 does. Asks process.cansee.openfiles about every process; hidden ones are left out.",
	Params: []Param{
		{Name: "pid", Kind: Integer, Doc: "process, -1 for all", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(-1)},
	},
	Returns: "lines with process id, descriptor and file",
	Asks:    []string{"process.cansee.kptr", "process.cansee.openfiles"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return p.openFiles(a.int("pid")), 0
	},
}

// openFiles is the sysctl kern.file2 by process: ids and descriptors of those that the caller may see; pid -1 is
// all of them. The addresses are asked for with every file.
func (p *Process) openFiles(pid int) []string {
	var list []string
	for _, t := range p.k.processes() {
		if pid > 0 && t.pid != pid || p.canSee(reqOpenfiles, t) != 0 {
			continue
		}
		for _, fd := range t.descriptors() {
			p.exposesAddresses()
			list = append(list, formatFile(t, fd))
		}
	}
	return list
}

func formatFile(t *Process, fd int) string {
	f := t.files[fd]
	what := "semaphore"
	switch {
	case f.sock != nil:
		what = f.sock.String()
	case f.v != nil:
		what = f.v.Path()
	}
	return strconv.Itoa(t.pid) + " " + strconv.Itoa(fd) + " " + what
}

var callLwps = Call{
	Name: "lwps",
	Doc:  "Number of a process's threads, as the sysctl kern.lwp tells it: nobody is asked whether the process may be seen, only process.cansee.kptr for every thread.",
	Params: []Param{
		{Name: "pid", Kind: Integer, Doc: "id of the process", Min: math.MinInt32, Max: math.MaxInt32},
	},
	Returns: "the number of threads",
	Asks:    []string{"process.cansee.kptr"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		n, e := p.lwps(a.int("pid"))
		return int64(n), e
	},
}

// lwps is the sysctl kern.lwp: it asks nobody whether the process may be seen, only for the addresses, once for
// each thread.
func (p *Process) lwps(pid int) (int, kauth.Errno) {
	t := p.k.find(pid)
	if t == nil {
		return 0, kauth.ESRCH
	}
	for range t.threads {
		p.exposesAddresses()
	}
	return t.threads, 0
}

// procfsNode is a file below /proc/PID. memory is what is the process's memory: it belongs to its effective user, and to
// nobody once it has changed ids. linux files are only where a procfs is mounted with the option linux, which fstab(5)
// of a new system does not have.
type procfsNode struct {
	mode          uint16
	memory, linux bool
}

var procfsNodes = map[string]procfsNode{
	"mem": {mode: 0o600, memory: true}, "regs": {mode: 0o600, memory: true}, "fpregs": {mode: 0o600, memory: true},
	"note": {mode: 0o200}, "notepg": {mode: 0o200}, "map": {mode: 0o400}, "maps": {mode: 0o400}, "auxv": {mode: 0o400}, "environ": {mode: 0o400},
	"status": {mode: 0o444}, "cmdline": {mode: 0o444}, "limit": {mode: 0o444}, "fd": {mode: 0o500},
	"stat": {linux: true}, "statm": {linux: true}, "limits": {linux: true}, "task": {linux: true},
}

var callProcfs = Call{
	Name: "procfs",
	Doc:  "Opens a file below /proc/PID where a procfs is mounted, and reads or writes it. Asks process.cansee.entry: ENOENT; then owner and mode: EACCES; then process.procfs, once to open and once to transfer: EPERM; then EOPNOTSUPP for writing what can only be read, and for notes. The directory fd asks process.cansee.openfiles instead: ESRCH.",
	Params: []Param{
		{Name: "pid", Kind: Integer, Doc: "id of the process", Min: math.MinInt32, Max: math.MaxInt32},
		{Name: "node", Kind: Word, Doc: "file", Words: procfsNames},
		{Name: "mode", Kind: Word, Doc: "access", Words: []string{"r", "w", "rw"}, Optional: true, Default: "r"},
	},
	Asks: []string{"process.cansee.entry", "process.cansee.openfiles", "process.procfs"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.procfs(a.int("pid"), a.text("node"), a.text("mode"))
	},
}

// procfs is open(2) of /proc/PID/NODE and one transfer on it, where a procfs is mounted that the caller can
// reach. mode is r, w or rw.
func (p *Process) procfs(pid int, name, mode string) kauth.Errno {
	t := p.k.find(pid)
	if t == nil || p.mounted("procfs") == nil {
		return kauth.ENOENT
	}
	node, known := procfsNodes[name]
	if !known || p.canSee(reqEntry, t) != 0 || node.linux {
		return kauth.ENOENT
	}
	bits, memory := node.mode, node.memory
	if memory && t.sugid {
		bits = 0
	}
	want, open, transfer := uint16(fs.Read), reqProcfsRead, reqProcfsRead
	switch mode {
	case "w":
		want, open, transfer = fs.Write, reqProcfsWrite, reqProcfsWrite
	case "rw":
		want, open = fs.Read|fs.Write, reqProcfsRW
	}
	if e := fs.Access(p.cred, &vnode{Type: fs.Regular, Mode: bits, UID: t.cred.euid, GID: t.cred.egid}, want); e != 0 {
		return e
	}
	if name == "fd" {
		// It is a directory: it can only be listed.
		if mode != "r" {
			return kauth.EISDIR
		}
		if p.canSee(reqOpenfiles, t) != 0 {
			return kauth.ESRCH
		}
		return 0
	}
	if e := p.ask(open).about(t).fact(stock.NodeIsMemory, memory).answer(); e != 0 {
		return e
	}
	if memory && !t.under(p) {
		return kauth.EPERM
	}
	// The transfer asks again, in the direction that it has.
	if e := p.ask(transfer).about(t).fact(stock.NodeIsMemory, memory).answer(); e != 0 {
		return e
	}
	writes := transfer == reqProcfsWrite
	switch {
	case memory:
		return 0
	case node.mode == 0o200 && !writes:
		return kauth.EINVAL
	case writes:
		// Root gets as far as that with what can only be read, and everybody with notes.
		return kauth.EOPNOTSUPP
	}
	return 0
}

// procfsNames are the files of procfs that a call can name.
var procfsNames = slices.Sorted(maps.Keys(procfsNodes))

// String is the line that ps shows.
func (i ProcessInfo) String() string {
	s := fmt.Sprintf("%d %d %d %d %s", i.PID, i.PPID, i.UID, i.EUID, i.Name)
	if i.Zombie {
		s += " (zombie)"
	}
	return s
}
