package netbsd

import (
	"bytes"
	"encoding/binary"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"cellsh/kernel/abi"
	"cellsh/policy/kauth"
	"cellsh/policy/secmodel"
)

// fake plays a kernel at the system call: the checks of each revision in their order, with the errno of each.
// recorded_test.go holds it against what real kernels answered.
type fake struct {
	layout abi.Layout
	// euid and cell are the caller's; root is what it is chrooted to, "" for nothing.
	euid int
	cell uint32
	root string
	// dirs are the folders of the file system, files the other files.
	dirs, files []string
	// first is the number of the first node that is given out; it changes when the module is loaded anew.
	first int32
	// trees are the trees that exist.
	trees []string
	// before is called ahead of every system call on a node, by the node's name.
	before func(node string, old, new []byte)
	// answer, if it says so, replaces the kernel's answer.
	answer func(node string, old, new []byte) (n int, err error, ok bool)

	cells []fakeCell
	last  uint32
	// calls counts the system calls, queries not among them.
	calls map[string]int
}

type fakeCell struct {
	abi.Info
	profile uint32
	ports   []uint16
	// members that destroy sees, which the sampled counts of Info need not show.
	members int
}

// machine is the one that the tests run on: the driver takes it for its own.
func machine(t testing.TB) abi.Machine {
	t.Helper()
	m, known := abi.FindMachine(runtime.GOARCH)
	if !known {
		t.Skipf("Go has no NetBSD on %s", runtime.GOARCH)
	}
	return m
}

func newFake(t testing.TB, r secmodel.Revision) *fake {
	t.Helper()
	l, err := abi.NewLayout(r, machine(t))
	if err != nil {
		t.Fatal(err)
	}
	return &fake{
		layout: l, first: 1208, trees: []string{abi.CellTree}, calls: map[string]int{},
		dirs: []string{"/", "/cells", "/cells/web", "/cells/db"}, files: []string{"/etc/passwd"},
	}
}

func (f *fake) order() binary.ByteOrder { return f.layout.Machine.Order }

// nodes gives the nodes by name, those above them too.
func (f *fake) nodes() map[string][]int32 {
	number := map[string]int32{
		"kern": 1, "kern.ostype": 1, "kern.osrelease": 2, "kern.clockrate": 12, "kern.boottime": 83,
		"hw": 6, "hw.machine": 1, "security": 13, "security.models": 1189,
	}
	next := f.first
	for _, tree := range f.trees {
		number[tree] = next
		leaves := map[string][]string{
			abi.CellTree: {abi.CellName, abi.CellID, abi.CellCreate, abi.CellDestroy, abi.CellList},
			abi.EvalTree: {abi.EvalName, abi.EvalABI, abi.EvalVocabulary},
		}
		for i, leaf := range leaves[tree] {
			number[leaf] = next + 1 + int32(i)
		}
		next += 10
	}
	nodes := map[string][]int32{}
	for name := range number {
		var mib []int32
		for i, r := range name + "." {
			if r == '.' {
				mib = append(mib, number[name[:i]])
			}
		}
		nodes[name] = mib
	}
	return nodes
}

func (f *fake) Sysctl(mib []int32, old, new []byte) (int, error) {
	if n := len(mib) - 1; n >= 0 && mib[n] == abi.CTLQuery {
		return f.query(mib[:n], old, new)
	}
	for name, at := range f.nodes() {
		if !slices.Equal(at, mib) {
			continue
		}
		f.calls[name]++
		if f.before != nil {
			f.before(name, old, new)
		}
		if f.answer != nil {
			if n, err, ok := f.answer(name, old, new); ok {
				return n, err
			}
		}
		n, err := f.node(name, old, new)
		if err == nil && old != nil && len(old) < n {
			err = kauth.ENOMEM
		}
		return n, err
	}
	return len(old), kauth.ENOENT
}

// described is a struct sysctlnode of sys/sys/sysctl.h: flags with the version, number, and a name of 32 bytes.
func (f *fake) described(number int32, name string) []byte {
	text := abi.EncodeQuery(f.order())
	f.order().PutUint32(text[4:], uint32(number))
	copy(text[8:8+31], name)
	return text
}

func (f *fake) query(mib []int32, old, new []byte) (int, error) {
	if !bytes.Equal(new, abi.EncodeQuery(f.order())) {
		return len(old), kauth.EINVAL
	}
	var reply []byte
	found := len(mib) == 0
	for name, at := range f.nodes() {
		switch {
		case slices.Equal(at, mib):
			found = true
		case len(at) == len(mib)+1 && slices.Equal(at[:len(mib)], mib):
			reply = append(reply, f.described(at[len(mib)], name[strings.LastIndexByte(name, '.')+1:])...)
		}
	}
	if !found {
		return len(old), kauth.ENOENT
	}
	return reading(reply, old)
}

// reading is how the kernel gives back a value that it has whole.
func reading(value, old []byte) (int, error) {
	copy(old, value)
	if old != nil && len(old) < len(value) {
		return len(value), kauth.ENOMEM
	}
	return len(value), nil
}

var fakeBoot = time.Unix(1_780_000_000, 5000)

// fakeCreated is how long after the start cells are made.
const fakeCreated = 1462316410

// fakeNow is the time then.
func fakeNow() time.Time { return fakeBoot.Add(fakeCreated) }

func (f *fake) node(name string, old, new []byte) (int, error) {
	switch name {
	case "kern.ostype":
		return reading([]byte("NetBSD\x00"), old)
	case "kern.osrelease":
		return reading([]byte("10.99.12\x00"), old)
	case "hw.machine":
		return reading([]byte("amd64\x00"), old)
	case "kern.boottime":
		m := f.layout.Machine
		text := binary.LittleEndian.AppendUint64(nil, uint64(fakeBoot.Unix()))
		text = binary.LittleEndian.AppendUint64(text, uint64(fakeBoot.Nanosecond()))
		// A long, and then room up to the alignment of the seconds.
		size := 8 + m.Long
		return reading(text[:size+(m.Quad-size%m.Quad)%m.Quad], old)
	case "kern.clockrate":
		return reading([]byte{200, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0}, old)
	case abi.EvalABI:
		return reading(abi.EncodeInt(f.order(), 7), old)
	case abi.CellName:
		return reading([]byte("Modern NetBSD: Cells\x00"), old)
	case abi.CellID:
		return f.id(old, new)
	case abi.CellCreate:
		return f.create(old, new)
	case abi.CellDestroy:
		return f.destroy(old, new)
	case abi.CellList:
		return f.list(old, new)
	}
	return len(old), kauth.EISDIR
}

func (f *fake) hostRoot() bool { return f.euid == 0 && f.cell == 0 }

func (f *fake) id(old, new []byte) (int, error) {
	if !f.hostRoot() {
		return len(old), kauth.EPERM
	}
	n, err := reading(abi.EncodeInt(f.order(), f.cell), old)
	if err != nil || new == nil {
		return n, err
	}
	if len(new) != 4 {
		return n, kauth.EINVAL
	}
	id := f.order().Uint32(new)
	if id == 0 {
		return n, nil
	}
	i := f.find(id)
	switch {
	case i < 0:
		return n, kauth.ENOENT
	case f.layout.Revision.Properties().HoldsRoot && f.root != f.cells[i].Root:
		return n, kauth.EPERM
	}
	f.cell = id
	f.cells[i].members++
	return n, nil
}

func (f *fake) find(id uint32) int {
	return slices.IndexFunc(f.cells, func(c fakeCell) bool { return c.ID == id })
}

func (f *fake) create(old, new []byte) (int, error) {
	p := f.layout.Revision.Properties()
	size := f.layout.Create.Size
	switch {
	case new == nil:
		return len(old), kauth.EINVAL
	case !f.hostRoot():
		return len(old), kauth.EPERM
	case p.FullReply && (old == nil || len(old) < size):
		return len(old), kauth.ENOMEM
	case len(new) != size:
		return len(old), kauth.EINVAL
	}
	c, err := f.made(slices.Clone(new))
	if err != 0 {
		return len(old), err
	}
	reply := slices.Clone(new)
	f.order().PutUint32(reply[4:], c.ID)
	f.cells = slices.Insert(f.cells, 0, c)
	switch {
	case old == nil:
		return size, nil
	case len(old) < size:
		return len(old), kauth.ENOMEM
	}
	copy(old, reply)
	return size, nil
}

// made checks what is to be created. It reads the bytes itself where package abi would refuse to.
func (f *fake) made(text []byte) (fakeCell, kauth.Errno) {
	p := f.layout.Revision.Properties()
	order := f.order()
	at := map[string][]byte{}
	for _, m := range f.layout.Create.Members {
		at[m.Name] = text[m.Offset : m.Offset+m.Size]
	}
	flags := abi.Flags(order.Uint32(at["flags"]))
	known := abi.FlagProfile | abi.FlagPorts
	if p.Limits {
		known |= abi.FlagNofile | abi.FlagAS | abi.FlagCore
	}
	if flags&^known != 0 {
		return fakeCell{}, kauth.EINVAL
	}
	nports := order.Uint16(at["nports"])
	if (flags&abi.FlagPorts != 0) != (nports > 0) || nports > 32 {
		return fakeCell{}, kauth.EINVAL
	}
	var c fakeCell
	for i := range int(nports) {
		port := order.Uint16(at["ports"][2*i:])
		if port == 0 || slices.Contains(c.ports, port) {
			return fakeCell{}, kauth.EINVAL
		}
		c.ports = append(c.ports, port)
	}
	if p.Limits {
		c.Nofile, c.AS, c.Core = order.Uint64(at["rlimit_nofile"]), order.Uint64(at["rlimit_as"]), order.Uint64(at["rlimit_core"])
		if flags&abi.FlagNofile == 0 && c.Nofile != 0 || flags&abi.FlagAS == 0 && c.AS != 0 || flags&abi.FlagCore == 0 && c.Core != 0 {
			return fakeCell{}, kauth.EINVAL
		}
		c.Flags = flags
		c.Created = fakeCreated
	}
	c.profile = 2
	if flags&abi.FlagProfile != 0 {
		if c.profile = order.Uint32(at["profile"]); c.profile > 2 {
			return fakeCell{}, kauth.EINVAL
		}
	}
	if at["name"][0] == 0 || at["root"][0] == 0 {
		return fakeCell{}, kauth.EINVAL
	}
	if p.ChecksText {
		if !plain(at["name"], nameRune) || !plain(at["root"], func(r rune) bool { return !control(r) }) {
			return fakeCell{}, kauth.EINVAL
		}
	} else if bytes.IndexByte(at["name"], '\n') >= 0 || bytes.IndexByte(at["root"], '\n') >= 0 {
		return fakeCell{}, kauth.EINVAL
	}
	// strlcpy cuts a text that has no zero byte.
	c.Name, c.Root = cText(at["name"][:63]), cText(at["root"][:255])
	if p.HoldsRoot {
		switch {
		case c.Root[0] != '/':
			return fakeCell{}, kauth.EINVAL
		case slices.Contains(f.files, path.Clean(c.Root)):
			return fakeCell{}, kauth.ENOTDIR
		case !slices.Contains(f.dirs, path.Clean(c.Root)):
			return fakeCell{}, kauth.ENOENT
		}
	}
	for _, other := range f.cells {
		if other.Name == c.Name || slices.ContainsFunc(c.ports, func(port uint16) bool { return slices.Contains(other.ports, port) }) {
			return fakeCell{}, kauth.EEXIST
		}
	}
	f.last++
	c.ID = f.last
	return c, 0
}

func nameRune(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '.' || r == '_' || r == '-'
}

func control(r rune) bool { return r < ' ' || r == 0x7f }

func plain(text []byte, good func(rune) bool) bool {
	end := bytes.IndexByte(text, 0)
	return end >= 0 && bytes.IndexFunc(text[:end], func(r rune) bool { return !good(r) }) < 0
}

func cText(text []byte) string {
	s, _, _ := strings.Cut(string(text), "\x00")
	return s
}

func (f *fake) destroy(old, new []byte) (int, error) {
	switch {
	case new == nil:
		return len(old), kauth.EINVAL
	case !f.hostRoot():
		return len(old), kauth.EPERM
	case len(new) < 4 || f.layout.Revision.Properties().ExactDestroy && len(new) != 4:
		return len(old), kauth.EINVAL
	}
	id := f.order().Uint32(new)
	i := f.find(id)
	switch {
	case id == 0:
		return len(old), kauth.EINVAL
	case i < 0:
		return len(old), kauth.ENOENT
	case f.cells[i].members > 0:
		return len(old), kauth.EBUSY
	}
	f.cells = slices.Delete(f.cells, i, i+1)
	return len(old), nil
}

func (f *fake) list(old, new []byte) (int, error) {
	if new != nil || f.cell != 0 {
		return len(old), kauth.EPERM
	}
	var reply []byte
	for _, c := range f.cells {
		text, err := f.layout.EncodeInfo(c.Info)
		if err != nil {
			panic(err)
		}
		reply = append(reply, text...)
	}
	if old != nil && len(old) < len(reply) {
		return len(old), kauth.ENOMEM
	}
	return reading(reply, old)
}

// Machine is the one that the tests run on.
func (f *fake) Machine() abi.Machine { return f.layout.Machine }

// EUID is the caller's.
func (f *fake) EUID() int { return f.euid }

// SameFile is never asked about two names of one file: links are for the simulator.
func (f *fake) SameFile(a, b fs.FileInfo) bool { return false }

// Stat looks at the file system of the fake.
func (f *fake) Stat(name string) (fs.FileInfo, error) {
	system := fstest.MapFS{}
	for _, d := range f.dirs {
		system[strings.Trim(d, "/")] = &fstest.MapFile{Mode: fs.ModeDir}
	}
	for _, file := range f.files {
		system[strings.Trim(file, "/")] = &fstest.MapFile{}
	}
	name = strings.Trim(path.Clean(name), "/")
	if name == "" {
		name = "."
	}
	return fs.Stat(system, name)
}

// open gives the driver on the fake.
func (f *fake) open(t testing.TB, o Options) *Kernel {
	t.Helper()
	k, err := f.tryOpen(o)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (f *fake) tryOpen(o Options) (*Kernel, error) {
	o.System = f
	if o.Now == nil {
		o.Now = fakeNow
	}
	return Open(o)
}

// OpenEvaluation: this kernel has no evaluation model.
func (f *fake) OpenEvaluation(uint32) (abi.Device, error) { return nil, kauth.ENXIO }

func (f *fake) LookEvaluation(uint32) error { return nil }
