package model

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cellsh/repl/complete"
	"cellsh/repl/editor"
)

func line() *editor.Draft {
	l := editor.Language{Complete: func(string, int) []complete.Candidate {
		return []complete.Candidate{{Text: "one", Insert: "one"}, {Text: "two", Insert: "two"}}
	}}
	return editor.NewDraft(l, editor.NewPalette(false, ""), editor.Prompts{First: "> "}, []string{"list", "print(1)"})
}

// screen is one whose panels list cells and services, as read.
func screen() *Model {
	m := New(Options{Left: Place{Kind: Cells}, Right: Place{Kind: Services}, NewLine: line, Themes: []string{"mc", "mono"}})
	m.Filled(Place{Kind: Cells}, cells("a", "b", "web-2", "web-10"), "")
	m.Filled(Place{Kind: Services}, Table{Columns: []Column{{Title: "NAME"}}, Rows: []Row{
		{ID: "s", Subject: Service{Name: "s", Cell: "b", Runs: true, File: "s.lua", Line: 3}, Fields: fields("s"), Into: &Place{Output, "s"}},
		{ID: "t", Subject: Service{Name: "t", Cell: "b", File: "t.lua"}, Fields: fields("t"), Into: &Place{Output, "t"}},
	}}, "")
	return m
}

func fields(texts ...string) []Field {
	var out []Field
	for _, s := range texts {
		out = append(out, Field{Text: s})
	}
	return out
}

// cells is a table of cells, the first of which has the most memory. A service runs in b.
func cells(names ...string) Table {
	t := Table{Columns: []Column{{Title: "NAME"}, {Title: "MEMORY", Right: true}}}
	for i, n := range names {
		memory := fmt.Sprintf("%dM", 900-10*i)
		if i == 0 {
			memory = "1.5G"
		}
		c := Cell{Name: n, Create: []string{"--root", "/cells/" + n, "--ports", "80"}}
		if n == "b" {
			c.Services = []string{"nginx"}
		}
		t.Rows = append(t.Rows, Row{ID: n, Subject: c, Fields: fields(n, memory), Into: &Place{Members, n}})
	}
	return t
}

// tree is a table of members.
func tree() Table {
	t := Table{}
	for _, r := range []struct {
		name  string
		depth int
	}{{"1", 0}, {"2", 1}, {"3", 2}, {"4", 1}, {"5", 0}} {
		t.Rows = append(t.Rows, Row{ID: r.name, Depth: r.depth, Subject: Process{Cell: "a", Command: r.name}, Fields: fields(r.name)})
	}
	return t
}

// state is what a screen shows: the place, its rows with the cursor in brackets and marks as *, what is typed, and the dialogs.
func state(m *Model) string {
	var out []string
	p := m.Panel()
	words := []string{p.Place.Title() + ":"}
	for i := range p.Len() {
		r := &p.Table.Rows[p.shown[i]]
		text := strings.Repeat(".", r.Depth) + strings.Split(r.Text(), " ")[0]
		if p.Marked(r) {
			text = "*" + text
		}
		if p.Folded(r) {
			text += "+"
		}
		if i == p.cursor {
			text = "[" + text + "]"
		}
		words = append(words, text)
	}
	out = append(out, strings.Join(words, " "))
	if s, on := p.Search(); on {
		out = append(out, "search "+s)
	}
	if s, typing := p.Sieve(); s != "" || typing {
		out = append(out, fmt.Sprintf("sieve %s %t", s, typing))
	}
	if s := m.Line.Text(); s != "" {
		out = append(out, "line "+s)
	}
	if m.Said.Text != "" {
		out = append(out, "said "+m.Said.Text)
	}
	if m.Job != nil {
		out = append(out, "job "+m.Job.Title)
	}
	for _, d := range m.Dialogs() {
		text := ""
		switch d := d.(type) {
		case *Question:
			text = "question " + d.Title
			for i, c := range d.Choices {
				if i == d.chosen {
					text += " [" + c.Label + "]"
				} else {
					text += " " + c.Label
				}
			}
		case *Form:
			text = "form " + d.Title
			for i, f := range d.Fields {
				if f.Text() != "" || i == d.at || f.Wrong != "" {
					text += " " + f.Label + "=" + f.Text()
				}
				if i == d.at {
					text += "_"
				}
				if f.Wrong != "" {
					text += " (" + f.Wrong + ")"
				}
			}
		case *Menu:
			l := d.Lists[d.list]
			text = "menu " + l.Title + ": " + l.Items[d.item].Label
		case *Page:
			text = fmt.Sprintf("page %s %d", d.Title, d.top)
		case *Message:
			text = "message " + d.Title + ": " + d.Text
		}
		out = append(out, text)
	}
	return strings.Join(out, " | ")
}

func effects(all []Effect) string {
	var out []string
	for _, e := range all {
		text := strings.TrimPrefix(fmt.Sprintf("%T", e), "model.")
		switch e := e.(type) {
		case Read:
			text += " " + e.Place.Title()
		case Run:
			text += " " + strings.Join(e.Words, " ")
		case Statement:
			text += " " + e.Text
		case Answer:
			text += fmt.Sprintf(" %t", e.Yes)
		case Edit:
			text += fmt.Sprintf(" %s:%d", e.File, e.Line)
		case Rewrite:
			text += fmt.Sprintf(" %s to %s for %s", e.Policy, e.Name, e.Cells)
		case Learn:
			text += " " + e.Decision.Request
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// at shows a place with rows in the active panel.
func at(place Place, rows ...Row) func(m *Model) {
	return func(m *Model) {
		m.Panel().visit(place)
		m.Filled(place, Table{Rows: rows}, "")
		m.Panel().before = nil
	}
}

func row(id string, s Subject) Row { return Row{ID: id, Subject: s, Fields: fields(id)} }

func working(m *Model) { m.begin(Run{Words: []string{"check"}, Title: "check"}, "check") }

// TestEscape: Escape is the first of two keys for a while only.
func TestEscape(t *testing.T) {
	m := screen()
	press(m, "Esc")
	m.Tick(time.Unix(10, 0))
	m.Tick(time.Unix(11, 0))
	if press(m, "7"); m.Dialog() == nil {
		t.Errorf("Escape and 7 must be F7, but lead to %s", state(m))
	}
	press(m, "Esc")
	m.Tick(time.Unix(20, 0))
	m.Tick(time.Unix(22, 0))
	if press(m, "7"); m.Line.Text() != "7" {
		t.Errorf("7 must be typed, but leads to %s", state(m))
	}
}

// TestKeys: what keys do to what is shown, and what they ask for.
func TestKeys(t *testing.T) {
	members := Place{Members, "a"}
	inTree := func(m *Model) {
		at(members)(m)
		m.Filled(members, tree(), "")
	}
	generations := at(Place{Kind: Generations}, row("1", Generation{Number: 1, Good: true}), row("2", Generation{Number: 2}), row("3", Generation{Number: 3, Active: true}))
	policies := at(Place{Kind: Policies}, row("web", Policy{Name: "web", Cells: []string{"web-*"}, File: "w.lua", Line: 2}), row("bind", Rule{Policy: "web", Request: "network.bind.privport", File: "w.lua", Line: 9}), row("new", Policy{Name: "new", Pending: true}))
	decisions := at(Place{Kind: Decisions}, row("1", Decision{Cell: "a", Request: "system.reboot"}), row("2", Decision{Cell: "a", Request: "system.mknod", Denied: true, File: "w.lua", Line: 3}))
	readOnly := func(m *Model) { m.Status.ReadOnly = true }
	asked := func(m *Model) {
		working(m)
		m.Asked("Really?")
	}
	for _, c := range []struct {
		name  string
		given func(m *Model)
		keys  string
		state string
		// effects of the last key.
		effects string
	}{
		// The cursor.
		{"down", nil, "Down Down", "cells: a b [web-2] web-10", ""},
		{"ends", nil, "End Down", "cells: a b web-2 [web-10]", ""},
		{"begins", nil, "End Home Up", "cells: [a] b web-2 web-10", ""},
		{"other panel", nil, "Tab Down", "services: s [t]", ""},
		{"into and back", nil, "Down Enter Backspace", "cells:", "Read cells"},
		{"into", nil, "Down Enter", "members of b:", "Read members of b"},
		{"swap", nil, "Ctrl-U", "services: [s] t", ""},
		{"kinds", nil, "Alt-k p", "policies:", "Read policies"},
		{"the same kind", nil, "Alt-k c", "cells: [a] b web-2 web-10", ""},

		// Trees.
		{"fold", inTree, "Home Left", "members of a: [1+] 5", ""},
		{"fold by Enter", inTree, "Home Enter", "members of a: [1+] 5", ""},
		{"unfold", inTree, "Home Left Right", "members of a: [1] .2 ..3 .4 5", ""},
		{"right goes in", inTree, "Home Right Right", "members of a: 1 .2 [..3] .4 5", ""},
		{"left goes out", inTree, "Home Down Down Left", "members of a: 1 [.2] ..3 .4 5", ""},
		{"left at the top", inTree, "End Left", "members of a: 1 .2 ..3 .4 [5]", ""},

		// Selection.
		{"mark", nil, "Insert Ctrl-T", "cells: *a *b [web-2] web-10", ""},
		{"mark no more", nil, "Insert Up Insert", "cells: a [b] web-2 web-10", ""},
		{"pattern", nil, "+ Ctrl-U web-* Enter", "cells: [a] b *web-2 *web-10", ""},
		{"pattern, less", nil, "* - Ctrl-U web-? Enter", "cells: [*a] *b web-2 *web-10", ""},
		{"bad pattern", nil, "+ [a Enter", `cells: [a] b web-2 web-10 | form Select Names=*[a_ (Names must be a pattern with its brackets closed and something behind each \, but is "*[a")`, ""},
		{"pattern of nothing", nil, "+ x Enter", `cells: [a] b web-2 web-10 | form Select Names=*x_ (Names must match a row that is shown, but "*x" matches none)`, ""},
		{"invert", nil, "Insert *", "cells: a [*b] *web-2 *web-10", ""},
		{"what is folded away is not selected", inTree, "* Home Left", "members of a: [*1+] *5", ""},
		{"none", nil, "Insert Esc Esc", "cells: a [b] web-2 web-10", ""},

		// Searches, sieves and orders.
		{"search", nil, "Ctrl-S web", "cells: a b [web-2] web-10 | search web", ""},
		{"search, next", nil, "Ctrl-S web Ctrl-S", "cells: a b web-2 [web-10] | search web", ""},
		{"search, around", nil, "Ctrl-S web Ctrl-S Down", "cells: a b [web-2] web-10 | search web", ""},
		{"search, before", nil, "Ctrl-S web Up", "cells: a b web-2 [web-10] | search web", ""},
		{"search, back to where it began", nil, "Ctrl-S b Ctrl-S Backspace", "cells: [a] b web-2 web-10 | search ", ""},
		{"search, missing", nil, "Ctrl-S xy", `cells: [a] b web-2 web-10 | search xy | said no row has "xy"`, ""},
		{"search ends", nil, "Ctrl-S web Esc", "cells: a b [web-2] web-10", ""},
		{"search, then Enter", nil, "Ctrl-S web Enter", "members of web-2:", "Read members of web-2"},
		{"search while something is typed", nil, "destroy Ctrl-S b", "cells: a [b] web-2 web-10 | search b | line destroy", ""},
		{"sieve", nil, "/ web", "cells: [web-2] web-10 | sieve web true", ""},
		{"sieve stays", nil, "/ web Enter Down", "cells: web-2 [web-10] | sieve web false", ""},
		{"sieve goes", nil, "/ web Down Esc", "cells: a b web-2 [web-10]", ""},
		{"sieve goes later", nil, "/ web Enter Esc Esc", "cells: a b [web-2] web-10", ""},
		{"sieve of nothing", nil, "/ xy", `cells: | sieve xy true | said no row has "xy"`, ""},
		{"sieve in a tree", inTree, "Home Left / 3", "members of a: 1 .2 [..3] | sieve 3 true", ""},
		{"what is sieved out is not selected", nil, "* / web Esc", "cells: a b [*web-2] *web-10", ""},
		{"sort", nil, "Alt-s Alt-s", "cells: web-10 web-2 b [a] | said sorted by MEMORY, the smallest first", ""},
		{"sort back", nil, "Alt-r", "cells: web-10 web-2 b [a] | said sorted by NAME, the greatest first", ""},
		{"sort by names", nil, "Alt-s", "cells: [a] b web-2 web-10 | said sorted by NAME, the smallest first", ""},
		{"sort no more", nil, "Alt-s Alt-s Alt-s", "cells: [a] b web-2 web-10 | said not sorted", ""},

		// The line.
		{"typed", nil, "x = 1 Enter", "cells: [a] b web-2 web-10", "Statement x=1"},
		{"entered once", nil, "x = 1 Enter Enter", "members of a:", "Read members of a"},
		{"nothing", nil, "Space Enter", "cells: [a] b web-2 web-10", ""},
		{"the cursor moves while something is typed", nil, "x Down", "cells: a [b] web-2 web-10 | line x", ""},
		{"several lines", nil, "x Alt-Enter Down", "cells: a [b] web-2 web-10 | line xa ", ""},
		{"name", nil, "destroy Space Down Alt-Enter", "cells: a [b] web-2 web-10 | line destroy b ", ""},
		{"name by Escape and Enter", nil, "Esc Enter", "cells: [a] b web-2 web-10 | line a ", ""},
		{"history", nil, "Alt-p Alt-p", "cells: [a] b web-2 web-10 | line list", ""},
		{"history, back", nil, "Ctrl-P Ctrl-P Ctrl-N", "cells: [a] b web-2 web-10 | line print(1)", ""},
		{"looked for in the history", nil, "Ctrl-R li Enter", "cells: [a] b web-2 web-10", "Statement list"},
		{"complete", nil, "x Tab Tab", "cells: [a] b web-2 web-10 | line xone", ""},
		{"Escape closes what can follow", nil, "x Tab Esc", "cells: [a] b web-2 web-10 | line x", ""},
		{"cut", nil, "abc Ctrl-U", "cells: [a] b web-2 web-10", ""},
		{"erased, and not left", func(m *Model) { m.Panel().visit(members) }, "ab Backspace Backspace Backspace Backspace", "members of a:", ""},
		{"left", func(m *Model) { m.Panel().visit(members) }, "a Backspace Up Backspace", "cells:", "Read cells"},
		{"signs while something is typed", nil, "1 + 2 * 3 / 4 - 5", "cells: [a] b web-2 web-10 | line 1+2*3/4-5", ""},
		{"given up", nil, "abc Ctrl-C", "cells: [a] b web-2 web-10", ""},
		{"erased", nil, "abc Esc Esc", "cells: [a] b web-2 web-10", ""},
		{"not entered while something runs", working, "x Enter", "cells: [a] b web-2 web-10 | line x | said check is not done yet: Ctrl-C stops it | job check", ""},

		// Escape and Alt with digits.
		{"Escape 7", nil, "Esc 7", "cells: [a] b web-2 web-10 | form Create a cell Name=_ Host's root=no", ""},
		{"Alt 0", nil, "Alt-0", "cells: [a] b web-2 web-10", "Leave"},
		{"Escape 0", nil, "Esc 0", "cells: [a] b web-2 web-10", "Leave"},
		{"Escape s", nil, "Esc s", "cells: [a] b web-2 web-10 | said sorted by NAME, the smallest first", ""},
		{"Escape x", nil, "Esc x", "cells: [a] b web-2 web-10 | line x", ""},
		{"Escape 0 closes no more than a dialog", nil, "F7 Esc 0", "cells: [a] b web-2 web-10", ""},
		{"Escape twice closes no more than a dialog", nil, "Insert F7 Esc Esc", "cells: *a [b] web-2 web-10", ""},
		{"Escape 7 in a text", nil, "F1 Esc 7 q", "cells: [a] b web-2 web-10 | page help: cells 0", ""},

		{"help on a text, once", nil, "F1 F1 F1", "cells: [a] b web-2 web-10 | page help: cells 0 | page help: texts 0", ""},
		{"help on a form", nil, "F7 F1 q", "cells: [a] b web-2 web-10 | form Create a cell Name=_ Host's root=no", ""},

		// Cells.
		{"can", nil, "F3", "cells: [a] b web-2 web-10 | job can a", "Run can a"},
		{"rules", nil, "F4", "policies of a:", "Read policies of a"},
		{"copy", nil, "F5", "cells: [a] b web-2 web-10 | form A cell like a Name=a-2_ Root=/cells/a-2 Host's root=no", ""},
		{"copy, counted on", nil, "End F5", "cells: a b web-2 [web-10] | form A cell like web-10 Name=web-11_ Root=/cells/web-11 Host's root=no", ""},
		{"the root follows the name", nil, "F7 x", "cells: [a] b web-2 web-10 | form Create a cell Name=x_ Root=/cells/x Host's root=no", ""},
		{"until it is written", nil, "F7 x Tab y BackTab z", "cells: [a] b web-2 web-10 | form Create a cell Name=xz_ Root=/cells/xy Host's root=no", ""},
		{"create", nil, "F7 x Tab Tab Right Tab 80 Enter", "cells: [a] b web-2 web-10 | job create cell x", "Run create --root=/cells/x --profile=low --ports=80 x"},
		{"all that is wrong", nil, "F7 a/ Tab Ctrl-U x Tab Tab 0 Tab Tab q Enter", "cells: [a] b web-2 web-10 | form Create a cell Name=a/_ (Name must consist of A-Z a-z 0-9 . _ -, but has the character '/') " +
			"Root=x (Root must be an absolute path of at most 255 bytes, but is \"x\") Ports=0 (Ports must be ports from 1 to 65535, but one is \"0\") Memory=q (Memory must be a whole number, a size such as 512M, or unlimited, but is \"q\") Host's root=no", ""},
		{"a form waits for what runs", working, "F7 x Enter", "cells: [a] b web-2 web-10 | said check is not done yet: Ctrl-C stops it | job check | form Create a cell Name=x_ Root=/cells/x Host's root=no", ""},
		{"destroy", nil, "F8", "cells: [a] b web-2 web-10 | question Destroy Destroy [Cancel]", ""},
		{"not destroyed", nil, "F8 Enter", "cells: [a] b web-2 web-10", ""},
		{"destroyed", nil, "F8 d", "cells: [a] b web-2 web-10 | job destroy cell a", "Run destroy a"},
		{"what is in the way", nil, "Down F8", "cells: a [b] web-2 web-10 | question Destroy Destroy Stop and destroy [Cancel]", ""},
		{"stopped and destroyed", nil, "Down F8 s", "cells: a [b] web-2 web-10 | job stop and destroy cell b", "Run destroy --stop b"},
		{"several are destroyed", nil, "Insert Down Insert F8 d", "cells: *a b *web-2 [web-10] | job destroy 2 cells: a, web-2", "Run destroy a web-2"},
		{"read-only", readOnly, "F8", "cells: [a] b web-2 web-10 | message Refused: destroy it, or all that are selected: the session must not be read-only for this, but is\nhint: start cellsh without --readonly", ""},

		// Members, services and output.
		{"kill", inTree, "F8 h", "members of a: [1] .2 ..3 .4 5 | job send HUP to cell a", "Run kill a HUP"},
		{"another signal", inTree, "F8 o winch Enter", "members of a: [1] .2 ..3 .4 5 | job send winch to cell a", "Run kill a winch"},
		{"no signal", inTree, "F8 o x Enter", `members of a: [1] .2 ..3 .4 5 | form Send a signal to cell a Signal=x_ (Signal must be a name or a number of a signal, like TERM, KILL, HUP or 15, but is "x")`, ""},
		{"stop", nil, "Tab F8 s", "services: [s] t | job stop service s", "Run stop s"},
		{"start", nil, "Tab End F7", "services: s [t] | job start service t", "Run start t"},
		{"start of those that do not run", nil, "Tab * F7", "services: [*s] *t | job start service t", "Run start t"},
		{"restart", nil, "Tab F6 r", "services: [s] t | job restart service s", "Run restart s"},
		{"edit a service", nil, "Tab F4", "services: [s] t", "Edit s.lua:3"},
		{"no edit while something runs", working, "Tab F4", "services: [s] t | said check is not done yet: Ctrl-C stops it | job check", ""},

		// Policies, decisions and generations.
		{"source", policies, "Home F3", "policies: [web] bind new | job source", "Run show"},
		{"edit", policies, "Home Down F4", "policies: web [bind] new", "Edit w.lua:9"},
		{"rename", policies, "Home F6 x Enter", "policies: [web] bind new | job change policy web", "Rewrite web to webx for web-*"},
		{"other cells", policies, "Home F6 Tab Space db-* Enter", "policies: [web] bind new | job change policy web", "Rewrite web to web for web-* db-*"},
		{"renamed to the same", policies, "Home F6 Enter", "policies: [web] bind new | form Policy web Name=web_ (Name or the cells must be others, but are the same) Cells=web-*", ""},
		{"forget", policies, "End F8 f", "policies: web bind [new] | job forget policy new", "Run forget new"},
		{"unload", policies, "Home F8 u", "policies: [web] bind new | job unload policy web", "Run unload web"},
		{"why", policies, "Home Down F5", "policies: web [bind] new | form Why Cell=web-2_ Request=network.bind.privport", ""},
		{"why, of a cell that there is not", at(Place{Kind: Policies}, row("p", Policy{Name: "p", Cells: []string{"db-*"}})), "F5", "policies: [p] | form Why Cell=db-1_", ""},
		{"why, in what one cell may do", at(Place{Policies, "a"}, row("r", Rule{Policy: "p", Request: "system"})), "F5", "policies of a: [r] | form Why Cell=a_ Request=system", ""},
		{"learn", decisions, "End F5", "decisions: 1 [2] | job learn system.mknod", "Learn system.mknod"},
		{"nothing to learn", decisions, "Home F5", "decisions: [1] 2", ""},
		{"diff with what is loaded", generations, "Home F5", "generations: [1] 2 3 | job what generation 1 would change", "Run diff --generations 1"},
		{"what is loaded has changed", generations, "End F5", "generations: 1 2 [3] | job what changes from generation 2 to generation 3", "Run diff --generations 2 3"},
		{"diff of two", generations, "End Insert Home Insert F5", "generations: *1 [2] *3 | job what changes from generation 1 to generation 3", "Run diff --generations 1 3"},
		{"roll back", generations, "Home F8 r", "generations: [1] 2 3 | job roll back to generation 1", "Run rollback 1"},
		{"not to one that is not good", generations, "Home Down F8", "generations: 1 [2] 3", ""},

		// Questions of what runs.
		{"a letter only goes to an answer", asked, "y", "cells: [a] b web-2 web-10 | job check | question Question [Yes] No", ""},
		{"yes", asked, "y Enter", "cells: [a] b web-2 web-10 | job check", "Answer true"},
		{"what was typed for the line is no yes", asked, "y =5 Enter", "cells: [a] b web-2 web-10 | job check", "Answer false"},
		{"no", asked, "Esc", "cells: [a] b web-2 web-10 | job check", "Answer false"},
		{"stopped", asked, "Ctrl-C", "cells: [a] b web-2 web-10 | job check", "Answer false, Stop"},
		{"stopped while something is typed", working, "x Ctrl-C", "cells: [a] b web-2 web-10 | line x | job check", "Stop"},

		// What is wrong with forms.
		{"no command", inTree, "F7 Tab a|b Enter", `members of a: [1] .2 ..3 .4 5 | form Run in cell a Command=_ (Command must not be empty, but is) User=a|b (User must be USER or USER:GROUP, but is "a|b")`, ""},
		{"a command", inTree, "F7 ls Space -l Tab www Enter", "members of a: [1] .2 ..3 .4 5", "Statement exec --user=www a -- ls -l"},
		{"no command while something runs", func(m *Model) { inTree(m); working(m) }, "F7 ls Enter", "members of a: [1] .2 ..3 .4 5 | said check is not done yet: Ctrl-C stops it | job check | form Run in cell a Command=ls_", ""},
		{"no request", policies, "Home F5 Ctrl-U Tab x Tab y Enter", `policies: [web] bind new | form Why Cell=_ (Cell must not be empty, but is) Request=x (Request must be a scope, an action or a request, but is "x") Fields=y (Fields must be NAME=VALUE, but one is "y")`, ""},
		{"fields of several requests", policies, "Home F5 Tab system Tab euid=0 Enter", `policies: [web] bind new | form Why Cell=web-2 Request=system Fields=euid=0_ (Fields must be empty for several requests, as system stands for, but is not)`, ""},
		{"no cells", policies, "Home F6 Tab Ctrl-U Enter", "policies: [web] bind new | form Policy web Name=web Cells=_ (Cells must name a cell, but is empty)", ""},
		{"no globs", policies, "Home F6 Tab / Enter", `policies: [web] bind new | form Policy web Name=web Cells=web-*/_ (Cells must be names and globs, but "web-*/" must consist of A-Z a-z 0-9 . _ -, but has the character '/')`, ""},
		{"nothing to load", policies, "End F7 Tab / Tab x Enter", `policies: web bind [new] | form Load policies Path=_ (Path must be a file or a folder, but is empty) Only=/ (Only must consist of A-Z a-z 0-9 . _ -, but has the character '/') Confirm=60sx (Confirm must be a time such as 30s or 10m, but is "60sx")`, ""},
		{"load", policies, "Home F7 Tab Tab Ctrl-U Enter", "policies: [web] bind new | job load", "Run load w.lua"},
		{"no time", nil, "F2 Tab h Enter Tab x Tab b/ Enter", `cells: [a] b web-2 web-10 | form Audit Cells=ab/_ (Cells must be names of cells, but "ab/" must consist of A-Z a-z 0-9 . _ -, but has the character '/') For=30mx (For must be a time such as 30s or 10m, but is "30mx")`, ""},
		{"nothing to check", nil, "F2 Tab c Enter", "cells: [a] b web-2 web-10 | form Check policies Path=_ (Path must be a file or a folder, but is empty)", ""},
		{"given up by Ctrl-C", nil, "F7 Ctrl-C", "cells: [a] b web-2 web-10", ""},

		// The menu.
		{"menu", nil, "F9", "cells: [a] b web-2 web-10 | menu Left: * cells", ""},
		{"menu of the right panel", nil, "Tab F9", "services: [s] t | menu Right:   cells", ""},
		{"menu, sorted", nil, "F9 End Enter", "cells: web-10 web-2 b [a]", ""},
		{"menu, theme", nil, "F9 Left Left Down Enter", "cells: [a] b web-2 web-10", ""},
		{"do", nil, "F2", "cells: [a] b web-2 web-10 | menu Cell: what it may do, in full", ""},
		{"do with several", nil, "Insert Insert F2", "cells: *a *b [web-2] web-10 | menu Cell (2 selected): what it may do, in full", ""},
		{"do, a letter", nil, "F2 g", "cells: [a] b web-2 web-10 | job attach cell a", "Run attach a"},

		// Leaving.
		{"leave", nil, "F10", "cells: [a] b web-2 web-10", "Leave"},
		{"leave by Ctrl-D", nil, "Ctrl-D", "cells: [a] b web-2 web-10", "Leave"},
		{"not while something runs", working, "F10 s", "cells: [a] b web-2 web-10 | job check", "Stop"},
		{"not while something waits", func(m *Model) { m.Status.Confirm, m.Status.Generation = time.Unix(9, 0), 4 }, "F10 c", "cells: [a] b web-2 web-10 | job confirm generation 4", "Run confirm 4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := screen()
			if c.given != nil {
				c.given(m)
			}
			var out []Effect
			for _, k := range ParseKeys(strings.Fields(c.keys)) {
				out = m.Press(k)
			}
			if got := state(m); got != c.state {
				t.Errorf("%s must lead to\n%s\nbut leads to\n%s", c.keys, c.state, got)
			}
			if got := effects(out); got != c.effects {
				t.Errorf("%s must ask for\n%s\nbut asks for\n%s", c.keys, c.effects, got)
			}
		})
	}
}
