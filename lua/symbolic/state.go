package symbolic

import (
	"encoding/binary"
	"math"
	"slices"

	lua "github.com/yuin/gopher-lua"
)

// state is the machine in the middle of a decision. Copies share frames and objects until one of them writes.
type state struct {
	id     int
	frames []*frame
	heap   []*object
}

// frame is a call that is going on.
type frame struct {
	owner int
	proto *proto
	// fn is the function: a known one, or a closure on the heap.
	fn  value
	env *lua.LTable
	pc  int
	// regs are the registers; those that a closure has captured are in boxes.
	regs    []value
	open    []openBox
	varargs []value
	// top is where the values of a call or ... without a fixed number end.
	top int
	ret returnTo
}

// openBox says that a register is shared with closures.
type openBox struct {
	reg int
	box int32
}

// returnTo says what becomes of the results of a call.
type returnTo struct {
	how returnHow
	// base and count are the registers for results; count -1 is all.
	base, count int
	// want is the outcome of a comparison that skips the next instruction.
	want bool
}

type returnHow uint8

const (
	// toRegisters: results of a call.
	toRegisters returnHow = iota
	// toLoop: what the iterator of a loop gives; base is the loop's first register.
	toLoop
	// toBranch: the result of a comparison by a metamethod.
	toBranch
	// toNobody: the decision itself.
	toNobody
)

// object is something that the decision made.
type object struct {
	owner int
	// A table: the elements 1.., the other entries in the order in which they came, and the metatable.
	elements []value
	entries  []entry
	index    map[entryKey]int
	meta     value
	// A closure.
	proto *lua.FunctionProto
	env   *lua.LTable
	ups   []upvalue
	// A box: a variable that closures share.
	boxed value
	what  objectKind
}

type objectKind uint8

const (
	tableObject objectKind = iota
	closureObject
	boxObject
)

type entry struct {
	key   entryKey
	value value
}

// entryKey is a key of a table: known, or an object of the decision.
type entryKey struct {
	lua lua.LValue
	ref int32 // one more than the object's place, 0 for none
}

// upvalue is a variable of an enclosing function: of one that had returned when the policy was loaded, or a box.
type upvalue struct {
	loaded *lua.Upvalue
	box    int32
}

// copy gives a state that goes another way and must not write to what both have now. The original must rest until all
// ways of the copy have been gone: then what they share is its own again.
func (x *exec) copy(s *state) *state {
	x.states++
	return &state{id: x.states, frames: slices.Clone(s.frames), heap: slices.Clone(s.heap)}
}

// top is the frame that runs, to be read.
func (s *state) top() *frame { return s.frames[len(s.frames)-1] }

// own is the frame that runs, to be written.
func (s *state) own() *frame {
	i := len(s.frames) - 1
	f := s.frames[i]
	if f.owner != s.id {
		c := *f
		c.owner = s.id
		c.regs = append([]value(nil), f.regs...)
		c.open = append([]openBox(nil), f.open...)
		s.frames[i], f = &c, &c
	}
	return f
}

// object gives an object to be written.
func (s *state) object(ref int32) *object {
	o := s.heap[ref]
	if o.owner != s.id {
		c := *o
		c.owner = s.id
		c.elements = append([]value(nil), o.elements...)
		c.entries = append([]entry(nil), o.entries...)
		if o.index != nil {
			c.index = make(map[entryKey]int, len(o.index))
			for k, i := range o.index {
				c.index[k] = i
			}
		}
		s.heap[ref], o = &c, &c
	}
	return o
}

func (s *state) alloc(o *object) int32 {
	o.owner = s.id
	if o.meta.lua == nil {
		o.meta = nilValue
	}
	if o.boxed.lua == nil && o.boxed.kind == constant {
		o.boxed = nilValue
	}
	s.heap = append(s.heap, o)
	return int32(len(s.heap) - 1)
}

// get reads a register of the running frame.
func (s *state) get(reg int) value {
	f := s.top()
	for _, o := range f.open {
		if o.reg == reg {
			return s.heap[o.box].boxed
		}
	}
	if reg >= len(f.regs) {
		return nilValue
	}
	return f.regs[reg]
}

// set writes a register of the running frame.
func (s *state) set(reg int, v value) {
	f := s.own()
	for _, o := range f.open {
		if o.reg == reg {
			s.object(o.box).boxed = v
			return
		}
	}
	for reg >= len(f.regs) {
		f.regs = append(f.regs, nilValue)
	}
	f.regs[reg] = v
}

// close ends the sharing of the registers from reg on.
func (s *state) close(reg int) {
	f := s.own()
	kept := f.open[:0]
	for _, o := range f.open {
		if o.reg < reg {
			kept = append(kept, o)
			continue
		}
		for o.reg >= len(f.regs) {
			f.regs = append(f.regs, nilValue)
		}
		f.regs[o.reg] = s.heap[o.box].boxed
	}
	f.open = kept
}

// capture gives the box of a register.
func (s *state) capture(reg int) int32 {
	for _, o := range s.top().open {
		if o.reg == reg {
			return o.box
		}
	}
	box := s.alloc(&object{what: boxObject, boxed: s.get(reg)})
	f := s.own()
	f.open = append(f.open, openBox{reg, box})
	return box
}

// encoder writes a state as a string so that two states behave the same if their strings are equal: dead
// registers are left out, and objects are numbered as they are met.
type encoder struct {
	x     *exec
	s     *state
	out   []byte
	order map[int32]int
	queue []int32
}

// key gives the string of a state.
func (x *exec) key(s *state) string {
	e := &x.encoder
	e.x, e.s, e.out, e.queue = x, s, e.out[:0], e.queue[:0]
	clear(e.order)
	for i, f := range s.frames {
		e.frame(f, i == len(s.frames)-1)
	}
	for i := 0; i < len(e.queue); i++ {
		e.object(s.heap[e.queue[i]])
	}
	return string(e.out)
}

func (e *encoder) num(n int) { e.out = binary.AppendVarint(e.out, int64(n)) }

func (e *encoder) frame(f *frame, running bool) {
	e.num(f.proto.id)
	e.num(f.pc)
	e.value(f.fn)
	e.num(int(f.ret.how))
	e.num(f.ret.base)
	e.num(f.ret.count)
	if f.ret.want {
		e.num(1)
	}
	e.num(len(f.varargs))
	for _, v := range f.varargs {
		e.value(v)
	}
	live := f.proto.live[f.pc]
	if !running {
		// What the call will give is not there yet; its registers are overwritten.
		call := effectsOf(f.proto.FunctionProto, f.pc-1)
		for w := range live {
			live[w] &^= call.defs[w]
		}
	}
	top := len(f.regs)
	for reg := range top {
		if !live.has(reg) {
			continue
		}
		boxed := false
		for _, o := range f.open {
			if o.reg == reg {
				e.num(-1)
				e.ref(o.box)
				boxed = true
			}
		}
		e.num(reg)
		if !boxed {
			e.value(f.regs[reg])
		}
	}
	e.num(-2)
	if running && usesTop(instruction(f.proto.Code[f.pc])) {
		e.num(f.top)
	}
}

// usesTop reports whether the instruction takes values up to the top.
func usesTop(i instruction) bool {
	switch i.op() {
	case lua.OP_CALL, lua.OP_TAILCALL, lua.OP_RETURN, lua.OP_SETLIST:
		return i.b() == 0
	}
	return false
}

func (e *encoder) ref(r int32) {
	n, ok := e.order[r]
	if !ok {
		n = len(e.order)
		e.order[r] = n
		e.queue = append(e.queue, r)
	}
	e.num(n)
}

func (e *encoder) value(v value) {
	e.out = append(e.out, byte(v.kind))
	switch v.kind {
	case constant:
		e.lua(v.lua)
	case number:
		e.num(v.expr.id)
	case table, closure:
		e.ref(v.ref)
	default:
		e.out = append(e.out, byte(v.field))
	}
}

func (e *encoder) lua(v lua.LValue) {
	t := v.Type()
	e.out = append(e.out, byte(t))
	switch x := v.(type) {
	case lua.LBool:
		if x {
			e.out = append(e.out, 1)
		} else {
			e.out = append(e.out, 0)
		}
	case lua.LNumber:
		e.out = binary.LittleEndian.AppendUint64(e.out, math.Float64bits(float64(x)))
	case *lua.LNilType:
	default:
		e.num(e.x.intern(v))
	}
}

// intern numbers known strings, tables and functions.
func (x *exec) intern(v lua.LValue) int {
	n, ok := x.interned[v]
	if !ok {
		n = len(x.interned)
		x.interned[v] = n
	}
	return n
}

func (e *encoder) object(o *object) {
	e.out = append(e.out, byte(o.what))
	switch o.what {
	case boxObject:
		e.value(o.boxed)
	case closureObject:
		e.num(e.x.protoOf(o.proto).id)
		for _, u := range o.ups {
			if u.loaded != nil {
				e.num(-1)
				e.lua(u.loaded.Value())
			} else {
				e.ref(u.box)
			}
		}
	case tableObject:
		e.num(len(o.elements))
		for _, v := range o.elements {
			e.value(v)
		}
		e.num(len(o.entries))
		for _, n := range o.entries {
			if n.key.ref != 0 {
				e.num(-1)
				e.ref(n.key.ref - 1)
			} else {
				e.lua(n.key.lua)
			}
			e.value(n.value)
		}
		e.value(o.meta)
	}
}
