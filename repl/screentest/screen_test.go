package screentest

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

// failure collects what a screen complains of.
type failure struct{ told []string }

func (*failure) Helper() {}

func (f *failure) Fatalf(form string, args ...any) {
	f.told = append(f.told, fmt.Sprintf(form, args...))
	panic(f)
}

func TestScreen(t *testing.T) {
	for _, c := range []struct{ name, text, marked string }{
		{"text", "ab\r\nc", "ab\nc|"},
		{"colours", "\x1b[32ma\x1b[1;7mb\x1b[0mc", "«32:a»«1;7:b»c|"},
		{"a full row stays", "abcdef", "abcdef|"},
		{"and goes on below", "abcdefg", "abcdef\ng|"},
		{"a full row and a new one", "abcdef\r\ng", "abcdef\ng|"},
		{"a wide character does not fit", "abcde日", "abcde\n日|"},
		{"marks", "e\u0301x\bé", "e\u0301é|"},
		{"erasing", "abc\r\x1b[2C\x1b[Kd", "abd|"},
		{"erasing below", "a\r\nb\r\nc\x1b[2A\r\x1b[J", "|"},
		{"all anew", "a\r\nb\x1b[H\x1b[2Jc", "c|"},
		{"scrolling", "a\r\nb\r\nc\r\nd", "b\nc\nd|"},
		{"tabs", "\tx", "     x|"},
	} {
		s := New(t, Console, 6, 3)
		// In whatever pieces it comes.
		for _, b := range []byte(c.text) {
			s.Write([]byte{b})
		}
		if got := s.Marked(); got != c.marked {
			t.Errorf("%s: %q, want %q", c.name, got, c.marked)
		}
	}
}

func TestUnknown(t *testing.T) {
	for _, c := range []struct {
		text  string
		kinds string
	}{
		{"a\r\n\t\b\a", "dumb vt100 wsvt25 xterm-256color"},
		{"\x1b[31m", "vt100 wsvt25 xterm-256color"},
		{"\x1b[3A", ""}, // out of the screen
		{"\x1b[90m", "xterm-256color"},
		{"\x1b[38;5;1m", ""},
		{"\x1b[?2004h", "xterm-256color"},
		{"\x1b[?1049h", ""},
		{"\x1b]0;title\a", ""},
		{"\x1b[6n", ""},
		{"\x1b[c", ""},
		{"\x00", ""},
		{"\xff\xff", ""},
	} {
		for _, term := range []string{"dumb", "vt100", "wsvt25", "xterm-256color"} {
			var f failure
			func() {
				defer func() {
					if x := recover(); x != nil && x != any(&f) {
						panic(x)
					}
				}()
				io.WriteString(New(&f, KindOf(term), 6, 3), c.text)
			}()
			if knows := strings.Contains(" "+c.kinds+" ", " "+term+" "); knows != (f.told == nil) {
				t.Errorf("%q on %s: %q", c.text, term, f.told)
			}
		}
	}
}

func TestResize(t *testing.T) {
	for _, c := range []struct {
		text          string
		columns, rows int
		marked        string
	}{
		{"abcd\r\nef", 10, 3, "abcd\nef|"},
		{"abcd\r\nef", 3, 3, "abc\nd\nef|"},
		{"abcd\r\nef", 2, 2, "cd\nef|"},
		{"abcd", 4, 3, "abcd|"},
		{"a\r\nb\r\nc\x1b[2A", 6, 2, "a|\nb"},
	} {
		s := New(t, Console, 6, 3)
		io.WriteString(s, c.text)
		s.Resize(c.columns, c.rows)
		if got := s.Marked(); got != c.marked {
			t.Errorf("%q in %d columns: %q, want %q", c.text, c.columns, got, c.marked)
		}
	}
}
