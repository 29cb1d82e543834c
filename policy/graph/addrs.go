package graph

import (
	"slices"
	"sort"

	"cellsh/policy"
	"cellsh/policy/diag"
)

// All addresses of a version.
var allV4, allV6 = policy.Prefix{Addr: policy.Addr{Version: 4}}, policy.Prefix{Addr: policy.Addr{Version: 6}}

// addrCase is a range of addresses, from lo up to before the next case, and where they lead.
type addrCase struct {
	lo     policy.Addr
	target Ref
	span   diag.Span
}

// addrEntry says where addresses within a prefix lead, unless they lie within a longer one.
type addrEntry struct {
	prefix policy.Prefix
	target Ref
	span   diag.Span
}

// emitAddrs writes the prefix tests that find the case of an address: first as the smallest table of prefixes of
// which the longest match counts, then as a search that each time tests for a prefix with about half of the table
// within it. So the tests on a path grow with the logarithm of the table.
func emitAddrs[L comparable](b *Builder[L], v *variable, ends []int32, kids []Ref) Ref {
	cases := make([]addrCase, len(kids))
	lo := int32(0)
	for i, k := range kids {
		cases[i] = addrCase{v.addrs[lo], k, v.spans[lo]}
		lo = ends[i]
	}
	// The first case is that of no address, which lies within no prefix: it is the default.
	var table []addrEntry
	for _, all := range [...]policy.Prefix{allV4, allV6} {
		table = addEntries(table, wants(all, within(cases, all)), cases[0].target)
	}
	return searchAddrs(b, table, cases[0].target)
}

// within gives the cases inside the prefix, the first cut to begin with it.
func within(cases []addrCase, p policy.Prefix) []addrCase {
	first, last := p.First(), p.Last()
	from := 0
	for from+1 < len(cases) && cases[from+1].lo.Compare(first) <= 0 {
		from++
	}
	to := from + 1
	for to < len(cases) && cases[to].lo.Compare(last) <= 0 {
		to++
	}
	out := slices.Clone(cases[from:to])
	out[0].lo = first
	return out
}

// want is a prefix with the targets that it can have in a smallest table, and its halves where they differ.
type want struct {
	prefix    policy.Prefix
	targets   []Ref
	span      diag.Span
	low, high *want
}

// wants finds the possible targets from the longest prefixes up: what both halves can have, or else what either
// can.
func wants(p policy.Prefix, cases []addrCase) *want {
	w := &want{prefix: p, span: cases[0].span}
	if !slices.ContainsFunc(cases, func(c addrCase) bool { return c.target != cases[0].target }) {
		w.targets = []Ref{cases[0].target}
		return w
	}
	low, high := halves(p)
	w.low, w.high = wants(low, within(cases, low)), wants(high, within(cases, high))
	for _, t := range w.low.targets {
		if slices.Contains(w.high.targets, t) {
			w.targets = append(w.targets, t)
		}
	}
	if w.targets == nil {
		w.targets = append(slices.Clone(w.low.targets), w.high.targets...)
	}
	return w
}

// addEntries adds an entry wherever what is inherited from shorter prefixes won't do.
func addEntries(table []addrEntry, w *want, inherited Ref) []addrEntry {
	if !slices.Contains(w.targets, inherited) {
		inherited = w.targets[0]
		table = append(table, addrEntry{w.prefix, inherited, w.span})
	}
	if w.low != nil {
		table = addEntries(table, w.low, inherited)
		table = addEntries(table, w.high, inherited)
	}
	return table
}

// searchAddrs writes the tests for a table in the order of its prefixes, every one before those within it. rest is
// where addresses lead that are in none.
func searchAddrs[L comparable](b *Builder[L], table []addrEntry, rest Ref) Ref {
	if len(table) == 0 {
		return rest
	}
	p := middle(table)
	from, to := entriesIn(table, p)
	inside, outside := table[from:to], slices.Concat(table[:from], table[to:])
	span, target := inside[0].span, rest
	if inside[0].prefix == p {
		target, inside = inside[0].target, inside[1:]
	} else {
		// A prefix that only divides the table: what surrounds it counts within it too.
		for _, e := range table[:from] {
			if e.prefix.Contains(p.Addr) {
				target = e.target
			}
		}
	}
	yes := searchAddrs(b, inside, target)
	no := searchAddrs(b, outside, rest)
	return b.Node(policy.WithinPrefix(p), yes, no, span)
}

// smallTable is for how many entries a search does with the prefixes of the table: dividing it by others would cost
// more tests than it saves.
const smallTable = 8

// middle gives a prefix with about half of the table within it, and not all.
func middle(table []addrEntry) policy.Prefix {
	n := len(table)
	if n > smallTable {
		p, q := allV4, allV6
		for {
			from, to := entriesIn(table, p)
			if low, high := entriesIn(table, q); high-low > to-from {
				p, from, to = q, low, high
			}
			// The larger half has at least a third if it has not two thirds.
			if 3*(to-from) <= 2*n {
				return p
			}
			p, q = halves(p)
		}
	}
	best, bestOff := table[0].prefix, n+1
	for _, e := range table {
		from, to := entriesIn(table, e.prefix)
		off := 2*(to-from) - n
		if off = max(off, -off); off < bestOff {
			best, bestOff = e.prefix, off
		}
	}
	return best
}

// entriesIn gives the range of the entries that lie within a prefix.
func entriesIn(table []addrEntry, p policy.Prefix) (from, to int) {
	last := p.Last()
	from = sort.Search(len(table), func(i int) bool {
		c := table[i].prefix.Addr.Compare(p.Addr)
		return c > 0 || c == 0 && table[i].prefix.Bits >= p.Bits
	})
	to = from + sort.Search(len(table)-from, func(i int) bool { return table[from+i].prefix.Addr.Compare(last) > 0 })
	return from, to
}

// Prefixes is the graph with each test for a range of addresses written as tests for the prefixes that make it up, which is
// what a kernel can test. It is the graph itself where there is none.
func Prefixes[L comparable](g *Graph[L]) *Graph[L] {
	isRange := func(t *policy.Test) bool {
		_, ok := policy.PrefixOf(t.First, t.Last)
		return t.Kind == policy.Within && !ok
	}
	if !slices.ContainsFunc(g.Nodes, func(n Node) bool { return isRange(&n.Test) }) {
		return g
	}
	return Rewrite(g, func(b *Builder[L], n *Node, yes, no Ref) Ref {
		if !isRange(&n.Test) {
			return b.Node(n.Test, yes, no, n.Span)
		}
		for _, p := range slices.Backward(prefixesBetween(n.Test.First, n.Test.Last)) {
			no = b.Node(policy.WithinPrefix(p), yes, no, n.Span)
		}
		return no
	})
}

// prefixesBetween gives the fewest prefixes that are together the addresses from first to last, in order.
func prefixesBetween(first, last policy.Addr) []policy.Prefix {
	var out []policy.Prefix
	var walk func(p policy.Prefix)
	walk = func(p policy.Prefix) {
		switch from, to := p.First(), p.Last(); {
		case to.Compare(first) < 0 || from.Compare(last) > 0:
		case from.Compare(first) >= 0 && to.Compare(last) <= 0:
			out = append(out, p)
		default:
			low, high := halves(p)
			walk(low)
			walk(high)
		}
	}
	if first.Version == 4 {
		walk(allV4)
	} else {
		walk(allV6)
	}
	return out
}

// halves of a prefix that is not a single address.
func halves(p policy.Prefix) (low, high policy.Prefix) {
	low = policy.Prefix{Addr: p.Addr, Bits: p.Bits + 1}
	high = low
	if p.Bits < 64 {
		high.Addr.Hi |= 1 << (63 - p.Bits)
	} else {
		high.Addr.Lo |= 1 << (127 - p.Bits)
	}
	return low, high
}
