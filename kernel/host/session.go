package host

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// Keeper is where a kernel is kept, with its notes, as connect.Connection has it.
type Keeper interface {
	// Tick moves the clock of a kernel that has none of its own.
	Tick()
	// Settle saves if cells or policies have changed since it was last saved: what is then told of them is true even if
	// the program is killed.
	Settle() error
	// Save saves whatever has changed.
	Save() error
	// Close saves, and gives the kernel up.
	Close() error
}

// UnsavedError says why the state could not be saved: what was done is lost when the program ends.
type UnsavedError struct {
	Err error
	// Again says that the last step has given the same error.
	Again bool
}

func (e *UnsavedError) Error() string { return e.Err.Error() }

// Unwrap gives the reason.
func (e *UnsavedError) Unwrap() error { return e.Err }

// ErrEnded is the error of a step after the end of its session.
var ErrEnded = errors.New("the session must not have ended, but has")

// SessionOptions of a session. The zero value is one that may change things and tells nobody.
type SessionOptions struct {
	// ReadOnly changes nothing: what was not confirmed in time stays. Overdue is told of it, once; nil tells nobody.
	ReadOnly bool
	Overdue  func(*Overdue)
	// AfterFunc calls a function once after a while, unless it is stopped before; nil is the system's clock.
	AfterFunc func(time.Duration, func()) (stop func() bool)
	// Lapsed is told of a generation that the session has rolled back, after that is saved. It is called during a step,
	// or by a timer between two. Nil tells nobody.
	Lapsed func(Lapse)
	// Failed is told what went wrong beside the work: a generation could not be rolled back. Called as Lapsed is.
	Failed func(error)
}

// Lapse is a generation that was rolled back because nobody has confirmed it, or because it was an audit and that is over.
type Lapse struct {
	// Generation that is not active any more, and the one that is.
	Generation, Now uint64
	// Ended says that the session ended before the time was over, and Restarted that the kernel did.
	Ended, Restarted bool
	// Audit are the cells that were audited, if it was an audit; else nil.
	Audit []string
}

// String is a sentence without a full stop.
func (l Lapse) String() string {
	if l.Audit != nil {
		why := ""
		if l.Ended {
			why = " with the session"
		}
		return fmt.Sprintf("the audit of %s has ended%s: what was loaded before is loaded again, as generation %d", auditText(l.Audit), why, l.Now)
	}
	cause := (&Overdue{Restarted: l.Restarted}).cause()
	if l.Ended {
		cause = "was not confirmed before the end"
	}
	return fmt.Sprintf("generation %d %s: rolled back, as generation %d", l.Generation, cause, l.Now)
}

// Session is the use of a host by one command, script or terminal. What it does with the host it does in steps: each
// begins with what time has brought, and ends with all that was done saved. Between steps a timer rolls back what nobody
// confirms. Its methods are safe for concurrent use; steps wait for each other.
type Session struct {
	Host *Host

	keeper  Keeper
	options SessionOptions
	mu      sync.Mutex
	ended   bool
	// unsettled says that Settle has failed in this step, failed how it was last not possible to save, "" if it was.
	unsettled bool
	failed    string
	stop      func() bool
	// expired is what Failed was told at the beginning of this step, stuck what it was told last, "" since nothing is overdue.
	expired *ExpireError
	stuck   string
	// overdue is the generation that Overdue was told of, 0 for none.
	overdue uint64
}

// NewSession begins the use of a host that the keeper keeps.
func NewSession(h *Host, k Keeper, o SessionOptions) *Session {
	if o.AfterFunc == nil {
		o.AfterFunc = func(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop }
	}
	if o.Lapsed == nil {
		o.Lapsed = func(Lapse) {}
	}
	if o.Overdue == nil {
		o.Overdue = func(*Overdue) {}
	}
	if o.Failed == nil {
		o.Failed = func(error) {}
	}
	return &Session{Host: h, keeper: k, options: o}
}

// Step does work with the host: before it time goes on, and what was not confirmed in time is rolled back; after it all is
// saved. Errors of these join the error of the work. The work must not call Step.
func (s *Session) Step(work func() error) error {
	if err := s.Enter(); err != nil {
		return err
	}
	err := work()
	return errors.Join(err, s.Leave())
}

// Enter is the beginning of Step, for who can't give the work as a function. Leave, Release or Close must follow unless
// there is an error.
func (s *Session) Enter() error {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return ErrEnded
	}
	s.keeper.Tick()
	if err := s.expire(); err != nil {
		s.mu.Unlock()
		return err
	}
	return nil
}

// Peek is Step for work that changes nothing, and is done again and again: at its end only what time has changed about cells and
// policies is saved. The rest, how late it is in a simulated kernel say, is saved by the next step.
func (s *Session) Peek(work func() error) error {
	if err := s.Enter(); err != nil {
		return err
	}
	err := work()
	return errors.Join(err, s.leave(s.keeper.Settle))
}

// Leave is the end of Step.
func (s *Session) Leave() error { return s.leave(s.keeper.Save) }

func (s *Session) leave(save func() error) error {
	defer s.mu.Unlock()
	if s.ended {
		return nil // while the step was resting
	}
	err := s.once(s.kept(save))
	s.watch()
	return err
}

// Rest lets others go on in the middle of a step while wait waits for something that comes from outside: what was done is saved
// before, what is not confirmed in time is rolled back meanwhile, and time goes on after it. Who has stopped waiting because
// the session has ended finds ErrEnded. The end of the step must follow in any case.
func (s *Session) Rest(wait func()) error {
	err := s.Leave()
	wait()
	s.mu.Lock()
	if s.ended {
		return ErrEnded
	}
	s.keeper.Tick()
	return errors.Join(err, s.expire())
}

// Settle saves what has changed about cells and policies, before somebody is told of it; see Keeper. It is for the work of
// a step, which has to tell its error: the end of the step does not give the same again.
func (s *Session) Settle() error {
	err := s.unsaved(s.kept(s.keeper.Settle))
	s.unsettled = s.unsettled || err != nil
	return err
}

// kept does what saves, whole, and notes that it has.
func (s *Session) kept(save func() error) error {
	return s.Host.Work.Firmly(func() error {
		err := save()
		if err == nil {
			s.Host.Work.Saved()
		}
		return err
	})
}

// unsaved is an error of saving.
func (s *Session) unsaved(err error) error {
	last := s.failed
	s.failed = ""
	if err == nil {
		return nil
	}
	s.failed = err.Error()
	return &UnsavedError{err, s.failed == last}
}

// once is the error of saving at the end of a step, unless Settle has given it already.
func (s *Session) once(err error) error {
	given := s.unsettled
	s.unsettled = false
	if err = s.unsaved(err); given {
		return nil
	}
	return err
}

// Close ends the session at its last step, which it waits for: what was loaded in it and not confirmed is rolled back,
// because nobody would look at the time any more.
func (s *Session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end(true)
}

// Release ends the session in the place of Leave, and leaves a generation that waits to be confirmed to somebody else: see
// Vigil.
func (s *Session) Release() error {
	defer s.mu.Unlock()
	return s.end(false)
}

func (s *Session) end(rollBack bool) error {
	if s.ended {
		return nil
	}
	s.ended = true
	s.unwatch()
	var err error
	if rollBack && !s.options.ReadOnly {
		err = s.rollBack()
	}
	return errors.Join(err, s.once(s.kept(s.keeper.Close)))
}

// rollBack undoes a load of this session that was not confirmed. Others watch over what they have loaded.
func (s *Session) rollBack() error {
	if s.Host.waits == 0 {
		return nil
	}
	history, err := s.Host.History()
	if err != nil || history.Deadline == nil || history.Deadline.Generation != s.Host.waits {
		return err
	}
	back, err := s.Host.Revert()
	if err != nil {
		return err
	}
	return s.tell(Lapse{Generation: history.Deadline.Generation, Now: back.Generation, Ended: true, Audit: history.audited()})
}

// expire rolls back what was not confirmed in time. If that can't be done the generation stays, and the work goes on: it
// may mend what is wrong, and is told once why. So it does if the generations can't be read, which the work tells where it needs them.
func (s *Session) expire() error {
	s.expired = nil
	history, err := s.Host.History()
	if err != nil || history.Deadline == nil {
		return nil
	}
	if s.options.ReadOnly {
		if o := history.Overdue(); o != nil && o.Generation != s.overdue {
			s.overdue = o.Generation
			s.options.Overdue(o)
		}
		return nil
	}
	back, err := s.Host.Expire()
	if err == nil {
		s.stuck = ""
	} else if err.Error() != s.stuck {
		s.stuck = err.Error()
		errors.As(err, &s.expired)
		s.options.Failed(err)
	}
	if back == nil {
		return nil
	}
	l := Lapse{Generation: history.Deadline.Generation, Now: back.Generation, Restarted: history.Overdue() != nil && history.Overdue().Restarted, Audit: history.audited()}
	s.Host.lapsed, s.Host.lapsedAt = &l, s.Host.Now()
	return s.tell(l)
}

// Told reports whether an error of the step's work is what Failed was told at its beginning: the work has tried the same
// again.
func (s *Session) Told(err error) bool {
	return s.expired != nil && err != nil && err.Error() == s.expired.Err.Error()
}

// tell saves before it tells.
func (s *Session) tell(l Lapse) error {
	err := s.once(s.kept(s.keeper.Save))
	if err == nil {
		s.options.Lapsed(l)
	}
	return err
}

// watch sets the timer for a generation that waits.
func (s *Session) watch() {
	s.unwatch()
	history, err := s.Host.History()
	if err != nil || history.Deadline == nil || s.options.ReadOnly {
		return
	}
	left := history.Deadline.Left(s.Host.Now())
	if left <= 0 {
		return // it could not be rolled back; the next step tries again
	}
	s.stop = s.options.AfterFunc(left, func() {
		err := s.Step(func() error { return nil })
		if err != nil && !errors.Is(err, ErrEnded) {
			s.options.Failed(err)
		}
	})
}

func (s *Session) unwatch() {
	if s.stop != nil {
		s.stop()
		s.stop = nil
	}
}
