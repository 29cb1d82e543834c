package sim

import (
	"errors"
	"fmt"

	"cellsh/kernel"
	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
	"cellsh/policy/secmodel"
	"cellsh/policy/stock"
)

// evaluation is the evaluation model: a bundle of programs, and what it decided.
type evaluation struct {
	bundle *program.Bundle
	// bytes of the bundle as it was loaded.
	bytes []byte
	all   bool
	// ring holds at most size events; first is where the oldest is, once it is full.
	ring     []kernel.Event
	size     int
	first    int
	sequence uint64
}

func newEvaluation(ring int, all bool) *evaluation {
	return &evaluation{all: all, size: ring}
}

// assign finds who answers for a cell: its program, else the fallback of the bundle, else, while none is loaded,
// the built-in one. A fallback for cells of profile low leaves the others to their profile.
func (k *Kernel) assign(c *cell) {
	e := k.eval
	if e == nil {
		return
	}
	fallback, scope := stock.FallbackFor(k.opts.Vocabulary), program.FallbackLow
	if e.bundle != nil {
		if p := e.bundle.Find(c.id); p != nil {
			c.prog, c.byFallback = p, false
			return
		}
		fallback, scope = e.bundle.Fallback, e.bundle.FallbackScope
	}
	c.prog, c.byFallback = fallback, true
	if scope == program.FallbackLow && c.profile != secmodel.Low {
		c.prog = nil
	}
}

// nameOf is the name by which programs know a cell.
func (e *evaluation) nameOf(c *cell) string {
	switch {
	case c == nil:
		return ""
	case e == nil || e.bundle == nil:
		return policy.UnknownCell
	}
	return e.bundle.Name(c.id)
}

// askEvaluation asks the evaluation model. It has no opinion about the host, nor about requests that the kernel
// asks under a spin lock, where the cell of a credential can't be read.
func (q *question) askEvaluation() *policy.Answer {
	c := q.cred.cell
	if c == nil || !c.live || c.prog == nil || q.k.opts.Vocabulary.Flags(q.r.ID).Has(kauth.Spin) {
		return &noOpinion
	}
	q.fill()
	d := c.prog.Decide(&q.r)
	q.k.record(q, c, d)
	return &d.Answer
}

var noOpinion = policy.Answer{Result: policy.Allow}

// record counts a decision and keeps it if it is worth it.
func (k *Kernel) record(q *question, c *cell, d *policy.Decision) {
	e := k.eval
	probe := k.opts.Vocabulary.Flags(q.r.ID).Has(kauth.Probe)
	denied := d.Result == policy.Deny && !probe
	would := d.Would.Result == policy.Deny && !probe
	c.counts.decisions++
	c.counts.denied += uint64(truth(denied))
	c.counts.granted += uint64(truth(d.Result == policy.Grant))
	c.counts.wouldDeny += uint64(truth(would))
	if !e.all && !d.Kept(probe) {
		return
	}
	e.sequence++
	ev := kernel.Event{Sequence: e.sequence, Time: k.uptime, Cell: c.id, Name: c.name, EUID: q.cred.euid, Request: q.r.ID, Decision: *d, Fallback: c.byFallback, Probe: probe}
	if q.caller != nil {
		ev.PID = q.caller.pid
	}
	if len(e.ring) < e.size {
		e.ring = append(e.ring, ev)
		return
	}
	e.ring[e.first] = ev
	e.first = (e.first + 1) % len(e.ring)
}

// Evaluator is the evaluation model, if the kernel was started with it.
func (k *Kernel) Evaluator() (kernel.Evaluator, error) {
	if k.opts.NoEvaluation {
		return nil, k.unsupported()
	}
	return k, nil
}

func (k *Kernel) unsupported() error { return kernel.Unsupported(k, kernel.CapEvaluation) }

// Load replaces the loaded bundle, as a whole or not at all.
func (k *Kernel) Load(bundle []byte) error {
	if k.opts.NoEvaluation {
		return k.unsupported()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.loadBundle(bundle)
}

func (k *Kernel) loadBundle(text []byte) error {
	refuse := func(e kauth.Errno, hint, form string, args ...any) error {
		return &kernel.Error{Op: "load a policy", Errno: e, Text: fmt.Sprintf(form, args...), Hint: hint}
	}
	b, err := program.DecodeBundle(text, k.opts.Vocabulary)
	if err != nil {
		var version *program.VersionError
		if errors.As(err, &version) {
			return refuse(kauth.EINVAL, "an older cellsh wrote it: load the policies again", "the bundle must have version %d of the format, but has version %d", program.ABIVersion, version.Version)
		}
		return refuse(kauth.EINVAL, "", "the bundle must be sound, but %s", err)
	}
	e := k.eval
	if b.Vocabulary.ID != k.opts.Vocabulary.ID {
		return refuse(kauth.EINVAL, "compile it for this kernel", "the vocabulary must be that of %s, but is that of %s", k.opts.Vocabulary.Version, b.Vocabulary.Version)
	}
	if b.Generation == 0 {
		return refuse(kauth.EINVAL, "", "the generation must be at least 1, but is 0")
	}
	if have := e.bundle; have != nil && (b.Generation < have.Generation || b.Generation == have.Generation && b.Attachment <= have.Attachment) {
		return refuse(kauth.EEXIST, "somebody else has loaded meanwhile; compile and load again",
			"the generation must be higher than %d.%d, but is %d.%d", have.Generation, have.Attachment, b.Generation, b.Attachment)
	}
	for _, c := range b.Cells {
		have := k.cells.byID[c.ID]
		switch {
		case have == nil:
			return refuse(kauth.ENOENT, "compile it for the cells that exist now", "every cell of the bundle must exist, but cell %d (%s) does not", c.ID, c.Name)
		case have.name != c.Name:
			return refuse(kauth.ENOENT, "compile it for the cells that exist now", "cell %d must have the name of the bundle, %s, but is %s", c.ID, c.Name, have.name)
		}
	}
	e.bundle = b
	e.bytes = append([]byte(nil), text...)
	for _, c := range k.cells.ordered() {
		k.assign(c)
	}
	return nil
}

// Status says what is loaded.
func (k *Kernel) Status() (kernel.Status, error) {
	if k.opts.NoEvaluation {
		return kernel.Status{}, k.unsupported()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	b := k.eval.bundle
	if b == nil {
		return kernel.Status{}, nil
	}
	s := kernel.Status{Generation: b.Generation, Attachment: b.Attachment, Programs: len(b.Programs), Bytes: len(k.eval.bytes)}
	s.Covered = make([]kernel.CellID, 0, len(b.Cells))
	for _, c := range b.Cells {
		if k.cells.byID[c.ID] == nil {
			continue
		}
		if s.Named = append(s.Named, c.ID); c.Program != program.NameOnly {
			s.Covered = append(s.Covered, c.ID)
		}
	}
	return s, nil
}

// Statistics gives the counters of all live cells.
func (k *Kernel) Statistics() ([]kernel.Statistics, error) {
	if k.opts.NoEvaluation {
		return nil, k.unsupported()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	var list []kernel.Statistics
	for _, c := range k.cells.ordered() {
		list = append(list, kernel.Statistics{Cell: c.id, Decisions: c.counts.decisions, Denied: c.counts.denied, Granted: c.counts.granted, WouldDeny: c.counts.wouldDeny})
	}
	return list, nil
}

// Events gives the kept decisions after a sequence number, oldest first.
func (k *Kernel) Events(after uint64) ([]kernel.Event, error) {
	if k.opts.NoEvaluation {
		return nil, k.unsupported()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.eval.events(after), nil
}

// events gives the kept ones after a sequence number, oldest first.
func (e *evaluation) events(after uint64) []kernel.Event {
	var list []kernel.Event
	for i := range e.ring {
		if ev := e.ring[(e.first+i)%len(e.ring)]; ev.Sequence > after {
			list = append(list, ev)
		}
	}
	return list
}

// Program gives the program that answers for a cell in the evaluation model, and whether it is a fallback; nil
// if nobody answers but the cell's profile.
func (k *Kernel) Program(id kernel.CellID) (p *program.Program, fallback bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.cells.byID[id]
	if c == nil || c.prog == nil {
		return nil, false
	}
	return c.prog, c.byFallback
}

var _ kernel.Evaluator = (*Kernel)(nil)
