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
	// Nobody are the places in List of decisions that do not say who asked.
	Nobody map[int]bool
}

// Err has the damaged lines as errors, for who can't do without them; nil if there are none.
func (r *Reread) Err() error {
	var out diag.List
	for _, d := range r.Damaged {
		d.Severity, d.Hint = diag.Error, ""
		out = append(out, d)
	}
	return out.Err()
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
		flaws := []flaw{{text: "is longer than 1 MB"}}
		if !long {
			flaws = out.line(bytes.TrimRight(text, " \t\r\n"))
		}
		for _, wrong := range flaws {
			out.Damaged = append(out.Damaged, diag.Diagnostic{Span: diag.Span{File: file, Line: line, Column: wrong.at + 1}, Severity: diag.Warning, Code: diag.FileRead,
				Message: "a line must be a decision as log --json writes it, but " + wrong.text, Hint: "the line is left out; the others are read"})
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

// flaw is something that is wrong with a line, and how many bytes are before it.
type flaw struct {
	text string
	at   int
}

// malformed is what is wrong with a text that is not of the form of a value.
func malformed(text []byte, err error) flaw {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &kind) && kind.Field != "":
		return flaw{fmt.Sprintf("has a member %s of a wrong kind", kind.Field), max(bytes.Index(text, []byte(`"`+kind.Field+`"`)), 0)}
	case errors.As(err, &syntax):
		return flaw{"is no object of JSON", min(max(int(syntax.Offset)-1, 0), max(len(text)-1, 0))}
	}
	return flaw{"is no object of JSON", len(text) - len(bytes.TrimLeft(text, " \t"))}
}

// line takes one line, and says what is wrong with it.
func (r *Reread) line(text []byte) []flaw {
	if len(text) == 0 {
		return nil
	}
	var kind struct {
		Model  *string           `json:"model"`
		Events []json.RawMessage `json:"events"`
		Lost   *uint64           `json:"lost"`
	}
	if err := json.Unmarshal(text, &kind); err != nil {
		return []flaw{malformed(text, err)}
	}
	switch {
	case kind.Model != nil:
		return r.event(text, "", 0)
	case kind.Lost == nil:
		return []flaw{{"has no model", 0}}
	}
	r.Lost += *kind.Lost
	r.Gaps = r.Gaps || *kind.Lost == 0 && kind.Events == nil
	before := 0
	var out []flaw
	for _, e := range kind.Events {
		before += bytes.Index(text[before:], e)
		out = append(out, r.event(e, "has an event that ", before)...)
		before += len(e)
	}
	return out
}

// event takes a decision that is so far behind the beginning of its line. Flaws are told with a few words before them.
func (r *Reread) event(text []byte, words string, before int) []flaw {
	flaws := func(f flaw) []flaw { return []flaw{{words + f.text, before + f.at}} }
	var report RecordedReport
	if err := json.Unmarshal(text, &report); err != nil {
		return flaws(malformed(text, err))
	}
	x, wrong := report.recorded()
	if wrong.text != "" {
		at := 0
		if wrong.key != "" {
			at = max(bytes.Index(text, []byte(wrong.key)), 0)
		}
		return flaws(flaw{wrong.text, at})
	}
	// What nobody has said is not taken for root.
	var who struct {
		EUID *uint32 `json:"euid"`
	}
	if err := json.Unmarshal(text, &who); err != nil {
		return flaws(malformed(text, err))
	}
	if who.EUID == nil {
		if r.Nobody == nil {
			r.Nobody = map[int]bool{}
		}
		r.Nobody[len(r.List)] = true
	}
	r.List = append(r.List, x)
	return nil
}

// unfit is a member of a decision that can't be, with its name as it is written.
type unfit struct{ text, key string }

// recorded is the decision that the report tells of.
func (r *RecordedReport) recorded() (out Recorded, wrong unfit) {
	if !(r.Time >= 0 && r.Time < math.MaxInt64/1e9) {
		return out, unfit{fmt.Sprintf("has the time %v", r.Time), `"time"`}
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
			return out, unfit{fmt.Sprintf("has the request %q, which no kernel asks", diag.Short(name)), fmt.Sprintf("%q", name)}
		}
		ids = append(ids, id)
	}
	switch r.Model {
	case modelCell:
		out.Denial = &kernel.Denial{Time: since, Cell: r.ID, EUID: r.EUID, Requests: ids, Text: r.Line}
		return out, unfit{}
	case modelEvaluation:
	default:
		return out, unfit{fmt.Sprintf("has the model %q", diag.Short(r.Model)), `"model"`}
	}
	if len(ids) != 1 {
		return out, unfit{"has no request", ""}
	}
	e := &kernel.Event{Sequence: r.Sequence, Time: since, Generation: r.Generation, Cell: r.ID, Name: r.Cell, EUID: r.EUID, Request: ids[0], Fallback: r.Fallback, Probe: r.Probe}
	if r.PID != nil {
		e.PID = *r.PID
	}
	var ok bool
	if e.Result, ok = policy.ParseResult(r.Result); !ok {
		return out, unfit{fmt.Sprintf("has the result %q", diag.Short(r.Result)), `"result"`}
	}
	e.Reason, e.Record = r.Reason, r.Record
	e.Source = policy.Source{Policy: r.Policy, File: r.File, Line: r.Answer.Line}
	if r.WouldResult != "" {
		if e.Would.Result, ok = policy.ParseResult(r.WouldResult); !ok {
			return out, unfit{fmt.Sprintf("has the result %q", diag.Short(r.WouldResult)), `"would_result"`}
		}
		e.Would.Reason, e.Would.Source = r.WouldReason, policy.Source{Policy: r.WouldPolicy, File: r.WouldFile, Line: r.WouldLine}
	}
	out.Event = e
	return out, unfit{}
}
