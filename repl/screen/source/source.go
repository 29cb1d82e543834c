package source

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/budget"
	"cellsh/kernel/connect"
	"cellsh/kernel/host"
	"cellsh/kernel/monitor/rundir"
	"cellsh/policy/diag"
	"cellsh/policy/progress"
	"cellsh/policy/rules"
	"cellsh/repl/command"
	"cellsh/repl/inventory"
	"cellsh/repl/screen/model"
)

// Options of New.
type Options struct {
	// Target is the kernel of the session. What it has declared and not loaded is pending.
	Target *command.Target
	// Machine that the program runs on.
	Machine connect.Machine
	// Services are the files and folders that declare services; none is the folder of the machine. Run is the run directory, "" that
	// of the machine.
	Services []string
	Run      string
	// ReadOnly says that the session changes nothing.
	ReadOnly bool
	// Now is the clock; nil is the system's.
	Now func() time.Time
	// Output is where print in the files of services writes; nil discards.
	Output io.Writer
}

// Source reads places. It is for the goroutine that has the session, within its steps: [host.Session.Peek] is enough for it.
type Source struct {
	o Options
	// sees is the kernel that is looked at, and may not be changed. steps are those of a look of its own; nil while it is the
	// session's kernel.
	sees  *connect.Connection
	host  *host.Host
	steps *host.Session

	cells     cells
	services  declarations
	outputs   []*written
	policies  outlines
	decisions decisions
}

// New is a source that has read nothing yet.
func New(o Options) *Source {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Output == nil {
		o.Output = io.Discard
	}
	s := &Source{o: o, policies: outlines{}}
	c := o.Target.ReadOnlyView()
	s.see(c, o.Target.Host.View(c.Kernel, c), nil)
	return s
}

// see looks at a kernel from now on.
func (s *Source) see(c *connect.Connection, h *host.Host, steps *host.Session) {
	s.sees, s.host, s.steps = c, h, steps
	if h.Services != nil {
		// They were looked at already.
		h.Services = func() map[kernel.CellID]budget.Watched { return inventory.Watched(s.services.seen, c.Place) }
	}
	s.decisions.on(h)
}

// Close lets go of the files that it reads.
func (s *Source) Close() {
	for _, w := range s.outputs {
		w.tail.Close()
	}
	s.outputs = nil
}

// Read reads a place. The error says why there is nothing to list; what is missing in a list is in its Note.
func (s *Source) Read(p model.Place) (model.Table, error) {
	read := map[model.Kind]func(string) (model.Table, error){
		model.Cells: s.readCells, model.Members: s.readMembers, model.Services: s.readServices, model.Output: s.readOutput,
		model.Policies: s.readPolicies, model.Decisions: s.readDecisions, model.Generations: s.readGenerations,
	}[p.Kind]
	var t model.Table
	err := s.look(func() (err error) {
		t, err = read(p.Of)
		return err
	})
	return t, err
}

// Status tells how things are.
func (s *Source) Status() (model.Status, error) {
	out := model.Status{Kernel: s.o.Target.Whole().Name, ReadOnly: s.o.ReadOnly}
	pending := s.pending()
	out.Pending = len(pending.Policies) + len(pending.Nevers)
	err := s.look(func() (err error) {
		out.Generation, out.Confirm, out.Audit, err = command.Waits(s.host)
		if err == nil && !out.Confirm.IsZero() {
			history, err := s.host.History()
			if err != nil {
				return err
			}
			if d := history.Deadline; d != nil {
				out.Back = d.Back
			}
		}
		if host.Hidden(err) {
			err = nil // who may not read it does without
		}
		return err
	})
	return out, err
}

// look works with the kernel as it is now. One that is kept in a file, which others may write, is opened anew once it has changed.
func (s *Source) look(work func() error) error {
	if o, stale := s.sees.Stale(); stale {
		o.ReadOnly = true
		fresh, err := command.OpenTarget(o, s.o.Output, host.SessionOptions{})
		if err != nil {
			return fmt.Errorf("what is shown must be what is, but can't be read again: %w", err)
		}
		s.see(fresh.Connection, fresh.Host, fresh.Steps)
	}
	stoppable := func() error {
		err := s.host.Work.Run(work)
		if errors.Is(err, progress.ErrStopped) {
			s.host.Forget() // what was being worked out is not to be trusted
			clear(s.policies)
			err = errStopped
		}
		return err
	}
	if s.steps != nil {
		return s.steps.Peek(stoppable)
	}
	return stoppable()
}

// errStopped says that reading a place was interrupted.
var errStopped = diag.List{{Code: diag.Interrupted, Message: "interrupted: it is read again with the next look"}}

// pending is what the session has declared and not loaded.
func (s *Source) pending() *rules.Set {
	if s.o.Target.Declared == nil {
		return &rules.Set{}
	}
	return s.o.Target.Declared()
}

// dir is the run directory of services.
func (s *Source) dir() (rundir.Dir, error) {
	if s.o.Run == "" {
		return s.o.Machine.RunDir(), nil
	}
	path, err := filepath.Abs(s.o.Run)
	return rundir.Dir(path), err
}

// text is a field without figures.
func text(s string) model.Field { return model.Field{Text: s} }

// texts are fields without figures.
func texts(list ...string) []model.Field {
	out := make([]model.Field, len(list))
	for i, s := range list {
		out[i].Text = s
	}
	return out
}

// place is a place in a file, without its folder and the column; the details of a row have all of it.
func place(s diag.Span) string {
	if s.File == "" {
		return "-"
	}
	s.File, s.Column = filepath.Base(s.File), 0
	return s.String()
}
