package written

import (
	"fmt"
	"slices"

	"cellsh/lua/syntax"
	"cellsh/policy/diag"
)

// The limits of what is declared together. A machine's ceiling for memory sees only what Lua has; what is made of it is larger.
const (
	// MaxElements is how many elements a table of a declaration can have.
	MaxElements    = 10_000
	maxAllElements = 1_000_000
	maxProblems    = 1_000
)

// Findings are what is wrong with declarations, with the lines that it speaks of. They are not safe for concurrent use.
type Findings struct {
	// limit is the code of what is too much.
	limit    diag.Code
	problems diag.List
	// unreported are the problems that are too many to be kept.
	unreported unreported
	// files that problems are in, by name.
	files map[string]*syntax.File
	// elements of all tables together.
	elements int
}

// NewFindings are none yet. Too many of them are told under the code.
func NewFindings(limit diag.Code) *Findings {
	return &Findings{limit: limit, files: map[string]*syntax.File{}}
}

// unreported are problems beyond the limit: how many, and the severity of the worst.
type unreported struct {
	number int
	worst  diag.Severity
}

// Problems are all that were found, sorted, with the lines that they speak of. If there are very many the last of them
// counts those that are left out.
func (d *Findings) Problems() diag.List {
	list := slices.Clone(d.problems)
	if d.unreported.number > 0 {
		list = append(list, diag.Diagnostic{Severity: d.unreported.worst, Code: d.limit,
			Message: fmt.Sprintf("a load tells at most %d problems, but has %d more", maxProblems, d.unreported.number)})
	}
	return list.Sort()
}

// Found are the problems so far, in the order in which they were found. All is false if some were left out.
func (d *Findings) Found() (list diag.List, all bool) {
	return d.problems, d.unreported.number == 0
}

// Number is how many problems were found so far.
func (d *Findings) Number() int { return len(d.problems) + d.unreported.number }

// FailedSince reports whether one of those after the first so many is an error, or may be one that is not kept.
func (d *Findings) FailedSince(number int) bool {
	return d.Number() > max(number, len(d.problems)) || d.problems[min(number, len(d.problems)):].Failed()
}

// Clear forgets what was found.
func (d *Findings) Clear() { d.problems, d.unreported, d.elements = nil, unreported{}, 0 }

// Report adds a problem, with the lines that it speaks of.
func (d *Findings) Report(p diag.Diagnostic) {
	p.Excerpt = d.line(p.Span)
	p.Related = slices.Clone(p.Related)
	for i := range p.Related {
		p.Related[i].Excerpt = d.line(p.Related[i].Span)
	}
	if len(d.problems) < maxProblems {
		d.problems = append(d.problems, p)
		return
	}
	if d.unreported.number == 0 || p.Severity < d.unreported.worst {
		d.unreported.worst = p.Severity
	}
	d.unreported.number++
}

// Know remembers a source, for the lines of problems in it. Files that words are called in are known.
func (d *Findings) Know(f *syntax.File) {
	if f != nil {
		d.files[f.Name] = f
	}
}

// line is the line of the source that a place is on, "" if it is not known.
func (d *Findings) line(at diag.Span) string {
	if f := d.files[at.File]; f != nil {
		return f.Line(at.Line)
	}
	return ""
}
