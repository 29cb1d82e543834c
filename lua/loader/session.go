package loader

import (
	"cmp"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/declare"
	"cellsh/lua/library"
	"cellsh/lua/symbolic"
	"cellsh/lua/syntax"
	"cellsh/lua/value"
	"cellsh/lua/vm"
	"cellsh/lua/written"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/progress"
	"cellsh/policy/rules"
)

// Declarer collects what a session or a script declares. That runs in gopher-lua alone; its functions are compiled from
// their trees, and asked where they are. It is not safe for concurrent use.
type Declarer struct{ *declare.Declarations }

// NewDeclarer is empty. Policies are for a host with the groups, and a kernel with the vocabulary; nil is kauth.Newest. Compiling
// functions is part of the work, and asking them part of that of their machine.
func NewDeclarer(groups policy.Groups, v *kauth.Vocabulary, w *progress.Work) *Declarer {
	ask := askedOf(groups)
	return &Declarer{declare.New(func(f value.Value, where bool) rules.Function {
		if a, ok := ask(f, where).(*asked); ok {
			return &declaredInSession{asked: a, work: w}
		}
		return nil
	}, v)}
}

// Machine makes a machine whose declarations go to the declarer.
func (d *Declarer) Machine(o vm.Options) *vm.VM {
	o.Inspect = func(f *syntax.File) {
		d.Know(f)
		for _, p := range written.DuplicateKeys(f, diag.PolicyDuplicate) {
			d.Report(p)
		}
	}
	m := vm.New(o)
	d.Words(m)
	return m
}

// Words defines policy, never and the results in a machine.
func (d *Declarer) Words(m *vm.VM) { wordsIn(m, d.Declarations) }

// declaredInSession is a decision that a session has declared. It is compiled with the values that it has when that is
// done first.
type declaredInSession struct {
	*asked
	work *progress.Work
	tree *symbolic.Function
}

// Compile gives the function as a graph.
func (f *declaredInSession) Compile(id kauth.RequestID, cell string) *rules.Compiled {
	if f.tree == nil {
		m := symbolic.NewMachine(symbolic.MachineOptions{Groups: f.groups, Library: library.Session, Work: f.work})
		for name, v := range declare.Constants() {
			m.Define(name, v)
		}
		f.tree = symbolic.NewFunction(m, takeOver(f.m, f.fn, m), symbolic.Options{Where: f.where})
	}
	return f.tree.Compile(id, cell)
}

// takeOver makes a closure of a function of gopher-lua, with all that it can reach: what was one value there is one here,
// and so are cycles. It takes time by what that is, and does not recurse.
//
// Of the globals of a session, which can be many and large, only those are taken over that the code names; but all of
// them if they can be reached as a table.
func takeOver(from *vm.VM, fn *lua.LFunction, to *symbolic.Machine) *symbolic.Closure {
	in := &importer{from: from, to: to, tables: map[*lua.LTable]*value.Table{}, others: map[lua.LValue]value.Value{}, globals: map[*lua.LTable]*value.Table{}}
	c := in.function(fn).(*symbolic.Closure)
	in.work()
	return c
}

type importer struct {
	from   *vm.VM
	to     *symbolic.Machine
	tables map[*lua.LTable]*value.Table
	// others are the functions and what has no meaning here.
	others map[lua.LValue]value.Value
	// globals are tables of globals, filled as far as code names them.
	globals map[*lua.LTable]*value.Table
	// queue is what is still to be done.
	queue []func()
}

func (in *importer) later(f func()) { in.queue = append(in.queue, f) }

// work does what was left for later.
func (in *importer) work() {
	for len(in.queue) > 0 {
		next := in.queue[len(in.queue)-1]
		in.queue = in.queue[:len(in.queue)-1]
		next()
	}
}

func (in *importer) value(v lua.LValue) value.Value {
	switch x := v.(type) {
	case *lua.LTable:
		return in.table(x)
	case *lua.LFunction:
		return in.function(x)
	}
	if p := vm.Plain(v); p != nil {
		return p
	}
	if _, ok := in.others[v]; !ok {
		in.others[v] = &foreign{v}
	}
	return in.others[v]
}

func (in *importer) table(x *lua.LTable) *value.Table {
	if t, ok := in.tables[x]; ok {
		return t
	}
	// Globals that are reached as a table are filled like any other.
	t := in.globals[x]
	if t == nil {
		t = &value.Table{}
	}
	in.tables[x] = t
	from := x
	if real, ok := in.from.ReadOnly(x); ok {
		t.ReadOnly = "a library"
		from = real
	} else if meta, ok := x.Metatable.(*lua.LTable); ok {
		t.Meta = in.table(meta)
	}
	in.later(func() {
		for k, v := from.Next(lua.LNil); k != lua.LNil; k, v = from.Next(k) {
			// The keys of a table are neither nil nor NaN.
			_ = t.Set(in.value(k), in.value(v))
		}
	})
	return t
}

// environment is the table of the globals that a function sees.
func (in *importer) environment(x *lua.LTable, node *syntax.FunctionExpr) *value.Table {
	if t, ok := in.tables[x]; ok {
		return t
	}
	t, ok := in.globals[x]
	if !ok {
		t = &value.Table{}
		in.globals[x] = t
		if meta, ok := x.Metatable.(*lua.LTable); ok {
			t.Meta = in.table(meta)
		}
	}
	in.later(func() {
		syntax.Walk(node, func(n syntax.Node) bool {
			if name, ok := n.(*syntax.NameExpr); ok && name.Local == nil {
				if v := x.RawGetString(name.Name); v != lua.LNil {
					_ = t.Set(value.String(name.Name), in.value(v))
				}
			}
			return true
		})
	})
	return t
}

func (in *importer) function(fn *lua.LFunction) value.Value {
	if v, ok := in.others[fn]; ok {
		return v
	}
	node := in.from.Node(fn)
	// Some of the library are written in Lua.
	if b, ok := in.from.Builtin(fn); ok || node == nil {
		v := in.to.Builtin(b.Name)
		if v == nil {
			v = &value.Builtin{Name: cmp.Or(b.Name, "a function of the session")}
		}
		in.others[fn] = v
		return v
	}
	c := symbolic.NewClosure(node, in.environment(fn.Env, node), nil)
	in.others[fn] = c
	upvalues := in.from.Upvalues(fn)
	cells := make([]*symbolic.Cell, len(upvalues))
	for i := range upvalues {
		cells[i] = &symbolic.Cell{Value: value.Nil{}}
	}
	// A decision can't assign to them, so it does not matter that functions have cells of their own.
	c.SetUpvalues(cells)
	in.later(func() {
		for i, up := range upvalues {
			cells[i].Value = in.value(up)
		}
	})
	return c
}
