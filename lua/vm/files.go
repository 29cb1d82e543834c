package vm

import (
	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/system"
	"cellsh/lua/value"
)

// openFiles gives files their methods.
func (v *VM) openFiles(methods *lua.LTable) {
	v.fileMeta = v.L.NewTable()
	v.fileMeta.RawSetString("__index", methods)
	v.fileMeta.RawSetString("__tostring", methods.RawGetString("__tostring"))
	methods.RawSetString("__tostring", lua.LNil)
}

// fileHandle is a file as Lua has it: the same userdata every time.
func (v *VM) fileHandle(f *system.File) *lua.LUserData {
	if ud, ok := f.Handle.(*lua.LUserData); ok {
		return ud
	}
	ud := v.L.NewUserData()
	ud.Value = f
	ud.Metatable = v.fileMeta
	f.Handle = ud
	return ud
}

// fileFunctions are those that give functions.
func (v *VM) fileFunctions() map[string]lua.LGFunction {
	lines := func(method bool) lua.LGFunction {
		return func(L *lua.LState) int {
			c := &libraryCall{v, L}
			lines, err := v.system.Lines(c, c.args(), method)
			if err != nil {
				v.raise(L, "%s", err)
			}
			L.Push(v.L.NewFunction(func(L *lua.LState) int {
				c := &libraryCall{v, L}
				x, err := lines.Next(c)
				if err != nil {
					v.raise(L, "%s", err)
				}
				if (x == value.Nil{}) {
					return 0
				}
				return c.give([]value.Value{x}, nil)
			}))
			return 1
		}
	}
	return map[string]lua.LGFunction{"io.lines": lines(false), "file.lines": lines(true)}
}
