package study

import (
	"cellsh/policy/analysis"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/report"
	"cellsh/policy/rules"
	"cellsh/policy/secmodel"
	"cellsh/policy/stock"
)

// Report of the decision.
func (d *Decision) Report() report.Answer {
	r := report.Of(&d.Decision)
	r.Probe = d.Probe
	if d.Implicit() {
		r.Reason = d.Note
	}
	return r
}

// PolicyReport is the report of a policy.
type PolicyReport struct {
	Name  string   `json:"name"`
	File  string   `json:"file"`
	Line  int      `json:"line"`
	Cells []string `json:"cells"`
	Mode  string   `json:"mode"`
}

// ReportPolicy is the report of a policy.
func ReportPolicy(p *rules.Policy) PolicyReport {
	r := PolicyReport{p.Name, p.Span.File, p.Span.Line, []string{}, p.Mode()}
	for _, g := range p.Cells {
		r.Cells = append(r.Cells, g.Pattern)
	}
	return r
}

// GrantReport is the report of a grant.
type GrantReport struct {
	Policy   string   `json:"policy"`
	Requests []string `json:"requests"`
	Reason   string   `json:"reason"`
	File     string   `json:"file"`
	Line     int      `json:"line"`
	Audit    bool     `json:"audit,omitempty"`
	// Unsure says that it is not known whether any request gets it.
	Unsure bool `json:"unsure,omitempty"`
}

// SampleReport is the report of a cell that was looked at.
type SampleReport struct {
	Name string `json:"name"`
	Live bool   `json:"live"`
	Glob string `json:"glob,omitempty"`
}

// SizeReport is the report of a program's size.
type SizeReport struct {
	Cell   string `json:"cell"`
	Nodes  int    `json:"nodes"`
	Leaves int    `json:"leaves"`
	Bytes  int    `json:"bytes"`
	Before int    `json:"nodes_before"`
	Depth  int    `json:"depth"`
}

// BreachReport is the report of a request that should never be allowed and is: explain has the words after "cellsh
// explain" that show it, "" if the kernel is not known to ask such.
type BreachReport struct {
	Title   string        `json:"title"`
	Cell    string        `json:"cell"`
	Request string        `json:"request"`
	Where   string        `json:"where"`
	Answer  report.Answer `json:"answer"`
	Explain string        `json:"explain"`
}

// ProofReport is the report of a proof.
type ProofReport struct {
	Edges             int `json:"edges"`
	EdgesCovered      int `json:"edges_covered"`
	Boundaries        int `json:"boundaries"`
	BoundariesCovered int `json:"boundaries_covered"`
	Infeasible        int `json:"infeasible"`
	Undecided         int `json:"undecided"`
	Asked             int `json:"asked"`
	Programs          int `json:"programs"`
	// TooLarge are the programs that were not compared exactly.
	TooLarge int  `json:"too_large"`
	Limited  bool `json:"limited"`
	// Differences are requests for which two readings of a function disagree, Mismatches programs that do not say what the
	// policies say.
	Differences int `json:"differences"`
	Mismatches  int `json:"mismatches"`
}

// WitnessedReport is the report of how far two readings of the functions were compared without a proof: for asked of so
// many answers.
type WitnessedReport struct {
	Answers     int `json:"answers"`
	Asked       int `json:"asked"`
	Differences int `json:"differences"`
}

// CheckReport is the report of a check.
type CheckReport struct {
	OK          bool           `json:"ok"`
	Diagnostics diag.List      `json:"diagnostics"`
	Policies    []PolicyReport `json:"policies"`
	Grants      []GrantReport  `json:"grants"`
	LeftToRoot  []LeftToRoot   `json:"left_to_root"`
	Cells       []SampleReport `json:"cells"`
	Programs    []SizeReport   `json:"programs"`
	Nevers      int            `json:"nevers"`
	Broken      []BreachReport `json:"broken"`
	Proof       *ProofReport   `json:"proof,omitempty"`
	// Witnessed is there if there is no proof, and nothing is wrong already.
	Witnessed *WitnessedReport `json:"witnessed,omitempty"`
}

// Report of the check.
func (c *Check) Report() CheckReport {
	out := CheckReport{OK: !c.Problems.Failed(), Diagnostics: report.List(c.Problems), Policies: []PolicyReport{}, Grants: []GrantReport{}, LeftToRoot: report.List(c.LeftToRoot),
		Cells: sampleReports(c.Cells), Programs: []SizeReport{}, Nevers: c.Nevers, Broken: []BreachReport{}}
	for _, p := range c.Policies {
		out.Policies = append(out.Policies, ReportPolicy(p))
	}
	for _, g := range c.Grants {
		j := GrantReport{g.Policy, nil, g.Reason, g.File, g.Line, g.Audit, g.Unsure}
		for _, id := range g.Requests {
			j.Requests = append(j.Requests, id.String())
		}
		out.Grants = append(out.Grants, j)
	}
	for _, p := range c.Programs {
		out.Programs = append(out.Programs, SizeReport{p.Cell, p.Nodes, p.Leaves, p.Bytes, p.NodesBefore, p.Depth})
	}
	for _, b := range c.Breaches {
		out.Broken = append(out.Broken, BreachReport{b.Never.Title, b.Cell, b.Request.String(), b.Where, report.Of(&b.Decision), ExplainArgs(b.Cell, b.Example)})
	}
	if c.Proof != nil {
		r := proofReport(c.Proof)
		out.Proof = &r
	}
	if c.Witnessed != nil {
		out.Witnessed = ReportWitnessed(c.Witnessed)
	}
	return out
}

func sampleReports(list []analysis.Sample) []SampleReport {
	out := []SampleReport{}
	for _, s := range list {
		out = append(out, SampleReport{s.Name, s.Live, s.Glob})
	}
	return out
}

// ReportWitnessed gives the report of a comparison.
func ReportWitnessed(w *analysis.Witnessed) *WitnessedReport {
	return &WitnessedReport{w.Answers, w.Asked, w.Differing}
}

func proofReport(p *analysis.Proof) ProofReport {
	return ProofReport{p.Edges, p.EdgesCovered, p.Boundaries, p.BoundariesCovered, p.Infeasible, p.Undecided, p.Asked, p.Programs, p.TooLarge, p.Limited, p.Differing, len(p.Mismatches)}
}

// ProvedReport is the report of a proof and its cells.
type ProvedReport struct {
	OK          bool        `json:"ok"`
	Diagnostics diag.List   `json:"diagnostics"`
	Proof       ProofReport `json:"proof"`
	Cells       []string    `json:"cells"`
}

// Report of the proof.
func (p *Proved) Report() ProvedReport {
	return ProvedReport{!p.Failed(), report.List(p.Problems()), proofReport(p.Proof), report.List(sampleNames(p.Cells))}
}

// TestedReport is the report of one test that was passed on the way to an answer.
type TestedReport struct {
	Test   string `json:"test"`
	Value  string `json:"value"`
	Yes    bool   `json:"yes"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column,omitempty"`
}

// TraceReport is the report of one policy's way to its answer. The result is "" if a field that it needs is missing.
type TraceReport struct {
	report.Answer
	Audit bool           `json:"audit,omitempty"`
	Tests []TestedReport `json:"tests"`
}

// MissReport is the report of a change of one field that turns the result.
type MissReport struct {
	Field string `json:"field"`
	From  string `json:"from"`
	To    string `json:"to"`
	report.Answer
}

// ExplanationReport is the report of an explanation.
type ExplanationReport struct {
	Cell    string `json:"cell"`
	Request string `json:"request"`
	report.Answer
	Policies []TraceReport `json:"policies"`
	// Misses are the smallest first.
	Misses []MissReport `json:"misses"`
}

// Report of the explanation.
func (e *Explanation) Report() ExplanationReport {
	out := ExplanationReport{Cell: e.Cell, Request: e.Request.String(), Answer: e.Decision.Report(), Policies: []TraceReport{}, Misses: []MissReport{}}
	for _, t := range e.Policies {
		j := TraceReport{report.One(t.Answer), t.Audit, []TestedReport{}}
		j.Policy = t.Policy // also where nobody said it
		for _, x := range t.Tests {
			j.Tests = append(j.Tests, TestedReport{x.Test.String(), x.Value, x.Yes, x.File, x.Line, x.Column})
		}
		out.Policies = append(out.Policies, j)
	}
	for _, m := range e.Misses {
		out.Misses = append(out.Misses, MissReport{m.Field.String(), m.From, m.To, report.Of(&m.Decision)})
	}
	return out
}

// LiteralReport is the report of a fact that has to hold, or not to.
type LiteralReport struct {
	Fact  string `json:"fact"`
	Holds bool   `json:"holds"`
	Text  string `json:"text"`
}

// OutcomeReport is the report of what finally becomes of requests: final is allowed, refused or depends.
type OutcomeReport struct {
	Final string   `json:"final"`
	By    []string `json:"by,omitempty"`
	// If lists conditions of which one must hold.
	If       [][]LiteralReport         `json:"if,omitempty"`
	Profiles map[string]*OutcomeReport `json:"profiles,omitempty"`
}

// CaseReport is the report of requests of which the same becomes; root and user are absent if there are none.
type CaseReport struct {
	Where string `json:"where"`
	report.Answer
	Root *OutcomeReport `json:"root,omitempty"`
	User *OutcomeReport `json:"user,omitempty"`
}

// AbilityReport is the report of what becomes of one request.
type AbilityReport struct {
	Request     string       `json:"request"`
	Probe       bool         `json:"probe,omitempty"`
	Spin        bool         `json:"spin,omitempty"`
	NeverRaised bool         `json:"never_raised,omitempty"`
	Cases       []CaseReport `json:"cases"`
	More        bool         `json:"more,omitempty"`
}

// AbilitiesReport is the report of what a cell can do.
type AbilitiesReport struct {
	Cell string `json:"cell"`
	AnswererReport
	Policies []string        `json:"policies"`
	Requests []AbilityReport `json:"requests"`
}

// AnswererReport is the report of what answers for a cell: program is policies, fallback or none, profile low, medium, high
// or unknown.
type AnswererReport struct {
	Program  string   `json:"program"`
	Profile  string   `json:"profile"`
	Revision string   `json:"revision"`
	Ports    []uint16 `json:"ports"`
}

// ReportAnswerer is the report of what answers for a cell.
func ReportAnswerer(a *analysis.Answerer) AnswererReport {
	return AnswererReport{a.Asked().String(), a.ProfileName(), a.Revision.String(), report.List(a.Ports)}
}

// Report of the abilities.
func (a *Abilities) Report() AbilitiesReport {
	out := AbilitiesReport{a.Cell, ReportAnswerer(&a.Answerer), []string{}, []AbilityReport{}}
	for _, p := range a.Policies {
		out.Policies = append(out.Policies, p.Name)
	}
	for i := range a.Requests {
		x := &a.Requests[i]
		flags := x.Flags
		j := AbilityReport{x.Request.String(), flags.Has(kauth.Probe), flags.Has(kauth.Spin), flags.Has(kauth.NeverRaised), []CaseReport{}, x.More}
		for k := range x.Cases {
			c := &x.Cases[k]
			j.Cases = append(j.Cases, CaseReport{c.Where, report.Of(&c.Decision), outcomeReport(c.Root), outcomeReport(c.User)})
		}
		out.Requests = append(out.Requests, j)
	}
	return out
}

// ReportCases are the reports of what becomes of a request.
func ReportCases(list []analysis.Case) []FateReport {
	out := []FateReport{}
	for i := range list {
		c := &list[i]
		out = append(out, FateReport{c.Where, outcomeReport(c.Root), outcomeReport(c.User)})
	}
	return out
}

// FateReport is the report of what finally becomes of requests; root and user are absent if there are none.
type FateReport struct {
	Where string         `json:"where"`
	Root  *OutcomeReport `json:"root,omitempty"`
	User  *OutcomeReport `json:"user,omitempty"`
}

func outcomeReport(o *analysis.Outcome) *OutcomeReport {
	if o == nil {
		return nil
	}
	j := &OutcomeReport{Final: map[stock.Truth]string{stock.Yes: "allowed", stock.No: "refused", stock.Unknown: "depends"}[o.Allowed], By: o.By, If: conditionsReport(o.If)}
	for i := range o.Profiles {
		if j.Profiles == nil {
			j.Profiles = map[string]*OutcomeReport{}
		}
		j.Profiles[secmodel.Profiles[i].String()] = outcomeReport(&o.Profiles[i])
	}
	return j
}

func conditionsReport(list []stock.Condition) [][]LiteralReport {
	var out [][]LiteralReport
	for _, c := range list {
		terms := []LiteralReport{}
		for _, l := range c {
			terms = append(terms, LiteralReport{l.Fact.Name(), !l.Not, l.String()})
		}
		out = append(out, terms)
	}
	return out
}

// ChangeReport is the report of requests whose answer changes: kind is denied, allowed, granted, audit, or
// record.
type ChangeReport struct {
	Kind    string        `json:"kind"`
	Request string        `json:"request"`
	Where   string        `json:"where"`
	Cells   []string      `json:"cells"`
	Old     report.Answer `json:"old"`
	New     report.Answer `json:"new"`
	// Explain has the words after "cellsh explain" that show one of them, "" if the kernel is not known to ask such.
	Explain string `json:"explain"`
}

// BudgetReport is the report of a budget; value is a number, and text what a policy would say.
type BudgetReport struct {
	Value int64  `json:"value"`
	Text  string `json:"text"`
	// Warn is a percentage of value, Over seconds, and Action what is done; absent where there is none, or it is only told.
	Warn   int64   `json:"warn,omitempty"`
	Over   float64 `json:"over,omitempty"`
	Action string  `json:"action,omitempty"`
	Policy string  `json:"policy"`
	File   string  `json:"file"`
	Line   int     `json:"line"`
}

// BudgetChangeReport is the report of a budget that changes; old or new is absent for none.
type BudgetChangeReport struct {
	Budget string        `json:"budget"`
	Cells  []string      `json:"cells"`
	Old    *BudgetReport `json:"old,omitempty"`
	New    *BudgetReport `json:"new,omitempty"`
}

// DifferenceReport is the report of a comparison.
type DifferenceReport struct {
	Changes []ChangeReport       `json:"changes"`
	Budgets []BudgetChangeReport `json:"budgets"`
	Cells   []string             `json:"cells"`
}

// Report of the comparison.
func (d *Difference) Report() DifferenceReport {
	out := DifferenceReport{[]ChangeReport{}, []BudgetChangeReport{}, report.List(sampleNames(d.Cells))}
	for i := range d.Requests {
		c := &d.Requests[i]
		out.Changes = append(out.Changes, ChangeReport{c.Kind().String(), c.Request.String(), c.Where, c.Cells, report.Of(&c.Old), report.Of(&c.New), ExplainArgs(c.Cells[0], c.Example)})
	}
	for _, c := range d.Budgets {
		out.Budgets = append(out.Budgets, BudgetChangeReport{string(c.Name), c.Cells, budgetReport(c.Old), budgetReport(c.New)})
	}
	return out
}

func budgetReport(b *analysis.Budget) *BudgetReport {
	if b == nil {
		return nil
	}
	r := &BudgetReport{Value: b.Value, Text: b.Text(), Warn: b.Warn, Over: float64(b.Over) / 1000, Policy: b.Policy, File: b.File, Line: b.Line}
	if b.Action != rules.Log {
		r.Action = b.Action.String()
	}
	return r
}

// MeetingReport says when somebody meets a difference: always, or if one of the conditions holds.
type MeetingReport struct {
	Always bool              `json:"always"`
	If     [][]LiteralReport `json:"if,omitempty"`
}

// GapReport is the report of requests of which a kernel without policies makes something else; root or user is absent
// if they do not meet it.
type GapReport struct {
	Request string         `json:"request"`
	Where   string         `json:"where"`
	Answer  report.Answer  `json:"answer"`
	Root    *MeetingReport `json:"root,omitempty"`
	User    *MeetingReport `json:"user,omitempty"`
}

// ProfileReport is the report of how a profile differs from policies.
type ProfileReport struct {
	Profile  string      `json:"profile"`
	Laxer    []GapReport `json:"laxer"`
	Stricter []GapReport `json:"stricter"`
	// Lacking are requests among the stricter that every service needs.
	Lacking []string `json:"lacking"`
}

// NamedBudgetReport is a budget with its name.
type NamedBudgetReport struct {
	Budget string `json:"budget"`
	BudgetReport
}

// StockFitReport is the report of how a cell is best made on a kernel without the evaluation model.
type StockFitReport struct {
	Cell       string              `json:"cell"`
	Policies   []string            `json:"policies"`
	Profile    string              `json:"profile"`
	Aim        string              `json:"aim"`
	Ports      []uint16            `json:"ports"`
	Limits     []NamedBudgetReport `json:"limits"`
	Lax        bool                `json:"lax"`
	Unenforced []NamedBudgetReport `json:"unenforced"`
	Profiles   []ProfileReport     `json:"profiles"`
	Notes      []string            `json:"notes"`
}

// ReportFit is the report of a fit.
func ReportFit(f *analysis.StockFit) StockFitReport {
	gaps := func(list []analysis.Gap) []GapReport {
		all := []GapReport{}
		for i := range list {
			g := &list[i]
			all = append(all, GapReport{g.Request.String(), g.Where, report.Of(&g.Decision), meetingReport(g.Root), meetingReport(g.User)})
		}
		return all
	}
	budgets := func(list []analysis.Budget) []NamedBudgetReport {
		all := []NamedBudgetReport{}
		for i := range list {
			all = append(all, NamedBudgetReport{string(list[i].Name), *budgetReport(&list[i])})
		}
		return all
	}
	out := StockFitReport{f.Cell, report.List(f.Policies), f.Best().Profile.String(), f.Aim.String(), report.List(f.Ports), budgets(f.Limits), f.Lax(), budgets(f.Unenforced), []ProfileReport{}, report.List(f.Notes)}
	for i := range f.Profiles {
		p := &f.Profiles[i]
		out.Profiles = append(out.Profiles, ProfileReport{p.Profile.String(), gaps(p.Laxer), gaps(p.Stricter), report.List(p.LackingNames())})
	}
	return out
}

func meetingReport(m analysis.Meeting) *MeetingReport {
	if m.Truth == stock.No {
		return nil
	}
	return &MeetingReport{m.Truth == stock.Yes, conditionsReport(m.If)}
}
