package fs

import (
	"cmp"
	"slices"
	"strings"

	"cellsh/policy/kauth"
)

// Kind is the kind of a vnode (enum vtype, sys/vnode.h).
type Kind uint8

// The kinds.
const (
	Regular Kind = iota + 1
	Directory
	BlockDevice
	CharacterDevice
	Symlink
	Socket
	Fifo
)

// Vnode is a file of the simulated file systems. Files have no contents; what counts is what they are, whose
// they are and where.
type Vnode struct {
	Type     Kind
	Mode     uint16
	UID, GID uint32
	Flags    uint32
	// Major and Minor of a device node.
	Major, Minor int
	// Link is what a symbolic link says.
	Link     string
	Name     string
	Parent   *Vnode
	Children map[string]*Vnode
	Mount    *Mount
	// Mounted is the file system whose root stands in this directory's place.
	Mounted *Mount
	// Lower is the file that a file of a null mount stands for; all but its place in the tree is taken there.
	Lower *Vnode
	// Unmade makes the usual contents of a directory as soon as somebody looks into it, nil if they are made:
	// a machine may have many thousand roots of cells.
	Unmade func(*Vnode)
}

// Mount is a mounted file system.
type Mount struct {
	Type string
	Root *Vnode
	// Covered is the directory that it is mounted on, nil for the root file system.
	Covered *Vnode
	Flags   uint32
	Owner   uint32
	// Holds counts the references that keep it from being unmounted: root and working directories, open files,
	// file systems mounted on it, roots of cells.
	Holds int
	// Device is the disk's partition that it lies on, Lower the directory that a layer shows.
	Device int
	Lower  *Vnode
	// Upper are the files of a null mount, by the files that they stand for.
	Upper map[*Vnode]*Vnode
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

// Bottom is the file that holds the attributes: the file itself, or what a null mount shows.
func (v *Vnode) Bottom() *Vnode {
	for v.Lower != nil {
		v = v.Lower
	}
	return v
}

// IsDir and IsDevice say what the file is, or what it shows.
func (v *Vnode) IsDir() bool { return v.Bottom().Type == Directory }

func (v *Vnode) IsDevice() bool {
	t := v.Bottom().Type
	return t == CharacterDevice || t == BlockDevice
}

// AtMount goes from a directory to the root of what is mounted on it.
func (v *Vnode) AtMount() *Vnode {
	for v.Mounted != nil {
		v = v.Mounted.Root
	}
	return v
}

// Over gives the file of the null mount that stands for the lower file.
func (m *Mount) Over(lower *Vnode) *Vnode {
	if u := m.Upper[lower]; u != nil {
		return u
	}
	u := &Vnode{Lower: lower, Name: lower.Name, Mount: m}
	m.Upper[lower] = u
	return u
}

// Child is the entry of a directory, nil if there is none. Null mounts show the lower file system without what
// is mounted on it.
func (v *Vnode) Child(name string) *Vnode {
	if v.Lower == nil {
		return v.Entries()[name]
	}
	if c := v.Lower.Child(name); c != nil {
		return v.Mount.Over(c)
	}
	return nil
}

// Up is the directory above, the root's own for the root. It crosses mount points.
func (v *Vnode) Up() *Vnode {
	for v == v.Mount.Root && v.Mount.Covered != nil {
		v = v.Mount.Covered
	}
	switch {
	case v == v.Mount.Root:
		return v
	case v.Lower != nil:
		return v.Mount.Over(v.Lower.Up())
	}
	return v.Parent
}

// IsUnder reports whether the directory is the root or below it (vn_isunder).
func (v *Vnode) IsUnder(root *Vnode) bool {
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

// Path of the vnode as the host sees it.
func (v *Vnode) Path() string {
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

// NewDir makes an empty directory of a file system.
func NewDir(m *Mount, mode uint16) *Vnode {
	return &Vnode{Type: Directory, Mode: mode, Mount: m, Children: map[string]*Vnode{}}
}

// Add puts a new file into a directory.
func (v *Vnode) Add(name string, c *Vnode) *Vnode {
	d := v.Bottom()
	c.Name, c.Parent, c.Mount = name, d, d.Mount
	d.Entries()[name] = c
	if v.Lower != nil {
		return v.Mount.Over(c)
	}
	return c
}

// Remove takes a file out of a directory.
func (v *Vnode) Remove(name string) { delete(v.Entries(), name) }

// Entries are the files in a directory.
func (v *Vnode) Entries() map[string]*Vnode {
	d := v.Bottom()
	if fill := d.Unmade; fill != nil {
		d.Unmade = nil
		fill(d)
	}
	return d.Children
}

// Names lists a directory in order.
func (v *Vnode) Names() []string {
	files := v.Entries()
	names := make([]string, 0, len(files))
	for n := range files {
		names = append(names, n)
	}
	slices.SortFunc(names, cmp.Compare[string])
	return names
}

// Caller is who wants something of a file.
type Caller interface {
	EffectiveUID() uint32
	// GroupMember reports whether the group is the effective one or a supplementary one.
	GroupMember(gid uint32) bool
}

// The accesses that the mode bits speak of.
const (
	Read    = 4
	Write   = 2
	Execute = 1
)

// Access is the answer of the vnode scope: owner and mode decide (genfs_can_access), and secmodel_suser lets
// root do anything but execute a file that nobody may execute. It has no part in policies, so nobody is asked.
func Access(c Caller, v *Vnode, want uint16) kauth.Errno {
	v = v.Bottom()
	if c.EffectiveUID() == 0 {
		if want&Execute != 0 && v.Type != Directory && v.Mode&0o111 == 0 {
			return kauth.EACCES
		}
		return 0
	}
	mode := v.Mode
	switch {
	case c.EffectiveUID() == v.UID:
		mode >>= 6
	case c.GroupMember(v.GID):
		mode >>= 3
	}
	if mode&want != want {
		return kauth.EACCES
	}
	return 0
}

// Writable adds what the file system itself refuses.
func Writable(c Caller, v *Vnode) kauth.Errno {
	if v.Mount.Flags&Rdonly != 0 && !v.IsDevice() {
		return kauth.EROFS
	}
	if v.Bottom().Flags&(UserImmutable|SuperImmutable) != 0 {
		return kauth.EPERM
	}
	return Access(c, v, Write)
}

// The limits of a path.
const (
	MaxPath     = 1024
	MaxName     = 511
	maxSymlinks = 32
)

// Found is the outcome of a lookup: the directory, the last name in it, and the file if it exists.
type Found struct {
	Dir  *Vnode
	Name string
	File *Vnode
}

// Walk resolves a path (namei): from the root if it begins with a slash, else from the working directory. The caller must be
// allowed to search every directory on the way. Symbolic links are followed, at the end of the path only if that is wanted.
// With create the last name may be missing, and Found.File is nil then.
func Walk(c Caller, root, cwd *Vnode, path string, follow, create bool) (Found, kauth.Errno) {
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
		name, after, slash := strings.Cut(rest, "/")
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
		var next *Vnode
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
		if b := next.Bottom(); b.Type == Symlink && (!last || follow || slash) {
			if links++; links > maxSymlinks {
				return Found{}, kauth.ELOOP
			}
			rest = b.Link + "/" + after
			if !slash {
				rest = b.Link
			}
			if b.Link != "" && b.Link[0] == '/' {
				at = root
			}
			continue
		}
		if last {
			// A slash at the end wants a directory.
			if slash && !next.IsDir() {
				return Found{}, kauth.ENOTDIR
			}
			return Found{at, name, next}, 0
		}
		at, rest = next, after
	}
}

// Hold and Release count what keeps a file system mounted. Nil is held by nobody.
func Hold(v *Vnode) *Vnode {
	if v != nil {
		v.Mount.Holds++
	}
	return v
}

func Release(v *Vnode) {
	if v != nil {
		v.Mount.Holds--
	}
}
