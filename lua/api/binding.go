package api

import (
	"context"
	"errors"
	"fmt"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"cellsh/kernel"
	"cellsh/kernel/host"
	"cellsh/kernel/launch"
	"cellsh/kernel/sim"
	"cellsh/kernel/watch"
	"cellsh/lua/loader"
	"cellsh/lua/vm"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
	"cellsh/policy/study"
)

// Kernel is a kernel for Lua to work with: its owner, and what else belongs to it.
type Kernel struct {
	Host *host.Host
	// Reader reads policies that are not loaded.
	Reader loader.Reader
	// Simulator is the host's kernel where it is simulated, nil where it is not.
	Simulator *sim.Kernel
	// Launch runs commands in cells; nil where that can't be done.
	Launch launch.Launcher
}

// binding is a kernel as the code of a machine sees it: what the functions of cell, kernel, engine and sim work on, and the
// objects that they give. Hooks that were subscribed there wait for what happens in that kernel.
type binding struct {
	Kernel
	m *Machine
	// number is its place among those of the machine.
	number int
	// tail has the decisions that hooks were not told of, and the others what they were told of last.
	tail        *host.Tail
	budgets     watch.Budgets
	generations watch.Generations
	// used says that it is among the machine's used.
	used bool
}

func (m *Machine) bind(k Kernel) *binding {
	b := &binding{Kernel: k, m: m, number: m.bindings, tail: k.Host.Tail(0)}
	m.bindings++
	k.Host.Events.Failed = m.failed
	return b
}

// use notes that something may happen in the kernel of which hooks are told later. In the machine's own it always may.
func (b *binding) use() {
	if !b.used && (b == b.m.own || b.wanted(decisionKinds...) || b.wanted(budgetKinds...) || b.wanted(generationKinds...)) {
		b.used = true
		b.m.used = append(b.m.used, b)
	}
}

// globals makes the libraries and the global functions.
func (b *binding) globals() map[string]lua.LValue {
	libraries := map[string]*lua.LTable{}
	out := map[string]lua.LValue{}
	for _, e := range Entries() {
		if e.Kind != Global {
			continue
		}
		fn := b.m.VM.Function(vm.Builtin{Name: e.Name}, func(L *lua.LState) int { return b.call(e, L) })
		library, name := e.Split()
		if library == "" {
			out[name] = fn
			continue
		}
		if libraries[library] == nil {
			libraries[library] = b.m.VM.L.NewTable()
		}
		libraries[library].RawSetString(name, fn)
	}
	for name, t := range libraries {
		out[name] = b.m.VM.Protect(name, t)
	}
	return out
}

// call calls a function, or a method or property of an object of the kernel.
func (b *binding) call(e *Entry, L *lua.LState) int {
	if e.Simulated && b.Simulator == nil {
		raise(L, kernel.Unsupported(b.Host.Kernel, kernel.CapProcesses))
	}
	b.use()
	results := 0
	if stopped := b.Host.Work.Catch(func() { results = e.call(b, L) }); stopped != nil {
		b.Host.Forget()
		L.RaiseError("%s", stopped)
	}
	return results
}

// merged are the policies that are loaded, with those that are pending in place of their namesakes.
func (b *binding) merged() (*study.Policies, error) {
	p, err := b.Host.Merge(b.m.pending)
	if err != nil {
		return nil, err
	}
	return p.Policies, nil
}

// propose proposes the policies that are loaded together with those that are pending.
func (b *binding) propose() (*host.Proposal, error) {
	if len(b.m.pending.Policies)+len(b.m.pending.Nevers) == 0 {
		return nil, diag.List{{Code: diag.Failed, Message: "there must be something to load, but nothing is pending", Hint: "give a path, or declare a policy first"}}
	}
	p, err := b.Host.Merge(b.m.pending)
	if err != nil {
		return nil, err
	}
	p.Done = func() { b.m.pending = &rules.Set{} }
	return p, nil
}

// run runs a command in a cell.
func (b *binding) run(c launch.Command) (launch.Status, error) {
	if b.Launch == nil {
		return launch.Status{}, kernel.Unsupported(b.Host.Kernel, kernel.CapEnter)
	}
	o := &b.m.options
	if o.Settle != nil {
		if err := o.Settle(); err != nil {
			return launch.Status{}, err
		}
	}
	return b.Launch.Run(context.Background(), c, launch.Files{In: o.Stdin, Out: o.Stdout, Err: o.Stderr})
}

// tell tells hooks what has happened since they were last told, and gives how many events that were.
func (b *binding) tell() int {
	list := b.news()
	for _, e := range list {
		b.Host.Events.Emit(e)
	}
	return len(list)
}

// The kinds of events that are found out by looking, by what is looked at.
var (
	decisionKinds   = []string{host.Denied, host.Granted}
	budgetKinds     = []string{host.NearBudget, host.OverBudget, host.UnderBudget}
	generationKinds = []string{host.Replaced, host.RolledBack}
)

// decided is what a decision of a kind is called.
var decided = map[string]string{host.Denied: "denial", host.Granted: "grant"}

// wanted reports whether a hook waits for one of the kinds.
func (b *binding) wanted(kinds ...string) bool {
	return slices.ContainsFunc(kinds, b.Host.Events.Wanted)
}

// news are the events that nobody was told of: decisions, budgets that are exceeded or not any more, and generations. What keeps
// hooks from being told is reported, and so is what they can't be told of any more.
func (b *binding) news() []host.Event {
	var out []host.Event
	if b.wanted(decisionKinds...) {
		list, lost, err := b.tail.Next()
		b.failed(decisionKinds, err)
		kind := b.first(decisionKinds)
		each := decided[kind]
		for i := range list {
			r := b.Host.Recorded(&list[i])
			if e, ok := watch.Decided(&r); ok {
				out = append(out, e)
			}
		}
		if err == nil && b.tail.Anew() {
			b.report(decisionKinds, diag.Diagnostic{Severity: diag.Warning, Code: diag.EventsLost,
				Message: fmt.Sprintf("hooks for %s must be told of every %s, but the evaluation model was started anew, and what it had recorded since they were last told can't be had any more", kind, each)})
		}
		if lost > 0 {
			b.report(decisionKinds, diag.Diagnostic{Severity: diag.Warning, Code: diag.EventsLost,
				Message: fmt.Sprintf("hooks for %s must be told of every %s, but of the decisions since they were last told %d can't be had any more", kind, each, lost)})
		}
	}
	if b.wanted(generationKinds...) {
		history, err := b.Host.History()
		b.failed(generationKinds, err)
		if err == nil {
			out = append(out, b.generations.Next(history)...)
		}
	}
	if !b.wanted(budgetKinds...) {
		b.budgets = watch.Budgets{} // who comes later is told of all that are exceeded
		return out
	}
	list, err := b.Host.Measures()
	b.failed(budgetKinds, err)
	if err == nil {
		out = append(out, b.budgets.Next(list, b.Host.Kernel.Uptime())...)
	}
	return out
}

// failed reports why hooks for kinds of events can't be told.
func (b *binding) failed(kinds []string, err error) {
	if err == nil || errors.As(err, new(*kernel.UnsupportedError)) {
		return // what can't happen was said when they were subscribed
	}
	for _, d := range diag.Of(err) {
		d.Message = fmt.Sprintf("hooks for %s must be told what happens, but are not: %s", b.first(kinds), d.Message)
		b.report(kinds, d)
	}
}

// first is the first of the kinds that a hook waits for.
func (b *binding) first(kinds []string) string {
	i := slices.IndexFunc(kinds, b.Host.Events.Wanted)
	return kinds[max(i, 0)]
}

// report tells of a problem of the hooks for kinds of events, at the first of them.
func (b *binding) report(kinds []string, d diag.Diagnostic) {
	for _, s := range b.Host.Events.Subscriptions() {
		if slices.Contains(kinds, s.Kind) && d.File == "" {
			d.Span = s.At
		}
	}
	b.m.options.Report(diag.List{d})
}

// failed reports a hook that failed.
func (m *Machine) failed(s *host.Subscription) {
	d := diag.Diagnostic{Span: s.At, Message: s.Failed.Error()}
	if e := (*vm.Error)(nil); errors.As(s.Failed, &e) && e.File != "" {
		d = e.Diagnostic
	} else if e != nil {
		d.Message, d.Hint = e.Message, e.Hint
	}
	d.Severity, d.Code = diag.Warning, diag.HookDropped
	what := "is dropped"
	if s.Active() {
		d.Code, what = diag.HookFailed, "has failed, and is called again the next time"
	}
	d.Message = fmt.Sprintf("the hook for %s %s: %s", s.Kind, what, d.Message)
	m.options.Report(diag.List{d})
}
