package api

import (
	"fmt"
	"slices"
	"sort"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/system"
	"cellsh/lua/vm"
	"cellsh/policy/diag"
)

// object is a value of Go as Lua holds it. It belongs to one kernel, whoever uses it where.
type object interface {
	fmt.Stringer
	// typ is the type's name in the table.
	typ() string
	// of is the kernel that it belongs to.
	of() *binding
}

// object makes an object of Lua: its methods and properties are the entries of its type.
func (m *Machine) object(L *lua.LState, value object) *lua.LUserData {
	mt, ok := m.types[value.typ()]
	if !ok {
		mt = m.metatable(L, value.typ())
		m.types[value.typ()] = mt
	}
	ud := L.NewUserData()
	ud.Value, ud.Metatable = value, mt
	return ud
}

// objectOf is the object that a value is, nil if it is none.
func objectOf(v lua.LValue) object {
	ud, ok := v.(*lua.LUserData)
	if !ok {
		return nil
	}
	x, _ := ud.Value.(object)
	return x
}

func (m *Machine) metatable(L *lua.LState, typ string) *lua.LTable {
	methods := map[string]lua.LValue{}
	properties := map[string]*Entry{}
	for _, e := range Entries() {
		owner, name := e.Split()
		if owner != typ {
			continue
		}
		switch e.Kind {
		case Method:
			methods[name] = m.VM.Function(vm.Builtin{Name: e.Name}, func(L *lua.LState) int { return receive(e, L) })
		case Property:
			properties[name] = e
		}
	}
	set := func(name string, fn lua.LGFunction) *lua.LFunction {
		return m.VM.Function(vm.Builtin{Name: typ + " " + name}, fn)
	}
	mt := L.NewTable()
	mt.RawSetString("__index", set("index", func(L *lua.LState) int {
		name := L.Get(2).String()
		if fn, ok := methods[name]; ok {
			L.Push(fn)
			return 1
		}
		if e, ok := properties[name]; ok {
			return receive(e, L)
		}
		fail(L, diag.DidYouMean(name, members(typ)), "what is asked of a %s must be one of its fields or methods, but is %s", typ, name)
		return 0
	}))
	mt.RawSetString("__newindex", set("newindex", func(L *lua.LState) int {
		fail(L, "", "a %s can't be changed", typ)
		return 0
	}))
	mt.RawSetString("__tostring", set("tostring", func(L *lua.LState) int {
		L.Push(lua.LString(fmt.Sprint(L.CheckUserData(1).Value)))
		return 1
	}))
	mt.RawSetString("__eq", set("eq", func(L *lua.LState) int {
		L.Push(lua.LBool(L.CheckUserData(1).Value == L.CheckUserData(2).Value))
		return 1
	}))
	mt.RawSetString("__metatable", lua.LFalse)
	return mt
}

// members lists the names of fields and methods of a type.
func members(typ string) []string { return membersOf(typ, Method, Property) }

func membersOf(typ string, kinds ...Kind) []string {
	var names []string
	for _, e := range Entries() {
		if owner, name := e.Split(); owner == typ && slices.Contains(kinds, e.Kind) {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return slices.Compact(names)
}

// MemberNames lists what can follow a dot or colon after a value: the methods and fields of an object, or nil.
func MemberNames(v lua.LValue) []string {
	if x := objectOf(v); x != nil {
		return members(x.typ())
	}
	return nil
}

// MethodNames lists what can follow a colon after a value: the methods of an object, or nil.
func MethodNames(v lua.LValue) []string {
	if x := objectOf(v); x != nil {
		return membersOf(x.typ(), Method)
	}
	return nil
}

// TypeName is the type of an object by which help knows what it has, "cell" for example; "" for values that are none.
func TypeName(v lua.LValue) string {
	if x := objectOf(v); x != nil {
		return x.typ()
	}
	return ""
}

// Text says what an object is, as print would; false for values that are none.
func Text(v lua.LValue) (string, bool) {
	if x := objectOf(v); x != nil {
		return x.String(), true
	}
	if ud, ok := v.(*lua.LUserData); ok {
		if f, ok := ud.Value.(*system.File); ok {
			text, _ := f.Text()
			return text, true
		}
	}
	return "", false
}

// receive calls a method or property on the object that is the first argument, in the kernel that the object belongs to.
func receive(e *Entry, L *lua.LState) int {
	typ, name := e.Split()
	x := objectOf(L.Get(1))
	if x == nil || x.typ() != typ {
		fail(L, "write x:"+name+"(...), with a colon", "%s must be called on a %s, but is called on a %s", name, typ, L.Get(1).Type())
	}
	return x.of().call(e, L)
}

// receiver is the object that a method or property is used on.
func receiver[T object](L *lua.LState) T { return objectOf(L.Get(1)).(T) }

// property makes an entry for a field of an object.
func property[T object](name, typ, doc, example string, get func(L *lua.LState, v T) lua.LValue) *Entry {
	return &Entry{Name: name, Kind: Property, Returns: typ, Doc: doc, Example: example, call: func(_ *binding, L *lua.LState) int {
		L.Push(get(L, receiver[T](L)))
		return 1
	}}
}
