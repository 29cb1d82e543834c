package vm

import (
	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/system"
	"cellsh/lua/value"
)

// fileHandle is a file as Lua has it: the same userdata every time.
func (v *VM) fileHandle(f *system.File) *lua.LUserData {
	if ud, ok := f.Handle.(*lua.LUserData); ok {
		return ud
	}
	ud := v.L.NewUserData()
	ud.Value = f
	mt := v.fileMeta
	if mt == nil {
		mt = v.L.NewTable()
		mt.RawSetString("__index", v.fileMethods)
		mt.RawSetString("__tostring", v.fileMethods.RawGetString("__tostring"))
		v.fileMethods.RawSetString("__tostring", lua.LNil)
		v.fileMeta = mt
	}
	ud.Metatable = mt
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
