package host

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/budget"
	"cellsh/policy/analysis"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/progress"
	"cellsh/policy/rules"
	"cellsh/policy/study"
)

// Load reads policies from their sources. What is wrong with them is in their Loading.
type Load func([]rules.Source) *study.Policies

// kept are policies that were read.
type kept struct {
	*study.Policies
	// declared are those of a session among them, which have no source; see Generation.Session. Nil is none.
	declared *rules.Set
}

// Host is a kernel with the policies that are loaded there. Everything that changes cells or policies goes through
// it. It is not safe for concurrent use.
type Host struct {
	Kernel kernel.Kernel
	// Events tells hooks what happens.
	Events *Bus
	// Work that whatever the host does is part of; nil can't be stopped. What changes cells or policies is not stopped once it
	// has begun to.
	Work *progress.Work
	// Services, if not nil, tells of the cells with services whose monitors watch their budgets what they use of these, and
	// which they exceed. That is what counts for these cells, and not what the kernel samples.
	Services func() map[kernel.CellID]budget.Watched

	notes Notebook
	load  Load
	now   func() time.Time
	// lapsed is what was rolled back by itself last, and when; nil for nothing that a rollback must know of.
	lapsed   *Lapse
	lapsedAt time.Time
	// waits is the last generation of this host's own that had to be confirmed, 0 for none.
	waits uint64
	// locked says that the notes are locked.
	locked bool
	// beyond is a number above all that may be noted, while it is not known what is; else 0.
	beyond uint64
	// history is what the notes said when they were noted.
	history *History
	noted   []byte
	// read are policies by their generation: those of the active one if they were needed, and all that have no source.
	read map[uint64]kept
	// applied is what the policies appliedBy say about the cells that were last measured.
	applied   map[string]*applied
	appliedBy *study.Policies
}

// New joins a kernel and the notes that are kept with it. The clock is that of generations.
func New(k kernel.Kernel, n Notebook, load Load, now func() time.Time) *Host {
	return &Host{Kernel: k, Events: &Bus{}, notes: n, load: load, now: now, read: map[uint64]kept{}}
}

// View gives a host with the same policies to somebody who has the kernel and the notes in another way, such as one
// that must not change them. Its hooks are its own.
func (h *Host) View(k kernel.Kernel, n Notebook) *Host {
	return &Host{Kernel: k, Events: &Bus{}, Services: h.Services, notes: n, load: h.load, now: h.now, read: h.read, Work: h.Work}
}

// Forget gives up what was worked out of policies: work that was stopped may have left it unfinished.
func (h *Host) Forget() {
	for number, k := range h.read {
		k.Policies = k.Policies.Anew()
		h.read[number] = k
	}
}

// changing does what must not be stopped half-way, and notes in words what was changed.
func (h *Host) changing(what string, work func() error) error {
	return h.Work.Firmly(func() error {
		err := work()
		if err == nil {
			h.Work.Changed(what)
		}
		return err
	})
}

// alone does work while no other program changes cells or generations. Work may call it again.
func (h *Host) alone(work func() error) error {
	if h.locked {
		return work()
	}
	unlock, err := h.notes.Lock()
	if err != nil {
		return &NotesError{err}
	}
	h.locked = true
	defer func() {
		h.locked = false
		unlock()
	}()
	return work()
}

// Now is the time of day by the host's clock.
func (h *Host) Now() time.Time { return h.now() }

// History gives the generations, as far as the kernel agrees: see settle.
func (h *Host) History() (*History, error) {
	text, err := h.notes.ReadNotes()
	if err != nil {
		return nil, err
	}
	if h.history == nil || !bytes.Equal(text, h.noted) || (text == nil) != (h.noted == nil) {
		if h.history, err = parseHistory(text); err != nil {
			return nil, err
		}
		h.noted = bytes.Clone(text)
	}
	out := &History{Generations: slices.Clone(h.history.Generations), Deadline: h.history.Deadline}
	return out, h.settle(out)
}

// Policies are those of the active generation; none if nothing is loaded.
func (h *Host) Policies() (*study.Policies, error) {
	history, err := h.History()
	if err != nil {
		return nil, err
	}
	return h.policiesOf(history.Active())
}

// Enforced are those of the active generation, or while an audit runs of the one that comes again after it: what is loaded,
// whatever is not refused just now.
func (h *Host) Enforced() (*study.Policies, error) {
	history, err := h.History()
	if err != nil {
		return nil, err
	}
	return h.policiesOf(history.Enforced())
}

// policiesOf reads the policies of a generation again; nil is none.
func (h *Host) policiesOf(g *Generation) (*study.Policies, error) {
	if g == nil {
		return h.load(nil), nil
	}
	if p, ok := h.read[g.Origin()]; ok {
		return p.Policies, nil
	}
	if g.Lockdown {
		return lockdown(h.Kernel.Info().Vocabulary), nil
	}
	if g.Session {
		return nil, &kernel.Error{Op: fmt.Sprintf("read generation %d", g.Number),
			Text: "the policies must come from files, but some were declared in a session that has ended", Hint: "load files: cellsh load PATH"}
	}
	p := h.compose(g.Sources)
	if p.Loading.Failed() {
		return nil, p.Loading
	}
	if g.Audit != nil {
		p = p.Auditing(g.Audit)
	}
	h.keep(g, p, nil)
	return p, nil
}

// keep remembers the policies of a generation: those from files until another generation is kept, as they can be read
// again; those of a session as long as the program runs.
func (h *Host) keep(g *Generation, p *study.Policies, declared *rules.Set) {
	for number, old := range h.read {
		if old.declared == nil {
			delete(h.read, number)
		}
	}
	h.read[g.Origin()] = kept{p, declared}
}

// LiveNames are the names of the cells that exist.
func (h *Host) LiveNames() ([]string, error) {
	cells, err := h.Kernel.List()
	if err != nil {
		return nil, err
	}
	return cellNames(cells), nil
}

func cellNames(cells []kernel.Cell) []string {
	names := make([]string, len(cells))
	for i, c := range cells {
		names[i] = c.Name
	}
	return names
}

// Cell gives a cell by name; op is what it is wanted for, for the error.
func (h *Host) Cell(op, name string) (kernel.Cell, error) {
	c, ok, err := kernel.Find(h.Kernel, name)
	if err != nil || ok {
		return c, err
	}
	live, err := h.LiveNames()
	hint := diag.DidYouMean(name, live)
	if err == nil && len(live) == 0 {
		hint = "there are no cells"
	}
	return c, &kernel.Error{Op: op, Text: fmt.Sprintf("the cell must exist, but there is none called %s", name), Hint: hint}
}

// Create makes a cell and gives it its program as one step: either the cell exists with its program, or it does not
// exist.
//
// What the spec leaves open the policies that name the cell fill in: the profile is low, because the policies'
// program denies what they deny and nothing else is in the way; and limits are those of their budgets. On a kernel
// without the evaluation model profile and ports are those that fit the policies best, for the aim that they were loaded
// with. Without such policies it is up
// to the kernel.
func (h *Host) Create(s kernel.Spec) (id kernel.CellID, err error) {
	if err = h.alone(func() error { id, err = h.create(s); return err }); err != nil {
		return 0, err
	}
	h.Events.Emit(Event{Kind: Created, Cell: s.Name, ID: id})
	return id, nil
}

func (h *Host) create(s kernel.Spec) (kernel.CellID, error) {
	history, err := h.History()
	if err != nil {
		return 0, err
	}
	if err := history.overdue.refuse("create cell " + s.Name); err != nil {
		return 0, err
	}
	evaluation := h.Evaluates()
	g := history.Active()
	var p *study.Policies
	if g != nil {
		if p, err = h.policiesOf(g); err != nil {
			return 0, err
		}
	}
	chosen := false // the ports are those that the policies choose
	if g != nil && !g.Lockdown {
		if err := h.attachable(p, history, s.Name); err != nil {
			return 0, err
		}
		h.fillIn(&s, p)
		if !evaluation {
			named := s.Ports != nil
			if err := h.fillInStock(&s, p, g.Aim()); err != nil {
				return 0, err
			}
			chosen = !named && len(s.Ports) > 0
		}
	}
	if err := s.Check(h.Kernel.Info().Revision); err != nil {
		return 0, err
	}
	if m, ok := h.Kernel.(kernel.RootMaker); ok {
		if err := m.MakeRoot(s.Root); err != nil {
			return 0, err
		}
	}
	var id kernel.CellID
	err = h.changing("cell "+s.Name+" is made", func() (err error) {
		if id, err = h.Kernel.Create(s); err != nil {
			if chosen {
				err = h.portsTaken(err, &s)
			}
			return err
		}
		if g != nil && evaluation {
			if _, _, err := h.attach(p, g, history, []kernel.Cell{{ID: id, Name: s.Name}}); err != nil {
				// Nobody may find a cell without the program that it should have.
				return errors.Join(err, h.Kernel.Destroy(id))
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return id, nil
}

// portsTaken adds to the error of making a cell that its policies have chosen its ports, if those may be what exists already.
func (h *Host) portsTaken(err error, s *kernel.Spec) error {
	e := new(kernel.Error)
	if !errors.As(err, &e) || e.Errno != kauth.EEXIST {
		return err
	}
	if cells, unread := h.Kernel.List(); unread != nil || slices.ContainsFunc(cells, func(c kernel.Cell) bool { return c.Name == s.Name }) {
		return err // it is the name
	}
	with := *e
	ports := strings.Trim(strings.ReplaceAll(fmt.Sprint(s.Ports), " ", ","), "[]")
	with.Hint = fmt.Sprintf("its policies choose ports %s for it, and only one cell can reserve a port: --ports says which to reserve in their place", ports)
	return &with
}

func (h *Host) fillIn(s *kernel.Spec, p *study.Policies) {
	var limits map[analysis.BudgetName]**uint64
	if h.Kernel.Info().Revision.Properties().Limits {
		limits = map[analysis.BudgetName]**uint64{analysis.BudgetNofile: &s.Nofile, analysis.BudgetAS: &s.AS, analysis.BudgetCore: &s.Core}
	}
	for _, b := range analysis.Budgets(p.Set(), s.Name) {
		if limit := limits[b.Name]; limit != nil && *limit == nil {
			v := uint64(b.Value)
			*limit = &v
		}
	}
	if s.Profile == nil && h.Evaluates() && p.Names(s.Name) {
		low := kernel.Low
		s.Profile = &low
	}
}

// Destroy removes a cell by name.
func (h *Host) Destroy(name string) error {
	c, err := h.Cell("destroy cell "+name, name)
	if err != nil {
		return err
	}
	h.Work.Check()
	if err := h.changing("cell "+name+" is gone", func() error { return h.Kernel.Destroy(c.ID) }); err != nil {
		return err
	}
	h.Events.Emit(Event{Kind: Destroyed, Cell: name, ID: c.ID})
	return nil
}
