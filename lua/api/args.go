package api

import (
	"fmt"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/tables"
	"cellsh/policy"
	"cellsh/policy/diag"
)

// fields reads the table that a function takes. What is wrong raises an error at once: a call has one line.
type fields struct {
	L    *lua.LState
	e    string
	t    *lua.LTable
	used []string
}

// tableArg gives the table argument n of a function.
func tableArg(L *lua.LState, e string, n int) *fields {
	t, ok := L.Get(n).(*lua.LTable)
	if !ok {
		fail(L, "", "%s must be given a table, but is given %s", e, show(L.Get(n)))
	}
	return &fields{L: L, e: e, t: t}
}

func (f *fields) get(key string) lua.LValue {
	f.used = append(f.used, key)
	return f.t.RawGetString(key)
}

// done refuses keys that nobody asked for.
func (f *fields) done() {
	for k, _ := f.t.Next(lua.LNil); k != lua.LNil; k, _ = f.t.Next(k) {
		if name, ok := k.(lua.LString); !ok || !slices.Contains(f.used, string(name)) {
			fail(f.L, diag.DidYouMean(k.String(), f.used), "a key of %s must be a known one, but is %s", f.e, k)
		}
	}
}

func (f *fields) bad(key, must string, v lua.LValue) {
	fail(f.L, "", "%s of %s must be %s, but is %s", key, f.e, must, show(v))
}

// check raises what is wrong with a key as the function's own error.
func (f *fields) check(err error) {
	if k, ok := err.(*policy.KeyError); ok {
		fail(f.L, k.Hint, "%s of %s %s", k.Key, f.e, k.Text)
	}
}

// plain is the value of a key as plain Go.
func (f *fields) plain(key string, v lua.LValue) any {
	x, err := tables.Plain(v, nil)
	if err != nil {
		fail(f.L, "", "%s of %s %s", key, f.e, err)
	}
	return x
}

func show(v lua.LValue) string {
	if s, ok := v.(lua.LString); ok {
		return fmt.Sprintf("%q", string(s))
	}
	if t := v.Type(); t == lua.LTTable || t == lua.LTFunction || t == lua.LTUserData {
		return "a " + t.String()
	}
	return v.String()
}

// text reads a string; must says that it has to be given.
func (f *fields) text(key string, must bool) string {
	v := f.get(key)
	s, ok := v.(lua.LString)
	if !ok && (must || v != lua.LNil) {
		f.bad(key, "a string", v)
	}
	return string(s)
}

// number reads a whole number between lo and hi; false if it is not given.
func (f *fields) number(key string, lo, hi int64) (int64, bool) {
	v := f.get(key)
	if v == lua.LNil {
		return 0, false
	}
	n, ok := v.(lua.LNumber)
	i := int64(n)
	if !ok || lua.LNumber(i) != n || i < lo || i > hi {
		f.bad(key, fmt.Sprintf("a whole number from %d to %d", lo, hi), v)
	}
	return i, true
}

// listOf reads a list, whose elements one turns into what is wanted. A table that has other keys too is none, so that nothing in
// it is overlooked. The error is the end of a sentence that begins with what the list is.
func listOf[T any](v lua.LValue, must string, one func(any) (T, bool)) ([]T, error) {
	t, ok := v.(*lua.LTable)
	if !ok {
		return nil, fmt.Errorf("must be %s, but is %s", must, show(v))
	}
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		if n, ok := k.(lua.LNumber); !ok || n < 1 || n != lua.LNumber(int(n)) {
			return nil, fmt.Errorf("must be %s, but has the key %s", must, show(k))
		}
	}
	x, err := tables.Plain(t, nil)
	if err != nil {
		return nil, err
	}
	list := x.([]any)
	out := make([]T, len(list))
	for i, e := range list {
		if out[i], ok = one(e); !ok {
			return nil, fmt.Errorf("must be %s, but number %d of them is %s", must, i+1, show(t.RawGetInt(i+1)))
		}
	}
	return out, nil
}

// text is an element of a list of strings.
func text(v any) (string, bool) {
	s, ok := v.(string)
	return s, ok
}

// word is an element of a command; numbers are written as Lua does.
func word(v any) (string, bool) {
	if n, ok := v.(float64); ok {
		return lua.LNumber(n).String(), true
	}
	return text(v)
}

// listField reads a list that is the value of a key, nil if it is not given.
func listField[T any](f *fields, key, must string, one func(any) (T, bool)) []T {
	v := f.get(key)
	if v == lua.LNil {
		return nil
	}
	out, err := listOf(v, must, one)
	if err != nil {
		fail(f.L, "", "%s of %s %s", key, f.e, err)
	}
	return out
}

// numbers reads a list of whole numbers.
func (f *fields) numbers(key string, lo, hi int64) []int64 {
	return listField(f, key, fmt.Sprintf("a list of whole numbers from %d to %d", lo, hi), func(v any) (int64, bool) {
		n, ok := v.(float64)
		k := int64(n)
		return k, ok && float64(k) == n && k >= lo && k <= hi
	})
}

// oneOrMore reads a string or a list of strings.
func (f *fields) oneOrMore(key string) []string {
	if s, ok := f.t.RawGetString(key).(lua.LString); ok {
		f.used = append(f.used, key)
		return []string{string(s)}
	}
	return f.strings(key)
}

// strings reads a list of strings.
func (f *fields) strings(key string) []string { return listField(f, key, "a list of strings", text) }

// flag reads true or false, if it is given.
func (f *fields) flag(key string, to *bool) {
	switch v := f.get(key).(type) {
	case *lua.LNilType:
	case lua.LBool:
		*to = bool(v)
	default:
		f.bad(key, "true or false", v)
	}
}
