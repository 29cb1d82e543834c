package disk

import (
	"fmt"
	"slices"
	"strings"
)

// Trust reads files that only trusted users can have changed: the file and every folder above it belong to one of the
// owners and are writable by nobody else, group included. It looks at what it has opened and not at names, so that
// nobody can put something else there in between. A folder that only leads to the one in question may be writable by all
// if it is sticky, as /tmp is: what lies in it can be replaced by its owner only.
//
// It is safe for concurrent use. On systems without these means all reading fails with errors.ErrUnsupported.
type Trust struct {
	// Owners are the ids of the users that are trusted.
	Owners []int
	// Limit is the largest size of a file in bytes.
	Limit int64
}

// TrustError says who else could have changed something.
type TrustError struct {
	// Path of the file or folder that is not to be trusted.
	Path, Text string
}

func (e *TrustError) Error() string { return e.Path + " " + e.Text }

// owners in words.
func (t *Trust) owners() string {
	var words []string
	for _, id := range t.Owners {
		word := "root"
		if id != 0 {
			word = fmt.Sprintf("user %d", id)
		}
		if !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return strings.Join(words, " or ")
}
