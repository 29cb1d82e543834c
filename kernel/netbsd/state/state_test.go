package state

import (
	"bytes"
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

const created = 10 * time.Second

func key(id kernel.CellID) Key {
	return Key{Boot: boot, Cell: id, Created: created, Name: fmt.Sprintf("cell-%d", id)}
}

func entry(id kernel.CellID) Entry {
	return Entry{Cell: id, Name: fmt.Sprintf("cell-%d", id), From: created - time.Millisecond, To: created + time.Millisecond}
}

// memory gives a file of its own whose damage fails the test.
func memory(t testing.TB) *File {
	t.Helper()
	return &File{Path: filepath.Join(t.TempDir(), "state"), Damaged: func(err error) { t.Error(err) }}
}

// again is what another program would have.
func (f *File) again() *File { return &File{Path: f.Path, Damaged: f.Damaged} }

func put(t testing.TB, f *File, list ...Entry) {
	t.Helper()
	for _, e := range list {
		if err := f.Put(boot, e); err != nil {
			t.Fatal(err)
		}
	}
}

func found(t testing.TB, f *File, id kernel.CellID) bool {
	t.Helper()
	_, ok, err := f.Find(key(id))
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

func TestPutFindRemove(t *testing.T) {
	f := memory(t)
	if found(t, f, 1) {
		t.Fatal("found before anything was put")
	}
	low := kernel.Low
	want, other := entry(1), entry(1)
	want.Profile, want.Ports = &low, []uint16{80, 443}
	other.Ports = []uint16{22}
	put(t, f, other, want, entry(2))
	for _, who := range []*File{f, f.again()} {
		got, ok, err := who.Find(key(1))
		if err != nil || !ok || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, %v, %v; want %+v", got, ok, err, want)
		}
	}
	if err := f.Remove(boot, 1); err != nil {
		t.Fatal(err)
	}
	for _, who := range []*File{f, f.again()} {
		if found(t, who, 1) {
			t.Error("a removed entry is still found")
		}
		if !found(t, who, 2) {
			t.Error("the other entry is gone")
		}
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
	put(t, f, entry(1))
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
		{"made before", func(k *Key) { k.Created -= 3 * time.Second }, false},
		{"made later", func(k *Key) { k.Created += 3 * time.Second }, false},
		{"a kernel that does not tell when", func(k *Key) { k.Created = 0 }, true},
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
	put(t, f, entry(1), entry(2))
	later := boot.Add(time.Hour)
	if err := f.Remove(later, 1); err != nil || !found(t, f, 1) {
		t.Errorf("a cell of another start was removed: %v", err)
	}
	if err := f.Put(later, entry(1)); err != nil {
		t.Fatal(err)
	}
	if found(t, f, 1) || found(t, f, 2) {
		t.Error("an entry of the earlier start is still there")
	}
	k := key(1)
	k.Boot = later
	if _, ok, err := f.again().Find(k); !ok || err != nil {
		t.Errorf("the entry of this start: %v, %v", ok, err)
	}
}

// file is the text that a writer makes of changes.
func file(t testing.TB, records ...record) []byte {
	t.Helper()
	j := newJournal(boot)
	text := j.header()
	for _, r := range records {
		line, err := j.add(r)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, line...)
	}
	return text
}

func made(ids ...kernel.CellID) []record {
	var out []record
	for _, id := range ids {
		e := entry(id)
		out = append(out, record{Made: &e})
	}
	return out
}

// TestDamaged changes a good file in every way and checks that nothing of it is believed.
func TestDamaged(t *testing.T) {
	good := file(t, made(1, 2, 3)...)
	lines := bytes.SplitAfter(good, []byte("\n"))
	without := func(n int) []byte { return bytes.Join(slices.Delete(slices.Clone(lines), n, n+1), nil) }
	swapped := slices.Clone(lines)
	swapped[1], swapped[2] = swapped[2], swapped[1]
	sealed := func(body string) []byte {
		j := newJournal(boot)
		return fmt.Appendf(j.header(), "%08x %s\n", sum(j.sum, []byte(body)), body)
	}
	type damage struct {
		text []byte
		mode os.FileMode
		want string
		// before are the cells before the damage.
		before int
	}
	all := map[string]damage{
		"empty":          {nil, 0o600, "first line", 0},
		"no whole line":  {good[:20], 0o600, "first line", 0},
		"another file":   {[]byte("cellsh state 1 00000000\n[]\n"), 0o600, "first line", 0},
		"no time":        {[]byte(magic + "today\n"), 0o600, "first line", 0},
		"no first line":  {without(0), 0o600, "first line", 0},
		"a lost line":    {without(1), 0o600, "line 2 must begin with", 0},
		"another lost":   {without(2), 0o600, "line 3 must begin with", 1},
		"another order":  {bytes.Join(swapped, nil), 0o600, "line 2 must begin with", 0},
		"twice":          {append(slices.Clone(good), lines[3]...), 0o600, "line 5 must begin with", 3},
		"longer":         {append(slices.Clone(good), "x\n"...), 0o600, "line 5 must begin with", 3},
		"not a change":   {sealed(`[]`), 0o600, "must be a change of a cell", 0},
		"two changes":    {sealed(`{"gone":1}{"gone":2}`), 0o600, "more follows", 0},
		"nothing":        {sealed(`{}`), 0o600, "must be about one cell", 0},
		"both":           {sealed(`{"made":{"cell":1,"name":"x"},"gone":2}`), 0o600, "must be about one cell", 0},
		"unknown member": {sealed(`{"colour":1}`), 0o600, "must be a change of a cell", 0},
		"the host":       {sealed(`{"made":{"cell":0,"name":"x"}}`), 0o600, "must be that of a cell", 0},
		"profile 3":      {sealed(`{"made":{"cell":1,"name":"x","profile":3}}`), 0o600, "must be that of a cell", 0},
		"port 65536":     {sealed(`{"made":{"cell":1,"name":"x","ports":[65536]}}`), 0o600, "must be a change of a cell", 0},
		"anybody's":      {good, 0o666, "writable by its owner only", 0},
	}
	for i := range good {
		for _, bit := range []int{0, 3, 6} {
			text := slices.Clone(good)
			text[i] ^= 1 << bit
			// What makes the last line one without an end is a writer who died; see TestCut.
			if i < len(good)-1 {
				all[fmt.Sprintf("bit %d of byte %d", bit, i)] = damage{text, 0o600, "", max(bytes.Count(good[:i], []byte("\n"))-1, 0)}
			}
		}
	}
	dir := t.TempDir()
	for what, c := range all {
		var told error
		f := &File{Path: filepath.Join(dir, "state"), Damaged: func(err error) { told = err }}
		if err := errors.Join(os.WriteFile(f.Path, c.text, c.mode), os.Chmod(f.Path, c.mode)); err != nil {
			t.Fatal(err)
		}
		for id := range kernel.CellID(3) {
			if e, ok, err := f.Find(key(id + 1)); ok != (int(id) < c.before) || err != nil {
				t.Errorf("%s: believed %+v, %t, %v", what, e, ok, err)
			}
		}
		var damaged *DamagedError
		if !errors.As(told, &damaged) || !strings.Contains(damaged.Why, c.want) || damaged.Before != c.before {
			t.Errorf("%s: told %v, want %q", what, told, c.want)
		}
		put(t, f, entry(7))
		told = nil
		if !found(t, f, 7) || !found(t, f.again(), 7) || told != nil {
			t.Errorf("%s: after the next put: %v", what, told)
		}
		for id := range kernel.CellID(3) {
			if found(t, f.again(), id+1) != (int(id) < c.before) {
				t.Errorf("%s: after the next put cell %d is known: %t", what, id+1, int(id) >= c.before)
			}
		}
		if text, err := os.ReadFile(f.Path + ".damaged"); err != nil || !bytes.Equal(text, c.text) {
			t.Errorf("%s: what was damaged is lost: %v", what, err)
		}
	}
}

// TestCut: of a file that was cut anywhere, as by a writer that was killed, the whole lines are believed, and the next
// writer goes on behind them.
func TestCut(t *testing.T) {
	good := file(t, append(made(1, 2, 3), record{Gone: 2})...)
	first := bytes.IndexByte(good, '\n') + 1
	dir := t.TempDir()
	for n := first; n < len(good); n++ {
		f := &File{Path: filepath.Join(dir, "state"), Damaged: func(err error) { t.Errorf("cut at %d: %v", n, err) }}
		if err := os.WriteFile(f.Path, good[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		whole := bytes.Count(good[:n], []byte("\n")) - 1
		check := func(who *File) {
			t.Helper()
			for id := range kernel.CellID(3) {
				if got := found(t, who, id+1); got != (int(id) < whole) {
					t.Errorf("cut at %d: cell %d found: %v", n, id+1, got)
				}
			}
		}
		check(f)
		put(t, f, entry(9))
		check(f)
		check(f.again())
		if !found(t, f.again(), 9) {
			t.Errorf("cut at %d: what was put behind is not found", n)
		}
	}
}

// What is mostly about cells that are gone is written anew, and others see that.
func TestWrittenAnew(t *testing.T) {
	f := memory(t)
	other := f.again()
	put(t, f, entry(1))
	var most int64
	for id := kernel.CellID(2); id < 2000; id++ {
		put(t, f, entry(id))
		if err := f.Remove(boot, id); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, info.Size())
		if !found(t, other, 1) || found(t, other, id) {
			t.Fatalf("after %d another program sees something else", id)
		}
	}
	if most > 16<<10 {
		t.Errorf("the file has grown to %d bytes for one cell", most)
	}
}

// However many entries there are, one more takes as many bytes.
func TestPutWritesOneLine(t *testing.T) {
	f := memory(t)
	last := int64(0)
	for id := kernel.CellID(1); id <= 1000; id++ {
		put(t, f, entry(id))
		info, err := os.Stat(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		if grown := info.Size() - last; id > 1 && grown > 200 {
			t.Fatalf("entry %d took %d bytes", id, grown)
		}
		last = info.Size()
	}
}

func TestCannotWrite(t *testing.T) {
	// On a new system there is no folder yet.
	f := &File{Path: filepath.Join(t.TempDir(), "db", "cellsh", "state")}
	if err := f.Remove(boot, 1); err != nil {
		t.Errorf("nothing removed from no folder: %v", err)
	}
	if err := f.Put(boot, entry(1)); err != nil {
		t.Errorf("without a folder: %v", err)
	}
	if info, err := os.Stat(filepath.Dir(f.Path)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v %v", info, err)
	}
	f = &File{Path: filepath.Join(f.Path, "state")}
	if err := f.Put(boot, entry(1)); err == nil || !strings.Contains(err.Error(), "can't be written") {
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

// TestTogether: no entry of concurrent writers is lost, and no reader sees a part of a change.
func TestTogether(t *testing.T) {
	f := memory(t)
	var wait sync.WaitGroup
	const writers, each = 4, 40
	for w := range writers {
		wait.Go(func() {
			mine := f.again()
			for n := range each {
				id := kernel.CellID(1 + w*each + n)
				if err := mine.Put(boot, entry(id)); err != nil {
					t.Error(err)
				}
				if _, ok, err := mine.Find(key(id)); !ok || err != nil {
					t.Errorf("cell %d: %v, %v", id, ok, err)
				}
				if n%2 == 1 {
					if err := mine.Remove(boot, id); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wait.Wait()
	for id := range kernel.CellID(writers * each) {
		if got, want := found(t, f, id+1), id%2 == 0; got != want {
			t.Errorf("cell %d found: %v, want %v", id+1, got, want)
		}
	}
}

func FuzzFollow(f *testing.F) {
	f.Add(file(f, append(made(1, 2), record{Gone: 1})...), []byte("{}"))
	f.Add([]byte("[]"), []byte(`{"gone":1}`))
	f.Fuzz(func(t *testing.T, text, body []byte) {
		j := newJournal(boot)
		for _, text := range [][]byte{text, fmt.Appendf(j.header(), "%08x %s\n", sum(j.sum, body), body)} {
			var j journal
			if j.follow(text) != "" {
				continue
			}
			for id, e := range j.entries {
				if id == 0 || e.Cell != id || e.Name == "" || len(e.Ports) > kernel.MaxPorts {
					t.Errorf("%+v was believed", e)
				}
			}
			// What was read in two parts is what was read in one.
			var parts journal
			half := bytes.IndexByte(text, '\n') + 1
			if why := parts.follow(text[:half]); why != "" {
				t.Fatalf("the first line was good, and is not: %s", why)
			}
			if why := parts.follow(text[half:]); why != "" || !reflect.DeepEqual(parts, j) {
				t.Errorf("in parts it is %+v (%s), as a whole %+v", parts, why, j)
			}
		}
	})
}

func BenchmarkPut(b *testing.B) {
	for _, beside := range []int{10, 1000, 10000} {
		b.Run(fmt.Sprint(beside), func(b *testing.B) {
			f := memory(b)
			for id := range beside {
				put(b, f, entry(kernel.CellID(id+1)))
			}
			id := kernel.CellID(beside)
			for b.Loop() {
				id++
				put(b, f, entry(id))
			}
		})
	}
}

// Whoever is killed while a cell is made leaves what it is made with to the cell that was made then, and to no other.
func TestBegin(t *testing.T) {
	f := memory(t)
	low := kernel.Low
	begun := Entry{Name: "cell-7", From: created, Profile: &low, Ports: []uint16{80}}
	begin := func() {
		t.Helper()
		if err := f.Begin(boot, begun); err != nil {
			t.Fatal(err)
		}
	}
	begin()
	for _, who := range []*File{f, f.again()} {
		e, ok, err := who.Find(key(7))
		if err != nil || !ok || e.Cell != 7 || *e.Profile != low || !slices.Equal(e.Ports, []uint16{80}) {
			t.Errorf("%+v, %v, %v", e, ok, err)
		}
		for _, other := range []Key{
			{Boot: boot, Cell: 7, Created: created - time.Minute, Name: "cell-7"}, {Boot: boot, Cell: 7, Created: created + time.Minute, Name: "cell-7"},
			{Boot: boot, Cell: 7, Name: "cell-7"}, {Boot: boot, Cell: 7, Created: created, Name: "cell-8"}, {Boot: boot.Add(time.Hour), Cell: 7, Created: created, Name: "cell-7"},
		} {
			if e, ok, err := who.Find(other); ok || err != nil {
				t.Errorf("%+v is found for %+v: %v", e, other, err)
			}
		}
	}
	// It stays when the file is written anew, and ends with the cell or without it.
	for i := range kernel.CellID(200) {
		put(t, f, entry(100))
		if i == 100 && !found(t, f.again(), 7) {
			t.Error("it is lost")
		}
	}
	// Who tries it again because it was not told of the cell takes back no more than its own.
	again := begun
	again.From += time.Second
	again.Ports = nil
	for _, step := range []func(time.Time, Entry) error{f.Begin, f.Drop} {
		if err := step(boot, again); err != nil {
			t.Fatal(err)
		}
		if e, ok, err := f.again().Find(key(7)); err != nil || !ok || !slices.Equal(e.Ports, []uint16{80}) {
			t.Errorf("%+v, %t, %v", e, ok, err)
		}
	}
	if err := f.Drop(boot, begun); err != nil || found(t, f, 7) || found(t, f.again(), 7) {
		t.Errorf("it was not made, but is found: %v", err)
	}
	size := func() int64 {
		info, err := os.Stat(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	before := size()
	if err := f.Drop(boot, begun); err != nil || size() != before {
		t.Errorf("what was not begun is dropped: %v", err)
	}
	begin()
	put(t, f, entry(7))
	if e, ok, err := f.again().Find(key(7)); err != nil || !ok || e.Ports != nil {
		t.Errorf("%+v, %v, %v", e, ok, err)
	}
	if err := f.Remove(boot, 7); err != nil || found(t, f.again(), 7) {
		t.Errorf("%v: begun and made is one", err)
	}
}
