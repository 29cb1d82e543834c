package policy

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxGlob is how long the pattern of a [Glob] test can be in bytes: a name of the kernel has at most [MaxName], and a
// star can stand before, between and behind its characters.
const MaxGlob = 2*MaxName + 1

// MatchGlob reports whether a text matches a pattern, in which only * is special and stands for any characters or none. It
// does not allocate, and takes at most len(pattern)*len(s) steps.
//
// It goes through both from the left; where they part it goes back to the last star, which then takes one more byte.
// Going back to an earlier star is never needed: what lies between two stars is best found as early as possible.
func MatchGlob(pattern, s string) bool {
	p, i := 0, 0
	// star is the place behind the last star, and from where in s it was met; -1 before the first.
	star, from := -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			p++
			star, from = p, i
		case p < len(pattern) && pattern[p] == s[i]:
			p++
			i++
		case star >= 0:
			from++
			p, i = star, from
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// CheckGlob says what is wrong with the pattern of a [Glob] test, as the end of a sentence, or "". It must have a star, as
// others are tests for one text, and no two of them together.
func CheckGlob(pattern string) string {
	switch {
	case len(pattern) > MaxGlob:
		return fmt.Sprintf("must have at most %d bytes, but has %d", MaxGlob, len(pattern))
	case !utf8.ValidString(pattern):
		return "must be UTF-8, but is not"
	case strings.Contains(pattern, "\x00"):
		return "must have no zero in it, but has one"
	case !strings.Contains(pattern, "*"):
		return "must have a *, but has none"
	case strings.Contains(pattern, "**"):
		return "must have no two * together, but has"
	}
	return ""
}
