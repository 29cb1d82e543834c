package sim

import (
	"math"
	"slices"
	"strings"
	"time"

	"cellsh/kernel/sim/fs"
	"cellsh/policy/kauth"
	"cellsh/policy/stock"
)

var (
	reqReboot    = kauth.MustFind("system.reboot")
	reqTime      = kauth.MustFind("system.time.system")
	reqAdjtime   = kauth.MustFind("system.time.adjtime")
	reqNtp       = kauth.MustFind("system.time.ntpadjtime")
	reqDevmapper = kauth.MustFind("system.devmapper")
	reqQuotaGet  = kauth.MustFind("system.fs_quota.get")
	reqQuotaMan  = kauth.MustFind("system.fs_quota.manage")
	reqQuotaOn   = kauth.MustFind("system.fs_quota.onoff")
	reqQuotaNo   = kauth.MustFind("system.fs_quota.nolimit")
	reqReserve   = kauth.MustFind("system.fs_reservedspace")
	reqExtattr   = kauth.MustFind("system.fs_extattr")
	reqSnapshot  = kauth.MustFind("system.fs_snapshot")
	reqNfsSvc    = kauth.MustFind("network.nfs.svc")
	reqNfsExport = kauth.MustFind("network.nfs.export")
	reqUcode     = kauth.MustFind("machdep.cpu_ucode_apply")
	reqUnmanaged = kauth.MustFind("machdep.unmanagedmem")
	reqAdddata   = kauth.MustFind("device.rnd_adddata")
	reqEstimate  = kauth.MustFind("device.rnd_adddata_estimate")
	reqRndGet    = kauth.MustFind("device.rnd_getpriv")
	reqRndSet    = kauth.MustFind("device.rnd_setpriv")
	reqPinset    = kauth.MustFind("device.gpio_pinset")
	reqPppAdd    = kauth.MustFind("network.interface_ppp.add")
	reqSlipAdd   = kauth.MustFind("network.interface_slip.add")
	reqBcspAdd   = kauth.MustFind("device.bluetooth_bcsp.add")
	reqBtuartAdd = kauth.MustFind("device.bluetooth_btuart.add")
	reqBtSend    = kauth.MustFind("device.bluetooth_send")
	reqBtRecv    = kauth.MustFind("device.bluetooth_recv")
	reqBtSetpriv = kauth.MustFind("device.bluetooth_setpriv")
	reqPassthru  = kauth.MustFind("device.rawio_passthru")
)

var callReboot = Call{
	Name: "reboot",
	Doc:  "Asks system.reboot before it looks at the argument: EPERM. Where it is allowed the machine has rebooted: that is noted, and the simulation goes on.",
	Asks: []string{"system.reboot"},
	do: func(p *Process, _ Args) (any, kauth.Errno) {
		return nil, p.reboot()
	},
}

// Reboot is reboot(2). It asks before it looks at the argument. If it is allowed the simulated machine has
// rebooted: that is noted ([Kernel.Halted]), and everything goes on.
func (p *Process) Reboot() kauth.Errno { return p.call(p.reboot) }

func (p *Process) reboot() kauth.Errno {
	if e := p.ask(reqReboot).answer(); e != 0 {
		return e
	}
	p.k.halt("rebooting... (by pid %d, cell %d)", p.pid, p.cred.cell.number())
	return 0
}

// Settimeofday is settimeofday(2).
func (p *Process) Settimeofday(t time.Time) kauth.Errno {
	return p.call(func() kauth.Errno { return p.settime(t.Unix(), int64(t.Nanosecond())) })
}

const (
	maxTime   = 1 << 36
	yearInSec = 365 * 24 * 60 * 60
)

var callSettimeofday = Call{
	Name: "settimeofday",
	Doc:  "EINVAL for a time out of range; then system.time.system: EPERM.",
	Params: []Param{
		{Name: "sec", Kind: Integer, Doc: "seconds since 1970", Min: math.MinInt64, Max: math.MaxInt64},
	},
	Asks: []string{"system.time.system"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.settime(a.int64("sec"), 0)
	},
}

// settime is settime1.
func (p *Process) settime(sec, nsec int64) kauth.Errno {
	if sec < 0 || sec > maxTime || nsec < 0 || nsec >= int64(time.Second) {
		return kauth.EINVAL
	}
	now := p.k.now()
	to := time.Unix(sec, nsec)
	wraps := sec > math.MaxInt64-yearInSec || to.Before(now)
	if p.ask(reqTime).with(kauth.FieldSec, sec).fact(stock.TimeWraps, wraps).answer() != 0 {
		return kauth.EPERM
	}
	p.k.setClock(to)
	return 0
}

var callClockSettime = Call{
	Name: "clock_settime",
	Doc:  "Sets the clock of the time of day; the others can't be set: EINVAL. Asks system.time.system: EPERM.",
	Params: []Param{
		{Name: "clock", Kind: Word, Doc: "clock", Words: []string{"realtime", "monotonic"}, Optional: true, Default: "realtime"},
		{Name: "sec", Kind: Integer, Doc: "seconds since 1970", Min: math.MinInt64, Max: math.MaxInt64},
	},
	Asks: []string{"system.time.system"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.clockSettime(a.text("clock"), a.int64("sec"), 0)
	},
}

func (p *Process) clockSettime(clock string, sec, nsec int64) kauth.Errno {
	if clock != "realtime" {
		return kauth.EINVAL
	}
	return p.settime(sec, nsec)
}

var callAdjtime = Call{
	Name: "adjtime",
	Doc:  "Asks system.time.adjtime even if it only reads: EPERM.",
	Params: []Param{
		{Name: "usec", Kind: Integer, Doc: "microseconds by which the clock is put forward, or back", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
	},
	Asks: []string{"system.time.adjtime"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.adjtime(a.int64("usec"))
	},
}

// Adjtime is adjtime(2) by microseconds. It asks even if it only reads.
func (p *Process) Adjtime(usec int64) kauth.Errno {
	return p.call(func() kauth.Errno { return p.adjtime(usec) })
}

func (p *Process) adjtime(usec int64) kauth.Errno {
	if e := p.ask(reqAdjtime).answer(); e != 0 {
		return e
	}
	// The clock is not slewed: it has the right time at once.
	p.k.setClock(p.k.now().Add(time.Duration(usec) * time.Microsecond))
	return 0
}

var callNtpAdjtime = Call{
	Name: "ntp_adjtime",
	Doc:  "Without modes it only reads and asks nobody; else system.time.ntpadjtime: EPERM.",
	Params: []Param{
		{Name: "modes", Kind: Integer, Doc: "what to set", Min: 0, Max: math.MaxUint32, Optional: true, Default: int64(0)},
	},
	Asks: []string{"system.time.ntpadjtime"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.ntpAdjtime(a.int64("modes"))
	},
}

// NtpAdjtime is ntp_adjtime(2). Without modes it only reads, and asks nobody.
func (p *Process) NtpAdjtime(modes int64) kauth.Errno {
	return p.call(func() kauth.Errno { return p.ntpAdjtime(modes) })
}

func (p *Process) ntpAdjtime(modes int64) kauth.Errno {
	if modes == 0 {
		return 0
	}
	return p.ask(reqNtp).answer()
}

var callClockGettime = Call{
	Name: "clock_gettime",
	Doc:  "Processor time of a process in nanoseconds. Asks process.ptrace with op read_d, about the caller's own clock too: EPERM.",
	Params: []Param{
		{Name: "pid", Kind: Integer, Doc: "process, 0 for the caller", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
	},
	Returns: "nanoseconds",
	Asks:    []string{"process.ptrace"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		d, e := p.clockGettime(a.int("pid"))
		return int64(d), e
	},
}

// ClockGettime is clock_gettime(2) of a process's processor clock; 0 is the caller. It asks process.ptrace with
// the request that reads memory, the caller's own clock included.
func (p *Process) ClockGettime(pid int) (time.Duration, kauth.Errno) {
	var d time.Duration
	e := p.call(func() (e kauth.Errno) { d, e = p.clockGettime(pid); return e })
	return d, e
}

func (p *Process) clockGettime(pid int) (time.Duration, kauth.Errno) {
	t := p
	if pid != 0 {
		t = p.k.find(pid)
	}
	if t == nil {
		return 0, kauth.ESRCH
	}
	if e := p.ask(reqPtrace).about(t).arg(ptReadD).with(kauth.FieldOp, ptReadD).answer(); e != 0 {
		return 0, e
	}
	return time.Duration(t.ticks) * time.Second / time.Duration(p.k.hz), 0
}

var callQuotactl = Call{
	Name: "quotactl",
	Doc:  "Asks system.fs_quota.get, .manage or .onoff: EPERM. The own quota may be read by everybody.",
	Params: []Param{
		{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
		{Name: "cmd", Kind: Word, Doc: "command", Words: []string{"get", "put", "delete", "on", "off"}},
		{Name: "id", Kind: Integer, Doc: "id of a user or a group; the kernel makes no difference", Min: 0, Max: math.MaxUint32, Optional: true, Default: int64(0)},
	},
	Asks: []string{"system.fs_quota"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.quotactl(a.text("path"), a.text("cmd"), a.uint32("id"))
	},
}

// quotactl is quotactl(2) on the file system of a path: cmd is "get", "put", "delete", "on" or "off". Nobody is
// asked for the caller's own quota. The kernel does not look whether the number is that of a user or of a group.
func (p *Process) quotactl(path, cmd string, id uint32) kauth.Errno {
	v, e := p.file(path)
	if e != 0 {
		return e
	}
	if v.Mount.Type != "ffs" {
		return kauth.EOPNOTSUPP
	}
	req := reqQuotaMan
	switch cmd {
	case "get":
		if id == p.cred.euid {
			return 0
		}
		req = reqQuotaGet
	case "on", "off":
		req = reqQuotaOn
	}
	return p.ask(req).text(kauth.FieldFstype, v.Mount.Type).answer()
}

var callWriteFull = Call{
	Name: "write_full",
	Doc:  "Stands for write(2) where little room is left: system.fs_reservedspace for the last blocks (ENOSPC), or system.fs_quota.nolimit beyond a quota (EDQUOT).",
	Params: []Param{
		{Name: "limit", Kind: Word, Doc: "what is exhausted", Words: []string{"reserve", "quota"}, Optional: true, Default: "reserve"},
	},
	Asks: []string{"system.fs_reservedspace", "system.fs_quota.nolimit"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.allocate(a.text("limit") == "reserve")
	},
}

// allocate stands for the write(2) that needs a block of a file system with little room: it asks for the reserve
// and, with quotas, for going beyond them. Denials only mean that the limits hold.
func (p *Process) allocate(reserve bool) kauth.Errno {
	if reserve && p.ask(reqReserve).answer() != 0 {
		return kauth.ENOSPC
	}
	if !reserve && p.ask(reqQuotaNo).answer() != 0 {
		return kauth.EDQUOT
	}
	return 0
}

var callExtattr = Call{
	Name: "extattr",
	Doc:  "Reads or writes an extended attribute. The system namespace asks system.fs_extattr: EPERM, but root may go on nevertheless; the user namespace goes by the modes.",
	Params: []Param{
		{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
		{Name: "namespace", Kind: Word, Doc: "namespace", Words: []string{"user", "system"}, Optional: true, Default: "user"},
		{Name: "write", Kind: Switch, Doc: "write it", Optional: true},
	},
	Asks: []string{"system.fs_extattr"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.extattr(a.text("path"), a.text("namespace"), a.on("write"))
	},
}

// extattr is extattr_get_file(2) or extattr_set_file(2). The namespace "user" goes by the modes. "system" asks, but the
// answer only stands for the mode (genfs_can_extattr): the vnode scope, which comes after it, allows root everything.
func (p *Process) extattr(path, namespace string, write bool) kauth.Errno {
	v, e := p.file(path)
	if e != 0 {
		return e
	}
	if namespace == "system" {
		e := p.ask(reqExtattr).text(kauth.FieldFstype, v.Mount.Type).answer()
		if p.cred.euid == 0 {
			return 0
		}
		return e
	}
	want := uint16(fs.Read)
	if write {
		want = fs.Write
	}
	return fs.Access(p.cred, v, want)
}

var callExtattrctl = Call{
	Name: "extattrctl",
	Doc:  "Starts or stops extended attributes on the file system of a path. Asks system.fs_extattr: EPERM.",
	Params: []Param{
		{Name: "path", Kind: Text, Doc: "path of a file on it, as the process sees it"},
	},
	Asks: []string{"system.fs_extattr"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.extattrctl(a.text("path"))
	},
}

// extattrctl is extattrctl(2), which starts and stops extended attributes on a file system.
func (p *Process) extattrctl(path string) kauth.Errno {
	v, e := p.file(path)
	switch {
	case e != 0:
		return e
	case v.Mount.Type != "ffs":
		return kauth.EOPNOTSUPP
	}
	return p.ask(reqExtattr).text(kauth.FieldFstype, v.Mount.Type).answer()
}

var callSnapshot = Call{
	Name: "snapshot",
	Doc:  "Makes a snapshot of a file system in a file. Asks system.fs_snapshot: EACCES.",
	Params: []Param{
		{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
	},
	Asks: []string{"system.fs_snapshot"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.snapshot(a.text("path"))
	},
}

// snapshot makes a snapshot of a file system in a file, as fssconfig(8) does through /dev/fss0.
func (p *Process) snapshot(path string) kauth.Errno {
	v, e := p.file(path)
	if e != 0 {
		return e
	}
	b := v.Bottom()
	if b.Type != fs.Regular {
		return kauth.EACCES
	}
	q := p.ask(reqSnapshot).text(kauth.FieldFstype, v.Mount.Type).fact(stock.OwnsSnapshot, b.UID == p.cred.euid)
	if q.answer() != 0 {
		return kauth.EACCES
	}
	b.Flags |= fs.SuperSnapshot
	return 0
}

var callNfssvc = Call{
	Name: "nfssvc",
	Doc:  "Asks network.nfs.svc: EPERM; setting exports asks network.nfs.export too.",
	Params: []Param{
		{Name: "cmd", Kind: Word, Doc: "command", Words: []string{"addsock", "nfsd", "exports"}, Optional: true, Default: "nfsd"},
	},
	Asks: []string{"network.nfs", "system.module"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.nfssvc(a.text("cmd"))
	},
}

// nfssvc is nfssvc(2): cmd "addsock", "nfsd", or "exports", which asks a second time.
func (p *Process) nfssvc(cmd string) kauth.Errno {
	if e := p.callOf("nfsserver"); e != 0 {
		return e
	}
	if e := p.ask(reqNfsSvc).answer(); e != 0 {
		return e
	}
	if cmd != "exports" {
		return 0
	}
	if p.ask(reqNfsExport).answer() != 0 {
		return kauth.EPERM
	}
	return 0
}

var callDevmem = Call{
	Name: "devmem",
	Doc:  "Reads, writes or maps physical memory through an open /dev/mem or /dev/kmem. Outside of RAM it asks machdep.unmanagedmem: EPERM.",
	Params: []Param{
		{Name: "fd", Kind: Integer, Doc: "descriptor", Min: 0, Max: math.MaxInt32},
		{Name: "ram", Kind: Switch, Doc: "the address is RAM", Optional: true},
	},
	Asks: []string{"machdep.unmanagedmem"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.memory(a.int("fd"), a.on("ram"))
	},
}

// memory reads, writes or maps physical memory through /dev/mem, which must be open. Where the address is no RAM
// it asks again.
func (p *Process) memory(fd int, ram bool) kauth.Errno {
	f := p.files[fd]
	switch {
	case f == nil || f.v == nil:
		return kauth.EBADF
	case f.v.Bottom().Major != majMem || f.v.Bottom().Type != fs.CharacterDevice || f.v.Bottom().Minor > 1:
		return kauth.ENODEV
	case ram:
		return 0
	}
	return p.ask(reqUnmanaged).answer()
}

// ttyOf gives the terminal that a descriptor refers to.
func (p *Process) ttyOf(fd int) (*tty, *file, kauth.Errno) {
	f := p.files[fd]
	switch {
	case f == nil:
		return nil, nil, kauth.EBADF
	case f.tty != nil:
		return f.tty, f, 0
	case f.master != nil:
		return f.master, f, 0
	}
	return nil, nil, kauth.ENOTTY
}

// ttyIoctl is ioctl(2) on a terminal, by the name of the command.
func (p *Process) ttyIoctl(fd int, command string) kauth.Errno {
	t, f, e := p.ttyOf(fd)
	if e != 0 {
		return e
	}
	k := p.k
	switch command {
	case "TIOCEXCL":
		t.exclusive = true
	case "TIOCNXCL":
		t.exclusive = false
	case "TIOCSCTTY":
		s := p.session()
		if s.leader != p || (s.tty != nil || t.session != nil) && t.session != s {
			return kauth.EPERM
		}
		t.session, s.tty, p.ctty = s, t, true
	case "TIOCNOTTY":
		p.ctty = false
	case "TIOCSTI":
		// A denial only means that the rules for the own terminal hold.
		if e := p.ask(reqTTYSti).answer(); e != 0 {
			s := t.session
			switch {
			case !f.read:
				return kauth.EPERM
			case s == nil || s != p.session() || !p.ctty:
				return kauth.EACCES
			case s.leader == nil || s.leader.cred != p.cred:
				return e
			}
		}
	case "TIOCSFLAGS":
		// Serial lines know it, consoles and pseudo-terminals don't.
		if t.major != majCom {
			return kauth.ENOTTY
		}
		return p.ask(reqTTYPrivset).answer()
	case "TIOCCONS":
		if f.v == nil || f.v.Bottom().Major != majCons || k.devs.console == nil {
			if c := k.devs.console; c != nil && c != t && c.opens > 0 {
				return kauth.EBUSY
			}
			// Who may read the console, as the caller's own root has it, may take its output.
			v, e := p.file("/dev/console")
			if e == 0 {
				e = fs.Access(p.cred, v, fs.Read)
			}
			if e == 0 {
				k.devs.console = t
			}
			return e
		}
		if e := p.ask(reqTTYVirtual).answer(); e != 0 {
			return e
		}
		k.devs.console = nil
	case "TIOCSETD ppp":
		return p.ask(reqPppAdd).answer()
	case "TIOCSETD slip":
		return p.ask(reqSlipAdd).answer()
	case "TIOCSETD bcsp", "TIOCSETD bth5":
		return p.ask(reqBcspAdd).answer()
	case "TIOCSETD btuart":
		return p.ask(reqBtuartAdd).answer()
	default:
		return kauth.ENOTTY
	}
	return 0
}

// The bits of device.rawio_passthru.
const (
	passRead      = 1
	passWrite     = 2
	passReadConf  = 4
	passWriteConf = 8
	passAll       = 15
)

var callPassthru = Call{
	Name: "passthru",
	Doc:  "A pass-through command of a RAID controller. Asks device.rawio_passthru with the bits: EPERM.",
	Params: []Param{
		{Name: "bits", Kind: Integer, Doc: "1 read, 2 write, 4 read and 8 write configuration, added", Min: 1, Max: 15},
	},
	Asks: []string{"device.rawio_passthru"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.passthru(a.int64("bits"))
	},
}

// passthru asks for a pass-through command. The request is that of the value where it has a name of its own.
func (p *Process) passthru(bits int64) kauth.Errno {
	id := reqPassthru
	for named := id + 1; int(named) < kauth.NumRequests && strings.HasPrefix(named.String(), id.String()+"."); named++ {
		if int64(named.Info().Bits) == bits {
			id = named
		}
	}
	return p.ask(id).with(kauth.FieldBits, bits).answer()
}

// bioIoctls are the commands of bio(4) with what they ask.
var bioIoctls = map[string]int64{"BIOCINQ": passReadConf, "BIOCDISK": passReadConf, "BIOCVOL": passReadConf, "BIOCLOCATE": passReadConf,
	"BIOCBLINK": passWriteConf, "BIOCSETSTATE": passWriteConf, "BIOCVOLOPS": passWriteConf, "BIOCALARM status": passReadConf, "BIOCALARM enable": passWriteConf}

var callIoctl = Call{
	Name: "ioctl",
	Doc:  "An ioctl(2) on an open device, by the name of the command: terminals (TIOCSTI asks device.tty_sti, TIOCSFLAGS of a serial line device.tty_privset, TIOCCONS device.tty_virtual, line disciplines their own), bio and mfi (device.rawio_passthru), random (device.rnd_*), gpio, cpuctl, wskbd, device-mapper, veriexec, npf, altq (the name of the discipline is the command) and clockctl, which asks nobody. A command that a device does not know is ENOTTY, but EOPNOTSUPP for /dev/null and the other devices of memory.",
	Params: []Param{
		{Name: "fd", Kind: Integer, Doc: "descriptor", Min: 0, Max: math.MaxInt32},
		{Name: "command", Kind: Text, Doc: "name of the command"},
		{Name: "number", Kind: Integer, Doc: "pin, processor or time", Min: math.MinInt64, Max: math.MaxInt64, Optional: true, Default: int64(0)},
	},
	Asks: []string{"device", "system.cpu.setstate", "system.devmapper", "system.veriexec.modify", "machdep.cpu_ucode_apply", "network.altq", "network.firewall.fw", "network.interface_ppp.add", "network.interface_slip.add"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.deviceIoctl(a.int("fd"), a.text("command"), a.int64("number"))
	},
}

// deviceIoctl is ioctl(2) on an open device, by the name of the command.
func (p *Process) deviceIoctl(fd int, command string, number int64) kauth.Errno {
	f := p.files[fd]
	switch {
	case f == nil:
		return kauth.EBADF
	case f.tty != nil || f.master != nil:
		return p.ttyIoctl(fd, command)
	case f.v == nil || !f.v.IsDevice():
		return kauth.ENOTTY
	}
	major := f.v.Bottom().Major
	switch major {
	case majMem:
		return memIoctl(command)
	case majBio:
		if bits, ok := bioIoctls[command]; ok {
			return p.passthru(bits)
		}
	case majMfi:
		if command == "MFI_CMD" {
			return p.passthru(passAll)
		}
	case majRnd:
		return p.rndIoctl(command)
	case majGpio:
		return p.gpioIoctl(f, command, number)
	case majCpuctl:
		return p.cpuctlIoctl(command, number)
	case majWskbd:
		return p.wskbdIoctl(f, command)
	case majDm:
		return p.dmIoctl(command)
	case majVeriexec:
		return p.veriexecIoctl(f, command)
	case majNpf:
		if p.ask(reqFirewall).answer() != 0 {
			return kauth.EPERM
		}
		if !strings.HasPrefix(command, "IOC_NPF_") {
			return kauth.EINVAL
		}
		return 0
	case majAltq:
		return p.altqIoctl(command)
	case majClockctl:
		return p.clockctlIoctl(command, number)
	}
	if e, other := unknownIoctl[major]; other {
		return e
	}
	return kauth.ENOTTY
}

// unknownIoctl is what drivers answer that don't say ENOTTY to a command that they don't know.
var unknownIoctl = map[int]kauth.Errno{majBpf: kauth.EINVAL, majPtm: kauth.EINVAL, majFss: kauth.EINVAL, majPf: kauth.ENODEV}

// memIoctl is mm_ioctl, of all devices of memory, /dev/null and /dev/zero included.
func memIoctl(command string) kauth.Errno {
	switch command {
	case "FIONBIO":
		return 0
	case "FIOSETOWN", "FIOGETOWN", "TIOCGPGRP", "TIOCSPGRP", "TIOCGETA":
		return kauth.ENOTTY
	}
	return kauth.EOPNOTSUPP
}

// rndIoctl is entropy_ioctl.
func (p *Process) rndIoctl(command string) kauth.Errno {
	switch command {
	case "RNDGETENTCNT", "RNDGETPOOLSTAT", "RNDGETSRCNUM", "RNDGETSRCNAME", "RNDGETESTNUM", "RNDGETESTNAME":
		return p.ask(reqRndGet).answer()
	case "RNDCTL":
		return p.ask(reqRndSet).answer()
	case "RNDADDDATA":
		return p.addEntropy()
	}
	return kauth.ENOTTY
}

// addEntropy is asked twice, the second time only for whether the data counts.
func (p *Process) addEntropy() kauth.Errno {
	e := p.ask(reqAdddata).answer()
	p.ask(reqEstimate).answer()
	return e
}

var callWrite = Call{
	Name: "write",
	Doc:  "Writes to an open file. Only /dev/random and /dev/urandom ask: device.rnd_adddata (EPERM), then device.rnd_adddata_estimate, which only decides whether the data counts.",
	Params: []Param{
		{Name: "fd", Kind: Integer, Doc: "descriptor", Min: 0, Max: math.MaxInt32},
	},
	Asks: []string{"device.rnd_adddata", "device.rnd_adddata_estimate"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.writeDevice(a.int("fd"))
	},
}

// writeDevice is write(2) on a device. Only /dev/random and /dev/urandom ask, and they stop at the first
// denial.
func (p *Process) writeDevice(fd int) kauth.Errno {
	f := p.files[fd]
	if f == nil || !f.write {
		return kauth.EBADF
	}
	if f.v != nil && f.v.IsDevice() && f.v.Bottom().Major == majRnd {
		if e := p.ask(reqAdddata).answer(); e != 0 {
			return e
		}
		p.ask(reqEstimate).answer()
	}
	return 0
}

const npins = 16

// gpioIoctl asks only for pins that were not given to users with GPIOSET (gpio.c).
func (p *Process) gpioIoctl(f *file, command string, pin int64) kauth.Errno {
	d := &p.k.devs
	asks := func() kauth.Errno {
		if p.ask(reqPinset).answer() != 0 {
			return kauth.EPERM
		}
		return 0
	}
	switch command {
	case "GPIOINFO":
		return 0
	case "GPIOREAD", "GPIOWRITE", "GPIOTOGGLE":
		switch {
		case command != "GPIOREAD" && !f.write:
			return kauth.EBADF
		case pin < 0 || pin >= npins:
			return kauth.EINVAL
		case d.pins[pin]:
			return 0
		}
		return asks()
	case "GPIOSET", "GPIOUNSET":
		if e := asks(); e != 0 {
			return e
		}
		if pin < 0 || pin >= npins {
			return kauth.EINVAL
		}
		d.pins[pin] = command == "GPIOSET"
		return 0
	case "GPIOATTACH":
		return asks()
	}
	return kauth.ENOTTY
}

// setOnline is cpu_setstate: one processor of each set stays online.
func (k *kernelState) setOnline(cpu int64, online bool) kauth.Errno {
	if online {
		delete(k.offline, cpu)
		return 0
	}
	others := 0
	for i := range int64(ncpu) {
		if i != cpu && !k.offline[i] && k.cpuSet[i] == k.cpuSet[cpu] {
			others++
		}
	}
	if !k.offline[cpu] && others == 0 {
		return kauth.EBUSY
	}
	k.offline[cpu] = true
	return 0
}

func (p *Process) cpuctlIoctl(command string, cpu int64) kauth.Errno {
	switch command {
	case "IOC_CPU_GETCOUNT":
		return 0
	case "IOC_CPU_GETSTATE":
		if cpu < 0 || cpu >= ncpu {
			return kauth.ESRCH
		}
		return 0
	case "IOC_CPU_UCODE_APPLY":
		return p.ask(reqUcode).answer()
	case "IOC_CPU_SETSTATE offline", "IOC_CPU_SETSTATE online":
		if e := p.ask(reqSetstate).answer(); e != 0 {
			return e
		}
		if cpu < 0 || cpu >= ncpu {
			return kauth.ESRCH
		}
		return p.k.kern.setOnline(cpu, command == "IOC_CPU_SETSTATE online")
	}
	return kauth.ENOTTY
}

var (
	reqBell      = kauth.MustFind("device.wscons_keyboard_bell")
	reqKeyrepeat = kauth.MustFind("device.wscons_keyboard_keyrepeat")
)

func (p *Process) wskbdIoctl(f *file, command string) kauth.Errno {
	switch command {
	case "WSKBDIO_SETDEFAULTBELL":
		return p.ask(reqBell).answer()
	case "WSKBDIO_SETDEFAULTKEYREPEAT":
		return p.ask(reqKeyrepeat).answer()
	case "WSKBDIO_SETBELL", "WSKBDIO_SETKEYREPEAT":
		if !f.write {
			return kauth.EACCES
		}
		return 0
	}
	return kauth.ENOTTY
}

// dmCommands are those of device-mapper that ask nobody, and those that do.
var dmCommands = map[string]bool{"version": false, "targets": false, "info": false, "mknodes": false, "names": false, "deps": false, "status": false, "table": false,
	"create": true, "suspend": true, "remove": true, "rename": true, "resume": true, "clear": true, "reload": true}

// dmIoctl asks for unknown commands too, before it refuses them.
func (p *Process) dmIoctl(command string) kauth.Errno {
	asks, known := dmCommands[command]
	if asks || !known {
		if e := p.ask(reqDevmapper).answer(); e != 0 {
			return e
		}
	}
	if !known {
		return kauth.EINVAL
	}
	return 0
}

func (p *Process) veriexecIoctl(f *file, command string) kauth.Errno {
	switch command {
	case "VERIEXEC_LOAD", "VERIEXEC_DELETE", "VERIEXEC_FLUSH":
		if !f.write {
			return kauth.EPERM
		}
		e := p.ask(reqVeriModify).answer()
		if e != 0 && p.k.settings[stock.SettingVeriexec] > 0 {
			p.k.logf("Veriexec: Strict mode, modifying tables not permitted.")
		}
		return e
	case "VERIEXEC_QUERY", "VERIEXEC_DUMP":
		if !f.read {
			return kauth.EPERM
		}
		return 0
	}
	return kauth.ENODEV
}

// altqDisciplines are the disciplines of altq(4), each with a request of its own.
var altqDisciplines = []string{"afmap", "blue", "cbq", "cdnr", "conf", "fifoq", "hfsc", "jobs", "priq", "red", "rio", "wfq"}

func (p *Process) altqIoctl(discipline string) kauth.Errno {
	if !slices.Contains(altqDisciplines, discipline) {
		return kauth.ENXIO
	}
	return p.ask(kauth.MustFind("network.altq." + discipline)).answer()
}

// clockctlIoctl sets the clock through /dev/clockctl: who may open the device may set it, and nobody is asked.
func (p *Process) clockctlIoctl(command string, sec int64) kauth.Errno {
	switch command {
	case "CLOCKCTL_SETTIMEOFDAY", "CLOCKCTL_CLOCK_SETTIME":
		if sec < 0 || sec > maxTime {
			return kauth.EINVAL
		}
		p.k.setClock(time.Unix(sec, 0))
		return 0
	case "CLOCKCTL_ADJTIME", "CLOCKCTL_NTP_ADJTIME":
		return 0
	}
	return kauth.EINVAL
}

// sysarchOps are the operations of sysarch(2), each with a question that comes first. What else there is on i386 is
// EINVAL on amd64: permissions of single ports (ioperm) are not there, and segment descriptors (ldt) are for 32-bit
// programs, which have a call of their own (netbsd32_sysarch).
var sysarchOps = map[string]kauth.RequestID{
	"iopl": kauth.MustFind("machdep.iopl"), "mtrr_get": kauth.MustFind("machdep.mtrr_get"), "mtrr_set": kauth.MustFind("machdep.mtrr_set"),
}

var callSysarch = Call{
	Name: "sysarch",
	Doc:  "Machine-dependent calls of amd64: iopl, mtrr_get and mtrr_set ask machdep.* of their name first: EPERM. The others, of i386, are EINVAL.",
	Params: []Param{
		{Name: "op", Kind: Word, Doc: "operation", Words: []string{"ioperm_get", "ioperm_set", "iopl", "ldt_get", "ldt_set", "mtrr_get", "mtrr_set"}},
	},
	Asks: []string{"machdep.iopl", "machdep.mtrr_get", "machdep.mtrr_set"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.sysarch(a.text("op"))
	},
}

func (p *Process) sysarch(op string) kauth.Errno {
	id, ok := sysarchOps[op]
	if !ok {
		return kauth.EINVAL
	}
	return p.ask(id).answer()
}

// lfsOps are the system calls of LFS. Each asks first; then there is no LFS.
var lfsOps = map[string]kauth.RequestID{
	"markv": kauth.MustFind("system.lfs.markv"), "bmapv": kauth.MustFind("system.lfs.bmapv"), "segclean": kauth.MustFind("system.lfs.segclean"),
	"segwait": kauth.MustFind("system.lfs.segwait"), "fcntl": kauth.MustFind("system.lfs.fcntl"),
}

var callLfs = Call{
	Name: "lfs",
	Doc:  "A system call of LFS. Asks system.lfs.markv, .bmapv, .segclean, .segwait or .fcntl first: EPERM; then ENOENT, because there is no LFS.",
	Params: []Param{
		{Name: "op", Kind: Word, Doc: "call", Words: []string{"markv", "bmapv", "segclean", "segwait", "fcntl"}},
	},
	Asks: []string{"system.lfs"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.lfs(a.text("op"))
	},
}

func (p *Process) lfs(op string) kauth.Errno {
	id, ok := lfsOps[op]
	if !ok {
		return kauth.EINVAL
	}
	if e := p.ask(id).answer(); e != 0 {
		return e
	}
	return kauth.ENOENT
}

var callBluetooth = Call{
	Name: "bluetooth",
	Doc:  "What raw Bluetooth sockets ask: device.bluetooth_send about the socket's creator (EPERM), device.bluetooth_recv, which only hides a packet, and device.bluetooth_setpriv for settings of the controller (EPERM).",
	Params: []Param{
		{Name: "fd", Kind: Integer, Doc: "descriptor", Min: 0, Max: math.MaxInt32},
		{Name: "op", Kind: Word, Doc: "operation", Words: []string{"send", "recv", "setpriv"}},
		{Name: "public", Kind: Switch, Doc: "the packet is unprivileged", Optional: true},
	},
	Returns: "whether the packet passed",
	Asks:    []string{"device.bluetooth_send", "device.bluetooth_recv", "device.bluetooth_setpriv"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		ok, e := p.bluetooth(a.int("fd"), a.text("op"), a.on("public"))
		return ok, e
	},
}

// bluetooth is what raw Bluetooth sockets ask about. send takes whether the command is an unprivileged one;
// recv asks per packet, and a denial only hides it.
func (p *Process) bluetooth(fd int, op string, public bool) (bool, kauth.Errno) {
	s, e := p.sock(fd)
	switch {
	case e != 0:
		return false, e
	case s.domain != afBluetooth:
		return false, kauth.EINVAL
	}
	switch op {
	case "send":
		e := p.k.question(p, s.cred, reqBtSend).fact(stock.BluetoothCommandPublic, public).answer()
		if e != 0 {
			return false, kauth.EPERM
		}
		return true, 0
	case "recv":
		return p.k.question(p, s.cred, reqBtRecv).fact(stock.BluetoothPacketPublic, public).answer() == 0, 0
	}
	return false, p.ask(reqBtSetpriv).answer()
}
