package repl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Scripts and sessions read Lua as package vm's programs say: what is around a machine changes nothing of it. The answers are
// those of PUC Lua 5.1.
func TestDialect(t *testing.T) {
	const folder = "../lua/vm/testdata/dialect"
	files, err := filepath.Glob(folder + "/*.lua")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".lua")
		t.Run(name, func(t *testing.T) {
			programs, answers := parts(t, file), parts(t, strings.TrimSuffix(file, ".lua")+".txt")
			dir := t.TempDir()
			for title, text := range programs {
				want := answers[strings.TrimPrefix(title, "[session] ")]
				write(t, dir, "p.lua", text)
				c := program(t, dir, []string{"TZ=UTC"}, "-k", "sim", "p.lua", "va", "vb")
				out, err := c.Output()
				if got := strings.TrimRight(string(out), "\n"); err != nil || got != want {
					t.Errorf("script: %s: %v\ngot\n%s\nwant\n%s", title, err, got, want)
				}
				if strings.Contains(text, "...") || strings.Contains(title, "lines of errors") {
					// What a session is given has no arguments, and lines of its own.
					continue
				}
				c = program(t, dir, []string{"TZ=UTC"}, "-k", "sim")
				c.Stdin = strings.NewReader(text)
				out, err = c.Output()
				if got := strings.TrimRight(string(out), "\n"); err != nil || got != want {
					t.Errorf("session: %s: %v\ngot\n%s\nwant\n%s", title, err, got, want)
				}
			}
		})
	}
}

// parts are the programs of a file, or their answers, by name.
func parts(t *testing.T, file string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, p := range strings.Split("\n"+string(text), "\n--- ")[1:] {
		name, body, _ := strings.Cut(p, "\n")
		all[name] = strings.TrimRight(body, "\n")
	}
	return all
}
