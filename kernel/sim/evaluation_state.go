package sim

import (
	"errors"
	"fmt"
	"time"

	"cellsh/kernel"
	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
)

type savedEvaluation struct {
	Loaded *savedBundle `json:"loaded,omitempty"`
	// Waits says that the loaded one must be confirmed until an uptime; else Back is loaded again.
	Waits    *int64       `json:"waits,omitempty"`
	Back     *savedBundle `json:"back,omitempty"`
	Highest  uint64       `json:"highest,omitempty"`
	All      bool         `json:"all,omitempty"`
	Disabled bool         `json:"disabled,omitempty"`
	Sequence uint64       `json:"sequence"`
	Events   []savedEvent `json:"events,omitempty"`
}

type savedBundle struct {
	// Bundle with all that was attached to it.
	Bundle []byte `json:"bundle"`
}

type savedEvent struct {
	Sequence   uint64        `json:"sequence"`
	Time       int64         `json:"time"`
	Cell       kernel.CellID `json:"cell"`
	Generation uint64        `json:"generation,omitempty"`
	Name       savedText     `json:"name"`
	PID        int           `json:"pid,omitempty"`
	EUID       uint32        `json:"euid,omitempty"`
	Request    string        `json:"request"`
	savedAnswer
	Would    *savedAnswer `json:"would,omitempty"`
	Fallback bool         `json:"fallback,omitempty"`
}

type savedAnswer struct {
	Result string `json:"result"`
	Reason string `json:"reason,omitempty"`
	Policy string `json:"policy,omitempty"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Record bool   `json:"record,omitempty"`
}

// save gives the bundle and the events; nil where there is no evaluation model.
func (e *evaluation) save() *savedEvaluation {
	if e == nil {
		return nil
	}
	s := &savedEvaluation{Loaded: e.loaded.save(), Back: e.back.save(), Highest: e.highest, All: e.all, Disabled: e.disabled, Sequence: e.ring.sequence}
	if e.waits {
		due := int64(e.due)
		s.Waits = &due
	}
	for _, ev := range e.ring.after(0) {
		s.Events = append(s.Events, saveEvent(&ev))
	}
	return s
}

func (l *loaded) save() *savedBundle {
	if l == nil {
		return nil
	}
	if l.text == nil {
		l.text = l.bundle.Encode()
	}
	return &savedBundle{l.text}
}

func saveAnswer(a policy.Answer) savedAnswer {
	return savedAnswer{a.Result.String(), a.Reason, a.Source.Policy, a.Source.File, a.Source.Line, a.Record}
}

func saveEvent(ev *kernel.Event) savedEvent {
	s := savedEvent{
		Sequence: ev.Sequence, Time: int64(ev.Time), Generation: ev.Generation, Cell: ev.Cell, Name: savedText(ev.Name), PID: ev.PID, EUID: ev.EUID,
		Request: ev.Request.String(), savedAnswer: saveAnswer(ev.Answer), Fallback: ev.Fallback,
	}
	if ev.Would != (policy.Answer{}) {
		would := saveAnswer(ev.Would)
		s.Would = &would
	}
	return s
}

// restoreEvaluation loads the bundle again, for cells that are there, and keeps the events.
func (k *Kernel) restoreEvaluation(v *savedEvaluation) error {
	e := k.eval
	if (v == nil) != (e == nil) {
		return stateError("the evaluation model must be there or not, but is half there")
	}
	if v == nil {
		return nil
	}
	var err error
	if e.loaded, err = k.restoreBundle(v.Loaded); err != nil {
		return err
	}
	if e.back, err = k.restoreBundle(v.Back); err != nil {
		return err
	}
	e.highest, e.all, e.disabled = v.Highest, v.All, v.Disabled
	if e.loaded != nil && e.loaded.bundle.Generation > e.highest {
		return stateError("the loaded generation must be at most %d, but is %d", e.highest, e.loaded.bundle.Generation)
	}
	switch {
	case v.Waits == nil && e.back != nil:
		return stateError("only what waits to be confirmed may have something to go back to")
	case v.Waits != nil && (e.loaded == nil || *v.Waits < 0 || *v.Waits > int64(maxUptime+maxWindow)):
		return stateError("what waits to be confirmed must be loaded, for a time that can be")
	case e.back != nil && e.back.bundle.Generation >= e.loaded.bundle.Generation:
		return stateError("what waits to be confirmed must be newer than what it goes back to")
	case v.Waits != nil:
		e.waits, e.due = true, time.Duration(*v.Waits)
	}
	k.assignAll()
	if len(v.Events) > e.ring.size {
		return stateError("there must be at most %d events, but there are %d", e.ring.size, len(v.Events))
	}
	last := uint64(0)
	for i := range v.Events {
		ev, err := v.Events[i].restore()
		if err != nil {
			return stateError("event %d %s", v.Events[i].Sequence, err)
		}
		if ev.Sequence <= last || ev.Sequence > v.Sequence {
			return stateError("event %d must come in order, before the %d that there were", ev.Sequence, v.Sequence)
		}
		last = ev.Sequence
		ev.Probe = k.opts.Vocabulary.Flags(ev.Request).Has(kauth.Probe)
		e.ring.events = append(e.ring.events, ev)
	}
	e.ring.sequence = v.Sequence
	return nil
}

func (k *Kernel) restoreBundle(v *savedBundle) (*loaded, error) {
	if v == nil {
		return nil, nil
	}
	b, err := program.DecodeBundle(v.Bundle, k.opts.Vocabulary)
	var version *program.VersionError
	switch {
	case errors.As(err, &version):
		return nil, &StateError{Text: fmt.Sprintf("the loaded bundle must have version %d of the format, but has version %d", program.ABIVersion, version.Version),
			Hint: "another cellsh wrote it: begin with a new file, and load the policies again"}
	case err != nil:
		return nil, stateError("the loaded bundle must be sound, but %s", err)
	case b.Vocabulary.ID != k.opts.Vocabulary.ID || b.Generation == 0:
		return nil, stateError("the loaded bundle must be one that can be loaded, but is not")
	}
	return newLoaded(b, v.Bundle), nil
}

func (s *savedEvent) restore() (ev kernel.Event, err error) {
	id, known := kauth.Find(s.Request)
	if !known {
		return ev, fmt.Errorf("must be of a request that there is, but is of %q", s.Request)
	}
	ev = kernel.Event{Sequence: s.Sequence, Time: time.Duration(s.Time), Generation: s.Generation, Cell: s.Cell, Name: string(s.Name), PID: s.PID, EUID: s.EUID, Request: id, Fallback: s.Fallback}
	if ev.Answer, err = s.savedAnswer.restore(); err == nil && s.Would != nil {
		ev.Would, err = s.Would.restore()
	}
	return ev, err
}

func (s *savedAnswer) restore() (policy.Answer, error) {
	r, known := policy.ParseResult(s.Result)
	if !known {
		return policy.Answer{}, fmt.Errorf("must have a result allow, grant or deny, but has %q", s.Result)
	}
	return policy.Answer{Result: r, Reason: s.Reason, Record: s.Record, Source: policy.Source{Policy: s.Policy, File: s.File, Line: s.Line}}, nil
}
