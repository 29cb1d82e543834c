package show

import (
	"io"
	"regexp"
	"strings"

	"cellsh/policy/columns"
	"cellsh/policy/diag"
)

// Style is how text looks at a terminal. The zero value has no colours, and lines of any length.
type Style struct {
	colours bool
	columns func() int
}

// Within is the style where lines have room for so many columns; nil for any number.
func (s Style) Within(columns func() int) Style {
	s.columns = columns
	return s
}

// room is how wide lines may be, 0 for any width. What is written to the last column may begin a new row.
func (s Style) room() int {
	if s.columns == nil {
		return 0
	}
	return max(s.columns()-1, 1)
}

// NewStyle gives colours where they can be shown and are wanted: on a terminal that is not dumb, if NO_COLOR is not
// set (no-color.org). Only the eight colours that the console of NetBSD has are used (wscons, wsemul).
func NewStyle(terminal bool, getenv func(string) string) Style {
	term := getenv("TERM")
	return Style{colours: terminal && getenv("NO_COLOR") == "" && term != "" && term != "dumb"}
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

// Plain is Text without what colours it.
func Plain(text string) string { return Text(colouring.ReplaceAllString(text, "")) }

// Problems writes problems as diag.Write does, in colours, and in lines for which there is room.
func (s Style) Problems(w io.Writer, l diag.List) error {
	var out strings.Builder
	for i := range l {
		colour := map[diag.Severity]string{diag.Error: red, diag.Warning: yellow, diag.Note: cyan}[l[i].Severity]
		for _, line := range l[i].Lines(s.room()) {
			switch line.Part {
			case diag.Sentence:
				line.Text = s.paint(colour, line.Text)
			case diag.Mark:
				at := strings.IndexByte(line.Text, '^')
				line.Text = line.Text[:at] + s.paint(colour, line.Text[at:])
			}
			out.WriteString(line.Text + "\n")
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// Note writes a sentence that is said beside a result.
func (s Style) Note(w io.Writer, text string) error { return s.Sentence(w, "note: "+text) }

// Sentence writes a line of text, or several.
func (s Style) Sentence(w io.Writer, text string) error {
	if room := s.room(); room > 0 {
		lines := strings.Split(Text(text), "\n")
		for i := range lines {
			lines[i] = columns.Wrap(lines[i], room, 3)
		}
		text = strings.Join(lines, "\n")
	}
	_, err := io.WriteString(w, text+"\n")
	return err
}
