package library

import (
	"fmt"
	"strings"

	"cellsh/lua/value"
)

// patterns has the functions of strings that take Lua patterns; Gsub and Gmatch are functions by themselves.
var patterns = []definition{
	{name: "string.find", call: func(a *Args) []value.Value {
		s, p, from := a.String(1), a.String(2), a.OptInteger(3, 1)
		if value.Truth(a.Get(4)) || !strings.ContainsAny(p, special) {
			return a.findPlain(s, p, from)
		}
		m := a.matcher(s, p)
		start, end, ok := m.first(from)
		if !ok {
			return none
		}
		return append([]value.Value{value.Number(start + 1), value.Number(end)}, m.captures(start, end, false)...)
	}},
	{name: "string.match", call: func(a *Args) []value.Value {
		s, p, from := a.String(1), a.String(2), a.OptInteger(3, 1)
		m := a.matcher(s, p)
		start, end, ok := m.first(from)
		if !ok {
			return none
		}
		return m.captures(start, end, true)
	}},
}

// special are the characters that make a text a pattern.
const special = "^$*+?.([%-"

// Matches is what string.gmatch gives, as long as it is called. It is not safe for concurrent use.
type Matches struct {
	s, pattern string
	at         int
}

// Gmatch is string.gmatch: the matches of a pattern one after the other. A ^ is no anchor there, but a character.
func Gmatch(m Meter, args []value.Value) (*Matches, error) {
	a := NewArgs("string.gmatch", m, args)
	s, p := a.String(1), a.String(2)
	return &Matches{s: s, pattern: p}, a.err
}

// Next gives the captures of the next match, the match itself where there are none; no values behind the last.
func (g *Matches) Next(meter Meter) ([]value.Value, error) {
	a := NewArgs("string.gmatch", meter, nil)
	m := a.matcher(g.s, g.pattern)
	m.anchored = false
	m.begin = 0
	for at := g.at; at <= len(g.s) && a.err == nil; at++ {
		end, ok := m.match(at)
		if !ok {
			continue
		}
		if g.at = end; end == at {
			g.at++
		}
		return m.captures(at, end, true), a.err
	}
	return nil, a.err
}

// Gsub is string.gsub. replace gives what stands for a match where the third argument is a function, which it calls with
// the captures, or a table, which it looks the first of them up in, with metamethods; nil or false keeps the match.
func Gsub(meter Meter, args []value.Value, replace func(with value.Value, captures []value.Value) (value.Value, error)) ([]value.Value, error) {
	a := NewArgs("string.gsub", meter, args)
	s, p := a.String(1), a.String(2)
	with := a.Get(3)
	template, isTemplate := value.ToString(with)
	if t := with.Type(); !isTemplate && t != value.FunctionType && t != value.TableType {
		a.Must(3, "a string, a function or a table")
	}
	most := a.OptInteger(4, len(s)+1)
	m := a.matcher(s, p)
	out := output{a: a}
	add := out.write
	n, at, copied := 0, 0, 0
	for n < most && a.err == nil {
		end, ok := m.match(at)
		if ok {
			n++
			add(s[copied:at])
			copied = end
			if isTemplate {
				m.expand(template, at, end, add)
			} else {
				add(m.replacement(with, at, end, replace))
			}
		}
		if ok && end > at {
			at = end
		} else if at < len(s) {
			at++
		} else {
			break
		}
		if m.anchored {
			break
		}
	}
	add(s[copied:])
	if a.err != nil {
		return nil, a.err
	}
	return []value.Value{value.String(out.text.String()), value.Number(n)}, nil
}

// replacement asks what stands for a match.
func (m *matcher) replacement(with value.Value, start, end int, replace func(with value.Value, captures []value.Value) (value.Value, error)) string {
	var captures []value.Value
	if with.Type() == value.TableType {
		captures = one(m.capture(0, start, end))
	} else {
		captures = m.captures(start, end, true)
	}
	if m.a.err != nil {
		return ""
	}
	by, err := replace(with, captures)
	if m.a.err = err; err != nil {
		return ""
	}
	if !value.Truth(by) {
		return m.s[start:end]
	}
	s, ok := value.ToString(by)
	if !ok {
		m.a.Fail("what string.gsub puts in must be a string or a number, but is a %s", by.Type())
	}
	return s
}

// expand gives the parts of a template: %0 is the match, %1 to %9 are captures, and % keeps any other character.
func (m *matcher) expand(template string, start, end int, add func(part string)) {
	for m.a.err == nil {
		i := strings.IndexByte(template, '%')
		if i < 0 {
			add(template)
			return
		}
		add(template[:i])
		m.step(1)
		if i+1 == len(template) {
			m.a.Wrong(3, "a replacement", "ends with %, which must stand before a digit or as %%")
			return
		}
		switch c := template[i+1]; {
		case c == '0':
			add(m.s[start:end])
		case isDigit(c):
			s, _ := value.ToString(m.capture(int(c-'1'), start, end))
			add(s)
		default:
			add(template[i+1 : i+2])
		}
		template = template[i+2:]
	}
}

const (
	// maxCaptures bounds the captures of a pattern.
	maxCaptures = 32
	// maxDepth bounds how deep the matching of a pattern calls itself: as many items with repetitions can follow one
	// another.
	maxDepth = 5000
	// matchWork is how many steps are paid at once.
	matchWork = 64
)

// matcher matches a Lua pattern as PUC Lua does: item by item, and back where it does not go on. That can take
// exponentially many steps, which are counted.
//
// Other than there, a zero byte in a pattern is a character as any other.
type matcher struct {
	a *Args
	// s is the text and p the pattern, begin where it begins behind an anchor.
	s, p     string
	begin    int
	anchored bool
	level    int
	list     [maxCaptures]capture
	depth    int
	credit   int
}

// capture is one of a match. What it captured is length bytes from start on, or one of the following.
type capture struct{ start, length int }

const (
	unfinished = -1
	positional = -2
)

func (a *Args) matcher(s, p string) *matcher {
	m := &matcher{a: a, s: s, p: p}
	if strings.HasPrefix(p, "^") {
		m.anchored, m.begin = true, 1
	}
	return m
}

// first gives where the first match from a position of Lua on begins and ends.
func (m *matcher) first(from int) (start, end int, ok bool) {
	at, _ := slice(len(m.s), from, len(m.s))
	for ; at <= len(m.s) && m.a.err == nil; at++ {
		if end, ok = m.match(at); ok {
			return at, end, true
		}
		if m.anchored {
			break
		}
	}
	return 0, 0, false
}

// match matches the whole pattern at a place, and gives where it ends.
func (m *matcher) match(at int) (end int, ok bool) {
	m.level = 0
	end = m.from(at, m.begin)
	return end, end >= 0 && m.a.err == nil
}

// captures are those of a match; whole adds the match itself where there are none.
func (m *matcher) captures(start, end int, whole bool) []value.Value {
	n := m.level
	if n == 0 && whole {
		n = 1
	}
	values := make([]value.Value, n)
	for i := range values {
		values[i] = m.capture(i, start, end)
	}
	return values
}

// capture is the value of one, from 0 on; the first is the match where there are none.
func (m *matcher) capture(i, start, end int) value.Value {
	switch {
	case i == 0 && m.level == 0:
		return value.String(m.s[start:end])
	case i >= m.level:
		m.a.Wrong(3, "a replacement with captures of the pattern", fmt.Sprintf("has %%%d", i+1))
	case m.list[i].length == unfinished:
		m.malformed("has a ( without its )")
	case m.list[i].length == positional:
		return value.Number(m.list[i].start + 1)
	default:
		return value.String(m.s[m.list[i].start:][:m.list[i].length])
	}
	return value.String("")
}

// step pays for some steps. It is false where the matching must end.
func (m *matcher) step(n int) bool {
	for m.credit -= n; m.credit < 0 && m.a.err == nil; {
		m.a.work(matchWork)
		m.credit += matchWork
	}
	return m.a.err == nil
}

// fails is what matching gives where there is no match, or an error.
const fails = -1

// malformed makes the error that the pattern is none.
func (m *matcher) malformed(but string, args ...any) int {
	m.a.Wrong(2, "a pattern", fmt.Sprintf(but, args...))
	return fails
}

// end is what the pattern has behind its end.
const end = -1

// at is the character of the pattern at a place.
func (m *matcher) at(p int) int {
	if p >= len(m.p) {
		return end
	}
	return int(m.p[p])
}

// from matches the text from a place on with the pattern from a place on, and gives where it ends.
func (m *matcher) from(s, p int) int {
	if m.depth >= maxDepth {
		return m.malformed("has more than %d items that the matching must come back to", maxDepth)
	}
	m.depth++
	e := m.items(s, p)
	m.depth--
	return e
}

// items does what from does. Repetitions and captures call from again for what is behind them.
func (m *matcher) items(s, p int) int {
	for m.step(1) {
		switch m.at(p) {
		case end:
			return s
		case '(':
			if m.at(p+1) == ')' {
				return m.open(s, p+2, positional)
			}
			return m.open(s, p+1, unfinished)
		case ')':
			return m.close(s, p+1)
		case '$':
			if m.at(p+1) == end {
				if s == len(m.s) {
					return s
				}
				return fails
			}
		case '%':
			switch c := m.at(p + 1); {
			case c == 'b':
				if s = m.balanced(s, p+2); s < 0 {
					return fails
				}
				p += 4
				continue
			case c == 'f':
				p += 2
				if m.at(p) != '[' {
					return m.malformed("has %%f without a [ behind it")
				}
				behind := m.itemEnd(p)
				if behind < 0 {
					return fails
				}
				// Before the beginning and behind the end is a zero byte.
				before, here := byte(0), byte(0)
				if s > 0 {
					before = m.s[s-1]
				}
				if s < len(m.s) {
					here = m.s[s]
				}
				if m.inSet(before, p, behind-1) || !m.inSet(here, p, behind-1) {
					return fails
				}
				p = behind
				continue
			case c != end && isDigit(byte(c)):
				if s = m.again(s, c-'1'); s < 0 {
					return fails
				}
				p += 2
				continue
			}
		}
		behind := m.itemEnd(p)
		if behind < 0 {
			return fails
		}
		switch m.at(behind) {
		case '?':
			if m.single(s, p, behind) {
				if e := m.from(s+1, behind+1); e >= 0 || m.a.err != nil {
					return e
				}
			}
			p = behind + 1
		case '*':
			return m.most(s, p, behind)
		case '+':
			if !m.single(s, p, behind) {
				return fails
			}
			return m.most(s+1, p, behind)
		case '-':
			return m.fewest(s, p, behind)
		default:
			if !m.single(s, p, behind) {
				return fails
			}
			s++
			p = behind
		}
	}
	return fails
}

// itemEnd is where the single character, class or set at a place of the pattern ends.
func (m *matcher) itemEnd(p int) int {
	c := m.at(p)
	p++
	switch c {
	case '%':
		if m.at(p) == end {
			return m.malformed("ends with %%")
		}
		return p + 1
	case '[':
		if m.at(p) == '^' {
			p++
		}
		for first := true; first || m.at(p) != ']'; first = false {
			c := m.at(p)
			if c == end {
				return m.malformed("has a [ without its ]")
			}
			p++
			if c == '%' && m.at(p) != end {
				p++
			}
		}
		return p + 1
	}
	return p
}

// setBytesPerStep is how many bytes of a set are looked at in the time of a step.
const setBytesPerStep = 16

// single is whether there is a character that the item from p to behind matches.
func (m *matcher) single(s, p, behind int) bool {
	if s >= len(m.s) || !m.step((behind-p)/setBytesPerStep) {
		return false
	}
	c := m.s[s]
	switch m.p[p] {
	case '.':
		return true
	case '%':
		return inClass(c, m.p[p+1])
	case '[':
		return m.inSet(c, p, behind-1)
	}
	return m.p[p] == c
}

// inSet is whether the set from p, a [, to last, its ], has a character.
func (m *matcher) inSet(c byte, p, last int) bool {
	has := true
	if m.p[p+1] == '^' {
		has = false
		p++
	}
	for p++; p < last; p++ {
		switch {
		case m.p[p] == '%':
			p++
			if inClass(c, m.p[p]) {
				return has
			}
		case m.p[p+1] == '-' && p+2 < last:
			p += 2
			if m.p[p-2] <= c && c <= m.p[p] {
				return has
			}
		case m.p[p] == c:
			return has
		}
	}
	return !has
}

// inClass is whether a class, written with that letter behind a %, has a character. Others than letters of classes stand
// for themselves.
func inClass(c, class byte) bool {
	var has bool
	switch class | 0x20 {
	case 'a':
		has = isLetter(c)
	case 'c':
		has = c < ' ' || c == 0x7f
	case 'd':
		has = isDigit(c)
	case 'l':
		has = 'a' <= c && c <= 'z'
	case 'p':
		has = ' ' < c && c < 0x7f && !isLetter(c) && !isDigit(c)
	case 's':
		has = c == ' ' || '\t' <= c && c <= '\r'
	case 'u':
		has = 'A' <= c && c <= 'Z'
	case 'w':
		has = isLetter(c) || isDigit(c)
	case 'x':
		has = isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f'
	case 'z':
		has = c == 0
	default:
		return class == c
	}
	return has == (class >= 'a')
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// most matches an item as often as it can, and then less often until the rest matches.
func (m *matcher) most(s, p, behind int) int {
	n := 0
	for m.single(s+n, p, behind) && m.step(1) {
		n++
	}
	for ; n >= 0 && m.a.err == nil; n-- {
		if e := m.from(s+n, behind+1); e >= 0 {
			return e
		}
	}
	return fails
}

// fewest matches an item as seldom as it can, and then more often until the rest matches.
func (m *matcher) fewest(s, p, behind int) int {
	for m.a.err == nil {
		if e := m.from(s, behind+1); e >= 0 {
			return e
		}
		if !m.single(s, p, behind) {
			break
		}
		s++
	}
	return fails
}

func (m *matcher) open(s, p, length int) int {
	if m.level >= maxCaptures {
		return m.malformed("has more than %d captures", maxCaptures)
	}
	m.list[m.level] = capture{s, length}
	m.level++
	e := m.from(s, p)
	if e < 0 {
		m.level--
	}
	return e
}

func (m *matcher) close(s, p int) int {
	i := m.level - 1
	for i >= 0 && m.list[i].length != unfinished {
		i--
	}
	if i < 0 {
		return m.malformed("has a ) without its (")
	}
	m.list[i].length = s - m.list[i].start
	e := m.from(s, p)
	if e < 0 {
		m.list[i].length = unfinished
	}
	return e
}

// again matches what a capture has, which may not be a position.
func (m *matcher) again(s, i int) int {
	if i < 0 || i >= m.level || m.list[i].length == unfinished {
		return m.malformed("has %%%d before its capture ends", i+1)
	}
	c := m.list[i]
	if c.length < 0 || !m.step(c.length/bytesPerInstruction) || !strings.HasPrefix(m.s[s:], m.s[c.start:][:c.length]) {
		return fails
	}
	return s + c.length
}

// balanced matches from one character of the pattern to the other that closes it.
func (m *matcher) balanced(s, p int) int {
	if m.at(p) == end || m.at(p+1) == end {
		return m.malformed("has %%b without two characters behind it")
	}
	opens, closes := m.p[p], m.p[p+1]
	if s >= len(m.s) || m.s[s] != opens {
		return fails
	}
	depth := 1
	for s++; s < len(m.s) && m.step(1); s++ {
		switch m.s[s] {
		case closes:
			if depth--; depth == 0 {
				return s + 1
			}
		case opens:
			depth++
		}
	}
	return fails
}
