package show

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/syntax"
	"cellsh/lua/value"
)

// The limits where Options has none.
const (
	DefaultWidth = 80
	// DefaultDepth is how many tables within each other are shown.
	DefaultDepth = 6
	// DefaultItems is how many entries of a table, and DefaultTotal how many of all tables together are shown.
	DefaultItems = 100
	DefaultTotal = 2000
	// DefaultString is how many bytes of a string are shown.
	DefaultString = 1000
)

// Options for Value. The zero value has the defaults.
type Options struct {
	// Width of the terminal in columns. Texts longer than it are not broken.
	Width int
	// Depth, Items, Total and String are limits; what lies beyond is counted.
	Depth, Items, Total, String int
	// Function gives the name of a function, or where it is written.
	Function func(*lua.LFunction) string
	// Object gives the text of userdata.
	Object func(lua.LValue) (string, bool)
	// ReadOnly gives what stands behind a table that only looks empty.
	ReadOnly func(*lua.LTable) (*lua.LTable, bool)
}

// Values writes the results of a statement: side by side if they fit on a line, or else below each other.
func Values(w io.Writer, list []lua.LValue, o Options) error {
	if len(list) == 0 {
		return nil
	}
	var parts []string
	lines := false
	width := 0
	for _, v := range list {
		s := Value(v, o)
		parts = append(parts, s)
		lines = lines || strings.Contains(s, "\n")
		width += Width(s) + 2
	}
	separator := "  "
	if lines || width-2 > o.defaults().Width {
		separator = "\n"
	}
	_, err := fmt.Fprintln(w, strings.Join(parts, separator))
	return err
}

// Value gives a value as text of one or more lines, without a newline at the end. Strings are quoted, tables have
// their list first and then their keys in order, and tables that hold records of the same keys are columns.
func Value(v lua.LValue, o Options) string {
	p := &printer{Options: o.defaults()}
	p.left = p.Total
	if t, ok := v.(*lua.LTable); ok {
		if s, ok := p.columns(t); ok {
			return s
		}
	}
	p.value(v, 0, 0)
	return p.b.String()
}

func (o Options) defaults() Options {
	for _, d := range []struct {
		value *int
		def   int
	}{{&o.Width, DefaultWidth}, {&o.Depth, DefaultDepth}, {&o.Items, DefaultItems}, {&o.Total, DefaultTotal}, {&o.String, DefaultString}} {
		if *d.value <= 0 {
			*d.value = d.def
		}
	}
	return o
}

type printer struct {
	Options
	b strings.Builder
	// left is how many entries may still be shown.
	left int
	// within are the tables that are being shown.
	within []*lua.LTable
}

// scalar gives the text of what is no table.
func (p *printer) scalar(v lua.LValue) string {
	switch x := v.(type) {
	case lua.LString:
		if len(x) > p.String {
			return fmt.Sprintf("%s... (%s bytes)", value.Quote(cut(string(x), p.String)), count(len(x)))
		}
		return value.Quote(string(x))
	case *lua.LFunction:
		if p.Function != nil {
			if name := p.Function(x); name != "" {
				return "function: " + Text(name)
			}
		}
		return "function"
	case lua.LNumber:
		return value.Format(value.Number(x))
	case *lua.LUserData:
		if p.Object != nil {
			if s, ok := p.Object(x); ok {
				return strings.ReplaceAll(Text(s), "\n", " ")
			}
		}
		return "userdata"
	case *lua.LState:
		return "thread"
	case nil:
		return "nil"
	}
	return Text(v.String())
}

// table is what there is to show of one.
type table struct {
	t *lua.LTable
	// length of the list, and the other keys in order.
	length int
	keys   []lua.LValue
}

func (p *printer) table(t *lua.LTable) table {
	if p.ReadOnly != nil {
		if real, ok := p.ReadOnly(t); ok {
			t = real
		}
	}
	out := table{t: t, length: t.Len()}
	t.ForEach(func(k, _ lua.LValue) {
		if n, ok := k.(lua.LNumber); ok && n >= 1 && n <= lua.LNumber(out.length) && n == lua.LNumber(int(n)) {
			return
		}
		out.keys = append(out.keys, k)
	})
	slices.SortFunc(out.keys, compareKeys)
	return out
}

func (t table) size() int { return t.length + len(t.keys) }

// entry is the text before a value, and the value.
func (t table) entry(p *printer, i int) (string, lua.LValue) {
	if i < t.length {
		return "", t.t.RawGetInt(i + 1)
	}
	k := t.keys[i-t.length]
	return p.key(k) + " = ", t.t.RawGet(k)
}

func (p *printer) key(k lua.LValue) string {
	if s, ok := k.(lua.LString); ok && syntax.IsName(string(s)) {
		return string(s)
	}
	if _, ok := k.(*lua.LTable); ok {
		return "[table]"
	}
	return "[" + p.scalar(k) + "]"
}

// compareKeys orders numbers, then strings, then the rest by what it is.
func compareKeys(a, b lua.LValue) int {
	switch x := a.(type) {
	case lua.LNumber:
		if y, ok := b.(lua.LNumber); ok {
			return cmp.Compare(x, y)
		}
	case lua.LString:
		if y, ok := b.(lua.LString); ok {
			return cmp.Compare(x, y)
		}
	}
	rank := func(v lua.LValue) int {
		switch v.Type() {
		case lua.LTNumber:
			return 0
		case lua.LTString:
			return 1
		}
		return 2
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.String(), b.String()))
}

// reference is what stands for a table that is not shown, "" if it is shown.
func (p *printer) reference(t *lua.LTable) string {
	for i, outer := range p.within {
		if outer == t {
			return fmt.Sprintf("<cycle: %d up>", len(p.within)-i)
		}
	}
	if len(p.within) >= p.Depth {
		if size := p.table(t).size(); size > 0 {
			return fmt.Sprintf("{... %s more}", count(size))
		}
	}
	return ""
}

// flat gives a value on one line, at most room columns wide; false if it does not fit.
func (p *printer) flat(v lua.LValue, room int) (string, bool) {
	t, ok := v.(*lua.LTable)
	if !ok {
		s := p.scalar(v)
		return s, Width(s) <= room
	}
	if s := p.reference(t); s != "" {
		return s, len(s) <= room
	}
	tab := p.table(t)
	switch {
	case tab.size() == 0:
		return "{}", room >= 2
	case tab.size() > p.Items || 3*tab.size() > room:
		return "", false
	}
	p.within = append(p.within, t)
	defer func() { p.within = p.within[:len(p.within)-1] }()
	var b strings.Builder
	for i := range tab.size() {
		before, v := tab.entry(p, i)
		if i > 0 {
			before = ", " + before
		}
		s, ok := p.flat(v, room-4-Width(b.String()+before))
		if !ok {
			return "", false
		}
		b.WriteString(before + s)
	}
	return "{ " + b.String() + " }", true
}

// value writes a value that begins at a column of a line that is indented.
func (p *printer) value(v lua.LValue, column, indent int) {
	// A comma may follow.
	if s, ok := p.flat(v, p.Width-column-1); ok {
		p.b.WriteString(s)
		return
	}
	t, ok := v.(*lua.LTable)
	if !ok {
		p.b.WriteString(p.scalar(v))
		return
	}
	tab := p.table(t)
	p.within = append(p.within, t)
	defer func() { p.within = p.within[:len(p.within)-1] }()
	inner := indent + 2
	p.b.WriteString("{")
	// Short values of the list share lines.
	at := -1
	for i := range tab.size() {
		if i == p.Items || p.left <= 0 {
			p.newLine(inner)
			fmt.Fprintf(&p.b, "... %s more", count(tab.size()-i))
			break
		}
		p.left--
		before, v := tab.entry(p, i)
		if i < tab.length {
			if _, ok := v.(*lua.LTable); !ok {
				s := p.scalar(v)
				if at < 0 || at+1+Width(s)+1 > p.Width {
					p.newLine(inner)
					at = inner
				} else {
					p.b.WriteByte(' ')
					at++
				}
				p.b.WriteString(s + ",")
				at += Width(s) + 1
				continue
			}
		}
		at = -1
		p.newLine(inner)
		p.b.WriteString(before)
		p.value(v, inner+Width(before), inner)
		p.b.WriteByte(',')
	}
	p.newLine(indent)
	p.b.WriteByte('}')
}

func (p *printer) newLine(indent int) {
	p.b.WriteByte('\n')
	p.b.WriteString(strings.Repeat(" ", indent))
}
