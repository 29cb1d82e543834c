package analysis

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

func request(t testing.TB, name string) kauth.RequestID {
	t.Helper()
	id, ok := kauth.Find(name)
	if !ok {
		t.Fatalf("no request %s", name)
	}
	return id
}

func pattern(t testing.TB, name string) kauth.Pattern {
	t.Helper()
	p, ok := kauth.FindPattern(name)
	if !ok {
		t.Fatalf("no pattern %s", name)
	}
	return p
}

// function is a decision function that is given as a graph. ask, if it is set, is what the function really does.
type function struct {
	graph func(kauth.RequestID) *graph.Graph[rules.Outcome]
	ask   func(*policy.Request) (policy.Answer, error)
	// steps is what each run takes, 0 for one for each test.
	steps int64
	// compiled, if not nil, gives all that compiling gives.
	compiled func(id kauth.RequestID, cell string) *rules.Compiled
}

func (f *function) Compile(id kauth.RequestID, cell string) *rules.Compiled {
	if f.compiled != nil {
		return f.compiled(id, cell)
	}
	g := f.graph(id)
	return &rules.Compiled{Graph: g, Read: graph.Fields(g)}
}

func (f *function) Ask(r *policy.Request, _ string) (policy.Answer, int64, error) {
	if f.ask != nil {
		a, err := f.ask(r)
		return a, 1, err
	}
	g := f.graph(r.ID)
	outcome, steps := g.Trace(r)
	return outcome.Answer, max(f.steps, int64(len(steps))+1), nil
}

func (f *function) Span() diag.Span { return diag.Span{File: "f.lua", Line: 1} }

// rule is a policy with one function for one pattern.
func rule(t testing.TB, name, on string, g func(kauth.RequestID) *graph.Graph[rules.Outcome]) *rules.Policy {
	t.Helper()
	return &rules.Policy{Name: name, Default: rules.Default{Result: policy.Allow},
		Entries: []rules.Entry{{Pattern: pattern(t, on), Function: &function{graph: g}}}}
}

// fixed is a policy with the same result for all requests of a pattern.
func fixed(t testing.TB, name, on string, result policy.Result) *rules.Policy {
	t.Helper()
	return &rules.Policy{Name: name, Default: rules.Default{Result: policy.Allow},
		Entries: []rules.Entry{{Pattern: pattern(t, on), Result: result, Span: diag.Span{File: name + ".lua", Line: 2}}}}
}

func compiler(policies ...*rules.Policy) *rules.Compiler {
	return rules.NewCompiler(&rules.Set{Policies: policies}, rules.Options{})
}

// smallRange is where small values begin, and the greatest value. Lua has no names for most numbers near the ends of
// 64 bits.
func smallRange(id kauth.RequestID, f kauth.Field) (lo, hi int64) {
	lo, hi = id.Range(f)
	return max(lo, -20), hi
}

// smallTest draws a test whose answer depends on the small values that smallRequests has.
func smallTest(t *rapid.T, id kauth.RequestID) policy.Test {
	fields := id.Info().Fields.Fields()
	f := rapid.SampledFrom(fields).Draw(t, "field")
	switch f.Info().Kind {
	case kauth.KindString:
		if rapid.Bool().Draw(t, "glob") {
			return policy.Test{Kind: policy.Glob, Field: f, Text: rapid.SampledFrom([]string{"a*", "*b", "*"}).Draw(t, "pattern")}
		}
		return policy.Test{Kind: policy.Is, Field: f, Text: rapid.SampledFrom([]string{"", "a"}).Draw(t, "text")}
	case kauth.KindAddr:
		x, err := policy.WithinAddrs(rapid.SampledFrom([]string{"10.0.0.0/8", "10.1.0.0/16", "::/0", "10.0.0.1-10.1.0.0"}).Draw(t, "prefix"))
		if err != nil {
			t.Fatal(err)
		}
		return x
	case kauth.KindGroups:
		return policy.Test{Kind: policy.Member, Field: f, GID: uint32(rapid.IntRange(0, 2).Draw(t, "gid"))}
	case kauth.KindInt:
		other := rapid.SampledFrom(fields).Draw(t, "other")
		if other != f && other.Info().Kind == kauth.KindInt && rapid.IntRange(0, 3).Draw(t, "compare") == 0 {
			return policy.Test{Kind: policy.Compare, Field: f, Other: other, Order: policy.Order(rapid.IntRange(1, 6).Draw(t, "order"))}
		}
	}
	if f.Info().Flags && rapid.Bool().Draw(t, "has") {
		return policy.Test{Kind: policy.Has, Field: f, Bit: 1 << rapid.IntRange(0, 2).Draw(t, "bit")}
	}
	if f.Divisible() && rapid.IntRange(0, 3).Draw(t, "divide") == 0 {
		mod := int64(rapid.IntRange(2, 3).Draw(t, "mod"))
		at := int64(rapid.IntRange(0, int(mod)-1).Draw(t, "left"))
		return policy.Test{Kind: policy.Modulus, Field: f, Mod: mod, Set: interval.Single(at)}
	}
	lo, hi := smallRange(id, f)
	at := lo + int64(rapid.IntRange(0, 4).Draw(t, "at"))
	set := interval.Between(at, min(hi, at+int64(rapid.IntRange(0, 2).Draw(t, "width"))))
	if rapid.Bool().Draw(t, "not") {
		set = set.Complement()
	}
	return policy.Test{Kind: policy.In, Field: f, Set: set}
}

// smallGraph draws a function for a request.
func smallGraph(t *rapid.T, id kauth.RequestID) *graph.Graph[rules.Outcome] {
	var b graph.Builder[rules.Outcome]
	var refs []graph.Ref
	for i, r := range []policy.Result{policy.Pass, policy.Allow, policy.Grant, policy.Deny} {
		refs = append(refs, b.Leaf(rules.Outcome{Answer: policy.Answer{Result: r, Source: policy.Source{File: "f.lua", Line: i + 1}}}))
	}
	refs = append(refs, b.Leaf(rules.Outcome{Answer: policy.Answer{Result: policy.Allow, Record: true, Source: policy.Source{File: "f.lua", Line: 9}}}))
	for i := range rapid.IntRange(0, 10).Draw(t, "nodes") {
		yes, no := rapid.SampledFrom(refs).Draw(t, "yes"), rapid.SampledFrom(refs).Draw(t, "no")
		refs = append(refs, b.Node(smallTest(t, id), yes, no, diag.Span{File: "f.lua", Line: 10 + i}))
	}
	return b.Graph(refs[len(refs)-1])
}

// smallSet draws one to three policies for a request.
func smallSet(t *rapid.T, tb testing.TB, id kauth.RequestID) []*rules.Policy {
	var out []*rules.Policy
	for i := range rapid.IntRange(1, 3).Draw(t, "policies") {
		g := smallGraph(t, id)
		p := rule(tb, fmt.Sprintf("p%d", i), id.String(), func(kauth.RequestID) *graph.Graph[rules.Outcome] { return g })
		p.Audit = rapid.IntRange(0, 3).Draw(t, "audit") == 0
		p.Default.Result = rapid.SampledFrom([]policy.Result{policy.Allow, policy.Deny}).Draw(t, "default")
		p.Default.Span = diag.Span{File: "f.lua", Line: 9}
		out = append(out, p)
	}
	return out
}

// smallRequests gives requests with all combinations of small values, some of them at random if there are many. The
// values lie in every set that smallTest draws, and beside it.
func smallRequest(t *rapid.T, id kauth.RequestID) *policy.Request {
	q := graph.Example(id)
	for _, f := range id.Info().Fields.Fields() {
		switch f.Info().Kind {
		case kauth.KindString:
			q.SetText(f, rapid.SampledFrom([]string{"", "a", "b", "ab", "aa", "other"}).Draw(t, "text"))
		case kauth.KindAddr:
			a, err := policy.ParseAddr(rapid.SampledFrom([]string{"10.0.0.1", "10.1.0.1", "192.0.2.1", "::1"}).Draw(t, "addr"))
			if err != nil {
				t.Fatal(err)
			}
			q.SetAddr(a)
		case kauth.KindGroups:
			var gids []uint32
			for g := range uint32(3) {
				if rapid.Bool().Draw(t, "member") {
					gids = append(gids, g)
				}
			}
			q.SetGroups(gids...)
		default:
			lo, hi := smallRange(id, f)
			q.SetInt(f, min(lo+int64(rapid.IntRange(0, 14).Draw(t, "value")), hi))
		}
	}
	return q
}

// decide asks the policies one by one and combines what they say.
func decide(policies []*rules.Policy, r *policy.Request) policy.Decision {
	out := policy.Allowed
	for i, p := range policies {
		a, _, err := p.Ask(r, "web-1")
		if err != nil {
			panic(err)
		}
		if d := p.Decision(rules.Outcome{Answer: a}); i == 0 {
			out = d
		} else {
			out = out.Combine(d)
		}
	}
	return out
}
