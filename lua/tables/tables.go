package tables

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"cellsh/policy"
)

// Question reads a question from a table with the keys of a line of decide, target with a table among them. The keys in
// skip are left alone. All that is wrong is joined in the error.
func Question(t *lua.LTable, skip ...string) (*policy.Question, error) {
	q := &policy.Question{}
	var errs policy.Errors
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		key, ok := k.(lua.LString)
		if !ok {
			errs.Add(fmt.Errorf("a question must have names as keys, but has %s", k))
			continue
		}
		if slices.Contains(skip, string(key)) {
			continue
		}
		value, err := Plain(v, nil)
		if err != nil {
			errs.Add(fmt.Errorf("%s %w", key, err))
			continue
		}
		errs.Add(q.Set(string(key), value))
	}
	errs.Add(q.Done())
	return q, errs.Err()
}

// Plain gives a value of Lua as plain Go: nil, a bool, a float64, a string, a list []any, or a map[string]any for a table
// with names as keys; an empty table is a list. Tables lie within each other at most twice. Other values are those of the
// function, which may be nil. The error is the end of a sentence that begins with what the value is of, "must be ..., but
// is ...".
func Plain(v lua.LValue, other func(lua.LValue) (any, bool)) (any, error) { return plain(v, other, 0) }

// maxDepth is how deep tables lie within each other.
const maxDepth = 2

func plain(v lua.LValue, other func(lua.LValue) (any, bool), depth int) (any, error) {
	switch x := v.(type) {
	case *lua.LNilType:
		return nil, nil
	case lua.LBool:
		return bool(x), nil
	case lua.LNumber:
		return float64(x), nil
	case lua.LString:
		return string(x), nil
	case *lua.LTable:
		if depth == maxDepth {
			return nil, errors.New("must not be nested so deeply, but is")
		}
		list := make([]any, x.MaxN())
		members := map[string]any{}
		for k, e := x.Next(lua.LNil); k != lua.LNil; k, e = x.Next(k) {
			value, err := plain(e, other, depth+1)
			if err != nil {
				return nil, err
			}
			switch key := k.(type) {
			case lua.LString:
				members[string(key)] = value
			case lua.LNumber:
				if i := int(key); lua.LNumber(i) == key && i >= 1 && i <= len(list) {
					list[i-1] = value
					continue
				}
				return nil, fmt.Errorf("must have names as keys or be a list, but has the key %s", k)
			default:
				return nil, fmt.Errorf("must have names as keys or be a list, but has a %s as key", k.Type())
			}
		}
		switch {
		case len(members) == 0:
			return list, nil
		case len(list) == 0:
			return members, nil
		}
		return nil, errors.New("must have names as keys or be a list, but is both")
	}
	if other != nil {
		if value, ok := other(v); ok {
			return value, nil
		}
	}
	return nil, fmt.Errorf("must be a string, a number, true, false or a table, but is a %s", v.Type())
}

// Of gives a value of Go as Lua sees it: what it is as JSON, as tables. Loops see the members of an object in the order of
// their names. The error says why it can't be written as JSON.
func Of(L *lua.LState, v any) (lua.LValue, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var members any
	if err := d.Decode(&members); err != nil {
		return nil, err
	}
	return ofJSON(L, members), nil
}

func ofJSON(L *lua.LState, v any) lua.LValue {
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
			t.RawSetInt(i+1, ofJSON(L, e))
		}
		return t
	case map[string]any:
		t := L.NewTable()
		for _, k := range slices.Sorted(maps.Keys(x)) {
			t.RawSetString(k, ofJSON(L, x[k]))
		}
		return t
	}
	return lua.LNil
}
