package sim

import (
	"math"

	"cellsh/policy/kauth"
)

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

var callPtrace = Call{
	Name: "ptrace",
	Doc:  "Asks process.cansee.entry about the target: ESRCH. Then ptrace's own rules: EBUSY, EPERM, EINVAL; a tracer in a chroot must not be below the target's root. Then process.ptrace: EPERM. trace_me has no target.",
	Params: []Param{
		{Name: "op", Kind: Named, Doc: "ptrace request", Names: &kauth.PtraceOps},
		{Name: "pid", Kind: Integer, Doc: "process", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
	},
	Asks: []string{"process.cansee.entry", "process.ptrace", "system.module"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.ptrace(a.int("op"), a.int("pid"))
	},
}

// Ptrace is ptrace(2).
func (p *Process) Ptrace(op, pid int) kauth.Errno {
	return p.call(func() kauth.Errno { return p.ptrace(op, pid) })
}

func (p *Process) ptrace(op, pid int) kauth.Errno {
	if e := p.callOf("ptrace"); e != 0 {
		return e
	}
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
	return t.root.IsUnder(p.root)
}

// Ktrace is ktrace(2) of one process; with inherit its children are traced too. It reports success even where nobody
// allows it; traced says what really happens from now on.
func (p *Process) Ktrace(pid int, on, inherit bool) (traced bool, e kauth.Errno) {
	e = p.call(func() (e kauth.Errno) { traced, e = p.ktraceCall(pid, on, inherit); return e })
	return traced, e
}

var callKtrace = Call{
	Name: "ktrace",
	Doc:  "Switches system call tracing of a process on or off. Asks process.ktrace, and when it is switched on process.ktrace.persistent, whether tracing outlives set-id programs. The call succeeds even if it was denied; the value tells.",
	Params: []Param{
		{Name: "pid", Kind: Integer, Doc: "id of the process", Min: math.MinInt32, Max: math.MaxInt32},
		{Name: "on", Kind: Switch, Doc: "switch on", Optional: true, Default: true},
		{Name: "inherit", Kind: Switch, Doc: "in children too", Optional: true},
	},
	Returns: "whether the process is traced now",
	Asks:    []string{"process.ktrace", "process.ktrace.persistent"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		traced, e := p.ktraceCall(a.int("pid"), a.on("on"), a.on("inherit"))
		return traced, e
	},
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

var callKeventProc = Call{
	Name: "kevent_proc",
	Doc:  "Watches a process with EVFILT_PROC. Asks process.kevent_filter: EACCES.",
	Params: []Param{
		{Name: "pid", Kind: Integer, Doc: "id of the process", Min: math.MinInt32, Max: math.MaxInt32},
		{Name: "track", Kind: Switch, Doc: "watch its children too, which asks again at every fork", Optional: true},
	},
	Asks: []string{"process.kevent_filter"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.keventProc(a.int("pid"), a.on("track"))
	},
}

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
