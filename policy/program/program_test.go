package program

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cellsh/policy"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
)

var netbsd = &kauth.NetBSD109912

func request(t testing.TB, name string) kauth.RequestID {
	t.Helper()
	id, ok := kauth.Find(name)
	if !ok {
		t.Fatalf("no request %s", name)
	}
	return id
}

func prefix(t testing.TB, text string) policy.Prefix {
	t.Helper()
	p, err := policy.ParsePrefix(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// chooser is what random programs are drawn from: rapid, or a plain generator.
type chooser interface{ IntN(n int) int }

type rapidChooser struct{ t *rapid.T }

func (c rapidChooser) IntN(n int) int { return rapid.IntRange(0, n-1).Draw(c.t, "n") }

var (
	someNumbers  = []int64{0, 1, 5, 8, 9, 80, 443, 1024, 65535, -1, -20, math.MinInt64, math.MaxInt64, 1 << 53}
	someTexts    = []string{"", "wm0", "lo0", "web-1", "ффс"}
	someGlobs    = []string{"*", "w*", "*0", "*-*", "w*0", "ф*"}
	somePrefixes = []string{"10.0.0.0/8", "10.1.0.0/16", "10.1.2.3/32", "0.0.0.0/0", "::/0", "2001:db8::/32", "::1/128"}
	someRequests = []string{"network.bind.port", "process.rlimit.set", "network.interface.setpriv", "process.signal", "network.bind.anyaddr", "system.mount.update", "device.rawio_passthru"}
)

func pick[T any](c chooser, of []T) T { return of[c.IntN(len(of))] }

// randomNode draws a test on one of the request's fields, Le on few fields often, so that runs of it come up.
func randomNode(t testing.TB, c chooser, id kauth.RequestID) Node {
	fields := id.Info().Fields.Fields()
	n := Node{Field: pick(c, fields)}
	if c.IntN(2) == 0 {
		return Node{Op: Le, Field: []kauth.Field{kauth.FieldUID, kauth.FieldEUID}[c.IntN(2)], K: int64(c.IntN(40))}
	}
	switch n.Field.Info().Kind {
	case kauth.KindString:
		if n.Text = pick(c, someTexts); c.IntN(2) == 0 {
			n.Op, n.Text = Glob, pick(c, someGlobs)
		}
	case kauth.KindAddr:
		n.Op, n.Prefix = InPrefix, prefix(t, pick(c, somePrefixes))
	case kauth.KindGroups:
		n.Op, n.K = Member, int64(c.IntN(4))
	case kauth.KindBool:
		n.K = int64(c.IntN(2))
	default:
		switch n.Op = Op(c.IntN(int(numOps))); n.Op {
		case Mask, Glob:
			if n.Op, n.K = Mask, 1<<c.IntN(8); !n.Field.Info().Flags {
				n.Op = Eq
			}
		case Modulus:
			if n.K = int64(2 + c.IntN(9)); !n.Field.Divisible() {
				n.Op = Le
				break
			}
			for range 1 + c.IntN(2) {
				at := int64(c.IntN(int(n.K)))
				n.Set = n.Set.Union(interval.Between(at, min(n.K-1, at+int64(c.IntN(3)))))
			}
		case InPrefix, Member, InSet:
			n.Op = InSet
			for range 1 + c.IntN(4) {
				at := pick(c, someNumbers)
				n.Set = n.Set.Union(interval.Between(at, max(at, at+int64(c.IntN(9)))))
			}
		case FieldEq, FieldLt, FieldLe:
			if other := pick(c, fields); other != n.Field && other.Info().Kind == n.Field.Info().Kind {
				n.Other = other
				break
			}
			n.Op, n.K = Lt, pick(c, someNumbers)
		default:
			n.K = pick(c, someNumbers)
		}
	}
	return n
}

// randomProgram draws a program of some of someRequests. Anything that is verified can come up: runs of Le that are no
// search trees, nodes that both ways lead to, leaves that say the same.
func randomProgram(t testing.TB, c chooser, most int) *Program {
	var roots []Root
	var nodes []Node
	var leaves []policy.Decision
	for i := range 1 + c.IntN(6) {
		d := policy.Decision{Answer: policy.Answer{Result: policy.Result(1 + c.IntN(3))}}
		d.Reason = []string{"", "reason", "grund äöü"}[c.IntN(3)]
		d.Source = policy.Source{Policy: "p", File: "p.lua", Line: i}
		d.Record = c.IntN(3) == 0
		if c.IntN(3) == 0 {
			d.Would = policy.Answer{Result: policy.Deny, Reason: "would", Source: policy.Source{Policy: "q", File: "q.lua", Line: i}}
		}
		leaves = append(leaves, d)
	}
	for _, name := range someRequests {
		if c.IntN(2) == 0 {
			continue
		}
		id := request(t, name)
		// Built from the end: what a node leads to comes after it.
		var pool []Ref
		for i := range leaves {
			pool = append(pool, LeafRef(i))
		}
		for range c.IntN(most) {
			n := randomNode(t, c, id)
			// The last ones most often, so that paths get long.
			last := pool[max(0, len(pool)-3):]
			n.Yes, n.No = pick(c, last), pick(c, pool)
			if c.IntN(2) == 0 {
				n.Yes, n.No = n.No, n.Yes
			}
			nodes = append(nodes, n)
			pool = append(pool, Ref(len(nodes)-1))
		}
		if c.IntN(2) == 0 {
			// A search by halves, here and there with a constant that is out of order.
			var tree func(lo, hi int64) Ref
			tree = func(lo, hi int64) Ref {
				if hi-lo <= 3 {
					return pick(c, pool)
				}
				n := Node{Op: Le, Field: kauth.FieldUID, K: (lo + hi) / 2}
				if c.IntN(20) == 0 {
					n = randomNode(t, c, id)
				}
				n.Yes, n.No = tree(lo, (lo+hi)/2), tree((lo+hi)/2, hi)
				nodes = append(nodes, n)
				return Ref(len(nodes) - 1)
			}
			pool = append(pool, tree(0, 60))
		}
		roots = append(roots, Root{id, pool[len(pool)-1]})
	}
	slices.SortFunc(roots, func(a, b Root) int { return int(a.Request) - int(b.Request) })
	p, err := New(arrange(roots, nodes, leaves))
	if err != nil {
		t.Fatalf("the program must be sound: %v", err)
	}
	return p
}

// arrange turns nodes that lead to earlier ones into what New takes: only what is reached, and parents first.
func arrange(roots []Root, nodes []Node, leaves []policy.Decision) ([]Root, []Node, []policy.Decision) {
	used := make([]bool, len(nodes))
	said := make([]bool, len(leaves))
	mark := func(r Ref) {
		if leaf, ok := r.Leaf(); ok {
			said[leaf] = true
		} else {
			used[r] = true
		}
	}
	for _, r := range roots {
		mark(r.Ref)
	}
	for i := len(nodes) - 1; i >= 0; i-- {
		if used[i] {
			mark(nodes[i].Yes)
			mark(nodes[i].No)
		}
	}
	at := make([]Ref, len(nodes))
	n := 0
	for i := len(nodes) - 1; i >= 0; i-- {
		if used[i] {
			at[i] = Ref(n)
			n++
		}
	}
	leafAt := make([]Ref, len(leaves))
	var outLeaves []policy.Decision
	for i := range leaves {
		if said[i] {
			leafAt[i] = LeafRef(len(outLeaves))
			outLeaves = append(outLeaves, leaves[i])
		}
	}
	to := func(r Ref) Ref {
		if leaf, ok := r.Leaf(); ok {
			return leafAt[leaf]
		}
		return at[r]
	}
	out := make([]Node, n)
	for i, node := range nodes {
		if used[i] {
			node.Yes, node.No = to(node.Yes), to(node.No)
			out[at[i]] = node
		}
	}
	outRoots := slices.Clone(roots)
	for i := range outRoots {
		outRoots[i].Ref = to(outRoots[i].Ref)
	}
	return outRoots, out, outLeaves
}

func randomRequest(c chooser, id kauth.RequestID) *policy.Request {
	q := &policy.Request{ID: id}
	for _, f := range id.Info().Fields.Fields() {
		switch f.Info().Kind {
		case kauth.KindString:
			q.SetText(f, pick(c, append(someTexts, "x")))
		case kauth.KindAddr:
			a, _ := policy.ParseAddr(pick(c, []string{"", "10.0.0.1", "10.1.0.1", "10.1.2.3", "127.0.0.1", "::1", "2001:db8::1", "ffff::1"}))
			q.SetAddr(a)
		case kauth.KindGroups:
			var gids []uint32
			for g := range uint32(4) {
				if c.IntN(2) == 0 {
					gids = append(gids, g)
				}
			}
			q.SetGroups(gids...)
		default:
			v := int64(c.IntN(42))
			if c.IntN(2) == 0 {
				v = pick(c, someNumbers)
			}
			lo, hi := id.Range(f)
			q.SetInt(f, max(lo, min(v, hi)))
		}
	}
	return q
}

// walk is what Decide must be equal to: from node to node, every test in its general form.
func walk(p *Program, q *policy.Request) policy.Decision {
	at, ok := p.Root(q.ID)
	if !ok {
		return policy.Allowed
	}
	for at >= 0 {
		n := &p.Nodes()[at]
		t := n.Test()
		if at = n.No; t.Eval(q) {
			at = n.Yes
		}
	}
	return *p.Leaf(at)
}

// However a program is evaluated, it decides the same: by Decide with its searches, from node to node, carefully, after
// it was encoded and decoded, and from its bytes alone as docs/format.md says.
func TestEvaluationsAgree(t *testing.T) {
	searches := 0
	rapid.Check(t, func(rt *rapid.T) {
		c := rapidChooser{rt}
		p := randomProgram(t, c, 60)
		searches += len(p.searches)
		text := p.Encode(netbsd)
		decoded, err := Decode(text, netbsd)
		if err != nil {
			rt.Fatal(err)
		}
		for range 40 {
			q := randomRequest(c, request(t, pick(c, someRequests)))
			want := walk(p, q)
			careful, err := p.DecideGiven(q)
			if err != nil {
				rt.Fatal(err)
			}
			fromBytes, err := decideBytes(text, q)
			if err != nil {
				rt.Fatal(err)
			}
			for name, got := range map[string]policy.Decision{"Decide": *p.Decide(q), "decoded": *decoded.Decide(q), "DecideGiven": *careful, "bytes": fromBytes} {
				if got != want {
					rt.Fatalf("%s gives %+v, the nodes %+v for %+v", name, got, want, *q)
				}
			}
		}
	})
	if searches == 0 {
		t.Error("no program had a search")
	}
}

// ports is a program that finds the port among n by halves, as the compiler writes it.
func ports(t testing.TB, n int) *Program {
	var nodes []Node
	leaves := []policy.Decision{policy.Allowed, {Answer: policy.Answer{Result: policy.Deny}}, {Answer: policy.Answer{Result: policy.Grant}}}[:min(3, n)]
	var find func(lo, hi int) Ref
	find = func(lo, hi int) Ref {
		if hi-lo == 1 {
			return LeafRef(lo % 3)
		}
		mid := (lo + hi) / 2
		at := len(nodes)
		nodes = append(nodes, Node{Op: Le, Field: kauth.FieldPort, K: int64(mid*5 - 1)})
		nodes[at].Yes = find(lo, mid)
		nodes[at].No = find(mid, hi)
		return Ref(at)
	}
	root := Root{request(t, "network.bind.port"), find(0, n)}
	p, err := New([]Root{root}, nodes, leaves)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSearch(t *testing.T) {
	for _, c := range []struct{ n, searches int }{{3, 0}, {8, 0}, {9, 1}, {1000, 1}} {
		p := ports(t, c.n)
		if len(p.searches) != c.searches {
			t.Errorf("%d pieces make %d searches", c.n, len(p.searches))
		}
		q := &policy.Request{ID: request(t, "network.bind.port")}
		for port := range int64(65536) {
			q.Int[kauth.FieldPort] = port
			if want, got := LeafRef(min(int(port)/5, c.n-1)%3), p.Decide(q); got != p.Leaf(want) {
				t.Fatalf("%d pieces: port %d gives %s", c.n, port, got.Result)
			}
		}
	}
}

// A run in which every node is reached over very many ways takes no longer to link than others.
func TestSearchOfSharedNodes(t *testing.T) {
	const n = 4000
	var nodes []Node
	for i := range n {
		nodes = append(nodes, Node{Op: Le, Field: kauth.FieldPort, K: int64(i * 7 % n), Yes: Ref(i + 1), No: Ref(i + 1 + i%2)})
	}
	nodes = append(nodes, Node{Op: Eq, Field: kauth.FieldUID, Yes: LeafRef(0), No: LeafRef(1)})
	nodes[n-1].No = n
	p, err := New([]Root{{request(t, "network.bind.port"), 0}}, nodes, []policy.Decision{policy.Allowed, {Answer: policy.Answer{Result: policy.Deny}}})
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 100 {
		q := randomRequest(rnd, request(t, "network.bind.port"))
		if got, want := *p.Decide(q), walk(p, q); got != want {
			t.Fatalf("gives %v, want %v", got, want)
		}
	}
}

func TestDecideDoesNotAllocate(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	p := randomProgram(t, rnd, 60)
	q := randomRequest(rnd, p.Roots()[0].Request)
	if n := testing.AllocsPerRun(100, func() { p.Decide(q) }); n > 0 {
		t.Errorf("a decision allocates %v times", n)
	}
}

func TestMissingFields(t *testing.T) {
	id := request(t, "network.bind.port")
	deny := policy.Decision{Answer: policy.Answer{Result: policy.Deny}}
	p, err := New([]Root{{id, 0}}, []Node{
		{Op: Member, Field: kauth.FieldGroups, K: 5, Yes: 1, No: LeafRef(1)},
		{Op: Eq, Field: kauth.FieldPort, K: 80, Yes: LeafRef(0), No: 2},
		{Op: Eq, Field: kauth.FieldUID, K: 0, Yes: LeafRef(0), No: LeafRef(0)},
	}, []policy.Decision{policy.Allowed, deny})
	if err != nil {
		t.Fatal(err)
	}
	q := &policy.Request{ID: id}
	q.SetGroups(5)
	if d, err := p.DecideGiven(q); err != nil || *d != policy.Allowed {
		t.Errorf("fields that make no difference are needed: %v %v", d, err)
	}
	q.SetGroups(6)
	if _, err := p.DecideGiven(q); err == nil || err.Error() != "the answer depends on egid, which must be given, but is missing" {
		t.Errorf("got %v", err)
	}
	q.SetInt(kauth.FieldEGID, 7)
	if d, err := p.DecideGiven(q); err != nil || *d != deny {
		t.Errorf("got %v %v", d, err)
	}
}

// The request table is sorted by key, and programs sort by request: that must be the same order in every vocabulary.
func TestRequestsSortAsKeys(t *testing.T) {
	for _, v := range kauth.Vocabularies() {
		last := uint32(0)
		for id := range kauth.RequestID(kauth.NumRequests) {
			if n, ok := v.Number(id); ok {
				if n.Key() <= last {
					t.Errorf("NetBSD %s: %s has key %#x after %#x", v.Version, id, n.Key(), last)
				}
				last = n.Key()
			}
		}
	}
}

func BenchmarkSearch(b *testing.B) {
	for _, n := range []int{8, 9, 32, 1000} {
		p := ports(b, n)
		plain := *p
		plain.code, plain.searches = slices.Clone(p.code), nil
		for i := range plain.nodes {
			plain.code[i] = plain.nodes[i].instruction(i)
		}
		rnd := rand.New(rand.NewPCG(1, 2))
		stream := make([]policy.Request, 4096)
		for i := range stream {
			stream[i].ID = request(b, "network.bind.port")
			stream[i].Int[kauth.FieldPort] = int64(rnd.IntN(5 * n))
		}
		for name, p := range map[string]*Program{"search": p, "nodes": &plain} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				i := 0
				for b.Loop() {
					p.Decide(&stream[i&4095])
					i++
				}
			})
		}
	}
}
