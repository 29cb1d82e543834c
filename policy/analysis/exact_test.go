package analysis

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// Every property here is checked against asking the policies themselves, one request at a time.

// alike reports whether two decisions are the same but for the places in files, which the policies themselves do not
// tell.
func alike(a, b policy.Decision) bool {
	bare := func(d policy.Decision) policy.Decision {
		d.Source.File, d.Source.Line, d.Would.Source.File, d.Would.Source.Line = "", 0, "", 0
		return d
	}
	return bare(a) == bare(b)
}

// drawn are the values that a field is tried with: all that smallTest can tell apart, those beside the values of other
// fields, and more.
func drawn(q *policy.Request, f kauth.Field) []int64 {
	lo, hi := q.ID.Range(f)
	var out []int64
	try := func(v int64) {
		if v >= lo && v <= hi && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	// Numbers are divided by 2 and 3: what is left of them comes again after 6.
	const period = 6
	for v := int64(-20 - period); v <= 14+period; v++ {
		try(v)
	}
	if f.Info().Flags {
		// All that differ in one or two bits, or in three of the lowest.
		for a := range 32 {
			for b := range 32 {
				try(q.Int[f] ^ 1<<a ^ 1<<b)
			}
			try(q.Int[f] ^ 1<<a)
		}
	}
	for _, b := range q.ID.Usual(f) {
		for d := range int64(period) {
			try(b.Lo + d)
			try(b.Hi - d)
		}
	}
	for _, g := range q.ID.Info().Fields.Fields() {
		for d := int64(-1); d <= 1; d++ {
			try(q.Int[g] + d)
		}
	}
	return out
}

// What is left of a graph for one field says of every value of it what the graph says.
func TestGraphsAboutOneField(t *testing.T) {
	ids := kauth.Newest().Requests()
	rapid.Check(t, func(rt *rapid.T) {
		id := rapid.SampledFrom(ids).Draw(rt, "request")
		g, q := smallGraph(rt, id), smallRequest(rt, id)
		for _, f := range id.Info().Fields.Fields() {
			switch f.Info().Kind {
			case kauth.KindString, kauth.KindAddr, kauth.KindGroups:
				continue
			}
			part, ok := onlyAbout(f, g, q)
			if !ok || graph.Fields(part)&^kauth.FieldSet(0).With(f) != 0 {
				rt.Fatalf("%s: %v, of %v", f, ok, graph.Fields(part).Fields())
			}
			for _, v := range drawn(q, f) {
				moved := clone(q)
				moved.SetInt(f, v)
				if got, want := part.Eval(moved), g.Eval(moved); got != want {
					rt.Fatalf("%s = %d gets %v, want %v", f, v, got, want)
				}
			}
		}
	})
}

// The nearest miss is one: it turns the result, and nothing nearer does. Where none is told no other value of the
// field turns it.
func TestNearestMissesAreExact(t *testing.T) {
	ids := kauth.Newest().Requests()
	told := 0
	rapid.Check(t, func(rt *rapid.T) {
		id := rapid.SampledFrom(ids).Draw(rt, "request")
		policies := smallSet(rt, t, id)
		q := smallRequest(rt, id)
		c := compiler(policies...)
		e, err := Explain(c, "web-1", q)
		if err != nil {
			rt.Fatal(err)
		}
		now := decide(policies, q)
		if !alike(e.Decision, now) {
			rt.Fatalf("the decision is %v, want %v", e.Decision, now)
		}
		turns := func(moved *policy.Request) (policy.Decision, bool) {
			d := decide(policies, moved)
			return d, d.Result != now.Result && (likely(moved) || !likely(q))
		}
		for _, f := range id.Info().Fields.Fields() {
			var miss *Miss
			for i := range e.Misses {
				if e.Misses[i].Field == f {
					miss = &e.Misses[i]
				}
			}
			// nearest has what each of the nearest values that turn the result leads to.
			nearest, distance := map[string]policy.Decision{}, ^uint64(0)
			note := func(moved *policy.Request, d uint64) {
				if x, yes := turns(moved); yes && d <= distance {
					if d < distance {
						distance = d
						clear(nearest)
					}
					nearest[FieldText(moved, f)] = x
				}
			}
			switch f.Info().Kind {
			case kauth.KindString:
				for _, s := range []string{"", "a", "b", "ab", "aa", "other"} {
					moved := clone(q)
					if moved.SetText(f, s); s != q.Text(f) {
						note(moved, 1)
					}
				}
			case kauth.KindAddr:
				for _, s := range []string{"0.0.0.0", "9.255.255.255", "10.0.0.0", "10.0.0.1", "10.1.0.1", "10.0.255.255", "10.1.0.0", "10.1.255.255", "10.2.0.0", "10.255.255.255", "11.0.0.0",
					"255.255.255.255", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"} {
					a, err := policy.ParseAddr(s)
					if err != nil {
						rt.Fatal(err)
					}
					moved := clone(q)
					if moved.SetAddr(a); a != q.Addr {
						note(moved, 1)
					}
				}
			case kauth.KindGroups:
				for set := 1; set < 8; set++ {
					moved := clone(q)
					d := uint64(0)
					for g := range uint32(3) {
						if set>>g&1 == 0 {
							continue
						}
						d++
						if slices.Contains(moved.Groups, g) {
							moved.Groups = slices.DeleteFunc(moved.Groups, func(x uint32) bool { return x == g })
						} else {
							moved.Groups = append(moved.Groups, g)
						}
					}
					note(moved, d)
				}
			default:
				for _, v := range drawn(q, f) {
					if v == q.Int[f] {
						continue
					}
					moved := clone(q)
					moved.SetInt(f, v)
					d := uint64(1)
					switch {
					case f.Info().Flags:
						d = uint64(bits.OnesCount64(uint64(v ^ q.Int[f])))
					case f.Info().Kind == kauth.KindInt:
						d = apart(v, q.Int[f])
					}
					note(moved, d)
				}
			}
			switch {
			case miss == nil && len(nearest) > 0:
				rt.Fatalf("%s: nothing is told, but %v turn it", f, nearest)
			case miss == nil:
			case len(nearest) == 0:
				rt.Fatalf("%s: %s is told to turn it, but nothing does", f, miss.To)
			case miss.Distance != distance:
				rt.Fatalf("%s: %s is told to turn it at distance %d, but %v do at %d", f, miss.To, miss.Distance, nearest, distance)
			case f.Info().Kind == kauth.KindInt && !alike(nearest[miss.To], miss.Decision):
				rt.Fatalf("%s: %s is told to turn it into %v, but %v do", f, miss.To, miss.Decision, nearest)
			default:
				told++
			}
		}
		for i := 1; i < len(e.Misses); i++ {
			if e.Misses[i].Distance < e.Misses[i-1].Distance {
				rt.Fatalf("misses are out of order: %v", e.Misses)
			}
		}
	})
	enough(t, told, 20, "misses were looked at")
}

func TestNearestMisses(t *testing.T) {
	number := func(f kauth.Field, lo, hi int64) policy.Test {
		return policy.Test{Kind: policy.In, Field: f, Set: interval.Between(lo, hi)}
	}
	set := func(q *policy.Request, f kauth.Field, v int64) { q.SetInt(f, v) }
	for _, c := range []struct {
		name, request string
		test          policy.Test
		change        func(*policy.Request)
		want          []string
	}{
		{"a number", "network.bind.port", number(kauth.FieldPort, 8080, 8090), func(q *policy.Request) { set(q, kauth.FieldPort, 8092) }, []string{"port 8092 -> 8090"}},
		{"a name before a number", "network.socket.open", number(kauth.FieldType, 3, 3), func(q *policy.Request) { set(q, kauth.FieldType, 3) }, []string{`type "raw" -> "dgram"`}},
		{"the smaller of two fields", "process.rlimit.set", policy.Test{Kind: policy.Compare, Field: kauth.FieldCur, Other: kauth.FieldMax, Order: policy.Less},
			func(q *policy.Request) { set(q, kauth.FieldCur, 10); set(q, kauth.FieldMax, 13) }, []string{"cur 10 -> 13", "max 13 -> 10"}},
		{"a group", "system.reboot", policy.Test{Kind: policy.Member, Field: kauth.FieldGroups, GID: 7}, func(q *policy.Request) { q.SetGroups(3) },
			[]string{"groups {3} -> {3, 7}", "egid 100 -> 7"}},
		{"the effective group", "system.reboot", policy.Test{Kind: policy.Member, Field: kauth.FieldGroups, GID: 100}, func(*policy.Request) {}, []string{"egid 100 -> 99"}},
		{"an address", "network.bind.port", policy.WithinPrefix(policy.Prefix{Addr: policy.Addr{Version: 4, Hi: 10 << 56}, Bits: 8}),
			func(*policy.Request) {}, []string{"addr 10.0.0.1 -> 9.255.255.255"}},
		{"no name of an interface", "network.interface.setpriv", policy.Test{Kind: policy.Is, Field: kauth.FieldIfname}, func(q *policy.Request) { q.SetText(kauth.FieldIfname, "") }, []string{`ifname nil -> "other"`}},
		{"a process that is another one", "process.signal", number(kauth.FieldTargetSameCell, 1, 1),
			func(q *policy.Request) { set(q, kauth.FieldTargetSameCell, 1); set(q, kauth.FieldTargetIsSelf, 1) }, nil},
		{"the last number", "process.rlimit.set", number(kauth.FieldCur, kauth.Unlimited, kauth.Unlimited), func(q *policy.Request) { set(q, kauth.FieldCur, kauth.Unlimited) },
			[]string{"cur unlimited -> 9223372036854775806"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			id := request(t, c.request)
			var b graph.Builder[rules.Outcome]
			deny, allow := b.Leaf(rules.Outcome{Answer: policy.Answer{Result: policy.Deny}}), b.Leaf(rules.Outcome{Answer: policy.Answer{Result: policy.Allow}})
			g := b.Graph(b.Node(c.test, deny, allow, diag.Span{}))
			q := graph.Example(id)
			c.change(q)
			e, err := Explain(compiler(rule(t, "p", c.request, func(kauth.RequestID) *graph.Graph[rules.Outcome] { return g })), "web-1", q)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range e.Misses {
				got = append(got, m.Field.String()+" "+m.From+" -> "+m.To)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// changed finds the changes that a request is in.
func changed(list []Change, q *policy.Request) []*Change {
	var out []*Change
	for i := range list {
		if list[i].Request == q.ID && list[i].Region.Contains(q) {
			out = append(out, &list[i])
		}
	}
	return out
}

// A request is in exactly one region if its result changes, else in none.
func TestDiffIsExact(t *testing.T) {
	ids := kauth.Newest().Requests()
	met := 0
	rapid.Check(t, func(rt *rapid.T) {
		id := rapid.SampledFrom(ids).Draw(rt, "request")
		old, new := smallSet(rt, t, id), smallSet(rt, t, id)
		if rapid.Bool().Draw(rt, "shared") {
			new = append(new[:1:1], old...)
			new[0].Name = "q"
		}
		a, b := compiler(old...), compiler(new...)
		changes, err := Diff(a, b, []string{"web-1"})
		if err != nil {
			rt.Fatal(err)
		}
		for range 8 {
			q := smallRequest(rt, id)
			x, y := decide(old, q), decide(new, q)
			in := changed(changes, q)
			probe := kauth.Newest().Flags(id).Has(kauth.Probe)
			differs := x.Result != y.Result || x.Would.Result != y.Would.Result || x.Kept(probe) != y.Kept(probe)
			switch {
			case !differs && len(in) > 0:
				rt.Fatalf("%s does not change, but is in %s", id, in[0].Where)
			case differs && len(in) == 0 && realistic(q):
				rt.Fatalf("%s changes from %v to %v, but is in no region", id, x, y)
			case len(in) > 1:
				rt.Fatalf("%s is in %s and in %s", id, in[0].Where, in[1].Where)
			case len(in) == 1:
				met++
				if c := in[0]; c.Old.Result != x.Result || c.New.Result != y.Result || c.Old.Would.Result != x.Would.Result || c.New.Would.Result != y.Would.Result {
					rt.Fatalf("%s: told %v to %v, but it is %v to %v", id, c.Old, c.New, x, y)
				}
			}
		}
		for _, c := range changes {
			// The example has only what matters, and is answered with it.
			for _, side := range []struct {
				c    *rules.Compiler
				want policy.Decision
			}{{a, c.Old}, {b, c.New}} {
				p, err := side.c.Program("web-1")
				if err != nil {
					rt.Fatal(err)
				}
				if d, err := p.DecideGiven(c.Example); err != nil || *d != side.want {
					rt.Fatalf("%s where %s: the example gets %v, %v; want %v", id, c.Where, d, err, side.want)
				}
			}
			if !realistic(c.Example) {
				rt.Fatalf("%s where %s: nobody can make the example", id, c.Where)
			}
		}
		none, err := Diff(a, compiler(old...), []string{"web-1"})
		if err != nil || len(none) > 0 {
			rt.Fatalf("the same policies differ: %v, %v", none, err)
		}
	})
	enough(t, met, 20, "changes were met")
}

func TestDiffLeavesOutReasonsAndOrder(t *testing.T) {
	deny := func(name, reason string, line int) *rules.Policy {
		return rule(t, name, "system", func(kauth.RequestID) *graph.Graph[rules.Outcome] {
			return graph.Constant(rules.Outcome{Answer: policy.Answer{Result: policy.Deny, Reason: reason, Source: policy.Source{File: "f.lua", Line: line}}})
		})
	}
	old := compiler(deny("a", "one", 1), fixed(t, "b", "machdep", policy.Deny))
	new := compiler(deny("c", "two", 7), fixed(t, "a", "machdep", policy.Deny))
	if changes, err := Diff(old, new, []string{"web-1"}); err != nil || len(changes) > 0 {
		t.Errorf("%v, %v", changes, err)
	}
	audit := deny("a", "one", 1)
	audit.Audit = true
	changes, err := Diff(old, compiler(audit, fixed(t, "b", "machdep", policy.Deny)), []string{"web-1", "db-1"})
	if err != nil || len(changes) == 0 {
		t.Fatalf("%v, %v", changes, err)
	}
	if c := changes[0]; c.Kind() != NowAllowed || c.New.Would.Result != policy.Deny || !slices.Equal(c.Cells, []string{"web-1", "db-1"}) {
		t.Errorf("%+v", c)
	}
}

// An assertion is broken exactly if some request that it is about is not denied.
func TestNeversAreExact(t *testing.T) {
	ids := kauth.Newest().Requests()
	broken := 0
	rapid.Check(t, func(rt *rapid.T) {
		id := rapid.SampledFrom(ids).Draw(rt, "request")
		policies := smallSet(rt, t, id)
		where := smallGraph(rt, id)
		n := &rules.Never{Title: "n", Patterns: []kauth.Pattern{pattern(t, id.String())}}
		if rapid.Bool().Draw(rt, "where") {
			n.Where = &function{graph: func(kauth.RequestID) *graph.Graph[rules.Outcome] { return where }}
		}
		about := func(q *policy.Request) bool { return n.Where == nil || where.Eval(q).Result != policy.Pass }
		c := rules.NewCompiler(&rules.Set{Policies: policies, Nevers: []*rules.Never{n}}, rules.Options{})
		breaches, _, err := Nevers(c, "web-1")
		if err != nil {
			rt.Fatal(err)
		}
		if len(breaches) > 0 {
			broken++
			b := breaches[0]
			full := graph.Example(id)
			for _, f := range b.Example.Given.Fields() {
				full.Int[f] = b.Example.Int[f]
			}
			full.Addr, full.Groups, full.Ifname, full.Fstype, full.TargetCell = b.Example.Addr, b.Example.Groups, b.Example.Ifname, b.Example.Fstype, b.Example.TargetCell
			if d := decide(policies, full); d.Result == policy.Deny || !alike(d, b.Decision) || !about(full) || !realistic(b.Example) {
				rt.Fatalf("the counter-example %v is none: %v", b.Example, d)
			}
			return
		}
		for range 8 {
			q := smallRequest(rt, id)
			if d := decide(policies, q); d.Result != policy.Deny && about(q) && realistic(q) {
				rt.Fatalf("%s is %v, but nothing is told", id, d)
			}
		}
	})
	enough(t, broken, 10, "were broken")
}

// Deny, grant and allow of several policies come to the same in every order and grouping.
func TestCombinationHasNoOrder(t *testing.T) {
	ids := kauth.Newest().Requests()
	rapid.Check(t, func(rt *rapid.T) {
		id := rapid.SampledFrom(ids).Draw(rt, "request")
		policies := smallSet(rt, t, id)
		q := smallRequest(rt, id)
		turned := slices.Clone(policies)
		slices.Reverse(turned)
		one, err := compiler(policies...).Program("web-1")
		if err != nil {
			rt.Fatal(err)
		}
		other, err := compiler(turned...).Program("web-1")
		if err != nil {
			rt.Fatal(err)
		}
		want := decide(policies, q)
		if d := *one.Decide(q); !alike(d, want) {
			rt.Fatalf("%v, want %v", d, want)
		}
		if d := *other.Decide(q); !alike(d, want) {
			rt.Fatalf("the other way round %v, want %v", d, want)
		}
		d := make([]policy.Decision, 3)
		for i := range d {
			d[i] = decide(policies[i%len(policies):][:1], smallRequest(rt, id))
			d[i].Source.Policy = strings.Repeat("p", i+1)
		}
		if d[0].Combine(d[1]) != d[1].Combine(d[0]) || d[0].Combine(d[1]).Combine(d[2]) != d[0].Combine(d[1].Combine(d[2])) || d[0].Combine(d[0]) != d[0] {
			rt.Fatalf("%v", d)
		}
	})
}

// Every policy tells the tests that it made, with values, up to its answer or to a field that is not given.
func TestExplainTellsTests(t *testing.T) {
	id := request(t, "process.rlimit.set")
	var b graph.Builder[rules.Outcome]
	leaf := func(r policy.Result, line int) graph.Ref {
		return b.Leaf(rules.Outcome{Answer: policy.Answer{Result: r, Source: policy.Source{File: "f.lua", Line: line}}})
	}
	at := func(line int) diag.Span { return diag.Span{File: "f.lua", Line: line} }
	group := b.Node(policy.Test{Kind: policy.Member, Field: kauth.FieldGroups, GID: 5}, leaf(policy.Allow, 4), leaf(policy.Deny, 5), at(4))
	order := b.Node(policy.Test{Kind: policy.Compare, Field: kauth.FieldMax, Other: kauth.FieldCur, Order: policy.Less}, leaf(policy.Deny, 3), group, at(3))
	g := b.Graph(b.Node(policy.Test{Kind: policy.In, Field: kauth.FieldResource, Set: interval.Single(8)}, order, leaf(policy.Allow, 2), at(2)))
	c := compiler(fixed(t, "a", "process", policy.Deny), rule(t, "b", id.String(), func(kauth.RequestID) *graph.Graph[rules.Outcome] { return g }))
	for _, x := range []struct {
		name   string
		change func(*policy.Request)
		want   []string
	}{
		{"all given", func(*policy.Request) {}, []string{
			`f.lua:2 r.resource == "nofile" "nofile" true`, `f.lua:3 r.max < r.cur 10 and 7 false`, `f.lua:4 r:in_group(5) 100 and {1, 5} true`, "allow f.lua:4"}},
		{"another resource", func(q *policy.Request) { q.SetInt(kauth.FieldResource, 0) }, []string{`f.lua:2 r.resource == "nofile" "cpu" false`, "allow f.lua:2"}},
		{"no groups", func(q *policy.Request) { q.Given &^= 1 << kauth.FieldGroups }, []string{
			`f.lua:2 r.resource == "nofile" "nofile" true`, `f.lua:3 r.max < r.cur 10 and 7 false`, " "}},
		{"no max", func(q *policy.Request) { q.Given &^= 1 << kauth.FieldMax }, []string{`f.lua:2 r.resource == "nofile" "nofile" true`, " "}},
	} {
		t.Run(x.name, func(t *testing.T) {
			q := graph.Example(id)
			q.SetInt(kauth.FieldResource, 8)
			q.SetInt(kauth.FieldMax, 10)
			q.SetInt(kauth.FieldCur, 7)
			q.SetGroups(1, 5)
			x.change(q)
			e, err := Explain(c, "web-1", q)
			if err != nil {
				t.Fatal(err)
			}
			if len(e.Policies) != 2 || e.Policies[0].Policy != "a" || e.Policies[0].Answer.Result != policy.Deny || len(e.Policies[0].Tests) != 0 {
				t.Errorf("policy a: %+v", e.Policies)
			}
			var got []string
			for _, s := range e.Policies[1].Tests {
				got = append(got, fmt.Sprint(s.Span, " ", s.Test.String(), " ", s.Value, " ", s.Yes))
			}
			a := e.Policies[1].Answer
			got = append(got, a.Result.String()+" "+a.Source.Span().String())
			if !slices.Equal(got, x.want) {
				t.Errorf("%q, want %q", got, x.want)
			}
		})
	}
	// What the decision itself depends on must be given.
	lone := compiler(rule(t, "b", id.String(), func(kauth.RequestID) *graph.Graph[rules.Outcome] { return g }))
	_, err := Explain(lone, "web-1", &policy.Request{ID: id})
	if f, ok := Missing(err); !ok || !relevant(g).Has(f) {
		t.Errorf("%v, want that a field is missing", err)
	}
}

// enough fails a test that has seen too little to show anything. With -short there are a fifth as many draws.
func enough(t *testing.T, n, least int, what string) {
	t.Helper()
	// Of the few that are drawn with -short none may be of a kind by chance; the whole run tells whether they come.
	if n < least && !testing.Short() {
		t.Errorf("only %d %s", n, what)
	}
}
