package sysctl_test

import (
	"slices"
	"strings"
	"testing"

	"cellsh/kernel/sim/sysctl"
	"cellsh/policy/kauth"
)

// caller may do what is not denied to it, and remembers what it was asked.
type caller struct {
	denied string
	asked  []string
}

func ask(c *caller, id kauth.RequestID) kauth.Errno {
	c.asked = append(c.asked, strings.TrimPrefix(id.String(), "system.sysctl."))
	if id.String() == "system.sysctl."+c.denied {
		return kauth.EPERM
	}
	return 0
}

func tree() *sysctl.Tree[*caller] {
	t := sysctl.New(100, ask)
	t.Put("kern.ostype", sysctl.Node[*caller]{Num: 1, Type: sysctl.TypeString, Size: 7, Value: []byte("NetBSD\x00")})
	t.Put("kern.hostname", sysctl.Node[*caller]{Type: sysctl.TypeString, Flags: sysctl.ReadWrite, Size: 8, Value: []byte("sim\x00")})
	t.Put("kern.secret", sysctl.Node[*caller]{Type: sysctl.TypeInt, Flags: sysctl.Private, Size: 4, Value: []byte{42, 0, 0, 0}})
	t.Put("proc", sysctl.Node[*caller]{Type: sysctl.TypeNode, Args: true, Fn: func(x *sysctl.Call[*caller]) kauth.Errno {
		x.Len = uint64(len(x.Rest))
		return 0
	}})
	t.Sort()
	return t
}

// What is asked, in which order, and what comes of it (sysctl_lookup, sysctl_dispatch).
func TestAccess(t *testing.T) {
	text := func(s string) []byte { return append([]byte(s), 0) }
	for _, c := range []struct {
		name   string
		denied string
		room   int
		new    []byte
		want   kauth.Errno
		asked  string
		value  string
	}{
		{"kern.ostype", "", 16, nil, 0, "", "NetBSD\x00"},
		{"kern.ostype", "", 3, nil, kauth.ENOMEM, "", "Net"},
		{"kern.ostype", "", 0, text("x"), kauth.EPERM, "modify", ""},
		{"kern.ostype", "modify", 0, text("x"), kauth.EPERM, "modify", ""},
		{"kern.hostname", "", 16, text("new"), 0, "modify", "sim\x00"},
		{"kern.hostname", "", 0, text("much too long"), kauth.EINVAL, "modify", ""},
		{"kern.secret", "", 4, nil, 0, "prvt prvt", "*\x00\x00\x00"},
		{"kern.secret", "prvt", 4, nil, kauth.EPERM, "prvt", ""},
		{"kern", "", 4, nil, kauth.EINVAL, "", ""},
		{"kern.missing", "", 4, nil, kauth.ENOENT, "", ""},
		{"kern.ostype.more", "", 4, nil, kauth.ENOTDIR, "", ""},
		{"proc.1.rlimit", "", 2, nil, 0, "", "\x00\x00"},
		{"a.b.c.d.e.f.g.h.i.j.k.l.m", "", 2, nil, kauth.EINVAL, "", ""},
	} {
		who := &caller{denied: c.denied}
		length := uint64(c.room)
		old := make([]byte, c.room)
		a := &sysctl.Args{OldLen: &length, New: c.new, NewLen: uint64(len(c.new))}
		if c.room > 0 {
			a.Old = old
		}
		_, e := tree().Access(who, strings.Split(c.name, "."), a)
		if e != c.want || strings.Join(who.asked, " ") != c.asked {
			t.Errorf("%s, %q denied: %s after %v, want %s after %s", c.name, c.denied, e.Name(), who.asked, c.want.Name(), c.asked)
		}
		if e == 0 && string(old[:min(length, uint64(c.room))]) != c.value {
			t.Errorf("%s: %q, want %q", c.name, old, c.value)
		}
	}
}

// Nodes can be made and removed below what callers have made, with a question each.
func TestCreate(t *testing.T) {
	tr, who := tree(), &caller{}
	if e := tr.Create(who, nil, "vendor1", nil); e != 0 {
		t.Fatal(e)
	}
	for _, c := range []struct {
		parent, name string
		want         kauth.Errno
	}{
		{"vendor1", "x", 0}, {"vendor1", "x", kauth.EEXIST}, {"vendor1", "1x", kauth.EINVAL}, {"vendor1", "a.b", kauth.EINVAL},
		{"vendor1", strings.Repeat("x", 32), kauth.EINVAL}, {"kern", "x", kauth.EPERM}, {"kern.ostype", "x", kauth.ENOTDIR}, {"none", "x", kauth.ENOENT},
	} {
		if e := tr.Create(who, strings.Split(c.parent, "."), c.name, int64(7)); e != c.want {
			t.Errorf("create %q below %s: %s, want %s", c.name, c.parent, e.Name(), c.want.Name())
		}
	}
	if e := tr.Delete(who, nil, "vendor1"); e != kauth.ENOTEMPTY {
		t.Errorf("remove what has children: %s", e.Name())
	}
	if e := tr.Delete(who, nil, "kern"); e != kauth.EPERM {
		t.Errorf("remove a permanent node: %s", e.Name())
	}
	for _, denied := range []string{"add", "delete"} {
		who := &caller{denied: denied}
		if tr.Create(who, []string{"vendor1"}, "y", nil) != kauth.EPERM && tr.Delete(who, []string{"vendor1"}, "y") != kauth.EPERM {
			t.Errorf("%s is denied and done", denied)
		}
	}
}

// A node has a number, by which it is found as by its name.
func TestNumbers(t *testing.T) {
	tr, who := tree(), &caller{}
	var walk func(path []string, mib []int32)
	nodes := 0
	walk = func(path []string, mib []int32) {
		if got := tr.Names(mib); !slices.Equal(got, path) {
			t.Errorf("%v is %v, want %v", mib, got, path)
		}
		list, e := tr.Query(who, path)
		if e != 0 {
			return
		}
		if !slices.IsSortedFunc(list, func(a, b sysctl.Described) int { return a.Num - b.Num }) {
			t.Errorf("the nodes below %v are not in the order of their numbers: %+v", path, list)
		}
		for _, n := range list {
			nodes++
			if n.Name != "proc" {
				walk(append(slices.Clone(path), n.Name), append(slices.Clone(mib), int32(n.Num)))
			}
		}
	}
	walk(nil, nil)
	if nodes != 5 {
		t.Errorf("%d nodes", nodes)
	}
	if got := tr.Names([]int32{10, 1, 7}); !slices.Equal(got, []string{"proc", "1", "7"}) {
		t.Errorf("numbers that no node has are %v", got)
	}
}
