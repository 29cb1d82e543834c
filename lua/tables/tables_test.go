package tables

import (
	"reflect"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/vm"
)

// eval gives the value of an expression.
func eval(t *testing.T, m *vm.VM, expression string) lua.LValue {
	t.Helper()
	fn, err := m.Compile("test", "return "+expression)
	if err != nil {
		t.Fatal(err)
	}
	out, err := m.Call(fn)
	if err != nil || len(out) != 1 {
		t.Fatal(out, err)
	}
	return out[0]
}

func TestPlain(t *testing.T) {
	m := vm.New(vm.Options{})
	defer m.Close()
	file := func(v lua.LValue) (any, bool) {
		_, ok := v.(*lua.LUserData)
		return "a file", ok
	}
	for expression, want := range map[string]any{
		"nil":                      nil,
		"true":                     true,
		"1.5":                      1.5,
		"'x'":                      "x",
		"{}":                       []any{},
		"{ 1, 'x', false }":        []any{1.0, "x", false},
		"{ 1, nil, 3 }":            []any{1.0, nil, 3.0},
		"{ pid = 7, x = { 1 } }":   map[string]any{"pid": 7.0, "x": []any{1.0}},
		"{ { a = 1 }, io.stdout }": []any{map[string]any{"a": 1.0}, "a file"},
		"io.stdout":                "a file",
	} {
		if got, err := Plain(eval(t, m, expression), file); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %#v, %v; want %#v", expression, got, err, want)
		}
	}
	for expression, want := range map[string]string{
		"print":             "must be a string, a number, true, false or a table, but is a function",
		"{ a = { print } }": "must be a string, a number, true, false or a table, but is a function",
		"io.stdout":         "must be a string, a number, true, false or a table, but is a userdata",
		"{ 1, 2, x = 3 }":   "must have names as keys or be a list, but is both",
		"{ [1.5] = 1 }":     "must have names as keys or be a list, but has the key 1.5",
		"{ [0] = 1, 2 }":    "must have names as keys or be a list, but has the key 0",
		"{ [true] = 1 }":    "must have names as keys or be a list, but has a boolean as key",
		"{ { { 1 } } }":     "must not be nested so deeply, but is",
		"(function() local t = {} t.t = t return t end)()": "must not be nested so deeply, but is",
	} {
		if got, err := Plain(eval(t, m, expression), nil); err == nil || err.Error() != want {
			t.Errorf("%s is %#v, %v; want %q", expression, got, err, want)
		}
	}
}

// What comes out of Of is what went in, and loops see it in one order.
func TestOf(t *testing.T) {
	m := vm.New(vm.Options{})
	defer m.Close()
	v, err := Of(m.L, map[string]any{"b": 1, "a": []string{"x"}, "d": nil, "c": true, "e": map[string]uint64{"n": 1 << 60}})
	if err != nil {
		t.Fatal(err)
	}
	m.Environment().RawSetString("v", v)
	got := eval(t, m, `(function() local s = "" for k in pairs(v) do s = s .. k end return s .. #v.a .. v.a[1] .. tostring(v.c) .. tostring(v.e.n == 2 ^ 60) end)()`)
	if got != lua.LString("abce1xtruetrue") {
		t.Errorf("%v", got)
	}
	if _, err := Of(m.L, func() {}); err == nil {
		t.Error("a function is no report")
	}
}
