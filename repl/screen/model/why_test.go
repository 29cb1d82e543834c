package model

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// denied is a decision, and change a proposal that lifts it.
var (
	denied = Decision{Cell: "web-1", Request: "system.reboot", EUID: 0, Denied: true, Policy: "web", File: "web.lua", Line: 7}
	change = &Proposal{Title: "allow it", Text: "--- web.lua\n+++ web.lua\n", Files: []File{{"web.lua", "old", "new"}}, Load: []string{"load", "web.lua"}, Back: 1, Tighter: "port=81"}
)

// way is a model with a denial under the cursor, and what has come of its keys.
type way struct {
	t *testing.T
	*Model
	keys int
}

func begin(t *testing.T, rows ...Row) *way {
	w := &way{t: t, Model: New(Options{Left: Place{Kind: Decisions}, Right: Place{Kind: Cells}, NewLine: line})}
	w.Tick(time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
	w.Status = Status{Generation: 1}
	if rows == nil {
		rows = []Row{{ID: "1", Subject: denied}}
	}
	w.Filled(Place{Kind: Decisions}, Table{Rows: rows}, "")
	return w
}

// press presses keys, and gives what the last of them asks for; reads left out.
func (w *way) press(words ...string) Effect {
	w.t.Helper()
	var out []Effect
	for _, k := range ParseKeys(words) {
		w.keys++
		out = w.Press(k)
	}
	return sole(w.t, out)
}

// sole is the only effect of a list but for reads, nil for none.
func sole(t *testing.T, list []Effect) Effect {
	t.Helper()
	list = slices.DeleteFunc(slices.Clone(list), func(e Effect) bool { _, is := e.(Read); return is })
	if len(list) > 1 {
		t.Fatalf("several effects: %v", list)
	}
	return first(list)
}

func (w *way) want(what Effect, want Effect) {
	w.t.Helper()
	if !reflect.DeepEqual(what, want) {
		w.t.Fatalf("it must be asked for\n%+v, but is for\n%+v", want, what)
	}
}

// question is the one on top.
func (w *way) question(title, text string) *Question {
	w.t.Helper()
	q, is := w.Dialog().(*Question)
	flat := func(text string) string { return strings.Join(strings.Fields(text), " ") }
	if !is || q.Title != title || !strings.Contains(q.Text, text) || !strings.Contains(flat(strings.Join(q.All(), " ")), flat(text)) {
		w.t.Fatalf("there must be a question %s: %s, but there is %+v", title, text, w.Dialog())
	}
	return q
}

// page is the one on top, with its keys.
func (w *way) page(title string, keys ...int) {
	w.t.Helper()
	p, is := w.Dialog().(*Page)
	if !is || p.Title != title {
		w.t.Fatalf("there must be a page %s, but there is %+v", title, w.Dialog())
	}
	var got []int
	for n := range p.Keys {
		got = append(got, n)
	}
	if slices.Sort(got); !slices.Equal(got, keys) {
		w.t.Fatalf("page %s has the keys %v", title, got)
	}
}

const loadedText = "note: generation 2 is rolled back in 1m0s unless confirmed: confirm 2\ngeneration 2: 1 program for 1 cell, 100 bytes\n"

// try goes from the denial to the change that is loaded for a minute.
func (w *way) try() {
	w.t.Helper()
	w.want(w.press("F5"), Learn{Decision: denied})
	w.Learned(change, "")
	w.page("allow it", 4, 5, 6)
	w.want(w.press("F5"), nil)
	w.question("Write and load", "Write web.lua?\n\nFor a minute: load web.lua --confirm 60s\n")
	run := Run{Words: []string{"load", "web.lua", "--confirm", "60s"}, Shows: AsTrial, Proposal: change, Title: "load"}
	w.want(w.press("Enter"), Write{change, run})
	w.want(sole(w.t, w.Wrote(change, "")), run)
	if w.Dialog() != nil {
		w.t.Fatalf("%+v must be gone", w.Dialog())
	}
	w.Ran(Result{Text: loadedText})
	w.question("Confirm", "Generation 2 is loaded. It is rolled back in 1m0s unless confirmed.\n\nRoll back loads again what was loaded before, and takes the change out of web.lua.")
}

var takeBack = Write{Proposal: change.back()}

// TestShortest counts the keys from a denial to a change that is confirmed.
func TestShortest(t *testing.T) {
	w := begin(t)
	w.try()
	w.want(w.press("c", "Enter"), Run{Words: []string{"confirm", "2"}, Title: "confirm 2"})
	w.Ran(Result{Text: "generation 2 stays\n"})
	if w.trial != nil || w.Dialog() != nil || w.Said.Text != "generation 2 stays" {
		t.Errorf("%+v, %+v, %q", w.trial, w.Dialog(), w.Said.Text)
	}
	if w.keys != 5 {
		t.Errorf("it takes %d keys", w.keys)
	}
	// With the explanation between, and from the cell on.
	w = begin(t)
	w.want(w.press("F3"), Run{Words: []string{"explain", "--source", "--by", "web.lua:7", "web-1", "system.reboot", "euid=0"}, Shows: AsWhy, Decision: denied, Title: "why system.reboot in web-1"})
	w.Ran(Result{Text: "denied"})
	w.page("why system.reboot in web-1", 4, 5)
	w.try()
	w.want(w.press("c", "Enter"), Run{Words: []string{"confirm", "2"}, Title: "confirm 2"})
	if w.keys != 6 {
		t.Errorf("it takes %d keys", w.keys)
	}
	w = begin(t)
	w.Press(Key{Name: Tab})
	w.Filled(Place{Kind: Cells}, Table{Rows: []Row{{ID: "web-1", Subject: Cell{Name: "web-1"}}}}, "")
	if e := w.Press(Key{Name: F6}); len(e) != 1 || e[0] != (Read{Place{Decisions, "web-1"}}) {
		t.Errorf("%v", e)
	}
}

// TestTrial is what can become of a change that waits to be confirmed.
func TestTrial(t *testing.T) {
	minute := func(w *way) time.Time { return w.Now.Add(time.Minute) }
	for _, c := range []struct {
		name string
		do   func(w *way)
	}{
		{"rolled back", func(w *way) {
			w.want(w.press("r", "Enter"), Run{Words: []string{"rollback", "1"}, Shows: AsUndo, Proposal: change, Title: "roll back"})
			// Its generation is another one meanwhile, which says nothing.
			w.Status = Status{Generation: 3}
			w.Tick(w.Now.Add(time.Second))
			w.want(sole(w.t, w.Ran(Result{Text: "generation 3: 1 program"})), takeBack)
			w.want(sole(w.t, w.Wrote(takeBack.Proposal, "")), nil)
			if w.Said.Text != "web.lua is as before" || w.Dialog() != nil {
				w.t.Errorf("%q, %+v", w.Said.Text, w.Dialog())
			}
		}},
		{"not rolled back", func(w *way) {
			w.press("r", "Enter")
			w.Ran(Result{Text: "it must be so", Failed: true})
			if m, is := w.Dialog().(*Message); !is || m.Text != "it must be so" || w.trial == nil {
				w.t.Errorf("%+v", w.Dialog())
			}
			w.press("Enter")
			w.Status = Status{Generation: 2, Confirm: minute(w)}
			w.Tick(w.Now.Add(time.Second))
			w.Status = Status{Generation: 1}
			w.Tick(w.Now.Add(time.Minute))
			w.question("Rolled back", "")
		}},
		{"time over", func(w *way) {
			w.Status = Status{Generation: 2, Confirm: minute(w)}
			w.Tick(w.Now.Add(18 * time.Second))
			w.question("Confirm", "rolled back in 42s")
			w.Status = Status{Generation: 1}
			w.Tick(w.Now.Add(time.Minute))
			w.question("Rolled back", "Generation 2 was not confirmed, and is not loaded any more. web.lua is as written: take the change out again?")
			w.want(w.press("t", "Enter"), takeBack)
		}},
		{"time over, and nobody looked", func(w *way) {
			w.Tick(w.Now.Add(59 * time.Second))
			w.question("Confirm", "rolled back in 1s")
			w.Tick(w.Now.Add(2 * time.Second))
			w.question("Rolled back", "")
			w.want(w.press("Enter"), nil) // keep
		}},
		{"later, and confirmed elsewhere", func(w *way) {
			// What is pressed once too often confirms nothing.
			w.want(w.press("Enter"), nil)
			w.Status = Status{Generation: 2, Confirm: minute(w)}
			w.Tick(w.Now.Add(time.Second))
			w.Status = Status{Generation: 2}
			w.Tick(w.Now.Add(time.Second))
			if w.trial != nil || w.Dialog() != nil || w.Said.Text != "generation 2 is confirmed" {
				w.t.Errorf("%+v, %q", w.Dialog(), w.Said.Text)
			}
		}},
		{"confirmed too late", func(w *way) {
			w.press("c", "Enter")
			w.Ran(Result{Text: "the generation must wait to be confirmed", Failed: true})
			w.press("Enter")
			w.Tick(w.Now.Add(61 * time.Second))
			w.question("Rolled back", "")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := begin(t)
			w.try()
			c.do(w)
		})
	}
}

// TestEdited: what was edited is compared with what is loaded, and can be loaded for a minute.
func TestEdited(t *testing.T) {
	w := begin(t)
	w.want(w.press("F4"), Edit{"web.lua", 7})
	w.want(sole(t, w.Edited(Edit{"web.lua", 7}, "web.lua:3: error", 3)), nil)
	w.question("web.lua", "web.lua:3: error")
	w.want(w.press("Enter"), Edit{"web.lua", 3})
	w.want(sole(t, w.Edited(Edit{"web.lua", 3}, "", 0)), Review{"web.lua"})
	// It changes nothing that is loaded.
	if w.Learned(nil, ""); w.Dialog() != nil || w.Job != nil {
		t.Fatalf("%+v", w.Dialog())
	}
	w.Edited(Edit{"web.lua", 3}, "", 0)
	p := &Proposal{Title: "what web.lua changes now", Text: "so", Load: []string{"load", "web.lua"}, Back: 1}
	w.Learned(p, "")
	w.page("what web.lua changes now", 5)
	w.want(w.press("F5"), nil)
	if q := w.question("Load", "Load what is written?\n\nFor a minute: load web.lua --confirm 60s"); len(q.Choices) != 3 {
		t.Errorf("%+v", q.Choices)
	}
	w.want(w.press("Enter"), Run{Words: []string{"load", "web.lua", "--confirm", "60s"}, Shows: AsTrial, Proposal: p, Title: "load"})
	w.Ran(Result{Text: loadedText})
	w.question("Confirm", "Roll back loads again what was loaded before.")
	w.want(w.press("r", "Enter"), Run{Words: []string{"rollback", "1"}, Shows: AsUndo, Proposal: p, Title: "roll back"})
	if e := sole(t, w.Ran(Result{Text: "generation 3: 1 program"})); e != nil || w.Dialog() != nil || w.Said.Text != "generation 3: 1 program" {
		t.Errorf("%v, %+v, %q", e, w.Dialog(), w.Said.Text)
	}
	// It can't be loaded, and then it can, and nobody confirms it.
	w.Edited(Edit{"web.lua", 3}, "", 0)
	w.Learned(p, "")
	w.press("F5", "l")
	w.Ran(Result{Text: "web.lua: error", Failed: true})
	if d, is := w.Dialog().(*Message); !is || d.Title != "Not loaded" || len(w.Dialogs()) != 1 {
		t.Errorf("%+v", w.Dialogs())
	}
	w.press("Enter")
	w.Edited(Edit{"web.lua", 3}, "", 0)
	w.Learned(p, "")
	w.press("F5", "Enter")
	w.Ran(Result{Text: loadedText})
	w.Tick(w.Now.Add(61 * time.Second))
	if d, is := w.Dialog().(*Message); !is || d.Title != "Rolled back" {
		t.Errorf("%+v", w.Dialogs())
	}
}

// TestRenameEverywhere: a policy for all cells gets another name, and stays for all of them.
func TestRenameEverywhere(t *testing.T) {
	w := &way{t: t, Model: New(Options{Left: Place{Kind: Policies}, Right: Place{Kind: Cells}, NewLine: line})}
	w.Filled(Place{Kind: Policies}, Table{Rows: []Row{{ID: "base", Subject: Policy{Name: "base", File: "base.lua", Line: 1}}}}, "")
	w.want(w.press("F6", "2", "Enter"), Rewrite{Policy: "base", Name: "base2"})
	page := &Proposal{Title: "change policy base", Text: "so", Files: []File{{"base.lua", "old", "new"}}, Load: []string{"load", "base.lua"}}
	w.Learned(page, "")
	w.page("change policy base", 5)
}

// TestLeaving: who leaves while a change waits is told what stays of it.
func TestLeaving(t *testing.T) {
	w := begin(t)
	w.try()
	w.press("Enter", "F10") // the status does not tell of it yet
	w.question("Leave", "Generation 2 is not confirmed")
	w.press("Esc")
	w.Status = Status{Generation: 2, Confirm: w.Now.Add(time.Minute)}
	w.press("F10")
	w.question("Leave", "Generation 2 is not confirmed: leaving may roll it back. web.lua is left as written.")
}

// TestNotLoaded: what is written and can't be loaded can be taken out again.
func TestNotLoaded(t *testing.T) {
	w := begin(t)
	w.press("F5")
	w.Learned(change, "")
	w.press("F5", "l")
	w.Wrote(change, "")
	w.Ran(Result{Text: "web.lua: error", Failed: true})
	if m, is := w.Dialog().(*Message); !is || m.Text != "web.lua: error" {
		t.Fatalf("%+v", w.Dialog())
	}
	w.press("Enter")
	w.question("Not loaded", "web.lua is written, but the change is not loaded.")
	w.want(w.press("Left", "Enter"), takeBack)
}

// TestProposals: which keys a proposal has, and what the question about it says.
func TestProposals(t *testing.T) {
	with := func(change2 func(p *Proposal)) *Proposal {
		p := *change
		change2(&p)
		return &p
	}
	for _, c := range []struct {
		name     string
		p        *Proposal
		keys     []int
		title    string
		says     string
		choices  string
		afterAll string
	}{
		{"whole", change, []int{4, 5, 6}, "Write and load", "\nLoad for good: load web.lua\n", "For a minute, Load for good, Write only, Cancel", "web.lua is written; what is loaded stays"},
		{"waiting", with(func(p *Proposal) { p.Waits = true }), []int{4, 5, 6}, "Write and load", "both go together", "For a minute, Write only, Cancel", "web.lua is written; what is loaded stays"},
		{"not to be loaded", with(func(p *Proposal) { p.Load, p.Unloaded = nil, "it is too much" }), []int{4, 5, 6}, "Write", "It is not loaded: it is too much", "Write, Cancel", "web.lua is written; what is loaded stays"},
		{"held", with(func(p *Proposal) { p.Held = "it has changed" }), []int{4, 6}, "", "", "", ""},
		{"none", with(func(p *Proposal) { p.Files, p.Load = nil, nil }), []int{4, 6}, "", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := begin(t)
			w.press("F5")
			w.Learned(c.p, "")
			w.page("allow it", c.keys...)
			w.press("F5")
			if c.title == "" {
				w.page("allow it", c.keys...)
				return
			}
			q := w.question(c.title, c.says)
			var labels []string
			for _, x := range q.Choices {
				labels = append(labels, x.Label)
			}
			if got := strings.Join(labels, ", "); got != c.choices {
				t.Errorf("%s", got)
			}
			w.want(w.press("w"), Write{Proposal: c.p})
			if e := sole(t, w.Wrote(c.p, "")); e != nil || w.Said.Text != c.afterAll || w.Dialog() != nil {
				t.Errorf("%v, %q, %+v", e, w.Said.Text, w.Dialog())
			}
		})
	}
	// What could not be written is said, and the proposal stays to be read.
	w := begin(t)
	w.press("F5")
	w.Learned(change, "")
	w.press("F5", "Enter")
	w.Wrote(change, "web.lua: error: it has changed\n")
	if m, is := w.Dialog().(*Message); !is || m.Text != "web.lua: error: it has changed" {
		t.Errorf("%+v", w.Dialog())
	}
	w.press("Enter")
	w.page("allow it", 4, 5, 6)
}

// TestTell: who tells more of the request gets another proposal in place of the first.
func TestTell(t *testing.T) {
	w := begin(t)
	w.press("F5")
	w.Learned(change, "")
	w.press("F6")
	f, is := w.Dialog().(*Form)
	if !is || f.Fields[0].Hint != "port=81, say" {
		t.Fatalf("%+v", w.Dialog())
	}
	w.want(w.press("port", "Enter"), nil)
	if f.Wrong != `Fields must be FIELD=VALUE, but one is "port"` {
		t.Errorf("%q", f.Wrong)
	}
	w.press("=8x", "Tab", " ", "Tab", " ", "Tab", " ")
	told := Learn{Decision: denied, Known: "port=8x", AnyCell: true, AnyUser: true, Grant: true}
	w.want(w.press("Enter"), told)
	w.Learned(nil, "port must be a number\n")
	f, is = w.Dialog().(*Form)
	if !is || f.Wrong != "port must be a number" || f.Fields[0].Text() != "port=8x" || f.Fields[3].Text() != "what other models refuse" {
		t.Fatalf("%+v", w.Dialog())
	}
	told.Known = "port=8"
	w.want(w.press("Tab", "Backspace", "Enter"), told)
	w.Learned(&Proposal{Title: "a tighter one", Text: "x"}, "")
	w.page("a tighter one", 4, 6)
	w.press("q")
	if w.Dialog() != nil {
		t.Errorf("the first proposal must be gone, but there is %+v", w.Dialog())
	}
}

// TestDecisions: what is not denied is explained, and not learned from.
func TestDecisions(t *testing.T) {
	allowed := denied
	allowed.Denied = false
	audited := allowed
	audited.Would = true
	profile := Decision{Cell: "web-1", Request: "system.mknod", EUID: 80, Denied: true, Profile: true, Unsure: true}
	for _, c := range []struct {
		d     Decision
		words string
		keys  []int
		learn bool
	}{
		{allowed, "explain --source --by web.lua:7 web-1 system.reboot euid=0", []int{4}, false},
		{audited, "explain --source --by web.lua:7 web-1 system.reboot euid=0", []int{4, 5}, true},
		{profile, "explain --source web-1 system.mknod euid=80", []int{5}, true},
	} {
		w := begin(t, Row{ID: "1", Subject: c.d})
		run, _ := w.press("F3").(Run)
		if got := strings.Join(run.Words, " "); got != c.words {
			t.Errorf("%s", got)
		}
		w.Ran(Result{Text: "so"})
		w.page("why "+c.d.Request+" in web-1", c.keys...)
		w.press("q")
		_, learns := w.press("F5").(Learn)
		if learns != c.learn {
			t.Errorf("%+v: %v", c.d, learns)
		}
	}
	if s := fmt.Sprint(begin(t, Row{ID: "1"}).press("F3")); s != "<nil>" {
		t.Errorf("%s", s)
	}
}
