package fs_test

import (
	"testing"

	"cellsh/kernel/sim/fs"
	"cellsh/policy/kauth"
)

// user is a caller with one group.
type user struct{ uid, gid uint32 }

func (u user) EffectiveUID() uint32        { return u.uid }
func (u user) GroupMember(gid uint32) bool { return gid == u.gid }
func file(mode uint16, uid uint32) *fs.Vnode {
	return &fs.Vnode{Type: fs.Regular, Mode: mode, UID: uid, GID: 7}
}

func link(to string) *fs.Vnode { return &fs.Vnode{Type: fs.Symlink, Link: to, Mode: 0o777} }

// system has /a/b/f, links to them, a directory that only root enters, a file system on /mnt, and a null mount of /a on /null.
func system() (root *fs.Vnode) {
	m := &fs.Mount{Type: "ffs", Flags: fs.Rootfs | fs.Local}
	m.Root = fs.NewDir(m, 0o755)
	m.Root.Name = "/"
	root = m.Root
	a := root.Add("a", fs.NewDir(m, 0o755))
	b := a.Add("b", fs.NewDir(m, 0o755))
	b.Add("f", file(0o644, 0))
	root.Add("rel", link("a/b"))
	root.Add("abs", link("/a/b"))
	root.Add("loop", link("loop"))
	root.Add("dead", link("nowhere"))
	root.Add("private", fs.NewDir(m, 0o700)).Add("f", file(0o666, 0))
	on := root.Add("mnt", fs.NewDir(m, 0o755))
	other := &fs.Mount{Type: "tmpfs", Covered: on}
	other.Root = fs.NewDir(other, 0o755)
	other.Root.Add("g", file(0o644, 0))
	on.Mounted = other
	null := root.Add("null", fs.NewDir(m, 0o755))
	layer := &fs.Mount{Type: "null", Covered: null, Upper: map[*fs.Vnode]*fs.Vnode{}, Lower: a}
	layer.Root = layer.Over(a)
	null.Mounted = layer
	return root
}

func TestWalk(t *testing.T) {
	root := system()
	sub, _ := fs.Walk(user{}, root, root, "/a", true, false)
	for _, c := range []struct {
		path           string
		as             user
		chrooted       bool
		follow, create bool
		want           string
		errno          kauth.Errno
	}{
		{"/a/b/f", user{}, false, true, false, "/a/b/f", 0},
		{"//a//b/./f", user{}, false, true, false, "/a/b/f", 0},
		{"a/b/../b", user{}, false, true, false, "/a/b", 0},
		{"/../../a", user{}, false, true, false, "/a", 0},
		{"/", user{}, false, true, false, "/", 0},
		{"/rel/f", user{}, false, true, false, "/a/b/f", 0},
		{"/abs/f", user{}, false, true, false, "/a/b/f", 0},
		{"/abs", user{}, false, false, false, "/abs", 0},
		{"/abs/", user{}, false, false, false, "/a/b", 0},
		{"/loop", user{}, false, true, false, "", kauth.ELOOP},
		{"/dead", user{}, false, true, false, "", kauth.ENOENT},
		{"/dead", user{}, false, false, false, "/dead", 0},
		{"/a/none", user{}, false, true, false, "", kauth.ENOENT},
		{"/a/none", user{}, false, true, true, "", 0},
		{"/a/none/none", user{}, false, true, true, "", kauth.ENOENT},
		{"/a/b/f/", user{}, false, true, false, "", kauth.ENOTDIR},
		{"/a/b/f/x", user{}, false, true, false, "", kauth.ENOTDIR},
		{"", user{}, false, true, false, "", kauth.ENOENT},
		{"/private/f", user{}, false, true, false, "/private/f", 0},
		{"/private/f", user{uid: 1000}, false, true, false, "", kauth.EACCES},
		{"/mnt/g", user{}, false, true, false, "/mnt/g", 0},
		{"/mnt/../a", user{}, false, true, false, "/a", 0},
		{"/null/b/f", user{}, false, true, false, "/null/b/f", 0},
		{"/null/b/../..", user{}, false, true, false, "/", 0},
		// Chrooted to /a: nothing above is in reach, and absolute links begin there.
		{"/b/f", user{}, true, true, false, "/a/b/f", 0},
		{"/../../b", user{}, true, true, false, "/a/b", 0},
		{"/mnt", user{}, true, true, false, "", kauth.ENOENT},
	} {
		at := root
		if c.chrooted {
			at = sub.File
		}
		found, e := fs.Walk(c.as, at, at, c.path, c.follow, c.create)
		got := ""
		if found.File != nil {
			got = found.File.Path()
		}
		if e != c.errno || got != c.want {
			t.Errorf("%q as %d, chrooted %v, follow %v: %q %s, want %q %s", c.path, c.as.uid, c.chrooted, c.follow, got, e.Name(), c.want, c.errno.Name())
		}
		if c.create && e == 0 && (found.Dir.Path() != "/a" || found.Name != "none") {
			t.Errorf("%q can be made in %s as %q", c.path, found.Dir.Path(), found.Name)
		}
	}
	if !sub.File.IsUnder(root) || root.IsUnder(sub.File) {
		t.Error("what is under what is mixed up")
	}
}

func TestAccess(t *testing.T) {
	for _, c := range []struct {
		file *fs.Vnode
		as   user
		want uint16
		ok   bool
	}{
		{file(0o000, 1), user{}, fs.Read | fs.Write, true},
		{file(0o666, 1), user{}, fs.Execute, false},
		{file(0o001, 1), user{}, fs.Execute, true},
		{file(0o600, 1000), user{uid: 1000}, fs.Read | fs.Write, true},
		{file(0o077, 1000), user{uid: 1000, gid: 7}, fs.Read, false}, // the owner's bits alone count for the owner
		{file(0o060, 1), user{uid: 1000, gid: 7}, fs.Write, true},
		{file(0o707, 1), user{uid: 1000, gid: 7}, fs.Read, false},
		{file(0o004, 1), user{uid: 1000, gid: 8}, fs.Read, true},
		{file(0o004, 1), user{uid: 1000, gid: 8}, fs.Read | fs.Write, false},
	} {
		if e := fs.Access(c.as, c.file, c.want); (e == 0) != c.ok {
			t.Errorf("access %o of %+v to mode %03o of %d: %s", c.want, c.as, c.file.Mode, c.file.UID, e.Name())
		}
	}
}
