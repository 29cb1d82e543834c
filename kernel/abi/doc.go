// Package abi is what passes between NetBSD and cellsh: the structures of secmodel_cell and of the evaluation model as
// bytes, and the names of their sysctl nodes.
//
// A [Layout] is one revision's structures on one machine. It encodes and decodes byte slices and nothing else,
// so every layout can be used and tested on every machine.
//
//	machine, ok := abi.FindMachine(runtime.GOARCH)
//	l := abi.NewLayout(secmodel.April, machine)
//	text, err := l.EncodeCreate(abi.Create{Name: "web", Root: "/cells/web"})
//	infos, err := l.DecodeList(reply)
//
// The structures of the evaluation model are the same on all machines but for the order of bytes.
//
// The offsets are those of sys/sys/cell.h of the revisions that are listed as [secmodel.Revision]; on amd64 they were measured
// on a running kernel, for the others they follow from the C rules of the machine. testdata/offsets.golden has
// them all. docs/kernel-abi.md describes the nodes and what each revision does.
//
// What it is not: it makes no system call and knows no driver; kernel/netbsd has both.
package abi
