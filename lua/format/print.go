package format

import (
	"strings"
	"unicode/utf8"
)

// indent is how many spaces a step is.
const indent = 2

// printer writes instructions.
type printer struct {
	code  []instruction
	lines []line
	// line is the one that is written.
	line line
	// text is it, and column how wide it is.
	text   strings.Builder
	column int
	// start says that nothing stands on the line, space that one comes before what follows, commented that a comment stands
	// before it, ended that such a comment ended the line.
	start, space, commented, ended bool
	// blank says that an empty line follows the comment that ended the line.
	blank bool
	// last is the byte that was written last.
	last  byte
	stack []level
	// groups has what was decided for each, by the index of its instruction.
	groups []decision
	fields []field
}

// decision is what is known of a group.
type decision struct {
	// indent is how far the line is indented on which it begins.
	indent int32
	// broken says that its lines are broken, opened of a table that each of its lines begins with a field.
	broken, opened bool
}

// level is how far lines are indented: inside, and where what closes it stands.
type level struct{ inside, closing int }

// field is one of a table that is being written.
type field struct {
	// line is where it begins, first that nothing stands before it there.
	line  int
	first bool
}

// line of the result.
type line struct {
	text string
	// indent in spaces.
	indent int
	// key is where the name of a field ends which is alone on the line, and table its table; comment is where a comment behind
	// code begins. They are -1 where there are none.
	key, comment int
	table        int32
	// closes says that it begins with what closes a block or bracket.
	closes bool
}

func emptyLine(indent int) line { return line{indent: indent, key: -1, comment: -1} }

func printAll(code []instruction) string {
	p := &printer{code: code, line: emptyLine(0), start: true, groups: make([]decision, len(code))}
	for i := range code {
		p.run(i)
	}
	if !p.start {
		p.flush()
	}
	alignKeys(p.lines)
	alignComments(p.lines)
	var b strings.Builder
	for _, l := range p.lines {
		b.WriteString(l.text)
		b.WriteByte('\n')
	}
	return b.String()
}

func (p *printer) flush() {
	p.line.text = p.text.String()
	p.lines = append(p.lines, p.line)
	p.text.Reset()
}

// newline begins one.
func (p *printer) newline(spaces int, blank bool) {
	p.flush()
	if blank {
		p.lines = append(p.lines, emptyLine(0))
	}
	p.line, p.column = emptyLine(spaces), spaces
	p.start, p.space, p.commented, p.ended, p.blank = true, false, false, false, false
}

func (p *printer) top() level {
	if len(p.stack) == 0 {
		return level{}
	}
	return p.stack[len(p.stack)-1]
}

// begin makes sure that what follows can be written on the line.
func (p *printer) begin() {
	if p.ended {
		p.newline(p.top().inside, p.blank)
	}
}

// write writes a piece of the source, which may have several lines.
func (p *printer) write(s string) {
	if p.start {
		p.text.WriteString(strings.Repeat(" ", p.line.indent))
	} else if p.space {
		p.text.WriteByte(' ')
		p.column++
	}
	p.start, p.space, p.commented = false, false, false
	p.last = s[len(s)-1]
	for {
		before, rest, more := strings.Cut(s, "\n")
		p.text.WriteString(before)
		p.column += width(before)
		if !more {
			return
		}
		p.flush()
		p.line, p.column = emptyLine(p.line.indent), 0
		s = rest
	}
}

func width(s string) int { return utf8.RuneCountInString(s) }

func (p *printer) run(i int) {
	in := &p.code[i]
	switch in.op {
	case opText:
		p.begin()
		p.space = p.space || p.commented && !strings.Contains(",)];", in.text)
		p.write(in.text)
	case opSpace:
		p.space = true
	case opTrailing:
		p.space = false
		p.column++
		p.line.comment = p.text.Len()
		p.text.WriteByte(' ')
		p.write(in.text)
		p.ended = true
	case opOwn:
		if !p.start {
			p.newline(p.top().inside, in.blank)
		}
		p.write(in.text)
		p.ended, p.commented, p.blank = in.newline, true, in.after
	case opInline:
		p.begin()
		p.space = p.space || p.last != '(' && p.last != '['
		p.write(in.text)
		p.ended, p.commented = in.newline, true
	case opOpen:
		p.begin()
		from := p.line.indent
		if in.block {
			from = int(p.groups[in.group].indent)
		}
		p.stack = append(p.stack, level{from + int(in.steps)*indent, from})
	case opClose:
		p.stack = p.stack[:len(p.stack)-1]
	case opGroup:
		p.begin()
		p.groups[i].indent = int32(p.line.indent)
		if in.table {
			p.groups[i].broken = !in.broken && !in.hangs && !p.fits(i, false)
		} else {
			p.groups[i].broken = in.broken || !p.fits(i, true)
		}
	case opLine:
		p.breakAt(i)
	case opComma:
		if in.broken || p.groups[in.group].broken {
			p.space = false
			p.write(",")
		}
	case opField:
		p.begin()
		p.fields = append(p.fields, field{len(p.lines), p.start})
		if !p.start && p.line.table == in.group {
			p.line.key = -1
		}
	case opKey:
		if f := p.fields[len(p.fields)-1]; f.first && f.line == len(p.lines) && !p.ended && p.groups[in.group].opened {
			p.line.key, p.line.table = p.text.Len(), in.group
		}
	case opEnd:
		if f := p.fields[len(p.fields)-1]; f.first && f.line < len(p.lines) {
			p.lines[f.line].key = -1
		}
		p.fields = p.fields[:len(p.fields)-1]
	}
}

// breakAt breaks a line or does not.
func (p *printer) breakAt(i int) {
	in := &p.code[i]
	if !p.ended && !p.breaks(in, int32(len(p.code))) && !(in.kind == fill && !p.fits(i, false)) {
		p.space = p.space || in.wide
		return
	}
	if in.kind == grouped {
		p.groups[in.group].opened = true
	}
	spaces := p.top().inside
	if in.kind == closing {
		spaces = p.top().closing
	}
	p.newline(spaces, in.blank)
	p.line.closes = in.kind == closing
}

// breaks reports whether a line is broken whatever fits, as far as that is known before an instruction.
func (p *printer) breaks(in *instruction, before int32) bool {
	switch {
	case in.kind == always || in.broken:
		return true
	case in.kind != grouped && in.kind != closing || in.group < 0:
		return false
	case in.group < before:
		return p.groups[in.group].broken
	}
	g := &p.code[in.group]
	return g.broken && !g.table
}

// fits reports whether what stands up to the end of a line's element, or of a group, fits on the line, and what can't be
// broken from it. If whole is set nothing of it must be broken; otherwise it must fit up to where it is.
func (p *printer) fits(i int, whole bool) bool {
	end := int(p.code[i].end)
	space := p.space || p.code[i].op == opLine && p.code[i].wide
	column := p.column
	for j := i + 1; j < len(p.code); j++ {
		in := &p.code[j]
		broken := false
		switch in.op {
		case opText, opInline:
			if space || in.op == opInline {
				column++
			}
			first, _, more := strings.Cut(in.text, "\n")
			column += width(first)
			space, broken = false, more || in.newline
		case opComma:
			if in.broken || int(in.group) < i && p.groups[in.group].broken {
				column++
			}
		case opSpace:
			space = true
		case opTrailing, opOwn:
			broken = true
		case opLine:
			if in.kind == fill && (j >= end || in.table && p.code[in.group].broken) {
				// It can be broken there, or within a table that is broken anyway.
				return true
			}
			broken = p.breaks(in, int32(i))
			space = space || in.wide
		}
		if column > Width {
			return false
		}
		if broken {
			return !whole || j >= end
		}
	}
	return true
}
