package pager

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

// keys gives what keys send, one or several with each read that asks for as much.
type keys []string

func (k *keys) Read(b []byte) (int, error) {
	if len(*k) == 0 {
		return 0, io.EOF
	}
	n := copy(b, (*k)[0])
	if (*k)[0] = (*k)[0][n:]; (*k)[0] == "" {
		*k = (*k)[1:]
	}
	return n, nil
}

// TestPage: a page, then what the keys ask for, and nothing of the question stays.
func TestPage(t *testing.T) {
	var text strings.Builder
	for i := range 10 {
		fmt.Fprintf(&text, "line %d\n", i)
	}
	gone := "\r" + strings.Repeat(" ", len(more)) + "\r"
	to := func(from, to int) string {
		var b strings.Builder
		for i := from; i <= to; i++ {
			fmt.Fprintf(&b, "line %d\r\n", i)
		}
		return b.String()
	}
	for _, x := range []struct {
		keys keys
		want string
	}{
		{keys{"q"}, to(0, 3) + more + gone},
		{keys{"\x03"}, to(0, 3) + more + gone},
		{keys{"\x1b"}, to(0, 3) + more + gone},
		{keys{}, to(0, 3) + more + gone},
		{keys{"\x1bx"}, to(0, 3) + more + gone},
		{keys{"x\x1b[Aq"}, to(0, 3) + more + gone},
		{keys{" \x1b[6~"}, to(0, 3) + more + gone + to(4, 7) + more + gone + to(8, 9)},
		{keys{" ", "q"}, to(0, 3) + more + gone + to(4, 7) + more + gone},
		{keys{" ", " "}, to(0, 3) + more + gone + to(4, 7) + more + gone + to(8, 9)},
		{keys{"\r", "x", "\x1b[A", "\x1b[B", "\x1b[6~"}, to(0, 3) + more + gone + to(4, 4) + more + gone + to(5, 5) + more + gone + to(6, 9)},
	} {
		name := fmt.Sprintf("%q", x.keys)
		var out strings.Builder
		if err := page(&x.keys, &out, text.String(), 80, 5); err != nil || out.String() != x.want {
			t.Errorf("%s: %v\n%q, want\n%q", name, err, out.String(), x.want)
		}
	}
}

// TestTypedAhead: what is typed behind the key that ends the pages is for who reads next.
func TestTypedAhead(t *testing.T) {
	in := keys{"xqlist\r"}
	var out strings.Builder
	if err := page(&in, &out, strings.Repeat("a\n", 10), 80, 5); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(&in); err != nil || string(rest) != "list\r" {
		t.Errorf("%q, %v", rest, err)
	}
}

// TestLongLines: a line takes as many rows as it is long, and one that is higher than the screen is not lost.
func TestLongLines(t *testing.T) {
	long, higher := strings.Repeat("x", 25), strings.Repeat("y", 99)
	if got := height("a\n\n"+long+"\n", 10); got != 5 {
		t.Errorf("%d rows", got)
	}
	var out strings.Builder
	if err := page(&keys{" ", " ", " "}, &out, "a\n"+long+"\n"+higher+"\nb\n", 10, 4); err != nil {
		t.Error(err)
	}
	if got := strings.ReplaceAll(strings.ReplaceAll(out.String(), more, "?"), "\r"+strings.Repeat(" ", len(more))+"\r", "!"); got != "a\r\n?!"+long+"\r\n?!"+higher+"\r\n?!b\r\n" {
		t.Errorf("%q", got)
	}
}
