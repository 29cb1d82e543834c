package rules

import (
	"fmt"
	"slices"
	"strconv"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// assembler puts the graphs of all requests into one program: equal nodes and leaves once, the nodes of the most
// frequent requests first.
type assembler struct {
	b     graph.Builder[policy.Decision]
	roots []root
	// known has where graphs start that were added before.
	known map[*graph.Graph[policy.Decision]]graph.Ref
}

type root struct {
	id  kauth.RequestID
	ref graph.Ref
}

func newAssembler() *assembler {
	return &assembler{known: map[*graph.Graph[policy.Decision]]graph.Ref{}}
}

// add takes the graph of a request. One that only ever gives an implicit allow needs no place in the program.
func (a *assembler) add(id kauth.RequestID, g *graph.Graph[policy.Decision]) {
	if leaf, ok := g.Root.Leaf(); ok && g.Leaves[leaf] == policy.Allowed {
		return
	}
	at, ok := a.known[g]
	if !ok {
		at = graph.Splice(&a.b, graph.Prefixes(g), a.b.Leaf)
		a.known[g] = at
	}
	a.roots = append(a.roots, root{id, at})
}

// hot are the requests that kernels ask most often, the most frequent first (facts of kern_auth's callers: opens
// of sockets, binds, forks, signals, and one question per process in listings).
var hot = [...]kauth.RequestID{kauth.MustFind("network.socket.open"), kauth.MustFind("network.bind.port"), kauth.MustFind("process.cansee.entry"),
	kauth.MustFind("process.cansee.eproc"), kauth.MustFind("process.signal"), kauth.MustFind("process.fork"), kauth.MustFind("device.rawio_spec.rw"),
	kauth.MustFind("device.rawio_spec.read"), kauth.MustFind("device.rawio_spec.write"), kauth.MustFind("network.bind.privport")}

// program writes the nodes so that children have higher indices than their parents. The spans are the places of the
// nodes in the source, by node.
func (a *assembler) program() (*program.Program, []diag.Span, error) {
	g, refs := graph.ShareAll(&a.b, a.rootRefs())
	heat := map[kauth.RequestID]int{}
	for i, id := range hot {
		heat[id] = len(hot) - i
	}
	order := make([]int, len(a.roots))
	for i := range order {
		order[i] = i
	}
	// The coldest first: what is finished last comes first in the end.
	slices.SortStableFunc(order, func(i, j int) int { return heat[a.roots[i].id] - heat[a.roots[j].id] })
	index := make([]program.Ref, len(g.Nodes))
	done := make([]bool, len(g.Nodes))
	var finished []graph.Ref
	for _, i := range order {
		finished = postOrder(g, refs[i], done, finished)
	}
	for i, r := range finished {
		index[r] = program.Ref(len(finished) - 1 - i)
	}
	// place has where leaves are put, counted from 1.
	place := make([]int, len(g.Leaves))
	leaves := make([]policy.Decision, 0, len(g.Leaves))
	to := func(r graph.Ref) program.Ref {
		leaf, ok := r.Leaf()
		if !ok {
			return index[r]
		}
		if place[leaf] == 0 {
			leaves = append(leaves, g.Leaves[leaf])
			place[leaf] = len(leaves)
		}
		return program.LeafRef(place[leaf] - 1)
	}
	nodes := make([]program.Node, len(finished))
	spans := make([]diag.Span, len(finished))
	for i := len(finished) - 1; i >= 0; i-- {
		n := &g.Nodes[finished[i]]
		node, ok := encodeTest(&n.Test, to(n.Yes), to(n.No))
		if !ok {
			return nil, nil, fmt.Errorf("a test must be one that programs have, but is %s (%s)", &n.Test, n.Span)
		}
		nodes[len(finished)-1-i], spans[len(finished)-1-i] = node, n.Span
	}
	var roots []program.Root
	for i, r := range a.roots {
		roots = append(roots, program.Root{Request: r.id, Ref: to(refs[i])})
	}
	slices.SortFunc(roots, func(x, y program.Root) int { return int(x.Request) - int(y.Request) })
	p, err := program.New(roots, nodes, leaves)
	return p, spans, err
}

func (a *assembler) rootRefs() []graph.Ref {
	refs := make([]graph.Ref, len(a.roots))
	for i, r := range a.roots {
		refs[i] = r.ref
	}
	return refs
}

// postOrder appends the nodes that r leads to and that are not done, children first, without recursion.
func postOrder(g *graph.Graph[policy.Decision], r graph.Ref, done []bool, out []graph.Ref) []graph.Ref {
	type visit struct {
		ref  graph.Ref
		next int
	}
	if r < 0 || done[r] {
		return out
	}
	done[r] = true
	stack := []visit{{r, 0}}
	for len(stack) > 0 {
		v := &stack[len(stack)-1]
		n := &g.Nodes[v.ref]
		if v.next == 2 {
			out = append(out, v.ref)
			stack = stack[:len(stack)-1]
			continue
		}
		// No first: its nodes end up behind those of yes.
		child := [...]graph.Ref{n.No, n.Yes}[v.next]
		v.next++
		if child >= 0 && !done[child] {
			done[child] = true
			stack = append(stack, visit{child, 0})
		}
	}
	return out
}

// encodeTest writes a test as a node of a program; false for one that programs do not have. Where the program has no such
// test but its opposite it is that.
func encodeTest(t *policy.Test, yes, no program.Ref) (n program.Node, ok bool) {
	n, ok = program.Node{Field: t.Field, Yes: yes, No: no}, true
	switch t.Kind {
	case policy.In:
		return encodeSet(t, n), true
	case policy.Is:
		n.Op, n.Text = program.Eq, t.Text
	case policy.Within:
		n.Op = program.InPrefix
		n.Prefix, ok = policy.PrefixOf(t.First, t.Last) // graph.Prefixes has left no others
	case policy.Member:
		n.Op, n.K = program.Member, int64(t.GID)
	case policy.Has:
		n.Op, n.K = program.Mask, t.Bit
	case policy.Modulus:
		n.Op, n.K, n.Set = program.Modulus, t.Mod, t.Set
		if rest := interval.Between(0, t.Mod-1).Minus(t.Set); len(n.Set) == 0 || len(rest) > 0 && len(rest) < len(n.Set) {
			n.Set, n.Yes, n.No = rest, no, yes
		}
	case policy.Glob:
		n.Op, n.Text = program.Glob, t.Text
	case policy.Compare:
		n.Other = t.Other
		switch t.Order {
		case policy.Less:
			n.Op = program.FieldLt
		case policy.Less | policy.Equal:
			n.Op = program.FieldLe
		case policy.Equal:
			n.Op = program.FieldEq
		case policy.Greater:
			n.Op, n.Yes, n.No = program.FieldLe, no, yes
		case policy.Greater | policy.Equal:
			n.Op, n.Yes, n.No = program.FieldLt, no, yes
		case policy.Less | policy.Greater:
			n.Op, n.Yes, n.No = program.FieldEq, no, yes
		default:
			return n, false
		}
	default:
		return n, false
	}
	return n, ok
}

// encodeSet finds the simplest test for a set of numbers.
func encodeSet(t *policy.Test, n program.Node) program.Node {
	info := t.Field.Info()
	bounds := interval.Between(info.Min, info.Max)
	set := t.Set.Intersect(bounds)
	if rest := bounds.Minus(set); simpler(rest, set, info) {
		set, n.Yes, n.No = rest, n.No, n.Yes
	}
	r := set[0]
	switch {
	case len(set) > 1:
		n.Op, n.Set = program.InSet, set
	case r.Lo == r.Hi:
		n.Op, n.K = program.Eq, r.Lo
	case r.Lo == info.Min:
		n.Op, n.K = program.Le, r.Hi
	default:
		n.Op, n.Set = program.InSet, set
	}
	return n
}

// simpler reports whether a test for s is simpler than one for the rest, t.
func simpler(s, t interval.Set, info *kauth.FieldInfo) bool {
	cost := func(s interval.Set) int {
		switch {
		case len(s) == 0:
			return 1 << 30
		case len(s) == 1 && (s[0].Lo == s[0].Hi || s[0].Lo == info.Min):
			return 0
		}
		return len(s)
	}
	return cost(s) < cost(t)
}
