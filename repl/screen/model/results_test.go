package model

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func press(m *Model, keys string) (out []Effect) {
	for _, k := range ParseKeys(strings.Fields(keys)) {
		out = m.Press(k)
	}
	return out
}

// TestResults: what a command has done is told in a line, a message or a page; and a form comes back if it was in vain.
func TestResults(t *testing.T) {
	const refused = "error: create cell x: port 80 must be free"
	for _, c := range []struct {
		name, keys string
		result     Result
		want       string
		// then are keys after that, and what they lead to.
		then, last string
	}{
		{"done", "F8 d", Result{}, "cells: [a] b web-2 web-10 | said destroy cell a: done", "", ""},
		{"a line", "F8 d", Result{Text: "cell a is gone\n"}, "cells: [a] b web-2 web-10 | said cell a is gone", "F2 Tab t", "cells: [a] b web-2 web-10 | message destroy cell a: cell a is gone"},
		{"lines", "F8 d", Result{Text: "a\nb\n"}, "cells: [a] b web-2 web-10 | message destroy cell a: a\nb", "Enter", "cells: [a] b web-2 web-10"},
		{"failed", "F8 d", Result{Text: "error: no\n", Failed: true}, "cells: [a] b web-2 web-10 | message destroy cell a: error: no", "Esc F2 Tab t", "cells: [a] b web-2 web-10 | message destroy cell a: error: no"},
		{"a page", "F3", Result{Text: "a\nb\n", Failed: true}, "cells: [a] b web-2 web-10 | page can a 0", "q", "cells: [a] b web-2 web-10"},
		{"a form in vain", "F7 x Enter", Result{Text: refused, Failed: true},
			"cells: [a] b web-2 web-10 | form Create a cell Name=x_ Root=/cells/x Host's root=no | message create cell x: " + refused, "Enter y Enter", "cells: [a] b web-2 web-10 | job create cell xy"},
		{"a form", "F7 x Enter", Result{Text: "cell x has id 3\n"}, "cells: [a] b web-2 web-10 | said cell x has id 3", "", ""},
	} {
		m := screen()
		if e := press(m, c.keys); len(e) != 1 || m.Job == nil {
			t.Fatalf("%s: a job must begin, but: %v", c.name, e)
		}
		e := m.Ran(c.result)
		if got := state(m); got != c.want {
			t.Errorf("%s must lead to\n%s\nbut leads to\n%s", c.name, c.want, got)
		}
		if len(e) == 0 && !m.Panels[0].asked {
			t.Errorf("%s: what is listed must be read again", c.name)
		}
		press(m, c.then)
		if got := state(m); c.then != "" && got != c.last {
			t.Errorf("%s, %s must lead to\n%s\nbut leads to\n%s", c.name, c.then, c.last, got)
		}
	}
}

// TestSource: a page of sources begins where the policy is, and says if it is not there.
func TestSource(t *testing.T) {
	lines := []string{"-- generation 1: a.lua, b.lua", "-- file a.lua"}
	for range 40 {
		lines = append(lines, "a")
	}
	lines = append(lines, "-- file b.lua")
	for range 60 {
		lines = append(lines, "b")
	}
	for _, c := range []struct {
		file string
		line int
		want string
	}{{"a.lua", 20, "page source 18"}, {"b.lua", 10, "page source 49"}, {"b.lua", 1, "page source 42"}, {"c.lua", 3, "said what is loaded has no file c.lua | page source 0"}} {
		m := screen()
		m.source(c.file, c.line)
		m.Ran(Result{Text: strings.Join(lines, "\n")})
		if got := strings.TrimPrefix(state(m), "cells: [a] b web-2 web-10 | "); got != c.want {
			t.Errorf("%s:%d must lead to %s, but leads to %s", c.file, c.line, c.want, got)
		}
	}
}

// TestReminder: what waits to be confirmed is asked about once, when nothing else is done, and no more when it does not wait.
func TestReminder(t *testing.T) {
	m := screen()
	waiting := Status{Generation: 5, Confirm: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	m.Status = waiting
	press(m, "x")
	m.Tick(time.Unix(1, 0))
	if d := m.Dialog(); d != nil {
		t.Errorf("who types must not be asked, but: %s", state(m))
	}
	press(m, "Ctrl-C")
	m.Tick(time.Unix(2, 0))
	if got := state(m); got != "cells: [a] b web-2 web-10 | question Confirm Confirm Roll back [Later]" {
		t.Errorf("it must be asked, but: %s", got)
	}
	if q := m.Dialog().(*Question); !strings.HasPrefix(q.Text, "Generation 5 is loaded until 03:04:05, and then goes away unless it is confirmed.") {
		t.Error(q.Text)
	}
	if e := press(m, "c"); e != nil {
		t.Errorf("a letter alone must not confirm, but: %v", e)
	}
	if e := effects(press(m, "Enter")); e != "Run confirm 5" {
		t.Errorf("Enter must confirm then, but: %s", e)
	}
	m.Ran(Result{})
	m.Tick(time.Unix(3, 0))
	if m.Dialog() != nil {
		t.Errorf("it must be asked once, but: %s", state(m))
	}
	m.Status.Generation = 6
	m.Tick(time.Unix(4, 0))
	if m.Dialog() == nil {
		t.Error("another one must be asked about")
	}
	m.Status.Confirm = time.Time{}
	m.Tick(time.Unix(5, 0))
	if m.Dialog() != nil {
		t.Errorf("nothing must be asked any more, but: %s", state(m))
	}
	// The keys are near afterwards too.
	m.Status = waiting
	if e := effects(press(m, "F2 Tab Enter")); e != "Run confirm 5" {
		t.Errorf("F2 must have it first, but: %s, %s", e, state(m))
	}
}

// TestNeededBy: what else is stopped is named before anything is.
func TestNeededBy(t *testing.T) {
	m := screen()
	running := func(name string, by ...string) Row {
		return Row{ID: name, Subject: Service{Name: name, Cell: name, Runs: true, NeededBy: by}, Fields: fields(name), Into: &Place{Output, name}}
	}
	m.Filled(Place{Kind: Services}, Table{Columns: []Column{{Title: "NAME"}}, Rows: []Row{running("db", "api", "web"), running("api", "web"), running("web")}}, "")
	for _, c := range []struct{ keys, want string }{
		{"Tab F8", "Stop service db? Cells stay.\n\nIn the way:\n  2 services: api, web, which need that, and are stopped before."},
		{"Down F6", "Stop service api, and start again as the files say now?\n\nIn the way:\n  service web, which needs that, and is stopped before, and started again after it."},
		{"Down F8", "Stop service web? Cells stay."},
		{"Home Insert Insert F8", "Stop 2 services: db, api? Cells stay.\n\nIn the way:\n  service web, which needs that, and is stopped before."},
		{"* Home Enter F8", "Stop service db? Cells stay.\n\nWhatever needs it is stopped before."},
	} {
		press(m, c.keys)
		q, is := m.Dialog().(*Question)
		if !is {
			t.Fatalf("%s must ask, but: %s", c.keys, state(m))
		}
		if q.Text != c.want {
			t.Errorf("%s asks %q instead of %q", c.keys, q.Text, c.want)
		}
		press(m, "F10")
	}
}

// TestRolledBackByHand: who has gone back from what waits is not told that it is gone, but asked about files that it has left.
func TestRolledBackByHand(t *testing.T) {
	for _, files := range []int{0, 1} {
		m := screen()
		m.Status = Status{Generation: 2, Confirm: time.Unix(60, 0), Back: 1}
		m.trial, m.reminded = &trial{proposal: &Proposal{Files: make([]File, files)}, generation: 2, until: time.Unix(60, 0), seen: true, question: &Question{}}, 2
		m.rollBack()
		if e := effects(press(m, "Left Enter")); e != "Run rollback 1" {
			t.Fatal(e, state(m))
		}
		m.Ran(Result{Text: "generation 3"})
		press(m, "Enter")
		m.Status = Status{Generation: 3}
		m.Tick(time.Unix(2, 0))
		if asks := m.Dialog() != nil; asks != (files > 0) {
			t.Errorf("with %d files: %s", files, state(m))
		}
	}
}

// TestRollBackOnce: who answers late, when what waited is rolled back already, does not go one further back.
func TestRollBackOnce(t *testing.T) {
	waiting := Status{Generation: 5, Confirm: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Back: 4}
	for _, c := range []struct {
		name, want string
		status     Status
		ask        func(*Model)
	}{
		{"the menu", "Run rollback 4", waiting, func(m *Model) { m.rollBack() }},
		{"the reminder", "Run rollback 4", waiting, func(m *Model) { m.Tick(time.Unix(1, 0)) }},
		{"nothing before", "Run rollback", Status{Generation: 5, Confirm: waiting.Confirm}, func(m *Model) { m.rollBack() }},
		{"nothing that waits", "Run rollback", Status{Generation: 5}, func(m *Model) { m.rollBack() }},
	} {
		m := screen()
		m.Status = c.status
		c.ask(m)
		m.Status = Status{Generation: 6}
		if got := effects(press(m, "Left Enter")); got != c.want {
			t.Errorf("%s: it must be %q, but is %q: %s", c.name, c.want, got, state(m))
		}
	}
}

// TestReadings: what is read fills the places that it was read for only, and rows keep what was done with them.
func TestReadings(t *testing.T) {
	m := screen()
	press(m, "Down Enter")
	m.Filled(Place{Kind: Cells}, cells("late"), "")
	if got := state(m); got != "members of b:" {
		t.Errorf("what was read of another place must not be shown, but: %s", got)
	}
	m.Filled(Place{Members, "b"}, Table{}, "it is gone")
	if p := m.Panel(); p.Wrong != "it is gone" || !p.Known {
		t.Errorf("what is wrong must be told, but is %q", p.Wrong)
	}
	if e := effects(press(m, "Backspace")); e != "Read cells" {
		t.Errorf("Backspace must have cells read, but: %s", e)
	}
	m.Filled(Place{Kind: Cells}, cells("0", "a", "b", "c"), "")
	press(m, "Insert Alt-r")
	m.Filled(Place{Kind: Cells}, cells("0", "x", "b", "c"), "")
	if got := state(m); got != "cells: x [c] *b 0 | said sorted by NAME, the greatest first" {
		t.Errorf("the cursor, what is selected and the order must stay, but: %s", got)
	}
	m.Filled(Place{Kind: Cells}, cells("0", "x"), "")
	if got := state(m); got != "cells: x [0] | said sorted by NAME, the greatest first" {
		t.Errorf("what is gone must not be selected, but: %s", got)
	}
	// Both panels can list the same, and it is read once.
	press(m, "Tab Alt-k c")
	if e := m.Tick(time.Unix(9, 0)); len(e) != 0 {
		t.Errorf("one place must be read once, but also: %s", effects(e))
	}
	m.Filled(Place{Kind: Cells}, cells("0", "x"), "")
	if e := effects(m.Tick(time.Unix(9, 0))); e != "Read cells" {
		t.Errorf("one place must be read once, but: %s", e)
	}
	// What grows is seen to its end, unless somebody looks at something else.
	press(m, "Alt-k d")
	d := Place{Kind: Decisions}
	more := func(n int) Table {
		var t Table
		for i := range n {
			t.Rows = append(t.Rows, row(string(rune('a'+i)), Decision{}))
		}
		return t
	}
	m.Filled(d, more(2), "")
	m.Filled(d, more(4), "")
	if got := state(m); got != "decisions: a b c [d]" {
		t.Errorf("the last must be seen, but: %s", got)
	}
	press(m, "Up")
	m.Filled(d, more(6), "")
	if got := state(m); got != "decisions: a b [c] d e f" {
		t.Errorf("the cursor must stay, but: %s", got)
	}
}

// TestInputs: texts are edited as everywhere, and are one line.
func TestInputs(t *testing.T) {
	for _, c := range []struct {
		choices []string
		keys    string
		want    string
	}{
		{nil, "abc Left Left x", "axbc"}, {nil, "abc Home x End y", "xabcy"}, {nil, "abc Ctrl-A Delete", "bc"}, {nil, "a Space b Ctrl-W c", "a c"}, {nil, "abc Left Ctrl-K Ctrl-Y Ctrl-Y", "abcc"},
		{nil, "abc Ctrl-U Ctrl-_", "abc"}, {nil, "ab Ctrl-T Ctrl-B Ctrl-H", "a"}, {nil, "a Space bc Alt-b Alt-d x", "a x"}, {nil, "世é Backspace", "世"},
		{[]string{"no", "yes", "never"}, "Right", "yes"}, {[]string{"no", "yes", "never"}, "Left", "never"}, {[]string{"no", "yes", "never"}, "n", "never"},
		{[]string{"no", "yes", "never"}, "y Space", "never"}, {[]string{"no", "yes", "never"}, "End Home", "no"}, {[]string{"no", "yes", "never"}, "x Backspace Delete", "no"},
	} {
		in := NewInput("Name", "", "", c.choices...)
		if c.choices != nil {
			in.Set(c.choices[0])
		}
		for _, k := range ParseKeys(strings.Fields(c.keys)) {
			in.press(k)
		}
		if in.Text() != c.want {
			t.Errorf("%s must give %q, but gives %q", c.keys, c.want, in.Text())
		}
	}
	in := NewInput("Name", "", "")
	in.press(Key{Paste, "two\nlines\t\x1b[0m\xff"})
	if in.Text() != "two lines [0m" {
		t.Errorf("what is pasted must be a line of text, but is %q", in.Text())
	}
	in.press(Key{Paste, strings.Repeat("x", maxInput)})
	if in.Text() != "two lines [0m" {
		t.Error("what is too long must not be put in")
	}
}

// TestPages: texts scroll, and what is looked for is found one by one, also on the last screen.
func TestPages(t *testing.T) {
	m := screen()
	p := &Page{Title: "page", Lines: strings.Split(strings.Repeat("line\n", 40)+"here\nline\nhere\nvery "+strings.Repeat("long ", 30), "\n")}
	m.Open(p)
	for _, c := range []struct {
		keys string
		top  int
		hit  int
	}{
		{"Down Down", 2, -1}, {"PageDown", min(2+p.Rows(), len(p.Lines)-p.Rows()), -1}, {"Home", 0, -1}, {"End", len(p.Lines) - p.Rows(), -1}, {"Space", len(p.Lines) - p.Rows(), -1}, {"Home / here Enter", len(p.Lines) - p.Rows(), 40},
		{"n", len(p.Lines) - p.Rows(), 42}, {"n", len(p.Lines) - p.Rows(), 40}, {"N", len(p.Lines) - p.Rows(), 42}, {"Home N", len(p.Lines) - p.Rows(), 42}, {"/ xyz Esc n", len(p.Lines) - p.Rows(), 40},
	} {
		press(m, c.keys)
		if p.Top() != c.top || p.Hit() != c.hit {
			t.Errorf("%s must lead to line %d with %d found, but leads to %d with %d", c.keys, c.top, c.hit, p.Top(), p.Hit())
		}
	}
	press(m, "/ xyz Enter")
	if m.Said.Text != `no line has "xyz"` {
		t.Errorf("what is not found must be said, but: %q", m.Said.Text)
	}
	for range 100 {
		press(m, "Right")
	}
	if p.Left() >= 155 {
		t.Errorf("something must be seen, but the page begins at column %d", p.Left())
	}
}

// TestHelp: help has every key that means anything, fits, and says nothing of keys that do nothing.
func TestHelp(t *testing.T) {
	about := About()
	for line := range strings.SplitSeq(about, "\n") {
		if n := utf8.RuneCountInString(line); n > 80 {
			t.Errorf("a line has %d characters: %s", n, line)
		}
	}
	var met []Key
	for _, b := range panelKeys() {
		met = append(met, b.keys...)
		if !strings.Contains(about, keyNames(b.keys)) {
			t.Errorf("help must have %s", keyNames(b.keys))
		}
	}
	for i, k := range met {
		if slices.Contains(met[:i], k) {
			t.Errorf("%s must mean one thing, but means two", k)
		}
		if parsed := ParseKeys([]string{k.String()}); len(parsed) != 1 || parsed[0] != k {
			t.Errorf("the name of %s must be that of the key, but is of %v", k, parsed)
		}
	}
	met = nil
	for _, e := range lineKeys {
		met = append(met, e.keys...)
	}
	for i, k := range met {
		if slices.Contains(met[:i], k) {
			t.Errorf("%s must mean one thing in the line, but means two", k)
		}
	}
	for k := range kinds {
		at := map[string]bool{}
		for _, a := range append(everywhere(), actions(k)...) {
			id := a.Label + a.Name
			if n := utf8.RuneCountInString(a.Label); n > 6 || (a.key == 0) != (a.Label == "") || a.Name == "" || at[id] && a.key == 0 {
				t.Errorf("%s: %+v", k, a)
			}
			at[id] = true
		}
	}
	m := screen()
	m.help()
	page := strings.Join(m.Dialog().(*Page).Lines, "\n")
	if !strings.Contains(page, "F3  View    what it may do, in full\n") || !strings.Contains(page, "CELLS\n") {
		t.Error(page)
	}
	m.Status.ReadOnly = true
	m = screen()
	press(m, "Tab F1")
	if page := strings.Join(m.Dialog().(*Page).Lines, "\n"); !strings.Contains(page, "F7  Start   start it, with what it needs (not here)") {
		t.Errorf("what can't be done with the row must be told:\n%s", page)
	}
}

// TestDeeds: every key that help has of dialogs does something there.
func TestDeeds(t *testing.T) {
	long := strings.Repeat("line of text\n", 60)
	for _, open := range []func(m *Model) Dialog{
		func(*Model) Dialog {
			p := &Page{Title: "p", Lines: strings.Split(strings.Repeat("x", 200)+"\n"+long, "\n"), found: "text"}
			return p
		},
		func(*Model) Dialog { return cellForm("f", "name of it", "", nil, nil) },
		func(m *Model) Dialog { m.menu(); return m.Dialog() },
		func(*Model) Dialog {
			return &Question{Title: "q", Choices: []Choice{{"Yes", nil}, {"No", nil}, {"Other", nil}}, chosen: 1}
		},
		func(*Model) Dialog { return &Message{Title: "m", Text: long} },
	} {
		var d Dialog
		deeds := dialogDeeds(open(screen()))
		for _, x := range deeds {
			for _, name := range strings.Fields(strings.ReplaceAll(x.keys, " / ", " ")) {
				k := ParseKeys([]string{name})
				if len(k) != 1 {
					t.Fatalf("%s must be a key", name)
				}
				// Somewhere in the middle, with something to undo and to put in.
				changed := false
				for _, before := range []string{"", "Down", "Right", "Tab", "x Ctrl-W", "PageDown", "Ctrl-A Right"} {
					m := screen()
					if d = open(m); m.Dialog() != d {
						m.Open(d)
					}
					press(m, before)
					was := look(m)
					m.Press(k[0])
					changed = changed || look(m) != was
				}
				if !changed {
					t.Errorf("%s must do something in %T", name, d)
				}
			}
		}
		if len(deeds) == 0 {
			t.Errorf("%T must have help", d)
		}
	}
}

// look is all that a screen shows of its dialogs.
func look(m *Model) string {
	text := state(m)
	switch d := m.Dialog().(type) {
	case *Page:
		s, on := d.Search()
		text += " " + strings.Repeat("<", d.Left()) + s + strings.Repeat("?", map[bool]int{true: 1}[on]) + strings.Repeat("!", d.Hit()+1)
	case *Form:
		for _, f := range d.Fields {
			text += " " + f.Text()[:f.At()]
		}
	case *Message:
		text += strings.Repeat("^", d.Above())
	case *Question:
		text += strings.Repeat("^", d.Above())
	}
	return text
}
