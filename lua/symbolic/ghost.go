package symbolic

import (
	"slices"

	"cellsh/policy/diag"
	"cellsh/policy/rules"
)

// ghosts are what a function would have gone on to do past its problems. They decide nothing: they are there so that all
// problems of a function are told at once.
type ghosts struct {
	// ghost says that a ghost is followed; of is the fault past which it went.
	ghost bool
	of    *rules.Fault
	queue []haunted
	seen  map[string]bool
}

// haunted is a state that goes on past a fault.
type haunted struct {
	state *state
	of    *rules.Fault
}

// What ghosts may cost.
const (
	maxGhosts     = 2_000
	ghostSteps    = 200_000
	maxGhostQueue = 200
)

// haunt lets a state go on behind a step that can't be done, with unknown values for what it gives. The fault is that of
// the step; behind says past which fault it was met, nil for none.
func (x *exec) haunt(s *state, fault, behind *rules.Fault) {
	if fault == nil || x.loading || x.stopped != nil || fault.Code == diag.DecisionBudget {
		return
	}
	if behind == nil {
		behind = fault
	}
	if len(x.queue) >= maxGhostQueue {
		return
	}
	other := x.rest(s)
	if x.pass(other) {
		x.queue = append(x.queue, haunted{other, behind})
	}
}

// also follows another way of a ghost.
func (x *exec) also(s *state) {
	if len(x.queue) < maxGhostQueue {
		x.queue = append(x.queue, haunted{s, x.of})
	}
}

// pass takes a state past the step that it stands before. It reports whether there is anything behind it.
func (x *exec) pass(s *state) bool {
	if len(s.frames) == 0 {
		return false
	}
	f := s.own()
	st := &f.plan.steps[f.at]
	height, pushed := st.height, int32(0)
	switch st.do {
	case doIndex, doArith, doCompare:
		_, _, height = st.operands()
		pushed = 1
	case doNeg, doLen:
		_, height = st.operand()
		pushed = 1
	case doConcat:
		height, pushed = st.height-st.a, 1
	case doGetGlobal, doTable, doClosure:
		pushed = 1
	case doSetIndex, doSetGlobal, doSetUp:
		height--
	case doSetField:
		height -= 2
	case doSetList:
		height = st.a + 1
	case doSelf:
		height--
		pushed = 2
	case doCall:
		height, pushed = st.a, st.b
		if st.b == open {
			pushed = 1
		}
	case doForPrepare:
		f.skip(st)
		return true
	case doTailCall:
		ret := f.ret
		if ret.how == toNobody || ret.how == toLibrary {
			return false
		}
		s.frames = s.frames[:len(s.frames)-1]
		x.deliver(s, ret, []term{{kind: unknown}}, spot{f.plan, f.at})
		return true
	default:
		return false
	}
	if int(height) > len(f.stack) {
		return false
	}
	f.stack = f.stack[:height]
	for range pushed {
		f.stack = append(f.stack, term{kind: unknown})
	}
	f.at++
	return true
}

// follow goes after all ghosts. What they meet that can't be compiled is added to the faults that they went past. What
// Lua would raise is not: a ghost may be where no request gets.
func (x *exec) follow() {
	x.ghost = true
	x.seen = map[string]bool{}
	x.limit = min(x.limit, x.steps+ghostSteps)
	for followed := 0; len(x.queue) > 0 && followed < maxGhosts && x.stopped == nil; followed++ {
		g := x.queue[0]
		x.queue = x.queue[1:]
		x.of = g.of
		x.followOne(g.state)
	}
	if x.ghost = false; x.stopped != nil && x.steps > x.limit {
		// That ghosts are too many is no fault of the function.
		x.stopped = nil
	}
}

func (x *exec) followOne(s *state) {
	for x.steps++; x.steps <= x.limit && x.stopped == nil; x.steps++ {
		o := x.step(s)
		switch {
		case o.done != nil:
			if f := o.done.Fault; f != nil {
				x.behind(f)
				x.haunt(s, f, x.of)
			}
			return
		case o.fork != nil:
			key := x.key(s)
			if x.seen[key] {
				return
			}
			x.seen[key] = true
			for _, w := range o.fork.ways {
				other := x.copy(s)
				if o := w.then(other); o.done != nil {
					x.behind(o.done.Fault)
					continue
				}
				x.also(other)
			}
			return
		}
		if st := s.top(); st.plan.steps[st.at].do == doJump {
			// A loop on unknown values would go on for ever.
			key := x.key(s)
			if x.seen[key] {
				return
			}
			x.seen[key] = true
		}
	}
}

func (x *exec) behind(f *rules.Fault) {
	if f == nil || f.Raised || f == x.of || f.Code == diag.DecisionBudget || slices.Contains(x.of.Behind, f) {
		return
	}
	x.of.Behind = append(x.of.Behind, f)
}
