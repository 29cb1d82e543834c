package api

import (
	"errors"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"cellsh/kernel"
	"cellsh/kernel/host"
	"cellsh/lua/vm"
	"cellsh/policy/diag"
)

// hookInstructions is what one call of a hook may take.
const hookInstructions = 1_000_000

func hookEntries() []*Entry {
	return []*Entry{
		{Name: "cell.on", Returns: "subscription", Params: []Param{
			{"event", "string", "\"create\", \"destroy\", \"deny\", \"near-budget\", \"over-budget\" or \"under-budget\"", false},
			{"hook", "function", "is called with a table", false},
		}, Doc: `Calls a function whenever something happens to a cell of the kernel that cell belongs to, from now on until the session
or script ends. The table has event, cell and id; for deny also what kernel.events tells of the decision; for budgets of memory
and cpu also budget, use, limit and policy. Over is told when the limit was exceeded for as long as the policy says, near when
the warning was reached that it has, and under when at most nine tenths of the limit were used for that long. Each call may take a million instructions; a hook that takes more, or raises an error, is
dropped and reported. That a cell is made or destroyed is told at once; denials, and budgets that are exceeded, after each
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
	kind := L.CheckString(1)
	if !slices.Contains(host.EventKinds, kind) {
		fail(L, diag.DidYouMean(kind, host.EventKinds), "an event must be one of %s, but is %q", strings.Join(host.EventKinds, ", "), kind)
	}
	fn := L.CheckFunction(2)
	at := diag.Span{}
	if file, call := b.m.VM.Site(L); call != nil {
		at = file.Span(call)
	}
	if kind == host.Denied {
		b.skipDecisions(at)
	}
	s := b.Host.Events.On(kind, func(e host.Event) error {
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

// skipDecisions makes hooks for denials begin with what comes now. If they will never be called that is said; if the kernel
// does not tell now, it is said when they should be.
func (b *binding) skipDecisions(at diag.Span) {
	if b.Host.Events.Wanted(host.Denied) {
		return
	}
	if err := b.tail.Skip(); errors.As(err, new(*kernel.UnsupportedError)) {
		b.m.options.Report(diag.List{{Span: at, Severity: diag.Warning, Code: diag.KernelUnsupported,
			Message: "hooks for deny must be told of denials, but there will be none: " + err.Error()}})
	}
}

func (b *binding) eventTable(e host.Event) lua.LValue {
	L := b.m.VM.L
	t := L.NewTable()
	if e.Decision != nil {
		r := b.Host.Recorded(e.Decision)
		t = table(L, r.Report()).(*lua.LTable)
	}
	if e.Excess != nil {
		t = table(L, e.Excess).(*lua.LTable)
	}
	t.RawSetString("event", lua.LString(e.Kind))
	t.RawSetString("cell", lua.LString(e.Cell))
	t.RawSetString("id", lua.LNumber(e.ID))
	return t
}
