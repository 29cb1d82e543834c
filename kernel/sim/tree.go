package sim

import (
	"strings"

	"cellsh/kernel/sim/fs"
	"cellsh/policy/kauth"
)

type (
	vnode = fs.Vnode
	mount = fs.Mount
)

// lookup resolves a path as the process sees it (namei). With create the last name may be missing, and found.v
// is nil then.
func (p *Process) lookup(path string, follow, create bool) (fs.Found, kauth.Errno) {
	root := p.root
	if root == nil {
		root = p.k.rootVnode()
	}
	return fs.Walk(p.cred, root, p.cwd, path, follow, create)
}

// file resolves the path of a file that must exist; symbolic links are followed.
func (p *Process) file(path string) (*vnode, kauth.Errno) {
	f, e := p.lookup(path, true, false)
	return f.File, e
}

func (k *Kernel) rootVnode() *vnode { return k.rootMount.Root }

// deviceNode describes a node of the usual /dev.
type deviceNode struct {
	name         string
	typ          fs.Kind
	major, minor int
	mode         uint16
	group        string
}

// devices are the nodes of /dev with the numbers of amd64 (arch/amd64/conf/majors.amd64) and the modes of
// MAKEDEV(8). The disks are one SCSI disk with the root file system.
var devices = []deviceNode{
	{"console", fs.CharacterDevice, majCons, 0, 0o600, "wheel"},
	{"constty", fs.CharacterDevice, majCons, 1, 0o600, "wheel"},
	{"tty", fs.CharacterDevice, majCtty, 0, 0o666, "wheel"},
	{"mem", fs.CharacterDevice, majMem, 0, 0o640, "kmem"},
	{"kmem", fs.CharacterDevice, majMem, 1, 0o640, "kmem"},
	{"null", fs.CharacterDevice, majMem, 2, 0o666, "wheel"},
	{"full", fs.CharacterDevice, majMem, 11, 0o666, "wheel"},
	{"zero", fs.CharacterDevice, majMem, 12, 0o666, "wheel"},
	{"klog", fs.CharacterDevice, majLog, 0, 0o600, "wheel"},
	{"tty00", fs.CharacterDevice, majCom, 0, 0o600, "wheel"},
	{"sd0a", fs.BlockDevice, majSdBlk, 0, 0o640, "operator"},
	{"rsd0a", fs.CharacterDevice, majSdChr, 0, 0o640, "operator"},
	{"sd0e", fs.BlockDevice, majSdBlk, 4, 0o640, "operator"},
	{"rsd0e", fs.CharacterDevice, majSdChr, 4, 0o640, "operator"},
	{"bpf", fs.CharacterDevice, majBpf, 0, 0o600, "wheel"},
	{"tun0", fs.CharacterDevice, majTun, 0, 0o600, "wheel"},
	{"ipl", fs.CharacterDevice, majIpl, 0, 0o600, "wheel"},
	{"random", fs.CharacterDevice, majRnd, 0, 0o444, "wheel"},
	{"urandom", fs.CharacterDevice, majRnd, 1, 0o644, "wheel"},
	{"ttyE0", fs.CharacterDevice, majWsdisplay, 0, 0o600, "wheel"},
	{"wskbd0", fs.CharacterDevice, majWskbd, 0, 0o600, "wheel"},
	{"clockctl", fs.CharacterDevice, majClockctl, 0, 0o660, "ntpd"},
	{"pci0", fs.CharacterDevice, majPci, 0, 0o644, "wheel"},
	{"pf", fs.CharacterDevice, majPf, 0, 0o600, "wheel"},
	{"fss0", fs.BlockDevice, 163, 0, 0o640, "operator"},
	{"rfss0", fs.CharacterDevice, majFss, 0, 0o640, "operator"},
	{"ptmx", fs.CharacterDevice, majPtm, 0, 0o666, "wheel"},
	{"ptm", fs.CharacterDevice, majPtm, 1, 0o666, "wheel"},
	{"tap", fs.CharacterDevice, 169, 0xfffff, 0o600, "wheel"},
	{"veriexec", fs.CharacterDevice, majVeriexec, 0, 0o600, "wheel"},
	{"gpio0", fs.CharacterDevice, majGpio, 0, 0o644, "wheel"},
	{"bio", fs.CharacterDevice, majBio, 0, 0o600, "wheel"},
	{"cpuctl", fs.CharacterDevice, majCpuctl, 0, 0o666, "wheel"},
	{"mapper/control", fs.CharacterDevice, majDm, 0, 0o600, "operator"},
	{"npf", fs.CharacterDevice, majNpf, 0, 0o600, "wheel"},
	{"mfi0", fs.CharacterDevice, majMfi, 0, 0o600, "wheel"},
	{"altq/altq", fs.CharacterDevice, majAltq, 0, 0o644, "wheel"},
}

// Major numbers that a driver here looks at.
const (
	majCons      = 0
	majCtty      = 1
	majMem       = 2
	majPts       = 5
	majPtc       = 6
	majLog       = 7
	majCom       = 8
	majSdChr     = 13
	majSdBlk     = 4
	majBpf       = 23
	majTun       = 40
	majIpl       = 44
	majRnd       = 46
	majWsdisplay = 47
	majWskbd     = 48
	majAltq      = 77
	majClockctl  = 79
	majPci       = 83
	majPf        = 161
	majFss       = 163
	majPtm       = 165
	majVeriexec  = 170
	majGpio      = 173
	majBio       = 181
	majCpuctl    = 188
	majDm        = 194
	majNpf       = 198
	majMfi       = 205
)

// makeTree gives the root file system that a simulated system starts with.
func (k *Kernel) makeTree() {
	m := &mount{Type: "ffs", Flags: fs.Rootfs | fs.Local}
	m.Root = fs.NewDir(m, 0o755)
	m.Root.Name = "/"
	k.rootMount = m
	k.mounts = []*mount{m}
	mkdir := func(path string, mode uint16) *vnode {
		at := m.Root
		for _, name := range strings.Split(path, "/") {
			c := at.Child(name)
			if c == nil {
				c = at.Add(name, fs.NewDir(m, mode))
			}
			at = c
		}
		return at
	}
	for _, dir := range []string{"altroot", "bin", "cells", "dev", "dev/pts", "dev/altq", "dev/mapper", "etc", "home", "kern", "lib", "libexec",
		"mnt", "proc", "sbin", "usr/bin", "usr/lib", "usr/libexec", "usr/pkg", "usr/sbin", "usr/share",
		"var/chroot", "var/db", "var/log", "var/run", "stand/amd64/10.99.12/modules"} {
		mkdir(dir, 0o755)
	}
	mkdir("root", 0o755)
	mkdir("tmp", 0o1777)
	mkdir("var/tmp", 0o1777)
	for _, f := range []struct {
		path  string
		mode  uint16
		group string
	}{
		{"bin/sh", 0o555, "wheel"}, {"bin/ps", 0o555, "wheel"}, {"sbin/init", 0o500, "wheel"}, {"sbin/mount", 0o555, "wheel"},
		{"usr/bin/su", 0o4555, "wheel"}, {"usr/bin/passwd", 0o4555, "wheel"}, {"usr/bin/wall", 0o2555, "tty"},
		{"usr/sbin/cellctl", 0o555, "wheel"}, {"netbsd", 0o755, "wheel"}, {"etc/passwd", 0o644, "wheel"}, {"etc/master.passwd", 0o600, "wheel"},
		{"var/log/messages", 0o644, "wheel"},
	} {
		dir, name := "", f.path
		at := m.Root
		if i := strings.LastIndexByte(f.path, '/'); i >= 0 {
			dir, name = f.path[:i], f.path[i+1:]
			at = mkdir(dir, 0o755)
		}
		at.Add(name, &vnode{Type: fs.Regular, Mode: f.mode, GID: k.groups[f.group]})
	}
	k.makeDevices(mkdir("dev", 0o755))
	// The fstab(5) of a new system has these two.
	for _, f := range []struct{ fstype, path string }{{"ptyfs", "dev/pts"}, {"procfs", "proc"}} {
		m := &mount{Type: f.fstype, Flags: fs.Local, Covered: mkdir(f.path, 0o755)}
		m.Root = fs.NewDir(m, 0o555)
		m.Covered.Mounted = m
		fs.Hold(m.Covered)
		k.mounts = append(k.mounts, m)
	}
}

// makeDevices makes the usual nodes in a directory, as MAKEDEV all does.
func (k *Kernel) makeDevices(dev *vnode) {
	for _, d := range devices {
		at, name := dev, d.name
		if sub, rest, ok := strings.Cut(d.name, "/"); ok {
			at, name = dev.Child(sub), rest
			if at == nil {
				at = dev.Add(sub, fs.NewDir(dev.Mount, 0o755))
			}
		}
		if at.Child(name) == nil {
			at.Add(name, &vnode{Type: d.typ, Mode: d.mode, GID: k.groups[d.group], Major: d.major, Minor: d.minor})
		}
	}
}

// furnish makes the usual contents of a cell's root; what exists stays as it is.
func (k *Kernel) furnish(v *vnode) {
	if v.Child("tmp") == nil {
		v.Add("tmp", fs.NewDir(nil, 0o1777))
	}
	for _, dir := range []string{"dev", "etc", "bin"} {
		if v.Child(dir) == nil {
			v.Add(dir, fs.NewDir(nil, 0o755))
		}
	}
	if bin := v.Child("bin"); bin.IsDir() && bin.Child("sh") == nil {
		bin.Add("sh", &vnode{Type: fs.Regular, Mode: 0o555})
	}
	if dev := v.Child("dev"); dev.IsDir() {
		k.makeDevices(dev)
	}
}
