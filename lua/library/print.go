package library

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// MaxPrinted is how many bytes a policy file prints at most.
const MaxPrinted = 64 << 10

// Printer writes what policy files print: it does nothing to a terminal, and is not endless. It is not safe for concurrent
// use.
type Printer struct {
	// Output must not be nil.
	Output  io.Writer
	printed int
}

// Print writes a line. Of the first that is too much it says so; it and what follows are left out.
func (p *Printer) Print(line string) {
	line = printable(line) + "\n"
	before := p.printed
	p.printed += len(line)
	switch {
	case p.printed <= MaxPrinted:
		_, _ = io.WriteString(p.Output, line)
	case before <= MaxPrinted:
		_, _ = fmt.Fprintf(p.Output, "(a file prints at most %d bytes: what follows is left out)\n", MaxPrinted)
		p.printed = MaxPrinted + 1
	}
}

// printable writes control characters, and bytes that are no characters, as Lua does in strings.
func printable(s string) string {
	var b strings.Builder
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)) {
			fmt.Fprintf(&b, "\\%d", s[i])
		} else if r != '\t' && r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0) {
			fmt.Fprintf(&b, "\\%d", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
