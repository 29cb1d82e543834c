package vm_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/vm"
)

// odd are values that functions are called with.
const odd = `
local proxy = newproxy(true)
getmetatable(proxy).__index = function(p, k) return k end
local self = setmetatable({ 1, 2, 3, x = 1 }, { __index = function(t, k) return k end, __newindex = function(t, k, v) end, __call = function(...) return ... end, __tostring = function() return "self" end,
  __add = function() return 1 end, __concat = function() return "c" end, __eq = function() return true end, __lt = function() return true end, __unm = function() return 1 end })
local closed = io.tmpfile() closed:close()
odd = { nil, false, true, 0, -1, 1, 2.5, 1e300, 0/0, 1/0, -1/0, 2^53, "", "a", "10", "%d", "*t", "%a+", "(", "!%c", "\0", ("x"):rep(1000), {}, { 1, "x" }, self, print, function(...) return ... end, function() error("raised") end,
  function() coroutine.yield(1) end, coroutine.create(function() coroutine.yield() end), coroutine.wrap(function() coroutine.yield() end), proxy, closed, string, _G, nil }
count = 36
function pick(i) return odd[i] end
`

// skipped end the program, wait for somebody, reach out of the machine, or change what the test stands on.
var skipped = map[string]bool{"os.exit": true, "os.execute": true, "io.popen": true, "os.remove": true, "os.rename": true, "os.tmpname": true, "io.open": true, "io.output": true, "setfenv": true, "debug.setmetatable": true, "debug.setfenv": true,
	"module": true, "collectgarbage": true, "debug.setupvalue": true}

// Whatever a function of the library is called with, alone or in a coroutine, it gives values or raises an error of Lua: never
// does the interpreter fail.
func TestAbuse(t *testing.T) {
	v := vm.New(vm.Options{Level: vm.Session})
	defer v.Close()
	define := func(src string) []lua.LValue {
		t.Helper()
		fn, err := v.CompileIn(v.Environment(), "abuse.lua", src)
		if err != nil {
			t.Fatal(err)
		}
		out, err := v.Call(fn)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	define(odd)
	call := define(`
local functions = {}
local function add(name, f) if type(f) == "function" then functions[#functions + 1] = { name, f } end end
for name, x in pairs(_G) do
  add(name, x)
  if type(x) == "table" and x ~= _G and name ~= "odd" then for field, f in pairs(x) do add(name .. "." .. tostring(field), f) end end
end
for name, f in pairs(getmetatable(io.stdout).__index) do add("file." .. name, f) end
table.sort(functions, function(a, b) return a[1] < b[1] end)
return #functions, function(i) return functions[i][1] end, function(how, i, n, a, b, c)
  local f, args = functions[i][2], { odd[a], odd[b], odd[c] }
  if how == 0 then return f(unpack(args, 1, n)) end
  if how == 1 then return coroutine.resume(coroutine.create(function() return f(unpack(args, 1, n)) end)) end
  return pcall(f, unpack(args, 1, n))
end`)
	functions := int(call[0].(lua.LNumber))
	if functions < 120 {
		t.Fatalf("only %d functions", functions)
	}
	names := make([]string, functions+1)
	for i := 1; i <= functions; i++ {
		out, err := v.Call(call[1].(*lua.LFunction), lua.LNumber(i))
		if err != nil {
			t.Fatal(err)
		}
		names[i] = out[0].String()
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 30_000 {
		i := 1 + r.IntN(functions)
		if skipped[names[i]] {
			continue
		}
		args := []lua.LValue{lua.LNumber(r.IntN(3)), lua.LNumber(i), lua.LNumber(r.IntN(4))}
		for range 3 {
			args = append(args, lua.LNumber(1+r.IntN(36)))
		}
		// A budget, because some would go on for ever.
		out, err := v.CallWithin(200_000, call[2].(*lua.LFunction), args...)
		said := fmt.Sprint(out)
		var e *vm.Error
		if errors.As(err, &e) {
			said = e.Message
		}
		for _, bad := range []string{"interpreter failed", "nil pointer", "index out of range", "(anonymous)", "main chunk", "strconv", "bad argument", "runtime error"} {
			if strings.Contains(said, bad) {
				t.Fatalf("%s with %v: %s", names[i], args, said)
			}
		}
	}
	if out := define("return 6 * 7"); out[0] != lua.LNumber(42) {
		t.Error("the machine is of no use any more")
	}
}
