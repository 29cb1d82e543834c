package api

import (
	"testing"

	"cellsh/lua/format"
)

// TestExamplesAreFormatted: the examples of the help are in the style of cellsh fmt.
func TestExamplesAreFormatted(t *testing.T) {
	for _, e := range Entries() {
		if got, problems := format.Source(e.Name, e.Example+"\n"); got != e.Example+"\n" {
			t.Errorf("%s: %v\n%s\nis formatted\n%s", e.Name, problems, e.Example, got)
		}
	}
}
