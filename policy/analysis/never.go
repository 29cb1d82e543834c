package analysis

import (
	"slices"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// Breach is a request that is not denied although it should never be allowed.
type Breach struct {
	Never   *rules.Never
	Cell    string
	Request kauth.RequestID
	// Where says in words which requests are not denied; Example is one of them, with the fields that matter, and Decision
	// its answer.
	Where    string
	Example  *policy.Request
	Decision policy.Decision
}

// Sample is a name of a cell that is looked at, and why.
type Sample struct {
	Name string
	// Live cells exist; the others were named, or are one sample of a glob.
	Live bool
	Glob string
}

// Samples are the cells that check and never look at: every live one, each that was named, a sample of each glob, and one
// that no glob matches if something is for every cell. If that is none at all it is a single sample, "cell-1".
func Samples(set *rules.Set, live, named []string) []Sample {
	var out []Sample
	known := map[string]bool{}
	add := func(s Sample) {
		if !known[s.Name] {
			known[s.Name] = true
			out = append(out, s)
		}
	}
	for _, name := range live {
		add(Sample{Name: name, Live: true})
	}
	for _, name := range named {
		add(Sample{Name: name})
	}
	for _, g := range Globs(set) {
		add(Sample{Name: g.Sample(), Glob: g.Pattern})
	}
	// What has no globs is for every cell, those that no glob matches too: policies for some cells must not hide what is
	// left to the others.
	if other, ok := unmatched(set); ok && everywhere(set) {
		add(Sample{Name: other})
	}
	if len(out) == 0 {
		add(Sample{Name: "cell-1"})
	}
	return out
}

// everywhere reports whether a policy or an assertion is for every cell.
func everywhere(set *rules.Set) bool {
	return slices.ContainsFunc(set.Policies, func(p *rules.Policy) bool { return p.Cells == nil }) ||
		slices.ContainsFunc(set.Nevers, func(n *rules.Never) bool { return n.Cells == nil })
}

// unmatched gives a name that no glob matches. It tries some that have little in common; false if there is none, as with
// "*".
func unmatched(set *rules.Set) (string, bool) {
	globs := Globs(set)
	for _, name := range []string{"cell-1", "other", "X.0", "9_z", "q"} {
		if !slices.ContainsFunc(globs, func(g rules.Glob) bool { return g.Match(name) }) {
			return name, true
		}
	}
	return "", false
}

// Globs are all of a set, each once.
func Globs(set *rules.Set) []rules.Glob {
	var out []rules.Glob
	seen := map[string]bool{}
	add := func(globs []rules.Glob) {
		for _, g := range globs {
			if !seen[g.Pattern] {
				seen[g.Pattern] = true
				out = append(out, g)
			}
		}
	}
	for _, p := range set.Policies {
		add(p.Cells)
	}
	for _, n := range set.Nevers {
		add(n.Cells)
	}
	return out
}

// Nevers looks for requests that must be denied in a cell and are not. What policies in audit mode would say, and
// what the kernel's other models say, does not count, nor do cells that are audited. One breach for each assertion and request
// is enough.
func Nevers(c *rules.Compiler, cell string) ([]Breach, diag.List, error) {
	var out []Breach
	var problems diag.List
	var faults rules.Faults
	for _, n := range c.Set().Nevers {
		if !n.AppliesTo(cell) || c.Set().Audits(cell) {
			continue
		}
		for j, id := range c.Requests() {
			if !n.About(id) {
				continue
			}
			at(c, "checking what must never be", []string{cell}, 0, j)
			if n.Where != nil {
				where := n.Where.Compile(id, cell)
				problems = append(problems, where.Notes...)
				if slices.ContainsFunc(where.Graph.Leaves, func(o rules.Outcome) bool { return o.Fault != nil }) {
					faults.Search(where.Graph, id, func(q *policy.Request) error {
						_, _, err := n.Where.Ask(q, cell)
						return err
					})
				}
				if where.GaveUp() {
					continue
				}
			}
			b, err := breach(c, n, cell, id)
			if err != nil {
				return nil, nil, err
			}
			if b != nil {
				out = append(out, *b)
			}
		}
	}
	return out, append(problems, faults.List()...).Sort(), nil
}

// NeversRead reports whether an assertion about the cell reads its name, so that it may hold there and not in another cell
// with the same program.
func NeversRead(c *rules.Compiler, cell string) bool {
	for _, n := range c.Set().Nevers {
		if n.Where == nil || !n.AppliesTo(cell) {
			continue
		}
		for _, id := range c.Requests() {
			if n.About(id) && n.Where.Compile(id, cell).CellRead {
				return true
			}
		}
	}
	return false
}

// Lifted are the assertions that would not hold in the cells if these were audited, in the order of the set: those that are about them.
func Lifted(set *rules.Set, cells []string) []*rules.Never {
	var out []*rules.Never
	for _, n := range set.Nevers {
		if slices.ContainsFunc(cells, n.AppliesTo) {
			out = append(out, n)
		}
	}
	return out
}

func breach(c *rules.Compiler, n *rules.Never, cell string, id kauth.RequestID) (*Breach, error) {
	graphs := c.PolicyGraphs(cell, id)
	tested := rules.Tested(graphs)
	where := graph.Constant(rules.Outcome{Answer: policy.Answer{Result: policy.Allow}})
	if n.Where != nil {
		where = n.Where.Compile(id, cell).Graph
	}
	space := graph.NewSpace(id, append(tested, where)...)
	d, ref, err := decisionGraph(c, space, cell, id)
	if err != nil {
		return nil, err
	}
	w := graph.NewDiagrams[rules.Outcome](space)
	wref, err := graph.Reduce(w, where)
	if err != nil {
		return nil, err
	}
	open := graph.NewDiagrams[bool](space)
	oref, err := graph.Apply(open, d, ref, w, wref, func(x policy.Decision, o rules.Outcome) bool {
		return o.Fault == nil && o.Result != policy.Pass && x.Result != policy.Deny
	})
	if err != nil {
		return nil, err
	}
	var found *Breach
	open.RegionsOf(oref, func(b bool) bool { return b }, func(region graph.Region, _ bool) bool {
		q, ok := example(region)
		if ok {
			found = &Breach{n, cell, id, region.String(), only(q, relevant(append(tested, where)...)), d.Eval(ref, q)}
		}
		return !ok
	})
	return found, nil
}
