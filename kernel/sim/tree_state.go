package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"cellsh/kernel/sim/fs"
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
		if was == nil || is.Unmade != nil || !sameAttributes(was, is) {
			list = append(list, savedFile{
				Path: savedText(path), Type: typeNames[is.Type], Mode: is.Mode, UID: is.UID, GID: is.GID, Flags: is.Flags,
				Major: is.Major, Minor: is.Minor, Link: savedText(is.Link), Usual: is.Unmade != nil,
			})
		}
		if is.Unmade != nil || is.Type != fs.Directory {
			return
		}
		if path == "/" {
			path = ""
		}
		before := map[string]*vnode{}
		if was != nil && was.Type == fs.Directory {
			before = was.Children
		}
		for _, name := range slices.Sorted(maps.Keys(before)) {
			if is.Children[name] == nil {
				list = append(list, savedFile{Path: savedText(path + "/" + name), Removed: true})
			}
		}
		for _, name := range slices.Sorted(maps.Keys(is.Children)) {
			compare(path+"/"+name, before[name], is.Children[name])
		}
	}
	compare("/", fresh.rootMount.Root, k.rootMount.Root)
	return list
}

func sameAttributes(v, w *vnode) bool {
	return v.Type == w.Type && v.Mode == w.Mode && v.UID == w.UID && v.GID == w.GID && v.Flags == w.Flags && v.Major == w.Major && v.Minor == w.Minor && v.Link == w.Link
}

// restoreFiles makes the differences to a new system again.
func (k *Kernel) restoreFiles(list []savedFile) error {
	types := map[string]fs.Kind{}
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
		at := k.rootMount.Root
		if dir != nil {
			at = dir.Child(name)
		}
		if f.Removed {
			if at == nil || dir == nil {
				return fail("must exist to be removed, but does not")
			}
			k.dropMounts(at)
			dir.Remove(name)
			continue
		}
		typ, known := types[f.Type]
		switch {
		case !known:
			return fail("must have a type that there is, but has %q", f.Type)
		case f.Mode > 0o7777:
			return fail("must have a mode of at most 07777, but has %#o", f.Mode)
		case f.Usual && typ != fs.Directory || dir == nil && typ != fs.Directory:
			return fail("must be a directory, but is a %s", f.Type)
		}
		if at == nil || at.Type != typ {
			if at != nil {
				k.dropMounts(at)
			}
			at = dir.Add(name, fs.NewDir(nil, 0))
			at.Type = typ
		}
		at.Mode, at.UID, at.GID, at.Flags, at.Major, at.Minor, at.Link = f.Mode, f.UID, f.GID, f.Flags, f.Major, f.Minor, string(f.Link)
		if f.Usual {
			at.Unmade = k.furnish
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
	dir = k.rootMount.Root
	for i, part := range parts[1:] {
		if part == "" || part == "." || part == ".." || len(part) > fs.MaxName || strings.IndexByte(part, 0) >= 0 {
			return nil, "", false
		}
		if i == len(parts)-2 {
			return dir, part, true
		}
		if dir = dir.Child(part); dir == nil || dir.Type != fs.Directory {
			return nil, "", false
		}
	}
	return nil, "", false
}

// dropMounts forgets the file systems that a new system has mounted in a directory that is gone.
func (k *Kernel) dropMounts(v *vnode) {
	k.mounts = slices.DeleteFunc(k.mounts, func(m *mount) bool {
		if m.Covered == nil || !m.Covered.IsUnder(v) {
			return false
		}
		m.Covered.Mounted = nil
		fs.Release(m.Covered)
		return true
	})
}

// keeps reports whether the file is on the root file system and still has its place there.
func (k *Kernel) keeps(v *vnode) bool {
	for v != k.rootMount.Root {
		if v.Mount != k.rootMount || v.Parent.Children[v.Name] != v {
			return false
		}
		v = v.Parent
	}
	return true
}
