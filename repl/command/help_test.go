package command

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestHelpFits: help is read on terminals of 80 columns. Commands to copy and requests of one line may be longer.
func TestHelpFits(t *testing.T) {
	for _, c := range All() {
		for line := range strings.SplitSeq(c.Help(), "\n") {
			if utf8.RuneCountInString(line) > width && !strings.HasPrefix(line, "  cellsh ") && !strings.HasPrefix(line, "  {") && !strings.HasPrefix(line, "   \"") && !strings.HasPrefix(line, "    local ") && !strings.HasPrefix(line, "usage: ") {
				t.Errorf("help %s: a line must have at most %d columns, but has %d: %s", c.Name, width, utf8.RuneCountInString(line), line)
			}
		}
		if c.Long == "" {
			t.Errorf("%s must have help", c.Name)
		}
	}
	for line := range strings.SplitSeq(Overview(), "\n") {
		if utf8.RuneCountInString(line) > width {
			t.Errorf("the overview must fit, but has: %s", line)
		}
	}
}
