package sim

import (
	"cmp"
	"slices"
	"strings"

	"cellsh/policy/kauth"
)

// vtype is the kind of a vnode (enum vtype, sys/vnode.h).
type Kind uint8

const (
	Regular Kind = iota + 1
	Directory
	BlockDevice
	CharacterDevice
	Symlink
	Socket
	Fifo
)

// vnode is a file of the simulated file systems. Files have no contents; what counts is what they are, whose
// they are and where.
type vnode struct {
	Type     Kind
	Mode     uint16
	UID, GID uint32
	Flags    uint32
	// major and minor of a device node.
	Major, Minor int
	// link is what a symbolic link says.
	Link     string
	Name     string
	Parent   *vnode
	Children map[string]*vnode
	Mount    *mount
	// mounted is the file system whose root stands in this directory's place.
	Mounted *mount
	// lower is the file that a file of a null mount stands for; all but its place in the tree is taken there.
	Lower *vnode
	// unmade makes the usual contents of a directory as soon as somebody looks into it, nil if they are made:
	// a machine may have many thousand roots of cells.
	Unmade func(*vnode)
}

// mount is a mounted file system.
type mount struct {
	Type string
	Root *vnode
	// covered is the directory that it is mounted on, nil for the root file system.
	Covered *vnode
	Flags   uint32
	Owner   uint32
	// holds counts the references that keep it from being unmounted: root and working directories, open files,
	// file systems mounted on it, roots of cells.
	Holds int
	// device is the disk's partition that it lies on, lower the directory that a layer shows.
	Device int
	Lower  *vnode
	// upper are the files of a null mount, by the files that they stand for.
	Upper map[*vnode]*vnode
}

// The mount flags that matter here (sys/fstypes.h).
const (
	Rdonly   = 0x00000001
	Noexec   = 0x00000004
	Nosuid   = 0x00000008
	Nodev    = 0x00000010
	Exported = 0x00000100
	Local    = 0x00001000
	Rootfs   = 0x00004000
	Update   = 0x00010000
	Reload   = 0x00040000
	Force    = 0x00080000
	Getargs  = 0x00400000
)

// File flags (sys/stat.h): the upper half is root's.
const (
	UserImmutable  = 0x00000002
	UserAppend     = 0x00000004
	SuperImmutable = 0x00020000
	SuperAppend    = 0x00040000
	SuperSnapshot  = 0x00200000
	SuperSettable  = 0xffff0000
)

// bottom is the file that holds the attributes: the file itself, or what a null mount shows.
func (v *vnode) Bottom() *vnode {
	for v.Lower != nil {
		v = v.Lower
	}
	return v
}

func (v *vnode) IsDir() bool { return v.Bottom().Type == Directory }

func (v *vnode) IsDevice() bool {
	t := v.Bottom().Type
	return t == CharacterDevice || t == BlockDevice
}

// atMount goes from a directory to the root of what is mounted on it.
func (v *vnode) AtMount() *vnode {
	for v.Mounted != nil {
		v = v.Mounted.Root
	}
	return v
}

// over gives the file of the null mount that stands for the lower file.
func (m *mount) over(lower *vnode) *vnode {
	if u := m.Upper[lower]; u != nil {
		return u
	}
	u := &vnode{Lower: lower, Name: lower.Name, Mount: m}
	m.Upper[lower] = u
	return u
}

// child is the entry of a directory, nil if there is none. Null mounts show the lower file system without what
// is mounted on it.
func (v *vnode) Child(name string) *vnode {
	if v.Lower == nil {
		return v.Entries()[name]
	}
	if c := v.Lower.Child(name); c != nil {
		return v.Mount.over(c)
	}
	return nil
}

// up is the directory above, the root's own for the root. It crosses mount points.
func (v *vnode) Up() *vnode {
	for v == v.Mount.Root && v.Mount.Covered != nil {
		v = v.Mount.Covered
	}
	switch {
	case v == v.Mount.Root:
		return v
	case v.Lower != nil:
		return v.Mount.over(v.Lower.Up())
	}
	return v.Parent
}

// isUnder reports whether the directory is the root or below it (vn_isunder).
func (v *vnode) IsUnder(root *vnode) bool {
	for {
		if v == root {
			return true
		}
		above := v.Up()
		if above == v {
			return false
		}
		v = above
	}
}

// path of the vnode as the host sees it.
func (v *vnode) Path() string {
	var parts []string
	for {
		at := v
		for at == at.Mount.Root && at.Mount.Covered != nil {
			at = at.Mount.Covered
		}
		above := at.Up()
		if above == at {
			break
		}
		parts = append(parts, at.Bottom().Name)
		v = above
	}
	slices.Reverse(parts)
	return "/" + strings.Join(parts, "/")
}

func NewDir(m *mount, mode uint16) *vnode {
	return &vnode{Type: Directory, Mode: mode, Mount: m, Children: map[string]*vnode{}}
}

// add puts a new file into a directory.
func (v *vnode) Add(name string, c *vnode) *vnode {
	d := v.Bottom()
	c.Name, c.Parent, c.Mount = name, d, d.Mount
	d.Entries()[name] = c
	if v.Lower != nil {
		return v.Mount.over(c)
	}
	return c
}

func (v *vnode) Remove(name string) { delete(v.Entries(), name) }

// entries are the files in a directory.
func (v *vnode) Entries() map[string]*vnode {
	d := v.Bottom()
	if fill := d.Unmade; fill != nil {
		d.Unmade = nil
		fill(d)
	}
	return d.Children
}

// names lists a directory in order.
func (v *vnode) Names() []string {
	files := v.Entries()
	names := make([]string, 0, len(files))
	for n := range files {
		names = append(names, n)
	}
	slices.SortFunc(names, cmp.Compare[string])
	return names
}

// The accesses that the mode bits speak of.
const (
	Read    = 4
	Write   = 2
	Execute = 1
)

// access is the answer of the vnode scope: owner and mode decide (genfs_can_access), and secmodel_suser lets
// root do anything but execute a file that nobody may execute. It has no part in policies, so it is no
// question of [Question].
func Access(c *cred, v *vnode, want uint16) kauth.Errno {
	v = v.Bottom()
	if c.euid == 0 {
		if want&Execute != 0 && v.Type != Directory && v.Mode&0o111 == 0 {
			return kauth.EACCES
		}
		return 0
	}
	mode := v.Mode
	switch {
	case c.euid == v.UID:
		mode >>= 6
	case c.groupMember(v.GID):
		mode >>= 3
	}
	if mode&want != want {
		return kauth.EACCES
	}
	return 0
}

// writable adds what the file system itself refuses.
func Writable(c *cred, v *vnode) kauth.Errno {
	if v.Mount.Flags&Rdonly != 0 && !v.IsDevice() {
		return kauth.EROFS
	}
	if v.Bottom().Flags&(UserImmutable|SuperImmutable) != 0 {
		return kauth.EPERM
	}
	return Access(c, v, Write)
}

const (
	MaxPath     = 1024
	MaxName     = 511
	maxSymlinks = 32
)

// found is the outcome of a lookup: the directory, the last name in it, and the file if it exists.
type Found struct {
	Dir  *vnode
	Name string
	File *vnode
}

// lookup resolves a path as the process sees it (namei). With create the last name may be missing, and found.v
// is nil then.
func (p *Process) lookup(path string, follow, create bool) (Found, kauth.Errno) {
	return p.k.walk(p.cred, p.root, p.cwd, path, follow, create)
}

// file resolves the path of a file that must exist; symbolic links are followed.
func (p *Process) file(path string) (*vnode, kauth.Errno) {
	f, e := p.lookup(path, true, false)
	return f.File, e
}

func (k *Kernel) walk(c *cred, root, cwd *vnode, path string, follow, create bool) (Found, kauth.Errno) {
	if root == nil {
		root = k.rootVnode()
	}
	if path == "" {
		return Found{}, kauth.ENOENT
	}
	if len(path) >= MaxPath || strings.IndexByte(path, 0) >= 0 {
		return Found{}, kauth.ENAMETOOLONG
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
			return Found{File: at}, 0
		}
		name, after, _ := strings.Cut(rest, "/")
		last := strings.Trim(after, "/") == ""
		if len(name) > MaxName {
			return Found{}, kauth.ENAMETOOLONG
		}
		if !at.IsDir() {
			return Found{}, kauth.ENOTDIR
		}
		if e := Access(c, at, Execute); e != 0 {
			return Found{}, e
		}
		var next *vnode
		switch name {
		case ".":
			next = at
		case "..":
			next = at
			if at != root {
				next = at.Up()
			}
		default:
			next = at.Child(name)
			if next != nil {
				next = next.AtMount()
			}
		}
		if next == nil {
			if last && create {
				return Found{Dir: at, Name: name}, 0
			}
			return Found{}, kauth.ENOENT
		}
		if b := next.Bottom(); b.Type == Symlink && (!last || follow || after != "") {
			if links++; links > maxSymlinks {
				return Found{}, kauth.ELOOP
			}
			rest = b.Link + "/" + after
			if last && after == "" {
				rest = b.Link
			}
			if b.Link != "" && b.Link[0] == '/' {
				at = root
			}
			continue
		}
		if last {
			if after != "" && !next.IsDir() {
				return Found{}, kauth.ENOTDIR
			}
			return Found{at, name, next}, 0
		}
		at, rest = next, after
	}
}

func (k *Kernel) rootVnode() *vnode { return k.rootMount.Root }

// hold and release count what keeps a file system mounted.
func Hold(v *vnode) *vnode {
	if v != nil {
		v.Mount.Holds++
	}
	return v
}

func Release(v *vnode) {
	if v != nil {
		v.Mount.Holds--
	}
}

// deviceNode describes a node of the usual /dev.
type deviceNode struct {
	name         string
	typ          Kind
	major, minor int
	mode         uint16
	group        string
}

// devices are the nodes of /dev with the numbers of amd64 (arch/amd64/conf/majors.amd64) and the modes of
// MAKEDEV(8). The disks are one SCSI disk with the root file system.
var devices = []deviceNode{
	{"console", CharacterDevice, majCons, 0, 0o600, "wheel"},
	{"constty", CharacterDevice, majCons, 1, 0o600, "wheel"},
	{"tty", CharacterDevice, majCtty, 0, 0o666, "wheel"},
	{"mem", CharacterDevice, majMem, 0, 0o640, "kmem"},
	{"kmem", CharacterDevice, majMem, 1, 0o640, "kmem"},
	{"null", CharacterDevice, majMem, 2, 0o666, "wheel"},
	{"full", CharacterDevice, majMem, 11, 0o666, "wheel"},
	{"zero", CharacterDevice, majMem, 12, 0o666, "wheel"},
	{"klog", CharacterDevice, majLog, 0, 0o600, "wheel"},
	{"tty00", CharacterDevice, majCom, 0, 0o600, "wheel"},
	{"sd0a", BlockDevice, majSdBlk, 0, 0o640, "operator"},
	{"rsd0a", CharacterDevice, majSdChr, 0, 0o640, "operator"},
	{"sd0e", BlockDevice, majSdBlk, 4, 0o640, "operator"},
	{"rsd0e", CharacterDevice, majSdChr, 4, 0o640, "operator"},
	{"bpf", CharacterDevice, majBpf, 0, 0o600, "wheel"},
	{"tun0", CharacterDevice, majTun, 0, 0o600, "wheel"},
	{"ipl", CharacterDevice, majIpl, 0, 0o600, "wheel"},
	{"random", CharacterDevice, majRnd, 0, 0o444, "wheel"},
	{"urandom", CharacterDevice, majRnd, 1, 0o644, "wheel"},
	{"ttyE0", CharacterDevice, majWsdisplay, 0, 0o600, "wheel"},
	{"wskbd0", CharacterDevice, majWskbd, 0, 0o600, "wheel"},
	{"clockctl", CharacterDevice, majClockctl, 0, 0o660, "ntpd"},
	{"pci0", CharacterDevice, majPci, 0, 0o644, "wheel"},
	{"pf", CharacterDevice, majPf, 0, 0o600, "wheel"},
	{"fss0", BlockDevice, 163, 0, 0o640, "operator"},
	{"rfss0", CharacterDevice, majFss, 0, 0o640, "operator"},
	{"ptmx", CharacterDevice, majPtm, 0, 0o666, "wheel"},
	{"ptm", CharacterDevice, majPtm, 1, 0o666, "wheel"},
	{"tap", CharacterDevice, 169, 0xfffff, 0o600, "wheel"},
	{"veriexec", CharacterDevice, majVeriexec, 0, 0o600, "wheel"},
	{"gpio0", CharacterDevice, majGpio, 0, 0o644, "wheel"},
	{"bio", CharacterDevice, majBio, 0, 0o600, "wheel"},
	{"cpuctl", CharacterDevice, majCpuctl, 0, 0o666, "wheel"},
	{"mapper/control", CharacterDevice, majDm, 0, 0o600, "operator"},
	{"npf", CharacterDevice, majNpf, 0, 0o600, "wheel"},
	{"mfi0", CharacterDevice, majMfi, 0, 0o600, "wheel"},
	{"altq/altq", CharacterDevice, majAltq, 0, 0o644, "wheel"},
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
	m := &mount{Type: "ffs", Flags: Rootfs | Local}
	m.Root = NewDir(m, 0o755)
	m.Root.Name = "/"
	k.rootMount = m
	k.mounts = []*mount{m}
	mkdir := func(path string, mode uint16) *vnode {
		at := m.Root
		for _, name := range strings.Split(path, "/") {
			c := at.Child(name)
			if c == nil {
				c = at.Add(name, NewDir(m, mode))
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
		at.Add(name, &vnode{Type: Regular, Mode: f.mode, GID: k.groups[f.group]})
	}
	k.makeDevices(mkdir("dev", 0o755))
	// The fstab(5) of a new system has these two.
	for _, f := range []struct{ fstype, path string }{{"ptyfs", "dev/pts"}, {"procfs", "proc"}} {
		fs := &mount{Type: f.fstype, Flags: Local, Covered: mkdir(f.path, 0o755)}
		fs.Root = NewDir(fs, 0o555)
		fs.Covered.Mounted = fs
		Hold(fs.Covered)
		k.mounts = append(k.mounts, fs)
	}
}

// makeDevices makes the usual nodes in a directory, as MAKEDEV all does.
func (k *Kernel) makeDevices(dev *vnode) {
	for _, d := range devices {
		at, name := dev, d.name
		if sub, rest, ok := strings.Cut(d.name, "/"); ok {
			at, name = dev.Child(sub), rest
			if at == nil {
				at = dev.Add(sub, NewDir(dev.Mount, 0o755))
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
		v.Add("tmp", NewDir(nil, 0o1777))
	}
	for _, dir := range []string{"dev", "etc", "bin"} {
		if v.Child(dir) == nil {
			v.Add(dir, NewDir(nil, 0o755))
		}
	}
	if bin := v.Child("bin"); bin.IsDir() && bin.Child("sh") == nil {
		bin.Add("sh", &vnode{Type: Regular, Mode: 0o555})
	}
	if dev := v.Child("dev"); dev.IsDir() {
		k.makeDevices(dev)
	}
}
