package sim

import (
	"slices"

	"cellsh/kernel/sim/fs"
	"cellsh/policy/kauth"
	"cellsh/policy/stock"
)

// tty is a terminal.
type tty struct {
	major, minor int
	opens        int
	exclusive    bool
	// session that it controls, nil for none.
	session *session
	// pty terminals have a master, which is gone if this is false.
	pty bool
}

func (t *tty) close() {
	if t.opens--; t.opens == 0 {
		t.exclusive = false
	}
}

type device struct{ major, minor int }

// openDevice is a device as it is opened: block and character devices have numbers of their own.
type openDevice struct {
	typ fs.Kind
	device
}

type deviceState struct {
	ttys map[device]*tty
	// nextPty is the number of the next pseudo-terminal.
	nextPty int
	// console is the terminal that console output goes to after TIOCCONS, nil for the console itself.
	console *tty
	// busy has the open ones of the devices that are opened once only.
	busy map[openDevice]bool
	// disks that have a file system mounted, by name of the device.
	mountedDisks map[int]bool
	pins         map[int64]bool
}

func newDeviceState() deviceState {
	return deviceState{ttys: map[device]*tty{}, busy: map[openDevice]bool{}, mountedDisks: map[int]bool{0: true}, pins: map[int64]bool{}}
}

func (d *deviceState) tty(major, minor int) *tty {
	at := device{major, minor}
	t := d.ttys[at]
	if t == nil {
		t = &tty{major: major, minor: minor}
		d.ttys[at] = t
	}
	return t
}

var (
	reqRawioRead  = kauth.MustFind("device.rawio_spec.read")
	reqRawioWrite = kauth.MustFind("device.rawio_spec.write")
	reqRawioRW    = kauth.MustFind("device.rawio_spec.rw")
	reqTTYOpen    = kauth.MustFind("device.tty_open")
	reqTTYSti     = kauth.MustFind("device.tty_sti")
	reqTTYPrivset = kauth.MustFind("device.tty_privset")
	reqTTYVirtual = kauth.MustFind("device.tty_virtual")
	reqTunAdd     = kauth.MustFind("network.interface_tun.add")
	reqFirewall   = kauth.MustFind("network.firewall.fw")
	reqVeriAccess = kauth.MustFind("system.veriexec.access")
	reqVeriModify = kauth.MustFind("system.veriexec.modify")
)

// kernelMemory reports whether the device is one of those that iskmemdev(9) names.
func kernelMemory(b *vnode) bool {
	return b.Type == fs.CharacterDevice && b.Major == majMem && (b.Minor < 2 || b.Minor == 14)
}

// diskUnit gives the partition of a disk device; false if the device is no disk.
func diskUnit(b *vnode) (int, bool) {
	if b.Type == fs.BlockDevice && b.Major == majSdBlk || b.Type == fs.CharacterDevice && b.Major == majSdChr {
		return b.Minor, true
	}
	return 0, false
}

// askRawio asks for the open of a device (spec_open). c is nil for the kernel's own credential NOCRED, which
// is allowed everything without a question.
func (p *Process) askRawio(c *cred, b *vnode, read, write bool) kauth.Errno {
	if c == nil {
		return 0
	}
	id := reqRawioRead
	switch {
	case read && write:
		id = reqRawioRW
	case write:
		id = reqRawioWrite
	}
	kind := int64(4)
	if b.Type == fs.BlockDevice {
		kind = 3
	}
	part, disk := diskUnit(b)
	q := p.k.question(p, c, id)
	q.with(kauth.FieldKind, kind).with(kauth.FieldMajor, int64(b.Major)).with(kauth.FieldMinor, int64(b.Minor))
	q.fact(stock.DeviceIsKernelMemory, kernelMemory(b)).fact(stock.DeviceIsDisk, disk).fact(stock.DiskMounted, disk && p.k.devs.mountedDisks[part])
	return q.answer()
}

// openDevice opens a device node (spec_open): the model first, then the driver. f gets what the driver makes of it.
func (p *Process) openDevice(c *cred, v *vnode, read, write bool, f *file) kauth.Errno {
	b := v.Bottom()
	if v.Mount.Flags&fs.Nodev != 0 {
		return kauth.ENXIO
	}
	if e := p.askRawio(c, b, read, write); e != 0 {
		return e
	}
	k := p.k
	if b.Type == fs.BlockDevice {
		part, disk := diskUnit(b)
		switch {
		case disk && k.devs.mountedDisks[part]:
			return kauth.EBUSY
		case !disk && b.Major != majFss:
			return kauth.ENXIO
		}
		return p.openOnce(b, f)
	}
	switch b.Major {
	case majMem:
		// The driver marks every process that opens one of its devices, whichever it is, and does not look whether
		// there is such a device (dev/mm.c).
		p.kmem = true
		return 0
	case majCtty:
		return p.openControllingTTY(f)
	case majCons:
		return p.openTTY(k.devs.tty(majWsdisplay, 0), true, f)
	case majWsdisplay, majCom:
		return p.openTTY(k.devs.tty(b.Major, b.Minor), true, f)
	case majPts:
		t := k.devs.tty(majPts, b.Minor)
		if !t.pty {
			return kauth.ENXIO
		}
		// The first open of a slave is not asked, unlike every other terminal.
		return p.openTTY(t, t.opens > 0, f)
	case majPtm:
		switch b.Minor {
		case 0:
			return p.openPtmx(f)
		case 1:
			return 0
		}
		return kauth.ENODEV
	case majLog:
		return p.openOnce(b, f)
	case majTun:
		if e := p.ask(reqTunAdd).answer(); e != 0 {
			return e
		}
		return p.openOnce(b, f)
	case majNpf:
		if p.ask(reqFirewall).answer() != 0 {
			return kauth.EPERM
		}
	case majVeriexec:
		if p.ask(reqVeriAccess).answer() != 0 {
			return kauth.EPERM
		}
		return p.openOnce(b, f)
	case majIpl, majPf:
		// A driver that is missing is loaded, which is a question of its own; what comes of it shows only in
		// whether it is there then.
		name, attached := "ipl", &k.settings[stock.SettingIPF]
		if b.Major == majPf {
			name, attached = "pf", &k.settings[stock.SettingPF]
		}
		if *attached == 0 {
			p.autoload(name)
		}
		if *attached == 0 {
			return kauth.ENXIO
		}
	default:
		if !slices.ContainsFunc(devices, func(d deviceNode) bool { return d.typ == fs.CharacterDevice && d.major == b.Major }) {
			return kauth.ENXIO
		}
	}
	return 0
}

// openOnce is for devices that only one may have open, as every block device is (spec_open). They are free again at
// the last close.
func (p *Process) openOnce(b *vnode, f *file) kauth.Errno {
	at := openDevice{b.Type, device{b.Major, b.Minor}}
	if p.k.devs.busy[at] {
		return kauth.EBUSY
	}
	p.k.devs.busy[at] = true
	f.closed = func() { delete(p.k.devs.busy, at) }
	return 0
}

// openTTY opens a terminal. The question is asked under a spin lock where it is a pseudo-terminal, so policies
// never see it.
func (p *Process) openTTY(t *tty, ask bool, f *file) kauth.Errno {
	if ask {
		q := p.ask(reqTTYOpen).fact(stock.TTYClosed, t.opens == 0).fact(stock.TTYShared, !t.exclusive)
		if q.answer() != 0 {
			return kauth.EBUSY
		}
	}
	t.opens++
	f.tty = t
	return 0
}

// openControllingTTY opens /dev/tty: the terminal behind it is opened with NOCRED, about which nobody is asked.
func (p *Process) openControllingTTY(f *file) kauth.Errno {
	t := p.session().tty
	if t == nil || !p.ctty {
		return kauth.ENXIO
	}
	return p.openTTY(t, true, f)
}

// openPtmx gives a new pseudo-terminal's master, if a ptyfs is mounted that the caller can reach
// (ptyfs__getmp). The kernel opens the master with its own credential.
func (p *Process) openPtmx(f *file) kauth.Errno {
	k := p.k
	pts := p.mounted("ptyfs")
	if pts == nil {
		return kauth.EOPNOTSUPP
	}
	n := k.devs.nextPty
	if e := p.askRawio(k.proc0.cred, &vnode{Type: fs.CharacterDevice, Major: majPtc, Minor: n}, true, true); e != 0 {
		return e
	}
	k.devs.nextPty++
	name := itoa(n)
	slave := pts.Root.Add(name, &vnode{Type: fs.CharacterDevice, Mode: 0o620, UID: p.cred.uid, GID: k.groups["tty"], Major: majPts, Minor: n})
	t := k.devs.tty(majPts, n)
	t.pty = true
	f.closed = func() {
		t.pty = false
		slave.Parent.Remove(name)
	}
	f.master = t
	return 0
}

// mounted gives a file system of that type that the process can reach, nil if there is none.
func (p *Process) mounted(fstype string) *mount {
	for _, m := range p.k.mounts {
		if m.Type == fstype && (p.root == nil || m.Covered != nil && m.Covered.IsUnder(p.root)) {
			return m
		}
	}
	return nil
}

// halt notes that the machine would have stopped. The simulation goes on, so that one can look at it.
func (k *Kernel) halt(form string, args ...any) {
	k.halted = true
	k.logf(form, args...)
}

// Halted reports whether something stopped the machine: a reboot, or the death of init. The log says what. The
// simulation goes on nevertheless.
func (k *Kernel) Halted() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.halted
}
