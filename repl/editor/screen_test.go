package editor

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// fails is a test, as far as a glass needs one.
type fails interface{ Fatalf(string, ...any) }

// glass is a terminal in memory, as plain as NetBSD's console: it knows CR, LF, and of the sequences cursor movement, erasing and
// SGR. What it does not know is an error. It wraps as such a terminal does, so that a row which is too long is seen.
type glass struct {
	t             fails
	columns, rows int
	lines         [][]string
	row, column   int
	sgr           string
	// scrolled is what has left the screen at its top.
	scrolled []string
}

func newGlass(t fails, columns, rows int) *glass {
	g := &glass{t: t, columns: columns, rows: rows}
	for range rows {
		g.lines = append(g.lines, g.blank())
	}
	return g
}

func (g *glass) blank() []string { return strings.Split(strings.Repeat(" ,", g.columns-1)+" ", ",") }

func (g *glass) linefeed() {
	if g.row++; g.row == g.rows {
		g.scrolled = append(g.scrolled, g.line(0))
		g.lines = append(g.lines[1:], g.blank())
		g.row--
	}
}

func (g *glass) line(i int) string { return strings.TrimRight(strings.Join(g.lines[i], ""), " ") }

func (g *glass) write(s string) {
	for s != "" {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == '\r':
			g.column = 0
		case r == '\n':
			g.linefeed()
		case r == 0x1b:
			n = g.sequence(s)
		case r < ' ':
			g.t.Fatalf("the control character %q is written", r)
		default:
			g.character(r)
		}
		s = s[n:]
	}
}

func (g *glass) character(r rune) {
	wide := r >= 0x1100
	if r == '\u0301' {
		g.lines[g.row][max(g.column-1, 0)] += string(r)
		return
	}
	n := 1
	if wide {
		n = 2
	}
	if g.column+n > g.columns {
		g.t.Fatalf("a row is wider than the screen: %q and %q", g.line(g.row), r)
	}
	g.lines[g.row][g.column] = string(r)
	if g.sgr != "" {
		g.lines[g.row][g.column] = "«" + g.sgr + ":" + string(r) + "»"
	}
	if wide {
		g.lines[g.row][g.column+1] = ""
	}
	g.column += n
}

func (g *glass) sequence(s string) int {
	if !strings.HasPrefix(s, "\x1b[") {
		g.t.Fatalf("%q is no sequence", s)
	}
	end := strings.IndexFunc(s[2:], func(r rune) bool { return r >= '@' }) + 2
	n, err := strconv.Atoi(s[2:end])
	if err != nil {
		n = 1
	}
	switch s[end] {
	case 'A':
		if g.row -= n; g.row < 0 {
			g.t.Fatalf("the cursor is moved out of the screen, %d rows above it", -g.row)
		}
	case 'B':
		if g.row += n; g.row >= g.rows {
			g.t.Fatalf("the cursor is moved out of the screen, %d rows below it", g.row-g.rows+1)
		}
	case 'C':
		if g.column += n; g.column >= g.columns {
			g.t.Fatalf("the cursor is moved out of the screen, to column %d", g.column)
		}
	case 'K':
		copy(g.lines[g.row][g.column:], g.blank()[g.column:])
	case 'J':
		copy(g.lines[g.row][g.column:], g.blank()[g.column:])
		for i := g.row + 1; i < g.rows; i++ {
			g.lines[i] = g.blank()
		}
	case 'm':
		if g.sgr = s[2:end]; g.sgr == "0" {
			g.sgr = ""
		}
	default:
		g.t.Fatalf("%q is a sequence that not all terminals know", s[:end+1])
	}
	return end + 1
}

// shown is what is on the screen with | for the cursor, without the rows below that are empty. Characters that are not plain are
// «SGR:x»; runs of them are put together.
func (g *glass) shown() string {
	var rows []string
	for i := range g.lines {
		if i == g.row {
			row := append([]string{}, g.lines[i]...)
			row[g.column] = "|" + row[g.column]
			rows = append(rows, strings.TrimRight(strings.Join(row, ""), " "))
			continue
		}
		rows = append(rows, g.line(i))
	}
	text := strings.TrimRight(strings.Join(rows, "\n"), "\n")
	runs := regexp.MustCompile(`«([0-9;]*):([^«»]*)»«([0-9;]*):`)
	for from := 0; ; {
		at := runs.FindStringSubmatchIndex(text[from:])
		switch {
		case at == nil:
			return text
		case text[from+at[2]:from+at[3]] == text[from+at[6]:from+at[7]]:
			text = text[:from+at[5]] + text[from+at[1]:]
		default:
			from += at[5]
		}
	}
}

// draw is what a draft shows on a new screen.
func draw(t fails, d *Draft, columns, rows int) string {
	g := newGlass(t, columns, rows)
	var c canvas
	g.write(c.draw(d.View(columns, rows)))
	return g.shown()
}

func (g *glass) String() string { return fmt.Sprintf("%s\n(%d,%d)", g.shown(), g.row, g.column) }
