package diag

import (
	"strings"
)

// Files remembers source texts, so that diagnostics can show the lines they speak of. The zero value is
// ready; it is not safe for concurrent use.
type Files struct {
	lines map[string][]string
}

// Add remembers the text of a file.
func (f *Files) Add(name, text string) {
	if f.lines == nil {
		f.lines = map[string][]string{}
	}
	f.lines[name] = splitLines(text)
}

// splitLines divides a text as Lua counts lines: \n, \r, and both together in either order end one.
func splitLines(text string) []string {
	var lines []string
	for {
		i := strings.IndexAny(text, "\r\n")
		if i < 0 {
			return append(lines, text)
		}
		lines = append(lines, text[:i])
		end := i + 1
		if end < len(text) && text[end] != text[i] && (text[end] == '\r' || text[end] == '\n') {
			end++
		}
		text = text[end:]
	}
}

// Has reports whether the file was added.
func (f *Files) Has(name string) bool {
	_, ok := f.lines[name]
	return ok
}

// Line gives the text of a line, "" if it is not known.
func (f *Files) Line(name string, line int) string {
	if lines := f.lines[name]; line >= 1 && line <= len(lines) {
		return lines[line-1]
	}
	return ""
}

// Fill sets the excerpts of all problems whose lines are known.
func (f *Files) Fill(l List) List {
	for i := range l {
		d := &l[i]
		if d.Excerpt == "" {
			d.Excerpt = f.Line(d.File, d.Line)
		}
		for j := range d.Related {
			r := &d.Related[j]
			if r.Excerpt == "" {
				r.Excerpt = f.Line(r.File, r.Line)
			}
		}
	}
	return l
}
