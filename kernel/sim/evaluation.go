package sim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/abi"
	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
	"cellsh/policy/secmodel"
	"cellsh/policy/stock"
)

// evaluation is the evaluation model: bundles of programs, and what they decided.
type evaluation struct {
	// loaded is what is asked, nil for nothing.
	loaded *loaded
	// back is what was confirmed before, nil for nothing; it comes back when uptime is due, if waits.
	back  *loaded
	waits bool
	due   time.Duration
	// highest generation that was ever loaded.
	highest uint64
	// all keeps every decision; disabled asks nobody.
	all, disabled bool
	ring          ring
}

// loaded is a bundle with all that was attached to it.
type loaded struct {
	bundle *program.Bundle
	// bytes of the bundle, and the bundle encoded; that is nil until it is needed.
	bytes int
	text  []byte
	// programs finds equal ones by their bytes, and sizes has how many these are; nil until they are needed.
	programs map[string]*program.Program
	sizes    map[*program.Program]int
}

func newLoaded(b *program.Bundle, text []byte) *loaded {
	return &loaded{bundle: b, bytes: len(text), text: bytes.Clone(text)}
}

// ring is the ring of decisions.
type ring struct {
	// events are at most size; first is where the oldest is, once they are so many.
	events   []kernel.Event
	size     int
	first    int
	sequence uint64
	// more is closed when the next one comes; nil while nobody waits.
	more chan struct{}
}

func newEvaluation(size int, all bool) *evaluation {
	return &evaluation{all: all, ring: ring{size: size}}
}

// status is what the node says.
func (k *Kernel) evaluationStatus() abi.EvaluationStatus {
	e := k.eval
	s := abi.EvaluationStatus{Format: program.ABIVersion, Vocabulary: k.opts.Vocabulary.ID, All: e.all}
	s.Highest, s.Waits, s.Disabled, s.Sequence = e.highest, e.waits, e.disabled, e.ring.sequence
	s.Dropped = e.ring.sequence - uint64(len(e.ring.events))
	if l := e.loaded; l != nil {
		s.Generation, s.Attachment, s.Programs, s.Cells, s.Bytes = l.bundle.Generation, l.bundle.Attachment, len(l.bundle.Programs), len(l.bundle.Cells), l.bytes
	}
	if !e.waits {
		return s
	}
	s.Left = e.due - k.uptime
	if b := e.back; b != nil {
		s.Back = b.bundle.Generation
		s.Bytes += b.bytes
	}
	return s
}

// attach gives the cells of another bundle its programs, equal ones once. What is said of cells that have ended goes.
func (l *loaded) attach(more *program.Bundle, lives func(kernel.CellID) bool) {
	if l.programs == nil {
		l.programs, l.sizes = map[string]*program.Program{}, map[*program.Program]int{}
		for _, p := range l.bundle.Programs {
			l.one(p)
		}
	}
	for i, p := range more.Programs {
		more.Programs[i] = l.one(p)
	}
	old := l.bundle
	l.bundle, l.text = old.Attach(more, lives), nil
	l.bytes += (len(l.bundle.Cells) - len(old.Cells)) * program.CellSize
	for _, p := range l.bundle.Programs {
		l.bytes += l.sizes[p]
	}
	for _, p := range old.Programs {
		l.bytes -= l.sizes[p]
	}
	if len(l.programs) > 2*len(l.bundle.Programs)+64 {
		l.programs = nil // most belong to cells that have ended
	}
}

// one gives the program of the same bytes that is known already, else that one.
func (l *loaded) one(p *program.Program) *program.Program {
	text := string(p.Encode(l.bundle.Vocabulary))
	if have := l.programs[text]; have != nil {
		return have
	}
	l.programs[text], l.sizes[p] = p, len(text)
	return p
}

// assign finds who answers for a cell: its program, else the fallback of the bundle, else, while none is loaded,
// the built-in one. A fallback for cells of profile low leaves the others to their profile.
func (k *Kernel) assign(c *cell) {
	e := k.eval
	if e == nil {
		return
	}
	fallback, scope := stock.FallbackFor(k.opts.Vocabulary), program.FallbackLow
	if l := e.loaded; l != nil {
		if p := l.bundle.Find(c.id); p != nil {
			c.prog, c.byFallback = p, false
			return
		}
		fallback, scope = l.bundle.Fallback, l.bundle.FallbackScope
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
	case e == nil || e.loaded == nil:
		return policy.UnknownCell
	}
	return e.loaded.bundle.Name(c.id)
}

// askEvaluation asks the evaluation model. It has no opinion about the host, nor about requests that the kernel
// asks under a spin lock, where the cell of a credential can't be read.
func (q *question) askEvaluation() *policy.Answer {
	c := q.cred.cell
	if c == nil || !c.live || c.prog == nil || q.k.eval.disabled || q.k.opts.Vocabulary.Flags(q.r.ID).Has(kauth.Spin) {
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
	c.counts.Decisions++
	c.counts.Denied += uint64(truth(denied))
	c.counts.Granted += uint64(truth(d.Result == policy.Grant))
	c.counts.WouldDeny += uint64(truth(would))
	if !e.all && !d.Kept(probe) {
		return
	}
	ev := kernel.Event{Time: k.uptime, Cell: c.id, EUID: q.cred.euid, Request: q.r.ID, Decision: *d, Fallback: c.byFallback, Probe: probe}
	if l := e.loaded; l != nil {
		ev.Generation = l.bundle.Generation
		if name := l.bundle.Name(c.id); name != policy.UnknownCell {
			ev.Name = name
		}
	}
	if q.caller != nil {
		ev.PID = q.caller.pid
	}
	e.ring.put(ev)
}

// put numbers the event and keeps it.
func (r *ring) put(ev kernel.Event) {
	r.sequence++
	ev.Sequence = r.sequence
	if len(r.events) < r.size {
		r.events = append(r.events, ev)
	} else {
		r.events[r.first] = ev
		r.first = (r.first + 1) % len(r.events)
	}
	if r.more != nil {
		close(r.more)
		r.more = nil
	}
}

// after gives the kept events after a sequence number, oldest first.
func (r *ring) after(sequence uint64) []kernel.Event {
	var list []kernel.Event
	for i := range r.events {
		if ev := r.events[(r.first+i)%len(r.events)]; ev.Sequence > sequence {
			list = append(list, ev)
		}
	}
	return list
}

// Evaluator is the evaluation model, if the kernel was started with it.
func (k *Kernel) Evaluator() (kernel.Evaluator, error) {
	if k.opts.NoEvaluation {
		return nil, k.unsupported()
	}
	return k, nil
}

func (k *Kernel) unsupported() error { return kernel.Unsupported(k, kernel.CapEvaluation) }

// Load replaces what is loaded.
func (k *Kernel) Load(bundle []byte, window time.Duration) error {
	return k.command("load a policy", &abi.Command{Operation: abi.OpLoad, Bundle: bundle, Window: window})
}

// Attach adds to what is loaded.
func (k *Kernel) Attach(bundle []byte) error {
	return k.command("attach cells", &abi.Command{Operation: abi.OpAttach, Bundle: bundle})
}

// Confirm keeps what waits.
func (k *Kernel) Confirm(generation uint64) error {
	return k.command(fmt.Sprintf("confirm generation %d", generation), &abi.Command{Operation: abi.OpConfirm, Number: generation})
}

// Revert goes back to what was confirmed before.
func (k *Kernel) Revert(generation uint64) error {
	return k.command(fmt.Sprintf("revert generation %d", generation), &abi.Command{Operation: abi.OpRevert, Number: generation})
}

func (k *Kernel) command(op string, c *abi.Command) error {
	if k.opts.NoEvaluation {
		return k.unsupported()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	r := k.evaluationCommand(c)
	if r == nil {
		return nil
	}
	return &kernel.Error{Op: op, Errno: r.errno, Text: r.text, Hint: r.hint}
}

// refusal is why a command is not carried out: the number that the device gives, and words.
type refusal struct {
	errno      kauth.Errno
	hint, text string
}

func refuse(errno kauth.Errno, hint, form string, args ...any) *refusal {
	return &refusal{errno, hint, fmt.Sprintf(form, args...)}
}

// evaluationCommand carries out what was written to the device, or refuses it and changes nothing.
func (k *Kernel) evaluationCommand(c *abi.Command) *refusal {
	e := k.eval
	switch c.Operation {
	case abi.OpLoad:
		return k.loadBundle(c.Bundle, c.Window)
	case abi.OpAttach:
		return k.attachBundle(c.Bundle)
	}
	// Confirm or revert.
	if !e.waits || e.loaded.bundle.Generation != c.Number {
		return refuse(kauth.ESRCH, "", "the generation must wait to be confirmed, but %d does not", c.Number)
	}
	if c.Operation == abi.OpRevert {
		k.revertBundle()
	} else {
		e.waits, e.back = false, nil
	}
	return nil
}

// revertBundle goes back from what waits to what was confirmed before.
func (k *Kernel) revertBundle() {
	e := k.eval
	e.loaded, e.back, e.waits = e.back, nil, false
	k.assignAll()
}

// evaluationTick goes back if that is due.
func (k *Kernel) evaluationTick() {
	if e := k.eval; e != nil && e.waits && k.uptime >= e.due {
		k.revertBundle()
	}
}

func (k *Kernel) assignAll() {
	for _, c := range k.cells.byID {
		k.assign(c)
	}
}

// decodeBundle reads what was written: it must be sound, of this kernel, and for cells that exist.
func (k *Kernel) decodeBundle(text []byte) (*program.Bundle, *refusal) {
	if len(text) > program.MaxBundle {
		return nil, refuse(kauth.EFBIG, "", "the bundle must have at most %d bytes, but has %d", program.MaxBundle, len(text))
	}
	b, err := program.DecodeBundle(text, k.opts.Vocabulary)
	var version *program.VersionError
	var vocabulary *program.VocabularyError
	switch {
	case errors.As(err, &version):
		hint := "it takes a cellsh as old as the kernel's evaluation model, or a newer model"
		if version.Version < program.ABIVersion {
			hint = "an older cellsh wrote it: load the policies again"
		}
		return nil, refuse(kauth.EPROGMISMATCH, hint, "the bundle must have version %d of the format, but has version %d", program.ABIVersion, version.Version)
	case errors.As(err, &vocabulary):
		return nil, refuse(kauth.EPROGUNAVAIL, "compile it for this kernel", "%s", err)
	case err != nil:
		return nil, refuse(kauth.EFTYPE, "", "the bundle must be sound, but %s", err)
	case b.Vocabulary.ID != k.opts.Vocabulary.ID:
		return nil, refuse(kauth.EPROGUNAVAIL, "compile it for this kernel", "the vocabulary must be that of %s, but is that of %s", k.opts.Vocabulary.Version, b.Vocabulary.Version)
	case b.Generation == 0:
		return nil, refuse(kauth.EINVAL, "", "the generation must be at least 1, but is 0")
	}
	return b, nil
}

// existing refuses a bundle with a cell that does not exist.
func (k *Kernel) existing(b *program.Bundle) *refusal {
	for _, c := range b.Cells {
		if k.cells.byID[c.ID] == nil {
			return refuse(kauth.ENOENT, "compile it for the cells that exist now", "every cell of the bundle must exist, but cell %d (%s) does not", c.ID, c.Name)
		}
	}
	return nil
}

// maxWindow is the longest time to confirm that a command can name.
const maxWindow = math.MaxUint32 * time.Millisecond

const loadAgain = "somebody else has loaded meanwhile; compile and load again"

func (k *Kernel) loadBundle(text []byte, window time.Duration) *refusal {
	b, r := k.decodeBundle(text)
	if r != nil {
		return r
	}
	e := k.eval
	if b.Generation <= e.highest {
		return refuse(kauth.EEXIST, loadAgain, "the generation must be higher than %d, but is %d", e.highest, b.Generation)
	}
	if r := k.existing(b); r != nil {
		return r
	}
	switch {
	case window == 0:
		e.back, e.waits = nil, false
	case !e.waits:
		e.back, e.waits = e.loaded, true
	}
	e.due = k.uptime + window
	e.loaded, e.highest = newLoaded(b, text), b.Generation
	k.assignAll()
	return nil
}

func (k *Kernel) attachBundle(text []byte) *refusal {
	b, r := k.decodeBundle(text)
	if r != nil {
		return r
	}
	e := k.eval
	l := e.loaded
	switch {
	case l == nil || l.bundle.Generation != b.Generation:
		have := uint64(0)
		if l != nil {
			have = l.bundle.Generation
		}
		return refuse(kauth.ESRCH, loadAgain, "the generation must be the loaded one, %d, but is %d", have, b.Generation)
	case b.Attachment <= l.bundle.Attachment:
		return refuse(kauth.EEXIST, loadAgain, "the attachment must be higher than %d.%d, but is %d.%d", l.bundle.Generation, l.bundle.Attachment, b.Generation, b.Attachment)
	case b.FallbackScope != l.bundle.FallbackScope || !bytes.Equal(b.Fallback.Encode(b.Vocabulary), l.bundle.Fallback.Encode(b.Vocabulary)):
		return refuse(kauth.EINVAL, "load the policies again", "the fallback must be the loaded one, but is another")
	}
	if r := k.existing(b); r != nil {
		return r
	}
	l.attach(b, func(id kernel.CellID) bool { return k.cells.byID[id] != nil })
	for _, c := range b.Cells {
		k.assign(k.cells.byID[c.ID])
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
	return k.evaluationStatus().Status, nil
}

// Cells says who answers for all live cells.
func (k *Kernel) Cells() ([]kernel.CellStatus, error) {
	if k.opts.NoEvaluation {
		return nil, k.unsupported()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.evaluationCells(), nil
}

func (k *Kernel) evaluationCells() []kernel.CellStatus {
	var list []kernel.CellStatus
	for _, c := range k.cells.ordered() {
		s := kernel.CellStatus{Cell: c.id, Counts: c.counts, Named: k.eval.nameOf(c) != policy.UnknownCell}
		switch {
		case c.prog == nil:
		case c.byFallback:
			s.Answered = kernel.ByFallback
		default:
			s.Answered = kernel.ByProgram
		}
		list = append(list, s)
	}
	return list
}

// Events gives the kept decisions after a sequence number, oldest first.
func (k *Kernel) Events(after uint64) ([]kernel.Event, error) {
	if k.opts.NoEvaluation {
		return nil, k.unsupported()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.eval.ring.after(after), nil
}

// Wait returns once there are such decisions.
func (k *Kernel) Wait(ctx context.Context, after uint64) error {
	if k.opts.NoEvaluation {
		return k.unsupported()
	}
	for {
		k.mu.Lock()
		r := &k.eval.ring
		there := r.sequence > after
		if !there && r.more == nil {
			r.more = make(chan struct{})
		}
		more := r.more
		k.mu.Unlock()
		if there {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
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
