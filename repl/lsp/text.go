package lsp

import (
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// text is a document as the protocol counts it: lines end with \n, \r\n or \r.
type text struct {
	content string
	// starts has the offset at which each line begins.
	starts []int
	// wide says that characters are counted in UTF-16, and not in bytes.
	wide bool
}

func newText(content string, wide bool) *text {
	return &text{content: content, starts: lineStarts(content, "\r\n"), wide: wide}
}

// luaLines has the offset at which each line begins as Lua counts: \n and \r together end one, in either order.
func luaLines(content string) []int { return lineStarts(content, "\r\n", "\n\r") }

// lineStarts has the offset at which each line begins. A line ends with \n, with \r, or with one of the pairs of them.
func lineStarts(content string, pairs ...string) []int {
	starts := []int{0}
	for i := 0; i < len(content); i++ {
		if content[i] != '\n' && content[i] != '\r' {
			continue
		}
		if i+1 < len(content) && slices.Contains(pairs, content[i:i+2]) {
			i++
		}
		starts = append(starts, i+1)
	}
	return starts
}

// line is the text of a line without its end.
func (t *text) line(n int) string {
	to := len(t.content)
	if n+1 < len(t.starts) {
		to = t.starts[n+1]
	}
	return strings.TrimRight(t.content[t.starts[n]:to], "\r\n")
}

// offset of a position. What lies behind the end of a line or of the text is that end.
func (t *text) offset(p position) int {
	if p.Line < 0 {
		return 0
	}
	if p.Line >= len(t.starts) {
		return len(t.content)
	}
	line := t.line(p.Line)
	return t.starts[p.Line] + min(t.bytes(line, p.Character), len(line))
}

// bytes is how many bytes of a line a number of characters are.
func (t *text) bytes(line string, characters int) int {
	if !t.wide {
		// Within a character is before it.
		at := max(0, min(characters, len(line)))
		for at > 0 && at < len(line) && !utf8.RuneStart(line[at]) {
			at--
		}
		return at
	}
	at := 0
	for at < len(line) && characters > 0 {
		r, size := utf8.DecodeRuneInString(line[at:])
		if characters -= units(r); characters < 0 {
			break
		}
		at += size
	}
	return at
}

// units of UTF-16 that a character has.
func units(r rune) int {
	if r > 0xffff {
		return 2
	}
	return 1
}

// position of an offset.
func (t *text) position(offset int) position {
	offset = max(0, min(offset, len(t.content)))
	n := sort.Search(len(t.starts), func(i int) bool { return t.starts[i] > offset }) - 1
	before := t.content[t.starts[n]:offset]
	if !t.wide {
		return position{n, len(before)}
	}
	characters := 0
	for _, r := range before {
		characters += units(r)
	}
	return position{n, characters}
}

// span is a piece of the text as the protocol has it.
func (t *text) span(from, to int) span { return span{t.position(from), t.position(to)} }

// replace is the text with a piece of it replaced.
func (t *text) replace(s span, by string) *text {
	from, to := t.offset(s.Start), t.offset(s.End)
	if to < from {
		from, to = to, from
	}
	return newText(t.content[:from]+by+t.content[to:], t.wide)
}
