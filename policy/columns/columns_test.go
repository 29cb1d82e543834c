package columns

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		line       string
		most, hang int
		want       string
	}{
		{"it fits", 7, 2, "it fits"},
		{"it does not", 8, 2, "it does\n  not"},
		{"it does not", 7, 2, "it does\n  not"},
		{"  indented text goes on", 14, 3, "  indented\n     text goes\n     on"},
		{"averylongword is not cut", 8, 2, "averylongword\n  is not\n  cut"},
		{"a averylongword", 8, 2, "a\n  averylongword"},
		{"日本 日本 日本", 9, 0, "日本 日本\n日本"},
		{"two  spaces  stay", 11, 0, "two  spaces\nstay"},
		{"a b c d", 3, 5, "a b\nc d"},
		{"ends with spaces   ", 16, 0, "ends with spaces   "},
	} {
		if got := Wrap(c.line, c.most, c.hang); got != c.want {
			t.Errorf("%q in %d columns: %q, want %q", c.line, c.most, got, c.want)
		}
	}
}

// Nothing is lost, no word is cut, and a line that is too wide has one word.
func TestWrapKeeps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.StringMatching(`[a-c界 ]*`).Draw(t, "line")
		most, hang := rapid.IntRange(1, 20).Draw(t, "columns"), rapid.IntRange(0, 4).Draw(t, "hang")
		got := Wrap(line, most, hang)
		if a, b := strings.Fields(line), strings.Fields(got); strings.Join(a, " ") != strings.Join(b, " ") {
			t.Fatalf("%q becomes %q", line, got)
		}
		for _, l := range strings.Split(got, "\n") {
			if Width(strings.TrimRight(l, " ")) > most && len(strings.Fields(l)) > 1 {
				t.Fatalf("%q in %d columns has %q", line, most, l)
			}
		}
	})
}

func TestHeadAndTail(t *testing.T) {
	for _, c := range []struct {
		text       string
		most       int
		head, tail string
	}{
		{"abc", 3, "abc", "abc"},
		{"abc", 2, "ab", "bc"},
		{"日本", 3, "日", "本"},
		{"a", 0, "", ""},
		{"", 3, "", ""},
	} {
		if head, tail := Head(c.text, c.most), Tail(c.text, c.most); head != c.head || tail != c.tail {
			t.Errorf("%q in %d columns: %q and %q", c.text, c.most, head, tail)
		}
	}
}
