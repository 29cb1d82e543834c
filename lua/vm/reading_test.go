package vm

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/library"
	"cellsh/lua/syntax"
	"cellsh/policy/diag"
)

// results runs a source in a session and gives what it returns as text.
func results(t *testing.T, v *VM, src string) string {
	t.Helper()
	fn, err := v.CompileIn(v.Environment(), "t.lua", src)
	if err != nil {
		t.Fatal(err)
	}
	out, err := v.Call(fn)
	if err != nil {
		return err.Error()
	}
	var parts []string
	for _, x := range out {
		parts = append(parts, plainText(x))
	}
	return strings.Join(parts, "|")
}

// What pcall gives: true lines, and the words of package value.
func TestTextsOfErrors(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"local x return x.y", "t.lua:2: what is indexed must be a table, but is nil"},
		{"local x = 5 return x.y.z", "t.lua:2: what is indexed must be a table, but is number"},
		{"local x x.y = 1", "t.lua:2: what is indexed must be a table, but is nil"},
		{"local x x[1] = 1", "t.lua:2: what is indexed must be a table, but is nil"},
		{"local x = true return x:y()", "t.lua:2: what is indexed must be a table, but is boolean"},
		{"local x return x()", "t.lua:2: what is called must be a function, but is nil"},
		{"local x = {} x(1, 2)", "t.lua:2: what is called must be a function, but is table"},
		{"local x = {} x.y(1)", "t.lua:2: what is called must be a function, but is nil"},
		{"local x = {} x:y(1)", "t.lua:2: what is called must be a function, but is nil"},
		{"('x')()", "t.lua:2: what is called must be a function, but is string"},
		{"for x in 5 do end", "t.lua:2: what is called must be a function, but is number"},
		{"return 1 + nil", "t.lua:2: the operands of + must be numbers, but one is nil"},
		{"return {} - 1", "t.lua:2: the operands of - must be numbers, but one is table"},
		{"return 'a' * 2", "t.lua:2: the operands of * must be numbers, but one is string"},
		{"return 2 / 'a'", "t.lua:2: the operands of / must be numbers, but one is string"},
		{"return '2' / {}", "t.lua:2: the operands of / must be numbers, but one is table"},
		{"return {} % 'a'", "t.lua:2: the operands of % must be numbers, but one is table"},
		{"return 2 ^ nil", "t.lua:2: the operands of ^ must be numbers, but one is nil"},
		{"return -{}", "t.lua:2: the operand of - must be a number, but is table"},
		{"return -'a'", "t.lua:2: the operand of - must be a number, but is string"},
		{"local x return -x", "t.lua:2: the operand of - must be a number, but is nil"},
		{"return #5", "t.lua:2: the operand of # must be a table or string, but is number"},
		{"return 'a' .. nil", "t.lua:2: joined values must be strings or numbers, but one is nil"},
		{"return {} .. 'a' .. 1", "t.lua:2: joined values must be strings or numbers, but one is table"},
		{"return 1 < 'a'", "t.lua:2: compared values must be two numbers or two strings, but are number and string"},
		{"return 1 > 'a'", "t.lua:2: compared values must be two numbers or two strings, but are string and number"},
		{"return nil <= nil", "t.lua:2: compared values must be two numbers or two strings, but are nil and nil"},
		{"return {} >= 1", "t.lua:2: compared values must be two numbers or two strings, but are number and table"},
		{"for i = {}, 1 do end", "t.lua:2: the initial value of a loop must be a number, but is table"},
		{"for i = 1, 'a' do end", "t.lua:2: the limit of a loop must be a number, but is string"},
		{"for i = 1, 2, {} do end", "t.lua:2: the step of a loop must be a number, but is table"},
		{"local t = {} t[nil] = 1", "t.lua:2: the key of a table must be a value, but is nil"},
		{"local t = {[0/0] = 1}", "t.lua:2: the key of a table must be a value, but is NaN"},
		{"string.rep()", "t.lua:2: argument 1 of string.rep must be a string, but is missing"},
		{"error('x')", "t.lua:2: x"},
		{"error('x', 0)", "x"},
		{"error('t.lua:7: x', 0)", "t.lua:7: x"},
		{"local function f() error('x', 2) end\nf()", "t.lua:3: x"},
		{"local function f() error('x', 2) end\nreturn f()", "x"},
		{"local function f()\nlocal function g() error('x', 3) end\ng() end\nf()", "t.lua:5: x"},
		{"assert(false)", "t.lua:2: assertion failed!"},
		{"assert(nil, 'why')", "t.lua:2: why"},
		{"setmetatable(1, {})", "t.lua:2: argument 1 of setmetatable must be a table, but is a number"},
		{"setmetatable(setmetatable({}, {__metatable = 1}), {})", "t.lua:2: this metatable can't be changed"},
		{"return {\n}\n+ 1", "t.lua:2: the operands of + must be numbers, but one is table"},
		{"table.sort({1, 'a'})", "t.lua:2: compared values must be two numbers or two strings, but are string and number"},
	} {
		for _, level := range []Level{Session, Policy} {
			v := New(Options{Level: level})
			out, err := eval(v, "return pcall(function()\n"+c.src+" end)")
			if err != nil || len(out) < 2 || out[1].String() != c.want {
				t.Errorf("level %d: %s\ngot  %v, %v\nwant %s", level, c.src, out, err, c.want)
			}
			v.Close()
		}
	}
}

// What is raised to the user stands at its exact place, and says a name where there is one.
func TestPlacesOfErrors(t *testing.T) {
	for _, c := range []struct{ src, at, message string }{
		{"local x\nreturn 1 + x.name.y", "t.lua:2:14-17", "what is indexed with name must be a table, but is nil"},
		{"local t = {}\nt.f.g()", "t.lua:2:5-5", "what is indexed with g must be a table, but is nil"},
		{"local t = {}\nt.f(1)", "t.lua:2:3-3", "t.f must be a function, but is nil"},
		{"local t = {}\n t:go(1)", "t.lua:2:4-5", "t:go must be a function, but is nil"},
		{"return 1 + (2 * nil)", "t.lua:1:17-19", "the operands of * must be numbers, but one is nil"},
		{"return {} + 1", "t.lua:1:8-9", "the operands of + must be numbers, but one is table"},
		{"local a = {}\nreturn 'x' .. a", "t.lua:2:8-15", "joined values must be strings or numbers, but one is table"},
		{"return -{}", "t.lua:1:9-10", "the operand of - must be a number, but is table"},
		{"return 1 > nil", "t.lua:1:12-14", "compared values must be two numbers or two strings, but are nil and number"},
		{"for i = 1, {} do end", "t.lua:1:12-13", "the limit of a loop must be a number, but is table"},
		{"error('so it is')", "t.lua:1:1-5", "so it is"},
		{"local ok, e = pcall(error, 'x')\nerror(e)", "t.lua:2:1-5", "x"},
		{"local ok, e = pcall(function() error('x') end)\n\nerror(e, 0)", "t.lua:1", "x"},
		{"return ('x'):rep({})", "t.lua:1:14-16", "argument 2 of string.rep must be a number, but is a table"},
	} {
		v := New(Options{Level: Policy})
		_, err := eval(v, c.src)
		var e *Error
		if !errors.As(err, &e) {
			t.Fatalf("%s: %v", c.src, err)
		}
		at := e.Span.String()
		if e.Width > 0 {
			at = fmt.Sprintf("%s-%d", at, e.Column+e.Width-1)
		}
		if at != c.at || e.Message != c.message {
			t.Errorf("%q\ngot  %s %s\nwant %s %s", c.src, at, e.Message, c.at, c.message)
		}
		v.Close()
	}
}

// All problems of a source are told at once.
func TestProblems(t *testing.T) {
	v := New(Options{Level: Policy})
	defer v.Close()
	_, err := v.Compile("t.lua", "if x = 1 then end\nlocal t = { 1 2 }\nbreak\n")
	var e *Error
	if !errors.As(err, &e) || len(e.Problems) < 3 || e.Problems[0].Line != 1 || e.Line != 1 || e.Code != diag.Syntax || e.Excerpt == "" {
		t.Errorf("got %#v", e)
	}
	_, err = v.Compile("t.lua", "if x then")
	if !errors.As(err, &e) || !e.Incomplete {
		t.Errorf("got %#v", e)
	}
}

// Functions lead back to the tree, and to the values of the variables that they share.
func TestNodesAndUpvalues(t *testing.T) {
	const src = `local a, b, c = 1, 2, 3
local function first() return a, b end
local function second() b = b + 1 local function third() return c, b, second end return third end
if false then a = c end
return first, second, second(), print`
	v := New(Options{Level: Policy})
	defer v.Close()
	f := syntax.Read("t.lua", src)
	fn, err := v.CompileTree(v.NewEnvironment(), f)
	if err != nil {
		t.Fatal(err)
	}
	if v.Node(fn) != f.Main {
		t.Errorf("the file is %v", v.Node(fn))
	}
	out, err := v.Call(fn)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct{ name, upvalues string }{{"first", "a=1 b=3"}, {"second", "b=3 c=3 second=function"}, {"third", "c=3 b=3 second=function"}} {
		fn := out[i].(*lua.LFunction)
		node := v.Node(fn)
		if node == nil || node.Name != want.name || node.File != f {
			t.Errorf("%s is %v", want.name, node)
			continue
		}
		var got []string
		for i, x := range v.Upvalues(fn) {
			text := plainText(x)
			if x.Type() == lua.LTFunction {
				text = "function"
			}
			got = append(got, node.Upvalues[i].Name+"="+text)
		}
		if s := strings.Join(got, " "); s != want.upvalues {
			t.Errorf("%s has %s, want %s", want.name, s, want.upvalues)
		}
	}
	if v.Node(out[3].(*lua.LFunction)) != nil || v.Upvalues(out[3].(*lua.LFunction)) != nil {
		t.Error("print is written in Lua")
	}
}

// A function of Go can say where it was called.
func TestSite(t *testing.T) {
	v := New(Options{Level: Policy})
	defer v.Close()
	var got []string
	v.Define("here", v.Function(Builtin{Name: "here"}, func(L *lua.LState) int {
		file, call := v.Site(L)
		at := "no call"
		if call != nil {
			at = file.Span(call).String()
		}
		got = append(got, at)
		return 0
	}))
	const src = "here()\nlocal t = {\n  here(1),\n  x = here 'two',\n}\npcall(here)\nlocal m = setmetatable({}, {__index = here})\nlocal y = m.z\nreturn here()"
	if _, err := eval(v, src); err != nil {
		t.Fatal(err)
	}
	if want := "t.lua:1:1 t.lua:3:3 t.lua:4:7 t.lua:6:1 no call t.lua:9:8"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestSessionKnowsLines(t *testing.T) {
	v := New(Options{})
	defer v.Close()
	for _, c := range []struct{ src, want string }{
		{"\nreturn debug.getinfo(1, 'l').currentline", "2"},
		{"local function f()\nend\nlocal i = debug.getinfo(f) return i.linedefined, i.lastlinedefined, i.source", "1|2|@t.lua"},
		{"local x, y = 1, 2 local function f() x = x + 1 return x, y end f() return debug.getupvalue(f, 1)", "x|2"},
		{"local x, y = 1, 2 local function f() x = x + 1 return x, y end return debug.setupvalue(f, 1, 10), debug.setupvalue(f, 2, 20), f()", "x|y|11|20"},
		{"return debug.getupvalue(print, 1)", ""},
		{"local function f()\n return debug.traceback('m') end\nlocal function g()\n local s = f() return s end return (g())", "m\nstack traceback:\n\tt.lua:2: in f\n\tt.lua:4: in g\n\tt.lua:4: in the file"},
		{"local function f()\n local x = nil + 1 end\nlocal ok, s = xpcall(f, debug.traceback) return s",
			"t.lua:2: the operands of + must be numbers, but one is nil\nstack traceback:\n\tt.lua:2: in f\n\tt.lua:3: in the file"},
		{"return debug.getlocal, debug.setlocal", "nil|nil"},
	} {
		if got := results(t, v, c.src); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.src, got, c.want)
		}
	}
}

// What compiles sources in a session compiles them as everything else is.
func TestSessionLoads(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "f.lua")
	if err := os.WriteFile(file, []byte("local a, b = 1, 2 a, b = b, a return a, b, ..."), 0o600); err != nil {
		t.Fatal(err)
	}
	v := New(Options{})
	defer v.Close()
	v.Environment().RawSetString("file", lua.LString(file))
	for _, c := range []struct{ src, want string }{
		{"return loadstring('local a, b = 1, 2 a, b = b, a return a, b')()", "2|1"},
		{"local f, e = loadstring('x =', 'chunk') return f, e", "nil|chunk:1:3: error: the source must go on after \"=\", but ends [source.syntax]"},
		{"local parts = {'return ', '1 ', '+ 1'} local i = 0 return load(function() i = i + 1 return parts[i] end)()", "2"},
		{"return loadfile(file)(5)", "2|1|5"},
		{"return dofile(file)", "2|1"},
		{"return (loadfile('/there/is/none'))", "nil"},
		{"return pcall(dofile, '/there/is/none')", "false|open /there/is/none: no such file or directory"},
		// The operators do not depend on the globals.
		{"local f = loadstring('local t = {1, 2} for i = 1, #t do x = i .. \"!\" .. i % 2 end return x') setfenv(f, {}) return f()", "2!0"},
		{"local function f() return #'ab' .. 2 ^ 2 end setfenv(f, {}) return f()", "24"},
	} {
		if got := results(t, v, c.src); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.src, got, c.want)
		}
	}
}

// Nothing catches that a script ends.
func TestExitIsNotCaught(t *testing.T) {
	for _, src := range []string{"os.exit(3)", "pcall(os.exit, 3)", "xpcall(function() os.exit(3) end, print)", "coroutine.wrap(function() os.exit(3) end)()",
		"coroutine.resume(coroutine.create(function() pcall(os.exit, 3) end)) print('went on')"} {
		v := New(Options{})
		fn, err := v.CompileIn(v.Environment(), "t.lua", src+" error('went on')")
		if err != nil {
			t.Fatal(err)
		}
		_, err = v.Call(fn)
		var e *Error
		if !errors.As(err, &e) || !e.Exit || e.ExitCode != 3 {
			t.Errorf("%s: %v", src, err)
		}
		v.Close()
	}
}

// Coroutines that resume each other end in an error of Lua, and not in one of Go's stack.
func TestEndlessCoroutines(t *testing.T) {
	v := New(Options{})
	defer v.Close()
	for _, src := range []string{
		"local function f() return coroutine.wrap(f)() end return pcall(f)",
		"local function f() local ok, e = coroutine.resume(coroutine.create(f)) if not ok then error(e, 0) end return e end return pcall(f)",
		"local function f() return 1 + coroutine.wrap(f)() end return pcall(coroutine.wrap(f))",
	} {
		if got := results(t, v, src); !strings.HasPrefix(got, "false|") || !strings.Contains(got, "coroutines must resume each other at most 100 deep, but do so deeper") {
			t.Errorf("%s: %s", src, got)
		}
	}
	if got := results(t, v, "local n = 0 for i = 1, 1000 do local co = coroutine.wrap(function() coroutine.yield(1) return 2 end) n = n + co() + co() end return n"); got != "3000" {
		t.Errorf("a thousand coroutines: %s", got)
	}
}

// The meter counts in coroutines, and its end is not caught.
func TestCoroutinesAreMetered(t *testing.T) {
	for _, src := range []string{"coroutine.wrap(function() while true do end end)()", "while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
		"coroutine.wrap(function() pcall(function() while true do end end) while true do end end)()"} {
		v := New(Options{Instructions: 100_000})
		_, err := eval(v, src)
		var e *Error
		if !errors.As(err, &e) || e.Code != diag.Budget {
			t.Errorf("%s: %v", src, err)
		}
		v.Close()
	}
}

// What takes long in a session ends when it is interrupted, functions of the library too.
func TestSessionIsInterrupted(t *testing.T) {
	for _, src := range []string{
		"while true do stop() end",
		"stop() return (('a'):rep(40)):match('a-a-a-a-a-a-a-a-a-a-a-a-a-a-b')",
		"return (('x'):rep(1000)):gsub('x', function() stop() end), (('a'):rep(40)):find('a-a-a-a-a-a-a-a-a-a-a-a-a-a-b')",
		"table.sort({3, 2, 1}, function() stop() while true do end end)",
		"coroutine.wrap(function() stop() while true do end end)()",
		"while true do pcall(function() stop() while true do end end) end",
		"stop() return (('a'):rep(1e6)):find('b', 1, true), (('a'):rep(200000)):match('.-b')",
		"stop() return ('%s'):rep(100):format(unpack((function() local t = {} for i = 1, 100 do t[i] = ('x'):rep(1e5) end return t end)()))",
		"stop() return (('x'):rep(1e6)):gsub('x', 'yy')",
		"stop() return re.replace(('x'):rep(1e6), 'x', 'yy')",
		"stop() return load(function() return ' ' end)",
		"local t = {} for i = 1, 1e5 do t[i] = -i end stop() table.sort(t)",
		"stop() return io.open('/dev/zero'):read('*a')",
		"stop() return io.open('/dev/zero'):read('*l')",
		"stop() for c in ('x'):rep(1e7):gmatch('y') do end",
		"for x in function() stop() return 1 end do end",
	} {
		v := New(Options{})
		v.Define("stop", v.Function(Builtin{Name: "stop"}, func(*lua.LState) int {
			v.Interrupt()
			return 0
		}))
		_, err := eval(v, src)
		var e *Error
		if !errors.As(err, &e) || e.Code != diag.Interrupted {
			t.Errorf("%s: %v", src, err)
		}
		v.Close()
	}
}

// What a session makes has a limit, which is told before it is made.
func TestSessionStrings(t *testing.T) {
	v := New(Options{})
	defer v.Close()
	for _, src := range []string{"return ('x'):rep(1e10)", "return re.replace(('x'):rep(1e5), 'x', ('y'):rep(1e5))", "return (('x'):rep(1e5)):gsub('x', ('y'):rep(1e5))",
		"local s = ('x'):rep(1e8) return s .. s .. s", "local s = ('x'):rep(1e8) return table.concat({s, s, s})"} {
		if got := results(t, v, src); !strings.Contains(got, "at most 268435456 bytes") {
			t.Errorf("%s: %.200s", src, got)
		}
	}
}

// What is wrong is not behind hundreds of places that coroutines have passed it on at.
func TestCausesAreTold(t *testing.T) {
	v := New(Options{Level: Session})
	defer v.Close()
	for src, want := range map[string]string{
		"local function f() return coroutine.wrap(f)() end f()":                                                "t.lua:1: coroutines must resume each other at most 100 deep, but do so deeper",
		"local f function g() return coroutine.wrap(f)() end\nfunction f() return coroutine.wrap(g)() end f()": "t.lua:1: coroutines must resume each other at most 100 deep, but do so deeper",
		"coroutine.wrap(function()\nerror 'e' end)()":                                                          "t.lua:2: e",
	} {
		_, err := eval(v, src)
		var e *Error
		if !errors.As(err, &e) || e.Message != want && e.Message != strings.Replace(want, ":1:", ":2:", 1) {
			t.Errorf("%s: %v, want %s", src, err, want)
		}
	}
}

func TestPrintIsHarmlessAndBounded(t *testing.T) {
	var out strings.Builder
	v := New(Options{Level: Policy, Output: &out})
	defer v.Close()
	if _, err := eval(v, `print("\27[2J", "a\tb", "\7\127", nil, 0.1 + 0.2, "\155\195\188\239\191\189")`); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != "\\27[2J\ta\tb\t\\7\\127\tnil\t0.3\t\\155ü\ufffd\n" {
		t.Errorf("printed %q", got)
	}
	if _, err := eval(v, "for i = 1, 20000 do print(i) end"); err != nil {
		t.Fatal(err)
	}
	const note = "(a file prints at most 65536 bytes: what follows is left out)\n"
	if got := out.String(); len(got) > library.MaxPrinted+len(note) || strings.Count(got, note) != 1 || !strings.HasSuffix(got, note) {
		t.Errorf("printed %d bytes, at the end %q", len(got), got[len(got)-100:])
	}
}

// A failure of the interpreter leaves a machine that works, coroutines included.
func TestMachineSurvivesFailures(t *testing.T) {
	v := New(Options{})
	defer v.Close()
	v.Define("fails", v.Function(Builtin{Name: "fails"}, func(*lua.LState) int { panic("a fault in Go") }))
	for _, src := range []string{"fails()", "pcall(fails)", "coroutine.wrap(fails or print)()", "coroutine.wrap(function() fails() end)()", "table.sort({2, 1}, function() fails() end)"} {
		_ = results(t, v, src)
		if got := results(t, v, "return coroutine.wrap(function() return select(2, pcall(error, 'x')) end)(), #'ab' % 2"); got != "x|0" {
			t.Errorf("after %s: %s", src, got)
		}
	}
}

// A statement of a session makes globals of its locals; what is inside of blocks stays local.
func TestStatements(t *testing.T) {
	v := New(Options{})
	defer v.Close()
	run := func(src string) string {
		fn, err := v.CompileStatement(v.Environment(), syntax.Read("session[1]", src))
		if err != nil {
			t.Fatal(err)
		}
		out, err := v.Call(fn)
		if err != nil {
			return err.Error()
		}
		var parts []string
		for _, x := range out {
			parts = append(parts, plainText(x))
		}
		return strings.Join(parts, "|")
	}
	for _, c := range []struct{ src, want string }{
		{"local x, y = 1, 2", ""}, {"return x, y", "1|2"},
		{"local x, y = y, x local function swap() x, y = y, x end swap()", ""}, {"return x, y, swap ~= nil", "1|2|true"},
		{"local x = x + 1 do local x = 50 end for i = 1, 2 do local y = i end", ""}, {"return x, y, i", "2|2|nil"},
		{"local function fac(n) if n < 2 then return 1 end return n * fac(n - 1) end return fac(5)", "120"}, {"return fac(4)", "24"},
		{"local n = 0 local inc = function() n = n + 1 return n end inc()", ""}, {"return inc(), n", "2|2"},
		{"local a, b", ""}, {"return a, b", "nil|nil"},
		{"local p, q, r = (function() return 1, 2, 3 end)()", ""}, {"return p, q, r", "1|2|3"},
	} {
		if got := run(c.src); got != c.want {
			t.Errorf("%s: got %s, want %s", c.src, got, c.want)
		}
	}
	fn, err := v.CompileIn(v.Environment(), "t.lua", "return inc")
	if err != nil {
		t.Fatal(err)
	}
	out, err := v.Call(fn)
	if err != nil {
		t.Fatal(err)
	}
	if up := v.Upvalues(out[0].(*lua.LFunction)); len(up) != 1 || plainText(up[0]) != "2" {
		t.Errorf("a shared variable is %v", up)
	}
}
