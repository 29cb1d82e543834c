package output

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cellsh/kernel/outlet"
)

func at(second int) time.Time { return start.Add(time.Duration(second) * time.Second) }

// numbered is the nth line.
func numbered(n int) []byte { return appendLine(nil, at(n), Stdout, false, fmt.Append(nil, n)) }

// all is what there is to read now.
func all(t interface{ Fatal(...any) }, tail *Tail) (texts []string) {
	for {
		r, ok, err := tail.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return texts
		}
		texts = append(texts, r.Text)
	}
}

func TestTail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "web.log")
	place := outlet.Rotated(path, 5*int64(len(numbered(10))), 3)
	tail := func(o TailOptions) string {
		t.Helper()
		tail, err := NewTail(path, o)
		if err != nil {
			t.Fatal(err)
		}
		defer tail.Close()
		return strings.Join(all(t, tail), " ")
	}
	if got := tail(TailOptions{Last: -1}); got != "" {
		t.Error(got)
	}
	for n := 10; n < 33; n++ {
		if err := place.Put(numbered(n)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		o    TailOptions
		want string
	}{
		{TailOptions{Last: -1}, "15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32"},
		{TailOptions{Last: 4}, "29 30 31 32"},
		{TailOptions{Last: 0}, ""},
		{TailOptions{Last: 100, Since: at(30)}, "30 31 32"},
		{TailOptions{Last: 1, Since: at(30)}, "32"},
		{TailOptions{Last: -1, Since: at(18)}, "18 19 20 21 22 23 24 25 26 27 28 29 30 31 32"},
		{TailOptions{Last: -1, Since: at(33)}, ""},
	} {
		if got := tail(c.o); got != c.want {
			t.Errorf("%+v: %s, want %s", c.o, got, c.want)
		}
	}
	// Lines that nobody wrote here are shown harmlessly, at the time of those before them.
	if err := os.WriteFile(path, append(numbered(40), "\x1b[2J\n\n"+strings.Repeat("x", maxHeld+1)+"\nbegun"...), 0o600); err != nil {
		t.Fatal(err)
	}
	foreign, err := NewTail(path, TailOptions{Last: -1, Since: at(40)})
	if err != nil {
		t.Fatal(err)
	}
	defer foreign.Close()
	got := all(t, foreign)
	if len(got) != 5 || got[1] != `\x1b[2J` || got[2] != "" || len(got[3]) != maxHeld || got[4] != "x" {
		t.Errorf("%.200q", got)
	}
	if r, ok := foreign.Rest(); !ok || r.Text != "begun" || !r.Time.Equal(at(40)) || !r.Foreign {
		t.Errorf("%+v, %v", r, ok)
	}
	if _, ok := foreign.Rest(); ok {
		t.Error("there is nothing left")
	}
	// A folder is no file.
	if _, err := NewTail(t.TempDir(), TailOptions{Last: 1}); err == nil || !strings.Contains(err.Error(), "must be readable, but is not: is a directory") {
		t.Error(err)
	}
}

// TestFollow: whatever happens between two looks, each line is read once and in order, and what was removed before is said.
func TestFollow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		folder, err := os.MkdirTemp("", "tail")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(folder)
		path := filepath.Join(folder, "log")
		keep := rapid.IntRange(0, 4).Draw(t, "keep")
		place := outlet.Rotated(path, rapid.Int64Range(1, 200).Draw(t, "size"), keep)
		defer place.Close()
		tail, err := NewTail(path, TailOptions{Last: -1})
		if err != nil {
			t.Fatal(err)
		}
		defer tail.Close()
		var got []string
		n := 0
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				for range rapid.IntRange(1, 12).Draw(t, "lines") {
					if err := place.Put(numbered(n)); err != nil {
						t.Fatal(err)
					}
					n++
				}
			},
			"some": func(t *rapid.T) {
				for range rapid.IntRange(1, 4).Draw(t, "lines") {
					if r, ok, err := tail.Next(); err != nil {
						t.Fatal(err)
					} else if ok {
						got = append(got, r.Text)
					}
				}
			},
			"all": func(t *rapid.T) {
				got = append(got, all(t, tail)...)
				if last := fmt.Sprint(n - 1); n > 0 && got[len(got)-1] != last {
					t.Fatalf("the last is %s, want %s", got[len(got)-1], last)
				}
			},
		})
		got = append(got, all(t, tail)...)
		next, gap := 0, true // what was removed before the first look is no gap
		for _, text := range got {
			var n int
			if _, err := fmt.Sscan(text, &n); err != nil {
				if !strings.HasPrefix(text, "lines may be missing here") {
					t.Fatalf("%q", text)
				}
				gap = true
				continue
			}
			if n < next || n > next && !gap {
				t.Fatalf("%d follows %d: %q", n, next-1, got)
			}
			next, gap = n+1, false
		}
		if next != n {
			t.Fatalf("%d of %d are read", next, n)
		}
	})
}

// TestFollowAlive: the same while somebody writes, with as much rotation as can be; nothing is removed.
func TestFollowAlive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	place := outlet.Rotated(path, 400, 200)
	const lines = 1500
	failed := make(chan error, 1)
	go func() {
		defer close(failed)
		for n := range lines {
			if err := place.Put(numbered(n)); err != nil {
				failed <- err
				return
			}
		}
	}()
	tail, err := NewTail(path, TailOptions{Last: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer tail.Close()
	for n := 0; n < lines; {
		r, ok, err := tail.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			select {
			case err, open := <-failed:
				if open {
					t.Fatal(err)
				}
				failed = nil
			default:
			}
			continue
		}
		if r.Text != fmt.Sprint(n) {
			t.Fatalf("%q, want %d", r.Text, n)
		}
		n++
	}
}

// TestFollowEmptied: a file that is emptied is read from its beginning.
func TestFollowEmptied(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	place, err := outlet.File(path)
	if err != nil {
		t.Fatal(err)
	}
	defer place.Close()
	put := func(text string) {
		t.Helper()
		if err := place.Put([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	put("one\ntwo\n")
	tail, err := NewTail(path, TailOptions{Last: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer tail.Close()
	if got := all(t, tail); len(got) != 1 || got[0] != "two" {
		t.Errorf("%q", got)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	put("three\nhal")
	if got := all(t, tail); len(got) != 0 {
		// It is longer than what was read before: nobody can tell.
		t.Errorf("%q", got)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	put("4\n")
	if got := all(t, tail); len(got) != 1 || got[0] != "4" {
		t.Errorf("%q", got)
	}
}

// FuzzTail: whatever is in the files, each line is read once, in order, and shows nothing that does more than be seen.
func FuzzTail(f *testing.F) {
	f.Add("one\ntwo", "2026-11-27T16:59:00.000000Z stdout: three\n", uint8(1))
	f.Add("\n\n\x1b", "\xff\r\n", uint8(0))
	f.Fuzz(func(t *testing.T, older, newer string, last uint8) {
		path := filepath.Join(t.TempDir(), "log")
		for name, text := range map[string]string{outlet.Older(path, 0): older, path: newer} {
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		read := func(o TailOptions) (list []string) {
			tail, err := NewTail(path, o)
			if err != nil {
				t.Fatal(err)
			}
			defer tail.Close()
			for {
				r, ok, err := tail.Next()
				if err != nil {
					t.Fatal(err)
				}
				if !ok {
					r, ok = tail.Rest()
				}
				if !ok {
					return list
				}
				harmless(t, r.Text)
				list = append(list, r.Text)
			}
		}
		var want []string
		for _, text := range []string{older, newer} {
			for line := range strings.SplitAfterSeq(text, "\n") {
				if line != "" {
					want = append(want, Parse(strings.TrimSuffix(line, "\n")).Text)
				}
			}
		}
		got := read(TailOptions{Last: -1})
		if len(older) < maxHeld && len(newer) < maxHeld && strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%q, want %q", got, want)
		}
		some := read(TailOptions{Last: int(last)})
		whole := len(got)
		if newer != "" && !strings.HasSuffix(newer, "\n") {
			whole-- // what has not ended is not counted
			some = some[:len(some)-1]
		}
		if len(some) != min(int(last), whole) {
			t.Errorf("%d of %d lines, want %d", len(some), whole, last)
		}
	})
}
