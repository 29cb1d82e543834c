package host

import (
	"time"

	"cellsh/kernel"
	"cellsh/policy/analysis"
	"cellsh/policy/diag"
	"cellsh/policy/report"
	"cellsh/policy/study"
)

// The reports are what commands write as JSON and scripts are given as tables: the names of the members are stable.

// UsageReport is the report of a cell's usage.
type UsageReport struct {
	ID         kernel.CellID `json:"id"`
	Name       string        `json:"name"`
	Root       string        `json:"root"`
	Age        float64       `json:"age"`
	Processes  int           `json:"processes"`
	References int           `json:"references"`
	Memory     uint64        `json:"memory"`
	CPU1s      float64       `json:"cpu1s"`
	CPU10s     float64       `json:"cpu10s"`
	Nofile     *uint64       `json:"nofile,omitempty"`
	AS         *uint64       `json:"as,omitempty"`
	Core       *uint64       `json:"core,omitempty"`
	Policies   []string      `json:"policies"`
	Covered    bool          `json:"covered"`
	// Program is policies, fallback or none, as asked for the cell, and Profile low, medium, high or unknown.
	Program string   `json:"program"`
	Profile string   `json:"profile"`
	Over    []Excess `json:"over"`
	// AuditedUntil is when the audit of the cell ends, absent if there is none.
	AuditedUntil *time.Time `json:"audited_until,omitempty"`
	*CountsReport
}

// CountsReport is what the evaluation model has counted.
type CountsReport struct {
	Decisions uint64 `json:"decisions"`
	Denied    uint64 `json:"denied"`
	Granted   uint64 `json:"granted"`
	WouldDeny uint64 `json:"would_deny"`
}

// AuditReport is the report of an audit that runs.
type AuditReport struct {
	Generation uint64    `json:"generation"`
	Cells      []string  `json:"cells"`
	Since      time.Time `json:"since"`
	Until      time.Time `json:"until"`
	// Back is the generation that is loaded again then.
	Back uint64 `json:"back"`
}

// Report of the audit.
func (a *Audit) Report() AuditReport {
	return AuditReport{a.Generation, a.Cells, a.Since, a.Until.UTC(), a.Back}
}

// AuditedReport is the report of the load of an audit.
type AuditedReport struct {
	LoadReport
	Audit OpeningReport `json:"audit"`
}

// OpeningReport is the report of what an audit leaves open. Left is what root in the cells could do to the host, and Nevers are the
// titles of the assertions that do not hold there.
type OpeningReport struct {
	Cells    []string           `json:"cells"`
	Policies []string           `json:"policies"`
	Left     []study.LeftToRoot `json:"left_to_root"`
	Nevers   []string           `json:"nevers"`
}

// Report of what is left open.
func (o *Opening) Report() OpeningReport {
	r := OpeningReport{o.Cells, o.Policies, report.List(o.Left), []string{}}
	for _, n := range o.Nevers {
		r.Nevers = append(r.Nevers, n.Title)
	}
	return r
}

// Report of the usage.
func (u *Usage) Report() UsageReport {
	r := UsageReport{ID: u.ID, Name: u.Name, Root: u.Root, Age: u.Age.Seconds(), Processes: u.Processes, References: u.References, Memory: u.Memory,
		CPU1s: u.CPU1s, CPU10s: u.CPU10s, Nofile: u.Nofile, AS: u.AS, Core: u.Core, Policies: report.List(u.Policies), Covered: u.Covered(), Program: u.Answerer.Asked().String(), Profile: u.Answerer.ProfileName(), Over: report.List(u.Over)}
	if u.Audit != nil {
		r.AuditedUntil = &u.Audit.Until
	}
	if c := u.Counts; c != nil {
		r.CountsReport = &CountsReport{c.Decisions, c.Denied, c.Granted, c.WouldDeny}
	}
	return r
}

// PlanReport is the report of what a load would do. OK says that it could be done; if not, diagnostics say why, and where the
// policies themselves are wrong nothing else is known.
type PlanReport struct {
	OK          bool      `json:"ok"`
	Diagnostics diag.List `json:"diagnostics"`
	// Changes says that anything would be different; see Plan.Changes.
	Changes bool `json:"changes"`
	// Active is the generation that is loaded, 0 for none, and Generation the number of the one that would be.
	Active     uint64           `json:"active"`
	Generation uint64           `json:"generation,omitempty"`
	Cells      []CellPlanReport `json:"cells"`
	Programs   int              `json:"programs"`
	Covered    int              `json:"covered"`
	Bytes      int              `json:"bytes"`
	// Replaced, Ended, Disabled, Stock, Made, Frozen, Losses and Overruled are those of LoadReport, as they would be, and Behind is Plan.Behind.
	Replaced uint64         `json:"replaced,omitempty"`
	Ended    []string       `json:"ended,omitempty"`
	Behind   uint64         `json:"behind,omitempty"`
	Disabled bool           `json:"disabled,omitempty"`
	Stock    bool           `json:"stock,omitempty"`
	Made     []MakingReport `json:"made,omitempty"`
	Frozen   []FrozenReport `json:"frozen,omitempty"`
	Losses   []Loss         `json:"losses,omitempty"`
	// Difference is what the command diff writes; absent if it is not known what is loaded.
	Difference *study.DifferenceReport `json:"difference,omitempty"`
	Overruled  []OverruledReport       `json:"overruled,omitempty"`
}

// CellPlanReport is the report of what a load would do to a live cell: was and will are policies, fallback or none.
type CellPlanReport struct {
	ID      kernel.CellID `json:"id"`
	Cell    string        `json:"cell"`
	Loses   []string      `json:"loses"`
	Gets    []string      `json:"gets"`
	Was     string        `json:"was"`
	Will    string        `json:"will"`
	Profile string        `json:"profile"`
	Changes int           `json:"changes"`
	Budgets int           `json:"budgets"`
}

// Report of the plan.
func (p *Plan) Report() PlanReport {
	r := PlanReport{OK: p.Problem == nil, Diagnostics: report.List(diag.Of(p.Problem)), Changes: p.ready != nil && p.Changes(), Active: p.Active, Generation: p.Generation, Cells: []CellPlanReport{},
		Programs: p.Programs, Covered: p.Covered, Bytes: p.Bytes, Replaced: p.Replaced, Ended: p.Ended, Behind: p.Behind, Disabled: p.Disabled, Stock: p.Stock, Made: makingReports(p.Made), Frozen: frozenReports(p.Frozen), Losses: p.Losses, Overruled: ReportOverruled(p.Overruled)}
	for _, c := range p.Cells {
		r.Cells = append(r.Cells, CellPlanReport{c.ID, c.Name, report.List(c.Loses), report.List(c.Gets), c.Was.String(), c.Will.String(), c.Profile, c.Changes, c.Budgets})
	}
	if p.Difference != nil {
		d := p.Difference.Report()
		r.Difference = &d
	}
	return r
}

// LoadReport is the report of a load.
type LoadReport struct {
	Generation uint64   `json:"generation"`
	Cells      []string `json:"cells"`
	Programs   int      `json:"programs"`
	Bytes      int      `json:"bytes"`
	// Stock says that the kernel asks no programs; Made then has how cells are made from now on, and Frozen those that live.
	Stock  bool           `json:"stock,omitempty"`
	Made   []MakingReport `json:"made,omitempty"`
	Frozen []FrozenReport `json:"frozen,omitempty"`
	// Witnessed says how far two readings of the functions were compared, if there are any.
	Witnessed *study.WitnessedReport `json:"witnessed,omitempty"`
	// Until is when it is rolled back unless confirmed.
	Until *time.Time `json:"until,omitempty"`
	// Replaced is the generation that waited to be confirmed until then.
	Replaced uint64 `json:"replaced,omitempty"`
	// Ended are the cells that were audited until then, and are no more.
	Ended []string `json:"ended,omitempty"`
	// Losses are the policies that live cells had and have no more.
	Losses []Loss `json:"losses,omitempty"`
	// Notes are what went wrong beside a load at boot, in sentences.
	Notes []string `json:"notes,omitempty"`
	// Plan is what it was to do, where that was asked for.
	Plan *PlanReport `json:"plan,omitempty"`
	// Disabled says that the evaluation model is switched off, so that nobody asks the programs.
	Disabled bool `json:"disabled,omitempty"`
	// Overruled are the cells whose profile refuses what their policies allow.
	Overruled []OverruledReport `json:"overruled,omitempty"`
}

// MakingReport is how cells are made on a kernel that asks no programs. A glob that is "" stands for all that no other names.
// Lacking are requests that the policies allow, a service needs, and such cells don't get.
type MakingReport struct {
	Glob    string   `json:"glob"`
	Profile string   `json:"profile"`
	Ports   []uint16 `json:"ports"`
	MisfitReport
}

// MisfitReport is how what a cell is made with differs from its policies.
type MisfitReport struct {
	Lax      bool     `json:"lax"`
	Stricter bool     `json:"stricter"`
	Lacking  []string `json:"lacking"`
}

func misfitReport(f *analysis.StockFit, p *analysis.ProfileFit) MisfitReport {
	return MisfitReport{len(p.Laxer)+len(f.Unenforced) > 0, len(p.Stricter) > 0, report.List(p.LackingNames())}
}

// FrozenReport is a cell that lives on a kernel that asks no programs: the profile is low, medium, high or unknown, and how it
// fits is there if it is known.
type FrozenReport struct {
	Cell    string `json:"cell"`
	Profile string `json:"profile"`
	*MisfitReport
}

// OverruledReport is a cell whose policies are asked and whose profile refuses requests that they allow; unknown says why it is not
// known which.
type OverruledReport struct {
	Cell     string   `json:"cell"`
	Profile  string   `json:"profile"`
	Requests []string `json:"requests"`
	Unknown  string   `json:"unknown,omitempty"`
}

// ReportOverruled is the report of such cells.
func ReportOverruled(list []Overruled) (out []OverruledReport) {
	for _, o := range list {
		r := OverruledReport{Cell: o.Cell, Profile: o.Profile.String(), Requests: report.List(o.Requests)}
		if o.Unknown != nil {
			r.Unknown = o.Unknown.Error()
		}
		out = append(out, r)
	}
	return out
}

// Report of the load.
func (l *Loaded) Report() LoadReport {
	r := LoadReport{Generation: l.Generation, Cells: report.List(l.Cells), Programs: l.Programs, Bytes: l.Bytes, Stock: l.Stock, Replaced: l.Replaced, Ended: l.Ended, Losses: l.Losses, Disabled: l.Disabled, Overruled: ReportOverruled(l.Overruled)}
	if l.Deadline != nil {
		r.Until = &l.Deadline.Until
	}
	r.Made, r.Frozen = makingReports(l.Made), frozenReports(l.Frozen)
	if l.Witnessed != nil && l.Witnessed.Answers > 0 {
		r.Witnessed = study.ReportWitnessed(l.Witnessed)
	}
	return r
}

func makingReports(list []Making) (out []MakingReport) {
	for _, m := range list {
		best := m.Fit.Best()
		out = append(out, MakingReport{m.Glob, best.Profile.String(), report.List(m.Fit.Ports), misfitReport(m.Fit, best)})
	}
	return out
}

func frozenReports(list []Frozen) (out []FrozenReport) {
	for _, f := range list {
		o := FrozenReport{Cell: f.Cell, Profile: "unknown"}
		if f.Profile != nil {
			m := misfitReport(f.Fit, f.Fit.With(*f.Profile))
			o.Profile, o.MisfitReport = f.Profile.String(), &m
		}
		out = append(out, o)
	}
	return out
}

// SourcesReport is the report of a generation with its sources.
type SourcesReport struct {
	GenerationReport
	Sources []SourceReport `json:"sources"`
}

// SourceReport is the report of a file of a generation. Since is the generation that it came with, absent if that is the
// generation itself or the one that it repeats.
type SourceReport struct {
	File    string   `json:"file"`
	Module  bool     `json:"module,omitempty"`
	Since   uint64   `json:"since,omitempty"`
	Without []string `json:"without,omitempty"`
	Text    string   `json:"text"`
}

// ReportSources is the report of one of the generations, with its sources.
func (h *History) ReportSources(g *Generation) SourcesReport {
	out := SourcesReport{h.report(g), []SourceReport{}}
	for _, s := range g.Sources {
		out.Sources = append(out.Sources, SourceReport{s.File, s.Module, s.Since, s.Without, s.Text})
	}
	return out
}

// GenerationReport is the report of a generation.
type GenerationReport struct {
	Generation uint64    `json:"generation"`
	Time       time.Time `json:"time"`
	Files      []string  `json:"files"`
	// Without has the policies that files declare and that are left out, by file.
	Without  map[string][]string `json:"without,omitempty"`
	Of       uint64              `json:"of,omitempty"`
	Session  bool                `json:"session,omitempty"`
	Lockdown bool                `json:"lockdown,omitempty"`
	Active   bool                `json:"active,omitempty"`
	// Audit are the cells that are audited by it, or were; absent if it is no audit.
	Audit []string `json:"audit,omitempty"`
	// Until is when it is rolled back unless confirmed, or when the audit ends.
	Until *time.Time `json:"until,omitempty"`
	// NeverConfirmed says that it had to be confirmed, and was not.
	NeverConfirmed bool `json:"never_confirmed,omitempty"`
}

// Report of the generations.
func (h *History) Report() []GenerationReport {
	out := []GenerationReport{}
	for i := range h.Generations {
		out = append(out, h.report(&h.Generations[i]))
	}
	return out
}

// IsActive reports whether it is the active generation, and the kernel has it.
func (h *History) IsActive(g *Generation) bool {
	a := h.Active()
	return a != nil && g.Number == a.Number && h.instead == nil
}

func (h *History) report(g *Generation) GenerationReport {
	r := GenerationReport{Generation: g.Number, Time: g.Time, Files: report.List(g.Files()), Of: g.Of, Session: g.Session, Lockdown: g.Lockdown, Active: h.IsActive(g), Audit: g.Audit}
	for _, s := range g.Sources {
		if len(s.Without) > 0 {
			if r.Without == nil {
				r.Without = map[string][]string{}
			}
			r.Without[s.File] = s.Without
		}
	}
	if d := h.Deadline; d != nil && d.Generation == g.Number {
		r.Until = &d.Until
	} else {
		r.NeverConfirmed = !g.settled() && g.Audit == nil
	}
	return r
}

// InfoReport is the report of what a kernel can do.
type InfoReport struct {
	Name      string `json:"name"`
	Simulated bool   `json:"simulated"`
	Version   string `json:"version"`
	Revision  string `json:"revision"`
	// RevisionAssumed says that the revision is not known, and taken to be that.
	RevisionAssumed bool   `json:"revision_assumed,omitempty"`
	Vocabulary      string `json:"vocabulary"`
	HZ              int    `json:"hz"`
	// Capabilities, and those that are missing, each with how that was found.
	Capabilities map[kernel.Capability]string `json:"capabilities"`
	Missing      map[kernel.Capability]string `json:"missing"`
	// EvaluationUnseen says that the kernel may ask programs although the evaluation model is missing for this caller.
	EvaluationUnseen bool `json:"evaluation_unseen,omitempty"`
}

// KernelReport is the report of a kernel.
func KernelReport(i kernel.Info) InfoReport {
	r := InfoReport{Name: i.Name, Simulated: i.Simulated, Version: i.Version, Revision: i.Revision.String(), RevisionAssumed: i.RevisionAssumed, EvaluationUnseen: i.EvaluationUnseen, HZ: i.HZ, Capabilities: i.Capabilities, Missing: i.Missing}
	if i.Vocabulary != nil {
		r.Vocabulary = i.Vocabulary.Version
	}
	return r
}

// StandingReport is the report of what is known of a cell on the kernel at hand: whether it exists, or else the name of one that
// may be meant, and whether the kernel asks programs.
type StandingReport struct {
	Exists bool   `json:"exists"`
	Near   string `json:"near,omitempty"`
	Asks   bool   `json:"asks_programs"`
	// Behind is the generation that the kernel has in place of the one that was loaded last.
	Behind uint64 `json:"behind,omitempty"`
}

// Report of the standing.
func (s *Standing) Report() StandingReport { return StandingReport{s.Exists, s.Near, s.Asks, s.Behind} }

// ExplainedReport is the report of an explanation: result, reason and so on are what the policies say, final what becomes of
// the request by all models of the kernel, absent where the policies deny it.
type ExplainedReport struct {
	study.ExplanationReport
	StandingReport
	study.AnswererReport
	Final []study.FateReport `json:"final,omitempty"`
}

// Report of the explanation.
func (e *Explained) Report() ExplainedReport {
	r := ExplainedReport{ExplanationReport: e.Explanation.Report(), StandingReport: e.Standing.Report(), AnswererReport: study.ReportAnswerer(&e.Standing.Answerer)}
	if e.Becomes != nil {
		r.Final = study.ReportCases(e.Becomes)
	}
	return r
}

// AbleReport is the report of what a cell may do.
type AbleReport struct {
	study.AbilitiesReport
	StandingReport
}

// Report of what it may do.
func (a *Able) Report() AbleReport { return AbleReport{a.Abilities.Report(), a.Standing.Report()} }
