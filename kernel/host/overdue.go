package host

import (
	"fmt"
	"slices"
	"time"

	"cellsh/kernel"
	"cellsh/policy/diag"
)

// Overdue is a generation that was not confirmed in time, or an audit that is over, and that nobody has rolled back yet.
type Overdue struct {
	Deadline
	// Audit are the cells of an audit; nil for a generation that had to be confirmed.
	Audit []string
	// GoneBack says that the kernel has gone back by itself, to the generation Back: what answers is what that one says.
	GoneBack bool
	// Asked says that somebody wanted that before the time was over.
	Asked bool
	// Restarted says that the kernel was started again while it waited, or never got it: it has nothing loaded.
	Restarted bool
}

// cause is why it is to be rolled back, as the end of a sentence.
func (o *Overdue) cause() string {
	if o.Restarted {
		return "waited to be confirmed when the kernel was started again"
	}
	return "was not confirmed in time"
}

// String is a sentence without a full stop.
func (o *Overdue) String() string {
	switch {
	case o.Audit != nil && o.Restarted:
		return fmt.Sprintf("the audit of %s has ended, because the kernel was started again, and generation %d is not loaded again yet", auditText(o.Audit), o.Back)
	case o.Audit != nil:
		text := fmt.Sprintf("the audit of %s was over at %s UTC", auditText(o.Audit), o.Until.UTC().Format(time.TimeOnly))
		if o.GoneBack {
			return fmt.Sprintf("%s: the kernel has gone back to generation %d by itself, which is not noted yet", text, o.Back)
		}
		return text + ", and generation " + fmt.Sprint(o.Back) + " is not loaded again yet"
	case o.Restarted:
		return fmt.Sprintf("generation %d %s, and is not loaded again", o.Generation, o.cause())
	case o.GoneBack && o.Back == 0:
		return fmt.Sprintf("generation %d %s: the kernel has gone back to none by itself, which is not noted yet", o.Generation, o.cause())
	case o.GoneBack:
		return fmt.Sprintf("generation %d %s: the kernel has gone back to generation %d by itself, which is not noted yet", o.Generation, o.cause(), o.Back)
	}
	return fmt.Sprintf("generation %d was not confirmed by %s UTC, and is still active", o.Generation, o.Until.UTC().Format(time.TimeOnly))
}

// slack is how far the clock of the machine may be from that of the kernel without anybody being told another time.
const slack = 2 * time.Second

// settle brings what was noted in line with what the kernel has, which decides: a program may have been killed between the
// two, the kernel may have been started again, and a kernel that asks programs counts by itself how long a generation waits,
// by a clock that nobody sets.
func (h *Host) settle(out *History) error {
	d := out.Deadline
	e, err := h.Kernel.Evaluator()
	if err != nil {
		// It asks no programs: what was noted is all there is, and the time of day.
		if d != nil && d.Over(h.now()) {
			out.overdue = &Overdue{Deadline: *d, Audit: out.audited()}
		}
		return nil
	}
	newest := out.Newest()
	if newest == nil {
		return nil
	}
	status, err := e.Status()
	if err != nil {
		if d != nil {
			return err
		}
		return nil // whoever needs it is told
	}
	if n := len(out.Generations); n > 1 && status.Generation != newest.Number && status.Highest == out.Generations[n-2].Number {
		// It was noted, but the kernel never got it: whoever loaded it was killed in between. That has not happened.
		out.Generations = out.Generations[:n-1]
		newest, d = out.Newest(), nil
		if !newest.settled() {
			d = &Deadline{Generation: newest.Number, Until: newest.Time.Add(newest.Tentative), Window: newest.Tentative, Back: status.Back}
			if !status.Waits {
				d.Back = status.Generation
			}
		}
		out.Deadline = d
	}
	defer func() {
		if a := out.Active(); a != nil && a.Number != status.Generation {
			out.instead = &status.Generation
		}
	}()
	switch {
	case d == nil:
	case status.Generation == d.Generation && !status.Waits:
		// Whoever confirmed it was killed before that was noted.
		confirmed := out.confirm()
		out.Generations, out.Deadline, out.confirmed = confirmed.Generations, nil, true
	case status.Generation == d.Generation:
		if until := h.now().Add(status.Left); until.Sub(d.Until).Abs() > slack {
			set := *d
			set.Until = until.UTC()
			out.Deadline = &set // the machine's clock was set meanwhile
		} else if d.Over(h.now()) {
			out.overdue = &Overdue{Deadline: *d, Audit: out.audited()}
		}
	case status.Highest == 0:
		out.overdue = &Overdue{Deadline: *d, Audit: out.audited(), Restarted: true}
	case d.Over(h.now()) || status.Highest >= d.Generation && status.Generation == d.Back:
		out.overdue = &Overdue{Deadline: *d, Audit: out.audited(), GoneBack: status.Generation == d.Back && !status.Waits}
	}
	return nil
}

// refuse says that nothing can be made by the policies of a generation that is overdue.
func (o *Overdue) refuse(op string) error {
	if o == nil {
		return nil
	}
	if o.Audit != nil {
		return &kernel.Error{Op: op, Text: fmt.Sprintf("generation %d must be loaded again first, because the audit of %s is over", o.Back, auditText(o.Audit)),
			Hint: "if it can't be, load other policies"}
	}
	return &kernel.Error{Op: op, Text: fmt.Sprintf("generation %d must be rolled back first, because it %s", o.Generation, o.cause()),
		Hint: "if it can't be, load other policies"}
}

// ExpireError says why a generation that is overdue could not be rolled back.
type ExpireError struct {
	Overdue *Overdue
	Err     error
}

func (e *ExpireError) Error() string { return e.prefix() + e.Err.Error() }

func (e *ExpireError) prefix() string {
	o := e.Overdue
	what, again := fmt.Sprintf("generation %d %s", o.Generation, o.cause()), "could not be rolled back"
	if o.Asked {
		what = fmt.Sprintf("generation %d is not active any more", o.Generation)
	}
	if o.Audit != nil {
		what, again = fmt.Sprintf("the audit of %s is over", auditText(o.Audit)), "what was loaded before could not be loaded again"
	}
	switch {
	case o.GoneBack && o.Back == 0:
		return what + "; the kernel has gone back to none by itself, which could not be noted: "
	case o.GoneBack:
		// What the kernel has is good. A cell that was made since may lack its program.
		return fmt.Sprintf("%s; the kernel has gone back to generation %d by itself, which could not be loaded and noted anew: ", what, o.Back)
	}
	return what + ", and " + again + ": "
}

// Unwrap gives the reason.
func (e *ExpireError) Unwrap() error { return e.Err }

// Diagnostics are those of the reason.
func (e *ExpireError) Diagnostics() diag.List {
	list := slices.Clone(diag.Of(e.Err))
	list[0].Message = e.prefix() + list[0].Message
	return list
}

// Look begins a session that only looks, in which nothing is overdue that can be rolled back: whoever has loaded it may be
// gone. Open begins a session, for a look or for a change, and has entered its only step. What is still overdue is given
// with the reason.
func Look(open func(readOnly bool) (*Session, error)) (s *Session, left *Overdue, why error, err error) {
	if s, err = open(true); err != nil {
		return nil, nil, nil, err
	}
	history, err := s.Host.History()
	if err != nil || history.Overdue() == nil {
		return s, nil, nil, nil // what is wrong with the history is told by who needs it
	}
	change, why := open(false)
	if why == nil {
		why = change.Release()
	}
	if why != nil {
		return s, history.Overdue(), why, nil
	}
	if err := s.Release(); err != nil {
		return nil, nil, nil, err
	}
	if s, err = open(true); err != nil {
		return nil, nil, nil, err
	}
	return s, nil, nil, nil
}
