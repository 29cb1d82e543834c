package change

import (
	"fmt"
	"slices"
	"strings"

	"cellsh/lua/edit"
	"cellsh/lua/learn"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
	"cellsh/policy/study"
	"cellsh/repl/screen/model"
	"cellsh/repl/show"
)

// Rewrite gives a loaded policy another name, or other cells, which are separated by spaces or commas; "" leaves what it is. The proposal
// shows what each cell that exists loses and gets by that, and what is decided otherwise. The error is a diag.List: what must never be
// allowed, or would be no policy, is refused, and so is what is not written in the file but calculated.
func (c *Changer) Rewrite(r model.Rewrite) (*model.Proposal, error) {
	base, err := c.Host.Enforced()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(base.Set().Policies, func(p *rules.Policy) bool { return p.Name == r.Policy })
	if i < 0 {
		return nil, failed(diag.Span{}, fmt.Sprintf("a policy must be loaded to be changed, but there is none called %s", r.Policy), diag.DidYouMean(r.Policy, base.Set().Names()))
	}
	p := base.Set().Policies[i]
	j := slices.IndexFunc(base.Set().Sources, func(s rules.Source) bool { return s.File == p.Span.File })
	if j < 0 {
		return nil, failed(p.Span, fmt.Sprintf("policy %s must come from a file to be changed, but was declared in a session", p.Name), "declare it anew")
	}
	source := base.Set().Sources[j]
	name := r.Name
	if name == p.Name {
		name = ""
	}
	cells := strings.FieldsFunc(r.Cells, func(r rune) bool { return r == ' ' || r == ',' })
	if len(cells) == 0 || slices.Equal(cells, patterns(p.Cells)) {
		cells = nil
	}
	if name == "" && cells == nil {
		return nil, failed(p.Span, fmt.Sprintf("policy %s must get another name or other cells, but would stay as it is", p.Name), "")
	}
	after, err := edit.RewritePolicy(edit.Read(source.File, source.Text), p.Span, name, cells)
	if err != nil {
		return nil, err
	}
	now, err := c.Host.Rewritten(map[string]string{source.File: after})
	if err != nil {
		return nil, err
	}
	if now.Loading.Failed() {
		return nil, now.Loading
	}
	if want := expected(base, p, name, cells); !slices.Equal(want, declared(now)) {
		return nil, failed(p.Span, fmt.Sprintf("the change must be for policy %s alone, but what is written there is for others too, or is left out of what is loaded", p.Name), "change it by hand")
	}
	check, err := c.Host.Check(now)
	if err != nil {
		return nil, err
	}
	if check.Problems.Failed() {
		return nil, check.Problems
	}
	out := &model.Proposal{Title: "change policy " + p.Name}
	return c.propose(out, []learn.File{{Name: source.File, Before: source.Text, After: after}}, now, true, false, "", show.Difference(source.File, source.Text, after))
}

// expected is what is declared when a policy alone has another name or other cells.
func expected(base *study.Policies, p *rules.Policy, name string, cells []string) []string {
	set := *base.Set()
	set.Policies = slices.Clone(set.Policies)
	q := *p
	if name != "" {
		q.Name = name
	}
	if cells != nil {
		q.Cells = nil
		for _, c := range cells {
			q.Cells = append(q.Cells, rules.Glob{Pattern: c})
		}
	}
	set.Policies[slices.Index(set.Policies, p)] = &q
	return declaredIn(&set)
}

func failed(at diag.Span, message, hint string) error {
	return diag.List{{Span: at, Code: diag.Failed, Message: message, Hint: hint}}
}
