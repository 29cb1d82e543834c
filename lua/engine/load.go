package engine

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"cellsh/kernel"
	"cellsh/policy/analysis"
	"cellsh/policy/diag"
	"cellsh/policy/program"
	"cellsh/policy/rules"
	"cellsh/policy/stock"
)

// Loaded says what a load did.
type Loaded struct {
	Generation uint64
	// Cells that got a program, and how many different programs of how many bytes that were.
	Cells    []string
	Programs int
	Bytes    int
	// Stock says that the kernel asks no programs: the policies only choose how cells are made. Fits has the choice for
	// the live cells that they name, and for a sample of each glob; Frozen are those of them that live, which can't be
	// changed any more.
	Stock  bool
	Fits   []*analysis.StockFit
	Frozen []string
}

// LoadOptions say how to load. The zero value is a plain load.
type LoadOptions struct {
	// Confirm is how long the generation waits to be confirmed before it is rolled back; 0 needs no confirmation.
	Confirm time.Duration
	// Session says that policies without a source are among them.
	Session bool
	// Strict refuses policies of which a kernel without the evaluation model enforces less.
	Strict bool
}

// Load checks policies and pushes their programs for all live cells, or changes nothing: the error is a diag.List of
// all that is wrong with them, or says why the kernel refused. The check is given even then. On a kernel without the
// evaluation model the policies choose how cells are made from now on.
func (h *Host) Load(p *Policies, o LoadOptions) (*Loaded, *Check, error) {
	live, err := h.LiveNames()
	if err != nil {
		return nil, nil, err
	}
	check, err := p.Check(CheckOptions{Live: live, ErrorsOnly: true})
	if err != nil {
		return nil, nil, err
	}
	if check.Problems.Failed() {
		return nil, check, check.Problems
	}
	history, err := h.History()
	if err != nil {
		return nil, check, err
	}
	g := Generation{Sources: p.Set().Sources, Session: o.Session}
	out, err := h.push(p, g, history, o)
	return out, check, err
}

// Holds gives the number of the active generation if its policies are those, source for source, and the kernel has
// their programs; else 0.
func (h *Host) Holds(p *Policies) (uint64, error) {
	history, err := h.History()
	if err != nil {
		return 0, err
	}
	g := history.Active()
	if g == nil || g.Session || g.Lockdown || !slices.Equal(g.Sources, p.Set().Sources) {
		return 0, nil
	}
	e, err := h.Kernel.Evaluator()
	if err != nil {
		return g.Number, nil // no programs to have
	}
	status, err := e.Status()
	if err != nil || status.Generation != g.Number {
		return 0, err
	}
	return g.Number, nil
}

// nextNumber is higher than any that the history or the kernel knows.
func (h *Host) nextNumber(history *History) uint64 {
	n := uint64(0)
	if a := history.Active(); a != nil {
		n = a.Number
	}
	if e, err := h.Kernel.Evaluator(); err == nil {
		if s, err := e.Status(); err == nil {
			n = max(n, s.Generation)
		}
	}
	return n + 1
}

// push loads policies into the kernel as a new generation, and notes it.
func (h *Host) push(p *Policies, g Generation, history *History, o LoadOptions) (*Loaded, error) {
	e, err := h.Kernel.Evaluator()
	if err != nil {
		return h.loadStock(p, g, history, o)
	}
	b, bytes, err := h.pushPrograms(e, p, g, history, o)
	if err != nil {
		return nil, err
	}
	return loaded(b, bytes), nil
}

// pushPrograms is push for a kernel with the evaluation model. It gives the bundle and its length in bytes.
func (h *Host) pushPrograms(e kernel.Evaluator, p *Policies, g Generation, history *History, o LoadOptions) (*program.Bundle, int, error) {
	g.Number, g.Time = h.nextNumber(history), h.now().UTC()
	b, err := h.bundle(p, &g, 0, func(kernel.CellID) bool { return true })
	if err != nil {
		return nil, 0, err
	}
	after := history.with(g, o.Confirm)
	// The history first: a kernel with a generation that nobody remembers is worse than one that is behind.
	if err := writeHistory(h.notes, after); err != nil {
		return nil, 0, err
	}
	text := b.Encode()
	if err := e.Load(text); err != nil {
		return nil, 0, errors.Join(err, writeHistory(h.notes, history))
	}
	h.keep(&g, p)
	return b, len(text), nil
}

func loaded(b *program.Bundle, bytes int) *Loaded {
	out := &Loaded{Generation: b.Generation, Programs: len(b.Programs), Bytes: bytes}
	for _, c := range b.Cells {
		out.Cells = append(out.Cells, c.Name)
	}
	slices.Sort(out.Cells)
	return out
}

// bundle makes the programs of the live cells that are wanted, each once.
func (h *Host) bundle(p *Policies, g *Generation, attachment uint32, wanted func(kernel.CellID) bool) (*program.Bundle, error) {
	cells, err := h.Kernel.List()
	if err != nil {
		return nil, err
	}
	b := &program.Bundle{Vocabulary: p.Vocabulary(), Generation: g.Number, Attachment: attachment, Fallback: stock.FallbackFor(p.Vocabulary())}
	if g.Lockdown {
		// For whatever is made by other tools, too.
		everything, err := p.Program("")
		if err != nil {
			return nil, err
		}
		b.Fallback, b.FallbackScope = everything.Program, program.FallbackAll
	}
	index := map[*program.Program]int{}
	b.Cells = make([]program.Cell, 0, len(cells))
	for _, c := range cells {
		if !wanted(c.ID) {
			continue
		}
		prog, err := p.Program(c.Name)
		if err != nil {
			return nil, err
		}
		if len(prog.Policies) == 0 {
			// Nobody said what it may do: the fallback answers.
			continue
		}
		i, ok := index[prog.Program]
		if !ok {
			i = len(b.Programs)
			index[prog.Program] = i
			b.Programs = append(b.Programs, prog.Program)
		}
		b.Cells = append(b.Cells, program.Cell{ID: c.ID, Name: c.Name, Program: i})
	}
	slices.SortFunc(b.Cells, func(x, y program.Cell) int { return cmp.Compare(x.ID, y.ID) })
	return b, nil
}

// Attach gives cells that other tools have made since the load the programs of the active generation: those of the
// names, or without any all that live. What must never be allowed is checked for them. Cells that have their program
// keep it.
func (h *Host) Attach(names ...string) (*Loaded, error) {
	history, err := h.History()
	if err != nil {
		return nil, err
	}
	g := history.Active()
	if g == nil {
		return nil, &kernel.Error{Op: "attach", Text: "a policy must be loaded first, but none is", Hint: "run: load PATH"}
	}
	p, err := h.policiesOf(g)
	if err != nil {
		return nil, err
	}
	cells, err := h.Kernel.List()
	if err != nil {
		return nil, err
	}
	ids := map[kernel.CellID]bool{}
	for _, name := range names {
		c, err := h.Cell("attach cell "+name, name)
		if err != nil {
			return nil, err
		}
		ids[c.ID] = true
	}
	for _, c := range cells {
		if len(names) > 0 && !ids[c.ID] {
			continue
		}
		ids[c.ID] = true
		if err := p.attachable(c.Name); err != nil {
			return nil, err
		}
	}
	b, bytes, err := h.attach(g, history, ids)
	if err != nil {
		return nil, err
	}
	return loaded(b, bytes), nil
}

// attach gives the cells programs, in addition to those that have one. It gives the bundle and its length in bytes.
func (h *Host) attach(g *Generation, history *History, ids map[kernel.CellID]bool) (*program.Bundle, int, error) {
	p, err := h.policiesOf(g)
	if err != nil {
		return nil, 0, err
	}
	e, err := h.Kernel.Evaluator()
	if err != nil {
		return nil, 0, err
	}
	status, err := e.Status()
	if err != nil {
		return nil, 0, err
	}
	if status.Generation != g.Number {
		// The kernel was started again, or somebody else loaded: ours is loaded anew.
		return h.pushPrograms(e, p, again(g), history, LoadOptions{})
	}
	covered := slices.Clone(status.Covered)
	slices.Sort(covered)
	b, err := h.bundle(p, g, status.Attachment+1, func(id kernel.CellID) bool {
		_, has := slices.BinarySearch(covered, id)
		return has || ids[id]
	})
	if err != nil {
		return nil, 0, err
	}
	text := b.Encode()
	if err := e.Load(text); err != nil {
		return nil, 0, err
	}
	return b, len(text), nil
}

// again is the generation for a new load.
func again(g *Generation) Generation {
	out := *g
	out.Of = g.origin()
	return out
}

// Rollback loads a generation again, as a new one: that of the number, or with 0 the one before the active.
func (h *Host) Rollback(number uint64) (*Loaded, error) {
	history, err := h.History()
	if err != nil {
		return nil, err
	}
	old := history.Before()
	if number != 0 {
		old = history.Find(number)
	}
	if old == nil {
		if number != 0 {
			return nil, &kernel.Error{Op: fmt.Sprintf("roll back to generation %d", number), Text: fmt.Sprintf("the generation must be one of those kept, but is %d", number), Hint: "run: generations"}
		}
		return nil, &kernel.Error{Op: "roll back", Text: "an earlier generation must be kept, but there is none"}
	}
	return h.reload(old, history)
}

// reload loads a generation again, as a new one, if it still fits the host and the cells that live now.
func (h *Host) reload(old *Generation, history *History) (*Loaded, error) {
	p, err := h.policiesOf(old)
	if err != nil {
		return nil, err
	}
	live, err := h.LiveNames()
	if err != nil {
		return nil, err
	}
	for _, name := range live {
		if err := p.attachable(name); err != nil {
			return nil, err
		}
	}
	return h.push(p, again(old), history, LoadOptions{})
}

// Confirm keeps a generation that waits for it.
func (h *Host) Confirm(number uint64) error {
	history, err := h.History()
	if err != nil {
		return err
	}
	if u := history.Unconfirmed; u == nil || u.Generation != number {
		text := fmt.Sprintf("the generation must wait to be confirmed, but %d does not", number)
		if u != nil {
			text += fmt.Sprintf("; %d does", u.Generation)
		}
		return &kernel.Error{Op: fmt.Sprintf("confirm generation %d", number), Text: text}
	}
	history.Unconfirmed = nil
	return writeHistory(h.notes, history)
}

// Expire rolls back a generation that was not confirmed in time; nil if there is none, or if there is still time.
func (h *Host) Expire() (*Loaded, error) {
	history, err := h.History()
	if err != nil || history.Unconfirmed == nil || h.now().Before(history.Unconfirmed.Until) {
		return nil, err
	}
	return h.Revert()
}

// Revert loads the newest generation again that needs no confirmation, in place of those that wait for one; nil if none
// does.
func (h *Host) Revert() (*Loaded, error) {
	history, err := h.History()
	if err != nil || history.Unconfirmed == nil {
		return nil, err
	}
	if back := history.Find(history.Unconfirmed.Back); back != nil {
		return h.reload(back, history)
	}
	// Then the policies that were loaded must not stay either, and the fallback decides.
	return h.push(FromSources(nil, h.options), Generation{}, history, LoadOptions{})
}

// Booted says which policies are active after a boot.
type Booted uint8

// What can be active; the numbers are the exit codes of load --boot, but for the first.
const (
	BootLoaded   Booted = 0
	BootLastGood Booted = 1
	BootLockdown Booted = 3
	BootNothing  Booted = 4
)

// BootOptions say how to load at boot.
type BootOptions struct {
	// Lockdown loads a policy that denies everything to cells if nothing else can be loaded.
	Lockdown bool
	// Strict is that of LoadOptions.
	Strict bool
}

// String is "loaded", "last good", "lockdown" or "nothing".
func (b Booted) String() string {
	return map[Booted]string{BootLoaded: "loaded", BootLastGood: "last good", BootLockdown: "lockdown", BootNothing: "nothing"}[b]
}

// Boot loads policies as at boot: if they can't be loaded the last generation that can is, and without one, if so
// configured, a policy that denies everything to cells. The error says why it is not the policies themselves.
// Generations that waited to be confirmed are none to go back to.
func (h *Host) Boot(p *Policies, o BootOptions) (Booted, *Loaded, error) {
	out, _, err := h.Load(p, LoadOptions{Strict: o.Strict})
	if err == nil {
		return BootLoaded, out, nil
	}
	history, herr := h.History()
	if herr != nil {
		err = errors.Join(err, herr)
		history = &History{}
	}
	for i := len(history.Generations) - 1; i >= 0; i-- {
		g := &history.Generations[i]
		if g.Lockdown || g.Session || g.Number > history.settled() {
			continue
		}
		if out, perr := h.reload(g, history); perr == nil {
			return BootLastGood, out, err
		}
	}
	if o.Lockdown && !h.Evaluates() {
		err = errors.Join(err, kernel.Unsupported(h.Kernel, kernel.CapEvaluation))
	} else if o.Lockdown {
		source := rules.Source{File: "lockdown", Text: "policy \"lockdown\" { default = \"deny\" }\n"}
		g := Generation{Sources: []rules.Source{source}, Lockdown: true}
		out, perr := h.push(FromSources(g.Sources, h.options), g, history, LoadOptions{})
		if perr == nil {
			return BootLockdown, out, err
		}
		err = errors.Join(err, perr)
	}
	return BootNothing, nil, err
}

// Merge puts policies declared in a session together with those of the active generation: one of the same name
// replaces the older.
func (h *Host) Merge(declared *rules.Set) (*Policies, error) {
	active, err := h.Policies()
	if err != nil {
		return nil, err
	}
	set := &rules.Set{Sources: active.Set().Sources, Policies: slices.Clone(declared.Policies), Nevers: slices.Clone(declared.Nevers)}
	for _, p := range active.Set().Policies {
		if !slices.ContainsFunc(declared.Policies, func(q *rules.Policy) bool { return q.Name == p.Name }) {
			set.Policies = append(set.Policies, p)
		}
	}
	for _, n := range active.Set().Nevers {
		if !slices.ContainsFunc(declared.Nevers, func(m *rules.Never) bool { return m.Title == n.Title }) {
			set.Nevers = append(set.Nevers, n)
		}
	}
	slices.SortFunc(set.Policies, func(a, b *rules.Policy) int { return cmp.Compare(a.Name, b.Name) })
	return fromSet(set, diag.List(nil), h.options), nil
}
