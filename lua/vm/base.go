package vm

import (
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// openBase defines the basic functions of the sandbox. Those that only call others (pcall) are not pure: what
// they call may not be.
func (v *VM) openBase() {
	define := func(name string, pure bool, f function) *lua.LFunction {
		fn := v.Function(Builtin{Name: name, Pure: pure}, func(L *lua.LState) int { return f(v, L) })
		v.Define(name, fn)
		return fn
	}
	define("assert", true, baseAssert)
	define("error", true, func(_ *VM, L *lua.LState) int {
		L.Error(L.Get(1), optInt(L, 2, 1))
		return 0
	})
	define("type", true, func(_ *VM, L *lua.LState) int {
		L.Push(lua.LString(L.CheckAny(1).Type().String()))
		return 1
	})
	define("tostring", true, func(v *VM, L *lua.LState) int {
		L.Push(lua.LString(v.tostring(L, L.CheckAny(1))))
		return 1
	})
	define("tonumber", true, baseToNumber)
	define("select", true, baseSelect)
	define("unpack", true, baseUnpack)
	define("getmetatable", true, baseGetMetatable)
	define("setmetatable", false, baseSetMetatable)
	define("pcall", false, basePCall)
	define("xpcall", false, baseXPCall)
	next := define("next", true, func(v *VM, L *lua.LState) int { return v.next(L, v.tableArg(L, 1)) })
	define("pairs", true, func(v *VM, L *lua.LState) int {
		// The loop gets what it gave, and not the table behind a library, which it could change.
		L.Push(next)
		L.Push(L.CheckTable(1))
		L.Push(lua.LNil)
		return 3
	})
	step := v.ipairsStep()
	define("ipairs", true, func(v *VM, L *lua.LState) int {
		L.Push(step)
		L.Push(L.CheckTable(1))
		L.Push(lua.LNumber(0))
		return 3
	})
}

// ipairsStep makes the function that ipairs gives to loops.
func (v *VM) ipairsStep() *lua.LFunction {
	return v.Function(Builtin{Name: IpairsStep, Pure: true}, func(L *lua.LState) int {
		i := intArg(L, 2) + 1
		value := v.tableArg(L, 1).RawGetInt(i)
		if value == lua.LNil {
			L.Push(lua.LNil)
			return 1
		}
		L.Push(lua.LNumber(i))
		L.Push(value)
		return 2
	})
}

// intArg is an argument that must be a number, without its fraction. What is beyond the integers that numbers hold
// exactly is cut to them: how Go would convert it depends on the machine.
func intArg(L *lua.LState, n int) int {
	const most = 1 << 53
	x := float64(L.CheckNumber(n))
	if x != x {
		L.ArgError(n, "it must be a number, but is not a number (0/0)")
	}
	return int(max(-most, min(x, most)))
}

// optInt is intArg for an argument that may be absent.
func optInt(L *lua.LState, n, otherwise int) int {
	if L.Get(n) == lua.LNil {
		return otherwise
	}
	return intArg(L, n)
}

// tableArg is an argument that must be a table; of a library, the table behind it.
func (v *VM) tableArg(L *lua.LState, n int) *lua.LTable {
	t := L.CheckTable(n)
	if real, ok := v.readOnly[t]; ok {
		return real
	}
	return t
}

// changeable is an argument that must be a table which may be changed.
func (v *VM) changeable(L *lua.LState, n int) *lua.LTable {
	t := L.CheckTable(n)
	if _, ok := v.readOnly[t]; ok {
		L.RaiseError("a library can't be changed")
	}
	return t
}

func (v *VM) next(L *lua.LState, t *lua.LTable) int {
	key, value := t.Next(L.Get(2))
	L.Push(key)
	if key == lua.LNil {
		return 1
	}
	L.Push(value)
	return 2
}

func baseAssert(v *VM, L *lua.LState) int {
	if !lua.LVAsBool(L.CheckAny(1)) {
		if message := L.Get(2); message != lua.LNil {
			L.Error(message, 1)
		}
		L.RaiseError("assertion failed")
	}
	return L.GetTop()
}

func baseToNumber(_ *VM, L *lua.LState) int {
	var result lua.LValue = lua.LNil
	switch x := L.CheckAny(1).(type) {
	case lua.LNumber:
		result = x
	case lua.LString:
		s := strings.TrimSpace(string(x))
		if base := optInt(L, 2, 10); base != 10 {
			if base < 2 || base > 36 {
				L.ArgError(2, "the base must be 2 to 36")
			}
			if base == 16 {
				s = strings.TrimPrefix(strings.TrimPrefix(s, "0x"), "0X")
			}
			if n, err := strconv.ParseInt(s, base, 64); err == nil && !strings.Contains(s, "_") {
				result = lua.LNumber(n)
			}
		} else if n, ok := ParseNumber(s); ok {
			result = n
		}
	}
	L.Push(result)
	return 1
}

// ParseNumber reads a number as Lua 5.1 writes it: decimal, with fraction and exponent, or hexadecimal.
func ParseNumber(s string) (lua.LNumber, bool) {
	digits := strings.TrimLeft(s, "+-")
	if len(s)-len(digits) > 1 || strings.ContainsAny(s, "_pP") {
		return 0, false
	}
	if len(digits) > 1 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X') {
		n, err := strconv.ParseUint(digits[2:], 16, 64)
		if strings.HasPrefix(s, "-") {
			return -lua.LNumber(n), err == nil
		}
		return lua.LNumber(n), err == nil
	}
	if digits == "" || !(digits[0] == '.' || '0' <= digits[0] && digits[0] <= '9') {
		return 0, false // "inf" and "nan" are no numbers of Lua
	}
	n, err := strconv.ParseFloat(s, 64)
	return lua.LNumber(n), err == nil || math.IsInf(n, 0)
}

func baseSelect(_ *VM, L *lua.LState) int {
	top := L.GetTop()
	if s, ok := L.Get(1).(lua.LString); ok && s == "#" {
		L.Push(lua.LNumber(top - 1))
		return 1
	}
	n := intArg(L, 1)
	if n < 0 {
		n = top + n
	}
	if n < 1 {
		L.ArgError(1, "the index must be within the arguments")
	}
	return max(top-n, 0)
}

// maxUnpack bounds the values that one call takes or gives.
const maxUnpack = 10_000

func baseUnpack(v *VM, L *lua.LState) int {
	t := v.tableArg(L, 1)
	from, to := optInt(L, 2, 1), optInt(L, 3, t.Len())
	if from > to {
		return 0
	}
	if n := to - from + 1; n > maxUnpack || n <= 0 {
		L.RaiseError("unpack must give at most %d values, but would give more", maxUnpack)
	}
	v.meter.take(L, 16*int64(to-from+1))
	for i := from; i <= to; i++ {
		L.Push(t.RawGetInt(i))
	}
	return to - from + 1
}

func baseGetMetatable(_ *VM, L *lua.LState) int {
	x := L.CheckAny(1)
	if hidden := L.GetMetaField(x, "__metatable"); hidden != lua.LNil {
		L.Push(hidden)
		return 1
	}
	L.Push(L.GetMetatable(x))
	return 1
}

func baseSetMetatable(v *VM, L *lua.LState) int {
	t := v.changeable(L, 1)
	mt := L.Get(2)
	if mt != lua.LNil && mt.Type() != lua.LTTable {
		L.ArgError(2, "it must be a table or nil")
	}
	if L.GetMetaField(t, "__metatable") != lua.LNil {
		L.RaiseError("this metatable can't be changed")
	}
	t.Metatable = mt
	L.SetTop(1)
	return 1
}

func basePCall(v *VM, L *lua.LState) int {
	L.CheckAny(1)
	if err := L.PCall(L.GetTop()-1, lua.MultRet, nil); err != nil {
		passOn(err)
		L.SetTop(0)
		L.Push(lua.LFalse)
		L.Push(caught(err))
		return 2
	}
	L.Insert(lua.LTrue, 1)
	return L.GetTop()
}

func baseXPCall(v *VM, L *lua.LState) int {
	fn, handler := L.CheckFunction(1), L.CheckFunction(2)
	L.SetTop(0)
	L.Push(fn)
	if err := L.PCall(0, lua.MultRet, nil); err != nil {
		passOn(err)
		L.SetTop(0)
		L.Push(lua.LFalse)
		L.Push(handler)
		L.Push(caught(err))
		L.Call(1, lua.MultRet)
		return L.GetTop()
	}
	L.Insert(lua.LTrue, 1)
	return L.GetTop()
}

// passOn raises again what code must not go on after: the interpreter itself has failed, and its stacks can't be relied
// on.
func passOn(err error) {
	if ae, ok := err.(*lua.ApiError); ok && failed(ae) {
		panic(ae)
	}
}

// caught is the value that an error was raised with.
func caught(err error) lua.LValue {
	if ae, ok := err.(*lua.ApiError); ok {
		return ae.Object
	}
	return lua.LString(err.Error())
}

var mathFunctions = map[string]function{
	"abs":   real1(math.Abs),
	"acos":  real1(math.Acos),
	"asin":  real1(math.Asin),
	"atan":  real1(math.Atan),
	"ceil":  real1(math.Ceil),
	"cos":   real1(math.Cos),
	"cosh":  real1(math.Cosh),
	"deg":   real1(func(x float64) float64 { return x * 180 / math.Pi }),
	"exp":   real1(math.Exp),
	"floor": real1(math.Floor),
	"log":   real1(math.Log),
	"log10": real1(math.Log10),
	"rad":   real1(func(x float64) float64 { return x * math.Pi / 180 }),
	"sin":   real1(math.Sin),
	"sinh":  real1(math.Sinh),
	"sqrt":  real1(math.Sqrt),
	"tan":   real1(math.Tan),
	"tanh":  real1(math.Tanh),
	"atan2": real2(math.Atan2),
	"pow":   real2(math.Pow),
	"fmod":  real2(math.Mod),
	"mod":   real2(math.Mod),
	"ldexp": func(_ *VM, L *lua.LState) int {
		L.Push(lua.LNumber(math.Ldexp(float64(L.CheckNumber(1)), intArg(L, 2))))
		return 1
	},
	"frexp": func(_ *VM, L *lua.LState) int {
		f, e := math.Frexp(float64(L.CheckNumber(1)))
		L.Push(lua.LNumber(f))
		L.Push(lua.LNumber(e))
		return 2
	},
	"modf": func(_ *VM, L *lua.LState) int {
		i, f := math.Modf(float64(L.CheckNumber(1)))
		L.Push(lua.LNumber(i))
		L.Push(lua.LNumber(f))
		return 2
	},
	"max": extreme(func(a, b lua.LNumber) bool { return a > b }),
	"min": extreme(func(a, b lua.LNumber) bool { return a < b }),
}

func real1(f func(float64) float64) function {
	return func(_ *VM, L *lua.LState) int {
		L.Push(lua.LNumber(f(float64(L.CheckNumber(1)))))
		return 1
	}
}

func real2(f func(a, b float64) float64) function {
	return func(_ *VM, L *lua.LState) int {
		L.Push(lua.LNumber(f(float64(L.CheckNumber(1)), float64(L.CheckNumber(2)))))
		return 1
	}
}

func extreme(better func(a, b lua.LNumber) bool) function {
	return func(_ *VM, L *lua.LState) int {
		best := L.CheckNumber(1)
		for i := 2; i <= L.GetTop(); i++ {
			if n := L.CheckNumber(i); better(n, best) {
				best = n
			}
		}
		L.Push(best)
		return 1
	}
}
