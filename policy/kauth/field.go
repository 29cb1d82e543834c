package kauth

import (
	"math"
	"math/bits"
	"strconv"
)

// Field is one thing a request carries and a policy can read, the credential's ids among them.
type Field uint8

// The fields. Their order is fixed by the program encoding (docs/format.md): append only.
const (
	FieldUID Field = iota
	FieldEUID
	FieldGID
	FieldEGID
	// FieldGroups is the caller's set of groups, the effective one included; policies ask r:in_group(gid).
	FieldGroups
	FieldFamily
	FieldType
	FieldProtocol
	FieldPort
	FieldAddr
	FieldDomain
	FieldSignal
	FieldTargetPID
	FieldTargetIsSelf
	FieldTargetIsInit
	FieldTargetSameCell
	FieldTargetUID
	FieldTargetEUID
	// FieldTargetCell is the name of the target's cell, "" for the host, "?" for one that the loaded bundle does not name.
	FieldTargetCell
	FieldNprocs
	FieldResource
	FieldCur
	FieldMax
	FieldNice
	FieldOp
	FieldIfname
	FieldCmd
	FieldFlags
	FieldFstype
	FieldMode
	FieldAutoload
	FieldKind
	FieldMajor
	FieldMinor
	FieldBits
	FieldSec
	// FieldMembers is the number of processes in the caller's cell, zombies included, before a fork. Policies
	// can't read it: it is what the budget procs is compared with.
	FieldMembers

	NumFields = iota
)

// Kind is how the values of a field look and what can be asked about them.
type Kind uint8

const (
	// KindInt is a whole number; policies compare it and calculate with it.
	KindInt Kind = iota
	// KindNamed is a number that reads as a string where it has a name (family, signal). Equality only.
	KindNamed
	// KindBool is true or false.
	KindBool
	// KindString is text of the kernel (an interface's name). Equality only.
	KindString
	// KindAddr is an IPv4 or IPv6 address, or none. Policies ask addr:within(prefix).
	KindAddr
	// KindGroups is a set of group ids. Policies ask r:in_group(gid).
	KindGroups
)

// What says what a value of the kind is, with an article.
func (k Kind) What() string {
	return [...]string{"a number", "a name", "true or false", "a string", "an address", "a set of groups"}[k]
}

// Unlimited is RLIM_INFINITY (sys/resource.h), the value of a resource limit that limits nothing.
const Unlimited = math.MaxInt64

// FieldInfo describes a field.
type FieldInfo struct {
	// Name as policies write it after "r.", with target. in front for the target's.
	Name string
	Kind Kind
	// Min and Max bound the values of KindInt and KindNamed, both included.
	Min, Max int64
	// Longest is how many bytes a text of KindString can have: what the kernel keeps, without the zero at its end.
	Longest int
	// Names of the values of KindNamed.
	Names *Names
	// Flags says that the bits of the number have meanings of their own: policies ask has(r.flags, "MNT_RDONLY").
	Flags bool
	// Nullable fields are absent in some questions of the same request, where they read nil.
	Nullable bool
	// Doc is one line for help: what it is, with the unit.
	Doc string
}

const maxU32 = math.MaxUint32

// How long names are in the kernel.
const (
	maxCellName = 63 // CELL_NAME_MAX (sys/cell.h)
	maxIfname   = 15 // IFNAMSIZ - 1 (net/if.h)
	maxFstype   = 31 // _VFS_NAMELEN - 1 (sys/statvfs.h)
)

var fields = [NumFields]FieldInfo{
	FieldUID:            {Name: "uid", Max: maxU32, Doc: "real user id of the caller"},
	FieldEUID:           {Name: "euid", Max: maxU32, Doc: "effective user id of the caller"},
	FieldGID:            {Name: "gid", Max: maxU32, Doc: "real group id of the caller"},
	FieldEGID:           {Name: "egid", Max: maxU32, Doc: "effective group id of the caller"},
	FieldGroups:         {Name: "groups", Kind: KindGroups, Max: maxU32, Doc: "groups of the caller, asked with r:in_group(GID or \"name\")"},
	FieldFamily:         {Name: "family", Kind: KindNamed, Max: 255, Names: &Families, Doc: "address family of the socket"},
	FieldType:           {Name: "type", Kind: KindNamed, Min: math.MinInt32, Max: math.MaxInt32, Names: &SocketTypes, Doc: "type of the socket"},
	FieldProtocol:       {Name: "protocol", Kind: KindNamed, Min: math.MinInt32, Max: math.MaxInt32, Names: &Protocols, Doc: "protocol of the socket, often 0 in socket.open"},
	FieldPort:           {Name: "port", Max: 65535, Doc: "port to bind, 0 for one that the kernel chooses"},
	FieldAddr:           {Name: "addr", Kind: KindAddr, Doc: "address to bind, asked with r.addr:within(\"10.0.0.0/8\")"},
	FieldDomain:         {Name: "domain", Kind: KindNamed, Min: math.MinInt32, Max: math.MaxInt32, Names: &Families, Doc: "protocol family of the new socket"},
	FieldSignal:         {Name: "signal", Kind: KindNamed, Max: 63, Names: &Signals, Doc: "signal to send, 0 to ask whether the process exists"},
	FieldTargetPID:      {Name: "target.pid", Max: math.MaxInt32, Doc: "process id of the target"},
	FieldTargetIsSelf:   {Name: "target.is_self", Kind: KindBool, Max: 1, Doc: "the target is the caller"},
	FieldTargetIsInit:   {Name: "target.is_init", Kind: KindBool, Max: 1, Doc: "the target is init, process 1"},
	FieldTargetSameCell: {Name: "target.same_cell", Kind: KindBool, Max: 1, Doc: "the target is in the caller's cell"},
	FieldTargetUID:      {Name: "target.uid", Max: maxU32, Doc: "real user id of the target"},
	FieldTargetEUID:     {Name: "target.euid", Max: maxU32, Doc: "effective user id of the target"},
	FieldTargetCell:     {Name: "target.cell", Kind: KindString, Longest: maxCellName, Doc: "name of the target's cell, \"\" for the host, \"?\" for a cell that was made by other tools since the load"},
	FieldNprocs:         {Name: "nprocs", Max: math.MaxInt32, Doc: "processes of the whole system, the new one included"},
	FieldResource:       {Name: "resource", Kind: KindNamed, Max: 11, Names: &Resources, Doc: "resource whose limit is set"},
	FieldCur:            {Name: "cur", Max: Unlimited, Doc: "new soft limit, in the resource's unit, or unlimited"},
	FieldMax:            {Name: "max", Max: Unlimited, Doc: "new hard limit, in the resource's unit, or unlimited"},
	FieldNice:           {Name: "nice", Min: -20, Max: 20, Doc: "new nice value, -20 to 20"},
	FieldOp:             {Name: "op", Kind: KindNamed, Min: math.MinInt32, Max: math.MaxInt32, Names: &PtraceOps, Doc: "ptrace(2) request"},
	FieldIfname:         {Name: "ifname", Kind: KindString, Longest: maxIfname, Nullable: true, Doc: "name of the network interface, nil where there is none yet"},
	FieldCmd:            {Name: "cmd", Kind: KindNamed, Max: maxU32, Names: &Commands, Doc: "ioctl(2) command of the interface, \"SIOCSIFFLAGS\", or the number of a modctl(2) command"},
	FieldFlags:          {Name: "flags", Max: maxU32, Flags: true, Doc: "mount flags (MNT_*), asked with has(r.flags, \"MNT_RDONLY\")"},
	FieldFstype:         {Name: "fstype", Kind: KindString, Longest: maxFstype, Doc: "type of the mounted file system"},
	FieldMode:           {Name: "mode", Max: 65535, Flags: true, Doc: "wanted access: 256 read, 128 write, 4096 change, asked with has(r.mode, \"IPC_W\") (IPC_R, IPC_W, IPC_M)"},
	FieldAutoload:       {Name: "autoload", Kind: KindBool, Max: 1, Doc: "the kernel itself wants to load a module"},
	FieldKind:           {Name: "kind", Kind: KindNamed, Min: 3, Max: 4, Names: &DeviceKinds, Doc: "kind of the device node"},
	FieldMajor:          {Name: "major", Max: 1<<12 - 1, Doc: "major number of the device"},
	FieldMinor:          {Name: "minor", Max: 1<<20 - 1, Doc: "minor number of the device"},
	FieldBits:           {Name: "bits", Max: maxU32, Flags: true, Doc: "wanted pass-through access: 1 read, 2 write, 4 read and 8 write configuration, added; asked with has(r.bits, 2)"},
	FieldSec:            {Name: "sec", Min: math.MinInt64, Max: math.MaxInt64, Doc: "new time, seconds since 1970"},
	FieldMembers:        {Name: "members", Max: math.MaxInt32, Doc: "processes of the caller's cell before the fork, zombies included"},
}

// MaxExact is how far from zero the integers lie that a float64 holds, and all before them.
const MaxExact = 1 << 53

// Divisible reports whether it can be asked what is left of the field when it is divided: its values are numbers that stand
// for an amount and not for flags, and a float64, which is what policies calculate with, holds them all.
func (f Field) Divisible() bool {
	in := &fields[f]
	return in.Kind == KindInt && !in.Flags && in.Min >= -MaxExact && in.Max <= MaxExact
}

// Info of the field. It panics if f is not below NumFields, as an index does.
func (f Field) Info() *FieldInfo { return &fields[f] }

// String is the field's name.
func (f Field) String() string {
	if f < NumFields {
		return fields[f].Name
	}
	return "no field"
}

// FindField gives the field of that name, "port" or "target.uid".
func FindField(name string) (Field, bool) {
	for h := hash(name) & (uint32(len(fieldTable)) - 1); fieldTable[h] != 0; h = (h + 1) & (uint32(len(fieldTable)) - 1) {
		if f := Field(fieldTable[h] - 1); fields[f].Name == name {
			return f, true
		}
	}
	return 0, false
}

// FieldSet is a set of fields.
type FieldSet uint64

// Credential is what every request carries.
const Credential = FieldSet(1<<FieldUID | 1<<FieldEUID | 1<<FieldGID | 1<<FieldEGID | 1<<FieldGroups)

// Has reports whether the field is in the set.
func (s FieldSet) Has(f Field) bool { return s>>f&1 != 0 }

// With is the set and the field.
func (s FieldSet) With(f Field) FieldSet { return s | 1<<f }

// Len is the number of fields in the set.
func (s FieldSet) Len() int { return bits.OnesCount64(uint64(s)) }

// Fields lists the set in the order of the constants.
func (s FieldSet) Fields() []Field {
	list := make([]Field, 0, s.Len())
	for ; s != 0; s &= s - 1 {
		list = append(list, Field(bits.TrailingZeros64(uint64(s))))
	}
	return list
}

// Range gives the values that the field can have in the request, both ends included. It is meaningful for
// every kind but KindString, KindAddr and KindGroups.
func (id RequestID) Range(f Field) (lo, hi int64) {
	if b := requests[id].Bits; f == FieldBits && b != 0 {
		return int64(b), int64(b)
	}
	return fields[f].Min, fields[f].Max
}

// Bounds are the numbers from Lo to Hi, both included.
type Bounds struct{ Lo, Hi int64 }

// The ports of network.bind.privport, and those of network.bind.port: the kernel asks one of the two, by the port.
var (
	lowPorts   = []Bounds{{1, 1023}}
	otherPorts = []Bounds{{0, 0}, {1024, 65535}}
)

// Usual gives the values with which the kernel asks the request where they are fewer than its Range, in ascending order;
// nil where they are not. A kernel can be built so that it asks with others (option IPNOPRIVPORTS, a socket that wants a
// low port chosen), so no program relies on them; but what people ask and are told is about these. The list must not be
// changed.
func (id RequestID) Usual(f Field) []Bounds {
	if f == FieldPort {
		switch requests[id].Name {
		case "network.bind.privport":
			return lowPorts
		case "network.bind.port":
			return otherPorts
		}
	}
	return nil
}

// IsUsual reports whether the kernel asks the request with the value; see Usual.
func (id RequestID) IsUsual(f Field, v int64) bool {
	list := id.Usual(f)
	for _, b := range list {
		if b.Lo <= v && v <= b.Hi {
			return true
		}
	}
	return list == nil
}

// Alike reports whether the requests agree in some fields: both carry the same ones of them, with the same values
// possible.
func (id RequestID) Alike(other RequestID, in FieldSet) bool {
	if (requests[id].Fields^requests[other].Fields)&in != 0 {
		return false
	}
	// Only the range of bits differs from request to request.
	return !in.Has(FieldBits) || requests[id].Bits == requests[other].Bits
}

// FormatValue writes a value of KindInt, KindNamed or KindBool as Lua would read it: "raw" in quotes where the
// value has a name.
func (f Field) FormatValue(v int64) string {
	in := &fields[f]
	switch in.Kind {
	case KindNamed:
		if name, ok := in.Names.Name(v); ok {
			return strconv.Quote(name)
		}
	case KindBool:
		return strconv.FormatBool(v != 0)
	case KindInt:
		if v == Unlimited && (f == FieldCur || f == FieldMax) {
			return "unlimited"
		}
	}
	return itoa(v)
}

func itoa(v int64) string { return strconv.FormatInt(v, 10) }
