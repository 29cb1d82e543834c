package syntax

import (
	"fmt"
	"strings"

	"cellsh/policy/diag"
)

const (
	// maxProblems is how many problems of a file are told one by one.
	maxProblems = 20
	// keptProblems is how many are kept of those that one step finds, so that the first can be told once all are sorted.
	keptProblems = 100
)

// problems are what is wrong with a file, as far as it is known.
type problems struct {
	file *File
	list diag.List
	// count is how many there are, ends how many of them say that the source ends too early.
	count, ends int
	// left is how many more of this step are kept.
	left int
	// dropped says that brackets or words were left out because they close nothing.
	dropped bool
}

// step begins a step in which problems are found roughly in the order of the source.
func (t *problems) step() { t.left = keptProblems }

// tell adds a problem at a piece of the text. What it gives can be completed, and may be dropped.
func (t *problems) tell(from, to int32, hint, form string, args ...any) *diag.Diagnostic {
	t.count++
	if t.left <= 0 {
		return &diag.Diagnostic{}
	}
	t.left--
	t.list = append(t.list, diag.Diagnostic{Span: t.file.SpanOf(int(from), int(to)), Code: diag.Syntax, Message: fmt.Sprintf(form, args...), Hint: hint})
	return &t.list[len(t.list)-1]
}

// end says that the problem told last is that the source ends too early.
func (t *problems) end() { t.ends++ }

// onlyEnd reports whether nothing else is wrong.
func (t *problems) onlyEnd() bool { return t.count > 0 && t.count == t.ends }

// begun is another place that has to do with a problem: where something was opened.
func (t *problems) begun(it item) diag.Related {
	return diag.Related{Span: t.file.SpanOf(int(it.from), int(it.to)), Message: fmt.Sprintf("%q begins here", t.file.Text[it.from:it.to])}
}

// nested tells of [[ in a long string or comment without =, which Lua 5.1 refuses.
func (t *problems) nested(from int32, text string) {
	if i := strings.Index(text, "[["); i >= 0 {
		at := from + int32(i)
		t.tell(at, at+2, "write [=[ and ]=] around it", "what stands between [[ and ]] must not hold [[, but does here")
	}
}

// finish gives the problems to the file: the first in the order of their places, and how many more there are.
func (t *problems) finish() {
	list := t.list.Sort()
	if t.count > maxProblems && len(list) > maxProblems {
		more := "1 more mistake"
		if n := t.count - maxProblems; n > 1 {
			more = fmt.Sprintf("%d more mistakes", n)
		}
		list = append(list[:maxProblems:maxProblems], diag.Diagnostic{Span: list[maxProblems].Span, Code: diag.Syntax,
			Message: "all of the source must be Lua, but it has " + more + " from here on"})
	}
	for i := range list {
		d := &list[i]
		d.Excerpt = t.file.Line(d.Line)
		for j := range d.Related {
			d.Related[j].Excerpt = t.file.Line(d.Related[j].Line)
		}
	}
	t.file.Problems = list
}

// quoted is a piece of the source for a message.
func quoted(s string) string {
	const most = 20
	if i := strings.IndexAny(s, "\r\n"); i >= 0 {
		s = s[:i] + "..."
	} else if len(s) > most {
		s = s[:most] + "..."
	}
	return fmt.Sprintf("%q", s)
}

// problem tells that something is wrong at a piece of the text.
func (p *parser) problem(from, to int32, hint, form string, args ...any) {
	p.told.tell(from, to, hint, form, args...)
}

// here tells a problem of the item that is looked at.
func (p *parser) here(hint, form string, args ...any) {
	it := p.items[p.at]
	if it.flags&silent == 0 {
		p.problem(it.from, it.to, hint, form, args...)
	}
}

// unexpected tells that the item can't stand here.
func (p *parser) unexpected() { p.missing("") }

// missing tells what must stand here. Nothing more is told until reading goes on at another place.
func (p *parser) missing(what string) {
	if p.lost {
		return
	}
	p.lost = true
	it := p.items[p.at]
	switch {
	case it.flags&silent != 0 || it.code != codeEnd && p.scarred():
		// That was told.
	case it.code == codeEnd:
		p.tooEarly()
	default:
		text := p.textAt(p.at)
		hint := p.hint(what == "")
		if what == "" || p.at == 0 || it.code == codeUnknown {
			p.here(hint, "the source must be Lua, but %s can't stand here", quoted(text))
			return
		}
		if prev := p.items[p.at-1]; p.begins() {
			// The place to mend is on the line before.
			p.problem(prev.from, prev.to, hint, "%s must follow %s, but %s does", what, quoted(p.textAt(p.at-1)), quoted(text))
			return
		}
		p.here(hint, "%s must follow %s, but %s does", what, quoted(p.textAt(p.at-1)), quoted(text))
	}
}

// scarred reports whether something on the line was mended: what else is wrong there comes of it, most likely.
func (p *parser) scarred() bool {
	wounded := func(at int) bool { return p.items[at].flags&(scar|open) != 0 }
	for at := p.at; at < p.at+maxSearch && p.items[at].line == p.items[p.at].line; at++ {
		if wounded(at) {
			return true
		}
		if p.items[at].code == codeEnd || p.begins() {
			break
		}
	}
	for at := p.at - 1; at >= 0 && at > p.at-maxSearch && p.items[at].line == p.items[p.at-1].line; at-- {
		if wounded(at) {
			return true
		}
	}
	return false
}

// tooEarly tells that the source ends where it must go on. What else is open misses its end for the same reason.
func (p *parser) tooEarly() {
	if p.told.ends > 0 {
		return
	}
	it := p.items[p.at]
	if p.at == 0 {
		p.problem(it.from, it.to, "", "the source must be an expression, but is empty")
	} else {
		last := p.items[p.at-1]
		p.problem(last.from, last.to, "", "the source must go on after %s, but ends", quoted(p.textAt(p.at-1)))
	}
	p.told.end()
}

// hint says what was meant by an item that can't stand where it does, or not where something else is missing; "" if that
// is not known.
func (p *parser) hint(unexpected bool) string {
	next := ""
	if p.touches() {
		next = p.textAt(p.at + 1)
	}
	switch p.code() {
	case codeAssign:
		if !unexpected && (p.at == 0 || p.items[p.at-1].code != codeAssign) {
			return ""
		}
		return "= assigns, and only a statement does; compare with =="
	case codeSemicolon:
		return "leave it out: Lua 5.1 has no empty statement"
	case codePlus:
		if next == "+" {
			return "Lua has no ++: write x = x + 1"
		}
	case codeCloseParen, codeCloseBrace, codeCloseBracket, codeEndWord, codeElse, codeElseif, codeUntil:
		if p.at > 0 && p.items[p.at-1].code == codeComma {
			return "leave out the comma"
		}
	case codeColon:
		if next == "=" {
			return "write = for :="
		}
	case codeEqual, codeNotEqual, codeLess, codeLessEqual, codeGreater, codeGreaterEqual:
		if p.at > 0 && (p.items[p.at-1].code == codeAnd || p.items[p.at-1].code == codeOr) {
			return "write both sides of each comparison: x == 80 or x == 443"
		}
	case codeStar, codeSlash:
		if p.at > 0 && p.items[p.at-1].code == codeAssign {
			return "put a text in quotes"
		}
	case codeName:
		switch p.textAt(p.at) {
		case "is", "equals", "eq":
			return "compare with =="
		case "isnt", "ne", "neq":
			return "compare with ~="
		}
	case codeOpenParen:
		if p.at > 0 && p.items[p.at-1].code == codeFor {
			return "write: for i = 1, 10 do"
		}
	case codeUnknown:
		switch text := p.textAt(p.at); text {
		case "?":
			if next == "?" {
				return "write or"
			}
			return "write: condition and one or other"
		case "!":
			return "Lua writes ~= for unequal and not for negation"
		case "&", "|", "~":
			return "Lua 5.1 has no operators on bits; it writes and, or, not"
		case "$", "@":
			return "a name stands for its value by itself"
		}
	}
	return ""
}

// tooDeep tells of operators and calls that follow each other too often.
func (p *parser) tooDeep(from, to int32) {
	p.lost = true
	if !p.deep {
		p.deep = true
		p.told.tell(from, to, "use a table and a loop", "operators and calls must follow each other at most %d times, but do more often here", MaxChain).Code = diag.SourceDepth
	}
}

// measure tells of a tree that is too deep.
func (p *parser) measure() {
	walk(p.file.Main, func(n Node, depth int) bool {
		if depth > MaxChain {
			p.tooDeep(int32(n.Pos()), int32(n.End()))
		}
		return !p.deep
	})
}
