package show

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"cellsh/lua/value"
)

// Text makes text safe for a terminal: control characters, what turns the direction of text, and bytes that are no
// UTF-8 become \ddd as in Lua. Newlines and tabs stay.
func Text(s string) string {
	return value.Escape(s, func(r rune) bool { return r == '\n' || r == '\t' })
}

// Width is how many columns of a terminal a text takes: two for wide East Asian characters and pictures, none for
// marks that combine (Unicode Standard Annex 11). The text must be one that Text has made safe.
func Width(s string) int {
	w := 0
	for _, r := range s {
		w += runeWidth(r)
	}
	return w
}

// runeWidth is Width of one character.
func runeWidth(r rune) int {
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

// cut gives the beginning of a string, at most n bytes, that ends between characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for back := 0; back < utf8.UTFMax && back < n; back++ {
		if utf8.RuneStart(s[n-back]) {
			return s[:n-back]
		}
	}
	return s[:n]
}

// count writes a number with commas between the thousands.
func count(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
