package policy

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxName is how many characters the name of a cell or a policy can have (the kernel keeps 64 bytes with the zero at its end).
const MaxName = 63

// UnknownCell is what programs know a cell by that the kernel has no name of: one that the loaded bundle does not name. No
// cell can be called that.
const UnknownCell = "?"

// CheckName says what is wrong with the name of a cell or a policy, as the end of a sentence, or "". Both have the same
// form: it is what secmodel_cell takes.
func CheckName(name string) string {
	if name == "" {
		return "must not be empty, but is"
	}
	if len(name) > MaxName {
		return fmt.Sprintf("must have at most %d characters, but has %d", MaxName, len(name))
	}
	if name == "." || name == ".." {
		return "must not be . or .., which are directories everywhere, but is"
	}
	for i, r := range name {
		if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("._-", r)) {
			return "must consist of A-Z a-z 0-9 . _ -, but has the character " + FirstCharacter(name[i:])
		}
	}
	return ""
}

// FirstCharacter is the first character of a text, quoted; a byte that is none is written as in Lua.
func FirstCharacter(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n == 1 {
		return fmt.Sprintf(`'\%d'`, s[0])
	}
	return strconv.QuoteRune(r)
}
