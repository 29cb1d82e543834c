package study

import (
	"fmt"

	"cellsh/policy"
	"cellsh/policy/analysis"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/progress"
	"cellsh/policy/rules"
	"cellsh/policy/secmodel"
)

// ParsePattern gives the scope, action or request that is named. The error is a *policy.KeyError with a hint.
func ParsePattern(name string) (kauth.Pattern, error) {
	p, ok := kauth.FindPattern(name)
	if ok {
		return p, nil
	}
	return p, &policy.KeyError{Key: "request", Text: fmt.Sprintf("must be a scope, an action or a request, but is %q", name), Hint: policy.PatternHint(name)}
}

// SourceLine is the line of a policy file at a place, "" if it is not known.
func (p *Policies) SourceLine(at diag.Span) string { return p.files.Line(at.File, at.Line) }

// Names reports whether any policy applies to a cell of that name.
func (p *Policies) Names(cell string) bool { return len(p.For(cell)) > 0 }

// usable is Usable for several cells.
func (p *Policies) usable(cells []string) error {
	if len(cells) == 0 && p.Loading.Failed() {
		return p.Loading
	}
	for _, cell := range cells {
		if err := p.Usable(cell); err != nil {
			return err
		}
	}
	return nil
}

// Samples are the cells that are looked at if nobody says which, and those that are named: see analysis.Samples.
func (p *Policies) Samples(live, named []string) []analysis.Sample {
	return analysis.Samples(p.Set(), live, named)
}

func sampleNames(samples []analysis.Sample) []string {
	var out []string
	for _, s := range samples {
		out = append(out, s.Name)
	}
	return out
}

// Supposition says, in the words of commands and scripts, what is supposed to answer for a cell in place of what does. What is
// "" or nil stays.
type Supposition struct {
	// Program is policies, fallback or none; Profile is low, medium, high or unknown; Revision is one that secmodel.ParseRevision knows.
	Program, Profile, Revision string
	// Ports that the cell reserves.
	Ports []uint16
}

// Supposed is what answers for a cell that need not exist where programs are asked, as it is for cells that cellsh makes:
// the policies if any names the cell, and its profile is low; else the fallback, and its profile is unknown.
func (p *Policies) Supposed(cell string, rev secmodel.Revision) analysis.Answerer {
	if !p.Names(cell) {
		return analysis.Answerer{Program: analysis.ByFallback, Revision: rev}
	}
	low := secmodel.Low
	return analysis.Answerer{Program: analysis.ByPolicies, Revision: rev, Profile: &low}
}

// Apply gives what answers if all that is so. The profile of a cell that exists is what it is; that of another one goes
// with the program. The error is a *policy.KeyError.
func (s *Supposition) Apply(a analysis.Answerer, exists bool) (analysis.Answerer, error) {
	bad := func(key, must, value string) (analysis.Answerer, error) {
		return a, &policy.KeyError{Key: key, Text: fmt.Sprintf("must be %s, but is %q", must, value)}
	}
	var ok bool
	if s.Program != "" {
		if a.Program, ok = analysis.ParseAnswering(s.Program); !ok {
			return bad("program", "policies, fallback or none", s.Program)
		}
		if !exists {
			a.Profile, a.Ports = nil, nil
			if a.Program == analysis.ByPolicies {
				low := secmodel.Low
				a.Profile = &low
			}
		}
	}
	if s.Profile != "" {
		a.Profile = nil
		if s.Profile != "unknown" {
			profile, ok := secmodel.ParseProfile(s.Profile)
			if !ok {
				return bad("profile", "low, medium, high or unknown", s.Profile)
			}
			a.Profile = &profile
		}
	}
	if s.Revision != "" {
		var err error
		if a.Revision, err = ParseRevision(s.Revision); err != nil {
			return a, err
		}
	}
	if s.Ports != nil {
		a.Ports = s.Ports
	}
	return a, nil
}

// Abilities are what a cell can do.
type Abilities struct {
	Cell string
	// Answerer is what answers for it.
	Answerer analysis.Answerer
	// Vocabulary of the kernel.
	Vocabulary *kauth.Vocabulary
	// Policies that apply, by name.
	Policies []*rules.Policy
	Requests []analysis.Ability
}

// maxCases is how many cases of one request are told.
const maxCases = 1000

// Can says what becomes of the requests of a pattern in a cell, of all requests if it is nil: see analysis.Can. Errors are as
// for Decide.
func (p *Policies) Can(cell string, pattern *kauth.Pattern, who analysis.Answerer) (*Abilities, error) {
	out := &Abilities{Cell: cell, Answerer: who, Vocabulary: p.Vocabulary(), Policies: p.For(cell)}
	if err := p.Usable(cell); err != nil {
		return nil, err
	}
	lo, hi := kauth.RequestID(0), kauth.RequestID(kauth.NumRequests)
	if pattern != nil {
		lo, hi = pattern.Range()
	}
	for id := lo; id < hi; id++ {
		p.Work().At(progress.Step{Doing: "working out what can be done", Of: cell + " " + id.String(), Done: int(id - lo), Total: int(hi - lo)})
		a, err := p.ability(cell, id, who)
		if err != nil {
			return nil, err
		}
		out.Requests = append(out.Requests, *a)
	}
	return out, nil
}

func (p *Policies) ability(cell string, id kauth.RequestID, who analysis.Answerer) (*analysis.Ability, error) {
	a, err := analysis.Can(p.Compiler, cell, id, who, analysis.CanOptions{Most: maxCases})
	if err != nil {
		return nil, tooLarge(err)
	}
	return a, nil
}

// Becomes says what becomes of a request, of which not all fields need be given: see analysis.Becomes. Errors are as for
// Decide.
func (p *Policies) Becomes(q *policy.Question, who analysis.Answerer) ([]analysis.Case, error) {
	if err := p.Usable(q.Cell); err != nil {
		return nil, err
	}
	a, err := p.ability(q.Cell, q.ID, who)
	if err != nil {
		return nil, err
	}
	return analysis.Becomes(a, &q.Request), nil
}

// ParseRevision gives the revision of secmodel_cell of that name. The error is a *policy.KeyError.
func ParseRevision(name string) (secmodel.Revision, error) {
	rev, ok := secmodel.ParseRevision(name)
	if !ok {
		return rev, &policy.KeyError{Key: "revision", Text: fmt.Sprintf("must be %s, but is %q", secmodel.RevisionNames(), name)}
	}
	return rev, nil
}

// Difference is what changes from one set of policies to another.
type Difference struct {
	// Cells that were looked at: samples of both sets, and those that were named.
	Cells    []analysis.Sample
	Requests []analysis.Change
	Budgets  []analysis.BudgetChange
}

// Any reports whether anything changes.
func (d *Difference) Any() bool { return len(d.Requests)+len(d.Budgets) > 0 }

// Diff compares two sets of policies in the cells that exist, those that are named, and a sample of each glob of either
// set. Errors are as for Decide.
func Diff(old, new *Policies, live, named []string) (*Difference, error) {
	return DiffAnswered(old, new, live, named, nil)
}

// DiffAnswered is Diff where the fallback answers for cells that no policy of a side names, if it does for cells of that name.
func DiffAnswered(old, new *Policies, live, named []string, fallback func(cell string) bool) (*Difference, error) {
	out := &Difference{Cells: analysis.Samples(both(old.Set(), new.Set()), live, named)}
	cells := sampleNames(out.Cells)
	if err := old.usable(cells); err != nil {
		return nil, err
	}
	if err := new.usable(cells); err != nil {
		return nil, err
	}
	changes, err := analysis.DiffAnswered(old.Compiler, new.Compiler, cells, fallback)
	if err != nil {
		return nil, tooLarge(err)
	}
	out.Requests, out.Budgets = changes, analysis.BudgetChanges(old.Set(), new.Set(), cells)
	return out, nil
}

// Auditing gives the same policies with these cells audited, and no others: see [rules.Set.Auditing].
func (p *Policies) Auditing(cells []string) *Policies {
	out := New(p.Set().Auditing(cells), p.Loading, Options{Paths: p.paths, Vocabulary: p.Vocabulary(), Apart: p.apart})
	out.files = p.files
	return out
}

// both has the globs of two sets.
func both(a, b *rules.Set) *rules.Set {
	return &rules.Set{Policies: append(append([]*rules.Policy(nil), a.Policies...), b.Policies...), Nevers: append(append([]*rules.Never(nil), a.Nevers...), b.Nevers...)}
}

// Proved is a proof and the cells that it is about.
type Proved struct {
	*analysis.Proof
	Cells    []analysis.Sample
	problems diag.List
}

// Prove compares the compiled programs with the functions, without a bound: see analysis.Prove. It looks at the cells
// that Check looks at. Errors are as for Decide.
func (p *Policies) Prove(live, named []string) (*Proved, error) {
	out := &Proved{Cells: p.Samples(live, named)}
	cells := sampleNames(out.Cells)
	if err := p.usable(cells); err != nil {
		return nil, err
	}
	proof, err := analysis.Prove(p.Compiler, cells, analysis.ProveOptions{})
	if err != nil {
		return nil, tooLarge(err)
	}
	out.Proof, out.problems = proof, p.Fill(proof.Problems().Sort().Fold())
	return out, nil
}

// Problems are the differences that the proof has found, with source lines.
func (p *Proved) Problems() diag.List { return p.problems }

// fitKey is what a fit depends on.
type fitKey struct {
	program  *rules.Program
	revision secmodel.Revision
}

// Fit says how a cell is best made on a kernel without the evaluation model: see analysis.Fit. Of cells that no policy tells
// apart it is worked out for one. Errors are as for Decide.
func (p *Policies) Fit(cell string, rev secmodel.Revision, aim analysis.Aim) (*analysis.StockFit, error) {
	if err := p.Usable(cell); err != nil {
		return nil, err
	}
	prog, err := p.Program(cell)
	if err != nil {
		return nil, err
	}
	key := fitKey{prog.Kind(), rev}
	f := p.fits[key]
	if f == nil {
		if f, err = analysis.Fit(p.Compiler, cell, rev); err != nil {
			return nil, tooLarge(err)
		}
		p.fits[key] = f
	}
	f = f.For(aim)
	f.Cell = cell
	return f, nil
}
