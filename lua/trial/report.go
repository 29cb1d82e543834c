package trial

import (
	"cellsh/policy/diag"
	"cellsh/policy/study"
)

// ResultReport is the report of one test.
type ResultReport struct {
	File        string                   `json:"file"`
	Name        string                   `json:"name"`
	OK          bool                     `json:"ok"`
	Micros      int64                    `json:"microseconds"`
	Problem     *diag.Diagnostic         `json:"problem,omitempty"`
	Explanation *study.ExplanationReport `json:"explanation,omitempty"`
}

// PointReport is the report of something that no test has met.
type PointReport struct {
	Policy string `json:"policy"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	What   string `json:"what"`
}

// Report is the report of a run of tests.
type Report struct {
	OK          bool           `json:"ok"`
	Passed      int            `json:"passed"`
	Failed      int            `json:"failed"`
	Tests       []ResultReport `json:"tests"`
	Diagnostics diag.List      `json:"diagnostics"`
	// Coverage in percent.
	Coverage float64       `json:"coverage"`
	Covered  int           `json:"covered"`
	Total    int           `json:"total"`
	Missing  []PointReport `json:"missing"`
}

// Report of the tests; ok says that all passed.
func (r *Trial) Report() Report {
	out := Report{r.OK(), r.Passed(), r.Failed(), []ResultReport{}, append(diag.List{}, r.Problems...), r.Percent(), r.Covered, r.Total, []PointReport{}}
	for _, t := range r.Results {
		j := ResultReport{t.File, t.Name, t.Problem == nil, t.Took.Microseconds(), t.Problem, nil}
		if t.Explanation != nil {
			e := t.Explanation.Report()
			j.Explanation = &e
		}
		out.Tests = append(out.Tests, j)
	}
	for _, p := range r.Missing {
		out.Missing = append(out.Missing, PointReport{p.Policy, p.File, p.Line, p.String()})
	}
	return out
}
