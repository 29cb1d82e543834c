package api

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"cellsh/kernel"
	"cellsh/kernel/host"
	"cellsh/kernel/watch"
	"cellsh/lua/vm"
	"cellsh/policy/diag"
)

// hookInstructions is what one call of a hook may take.
const hookInstructions = 1_000_000

func hookEntries() []*Entry {
	return []*Entry{
		{Name: "cell.on", Returns: "subscription", Params: []Param{
			{"event", "string", hookKinds(), false},
			{"hook", "function", "is called with a table", false},
		}, Doc: `Calls a function whenever something happens to a cell of the kernel that cell belongs to, from now on until the session
or script ends: ` + kindDocs(false) + `. What happens to services only cellsh watch sees, as their monitors go on without
it: ` + kindDocs(true) + `.
The table has event, and of what has to do with a cell, cell and id; for decisions also what kernel.events tells of them, and
count, how many like it there were; for budgets also budget, use, limit and policy; for loads and rollbacks generation, from,
which was active before, of, whose policies it repeats, and files; for services service, state, why, pid, restarts, and for exit
code or signal. Each call may take a million instructions; a hook that takes more, or raises an error, is dropped and reported.
cellsh watch keeps it and calls it again the next time. That a cell is made or destroyed is told at once; all else after each
statement, and after sim.advance, cell:exec and os.execute. What hooks do is told after they have ended.`,
			Example: `local s = cell.on("create", function(e) print("made", e.cell) end)
cell.create{ name = "web-1", root = "/cells/web-1" }
s:cancel()
cell.create{ name = "web-2", root = "/cells/web-2" }
--> made	web-1`, call: onEvent},
		{Name: "cell.hooks", Returns: "subscription[]", Doc: "Lists the hooks that wait for events.",
			Example: `cell.on("deny", function() end)
print(#cell.hooks(), cell.hooks()[1])
--> 1	hook for deny`, call: func(b *binding, L *lua.LState) int {
				L.Push(values(L, b.Host.Events.Subscriptions(), func(s *host.Subscription) lua.LValue { return b.m.object(L, hookRef{b, s}) }))
				return 1
			}},
		{Name: "subscription:cancel", Kind: Method, Doc: "Ends the subscription; the hook is not called any more.",
			Example: `local s = cell.on("deny", print)
s:cancel()
print(#cell.hooks())
--> 0`, call: func(b *binding, L *lua.LState) int {
				receiver[hookRef](L).Cancel()
				return 0
			}},
	}
}

// hookRef is the subscription of a hook as scripts hold it.
type hookRef struct {
	in *binding
	*host.Subscription
}

func (h hookRef) typ() string  { return "subscription" }
func (h hookRef) of() *binding { return h.in }

func onEvent(b *binding, L *lua.LState) int {
	name := L.CheckString(1)
	kind, ok := host.FindKind(name)
	switch {
	case !ok:
		fail(L, diag.DidYouMean(name, host.KindNames()), "an event must be one of %s, but is %q", strings.Join(host.KindNames(), ", "), name)
	case kind.Watched && !b.told():
		fail(L, "put the hook into a file of /etc/cellsh/hooks.d", "hooks for %s must be in a file that cellsh watch runs, because nobody else sees services, but this one is not", name)
	}
	fn := L.CheckFunction(2)
	at := diag.Span{}
	if file, call := b.m.VM.Site(L); call != nil {
		at = file.Span(call)
	}
	if !b.told() {
		b.skip(name, at)
	}
	s := b.Host.Events.On(name, func(e host.Event) error {
		_, err := b.m.VM.CallWithin(hookInstructions, fn, b.eventTable(e))
		if e := (*vm.Error)(nil); errors.As(err, &e) && b.m.VM.Node(fn) == nil {
			e.Span, e.Excerpt = at, "" // what has no place of its own was not called where the event came from
		}
		return err
	})
	s.At = at
	b.use()
	L.Push(b.m.object(L, hookRef{b, s}))
	return 1
}

// told reports whether hooks are told by who has made the machine.
func (b *binding) told() bool { return b == b.m.own && b.m.options.Watched }

// skip makes a hook begin with what comes now. If it will never be called that is said; if the kernel does not tell now, it is said
// when it should be.
func (b *binding) skip(kind string, at diag.Span) {
	switch {
	case slices.Contains(decisionKinds, kind) && !b.wanted(decisionKinds...):
		if err := b.tail.Skip(); errors.As(err, new(*kernel.UnsupportedError)) {
			b.m.options.Report(diag.List{{Span: at, Severity: diag.Warning, Code: diag.KernelUnsupported,
				Message: fmt.Sprintf("hooks for %s must be told of %ss, but there will be none: %s", kind, decided[kind], err)}})
		}
	case slices.Contains(generationKinds, kind) && !b.wanted(generationKinds...):
		b.generations = watch.Generations{}
		if history, err := b.Host.History(); err == nil {
			b.generations.Next(history)
		}
	}
}

// hookKinds are the kinds of events as a parameter has them.
func hookKinds() string {
	var names []string
	for _, name := range host.KindNames() {
		names = append(names, strconv.Quote(name))
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// kindDocs says when events happen: those that only cellsh watch sees, or the others.
func kindDocs(watched bool) string {
	var parts []string
	for _, k := range host.Kinds {
		if k.Watched == watched {
			parts = append(parts, k.Name+": "+k.Doc)
		}
	}
	return strings.Join(parts, "; ")
}

func (b *binding) eventTable(e host.Event) lua.LValue {
	L := b.m.VM.L
	t := L.NewTable()
	switch {
	case e.Decision != nil:
		t = table(L, e.Decision.Report()).(*lua.LTable)
		t.RawSetString("count", lua.LNumber(e.Count))
	case e.Excess != nil:
		t = table(L, e.Excess).(*lua.LTable)
	case e.Change != nil:
		t = table(L, e.Change).(*lua.LTable)
	case e.Service != nil:
		t = table(L, e.Service).(*lua.LTable)
	}
	t.RawSetString("event", lua.LString(e.Kind))
	if e.Change == nil {
		t.RawSetString("cell", lua.LString(e.Cell))
		t.RawSetString("id", lua.LNumber(e.ID))
	}
	return t
}
