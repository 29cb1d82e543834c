package screentest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fails is a test, as far as a screen needs one.
type Fails interface {
	Helper()
	Fatalf(form string, args ...any)
}

// Kind is what a terminal understands beside text, CR, LF, BS, BEL and tabs.
type Kind uint8

const (
	// Dumb terminals understand nothing else.
	Dumb Kind = iota
	// Console is what VT100 and NetBSD's console have in common (wscons(4), wsemul): moving, erasing, and of SGR bold,
	// underlined, reverse and eight colours.
	Console
	// Emulator is a window of today: it has twice as many colours too, and marks pasted text.
	Emulator
)

// KindOf is the kind of the terminals with a name in TERM.
func KindOf(term string) Kind {
	switch {
	case term == "" || term == "dumb":
		return Dumb
	case strings.HasPrefix(term, "xterm"):
		return Emulator
	}
	return Console
}

// cell is a character with the marks that are combined with it, "" in the second column of a wide one, and its parameters of SGR.
type cell struct{ text, sgr string }

// Screen is what is to be seen. It must be used by the goroutine of its test.
type Screen struct {
	t             Fails
	kind          Kind
	columns, rows int
	lines         [][]cell
	// row and column are the place of the cursor; column is columns in a row that is full.
	row, column int
	sgr         string
	fixed       bool
	scrolled    []string
	// held is what has come of a character or a sequence that is not complete.
	held []byte
	// Pastes says that the terminal marks what is pasted.
	pastes bool
}

// New makes an empty screen, at least one column wide and one row high.
func New(t Fails, kind Kind, columns, rows int) *Screen {
	s := &Screen{t: t, kind: kind, columns: columns, rows: rows}
	for range rows {
		s.lines = append(s.lines, s.blank())
	}
	return s
}

// Fix makes it an error to write a row that is wider than the screen.
func (s *Screen) Fix() { s.fixed = true }

func (s *Screen) blank() []cell {
	line := make([]cell, s.columns)
	for i := range line {
		line[i].text = " "
	}
	return line
}

func (s *Screen) linefeed() {
	if s.row++; s.row == s.rows {
		s.scroll()
	}
}

// scroll moves the first row out of the screen.
func (s *Screen) scroll() {
	s.scrolled = append(s.scrolled, text(s.lines[0]))
	s.lines = append(s.lines[1:], s.blank())
	s.row--
}

func text(line []cell) string {
	var b strings.Builder
	for _, c := range line {
		b.WriteString(c.text)
	}
	return strings.TrimRight(b.String(), " ")
}

// Write draws what a program writes, in whatever pieces it comes.
func (s *Screen) Write(b []byte) (int, error) {
	s.t.Helper()
	in := append(s.held, b...)
	s.held = nil
	for len(in) > 0 {
		n := s.next(in)
		if n == 0 {
			s.held = slices.Clone(in)
			break
		}
		in = in[n:]
	}
	return len(b), nil
}

// next draws the first character, or does what the first sequence says, and gives its length; 0 if more must come.
func (s *Screen) next(in []byte) int {
	s.t.Helper()
	switch c := in[0]; {
	case c == '\r':
		s.column = 0
	case c == '\n':
		s.linefeed()
	case c == '\b':
		s.column = max(min(s.column, s.columns-1)-1, 0)
	case c == '\t':
		s.column = min((s.column/8+1)*8, s.columns-1)
	case c == '\a':
	case c == 0x1b:
		return s.sequence(in)
	case c < ' ' || c == 0x7f:
		s.t.Fatalf("the control character %q is written", c)
	case !utf8.FullRune(in):
		return 0
	default:
		r, n := utf8.DecodeRune(in)
		if r == utf8.RuneError {
			s.t.Fatalf("what is written is no UTF-8: %q", in[:n])
		}
		s.character(r)
		return n
	}
	return 1
}

func (s *Screen) character(r rune) {
	s.t.Helper()
	if unicode.In(r, unicode.Mn, unicode.Me) {
		s.lines[s.row][max(s.column-1, 0)].text += string(r)
		return
	}
	n := 1
	if r >= 0x1100 {
		n = 2
	}
	if s.column+n > s.columns {
		if s.fixed {
			s.t.Fatalf("a row is wider than the screen: %q and %q", text(s.lines[s.row]), r)
		}
		s.linefeed()
		s.column = 0
	}
	s.lines[s.row][s.column] = cell{string(r), s.sgr}
	if n == 2 && s.column+1 < s.columns {
		s.lines[s.row][s.column+1] = cell{}
	}
	s.column += n
}

// plain are the parameters of SGR that every terminal but a dumb one knows.
var plain = []string{"", "0", "1", "4", "7", "30", "31", "32", "33", "34", "35", "36", "37"}

// bright are those that more colours need.
var bright = []string{"90", "91", "92", "93", "94", "95", "96", "97"}

func (s *Screen) sequence(in []byte) int {
	s.t.Helper()
	if s.kind == Dumb {
		s.t.Fatalf("a sequence is written to a dumb terminal: %q", in)
	}
	switch {
	case len(in) == 1:
		return 0
	case in[1] != '[':
		s.t.Fatalf("%q is no sequence that all terminals know", in)
	}
	end := slices.IndexFunc(in[2:], func(c byte) bool { return c >= '@' }) + 2
	if end < 2 {
		return 0
	}
	parameters := string(in[2:end])
	n, err := strconv.Atoi(parameters)
	if err != nil || n == 0 {
		n = 1
	}
	unknown := func() { s.t.Fatalf("%q is a sequence that not all terminals of its kind know", in[:end+1]) }
	blank := func(row, from, to int) { copy(s.lines[row][from:to], s.blank()) }
	at := min(s.column, s.columns-1)
	switch in[end] {
	case 'A':
		if s.row -= n; s.row < 0 {
			s.t.Fatalf("the cursor is moved out of the screen, %d rows above it", -s.row)
		}
	case 'B':
		if s.row += n; s.row >= s.rows {
			s.t.Fatalf("the cursor is moved out of the screen, %d rows below it", s.row-s.rows+1)
		}
	case 'C':
		if s.column += n; s.column >= s.columns {
			s.t.Fatalf("the cursor is moved out of the screen, to column %d", s.column)
		}
	case 'H':
		if parameters != "" {
			unknown()
		}
		s.row, s.column = 0, 0
	case 'K':
		if parameters != "" {
			unknown()
		}
		blank(s.row, at, s.columns)
	case 'J':
		switch parameters {
		case "":
			blank(s.row, at, s.columns)
			for i := s.row + 1; i < s.rows; i++ {
				blank(i, 0, s.columns)
			}
		case "2":
			for i := range s.rows {
				blank(i, 0, s.columns)
			}
		default:
			unknown()
		}
	case 'm':
		for _, p := range strings.Split(parameters, ";") {
			if !slices.Contains(plain, p) && !(s.kind == Emulator && slices.Contains(bright, p)) {
				unknown()
			}
		}
		if s.sgr = parameters; s.sgr == "0" {
			s.sgr = ""
		}
	case 'h', 'l':
		if s.kind != Emulator || parameters != "?2004" {
			unknown()
		}
		s.pastes = in[end] == 'h'
	default:
		unknown()
	}
	return end + 1
}

// Resize gives it another size, as a window does that divides the rows which are too long then. What has no place any more leaves
// at the top, as long as the cursor stays.
func (s *Screen) Resize(columns, rows int) {
	var lines [][]cell
	row, column := 0, 0
	for i, line := range s.lines {
		used := len(line)
		for used > 0 && line[used-1] == (cell{text: " "}) {
			used--
		}
		at := -1
		if i == s.row {
			at = s.column
			used = max(used, min(at, len(line)))
		}
		for from := 0; from == 0 || from < used; from += columns {
			if at >= from && (at < from+columns || from+columns >= used) {
				row, column = len(lines), min(at-from, columns)
			}
			part := slices.Clone(line[from:min(from+columns, len(line))])
			for len(part) < columns {
				part = append(part, cell{text: " "})
			}
			lines = append(lines, part)
		}
	}
	s.columns, s.rows, s.lines, s.row, s.column = columns, rows, lines, row, column
	for len(s.lines) < rows {
		s.lines = append(s.lines, s.blank())
	}
	for len(s.lines) > rows && len(s.lines) > s.row+1 && (s.row == 0 || text(s.lines[len(s.lines)-1]) == "") {
		s.lines = s.lines[:len(s.lines)-1]
	}
	for len(s.lines) > rows {
		s.scrolled = append(s.scrolled, text(s.lines[0]))
		s.lines = s.lines[1:]
		s.row--
	}
}

// Pastes reports whether it marks what is pasted.
func (s *Screen) Pastes() bool { return s.pastes }

// Scrolled is the text of the rows that have left the screen at its top.
func (s *Screen) Scrolled() []string { return s.scrolled }

// Text is what is on the screen, without the rows below that are empty.
func (s *Screen) Text() string {
	var rows []string
	for _, line := range s.lines {
		rows = append(rows, text(line))
	}
	return strings.TrimRight(strings.Join(rows, "\n"), "\n")
}

// Row is the text of the row with the cursor.
func (s *Screen) Row() string { return text(s.lines[s.row]) }

// Marked is what is on the screen with | for the cursor; characters that are not plain are «SGR:text».
func (s *Screen) Marked() string {
	var rows []string
	for i, line := range s.lines {
		var b strings.Builder
		sgr := ""
		for j, c := range line {
			if i == s.row && j == s.column {
				if sgr != "" {
					b.WriteString("»")
					sgr = ""
				}
				b.WriteByte('|')
			}
			if c.sgr != sgr && c.text != "" {
				if sgr != "" {
					b.WriteString("»")
				}
				if sgr = c.sgr; sgr != "" {
					b.WriteString("«" + sgr + ":")
				}
			}
			b.WriteString(c.text)
		}
		if sgr != "" {
			b.WriteString("»")
		}
		if i == s.row && s.column >= len(line) {
			b.WriteByte('|')
		}
		rows = append(rows, strings.TrimRight(b.String(), " "))
	}
	return strings.TrimRight(strings.Join(rows, "\n"), "\n")
}

func (s *Screen) String() string { return fmt.Sprintf("%s\n(%d,%d)", s.Marked(), s.row, s.column) }
