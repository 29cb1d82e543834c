package syntax

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// item is a token as the parser sees it: comments are left out, and some things that other languages have are already
// what they mean in Lua.
type item struct {
	code  code
	flags flags
	// from and to are where it stands, line on which line, and indent how far that is indented.
	from, to, line, indent int32
	// match is the item that closes what this one opens, middle the then or do that belongs to it; 0 if there is none.
	match, middle int32
}

// flags say more of an item.
type flags uint8

const (
	// begins: it is the first on its line.
	begins flags = 1 << iota
	// silent: it was told that something is wrong with it, and nothing more is said of it.
	silent
	// open: it is a string that does not end.
	open
	// mended: it does not stand in the source.
	mended
	// scar: something was left out beside it, or it was put in before the end of the source.
	scar
	// alone: it begins a block of its own, whatever waits for a do.
	alone
)

// tabWidth is how far a tab goes.
const tabWidth = 8

// scanItems makes items of tokens. The last one is the end of the source. The middle of a line can begin with #.
func scanItems(told *problems, middle bool) []item {
	f := told.file
	items := make([]item, 0, len(f.Tokens)+1)
	// end is the line on which the last item ends, and indent how far the line is indented on which it begins.
	end, indent := 0, int32(0)
	odd := false
	for i := range f.Tokens {
		t := &f.Tokens[i]
		if t.code == codeComment {
			if strings.HasPrefix(t.Text, "--[[") {
				told.nested(int32(t.Offset)+4, strings.TrimSuffix(t.Text[4:], "]]"))
			}
			continue
		}
		it := item{code: t.code, from: int32(t.Offset), to: int32(t.End()), line: int32(t.Line)}
		if t.Line != end {
			it.flags = begins
			indent = indentOf(f.Text[f.lines[t.Line-1]:t.Offset])
		}
		it.indent, end = indent, t.Line
		if t.code == codeString && strings.ContainsAny(t.Text, "\r\n") {
			end, _ = f.Place(t.End())
		}
		odd = odd || isOdd(items, it) && !(middle && len(items) == 0 && it.code == codeHash)
		items = append(items, it)
	}
	last := int32(len(f.Text))
	items = append(items, item{code: codeEnd, flags: begins, from: last, to: last, line: int32(len(f.lines))})
	if odd {
		items = (&mender{told: told, file: f, items: items}).mend(middle)
	}
	return items
}

// indentOf is the width of what stands before the first item of a line.
func indentOf(s string) int32 {
	n := int32(0)
	for i := range len(s) {
		if s[i] == '\t' {
			n = n/tabWidth*tabWidth + tabWidth - 1
		}
		n++
	}
	return n
}

// isOdd reports whether something must be mended here that no Lua program has.
func isOdd(items []item, it item) bool {
	if it.code < codeAnd && it.code != codeName && it.code != codeNumber && it.code != codeString {
		return true
	}
	if len(items) == 0 {
		return it.code == codeHash
	}
	prev := items[len(items)-1]
	touches := prev.to == it.from
	switch it.code {
	case codeSlash, codeStar:
		return touches && prev.code == codeSlash
	case codeHash:
		return it.flags&begins != 0 && !wantsOperand(prev.code)
	case codeAssign:
		return isKeyword(prev.code)
	}
	return touches && isKeyword(it.code) && (prev.code == codeDot || prev.code == codeColon)
}

func isKeyword(c code) bool { return c >= codeAnd && c < codePlus && c != codeGoto }

// wantsOperand reports whether an expression must follow.
func wantsOperand(c code) bool {
	switch c {
	case codeAnd, codeOr, codeNot, codeReturn, codeIf, codeElseif, codeWhile, codeUntil, codeIn,
		codeOpenParen, codeOpenBrace, codeOpenBracket, codeSemicolon, codeComma, codeAssign, codeDot, codeColon, codeHash:
		return true
	}
	return binary[c].left > 0
}

// mender turns into Lua what can be told from it at sight.
type mender struct {
	told  *problems
	file  *File
	items []item
	// out are those that were looked at.
	out []item
	// What was looked for in vain is not looked for again: unclosed has the line on which a quote has no other half, plain
	// the line whose rest is no text for people; endless says that no */ follows.
	unclosed map[rune]int32
	plain    int32
	endless  bool
}

func (m *mender) text(it item) string { return m.file.Text[it.from:it.to] }

func (m *mender) mend(middle bool) []item {
	m.out = make([]item, 0, len(m.items))
	// carried are the flags of an item that is left out, for the one that follows it.
	carried := flags(0)
	for i := 0; i < len(m.items); {
		it := m.items[i]
		it.flags |= carried
		carried = 0
		n := len(m.out)
		var prev item
		if n > 0 {
			prev = m.out[n-1]
		}
		skip := 1
		switch {
		case it.code == codeOpen:
			text := m.text(it)
			hint := "write " + text[:1] + " where it ends"
			if n > 2 && prev.flags&begins == 0 && m.splits(i, text[0]) {
				hint = "write \\" + text[:1] + " where it belongs to the text"
			}
			m.told.tell(it.from, it.to, hint, "a string must end on its line, but this one does not")
			if int(it.to) == len(m.file.Text) && cut(text) {
				m.told.end()
			}
			it.code, it.flags = codeString, it.flags|open|silent
		case it.code == codeOpenLong:
			if m.openLong(it) {
				i++
				continue
			}
			it.code, it.flags = codeString, it.flags|open|silent
		case it.code == codeDelimiter:
			m.told.tell(it.from, it.to, "a long string begins with [[ or [=[", "a bracket must stand before a string or a value, but stands before =")
			it.code, it.flags = codeOpenBracket, it.flags|silent
			it.to = it.from + 1
		case it.code == codeUnknown:
			switch n := m.unknown(&it, i); {
			case n < 0:
				carried = it.flags & begins
				i -= n
				continue
			default:
				skip = n
			}
		case it.code == codeSlash || it.code == codeHash && it.flags&begins != 0 && (n == 0 && !middle || n > 0 && !wantsOperand(prev.code) || prev.code == codeSemicolon):
			if n := m.comment(it, i); n > 0 {
				i += n
				continue
			}
		case it.code == codeAssign && n > 1 && isKeyword(prev.code):
			m.wordAsKey(n - 1)
		case isKeyword(it.code) && (prev.code == codeDot || prev.code == codeColon) && prev.to == it.from && n > 0:
			hint := ""
			if prev.code == codeDot {
				hint = `write ["` + m.text(it) + `"], without the dot`
			}
			m.told.tell(it.from, it.to, hint, "a name must follow %q, but %q is a word of Lua", m.text(prev), m.text(it))
			it.code, it.flags = codeName, it.flags|silent
		}
		if it.code == codeName && n > 0 && prev.code == codeName && prev.flags&silent != 0 && prev.to == it.from {
			m.out[n-1].to = it.to
		} else {
			m.out = append(m.out, it)
		}
		i += skip
	}
	return m.out
}

// splits reports whether a string that does not end may be what is left of one that a quote in it divides: 'it's'.
func (m *mender) splits(i int, quote byte) bool {
	for k := i - 1; k > 0 && k > i-maxSearch && m.items[k].line == m.items[i].line; k-- {
		if before := m.items[k-1]; before.code == codeString && before.to == m.items[k].from && m.items[k].code == codeName {
			return m.file.Text[before.from] == quote
		}
	}
	return false
}

// cut reports whether a quoted string that does not end on its line could go on behind the text.
func cut(text string) bool {
	last := text[len(text)-1]
	if last == '\n' || last == '\r' {
		return true
	}
	n := 0
	for n < len(text) && text[len(text)-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}

// openLong tells of a long bracket that is not closed, and reports whether it is a comment.
func (m *mender) openLong(it item) bool {
	text := m.text(it)
	rest := strings.TrimPrefix(text, "--")
	what, comment := "string", len(rest) < len(text)
	if comment {
		what = "comment"
	}
	begin := rest[:strings.IndexByte(rest[1:], '[')+2]
	m.told.tell(it.from, it.from+int32(len(text)-len(rest)+len(begin)), "", "a %s that begins with %s must end with %s, but the source ends before", what, begin, strings.ReplaceAll(begin, "[", "]"))
	m.told.end()
	return comment
}

// wordAsKey tells of a word of Lua where a name is given a value.
func (m *mender) wordAsKey(at int) {
	it := &m.out[at]
	word := m.text(*it)
	switch m.out[at-1].code {
	case codeOpenBrace, codeComma, codeSemicolon:
		m.told.tell(it.from, it.to, `write ["`+word+`"] =`, "a key must be a name, but %q is a word of Lua", word)
	case codeLocal, codeFor:
		m.told.tell(it.from, it.to, "choose another name", "a variable must have a name, but %q is a word of Lua", word)
	default:
		return
	}
	it.code, it.flags = codeName, it.flags|silent
}

// unknown looks at characters that Lua does not know. It gives how many items they are, or that number below zero if
// they are left out.
func (m *mender) unknown(it *item, i int) int {
	text := m.text(*it)
	r, _ := utf8.DecodeRuneInString(text)
	n := len(m.out)
	switch {
	case r == '\ufeff' && it.from == 0:
		m.told.tell(it.from, it.to, "save the file without a byte order mark", "the source must begin with Lua, but begins with a byte order mark")
		return -1
	case r >= utf8.RuneSelf && (unicode.IsSpace(r) || unicode.Is(unicode.Cf, r)):
		m.told.tell(it.from, it.to, "type a space instead", "a space must be an ordinary one, but %U stands here", r)
		return -1
	case unicode.IsLetter(r) && r != utf8.RuneError:
		// Part of a name, or a name.
		begin := it.from
		if n > 0 && m.out[n-1].to == it.from && (isName(m.out[n-1].code) || isKeyword(m.out[n-1].code) || m.out[n-1].code == codeNumber) {
			begin = m.out[n-1].from
			it.flags |= m.out[n-1].flags
			m.out = m.out[:n-1]
		}
		if it.flags&silent == 0 {
			m.told.tell(it.from, it.to, "", "a name must be of the letters a to z, digits and _, but %q is none of them", text)
		}
		it.from, it.code, it.flags = begin, codeName, it.flags|silent
		// What follows it without space belongs to it too.
		for k := i + 1; k < len(m.items) && m.items[k].from == it.to && (isName(m.items[k].code) || isKeyword(m.items[k].code) || m.items[k].code == codeNumber); k++ {
			m.items[k].code = codeName
		}
		return 1
	}
	closing := map[rune]string{'“': "”“\"", '”': "”“\"", '„': "“”\"", '«': "»", '‘': "’‘'", '’': "’‘'", '`': "`"}[r]
	if closing == "" {
		return 1
	}
	m.told.tell(it.from, it.to, `write " before it and behind it`, "a string must stand between \" or ', but %q stands here", r)
	it.code, it.flags = codeString, it.flags|silent|open
	if m.unclosed[r] == it.line {
		return 1
	}
	for k := i + 1; m.items[k].line == it.line && m.items[k].code != codeEnd; k++ {
		if end := strings.IndexAny(m.text(m.items[k]), closing); end >= 0 {
			it.to = m.items[k].to
			it.flags &^= open
			return k - i + 1
		}
	}
	if m.unclosed == nil {
		m.unclosed = map[rune]int32{}
	}
	m.unclosed[r] = it.line
	return 1
}

// comment tells of a comment as other languages write it, and gives how many items it has; 0 if this is none.
func (m *mender) comment(it item, i int) int {
	rest := func(k int) int {
		for m.items[k].line == it.line && m.items[k].code != codeEnd {
			k++
		}
		return k - i
	}
	if it.code == codeHash {
		m.told.tell(it.from, it.to, "write --", "a comment must begin with --, but begins with #")
		return rest(i)
	}
	next := m.items[i+1]
	if next.from != it.to || next.code != codeSlash && next.code != codeStar {
		return 0
	}
	if next.code == codeStar {
		m.told.tell(it.from, next.to, "write --[[ ... ]]", "a comment must begin with --, but begins with /*")
		for k := i + 2; !m.endless && m.items[k].code != codeEnd; k++ {
			if m.items[k].code == codeStar && m.items[k+1].code == codeSlash && m.items[k].to == m.items[k+1].from {
				return k + 2 - i
			}
		}
		m.endless = true
		return rest(i)
	}
	if it.flags&begins == 0 && m.plain == it.line && m.items[i+2].line == it.line && m.items[i+2].code != codeEnd {
		return 0
	}
	n := rest(i)
	if it.flags&begins == 0 && !m.prose(i+2, i+n) {
		m.plain = it.line
		return 0
	}
	m.told.tell(it.from, next.to, "write --", "a comment must begin with --, but begins with //")
	return n
}

// prose reports whether items are text for people, or none at all: two words that follow each other are no Lua.
func (m *mender) prose(from, to int) bool {
	for i := from + 1; i < to; i++ {
		a, b := m.items[i-1], m.items[i]
		if a.code == codeName && b.code == codeName || a.code == codeOpen || b.code == codeOpen {
			return true
		}
	}
	return from >= to
}
