package sim

import (
	"cmp"
	"slices"
	"strings"

	"cellsh/policy/kauth"
)

// vtype is the kind of a vnode (enum vtype, sys/vnode.h).
type vtype uint8

const (
	vReg vtype = iota + 1
	vDir
	vBlk
	vChr
	vLnk
	vSock
	vFifo
)

// vnode is a file of the simulated file systems. Files have no contents; what counts is what they are, whose
// they are and where.
type vnode struct {
	typ      vtype
	mode     uint16
	uid, gid uint32
	flags    uint32
	// major and minor of a device node.
	major, minor int
	// link is what a symbolic link says.
	link     string
	name     string
	parent   *vnode
	children map[string]*vnode
	mnt      *mount
	// mounted is the file system whose root stands in this directory's place.
	mounted *mount
	// lower is the file that a file of a null mount stands for; all but its place in the tree is taken there.
	lower *vnode
	// unmade makes the usual contents of a directory as soon as somebody looks into it, nil if they are made:
	// a machine may have many thousand roots of cells.
	unmade func(*vnode)
}

// mount is a mounted file system.
type mount struct {
	fstype string
	root   *vnode
	// covered is the directory that it is mounted on, nil for the root file system.
	covered *vnode
	flags   uint32
	owner   uint32
	// holds counts the references that keep it from being unmounted: root and working directories, open files,
	// file systems mounted on it, roots of cells.
	holds int
	// device is the disk's partition that it lies on, lower the directory that a layer shows.
	device int
	lower  *vnode
	// upper are the files of a null mount, by the files that they stand for.
	upper map[*vnode]*vnode
}

// The mount flags that matter here (sys/fstypes.h).
const (
	mntRdonly   = 0x00000001
	mntNoexec   = 0x00000004
	mntNosuid   = 0x00000008
	mntNodev    = 0x00000010
	mntExported = 0x00000100
	mntLocal    = 0x00001000
	mntRootfs   = 0x00004000
	mntUpdate   = 0x00010000
	mntReload   = 0x00040000
	mntForce    = 0x00080000
	mntGetargs  = 0x00400000
)

// File flags (sys/stat.h): the upper half is root's.
const (
	ufImmutable = 0x00000002
	ufAppend    = 0x00000004
	sfImmutable = 0x00020000
	sfAppend    = 0x00040000
	sfSnapshot  = 0x00200000
	sfSettable  = 0xffff0000
)

// bottom is the file that holds the attributes: the file itself, or what a null mount shows.
func (v *vnode) bottom() *vnode {
	for v.lower != nil {
		v = v.lower
	}
	return v
}

func (v *vnode) dir() bool { return v.bottom().typ == vDir }

func (v *vnode) isDevice() bool { t := v.bottom().typ; return t == vChr || t == vBlk }

// atMount goes from a directory to the root of what is mounted on it.
func (v *vnode) atMount() *vnode {
	for v.mounted != nil {
		v = v.mounted.root
	}
	return v
}

// over gives the file of the null mount that stands for the lower file.
func (m *mount) over(lower *vnode) *vnode {
	if u := m.upper[lower]; u != nil {
		return u
	}
	u := &vnode{lower: lower, name: lower.name, mnt: m}
	m.upper[lower] = u
	return u
}

// child is the entry of a directory, nil if there is none. Null mounts show the lower file system without what
// is mounted on it.
func (v *vnode) child(name string) *vnode {
	if v.lower == nil {
		return v.entries()[name]
	}
	if c := v.lower.child(name); c != nil {
		return v.mnt.over(c)
	}
	return nil
}

// up is the directory above, the root's own for the root. It crosses mount points.
func (v *vnode) up() *vnode {
	for v == v.mnt.root && v.mnt.covered != nil {
		v = v.mnt.covered
	}
	switch {
	case v == v.mnt.root:
		return v
	case v.lower != nil:
		return v.mnt.over(v.lower.up())
	}
	return v.parent
}

// isUnder reports whether the directory is the root or below it (vn_isunder).
func (v *vnode) isUnder(root *vnode) bool {
	for {
		if v == root {
			return true
		}
		above := v.up()
		if above == v {
			return false
		}
		v = above
	}
}

// path of the vnode as the host sees it.
func (v *vnode) path() string {
	var parts []string
	for {
		at := v
		for at == at.mnt.root && at.mnt.covered != nil {
			at = at.mnt.covered
		}
		above := at.up()
		if above == at {
			break
		}
		parts = append(parts, at.bottom().name)
		v = above
	}
	slices.Reverse(parts)
	return "/" + strings.Join(parts, "/")
}

func newDir(m *mount, mode uint16) *vnode {
	return &vnode{typ: vDir, mode: mode, mnt: m, children: map[string]*vnode{}}
}

// add puts a new file into a directory.
func (v *vnode) add(name string, c *vnode) *vnode {
	d := v.bottom()
	c.name, c.parent, c.mnt = name, d, d.mnt
	d.entries()[name] = c
	if v.lower != nil {
		return v.mnt.over(c)
	}
	return c
}

func (v *vnode) remove(name string) { delete(v.entries(), name) }

// entries are the files in a directory.
func (v *vnode) entries() map[string]*vnode {
	d := v.bottom()
	if fill := d.unmade; fill != nil {
		d.unmade = nil
		fill(d)
	}
	return d.children
}

// names lists a directory in order.
func (v *vnode) names() []string {
	files := v.entries()
	names := make([]string, 0, len(files))
	for n := range files {
		names = append(names, n)
	}
	slices.SortFunc(names, cmp.Compare[string])
	return names
}

// The accesses that the mode bits speak of.
const (
	accRead  = 4
	accWrite = 2
	accExec  = 1
)

// access is the answer of the vnode scope: owner and mode decide (genfs_can_access), and secmodel_suser lets
// root do anything but execute a file that nobody may execute. It has no part in policies, so it is no
// question of [Question].
func access(c *cred, v *vnode, want uint16) kauth.Errno {
	v = v.bottom()
	if c.euid == 0 {
		if want&accExec != 0 && v.typ != vDir && v.mode&0o111 == 0 {
			return kauth.EACCES
		}
		return 0
	}
	mode := v.mode
	switch {
	case c.euid == v.uid:
		mode >>= 6
	case c.groupMember(v.gid):
		mode >>= 3
	}
	if mode&want != want {
		return kauth.EACCES
	}
	return 0
}

// writable adds what the file system itself refuses.
func writable(c *cred, v *vnode) kauth.Errno {
	if v.mnt.flags&mntRdonly != 0 && !v.isDevice() {
		return kauth.EROFS
	}
	if v.bottom().flags&(ufImmutable|sfImmutable) != 0 {
		return kauth.EPERM
	}
	return access(c, v, accWrite)
}

const (
	maxPath     = 1024
	maxName     = 511
	maxSymlinks = 32
)

// found is the outcome of a lookup: the directory, the last name in it, and the file if it exists.
type found struct {
	dir  *vnode
	name string
	v    *vnode
}

// lookup resolves a path as the process sees it (namei). With create the last name may be missing, and found.v
// is nil then.
func (p *Process) lookup(path string, follow, create bool) (found, kauth.Errno) {
	return p.k.walk(p.cred, p.root, p.cwd, path, follow, create)
}

// file resolves the path of a file that must exist; symbolic links are followed.
func (p *Process) file(path string) (*vnode, kauth.Errno) {
	f, e := p.lookup(path, true, false)
	return f.v, e
}

func (k *Kernel) walk(c *cred, root, cwd *vnode, path string, follow, create bool) (found, kauth.Errno) {
	if root == nil {
		root = k.rootVnode()
	}
	if path == "" {
		return found{}, kauth.ENOENT
	}
	if len(path) >= maxPath || strings.IndexByte(path, 0) >= 0 {
		return found{}, kauth.ENAMETOOLONG
	}
	at := cwd
	if path[0] == '/' {
		at = root
	}
	links := 0
	rest := path
	for {
		rest = strings.TrimLeft(rest, "/")
		if rest == "" {
			return found{v: at}, 0
		}
		name, after, _ := strings.Cut(rest, "/")
		last := strings.Trim(after, "/") == ""
		if len(name) > maxName {
			return found{}, kauth.ENAMETOOLONG
		}
		if !at.dir() {
			return found{}, kauth.ENOTDIR
		}
		if e := access(c, at, accExec); e != 0 {
			return found{}, e
		}
		var next *vnode
		switch name {
		case ".":
			next = at
		case "..":
			next = at
			if at != root {
				next = at.up()
			}
		default:
			next = at.child(name)
			if next != nil {
				next = next.atMount()
			}
		}
		if next == nil {
			if last && create {
				return found{dir: at, name: name}, 0
			}
			return found{}, kauth.ENOENT
		}
		if b := next.bottom(); b.typ == vLnk && (!last || follow || after != "") {
			if links++; links > maxSymlinks {
				return found{}, kauth.ELOOP
			}
			rest = b.link + "/" + after
			if last && after == "" {
				rest = b.link
			}
			if b.link != "" && b.link[0] == '/' {
				at = root
			}
			continue
		}
		if last {
			if after != "" && !next.dir() {
				return found{}, kauth.ENOTDIR
			}
			return found{at, name, next}, 0
		}
		at, rest = next, after
	}
}

func (k *Kernel) rootVnode() *vnode { return k.rootMount.root }

// hold and release count what keeps a file system mounted.
func hold(v *vnode) *vnode {
	if v != nil {
		v.mnt.holds++
	}
	return v
}

func release(v *vnode) {
	if v != nil {
		v.mnt.holds--
	}
}

// deviceNode describes a node of the usual /dev.
type deviceNode struct {
	name         string
	typ          vtype
	major, minor int
	mode         uint16
	group        string
}

// devices are the nodes of /dev with the numbers of amd64 (arch/amd64/conf/majors.amd64) and the modes of
// MAKEDEV(8). The disks are one SCSI disk with the root file system.
var devices = []deviceNode{
	{"console", vChr, majCons, 0, 0o600, "wheel"},
	{"constty", vChr, majCons, 1, 0o600, "wheel"},
	{"tty", vChr, majCtty, 0, 0o666, "wheel"},
	{"mem", vChr, majMem, 0, 0o640, "kmem"},
	{"kmem", vChr, majMem, 1, 0o640, "kmem"},
	{"null", vChr, majMem, 2, 0o666, "wheel"},
	{"full", vChr, majMem, 11, 0o666, "wheel"},
	{"zero", vChr, majMem, 12, 0o666, "wheel"},
	{"klog", vChr, majLog, 0, 0o600, "wheel"},
	{"tty00", vChr, majCom, 0, 0o600, "wheel"},
	{"sd0a", vBlk, majSdBlk, 0, 0o640, "operator"},
	{"rsd0a", vChr, majSdChr, 0, 0o640, "operator"},
	{"sd0e", vBlk, majSdBlk, 4, 0o640, "operator"},
	{"rsd0e", vChr, majSdChr, 4, 0o640, "operator"},
	{"bpf", vChr, majBpf, 0, 0o600, "wheel"},
	{"tun0", vChr, majTun, 0, 0o600, "wheel"},
	{"ipl", vChr, majIpl, 0, 0o600, "wheel"},
	{"random", vChr, majRnd, 0, 0o444, "wheel"},
	{"urandom", vChr, majRnd, 1, 0o644, "wheel"},
	{"ttyE0", vChr, majWsdisplay, 0, 0o600, "wheel"},
	{"wskbd0", vChr, majWskbd, 0, 0o600, "wheel"},
	{"clockctl", vChr, majClockctl, 0, 0o660, "ntpd"},
	{"pci0", vChr, majPci, 0, 0o644, "wheel"},
	{"pf", vChr, majPf, 0, 0o600, "wheel"},
	{"fss0", vBlk, 163, 0, 0o640, "operator"},
	{"rfss0", vChr, majFss, 0, 0o640, "operator"},
	{"ptmx", vChr, majPtm, 0, 0o666, "wheel"},
	{"ptm", vChr, majPtm, 1, 0o666, "wheel"},
	{"tap", vChr, 169, 0xfffff, 0o600, "wheel"},
	{"veriexec", vChr, majVeriexec, 0, 0o600, "wheel"},
	{"gpio0", vChr, majGpio, 0, 0o644, "wheel"},
	{"bio", vChr, majBio, 0, 0o600, "wheel"},
	{"cpuctl", vChr, majCpuctl, 0, 0o666, "wheel"},
	{"mapper/control", vChr, majDm, 0, 0o600, "operator"},
	{"npf", vChr, majNpf, 0, 0o600, "wheel"},
	{"mfi0", vChr, majMfi, 0, 0o600, "wheel"},
	{"altq/altq", vChr, majAltq, 0, 0o644, "wheel"},
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
	m := &mount{fstype: "ffs", flags: mntRootfs | mntLocal}
	m.root = newDir(m, 0o755)
	m.root.name = "/"
	k.rootMount = m
	k.mounts = []*mount{m}
	mkdir := func(path string, mode uint16) *vnode {
		at := m.root
		for _, name := range strings.Split(path, "/") {
			c := at.child(name)
			if c == nil {
				c = at.add(name, newDir(m, mode))
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
		at := m.root
		if i := strings.LastIndexByte(f.path, '/'); i >= 0 {
			dir, name = f.path[:i], f.path[i+1:]
			at = mkdir(dir, 0o755)
		}
		at.add(name, &vnode{typ: vReg, mode: f.mode, gid: k.groups[f.group]})
	}
	k.makeDevices(mkdir("dev", 0o755))
	// The fstab(5) of a new system has these two.
	for _, f := range []struct{ fstype, path string }{{"ptyfs", "dev/pts"}, {"procfs", "proc"}} {
		fs := &mount{fstype: f.fstype, flags: mntLocal, covered: mkdir(f.path, 0o755)}
		fs.root = newDir(fs, 0o555)
		fs.covered.mounted = fs
		hold(fs.covered)
		k.mounts = append(k.mounts, fs)
	}
}

// makeDevices makes the usual nodes in a directory, as MAKEDEV all does.
func (k *Kernel) makeDevices(dev *vnode) {
	for _, d := range devices {
		at, name := dev, d.name
		if sub, rest, ok := strings.Cut(d.name, "/"); ok {
			at, name = dev.child(sub), rest
			if at == nil {
				at = dev.add(sub, newDir(dev.mnt, 0o755))
			}
		}
		if at.child(name) == nil {
			at.add(name, &vnode{typ: d.typ, mode: d.mode, gid: k.groups[d.group], major: d.major, minor: d.minor})
		}
	}
}

// furnish makes the usual contents of a cell's root; what exists stays as it is.
func (k *Kernel) furnish(v *vnode) {
	if v.child("tmp") == nil {
		v.add("tmp", newDir(nil, 0o1777))
	}
	for _, dir := range []string{"dev", "etc", "bin"} {
		if v.child(dir) == nil {
			v.add(dir, newDir(nil, 0o755))
		}
	}
	if bin := v.child("bin"); bin.dir() && bin.child("sh") == nil {
		bin.add("sh", &vnode{typ: vReg, mode: 0o555})
	}
	if dev := v.child("dev"); dev.dir() {
		k.makeDevices(dev)
	}
}
