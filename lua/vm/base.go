package vm

import (
	"fmt"
	"reflect"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/library"
	"cellsh/lua/value"
)

// libraries are functions by the library that they are in, "" for none, and their names in it.
type libraries map[string]map[string]*lua.LFunction

// add puts a function where its name says.
func (l libraries) add(name string, fn *lua.LFunction) {
	in, field, ok := strings.Cut(name, ".")
	if !ok {
		in, field = "", name
	}
	if l[in] == nil {
		l[in] = map[string]*lua.LFunction{}
	}
	l[in][field] = fn
}

// openLibrary gives the machine the functions of a set, and those that need the machine.
func (v *VM) openLibrary(set library.Set) libraries {
	all := libraries{}
	define := func(name string, pure bool, fn lua.LGFunction) *lua.LFunction {
		f := v.Function(Builtin{Name: name, Pure: pure}, fn)
		all.add(name, f)
		return f
	}
	for name, f := range set {
		call := v.libraryFunction(f)
		if name == "string.format" && v.options.Level != Session {
			call = v.withoutTostring(call)
		}
		define(name, f.Pure, call)
	}
	define("table.sort", false, v.tableSort)
	if set["string.match"] != nil {
		define("string.gsub", true, v.stringGsub)
		define("string.gmatch", false, v.stringGmatch)
	}
	// Functions that only call others are not pure: what they call may not be.
	define("assert", true, v.assert)
	define("error", true, v.error)
	define("getmetatable", true, v.getMetatable)
	define("setmetatable", false, v.setMetatable)
	define("pcall", false, v.pcall)
	define("xpcall", false, v.xpcall)
	define("print", false, v.print)
	next := define("next", true, func(L *lua.LState) int { return v.nextPair(L, v.tableArg(L, "next", 1)) })
	define("pairs", true, func(L *lua.LState) int {
		// The loop gets what it gave, and not the table behind a library, which it could change.
		v.tableArg(L, "pairs", 1)
		L.Push(next)
		L.Push(L.Get(1))
		L.Push(lua.LNil)
		return 3
	})
	step := v.ipairsStep()
	define("ipairs", true, func(L *lua.LState) int {
		v.tableArg(L, "ipairs", 1)
		L.Push(step)
		L.Push(L.Get(1))
		L.Push(lua.LNumber(0))
		return 3
	})
	return all
}

// ipairsStep makes the function that ipairs gives to loops.
func (v *VM) ipairsStep() *lua.LFunction {
	return v.Function(Builtin{Name: library.IpairsStep, Pure: true}, func(L *lua.LState) int {
		n, ok := L.Get(2).(lua.LNumber)
		if !ok {
			v.must(L, 2, library.IpairsStep, "a number")
		}
		x := v.tableArg(L, library.IpairsStep, 1).RawGet(n + 1)
		if x == lua.LNil {
			L.Push(lua.LNil)
			return 1
		}
		L.Push(n + 1)
		L.Push(x)
		return 2
	})
}

// must raises the error of an argument that must be something else, in the words of package library.
func (v *VM) must(L *lua.LState, n int, function, must string) {
	c := &libraryCall{v, L}
	a := library.NewArgs(function, c, c.args())
	a.Must(n, must)
	v.raise(L, "%s", a.Err())
}

// tableArg is an argument that must be a table; of a library, the table behind it.
func (v *VM) tableArg(L *lua.LState, function string, n int) *lua.LTable {
	t, ok := L.Get(n).(*lua.LTable)
	if !ok {
		v.must(L, n, function, "a table")
	}
	if p := protectionOf(t); p != nil {
		return p.real
	}
	return t
}

// stringArg is an argument that must be a string, or a number as its text.
func (v *VM) stringArg(L *lua.LState, function string, n int) string {
	s, ok := concatText(L.Get(n))
	if !ok {
		v.must(L, n, function, "a string")
	}
	return s
}

// unchangeable is the error of changing a table that is only to be read.
func unchangeable(name string) error { return fmt.Errorf("%s can't be changed", name) }

// toChange raises that error for a table that is about to be changed.
func (v *VM) toChange(L *lua.LState, t *lua.LTable) {
	if p := protectionOf(t); p != nil {
		v.raise(L, "%s", unchangeable(p.name))
	}
}

func (v *VM) nextPair(L *lua.LState, t *lua.LTable) int {
	key := L.Get(2)
	if key != lua.LNil && t.RawGet(key) == lua.LNil && !hadKey(t, key) {
		v.raise(L, "the key of next must be one of the table, but is not")
	}
	k, x := t.Next(key)
	L.Push(k)
	if k == lua.LNil {
		return 1
	}
	L.Push(x)
	return 2
}

// hadKey reports whether a table has a place for a key without a value. gopher-lua goes on somewhere where it has none, and
// does not tell.
func hadKey(t *lua.LTable, key lua.LValue) bool {
	table := reflect.ValueOf(t).Elem()
	if n, ok := value.ArrayIndex(Plain(key)); ok {
		return n <= table.FieldByName("array").Len()
	}
	return table.FieldByName("k2i").MapIndex(reflect.ValueOf(&key).Elem()).IsValid()
}

func (v *VM) assert(L *lua.LState) int {
	if L.GetTop() == 0 {
		v.must(L, 1, "assert", "a value")
	}
	if lua.LVAsBool(L.Get(1)) {
		return L.GetTop()
	}
	message := "assertion failed!"
	if L.Get(2) != lua.LNil {
		message = v.stringArg(L, "assert", 2)
	}
	v.raise(L, "%s", message)
	return 0
}

// error raises its argument. A text gets the place of a level before it: 1 is where error was called, 2 where that
// function was, 0 is none.
func (v *VM) error(L *lua.LState) int {
	x := L.Get(1)
	level := 1
	if n, ok := number(L.Get(2)); ok {
		level = levelOf(n)
	} else if L.Get(2) != lua.LNil {
		v.must(L, 2, "error", "a number")
	}
	text, ok := concatText(x)
	if !ok || level == 0 {
		_, line := v.at(L, 1)
		throw(L, x, spot{line, callee})
	}
	place, line := v.at(L, level)
	throw(L, lua.LString(place+text), spot{line, callee})
	return 0
}

func (v *VM) getMetatable(L *lua.LState) int {
	if L.GetTop() == 0 {
		v.must(L, 1, "getmetatable", "a value")
	}
	// What hides a metatable is given instead of it.
	L.Push(L.GetMetatable(L.Get(1)))
	return 1
}

func (v *VM) setMetatable(L *lua.LState) int {
	t, ok := L.Get(1).(*lua.LTable)
	if !ok {
		v.must(L, 1, "setmetatable", "a table")
	}
	mt := L.Get(2)
	if _, ok := mt.(*lua.LTable); !ok && (mt != lua.LNil || L.GetTop() < 2) {
		v.must(L, 2, "setmetatable", "a table or nil")
	}
	v.toChange(L, t)
	if L.GetMetaField(t, "__metatable") != lua.LNil {
		v.raise(L, "this metatable can't be changed")
	}
	t.Metatable = mt
	L.SetTop(1)
	return 1
}

// pcall calls a function and catches its error. gopher-lua's own catches too much, and says places in its own way.
func (v *VM) pcall(L *lua.LState) int {
	if L.GetTop() == 0 {
		v.must(L, 1, "pcall", "a value")
	}
	if x, _, ok := v.try(L, L.GetTop()-1); !ok {
		L.SetTop(0)
		L.Push(lua.LFalse)
		L.Push(x)
		return 2
	}
	L.Insert(lua.LTrue, 1)
	return L.GetTop()
}

// xpcall calls a function, and another with its error. That is called when the first has ended, but for what
// debug.traceback says.
func (v *VM) xpcall(L *lua.LState) int {
	if L.GetTop() < 2 {
		v.must(L, 2, "xpcall", "a value")
	}
	handler := L.Get(2)
	L.SetTop(1)
	x, r, ok := v.traced(L)
	if ok {
		L.Insert(lua.LTrue, 1)
		return L.GetTop()
	}
	L.SetTop(0)
	L.Push(handler)
	L.Push(x)
	if !v.handle(L, r) {
		L.SetTop(0)
		L.Push(lua.LString(value.HandlerText))
	}
	// One value, as PUC Lua gives.
	L.SetTop(1)
	L.Insert(lua.LFalse, 1)
	return 2
}

// What catching an error costs, in instructions: more where the stack is so full that not even protect can be called, because
// then gopher-lua makes a trace of all calls.
const (
	catchWork = 100
	traceWork = 100_000
)

// try calls the function below so many arguments, and leaves its results, or gives what it raised.
func (v *VM) try(L *lua.LState, args int) (lua.LValue, *raised, bool) {
	L.Insert(v.protector, L.GetTop()-args)
	if err := L.PCall(args+1, lua.MultRet, nil); err != nil {
		x, r := v.caught(L, err)
		// Nothing goes on when the machine must stop.
		stop(L, v.meter.failed)
		// The next instruction fails if that was too much.
		work := catchWork
		if *r == (raised{}) {
			work = traceWork
		}
		_ = v.meter.spend(work)
		return x, r, false
	}
	return nil, nil, true
}

// handle calls the function that handles an error; false is for an error of its own.
func (v *VM) handle(L *lua.LState, r *raised) bool {
	trace := v.trace
	v.trace = r.trace
	defer func() { v.trace = trace }()
	_, _, ok := v.try(L, 1)
	return ok
}

// traced is try for a function whose error is wanted with the calls that led to it.
func (v *VM) traced(L *lua.LState) (lua.LValue, *raised, bool) {
	v.tracing++
	defer func() { v.tracing-- }()
	return v.try(L, 0)
}

// tostring is what the function of that name gives.
func (v *VM) tostring(L *lua.LState, x lua.LValue) string {
	if fn := L.GetMetaField(x, "__tostring"); fn != lua.LNil {
		s := v.call1(L, fn, x)
		text, ok := concatText(s)
		if !ok {
			v.raise(L, "__tostring must give a string, but gives %s", s.Type())
		}
		return text
	}
	switch x.Type() {
	case lua.LTTable, lua.LTFunction, lua.LTUserData, lua.LTThread:
		// Addresses are not told: a policy must give the same answer every time.
		if v.options.Level != Session {
			return x.Type().String()
		}
	}
	return plainText(x)
}

// plainText is the text of a value without metamethods.
func plainText(x lua.LValue) string {
	if n, ok := x.(lua.LNumber); ok {
		return value.Format(value.Number(n))
	}
	return x.String()
}
