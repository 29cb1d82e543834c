package learn

import (
	"cmp"
	"slices"
	"strings"

	"cellsh/lua/format"
	"cellsh/lua/syntax"
)

// edit replaces a piece of a text.
type edit struct {
	from, to int
	text     string
}

// apply makes the edits, which do not overlap. Of those at one place the first stands first.
func apply(text string, edits []edit) string {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Compare(a.from, b.from) })
	var b strings.Builder
	at := 0
	for _, e := range edits {
		b.WriteString(text[at:e.from])
		b.WriteString(e.text)
		at = e.to
	}
	b.WriteString(text[at:])
	return b.String()
}

// inStyle gives the changed text in the one style, if the text was in it before.
func inStyle(name, before, after string) string {
	if was, problems := format.Source(name, before); len(problems) > 0 || was != before {
		return after
	}
	if out, problems := format.Source(name, after); len(problems) == 0 {
		return out
	}
	return after
}

// changedLines is how many lines are others, or more, or fewer.
func changedLines(before, after string) int {
	count := map[string]int{}
	for l := range strings.Lines(before) {
		count[l]++
	}
	gone, come := 0, 0
	for l := range strings.Lines(after) {
		count[l]--
	}
	for _, n := range count {
		if n > 0 {
			gone += n
		} else {
			come -= n
		}
	}
	return max(gone, come)
}

// source is a text with its tree.
type source struct {
	file *syntax.File
}

func (s *source) text() string { return s.file.Text }

// line is the line of an offset, from 1.
func (s *source) line(offset int) int {
	line, _ := s.file.Place(offset)
	return line
}

// begin is the offset at which the line of an offset begins, and indent the space there.
func (s *source) begin(offset int) (begin int, indent string) {
	begin = strings.LastIndexAny(s.text()[:offset], "\r\n") + 1
	rest := s.text()[begin:]
	return begin, rest[:len(rest)-len(strings.TrimLeft(rest, " \t"))]
}

// first reports whether nothing but space stands before an offset on its line.
func (s *source) first(offset int) bool {
	begin, indent := s.begin(offset)
	return begin+len(indent) == offset
}

// unit is one step of indentation: that of the file, or two spaces.
func (s *source) unit() string {
	least := ""
	for l := range strings.Lines(s.text()) {
		rest := strings.TrimLeft(l, " \t")
		indent := l[:len(l)-len(rest)]
		if strings.TrimSpace(rest) == "" || indent == "" {
			continue
		}
		if indent[0] == '\t' {
			return "\t"
		}
		if least == "" || len(indent) < len(least) {
			least = indent
		}
	}
	if least == "" || len(least) > 8 {
		return "  "
	}
	return least
}

// newline is how lines end.
func (s *source) newline() string {
	if strings.Contains(s.text(), "\r\n") {
		return "\r\n"
	}
	return "\n"
}

// after is the first token at or behind an offset that is no comment, nil at the end.
func (s *source) after(offset int) *syntax.Token {
	for i := range s.file.Tokens {
		t := &s.file.Tokens[i]
		if t.Offset >= offset && t.Kind != syntax.Comment {
			return t
		}
	}
	return nil
}

// separated is the offset behind the separator that follows a field, and whether there is one.
func (s *source) separated(f *syntax.TableField) (int, bool) {
	if t := s.after(f.End()); t != nil && (t.Text == "," || t.Text == ";") {
		return t.End(), true
	}
	return f.End(), false
}

// lineEnd is the offset of the end of the line of an offset.
func (s *source) lineEnd(offset int) int {
	if i := strings.IndexAny(s.text()[offset:], "\r\n"); i >= 0 {
		return offset + i
	}
	return len(s.text())
}

// appendTo adds a field to a constructor: on a line of its own where the fields stand on lines, else behind the last. Lines are the
// lines of the field without indentation.
func (s *source) appendTo(t *syntax.TableExpr, lines []string) []edit {
	nl := s.newline()
	if e, ok := s.spread(t, lines); ok {
		return []edit{e}
	}
	if len(t.Fields) == 0 {
		text := " " + joined(lines)
		if s.text()[t.Pos()+1] == '}' {
			text += " "
		}
		return []edit{{t.Pos() + 1, t.Pos() + 1, text}}
	}
	last := t.Fields[len(t.Fields)-1]
	at, separated := s.separated(last)
	if s.line(t.Pos()) == s.line(t.End()-1) || s.line(last.End()-1) == s.line(t.End()-1) || !s.first(t.Fields[0].Pos()) {
		if separated {
			return []edit{{at, at, " " + joined(lines) + ","}}
		}
		return []edit{{at, at, ", " + joined(lines)}}
	}
	_, indent := s.begin(t.Fields[0].Pos())
	var edits []edit
	if !separated {
		edits = append(edits, edit{at, at, ","})
	}
	end := s.lineEnd(at)
	text := ""
	for _, l := range lines {
		text += nl + indent + l
	}
	return append(edits, edit{end, end, text + ","})
}

// maxWidth is how wide a line should be at most.
const maxWidth = 100

// spread is how a field of several lines is added to a constructor that ends on one line, if that would become too wide: on lines
// of its own.
func (s *source) spread(t *syntax.TableExpr, lines []string) (edit, bool) {
	begin, indent := s.begin(t.Pos())
	at, comma := t.Pos()+1, ""
	if n := len(t.Fields); n > 0 {
		var separated bool
		if at, separated = s.separated(t.Fields[n-1]); !separated {
			comma = ","
		}
	}
	end := t.End() - 1
	if len(lines) == 1 || s.line(t.Pos()) != s.line(end) || strings.TrimSpace(s.text()[at:end]) != "" || s.lineEnd(end)-begin+len(joined(lines)) <= maxWidth {
		return edit{}, false
	}
	text, nl, unit := comma, s.newline(), s.unit()
	for i, l := range lines {
		if text += nl + indent + unit + l; i == len(lines)-1 {
			text += ","
		}
	}
	return edit{at, end, text + nl + indent}, true
}

// joined makes one line of several.
func joined(lines []string) string {
	parts := make([]string, len(lines))
	for i, l := range lines {
		parts[i] = strings.TrimSpace(l)
	}
	return strings.ReplaceAll(strings.Join(parts, " "), ", }", " }")
}

// remove takes a field out of a constructor, with its separator, and with its line where nothing else stands on it.
func (s *source) remove(t *syntax.TableExpr, f *syntax.TableField) edit {
	to, separated := s.separated(f)
	from := f.Pos()
	if begin, _ := s.begin(from); s.first(from) && strings.TrimSpace(s.text()[to:s.lineEnd(to)]) == "" {
		end := s.lineEnd(to)
		for _, nl := range []string{"\r\n", "\n", "\r"} {
			if strings.HasPrefix(s.text()[end:], nl) {
				return edit{begin, end + len(nl), ""}
			}
		}
	}
	if !separated {
		// The last: the separator before it goes.
		i := slices.Index(t.Fields, f)
		if i > 0 {
			return edit{t.Fields[i-1].End(), to, ""}
		}
		return edit{from, to, ""}
	}
	for to < len(s.text()) && s.text()[to] == ' ' {
		to++
	}
	return edit{from, to, ""}
}

// comments are those of a text, in order.
func comments(name, text string) []string {
	var out []string
	f := syntax.Read(name, text)
	for i := range f.Tokens {
		if f.Tokens[i].Kind == syntax.Comment {
			out = append(out, strings.TrimRight(f.Tokens[i].Text, " \t\r\n"))
		}
	}
	return out
}
