package graph

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"cellsh/policy"
)

// texts are the atoms of a field of text: each text that a test names is one, and then come the classes, which are all
// others, divided by which patterns match them. So any set of texts that tests can tell apart is a set of atoms, exactly.
type texts struct {
	// names ascend; their atoms are the first.
	names []string
	// patterns in the order in which the tests are met.
	patterns []string
	classes  []textClass
	// longest is how many bytes a text can have.
	longest int
	// at has the class of each combination of patterns that some text matches.
	at map[string]int32
}

// textClass is the texts that have no name of their own, and match the same patterns.
type textClass struct {
	matches []bool
	// example is one of the texts.
	example string
}

// Bounds of dividing the texts.
const (
	maxTextClasses = 1 << 12
	maxTextSteps   = 1 << 22
)

// newTexts finds the classes. It gives false where there are too many, or finding them takes too long.
func newTexts(names, patterns []string, longest int) (*texts, bool) {
	t := &texts{names: names, patterns: patterns, longest: longest, at: map[string]int32{}}
	if len(patterns) == 0 {
		t.addClass(nil, t.unnamed())
		return t, true
	}
	return t, t.divide()
}

func (t *texts) addClass(matches []bool, example string) {
	t.at[matchKey(matches)] = int32(len(t.classes))
	t.classes = append(t.classes, textClass{matches, example})
}

func matchKey(matches []bool) string {
	key := make([]byte, len(matches))
	for i, m := range matches {
		if m {
			key[i] = 1
		}
	}
	return string(key)
}

// match says which patterns a text matches.
func (t *texts) match(s string) []bool {
	out := make([]bool, len(t.patterns))
	for i, p := range t.patterns {
		out[i] = policy.MatchGlob(p, s)
	}
	return out
}

// atom is that of a text; -1 where the classes were too many to find that of the text.
func (t *texts) atom(s string) int32 {
	if i, ok := slices.BinarySearch(t.names, s); ok {
		return int32(i)
	}
	if i, ok := t.at[matchKey(t.match(s))]; ok {
		return int32(len(t.names)) + i
	}
	return -1
}

// matching are the atoms of the texts that match a pattern.
func (t *texts) matching(pattern string) []atomRange {
	var out []atomRange
	add := func(atom int) {
		if n := len(out); n > 0 && out[n-1].hi == int32(atom) {
			out[n-1].hi++
		} else {
			out = append(out, atomRange{int32(atom), int32(atom) + 1})
		}
	}
	for i, s := range t.names {
		if policy.MatchGlob(pattern, s) {
			add(i)
		}
	}
	which := slices.Index(t.patterns, pattern)
	for i := range t.classes {
		if t.classes[i].matches[which] {
			add(len(t.names) + i)
		}
	}
	return out
}

// unnamed is a text that no test names.
func (t *texts) unnamed() string {
	s := "other"
	for i := 0; slices.Contains(t.names, s); i++ {
		s = fmt.Sprint("other", i)
	}
	return s
}

// textState is how far a text has gone through the names and patterns together: pairs of the index of one, and of the place
// in it that is reached. Names are patterns without a star. Pairs ascend.
type textState []textPlace

type textPlace struct{ of, at int32 }

// divide walks through all texts at once: breadth first through the sets of places that a text can have reached, one for
// each character that matters and one for all others. Two texts that reach the same set match the same patterns for ever
// after, so that there are finitely many, and each set is seen with a shortest text. What only a text could reach that is too
// long is no class; where letters have several bytes it may be one.
func (t *texts) divide() bool {
	all := append(slices.Clone(t.patterns), t.names...)
	patterns := make([][]rune, len(all))
	literal := make([]bool, len(all))
	seen := map[rune]bool{}
	var letters []rune
	for i, p := range all {
		patterns[i] = []rune(p)
		literal[i] = i >= len(t.patterns)
		for _, r := range patterns[i] {
			if (r != '*' || literal[i]) && !seen[r] {
				seen[r] = true
				letters = append(letters, r)
			}
		}
	}
	slices.Sort(letters)
	letters = append([]rune{otherLetter(seen)}, letters...)
	single := letters[len(letters)-1] < utf8.RuneSelf && letters[0] < utf8.RuneSelf
	star := func(p textPlace) bool {
		return !literal[p.of] && int(p.at) < len(patterns[p.of]) && patterns[p.of][p.at] == '*'
	}
	// closed adds the places behind stars, which may stand for nothing.
	closed := func(list textState) textState {
		for i := 0; i < len(list); i++ {
			if star(list[i]) {
				list = append(list, textPlace{list[i].of, list[i].at + 1})
			}
		}
		slices.SortFunc(list, func(a, b textPlace) int {
			if a.of != b.of {
				return int(a.of - b.of)
			}
			return int(a.at - b.at)
		})
		return slices.Compact(list)
	}
	var start textState
	for i := range all {
		start = append(start, textPlace{int32(i), 0})
	}
	type reached struct {
		state textState
		text  string
	}
	queue := []reached{{closed(start), ""}}
	known := map[string]bool{stateKey(queue[0].state): true}
	steps := 0
	for len(queue) > 0 {
		now := queue[0]
		queue = queue[1:]
		if single && len(now.text) > t.longest {
			break // those behind it are no shorter
		}
		matches, named := make([]bool, len(t.patterns)), false
		for _, p := range now.state {
			if int(p.at) == len(patterns[p.of]) {
				if literal[p.of] {
					named = true
				} else {
					matches[p.of] = true
				}
			}
		}
		if _, ok := t.at[matchKey(matches)]; !ok && !named {
			if len(t.classes) >= maxTextClasses {
				return false
			}
			t.addClass(matches, now.text)
		}
		for _, letter := range letters {
			if steps += len(now.state) + 1; steps > maxTextSteps {
				return false
			}
			var next textState
			for _, p := range now.state {
				switch {
				case int(p.at) == len(patterns[p.of]):
				case star(p):
					next = append(next, p)
				case patterns[p.of][p.at] == letter:
					next = append(next, textPlace{p.of, p.at + 1})
				}
			}
			next = closed(next)
			if key := stateKey(next); !known[key] {
				known[key] = true
				queue = append(queue, reached{next, now.text + string(letter)})
			}
		}
	}
	t.polish()
	return true
}

// polish gives classes examples that say more than the shortest text does: the patterns themselves with something for their
// stars, and "other" for what matches none.
func (t *texts) polish() {
	better := map[int32]bool{}
	try := func(s string) {
		if len(s) > t.longest {
			return
		}
		if atom := t.atom(s); int(atom) >= len(t.names) {
			if i := atom - int32(len(t.names)); !better[i] {
				better[i] = true
				t.classes[i].example = s
			}
		}
	}
	for i, s := 0, "other"; i < 10; i++ {
		try(s)
		s = fmt.Sprint("other", i)
	}
	for _, p := range t.patterns {
		for _, star := range [...]string{"1", "0", "other", ""} {
			try(strings.ReplaceAll(p, "*", star))
		}
	}
}

// otherLetter is a character that is none of those.
func otherLetter(but map[rune]bool) rune {
	for r := 'a'; r <= 'z'; r++ {
		if !but[r] {
			return r
		}
	}
	r := '0'
	for but[r] {
		r++
	}
	return r
}

func stateKey(s textState) string {
	b := make([]byte, 0, 6*len(s))
	for _, p := range s {
		b = binary.LittleEndian.AppendUint32(b, uint32(p.of))
		b = binary.LittleEndian.AppendUint16(b, uint16(p.at))
	}
	return string(b)
}

// example is a text of the atom.
func (t *texts) example(atom int32) string {
	if int(atom) < len(t.names) {
		return t.names[atom]
	}
	return t.classes[int(atom)-len(t.names)].example
}

// patternTerm is texts that match some patterns and not others: bits of the patterns that count, and which of those match.
type patternTerm struct{ counts, match []bool }

func (x patternTerm) covers(matches []bool) bool {
	for i, c := range x.counts {
		if c && x.match[i] != matches[i] {
			return false
		}
	}
	return true
}

// terms divides the classes among the atoms into as few terms as are found at once: together they cover exactly these. Each
// is as wide as it can be.
func (t *texts) terms(atoms []atomRange) []patternTerm {
	in := make([]bool, len(t.classes))
	for i := range in {
		in[i] = hasAtom(atoms, int32(len(t.names)+i))
	}
	var out []patternTerm
	for i := range t.classes {
		if !in[i] || slices.ContainsFunc(out, func(x patternTerm) bool { return x.covers(t.classes[i].matches) }) {
			continue
		}
		x := patternTerm{make([]bool, len(t.patterns)), t.classes[i].matches}
		for j := range x.counts {
			x.counts[j] = true
		}
		for j := range x.counts {
			x.counts[j] = false
			for k := range t.classes {
				if !in[k] && x.covers(t.classes[k].matches) {
					x.counts[j] = true
					break
				}
			}
		}
		out = append(out, x)
	}
	// A term is superfluous if the others cover all of it.
	for i := 0; i < len(out); {
		others := slices.Concat(out[:i], out[i+1:])
		needed := slices.ContainsFunc(t.classes, func(c textClass) bool {
			return out[i].covers(c.matches) && !slices.ContainsFunc(others, func(x patternTerm) bool { return x.covers(c.matches) })
		})
		if needed {
			i++
		} else {
			out = others
		}
	}
	return out
}

// key is equal only for atoms of the same texts.
func (t *texts) key(atoms []atomRange) string {
	var parts []string
	terms := t.terms(atoms)
	for _, x := range terms {
		var literals []string
		for i, p := range t.patterns {
			if x.counts[i] {
				literals = append(literals, fmt.Sprintf("%t %q", x.match[i], p))
			}
		}
		slices.Sort(literals)
		parts = append(parts, strings.Join(literals, " "))
	}
	slices.Sort(parts)
	for i, s := range t.names {
		// Only what differs from the terms is said.
		matches := t.match(s)
		if is := hasAtom(atoms, int32(i)); is != slices.ContainsFunc(terms, func(x patternTerm) bool { return x.covers(matches) }) {
			parts = append(parts, fmt.Sprintf("%t %q", is, s))
		}
	}
	return fmt.Sprintf("%q", parts)
}

// describeTexts says which texts the atoms are, in the words of policies.
func (v *variable) describeTexts(atoms []atomRange) string {
	t, name := v.texts, "r."+v.field.String()
	is := func(op, s string) string {
		if s == "" && v.field.Info().Nullable {
			return name + op + "nil"
		}
		return fmt.Sprintf("%s%s%q", name, op, s)
	}
	var either []string
	covered := make([]bool, len(t.names))
	terms := t.terms(atoms)
	for _, x := range terms {
		var both []string
		for i, p := range t.patterns {
			if x.counts[i] {
				glob := fmt.Sprintf("%s:glob(%q)", name, p)
				if !x.match[i] {
					glob = "not " + glob
				}
				both = append(both, glob)
			}
		}
		for i, s := range t.names {
			if x.covers(t.match(s)) {
				if covered[i] = true; !hasAtom(atoms, int32(i)) {
					both = append(both, is(" ~= ", s))
				}
			}
		}
		if len(both) == 0 {
			return name + " is anything"
		}
		either = append(either, strings.Join(both, " and "))
	}
	for i, s := range t.names {
		if hasAtom(atoms, int32(i)) && !covered[i] {
			either = append(either, is(" == ", s))
		}
	}
	if len(either) > 1 && len(terms) > 0 {
		return "(" + strings.Join(either, " or ") + ")"
	}
	return strings.Join(either, " or ")
}

// emitTexts writes the tests that find the case of a text: the patterns in the order in which the graph first asks them,
// and before them those texts that lead elsewhere than what matches the same patterns does.
func emitTexts[L comparable](b *Builder[L], v *variable, ends []int32, kids []Ref) Ref {
	t := v.texts
	leads := func(atom int32) Ref {
		i, _ := slices.BinarySearch(ends, atom+1)
		return kids[i]
	}
	// What the patterns alone give: a search, or a target where nothing is left to ask.
	type split struct {
		pattern  int
		yes, no  *split
		target   Ref
		terminal bool
	}
	var plan func(i int, classes []int32) *split
	plan = func(i int, classes []int32) *split {
		first := leads(int32(len(t.names)) + classes[0])
		if !slices.ContainsFunc(classes, func(c int32) bool { return leads(int32(len(t.names))+c) != first }) {
			return &split{target: first, terminal: true}
		}
		for ; ; i++ {
			var yes, no []int32
			for _, c := range classes {
				if t.classes[c].matches[i] {
					yes = append(yes, c)
				} else {
					no = append(no, c)
				}
			}
			if len(yes) > 0 && len(no) > 0 {
				return &split{pattern: i, yes: plan(i+1, yes), no: plan(i+1, no)}
			}
		}
	}
	var write func(s *split) Ref
	write = func(s *split) Ref {
		if s.terminal {
			return s.target
		}
		yes, no := write(s.yes), write(s.no)
		if yes == no {
			return yes
		}
		return b.Node(policy.Test{Kind: policy.Glob, Field: v.field, Text: t.patterns[s.pattern]}, yes, no, v.patternSpans[s.pattern])
	}
	every := make([]int32, len(t.classes))
	for i := range every {
		every[i] = int32(i)
	}
	root := plan(0, every)
	at := write(root)
	for i := len(t.names) - 1; i >= 0; i-- {
		s := root
		for !s.terminal {
			if policy.MatchGlob(t.patterns[s.pattern], t.names[i]) {
				s = s.yes
			} else {
				s = s.no
			}
		}
		if target := leads(int32(i)); target != s.target {
			at = b.Node(policy.Test{Kind: policy.Is, Field: v.field, Text: t.names[i]}, target, at, v.spans[i])
		}
	}
	return at
}
