package symbolic

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/vm"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// Groups resolves names of groups, as the host that the policy is for has them.
type Groups interface {
	// Lookup gives the id of a group.
	Lookup(name string) (gid uint32, ok bool)
	// Names lists the groups that are known.
	Names() []string
}

// Options of a Function.
type Options struct {
	Groups Groups
	// Where functions give true or false instead of a result: they say for which requests something holds.
	Where bool
	// Instructions and States bound what compiling for one request may take; 0 is the default.
	Instructions, States int
}

// The default bounds of compiling a function for one request.
const (
	DefaultInstructions = 20_000_000
	DefaultStates       = 400_000
)

// What costs more than an instruction counts as several: a state with a large heap, and a table that is looked up with a
// field, by its pairs.
const (
	bytesPerStep = 32
	stepsPerPair = 8
)

// Function is a decision function. It implements rules.Function. It shares the machine that the function was
// loaded in, and is no safer for concurrent use than that.
type Function struct {
	vm      *vm.VM
	fn      *lua.LFunction
	options Options
	// cache has what was compiled, by the name of the cell, "" where it was not read.
	cache map[string][]cached
	// protos are numbered once for all requests.
	protos map[*lua.FunctionProto]*proto
}

// cached is what was compiled for a request, and for all that the function can't tell from it.
type cached struct {
	id kauth.RequestID
	*rules.Compiled
}

// New wraps a function that the machine has loaded.
func New(v *vm.VM, fn *lua.LFunction, o Options) *Function {
	if o.Instructions == 0 {
		o.Instructions = DefaultInstructions
	}
	if o.States == 0 {
		o.States = DefaultStates
	}
	return &Function{vm: v, fn: fn, options: o, cache: map[string][]cached{}, protos: map[*lua.FunctionProto]*proto{}}
}

// Span is the line on which the function begins.
func (f *Function) Span() diag.Span {
	if f.fn.IsG {
		return diag.Span{}
	}
	return f.vm.Files().Find(f.fn.Proto.SourceName, f.fn.Proto.LineDefined, "function")
}

// Compile gives the function as a graph; see rules.Function.
func (f *Function) Compile(id kauth.RequestID, cell string) *rules.Compiled {
	for _, key := range [...]string{"", cell} {
		for _, c := range f.cache[key] {
			if c.id.Alike(id, c.Read) {
				return c.Compiled
			}
		}
	}
	x := &exec{
		fn: f, id: id, info: id.Info(), cell: cell, options: f.options,
		memo: map[string]graph.Ref{}, interned: map[lua.LValue]int{}, exprs: map[exprKey]*expr{},
		faults: map[faultKey]*rules.Fault{}, sites: map[site]int{}, noted: map[string]bool{},
	}
	x.encoder.order = map[int32]int{}
	c := &rules.Compiled{Graph: x.run(), Read: x.read, CellRead: x.cellRead, Notes: x.notes}
	key := ""
	if x.cellRead {
		key = cell
	}
	f.cache[key] = append(f.cache[key], cached{id, c})
	return c
}

// exec is the compilation of a function for one request.
type exec struct {
	fn      *Function
	id      kauth.RequestID
	info    *kauth.Info
	cell    string
	options Options

	builder graph.Builder[rules.Outcome]
	// memo has the node of every state that forks, or pending while it is worked out.
	memo     map[string]graph.Ref
	encoder  encoder
	interned map[lua.LValue]int
	exprs    map[exprKey]*expr
	faults   map[faultKey]*rules.Fault
	states   int
	steps    int
	// stopped ends every path once the function has proved too complex.
	stopped *rules.Fault
	// sites counts the states that fork, by place.
	sites map[site]int
	// read has the fields that the function looked at, there or not.
	read     kauth.FieldSet
	cellRead bool
	notes    diag.List
	noted    map[string]bool
}

type site struct {
	proto *proto
	pc    int
}

type faultKey struct {
	at      diag.Span
	code    diag.Code
	message string
}

// pending marks a state whose node is being worked out: meeting it again means that the function never ends for
// some request.
const pending = graph.Ref(1<<31 - 1)

func (x *exec) protoOf(p *lua.FunctionProto) *proto {
	q, ok := x.fn.protos[p]
	if !ok {
		q = &proto{FunctionProto: p, id: len(x.fn.protos), live: liveness(p)}
		x.fn.protos[p] = q
	}
	return q
}

// open is a fork that is being worked out.
type open struct {
	key   string
	state *state
	fork  *fork
	refs  []graph.Ref
}

// run explores all states, depth first.
func (x *exec) run() *graph.Graph[rules.Outcome] {
	start := &state{}
	if x.fn.fn.IsG {
		o := x.faulted(x.newFault(diag.Span{}, diag.DecisionCall, false, "", "a decision must be a function of Lua, but is one of the library"))
		return x.builder.Graph(x.builder.Leaf(*o.done))
	}
	args := []value{{kind: request}}
	x.enter(start, known(x.fn.fn), args, returnTo{how: toNobody}, diag.Span{})
	var stack []*open
	s := start
	for {
		ref, fk, key := x.advance(s)
		if fk != nil {
			stack = append(stack, &open{key: key, state: s, fork: fk})
		}
		// Hand nodes that are ready upwards, until there is a way that was not gone yet.
		for {
			if len(stack) == 0 {
				return x.builder.Graph(ref)
			}
			top := stack[len(stack)-1]
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
					ref = x.leaf(*o.done)
					continue
				}
				break
			}
			ref = top.refs[len(top.refs)-1]
			for i := len(top.fork.ways) - 2; i >= 0; i-- {
				// A node even if both ways lead to the same place: the author wrote the test, and coverage counts it.
				ref = x.builder.Node(top.fork.ways[i].test, top.refs[i], ref, top.fork.at)
			}
			x.memo[top.key] = ref
			stack = stack[:len(stack)-1]
		}
	}
}

func (x *exec) leaf(o rules.Outcome) graph.Ref { return x.builder.Leaf(o) }

// advance lets a state go on until its path ends or divides.
func (x *exec) advance(s *state) (ref graph.Ref, fk *fork, key string) {
	for {
		if x.stopped != nil {
			return x.leaf(rules.Outcome{Fault: x.stopped}), nil, ""
		}
		if x.steps++; x.steps > x.options.Instructions {
			x.stopped = x.tooMuch(s, fmt.Sprintf("%d instructions", x.options.Instructions))
			continue
		}
		o := x.step(s)
		switch {
		case o.done != nil:
			return x.leaf(*o.done), nil, ""
		case o.fork != nil:
			key := x.key(s)
			x.steps += len(key) / bytesPerStep
			if ref, ok := x.memo[key]; ok {
				if ref == pending {
					return x.leaf(*x.endless(s, o.fork).done), nil, ""
				}
				return ref, nil, ""
			}
			f := s.top()
			x.sites[site{f.proto, f.pc}]++
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
	worst, count := site{}, 0
	for at, n := range x.sites {
		if n > count || n == count && (at.proto.id < worst.proto.id || at.proto.id == worst.proto.id && at.pc < worst.pc) {
			worst, count = at, n
		}
	}
	if count == 0 {
		f := s.top()
		return x.newFault(x.at(f, f.pc, ""), diag.DecisionBudget, false, "look for a loop that does not end", "a decision must be compiled within %s, but %s is not", what, x.describe(f.proto))
	}
	span := x.span(worst.proto, worst.pc, "")
	return x.newFault(span, diag.DecisionBudget, false, "test fields outside of loops, or gather them in one table",
		"a decision must be compiled within %s, but the states of %s multiply here: %d of them", what, x.describe(worst.proto), count)
}

// endless is the fault of a loop that some request never leaves.
func (x *exec) endless(s *state, fk *fork) outcome {
	f := s.top()
	return x.faulted(x.newFault(x.at(f, f.pc, ""), diag.DecisionLoop, false, "loop over a known table or range, and test the field inside", "a loop must end after a known number of rounds, but this one goes on for as long as a field is what it is"))
}

func (x *exec) describe(p *proto) string {
	if p.LineDefined == 0 {
		return "the file"
	}
	return fmt.Sprintf("the function of line %d", p.LineDefined)
}

// at is the place of an instruction. The column is known only if the token is on the line once.
func (x *exec) at(f *frame, pc int, token string) diag.Span { return x.span(f.proto, pc, token) }

func (x *exec) span(p *proto, pc int, token string) diag.Span {
	line := p.LineDefined
	if pc >= 0 && pc < len(p.DbgSourcePositions) {
		line = p.DbgSourcePositions[pc]
	}
	return x.fn.vm.Files().Find(p.SourceName, line, token)
}

// newFault makes a fault, the same one for the same message at the same place.
func (x *exec) newFault(at diag.Span, code diag.Code, raised bool, hint, form string, args ...any) *rules.Fault {
	message := fmt.Sprintf(form, args...)
	key := faultKey{at, code, message}
	fault, ok := x.faults[key]
	if !ok {
		fault = &rules.Fault{Diagnostic: diag.Diagnostic{Span: at, Code: code, Message: message, Hint: hint, Excerpt: x.fn.vm.Files().Line(at.File, at.Line)}, Raised: raised}
		x.faults[key] = fault
	}
	return fault
}

func (x *exec) faulted(f *rules.Fault) outcome { return ended(rules.Outcome{Fault: f}) }

// refusal is a fault of something that can't be compiled.
func (x *exec) refusal(f *frame, pc int, code diag.Code, token, hint, form string, args ...any) *rules.Fault {
	return x.newFault(x.at(f, pc, token), code, false, hint, form, args...)
}

func (x *exec) refuse(f *frame, pc int, code diag.Code, token, hint, form string, args ...any) outcome {
	return x.faulted(x.refusal(f, pc, code, token, hint, form, args...))
}

// raising is a fault of something that Lua raises as an error.
func (x *exec) raising(f *frame, pc int, token, form string, args ...any) *rules.Fault {
	return x.newFault(x.at(f, pc, token), diag.DecisionError, true, "", form, args...)
}

func (x *exec) raise(f *frame, pc int, token, form string, args ...any) outcome {
	return x.faulted(x.raising(f, pc, token, form, args...))
}

// note adds a warning, once.
func (x *exec) note(f *frame, pc int, code diag.Code, token, hint, form string, args ...any) {
	d := diag.Diagnostic{Span: x.at(f, pc, token), Severity: diag.Warning, Code: code, Message: fmt.Sprintf(form, args...), Hint: hint}
	if key := d.Error(); !x.noted[key] {
		x.noted[key] = true
		d.Excerpt = x.fn.vm.Files().Line(d.File, d.Line)
		x.notes = append(x.notes, d)
	}
}

// absent says of what Lua has and policies do not how to do without.
var absent = map[string]string{
	"os":        "a decision does not know the time: load another policy when it has come",
	"io":        "a decision can't read files: read them where the policy is made, and write a table",
	"coroutine": "call functions instead",
	"rawget":    "read a field by its name: r.port",
	"rawset":    "assign to a local table",
	"rawequal":  "compare with ==",
	"load":      "write a function",
	"dofile":    "require a file beside the policy, outside of the function",
}

// undefined warns of a global that nobody defined: it reads nil, and nil passes a question on.
func (x *exec) undefined(f *frame, pc int, name string) {
	hint := diag.DidYouMean(name, []string{"deny", "allow", "grant", "unlimited", "ipairs", "pairs", "string", "table", "math", "tonumber", "tostring", "type", "select", "unpack", "next"})
	if hint == "" {
		hint = absent[name]
	}
	x.note(f, pc, diag.DecisionGlobal, name, hint, "a global must be defined before it is used, but %s is not, and reads nil", name)
}

func (x *exec) checkReason(reason string, f *frame, pc int) *rules.Fault {
	if err := policy.CheckReason(reason); err != nil {
		return x.refusal(f, pc, diag.DecisionResult, "return", "", "%s", err)
	}
	return nil
}

// lastWord is the part of a dotted name that stands in the source by itself.
func lastWord(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

func setOf(values []int64) interval.Set {
	ranges := make([]interval.Range, len(values))
	for i, v := range values {
		ranges[i] = interval.Range{Lo: v, Hi: v}
	}
	return interval.Of(ranges...)
}
