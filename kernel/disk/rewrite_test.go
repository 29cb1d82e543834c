package disk

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestRewrite(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "web.lua"), filepath.Join(dir, "link.lua")
	write(t, path, "old", 0o640)
	if err := os.Symlink("web.lua", link); err != nil {
		t.Fatal(err)
	}
	if err := Rewrite(link, []byte("old"), []byte("new")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	info, _ := os.Stat(path)
	if err != nil || string(text) != "new" || info.Mode().Perm() != 0o640 {
		t.Errorf("%q, %v, %v", text, info.Mode(), err)
	}
	if target, err := os.Readlink(link); err != nil || target != "web.lua" {
		t.Errorf("the link is %q, %v", target, err)
	}
	if err := Rewrite(path, []byte("old"), []byte("newer")); !errors.Is(err, ErrChanged) {
		t.Errorf("a file that was changed gives %v", err)
	}
	if text, _ := os.ReadFile(path); string(text) != "new" {
		t.Errorf("%q", text)
	}
	if err := Rewrite(filepath.Join(dir, "none"), nil, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	other := filepath.Join(dir, "other.lua")
	if err := os.Link(path, other); err != nil {
		t.Fatal(err)
	}
	if err := Rewrite(other, []byte("new"), []byte("newer")); !errors.Is(err, ErrLinked) {
		t.Errorf("a file with two names gives %v", err)
	}
	a, _ := os.Stat(path)
	if b, err := os.Stat(other); err != nil || !os.SameFile(a, b) {
		t.Errorf("the names must stay those of one file: %v", err)
	}
	if err := os.Remove(other); err != nil {
		t.Fatal(err)
	}
	if err := Rewrite(path, []byte("new"), []byte("newer")); err != nil {
		t.Errorf("a file that has one name again gives %v", err)
	}
	names, err := os.ReadDir(dir)
	if err != nil || len(names) != 2 {
		t.Errorf("left behind: %v, %v", names, err)
	}
}

// TestRewriteAll: of several files all are written or none.
func TestRewriteAll(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	texts := func() (out string) {
		for _, name := range []string{"a", "b", "c"} {
			text, err := os.ReadFile(path(name))
			if err != nil {
				t.Fatal(err)
			}
			out += string(text) + " "
		}
		return out
	}
	for _, name := range []string{"a", "b", "c"} {
		write(t, path(name), name, 0o600)
	}
	all := []Text{{path("a"), []byte("a"), []byte("A")}, {path("b"), []byte("old"), []byte("B")}, {path("none"), nil, nil}}
	wrong := RewriteAll(all)
	if len(wrong) != 2 || wrong[0].Path != path("b") || !errors.Is(wrong[0].Err, ErrChanged) || wrong[1].Path != path("none") || texts() != "a b c " {
		t.Errorf("%v, %s", wrong, texts())
	}
	all[1].From, all[2] = []byte("b"), Text{path("c"), []byte("c"), []byte("C")}
	if wrong := RewriteAll(all); wrong != nil || texts() != "A B C " {
		t.Errorf("%v, %s", wrong, texts())
	}
	names, err := os.ReadDir(dir)
	if err != nil || len(names) != 3 {
		t.Errorf("left behind: %v, %v", names, err)
	}
}

// TestRewriteAllUndone: if the last step fails, what was written before has its old text again. Here one file has two paths.
func TestRewriteAllUndone(t *testing.T) {
	dir := t.TempDir()
	a, link := filepath.Join(dir, "a"), filepath.Join(dir, "link")
	write(t, a, "a", 0o600)
	if err := os.Symlink("a", link); err != nil {
		t.Fatal(err)
	}
	wrong := RewriteAll([]Text{{a, []byte("a"), []byte("A")}, {link, []byte("a"), []byte("B")}})
	if text, _ := os.ReadFile(a); len(wrong) != 1 || wrong[0].Path != link || !errors.Is(wrong[0].Err, ErrChanged) || string(text) != "a" {
		t.Errorf("%v, %q", wrong, text)
	}
	if names, _ := os.ReadDir(dir); len(names) != 2 {
		t.Errorf("left behind: %v", names)
	}
}
