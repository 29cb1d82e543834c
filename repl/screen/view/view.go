package view

import (
	"cellsh/repl/screen/model"
)

// Draw draws a screen. The model must have been told how large it is.
func Draw(m *model.Model, skin Skin) *Grid {
	l := m.Layout()
	g := newGrid(l.Width, l.Height, &skin)
	g.high = l.Height - l.Keys.Height
	dialogs := m.Dialogs()
	first := -1 // the last page: it covers all that is below it
	for i, d := range dialogs {
		if _, is := d.(*model.Page); is {
			first = i
		}
	}
	if first < 0 {
		g.screen(m)
	}
	for i, d := range dialogs[max(first, 0):] {
		top := max(first, 0)+i == len(dialogs)-1
		// What is below a dialog does nothing, but for the function keys.
		g.zone(model.Rect{Width: l.Width, Height: l.Height}, nil)
		g.Cursor = false
		switch d := d.(type) {
		case *model.Page:
			g.page(m, d, top)
		case *model.Question:
			g.question(d)
		case *model.Message:
			g.message(d)
		case *model.Form:
			g.form(d)
		case *model.Menu:
			g.menu(d)
		}
	}
	if len(dialogs) > 0 {
		if _, is := dialogs[len(dialogs)-1].(*model.Page); !is && l.Keys.Height > 0 {
			g.keys(m, l.Keys)
		}
	}
	return g
}

// screen draws what is below all dialogs.
func (g *Grid) screen(m *model.Model) {
	l := m.Layout()
	for i, r := range l.Panels {
		if r.Width > 0 {
			g.panel(m, i, r)
		}
	}
	status := l.Status
	if l.Line.Height > 0 {
		status.Y -= g.commandLine(m, l.Line) - 1
	}
	switch {
	case l.Status.Height > 0:
		g.status(m, status)
	case (m.Said.Text != "" || m.Job != nil) && l.Width >= 12:
		// There is no line for it: for as long as it must be told, another has to do.
		if l.Keys.Height > 0 {
			g.keys(m, l.Keys)
			g.status(m, l.Keys)
			return
		}
		g.status(m, model.Rect{Width: l.Width, Height: 1})
	}
	if l.Keys.Height > 0 {
		g.keys(m, l.Keys)
	}
	g.find(m)
}

// box draws the frame of a dialog in the middle of the screen, and gives what is within.
func (g *Grid) box(columns, rows, free int, title string) model.Rect {
	w, h := columns+2+2*free, rows+2
	r := model.Rect{X: max((g.Width-w)/2, 0), Y: max((g.high-h)/2, 0), Width: w, Height: h}
	g.frame(r, g.skin.double, DialogFrame, Dialog)
	g.shadow(r)
	g.title(r, title, DialogTitle)
	return model.Rect{X: r.X + 1 + free, Y: r.Y + 1, Width: columns, Height: rows}
}

// frame draws one, with nothing in it.
func (g *Grid) frame(r model.Rect, f frame, role, inside Role) {
	g.fill(r, inside)
	right, bottom := r.X+r.Width-1, r.Y+r.Height-1
	for x := r.X + 1; x < right; x++ {
		g.set(x, r.Y, cluster{f.across, 1}, role, "")
		g.set(x, bottom, cluster{f.across, 1}, role, "")
	}
	for y := r.Y + 1; y < bottom; y++ {
		g.set(r.X, y, cluster{f.down, 1}, role, "")
		g.set(right, y, cluster{f.down, 1}, role, "")
	}
	g.set(r.X, r.Y, cluster{f.topLeft, 1}, role, "")
	g.set(right, r.Y, cluster{f.topRight, 1}, role, "")
	g.set(r.X, bottom, cluster{f.bottomLeft, 1}, role, "")
	g.set(right, bottom, cluster{f.bottomRight, 1}, role, "")
}

// shadow darkens what is at the right of a box and below it.
func (g *Grid) shadow(r model.Rect) {
	g.paint(model.Rect{X: r.X + r.Width, Y: r.Y + 1, Width: 2, Height: r.Height - 1}, Shadow)
	g.paint(model.Rect{X: r.X + 2, Y: r.Y + r.Height, Width: r.Width, Height: 1}, Shadow)
}

// title writes one into the middle of the upper line of a frame.
func (g *Grid) title(r model.Rect, title string, role Role) {
	if title == "" || r.Width < 6 {
		return
	}
	text := safe(title)
	w := min(textWidth(text), r.Width-4)
	x := r.X + (r.Width-w-2)/2
	g.set(x, r.Y, cluster{" ", 1}, role, "")
	x = g.put(x+1, r.Y, w, text, role)
	g.set(x, r.Y, cluster{" ", 1}, role, "")
}

// highlight gives another role to all places in a row of the screen that have a text, in whatever case.
func (g *Grid) highlight(x, y, columns int, text string, role Role) {
	var want []string
	for text = safe(text); text != ""; {
		var c cluster
		c, text = next(text)
		want = append(want, lower(c.text))
	}
	if len(want) == 0 || y < 0 || y >= g.Height {
		return
	}
	var at []int // where the characters are
	row := g.Row(y)
	for i := x; i < min(x+columns, g.Width); i++ {
		if row[i].Width > 0 {
			at = append(at, i)
		}
	}
	for i := 0; i+len(want) <= len(at); i++ {
		n := 0
		for n < len(want) && lower(row[at[i+n]].Text) == want[n] {
			n++
		}
		if n < len(want) {
			continue
		}
		last := at[i+n-1]
		g.paint(model.Rect{X: at[i], Y: y, Width: last + int(row[last].Width) - at[i], Height: 1}, role)
		i += n - 1
	}
}
