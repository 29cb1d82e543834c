package sim

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"cellsh/kernel/sim/fs"
	"cellsh/policy/kauth"
	"cellsh/policy/stock"
)

var (
	reqChroot     = kauth.MustFind("system.chroot.chroot")
	reqFchroot    = kauth.MustFind("system.chroot.fchroot")
	reqMknod      = kauth.MustFind("system.mknod")
	reqMountNew   = kauth.MustFind("system.mount.new")
	reqMountUpd   = kauth.MustFind("system.mount.update")
	reqMountGet   = kauth.MustFind("system.mount.get")
	reqMountDev   = kauth.MustFind("system.mount.device")
	reqMountUmap  = kauth.MustFind("system.mount.umap")
	reqUnmount    = kauth.MustFind("system.mount.unmount")
	reqFilehandle = kauth.MustFind("system.filehandle")
	reqAcct       = kauth.MustFind("system.accounting")
	reqSwapctl    = kauth.MustFind("system.swapctl")
	reqModule     = kauth.MustFind("system.module")
)

func itoa(n int) string { return strconv.Itoa(n) }

var callChdir = Call{
	Name: "chdir",
	Doc:  "Asks nobody.",
	Params: []Param{
		{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
	},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.chdir(a.text("path"))
	},
}

// Chdir is chdir(2).
func (p *Process) Chdir(path string) kauth.Errno {
	return p.call(func() kauth.Errno { return p.chdir(path) })
}

func (p *Process) directory(path string) (*vnode, kauth.Errno) {
	v, e := p.file(path)
	if e != 0 {
		return nil, e
	}
	if !v.IsDir() {
		return nil, kauth.ENOTDIR
	}
	return v, fs.Access(p.cred, v, fs.Execute)
}

func (p *Process) chdir(path string) kauth.Errno {
	v, e := p.directory(path)
	if e != 0 {
		return e
	}
	p.setCwd(v)
	return 0
}

func (p *Process) setCwd(v *vnode) {
	fs.Release(p.cwd)
	p.cwd = fs.Hold(v)
}

var callChroot = Call{
	Name: "chroot",
	Doc:  "Changes the root directory. Asks system.chroot.chroot before it looks at the path: EPERM. Marks the process as having changed its ids.",
	Params: []Param{
		{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
	},
	Asks: []string{"system.chroot.chroot"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.chroot(a.text("path"))
	},
}

// Chroot is chroot(2): it asks before it looks at the path.
func (p *Process) Chroot(path string) kauth.Errno {
	return p.call(func() kauth.Errno { return p.chroot(path) })
}

func (p *Process) chroot(path string) kauth.Errno {
	if e := p.ask(reqChroot).answer(); e != 0 {
		return e
	}
	v, e := p.directory(path)
	if e != 0 {
		return e
	}
	p.changeRoot(v)
	return 0
}

// changeRoot sets the root, moves a working directory that lies outside to it, and marks the process.
func (p *Process) changeRoot(v *vnode) {
	fs.Release(p.root)
	p.root = fs.Hold(v)
	if !p.cwd.IsUnder(v) {
		p.setCwd(v)
	}
	p.setCred(p.cred.change(func(*cred) {}))
	p.sugid = true
}

var callFchroot = Call{
	Name: "fchroot",
	Doc:  "Changes the root to an open directory. Asks system.chroot.fchroot first: EPERM.",
	Params: []Param{
		{Name: "fd", Kind: Integer, Doc: "descriptor", Min: 0, Max: math.MaxInt32},
	},
	Asks: []string{"system.chroot.fchroot"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.fchroot(a.int("fd"))
	},
}

// Fchroot is fchroot(2).
func (p *Process) Fchroot(fd int) kauth.Errno {
	return p.call(func() kauth.Errno { return p.fchroot(fd) })
}

func (p *Process) fchroot(fd int) kauth.Errno {
	if e := p.ask(reqFchroot).answer(); e != 0 {
		return e
	}
	f := p.files[fd]
	switch {
	case f == nil:
		return kauth.EBADF
	case f.v == nil:
		return kauth.EINVAL
	case !f.v.IsDir():
		return kauth.ENOTDIR
	}
	if e := fs.Access(p.cred, f.v, fs.Execute); e != 0 {
		return e
	}
	p.changeRoot(f.v)
	return 0
}

var callOpen = Call{
	Name: "open",
	Doc:  "Opens a file. Owner and mode first: EACCES. A device is asked device.rawio_spec.read, .write or .rw, /dev/null and terminals included: EPERM; on a nodev mount ENXIO before that. Then the driver: terminals device.tty_open (EBUSY), tun network.interface_tun.add, npf network.firewall.fw, veriexec system.veriexec.access; a driver that is missing is loaded, which asks system.module. A block device is open once: EBUSY. /dev/ptmx needs a ptyfs that is mounted below the caller's root, else EOPNOTSUPP; /dev/tty a controlling terminal, else ENXIO.",
	Params: []Param{
		{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
		{Name: "mode", Kind: Word, Doc: "access", Words: []string{"r", "w", "rw"}, Optional: true, Default: "r"},
		{Name: "create", Kind: Switch, Doc: "make the file if it is missing", Optional: true},
	},
	Returns: "the descriptor",
	Asks:    []string{"device.rawio_spec", "device.tty_open", "network.interface_tun.add", "network.firewall.fw", "system.veriexec.access", "system.module"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		fd, e := p.open(a.text("path"), a.text("mode"), a.on("create"))
		return int64(fd), e
	},
}

// Open is open(2): mode is "r", "w" or "rw". It gives a descriptor.
func (p *Process) Open(path, mode string) (int, kauth.Errno) {
	fd := -1
	e := p.call(func() (e kauth.Errno) { fd, e = p.open(path, mode, false); return e })
	return fd, e
}

func (p *Process) open(path, mode string, create bool) (int, kauth.Errno) {
	read, write := strings.Contains(mode, "r"), strings.Contains(mode, "w")
	if !read && !write {
		return -1, kauth.EINVAL
	}
	if int64(len(p.files)) >= p.limits[rlimitNofile].Cur {
		return -1, kauth.EMFILE
	}
	at, e := p.lookup(path, true, create)
	if e != 0 {
		return -1, e
	}
	v := at.File
	if v == nil {
		if e := fs.Writable(p.cred, at.Dir); e != 0 {
			return -1, e
		}
		v = at.Dir.Add(at.Name, &vnode{Type: fs.Regular, Mode: 0o644 &^ p.umask, UID: p.cred.euid, GID: at.Dir.Bottom().GID})
	} else if e := p.mayOpen(v, read, write); e != 0 {
		return -1, e
	}
	f := &file{read: read, write: write, v: v}
	if v.IsDevice() {
		if e := p.openDevice(p.cred, v, read, write, f); e != 0 {
			return -1, e
		}
	}
	fs.Hold(v)
	fd, e := p.openFile(f)
	if e != 0 {
		p.k.lastClose(f)
	}
	return fd, e
}

// mayOpen is vn_openchk: what owner, mode and file system say.
func (p *Process) mayOpen(v *vnode, read, write bool) kauth.Errno {
	b := v.Bottom()
	if b.Type == fs.Socket {
		return kauth.EOPNOTSUPP
	}
	want := uint16(0)
	if read {
		want |= fs.Read
	}
	if write {
		want |= fs.Write
		if b.Type == fs.Directory {
			return kauth.EISDIR
		}
		if v.Mount.Flags&fs.Rdonly != 0 && !v.IsDevice() {
			return kauth.EROFS
		}
		if b.Flags&(fs.UserImmutable|fs.SuperImmutable) != 0 {
			return kauth.EPERM
		}
	}
	return fs.Access(p.cred, v, want)
}

// CloseFD is close(2).
func (p *Process) CloseFD(fd int) kauth.Errno {
	return p.call(func() kauth.Errno { return p.closeFile(fd) })
}

var callMknod = Call{
	Name: "mknod",
	Doc:  "Makes a device node or a file. Asks system.mknod before it looks at the path: EPERM; a fifo with device number 0 asks nobody.",
	Params: []Param{
		{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
		{Name: "kind", Kind: Word, Doc: "kind of node", Words: []string{"chr", "blk", "reg", "fifo"}, Optional: true, Default: "chr"},
		{Name: "mode", Kind: Integer, Doc: "permissions", Min: 0, Max: 0o7777, Optional: true, Default: int64(0o644)},
		{Name: "major", Kind: Integer, Doc: "major number", Min: 0, Max: 4095, Optional: true, Default: int64(0)},
		{Name: "minor", Kind: Integer, Doc: "minor number", Min: 0, Max: 1048575, Optional: true, Default: int64(0)},
	},
	Asks: []string{"system.mknod"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.mknod(a.text("path"), a.text("kind"), uint16(a.int("mode")), a.int("major"), a.int("minor"))
	},
}

// Mknod is mknod(2) of a device node; kind is "chr" or "blk".
func (p *Process) Mknod(path, kind string, mode uint16, major, minor int) kauth.Errno {
	return p.call(func() kauth.Errno { return p.mknod(path, kind, mode, major, minor) })
}

// mknod asks before it looks at the path. A fifo with device number 0 is mkfifo(2), which asks nobody.
func (p *Process) mknod(path, kind string, mode uint16, major, minor int) kauth.Errno {
	typ := map[string]fs.Kind{"chr": fs.CharacterDevice, "blk": fs.BlockDevice, "reg": fs.Regular, "fifo": fs.Fifo}[kind]
	if typ == fs.Fifo && major == 0 && minor == 0 {
		return p.create(path, &vnode{Type: fs.Fifo, Mode: mode})
	}
	if e := p.ask(reqMknod).answer(); e != 0 {
		return e
	}
	if typ == 0 || typ == fs.Fifo {
		at, e := p.lookup(path, false, true)
		switch {
		case e != 0:
			return e
		case at.File != nil:
			return kauth.EEXIST
		}
		return kauth.EINVAL
	}
	return p.create(path, &vnode{Type: typ, Mode: mode, Major: major, Minor: minor})
}

// create makes a file at a path where none is.
func (p *Process) create(path string, v *vnode) kauth.Errno {
	at, e := p.lookup(path, false, true)
	if e != 0 {
		return e
	}
	if at.File != nil || at.Dir == nil {
		return kauth.EEXIST
	}
	if e := fs.Writable(p.cred, at.Dir); e != 0 {
		return e
	}
	v.Mode &^= p.umask
	v.UID, v.GID = p.cred.euid, at.Dir.Bottom().GID
	at.Dir.Add(at.Name, v)
	return 0
}

// MakeDir is mkdir(2).
func (p *Process) MakeDir(path string, mode uint16) kauth.Errno {
	return p.call(func() kauth.Errno { return p.mkdir(path, mode) })
}

var callMkdir = Call{
	Name: "mkdir",
	Doc:  "Asks nobody beyond the modes.",
	Params: []Param{
		{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
		{Name: "mode", Kind: Integer, Doc: "permissions", Min: 0, Max: 0o7777, Optional: true, Default: int64(0o755)},
	},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.mkdir(a.text("path"), uint16(a.int("mode")))
	},
}

func (p *Process) mkdir(path string, mode uint16) kauth.Errno {
	v := fs.NewDir(nil, mode)
	return p.create(path, v)
}

var callSymlink = Call{
	Name: "symlink",
	Doc:  "Asks nobody beyond the modes.",
	Params: []Param{
		{Name: "target", Kind: Text, Doc: "what the link says"},
		{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
	},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.symlink(a.text("target"), a.text("path"))
	},
}

func (p *Process) symlink(target, path string) kauth.Errno {
	return p.create(path, &vnode{Type: fs.Symlink, Mode: 0o755, Link: target})
}

// mayRemove is what unlink, rmdir and rename ask of a directory: writing in it, and in a sticky one that the
// caller owns the file or the directory (vnode/write_data, then vnode/delete).
func (p *Process) mayRemove(dir, v *vnode) kauth.Errno {
	if e := fs.Writable(p.cred, dir); e != 0 {
		return e
	}
	d, b := dir.Bottom(), v.Bottom()
	if d.Mode&0o1000 != 0 && p.cred.euid != 0 && p.cred.euid != d.UID && p.cred.euid != b.UID {
		return kauth.EPERM
	}
	if b.Flags&(fs.UserImmutable|fs.UserAppend|fs.SuperImmutable|fs.SuperAppend) != 0 {
		return kauth.EPERM
	}
	return 0
}

var callUnlink = Call{
	Name: "unlink",
	Doc:  "Asks nobody beyond the modes; in a sticky directory only for own files.",
	Params: []Param{
		{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
	},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.unlink(a.text("path"))
	},
}

func (p *Process) unlink(path string) kauth.Errno {
	at, e := p.lookup(path, false, false)
	switch {
	case e != 0:
		return e
	case at.Dir == nil:
		return kauth.EBUSY
	case at.File.IsDir():
		return kauth.EPERM
	}
	if e := p.mayRemove(at.Dir, at.File); e != 0 {
		return e
	}
	at.Dir.Remove(at.Name)
	return 0
}

var callRmdir = Call{
	Name: "rmdir",
	Doc:  "Asks nobody beyond the modes.",
	Params: []Param{
		{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
	},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.rmdir(a.text("path"))
	},
}

func (p *Process) rmdir(path string) kauth.Errno {
	at, e := p.lookup(path, false, false)
	switch {
	case e != 0:
		return e
	case !at.File.IsDir():
		return kauth.ENOTDIR
	case at.Dir == nil || at.File == at.File.Mount.Root:
		return kauth.EBUSY
	case at.Name == "." || at.Name == "..":
		return kauth.EINVAL
	}
	if e := p.mayRemove(at.Dir, at.File); e != 0 {
		return e
	}
	if len(at.File.Entries()) > 0 {
		return kauth.ENOTEMPTY
	}
	at.Dir.Remove(at.Name)
	return 0
}

var callRename = Call{
	Name: "rename",
	Doc:  "Asks nobody beyond the modes.",
	Params: []Param{
		{Name: "from", Kind: Text, Doc: "path of the file"},
		{Name: "to", Kind: Text, Doc: "new path"},
	},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.rename(a.text("from"), a.text("to"))
	},
}

func (p *Process) rename(from, to string) kauth.Errno {
	a, e := p.lookup(from, false, false)
	if e != 0 {
		return e
	}
	b, e := p.lookup(to, false, true)
	if e != 0 {
		return e
	}
	switch {
	case a.Dir == nil || b.Dir == nil || a.File == a.File.Mount.Root:
		return kauth.EBUSY
	case a.Dir.Mount != b.Dir.Mount:
		return kauth.EXDEV
	case a.File.IsDir() && b.Dir.IsUnder(a.File):
		return kauth.EINVAL
	}
	if e := p.mayRemove(a.Dir, a.File); e != 0 {
		return e
	}
	if b.File == nil {
		if e := fs.Writable(p.cred, b.Dir); e != 0 {
			return e
		}
	} else {
		if e := p.mayRemove(b.Dir, b.File); e != 0 {
			return e
		}
		switch {
		case a.File.IsDir() && !b.File.IsDir():
			return kauth.ENOTDIR
		case !a.File.IsDir() && b.File.IsDir():
			return kauth.EISDIR
		case b.File.IsDir() && len(b.File.Entries()) > 0:
			return kauth.ENOTEMPTY
		}
	}
	a.Dir.Remove(a.Name)
	b.Dir.Add(b.Name, a.File.Bottom())
	return 0
}

// owner reports whether the caller may change what only an owner may (genfs_can_chmod and others).
func (p *Process) owner(v *vnode) bool { return p.cred.euid == 0 || p.cred.euid == v.Bottom().UID }

// alterable gives a file whose owner, mode and times can be changed: of some nobody can change them, root included.
func (p *Process) alterable(path string) (*vnode, kauth.Errno) {
	v, e := p.file(path)
	switch {
	case e != 0:
		return nil, e
	case v.Bottom().Flags&(fs.UserImmutable|fs.UserAppend|fs.SuperImmutable|fs.SuperAppend) != 0:
		return nil, kauth.EPERM
	case v.Mount.Flags&fs.Rdonly != 0:
		return nil, kauth.EROFS
	}
	return v, 0
}

var callChmod = Call{
	Name: "chmod",
	Doc:  "Changes the mode of an own file: EPERM for others.",
	Params: []Param{
		{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
		{Name: "mode", Kind: Integer, Doc: "permissions", Min: 0, Max: 0o7777},
	},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.chmod(a.text("path"), uint16(a.int("mode")))
	},
}

func (p *Process) chmod(path string, mode uint16) kauth.Errno {
	v, e := p.alterable(path)
	if e != 0 {
		return e
	}
	switch {
	case !p.owner(v):
		return kauth.EPERM
	case p.cred.euid != 0 && mode&0o1000 != 0 && !v.IsDir():
		return kauth.EFTYPE
	case p.cred.euid != 0 && mode&0o2000 != 0 && !p.cred.GroupMember(v.Bottom().GID):
		return kauth.EPERM
	}
	v.Bottom().Mode = mode & 0o7777
	return 0
}

var callChown = Call{
	Name: "chown",
	Doc:  "Changes owner and group; -1 keeps one. Owners may change the group to one of theirs: else EPERM.",
	Params: []Param{
		{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
		{Name: "uid", Kind: Integer, Doc: "user id", Min: -1, Max: math.MaxUint32, Optional: true, Default: int64(-1)},
		{Name: "gid", Kind: Integer, Doc: "group id", Min: -1, Max: math.MaxUint32, Optional: true, Default: int64(-1)},
	},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.chown(a.text("path"), a.uint32("uid"), a.uint32("gid"))
	},
}

func (p *Process) chown(path string, uid, gid uint32) kauth.Errno {
	v, e := p.alterable(path)
	if e != 0 {
		return e
	}
	b := v.Bottom()
	if uid == none {
		uid = b.UID
	}
	if gid == none {
		gid = b.GID
	}
	switch {
	case p.cred.euid != 0 && (p.cred.euid != b.UID || uid != b.UID || gid != b.GID && !p.cred.GroupMember(gid)):
		return kauth.EPERM
	}
	b.UID, b.GID = uid, gid
	if p.cred.euid != 0 {
		b.Mode &^= 0o6000
	}
	return 0
}

var callUtimes = Call{
	Name: "utimes",
	Doc:  "Changes the times of an own file, or of a writable one to now.",
	Params: []Param{
		{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
		{Name: "now", Kind: Switch, Doc: "to now", Optional: true},
	},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.utimes(a.text("path"), a.on("now"))
	},
}

func (p *Process) utimes(path string, now bool) kauth.Errno {
	v, e := p.alterable(path)
	if e != 0 {
		return e
	}
	switch {
	case p.owner(v):
		return 0
	case !now:
		return kauth.EPERM
	}
	return fs.Access(p.cred, v, fs.Write)
}

var callChflags = Call{
	Name: "chflags",
	Doc:  "Changes file flags of an own file. Those of the upper half are root's, and with a securelevel above 0 can't be changed once any is set: EPERM.",
	Params: []Param{
		{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
		{Name: "flags", Kind: Integer, Doc: "flags, as in sys/stat.h", Min: 0, Max: math.MaxUint32},
	},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.chflags(a.text("path"), a.uint32("flags"))
	},
}

// chflags changes file flags. Those of the upper half are root's, and a securelevel above 0 keeps them as they
// are once any is set.
func (p *Process) chflags(path string, flags uint32) kauth.Errno {
	v, e := p.file(path)
	if e != 0 {
		return e
	}
	b := v.Bottom()
	if v.Mount.Flags&fs.Rdonly != 0 {
		return kauth.EROFS
	}
	if !p.owner(v) {
		return kauth.EPERM
	}
	if flags&fs.SuperSettable != b.Flags&fs.SuperSettable {
		if p.cred.euid != 0 || b.Flags&(fs.SuperImmutable|fs.SuperAppend) != 0 && p.k.securelevelAbove(0) {
			return kauth.EPERM
		}
	}
	b.Flags = flags
	return 0
}

var callMount = Call{
	Name: "mount",
	Doc:  "Mounts a file system. An unknown type asks system.module for autoloading, and is ENODEV if that does not help. Then system.mount.new: EPERM; disk file systems system.mount.device, umap system.mount.umap. With getargs or update in the flags it asks system.mount.get or system.mount.update of the mounted one instead.",
	Params: []Param{
		{Name: "type", Kind: Text, Doc: "type of the file system"},
		{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
		{Name: "from", Kind: Text, Doc: "directory, device or word that is mounted", Optional: true},
		{Name: "flags", Kind: Integer, Doc: "MNT_* flags, as in sys/fstypes.h", Min: 0, Max: math.MaxUint32, Optional: true, Default: int64(0)},
	},
	Asks: []string{"system.mount", "system.module"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.mount(a.text("type"), a.text("path"), a.text("from"), a.uint32("flags"))
	},
}

// Mount is mount(2) of a new file system: "tmpfs", "null", "union", "ffs", "msdos", "cd9660", "ext2fs",
// "umap", "procfs", "ptyfs", "kernfs" or "nfs". from is what is mounted: a directory, a device, or a word.
func (p *Process) Mount(fstype, path, from string, flags uint32) kauth.Errno {
	return p.call(func() kauth.Errno { return p.mount(fstype, path, from, flags) })
}

// filesystems are those that the simulated kernel knows, by the names of their modules. Those with a device ask for it;
// those that degrade can become read-only while they are mounted.
var filesystems = map[string]struct{ device, layer, degrades bool }{
	"ffs": {device: true, degrades: true}, "ext2fs": {device: true}, "msdos": {device: true}, "cd9660": {device: true}, "udf": {device: true},
	"tmpfs": {degrades: true}, "procfs": {}, "ptyfs": {}, "kernfs": {}, "nfs": {},
	"null": {layer: true}, "union": {layer: true}, "umap": {layer: true},
}

func (p *Process) mount(fstype, path, from string, flags uint32) kauth.Errno {
	k := p.k
	v, e := p.file(path)
	if e != 0 {
		return e
	}
	switch {
	case flags&fs.Getargs != 0:
		return p.mountGetargs(v, flags)
	case flags&fs.Update != 0:
		return p.mountUpdate(v, flags)
	}
	kind, known := filesystems[fstype]
	if !known || !k.hasModule(fstype) {
		// What autoloading says makes no difference but that the type stays unknown.
		if p.autoload(fstype) != 0 || !known {
			return kauth.ENODEV
		}
	}
	b := v.Bottom()
	safe := flags&fs.Nosuid != 0 && flags&fs.Nodev != 0 && flags&fs.Exported == 0 && !(v.Mount.Flags&fs.Noexec != 0 && flags&fs.Noexec == 0)
	q := p.ask(reqMountNew).with(kauth.FieldFlags, int64(flags)).fact(stock.OwnsDirectory, b.UID == p.cred.euid).fact(stock.MountFlagsSafe, safe)
	if e := q.answer(); e != 0 {
		return e
	}
	if !v.IsDir() {
		return kauth.ENOTDIR
	}
	if flags&fs.Exported != 0 {
		return kauth.EINVAL
	}
	m := &mount{Type: fstype, Covered: v, Flags: flags & (fs.Rdonly | fs.Noexec | fs.Nosuid | fs.Nodev), Owner: p.cred.euid}
	if fstype != "nfs" {
		m.Flags |= fs.Local
	}
	switch {
	case kind.device:
		e = p.mountDevice(m, from)
	case kind.layer:
		e = p.mountLayer(m, from)
	default:
		m.Root = fs.NewDir(m, 0o755)
		m.Root.UID, m.Root.GID = p.cred.euid, p.cred.egid
	}
	if e != 0 {
		return e
	}
	v.Mounted = m
	fs.Hold(v)
	k.mounts = append(k.mounts, m)
	k.moveDirs(v, m.Root)
	return 0
}

// moveDirs takes processes that have the covered directory as root or working directory to the new root
// (mount_checkdirs).
func (k *Kernel) moveDirs(from, to *vnode) {
	for _, t := range k.processes() {
		if t.cwd == from {
			t.setCwd(to)
		}
		if t.root == from {
			fs.Release(from)
			t.root = fs.Hold(to)
		}
	}
}

// mountDevice asks for the device of a file system on a disk (ffs_mount and its kin).
func (p *Process) mountDevice(m *mount, from string) kauth.Errno {
	dev, e := p.file(from)
	if e != 0 {
		return e
	}
	b := dev.Bottom()
	if b.Type != fs.BlockDevice {
		return kauth.ENOTBLK
	}
	part, disk := diskUnit(b)
	if !disk {
		return kauth.ENXIO
	}
	want := uint16(fs.Read)
	if m.Flags&fs.Rdonly == 0 {
		want |= fs.Write
	}
	q := p.ask(reqMountDev).text(kauth.FieldFstype, m.Type).fact(stock.DeviceModeAllows, fs.Access(p.cred, dev, want) == 0)
	if e := q.answer(); e != 0 {
		return e
	}
	// The kernel itself opens the device, which nobody is asked about.
	if p.k.devs.mountedDisks[part] {
		return kauth.EBUSY
	}
	p.k.devs.mountedDisks[part] = true
	m.Device = part
	m.Root = fs.NewDir(m, 0o755)
	return 0
}

// mountLayer shows a directory at another place. umap asks for itself, after the mount was allowed.
func (p *Process) mountLayer(m *mount, from string) kauth.Errno {
	if m.Type == "umap" {
		if e := p.ask(reqMountUmap).answer(); e != 0 {
			return e
		}
	}
	lower, e := p.file(from)
	if e != 0 {
		return e
	}
	if !lower.IsDir() {
		return kauth.ENOTDIR
	}
	m.Upper = map[*vnode]*vnode{}
	m.Lower = fs.Hold(lower)
	m.Root = m.Over(lower)
	return 0
}

func (p *Process) mountGetargs(v *vnode, flags uint32) kauth.Errno {
	if flags != fs.Getargs {
		return kauth.EINVAL
	}
	if e := p.ask(reqMountGet).text(kauth.FieldFstype, v.Mount.Type).answer(); e != 0 {
		return e
	}
	if v != v.Mount.Root {
		return kauth.EINVAL
	}
	return 0
}

func (p *Process) mountUpdate(v *vnode, flags uint32) kauth.Errno {
	m := v.Mount
	switch {
	case v != m.Root:
		return kauth.EINVAL
	case flags&(fs.Reload|fs.Rdonly) != 0 && m.Flags&fs.Rdonly == 0 && !filesystems[m.Type].degrades:
		return kauth.EOPNOTSUPP
	}
	safe := flags&fs.Nosuid != 0 && flags&fs.Nodev != 0 && flags&fs.Exported == 0 && !(m.Flags&fs.Noexec != 0 && flags&fs.Noexec == 0)
	q := p.ask(reqMountUpd).with(kauth.FieldFlags, int64(flags)).text(kauth.FieldFstype, m.Type)
	q.fact(stock.OwnsMount, m.Owner == p.cred.euid).fact(stock.MountFlagsSafe, safe)
	q.fact(stock.MountOnlyDegrades, flags == m.Flags|fs.Rdonly|fs.Reload|fs.Force|fs.Update)
	if e := q.answer(); e != 0 {
		return e
	}
	const basic = fs.Rdonly | fs.Noexec | fs.Nosuid | fs.Nodev
	m.Flags = m.Flags&^basic | flags&basic
	return 0
}

var callUnmount = Call{
	Name: "unmount",
	Doc:  "Asks system.mount.unmount: EPERM. Then EINVAL for the root file system and where nothing is mounted, EBUSY while it is used; on the current revision the root of a cell uses it.",
	Params: []Param{
		{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
		{Name: "force", Kind: Switch, Doc: "MNT_FORCE", Optional: true},
	},
	Asks: []string{"system.mount.unmount"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.unmount(a.text("path"), a.on("force"))
	},
}

// Unmount is unmount(2).
func (p *Process) Unmount(path string) kauth.Errno {
	return p.call(func() kauth.Errno { return p.unmount(path, false) })
}

func (p *Process) unmount(path string, force bool) kauth.Errno {
	at, e := p.lookup(path, false, false)
	if e != 0 {
		return e
	}
	v, m := at.File, at.File.Mount
	q := p.ask(reqUnmount).text(kauth.FieldFstype, m.Type).fact(stock.OwnsMount, m.Owner == p.cred.euid)
	if e := q.answer(); e != 0 {
		return e
	}
	if m.Flags&fs.Rootfs != 0 || v != m.Root {
		return kauth.EINVAL
	}
	if m.Holds > 0 && !force {
		return kauth.EBUSY
	}
	// What is mounted below, or is the root of a cell, keeps even a forced unmount away.
	for _, other := range p.k.mounts {
		if other.Covered != nil && other.Covered.Mount == m {
			return kauth.EBUSY
		}
	}
	m.Covered.Mounted = nil
	fs.Release(m.Covered)
	fs.Release(m.Lower)
	if filesystems[m.Type].device {
		delete(p.k.devs.mountedDisks, m.Device)
	}
	p.k.mounts = slices.DeleteFunc(p.k.mounts, func(x *mount) bool { return x == m })
	return 0
}

var callGetfh = Call{
	Name: "getfh",
	Doc:  "Asks system.filehandle before it looks at the path: EPERM.",
	Params: []Param{
		{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
	},
	Asks: []string{"system.filehandle"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.getfh(a.text("path"))
	},
}

// Getfh is getfh(2).
func (p *Process) Getfh(path string) kauth.Errno {
	return p.call(func() kauth.Errno { return p.getfh(path) })
}

func (p *Process) getfh(path string) kauth.Errno {
	if e := p.ask(reqFilehandle).answer(); e != 0 {
		return e
	}
	_, e := p.file(path)
	return e
}

var callFhopen = Call{
	Name: "fhopen",
	Doc:  "Asks system.filehandle first: EPERM. Handles are not kept, so it ends with ESTALE.",
	Asks: []string{"system.filehandle"},
	do: func(p *Process, _ Args) (any, kauth.Errno) {
		return nil, p.byHandle()
	},
}

var callFhstat = Call{
	Name: "fhstat",
	Doc:  "Asks system.filehandle first: EPERM. Handles are not kept, so it ends with ESTALE.",
	Asks: []string{"system.filehandle"},
	do: func(p *Process, _ Args) (any, kauth.Errno) {
		return nil, p.byHandle()
	},
}

var callFhstatvfs = Call{
	Name: "fhstatvfs",
	Doc:  "Asks system.filehandle first: EPERM. Handles are not kept, so it ends with ESTALE.",
	Asks: []string{"system.filehandle"},
	do: func(p *Process, _ Args) (any, kauth.Errno) {
		return nil, p.byHandle()
	},
}

// fhopen, fhstat and fhstatvfs ask first. Handles are not kept, so what passes fails as a stale one does.
func (p *Process) byHandle() kauth.Errno {
	if e := p.ask(reqFilehandle).answer(); e != 0 {
		return e
	}
	return kauth.ESTALE
}

var callAcct = Call{
	Name: "acct",
	Doc:  "Switches accounting to a file, or off without a path. Asks system.accounting first: EPERM.",
	Params: []Param{
		{Name: "path", Kind: Text, Doc: "path of the file", Optional: true},
	},
	Asks: []string{"system.accounting"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.acct(a.text("path"))
	},
}

// Acct is acct(2); "" switches accounting off.
func (p *Process) Acct(path string) kauth.Errno {
	return p.call(func() kauth.Errno { return p.acct(path) })
}

func (p *Process) acct(path string) kauth.Errno {
	if e := p.ask(reqAcct).answer(); e != 0 {
		return e
	}
	k := &p.k.kern
	if path != "" {
		v, e := p.file(path)
		if e != 0 {
			return e
		}
		if e := p.mayOpen(v, false, true); e != 0 {
			return e
		}
		if v.Bottom().Type != fs.Regular {
			return kauth.EACCES
		}
		fs.Release(k.accounting)
		k.accounting = fs.Hold(v)
		return 0
	}
	fs.Release(k.accounting)
	k.accounting = nil
	return 0
}

var callSwapctl = Call{
	Name: "swapctl",
	Doc:  "Statistics ask nobody; all else asks system.swapctl before it looks at the path: EPERM. Adding a device opens it, which asks device.rawio_spec.rw.",
	Params: []Param{
		{Name: "cmd", Kind: Word, Doc: "command", Words: []string{"stats", "nswap", "getdumpdev", "on", "off", "ctl", "dumpdev", "dumpoff"}},
		{Name: "path", Kind: Text, Doc: "path of the device or file", Optional: true},
	},
	Asks: []string{"system.swapctl", "device.rawio_spec.rw"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.swapctl(a.text("cmd"), a.text("path"))
	},
}

// Swapctl is swapctl(2): cmd is "stats", "nswap", "getdumpdev", "on", "off", "ctl", "dumpdev" or "dumpoff".
func (p *Process) Swapctl(cmd, path string) kauth.Errno {
	return p.call(func() kauth.Errno { return p.swapctl(cmd, path) })
}

func (p *Process) swapctl(cmd, path string) kauth.Errno {
	switch cmd {
	case "stats", "nswap", "getdumpdev":
		return 0
	}
	if e := p.ask(reqSwapctl).answer(); e != 0 {
		return e
	}
	k := &p.k.kern
	if cmd == "dumpoff" {
		return 0
	}
	v, e := p.file(path)
	if e != 0 {
		return e
	}
	b := v.Bottom()
	used := slices.Contains(k.swap, v)
	switch cmd {
	case "dumpdev":
		if b.Type != fs.BlockDevice {
			return kauth.ENOTBLK
		}
	case "on":
		if used {
			return kauth.EBUSY
		}
		if v.IsDevice() {
			f := &file{}
			if e := p.openDevice(p.cred, v, true, true, f); e != 0 {
				return e
			}
			p.k.lastClose(f)
		}
		if b.Type != fs.Regular && b.Type != fs.BlockDevice {
			return kauth.ENXIO
		}
		k.swap = append(k.swap, v)
	case "off":
		if !used {
			return kauth.ENXIO
		}
		k.swap = slices.DeleteFunc(k.swap, func(s *vnode) bool { return s == v })
	case "ctl":
		if !used {
			return kauth.ENOENT
		}
	default:
		return kauth.EINVAL
	}
	return 0
}

// FileInfo is what stat(2) tells.
type FileInfo struct {
	// Type is "file", "directory", "chr", "blk", "symlink", "socket" or "fifo".
	Type         string
	Mode         uint16
	UID, GID     uint32
	Major, Minor int
}

var typeNames = map[fs.Kind]string{fs.Regular: "file", fs.Directory: "directory", fs.CharacterDevice: "chr", fs.BlockDevice: "blk", fs.Symlink: "symlink", fs.Socket: "socket", fs.Fifo: "fifo"}

var callStat = Call{
	Name: "stat",
	Doc:  "Asks nobody beyond the modes of the directories.",
	Params: []Param{
		{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
	},
	Returns: "kind, mode, owner and group, and the device number",
	do: func(p *Process, a Args) (any, kauth.Errno) {
		i, e := p.stat(a.text("path"))
		return i.String(), e
	},
}

// Stat is stat(2). Nobody is asked beyond the modes of the directories.
func (p *Process) Stat(path string) (FileInfo, kauth.Errno) {
	var info FileInfo
	e := p.call(func() (e kauth.Errno) { info, e = p.stat(path); return e })
	return info, e
}

func (p *Process) stat(path string) (FileInfo, kauth.Errno) {
	v, e := p.file(path)
	if e != 0 {
		return FileInfo{}, e
	}
	b := v.Bottom()
	return FileInfo{typeNames[b.Type], b.Mode, b.UID, b.GID, b.Major, b.Minor}, 0
}

var callReaddir = Call{
	Name: "readdir",
	Doc:  "Asks nobody beyond the modes.",
	Params: []Param{
		{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
	},
	Returns: "the names in the directory",
	do: func(p *Process, a Args) (any, kauth.Errno) {
		names, e := p.readdir(a.text("path"))
		return names, e
	},
}

func (p *Process) readdir(path string) ([]string, kauth.Errno) {
	v, e := p.file(path)
	if e != 0 {
		return nil, e
	}
	if !v.IsDir() {
		return nil, kauth.ENOTDIR
	}
	return v.Names(), fs.Access(p.cred, v, fs.Read)
}

// Mkdir makes a directory and those above it, as the host's administrator would with mkdir -p. Nobody is
// asked.
func (k *Kernel) Mkdir(path string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, err := k.makeDirs(path)
	return err
}

// MakeRoot makes the directory that a cell is to live in, with the usual tmp and dev, and with the device
// nodes that MAKEDEV all makes. What exists already stays as it is.
func (k *Kernel) MakeRoot(path string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	v, err := k.makeDirs(path)
	if err != nil {
		return err
	}
	if d := v.Bottom(); d.Unmade == nil {
		if len(d.Children) == 0 {
			d.Unmade = k.furnish
		} else {
			k.furnish(v)
		}
	}
	return nil
}

func (k *Kernel) makeDirs(path string) (*vnode, error) {
	refuse := func(text string) error { return &FileError{Path: path, Text: text} }
	if path == "" || path[0] != '/' {
		return nil, refuse("must be absolute, but is " + strconv.Quote(path))
	}
	at := k.rootVnode()
	for _, name := range strings.Split(path, "/") {
		switch {
		case name == "" || name == ".":
			continue
		case name == "..":
			at = at.Up()
			continue
		case len(name) > fs.MaxName:
			return nil, refuse("must have names of at most " + itoa(fs.MaxName) + " bytes")
		}
		next := at.Child(name)
		if next == nil {
			next = at.Add(name, fs.NewDir(nil, 0o755))
		}
		next = next.AtMount()
		if !next.IsDir() {
			return nil, refuse("must be a directory, but " + next.Path() + " is a " + typeNames[next.Bottom().Type])
		}
		at = next
	}
	return at, nil
}

// FileError says what is wrong with a path of the simulated system.
type FileError struct{ Path, Text string }

func (e *FileError) Error() string { return "path " + e.Path + " " + e.Text }

// String is "chr 666 0 0 2,2".
func (i FileInfo) String() string {
	s := fmt.Sprintf("%s %o %d %d", i.Type, i.Mode, i.UID, i.GID)
	if i.Type == "chr" || i.Type == "blk" {
		s += fmt.Sprintf(" %d,%d", i.Major, i.Minor)
	}
	return s
}
