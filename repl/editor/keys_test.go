package editor

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// spell writes keys so that they can be compared: typed characters as they are, others by their names.
func spell(keys []Key) string {
	var b strings.Builder
	for _, k := range keys {
		switch k.Name {
		case KeyText:
			b.WriteString(k.Text)
		case KeyPaste:
			fmt.Fprintf(&b, "<%q>", k.Text)
		default:
			for word, name := range words {
				if name == k.Name {
					b.WriteString("<" + word + ">")
				}
			}
		}
	}
	return b.String()
}

// words for keys, as tests write them.
var words = map[string]KeyName{
	"too long": KeyTooLong, "enter": KeyEnter, "newline": KeyNewline, "tab": KeyTab, "backtab": KeyBackTab, "backspace": KeyBackspace, "delete": KeyDelete,
	"end": KeyEnd, "home": KeyHome, "left": KeyLeft, "right": KeyRight, "up": KeyUp, "down": KeyDown, "top": KeyTop, "bottom": KeyBottom,
	"word left": KeyWordLeft, "word right": KeyWordRight, "^C": KeyInterrupt, "^D": KeyDeleteOrGo, "^G": KeyCancel, "^L": KeyClear, "^Z": KeySuspend,
	"^R": KeySearch, "^S": KeySearchNext, "^T": KeyTranspose, "undo": KeyUndo, "^K": KeyCutLine, "^U": KeyCutBefore, "M-d": KeyCutWord, "M-backspace": KeyCutWordBefore,
	"^W": KeyCutArgument, "^Y": KeyYank, "F2": KeyScreen,
}

func TestKeys(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"abc", "abc"},
		{"a\x00\x16\x1cb", "ab"},
		{"\x1b[A\x1b[B\x1b[C\x1b[D\x1b[H\x1b[F", "<up><down><right><left><home><end>"},
		{"\x1bOA\x1bOH", "<up><home>"},
		{"\x1b[1~\x1b[4~\x1b[7~\x1b[8~\x1b[3~", "<home><end><home><end><delete>"},
		{"\x1b[1;5Cx\x1b[1;5D\x1bb\x1bf\x1bd", "<word right>x<word left><word left><word right><M-d>"},
		{"\x1b[15~\x1b[24;80R\x1bq\x1bOPx", "x"},
		{"\x1bOQ\x1b[12~\x1b2", "<F2><F2><F2>"},
		{"\x1b[[Bx\x1b[[Ay\x1b[[", "<F2>xy"}, // the console of Linux
		{"\x1b\x1b\x03", "<^C>"},
		{"\x1b\r\x1b\x7f\t\x1b[Z\r", "<newline><M-backspace><tab><backtab><enter>"},
		{"\x1b[" + strings.Repeat("1", 100) + "xy", "y"},
		{"é日\xff\xc3x\u009b\u202ey\ue000", "é日xy"},
		{"\x1b[200~x = 1\x1b[201~!", `<"x = 1">!`},
		{"\x1b[200~a\tb\x1b[Ac\x1b[201~", `<"a\tb[Ac">`},
		{"f \x1b[200~{\r\n  1,\r}\nx\x1b[201~y", `f <"{\n  1,\n}\nx">y`},
		{"\x1b[200~\ue000\xff\x1b[201~", `<"">`},
		{"\x1b[200~" + strings.Repeat("x\n", MaxLine/2) + "\n\x1b[201~a", "<too long>a"},
		{"\x1b[200~" + strings.Repeat("x\n", MaxLine/2) + "\x1b[201~", fmt.Sprintf("<%q>", strings.Repeat("x\n", MaxLine/2))},
	} {
		// Whole, and byte by byte.
		for _, size := range []int{len(c.in), max(1, len(c.in)>>16), 3 + len(c.in)>>15} {
			var k keys
			var got []Key
			for at := 0; at < len(c.in); at += size {
				got = append(got, k.feed([]byte(c.in[at:min(at+size, len(c.in))]))...)
			}
			if spell(got) != c.want {
				t.Errorf("%.100q by %d: %.100q, want %.100q", c.in, size, spell(got), c.want)
			}
		}
	}
}

func TestHurriedKeys(t *testing.T) {
	var k keys
	if got := k.feed([]byte("\r")); len(got) != 1 || got[0].Hurried {
		t.Errorf("a key alone is hurried: %v", got)
	}
	for _, key := range k.feed([]byte("a\r\tb")) {
		if !key.Hurried {
			t.Errorf("a key among others is not hurried: %v", key)
		}
	}
}

// Whatever pieces bytes come in, they are the same keys, and nothing of them can hurt a terminal.
func TestPiecesOfKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := strings.Join(rapid.SliceOf(rapid.OneOf(rapid.SampledFrom([]string{pasteBegin, pasteEnd, "\x1b", "[", "O", "\r", "é", "日", "\xff", "\x00", "\x1b[A", "1;5C", "~"}),
			rapid.StringN(0, 3, 8))).Draw(t, "in"), "")
		var whole keys
		want := spell(whole.feed([]byte(in)))
		var k keys
		var got []Key
		for rest := in; rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "n")
			got = append(got, k.feed([]byte(rest[:n]))...)
			rest = rest[n:]
		}
		if spell(got) != want {
			t.Fatalf("%q in pieces: %q, want %q", in, spell(got), want)
		}
		for _, key := range got {
			if key.Text != editable(key.Text) || key.Name == KeyText && key.Text == "" {
				t.Fatalf("%q has the key %q", in, key.Text)
			}
		}
	})
}
