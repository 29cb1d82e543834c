package editor

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

func TestKeys(t *testing.T) {
	for _, c := range []struct {
		in, out string
		// text is what a line of the output means.
		text string
	}{
		{"abc", "abc", "abc"},
		{"a\x00\x14\x16\x1cb", "ab", "ab"},
		{"\x1b[A\x1b[B\x1b[C\x1b[D\x1b[H\x1b[F", "\x10\x0e\x06\x02\x01\x05", ""},
		{"\x1bOA\x1bOH", "\x10\x01", ""},
		{"\x1b[1~\x1b[4~\x1b[7~\x1b[8~", "\x01\x05\x01\x05", ""},
		{"\x1b[1;5Cx\x1b[1;5D\x1bb", "\x1bfx\x1bb\x1bb", ""},
		{"\x1b[15~\x1b[24;80R\x1bq\x1bOPx", "x", "x"},
		{"\x1b\x1b\x03", "\x03", ""},
		{"\x1b[" + strings.Repeat("1", 100) + "xy", "y", "y"},
		{"é日\xff\xc3x\u009b\u202ey", "é日xy", "é日xy"},
		{"\x1b[200~x = 1\x1b[201~!", "x = 1!", "x = 1!"},
		{"\x1b[200~a\tb\x1b[Ac\x1b[201~", "a\ue001b[Ac", "a\tb[Ac"},
		{"f \x1b[200~{\r\n  1,\r}\nx\x1b[201~y", "f \ue100\rxy", "f {\n  1,\n}"},
		{"\x1b[200~\n\x1b[201~", "\ue100\r", ""},
		{"\x1b[200~" + strings.Repeat("x", 1001) + "\x1b[201~", "\ue100", strings.Repeat("x", 1001)},
		{"\x1b[200~\ue000\ue100\xff\x1b[201~", "", ""},
		{"\ue000\ue100a", "a", "a"},
		{"\x1b[200~" + strings.Repeat("x\n", MaxLine/2) + "\n\x1b[201~a", "\ue100\ra", tooLong},
		{"\x1b[200~" + strings.Repeat("x\n", MaxLine/2) + "\x1b[201~", "\ue100\r", strings.Repeat("x\n", MaxLine/2)[:MaxLine-1]},
	} {
		// Whole, and byte by byte.
		for _, size := range []int{len(c.in), max(1, len(c.in)>>16), 3 + len(c.in)>>15} {
			k := newKeys(func() { t.Error("suspended") })
			var out []byte
			for at := 0; at < len(c.in); at += size {
				out = append(out, feedAll(k, []byte(c.in[at:min(at+size, len(c.in))]))...)
			}
			if string(out) != c.out {
				t.Errorf("%.100q by %d: %q, want %q", c.in, size, out, c.out)
				continue
			}
			line, _, _ := strings.Cut(c.out, "\r")
			if strings.ContainsFunc(line, unicode.IsControl) {
				continue
			}
			if text, _ := k.text([]rune(line)); text != c.text {
				t.Errorf("%.100q means %.100q, want %.100q", c.in, text, c.text)
			}
		}
	}
}

func TestSuspendAndDelete(t *testing.T) {
	n := 0
	k := newKeys(func() { n++ })
	if out := feedAll(k, []byte("a\x1ab")); string(out) != "ab" || n != 1 {
		t.Errorf("%q, suspended %d times", out, n)
	}
	out, rest := k.feed([]byte("a\x1b[3~b\x04\x1b[3~"))
	if string(out) != "a\x1b[3~" || !k.deleteKey.Load() {
		t.Errorf("%q, and Delete is not known", out)
	}
	out, rest = k.feed(rest)
	if string(out) != "b\x04" || k.deleteKey.Load() {
		t.Errorf("%q, and Ctrl-D is taken for Delete", out)
	}
	if out, rest = k.feed(rest); string(out) != "\x1b[3~" || len(rest) > 0 || !k.deleteKey.Load() {
		t.Errorf("%q, and Delete is not known", out)
	}
}

// feedAll feeds all that is there.
func feedAll(k *keys, in []byte) []byte {
	var all []byte
	for {
		out, rest := k.feed(in)
		all = append(all, out...)
		if len(rest) == 0 {
			return all
		}
		in = rest
	}
}

// What is fed gives the same whatever pieces it comes in, and nothing that the line editor does not know.
func FuzzKeys(f *testing.F) {
	for _, s := range []string{"a\x1b[3~", "\x1b[200~x\ny\x1b[201~", "\x1b", "\x1bO", "\xc3", "\x1b[200~\x1b[201", "日本"} {
		f.Add([]byte(s), 2)
	}
	f.Fuzz(func(t *testing.T, in []byte, size int) {
		size = max(1, size&15)
		whole, pieces := newKeys(func() {}), newKeys(func() {})
		want := feedAll(whole, in)
		var got []byte
		for at := 0; at < len(in); at += size {
			got = append(got, feedAll(pieces, in[at:min(at+size, len(in))])...)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("%q by %d: %q, whole %q", in, size, got, want)
		}
		for _, r := range string(want) {
			if unicode.IsControl(r) && r != 0x1b && !strings.ContainsRune(control, r) {
				t.Fatalf("%q gives %q", in, want)
			}
		}
		text, _ := whole.text([]rune(string(want)))
		for _, r := range string(paint([]rune(toMarks(text)))) {
			if unicode.IsControl(r) && r != 0x1b {
				t.Fatalf("%q is painted with %q", text, r)
			}
		}
	})
}

func TestMarksKeepStatements(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[ -~éß日\n\t]*`).Draw(t, "statement")
		if text, _ := newKeys(nil).text([]rune(toMarks(s))); text != s {
			t.Fatalf("%q became %q", s, text)
		}
	})
}

func TestList(t *testing.T) {
	words := func(n int) []string {
		var out []string
		for i := range n {
			out = append(out, "word"+string(rune('a'+i%26)))
		}
		return out
	}
	if got := list(words(5), 20, 10); got != "worda  wordd\nwordb  worde\nwordc\n" {
		t.Errorf("%q", got)
	}
	if got := list(words(7), 10, 3); got != "worda\nwordb\n... 5 more\n" {
		t.Errorf("%q", got)
	}
	if got := list([]string{"\x1b[31mred", strings.Repeat("x", 99)}, 20, 10); got != `\027[31mred`+"\n"+strings.Repeat("x", 99)+"\n" {
		t.Errorf("%q", got)
	}
}
