package change

import (
	"slices"
	"strings"

	"cellsh/kernel"
	"cellsh/kernel/host"
	"cellsh/lua/learn"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/study"
	"cellsh/repl/command"
	"cellsh/repl/screen/model"
)

// Learn finds the smallest change of the loaded policies that allows a decision, as the command learn does; while an audit runs, of those
// that come again after it. Where there is none the proposal has no files, and its text says why, and what helps instead. The error is a
// diag.List, or a *policy.KeyError about what is known.
func (c *Changer) Learn(l model.Learn) (*model.Proposal, error) {
	base, err := c.Host.Enforced()
	if err != nil {
		return nil, err
	}
	list, err := c.recorded(l.Decision, base)
	if err != nil {
		return nil, err
	}
	o, err := learn.On(c.Host, c.Reader, false)
	if err != nil {
		return nil, err
	}
	var errs policy.Errors
	for _, word := range strings.Fields(l.Known) {
		errs.Add(o.Told.Tell(word, c.Reader.Groups))
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	o.AnyCell, o.AnyUser, o.Grant = l.AnyCell, l.AnyUser, l.Grant
	asked, others := learn.Fold(list)
	lesson, err := learn.Learn(base, asked, o)
	if err != nil {
		return nil, err
	}
	text := command.LessonText(lesson, others, "F6")
	p := &model.Proposal{Title: "allow " + l.Decision.Request + " in " + l.Decision.Cell}
	if len(lesson.Files) == 0 {
		p.Title = "no change for " + l.Decision.Request + " in " + l.Decision.Cell
		p.Text = text
		return p, nil
	}
	for _, r := range lesson.Rules {
		if t := r.Tighter; t != nil && p.Tighter == "" {
			p.Tighter = t.Field.String() + "=" + t.Value
		}
	}
	head := ""
	if p.Tighter != "" {
		head = "The kernel has not kept all of the request. Who knows more, F6, lets through less: " + p.Tighter + ", say."
	}
	return c.propose(p, lesson.Files, lesson.Policies, false, false, head, text)
}

// recorded are the decisions of the kernel that look like this one, each as far as it is about it. One that the kernel has no more is made
// up of what the screen had of it: its reason then is one that the line gives now.
func (c *Changer) recorded(d model.Decision, base *study.Policies) ([]host.Recorded, error) {
	batch, err := c.Host.Log(0).Next()
	if err != nil {
		return nil, err
	}
	var out []host.Recorded
	for _, r := range batch.List {
		if r.Name != d.Cell || r.EUID() != d.EUID || !asks(&r, d.Request) {
			continue
		}
		if r.Event == nil {
			if d.Profile {
				out = append(out, r)
			}
			continue
		}
		e := *r.Event
		at := &e.Answer
		if d.Would {
			at = &e.Would
			e.Answer = policy.Answer{Result: policy.Allow}
		} else {
			e.Would = policy.Answer{}
		}
		if at.Result == policy.Deny && at.Source == (policy.Source{Policy: d.Policy, File: d.File, Line: d.Line}) {
			out = append(out, host.Recorded{Event: &e, Name: r.Name, Started: r.Started})
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	id, ok := kauth.Find(d.Request)
	if d.Policy == "" || !ok {
		return nil, diag.List{{Code: diag.Failed, Message: "the decision must be one that the kernel still has, but is not, and no policy made it", Hint: "look at what is denied now"}}
	}
	source := policy.Source{Policy: d.Policy, File: d.File, Line: d.Line}
	reasons := []string{}
	for _, g := range base.PolicyGraphs(d.Cell, id) {
		for _, o := range g.Graph.Leaves {
			if o.Fault == nil && o.Result == policy.Deny && o.Source == source && !slices.Contains(reasons, o.Reason) {
				reasons = append(reasons, o.Reason)
			}
		}
	}
	if len(reasons) == 0 {
		reasons = []string{""}
	}
	for _, reason := range reasons {
		a := policy.Answer{Result: policy.Deny, Reason: reason, Source: source}
		e := &kernel.Event{Name: d.Cell, EUID: d.EUID, Request: id, Decision: policy.Decision{Answer: a}}
		if d.Would {
			e.Decision = policy.Decision{Answer: policy.Answer{Result: policy.Allow}, Would: a}
		}
		out = append(out, host.Recorded{Event: e, Name: d.Cell})
	}
	return out, nil
}

// asks reports whether a decision can be about a request, which is "" where nothing is known of it.
func asks(r *host.Recorded, request string) bool {
	ids := r.Requests()
	return len(ids) == 0 && request == "" || slices.ContainsFunc(ids, func(id kauth.RequestID) bool { return id.String() == request })
}
