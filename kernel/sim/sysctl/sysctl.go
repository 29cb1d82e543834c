package sysctl

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"cellsh/policy/kauth"
)

// The types of sysctl nodes (sys/sysctl.h).
const (
	TypeNode   = 1
	TypeInt    = 2
	TypeString = 3
	TypeQuad   = 4
	TypeStruct = 5
	TypeBool   = 6
)

// The flags of sysctl nodes (sys/sysctl.h).
const (
	flagVersion   = 0x01000000
	flagPermanent = 0x00000200
	ReadWrite     = 0x00000070
	AnyWrite      = 0x00000080
	Private       = 0x00000100
)

// Both lengths that sysctl(3) knows.
const (
	maxName  = 32
	maxNodes = 12
)

// Node is a node of a tree whose callers are of type C.
type Node[C any] struct {
	Name string
	// Num is its number, which is given out if it is 0.
	Num   int
	Flags uint32
	Type  int
	// Size in bytes as a query tells it; for strings also the most that can be written.
	Size int
	Desc string
	// Fn answers for the node, nil for sysctl_lookup on Value. It is a handler that the kernel has too, unless the node is
	// Plain: then it stands for the lookup on a variable.
	Fn    func(*Call[C]) kauth.Errno
	Plain bool
	Value []byte
	// Args says that the rest of the name belongs to the node, as in kern.proc.
	Args bool

	children []*Node[C]
}

func (n *Node[C]) child(name string) int {
	return slices.IndexFunc(n.children, func(c *Node[C]) bool { return c.Name == name })
}

// Tree is the nodes of a kernel. It is not safe for concurrent use.
type Tree[C any] struct {
	ask  func(C, kauth.RequestID) kauth.Errno
	root *Node[C]
	next int
}

// New makes a tree with nothing but the root. Numbers are given out from next on; ask puts a question about a caller.
func New[C any](next int, ask func(C, kauth.RequestID) kauth.Errno) *Tree[C] {
	return &Tree[C]{ask, &Node[C]{Type: TypeNode, Flags: ReadWrite}, next}
}

// Args are the arguments of sysctl(2) beside the name, pointers that can be null or bad included. What the
// kernel writes goes to Old and *OldLen.
type Args struct {
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

// Call is one call of sysctl(2) on its way through the tree.
type Call[C any] struct {
	Args
	Caller C
	Node   *Node[C]
	// Rest is what follows the node's own name.
	Rest []string
	// Len is the kernel's copy of *OldLen: how long the caller's memory is, and then how long the value.
	Len uint64

	tree *Tree[C]
}

// Reads and Writes say whether the caller gave memory for the value, and a new one.
func (x *Call[C]) Reads() bool  { return x.Old != nil || x.BadOld }
func (x *Call[C]) Writes() bool { return x.New != nil || x.BadNew }

// CopyIn gives the first n bytes of the new value, CopyOut hands bytes out; a bad pointer is EFAULT.
func (x *Call[C]) CopyIn(n int) ([]byte, kauth.Errno) {
	if x.BadNew || len(x.New) < n {
		return nil, kauth.EFAULT
	}
	return x.New[:n], 0
}

// CopyOut is described with CopyIn.
func (x *Call[C]) CopyOut(b []byte) kauth.Errno {
	if x.BadOld || len(x.Old) < len(b) {
		return kauth.EFAULT
	}
	copy(x.Old, b)
	return 0
}

var (
	reqPrvt   = kauth.MustFind("system.sysctl.prvt")
	reqModify = kauth.MustFind("system.sysctl.modify")
	reqAdd    = kauth.MustFind("system.sysctl.add")
	reqDelete = kauth.MustFind("system.sysctl.delete")
	reqDesc   = kauth.MustFind("system.sysctl.desc")
)

// Lookup is sysctl_lookup: it asks for private nodes and for writing, hands the value out, and takes a new one
// in. The value's length is the node's; strings are handled by LookupString.
func (x *Call[C]) Lookup(value []byte) kauth.Errno {
	writes := x.Writes() && x.NewLen != 0
	if len(x.Rest) != 0 || x.Node.Type == TypeNode {
		return kauth.EINVAL
	}
	if e := x.show(value, writes); e != 0 || !writes {
		return e
	}
	if x.NewLen != uint64(len(value)) {
		return kauth.EINVAL
	}
	b, e := x.CopyIn(len(value))
	if e != 0 {
		return e
	}
	copy(value, b)
	return 0
}

// show asks what sysctl_lookup asks before it looks at the value, and then hands the value out.
func (x *Call[C]) show(value []byte, writes bool) kauth.Errno {
	if x.Node.Flags&Private != 0 {
		if e := x.tree.ask(x.Caller, reqPrvt); e != 0 {
			return e
		}
	}
	if writes {
		if x.Node.Flags&AnyWrite == 0 {
			if e := x.tree.ask(x.Caller, reqModify); e != 0 {
				return e
			}
		}
		if x.Node.Flags&ReadWrite == 0 {
			return kauth.EPERM
		}
	}
	if x.Reads() {
		n := min(uint64(len(value)), x.Len)
		if e := x.CopyOut(value[:n]); e != 0 {
			return e
		}
	}
	x.Len = uint64(len(value))
	return 0
}

// LookupString is sysctl_lookup for strings of at most limit bytes, the zero at the end included.
func (x *Call[C]) LookupString(s *string, limit int) kauth.Errno {
	writes := x.Writes() && x.NewLen != 0
	if len(x.Rest) != 0 {
		return kauth.EINVAL
	}
	if e := x.show(append([]byte(*s), 0), writes); e != 0 || !writes {
		return e
	}
	if x.NewLen > uint64(limit) {
		return kauth.EINVAL
	}
	b, e := x.CopyIn(int(x.NewLen))
	if e != 0 {
		return e
	}
	if b[len(b)-1] != 0 && len(b) == limit {
		return kauth.EINVAL
	}
	*s = String(b)
	return 0
}

// String is a C string without the zero at its end.
func String(b []byte) string {
	s, _, _ := strings.Cut(string(b), "\x00")
	return s
}

// LookupBool is sysctl_lookup for a bool; it gives the value afterwards.
func (x *Call[C]) LookupBool(value bool) (bool, kauth.Errno) {
	b := [1]byte{}
	if value {
		b[0] = 1
	}
	if e := x.Lookup(b[:]); e != 0 {
		return value, e
	}
	if b[0] > 1 {
		return value, kauth.EINVAL
	}
	return b[0] != 0, 0
}

// locate finds the node of a name. Walking through a private node is a question of its own.
func (t *Tree[C]) locate(c C, name []string) (*Node[C], []string, kauth.Errno) {
	at := t.root
	for i, part := range name {
		if at.Args {
			return at, name[i:], 0
		}
		if at.Type != TypeNode {
			return at, name[i:], kauth.ENOTDIR
		}
		if at.Flags&Private != 0 {
			if e := t.ask(c, reqPrvt); e != 0 {
				return at, name[i:], e
			}
		}
		j := at.child(part)
		if j < 0 {
			return at, name[i:], kauth.ENOENT
		}
		at = at.children[j]
	}
	return at, nil, 0
}

// Access is sysctl(2) on the node of that name. It gives the node too, as its handler left it: a handler with Args says only
// then what its type is.
func (t *Tree[C]) Access(c C, name []string, a *Args) (*Node[C], kauth.Errno) {
	if len(name) > maxNodes {
		return nil, kauth.EINVAL
	}
	x := &Call[C]{Args: *a, Caller: c, tree: t}
	if a.OldLen != nil {
		x.Len = *a.OldLen
	}
	stated := x.Len
	e := x.dispatch(name)
	if a.OldLen != nil {
		*a.OldLen = x.Len
	}
	if e == 0 && x.Reads() && stated < x.Len {
		return nil, kauth.ENOMEM
	}
	return x.Node, e
}

// dispatch finds the node and calls its handler (sysctl_dispatch). Where the name goes on behind a node that can have
// none below it, that is the handler's affair; without a handler it is ENOTDIR.
func (x *Call[C]) dispatch(name []string) kauth.Errno {
	n, rest, e := x.tree.locate(x.Caller, name)
	if e != 0 && (e != kauth.ENOTDIR || n.Fn == nil || n.Plain) {
		return e
	}
	x.Node, x.Rest = n, rest
	return x.handle()
}

// handle calls the handler of the node. With secmodel_cell's changes the kernel asks for private nodes that have a
// handler too, which NetBSD itself forgets (PR kern/60035).
func (x *Call[C]) handle() kauth.Errno {
	n := x.Node
	if n.Flags&Private != 0 {
		if e := x.tree.ask(x.Caller, reqPrvt); e != 0 {
			return e
		}
	}
	if n.Fn != nil {
		return n.Fn(x)
	}
	if n.Type == TypeString {
		s := String(n.Value)
		e := x.LookupString(&s, n.Size)
		n.Value = append([]byte(s), 0)
		return e
	}
	return x.Lookup(n.Value)
}

// Described is a node as CTL_QUERY describes it.
type Described struct {
	Name  string
	Num   int
	Flags uint32
	Type  int
	Size  int
}

// nodeSize is that of struct sysctlnode, which generic operations pass.
const nodeSize = 96

// The generic operations, which come as the last part of a name (sys/sysctl.h). No node can have such a name. Handlers
// whose nodes have Args can see OpQuery.
const (
	OpQuery    = "(query)"
	opCreate   = "(create)"
	opDestroy  = "(destroy)"
	opDescribe = "(describe)"
)

// below makes a generic operation on the nodes below a node. A node that can have none does not know the operation: its
// handler takes it for the rest of a name, with a structure to write, and without a handler it is ENOTDIR, before anything
// is asked (sysctl_dispatch).
func (t *Tree[C]) below(c C, path []string, operation string, do func(n *Node[C]) kauth.Errno) kauth.Errno {
	path = append(slices.Clone(path), operation)
	n, rest, e := t.locate(c, path)
	switch {
	case e == 0 || e == kauth.ENOENT && len(rest) == 1:
		return do(n)
	case e == kauth.ENOTDIR && n.Fn != nil && !n.Plain:
		b := make([]byte, nodeSize)
		x := &Call[C]{Args: Args{Old: b, New: b, NewLen: nodeSize}, Caller: c, Len: nodeSize, Node: n, Rest: rest, tree: t}
		return x.handle()
	}
	return e
}

// Query lists the nodes below a node; no path is the root.
func (t *Tree[C]) Query(c C, path []string) (list []Described, e kauth.Errno) {
	e = t.below(c, path, OpQuery, func(n *Node[C]) kauth.Errno {
		for _, x := range n.children {
			list = append(list, Described{x.Name, x.Num, x.Flags | flagVersion, x.Type, x.Size})
		}
		return 0
	})
	return list, e
}

// Names gives the path of numbers in names. A number that no node has stands for itself, which no node is called.
func (t *Tree[C]) Names(mib []int32) []string {
	at := t.root
	var path []string
	for _, number := range mib {
		name := strconv.Itoa(int(number))
		var next *Node[C]
		if at != nil {
			for _, x := range at.children {
				if x.Num == int(number) {
					name, next = x.Name, x
				}
			}
		}
		path, at = append(path, name), next
	}
	return path
}

// Find gives the node of a name without asking anybody, and what follows its own name; nil if there is none.
func (t *Tree[C]) Find(path []string) (n *Node[C], rest []string) {
	at := t.root
	for i, part := range path {
		if at.Args {
			return at, path[i:]
		}
		j := at.child(part)
		if j < 0 {
			return nil, nil
		}
		at = at.children[j]
	}
	return at, nil
}

// Create makes a node below the parent: an int64, a string, or a node that can have children itself for nil. Only nodes
// that callers made, and the root, can have such children.
func (t *Tree[C]) Create(c C, parent []string, name string, value any) kauth.Errno {
	return t.below(c, parent, opCreate, func(n *Node[C]) kauth.Errno {
		if e := t.ask(c, reqAdd); e != 0 {
			return e
		}
		if n.Flags&ReadWrite == 0 {
			return kauth.EPERM
		}
		if name == "" || len(name) >= maxName || name[0] >= '0' && name[0] <= '9' ||
			strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
			return kauth.EINVAL
		}
		if n.child(name) >= 0 {
			return kauth.EEXIST
		}
		made := &Node[C]{Name: name, Flags: ReadWrite}
		switch v := value.(type) {
		case nil:
			made.Type, made.Size = TypeNode, nodeSize
		case int64:
			made.Type, made.Size, made.Value = TypeInt, 4, binary.LittleEndian.AppendUint32(nil, uint32(v))
		case string:
			made.Type, made.Size, made.Value = TypeString, len(v)+1, append([]byte(v), 0)
		default:
			return kauth.EINVAL
		}
		t.add(n, made)
		return 0
	})
}

// Delete removes a node that a caller made.
func (t *Tree[C]) Delete(c C, parent []string, name string) kauth.Errno {
	return t.below(c, parent, opDestroy, func(n *Node[C]) kauth.Errno {
		if e := t.ask(c, reqDelete); e != 0 {
			return e
		}
		if n.Flags&ReadWrite == 0 {
			return kauth.EPERM
		}
		i := n.child(name)
		switch {
		case i < 0:
			return kauth.ENOENT
		case n.children[i].Flags&flagPermanent != 0:
			return kauth.EPERM
		case len(n.children[i].children) > 0:
			return kauth.ENOTEMPTY
		}
		n.children = slices.Delete(n.children, i, i+1)
		return 0
	})
}

// Describe gives the description of a node, or sets it if text is not "". Descriptions of private nodes are shown to those
// who may not see the nodes, and hidden from those who may: the kernel has the answer the wrong way round.
func (t *Tree[C]) Describe(c C, parent []string, name, text string) (desc string, e kauth.Errno) {
	e = t.below(c, parent, opDescribe, func(n *Node[C]) kauth.Errno {
		if text != "" {
			if e := t.ask(c, reqDesc); e != 0 {
				return e
			}
		}
		i := n.child(name)
		if i < 0 {
			return kauth.ENOENT
		}
		x := n.children[i]
		if text != "" {
			if x.Flags&flagPermanent != 0 || x.Desc != "" {
				return kauth.EPERM
			}
			x.Desc = text
		}
		if x.Flags&Private != 0 && t.ask(c, reqPrvt) == 0 {
			return kauth.ENOENT
		}
		desc = x.Desc
		return 0
	})
	return desc, e
}

func (t *Tree[C]) add(parent, n *Node[C]) *Node[C] {
	if n.Num == 0 {
		t.next++
		n.Num = t.next
	}
	parent.children = append(parent.children, n)
	return n
}

// Put makes a permanent node, and the nodes above it.
func (t *Tree[C]) Put(path string, n Node[C]) {
	at := t.root
	parts := strings.Split(path, ".")
	for i, part := range parts {
		if j := at.child(part); j >= 0 {
			at = at.children[j]
			continue
		}
		c := &Node[C]{Flags: flagPermanent, Type: TypeNode}
		if i == len(parts)-1 {
			n.Flags |= flagPermanent
			c = &n
		}
		c.Name = part
		if i == 0 {
			c.Num = topLevel[part]
		}
		at = t.add(at, c)
	}
}

// topLevel are the numbers of the nodes below the root (sys/sysctl.h).
var topLevel = map[string]int{"kern": 1, "vm": 2, "vfs": 3, "net": 4, "debug": 5, "hw": 6, "machdep": 7, "user": 8, "ddb": 9, "proc": 10, "vendor": 11, "emul": 12, "security": 13}

// Sort puts every level into the order of the numbers, as the kernel keeps them.
func (t *Tree[C]) Sort() { t.root.sort() }

func (n *Node[C]) sort() {
	slices.SortStableFunc(n.children, func(a, b *Node[C]) int { return cmp.Compare(a.Num, b.Num) })
	for _, c := range n.children {
		c.sort()
	}
}
