package vm

import (
	"errors"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/library"
	"cellsh/lua/system"
	"cellsh/lua/value"
)

// What package library takes and gives are values of package value. Those that it only hands on stay what they are.

// Plain is nil, a boolean, a number or a string as a value of package value; nil for other values.
func Plain(x lua.LValue) value.Value {
	switch x := x.(type) {
	case *lua.LNilType:
		return value.Nil{}
	case lua.LBool:
		return value.Bool(x)
	case lua.LNumber:
		return value.Number(x)
	case lua.LString:
		return value.String(x)
	}
	return nil
}

// FromPlain is the way back: a boolean, a number or a string, and nil for everything else.
func FromPlain(x value.Value) lua.LValue {
	switch x := x.(type) {
	case value.Bool:
		return lua.LBool(x)
	case value.Number:
		return lua.LNumber(x)
	case value.String:
		return lua.LString(x)
	}
	return lua.LNil
}

// foreign is a value that the library looks at only by its type and text.
type foreign struct {
	call  *libraryCall
	value lua.LValue
}

// Type is the value's.
func (f *foreign) Type() value.Type { return typeOf(f.value) }

// Text is what tostring gives.
func (f *foreign) Text() (string, error) { return f.call.v.tostring(f.call.L, f.value), nil }

// array is a table, whose elements the library looks at.
type array struct {
	foreign
	table *lua.LTable
}

// Len is what # gives.
func (a *array) Len() int { return a.table.Len() }

// At is an element.
func (a *array) At(i int) value.Value { return a.call.in(a.table.RawGet(lua.LNumber(i))) }

// Lookup is a field, with metamethods.
func (a *array) Lookup(name string) (value.Value, error) {
	return a.call.in(a.call.L.GetField(a.value, name)), nil
}

// Put assigns to an element. A library can't be changed.
func (a *array) Put(i int, x value.Value) error {
	if err := a.call.changeable(a.value); err != nil {
		return err
	}
	if err := a.call.take(growth(a.table.MaxN(), lua.LNumber(i))); err != nil {
		return err
	}
	a.table.RawSet(lua.LNumber(i), a.call.out(x))
	return nil
}

// MaxN is the highest numeric key.
func (a *array) MaxN() float64 {
	highest := float64(a.table.MaxN())
	for k, _ := a.table.Next(lua.LNil); k != lua.LNil; k, _ = a.table.Next(k) {
		if n, ok := k.(lua.LNumber); ok {
			highest = max(highest, float64(n))
		}
	}
	return highest
}

// libraryCall is a call of a function of the library: its meter, and the way of values there and back.
type libraryCall struct {
	v *VM
	L *lua.LState
}

// Work counts instructions.
func (c *libraryCall) Work(instructions int) error {
	if f := c.v.meter.spend(instructions); f != nil {
		return f
	}
	return nil
}

// Grow counts the bytes of a result.
func (c *libraryCall) Grow(what string, bytes int) error {
	if err := c.v.tooLong(what, bytes); err != nil {
		return err
	}
	return c.take(int64(bytes) + 16)
}

func (c *libraryCall) take(bytes int64) error {
	if f := c.v.meter.reserve(bytes); f != nil {
		return f
	}
	return nil
}

func (c *libraryCall) changeable(x lua.LValue) error {
	if t, ok := x.(*lua.LTable); ok {
		if p := protectionOf(t); p != nil {
			return unchangeable(p.name)
		}
	}
	return nil
}

// in makes a value for the library.
func (c *libraryCall) in(x lua.LValue) value.Value {
	if p := Plain(x); p != nil {
		return p
	}
	if t, ok := x.(*lua.LTable); ok {
		if p := protectionOf(t); p != nil {
			t = p.real
		}
		return &array{foreign{c, x}, t}
	}
	if ud, ok := x.(*lua.LUserData); ok {
		if f, ok := ud.Value.(*system.File); ok {
			return f
		}
	}
	return &foreign{c, x}
}

// out makes a value of Lua of one that the library gives.
func (c *libraryCall) out(x value.Value) lua.LValue {
	switch x := x.(type) {
	case *array:
		return x.value
	case *foreign:
		return x.value
	case *value.Table:
		// A new one, of plain values.
		t := c.L.NewTable()
		for k, e := range x.Pairs {
			t.RawSet(c.out(k), c.out(e))
		}
		return t
	case *system.File:
		return c.v.fileHandle(x)
	}
	return FromPlain(x)
}

// args are the arguments of the running function.
func (c *libraryCall) args() []value.Value {
	args := make([]value.Value, c.L.GetTop())
	for i := range args {
		args[i] = c.in(c.L.Get(i + 1))
	}
	return args
}

// give pushes what a function of the library gives, or raises its error.
func (c *libraryCall) give(results []value.Value, err error) int {
	if err != nil {
		Raise(c.L, err.Error(), err)
	}
	for _, x := range results {
		c.L.Push(c.out(x))
	}
	return len(results)
}

// libraryFunction is a function of the library as one of Lua.
func (v *VM) libraryFunction(f *library.Function) lua.LGFunction {
	return func(L *lua.LState) int {
		c := &libraryCall{v, L}
		return c.give(f.Call(c, c.args()))
	}
}

// withoutTostring is a function of the library that refuses values with __tostring behind its first argument.
func (v *VM) withoutTostring(fn lua.LGFunction) lua.LGFunction {
	return func(L *lua.LState) int {
		for i := 2; i <= L.GetTop(); i++ {
			if L.GetMetaField(L.Get(i), "__tostring") != lua.LNil {
				v.raise(L, "%s", library.ErrTostring)
			}
		}
		return fn(L)
	}
}

// tableSort is table.sort.
func (v *VM) tableSort(L *lua.LState) int {
	c := &libraryCall{v, L}
	if err := c.changeable(L.Get(1)); err != nil {
		v.raise(L, "%s", err)
	}
	err := library.Sort(c, c.args(), func(f, a, b value.Value) (bool, error) {
		if (f == value.Nil{}) {
			x, y := c.out(a), c.out(b)
			plain := x.Type() == y.Type() && (x.Type() == lua.LTNumber || x.Type() == lua.LTString)
			if less := L.GetMetaField(x, "__lt"); !plain && (less == lua.LNil || !L.RawEqual(less, L.GetMetaField(y, "__lt"))) {
				return false, errors.New(value.CompareText(typeOf(x), typeOf(y)))
			}
			return L.LessThan(x, y), nil
		}
		return lua.LVAsBool(v.call1(L, c.out(f), c.out(a), c.out(b))), nil
	})
	return c.give(nil, err)
}

// stringGsub is string.gsub.
func (v *VM) stringGsub(L *lua.LState) int {
	c := &libraryCall{v, L}
	return c.give(library.Gsub(c, c.args(), func(with value.Value, captures []value.Value) (value.Value, error) {
		fn := c.out(with)
		if _, isTable := fn.(*lua.LTable); isTable {
			return c.in(L.GetTable(fn, c.out(captures[0]))), nil
		}
		args := make([]lua.LValue, len(captures))
		for i, x := range captures {
			args[i] = c.out(x)
		}
		return c.in(v.call1(L, fn, args...)), nil
	}))
}

// stringGmatch is string.gmatch.
func (v *VM) stringGmatch(L *lua.LState) int {
	c := &libraryCall{v, L}
	matches, err := library.Gmatch(c, c.args())
	if err != nil {
		v.raise(L, "%s", err)
	}
	L.Push(v.L.NewFunction(func(L *lua.LState) int {
		c := &libraryCall{v, L}
		return c.give(matches.Next(c))
	}))
	return 1
}
