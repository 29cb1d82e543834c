package study

import (
	"fmt"
	"slices"
	"strings"

	"cellsh/policy"
	"cellsh/policy/analysis"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/progress"
	"cellsh/policy/rules"
)

// Policies is a set of policies with what is made of it. It is not safe for concurrent use.
type Policies struct {
	*rules.Compiler
	// Loading are the problems of reading and declaring.
	Loading diag.List
	files   *diag.Files
	// paths that they were read from, and apart says that no command line names them.
	paths []string
	apart bool
	// witnesses are the functions whose two readings were compared.
	witnesses *analysis.Witnesses
	// checked has what Usable has found out, by cell, and checkedPrograms by what the cell's policies have become: cells that no policy
	// tells apart share it.
	checked         map[string]error
	checkedPrograms map[*rules.Program]error
	// holding are the kinds of cells for which nevers has found nothing to say, and good those for which Attachable has
	// not either, and need not run functions, as none reads the name. fits are how cells fit kernels without the evaluation model.
	holding, good map[kind]bool
	fits          map[fitKey]*analysis.StockFit
	// overruled has what Overruled has found out.
	overruled map[overruleKey][]string
	options   Options
	// slips are those of functions that do not depend on the cell; nil until they were looked for.
	slips []analysis.Slip
}

// Options say what the policies are made of. The zero value is for policies that were not read from files.
type Options struct {
	// Paths that they were read from.
	Paths []string
	// Vocabulary of the kernel that they are for; nil is kauth.Newest.
	Vocabulary *kauth.Vocabulary
	// Apart says that no command line names these policies: they are put together of those that are loaded and others.
	Apart bool
	// SkipOptimizations is passed to the compiler.
	SkipOptimizations bool
	// Work that all is part of. Where that is stopped the policies must be taken Anew.
	Work *progress.Work
}

// New studies a set of policies, and tells what was wrong with reading and declaring it.
func New(set *rules.Set, loading diag.List, o Options) *Policies {
	p := &Policies{Compiler: rules.NewCompiler(set, rules.Options{SkipOptimizations: o.SkipOptimizations, Vocabulary: o.Vocabulary, Work: o.Work}), Loading: loading, paths: o.Paths, apart: o.Apart, options: o, files: &diag.Files{},
		checked: map[string]error{}, checkedPrograms: map[*rules.Program]error{}, holding: map[kind]bool{}, good: map[kind]bool{}, fits: map[fitKey]*analysis.StockFit{}, overruled: map[overruleKey][]string{}}
	p.witnesses = analysis.NewWitnesses(p.Compiler)
	texts := map[string]string{}
	for _, s := range set.Sources {
		if text, twice := texts[s.File]; twice && text != s.Text {
			s.Text = "" // of a file with two texts no line is shown: it could be the wrong one
		}
		texts[s.File] = s.Text
		p.files.Add(s.File, s.Text)
	}
	return p
}

// Anew are the same policies of which nothing is worked out yet: what work that was stopped has left is not to be trusted.
func (p *Policies) Anew() *Policies { return New(p.Set(), p.Loading, p.options) }

// Named says that a command line can name these policies: they are those of paths.
func (p *Policies) Named() bool { return len(p.paths) > 0 }

// Fill adds source lines to problems.
func (p *Policies) Fill(l diag.List) diag.List { return p.files.Fill(l) }

// Usable says whether decisions can be asked for: the error is a diag.List of everything that is wrong with the
// declarations, and with the functions for the cell.
func (p *Policies) Usable(cell string) error {
	if p.Loading.Failed() {
		return p.Loading
	}
	if err, ok := p.checked[cell]; ok {
		return err
	}
	prog, err := p.Program(cell)
	if err == nil {
		var known bool
		if err, known = p.checkedPrograms[prog.Kind()]; !known {
			err = p.Fill(analysis.SlipProblems(p.ProblemsOf(cell), p.slipsAnywhere())).Err()
			p.checkedPrograms[prog.Kind()] = err
		}
	}
	p.checked[cell] = err
	return err
}

// slipsAnywhere are the slips that do not depend on the cell: those of functions that read its name are told by who looks
// at several.
func (p *Policies) slipsAnywhere() []analysis.Slip {
	if p.slips == nil {
		p.slips = []analysis.Slip{}
		for _, s := range analysis.Slips(p.Compiler, sampleNames(p.Samples(nil, nil))) {
			if !s.CellRead {
				p.slips = append(p.slips, s)
			}
		}
	}
	return p.slips
}

// Decision is an answer with what it is made of.
type Decision struct {
	policy.Decision
	// Note says in words why it is an implicit allow.
	Note string
	// Probe says that a denial of the request only picks a behaviour.
	Probe bool
}

// Decide answers a question. The error is a diag.List if the policies are wrong, and a *program.MissingError if the
// answer depends on a field that is not given.
func (p *Policies) Decide(q *policy.Question) (*Decision, error) {
	if err := p.Usable(q.Cell); err != nil {
		return nil, err
	}
	prog, err := p.Program(q.Cell)
	if err != nil {
		return nil, err
	}
	d, err := prog.DecideGiven(&q.Request)
	if err != nil {
		return nil, err
	}
	flags := p.Vocabulary().Flags(q.ID)
	out := &Decision{Decision: *d, Probe: flags.Has(kauth.Probe)}
	if d.Implicit() {
		switch {
		case flags.Has(kauth.Spin):
			out.Note = "policies are not asked: the kernel holds a spin lock"
		case flags.Has(kauth.NeverRaised):
			out.Note = "policies are not asked: the kernel never asks this"
		case len(prog.Policies) == 0:
			out.Note = "no policy names cell " + q.Cell
		case d.Would.Result == policy.Deny && p.Set().Audits(q.Cell):
			out.Note = "the cell is audited, and nothing is refused there"
		default:
			out.Note = "no policy objects"
		}
	}
	return out, nil
}

// Explanation says why a question is answered as it is.
type Explanation struct {
	*analysis.Explanation
	Decision *Decision
}

// Explain says why a question is answered as it is; errors as for Decide.
func (p *Policies) Explain(q *policy.Question) (*Explanation, error) {
	d, err := p.Decide(q)
	if err != nil {
		return nil, err
	}
	e, err := analysis.Explain(p.Compiler, q.Cell, &q.Request)
	if err != nil {
		return nil, err
	}
	return &Explanation{e, d}, nil
}

// Check looks at everything: declarations, functions, assertions, and the compiler itself.
type Check struct {
	// Problems are all, with source lines, sorted.
	Problems diag.List
	Policies []*rules.Policy
	// Cells that were looked at.
	Cells    []analysis.Sample
	Programs []ProgramSize
	// LeftToRoot is what root in cells could still do to the host.
	LeftToRoot []LeftToRoot
	Grants     []analysis.Grant
	Nevers     int
	Breaches   []analysis.Breach
	// Proof compares two readings of every function, and programs with the policies. Where it is left out Witnessed has
	// compared the readings for one request for each answer. Both are nil where something is wrong already.
	Proof     *analysis.Proof
	Witnessed *analysis.Witnessed
}

// ProgramSize says how large the program of a cell is.
type ProgramSize struct {
	Cell                 string
	Nodes, Leaves, Bytes int
	NodesBefore, Depth   int
}

// CheckOptions say what to look at beside the policies themselves.
type CheckOptions struct {
	// Live are the cells that exist; Cells were named by the caller.
	Live, Cells []string
	// Effort bounds proving, see analysis.ProveOptions. 0 is no bound; NoProof has only witnesses.
	Effort  int
	NoProof bool
	// Unasked says that the kernel asks no programs. There a profile decides, so it is not looked for what policies leave to
	// root.
	Unasked bool
	// ErrorsOnly looks for what refuses a load and nothing else: no remarks about rules, no list of grants, witnesses
	// instead of a proof.
	ErrorsOnly bool
}

// Check checks the policies. Nothing is loaded.
func (p *Policies) Check(o CheckOptions) (*Check, error) {
	out := &Check{Policies: p.Set().Policies, Cells: p.Samples(o.Live, o.Cells), Nevers: len(p.Set().Nevers)}
	out.Problems = slices.Clone(p.Loading)
	cells := sampleNames(out.Cells)
	if len(o.Live) > 0 {
		out.Problems = append(out.Problems, globsWithoutCell(p.Set(), o.Live)...)
	}
	sizes := map[*rules.Program]ProgramSize{}
	for i, cell := range cells {
		p.Work().At(progress.Step{Doing: "checking", Of: cell, Done: i, Total: len(cells)})
		prog, err := p.Program(cell)
		if err != nil {
			if p.Loading.Failed() {
				// What can't be compiled may be what is wrong.
				return nil, p.Fill(slices.Clone(p.Loading)).Sort()
			}
			return nil, err
		}
		size, ok := sizes[prog.Kind()]
		if !ok {
			size = ProgramSize{"", len(prog.Nodes()), len(prog.Leaves()), len(prog.Encode(p.Vocabulary())), prog.Stats.Before.Nodes, prog.Stats.After.Depth}
			sizes[prog.Kind()] = size
		}
		size.Cell = cell
		out.Programs = append(out.Programs, size)
		breaches, problems, err := p.nevers(cell, p.kindOf(cell, prog))
		switch {
		case err == nil:
		case p.Loading.Failed():
			continue // what can't be worked out may be because of what is wrong
		default:
			return nil, err
		}
		if !p.Loading.Failed() {
			// Else rules are missing that the assertions may need. What is wrong with their own functions is so all the same.
			out.Breaches = append(out.Breaches, breaches...)
		}
		out.Problems = append(out.Problems, problems...)
	}
	out.Problems = append(out.Problems, p.breachProblems(out.Breaches)...)
	p.Work().At(progress.Step{Doing: "looking for functions that say nothing"})
	functions := p.Problems()
	remarkable := !out.Problems.Failed() && !functions.Failed()
	// Of what could be declared, whatever else is wrong: all problems are told at once.
	functions = analysis.SlipProblems(functions, analysis.Slips(p.Compiler, cells))
	out.Problems = append(out.Problems, functions...)
	if (o.ErrorsOnly || o.NoProof) && !out.Problems.Failed() {
		var err error
		if out.Witnessed, err = p.witnesses.Compare(cells); err != nil {
			return nil, err
		}
		out.Problems = append(out.Problems, out.Witnessed.Problems()...)
	}
	if o.ErrorsOnly {
		out.Problems = p.Fill(out.Problems.Sort().Fold())
		return out, nil
	}
	if remarkable {
		// A test that is never true may be why a function says nothing.
		lint, err := analysis.Lint(p.Compiler, cells)
		if err != nil {
			return nil, tooLarge(err)
		}
		out.Problems = append(out.Problems, lint...)
	}
	var err error
	if out.Grants, err = analysis.Grants(p.Compiler, cells); err != nil {
		return nil, tooLarge(err)
	}
	if !out.Problems.Failed() && !o.Unasked {
		out.LeftToRoot = p.LeftToRoot(cells)
	}
	if !o.NoProof && !out.Problems.Failed() {
		proof, err := analysis.Prove(p.Compiler, cells, analysis.ProveOptions{Effort: o.Effort})
		if err != nil {
			return nil, tooLarge(err)
		}
		out.Proof = proof
		out.Problems = append(out.Problems, proof.Problems()...)
	}
	out.Problems = p.Fill(out.Problems.Sort().Fold())
	return out, nil
}

// globsWithoutCell notes the globs that match none of the cells that exist.
func globsWithoutCell(set *rules.Set, live []string) diag.List {
	var out diag.List
	for _, g := range analysis.Globs(set) {
		if !slices.ContainsFunc(live, g.Match) {
			out = append(out, diag.Diagnostic{Span: g.Span, Severity: diag.Note, Code: diag.GlobNoCell,
				Message: fmt.Sprintf("the glob %q matches no cell that exists now", g.Pattern)})
		}
	}
	return out
}

// kind is what the policies and the assertions tell of a cell: of two of a kind the same is known, unless an assertion reads
// the names of cells.
type kind struct {
	program *rules.Program
	// nevers has a byte for each assertion, whether it is about the cell.
	nevers string
}

// kindOf is the kind of a cell with that program.
func (p *Policies) kindOf(cell string, prog *rules.Program) kind {
	about := make([]byte, len(p.Set().Nevers))
	for i, n := range p.Set().Nevers {
		if n.AppliesTo(cell) {
			about[i] = 1
		}
	}
	return kind{prog.Kind(), string(about)}
}

// nevers checks the assertions in a cell of that kind. The problems are those of the assertions themselves; see breachProblems.
func (p *Policies) nevers(cell string, k kind) ([]analysis.Breach, diag.List, error) {
	if p.holding[k] {
		return nil, nil, nil
	}
	breaches, problems, err := analysis.Nevers(p.Compiler, cell)
	if err != nil {
		return nil, nil, tooLarge(err)
	}
	if len(breaches)+len(problems) == 0 && !analysis.NeversRead(p.Compiler, cell) {
		p.holding[k] = true
	}
	return breaches, problems, nil
}

// breachProblems tells each assertion that is broken by one answer once, however many requests and cells get it.
func (p *Policies) breachProblems(breaches []analysis.Breach) diag.List {
	type cause struct {
		never  *rules.Never
		answer string
		at     diag.Span
	}
	var causes []cause
	by := map[cause][]*analysis.Breach{}
	for i := range breaches {
		b := &breaches[i]
		c := cause{b.Never, describeAnswer(b.Decision.Answer), b.Decision.Source.Span()}
		if by[c] == nil {
			causes = append(causes, c)
		}
		by[c] = append(by[c], b)
	}
	var out diag.List
	for _, c := range causes {
		out = append(out, p.breachProblem(by[c], c.answer))
	}
	return out
}

// breachProblem tells of breaches by one answer.
func (p *Policies) breachProblem(all []*analysis.Breach, answer string) diag.Diagnostic {
	b := all[0]
	var cells, requests []string
	alike := true
	for _, x := range all {
		if !slices.Contains(cells, x.Cell) {
			cells = append(cells, x.Cell)
		}
		if r := x.Request.String(); !slices.Contains(requests, r) {
			requests = append(requests, r)
		}
		alike = alike && x.Where == b.Where
	}
	where := "where " + b.Where
	if !alike {
		where += " in the first of them"
	}
	who := "cell " + cells[0] + " gets"
	if len(cells) > 1 {
		who = "cells " + some(cells) + " get"
	}
	d := diag.Diagnostic{Span: b.Never.Span, Code: diag.NeverBroken,
		Message: fmt.Sprintf("%q must hold, but %s %s for %s %s", b.Never.Title, who, answer, some(requests), where),
		Hint:    "no kernel is known that asks this, but nothing may rely on that"}
	switch example := p.ExplainCommand(b.Cell, b.Example); {
	case p.apart:
		d.Hint = "assertions stay when single policies are replaced or taken out: to be rid of one load all files without it"
	case example != "":
		d.Hint = "for example: " + example
	}
	if b.Decision.Source.Line > 0 {
		d.Related = []diag.Related{{Span: b.Decision.Source.Span(), Message: "the answer is given here"}}
	}
	return d
}

// some lists the first names, and says how many more there are.
func some(names []string) string {
	const shown = 4
	switch n := len(names); {
	case n == 1:
		return names[0]
	case n <= shown:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	default:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:shown-1], ", "), n-shown+1)
	}
}

// Attachable checks for a cell's name what a load checks for those that live.
func (p *Policies) Attachable(name string) error {
	if err := p.Usable(name); err != nil {
		return err
	}
	prog, err := p.Program(name)
	if err != nil {
		return err
	}
	k := p.kindOf(name, prog)
	if p.good[k] {
		return nil
	}
	breaches, problems, err := p.nevers(name, k)
	if err != nil {
		return err
	}
	problems = append(problems, p.breachProblems(breaches)...)
	if !problems.Failed() {
		// Functions may read the name of the cell.
		w, err := p.witnesses.Compare([]string{name})
		if err != nil {
			return err
		}
		problems = append(problems, w.Problems()...)
	}
	if len(problems) == 0 && p.holding[k] && !prog.CellRead {
		p.good[k] = true
	}
	return p.Fill(problems).Err()
}

func describeAnswer(a policy.Answer) string {
	if a.Implicit() {
		return a.Result.String() + ", because no policy objects,"
	}
	return a.Result.String()
}

// tooLarge words an error of analysis.
func tooLarge(err error) error {
	return diag.List{{Code: diag.TooLarge, Message: err.Error()}}
}
