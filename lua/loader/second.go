package loader

import (
	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/declare"
	"cellsh/lua/syntax"
	"cellsh/lua/value"
	"cellsh/lua/vm"
	"cellsh/lua/written"
)

// secondReading runs a file in gopher-lua. What it prints the first has printed.
func secondReading(file *syntax.File, modules func(name string) (*syntax.File, error), d *declare.Declarations, o Options) error {
	options := o.VM
	options.Level, options.Output, options.Require, options.Work = vm.Policy, nil, modules, o.Work
	m := vm.New(options)
	wordsIn(m, d)
	fn, err := m.CompileTree(m.NewEnvironment(), file)
	if err == nil {
		_, err = m.Call(fn)
	}
	return err
}

// wordsIn defines the words of policies in a machine of gopher-lua.
func wordsIn(m *vm.VM, d *declare.Declarations) {
	for name, v := range declare.Constants() {
		m.Define(name, vm.FromPlain(v))
	}
	for _, word := range declare.Words {
		m.Define(word, m.Function(vm.Builtin{Name: word}, func(L *lua.LState) int {
			then := d.Call(word, argumentsOf(m, L), siteOf(m, L))
			if then == nil {
				return 0
			}
			// It is nobody's but the file's: the machine need not know it.
			L.Push(L.NewFunction(func(L *lua.LState) int {
				then(argumentsOf(m, L), siteOf(m, L))
				return 0
			}))
			return 1
		}))
	}
}

func siteOf(m *vm.VM, L *lua.LState) declare.Site {
	file, call := m.Site(L)
	return declare.Site{File: file, Call: call}
}

// foreign is a value of gopher-lua that means nothing here. It is the same as another if the pointers are.
type foreign struct{ v lua.LValue }

// Type is that of the value.
func (f *foreign) Type() value.Type {
	if f.v.Type() == lua.LTThread {
		return value.ThreadType
	}
	return value.UserdataType
}

// luaFunction is a function of gopher-lua that was written in Lua, as it is.
type luaFunction struct {
	m  *vm.VM
	fn *lua.LFunction
}

// Type is FunctionType.
func (*luaFunction) Type() value.Type { return value.FunctionType }

// declaredDepth is how deep tables lie in a declaration: a policy, its budget, what is watched of that, and what lies in those by
// mistake, of which only the type matters.
const declaredDepth = 4

// argumentsOf takes over the arguments of a word, as deep as a declaration is looked at.
func argumentsOf(m *vm.VM, L *lua.LState) []value.Value {
	args := make([]value.Value, min(L.GetTop(), 2))
	c := copier{m, map[level]*value.Table{}}
	for i := range args {
		args[i] = c.shallow(L.Get(i+1), declaredDepth)
	}
	return args
}

// copier takes values over. A table that stands in many places is taken over once.
type copier struct {
	m    *vm.VM
	done map[level]*value.Table
}

// level is a table with how deep it is taken over.
type level struct {
	table *lua.LTable
	depth int
}

func (c *copier) shallow(v lua.LValue, depth int) value.Value {
	m := c.m
	switch x := v.(type) {
	case *lua.LFunction:
		if m.Node(x) != nil {
			return &luaFunction{m, x}
		}
		b, _ := m.Builtin(x)
		return &value.Builtin{Name: b.Name}
	case *lua.LTable:
		at := level{x, depth}
		if t, known := c.done[at]; known {
			return t
		}
		t := &value.Table{}
		c.done[at] = t
		if depth == 1 {
			return t
		}
		if real, ok := m.ReadOnly(x); ok {
			x = real
		} else if x.Metatable != lua.LNil {
			t.Meta = &value.Table{}
		}
		n := 0
		for k, v := x.Next(lua.LNil); k != lua.LNil; k, v = x.Next(k) {
			// The keys of a table are neither nil nor NaN.
			_ = t.Set(c.shallow(k, 1), c.shallow(v, depth-1))
			// More is refused.
			if n++; n > written.MaxElements {
				break
			}
		}
		return t
	}
	if p := vm.Plain(v); p != nil {
		return p
	}
	return &foreign{v}
}
