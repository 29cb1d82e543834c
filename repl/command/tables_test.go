package command

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cellsh/kernel/connect"
	"cellsh/kernel/host"
	"cellsh/policy/progress"
)

func screen(columns, rows int, plain bool) *Screen {
	return &Screen{Plain: plain, Size: func() (int, int) { return columns, rows }}
}

func numbered(n int) *sheet {
	var rows [][]string
	for i := range n {
		rows = append(rows, []string{fmt.Sprint(i + 1), "x"})
	}
	return newSheet([]heading{{"ID", true}, {"NAME", false}}, rows)
}

// A table has its head once where nobody counts lines, and on each screen of a terminal.
func TestHeads(t *testing.T) {
	for _, x := range []struct {
		screen *Screen
		rows   int
		want   string
	}{
		{nil, 4, "ID  NAME| 1  x| 2  x| 3  x| 4  x|"},
		{nil, 0, "ID  NAME|"},
		{screen(80, 0, false), 4, "ID  NAME| 1  x| 2  x| 3  x| 4  x|"},
		{screen(80, 4, false), 5, "ID  NAME| 1  x| 2  x|ID  NAME| 3  x| 4  x|ID  NAME| 5  x|"},
		{screen(80, 6, false), 4, "ID  NAME| 1  x| 2  x| 3  x| 4  x|"},
		{screen(80, 3, false), 2, "ID  NAME| 1  x| 2  x|"},
		// A row that takes two of the terminal.
		{screen(4, 8, false), 3, "ID  NAME| 1  x| 2  x|ID  NAME| 3  x|"},
	} {
		var out bytes.Buffer
		inv := &Invocation{Env: Env{Stdout: &out, Screen: x.screen, Machine: connect.Machine{Foreign: "linux/amd64"}}}
		if err := inv.write(numbered(x.rows)); err != nil {
			t.Fatal(err)
		}
		if got := strings.ReplaceAll(out.String(), "\n", "|"); got != x.want {
			t.Errorf("%d rows: %s", x.rows, got)
		}
	}
}

// What is drawn again and again is never higher or wider than the terminal.
func TestFitted(t *testing.T) {
	s := numbered(10)
	s.below = []string{"cell x is over its budget"}
	if got, want := strings.Join(s.fitted(20, 6), "|"), "ID  NAME| 1  x| 2  x|... 8 more|cell x is over it.."; got != want {
		t.Errorf("%s", got)
	}
	if got := s.fitted(80, 0); len(got) != 12 {
		t.Errorf("%q", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		s := numbered(rapid.IntRange(0, 12).Draw(t, "rows"))
		for range rapid.IntRange(0, 5).Draw(t, "below") {
			s.below = append(s.below, "a line below")
		}
		columns, rows := rapid.IntRange(1, 20).Draw(t, "columns"), rapid.IntRange(2, 20).Draw(t, "high")
		lines := s.fitted(columns, rows)
		if len(lines) > rows-1 {
			t.Fatalf("%q in %d rows", lines, rows)
		}
		for _, line := range lines {
			if len(line) > columns-1 {
				t.Fatalf("%q in %d columns", line, columns)
			}
		}
	})
}

// What a cell has put into a name stays in its row.
func TestHarmlessRows(t *testing.T) {
	s := newSheet([]heading{{"ROOT", false}, {"N", true}}, [][]string{{"/a\n\x1b[2J\tb", "1"}})
	if got, want := s.rows[0], `/a\010\027[2J\tb  1`; got != want {
		t.Errorf("%q", got)
	}
}

// Numbers are sorted by value, what has none comes last, and what is alike stays in its order.
func TestSorted(t *testing.T) {
	type item struct {
		name string
		n    int // -1 is unknown
	}
	l := roster[item]{all: []column[item]{words("NAME", func(x *item) string { return x.name }), number("N", func(x *item) int { return x.n }, func(n int) string { return fmt.Sprint(n) })}}
	l.all[1].known = func(x *item) bool { return x.n >= 0 }
	for by, want := range map[string]string{
		"":      "b10 b9 a c d",
		"name":  "a b9 b10 c d",
		"-name": "d c b10 b9 a",
		"n":     "b9 d b10 c a",
		"-n":    "b10 c b9 d a",
	} {
		list := []item{{"b10", 100}, {"b9", 20}, {"a", -1}, {"c", 100}, {"d", 20}}
		l.sort = by
		l.sorted(list)
		var got []string
		for _, x := range list {
			got = append(got, x.name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("by %q: %s", by, got)
		}
	}
}

// lookAgain runs a command that looks again and again, with a clock that calls between before each further look; it ends when that
// gives false.
func lookAgain(t *testing.T, s *Screen, json bool, between func(n int) bool, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	w := progress.New()
	n := 0
	after := func(d time.Duration) <-chan time.Time {
		if d != 5*time.Second {
			return nil
		}
		c := make(chan time.Time, 1)
		if n++; between(n) {
			c <- waitNow
		} else {
			w.Stop()
		}
		return c
	}
	code = Find(args[0]).Run(args[1:], Common{Kernel: "sim:state", JSON: json}, Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Work: w, Screen: s, After: after,
		Now: func() time.Time { return waitNow }, Machine: connect.Machine{Foreign: "linux/amd64"}})
	return code, out.String(), errs.String()
}

// What others do meanwhile is seen, and to be stopped is a good end.
func TestAgain(t *testing.T) {
	const one, two = "NAME   AGE\nweb-1   0s\n", "NAME   AGE\nweb-1   0s\nweb-2   0s\n"
	drawn := func(text string) string { return strings.ReplaceAll(text, "\n", "\x1b[K\n") + "\x1b[J" }
	const jsonOne, jsonTwo = `[{"id":1,"name":"web-1",`, `{"id":3,"name":"web-2",`
	for _, x := range []struct {
		name   string
		screen *Screen
		json   bool
		args   string
		check  func(stdout, stderr string) bool
	}{
		{"a file", nil, false, "list -w 5 web-* --columns name,age", func(out, errs string) bool { return out == one+"\n"+two && errs == "" }},
		{"a dumb terminal", screen(80, 24, true), false, "list -w 5 web-* --columns name,age", func(out, errs string) bool { return out == one+"\n"+two && errs == "" }},
		{"a terminal", screen(80, 24, false), false, "stats -w 5 web-* --columns name,age", func(out, errs string) bool {
			return out == "\x1b[H\x1b[J"+drawn(one)+"\x1b[H"+drawn(two) && errs == ""
		}},
		{"a terminal, with a note", screen(80, 24, false), false, "list -w 5 web-* x* --columns name,age", func(out, errs string) bool {
			return out == "\x1b[H\x1b[J"+drawn(one+"no cell matches x*\n")+"\x1b[H"+drawn(two+"no cell matches x*\n") && errs == ""
		}},
		{"a file, with a note once", nil, false, "list -w 5 web-* x* --columns name,age", func(out, errs string) bool {
			return out == one+"\n"+two && errs == "note: no cell matches x*\n"
		}},
		{"JSON", nil, true, "list -w 5 web-*", func(out, errs string) bool {
			lines := strings.Split(out, "\n")
			return len(lines) == 3 && strings.HasPrefix(lines[0], jsonOne) && !strings.Contains(lines[0], jsonTwo) && strings.Contains(lines[1], jsonTwo) && errs == ""
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			waitFolder(t)
			code, out, errs := lookAgain(t, x.screen, x.json, func(n int) bool {
				if n == 1 {
					if code, _, stderr := runWait(t, nil, "create", "web-2", "--root", "/cells/web-2"); code != OK {
						t.Fatal(stderr)
					}
				}
				return n == 1
			}, strings.Fields(x.args)...)
			if code != OK || !x.check(out, errs) {
				t.Errorf("code %d, it writes %q and says %q", code, out, errs)
			}
		})
	}
}

// A named cell must be there at first, and may go away.
func TestAgainWithoutIt(t *testing.T) {
	waitFolder(t)
	destroy := func(n int) bool {
		if n == 1 {
			if code, _, stderr := runWait(t, nil, "destroy", "other"); code != OK {
				t.Fatal(stderr)
			}
		}
		return n == 1
	}
	code, out, errs := lookAgain(t, nil, false, destroy, "list", "-w", "5", "other", "--columns", "name")
	if code != OK || out != "NAME\nother\n\nthere are no such cells\n" || errs != "" {
		t.Errorf("code %d, %q, %q", code, out, errs)
	}
	code, out, errs = lookAgain(t, nil, false, destroy, "list", "-w", "5", "other", "wbe-1")
	if code != Failed || out != "" || strings.Count(errs, "the cell must exist") != 2 || !strings.Contains(errs, "did you mean web-1?") {
		t.Errorf("code %d, %q, %q", code, out, errs)
	}
}

// In a session too what it does to its kernel is seen, and it goes on after that.
func TestAgainInASession(t *testing.T) {
	now := func() time.Time { return waitNow }
	var out, errs bytes.Buffer
	w := progress.New()
	target, err := OpenTarget(connect.Options{Target: "sim", Now: now, Work: w}, &out, host.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var code []int
	run := func(after func(time.Duration) <-chan time.Time, args ...string) {
		code = append(code, Find(args[0]).Run(args[1:], Common{}, Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Work: w, Now: now, After: after, Machine: connect.Machine{Foreign: "linux/amd64"}, Session: target}))
	}
	err = target.Steps.Step(func() error {
		run(nil, "create", "a", "--root", "/a")
		n := 0
		run(func(time.Duration) <-chan time.Time {
			c := make(chan time.Time, 1)
			if n++; n == 2 {
				w.Stop()
				return c
			}
			// Nothing is kept from using the session meanwhile.
			if err := target.Steps.Step(func() error { run(nil, "create", "b", "--root", "/b"); return nil }); err != nil {
				t.Error(err)
			}
			c <- waitNow
			return c
		}, "list", "-w", "1", "--columns", "id,name")
		run(nil, "list", "--sort", "-id", "--columns", "name")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = "cell a has id 1\nID  NAME\n 1  a\ncell b has id 2\n\nID  NAME\n 1  a\n 2  b\nNAME\nb\na\n"
	if out.String() != want || errs.String() != "" || slices.Max(code) != OK {
		t.Errorf("%v, %q, %q", code, out.String(), errs.String())
	}
}
