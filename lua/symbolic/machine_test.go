package symbolic

import (
	"bytes"
	"flag"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cellsh/lua/syntax"
	"cellsh/policy/diag"
)

var record = flag.Bool("record", false, "ask lua5.1 for the answers of testdata/scripts")

// TestScripts runs whole files and compares what they print with what PUC Lua 5.1 printed.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/scripts/*.lua")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			answers := strings.TrimSuffix(file, ".lua") + ".txt"
			if *record {
				cmd := osexec.Command("lua5.1", filepath.Base(file))
				cmd.Dir = filepath.Dir(file)
				out, err := cmd.Output()
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(answers, out, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(answers)
			if err != nil {
				t.Fatal(err)
			}
			if got := printed(t, filepath.Base(file), string(text), MachineOptions{}); got != string(want) {
				g, w := strings.Split(got, "\n"), strings.Split(string(want), "\n")
				for i := range max(len(g), len(w)) {
					if i >= len(g) || i >= len(w) || g[i] != w[i] {
						t.Fatalf("from line %d on:\n%s\nwant\n%s", i+1, strings.Join(g[i:min(i+3, len(g))], "\n"), strings.Join(w[i:min(i+3, len(w))], "\n"))
					}
				}
			}
		})
	}
}

// printed runs a file and gives what it prints.
func printed(t *testing.T, name, text string, o MachineOptions) string {
	t.Helper()
	f := syntax.Read(name, text)
	if f.Problems.Failed() {
		t.Fatal(f.Problems)
	}
	var out bytes.Buffer
	o.Output = &out
	if err := NewMachine(o).Run(f); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// A file that takes too much is refused with its place, whatever it catches.
func TestBounds(t *testing.T) {
	for _, c := range []struct {
		text    string
		code    diag.Code
		message string
	}{
		{"while true do end", diag.Budget, "the code must end within 100000 instructions"},
		{"while true do pcall(function() while true do end end) end", diag.Budget, "instructions"},
		{"local t = {} while true do t = {t} end", diag.Memory, "1 MB of memory"},
		{"local s = 'x' while true do s = s .. s end", diag.Memory, "1 MB of memory"},
		{"local t = {} t[3000000] = 1", diag.Memory, "1 MB of memory"},
		{"string.rep('x', 1e9)", diag.Budget, "string.rep must be at most 4194304 bytes"},
		{"local function f() return 1 + f() end f()", diag.Budget, "at most 900 deep"},
		{"local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) return t[1]", diag.Budget, "at most 900 deep"},
		{"local function f(a, b) table.sort({2, 1}, f) return a < b end f(1, 2)", diag.Budget, "deep"},
		{"local t = {} for i = 1, 1e9 do table.insert(t, 1, i) end", diag.Budget, "instructions"},
		{"print(nil .. 'x')", diag.Runtime, "joined values must be strings or numbers, but one is nil"},
		{"local t = nil\n\nt.x = 1", diag.Runtime, "what is assigned into with x must be a table, but is nil"},
		{"error({code = 1})", diag.Runtime, "table"},
		{"string.format = nil", diag.Runtime, "string can't be changed"},
		{"for i = 1, {} do end", diag.Runtime, "the limit of a loop must be a number, but is table"},
	} {
		f := syntax.Read("f.lua", c.text)
		if f.Problems.Failed() {
			t.Fatal(f.Problems)
		}
		err := NewMachine(MachineOptions{Instructions: 100_000, Memory: 1 << 20}).Run(f)
		e, ok := err.(*Error)
		if !ok || e.Code != c.code || !strings.Contains(e.Message, c.message) || e.Line != 1+strings.Count(c.text, "\n\n")*2 || e.Column == 0 {
			t.Errorf("%s\n%v", c.text, err)
		}
	}
}

// What a file prints does nothing to a terminal, and has an end.
func TestPrint(t *testing.T) {
	got := printed(t, "f.lua", `print("a\27[31m\tb\nc", "\7", "\255é") for i = 1, 100000 do print("0123456789") end`, MachineOptions{})
	if !strings.HasPrefix(got, "a\\27[31m\tb\nc\t\\7\t") {
		t.Errorf("%q", got[:40])
	}
	if !strings.HasSuffix(got, "0123456789\n(a file prints at most 65536 bytes: what follows is left out)\n") || len(got) > 66_000 {
		t.Errorf("%d bytes, which end with %q", len(got), got[len(got)-80:])
	}
}

// A function is followed past its problems.
func TestAllProblemsOfAFunction(t *testing.T) {
	for _, c := range []struct {
		body string
		want []string
	}{
		{"if r.port == '80' then return grant end if r.uid == 'root' then return deny end if r.family == 'ined' then return deny end",
			[]string{"compared with \"80\"", "compared with \"root\"", "none called \"ined\""}},
		{"local n = r.port / 2 if n == 5 then return 'dney' end count = 1 for i = 1, r.uid do print(i) end return denny, 'x'",
			[]string{"not used with /", "global count", "limit of a loop", "\"dney\"", "denny"}},
		{"local t = {} t[r.port] = 1 if t[80] then return deny, 'a' .. r.port end return r.egid",
			[]string{"key of an assignment", "returns r.egid"}},
		{"while r.foo do r.port = 5 end return pcall(deny)", []string{"none called foo", "can't be changed", "pcall"}},
		// A way that is gone later has the caller as it was where the ways parted.
		{"local t = r.port / 2 local function f(x) if x == 1 then return 1 end return 'x' end local v = f(t) local w = 1 if v == 'x' then r.port = 7 end return deny",
			[]string{"not used with /", "can't be changed"}},
		{`local v if r.egid >= v then v = 1 end
		local f, g
		function g(n) if n == 0 then return true end return f(n - 1) end
		function f(n) if n == 0 then return false end return g(n - 1) end
		local w = f(v % 7)
		local function h(n, x) if n == 0 then return r.euid == 10 and 4 == r.gid or 80 > r.egid end local y = h(n - 1, x) return not y or x == 5 end
		if h(5, 25 >= r.uid and r.euid or r.gid) then return deny, 'yes' end return allow`,
			[]string{"compared with nil"}},
	} {
		f := load(t, "", c.body, Options{})
		var all strings.Builder
		for _, leaf := range f.Compile(find(t, "network.bind.port"), "web-1").Graph.Leaves {
			if leaf.Fault != nil {
				all.WriteString(leaf.Fault.Error() + "\n")
				for _, b := range leaf.Fault.Behind {
					all.WriteString("behind: " + b.Error() + "\n")
				}
			}
		}
		for _, want := range c.want {
			if strings.Count(all.String(), want) != 1 {
				t.Errorf("%s\nmust be told once: %s\n%s", c.body, want, all.String())
			}
		}
	}
}

// The fields that a function reads and the request lacks are told with their places.
func TestAbsentFields(t *testing.T) {
	c := load(t, "", "if r.domain == 'inet' and r.target then return deny end", Options{}).Compile(find(t, "network.bind.port"), "x")
	if len(c.Absent) != 1 || c.Absent[0].Name != "domain" || c.Absent[0].Span.String() != "t.lua:2:23" {
		t.Errorf("%+v", c.Absent)
	}
}
