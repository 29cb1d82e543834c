package vm

import (
	"fmt"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/syntax"
	"cellsh/lua/value"
)

// debugFunctions are the library debug of sessions, with the lines and names of the source. There are none for locals, which
// lowered code has others of, and none for hooks.
func (v *VM) debugFunctions() map[string]lua.LGFunction {
	functions := map[string]lua.LGFunction{"debug.getinfo": v.getInfo}
	define := func(name string, fn lua.LGFunction) { functions["debug."+name] = fn }
	define("getmetatable", func(L *lua.LState) int {
		if L.GetTop() == 0 {
			v.must(L, 1, "debug.getmetatable", "a value")
		}
		switch x := L.Get(1).(type) {
		case *lua.LTable:
			L.Push(x.Metatable)
		case *lua.LUserData:
			L.Push(x.Metatable)
		default:
			L.Push(L.GetMetatable(x))
		}
		return 1
	})
	define("setmetatable", func(L *lua.LState) int {
		mt := L.Get(2)
		if _, ok := mt.(*lua.LTable); !ok && (mt != lua.LNil || L.GetTop() < 2) {
			v.must(L, 2, "debug.setmetatable", "a table or nil")
		}
		if t, ok := L.Get(1).(*lua.LTable); ok {
			v.toChange(L, t)
		}
		L.SetMetatable(L.Get(1), mt)
		L.Push(lua.LTrue)
		return 1
	})
	define("getfenv", func(L *lua.LState) int {
		if fn, ok := L.Get(1).(*lua.LFunction); ok && !fn.IsG {
			L.Push(fn.Env)
		} else {
			L.Push(v.environment)
		}
		return 1
	})
	define("setfenv", func(L *lua.LState) int {
		fn, ok := L.Get(1).(*lua.LFunction)
		if !ok || fn.IsG {
			v.must(L, 1, "debug.setfenv", "a function written in Lua")
		}
		env, ok := L.Get(2).(*lua.LTable)
		if !ok {
			v.must(L, 2, "debug.setfenv", "a table")
		}
		fn.Env = env
		L.Push(fn)
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
		if node == nil || !(i >= 1 && int(min(i, 1<<20)) <= len(node.Upvalues)) {
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
	return functions
}

// getInfo is debug.getinfo: about a function, or about what runs at a level of a thread.
func (v *VM) getInfo(L *lua.LState) int {
	at, n := L, 1
	if co, ok := L.Get(1).(*lua.LState); ok {
		at, n = co, 2
	}
	what := "flnSu"
	if L.Get(n+1) != lua.LNil {
		what = v.stringArg(L, "debug.getinfo", n+1)
	}
	fn, isFunction := L.Get(n).(*lua.LFunction)
	line, called := -1, syntax.Node(nil)
	if !isFunction {
		level, ok := number(L.Get(n))
		if !ok {
			v.must(L, n, "debug.getinfo", "a function or a level")
		}
		frame, found, ok := v.frame(at, levelOf(level))
		if !ok || !(level >= 0) {
			L.Push(lua.LNil)
			return 1
		}
		fn = found
		if fn != nil {
			if u, node := v.place(frame.CurrentLine); node != nil {
				line, _ = u.File.Place(node.Pos())
			}
			if caller, _, ok := v.frame(at, int(level)+1); ok && caller != nil {
				_, called = v.place(caller.CurrentLine)
			}
		}
	}
	t := L.NewTable()
	for _, c := range what {
		switch c {
		case 'f':
			t.RawSetString("func", orNil(fn))
		case 'l':
			t.RawSetString("currentline", lua.LNumber(line))
		case 'n':
			name, kind := calledName(called)
			t.RawSetString("namewhat", lua.LString(kind))
			if kind != "" {
				t.RawSetString("name", lua.LString(name))
			}
		case 'u':
			n := 0
			if fn != nil {
				if node := v.Node(fn); node != nil {
					n = len(node.Upvalues)
				}
			}
			t.RawSetString("nups", lua.LNumber(n))
		case 'S':
			v.sourceInfo(t, fn)
		default:
			v.must(L, n+1, "debug.getinfo", "some of the letters f, l, n, S and u")
		}
	}
	L.Push(t)
	return 1
}

func orNil(fn *lua.LFunction) lua.LValue {
	if fn == nil {
		return lua.LNil
	}
	return fn
}

// calledName is how a call names what it calls, and what that is.
func calledName(n syntax.Node) (name, kind string) {
	call, ok := n.(*syntax.CallExpr)
	if !ok {
		return "", ""
	}
	if call.Method != nil {
		return call.Method.Name, "method"
	}
	switch x := call.Func.(type) {
	case *syntax.NameExpr:
		if x.Local != nil {
			return x.Name, "local"
		}
		return x.Name, "global"
	case *syntax.IndexExpr:
		if x.Dot {
			return x.Key.(*syntax.StringExpr).Value, "field"
		}
	}
	return "", ""
}

// sourceInfo says where a function is written.
func (v *VM) sourceInfo(t *lua.LTable, fn *lua.LFunction) {
	what, source, short, first, last := "C", "=[C]", "[C]", -1, -1
	if fn == nil {
		what, source, short = "tail", "=(tail call)", "(tail call)"
	} else if node := v.Node(fn); node != nil {
		what, source, short = "Lua", "@"+node.File.Name, node.File.Name
		first, _ = node.File.Place(node.Pos())
		last, _ = node.File.Place(node.End() - 1)
		if node.Parent == nil {
			what, first, last = "main", 0, 0
		}
	}
	setFields(t, map[string]lua.LValue{"what": lua.LString(what), "source": lua.LString(source), "short_src": lua.LString(short),
		"linedefined": lua.LNumber(first), "lastlinedefined": lua.LNumber(last)})
}

// levelOf is a number as a level of the stack.
func levelOf(n value.Number) int {
	if !(n > 0) {
		return 0
	}
	return int(min(n, maxCalls+1))
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
