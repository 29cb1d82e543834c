package vm

import (
	"fmt"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/syntax"
	"cellsh/lua/value"
)

// openDebug gives the library debug of sessions the true lines and names: what gopher-lua has are numbers of places, and
// names that lowering made. What it says about locals is wrong, so it has no functions for them.
func (v *VM) openDebug(library *lua.LTable) {
	define := func(name string, fn lua.LGFunction) {
		library.RawSetString(name, v.Function(Builtin{Name: "debug." + name}, fn))
	}
	library.RawSetString("getlocal", lua.LNil)
	library.RawSetString("setlocal", lua.LNil)
	info := library.RawGetString("getinfo")
	define("getinfo", func(L *lua.LState) int {
		if n, ok := L.Get(1).(lua.LNumber); ok {
			// The function of gopher-lua is one level more.
			L.Replace(1, n+1)
		}
		args := make([]lua.LValue, L.GetTop())
		for i := range args {
			args[i] = L.Get(i + 1)
		}
		x := v.call1(L, info, args...)
		if t, ok := x.(*lua.LTable); ok {
			for _, key := range []string{"currentline", "linedefined", "lastlinedefined"} {
				line, ok := t.RawGetString(key).(lua.LNumber)
				if !ok || line <= 0 {
					continue
				}
				at := lua.LNumber(-1)
				if u, n := v.place(int(line)); n != nil {
					offset := n.Pos()
					if key == "lastlinedefined" {
						offset = n.End() - 1
					}
					l, _ := u.File.Place(offset)
					at = lua.LNumber(l)
				}
				t.RawSetString(key, at)
			}
			if t.RawGetString("what") == lua.LString("G") {
				t.RawSetString("what", lua.LString("C"))
			}
		}
		L.Push(x)
		return 1
	})
	// variable finds a variable that a function shares: its node, and the upvalue.
	variable := func(L *lua.LState, name string) (local *syntax.Local, up *lua.Upvalue, element int) {
		fn, ok := L.Get(1).(*lua.LFunction)
		if !ok {
			v.must(L, 1, name, "a function")
		}
		i, ok := number(L.Get(2))
		if !ok {
			v.must(L, 2, name, "a number")
		}
		node := v.Node(fn)
		if node == nil || !(i >= 1 && i < value.Number(len(node.Upvalues)+1)) {
			return nil, nil, 0
		}
		local = node.Upvalues[int(i)-1]
		u, _ := v.place(fn.Proto.LineDefined)
		known, element := u.Variable(local)
		if at := slices.Index(fn.Proto.DbgUpvalues, known); at >= 0 {
			return local, fn.Upvalues[at], element
		}
		return local, nil, 0
	}
	define("getupvalue", func(L *lua.LState) int {
		local, up, element := variable(L, "debug.getupvalue")
		if local == nil {
			return 0
		}
		x := lua.LNil
		if up != nil {
			x = up.Value()
		}
		if in, ok := x.(*lua.LTable); ok && element > 0 {
			x = in.RawGetInt(element)
		}
		L.Push(lua.LString(local.Name))
		L.Push(x)
		return 2
	})
	define("setupvalue", func(L *lua.LState) int {
		local, up, element := variable(L, "debug.setupvalue")
		if local == nil {
			return 0
		}
		if up != nil {
			if in, ok := up.Value().(*lua.LTable); ok && element > 0 {
				in.RawSetInt(element, L.Get(3))
			} else {
				up.SetValue(L.Get(3))
			}
		}
		L.Push(lua.LString(local.Name))
		return 1
	})
	define("traceback", func(L *lua.LState) int {
		at, from, level := L, 1, 1
		if co, ok := L.Get(1).(*lua.LState); ok {
			at, from, level = co, 2, 0
		}
		message := L.Get(from)
		text, isText := concatText(message)
		if !isText && message != lua.LNil {
			L.Push(message)
			return 1
		}
		if n, ok := number(L.Get(from + 1)); ok {
			level = levelOf(n)
		}
		trace := v.trace
		if trace == "" || at != L {
			trace = v.traceback(at, level)
		}
		if isText {
			trace = text + "\n" + trace
		}
		L.Push(lua.LString(trace))
		return 1
	})
}

// maxTrace is how many calls a trace shows.
const maxTrace = 22

// traceback lists the calls that lead to where the code is.
func (v *VM) traceback(L *lua.LState, from int) string {
	var b strings.Builder
	b.WriteString("stack traceback:")
	shown := 0
	for level := from; shown < maxTrace; level++ {
		frame, ok := L.GetStack(level)
		if !ok {
			return b.String()
		}
		_, _ = L.GetInfo("l", frame, lua.LNil)
		u, n := v.place(frame.CurrentLine)
		if n == nil || u.own {
			continue
		}
		shown++
		what := "in the file"
		if fn, err := L.GetInfo("f", frame, lua.LNil); err == nil {
			if node := v.Node(fn.(*lua.LFunction)); node != nil && node.Parent != nil {
				line, _ := node.File.Place(node.Pos())
				what = fmt.Sprintf("in a function of line %d", line)
				if node.Name != "" {
					what = "in " + node.Name
				}
			}
		}
		fmt.Fprintf(&b, "\n\t%s%s", position(u, n), what)
	}
	b.WriteString("\n\t...")
	return b.String()
}
