package model

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// backend does what a screen asks for, in any order and at any time, as far as that is possible, and holds the screen to its word.
type backend struct {
	m *Model
	// below gives a number from 0 to n-1.
	below func(n int) int
	// reads are places that are being read, of which some may be read twice.
	reads []Place
	// job is what runs, and asked how many questions of it wait.
	job   Effect
	asked int
	wrong []string
	// did counts the effects.
	did map[string]int
}

func (b *backend) fail(form string, args ...any) {
	b.wrong = append(b.wrong, fmt.Sprintf(form, args...))
}

// do begins effects.
func (b *backend) do(effects []Effect) {
	for _, e := range effects {
		b.did[fmt.Sprintf("%T", e)]++
		switch e := e.(type) {
		case Read:
			b.reads = append(b.reads, e.Place)
		case Run, Learn, Rewrite, Review, Write:
			if b.job != nil {
				b.fail("one job must run at a time, but %T is begun beside %T", e, b.job)
			}
			b.job = e
		case Answer:
			b.asked--
			if b.asked < 0 {
				b.fail("a question must be answered once")
			}
		case Stop:
			if b.job == nil {
				b.fail("what is stopped must run")
			}
			if b.asked > 0 {
				b.fail("a question must be answered before what has asked is stopped")
			}
		case Statement, Edit:
			if b.job != nil {
				b.fail("%T must not take the terminal while something runs", e)
			}
			if edit, is := e.(Edit); is {
				b.do(b.m.Edited(edit, strings.Repeat("it is wrong", b.below(2)), b.below(3)))
			} else {
				b.do(b.m.Returned())
			}
		case open:
			b.fail("a dialog must stay within the model")
		}
	}
}

// table is what a place holds at the moment.
func (b *backend) table(p Place) Table {
	t := Table{Columns: []Column{{Title: []string{"NAME", ""}[b.below(2)]}, {Title: "N", Right: true}}}
	depth := 0
	for i := range b.below(12) {
		name := fmt.Sprintf("%c-%d", 'a'+b.below(3), i)
		var s Subject
		r := Row{ID: name}
		switch p.Kind {
		case Cells:
			s = Cell{Name: name, Members: b.below(4) - 1, Create: []string{"--root", "/" + name}[:2*b.below(2)]}
			r.Into = &Place{Members, name}
		case Members:
			s = Process{Cell: p.Of, PID: i, Command: name}
			depth = b.below(depth + 2)
			r.Depth = depth
		case Services:
			s = Service{Name: name, Cell: "a-1", File: []string{"", "x.lua"}[b.below(2)], Runs: b.below(2) > 0}
			r.Into = &Place{Output, name}
		case Output:
			s = Written{p.Of, name}
		case Policies:
			depth = b.below(depth + 2)
			r.Depth = depth
			s = []Subject{Policy{Name: name, Cells: []string{"a-*"}, File: "p.lua", Pending: b.below(2) > 0}, Rule{Policy: name, Request: "system.reboot", File: "p.lua"}}[min(depth, 1)]
		case Decisions:
			s = Decision{Cell: "a-1", Request: "system.reboot", Denied: b.below(2) > 0, File: []string{"", "x.lua"}[b.below(2)]}
		case Generations:
			s = Generation{Number: uint64(i + 1), Good: b.below(2) > 0, Active: i == 0, Waiting: i == 0 && b.below(2) > 0}
		}
		if b.below(10) > 0 {
			r.Subject = s
		}
		r.Fields = fields(name, strconv.Itoa(b.below(100)))
		t.Rows = append(t.Rows, r)
	}
	return t
}

// step has something happen beside keys.
func (b *backend) step() string {
	m := b.m
	result := Result{Text: strings.Repeat("text\n", b.below(3)), Failed: b.below(2) > 0}
	if b.below(2) > 0 {
		result.Text = fmt.Sprintf("note: generation %d is rolled back in 1m0s unless confirmed: confirm it\n", b.below(3))
	}
	switch n := b.below(8); {
	case n == 0:
		m.Resize(b.below(140), b.below(50))
		return "resize"
	case n == 1:
		b.do(m.Tick(time.Unix(int64(b.below(1000)), 0)))
		return "tick"
	case n == 2:
		m.Status = Status{Generation: uint64(b.below(3)), Pending: b.below(2), ReadOnly: b.below(8) == 0}
		if b.below(2) > 0 {
			m.Status.Confirm = time.Unix(5000, 0)
		}
		return "status"
	case n <= 4 && len(b.reads) > 0:
		i := b.below(len(b.reads))
		p := b.reads[i]
		b.reads = append(b.reads[:i:i], b.reads[i+1:]...)
		if b.below(8) == 0 {
			m.Filled(p, Table{}, "it is not there")
		} else {
			m.Filled(p, b.table(p), "")
		}
		return "filled " + p.Title()
	case n == 5 && b.job != nil && b.asked == 0 && !m.Job.Stopping:
		b.asked++
		m.Asked("Really?")
		return "asked"
	case n >= 6 && b.job != nil && b.asked == 0:
		job := b.job
		b.job = nil
		switch job := job.(type) {
		case Run:
			b.do(m.Ran(result))
		case Learn, Rewrite, Review:
			if _, is := job.(Review); is && b.below(2) > 0 {
				m.Learned(nil, "")
				break
			}
			m.Learned(&Proposal{Title: "p", Text: "text", Files: []File{{Name: "p.lua"}}[:b.below(2)], Load: []string{"load", "p.lua"}[:2*b.below(2)], Waits: b.below(2) > 0, Back: uint64(b.below(2))}, strings.Repeat("no", b.below(2)))
		case Write:
			b.do(m.Wrote(job.Proposal, strings.Repeat("no", b.below(2))))
		}
		return "done"
	}
	m.Progress("somewhere")
	return "progress"
}

// keyboard are keys that are pressed at random; those that come more than once are pressed more often.
var keyboard = ParseKeys([]string{"F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10", "F2", "F5", "F7", "F8", "F8", "F9", "Up", "Down", "Up", "Down", "Left", "Right", "PageUp", "PageDown", "Home", "End",
	"Enter", "Enter", "Enter", "Enter", "Tab", "Tab", "BackTab", "Esc", "Esc", "Esc", "Backspace", "Backspace", "Delete", "Insert", "Insert", "Ctrl-A", "Ctrl-C", "Ctrl-D", "Ctrl-K", "Ctrl-L", "Ctrl-O", "Ctrl-P", "Ctrl-R", "Ctrl-S", "Ctrl-T",
	"Ctrl-U", "Ctrl-W", "Ctrl-Y", "Ctrl-Z", "Ctrl-_", "Alt-Enter", "Alt-k", "Alt-s", "Alt-r", "Alt-p", "Alt-f", "Alt-b", "Alt-7", "Alt-0", "Space", "a", "b", "s", "y", "q", "1", "7", "+", "-", "*", "/", "[", "世"})

func (b *backend) key() Key {
	switch b.below(8) {
	case 0, 1:
		// One of those that do something.
		var labelled []Key
		for i, a := range b.m.Keys() {
			if a.Label != "" {
				labelled = append(labelled, Key{Name: F1 + Name(i)})
			}
		}
		if n := len(labelled); n > 0 {
			return labelled[b.below(n)]
		}
	case 2:
		if _, is := b.m.Dialog().(*Menu); is {
			return text([]string{"c", "s", "p", "d", "g"}[b.below(5)])
		}
		return alt("k")
	case 3, 4:
		// What is usual on top.
		switch d := b.m.Dialog().(type) {
		case *Form:
			return ParseKeys([]string{"a", "Enter", "Enter", "Tab", "Backspace"})[b.below(5)]
		case *Question:
			if b.below(2) > 0 {
				return text(strings.ToLower(d.Choices[b.below(len(d.Choices))].Label[:1]))
			}
			return Key{Name: Enter}
		case *Menu, *Message:
			return Key{Name: Enter}
		case *Page:
			for _, n := range []int{4, 5, 6} {
				if d.Keys[n].Label != "" && b.below(2) > 0 {
					return Key{Name: F1 + Name(n-1)}
				}
			}
		case nil:
			if k := b.m.Panel().Place.Kind; (k == Decisions || k == Policies) && b.m.Keys()[4].do != nil {
				return Key{Name: F5 + Name(b.below(2))}
			}
		}
	}
	if b.below(30) == 0 {
		return Key{Paste, []string{"two\nlines\n", "a\tb", "", "\x1b[0m\xff", "web-*"}[b.below(5)]}
	}
	return keyboard[b.below(len(keyboard))]
}

// check holds what is shown to what must always be so.
func (b *backend) check() {
	m := b.m
	for i := range m.Panels {
		p := &m.Panels[i]
		if n := p.Len(); n > 0 && (p.cursor < 0 || p.cursor >= n) || n == 0 && p.cursor != 0 {
			b.fail("the cursor must be at one of %d rows, but is at %d", n, p.cursor)
		}
		if p.top < 0 || p.cursor < p.top || p.cursor >= p.top+max(p.height, 1) {
			b.fail("the cursor must be seen, but is at %d of %d rows from %d on", p.cursor, p.height, p.top)
		}
		seen := map[string]bool{}
		for _, j := range p.shown {
			seen[p.Table.Rows[j].ID] = true
		}
		for id := range p.marked {
			if !seen[id] {
				b.fail("what is selected must be shown, but %s is not", id)
			}
		}
		if len(p.Rows()) > p.height {
			b.fail("at most %d rows must be seen, but %d are", p.height, len(p.Rows()))
		}
	}
	if (m.Job == nil) != (b.job == nil) {
		b.fail("a job must be there while one runs, but is %v, and %T runs", m.Job, b.job)
	}
	questions := 0
	for i, d := range m.Dialogs() {
		switch d := d.(type) {
		case *Question:
			if d.ofJob() {
				questions++
			}
			if d.chosen < 0 || d.chosen >= len(d.Choices) {
				b.fail("an answer must be chosen, but it is %d", d.chosen)
			}
		case *Form:
			if f := d.Fields[d.at]; f.At() > len(f.Text()) || !utf8.ValidString(f.Text()) || strings.ContainsAny(f.Text(), "\n\t\x1b") {
				b.fail("the text of a field must be a line, but is %q", f.Text())
			}
		case *Menu:
			if d.list >= len(d.Lists) || d.item >= len(d.Lists[d.list].Items) {
				b.fail("an item must be chosen, but it is %d of list %d", d.item, d.list)
			}
		case *Page:
			if d.top < 0 || d.left < 0 || d.top >= max(d.Len(), 1) {
				b.fail("a page must show a line, but begins at %d", d.top)
			}
		}
		for _, other := range m.Dialogs()[:i] {
			if other == d {
				b.fail("a dialog must be open once, but %T is twice", d)
			}
		}
	}
	if questions != b.asked {
		b.fail("%d questions must be open, but %d are", b.asked, questions)
	}
	for i, a := range m.Keys() {
		if utf8.RuneCountInString(a.Label) > 6 {
			b.fail("the label of F%d must have at most 6 characters, but is %q", i+1, a.Label)
		}
	}
}

// calm holds Escape to leading back to the panels.
func (b *backend) calm() {
	m := b.m
	for range 3 * (len(m.Dialogs()) + 3) {
		b.do(m.Press(Key{Name: Escape}))
	}
	if len(m.Dialogs()) > 0 || m.Line.Text() != "" || m.Panel().Finding() || m.Panel().sieve != "" || m.Panel().Marks() > 0 {
		b.fail("Escape must lead back to the panels, but leads to %s", state(m))
	}
	b.check()
}

func newBackend(below func(n int) int) *backend {
	b := &backend{m: New(Options{Left: Place{Kind: Cells}, Right: Place{Kind: Decisions}, NewLine: line, Themes: []string{"mc", "mono"}}), below: below, did: map[string]int{}}
	b.do(b.m.Begin())
	return b
}

// TestAnything: whatever is pressed and happens, what must always be so is so. CELLSH_TEST_KEYS is how many keys are pressed.
func TestAnything(t *testing.T) {
	keys, err := strconv.Atoi(cmp.Or(os.Getenv("CELLSH_TEST_KEYS"), "5000"))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	b := newBackend(r.IntN)
	var last []string
	for i := range keys {
		k := b.key()
		last = append(last, k.String())
		b.do(b.m.Press(k))
		b.check()
		last = append(last, "("+b.step()+")")
		b.check()
		if r.IntN(40) == 0 {
			last = append(last, "(calm)")
			b.calm()
		}
		if len(b.wrong) > 0 {
			t.Fatalf("after %d keys: %s\nthe last: %s\nthe screen: %s", i+1, strings.Join(b.wrong, "; "), strings.Join(last[max(len(last)-30, 0):], " "), state(b.m))
		}
	}
	for _, e := range effectKinds {
		if name := fmt.Sprintf("%T", e); b.did[name] == 0 && keys >= 50000 {
			t.Errorf("everything must be asked for some time, but %s is not", name)
		}
	}
	t.Logf("%d keys: %v", keys, b.did)
}

// effectKinds are all effects.
var effectKinds = []Effect{Read{}, Run{}, Statement{}, Learn{}, Edit{}, Rewrite{}, Review{}, Write{}, Answer{}, Stop{}, ShowOutput{}, Redraw{}, Suspend{}, Leave{}}

// TestAnythingShort is the same with few keys, made as few as possible where something is wrong.
func TestAnythingShort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBackend(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "n") })
		for range 20 + b.below(80) {
			if b.below(3) == 0 {
				b.step()
			} else {
				b.do(b.m.Press(b.key()))
			}
			b.check()
		}
		b.calm()
		if len(b.wrong) > 0 {
			t.Fatal(strings.Join(b.wrong, "; "), state(b.m))
		}
	})
}
