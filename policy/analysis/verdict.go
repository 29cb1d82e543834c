package analysis

import (
	"slices"

	"cellsh/policy"
	"cellsh/policy/graph"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// Verdict is what policies say to all requests of one kind in a cell.
type Verdict struct {
	Request kauth.RequestID
	// Parts are disjoint, and together all requests; one alone is for each of them. The last is that for whatever is in no other.
	Parts []Part
	// Depends are the fields by which the parts are told apart.
	Depends kauth.FieldSet
	// Faulty says that a function fails for some request, or can't be compiled: then nothing else is told.
	Faulty bool
}

// Part is requests to which the same is said.
type Part struct {
	Decision policy.Decision
	// Regions are disjoint, and together all requests of the part. The last part of a verdict has none: it is all others.
	Regions []graph.Region
}

// Where says in words which requests the part has, as one text for each region.
func (p *Part) Where() []string {
	var out []string
	for _, r := range p.Regions {
		out = append(out, r.String())
	}
	return out
}

// maxVerdict is how many regions a verdict can have.
const maxVerdict = 1 << 9

// VerdictOf is what the policies say to a request in a cell. The error is graph.ErrTooLarge where there are too many cases.
func VerdictOf(c *rules.Compiler, cell string, id kauth.RequestID) (*Verdict, error) {
	graphs := c.PolicyGraphs(cell, id)
	out := &Verdict{Request: id}
	for _, g := range graphs {
		if slices.ContainsFunc(g.Graph.Leaves, func(o rules.Outcome) bool { return o.Fault != nil }) {
			out.Faulty = true
			return out, nil
		}
	}
	tested := rules.Tested(graphs)
	d := graph.NewDiagrams[policy.Decision](graph.NewSpace(id, tested...))
	d.Bound(smallCan)
	at, err := rules.Combine(d, graphs)
	if err != nil {
		return nil, err
	}
	looked := 0
	d.Regions(at, func(r graph.Region, x policy.Decision) bool {
		if looked++; looked > maxVerdict {
			return false
		}
		if _, ok := example(r); !ok {
			return true
		}
		i := slices.IndexFunc(out.Parts, func(p Part) bool { return p.Decision == x })
		if i < 0 {
			i = len(out.Parts)
			out.Parts = append(out.Parts, Part{Decision: x})
		}
		r = r.Clone()
		out.Parts[i].Regions = append(out.Parts[i].Regions, r)
		out.Depends |= r.Needs()
		return true
	})
	if looked > maxVerdict {
		return nil, graph.ErrTooLarge
	}
	out.order()
	if len(out.Parts) == 1 {
		out.Depends = 0
	}
	return out, nil
}

// order puts denials first, and the part that takes the most words last: it is all others.
func (v *Verdict) order() {
	if len(v.Parts) == 0 {
		return
	}
	rest := 0
	better := func(a, b *Part) bool {
		switch {
		case len(a.Regions) != len(b.Regions):
			return len(a.Regions) > len(b.Regions)
		case a.Decision.Implicit() != b.Decision.Implicit():
			return a.Decision.Implicit()
		}
		return a.Decision.Result < b.Decision.Result
	}
	for i := range v.Parts {
		if better(&v.Parts[i], &v.Parts[rest]) {
			rest = i
		}
	}
	last := v.Parts[rest]
	last.Regions = nil
	v.Parts = append(slices.Delete(v.Parts, rest, rest+1), last)
	slices.SortStableFunc(v.Parts[:len(v.Parts)-1], func(a, b Part) int { return int(b.Decision.Result) - int(a.Decision.Result) })
}
