package view

import (
	"fmt"
	"strings"

	"cellsh/repl/screen/model"
)

// page draws a text on the whole screen: its title and which part of it is seen, as many lines as have room, and the keys. top says
// that nothing is above it.
func (g *Grid) page(m *model.Model, d *model.Page, top bool) {
	g.fill(model.Rect{Width: g.Width, Height: g.Height}, Page)
	first := 0
	if g.Height >= 2 {
		g.pageTitle(m, d)
		first = 1
	}
	text := model.Rect{Y: first, Width: g.Width, Height: min(d.Rows(), g.Height-first)}
	g.zone(text, model.AtText{})
	if d.Top() < d.Len() {
		_, line := d.Row(d.Top())
		looks := hunks(d.Lines, line, text.Height)
		for i := range min(text.Height, d.Len()-d.Top()) {
			row, of := d.Row(d.Top() + i)
			y := text.Y + i
			g.pageLine(y, row, d.Left(), looks[of-line])
			if d.Found() != "" {
				g.highlight(0, y, g.Width, d.Found(), Match)
			}
		}
	}
	if g.Height < 3 {
		return
	}
	last := model.Rect{Y: g.Height - 1, Width: g.Width, Height: 1}
	if want, on := d.Search(); on && top {
		g.fill(last, KeyNumber)
		g.prompt(0, last.Y, g.Width, " Search: ", want, ActiveInput)
		return
	}
	g.keys(m, last)
}

// pageTitle draws the line above the text: its title, or what was said; what is being done; and which part is seen.
func (g *Grid) pageTitle(m *model.Model, d *model.Page) {
	g.fill(model.Rect{Width: g.Width, Height: 1}, PageTitle)
	last := min(d.Top()+d.Rows(), d.Len())
	where := fmt.Sprintf("lines %d-%d of %d  %3d%%", d.Top()+1, last, d.Len(), 100*last/max(d.Len(), 1))
	if g.Width < 60 {
		where = fmt.Sprintf("%d%%", 100*last/max(d.Len(), 1))
	}
	room := g.Width - 2
	if textWidth(where)+8 < room && m.Said.Text == "" {
		g.putRight(1, 0, room, where, PageTitle)
		room -= textWidth(where) + 2
	}
	if m.Job != nil {
		room -= g.job(m, model.Rect{Width: room + 2, Height: 1}, room, func(int) int { return 8 }) + 2
	}
	if m.Said.Text != "" {
		g.said(m.Said.Tone, 0, 0, room+1, safe(m.Said.Text))
		return
	}
	g.put(1, 0, room, safe(d.Title), PageTitle)
}

// pageLine draws a line of a text from a column on. What is cut off has a mark at either edge.
func (g *Grid) pageLine(y int, text string, skip int, role Role) {
	column := 0
	for rest := text; rest != ""; {
		var c cluster
		c, rest = next(rest)
		x := column - skip
		column += c.width
		if x < 0 {
			continue
		}
		if x+c.width > g.Width || x+c.width == g.Width && rest != "" {
			g.set(g.Width-1, y, cluster{g.skin.more, 1}, Page, "")
			break
		}
		g.set(x, y, c, role, "")
	}
	if skip > 0 && text != "" {
		g.set(0, y, cluster{g.skin.more, 1}, Page, "")
	}
}

// hunks are the roles of lines of a text, which has differences of files as diff -u writes them or not.
func hunks(lines []string, from, rows int) []Role {
	out := make([]Role, rows)
	for i := range out {
		out[i] = Page
	}
	within := false
	for i := range min(from+rows, len(lines)) {
		line, role := lines[i], Page
		switch {
		case strings.HasPrefix(line, "@@ -"):
			within, role = true, Hunk
		case within && strings.HasPrefix(line, "+"):
			role = Added
		case within && strings.HasPrefix(line, "-"):
			role = Removed
		case within && (strings.HasPrefix(line, " ") || strings.HasPrefix(line, `\`)):
		default:
			within = false
		}
		if i >= from {
			out[i-from] = role
		}
	}
	return out
}
