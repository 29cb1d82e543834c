package sim

import (
	"container/list"
	"slices"
	"strconv"
	"strings"

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
	reqSignal      = mustFind("process.signal")
	reqFork        = mustFind("process.fork")
	reqBypass      = mustFind("process.rlimit.bypass")
	reqRlimitSet   = mustFind("process.rlimit.set")
	reqNice        = mustFind("process.nice")
	reqSetid       = mustFind("process.setid")
	reqPtrace      = mustFind("process.ptrace")
	reqKtrace      = mustFind("process.ktrace")
	reqKtracePers  = mustFind("process.ktrace.persistent")
	reqKevent      = mustFind("process.kevent_filter")
	reqSetparam    = mustFind("process.scheduler_setparam")
	reqGetparam    = mustFind("process.scheduler_getparam")
	reqSetaffinity = mustFind("process.scheduler_setaffinity")
	reqGetaffinity = mustFind("process.scheduler_getaffinity")
	reqEproc       = mustFind("process.cansee.eproc")
	reqArgs        = mustFind("process.cansee.args")
	reqEnv         = mustFind("process.cansee.env")
	reqOpenfiles   = mustFind("process.cansee.openfiles")
	reqKptr        = mustFind("process.cansee.kptr")
	reqProcfsRead  = mustFind("process.procfs.read")
	reqProcfsWrite = mustFind("process.procfs.write")
	reqProcfsRW    = mustFind("process.procfs.rw")
	reqPsetCreate  = mustFind("system.pset.create")
	reqPsetDestroy = mustFind("system.pset.destroy")
	reqPsetAssign  = mustFind("system.pset.assign")
	reqPsetBind    = mustFind("system.pset.bind")
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

// Exit ends the process. It stays a zombie until its parent waits for it.
func (p *Process) Exit(status int) {
	p.call(func() kauth.Errno {
		p.end(status & 0xff)
		return 0
	})
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

// none is the id that set*id calls leave alone, -1.
const none = ^uint32(0)

// The ids that a set*id call may choose without asking.
const (
	isReal = 1 << iota
	isEffective
	isSaved
)

// wants says which ids of one kind a call sets, and which of the present ones each may be without asking.
type wants struct {
	r, e, s                uint32
	rFree, eFree, sFree    int
	haveR, haveE, haveSave uint32
}

func (w *wants) unchanged() bool {
	return (w.r == none || w.r == w.haveR) && (w.e == none || w.e == w.haveE) && (w.s == none || w.s == w.haveSave)
}

func (w *wants) mustAsk() bool {
	free := func(id uint32, may int) bool {
		return id == none || may&isReal != 0 && id == w.haveR || may&isEffective != 0 && id == w.haveE || may&isSaved != 0 && id == w.haveSave
	}
	return !free(w.r, w.rFree) || !free(w.e, w.eFree) || !free(w.s, w.sFree)
}

// setIDs is do_setresuid and do_setresgid: it asks only if an id is none of the present ones.
func (p *Process) setIDs(group bool, w wants) kauth.Errno {
	c := p.cred
	w.haveR, w.haveE, w.haveSave = c.uid, c.euid, c.svuid
	if group {
		w.haveR, w.haveE, w.haveSave = c.gid, c.egid, c.svgid
	}
	if w.mustAsk() {
		if e := p.askSetid(); e != 0 {
			return e
		}
	}
	if w.unchanged() {
		return 0
	}
	p.setCred(c.change(func(n *cred) {
		r, e, s := &n.uid, &n.euid, &n.svuid
		if group {
			r, e, s = &n.gid, &n.egid, &n.svgid
		}
		for _, x := range [...]struct {
			to *uint32
			v  uint32
		}{{r, w.r}, {e, w.e}, {s, w.s}} {
			if x.v != none {
				*x.to = x.v
			}
		}
	}))
	p.sugid = true
	return 0
}

func (p *Process) askSetid() kauth.Errno { return p.ask(reqSetid).about(p).answer() }

func (p *Process) setuid(uid uint32, group bool) kauth.Errno {
	return p.setIDs(group, wants{r: uid, e: uid, s: uid, rFree: isReal, eFree: isReal, sFree: isReal})
}

func (p *Process) seteuid(uid uint32, group bool) kauth.Errno {
	return p.setIDs(group, wants{r: none, e: uid, s: none, eFree: isReal | isSaved})
}

func (p *Process) setreuid(ruid, euid uint32, group bool) kauth.Errno {
	r, e := p.cred.uid, p.cred.euid
	if group {
		r, e = p.cred.gid, p.cred.egid
	}
	if ruid == none {
		ruid = r
	}
	if euid == none {
		euid = e
	}
	saved := euid
	if ruid == r {
		saved = none
	}
	all := isReal | isEffective | isSaved
	return p.setIDs(group, wants{r: ruid, e: euid, s: saved, rFree: isReal | isEffective, eFree: all, sFree: all})
}

// Setuid is setuid(2): all three user ids.
func (p *Process) Setuid(uid uint32) kauth.Errno {
	return p.call(func() kauth.Errno { return p.setuid(uid, false) })
}

// Seteuid is seteuid(2).
func (p *Process) Seteuid(uid uint32) kauth.Errno {
	return p.call(func() kauth.Errno { return p.seteuid(uid, false) })
}

// Setgid is setgid(2).
func (p *Process) Setgid(gid uint32) kauth.Errno {
	return p.call(func() kauth.Errno { return p.setuid(gid, true) })
}

// Setegid is setegid(2).
func (p *Process) Setegid(gid uint32) kauth.Errno {
	return p.call(func() kauth.Errno { return p.seteuid(gid, true) })
}

// Setgroups is setgroups(2). It always asks.
func (p *Process) Setgroups(gids ...uint32) kauth.Errno {
	return p.call(func() kauth.Errno { return p.setgroups(gids) })
}

const maxGroups = 16

func (p *Process) setgroups(gids []uint32) kauth.Errno {
	if len(gids) > maxGroups {
		return kauth.EINVAL
	}
	if e := p.askSetid(); e != 0 {
		return e
	}
	p.setCred(p.cred.change(func(n *cred) { n.groups = slices.Clone(gids) }))
	p.sugid = true
	return 0
}

// Setlogin is setlogin(2). It always asks.
func (p *Process) Setlogin(name string) kauth.Errno {
	return p.call(func() kauth.Errno { return p.setlogin(name) })
}

const maxLogin = 16

func (p *Process) setlogin(name string) kauth.Errno {
	if e := p.askSetid(); e != 0 {
		return e
	}
	if len(name) > maxLogin {
		return kauth.EINVAL
	}
	s := p.session()
	if s.loginSet && p.pid != s.id && name != s.login {
		p.k.logf("%s (pid %d) changing logname from %s to %s", p.name, p.pid, s.login, name)
	}
	s.login, s.loginSet = name, true
	return 0
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
	if v.bottom().typ != vReg || v.mnt.flags&mntNoexec != 0 {
		return nil, kauth.EACCES
	}
	return v, access(p.cred, v, accExec)
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
	b := v.bottom()
	c := p.cred
	suid := b.mode&0o4000 != 0 && c.euid != b.uid
	sgid := b.mode&0o2000 != 0 && c.egid != b.gid
	if v.mnt.flags&mntNosuid == 0 && p.tracer == nil && (suid || sgid) {
		p.sugid = true
		if !p.ktraceAll {
			p.untrace()
		}
		c = c.change(func(n *cred) {
			if b.mode&0o4000 != 0 {
				n.euid = b.uid
			}
			if b.mode&0o2000 != 0 {
				n.egid = b.gid
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
		top = maxFiles
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

// The ptrace(2) requests that are named here (sys/ptrace.h, machine/ptrace.h).
const (
	ptTraceMe   = 0
	ptReadD     = 2
	ptContinue  = 7
	ptKill      = 8
	ptAttach    = 9
	ptDetach    = 10
	ptStop      = 23
	ptSetDBRegs = 38
)

type ptraceClass uint8

const (
	ptUnknown ptraceClass = iota
	ptAccesses
	ptControls
)

// ptraceClasses says which requests look into a process and which only control it (ptrace_listener_cb).
var ptraceClasses = func() (t [64]ptraceClass) {
	for _, op := range []int{0, 1, 2, 4, 5, 9, 11, 16, 17, 18, 19, 20, 33, 34, 35, 36, 37, 38, 41, 42, 43, 44} {
		t[op] = ptAccesses
	}
	for _, op := range []int{7, 8, 10, 12, 13, 14, 15, 21, 22, 23, 24, 25, 26, 27, 32, 39, 40} {
		t[op] = ptControls
	}
	return t
}()

func ptraceKind(op int64) ptraceClass {
	if op < 0 || op >= int64(len(ptraceClasses)) {
		return ptUnknown
	}
	return ptraceClasses[op]
}

// readsMemory are the requests for which a chrooted tracer must not be below the target's root. Those that read
// events are not among them.
func readsMemory(op int) bool {
	return ptraceKind(int64(op)) == ptAccesses && op != ptTraceMe && op != ptAttach && op != 16 && op != 17 && op != 18
}

// Ptrace is ptrace(2).
func (p *Process) Ptrace(op, pid int) kauth.Errno {
	return p.call(func() kauth.Errno { return p.ptrace(op, pid) })
}

func (p *Process) ptrace(op, pid int) kauth.Errno {
	t := p
	if op != ptTraceMe {
		t = p.k.find(pid)
		if t == nil || p.canSee(reqEntry, t) != 0 {
			return kauth.ESRCH
		}
	}
	if e := p.ptraceAllowed(op, t); e != 0 {
		return e
	}
	if e := p.ask(reqPtrace).about(t).arg(int64(op)).with(kauth.FieldOp, int64(op)).answer(); e != 0 {
		return e
	}
	switch op {
	case ptTraceMe:
		t.traceBy(t.parent)
	case ptAttach:
		t.traceBy(p)
		t.stopped = true
	case ptDetach:
		t.traceBy(nil)
		t.stopped = false
	case ptKill:
		t.end(sigKill)
	case ptContinue:
		t.stopped = false
	case ptStop:
		t.stopped = true
	}
	return 0
}

// traceBy sets who traces the process, nil for nobody.
func (t *Process) traceBy(tracer *Process) {
	if t.tracer != nil {
		delete(t.tracer.tracees, t.pid)
	}
	if t.tracer = tracer; tracer != nil {
		if tracer.tracees == nil {
			tracer.tracees = map[int]*Process{}
		}
		tracer.tracees[t.pid] = t
	}
}

// ptraceAllowed are ptrace's own rules, before anybody is asked.
func (p *Process) ptraceAllowed(op int, t *Process) kauth.Errno {
	switch {
	case op == ptTraceMe:
		switch {
		case p.parent == p.k.init || p == p.k.init:
			return kauth.EPERM
		case p.tracer != nil:
			return kauth.EBUSY
		}
		return 0
	case op == ptAttach:
		switch {
		case t == p:
			return kauth.EINVAL
		case t.system || p == p.k.init:
			return kauth.EPERM
		case t.tracer != nil:
			return kauth.EBUSY
		case !t.under(p):
			return kauth.EPERM
		}
		return 0
	case ptraceKind(int64(op)) == ptUnknown:
		return kauth.EINVAL
	case readsMemory(op) && !t.under(p):
		return kauth.EPERM
	case t.tracer == nil:
		return kauth.EPERM
	case t.tracer != p:
		return kauth.EBUSY
	case op != ptKill && op != ptStop && !t.stopped:
		return kauth.EBUSY
	}
	return 0
}

// under reports whether the root of t is that of p or below it (proc_isunder).
func (t *Process) under(p *Process) bool {
	switch {
	case t.root == nil:
		return p.root == nil
	case p.root == nil:
		return true
	}
	return t.root.isUnder(p.root)
}

// Ktrace is ktrace(2) of one process; with inherit its children are traced too. It reports success even where nobody
// allows it; traced says what really happens from now on.
func (p *Process) Ktrace(pid int, on, inherit bool) (traced bool, e kauth.Errno) {
	e = p.call(func() (e kauth.Errno) { traced, e = p.ktraceCall(pid, on, inherit); return e })
	return traced, e
}

// ktraceCall is ktrops. Whether tracing outlives set-id programs is nothing that a caller chooses: it is asked
// whenever tracing is switched on.
func (p *Process) ktraceCall(pid int, on, inherit bool) (bool, kauth.Errno) {
	t := p.k.find(pid)
	if t == nil {
		return false, kauth.ESRCH
	}
	if p.ask(reqKtrace).about(t).answer() == 0 {
		if on {
			t.ktrace, t.ktraceInherit = true, t.ktraceInherit || inherit
			if p.ask(reqKtracePers).about(t).code().answer() == 0 {
				t.ktraceAll = true
			}
		} else {
			t.untrace()
		}
	}
	return t.ktrace, 0
}

// untrace ends tracing with all its flags (ktrderef).
func (t *Process) untrace() { t.ktrace, t.ktraceAll, t.ktraceInherit = false, false, false }

// KeventProc is kevent(2) with EVFILT_PROC; with track children are watched too (NOTE_TRACK).
func (p *Process) KeventProc(pid int, track bool) kauth.Errno {
	return p.call(func() kauth.Errno { return p.keventProc(pid, track) })
}

func (p *Process) keventProc(pid int, track bool) kauth.Errno {
	t := p.k.find(pid)
	if t == nil {
		return kauth.ESRCH
	}
	if p.ask(reqKevent).about(t).answer() != 0 {
		return kauth.EACCES
	}
	t.watchers = append(t.watchers, &watcher{p, track})
	return 0
}

// SchedSetparam is _sched_setparam(2) of one process; 0 is the caller. A priority or class of -1 leaves it as it
// is.
func (p *Process) SchedSetparam(pid, class, priority int) kauth.Errno {
	return p.call(func() kauth.Errno { return p.schedSetparam(pid, class, priority) })
}

func (p *Process) schedSetparam(pid, class, priority int) kauth.Errno {
	switch {
	case priority == priNone && class == schedNone:
		return 0
	case class != schedNone && (class < schedOther || class > schedRR):
		return kauth.EINVAL
	case priority != priNone && (priority < schedMin || priority > schedMax):
		return kauth.EINVAL
	}
	t, e := p.schedTarget(pid)
	if e != 0 {
		return e
	}
	if class == schedNone {
		class = t.class
	}
	if class == schedOther && priority != priNone {
		return kauth.EINVAL
	}
	kernelPriority := t.priority
	switch {
	case priority != priNone:
		kernelPriority = priUserRT + priority
	case t.class == class:
	case t.class == schedOther:
		kernelPriority = priUserRT
	case class == schedOther:
		kernelPriority = t.priority - priUserRT
	}
	kept := (class == t.class || class != schedFIFO && class != schedRR) && kernelPriority <= t.priority
	// Every thread is asked about.
	for range t.threads {
		if e := p.ask(reqSetparam).about(t).fact(stock.SchedulingNotRaised, kept).answer(); e != 0 {
			return e
		}
	}
	t.class, t.priority = class, kernelPriority
	return 0
}

func (p *Process) schedTarget(pid int) (*Process, kauth.Errno) {
	if pid == 0 {
		return p, 0
	}
	t := p.k.find(pid)
	switch {
	case t == nil:
		return nil, kauth.ESRCH
	case t.system:
		return nil, kauth.EPERM
	}
	return t, 0
}

// SchedGetparam is _sched_getparam(2): class and priority.
func (p *Process) SchedGetparam(pid int) (class, priority int, e kauth.Errno) {
	e = p.call(func() (e kauth.Errno) { class, priority, e = p.schedGetparam(pid); return e })
	return class, priority, e
}

func (p *Process) schedGetparam(pid int) (int, int, kauth.Errno) {
	if pid < 0 {
		return 0, 0, kauth.EINVAL
	}
	t := p
	if pid != 0 {
		t = p.k.find(pid)
	}
	if t == nil {
		return 0, 0, kauth.ESRCH
	}
	if e := p.ask(reqGetparam).about(t).answer(); e != 0 {
		return 0, 0, e
	}
	if t.class == schedOther {
		return t.class, t.priority - priUser, 0
	}
	return t.class, t.priority - priUserRT, 0
}

// maxCPUs is how many processors a set can name (MAXCPUS of amd64).
const maxCPUs = 256

// SchedSetaffinity is _sched_setaffinity(2) with a set of processors; a set without any that exist clears it.
func (p *Process) SchedSetaffinity(pid int, cpus ...int) kauth.Errno {
	return p.call(func() kauth.Errno { return p.schedSetaffinity(pid, cpus) })
}

func (p *Process) schedSetaffinity(pid int, cpus []int) kauth.Errno {
	var set []int
	online := 0
	for _, cpu := range cpus {
		switch {
		case cpu < 0 || cpu >= maxCPUs:
			return kauth.EINVAL
		case cpu >= ncpu:
			continue
		case p.k.kern.cpuSet[int64(cpu)] != 0:
			return kauth.EPERM
		case !p.k.kern.offline[int64(cpu)]:
			online++
		}
		set = append(set, cpu)
	}
	if len(set) > 0 && online == 0 {
		return kauth.EPERM
	}
	t, e := p.schedTarget(pid)
	if e != 0 {
		return e
	}
	if e := p.ask(reqSetaffinity).about(t).answer(); e != 0 {
		return e
	}
	t.affinity = set
	return 0
}

// SchedGetaffinity is _sched_getaffinity(2).
func (p *Process) SchedGetaffinity(pid int) ([]int, kauth.Errno) {
	var cpus []int
	e := p.call(func() (e kauth.Errno) { cpus, e = p.schedGetaffinity(pid); return e })
	return cpus, e
}

func (p *Process) schedGetaffinity(pid int) ([]int, kauth.Errno) {
	if pid < 0 {
		return nil, kauth.EINVAL
	}
	t := p
	if pid != 0 {
		t = p.k.find(pid)
	}
	if t == nil {
		return nil, kauth.ESRCH
	}
	if p.ask(reqGetaffinity).about(t).answer() != 0 {
		return nil, kauth.EPERM
	}
	return slices.Clone(t.affinity), 0
}

// The sets of processors that are no sets (sys/pset.h).
const (
	psNone  = 0
	psMyID  = -1
	psQuery = -2
)

func (p *Process) psetCreate() (int64, kauth.Errno) {
	if p.ask(reqPsetCreate).answer() != 0 {
		return 0, kauth.EPERM
	}
	k := &p.k.kern
	id := int64(1)
	for k.psets[id] {
		id++
	}
	k.psets[id] = true
	return id, 0
}

func (p *Process) psetDestroy(id int64) kauth.Errno {
	if p.ask(reqPsetDestroy).answer() != 0 {
		return kauth.EPERM
	}
	if !p.k.kern.psets[id] {
		return kauth.EINVAL
	}
	k := &p.k.kern
	delete(k.psets, id)
	for cpu, set := range k.cpuSet {
		if set == id {
			delete(k.cpuSet, cpu)
		}
	}
	return 0
}

// psetAssign is pset_assign(3), which moves a processor. The last one stays in the default set, and so does one that
// is offline or that a thread is tied to.
func (p *Process) psetAssign(id, cpu int64) kauth.Errno {
	if p.ask(reqPsetAssign).fact(stock.PsetQuery, id == psQuery).answer() != 0 {
		return kauth.EPERM
	}
	k := &p.k.kern
	if cpu < 0 || cpu >= ncpu || !k.knownPset(id) {
		return kauth.EINVAL
	}
	// No thread of the simulation is bound to a set, so the caller's own is the default one.
	if id == psMyID {
		id = psNone
	}
	if id == psQuery || k.cpuSet[cpu] == id {
		return 0
	}
	if id != psNone && (k.offline[cpu] || k.cpuSet[cpu] == psNone && len(k.cpuSet) == ncpu-1) {
		return kauth.EBUSY
	}
	for _, t := range p.k.processes() {
		if slices.Contains(t.affinity, int(cpu)) {
			return kauth.EPERM
		}
	}
	if k.cpuSet[cpu] = id; id == psNone {
		delete(k.cpuSet, cpu)
	}
	return 0
}

// knownPset is psid_validate.
func (k *kernelState) knownPset(id int64) bool {
	return id == psNone || id == psMyID || id == psQuery || k.psets[id]
}

// psetBind is _pset_bind(2) of the caller. It makes no difference to anybody here.
func (p *Process) psetBind(id int64) kauth.Errno {
	if p.ask(reqPsetBind).fact(stock.PsetQuery, id == psQuery).answer() != 0 {
		return kauth.EPERM
	}
	if !p.k.kern.knownPset(id) {
		return kauth.EINVAL
	}
	return 0
}

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

func (p *Process) listProcesses() []ProcessInfo {
	addresses := p.exposesAddresses()
	var list []ProcessInfo
	for _, t := range append(ordered(&p.k.zombies), p.k.processes()...) {
		if p.canSee(reqEproc, t) != 0 {
			continue
		}
		info := ProcessInfo{PID: t.pid, UID: t.cred.uid, EUID: t.cred.euid, Name: t.name, Zombie: t.state == zombie, Addresses: addresses}
		if t.parent != nil {
			info.PPID = t.parent.pid
		}
		list = append(list, info)
	}
	return list
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
			return t.cwd.path(), 0
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
		what = f.v.path()
	}
	return strconv.Itoa(t.pid) + " " + strconv.Itoa(fd) + " " + what
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

// procfsNodes are the files below /proc/PID and their modes. Those that are the process's memory belong to its
// effective user, and to nobody once it has changed ids.
var procfsNodes = map[string]uint16{"mem": 0o600, "regs": 0o600, "fpregs": 0o600, "note": 0o200, "notepg": 0o200, "environ": 0o400,
	"status": 0o444, "stat": 0o444, "cmdline": 0o444, "map": 0o444, "maps": 0o444, "limit": 0o444, "auxv": 0o400, "statm": 0o444, "fd": 0o500}

// procfs is open(2) of /proc/PID/NODE and one transfer on it, where a procfs is mounted that the caller can
// reach. mode is r, w or rw.
func (p *Process) procfs(pid int, name, mode string) kauth.Errno {
	t := p.k.find(pid)
	if t == nil || p.mounted("procfs") == nil {
		return kauth.ENOENT
	}
	bits, known := procfsNodes[name]
	if !known || p.canSee(reqEntry, t) != 0 {
		return kauth.ENOENT
	}
	memory := name == "mem" || name == "regs" || name == "fpregs"
	if memory && t.sugid {
		bits = 0
	}
	want, open, transfer := uint16(accRead), reqProcfsRead, reqProcfsRead
	switch mode {
	case "w":
		want, open, transfer = accWrite, reqProcfsWrite, reqProcfsWrite
	case "rw":
		want, open = accRead|accWrite, reqProcfsRW
	}
	if e := access(p.cred, &vnode{typ: vReg, mode: bits, uid: t.cred.euid, gid: t.cred.egid}, want); e != 0 {
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
	return p.ask(transfer).about(t).fact(stock.NodeIsMemory, memory).answer()
}
