package model_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cellsh/kernel/connect"
	"cellsh/repl/command"
	"cellsh/repl/editor"
	"cellsh/repl/flags"
	"cellsh/repl/screen/model"
)

// subjects are rows of all sorts, by the places that list them.
var subjects = map[model.Place][]model.Subject{
	{Kind: model.Cells}: {
		model.Cell{Name: "web-1", Members: 3, Create: []string{"--root", "/cells/web-1", "--profile", "low", "--ports", "80,443", "--as", "512M", "--yes"}},
		model.Cell{Name: "-x", Members: 0}, model.Cell{Name: "other", Members: -1},
	},
	{Kind: model.Members, Of: "web-1"}:  {model.Process{Cell: "web-1", PID: 12, Command: "httpd"}},
	{Kind: model.Members, Of: "-x"}:     {model.Process{Cell: "-x", PID: 12, Command: "httpd"}},
	{Kind: model.Services}:              {model.Service{Name: "web", Cell: "web-1", File: "web.lua", Line: 3, Runs: true}, model.Service{Name: "db", Cell: "db-1", File: "db.lua", Line: 1}, model.Service{Name: "-s", Cell: "x", Runs: true}},
	{Kind: model.Output, Of: "web"}:     {model.Written{Service: "web", Text: "hello"}},
	{Kind: model.Output, Of: "-s"}:      {},
	{Kind: model.Policies}:              {model.Policy{Name: "web", Cells: []string{"web-*"}, File: "web.lua", Line: 1}, model.Policy{Name: "new", Cells: []string{"new"}, Pending: true}, model.Rule{Policy: "web", Request: "network.bind.privport", File: "web.lua", Line: 4}, model.Rule{Policy: "web", Request: "system"}},
	{Kind: model.Policies, Of: "web-1"}: {model.Rule{Policy: "web", Request: "system.reboot", File: "web.lua", Line: 4}},
	{Kind: model.Decisions}:             {model.Decision{Cell: "web-1", Request: "system.reboot", EUID: 0, Denied: true, Policy: "web", File: "web.lua", Line: 3}, model.Decision{Cell: "web-1", Request: "system.mknod", Would: true}, model.Decision{Cell: "-x", Request: "process.signal"}, model.Decision{Denied: true}, model.Decision{Cell: "web-1", Denied: true, Unsure: true}},
	{Kind: model.Generations}:           {model.Generation{Number: 1, Good: true}, model.Generation{Number: 2, Good: true}, model.Generation{Number: 3, Active: true, Waiting: true}},
}

// texts are what is put into forms where nothing is, by the labels of fields.
var texts = map[string]string{"Name": "made-1", "Root": "/cells/made-1", "Command": "ls -l", "Signal": "WINCH", "Cell": "web-1", "Cells": "web-1 other", "Request": "system.reboot", "Path": "w.lua"}

// way is how something was asked for: at a row of a place, with keys.
type way struct {
	place    model.Place
	row      int
	readOnly bool
	keys     []model.Key
}

func (w way) String() string {
	text := fmt.Sprintf("%s, row %d:", w.place.Title(), w.row)
	for _, k := range w.keys {
		text += " " + k.String()
	}
	return text
}

// walk goes every way through menus, questions and forms, and gives what is asked for.
func walk(t *testing.T, readOnly bool, each func(w way, m *model.Model, e model.Effect)) {
	for place, rows := range subjects {
		for row := range max(len(rows), 1) {
			for n := range 10 {
				w := way{place, row, readOnly, []model.Key{{Name: model.F1 + model.Name(n)}}}
				w.follow(t, 0, each)
			}
		}
	}
}

// begin is a screen at the place.
func (w way) begin() *model.Model {
	m := model.New(model.Options{Left: w.place, Right: model.Place{Kind: model.Services, Of: "no"}, NewLine: func() *editor.Draft {
		return editor.NewDraft(editor.Language{}, editor.NewPalette(false, ""), editor.Prompts{First: "> "}, nil)
	}, Themes: []string{"mc", "mono"}})
	var table model.Table
	for i, s := range subjects[w.place] {
		table.Rows = append(table.Rows, model.Row{ID: fmt.Sprint(i), Subject: s, Fields: []model.Field{{Text: fmt.Sprint(s)}}})
	}
	m.Filled(w.place, table, "")
	m.Status = model.Status{Generation: 3, Pending: 2, Confirm: time.Unix(100, 0), Audit: time.Unix(100, 0), ReadOnly: w.readOnly}
	m.Press(model.Key{Name: model.Home})
	for range w.row {
		m.Press(model.Key{Name: model.Down})
	}
	return m
}

func (w way) follow(t *testing.T, deep int, each func(w way, m *model.Model, e model.Effect)) {
	m := w.begin()
	for i, k := range w.keys {
		effects := m.Press(k)
		if i < len(w.keys)-1 {
			continue
		}
		for _, e := range effects {
			each(w, m, e)
		}
	}
	if deep > 5 {
		t.Errorf("%s: there is no end to it", w)
		return
	}
	with := func(keys ...model.Key) way {
		w := w
		w.keys = append(slices.Clip(w.keys), keys...)
		return w
	}
	switch d := m.Dialog().(type) {
	case *model.Question:
		initials := map[string]bool{}
		for _, c := range d.Choices {
			letter := strings.ToLower(c.Label[:1])
			if initials[letter] {
				t.Errorf("%s: choices must begin with different letters, but two with %q", w, letter)
			}
			initials[letter] = true
			with(model.Key{Name: model.Text, Text: letter}).follow(t, deep+1, each)
		}
	case *model.Menu:
		for list := range d.Lists {
			for item := range d.Lists[list].Items {
				with(model.MenuPath(d, list, item)...).follow(t, deep+1, each)
			}
		}
	case *model.Form:
		if last := w.keys[len(w.keys)-1]; last.Name == model.Enter && d.Wrong != "" {
			if len(subjects[w.place]) == 0 && strings.Contains(d.Wrong, "matches none") {
				return
			}
			t.Errorf("%s: form %q: %s", w, d.Title, d.Wrong)
			return
		}
		var keys []model.Key
		for i, f := range d.Fields {
			if i > 0 {
				keys = append(keys, model.Key{Name: model.Tab})
			}
			if text := texts[f.Label]; text != "" && f.Text() == "" {
				keys = append(keys, model.Key{Name: model.Paste, Text: text})
			}
			if d.Title == "Policy web" {
				keys = append(keys, model.Key{Name: model.Paste, Text: "x"})
			}
		}
		with(append(keys, model.Key{Name: model.Enter})...).follow(t, deep+1, each)
	}
}

// TestWordsAreCommands: whatever is run is a command as it takes it.
func TestWordsAreCommands(t *testing.T) {
	met := map[string]bool{}
	walk(t, false, func(w way, m *model.Model, e model.Effect) {
		var words []string
		switch e := e.(type) {
		case model.Run:
			words = e.Words
		case model.Statement:
			words = strings.Fields(e.Text)
		default:
			return
		}
		if line := strings.Join(words, " "); met[line] {
			return
		} else {
			met[line] = true
		}
		c := command.Find(words[0])
		if c == nil {
			t.Errorf("%s: there is no command %q", w, words[0])
			return
		}
		place := flags.Anywhere
		if c.Verbatim {
			place = flags.AroundFirst
		}
		if _, err := c.AllFlags().Read(words[1:], place); err != nil {
			t.Errorf("%s: %q: %v", w, words, err)
			return
		}
		switch words[0] {
		case "start", "stop", "restart", "status", "output", "exec", "doctor":
			return // they would look at this machine
		case "load":
			if slices.IndexFunc(words[1:], func(s string) bool { return s[0] != '-' }) < 0 {
				return // a session only has something to load then
			}
		}
		// Its arguments are those that it takes too, though there are neither such cells nor such policies.
		var out, wrong bytes.Buffer
		code := c.Run(words[1:], command.Common{Kernel: "sim"}, command.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &wrong, Machine: connect.Machine{Foreign: "a test"},
			Ask: func(string) bool { return true }})
		if code == command.Usage {
			t.Errorf("%s: %q: %s", w, words, wrong.String())
		}
	})
	var lines []string
	for line := range met {
		lines = append(lines, line)
	}
	slices.Sort(lines)
	for _, want := range []string{
		"can web-1", "create --root=/cells/made-1 made-1", "create --root=/cells/web-2 --profile=low --as=512M --yes web-2", "destroy web-1", "destroy --stop web-1", "destroy -- -x",
		"exec web-1", "exec web-1 -- ls -l", "exec -- -x ls -l", "kill web-1 TERM", "kill web-1 WINCH", "stats web-1", "attach web-1", "ps web-1",
		"status web", "output web", "restart web", "start db", "stop web", "stop -- -s",
		"show", "explain web-1 system.reboot", "can web-1 system", "forget new", "unload web", "unload --confirm=60s web", "load --confirm=60s w.lua", "load", "explain --source --by web.lua:3 web-1 system.reboot euid=0",
		"show 2", "diff --generations 1", "diff --generations 2 3", "confirm 3", "rollback", "rollback 1", "audit stop", "audit start --for=30m web-1", "check w.lua", "test -v w.lua", "policies", "doctor",
	} {
		if !met[want] {
			t.Errorf("%q must be asked for, but only these are:\n%s", want, strings.Join(lines, "\n"))
			break
		}
	}
}

// TestReadOnly: who may only look is refused what changes anything before it is asked about, and nothing is begun.
func TestReadOnly(t *testing.T) {
	for _, c := range command.All() {
		// stop and restart look at no kernel, and so have a refusal of their own.
		want := c.Changes || c.Reaches || c.Name == "stop" || c.Name == "restart"
		if slices.Contains(model.Changing, c.Name) != want {
			t.Errorf("%s: that it changes something must be %t", c.Name, want)
		}
	}
	refused := 0
	walk(t, true, func(w way, m *model.Model, e model.Effect) {
		switch e := e.(type) {
		case model.Run:
			if slices.Contains(model.Changing, e.Words[0]) {
				t.Errorf("%s: %q must be refused", w, e.Words)
			}
		case model.Statement, model.Write:
			t.Errorf("%s: %#v must be refused", w, e)
		}
	})
	for place, rows := range subjects {
		for row := range rows {
			for n := range 10 {
				m := way{place: place, row: row, readOnly: true}.begin()
				label := m.Keys()[n].Label
				m.Press(model.Key{Name: model.F1 + model.Name(n)})
				if d, is := m.Dialog().(*model.Message); is {
					refused++
					if !strings.Contains(d.Text, "must not be read-only for this, but is\nhint: start cellsh without --readonly") {
						t.Errorf("%s: %s: %s", place.Title(), label, d.Text)
					}
				} else if slices.Contains([]string{"Create", "Copy", "Remove", "Kill", "Run", "Start", "Stop", "Restrt", "Load", "Unload", "Confrm", "RollBk"}, label) {
					t.Errorf("%s: %s must be refused at once", place.Title(), label)
				}
			}
		}
	}
	if refused < 15 {
		t.Errorf("many keys must be refused, but only %d are", refused)
	}
}
