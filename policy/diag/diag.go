package diag

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Span is a place in a source file. The zero Span is nowhere.
type Span struct {
	File string
	// Line counts from 1; 0 means the file as a whole.
	Line int
	// Column counts bytes from 1; 0 means that the place in the line is not known for certain.
	Column int
	// Width is the number of bytes to underline, at least 1 where Column is known.
	Width int
}

// String is file:line:column, as much of it as is known.
func (s Span) String() string {
	switch {
	case s.Line == 0:
		return s.File
	case s.Column == 0:
		return fmt.Sprintf("%s:%d", s.File, s.Line)
	}
	return fmt.Sprintf("%s:%d:%d", s.File, s.Line, s.Column)
}

// compare orders by file, line and column.
func (s Span) compare(t Span) int {
	return cmp.Or(cmp.Compare(s.File, t.File), cmp.Compare(s.Line, t.Line), cmp.Compare(s.Column, t.Column))
}

// Severity says what a diagnostic means for the operation.
type Severity uint8

// The severities. Only errors make an operation fail.
const (
	Error Severity = iota
	Warning
	Note
)

// String is "error", "warning" or "note".
func (s Severity) String() string { return [...]string{"error", "warning", "note"}[s] }

// MarshalText gives the word.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Related is another place that has to do with the problem, and what is there.
type Related struct {
	Span
	Message string
	// Excerpt is the source line, "" if unknown.
	Excerpt string
}

// Diagnostic is one problem.
type Diagnostic struct {
	Span
	Severity Severity
	Code     Code
	// Message is one sentence without a full stop.
	Message string
	// Hint says what to do, "" if there is nothing sensible to say.
	Hint    string
	Related []Related
	// Excerpt is the source line, "" if unknown.
	Excerpt string
	// More is how many problems it stands for, 0 for itself alone; see [List.Fold].
	More int
}

// Error is the diagnostic in one line.
func (d *Diagnostic) Error() string {
	at := ""
	if d.File != "" {
		at = d.Span.String() + ": "
	}
	return fmt.Sprintf("%s%s: %s [%s]", at, d.Severity, d.Message, d.Code)
}

// MarshalJSON gives an object with the members severity, code, file, line, column, message, hint, related and more;
// those that are not known are absent.
func (d Diagnostic) MarshalJSON() ([]byte, error) {
	type related struct {
		File    string `json:"file,omitempty"`
		Line    int    `json:"line,omitempty"`
		Column  int    `json:"column,omitempty"`
		Message string `json:"message"`
	}
	out := struct {
		Severity Severity  `json:"severity"`
		Code     Code      `json:"code"`
		File     string    `json:"file,omitempty"`
		Line     int       `json:"line,omitempty"`
		Column   int       `json:"column,omitempty"`
		Message  string    `json:"message"`
		Hint     string    `json:"hint,omitempty"`
		Related  []related `json:"related,omitempty"`
		More     int       `json:"more,omitempty"`
	}{d.Severity, d.Code, d.File, d.Line, d.Column, d.Message, d.Hint, nil, d.More}
	for _, r := range d.Related {
		out.Related = append(out.Related, related{r.File, r.Line, r.Column, r.Message})
	}
	return json.Marshal(out)
}

// List is the problems of one operation. It is an error itself, so that it can be returned as one.
type List []Diagnostic

// Error is the first error in one line and how many more there are.
func (l List) Error() string {
	first := slices.IndexFunc(l, func(d Diagnostic) bool { return d.Severity == Error })
	n := l.Count(Error)
	switch {
	case first < 0:
		return "no errors"
	case n == 1:
		return l[first].Error()
	}
	return fmt.Sprintf("%s (and %d more)", l[first].Error(), n-1)
}

// Failed reports whether there is an error among the problems.
func (l List) Failed() bool {
	return slices.ContainsFunc(l, func(d Diagnostic) bool { return d.Severity == Error })
}

// Err is the list as an error, or nil if nothing failed.
func (l List) Err() error {
	if l.Failed() {
		return l
	}
	return nil
}

// Sort orders by place and drops repetitions. The order is the same for the same problems.
func (l List) Sort() List {
	slices.SortStableFunc(l, func(a, b Diagnostic) int {
		return cmp.Or(a.compare(b.Span), cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(l, func(a, b Diagnostic) bool {
		return a.Span == b.Span && a.Severity == b.Severity && a.Code == b.Code && a.Message == b.Message
	})
}

const (
	// maxAlike is how many problems of one kind in one place are told one by one.
	maxAlike = 10
	// maxInFile is how many errors of one file are told one by one, and how many warnings and notes.
	maxInFile = 20
)

// Fold counts what a sorted list has too much of. Of many problems with the same code in the same place, as a large table
// has them when it is wrong throughout, the first few stay, and one that says how many there are; of many in one file the
// first twenty errors do, and as many warnings and notes. A list that was folded stays as it is.
func (l List) Fold() List {
	var out List
	for len(l) > 0 {
		n := 1
		for n < len(l) && l[n].Span == l[0].Span && l[n].Severity == l[0].Severity && l[n].Code == l[0].Code {
			n++
		}
		if n <= maxAlike+1 {
			out = append(out, l[:n]...)
		} else {
			out = append(out, l[:maxAlike]...)
			rest := l[0]
			rest.More = l[maxAlike:n].Count(l[0].Severity)
			rest.Message, rest.Hint, rest.Related = fmt.Sprintf("and %d more of the same kind here", rest.More), "", nil
			out = append(out, rest)
		}
		l = l[n:]
	}
	return out.foldFiles()
}

// foldFiles is the part of Fold that looks at whole files.
func (l List) foldFiles() List {
	type kind struct {
		file     string
		severity Severity
	}
	number := map[kind]int{}
	for i := range l {
		number[kind{l[i].File, l[i].Severity}]++
	}
	var out List
	shown, rest := map[kind]int{}, map[kind]List{}
	for i := range l {
		k := kind{l[i].File, l[i].Severity}
		// One more than is told is told too: a line that counts it would be as long.
		if shown[k]++; k.file == "" || shown[k] <= maxInFile || number[k] <= maxInFile+1 {
			out = append(out, l[i])
		} else {
			rest[k] = append(rest[k], l[i])
		}
		if i+1 < len(l) && l[i+1].File == k.file {
			continue
		}
		for _, severity := range [...]Severity{Error, Warning, Note} {
			k.severity = severity
			left := rest[k]
			if left == nil {
				continue
			}
			delete(rest, k)
			more := left.Count(severity)
			out = append(out, Diagnostic{Span: Span{File: k.file}, Severity: severity, Code: left[0].Code, More: more,
				Message: fmt.Sprintf("and %d more %ss in this file", more, severity)})
		}
	}
	return out
}

// Count is how many problems of a severity there are, with those that others stand for.
func (l List) Count(s Severity) int {
	n := 0
	for i := range l {
		if l[i].Severity == s {
			n += max(l[i].More, 1)
		}
	}
	return n
}

// Write renders the list for people, each problem with its source line.
func Write(w io.Writer, l List) error {
	var b strings.Builder
	for i := range l {
		l[i].show(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (d *Diagnostic) show(b *strings.Builder) {
	b.WriteString(clean(d.Error()))
	b.WriteByte('\n')
	Excerpt(b, d.Span, d.Excerpt)
	for _, r := range d.Related {
		fmt.Fprintf(b, "   %s: %s\n", clean(r.Span.String()), clean(r.Message))
		Excerpt(b, r.Span, r.Excerpt)
	}
	if d.Hint != "" {
		fmt.Fprintf(b, "   hint: %s\n", clean(d.Hint))
	}
}

// excerptWidth is how much of a source line is shown: what fits 80 columns beside the line number.
const excerptWidth = 70

// Excerpt writes a source line with its number, and a caret below where the span has a column; nothing for a line that is not known.
func Excerpt(b *strings.Builder, s Span, line string) {
	if line == "" || s.Line == 0 {
		return
	}
	column, width := s.Column, max(s.Width, 1)
	// Cut long lines so that the caret stays in view.
	if column > excerptWidth-10 {
		cut := runeStart(line, column-excerptWidth/2)
		line, column = "..."+line[cut:], column-cut+len("...")
	}
	if len(line) > excerptWidth {
		line = line[:runeStart(line, excerptWidth)] + "..."
	}
	fmt.Fprintf(b, "%5d | %s\n", s.Line, clean(strings.ReplaceAll(line, "\t", " ")))
	if column == 0 || column > len(line)+1 {
		return
	}
	// Bytes are counted in columns, characters on the screen.
	from, to := runeStart(line, column-1), runeStart(line, column-1+width)
	pad, under := utf8.RuneCountInString(line[:from]), utf8.RuneCountInString(line[from:to])
	fmt.Fprintf(b, "      | %s^%s\n", strings.Repeat(" ", pad), strings.Repeat("~", max(under-1, 0)))
}

// runeStart is where the character starts that byte i is in, or i where that is in none, as in text that is no UTF-8.
func runeStart(s string, i int) int {
	i = min(i, len(s))
	for back := min(i, utf8.UTFMax-1); back > 0; back-- {
		if _, size := utf8.DecodeRuneInString(s[i-back:]); size > back {
			return i - back
		}
	}
	return i
}

// clean replaces what could confuse a terminal: control characters and broken UTF-8.
func clean(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return unprintable(r) }) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if unprintable(r) {
			return '?'
		}
		return r
	}, s)
}

// unprintable characters are those that no font shows: controls, and what turns the direction of text around.
func unprintable(r rune) bool { return r == utf8.RuneError || !unicode.IsGraphic(r) }
