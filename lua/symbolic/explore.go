package symbolic

import (
	"fmt"
	"slices"

	"cellsh/lua/syntax"
	"cellsh/lua/value"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/kauth"
	"cellsh/policy/progress"
	"cellsh/policy/rules"
)

// Options of a Function.
type Options struct {
	// Where functions give true or false instead of a result: they say for which requests something holds.
	Where bool
	// Instructions, States and Memory in bytes bound what compiling for one request may take; 0 is the default.
	Instructions, States, Memory int
}

// The default bounds of compiling a function for one request.
const (
	DefaultInstructions = 20_000_000
	DefaultStates       = 400_000
	DefaultMemory       = 160 << 20
)

// What costs more than a step counts as several: a state with a large heap, and a table that is looked up with a
// field, by its pairs.
const (
	bytesPerStep = 32
	stepsPerPair = 8
)

// What is made is counted in bytes, the same on every machine: about what it takes in memory.
const (
	bytesPerTerm  = 64
	bytesPerBox   = 256
	bytesPerTable = 320
	bytesPerFrame = 160
	bytesPerState = 1100
)

// Once a function of a machine has proved too complex, the others get this part of the bounds: what can't be loaded must
// not be looked at for long.
const hurried = 20

// Function is a decision function, as the tree says it: the first reading. It shares the machine that the function was
// loaded in, and is no safer for concurrent use than that.
type Function struct {
	machine *Machine
	fn      *Closure
	options Options
	// cache has what was compiled, by the name of the cell, "" where it was not read.
	cache map[string][]cached
	// stopped is why the function is too complex, once it was for some request.
	stopped *rules.Fault
}

// cached is what was compiled for a request, and for all that the function can't tell from it.
type cached struct {
	id kauth.RequestID
	*rules.Compiled
}

// NewFunction wraps a function that the machine has made, or that was made with NewClosure.
func NewFunction(m *Machine, fn *Closure, o Options) *Function {
	if o.Instructions == 0 {
		o.Instructions = DefaultInstructions
	}
	if o.States == 0 {
		o.States = DefaultStates
	}
	if o.Memory == 0 {
		o.Memory = DefaultMemory
	}
	return &Function{machine: m, fn: fn, options: o, cache: map[string][]cached{}}
}

// Span is the word with which the function begins.
func (f *Function) Span() diag.Span { return f.fn.Node.Word() }

// Node is the function in the tree.
func (f *Function) Node() *syntax.FunctionExpr { return f.fn.Node }

// Compile gives the function as a graph; see rules.Function.
func (f *Function) Compile(id kauth.RequestID, cell string) *rules.Compiled {
	for _, key := range [...]string{"", cell} {
		for _, c := range f.cache[key] {
			if c.id.Alike(id, c.Read) {
				return c.Compiled
			}
		}
	}
	x := newExec(f.machine, f.options)
	x.id, x.info, x.cell = id, id.Info(), cell
	if f.machine.stops > 0 {
		x.limit, x.memory, x.options.States = x.limit/hurried, x.memory/hurried, x.options.States/hurried
	}
	c := &rules.Compiled{}
	if f.stopped != nil {
		// It can't be loaded anyway: finding out the same again would only take long.
		c.Graph = graph.Constant(rules.Outcome{Fault: f.stopped})
	} else {
		c.Graph = x.run(f.fn)
	}
	if x.stopped != nil {
		f.stopped = x.stopped
		f.machine.stops++
	}
	c.Graph.For(x.work)
	c.Read, c.CellRead, c.Notes, c.Absent = x.read, x.cellRead, x.warnings(), x.absent
	key := ""
	if x.cellRead {
		key = cell
	}
	f.cache[key] = append(f.cache[key], cached{id, c})
	return c
}

// exec is the execution of a function for one request, or of a file.
type exec struct {
	machine *Machine
	options Options
	// work is what the execution is part of.
	work *progress.Work
	// loading says that a file is run: nothing is unknown, and what is made stays.
	loading bool
	// Of a decision: what is asked.
	id   kauth.RequestID
	info *kauth.Info
	cell string

	builder graph.Builder[rules.Outcome]
	// memo has the node of every state that forks, or pending while it is worked out.
	memo map[string]graph.Ref
	// open are the forks on the way to the state that goes on, outermost first.
	open     []*openFork
	encoder  encoder
	interned map[value.Value]int
	exprs    map[exprKey]*expr
	faults   map[faultKey]*rules.Fault
	states   int
	// steps and bytes are what was used of limit and memory.
	steps, limit  int
	bytes, memory int
	// nested is how many functions of the library wait for functions of Lua, and returned what the last of those gave.
	nested   int
	returned []term
	// direct says that a function of the library is called by another: errors have no place then.
	direct bool
	// thrown is the value of the last error, and at the node that raised it.
	thrown term
	at     syntax.Node
	// stopped ends every path once the function has proved too complex.
	stopped *rules.Fault
	// sites counts the states that fork, by place.
	sites map[spot]int
	// read has the fields that the function looked at, there or not; absent where it looked for those that are not.
	read     kauth.FieldSet
	absent   []rules.FieldRead
	cellRead bool
	notes    []warning
	noted    map[string]bool
	// undefined are the readings of globals that nobody defined: true where a fault says so.
	undefined map[*syntax.NameExpr]bool
	// opened are the places at which something was asked whose answer Lua leaves open.
	opened map[spot]bool
	ghosts
}

func newExec(m *Machine, o Options) *exec {
	x := &exec{
		machine: m, options: o, work: m.options.Work, limit: o.Instructions, memory: o.Memory,
		memo: map[string]graph.Ref{}, interned: map[value.Value]int{}, exprs: map[exprKey]*expr{},
		faults: map[faultKey]*rules.Fault{}, sites: map[spot]int{}, noted: map[string]bool{}, undefined: map[*syntax.NameExpr]bool{}, opened: map[spot]bool{},
	}
	x.encoder.order = map[int32]int{}
	return x
}

// openAnswer notes that something was asked of which Lua leaves the answer open. It reports whether the other answer is to
// be given.
func (x *exec) openAnswer(p spot) bool {
	if !x.opened[p] {
		x.opened[p] = true
		at := p.span(whole)
		if len(x.machine.opened) < maxOpened && !slices.Contains(x.machine.opened, at) {
			x.machine.opened = append(x.machine.opened, at)
		}
	}
	return x.flips(p)
}

// flips reports whether the other answer is given at a place.
func (x *exec) flips(p spot) bool {
	o := &x.machine.options
	return o.Flipped && (o.FlippedAt == diag.Span{} || o.FlippedAt == p.span(whole))
}

// maxOpened bounds how many places are remembered at which Lua leaves the answer open.
const maxOpened = 100

// pending marks a state whose node is being worked out: meeting it again means that the function never ends for
// some request.
const pending = graph.Ref(1<<31 - 1)

// openFork is one that is being worked out.
type openFork struct {
	key   string
	state *state
	fork  *fork
	refs  []graph.Ref
}

// run explores all states, depth first.
func (x *exec) run(fn *Closure) *graph.Graph[rules.Outcome] {
	s := &state{}
	o := x.enter(s, known(fn), []term{{kind: request}}, returnTo{how: toNobody}, spot{x.plan(fn.Node), 0})
	if o.done != nil {
		return x.builder.Graph(x.leaf(*o.done))
	}
	for {
		ref, fk, key := x.advance(s)
		if x.stopped != nil {
			// What was found out is not enough for anything, and room for it may be what is missing.
			return graph.Constant(rules.Outcome{Fault: x.stopped})
		}
		if fk != nil {
			x.open = append(x.open, &openFork{key: key, state: s, fork: fk})
		}
		// Hand nodes that are ready upwards, until there is a way that was not gone yet.
		for {
			if len(x.open) == 0 {
				x.follow()
				return x.builder.Graph(ref)
			}
			top := x.open[len(x.open)-1]
			if fk == nil {
				top.refs = append(top.refs, ref)
			}
			fk = nil
			if n := len(top.refs); n < len(top.fork.ways) {
				s = top.state
				if n+1 < len(top.fork.ways) {
					s = x.copy(top.state)
				}
				if o := top.fork.ways[n].then(s); o.done != nil {
					x.haunt(s, o.done.Fault, nil)
					ref = x.leaf(*o.done)
					continue
				}
				break
			}
			ref = top.refs[len(top.refs)-1]
			for i := len(top.fork.ways) - 2; i >= 0; i-- {
				// A node even if both ways lead to the same place: the author wrote the test, and coverage counts it.
				yes, no := top.refs[i], ref
				if top.fork.ways[i].not {
					yes, no = no, yes
				}
				ref = x.builder.Node(top.fork.ways[i].test, yes, no, top.fork.at)
			}
			x.memo[top.key] = ref
			x.open = x.open[:len(x.open)-1]
		}
	}
}

func (x *exec) leaf(o rules.Outcome) graph.Ref { return x.builder.Leaf(o) }

// count counts a step; the fault says that there were too many.
func (x *exec) count(s *state) *rules.Fault {
	if x.stopped != nil {
		return x.stopped
	}
	x.work.Check()
	if x.steps++; x.steps > x.limit {
		x.stopped = x.tooMuch(s, fmt.Sprintf("%d instructions", x.limit))
		return x.stopped
	}
	return nil
}

// grow counts bytes that are about to be taken.
func (x *exec) grow(p spot, bytes int) *rules.Fault {
	if x.bytes += bytes; x.bytes <= x.memory {
		return nil
	}
	if x.stopped == nil {
		x.stopped = x.memoryFault(p)
	}
	return x.stopped
}

func (x *exec) memoryFault(p spot) *rules.Fault {
	if x.loading {
		return x.newFault(p.span(whole), p.plan.node.File, diag.Memory, false, "", "the code must do with %d MB of memory, but needs more", x.memory>>20)
	}
	return x.newFault(p.span(whole), p.plan.node.File, diag.DecisionBudget, false, "look for tables that grow in a loop", "a decision must be compiled with %d MB of memory, but %s needs more", x.memory>>20, describe(p.plan))
}

// budgetFault is the fault of something that is too large or too deep.
func (x *exec) budgetFault(p spot, of part, hint, form string, args ...any) *rules.Fault {
	code := diag.DecisionBudget
	if x.loading {
		code = diag.Budget
	}
	return x.refusal(p, of, code, hint, form, args...)
}

// advance lets a state go on until its path ends or divides.
func (x *exec) advance(s *state) (ref graph.Ref, fk *fork, key string) {
	for {
		if fault := x.count(s); fault != nil {
			return x.leaf(rules.Outcome{Fault: fault}), nil, ""
		}
		o := x.step(s)
		switch {
		case o.done != nil:
			x.haunt(s, o.done.Fault, nil)
			return x.leaf(*o.done), nil, ""
		case o.fork != nil:
			key := x.key(s)
			x.steps += len(key)/bytesPerStep + len(s.heap)/bytesPerStep
			if ref, ok := x.memo[key]; ok {
				if ref == pending {
					return x.leaf(*x.endless(s).done), nil, ""
				}
				return ref, nil, ""
			}
			f := s.top()
			p := spot{f.plan, f.at}
			x.sites[p]++
			if x.bytes += bytesPerState + len(key); x.bytes > x.memory {
				x.stopped = x.tooMuch(s, fmt.Sprintf("%d MB of memory", x.memory>>20))
				continue
			}
			if len(x.memo) >= x.options.States {
				x.stopped = x.tooMuch(s, fmt.Sprintf("%d states", x.options.States))
				continue
			}
			x.memo[key] = pending
			return 0, o.fork, key
		}
	}
}

// tooMuch is the fault of a function that is too complex.
func (x *exec) tooMuch(s *state, what string) *rules.Fault {
	f := s.top()
	if x.loading {
		return x.refusal(spot{f.plan, f.at}, whole, diag.Budget, "look for a loop that does not end", "the code must end within %s, but does not", what)
	}
	worst, count := spot{}, 0
	for at, n := range x.sites {
		if n > count || n == count && (at.plan.id < worst.plan.id || at.plan.id == worst.plan.id && at.at < worst.at) {
			worst, count = at, n
		}
	}
	if count == 0 {
		return x.refusal(spot{f.plan, f.at}, whole, diag.DecisionBudget, "look for a loop that does not end", "a decision must be compiled within %s, but %s is not", what, describe(f.plan))
	}
	return x.refusal(worst, whole, diag.DecisionBudget, "test fields outside of loops, or gather them in one table",
		"a decision must be compiled within %s, but the states of %s multiply here: %d of them", what, describe(worst.plan), count)
}

// endless is the fault of a loop that some request never leaves.
func (x *exec) endless(s *state) outcome {
	f := s.top()
	return x.faulted(x.refusal(spot{f.plan, f.at}, whole, diag.DecisionLoop, "loop over a known table or range, and test the field inside", "a loop must end after a known number of rounds, but this one goes on for as long as a field is what it is"))
}

func describe(p *plan) string {
	if p.node.Parent == nil {
		return "the file"
	}
	line, _ := p.node.File.Place(p.node.Pos())
	return fmt.Sprintf("the function of line %d", line)
}
