package vm

import (
	"math"
	"math/rand/v2"
	"runtime"
	"strconv"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/library"
	"cellsh/lua/value"
)

// openRest replaces those of gopher-lua's functions for sessions that do something else than PUC Lua's: rawset gave nothing,
// collectgarbage knew no memory, math.random failed where there is no number to choose, and files got numbers in
// another form than tostring's.
func (v *VM) openRest(global *lua.LTable) {
	global.RawSetString("rawset", v.Function(Builtin{Name: "rawset"}, func(L *lua.LState) int {
		a := v.arguments(L, "rawset")
		a.Array(1)
		a.Any(2)
		a.Any(3)
		v.check(L, a)
		if err := (&libraryCall{v, L}).changeable(L.Get(1)); err != nil {
			v.raise(L, "%s", err)
		}
		if k := L.Get(2); k == lua.LNil {
			v.raise(L, "%s", value.ErrNilKey)
		} else if n, ok := k.(lua.LNumber); ok && n != n {
			v.raise(L, "%s", value.ErrNaNKey)
		}
		L.Get(1).(*lua.LTable).RawSet(L.Get(2), L.Get(3))
		L.SetTop(1)
		return 1
	}))
	global.RawSetString("collectgarbage", v.Function(Builtin{Name: "collectgarbage"}, func(L *lua.LState) int {
		a := v.arguments(L, "collectgarbage")
		what := a.OptString(1, "collect")
		v.check(L, a)
		switch what {
		case "count":
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			L.Push(lua.LNumber(float64(m.HeapAlloc) / 1024))
		case "collect", "step":
			runtime.GC()
			if what == "step" {
				L.Push(lua.LTrue)
			} else {
				L.Push(lua.LNumber(0))
			}
		default:
			a.Wrong(1, `"collect", "step" or "count"`, "is the string "+strconv.Quote(what))
			v.check(L, a)
		}
		return 1
	}))
	v.openRandom()
	v.openWrite(global)
}

// arguments are those of the running function, as the library reads them.
func (v *VM) arguments(L *lua.LState, function string) *library.Args {
	c := &libraryCall{v, L}
	return library.NewArgs(function, c, c.args())
}

// check raises what is wrong with arguments.
func (v *VM) check(L *lua.LState, a *library.Args) {
	if err := a.Err(); err != nil {
		v.raise(L, "%s", err)
	}
}

// openRandom gives the machine random numbers of its own.
func (v *VM) openRandom() {
	source := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	v.setField("math", "random", func(L *lua.LState) int {
		if L.GetTop() == 0 {
			L.Push(lua.LNumber(source.Float64()))
			return 1
		}
		a := v.arguments(L, "math.random")
		low, high, last := 1, a.Integer(1), 1
		if L.GetTop() > 1 {
			low, high, last = high, a.Integer(2), 2
		}
		if high < low {
			a.Fail("argument %d of math.random must be at least %d, but is %d", last, low, high)
		}
		v.check(L, a)
		L.Push(lua.LNumber(math.Floor(source.Float64()*float64(high-low+1))) + lua.LNumber(low))
		return 1
	})
	v.setField("math", "randomseed", func(L *lua.LState) int {
		a := v.arguments(L, "math.randomseed")
		seed := a.Integer(1)
		v.check(L, a)
		source = rand.New(rand.NewPCG(uint64(seed), 0))
		return 0
	})
}

// openWrite makes io.write and the method write of files write numbers as tostring shows them.
func (v *VM) openWrite(global *lua.LTable) {
	write := func(t *lua.LTable, name string) {
		original := t.RawGetString("write")
		t.RawSetString("write", v.Function(Builtin{Name: name}, func(L *lua.LState) int {
			n := L.GetTop()
			L.Insert(original, 1)
			for i := 2; i <= n+1; i++ {
				if x, ok := L.Get(i).(lua.LNumber); ok {
					L.Replace(i, lua.LString(plainText(x)))
				}
			}
			L.Call(n, lua.MultRet)
			return L.GetTop()
		}))
	}
	write(global.RawGetString("io").(*lua.LTable), "io.write")
	write(v.L.GetTypeMetatable("FILE*").(*lua.LTable), "file:write")
}
