package abi

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"cellsh/policy/secmodel"
)

// Flags say which optional members of a Create are given (cc_flags).
type Flags uint32

// The flags. Early has only the first two.
const (
	FlagProfile Flags = 1 << iota
	FlagPorts
	FlagNofile
	FlagAS
	FlagCore
)

// Infinity is the value of a resource limit that limits nothing, CELL_RLIMIT_INFINITY.
const Infinity = ^uint64(0)

// The sizes of the texts with their terminating zero, and the number of ports.
const (
	nameSize = 64
	rootSize = 256
	maxPorts = secmodel.MaxPorts
)

// Create is struct cell_create: what a cell is made with, and what comes back.
type Create struct {
	Flags Flags
	// ID is 0 on the way in and the id of the new cell on the way back.
	ID      uint32
	Profile uint32
	// Ports in host order, at most 32.
	Ports            []uint16
	Nofile, AS, Core uint64
	// Name of at most 63 bytes and Root of at most 255.
	Name, Root string
}

// Info is struct cell_info: what the kernel tells of a cell.
type Info struct {
	ID uint32
	// Flags that were given at create. Early does not tell them.
	Flags Flags
	// References counts members, zombies included.
	References uint64
	Name, Root string
	// Created is in nanoseconds since the kernel's start. Early does not tell it.
	Created uint64
	// Processes, Memory in bytes, and Ticks are sampled once a second.
	Processes, Memory, Ticks1s, Ticks10s uint64
	Nofile, AS, Core                     uint64
}

// Layout is the structures of one revision on one machine. It is immutable.
type Layout struct {
	Revision secmodel.Revision
	Machine  Machine
	// Create and Info are where the members of the two structures are.
	Create, Info Structure
}

// Structure says where the members of a C structure are.
type Structure struct {
	Size    int
	Members []Member
}

// Member is a member of a C structure, in bytes.
type Member struct {
	Name         string
	Offset, Size int
}

// Member gives the bytes of a member of the structure, nil if it has none of that name. The text must have its size.
func (s Structure) Member(text []byte, name string) []byte {
	for _, m := range s.Members {
		if m.Name == name {
			return text[m.Offset : m.Offset+m.Size]
		}
	}
	return nil
}

// NewLayout gives the layout of a supported revision.
func NewLayout(r secmodel.Revision, m Machine) (Layout, error) {
	if !r.Properties().Supported {
		return Layout{}, fmt.Errorf("the revision must be one of secmodel_cell, but is %s (%s)", r, r.Properties().Source)
	}
	l := Layout{Revision: r, Machine: m}
	var create, info = l.walk(measure, nil), l.walk(measure, nil)
	create.create(new(Create))
	info.info(new(Info))
	l.Create, l.Info = create.done(), info.done()
	return l, nil
}

// EncodeCreate writes the structure; unused bytes are zero. It is an error if a text is too long or has a zero
// byte, if there are too many ports, or if the revision has no member for a value that is given.
func (l Layout) EncodeCreate(c Create) ([]byte, error) {
	w := l.walk(write, make([]byte, l.Create.Size))
	w.create(&c)
	return w.buf, errors.Join(w.faults...)
}

// DecodeCreate reads the structure, which must have exactly its size.
func (l Layout) DecodeCreate(text []byte) (Create, error) {
	var c Create
	if len(text) != l.Create.Size {
		return c, fmt.Errorf("struct cell_create must be %d bytes, but is %d", l.Create.Size, len(text))
	}
	w := l.walk(read, text)
	w.create(&c)
	return c, errors.Join(w.faults...)
}

// EncodeInfo writes the structure, as a kernel does. The errors are those of EncodeCreate.
func (l Layout) EncodeInfo(i Info) ([]byte, error) {
	w := l.walk(write, make([]byte, l.Info.Size))
	w.info(&i)
	return w.buf, errors.Join(w.faults...)
}

// DecodeList reads an array of struct cell_info in the order in which the kernel gives it. Every cell must have
// an id and a name, and no id may occur twice.
func (l Layout) DecodeList(text []byte) ([]Info, error) {
	if len(text)%l.Info.Size != 0 {
		return nil, fmt.Errorf("a list of cells must be a multiple of %d bytes, but is %d", l.Info.Size, len(text))
	}
	infos := make([]Info, len(text)/l.Info.Size)
	seen := make(map[uint32]bool, len(infos))
	for n := range infos {
		i := &infos[n]
		w := l.walk(read, text[n*l.Info.Size:][:l.Info.Size])
		w.info(i)
		switch {
		case i.ID == 0:
			w.fault("the id of a cell must not be 0, but the id of entry %d is", n)
		case seen[i.ID]:
			w.fault("the ids of cells must differ, but %d occurs twice", i.ID)
		case i.Name == "":
			w.fault("cell %d must have a name, but has none", i.ID)
		}
		seen[i.ID] = true
		if err := errors.Join(w.faults...); err != nil {
			return nil, err
		}
	}
	return infos, nil
}

// mode is what a walk over a structure does with its members.
type mode uint8

const (
	measure mode = iota
	read
	write
)

// walker goes over the members of a structure in their order and places each by the rules of C. One description
// of a structure serves for measuring, reading and writing it.
type walker struct {
	Layout
	mode    mode
	buf     []byte
	at      int
	align   int
	members []Member
	faults  []error
}

func (l Layout) walk(m mode, buf []byte) *walker {
	return &walker{Layout: l, mode: m, buf: buf, align: 1}
}

func (w *walker) create(c *Create) {
	limits := w.Revision.Properties().Limits
	nports := uint16(len(c.Ports))
	var ports [maxPorts]uint16
	if copy(ports[:], c.Ports) < len(c.Ports) {
		w.fault("a cell must have at most %d ports, but has %d", maxPorts, len(c.Ports))
	}
	w.u32("flags", (*uint32)(&c.Flags))
	w.u32("id", &c.ID)
	w.u32("profile", &c.Profile)
	w.u16(w.place("nports", 2, 2), &nports)
	list := w.place("ports", 2*maxPorts, 2)
	for n := range ports {
		w.u16(list, &ports[n])
		list = list[min(2, len(list)):]
	}
	if limits {
		w.u64("rlimit_nofile", &c.Nofile)
		w.u64("rlimit_as", &c.AS)
		w.u64("rlimit_core", &c.Core)
	} else if c.Flags&^(FlagProfile|FlagPorts) != 0 || c.Nofile|c.AS|c.Core != 0 {
		w.fault("a cell of revision %s must not have resource limits, but has flags %#x", w.Revision, c.Flags)
	}
	w.text("name", &c.Name, nameSize)
	w.text("root", &c.Root, rootSize)
	if w.mode == read {
		if nports > maxPorts {
			w.fault("a cell must have at most %d ports, but has %d", maxPorts, nports)
			nports = maxPorts
		}
		c.Ports = slices.Clone(ports[:nports])
	}
}

func (w *walker) info(i *Info) {
	limits := w.Revision.Properties().Limits
	w.u32("id", &i.ID)
	if limits {
		w.u32("create_flags", (*uint32)(&i.Flags))
	}
	w.u64("refcount", &i.References)
	w.text("name", &i.Name, nameSize)
	w.text("root", &i.Root, rootSize)
	if limits {
		w.u64("created_ns", &i.Created)
	}
	w.u64("proc_current", &i.Processes)
	w.u64("memory_current", &i.Memory)
	w.u64("cpu_ticks_1s", &i.Ticks1s)
	w.u64("cpu_ticks_10s", &i.Ticks10s)
	if limits {
		w.u64("rlimit_nofile", &i.Nofile)
		w.u64("rlimit_as", &i.AS)
		w.u64("rlimit_core", &i.Core)
	} else if i.Flags != 0 || i.Created|i.Nofile|i.AS|i.Core != 0 {
		w.fault("a cell of revision %s must not have flags, a time of creation or resource limits, but has", w.Revision)
	}
}

// place gives the bytes of the next member; nil while measuring.
func (w *walker) place(name string, size, align int) []byte {
	w.at = roundUp(w.at, align)
	at := w.at
	w.at += size
	if w.mode != measure {
		return w.buf[at:w.at]
	}
	w.align = max(w.align, align)
	w.members = append(w.members, Member{name, at, size})
	return nil
}

func (w *walker) u16(b []byte, v *uint16) {
	switch w.mode {
	case read:
		*v = w.Machine.Order.Uint16(b)
	case write:
		w.Machine.Order.PutUint16(b, *v)
	}
}

func (w *walker) u32(name string, v *uint32) {
	b := w.place(name, 4, 4)
	switch w.mode {
	case read:
		*v = w.Machine.Order.Uint32(b)
	case write:
		w.Machine.Order.PutUint32(b, *v)
	}
}

func (w *walker) u64(name string, v *uint64) {
	b := w.place(name, 8, w.Machine.Quad)
	switch w.mode {
	case read:
		*v = w.Machine.Order.Uint64(b)
	case write:
		w.Machine.Order.PutUint64(b, *v)
	}
}

func (w *walker) text(name string, s *string, size int) {
	b := w.place(name, size, 1)
	switch w.mode {
	case read:
		end := bytes.IndexByte(b, 0)
		if end < 0 {
			w.fault("the %s of a cell must end with a zero byte, but its %d bytes have none", name, size)
			return
		}
		*s = string(b[:end])
	case write:
		if len(*s) >= size || bytes.IndexByte([]byte(*s), 0) >= 0 {
			w.fault("the %s of a cell must be at most %d bytes without a zero byte, but is %q", name, size-1, *s)
			return
		}
		copy(b, *s)
	}
}

func (w *walker) fault(format string, args ...any) {
	w.faults = append(w.faults, fmt.Errorf(format, args...))
}

func (w *walker) done() Structure {
	return Structure{roundUp(w.at, w.align), w.members}
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }
