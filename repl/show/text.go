package show

import (
	"fmt"
	"unicode/utf8"

	"cellsh/lua/value"
	"cellsh/policy/columns"
)

// Text makes text safe for a terminal: control characters, what turns the direction of text, and bytes that are no
// UTF-8 become \ddd as in Lua. Newlines and tabs stay.
func Text(s string) string {
	return value.Escape(s, func(r rune) bool { return r == '\n' || r == '\t' })
}

// Width is how many columns of a terminal a text takes; see [columns.Width]. The text must be one that Text has made safe.
func Width(s string) int { return columns.Width(s) }

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
