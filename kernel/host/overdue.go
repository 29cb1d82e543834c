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
}

// String is a sentence without a full stop.
func (o *Overdue) String() string {
	if o.Audit != nil {
		text := fmt.Sprintf("the audit of %s was over at %s UTC", auditText(o.Audit), o.Until.UTC().Format(time.TimeOnly))
		if o.GoneBack {
			return fmt.Sprintf("%s: the kernel has gone back to generation %d by itself, which is not noted yet", text, o.Back)
		}
		return text + ", and generation " + fmt.Sprint(o.Back) + " is not loaded again yet"
	}
	switch {
	case o.GoneBack && o.Back == 0:
		return fmt.Sprintf("generation %d was not confirmed in time: the kernel has gone back to none by itself, which is not noted yet", o.Generation)
	case o.GoneBack:
		return fmt.Sprintf("generation %d was not confirmed in time: the kernel has gone back to generation %d by itself, which is not noted yet", o.Generation, o.Back)
	}
	return fmt.Sprintf("generation %d was not confirmed by %s UTC, and is still active", o.Generation, o.Until.UTC().Format(time.TimeOnly))
}

// overdue says whether the generation of a deadline is overdue; nil if it is not. A kernel counts the time too, and goes back
// without asking anybody.
func (h *Host) overdue(history *History) (*Overdue, error) {
	d := history.Deadline
	if d == nil || !d.Over(h.now()) {
		return nil, nil
	}
	o := &Overdue{Deadline: *d, Audit: history.audited()}
	e, err := h.Kernel.Evaluator()
	if err != nil {
		return o, nil // it asks no programs
	}
	status, err := e.Status()
	if err != nil {
		return nil, err
	}
	// One that was started again has none, which is another thing.
	o.GoneBack = status.Generation == d.Back && !status.Waits
	return o, nil
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
	return &kernel.Error{Op: op, Text: fmt.Sprintf("generation %d must be rolled back first, because it was not confirmed in time", o.Generation),
		Hint: "if it can't be, load other policies"}
}

// ExpireError says why a generation that was not confirmed in time could not be rolled back.
type ExpireError struct {
	Generation uint64
	// Audit are the cells of one that is an audit, else nil.
	Audit []string
	Err   error
}

func (e *ExpireError) Error() string { return e.prefix() + e.Err.Error() }

func (e *ExpireError) prefix() string {
	if e.Audit != nil {
		return fmt.Sprintf("the audit of %s is over, and what was loaded before could not be loaded again: ", auditText(e.Audit))
	}
	return fmt.Sprintf("generation %d was not confirmed in time, and could not be rolled back: ", e.Generation)
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
