package vm_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/symbolic"
	"cellsh/lua/syntax"
	"cellsh/lua/value"
	"cellsh/lua/vm"
)

var programs = flag.Int("programs", 400, "how many random programs are compared")

const batch = 200

// texts that errors begin with; what follows is not PUC's.
var place = regexp.MustCompile(`'[^' ]*:[0-9]+: [^\n]*`)

// source is a batch of programs that write what they trace.
func source(from int64, jumps bool) string {
	var b strings.Builder
	b.WriteString(prelude)
	for seed := from; seed < from+batch; seed++ {
		b.WriteString(start)
		b.WriteString("emit('program " + value.Format(value.Number(seed)) + "')\n")
		b.WriteString(newProgram(seed, jumps))
	}
	return b.String()
}

// runVM runs a source in the sandbox, or in a session.
func runVM(t *testing.T, level vm.Level, text string) []string {
	v := vm.New(vm.Options{Level: level, Instructions: 1 << 40, Memory: 1 << 32})
	defer v.Close()
	var out []string
	v.Define("emit", v.Function(vm.Builtin{Name: "emit"}, func(L *lua.LState) int {
		out = append(out, L.CheckString(1))
		return 0
	}))
	fn, err := v.Compile("p.lua", "function trace(...) return out(...) end\n"+text)
	if err == nil {
		_, err = v.Call(fn)
	}
	if err != nil {
		t.Fatalf("%v", err)
	}
	return out
}

// runTree runs a source by its tree.
func runTree(t *testing.T, text string) []string {
	m := symbolic.NewMachine(symbolic.MachineOptions{Instructions: 1 << 40, Memory: 1 << 32})
	var out []string
	m.Define("emit", m.Native("emit", func(c *symbolic.Call) ([]value.Value, error) {
		out = append(out, string(c.Args[0].(value.String)))
		return nil, nil
	}))
	if err := m.Run(syntax.Read("p.lua", "function trace(...) return out(...) end\n"+text)); err != nil {
		t.Fatalf("%v", err)
	}
	return out
}

// runPUC runs a source in PUC Lua 5.1.
func runPUC(t *testing.T, text string) []string {
	file := filepath.Join(t.TempDir(), "p.lua")
	text = "function emit(s) io.write(s, '\\n') end function trace(...) return out(...) end\n" + text
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	raw, err := exec.Command("lua5.1", file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	return strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n")
}

// compare tells the first line in which outputs differ, and the program that wrote it. clean, if there is one, takes away
// what may differ.
func compare(t *testing.T, jumps bool, names string, a, b []string, clean func(string) string) {
	t.Helper()
	program := ""
	for i := range max(len(a), len(b)) {
		x, y := "(nothing)", "(nothing)"
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if clean != nil {
			x, y = clean(x), clean(y)
		}
		if x != y {
			seed := int64(0)
			for _, c := range strings.TrimPrefix(program, "program ") {
				seed = 10*seed + int64(c-'0')
			}
			t.Fatalf("%s differ in %s:\n%s\n%s\n%s", names, program, x, y, newProgram(seed, jumps))
		}
		if strings.HasPrefix(x, "program ") {
			program = x
		}
	}
}

func TestRandomProgramsAgainstPUC(t *testing.T) {
	if _, err := exec.LookPath("lua5.1"); err != nil {
		t.Skip("lua5.1 is not installed")
	}
	// PUC Lua takes -0 for 0 where a function has both.
	clean := func(s string) string {
		return strings.ReplaceAll(place.ReplaceAllString(s, "'an error' "), "-0 ", "0 ")
	}
	for from := int64(0); from < int64(*programs); from += batch {
		text := source(from, false)
		want := runPUC(t, text)
		compare(t, false, "PUC Lua and the sandbox", want, runVM(t, vm.Policy, text), clean)
		compare(t, false, "PUC Lua and a session", want, runVM(t, vm.Session, text), clean)
	}
}

// What is caught names its line, and is not read a second time as what the interpreter itself says: line 40 is no place 40.
func TestCaughtErrorsKeepTheirLines(t *testing.T) {
	for line := 1; line < 60; line++ {
		for _, raise := range []string{"return #nil", "local x x()", "string.rep()", "error('e')"} {
			src := strings.Repeat("\n", line-1) + "return pcall(pcall, function() " + raise + " end)"
			for _, level := range []vm.Level{vm.Policy, vm.Session} {
				v := vm.New(vm.Options{Level: level})
				fn, err := v.Compile("p.lua", src)
				if err != nil {
					t.Fatal(err)
				}
				out, err := v.Call(fn)
				if err != nil || len(out) != 3 {
					t.Fatal(out, err)
				}
				if want := fmt.Sprintf("p.lua:%d: ", line); !strings.HasPrefix(out[2].String(), want) {
					t.Fatalf("%q must begin with %q", out[2], want)
				}
				v.Close()
			}
		}
	}
}

// Recorded from PUC Lua 5.1.
func TestOddMeanings(t *testing.T) {
	numbers := "1" + strings.Repeat(", 1", 49)
	for _, c := range []struct{ src, want string }{
		// Elements are stored by batches of 50, so that the order of keys shows.
		{"local t = {" + numbers + ", x = 5, 51, [51] = 'no', 52} return t[50], t[51], t[52], #t", "1 51 52 52"},
		{"local t = {" + numbers + ", [50] = 'yes', 51} return t[50], t[51], #t", "yes 51 51"},
		{"local t = {'b', [1] = 'a'} return t[1], #t", "b 1"},
		// The metamethod of the minus sign gets the operand twice.
		{"local m = {} m.__unm = function(a, b) return rawequal_(a, b) end return -setmetatable({}, m)", "true"},
		{"return - '2', - ' 0x10 '", "-2 -16"},
		// The sign of zero.
		{"local z, m = 0, -1 return 1 / (z * m), 1 / (z / m), 1 / (-z - z), 1 / (-z + -z), 1 / (z - z), 1 / (-z + z), 1 / (z % m)", "-Inf -Inf -Inf -Inf +Inf +Inf +Inf"},
		{"local tiny = 1e-300 local y = -tiny * tiny local s = 0 for i = -y, 1 do s = s + i end return y .. '', -(-y), s", "-0 0 1"},
		{"local z = -0 z = z * 1 z = z ^ 3 return z .. '', 1 / z", "-0 -Inf"},
		// A metamethod is what can be called.
		{"local f = setmetatable({}, {__call = function(_, a, b) return 7 end}) local t = setmetatable({}, {__add = f, __sub = f, __mul = f, __div = f, __mod = f, __pow = f, __unm = f, __concat = f}) return t + 1, 1 - t, t * t, t / 2, '1' % t, t ^ 2, -t, t .. ''", "7 7 7 7 7 7 7 7"},
	} {
		v := vm.New(vm.Options{Level: vm.Policy})
		fn, err := v.Compile("p.lua", "local function rawequal_(a, b) return a == b end "+c.src)
		if err != nil {
			t.Fatal(err)
		}
		out, err := v.Call(fn)
		if err != nil {
			t.Fatal(err)
		}
		parts := make([]string, len(out))
		for i, x := range out {
			parts[i] = x.String()
		}
		if got := strings.Join(parts, " "); got != c.want {
			t.Errorf("%s: got %s, want %s", c.src, got, c.want)
		}
		v.Close()
	}
}

func TestRandomProgramsInBothReadings(t *testing.T) {
	for from := int64(0); from < int64(*programs); from += batch {
		for _, jumps := range []bool{false, true} {
			text := source(1_000_000+from, jumps)
			compare(t, jumps, "the readings", runTree(t, text), runVM(t, vm.Policy, text), nil)
		}
	}
}
