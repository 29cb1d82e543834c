package library

import (
	"errors"
	"regexp/syntax"
	"strings"
	"unicode"
	"unicode/utf8"

	"cellsh/lua/value"
)

// expressions match regular expressions of RE2, in time that the length of the expression and of the text bound.
var expressions = []definition{
	// re.match gives the captures of the first match, or the match where there are none, or nil. A capture that takes no
	// part is "".
	{name: "re.match", call: func(a *Args) []value.Value {
		a.Most(2)
		s := a.String(1)
		x := a.expression(2, allCaptures)
		if a.err != nil {
			return nil
		}
		m := newSearch(a, x, s).find(0)
		if m == nil {
			return none
		}
		if len(m) > 2 {
			m = m[2:]
		}
		results := make([]value.Value, 0, len(m)/2)
		for ; len(m) > 0; m = m[2:] {
			results = append(results, value.String(part(s, m)))
		}
		return results
	}},
	// re.find gives where the first match from a position on begins and ends, or nil.
	{name: "re.find", call: func(a *Args) []value.Value {
		a.Most(3)
		s := a.String(1)
		from, _ := slice(len(s), a.OptInteger(3, 1), len(s))
		x := a.expression(2, 0)
		if a.err != nil {
			return nil
		}
		m := newSearch(a, x, s[from:]).find(0)
		if m == nil {
			return none
		}
		return []value.Value{value.Number(from + m[0] + 1), value.Number(from + m[1])}
	}},
	// re.replace gives the string with every match replaced; $1 and ${name} stand for captures, $$ for a dollar.
	{name: "re.replace", call: func(a *Args) []value.Value {
		a.Most(3)
		s, with, captures := a.String(1), a.String(3), allCaptures
		if !strings.Contains(with, "$") {
			captures = 0
		}
		x := a.expression(2, captures)
		if a.err != nil {
			return nil
		}
		// What comes out is counted before it is built.
		size := len(s)
		newSearch(a, x, s).all(func(m []int) {
			size -= m[1] - m[0]
			parts := 0
			x.expand(with, s, m, func(part string) {
				size = saturate(size + len(part))
				parts++
			})
			a.work(2*parts + len(with)/bytesPerInstruction)
		})
		if a.grow(size); a.err != nil {
			return nil
		}
		var b strings.Builder
		b.Grow(size)
		last := 0
		newSearch(a, x, s).all(func(m []int) {
			b.WriteString(s[last:m[0]])
			x.expand(with, s, m, func(part string) { b.WriteString(part) })
			last = m[1]
		})
		b.WriteString(s[last:])
		return text(b.String())
	}},
}

// part is the text of the first capture in a list of where they begin and end.
func part(s string, m []int) string {
	if m[0] < 0 {
		return ""
	}
	return s[m[0]:m[1]]
}

const (
	// maxExpression bounds the source of a regular expression.
	maxExpression = 1000
	// compileStep is how many instructions it takes to compile one step of a regular expression.
	compileStep = 50
	// maxThreads bounds the positions that a search keeps.
	maxThreads = 1 << 20
	// allCaptures of an expression are wanted.
	allCaptures = -1
)

// expression is a regular expression as steps.
type expression struct {
	prog *syntax.Prog
	// names of the captures, "" for those without.
	names []string
	// positions is how many are kept of a match: two for each capture and for the whole.
	positions int
}

// expression compiles the regular expression of an argument, for a search that keeps so many captures. Repetitions
// multiply: a short expression can have a hundred thousand steps.
func (a *Args) expression(i, captures int) *expression {
	src := a.String(i)
	if a.err != nil {
		return nil
	}
	if len(src) > maxExpression {
		a.Fail("a regular expression must have at most %d bytes, but has %d", maxExpression, len(src))
		return nil
	}
	tree, err := syntax.Parse(src, syntax.Perl)
	if err != nil {
		why := err.Error()
		if e := (*syntax.Error)(nil); errors.As(err, &e) {
			why = string(e.Code) + ": " + e.Expr
		}
		a.Wrong(i, "a regular expression", "is wrong: "+why)
		return nil
	}
	if captures == allCaptures {
		captures = tree.MaxCap()
	}
	x := &expression{names: tree.CapNames(), positions: 2 + 2*captures}
	if x.prog, err = syntax.Compile(tree.Simplify()); err != nil {
		a.Wrong(i, "a regular expression", "is wrong: "+err.Error())
		return nil
	}
	if len(x.prog.Inst)*x.positions > maxThreads {
		a.Wrong(i, "a regular expression of fewer steps", "repeats too much")
		return nil
	}
	a.work(len(x.prog.Inst) * compileStep)
	return x
}

// expand gives the parts that a match puts in the place of a template, as regexp.Expand of Go's library does.
func (x *expression) expand(template, s string, m []int, emit func(part string)) {
	for {
		before, after, found := strings.Cut(template, "$")
		emit(before)
		if !found {
			return
		}
		if template = after; strings.HasPrefix(template, "$") {
			emit("$")
			template = template[1:]
			continue
		}
		name, rest := captureName(template)
		if name == "" {
			emit("$")
			continue
		}
		template = rest
		if i := x.capture(name, m); i >= 0 {
			emit(part(s, m[2*i:]))
		}
	}
}

// captureName cuts off a name or a number at the beginning, in braces or not. It is "" where there is none.
func captureName(s string) (name, rest string) {
	inner, braces := strings.CutPrefix(s, "{")
	end := strings.IndexFunc(inner, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' })
	if end < 0 {
		end = len(inner)
	}
	name, rest = inner[:end], inner[end:]
	if braces {
		if !strings.HasPrefix(rest, "}") {
			return "", s
		}
		rest = rest[1:]
	}
	return name, rest
}

// capture finds the capture of a name or number that takes part in a match, -1 for none.
func (x *expression) capture(name string, m []int) int {
	n, isNumber := 0, len(name) == 1 || name[0] != '0'
	for i := range len(name) {
		if !('0' <= name[i] && name[i] <= '9') || n >= 1e8 {
			isNumber = false
			break
		}
		n = 10*n + int(name[i]-'0')
	}
	if isNumber {
		if n < len(m)/2 {
			return n
		}
		return -1
	}
	for i, other := range x.names {
		if other == name && m[2*i] >= 0 {
			return i
		}
	}
	return -1
}

// search looks for matches in a text: all places in the expression that the text read so far can lead to are followed
// at once, in the order in which they are preferred. So the time is bounded, and every step is counted.
type search struct {
	x         *expression
	a         *Args
	text      string
	now, next threads
	// positions of the captures on the way to the place that is added.
	positions []int
	// match is the last one.
	match  []int
	credit int
}

// threads are the places that a search is at.
type threads struct {
	// index has where in list a place is. What it says counts only if the place is there: so nothing must be cleared.
	index []uint32
	list  []thread
	// positions of all threads that read, one after the other.
	positions []int
}

type thread struct {
	place uint32
	// reads is false for places that only lead to others.
	reads bool
	// at is where its positions begin.
	at int
}

func (t *threads) clear() { t.list, t.positions = t.list[:0], t.positions[:0] }

func (t *threads) has(place uint32) bool {
	i := t.index[place]
	return int(i) < len(t.list) && t.list[i].place == place
}

func newSearch(a *Args, x *expression, s string) *search {
	n := len(x.prog.Inst)
	return &search{x: x, a: a, text: s, now: threads{index: make([]uint32, n)}, next: threads{index: make([]uint32, n)},
		positions: make([]int, x.positions), match: make([]int, x.positions)}
}

// searchWork is how many steps of a search are paid at once.
const searchWork = 64

// step pays for a step. It is false where the search must end.
func (s *search) step() bool {
	for s.credit--; s.credit < 0 && s.a.err == nil; {
		s.a.work(searchWork)
		s.credit += searchWork
	}
	return s.a.err == nil
}

// positionsPerStep is how many positions are copied in the time of a step.
const positionsPerStep = 32

// all calls a function with every match; an empty one right behind another does not count.
func (s *search) all(f func(m []int)) {
	before := -1
	for at := 0; at <= len(s.text) && s.a.err == nil; {
		m := s.find(at)
		if m == nil {
			return
		}
		counts := true
		if m[1] == at {
			counts = m[0] != before
			_, width := utf8.DecodeRuneInString(s.text[at:])
			at += max(width, 1)
		} else {
			at = m[1]
		}
		if before = m[1]; counts {
			f(m)
		}
	}
}

// find gives the first match from a position on, nil for none; it is good until the next.
func (s *search) find(at int) []int {
	s.now.clear()
	matched := false
	before := rune(-1)
	if at > 0 {
		before, _ = utf8.DecodeLastRuneInString(s.text[:at])
	}
	here, width := s.rune(at)
	for s.a.err == nil {
		if len(s.now.list) == 0 && (matched || at > 0 && s.x.prog.StartCond()&syntax.EmptyBeginText != 0) {
			break
		}
		if !matched {
			for i := range s.positions {
				s.positions[i] = -1
			}
			s.positions[0] = at
			s.add(&s.now, uint32(s.x.prog.Start), at, syntax.EmptyOpContext(before, here))
		}
		following, followingWidth := s.rune(at + width)
		if s.advance(here, at, at+width, syntax.EmptyOpContext(here, following)) {
			matched = true
		}
		if width == 0 {
			break
		}
		s.now, s.next = s.next, s.now
		s.next.clear()
		before, here, at, width = here, following, at+width, followingWidth
	}
	s.next.clear()
	if !matched || s.a.err != nil {
		return nil
	}
	return s.match
}

// rune is the character at a position, -1 behind the end.
func (s *search) rune(at int) (rune, int) {
	if at >= len(s.text) {
		return -1, 0
	}
	return utf8.DecodeRuneInString(s.text[at:])
}

// advance lets all threads read a character. It is true for a match, which ends those that are less preferred.
func (s *search) advance(r rune, at, after int, around syntax.EmptyOp) bool {
	for _, t := range s.now.list {
		if !t.reads {
			continue
		}
		if !s.step() {
			return false
		}
		inst := &s.x.prog.Inst[t.place]
		positions := s.now.positions[t.at : t.at+s.x.positions]
		if inst.Op == syntax.InstMatch {
			copy(s.match, positions)
			s.match[1] = at
			return true
		}
		if r >= 0 && inst.MatchRune(r) {
			copy(s.positions, positions)
			s.add(&s.next, inst.Out, after, around)
		}
	}
	return false
}

// add goes from a place to all that read, as far as what is around the position allows.
func (s *search) add(t *threads, place uint32, at int, around syntax.EmptyOp) {
	for s.step() && !t.has(place) {
		t.index[place] = uint32(len(t.list))
		t.list = append(t.list, thread{place: place})
		switch inst := &s.x.prog.Inst[place]; inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			s.add(t, inst.Out, at, around)
			place = inst.Arg
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(inst.Arg)&^around != 0 {
				return
			}
			place = inst.Out
		case syntax.InstNop:
			place = inst.Out
		case syntax.InstCapture:
			i := int(inst.Arg)
			if i >= len(s.positions) {
				place = inst.Out
				continue
			}
			was := s.positions[i]
			s.positions[i] = at
			s.add(t, inst.Out, at, around)
			s.positions[i] = was
			return
		case syntax.InstFail:
			return
		default:
			last := &t.list[len(t.list)-1]
			last.reads, last.at = true, len(t.positions)
			t.positions = append(t.positions, s.positions...)
			s.credit -= len(s.positions) / positionsPerStep
			return
		}
	}
}
