package api

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"cellsh/policy/diag"
)

func helpEntries() []*Entry {
	return []*Entry{
		{Name: "help", Params: []Param{{"name", "string", "of a function, method, field, library or command; an overview without it", true}},
			Doc: "Shows what something does, with an example.",
			Example: `help("cell.id")
--> cell.id: number
-->   The kernel's number of the cell; it is never used again.
-->
-->   example:
-->     local c = cell.create{ name = "web-1", root = "/cells/web-1" }
-->     print(c.id)
-->     --> 1`, call: func(b *binding, L *lua.LState) int {
				if _, ok := L.Get(1).(*lua.LFunction); ok {
					raise(L, diag.List{{Code: diag.Failed, Message: "argument 1 of help must be a name, but is a function", Hint: `write the name in quotes: help("cell.create")`}})
				}
				text, err := b.m.helpText(L.OptString(1, ""))
				if err != nil {
					raise(L, err)
				}
				if b.m.options.Fit != nil {
					text = b.m.options.Fit(text)
				}
				fmt.Fprint(b.m.options.Output, text)
				return 0
			}},
	}
}

// helpText is what help shows about a name: what [About] knows, or Options.Help; "" is the overview. The error says
// that there is no such thing.
func (m *Machine) helpText(name string) (string, error) {
	text, err := About(name)
	if err != nil && m.options.Help != nil {
		if more := m.options.Help(name); more != "" {
			return more, nil
		}
	}
	return text, err
}

// About says what the table has about a name: an entry, a library or a type; "" is the overview.
func About(name string) (string, error) {
	if name == "" {
		return overview(), nil
	}
	if e := Find(name); e != nil {
		return e.Text(), nil
	}
	if text := group(name); text != "" {
		return text, nil
	}
	hint := diag.DidYouMean(name, entryNames())
	if hint == "" {
		hint = "help() lists everything"
	}
	return "", diag.List{{Code: diag.Failed, Message: fmt.Sprintf("help must be asked about something that exists, but there is no %s", name), Hint: hint}}
}

// Short is the first sentence about an entry, without its full stop; "" if the table has none of that name.
func Short(name string) string {
	e := Find(name)
	if e == nil {
		return ""
	}
	return strings.TrimSuffix(strings.ReplaceAll(strings.TrimSpace(firstSentence(e.Doc)), "\n", " "), ".")
}

// Text is the help of an entry.
func (e *Entry) Text() string {
	var b strings.Builder
	b.WriteString(e.Signature() + "\n")
	b.WriteString(wrap(e.Doc, "  "))
	if only := e.Only(); only != "" {
		b.WriteString("  " + only + "\n")
	}
	width := 0
	for _, p := range e.Params {
		width = max(width, len(p.Name))
	}
	if len(e.Params) > 0 {
		b.WriteByte('\n')
	}
	for _, p := range e.Params {
		doc := p.Doc
		if p.Optional {
			doc += " (optional)"
		}
		text := wrap(doc, strings.Repeat(" ", width+4))
		fmt.Fprintf(&b, "  %-*s  %s", width, p.Name, text[width+4:])
	}
	if e.Example != "" {
		b.WriteString("\n  example:\n" + indent(e.Example, "    "))
	}
	return b.String()
}

// group is the help of a library or a type: its entries, one line each.
func group(name string) string {
	var b strings.Builder
	for _, e := range Entries() {
		if owner, _ := e.Split(); owner == name {
			fmt.Fprintf(&b, "%s\n%s", e.Signature(), wrap(firstSentence(e.Doc), "    "))
		}
	}
	return b.String()
}

func overview() string {
	var b strings.Builder
	last := "-"
	for _, e := range Entries() {
		owner, name := e.Split()
		if owner != last {
			if last != "-" {
				b.WriteByte('\n')
			}
			last = owner
			if owner == "" {
				fmt.Fprintf(&b, "%-14s", "")
			} else {
				fmt.Fprintf(&b, "%-14s", owner)
			}
		}
		b.WriteString(" " + name)
	}
	return wrapList(b.String()) + "\n" + wrap(`help("cell") tells about a library or a type, help("cell.create") about one function, help("load") about a command.`, "")
}

// wrapList breaks the lines of the overview so that they fit a terminal of 80 columns.
func wrapList(s string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(s, "\n") {
		column := 0
		for i, w := range strings.Fields(line) {
			if i == 0 && line[0] != ' ' {
				column, _ = fmt.Fprintf(&b, "%-12s", w)
				continue
			}
			if column == 0 {
				column, _ = fmt.Fprintf(&b, "%-12s", "")
			}
			if column+1+len(w) > 79 {
				fmt.Fprintf(&b, "\n%-12s", "")
				column = 12
			}
			n, _ := b.WriteString(" " + w)
			column += n
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func firstSentence(s string) string {
	if i := strings.Index(s, ". "); i >= 0 {
		s = s[:i+1]
	}
	return strings.ReplaceAll(s, "\n", " ")
}

// columns is how wide help is.
const columns = 80

// wrap sets text in lines that fit.
func wrap(s, by string) string {
	var b strings.Builder
	line := by
	for _, word := range strings.Fields(s) {
		if len(line) > len(by) && len(line)+1+len(word) >= columns {
			b.WriteString(line + "\n")
			line = by
		}
		if len(line) > len(by) {
			line += " "
		}
		line += word
	}
	b.WriteString(line + "\n")
	return b.String()
}

func indent(s, by string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(strings.TrimRight(s, "\n"), "\n") {
		if line == "" {
			b.WriteByte('\n')
			continue
		}
		b.WriteString(by + line + "\n")
	}
	return b.String()
}
