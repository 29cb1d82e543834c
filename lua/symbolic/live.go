package symbolic

import "cellsh/lua/syntax"

// places is a set of places on the stack. Those from maxPlaces on always matter.
type places [maxPlaces / 64]uint64

const maxPlaces = 256

func (p *places) add(i int32) {
	if i < maxPlaces {
		p[i>>6] |= 1 << (i & 63)
	}
}

func (p *places) addRange(from, to int32) {
	for i := from; i < min(to, maxPlaces); i++ {
		p.add(i)
	}
}

func (p *places) has(i int) bool { return i >= maxPlaces || p[i>>6]>>(i&63)&1 != 0 }

// effects of one step on the stack, and where it can go on.
type effects struct {
	uses, defs places
	// next are up to two steps, -1 for none.
	next [2]int32
}

// operands gives the places of two operands, and how high the stack is without them.
func (s *step) operands() (a, b, rest int32) {
	a, b, rest = s.a, s.b, s.height
	if b == onTop {
		rest--
		b = rest
	}
	if a == onTop {
		rest--
		a = rest
	}
	return a, b, rest
}

// operand is operands for one.
func (s *step) operand() (a, rest int32) {
	if s.a == onTop {
		return s.height - 1, s.height - 1
	}
	return s.a, s.height
}

func (p *plan) effects(at int) (e effects) {
	s := &p.steps[at]
	h := s.height
	goes := func(ways ...int32) {
		e.next = [2]int32{-1, -1}
		copy(e.next[:], ways)
	}
	following := int32(at + 1)
	goes(following)
	switch s.do {
	case doConst, doGetUp, doGetGlobal, doTable:
		e.defs.add(h)
	case doGet:
		e.uses.add(s.a)
		e.defs.add(h)
	case doSet:
		e.uses.add(h - 1)
		if s.c != 0 {
			// The variable stays in its box.
			e.uses.add(s.a)
		} else {
			e.defs.add(s.a)
		}
	case doSetUp, doSetGlobal:
		e.uses.add(h - 1)
	case doBox:
		e.uses.add(s.a)
		e.defs.add(s.a)
	case doIndex, doArith, doCompare:
		a, b, rest := s.operands()
		e.uses.add(a)
		if b >= 0 {
			e.uses.add(b)
		}
		e.defs.add(rest)
	case doNot, doNeg, doLen:
		a, rest := s.operand()
		e.uses.add(a)
		e.defs.add(rest)
	case doSetIndex:
		e.uses.add(s.a)
		e.uses.add(s.b)
		e.uses.add(h - 1)
	case doSetField:
		e.uses.add(s.a)
		e.uses.addRange(h-2, h)
	case doSetList:
		e.uses.addRange(s.a, maxPlaces)
	case doClosure:
		for _, up := range s.node.(*syntax.FunctionExpr).Upvalues {
			if up.Function == p.node {
				e.uses.add(p.slots[up])
			}
		}
		e.defs.add(h)
	case doVararg:
		e.defs.addRange(h, openEnd(h, s.a))
	case doSelf:
		e.uses.add(h - 1)
		e.defs.addRange(h-1, h+1)
	case doCall:
		e.uses.addRange(s.a, maxPlaces)
		e.defs.addRange(s.a, openEnd(s.a, s.b))
	case doTailCall, doReturn:
		e.uses.addRange(s.a, maxPlaces)
		goes()
	case doDone:
		goes()
	case doJump:
		goes(s.a)
	case doJumpIf, doJumpIfNot, doAnd, doOr:
		e.uses.add(h - 1)
		goes(following, s.a)
	case doConcat:
		e.uses.addRange(h-s.a, h)
		e.defs.add(h - s.a)
	case doForPrepare:
		e.uses.addRange(s.a, s.a+3)
		e.defs.addRange(s.a, s.a+3)
		goes(s.b)
	case doForLoop:
		e.uses.addRange(s.a, s.a+3)
		e.defs.add(s.a)
		e.defs.add(s.a + 3)
		goes(following, s.b)
	case doForCheck:
		e.uses.addRange(s.a, s.a+2)
		e.uses.add(s.a + 3)
		e.defs.add(s.a + 2)
		goes(following, s.b)
	}
	return e
}

// openEnd is the end of a range of so many places, which may reach to the top.
func openEnd(from, count int32) int32 {
	if count == open {
		return maxPlaces
	}
	return from + count
}

// liveness works backwards until nothing changes: a place matters before a step if the step uses it, or if it matters
// after and is not overwritten. Values in other places are forgotten when states are compared, so that leftovers do not
// keep equal states apart.
func (p *plan) liveness() []places {
	n := len(p.steps)
	all := make([]effects, n)
	for at := range p.steps {
		all[at] = p.effects(at)
	}
	live := make([]places, n)
	for changed := true; changed; {
		changed = false
		for at := n - 1; at >= 0; at-- {
			e := &all[at]
			var in places
			for _, next := range e.next {
				if next >= 0 {
					for w := range in {
						in[w] |= live[next][w]
					}
				}
			}
			for w := range in {
				in[w] = in[w]&^e.defs[w] | e.uses[w]
			}
			if in != live[at] {
				live[at] = in
				changed = true
			}
		}
	}
	return live
}
