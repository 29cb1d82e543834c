package host

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"cellsh/kernel"
	"cellsh/policy/analysis"
	"cellsh/policy/program"
	"cellsh/policy/rules"
	"cellsh/policy/stock"
	"cellsh/policy/study"
)

// Loaded says what a load did.
type Loaded struct {
	Generation uint64
	// Cells that got a program, and how many different programs of how many bytes that were.
	Cells    []string
	Programs int
	Bytes    int
	// Stock says that the kernel asks no programs: the policies only choose how cells are made. Made has the choice for
	// cells that are made from now on, and Frozen the cells that live and that they name, which can't be changed any more.
	Stock  bool
	Made   []Making
	Frozen []Frozen
	// Witnessed says how far two readings of the functions were compared; nil for what was loaded before.
	Witnessed *analysis.Witnessed
	// Deadline is that of the generation, nil if it need not be confirmed.
	Deadline *Deadline
	// Replaced is the generation that waited to be confirmed until then, 0 if none did, and Ended the cells that were audited until
	// then and are no more.
	Replaced uint64
	Ended    []string
	// Losses are the policies that live cells had and have no more.
	Losses []Loss
	// Disabled says that the evaluation model is switched off, so that nobody asks the programs.
	Disabled bool
	// Overruled are the cells that the load reached whose profile refuses what their policies allow.
	Overruled []Overruled
}

// LoadOptions say how to load. The zero value is a plain load.
type LoadOptions struct {
	// Confirm is how long the generation waits to be confirmed before it is rolled back; 0 needs no confirmation.
	Confirm time.Duration
	// Yes loads policies with which live cells lose some that they have; without it that is a *LossError.
	Yes bool
	// Strict refuses policies of which a kernel without the evaluation model enforces less.
	Strict bool
	// Usable has cells made so that services run there; see analysis.Usable. What is loaded in part keeps that.
	Usable bool
	// Compare has the plan say which decisions and budgets change.
	Compare bool
}

// replace loads policies in place of what is active, which may wait to be confirmed.
func (h *Host) replace(p *study.Policies, g Generation, history *History) (*Loaded, error) {
	r, err := h.prepare(p, g, history)
	if err != nil {
		return nil, err
	}
	return h.push(p, r, history, nil)
}

// Holds gives the number of the active generation if its policies are those, source for source, and the kernel has
// their programs; else 0.
func (h *Host) Holds(p *study.Policies) (uint64, error) {
	history, err := h.History()
	if err != nil {
		return 0, err
	}
	g := history.Active()
	if g == nil || g.Session || g.Lockdown || g.Audit != nil || !g.holds(p.Set().Sources) {
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
	n := h.beyond
	if a := history.Newest(); a != nil {
		n = max(n, a.Number)
	}
	if e, err := h.Kernel.Evaluator(); err == nil {
		if s, err := e.Status(); err == nil {
			n = max(n, s.Highest)
		}
	}
	return n + 1
}

// ready is a generation that could be pushed: what the kernel would get, and how cells would be made.
type ready struct {
	Generation
	// bundle and its bytes are for a kernel with the evaluation model; it is nil for another.
	bundle *program.Bundle
	bytes  []byte
	// choice is for a kernel that asks no programs.
	choice
}

// prepare makes all that a push of the policies needs, and changes nothing.
func (h *Host) prepare(p *study.Policies, g Generation, history *History) (*ready, error) {
	g.Number = h.nextNumber(history)
	out := &ready{Generation: g}
	var err error
	if !h.Evaluates() {
		out.choice, err = h.choose(p, g.Aim())
		return out, err
	}
	if out.bundle, err = h.bundleOfAll(p, &g); err != nil {
		return nil, err
	}
	out.bytes = out.bundle.Encode()
	return out, nil
}

// push loads what is ready into the kernel, and notes it. Declared are policies of a session among them.
func (h *Host) push(p *study.Policies, r *ready, history *History, declared *rules.Set) (*Loaded, error) {
	h.Work.Check()
	r.Time = h.now().UTC()
	d := history.deadline(&r.Generation)
	if err := h.changing(fmt.Sprintf("generation %d is loaded", r.Number), func() error { return h.pushReady(p, r, history, d, declared) }); err != nil {
		return nil, err
	}
	out := r.loaded()
	out.Disabled = h.disabled()
	if out.Deadline = d; d != nil && (r.Audit == nil || r.Session) {
		// Of an audit the kernel counts the time, and whoever comes by then notes its end; but policies of a session are gone with it.
		h.waits = d.Generation
	}
	out.Replaced, out.Ended = history.replaced(&r.Generation)
	return out, nil
}

// disabled reports whether the kernel has an evaluation model that is switched off. One that does not answer is none.
func (h *Host) disabled() bool {
	e, err := h.Kernel.Evaluator()
	if err != nil {
		return false
	}
	status, err := e.Status()
	return err == nil && status.Disabled
}

// pushReady is push for a deadline that is known.
func (h *Host) pushReady(p *study.Policies, r *ready, history *History, d *Deadline, declared *rules.Set) error {
	// The history first: a kernel with a generation that nobody remembers is worse than one that is behind.
	if err := writeHistory(h.notes, history.with(r.Generation, d)); err != nil {
		return err
	}
	if r.bundle != nil {
		e, err := h.Kernel.Evaluator()
		if err == nil {
			err = e.Load(r.bytes, d.window(h.now()))
		}
		if err != nil {
			return errors.Join(err, writeHistory(h.notes, history))
		}
	}
	h.keep(&r.Generation, p, declared)
	return nil
}

// loaded is what there is to say once it is pushed.
func (r *ready) loaded() *Loaded {
	if r.bundle == nil {
		return &Loaded{Generation: r.Number, Stock: true, Made: r.made, Frozen: r.frozen}
	}
	return loaded(r.bundle, len(r.bytes))
}

func loaded(b *program.Bundle, bytes int) *Loaded {
	out := &Loaded{Generation: b.Generation, Programs: len(b.Programs), Bytes: bytes}
	for _, c := range b.Cells {
		if c.Program != program.NameOnly {
			out.Cells = append(out.Cells, c.Name)
		}
	}
	slices.Sort(out.Cells)
	return out
}

// bundleOfAll makes the programs of all live cells.
func (h *Host) bundleOfAll(p *study.Policies, g *Generation) (*program.Bundle, error) {
	cells, err := h.Kernel.List()
	if err != nil {
		return nil, err
	}
	return h.bundle(p, g, 0, cells)
}

// bundle makes the programs of the cells, each once, and tells the names of all of them.
func (h *Host) bundle(p *study.Policies, g *Generation, attachment uint32, cells []kernel.Cell) (*program.Bundle, error) {
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
		prog, err := p.Program(c.Name)
		if err != nil {
			return nil, err
		}
		if len(prog.Policies) == 0 {
			// Nobody said what it may do: the fallback answers. But others may ask for its name.
			b.Cells = append(b.Cells, program.Cell{ID: c.ID, Name: c.Name, Program: program.NameOnly})
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
func (h *Host) Attach(names ...string) (out *Loaded, err error) {
	err = h.alone(func() error { out, err = h.attachNamed(names); return err })
	return out, err
}

func (h *Host) attachNamed(names []string) (*Loaded, error) {
	history, err := h.History()
	if err != nil {
		return nil, err
	}
	if err := history.overdue.refuse("attach"); err != nil {
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
	for _, name := range names {
		if _, err := h.Cell("attach cell "+name, name); err != nil {
			return nil, err
		}
	}
	if len(names) > 0 {
		cells = slices.DeleteFunc(cells, func(c kernel.Cell) bool { return !slices.Contains(names, c.Name) })
	}
	for _, c := range cells {
		if err := h.attachable(p, history, c.Name); err != nil {
			return nil, err
		}
	}
	overruled, err := h.overruled(p, cells)
	if err != nil {
		return nil, err
	}
	var b *program.Bundle
	var bytes int
	if err := h.changing("cells have their programs", func() (err error) { b, bytes, err = h.attach(p, g, history, cells); return err }); err != nil {
		return nil, err
	}
	out := loaded(b, bytes)
	out.Overruled, out.Disabled = overruled, h.disabled()
	return out, nil
}

// attach gives the cells programs of the active generation, whose policies these are, in addition to those that have one.
// It gives the bundle and its length in bytes.
func (h *Host) attach(p *study.Policies, g *Generation, history *History, cells []kernel.Cell) (*program.Bundle, int, error) {
	e, err := h.Kernel.Evaluator()
	if err != nil {
		return nil, 0, err
	}
	status, err := e.Status()
	if err != nil {
		return nil, 0, err
	}
	if status.Generation != g.Number {
		const op, hint = "attach cells", loadAgain
		if err := history.unnoted(op, status.Generation); err != nil {
			return nil, 0, err
		}
		if d := history.Deadline; d != nil {
			return nil, 0, &kernel.Error{Op: op, Text: fmt.Sprintf("the kernel must have generation %d, which waits to be confirmed, but has %d: another program has loaded it", d.Generation, status.Generation), Hint: hint}
		}
		// The kernel was started again: ours is loaded anew. It does not wait: what does is overdue then.
		r, err := h.prepare(p, g.again(), history)
		if err == nil {
			r.Time = h.now().UTC()
			err = h.pushReady(p, r, history, nil, h.read[g.Origin()].declared)
		}
		if err != nil {
			return nil, 0, err
		}
		return r.bundle, len(r.bytes), nil
	}
	b, err := h.bundle(p, g, status.Attachment+1, cells)
	if err != nil {
		return nil, 0, err
	}
	text := b.Encode()
	if err := e.Attach(text); err != nil {
		return nil, 0, err
	}
	return b, len(text), nil
}

// justNow is how long somebody may not have seen that time has rolled something back.
const justNow = 10 * time.Second

// Rollback loads a generation again, as a new one: that of the number, or with 0 the last one before the active that
// needs no confirmation. One that was never confirmed gets as long for it as it had. Without a number it is refused once where something
// was rolled back by itself just now, which whoever asks may not have known of.
func (h *Host) Rollback(number uint64) (out *Loaded, err error) {
	err = h.alone(func() error { out, err = h.rollback(number); return err })
	if number == 0 {
		err = h.goBack(err)
	}
	return out, err
}

func (h *Host) rollback(number uint64) (*Loaded, error) {
	history, err := h.History()
	if err != nil {
		return nil, err
	}
	if number == 0 && history.Deadline != nil {
		return h.revert(history)
	}
	if l := h.lapsed; number == 0 && l != nil && h.now().Sub(h.lapsedAt) < justNow {
		// Whoever asked meant that one, and has what was wanted.
		h.lapsed = nil
		return nil, &kernel.Error{Op: "roll back", Text: fmt.Sprintf("what was loaded last must be active, but %s", l), Hint: "to go back further: rollback again"}
	}
	old := history.Before()
	if number != 0 {
		old = history.Find(number)
	}
	if old != nil && old.Audit != nil {
		return nil, &kernel.Error{Op: fmt.Sprintf("roll back to generation %d", number), Text: "the generation must be one that can be loaded again, but is an audit of " + auditText(old.Audit),
			Hint: "audit it anew: audit start"}
	}
	if old == nil {
		if number != 0 {
			return nil, unknownGeneration("roll back to", number)
		}
		e := &kernel.Error{Op: "roll back", Text: "an earlier generation that needs no confirmation must be kept, but there is none"}
		if len(history.Generations) > 1 {
			e.Hint = "name one: rollback GENERATION; see: generations"
		}
		return nil, e
	}
	return h.reload(old, history)
}

func unknownGeneration(what string, number uint64) error {
	return &kernel.Error{Op: fmt.Sprintf("%s generation %d", what, number), Text: fmt.Sprintf("the generation must be one of those kept, but is %d", number), Hint: "run: generations"}
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
		if err := p.Attachable(name); err != nil {
			return nil, err
		}
	}
	losses, err := h.losses(p, history)
	if err != nil {
		return nil, err
	}
	r, err := h.prepare(p, old.again(), history)
	if err != nil {
		return nil, err
	}
	overruled, err := h.Overruled(p)
	if err != nil {
		return nil, err
	}
	out, err := h.push(p, r, history, h.read[old.Origin()].declared)
	if err == nil {
		out.Losses, out.Overruled = losses, overruled
	}
	return out, err
}

// Confirm keeps a generation that waits for it.
func (h *Host) Confirm(number uint64) error {
	return h.alone(func() error {
		return h.changing(fmt.Sprintf("generation %d is confirmed", number), func() error { return h.confirm(number) })
	})
}

func (h *Host) confirm(number uint64) error {
	history, err := h.History()
	if err != nil {
		return err
	}
	if g := history.Find(number); g != nil && g.Audit != nil {
		return &kernel.Error{Op: fmt.Sprintf("confirm generation %d", number), Text: fmt.Sprintf("the generation must be one that can stay, but is an audit of %s", auditText(g.Audit)),
			Hint: "an audit ends by itself, or with audit stop; a policy that shall refuse nothing for good has mode = \"audit\""}
	}
	if a := history.Active(); history.confirmed && a.Number == number {
		return writeHistory(h.notes, history) // the kernel knows already
	}
	if d := history.Deadline; d == nil || d.Generation != number {
		text := fmt.Sprintf("the generation must wait to be confirmed, but %d does not", number)
		if d != nil {
			text += fmt.Sprintf("; %d does", d.Generation)
		}
		return &kernel.Error{Op: fmt.Sprintf("confirm generation %d", number), Text: text}
	}
	if err := h.confirmLoaded(number); err != nil {
		return err
	}
	return writeHistory(h.notes, history.confirm())
}

// confirmLoaded tells the kernel, which would go back by itself otherwise.
func (h *Host) confirmLoaded(number uint64) error {
	e, err := h.Kernel.Evaluator()
	if err != nil {
		return nil // it has nothing loaded
	}
	status, err := e.Status()
	switch {
	case err != nil:
		return err
	case status.Generation != number:
		return &kernel.Error{Op: fmt.Sprintf("confirm generation %d", number), Text: fmt.Sprintf("the generation must be the one that the kernel has loaded, but that is %d", status.Generation),
			Hint: "the time to confirm was over, or the kernel was started again: load the policies again"}
	case status.Waits:
		return e.Confirm(number)
	}
	return nil
}

// Expire rolls back a generation that is overdue; nil if there is none.
func (h *Host) Expire() (*Loaded, error) {
	history, err := h.History()
	if err != nil || history.Overdue() == nil {
		return nil, err
	}
	out, err := h.revertIf(func(history *History) bool { return history.Overdue() != nil })
	if err != nil {
		err = &ExpireError{history.Overdue(), err}
	}
	return out, err
}

// Revert loads the newest generation again that needs no confirmation, in place of those that wait for one; nil if none
// does.
func (h *Host) Revert() (*Loaded, error) {
	return h.revertIf(func(*History) bool { return true })
}

// revertIf rolls back what waits if, once nobody else can change it, it is due.
func (h *Host) revertIf(due func(*History) bool) (out *Loaded, err error) {
	err = h.alone(func() error {
		history, err := h.History()
		if err == nil && history.Deadline != nil && due(history) {
			// What has to go back does.
			err = h.Work.Firmly(func() (err error) { out, err = h.revert(history); return err })
		}
		return err
	})
	return out, err
}

func (h *Host) revert(history *History) (*Loaded, error) {
	if back := history.Find(history.Deadline.Back); back != nil {
		return h.reload(back, history)
	}
	// Then the policies that were loaded must not stay either, and the fallback decides.
	return h.replace(h.load(nil), Generation{}, history)
}
