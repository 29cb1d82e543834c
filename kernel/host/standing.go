package host

import (
	"fmt"
	"slices"

	"cellsh/kernel"
	"cellsh/policy"
	"cellsh/policy/analysis"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
	"cellsh/policy/secmodel"
	"cellsh/policy/stock"
	"cellsh/policy/study"
)

// Standing is what answers for a cell on the kernel at hand, and how that is known. What is said about answers is said of
// one: no command asks the kernel by itself.
type Standing struct {
	analysis.Answerer
	Cell string
	// Exists says that the cell does. If it does not, Answerer is what would answer for one that is made now, and Near is the
	// name of a cell that exists and is spelt nearly so, "" for none.
	Exists bool
	Near   string
	// Asks says that the kernel asks programs at all, and Disabled that its evaluation model is switched off, so that at the
	// moment it asks none.
	Asks, Disabled bool
	// Named says that policies apply to the cell.
	Named bool
	// Behind is the generation that the kernel has in place of the one that was loaded last, 0 if it has that one.
	Behind uint64
}

// StandingOf says what answers for a cell. The policies are those that are loaded, or with supposed others: then it is what
// would answer if they were. The cell need not exist.
func (h *Host) StandingOf(cell string, p *study.Policies, supposed bool) (*Standing, error) {
	cells, err := h.Kernel.List()
	if err != nil {
		return nil, err
	}
	a, err := h.answering(p, supposed)
	if err != nil {
		return nil, err
	}
	s := &Standing{Cell: cell, Asks: a.asks, Disabled: a.disabled, Named: p.Names(cell), Behind: a.behind}
	if i := slices.IndexFunc(cells, func(c kernel.Cell) bool { return c.Name == cell }); i >= 0 {
		s.Exists, s.Answerer = true, a.of(cells[i])
		return s, nil
	}
	s.Near = diag.Nearest(cell, cellNames(cells))
	s.Answerer, err = a.madeNow(cell)
	return s, err
}

// answering knows what answers for the cells of a kernel.
type answering struct {
	h *Host
	// p are the policies; nil if they are not known any more, as those of a session that has ended.
	p        *study.Policies
	supposed bool
	revision secmodel.Revision
	asks     bool
	disabled bool
	// known is what the evaluation model tells of cells; everything says that all have a program of policies.
	known      map[kernel.CellID]kernel.CellStatus
	everything bool
	behind     uint64
	// aim is how cells are made where no programs are asked.
	aim analysis.Aim
}

func (h *Host) answering(p *study.Policies, supposed bool) (*answering, error) {
	a := &answering{h: h, p: p, supposed: supposed, revision: h.Kernel.Info().Revision}
	history, err := h.History()
	if Hidden(err) {
		history, err = &History{}, nil
	}
	if err != nil {
		return nil, err
	}
	a.aim = history.Active().Aim()
	e, err := h.Kernel.Evaluator()
	if a.asks = err == nil; !a.asks {
		return a, nil
	}
	status, err := e.Status()
	if err != nil {
		return nil, err
	}
	a.disabled = status.Disabled
	known, err := e.Cells()
	if err != nil {
		return nil, err
	}
	a.known = make(map[kernel.CellID]kernel.CellStatus, len(known))
	for _, c := range known {
		a.known[c.Cell] = c
	}
	if g := history.Active(); g != nil && status.Generation != 0 {
		a.everything = g.Lockdown && g.Number == status.Generation
		if !supposed && g.Number != status.Generation {
			a.behind = status.Generation
		}
	}
	return a, nil
}

// of is what answers for a cell that exists. Its profile is what it was made with, whatever the policies are now.
func (a *answering) of(c kernel.Cell) analysis.Answerer {
	out := analysis.Answerer{Program: analysis.ByNone, Revision: a.revision}
	if m, ok := a.h.Kernel.Made(c); ok {
		out.Profile, out.Ports = &m.Profile, m.Ports
	}
	if !a.asks || a.disabled && !a.supposed {
		return out
	}
	program := a.everything || a.known[c.ID].Answered == kernel.ByProgram
	if a.supposed {
		program = a.p.Names(c.Name)
	}
	out.Program = analysis.ByFallback
	if program {
		out.Program = analysis.ByPolicies
	}
	return out
}

// madeNow is what would answer for a cell of that name.
func (a *answering) madeNow(cell string) (analysis.Answerer, error) {
	if a.asks {
		return a.p.Supposed(cell, a.revision), nil
	}
	out := analysis.Answerer{Program: analysis.ByNone, Revision: a.revision}
	if !a.p.Names(cell) {
		return out, nil
	}
	f, err := a.p.Fit(cell, a.revision, a.aim)
	if err != nil {
		return out, err
	}
	out.Profile, out.Ports = &f.Best().Profile, f.Ports
	return out, nil
}

// Diff compares two sets of policies on this kernel: see study.DiffAnswered. Where a cell that exists loses its policies, or gets its
// first, the fallback answers after or before, unless its profile is known not to be low.
func (h *Host) Diff(old, new *study.Policies, named []string) (*study.Difference, error) {
	cells, err := h.Kernel.List()
	if err != nil {
		return nil, err
	}
	return h.diff(old, new, cells, named)
}

func (h *Host) diff(old, new *study.Policies, cells []kernel.Cell, named []string) (*study.Difference, error) {
	if !h.Evaluates() {
		return study.Diff(old, new, cellNames(cells), named)
	}
	low := map[string]bool{}
	for _, c := range cells {
		m, known := h.Kernel.Made(c)
		low[c.Name] = !known || m.Profile == secmodel.Low
	}
	return study.DiffAnswered(old, new, cellNames(cells), named, func(cell string) bool { return low[cell] })
}

// Missing says that the cell does not exist, and which one may be meant; "" if it exists.
func (s *Standing) Missing() string {
	if s.Exists {
		return ""
	}
	text := fmt.Sprintf("cell %s does not exist", s.Cell)
	if s.Near != "" {
		text += " (did you mean " + s.Near + "?)"
	}
	return text
}

// Who says in a sentence without a full stop what answers for the cell.
func (s *Standing) Who() string {
	if !s.Asks {
		return "this kernel asks no programs: " + s.profileAnswers()
	}
	if s.Disabled && s.Asked() == analysis.ByNone {
		return "the evaluation model is switched off: " + s.profileAnswers()
	}
	why := "no policy names it"
	if s.Named {
		why = "it has no program of its policies, which cellsh attach gives it"
	}
	switch {
	case s.Asked() == analysis.ByPolicies && s.Behind != 0:
		return fmt.Sprintf("the program of generation %d answers, which is not the one that was loaded last", s.Behind)
	case s.Asked() == analysis.ByPolicies && s.Profile != nil && *s.Profile != secmodel.Low:
		return fmt.Sprintf("the program of its policies answers, and so does its profile, which is %s", s.ProfileName())
	case s.Asked() == analysis.ByPolicies:
		return "the program of its policies answers"
	case s.Asked() == analysis.ByNone:
		return why + ": " + s.profileAnswers()
	case s.Profile == nil:
		return why + ": the fallback answers if its profile is low, which is not known"
	}
	return why + ": the fallback answers, as its profile is low"
}

// WhyUnknown is why a profile may not be known.
const WhyUnknown = "another tool has made the cell, or the caller may not read what cellsh notes of cells"

// profileAnswers is who answers where no program does.
func (s *Standing) profileAnswers() string {
	switch {
	case s.Exists && s.Profile != nil:
		return fmt.Sprintf("its profile, which is %s, and the kernel's own models answer", s.ProfileName())
	case s.Exists:
		return "its profile and the kernel's own models answer, and the profile is not known: " + WhyUnknown
	case s.Profile != nil:
		return fmt.Sprintf("one made now gets profile %s, which its policies choose, and that and the kernel's own models answer", s.ProfileName())
	}
	return "the profile that it is made with and the kernel's own models answer"
}

// Explained is an explanation on the kernel at hand.
type Explained struct {
	*study.Explanation
	Standing *Standing
	// Becomes has what becomes of the request by all models of the kernel. It is nil where the policies deny it, which stands,
	// and where other policies than these are asked.
	Becomes []analysis.Case
}

// Refused reports whether the kernel refuses the request although the policies do not deny it, whatever else is so.
func (e *Explained) Refused() bool {
	for i := range e.Becomes {
		for _, o := range []*analysis.Outcome{e.Becomes[i].Root, e.Becomes[i].User} {
			if o != nil && (o.Profiles != nil || o.Allowed != stock.No) {
				return false
			}
		}
	}
	return len(e.Becomes) > 0
}

// Explain says why a request is answered as it is, by the policies and by the kernel at hand; see StandingOf.
func (h *Host) Explain(q *policy.Question, p *study.Policies, supposed bool) (*Explained, error) {
	e, err := p.Explain(q)
	if err != nil {
		return nil, err
	}
	s, err := h.StandingOf(q.Cell, p, supposed)
	if err != nil {
		return nil, err
	}
	out := &Explained{Explanation: e, Standing: s}
	who := s.Answerer
	if who.Asked() == analysis.ByPolicies {
		switch {
		case s.Behind != 0 || e.Decision.Result == policy.Deny:
			return out, nil
		case e.Decision.Result == policy.Allow:
			// The other models decide as if nobody was asked, and how large the program is does not matter to them.
			who.Program = analysis.ByNone
		}
	}
	out.Becomes, err = p.Becomes(q, who)
	return out, err
}

// Can says what a cell may do, on the kernel at hand or one with what is supposed in its place; see StandingOf.
func (h *Host) Can(cell string, pattern *kauth.Pattern, p *study.Policies, supposed bool, with study.Supposition) (*Able, error) {
	s, err := h.StandingOf(cell, p, supposed)
	if err != nil {
		return nil, err
	}
	who, err := with.Apply(s.Answerer, s.Exists)
	if err != nil {
		return nil, err
	}
	out := &Able{Standing: s}
	out.Abilities, err = p.Can(cell, pattern, who)
	return out, err
}

// Able is what a cell may do on the kernel at hand.
type Able struct {
	*study.Abilities
	Standing *Standing
}

// namesOf are those of policies.
func namesOf(list []*rules.Policy) []string {
	out := []string{}
	for _, p := range list {
		out = append(out, p.Name)
	}
	return out
}
