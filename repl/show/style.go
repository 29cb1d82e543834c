package show

import (
	"bytes"
	"io"
	"regexp"
	"strings"

	"cellsh/policy/diag"
)

// Style is the colours of a terminal. The zero value has none.
type Style struct{ colours bool }

// NewStyle gives colours where they can be shown and are wanted: on a terminal that is not dumb, if NO_COLOR is not
// set (no-color.org). Only the eight colours that the console of NetBSD has are used (wscons, wsemul).
func NewStyle(terminal bool, getenv func(string) string) Style {
	term := getenv("TERM")
	return Style{terminal && getenv("NO_COLOR") == "" && term != "" && term != "dumb"}
}

// Colours reports whether it has any.
func (s Style) Colours() bool { return s.colours }

const (
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
	bold   = "1;"
)

func (s Style) paint(colour, text string) string {
	if !s.colours || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// Prompt names the kernel, a simulated one in another colour than a real one. It is as wide for a line that goes on
// with the statement of the one before.
func (s Style) Prompt(kernel string, simulated, goesOn bool) string {
	kernel = strings.ReplaceAll(Text(kernel), "\n", " ")
	colour := bold + yellow
	if simulated {
		colour = bold + green
	}
	if goesOn {
		return s.paint(colour, kernel) + "| "
	}
	return s.paint(colour, kernel) + "> "
}

// OwnPrompt makes a prompt that somebody has written safe for a terminal. Of what is no plain text colours stay, where there are
// any.
func (s Style) OwnPrompt(text string) string {
	var b strings.Builder
	for text != "" {
		at := colouring.FindStringIndex(text)
		if at == nil {
			at = []int{len(text), len(text)}
		}
		b.WriteString(strings.ReplaceAll(Text(text[:at[0]]), "\n", " "))
		if s.colours {
			b.WriteString(text[at[0]:at[1]])
		}
		text = text[at[1]:]
	}
	return b.String()
}

// colouring is a sequence that changes nothing but how text looks (SGR, ECMA-48).
var colouring = regexp.MustCompile("\x1b\\[[0-9;]*m")

// Problems writes problems as diag.Write does, in colours.
func (s Style) Problems(w io.Writer, l diag.List) error {
	if !s.colours {
		return diag.Write(w, l)
	}
	for i := range l {
		var b bytes.Buffer
		if err := diag.Write(&b, l[i:i+1]); err != nil {
			return err
		}
		colour := map[diag.Severity]string{diag.Error: red, diag.Warning: yellow, diag.Note: cyan}[l[i].Severity]
		var out strings.Builder
		for n, line := range strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n") {
			before, caret, isCaret := strings.Cut(line, "      | ")
			switch {
			case n == 0:
				line = s.paint(colour, line)
			case isCaret && before == "":
				line = "      | " + s.paint(colour, caret)
			}
			out.WriteString(line + "\n")
		}
		if _, err := io.WriteString(w, out.String()); err != nil {
			return err
		}
	}
	return nil
}
