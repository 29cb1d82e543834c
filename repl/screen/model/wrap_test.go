package model

import (
	"fmt"
	"strings"
	"testing"

	"cellsh/repl/show"
)

// TestWrap: lines of a page go on in other rows where F2 was pressed, or where the screen is narrow; all of the text is seen, and the
// same line stays the first.
func TestWrap(t *testing.T) {
	m := New(Options{NewLine: line})
	m.Resize(80, 12)
	p := &Page{}
	for i := range 30 {
		p.Lines = append(p.Lines, fmt.Sprintf("%d.\t%s", i, strings.Repeat("word ", 40)))
	}
	p.Lines[20] += "needle in hay"
	m.Open(p)
	whole := func(when string) {
		t.Helper()
		var seen strings.Builder
		for i := range p.Len() {
			text, of := p.Row(i)
			if p.Wrapped() && show.Width(text) > m.Layout().Width {
				t.Errorf("%s row %d is wider than the screen: %q", when, i, text)
			}
			if of < 0 || of >= len(p.Lines) {
				t.Errorf("%s row %d is of line %d", when, i, of)
			}
			seen.WriteString(text)
		}
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if squeeze(seen.String()) != squeeze(strings.Join(p.Lines, "")) {
			t.Errorf("%s not all is seen", when)
		}
	}
	first := func(when string, want int) {
		t.Helper()
		if _, of := p.Row(p.Top()); of != want {
			t.Errorf("%s line %d must be the first, but is %d", when, want, of)
		}
	}
	whole("at first")
	for range 7 {
		m.Press(Key{Name: Down})
	}
	m.Press(Key{Name: Right})
	m.Press(Key{Name: F2})
	if !p.Wrapped() || p.Left() != 0 || p.Len() <= len(p.Lines) {
		t.Fatalf("F2 must break lines, but left are %d rows of %d lines", p.Len(), len(p.Lines))
	}
	whole("wrapped")
	first("wrapped", 7)
	m.Resize(100, 12)
	whole("on a wider screen")
	first("on a wider screen", 7)
	// What is looked for is found in the line, also where that is broken between its words.
	for _, k := range ParseKeys([]string{"/", "needle in", "Enter"}) {
		m.Press(k)
	}
	first("found", 20)
	if p.Hit() != 20 {
		t.Errorf("line 20 must be found, but is %d", p.Hit())
	}
	m.Press(Key{Name: End})
	if p.Top() != p.Len()-p.Rows() {
		t.Errorf("End must show the last row, but shows %d rows of %d from %d on", p.Rows(), p.Len(), p.Top())
	}
	m.Press(Key{Name: F2})
	whole("again")
	if p.Wrapped() {
		t.Error("F2 must break no lines any more")
	}
	narrow := New(Options{NewLine: line})
	narrow.Resize(40, 10)
	p.width = 0
	narrow.Open(p)
	if !p.Wrapped() {
		t.Error("a narrow screen must break lines at first")
	}
}
