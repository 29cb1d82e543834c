package vm

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// loaders are the functions that compile sources: as all other code of the machine, with the globals of the session.
func (v *VM) loaders() map[string]lua.LGFunction {
	compile := func(L *lua.LState, name, text string) int {
		fn, err := v.CompileIn(v.Environment(), name, text)
		if err != nil {
			return failed2(L, lua.LString(err.Error()))
		}
		L.Push(fn)
		return 1
	}
	// nameArg is the second argument, what the source is called.
	nameArg := func(L *lua.LState, function, otherwise string) string {
		if L.Get(2) == lua.LNil {
			return otherwise
		}
		return v.stringArg(L, function, 2)
	}
	// read is standard input where no file is named.
	read := func(L *lua.LState, function string) (file, content string, err error) {
		if L.Get(1) == lua.LNil {
			content, err = v.system.Stdin.All()
			return "(standard input)", content, err
		}
		file = v.stringArg(L, function, 1)
		b, err := os.ReadFile(file)
		return file, string(b), err
	}
	return map[string]lua.LGFunction{
		"loadstring": func(L *lua.LState) int {
			return compile(L, nameArg(L, "loadstring", "(string)"), v.stringArg(L, "loadstring", 1))
		},
		"load": func(L *lua.LState) int {
			if L.Get(1).Type() != lua.LTFunction {
				v.must(L, 1, "load", "a function")
			}
			name := nameArg(L, "load", "(load)")
			var b strings.Builder
			for {
				// What its function raises load gives back.
				L.Push(L.Get(1))
				top := L.GetTop()
				x, _, ok := v.try(L, 0)
				if !ok {
					return failed2(L, x)
				}
				part := L.Get(top)
				L.SetTop(top - 1)
				s, isText := concatText(part)
				switch {
				case part == lua.LNil, s == "" && isText:
					return compile(L, name, b.String())
				case !isText:
					return failed2(L, lua.LString("the function that load calls must give strings, but gives a "+part.Type().String()))
				}
				v.grow(L, "what load reads", b.Len()+len(s))
				b.WriteString(s)
			}
		},
		"loadfile": func(L *lua.LState) int {
			file, content, err := read(L, "loadfile")
			if err != nil {
				return failed2(L, lua.LString(err.Error()))
			}
			return compile(L, file, content)
		},
		"dofile": func(L *lua.LState) int {
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
		},
	}
}

// failed2 gives nil and why.
func failed2(L *lua.LState, why lua.LValue) int {
	L.Push(lua.LNil)
	L.Push(why)
	return 2
}

// openModules fills the table package: require looks for a module in what is loaded, in package.preload, beside the file that
// asks, and then along package.path. Modules are compiled as all other code of the machine, with the globals of the session.
func (v *VM) openModules(library *lua.LTable, libraries map[string]*lua.LTable) {
	L := v.L
	v.loaded = L.NewTable()
	v.loaded.RawSetString("_G", L.G.Global)
	for _, name := range slices.Sorted(maps.Keys(libraries)) {
		v.loaded.RawSetString(name, libraries[name])
	}
	v.loading = L.NewUserData()
	loaders := L.NewTable()
	loaders.Append(v.Function(Builtin{Name: "(preload loader)"}, func(L *lua.LState) int {
		name := v.stringArg(L, "require", 1)
		if t, ok := library.RawGetString("preload").(*lua.LTable); ok {
			if fn := L.GetField(t, name); fn != lua.LNil {
				L.Push(fn)
				return 1
			}
		}
		L.Push(lua.LString(fmt.Sprintf("\n\tthere is no package.preload[%q]", name)))
		return 1
	}))
	loaders.Append(v.Function(Builtin{Name: "(module loader)"}, func(L *lua.LState) int { return v.findModule(L, library) }))
	setFields(library, map[string]lua.LValue{"loaded": v.loaded, "preload": L.NewTable(), "loaders": loaders, "cpath": lua.LString(""), "config": lua.LString("/\n;\n?\n!\n-"),
		"path": lua.LString("./?.lua;/usr/local/share/lua/5.1/?.lua;/usr/local/share/lua/5.1/?/init.lua")})
	if path, ok := os.LookupEnv("LUA_PATH"); ok {
		// Two semicolons stand for the path that there is without it.
		path = strings.ReplaceAll(path, ";;", ";"+library.RawGetString("path").String()+";")
		library.RawSetString("path", lua.LString(strings.Trim(path, ";")))
	}
}

// findModule is the loader that looks for files.
func (v *VM) findModule(L *lua.LState, library *lua.LTable) int {
	name := v.stringArg(L, "require", 1)
	path, ok := library.RawGetString("path").(lua.LString)
	if !ok {
		v.raise(L, "package.path must be a string, but is a %s", library.RawGetString("path").Type())
	}
	templates := append([]string{filepath.Join(v.callingFolder(L), "?.lua")}, strings.Split(string(path), ";")...)
	var tried strings.Builder
	seen := map[string]bool{}
	for _, t := range templates {
		file := filepath.Clean(strings.ReplaceAll(t, "?", strings.ReplaceAll(name, ".", "/")))
		if t == "" || seen[file] {
			continue
		}
		seen[file] = true
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
}

// callingFolder is the folder of the Lua file that is running.
func (v *VM) callingFolder(L *lua.LState) string {
	u, _, _ := v.running(L, 0)
	if u == nil {
		return "."
	}
	return filepath.Dir(u.File.Name)
}

// moduleFunctions are those of modules.
func (v *VM) moduleFunctions() map[string]lua.LGFunction {
	return map[string]lua.LGFunction{
		"require": v.requireModule,
		"module":  v.module,
		"package.seeall": func(L *lua.LState) int {
			t, ok := L.Get(1).(*lua.LTable)
			if !ok {
				v.must(L, 1, "package.seeall", "a table")
			}
			mt, ok := t.Metatable.(*lua.LTable)
			if !ok {
				mt = L.NewTable()
				t.Metatable = mt
			}
			mt.RawSetString("__index", v.Environment())
			return 0
		},
		"package.loadlib": func(L *lua.LState) int {
			L.Push(lua.LNil)
			L.Push(lua.LString("libraries of C can't be loaded"))
			L.Push(lua.LString("absent"))
			return 3
		},
	}
}

func (v *VM) requireModule(L *lua.LState) int {
	name := v.stringArg(L, "require", 1)
	if x := v.loaded.RawGetString(name); lua.LVAsBool(x) {
		if x == v.loading {
			v.raise(L, "module %s must not need itself, and must have been loaded without an error, but has not", name)
		}
		L.Push(x)
		return 1
	}
	library, _ := L.G.Global.RawGetString("package").(*lua.LTable)
	var loaders *lua.LTable
	if library != nil {
		loaders, _ = library.RawGetString("loaders").(*lua.LTable)
	}
	if loaders == nil {
		v.raise(L, "package.loaders must be a table, but is not")
	}
	var tried strings.Builder
	for i := 1; ; i++ {
		loader := loaders.RawGetInt(i)
		if loader == lua.LNil {
			// Loaders say what they have tried on a line of its own.
			why := strings.ReplaceAll(strings.TrimPrefix(tried.String(), "\n\t"), "\n\t", ", ")
			v.raise(L, "module %s must be found, but is not: %s", name, why)
		}
		found := v.call1(L, loader, lua.LString(name))
		if fn, ok := found.(*lua.LFunction); ok {
			v.loaded.RawSetString(name, v.loading)
			if x := v.call1(L, fn, lua.LString(name)); x != lua.LNil {
				v.loaded.RawSetString(name, x)
			} else if v.loaded.RawGetString(name) == v.loading {
				v.loaded.RawSetString(name, lua.LTrue)
			}
			L.Push(v.loaded.RawGetString(name))
			return 1
		}
		if s, ok := concatText(found); ok {
			tried.WriteString(s)
		}
	}
}

// module makes the table of a module the globals of the function that calls it.
func (v *VM) module(L *lua.LState) int {
	name := v.stringArg(L, "module", 1)
	t, ok := v.loaded.RawGetString(name).(*lua.LTable)
	if !ok {
		t = v.globalTable(L, name)
		v.loaded.RawSetString(name, t)
	}
	if L.GetField(t, "_NAME") == lua.LNil {
		in := name[:strings.LastIndexByte(name, '.')+1]
		setFields(t, map[string]lua.LValue{"_M": t, "_NAME": lua.LString(name), "_PACKAGE": lua.LString(in)})
	}
	_, caller, ok := v.frame(L, 1)
	if !ok || caller == nil || caller.IsG {
		v.raise(L, "module must be called from a function written in Lua, but is not")
	}
	caller.Env = t
	for i := 2; i <= L.GetTop(); i++ {
		v.call1(L, L.Get(i), t)
	}
	return 0
}

// globalTable is the table of a name with dots among the globals, which is made where there is none.
func (v *VM) globalTable(L *lua.LState, name string) *lua.LTable {
	t := v.Environment()
	for _, part := range strings.Split(name, ".") {
		switch x := t.RawGetString(part).(type) {
		case *lua.LTable:
			t = x
		case *lua.LNilType:
			inner := L.NewTable()
			t.RawSetString(part, inner)
			t = inner
		default:
			v.raise(L, "the name of a module must be free, but %s is a %s", name, x.Type())
		}
	}
	return t
}
