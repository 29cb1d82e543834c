package source

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"cellsh/kernel"
	"cellsh/kernel/host"
	"cellsh/policy"
	"cellsh/policy/analysis"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
	"cellsh/policy/study"
	"cellsh/repl/screen/model"
)

// outlines are what policies say, by the cell or policy that a place is limited to.
type outlines map[string]*outline

// outline is what a set of policies and what is pending beside it say.
type outline struct {
	by      limit
	loaded  *study.Policies // nil for none that are known
	pending *rules.Set
	rows    []model.Row
}

// maxOutlines is of how many places they are kept.
const maxOutlines = 8

// is reports whether the outline is of these policies, limited so.
func (o *outline) is(by limit, loaded *study.Policies, pending *rules.Set) bool {
	return o != nil && o.by == by && (o.loaded == loaded || empty(o.loaded) && empty(loaded)) &&
		slices.Equal(o.pending.Policies, pending.Policies) && slices.Equal(o.pending.Nevers, pending.Nevers)
}

// empty reports whether there are no policies at all: a host makes such a set anew each time.
func empty(p *study.Policies) bool {
	return p != nil && len(p.Set().Policies)+len(p.Set().Nevers) == 0
}

// limit is what a place is limited to.
type limit uint8

const (
	byNothing limit = iota
	byCell
	byPolicy
)

// limited says what the name that a place is limited to stands for: a cell that exists, else a policy, else a cell that is gone.
func (s *Source) limited(of string) (limit, error) {
	if of == "" {
		return byNothing, nil
	}
	_, exists, err := kernel.Find(s.host.Kernel, of)
	if err != nil || exists {
		return byCell, err
	}
	p, err := s.host.Policies()
	if err == nil && named(p.Set(), of) != nil || named(s.pending(), of) != nil {
		return byPolicy, nil
	}
	return byCell, nil
}

// named is the policy of a name, nil if there is none.
func named(set *rules.Set, name string) *rules.Policy {
	for _, p := range set.Policies {
		if p.Name == name {
			return p
		}
	}
	return nil
}

func (s *Source) readPolicies(of string) (model.Table, error) {
	t := model.Table{Columns: []model.Column{{Title: "POLICY", Least: 16, Grows: true}, {Title: "DECISION", Least: 12, Grows: true, Rank: 1}, {Title: "WHERE", Least: 8, Rank: 2}}}
	by, err := s.limited(of)
	if err != nil {
		return t, err
	}
	p, err := s.host.Enforced()
	if by == byCell {
		p, err = s.host.Policies() // an audit is so in the cell
	}
	var notes []string
	switch {
	case host.Hidden(err):
		notes = append(notes, err.Error())
		p = nil
	case err != nil:
		return t, err
	}
	o, pending := s.policies[of], s.pending()
	if !o.is(by, p, pending) {
		o = &outline{by: by, loaded: p, pending: pending}
		switch {
		case by != byCell:
			o.rows = o.policyRows(s.sees.Info().Vocabulary, of)
		case p != nil:
			o.rows = cellRows(p, of)
		}
		if len(s.policies) >= maxOutlines {
			clear(s.policies)
		}
		s.policies[of] = o
	}
	rows := o.rows
	t.Rows = rows[:len(rows):len(rows)]
	if by == byCell && p != nil {
		standing, err := s.host.StandingOf(of, p, false)
		if err != nil {
			return t, err
		}
		if m := standing.Missing(); m != "" {
			notes = append(notes, m+": this is what one of that name would get")
		}
		notes = append(notes, standing.Who())
		if p.Set().Audits(of) {
			notes = append(notes, "it is audited: nothing is refused, and what would be is recorded")
		}
	} else if by != byCell && !s.host.Evaluates() && len(rows) > 0 {
		notes = append(notes, "this kernel asks no programs: policies choose how cells are made")
	}
	if len(rows) == 0 && notes == nil {
		notes = append(notes, "no policy is loaded")
	}
	t.Note = strings.Join(notes, "; ")
	return t, nil
}

// policyRows are the policies and assertions that are loaded, and those that are pending; or those of one name.
func (o *outline) policyRows(v *kauth.Vocabulary, name string) []model.Row {
	var rows []model.Row
	add := func(set *rules.Set, pending bool) {
		for _, p := range set.Policies {
			if name == "" || p.Name == name {
				rows = append(rows, o.policyRow(p, pending))
				rows = append(rows, ruleRows(v, p, pending)...)
			}
		}
		for _, n := range set.Nevers {
			if name == "" {
				rows = append(rows, neverRow(n, pending))
			}
		}
	}
	if o.loaded != nil {
		add(o.loaded.Set(), false)
	}
	add(o.pending, true)
	return rows
}

// id tells what is pending from what is loaded.
func id(kind, name string, pending bool) string {
	if pending {
		kind += " pending"
	}
	return kind + ":" + name
}

func (o *outline) policyRow(p *rules.Policy, pending bool) model.Row {
	cells := globText(p.Cells)
	what := cells
	row := model.Row{ID: id("policy", p.Name, pending), Subject: model.Policy{Name: p.Name, Cells: globs(p.Cells), File: p.Span.File, Line: p.Span.Line, Pending: pending}}
	if p.Audit {
		what += ", mode audit"
	}
	if pending {
		row.Tone = model.Warning
		what += ", pending"
		if o.loaded != nil && named(o.loaded.Set(), p.Name) != nil {
			what += ", replaces the loaded one"
		}
	}
	row.Fields = texts(p.Name, what, place(p.Span))
	row.Detail = texts("policy "+p.Name+" for "+cells, p.Span.String())
	if p.Audit {
		row.Detail = append(row.Detail, text("mode audit: it refuses nothing, and what it would refuse is recorded"))
	}
	for _, b := range analysis.BudgetsOf([]*rules.Policy{p}) {
		row.Detail = append(row.Detail, text("budget "+b.String()))
	}
	return row
}

func globs(list []rules.Glob) []string {
	var out []string
	for _, g := range list {
		out = append(out, g.Pattern)
	}
	return out
}

// globText names the cells that something is for.
func globText(list []rules.Glob) string {
	if list == nil {
		return "all cells"
	}
	return "cells " + strings.Join(globs(list), ", ")
}

func neverRow(n *rules.Never, pending bool) model.Row {
	var names []string
	for _, p := range n.Patterns {
		names = append(names, p.String())
	}
	what := "never " + strings.Join(names, ", ")
	if n.Where != nil {
		what += ", where its function says so"
	}
	row := model.Row{ID: id("never", n.Title, pending), Subject: model.Rule{Request: names[0], File: n.Span.File, Line: n.Span.Line}}
	row.Detail = texts("never: "+n.Title, what+", in "+globText(n.Cells), n.Span.String())
	title := n.Title
	if pending {
		title += ", pending"
		row.Tone = model.Warning
	}
	row.Fields = texts("never", title, place(n.Span)) // titles are sentences
	return row
}

// ruleRows are what a policy says by itself to the requests that it asks about, and to all others if it says that.
func ruleRows(v *kauth.Vocabulary, p *rules.Policy, pending bool) []model.Row {
	cell := "cell-1"
	if len(p.Cells) > 0 {
		cell = p.Cells[0].Sample()
	}
	c := rules.NewCompiler(&rules.Set{Policies: []*rules.Policy{p}}, rules.Options{Vocabulary: v})
	var list []sentence
	for _, id := range c.Requests() {
		e := entryOf(p, id)
		if e == nil && p.Budget.Procs == nil {
			continue // nothing but the default answers
		}
		x, _ := sentenceOf(c, cell, id)
		if e == nil && x.alone {
			continue
		}
		if e != nil && x.at.File == "" {
			x.at = e.Span
		}
		list = append(list, x)
	}
	t := treeOf{id: id("policy", p.Name, pending), policy: p.Name, depth: 1, asked: c.Requests()}
	rows := t.rows(list)
	if d := p.Default; d.Span != (diag.Span{}) {
		said := p.Decision(rules.Outcome{Answer: policy.Answer{Result: d.Result, Source: policy.Source{Policy: p.Name, File: d.Span.File, Line: d.Span.Line}}})
		what := decisionText(&said)
		rows = append(rows, model.Row{ID: t.id + "/default", Depth: 1, Fields: texts("everything else", what, place(d.Span)),
			Subject: model.Rule{Policy: p.Name, File: d.Span.File, Line: d.Span.Line}, Detail: texts("all that no rule answers: "+what, d.Span.String())})
	}
	return rows
}

// entryOf is the entry that a policy asks first about a request, nil for none.
func entryOf(p *rules.Policy, id kauth.RequestID) *rules.Entry {
	for _, pattern := range id.Chain() {
		for i := range p.Entries {
			if p.Entries[i].Pattern == pattern {
				return &p.Entries[i]
			}
		}
	}
	return nil
}

// cellRows are what the policies together decide for a cell, where they say anything.
func cellRows(p *study.Policies, cell string) []model.Row {
	var list []sentence
	for _, id := range p.Requests() {
		if x, says := sentenceOf(p.Compiler, cell, id); says {
			list = append(list, x)
		}
	}
	t := treeOf{id: "cell:" + cell, asked: p.Requests()}
	rows := t.rows(list)
	for _, n := range p.Set().Nevers {
		if n.AppliesTo(cell) {
			rows = append(rows, neverRow(n, false))
		}
	}
	return rows
}

// sentence is what is said to a request, in words.
type sentence struct {
	request kauth.RequestID
	text    string
	// at is where the answer is, and policy who gives it: of several the first that is no rest.
	at     diag.Span
	policy string
	// alone says that it is one answer for all of them.
	alone bool
	// cases are told one by one where the text does not say it all, and detail are further lines.
	cases  []sentenceCase
	detail []string
	tone   model.Tone
}

// sentenceCase is what is decided for some of the requests, and why.
type sentenceCase struct {
	where, text, reason string
	at                  diag.Span
	policy              string
}

// String says all of it in a line.
func (c *sentenceCase) String() string {
	line := c.where + ": " + c.text
	if c.reason != "" {
		line += fmt.Sprintf(" %q", c.reason)
	}
	return line
}

// shortest is how long a condition may be to stand in a line with what follows from it, and mostCases how many cases are told.
const (
	shortest  = 44
	mostCases = 12
)

// sentenceOf puts into words what is said to a request; says is false if that is nothing.
func sentenceOf(c *rules.Compiler, cell string, id kauth.RequestID) (x sentence, says bool) {
	x.request = id
	v, err := analysis.VerdictOf(c, cell, id)
	switch {
	case errors.Is(err, graph.ErrTooLarge):
		x.text = "depends on more cases than can be told"
		return x, true
	case err != nil:
		x.text, x.tone = err.Error(), model.Bad
		return x, true
	case v.Faulty:
		x.text, x.tone = "not decided: a function fails", model.Bad
		x.detail = []string{"check says where and for which requests"}
		return x, true
	}
	for i := range v.Parts {
		if d := &v.Parts[i].Decision; !d.Implicit() || d.Would.Result != policy.Pass || d.Record {
			says = true
		}
	}
	first := &v.Parts[0]
	a := answerOf(&first.Decision)
	x.at, x.policy = a.Source.Span(), a.Source.Policy
	if len(v.Parts) == 1 {
		x.alone = true
		x.text = decisionText(&first.Decision)
		if a.Reason != "" {
			x.detail = []string{a.Reason}
		}
		return x, says
	}
	rest := &v.Parts[len(v.Parts)-1]
	var all []sentenceCase
	for i := range v.Parts {
		part := &v.Parts[i]
		a := answerOf(&part.Decision)
		one := sentenceCase{text: decisionText(&part.Decision), reason: a.Reason, at: a.Source.Span(), policy: a.Source.Policy}
		if part == rest {
			one.where = "otherwise"
			all = append(all, one)
			break
		}
		for _, where := range part.Where() {
			one.where = "if " + where
			all = append(all, one)
		}
	}
	if len(v.Parts) == 2 && len(first.Regions) == 1 && len(all[0].where) <= shortest {
		x.text = decisionText(&first.Decision) + " " + all[0].where + ", else " + decisionText(&rest.Decision)
		for i := range all {
			c := &all[i]
			line := c.String()
			if c.at.File != "" {
				line += ", " + c.at.String()
			}
			x.detail = append(x.detail, line)
		}
		return x, says
	}
	var fields []string
	for _, f := range v.Depends.Fields() {
		fields = append(fields, f.String())
	}
	x.text = "depends on " + strings.Join(fields, ", ")
	if n := len(all); n > mostCases {
		all = append(all[:mostCases-1:mostCases-1], sentenceCase{where: "can CELL REQUEST tells them", text: fmt.Sprintf("%d cases more", n-mostCases+1)})
	}
	x.cases = all
	return x, says
}

// answerOf is the answer that there is something to tell of.
func answerOf(d *policy.Decision) *policy.Answer {
	if d.Implicit() && d.Would.Result != policy.Pass {
		return &d.Would
	}
	return &d.Answer
}

// decisionText says what is decided. What policies in audit mode would say is told where nothing else is said.
func decisionText(d *policy.Decision) string {
	text := d.Result.String()
	if d.Would.Result != policy.Pass {
		switch {
		case d.Implicit():
			text = "would " + d.Would.Result.String()
		case d.Result != policy.Deny:
			text += ", would " + d.Would.Result.String()
		}
	}
	if d.Record {
		text += ", recorded"
	}
	return text
}

// same reports whether the same is said by both.
func (x *sentence) same(y *sentence) bool {
	return x.text == y.text && x.at == y.at && x.policy == y.policy && x.tone == y.tone && slices.Equal(x.cases, y.cases) && slices.Equal(x.detail, y.detail)
}

// treeOf makes rows of what is said to requests: below scopes, actions, and where the same is said to all requests of one of these, it is
// said there.
type treeOf struct {
	id, policy string
	depth      int
	// asked are the requests that policies are asked.
	asked []kauth.RequestID
}

// rows takes sentences in the order of requests.
func (t *treeOf) rows(list []sentence) []model.Row {
	return t.below(list, kauth.LevelScope)
}

// below makes rows for the patterns of a level, and those below them.
func (t *treeOf) below(list []sentence, level kauth.Level) []model.Row {
	var rows []model.Row
	for len(list) > 0 {
		p := patternOf(list[0].request, level)
		n := 1
		for n < len(list) && p.Matches(list[n].request) {
			n++
		}
		group := list[:n]
		list = list[n:]
		whole := true
		for i := range group {
			whole = whole && group[i].same(&group[0])
		}
		if whole && n == t.count(p) || level == kauth.LevelReq {
			rows = append(rows, t.leaf(p, level, &group[0], n)...)
			continue
		}
		rows = append(rows, model.Row{ID: t.id + "/" + p.String(), Depth: t.depth + int(level-kauth.LevelScope), Fields: texts(last(p.String()), "", ""), Detail: texts(p.String())})
		rows = append(rows, t.below(group, level+1)...)
	}
	return rows
}

// patternOf is the pattern of a level that has the request. The action itself is below the action where others are, too.
func patternOf(id kauth.RequestID, level kauth.Level) kauth.Pattern {
	chain := id.Chain()
	return chain[max(0, len(chain)-1-int(level-kauth.LevelScope))]
}

// count is how many requests of a pattern are asked.
func (t *treeOf) count(p kauth.Pattern) int {
	n := 0
	for _, id := range t.asked {
		if p.Matches(id) {
			n++
		}
	}
	return n
}

// last is the last part of a name.
func last(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// leaf is the row of what is said to n requests, and those of its cases.
func (t *treeOf) leaf(p kauth.Pattern, level kauth.Level, x *sentence, n int) []model.Row {
	name := p.String()
	if n == 1 {
		name = x.request.String()
	}
	at := t.id + "/" + p.String()
	shown := last(p.String())
	if level == kauth.LevelReq && p.Level() != kauth.LevelReq {
		at, shown = at+"/", "(no request code)"
	}
	rule := func(by string, span diag.Span) model.Rule {
		if by == "" {
			by = t.policy
		}
		return model.Rule{Policy: by, Request: name, File: span.File, Line: span.Line}
	}
	depth := t.depth + int(level-kauth.LevelScope)
	row := model.Row{ID: at, Depth: depth, Fields: texts(shown, x.text, place(x.at)), Tone: x.tone, Subject: rule(x.policy, x.at), Detail: texts(name + ": " + x.text)}
	if x.at.File != "" {
		row.Detail = append(row.Detail, text(t.by(x.policy, x.at)))
	}
	row.Detail = append(row.Detail, texts(x.detail...)...)
	rows := []model.Row{row}
	for i := range x.cases {
		c := &x.cases[i]
		where := c.where
		if c.reason != "" {
			where += fmt.Sprintf(" %q", c.reason)
		}
		row := model.Row{ID: fmt.Sprintf("%s#%d", at, i), Depth: depth + 1, Fields: texts(c.text, where, place(c.at)), Subject: rule(c.policy, c.at), Detail: texts(name + ", " + c.String())}
		if c.at.File != "" {
			row.Detail = append(row.Detail, text(t.by(c.policy, c.at)))
		}
		rows = append(rows, row)
	}
	return rows
}

// by says where an answer is, and of which policy unless the tree is of one.
func (t *treeOf) by(policy string, at diag.Span) string {
	if t.policy != "" {
		return at.String()
	}
	return "policy " + policy + ", " + at.String()
}
