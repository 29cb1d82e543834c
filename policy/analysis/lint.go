package analysis

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/progress"
	"cellsh/policy/rules"
	"cellsh/policy/secmodel"
	"cellsh/policy/stock"
)

// Grant is a place that gives a right which the kernel's other models may refuse.
type Grant struct {
	Policy   string
	Requests []kauth.RequestID
	Reason   string
	diag.Span
	// Audit grants do not apply.
	Audit bool
	// Unsure says that it is not known whether any request gets it: there are too many cases.
	Unsure bool
}

// Grants lists all that some request gets in the cells, by place.
func Grants(c *rules.Compiler, cells []string) ([]Grant, error) {
	type key struct {
		policy string
		answer policy.Answer
	}
	found := map[key]*Grant{}
	err := eachRequest(c, cells, func(graphs []*rules.PolicyGraph, cell string, id kauth.RequestID) error {
		for _, g := range graphs {
			got := granted(g, cell, id)
			for i, o := range slices.Concat(got.sure, got.unsure) {
				k := key{g.Policy.Name, o.Answer}
				if found[k] == nil {
					found[k] = &Grant{Policy: g.Policy.Name, Reason: o.Reason, Span: o.Source.Span(), Audit: g.Policy.Audit, Unsure: true}
				}
				found[k].Unsure = found[k].Unsure && i >= len(got.sure)
				if !slices.Contains(found[k].Requests, id) {
					found[k].Requests = append(found[k].Requests, id)
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var out []Grant
	for _, g := range found {
		out = append(out, *g)
	}
	slices.SortFunc(out, func(a, b Grant) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Reason, b.Reason))
	})
	return out, nil
}

// granted are the grants that requests get from a policy.
func granted(g *rules.PolicyGraph, cell string, id kauth.RequestID) outcomes {
	return reachedOutcomes(g.Graph, cell, id, func(o rules.Outcome) bool { return o.Fault == nil && o.Result == policy.Grant })
}

// uselessGrants finds the grants that nothing comes of: what the kernel's profile low keeps apart, processes of
// different cells and private sysctls, no policy can give back, because a denial by any model stands.
func uselessGrants(c *rules.Compiler, cells []string) (diag.List, error) {
	type use struct{ refused, met bool }
	uses := map[policy.Source]*use{}
	first := map[policy.Source]string{}
	// skipped are the requests with too many cases.
	var skipped []kauth.RequestID
	low := secmodel.Low
	err := eachRequest(c, cells, func(graphs []*rules.PolicyGraph, cell string, id kauth.RequestID) error {
		if !slices.ContainsFunc(graphs, func(g *rules.PolicyGraph) bool {
			return slices.ContainsFunc(g.Graph.Leaves, func(o rules.Outcome) bool { return o.Result == policy.Grant })
		}) {
			return nil
		}
		if len(stock.CellListener(secmodel.Current, stock.In(low), id).Rules) == 0 {
			for _, g := range graphs {
				got := granted(g, cell, id)
				for _, o := range slices.Concat(got.sure, got.unsure) {
					uses[o.Source] = &use{met: true}
				}
			}
			return nil
		}
		a, err := Can(c, cell, id, Answerer{Profile: &low}, CanOptions{Most: smallRegions, Pieces: smallCan})
		if err == nil && a.More {
			err = graph.ErrTooLarge
		}
		if err != nil {
			skipped = append(skipped, id)
			for _, g := range graphs {
				got := granted(g, cell, id)
				for _, o := range slices.Concat(got.sure, got.unsure) {
					uses[o.Source] = &use{met: true}
				}
			}
			return nil
		}
		for i := range a.Cases {
			x := &a.Cases[i]
			if x.Decision.Result != policy.Grant {
				continue
			}
			from := x.Decision.Source
			if uses[from] == nil {
				uses[from] = &use{}
			}
			if !x.refused() {
				uses[from].met = true
				continue
			}
			uses[from].refused = true
			if first[from] == "" {
				first[from] = id.String()
				if x.Where != "any request" {
					first[from] += " where " + x.Where
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var out diag.List
	slices.Sort(skipped)
	for _, id := range slices.Compact(skipped) {
		out = append(out, diag.Diagnostic{Severity: diag.Note, Code: diag.TooLarge,
			Message: fmt.Sprintf("whether grants for %s have an effect was not looked at, because the decision has too many cases", id)})
	}
	for from, u := range uses {
		if u.refused && !u.met {
			out = append(out, diag.Diagnostic{Span: from.Span(), Severity: diag.Warning, Code: diag.LintUselessGrant,
				Message: fmt.Sprintf("a grant must be about what the cell's profile low leaves open, but it refuses %s", first[from]),
				Hint:    "the grant has no effect: a denial by one model can't be taken back by another"})
		}
	}
	return out, nil
}

// refused reports whether nobody's request of the case is allowed.
func (x *Case) refused() bool {
	return (x.Root == nil || x.Root.Allowed == stock.No) && (x.User == nil || x.User.Allowed == stock.No)
}

// eachRequest calls f for every request in the cells, those that no policy tells apart once, until it fails.
func eachRequest(c *rules.Compiler, cells []string, f func(graphs []*rules.PolicyGraph, cell string, id kauth.RequestID) error) error {
	seen := map[*rules.Program]bool{}
	for k, cell := range cells {
		p, err := c.Program(cell)
		if err != nil {
			return err
		}
		if seen[p.Kind()] {
			continue
		}
		seen[p.Kind()] = true
		for j, id := range c.Requests() {
			at(c, "looking for mistakes", cells, k, j)
			if err := f(c.PolicyGraphs(cell, id), cell, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// at says where an analysis is that looks at all requests in each cell, and checks.
func at(c *rules.Compiler, doing string, cells []string, cell, request int) {
	n := len(c.Requests())
	c.Work().At(progress.Step{Doing: doing, Of: cells[cell] + " " + c.Requests()[request].String(), Done: cell*n + request, Total: n * len(cells)})
}

// Lint finds what is surely not meant: entries that are never asked because more specific ones always answer, tests
// that have the same answer for every request, grants that the kernel refuses all the same, denials that a cell without a
// name escapes, and assertions about nothing.
// Only what holds in all of the cells is told.
func Lint(c *rules.Compiler, cells []string) (diag.List, error) {
	tests := map[testPlace]*testSeen{}
	asked := map[entryPlace]bool{}
	applies := map[*rules.Policy]bool{}
	seen := map[asking]bool{}
	hidden := map[diag.Span]diag.Diagnostic{}
	err := eachRequest(c, cells, func(graphs []*rules.PolicyGraph, cell string, id kauth.RequestID) error {
		for _, g := range graphs {
			if a := askedAs(g, id); !seen[a] {
				seen[a] = true
				applies[g.Policy] = true
				hiddenDenials(g, cell, id, hidden)
				unknownCells(g, id, hidden)
				noteTests(g, cell, id, tests)
				noteEntries(g, cell, id, asked)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var out diag.List
	for place, seen := range tests {
		if seen.yes == seen.no {
			continue
		}
		word := "true"
		if seen.no {
			word = "false"
		}
		message := fmt.Sprintf("a test should depend on the request, but %s is always %s here", place.test, word)
		if seen.bounds != "" {
			message = fmt.Sprintf("a test should depend on the request, but this one is always %s, because %s", word, seen.bounds)
		}
		out = append(out, diag.Diagnostic{Span: place.Span, Severity: diag.Warning, Code: diag.LintConstant, Message: message})
	}
	for p := range applies {
		for i, e := range p.Entries {
			if asked[entryPlace{p, i}] || neverAsked(c, e.Pattern) {
				continue
			}
			out = append(out, diag.Diagnostic{Span: e.Span, Severity: diag.Warning, Code: diag.LintShadowed,
				Message: fmt.Sprintf("an entry should be asked for some request, but %s never is: more specific entries always answer", e.Pattern)})
		}
	}
	for _, d := range hidden {
		out = append(out, d)
	}
	useless, err := uselessGrants(c, cells)
	if err != nil {
		return nil, err
	}
	return append(append(out, useless...), emptyNevers(c)...).Sort(), nil
}

// emptyNevers finds the assertions that are about no request, because where never holds: they assure of nothing.
func emptyNevers(c *rules.Compiler) diag.List {
	var out diag.List
	for _, n := range c.Set().Nevers {
		if n.Where == nil {
			continue
		}
		cell := ""
		if len(n.Cells) > 0 {
			cell = n.Cells[0].Sample()
		}
		about := slices.ContainsFunc(c.Requests(), func(id kauth.RequestID) bool {
			return n.About(id) && canHold(n.Where, cell, id)
		})
		if !about {
			out = append(out, diag.Diagnostic{Span: n.Span, Severity: diag.Warning, Code: diag.LintEmptyNever,
				Message: fmt.Sprintf("an assertion should be about some request, but where of %q never holds", n.Title)})
		}
	}
	return out
}

// canHold reports whether a condition is met by some request; it may be if it depends on the cell, or is too large.
func canHold(f rules.Function, cell string, id kauth.RequestID) bool {
	compiled := f.Compile(id, cell)
	if compiled.CellRead {
		return true
	}
	holds := func(o rules.Outcome) bool { return o.Fault != nil || o.Result != policy.Pass }
	return !reachedOutcomes(usual(compiled.Graph, id), cell, id, holds).none()
}

// neverAsked reports whether the kernel asks none of the pattern's requests, which is told elsewhere.
func neverAsked(c *rules.Compiler, p kauth.Pattern) bool {
	return !slices.ContainsFunc(c.Requests(), p.Matches)
}

type testPlace struct {
	diag.Span
	test string
}

// boundsOf says within which bounds a field is, if a test is for values beyond them, or for all within them.
func boundsOf(t *policy.Test, id kauth.RequestID) string {
	if t.Kind != policy.In || t.Field.Info().Kind == kauth.KindBool {
		return ""
	}
	decides := func(bounds interval.Set) bool {
		return t.Set.Intersect(bounds).Empty() || bounds.Minus(t.Set).Empty()
	}
	bounds, where := interval.Between(id.Range(t.Field)), ""
	if !decides(bounds) {
		if bounds = graph.Usual(id, t.Field); bounds == nil || !decides(bounds) {
			return ""
		}
		where = " in " + id.String()
	}
	var ranges []string
	for _, r := range bounds {
		if r.Lo == r.Hi {
			ranges = append(ranges, t.Field.FormatValue(r.Lo))
		} else {
			ranges = append(ranges, t.Field.FormatValue(r.Lo)+" to "+t.Field.FormatValue(r.Hi))
		}
	}
	return fmt.Sprintf("r.%s is %s%s", t.Field, strings.Join(ranges, " or "), where)
}

// testSeen are the outcomes that a test can have. bounds are those of the field, where they alone decide the test for each
// request.
type testSeen struct {
	yes, no bool
	bounds  string
}

// noteTests notes which outcomes tests can have when the kernel asks.
func noteTests(g *rules.PolicyGraph, cell string, id kauth.RequestID, tests map[testPlace]*testSeen) {
	if len(g.Graph.Nodes) == 0 {
		return
	}
	p := possibleTests(usual(g.Graph, id), cell, id)
	reach := g.Graph.Reachable()
	for i := range g.Graph.Nodes {
		n := &g.Graph.Nodes[i]
		if !reach[i] || n.Span.Line == 0 || readsAgain(&n.Test) {
			continue
		}
		k, bounds := testPlace{n.Span, n.Test.String()}, boundsOf(&n.Test, id)
		if tests[k] == nil {
			tests[k] = &testSeen{bounds: bounds}
		}
		if tests[k].bounds != bounds {
			tests[k].bounds = ""
		}
		// What was not decided may be possible.
		tests[k].yes = tests[k].yes || p.yes[i] || p.open[i]
		tests[k].no = tests[k].no || p.no[i] || p.open[i]
	}
}

// readsAgain reports whether a test may only stand for reading a field that can be nil: in r.ifname and ok[r.ifname] nobody
// meant the second as a test.
func readsAgain(t *policy.Test) bool {
	return t.Kind == policy.Is && t.Text == "" && t.Field.Info().Nullable
}

type entryPlace struct {
	policy *rules.Policy
	entry  int
}

// noteEntries notes which entries of the policy are asked for the request: the first of the chain, and each further
// one as long as those before can pass.
func noteEntries(g *rules.PolicyGraph, cell string, id kauth.RequestID, asked map[entryPlace]bool) {
	for _, pattern := range id.Chain() {
		for i, e := range g.Policy.Entries {
			if e.Pattern != pattern {
				continue
			}
			asked[entryPlace{g.Policy, i}] = true
			if e.Function == nil || !canPass(e.Function, cell, id) {
				return
			}
		}
	}
}

// canPass reports whether a function may give no answer for some request.
func canPass(f rules.Function, cell string, id kauth.RequestID) bool {
	pass := func(o rules.Outcome) bool { return o.Fault == nil && o.Result == policy.Pass }
	return !reachedOutcomes(usual(f.Compile(id, cell).Graph, id), cell, id, pass).none()
}

// hiddenDenials finds lists that allow or grant a request, and so keep a function from being asked that denies some of
// its kind and not others. One that denies all of them, or a list that does, is an exception that was meant.
func hiddenDenials(g *rules.PolicyGraph, cell string, id kauth.RequestID, hidden map[diag.Span]diag.Diagnostic) {
	var list *rules.Entry
	for _, pattern := range id.Chain() {
		for i := range g.Policy.Entries {
			e := &g.Policy.Entries[i]
			if e.Pattern != pattern {
				continue
			}
			if list == nil {
				if e.Function == nil && e.Result == policy.Deny {
					return
				}
				if e.Function == nil {
					list = e
				}
				continue
			}
			if e.Function == nil {
				return
			}
			if _, told := hidden[list.Span]; told {
				return
			}
			of := e.Function.Compile(id, cell).Graph
			denies := reachedOutcomes(usual(of, id), cell, id, func(o rules.Outcome) bool { return o.Fault == nil && o.Result == policy.Deny }).sure
			others := reachedOutcomes(usual(of, id), cell, id, func(o rules.Outcome) bool { return o.Fault != nil || o.Result != policy.Deny }).sure
			if len(denies) > 0 && len(others) > 0 {
				hidden[list.Span] = diag.Diagnostic{Span: list.Span, Severity: diag.Warning, Code: diag.LintHiddenDenial,
					Message: fmt.Sprintf("an exception should be about all requests of %s, but it also allows those that the function for %s denies", list.Pattern, e.Pattern),
					Hint:    fmt.Sprintf("the list answers first: write a function for %s that denies them too", list.Pattern),
					Related: []diag.Related{{Span: denies[0].Source.Span(), Message: "some of them are denied here"}}}
				return
			}
		}
	}
}
