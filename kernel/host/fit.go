package host

import (
	"fmt"

	"cellsh/kernel"
	"cellsh/policy/analysis"
	"cellsh/policy/diag"
	"cellsh/policy/study"
)

// Evaluates reports whether the kernel asks programs. Where it does not, policies choose how cells are made: see
// analysis.Fit.
func (h *Host) Evaluates() bool {
	_, err := h.Kernel.Evaluator()
	return err == nil
}

// loadStock makes policies the active ones on a kernel that asks no programs: cells that are made from now on are made
// as fits them best. Nothing about live cells can be changed. After is the history with the generation.
func (h *Host) loadStock(p *study.Policies, g Generation, after *History, strict bool) (*Loaded, error) {
	live, err := h.LiveNames()
	if err != nil {
		return nil, err
	}
	rev := h.Kernel.Info().Revision
	out := &Loaded{Stock: true, Generation: g.Number}
	var lax diag.List
	for _, s := range p.Samples(live, nil) {
		if !p.Names(s.Name) {
			continue
		}
		fit, err := p.Fit(s.Name, rev)
		if err != nil {
			return nil, err
		}
		out.Fits = append(out.Fits, fit)
		if fit.Lax() {
			lax = append(lax, laxProblem(p, fit))
		}
		if s.Live {
			out.Frozen = append(out.Frozen, s.Name)
		}
	}
	if strict && len(lax) > 0 {
		return nil, p.Fill(lax).Sort()
	}
	if err := writeHistory(h.notes, after); err != nil {
		return nil, err
	}
	h.keep(&g, p)
	return out, nil
}

// laxProblem says that a kernel lets a cell do what the policies refuse.
func laxProblem(p *study.Policies, f *analysis.StockFit) diag.Diagnostic {
	d := diag.Diagnostic{Code: diag.FitLax, Hint: "see all differences: cellsh fit --cell " + f.Cell + " PATH"}
	if applying := p.For(f.Cell); len(applying) > 0 {
		d.Span = applying[0].Span
	}
	best := f.Best()
	if n := analysis.Requests(best.Laxer); n > 0 {
		first := &best.Laxer[0]
		d.Message = fmt.Sprintf("the kernel must be at least as strict as the policies for cell %s, but with profile %s, which fits best, allows %s that they refuse: %s where %s",
			f.Cell, best.Profile, requestCount(n), first.Request, first.Where)
		return d
	}
	d.Span = f.Unenforced[0].Span
	d.Message = fmt.Sprintf("the kernel must enforce the budgets of cell %s, but nothing enforces %s", f.Cell, &f.Unenforced[0])
	return d
}

func requestCount(n int) string {
	if n == 1 {
		return "1 request"
	}
	return fmt.Sprintf("%d requests", n)
}

// fillInStock chooses what the spec leaves open for a kernel that asks no programs.
func (h *Host) fillInStock(s *kernel.Spec, p *study.Policies) error {
	if !p.Names(s.Name) {
		return nil
	}
	f, err := p.Fit(s.Name, h.Kernel.Info().Revision)
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
