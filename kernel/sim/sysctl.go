package sim

import (
	"encoding/binary"
	"strconv"
	"strings"

	"cellsh/kernel/sim/sysctl"
	"cellsh/policy/kauth"
	"cellsh/policy/stock"
)

// The tree of sysctl(7), with processes as callers.
type (
	sysctlTree = sysctl.Tree[*Process]
	sysctlCall = sysctl.Call[*Process]
	node       = sysctl.Node[*Process]
)

// SysctlArgs are the arguments of sysctl(2) beside the name.
type SysctlArgs = sysctl.Args

// SysctlNode describes a node as CTL_QUERY gives it.
type SysctlNode = sysctl.Described

// switchNode makes a handler for a setting that is a bool.
func switchNode(which stock.Setting) func(*sysctlCall) kauth.Errno {
	return func(x *sysctlCall) kauth.Errno {
		value := &x.Caller.k.settings[which]
		v, e := x.LookupBool(*value != 0)
		*value = int(truth(v))
		return e
	}
}

// intNode makes a handler for an integer: get reads it; set is asked with the new value after the lookup and is
// nil where the lookup is all that is asked. A write of no bytes passes the lookup as a read and sets the old value.
func intNode(get func(k *Kernel) int64, set func(x *sysctlCall, v int64) kauth.Errno) func(*sysctlCall) kauth.Errno {
	return func(x *sysctlCall) kauth.Errno {
		var b [4]byte
		binary.LittleEndian.PutUint32(b[:], uint32(get(x.Caller.k)))
		if e := x.Lookup(b[:]); e != 0 || !x.Writes() || set == nil {
			return e
		}
		return set(x, int64(int32(binary.LittleEndian.Uint32(b[:]))))
	}
}

// Sysctl is sysctl(2) on the node of that name, with the lookup of the number that sysctlbyname(3) makes left
// out.
func (p *Process) Sysctl(name string, a *SysctlArgs) kauth.Errno {
	return p.call(func() kauth.Errno { return p.sysctl(strings.Split(name, "."), a) })
}

func (p *Process) sysctl(name []string, a *SysctlArgs) kauth.Errno {
	_, e := p.k.sysctls.Access(p, name, a)
	return e
}

// pathOf takes a name apart, "" for the root.
func pathOf(name string) []string {
	if name == "" {
		return nil
	}
	return strings.Split(name, ".")
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
	n, e := p.k.sysctls.Access(p, path, &SysctlArgs{Old: b, OldLen: &length})
	if e == kauth.ENOMEM {
		// The list of cells is the only value without a limit.
		if e := p.sysctl(path, &SysctlArgs{OldLen: &length}); e != 0 {
			return nil, e
		}
		b = make([]byte, length)
		n, e = p.k.sysctls.Access(p, path, &SysctlArgs{Old: b, OldLen: &length})
	}
	if e != 0 {
		return nil, e
	}
	b = b[:min(length, uint64(len(b)))]
	switch {
	case n.Type == sysctl.TypeString:
		return sysctl.String(b), 0
	case n.Type == sysctl.TypeInt && len(b) == 4:
		return int64(int32(binary.LittleEndian.Uint32(b))), 0
	case n.Type == sysctl.TypeBool && len(b) == 1:
		return int64(b[0]), 0
	case n.Type == sysctl.TypeQuad && len(b) == 8:
		return int64(binary.LittleEndian.Uint64(b)), 0
	}
	return b, 0
}

// usualValue is longer than all values but lists of more than 163 cells.
const usualValue = 1 << 16

// valueType gives the type of the node of that name without asking anybody, 0 if there is none.
func (k *Kernel) valueType(path []string) int {
	n, rest := k.sysctls.Find(path)
	switch {
	case n == nil:
		return 0
	case rest != nil:
		which, _ := parseProcNode(rest)
		return which.typ
	}
	return n.Type
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
	case t == sysctl.TypeQuad:
		return 8
	case t == sysctl.TypeBool && (v == 0 || v == 1):
		return 1
	}
	return 4
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
	return p.k.sysctls.Query(p, pathOf(name))
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
		return nil, p.k.sysctls.Create(p, pathOf(a.text("parent")), a.text("name"), a["value"])
	},
}

// SysctlCreate makes a node below the parent: an int64, a string, or a node that can have children itself for
// nil. Only nodes that processes made, and the root, can have such children.
func (p *Process) SysctlCreate(parent, name string, value any) kauth.Errno {
	return p.call(func() kauth.Errno { return p.k.sysctls.Create(p, pathOf(parent), name, value) })
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
		return nil, p.k.sysctls.Delete(p, pathOf(a.text("parent")), a.text("name"))
	},
}

// SysctlDelete removes a node that a process made.
func (p *Process) SysctlDelete(parent, name string) kauth.Errno {
	return p.call(func() kauth.Errno { return p.k.sysctls.Delete(p, pathOf(parent), name) })
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
		s, e := p.k.sysctls.Describe(p, pathOf(a.text("parent")), a.text("name"), a.text("text"))
		return s, e
	},
}

// SysctlDescribe gives the description of a node, or sets it if text is not "". Descriptions of private nodes are
// shown to those who may not see the nodes, and hidden from those who may: the kernel has the answer the wrong
// way round (docs/simulator.md).
func (p *Process) SysctlDescribe(parent, name, text string) (string, kauth.Errno) {
	var s string
	e := p.call(func() (e kauth.Errno) {
		s, e = p.k.sysctls.Describe(p, pathOf(parent), name, text)
		return e
	})
	return s, e
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
