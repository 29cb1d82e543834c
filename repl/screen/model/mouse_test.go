package model

import (
	"reflect"
	"testing"
)

// TestMouse: a click does what the keys would do at that place, and nothing where a dialog is on top.
func TestMouse(t *testing.T) {
	rows := Table{Columns: []Column{{Title: "cell"}}, Rows: []Row{
		{ID: "a", Subject: Cell{Name: "a"}, Into: &Place{Members, "a"}, Fields: []Field{{Text: "a"}}},
		{ID: "b", Subject: Cell{Name: "b"}, Fields: []Field{{Text: "b"}}}, {ID: "c", Depth: 1, Fields: []Field{{Text: "c"}}}, {ID: "d", Fields: []Field{{Text: "d"}}}}}
	question := func(m *Model) {
		m.Open(&Question{Choices: []Choice{{"Yes", []Effect{Answer{true}}}, {"No", []Effect{Answer{false}}}}, Cancel: []Effect{Answer{false}}})
	}
	form := func(m *Model) {
		m.Open(&Form{Fields: []*Input{NewInput("Name", "x", ""), NewInput("Profile", "low", "", "low", "high")}, make: func(m *Model, values []string) ([]Effect, []string) {
			return []Effect{Statement{values[0] + values[1]}}, nil
		}})
	}
	menu := func(m *Model) { m.menu() }
	for _, x := range []struct {
		name   string
		before func(m *Model)
		click  func(m *Model) []Effect
		want   []Effect
		holds  func(m *Model) bool
	}{
		{"a row", nil, func(m *Model) []Effect { return m.Click(AtRow{Panel: 0, Row: 1}, false) }, nil, func(m *Model) bool { return m.Active == 0 && m.Panel().Row().ID == "b" }},
		{"a row of the other panel", nil, func(m *Model) []Effect { return m.Click(AtRow{Panel: 1, Row: 1}, false) }, nil, func(m *Model) bool { return m.Active == 1 && m.Panel().Row().ID == "b" }},
		{"a row twice", nil, func(m *Model) []Effect { return m.Click(AtRow{Panel: 0, Row: 0}, true) }, []Effect{Read{Place{Members, "a"}}}, func(m *Model) bool { return m.Panel().Place.Of == "a" }},
		{"a row that is not there", nil, func(m *Model) []Effect { return m.Click(AtRow{Panel: 0, Row: 9}, true) }, nil, func(m *Model) bool { return m.Panel().Row().ID == "a" }},
		{"a mark of a tree", nil, func(m *Model) []Effect { return m.Click(AtRow{Panel: 0, Row: 1, Fold: true}, false) }, nil, func(m *Model) bool { return m.Panel().Len() == 3 }},
		{"a title", nil, func(m *Model) []Effect { return m.Click(AtHead{1, 0}, false) }, nil, func(m *Model) bool { at, back := m.Panel().Sorted(); return m.Active == 1 && at == 0 && !back }},
		{"a title twice", nil, func(m *Model) []Effect { m.Click(AtHead{0, 0}, false); return m.Click(AtHead{0, 0}, true) }, nil, func(m *Model) bool { at, back := m.Panel().Sorted(); return at == 0 && back }},
		{"a title that is not there", nil, func(m *Model) []Effect { return m.Click(AtHead{0, 7}, false) }, nil, func(m *Model) bool { at, _ := m.Panel().Sorted(); return at < 0 }},
		{"a panel", nil, func(m *Model) []Effect { return m.Click(AtPanel{1}, false) }, nil, func(m *Model) bool { return m.Active == 1 }},
		{"a search", func(m *Model) { m.Press(Key{Control, "s"}) }, func(m *Model) []Effect { return m.Click(AtRow{Panel: 0, Row: 3}, false) }, nil, func(m *Model) bool { _, on := m.Panel().Search(); return !on }},
		{"a key", nil, func(m *Model) []Effect { return m.Click(AtKey{10}, false) }, []Effect{Leave{}}, nil},
		{"a key that is none", nil, func(m *Model) []Effect { return m.Click(AtKey{11}, false) }, nil, nil},
		{"an answer", question, func(m *Model) []Effect { return m.Click(AtButton{1}, false) }, []Effect{Answer{false}}, func(m *Model) bool { return m.Dialog() == nil }},
		{"beside a question", question, func(m *Model) []Effect { return m.Click(nil, false) }, nil, func(m *Model) bool { return m.Dialog() != nil }},
		{"a row below a question", question, func(m *Model) []Effect { return m.Click(AtRow{Panel: 0, Row: 1}, true) }, nil, func(m *Model) bool { return m.Panel().Row().ID == "a" }},
		{"a key of a question", question, func(m *Model) []Effect { return m.Click(AtKey{10}, false) }, []Effect{Answer{false}}, func(m *Model) bool { return m.Dialog() == nil }},
		{"a message", func(m *Model) { m.Open(&Message{Text: "x"}) }, func(m *Model) []Effect { return m.Click(AtButton{0}, false) }, nil, func(m *Model) bool { return m.Dialog() == nil }},
		{"a field", form, func(m *Model) []Effect { return m.Click(AtInput{1}, false) }, nil, func(m *Model) bool {
			f := m.Dialog().(*Form)
			return f.At() == 1 && f.Fields[1].Text() == "low"
		}},
		{"a field twice", form, func(m *Model) []Effect { m.Click(AtInput{1}, false); return m.Click(AtInput{1}, true) }, nil, func(m *Model) bool { return m.Dialog().(*Form).Fields[1].Text() == "high" }},
		{"a value", form, func(m *Model) []Effect { return m.Click(AtChoice{1, 1}, false) }, nil, func(m *Model) bool { return m.Dialog().(*Form).Fields[1].Text() == "high" }},
		{"a form is done", form, func(m *Model) []Effect { return m.Click(AtButton{0}, false) }, []Effect{Statement{"xlow"}}, nil},
		{"a form is not done", form, func(m *Model) []Effect { return m.Click(AtButton{1}, false) }, nil, func(m *Model) bool { return m.Dialog() == nil }},
		{"a list", menu, func(m *Model) []Effect { return m.Click(AtList{2}, false) }, nil, func(m *Model) bool { l, i := m.Dialog().(*Menu).Chosen(); return l == 2 && i == 0 }},
		{"an item", menu, func(m *Model) []Effect { return m.Click(AtItem{1}, false) }, []Effect{Read{Place{Kind: Services}}}, func(m *Model) bool { return m.Dialog() == nil && m.Panel().Place.Kind == Services }},
		{"beside a menu", menu, func(m *Model) []Effect { return m.Click(nil, false) }, nil, func(m *Model) bool { return m.Dialog() == nil }},
		{"the wheel", nil, func(m *Model) []Effect { m.Wheel(AtRow{Panel: 1, Row: 0}, 2); return nil }, nil, func(m *Model) bool { return m.Active == 0 && m.Other().Row().ID == "c" }},
		{"the wheel back", nil, func(m *Model) []Effect { m.Wheel(AtPanel{1}, 3); m.Wheel(AtPanel{1}, -1); return nil }, nil, func(m *Model) bool { return m.Other().Row().ID == "c" }},
		{"the wheel at a page", func(m *Model) { m.Open(&Page{Lines: make([]string, 99)}) }, func(m *Model) []Effect { m.Wheel(AtText{}, 5); m.Wheel(AtText{}, -2); return nil }, nil, func(m *Model) bool { return m.Dialog().(*Page).Top() == 3 }},
		{"the wheel below a page", func(m *Model) { m.Open(&Page{Lines: make([]string, 99)}) }, func(m *Model) []Effect { m.Wheel(AtRow{}, 5); return nil }, nil, func(m *Model) bool { return m.Panel().Row().ID == "a" }},
	} {
		t.Run(x.name, func(t *testing.T) {
			m := New(Options{Left: Place{Kind: Cells}, Right: Place{Kind: Policies}, NewLine: line})
			m.Filled(Place{Kind: Cells}, rows, "")
			m.Filled(Place{Kind: Policies}, rows, "")
			if x.before != nil {
				x.before(m)
			}
			if got := x.click(m); !reflect.DeepEqual(got, x.want) && len(got)+len(x.want) > 0 {
				t.Errorf("it does %v and not %v", got, x.want)
			}
			if x.holds != nil && !x.holds(m) {
				t.Error("it leaves something else")
			}
		})
	}
}

// TestSheets: a text of a dialog is seen whole, in lines that have room, on a screen of any size.
func TestSheets(t *testing.T) {
	text := "The cell web-1 has processes, which are stopped first.\n    4 |   if r.port == 70000 then return allow end\n"
	for _, size := range [][2]int{{80, 24}, {40, 10}, {20, 6}, {8, 4}, {1, 1}} {
		m := New(Options{NewLine: line})
		m.Resize(size[0], size[1])
		d := &Message{Text: text}
		m.Open(d)
		seen := append([]string(nil), d.Lines()...)
		for d.Below() > 0 {
			m.Press(Key{Name: Down})
			lines := d.Lines()
			seen = append(seen, lines[len(lines)-1])
		}
		if !reflect.DeepEqual(seen, d.All()) || d.Above()+len(d.Lines()) != len(d.All()) {
			t.Errorf("at %v is seen %q", size, seen)
		}
		if most, _ := Room(size[0]); len(seen) > 0 {
			for _, l := range seen {
				if textWidth(l) > most {
					t.Errorf("at %v %q is wider than %d", size, l, most)
				}
			}
		}
		m.Press(Key{Name: Home})
		if d.Above() != 0 {
			t.Errorf("Home must show the first line, but %d are above", d.Above())
		}
	}
}
