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
	add := func(p Part, err error) {
		errors.As(err, &p.Problems)
		parts = append(parts, p)
	}
	from, at := 0, 0
	for line := range strings.SplitSeq(text, "\n") {
		end := at + len(line)
		for !r.Pending() && IsCommand(line, isCommand) {
			words, to, rest, err := Command(line)
			add(Part{From: end - len(line), To: end - len(rest), Statement: Statement{Text: line, Words: words, To: to}}, err)
			line = rest
		}
		if !r.Pending() {
			from = end - len(line)
		}
		statements, err := r.line(line, false)
		switch {
		case err != nil:
			add(Part{From: from, To: end}, err)
		case len(statements) > 0:
			add(Part{From: from, To: end, Statement: statements[0]}, nil)
		}
		at = end + 1
	}
	if r.Pending() {
		parts = append(parts, Part{From: from, To: len(text), Unfinished: true, Quoting: r.quoting != ""})
	}
	return parts
}
