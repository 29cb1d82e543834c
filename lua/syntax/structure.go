package syntax

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"cellsh/policy/diag"
)

// Brackets and blocks are paired before anything else is read. Where a pair lacks its one half, a plan says what to put
// in, leave out or replace, so that the parser finds all of them whole: one half that is missing is one problem, and
// whatever else is wrong is wrong inside of its own pair.

// ways are how a plan is made. Plans are made in all ways, and the one that changes least is taken.
type ways uint8

const (
	// byIndent: lines are believed to be indented as their author means them.
	byIndent ways = 1 << iota
	// certain: a word that begins a statement ends all brackets around it.
	certain
	// across: a bracket that closes can end blocks inside of it.
	across
	// guessed: a call of something that is spelled almost like function is one.
	guessed
	// tables: all that stands between { and } is a table.
	tables
	// final: all that was to be mended is, and only matches are looked for.
	final
)

// plan says what to change.
type plan struct {
	ways  ways
	edits []edit
	// count is how many problems they are, atEnd how many of these lie at the end of the source.
	count, atEnd int
	// deep is an item that lies too deep, -1 if none does.
	deep int
	// open are the items that are still open at the end.
	open []int32
}

// kind of an edit.
type kind uint8

const (
	// insert puts an item before one.
	insert kind = iota
	// drop leaves an item out, replace makes another of it.
	drop
	replace
	// respell replaces a misspelt word.
	respell
)

type edit struct {
	kind kind
	code code
	// at is the item, begin the one that opened what is closed by it, -1 for none.
	at, begin int32
	// elseIf is an if behind an else inside of what was not closed.
	elseIf int32
	// silent edits mend what is told elsewhere.
	silent bool
}

const (
	// maxOpened is how many brackets and blocks can be open before a plan is given up: so deep lies nothing.
	maxOpened = 10000
	// maxCareful is up to how many problems all ways are tried.
	maxCareful = 1000
)

// maxSearch is how many open brackets and blocks are looked at for the one that an item closes: more can't be right.
const maxSearch = 256

// plans gives the plan that takes the source for one that only ends too early, where it can be that, and the best one.
// They are the same where there is only one.
func plans(f *File, items []item) (plain, best *plan) {
	spell := &speller{}
	if whole := survey(f, items, certain|across|tables, spell); whole.count == 0 {
		return whole, whole
	}
	first := survey(f, items, certain|across, spell)
	guess := ways(0)
	if spell.guesses(f, items) {
		guess = guessed
	}
	// Of equally good ones the first is taken: lines are believed.
	all := []ways{byIndent | certain | across, certain | across, byIndent | certain, byIndent | across, byIndent, certain, across, 0}
	if first.count > maxCareful {
		all = all[:2]
	}
	for _, w := range all {
		for g := ways(0); g <= guess; g += guessed {
			if p := survey(f, items, w|g, spell); best == nil || p.count < best.count {
				best = p
			}
		}
	}
	if first.count == first.atEnd && best.count != best.atEnd && first.deep < 0 {
		return first, best
	}
	return best, best
}

// guessing is a plan that takes words for function that are spelled almost like it; nil if there are none. The edits do not
// say whether they are: that is for the parser to find.
func guessing(f *File, items []item) *plan {
	spell := &speller{}
	if !spell.guesses(f, items) {
		return nil
	}
	return survey(f, items, byIndent|certain|across|guessed, spell)
}

// opener is a bracket or block that is open.
type opener struct {
	item   int32
	code   code
	indent int32
	// body is how far the first line inside is indented, -1 before it.
	body int32
	// waits says that then or do must follow, of the item word.
	waits bool
	word  int32
	// elseIf is an if behind an else inside, 0 if there is none.
	elseIf int32
	// mended says that it was made by an edit, braced that { stands for the word that begins it and } for end, or [ for { and
	// ] for }.
	mended, braced bool
	// params is the item behind the parameters of a function, -1 before them.
	params int32
	fields fieldRow
	// left says that return or break stands in it, which must be its last statement.
	left bool
	// short says that it is a function whose body is only an expression behind =, as other languages have them.
	short bool
}

// fieldRow is where names are given values as in a table, though no table is open there, or another field should be: its first
// name, 0 if there is none, and whether it can be nothing else.
type fieldRow struct {
	first int32
	sure  bool
}

// surveyor pairs brackets and blocks.
type surveyor struct {
	file  *File
	items []item
	ways  ways
	spell *speller
	plan  *plan
	stack []opener
	// fields is the row outside of everything.
	fields fieldRow
}

// survey makes a plan. Where nothing must be changed it gives the items their matches.
func survey(f *File, items []item, w ways, spell *speller) *plan {
	s := &surveyor{file: f, items: items, ways: w, spell: spell, plan: &plan{ways: w, deep: -1}}
	prev := codeEnd
	for i := range items {
		if len(s.stack) > maxOpened {
			s.plan.count, s.plan.edits, s.plan.open = math.MaxInt, nil, nil
			break
		}
		prev = s.item(int32(i), prev)
	}
	// A bracket that was not opened is put in when the one that closes is seen.
	slices.SortStableFunc(s.plan.edits, func(a, b edit) int { return int(a.at - b.at) })
	return s.plan
}

func (s *surveyor) top() *opener {
	if len(s.stack) == 0 {
		return nil
	}
	return &s.stack[len(s.stack)-1]
}

func (s *surveyor) push(i int32, c code, waits bool) {
	s.stack = append(s.stack, opener{item: i, code: c, indent: s.items[i].indent, body: -1, waits: waits, word: i, params: -1})
	if len(s.stack) > MaxNesting && s.plan.deep < 0 {
		s.plan.deep = int(i)
	}
}

func (s *surveyor) edit(k kind, c code, at, begin int32) {
	s.plan.edits = append(s.plan.edits, edit{kind: k, code: c, at: at, begin: begin})
	s.plan.count++
}

// silently makes an edit for something that is told elsewhere.
func (s *surveyor) silently(k kind, c code, at int32) {
	s.plan.edits = append(s.plan.edits, edit{kind: k, code: c, at: at, begin: -1, silent: true})
}

// item looks at one, and gives what it is taken for.
func (s *surveyor) item(i int32, prev code) code {
	it := &s.items[i]
	c := it.code
	if c == codeName && s.ways&final == 0 {
		if meant := s.respelled(i, prev); meant != codeEnd {
			c = meant
		}
	}
	if it.flags&begins != 0 && c != codeEnd {
		s.line(i, c, prev)
	}
	s.behindLast(i, c, prev)
	s.behindComma(i, prev)
	if c != it.code {
		s.edit(respell, c, i, -1)
	}
	if it.flags&begins != 0 && prev != codeComma && !wantsOperand(prev) {
		if t := s.top(); t == nil || t.code != codeOpenParen {
			*s.row() = fieldRow{}
		}
	}
	if isName(c) && s.items[i+1].code == codeAssign {
		s.field(i, prev)
	}
	s.keyword(i, c)
	if t := s.top(); t != nil && t.short && (c == codeComma || it.flags&begins != 0 && !wantsOperand(prev)) {
		s.end(i)
	}
	if s.ways&(byIndent|final) == byIndent && prev == codeEndWord && it.flags&begins == 0 && s.items[i+1].flags&begins != 0 {
		switch c {
		case codeIf, codeWhile, codeFor, codeFunction:
			// end if
			s.edit(drop, c, i, -1)
			return prev
		}
	}
	switch c {
	case codeEnd:
		s.finish(i)
	case codeOpenBrace:
		if s.ways&(tables|final) != 0 || !s.brace(i, prev) {
			s.push(i, c, false)
		}
	case codeOpenBracket:
		if s.ways&final != 0 || !s.list(i, prev) {
			s.push(i, c, false)
		}
	case codeOpenParen, codeFunction:
		if c == codeOpenParen && s.headless(i, prev) {
			s.edit(insert, codeFunction, i, -1)
			s.push(i, codeFunction, false)
		}
		s.push(i, c, false)
	case codeIf, codeWhile, codeFor:
		if s.trails(i) {
			return c
		}
		if t := s.top(); c == codeWhile && t != nil && t.code == codeRepeat && s.ways&(tables|final) == 0 && !s.lineHas(i, codeDo) {
			// repeat ... while, as do ... while of other languages.
			s.edit(replace, codeUntil, i, t.item)
			s.stack = s.stack[:len(s.stack)-1]
			return codeUntil
		}
		s.statement(i)
		if t := s.top(); c == codeIf && prev == codeElse && it.flags&begins == 0 && t != nil && t.elseIf == 0 {
			t.elseIf = i
		}
		s.push(i, c, true)
	case codeRepeat:
		s.statement(i)
		s.push(i, c, false)
	case codeDo:
		s.statement(i)
		if t := s.top(); t != nil && t.waits && it.flags&alone == 0 && (t.code != codeIf || it.flags&begins == 0) {
			s.middle(t, i)
		} else {
			s.push(i, c, false)
		}
	case codeThen:
		if s.find(func(o *opener) bool { return o.waits }, true) >= 0 {
			s.statement(i)
		}
		if t := s.top(); t != nil && t.waits {
			s.middle(t, i)
		} else if t == nil || !isBracket(t.code) {
			s.edit(replace, codeDo, i, -1)
			s.push(i, codeDo, false)
			s.top().mended = true
		}
	case codeLocal:
		s.statement(i)
	case codeReturn, codeBreak:
		s.statement(i)
		if t := s.top(); t != nil {
			t.left = true
		}
	case codeAssign:
		if t := s.top(); t != nil && t.code == codeFunction && t.params == i && s.ways&final == 0 {
			s.edit(replace, codeReturn, i, -1)
			if isArrow(s.items, int(i)) {
				s.silently(drop, codeGreater, i+1)
			}
			t.short, t.mended = true, true
			return codeReturn
		}
		// No index and no key holds one.
		for t := s.top(); t != nil && t.code == codeOpenBracket && i > t.item+1; t = s.top() {
			s.end(i)
		}
	case codeSemicolon:
		for t := s.top(); s.ways&(certain|final) == certain && t != nil && (t.code == codeOpenParen || t.code == codeOpenBracket); t = s.top() {
			s.end(i)
		}
	case codeElse, codeElseif:
		s.branch(i, c)
	case codeEndWord, codeUntil, codeCloseParen, codeCloseBrace, codeCloseBracket:
		s.closer(i, c)
	}
	if it.flags&open != 0 && s.ways&final == 0 {
		s.swallowed(i)
	}
	return c
}

// keyword forgets the row of fields at words that no table holds.
func (s *surveyor) keyword(i int32, c code) {
	switch c {
	case codeThen, codeDo, codeElse, codeElseif, codeUntil, codeIn, codeIf, codeWhile, codeFor, codeRepeat, codeLocal, codeReturn, codeBreak, codeLabel:
	case codeFunction:
		if !isName(s.items[i+1].code) {
			return
		}
	default:
		return
	}
	*s.row() = fieldRow{}
}

// row is that of where the surveyor is.
func (s *surveyor) row() *fieldRow {
	if t := s.top(); t != nil {
		return &t.fields
	}
	return &s.fields
}

// field looks at a name that is given a value.
func (s *surveyor) field(i int32, prev code) {
	r, t := s.row(), s.top()
	switch {
	case prev == codeComma || prev == codeSemicolon && t != nil && isBracket(t.code):
		if r.first > 0 {
			r.sure = true
		} else if t != nil && t.code == codeOpenParen {
			*r = fieldRow{i, true}
		}
	case t == nil || t.code != codeOpenBrace || prev != codeOpenBrace:
		*r = fieldRow{i, wantsOperand(prev)}
	}
}

// middle pairs then or do with what waits for it.
func (s *surveyor) middle(t *opener, i int32) {
	t.waits = false
	s.items[t.word].middle = i
}

func isBracket(c code) bool {
	return c == codeOpenParen || c == codeOpenBrace || c == codeOpenBracket
}

// closes reports whether an item closes what another opens.
func closes(closer, opener code) bool {
	switch closer {
	case codeCloseParen:
		return opener == codeOpenParen
	case codeCloseBrace:
		return opener == codeOpenBrace
	case codeCloseBracket:
		return opener == codeOpenBracket
	case codeUntil:
		return opener == codeRepeat
	}
	return !isBracket(opener) && opener != codeRepeat
}

// closerOf is what closes an item.
func closerOf(opener code) code {
	switch opener {
	case codeOpenParen:
		return codeCloseParen
	case codeOpenBrace:
		return codeCloseBrace
	case codeOpenBracket:
		return codeCloseBracket
	case codeRepeat:
		return codeUntil
	}
	return codeEndWord
}

// find is where on the stack the innermost lies for which the function holds, or -1. It looks out of brackets only, if
// that is asked.
func (s *surveyor) find(is func(*opener) bool, brackets bool) int {
	for k := len(s.stack) - 1; k >= 0 && len(s.stack)-k <= maxSearch; k-- {
		if is(&s.stack[k]) {
			return k
		}
		if brackets && !isBracket(s.stack[k].code) {
			break
		}
	}
	return -1
}

// statement ends the brackets around a word that begins a statement.
func (s *surveyor) statement(i int32) {
	if s.ways&certain == 0 {
		if t := s.top(); t != nil && isBracket(t.code) && s.ways&final == 0 {
			// The parser will tell of it. Where no operand is missing, a bracket that closes most likely is, and belongs to another.
			s.plan.count++
			if i > 0 && !wantsOperand(s.items[i-1].code) {
				s.plan.count++
			}
		}
		return
	}
	for t := s.top(); t != nil && isBracket(t.code); t = s.top() {
		s.end(i)
	}
	*s.row() = fieldRow{}
}

// end puts in what closes the innermost, before an item.
func (s *surveyor) end(i int32) {
	t := s.top()
	if t.mended {
		s.silently(insert, closerOf(t.code), i)
	} else {
		s.edit(insert, closerOf(t.code), i, t.item)
		s.plan.edits[len(s.plan.edits)-1].elseIf = t.elseIf
	}
	s.stack = s.stack[:len(s.stack)-1]
}

// endTo does that for all above a place of the stack.
func (s *surveyor) endTo(k int, i int32) {
	for len(s.stack) > k+1 {
		s.end(i)
	}
}

// line looks at the first item of a line: how it is indented can say that something before it should be closed.
func (s *surveyor) line(i int32, c, prev code) {
	it := &s.items[i]
	for k := len(s.stack) - 1; k >= 0 && s.stack[k].body < 0; k-- {
		s.stack[k].body = it.indent
	}
	if s.ways&byIndent == 0 {
		return
	}
	switch c {
	case codeElse, codeElseif, codeEndWord, codeUntil, codeThen, codeDo, codeAnd, codeOr:
		return
	}
	if c < codeAnd && c != codeName && c != codeString && c != codeNumber || c >= codePlus && c != codeOpenParen && c != codeOpenBracket && c != codeOpenBrace && c != codeLabel && c != codeComma {
		return
	}
	for t := s.top(); t != nil && it.indent <= t.indent && i > t.item+1; t = s.top() {
		if isBracket(t.code) {
			if !s.bracketEnds(i, c, prev) {
				return
			}
			continue
		}
		if t.body <= t.indent || wantsOperand(prev) && prev != codeSemicolon {
			return
		}
		s.end(i)
	}
}

// behindLast closes blocks that must have ended, because return or break stands before what begins a statement.
func (s *surveyor) behindLast(i int32, c, prev code) {
	if s.ways&byIndent == 0 || wantsOperand(prev) || s.trails(i) {
		return
	}
	switch {
	case c == codeFunction && isName(s.items[i+1].code):
	case beginsStatement(c) && c != codeGoto && c != codeFunction:
	case isName(c) && s.items[i].flags&begins != 0:
	default:
		return
	}
	for t := s.top(); t != nil && t.left && !isBracket(t.code) && (c != codeDo || !t.waits); t = s.top() {
		s.end(i)
	}
}

// isKey reports whether a key in brackets begins with an item, and its value follows.
func (s *surveyor) isKey(i int32) bool {
	return s.items[i].code == codeOpenBracket && int(i)+3 < len(s.items) && s.items[i+2].code == codeCloseBracket && s.items[i+3].code == codeAssign
}

// behindComma closes the blocks in a table whose next field begins: no statement has a comma before [key] =.
func (s *surveyor) behindComma(i int32, prev code) {
	it, t := &s.items[i], s.top()
	if prev != codeComma || t == nil || isBracket(t.code) || s.ways&final != 0 {
		return
	}
	if !s.isKey(i) && !(s.ways&byIndent != 0 && it.flags&begins != 0 && it.indent <= t.indent && isName(it.code) && s.items[i+1].code == codeAssign) {
		return
	}
	if k := s.find(func(o *opener) bool { return o.code == codeOpenBrace }, false); k >= 0 {
		s.endTo(k, i-1)
	}
}

// trails reports whether an if stands behind what is returned, as other languages have it.
func (s *surveyor) trails(i int32) bool {
	t := s.top()
	return s.items[i].code == codeIf && s.items[i].flags&begins == 0 && t != nil && t.left && !s.lineHas(i, codeThen) && s.ways&tables == 0
}

// bracketEnds closes the innermost bracket if the line that begins belongs to what is around it.
func (s *surveyor) bracketEnds(i int32, c, prev code) bool {
	if prev != codeComma && prev != codeSemicolon {
		if wantsOperand(prev) || c == codeComma || c != codeName && !beginsStatement(c) {
			return false
		}
		s.end(i)
		return true
	}
	// Behind a comma it must be the next field of the table around, which ends the bracket before the comma.
	n := len(s.stack)
	field := c == codeOpenBracket || isName(c) && s.items[i+1].code == codeAssign
	if n < 2 || s.stack[n-2].code != codeOpenBrace || !field || s.stack[n-1].body <= s.stack[n-1].indent && s.stack[n-1].body >= 0 && s.items[s.stack[n-1].item].line != s.items[i-1].line {
		return false
	}
	s.end(i - 1)
	return true
}

// beginsStatement reports whether a word begins a statement.
func beginsStatement(c code) bool {
	switch c {
	case codeLocal, codeIf, codeWhile, codeFor, codeRepeat, codeReturn, codeBreak, codeDo, codeFunction, codeGoto, codeLabel:
		return true
	}
	return false
}

// better finds what an item closes: the innermost, or, judging by the indentation, one further out.
func (s *surveyor) better(i int32, is func(*opener) bool) int {
	k := s.find(is, false)
	it := &s.items[i]
	if k < 0 || s.ways&byIndent == 0 || it.flags&begins == 0 || s.stack[k].indent <= it.indent {
		return k
	}
	for j := k - 1; j >= 0 && len(s.stack)-j <= maxSearch && s.stack[j].indent >= it.indent; j-- {
		if is(&s.stack[j]) && s.stack[j].indent == it.indent {
			return j
		}
	}
	return k
}

func (s *surveyor) closer(i int32, c code) {
	it := &s.items[i]
	if t := s.top(); c == codeCloseBracket && t != nil && t.braced && t.code == codeOpenBrace {
		s.silently(replace, codeCloseBrace, i)
		s.stack = s.stack[:len(s.stack)-1]
		return
	}
	if t := s.top(); c == codeCloseBrace && t != nil && t.braced && !isBracket(t.code) {
		if next := s.items[i+1].code; t.code == codeIf && (next == codeElse || next == codeElseif) {
			s.silently(drop, c, i)
			return
		}
		s.silently(replace, codeEndWord, i)
		s.stack = s.stack[:len(s.stack)-1]
		return
	}
	if s.unopened(i, c) {
		return
	}
	bracket := c != codeEndWord && c != codeUntil
	k := s.better(i, func(o *opener) bool { return closes(c, o.code) })
	if k >= 0 && bracket && s.ways&across == 0 {
		for j := k + 1; j < len(s.stack); j++ {
			if !isBracket(s.stack[j].code) {
				k = -1
				break
			}
		}
	}
	t := s.top()
	if k < 0 || !bracket && k < len(s.stack)-1 && s.ways&across == 0 && t.code == codeRepeat {
		switch {
		case t != nil && c == codeCloseBrace && !isBracket(t.code):
			s.edit(replace, closerOf(t.code), i, t.item)
			s.stack = s.stack[:len(s.stack)-1]
		case t == nil || isBracket(t.code) != bracket || s.items[i+1].code == closerOf(t.code) || !bracket && t.code != codeRepeat,
			s.ways&byIndent != 0 && bracket && it.flags&begins == 0 && s.items[t.item].line != it.line:
			s.edit(drop, c, i, -1)
		default:
			// The wrong one of its kind.
			s.edit(replace, closerOf(t.code), i, t.item)
			s.stack = s.stack[:len(s.stack)-1]
		}
		return
	}
	if !bracket && s.ways&byIndent != 0 && it.flags&begins != 0 && s.stack[k].indent < it.indent && s.stack[k].body > s.stack[k].indent && s.items[s.stack[k].item].line != it.line {
		// It is further in than what it would close: it closes nothing.
		if s.find(func(o *opener) bool { return isBracket(o.code) }, false) <= k {
			s.edit(drop, c, i, -1)
			return
		}
	}
	s.endTo(k, i)
	s.items[s.stack[k].item].match = i
	s.stack = s.stack[:k]
	if t := s.top(); c == codeCloseParen && t != nil && t.code == codeFunction && t.params < 0 {
		t.params = i + 1
	}
}

// unopened looks for where a bracket should be open that closes here, and puts it in.
func (s *surveyor) unopened(i int32, c code) bool {
	t := s.top()
	if c == codeCloseBracket && t != nil && t.code == codeOpenBrace && s.items[i+1].code == codeAssign && i > 1 {
		// { "a"] = 1 }
		key, before := s.items[i-1].code, s.items[i-2].code
		if (key == codeString || key == codeName || key == codeNumber) && (before == codeOpenBrace || before == codeComma || before == codeSemicolon) {
			s.edit(insert, codeOpenBracket, i-1, -1)
			return true
		}
	}
	if c == codeCloseBrace && i > 0 && s.items[i-1].code == codeAssign && (t == nil || t.code != codeOpenBrace && t.code != codeOpenBracket) {
		s.edit(insert, codeOpenBrace, i, -1)
		return true
	}
	r := s.row()
	if c != codeCloseBrace || !r.sure && !(r.first > 0 && s.items[i-1].code == codeComma) {
		return false
	}
	switch {
	case t == nil || t.code == codeOpenParen:
	case t.code == codeOpenBrace:
		// It closes the innermost, which may be another one.
		begin := &s.items[t.item]
		if s.ways&byIndent == 0 || s.items[i].flags&begins != 0 || begin.line == s.items[i].line || s.items[t.item+1].flags&begins == 0 {
			return false
		}
	case isBracket(t.code):
		return false
	}
	s.edit(insert, codeOpenBrace, r.first, -1)
	*r = fieldRow{}
	return true
}

// list looks at a [ that stands where a value must begin, as tables do in other languages, and reports whether it does.
func (s *surveyor) list(i int32, prev code) bool {
	if i == 0 || !wantsOperand(prev) || prev == codeDot || prev == codeColon || prev == codeOpenBrace || s.isKey(i) {
		return false
	}
	if t := s.top(); prev == codeSemicolon || prev == codeComma && t != nil && t.code == codeOpenBrace && !t.braced {
		return false
	}
	s.edit(replace, codeOpenBrace, i, -1)
	s.push(i, codeOpenBrace, false)
	s.top().braced = true
	return true
}

// brace looks at a { that stands where a block begins, and reports whether it does.
func (s *surveyor) brace(i int32, prev code) bool {
	if isArrow(s.items, int(i)-2) {
		// The parser tells that a function is no arrow.
		s.silently(replace, codeFunction, i)
		s.push(i, codeFunction, false)
		s.top().braced = true
		return true
	}
	t := s.top()
	if t == nil || isBracket(t.code) {
		return false
	}
	switch {
	case t.code == codeFunction && t.params == i, t.word == i-1 && prev == codeElse, prev == codeThen && !t.waits, prev == codeDo && !t.waits:
		s.edit(drop, codeOpenBrace, i, t.item)
	case t.waits && s.items[i].flags&begins == 0 && !s.lineHas(i, codeThen) && s.opensBlock(i, prev):
		meant := codeDo
		if t.code == codeIf {
			meant = codeThen
		}
		s.edit(replace, meant, i, -1)
		s.middle(t, i)
	default:
		return false
	}
	t.braced = true
	return true
}

// opensBlock reports whether a { behind a condition must be that of a block: what stands in it, or before it, is not that of
// a table.
func (s *surveyor) opensBlock(i int32, prev code) bool {
	next := &s.items[i+1]
	switch prev {
	case codeNumber, codeString, codeNil, codeTrue, codeFalse:
		return true
	case codeName, codeCloseParen, codeCloseBracket:
		return prev == codeCloseParen && next.flags&begins != 0 || beginsStatement(next.code) && next.code != codeFunction
	}
	return false
}

// headless reports whether a ( begins the parameters of a function without its word: between brackets no statement stands.
func (s *surveyor) headless(i int32, prev code) bool {
	if t := s.top(); s.ways&(tables|final) != 0 || t == nil || !isBracket(t.code) || !wantsOperand(prev) {
		return false
	}
	k := i + 1
	for k < i+maxSearch && (isName(s.items[k].code) || s.items[k].code == codeComma || s.items[k].code == codeVararg) {
		k++
	}
	if s.items[k].code != codeCloseParen {
		return false
	}
	next := s.items[k+1].code
	return beginsStatement(next) && next != codeGoto && next != codeFunction && next != codeDo
}

// isArrow reports whether two items are -> or =>, which make functions in other languages.
func isArrow(items []item, i int) bool {
	return i >= 0 && i+1 < len(items) && (items[i].code == codeMinus || items[i].code == codeAssign) && items[i+1].code == codeGreater && items[i].to == items[i+1].from
}

// branch looks at else and elseif.
func (s *surveyor) branch(i int32, c code) {
	k := s.better(i, func(o *opener) bool { return o.code == codeIf })
	for j := k + 1; k >= 0 && j < len(s.stack); j++ {
		if s.stack[j].code == codeFunction && s.ways&across == 0 {
			k = -1
		}
	}
	if k < 0 {
		s.statement(i)
		meant := codeDo
		if c == codeElseif {
			meant = codeIf
		}
		s.edit(replace, meant, i, -1)
		s.push(i, meant, meant == codeIf)
		s.top().mended = true
		return
	}
	s.endTo(k, i)
	t := s.top()
	t.fields, t.left = fieldRow{}, false
	t.waits, t.word = c == codeElseif, i
}

// finish closes what is open at the end.
func (s *surveyor) finish(i int32) {
	for _, o := range s.stack {
		if !o.mended {
			s.plan.open = append(s.plan.open, o.item)
		}
	}
	s.plan.atEnd = len(s.plan.open)
	for len(s.stack) > 0 {
		s.end(i)
	}
}

// swallowed looks at the end of a string that does not end on its line: brackets, a comma or a word there are most
// likely not its text.
func (s *surveyor) swallowed(i int32) {
	it := &s.items[i]
	text := strings.TrimRight(s.file.Text[it.from+1:it.to], " \t")
	var tail []code
	for len(tail) < maxSearch {
		c, rest := lastWord(text)
		if c == codeEnd {
			break
		}
		tail = append(tail, c)
		text = rest
	}
	next := &s.items[i+1]
	for len(tail) > 0 {
		c := tail[len(tail)-1]
		tail = tail[:len(tail)-1]
		t := s.top()
		switch {
		case t == nil:
			return
		case c == codeComma:
			if !isBracket(t.code) || next.code == codeComma {
				continue
			}
		case c == codeThen || c == codeDo:
			if !t.waits {
				continue
			}
			t.waits = false
		default:
			if s.items[t.item].line != it.line || !closes(c, t.code) {
				continue
			}
			s.stack = s.stack[:len(s.stack)-1]
		}
		s.silently(insert, c, i+1)
	}
}

// lastWord takes the last sign or word off a text, if it is one that can close something.
func lastWord(text string) (code, string) {
	text = strings.TrimRight(text, " \t")
	if text == "" {
		return codeEnd, text
	}
	switch c := signs[text[len(text)-1]]; c {
	case codeCloseParen, codeCloseBrace, codeCloseBracket, codeComma:
		return c, text[:len(text)-1]
	}
	for _, c := range [...]code{codeThen, codeDo, codeEndWord} {
		if rest, ok := strings.CutSuffix(text, " "+c.String()); ok {
			return c, rest
		}
	}
	return codeEnd, text
}

// otherWords are those of other languages for words of Lua.
var otherWords = map[string]code{"elif": codeElseif, "elsif": codeElseif, "func": codeFunction, "fun": codeFunction, "def": codeFunction, "fn": codeFunction,
	"var": codeLocal, "let": codeLocal, "const": codeLocal, "my": codeLocal, "endif": codeEndWord, "done": codeEndWord, "endfor": codeEndWord, "endwhile": codeEndWord}

// misspelt are the words of Lua that are looked for behind misspelt ones.
var misspelt = []string{"function", "local", "return", "elseif", "else", "then", "end", "for", "while", "repeat", "until", "do", "if"}

// speller remembers what words are meant, of so many as a person could misspell.
type speller struct{ known map[string]code }

const maxSpelled = 1000

// meant is the word of Lua that a name comes near, codeEnd if there is none.
func (s *speller) meant(text string) code {
	c, ok := s.known[text]
	if ok || len(text) > 2*len("function") || len(s.known) >= maxSpelled {
		return c
	}
	if c = otherWords[text]; c == codeEnd {
		c = words[diag.Nearest(strings.ToLower(text), misspelt)]
	}
	if s.known == nil {
		s.known = map[string]code{}
	}
	s.known[text] = c
	return c
}

// almostFunction reports whether an item is a misspelt function, with its parameters behind it.
func (s *speller) almostFunction(f *File, items []item, i int) bool {
	return items[i].code == codeName && items[i+1].code == codeOpenParen && s.meant(f.Text[items[i].from:items[i].to]) == codeFunction
}

// guesses reports whether such an item is in the source.
func (s *speller) guesses(f *File, items []item) bool {
	for i := range items {
		if s.almostFunction(f, items, i) {
			return true
		}
	}
	return false
}

// respelled gives the word of Lua that a name is meant to be, codeEnd for none. No Lua program has a name there.
func (s *surveyor) respelled(i int32, prev code) code {
	it := &s.items[i]
	next := &s.items[i+1]
	if it.flags&silent == 0 && s.ways&guessed != 0 && s.spell.almostFunction(s.file, s.items, int(i)) {
		return codeFunction
	}
	switch next.code {
	case codeComma:
		// It can be end, of a function in a table.
		if it.flags&begins == 0 || s.items[i+2].flags&begins == 0 {
			return codeEnd
		}
	case codeAssign, codeDot, codeColon, codeOpenParen, codeOpenBracket, codeOpenBrace, codeString:
		return codeEnd
	}
	t := s.top()
	if it.flags&silent != 0 || t != nil && isBracket(t.code) {
		return codeEnd
	}
	switch prev {
	case codeEnd, codeName, codeNumber, codeString, codeNil, codeTrue, codeFalse, codeVararg, codeCloseParen, codeCloseBrace, codeCloseBracket,
		codeEndWord, codeThen, codeDo, codeElse, codeRepeat, codeSemicolon, codeBreak:
	default:
		return codeEnd
	}
	meant := s.spell.meant(s.file.Text[it.from:it.to])
	// What follows must fit.
	sameLine := next.flags&begins == 0
	after := codeEnd
	if int(i)+2 < len(s.items) {
		after = s.items[i+2].code
	}
	fits := false
	switch meant {
	case codeFunction:
		fits = next.code == codeName && (after == codeOpenParen || after == codeDot || after == codeColon)
	case codeLocal:
		fits = sameLine && (next.code == codeName && after != codeOpenParen || next.code == codeFunction)
	case codeReturn:
		fits = sameLine && (next.code == codeName && after != codeAssign || next.code == codeNil || next.code == codeTrue || next.code == codeFalse || next.code == codeNumber || next.code == codeFunction || next.code == codeNot)
	case codeFor:
		fits = sameLine && next.code == codeName && (after == codeAssign || after == codeComma || after == codeIn)
	case codeWhile, codeIf:
		fits = sameLine && s.lineHas(i, map[code]code{codeWhile: codeDo, codeIf: codeThen}[meant])
	case codeElseif:
		fits = sameLine && t != nil && (s.lineHas(i, codeThen) || t.code == codeIf && it.flags&begins != 0 && otherWords[s.file.Text[it.from:it.to]] == codeElseif)
	case codeElse:
		fits = t != nil && t.code == codeIf && !t.waits
	case codeThen:
		fits = t != nil && t.waits && t.code != codeWhile && t.code != codeFor
	case codeDo:
		fits = t != nil && t.waits && t.code != codeIf
	case codeEndWord:
		fits = t != nil && !isBracket(t.code) && t.code != codeRepeat && (!sameLine || next.code == codeEnd || next.code == codeEndWord || next.code >= codePlus)
	case codeUntil:
		fits = t != nil && t.code == codeRepeat && sameLine
	case codeRepeat:
		fits = it.flags&begins != 0 && !sameLine
	}
	if !fits {
		return codeEnd
	}
	return meant
}

// lineHas reports whether a word stands on the rest of a line.
func (s *surveyor) lineHas(i int32, c code) bool {
	for k := i + 1; s.items[k].code != codeEnd && s.items[k].line == s.items[i].line && k < i+maxSearch; k++ {
		if it := &s.items[k]; it.code == c || it.code == codeName && strings.EqualFold(s.file.Text[it.from:it.to], c.String()) {
			return true
		}
	}
	return false
}

// apply makes the items that a plan says, and tells what was wrong.
func (pl *plan) apply(told *problems, items []item) []item {
	told.step()
	if pl.count == 0 && len(pl.edits) == 0 {
		return items
	}
	out := make([]item, 0, len(items)+len(pl.edits))
	e := 0
	scarred := flags(0)
	for i := range items {
		it := items[i]
		it.match, it.middle = 0, 0
		keep := true
		for ; e < len(pl.edits) && int(pl.edits[e].at) == i; e++ {
			ed := &pl.edits[e]
			// What is open at the end is told as one.
			if it.code != codeEnd && !ed.silent && (ed.kind != insert || told.ends == 0) {
				pl.tell(told, items, e)
			}
			switch ed.kind {
			case insert:
				n := item{code: ed.code, flags: silent | mended, from: it.from, to: it.from, line: it.line, indent: it.indent}
				if it.code != codeEnd {
					n.flags |= scar
				}
				if len(out) > 0 {
					prev := out[len(out)-1]
					n.from, n.to, n.line, n.indent = prev.to, prev.to, prev.line, prev.indent
				}
				out = append(out, n)
			case drop:
				keep = false
				if n := len(out); n > 0 && out[n-1].line == it.line {
					out[n-1].flags |= scar
				} else {
					scarred = scar
				}
				told.dropped = told.dropped || !ed.silent
			case replace:
				if it.code == codeElse || it.code == codeThen {
					it.flags |= alone
				}
				it.code = ed.code
				it.flags |= silent
			case respell:
				it.code = ed.code
			}
		}
		if keep {
			it.flags |= scarred
			scarred = 0
			out = append(out, it)
		}
	}
	if len(pl.open) > 0 {
		pl.tellEnd(told, items)
	}
	survey(told.file, out, pl.ways&^(byIndent|guessed)|final, &speller{})
	return out
}

// tell tells what an edit mends.
func (pl *plan) tell(told *problems, items []item, e int) {
	ed := &pl.edits[e]
	it := items[ed.at]
	text := told.file.Text[it.from:it.to]
	switch ed.kind {
	case insert:
		if ed.begin < 0 && ed.code == codeFunction {
			told.tell(it.from, it.to, "write function before it", "a function must begin with function, but begins with its parameters")
			return
		}
		if ed.begin < 0 && it.code == codeCloseBrace {
			told.tell(it.from, it.to, "write {} for an empty table", `"{" must stand before "}", but does not`)
			return
		}
		if ed.begin < 0 {
			bracket := "}"
			if ed.code == codeOpenBracket {
				bracket = "]"
			}
			told.tell(it.from, it.to, fmt.Sprintf("write %s before it", ed.code), "a %q must stand before %s, as %q stands behind it, but does not", ed.code, quoted(text), bracket)
			return
		}
		begin := items[ed.begin]
		word := told.file.Text[begin.from:begin.to]
		if ed.elseIf > 0 {
			tellElseIf(told, items, begin, ed.elseIf)
			return
		}
		if e > 0 && pl.edits[e-1].at == ed.at && pl.edits[e-1].kind == insert && pl.edits[e-1].begin >= 0 && pl.edits[e-1].elseIf == 0 {
			// It is told with the one before.
			return
		}
		missing := []string{ed.code.String()}
		related := []diag.Related{told.begun(begin)}
		for _, more := range pl.edits[e+1:] {
			if more.at != ed.at || more.kind != insert || more.begin < 0 {
				break
			}
			missing = append(missing, more.code.String())
			related = append(related, told.begun(items[more.begin]))
		}
		form, hint := "the %q of line %d must be closed with %q before %s, but is not", ""
		if n := len(missing); n > 1 {
			form = fmt.Sprintf("the %%q of line %%d and %d more around it must be closed with %%q before %%s, but are not", n-1)
			hint = "write: " + strings.Join(missing[:min(n, maxOpen)], " ")
		}
		d := told.tell(it.from, it.to, hint, form, word, begin.line, ed.code, quoted(text))
		d.Related = related[:min(len(related), maxOpen)]
	case drop:
		if ed.begin >= 0 {
			told.tell(it.from, it.to, "leave it out, and write end for the } that belongs to it", "a block must stand between words of Lua, but begins with {")
			return
		}
		if isKeyword(it.code) && it.code != codeEndWord && it.code != codeUntil {
			told.tell(it.from, it.to, "leave it out", "end must stand alone, but %q follows it", text)
			return
		}
		what := "block"
		hint := "another end may be missing before it, or it is one too many"
		if ed.code != codeEndWord && ed.code != codeUntil {
			what, hint = "bracket", ""
		}
		if ed.code == codeEndWord {
			hint = "leave it out, or look for an end before it that is one too many"
		}
		told.tell(it.from, it.to, hint, "%q must close a %s, but none is open", text, what)
	case replace:
		if ed.begin < 0 && it.code == codeOpenBracket {
			told.tell(it.from, it.to, "write { for [ and } for the ] that belongs to it", "a table must stand between { and }, but begins with [")
			return
		}
		if ed.begin < 0 && it.code == codeOpenBrace {
			told.tell(it.from, it.to, fmt.Sprintf("write %s, and end for the } that belongs to it", ed.code), "a block must stand between words of Lua, but begins with {")
			return
		}
		if it.code == codeAssign {
			told.tell(it.from, it.to, "write return for it, and end behind the value", "a function must have a block behind its parameters, but has =")
			return
		}
		if ed.begin < 0 && it.code == codeThen {
			told.tell(it.from, it.to, "write if before the condition, or leave then out", "then must belong to an if, but none is open")
			return
		}
		if ed.begin < 0 {
			told.tell(it.from, it.to, "an end before it may be one too many", "%q must belong to an if, but none is open", text)
			return
		}
		begin := items[ed.begin]
		d := told.tell(it.from, it.to, fmt.Sprintf("write %s", ed.code), "the %q of line %d must be closed with %q, but %q stands here", told.file.Text[begin.from:begin.to], begin.line, ed.code, text)
		d.Related = []diag.Related{told.begun(begin)}
	case respell:
		told.tell(it.from, it.to, fmt.Sprintf("write %s", ed.code), "the word must be %q, but is %q", ed.code, text)
	}
}

// tellElseIf tells of an if behind else whose end is missing.
func tellElseIf(told *problems, items []item, begin item, at int32) *diag.Diagnostic {
	from, to := items[at-1].from, items[at].to
	d := told.tell(from, to, "write elseif, which needs none", "an if behind else must have an end of its own, but this one has none")
	d.Related = []diag.Related{told.begun(begin)}
	return d
}

// maxOpen is how many of those that are open at the end are shown.
const maxOpen = 3

// tellEnd tells that the source ends while something is open.
func (pl *plan) tellEnd(told *problems, items []item) {
	if told.ends > 0 {
		return
	}
	n := len(pl.open)
	inner := items[pl.open[n-1]]
	for e := len(pl.edits) - n; e < len(pl.edits); e++ {
		if ed := &pl.edits[e]; ed.elseIf > 0 {
			tellElseIf(told, items, items[ed.begin], ed.elseIf)
			told.end()
			return
		}
	}
	last := items[len(items)-2]
	d := told.tell(last.from, last.to, fmt.Sprintf("the %q of line %d is not closed", told.file.Text[inner.from:inner.to], inner.line),
		"the source must go on after %s, but ends", quoted(told.file.Text[last.from:last.to]))
	for k := n - 1; k >= max(0, n-maxOpen); k-- {
		if begin := items[pl.open[k]]; begin.from != last.from {
			d.Related = append(d.Related, told.begun(begin))
		}
	}
	told.end()
}
