package host

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"cellsh/kernel"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
	"cellsh/policy/study"
)

// Reread is what a file of recorded decisions has.
type Reread struct {
	// List is in the order of the file.
	List []Recorded
	// Lost are decisions of which the file says that they are missing; of some it does not say how many.
	Lost uint64
	Gaps bool
	// Damaged are the lines that can't be read: nothing is known of what they stood for.
	Damaged diag.List
}

// maxRecorded bounds one line of a file of recorded decisions.
const maxRecorded = 1 << 20

// ReadRecorded reads decisions that the command log has written as JSON: an object a line, or one object with all of them. Lines that
// are no such objects are damaged, as the last one is where the writer was killed; empty ones are skipped. The error is one of
// reading.
func ReadRecorded(file string, from io.Reader) (*Reread, error) {
	out := &Reread{}
	in := bufio.NewReaderSize(from, 1<<16)
	for line := 1; ; line++ {
		text, long, err := readRecordedLine(in)
		if err != nil && err != io.EOF {
			return nil, err
		}
		if err == io.EOF && len(text) == 0 && !long {
			return out, nil
		}
		wrong := "is longer than 1 MB"
		if !long {
			wrong = out.line(bytes.TrimSpace(text))
		}
		if wrong != "" {
			out.Damaged = append(out.Damaged, diag.Diagnostic{Span: diag.Span{File: file, Line: line}, Severity: diag.Warning, Code: diag.FileRead,
				Message: "a line must be a decision as log --json writes it, but " + wrong, Hint: "the line is left out; the others are read"})
		}
		if err == io.EOF {
			return out, nil
		}
	}
}

// readRecordedLine reads up to the end of a line; one that is too long is skipped.
func readRecordedLine(in *bufio.Reader) (line []byte, long bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if long = long || len(line)+len(part) > maxRecorded; !long {
			line = append(line, part...)
		}
		if err != bufio.ErrBufferFull {
			return line, long, err
		}
	}
}

// line takes one line, and says what is wrong with it.
func (r *Reread) line(text []byte) (wrong string) {
	if len(text) == 0 {
		return ""
	}
	var kind struct {
		Model  *string           `json:"model"`
		Events []json.RawMessage `json:"events"`
		Lost   *uint64           `json:"lost"`
	}
	if err := json.Unmarshal(text, &kind); err != nil {
		return "is no object of JSON"
	}
	switch {
	case kind.Model != nil:
		return r.event(text)
	case kind.Lost == nil:
		return "has no model"
	}
	r.Lost += *kind.Lost
	r.Gaps = r.Gaps || *kind.Lost == 0 && kind.Events == nil
	for _, e := range kind.Events {
		if wrong := r.event(e); wrong != "" {
			return "has an event that " + wrong
		}
	}
	return ""
}

func (r *Reread) event(text []byte) (wrong string) {
	var report RecordedReport
	if err := json.Unmarshal(text, &report); err != nil {
		if t := new(json.UnmarshalTypeError); errors.As(err, &t) {
			return fmt.Sprintf("has a member %s of a wrong kind", t.Field)
		}
		return "is no object of JSON"
	}
	x, wrong := report.recorded()
	if wrong == "" {
		r.List = append(r.List, x)
	}
	return wrong
}

// recorded is the decision that the report tells of.
func (r *RecordedReport) recorded() (out Recorded, wrong string) {
	if !(r.Time >= 0 && r.Time < math.MaxInt64/1e9) {
		return out, fmt.Sprintf("has the time %v", r.Time)
	}
	since := time.Duration(math.Round(r.Time * 1e9))
	out.Name, out.Started = r.Cell, r.At.Add(-since)
	names := r.Requests
	if r.Request != "" {
		names = append(slices.Clone(names), r.Request)
	}
	var ids []kauth.RequestID
	for _, name := range names {
		id, ok := kauth.Find(name)
		if !ok {
			return out, fmt.Sprintf("has the request %q, which no kernel asks", diag.Short(name))
		}
		ids = append(ids, id)
	}
	switch r.Model {
	case modelCell:
		out.Denial = &kernel.Denial{Time: since, Cell: r.ID, EUID: r.EUID, Requests: ids, Text: r.Line}
		return out, ""
	case modelEvaluation:
	default:
		return out, fmt.Sprintf("has the model %q", diag.Short(r.Model))
	}
	if len(ids) != 1 {
		return out, "has no request"
	}
	e := &kernel.Event{Sequence: r.Sequence, Time: since, Generation: r.Generation, Cell: r.ID, Name: r.Cell, EUID: r.EUID, Request: ids[0], Fallback: r.Fallback, Probe: r.Probe}
	if r.PID != nil {
		e.PID = *r.PID
	}
	var ok bool
	if e.Result, ok = policy.ParseResult(r.Result); !ok {
		return out, fmt.Sprintf("has the result %q", diag.Short(r.Result))
	}
	e.Reason, e.Record = r.Reason, r.Record
	e.Source = policy.Source{Policy: r.Policy, File: r.File, Line: r.Answer.Line}
	if r.WouldResult != "" {
		if e.Would.Result, ok = policy.ParseResult(r.WouldResult); !ok {
			return out, fmt.Sprintf("has the result %q", diag.Short(r.WouldResult))
		}
		e.Would.Reason, e.Would.Source = r.WouldReason, policy.Source{Policy: r.WouldPolicy, File: r.WouldFile, Line: r.WouldLine}
	}
	out.Event = e
	return out, ""
}

// Rewritten are the policies that are loaded, with other texts for some of their files: as they would be if these had been
// loaded. A file has the name that it has in the sources of [Host.Policies]. Nothing is loaded.
func (h *Host) Rewritten(texts map[string]string) (*study.Policies, error) {
	base, _, err := h.current()
	if err != nil {
		return nil, err
	}
	for i := range base.sources {
		s := &base.sources[i]
		if text, ok := texts[s.File]; ok {
			s.Source = rules.Source{File: s.File, Text: text, Module: s.Module}
		}
	}
	p := h.compose(base.sources)
	if base.declared != nil {
		p = study.New(p.Set().With(base.declared), p.Loading, study.Options{Vocabulary: h.Kernel.Info().Vocabulary, Apart: true})
	}
	return p, nil
}
