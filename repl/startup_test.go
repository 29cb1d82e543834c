package repl

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// configured makes the folder for what sessions begin with.
func configured(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, ".config/cellsh"), 0o700); err != nil {
		t.Fatal(err)
	}
}

// What a session begins with is run if nobody else can have written it, and keeps no session from starting.
func TestStartup(t *testing.T) {
	for _, c := range []struct {
		name, text string
		mode       os.FileMode
		args       []string
		want       string
		not        string
	}{
		{"is run", `print("good morning") x = 7`, 0o600, nil, "\ngood morning\nSIM> ", ""},
		{"has a prompt", `prompt = function(s) return (s.generation or 0) .. s.kernel .. (s.readonly and "!" or "") .. "% " end`, 0o600, nil, "\n0SIM% ", ""},
		{"has a prompt that fails", `prompt = function(s) return s.kernel .. nil end`, 0o600, nil, "note: the function prompt is not called again, until there is another one\nSIM> ", ""},
		{"has a prompt that never ends", `prompt = function() while true do end end`, 0o600, nil, "not called again, until there is another one\nSIM> ", ""},
		{"has a prompt that is none", `prompt = function() return 5 end`, 0o600, nil, "error: a prompt must be a string, but the function gives something else [failed]\n", ""},
		{"is wrong", "x = = 1", 0o600, nil, "init.lua has failed: the session goes on; --norc begins without it\nSIM> ", ""},
		{"raises", "error('no')", 0o600, nil, "init.lua has failed: the session goes on; --norc begins without it\nSIM> ", ""},
		{"leaves", "os.exit(3)", 0o600, nil, "init.lua must not leave the session, but does: the session goes on\nSIM> ", ""},
		{"can be written by others", `print("evil")`, 0o622, nil, "init.lua is not run: ", "evil\n"},
		{"is not wanted", `print("good morning")`, 0o600, []string{"--norc"}, "leaves.\nSIM> ", "good morning\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			configured(t, dir)
			write(t, dir, ".config/cellsh/init.lua", c.text)
			if err := os.Chmod(filepath.Join(dir, ".config/cellsh/init.lua"), c.mode); err != nil {
				t.Fatal(err)
			}
			x := start(t, program(t, dir, []string{"TERM=dumb"}, append([]string{"-k", "sim"}, c.args...)...))
			last := "> "
			if strings.HasSuffix(c.want, "% ") {
				last = "% "
			}
			said := unwrapped(x.until(last))
			if !strings.Contains(said, c.want) || c.not != "" && strings.Contains(said, c.not) {
				t.Errorf("it says %q, want %q", said, c.want)
			}
		})
	}
}

// What help says that a prompt function is given is what it is given.
func TestPromptIsTold(t *testing.T) {
	dir := t.TempDir()
	help, err := program(t, dir, nil, "help", "prompt").Output()
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, field := range regexp.MustCompile(`(?m)^  ([a-z]+) {2,}[a-z]`).FindAllStringSubmatch(string(help), -1) {
		told[field[1]] = true
	}
	write(t, dir, "a.lua", `policy "web" { cells = "web-*", deny = { "system" } }`)
	x := start(t, program(t, dir, []string{"TERM=dumb"}, "-k", "sim"))
	x.untilPrompt()
	given := map[string]bool{}
	for _, line := range []string{
		`function prompt(s) local k = {} for name in pairs(s) do k[#k + 1] = name end return "SIM " .. table.concat(k, " ") .. "> " end`,
		"load a.lua", "create web-1 --root /cells/web-1", "audit start web-1 --for 2h --yes", "audit stop", "load a.lua --confirm 2h",
	} {
		x.typed(line + "\n")
		said := x.untilPrompt()
		for _, name := range strings.Fields(strings.TrimSuffix(said[strings.LastIndex(said, "SIM")+len("SIM"):], "> ")) {
			given[name] = true
		}
	}
	if !maps.Equal(told, given) {
		t.Errorf("help tells of %v, but it is given %v", told, given)
	}
}

// Only a session at a terminal begins with it.
func TestNoStartup(t *testing.T) {
	dir := t.TempDir()
	configured(t, dir)
	write(t, dir, ".config/cellsh/init.lua", `print("good morning")`)
	c := program(t, dir, nil, "-k", "sim")
	c.Stdin = strings.NewReader("1 + 1\n")
	if out, err := c.CombinedOutput(); err != nil || string(out) != "2\n" {
		t.Errorf("%q, %v", out, err)
	}
	for _, args := range [][]string{{"--norc", "-e", "1"}, {"--norc", "list"}} {
		out, err := program(t, dir, nil, args...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "cellsh: --norc is for sessions, which alone begin with a file, but ") {
			t.Errorf("%q: %q, %v", args, out, err)
		}
	}
}

func TestHistoryPath(t *testing.T) {
	for _, c := range []struct{ state, home, want string }{
		{"/s", "/h", "/s/cellsh/history"}, {"", "/h", "/h/.local/state/cellsh/history"}, {"relative", "/h", "/h/.local/state/cellsh/history"}, {"", "", ""}, {"", "x", ""},
	} {
		got := historyPath(func(name string) string {
			return map[string]string{"XDG_STATE_HOME": c.state, "HOME": c.home}[name]
		})
		if got != c.want {
			t.Errorf("%v: %q", c, got)
		}
	}
}
