package editor

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func noWarning(t *testing.T) func(string) {
	return func(s string) { t.Helper(); t.Errorf("warning: %s", s) }
}

func TestHistory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "cellsh", "history")
	h := openHistory(path, noWarning(t))
	for _, s := range []string{"x = 1", "x = 1", " secret()", "", "  ", "for i = 1, 2 do\n\tprint('a\\n')\nend\n", "\x1b[31mé"} {
		h.remember(s)
	}
	h.remember("x = 1")
	want := []string{"for i = 1, 2 do\n\tprint('a\\n')\nend", "[31mé", "x = 1"}
	if !slices.Equal(h.entries, want) {
		t.Errorf("there is %q, want %q", h.entries, want)
	}
	// Nothing was closed: what is remembered is in the file at once.
	if got := openHistory(path, noWarning(t)).entries; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for file, mode := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", file, info.Mode(), err)
		}
	}
}

func TestTwoSessionsShareAHistory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history")
	a, b := openHistory(path, noWarning(t)), openHistory(path, noWarning(t))
	a.remember("one")
	b.remember("two")
	// A third trims the file meanwhile, which replaces it.
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	a.remember("three")
	text, err := os.ReadFile(path)
	old, _ := os.ReadFile(path + ".old")
	if err != nil || string(old)+string(text) != "one\ntwo\nthree\n" {
		t.Errorf("%q %q %v", old, text, err)
	}
}

func TestLongHistory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history")
	var b strings.Builder
	for i := range MaxHistory + 2000 {
		fmt.Fprintf(&b, "x = %d\n", i)
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	h := openHistory(path, noWarning(t))
	if len(h.entries) != MaxHistory || h.entries[0] != "x = 2000" {
		t.Errorf("%d entries from %q", len(h.entries), h.entries[0])
	}
	text, _ := os.ReadFile(path)
	if n := strings.Count(string(text), "\n"); n != MaxHistory || !strings.HasPrefix(string(text), "x = 2000\n") {
		t.Errorf("%d lines", n)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Error(info.Mode())
	}
}

func TestDamagedHistory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history")
	text := "good\n\xff\xfe\n\x00\x1b[31m\nbad \\x\nbad \\\n" + strings.Repeat("x", 3*MaxLine) + "\n\ngo\\\\od\\n2\ncut sho"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var warnings []string
	h := openHistory(path, func(s string) { warnings = append(warnings, s) })
	if want := []string{"good", "go\\od\n2"}; !slices.Equal(h.entries, want) {
		t.Errorf("%q", h.entries)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], path+" has 7 of something else") {
		t.Errorf("%q", warnings)
	}
	h.remember("next")
	if got, _ := os.ReadFile(path); !strings.HasSuffix(string(got), "\ncut sho\nnext\n") {
		t.Errorf("%q", got[len(got)-30:])
	}
}

func TestUnusableHistory(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	os.WriteFile(file, nil, 0o600)
	fifo := filepath.Join(folder, "fifo")
	mkfifo(t, fifo)
	for name, path := range map[string]string{"a folder": folder, "below a file": file + "/history", "a pipe": fifo} {
		var warnings []string
		h := openHistory(path, func(s string) { warnings = append(warnings, s) })
		h.remember("one")
		h.remember("two")
		if len(warnings) != 1 || !strings.HasPrefix(warnings[0], "the history is kept only until the session ends: "+folder) {
			t.Errorf("%s: %q", name, warnings)
		}
		if !slices.Equal(h.entries, []string{"one", "two"}) {
			t.Errorf("%s: %q", name, h.entries)
		}
	}
	h := openHistory("/dev/null", noWarning(t))
	h.remember("one")
}

// After su(1) HOME may be that of a user who put a link to a file of root there.
func TestHistoryOfSomebodyElse(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	home := t.TempDir()
	precious := filepath.Join(t.TempDir(), "precious")
	if err := os.WriteFile(precious, []byte("text"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(precious, filepath.Join(home, "history")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(home, 1000, 1000); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(home, "history"), filepath.Join(home, ".local", "state", "cellsh", "history")} {
		var warnings []string
		h := openHistory(path, func(s string) { warnings = append(warnings, s) })
		h.remember("one")
		if len(warnings) != 1 || !strings.Contains(warnings[0], home+" must belong to the caller or to root, but belongs to user 1000") {
			t.Errorf("%q", warnings)
		}
	}
	if text, err := os.ReadFile(precious); string(text) != "text" || err != nil {
		t.Errorf("%q %v", text, err)
	}
	if entries, err := os.ReadDir(home); len(entries) != 1 || err != nil {
		t.Errorf("%v %v", entries, err)
	}
}

func TestEntriesAreLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[ -~é日\n\t\\]+`).Draw(t, "statement")
		line := encode(s)
		if got, ok := decode([]byte(line)); !ok || got != s || strings.Count(line, "\n") != 1 {
			t.Fatalf("%q became %q as %q", s, got, line)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("a\\nb\n"))
	f.Fuzz(func(t *testing.T, line []byte) {
		if s, ok := decode(line); ok && encode(s) != string(line) {
			t.Fatalf("%q became %q", line, s)
		}
	})
}

func BenchmarkOpenHistory(b *testing.B) {
	path := filepath.Join(b.TempDir(), "history")
	var text strings.Builder
	for i := range MaxHistory {
		fmt.Fprintf(&text, "cell.create{ name = \"web-%d\", root = \"/cells/web\" }\n", i)
	}
	os.WriteFile(path, []byte(text.String()), 0o600)
	for b.Loop() {
		openHistory(path, func(string) {})
	}
}
