package view

import (
	"strconv"
	"strings"

	"cellsh/repl/screen/model"
	"cellsh/repl/show"
)

// toneRoles are the roles of rows.
var toneRoles = [...]Role{model.Plain: Row, model.Good: Good, model.Warning: Warning, model.Bad: Bad, model.Faint: Faint}

func (g *Grid) panel(m *model.Model, side int, r model.Rect) {
	p, active := &m.Panels[side], side == m.Active
	parts := m.Parts(side)
	g.fill(r, Row)
	g.zone(r, model.AtPanel{Panel: side})
	if parts.Rows != r {
		g.panelFrame(p, r, parts, active)
	}
	in := parts.Rows
	gutter := model.Gutter
	if in.Width < 4*gutter {
		gutter = 0 // there is only room for names
	}
	room := in.Width - gutter
	cols := columns(p, room)
	if spare := columns(p, room-1); len(spare) == len(cols) {
		cols = spare // a column is free before the frame
	}
	x := in.X + gutter
	if h := parts.Head; h.Height > 0 {
		g.fill(h, Head)
		for _, c := range cols {
			col := p.Table.Columns[c.index]
			if col.Right {
				g.putRight(x+c.from, h.Y, c.width, safe(col.Title), Head)
			} else {
				g.put(x+c.from, h.Y, c.width, safe(col.Title), Head)
			}
		}
	}
	search, searching := p.Search()
	for i, row := range p.Rows() {
		if i >= in.Height {
			break
		}
		y := in.Y + i
		role := toneRoles[row.Tone]
		marked, at := p.Marked(row), i == p.Cursor()
		switch {
		case at && active && marked:
			role = MarkedCursor
		case at && active:
			role = Cursor
		case marked:
			role = Marked
		case at:
			role = OtherCursor
		}
		line := model.Rect{X: in.X, Y: y, Width: in.Width, Height: 1}
		g.fill(line, role)
		if at && active && parts.Rows != r {
			g.set(r.X, y, cluster{g.skin.at, 1}, ActiveTitle, "")
		}
		if marked && gutter > 0 {
			g.set(in.X, y, cluster{g.skin.mark, 1}, role, "")
		}
		if gutter > 0 {
			g.set(in.X+1, y, cluster{g.skin.tones[row.Tone], 1}, role, "")
		}
		g.zone(line, model.AtRow{Panel: side, Row: i})
		for n, c := range cols {
			if c.index >= len(row.Fields) {
				break
			}
			from, width := x+c.from, c.width
			if n == 0 {
				in := min(p.Indent(row), max(width-4, 0))
				if in >= 2 && p.HasBelow(i) {
					mark := g.skin.open
					if p.Folded(row) {
						mark = g.skin.folded
					}
					g.set(from+in-2, y, cluster{mark, 1}, role, "")
					g.zone(model.Rect{X: from + in - 2, Y: y, Width: 1, Height: 1}, model.AtRow{Panel: side, Row: i, Fold: true})
				}
				from, width = from+in, width-in
			}
			g.field(from, y, width, &row.Fields[c.index], p.Table.Columns[c.index].Right, role)
		}
		if searching && search != "" {
			g.highlight(in.X, y, in.Width, search, Match)
		}
	}
	g.notice(p, parts)
	if row := p.Row(); row != nil {
		g.details(row.Detail, parts.Details)
	}
}

// details tells of the row under the cursor. A text goes on in another line where there are more than all have one.
func (g *Grid) details(list []model.Field, r model.Rect) {
	spare := max(r.Height-len(list), 0)
	y := r.Y
	for i := range list {
		if y >= r.Y+r.Height {
			return
		}
		f := list[i]
		if len(f.Spark) > 0 || spare == 0 {
			g.field(r.X+1, y, r.Width-2, &f, false, Detail)
			y++
			continue
		}
		lines := show.Wrap(safe(f.Text), r.Width-2)
		for n, line := range lines {
			if n > spare {
				break
			}
			if n == spare && n < len(lines)-1 {
				line = strings.Join(lines[n:], " ") // it is cut, which is shown
			}
			g.put(r.X+1, y, r.Width-2, line, Detail)
			y++
		}
		spare -= min(len(lines)-1, spare)
	}
}

// field writes one: a text, and figures behind it, of which the oldest are left out where there is no room.
func (g *Grid) field(x, y, width int, f *model.Field, right bool, role Role) {
	if width <= 0 {
		return
	}
	spark := f.Spark
	text := ""
	room := width
	if f.Text != "" {
		text = safe(f.Text)
		room -= textWidth(text) + 1
	}
	spark = spark[max(len(spark)-max(room, 0), 0):]
	if len(spark) > 0 {
		// All figures of a column end at the same place.
		sparkRole := role
		if role != Cursor && role != MarkedCursor {
			sparkRole = Spark
		}
		at := x
		if text != "" {
			at = x + textWidth(text) + 1
		}
		if right {
			at = x + width - len(spark)
		}
		for i, v := range spark {
			g.set(at+i, y, cluster{g.skin.spark[min(v, model.SparkTop)], 1}, sparkRole, "")
		}
		width -= len(spark) + 1
	}
	if right {
		g.putRight(x, y, width, text, role)
	} else {
		g.put(x, y, width, text, role)
	}
}

// notice tells what is wrong, what is not there, or that nothing is there yet.
func (g *Grid) notice(p *model.Panel, parts model.Parts) {
	r := parts.Notice
	if p.Len() == 0 && parts.Rows.Height > 0 && r.Height == 0 {
		text := "nothing is here"
		if !p.Known {
			text = "reading" + g.dots()
		}
		in := parts.Rows
		w := min(textWidth(text), in.Width)
		g.put(in.X+(in.Width-w)/2, in.Y+in.Height/2, w, text, Faint)
		return
	}
	if r.Height == 0 {
		return
	}
	lines, tone := p.Notice(r.Width)
	role := toneRoles[tone]
	for i := range min(len(lines), r.Height) {
		text := lines[i]
		if i == r.Height-1 {
			text = strings.Join(lines[i:], " ") // if more is there it is cut, which is shown
		}
		if i == 0 {
			g.set(r.X+1, r.Y, cluster{g.skin.tones[tone], 1}, role, "")
		}
		g.put(r.X+model.Gutter, r.Y+i, r.Width-model.Gutter, text, role)
	}
}

func (g *Grid) dots() string {
	if g.skin.ascii {
		return "..."
	}
	return g.skin.more
}

// panelFrame draws the frame, with the title and how much is there.
func (g *Grid) panelFrame(p *model.Panel, r model.Rect, parts model.Parts, active bool) {
	lines, role, titleRole := g.skin.single, Frame, Title
	if active {
		lines, role, titleRole = g.skin.double, ActiveFrame, ActiveTitle
	}
	g.frame(r, lines, role, Row)
	if b := parts.Bar; b.Height > 0 {
		for x := b.X; x < b.X+b.Width; x++ {
			g.set(x, b.Y, cluster{lines.bar, 1}, role, "")
		}
		g.set(r.X, b.Y, cluster{lines.teeLeft, 1}, role, "")
		g.set(r.X+r.Width-1, b.Y, cluster{lines.teeRight, 1}, role, "")
	}
	title := safe(p.Place.Title())
	if active {
		title = "[ " + title + " ]"
	} else {
		title = " " + title + " "
	}
	if r.Width >= 8 {
		w := min(textWidth(title), r.Width-4)
		if w < textWidth(title) {
			title = strings.TrimSpace(title)
		}
		g.put(r.X+2, r.Y, w, title, titleRole)
	}
	bottom := r.Y + r.Height - 1
	// How many are selected, and where the cursor is.
	right := ""
	if n := p.Len(); n > 0 {
		right = " " + strconv.Itoa(p.Top()+p.Cursor()+1) + "/" + strconv.Itoa(n) + " "
	}
	room := r.Width - 4
	if textWidth(right) <= room {
		g.putRight(r.X+2, bottom, room, right, Count)
		room -= textWidth(right) + 1
	}
	if _, searching := p.Search(); !searching && p.Marks() > 0 {
		if text := " " + g.skin.mark + " " + strconv.Itoa(p.Marks()) + " selected "; textWidth(text) <= room {
			g.put(r.X+2, bottom, room, text, Count)
		}
	}
	g.bar(p, model.Rect{X: r.X + r.Width - 1, Y: parts.Rows.Y, Width: 1, Height: parts.Rows.Height}, role)
}

// bar shows at the edge which part of the rows is seen, if it is not all.
func (g *Grid) bar(p *model.Panel, r model.Rect, role Role) {
	n := p.Len()
	if n <= r.Height || r.Height < 3 {
		return
	}
	size := max(r.Height*r.Height/n, 1)
	from := (r.Height - size) * p.Top() / max(n-r.Height, 1)
	for i := range size {
		g.set(r.X, r.Y+min(from, r.Height-size)+i, cluster{g.skin.thumb, 1}, role, "")
	}
}

// search shows what is looked for in the active panel, in its lower line, with the cursor.
func (g *Grid) search(m *model.Model) {
	text, on := m.Panel().Search()
	r := m.Layout().Panels[m.Active]
	if !on || r.Width < 12 || r.Height < 2 {
		return
	}
	y := r.Y + r.Height - 1
	if l := m.Layout(); l.Status.Height == 0 && l.Keys.Height == 0 {
		y = r.Y
	}
	g.prompt(r.X+2, y, min(r.Width-4, 40), " search: ", text, Input)
}

// prompt writes a text that is typed behind a label, its end, and puts the cursor there.
func (g *Grid) prompt(x, y, width int, label, text string, role Role) {
	end := x + width
	x = g.put(x, y, width, label, role)
	g.input(x, y, end-x, safe(text), textWidth(safe(text)), role)
}

// input writes a text that is typed into so many columns, those around the cursor, which stands behind so many of its columns.
func (g *Grid) input(x, y, width int, text string, at int, role Role) {
	if width <= 0 {
		return
	}
	g.fill(model.Rect{X: x, Y: y, Width: width, Height: 1}, role)
	skip := max(at-width+1, 0)
	column, from := 0, x
	for rest := text; rest != ""; {
		var c cluster
		if c, rest = next(rest); column+c.width-skip > width {
			break
		}
		if column >= skip {
			g.set(from+column-skip, y, c, role, "")
		}
		column += c.width
	}
	g.X, g.Y = min(from+at-skip, from+width-1), y
	g.Cursor = g.X < g.Width && g.Y < g.Height
}
