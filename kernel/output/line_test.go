package output

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestVisible(t *testing.T) {
	for text, want := range map[string]string{
		"plain {\"a\": \"C:\\\\n\"}\t|":         "plain {\"a\": \"C:\\\\n\"}\t|",
		"grün 日本 a\u0301 שלום":                  "grün 日本 a\u0301 שלום",
		"\x1b[31mred\x1b[0m":                    `\x1b[31mred\x1b[0m`,
		"a\rb\x00\x7f\n":                        `a\x0db\x00\x7f\x0a`,
		"\u009b31m\u0085":                       `\u{9b}31m\u{85}`,
		"\xff\xc3(\xe2\x80":                     `\xff\xc3(\xe2\x80`,
		"\u202eevil\u2066\u200f\ufeff":          `\u{202e}evil\u{2066}\u{200f}\u{feff}`,
		"\u2028\u2029\u00ad\U000e0041":          `\u{2028}\u{2029}\u{ad}\u{e0041}`,
		"\ufffd stays, as do\u00a0\u3000spaces": "\ufffd stays, as do\u00a0\u3000spaces",
		"\ud7ff\ue000":                          `\u{d7ff}\u{e000}`,
	} {
		if got := Visible(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// harmless fails for text that has anything in it which is not just seen.
func harmless(t interface{ Errorf(string, ...any) }, text string) {
	if !utf8.ValidString(text) {
		t.Errorf("%q is no UTF-8", text)
	}
	for _, r := range text {
		if r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029') {
			t.Errorf("%q has %U", text, r)
		}
	}
}

func TestParse(t *testing.T) {
	at := time.Date(2026, 11, 27, 16, 59, 1, 123456789, time.FixedZone("CET", 3600))
	line := string(appendLine(nil, at, Stderr, true, []byte("a: b ")))
	if line != "2026-11-27T15:59:01.123456Z stderr+: a: b \n" {
		t.Errorf("%q", line)
	}
	if got, want := Parse(strings.TrimSuffix(line, "\n")), (Record{Time: at.UTC().Truncate(time.Microsecond), Stream: Stderr, More: true, Text: "a: b "}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	for _, line := range []string{"", "hello", "2026-11-27T15:59:01.123456Z stdout:x", "2026-11-27T15:59:01.123456Z stdin: x", "2026-11-27T15:59:01Z stdout: x",
		"2026-11-27T15:59:01.123456Z stdout++: x", "2026-13-27T15:59:01.123456Z stdout: x", "x\x1b[2J"} {
		if got := Parse(line); !got.Foreign || got.Text != Visible(line) {
			t.Errorf("%q: %+v", line, got)
		}
	}
}

// lines are what a cutter makes of text that comes in pieces.
func lines(pieces ...string) (list []string) {
	c := &cutter{emit: func(text []byte, more bool) { list = append(list, fmt.Sprint(string(text), " ", more)) }}
	for _, p := range pieces {
		c.write([]byte(p))
	}
	c.end()
	return list
}

func TestCutter(t *testing.T) {
	x := strings.Repeat("x", MaxLine)
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"a", []string{"a false"}},
		{"a\n\nb\n", []string{"a false", " false", "b false"}},
		{x, []string{x + " false"}},
		{x + "\n", []string{x + " false"}},
		{x + "y\n", []string{x + " true", "y false"}},
		{x + x + "\nz", []string{x + " true", x + " false", "z false"}},
		// No character is divided, but what is none may be.
		{x[1:] + "ü\n", []string{x[1:] + " true", "ü false"}},
		{x[2:] + "ü\n", []string{x[2:] + "ü false"}},
		{x[2:] + "日", []string{x[2:] + " true", "日 false"}},
		{x[3:] + "😀", []string{x[3:] + " true", "😀 false"}},
		{x[1:] + "\xff\xff", []string{x[1:] + "\xff true", "\xff false"}},
		{x[1:] + "\x80\x80", []string{x[1:] + "\x80 true", "\x80 false"}},
	} {
		got := lines(c.text)
		if strings.Join(got, "|") != strings.Join(c.want, "|") {
			t.Errorf("%d bytes: %d lines, want %d", len(c.text), len(got), len(c.want))
		}
	}
}

// check says whether lines are those of a text, in the plainest way.
func check(t interface{ Errorf(string, ...any) }, text string, parts []Record) {
	var got strings.Builder
	for i, p := range parts {
		if len(p.Text) > MaxLine || strings.Contains(p.Text, "\n") {
			t.Errorf("a part of %d bytes", len(p.Text))
		}
		if p.More && len(p.Text) <= MaxLine-utf8.UTFMax {
			t.Errorf("a part that is cut after %d bytes", len(p.Text))
		}
		got.WriteString(p.Text)
		if !p.More && (i < len(parts)-1 || strings.HasSuffix(text, "\n")) {
			got.WriteByte('\n')
		}
	}
	if got.String() != text {
		t.Errorf("%q became %q", text, got.String())
	}
}

// FuzzCutter: whatever comes in whatever pieces is kept, in lines that are the same for all pieces.
func FuzzCutter(f *testing.F) {
	f.Add([]byte("a\nb"), uint16(1), uint16(0))
	f.Add(bytes.Repeat([]byte("日"), 6000), uint16(8190), uint16(7))
	f.Add([]byte("\n\n\x1b\xff"), uint16(3), uint16(16000))
	f.Fuzz(func(t *testing.T, text []byte, piece, repeat uint16) {
		// Long lines of little input.
		if len(text) > 0 && int(repeat)%20000 > 0 {
			text = append(text, bytes.Repeat(text[len(text)-1:], int(repeat)%20000)...)
		}
		var parts, whole []Record
		c := &cutter{emit: func(text []byte, more bool) { parts = append(parts, Record{Text: string(text), More: more}) }}
		size := int(piece)%len(append(text, 0)) + 1
		for rest := text; len(rest) > 0; {
			n := min(size, len(rest))
			c.write(rest[:n])
			if cap(c.held) > 4*MaxLine {
				t.Fatalf("it holds %d bytes", cap(c.held))
			}
			rest = rest[n:]
		}
		c.end()
		check(t, string(text), parts)
		c = &cutter{emit: func(text []byte, more bool) { whole = append(whole, Record{Text: string(text), More: more}) }}
		c.write(text)
		c.end()
		if fmt.Sprint(parts) != fmt.Sprint(whole) {
			t.Error("pieces make other lines")
		}
		for _, p := range parts {
			text := string(appendVisible(nil, []byte(p.Text)))
			harmless(t, text)
			if Visible(text) != text {
				t.Errorf("%q changes again", text)
			}
			line := string(appendLine(nil, time.Unix(0, 0), Stdout, p.More, []byte(text)))
			if got := Parse(strings.TrimSuffix(line, "\n")); got.Foreign || got.Text != text || got.More != p.More || strings.Count(line, "\n") != 1 {
				t.Errorf("%q is read as %+v", line, got)
			}
		}
	})
}

func TestCutterRandom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.Custom(func(t *rapid.T) string {
			s := rapid.SampledFrom([]string{"a", "ü", "日", "😀", "\n", "\xe2\x80", "\xff", strings.Repeat("x", 4093), strings.Repeat("日", 1365)}).Draw(t, "s")
			return strings.Repeat(s, rapid.IntRange(0, 5).Draw(t, "n"))
		})
		list := rapid.SliceOf(piece).Draw(t, "list")
		text := strings.Join(list, "")
		got := lines(list...)
		if want := lines(text); strings.Join(got, "|") != strings.Join(want, "|") {
			t.Fatalf("pieces make other lines")
		}
	})
}

// FuzzParse: no line of a file makes anything that can do more than be seen.
func FuzzParse(f *testing.F) {
	f.Add("2026-11-27T15:59:01.123456Z stdout: \x1b[2J")
	f.Add("2026-11-27T15:59:01.123456Z stderr+: ")
	f.Fuzz(func(t *testing.T, line string) {
		r := Parse(line)
		harmless(t, r.Text)
		if !r.Foreign && Visible(line) == line {
			if back := string(appendLine(nil, r.Time, r.Stream, r.More, []byte(r.Text))); back != line+"\n" {
				t.Errorf("%q became %q", line, back)
			}
		}
	})
}
