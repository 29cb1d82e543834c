package graph

// A rope is a function of the atoms of one variable, as a persistent treap of pieces: replacing the pieces of a
// range by others takes time logarithmic in their number and leaves the original as it was. That is what makes
// a chain of ten thousand tests on one field reducible in little more than linear time.
//
// An original that nobody needs any more is changed in place: parts belong to the edit that made them, and an edit goes on
// from one rope to the next as long as each is used only once.
//
// Operations that are to be applied to all pieces are kept at the top and pushed down only where pieces are
// looked at, so that a test which most pieces never reach costs nothing there.
type rope struct {
	lo, hi      int32
	child       *thunk
	left, right *rope
	priority    uint32
	edit        uint32
	// pending are applied to the child and to all below, in order.
	pending *opList
}

// opList is operations in order, the last first.
type opList struct {
	before *opList
	op     *ite
}

// ite is the operation "if the variable is among the atoms then yes else no", with one of the two given and the
// other what it is applied to.
type ite struct {
	v       int32
	set     []atomRange
	other   *thunk
	onYes   bool // other is the yes side
	applied map[*thunk]*thunk
}

// reducer makes ropes and thunks.
type reducer struct {
	space *Space
	seed  uint32
	// edit is what goes on, edits how many there were.
	edit, edits uint32
	// work counts the parts of ropes that were made or changed.
	work int
	// ropes and thunks are where the next ones are made: one allocation for many, as most of them live equally long.
	ropes  []rope
	thunks []thunk
}

// slab is how many ropes or thunks are allocated at once, unless there are fewer so far.
const slab = 1024

func (r *reducer) newRope(n rope) *rope {
	if len(r.ropes) == cap(r.ropes) {
		r.space.work.Check()
		r.ropes = make([]rope, 0, min(slab, 16+2*cap(r.ropes)))
	}
	r.ropes = append(r.ropes, n)
	return &r.ropes[len(r.ropes)-1]
}

func (r *reducer) newThunk(t thunk) *thunk {
	if len(r.thunks) == cap(r.thunks) {
		r.thunks = make([]thunk, 0, min(slab, 16+2*cap(r.thunks)))
	}
	r.thunks = append(r.thunks, t)
	return &r.thunks[len(r.thunks)-1]
}

func (r *reducer) rand() uint32 {
	// xorshift32: the shape of a treap changes no result, and must not change from run to run.
	r.seed ^= r.seed << 13
	r.seed ^= r.seed >> 17
	r.seed ^= r.seed << 5
	return r.seed
}

func (r *reducer) piece(lo, hi int32, child *thunk) *rope {
	if lo >= hi {
		return nil
	}
	r.work++
	return r.newRope(rope{lo: lo, hi: hi, child: child, priority: r.rand(), edit: r.edit})
}

// withOp is the rope with the operation applied to every piece.
func (r *reducer) withOp(n *rope, op *ite) *rope {
	if n == nil {
		return nil
	}
	r.work++
	m := r.newRope(*n)
	m.pending = &opList{n.pending, op}
	return m
}

// push hands what is pending at the top down to the child and below. That changes how the rope is written and not
// what it says, so it is done in place: everybody who shares the rope sees the same parts afterwards.
func (r *reducer) push(n *rope) {
	if n.pending == nil {
		return
	}
	var few [8]*ite
	ops := few[:0]
	for p := n.pending; p != nil; p = p.before {
		ops = append(ops, p.op)
	}
	n.pending = nil
	for i := len(ops) - 1; i >= 0; i-- {
		n.child = r.deferred(ops[i], n.child)
		n.left, n.right = r.withOp(n.left, ops[i]), r.withOp(n.right, ops[i])
	}
}

// own is the rope's root with nothing pending, to be changed: itself if it belongs to the edit, else a copy.
func (r *reducer) own(n *rope) *rope {
	r.push(n)
	r.work++
	if n.edit == r.edit {
		return n
	}
	m := r.newRope(*n)
	m.edit = r.edit
	return m
}

func (r *reducer) join(a, b *rope) *rope {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.priority >= b.priority:
		m := r.own(a)
		m.right = r.join(m.right, b)
		return m
	}
	m := r.own(b)
	m.left = r.join(a, m.left)
	return m
}

// split divides the rope into what is below the atom and the rest.
func (r *reducer) split(n *rope, at int32) (below, rest *rope) {
	if n == nil {
		return nil, nil
	}
	m := r.own(n)
	switch {
	case at <= m.lo:
		below, m.left = r.split(m.left, at)
		return below, m
	case at >= m.hi:
		m.right, rest = r.split(m.right, at)
		return m, rest
	}
	// The upper part gets a priority of its own: parts of one piece with one priority would make a list, not a tree.
	rest = r.join(r.piece(at, m.hi, m.child), m.right)
	m.hi, m.right = at, nil
	return m, rest
}

// slice is the pieces over v of a thunk from lo to before hi.
func (r *reducer) slice(t *thunk, v, lo, hi int32) *rope {
	if t.v != v {
		return r.piece(lo, hi, t)
	}
	_, rest := r.split(t.rope, lo)
	mid, _ := r.split(rest, hi)
	return mid
}

// overlay is no with the atoms of the set replaced by what yes has there.
func (r *reducer) overlay(op *ite, yes *thunk, no *rope) *rope {
	for _, s := range op.set {
		no = r.replace(no, s.lo, s.hi, r.slice(yes, op.v, s.lo, s.hi))
	}
	return no
}

// replace is the rope with the atoms from lo to before hi replaced by other pieces. It goes down to the one subtree that
// has them all, so that only the way there is touched.
func (r *reducer) replace(n *rope, lo, hi int32, by *rope) *rope {
	if hi <= n.lo || n.hi <= lo {
		m := r.own(n)
		side := &m.left
		if n.hi <= lo {
			side = &m.right
		}
		*side = r.replace(*side, lo, hi, by)
		if (*side).priority <= m.priority {
			return m
		}
		// A new piece belongs above this one.
		left, right := m.left, m.right
		m.left, m.right = nil, nil
		return r.join(r.join(left, m), right)
	}
	below, rest := r.split(n, lo)
	_, above := r.split(rest, hi)
	return r.join(r.join(below, by), above)
}

// each calls f for every piece in order, until f returns false.
func (r *reducer) each(n *rope, f func(lo, hi int32, child *thunk) bool) bool {
	for n != nil {
		r.push(n)
		if !r.each(n.left, f) || !f(n.lo, n.hi, n.child) {
			return false
		}
		n = n.right
	}
	return true
}

// thunk is a function of the request that is not reduced yet.
type thunk struct {
	// v is the first variable that it may ask, noVar for a leaf.
	v int32
	// One of these says what it is: a leaf, pieces over v, or an operation still to be done.
	leaf Ref
	rope *rope
	op   *ite
	arg  *thunk
	// edit is that of the rope. If the operation is still to be done it is that of the argument's rope, which may then be
	// changed, or 0.
	edit uint32
	// aliased says that several nodes of a graph are this one.
	aliased bool

	reduced bool
	ref     Ref
}

// deferred is the operation applied to the thunk, to be worked out when it is needed.
func (r *reducer) deferred(op *ite, arg *thunk) *thunk {
	if op.other == arg {
		return arg
	}
	t, ok := op.applied[arg]
	if !ok {
		r.work++
		t = r.newThunk(thunk{v: min(op.v, op.other.v, arg.v), op: op, arg: arg})
		if op.applied == nil {
			op.applied = map[*thunk]*thunk{}
		}
		op.applied[arg] = t
	}
	return t
}

// force works out the operation of a thunk, so that it is a leaf or pieces.
func (r *reducer) force(t *thunk) {
	if t.op == nil {
		return
	}
	op, arg := t.op, t.arg
	r.force(arg)
	r.force(op.other)
	yes, no := arg, op.other
	if op.onYes {
		yes, no = op.other, arg
	}
	r.edit = t.edit
	if r.edit == 0 || op.v != t.v {
		r.edits++
		r.edit = r.edits
	}
	t.rope = r.ite(op, yes, no, t.v)
	t.op, t.arg, t.edit = nil, nil, r.edit
}

// ite gives the pieces over v, the first variable of all, of "if op then yes else no".
func (r *reducer) ite(op *ite, yes, no *thunk, v int32) *rope {
	switch {
	case op.v == v:
		pieces := no.rope
		if no.v != v {
			pieces = r.piece(0, r.space.vars[v].atoms, no)
		}
		return r.overlay(op, yes, pieces)
	case yes.v > v:
		return r.withOp(no.rope, &ite{v: op.v, set: op.set, other: yes, onYes: true})
	case no.v > v:
		return r.withOp(yes.rope, &ite{v: op.v, set: op.set, other: no})
	}
	m := &merger{r, op, map[*thunk]*ite{}}
	return m.merge(yes.rope, no.rope)
}

// merger gives the pieces of "if op then yes else no" where both sides ask the same variable.
type merger struct {
	*reducer
	op *ite
	// ops has the operation for each child of the no side.
	ops map[*thunk]*ite
}

// merge goes through two ropes over the same atoms. What both share is left as it is: usually one side is the other
// with a few pieces replaced, and that must not cost more than these pieces.
func (m *merger) merge(yes, no *rope) *rope {
	if yes == no {
		return no
	}
	m.push(yes)
	m.push(no)
	if yes.lo != no.lo || yes.hi != no.hi {
		below, rest := m.split(yes, no.lo)
		mid, above := m.split(rest, no.hi)
		var pieces *rope
		m.each(mid, func(lo, hi int32, child *thunk) bool {
			pieces = m.join(pieces, m.piece(lo, hi, m.child(child, no.child)))
			return true
		})
		return m.join(m.join(m.merge(below, no.left), pieces), m.merge(above, no.right))
	}
	left, child, right := m.merge(yes.left, no.left), m.child(yes.child, no.child), m.merge(yes.right, no.right)
	if left == no.left && child == no.child && right == no.right {
		return no
	}
	return m.join(m.join(left, m.piece(no.lo, no.hi, child)), right)
}

func (m *merger) child(yes, no *thunk) *thunk {
	op, ok := m.ops[no]
	if !ok {
		op = &ite{v: m.op.v, set: m.op.set, other: no}
		m.ops[no] = op
	}
	return m.deferred(op, yes)
}
