package analysis

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"

	"cellsh/policy"
	"cellsh/policy/graph"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// Miss is a change of one field that turns the result.
type Miss struct {
	Field kauth.Field
	// From and To are the values as policies write them.
	From, To string
	// Distance is how far apart numbers are, how many bits of flags differ, and how many groups; 1 for fields whose values
	// have no distance.
	Distance uint64
	Decision policy.Decision
}

// move is a request with another value in one field.
type move struct {
	request *policy.Request
	// distance as in Miss; near orders values that are equally far.
	distance uint64
	near     [2]uint64
}

// misses gives for each field that the request gives the nearest other value that turns the result, the nearest field
// first. Where the value of a field changes from one end of its range to the other the answers change only where a
// test of the graphs does, so that only the values beside these places are tried. What no process of a cell can ask is
// left out. decide gives false if the answer depends on a field that is not given.
//
// Of flags the nearest are those that differ in the fewest bits, and what is left of a number when it is divided changes all
// over the range: there the nearest values are looked for in each region of the field that has another result.
func misses(graphs []*rules.PolicyGraph, r *policy.Request, decide func(*policy.Request) (policy.Decision, bool)) []Miss {
	now, ok := decide(r)
	if !ok {
		return nil
	}
	tests := map[kauth.Field][]*policy.Test{}
	for _, g := range graphs {
		reach := g.Graph.Reachable()
		for i := range g.Graph.Nodes {
			if !reach[i] {
				continue
			}
			t := &g.Graph.Nodes[i].Test
			for _, f := range t.Needs().Fields() {
				tests[f] = append(tests[f], t)
			}
		}
	}
	absurd := !likely(r)
	var out []Miss
	for _, f := range r.Given.Fields() {
		if len(tests[f]) == 0 {
			continue
		}
		list := moves(f, tests[f], r)
		if f.Info().Flags || slices.ContainsFunc(tests[f], func(t *policy.Test) bool { return t.Kind == policy.Modulus }) {
			list = append(list, regionMoves(f, graphs, r, now.Result, !absurd)...)
		}
		slices.SortStableFunc(list, func(a, b move) int {
			return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.near[0], b.near[0]), cmp.Compare(a.near[1], b.near[1]))
		})
		for _, m := range list {
			if !absurd && !likely(m.request) {
				continue
			}
			if d, ok := decide(m.request); ok && d.Result != now.Result {
				out = append(out, Miss{f, FieldText(r, f), FieldText(m.request, f), m.distance, d})
				break
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Miss) int { return cmp.Compare(a.Distance, b.Distance) })
	return out
}

// moves lists requests with another value in the field: those of which some test may think otherwise.
func moves(f kauth.Field, tests []*policy.Test, r *policy.Request) []move {
	switch f.Info().Kind {
	case kauth.KindString:
		return textMoves(f, tests, r)
	case kauth.KindAddr:
		return addrMoves(tests, r)
	case kauth.KindGroups:
		return groupMoves(tests, r)
	}
	return numberMoves(f, tests, r)
}

// numberMove is the request with another number.
func numberMove(f kauth.Field, r *policy.Request, v int64) move {
	info := f.Info()
	m := move{request: clone(r), distance: 1, near: [2]uint64{apart(v, r.Int[f])}}
	m.request.SetInt(f, v)
	switch {
	case info.Flags:
		m.distance = uint64(bits.OnesCount64(uint64(v ^ r.Int[f])))
	case info.Kind == kauth.KindInt:
		m.distance = m.near[0]
	case info.Kind == kauth.KindNamed:
		// A value that somebody can name says more than one that nobody uses.
		if _, named := info.Names.Name(v); !named {
			m.near = [2]uint64{math.MaxUint64, m.near[0]}
		}
	}
	return m
}

// regionMoves are requests with the nearest numbers in the regions of a field for which the result is another one, while
// all other fields stay as they are.
func regionMoves(f kauth.Field, graphs []*rules.PolicyGraph, r *policy.Request, now policy.Result, likely bool) []move {
	parts := make([]*rules.PolicyGraph, len(graphs))
	for i, g := range graphs {
		part, ok := onlyAbout(f, g.Graph, r)
		if !ok {
			return nil
		}
		about := *g
		about.Graph = part
		parts[i] = &about
	}
	var usual interval.Set
	if likely {
		usual = graph.Usual(r.ID, f)
	}
	d := graph.NewDiagrams[policy.Decision](graph.NewSpace(r.ID, rules.Tested(parts)...))
	all, err := rules.Combine(d, parts)
	if err != nil {
		return nil
	}
	var out []move
	d.RegionsOf(all, func(x policy.Decision) bool { return x.Result != now }, func(region graph.Region, _ policy.Decision) bool {
		for _, v := range region.Nearest(f, r.Int[f], usual) {
			out = append(out, numberMove(f, r, v))
		}
		return true
	})
	return out
}

// onlyAbout is the graph for requests that differ from r in a number field only: tests of others are answered, and no two
// fields are compared. It gives false if a field that is needed is not given.
func onlyAbout(f kauth.Field, g *graph.Graph[rules.Outcome], r *policy.Request) (part *graph.Graph[rules.Outcome], ok bool) {
	ok = true
	part = graph.Rewrite(g, func(b *graph.Builder[rules.Outcome], n *graph.Node, yes, no graph.Ref) graph.Ref {
		t := n.Test
		if !t.Needs().Has(f) {
			switch {
			case t.Needs()&^r.Given != 0:
				// It matters only if it is on the way.
				return b.Leaf(rules.Outcome{Fault: unasked})
			case t.Eval(r):
				return yes
			}
			return no
		}
		switch t.Kind {
		case policy.Compare:
			other := t.Field + t.Other - f
			if !r.Given.Has(other) {
				ok = false
				return no
			}
			order := t.Order
			if f != t.Field {
				order = order.Turned()
			}
			at, bounds := r.Int[other], interval.Between(r.ID.Range(f))
			set := interval.Set{}
			if order&policy.Less != 0 {
				set = set.Union(bounds.Minus(interval.Between(at, math.MaxInt64)))
			}
			if order&policy.Equal != 0 {
				set = set.Union(interval.Single(at))
			}
			if order&policy.Greater != 0 {
				set = set.Union(bounds.Minus(interval.Between(math.MinInt64, at)))
			}
			t = policy.Test{Kind: policy.In, Field: f, Set: set}
		case policy.Member:
			if !r.Given.Has(kauth.FieldGroups) {
				ok = false
				return no
			}
			if slices.Contains(r.Groups, t.GID) {
				return yes
			}
			t = policy.Test{Kind: policy.In, Field: f, Set: interval.Single(int64(t.GID))}
		}
		return b.Node(t, yes, no, n.Span)
	})
	return part, ok
}

func numberMoves(f kauth.Field, tests []*policy.Test, r *policy.Request) []move {
	info := f.Info()
	lo, hi := r.ID.Range(f)
	seen := map[int64]bool{r.Int[f]: true}
	var out []move
	try := func(v int64) {
		if v < lo || v > hi || seen[v] {
			return
		}
		seen[v] = true
		out = append(out, numberMove(f, r, v))
	}
	around := func(v int64) {
		for _, d := range [...]int64{-1, 0, 1} {
			if (d >= 0 || v > math.MinInt64) && (d <= 0 || v < math.MaxInt64) {
				try(v + d)
			}
		}
	}
	for _, t := range tests {
		switch t.Kind {
		case policy.In:
			for _, s := range t.Set {
				around(s.Lo)
				around(s.Hi)
			}
		case policy.Member:
			around(int64(t.GID))
		case policy.Compare:
			if other := t.Field + t.Other - f; r.Given.Has(other) {
				around(r.Int[other])
			}
		}
	}
	for _, b := range r.ID.Usual(f) {
		try(b.Lo)
		try(b.Hi)
	}
	if info.Kind == kauth.KindNamed {
		for _, name := range info.Names.All() {
			v, _ := info.Names.Value(name)
			try(v)
		}
	}
	return out
}

// apart is the distance of two numbers.
func apart(a, b int64) uint64 {
	if a < b {
		a, b = b, a
	}
	return uint64(a) - uint64(b)
}

func textMoves(f kauth.Field, tests []*policy.Test, r *policy.Request) []move {
	seen := map[string]bool{r.Text(f): true}
	var out []move
	try := func(s string) {
		if !seen[s] {
			seen[s] = true
			m := move{request: clone(r), distance: 1, near: [2]uint64{uint64(len(out))}}
			m.request.SetText(f, s)
			out = append(out, m)
		}
	}
	for _, t := range tests {
		if t.Kind == policy.Is {
			try(t.Text)
		}
	}
	// And one of each kind that the tests tell apart.
	var all graph.Tests
	for _, t := range slices.Backward(tests) {
		all = append(all, *t)
	}
	for _, s := range graph.NewSpace(r.ID, all).Texts(f) {
		try(s)
	}
	return out
}

func addrMoves(tests []*policy.Test, r *policy.Request) []move {
	seen := map[policy.Addr]bool{r.Addr: true}
	var out []move
	try := func(a policy.Addr, ok bool) {
		if !ok || seen[a] {
			return
		}
		seen[a] = true
		m := move{request: clone(r), distance: 1, near: [2]uint64{math.MaxUint64, math.MaxUint64}}
		if x, y := a, r.Addr; x.Version == y.Version {
			if x.Compare(y) < 0 {
				x, y = y, x
			}
			var borrow uint64
			m.near[1], borrow = bits.Sub64(x.Lo, y.Lo, 0)
			m.near[0], _ = bits.Sub64(x.Hi, y.Hi, borrow)
		}
		m.request.SetAddr(a)
		out = append(out, m)
	}
	for _, t := range tests {
		first, last := t.First, t.Last
		try(first, true)
		try(last, true)
		try(first.Prev())
		try(last.Next())
	}
	try(policy.Addr{}, true)
	return out
}

// maxToggled is how many groups there may be for all sets of them to be tried; of more only those that differ in one or
// two groups are.
const maxToggled = 10

// groupMoves tries the sets of the groups that tests name. Whether the caller is in the effective group is not up to
// them.
func groupMoves(tests []*policy.Test, r *policy.Request) []move {
	var gids []uint32
	for _, t := range tests {
		if t.Kind == policy.Member {
			gids = append(gids, t.GID)
		}
	}
	slices.Sort(gids)
	gids = slices.Compact(gids)
	var out []move
	toggle := func(list ...uint32) {
		m := move{request: clone(r), distance: uint64(len(list)), near: [2]uint64{uint64(len(out))}}
		groups := m.request.Groups
		for _, gid := range list {
			if slices.Contains(groups, gid) {
				groups = slices.DeleteFunc(groups, func(g uint32) bool { return g == gid })
			} else {
				groups = append(groups, gid)
			}
		}
		m.request.SetGroups(groups...)
		out = append(out, m)
	}
	if len(gids) <= maxToggled {
		for set := 1; set < 1<<len(gids); set++ {
			var list []uint32
			for i, gid := range gids {
				if set>>i&1 != 0 {
					list = append(list, gid)
				}
			}
			toggle(list...)
		}
		return out
	}
	for i, a := range gids {
		toggle(a)
		for _, b := range gids[:i] {
			toggle(a, b)
		}
	}
	return out
}

func clone(r *policy.Request) *policy.Request {
	q := *r
	q.Groups = slices.Clone(r.Groups)
	return &q
}

// FieldText is the value of a field as policies write it.
func FieldText(r *policy.Request, f kauth.Field) string {
	switch f.Info().Kind {
	case kauth.KindString:
		if r.Text(f) == "" && f.Info().Nullable {
			return "nil"
		}
		return fmt.Sprintf("%q", r.Text(f))
	case kauth.KindAddr:
		if r.Addr.Version == 0 {
			return "nil"
		}
		return r.Addr.String()
	case kauth.KindGroups:
		parts := make([]string, len(r.Groups))
		for i, g := range r.Groups {
			parts[i] = fmt.Sprint(g)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return f.FormatValue(r.Int[f])
}

// relevant is the fields that the graphs look at: a request that gives them can be decided and explained.
func relevant(graphs ...graph.Tested) kauth.FieldSet {
	var out kauth.FieldSet
	for _, g := range graphs {
		out |= graph.Fields(g)
	}
	return out
}

// only is the request with no more fields than these.
func only(r *policy.Request, fields kauth.FieldSet) *policy.Request {
	q := clone(r)
	q.Given &= fields
	return q
}
