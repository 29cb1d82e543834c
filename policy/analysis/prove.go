package analysis

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/progress"
	"cellsh/policy/rules"
)

// Proof says how far graphs and programs were shown to decide as the functions do.
type Proof struct {
	// Edges are the outcomes of tests that some request takes; EdgesCovered those that a request was put through the
	// function for.
	Edges, EdgesCovered int
	// Boundaries are the values just below, at and above each limit that a test has, numbers, what is left of them and
	// addresses; texts that a pattern just matches, and just does not; and for comparisons of two fields less, equal and
	// greater, where a request can get there with it. BoundariesCovered are those that were tried.
	Boundaries, BoundariesCovered int
	// Infeasible are outcomes that no request takes. Undecided are those for which that was too costly to tell.
	Infeasible, Undecided int
	// Asked is how many requests were put through functions.
	Asked int
	// Programs that were compared exactly with the policies; TooLarge are those for which that would have been too costly.
	Programs, TooLarge int
	// Limited says that the effort allowed was used up.
	Limited bool
	// Differences are requests for which graphs and functions disagree, at most 100, and Differing is how many there are.
	Differences []Difference
	Differing   int
	// Mismatches are programs that do not say what the policies say. Both are faults of the compiler.
	Mismatches []error
}

// Failed reports whether anything was found that must not be.
func (p *Proof) Failed() bool { return p.Differing > 0 || len(p.Mismatches) > 0 }

// Problems are the differences and mismatches as errors.
func (p *Proof) Problems() diag.List {
	out := differenceProblems(p.Differences, p.Differing)
	for _, err := range p.Mismatches {
		out = append(out, diag.Diagnostic{Code: diag.ProofDiffers, Message: err.Error(), Hint: "this is a fault of cellsh: please report it"})
	}
	return out
}

// ProveOptions bound the effort. The zero value does not.
type ProveOptions struct {
	// Effort is how many tests, counted along the paths of all requests that are tried, are enough; 0 is no bound. With
	// a bound only some of the outcomes that are hard to get to are decided one by one.
	Effort int
}

// Prove compares the policies' graphs with their functions in the cells, and what assertions are about with theirs, and
// the programs with the graphs. The graphs that cells share are looked at once.
//
// For every outcome of every test in a graph a request is found that takes it, by following the tests from the start
// with the set of values that each field still can have; for numbers, addresses and comparisons also requests at the
// limits. Each is put through the functions themselves.
func Prove(c *rules.Compiler, cells []string, o ProveOptions) (*Proof, error) {
	p := &prover{proof: &Proof{}, left: o.Effort, bounded: o.Effort > 0, thorough: o.Effort == 0}
	if err := functions(c, cells, seenGraphs{}, p.look); err != nil {
		return nil, err
	}
	programs := map[*rules.Program]bool{}
	for _, cell := range cells {
		prog, err := c.Program(cell)
		if err != nil {
			return nil, err
		}
		if programs[prog] {
			continue
		}
		programs[prog] = true
		pieces := graph.DefaultLimit
		if p.bounded {
			pieces = exactly(prog)
		}
		switch err := c.Verify(cell, prog.Program, pieces); {
		case err == graph.ErrTooLarge:
			p.proof.TooLarge++
			p.proof.Limited = p.proof.Limited || p.bounded
		case err != nil:
			p.proof.Mismatches = append(p.proof.Mismatches, err)
		default:
			p.proof.Programs++
		}
	}
	return p.proof, nil
}

// exactly is how many pieces diagrams for comparing a program with the policies may have, unless the proof is thorough:
// they are not much larger than the program, unless that was ordered in parts.
func exactly(p *rules.Program) int { return 8*len(p.Nodes()) + 1<<16 }

type prover struct {
	proof   *Proof
	left    int
	bounded bool
	// thorough decides every edge that no walk gets to.
	thorough bool
	// quiet only finds out which outcomes are possible: no function is asked.
	quiet bool

	// What is looked at.
	*subject
	work  *progress.Work
	space *graph.Space
	// edges that were covered: by node, yes or no.
	yes, no []bool
	// open are the nodes with outcomes that it was too costly to decide.
	open []bool
	// tried are the boundaries that were covered.
	tried map[boundary]bool
	// wanted are all boundaries.
	wanted map[boundary]bool
	// visits of each node, and whether everything below it is covered.
	visits []int
	done   []bool
}

// point is what a request has where a test looks: a number, or what is left of it; an address; a text; or the order of two
// fields.
type point struct {
	number int64
	addr   policy.Addr
	text   string
	order  policy.Order
}

type boundary struct {
	node graph.Ref
	point
}

// pointOf is the point of a request.
func pointOf(t *policy.Test, q *policy.Request) point {
	switch t.Kind {
	case policy.In:
		return point{number: q.Int[t.Field]}
	case policy.Modulus:
		return point{number: interval.Mod(q.Int[t.Field], t.Mod)}
	case policy.Within:
		return point{addr: q.Addr}
	case policy.Glob:
		return point{text: q.Text(t.Field)}
	case policy.Compare:
		for _, o := range orders {
			if x := ordered(t, o); x.Eval(q) {
				return point{order: o}
			}
		}
	}
	return point{}
}

// orders are the outcomes of comparisons.
var orders = [...]policy.Order{policy.Less, policy.Equal, policy.Greater}

// ordered asks for one outcome of a comparison.
func ordered(t *policy.Test, o policy.Order) policy.Test {
	return policy.Test{Kind: policy.Compare, Field: t.Field, Other: t.Other, Order: o}
}

// at asks for the number of a point.
func (x point) at(t *policy.Test) *policy.Test {
	return &policy.Test{Kind: t.Kind, Field: t.Field, Mod: t.Mod, Set: interval.Single(x.number)}
}

// set gives a request the address or text of a point.
func (x point) set(t *policy.Test) func(*policy.Request) {
	return func(q *policy.Request) {
		if t.Kind == policy.Glob {
			q.SetText(t.Field, x.text)
		} else {
			q.SetAddr(x.addr)
		}
	}
}

// within gives a request of the region with the point.
func (x point) within(region graph.Region, t *policy.Test) (*policy.Request, bool) {
	switch t.Kind {
	case policy.In, policy.Modulus:
		return region.WitnessAt(x.at(t))
	case policy.Within, policy.Glob:
		return region.With(x.set(t))
	}
	o := ordered(t, x.order)
	part := region.Restrict(&o, true)
	if part.Empty() {
		return nil, false
	}
	return part.Witness()
}

// reaching gives a request with the point that gets to a node, nil if there is none.
func (x point) reaching(to *graph.Reach, t *policy.Test) *policy.Request {
	switch t.Kind {
	case policy.In, policy.Modulus:
		return to.At(x.at(t))
	case policy.Within, policy.Glob:
		return to.With(x.set(t))
	}
	o := ordered(t, x.order)
	return to.Answering(&o, true)
}

func (x point) compare(y point) int {
	return cmp.Or(cmp.Compare(x.number, y.number), x.addr.Compare(y.addr), cmp.Compare(x.text, y.text), cmp.Compare(x.order, y.order))
}

// maxVisits is how often a node is looked at on different ways before what is left is decided one by one.
const maxVisits = 24

// maxDecided is how many nodes of a graph are decided one by one, unless the proof is thorough: each takes as long as
// reducing the graph.
func maxDecided(nodes int) int { return min(256, 1+1<<16/nodes) }

func (p *prover) look(s *subject) {
	n := len(s.graph.Nodes)
	p.subject, p.work = s, s.graph.Work()
	p.space = graph.NewSpace(s.id, s.graph)
	p.yes, p.no, p.open = make([]bool, n), make([]bool, n), make([]bool, n)
	p.visits, p.done = make([]int, n), make([]bool, n)
	p.tried, p.wanted = map[boundary]bool{}, map[boundary]bool{}
	if n == 0 {
		// Without tests there is one answer; one request shows it.
		p.try(graph.Example(s.id))
		return
	}
	reach := s.graph.Reachable()
	for i := range s.graph.Nodes {
		if reach[i] && !p.quiet {
			for _, v := range boundaries(&s.graph.Nodes[i].Test, s.id) {
				p.wanted[boundary{graph.Ref(i), v}] = true
			}
		}
	}
	p.walk(s.graph.Root, p.space.Path())
	p.remaining(reach)
	for i := range s.graph.Nodes {
		if !reach[i] {
			continue
		}
		for _, covered := range [...]bool{p.yes[i], p.no[i]} {
			if covered {
				p.proof.Edges++
				p.proof.EdgesCovered++
			}
		}
	}
	p.proof.Boundaries += len(p.wanted)
	p.proof.BoundariesCovered += len(p.tried)
}

// boundaries are the points just below, at and just above each limit of a test.
func boundaries(t *policy.Test, id kauth.RequestID) []point {
	var out []point
	switch t.Kind {
	case policy.In, policy.Modulus:
		if t.Field.Info().Kind == kauth.KindBool {
			return nil
		}
		lo, hi := id.Range(t.Field)
		if t.Kind == policy.Modulus {
			lo, hi = 0, t.Mod-1
		}
		for _, r := range t.Set {
			for _, v := range [...]int64{r.Lo - 1, r.Lo, r.Lo + 1, r.Hi - 1, r.Hi, r.Hi + 1} {
				// Below the least and above the greatest wraps around, and is out of range all the same.
				if v >= lo && v <= hi && exactNumber(v) {
					out = append(out, point{number: v})
				}
			}
		}
	case policy.Within:
		first, last := t.First, t.Last
		out = append(out, point{addr: first}, point{addr: last})
		if a, ok := first.Prev(); ok {
			out = append(out, point{addr: a})
		}
		if a, ok := last.Next(); ok {
			out = append(out, point{addr: a})
		}
	case policy.Glob:
		for _, s := range globTexts(t.Text) {
			// The empty text may stand for nothing at all.
			if s != "" {
				out = append(out, point{text: s})
			}
		}
	case policy.Compare:
		for _, o := range orders {
			out = append(out, point{order: o})
		}
	}
	slices.SortFunc(out, point.compare)
	return slices.Compact(out)
}

// globTexts are texts that a pattern just matches, and some that it just does not: with nothing and with something for its
// stars, and each of these with one character less or more at an end.
func globTexts(pattern string) []string {
	var out []string
	for _, star := range [...]string{"", "x", "*"} {
		s := strings.ReplaceAll(pattern, "*", star)
		out = append(out, s, "x"+s, s+"x")
		if s != "" {
			_, first := utf8.DecodeRuneInString(s)
			_, last := utf8.DecodeLastRuneInString(s)
			out = append(out, s[first:], s[:len(s)-last])
		}
	}
	return out
}

// exactNumber reports whether Lua has the number.
func exactNumber(v int64) bool {
	return v == kauth.Unlimited || v >= -kauth.MaxExact && v <= kauth.MaxExact
}

// walk goes down from a node with the requests that can be there.
func (p *prover) walk(at graph.Ref, path *graph.Path) bool {
	if at < 0 || p.done[at] || p.exhausted() {
		return at < 0 || p.done[at]
	}
	p.work.Check()
	if p.visits[at]++; p.visits[at] > maxVisits {
		return false
	}
	n := &p.graph.Nodes[at]
	complete := true
	for _, yes := range [...]bool{true, false} {
		child, covered := n.No, p.no
		if yes {
			child, covered = n.Yes, p.yes
		}
		if empty := path.Push(&n.Test, yes); empty {
			complete = complete && covered[at]
		} else if !covered[at] && !p.take(path, covered, at) || !p.walk(child, path) {
			complete = false
		}
		path.Pop()
	}
	var points []point
	if !p.quiet {
		points = boundaries(&n.Test, p.id)
	}
	for _, v := range points {
		b := boundary{at, v}
		if !p.wanted[b] || p.tried[b] || p.exhausted() {
			continue
		}
		if q, ok := v.within(path.Region(), &n.Test); ok {
			p.try(q)
		} else {
			complete = complete && p.tried[b]
		}
	}
	p.done[at] = complete && p.yes[at] && p.no[at]
	return p.done[at]
}

// take covers an outcome of a test with a request that comes along the path, if there is one.
func (p *prover) take(path *graph.Path, covered []bool, at graph.Ref) bool {
	if p.quiet {
		// All that counts is that some request comes by. To follow it from the start would make chains of tests cost the
		// square of their length.
		if path.Feasible() {
			covered[at] = true
		}
		return covered[at]
	}
	q, ok := path.Region().Witness()
	if ok {
		p.try(q)
	}
	return ok
}

func (p *prover) exhausted() bool {
	if p.bounded && p.left <= 0 {
		p.proof.Limited = true
		return true
	}
	return false
}

// try puts a request through the functions and through the graph, and notes what it covers on its way.
func (p *prover) try(q *policy.Request) {
	p.proof.Asked++
	outcome, steps := p.graph.Trace(q)
	p.left -= len(steps) + 1
	for _, s := range steps {
		if s.Yes {
			p.yes[s.Node] = true
		} else {
			p.no[s.Node] = true
		}
		if b := (boundary{s.Node, pointOf(&p.graph.Nodes[s.Node].Test, q)}); p.wanted[b] {
			p.tried[b] = true
		}
	}
	if p.quiet {
		return
	}
	if d, _ := p.compare(q, outcome); d != nil {
		if p.proof.Differing++; len(p.proof.Differences) < maxDifferences {
			p.proof.Differences = append(p.proof.Differences, *d)
		}
	}
}

// remaining decides the edges and boundaries that no walk got to: whether any request gets there at all. Requests
// that do are asked, and may get to others that were left.
func (p *prover) remaining(reach []bool) {
	left := map[graph.Ref][]boundary{}
	for b := range p.wanted {
		if !p.tried[b] {
			left[b.node] = append(left[b.node], b)
		}
	}
	decided := 0
	limit := smallReach
	if p.thorough {
		limit = graph.DefaultLimit
	}
	for i := range p.graph.Nodes {
		at := graph.Ref(i)
		if !reach[i] || p.yes[i] && p.no[i] && len(left[at]) == 0 {
			continue
		}
		if decided++; decided > maxDecided(len(p.graph.Nodes)) && !p.thorough || p.exhausted() {
			p.undecided(at, len(left[at]))
			continue
		}
		p.work.Check()
		to, err := graph.Reaching(p.graph, p.id, at, limit)
		if err != nil {
			p.undecided(at, len(left[at]))
			continue
		}
		n := &p.graph.Nodes[i]
		for _, way := range [...]struct {
			yes     bool
			covered []bool
		}{{true, p.yes}, {false, p.no}} {
			if way.covered[i] {
				continue
			}
			if q := to.Answering(&n.Test, way.yes); q != nil {
				p.try(q)
			} else {
				p.proof.Infeasible++
			}
		}
		slices.SortFunc(left[at], func(a, b boundary) int { return a.point.compare(b.point) })
		for _, b := range left[at] {
			if p.tried[b] || p.exhausted() {
				continue
			}
			if q := b.point.reaching(to, &n.Test); q != nil {
				p.try(q)
			} else {
				delete(p.wanted, b)
			}
		}
	}
}

// undecided notes what of a node it was too costly to decide.
func (p *prover) undecided(at graph.Ref, boundaries int) {
	for _, covered := range [...]bool{p.yes[at], p.no[at]} {
		if !covered {
			p.proof.Undecided++
			p.open[at] = true
		}
	}
	p.proof.Limited = p.proof.Limited || boundaries > 0
}
