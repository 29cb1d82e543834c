package vm

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/syntax"
)

// openSandbox gives the machine the libraries of the levels Policy and Decision.
func (v *VM) openSandbox() {
	v.base.RawSetString("_VERSION", lua.LString(lua.LuaVersion))
	v.openBase()
	v.library("string", stringFunctions)
	v.library("table", tableFunctions)
	v.library("math", mathFunctions)
	v.library("re", reFunctions)
	math := v.readOnly[v.base.RawGetString("math").(*lua.LTable)]
	math.RawSetString("pi", lua.LNumber(3.141592653589793))
	math.RawSetString("huge", lua.LNumber(inf))
	// Methods of strings. The metatable itself can be neither seen nor changed.
	mt := v.L.NewTable()
	mt.RawSetString("__index", v.base.RawGetString("string"))
	mt.RawSetString("__metatable", lua.LFalse)
	v.L.SetMetatable(lua.LString(""), mt)
	v.openHidden()
	if v.options.Level == Policy {
		v.Define("print", v.Function(Builtin{Name: "print"}, v.print))
		v.Define("require", v.Function(Builtin{Name: "require"}, v.require))
	}
}

var inf = math.Inf(1)

// library defines a table of functions that code can't change.
func (v *VM) library(name string, functions map[string]function) {
	real := v.L.NewTable()
	// In a fixed order, which loops over the library see.
	for _, fn := range slices.Sorted(maps.Keys(functions)) {
		f := functions[fn]
		real.RawSetString(fn, v.Function(Builtin{Name: name + "." + fn, Pure: true}, func(L *lua.LState) int { return f(v, L) }))
	}
	v.Define(name, v.Protect(name, real))
}

// function is a library function that needs its machine, for the budgets.
type function func(*VM, *lua.LState) int

// Protect gives a table that reads as t does and can't be written.
func (v *VM) Protect(name string, t *lua.LTable) *lua.LTable {
	proxy, mt := v.L.NewTable(), v.L.NewTable()
	mt.RawSetString("__index", t)
	mt.RawSetString("__newindex", v.L.NewFunction(func(L *lua.LState) int {
		L.RaiseError("%s can't be changed", name)
		return 0
	}))
	mt.RawSetString("__metatable", lua.LFalse)
	proxy.Metatable = mt
	v.readOnly[proxy] = t
	return proxy
}

// openHidden defines what guarded code calls; see package syntax. They are not among the things that a global
// environment inherits directly, so that no loop over anything meets them.
func (v *VM) openHidden() {
	mt := v.L.NewTable()
	mt.RawSetString("__index", v.hidden)
	mt.RawSetString("__metatable", lua.LFalse)
	v.base.Metatable = mt
	hide := func(name string, pure bool, fn lua.LGFunction) {
		v.hidden.RawSetString(name, v.Function(Builtin{Name: name, Pure: pure}, fn))
	}
	hide(syntax.HiddenConcat, true, v.concat)
	hide(syntax.HiddenKey, true, func(L *lua.LState) int {
		if n, ok := L.Get(1).(lua.LNumber); ok {
			v.meter.take(L, growth(0, n))
		}
		L.SetTop(1)
		return 1
	})
	hide(syntax.HiddenSet, false, func(L *lua.LState) int {
		switch k := L.Get(2).(type) {
		case lua.LNumber:
			if t, ok := L.Get(1).(*lua.LTable); ok {
				v.meter.take(L, growth(t.MaxN(), k))
			}
		case lua.LString:
			// Else a file could put a function of its own in the place of HiddenKey, and take memory that nobody sees.
			if syntax.IsHidden(string(k)) {
				L.RaiseError("an assignment must be to a name of its own, but %q is the interpreter's", string(k))
			}
		}
		L.SetTable(L.Get(1), L.Get(2), L.Get(3))
		return 0
	})
}

// growth is how many bytes an array with that many elements grows by when an index is set.
func growth(have int, index lua.LNumber) int64 {
	if !(index > lua.LNumber(have)) || !(index < lua.LNumber(lua.MaxArrayIndex)) {
		return 16
	}
	return 16 * (int64(index) - int64(have))
}

// concat is the operator "..": from the right, with the metamethod __concat where an operand is neither string
// nor number.
func (v *VM) concat(L *lua.LState) int {
	n := L.GetTop()
	at := n
	for at > 0 && lua.LVCanConvToString(L.Get(at)) {
		at--
	}
	if at == 0 {
		// All at once.
		size := 0
		for i := 1; i <= n; i++ {
			size += len(lua.LVAsString(L.Get(i)))
		}
		v.grow(L, "..", size)
		var b strings.Builder
		b.Grow(size)
		for i := 1; i <= n; i++ {
			b.WriteString(lua.LVAsString(L.Get(i)))
		}
		L.Push(lua.LString(b.String()))
		return 1
	}
	right := L.Get(n)
	for i := n - 1; i > 0; i-- {
		left := L.Get(i)
		if lua.LVCanConvToString(left) && lua.LVCanConvToString(right) {
			v.grow(L, "..", len(lua.LVAsString(left))+len(lua.LVAsString(right)))
			right = lua.LString(lua.LVAsString(left) + lua.LVAsString(right))
			continue
		}
		op := L.GetMetaField(left, "__concat")
		if op == lua.LNil {
			op = L.GetMetaField(right, "__concat")
		}
		if op == lua.LNil {
			L.RaiseError("cannot perform concat operation between %s and %s", left.Type(), right.Type())
		}
		L.Push(op)
		L.Push(left)
		L.Push(right)
		L.Call(2, 1)
		right = L.Get(-1)
		L.Pop(1)
	}
	L.Push(right)
	return 1
}

// grow accounts for a string that is about to be made.
func (v *VM) grow(L *lua.LState, what string, size int) {
	if v.options.Level != Session && size > MaxString {
		L.RaiseError("the result of %s must be at most %d bytes, but would be %d", what, MaxString, size)
	}
	v.meter.take(L, int64(size)+16)
}

// print writes its arguments as tostring has them, with tabs between and a newline.
func (v *VM) print(L *lua.LState) int {
	parts := make([]string, L.GetTop())
	for i := range parts {
		parts[i] = v.tostring(L, L.Get(i+1))
	}
	line := strings.Join(parts, "\t")
	v.meter.take(L, int64(len(line)))
	fmt.Fprintln(v.options.Output, line)
	return 0
}

// tostring is what the function of that name gives. It does not tell addresses: a policy must give the same
// answer every time.
func (v *VM) tostring(L *lua.LState, x lua.LValue) string {
	if fn, ok := L.GetMetaField(x, "__tostring").(*lua.LFunction); ok {
		L.Push(fn)
		L.Push(x)
		L.Call(1, 1)
		s := L.Get(-1)
		L.Pop(1)
		if !lua.LVCanConvToString(s) {
			L.RaiseError("__tostring must give a string, but gives a %s", s.Type())
		}
		return s.String()
	}
	switch x.Type() {
	case lua.LTTable, lua.LTFunction, lua.LTUserData, lua.LTThread, lua.LTChannel:
		if v.options.Level != Session {
			return x.Type().String()
		}
	}
	return x.String()
}

// validModule is what require takes: such names can lead nowhere else.
func validModule(name string) bool {
	for _, c := range name {
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_') {
			return false
		}
	}
	return name != ""
}

func (v *VM) require(L *lua.LState) int {
	name := L.CheckString(1)
	if !validModule(name) {
		L.RaiseError("a module's name must consist of a-z, 0-9 and _, but is %q", name)
	}
	if value, ok := v.modules[name]; ok {
		if value == nil {
			L.RaiseError("module %s must not need itself, but does", name)
		}
		L.Push(value)
		return 1
	}
	if v.options.Require == nil {
		L.RaiseError("module %s must lie beside the policy file, but there is no file", name)
	}
	file, text, err := v.options.Require(name)
	if err != nil {
		L.RaiseError("%s", err)
	}
	fn, err := v.Compile(file, text)
	if err != nil {
		L.RaiseError("module %s: %s", name, err)
	}
	v.modules[name] = nil
	defer func() {
		// It raised an error.
		if v.modules[name] == nil {
			delete(v.modules, name)
		}
	}()
	L.Push(fn)
	L.Push(lua.LString(name))
	L.Call(1, 1)
	value := L.Get(-1)
	if value == lua.LNil {
		value = lua.LTrue
	}
	v.modules[name] = value
	L.Push(value)
	return 1
}
