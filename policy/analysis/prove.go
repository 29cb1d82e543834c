package analysis

import (
	"fmt"
	"slices"

	"cellsh/policy"
	"cellsh/policy/graph"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// Proof says how far graphs and programs were shown to decide as the functions do.
type Proof struct {
	// Edges are the outcomes of tests that some request takes; EdgesCovered those that a request was put through the
	// function for.
	Edges, EdgesCovered int
	// Boundaries are the values just below, at and above each limit that a test has, where a request can get
	// there with it; BoundariesCovered those that were tried.
	Boundaries, BoundariesCovered int
	// Infeasible are outcomes that no request takes. Undecided are those for which that was too costly to tell.
	Infeasible, Undecided int
	// Asked is how many requests were put through functions.
	Asked int
	// Programs that were compared exactly with the policies.
	Programs int
	// Limited says that the effort allowed was used up.
	Limited bool
	// Differences found: faults of the compiler.
	Differences []Difference
}

// Difference is a request for which a graph and the function disagree.
type Difference struct {
	Policy   string
	Cell     string
	Request  *policy.Request
	Function policy.Answer
	Graph    policy.Answer
	Err      error
}

func (d *Difference) Error() string {
	if d.Err != nil {
		return fmt.Sprintf("policy %s, cell %s: %s", d.Policy, d.Cell, d.Err)
	}
	return fmt.Sprintf("policy %s, cell %s: the function says %q %q to a %s, the graph %q %q", d.Policy, d.Cell,
		d.Function.Result, d.Function.Reason, d.Request.ID, d.Graph.Result, d.Graph.Reason)
}

// ProveOptions bound the effort. The zero value does not.
type ProveOptions struct {
	// Effort is how many tests, counted along the paths of all requests that are tried, are enough; 0 is no bound. With
	// a bound only some of the outcomes that are hard to get to are decided one by one.
	Effort int
}

// Prove compares the policies' graphs with their functions in the cells, and the programs with the graphs. The graphs
// that cells share are looked at once.
//
// For every outcome of every test in a graph a request is found that takes it, by following the tests from the start
// with the set of values that each field still can have; for tests of numbers also requests at the limits. Each is
// put through the functions themselves.
func Prove(c *rules.Compiler, cells []string, o ProveOptions) (*Proof, error) {
	p := &prover{proof: &Proof{}, left: o.Effort, bounded: o.Effort > 0, thorough: o.Effort == 0}
	seen := map[*rules.PolicyGraph]bool{}
	programs := map[*rules.Program]bool{}
	for _, cell := range cells {
		for _, id := range rules.Requests() {
			for _, g := range c.PolicyGraphs(cell, id) {
				if !seen[g] {
					seen[g] = true
					p.graph(g, cell, id)
				}
			}
		}
		prog, err := c.Program(cell)
		if err != nil {
			return nil, err
		}
		if programs[prog] {
			continue
		}
		programs[prog] = true
		switch err := c.Verify(cell, prog.Program); {
		case err == graph.ErrTooLarge:
			p.proof.Limited = true
		case err != nil:
			p.proof.Differences = append(p.proof.Differences, Difference{Cell: cell, Err: err})
		default:
			p.proof.Programs++
		}
	}
	return p.proof, nil
}

type prover struct {
	proof   *Proof
	left    int
	bounded bool
	// thorough decides every edge that no walk gets to.
	thorough bool
	// quiet only finds out which outcomes are possible: no function is asked.
	quiet bool

	// Of the graph that is looked at.
	g     *rules.PolicyGraph
	cell  string
	id    kauth.RequestID
	space *graph.Space
	// edges that were covered: by node, yes or no.
	yes, no []bool
	// tried are the boundaries that were covered.
	tried map[boundary]bool
	// wanted are all boundaries.
	wanted map[boundary]bool
	// visits of each node, and whether everything below it is covered.
	visits []int
	done   []bool
}

type boundary struct {
	node  graph.Ref
	value int64
}

// maxVisits is how often a node is looked at on different ways before what is left is decided one by one.
const maxVisits = 24

// maxDecided is how many nodes of a graph are decided one by one, unless the proof is thorough: each takes as long as
// reducing the graph.
func maxDecided(nodes int) int { return min(256, 1+1<<16/nodes) }

func (p *prover) graph(g *rules.PolicyGraph, cell string, id kauth.RequestID) {
	n := len(g.Graph.Nodes)
	p.g, p.cell, p.id = g, cell, id
	p.space = graph.NewSpace(id, g.Graph)
	p.yes, p.no = make([]bool, n), make([]bool, n)
	p.visits, p.done = make([]int, n), make([]bool, n)
	p.tried, p.wanted = map[boundary]bool{}, map[boundary]bool{}
	if n == 0 {
		// Without tests there is one answer; one request shows it.
		p.ask(graph.Example(id))
		return
	}
	reach := g.Graph.Reachable()
	for i := range g.Graph.Nodes {
		if reach[i] && !p.quiet {
			for _, v := range boundaries(&g.Graph.Nodes[i].Test, id) {
				p.wanted[boundary{graph.Ref(i), v}] = true
			}
		}
	}
	p.walk(g.Graph.Root, p.space.Everything())
	p.remaining(reach)
	for i := range g.Graph.Nodes {
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

// boundaries are the values just below, at and just above each limit of a test of a number.
func boundaries(t *policy.Test, id kauth.RequestID) []int64 {
	if t.Kind != policy.In || t.Field.Info().Kind == kauth.KindBool {
		return nil
	}
	lo, hi := id.Range(t.Field)
	var out []int64
	for _, r := range t.Set {
		for _, v := range [...]int64{r.Lo - 1, r.Lo, r.Lo + 1, r.Hi - 1, r.Hi, r.Hi + 1} {
			// Below the least and above the greatest wraps around, and is out of range all the same.
			if v >= lo && v <= hi && exactNumber(v) {
				out = append(out, v)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// exactNumber reports whether Lua has the number.
func exactNumber(v int64) bool { return v == kauth.Unlimited || v >= -1<<53 && v <= 1<<53 }

// walk goes down from a node with the requests that can be there.
func (p *prover) walk(at graph.Ref, region graph.Region) bool {
	if at < 0 || p.done[at] || p.exhausted() {
		return at < 0 || p.done[at]
	}
	if p.visits[at]++; p.visits[at] > maxVisits {
		return false
	}
	n := &p.g.Graph.Nodes[at]
	complete := true
	for _, yes := range [...]bool{true, false} {
		part := region.Restrict(&n.Test, yes)
		child := n.No
		covered := p.no
		if yes {
			child, covered = n.Yes, p.yes
		}
		if part.Empty() {
			complete = complete && covered[at]
			continue
		}
		if !covered[at] {
			if q, ok := part.Witness(); ok {
				p.ask(q)
			} else {
				complete = false
				continue
			}
		}
		if !p.walk(child, part) {
			complete = false
		}
	}
	for _, v := range boundaries(&n.Test, p.id) {
		b := boundary{at, v}
		if !p.wanted[b] || p.tried[b] || p.exhausted() {
			continue
		}
		point := policy.Test{Kind: policy.In, Field: n.Test.Field, Set: interval.Single(v)}
		if q, ok := region.WitnessAt(&point); ok {
			p.ask(q)
		} else {
			complete = complete && p.tried[b]
		}
	}
	p.done[at] = complete && p.yes[at] && p.no[at]
	return p.done[at]
}

func (p *prover) exhausted() bool {
	if p.bounded && p.left <= 0 {
		p.proof.Limited = true
		return true
	}
	return false
}

// ask puts a request through the functions and through the graph, and notes what it covers on its way.
func (p *prover) ask(q *policy.Request) {
	p.proof.Asked++
	outcome, steps := p.g.Graph.Trace(q)
	p.left -= len(steps) + 1
	for _, s := range steps {
		if s.Yes {
			p.yes[s.Node] = true
		} else {
			p.no[s.Node] = true
		}
		if b := (boundary{s.Node, q.Int[p.g.Graph.Nodes[s.Node].Test.Field]}); p.wanted[b] {
			p.tried[b] = true
		}
	}
	if p.quiet {
		return
	}
	answer, err := p.g.Policy.Ask(q, p.cell)
	switch {
	case outcome.Fault != nil:
		// What can't be compiled proves nothing; what Lua raises must be raised.
		if outcome.Fault.Raised && err == nil {
			p.differs(q, answer, outcome.Answer, nil)
		}
	case err != nil:
		p.differs(q, answer, outcome.Answer, err)
	case answer.Result != outcome.Result || answer.Reason != outcome.Reason:
		p.differs(q, answer, outcome.Answer, nil)
	}
}

func (p *prover) differs(q *policy.Request, function, g policy.Answer, err error) {
	if len(p.proof.Differences) < 100 {
		p.proof.Differences = append(p.proof.Differences, Difference{p.g.Policy.Name, p.cell, q, function, g, err})
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
	for i := range p.g.Graph.Nodes {
		at := graph.Ref(i)
		if !reach[i] || p.yes[i] && p.no[i] && len(left[at]) == 0 {
			continue
		}
		if decided++; decided > maxDecided(len(p.g.Graph.Nodes)) && !p.thorough || p.exhausted() {
			p.undecided(at, len(left[at]))
			continue
		}
		to, err := graph.Reaching(p.g.Graph, p.id, at)
		if err != nil {
			p.undecided(at, len(left[at]))
			continue
		}
		n := &p.g.Graph.Nodes[i]
		for _, way := range [...]struct {
			yes     bool
			covered []bool
		}{{true, p.yes}, {false, p.no}} {
			if way.covered[i] {
				continue
			}
			if q := to.Answering(&n.Test, way.yes); q != nil {
				p.ask(q)
			} else {
				p.proof.Infeasible++
			}
		}
		slices.SortFunc(left[at], func(a, b boundary) int {
			if a.value < b.value {
				return -1
			}
			return 1
		})
		for _, b := range left[at] {
			if p.tried[b] || p.exhausted() {
				continue
			}
			point := policy.Test{Kind: policy.In, Field: n.Test.Field, Set: interval.Single(b.value)}
			if q := to.At(&point); q != nil {
				p.ask(q)
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
		}
	}
	p.proof.Limited = p.proof.Limited || boundaries > 0
}
