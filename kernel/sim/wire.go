package sim

import (
	"io/fs"
	"time"

	"cellsh/kernel/abi"
	"cellsh/policy/kauth"
)

// Wire is a process's view of its kernel as a program of NetBSD has it: nodes of sysctl(2) by their numbers, values as bytes,
// paths. The driver for the running NetBSD can work on one as on the system itself. It has the machine abi.AMD64.
//
// Its methods are safe for concurrent use.
type Wire struct{ Process *Process }

// Machine is how the simulated machine lays out structures.
func (w Wire) Machine() abi.Machine { return w.Process.k.layout.Machine }

// Sysctl is __sysctl(2): it reads a node into old and writes it from new. A nil slice is a null pointer. It gives the
// length that the kernel left, also beside an error, which is a kauth.Errno.
func (w Wire) Sysctl(mib []int32, old, new []byte) (int, error) {
	length := uint64(len(old))
	e := w.Process.call(func() kauth.Errno {
		p := w.Process
		if n := len(mib) - 1; n >= 0 && mib[n] == abi.CTLQuery {
			text, e := p.queryNumbers(mib[:n], new)
			if e != 0 {
				return e
			}
			copy(old, text)
			length = uint64(len(text))
			if old != nil && len(old) < len(text) {
				return kauth.ENOMEM
			}
			return 0
		}
		return p.sysctl(p.k.sysctls.Names(mib), &SysctlArgs{Old: old, OldLen: &length, New: new, NewLen: uint64(len(new))})
	})
	if e != 0 {
		return int(length), e
	}
	return int(length), nil
}

// queryNumbers lists the nodes below the one with these numbers.
func (p *Process) queryNumbers(mib []int32, query []byte) ([]byte, kauth.Errno) {
	order := p.k.layout.Machine.Order
	if string(query) != string(abi.EncodeQuery(order)) {
		return nil, kauth.EINVAL
	}
	nodes, e := p.k.sysctls.Query(p, p.k.sysctls.Names(mib))
	if e != 0 {
		return nil, e
	}
	var list []abi.Node
	for _, n := range nodes {
		list = append(list, abi.Node{Number: int32(n.Num), Name: n.Name})
	}
	return abi.EncodeNodes(order, list), 0
}

// EUID is the effective user id of the process.
func (w Wire) EUID() int {
	w.Process.k.mu.Lock()
	defer w.Process.k.mu.Unlock()
	return int(w.Process.cred.euid)
}

// Stat is stat(2). The error is an *fs.PathError with a kauth.Errno.
func (w Wire) Stat(path string) (fs.FileInfo, error) {
	var info wireInfo
	e := w.Process.call(func() (e kauth.Errno) {
		info.name = path
		info.v, e = w.Process.file(path)
		if e == 0 {
			info.dir = info.v.IsDir()
		}
		return e
	})
	if e != 0 {
		return nil, &fs.PathError{Op: "stat", Path: path, Err: e}
	}
	return info, nil
}

// SameFile reports whether two answers of Stat are about one file.
func (w Wire) SameFile(a, b fs.FileInfo) bool { return a.Sys() == b.Sys() }

// wireInfo is a file as fs.FileInfo has it, as far as the simulator has files.
type wireInfo struct {
	name string
	v    *vnode
	dir  bool
}

func (i wireInfo) Name() string     { return i.name }
func (wireInfo) Size() int64        { return 0 }
func (wireInfo) ModTime() time.Time { return time.Time{} }
func (i wireInfo) IsDir() bool      { return i.dir }
func (i wireInfo) Sys() any         { return i.v }

func (i wireInfo) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir
	}
	return 0
}
