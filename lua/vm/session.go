package vm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/library"
)

// maxSessionString is the longest string that a library function makes in a session.
const maxSessionString = 256 << 20

// openSession gives the machine all of Lua: input and output, the system, packages and coroutines are gopher-lua's, what
// works on values is package library's, which is all there is in string. What is different from plain Lua: print goes to the
// machine's output, os.exit ends the script and not the program, require also looks beside the file that asks.
func (v *VM) openSession() {
	L := v.L
	for _, open := range []lua.LGFunction{lua.OpenPackage, lua.OpenBase, lua.OpenTable, lua.OpenIo, lua.OpenOs, lua.OpenMath, lua.OpenDebug, lua.OpenCoroutine} {
		L.Push(L.NewFunction(open))
		L.Call(0, 0)
	}
	global := L.G.Global
	global.RawSetString("_printregs", lua.LNil) // writes past the machine's output
	loaded := L.G.Registry.RawGetString("_LOADED").(*lua.LTable)
	folder := func(name string) *lua.LTable { return global.RawGetString(name).(*lua.LTable) }
	// gopher-lua's functions go where there are ours.
	for name, functions := range v.openLibrary(library.Session) {
		t := global
		if name != "" {
			if global.RawGetString(name) == lua.LNil {
				made := L.NewTable()
				global.RawSetString(name, made)
				loaded.RawSetString(name, made)
			}
			t = folder(name)
		}
		for field, f := range functions {
			t.RawSetString(field, f)
		}
	}
	for name, x := range library.Constants {
		if in, field, ok := strings.Cut(name, "."); ok {
			folder(in).RawSetString(field, FromPlain(x))
		}
	}
	v.openStrings(folder("string"))
	old := folder("coroutine")
	global.RawSetString("coroutine", v.openCoroutines(old.RawGetString("create").(*lua.LFunction), old.RawGetString("resume").(*lua.LFunction)))
	loaded.RawSetString("coroutine", folder("coroutine"))
	v.openDebug(folder("debug"))
	v.openRest(global)
	v.openLoaders(global)
	global.ForEach(func(k, value lua.LValue) {
		v.note(k.String(), value)
		if t, ok := value.(*lua.LTable); ok && t != global {
			t.ForEach(func(fk, f lua.LValue) { v.note(k.String()+"."+fk.String(), f) })
		}
	})
	// What is defined later is found behind the globals.
	mt := L.NewTable()
	mt.RawSetString("__index", v.base)
	global.Metatable = mt
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
	v.findModules()
}

// openLoaders makes the functions that compile sources: as all other code of the machine, with the globals of the session.
func (v *VM) openLoaders(global *lua.LTable) {
	compile := func(L *lua.LState, name, text string) int {
		fn, err := v.CompileIn(v.Environment(), name, text)
		if err != nil {
			L.Push(lua.LNil)
			L.Push(lua.LString(err.Error()))
			return 2
		}
		L.Push(fn)
		return 1
	}
	define := func(name string, fn lua.LGFunction) {
		global.RawSetString(name, v.Function(Builtin{Name: name}, fn))
	}
	text := func(L *lua.LState, n int, function, otherwise string) string {
		if L.Get(n) == lua.LNil && otherwise != "" {
			return otherwise
		}
		s, ok := concatText(L.Get(n))
		if !ok {
			v.must(L, n, function, "a string")
		}
		return s
	}
	define("loadstring", func(L *lua.LState) int {
		return compile(L, text(L, 2, "loadstring", "(string)"), text(L, 1, "loadstring", ""))
	})
	define("load", func(L *lua.LState) int {
		if L.Get(1).Type() != lua.LTFunction {
			v.must(L, 1, "load", "a function")
		}
		name := text(L, 2, "load", "(load)")
		var b strings.Builder
		for {
			part, ok := concatText(v.call1(L, L.Get(1)))
			if !ok || part == "" {
				return compile(L, name, b.String())
			}
			v.grow(L, "what load reads", b.Len()+len(part))
			b.WriteString(part)
		}
	})
	read := func(L *lua.LState, function string) (file, content string, err error) {
		file = text(L, 1, function, "")
		b, err := os.ReadFile(file)
		return file, string(b), err
	}
	define("loadfile", func(L *lua.LState) int {
		file, content, err := read(L, "loadfile")
		if err != nil {
			L.Push(lua.LNil)
			L.Push(lua.LString(err.Error()))
			return 2
		}
		return compile(L, file, content)
	})
	define("dofile", func(L *lua.LState) int {
		file, content, err := read(L, "dofile")
		if err != nil {
			v.raise(L, "%s", err)
		}
		fn, err := v.CompileIn(v.Environment(), file, content)
		if err != nil {
			v.raise(L, "%s", err)
		}
		L.SetTop(0)
		L.Push(fn)
		L.Call(0, lua.MultRet)
		return L.GetTop()
	})
}

// findModules makes require look for name.lua beside the file that asks, and then along package.path. The modules are
// compiled as all other code of the machine, with the globals of the session.
func (v *VM) findModules() {
	library := v.L.G.Global.RawGetString("package").(*lua.LTable)
	loaders := library.RawGetString("loaders").(*lua.LTable)
	// The first loader looks into package.preload.
	loaders.RawSetInt(2, v.Function(Builtin{Name: "(module loader)"}, func(L *lua.LState) int {
		name, ok := concatText(L.Get(1))
		if !ok {
			v.must(L, 1, "require", "a string")
		}
		path, ok := library.RawGetString("path").(lua.LString)
		if !ok {
			v.raise(L, "package.path must be a string, but is a %s", library.RawGetString("path").Type())
		}
		templates := append([]string{filepath.Join(v.callingFolder(L), "?.lua")}, strings.Split(string(path), ";")...)
		var tried strings.Builder
		for _, t := range templates {
			file := strings.ReplaceAll(t, "?", strings.ReplaceAll(name, ".", "/"))
			text, err := os.ReadFile(file)
			if errors.Is(err, fs.ErrNotExist) {
				tried.WriteString("\n\tthere is no " + file)
				continue
			}
			var fn *lua.LFunction
			if err == nil {
				fn, err = v.CompileIn(v.Environment(), file, string(text))
			}
			if err != nil {
				throw(L, lua.LString(fmt.Sprintf("module %s: %s", name, err)), spot{})
			}
			L.Push(fn)
			return 1
		}
		L.Push(lua.LString(tried.String()))
		return 1
	}))
}

// callingFolder is the folder of the Lua file that is running.
func (v *VM) callingFolder(L *lua.LState) string {
	u, _, _ := v.running(L, 0)
	if u == nil {
		return "."
	}
	return filepath.Dir(u.File.Name)
}

// note keeps what a function of the standard library is that is not ours.
func (v *VM) note(name string, value lua.LValue) {
	if fn, ok := value.(*lua.LFunction); ok && v.builtins[fn] == (Builtin{}) {
		v.register(fn, Builtin{Name: name, Pure: name == "rawget" || name == "rawequal"})
	}
}

// Environment is the globals of a session, where the code of one line sees what another defined.
func (v *VM) Environment() *lua.LTable { return v.L.G.Global }

func (v *VM) setField(library, name string, fn lua.LGFunction) {
	t := v.L.G.Global.RawGetString(library).(*lua.LTable)
	t.RawSetString(name, v.Function(Builtin{Name: library + "." + name}, fn))
}

var _ context.Context = (*meter)(nil)
