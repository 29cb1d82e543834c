package symbolic

import (
	"io"
	"maps"
	"slices"
	"strings"

	"cellsh/lua/library"
	"cellsh/lua/syntax"
	"cellsh/lua/value"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/progress"
	"cellsh/policy/rules"
)

// MachineOptions for NewMachine. The zero value prints nowhere, knows no modules and has the default bounds.
type MachineOptions struct {
	Groups policy.Groups
	// Output is where print writes; nil discards.
	Output io.Writer
	// Require reads the module of a name; nil means that there are none.
	Require func(name string) (*syntax.File, error)
	// Flipped machines give another answer than usual where Lua leaves it open: the order of pairs, # of a table with
	// holes, the text of a table or a function. What is the same then does not depend on it. FlippedAt restricts that to one
	// of the places that another machine has Opened; the zero Span does not.
	Flipped   bool
	FlippedAt diag.Span
	// Library is what functions are called; nil is that of policies.
	Library library.Set
	// Work that running files and compiling functions is part of.
	Work *progress.Work
	// Instructions and Memory in bytes bound what running files may take; 0 is the default.
	Instructions, Memory int64
}

// The default bounds of running a file.
const (
	FileInstructions = 20_000_000
	FileMemory       = 64 << 20
)

// Machine runs files of Lua by their trees: the first reading. What they make stays, so that functions can be compiled
// afterwards. It is not safe for concurrent use.
type Machine struct {
	options  MachineOptions
	base     *value.Table
	builtins map[string]*value.Builtin
	specials map[*value.Builtin]special
	natives  map[*value.Builtin]func(*Call) ([]value.Value, error)
	// strings is the metatable of strings.
	strings *value.Table
	plans   map[*syntax.FunctionExpr]*plan
	// modules by name, nil while one is being loaded.
	modules map[string]value.Value
	printer library.Printer
	// opened are the places at which something was asked whose answer Lua leaves open.
	opened []diag.Span
	// stops counts functions that were too complex.
	stops int
}

// Cell is a variable that functions share.
type Cell struct{ Value value.Value }

// Type is that of what is in it. A Cell is no value of Lua; that it looks like one lets it lie where values do.
func (c *Cell) Type() value.Type { return c.Value.Type() }

// Closure is a function that is written in Lua, with the variables that it shares with others.
type Closure struct {
	Node     *syntax.FunctionExpr
	env      *value.Table
	upvalues []*Cell
}

// Type is FunctionType.
func (*Closure) Type() value.Type { return value.FunctionType }

// NewClosure makes a function that another machine has made: its node, the globals that it sees, and its variables in the
// order of the node's Upvalues.
func NewClosure(node *syntax.FunctionExpr, env *value.Table, upvalues []*Cell) *Closure {
	return &Closure{node, env, upvalues}
}

// SetUpvalues gives a closure its variables, where they hold the closure itself and so could not be there before it.
func (c *Closure) SetUpvalues(upvalues []*Cell) { c.upvalues = upvalues }

// Site is where a function that is not written in Lua was called from.
type Site struct {
	File *syntax.File
	// Call is nil where no call is written, as for a metamethod.
	Call *syntax.CallExpr
}

// Call is a call of a Native.
type Call struct {
	Args []value.Value
	Site Site
}

// Error is what went wrong in a file.
type Error struct {
	diag.Diagnostic
	// Raised says that Lua raises an error, at Node. Otherwise a bound was reached.
	Raised bool
	Node   syntax.Node
}

// NewMachine makes a machine with the library of policies.
func NewMachine(o MachineOptions) *Machine {
	if o.Instructions == 0 {
		o.Instructions = FileInstructions
	}
	if o.Memory == 0 {
		o.Memory = FileMemory
	}
	if o.Library == nil {
		o.Library = library.Policy
	}
	if o.Output == nil {
		o.Output = io.Discard
	}
	m := &Machine{options: o, base: &value.Table{}, builtins: map[string]*value.Builtin{}, specials: map[*value.Builtin]special{}, natives: map[*value.Builtin]func(*Call) ([]value.Value, error){},
		strings: &value.Table{}, plans: map[*syntax.FunctionExpr]*plan{}, modules: map[string]value.Value{}, printer: library.Printer{Output: o.Output}}
	m.Define("_VERSION", value.String("Lua 5.1"))
	libraries := map[string]*value.Table{}
	in := func(name string) (*value.Table, string) {
		of, field, ok := strings.Cut(name, ".")
		if !ok {
			return m.base, name
		}
		if libraries[of] == nil {
			libraries[of] = &value.Table{ReadOnly: of}
			m.Define(of, libraries[of])
		}
		return libraries[of], field
	}
	for name := range o.Library {
		m.builtins[name] = &value.Builtin{Name: name}
	}
	for name, special := range specials() {
		b := &value.Builtin{Name: name}
		m.builtins[name], m.specials[b] = b, special
	}
	// In a fixed order, which loops over a library see.
	for _, name := range slices.Sorted(maps.Keys(m.builtins)) {
		if name != library.IpairsStep {
			t, field := in(name)
			_ = t.Set(value.String(field), m.builtins[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(library.Constants)) {
		t, field := in(name)
		_ = t.Set(value.String(field), library.Constants[name])
	}
	_ = m.strings.Set(value.String("__index"), libraries["string"])
	_ = m.strings.Set(value.String("__metatable"), value.Bool(false))
	return m
}

// Define gives all files a global.
func (m *Machine) Define(name string, v value.Value) {
	// A name is neither nil nor NaN.
	_ = m.base.Set(value.String(name), v)
}

// Builtin is the function of the library of that name, nil if there is none.
func (m *Machine) Builtin(name string) *value.Builtin { return m.builtins[name] }

// Native makes a function that files can call while they are run, and decisions can't. Its error is raised as an error of
// Lua.
func (m *Machine) Native(name string, fn func(c *Call) ([]value.Value, error)) *value.Builtin {
	b := &value.Builtin{Name: name}
	m.natives[b] = fn
	return b
}

// Environment makes globals of their own, which inherit everything defined.
func (m *Machine) Environment() *value.Table {
	meta := &value.Table{}
	_ = meta.Set(value.String("__index"), m.base)
	_ = meta.Set(value.String("__metatable"), value.Bool(false))
	env := &value.Table{Meta: meta}
	_ = env.Set(value.String("_G"), env)
	return env
}

// main is a file as a function with globals of its own.
func (m *Machine) main(f *syntax.File) *Closure { return &Closure{Node: f.Main, env: m.Environment()} }

// Run runs a file without problems. The error is an *Error.
func (m *Machine) Run(f *syntax.File) error {
	x := newExec(m, Options{Instructions: int(m.options.Instructions), Memory: int(m.options.Memory)})
	x.loading = true
	s := &state{}
	p := spot{x.plan(f.Main), 0}
	o := x.enter(s, known(m.main(f)), nil, returnTo{how: toNobody}, p)
	for o.done == nil {
		if fault := x.count(s); fault != nil {
			o = x.faulted(fault)
			break
		}
		o = x.step(s)
	}
	if fault := o.done.Fault; fault != nil {
		e := problem(fault)
		e.Node = x.at
		return e
	}
	return nil
}

func (e *Error) Error() string { return e.Diagnostic.Error() }

func problem(f *rules.Fault) *Error {
	e := &Error{Diagnostic: f.Diagnostic, Raised: f.Raised}
	if e.Raised {
		e.Code = diag.Runtime
	}
	return e
}

// Opened are the places at which files and decisions asked for something that Lua leaves open; see MachineOptions.Flipped.
func (m *Machine) Opened() []diag.Span { return m.opened }

// plan lays a function out, once.
func (m *Machine) plan(node *syntax.FunctionExpr) *plan {
	p, ok := m.plans[node]
	if !ok {
		p = layOut(len(m.plans), node)
		m.plans[node] = p
	}
	return p
}

func (x *exec) plan(node *syntax.FunctionExpr) *plan { return x.machine.plan(node) }
