package analysis

import (
	"fmt"
	"slices"
	"strings"

	"cellsh/policy"
	"cellsh/policy/graph"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
	"cellsh/policy/stock"
)

// Change is requests whose decision differs between two sets.
type Change struct {
	Request kauth.RequestID
	// Cells for which it is so.
	Cells []string
	// Region has the requests, and Where says in words which they are; Example is one of them, with the fields that
	// matter.
	Region  graph.Region
	Where   string
	Example *policy.Request
	// Old and New are the decisions; of requests that differ in reasons and places, those of the example.
	Old, New policy.Decision
}

// ChangeKind is what a change means.
type ChangeKind uint8

const (
	// NowDenied, NowAllowed and NowGranted: the result changes.
	NowDenied ChangeKind = iota
	NowAllowed
	NowGranted
	// InAudit: only the would-result changes.
	InAudit
	// Recording: only whether the decision is kept changes.
	Recording

	NumChangeKinds = iota
)

// String is "denied", "allowed", "granted", "audit" or "record".
func (k ChangeKind) String() string {
	return [NumChangeKinds]string{"denied", "allowed", "granted", "audit", "record"}[k]
}

// Kind says what a change means.
func (c *Change) Kind() ChangeKind {
	switch {
	case c.Old.Result == c.New.Result && c.Old.Would.Result == c.New.Would.Result:
		return Recording
	case c.Old.Result == c.New.Result:
		return InAudit
	case c.New.Result == policy.Deny:
		return NowDenied
	case c.New.Result == policy.Grant:
		return NowGranted
	}
	return NowAllowed
}

// verdict is the part of a decision whose change matters: what happens, not why. Whether it is kept counts only where
// nothing else changes.
type verdict struct {
	result, would policy.Result
	kept          bool
}

type verdicts struct{ old, new verdict }

func verdictsOf(o, n *policy.Decision, probe bool) verdicts {
	v := verdicts{verdict{result: o.Result, would: o.Would.Result}, verdict{result: n.Result, would: n.Would.Result}}
	if v.old == v.new {
		v.old.kept, v.new.kept = o.Kept(probe), n.Kept(probe)
	}
	return v
}

// Diff gives exactly the requests of processes in cells whose decision changes from one set to the other in the cells. Changes of reasons
// and places are none. Cells with the same changes share them.
func Diff(old, new *rules.Compiler, cells []string) ([]Change, error) {
	return DiffAnswered(old, new, cells, nil)
}

// DiffAnswered is Diff where the fallback answers for cells that no policy of a side names, if it does for cells of that name.
func DiffAnswered(old, new *rules.Compiler, cells []string, fallback func(cell string) bool) ([]Change, error) {
	fallbacks := map[kauth.RequestID][]*rules.PolicyGraph{}
	graphs := func(c *rules.Compiler, cell string, id kauth.RequestID) []*rules.PolicyGraph {
		if fallback == nil || !c.Vocabulary().Asks(id) || len(c.For(cell)) > 0 || !fallback(cell) {
			return c.PolicyGraphs(cell, id)
		}
		// Both sides are for the same kernel.
		if fallbacks[id] == nil {
			fallbacks[id] = []*rules.PolicyGraph{fallbackGraph(c.Vocabulary(), id)}
		}
		return fallbacks[id]
	}
	var out []Change
	seen := map[string]int{}
	// Cells that no policy tells apart have the same graphs, and are compared once.
	known := map[string][]Change{}
	cells = names(cells)
	for k, cell := range cells {
		for j, id := range new.Requests() {
			at(new, "comparing", cells, k, j)
			a, b := graphs(old, cell, id), graphs(new, cell, id)
			pair := fmt.Sprint(id, graphsKey(a), graphsKey(b))
			changes, ok := known[pair]
			if !ok {
				var err error
				if changes, err = diffRequest(a, b, id, new.Vocabulary().Flags(id).Has(kauth.Probe)); err != nil {
					return nil, fmt.Errorf("%s in cell %s: %w", id, cell, err)
				}
				known[pair] = changes
			}
			for _, ch := range changes {
				key := fmt.Sprint(id, ch.Old.Result, ch.Old.Would.Result, ch.New.Result, ch.New.Would.Result, ch.Old.Record, ch.New.Record, ch.Region.Key())
				i, ok := seen[key]
				if !ok {
					i = len(out)
					seen[key] = i
					ch.Cells = nil
					out = append(out, ch)
				}
				out[i].Cells = append(out[i].Cells, cell)
			}
		}
	}
	slices.SortStableFunc(out, func(x, y Change) int { return int(x.Request) - int(y.Request) })
	return out, nil
}

// fallbackGraph is what the fallback says to a request, in the form of a policy's graph.
func fallbackGraph(v *kauth.Vocabulary, id kauth.RequestID) *rules.PolicyGraph {
	said := rules.ProgramGraph(stock.FallbackFor(v), id)
	g := &graph.Graph[rules.Outcome]{Root: said.Root, Nodes: said.Nodes}
	for i := range said.Leaves {
		g.Leaves = append(g.Leaves, rules.Outcome{Answer: said.Leaves[i].Answer})
	}
	return &rules.PolicyGraph{Policy: &rules.Policy{}, Graph: g}
}

// graphsKey stands for a list of graphs.
func graphsKey(list []*rules.PolicyGraph) string {
	var b strings.Builder
	for _, g := range list {
		fmt.Fprintf(&b, "%p,", g)
	}
	return b.String()
}

func diffRequest(old, new []*rules.PolicyGraph, id kauth.RequestID, probe bool) ([]Change, error) {
	var out []Change
	tested := append(rules.Tested(old), rules.Tested(new)...)
	space, matter := graph.NewSpace(id, tested...), relevant(tested...)
	a, b := graph.NewDiagrams[policy.Decision](space), graph.NewDiagrams[policy.Decision](space)
	x, err := rules.Combine(a, old)
	if err != nil {
		return nil, err
	}
	y, err := rules.Combine(b, new)
	if err != nil {
		return nil, err
	}
	// Decisions that differ only in words become one, so that regions are as large as they can be.
	p := graph.NewDiagrams[verdicts](space)
	r, err := graph.Apply(p, a, x, b, y, func(o, n policy.Decision) verdicts {
		return verdictsOf(&o, &n, probe)
	})
	if err != nil {
		return nil, err
	}
	p.RegionsOf(r, func(v verdicts) bool { return v.old != v.new }, func(region graph.Region, _ verdicts) bool {
		q, ok := example(region)
		if ok {
			region = region.Clone()
			out = append(out, Change{Request: id, Region: region, Where: region.String(), Example: only(q, matter), Old: a.Eval(x, q), New: b.Eval(y, q)})
		}
		return true
	})
	return out, nil
}
