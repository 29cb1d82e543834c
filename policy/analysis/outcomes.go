package analysis

import (
	"slices"

	"cellsh/policy/graph"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// What a remark about policies may take: graphs as people write them have a few hundred cases. Where there are more, less
// is found out, and that is said.
const (
	// smallReach is how many pieces diagrams may have.
	smallReach = 1 << 14
	// smallCan is the same where what policies say is joined with what the kernel's other models do.
	smallCan = 1 << 16
	// smallRegions is how many regions are looked through.
	smallRegions = 1 << 12
)

// outcomes of a function or policy that requests get; unsure are those for which it is not known.
type outcomes struct{ sure, unsure []rules.Outcome }

func (o outcomes) none() bool { return len(o.sure)+len(o.unsure) == 0 }

// reachedOutcomes finds which of the wanted outcomes requests get. Leaves may be left of entries that are never asked. It is
// exact for small graphs; in large ones it looks for ways that lead there.
func reachedOutcomes(g *graph.Graph[rules.Outcome], cell string, id kauth.RequestID, wanted func(rules.Outcome) bool) outcomes {
	all := wanted
	wanted = func(o rules.Outcome) bool { return o.Fault != unasked && all(o) }
	if !slices.ContainsFunc(g.Leaves, wanted) {
		return outcomes{}
	}
	var out outcomes
	d := graph.NewDiagrams[rules.Outcome](graph.NewSpace(id, g))
	d.Bound(smallReach)
	if r, err := graph.Reduce(d, g); err == nil {
		regions := 0
		d.RegionsOf(r, wanted, func(region graph.Region, o rules.Outcome) bool {
			if !slices.Contains(out.sure, o) {
				if _, ok := example(region); ok {
					out.sure = append(out.sure, o)
				}
			}
			regions++
			return regions < smallRegions
		})
		if regions < smallRegions {
			return out
		}
	}
	p := possibleTests(g, cell, id)
	sure, unsure := make([]bool, len(g.Leaves)), make([]bool, len(g.Leaves))
	at := func(r graph.Ref, covered, open bool) {
		if i, ok := r.Leaf(); ok {
			sure[i] = sure[i] || covered
			unsure[i] = unsure[i] || open
		}
	}
	at(g.Root, true, false)
	for i := range g.Nodes {
		at(g.Nodes[i].Yes, p.yes[i], p.open[i])
		at(g.Nodes[i].No, p.no[i], p.open[i])
	}
	for i, o := range g.Leaves {
		switch {
		case !wanted(o) || slices.Contains(out.sure, o):
		case sure[i]:
			out.sure = append(out.sure, o)
		case unsure[i]:
			out.unsure = append(out.unsure, o)
		}
	}
	return out
}

// possibleTests finds out which outcomes the tests of a graph can have; see prover.yes, no and open.
func possibleTests(g *graph.Graph[rules.Outcome], cell string, id kauth.RequestID) *prover {
	p := &prover{proof: &Proof{}, quiet: true}
	p.look(&subject{graph: g, id: id, cell: cell})
	return p
}
