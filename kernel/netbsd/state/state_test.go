package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cellsh/kernel"
)

var boot = time.Unix(1_780_000_000, 123456789).UTC()

func key(id kernel.CellID) Key {
	return Key{Boot: boot, Cell: id, Created: 1462316410, Name: fmt.Sprintf("cell-%d", id)}
}

// memory gives a file of its own whose damage fails the test.
func memory(t *testing.T) *File {
	t.Helper()
	return &File{Path: filepath.Join(t.TempDir(), "state"), Damaged: func(err error) { t.Error(err) }}
}

func TestPutFindRemove(t *testing.T) {
	f := memory(t)
	if _, ok, err := f.Find(key(1)); ok || err != nil {
		t.Fatalf("before anything was put: %v, %v", ok, err)
	}
	low := kernel.Low
	want := Entry{key(1), &low, []uint16{80, 443}}
	for _, e := range []Entry{{key(1), nil, []uint16{22}}, want, {Key: key(2)}} {
		if err := f.Put(e); err != nil {
			t.Fatal(err)
		}
	}
	got, ok, err := f.Find(key(1))
	if err != nil || !ok || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, %v, %v; want %+v", got, ok, err, want)
	}
	if err := f.Remove(key(1)); err != nil {
		t.Fatal(err)
	}
	if _, ok, _ := f.Find(key(1)); ok {
		t.Error("a removed entry is still found")
	}
	if _, ok, _ := f.Find(key(2)); !ok {
		t.Error("the other entry is gone")
	}
	if info, err := os.Stat(f.Path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	names, err := filepath.Glob(filepath.Join(filepath.Dir(f.Path), "*"))
	if err != nil || len(names) != 2 {
		t.Errorf("only the file and its lock must stay: %v, %v", names, err)
	}
}

// TestKey: every part of the key counts, and a clock that was stepped a little does not.
func TestKey(t *testing.T) {
	f := memory(t)
	if err := f.Put(Entry{Key: key(1)}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what   string
		change func(*Key)
		found  bool
	}{
		{"the same", func(*Key) {}, true},
		{"clock stepped by 2 s", func(k *Key) { k.Boot = k.Boot.Add(2 * time.Second) }, true},
		{"clock stepped back by 2 s", func(k *Key) { k.Boot = k.Boot.Add(-2 * time.Second) }, true},
		{"another start", func(k *Key) { k.Boot = k.Boot.Add(3 * time.Second) }, false},
		{"another id", func(k *Key) { k.Cell = 2 }, false},
		{"made at another time", func(k *Key) { k.Created++ }, false},
		{"another name", func(k *Key) { k.Name = "db" }, false},
	} {
		k := key(1)
		c.change(&k)
		if _, ok, err := f.Find(k); ok != c.found || err != nil {
			t.Errorf("%s: found %v, %v", c.what, ok, err)
		}
	}
}

func TestOtherStartsAreDropped(t *testing.T) {
	f := memory(t)
	old, now := key(1), key(1)
	now.Boot = boot.Add(time.Hour)
	for _, k := range []Key{old, now} {
		if err := f.Put(Entry{Key: k}); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok, _ := f.Find(old); ok {
		t.Error("the entry of the earlier start is still there")
	}
	if entries, err := f.Boot(now.Boot); err != nil || len(entries) != 1 {
		t.Errorf("entries of this start: %v, %v", entries, err)
	}
}

// TestDamaged changes a good file in every way and checks that nothing of it is believed.
func TestDamaged(t *testing.T) {
	good, err := encode([]Entry{{key(1), nil, []uint16{80}}})
	if err != nil {
		t.Fatal(err)
	}
	sealed := func(body string) []byte { return seal([]byte(body)) }
	flipped := slices.Clone(good)
	flipped[len(flipped)-5] ^= 1
	for what, c := range map[string]struct {
		text []byte
		mode os.FileMode
		want string
	}{
		"empty":          {nil, 0o600, "first line"},
		"cut":            {good[:len(good)-4], 0o600, "first line"},
		"one bit":        {flipped, 0o600, "first line"},
		"longer":         {append(slices.Clone(good), "x"...), 0o600, "first line"},
		"huge":           {make([]byte, maxSize+1), 0o600, "at most"},
		"not a list":     {sealed(`{}`), 0o600, "list of cells"},
		"two lists":      {sealed(`[][]`), 0o600, "more follows"},
		"unknown member": {sealed(`[{"Colour":1}]`), 0o600, "list of cells"},
		"the host":       {sealed(`[{"Cell":0,"Name":"x"}]`), 0o600, "must be that of a cell"},
		"profile 3":      {sealed(`[{"Cell":1,"Name":"x","Profile":3}]`), 0o600, "must be that of a cell"},
		"port 65536":     {sealed(`[{"Cell":1,"Name":"x","Ports":[65536]}]`), 0o600, "list of cells"},
		"anybody's":      {good, 0o666, "writable by its owner only"},
	} {
		t.Run(what, func(t *testing.T) {
			var told error
			f := &File{Path: filepath.Join(t.TempDir(), "state"), Damaged: func(err error) { told = err }}
			if err := os.WriteFile(f.Path, c.text, c.mode); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(f.Path, c.mode); err != nil {
				t.Fatal(err)
			}
			if e, ok, err := f.Find(key(1)); ok || err != nil {
				t.Errorf("believed: %+v, %v", e, err)
			}
			var damaged *DamagedError
			if !errors.As(told, &damaged) || !strings.Contains(damaged.Why, c.want) {
				t.Errorf("told %v, want %q", told, c.want)
			}
			if err := f.Put(Entry{Key: key(2)}); err != nil {
				t.Fatal(err)
			}
			told = nil
			if _, ok, err := f.Find(key(2)); !ok || err != nil || told != nil {
				t.Errorf("after the next put: %v, %v, %v", ok, err, told)
			}
		})
	}
}

func TestCannotWrite(t *testing.T) {
	// On a new system there is no folder yet.
	f := &File{Path: filepath.Join(t.TempDir(), "db", "cellsh", "state")}
	if err := f.Remove(key(1)); err != nil {
		t.Errorf("nothing removed from no folder: %v", err)
	}
	if err := f.Put(Entry{Key: key(1)}); err != nil {
		t.Errorf("without a folder: %v", err)
	}
	if info, err := os.Stat(filepath.Dir(f.Path)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v %v", info, err)
	}
	f = &File{Path: filepath.Join(f.Path, "state")}
	if err := f.Put(Entry{Key: key(1)}); err == nil || !strings.Contains(err.Error(), "can't be written") {
		t.Errorf("below a file: %v", err)
	}
	f = &File{Path: filepath.Join(t.TempDir(), "state")}
	if err := os.Mkdir(f.Path, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Find(key(1)); err == nil || !strings.Contains(err.Error(), "can't be read") {
		t.Errorf("a folder in its place: %v", err)
	}
}

// TestTogether: no entry of concurrent writers is lost, and no reader sees a part of a file.
func TestTogether(t *testing.T) {
	f := memory(t)
	var wait sync.WaitGroup
	const writers, each = 4, 8
	for w := range writers {
		wait.Go(func() {
			// A File of its own is what another process would have.
			mine := &File{Path: f.Path, Damaged: f.Damaged}
			for n := range each {
				if err := mine.Put(Entry{Key: key(kernel.CellID(1 + w*each + n))}); err != nil {
					t.Error(err)
				}
				if _, _, err := mine.Find(key(1)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	if entries, err := f.Boot(boot); err != nil || len(entries) != writers*each {
		t.Errorf("%d entries, want %d; %v", len(entries), writers*each, err)
	}
}

func FuzzDecode(f *testing.F) {
	good, err := encode([]Entry{{key(1), nil, []uint16{80}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("[]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, sealed := range [][]byte{text, seal(text)} {
			entries, why := decode(sealed)
			if why != "" && entries != nil {
				t.Errorf("%q was refused (%s), but gave entries", sealed, why)
			}
			for _, e := range entries {
				if e.Cell == 0 || len(e.Ports) > kernel.MaxPorts {
					t.Errorf("%+v was believed", e)
				}
			}
		}
	})
}
