package lower_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cellsh/lua/lower"
	"cellsh/lua/vm"
)

var (
	programs = flag.Int("programs", 300, "how many random programs are compared with PUC Lua")
	first    = flag.Int("first", 0, "the seed of the first")
)

// ours runs a program and gives what it prints, and its error.
func ours(level vm.Level, text string) (string, error) {
	var out bytes.Buffer
	v := vm.New(vm.Options{Level: level, Output: &out, Instructions: 20_000_000})
	defer v.Close()
	env := v.NewEnvironment()
	if level == vm.Session {
		env = v.Environment()
	}
	fn, err := v.CompileIn(env, "p.lua", text)
	if err != nil {
		return "", err
	}
	_, err = v.Call(fn)
	return out.String(), err
}

// driver runs many programs one after the other in PUC Lua.
const driver = `
local list, limit = ...
for i, text in ipairs(dofile(list)) do
  print("==== " .. i)
  local f, e = loadstring(text, "p.lua")
  if not f then print("syntax: " .. e) else
    setfenv(f, setmetatable({}, {__index = _G}))
    local long
    local function stop()
      if debug.getinfo(2, "S").source == "p.lua" then
        long = true
        -- It may be caught.
        debug.sethook(stop, "", 1)
        error("too long")
      end
    end
    debug.sethook(stop, "", limit)
    local ok, e = pcall(f)
    debug.sethook()
    if long then print("too long") elseif not ok then print("error") end
  end
end
`

// pucInstructions is how long random programs may run in PUC Lua.
const pucInstructions = 300_000

// puc runs programs in PUC Lua 5.1 and gives what each prints.
func puc(t interface {
	Skip(...any)
	Fatal(...any)
}, dir string, limit int, list []string) []string {
	lua, err := exec.LookPath("lua5.1")
	if err != nil {
		t.Skip("lua5.1 is not installed")
	}
	var b strings.Builder
	b.WriteString("return {\n")
	for _, text := range list {
		fmt.Fprintf(&b, "[=======[\n%s]=======],\n", text)
	}
	b.WriteString("}\n")
	driverFile, listFile := filepath.Join(dir, "driver.lua"), filepath.Join(dir, "list.lua")
	if err := errors.Join(os.WriteFile(driverFile, []byte(driver), 0o600), os.WriteFile(listFile, []byte(b.String()), 0o600)); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(lua, driverFile, listFile, fmt.Sprint(limit)).CombinedOutput()
	if err != nil {
		t.Fatal(string(out[max(0, len(out)-1000):]))
	}
	parts := strings.Split(string(out), "==== ")[1:]
	answers := make([]string, len(parts))
	for i, p := range parts {
		_, answers[i], _ = strings.Cut(p, "\n")
	}
	return answers
}

// compare runs a program at both levels. Programs that are too long for PUC Lua are not looked at.
func compare(text, want string) error {
	if strings.HasSuffix(want, "too long\n") {
		return nil
	}
	for _, small := range []bool{false, true} {
		for _, level := range []vm.Level{vm.Session, vm.Policy} {
			if err := compareAt(level, small, text, want); err != nil {
				return err
			}
		}
	}
	return nil
}

func compareAt(level vm.Level, small bool, text, want string) error {
	if small {
		defer lower.Shrink()()
	}
	got, err := ours(level, text)
	if err != nil {
		got += "error\n"
	}
	if got != want {
		return fmt.Errorf("level %d, small %v: %v\ngot\n%swant\n%s%s", level, small, err, got, want, numbered(text))
	}
	return nil
}

func numbered(text string) string {
	var b strings.Builder
	for i, l := range strings.Split(text, "\n") {
		fmt.Fprintf(&b, "%3d %s\n", i+1, l)
	}
	return b.String()
}

// Random programs do what they do in PUC Lua.
func TestRandomPrograms(t *testing.T) {
	const batch = 100
	failed := 0
	for seed := *first; seed < *first+*programs; seed += batch {
		var list, plain []string
		for i := range batch {
			r := rand.New(rand.NewPCG(uint64(seed+i), 9))
			text, without := (&generator{pick: r.IntN}).program()
			list, plain = append(list, text), append(plain, without)
		}
		for i, want := range puc(t, t.TempDir(), pucInstructions, plain) {
			if strings.HasPrefix(want, "syntax: ") {
				t.Fatalf("seed %d: %s%s", seed+i, want, numbered(plain[i]))
			}
			if err := compare(list[i], want); err != nil {
				t.Errorf("seed %d: %v", seed+i, err)
				if failed++; failed > 3 {
					t.FailNow()
				}
			}
		}
	}
}

// The same, with programs that rapid makes small where they differ.
func TestRandomProgramsRapid(t *testing.T) {
	// What rapid draws can't skip the test: it would look for other draws.
	if _, err := exec.LookPath("lua5.1"); err != nil {
		t.Skip("lua5.1 is not installed")
	}
	dir := t.TempDir()
	rapid.Check(t, func(r *rapid.T) {
		g := &generator{pick: func(n int) int { return rapid.IntRange(0, n-1).Draw(r, "pick") }}
		text, plain := g.program()
		if err := compare(text, puc(r, dir, pucInstructions, []string{plain})[0]); err != nil {
			r.Fatal(err)
		}
	})
}
