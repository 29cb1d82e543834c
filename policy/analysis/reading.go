package analysis

import (
	"fmt"
	"strings"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// Everything that a function decides is read twice: as a graph, and by running the function itself. This file puts the
// same question to both.

// subject is a graph and what it was made of.
type subject struct {
	graph *graph.Graph[rules.Outcome]
	id    kauth.RequestID
	cell  string
	// ask runs the functions themselves. It is nil where only the graph is of interest.
	ask func(*policy.Request) (a policy.Answer, steps int64, err error)
	// about says whose answers they are, at is the place of the declaration.
	about string
	at    diag.Span
	// condition says that they are true or false.
	condition bool
}

// policySubject is what a policy says to a request in a cell.
func policySubject(g *rules.PolicyGraph, id kauth.RequestID, cell string) *subject {
	s := &subject{graph: g.Graph, id: id, cell: cell, about: "policy " + g.Policy.Name, at: g.Policy.Span,
		ask: func(q *policy.Request) (policy.Answer, int64, error) { return g.Policy.Ask(q, cell) }}
	for _, pattern := range id.Chain() {
		for i := range g.Policy.Entries {
			// The function that is asked first.
			if e := &g.Policy.Entries[i]; e.Pattern == pattern && e.Function != nil {
				s.at = e.Span
				return s
			}
		}
	}
	return s
}

// whereSubject is the requests that an assertion is about.
func whereSubject(n *rules.Never, g *graph.Graph[rules.Outcome], id kauth.RequestID, cell string) *subject {
	return &subject{graph: g, id: id, cell: cell, about: fmt.Sprintf("where of %q", n.Title), at: n.Where.Span(), condition: true,
		ask: func(q *policy.Request) (policy.Answer, int64, error) { return n.Where.Ask(q, cell) }}
}

// seenGraphs are graphs that were looked at.
type seenGraphs map[*graph.Graph[rules.Outcome]]bool

// functions calls f for everything in the cells that functions decide, each graph once that was not seen before: what
// policies say, and which requests assertions are about. Of policies, those graphs that no function has a part in are
// left out.
func functions(c *rules.Compiler, cells []string, seen seenGraphs, f func(*subject)) error {
	once := func(s *subject) {
		if !seen[s.graph] {
			seen[s.graph] = true
			f(s)
		}
	}
	programs := map[*rules.Program]bool{}
	for k, cell := range cells {
		p, err := c.Program(cell)
		if err != nil {
			return err
		}
		if programs[p] || !hasFunction(p.Policies) {
			continue
		}
		programs[p] = true
		for j, id := range c.Requests() {
			at(c, "comparing two readings", cells, k, j)
			for _, g := range c.PolicyGraphs(cell, id) {
				if g.Function {
					once(policySubject(g, id, cell))
				}
			}
		}
	}
	for _, n := range c.Set().Nevers {
		if n.Where == nil {
			continue
		}
		for _, cell := range cells {
			if !n.AppliesTo(cell) {
				continue
			}
			for _, id := range c.Requests() {
				if n.About(id) {
					once(whereSubject(n, n.Where.Compile(id, cell).Graph, id, cell))
				}
			}
		}
	}
	return nil
}

func hasFunction(policies []*rules.Policy) bool {
	for _, p := range policies {
		for i := range p.Entries {
			if p.Entries[i].Function != nil {
				return true
			}
		}
	}
	return false
}

// compare puts a request through the functions themselves, and says how they differ from the outcome that the graph has;
// nil if they do not. Steps are those that the functions took.
func (s *subject) compare(q *policy.Request, outcome rules.Outcome) (d *Difference, steps int64) {
	answer, steps, err := s.ask(q)
	switch {
	case outcome.Fault != nil:
		// What can't be compiled proves nothing; what is raised must be raised.
		if !outcome.Fault.Raised || err != nil {
			return nil, steps
		}
	case err == nil && answer.Result == outcome.Result && answer.Reason == outcome.Reason && answer.Record == outcome.Record:
		return nil, steps
	}
	at := s.at
	if line := outcome.Source.Span(); line.Line > 0 {
		at = line
	}
	if outcome.Fault != nil {
		at = outcome.Fault.Span
	}
	return &Difference{About: s.about, Cell: s.cell, Span: at, Request: q, Matter: relevant(s.graph), Condition: s.condition, Function: answer, Graph: outcome, Err: err}, steps
}

// Difference is a request for which a graph and the functions that it was made of disagree.
type Difference struct {
	// About says whose answers they are: a policy's, or those of where of an assertion.
	About string
	Cell  string
	// Span is the place of the graph's answer, or of the function.
	diag.Span
	Request *policy.Request
	// Matter has the fields of the request that the graph looks at.
	Matter   kauth.FieldSet
	Function policy.Answer
	Graph    rules.Outcome
	// Condition says that the answers stand for true and false.
	Condition bool
	// Err is what the function raised.
	Err error
}

// Diagnostic says it as a problem.
func (d *Difference) Diagnostic() diag.Diagnostic {
	one, other := d.words(d.Graph.Answer), d.words(d.Function)
	if d.Graph.Fault != nil {
		one = fmt.Sprintf("an error, %q,", d.Graph.Fault.Message)
	}
	if d.Err != nil {
		other = fmt.Sprintf("an error, %q", strings.ReplaceAll(d.Err.Error(), "\n", "; "))
	}
	return diag.Diagnostic{Span: d.Span, Code: diag.ReadingDiffers,
		Message: fmt.Sprintf("two readings of a function must give the same, but for %s of cell %s one gives %s and the other %s (%s)", d.where(), d.Cell, one, other, d.About),
		Hint:    "this is a fault of cellsh: please report it, with the file; nothing was decided by either"}
}

func (d *Difference) Error() string {
	p := d.Diagnostic()
	return p.Error()
}

// where is the request with the fields that matter, "network.bind.port where r.port is 80".
func (d *Difference) where() string {
	s := d.Request.ID.String()
	word := " where "
	for _, f := range d.Matter.Fields() {
		name := "r." + f.String()
		if f == kauth.FieldGroups {
			name = "the set of groups"
		}
		s += word + name + " is " + FieldText(d.Request, f)
		word = " and "
	}
	return s
}

// words is an answer with its reason.
func (d *Difference) words(a policy.Answer) string {
	switch {
	case d.Condition:
		return fmt.Sprint(a.Result != policy.Pass)
	case a.Result == policy.Pass:
		return "no answer"
	}
	s := a.Result.String()
	if a.Reason != "" {
		s += fmt.Sprintf(" %q", a.Reason)
	}
	if a.Record {
		s += ", record"
	}
	return s
}

// maxDifferences is how many differences are kept; of more only the number is known.
const maxDifferences = 100

// differenceProblems are differences as errors, of which there are so many.
func differenceProblems(list []Difference, number int) diag.List {
	var out diag.List
	for i := range list {
		out = append(out, list[i].Diagnostic())
	}
	if more := number - len(list); more > 0 {
		out = append(out, diag.Diagnostic{Code: diag.ReadingDiffers, Message: fmt.Sprintf("two readings of functions differ for %d more requests", more)})
	}
	return out
}
