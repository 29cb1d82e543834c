package graph

import (
	"cmp"
	"slices"
	"sort"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/progress"
)

// Space is the variables that graphs for one request ask about, in the order in which diagrams ask them, and
// for each the atoms: the smallest sets of values that no test of these graphs tells apart. It is immutable.
//
// Variables of different fields are free of each other. A number field can have several: its value, each of its bits that
// is asked for, and what is left when it is divided by each number; and the order of two fields is one. Which atoms of these
// go together is found out exactly where it matters, by looking for a number that has them all; see numbers.
type Space struct {
	request kauth.RequestID
	vars    []variable
	index   map[varKey]int32
	// tooLarge says that the atoms of some variable can't be told, or which of several go together: nothing is reduced
	// over this space.
	tooLarge bool
	// work is that of the graphs.
	work *progress.Work
}

// varKey identifies a variable: a field, the order of two fields, the membership in a group, a bit of a field, or what is
// left of it when it is divided.
type varKey struct {
	kind         policy.TestKind
	field, other kauth.Field
	gid          uint32
	bit, mod     int64
}

// test is the test that asks about the variable, but for what it asks for: a set, an order or a text. It is of no use for
// addresses.
func (k *varKey) test() policy.Test {
	return policy.Test{Kind: k.kind, Field: k.field, Other: k.other, GID: k.gid, Bit: k.bit, Mod: k.mod}
}

type variable struct {
	varKey
	// The atoms. Numbers, and what is left of them: atom i is from starts[i] to before starts[i+1], the last to max.
	// Texts: see texts. Addresses: as numbers. A group: 0 is out, 1 is in. A bit: 0 or 1. The order of two fields: 0 less,
	// 1 equal, 2 greater.
	starts []int64
	max    int64
	texts  *texts
	addrs  []policy.Addr
	atoms  int32
	// spans are places of tests that make an atom begin where it does, by atom; those of texts by name, and patternSpans by
	// pattern.
	spans, patternSpans []diag.Span
}

// atomRange is atoms from lo to before hi.
type atomRange struct{ lo, hi int32 }

// Tested is a graph, whatever its leaves, or [Tests].
type Tested interface {
	tests(func(*policy.Test, *diag.Span))
	// Work is for which work it is looked at, nil if for none that could be stopped.
	Work() *progress.Work
}

// Tests are tests of no graph, which a space has to know all the same.
type Tests []policy.Test

func (list Tests) tests(f func(*policy.Test, *diag.Span)) {
	for i := range list {
		f(&list[i], &diag.Span{})
	}
}

// Work is nil.
func (Tests) Work() *progress.Work { return nil }

func (g *Graph[L]) tests(f func(*policy.Test, *diag.Span)) {
	// From the root on, so that variables are ordered as an evaluation meets them.
	seen := g.reachable(g.Root)
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		if seen[i] {
			f(&g.Nodes[i].Test, &g.Nodes[i].Span)
		}
	}
}

// NewSpace makes the space of all tests of the graphs, which must be for the request. The variables are ordered
// as they are met, graph by graph.
func NewSpace(request kauth.RequestID, graphs ...Tested) *Space {
	s := &Space{request: request, index: map[varKey]int32{}}
	// all has what is met of each variable.
	var all []*cuts
	for _, g := range graphs {
		if s.work == nil {
			s.work = g.Work()
		}
		s.work.Check()
		g.tests(func(t *policy.Test, at *diag.Span) {
			k := keyOf(t)
			i, ok := s.index[k]
			if !ok {
				i = int32(len(s.vars))
				s.index[k] = i
				lo, hi := request.Range(t.Field)
				if t.Kind == policy.Modulus {
					lo, hi = 0, t.Mod-1
				}
				s.vars = append(s.vars, variable{varKey: k, max: hi})
				// The first atom begins with the least value there is.
				all = append(all, &cuts{first: at, least: lo, numbers: []cut[int64]{{lo, at}}, addrs: []cut[policy.Addr]{{at: at}}})
			}
			c, v := all[i], &s.vars[i]
			switch t.Kind {
			case policy.In, policy.Modulus:
				for _, r := range t.Set {
					if c.least < r.Lo && r.Lo <= v.max {
						c.numbers = append(c.numbers, cut[int64]{r.Lo, at})
					}
					if c.least <= r.Hi && r.Hi < v.max {
						c.numbers = append(c.numbers, cut[int64]{r.Hi + 1, at})
					}
				}
			case policy.Is:
				c.texts = append(c.texts, cut[string]{t.Text, at})
			case policy.Glob:
				if !slices.ContainsFunc(c.patterns, func(p cut[string]) bool { return p.value == t.Text }) {
					c.patterns = append(c.patterns, cut[string]{t.Text, at})
				}
			case policy.Within:
				c.addrs = append(c.addrs, cut[policy.Addr]{t.First, at})
				if next, ok := t.Last.Next(); ok {
					c.addrs = append(c.addrs, cut[policy.Addr]{next, at})
				}
			}
		})
	}
	for i, c := range all {
		s.work.Check()
		v := &s.vars[i]
		switch v.kind {
		case policy.In, policy.Modulus:
			v.starts, v.spans = sorted(c.numbers, cmp.Compare)
			v.atoms = int32(len(v.starts))
		case policy.Is:
			var names, patterns []string
			names, v.spans = sorted(c.texts, cmp.Compare)
			for _, p := range c.patterns {
				patterns = append(patterns, p.value)
				v.patternSpans = append(v.patternSpans, *p.at)
			}
			var ok bool
			v.texts, ok = newTexts(names, patterns, v.field.Info().Longest)
			s.tooLarge = s.tooLarge || !ok
			v.atoms = int32(len(names) + len(v.texts.classes))
		case policy.Within:
			v.addrs, v.spans = sorted(c.addrs, policy.Addr.Compare)
			v.atoms = int32(len(v.addrs))
		case policy.Member, policy.Has:
			v.atoms, v.spans = 2, []diag.Span{*c.first, *c.first}
		case policy.Compare:
			v.atoms, v.spans = 3, []diag.Span{*c.first, *c.first, *c.first}
		}
	}
	s.tooLarge = s.tooLarge || s.hard()
	return s
}

// cuts are where the atoms of a variable begin, in the order in which the tests are met.
type cuts struct {
	// first is the place that first asks the variable, least the least number that it can be.
	first           *diag.Span
	least           int64
	numbers         []cut[int64]
	texts, patterns []cut[string]
	addrs           []cut[policy.Addr]
}

// cut says that an atom begins with a value, because of a test at a place.
type cut[T comparable] struct {
	value T
	at    *diag.Span
}

// sorted gives the values in order, each once with the place that was met first.
func sorted[T comparable](list []cut[T], compare func(a, b T) int) ([]T, []diag.Span) {
	// Which of several equal ones was first is told by their positions, because a stable sort takes much longer.
	order := make([]int32, len(list))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int {
		return cmp.Or(compare(list[i].value, list[j].value), cmp.Compare(i, j))
	})
	values, spans := make([]T, 0, len(list)), make([]diag.Span, 0, len(list)+1)
	for _, i := range order {
		if n := len(values); n == 0 || values[n-1] != list[i].value {
			values, spans = append(values, list[i].value), append(spans, *list[i].at)
		}
	}
	return values, spans
}

func keyOf(t *policy.Test) varKey {
	switch t.Kind {
	case policy.Member:
		return varKey{kind: t.Kind, field: t.Field, gid: t.GID}
	case policy.Compare:
		return varKey{kind: t.Kind, field: min(t.Field, t.Other), other: max(t.Field, t.Other)}
	case policy.Has:
		return varKey{kind: t.Kind, field: t.Field, bit: t.Bit}
	case policy.Modulus:
		return varKey{kind: t.Kind, field: t.Field, mod: t.Mod}
	case policy.Glob:
		return varKey{kind: policy.Is, field: t.Field}
	}
	return varKey{kind: t.Kind, field: t.Field}
}

// atomsOf gives the variable that a test asks about and the atoms for which the answer is yes.
func (s *Space) atomsOf(t *policy.Test) (int32, []atomRange) {
	i := s.index[keyOf(t)]
	v := &s.vars[i]
	switch t.Kind {
	case policy.In, policy.Modulus:
		var out []atomRange
		for _, r := range t.Set {
			lo, hi := v.atomAt(r.Lo), v.atoms
			if r.Hi < v.max {
				hi = v.atomAt(r.Hi + 1)
			}
			if lo < hi {
				out = append(out, atomRange{lo, hi})
			}
		}
		return i, out
	case policy.Is:
		at := v.texts.atom(t.Text)
		return i, []atomRange{{at, at + 1}}
	case policy.Glob:
		return i, v.texts.matching(t.Text)
	case policy.Within:
		lo, hi := v.addrAtom(t.First), v.atoms
		if next, ok := t.Last.Next(); ok {
			hi = v.addrAtom(next)
		}
		return i, []atomRange{{lo, hi}}
	case policy.Member, policy.Has:
		return i, []atomRange{{1, 2}}
	}
	order := t.Order
	if t.Field > t.Other {
		order = order.Turned()
	}
	var out []atomRange
	for a := range int32(3) {
		if order>>a&1 != 0 {
			if n := len(out); n > 0 && out[n-1].hi == a {
				out[n-1].hi++
			} else {
				out = append(out, atomRange{a, a + 1})
			}
		}
	}
	return i, out
}

// atomAt is the first atom that starts at or after the number; v.atoms if none does. A number of a test is
// always the start of an atom unless it is out of the field's range.
func (v *variable) atomAt(n int64) int32 {
	return int32(sort.Search(len(v.starts), func(i int) bool { return v.starts[i] >= n }))
}

// atomWith is the atom that the number is in.
func (v *variable) atomWith(n int64) int32 {
	return max(0, int32(sort.Search(len(v.starts), func(i int) bool { return v.starts[i] > n }))-1)
}

func (v *variable) addrAtom(a policy.Addr) int32 {
	return int32(sort.Search(len(v.addrs), func(i int) bool { return v.addrs[i].Compare(a) >= 0 }))
}

// of gives the atom that the request's value is in.
func (v *variable) of(r *policy.Request) int32 {
	switch v.kind {
	case policy.In:
		return v.atomWith(r.Int[v.field])
	case policy.Modulus:
		return v.atomWith(interval.Mod(r.Int[v.field], v.mod))
	case policy.Has:
		if r.Int[v.field]&v.bit != 0 {
			return 1
		}
		return 0
	case policy.Is:
		return v.texts.atom(r.Text(v.field))
	case policy.Within:
		return int32(sort.Search(len(v.addrs), func(i int) bool { return v.addrs[i].Compare(r.Addr) > 0 })) - 1
	case policy.Member:
		if r.InGroup(v.gid) {
			return 1
		}
		return 0
	}
	a, b := r.Int[v.field], r.Int[v.other]
	switch {
	case a < b:
		return 0
	case a == b:
		return 1
	}
	return 2
}

// numbers gives the values of atoms from lo to before hi.
func (v *variable) numbers(lo, hi int32) interval.Range {
	end := v.max
	if hi < v.atoms {
		end = v.starts[hi] - 1
	}
	return interval.Range{Lo: v.starts[lo], Hi: end}
}
