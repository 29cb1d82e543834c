package sim

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"cellsh/kernel/sim/fs"
	"cellsh/kernel/sim/sysctl"
	"cellsh/policy/kauth"
	"cellsh/policy/stock"
)

// kernelState is what sysctl nodes and a few system calls keep and no model looks at.
type kernelState struct {
	hostname, domainname string
	hostid               int64
	rtcOffset            int64
	timecounter          string
	userVA0Disable       bool
	forwarding           int64
	forwsrcrt            int64
	setidcore            setidcore
	maxFiles             int64
	anonPortMin          int64
	anonPortMax          int64
	autoload             bool
	accounting           *vnode
	swap                 []*vnode
	psets                map[int64]bool
	// cpuSet has the processors that are not in the default set, with theirs.
	cpuSet  map[int64]int64
	offline map[int64]bool
}

// setidcore says what becomes of the core of a process that changed its ids (kern.coredump.setid).
type setidcore struct {
	dump               int64
	path               string
	owner, group, mode int64
}

func newKernelState() kernelState {
	return kernelState{hostname: "sim.example.org", timecounter: "TSC", userVA0Disable: true, autoload: true,
		setidcore: setidcore{path: "/var/crash/%n.core", mode: 0o600}, maxFiles: defaultMaxFiles, anonPortMin: 49152, anonPortMax: 65535,
		psets: map[int64]bool{}, cpuSet: map[int64]int64{}, offline: map[int64]bool{}}
}

// timecounters that the machine has.
var timecounters = []string{"TSC", "hpet0", "ACPI-Fast", "lapic", "i8254"}

var (
	reqSetidcore    = kauth.MustFind("system.setidcore")
	reqKernaddr     = kauth.MustFind("system.kernaddr")
	reqRTCOffset    = kauth.MustFind("system.time.rtcoffset")
	reqTimecounters = kauth.MustFind("system.time.timecounters")
	reqForwsrcrt    = kauth.MustFind("network.forwsrcrt")
	reqMapVAZero    = kauth.MustFind("system.map_va_zero")
	reqIntrAffinity = kauth.MustFind("system.intr.affinity")
	reqSetstate     = kauth.MustFind("system.cpu.setstate")
	reqGetpriv      = kauth.MustFind("network.interface.getpriv")
	reqCorenameGet  = kauth.MustFind("process.corename.get")
	reqCorenameSet  = kauth.MustFind("process.corename.set")
	reqStopflag     = kauth.MustFind("process.stopflag")
	reqRlimitGet    = kauth.MustFind("process.rlimit.get")
	reqEntry        = kauth.MustFind("process.cansee.entry")
)

// securelevelAbove is what security.models.extensions asks of secmodel_securelevel.
func (k *Kernel) securelevelAbove(level int) bool {
	return k.settings[stock.SettingSecurelevel] > level
}

func (k *Kernel) makeSysctls() {
	t := sysctl.New(1213, func(p *Process, id kauth.RequestID) kauth.Errno { return p.ask(id).answer() })
	k.sysctls = t
	text := func(path, desc, value string, flags uint32) {
		t.Put(path, node{Type: sysctl.TypeString, Flags: flags, Size: 256, Desc: desc, Value: append([]byte(value), 0)})
	}
	constant := func(path, desc string, v int64) {
		t.Put(path, node{Type: sysctl.TypeInt, Size: 4, Desc: desc, Plain: true, Fn: intNode(func(*Kernel) int64 { return v }, nil)})
	}
	// show puts the node of a variable.
	show := func(path string) { t.Put(path, variableAt(path).node()) }
	number := func(path, desc string, flags uint32, get func(*Kernel) int64, set func(*sysctlCall, int64) kauth.Errno) {
		t.Put(path, node{Type: sysctl.TypeInt, Size: 4, Desc: desc, Flags: flags, Fn: intNode(get, set)})
	}

	text("kern.ostype", "Operating system type", "NetBSD", 0)
	text("kern.osrelease", "Operating system release", k.opts.Vocabulary.Version, 0)
	constant("kern.osrevision", "Operating system revision", 1099001200)
	text("kern.version", "Kernel version", "NetBSD "+k.opts.Vocabulary.Version+" (SIM)", 0)
	constant("kern.argmax", "Maximum number of bytes of arguments to execve(2)", 262144)
	number("kern.maxproc", "Maximum number of simultaneous processes", sysctl.ReadWrite, func(k *Kernel) int64 { return int64(k.maxProc) },
		func(x *sysctlCall, v int64) kauth.Errno {
			if v < 0 || v >= maxPID {
				return kauth.EINVAL
			}
			x.Caller.k.maxProc = int(v)
			return 0
		})
	t.Put("kern.clockrate", node{Num: 12, Type: sysctl.TypeStruct, Size: 20, Desc: "Kernel clock rates",
		Fn: func(x *sysctlCall) kauth.Errno { return x.Lookup(x.Caller.k.layout.Machine.EncodeClock(x.Caller.k.hz)) }})
	t.Put("kern.boottime", node{Num: 83, Type: sysctl.TypeStruct, Size: 16, Desc: "System boot time",
		Fn: func(x *sysctlCall) kauth.Errno {
			return x.Lookup(x.Caller.k.layout.Machine.EncodeTimespec(x.Caller.k.boot.Add(x.Caller.k.offset)))
		}})
	show("kern.maxfiles")
	show("kern.hostname")
	show("kern.domainname")
	show("kern.hostid")
	number("kern.msgbufsize", "Size of the kernel message buffer", sysctl.Private, func(*Kernel) int64 { return msgbufSize }, nil)
	t.Put("kern.msgbuf", node{Type: sysctl.TypeInt, Flags: sysctl.Private, Desc: "Kernel message buffer", Fn: readMsgbuf})
	t.Put("kern.entropy.needed", node{Type: sysctl.TypeInt, Size: 4, Flags: sysctl.Private, Desc: "Entropy needed", Value: make([]byte, 4)})
	show("kern.rtc_offset")
	show("kern.timecounter.hardware")
	text("kern.timecounter.choice", "available time counters", strings.Join(timecounters, " "), 0)
	// setting is a node of a setting: may is asked behind the lookup whether it may change.
	setting := func(path, desc string, which stock.Setting, may func(x *sysctlCall, old, v int64) kauth.Errno) {
		number(path, desc, sysctl.ReadWrite, func(k *Kernel) int64 { return int64(k.settings[which]) },
			func(x *sysctlCall, v int64) kauth.Errno {
				value := &x.Caller.k.settings[which]
				if e := may(x, int64(*value), v); e != 0 {
					return e
				}
				if which.Switch() {
					v = truth(v != 0)
				}
				*value = int(v)
				return 0
			})
	}
	setting("kern.expose_address", "Expose kernel addresses in sysctl calls", stock.SettingExposeAddress, func(x *sysctlCall, _, v int64) kauth.Errno {
		if e := x.Caller.ask(reqKernaddr).answer(); e != 0 {
			return kauth.EPERM
		}
		if v < 0 || v > 2 {
			return kauth.EINVAL
		}
		return 0
	})
	show("kern.module.autoload")
	t.Put("kern.intr.affinity", node{Type: sysctl.TypeStruct, Flags: sysctl.ReadWrite, Size: 64, Desc: "set affinity", Fn: interruptNode(reqIntrAffinity)})
	t.Put("kern.intr.intr", node{Type: sysctl.TypeStruct, Flags: sysctl.ReadWrite, Size: 64, Desc: "set intr", Fn: interruptNode(reqSetstate)})
	t.Put("kern.intr.nointr", node{Type: sysctl.TypeStruct, Flags: sysctl.ReadWrite, Size: 64, Desc: "set nointr", Fn: interruptNode(reqSetstate)})
	setting("kern.veriexec.strict", "Veriexec strict level", stock.SettingVeriexec, func(_ *sysctlCall, old, v int64) kauth.Errno {
		if v < old {
			return kauth.EPERM
		}
		return 0
	})
	securelevel := func(path string) {
		setting(path, "System security level", stock.SettingSecurelevel, func(x *sysctlCall, old, v int64) kauth.Errno {
			if v < old && x.Caller != x.Caller.k.init {
				return kauth.EPERM
			}
			return 0
		})
	}
	securelevel("kern.securelevel")
	constant("hw.ncpu", "Number of CPUs", ncpu)
	text("hw.machine", "Machine class", "amd64", 0)
	show("vm.user_va0_disable")
	show("net.inet.ip.forwarding")
	show("net.inet.ip.forwsrcrt")
	show("net.inet.ip.anonportmin")
	show("net.inet.ip.anonportmax")
	t.Put("net.bpf.peers", node{Type: sysctl.TypeStruct, Desc: "BPF peers", Fn: bpfPeers})
	t.Put("machdep.user_ldt", node{Type: sysctl.TypeBool, Size: 1, Desc: "Whether USER_LDT is enabled", Flags: sysctl.ReadWrite, Plain: true, Fn: switchNode(stock.SettingUserLDT)})

	show("kern.coredump.setid.dump")
	show("kern.coredump.setid.path")
	show("kern.coredump.setid.owner")
	show("kern.coredump.setid.group")
	show("kern.coredump.setid.mode")

	t.Put("security.models", node{Num: 1189, Type: sysctl.TypeNode})
	text("security.models.suser.name", "", "Traditional NetBSD: Superuser", 0)
	text("security.models.securelevel.name", "", "Traditional NetBSD: Securelevel", 0)
	securelevel("security.models.securelevel.securelevel")
	securelevel("security.models.bsd44.securelevel")
	text("security.models.extensions.name", "", "NetBSD Extensions", 0)
	for _, path := range []string{"security.models.extensions.curtain", "security.models.bsd44.curtain", "security.curtain"} {
		setting(path, "Curtain information about objects to users not owning them.", stock.SettingCurtain, func(x *sysctlCall, old, v int64) kauth.Errno {
			if v == 0 && old != 0 && x.Caller.k.securelevelAbove(0) {
				return kauth.EPERM
			}
			return 0
		})
	}
	// What gives users more rights can't be switched on once the securelevel is above 0.
	userRight := func(path, desc string, which stock.Setting) {
		setting(path, desc, which, func(x *sysctlCall, old, v int64) kauth.Errno {
			if v != old && v != 0 && x.Caller.k.securelevelAbove(0) {
				return kauth.EPERM
			}
			return 0
		})
	}
	userRight("security.models.extensions.user_set_cpu_affinity", "Whether unprivileged users may control CPU affinity.", stock.SettingUserSetCPUAffinity)
	userRight("security.models.extensions.user_set_dbregs", "Whether unprivileged users may set CPU Debug Registers.", stock.SettingUserSetDBRegs)
	userRight("security.models.extensions.usermount", "Whether unprivileged users may mount filesystems", stock.SettingUsermount)
	userRight("vfs.generic.usermount", "Whether unprivileged users may mount filesystems", stock.SettingUsermount)
	t.Put("security.models.cell", node{Num: 1208, Type: sysctl.TypeNode, Desc: "Cell security model"})
	t.Put("security.models.cell.name", node{Num: 1209, Type: sysctl.TypeString, Size: 21, Value: []byte("Modern NetBSD: Cells\x00")})
	t.Put("security.models.cell.id", node{Num: 1210, Type: sysctl.TypeInt, Size: 4, Flags: sysctl.ReadWrite, Desc: "Current process cell id", Fn: cellID})
	t.Put("security.models.cell.create", node{Num: 1211, Type: sysctl.TypeStruct, Flags: sysctl.ReadWrite, Desc: "Create a new cell id", Fn: cellCreate})
	t.Put("security.models.cell.destroy", node{Num: 1212, Type: sysctl.TypeInt, Size: 4, Flags: sysctl.ReadWrite, Desc: "Destroy a cell id with no processes", Fn: cellDestroy})
	t.Put("security.models.cell.list", node{Num: 1213, Type: sysctl.TypeStruct, Desc: "List active cell ids", Fn: cellList})
	if k.eval != nil {
		k.makeEvaluationNodes()
	}

	t.Put("proc", node{Type: sysctl.TypeNode, Desc: "Per-process settings", Args: true, Fn: procNode})
	t.Sort()
}

const (
	msgbufSize = 65516
	ncpu       = 2
)

// setidcorePath asks behind the lookup, and refuses an empty path only then (sysctl_security_setidcorename).
func setidcorePath(x *sysctlCall) kauth.Errno {
	path := x.Caller.k.kern.setidcore.path
	if e := x.LookupString(&path, fs.MaxPath); e != 0 || !x.Writes() {
		return e
	}
	if x.Caller.ask(reqSetidcore).answer() != 0 {
		return kauth.EPERM
	}
	if path == "" {
		return kauth.EINVAL
	}
	x.Caller.k.kern.setidcore.path = path
	return 0
}

// bpfPeers wants two more components of the name, the size of an element and how many there may be, before it asks. It
// takes no notice of a new value (sysctl_net_bpf_peers).
func bpfPeers(x *sysctlCall) kauth.Errno {
	if len(x.Rest) == 1 && x.Rest[0] == sysctl.OpQuery {
		return kauth.ENOTDIR
	}
	if len(x.Rest) != 2 {
		return kauth.EINVAL
	}
	if x.Caller.ask(reqGetpriv).with(kauth.FieldCmd, 0).text(kauth.FieldIfname, "").answer() != 0 {
		return kauth.EPERM
	}
	size, err := strconv.ParseInt(x.Rest[0], 10, 32)
	count, err2 := strconv.ParseInt(x.Rest[1], 10, 32)
	if err != nil || err2 != nil || size < 1 || count < 0 {
		return kauth.EINVAL
	}
	x.Len = 0
	return 0
}

// readMsgbuf hands the message buffer out.
func readMsgbuf(x *sysctlCall) kauth.Errno {
	if x.Writes() {
		return kauth.EPERM
	}
	if !x.Reads() {
		x.Len = msgbufSize
		return 0
	}
	var b []byte
	for _, l := range x.Caller.k.log.lines {
		b = append(append(b, l.String()...), '\n')
	}
	if len(b) > msgbufSize {
		b = b[len(b)-msgbufSize:]
	}
	n := min(uint64(len(b)), x.Len)
	x.Len = n
	return x.CopyOut(b[:n])
}

// setRTCOffset asks for the offset, and then for the time that it moves (sysctl_kern_rtc_offset).
func setRTCOffset(x *sysctlCall, v int64) kauth.Errno {
	if x.Caller.ask(reqRTCOffset).answer() != 0 {
		return kauth.EPERM
	}
	k := x.Caller.k
	if v == k.kern.rtcOffset {
		return 0
	}
	by := 60 * (v - k.kern.rtcOffset)
	k.kern.rtcOffset = v
	return x.Caller.settime(k.now().Unix()+by, int64(k.now().Nanosecond()))
}

func timecounterHardware(x *sysctlCall) kauth.Errno {
	k := x.Caller.k
	name := k.kern.timecounter
	if e := x.LookupString(&name, 64); e != 0 || !x.Writes() || name == k.kern.timecounter {
		return e
	}
	if e := x.Caller.ask(reqTimecounters).answer(); e != 0 {
		return e
	}
	if !slices.Contains(timecounters, name) {
		return kauth.EINVAL
	}
	k.kern.timecounter = name
	return 0
}

// interruptNode asks before it looks whether the node is read or written (subr_interrupt.c). The value is the
// set of processors as the first byte's bits.
func interruptNode(id kauth.RequestID) func(*sysctlCall) kauth.Errno {
	return func(x *sysctlCall) kauth.Errno {
		if x.Caller.ask(id).answer() != 0 {
			return kauth.EPERM
		}
		b := make([]byte, 64)
		if e := x.Lookup(b); e != 0 || !x.Writes() {
			return e
		}
		set := binary.LittleEndian.Uint64(b)
		if set == 0 || set >= 1<<ncpu {
			return kauth.EINVAL
		}
		return 0
	}
}

// setAnonPort sets one end of the range of automatic ports, which must hold two at least (sysctl_net_inet_ip_ports).
func setAnonPort(high bool) func(*sysctlCall, int64) kauth.Errno {
	return func(x *sysctlCall, v int64) kauth.Errno {
		k := &x.Caller.k.kern
		lo, hi, end := v, k.anonPortMax, &k.anonPortMin
		if high {
			lo, hi, end = k.anonPortMin, v, &k.anonPortMax
		}
		if v > 65535 || v < reservedPorts || lo >= hi {
			return kauth.EINVAL
		}
		*end = v
		return 0
	}
}

// limitNames are the nodes below proc.PID.rlimit, by resource.
var limitNames = [numResources]string{"cputime", "filesize", "datasize", "stacksize", "coredumpsize", "memoryuse", "memorylocked", "maxproc", "descriptors", "sbsize", "vmemoryuse", "maxlwp"}

// processNode is a node below proc.PID: a limit, or another one by its name.
type processNode struct {
	typ      int
	resource int
	hard     bool
	name     string
}

// parseProcNode reads the rest of a name behind proc: PID.corename, PID.rlimit.NAME.soft and .hard, PID.stopfork,
// PID.stopexec, PID.stopexit, or PID.paxflags.
func parseProcNode(rest []string) (processNode, kauth.Errno) {
	if len(rest) < 2 {
		return processNode{}, kauth.EINVAL
	}
	n := processNode{typ: sysctl.TypeInt, name: strings.Join(rest[1:], ".")}
	if limit, ok := strings.CutPrefix(n.name, "rlimit."); ok {
		name, kind, _ := strings.Cut(limit, ".")
		n.typ, n.resource, n.hard, n.name = sysctl.TypeQuad, slices.Index(limitNames[:], name), kind == "hard", "rlimit"
		if n.resource < 0 || kind != "soft" && kind != "hard" {
			return processNode{}, kauth.ENOENT
		}
	}
	switch n.name {
	case "rlimit", "stopfork", "stopexec", "stopexit", "paxflags":
		return n, 0
	case "corename":
		n.typ = sysctl.TypeString
		return n, 0
	}
	return processNode{}, kauth.ENOENT
}

// procNode answers for proc.PID.*. All ask first whether the caller may see the process.
func procNode(x *sysctlCall) kauth.Errno {
	which, e := parseProcNode(x.Rest)
	if e != 0 {
		return e
	}
	t, e := parsePID(x.Caller, x.Rest[0])
	if e != 0 {
		return e
	}
	if e := x.Caller.canSee(reqEntry, t); e != 0 {
		return e
	}
	n := *x.Node
	n.Type, n.Size, n.Flags = which.typ, 4, sysctl.ReadWrite|sysctl.AnyWrite
	x.Node, x.Rest = &n, nil
	switch which.name {
	case "rlimit":
		n.Size = 8
		return procLimit(x, t, which.resource, which.hard)
	case "corename":
		return procCorename(x, t)
	case "paxflags":
		n.Flags = 0
		var b [4]byte
		return x.Lookup(b[:])
	}
	return procStop(x, t, which.name)
}

func procLimit(x *sysctlCall, t *Process, resource int, hard bool) kauth.Errno {
	if !x.Writes() {
		if e := x.Caller.ask(reqRlimitGet).about(t).code().answer(); e != 0 {
			return e
		}
	}
	l := t.limits[resource]
	var b [8]byte
	v := &l.Cur
	if hard {
		v = &l.Max
	}
	binary.LittleEndian.PutUint64(b[:], uint64(*v))
	if e := x.Lookup(b[:]); e != 0 || !x.Writes() {
		return e
	}
	*v = int64(binary.LittleEndian.Uint64(b[:]))
	return x.Caller.setLimit(t, resource, l)
}

func procCorename(x *sysctlCall, t *Process) kauth.Errno {
	name := ""
	if x.Reads() {
		if e := x.Caller.ask(reqCorenameGet).about(t).code().answer(); e != 0 {
			return e
		}
		name = t.corename
	}
	if e := x.LookupString(&name, 1024); e != 0 || !x.Writes() {
		return e
	}
	if e := x.Caller.ask(reqCorenameSet).about(t).code().answer(); e != 0 {
		return e
	}
	if name != "core" && !strings.HasSuffix(name, "/core") && !strings.HasSuffix(name, ".core") {
		return kauth.EINVAL
	}
	t.corename = name
	return 0
}

// The flags PS_STOPFORK, PS_STOPEXEC and PS_STOPEXIT (sys/proc.h).
var stopFlags = map[string]uint32{"stopfork": 0x00800000, "stopexec": 0x01000000, "stopexit": 0x02000000}

func procStop(x *sysctlCall, t *Process, which string) kauth.Errno {
	flag := stopFlags[which]
	// What was set can't be read: the kernel looks for the flag in another word than where it keeps it.
	var b [4]byte
	if e := x.Lookup(b[:]); e != 0 || !x.Writes() {
		return e
	}
	return x.Caller.ask(reqStopflag).about(t).arg(int64(flag)).answer()
}
