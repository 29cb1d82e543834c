package show

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text makes text safe for a terminal: control characters, what turns the direction of text, and bytes that are no
// UTF-8 become \ddd as in Lua. Newlines and tabs stay.
func Text(s string) string {
	return escape(s, func(r rune) bool { return r == '\n' || r == '\t' })
}

// Quote writes a string as Lua reads it. It is one line, and Lua reads it as the same string.
func Quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, part := range strings.SplitAfter(s, "\n") {
		if i > 0 {
			b.WriteString(`\n`)
		}
		part = strings.TrimSuffix(part, "\n")
		b.WriteString(escape(strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(part), nil))
	}
	b.WriteByte('"')
	return b.String()
}

var short = map[byte]string{'\t': `\t`, '\r': `\r`, '\a': `\a`, '\b': `\b`, '\f': `\f`, '\v': `\v`}

// escape replaces every byte of characters that are not printable, but for those that stay.
func escape(s string, stays func(rune) bool) string {
	if ascii(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if !(r == utf8.RuneError && n == 1) && unicode.IsGraphic(r) || stays != nil && stays(r) {
			b.WriteString(s[:n])
		} else {
			for i := range n {
				if e, ok := short[s[i]]; ok {
					b.WriteString(e)
				} else {
					fmt.Fprintf(&b, `\%03d`, s[i])
				}
			}
		}
		s = s[n:]
	}
	return b.String()
}

// ascii reports whether the text is printable ASCII, as nearly all is.
func ascii(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
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
