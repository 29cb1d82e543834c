package model

import (
	"slices"
	"strings"

	"cellsh/repl/show"
)

// Rect is a part of the screen.
type Rect struct{ X, Y, Width, Height int }

// Has reports whether a place on the screen is in it.
func (r Rect) Has(x, y int) bool {
	return r.X <= x && x < r.X+r.Width && r.Y <= y && y < r.Y+r.Height
}

// inner is what is left of it within a frame.
func (r Rect) inner() Rect {
	return Rect{r.X + 1, r.Y + 1, max(r.Width-2, 0), max(r.Height-2, 0)}
}

// Layout is where everything is.
type Layout struct {
	Width, Height int
	// Panels have a frame around them. One that is too narrow to be of use has no width: the active one then has all of it.
	Panels [2]Rect
	// Details is how many lines in a panel below its rows are for the row under the cursor: as many as any row has, where there is room.
	Details int
	// Status is the line with what is so, Line that for commands, and Keys that of the function keys; without height where there
	// is no room.
	Status, Line, Keys Rect
}

// Layout is where everything is now.
func (m *Model) Layout() Layout { return m.layout }

// bothWide is how wide the screen must be for two panels.
const bothWide = 60

// Resize is told how large the screen is.
func (m *Model) Resize(width, height int) {
	width, height = max(width, 1), max(height, 1)
	l := Layout{Width: width, Height: height}
	left := height
	take := func(least int) Rect {
		if height < least {
			return Rect{Y: left, Width: width}
		}
		left--
		return Rect{Y: left, Width: width, Height: 1}
	}
	// The last is the least needed, but for the rows that are left.
	l.Keys = take(6)
	l.Line = take(4)
	l.Status = take(8)
	if width >= bothWide {
		l.Panels[0] = Rect{0, 0, width / 2, left}
		l.Panels[1] = Rect{width / 2, 0, width - width/2, left}
	} else {
		l.Panels[m.Active] = Rect{0, 0, width, left}
	}
	m.layout = l
	m.fit()
	for _, d := range m.dialogs {
		switch d := d.(type) {
		case *Page:
			d.resize(width, height)
		case *Message:
			d.sheet.resize(d.Text, width, height-l.Keys.Height, 1)
		case *Question:
			d.sheet.resize(d.Text, width, height-l.Keys.Height, d.rows(width))
		}
	}
}

// fit tells the panels how many rows they have room for.
func (m *Model) fit() {
	l := &m.layout
	l.Details = 0
	for i := range m.Panels {
		if l.Panels[i].Width > 0 {
			l.Details = max(l.Details, m.Panels[i].measureDetails(l.Panels[i].inner().Width-2))
		}
	}
	l.Details = min(l.Details, room(l.Panels[m.Active].Height))
	for i := range m.Panels {
		p := &m.Panels[i]
		r := m.layout.Panels[i]
		if r.Width == 0 {
			r = m.layout.Panels[m.Active]
		}
		p.height = max(m.layout.parts(p, r).Rows.Height, 1)
		p.settle()
	}
}

// room is how many lines are for the row under the cursor at most, in a panel that is so high.
func room(height int) int {
	switch {
	case height >= 20:
		return height / 6
	case height >= 14:
		return 2
	case height >= 10:
		return 1
	}
	return 0
}

// Parts is where the parts of a panel are, without height where there is no room.
type Parts struct {
	// Head has the titles of the columns, Rows the rows, and Notice what is wrong or not there.
	Head, Rows, Notice Rect
	// Bar divides them from Details, which are about the row under the cursor.
	Bar, Details Rect
}

// Parts is where the parts of a panel are, which is to be seen.
func (m *Model) Parts(panel int) Parts {
	return m.layout.parts(&m.Panels[panel], m.layout.Panels[panel])
}

func (l Layout) parts(p *Panel, r Rect) Parts {
	if r.Height < 3 || r.Width < 3 {
		return Parts{Rows: r} // no frame
	}
	in := r.inner()
	top, bottom := in.Y, in.Y+in.Height
	cut := func(n int) Rect {
		bottom -= n
		return Rect{in.X, bottom, in.Width, n}
	}
	var out Parts
	if in.Height >= 2 {
		out.Head = Rect{in.X, top, in.Width, 1}
		top++
	}
	if l.Details > 0 {
		out.Details = cut(l.Details)
		out.Bar = cut(1)
	}
	room := bottom - top
	if len(p.shown) > 0 {
		room = max(room/3, min(2, room/2))
	}
	out.Notice = cut(min(len(p.notice(in.Width)), room))
	out.Rows = Rect{in.X, top, in.Width, bottom - top}
	return out
}

// Notice is what is wrong or not there, in lines for a width, and its tone. Where nothing is there, nothing is missing among it.
func (p *Panel) Notice(width int) ([]string, Tone) {
	tone := Warning
	switch {
	case p.Wrong != "":
		tone = Bad
	case len(p.Table.Rows) == 0:
		tone = Plain
	}
	return p.notice(width), tone
}

// Gutter is how many columns at the left edge of a panel are for marks.
const Gutter = 3

func (p *Panel) notice(width int) []string {
	text := p.Wrong
	if text == "" {
		text = p.Table.Note
	}
	if text == "" {
		return nil
	}
	return wrap(text, max(width-Gutter, 1))
}

// measured is what is found once of a table that was read.
type measured struct {
	done   bool
	widths []Width
	// details is how many lines a row takes at most that are for the row under the cursor, in so many columns.
	details, columns int
	// tree says that rows stand below others.
	tree bool
}

// Width is how many columns of the screen a column of a table takes at most.
type Width struct {
	// Title and Text are those of its title and of the texts of its fields, with what a tree moves them to the right by. Spark is how many
	// figures are behind them.
	Title, Text, Spark int
}

// Fields is what the fields take: texts, and figures behind them.
func (w Width) Fields() int {
	if w.Spark > 0 && w.Text > 0 {
		return w.Text + 1 + w.Spark
	}
	return w.Text + w.Spark
}

// Widths are how wide the columns are. They are found once for what was read.
func (p *Panel) Widths() []Width {
	p.measure()
	return p.widths
}

func (p *Panel) measure() {
	if p.done {
		return
	}
	p.measured = measured{done: true, widths: make([]Width, len(p.Table.Columns))}
	p.tree = slices.ContainsFunc(p.Table.Rows, func(r Row) bool { return r.Depth > 0 })
	for i, c := range p.Table.Columns {
		p.widths[i].Title = textWidth(c.Title)
	}
	for i := range p.Table.Rows {
		r := &p.Table.Rows[i]
		for j := range min(len(r.Fields), len(p.widths)) {
			f, w := &r.Fields[j], &p.widths[j]
			text := textWidth(f.Text)
			if j == 0 {
				text += p.Indent(r)
			}
			w.Text, w.Spark = max(w.Text, text), max(w.Spark, len(f.Spark))
		}
	}
}

// measureDetails gives about how many lines a row takes at most that are about it, in so many columns.
func (p *Panel) measureDetails(columns int) int {
	p.measure()
	if p.columns == columns {
		return p.details
	}
	p.details, p.columns = 0, columns
	for i := range p.Table.Rows {
		lines := 0
		for _, f := range p.Table.Rows[i].Detail {
			lines++
			if w := textWidth(f.Text); w > columns && len(f.Spark) == 0 {
				lines += w * 5 / 4 / max(columns, 1) // words are not cut
			}
		}
		p.details = max(p.details, lines)
	}
	return p.details
}

// Indent is how many columns the first field of a row of a tree is moved to the right; the last two of them are for a mark.
func (p *Panel) Indent(r *Row) int {
	if !p.tree {
		return 0
	}
	return 2 * (r.Depth + 1)
}

// HasBelow reports whether rows stand below one, which is counted from the first that is seen.
func (p *Panel) HasBelow(seen int) bool {
	i := p.shown[p.top+seen]
	return i+1 < len(p.Table.Rows) && p.Table.Rows[i+1].Depth > p.Table.Rows[i].Depth
}

// textWidth is how many columns a text takes once it is harmless.
func textWidth(text string) int {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return show.Width(show.Text(text))
		}
	}
	return len(text)
}

// wrap makes lines of a text that take so many columns at most, and are harmless.
func wrap(text string, columns int) []string {
	var out []string
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		out = append(out, show.Wrap(Shown(line), columns)...)
	}
	return out
}

// tabStop is how far apart tabs stand in a text.
const tabStop = 8

// Shown is a line of a text as it is shown: harmless, with spaces for tabs.
func Shown(line string) string {
	if !strings.Contains(line, "\t") {
		return strings.ReplaceAll(show.Text(line), "\n", " ")
	}
	var b strings.Builder
	column := 0
	for i, part := range strings.Split(line, "\t") {
		if i > 0 {
			n := tabStop - column%tabStop
			b.WriteString(strings.Repeat(" ", n))
			column += n
		}
		part = Shown(part)
		b.WriteString(part)
		column += show.Width(part)
	}
	return b.String()
}

// sheet is the text of a dialog, of which as many lines are seen as have room.
type sheet struct {
	lines     []string
	top, rows int
}

// widest is how many columns the text of a dialog has at most.
const widest = 76

// prose is how many columns sentences take at most, which are hard to read if they are longer. What is at some distance from the left
// edge is an excerpt of a file.
const prose = 56

// resize makes the lines anew for a screen on which so many rows of a dialog are for something else.
func (s *sheet) resize(text string, width, height, others int) {
	columns := prose
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "  ") {
			columns = max(columns, show.Width(show.Text(strings.TrimRight(line, "\n"))))
		}
	}
	most, _ := Room(width)
	s.lines = wrap(text, min(columns, most))
	s.rows = max(height-3-others, 1) // the frame, and a line between
	if height >= 16 {
		s.rows -= 4 // what is below is seen a bit
	}
	s.scroll(0)
}

// Room is how many columns a dialog has at most on a screen, and how many are free between them and its frame at each side.
func Room(width int) (columns, free int) {
	if width < 30 {
		return max(width-4, 1), 1
	}
	return min(width-8, widest), 2
}

func (s *sheet) scroll(by int) {
	s.top = max(0, min(s.top+by, len(s.lines)-s.rows))
}

// Lines are those that are seen, and Above and Below how many more there are.
func (s *sheet) Lines() []string { return s.lines[s.top:min(s.top+s.rows, len(s.lines))] }

// All are those that are seen and the others.
func (s *sheet) All() []string { return s.lines }

// Above is how many lines come before those that are seen.
func (s *sheet) Above() int { return s.top }

// Below is how many come after them.
func (s *sheet) Below() int { return max(len(s.lines)-s.top-s.rows, 0) }

// turn scrolls if a key means that.
func (s *sheet) turn(k Key) {
	s.scroll(travel(k, s.rows, len(s.lines)))
}

// travel is how far a key scrolls where so many lines are seen, of so many; 0 for one that does not.
func travel(k Key, seen, all int) int {
	switch k.Name {
	case Up:
		return -1
	case Down:
		return 1
	case PageUp:
		return -seen
	case PageDown:
		return seen
	case Home:
		return -all
	case End:
		return all
	}
	return 0
}

// ButtonMore is how many columns a button takes beside its label.
const ButtonMore = 6

// Across reports whether the answers have room beside each other, and rows is how many they take.
func (q *Question) Across(width int) bool {
	columns := -2
	for _, c := range q.Choices {
		columns += textWidth(c.Label) + ButtonMore + 2
	}
	all, _ := Room(width)
	return columns <= all
}

func (q *Question) rows(width int) int {
	if q.Across(width) {
		return 1
	}
	return len(q.Choices)
}
