package sim

import (
	"cmp"
	"container/list"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/abi"
	"cellsh/kernel/denylog"
	"cellsh/policy/kauth"
	"cellsh/policy/secmodel"
	"cellsh/policy/stock"
)

// Options say how a simulated kernel is built and set up. The zero Options give the current revision with the
// evaluation model, on a system as it is after installation.
type Options struct {
	// Revision of secmodel_cell, a supported one; zero is the current one. Of the commits that are the revision interim the
	// later is simulated.
	Revision secmodel.Revision
	// Vocabulary is the requests of the kernel, with their numbers and flags; nil is kauth.Newest. The stock models answer as those
	// of NetBSD 10.99.12 for any.
	Vocabulary *kauth.Vocabulary
	// NoEvaluation leaves the evaluation model out, as in a kernel without its module.
	NoEvaluation bool
	// Settings that the host starts with; nil is stock.DefaultSettings.
	Settings *stock.Settings
	// HZ is the clock rate in ticks a second; 0 is 100.
	HZ int
	// RingSize is how many decisions the evaluation model keeps; 0 is 1,024.
	RingSize int
	// RecordAll makes it keep every decision. Without it the kept ones are denials (but not of probes), grants,
	// and what a policy in audit mode would have denied.
	RecordAll bool
	// Groups of the host by name; nil is those of a new NetBSD system ([DefaultGroups]).
	Groups map[string]uint32
	// Boot is the time of day when the kernel started; the zero value is 2026-06-01 00:00 UTC.
	Boot time.Time
	// MaxProc is kern.maxproc; 0 is 1,044.
	MaxProc int
	// CAN and SCTP are options of the kernel's configuration that GENERIC leaves out: sockets of the CAN family, and the
	// SCTP protocol in both internet families with its sequenced packets.
	CAN, SCTP bool
}

const (
	defaultHZ       = 100
	defaultRing     = 1024
	defaultMaxProc  = 1044
	defaultMaxFiles = 3404

	maxHZ   = 10000
	maxRing = 1 << 20
)

// DefaultGroups gives the groups of /etc/group on a new system.
func DefaultGroups() map[string]uint32 {
	return map[string]uint32{
		"wheel": 0, "daemon": 1, "kmem": 2, "sys": 3, "tty": 4, "operator": 5, "mail": 6, "bin": 7, "wsrc": 9, "maildrop": 11,
		"postfix": 12, "games": 13, "named": 14, "ntpd": 15, "sshd": 16, "staff": 20, "guest": 31, "nvmm": 34, "nobody": 39,
		"utmp": 45, "authpf": 72, "users": 100, "dialer": 117, "nogroup": 32766,
	}
}

// Kernel is a simulated NetBSD. It implements [kernel.Kernel] and is its own [kernel.Evaluator], unless it is built without.
//
// All methods of Kernel and [Process] are safe for concurrent use: one mutex guards everything, and every call
// holds it from start to end, so calls never overlap. Only an observer ([Kernel.Observe]) runs while it is held.
type Kernel struct {
	mu   sync.Mutex
	opts Options
	// rev are the properties of the revision.
	rev secmodel.Properties
	// layout is that of its structures.
	layout abi.Layout

	// settings is what administrators change; the stock models look at it.
	settings stock.Settings
	hz       int
	groups   map[string]uint32
	// uptime moves only in Advance. The time of day is boot + offset + uptime.
	uptime time.Duration
	boot   time.Time
	offset time.Duration
	log    kernelLog
	halted bool

	rootMount *mount
	mounts    []*mount

	// procs holds every process by its id, zombies too. all lists the living, zombies the dead, the newest
	// first in both, as the kernel's lists are.
	procs     map[int]*Process
	all       list.List
	zombies   list.List
	proc0     *Process
	init      *Process
	nextPID   int
	nprocs    int
	maxProc   int
	userProcs map[uint32]int
	groupsOf  map[int]*pgrp

	cells cells
	eval  *evaluation

	net     network
	ipc     ipc
	devs    deviceState
	sysctls *sysctlTree
	modules map[string]module
	kern    kernelState

	listeners *[kauth.NumRequests][]stock.Listener
	// cellRules are those of the revision, by place and request.
	cellRules [4]*[kauth.NumRequests]*stock.Listener
	questions []*question
	observer  func(*Question)
	// client is the section of the state that belongs to who keeps it.
	client []byte
}

// New starts a simulated kernel. An error says which option is out of range.
func New(o Options) (*Kernel, error) {
	if o.Settings != nil {
		if err := o.Settings.Check(); err != nil {
			return nil, optionError("%s", err)
		}
	}
	if o.HZ < 0 || o.HZ > maxHZ {
		return nil, optionError("the clock rate must be 0 to %d ticks a second, but is %d", maxHZ, o.HZ)
	}
	if o.RingSize < 0 || o.RingSize > maxRing {
		return nil, optionError("the ring must hold 0 to %d decisions, but holds %d", maxRing, o.RingSize)
	}
	if o.MaxProc < 0 || o.MaxProc > maxPID {
		return nil, optionError("the number of processes must be 0 to %d, but is %d", maxPID, o.MaxProc)
	}
	o.Revision = cmp.Or(o.Revision, secmodel.Current)
	o.Vocabulary = cmp.Or(o.Vocabulary, kauth.Newest())
	layout, err := abi.NewLayout(o.Revision, abi.AMD64)
	if err != nil {
		return nil, optionError("%s", err)
	}
	k := &Kernel{opts: o, rev: o.Revision.Properties(), layout: layout}
	k.setup()
	return k, nil
}

func optionError(form string, args ...any) error {
	return &kernel.Error{Op: "start the simulated kernel", Text: fmt.Sprintf(form, args...)}
}

func (k *Kernel) setup() {
	o := &k.opts
	k.settings = stock.DefaultSettings()
	if o.Settings != nil {
		k.settings = *o.Settings
	}
	k.hz = cmp.Or(o.HZ, defaultHZ)
	k.maxProc = cmp.Or(o.MaxProc, defaultMaxProc)
	k.boot = o.Boot
	if k.boot.IsZero() {
		k.boot = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	}
	k.groups = maps.Clone(o.Groups)
	if k.groups == nil {
		k.groups = DefaultGroups()
	}
	k.makeTree()
	k.procs = map[int]*Process{}
	k.userProcs = map[uint32]int{}
	k.groupsOf = map[int]*pgrp{}
	k.cells = newCells()
	if !o.NoEvaluation {
		k.eval = newEvaluation(cmp.Or(o.RingSize, defaultRing), o.RecordAll)
	}
	k.net = newNetwork()
	k.ipc = newIPC()
	k.devs = newDeviceState()
	k.modules = newModules()
	k.kern = newKernelState()
	k.prepareListeners()
	k.makeSysctls()
	root := &cred{}
	k.proc0 = k.newProcess(0, nil, root, "system")
	k.proc0.system = true
	k.nextPID = 1
	k.init = k.newProcess(1, k.proc0, root, "init")
	k.nextPID = 2
}

// prepareListeners looks the rules up once, so that a question only walks slices.
func (k *Kernel) prepareListeners() {
	k.listeners = new([kauth.NumRequests][]stock.Listener)
	for id := range kauth.RequestID(kauth.NumRequests) {
		k.listeners[id] = stock.Listeners(id)
	}
	for p := range k.cellRules {
		k.cellRules[p] = new([kauth.NumRequests]*stock.Listener)
		for id := range kauth.RequestID(kauth.NumRequests) {
			k.cellRules[p][id] = stock.CellListener(k.opts.Revision, stock.Place(p), id)
		}
	}
}

// Info says which kernel it is.
func (k *Kernel) Info() kernel.Info {
	k.mu.Lock()
	defer k.mu.Unlock()
	info := kernel.Info{
		Name:       "sim",
		Simulated:  true,
		Version:    k.opts.Vocabulary.Version,
		Revision:   k.opts.Revision,
		Vocabulary: k.opts.Vocabulary,
		HZ:         k.hz,
		Capabilities: map[kernel.Capability]string{
			kernel.CapProcesses: "simulated processes make simulated system calls",
		},
		Missing: map[kernel.Capability]string{
			kernel.CapEnter: "a simulated kernel has no processes of this machine",
			kernel.CapState: "the state lives in memory and ends with the program",
		},
	}
	if k.eval != nil {
		info.Capabilities[kernel.CapEvaluation] = "the evaluation model is built in"
	} else {
		info.Missing[kernel.CapEvaluation] = "the simulated kernel was started without the evaluation model"
	}
	if k.rev.LogsDenials {
		info.Capabilities[kernel.CapDenials] = denylog.Logged
	} else {
		info.Missing[kernel.CapDenials] = denylog.NotLogged(k.opts.Revision)
	}
	return info
}

// Close gives the kernel up. There is nothing to release.
func (k *Kernel) Close() error { return nil }

// Current is the cell of whoever calls methods of Kernel: the host, 0.
func (k *Kernel) Current() (kernel.CellID, error) { return 0, nil }

// Group gives the id of a group of the host.
func (k *Kernel) Group(name string) (uint32, bool) {
	gid, ok := k.groups[name]
	return gid, ok
}

// Settings gives what the stock models look at, as it is now.
func (k *Kernel) Settings() stock.Settings {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.settings
}

// SetSettings changes them without asking anybody, as if the machine had started that way. An error says which
// value is out of range.
func (k *Kernel) SetSettings(s stock.Settings) error {
	if err := s.Check(); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.settings = s
	return nil
}

// Uptime is how long ago the kernel started, on its own clock.
func (k *Kernel) Uptime() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.uptime
}

// Now is the kernel's time of day.
func (k *Kernel) Now() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.now()
}

func (k *Kernel) now() time.Time { return k.boot.Add(k.offset).Add(k.uptime) }

// setClock sets the time of day. It can be moved by 292 years at most, which is what an offset can hold.
func (k *Kernel) setClock(to time.Time) { k.offset = to.Sub(k.boot.Add(k.uptime)) }

// maxUptime is 100 years: the time of day and the ages of cells can be calculated with it.
const maxUptime = 100 * 365 * 24 * time.Hour

// Advance moves the kernel's clock. Nothing else does: no simulated call takes time. At every full second of
// uptime the counters of cells are sampled. A negative duration counts as none, and the clock stands still at an
// uptime of 100 years.
func (k *Kernel) Advance(d time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	end := max(k.uptime, k.uptime+min(max(d, 0), maxUptime-k.uptime))
	// Nobody does anything meanwhile, so the samples are the same once those of before have left the ring.
	const settling = (sampleRing + 1) * time.Second
	if last := end.Truncate(time.Second) - settling; last > k.uptime+settling {
		k.samples(settling)
		k.uptime = last
	}
	k.samples(end - k.uptime)
	k.uptime = end
	k.evaluationTick()
}

// samples takes those of the time to come.
func (k *Kernel) samples(d time.Duration) {
	end := k.uptime + d
	for next := k.uptime.Truncate(time.Second) + time.Second; next <= end; next += time.Second {
		k.uptime = next
		k.sample()
	}
}

// Init is process 1: root on the host. It is where everything starts from.
func (k *Kernel) Init() *Process { return k.init }

// Process gives the process of that id, living or zombie.
func (k *Kernel) Process(pid int) (*Process, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	p, ok := k.procs[pid]
	return p, ok
}

// LogLine is a line of the kernel's message buffer.
type LogLine struct {
	// Time since the kernel's start.
	Time time.Duration
	Text string
}

// String is the line as dmesg(8) shows it, with the time in seconds.
func (l LogLine) String() string { return fmt.Sprintf("[%12.7f] %s", l.Time.Seconds(), l.Text) }

// maxLog is how many lines the message buffer keeps.
const maxLog = 2048

type kernelLog struct {
	lines []LogLine
	// gone counts the lines before these.
	gone uint64
	// last is when a message that is limited in rate was last written; absent if never.
	last map[string]time.Duration
}

func (k *Kernel) logf(form string, args ...any) {
	if len(k.log.lines) >= 2*maxLog {
		kept, lost := k.log.kept()
		k.log.lines, k.log.gone = slices.Clone(kept), lost
	}
	k.log.lines = append(k.log.lines, LogLine{k.uptime, fmt.Sprintf(form, args...)})
}

// ratecheck reports whether a message that is written at most once in the interval is due (ratecheck(9)).
func (k *Kernel) ratecheck(what string, interval time.Duration) bool {
	if last, ok := k.log.last[what]; ok && k.uptime-last < interval {
		return false
	}
	if k.log.last == nil {
		k.log.last = map[string]time.Duration{}
	}
	k.log.last[what] = k.uptime
	return true
}

// Log gives the message buffer, oldest line first: at most the last 2,048 lines; and how many lines came before these and
// are not kept any more.
func (k *Kernel) Log() (lines []LogLine, lost uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	lines, lost = k.log.kept()
	return slices.Clone(lines), lost
}

// Denials are what the message buffer tells of denials by secmodel_cell.
func (k *Kernel) Denials() ([]kernel.Denial, error) {
	if !k.rev.LogsDenials {
		return nil, kernel.Unsupported(k, kernel.CapDenials)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	var text strings.Builder
	lines, _ := k.log.kept()
	for _, l := range lines {
		text.WriteString(l.String() + "\n")
	}
	return denylog.Denials(text.String(), k.opts.Vocabulary, k.opts.Revision), nil
}

func (l *kernelLog) kept() (lines []LogLine, lost uint64) {
	n := max(0, len(l.lines)-maxLog)
	return l.lines[n:], l.gone + uint64(n)
}
