package analysis

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/kauth"
	"cellsh/policy/progress"
	"cellsh/policy/rules"
)

// Slip is something that makes a function say nothing where its author thought that it says something. What is not said
// is not denied, so slips are errors.
type Slip struct {
	diag.Diagnostic
	// CellRead says that the function reads the name of the cell: in other cells than those looked at it may be none.
	CellRead bool
	// field that no request carries, for one of that kind.
	field string
}

// Slips finds functions that answer no request of their entry in any of the cells, and reads of fields that none of these
// requests carries; of assertions the reads. They are ordered by place.
func Slips(c *rules.Compiler, cells []string) []Slip {
	s := &slips{requests: c.Requests(), work: c.Work(), seen: map[slipPlace]bool{}}
	for _, p := range c.Set().Policies {
		if !hasFunction([]*rules.Policy{p}) {
			continue
		}
		mine := applying(cells, p.AppliesTo)
		for i := range p.Entries {
			if e := &p.Entries[i]; e.Function != nil && len(mine) > 0 {
				s.function(e.Function, []kauth.Pattern{e.Pattern}, mine, e.Pattern.String(), true)
			}
		}
	}
	for _, n := range c.Set().Nevers {
		if n.Where == nil {
			continue
		}
		mine := applying(cells, n.AppliesTo)
		names := make([]string, len(n.Patterns))
		for i, p := range n.Patterns {
			names[i] = p.String()
		}
		if len(mine) > 0 {
			s.function(n.Where, n.Patterns, mine, strings.Join(names, ", "), false)
		}
	}
	slices.SortStableFunc(s.list, func(a, b Slip) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
	return s.list
}

// applying are the cells that a declaration applies to.
func applying(cells []string, to func(cell string) bool) []string {
	return slices.DeleteFunc(slices.Clone(cells), func(cell string) bool { return !to(cell) })
}

// SlipProblems puts slips together with the other problems of functions. An error that a missing field causes is not told
// beside the slip that says so.
func SlipProblems(problems diag.List, list []Slip) diag.List {
	type line struct {
		file string
		line int
	}
	told := map[line]bool{}
	for i := range list {
		if list[i].field != "" {
			told[line{list[i].File, list[i].Line}] = true
		}
	}
	out := slices.DeleteFunc(problems, func(d diag.Diagnostic) bool {
		return d.Code == diag.DecisionError && told[line{d.File, d.Line}]
	})
	for i := range list {
		out = append(out, list[i].Diagnostic)
	}
	return out
}

type slipPlace struct {
	diag.Span
	about, field string
}

type slips struct {
	requests []kauth.RequestID
	work     *progress.Work
	list     []Slip
	seen     map[slipPlace]bool
}

// function looks at a function for the requests of the patterns in the cells. Of a decision it is a slip if it never
// answers.
func (s *slips) function(f rules.Function, patterns []kauth.Pattern, cells []string, about string, decision bool) {
	asked, silent, cellRead := false, decision, false
	// reads has the places where a field is absent, and carried the fields that some request had when they were read.
	var reads []rules.FieldRead
	var carried, possible kauth.FieldSet
	graphs := seenGraphs{}
	for _, id := range s.requests {
		if !slices.ContainsFunc(patterns, func(p kauth.Pattern) bool { return p.Matches(id) }) {
			continue
		}
		asked = true
		possible |= id.Info().Fields
		for _, cell := range cells {
			s.work.Check()
			compiled := f.Compile(id, cell)
			cellRead = cellRead || compiled.CellRead
			carried |= compiled.Read & id.Info().Fields
			if !graphs[compiled.Graph] {
				graphs[compiled.Graph] = true
				reads = append(reads, compiled.Absent...)
				silent = silent && says(compiled.Graph, id) == never
			}
			if !compiled.CellRead {
				break
			}
		}
	}
	if !asked {
		return
	}
	absent := false
	for _, r := range reads {
		if carried.Has(r.Field) {
			continue
		}
		absent = true
		at := slipPlace{r.Span, about, r.Name}
		if s.seen[at] {
			continue
		}
		s.seen[at] = true
		s.list = append(s.list, Slip{CellRead: cellRead, field: r.Name, Diagnostic: diag.Diagnostic{Span: r.Span, Code: diag.DecisionAbsent,
			Message: fmt.Sprintf("a field must be one that the requests carry, but none of %s carries r.%s", about, r.Name),
			Hint:    s.meant(r, possible)}})
	}
	if !silent || absent {
		// What is read in vain is most likely why.
		return
	}
	hint := "what no function answers is not denied: return deny, allow or grant, or leave the function out"
	if cellRead {
		hint = "it reads r.cell.name: add the names that it answers for to cells"
	}
	s.list = append(s.list, Slip{CellRead: cellRead, Diagnostic: diag.Diagnostic{Span: f.Span(), Code: diag.DecisionSilent,
		Message: fmt.Sprintf("a function must answer some request, but this one answers none of %s in %s", about, cellsWords(cells)), Hint: hint}})
}

// How a function answers a request.
type saying uint8

const (
	never saying = iota
	sometimes
	undecided
)

// says finds out whether a function answers for some request. Faults count as answers: they are told elsewhere.
func says(g *graph.Graph[rules.Outcome], id kauth.RequestID) saying {
	q, decided := graph.Find(g, id, func(o rules.Outcome) bool { return o.Fault != nil || o.Result != policy.Pass }, maxSaysPieces)
	switch {
	case q != nil:
		return sometimes
	case !decided:
		return undecided
	}
	return never
}

// maxSaysPieces is how many pieces diagrams may have to find out whether a function answers.
const maxSaysPieces = 1 << 18

func cellsWords(cells []string) string {
	const most = 3
	switch {
	case len(cells) == 1:
		return "cell " + cells[0]
	case len(cells) > most:
		return fmt.Sprintf("cells %s and %d more", strings.Join(cells[:most], ", "), len(cells)-most)
	}
	return "cells " + strings.Join(cells, ", ")
}

// alikeFields are fields that are taken for each other: what different requests call the same, or nearly the same.
var alikeFields = [...][]kauth.Field{
	{kauth.FieldFamily, kauth.FieldDomain},
	{kauth.FieldOp, kauth.FieldCmd},
	{kauth.FieldFlags, kauth.FieldMode, kauth.FieldBits},
	{kauth.FieldType, kauth.FieldKind, kauth.FieldFstype},
	{kauth.FieldCur, kauth.FieldMax, kauth.FieldNice},
}

// meant says which field was meant, of those that the requests carry, or which requests carry the one that is read.
func (s *slips) meant(r rules.FieldRead, possible kauth.FieldSet) string {
	for _, list := range alikeFields {
		if !slices.Contains(list, r.Field) {
			continue
		}
		for _, f := range list {
			if possible.Has(f) {
				return "did you mean r." + f.String() + "?"
			}
		}
	}
	var names, carriers []string
	for _, f := range (possible &^ kauth.Credential).Fields() {
		if f != kauth.FieldMembers {
			names = append(names, f.String())
		}
	}
	if near := diag.Nearest(r.Name, names); near != "" {
		return "did you mean r." + near + "?"
	}
	for _, id := range s.requests {
		if id.Info().Fields.Has(r.Field) {
			carriers = append(carriers, id.String())
		}
	}
	const most = 4
	if len(carriers) > most {
		carriers = append(carriers[:most], fmt.Sprintf("%d more", len(carriers)-most))
	}
	if len(carriers) == 0 {
		return ""
	}
	return fmt.Sprintf("r.%s is carried by %s", r.Name, strings.Join(carriers, ", "))
}
