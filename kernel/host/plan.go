package host

import (
	"errors"
	"slices"
	"time"

	"cellsh/kernel"
	"cellsh/policy/analysis"
	"cellsh/policy/study"
)

// Plan is what a load would do, worked out before anything is changed: what is shown of it is what [Host.Carry] does.
type Plan struct {
	Proposal *Proposal
	// Check of the policies.
	Check *study.Check
	// Problem is why they can't be loaded: a diag.List of what is wrong with them, a *LossError, or what else is in the way.
	// Nil if they can be. Where it is a diag.List of Check nothing else is known.
	Problem error
	// Active is the generation that it would replace, 0 for none, and Generation the number that the new one would have.
	Active, Generation uint64
	// Replaced is Active if that waits to be confirmed, else 0, and Ended the cells that are audited and would be no more.
	Replaced uint64
	Ended    []string
	// Audit is what an audit would leave open, nil for what is none.
	Audit *Opening
	// Confirm is how long the new one would wait to be confirmed, 0 if it need not be.
	Confirm time.Duration
	// Losses are the policies that live cells have and would have no more.
	Losses []Loss
	// Overruled are the live cells whose profile would refuse what their policies allow.
	Overruled []Overruled
	// Cells that live, by id, if LoadOptions.Compare asked for it. Where the kernel asks no programs they stay as they were made, and no decision changes for them.
	Cells []CellPlan
	// Programs, how many different ones for how many cells and of how many bytes, for a kernel that asks them.
	Programs, Covered, Bytes int
	// Behind is the generation that the kernel has in place of Active, 0 if it has that one, or nobody has asked.
	Behind uint64
	// Disabled, Stock, Made and Frozen are those of Loaded.
	Disabled bool
	Stock    bool
	Made     []Making
	Frozen   []Frozen
	// Difference has the decisions and budgets that change, if it was asked for too. Unknown is why it can't be
	// told: nobody knows any more what is loaded.
	Difference *study.Difference
	Unknown    error

	options LoadOptions
	history *History
	state   state
	ready   *ready
	aimed   bool
	gone    []string
	told    bool
}

// CellPlan is what a load would do to a live cell.
type CellPlan struct {
	ID   kernel.CellID
	Name string
	// Loses and Gets are names of policies.
	Loses, Gets []string
	// Profile that it was made with, in a word.
	Profile string
	// Was and Will say who is asked for the cell.
	Was, Will analysis.Answering
	// Changes are how many changes of the plan's Difference are about the cell, and Budgets how many of its budgets.
	Changes, Budgets int
}

// Stays says that nothing is known to change for the cell.
func (c *CellPlan) Stays() bool {
	return len(c.Loses)+len(c.Gets)+c.Changes+c.Budgets == 0 && c.Was == c.Will
}

// state is what a plan depends on beside policies.
type state struct {
	active, kernel uint64
	waits          bool
	cells          []kernel.CellID
}

func (s *state) equal(o *state) bool {
	return s.active == o.active && s.kernel == o.kernel && s.waits == o.waits && slices.Equal(s.cells, o.cells)
}

// errStale refuses to carry out a plan for what is not so any more.
var errStale = &kernel.Error{Op: "load", Text: "cells and policies must be as they were when it was worked out what the load does, but another program has changed them", Hint: "run it again"}

func (h *Host) state(history *History) (state, []kernel.Cell, error) {
	cells, err := h.Kernel.List()
	if err != nil {
		return state{}, nil, err
	}
	s := state{waits: history.Deadline != nil}
	if g := history.Active(); g != nil {
		s.active = g.Number
	}
	if e, err := h.Kernel.Evaluator(); err == nil {
		status, err := e.Status()
		if err != nil {
			return s, nil, err
		}
		s.kernel = status.Generation
	}
	for _, c := range cells {
		s.cells = append(s.cells, c.ID)
	}
	return s, cells, nil
}

// Plan works out what a load would do. It changes nothing, and does with a kernel that can't be changed.
func (h *Host) Plan(p *Proposal, o LoadOptions) (*Plan, error) {
	history, err := h.History()
	if err != nil {
		return nil, err
	}
	out := &Plan{Proposal: p, Confirm: o.Confirm, options: o, history: history, Stock: !h.Evaluates(), Disabled: h.disabled()}
	var cells []kernel.Cell
	if out.state, cells, err = h.state(history); err != nil {
		return nil, err
	}
	if out.Check, err = h.Check(p.Policies); err != nil {
		return nil, err
	}
	if out.Check.Problems.Failed() {
		out.Problem = out.Check.Problems
		return out, nil
	}
	if err := p.changeable(history, o.Confirm != 0); err != nil {
		return nil, err
	}
	out.Active = out.state.active
	if out.Losses, err = h.losses(p.Policies, history); err != nil {
		return nil, err
	}
	if out.Overruled, err = h.overruled(p.Policies, cells); err != nil {
		return nil, err
	}
	out.gone = h.gone(p.Policies, history)
	g := Generation{Sources: p.sources, Session: p.declared != nil, Tentative: max(o.Confirm, p.lasts), Usable: o.Usable || p.usable, Audit: p.audit}
	out.Replaced, out.Ended = history.replaced(&g)
	if out.ready, err = h.prepare(p.Policies, g, history); err != nil {
		return nil, err
	}
	out.Generation, out.Made, out.Frozen, out.Bytes = out.ready.Number, out.ready.made, out.ready.frozen, len(out.ready.bytes)
	if b := out.ready.bundle; b != nil {
		out.Programs, out.Covered = len(b.Programs), len(out.ready.loaded().Cells)
	}
	out.aimed = out.Stock && len(out.Made) > 0 && g.Aim() != history.Active().Aim()
	switch {
	case !o.Yes && len(out.Losses)+len(out.gone) > 0:
		out.Problem = &LossError{Losses: out.Losses, Gone: out.gone}
	case o.Strict:
		out.Problem = out.ready.lax.Err()
	}
	if p.audit != nil {
		out.Audit = opening(p.Policies, p.audit)
		if out.Problem == nil && !o.Yes {
			out.Problem = &OpenError{out.Audit, ""}
		}
	}
	if !o.Compare {
		return out, nil
	}
	return out, h.compare(out, cells)
}

// Check checks policies as Load does, and changes nothing: if the check has failed Load would refuse them.
func (h *Host) Check(p *study.Policies) (*study.Check, error) {
	live, err := h.LiveNames()
	if err != nil {
		return nil, err
	}
	return p.Check(study.CheckOptions{Live: live, ErrorsOnly: true})
}

// compare fills in what becomes of live cells.
func (h *Host) compare(out *Plan, cells []kernel.Cell) error {
	p := out.Proposal.Policies
	old, err := h.policiesOf(out.history.Enforced())
	if err != nil {
		out.Unknown, old = err, nil
	}
	was, err := h.answering(old, false)
	if err != nil {
		return err
	}
	out.Behind = was.behind
	will := *was
	will.p, will.supposed, will.everything = p, !was.disabled, false
	changes, budgets := map[string]int{}, map[string]int{}
	if old != nil {
		if out.Difference, err = h.diff(old, p, cells, nil); err != nil {
			return err
		}
		if !out.Stock {
			for i := range out.Difference.Requests {
				tally(changes, out.Difference.Requests[i].Cells)
			}
			for i := range out.Difference.Budgets {
				tally(budgets, out.Difference.Budgets[i].Cells)
			}
		}
	}
	for _, c := range cells {
		a, b := was.of(c), will.of(c)
		plan := CellPlan{ID: c.ID, Name: c.Name, Profile: a.ProfileName(), Was: a.Asked(), Will: b.Asked(), Changes: changes[c.Name], Budgets: budgets[c.Name]}
		if old != nil {
			had, has := namesOf(old.For(c.Name)), namesOf(p.For(c.Name))
			plan.Loses, plan.Gets = missing(had, has), missing(has, had)
		}
		out.Cells = append(out.Cells, plan)
	}
	return nil
}

// tally counts each word of a list once more.
func tally(to map[string]int, words []string) {
	for _, w := range words {
		to[w]++
	}
}

// missing are the words of a that are not in b.
func missing(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// Changes reports whether the load would change a decision or a budget, which policies a live cell has, who is asked for it,
// how cells are made, or that an audit runs. Where it is not known what is loaded, or nobody has asked for a comparison, it does.
func (p *Plan) Changes() bool {
	d := p.Difference
	return d == nil || d.Any() || p.aimed || len(p.Ended) > 0 || slices.ContainsFunc(p.Cells, func(c CellPlan) bool { return !c.Stays() })
}

// Agree says that live cells may lose policies, or that nothing may be refused in some, which somebody has been told.
func (p *Plan) Agree() {
	if errors.As(p.Problem, new(*LossError)) || errors.As(p.Problem, new(*OpenError)) {
		p.Problem, p.told, p.options.Yes = nil, true, true
		if p.options.Strict {
			p.Problem = p.ready.lax.Err()
		}
	}
}

// Carry does what the plan says, all or nothing: its Problem is the error. What is not any more as it was when the plan was
// made is an error too.
func (h *Host) Carry(p *Plan) (out *Loaded, err error) {
	err = h.alone(func() error { out, err = h.carry(p); return err })
	return out, err
}

func (h *Host) carry(p *Plan) (*Loaded, error) {
	if p.Problem != nil {
		return nil, p.Problem
	}
	history, err := h.History()
	if err != nil {
		return nil, err
	}
	now, _, err := h.state(history)
	if err != nil {
		return nil, err
	}
	if !now.equal(&p.state) {
		return nil, errStale
	}
	out, err := h.push(p.Proposal.Policies, p.ready, history, p.Proposal.declared)
	if err != nil {
		return nil, err
	}
	out.Witnessed, out.Overruled = p.Check.Witnessed, p.Overruled
	if !p.told {
		out.Losses = p.Losses
	}
	if p.Proposal.Done != nil {
		p.Proposal.Done()
	}
	return out, nil
}

// Load checks policies and pushes their programs for all live cells in place of what is loaded, or changes nothing: the error
// is a diag.List of all that is wrong with them, a *LossError, or says why the kernel refused. The check is given even then.
// On a kernel without the evaluation model the policies choose how cells are made from now on.
func (h *Host) Load(p *study.Policies, o LoadOptions) (*Loaded, *study.Check, error) {
	return h.LoadProposal(Whole(p), o)
}

// LoadProposal is Load for policies that may change what is loaded in part.
func (h *Host) LoadProposal(p *Proposal, o LoadOptions) (out *Loaded, check *study.Check, err error) {
	plan, err := h.Plan(p, o)
	if err != nil {
		return nil, nil, err
	}
	if plan.Problem != nil {
		return nil, plan.Check, plan.Problem
	}
	err = h.alone(func() error {
		out, err = h.carry(plan)
		if errors.Is(err, errStale) {
			// Nobody has seen the plan, so there may be another.
			if plan, err = h.Plan(p, o); err == nil {
				out, err = h.carry(plan)
			}
		}
		return err
	})
	if plan == nil {
		return nil, nil, err
	}
	return out, plan.Check, err
}

// GenerationPolicies are those of a generation that is kept; 0 is the active one.
func (h *Host) GenerationPolicies(number uint64) (*study.Policies, error) {
	g, err := h.Generation(number)
	if err != nil {
		return nil, err
	}
	return h.policiesOf(g)
}

// Generation gives one that is kept; 0 is the active one, and nil if nothing was loaded.
func (h *Host) Generation(number uint64) (*Generation, error) {
	history, err := h.History()
	if err != nil {
		return nil, err
	}
	if number == 0 {
		return history.Active(), nil
	}
	if g := history.Find(number); g != nil {
		return g, nil
	}
	return nil, unknownGeneration("look at", number)
}
