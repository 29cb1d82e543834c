package editor

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"cellsh/repl/show"
)

// cell is a character on the screen with the marks that are combined with it. Its width is one column, or two.
type cell struct {
	text  string
	width int
	// sgr are the parameters of how it is shown, "" for plainly.
	sgr string
}

// frame is what is on the screen: rows, none wider than the screen less one column, so that no terminal begins a new row by
// itself, and the place of the cursor among them.
type frame struct {
	rows        [][]cell
	row, column int
}

// sheet collects the rows of a frame.
type sheet struct {
	width int
	rows  [][]cell
	// column is where the next cell goes.
	column int
}

func newSheet(width int) *sheet { return &sheet{width: max(width, 1), rows: [][]cell{nil}} }

// put adds a cell, in a new row where it does not fit.
func (s *sheet) put(c cell) {
	last := len(s.rows) - 1
	if c.width == 0 {
		if n := len(s.rows[last]); n > 0 {
			s.rows[last][n-1].text += c.text
			return
		}
		c.text, c.width = " "+c.text, 1
	}
	if c.width > s.width {
		c = cell{"?", 1, c.sgr}
	}
	if s.column+c.width > s.width {
		s.newline()
		last++
	}
	s.rows[last] = append(s.rows[last], c)
	s.column += c.width
}

func (s *sheet) newline() {
	s.rows = append(s.rows, nil)
	s.column = 0
}

// text adds a text that show.Text has made safe.
func (s *sheet) text(text, sgr string) {
	for _, r := range text {
		s.put(cell{string(r), show.Width(string(r)), sgr})
	}
}

// tabStop is how far tabs go.
const tabStop = 4

// rune adds a character of the text that is edited; from is the column in which the text begins.
func (s *sheet) rune(r rune, sgr string, from int) {
	switch {
	case r == '\t':
		for n := tabStop - (s.column-from+tabStop)%tabStop; n > 0; n-- {
			s.put(cell{" ", 1, sgr})
		}
	case !unicode.IsGraphic(r):
		s.put(cell{"?", 1, sgr})
	default:
		s.put(cell{string(r), show.Width(string(r)), sgr})
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
func (f frame) cut(height, top int) (frame, int) {
	height = max(height, 1)
	if len(f.rows) <= height {
		return f, 0
	}
	top = max(min(top, f.row, len(f.rows)-height), f.row-height+1)
	f.rows = f.rows[top : top+height]
	f.row -= top
	return f, top
}

// canvas shows frames on a terminal, each where the one before was. It uses what every terminal has that is not dumb: CR, LF,
// and of the sequences of ECMA-48 those for moving, erasing and colours, none of which asks for an answer.
type canvas struct {
	out strings.Builder
	// on is what is on the screen; no rows if nothing is.
	on frame
}

// draw gives what must be written so that the frame is on the screen.
func (c *canvas) draw(f frame) string {
	c.out.Reset()
	if len(c.on.rows) == 0 {
		c.on = frame{rows: [][]cell{nil}}
	}
	for i, row := range f.rows {
		if i == len(c.on.rows) {
			c.moveTo(i-1, c.on.column)
			c.out.WriteString("\r\n")
			c.on.rows = append(c.on.rows, nil)
			c.on.row, c.on.column = i, 0
		}
		c.row(i, row)
	}
	if n := len(f.rows); n < len(c.on.rows) {
		c.moveTo(n, 0)
		c.out.WriteString("\x1b[J")
		c.on.rows = c.on.rows[:n]
	}
	c.moveTo(f.row, f.column)
	c.on.rows = f.rows
	return c.out.String()
}

// row writes what differs in a row.
func (c *canvas) row(i int, row []cell) {
	old := c.on.rows[i]
	same, column := 0, 0
	for same < len(old) && same < len(row) && old[same] == row[same] {
		column += row[same].width
		same++
	}
	if same == len(old) && same == len(row) {
		return
	}
	c.moveTo(i, column)
	look := ""
	for _, x := range row[same:] {
		if x.sgr != look {
			if look != "" {
				c.out.WriteString("\x1b[0m")
			}
			if look = x.sgr; look != "" {
				c.out.WriteString("\x1b[" + look + "m")
			}
		}
		c.out.WriteString(x.text)
		column += x.width
	}
	if look != "" {
		c.out.WriteString("\x1b[0m")
	}
	if same < len(old) {
		c.out.WriteString("\x1b[K")
	}
	c.on.rows[i] = row
	c.on.column = column
}

// moveTo moves the cursor to a row that is on the screen, or the one below the last.
func (c *canvas) moveTo(row, column int) {
	switch {
	case row < c.on.row:
		c.move(c.on.row-row, 'A')
	case row > c.on.row:
		c.move(row-c.on.row, 'B')
	}
	if column != c.on.column {
		c.out.WriteByte('\r')
		if column > 0 {
			c.move(column, 'C')
		}
	}
	c.on.row, c.on.column = row, column
}

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
	if len(c.on.rows) > 0 {
		c.moveTo(len(c.on.rows)-1, c.on.column)
	}
	c.out.WriteString("\r\n")
	c.on = frame{}
	return c.out.String()
}

// reflow gives what erases the frame after the screen has got another width: terminals that are narrower now have made more
// rows of each.
func (c *canvas) reflow(width int) string {
	c.out.Reset()
	above := 0
	for i, row := range c.on.rows {
		w := 0
		for _, x := range row {
			w += x.width
		}
		if i == c.on.row {
			above += c.on.column / max(width, 1)
			break
		}
		above += max(w-1, 0)/max(width, 1) + 1
	}
	if above > 0 {
		c.move(above, 'A')
	}
	c.out.WriteString("\r\x1b[J")
	c.on = frame{}
	return c.out.String()
}
