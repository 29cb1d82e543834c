package analysis

import (
	"cmp"
	"slices"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// Coverage counts which tests were answered which way, and which answers were given, while requests were decided. It
// counts on the graphs as the functions have them, so that neither optimising nor the layout of the source matters.
// A test that is compiled for several requests counts once: it is covered if it was for any of them.
type Coverage struct {
	points map[Point]int
}

// Point is something that can be covered: an outcome of a test, or an answer.
type Point struct {
	Policy string
	diag.Span
	// Test in the words of policies, "" for an answer.
	Test string
	Yes  bool
	// Answer and its reason, where it is one.
	Answer policy.Result
	Reason string
}

// String says what the point is.
func (p Point) String() string {
	if p.Test == "" {
		s := p.Answer.String()
		if p.Reason != "" {
			s += ", \"" + p.Reason + "\""
		}
		return s
	}
	if p.Yes {
		return p.Test + " is true"
	}
	return p.Test + " is false"
}

// NewCoverage has nothing covered.
func NewCoverage() *Coverage { return &Coverage{points: map[Point]int{}} }

// Add notes what a request meets in the policies of a cell. Missing fields end the way through a policy.
func (v *Coverage) Add(c *rules.Compiler, cell string, r *policy.Request) {
	for _, g := range c.PolicyGraphs(cell, r.ID) {
		at := g.Graph.Root
		for at >= 0 {
			n := &g.Graph.Nodes[at]
			if n.Test.Needs()&^r.Given != 0 {
				break
			}
			yes := n.Test.Eval(r)
			v.points[testPoint(g, n, yes)]++
			if at = n.No; yes {
				at = n.Yes
			}
		}
		if at < 0 {
			v.points[answerPoint(g, g.Graph.Leaf(at).Answer)]++
		}
	}
}

func testPoint(g *rules.PolicyGraph, n *graph.Node, yes bool) Point {
	return Point{Policy: g.Policy.Name, Span: n.Span, Test: n.Test.String(), Yes: yes}
}

func answerPoint(g *rules.PolicyGraph, a policy.Answer) Point {
	return Point{Policy: g.Policy.Name, Span: a.Source.Span(), Answer: a.Result, Reason: a.Reason}
}

// Covered says how many of the points that requests can meet in the cells were met, and which were not, ordered by
// place. Implicit answers are no points.
func (v *Coverage) Covered(c *rules.Compiler, cells []string) (covered, total int, missing []Point) {
	all := map[Point]bool{}
	seen := map[asking]bool{}
	for k, cell := range cells {
		for j, id := range c.Requests() {
			at(c, "counting what is covered", cells, k, j)
			for _, g := range c.PolicyGraphs(cell, id) {
				if a := askedAs(g, id); !seen[a] {
					seen[a] = true
					feasible(g, cell, id, all)
				}
			}
		}
	}
	for p := range all {
		if v.points[p] > 0 {
			covered++
		} else {
			missing = append(missing, p)
		}
	}
	slices.SortFunc(missing, func(a, b Point) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.String(), b.String()))
	})
	return covered, len(all), missing
}

// feasible adds the points that some request meets that the kernel asks: what the prover gets to.
func feasible(g *rules.PolicyGraph, cell string, id kauth.RequestID, all map[Point]bool) {
	p := possibleTests(usual(g.Graph, id), cell, id)
	reach := g.Graph.Reachable()
	for i := range g.Graph.Nodes {
		if !reach[i] {
			continue
		}
		n := &g.Graph.Nodes[i]
		for _, way := range [...]struct {
			yes, met bool
			child    graph.Ref
		}{{true, p.yes[i], n.Yes}, {false, p.no[i], n.No}} {
			if !way.met {
				continue
			}
			all[testPoint(g, n, way.yes)] = true
			addAnswer(g, way.child, all)
		}
	}
	addAnswer(g, g.Graph.Root, all)
}

func addAnswer(g *rules.PolicyGraph, r graph.Ref, all map[Point]bool) {
	if _, ok := r.Leaf(); ok {
		if a := g.Graph.Leaf(r); a.Fault == nil && !a.Implicit() && a.Source.Line > 0 {
			all[answerPoint(g, a.Answer)] = true
		}
	}
}
