package sim

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"cellsh/policy/kauth"
	"cellsh/policy/stock"
)

// The types of sysctl nodes (sys/sysctl.h).
const (
	typeNode   = 1
	typeInt    = 2
	typeString = 3
	typeQuad   = 4
	typeStruct = 5
	typeBool   = 6
)

// The flags of sysctl nodes (sys/sysctl.h).
const (
	ctlVersion   = 0x01000000
	ctlReadWrite = 0x00000070
	ctlAnyWrite  = 0x00000080
	ctlPrivate   = 0x00000100
	ctlPermanent = 0x00000200
)

// Both lengths that sysctl(3) knows.
const (
	maxSysctlName = 32
	maxNodes      = 12
)

// node is a node of the sysctl tree.
type node struct {
	name     string
	num      int
	flags    uint32
	typ      int
	size     int
	desc     string
	parent   *node
	children []*node
	// fn answers for the node, nil for sysctl_lookup on value. It is a handler that the kernel has too, unless the node is
	// plain: then it stands for the lookup on a variable.
	fn    func(*sysctlCall) kauth.Errno
	plain bool
	value []byte
	// args says that the rest of the name belongs to the node, as in kern.proc.
	args bool
}

type sysctlTree struct {
	root *node
	next int
}

// SysctlArgs are the arguments of sysctl(2) beside the name, pointers that can be null or bad included. What the
// kernel writes goes to Old and *OldLen.
type SysctlArgs struct {
	// Old is the memory for the value, nil for a null pointer. BadOld makes it one that points nowhere.
	Old    []byte
	BadOld bool
	// OldLen is the length of that memory as the caller states it, nil for a null pointer.
	OldLen *uint64
	// New is the memory with the new value, nil for a null pointer; NewLen is its length as stated.
	New    []byte
	BadNew bool
	NewLen uint64
}

// sysctlCall is one call of sysctl(2) on its way through the tree.
type sysctlCall struct {
	SysctlArgs
	p    *Process
	node *node
	// rest is what follows the node's own name.
	rest []string
	// oldLen is the kernel's copy of *OldLen.
	oldLen *uint64
}

func (x *sysctlCall) reads() bool  { return x.Old != nil || x.BadOld }
func (x *sysctlCall) writes() bool { return x.New != nil || x.BadNew }

func (x *sysctlCall) copyIn(n int) ([]byte, kauth.Errno) {
	if x.BadNew || len(x.New) < n {
		return nil, kauth.EFAULT
	}
	return x.New[:n], 0
}

func (x *sysctlCall) copyOut(b []byte) kauth.Errno {
	if x.BadOld || len(x.Old) < len(b) {
		return kauth.EFAULT
	}
	copy(x.Old, b)
	return 0
}

var (
	reqSysctlPrvt   = mustFind("system.sysctl.prvt")
	reqSysctlModify = mustFind("system.sysctl.modify")
	reqSysctlAdd    = mustFind("system.sysctl.add")
	reqSysctlDelete = mustFind("system.sysctl.delete")
	reqSysctlDesc   = mustFind("system.sysctl.desc")
)

// lookup is sysctl_lookup: it asks for private nodes and for writing, hands the value out, and takes a new one
// in. The value's length is the node's; strings are handled by lookupString.
func (x *sysctlCall) lookup(value []byte) kauth.Errno {
	writes := x.writes() && x.NewLen != 0
	if len(x.rest) != 0 || x.node.typ == typeNode {
		return kauth.EINVAL
	}
	if e := x.show(value, writes); e != 0 || !writes {
		return e
	}
	if x.NewLen != uint64(len(value)) {
		return kauth.EINVAL
	}
	b, e := x.copyIn(len(value))
	if e != 0 {
		return e
	}
	copy(value, b)
	return 0
}

// show asks what sysctl_lookup asks before it looks at the value, and then hands the value out.
func (x *sysctlCall) show(value []byte, writes bool) kauth.Errno {
	if x.node.flags&ctlPrivate != 0 {
		if e := x.p.ask(reqSysctlPrvt).answer(); e != 0 {
			return e
		}
	}
	if writes {
		if x.node.flags&ctlAnyWrite == 0 {
			if e := x.p.ask(reqSysctlModify).answer(); e != 0 {
				return e
			}
		}
		if x.node.flags&ctlReadWrite == 0 {
			return kauth.EPERM
		}
	}
	if x.reads() {
		n := min(uint64(len(value)), *x.oldLen)
		if e := x.copyOut(value[:n]); e != 0 {
			return e
		}
	}
	*x.oldLen = uint64(len(value))
	return 0
}

// lookupString is sysctl_lookup for strings of at most limit bytes, the zero at the end included.
func (x *sysctlCall) lookupString(s *string, limit int) kauth.Errno {
	writes := x.writes() && x.NewLen != 0
	if len(x.rest) != 0 {
		return kauth.EINVAL
	}
	if e := x.show(append([]byte(*s), 0), writes); e != 0 || !writes {
		return e
	}
	if x.NewLen > uint64(limit) {
		return kauth.EINVAL
	}
	b, e := x.copyIn(int(x.NewLen))
	if e != 0 {
		return e
	}
	if b[len(b)-1] != 0 && len(b) == limit {
		return kauth.EINVAL
	}
	*s = cString(b)
	return 0
}

func cString(b []byte) string {
	s, _, _ := strings.Cut(string(b), "\x00")
	return s
}

// boolNode makes a handler for a bool, which is one byte, 0 or 1. Whoever may write it sets it.
func boolNode(get func(k *Kernel) *bool) func(*sysctlCall) kauth.Errno {
	return func(x *sysctlCall) kauth.Errno {
		value := get(x.p.k)
		v, e := x.lookupBool(*value)
		*value = v
		return e
	}
}

// switchNode makes a handler for a setting that is a bool.
func switchNode(which stock.Setting) func(*sysctlCall) kauth.Errno {
	return func(x *sysctlCall) kauth.Errno {
		value := &x.p.k.settings[which]
		v, e := x.lookupBool(*value != 0)
		*value = int(truth(v))
		return e
	}
}

// lookupBool is sysctl_lookup for a bool; it gives the value afterwards.
func (x *sysctlCall) lookupBool(value bool) (bool, kauth.Errno) {
	b := [1]byte{byte(truth(value))}
	if e := x.lookup(b[:]); e != 0 {
		return value, e
	}
	if b[0] > 1 {
		return value, kauth.EINVAL
	}
	return b[0] != 0, 0
}

// intNode makes a handler for an integer: get reads it; set is asked with the new value after the lookup and is
// nil where the lookup is all that is asked. A write of no bytes passes the lookup as a read and sets the old value.
func intNode(get func(k *Kernel) int64, set func(x *sysctlCall, v int64) kauth.Errno) func(*sysctlCall) kauth.Errno {
	return func(x *sysctlCall) kauth.Errno {
		var b [4]byte
		binary.LittleEndian.PutUint32(b[:], uint32(get(x.p.k)))
		if e := x.lookup(b[:]); e != 0 || !x.writes() || set == nil {
			return e
		}
		return set(x, int64(int32(binary.LittleEndian.Uint32(b[:]))))
	}
}

// locate finds the node of a name. Walking through a private node is a question of its own.
func (p *Process) locate(name []string) (*node, []string, kauth.Errno) {
	at := p.k.sysctls.root
	for i, part := range name {
		if at.args {
			return at, name[i:], 0
		}
		if at.typ != typeNode {
			return at, name[i:], kauth.ENOTDIR
		}
		if at.flags&ctlPrivate != 0 {
			if e := p.ask(reqSysctlPrvt).answer(); e != 0 {
				return at, name[i:], e
			}
		}
		j := slices.IndexFunc(at.children, func(n *node) bool { return n.name == part })
		if j < 0 {
			return at, name[i:], kauth.ENOENT
		}
		at = at.children[j]
	}
	return at, nil, 0
}

// Sysctl is sysctl(2) on the node of that name, with the lookup of the number that sysctlbyname(3) makes left
// out.
func (p *Process) Sysctl(name string, a *SysctlArgs) kauth.Errno {
	return p.call(func() kauth.Errno { return p.sysctl(strings.Split(name, "."), a) })
}

func (p *Process) sysctl(name []string, a *SysctlArgs) kauth.Errno {
	_, e := p.sysctlNode(name, a)
	return e
}

// sysctlNode gives the node too, as its handler left it: that of a process says only then what its type is.
func (p *Process) sysctlNode(name []string, a *SysctlArgs) (*node, kauth.Errno) {
	if len(name) > maxNodes {
		return nil, kauth.EINVAL
	}
	length := uint64(0)
	if a.OldLen != nil {
		length = *a.OldLen
	}
	stated := length
	x := &sysctlCall{SysctlArgs: *a, p: p, oldLen: &length}
	e := x.dispatch(name)
	if a.OldLen != nil {
		*a.OldLen = length
	}
	if e == 0 && x.reads() && stated < length {
		return nil, kauth.ENOMEM
	}
	return x.node, e
}

// dispatch finds the node and calls its handler (sysctl_dispatch). Where the name goes on behind a node that can have
// none below it, that is the handler's affair; without a handler it is ENOTDIR.
func (x *sysctlCall) dispatch(name []string) kauth.Errno {
	n, rest, e := x.p.locate(name)
	if e != 0 && (e != kauth.ENOTDIR || n.fn == nil || n.plain) {
		return e
	}
	x.node, x.rest = n, rest
	return x.handle()
}

// handle calls the handler of the node. With secmodel_cell's changes the kernel asks for private nodes that have a
// handler too, which NetBSD itself forgets (PR kern/60035).
func (x *sysctlCall) handle() kauth.Errno {
	n := x.node
	if n.flags&ctlPrivate != 0 {
		if e := x.p.ask(reqSysctlPrvt).answer(); e != 0 {
			return e
		}
	}
	if n.fn != nil {
		return n.fn(x)
	}
	if n.typ == typeString {
		s := cString(n.value)
		e := x.lookupString(&s, n.size)
		n.value = append([]byte(s), 0)
		return e
	}
	return x.lookup(n.value)
}

var callSysctlRead = Call{
	Name: "sysctl_read",
	Doc:  "Reads a node. Private nodes ask system.sysctl.prvt: EPERM. Some nodes ask more: docs/simulator.md lists them.",
	Params: []Param{
		{Name: "name", Kind: Text, Doc: "name of the node, with dots"},
	},
	Returns: "an integer or a string",
	Asks: []string{"system.sysctl.prvt", "system.intr.affinity", "system.cpu.setstate", "network.interface.getpriv",
		"process.cansee.entry", "process.corename.get", "process.rlimit.get"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		v, e := p.sysctlRead(a.text("name"))
		if b, ok := v.([]byte); ok {
			v = string(b)
		}
		return v, e
	},
}

// SysctlRead reads a node: an int64, a string, or the bytes of a structure.
func (p *Process) SysctlRead(name string) (any, kauth.Errno) {
	var v any
	e := p.call(func() (e kauth.Errno) {
		v, e = p.sysctlRead(name)
		return e
	})
	return v, e
}

func (p *Process) sysctlRead(name string) (any, kauth.Errno) {
	path := strings.Split(name, ".")
	b := make([]byte, usualValue)
	length := uint64(len(b))
	n, e := p.sysctlNode(path, &SysctlArgs{Old: b, OldLen: &length})
	if e == kauth.ENOMEM {
		// The list of cells is the only value without a limit.
		if e := p.sysctl(path, &SysctlArgs{OldLen: &length}); e != 0 {
			return nil, e
		}
		b = make([]byte, length)
		n, e = p.sysctlNode(path, &SysctlArgs{Old: b, OldLen: &length})
	}
	if e != 0 {
		return nil, e
	}
	b = b[:min(length, uint64(len(b)))]
	switch {
	case n.typ == typeString:
		return cString(b), 0
	case n.typ == typeInt && len(b) == 4:
		return int64(int32(binary.LittleEndian.Uint32(b))), 0
	case n.typ == typeBool && len(b) == 1:
		return int64(b[0]), 0
	case n.typ == typeQuad && len(b) == 8:
		return int64(binary.LittleEndian.Uint64(b)), 0
	}
	return b, 0
}

// usualValue is longer than all values but lists of more than 163 cells.
const usualValue = 1 << 16

// valueType gives the type of the node of that name without asking anybody, 0 if there is none.
func (k *Kernel) valueType(path []string) int {
	at := k.sysctls.root
	for i, part := range path {
		if at.args {
			n, _ := parseProcNode(path[i:])
			return n.typ
		}
		j := slices.IndexFunc(at.children, func(n *node) bool { return n.name == part })
		if j < 0 {
			return 0
		}
		at = at.children[j]
	}
	return at.typ
}

var callSysctlWrite = Call{
	Name: "sysctl_write",
	Doc:  "Writes a node. Asks system.sysctl.modify, and only then is a read-only node EPERM; many nodes ask a second question.",
	Params: []Param{
		{Name: "name", Kind: Text, Doc: "name of the node, with dots"},
		{Name: "value", Kind: Anything, Doc: "integer or string", Optional: true},
		{Name: "size", Kind: Integer, Doc: "bytes of an integer, 0 for those that the node has", Min: 0, Max: 8, Optional: true, Default: int64(0)},
	},
	Asks: []string{"system.sysctl", "system.setidcore", "system.kernaddr", "system.time", "system.map_va_zero", "system.intr.affinity",
		"system.cpu.setstate", "network.forwsrcrt", "network.interface.getpriv", "process.cansee.entry", "process.corename", "process.rlimit.set", "process.stopflag"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.sysctlWrite(a.text("name"), a["value"], a.int("size"))
	},
}

// SysctlWrite writes a node. The value is an int64, a string or bytes, as the node has it; another type is
// EINVAL.
func (p *Process) SysctlWrite(name string, value any) kauth.Errno {
	return p.call(func() kauth.Errno { return p.sysctlWrite(name, value, 0) })
}

// sysctlWrite writes an integer in so many bytes; with 0 in those that the node has, as sysctl(8) does.
func (p *Process) sysctlWrite(name string, value any, size int) kauth.Errno {
	path := strings.Split(name, ".")
	var b []byte
	switch v := value.(type) {
	case string:
		b = append([]byte(v), 0)
	case int64:
		if size == 0 {
			size = p.k.integerSize(path, v)
		}
		b = binary.LittleEndian.AppendUint64(nil, uint64(v))[:size]
	case []byte:
		b = v
	default:
		return kauth.EINVAL
	}
	return p.sysctl(path, &SysctlArgs{New: b, NewLen: uint64(len(b))})
}

// integerSize is how many bytes an integer has that is written to the node of that name. One that is no bool at all
// comes as an int, which the node refuses.
func (k *Kernel) integerSize(path []string, v int64) int {
	switch t := k.valueType(path); {
	case t == typeQuad:
		return 8
	case t == typeBool && (v == 0 || v == 1):
		return 1
	}
	return 4
}

// SysctlNode describes a node as CTL_QUERY gives it.
type SysctlNode struct {
	Name  string
	Num   int
	Flags uint32
	Type  int
	Size  int
}

var callSysctlList = Call{
	Name: "sysctl_list",
	Doc:  "Names of the nodes below a node. One that can have none gives the operation to its handler, which takes it for a part of the name and ends with EINVAL, or with EPERM where it can't be written; ENOTDIR without a handler.",
	Params: []Param{
		{Name: "name", Kind: Text, Doc: "name of the node, empty for the root", Optional: true},
	},
	Returns: "the names",
	Asks:    []string{"system.sysctl.prvt", "system.intr.affinity", "system.cpu.setstate"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		list, e := p.sysctlQuery(a.text("name"))
		var names []string
		for _, n := range list {
			names = append(names, n.Name)
		}
		return names, e
	},
}

// SysctlQuery lists the nodes below a node; "" is the root.
func (p *Process) SysctlQuery(name string) ([]SysctlNode, kauth.Errno) {
	var list []SysctlNode
	e := p.call(func() (e kauth.Errno) {
		list, e = p.sysctlQuery(name)
		return e
	})
	return list, e
}

func (p *Process) sysctlQuery(name string) ([]SysctlNode, kauth.Errno) {
	if name == "" {
		return p.sysctlQueryAt(nil)
	}
	return p.sysctlQueryAt(strings.Split(name, "."))
}

func (p *Process) sysctlQueryAt(path []string) (list []SysctlNode, e kauth.Errno) {
	e = p.belowAt(path, opQuery, func(n *node) kauth.Errno {
		for _, c := range n.children {
			list = append(list, SysctlNode{c.name, c.num, c.flags | ctlVersion, c.typ, c.size})
		}
		return 0
	})
	return list, e
}

// sysctlNodeSize is that of struct sysctlnode, which generic operations pass.
const sysctlNodeSize = 96

// The generic operations, which come as the last part of a name (sys/sysctl.h). No node can have such a name.
const (
	opQuery    = "(query)"
	opCreate   = "(create)"
	opDestroy  = "(destroy)"
	opDescribe = "(describe)"
)

// below makes a generic operation on the nodes below a node, "" for the root.
func (p *Process) below(name, operation string, do func(n *node) kauth.Errno) kauth.Errno {
	if name == "" {
		return p.belowAt(nil, operation, do)
	}
	return p.belowAt(strings.Split(name, "."), operation, do)
}

// belowAt is below for a path. A node that can have none does not know
// the operation: its handler takes it for the rest of a name, with a structure to write, and without a handler it is
// ENOTDIR, before anything is asked (sysctl_dispatch).
func (p *Process) belowAt(path []string, operation string, do func(n *node) kauth.Errno) kauth.Errno {
	path = append(slices.Clone(path), operation)
	n, rest, e := p.locate(path)
	switch {
	case e == 0 || e == kauth.ENOENT && len(rest) == 1:
		return do(n)
	case e == kauth.ENOTDIR && n.fn != nil && !n.plain:
		length := uint64(sysctlNodeSize)
		b := make([]byte, sysctlNodeSize)
		x := &sysctlCall{SysctlArgs: SysctlArgs{Old: b, New: b, NewLen: length}, p: p, oldLen: &length, node: n, rest: rest}
		return x.handle()
	}
	return e
}

var callSysctlCreate = Call{
	Name: "sysctl_create",
	Doc:  "Makes a node. Asks system.sysctl.add: EPERM; then EPERM unless the parent is the root or a node that a process made.",
	Params: []Param{
		{Name: "parent", Kind: Text, Doc: "name of the parent, empty for the root", Optional: true},
		{Name: "name", Kind: Text, Doc: "name of the node"},
		{Name: "value", Kind: Anything, Doc: "integer or string, nothing for a node with children", Optional: true},
	},
	Asks: []string{"system.sysctl.add", "system.sysctl.prvt", "system.intr.affinity", "system.cpu.setstate"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.sysctlCreate(a.text("parent"), a.text("name"), a["value"])
	},
}

// SysctlCreate makes a node below the parent: an int64, a string, or a node that can have children itself for
// nil. Only nodes that processes made, and the root, can have such children.
func (p *Process) SysctlCreate(parent, name string, value any) kauth.Errno {
	return p.call(func() kauth.Errno { return p.sysctlCreate(parent, name, value) })
}

func (p *Process) sysctlCreate(parent, name string, value any) kauth.Errno {
	return p.below(parent, opCreate, func(n *node) kauth.Errno {
		if e := p.ask(reqSysctlAdd).answer(); e != 0 {
			return e
		}
		if n.flags&ctlReadWrite == 0 {
			return kauth.EPERM
		}
		if name == "" || len(name) >= maxSysctlName || name[0] >= '0' && name[0] <= '9' ||
			strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
			return kauth.EINVAL
		}
		if slices.ContainsFunc(n.children, func(c *node) bool { return c.name == name }) {
			return kauth.EEXIST
		}
		c := &node{name: name, flags: ctlReadWrite}
		switch v := value.(type) {
		case nil:
			c.typ, c.size = typeNode, sysctlNodeSize
		case int64:
			c.typ, c.size, c.value = typeInt, 4, binary.LittleEndian.AppendUint32(nil, uint32(v))
		case string:
			c.typ, c.size, c.value = typeString, len(v)+1, append([]byte(v), 0)
		default:
			return kauth.EINVAL
		}
		p.k.sysctls.add(n, c)
		return 0
	})
}

var callSysctlDelete = Call{
	Name: "sysctl_delete",
	Doc:  "Removes a node that a process made. Asks system.sysctl.delete: EPERM.",
	Params: []Param{
		{Name: "parent", Kind: Text, Doc: "name of the parent, empty for the root", Optional: true},
		{Name: "name", Kind: Text, Doc: "name of the node"},
	},
	Asks: []string{"system.sysctl.delete", "system.sysctl.prvt", "system.intr.affinity", "system.cpu.setstate"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.sysctlDelete(a.text("parent"), a.text("name"))
	},
}

// SysctlDelete removes a node that a process made.
func (p *Process) SysctlDelete(parent, name string) kauth.Errno {
	return p.call(func() kauth.Errno { return p.sysctlDelete(parent, name) })
}

func (p *Process) sysctlDelete(parent, name string) kauth.Errno {
	return p.below(parent, opDestroy, func(n *node) kauth.Errno {
		if e := p.ask(reqSysctlDelete).answer(); e != 0 {
			return e
		}
		if n.flags&ctlReadWrite == 0 {
			return kauth.EPERM
		}
		i := slices.IndexFunc(n.children, func(c *node) bool { return c.name == name })
		switch {
		case i < 0:
			return kauth.ENOENT
		case n.children[i].flags&ctlPermanent != 0:
			return kauth.EPERM
		case len(n.children[i].children) > 0:
			return kauth.ENOTEMPTY
		}
		n.children = slices.Delete(n.children, i, i+1)
		return 0
	})
}

var callSysctlDescribe = Call{
	Name: "sysctl_describe",
	Doc:  "Description of a node. Setting one asks system.sysctl.desc: EPERM. Private nodes ask system.sysctl.prvt, and the answer is used the wrong way round.",
	Params: []Param{
		{Name: "parent", Kind: Text, Doc: "name of the parent, empty for the root", Optional: true},
		{Name: "name", Kind: Text, Doc: "name of the node"},
		{Name: "text", Kind: Text, Doc: "description to set, empty to read", Optional: true},
	},
	Returns: "the description",
	Asks:    []string{"system.sysctl.desc", "system.sysctl.prvt", "system.intr.affinity", "system.cpu.setstate"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		s, e := p.sysctlDescribe(a.text("parent"), a.text("name"), a.text("text"))
		return s, e
	},
}

// SysctlDescribe gives the description of a node, or sets it if text is not "". Descriptions of private nodes are
// shown to those who may not see the nodes, and hidden from those who may: the kernel has the answer the wrong
// way round (docs/simulator.md).
func (p *Process) SysctlDescribe(parent, name, text string) (string, kauth.Errno) {
	var s string
	e := p.call(func() (e kauth.Errno) {
		s, e = p.sysctlDescribe(parent, name, text)
		return e
	})
	return s, e
}

func (p *Process) sysctlDescribe(parent, name, text string) (desc string, e kauth.Errno) {
	e = p.below(parent, opDescribe, func(n *node) kauth.Errno {
		if text != "" {
			if e := p.ask(reqSysctlDesc).answer(); e != 0 {
				return e
			}
		}
		i := slices.IndexFunc(n.children, func(c *node) bool { return c.name == name })
		if i < 0 {
			return kauth.ENOENT
		}
		c := n.children[i]
		if text != "" {
			if c.flags&ctlPermanent != 0 || c.desc != "" {
				return kauth.EPERM
			}
			c.desc = text
		}
		if c.flags&ctlPrivate != 0 && p.ask(reqSysctlPrvt).answer() == 0 {
			return kauth.ENOENT
		}
		desc = c.desc
		return 0
	})
	return desc, e
}

func (t *sysctlTree) add(parent, n *node) *node {
	n.parent = parent
	if n.num == 0 {
		t.next++
		n.num = t.next
	}
	parent.children = append(parent.children, n)
	return n
}

// put makes a permanent node and the nodes above it.
func (t *sysctlTree) put(path string, n node) *node {
	at := t.root
	parts := strings.Split(path, ".")
	for i, part := range parts {
		j := slices.IndexFunc(at.children, func(c *node) bool { return c.name == part })
		if j >= 0 {
			at = at.children[j]
			continue
		}
		c := &node{name: part, flags: ctlPermanent, typ: typeNode, size: 0}
		if i == len(parts)-1 {
			n.name = part
			n.flags |= ctlPermanent
			c = &n
		}
		if i == 0 {
			c.num = topLevel[part]
		}
		at = t.add(at, c)
	}
	return at
}

// topLevel are the numbers of the nodes below the root (sys/sysctl.h).
var topLevel = map[string]int{"kern": 1, "vm": 2, "vfs": 3, "net": 4, "debug": 5, "hw": 6, "machdep": 7, "user": 8, "ddb": 9, "proc": 10, "vendor": 11, "emul": 12, "security": 13}

// sortNodes puts every level into the order of the numbers, as the kernel keeps them.
func (n *node) sortNodes() {
	slices.SortStableFunc(n.children, func(a, b *node) int { return cmp.Compare(a.num, b.num) })
	for _, c := range n.children {
		c.sortNodes()
	}
}

func parsePID(p *Process, s string) (*Process, kauth.Errno) {
	if s == "curproc" || s == "-1" {
		return p, 0
	}
	pid, err := strconv.Atoi(s)
	if err != nil {
		return nil, kauth.ENOENT
	}
	if t := p.k.find(pid); t != nil {
		return t, 0
	}
	return nil, kauth.ESRCH
}
