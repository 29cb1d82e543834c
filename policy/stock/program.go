package stock

import (
	"slices"
	"sync"

	"cellsh/policy"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
	"cellsh/policy/secmodel"
)

// Program writes down as a program what secmodel_cell of the revision denies and allows to callers in the place,
// as far as the fields of requests tell: every leaf that denies or grants has the reason. It gives the requests
// too where a rule is left out because it depends on more ([PortReservedByOther]: nobody knows the ports of
// other cells beforehand). Ports that the caller's own cell reserves are given.
//
// Requests that programs of the vocabulary can't answer (asked under a spin lock, or never) are left out silently.
func Program(v *kauth.Vocabulary, rev secmodel.Revision, p Place, ports []uint16, reason string) (prog *program.Program, partial []kauth.RequestID) {
	b := builder{reason: reason, ports: ports, leaves: map[policy.Result]int{}}
	for id := range kauth.RequestID(kauth.NumRequests) {
		if !v.Asks(id) {
			continue
		}
		l := CellListener(rev, p, id)
		if len(l.Rules) == 0 {
			continue
		}
		node, whole := b.listener(id, l)
		if !whole {
			partial = append(partial, id)
		}
		if node != nil {
			b.roots = append(b.roots, rootOf{id, node})
		}
	}
	return b.program(), partial
}

// Fallback is the built-in fallback: what profile high of the current revision denies, as a program. It answers
// for cells of profile low that no program covers, so it leaves the reserved ports to their profile.
func Fallback() *program.Program { return FallbackFor(kauth.Newest()) }

// fallbacks by vocabulary.
var fallbacks sync.Map

// FallbackFor is the built-in fallback of a kernel with that vocabulary. It is made once.
func FallbackFor(v *kauth.Vocabulary) *program.Program {
	if p, ok := fallbacks.Load(v); ok {
		return p.(*program.Program)
	}
	made, _ := Program(v, secmodel.Current, In(secmodel.High), nil, FallbackReason)
	p, _ := fallbacks.LoadOrStore(v, made)
	return p.(*program.Program)
}

// FallbackReason is the reason that the built-in fallback gives for its denials.
const FallbackReason = "no policy answers for this cell; the built-in fallback denies what profile high does"

// tree is a decision under construction: a leaf, or a test with two ways on.
type tree struct {
	leaf    policy.Result
	test    *policy.Test
	yes, no *tree
}

type rootOf struct {
	id   kauth.RequestID
	tree *tree
}

type builder struct {
	reason string
	ports  []uint16
	roots  []rootOf

	nodes    []program.Node
	decision []policy.Decision
	leaves   map[policy.Result]int
}

// listener turns the rules of one request into a tree, nil if it never says anything. The second result is
// false if a rule had to be left out.
func (b *builder) listener(id kauth.RequestID, l *Listener) (*tree, bool) {
	whole := true
	t := &tree{leaf: policy.Allow}
	for _, r := range slices.Backward(l.Rules) {
		tests, ok := b.tests(id, r.When)
		if !ok {
			whole = false
			continue
		}
		if slices.ContainsFunc(tests, func(t policy.Test) bool { return t.Set.Empty() }) {
			continue
		}
		yes := &tree{leaf: r.Answer}
		for i := range slices.Backward(tests) {
			yes = &tree{test: &tests[i], yes: yes, no: t}
		}
		t = yes
	}
	if t.test == nil && t.leaf == policy.Allow {
		return nil, whole
	}
	return t, whole
}

// tests are the tests that a condition is made of; false if a literal can't be tested on the request.
func (b *builder) tests(id kauth.RequestID, c Condition) ([]policy.Test, bool) {
	var tests []policy.Test
	for _, l := range c {
		t, ok := l.Fact.Test()
		if l.Fact == PortReservedByCaller {
			var own interval.Set
			for _, p := range b.ports {
				own = own.Union(interval.Single(int64(p)))
			}
			t, ok = policy.Test{Kind: policy.In, Field: kauth.FieldPort, Set: own}, true
		}
		if !ok || t.Kind != policy.In || t.Needs()&^id.Info().Fields != 0 {
			return nil, false
		}
		if l.Not {
			t.Set = t.Set.Complement()
		}
		lo, hi := id.Range(t.Field)
		t.Set = t.Set.Intersect(interval.Between(lo, hi))
		tests = append(tests, t)
	}
	return tests, true
}

// program numbers the trees. Nodes of different requests that are alike are shared.
func (b *builder) program() *program.Program {
	type placed struct {
		tree *tree
		ref  program.Ref
	}
	// Children need higher numbers than their parents, so the nodes are collected from the leaves and turned.
	var roots []program.Root
	var made []placed
	same := func(x, y *tree) bool {
		return x.test != nil && y.test != nil && x.test.Field == y.test.Field && x.test.Set.Equal(y.test.Set)
	}
	var place func(t *tree) program.Ref
	place = func(t *tree) program.Ref {
		if t.test == nil {
			return b.leaf(t.leaf)
		}
		yes, no := place(t.yes), place(t.no)
		for _, m := range made {
			n := &b.nodes[m.ref]
			if same(m.tree, t) && n.Yes == yes && n.No == no {
				return m.ref
			}
		}
		n := program.Node{Op: program.InSet, Field: t.test.Field, Set: t.test.Set, Yes: yes, No: no}
		if s := t.test.Set; len(s) == 1 && s[0].Lo == s[0].Hi {
			n.Op, n.Set, n.K = program.Eq, nil, s[0].Lo
		}
		b.nodes = append(b.nodes, n)
		ref := program.Ref(len(b.nodes) - 1)
		made = append(made, placed{t, ref})
		return ref
	}
	for _, r := range b.roots {
		roots = append(roots, program.Root{Request: r.id, Ref: place(r.tree)})
	}
	last := program.Ref(len(b.nodes) - 1)
	turn := func(r program.Ref) program.Ref {
		if r < 0 {
			return r
		}
		return last - r
	}
	slices.Reverse(b.nodes)
	for i := range b.nodes {
		b.nodes[i].Yes, b.nodes[i].No = turn(b.nodes[i].Yes), turn(b.nodes[i].No)
	}
	for i := range roots {
		roots[i].Ref = turn(roots[i].Ref)
	}
	p, err := program.New(roots, b.nodes, b.decision)
	if err != nil {
		// The tables are constants; a test builds every program that there can be.
		panic("stock: " + err.Error())
	}
	return p
}

func (b *builder) leaf(r policy.Result) program.Ref {
	i, ok := b.leaves[r]
	if !ok {
		d := policy.Allowed
		if r != policy.Allow {
			d = policy.Decision{Answer: policy.Answer{Result: r, Reason: b.reason}}
		}
		i = len(b.decision)
		b.decision = append(b.decision, d)
		b.leaves[r] = i
	}
	return program.LeafRef(i)
}
