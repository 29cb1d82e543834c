package api

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/tables"
	"cellsh/lua/vm"
	"cellsh/policy/diag"
)

// fail raises an error in words, with a hint if there is one.
func fail(L *lua.LState, hint, form string, args ...any) {
	s := fmt.Sprintf(form, args...)
	if hint != "" {
		s += " (" + hint + ")"
	}
	L.RaiseError("%s", s)
}

// maxRaised is how many problems an error shows.
const maxRaised = 5

// raise raises an error of Go.
func raise(L *lua.LState, err error) {
	var parts []string
	more := 0
	for _, d := range diag.Of(err) {
		if d.Severity != diag.Error {
			continue
		}
		if len(parts) == maxRaised {
			more++
			continue
		}
		s := d.Message
		if d.File != "" {
			s = d.Span.String() + ": " + s
		}
		if d.Hint != "" {
			s += " (" + d.Hint + ")"
		}
		parts = append(parts, s)
	}
	if more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	vm.Raise(L, strings.Join(parts, "; "), err)
}

// table gives a report as Lua sees it: what it is as JSON, as tables.
func table(L *lua.LState, report any) lua.LValue {
	t, err := tables.Of(L, report)
	if err != nil {
		raise(L, err)
	}
	return t
}

// stringList makes a list.
func stringList(L *lua.LState, list []string) *lua.LTable {
	t := L.NewTable()
	for i, s := range list {
		t.RawSetInt(i+1, lua.LString(s))
	}
	return t
}

// values makes a list of Go values of which each becomes a Lua value.
func values[T any](L *lua.LState, list []T, value func(T) lua.LValue) *lua.LTable {
	t := L.NewTable()
	for i, x := range list {
		t.RawSetInt(i+1, value(x))
	}
	return t
}
