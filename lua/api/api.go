package api

import (
	"context"
	"errors"
	"io"
	"os"

	lua "github.com/yuin/gopher-lua"

	"cellsh/kernel"
	"cellsh/kernel/host"
	"cellsh/kernel/launch"
	"cellsh/kernel/sim"
	"cellsh/lua/loader"
	"cellsh/lua/vm"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
	"cellsh/policy/study"
)

// Options for New.
type Options struct {
	Host *host.Host
	// Reader reads policies that are not loaded.
	Reader loader.Reader
	// Simulator is the host's kernel where it is simulated, nil where it is not.
	Simulator *sim.Kernel
	// Launch runs commands in cells; nil where that can't be done.
	Launch launch.Launcher
	// Stdin, Stdout and Stderr are given to commands that run in cells.
	Stdin, Stdout, Stderr *os.File
	// Output is where print and help write.
	Output io.Writer
	// Report is told of problems that belong to no call: of declarations, and of hooks.
	Report func(diag.List)
	// Help gives the text about a name that is not in the table, "" if there is none.
	Help func(name string) string
}

// API joins a host and a machine. It is not safe for concurrent use.
type API struct {
	Options
	VM *vm.VM

	// declared is filled by the words policy and never, until the statement with them ends.
	declared *loader.Declarer
	// pending are the policies that were declared in statements that have ended, and are not loaded.
	pending rules.Set
	types   map[string]*lua.LTable
	// tail has the decisions that hooks were not told of.
	tail *host.Tail
}

// New makes a machine of the level Session with all that the table has.
func New(o Options) *API {
	a := &API{Options: o, types: map[string]*lua.LTable{}, declared: loader.NewDeclarer(o.Reader.Groups, o.Host.Kernel.Info().Vocabulary), tail: o.Host.Tail(0)}
	machine := vm.Options{Level: vm.Session, Output: o.Output}
	// A nil file is none.
	if o.Stdin != nil {
		machine.Stdin = o.Stdin
	}
	if o.Stdout != nil {
		machine.Stdout = o.Stdout
	}
	if o.Stderr != nil {
		machine.Stderr = o.Stderr
	}
	a.VM = a.declared.Machine(machine)
	o.Host.Events.Dropped = a.dropped
	for name, v := range a.tables() {
		a.VM.Define(name, v)
	}
	return a
}

// Close gives up the machine.
func (a *API) Close() { a.VM.Close() }

// Call runs a function that was compiled in the machine with arguments. What it declares is pending afterwards, unless any of it is
// wrong: then nothing of it is, and Report is told. Hooks are told of what happened.
func (a *API) Call(fn *lua.LFunction, args ...lua.LValue) ([]lua.LValue, error) {
	results, err := a.VM.Call(fn, args...)
	if problems := a.settle(); len(problems) > 0 {
		a.Report(problems)
		if err == nil && problems.Failed() {
			err = ErrDeclarations
		}
	}
	a.Dispatch()
	return results, err
}

// ErrDeclarations says that policies were declared wrongly; Report was told how.
var ErrDeclarations = errors.New("policies were declared wrongly")

// settle makes what was declared pending, or drops it and gives the problems.
func (a *API) settle() diag.List {
	defer a.declared.Clear()
	set := a.declared.Set()
	problems := a.declared.Problems()
	if problems.Failed() {
		return problems
	}
	a.pending.Policies = replace(a.pending.Policies, set.Policies, func(p *rules.Policy) string { return p.Name })
	a.pending.Nevers = replace(a.pending.Nevers, set.Nevers, func(n *rules.Never) string { return n.Title })
	return problems
}

// replace adds the newer to the older; of those with the same name only the newer stays.
func replace[T any](older, newer []T, name func(T) string) []T {
	given := map[string]bool{}
	for _, x := range newer {
		given[name(x)] = true
	}
	var out []T
	for _, x := range older {
		if !given[name(x)] {
			out = append(out, x)
		}
	}
	return append(out, newer...)
}

// Pending gives the policies that were declared and are not loaded.
func (a *API) Pending() *rules.Set { return &a.pending }

// merged are the policies that are loaded, with those that are pending in place of their namesakes.
func (a *API) merged() (*study.Policies, error) { return a.Host.Merge(&a.pending) }

// LoadPending loads the policies that are loaded together with those that are pending.
func (a *API) LoadPending(o host.LoadOptions) (*host.Loaded, *study.Check, error) {
	if len(a.pending.Policies)+len(a.pending.Nevers) == 0 {
		return nil, nil, diag.List{{Code: diag.Failed, Message: "there must be something to load, but nothing is pending", Hint: "give a path, or declare a policy first"}}
	}
	p, err := a.merged()
	if err != nil {
		return nil, nil, err
	}
	o.Session = true
	out, check, err := a.Host.Load(p, o)
	if err == nil {
		a.pending = rules.Set{}
	}
	return out, check, err
}

// tables makes the libraries and the global functions.
func (a *API) tables() map[string]lua.LValue {
	libraries := map[string]*lua.LTable{}
	out := map[string]lua.LValue{}
	for _, e := range Entries() {
		if e.Kind != Global {
			continue
		}
		fn := a.function(e)
		library, name := e.split()
		if library == "" {
			out[name] = fn
			continue
		}
		if libraries[library] == nil {
			libraries[library] = a.VM.L.NewTable()
		}
		libraries[library].RawSetString(name, fn)
	}
	for name, t := range libraries {
		out[name] = a.VM.Protect(name, t)
	}
	return out
}

// function is an entry as Lua calls it.
func (a *API) function(e *Entry) *lua.LFunction {
	return a.VM.Function(vm.Builtin{Name: e.Name}, func(L *lua.LState) int {
		if e.Simulated && a.Simulator == nil {
			raise(L, kernel.Unsupported(a.Host.Kernel, kernel.CapProcesses))
		}
		return e.call(a, L)
	})
}

// run runs a command in a cell.
func (a *API) run(c launch.Command) (launch.Status, error) {
	if a.Launch == nil {
		return launch.Status{}, kernel.Unsupported(a.Host.Kernel, kernel.CapEnter)
	}
	return a.Launch.Run(context.Background(), c, launch.Files{In: a.Stdin, Out: a.Stdout, Err: a.Stderr})
}
