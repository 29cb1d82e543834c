package analysis

import (
	"slices"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
	"cellsh/policy/rules"
)

// Possibilities are all decisions that there can be about a request of which not everything is known.
type Possibilities struct {
	// Decisions, each once, those that deny first. One alone is the decision.
	Decisions []policy.Decision
	// Depends are the fields that are asked for and are not known.
	Depends kauth.FieldSet
}

// Possible gives what the policies can decide in a cell about a request that is made under an effective user id, whatever its
// other fields are, if a process of a cell can make it; about one of any user if euid is nil. The error is graph.ErrTooLarge where that can't be worked out.
func Possible(c *rules.Compiler, cell string, id kauth.RequestID, euid *uint32) (*Possibilities, error) {
	graphs := c.PolicyGraphs(cell, id)
	return possible(id, euid, rules.Tested(graphs), func(d *graph.Diagrams[policy.Decision]) (graph.Ref, error) { return rules.Combine(d, graphs) })
}

// PossibleIn is Possible for a program.
func PossibleIn(p *program.Program, id kauth.RequestID, euid *uint32) (*Possibilities, error) {
	g := rules.ProgramGraph(p, id)
	return possible(id, euid, []graph.Tested{g}, func(d *graph.Diagrams[policy.Decision]) (graph.Ref, error) { return graph.Reduce(d, g) })
}

func possible(id kauth.RequestID, euid *uint32, tested []graph.Tested, decide func(*graph.Diagrams[policy.Decision]) (graph.Ref, error)) (*Possibilities, error) {
	var b graph.Builder[bool]
	yes, no := b.Leaf(true), b.Leaf(false)
	known := kauth.FieldSet(0)
	who := yes
	restrict := func(f kauth.Field, to interval.Set) {
		who = b.Node(policy.Test{Kind: policy.In, Field: f, Set: to}, who, no, diag.Span{})
	}
	if euid != nil {
		restrict(kauth.FieldEUID, interval.Single(int64(*euid)))
		known = known.With(kauth.FieldEUID)
	}
	if id.Usual(kauth.FieldPort) != nil {
		restrict(kauth.FieldPort, graph.Usual(id, kauth.FieldPort))
	}
	asked := b.Graph(who)
	space := graph.NewSpace(id, append(slices.Clone(tested), asked)...)
	d := graph.NewDiagrams[policy.Decision](space)
	at, err := decide(d)
	if err != nil {
		return nil, err
	}
	a := graph.NewDiagrams[bool](space)
	guard, err := graph.Reduce(a, asked)
	if err != nil {
		return nil, err
	}
	type leaf struct {
		policy.Decision
		asked bool
	}
	all := graph.NewDiagrams[leaf](space)
	both, err := graph.Apply(all, d, at, a, guard, func(x policy.Decision, asked bool) leaf {
		if !asked {
			return leaf{}
		}
		return leaf{x, true}
	})
	if err != nil {
		return nil, err
	}
	out := &Possibilities{Depends: relevant(tested...) &^ known}
	looked := 0
	for _, want := range all.Outcomes(both) {
		if !want.asked {
			continue
		}
		all.RegionsOf(both, func(l leaf) bool { return l == want }, func(region graph.Region, _ leaf) bool {
			looked++
			_, found := example(region)
			if found {
				out.Decisions = append(out.Decisions, want.Decision)
			}
			return !found && looked < smallRegions
		})
		if looked >= smallRegions {
			return nil, graph.ErrTooLarge
		}
	}
	slices.SortStableFunc(out.Decisions, func(x, y policy.Decision) int { return int(y.Result) - int(x.Result) })
	return out, nil
}
