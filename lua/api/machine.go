package api

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"time"

	lua "github.com/yuin/gopher-lua"

	"cellsh/kernel/host"
	"cellsh/lua/loader"
	"cellsh/lua/vm"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
)

// Options for New.
type Options struct {
	// Kernel is what cell, kernel, engine and sim are about.
	Kernel Kernel
	// Stdin, Stdout and Stderr are given to commands that run in cells.
	Stdin, Stdout, Stderr *os.File
	// Output is where print and help write.
	Output io.Writer
	// Settle, if not nil, is called before code tells anybody anything, but where it writes to Output: by files, and by commands
	// on the host and in cells. Its error is raised.
	Settle func() error
	// Report is told of problems that belong to no call: of declarations, and of hooks. Nil is nobody.
	Report func(diag.List)
	// Watched says that hooks for what happens in Kernel are told by Tell, of all kinds of events, and are kept if they fail. Code
	// that does not end by itself is ended.
	Watched bool
	// Patience is how long a command may take that code runs on the host; 0 is for ever. One that takes longer is killed with its
	// process group, and the function raises an error; so it is once Context is done, if that is not nil.
	Patience time.Duration
	Context  context.Context
	// Help gives the text about a name that is not in the table, "" if there is none.
	Help func(name string) string
	// Fit gives the text that help shows in lines for which there is room; nil leaves it as it is, for 80 columns.
	Fit func(text string) string
}

// Machine is a Lua machine for sessions and scripts: its globals, what was declared there, and the hooks that wait. Its own
// kernel is one of those that its code can work with. It is not safe for concurrent use.
type Machine struct {
	VM *vm.VM

	options Options
	// declared is filled by the words policy and never, until the statement with them ends.
	declared *loader.Declarer
	// pending are the policies that were declared in statements that have ended, and are not loaded.
	pending *rules.Set
	// types are the metatables of objects, by the names of their types.
	types map[string]*lua.LTable

	// own is the binding of the machine's kernel, and bindings how many were made.
	own      *binding
	bindings int
	// used are the bindings with hooks to be told that were used since they were last: in other kernels nothing can have
	// happened. It is all that the machine keeps of them, so that a kernel is forgotten with its hooks when no code can reach
	// it any more.
	used []*binding
	// telling says that hooks are being told.
	telling bool
}

// watchedInstructions is what code may take that is no hook, where the machine is Watched.
const watchedInstructions = 10_000_000

// New makes a machine of the level Session with all that the table has.
func New(o Options) *Machine {
	if o.Report == nil {
		o.Report = func(diag.List) {}
	}
	m := &Machine{options: o, pending: &rules.Set{}, types: map[string]*lua.LTable{}, declared: loader.NewDeclarer(o.Kernel.Reader.Groups, o.Kernel.Host.Kernel.Info().Vocabulary, o.Kernel.Reader.Work)}
	of := vm.Options{Level: vm.Session, Output: o.Output, Waited: m.tell, Settle: o.Settle, Patience: o.Patience, Context: o.Context, Work: o.Kernel.Reader.Work}
	if o.Watched {
		of.Instructions = watchedInstructions
	}
	// A nil file is none.
	if o.Stdin != nil {
		of.Stdin = o.Stdin
	}
	if o.Stdout != nil {
		of.Stdout = o.Stdout
	}
	if o.Stderr != nil {
		of.Stderr = o.Stderr
	}
	m.VM = m.declared.Machine(of)
	m.own = m.bind(o.Kernel)
	o.Kernel.Host.Events.Keep = o.Watched
	for name, v := range m.own.globals() {
		m.VM.Define(name, v)
	}
	return m
}

// Close gives up the machine.
func (m *Machine) Close() { m.VM.Close() }

// Call runs a function that was compiled in the machine with arguments. What it declares is pending afterwards, unless any of it is
// wrong: then nothing of it is, and Report is told. Hooks are told of what happened.
func (m *Machine) Call(fn *lua.LFunction, args ...lua.LValue) ([]lua.LValue, error) {
	var results []lua.LValue
	err := m.options.Kernel.Reader.Work.Run(func() (err error) { results, err = m.VM.Call(fn, args...); return err })
	if problems := m.settle(); len(problems) > 0 {
		m.options.Report(problems)
		if err == nil && problems.Failed() {
			err = ErrDeclarations
		}
	}
	m.Dispatch()
	return results, err
}

// ErrDeclarations says that policies were declared wrongly; Report was told how.
var ErrDeclarations = errors.New("policies were declared wrongly")

// settle makes what was declared pending, or drops it and gives the problems.
func (m *Machine) settle() diag.List {
	defer m.declared.Clear()
	problems := m.declared.Problems()
	if !problems.Failed() {
		m.pending = m.pending.With(m.declared.Set())
	}
	return problems
}

// mustSettle makes what the running statement has declared pending.
func (m *Machine) mustSettle(L *lua.LState) {
	problems := m.settle()
	if problems.Failed() {
		raise(L, problems)
	}
	if len(problems) > 0 {
		m.options.Report(problems)
	}
}

// Pending gives the policies that were declared and are not loaded.
func (m *Machine) Pending() *rules.Set { return m.pending }

// Forget drops the policy of that name, or the assertion of that title, that was declared and is not loaded; false if there is
// none.
func (m *Machine) Forget(name string) bool {
	left := m.pending.Without(name)
	left.Nevers = nil
	for _, n := range m.pending.Nevers {
		if n.Title != name {
			left.Nevers = append(left.Nevers, n)
		}
	}
	found := len(left.Policies)+len(left.Nevers) < len(m.pending.Policies)+len(m.pending.Nevers)
	m.pending = left
	return found
}

// Propose proposes the policies that are loaded in the machine's kernel together with those that are pending, which they are
// no more once they are loaded.
func (m *Machine) Propose() (*host.Proposal, error) { return m.own.propose() }

// Tell tells hooks of an event in the machine's kernel, where it is Watched.
func (m *Machine) Tell(e host.Event) {
	m.own.Host.Events.Emit(e)
	m.Dispatch()
}

// Rebind has code work with another connection to the machine's kernel; its hooks stay.
func (m *Machine) Rebind(k Kernel) {
	k.Host.Events = m.own.Host.Events
	m.own.Kernel = k
	m.own.tail = k.Host.Tail(0)
}

// maxChain is how many events hooks may cause by themselves.
const maxChain = 1000

// Dispatch tells hooks what has happened since they were last told: denials, and budgets that are exceeded, in the
// machine's kernel first, and then in the others in the order in which they were made. It is called after every statement.
func (m *Machine) Dispatch() {
	m.tell()
	if problems := m.settle(); len(problems) > 0 { // what hooks have declared
		m.options.Report(problems)
	}
}

// tell is Dispatch without what belongs to the end of a statement: it is called where code has waited, too.
func (m *Machine) tell() {
	if m.telling {
		return
	}
	m.telling = true
	defer func() { m.telling = false }()
	if !m.options.Watched {
		m.own.use() // there things happen by themselves
	}
	for _, b := range m.takeUsed() {
		if !b.told() {
			b.tell()
		}
	}
	// What simulated kernels have recorded meanwhile hooks have caused: they are told of that too, but not without end. In
	// others somebody else may have caused it; there it is told the next time.
	for chain := 0; chain < maxChain; {
		list := m.takeUsed()
		if len(list) == 0 {
			return
		}
		for _, b := range list {
			if b.Simulator != nil && !b.told() {
				chain += b.tell()
			}
		}
	}
	for _, b := range m.takeUsed() {
		if b.Simulator == nil || b.told() {
			continue
		}
		if untold := len(b.news()); untold > 0 {
			b.Host.Events.Break(maxChain, untold)
		}
	}
}

// takeUsed gives the bindings that were used, in the order in which they were made, and forgets them.
func (m *Machine) takeUsed() []*binding {
	list := m.used
	m.used = nil
	for _, b := range list {
		b.used = false
	}
	slices.SortFunc(list, func(a, b *binding) int { return a.number - b.number })
	return list
}
