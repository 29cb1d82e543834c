package vm

import (
	"maps"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/library"
)

// openSandbox gives the machine the libraries of the levels Policy and Decision.
func (v *VM) openSandbox() {
	v.Define("_VERSION", lua.LString(lua.LuaVersion))
	libraries := v.openLibrary(library.Policy)
	// Only policies print.
	if v.options.Level == Policy {
		v.Define("require", v.Function(Builtin{Name: "require"}, v.require))
	} else {
		delete(libraries[""], "print")
	}
	for _, name := range slices.Sorted(maps.Keys(libraries)) {
		if name == "" {
			for field, f := range libraries[name] {
				v.Define(field, f)
			}
			continue
		}
		real := v.L.NewTable()
		// In a fixed order, which loops over the library see.
		for _, field := range slices.Sorted(maps.Keys(libraries[name])) {
			real.RawSetString(field, libraries[name][field])
		}
		for _, constant := range slices.Sorted(maps.Keys(library.Constants)) {
			if field, ok := strings.CutPrefix(constant, name+"."); ok {
				real.RawSetString(field, FromPlain(library.Constants[constant]))
			}
		}
		v.Define(name, v.Protect(name, real))
	}
	// Methods of strings. The metatable itself can be neither seen nor changed.
	v.openStrings(v.base.RawGetString("string")).RawSetString("__metatable", lua.LFalse)
}

// protection is what a table that can't be changed stands for, in its metatable.
type protection struct {
	real *lua.LTable
	name string
}

// protectionKey is where a metatable has it. Code gets such metatables only from debug.
const protectionKey = "__protection"

// protectionOf is nil for a table that can be changed.
func protectionOf(t *lua.LTable) *protection {
	mt, ok := t.Metatable.(*lua.LTable)
	if !ok {
		return nil
	}
	ud, ok := mt.RawGetString(protectionKey).(*lua.LUserData)
	if !ok {
		return nil
	}
	p, _ := ud.Value.(*protection)
	return p
}

// Protect gives a table that reads as t does and can't be written.
func (v *VM) Protect(name string, t *lua.LTable) *lua.LTable {
	proxy, mt := v.L.NewTable(), v.L.NewTable()
	mt.RawSetString("__index", t)
	mt.RawSetString("__newindex", v.L.NewFunction(func(L *lua.LState) int {
		v.raise(L, "%s", unchangeable(name))
		return 0
	}))
	mt.RawSetString("__metatable", lua.LFalse)
	ud := v.L.NewUserData()
	ud.Value = &protection{t, name}
	mt.RawSetString(protectionKey, ud)
	proxy.Metatable = mt
	return proxy
}

func (v *VM) require(L *lua.LState) int {
	name := v.stringArg(L, "require", 1)
	if !library.ModuleName(name) {
		v.raise(L, "a module's name must consist of a-z, 0-9 and _, but is %q", name)
	}
	if value, ok := v.modules[name]; ok {
		if value == nil {
			v.raise(L, "module %s must not need itself, but does", name)
		}
		L.Push(value)
		return 1
	}
	if v.options.Require == nil {
		v.raise(L, "module %s must lie beside the policy file, but there is no file", name)
	}
	file, err := v.options.Require(name)
	if err != nil {
		v.raise(L, "%s", err)
	}
	fn, err := v.CompileTree(v.NewEnvironment(), file)
	if err != nil {
		v.raise(L, "module %s: %s", name, err)
	}
	v.modules[name] = nil
	defer func() {
		// It raised an error.
		if v.modules[name] == nil {
			delete(v.modules, name)
		}
	}()
	L.Push(fn)
	L.Push(lua.LString(name))
	L.Call(1, 1)
	value := L.Get(-1)
	if value == lua.LNil {
		value = lua.LTrue
	}
	v.modules[name] = value
	L.Push(value)
	return 1
}
