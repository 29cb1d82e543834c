package api

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"cellsh/kernel"
	"cellsh/lua/engine"
	"cellsh/lua/vm"
	"cellsh/policy"
	"cellsh/policy/diag"
)

// hookInstructions is what one call of a hook may take.
const hookInstructions = 1_000_000

func hookEntries() []*Entry {
	return []*Entry{
		{Name: "cell.on", Returns: "subscription", Params: []Param{
			{"event", "string", "\"create\", \"destroy\", \"deny\" or \"over-budget\"", false},
			{"hook", "function", "is called with a table", false},
		}, Doc: `Calls a function whenever something happens to a cell, from now on until the session or script ends. The table has event,
cell and id; for deny also what kernel.events tells of the decision; for over-budget also budget, use, limit and policy.
Each call may take a million instructions; a hook that takes more, or raises an error, is dropped and reported. Denials are
told after the statement during which they happened, what hooks do is told after they have ended.`,
			Example: `local s = cell.on("create", function(e) print("made", e.cell) end)
cell.create{ name = "web-1", root = "/cells/web-1" }
s:cancel()
cell.create{ name = "web-2", root = "/cells/web-2" }
--> made	web-1`, call: onEvent},
		{Name: "cell.hooks", Returns: "subscription[]", Doc: "Lists the hooks that wait for events.",
			Example: `cell.on("deny", function() end)
print(#cell.hooks(), cell.hooks()[1])
--> 1	hook for deny`, call: func(a *API, L *lua.LState) int {
				L.Push(values(L, a.Host.Events.Subscriptions(), func(s *engine.Subscription) lua.LValue { return a.object(L, s) }))
				return 1
			}},
		{Name: "subscription:cancel", Kind: Method, Doc: "Ends the subscription; the hook is not called any more.",
			Example: `local s = cell.on("deny", print)
s:cancel()
print(#cell.hooks())
--> 0`, call: func(a *API, L *lua.LState) int {
				receiver[*engine.Subscription](L, "subscription:cancel").Cancel()
				return 0
			}},
	}
}

func onEvent(a *API, L *lua.LState) int {
	kind := L.CheckString(1)
	if !slices.Contains(engine.EventKinds, kind) {
		fail(L, diag.DidYouMean(kind, engine.EventKinds), "an event must be one of %s, but is %q", strings.Join(engine.EventKinds, ", "), kind)
	}
	fn := L.CheckFunction(2)
	if kind == "deny" {
		a.skipEvents()
	}
	s := a.Host.Events.On(kind, func(e engine.Event) error {
		_, err := a.VM.CallWithin(hookInstructions, fn, eventTable(a.VM.L, e))
		return err
	})
	L.Push(a.object(L, s))
	return 1
}

func eventTable(L *lua.LState, e engine.Event) lua.LValue {
	t := L.NewTable()
	if e.Decision != nil {
		t = table(L, engine.EventReport(e.Decision)).(*lua.LTable)
	}
	if e.Excess != nil {
		t = table(L, e.Excess).(*lua.LTable)
	}
	t.RawSetString("event", lua.LString(e.Kind))
	t.RawSetString("cell", lua.LString(e.Cell))
	t.RawSetString("id", lua.LNumber(e.ID))
	return t
}

// dropped reports a hook that failed.
func (a *API) dropped(s *engine.Subscription) {
	var d diag.Diagnostic
	why := s.Failed.Error()
	if e := (*vm.Error)(nil); errors.As(s.Failed, &e) {
		d = e.Diagnostic
		why = e.Message
	}
	d.Severity, d.Code = diag.Warning, diag.HookDropped
	d.Message = fmt.Sprintf("the hook for %s is dropped: %s", s.Kind, why)
	a.Report(diag.List{d})
}

// skipEvents makes hooks for denials begin with what comes now.
func (a *API) skipEvents() {
	if a.Host.Events.Wanted("deny") {
		return
	}
	for _, e := range a.newEvents() {
		a.seen = e.Sequence
	}
}

// newEvents gives the decisions that hooks were not told of. A kernel without the evaluation model has none.
func (a *API) newEvents() []kernel.Event {
	e, err := a.Host.Kernel.Evaluator()
	if err != nil {
		return nil
	}
	list, err := e.Events(a.seen)
	if err != nil {
		return nil
	}
	return list
}

// Dispatch tells hooks what has happened since the last time: denials, and budgets that are exceeded. It is called
// after every statement.
func (a *API) Dispatch() {
	if a.Host.Events.Wanted("deny") {
		list := a.newEvents()
		for i := range list {
			e := &list[i]
			a.seen = e.Sequence
			if e.Result == policy.Deny {
				a.Host.Events.Emit(engine.Event{Kind: "deny", Cell: e.Name, ID: e.Cell, Decision: e})
			}
		}
	}
	if err := a.Host.WatchBudgets(); err != nil {
		a.Report(engine.Problem(err))
	}
}
