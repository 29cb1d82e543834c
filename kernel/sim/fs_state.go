package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// savedFile is a difference from the files that every new simulated system has.
type savedFile struct {
	Path savedText `json:"path"`
	// Removed files are missing; the other members say nothing then.
	Removed bool      `json:"removed,omitempty"`
	Type    string    `json:"type,omitempty"`
	Mode    uint16    `json:"mode,omitempty"`
	UID     uint32    `json:"uid,omitempty"`
	GID     uint32    `json:"gid,omitempty"`
	Flags   uint32    `json:"flags,omitempty"`
	Major   int       `json:"major,omitempty"`
	Minor   int       `json:"minor,omitempty"`
	Link    savedText `json:"link,omitempty"`
	// Usual says that the directory holds what MakeRoot makes.
	Usual bool `json:"usual,omitempty"`
}

// saveFiles gives the differences from a new system, directories before what is in them.
func (k *Kernel) saveFiles() []savedFile {
	fresh := &Kernel{groups: k.groups}
	fresh.makeTree()
	var list []savedFile
	var compare func(path string, was, is *vnode)
	compare = func(path string, was, is *vnode) {
		if was == nil || is.unmade != nil || !was.sameAttributes(is) {
			list = append(list, savedFile{
				Path: savedText(path), Type: typeNames[is.typ], Mode: is.mode, UID: is.uid, GID: is.gid, Flags: is.flags,
				Major: is.major, Minor: is.minor, Link: savedText(is.link), Usual: is.unmade != nil,
			})
		}
		if is.unmade != nil || is.typ != vDir {
			return
		}
		if path == "/" {
			path = ""
		}
		before := map[string]*vnode{}
		if was != nil && was.typ == vDir {
			before = was.children
		}
		for _, name := range slices.Sorted(maps.Keys(before)) {
			if is.children[name] == nil {
				list = append(list, savedFile{Path: savedText(path + "/" + name), Removed: true})
			}
		}
		for _, name := range slices.Sorted(maps.Keys(is.children)) {
			compare(path+"/"+name, before[name], is.children[name])
		}
	}
	compare("/", fresh.rootMount.root, k.rootMount.root)
	return list
}

func (v *vnode) sameAttributes(w *vnode) bool {
	return v.typ == w.typ && v.mode == w.mode && v.uid == w.uid && v.gid == w.gid && v.flags == w.flags && v.major == w.major && v.minor == w.minor && v.link == w.link
}

// restoreFiles makes the differences to a new system again.
func (k *Kernel) restoreFiles(list []savedFile) error {
	types := map[string]vtype{}
	for t, name := range typeNames {
		types[name] = t
	}
	for i := range list {
		f := &list[i]
		fail := func(form string, args ...any) error {
			return stateError("file %q %s", string(f.Path), fmt.Sprintf(form, args...))
		}
		dir, name, ok := k.placeOf(string(f.Path))
		if !ok {
			return fail("must be in a directory that exists, but is not")
		}
		at := k.rootMount.root
		if dir != nil {
			at = dir.child(name)
		}
		if f.Removed {
			if at == nil || dir == nil {
				return fail("must exist to be removed, but does not")
			}
			k.dropMounts(at)
			dir.remove(name)
			continue
		}
		typ, known := types[f.Type]
		switch {
		case !known:
			return fail("must have a type that there is, but has %q", f.Type)
		case f.Mode > 0o7777:
			return fail("must have a mode of at most 07777, but has %#o", f.Mode)
		case f.Usual && typ != vDir || dir == nil && typ != vDir:
			return fail("must be a directory, but is a %s", f.Type)
		}
		if at == nil || at.typ != typ {
			if at != nil {
				k.dropMounts(at)
			}
			at = dir.add(name, newDir(nil, 0))
			at.typ = typ
		}
		at.mode, at.uid, at.gid, at.flags, at.major, at.minor, at.link = f.Mode, f.UID, f.GID, f.Flags, f.Major, f.Minor, string(f.Link)
		if f.Usual {
			at.unmade = k.furnish
		}
	}
	return nil
}

// placeOf finds the directory of a file on the root file system by its plain path, and its name there; the
// directory is nil for the root.
func (k *Kernel) placeOf(path string) (dir *vnode, name string, ok bool) {
	if path == "/" {
		return nil, "", true
	}
	parts := strings.Split(path, "/")
	if len(parts) < 2 || parts[0] != "" {
		return nil, "", false
	}
	dir = k.rootMount.root
	for i, part := range parts[1:] {
		if part == "" || part == "." || part == ".." || len(part) > maxName || strings.IndexByte(part, 0) >= 0 {
			return nil, "", false
		}
		if i == len(parts)-2 {
			return dir, part, true
		}
		if dir = dir.child(part); dir == nil || dir.typ != vDir {
			return nil, "", false
		}
	}
	return nil, "", false
}

// dropMounts forgets the file systems that a new system has mounted in a directory that is gone.
func (k *Kernel) dropMounts(v *vnode) {
	k.mounts = slices.DeleteFunc(k.mounts, func(m *mount) bool {
		if m.covered == nil || !m.covered.isUnder(v) {
			return false
		}
		m.covered.mounted = nil
		release(m.covered)
		return true
	})
}

// keeps reports whether the file is on the root file system and still has its place there.
func (k *Kernel) keeps(v *vnode) bool {
	for v != k.rootMount.root {
		if v.mnt != k.rootMount || v.parent.children[v.name] != v {
			return false
		}
		v = v.parent
	}
	return true
}
