package syntax

import (
	"slices"
	"testing"
)

func TestKeywords(t *testing.T) {
	all := Keywords()
	if !slices.IsSorted(all) || len(all) != 22 {
		t.Errorf("Lua has 21 keywords, and goto, but these are %q", all)
	}
	for _, word := range all {
		if tokens := Scan(word); len(tokens) != 1 || tokens[0].Kind != Keyword {
			t.Errorf("%s is %v", word, tokens)
		}
		if IsName(word) {
			t.Errorf("%s must be no name", word)
		}
	}
	for text, want := range map[string]bool{"x": true, "_": true, "a1_B": true, "End": true, "": false, "1a": false, "a b": false, " a": false, "a ": false, "a.b": false, "é": false, "a--": false, "a\x00": false} {
		if IsName(text) != want {
			t.Errorf("%q: %t", text, !want)
		}
	}
}
