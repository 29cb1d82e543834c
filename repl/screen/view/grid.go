package view

import (
	"strconv"
	"strings"

	"cellsh/repl/screen/model"
	"cellsh/repl/show"
)

// Cell is a character on the screen with the marks that are combined with it.
type Cell struct {
	// Text is never empty, but for the second column of a character that has two.
	Text string
	// Width is how many columns it takes: 1 or 2, and 0 for the second of two.
	Width uint8
	Role  Role
	// SGR are parameters of ECMA-48 (8.3.117) that the editor of the line has given it, which hold instead of the role's; "" if it has
	// none.
	SGR string
}

// Grid is the whole screen.
type Grid struct {
	Width, Height int
	// X and Y are the place of the cursor, which is only to be seen if Cursor says so.
	X, Y   int
	Cursor bool

	// high is how many rows are above the function keys.
	high  int
	skin  *Skin
	cells []Cell
	zones []zone
}

// zone is a part of the screen that means something to a mouse; the last one counts.
type zone struct {
	model.Rect
	spot model.Spot
}

func newGrid(width, height int, skin *Skin) *Grid {
	g := &Grid{Width: width, Height: height, skin: skin, cells: make([]Cell, width*height)}
	for i := range g.cells {
		g.cells[i] = Cell{Text: " ", Width: 1}
	}
	return g
}

// Row is the cells of a row, as many as the grid is wide.
func (g *Grid) Row(y int) []Cell { return g.cells[y*g.Width : (y+1)*g.Width] }

// Spot is what is at a place; nil if a mouse does nothing there.
func (g *Grid) Spot(x, y int) model.Spot {
	for i := len(g.zones) - 1; i >= 0; i-- {
		if g.zones[i].Has(x, y) {
			return g.zones[i].spot
		}
	}
	return nil
}

func (g *Grid) zone(r model.Rect, spot model.Spot) { g.zones = append(g.zones, zone{r, spot}) }

// set puts a character at a place, if it is on the screen. What had a part of its columns before becomes blank.
func (g *Grid) set(x, y int, c cluster, role Role, sgr string) {
	if y < 0 || y >= g.Height || x < 0 || x+c.width > g.Width {
		return
	}
	if g.skin.ascii && !isASCII(c.text) {
		for i := range c.width {
			g.set(x+i, y, cluster{"?", 1}, role, sgr)
		}
		return
	}
	row := g.Row(y)
	divide(row, x)
	divide(row, x+c.width)
	row[x] = Cell{c.text, uint8(c.width), role, sgr}
	if c.width == 2 {
		row[x+1] = Cell{"", 0, role, sgr}
	}
}

// divide has nothing go on across the begin of a column.
func divide(row []Cell, x int) {
	if x < len(row) && row[x].Width == 0 {
		row[x-1].Text, row[x-1].Width = " ", 1
		row[x].Text, row[x].Width = " ", 1
	}
}

// fill makes a part of the screen blank.
func (g *Grid) fill(r model.Rect, role Role) {
	from, to := max(r.X, 0), min(r.X+r.Width, g.Width)
	if from >= to {
		return
	}
	for y := max(r.Y, 0); y < min(r.Y+r.Height, g.Height); y++ {
		row := g.Row(y)
		divide(row, from)
		divide(row, to)
		for x := from; x < to; x++ {
			row[x] = Cell{Text: " ", Width: 1, Role: role}
		}
	}
}

// paint gives a part of the screen another role, and the characters that are only partly in it.
func (g *Grid) paint(r model.Rect, role Role) {
	for y := max(r.Y, 0); y < min(r.Y+r.Height, g.Height); y++ {
		row := g.Row(y)
		from, to := max(r.X, 0), min(r.X+r.Width, g.Width)
		if from < to && row[from].Width == 0 {
			from--
		}
		for to < g.Width && row[to].Width == 0 {
			to++
		}
		for x := from; x < to; x++ {
			row[x].Role, row[x].SGR = role, ""
		}
	}
}

// put writes a text that is safe into so many columns, and gives the column behind it. One that is wider is cut, with a mark where it
// is.
func (g *Grid) put(x, y, columns int, text string, role Role) int {
	if y < 0 || y >= g.Height || columns <= 0 {
		return x
	}
	if len(text) > columns && show.Width(text) > columns {
		x = g.write(x, y, columns-1, text, role)
		g.set(x, y, cluster{g.skin.more, 1}, role, "")
		return x + 1
	}
	return g.write(x, y, columns, text, role)
}

// write writes as much of a text that is safe as so many columns hold, and gives the column behind it.
func (g *Grid) write(x, y, columns int, text string, role Role) int {
	end := x + columns
	for text != "" {
		var c cluster
		if c, text = next(text); x+c.width > end {
			break
		}
		g.set(x, y, c, role, "")
		x += c.width
	}
	return x
}

// putRight writes a text at the right edge of so many columns.
func (g *Grid) putRight(x, y, columns int, text string, role Role) {
	g.put(x+max(columns-show.Width(text), 0), y, columns, text, role)
}

// Text is what is on the screen, a line for each row, without the spaces at the ends of lines.
func (g *Grid) Text() string {
	var b strings.Builder
	for y := range g.Height {
		b.WriteString(strings.TrimRight(g.line(y), " ") + "\n")
	}
	return b.String()
}

func (g *Grid) line(y int) string {
	var b strings.Builder
	for _, c := range g.Row(y) {
		b.WriteString(c.Text)
	}
	return b.String()
}

// Outline tells for each row of the screen which roles its cells have: the columns from one to another, counted from 0, and the role,
// or the parameters of the editor.
func (g *Grid) Outline() string {
	var b strings.Builder
	for y := range g.Height {
		row := g.Row(y)
		for from := 0; from < len(row); {
			to := from
			for to < len(row) && row[to].Role == row[from].Role && row[to].SGR == row[from].SGR {
				to++
			}
			if from > 0 {
				b.WriteByte(' ')
			}
			look := row[from].Role.String()
			if row[from].SGR != "" {
				look += "+" + row[from].SGR
			}
			b.WriteString(look + ":" + strconv.Itoa(from) + "-" + strconv.Itoa(to-1))
			from = to
		}
		b.WriteByte('\n')
	}
	return b.String()
}
