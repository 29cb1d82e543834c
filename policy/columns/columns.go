package columns

import (
	"strings"
	"unicode"
)

// Width is how many columns of a terminal a text takes: two for wide East Asian characters and pictures, none for
// marks that combine (Unicode Standard Annex 11). Control characters must not be in it.
func Width(s string) int {
	w := 0
	for _, r := range s {
		w += Rune(r)
	}
	return w
}

// Rune is Width of one character.
func Rune(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case r < 0x1100:
		return 1
	}
	for _, w := range wide {
		if r < w[0] {
			return 1
		}
		if r <= w[1] {
			return 2
		}
	}
	return 1
}

// wide are the ranges of characters with two columns, ascending.
var wide = [...][2]rune{{0x1100, 0x115f}, {0x231a, 0x231b}, {0x2e80, 0x303e}, {0x3041, 0x33ff}, {0x3400, 0x4dbf}, {0x4e00, 0xa4cf}, {0xa960, 0xa97c},
	{0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff01, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1f64f},
	{0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}}

// Head is as much of the begin of a text as takes at most so many columns.
func Head(s string, most int) string {
	w := 0
	for i, r := range s {
		if w += Rune(r); w > most {
			return s[:i]
		}
	}
	return s
}

// Tail is as much of the end of a text as takes at most so many columns.
func Tail(s string, most int) string {
	w := Width(s)
	for i, r := range s {
		if w <= most {
			return s[i:]
		}
		w -= Rune(r)
	}
	return ""
}

// Wrap divides a line at its spaces so that none is wider than so many columns, if that can be: no word is cut, and spaces at the
// begin stay. Further lines begin with hang spaces more than the first, unless that is half of the columns.
func Wrap(line string, most, hang int) string {
	if Width(line) <= most {
		return line
	}
	text := strings.TrimLeft(line, " ")
	begin := line[:len(line)-len(text)]
	next := begin + strings.Repeat(" ", hang)
	if len(next) > most/2 {
		next = ""
	}
	var b strings.Builder
	b.WriteString(begin)
	column, first := len(begin), true
	for text != "" {
		// A word goes with the spaces before it.
		word := strings.TrimLeft(text, " ")
		spaces := text[:len(text)-len(word)]
		if end := strings.IndexByte(word, ' '); end >= 0 {
			word = word[:end]
		}
		text = text[len(spaces)+len(word):]
		if !first && word != "" && column+len(spaces)+Width(word) > most {
			b.WriteString("\n" + next)
			column, spaces = len(next), ""
		}
		b.WriteString(spaces + word)
		column += len(spaces) + Width(word)
		first = false
	}
	return b.String()
}
