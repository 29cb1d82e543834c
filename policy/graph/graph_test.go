package graph

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
)

func request(t testing.TB, name string) kauth.RequestID {
	id, ok := kauth.Find(name)
	if !ok {
		t.Fatalf("no request %s", name)
	}
	return id
}

// chooser is what random graphs are drawn from: rapid, or a plain generator.
type chooser interface{ IntN(n int) int }

type rapidChooser struct{ t *rapid.T }

func (c rapidChooser) IntN(n int) int { return rapid.IntRange(0, n-1).Draw(c.t, "n") }

var testGlobs = []string{"wm*", "*0", "*", "l*0", "w*"}
var testTexts = []string{"", "wm0", "lo0"}
var testPrefixes = []string{"10.0.0.0/8", "10.1.0.0/16", "10.1.2.3/32", "0.0.0.0/0", "::/0", "2001:db8::/32", "128.0.0.0/1", "10.1.0.1-10.1.2.3", "0.0.0.0-10.0.0.1", "::1-2001:db8::", "10.0.0.1-10.0.0.1"}

// randomTest draws a test on one of the request's fields, with few different operands, so that tests meet.
func randomTest(c chooser, id kauth.RequestID) policy.Test {
	fields := id.Info().Fields.Fields()
	f := fields[c.IntN(len(fields))]
	switch f.Info().Kind {
	case kauth.KindString:
		if c.IntN(2) == 0 {
			return policy.Test{Kind: policy.Glob, Field: f, Text: testGlobs[c.IntN(len(testGlobs))]}
		}
		return policy.Test{Kind: policy.Is, Field: f, Text: testTexts[c.IntN(len(testTexts))]}
	case kauth.KindAddr:
		x, err := policy.WithinAddrs(testPrefixes[c.IntN(len(testPrefixes))])
		if err != nil {
			panic(err)
		}
		return x
	case kauth.KindGroups:
		return policy.Test{Kind: policy.Member, Field: f, GID: uint32(c.IntN(3))}
	case kauth.KindInt:
		if c.IntN(5) == 0 {
			other := fields[c.IntN(len(fields))]
			if other != f && other.Info().Kind == kauth.KindInt {
				return policy.Test{Kind: policy.Compare, Field: f, Other: other, Order: policy.Order(1 + c.IntN(6))}
			}
		}
		if f.Info().Flags && c.IntN(2) == 0 {
			return policy.Test{Kind: policy.Has, Field: f, Bit: 1 << c.IntN(4)}
		}
		if c.IntN(4) == 0 {
			mod := []int64{2, 3, 4, 6}[c.IntN(4)]
			at := int64(c.IntN(int(mod)))
			return policy.Test{Kind: policy.Modulus, Field: f, Mod: mod, Set: interval.Between(at, min(at+int64(c.IntN(2)), mod-1))}
		}
	}
	lo, _ := id.Range(f)
	var set interval.Set
	for range 1 + c.IntN(2) {
		at := lo + int64(c.IntN(8))
		set = set.Union(interval.Between(at, at+int64(c.IntN(3))))
	}
	if c.IntN(4) == 0 {
		set = set.Complement()
	}
	return policy.Test{Kind: policy.In, Field: f, Set: set}
}

func randomGraph(c chooser, id kauth.RequestID, nodes, leaves int) *Graph[int] {
	var b Builder[int]
	var refs []Ref
	for i := range leaves {
		refs = append(refs, b.Leaf(i))
	}
	for i := range nodes {
		yes, no := refs[c.IntN(len(refs))], refs[c.IntN(len(refs))]
		refs = append(refs, b.Node(randomTest(c, id), yes, no, diag.Span{File: "t", Line: i + 1}))
	}
	return b.Graph(refs[len(refs)-1])
}

// randomRequest gives values near the operands of randomTest.
func randomRequest(c chooser, id kauth.RequestID) *policy.Request {
	q := Example(id)
	for _, f := range id.Info().Fields.Fields() {
		switch f.Info().Kind {
		case kauth.KindString:
			all := append(testTexts, "x", "wm", "wm1", "wlan0", "lo00")
			q.SetText(f, all[c.IntN(len(all))])
		case kauth.KindAddr:
			all := []string{"10.0.0.1", "10.1.0.1", "10.1.2.3", "127.0.0.1", "192.0.2.1", "::", "2001:db8::1", "ffff::1"}
			if i := c.IntN(len(all) + 1); i < len(all) {
				a, _ := policy.ParseAddr(all[i])
				q.SetAddr(a)
			} else {
				q.SetAddr(policy.Addr{})
			}
		case kauth.KindGroups:
			var gids []uint32
			for g := range uint32(4) {
				if c.IntN(2) == 0 {
					gids = append(gids, g)
				}
			}
			q.SetGroups(gids...)
		default:
			lo, hi := id.Range(f)
			q.SetInt(f, min(lo+int64(c.IntN(12)), hi))
		}
	}
	return q
}

var testRequests = []string{"network.bind.port", "process.rlimit.set", "network.interface.setpriv", "process.signal", "device.rawio_passthru.read", "system.mount.update", "system.sysvipc.bypass"}

// Every form of a graph gives the same outcome for the same request.
func TestFormsAgree(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := rapidChooser{rt}
		id := request(t, testRequests[c.IntN(len(testRequests))])
		g := randomGraph(c, id, 1+c.IntN(24), 1+c.IntN(4))
		d := NewDiagrams[int](NewSpace(id, g))
		ref, err := Reduce(d, g)
		if err != nil {
			rt.Fatal(err)
		}
		back := d.Graph(ref)
		parts, _ := inParts(g, id, func(nodes int) int { return nodes })
		optimized, _ := Optimize(g, id)
		spelt := Prefixes(g)
		for i := range spelt.Nodes {
			t := &spelt.Nodes[i].Test
			if _, ok := policy.PrefixOf(t.First, t.Last); t.Kind == policy.Within && !ok {
				rt.Fatal("a range is left, which no program can test")
			}
		}
		for range 40 {
			q := randomRequest(c, id)
			want := g.Eval(q)
			for name, got := range map[string]int{"diagram": d.Eval(ref, q), "graph of diagram": back.Eval(q),
				"share": Share(g).Eval(q), "prefixes": spelt.Eval(q), "in parts": parts.Eval(q), "optimized": optimized.Eval(q)} {
				if got != want {
					rt.Fatalf("%s gives %d, the graph %d", name, got, want)
				}
			}
		}
		same, err := equalGraphs(id, g, optimized)
		if err != nil || !same {
			rt.Fatalf("the optimized graph is not equal: %v", err)
		}
	})
}

// Witnesses lie in their regions, and regions are disjoint and complete.
func TestRegions(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := rapidChooser{rt}
		id := request(t, testRequests[c.IntN(len(testRequests))])
		g := randomGraph(c, id, 1+c.IntN(10), 1+c.IntN(3))
		d := NewDiagrams[int](NewSpace(id, g))
		ref, err := Reduce(d, g)
		if err != nil {
			rt.Fatal(err)
		}
		var regions []Region
		d.Regions(ref, func(r Region, leaf int) bool {
			q, ok := r.Witness()
			if !ok {
				rt.Fatalf("region %s has no witness", r)
			}
			if got := g.Eval(q); got != leaf {
				rt.Fatalf("the witness of %s gives %d, want %d", r, got, leaf)
			}
			if !r.Contains(q) {
				rt.Fatalf("the witness is not in %s", r)
			}
			regions = append(regions, r.Clone())
			return true
		})
		for range 20 {
			q := randomRequest(c, id)
			n := 0
			for _, r := range regions {
				if r.Contains(q) {
					n++
				}
			}
			if n != 1 {
				rt.Fatalf("a request is in %d regions", n)
			}
		}
	})
}

// A path leaves the requests that each of its tests leaves, and goes back without a trace.
func TestPath(t *testing.T) {
	ids := []kauth.RequestID{request(t, "network.bind.port"), request(t, "process.signal"), request(t, "system.time.system"), request(t, "system.mount.update")}
	rapid.Check(t, func(rt *rapid.T) {
		c := rapidChooser{rt}
		id := ids[c.IntN(len(ids))]
		var tests []policy.Test
		var b Builder[int]
		at, leaf := b.Leaf(0), b.Leaf(1)
		for range 8 {
			x := randomTest(c, id)
			tests = append(tests, x)
			at = b.Node(x, leaf, at, diag.Span{})
		}
		space := NewSpace(id, b.Graph(at))
		path, stack := space.Path(), []Region{space.Everything()}
		for range 30 {
			if len(stack) > 1 && c.IntN(3) == 0 {
				path.Pop()
				stack = stack[:len(stack)-1]
			} else {
				x, yes := &tests[c.IntN(len(tests))], c.IntN(2) == 0
				next := stack[len(stack)-1].Restrict(x, yes)
				if empty := path.Push(x, yes); empty && !next.Empty() {
					rt.Fatal("the path is empty, but the region is not")
				}
				stack = append(stack, next)
			}
			want := stack[len(stack)-1]
			if path.Region().Key() != want.Key() || path.Region().Empty() != want.Empty() {
				rt.Fatalf("the path leaves\n%s\nwant\n%s", path.Region().Key(), want.Key())
			}
			if _, ok := want.Witness(); path.Feasible() != ok {
				rt.Fatalf("feasible is %v, but a witness is %v", path.Feasible(), ok)
			}
		}
	})
}

// A graph means the same reduced in a space that other graphs' tests have made larger.
func TestReduceInLargerSpace(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := rapidChooser{rt}
		id := request(t, testRequests[c.IntN(len(testRequests))])
		g, h := randomGraph(c, id, 1+c.IntN(12), 3), randomGraph(c, id, 1+c.IntN(12), 3)
		d := NewDiagrams[int](NewSpace(id, h, g))
		x, err := Reduce(d, g)
		if err != nil {
			rt.Fatal(err)
		}
		for range 40 {
			q := randomRequest(c, id)
			if got, want := d.Eval(x, q), g.Eval(q); got != want {
				rt.Fatalf("got %d, want %d", got, want)
			}
		}
	})
}

func TestApply(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := rapidChooser{rt}
		id := request(t, testRequests[c.IntN(len(testRequests))])
		g, h := randomGraph(c, id, 8, 3), randomGraph(c, id, 8, 3)
		s := NewSpace(id, g, h)
		d := NewDiagrams[int](s)
		x, err := Reduce(d, g)
		if err != nil {
			rt.Fatal(err)
		}
		y, err := Reduce(d, h)
		if err != nil {
			rt.Fatal(err)
		}
		p := NewDiagrams[string](s)
		both, err := Apply(p, d, x, d, y, func(a, b int) string { return fmt.Sprint(a, b) })
		if err != nil {
			rt.Fatal(err)
		}
		for range 20 {
			q := randomRequest(c, id)
			if got, want := p.Eval(both, q), fmt.Sprint(g.Eval(q), h.Eval(q)); got != want {
				rt.Fatalf("got %s, want %s", got, want)
			}
		}
	})
}

// chain is "if port == 1 ... elseif port == n", with the uid tested too where wide is true.
func chain(n int, wide bool) *Graph[int] {
	var b Builder[int]
	at := b.Leaf(-1)
	for i := n - 1; i >= 0; i-- {
		yes := b.Leaf(i)
		if wide {
			yes = b.Node(policy.Test{Kind: policy.In, Field: kauth.FieldUID, Set: interval.Single(int64(i * 7))}, yes, at, diag.Span{})
		}
		at = b.Node(policy.Test{Kind: policy.In, Field: kauth.FieldPort, Set: interval.Single(int64(i * 3))}, yes, at, diag.Span{})
	}
	return b.Graph(at)
}

// Decision time grows with the logarithm of the tests on a field.
func TestSearchIsBalanced(t *testing.T) {
	id := request(t, "network.bind.port")
	for _, n := range []int{10, 100, 1000, 10000} {
		_, st := Optimize(chain(n, false), id)
		if limit := 4 + bitLen(n); st.After.Depth > limit {
			t.Errorf("%d tests: depth %d, want at most %d", n, st.After.Depth, limit)
		}
		if st.After.Nodes > 3*n {
			t.Errorf("%d tests became %d", n, st.After.Nodes)
		}
	}
}

func bitLen(n int) int {
	b := 0
	for ; n > 0; n >>= 1 {
		b++
	}
	return b
}

// A chain that alternates between fields has a reduced form that grows with its square. In parts it does not.
func TestInParts(t *testing.T) {
	id := request(t, "network.bind.port")
	rnd := rand.New(rand.NewPCG(3, 4))
	fields := []kauth.Field{kauth.FieldPort, kauth.FieldUID, kauth.FieldGID}
	var b Builder[int]
	at := b.Leaf(-1)
	for i := range 600 {
		v := int64(rnd.IntN(5000))
		at = b.Node(policy.Test{Kind: policy.In, Field: fields[i%3], Set: interval.Between(v, v+int64(rnd.IntN(9)))}, b.Leaf(i%5), at, diag.Span{})
	}
	g := b.Graph(at)
	out, parts := inParts(g, id, partLimit)
	if parts < 4 || len(out.Nodes) > 12*len(g.Nodes) || 2*out.Depth() > g.Depth() {
		t.Errorf("%d nodes, depth %d: became %d in %d parts, depth %d", len(g.Nodes), g.Depth(), len(out.Nodes), parts, out.Depth())
	}
	q := Example(id)
	for range 20000 {
		for _, f := range fields {
			q.SetInt(f, int64(rnd.IntN(5010)))
		}
		if got, want := out.Eval(q), g.Eval(q); got != want {
			t.Fatalf("%v: got %d, want %d", q.Int, got, want)
		}
	}
}

func TestSetsAreOneTest(t *testing.T) {
	id := request(t, "network.bind.port")
	var b Builder[int]
	at, yes := b.Leaf(0), b.Leaf(1)
	for i := range 1000 {
		at = b.Node(policy.Test{Kind: policy.In, Field: kauth.FieldPort, Set: interval.Single(int64(i * 2))}, yes, at, diag.Span{})
	}
	g, st := Optimize(b.Graph(at), id)
	if st.After.Nodes != 1 || len(g.Nodes[0].Test.Set) != 1000 {
		t.Errorf("1000 ports with one outcome became %d tests", st.After.Nodes)
	}
}

func TestOnePrefixIsOneTest(t *testing.T) {
	id := request(t, "network.bind.port")
	for _, text := range testPrefixes {
		x, _ := policy.WithinAddrs(text)
		if _, ok := policy.PrefixOf(x.First, x.Last); !ok {
			continue
		}
		var b Builder[int]
		g := b.Graph(b.Node(x, b.Leaf(1), b.Leaf(0), diag.Span{}))
		if _, st := Optimize(g, id); st.After.Nodes != 1 {
			t.Errorf("%s became %d tests", text, st.After.Nodes)
		}
	}
}

func TestPrefixesAreSearched(t *testing.T) {
	id := request(t, "network.bind.port")
	var b Builder[int]
	at := b.Leaf(-1)
	for i := range 256 {
		p := policy.Prefix{Addr: policy.Addr{Version: 4, Hi: uint64(i) << 56}, Bits: 16}
		at = b.Node(policy.WithinPrefix(p), b.Leaf(i), at, diag.Span{})
	}
	_, st := Optimize(b.Graph(at), id)
	if st.After.Depth > 16 {
		t.Errorf("256 prefixes need up to %d tests", st.After.Depth)
	}
	if st.After.Nodes > 2*256 {
		t.Errorf("256 prefixes became %d tests", st.After.Nodes)
	}
}

func TestSolver(t *testing.T) {
	id := request(t, "process.rlimit.set")
	both := func(tests ...policy.Test) bool {
		var b Builder[bool]
		at := b.Leaf(true)
		for _, x := range tests {
			at = b.Node(x, at, b.Leaf(false), diag.Span{})
		}
		g := b.Graph(at)
		d := NewDiagrams[bool](NewSpace(id, g))
		ref, err := Reduce(d, g)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		d.RegionsOf(ref, func(x bool) bool { return x }, func(r Region, _ bool) bool {
			q, _ := r.Witness()
			found = g.Eval(q)
			return false
		})
		return found
	}
	in := func(f kauth.Field, lo, hi int64) policy.Test {
		return policy.Test{Kind: policy.In, Field: f, Set: interval.Between(lo, hi)}
	}
	cmp := func(a kauth.Field, o policy.Order, b kauth.Field) policy.Test {
		return policy.Test{Kind: policy.Compare, Field: a, Other: b, Order: o}
	}
	const cur, hard, uid = kauth.FieldCur, kauth.FieldMax, kauth.FieldUID
	for i, c := range []struct {
		tests []policy.Test
		want  bool
	}{
		{[]policy.Test{cmp(cur, policy.Less, hard)}, true},
		{[]policy.Test{cmp(cur, policy.Less, hard), in(cur, 5, 9), in(hard, 1, 5)}, false},
		{[]policy.Test{cmp(cur, policy.Less|policy.Equal, hard), in(cur, 5, 9), in(hard, 1, 5)}, true},
		{[]policy.Test{cmp(cur, policy.Equal, hard), in(cur, 5, 9), in(hard, 10, 11)}, false},
		{[]policy.Test{cmp(cur, policy.Less, hard), cmp(hard, policy.Less, uid), cmp(uid, policy.Less, cur)}, false},
		{[]policy.Test{cmp(cur, policy.Less, hard), cmp(hard, policy.Less, uid), in(cur, 3, 3), in(uid, 5, 5)}, true},
		{[]policy.Test{cmp(cur, policy.Less, hard), cmp(hard, policy.Less, uid), in(cur, 3, 3), in(uid, 4, 4)}, false},
		{[]policy.Test{in(cur, kauth.Unlimited-5, kauth.Unlimited-1)}, false}, // none that Lua can hold
		{[]policy.Test{in(cur, kauth.Unlimited-5, kauth.Unlimited)}, true},
	} {
		if got := both(c.tests...); got != c.want {
			t.Errorf("case %d: a solution is found: %v", i, got)
		}
	}
}

func TestTooLarge(t *testing.T) {
	id := request(t, "process.signal")
	g := randomGraph(rand.New(rand.NewPCG(1, 2)), id, 400, 9)
	d := NewDiagrams[int](NewSpace(id, g))
	d.limit = 10
	if _, err := Reduce(d, g); err != ErrTooLarge {
		t.Errorf("got %v", err)
	}
}

func BenchmarkOptimizeChain(b *testing.B) {
	id := request(b, "network.bind.port")
	for _, wide := range []bool{false, true} {
		for _, n := range []int{1000, 10000} {
			g := chain(n, wide)
			b.Run(fmt.Sprintf("wide=%v/n=%d", wide, n), func(b *testing.B) {
				for b.Loop() {
					Optimize(g, id)
				}
			})
		}
	}
}

// Every step by itself keeps what a graph decides, says truly whether it changed anything, and leaves the graph that it was
// given as it was.
func TestSteps(t *testing.T) {
	for _, step := range Steps[int]() {
		if step.Name == "" || step.Does == "" || step.Relies == "" {
			t.Errorf("a step must say what it does and what it relies on, but %+v does not", step)
		}
		rapid.Check(t, func(rt *rapid.T) {
			c := rapidChooser{rt}
			id := request(t, testRequests[c.IntN(len(testRequests))])
			g := randomGraph(c, id, 1+c.IntN(24), 1+c.IntN(4))
			before := fmt.Sprint(*g)
			out, changed := step.Run(g, id)
			if fmt.Sprint(*g) != before {
				rt.Fatalf("%s changed the graph that it was given", step.Name)
			}
			if !changed && fmt.Sprint(out.Size()) != fmt.Sprint(g.Size()) {
				rt.Fatalf("%s says that nothing changed, but made %+v of %+v", step.Name, out.Size(), g.Size())
			}
			if same, err := equalGraphs(id, g, out); err != nil || !same {
				rt.Fatalf("%s changed what the graph decides (%v)", step.Name, err)
			}
			if shared := Share(out); step.Name != "order" && len(shared.Nodes) != len(out.Nodes) {
				rt.Fatalf("%s left %d nodes that could be %d", step.Name, len(out.Nodes), len(shared.Nodes))
			}
		})
	}
}

// The steps do what they are for.
func TestStepsOneByOne(t *testing.T) {
	id := request(t, "network.bind.port")
	port := func(set ...int64) policy.Test {
		return policy.Test{Kind: policy.In, Field: kauth.FieldPort, Set: interval.Between(set[0], set[1])}
	}
	user := policy.Test{Kind: policy.In, Field: kauth.FieldUID, Set: interval.Single(0)}
	for _, c := range []struct {
		name string
		make func(b *Builder[int]) Ref
		// nodes left after each of the steps by itself
		share, order int
	}{
		{"equal nodes", func(b *Builder[int]) Ref {
			x := b.Node(user, b.Leaf(1), b.Leaf(2), diag.Span{})
			y := b.Node(user, b.Leaf(1), b.Leaf(2), diag.Span{})
			return b.Node(port(1, 5), x, b.Node(port(10, 20), y, b.Leaf(3), diag.Span{}), diag.Span{})
		}, 3, 2},
		{"a test without consequence", func(b *Builder[int]) Ref { return b.Node(user, b.Leaf(1), b.Leaf(1), diag.Span{}) }, 0, 0},
		{"nodes that nothing leads to", func(b *Builder[int]) Ref {
			b.Node(user, b.Leaf(1), b.Leaf(2), diag.Span{})
			return b.Node(port(1, 5), b.Leaf(1), b.Leaf(2), diag.Span{})
		}, 1, 1},
		{"a test whose answer is known", func(b *Builder[int]) Ref {
			return b.Node(port(1, 50), b.Node(port(60, 70), b.Leaf(1), b.Leaf(2), diag.Span{}), b.Leaf(3), diag.Span{})
		}, 2, 1},
		{"a test of all values of the field", func(b *Builder[int]) Ref { return b.Node(port(-5, 70000), b.Leaf(1), b.Leaf(2), diag.Span{}) }, 1, 0},
		{"the same variable twice, with another between", func(b *Builder[int]) Ref {
			inner := b.Node(port(1, 50), b.Leaf(1), b.Leaf(2), diag.Span{})
			return b.Node(port(1, 50), b.Node(user, inner, b.Leaf(3), diag.Span{}), b.Leaf(4), diag.Span{})
		}, 3, 2},
	} {
		var b Builder[int]
		g := b.Graph(c.make(&b))
		steps := Steps[int]()
		shared, _ := steps[0].Run(g, id)
		ordered, _ := steps[1].Run(g, id)
		if len(shared.Nodes) != c.share || len(ordered.Nodes) != c.order {
			t.Errorf("%s: share leaves %d nodes, want %d; order leaves %d, want %d", c.name, len(shared.Nodes), c.share, len(ordered.Nodes), c.order)
		}
		best, st := Optimize(g, id)
		if st.Before != g.Size() || st.After != best.Size() || len(st.Steps) != len(steps) || st.Steps[2].After != st.After {
			t.Errorf("%s: the statistics are %+v", c.name, st)
		}
	}
}
