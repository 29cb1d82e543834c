package host

import (
	"fmt"
	"strings"

	"cellsh/kernel"
	"cellsh/policy/analysis"
	"cellsh/policy/diag"
	"cellsh/policy/secmodel"
	"cellsh/policy/study"
)

// Making is how cells are made from now on where the kernel asks no programs.
type Making struct {
	// Glob of the cells; "" stands for those that no glob names.
	Glob string
	// Fit is that of one of them.
	Fit *analysis.StockFit
}

// Cells says which they are.
func (m *Making) Cells() string {
	switch {
	case m.Glob == "":
		return "all other cells"
	case strings.Contains(m.Glob, "*"):
		return "cells " + m.Glob
	}
	return "cell " + m.Glob
}

// Frozen is a cell that lives where the kernel asks no programs: what it was made with holds it, whatever the policies are
// now.
type Frozen struct {
	Cell string
	// Fit compares the policies with all profiles.
	Fit *analysis.StockFit
	// Profile that it was made with; nil if it is unknown.
	Profile *secmodel.Profile
}

// Misfit says in a few words how what the cell was made with differs from the policies, "" if it does not.
func (f *Frozen) Misfit() string {
	if f.Profile == nil {
		return "profile unknown"
	}
	return "profile " + f.Profile.String() + Misfit(f.Fit, f.Fit.With(*f.Profile))
}

// Misfit says how a profile differs from the policies: "; laxer than the policies in 2 points", "" if it does not.
func Misfit(f *analysis.StockFit, p *analysis.ProfileFit) string {
	text := ""
	if n := analysis.Requests(p.Laxer) + len(f.Unenforced); n > 0 {
		text += "; laxer than the policies in " + count(n, "point")
	}
	if n := analysis.Requests(p.Stricter); n > 0 {
		text += "; stricter in " + count(n, "request")
	}
	if needs := analysis.Needs(p.Lacking); len(needs) > 0 {
		text += ": a service can't " + strings.Join(needs, ", or ")
	}
	return text
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Evaluates reports whether the kernel asks programs. Where it does not, policies choose how cells are made: see
// analysis.Fit.
func (h *Host) Evaluates() bool {
	_, err := h.Kernel.Evaluator()
	return err == nil
}

// Frozen are the live cells that the policies name, as far as these cells are held by what they were made with; none where
// the kernel asks programs.
func (h *Host) Frozen(p *study.Policies, aim analysis.Aim) ([]Frozen, error) {
	if h.Evaluates() {
		return nil, nil
	}
	cells, err := h.Kernel.List()
	if err != nil {
		return nil, err
	}
	var out []Frozen
	for _, c := range cells {
		if !p.Names(c.Name) {
			continue
		}
		fit, err := p.Fit(c.Name, h.Kernel.Info().Revision, aim)
		if err != nil {
			return nil, err
		}
		f := Frozen{Cell: c.Name, Fit: fit}
		if m, ok := h.Kernel.Made(c); ok {
			f.Profile = &m.Profile
		}
		out = append(out, f)
	}
	return out, nil
}

// choice is how policies have cells made on a kernel that asks no programs: made has those that are made from now on, frozen
// those that live, of which nothing can be changed. Lax is what the kernel enforces less of.
type choice struct {
	made   []Making
	frozen []Frozen
	lax    diag.List
}

// choose finds what fits policies best.
func (h *Host) choose(p *study.Policies, aim analysis.Aim) (out choice, err error) {
	for _, s := range p.Samples(nil, nil) {
		if !p.Names(s.Name) {
			continue
		}
		fit, err := p.Fit(s.Name, h.Kernel.Info().Revision, aim)
		if err != nil {
			return out, err
		}
		out.made = append(out.made, Making{s.Glob, fit})
		if fit.Lax() {
			out.lax = append(out.lax, laxProblem(p, fit))
		}
	}
	if out.frozen, err = h.Frozen(p, aim); err != nil {
		return out, err
	}
	for i := range out.frozen {
		if problem, ok := frozenProblem(p, &out.frozen[i]); ok {
			out.lax = append(out.lax, problem)
		}
	}
	out.lax = p.Fill(out.lax).Sort()
	return out, nil
}

// laxProblem says that a kernel will let cells do what the policies refuse.
func laxProblem(p *study.Policies, f *analysis.StockFit) diag.Diagnostic {
	return misfitProblem(p, f, f.Best(), fmt.Sprintf("with profile %s, which fits best,", f.Best().Profile))
}

// frozenProblem says that the kernel lets a cell that lives do what the policies refuse, if that is so or nobody knows.
func frozenProblem(p *study.Policies, f *Frozen) (diag.Diagnostic, bool) {
	if f.Profile == nil {
		d := misfitDiagnostic(p, f.Fit)
		d.Message = fmt.Sprintf("the kernel must be at least as strict as the policies for cell %s, but its profile is not known: %s", f.Cell, WhyUnknown)
		return d, true
	}
	with := f.Fit.With(*f.Profile)
	if len(with.Laxer)+len(f.Fit.Unenforced) == 0 {
		return diag.Diagnostic{}, false
	}
	return misfitProblem(p, f.Fit, with, fmt.Sprintf("with profile %s, which it was made with,", *f.Profile)), true
}

func misfitDiagnostic(p *study.Policies, f *analysis.StockFit) diag.Diagnostic {
	d := diag.Diagnostic{Code: diag.FitLax, Hint: "see all differences: cellsh fit --cell " + f.Cell + " PATH"}
	if applying := p.For(f.Cell); len(applying) > 0 {
		d.Span = applying[0].Span
	}
	return d
}

// misfitProblem says what a profile allows although the policies refuse it.
func misfitProblem(p *study.Policies, f *analysis.StockFit, with *analysis.ProfileFit, how string) diag.Diagnostic {
	d := misfitDiagnostic(p, f)
	if n := analysis.Requests(with.Laxer); n > 0 {
		first := &with.Laxer[0]
		d.Message = fmt.Sprintf("the kernel must be at least as strict as the policies for cell %s, but %s allows %s that they refuse: %s where %s",
			f.Cell, how, count(n, "request"), first.Request, first.Where)
		return d
	}
	d.Span = f.Unenforced[0].Span
	d.Message = fmt.Sprintf("the kernel must enforce the budgets of cell %s, but nothing enforces %s", f.Cell, &f.Unenforced[0])
	return d
}

// fillInStock chooses what the spec leaves open for a kernel that asks no programs.
func (h *Host) fillInStock(s *kernel.Spec, p *study.Policies, aim analysis.Aim) error {
	if !p.Names(s.Name) {
		return nil
	}
	f, err := p.Fit(s.Name, h.Kernel.Info().Revision, aim)
	if err != nil {
		return err
	}
	if s.Profile == nil {
		profile := f.Best().Profile
		s.Profile = &profile
	}
	if s.Ports == nil {
		s.Ports = f.Ports
	}
	return nil
}
