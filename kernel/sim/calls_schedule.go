package sim

import (
	"math"
	"slices"

	"cellsh/policy/kauth"
	"cellsh/policy/stock"
)

var callSchedSetparam = Call{
	Name: "sched_setparam",
	Doc:  "Sets scheduling class and priority. With neither it asks nobody. Else process.scheduler_setparam, under a spin lock: EPERM.",
	Params: []Param{
		{Name: "pid", Kind: Integer, Doc: "process, 0 for the caller", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
		{Name: "class", Kind: Word, Doc: "scheduling class", Words: []string{"keep", "other", "fifo", "rr"}, Optional: true, Default: "keep"},
		{Name: "priority", Kind: Integer, Doc: "priority 0 to 63, -1 to keep it", Min: -1, Max: 1000, Optional: true, Default: int64(-1)},
	},
	Asks: []string{"process.scheduler_setparam"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.schedSetparam(a.int("pid"), schedClass[a.text("class")], a.int("priority"))
	},
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

var callSchedGetparam = Call{
	Name: "sched_getparam",
	Doc:  "Scheduling class and priority of a process. Asks process.scheduler_getparam: EPERM.",
	Params: []Param{
		{Name: "pid", Kind: Integer, Doc: "process, 0 for the caller", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
	},
	Returns: "the class (0 other, 1 fifo, 2 rr) and the priority",
	Asks:    []string{"process.scheduler_getparam"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		class, priority, e := p.schedGetparam(a.int("pid"))
		return []int64{int64(class), int64(priority)}, e
	},
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

var callSchedSetaffinity = Call{
	Name: "sched_setaffinity",
	Doc:  "Ties a process to processors; a list without any that exist frees it. One in a set of processors is EPERM. Asks process.scheduler_setaffinity: EPERM.",
	Params: []Param{
		{Name: "pid", Kind: Integer, Doc: "process, 0 for the caller", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
		{Name: "cpus", Kind: Integers, Doc: "numbers of processors", Max: math.MaxUint32},
	},
	Asks: []string{"process.scheduler_setaffinity"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.schedSetaffinity(a.int("pid"), a.ints("cpus"))
	},
}

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

var callSchedGetaffinity = Call{
	Name: "sched_getaffinity",
	Doc:  "Processors that a process is tied to. Asks process.scheduler_getaffinity: EPERM.",
	Params: []Param{
		{Name: "pid", Kind: Integer, Doc: "process, 0 for the caller", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
	},
	Returns: "the numbers of processors",
	Asks:    []string{"process.scheduler_getaffinity"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		cpus, e := p.schedGetaffinity(a.int("pid"))
		return toInt64(cpus), e
	},
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

var callPsetCreate = Call{
	Name:    "pset_create",
	Doc:     "Makes a set of processors. Asks system.pset.create: EPERM.",
	Returns: "the set's id",
	Asks:    []string{"system.pset.create"},
	do: func(p *Process, _ Args) (any, kauth.Errno) {
		id, e := p.psetCreate()
		return id, e
	},
}

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

var callPsetDestroy = Call{
	Name: "pset_destroy",
	Doc:  "Removes a set of processors. Asks system.pset.destroy: EPERM.",
	Params: []Param{
		{Name: "set", Kind: Integer, Doc: "set of processors", Min: math.MinInt32, Max: math.MaxInt32},
	},
	Asks: []string{"system.pset.destroy"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.psetDestroy(a.int64("set"))
	},
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

var callPsetAssign = Call{
	Name: "pset_assign",
	Doc:  "Moves a processor into a set, -2 to ask for its set. Asks system.pset.assign: EPERM. The last processor of the default set stays (EBUSY), and one that a process is tied to (EPERM).",
	Params: []Param{
		{Name: "set", Kind: Integer, Doc: "set of processors", Min: math.MinInt32, Max: math.MaxInt32},
		{Name: "cpu", Kind: Integer, Doc: "number of the processor", Min: 0, Max: math.MaxInt32},
	},
	Asks: []string{"system.pset.assign"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.psetAssign(a.int64("set"), a.int64("cpu"))
	},
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

var callPsetBind = Call{
	Name: "pset_bind",
	Doc:  "Moves the caller into a set of processors, -2 to ask for its set. Asks system.pset.bind: EPERM.",
	Params: []Param{
		{Name: "set", Kind: Integer, Doc: "set of processors", Min: math.MinInt32, Max: math.MaxInt32},
	},
	Asks: []string{"system.pset.bind"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.psetBind(a.int64("set"))
	},
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

var schedClass = map[string]int{"keep": schedNone, "other": schedOther, "fifo": schedFIFO, "rr": schedRR}
