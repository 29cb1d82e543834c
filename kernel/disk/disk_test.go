package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func write(t *testing.T, path, text string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func TestReplace(t *testing.T) {
	t.Run("Replace", func(t *testing.T) { testReplace(t, Replace) })
	t.Run("Swap", func(t *testing.T) {
		testReplace(t, func(path string, text []byte) error {
			if err := Swap(path, text); err != nil {
				return err
			}
			return Sync(path)
		})
	})
}

func testReplace(t *testing.T, replace func(string, []byte) error) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	for _, text := range []string{"one", "", strings.Repeat("x", 1<<20)} {
		if err := replace(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); string(got) != text || err != nil {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	// What a killed process has left is no obstacle, and goes; a link there is not followed.
	other := filepath.Join(t.TempDir(), "other")
	if err := os.Symlink(other, path+".new"); err != nil {
		t.Fatal(err)
	}
	if err := replace(path, []byte("again")); err != nil {
		t.Errorf("with a new content that was left: %v", err)
	}
	if _, err := os.Stat(other); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a link was followed: %v", err)
	}
	if err := replace(filepath.Join(dir, "no", "file"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a folder: %v", err)
	}
	// A folder can't be replaced, and nothing stays behind.
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := replace(filepath.Join(dir, "folder"), []byte("x")); err == nil {
		t.Error("a folder was replaced")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("%v %v", entries, err)
	}
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := TryLock(path)
	if err != nil {
		t.Fatal(err)
	}
	var busy *BusyError
	if _, err := TryLock(path); !errors.As(err, &busy) || busy.PID != os.Getpid() || !strings.Contains(err.Error(), "holds it") {
		t.Errorf("a second lock: %v", err)
	}
	done := make(chan error)
	go func() {
		unlock, err := Lock(path)
		if err == nil {
			unlock()
		}
		done <- err
	}()
	unlock()
	if err := <-done; err != nil {
		t.Errorf("waiting for the lock: %v", err)
	}
	if unlock, err = TryLock(path); err != nil {
		t.Errorf("after it was given up: %v", err)
	} else {
		unlock()
	}
	if _, err := Lock(filepath.Join(path, "file")); err == nil {
		t.Error("a lock in a file")
	}
}

// Who can write the folder can't have another file emptied by giving it the name of the lock.
func TestLockFollowsNothing(t *testing.T) {
	dir := t.TempDir()
	precious := filepath.Join(dir, "precious")
	write(t, precious, "text", 0o600)
	for name, link := range map[string]func(string, string) error{"soft": os.Symlink, "hard": os.Link} {
		path := filepath.Join(dir, name)
		if err := link(precious, path); err != nil {
			t.Skip(err)
		}
		if _, err := TryLock(path); err == nil {
			t.Errorf("a %s link was taken for a lock", name)
		}
	}
	if text, err := os.ReadFile(precious); string(text) != "text" || err != nil {
		t.Errorf("%q %v", text, err)
	}
}

func TestTrust(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	trust := &Trust{Owners: []int{0, os.Getuid()}, Limit: 10}
	mkdir := func(mode fs.FileMode, path ...string) string {
		t.Helper()
		p := filepath.Join(append([]string{dir}, path...)...)
		if err := os.Mkdir(p, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(p, mode); err != nil {
			t.Fatal(err)
		}
		return p
	}
	good := mkdir(0o755, "good")
	write(t, filepath.Join(good, "b.lua"), "b", 0o644)
	write(t, filepath.Join(good, "a.lua"), "a", 0o600)
	write(t, filepath.Join(good, "long"), "12345678901234", 0o600)
	write(t, filepath.Join(good, "open.lua"), "x", 0o666)
	write(t, filepath.Join(good, "group.lua"), "x", 0o664)
	for name, target := range map[string]string{"link": "a.lua", "dirlink": "../good", "loop": "loop", "away": "/nowhere"} {
		if err := os.Symlink(target, filepath.Join(good, name)); err != nil {
			t.Skip(err)
		}
	}
	group := mkdir(0o775, "group")
	write(t, filepath.Join(group, "a.lua"), "a", 0o644)
	sticky := mkdir(0o777|fs.ModeSticky, "sticky")
	write(t, filepath.Join(sticky, "a.lua"), "a", 0o644)
	inSticky := mkdir(0o755, "sticky", "mine")
	write(t, filepath.Join(inSticky, "a.lua"), "a", 0o644)

	names, folder, err := trust.ReadDir(good)
	if !folder || err != nil || !slices.Contains(names, "a.lua") || !slices.IsSorted(names) {
		t.Errorf("%q %v %v", names, folder, err)
	}
	if _, folder, err := trust.ReadDir(filepath.Join(good, "a.lua")); folder || err != nil {
		t.Errorf("a file as a folder: %v %v", folder, err)
	}
	for path, want := range map[string]string{
		"good/a.lua": "a", "good/b.lua": "b", "good/link": "a", "good/dirlink/b.lua": "b", "good/../good/./a.lua": "a",
		"sticky/mine/a.lua": "a", "good/long": "12345678901",
	} {
		if got, err := trust.ReadFile(filepath.Join(dir, "x", "..") + "/" + path); got != want || err != nil {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	for path, want := range map[string]string{
		"good/open.lua":  "must be writable by its owner only, but its mode is 0666",
		"good/group.lua": "but its mode is 0664",
		"group/a.lua":    "but its mode is 0775",
		"sticky/a.lua":   "but its mode is 01777",
		"good/missing":   "no such file",
		"good/loop":      "symbolic links",
		"good/away":      "no such file",
	} {
		if got, err := trust.ReadFile(filepath.Join(dir, path)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q, %v, want %q", path, got, err, want)
		}
	}
	if _, _, err := trust.ReadDir(sticky); err == nil {
		t.Error("a folder that everybody may put files in is trusted")
	}
	stranger := &Trust{Owners: []int{os.Getuid() + 1}, Limit: 10}
	var bad *TrustError
	if _, err := stranger.ReadFile(filepath.Join(good, "a.lua")); !errors.As(err, &bad) || !strings.Contains(err.Error(), "must belong to user") {
		t.Errorf("a file of somebody else: %v", err)
	}
	// Root who looks for itself is named once.
	stranger.Owners = []int{os.Getuid() + 1, os.Getuid() + 1}
	if _, err := stranger.ReadFile(filepath.Join(good, "a.lua")); err == nil || strings.Contains(err.Error(), " or ") {
		t.Errorf("an owner must be named once: %v", err)
	}
	// A pipe is not waited for.
	if _, err := trust.ReadFile(os.DevNull); err == nil {
		t.Error("a device is trusted")
	}
}

func TestReadOnly(t *testing.T) {
	if !ReadOnly(&fs.PathError{Op: "mkdir", Path: "/var/db", Err: syscall.EROFS}) || ReadOnly(fs.ErrPermission) || ReadOnly(nil) {
		t.Error("a file system that is mounted read-only is not told from another")
	}
}
