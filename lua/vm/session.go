package vm

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// openSession gives the machine all of Lua. What is different from plain gopher-lua: print goes to the machine's
// output, os.exit ends the script and not the program, require also looks beside the file that asks, and coroutines do
// not escape the budget and Interrupt.
func (v *VM) openSession() {
	L := v.L
	for _, open := range []lua.LGFunction{lua.OpenPackage, lua.OpenBase, lua.OpenTable, lua.OpenIo, lua.OpenOs, lua.OpenString, lua.OpenMath, lua.OpenDebug, lua.OpenCoroutine} {
		L.Push(L.NewFunction(open))
		L.Call(0, 0)
	}
	global := L.G.Global
	global.RawSetString("_printregs", lua.LNil) // writes past the machine's output
	global.ForEach(func(k, value lua.LValue) {
		v.note(k.String(), value)
		if t, ok := value.(*lua.LTable); ok && t != global {
			t.ForEach(func(fk, f lua.LValue) { v.note(k.String()+"."+fk.String(), f) })
		}
	})
	v.ipairsStep()
	// What is defined later is found behind the globals.
	mt := L.NewTable()
	mt.RawSetString("__index", v.base)
	global.Metatable = mt
	v.openHidden()
	global.RawSetString("print", v.Function(Builtin{Name: "print"}, v.print))
	v.setField("os", "exit", func(L *lua.LState) int {
		code := 0
		switch L.Get(1) {
		case lua.LTrue:
		case lua.LFalse:
			code = 1
		default:
			code = L.OptInt(1, 0)
		}
		ud := L.NewUserData()
		ud.Value = exitRequest{code}
		L.Error(ud, 0)
		return 0
	})
	v.guardCoroutines()
	v.findModules()
}

// findModules makes require look for name.lua beside the file that asks, and then along package.path. The modules are
// compiled as all other code of the machine, with the globals of the session.
func (v *VM) findModules() {
	library := v.L.G.Global.RawGetString("package").(*lua.LTable)
	loaders := library.RawGetString("loaders").(*lua.LTable)
	// The first loader looks into package.preload.
	loaders.RawSetInt(2, v.Function(Builtin{Name: "(module loader)"}, func(L *lua.LState) int {
		name := L.CheckString(1)
		path, ok := library.RawGetString("path").(lua.LString)
		if !ok {
			L.RaiseError("package.path must be a string, but is a %s", library.RawGetString("path").Type())
		}
		templates := append([]string{filepath.Join(callingFolder(L), "?.lua")}, strings.Split(string(path), ";")...)
		var tried strings.Builder
		for _, t := range templates {
			file := strings.ReplaceAll(t, "?", strings.ReplaceAll(name, ".", "/"))
			text, err := os.ReadFile(file)
			if errors.Is(err, fs.ErrNotExist) {
				tried.WriteString("\n\tthere is no " + file)
				continue
			}
			if err != nil {
				L.RaiseError("module %s: %s", name, err)
			}
			fn, err := v.CompileIn(v.Environment(), file, string(text))
			if err != nil {
				L.RaiseError("module %s: %s", name, err)
			}
			L.Push(fn)
			return 1
		}
		L.Push(lua.LString(tried.String()))
		return 1
	}))
}

// callingFolder is the folder of the Lua file that is running.
func callingFolder(L *lua.LState) string {
	for level := 0; ; level++ {
		frame, ok := L.GetStack(level)
		if !ok {
			return "."
		}
		if _, err := L.GetInfo("Sl", frame, lua.LNil); err == nil && frame.CurrentLine > 0 {
			return filepath.Dir(frame.Source)
		}
	}
}

// note keeps what a function of the standard library is. Those of string, table and math depend only on their
// arguments, but for random numbers.
func (v *VM) note(name string, value lua.LValue) {
	if fn, ok := value.(*lua.LFunction); ok {
		v.register(fn, Builtin{Name: name, Pure: pureInSession[name]})
	}
}

var pureInSession = func() map[string]bool {
	pure := map[string]bool{}
	for _, name := range []string{"assert", "error", "type", "tostring", "tonumber", "select", "unpack", "next", "pairs", "ipairs", "getmetatable", "rawget", "rawequal"} {
		pure[name] = true
	}
	for _, name := range []string{"byte", "char", "find", "format", "gsub", "len", "lower", "match", "rep", "reverse", "sub", "upper"} {
		pure["string."+name] = true
	}
	for name := range mathFunctions {
		pure["math."+name] = true
	}
	for name := range tableFunctions {
		pure["table."+name] = true
	}
	return pure
}()

// Environment is the globals of a session, where the code of one line sees what another defined.
func (v *VM) Environment() *lua.LTable { return v.L.G.Global }

func (v *VM) setField(library, name string, fn lua.LGFunction) {
	t := v.L.G.Global.RawGetString(library).(*lua.LTable)
	t.RawSetString(name, v.Function(Builtin{Name: library + "." + name}, fn))
}

// guardCoroutines gives every coroutine the machine's meter: gopher-lua gives them a context of their own, which
// nobody counts.
func (v *VM) guardCoroutines() {
	co := v.L.G.Global.RawGetString("coroutine").(*lua.LTable)
	create := co.RawGetString("create").(*lua.LFunction)
	wrap := co.RawGetString("wrap").(*lua.LFunction)
	v.setField("coroutine", "create", func(L *lua.LState) int {
		L.Push(create)
		L.Push(L.CheckFunction(1))
		L.Call(1, 1)
		L.ToThread(-1).SetContext(v.meter)
		return 1
	})
	v.setField("coroutine", "wrap", func(L *lua.LState) int {
		L.Push(wrap)
		L.Push(L.CheckFunction(1))
		L.Call(1, 1)
		fn := L.ToFunction(-1)
		fn.Upvalues[0].Value().(*lua.LState).SetContext(v.meter)
		return 1
	})
}

var _ context.Context = (*meter)(nil)
