package show

import (
	"strings"
	"unicode/utf8"
)

// Align gives rows of cells as lines in which columns stand below each other, two spaces apart. The columns that are right stand
// at their right edge; what right does not have is left. Every row must have as many cells as the first, and the cells must be
// harmless and without newlines.
func Align(rows [][]string, right []bool) []string {
	var widths []int
	for _, row := range rows {
		for i, s := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], Width(s))
		}
	}
	lines := make([]string, len(rows))
	for n, row := range rows {
		var line strings.Builder
		for i, s := range row {
			if i > 0 {
				line.WriteString("  ")
			}
			pad := strings.Repeat(" ", widths[i]-Width(s))
			if i < len(right) && right[i] {
				line.WriteString(pad + s)
			} else {
				line.WriteString(s + pad)
			}
		}
		lines[n] = strings.TrimRight(line.String(), " ")
	}
	return lines
}

// Fit gives as much of a harmless line as takes so many columns, with two dots where something is missing.
func Fit(line string, columns int) string {
	if Width(line) <= columns {
		return line
	}
	width := 0
	for i, r := range line {
		if width += runeWidth(r); width > columns-2 {
			return line[:i] + ".."[:max(0, min(2, columns))]
		}
	}
	return line
}

// Rows is how many rows of a terminal with so many columns a harmless line takes.
func Rows(line string, columns int) int {
	columns = max(1, columns)
	return max(1, (Width(line)+columns-1)/columns)
}

// Wrap divides a harmless line into such that take so many columns at most, at spaces; only words that are wider are cut. What goes on
// is as far from the left edge as the line is.
func Wrap(line string, columns int) []string {
	columns = max(columns, 1)
	line = strings.TrimRight(line, " ")
	if Width(line) <= columns {
		return []string{line}
	}
	body := strings.TrimLeft(line, " ")
	indent := strings.Repeat(" ", min(len(line)-len(body), columns/2, max(columns-2, 0)))
	var out []string
	for body != "" {
		end, space, width := len(body), -1, len(indent)
		for i, r := range body {
			if r == ' ' {
				space = i
			}
			if width += runeWidth(r); width > columns {
				end = i
				break
			}
		}
		switch {
		case end == len(body):
		case space > 0:
			end = space
		case end == 0:
			// A character that is wider than all of it.
			_, end = utf8.DecodeRuneInString(body)
		}
		out = append(out, indent+strings.TrimRight(body[:end], " "))
		body = strings.TrimLeft(body[end:], " ")
	}
	return out
}
