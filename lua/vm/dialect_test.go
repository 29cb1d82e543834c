package vm_test

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/symbolic"
	"cellsh/lua/syntax"
	"cellsh/lua/vm"
)

var recordDialect = flag.Bool("record-dialect", false, "ask lua5.1 for the answers of testdata/dialect")

// dialectArgs are what programs of testdata/dialect are given.
var dialectArgs = []string{"va", "vb"}

// part is a program of a file in testdata/dialect. Those that policies can't have are only for sessions.
type part struct {
	name, text string
	session    bool
}

func dialectParts(t *testing.T, file string) []part {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var parts []part
	for _, p := range strings.Split("\n"+string(text), "\n--- ")[1:] {
		name, body, _ := strings.Cut(p, "\n")
		name, session := strings.CutPrefix(name, "[session] ")
		parts = append(parts, part{name, body + "\n", session})
	}
	return parts
}

// askPUC runs a program in PUC Lua.
func askPUC(t *testing.T, p part) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "p.lua")
	if err := os.WriteFile(file, []byte(p.text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("lua5.1", append([]string{file}, dialectArgs...)...)
	cmd.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", p.name, err, said.Bytes())
	}
	return string(out)
}

// TestDialect runs programs that look at all of the language and its library, written from the manual: a session gives the
// answers of PUC Lua 5.1, and so do both readings of policies where they have what is used. The answers are recorded by
// go test -run Dialect -record-dialect.
func TestDialect(t *testing.T) {
	files, err := filepath.Glob("testdata/dialect/*.lua")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		parts := dialectParts(t, file)
		answers := strings.TrimSuffix(file, ".lua") + ".txt"
		if *recordDialect {
			var b strings.Builder
			for _, p := range parts {
				b.WriteString("--- " + p.name + "\n" + askPUC(t, p))
			}
			if err := os.WriteFile(answers, []byte(b.String()), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		known := map[string]string{}
		recorded := dialectParts(t, answers)
		for _, p := range recorded {
			known[p.name] = strings.TrimRight(p.text, "\n")
		}
		if len(recorded) != len(parts) {
			t.Errorf("%s has %d programs, and %d answers", file, len(parts), len(recorded))
		}
		for _, p := range parts {
			t.Run(filepath.Base(file)+"/"+p.name, func(t *testing.T) {
				want, ok := known[p.name]
				if !ok {
					t.Fatal("lua5.1 was not asked: go test -record-dialect")
				}
				check := func(reading, got string) {
					got = strings.TrimRight(got, "\n")
					g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
					for i := range max(len(g), len(w)) {
						switch {
						case i >= len(g):
							t.Fatalf("%s: does not print line %d:\n%s", reading, i+1, w[i])
						case i >= len(w) || g[i] != w[i]:
							t.Fatalf("%s: line %d:\n%s\nPUC Lua:\n%s", reading, i+1, g[i], strings.Join(w[min(i, len(w)):min(i+1, len(w))], ""))
						}
					}
				}
				check("session", inMachine(t, vm.Session, p))
				if p.session {
					return
				}
				check("sandbox", inMachine(t, vm.Policy, p))
				var out bytes.Buffer
				m := symbolic.NewMachine(symbolic.MachineOptions{Output: &out})
				f := syntax.Read("p.lua", p.text)
				if err := m.Run(f); err != nil {
					t.Fatalf("tree: %v\n%s", err, out.String())
				}
				check("tree", out.String())
			})
		}
	}
}

// inMachine runs a program and gives what it prints.
func inMachine(t *testing.T, level vm.Level, p part) string {
	t.Helper()
	var out bytes.Buffer
	v := vm.New(vm.Options{Level: level, Output: &out})
	defer v.Close()
	env := v.NewEnvironment()
	if level == vm.Session {
		env = v.Environment()
	}
	fn, err := v.CompileIn(env, "p.lua", p.text)
	if err != nil {
		t.Fatal(err)
	}
	var args []lua.LValue
	list := v.L.NewTable()
	for i, a := range dialectArgs {
		args = append(args, lua.LString(a))
		list.RawSetInt(i+1, args[i])
	}
	env.RawSetString("arg", list)
	if _, err := v.Call(fn, args...); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	return out.String()
}

// What pcall gives of errors that Lua and its library raise is the same text in a session and in both readings: a policy can
// look at it.
func TestTextsOfErrorsAreTheSame(t *testing.T) {
	var b strings.Builder
	for _, call := range []string{
		"assert", "assert, false, {}", "pairs", "pairs, 5", "ipairs, 'x'", "next, 5", "next, {}, 1", "next, {}, 'x'", "next, {5}, 2", "setmetatable, 1", "setmetatable, {}, 5", "setmetatable, {}", "setmetatable, print, {}",
		"getmetatable", "pcall", "pcall, nil", "xpcall", "xpcall, print", "nil", "5, 1", "{}", "'x'", "tostring", "tonumber", "tonumber, 1, 99", "type", "select, 'x'", "select, 0", "unpack", "unpack, 5", "error", "error, {}, 'x'",
		"string.rep", "string.rep, 'x', {}", "string.char, 256", "string.format, '%d', 'x'", "string.format, '%y', 1", "string.sub", "string.glob, nil, 'tap*'", "string.glob, 'tap0', {}", "string.byte, true", "re.match, nil", "re.match, 'x', '('",
		"table.insert, {}, 1, 2, 3", "table.insert, {}", "table.insert, 5, 1", "table.concat, {{}}", "table.concat, 5", "table.remove, 'x'", "table.sort, {2, 1}, 5", "table.sort, {1, 'x'}", "table.maxn",
		"math.floor, {}", "math.max", "math.fmod, 1", "math.ldexp, 'x', 1", "ipairs({}), {}, nil", "ipairs({}), 5, 1",
		"function() local x x() end", "function() return (nil)() end", "function() for i in 5 do end end", "function() for i = 1, {} do end end", "function() local t = {} t.x.y() end", "function() local t = {} t:m() end",
		"function() ('x'):m() end", "function() (123).K = nil end", "function() ('x').K = nil end", "function() (true).K = 1 end", "function() return (5).x end", "function() return {} + 1 end", "function() return 'x' + 1 end", "function() return -{} end",
		"function() return #5 end", "function() return {} .. 'x' end", "function() return {} < {} end", "function() return 1 < 'x' end", "function() local t = {} t[nil] = 1 end", "function() local t = {} t[0/0] = 1 end",
		"function() string.rep = 1 end and nil", "function() error('x') end", "function() error('x', 0) end", "function() error('x', 2) end", "function() assert(false, 'said') end", "function() assert(nil) end",
	} {
		b.WriteString("print(pcall(" + call + "))\n")
	}
	b.WriteString("print(xpcall(nil, function(e) return e end)) print(xpcall(error, function() error('again') end)) print(xpcall(print, 5))\n")
	p := part{text: b.String()}
	var out bytes.Buffer
	if err := symbolic.NewMachine(symbolic.MachineOptions{Output: &out}).Run(syntax.Read("p.lua", p.text)); err != nil {
		t.Fatal(err)
	}
	want := strings.Split(out.String(), "\n")
	for _, level := range []vm.Level{vm.Policy, vm.Session} {
		got := strings.Split(inMachine(t, level, p), "\n")
		calls := strings.Split(p.text, "\n")
		for i := range max(len(got), len(want)) {
			if i >= len(got) || i >= len(want) || got[i] != want[i] {
				t.Errorf("level %d: %s\n%q\nthe tree:\n%q", level, calls[min(i, len(calls)-1)], got[min(i, len(got)-1)], want[min(i, len(want)-1)])
			}
		}
	}
}
