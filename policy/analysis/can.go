package analysis

import (
	"cellsh/policy"
	"cellsh/policy/graph"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// Case is requests that get the same decision.
type Case struct {
	Region   graph.Region
	Decision policy.Decision
	// Where says in words which requests they are.
	Where string
}

// Can gives the cases of a request in a cell: disjoint, and together all requests.
func Can(c *rules.Compiler, cell string, id kauth.RequestID) ([]Case, error) {
	d, ref, err := c.Diagram(cell, id)
	if err != nil {
		return nil, err
	}
	var out []Case
	d.Regions(ref, func(r graph.Region, x policy.Decision) bool {
		r = r.Clone()
		out = append(out, Case{r, x, r.String()})
		return true
	})
	return out, nil
}

// Change is requests whose decision differs between two sets.
type Change struct {
	Request kauth.RequestID
	// Cells for which it is so.
	Cells    []string
	Where    string
	Example  *policy.Request
	Old, New policy.Decision
}

// Kind says what a change means: "denied", "allowed" or "granted" if the result changes, "audit" if only the
// would-result does.
func (c *Change) Kind() string {
	if c.Old.Result == c.New.Result {
		return "audit"
	}
	return map[policy.Result]string{policy.Deny: "denied", policy.Allow: "allowed", policy.Grant: "granted"}[c.New.Result]
}

// verdict is the part of a decision whose change matters: what happens, not why.
type verdict struct{ result, would policy.Result }

type verdicts struct{ old, new policy.Decision }

// Diff gives exactly the requests whose decision changes from one set to the other in the cells. Changes of reasons
// and places are none. Cells with the same changes share them.
func Diff(old, new *rules.Compiler, cells []string) ([]Change, error) {
	var out []Change
	seen := map[string]int{}
	for _, cell := range names(cells) {
		changes, err := diffCell(old, new, cell)
		if err != nil {
			return nil, err
		}
		for _, ch := range changes {
			key := ch.Request.String() + "\x00" + ch.Where + "\x00" + ch.Kind() + ch.Old.Result.String() + ch.Old.Would.Result.String() + ch.New.Would.Result.String()
			if i, ok := seen[key]; ok {
				out[i].Cells = append(out[i].Cells, cell)
				continue
			}
			seen[key] = len(out)
			ch.Cells = []string{cell}
			out = append(out, ch)
		}
	}
	return out, nil
}

func diffCell(old, new *rules.Compiler, cell string) ([]Change, error) {
	var out []Change
	for _, id := range rules.Requests() {
		space := graph.NewSpace(id, append(rules.Tested(old.PolicyGraphs(cell, id)), rules.Tested(new.PolicyGraphs(cell, id))...)...)
		a, x, err := decisionGraph(old, space, cell, id)
		if err != nil {
			return nil, err
		}
		b, y, err := decisionGraph(new, space, cell, id)
		if err != nil {
			return nil, err
		}
		// Decisions that differ only in words become one, so that regions are as large as they can be.
		p := graph.NewDiagrams[verdicts](space)
		canonical := map[[2]verdict]verdicts{}
		r, err := graph.Apply(p, a, x, b, y, func(o, n policy.Decision) verdicts {
			k := [2]verdict{{o.Result, o.Would.Result}, {n.Result, n.Would.Result}}
			v, ok := canonical[k]
			if !ok {
				v = verdicts{o, n}
				canonical[k] = v
			}
			return v
		})
		if err != nil {
			return nil, err
		}
		changed := func(v verdicts) bool {
			return v.old.Result != v.new.Result || v.old.Would.Result != v.new.Would.Result
		}
		p.RegionsOf(r, changed, func(region graph.Region, v verdicts) bool {
			example, _ := region.Witness()
			// The reasons are those of the example.
			out = append(out, Change{Request: id, Where: region.String(), Example: example, Old: a.Eval(x, example), New: b.Eval(y, example)})
			return true
		})
	}
	return out, nil
}
