package vm

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/syntax"
	"cellsh/policy/diag"
)

func eval(v *VM, src string) ([]lua.LValue, error) {
	fn, err := v.Compile("t.lua", src)
	if err != nil {
		return nil, err
	}
	return v.Call(fn)
}

// Every way out of the sandbox that is known. Each fails without its cure: it would end with no error, with
// another one, or not at all.
func TestHoles(t *testing.T) {
	for _, c := range []struct {
		name, src string
		code      diag.Code
		message   string
	}{
		{"endless loop", "while true do end", diag.Budget, "within 20000000 instructions"},
		{"endless loop under pcall", "while true do pcall(function() while true do end end) end", diag.Budget, ""},
		{"endless loop in a handler", "xpcall(function() while true do end end, function() while true do end end)", diag.Budget, ""},
		{"endless recursion", "local function f() return 1 + f() end f()", diag.Runtime, "at most 1000 deep"},
		{"endless tail calls", "local function f() return f() end f()", diag.Budget, ""},
		{"endless sort", "table.sort({3,2,1}, function() while true do end end)", diag.Budget, ""},
		{"endless __index", "local t = setmetatable({}, {__index = function(t, k) return t[k] end}) return t.x", diag.Runtime, "deep"},
		{"endless __tostring", "local t t = setmetatable({}, {__tostring = function() return tostring(t) end}) return tostring(t)", diag.Runtime, "deep"},
		{"endless __concat", "local t t = setmetatable({}, {__concat = function(a, b) return a .. b end}) return t .. t", diag.Runtime, "deep"},
		{"string.rep", "return ('x'):rep(1e9)", diag.Runtime, "at most 4194304 bytes, but would be 1000000000"},
		{"string.rep beyond 64 bits", "return ('xx'):rep(2^62)", diag.Runtime, "at most 4194304 bytes"},
		{"doubling", "local s = 'x' for i = 1, 40 do s = s .. s end", diag.Runtime, "at most 4194304 bytes"},
		{"many strings", "local s, t = ('x'):rep(4000000), {} for i = 1, 1000 do t[i] = s .. i end", diag.Memory, "64 MB"},
		{"many strings that are thrown away", "local s = ('x'):rep(4000000) for i = 1, 1000 do local x = s .. i end", diag.Memory, "64 MB"},
		{"long concatenation", "local s = ('x'):rep(4000000) return " + strings.Repeat("s..", 150) + "s", diag.Runtime, "at most 4194304 bytes"},
		{"format width", "return ('%999999999d'):format(1)", diag.Runtime, "at most two digits"},
		{"format star", "return ('%*d'):format(999999999, 1)", diag.Runtime, "at most two digits"},
		{"table.concat", "local t = {} for i = 1, 100 do t[i] = ('x'):rep(100000) end return table.concat(t)", diag.Runtime, "at most 4194304 bytes"},
		{"unpack", "return unpack({}, 1, 1e8)", diag.Runtime, "at most 10000 values"},
		{"unpack overflow", "return unpack({}, -2^53, 2^53)", diag.Runtime, "at most 10000 values"},
		{"string.byte", "return ('x'):rep(1000000):byte(1, -1)", diag.Runtime, "at most 10000 values"},
		{"huge index", "local t = {} for i = 1, 100 do t = {} t[4000000] = 1 end", diag.Memory, "64 MB"},
		{"huge index by insert", "for i = 1, 100 do table.insert({}, 4000000, 1) end", diag.Memory, "64 MB"},
		{"huge index in a constructor", "for i = 1, 100 do local t = {[4000000] = 1} end", diag.Memory, "64 MB"},
		{"huge index in a constructor, calculated", "for i = 1, 100 do local t = {[4000000 + i] = 1} end", diag.Memory, "64 MB"},
		{"huge index in a multiple assignment", "for i = 1, 100 do local t = {} t[4000000], t.x = 1, 2 end", diag.Memory, "64 MB"},
		{"index beyond arrays", "local t = {} t[67108863] = 1 assert(t[67108863] == 1) error('fine')", diag.Runtime, "fine"},
		{"many tables", "local t = {} for i = 1, 1e7 do t[i] = {a = 1, b = 2, c = 3, d = 4} end", diag.Memory, "64 MB"},
		{"many arguments", "local function f(...) return 1 + f(1, ...) end local t = {} for i = 1, 10000 do t[i] = i end f(unpack(t))", diag.Runtime, "must fit the machine's stack"},
		{"patterns", "return (('a'):rep(30)):match('a-a-a-a-a-a-a-a-a-a-b')", diag.Runtime, "must be a function"},
		{"patterns by find", "local n = 0 for i = 1, 1000 do if (('a'):rep(30)):find('a-a-a-a-a-a-a-a-a-a-b') then n = n + 1 end end error('found '..n)", diag.Runtime, "found 0"},
		{"large expression", "return re.match('x', ('(a{1,9}'):rep(200)..(')'):rep(200))", diag.Runtime, "at most 1000 bytes"},
		{"large repetition", "return re.match('x', '((a{1000}){1000}){1000}')", diag.Runtime, "repeat"},
		{"coroutines", "return coroutine.create(function() end)", diag.Runtime, "must be a table, but is nil"},
		{"io", "return io.open('/etc/passwd')", diag.Runtime, "must be a table, but is nil"},
		{"os", "os.exit(1)", diag.Runtime, "must be a table, but is nil"},
		{"load", "return load('return 1')", diag.Runtime, "must be a function"},
		{"dofile", "dofile('/etc/passwd')", diag.Runtime, "must be a function"},
		{"getfenv", "return getfenv(0)", diag.Runtime, "must be a function"},
		{"rawset", "rawset(_G, 'x', 1)", diag.Runtime, "must be a function"},
		{"random numbers", "return math.random()", diag.Runtime, "must be a function"},
		{"changing a library", "string.rep = nil", diag.Runtime, "string can't be changed"},
		{"adding to a library", "function table.more() end", diag.Runtime, "table can't be changed"},
		{"adding to a library by insert", "table.insert(string, 1)", diag.Runtime, "string can't be changed"},
		{"library metatable", "setmetatable(string, {})", diag.Runtime, "string can't be changed"},
		{"string metatable", "getmetatable('').__index = nil", diag.Runtime, "boolean"},
		{"metatable of globals", "getmetatable(_G).__index = nil", diag.Runtime, "boolean"},
		{"error with a table", "error({code = 1})", diag.Runtime, "an error that is a table"},
		{"error without anything", "error()", diag.Runtime, "nil"},
		{"nested pcall", "local f = error for i = 1, 10000 do local g = f f = function(x) return pcall(g, x) end end f('x') error('done')", diag.Runtime, ""},
		{"endless for", "for i = 1, math.huge do end", diag.Budget, ""},
		{"endless goto", "::again:: goto again", diag.Budget, ""},
		{"endless iterator", "for k in function() return 1 end do end", diag.Budget, ""},
		{"endless __lt", "local t = setmetatable({}, {__lt = function(a, b) return a < b end}) return t < t", diag.Runtime, "deep"},
		{"endless __eq", "local m = {__eq = function(a, b) return a == b end} return setmetatable({}, m) == setmetatable({}, m)", diag.Runtime, "deep"},
		{"endless __newindex", "local t = setmetatable({}, {__newindex = function(t, k, v) t[k] = v end}) t[1] = 1", diag.Runtime, "deep"},
		{"endless __call", "local t = setmetatable({}, {__call = function(t) return 1 + t() end}) t()", diag.Runtime, "deep"},
		{"__index in a circle", "local t = {} setmetatable(t, {__index = t}) return t.x", diag.Runtime, "tables must inherit from each other at most 100 deep"},
		{"__newindex in a circle", "local t = {} setmetatable(t, {__newindex = t}) t.x = 1", diag.Runtime, "tables must inherit from each other at most 100 deep"},
		{"__call in a circle", "local t = {} setmetatable(t, {__call = t}) t()", diag.Runtime, "must be a function"},
		{"recursion through sort", "local function less(a, b) table.sort({2, 1}, less) return a < b end less(1, 2)", diag.Runtime, "deep"},
		{"recursion through xpcall", "local function f() error(f) end local function g() xpcall(f, g) return 1 + g() end g()", diag.Budget, "instructions"},
		{"an error that raises itself when it is read", "n = 0 error(setmetatable({}, {__tostring = function(t) n = n + 1 while n > 1 do end error(t) end}))", diag.Runtime, "an error that is a table"},
		{"an error that is endless when it is read", "error(setmetatable({}, {__tostring = function() while true do end end}))", diag.Budget, ""},
		{"long error", "error(('x'):rep(4000000))", diag.Runtime, strings.Repeat("x", 1000) + "..."},
		{"memory under pcall", "while true do pcall(string.rep, 'x', 4000000) end", diag.Memory, "64 MB"},
		{"memory in a handler", "xpcall(function() while true do local s = ('x'):rep(4000000) end end, function() return 'swallowed' end)", diag.Memory, "64 MB"},
		{"a failure of a library under pcall", "pcall(fails) error('went on')", diag.Runtime, "the interpreter failed"},
		{"a failure of a library under xpcall", "xpcall(fails, tostring) error('went on')", diag.Runtime, "the interpreter failed"},
		{"the interpreter's failure under pcall", "local function f(...) return f(1, ...) end pcall(f, 1) error('went on')", diag.Runtime, "the interpreter failed"},
		{"the interpreter's failure under xpcall", "local function f(...) return f(1, ...) end xpcall(function() return f(1) end, tostring) error('went on')", diag.Runtime, "the interpreter failed"},
		{"much output", "local s = ('x'):rep(1000000) while true do print(s) end", diag.Memory, "64 MB"},
		{"string.rep of an infinity", "return ('x'):rep(math.huge)", diag.Runtime, "at most 4194304 bytes"},
		{"string.rep of no number", "return ('x'):rep(0/0)", diag.Runtime, "must be a number, but is nan"},
		{"unpack of an infinity", "return unpack({}, 1, math.huge)", diag.Runtime, "at most 10000 values"},
		{"table.concat of an infinity", "return table.concat({}, '', 1, math.huge)", diag.Runtime, "element 1 is nil"},
		{"long format", "return ('%s'):rep(10):format(unpack((function() local t, s = {}, ('x'):rep(1000000) for i = 1, 10 do t[i] = s end return t end)()))", diag.Runtime, "at most 4194304 bytes"},
		{"quoting", "return ('%q'):format(('\\n'):rep(4000000))", diag.Runtime, "at most 4194304 bytes"},
		{"no number as key", "local t = {} t[0/0] = 1", diag.Runtime, "the key of a table must be a value, but is NaN"},
		{"nil as key", "local t = {} t[nil] = 1", diag.Runtime, "the key of a table must be a value, but is nil"},
		{"slow search", "local s = ('x'):rep(1000000) for i = 1, 10000 do s:find('y') end", diag.Budget, "instructions"},
		{"slow glob", "local s = ('x'):rep(1000000) for i = 1, 10000 do s:glob('*y*') end", diag.Budget, "instructions"},
		{"slow sort", "local t = {} for i = 1, 1000 do t[i] = -i end for i = 1, 5000 do table.sort({unpack(t)}) end", diag.Memory, "64 MB"},
		{"slow expression", "return re.match(('a'):rep(100000), ('a{0,1000}'):rep(100)..'b')", diag.Budget, "instructions"},
		{"slow expression to find", "return re.find(('a'):rep(100000), ('a{0,1000}'):rep(100)..'b')", diag.Budget, "instructions"},
		{"slow expression to replace", "return re.replace(('a'):rep(100000), ('a{0,1000}'):rep(100)..'b', '')", diag.Budget, "instructions"},
		{"slow expression for no text", "for i = 1, 10000 do re.match('', ('a{0,1000}'):rep(100)) end", diag.Budget, "instructions"},
		{"long replacement", "return re.replace(('x'):rep(4000), 'x', ('y'):rep(4000))", diag.Runtime, "at most 4194304 bytes"},
		{"library behind pairs", "local _, t = pairs(string) t.rep = nil", diag.Runtime, "string can't be changed"},
		{"library behind ipairs", "local _, t = ipairs(string) t.rep = nil", diag.Runtime, "string can't be changed"},
		{"library behind pairs in a loop", "for k in pairs(string) do string[k] = nil end", diag.Runtime, "string can't be changed"},
		{"sorting a library", "table.sort(string)", diag.Runtime, "string can't be changed"},
		{"metatable of a library", "getmetatable(string).__newindex = nil", diag.Runtime, "boolean"},
		{"new metatable of globals", "setmetatable(_G, {})", diag.Runtime, "this metatable can't be changed"},
		{"new metatable of strings", "setmetatable('', {})", diag.Runtime, "must be a table, but is the string"},
		{"deep functions", "return " + strings.Repeat("function() return ", 201) + strings.Repeat(" end", 201), diag.SourceDepth, "at most 200 deep"},
		{"deep blocks", strings.Repeat("do ", 201) + strings.Repeat("end ", 201), diag.SourceDepth, "at most 200 deep"},
		{"deep calls", "return " + strings.Repeat("f(", 201) + strings.Repeat(")", 201), diag.SourceDepth, "at most 200 deep"},
		{"a chain of calls", "return f" + strings.Repeat("()", 30000), diag.SourceDepth, "at most 20000 times"},
		{"a chain of keys", "return t" + strings.Repeat(".x", 30000), diag.SourceDepth, "at most 20000 times"},
		{"a chain of powers", "return 2" + strings.Repeat("^2", 30000), diag.SourceDepth, "at most 20000 times"},
		{"a chain of minus", "return " + strings.Repeat("- ", 30000) + "1", diag.SourceDepth, "at most 20000 times"},
		{"deep source", "return " + strings.Repeat("{", 201) + strings.Repeat("}", 201), diag.SourceDepth, "at most 200 deep"},
		{"deep source by not", "return " + strings.Repeat("not ", 30000) + "1", diag.SourceDepth, "at most 20000 times"},
		{"large source", "--" + strings.Repeat("x", 1<<20), diag.SourceSize, "at most 1048576 bytes"},
		{"too many locals", strings.Repeat("local x = 1\n", 300), diag.SourceSize, "at most 200 locals"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := Options{Level: Policy}
			if strings.Contains(c.name, "interpreter's failure") {
				o.registry = 4096 // else it would take seconds
			}
			v := New(o)
			defer v.Close()
			v.Define("fails", v.Function(Builtin{Name: "fails"}, func(*lua.LState) int { panic("a fault in Go") }))
			_, err := eval(v, c.src)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("no error: %v", err)
			}
			if e.Code != c.code || !strings.Contains(e.Message, c.message) {
				t.Errorf("got %s", e.Error())
			}
			if strings.Contains(e.Message, "goroutine") || strings.Contains(e.Message, "\n") {
				t.Errorf("not for people: %q", e.Message)
			}
			// The machine can still be used.
			if out, err := eval(v, "return 1 + 1"); err != nil || out[0] != lua.LNumber(2) {
				t.Errorf("afterwards: %v, %v", out, err)
			}
		})
	}
}

// What the sandbox has, and nothing else: a name that gopher-lua adds does not come in by itself.
func TestSandboxNames(t *testing.T) {
	libraries := map[string]string{
		"string": "byte char find format glob len lower rep reverse sub upper",
		"table":  "concat getn insert maxn remove sort",
		"math": "abs acos asin atan atan2 ceil cos cosh deg exp floor fmod frexp huge ldexp log log10 max min mod modf pi pow rad sin sinh sqrt " +
			"tan tanh",
		"re": "find match replace",
	}
	base := "has _VERSION assert error getmetatable ipairs next pairs pcall select setmetatable tonumber tostring type unpack xpcall"
	plain := lua.NewState()
	defer plain.Close()
	for _, c := range []struct {
		level Level
		more  string
	}{{Policy, " print require"}, {Decision, ""}} {
		v := New(Options{Level: c.level})
		defer v.Close()
		want := map[string]bool{"_G": true}
		for _, name := range strings.Fields(base + c.more) {
			want[name] = true
		}
		for library, names := range libraries {
			want[library] = true
			for _, name := range strings.Fields(names) {
				want[library+"."+name] = true
			}
		}
		// All that code can ask for: the names of plain Lua, and those that the machine has.
		ask := map[string]bool{}
		names := func(globals *lua.LTable, library func(lua.LValue) *lua.LTable) {
			globals.ForEach(func(k, x lua.LValue) {
				ask[k.String()] = true
				if t := library(x); t != nil && t != globals {
					t.ForEach(func(member, _ lua.LValue) { ask[k.String()+"."+member.String()] = true })
				}
			})
		}
		names(plain.G.Global, func(x lua.LValue) *lua.LTable { t, _ := x.(*lua.LTable); return t })
		names(v.base, func(x lua.LValue) *lua.LTable {
			t, _ := x.(*lua.LTable)
			if t == nil {
				return nil
			}
			real, _ := v.ReadOnly(t)
			return real
		})
		for name := range want {
			ask[name] = true
		}
		if len(ask) < 130 {
			t.Fatalf("plain Lua must have more names than %d", len(ask))
		}
		for name := range ask {
			library, _, member := strings.Cut(name, ".")
			src := "return " + name
			if member {
				src = "return " + library + " and " + name
			}
			out, err := eval(v, src)
			if err != nil {
				t.Fatalf("%s: %v", src, err)
			}
			if got := out[0] != lua.LNil; got != want[name] {
				t.Errorf("level %d has %s: %v, but it must be %v", c.level, name, got, want[name])
			}
		}
	}
}

// Nothing that code can ask for tells two runs of it apart.
func TestSandboxIsDeterministic(t *testing.T) {
	src := `
		local s = ""
		for k, v in pairs({x = 1, y = 2, z = 3, 4, [10] = 5, [{}] = 6, [print] = 7}) do s = s .. tostring(k) .. tostring(v) .. " " end
		for k, v in pairs(string) do s = s .. k .. tostring(v) end
		local ok, why = pcall(function() return {} .. "x" end)
		local ok2, why2 = pcall(error, {})
		return s .. string.format("%s %s %s", {}, print, function() end) .. tostring(why) .. tostring(why2)`
	first := ""
	for range 5 {
		v := New(Options{Level: Policy})
		out, err := eval(v, src)
		if err != nil {
			t.Fatal(err)
		}
		got := out[0].String()
		if first == "" {
			first = got
		}
		if got != first || strings.Contains(got, "0x") {
			t.Errorf("one run gives\n%s\nanother\n%s", first, got)
		}
		v.Close()
	}
}

// The budget is exact: the same code ends at the same instruction every time.
func TestBudgetIsExact(t *testing.T) {
	for _, budget := range []int64{1, 100, 12345} {
		var ends []string
		for range 3 {
			v := New(Options{Level: Policy, Instructions: budget})
			_, err := eval(v, "n = 0 while true do n = n + 1 end")
			var e *Error
			if !errors.As(err, &e) || e.Code != diag.Budget {
				t.Fatalf("got %v", err)
			}
			ends = append(ends, fmt.Sprint(v.Used()))
		}
		if ends[0] != ends[1] || ends[1] != ends[2] || ends[0] != fmt.Sprint(budget) {
			t.Errorf("budget %d ended at %v", budget, ends)
		}
	}
}

// Some instructions take long: the deadline ends what the budget would let go on for minutes.
func TestDeadline(t *testing.T) {
	start := time.Unix(0, 0)
	asked := 0
	now := func() time.Time {
		asked++
		return start.Add(time.Duration(asked) * time.Second)
	}
	v := New(Options{Level: Policy, Now: now})
	_, err := eval(v, "while true do end")
	var e *Error
	if !errors.As(err, &e) || e.Code != diag.Budget || !strings.Contains(e.Message, "within 10s") {
		t.Errorf("got %v", err)
	}
	// One instruction can take ten milliseconds, so the clock is read at least every hundred.
	if v.Used() > 1200 {
		t.Errorf("the clock was read %d times in %d instructions", asked, v.Used())
	}
}

// A tail call that overflows the stack makes the interpreter itself fail, and leaves it of no use.
func TestInterpreterFails(t *testing.T) {
	v := New(Options{Level: Session, registry: 4096})
	v.Define("kept", lua.LNumber(5))
	_, err := eval(v, "local function f(...) return f(1, ...) end f(1)")
	if err == nil || !strings.Contains(err.Error(), "the interpreter failed") {
		t.Errorf("got %v", err)
	}
	if out, err := eval(v, "return kept"); err != nil || out[0] != lua.LNumber(5) {
		t.Errorf("afterwards: %v, %v", out, err)
	}
}

func TestCallWithin(t *testing.T) {
	v := New(Options{Level: Session})
	loop, err := v.Compile("t.lua", "while true do end")
	if err != nil {
		t.Fatal(err)
	}
	inner := 0
	v.Define("hook", v.Function(Builtin{Name: "hook"}, func(L *lua.LState) int {
		if _, err := v.CallWithin(1000, loop); err != nil {
			inner++
		}
		return 0
	}))
	// A hook that overruns does not end what it interrupted.
	out, err := eval(v, "for i = 1, 5 do hook() end return 'on'")
	if err != nil || out[0] != lua.LString("on") || inner != 5 {
		t.Errorf("got %v, %v, %d overruns", out, err, inner)
	}
}

// An interrupt ends the call that runs, also if another comes within it.
func TestInterruptBeforeCallWithin(t *testing.T) {
	v := New(Options{Level: Session})
	within, err := v.Compile("within.lua", "return 7")
	if err != nil {
		t.Fatal(err)
	}
	v.Define("within", v.Function(Builtin{Name: "within"}, func(L *lua.LState) int {
		v.Interrupt()
		out, err := v.CallWithin(1000, within)
		if err != nil || len(out) != 1 || out[0] != lua.LNumber(7) {
			t.Errorf("within: %v, %v", out, err)
		}
		return 0
	}))
	_, err = eval(v, "within() for i = 1, 1e6 do end")
	var e *Error
	if !errors.As(err, &e) || e.Code != diag.Interrupted {
		t.Errorf("got %v", err)
	}
}

func TestInterrupt(t *testing.T) {
	for _, src := range []string{"while true do end", "coroutine.wrap(function() while true do end end)()",
		"local co = coroutine.create(function() while true do end end) while true do coroutine.resume(co) end", "while true do pcall(error) end"} {
		v := New(Options{Level: Session})
		fn, err := v.Compile("t.lua", src)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() {
			_, err := v.Call(fn)
			done <- err
		}()
		var got error
		for got == nil {
			// The call resets the flag when it begins, so say it until it is heard.
			v.Interrupt()
			select {
			case got = <-done:
			case <-time.After(time.Millisecond):
			}
		}
		var e *Error
		if !errors.As(got, &e) || e.Code != diag.Interrupted {
			t.Errorf("%s: got %v", src, got)
		}
		if out, err := eval(v, "return 7"); err != nil || out[0] != lua.LNumber(7) {
			t.Errorf("afterwards: %v, %v", out, err)
		}
	}
}

func TestSandboxLibrary(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"return ('abc'):sub(2), ('abc'):sub(-2, -2), ('abc'):sub(0), ('abc'):sub(5)", "bc|b|abc|"},
		{"return ('a.c'):find('.'), ('a.c'):find('c', -1), ('abc'):find('x'), ('abc'):find('')", "2|3|nil|1|0"},
		{"return ('abc'):byte(), ('abc'):byte(-1), ('abc'):byte(9)", "97|99"},
		{"return string.char(72, 105), ('x'):rep(3), ('x'):rep(-1), ('abc'):reverse(), ('aB'):upper()", "Hi|xxx||cba|AB"},
		{"return ('%5.2f|%-4d|%x|%s|%q|%%|%c|%i'):format(3.14159, 7, 255, true, 'a\"b', 65, -3)", "` 3.14|7   |ff|true|\"a\\\"b\"|%|A|-3`"},
		{"return string.glob('web-1', 'web-*'), string.glob('db', 'web-*')", "true|false"},
		{"return re.match('port 80', '(\\\\w+) (\\\\d+)')", "port|80"},
		{"return re.find('abcabc', 'c', 4), re.match('x', 'y'), re.replace('a1b2', '[0-9]', '<$0>')", "6|nil|a<1>b<2>"},
		{"local t = {3, 1, 2} table.sort(t) return table.concat(t, ','), #t, table.remove(t), table.concat(t, ',', 2)", "1,2,3|3|3|2"},
		{"local t = {3, 1, 2} table.sort(t, function(a, b) return a > b end) table.insert(t, 1, 9) table.insert(t, 0) return table.concat(t, ',')", "9,3,2,1,0"},
		{"return tostring({}), tostring(print), tostring(nil), tostring(1.5), tostring(2^53)", "table|function|nil|1.5|9.007199254741e+15"},
		{"return tonumber('0x10'), tonumber('1e2'), tonumber('z', 36), tonumber('inf'), tonumber('1_0'), tonumber(' 7 '), tonumber('')", "16|100|35|nil|nil|7|nil"},
		{"return select('#', 1, nil), select(2, 'a', 'b'), (select(-1, 'a', 'b'))", "2|b|b"},
		{"local s = '' for k, v in pairs({10, 20, x = 1, [5] = 2}) do s = s .. tostring(k) .. '=' .. v .. ' ' end return s", "1=10 2=20 5=2 x=1 "},
		{"local n = 0 for k in pairs(string) do n = n + 1 end return n > 5, next({}), type(next)", "true|nil|function"},
		{"return pcall(error, 'x'), select(2, pcall(error, {1}))[1]", "false|1"},
		{"return xpcall(function() error('a', 0) end, function(m) return m .. '!' end)", "false|a!"},
		{"return xpcall(function() return 1, 2 end, print)", "true|1|2"},
		{"return getmetatable(''), getmetatable(string), getmetatable(_G), getmetatable({})", "false|false|false|nil"},
		{"local t = setmetatable({}, {__metatable = 'no', __concat = function(a, b) return 'C' end, __call = function(_, x) return x end}) return t .. 1, 1 .. t, t(5), getmetatable(t), pcall(setmetatable, t, {})", "C|C|5|no|false"},
		{"x = 1 return _G.x, y, _VERSION", "1|nil|Lua 5.1"},
		{"return math.floor(1.5), math.max(1, 5, 3), math.pi > 3, math.huge > 1, 7 % 3, -7 % 3, 2 ^ 10", "1|5|true|true|1|2|1024"},
	} {
		v := New(Options{Level: Policy})
		out, err := eval(v, c.src)
		if err != nil {
			t.Errorf("%s: %v", c.src, err)
			continue
		}
		var parts []string
		for _, x := range out {
			parts = append(parts, x.String())
		}
		want := strings.Trim(c.want, "`")
		if got := strings.Join(parts, "|"); got != want && !strings.HasPrefix(got, want+"|") {
			t.Errorf("%s\ngot  %s\nwant %s", c.src, got, want)
		}
		v.Close()
	}
}

func TestGlobalsAreOfOneFile(t *testing.T) {
	v := New(Options{Level: Policy})
	if _, err := eval(v, "shared = 1 print = nil string2 = string"); err != nil {
		t.Fatal(err)
	}
	out, err := eval(v, "return shared, type(print)")
	if err != nil || out[0] != lua.LNil || out[1] != lua.LString("function") {
		t.Errorf("got %v, %v", out, err)
	}
}

func TestRequire(t *testing.T) {
	files := map[string]string{
		"ports":  "loads = (loads or 0) + 1 return {web = 80, loads = loads}",
		"self":   "return require 'self'",
		"a":      "return require 'b'",
		"b":      "return require 'a'",
		"broken": "return +",
		"raises": "error('no')",
		"none":   "x = 1",
	}
	get := func(name string) (*syntax.File, error) {
		text, ok := files[name]
		if !ok {
			return nil, fmt.Errorf("module %s must lie beside the policy file, but there is no %s.lua", name, name)
		}
		return syntax.Read(name+".lua", text), nil
	}
	for _, c := range []struct{ src, want, err string }{
		{"local p, q = require 'ports', require('ports') return p.web, p == q, q.loads, loads", "80|true|1|nil", ""},
		{"return require 'none'", "true", ""},
		{"return require 'self'", "", "must not need itself"},
		{"return require 'a'", "", "must not need itself"},
		{"return require 'missing'", "", "there is no missing.lua"},
		{"return require '../etc/passwd'", "", "must consist of a-z, 0-9 and _"},
		{"return require 'A'", "", "must consist of a-z, 0-9 and _"},
		{"return require ''", "", "must consist of a-z, 0-9 and _"},
		{"return require 'broken'", "", "module broken: broken.lua:1:8"},
		{"return require 'raises'", "", "no"},
		{"local a, b = pcall(require, 'raises') local c, d = pcall(require, 'raises') return a, c, b == d", "false|false|true", ""},
	} {
		v := New(Options{Level: Policy, Require: get})
		out, err := eval(v, c.src)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: got %v", c.src, err)
			}
			continue
		}
		var parts []string
		for _, x := range out {
			parts = append(parts, x.String())
		}
		if got := strings.Join(parts, "|"); err != nil || got != c.want {
			t.Errorf("%s: got %s, %v", c.src, got, err)
		}
	}
	v := New(Options{Level: Decision})
	for _, src := range []string{"require 'ports'", "print(1)"} {
		if _, err := eval(v, src); err == nil {
			t.Errorf("%s works in a decision", src)
		}
	}
}

// The require of sessions looks beside the file that asks, and compiles as all code of the machine is compiled.
func TestSessionRequire(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("1,", 60000)
	for name, text := range map[string]string{
		"ports.lua":        "loads = (loads or 0) + 1 return {web = 80, name = ...}",
		"inner/ports.lua":  "return {web = 8080}",
		"inner/needs.lua":  "return require 'ports'",
		"broken.lua":       "x = 1\nreturn +",
		"raises.lua":       "local x\nreturn x.name",
		"loop.lua":         "return require 'loop'",
		"large.lua":        "return {" + long + "}",
		"folder.lua/a.lua": "",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ src, want, err string }{
		{"local p, q = require 'ports', require('ports') return p.web, p == q, p.name, loads", "80|true|ports|1", ""},
		{"return require('inner.ports').web", "8080", ""},
		{"return require('inner.needs').web", "8080", ""},
		{"package.preload.made = function() return 7 end return require 'made'", "7", ""},
		{"return #require 'large'", "60000", ""},
		{"return require 'missing'", "", "there is no " + dir + "/missing.lua"},
		{"return require 'broken'", "", "module broken: " + dir + "/broken.lua:2:8"},
		{"return require 'raises'", "", dir + "/raises.lua:2:10: error: what is indexed with name must be a table, but is nil"},
		{"return require 'loop'", "", "loop"},
		{"return require 'folder'", "", "module folder: read " + dir + "/folder.lua: is a directory"},
		{"package.path = 5 return require 'missing'", "", "package.path must be a string, but is a number"},
	} {
		v := New(Options{Level: Session})
		fn, err := v.CompileIn(v.Environment(), filepath.Join(dir, "main.lua"), c.src)
		if err != nil {
			t.Fatal(err)
		}
		out, err := v.Call(fn)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s\ngot  %v\nwant %s", c.src, err, c.err)
			}
			continue
		}
		var parts []string
		for _, x := range out {
			parts = append(parts, x.String())
		}
		if got := strings.Join(parts, "|"); err != nil || got != c.want {
			t.Errorf("%s: got %s, %v", c.src, got, err)
		}
		v.Close()
	}
}

func TestErrorsSayWhere(t *testing.T) {
	v := New(Options{Level: Policy})
	_, err := eval(v, "local x\n\nreturn x.name")
	var e *Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if got := e.Error(); got != "t.lua:3:10: error: what is indexed with name must be a table, but is nil [lua.runtime]" {
		t.Error(got)
	}
	_, err = eval(v, "return io.open('x')")
	errors.As(err, &e)
	if e.Hint != "policies have no io" {
		t.Errorf("hint %q", e.Hint)
	}
}

func TestSessionHasAllOfLua(t *testing.T) {
	var out strings.Builder
	v := New(Options{Level: Session, Output: &out})
	fn, err := v.CompileIn(v.Environment(), "t.lua", `
		x = ("abc"):gsub("b", "X")
		local t = {} t[1] = "a" .. "b"
		print(x, t[1], type(io.open), type(os.time()), coroutine.wrap(function() coroutine.yield(5) end)())`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Call(fn); err != nil {
		t.Fatal(err)
	}
	if out.String() != "aXc\tab\tfunction\tnumber\t5\n" {
		t.Errorf("printed %q", out.String())
	}
	fn, _ = v.CompileIn(v.Environment(), "t.lua", "print(x) os.exit(3)")
	_, err = v.Call(fn)
	var e *Error
	if !errors.As(err, &e) || !e.Exit || e.ExitCode != 3 {
		t.Errorf("os.exit gives %v", err)
	}
}

// What has no meaning here, or is outdated, is not there: docs/language.md says so.
func TestSessionHasNothingOutdated(t *testing.T) {
	v := New(Options{Level: Session})
	fn, err := v.CompileIn(v.Environment(), "t.lua", `
		assert(require "string" == string and ("x").rep == string.rep)
		for _, name in ipairs{ "dump", "gfind", "__index" } do assert(string[name] == nil, name) end
		for _, name in ipairs{ "foreach", "foreachi", "setn" } do assert(table[name] == nil, name) end`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Call(fn); err != nil {
		t.Error(err)
	}
}

func TestBuiltinsAreKnown(t *testing.T) {
	for _, level := range []Level{Session, Policy} {
		v := New(Options{Level: level})
		fn, err := v.CompileIn(map[bool]*lua.LTable{true: v.Environment(), false: v.NewEnvironment()}[level == Session], "t.lua", "return string.rep, ipairs, print, ('').rep")
		if err != nil {
			t.Fatal(err)
		}
		out, err := v.Call(fn)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []Builtin{{"string.rep", true}, {"ipairs", true}, {"print", false}, {"string.rep", true}} {
			if got, ok := v.Builtin(out[i].(*lua.LFunction)); !ok || got != want {
				t.Errorf("level %d: %v, %v, want %v", level, got, ok, want)
			}
		}
	}
}

func BenchmarkNewPolicyVM(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		New(Options{Level: Policy}).Close()
	}
}

func BenchmarkLoop(b *testing.B) {
	v := New(Options{Level: Policy})
	fn, err := v.Compile("t.lua", "for i = 1, 100000 do end")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := v.Call(fn); err != nil {
			b.Fatal(err)
		}
	}
}
