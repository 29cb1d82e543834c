package host

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"cellsh/kernel"
	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/report"
)

// Recorded is a decision that the kernel tells of afterwards. Either Event or Denial is there, and the other is nil.
type Recorded struct {
	// Event is a decision of the evaluation model, from its ring.
	Event *kernel.Event
	// Denial is one by secmodel_cell itself, from the kernel's log.
	Denial *kernel.Denial
	// Name of the cell, "" where it is not known any more, or where Cell is the host.
	Name string
	// Started is when the kernel started, by the clock of the host that tells of the decision.
	Started time.Time
}

// Time since the kernel's start.
func (r *Recorded) Time() time.Duration {
	if r.Event != nil {
		return r.Event.Time
	}
	return r.Denial.Time
}

// At is the time of day. It is as exact as it is known when the kernel started.
func (r *Recorded) At() time.Time { return r.Started.Add(r.Time()) }

// Cell of the caller, 0 for the host.
func (r *Recorded) Cell() kernel.CellID {
	if r.Event != nil {
		return r.Event.Cell
	}
	return r.Denial.Cell
}

// EUID of the caller.
func (r *Recorded) EUID() uint32 {
	if r.Event != nil {
		return r.Event.EUID
	}
	return r.Denial.EUID
}

// Requests that it can be about: one for a decision of the evaluation model.
func (r *Recorded) Requests() []kauth.RequestID {
	if r.Event != nil {
		return []kauth.RequestID{r.Event.Request}
	}
	return r.Denial.Requests
}

// The models that decisions are recorded of.
const (
	modelEvaluation = "secmodel_celleval"
	modelCell       = "secmodel_cell"
)

// Model that has decided: secmodel_celleval, which asks policies, or secmodel_cell.
func (r *Recorded) Model() string {
	if r.Event != nil {
		return modelEvaluation
	}
	return modelCell
}

// RecordedReport is the report of a recorded decision.
type RecordedReport struct {
	// Model that has decided: secmodel_celleval, which asks policies, or secmodel_cell.
	Model string `json:"model"`
	// Sequence numbers the decisions of secmodel_celleval from 1.
	Sequence uint64 `json:"sequence,omitempty"`
	// Time in seconds since the kernel's start, and At the time of day in UTC.
	Time float64   `json:"time"`
	At   time.Time `json:"at"`
	// Generation of policies that was loaded.
	Generation uint64        `json:"generation,omitempty"`
	Cell       string        `json:"cell"`
	ID         kernel.CellID `json:"id"`
	PID        *int          `json:"pid,omitempty"`
	EUID       uint32        `json:"euid"`
	// Request, or in Requests those that it can be one of: for some the kernel's log does not tell which.
	Request  string   `json:"request,omitempty"`
	Requests []string `json:"requests,omitempty"`
	report.Answer
	Fallback bool `json:"fallback,omitempty"`
	// Limited says that the kernel tells of at most one such denial a second: there may have been more.
	Limited bool `json:"limited,omitempty"`
	// Line of the kernel's log, where it was told there.
	Line string `json:"log,omitempty"`
	// Unknown are the fields that the request carries and the kernel does not keep: what has been decided by them can't be
	// worked out again.
	Unknown []string `json:"unknown,omitempty"`
}

// Report of the decision.
func (r *Recorded) Report() RecordedReport {
	out := RecordedReport{Model: r.Model(), Time: r.Time().Seconds(), At: r.At().UTC().Round(time.Millisecond), Cell: r.Name, ID: r.Cell(), EUID: r.EUID()}
	ids := r.Requests()
	var names []string
	var carried kauth.FieldSet
	for _, id := range ids {
		names = append(names, id.String())
		carried |= id.Info().Fields
	}
	if len(names) == 1 {
		out.Request, names = names[0], nil
	}
	out.Requests = names
	for _, f := range carried.Fields() {
		if f != kauth.FieldEUID && f != kauth.FieldMembers {
			out.Unknown = append(out.Unknown, f.String())
		}
	}
	if e := r.Event; e != nil {
		out.Sequence, out.Generation, out.PID = e.Sequence, e.Generation, &e.PID
		out.Answer, out.Fallback = report.Of(&e.Decision), e.Fallback
		out.Answer.Probe = e.Probe
		return out
	}
	out.Limited, out.Line = true, r.Denial.Text
	out.Answer = report.One(policy.Answer{Result: policy.Deny})
	return out
}

// Recorded is an event of this host's kernel as a recorded decision.
func (h *Host) Recorded(e *kernel.Event) Recorded {
	return Recorded{Event: e, Name: e.Name, Started: h.started()}
}

// started is when the kernel started, by the clock of the host.
func (h *Host) started() time.Time { return h.Now().Add(-h.Kernel.Uptime()) }

// Log is all decisions that a kernel tells of, as they come: those that the evaluation model keeps, and those of secmodel_cell
// that the kernel's log has. None is given twice. It is not safe for concurrent use.
type Log struct {
	tail *Tail
	// after is the sequence number that was asked for, until the first batch was read.
	after uint64
	// seen is the last denial that was given, from its time on; nil before the first.
	seen *kernel.Denial
	read bool
}

// Log begins with the decisions that the evaluation model has recorded after the one of that number, and with the denials in the
// kernel's log after it; 0 begins with the oldest that are kept.
func (h *Host) Log(after uint64) *Log { return &Log{tail: h.Tail(after), after: after} }

// On goes on with another host, which looks at the same kernel.
func (l *Log) On(h *Host) { l.tail.host = h }

// Seen is the number of the last decision of the evaluation model that was given.
func (l *Log) Seen() uint64 { return l.tail.seen }

// Batch is what came since the last.
type Batch struct {
	// List is ordered by time.
	List []Recorded
	// Lost decisions of the evaluation model are not kept any more. Denials in the kernel's log are not numbered: that some may
	// be missing, because the log does not have the last that was seen, is in Gap.
	Lost uint64
	Gap  bool
	// Anew says that the evaluation model counts from 1 again: it was started anew.
	Anew bool
	// Silent says why one of the two sources does not tell at all, as *kernel.UnsupportedError; nil if both do.
	Silent error
}

// Next gives what came since the last time. Where the kernel tells of no decisions at all it is an error.
func (l *Log) Next() (Batch, error) {
	var b Batch
	h := l.tail.host
	bound, err := l.bound()
	if err != nil {
		return b, err
	}
	// The ring comes last: what it has given it does not give again after an error.
	denials, gap, err := l.denials(bound)
	if err != nil && !unsupported(err) {
		return b, err
	}
	b.Silent = err
	names, err := h.names()
	if err != nil {
		return b, err
	}
	events, lost, err := l.tail.Next()
	switch {
	case unsupported(err) && b.Silent != nil || err != nil && !unsupported(err):
		return b, err
	case err != nil:
		b.Silent = err
	}
	b.Lost, b.Gap, b.Anew = lost, gap, l.tail.anew
	started := h.started()
	for i := range events {
		b.List = append(b.List, Recorded{Event: &events[i], Name: events[i].Name, Started: started})
	}
	for i := range denials {
		b.List = append(b.List, Recorded{Denial: &denials[i], Name: names[denials[i].Cell], Started: started})
	}
	if n := len(denials); n > 0 {
		l.seen = &denials[n-1]
	}
	l.read = true
	slices.SortStableFunc(b.List, func(x, y Recorded) int { return cmp.Compare(x.Time(), y.Time()) })
	return b, nil
}

func unsupported(err error) bool { return errors.As(err, new(*kernel.UnsupportedError)) }

// bound is the time of the decision whose number was asked for, if it is kept; denials begin after it.
func (l *Log) bound() (time.Duration, error) {
	if l.read || l.after == 0 {
		return -1, nil
	}
	e, err := l.tail.host.Kernel.Evaluator()
	if unsupported(err) {
		return -1, nil
	}
	if err != nil {
		return 0, err
	}
	list, err := e.Events(l.after - 1)
	if err != nil || len(list) == 0 || list[0].Sequence != l.after {
		return -1, err
	}
	return list[0].Time, nil
}

// denials are those after the last that was given, and later than bound. Gap says that the log does not have the last any more.
func (l *Log) denials(bound time.Duration) (list []kernel.Denial, gap bool, err error) {
	if list, err = l.tail.host.Kernel.Denials(); err != nil {
		return nil, false, err
	}
	if l.seen == nil {
		return slices.DeleteFunc(list, func(d kernel.Denial) bool { return d.Time <= bound }), false, nil
	}
	// Of each kind there is one line a second, so that no two are the same.
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].Time == l.seen.Time && list[i].Text == l.seen.Text {
			return list[i+1:], false, nil
		}
	}
	// It is written at one end and lost at the other: what is there is newer.
	return list, true, nil
}
