package command

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"cellsh/lua/value"
	"cellsh/repl/show"
)

// Screen is the terminal that Stdout is.
type Screen struct {
	// Size is how wide and how high it is now; 0 rows if that is not known.
	Size func() (columns, rows int)
	// Plain terminals can't move their cursor.
	Plain bool
}

// heading is the head of a column.
type heading struct {
	text string
	// number says that it has numbers, with units or without: they stand at its right edge.
	number bool
}

// sheet is a table, and the lines below it; without a head there are only those.
type sheet struct {
	head  string
	rows  []string
	below []string
}

// newSheet aligns rows in columns.
func newSheet(heads []heading, rows [][]string) *sheet {
	all := [][]string{nil}
	right := make([]bool, len(heads))
	for i, h := range heads {
		all[0] = append(all[0], h.text)
		right[i] = h.number
	}
	for _, row := range rows {
		safe := make([]string, len(row))
		for i, text := range row {
			safe[i] = value.Escape(text, nil) // it may come from a cell, and a row is a line
		}
		all = append(all, safe)
	}
	lines := show.Align(all, right)
	return &sheet{head: lines[0], rows: lines[1:]}
}

// table writes rows in columns.
func (inv *Invocation) table(heads []heading, rows [][]string) {
	_ = inv.write(newSheet(heads, rows)) // Output keeps the error
}

// write writes a sheet whole. On a terminal each screen of it has the head.
func (inv *Invocation) write(s *sheet) error {
	var lines []string
	columns, rows := 0, 0
	if inv.Screen != nil {
		columns, rows = inv.Screen.Size()
	}
	used := 0
	for _, row := range s.rows {
		// The last row of the screen is the cursor's. One where only heads fit has one.
		if n := show.Rows(row, columns); len(lines) == 0 || rows > 3 && used+n > rows-1 {
			lines = append(lines, s.head, row)
			used = show.Rows(s.head, columns) + n
		} else {
			lines = append(lines, row)
			used += n
		}
	}
	if len(lines) == 0 && s.head != "" {
		lines = append(lines, s.head)
	}
	return inv.lines(append(lines, s.below...))
}

func (inv *Invocation) lines(list []string) error {
	if len(list) == 0 {
		return nil
	}
	_, err := io.WriteString(inv.Stdout, strings.Join(list, "\n")+"\n")
	return err
}

// fitted are the lines of a sheet that a terminal of that size can show at once: they are as wide as it at most, and how many
// rows are missing is said.
func (s *sheet) fitted(columns, rows int) []string {
	var lines []string
	if s.head != "" {
		lines = append(lines, s.head)
	}
	// The last row of the screen is the cursor's.
	room := rows - 1 - len(lines) - len(s.below)
	switch {
	case rows == 0 || len(s.rows) <= room:
		lines = append(lines, s.rows...)
	default:
		shown := min(max(1, room-1), len(s.rows))
		lines = append(lines, s.rows[:shown]...)
		if more := len(s.rows) - shown; more > 0 {
			lines = append(lines, fmt.Sprintf("... %d more", more))
		}
	}
	lines = append(lines, s.below...)
	if rows > 1 && len(lines) > rows-1 {
		lines = lines[:rows-1]
	}
	lines = slices.Clone(lines)
	for i, line := range lines {
		// A terminal that is written to its last column may begin another line.
		lines[i] = show.Fit(line, columns-1)
	}
	return lines
}

// The commands of a terminal: the cursor to the first row, nothing behind it in the row, and nothing from it on.
const (
	home      = "\x1b[H"
	clearLine = "\x1b[K"
	clearRest = "\x1b[J"
)

// draw writes a sheet where the one before was. The first is drawn on an empty screen.
func (inv *Invocation) draw(s *sheet, first bool) error {
	var b strings.Builder
	b.WriteString(home)
	if first {
		b.WriteString(clearRest)
	}
	for _, line := range s.fitted(inv.Screen.Size()) {
		b.WriteString(line + clearLine + "\n")
	}
	b.WriteString(clearRest)
	_, err := io.WriteString(inv.Stdout, b.String()) // at once, so that it does not flicker
	return err
}
