package analysis

import (
	"slices"

	"cellsh/policy"
	"cellsh/policy/graph"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// Some fields follow from others, because whoever asks is a member of a cell: a process that is its own target is in its
// own cell and has its own ids, and init is on the host. Programs need not know it, but requests for which it is
// otherwise are no examples of anything.

// relation is what a target is to the caller.
type relation struct{ self, sameCell, init bool }

// relations are those that there are.
var relations = [...]relation{{}, {sameCell: true}, {self: true, sameCell: true}, {init: true}}

// own are the fields of the caller and those of a target that are the same if the caller is the target.
var own = [...]struct{ caller, target kauth.Field }{{kauth.FieldUID, kauth.FieldTargetUID}, {kauth.FieldEUID, kauth.FieldTargetEUID}}

// fields lists the members as fields of a request.
func (x relation) fields() [3]struct {
	field kauth.Field
	value int64
} {
	number := func(b bool) int64 {
		if b {
			return 1
		}
		return 0
	}
	return [...]struct {
		field kauth.Field
		value int64
	}{{kauth.FieldTargetIsSelf, number(x.self)}, {kauth.FieldTargetSameCell, number(x.sameCell)}, {kauth.FieldTargetIsInit, number(x.init)}}
}

// realistic reports whether a process of a cell can make the request, as far as its fields tell.
func realistic(r *policy.Request) bool {
	for _, x := range relations {
		fits := true
		for _, f := range x.fields() {
			fits = fits && (!r.Given.Has(f.field) || r.Int[f.field] == f.value)
		}
		for _, f := range own {
			fits = fits && (!x.self || !r.Given.Has(f.caller) || !r.Given.Has(f.target) || r.Int[f.caller] == r.Int[f.target])
		}
		if fits {
			return true
		}
	}
	return false
}

// likely reports whether the kernel asks such a request of a process in a cell, as far as its fields tell.
func likely(r *policy.Request) bool {
	return r.IsUsual() && realistic(r)
}

// asking is a graph with the values that it is asked with: requests that a policy can't tell apart may be asked with
// others.
type asking struct {
	graph *rules.PolicyGraph
	// port is the request whose usual ports count, 0 for all.
	port kauth.RequestID
}

func askedAs(g *rules.PolicyGraph, id kauth.RequestID) asking {
	a := asking{graph: g}
	if id.Usual(kauth.FieldPort) != nil {
		a.port = id
	}
	return a
}

// unasked is in the leaf for requests that the kernel does not ask.
var unasked = &rules.Fault{}

// usual is a graph for requests as the kernel asks them: the first test, at the end of the nodes, leads the others to a
// leaf of their own. It is the graph itself where that makes no difference.
func usual(g *graph.Graph[rules.Outcome], id kauth.RequestID) *graph.Graph[rules.Outcome] {
	if g.Root < 0 {
		return g
	}
	if f := kauth.FieldPort; graph.Fields(g).Has(f) && id.Usual(f) != nil {
		set := graph.Usual(id, f)
		nodes := append(slices.Clone(g.Nodes), graph.Node{Test: policy.Test{Kind: policy.In, Field: f, Set: set}, Yes: g.Root, No: ^graph.Ref(len(g.Leaves))})
		g = &graph.Graph[rules.Outcome]{Root: graph.Ref(len(g.Nodes)), Nodes: nodes, Leaves: append(slices.Clip(g.Leaves), rules.Outcome{Fault: unasked})}
	}
	return g
}

// example gives a request of the region that a process of a cell can make, false if there is none.
func example(region graph.Region) (*policy.Request, bool) {
	q, ok := region.Witness()
	if !ok || realistic(q) {
		return q, ok
	}
	carries := q.ID.Info().Fields
	for _, x := range relations {
		var more []*policy.Test
		for _, f := range x.fields() {
			if carries.Has(f.field) {
				more = append(more, &policy.Test{Kind: policy.In, Field: f.field, Set: interval.Single(f.value)})
			}
		}
		for _, f := range own {
			if x.self && carries.Has(f.caller) && carries.Has(f.target) {
				more = append(more, &policy.Test{Kind: policy.Compare, Field: f.caller, Other: f.target, Order: policy.Equal})
			}
		}
		if q, ok := region.WitnessWith(more...); ok {
			return q, true
		}
	}
	return q, false
}

// Example gives a request of the region that a process of a cell can make, false if there is none.
func Example(region graph.Region) (*policy.Request, bool) { return example(region) }
