package value

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Quote writes a string as Lua reads it. It is one line, and Lua reads it as the same string.
func Quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, part := range strings.SplitAfter(s, "\n") {
		if i > 0 {
			b.WriteString(`\n`)
		}
		part = strings.TrimSuffix(part, "\n")
		b.WriteString(Escape(strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(part), nil))
	}
	b.WriteByte('"')
	return b.String()
}

// short are the escapes of a letter.
var short = map[byte]string{'\t': `\t`, '\r': `\r`, '\a': `\a`, '\b': `\b`, '\f': `\f`, '\v': `\v`}

// Escape replaces every byte of characters that are not printable, but for those that stay, by what Lua reads as it. Nil
// lets none stay.
func Escape(s string, stays func(rune) bool) string {
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
