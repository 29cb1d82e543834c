package model

import (
	"testing"

	"cellsh/repl/editor"
)

func line() *editor.Draft {
	return editor.NewDraft(editor.Language{}, editor.NewPalette(false, ""), editor.Prompts{First: "> "}, nil)
}

// TestPanels: keys move in the active panel, and Enter and Backspace lead to another place and back.
func TestPanels(t *testing.T) {
	m := New(Options{Left: Place{Kind: Cells}, Right: Place{Kind: Decisions}, NewLine: line, Help: func(string) string { return "" }})
	m.Filled(Place{Kind: Cells}, Table{Rows: []Row{{ID: "a", Subject: Cell{Name: "a"}}, {ID: "b", Subject: Cell{Name: "b"}, Into: &Place{Members, "b"}}}}, "")
	m.Press(Key{Name: Down})
	if e := m.Press(Key{Name: Enter}); len(e) != 1 || e[0] != (Read{Place{Members, "b"}}) {
		t.Fatalf("Enter must have the members of b read, but: %v", e)
	}
	m.Press(Key{Name: Backspace})
	m.Filled(Place{Kind: Cells}, Table{Rows: []Row{{ID: "0", Subject: Cell{Name: "0"}}, {ID: "a", Subject: Cell{Name: "a"}}, {ID: "b", Subject: Cell{Name: "b"}}}}, "")
	if r := m.Panel().Row(); r == nil || r.ID != "b" {
		t.Errorf("Backspace must lead back to b, but to %v", r)
	}
	for _, k := range ParseKeys([]string{"x = 1", "Enter"}) {
		if e := m.Press(k); k.Name == Enter && (len(e) != 1 || e[0] != (Statement{"x = 1"})) {
			t.Errorf("what is typed must be entered, but: %v", e)
		}
	}
}
