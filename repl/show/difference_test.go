package show

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestDifference(t *testing.T) {
	for _, test := range []struct{ from, to, want string }{
		{"a\n", "a\n", ""},
		{"", "a\n", "--- x\n+++ x\n@@ -0,0 +1 @@\n+a\n"},
		{"a\n", "", "--- x\n+++ x\n@@ -1 +0,0 @@\n-a\n"},
		{"a\nb", "a\nb\n", "--- x\n+++ x\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n"},
		{"1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n", "--- x\n+++ x\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n"},
		{"x\n1\n1\n1\n1\n1\n1\n1\ny\n", "1\n1\n1\n1\n1\n1\n1\n", "--- x\n+++ x\n@@ -1,4 +1,3 @@\n-x\n 1\n 1\n 1\n@@ -6,4 +5,3 @@\n 1\n 1\n 1\n-y\n"},
	} {
		if got := Difference("x", test.from, test.to); got != test.want {
			t.Errorf("%q, %q gives\n%s\nwant\n%s", test.from, test.to, got, test.want)
		}
	}
}

// TestDifferenceApplies: what a difference says makes the one text of the other, and it says no more than there is.
func TestDifferenceApplies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.Custom(func(t *rapid.T) string {
			lines := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}), 0, 30).Draw(t, "lines")
			return strings.Join(lines, "\n") + rapid.SampledFrom([]string{"", "\n"}).Draw(t, "end")
		})
		from, to := text.Draw(t, "from"), text.Draw(t, "to")
		got := Difference("x", from, to)
		if (got == "") != (from == to) {
			t.Fatalf("%q", got)
		}
		changed := from
		list := Changes(from, to)
		for i := len(list) - 1; i >= 0; i-- {
			changed = changed[:list[i].From] + list[i].Text + changed[list[i].To:]
		}
		if changed != to {
			t.Fatalf("%q becomes %q and not %q by %v", from, changed, to, list)
		}
		if out := patch(t, from, got); out != to {
			t.Fatalf("%q becomes %q and not %q by\n%s", from, out, to, got)
		}
	})
}

// patch applies a difference, as patch(1) does.
func patch(t *rapid.T, from, difference string) string {
	if difference == "" {
		return from
	}
	source := slices.Collect(strings.Lines(from))
	var out []string
	at := 0
	hunks := strings.Split("\n"+strings.SplitN(difference, "\n", 3)[2], "\n@@ -")[1:]
	for _, h := range hunks {
		head, body, _ := strings.Cut(h, "\n")
		var line, count int
		if n, _ := fmt.Sscanf(head, "%d,%d ", &line, &count); n < 2 {
			count = 1
		}
		if count > 0 {
			line--
		}
		out = append(out, source[at:line]...)
		at = line
		body = strings.ReplaceAll(body, "\n\\ No newline at end of file", "\x00")
		for _, l := range strings.Split(strings.TrimSuffix(body, "\n"), "\n") {
			text := strings.TrimSuffix(l[1:]+"\n", "\x00\n")
			switch l[0] {
			case ' ', '-':
				if source[at] != text {
					t.Fatalf("line %d is %q and not %q", at, source[at], text)
				}
				at++
			}
			if l[0] != '-' {
				out = append(out, text)
			}
		}
	}
	return strings.Join(append(out, source[at:]...), "")
}
