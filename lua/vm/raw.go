package vm

import (
	"math"
	"runtime"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/value"
)

// rawFunctions are those that look past metatables, and at the machine.
func (v *VM) rawFunctions() map[string]lua.LGFunction {
	need := func(L *lua.LState, name string, n int) {
		if L.GetTop() < n {
			v.must(L, n, name, "a value")
		}
	}
	return map[string]lua.LGFunction{
		"rawequal": func(L *lua.LState) int {
			need(L, "rawequal", 1)
			need(L, "rawequal", 2)
			L.Push(lua.LBool(L.RawEqual(L.Get(1), L.Get(2))))
			return 1
		},
		"rawget": func(L *lua.LState) int {
			t := v.tableArg(L, "rawget", 1)
			need(L, "rawget", 2)
			L.Push(t.RawGet(L.Get(2)))
			return 1
		},
		"rawset": func(L *lua.LState) int {
			t, ok := L.Get(1).(*lua.LTable)
			if !ok {
				v.must(L, 1, "rawset", "a table")
			}
			need(L, "rawset", 2)
			need(L, "rawset", 3)
			v.toChange(L, t)
			k := L.Get(2)
			switch n, isNumber := k.(lua.LNumber); {
			case k == lua.LNil:
				v.raise(L, "%s", value.ErrNilKey)
			case isNumber && n != n:
				v.raise(L, "%s", value.ErrNaNKey)
			}
			t.RawSet(k, L.Get(3))
			L.SetTop(1)
			return 1
		},
		"newproxy": v.newProxy,
		"collectgarbage": func(L *lua.LState) int {
			option := "collect"
			if L.GetTop() > 0 && L.Get(1) != lua.LNil {
				option = v.stringArg(L, "collectgarbage", 1)
			}
			result := lua.LValue(lua.LNumber(0))
			switch option {
			case "collect":
				runtime.GC()
			case "step":
				runtime.GC()
				result = lua.LTrue
			case "count":
				result = lua.LNumber(float64(v.meter.heapNow()) / 1024)
			case "stop", "restart":
			case "setpause", "setstepmul":
				// Go's collector has neither; this is what Lua begins with.
				result = lua.LNumber(200)
			default:
				v.must(L, 1, "collectgarbage", `"collect", "step", "count", "stop", "restart", "setpause" or "setstepmul"`)
			}
			L.Push(result)
			return 1
		},
		"gcinfo": func(L *lua.LState) int {
			L.Push(lua.LNumber(math.Floor(float64(v.meter.heapNow()) / 1024)))
			return 1
		},
	}
}

// newProxy makes userdata without a content: with a metatable of its own, with that of another, or with none.
func (v *VM) newProxy(L *lua.LState) int {
	ud := L.NewUserData()
	switch x := L.Get(1).(type) {
	case *lua.LNilType:
	case lua.LBool:
		if x {
			mt := L.NewTable()
			v.proxies[mt] = true
			ud.Metatable = mt
		}
	default:
		var mt *lua.LTable
		if other, ok := x.(*lua.LUserData); ok {
			mt, _ = other.Metatable.(*lua.LTable)
		}
		if !v.proxies[mt] {
			v.must(L, 1, "newproxy", "true, false or what newproxy(true) gave")
		}
		ud.Metatable = mt
	}
	L.Push(ud)
	return 1
}

// environments are the functions that give code other globals.
func (v *VM) environments() map[string]lua.LGFunction {
	// function is the argument, or what runs at the level that it is; nil for level 0, the globals themselves.
	function := func(L *lua.LState, name string) *lua.LFunction {
		x := L.Get(1)
		if fn, ok := x.(*lua.LFunction); ok {
			return fn
		}
		level, ok := number(x)
		if x == lua.LNil && name == "getfenv" {
			level, ok = 1, true
		}
		if !ok {
			v.must(L, 1, name, "a function or a level")
		}
		if level = value.Number(math.Trunc(float64(level))); level == 0 {
			return nil
		}
		if level >= 1 && level <= maxCalls {
			if _, fn, ok := v.frame(L, int(level)); ok && fn != nil {
				return fn
			}
		}
		v.must(L, 1, name, "a function or a level of a function that runs")
		return nil
	}
	return map[string]lua.LGFunction{
		"getfenv": func(L *lua.LState) int {
			fn := function(L, "getfenv")
			if fn == nil || fn.IsG {
				L.Push(v.environment)
			} else {
				L.Push(fn.Env)
			}
			return 1
		},
		"setfenv": func(L *lua.LState) int {
			env, ok := L.Get(2).(*lua.LTable)
			if !ok {
				v.must(L, 2, "setfenv", "a table")
			}
			fn := function(L, "setfenv")
			switch {
			case fn == nil:
				v.environment = env
				return 0
			case fn.IsG:
				v.must(L, 1, "setfenv", "a function written in Lua")
			}
			fn.Env = env
			L.Push(fn)
			return 1
		},
	}
}
