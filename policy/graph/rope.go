package graph

// A rope is a function of the atoms of one variable, as a persistent treap of pieces: replacing the pieces of a
// range by others takes time logarithmic in their number and leaves the original as it was. That is what makes
// a chain of ten thousand tests on one field reducible in little more than linear time.
//
// Operations that are to be applied to all pieces are kept at the top and pushed down only where pieces are
// looked at, so that a test which most pieces never reach costs nothing there.
type rope struct {
	lo, hi      int32
	child       *thunk
	left, right *rope
	priority    uint32
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
	return &rope{lo: lo, hi: hi, child: child, priority: r.rand()}
}

// withOp is the rope with the operation applied to every piece.
func (n *rope) withOp(op *ite) *rope {
	if n == nil {
		return nil
	}
	m := *n
	m.pending = &opList{n.pending, op}
	return &m
}

// pushed is the rope with nothing pending at the top.
func (r *reducer) pushed(n *rope) *rope {
	if n.pending == nil {
		return n
	}
	var ops []*ite
	for p := n.pending; p != nil; p = p.before {
		ops = append(ops, p.op)
	}
	m := *n
	m.pending = nil
	for i := len(ops) - 1; i >= 0; i-- {
		m.child = r.deferred(ops[i], m.child)
		m.left, m.right = m.left.withOp(ops[i]), m.right.withOp(ops[i])
	}
	return &m
}

func (r *reducer) join(a, b *rope) *rope {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.priority >= b.priority:
		m := *r.pushed(a)
		m.right = r.join(m.right, b)
		return &m
	}
	m := *r.pushed(b)
	m.left = r.join(a, m.left)
	return &m
}

// split divides the rope into what is below the atom and the rest.
func (r *reducer) split(n *rope, at int32) (below, rest *rope) {
	if n == nil {
		return nil, nil
	}
	m := *r.pushed(n)
	switch {
	case at <= m.lo:
		below, m.left = r.split(m.left, at)
		return below, &m
	case at >= m.hi:
		m.right, rest = r.split(m.right, at)
		return &m, rest
	}
	upper := &rope{lo: at, hi: m.hi, child: m.child, priority: m.priority}
	rest = r.join(upper, m.right)
	m.hi, m.right = at, nil
	return &m, rest
}

// slice is the pieces from lo to before hi.
func (r *reducer) slice(n *rope, lo, hi int32) *rope {
	_, rest := r.split(n, lo)
	mid, _ := r.split(rest, hi)
	return mid
}

// overlay is no with the atoms of the set replaced by what yes has there.
func (r *reducer) overlay(set []atomRange, yes, no *rope) *rope {
	out := no
	for _, s := range set {
		below, rest := r.split(out, s.lo)
		_, above := r.split(rest, s.hi)
		out = r.join(r.join(below, r.slice(yes, s.lo, s.hi)), above)
	}
	return out
}

// each calls f for every piece in order.
func (r *reducer) each(n *rope, f func(lo, hi int32, child *thunk)) {
	for n != nil {
		n = r.pushed(n)
		r.each(n.left, f)
		f(n.lo, n.hi, n.child)
		n = n.right
	}
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
		t = &thunk{v: min(op.v, op.other.v, arg.v), op: op, arg: arg}
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
	t.rope = r.ite(op, yes, no, t.v)
	t.op, t.arg = nil, nil
}

// asPieces is the thunk as pieces over v, which must not be behind its own variable.
func (r *reducer) asPieces(t *thunk, v int32) *rope {
	if t.v == v {
		return t.rope
	}
	return r.piece(0, r.space.vars[v].atoms, t)
}

// ite gives the pieces over v, the first variable of all, of "if op then yes else no".
func (r *reducer) ite(op *ite, yes, no *thunk, v int32) *rope {
	switch {
	case op.v == v:
		return r.overlay(op.set, r.asPieces(yes, v), r.asPieces(no, v))
	case yes.v > v:
		return no.rope.withOp(&ite{v: op.v, set: op.set, other: yes, onYes: true})
	case no.v > v:
		return yes.rope.withOp(&ite{v: op.v, set: op.set, other: no})
	}
	// Both ask v: piece by piece.
	type half struct {
		hi    int32
		child *thunk
	}
	var other []half
	r.each(no.rope, func(_, hi int32, child *thunk) { other = append(other, half{hi, child}) })
	ops := map[*thunk]*ite{}
	var out *rope
	i := 0
	r.each(yes.rope, func(lo, hi int32, child *thunk) {
		for lo < hi {
			end := min(hi, other[i].hi)
			o, ok := ops[other[i].child]
			if !ok {
				o = &ite{v: op.v, set: op.set, other: other[i].child}
				ops[other[i].child] = o
			}
			out = r.join(out, r.piece(lo, end, r.deferred(o, child)))
			if lo = end; end == other[i].hi {
				i++
			}
		}
	})
	return out
}
