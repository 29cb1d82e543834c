package vm

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"cellsh/lua/syntax"
	"cellsh/policy/diag"
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
	// Require finds the source of a module for the level Policy: the file's name and text. Nil means that there
	// are no modules.
	Require func(name string) (file, text string, err error)
	// Inspect is given the tree of every source before it is compiled; nil does nothing.
	Inspect func(file string, chunk []ast.Stmt)
	// Now is the clock of the deadline; nil is the system's.
	Now func() time.Time

	// registry bounds the values of all calls together; tests make it small.
	registry int
}

// VM is a Lua machine. It is not safe for concurrent use, but for Interrupt.
type VM struct {
	// L is the interpreter, for packages that add functions of their own.
	L        *lua.LState
	options  Options
	meter    *meter
	builtins map[*lua.LFunction]Builtin
	named    map[string]*lua.LFunction
	readOnly map[*lua.LTable]*lua.LTable
	// base holds what every global environment inherits.
	base   *lua.LTable
	hidden *lua.LTable
	// modules by name, nil while one is being loaded.
	modules map[string]lua.LValue
	chunks  int
	files   diag.Files
	// explaining is set while the text of an error is asked for.
	explaining bool
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
	v := &VM{options: o, builtins: map[*lua.LFunction]Builtin{}, named: map[string]*lua.LFunction{}, readOnly: map[*lua.LTable]*lua.LTable{}, modules: map[string]lua.LValue{}}
	v.L = lua.NewState(lua.Options{
		SkipOpenLibs:        true,
		CallStackSize:       1000,
		MinimizeStackMemory: true,
		RegistrySize:        2048,
		RegistryGrowStep:    2048,
		RegistryMaxSize:     o.registry,
	})
	v.meter = newMeter(o)
	v.L.SetContext(v.meter)
	v.base, v.hidden = v.L.NewTable(), v.L.NewTable()
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
	b, ok := v.builtins[fn]
	return b, ok
}

// IpairsStep is the name of the function that loops over ipairs call.
const IpairsStep = "(ipairs step)"

// Named gives the library function of that name, "string.rep"; nil if there is none. Code can't change it.
func (v *VM) Named(name string) *lua.LFunction { return v.named[name] }

// ReadOnly gives the table behind a library table, which code sees only through a table that can't be changed.
func (v *VM) ReadOnly(t *lua.LTable) (*lua.LTable, bool) {
	real, ok := v.readOnly[t]
	return real, ok
}

// Files are the sources that the machine has compiled.
func (v *VM) Files() *diag.Files { return &v.files }

// Function makes a builtin.
func (v *VM) Function(b Builtin, fn lua.LGFunction) *lua.LFunction {
	f := v.L.NewFunction(fn)
	v.register(f, b)
	return f
}

func (v *VM) register(f *lua.LFunction, b Builtin) {
	v.builtins[f] = b
	v.named[b.Name] = f
}

// Define gives all code of the machine a global.
func (v *VM) Define(name string, value lua.LValue) { v.base.RawSetString(name, value) }

// NewEnvironment makes globals of their own, which inherit everything defined.
func (v *VM) NewEnvironment() *lua.LTable {
	env := v.L.NewTable()
	mt := v.L.NewTable()
	mt.RawSetString("__index", v.base)
	if v.options.Level == Session {
		mt.RawSetString("__index", v.L.G.Global)
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
	chunk, err := syntax.Parse(file, text)
	if err != nil {
		v.files.Add(file, text)
		return nil, v.wrap(err)
	}
	return v.CompileTree(env, file, text, chunk)
}

// CompileTree is CompileIn for a source that was read already; a session changes its tree in between. The tree
// becomes the machine's, which rewrites it.
func (v *VM) CompileTree(env *lua.LTable, file, text string, chunk []ast.Stmt) (*lua.LFunction, error) {
	v.files.Add(file, text)
	if v.options.Inspect != nil {
		v.options.Inspect(file, chunk)
	}
	v.chunks++
	name := syntax.HiddenConstants + strconv.Itoa(v.chunks)
	rewrite := syntax.Guard
	if v.options.Level == Session {
		rewrite = syntax.Mend
	}
	constants, err := rewrite(file, chunk, name)
	if err != nil {
		return nil, v.wrap(err)
	}
	if len(constants) > 0 {
		pages := v.L.NewTable()
		for _, page := range constants {
			t := v.L.NewTable()
			for _, c := range page {
				t.Append(c)
			}
			pages.Append(t)
		}
		v.hidden.RawSetString(name, pages)
	}
	proto, err := compileProtected(chunk, file)
	if err != nil {
		return nil, v.wrap(err)
	}
	fn := v.L.NewFunctionFromProto(proto)
	fn.Env = env
	return fn, nil
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
	v.meter.reset(instructions)
	if outer.left > 0 && v.meter.depth > 0 {
		v.meter.left = min(instructions, outer.left)
	}
	before := v.meter.left
	results, err := v.call(fn, args)
	used := before - v.meter.left
	if v.meter.depth > 0 {
		v.meter.restore(outer, used)
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
			return
		}
		v.L.SetTop(top)
	}()
	v.L.Push(fn)
	for _, a := range args {
		v.L.Push(a)
	}
	if err := v.L.PCall(len(args), lua.MultRet, nil); err != nil {
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

// Used is how many instructions the last call took.
func (v *VM) Used() int64 { return v.meter.used() }

// Error is what went wrong in Lua.
type Error struct {
	diag.Diagnostic
	// Incomplete says that more source could mend it; see syntax.Error.
	Incomplete bool
	// Value is what error was called with, nil for errors of the machine.
	Value lua.LValue
	// Exit is set where the code asked to end the program, with ExitCode.
	Exit     bool
	ExitCode int
}

// exitRequest travels through the interpreter as the value of an error.
type exitRequest struct{ code int }

// wrap turns any error of the interpreter into an *Error.
func (v *VM) wrap(err error) *Error {
	var se *syntax.Error
	var ae *lua.ApiError
	var ce *lua.CompileError
	e := &Error{Diagnostic: diag.Diagnostic{Code: diag.Runtime}}
	switch {
	case errors.As(err, &se):
		e.Diagnostic, e.Incomplete = se.Diagnostic, se.Incomplete
	case errors.As(err, &ce):
		e.Code = diag.Syntax
		e.Line = max(ce.Line, 1)
		e.Message = "the source must fit the interpreter, but does not: " + ce.Message
	case errors.As(err, &ae):
		v.explain(e, ae)
	default:
		e.Message = err.Error()
	}
	if reason := v.meter.failed; reason != nil {
		e.Code, e.Hint = reason.code, reason.hint
		e.Message = reason.text
	}
	e.Excerpt = v.files.Line(e.File, e.Line)
	return e
}

// failed reports whether the interpreter itself has failed. A stack that overflows is an error of the code.
func failed(ae *lua.ApiError) bool {
	return ae.Type == lua.ApiErrorPanic && !strings.HasSuffix(ae.Object.String(), "overflow")
}

// position is what the interpreter puts before a message.
var position = regexp.MustCompile(`^(?s)(.*?):(\d+): (.*)$`)

func (v *VM) explain(e *Error, ae *lua.ApiError) {
	e.Value = ae.Object
	text := ""
	switch o := ae.Object.(type) {
	case *lua.LUserData:
		if x, ok := o.Value.(exitRequest); ok {
			e.Exit, e.ExitCode, e.Message = true, x.code, fmt.Sprintf("the script ends with %d", x.code)
			return
		}
		text = "an error that is userdata"
	case *lua.LTable:
		text = "an error that is a table"
		if s, ok := v.L.GetMetaField(o, "__tostring").(*lua.LFunction); ok && !v.explaining {
			// What it raises in turn is not asked for its text: that could go on for ever.
			v.explaining = true
			defer func() { v.explaining = false }()
			if out, err := v.call(s, []lua.LValue{o}); err == nil && len(out) > 0 {
				text = out[0].String()
			}
		}
	case *lua.LFunction:
		text = "an error that is a function"
	default:
		text = ae.Object.String()
	}
	if m := position.FindStringSubmatch(text); m != nil && v.files.Has(m[1]) {
		e.File, text = m[1], m[3]
		e.Line, _ = strconv.Atoi(m[2])
	}
	if failed(ae) {
		e.Message = "the interpreter failed: " + strings.SplitN(text, "\n", 2)[0]
		return
	}
	v.reword(e, text)
}

// The interpreter's messages, in the words of ours.
var rewordings = []struct {
	pattern *regexp.Regexp
	message string
	// token is the submatch whose place on the line the caret shows, 0 for none.
	token int
}{
	{regexp.MustCompile(`^attempt to index a non-table object\((\w+)\) with key '(.*)'$`), "what is indexed with $2 must be a table, but is $1", 2},
	{regexp.MustCompile(`^attempt to call a non-function object$`), "what is called must be a function, but is not", 0},
	{regexp.MustCompile(`^attempt to compare (\w+) with (\w+)$`), "compared values must be two numbers or two strings, but are $1 and $2", 0},
	{regexp.MustCompile(`^cannot perform (\w+) operation between (\w+) and (\w+)$`), "the operands of $1 must be numbers, but are $2 and $3", 0},
	{regexp.MustCompile(`^cannot perform concat operation between (\w+) and (\w+)$`), "joined values must be strings or numbers, but are $1 and $2", 0},
	{regexp.MustCompile(`^__unm undefined$`), "the operand of - must be a number, but is not", 0},
	{regexp.MustCompile(`^__len undefined$`), "the operand of # must be a table or string, but is not", 0},
	{regexp.MustCompile(`^(stack|lua callstack) overflow$`), "calls must lie at most 1000 deep, but lie deeper", 0},
	{regexp.MustCompile(`^too many recursions in [gs]ettable$`), "what is indexed must lie behind at most 100 metatables, but lies behind more", 0},
	{regexp.MustCompile(`^table index is (NaN|nil)$`), "the key of a table must be a value, but is $1", 0},
	{regexp.MustCompile(`^registry overflow$`), "the values of all calls together must fit the machine's stack, but do not", 0},
	{regexp.MustCompile(`^bad argument #(\d+) to (\S+) \((.*)\)$`), "argument $1 of $2: $3", 0},
}

// maxMessage is how much of an error's text is kept.
const maxMessage = 1000

func (v *VM) reword(e *Error, text string) {
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "") + "..."
	}
	e.Message = text
	for _, r := range rewordings {
		m := r.pattern.FindStringSubmatchIndex(text)
		if m == nil {
			continue
		}
		e.Message = string(r.pattern.ExpandString(nil, r.message, text, m))
		if r.token > 0 {
			e.Span = v.files.Find(e.File, e.Line, text[m[2*r.token]:m[2*r.token+1]])
		}
		break
	}
	if v.options.Level != Session {
		e.Hint = removedHint(v.files.Line(e.File, e.Line))
	}
}

// removed are names that plain Lua has and the sandbox has not, and what to do instead.
var removed = map[string]string{
	"string.match": "use re.match, or string.find for plain text", "string.gmatch": "use re.find in a loop",
	"string.gsub": "use re.replace", "string.gfind": "use re.find in a loop", "string.dump": "",
	"io": "", "os": "", "package": "", "debug": "", "coroutine": "", "channel": "", "load": "", "loadstring": "", "loadfile": "",
	"dofile": "use require", "getfenv": "", "setfenv": "", "newproxy": "", "collectgarbage": "", "module": "use require",
	"rawget": "", "rawset": "", "rawequal": "", "math.random": "a policy must give the same answer every time", "math.randomseed": "",
}

// removedHint says what a line uses that the sandbox does not have.
func removedHint(line string) string {
	tokens := syntax.Scan(line)
	for i, t := range tokens {
		if t.Kind != syntax.Name || i > 0 && (tokens[i-1].Text == "." || tokens[i-1].Text == ":") {
			continue
		}
		names := []string{t.Text}
		if i+2 < len(tokens) && tokens[i+1].Text == "." {
			names = append(names, t.Text+"."+tokens[i+2].Text)
		}
		for _, name := range names {
			if instead, ok := removed[name]; ok {
				if instead == "" {
					return "policies have no " + name
				}
				return "policies have no " + name + ": " + instead
			}
		}
	}
	return ""
}
