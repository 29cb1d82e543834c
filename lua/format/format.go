package format

import (
	"slices"
	"strings"

	"cellsh/lua/syntax"
	"cellsh/policy/diag"
)

// Width is how many characters a line should have at most. What can't be broken is wider.
const Width = 100

// Source gives the text in the one style. The problems are those of the source: there is no text then. What is given was
// read again, and means the same.
func Source(name, text string) (string, diag.List) {
	file := syntax.Read(name, text)
	if file.Problems.Failed() {
		return "", file.Problems
	}
	out, problem := write(file)
	if problem == "" && len(out) > syntax.MaxSource {
		return "", diag.List{{Span: diag.Span{File: name}, Code: diag.SourceSize, Hint: "divide it into several files",
			Message: "the source must have its size in one style, too, but has more than is read"}}
	}
	if problem == "" {
		problem = differs(file, syntax.Read(name, out))
	}
	if problem != "" {
		return "", diag.List{{Span: diag.Span{File: name}, Code: diag.Failed, Message: "the formatted source must be the same program, but " + problem,
			Hint: "this is a fault of cellsh and not of the file; please report it"}}
	}
	return out, nil
}

// differs says how a formatted file is another than it was, "" if it is not.
func differs(before, after *syntax.File) string {
	switch {
	case !syntax.Same(before, after):
		return "is another"
	case !slices.Equal(commentsOf(before), commentsOf(after)):
		return "its comments are others"
	}
	return ""
}

// commentsOf are the comments of a file, as far as they must stay.
func commentsOf(f *syntax.File) []string {
	var all []string
	for i := range f.Tokens {
		if t := &f.Tokens[i]; t.Kind == syntax.Comment {
			all = append(all, commentText(t.Text))
		}
	}
	return all
}

// commentText is a comment as it is written: without space at the end of its line.
func commentText(s string) string {
	if isLine(s) {
		return strings.TrimRight(s, " \t\r\v\f")
	}
	return unixLines(s)
}

// isLine reports whether a comment ends with its line.
func isLine(comment string) bool {
	rest, ok := strings.CutPrefix(comment, "--[")
	return !ok || !strings.HasPrefix(strings.TrimLeft(rest, "="), "[")
}

// unixLines makes \n of every end of a line, as Lua reads it.
func unixLines(s string) string {
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '\n' || c == '\r' {
			if i+1 < len(s) && s[i+1] != c && (s[i+1] == '\n' || s[i+1] == '\r') {
				i++
			}
			c = '\n'
		}
		b.WriteByte(c)
	}
	return b.String()
}

// literal is a string as it is written: between double quotes, if that changes nothing else of it.
func literal(s string) string {
	if s[0] == '\'' {
		inner := s[1 : len(s)-1]
		if !strings.Contains(inner, `"`) && !strings.Contains(inner, `\'`) {
			s = `"` + inner + `"`
		}
	}
	return unixLines(s)
}
