package vm

import (
	"context"
	"fmt"
	"io"
	"time"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/library"
	"cellsh/lua/lower"
	"cellsh/lua/syntax"
	"cellsh/lua/system"
	"cellsh/policy/diag"
	"cellsh/policy/progress"
)

// Level is what the code of a machine may do.
type Level uint8

// The levels; see the package comment.
const (
	Session Level = iota
	Policy
	Decision
)

// The default limits of the levels Policy and Decision.
const (
	// Instructions of the virtual machine that one call may take.
	PolicyInstructions   = 20_000_000
	DecisionInstructions = 1_000_000
	// Memory in bytes that strings and tables may take.
	PolicyMemory = 64 << 20
	// MaxString is the longest string that a library function makes.
	MaxString = 4 << 20
	// Deadline is how long a call of these levels may take. It is a second net: some instructions take much
	// longer than others.
	Deadline = 10 * time.Second
	// maxCalls is how deep calls lie within each other.
	maxCalls = 1000
)

// Options for New. The zero value is a session without limits that prints nowhere.
type Options struct {
	Level Level
	// Instructions that one call may take; 0 is the default of the level, which for Session is no limit.
	Instructions int64
	// Memory ceiling in bytes; 0 is the default of the level, which for Session is none.
	Memory int64
	// Output is where print writes; nil discards.
	Output io.Writer
	// Stdin, Stdout and Stderr are the standard files of the level Session. Nil is an empty one, Output, and one that
	// discards.
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Waited, if not nil, is called whenever code of the level Session has waited for a command, in os.execute. It may call
	// functions of the machine.
	Waited func()
	// Settle, if not nil, is called before code of the level Session tells anybody outside of the machine anything but by
	// print; see system.Options. Its error is raised.
	Settle func() error
	// Patience is how long a command may take that code of the level Session runs, and Context ends it earlier; see
	// system.Options. 0 is for ever, nil never.
	Patience time.Duration
	Context  context.Context
	// Require reads the module of a name for the level Policy. Nil means that there are no modules.
	Require func(name string) (*syntax.File, error)
	// Inspect is given every source without problems before it is compiled; nil does nothing.
	Inspect func(f *syntax.File)
	// Work that all calls are part of: where it is stopped they fail as after Interrupt.
	Work *progress.Work
	// Now is the clock of the deadline; nil is the system's.
	Now func() time.Time

	// registry bounds the values of all calls together; tests make it small.
	registry int
}

// VM is a Lua machine. It is not safe for concurrent use, but for Interrupt.
type VM struct {
	// L is the interpreter, for packages that add functions of their own.
	L       *lua.LState
	options Options
	meter   *meter
	// written are the functions of the library that are written in Lua. The others say themselves which they are, so that the
	// machine keeps none that nobody can call any more.
	written map[*lua.LFunction]Builtin
	// base holds what every global environment inherits.
	base *lua.LTable
	// hidden are the functions that lowered code calls.
	hidden map[string]lua.LValue
	// protector is protect as a function.
	protector *lua.LFunction
	// modules by name, nil while one is being loaded.
	modules map[string]lua.LValue
	units   []*unit
	files   diag.Files
	// explaining is set while the text of an error is asked for.
	explaining bool
	// tracing counts who wants to know which calls led to an error, trace is that of the error that is handled.
	tracing int
	trace   string
	// resumed is how many coroutines resume each other.
	resumed int
	printer library.Printer
	// environment is the globals of a session, system what it has of the operating system.
	environment *lua.LTable
	system      *system.System
	// fileMeta is the metatable of files.
	fileMeta *lua.LTable
	// loaded are the modules of a session by name, and loading stands for one that is being loaded.
	loaded  *lua.LTable
	loading *lua.LUserData
	// proxies are the metatables of newproxy.
	proxies map[*lua.LTable]bool
	// within is how many instructions the last CallWithin took.
	within int64
}

// Builtin describes a function that is not written in Lua.
type Builtin struct {
	// Name as code calls it, "string.rep".
	Name string
	// Pure functions depend on nothing but their arguments and change nothing.
	Pure bool
}

func init() {
	// One assignment t[67108863] = 1 would take a gigabyte otherwise. Beyond the limit numbers are hashed.
	lua.MaxArrayIndex = 1 << 22
}

// New makes a machine.
func New(o Options) *VM {
	switch o.Level {
	case Policy:
		o.Instructions = defaultTo(o.Instructions, PolicyInstructions)
		o.Memory = defaultTo(o.Memory, PolicyMemory)
	case Decision:
		o.Instructions = defaultTo(o.Instructions, DecisionInstructions)
		o.Memory = defaultTo(o.Memory, PolicyMemory)
	}
	if o.Output == nil {
		o.Output = io.Discard
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.registry == 0 {
		o.registry = 1 << 18
	}
	v := &VM{options: o, written: map[*lua.LFunction]Builtin{}, hidden: map[string]lua.LValue{}, modules: map[string]lua.LValue{}, proxies: map[*lua.LTable]bool{},
		printer: library.Printer{Output: o.Output}}
	// A call stack that grows ends in a panic of Go where it can't, and not in an error of Lua.
	v.L = lua.NewState(lua.Options{SkipOpenLibs: true, CallStackSize: maxCalls, RegistrySize: 2048, RegistryGrowStep: 2048, RegistryMaxSize: o.registry})
	// For coroutines: those begin small.
	v.L.Options.RegistrySize, v.L.Options.RegistryGrowStep = 256, 256
	v.meter = newMeter(o)
	v.L.SetContext(v.meter)
	v.base = v.L.NewTable()
	v.protector = v.L.NewFunction(v.protect)
	v.openHidden()
	if o.Level == Session {
		v.openSession()
	} else {
		v.openSandbox()
	}
	return v
}

func defaultTo(n, otherwise int64) int64 {
	if n == 0 {
		return otherwise
	}
	return n
}

// Level of the machine.
func (v *VM) Level() Level { return v.options.Level }

// Close gives up the machine.
func (v *VM) Close() { v.L.Close() }

// Builtin says which library function a function is; false for functions written in Lua.
func (v *VM) Builtin(fn *lua.LFunction) (Builtin, bool) {
	if b, ok := v.written[fn]; ok || !fn.IsG || len(fn.Upvalues) != 1 {
		return b, ok
	}
	ud, _ := fn.Upvalues[0].Value().(*lua.LUserData)
	if ud == nil {
		return Builtin{}, false
	}
	b, ok := ud.Value.(Builtin)
	return b, ok
}

// ReadOnly gives the table behind a library table, which code sees only through a table that can't be changed.
func (v *VM) ReadOnly(t *lua.LTable) (*lua.LTable, bool) {
	if p := protectionOf(t); p != nil {
		return p.real, true
	}
	return nil, false
}

// Files are the sources that the machine has compiled.
func (v *VM) Files() *diag.Files { return &v.files }

// Function makes a builtin.
func (v *VM) Function(b Builtin, fn lua.LGFunction) *lua.LFunction {
	ud := v.L.NewUserData()
	ud.Value = b
	return v.L.NewClosure(fn, ud)
}

// Define gives all code of the machine a global.
func (v *VM) Define(name string, value lua.LValue) { v.base.RawSetString(name, value) }

// NewEnvironment makes globals of their own, which inherit everything defined.
func (v *VM) NewEnvironment() *lua.LTable {
	env := v.L.NewTable()
	mt := v.L.NewTable()
	mt.RawSetString("__index", v.base)
	if v.options.Level == Session {
		mt.RawSetString("__index", v.environment)
	}
	mt.RawSetString("__metatable", lua.LFalse)
	env.Metatable = mt
	env.RawSetString("_G", env)
	return env
}

// Compile reads a source into a function with globals of its own. The error is an *Error.
func (v *VM) Compile(file, text string) (*lua.LFunction, error) {
	return v.CompileIn(v.NewEnvironment(), file, text)
}

// CompileIn is Compile with given globals.
func (v *VM) CompileIn(env *lua.LTable, file, text string) (*lua.LFunction, error) {
	return v.CompileTree(env, syntax.Read(file, text))
}

// CompileTree is CompileIn for a source that was read already.
func (v *VM) CompileTree(env *lua.LTable, f *syntax.File) (*lua.LFunction, error) {
	return v.compile(env, f, lower.Options{})
}

// CompileStatement is CompileTree for what is typed in a session: what its outermost block declares becomes global.
func (v *VM) CompileStatement(env *lua.LTable, f *syntax.File) (*lua.LFunction, error) {
	return v.compile(env, f, lower.Options{Share: true})
}

func (v *VM) compile(env *lua.LTable, f *syntax.File, o lower.Options) (*lua.LFunction, error) {
	v.files.Add(f.Name, f.Text)
	if f.Problems.Failed() {
		e := v.wrap(f.Problems)
		e.Incomplete = f.Incomplete
		return nil, e
	}
	if v.options.Inspect != nil {
		v.options.Inspect(f)
	}
	return v.load(env, f, o, false)
}

// Call runs a function with a fresh budget and gives its results. The error is an *Error.
func (v *VM) Call(fn *lua.LFunction, args ...lua.LValue) (results []lua.LValue, err error) {
	// Calls within calls share the budget of the outermost.
	if v.meter.depth == 0 {
		v.meter.reset(v.options.Instructions)
	}
	return v.call(fn, args)
}

// CallWithin is Call with at most that many instructions, which count for a budget around it too.
func (v *VM) CallWithin(instructions int64, fn *lua.LFunction, args ...lua.LValue) ([]lua.LValue, error) {
	outer := *v.meter.budget()
	// It is the call around this one that somebody wants to end.
	interrupted := v.meter.depth > 0 && v.meter.interrupted.Load()
	v.meter.reset(instructions)
	if outer.left > 0 && v.meter.depth > 0 {
		v.meter.left = min(instructions, outer.left)
	}
	before := v.meter.left
	results, err := v.call(fn, args)
	used := before - max(v.meter.left, 0)
	v.within = used
	if v.meter.depth > 0 {
		v.meter.restore(outer, used)
	}
	if interrupted {
		v.Interrupt()
	}
	return results, err
}

func (v *VM) call(fn *lua.LFunction, args []lua.LValue) (results []lua.LValue, err error) {
	v.meter.depth++
	top := v.L.GetTop()
	defer func() {
		v.meter.depth--
		if r := recover(); r != nil {
			results, err = nil, v.wrap(fmt.Errorf("the interpreter failed: %v", r))
			// Its stacks are of no use any more. A new thread has its own, and the same globals.
			v.L, _ = v.L.NewThread()
			v.L.SetContext(v.meter)
			v.resumed, v.tracing = 0, 0
			return
		}
		v.L.SetTop(top)
	}()
	v.L.Push(v.protector)
	v.L.Push(fn)
	for _, a := range args {
		v.L.Push(a)
	}
	if err := v.L.PCall(len(args)+1, lua.MultRet, nil); err != nil {
		return nil, v.wrap(err)
	}
	for i := top + 1; i <= v.L.GetTop(); i++ {
		results = append(results, v.L.Get(i))
	}
	return results, nil
}

// Interrupt makes running code fail at its next instruction. It may be called from any goroutine, and has no
// effect on later calls.
func (v *VM) Interrupt() { v.meter.interrupted.Store(true) }

// Work is what calls are part of.
func (v *VM) Work() *progress.Work { return v.options.Work }

// Used is how many instructions the last call took.
func (v *VM) Used() int64 { return v.meter.used() }

// UsedWithin is how many instructions the last CallWithin took.
func (v *VM) UsedWithin() int64 { return v.within }
