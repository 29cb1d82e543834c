package view

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"cellsh/repl/screen/model"
	"cellsh/repl/show"
)

// texts are also such as nobody expects: what a terminal acts upon, wide characters, and marks without end.
var texts = rapid.OneOf(
	rapid.StringMatching(`[a-z0-9./-]{0,12}`),
	rapid.StringMatching(`([a-z]{1,9} ){0,20}`),
	rapid.StringN(0, 12, -1),
	rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 9), func(b []byte) string { return string(b) }),
	rapid.SampledFrom([]string{"", " ", "日本語", "e\u0301\u0302", "\u0301", "👩‍💻", "\x1b[2J", "a\tb\nc", "\u202eabc", strings.Repeat("e\u0301\u0300", 40), strings.Repeat("界", 90)}),
)

func randomTable(t *rapid.T) model.Table {
	tone := rapid.Map(rapid.IntRange(0, int(model.Faint)), func(i int) model.Tone { return model.Tone(i) })
	randomField := rapid.Custom(func(t *rapid.T) model.Field {
		f := model.Field{Text: texts.Draw(t, "text")}
		if rapid.IntRange(0, 4).Draw(t, "sparks") == 0 {
			f.Spark = rapid.SliceOfN(rapid.Uint8(), 1, 60).Draw(t, "spark")
		}
		return f
	})
	var out model.Table
	for range rapid.IntRange(0, 6).Draw(t, "columns") {
		out.Columns = append(out.Columns, model.Column{Title: texts.Draw(t, "title"), Right: rapid.Bool().Draw(t, "right"), Grows: rapid.Bool().Draw(t, "grows"),
			Least: rapid.IntRange(0, 12).Draw(t, "least"), Rank: rapid.IntRange(0, 4).Draw(t, "rank")})
	}
	for i := range rapid.IntRange(0, 30).Draw(t, "rows") {
		r := model.Row{ID: fmt.Sprint(i), Tone: tone.Draw(t, "tone"), Depth: rapid.IntRange(0, 4).Draw(t, "depth"), Fields: rapid.SliceOfN(randomField, 0, 7).Draw(t, "fields"),
			Detail: rapid.SliceOfN(randomField, 0, 7).Draw(t, "detail")}
		if rapid.Bool().Draw(t, "has subject") {
			r.Subject = model.Cell{Name: "x"}
		}
		out.Rows = append(out.Rows, r)
	}
	if rapid.Bool().Draw(t, "noted") {
		out.Note = texts.Draw(t, "note")
	}
	return out
}

func randomDialog(t *rapid.T) model.Dialog {
	switch rapid.IntRange(0, 3).Draw(t, "dialog") {
	case 0:
		q := &model.Question{Title: texts.Draw(t, "title"), Text: texts.Draw(t, "text")}
		for i := range rapid.IntRange(1, 5).Draw(t, "choices") {
			q.Choices = append(q.Choices, model.Choice{Label: fmt.Sprint(i) + texts.Draw(t, "label")})
		}
		return q
	case 1:
		return &model.Message{Title: texts.Draw(t, "title"), Text: strings.Repeat(texts.Draw(t, "text")+"\n", rapid.IntRange(1, 30).Draw(t, "lines")), Tone: model.Tone(rapid.IntRange(0, int(model.Faint)).Draw(t, "tone"))}
	case 2:
		f := &model.Form{Title: texts.Draw(t, "title"), Wrong: texts.Draw(t, "wrong")}
		for range rapid.IntRange(1, 20).Draw(t, "fields") {
			var choices []string
			if rapid.Bool().Draw(t, "has choices") {
				choices = rapid.SliceOfN(texts, 1, 5).Draw(t, "choices")
			}
			f.Fields = append(f.Fields, model.NewInput(texts.Draw(t, "label"), texts.Draw(t, "value"), texts.Draw(t, "hint"), choices...))
		}
		return f
	default:
		p := &model.Page{Title: texts.Draw(t, "title"), Lines: rapid.SliceOfN(texts, 1, 60).Draw(t, "lines")}
		if rapid.Bool().Draw(t, "keys") {
			p.Keys = map[int]model.PageKey{4: {Label: texts.Draw(t, "label")}}
		}
		return p
	}
}

// keys that change what is seen; Enter is not one of them, which a form that was made by hand does not know.
var keys = []string{"Tab", "BackTab", "Up", "Down", "Left", "Right", "Home", "End", "PageUp", "PageDown", "Insert", "Ctrl-S", "x", "/", "e", "F1", "F9", "Esc", "Backspace", "*", "+", "Ctrl-U", "n", "Alt-s", "Alt-r", "F2", "Ctrl-C"}

func randomModel(t *rapid.T) *model.Model {
	left, right := model.Place{Kind: model.Cells}, model.Place{Kind: model.Policies, Of: texts.Draw(t, "of")}
	m := newModel(80, 24, left, right)
	m.Filled(left, randomTable(t), "")
	if rapid.Bool().Draw(t, "read") {
		m.Filled(right, randomTable(t), "")
	} else {
		m.Filled(right, model.Table{}, texts.Draw(t, "wrong"))
	}
	m.Resize(rapid.IntRange(1, 140).Draw(t, "width"), rapid.IntRange(1, 50).Draw(t, "height"))
	m.Status = model.Status{Kernel: texts.Draw(t, "kernel"), Generation: rapid.Uint64().Draw(t, "generation"), Pending: rapid.IntRange(0, 3).Draw(t, "pending"), ReadOnly: rapid.Bool().Draw(t, "readonly")}
	if rapid.Bool().Draw(t, "confirm") {
		m.Status.Confirm = now.Add(time.Duration(rapid.IntRange(-5, 9999).Draw(t, "left")) * time.Second)
		m.Status.Audit = m.Status.Confirm
	}
	pressed := func() {
		for _, k := range rapid.SliceOfN(rapid.SampledFrom(keys), 0, 8).Draw(t, "keys") {
			press(m, k)
		}
	}
	pressed()
	if rapid.Bool().Draw(t, "has job") {
		m.Job = &model.Job{Title: texts.Draw(t, "job"), Where: texts.Draw(t, "where"), Began: now.Add(time.Duration(rapid.IntRange(-99, 9).Draw(t, "began")) * time.Second)}
	}
	if rapid.IntRange(0, 2).Draw(t, "has dialog") > 0 {
		m.Open(randomDialog(t))
		pressed()
		m.Resize(rapid.IntRange(1, 140).Draw(t, "width again"), rapid.IntRange(1, 50).Draw(t, "height again"))
	}
	if rapid.Bool().Draw(t, "has said") {
		m.Say(model.Tone(rapid.IntRange(0, int(model.Faint)).Draw(t, "tone")), "%s", texts.Draw(t, "said"))
	}
	return m
}

// TestGrids: whatever a model shows, on a screen of any size, the grid is one that a terminal can show, and everything has the same
// place in each skin.
func TestGrids(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := randomModel(t)
		u, a := Draw(m, Unicode), Draw(m, ASCII)
		for _, g := range []*Grid{u, a} {
			l := m.Layout()
			if g.Width != l.Width || g.Height != l.Height || len(g.cells) != g.Width*g.Height {
				t.Fatalf("a screen of %dx%d has %d cells", g.Width, g.Height, len(g.cells))
			}
			for y := range g.Height {
				whole(t, g, y)
			}
			if g.Cursor && (g.X < 0 || g.X >= g.Width || g.Y < 0 || g.Y >= g.Height) {
				t.Fatalf("the cursor of %dx%d is at %d,%d", g.Width, g.Height, g.X, g.Y)
			}
		}
		if !isASCII(a.Text()) {
			t.Fatalf("%q is not ASCII", a.Text())
		}
		if u.Cursor != a.Cursor || u.X != a.X || u.Y != a.Y {
			t.Fatalf("the cursor is at %d,%d and %d,%d", u.X, u.Y, a.X, a.Y)
		}
		x, y := rapid.IntRange(0, u.Width-1).Draw(t, "x"), rapid.IntRange(0, u.Height-1).Draw(t, "y")
		if u.Spot(x, y) != a.Spot(x, y) {
			t.Fatalf("at %d,%d are %v and %v", x, y, u.Spot(x, y), a.Spot(x, y))
		}
		if b, is := u.Spot(x, y).(model.AtButton); is {
			if _, form := m.Dialog().(*model.Form); form && b.Index == 0 {
				return // a form that was made by hand does not know Enter
			}
		}
		m.Wheel(u.Spot(x, y), rapid.IntRange(-3, 3).Draw(t, "wheel"))
		m.Click(u.Spot(x, y), rapid.Bool().Draw(t, "double"))
		Draw(m, Unicode)
	})
}

// whole checks that the cells of a row are characters that take as many columns as they say.
func whole(t *rapid.T, g *Grid, y int) {
	row := g.Row(y)
	for x := 0; x < len(row); {
		c := row[x]
		if c.Width == 0 || !utf8.ValidString(c.Text) || show.Width(c.Text) != int(c.Width) || c.Role >= Roles {
			t.Fatalf("at %d,%d of %dx%d is %+v", x, y, g.Width, g.Height, c)
		}
		for _, r := range c.Text {
			if !unicode.IsGraphic(r) {
				t.Fatalf("at %d,%d is %+q", x, y, c.Text)
			}
		}
		for i := 1; i < int(c.Width); i++ {
			if x+i >= len(row) || row[x+i] != (Cell{"", 0, c.Role, c.SGR}) {
				t.Fatalf("at %d,%d is half of %q", x+i, y, c.Text)
			}
		}
		x += int(c.Width)
	}
}

// TestSmall: the smallest screens show what they can.
func TestSmall(t *testing.T) {
	for _, s := range scenes {
		for width := 2; width <= 24; width++ {
			for height := 1; height <= 8; height++ {
				left, right := places(s.left, s.right)
				if s.name == "many" {
					continue
				}
				m := newModel(80, 24, left, right)
				if s.make != nil {
					s.make(m)
				}
				m.Resize(width, height)
				if g := Draw(m, Unicode); strings.TrimSpace(g.Text()) == "" {
					t.Errorf("%s is empty at %dx%d", s.name, width, height)
				}
			}
		}
	}
}

// TestNotByColour: what a colour tells is also told without one.
func TestNotByColour(t *testing.T) {
	cells := func() *model.Model {
		return newModel(80, 24, model.Place{Kind: model.Cells}, model.Place{Kind: model.Decisions})
	}
	toned := func(tone model.Tone) func(*model.Model) {
		return func(m *model.Model) {
			m.Filled(m.Panels[0].Place, model.Table{Columns: []model.Column{{Title: "cell"}}, Rows: []model.Row{{ID: "a", Fields: fields("a"), Tone: tone}}}, "")
		}
	}
	said := func(tone model.Tone) func(*model.Model) {
		return func(m *model.Model) { m.Say(tone, "it is so") }
	}
	message := func(tone model.Tone) func(*model.Model) {
		return func(m *model.Model) { m.Open(&model.Message{Title: "load", Text: "x", Tone: tone}) }
	}
	dialog := func(make func() model.Dialog, words ...string) func(*model.Model) {
		return func(m *model.Model) { m.Open(make()); press(m, words...) }
	}
	question := func() model.Dialog {
		return &model.Question{Title: "Q", Choices: []model.Choice{{Label: "Yes"}, {Label: "No"}}}
	}
	form := func() model.Dialog { return create() }
	keyed := func(words ...string) func(*model.Model) { return func(m *model.Model) { press(m, words...) } }
	for name, ways := range map[string][]func(*model.Model){
		"tones of rows":     {toned(model.Plain), toned(model.Good), toned(model.Warning), toned(model.Bad), toned(model.Faint)},
		"tones of words":    {said(model.Plain), said(model.Good), said(model.Warning), said(model.Bad)},
		"tones of messages": {message(model.Plain), message(model.Good), message(model.Warning), message(model.Bad)},
		"the active panel":  {keyed(), keyed("Tab")},
		"the cursor":        {keyed(), keyed("Down")},
		"selected rows":     {keyed("Down"), keyed("Insert")},
		"the answer":        {dialog(question), dialog(question, "Right")},
		"the field":         {dialog(form), dialog(form, "Tab")},
		"the value":         {dialog(form, "Tab", "Tab"), dialog(form, "Tab", "Tab", "Right")},
		"the item":          {keyed("F9"), keyed("F9", "Down")},
		"the list":          {keyed("F9"), keyed("F9", "Right")},
		"what is folded":    {func(m *model.Model) { press(m, "F9", "Down", "Down", "Enter") }, func(m *model.Model) { press(m, "F9", "Down", "Down", "Enter"); press(m, "Left") }},
	} {
		for _, skin := range []Skin{Unicode, ASCII} {
			seen := map[string]int{}
			for i, way := range ways {
				m := cells()
				way(m)
				text := Draw(m, skin).Text()
				if before, is := seen[text]; is {
					t.Errorf("%s: %d and %d look the same:\n%s", name, before, i, text)
				}
				seen[text] = i
			}
		}
	}
}

// TestHarmless: a text from a cell does nothing to a terminal, and is told in full.
func TestHarmless(t *testing.T) {
	m := newModel(80, 24, model.Place{Kind: model.Cells}, model.Place{Kind: model.Decisions})
	m.Filled(m.Panels[0].Place, model.Table{Columns: []model.Column{{Title: "cell"}}, Rows: []model.Row{{ID: "a", Fields: fields("a\x1b]0;x\a\r\u202e")}, {ID: "b", Fields: fields("日本e\u0301x")}}}, "")
	for _, x := range []struct {
		Skin
		want []string
	}{{Unicode, []string{`a\027]0;x\a\r\226\128\174`, "日本e\u0301x"}}, {ASCII, []string{`a\027]0;x\a\r\226\128\174`, "?????x"}}} {
		text := Draw(m, x.Skin).Text()
		for _, w := range x.want {
			if !strings.Contains(text, w) {
				t.Errorf("%q is not in\n%s", w, text)
			}
		}
	}
}

func BenchmarkDraw(b *testing.B) {
	for _, size := range [][2]int{{80, 24}, {200, 60}} {
		for _, rows := range []int{100, 10000} {
			b.Run(fmt.Sprintf("%dx%d/%d rows", size[0], size[1], rows), func(b *testing.B) {
				m := newModel(size[0], size[1], model.Place{Kind: model.Cells}, model.Place{Kind: model.Decisions})
				fill(m, rows)
				press(m, "End", "PageUp")
				b.ReportAllocs()
				for b.Loop() {
					Draw(m, Unicode)
				}
			})
		}
	}
}

// BenchmarkFill is what it takes when a table was read anew: how wide its columns are is found again.
func BenchmarkFill(b *testing.B) {
	m := newModel(200, 60, model.Place{Kind: model.Cells}, model.Place{Kind: model.Decisions})
	fill(m, 10000)
	t := m.Panels[0].Table
	b.ReportAllocs()
	for b.Loop() {
		m.Filled(m.Panels[0].Place, t, "")
		Draw(m, Unicode)
	}
}
