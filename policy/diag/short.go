package diag

import "strings"

// maxQuoted is how many bytes of a name or value a message shows.
const maxQuoted = 60

// Short cuts a name or a value that would make a message unreadable; see Cut.
func Short(s string) string { return Cut(s, maxQuoted) }

// Cut is a text of at most so many bytes: of a longer one the beginning, without half a character at its end and without
// what is no UTF-8, and "...".
func Cut(s string, most int) string {
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}
