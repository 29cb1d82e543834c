package api

import (
	"fmt"
	"slices"
	"sort"

	lua "github.com/yuin/gopher-lua"

	"cellsh/kernel/host"
	"cellsh/lua/system"
	"cellsh/lua/vm"
	"cellsh/policy/diag"
)

// object makes an object: its methods and properties are the entries of its type.
func (a *API) object(L *lua.LState, value any) *lua.LUserData {
	typ := typeOf(value)
	mt, ok := a.types[typ]
	if !ok {
		mt = a.metatable(L, typ)
		a.types[typ] = mt
	}
	ud := L.NewUserData()
	ud.Value, ud.Metatable = value, mt
	return ud
}

// typeOf is the type's name in the table, "" for no object.
func typeOf(v any) string {
	switch v.(type) {
	case cellRef:
		return "cell"
	case processRef:
		return "process"
	case *host.Subscription:
		return "subscription"
	}
	return ""
}

func (a *API) metatable(L *lua.LState, typ string) *lua.LTable {
	methods := map[string]lua.LValue{}
	properties := map[string]*Entry{}
	for _, e := range Entries() {
		owner, name := e.split()
		if owner != typ {
			continue
		}
		switch e.Kind {
		case Method:
			methods[name] = a.function(e)
		case Property:
			properties[name] = e
		}
	}
	set := func(name string, fn lua.LGFunction) *lua.LFunction {
		return a.VM.Function(vm.Builtin{Name: typ + " " + name}, fn)
	}
	mt := L.NewTable()
	mt.RawSetString("__index", set("index", func(L *lua.LState) int {
		name := L.Get(2).String()
		if m, ok := methods[name]; ok {
			L.Push(m)
			return 1
		}
		if p, ok := properties[name]; ok {
			return p.call(a, L)
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
		if owner, name := e.split(); owner == typ && slices.Contains(kinds, e.Kind) {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return slices.Compact(names)
}

// MemberNames lists what can follow a dot or colon after a value: the methods and fields of an object, or nil.
func MemberNames(v lua.LValue) []string {
	ud, ok := v.(*lua.LUserData)
	if !ok || typeOf(ud.Value) == "" {
		return nil
	}
	return members(typeOf(ud.Value))
}

// MethodNames lists what can follow a colon after a value: the methods of an object, or nil.
func MethodNames(v lua.LValue) []string {
	ud, ok := v.(*lua.LUserData)
	if !ok || typeOf(ud.Value) == "" {
		return nil
	}
	return membersOf(typeOf(ud.Value), Method)
}

// Text says what an object is, as print would; false for values that are none.
func Text(v lua.LValue) (string, bool) {
	ud, ok := v.(*lua.LUserData)
	if !ok {
		return "", false
	}
	if f, ok := ud.Value.(*system.File); ok {
		text, _ := f.Text()
		return text, true
	}
	if typeOf(ud.Value) == "" {
		return "", false
	}
	return fmt.Sprint(ud.Value), true
}

// receiver is the object that a method or property is used on.
func receiver[T any](L *lua.LState, e string) T {
	if ud, ok := L.Get(1).(*lua.LUserData); ok {
		if v, ok := ud.Value.(T); ok {
			return v
		}
	}
	var none T
	_, name := (&Entry{Name: e}).split()
	fail(L, "write x:"+name+"(...), with a colon", "%s must be called on a %s, but is called on a %s", name, typeOf(none), L.Get(1).Type())
	return none
}

// property makes an entry for a field of an object.
func property[T any](name, typ, doc, example string, get func(a *API, L *lua.LState, v T) lua.LValue) *Entry {
	return &Entry{Name: name, Kind: Property, Returns: typ, Doc: doc, Example: example, call: func(a *API, L *lua.LState) int {
		L.Push(get(a, L, receiver[T](L, name)))
		return 1
	}}
}
