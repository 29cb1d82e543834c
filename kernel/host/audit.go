package host

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"cellsh/kernel"
	"cellsh/policy/analysis"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
	"cellsh/policy/study"
)

// Audit is one that runs: until its end the policies of some cells refuse nothing, and what they would deny is recorded.
type Audit struct {
	// Generation that the audit is, and Back the one that is loaded again at its end.
	Generation, Back uint64
	// Cells by name, ordered.
	Cells        []string
	Since, Until time.Time
}

// Left is how much of its time is left.
func (a *Audit) Left(now time.Time) time.Duration { return a.Until.Sub(now) }

// auditText names the cells of an audit.
func auditText(cells []string) string {
	if len(cells) == 1 {
		return "cell " + cells[0]
	}
	return "cells " + strings.Join(cells, ", ")
}

// String is "cell web-1" or "cells db-1, web-1".
func (a *Audit) String() string { return auditText(a.Cells) }

// Audit gives the audit that runs, nil if none does. One that a kernel was begun with that has been started again since does not
// run: that kernel has nothing loaded, or something else.
func (h *Host) Audit() (*Audit, error) {
	history, err := h.History()
	if err != nil {
		return nil, err
	}
	return h.AuditOf(history)
}

// AuditOf is Audit for a history that has been read.
func (h *Host) AuditOf(history *History) (*Audit, error) {
	g, d := history.Active(), history.Deadline
	if g == nil || g.Audit == nil || d == nil {
		return nil, nil
	}
	e, err := h.Kernel.Evaluator()
	if err != nil {
		return nil, nil
	}
	status, err := e.Status()
	if err != nil || status.Generation != g.Number {
		return nil, err
	}
	return &Audit{Generation: g.Number, Back: d.Back, Cells: g.Audit, Since: g.Time, Until: d.Until}, nil
}

// MaxAudit is how long an audit can take: as long as a kernel waits.
const MaxAudit = 49 * 24 * time.Hour

// ProposeAudit proposes what is loaded with these cells audited for so long. All that is wrong with the cells is told at once. An
// audit that runs is replaced if it was of no other cells: one that somebody else needs does not end by the way.
func (h *Host) ProposeAudit(cells []string, lasts time.Duration) (*Proposal, error) {
	const op = "audit"
	if lasts <= 0 || lasts > MaxAudit {
		return nil, &kernel.Error{Op: op, Text: fmt.Sprintf("its time must be above 0 and at most %s, but is %s", MaxAudit, lasts)}
	}
	if _, err := h.Kernel.Evaluator(); err != nil {
		return nil, err
	}
	p, history, err := h.current()
	if err != nil {
		return nil, err
	}
	if err := history.overdue.refuse(op); err != nil {
		return nil, err
	}
	switch g, n := history.Enforced(), history.instead; {
	case n != nil:
		if err := history.unnoted(op, *n); err != nil {
			return nil, err
		}
		// The kernel would go back to that at the end, be it nothing.
		return nil, &kernel.Error{Op: op, Text: fmt.Sprintf("the kernel must have generation %d, which was loaded last, but has %d: it was started again, or another program has loaded that", history.Active().Number, *n), Hint: loadAgain}
	case g == nil:
		return nil, &kernel.Error{Op: op, Text: "a policy must be loaded first, but none is", Hint: "run: load PATH"}
	case g.Lockdown:
		return nil, errLockdown
	case history.Deadline != nil && history.audited() == nil:
		n := history.Deadline.Generation
		return nil, &kernel.Error{Op: op, Text: fmt.Sprintf("what is loaded must need no confirmation, but generation %d waits for one", n), Hint: fmt.Sprintf("confirm %d, or roll back", n)}
	}
	cells = slices.Compact(slices.Sorted(slices.Values(cells)))
	var problems []error
	for _, name := range cells {
		if _, err := h.Cell(op, name); err != nil {
			problems = append(problems, err)
			continue
		}
		if !p.Names(name) {
			problems = append(problems, &kernel.Error{Op: op, Text: fmt.Sprintf("a policy must name the cell, but none names %s: there is nothing to record", name), Hint: "see: list"})
			continue
		}
		// What is loaded now is loaded again at the end.
		if err := p.Attachable(name); err != nil {
			problems = append(problems, err)
		}
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	if others := missing(history.audited(), cells); len(others) > 0 {
		all := slices.Compact(slices.Sorted(slices.Values(append(others, cells...))))
		return nil, &kernel.Error{Op: op, Text: fmt.Sprintf("it must be of all cells that are audited, but that of %s runs and would end", auditText(others)),
			Hint: "name all: audit start " + strings.Join(all, " ") + "; or end that first: audit stop"}
	}
	p.audit, p.lasts = cells, lasts
	p.Policies = p.Auditing(cells)
	return p, nil
}

// EndAudit loads what was loaded before an audit again; nil if none runs.
func (h *Host) EndAudit() (out *Loaded, err error) {
	err = h.alone(func() error {
		history, err := h.History()
		if err == nil && history.audited() != nil {
			out, err = h.revert(history)
		}
		return err
	})
	return out, h.goBack(err)
}

// goBack has the kernel go back by itself from what waits, or is audited, if it could not be loaded again what was before: because
// the disk is full, say. What is open must not stay open for that. It gives what is told of the error.
func (h *Host) goBack(why error) error {
	if why == nil {
		return nil
	}
	history, err := h.History()
	if err != nil || history.Deadline == nil || history.Overdue() != nil {
		return why
	}
	e, err := h.Kernel.Evaluator()
	if err != nil || e.Revert(history.Deadline.Generation) != nil {
		return why
	}
	return &ExpireError{&Overdue{Deadline: *history.Deadline, Audit: history.audited(), GoneBack: true, Asked: true}, why}
}

// replaced says what the generation takes the place of: one that waits to be confirmed, or the cells of an audit that are
// not audited any more.
func (h *History) replaced(g *Generation) (waited uint64, ended []string) {
	if h.Deadline == nil {
		return 0, nil
	}
	if cells := h.audited(); cells != nil {
		return 0, missing(cells, g.Audit)
	}
	return h.Deadline.Generation, nil
}

// attachable checks for a cell's name what a load checks. A cell that is audited must be fit for what comes after that.
func (h *Host) attachable(p *study.Policies, history *History, name string) error {
	if p.Set().Audits(name) {
		after, err := h.policiesOf(history.Enforced())
		if err != nil {
			return err
		}
		p = after
	}
	return p.Attachable(name)
}

// Opening is what an audit leaves open.
type Opening struct {
	// Cells that would be audited.
	Cells []string
	// Policies that refuse nothing there.
	Policies []string
	// Left is what root in the cells could do to the host.
	Left []study.LeftToRoot
	// Nevers are the assertions about the cells, which do not hold.
	Nevers []*rules.Never
}

func opening(p *study.Policies, cells []string) *Opening {
	out := &Opening{Cells: cells, Left: p.LeftToRoot(cells), Nevers: analysis.Lifted(p.Set(), cells)}
	for _, c := range cells {
		for _, name := range namesOf(p.For(c)) {
			if !slices.Contains(out.Policies, name) {
				out.Policies = append(out.Policies, name)
			}
		}
	}
	return out
}

// OpenError refuses an audit unless somebody says that it shall be.
type OpenError struct {
	Opening *Opening
	// Hint says how to say that.
	Hint string
}

func (e *OpenError) Error() string {
	text := fmt.Sprintf("somebody must say that nothing shall be refused in %s, but nobody has", auditText(e.Opening.Cells))
	var titles []string
	for _, n := range e.Opening.Nevers {
		titles = append(titles, fmt.Sprintf("%q", n.Title))
	}
	switch len(titles) {
	case 0:
	case 1:
		text += "; the assertion " + titles[0] + " would not hold there"
	default:
		text += "; the assertions " + strings.Join(titles, ", ") + " would not hold there"
	}
	return text
}

// Diagnostics is one problem.
func (e *OpenError) Diagnostics() diag.List {
	hint := e.Hint
	if hint == "" {
		hint = "if that is meant: audit start --yes, or engine.audit(CELLS, { yes = true })"
	}
	return diag.List{{Code: diag.AuditOpens, Message: e.Error(), Hint: hint}}
}
