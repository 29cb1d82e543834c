package view

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"cellsh/repl/screen/model"
	"cellsh/repl/show"
)

// Skin is the characters that frames, figures and marks are drawn with. All that a skin draws is one column wide, so everything has
// the same place in each.
type Skin struct {
	// ascii says that other characters cannot be shown.
	ascii bool
	// single and double are frames.
	single, double frame
	// spark are figures from 0 to model.SparkTop.
	spark [model.SparkTop + 1]string
	// tones are the marks of them.
	tones [model.Faint + 1]string
	// folded and open are rows of a tree that have others below them, mark is what is selected, at the row under the cursor, and more
	// says that something is cut off.
	folded, open, mark, at, more string
	// up and down say that there is more above and below.
	up, down string
	// thumb shows at an edge which part is seen.
	thumb string
	// turn are the pictures of something that goes on.
	turn []string
	// left and right are around a value that the arrows change; turned inwards they are around the answer that Enter takes.
	left, right string
	// dot divides what is said of a job.
	dot string
}

// frame is the lines and corners of one. tee are the ends of a line across it, and bar that line.
type frame struct{ across, down, topLeft, topRight, bottomLeft, bottomRight, teeLeft, teeRight, bar string }

// Unicode draws with lines and blocks (Unicode, U+2500 to U+259F).
var Unicode = Skin{
	single: frame{"─", "│", "┌", "┐", "└", "┘", "├", "┤", "─"},
	double: frame{"═", "║", "╔", "╗", "╚", "╝", "╟", "╢", "─"},
	spark:  [...]string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
	tones:  [...]string{model.Plain: " ", model.Good: "✓", model.Warning: "▲", model.Bad: "✗", model.Faint: "·"},
	folded: "▸", open: "▾", mark: "●", at: "►", more: "…",
	up: "▲", down: "▼", thumb: "▐",
	turn: []string{"◐", "◓", "◑", "◒"},
	left: "◂", right: "▸", dot: "·",
}

// ASCII draws with what every terminal has. Characters that are not in it become question marks, as many as their columns.
var ASCII = Skin{
	ascii:  true,
	single: frame{"-", "|", "+", "+", "+", "+", "+", "+", "-"},
	double: frame{"=", "|", "+", "+", "+", "+", "+", "+", "-"},
	spark:  [...]string{" ", ".", ":", "-", "=", "+", "*", "#"},
	tones:  [...]string{model.Plain: " ", model.Good: "+", model.Warning: "~", model.Bad: "!", model.Faint: "."},
	folded: ">", open: "v", mark: "*", at: ">", more: "~",
	up: "^", down: "v", thumb: "#",
	turn: []string{"|", "/", "-", "\\"},
	left: "<", right: ">", dot: "-",
}

// cluster is a character with the marks that are combined with it, and how many columns it takes: one or two.
type cluster struct {
	text  string
	width int
}

// maxMarks is how many marks are shown on a character.
const maxMarks = 4

// next takes a character from a text that is safe and not empty.
func next(text string) (c cluster, rest string) {
	if b := text[0]; b < utf8.RuneSelf && (len(text) == 1 || text[1] < utf8.RuneSelf) {
		return cluster{text[:1], 1}, text[1:]
	}
	_, n := utf8.DecodeRuneInString(text)
	c.width = show.Width(text[:n])
	lead := ""
	if c.width == 0 {
		// A mark with nothing below it.
		lead, c.width, n = " ", 1, 0
	}
	end, marks := n, 0
	for at := n; at < len(text); {
		m, size := utf8.DecodeRuneInString(text[at:])
		if !unicode.In(m, unicode.Mn, unicode.Me) {
			n = at
			break
		}
		at += size
		n = at
		if marks++; marks <= maxMarks {
			end = at
		}
	}
	c.text = lead + text[:end]
	return c, text[n:]
}

// lower is a text without a difference of case.
func lower(text string) string { return strings.ToLower(text) }

// textWidth is how many columns a text takes that is safe.
func textWidth(text string) int { return show.Width(text) }

// isASCII reports whether every terminal can show a text.
func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// safe is a text of one line as it can be shown: no characters that a terminal would act upon.
func safe(text string) string {
	for i := 0; i < len(text); i++ {
		if text[i] < ' ' || text[i] > '~' {
			return strings.NewReplacer("\n", " ", "\t", " ").Replace(show.Text(text))
		}
	}
	return text
}
