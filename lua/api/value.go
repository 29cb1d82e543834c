package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

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
	L.RaiseError("%s", strings.Join(parts, "; "))
}

// table gives a value of Go as Lua sees it: what it is as JSON, as tables.
func table(L *lua.LState, v any) lua.LValue {
	text, err := json.Marshal(v)
	if err != nil {
		raise(L, err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var plain any
	if err := d.Decode(&plain); err != nil {
		raise(L, err)
	}
	return luaValue(L, plain)
}

func luaValue(L *lua.LState, v any) lua.LValue {
	switch x := v.(type) {
	case bool:
		return lua.LBool(x)
	case string:
		return lua.LString(x)
	case json.Number:
		n, err := x.Float64()
		if err != nil {
			return lua.LString(x.String())
		}
		return lua.LNumber(n)
	case []any:
		t := L.NewTable()
		for i, e := range x {
			t.RawSetInt(i+1, luaValue(L, e))
		}
		return t
	case map[string]any:
		t := L.NewTable()
		for k, e := range x {
			t.RawSetString(k, luaValue(L, e))
		}
		return t
	}
	return lua.LNil
}

// strings makes a list.
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
