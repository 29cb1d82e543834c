package sim

import (
	"container/list"
	"math"
	"slices"
	"strings"

	"cellsh/kernel/sim/fs"
	"cellsh/policy/kauth"
	"cellsh/policy/stock"
)

// Signals and values of system calls that are named here (sys/signal.h, sys/ptrace.h, sys/sched.h).
const (
	sigKill = 9
	sigStop = 17
	sigTstp = 18
	sigCont = 19
	sigChld = 20
	sigTtin = 21
	sigTtou = 22
	sigUrg  = 16
	sigIO   = 23
	sigWinc = 28
	sigInfo = 29
	sigPwr  = 32
	nsig    = 64

	prioMin = -20
	prioMax = 20

	schedOther = 0
	schedFIFO  = 1
	schedRR    = 2
	schedNone  = -1
	priNone    = -1
	schedMin   = 0
	schedMax   = 63
)

var (
	reqSignal      = kauth.MustFind("process.signal")
	reqFork        = kauth.MustFind("process.fork")
	reqBypass      = kauth.MustFind("process.rlimit.bypass")
	reqRlimitSet   = kauth.MustFind("process.rlimit.set")
	reqNice        = kauth.MustFind("process.nice")
	reqSetid       = kauth.MustFind("process.setid")
	reqPtrace      = kauth.MustFind("process.ptrace")
	reqKtrace      = kauth.MustFind("process.ktrace")
	reqKtracePers  = kauth.MustFind("process.ktrace.persistent")
	reqKevent      = kauth.MustFind("process.kevent_filter")
	reqSetparam    = kauth.MustFind("process.scheduler_setparam")
	reqGetparam    = kauth.MustFind("process.scheduler_getparam")
	reqSetaffinity = kauth.MustFind("process.scheduler_setaffinity")
	reqGetaffinity = kauth.MustFind("process.scheduler_getaffinity")
	reqEproc       = kauth.MustFind("process.cansee.eproc")
	reqArgs        = kauth.MustFind("process.cansee.args")
	reqEnv         = kauth.MustFind("process.cansee.env")
	reqOpenfiles   = kauth.MustFind("process.cansee.openfiles")
	reqKptr        = kauth.MustFind("process.cansee.kptr")
	reqProcfsRead  = kauth.MustFind("process.procfs.read")
	reqProcfsWrite = kauth.MustFind("process.procfs.write")
	reqProcfsRW    = kauth.MustFind("process.procfs.rw")
	reqPsetCreate  = kauth.MustFind("system.pset.create")
	reqPsetDestroy = kauth.MustFind("system.pset.destroy")
	reqPsetAssign  = kauth.MustFind("system.pset.assign")
	reqPsetBind    = kauth.MustFind("system.pset.bind")
)

// call runs a system call: with the kernel locked, and only for living processes.
func (p *Process) call(f func() kauth.Errno) kauth.Errno {
	p.k.mu.Lock()
	defer p.k.mu.Unlock()
	if p.state != alive {
		return kauth.ESRCH
	}
	return f()
}

// canSee asks one of the requests of process.cansee.
func (p *Process) canSee(id kauth.RequestID, t *Process) kauth.Errno {
	return p.ask(id).about(t).code().answer()
}

// exposesAddresses asks whether the caller may see kernel addresses (get_expose_address).
func (p *Process) exposesAddresses() bool { return p.canSee(reqKptr, p) == 0 }

var callFork = Call{
	Name:    "fork",
	Doc:     "Makes a child. A full process table is EAGAIN without a question; then process.fork, and process.rlimit.bypass beyond the limit on processes: EAGAIN, and a line about a full table in the log for the first. Who watches the parent with its children is asked process.kevent_filter about the child.",
	Returns: "the child's process id",
	Asks:    []string{"process.fork", "process.rlimit.bypass", "process.kevent_filter"},
	do: func(p *Process, _ Args) (any, kauth.Errno) {
		return childPID(p.fork())
	},
}

// childPID is what a call that makes a child gives.
func childPID(t *Process, e kauth.Errno) (any, kauth.Errno) {
	if e != 0 {
		return nil, e
	}
	return int64(t.pid), 0
}

var callGetpid = Call{
	Name:    "getpid",
	Doc:     "Asks nobody.",
	Returns: "the process id of the caller",
	do: func(p *Process, _ Args) (any, kauth.Errno) {
		return int64(p.pid), 0
	},
}

var callGetppid = Call{
	Name:    "getppid",
	Doc:     "Asks nobody.",
	Returns: "the process id of the parent",
	do: func(p *Process, _ Args) (any, kauth.Errno) {
		return int64(p.parentPID()), 0
	},
}

var callVfork = Call{
	Name:    "vfork",
	Doc:     "As fork.",
	Returns: "the child's process id",
	Asks:    []string{"process.fork", "process.rlimit.bypass", "process.kevent_filter"},
	do: func(p *Process, _ Args) (any, kauth.Errno) {
		return childPID(p.fork())
	},
}

// Fork is fork(2): it gives the child.
func (p *Process) Fork() (*Process, kauth.Errno) {
	var c *Process
	e := p.call(func() (e kauth.Errno) { c, e = p.fork(); return e })
	return c, e
}

func (p *Process) fork() (*Process, kauth.Errno) {
	k := p.k
	if e := p.mayFork(); e != 0 {
		if k.ratecheck("tablefull", forkMessageEvery) {
			k.logf("proc: table is full - increase kern.maxproc or NPROC")
		}
		return nil, e
	}
	if int64(k.userProcs[p.cred.uid]+1) > p.limits[rlimitNproc].Cur {
		if e := p.bypass(p, rlimitNproc); e != 0 {
			return nil, kauth.EAGAIN
		}
	}
	return p.makeChild(), 0
}

// mayFork counts the new process and asks for it.
func (p *Process) mayFork() kauth.Errno {
	n := p.k.nprocs + 1
	if n >= p.k.maxProc {
		return kauth.EAGAIN
	}
	if p.ask(reqFork).about(p).arg(int64(n)).with(kauth.FieldNprocs, int64(n)).answer() != 0 {
		return kauth.EAGAIN
	}
	return 0
}

// bypass asks to go beyond a resource limit of the process t.
func (p *Process) bypass(t *Process, resource int) kauth.Errno {
	l := t.limits[resource]
	return p.ask(reqBypass).about(t).code().with(kauth.FieldResource, int64(resource)).with(kauth.FieldCur, l.Cur).with(kauth.FieldMax, l.Max).answer()
}

func (p *Process) makeChild() *Process {
	k := p.k
	c := k.newProcess(k.takePID(), p, p.cred, p.name)
	for fd, f := range p.files {
		f.refs++
		c.files[fd] = f
	}
	c.vmsize, c.affinity = p.vmsize, p.affinity
	if p.ktraceInherit {
		c.ktrace, c.ktraceAll, c.ktraceInherit = p.ktrace, p.ktraceAll, true
	}
	p.inheritIPC(c)
	// Who follows forks of the parent wants to watch the child too, and is asked about it again.
	for _, w := range p.watchers {
		if w.track && p.ask(reqKevent).about(c).answer() == 0 {
			c.watchers = append(c.watchers, &watcher{w.owner, true})
		}
	}
	return c
}

var callPosixSpawn = Call{
	Name: "posix_spawn",
	Doc:  "Makes a child that runs a program. Asks as fork does, but process.rlimit.bypass always.",
	Params: []Param{
		{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
	},
	Returns: "the child's process id",
	Asks:    []string{"process.fork", "process.rlimit.bypass", "process.kevent_filter"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return childPID(p.posixSpawn(a.text("path")))
	},
}

// PosixSpawn is posix_spawn(3) of a program: it asks as fork and exec do, but always for the limit.
func (p *Process) PosixSpawn(path string) (*Process, kauth.Errno) {
	var c *Process
	e := p.call(func() (e kauth.Errno) { c, e = p.posixSpawn(path); return e })
	return c, e
}

// posixSpawn counts the child before the program is loaded; loading asks again for a process that changed its ids.
func (p *Process) posixSpawn(path string) (*Process, kauth.Errno) {
	if e := p.mayFork(); e != 0 {
		return nil, e
	}
	if p.beyondLimit(1) {
		return nil, kauth.EAGAIN
	}
	v, e := p.program(path, 1)
	if e != 0 {
		return nil, e
	}
	c := p.makeChild()
	c.become(v, path)
	return c, 0
}

// LWPCreate makes another thread.
func (p *Process) LWPCreate() kauth.Errno { return p.call(p.lwpCreate) }

var callLwpCreate = Call{
	Name: "lwp_create",
	Doc:  "Makes another thread. Asks process.rlimit.bypass beyond the limit on threads: EAGAIN.",
	Asks: []string{"process.rlimit.bypass"},
	do: func(p *Process, _ Args) (any, kauth.Errno) {
		return nil, p.lwpCreate()
	},
}

func (p *Process) lwpCreate() kauth.Errno {
	threads := int64(0)
	for e := p.k.all.Front(); e != nil; e = e.Next() {
		if t := e.Value.(*Process); t.cred.uid == p.cred.uid {
			threads += int64(t.threads - 1)
		}
	}
	if threads+1 > p.limits[rlimitNthr].Cur {
		if p.bypass(p, rlimitNthr) != 0 {
			return kauth.EAGAIN
		}
	}
	p.threads++
	return 0
}

var callExit = Call{
	Name: "exit",
	Doc:  "Ends the process; it stays a zombie, and a member of its cell, until the parent waits.",
	Params: []Param{
		{Name: "status", Kind: Integer, Doc: "exit status", Min: 0, Max: 255, Optional: true, Default: int64(0)},
	},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		p.end(a.int("status"))
		return nil, 0
	},
}

// Exit ends the process. It stays a zombie until its parent waits for it.
func (p *Process) Exit(status int) {
	p.call(func() kauth.Errno {
		p.end(status & 0xff)
		return 0
	})
}

var callWait = Call{
	Name: "wait",
	Doc:  "Reaps a child that has ended. Never blocks: 0 if the children still run; ECHILD without any.",
	Params: []Param{
		{Name: "pid", Kind: Integer, Doc: "id of the child, 0 for any", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
	},
	Returns: "the child's process id, or 0",
	do: func(p *Process, a Args) (any, kauth.Errno) {
		pid, _, e := p.wait(a.int("pid"))
		return int64(pid), e
	},
}

// Wait is wait4(2) with WNOHANG: the id and status of a child that has ended, 0 if all still run, and ECHILD
// without children.
func (p *Process) Wait() (pid, status int, e kauth.Errno) {
	e = p.call(func() (e kauth.Errno) { pid, status, e = p.wait(0); return e })
	return pid, status, e
}

func (p *Process) wait(pid int) (int, int, kauth.Errno) {
	any := false
	for _, c := range p.k.children(p) {
		if pid > 0 && c.pid != pid {
			continue
		}
		any = true
		if c.state == zombie {
			c.reap()
			return c.pid, c.status, 0
		}
	}
	if !any {
		return 0, 0, kauth.ECHILD
	}
	return 0, 0, 0
}

var callKill = Call{
	Name: "kill",
	Doc:  "Sends a signal to a process, to a process group (0 or negative), or to everybody (-1). Asks process.signal: EPERM; in groups who may not be signalled is passed over, and ESRCH if nobody is left. A zombie is success without a question. Signal 0 only asks.",
	Params: []Param{
		{Name: "pid", Kind: Integer, Doc: "process, or minus a process group", Min: math.MinInt32, Max: math.MaxInt32},
		{Name: "signal", Kind: Named, Doc: "signal, 0 to only ask", Names: &kauth.Signals},
	},
	Asks: []string{"process.signal"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.kill(a.int("pid"), a.int("signal"))
	},
}

// Kill is kill(2); signal 0 only asks.
func (p *Process) Kill(pid, signal int) kauth.Errno {
	return p.call(func() kauth.Errno { return p.kill(pid, signal) })
}

func (p *Process) kill(pid, signal int) kauth.Errno {
	if signal < 0 || signal >= nsig {
		return kauth.EINVAL
	}
	switch {
	case pid > 0:
		t := p.k.procs[pid]
		if t == nil {
			return kauth.ESRCH
		}
		if t.state != alive {
			return 0
		}
		if e := p.maySignal(t, signal); e != 0 {
			return e
		}
		t.deliver(signal)
		return 0
	case pid == -1:
		return p.killAll(p.k.processes(), signal, true)
	case pid == 0:
		return p.killAll(slices.Clone(p.pgrp.members), signal, false)
	}
	g := p.k.groupsOf[-pid]
	if g == nil {
		return kauth.ESRCH
	}
	return p.killAll(slices.Clone(g.members), signal, false)
}

func (p *Process) maySignal(t *Process, signal int) kauth.Errno {
	return p.ask(reqSignal).about(t).arg(int64(signal)).with(kauth.FieldSignal, int64(signal)).answer()
}

// killAll signals many: who may not be signalled is passed over, and only nobody at all is an error (killpg1).
func (p *Process) killAll(targets []*Process, signal int, broadcast bool) kauth.Errno {
	found := false
	for _, t := range targets {
		if t.pid <= 1 || t.system || broadcast && t == p || t.state == gone {
			continue
		}
		if p.maySignal(t, signal) == 0 {
			found = true
			t.deliver(signal)
		}
	}
	if !found {
		return kauth.ESRCH
	}
	return 0
}

// processes are the living ones, the newest first.
func (k *Kernel) processes() []*Process { return ordered(&k.all) }

func ordered(l *list.List) []*Process {
	ps := make([]*Process, 0, l.Len())
	for e := l.Front(); e != nil; e = e.Next() {
		ps = append(ps, e.Value.(*Process))
	}
	return ps
}

// deliver does what a signal does to a process that handles none: most end it.
func (t *Process) deliver(signal int) {
	if signal == 0 || t.state != alive {
		return
	}
	switch signal {
	case sigStop, sigTstp, sigTtin, sigTtou:
		if signal == sigStop || t.ignored>>signal&1 == 0 {
			t.stopped = true
			return
		}
	case sigCont:
		t.stopped = false
	case sigChld, sigUrg, sigIO, sigWinc, sigInfo, sigPwr:
	case sigKill:
		t.ignored &^= 1 << sigKill
		fallthrough
	default:
		if t.ignored>>signal&1 == 0 {
			if t == t.k.init {
				t.k.halt("panic: init died (signal %d)", signal)
				return
			}
			t.end(signal)
			return
		}
	}
	t.received = append(t.received, signal)
}

// Ignore is sigaction(2) with SIG_IGN, or with SIG_DFL if ignore is false.
func (p *Process) Ignore(signal int, ignore bool) kauth.Errno {
	return p.call(func() kauth.Errno { return p.sigaction(signal, ignore) })
}

var callSigaction = Call{
	Name: "sigaction",
	Doc:  "Ignores a signal, or takes its default action again. Asks nobody.",
	Params: []Param{
		{Name: "signal", Kind: Named, Doc: "signal", Names: &kauth.Signals},
		{Name: "ignore", Kind: Switch, Doc: "ignore it", Optional: true, Default: true},
	},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.sigaction(a.int("signal"), a.on("ignore"))
	},
}

func (p *Process) sigaction(signal int, ignore bool) kauth.Errno {
	if signal < 1 || signal >= nsig || signal == sigKill || signal == sigStop {
		return kauth.EINVAL
	}
	p.ignored &^= 1 << signal
	if ignore {
		p.ignored |= 1 << signal
	}
	return 0
}

// Setsid is setsid(2).
func (p *Process) Setsid() (int, kauth.Errno) {
	e := p.call(func() kauth.Errno { return p.enterPgrp(p.pid, p.pid, true) })
	return p.pid, e
}

var callGetpgid = Call{
	Name: "getpgid",
	Doc:  "Process group of a process. Asks nobody, so it also finds processes of other cells; ESRCH if there is none.",
	Params: []Param{
		{Name: "pid", Kind: Integer, Doc: "id of the process, 0 for the caller", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
	},
	Returns: "the process group",
	do: func(p *Process, a Args) (any, kauth.Errno) {
		t, e := p.other(a.int("pid"))
		if e != 0 {
			return nil, e
		}
		return int64(t.pgrp.id), 0
	},
}

var callGetpgrp = Call{
	Name:    "getpgrp",
	Doc:     "Asks nobody.",
	Returns: "the process group of the caller",
	do: func(p *Process, _ Args) (any, kauth.Errno) {
		return int64(p.pgrp.id), 0
	},
}

var callGetsid = Call{
	Name: "getsid",
	Doc:  "Session of a process. Asks nobody; ESRCH if there is none.",
	Params: []Param{
		{Name: "pid", Kind: Integer, Doc: "id of the process, 0 for the caller", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
	},
	Returns: "the session",
	do: func(p *Process, a Args) (any, kauth.Errno) {
		t, e := p.other(a.int("pid"))
		if e != 0 {
			return nil, e
		}
		return int64(t.session().id), 0
	},
}

var callSetpgid = Call{
	Name: "setpgid",
	Doc:  "Moves the caller or a child into a process group. Asks nobody.",
	Params: []Param{
		{Name: "pid", Kind: Integer, Doc: "process, 0 for the caller", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
		{Name: "pgid", Kind: Integer, Doc: "process group, 0 for one of its own", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
	},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.setpgid(a.int("pid"), a.int("pgid"))
	},
}

var callSetsid = Call{
	Name:    "setsid",
	Doc:     "Begins a session without a terminal. Asks nobody; EPERM for the leader of a process group.",
	Returns: "the session",
	do: func(p *Process, _ Args) (any, kauth.Errno) {
		return int64(p.pid), p.enterPgrp(p.pid, p.pid, true)
	},
}

// Setpgid is setpgid(2); 0 stands for the caller, and for the same number.
func (p *Process) Setpgid(pid, pgid int) kauth.Errno {
	return p.call(func() kauth.Errno { return p.setpgid(pid, pgid) })
}

func (p *Process) setpgid(pid, pgid int) kauth.Errno {
	if pgid < 0 {
		return kauth.EINVAL
	}
	if pid == 0 {
		pid = p.pid
	}
	if pgid == 0 {
		pgid = pid
	}
	return p.enterPgrp(pid, pgid, false)
}

// enterPgrp is proc_enterpgrp.
func (p *Process) enterPgrp(pid, pgid int, newSession bool) kauth.Errno {
	k := p.k
	g := k.groupsOf[pgid]
	t := p
	if pid != p.pid {
		t = k.find(pid)
		if t == nil || !t.descends(p) {
			return kauth.ESRCH
		}
		if newSession || t.session() != p.session() || g != nil && g.session != t.session() {
			return kauth.EPERM
		}
		if t.execed {
			return kauth.EACCES
		}
	} else if newSession && (p.pgrp.id == p.pid || g != nil) {
		return kauth.EPERM
	}
	if t.session().leader == t {
		if !newSession && t.pgrp == g {
			return 0
		}
		return kauth.EPERM
	}
	if g == nil && pgid != pid {
		return kauth.EPERM
	}
	if g == t.pgrp {
		return 0
	}
	if g == nil {
		g = &pgrp{id: pgid, session: t.session()}
		if newSession {
			g.session = &session{id: t.pid, leader: t, login: t.session().login}
			t.ctty = false
		}
		k.groupsOf[pgid] = g
	} else if g.session != t.session() {
		return kauth.EPERM
	}
	t.leavePgrp()
	t.pgrp = g
	g.members = append(g.members, t)
	return 0
}

func (t *Process) descends(from *Process) bool {
	for a := t.parent; a != nil; a = a.parent {
		if a == from {
			return true
		}
	}
	return false
}

var callExec = Call{
	Name: "exec",
	Doc:  "Runs a program. A set-id file changes the effective ids without a question; any other clears the mark of changed ids if real and effective ids are the same. A process with that mark is asked process.rlimit.bypass, and EAGAIN only if it is over the limit too.",
	Params: []Param{
		{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
	},
	Asks: []string{"process.rlimit.bypass"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.exec(a.text("path"))
	},
}

// Exec is execve(2). A set-id program changes the effective ids without asking; any other clears the mark of
// changed ids if real and effective ids are the same.
func (p *Process) Exec(path string) kauth.Errno {
	return p.call(func() kauth.Errno { return p.exec(path) })
}

// beyondLimit asks to go beyond the limit on the user's processes, and then looks whether they do, with those that
// are about to come.
func (p *Process) beyondLimit(coming int) bool {
	denied := p.bypass(p, rlimitNproc) != 0
	return denied && int64(p.k.userProcs[p.cred.uid]+coming) > p.limits[rlimitNproc].Cur
}

// program finds a file that can be executed. A process that changed its ids is first held to the limit on processes,
// which setuid leaves to exec (execve_loadvm).
func (p *Process) program(path string, coming int) (*vnode, kauth.Errno) {
	if p.sugid && p.beyondLimit(coming) {
		return nil, kauth.EAGAIN
	}
	v, e := p.file(path)
	if e != 0 {
		return nil, e
	}
	if v.Bottom().Type != fs.Regular || v.Mount.Flags&fs.Noexec != 0 {
		return nil, kauth.EACCES
	}
	return v, fs.Access(p.cred, v, fs.Execute)
}

func (p *Process) exec(path string) kauth.Errno {
	v, e := p.program(path, 0)
	if e != 0 {
		return e
	}
	p.become(v, path)
	return 0
}

// become loads a program into the process (credexec).
func (p *Process) become(v *vnode, path string) {
	b := v.Bottom()
	c := p.cred
	suid := b.Mode&0o4000 != 0 && c.euid != b.UID
	sgid := b.Mode&0o2000 != 0 && c.egid != b.GID
	if v.Mount.Flags&fs.Nosuid == 0 && p.tracer == nil && (suid || sgid) {
		p.sugid = true
		if !p.ktraceAll {
			p.untrace()
		}
		c = c.change(func(n *cred) {
			if b.Mode&0o4000 != 0 {
				n.euid = b.UID
			}
			if b.Mode&0o2000 != 0 {
				n.egid = b.GID
			}
		})
	} else if c.euid == c.uid && c.egid == c.gid {
		p.sugid = false
	}
	if c.euid != c.svuid || c.egid != c.svgid {
		c = c.change(func(n *cred) { n.svuid, n.svgid = n.euid, n.egid })
	}
	p.setCred(c)
	p.name = path[strings.LastIndexByte(path, '/')+1:]
	p.execed, p.threads = true, 1
	p.detachIPC()
}

var callSetpriority = Call{
	Name: "setpriority",
	Doc:  "Sets the nice value of a process, a group or a user's processes; user 0 is root, not the caller's. Who is neither root nor of the target's effective user id gets EPERM without a question; then process.nice: EACCES.",
	Params: []Param{
		{Name: "which", Kind: Word, Doc: "of whom", Words: []string{"process", "group", "user"}, Optional: true, Default: "process"},
		{Name: "who", Kind: Integer, Doc: "process or group, 0 for the caller's, or user", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
		{Name: "value", Kind: Integer, Doc: "nice value", Min: -1000, Max: 1000},
	},
	Asks: []string{"process.nice"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.setpriority(a.text("which"), a.int("who"), a.int("value"))
	},
}

// Setpriority is setpriority(2) of one process; 0 is the caller. The value is -20 to 20.
func (p *Process) Setpriority(pid, value int) kauth.Errno {
	return p.call(func() kauth.Errno { return p.setpriority("process", pid, value) })
}

func (p *Process) setpriority(which string, who, value int) kauth.Errno {
	var targets []*Process
	switch which {
	case "process":
		t := p
		if who != 0 {
			t = p.k.find(who)
		}
		if t != nil {
			targets = []*Process{t}
		}
	case "group":
		g := p.pgrp
		if who != 0 {
			g = p.k.groupsOf[who]
		}
		if g != nil {
			targets = slices.Clone(g.members)
		}
	default:
		// 0 is meant to be the caller's user, but the kernel compares with the 0 that it was given (sys_setpriority).
		for _, t := range p.k.processes() {
			if t.cred.euid == uint32(who) {
				targets = append(targets, t)
			}
		}
	}
	if len(targets) == 0 {
		return kauth.ESRCH
	}
	for _, t := range targets {
		if e := p.donice(t, value); e != 0 {
			return e
		}
	}
	return 0
}

// donice makes a test of its own before it asks: who is neither root nor of the target's effective user id is
// refused with EPERM, others with EACCES.
func (p *Process) donice(t *Process, value int) kauth.Errno {
	c := p.cred
	if c.euid != 0 && c.uid != 0 && c.euid != t.cred.euid && c.uid != t.cred.euid {
		return kauth.EPERM
	}
	value = max(prioMin, min(prioMax, value))
	q := p.ask(reqNice).about(t).arg(int64(value+20)).with(kauth.FieldNice, int64(value)).fact(stock.NiceNotLowered, value >= t.nice)
	if q.answer() != 0 {
		return kauth.EACCES
	}
	t.nice = value
	return 0
}

var callGetpriority = Call{
	Name: "getpriority",
	Doc:  "Nice value of a process. Asks nobody.",
	Params: []Param{
		{Name: "pid", Kind: Integer, Doc: "process, 0 for the caller", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
	},
	Returns: "the nice value",
	do: func(p *Process, a Args) (any, kauth.Errno) {
		v, e := p.getpriority(a.int("pid"))
		return int64(v), e
	},
}

// Getpriority is getpriority(2). Nobody is asked.
func (p *Process) Getpriority(pid int) (int, kauth.Errno) {
	var v int
	e := p.call(func() (e kauth.Errno) { v, e = p.getpriority(pid); return e })
	return v, e
}

func (p *Process) getpriority(pid int) (int, kauth.Errno) {
	t := p
	if pid != 0 {
		t = p.k.find(pid)
	}
	if t == nil {
		return 0, kauth.ESRCH
	}
	return t.nice, 0
}

// Setrlimit is setrlimit(2) of a resource (sys/resource.h).
func (p *Process) Setrlimit(resource int, l Rlimit) kauth.Errno {
	return p.call(func() kauth.Errno { return p.setLimit(p, resource, l) })
}

var callGetrlimit = Call{
	Name: "getrlimit",
	Doc:  "Soft and hard limit of a resource. Asks nobody.",
	Params: []Param{
		{Name: "resource", Kind: Named, Doc: "resource", Names: &kauth.Resources},
	},
	Returns: "the soft and the hard limit",
	do: func(p *Process, a Args) (any, kauth.Errno) {
		r := a.int("resource")
		if r < 0 || r >= numResources {
			return nil, kauth.EINVAL
		}
		return []int64{p.limits[r].Cur, p.limits[r].Max}, 0
	},
}

var callSetrlimit = Call{
	Name: "setrlimit",
	Doc:  "Sets a resource limit. What changes nothing is not asked; else process.rlimit.set: EPERM. Then limits are cut to the system's own.",
	Params: []Param{
		{Name: "resource", Kind: Named, Doc: "resource", Names: &kauth.Resources},
		{Name: "cur", Kind: Integer, Doc: "soft limit", Min: -1, Max: math.MaxInt64},
		{Name: "max", Kind: Integer, Doc: "hard limit, the present one if left out", Min: -1, Max: math.MaxInt64, Optional: true, Default: int64(-2)},
	},
	Asks: []string{"process.rlimit.set"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		r := a.int("resource")
		l := Rlimit{a.int64("cur"), a.int64("max")}
		if l.Max == -2 && r >= 0 && r < numResources {
			l.Max = p.limits[r].Max
		}
		return nil, p.setLimit(p, r, l)
	},
}

// setLimit is dosetrlimit. What does not change is not asked; what is beyond the system's own limits is cut.
func (p *Process) setLimit(t *Process, resource int, l Rlimit) kauth.Errno {
	if resource < 0 || resource >= numResources {
		return kauth.EINVAL
	}
	// The kernel compares unsigned numbers, so a negative limit is a huge one.
	if l.Cur < 0 {
		l.Cur = kauth.Unlimited
	}
	if l.Max < 0 {
		l.Max = kauth.Unlimited
	}
	if l.Cur > l.Max {
		return kauth.EINVAL
	}
	have := t.limits[resource]
	if l == have {
		return 0
	}
	q := p.ask(reqRlimitSet).about(t).code().with(kauth.FieldResource, int64(resource)).with(kauth.FieldCur, l.Cur).with(kauth.FieldMax, l.Max)
	if e := q.fact(stock.HardLimitKept, l.Max <= have.Max).answer(); e != 0 {
		return e
	}
	top := int64(kauth.Unlimited)
	switch resource {
	case rlimitNofile:
		// The kernel compares unsigned numbers here, too.
		if files := p.k.kern.maxFiles; files >= 0 {
			top = files
		}
	case rlimitNproc:
		top = int64(p.k.maxProc)
	default:
		if resource == 2 || resource == 3 || resource == rlimitNthr {
			top = p.k.defaultLimits()[resource].Max
		}
	}
	t.limits[resource] = Rlimit{min(l.Cur, top), min(l.Max, top)}
	return 0
}

// Getrlimit is getrlimit(2). Nobody is asked.
func (p *Process) Getrlimit(resource int) (Rlimit, kauth.Errno) {
	var l Rlimit
	e := p.call(func() kauth.Errno {
		if resource < 0 || resource >= numResources {
			return kauth.EINVAL
		}
		l = p.limits[resource]
		return 0
	})
	return l, e
}
