package learn

import (
	"cmp"
	"fmt"
	"math/big"
	"path/filepath"
	"slices"
	"strings"

	"cellsh/lua/edit"
	"cellsh/policy"
	"cellsh/policy/analysis"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
	"cellsh/policy/stock"
	"cellsh/policy/study"
)

// Options of Learn.
type Options struct {
	// Read reads the policies with other texts for some of their sources, which are otherwise those of the policies that are
	// learned for.
	Read func([]rules.Source) (*study.Policies, error)
	// Live are the cells that exist.
	Live []string
	// Groups of the host, to write them by name.
	Groups policy.Groups
	// Told is what is known of the requests beside what was recorded.
	Told Told
	// AnyCell and AnyUser let changes be for all cells of the policy, and for all users.
	AnyCell, AnyUser bool
	// Grant lets changes grant what the kernel's other models would refuse.
	Grant bool
	// Answers says what answers for a cell, beside these policies; nil does not tell what becomes of requests.
	Answers func(cell string, p *study.Policies) (analysis.Answerer, error)
}

// Lesson is what was found.
type Lesson struct {
	Rules []*Rule
	// Allowed are requests that are not denied any more by what is there now, where they were so as it is told.
	Allowed []*Asked
	Told    Told
	// Left are requests for which no change was found.
	Left []*Unlearned
	// Refused are requests that no policy denies after the changes, and that the kernel's other models refuse all the same.
	Refused []*Refused
	// Files that change.
	Files []File
	// Policies with the changes, and what is different.
	Policies   *study.Policies
	Difference *study.Difference
	// Proved is how many requests were asked in the second reading to prove it.
	Proved int
}

// File is a source that changes.
type File struct{ Name, Before, After string }

// Rule is one change, in one policy.
type Rule struct {
	Policy  string
	Request kauth.RequestID
	// Denial that is lifted, as it stands in the files now.
	Denial policy.Answer
	// File that is changed, how, and what is added in one line.
	File  string
	Shape Shape
	Text  string
	Asked []*Asked
	// Grants says that it does not only stop to deny.
	Grants bool
	// Where are the requests that the policy no longer denies, in words, the first pieces of them; Count is how many in all cells
	// that were looked at, nil if they can't be counted, told apart by the fields By.
	Where []string
	Count *big.Int
	By    kauth.FieldSet
	// Tighter would let through fewer; nil if nothing more can be told of the requests.
	Tighter *Tighter
}

// Tighter is a change that would let through less, if one knew more of the requests.
type Tighter struct {
	Field kauth.Field
	// Value is one that the field can have, as a word for Tell.
	Value string
	// Count of Of requests, told apart by this field too.
	Count, Of *big.Int
}

// Unlearned is a request for which no change was found.
type Unlearned struct {
	*Asked
	// Why, and the rule to be written by hand, "" if there is none.
	Why, ByHand string
}

// Refused is a request that the kernel's other models refuse.
type Refused struct {
	*Asked
	Outcome string
	// Before says that policies have not denied it any more before the changes either: no rule is for it.
	Before bool
}

// learner is the state of Learn.
type learner struct {
	o    Options
	base *study.Policies
	// cells are looked at for each candidate: those that asked, and others that tell whether a change is for more than these.
	cells []string
}

// wish is a request with all that it can have been.
type wish struct {
	*Asked
	policy *rules.Policy
	graph  *rules.PolicyGraph
	// match are the outcomes of the policy that it can have got.
	match map[rules.Outcome]bool
}

// maxTurns bounds the search: each turn lifts one denial.
const maxTurns = 500

// Learn finds the smallest changes of the policies that allow what was asked. Nothing is written. The error is a diag.List if the
// policies themselves are wrong.
func Learn(base *study.Policies, asked []*Asked, o Options) (*Lesson, error) {
	l := &learner{o: o, base: base}
	for _, a := range asked {
		l.addCell(a.Cell)
	}
	if base.Loading.Failed() {
		return nil, base.Loading
	}
	c, err := base.Check(study.CheckOptions{Live: o.Live, Cells: l.cells, ErrorsOnly: true})
	if err != nil {
		return nil, err
	}
	if c.Problems.Failed() {
		return nil, c.Problems
	}
	if err := l.unused(asked); err != nil {
		return nil, err
	}
	l.others()
	out := &Lesson{Told: o.Told}
	var wishes []*wish
	for _, a := range asked {
		w, why, err := l.wish(a)
		switch {
		case err != nil:
			return nil, err
		case w != nil:
			wishes = append(wishes, w)
		case why == "":
			out.Allowed = append(out.Allowed, a)
		default:
			out.Left = append(out.Left, &Unlearned{Asked: a, Why: why})
		}
	}
	out.Policies = base
	for len(wishes) > 0 {
		made, failed, err := l.search(wishes)
		if err != nil {
			return nil, err
		}
		if failed == nil {
			out.Rules, out.Policies = made.Rules, made.Policies
			break
		}
		// A change that alone does not help is not made.
		out.Left = append(out.Left, failed...)
		wishes = slices.DeleteFunc(wishes, func(w *wish) bool {
			return slices.ContainsFunc(failed, func(u *Unlearned) bool { return u.Asked == w.Asked })
		})
	}
	return out, l.finish(out, wishes)
}

func (l *learner) addCell(name string) {
	if !slices.Contains(l.cells, name) {
		l.cells = append(l.cells, name)
	}
}

// others adds cells that did not ask: a sample of each glob, other names that globs of policies match, and a few that exist.
func (l *learner) others() {
	asked := len(l.cells)
	for _, s := range l.base.Samples(nil, nil) {
		l.addCell(s.Name)
	}
	for _, g := range analysis.Globs(l.base.Set()) {
		for _, star := range []string{"1", "2", "other", "x"} {
			name := strings.ReplaceAll(g.Pattern, "*", star)
			if policy.CheckName(name) == "" && !slices.Contains(l.cells[:asked], name) {
				l.addCell(name)
				break
			}
		}
	}
	seen := map[string]bool{}
	for _, name := range l.o.Live {
		var names []string
		for _, p := range l.base.For(name) {
			names = append(names, p.Name)
		}
		if k := strings.Join(names, "\x00"); !seen[k] {
			seen[k] = true
			l.addCell(name)
		}
	}
}

// unused says what is told and no request carries.
func (l *learner) unused(asked []*Asked) error {
	var errs policy.Errors
	for _, f := range l.o.Told.fields {
		if len(asked) > 0 && !slices.ContainsFunc(asked, func(a *Asked) bool { return a.Request.Info().Fields.Has(f) }) {
			errs.Add(&policy.KeyError{Key: f.String(), Text: "must be a field of a request that was denied, but none of them carries it"})
		}
	}
	return errs.Err()
}

func (l *learner) read(sources []rules.Source) (*study.Policies, error) { return l.o.Read(sources) }

// deniers of a request are the outcomes of a graph that deny it.
func deniers(g *rules.PolicyGraph) []rules.Outcome { return with(policy.Deny, g) }

// with gives the outcomes of a graph with that result.
func with(result policy.Result, g *rules.PolicyGraph) []rules.Outcome {
	var out []rules.Outcome
	for _, o := range g.Graph.Leaves {
		if o.Fault == nil && o.Result == result {
			out = append(out, o)
		}
	}
	return out
}

// wish finds what a request can have been; nil and "" if it would not be denied any more, or nil and why nothing can be learned
// from it.
func (l *learner) wish(a *Asked) (*wish, string, error) {
	if !l.base.Vocabulary().Asks(a.Request) {
		return nil, "policies are not asked about it by this kernel", nil
	}
	if f, ok := l.o.Told.unusual(a.Request); ok {
		return nil, fmt.Sprintf("the kernel does not ask it so as it is told: %s=%s", f, l.o.Told.words[f]), nil
	}
	graphs := l.base.PolicyGraphs(a.Cell, a.Request)
	i := slices.IndexFunc(graphs, func(g *rules.PolicyGraph) bool { return g.Policy.Name == a.Denial.Source.Policy })
	if i < 0 {
		denied, err := l.anySays(policy.Deny, a, graphs)
		switch {
		case err != nil:
			return nil, "", err
		case !denied:
			return nil, "", nil
		case !slices.Contains(l.base.Set().Names(), a.Denial.Source.Policy):
			return nil, fmt.Sprintf("policy %s, which denied it, is not there any more, and others deny some of such requests", a.Denial.Source.Policy), nil
		}
		return nil, fmt.Sprintf("policy %s, which denied it, is not for the cell any more, and others deny some of such requests", a.Denial.Source.Policy), nil
	}
	g := graphs[i]
	w := &wish{Asked: a, policy: g.Policy, graph: g, match: matching(a, deniers(g))}
	if b := g.Policy.Budget; b.Procs != nil && strings.HasPrefix(a.Denial.Reason, "budget procs = ") && a.Request.Info().Fields.Has(kauth.FieldMembers) {
		return nil, fmt.Sprintf("the budget denied it (%s): no rule lifts that; raise procs, which is %d", b.Span, *b.Procs), nil
	}
	if len(w.match) == 0 {
		w.match = map[rules.Outcome]bool{}
		for _, o := range deniers(g) {
			w.match[o] = true
		}
		some, err := l.some(w, l.o.Told)
		if err != nil || !some {
			return nil, "", err
		}
		return nil, fmt.Sprintf("policy %s has been changed since: the rule that denied it (%s) is not there any more, and others deny some of such requests", g.Policy.Name, a.Denial.Source.Span()), nil
	}
	some, err := l.some(w, l.o.Told)
	if err != nil || some {
		return w, "", err
	}
	if len(l.o.Told.carried(a.Request)) > 0 {
		if denied, err := l.anySays(policy.Deny, a, graphs); err != nil || !denied {
			return nil, "", err
		}
		if some, err = l.some(w, Told{}); err != nil || some {
			return nil, fmt.Sprintf("the rule that denied it (%s) does not deny such requests where it is so as it is told: %s", a.Denial.Source.Span(), l.o.Told.String(a.Request)), err
		}
	}
	return nil, "", nil
}

// matching are the outcomes that the recorded denial can have been. Lines move when a file is changed; reasons stay.
func matching(a *Asked, deniers []rules.Outcome) map[rules.Outcome]bool {
	here, near, said, silent := map[rules.Outcome]bool{}, map[rules.Outcome]bool{}, map[rules.Outcome]bool{}, map[rules.Outcome]bool{}
	for _, o := range deniers {
		if o.Reason != a.Denial.Reason {
			continue
		}
		said[o] = true
		if o.Source.File == a.Denial.Source.File && o.Source.Line == a.Denial.Source.Line {
			here[o] = true
		}
		if filepath.Base(o.Source.File) == filepath.Base(a.Denial.Source.File) && o.Source.Line == a.Denial.Source.Line {
			near[o] = true // a copy of the file, in another folder
		}
		if o.Reason == "" {
			silent[o] = true
		}
	}
	switch {
	case len(here) > 0:
		return here
	case len(near) > 0:
		return near
	case a.Denial.Reason != "" || len(silent) == 1:
		return said
	}
	return nil
}

// String is what is told of a request, as words.
func (t *Told) String(id kauth.RequestID) string {
	var parts []string
	for _, f := range t.carried(id) {
		parts = append(parts, f.String()+"="+t.words[f])
	}
	return strings.Join(parts, " ")
}

// said puts tests before a graph: what is told, and who asked. What does not fit leads to no.
func said(b *graph.Builder[bool], a *Asked, told *Told, then graph.Ref) graph.Ref {
	no := b.Leaf(false)
	for _, f := range told.carried(a.Request) {
		next := no
		for i := range told.tests[f] {
			next = b.Node(told.tests[f][i], then, next, diag.Span{})
		}
		then = next
	}
	if a.Request.Info().Fields.Has(kauth.FieldEUID) {
		then = b.Node(policy.Test{Kind: policy.In, Field: kauth.FieldEUID, Set: interval.Single(int64(a.EUID))}, then, no, diag.Span{})
	}
	return then
}

// could is the requests that a wish can have been.
func (w *wish) could(told *Told) *graph.Graph[bool] {
	var b graph.Builder[bool]
	at := graph.Splice(&b, w.graph.Graph, func(o rules.Outcome) graph.Ref { return b.Leaf(w.match[o]) })
	return b.Graph(said(&b, w.Asked, told, at))
}

func yes(b bool) bool { return b }

// some reports whether there is any such request.
func (l *learner) some(w *wish, told Told) (bool, error) {
	g := w.could(&told)
	d := graph.NewDiagrams[bool](graph.NewSpace(w.Request, g))
	r, err := graph.Reduce(d, g)
	if err != nil {
		return false, tooLarge(w.Asked, err)
	}
	_, found := anyOf(d, r, yes)
	return found, nil
}

// anyOf gives a request that a process of a cell can make and that has a wanted outcome.
func anyOf[L comparable](d *graph.Diagrams[L], r graph.Ref, want func(L) bool) (*policy.Request, bool) {
	var found *policy.Request
	d.RegionsOf(r, want, func(region graph.Region, _ L) bool {
		q, ok := analysis.Example(region)
		if ok {
			found = q
		}
		return !ok
	})
	return found, found != nil
}

func tooLarge(a *Asked, err error) error {
	return diag.List{{Code: diag.TooLarge, Message: fmt.Sprintf("%s in cell %s: %s", a.Request, a.Cell, err)}}
}

// anySays reports whether any policy has that result for such requests.
func (l *learner) anySays(result policy.Result, a *Asked, graphs []*rules.PolicyGraph) (bool, error) {
	for _, g := range graphs {
		if g.Policy.Audit != a.Audit {
			continue
		}
		w := &wish{Asked: a, policy: g.Policy, graph: g, match: map[rules.Outcome]bool{}}
		for _, o := range with(result, g) {
			w.match[o] = true
		}
		if some, err := l.some(w, l.o.Told); err != nil || some {
			return some, err
		}
	}
	return false, nil
}

// search lifts one denial after the other. Failed are the requests for which one of them can't be.
func (l *learner) search(wishes []*wish) (made *Lesson, failed []*Unlearned, err error) {
	made = &Lesson{Policies: l.base}
	for range maxTurns {
		t, err := l.next(wishes, made.Policies)
		if err != nil {
			return nil, nil, err
		}
		if t == nil {
			return made, nil, nil
		}
		rule, p, why, err := l.do(t, made.Policies)
		if err != nil {
			return nil, nil, err
		}
		if rule == nil {
			for _, a := range t.asked {
				failed = append(failed, &Unlearned{a, why.text, why.byHand})
			}
			return nil, failed, nil
		}
		made.Rules, made.Policies = append(made.Rules, rule), p
	}
	return nil, nil, diag.List{{Code: diag.TooLarge, Message: fmt.Sprintf("what was denied must be lifted with at most %d changes, but takes more", maxTurns), Hint: "choose fewer decisions"}}
}

// next is the next denial that is to be lifted, with all requests that it denies; nil if nothing is denied any more.
func (l *learner) next(wishes []*wish, cur *study.Policies) (*task, error) {
	var out *task
	for _, w := range wishes {
		graphs := cur.PolicyGraphs(w.Cell, w.Request)
		// The policy that denied it first: what others say may be another matter then.
		slices.SortStableFunc(graphs, func(a, b *rules.PolicyGraph) int {
			return order(b.Policy.Name == w.policy.Name) - order(a.Policy.Name == w.policy.Name)
		})
		for _, g := range graphs {
			if g.Policy.Audit != w.policy.Audit {
				continue
			}
			denying, err := l.denying(w, g)
			if err != nil {
				return nil, err
			}
			for _, o := range denying {
				if g.Policy.Budget.Procs != nil && strings.HasPrefix(o.Reason, "budget procs = ") && o.Column == 0 && o.Source.Line == g.Policy.Budget.Span.Line {
					continue // a budget holds whatever rules say
				}
				result := policy.Allow
				if grant, err := l.needsGrant(w, cur); err != nil {
					return nil, err
				} else if grant {
					result = policy.Grant
				}
				if out == nil {
					out = &task{policy: g.Policy, request: w.Request, denial: o, result: result}
					out.entry = entryOf(g.Policy, w.Request, o)
				}
				if out.policy.Name == g.Policy.Name && out.request == w.Request && out.denial == o && out.result == result {
					out.asked, out.graphs = append(out.asked, w.Asked), append(out.graphs, g)
					break
				}
			}
		}
	}
	return out, nil
}

func order(b bool) int {
	if b {
		return 1
	}
	return 0
}

// entryOf is the entry that gives an outcome to a request, nil if it is the default.
func entryOf(p *rules.Policy, id kauth.RequestID, o rules.Outcome) *rules.Entry {
	for _, pattern := range id.Chain() {
		for i := range p.Entries {
			e := &p.Entries[i]
			if e.Pattern != pattern {
				continue
			}
			if e.Function == nil {
				if e.Span.File == o.Source.File && e.Span.Line == o.Source.Line && o.Column == 0 {
					return e
				}
				return nil
			}
			if o.Column > 0 {
				return e
			}
		}
	}
	return nil
}

// denying are the outcomes with which a policy denies some of what a wish can have been.
func (l *learner) denying(w *wish, g *rules.PolicyGraph) ([]rules.Outcome, error) {
	could := w.could(&l.o.Told)
	space := graph.NewSpace(w.Request, could, g.Graph)
	a, b := graph.NewDiagrams[bool](space), graph.NewDiagrams[rules.Outcome](space)
	x, err := graph.Reduce(a, could)
	if err != nil {
		return nil, tooLarge(w.Asked, err)
	}
	y, err := graph.Reduce(b, g.Graph)
	if err != nil {
		return nil, tooLarge(w.Asked, err)
	}
	d := graph.NewDiagrams[rules.Outcome](space)
	r, err := graph.Apply(d, a, x, b, y, func(in bool, o rules.Outcome) rules.Outcome {
		if !in || o.Result != policy.Deny {
			return rules.Outcome{}
		}
		return o
	})
	if err != nil {
		return nil, tooLarge(w.Asked, err)
	}
	var out []rules.Outcome
	for _, o := range d.Outcomes(r) {
		if o == (rules.Outcome{}) {
			continue
		}
		if _, ok := anyOf(d, r, func(x rules.Outcome) bool { return x == o }); ok {
			out = append(out, o)
		}
	}
	return out, nil
}

// lifted reports whether the policy no longer denies what the task is about.
func (l *learner) lifted(t *task, after *study.Policies) (bool, error) {
	for i, a := range t.asked {
		var now *rules.PolicyGraph
		for _, g := range after.PolicyGraphs(a.Cell, a.Request) {
			if g.Policy.Name == t.policy.Name {
				now = g
			}
		}
		if now == nil {
			return false, nil
		}
		w := &wish{Asked: a, graph: t.graphs[i], match: map[rules.Outcome]bool{t.denial: true}}
		denying, err := l.denying(w, now)
		if err != nil || len(denying) > 0 {
			return false, err
		}
	}
	return true, nil
}

// unable is why a denial can't be lifted, and the rule to be written by hand, "" if there is none.
type unable struct{ text, byHand string }

// do lifts one denial in the smallest way.
func (l *learner) do(t *task, cur *study.Policies) (*Rule, *study.Policies, unable, error) {
	sources := cur.Set().Sources
	if !slices.ContainsFunc(sources, func(s rules.Source) bool { return s.File == t.denial.Source.File }) {
		return nil, nil, unable{text: "the rule that denied it stands in no file: it was declared in a session, or is the lockdown"}, nil
	}
	list, why, err := l.weigh(t, cur, l.propose(t, sources))
	if err != nil {
		return nil, nil, unable{}, err
	}
	var forbidden, uncovered string
	for _, w := range list {
		c, err := w.policies.Check(study.CheckOptions{Live: l.o.Live, Cells: l.cells, ErrorsOnly: true})
		if err != nil {
			return nil, nil, unable{}, err
		}
		if len(c.Breaches) > 0 {
			b := &c.Breaches[0]
			forbidden = fmt.Sprintf("it must never be allowed: %q (%s) speaks of %s where %s%s", b.Never.Title, b.Never.Span, b.Request, b.Where, l.unlike(b))
			continue
		}
		if c.Problems.Failed() {
			why = cmp.Or(why, c.Problems[0].Message)
			continue
		}
		changes, err := analysis.Diff(cur.Compiler, w.policies.Compiler, l.cells)
		if err != nil {
			return nil, nil, unable{}, tooLarge(t.asked[0], err)
		}
		if i := slices.IndexFunc(changes, func(c analysis.Change) bool { return l.more(&c) != "" }); i >= 0 {
			// What one policy denies another may grant.
			if now := &changes[i].New; now.Result == policy.Grant || now.Would.Result == policy.Grant {
				uncovered = fmt.Sprintf("policy %s would grant it then (%s): --grant says that this is meant", grantor(now).Policy, grantor(now).Span())
			}
			why = cmp.Or(why, l.more(&changes[i]))
			continue
		}
		rule, err := l.rule(t, cur, w)
		return rule, w.policies, unable{}, err
	}
	switch {
	case forbidden != "":
		return nil, nil, unable{text: forbidden}, nil
	case uncovered != "":
		return nil, nil, unable{text: uncovered}, nil
	case why == "":
		return nil, nil, unable{fmt.Sprintf("the rule that denies it (%s) is written in a way that can't be changed safely", t.denial.Source.Span()), l.byHand(t)}, nil
	}
	return nil, nil, unable{fmt.Sprintf("no small change of policy %s lifts it and nothing else: %s", t.policy.Name, why), l.byHand(t)}, nil
}

// unlike says what helps if a request was none of those that must never be allowed: the fields that are not known tell.
func (l *learner) unlike(b *analysis.Breach) string {
	var names []string
	for _, f := range b.Example.Given.Fields() {
		if l.o.Told.tests[f] == nil && f != kauth.FieldEUID && slices.Contains(telling[:], f) {
			names = append(names, f.String()+"=VALUE")
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "; if the request was another one, say so: " + strings.Join(names, " ")
}

// grantor is where a grant comes from.
func grantor(d *policy.Decision) policy.Source {
	if d.Result == policy.Grant {
		return d.Source
	}
	return d.Would.Source
}

// byHand is the rule to be written by hand, and where.
func (l *learner) byHand(t *task) string {
	p := &proposer{learner: l, task: t}
	list := p.conditions(writer{r: "r", groups: l.o.Groups}, false)
	if t.entry != nil && t.entry.Function != nil {
		return fmt.Sprintf("before the denial at %s: %s", t.denial.Source.Span(), p.text(list))
	}
	lines := p.entryLines(edit.Read("", ""), t.request.Chain()[0], list, "")
	return fmt.Sprintf("in on of policy %s: %s", t.policy.Name, edit.Joined(lines))
}

// rule tells of a change.
func (l *learner) rule(t *task, cur *study.Policies, w *weighed) (*Rule, error) {
	out := &Rule{Policy: t.policy.Name, Request: t.request, Denial: t.denial.Answer, File: w.file, Shape: w.shape, Text: w.candidate.rule, Asked: t.asked, Grants: t.result == policy.Grant, Count: w.count}
	a := t.asked[0]
	x, ok := l.pairOf(t, a.Cell, cur, w)
	if !ok {
		return out, nil
	}
	space := graph.NewSpace(t.request, x.old.Graph, x.new.Graph)
	out.By = graph.Fields(x.old.Graph) | graph.Fields(x.new.Graph)
	d, r, err := x.turns(space)
	if err != nil {
		return out, nil
	}
	var example *policy.Request
	d.RegionsOf(r, turn.opens, func(region graph.Region, _ turn) bool {
		if q, ok := analysis.Example(region); ok {
			if example == nil {
				example = q
			}
			out.Where = append(out.Where, region.String())
		}
		return len(out.Where) < maxWhere
	})
	if example == nil {
		return out, nil
	}
	// The denial as it stands in the files of the beginning.
	for _, g := range l.base.PolicyGraphs(a.Cell, t.request) {
		if o := g.Graph.Eval(example); g.Policy.Name == t.policy.Name && o.Result == policy.Deny {
			out.Denial = o.Answer
		}
	}
	out.Tighter = l.tighter(t, cur, w, example, out.By)
	return out, nil
}

// maxWhere is how many pieces of what is let through are told.
const maxWhere = 8

// pairOf is what the policy of the task says to its request in a cell.
func (l *learner) pairOf(t *task, cell string, cur *study.Policies, w *weighed) (pair, bool) {
	pairs, _ := pairsOf(cur.PolicyGraphs(cell, t.request), w.policies.PolicyGraphs(cell, t.request))
	i := slices.IndexFunc(pairs, func(x pair) bool { return x.old.Policy.Name == t.policy.Name })
	if i < 0 {
		return pair{}, false
	}
	return pairs[i], true
}

// telling are the fields of which one would like to know more, those that say most first.
var telling = [...]kauth.Field{kauth.FieldPort, kauth.FieldAddr, kauth.FieldSignal, kauth.FieldResource, kauth.FieldOp, kauth.FieldIfname, kauth.FieldCmd, kauth.FieldFstype, kauth.FieldFlags,
	kauth.FieldMode, kauth.FieldKind, kauth.FieldMajor, kauth.FieldMinor, kauth.FieldBits, kauth.FieldTargetSameCell, kauth.FieldTargetEUID, kauth.FieldTargetUID, kauth.FieldTargetCell,
	kauth.FieldAutoload, kauth.FieldNice, kauth.FieldMax, kauth.FieldCur, kauth.FieldType, kauth.FieldDomain, kauth.FieldProtocol, kauth.FieldFamily}

// tighter finds the field of which one would like to know more: one that the policies ask about, else any that says what is done.
func (l *learner) tighter(t *task, cur *study.Policies, w *weighed, example *policy.Request, by kauth.FieldSet) *Tighter {
	var fields []kauth.Field
	for _, asked := range []bool{true, false} {
		for _, f := range telling {
			if t.request.Info().Fields.Has(f) && l.o.Told.tests[f] == nil && by.Has(f) == asked {
				fields = append(fields, f)
			}
		}
	}
	for _, f := range fields {
		if f.Info().Kind == kauth.KindBool {
			// What is so says more than what is not.
			yes := *example
			yes.SetInt(f, 1)
			if out := l.tighterBy(f, t, cur, w, &yes); out != nil && out.Count.Sign() > 0 && out.Count.Cmp(out.Of) < 0 {
				return out
			}
		}
		if out := l.tighterBy(f, t, cur, w, example); out != nil && out.Count.Cmp(out.Of) < 0 {
			return out
		}
	}
	return nil
}

// tighterBy is what is let through if the field is as in an example; nil if that can't be said.
func (l *learner) tighterBy(f kauth.Field, t *task, cur *study.Policies, w *weighed, example *policy.Request) *Tighter {
	out := &Tighter{Field: f, Value: strings.Trim(f.FormatValue(example.Int[f]), `"`), Count: new(big.Int), Of: new(big.Int)}
	test := policy.Test{Kind: policy.In, Field: f, Set: interval.Single(example.Int[f])}
	switch f.Info().Kind {
	case kauth.KindAddr:
		if example.Addr.Version == 0 {
			return nil
		}
		test = policy.Test{Kind: policy.Within, Field: f, First: example.Addr, Last: example.Addr}
		out.Value = example.Addr.String()
	case kauth.KindString:
		if example.Text(f) == "" {
			return nil
		}
		test = policy.Test{Kind: policy.Is, Field: f, Text: example.Text(f)}
		out.Value = example.Text(f)
	}
	for _, cell := range l.cells {
		x, ok := l.pairOf(t, cell, cur, w)
		if !ok {
			continue
		}
		d, r, err := x.turns(graph.NewSpace(t.request, x.old.Graph, x.new.Graph, graph.Tests{test}))
		if err != nil {
			return nil
		}
		d.RegionsOf(r, turn.opens, func(region graph.Region, _ turn) bool {
			var part, all *big.Int
			if part, err = region.Restrict(&test, true).Count(); err == nil {
				all, err = region.Count()
			}
			if err == nil {
				out.Count.Add(out.Count, part)
				out.Of.Add(out.Of, all)
			}
			return err == nil
		})
		if err != nil {
			return nil
		}
	}
	return out
}

// needsGrant reports whether a wish is refused by the kernel's other models even if no policy denies it, and is to be granted.
func (l *learner) needsGrant(w *wish, cur *study.Policies) (bool, error) {
	if !l.o.Grant {
		return false, nil
	}
	outcome, err := l.becomes(w.Asked, cur)
	return outcome != "", err
}

// becomes says how the kernel's other models refuse a request, whatever else it has; "" if they do not.
func (l *learner) becomes(a *Asked, p *study.Policies) (string, error) {
	if l.o.Answers == nil {
		return "", nil
	}
	who, err := l.o.Answers(a.Cell, p)
	if err != nil {
		return "", err
	}
	who.Program = analysis.ByNone // as if the policies did not object
	q := &policy.Question{Cell: a.Cell}
	if err := q.Set("request", a.Request.String()); err != nil {
		return "", err
	}
	q.SetInt(kauth.FieldEUID, int64(a.EUID))
	cases, err := p.Becomes(q, who)
	if err != nil {
		return "", err
	}
	text := ""
	for i := range cases {
		for _, o := range []*analysis.Outcome{cases[i].Root, cases[i].User} {
			if o == nil {
				continue
			}
			if o.Profiles != nil || o.Allowed != stock.No {
				return "", nil
			}
			text = o.String()
		}
	}
	return text, nil
}

// finish says what is different, and proves it.
func (l *learner) finish(out *Lesson, wishes []*wish) error {
	was, now := l.base.Set().Sources, out.Policies.Set().Sources
	for _, s := range was {
		if slices.Contains(now, s) || slices.ContainsFunc(out.Files, func(f File) bool { return f.Name == s.File }) {
			continue
		}
		// Of one name there can be several, loaded at different times.
		if i := slices.IndexFunc(now, func(n rules.Source) bool { return n.File == s.File && !slices.Contains(was, n) }); i >= 0 {
			out.Files = append(out.Files, File{s.File, s.Text, now[i].Text})
		}
	}
	var err error
	if out.Difference, err = study.Diff(l.base, out.Policies, l.o.Live, l.cells); err != nil {
		return err
	}
	for _, a := range out.Allowed {
		granted, err := l.anySays(policy.Grant, a, out.Policies.PolicyGraphs(a.Cell, a.Request))
		if err != nil {
			return err
		}
		outcome, err := l.becomes(a, out.Policies)
		if err != nil {
			return err
		}
		if outcome != "" && !a.Audit && !granted {
			out.Refused = append(out.Refused, &Refused{a, outcome, true})
		}
	}
	if len(out.Rules) == 0 {
		return nil
	}
	for _, w := range wishes {
		outcome, err := l.becomes(w.Asked, out.Policies)
		if err != nil {
			return err
		}
		granted := slices.ContainsFunc(out.Rules, func(r *Rule) bool {
			return r.Grants && slices.Contains(r.Asked, w.Asked)
		})
		if outcome != "" && !granted && !w.policy.Audit {
			out.Refused = append(out.Refused, &Refused{w.Asked, outcome, false})
		}
	}
	return l.prove(out, wishes)
}
