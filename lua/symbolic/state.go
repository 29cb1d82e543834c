package symbolic

import (
	"encoding/binary"
	"math"
	"slices"

	"cellsh/lua/syntax"
	"cellsh/lua/value"
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
	plan  *plan
	// fn is the function: a known one, or a closure on the heap.
	fn  term
	env *value.Table
	// at is the step that comes next; while a call goes on, the one behind it.
	at      int
	stack   []term
	varargs []term
	ret     returnTo
}

// returnTo says what becomes of the results of a call.
type returnTo struct {
	how returnHow
	// count of the results that are wanted, open for all.
	count int32
	// not turns the truth of a comparison around.
	not bool
}

type returnHow uint8

const (
	// toStack: results of a call.
	toStack returnHow = iota
	// toTruth: the result of a comparison by a metamethod.
	toTruth
	// toLibrary: what a function of the library has called.
	toLibrary
	// toNobody: the decision itself, or the file.
	toNobody
)

// object is something that the decision made.
type object struct {
	owner int
	// A table: the elements 1.., the other entries in the order in which they came, and the metatable.
	elements []term
	// holes is how many of the elements are nil.
	holes   int
	entries []entry
	index   map[entryKey]int
	meta    term
	// A closure: its function, the globals that it sees, and its variables.
	node *syntax.FunctionExpr
	env  *value.Table
	ups  []variable
	// A box: a variable that functions share.
	boxed term
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
	value term
}

// entryKey is a key of a table: known, or an object of the decision.
type entryKey struct {
	known value.Value
	ref   int32 // one more than the object's place, 0 for none
}

// variable is one of an enclosing function: a cell of one that ran when the file was loaded, or a box on the heap.
type variable struct {
	cell *Cell
	box  int32
}

// copy gives a state that goes another way and must not write to what both have now. The original must wait until all
// ways of the copy have been gone: then what they share is its own again. Where it can't wait there is rest.
func (x *exec) copy(s *state) *state {
	x.states++
	return &state{id: x.states, frames: slices.Clone(s.frames), heap: slices.Clone(s.heap)}
}

// rest gives a state that goes on later, while the original goes on now. So does every state that waits for the original
// to end, and may have things in common with it: all of them write to copies from now on.
func (x *exec) rest(s *state) *state {
	other := x.copy(s)
	x.disown(s)
	for _, f := range x.open {
		x.disown(f.state)
	}
	return other
}

// disown has a state write to copies of all that it has.
func (x *exec) disown(s *state) {
	x.states++
	s.id = x.states
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
		c.stack = append(make([]term, 0, len(f.stack)+4), f.stack...)
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
		c.elements = append([]term(nil), o.elements...)
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
	s.heap = append(s.heap, o)
	return int32(len(s.heap) - 1)
}

func (s *state) allocTable() term {
	return term{kind: table, ref: s.alloc(&object{what: tableObject, meta: nilTerm})}
}

// push puts a value onto the stack of the running frame.
func (s *state) push(v term) {
	f := s.own()
	f.stack = append(f.stack, v)
}

func (s *state) unbox(v term) term {
	if c, ok := v.known.(*Cell); ok {
		return known(c.Value)
	}
	return s.heap[v.ref].boxed
}

// set writes a variable of the running frame.
func (s *state) set(at int32, v term) {
	f := s.own()
	old := f.stack[at]
	switch {
	case old.kind != box:
		f.stack[at] = v
	case old.known != nil:
		old.known.(*Cell).Value = v.known
	default:
		s.object(old.ref).boxed = v
	}
}

// cut drops what lies above a height of the running frame.
func (s *state) cut(height int32) *frame {
	f := s.own()
	f.stack = f.stack[:height]
	return f
}

// encoder writes a state as a string so that two states behave the same if their strings are equal: places that do not
// matter are left out, and objects are numbered as they are met.
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
	for _, f := range s.frames {
		e.frame(f)
	}
	for i := 0; i < len(e.queue); i++ {
		e.object(s.heap[e.queue[i]])
	}
	return string(e.out)
}

func (e *encoder) num(n int) { e.out = binary.AppendVarint(e.out, int64(n)) }

func (e *encoder) frame(f *frame) {
	e.num(f.plan.id)
	e.num(f.at)
	e.value(f.fn)
	e.num(int(f.ret.how))
	e.num(int(f.ret.count))
	if f.ret.not {
		e.num(1)
	}
	e.num(len(f.varargs))
	for _, v := range f.varargs {
		e.value(v)
	}
	if f.plan.live == nil {
		f.plan.live = f.plan.liveness()
	}
	// While a call goes on its results are not there yet, so that the places for them are beyond the stack.
	live := &f.plan.live[f.at]
	e.num(len(f.stack))
	for i, v := range f.stack {
		if live.has(i) {
			e.num(i)
			e.value(v)
		}
	}
	e.num(-1)
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

func (e *encoder) value(v term) {
	e.out = append(e.out, byte(v.kind))
	switch v.kind {
	case constant:
		e.known(v.known)
	case number:
		e.num(v.expr.id)
	case table, closure:
		e.ref(v.ref)
	case box:
		if v.known != nil {
			e.known(v.known)
		} else {
			e.ref(v.ref)
		}
	default:
		e.out = append(e.out, byte(v.field))
	}
}

func (e *encoder) known(v value.Value) {
	switch x := v.(type) {
	case value.Nil:
		e.out = append(e.out, 0)
	case value.Bool:
		if x {
			e.out = append(e.out, 1)
		} else {
			e.out = append(e.out, 2)
		}
	case value.Number:
		e.out = binary.LittleEndian.AppendUint64(append(e.out, 3), math.Float64bits(float64(x)))
	default:
		e.out = append(e.out, 4)
		e.num(e.x.intern(v))
	}
}

// intern numbers known strings, tables, functions and cells.
func (x *exec) intern(v value.Value) int {
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
		e.num(e.x.plan(o.node).id)
		for _, u := range o.ups {
			if u.cell != nil {
				e.out = append(e.out, 1)
				e.known(u.cell)
			} else {
				e.out = append(e.out, 0)
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
				e.out = append(e.out, 1)
				e.ref(n.key.ref - 1)
			} else {
				e.out = append(e.out, 0)
				e.known(n.key.known)
			}
			e.value(n.value)
		}
		e.value(o.meta)
	}
}
