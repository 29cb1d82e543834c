package api

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"cellsh/kernel"
	"cellsh/kernel/host"
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
				L.Push(values(L, a.Host.Events.Subscriptions(), func(s *host.Subscription) lua.LValue { return a.object(L, s) }))
				return 1
			}},
		{Name: "subscription:cancel", Kind: Method, Doc: "Ends the subscription; the hook is not called any more.",
			Example: `local s = cell.on("deny", print)
s:cancel()
print(#cell.hooks())
--> 0`, call: func(a *API, L *lua.LState) int {
				receiver[*host.Subscription](L, "subscription:cancel").Cancel()
				return 0
			}},
	}
}

func onEvent(a *API, L *lua.LState) int {
	kind := L.CheckString(1)
	if !slices.Contains(host.EventKinds, kind) {
		fail(L, diag.DidYouMean(kind, host.EventKinds), "an event must be one of %s, but is %q", strings.Join(host.EventKinds, ", "), kind)
	}
	fn := L.CheckFunction(2)
	if kind == "deny" {
		a.skipEvents()
	}
	s := a.Host.Events.On(kind, func(e host.Event) error {
		_, err := a.VM.CallWithin(hookInstructions, fn, eventTable(a.VM.L, e))
		return err
	})
	L.Push(a.object(L, s))
	return 1
}

func eventTable(L *lua.LState, e host.Event) lua.LValue {
	t := L.NewTable()
	if e.Decision != nil {
		t = table(L, host.EventReport(e.Decision)).(*lua.LTable)
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
func (a *API) dropped(s *host.Subscription) {
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
	if !a.Host.Events.Wanted("deny") {
		a.told(a.tail.Skip())
	}
}

// told reports what keeps hooks from being told. A kernel without the evaluation model has nothing to tell.
func (a *API) told(err error) {
	if err != nil && !errors.As(err, new(*kernel.UnsupportedError)) {
		a.Report(diag.Of(err))
	}
}

// Dispatch tells hooks what has happened since the last time: denials, and budgets that are exceeded. It is called
// after every statement.
func (a *API) Dispatch() {
	if a.Host.Events.Wanted("deny") {
		list, lost, err := a.tail.Next()
		a.told(err)
		for i := range list {
			if e := &list[i]; e.Result == policy.Deny {
				a.Host.Events.Emit(host.Event{Kind: "deny", Cell: e.Name, ID: e.Cell, Decision: e})
			}
		}
		if lost > 0 {
			a.Report(diag.List{{Severity: diag.Warning, Code: diag.EventsLost,
				Message: fmt.Sprintf("hooks for deny must be told of every denial, but of the decisions since the last statement %d can't be had any more", lost)}})
		}
	}
	a.watchBudgets()
}

// watchBudgets tells hooks of budgets that are exceeded, if any wants to know.
func (a *API) watchBudgets() { a.told(a.Host.WatchBudgets()) }
