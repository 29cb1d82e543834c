package view

import (
	"strings"
	"testing"

	"cellsh/repl/screen/model"
)

// place is where a text is on the screen first.
func place(t *testing.T, g *Grid, text string) (x, y int) {
	t.Helper()
	for y := range g.Height {
		// One byte for each column, so that an offset is one.
		line := ""
		for _, c := range g.Row(y) {
			if isASCII(c.Text) && c.Text != "" {
				line += c.Text
			} else {
				line += "?"
			}
		}
		if x := strings.Index(line, text); x >= 0 {
			return x, y
		}
	}
	t.Fatalf("%q is not in\n%s", text, g.Text())
	return 0, 0
}

// TestSpots: a mouse is at what is seen there, on screens of all sizes.
func TestSpots(t *testing.T) {
	cells := func(m *model.Model) {}
	for _, size := range [][2]int{{80, 24}, {132, 43}, {40, 10}} {
		for _, x := range []struct {
			name, text string
			before     func(m *model.Model)
			want       model.Spot
		}{
			{"a row", "forgejo", cells, model.AtRow{Panel: 0, Row: 1}},
			{"the frame", "[ cells ]", cells, model.AtPanel{Panel: 0}},
			{"a title", "MEMORY", cells, model.AtHead{Panel: 0, Column: 2}},
			{"a mark of a tree", "v base", func(m *model.Model) { press(m, "F9", "Down", "Down", "Enter") }, model.AtRow{Panel: 0, Row: 0, Fold: true}},
			{"a name in a tree", "base", func(m *model.Model) { press(m, "F9", "Down", "Down", "Enter") }, model.AtRow{Panel: 0, Row: 0}},
			{"a key", "9Menu", func(m *model.Model) { m.Resize(max(size[0], 60), size[1]) }, model.AtKey{Number: 9}},
			{"the last key", "10Lea", cells, model.AtKey{Number: 10}},
			{"a list", "Cell ", func(m *model.Model) { press(m, "F9") }, model.AtList{Index: 1}},
			{"an item", "decisions ", func(m *model.Model) { press(m, "F9") }, model.AtItem{Index: 3}},
			{"a row below a menu", "web-1", func(m *model.Model) { m.Resize(132, 43); press(m, "F9", "Right", "Right", "Right", "Right") }, nil},
			{"an answer", "Keep", func(m *model.Model) {
				m.Open(&model.Question{Text: "?", Choices: []model.Choice{{Label: "Destroy"}, {Label: "Keep"}}})
			}, model.AtButton{Index: 1}},
			{"an answer below others", "Later", func(m *model.Model) {
				m.Open(&model.Question{Text: "?", Choices: []model.Choice{{Label: "Now, and for good, whatever comes"}, {Label: "Later"}, {Label: "Never, and ask me no more about it"}}})
			}, model.AtButton{Index: 1}},
			{"beside an answer", "the text", func(m *model.Model) {
				m.Open(&model.Question{Text: "the text", Choices: []model.Choice{{Label: "Destroy"}, {Label: "Keep"}}})
			}, nil},
			{"a message", "OK", func(m *model.Model) { m.Open(&model.Message{Text: "x"}) }, model.AtButton{Index: 0}},
			{"a field", "/cells/web-3", func(m *model.Model) { m.Open(create()) }, model.AtInput{Index: 1}},
			{"a label", "Ports", func(m *model.Model) { m.Open(create()) }, model.AtInput{Index: 3}},
			{"the end of a form", "Cancel  ]", func(m *model.Model) { m.Open(create()) }, model.AtButton{Index: 1}},
			{"a page", "line that", func(m *model.Model) { m.Open(page()) }, model.AtText{}},
			{"the key of a page", "7Search", func(m *model.Model) { m.Open(page()) }, model.AtKey{Number: 7}},
		} {
			m := newModel(size[0], size[1], model.Place{Kind: model.Cells}, model.Place{Kind: model.Decisions})
			x.before(m)
			g := Draw(m, ASCII)
			column, row := place(t, g, x.text)
			if got := g.Spot(column, row); got != x.want {
				t.Errorf("%s at %dx%d: %q at %d,%d is %#v and not %#v", x.name, size[0], size[1], x.text, column, row, got, x.want)
			}
		}
	}
	m := newModel(80, 24, model.Place{Kind: model.Cells}, model.Place{Kind: model.Decisions})
	m.Open(create())
	g := Draw(m, ASCII)
	x, y := place(t, g, "high")
	if got := g.Spot(x, y); got != (model.AtChoice{Input: 2, Index: 2}) {
		t.Errorf("a value is %#v", got)
	}
	if got := g.Spot(-1, 99); got != nil {
		t.Errorf("beside the screen is %#v", got)
	}
}
