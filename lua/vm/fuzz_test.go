package vm

import (
	"errors"
	"fmt"
	"testing"
)

// FuzzSandbox runs any text in the sandbox. It must end within its budgets, without a panic of Go, with an error that
// has words; a second machine must do the same, instruction by instruction.
func FuzzSandbox(f *testing.F) {
	for _, s := range []string{
		"return 1", "while true do end", "local t = {} t[1] = t return t", "return ('x'):rep(9):upper():find('X', -3)",
		"for k, v in pairs(string) do print(k, v) end", "return select(-1, unpack({1, 2, nil, 4}, 1, 4))",
		"local t = setmetatable({}, {__index = function(t, k) return k .. 'x' end, __concat = print}) return t.a .. t",
		"goto a do ::b:: end ::a:: return pcall(error, {})", "return re.match('a1', '([a-z])([0-9])'), re.replace('aa', 'a', '$0$0')",
		"table.sort({3, 2, 1}, function(a, b) return true end)", "return ('%q %5.1f %s'):format('a\\0', 0/0, {})",
		"local function f(...) return f(1, ...) end f()", "return xpcall(function() error('x') end, function(e) error(e) end)",
		"t = {[1]=1, 2, [2]=3; n = 5, f()}", "return tonumber('0x1p4'), tonumber('z', 36), -2^53 % 3, 1e309, -0",
		"return string.byte('abc', -1e300, 1e300), table.concat({1, 2}, ',', -5)", "_G._G = nil x = _G return x",
		"return getmetatable(_G), getmetatable(''), setmetatable({}, {__metatable = 1})", "return next({}, 1)", "return next(string, 'rep')",
		"local a <const> = 1", "return 1 .. 2 .. -3", "repeat local x = 1 until x", "return #'abc' + #{1, 2, nil, 4}",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		run := func() string {
			v := New(Options{Level: Policy, Instructions: 20_000, Memory: 4 << 20, registry: 8192})
			defer v.Close()
			out, err := eval(v, src)
			var e *Error
			if err != nil && (!errors.As(err, &e) || e.Message == "" || e.Code == "") {
				t.Fatalf("an error without words: %#v", err)
			}
			text := fmt.Sprint(v.Used(), err)
			for _, x := range out {
				text += fmt.Sprintf(" %s:%.100s", x.Type(), v.tostring(v.L, x))
			}
			return text
		}
		if a, b := run(), run(); a != b {
			t.Errorf("the same text gives\n%s\nand\n%s", a, b)
		}
	})
}
