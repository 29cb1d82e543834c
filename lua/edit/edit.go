package edit

import (
	"cmp"
	"slices"
	"strings"

	"cellsh/lua/format"
	"cellsh/lua/syntax"
)

// Edit replaces the piece of a text between two offsets.
type Edit struct {
	From, To int
	Text     string
}

// Replace is the edit that replaces what stands between two offsets.
func Replace(from, to int, text string) Edit { return Edit{from, to, text} }

// Apply makes the edits, which do not overlap. Of those at one place the first stands first.
func Apply(text string, edits []Edit) string {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b Edit) int { return cmp.Compare(a.From, b.From) })
	var b strings.Builder
	at := 0
	for _, e := range edits {
		b.WriteString(text[at:e.From])
		b.WriteString(e.Text)
		at = e.To
	}
	b.WriteString(text[at:])
	return b.String()
}

// InStyle gives the changed text in the one style, if the text was in it before.
func InStyle(name, before, after string) string {
	if was, problems := format.Source(name, before); len(problems) > 0 || was != before {
		return after
	}
	if out, problems := format.Source(name, after); len(problems) == 0 {
		return out
	}
	return after
}

// ChangedLines is how many lines are others, or more, or fewer.
func ChangedLines(before, after string) int {
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

// Source is a text with its tree.
type Source struct{ File *syntax.File }

// Read reads a text into a source.
func Read(name, text string) *Source { return &Source{syntax.Read(name, text)} }

// Text is the whole text.
func (s *Source) Text() string { return s.File.Text }

// Line is the line of an offset, from 1.
func (s *Source) Line(offset int) int {
	line, _ := s.File.Place(offset)
	return line
}

// Begin is the offset at which the line of an offset begins, and indent the space there.
func (s *Source) Begin(offset int) (begin int, indent string) {
	begin = strings.LastIndexAny(s.Text()[:offset], "\r\n") + 1
	rest := s.Text()[begin:]
	return begin, rest[:len(rest)-len(strings.TrimLeft(rest, " \t"))]
}

// First reports whether nothing but space stands before an offset on its line.
func (s *Source) First(offset int) bool {
	begin, indent := s.Begin(offset)
	return begin+len(indent) == offset
}

// Unit is one step of indentation: that of the file, or two spaces.
func (s *Source) Unit() string {
	least := ""
	for l := range strings.Lines(s.Text()) {
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

// Newline is how lines end.
func (s *Source) Newline() string {
	if strings.Contains(s.Text(), "\r\n") {
		return "\r\n"
	}
	return "\n"
}

// After is the first token at or behind an offset that is no comment, nil at the end.
func (s *Source) After(offset int) *syntax.Token {
	for i := range s.File.Tokens {
		t := &s.File.Tokens[i]
		if t.Offset >= offset && t.Kind != syntax.Comment {
			return t
		}
	}
	return nil
}

// Separated is the offset behind the separator that follows a field, and whether there is one.
func (s *Source) Separated(f *syntax.TableField) (int, bool) {
	if t := s.After(f.End()); t != nil && (t.Text == "," || t.Text == ";") {
		return t.End(), true
	}
	return f.End(), false
}

// LineEnd is the offset of the end of the line of an offset.
func (s *Source) LineEnd(offset int) int {
	if i := strings.IndexAny(s.Text()[offset:], "\r\n"); i >= 0 {
		return offset + i
	}
	return len(s.Text())
}

// AppendTo adds a field to a constructor: on a line of its own where the fields stand on lines, else behind the last. Lines are the
// lines of the field without indentation.
func (s *Source) AppendTo(t *syntax.TableExpr, lines []string) []Edit {
	nl := s.Newline()
	if e, ok := s.spread(t, lines); ok {
		return []Edit{e}
	}
	if len(t.Fields) == 0 {
		text := " " + Joined(lines)
		if s.Text()[t.Pos()+1] == '}' {
			text += " "
		}
		return []Edit{{t.Pos() + 1, t.Pos() + 1, text}}
	}
	last := t.Fields[len(t.Fields)-1]
	at, separated := s.Separated(last)
	if s.Line(t.Pos()) == s.Line(t.End()-1) || s.Line(last.End()-1) == s.Line(t.End()-1) || !s.First(t.Fields[0].Pos()) {
		if separated {
			return []Edit{{at, at, " " + Joined(lines) + ","}}
		}
		return []Edit{{at, at, ", " + Joined(lines)}}
	}
	_, indent := s.Begin(t.Fields[0].Pos())
	var edits []Edit
	if !separated {
		edits = append(edits, Edit{at, at, ","})
	}
	end := s.LineEnd(at)
	text := ""
	for _, l := range lines {
		text += nl + indent + l
	}
	return append(edits, Edit{end, end, text + ","})
}

// MaxWidth is how wide a line should be at most.
const MaxWidth = 100

// spread is how a field of several lines is added to a constructor that ends on one line, if that would become too wide: on lines
// of its own.
func (s *Source) spread(t *syntax.TableExpr, lines []string) (Edit, bool) {
	begin, indent := s.Begin(t.Pos())
	at, comma := t.Pos()+1, ""
	if n := len(t.Fields); n > 0 {
		var separated bool
		if at, separated = s.Separated(t.Fields[n-1]); !separated {
			comma = ","
		}
	}
	end := t.End() - 1
	if len(lines) == 1 || s.Line(t.Pos()) != s.Line(end) || strings.TrimSpace(s.Text()[at:end]) != "" || s.LineEnd(end)-begin+len(Joined(lines)) <= MaxWidth {
		return Edit{}, false
	}
	text, nl, unit := comma, s.Newline(), s.Unit()
	for i, l := range lines {
		if text += nl + indent + unit + l; i == len(lines)-1 {
			text += ","
		}
	}
	return Edit{at, end, text + nl + indent}, true
}

// Joined makes one line of several.
func Joined(lines []string) string {
	parts := make([]string, len(lines))
	for i, l := range lines {
		parts[i] = strings.TrimSpace(l)
	}
	return strings.ReplaceAll(strings.Join(parts, " "), ", }", " }")
}

// Remove takes a field out of a constructor, with its separator, and with its line where nothing else stands on it.
func (s *Source) Remove(t *syntax.TableExpr, f *syntax.TableField) Edit {
	to, separated := s.Separated(f)
	from := f.Pos()
	if separated {
		if between := s.Text()[f.End() : to-1]; strings.TrimSpace(between) != "" {
			return Edit{from, to, between} // a comment stays
		}
	}
	if begin, _ := s.Begin(from); s.First(from) && strings.TrimSpace(s.Text()[to:s.LineEnd(to)]) == "" {
		end := s.LineEnd(to)
		for _, nl := range []string{"\r\n", "\n", "\r"} {
			if strings.HasPrefix(s.Text()[end:], nl) {
				return Edit{begin, end + len(nl), ""}
			}
		}
	}
	if !separated {
		// The last: the separator before it goes.
		i := slices.Index(t.Fields, f)
		if i > 0 {
			if end, _ := s.Separated(t.Fields[i-1]); strings.TrimSpace(s.Text()[t.Fields[i-1].End():end-1])+strings.TrimSpace(s.Text()[end:from]) == "" {
				return Edit{t.Fields[i-1].End(), to, ""}
			}
		}
		return Edit{from, to, ""}
	}
	for to < len(s.Text()) && s.Text()[to] == ' ' {
		to++
	}
	return Edit{from, to, ""}
}

// Comments are those of a text, in order.
func Comments(name, text string) []string {
	var out []string
	f := syntax.Read(name, text)
	for i := range f.Tokens {
		if f.Tokens[i].Kind == syntax.Comment {
			out = append(out, strings.TrimRight(f.Tokens[i].Text, " \t\r\n"))
		}
	}
	return out
}
