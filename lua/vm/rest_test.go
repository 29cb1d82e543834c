package vm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What sessions have beside package library gives what PUC Lua 5.1 gives.
func TestRest(t *testing.T) {
	v := New(Options{})
	defer v.Close()
	for _, c := range [...]struct{ src, want string }{
		{"local t = {} return rawset(t, 'a', 2) == t, t.a, select('#', rawset(t, 1, 2))", "true|2|1"},
		{"return setmetatable({}, {__newindex = function(t, k, v) rawset(t, k, v * 2) end}).x", "nil"},
		{"local t = setmetatable({}, {__newindex = function(t, k, v) rawset(t, k, v * 2) end}) t.x = 5 return t.x", "10"},
		{"return (pcall(rawset, {}, nil, 1)), (pcall(rawset, {}, 0/0, 1)), (pcall(rawset, {}, 1)), (pcall(rawset, 5, 1, 1))", "false|false|false|false"},
		{"return select(2, pcall(rawset, {}, nil, 1))", "the key of a table must be a value, but is nil"},
		{"return type(collectgarbage('count')), collectgarbage('count') > 1, collectgarbage(), collectgarbage('step')", "number|true|0|true"},
		{"for i = 1, 1000 do local x = math.random() if x < 0 or x >= 1 then return x end end", ""},
		{"local n = {} for i = 1, 1000 do local x = math.random(3) n[x] = true end return n[0], n[1], n[2], n[3], n[4]", "nil|true|true|true|nil"},
		{"local n = {} for i = 1, 1000 do local x = math.random(-1, 1) n[x] = true end return n[-2], n[-1], n[0], n[1], n[2]", "nil|true|true|true|nil"},
		{"math.randomseed(7) local a, b = math.random(1000), math.random() math.randomseed(7) return a == math.random(1000), b == math.random()", "true|true"},
		{"return math.random(5, 5), math.random(1)", "5|1"},
		{"return select(2, pcall(math.random, 0))", "argument 1 of math.random must be at least 1, but is 0"},
		{"return select(2, pcall(math.random, 5, 3))", "argument 2 of math.random must be at least 5, but is 3"},
		{"local x = math.random(1, 2^70) return x >= 1 and x == math.floor(x)", "true"},
		{"return (pcall(math.random, 'x')), (pcall(math.random, 0/0)), (pcall(math.randomseed))", "false|false|false"},
		{"local next = ('ab'):gmatch('.') return next(), next(), select('#', next())", "a|b|0"},
		{"local s = '' for x in ('ab'):gmatch('.') do s = s .. x .. ';' end return s", "a;b;"},
		{"return debug.getinfo(print).what, debug.getinfo(function() end).what", "C|Lua"},
		// Numbers that are no index and no level.
		{"local x = 1 local function f() return x end return debug.getupvalue(f, 1), select('#', debug.getupvalue(f, 2^63), debug.getupvalue(f, 0/0)), select('#', debug.setupvalue(f, -1/0, 1))", "x|1|0"},
		{"return (debug.traceback('a', -1/0):match('^a')), (debug.traceback('b', 0/0):match('^b')), (debug.traceback('c', 1e300))", "a|b|c\nstack traceback:"},
		{"return (select(2, pcall(error, 'a', 0/0))), (select(2, pcall(error, 'b', -2^70)))", "a|b"},
	} {
		if got := results(t, v, c.src); got != c.want && strings.TrimPrefix(got, "t.lua:1: ") != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.src, got, c.want)
		}
	}
}

// Files get numbers as tostring shows them.
func TestNumbersInFiles(t *testing.T) {
	v := New(Options{})
	defer v.Close()
	file := filepath.Join(t.TempDir(), "out")
	const src = `local name = ... local f = io.open(name, "w")
		f:write(0.1 + 0.2, " ", 1e15, " ") io.output(f) local ok = io.write(1/3, " ", -0.5, " ", "x") io.close(f)
		return ok, (pcall(f.write, f, 1)), (pcall(io.write, {}))`
	if got := results(t, v, "return (function(...) "+src+" end)([["+file+"]])"); got != "true|false|false" {
		t.Error(got)
	}
	text, err := os.ReadFile(file)
	if want := "0.3 1e+15 0.33333333333333 -0.5 x"; err != nil || string(text) != want {
		t.Errorf("%q, %v, but want %q", text, err, want)
	}
}
