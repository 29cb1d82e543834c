// Package report is the form in which answers are told to programs: what commands write as JSON and scripts are given as
// tables. The names of the members are stable.
//
//	report.Write(os.Stdout, report.Of(&decision))
//
// What it is not: it knows no analyses. Packages study and host make of their results reports, which contain answers.
package report

import (
	"encoding/json"
	"io"

	"cellsh/policy"
)

// Answer is the report of a decision. Policy, file and line are absent if nobody said it; record is there if a policy
// wants the decision to be recorded, and the members that begin with would_ if policies in audit mode would have said
// something.
type Answer struct {
	Result      string `json:"result"`
	Reason      string `json:"reason"`
	Policy      string `json:"policy,omitempty"`
	File        string `json:"file,omitempty"`
	Line        int    `json:"line,omitempty"`
	Probe       bool   `json:"probe,omitempty"`
	Record      bool   `json:"record,omitempty"`
	WouldResult string `json:"would_result,omitempty"`
	WouldReason string `json:"would_reason,omitempty"`
	WouldPolicy string `json:"would_policy,omitempty"`
	WouldFile   string `json:"would_file,omitempty"`
	WouldLine   int    `json:"would_line,omitempty"`
}

// Of is the report of a decision as programs and graphs have it.
func Of(d *policy.Decision) Answer {
	r := One(d.Answer)
	if w := d.Would; w.Result != policy.Pass {
		r.WouldResult, r.WouldReason = w.Result.String(), w.Reason
		r.WouldPolicy, r.WouldFile, r.WouldLine = w.Source.Policy, w.Source.File, w.Source.Line
	}
	return r
}

// One is the report of a single answer, without those of policies in audit mode.
func One(a policy.Answer) Answer {
	return Answer{Result: a.Result.String(), Reason: a.Reason, Policy: a.Source.Policy, File: a.Source.File, Line: a.Source.Line, Record: a.Record}
}

// List makes an empty list [] in JSON, and not null.
func List[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

// Write writes a report as JSON, in one line. Texts are written as they are: nobody takes it for HTML.
func Write(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
