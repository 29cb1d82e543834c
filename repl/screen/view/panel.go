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
	if spare := columns(p, room-1); len(spare) == len(cols) && (missing(p, spare) == 0 || missing(p, cols) > 0) {
		cols = spare // a column is free before the frame
	}
	x := in.X + gutter
	if h := parts.Head; h.Height > 0 {
		g.fill(h, Head)
		sorted, back := p.Sorted()
		mark := g.skin.up
		if back {
			mark = g.skin.down
		}
		for _, c := range cols {
			col := p.Table.Columns[c.index]
			title := safe(col.Title)
			// The mark stands beside the title, where a column is free before the next.
			w := min(textWidth(title), c.width)
			at := x + c.from + w
			if col.Right {
				g.putRight(x+c.from, h.Y, c.width, title, Head)
				at = x + c.from + c.width - w - 1
			} else {
				g.put(x+c.from, h.Y, c.width, title, Head)
			}
			g.zone(model.Rect{X: x + c.from, Y: h.Y, Width: c.width, Height: 1}, model.AtHead{Panel: side, Column: c.index})
			if c.index == sorted && at >= h.X && at < h.X+h.Width {
				g.set(at, h.Y, cluster{mark, 1}, Head, "")
			}
		}
	}
	search, _ := p.Search()
	if sieve, _ := p.Sieve(); search == "" {
		search = sieve
	}
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
		case at && row.Tone == model.Plain:
			role = OtherCursor
		}
		line := model.Rect{X: in.X, Y: y, Width: in.Width, Height: 1}
		g.fill(line, role)
		switch {
		case !at || parts.Rows == r:
		case active:
			g.set(r.X, y, cluster{g.skin.at, 1}, ActiveTitle, "")
		default:
			g.set(r.X, y, cluster{g.skin.single.teeLeft, 1}, Frame, "")
		}
		if marked && gutter > 0 {
			g.set(in.X, y, cluster{g.skin.mark, 1}, role, "")
		}
		if gutter > 0 {
			g.set(in.X+1, y, cluster{g.skin.tones[row.Tone], 1}, role, "")
		}
		g.zone(line, model.AtRow{Panel: side, Row: i})
		for _, c := range cols {
			if c.index >= len(row.Fields) {
				break
			}
			from, width := x+c.from, c.width
			if c.index == 0 {
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
			f := &row.Fields[c.index]
			if c.spark > 0 {
				width -= c.spark
				g.spark(from+width, y, c.spark, f.Spark, role)
				width--
			}
			if p.Table.Columns[c.index].Right {
				g.putRight(from, y, width, safe(f.Text), role)
			} else {
				g.put(from, y, width, safe(f.Text), role)
			}
		}
		if search != "" {
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
		f, room := &list[i], r.Width-2
		if len(f.Spark) > 0 {
			x := g.put(r.X+1, y, room, safe(f.Text), Detail)
			if x > r.X+1 {
				x++
			}
			g.spark(x, y, min(max(r.X+1+room-x, 0), len(f.Spark)), f.Spark, Detail)
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

// spark draws figures at the right edge of so many columns; the oldest are left out where there is no room.
func (g *Grid) spark(x, y, columns int, figures []uint8, role Role) {
	figures = figures[max(len(figures)-columns, 0):]
	x += columns - len(figures)
	if role != Cursor && role != MarkedCursor {
		role = Spark
	}
	for i, v := range figures {
		g.set(x+i, y, cluster{g.skin.spark[min(v, model.SparkTop)], 1}, role, "")
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
	if p.Len() == 0 {
		r.Y = parts.Rows.Y + parts.Rows.Height/2 // it is all there is
	}
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
	x := r.X + 2
	for _, text := range g.counts(p) {
		if textWidth(text)+1 <= room {
			x = g.put(x, bottom, room, text, Count) + 1
			room -= textWidth(text) + 1
		}
	}
	g.bar(p, model.Rect{X: r.X + r.Width - 1, Y: parts.Rows.Y, Width: 1, Height: parts.Rows.Height}, role)
}

// counts are what is told of the rows that are shown, in the lower line of a panel.
func (g *Grid) counts(p *model.Panel) []string {
	var out []string
	if p.Finding() {
		return nil // what is typed is there
	}
	if sieve, _ := p.Sieve(); sieve != "" {
		out = append(out, " only: "+safe(sieve)+" ")
	}
	if n := p.Marks(); n > 0 {
		out = append(out, " "+g.skin.mark+" "+strconv.Itoa(n)+" selected ")
	}
	return out
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

// find shows what rows of the active panel are looked for by, in its lower line, with the cursor.
func (g *Grid) find(m *model.Model) {
	p := m.Panel()
	label := " search: "
	text, on := p.Search()
	if !on {
		label = " only: "
		text, on = p.Sieve()
	}
	r := m.Layout().Panels[m.Active]
	if !on || r.Width < 12 || r.Height < 2 {
		return
	}
	g.prompt(r.X+2, r.Y+r.Height-1, min(r.Width-4, 40), label, text, Input)
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
