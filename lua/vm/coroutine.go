package vm

import (
	"fmt"
	"runtime"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/lower"
	"cellsh/lua/syntax"
)

// Coroutines are gopher-lua's, with what it forgets: the machine's meter counts in them, errors of coroutine.wrap come
// where they belong, what can't yield says so, and they do not lie within each other without end: each takes a part of Go's
// stack.

// maxCoroutines is how deep coroutines resume each other.
const maxCoroutines = 100

// coroutineSource makes the functions around what users give: begin tells the machine that a coroutine runs, and yield is
// never called by the tail call of a user, with which gopher-lua loses the coroutine.
const coroutineSource = `
local begin, yield = ...
local function all(...) return ... end
return function(f) return function(...) begin() return all(f(...)) end end, function(...) return all(yield(...)) end
`

// openCoroutines makes the library. resume and create are gopher-lua's.
func (v *VM) openCoroutines(create, resume *lua.LFunction) *lua.LTable {
	t := v.L.NewTable()
	body, yield := v.coroutineFunctions()
	v.written[yield] = Builtin{Name: "coroutine.yield"}
	define := func(name string, fn lua.LGFunction) {
		t.RawSetString(name, v.Function(Builtin{Name: "coroutine." + name}, fn))
	}
	thread := func(L *lua.LState, name string) *lua.LState {
		co, ok := L.Get(1).(*lua.LState)
		if !ok {
			v.must(L, 1, "coroutine."+name, "a coroutine")
		}
		return co
	}
	newThread := func(L *lua.LState, name string) *lua.LState {
		if fn, ok := L.Get(1).(*lua.LFunction); !ok || fn.IsG {
			v.must(L, 1, "coroutine."+name, "a function written in Lua")
		}
		co := v.call1(L, create, v.call1(L, body, L.Get(1))).(*lua.LState)
		// gopher-lua gives it a context of its own, which nobody counts.
		co.SetContext(v.meter)
		return co
	}
	// run resumes a coroutine with all arguments from one on, and gives its results; ok is false for an error.
	run := func(L *lua.LState, co *lua.LState, from int) (results []lua.LValue, ok bool) {
		refused := func(form string, args ...any) ([]lua.LValue, bool) {
			return []lua.LValue{lua.LString(fmt.Sprintf(form, args...))}, false
		}
		switch status := L.Status(co); {
		case co.Dead:
			return refused("a coroutine that is resumed must be suspended, but is dead")
		case status != "suspended" || co == L || co.Parent != nil:
			return refused("a coroutine that is resumed must be suspended, but is running")
		case v.resumed >= maxCoroutines:
			return refused("coroutines must resume each other at most %d deep, but do so deeper", maxCoroutines)
		}
		top := L.GetTop()
		L.Push(resume)
		L.Push(co)
		for i := from; i <= top; i++ {
			L.Push(L.Get(i))
		}
		v.resumed++
		defer func() { v.resumed-- }()
		L.Call(top-from+2, lua.MultRet)
		for i := top + 2; i <= L.GetTop(); i++ {
			results = append(results, L.Get(i))
		}
		ok = lua.LVAsBool(L.Get(top + 1))
		L.SetTop(top)
		if !ok {
			if isExit(results[0]) {
				L.Error(results[0], 0)
			}
		}
		return results, ok
	}
	define("create", func(L *lua.LState) int {
		L.Push(newThread(L, "create"))
		return 1
	})
	define("resume", func(L *lua.LState) int {
		results, ok := run(L, thread(L, "resume"), 2)
		L.Push(lua.LBool(ok))
		for _, x := range results {
			L.Push(x)
		}
		return len(results) + 1
	})
	define("wrap", func(L *lua.LState) int {
		co := newThread(L, "wrap")
		L.Push(L.NewFunction(func(L *lua.LState) int {
			results, ok := run(L, co, 1)
			if !ok {
				place, line := v.at(L, 1)
				if text, isText := concatText(results[0]); isText {
					results[0] = lua.LString(place + text)
				}
				throw(L, results[0], spot{line, callee})
			}
			for _, x := range results {
				L.Push(x)
			}
			return len(results)
		}))
		return 1
	})
	define("status", func(L *lua.LState) int {
		co := thread(L, "status")
		status := L.Status(co)
		if status == "suspended" && co.Parent != nil {
			// It has resumed one that has resumed another.
			status = "normal"
		}
		L.Push(lua.LString(status))
		return 1
	})
	define("running", func(L *lua.LState) int {
		if L.Parent == nil {
			L.Push(lua.LNil)
		} else {
			L.Push(L)
		}
		return 1
	})
	t.RawSetString("yield", yield)
	return t
}

// coroutineFunctions are those of coroutineSource.
func (v *VM) coroutineFunctions() (body, yield *lua.LFunction) {
	fn, err := v.load(v.NewEnvironment(), syntax.Read("(coroutines)", coroutineSource), lower.Options{}, true)
	if err != nil {
		panic(err)
	}
	begin := v.L.NewFunction(func(L *lua.LState) int {
		L.Panic = v.onError
		return 0
	})
	results, err := v.call(fn, []lua.LValue{begin, v.L.NewFunction(v.yield)})
	if err != nil {
		panic(err)
	}
	return results[0].(*lua.LFunction), results[1].(*lua.LFunction)
}

// yield gives values to who resumed the coroutine. It can't leave functions of Go that wait for a result: those of the
// library, and the interpreter itself where it calls a metamethod or the function of a loop.
func (v *VM) yield(L *lua.LState) int {
	if L.Parent == nil {
		v.raise(L, "a coroutine must yield within a coroutine, but does without one")
	}
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers)])
	for {
		frame, more := frames.Next()
		if strings.HasSuffix(frame.Function, "gopher-lua.threadRun") {
			break
		}
		if !more || strings.HasSuffix(frame.Function, "gopher-lua.(*LState).callR") {
			v.raise(L, "a coroutine must not yield within a library function, a metamethod or the function of a loop, but does")
		}
	}
	return -1
}
