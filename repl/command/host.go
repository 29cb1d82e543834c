package command

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/budget"
	"cellsh/kernel/connect"
	"cellsh/kernel/host"
	"cellsh/lua/loader"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
	"cellsh/policy/study"
)

// Target is a kernel in use, with the policies that are loaded there.
type Target struct {
	*connect.Connection
	Host *host.Host
	// Steps is how the host is used; nil for a view, which is used in the steps of another.
	Steps *host.Session
	// Reader reads policies that are not loaded.
	Reader loader.Reader
	// Pending proposes policies that a session has declared, together with those that are loaded; only the target of a session
	// has it.
	Pending func() (*host.Proposal, error)
	// Declared gives what Pending adds to that which is loaded, and Forget drops what is of a name; both as Pending.
	Declared func() *rules.Set
	Forget   func(name string) bool
}

// OpenTarget connects to a kernel; the options must have a clock. What print in policy files writes goes to output.
func OpenTarget(o connect.Options, output io.Writer, steps host.SessionOptions) (*Target, error) {
	c, err := connect.Open(o)
	if err != nil {
		return nil, err
	}
	reader := loader.Reader{Groups: c.Groups, Output: output, Vocabulary: c.Info().Vocabulary, Work: o.Work}
	h := host.New(c.Kernel, c, reader.Load, o.Now)
	h.Work = o.Work
	steps.ReadOnly = o.ReadOnly
	if !c.Ephemeral() {
		h.Services = func() map[kernel.CellID]budget.Watched { return watched(o.Machine.RunDir(), c.Place) }
	}
	return &Target{Connection: c, Host: h, Steps: host.NewSession(h, c, steps), Reader: reader}, nil
}

// ephemeralNote is said where the effect of a command ends with it.
const ephemeralNote = "the simulated kernel's state ends with this command; -k sim:FILE keeps it"

// open gives the kernel that the command works on. A command that changes nothing gets one that can't be changed.
func (inv *Invocation) open() (*Target, error) {
	if inv.target != nil {
		return inv.target, nil
	}
	if inv.Session != nil && inv.Kernel != "" {
		return nil, usage("-k can't be given in a session: it has its kernel, %s", inv.Session.Info().Name)
	}
	if inv.ReadOnly && (inv.changes() || inv.Command.Reaches) {
		return nil, kernel.RefuseReadOnly(strings.Join(append([]string{inv.Command.Name}, inv.Args[:min(1, len(inv.Args))]...), " "))
	}
	if inv.Session != nil {
		inv.target = inv.Session
		if !inv.changes() {
			inv.target = inv.Session.view()
		}
		inv.out.Settle = inv.Session.Steps.Settle
		return inv.target, nil
	}
	t, err := inv.begin()
	if err != nil {
		return nil, err
	}
	inv.target = t
	t.Reader.Standard = loader.NewStandard(inv.Stdin)
	inv.out.Settle = t.Steps.Settle
	inv.lap("open")
	return t, nil
}

// changes reports whether this run of the command changes cells or policies.
func (inv *Invocation) changes() bool { return inv.Command.Changes && !inv.looks }

// begin opens the kernel for the command. For one that only looks, what was not confirmed in time is rolled back before, or it
// is said that it can't be.
func (inv *Invocation) begin() (*Target, error) {
	if inv.changes() {
		return inv.enter(false, patience, true)
	}
	var look *Target
	_, left, why, err := host.Look(func(readOnly bool) (*host.Session, error) {
		if !readOnly {
			if inv.ReadOnly {
				return nil, kernel.RefuseReadOnly(inv.Command.Name)
			}
			t, err := inv.enter(false, 0, true)
			if err != nil {
				return nil, err
			}
			return t.Steps, nil
		}
		var err error
		if look, err = inv.enter(true, patience, true); err != nil {
			return nil, err
		}
		return look.Steps, nil
	})
	if err != nil {
		return nil, err
	}
	if left != nil {
		inv.note("%s: %s", left, diag.Of(why)[0].Message)
	}
	return look, nil
}

// patience is how long a command waits for another one that has the state file.
const patience = 2 * time.Second

// enter opens the kernel that -k names, and begins the step that the command is. What fails beside its work is told if telling
// is set.
func (inv *Invocation) enter(readOnly bool, patience time.Duration, telling bool) (*Target, error) {
	o := connect.Options{Target: inv.Kernel, ReadOnly: readOnly, Machine: inv.Machine, Patience: patience, Now: inv.Now, After: inv.After, Work: inv.Work, Warn: func(err error) { inv.note("%s", err) }}
	lapsed := false
	steps := host.SessionOptions{Lapsed: func(l host.Lapse) {
		inv.note("%s", l)
		lapsed = true
	}}
	if telling {
		steps.Failed = func(err error) { diag.Write(inv.Stderr, diag.Of(err)) }
	}
	t, err := OpenTarget(o, inv.Stderr, steps)
	if err != nil {
		return nil, err
	}
	if err := t.Steps.Enter(); err != nil {
		return nil, errors.Join(err, t.Steps.Close())
	}
	if lapsed {
		inv.tellMonitors(t)
	}
	return t, nil
}

// close gives up the kernel that was opened for the command.
func (inv *Invocation) close() error {
	if inv.target == nil || inv.Session != nil {
		return nil
	}
	err := inv.target.Steps.Release()
	inv.target = nil
	return err
}

// lookOnly gives the kernel to a command that must have no effect at all, not even to roll back what was not confirmed in time.
func (inv *Invocation) lookOnly() (*Target, error) {
	if inv.target == nil && inv.Session == nil {
		t, err := inv.enter(true, patience, true)
		if err != nil {
			return nil, err
		}
		inv.target = t
		inv.lap("open")
	}
	if _, err := inv.host(); err != nil {
		return nil, err
	}
	return inv.target, nil
}

// steps are those in which the kernel is used.
func (inv *Invocation) steps() *host.Session {
	if inv.Session != nil {
		return inv.Session.Steps
	}
	return inv.target.Steps
}

// current is the target, or if it shows a kernel as it was and that is another now, a new one.
func (inv *Invocation) current(t *Target) (*Target, error) {
	o, stale := t.Stale()
	if !stale {
		return t, nil
	}
	fresh, err := inv.look(o)
	if err != nil {
		return t, err // it is tried again
	}
	return fresh, nil
}

// Waits says which generation is active, 0 for none, and until when it waits to be confirmed, or audits cells; the zero time for
// neither.
func Waits(h *host.Host) (generation uint64, confirm, audit time.Time, err error) {
	history, err := h.History()
	if err != nil {
		return 0, confirm, audit, err
	}
	if g := history.Active(); g != nil {
		generation = g.Number
	}
	if a, err := h.AuditOf(history); err == nil && a != nil {
		audit = a.Until
	} else if d := history.Deadline; d != nil && history.Overdue() == nil {
		confirm = d.Until
	}
	return generation, confirm, audit, nil
}

// view is the target for commands that only look.
func (t *Target) view() *Target {
	c := t.ReadOnlyView()
	return &Target{Connection: c, Host: t.Host.View(c.Kernel, c), Reader: t.Reader}
}

// host gives the kernel with its policies to a command that is about what is in the kernel.
func (inv *Invocation) host() (*host.Host, error) {
	t, err := inv.open()
	if err != nil {
		return nil, err
	}
	if inv.Session == nil && t.Ephemeral() {
		inv.note("%s", ephemeralNote)
	}
	return t.Host, nil
}

// note says something beside the result, on standard error.
func (inv *Invocation) note(form string, args ...any) {
	fmt.Fprintf(inv.Stderr, "note: "+form+"\n", args...)
}

// noteOnce is note for what is so again and again.
func (inv *Invocation) noteOnce(text string) {
	if !slices.Contains(inv.noted, text) {
		inv.noted = append(inv.noted, text)
		inv.note("%s", text)
	}
}

// finish gives up what the command has opened; what goes wrong with that joins the command's error.
func (inv *Invocation) finish(err error) error {
	inv.lap("work")
	if cerr := inv.close(); cerr != nil {
		if q := new(quiet); errors.As(err, q) {
			inv.problems(diag.Of(cerr)) // those of the command have been written
		} else {
			err = errors.Join(err, cerr)
		}
	}
	inv.lap("close")
	inv.timings.write(inv)
	return err
}

// reader reads policies that are not loaded.
func (inv *Invocation) reader() (loader.Reader, error) {
	t, err := inv.open()
	if err != nil {
		return loader.Reader{}, err
	}
	return t.Reader, nil
}

// read reads policies from paths, and from --policy.
func (inv *Invocation) read(paths []string, noOptimize bool) (*study.Policies, error) {
	r, err := inv.reader()
	if err != nil {
		return nil, err
	}
	r.SkipOptimizations = noOptimize
	defer inv.lap("read")
	return r.Read(append(append([]string(nil), paths...), inv.Policy...)), nil
}

// policies gives those of --policy, or what is loaded; the error has all that keeps them from being used.
func (inv *Invocation) policies() (*study.Policies, error) {
	if len(inv.Policy) > 0 {
		p, err := inv.read(nil, false)
		if err == nil && p.Loading.Failed() {
			return nil, p.Loading
		}
		return p, err
	}
	t, err := inv.open()
	if err != nil {
		return nil, err
	}
	history, err := t.Host.History()
	if hidden := new(kernel.Error); host.Hidden(err) && errors.As(err, &hidden) {
		hidden.Hint = "policies that are not loaded can be asked about: --policy PATH"
	}
	if err != nil {
		return nil, err
	}
	if history.Active() == nil {
		how := "load some, or give --policy PATH"
		if t.Ephemeral() && inv.Session == nil {
			how = "give --policy PATH, or -k sim:FILE with a state where some are"
		}
		inv.note("no policy is loaded: %s", how)
	}
	defer inv.lap("read")
	return t.Host.Policies()
}

// supposed reports whether the policies are those of --policy, and not those that are loaded.
func (inv *Invocation) supposed() bool { return len(inv.Policy) > 0 }

// missing says that a cell does not exist: what is told of it is what one of that name would get. Where there are no cells
// at all, as where policies are tried out, that goes without saying.
func (inv *Invocation) missing(s *host.Standing, what string) error {
	if s.Exists {
		return nil
	}
	live, err := inv.live()
	if err == nil && (len(live) > 0 || !inv.supposed() && !inv.target.Ephemeral()) {
		inv.note("%s: %s", s.Missing(), what)
	}
	return err
}

// live names the cells that exist.
func (inv *Invocation) live() ([]string, error) {
	t, err := inv.open()
	if err != nil {
		return nil, err
	}
	return t.Host.LiveNames()
}

// timings are how long the steps of a command took.
type timings struct {
	now         func() time.Time
	began, last time.Time
	laps        []lap
}

type lap struct {
	name string
	took time.Duration
}

func (t *timings) start(now func() time.Time) {
	t.now = now
	t.began = now()
	t.last = t.began
}

// lap ends a step.
func (inv *Invocation) lap(name string) {
	t := &inv.timings
	now := t.now()
	t.laps = append(t.laps, lap{name, now.Sub(t.last)})
	t.last = now
}

func (t *timings) write(inv *Invocation) {
	if !inv.Timings {
		return
	}
	var parts []string
	for _, l := range t.laps {
		parts = append(parts, l.name+" "+short(l.took))
	}
	parts = append(parts, "all "+short(t.now().Sub(t.began)))
	fmt.Fprintf(inv.Stderr, "timings: %s\n", strings.Join(parts, ", "))
}

// short writes a duration with three digits.
func short(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}

// warnings writes the problems that did not keep something from happening.
func (inv *Invocation) warnings(l diag.List) {
	if !inv.JSON {
		diag.Write(inv.Stderr, l)
	}
}
