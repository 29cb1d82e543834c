package command

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cellsh/repl/show"
)

// Lines divide a text between words, and neither what is quoted nor a comparison; joined again they are the text.
func TestWrap(t *testing.T) {
	for _, x := range []struct {
		text string
		want []string
	}{
		{strings.Repeat("word ", 14) + `"two words" on`, []string{strings.TrimSpace(strings.Repeat("word ", 14)), `    "two words" on`}},
		{strings.Repeat("word ", 14) + "r.port == 80 and", []string{strings.TrimSpace(strings.Repeat("word ", 14)), "    r.port == 80 and"}},
		{strings.Repeat("word ", 14) + `"is not closed here`, []string{strings.TrimSpace(strings.Repeat("word ", 14)) + ` "is not`, "    closed here"}},
		{"x " + strings.Repeat("y", 100) + " z", []string{"x", "    " + strings.Repeat("y", 100), "    z"}},
	} {
		if got := strings.Split(strings.TrimSuffix(wrap(0, x.text), "\n"), "\n"); strings.Join(got, "\n") != strings.Join(x.want, "\n") {
			t.Errorf("%q becomes %q, want %q", x.text, got, x.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "denied", "r.port", "==", "80", `"low`, `ports"`, `"x"`, "界界", strings.Repeat("w", 70), "system.module,"}), 1, 60).Draw(t, "words")
		indent := rapid.IntRange(0, 10).Draw(t, "indent")
		text := wrap(indent, strings.Join(words, " "))
		var joined []string
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			joined = append(joined, strings.TrimLeft(line, " "))
			if show.Width(line) > width && len(pieces(strings.TrimLeft(line, " "))) > 1 {
				t.Errorf("a line is too long: %q", line)
			}
		}
		if got := strings.Join(joined, " "); got != strings.Join(words, " ") {
			t.Errorf("%q, want %q", got, words)
		}
	})
}
