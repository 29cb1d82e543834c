package vm

import (
	"maps"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/library"
	"cellsh/lua/system"
	"cellsh/lua/value"
)

// maxSessionString is the longest string that a library function makes in a session.
const maxSessionString = 256 << 20

// openSession gives the machine all of Lua. Of gopher-lua are only the coroutines: its other functions differ from Lua's, and
// name themselves wrongly in errors. What is different from plain Lua: print goes to the machine's output, os.exit ends the
// script and not the program, require also looks beside the file that asks.
func (v *VM) openSession() {
	L := v.L
	global := L.G.Global
	v.environment = global
	out := v.options.Stdout
	if out == nil {
		out = v.options.Output
	}
	v.system = system.New(system.Options{In: v.options.Stdin, Out: out, Err: v.options.Stderr, Now: v.options.Now, Settle: v.options.Settle, Patience: v.options.Patience, Context: v.options.Context})
	set := maps.Clone(library.Session)
	maps.Copy(set, v.system.Functions())
	if v.options.Waited != nil {
		set["os.execute"] = v.thatWaits(set["os.execute"])
	}
	libraries := v.openLibrary(set)
	v.openRest(libraries)
	tables := map[string]*lua.LTable{}
	for _, name := range slices.Sorted(maps.Keys(libraries)) {
		t := global
		if name != "" {
			t = L.NewTable()
			tables[name] = t
		}
		for _, field := range slices.Sorted(maps.Keys(libraries[name])) {
			t.RawSetString(field, libraries[name][field])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(library.Constants)) {
		if in, field, ok := strings.Cut(name, "."); ok {
			tables[in].RawSetString(field, FromPlain(library.Constants[name]))
		}
	}
	v.openFiles(tables["file"])
	delete(tables, "file")
	setFields(tables["io"], map[string]lua.LValue{"stdin": v.fileHandle(v.system.Stdin), "stdout": v.fileHandle(v.system.Stdout), "stderr": v.fileHandle(v.system.Stderr)})
	v.openStrings(tables["string"])
	// The two that can't be made without gopher-lua's own.
	L.Push(L.NewFunction(lua.OpenCoroutine))
	L.Call(0, 1)
	threads := L.Get(-1).(*lua.LTable)
	L.Pop(1)
	tables["coroutine"] = v.openCoroutines(threads.RawGetString("create").(*lua.LFunction), threads.RawGetString("resume").(*lua.LFunction))
	v.openModules(tables["package"], tables)
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		global.RawSetString(name, tables[name])
	}
	global.RawSetString("_VERSION", lua.LString(lua.LuaVersion))
	global.RawSetString("_G", global)
	// What is defined later is found behind the globals.
	mt := L.NewTable()
	mt.RawSetString("__index", v.base)
	global.Metatable = mt
}

// thatWaits is a function after which the machine's owner looks at what has happened meanwhile.
func (v *VM) thatWaits(f *library.Function) *library.Function {
	with := *f
	with.Call = func(m library.Meter, args []value.Value) ([]value.Value, error) {
		results, err := f.Call(m, args)
		v.options.Waited()
		return results, err
	}
	return &with
}

// openRest adds the functions of a session that need the machine and that policies do not have.
func (v *VM) openRest(to libraries) {
	for _, part := range []map[string]lua.LGFunction{v.rawFunctions(), v.environments(), v.loaders(), v.moduleFunctions(), v.debugFunctions(), v.fileFunctions(), {"os.exit": v.exit}} {
		for name, fn := range part {
			to.add(name, v.Function(Builtin{Name: name, Pure: name == "rawget" || name == "rawequal"}, fn))
		}
	}
}

// setFields sets fields in the order of their names, which loops see.
func setFields(t *lua.LTable, fields map[string]lua.LValue) {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		t.RawSetString(name, fields[name])
	}
}

// exit ends the script.
func (v *VM) exit(L *lua.LState) int {
	code := 0
	switch x := L.Get(1); x {
	case lua.LTrue, lua.LNil:
	case lua.LFalse:
		code = 1
	default:
		n, ok := number(x)
		if !ok {
			v.must(L, 1, "os.exit", "a number, true or false")
		}
		code = int(n)
	}
	ud := L.NewUserData()
	ud.Value = exitRequest{code}
	L.Error(ud, 0)
	return 0
}

// Environment is the globals of a session, where the code of one line sees what another defined.
func (v *VM) Environment() *lua.LTable { return v.environment }
