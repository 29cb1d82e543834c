package sim

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/abi"
	"cellsh/kernel/sim/fs"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
	"cellsh/policy/secmodel"
)

// cell is an entry of secmodel_cell (struct cell_entry).
type cell struct {
	id   kernel.CellID
	name string
	root string
	// rootVnode is held by revisions that look it up (secmodel.Properties.HoldsRoot), and nil in others, which keep only the text.
	rootVnode *vnode
	created   time.Duration
	profile   secmodel.Profile
	flags     abi.Flags
	ports     []uint16
	// nofile, as and core are only stored.
	nofile, as, core uint64
	// live says that it is in the table.
	live bool
	// members are the processes, zombies included, by id.
	members map[int]*Process
	sample  sample

	// prog answers for the members in the evaluation model, nil for nobody; byFallback says that it is the
	// fallback.
	prog       *program.Program
	byFallback bool
	counts     kernel.Counts
}

// sampleRing is how many seconds the longer mean is taken over.
const sampleRing = 10

// sample is what the list shows of a cell's members, as of the last full second.
type sample struct {
	processes, references int
	memory                uint64
	ticks1s, ticks10s     uint64
	total                 uint64
	ring                  [sampleRing]uint64
	ringSum               uint64
	ringIndex, ringCount  int
}

// cells is the table of secmodel_cell. Everything that a decision needs is found in a map.
type cells struct {
	byID   map[kernel.CellID]*cell
	byName map[string]*cell
	ports  map[uint16]*cell
	// next is the id of the next cell; 0 says that they are used up.
	next uint32
	// sampled are the cells whose samples are not all zero, or will not be.
	sampled map[*cell]struct{}
	// list has all by id, and among them cells that are gone until somebody wants to see it, or they are half of it.
	list []*cell
	gone int
}

func newCells() cells {
	return cells{map[kernel.CellID]*cell{}, map[string]*cell{}, map[uint16]*cell{}, 1, map[*cell]struct{}{}, nil, 0}
}

// number is the cell's id, 0 for the host.
func (c *cell) number() kernel.CellID {
	if c == nil {
		return 0
	}
	return c.id
}

// joined and left keep the members of a process's cell.
func (cs *cells) joined(p *Process) {
	c := p.cred.cell
	if c == nil {
		return
	}
	c.members[p.pid] = p
	if _, ok := cs.sampled[c]; !ok {
		// The seconds since it was made count as idle ones.
		seconds := p.k.uptime/time.Second - c.created/time.Second
		c.sample.ringCount = int(min(seconds, time.Duration(len(c.sample.ring))))
		cs.sampled[c] = struct{}{}
	}
}

func (cs *cells) left(p *Process) {
	if c := p.cred.cell; c != nil {
		delete(c.members, p.pid)
	}
}

func (cs *cells) add(c *cell) {
	c.live = true
	cs.byID[c.id] = c
	cs.byName[c.name] = c
	at, _ := slices.BinarySearchFunc(cs.list, c.id, func(c *cell, id kernel.CellID) int { return cmp.Compare(c.id, id) })
	cs.list = slices.Insert(cs.list, at, c)
	for _, p := range c.ports {
		cs.ports[p] = c
	}
}

func (cs *cells) remove(c *cell) {
	c.live = false
	delete(cs.byID, c.id)
	if cs.gone++; cs.gone > len(cs.list)/2 {
		cs.ordered()
	}
	if cs.byName[c.name] == c {
		delete(cs.byName, c.name)
	}
	for _, p := range c.ports {
		delete(cs.ports, p)
	}
	delete(cs.sampled, c)
}

// ordered gives the cells by id, as they are until one is added or removed.
func (cs *cells) ordered() []*cell {
	if cs.gone > 0 {
		cs.list = slices.DeleteFunc(cs.list, func(c *cell) bool { return !c.live })
		cs.gone = 0
	}
	return cs.list
}

// sample counts the members of every cell, once a second (secmodel_cell_cpu_account_tick).
func (k *Kernel) sample() {
	for c := range k.cells.sampled {
		s := &c.sample
		s.processes, s.references, s.memory = 0, len(c.members), 0
		total := uint64(0)
		for _, p := range c.members {
			if p.state == alive {
				s.processes++
				s.memory += p.vmsize
				total += p.ticks
			}
		}
		// The sum falls when a member ends; that second then counts as none.
		delta := uint64(0)
		if total >= s.total {
			delta = total - s.total
		}
		s.total = total
		if s.ringCount < len(s.ring) {
			s.ringCount++
		}
		s.ringSum += delta - s.ring[s.ringIndex]
		s.ring[s.ringIndex] = delta
		s.ringIndex = (s.ringIndex + 1) % len(s.ring)
		s.ticks1s, s.ticks10s = delta, s.ringSum/uint64(s.ringCount)
		if len(c.members) == 0 && s.ringSum == 0 && s.total == 0 {
			delete(k.cells.sampled, c)
		}
	}
}

// createStruct is a struct cell_create that nobody has checked: texts may lack the zero at their end, and there may be said
// to be more ports than there is room for.
type createStruct struct {
	flags            abi.Flags
	profile          uint32
	nports           uint16
	ports            [kernel.MaxPorts]uint16
	nofile, as, core uint64
	name, root       []byte
}

// decode reads the structure. A revision without limits has no room for them.
func (c *createStruct) decode(l *abi.Layout, text []byte) {
	order, at := l.Machine.Order, func(member string) []byte { return l.Create.Member(text, member) }
	c.flags, c.profile, c.nports = abi.Flags(order.Uint32(at("flags"))), order.Uint32(at("profile")), order.Uint16(at("nports"))
	ports := at("ports")
	for i := range c.ports {
		c.ports[i] = order.Uint16(ports[2*i:])
	}
	if l.Revision.Properties().Limits {
		c.nofile, c.as, c.core = order.Uint64(at("rlimit_nofile")), order.Uint64(at("rlimit_as")), order.Uint64(at("rlimit_core"))
	}
	c.name, c.root = at("name"), at("root")
}

// known are the flags that a revision has.
func known(rev secmodel.Properties) abi.Flags {
	if rev.Limits {
		return abi.FlagProfile | abi.FlagPorts | abi.FlagNofile | abi.FlagAS | abi.FlagCore
	}
	return abi.FlagProfile | abi.FlagPorts
}

// text is a C string in a field that may lack the zero at its end; one byte is kept for it.
func text(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return string(b[:i])
	}
	return string(b[:len(b)-1])
}

// check makes the tests of the structure that all revisions make, in their order, and gives the profile.
func (c *createStruct) check(rev secmodel.Properties) (secmodel.Profile, kauth.Errno) {
	if c.flags&^known(rev) != 0 {
		return 0, kauth.EINVAL
	}
	if c.flags&abi.FlagPorts == 0 {
		if c.nports != 0 {
			return 0, kauth.EINVAL
		}
	} else {
		if c.nports == 0 || c.nports > kernel.MaxPorts {
			return 0, kauth.EINVAL
		}
		for i, p := range c.ports[:c.nports] {
			if p == 0 || slices.Contains(c.ports[:i], p) {
				return 0, kauth.EINVAL
			}
		}
	}
	for _, l := range [...]struct {
		flag  abi.Flags
		value uint64
	}{{abi.FlagNofile, c.nofile}, {abi.FlagAS, c.as}, {abi.FlagCore, c.core}} {
		if c.flags&l.flag == 0 && l.value != 0 {
			return 0, kauth.EINVAL
		}
	}
	profile := secmodel.High
	if c.flags&abi.FlagProfile != 0 {
		if c.profile > uint32(kernel.High) {
			return 0, kauth.EINVAL
		}
		profile = secmodel.Profile(c.profile)
	}
	if c.name[0] == 0 || c.root[0] == 0 {
		return 0, kauth.EINVAL
	}
	if !rev.ChecksText {
		if bytes.IndexByte(c.name, '\n') >= 0 || bytes.IndexByte(c.root, '\n') >= 0 {
			return 0, kauth.EINVAL
		}
		return profile, 0
	}
	if rev.HoldsRoot && c.root[0] != '/' || !plainText(c.name) || !plainText(c.root) || !plainName(text(c.name)) {
		return 0, kauth.EINVAL
	}
	return profile, 0
}

// plainText reports whether the text ends within its field and has no control characters.
func plainText(b []byte) bool {
	end := bytes.IndexByte(b, 0)
	return end >= 0 && !slices.ContainsFunc(b[:end], func(c byte) bool { return c < 0x20 || c == 0x7f })
}

func plainName(s string) bool {
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == ""
}

// insert makes the cell (secmodel_cell_create). Where the revision holds the root, it is looked up as the caller sees it.
func (k *Kernel) insert(p *Process, c *createStruct, profile secmodel.Profile) (*cell, kauth.Errno) {
	n := &cell{name: text(c.name), root: text(c.root), profile: profile, flags: c.flags, created: k.uptime, members: map[int]*Process{}}
	if c.flags&abi.FlagPorts != 0 {
		n.ports = slices.Clone(c.ports[:c.nports])
	}
	n.nofile, n.as, n.core = c.nofile, c.as, c.core
	if k.rev.HoldsRoot {
		v, e := p.file(n.root)
		if e != 0 {
			return nil, e
		}
		if !v.IsDir() {
			return nil, kauth.ENOTDIR
		}
		n.rootVnode = v
	}
	// April compares names that fill their field up to the next zero, so those are never found again.
	if k.cells.byName[n.name] != nil && bytes.IndexByte(c.name, 0) >= 0 {
		return nil, kauth.EEXIST
	}
	for _, port := range n.ports {
		if k.cells.ports[port] != nil {
			return nil, kauth.EEXIST
		}
	}
	if k.cells.next == 0 {
		return nil, kauth.EOVERFLOW
	}
	n.id = kernel.CellID(k.cells.next)
	k.cells.next++
	fs.Hold(n.rootVnode)
	k.cells.add(n)
	k.assign(n)
	return n, 0
}

func (k *Kernel) drop(c *cell) {
	fs.Release(c.rootVnode)
	k.cells.remove(c)
}

// logCreated and logDestroyed are the lines that the model writes about the life of a cell.
func (k *Kernel) logCreated(c *cell, pid int, euid uint32) {
	k.logf("secmodel_cell: created cell id=%d name=\"%s\" root=\"%s\" profile=%d by pid=%d euid=%d", c.id, c.name, c.root, c.profile, pid, euid)
}

func (k *Kernel) logDestroyed(c *cell, pid int, euid uint32) {
	k.logf("secmodel_cell: destroyed cell id=%d by pid=%d euid=%d", c.id, pid, euid)
}

// cellCreate is the handler of security.models.cell.create.
func cellCreate(x *sysctlCall) kauth.Errno {
	k := x.Caller.k
	size := uint64(k.layout.Create.Size)
	if !x.Writes() {
		return kauth.EINVAL
	}
	if !x.Caller.cred.hostRoot() {
		return kauth.EPERM
	}
	if k.rev.FullReply && (!x.Reads() || x.Len < size) {
		return kauth.ENOMEM
	}
	if x.NewLen != size {
		return kauth.EINVAL
	}
	b, e := x.CopyIn(int(size))
	if e != 0 {
		return e
	}
	var c createStruct
	c.decode(&k.layout, b)
	profile, e := c.check(k.rev)
	if e != 0 {
		return e
	}
	n, e := k.insert(x.Caller, &c, profile)
	if e != 0 {
		return e
	}
	reply := slices.Clone(b)
	k.layout.Machine.Order.PutUint32(k.layout.Create.Member(reply, "id"), uint32(n.id))
	if !k.rev.HidesUnfinished {
		k.logCreated(n, x.Caller.pid, x.Caller.cred.euid)
	}
	if !x.Reads() {
		x.Len = size
		return 0
	}
	if x.Len < size {
		return kauth.ENOMEM
	}
	x.Len = size
	if e := x.CopyOut(reply); e != 0 {
		if k.rev.HidesUnfinished {
			k.drop(n)
		}
		return e
	}
	if k.rev.HidesUnfinished {
		k.logCreated(n, x.Caller.pid, x.Caller.cred.euid)
	}
	return 0
}

// cellDestroy is the handler of security.models.cell.destroy.
func cellDestroy(x *sysctlCall) kauth.Errno {
	k := x.Caller.k
	if !x.Writes() {
		return kauth.EINVAL
	}
	if !x.Caller.cred.hostRoot() {
		return kauth.EPERM
	}
	if x.NewLen < 4 || k.rev.ExactDestroy && x.NewLen != 4 {
		return kauth.EINVAL
	}
	b, e := x.CopyIn(4)
	if e != 0 {
		return e
	}
	id := kernel.CellID(binary.LittleEndian.Uint32(b))
	if id == 0 {
		return kauth.EINVAL
	}
	c := k.cells.byID[id]
	if c == nil {
		return kauth.ENOENT
	}
	if len(c.members) > 0 {
		return kauth.EBUSY
	}
	k.drop(c)
	k.logDestroyed(c, x.Caller.pid, x.Caller.cred.euid)
	return 0
}

// cellID is the handler of security.models.cell.id: reading gives the caller's cell, writing enters one.
func cellID(x *sysctlCall) kauth.Errno {
	if !x.Caller.cred.hostRoot() {
		return kauth.EPERM
	}
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], uint32(x.Caller.cred.cell.number()))
	if e := x.Lookup(b[:]); e != 0 || !x.Writes() {
		return e
	}
	return x.Caller.enter(kernel.CellID(binary.LittleEndian.Uint32(b[:])))
}

var callCellEnter = Call{
	Name: "cell_enter",
	Doc:  "Enters a cell by writing security.models.cell.id, for root on the host: EPERM. On the current revision the caller must be chrooted to the cell's root; ENOENT without such a cell.",
	Params: []Param{
		{Name: "id", Kind: Integer, Doc: "cell", Min: 0, Max: math.MaxUint32},
	},
	Asks: []string{"system.sysctl.modify"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.sysctlWrite("security.models.cell.id", a.int64("id"), 0)
	},
}

// enter moves the process into a cell (secmodel_cell_enter).
func (p *Process) enter(id kernel.CellID) kauth.Errno {
	k := p.k
	if !p.cred.hostRoot() {
		return kauth.EPERM
	}
	if id == p.cred.cell.number() {
		return 0
	}
	c := k.cells.byID[id]
	if c == nil {
		return kauth.ENOENT
	}
	if k.rev.HoldsRoot && p.root != c.rootVnode {
		return kauth.EPERM
	}
	p.setCred(p.cred.change(func(n *cred) { n.cell = c }))
	p.sugid = true
	return 0
}

// cellList is the handler of security.models.cell.list: every user of the host may read it.
func cellList(x *sysctlCall) kauth.Errno {
	if x.Writes() || x.Caller.cred.cell != nil {
		return kauth.EPERM
	}
	k := x.Caller.k
	list := k.cells.ordered()
	need := uint64(len(list) * k.layout.Info.Size)
	if !x.Reads() {
		x.Len = need
		return 0
	}
	if need > 0 && x.Len < need {
		return kauth.ENOMEM
	}
	b := make([]byte, 0, need)
	// The newest comes first: the kernel puts new ones at the head of its list.
	for _, c := range slices.Backward(list) {
		b = append(b, k.encodeInfo(c)...)
	}
	if e := x.CopyOut(b); e != 0 {
		return e
	}
	x.Len = need
	return 0
}

// info is what the list tells of a cell. A revision without limits tells neither them nor flags nor the time of creation.
func (k *Kernel) info(c *cell) abi.Info {
	i := abi.Info{ID: uint32(c.id), Name: c.name, Root: c.root, References: uint64(c.sample.references), Processes: uint64(c.sample.processes),
		Memory: c.sample.memory, Ticks1s: c.sample.ticks1s, Ticks10s: c.sample.ticks10s}
	if k.rev.Limits {
		i.Flags, i.Created, i.Nofile, i.AS, i.Core = c.flags, uint64(c.created), c.nofile, c.as, c.core
	}
	return i
}

func (k *Kernel) encodeInfo(c *cell) []byte {
	b, err := k.layout.EncodeInfo(k.info(c))
	if err != nil {
		panic("sim: a cell that the list has no room for: " + err.Error())
	}
	return b
}

// logDenial is the line that a revision writes for a denial (secmodel.Properties.LogsDenials), at most one a second for each of its
// three kinds (secmodel_cell_deny_audit). Where the kernel would print an address the number is 0.
func (k *Kernel) logDenial(q *question) {
	n, _ := k.opts.Vocabulary.Number(q.r.ID)
	kind, req := "host-global", int64(n.Req)
	switch n.Scope {
	case kauth.Process:
		kind, req = "process", q.arg1
	case kauth.Network:
		kind = "network"
	case kauth.Device, kauth.Machdep:
		req = 0
	}
	if k.ratecheck("cell-"+kind, time.Second) {
		k.logf("secmodel_cell: deny scope=%s cell=%d euid=%d action=%d req=%d", kind, q.cred.cell.number(), q.cred.euid, n.Action, req)
	}
}

// Create makes a cell, as root on the host would with cellctl(8).
func (k *Kernel) Create(s kernel.Spec) (kernel.CellID, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	fail := func(e kauth.Errno, hint, form string, args ...any) (kernel.CellID, error) {
		return 0, &kernel.Error{Op: "create cell " + s.Name, Errno: e, Text: fmt.Sprintf(form, args...), Hint: hint}
	}
	if err := s.Check(k.opts.Revision); err != nil {
		return 0, err
	}
	v, e := k.init.file(s.Root)
	if err := s.CheckHostRoot(path.Clean(s.Root) == "/" || e == 0 && v == k.rootVnode()); err != nil {
		return 0, err
	}
	if e == 0 && !v.IsDir() {
		e = kauth.ENOTDIR
	}
	// A revision that keeps only the text would take any; nobody could enter such a cell.
	if e != 0 && !k.rev.HoldsRoot {
		text, hint := badRoot(s.Root, e)
		return fail(0, hint, "%s", text)
	}
	text, err := k.layout.EncodeCreate(abi.FromSpec(&s))
	if err != nil {
		return fail(0, "", "%s", err)
	}
	var c createStruct
	c.decode(&k.layout, text)
	profile, e := c.check(k.rev)
	if e != 0 {
		return fail(e, "", "the kernel of revision %s must take what the cell is made with, but does not", k.opts.Revision)
	}
	n, e := k.insert(k.init, &c, profile)
	switch e {
	case 0:
		k.logCreated(n, k.init.pid, 0)
		return n.id, nil
	case kauth.EEXIST:
		if other := k.cells.byName[s.Name]; other != nil {
			return fail(e, "", "the name must be free, but cell %d has it", other.id)
		}
		for _, port := range s.Ports {
			if other := k.cells.ports[port]; other != nil {
				return fail(e, "ports are reserved by number alone, for every protocol and address", "port %d must be free, but is reserved by cell %s", port, other.name)
			}
		}
	case kauth.EOVERFLOW:
		return fail(e, "ids begin again at 1 when the machine restarts", "there must be an id left, but all 2^32-1 are used up")
	}
	words, hint := badRoot(s.Root, e)
	return fail(e, hint, "%s", words)
}

// badRoot says what is wrong with the root of a cell.
func badRoot(root string, e kauth.Errno) (text, hint string) {
	switch e {
	case kauth.ENOENT:
		return fmt.Sprintf("the root must be a directory that exists, but %s does not", root), "make the directory first"
	case kauth.ENOTDIR:
		return fmt.Sprintf("the root must be a directory, but %s is none", root), ""
	}
	return fmt.Sprintf("the root must be a directory that can be reached, but %s is not", root), ""
}

// Destroy removes a cell without members.
func (k *Kernel) Destroy(id kernel.CellID) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.cells.byID[id]
	fail := func(e kauth.Errno, hint, form string, args ...any) error {
		op := fmt.Sprintf("destroy cell %d", id)
		if c != nil {
			op = "destroy cell " + c.name
		}
		return &kernel.Error{Op: op, Errno: e, Text: fmt.Sprintf(form, args...), Hint: hint}
	}
	switch {
	case id == 0:
		return fail(kauth.EINVAL, "", "the cell must be one that can be destroyed, but 0 is the host")
	case c == nil:
		return fail(kauth.ENOENT, "", "the cell must exist, but there is none with id %d", id)
	case len(c.members) > 0:
		return fail(kauth.EBUSY, "end its processes first, and wait for them: zombies count", "the cell must have no members, but %s", c.describeMembers())
	}
	k.drop(c)
	k.logDestroyed(c, k.init.pid, 0)
	return nil
}

// maxListed is how many members an error names.
const maxListed = 5

func (c *cell) describeMembers() string {
	pids := make([]int, 0, len(c.members))
	for pid := range c.members {
		pids = append(pids, pid)
	}
	slices.Sort(pids)
	parts := make([]string, 0, maxListed+1)
	for i, pid := range pids {
		if i == maxListed {
			parts = append(parts, fmt.Sprintf("and %d more", len(pids)-i))
			break
		}
		s := c.members[pid].label()
		if c.members[pid].state == zombie {
			s += " (zombie)"
		}
		parts = append(parts, s)
	}
	noun := "processes"
	if len(pids) == 1 {
		noun = "process"
	}
	return fmt.Sprintf("still has %d %s: %s", len(pids), noun, strings.Join(parts, ", "))
}

// List gives the cells by id.
func (k *Kernel) List() ([]kernel.Cell, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := k.cells.ordered()
	list := make([]kernel.Cell, 0, len(all))
	for _, c := range all {
		i := k.info(c)
		told := i.Cell()
		// The simulator knows more than a revision that does not tell.
		told.Created, told.Age = c.created, k.uptime-c.created
		list = append(list, told)
	}
	return list, nil
}

// Made gives what a cell was made with: the simulated kernel knows it of all that live.
func (k *Kernel) Made(c kernel.Cell) (kernel.Made, bool) {
	p, ok := k.Properties(c.ID)
	return kernel.Made{Profile: p.Profile, Ports: p.Ports}, ok
}

// Properties are what the kernel knows of a cell and does not tell anybody; only a simulated one does.
type Properties struct {
	Profile kernel.Profile
	Ports   []uint16
	// Members are the process ids, zombies included.
	Members []int
}

// Properties gives profile, ports and members of a cell.
func (k *Kernel) Properties(id kernel.CellID) (Properties, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.cells.byID[id]
	if c == nil {
		return Properties{}, false
	}
	p := Properties{Profile: c.profile, Ports: slices.Clone(c.ports)}
	for pid := range c.members {
		p.Members = append(p.Members, pid)
	}
	slices.Sort(p.Members)
	return p, true
}
