package input

import (
	"errors"
	"strings"

	"cellsh/policy/diag"
)

// Part is a statement in a text that is being written.
type Part struct {
	// From and To are where it stands, in bytes, with all of its lines but the last newline.
	From, To int
	// Statement is what it is, if it is whole and right.
	Statement Statement
	// Problems are what is wrong with it; their places are in the part.
	Problems diag.List
	// Unfinished says that more lines must follow; Quoting that it ends within a string or a comment of several lines.
	Unfinished, Quoting bool
}

// Divide finds the statements in a text, as a Reader for scripts would take them, but that one which is wrong does not end it.
func Divide(text string, isCommand func(string) bool) []Part {
	r := NewScript(isCommand)
	var parts []Part
	from, at := 0, 0
	for line := range strings.SplitSeq(text, "\n") {
		if !r.Pending() {
			from = at
		}
		statements, err := r.line(line, false)
		end := at + len(line)
		switch {
		case err != nil:
			p := Part{From: from, To: end}
			errors.As(err, &p.Problems)
			parts = append(parts, p)
		case len(statements) > 0:
			parts = append(parts, Part{From: from, To: end, Statement: statements[0]})
		}
		at = end + 1
	}
	if r.Pending() {
		parts = append(parts, Part{From: from, To: len(text), Unfinished: true, Quoting: r.quoting != ""})
	}
	return parts
}
