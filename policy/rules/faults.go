package rules

import (
	"fmt"
	"slices"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/kauth"
)

// Faults gathers what functions do for some requests and must not, each fault once with the requests for which it
// happens. The zero value is empty. It is not safe for concurrent use.
type Faults struct {
	list  []*foundFault
	known map[faultPlace]*foundFault
}

// foundFault is a fault that several requests may have.
type foundFault struct {
	*Fault
	requests []kauth.RequestID
	where    string
	graphs   map[*PolicyGraph]bool
}

// faultPlace is what faults are told apart by.
type faultPlace struct {
	diag.Span
	code    diag.Code
	message string
}

// List is all faults as problems, in the order in which they were found.
func (l *Faults) List() diag.List {
	var out diag.List
	for _, f := range l.list {
		out = append(out, f.diagnostic())
	}
	return out
}

// maxFaultPieces is how many pieces diagrams may have to find out which faults are met. Those of functions with more cases
// are looked for one by one.
const maxFaultPieces = 1 << 18

// Search adds the faults of a graph that some request really meets, with that request. A fault that Lua would raise must
// be confirmed by ask, which runs the function itself; otherwise the graph would be wrong.
func (l *Faults) Search(g *graph.Graph[Outcome], id kauth.RequestID, ask func(*policy.Request) error) {
	l.search(g, id, ask, nil)
}

func (l *Faults) search(g *graph.Graph[Outcome], id kauth.RequestID, ask func(*policy.Request) error, of *PolicyGraph) {
	met := map[*Fault]bool{}
	meet := func(f *Fault, q *policy.Request, where string) {
		if met[f] {
			return
		}
		met[f] = true
		if where == "any request" {
			where = ""
		}
		if f.Raised && ask(q) == nil {
			wrong := *f
			wrong.Message = "the compiler holds that Lua raises an error here, but Lua does not: " + wrong.Message
			wrong.Hint, wrong.Lacks, wrong.Behind = "this is a fault of cellsh: please report it", "", nil
			f = &wrong
		}
		l.add(f, id, where, of)
	}
	if i := slices.IndexFunc(g.Leaves, tooComplex); i >= 0 {
		// It is refused whoever meets it, and looking for the others in what is left can take very long.
		l.add(g.Leaves[i].Fault, id, "", of)
		return
	}
	d := graph.NewDiagrams[Outcome](graph.NewSpace(id, g))
	d.Bound(maxFaultPieces)
	if r, err := graph.Reduce(d, g); err == nil {
		fault := func(o Outcome) bool { return o.Fault != nil }
		if d.OneRegionEach(r, fault, func(region graph.Region, q *policy.Request, o Outcome) { meet(o.Fault, q, region.String()) }) {
			return
		}
	}
	for _, leaf := range g.Leaves {
		if leaf.Fault == nil || met[leaf.Fault] {
			continue
		}
		switch q, decided := graph.Find(g, id, func(o Outcome) bool { return o.Fault == leaf.Fault }, maxFaultPieces); {
		case q != nil:
			meet(leaf.Fault, q, "")
		case !decided:
			// It is better to refuse what may be right than to let through what may be wrong.
			met[leaf.Fault] = true
			l.add(leaf.Fault, id, "", of)
		}
	}
}

// add adds a fault and those behind it, or only the request if the same was found before.
func (l *Faults) add(f *Fault, id kauth.RequestID, where string, of *PolicyGraph) {
	seen := map[*Fault]bool{}
	var each func(f *Fault, where string)
	each = func(f *Fault, where string) {
		if seen[f] {
			return
		}
		seen[f] = true
		l.one(f, id, where, of)
		for _, behind := range f.Behind {
			each(behind, "")
		}
	}
	each(f, where)
}

func (l *Faults) one(f *Fault, id kauth.RequestID, where string, of *PolicyGraph) {
	at := faultPlace{f.Span, f.Code, f.Message}
	if f.Code == diag.DecisionBudget {
		at.message = "" // how much it may take depends on what was too much before
	}
	old := l.known[at]
	if old == nil {
		old = &foundFault{Fault: f, where: where, graphs: map[*PolicyGraph]bool{}}
		if l.known == nil {
			l.known = map[faultPlace]*foundFault{}
		}
		l.known[at] = old
		l.list = append(l.list, old)
	}
	if !slices.Contains(old.requests, id) {
		old.requests = append(old.requests, id)
	}
	if of != nil {
		old.graphs[of] = true
	}
}

// diagnostic is the fault with the requests for which it happens.
func (f *foundFault) diagnostic() diag.Diagnostic {
	d := f.Diagnostic
	more := len(f.requests) - 1
	requests := f.requests[0].String()
	if more > 0 {
		requests += fmt.Sprintf(" and %d more", more)
	}
	if f.Lacks != "" {
		carry := "carries"
		if more > 0 {
			carry = "carry"
		}
		d.Hint = fmt.Sprintf("%s %s no %s", requests, carry, f.Lacks)
		if f.Instead != "" {
			d.Hint += ": write: " + f.Instead
		}
	}
	if f.where != "" {
		requests += " where " + f.where
	}
	d.Message += " (" + requests + ")"
	return d
}

// graphKey is a graph with the request that it was searched for.
type graphKey struct {
	graph *PolicyGraph
	id    kauth.RequestID
}

// findFaults adds the faults of a policy's graph.
func (c *Compiler) findFaults(g *PolicyGraph, id kauth.RequestID, cell string) {
	c.found.search(g.Graph, id, func(q *policy.Request) error {
		_, _, err := g.Policy.Ask(q, cell)
		return err
	}, g)
}
