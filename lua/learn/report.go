package learn

import (
	"math/big"
	"time"

	"cellsh/policy/kauth"
	"cellsh/policy/report"
	"cellsh/policy/study"
)

// Report is the report of a lesson, for programs: the names of the members are stable.
type Report struct {
	// OK says that everything that was asked for is allowed with the changes.
	OK      bool            `json:"ok"`
	Rules   []RuleReport    `json:"rules"`
	Allowed []AskedReport   `json:"allowed"`
	Left    []LeftReport    `json:"left"`
	Refused []RefusedReport `json:"refused"`
	Files   []FileReport    `json:"files"`
	// Difference is what the command diff writes.
	Difference study.DifferenceReport `json:"difference"`
	// Written says that the files were written.
	Written bool `json:"written"`
}

// AskedReport is the report of a request that was denied. Audit says that it was only recorded.
type AskedReport struct {
	Cell    string        `json:"cell"`
	Request string        `json:"request"`
	EUID    uint32        `json:"euid"`
	Audit   bool          `json:"audit,omitempty"`
	Count   int           `json:"count"`
	First   time.Time     `json:"first"`
	Last    time.Time     `json:"last"`
	Denial  report.Answer `json:"denial"`
}

// RuleReport is the report of a change. Count is how many requests the policy no longer denies, as a number in decimal, absent if
// they can't be counted, and by the fields that tell them apart.
type RuleReport struct {
	Policy  string         `json:"policy"`
	Request string         `json:"request"`
	Denial  report.Answer  `json:"denial"`
	File    string         `json:"file"`
	Shape   string         `json:"shape"`
	Rule    string         `json:"rule"`
	Asked   []AskedReport  `json:"asked"`
	Where   []string       `json:"where"`
	Count   string         `json:"count,omitempty"`
	By      []string       `json:"by"`
	Tighter *TighterReport `json:"tighter,omitempty"`
}

// TighterReport is the report of what would let through less.
type TighterReport struct {
	Field string `json:"field"`
	Value string `json:"value"`
	Count string `json:"count"`
	Of    string `json:"of"`
}

// LeftReport is the report of a denial that no change lifts: why, what helps instead, and the rule to be written by hand.
type LeftReport struct {
	Cell     string   `json:"cell"`
	Requests []string `json:"requests"`
	EUID     uint32   `json:"euid"`
	Count    int      `json:"count"`
	Why      string   `json:"why"`
	Help     string   `json:"help,omitempty"`
	ByHand   string   `json:"by_hand,omitempty"`
}

// RefusedReport is the report of a request that the kernel's other models refuse all the same.
type RefusedReport struct {
	AskedReport
	Outcome string `json:"outcome"`
}

// FileReport is the report of a file that changes.
type FileReport struct {
	File string `json:"file"`
	Text string `json:"text"`
}

func number10(n *big.Int) string {
	if n == nil {
		return ""
	}
	return n.String()
}

// Report of the request.
func (a *Asked) Report() AskedReport {
	return AskedReport{a.Cell, a.Request.String(), a.EUID, a.Audit, a.Count, a.First.UTC(), a.Last.UTC(), report.One(a.Denial)}
}

func reports(list []*Asked) []AskedReport {
	out := []AskedReport{}
	for _, a := range list {
		out = append(out, a.Report())
	}
	return out
}

// OK reports whether everything that was denied is allowed with the changes, also what was no matter of policies.
func (l *Lesson) OK(others []*Left) bool { return len(l.Left)+len(l.Refused)+len(others) == 0 }

// Report of the lesson, with the denials that were no matter of policies.
func (l *Lesson) Report(others []*Left) Report {
	out := Report{OK: l.OK(others), Rules: []RuleReport{}, Allowed: reports(l.Allowed), Left: []LeftReport{}, Refused: []RefusedReport{}, Files: []FileReport{}, Difference: l.Difference.Report()}
	for _, r := range l.Rules {
		x := RuleReport{Policy: r.Policy, Request: r.Request.String(), Denial: report.One(r.Denial), File: r.File, Shape: r.Shape.String(), Rule: r.Text, Asked: reports(r.Asked),
			Where: report.List(r.Where), Count: number10(r.Count), By: names(r.By.Fields())}
		if t := r.Tighter; t != nil {
			x.Tighter = &TighterReport{t.Field.String(), t.Value, t.Count.String(), t.Of.String()}
		}
		out.Rules = append(out.Rules, x)
	}
	for _, u := range l.Left {
		out.Left = append(out.Left, LeftReport{Cell: u.Cell, Requests: []string{u.Request.String()}, EUID: u.EUID, Count: u.Count, Why: u.Why, ByHand: u.ByHand})
	}
	for _, x := range others {
		out.Left = append(out.Left, LeftReport{Cell: x.Cell, Requests: names(x.Requests), EUID: x.EUID, Count: x.Count, Why: x.Why, Help: x.Help})
	}
	for _, x := range l.Refused {
		out.Refused = append(out.Refused, RefusedReport{x.Report(), x.Outcome})
	}
	for _, f := range l.Files {
		out.Files = append(out.Files, FileReport{f.Name, f.After})
	}
	return out
}

func names[T kauth.Field | kauth.RequestID](list []T) []string {
	out := []string{}
	for _, x := range list {
		switch x := any(x).(type) {
		case kauth.Field:
			out = append(out, x.String())
		case kauth.RequestID:
			out = append(out, x.String())
		}
	}
	return out
}
