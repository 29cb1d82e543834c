package editor

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"cellsh/repl/show"
)

// Cell is a character on the screen with the marks that are combined with it. Its width is one column, or two.
type Cell struct {
	Text  string
	Width int
	// SGR are the parameters of how it is shown, "" for plainly.
	SGR string
}

// Frame is what is on the screen: rows, none wider than the screen less one column, so that no terminal begins a new row by
// itself, and the place of the cursor among them.
type Frame struct {
	Rows        [][]Cell
	Row, Column int
}

// sheet collects the rows of a frame.
type sheet struct {
	width int
	rows  [][]Cell
	// column is where the next cell goes.
	column int
}

func newSheet(width int) *sheet { return &sheet{width: max(width, 1), rows: [][]Cell{nil}} }

// put adds a cell, in a new row where it does not fit.
func (s *sheet) put(c Cell) {
	last := len(s.rows) - 1
	if c.Width == 0 {
		if n := len(s.rows[last]); n > 0 {
			s.rows[last][n-1].Text += c.Text
			return
		}
		c.Text, c.Width = " "+c.Text, 1
	}
	if c.Width > s.width {
		c = Cell{"?", 1, c.SGR}
	}
	if s.column+c.Width > s.width {
		s.newline()
		last++
	}
	s.rows[last] = append(s.rows[last], c)
	s.column += c.Width
}

func (s *sheet) newline() {
	s.rows = append(s.rows, nil)
	s.column = 0
}

// text adds a text that show.Text has made safe.
func (s *sheet) text(text, sgr string) {
	for _, r := range text {
		s.put(Cell{string(r), show.Width(string(r)), sgr})
	}
}

// tabStop is how far tabs go.
const tabStop = 4

// rune adds a character of the text that is edited; from is the column in which the text begins.
func (s *sheet) rune(r rune, sgr string, from int) {
	switch {
	case r == '\t':
		for n := tabStop - (s.column-from+tabStop)%tabStop; n > 0; n-- {
			s.put(Cell{" ", 1, sgr})
		}
	case !unicode.IsGraphic(r):
		s.put(Cell{"?", 1, sgr})
	default:
		s.put(Cell{string(r), show.Width(string(r)), sgr})
	}
}

var sgr = regexp.MustCompile("\x1b\\[([0-9;]*)m")

// prompt adds a text with colours in it.
func (s *sheet) prompt(text string) {
	look := ""
	for text != "" {
		at := sgr.FindStringSubmatchIndex(text)
		if at == nil {
			s.text(text, look)
			return
		}
		s.text(text[:at[0]], look)
		if look = text[at[2]:at[3]]; look == "0" {
			look = ""
		}
		text = text[at[1]:]
	}
}

// cut gives the rows of a frame that fit on a screen, those around the cursor, beginning with top if that can be, and which is
// the first.
func (f Frame) cut(height, top int) (Frame, int) {
	height = max(height, 1)
	if len(f.Rows) <= height {
		return f, 0
	}
	top = max(min(top, f.Row, len(f.Rows)-height), f.Row-height+1)
	f.Rows = f.Rows[top : top+height]
	f.Row -= top
	return f, top
}

// canvas shows frames on a terminal, each where the one before was. It uses what every terminal has that is not dumb: CR, LF,
// and of the sequences of ECMA-48 those for moving, erasing and colours, none of which asks for an answer.
type canvas struct {
	out strings.Builder
	// on is what is on the screen; no rows if nothing is.
	on Frame
}

// draw gives what must be written so that the frame is on the screen.
func (c *canvas) draw(f Frame) string {
	c.out.Reset()
	if len(c.on.Rows) == 0 {
		c.on = Frame{Rows: [][]Cell{nil}}
	}
	for i, row := range f.Rows {
		if i == len(c.on.Rows) {
			c.moveTo(i-1, c.on.Column)
			c.out.WriteString("\r\n")
			c.on.Rows = append(c.on.Rows, nil)
			c.on.Row, c.on.Column = i, 0
		}
		c.row(i, row)
	}
	if n := len(f.Rows); n < len(c.on.Rows) {
		c.moveTo(n, 0)
		c.out.WriteString("\x1b[J")
		c.on.Rows = c.on.Rows[:n]
	}
	c.moveTo(f.Row, f.Column)
	c.on.Rows = f.Rows
	return c.out.String()
}

// row writes what differs in a row.
func (c *canvas) row(i int, row []Cell) {
	old := c.on.Rows[i]
	same, column := 0, 0
	for same < len(old) && same < len(row) && old[same] == row[same] {
		column += row[same].Width
		same++
	}
	if same == len(old) && same == len(row) {
		return
	}
	c.moveTo(i, column)
	look := ""
	for _, x := range row[same:] {
		if x.SGR != look {
			if look != "" {
				c.out.WriteString("\x1b[0m")
			}
			if look = x.SGR; look != "" {
				c.out.WriteString("\x1b[" + look + "m")
			}
		}
		c.out.WriteString(x.Text)
		column += x.Width
	}
	if look != "" {
		c.out.WriteString("\x1b[0m")
	}
	if same < len(old) {
		c.out.WriteString("\x1b[K")
	}
	c.on.Rows[i] = row
	c.on.Column = column
}

// moveTo moves the cursor to a row that is on the screen, or the one below the last.
func (c *canvas) moveTo(row, column int) {
	switch {
	case row < c.on.Row:
		c.move(c.on.Row-row, 'A')
	case row > c.on.Row:
		c.move(row-c.on.Row, 'B')
	}
	if column != c.on.Column {
		c.out.WriteByte('\r')
		if column > 0 {
			c.move(column, 'C')
		}
	}
	c.on.Row, c.on.Column = row, column
}

// freshRow gives what moves the cursor to the begin of a row with nothing in it: what a command has left without a newline, or was
// typed meanwhile, stays above. Nobody can say in which column the cursor is; a row full of spaces ends in the next one unless it
// has begun with the first column. The terminal must keep the last column.
func freshRow(width int) string { return strings.Repeat(" ", width) + "\r\x1b[K" }

func (c *canvas) move(n int, direction byte) {
	c.out.WriteString("\x1b[")
	if n > 1 {
		c.out.WriteString(strconv.Itoa(n))
	}
	c.out.WriteByte(direction)
}

// leave gives what moves the cursor to a new row below all.
func (c *canvas) leave() string {
	c.out.Reset()
	if len(c.on.Rows) > 0 {
		c.moveTo(len(c.on.Rows)-1, c.on.Column)
	}
	c.out.WriteString("\r\n")
	c.on = Frame{}
	return c.out.String()
}

// reflow gives what erases the frame after the screen has got another width: terminals that are narrower now have made more
// rows of each.
func (c *canvas) reflow(width int) string {
	c.out.Reset()
	above := 0
	for i, row := range c.on.Rows {
		w := 0
		for _, x := range row {
			w += x.Width
		}
		if i == c.on.Row {
			above += c.on.Column / max(width, 1)
			break
		}
		above += max(w-1, 0)/max(width, 1) + 1
	}
	if above > 0 {
		c.move(above, 'A')
	}
	c.out.WriteString("\r\x1b[J")
	c.on = Frame{}
	return c.out.String()
}
