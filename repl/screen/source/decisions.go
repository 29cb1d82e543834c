package source

import (
	"fmt"
	"strings"
	"time"

	"cellsh/kernel/host"
	"cellsh/policy"
	"cellsh/repl/human"
	"cellsh/repl/screen/model"
)

// maxDecisions is how many are kept.
const maxDecisions = 2000

// decisions are those that were told so far.
type decisions struct {
	log  *host.Log
	list []decided
	// n numbers them, as the kernel may begin to count anew.
	n int
	// missing says what is not there, and lost how many are not kept any more.
	missing []string
	lost    uint64
}

// decided is a decision with its row.
type decided struct {
	row          model.Row
	cell, policy string
}

// on goes on with another look at the kernel.
func (d *decisions) on(h *host.Host) {
	if d.log != nil {
		d.log.On(h)
	}
}

func (s *Source) readDecisions(of string) (model.Table, error) {
	t := model.Table{Columns: []model.Column{{Title: "TIME", Least: 8, Rank: 3}, {Title: "CELL", Least: 6, Rank: 1}, {Title: "REQUEST", Least: 14, Grows: true}, {Title: "EUID", Right: true, Least: 4, Rank: 4},
		{Title: "RESULT", Least: 6, Rank: 2}, {Title: "BY", Least: 6, Rank: 5}, {Title: "WHERE", Least: 8, Rank: 6}}}
	d := &s.decisions
	if d.log == nil {
		d.log = s.host.Log(0)
	}
	b, err := d.log.Next()
	if err != nil {
		return t, err
	}
	d.take(&b, s.o.Now())
	by, err := s.limited(of)
	if err != nil {
		return t, err
	}
	for i := range d.list {
		if x := &d.list[i]; of == "" || by == byCell && x.cell == of || by == byPolicy && x.policy == of {
			t.Rows = append(t.Rows, x.row)
		}
	}
	notes := d.missing
	if d.lost > 0 {
		notes = append([]string{human.Gap{Lost: d.lost}.String()}, notes...)
	}
	if text := human.Silence(&b); text != "" {
		notes = append([]string{text}, notes...)
	}
	if len(t.Rows) == 0 && len(notes) == 0 {
		notes = []string{"no decisions are kept"}
	}
	t.Note = strings.Join(notes, "; ")
	return t, nil
}

// take adds what has come.
func (d *decisions) take(b *host.Batch, now time.Time) {
	for _, g := range human.Gaps(b) {
		if g.Lost > 0 {
			d.lost += g.Lost
		} else if text := g.String() + " (" + clock(now, now) + ")"; len(d.missing) < 3 {
			d.missing = append(d.missing, text)
		} else {
			d.missing = append(d.missing[1:], text)
		}
	}
	for i := range b.List {
		if len(d.list) >= 2*maxDecisions {
			d.list = append([]decided(nil), d.list[len(d.list)-maxDecisions:]...)
		}
		d.n++
		r := &b.List[i]
		a := human.Told(r)
		d.list = append(d.list, decided{decisionRow(r, a, d.n, now), r.Name, a.Source.Policy})
	}
}

func decisionRow(r *host.Recorded, a *policy.Answer, n int, now time.Time) model.Row {
	row := model.Row{ID: fmt.Sprint(n)}
	subject := model.Decision{Cell: r.Name, EUID: r.EUID(), Policy: a.Source.Policy, File: a.Source.File, Line: a.Source.Line}
	ids := r.Requests()
	if len(ids) > 0 {
		subject.Request = ids[0].String()
	}
	subject.Unsure = len(ids) != 1
	by := a.Source.Policy
	why := a.Reason
	switch e := r.Event; {
	case e == nil:
		subject.Denied, subject.Profile = true, true
		by, why = "secmodel_cell", "by secmodel_cell itself, which logs at most one such denial a second"
		if len(ids) == 0 {
			why += ": " + r.Denial.Text
		}
	case e.Fallback:
		by = "the fallback"
		subject.Denied = e.Result == policy.Deny
	default:
		subject.Denied = e.Result == policy.Deny
		subject.Would = !subject.Denied && a == &e.Would && a.Result == policy.Deny
	}
	if by == "" {
		by = "-"
	}
	switch {
	case subject.Denied && (r.Event == nil || !r.Event.Probe):
		row.Tone = model.Bad
	case subject.Would:
		row.Tone = model.Warning
	case a.Result == policy.Grant:
		row.Tone = model.Good
	}
	row.Subject = subject
	at := r.At().In(now.Location())
	row.Fields = texts(clock(at, now), human.Caller(r), human.Asked(r), fmt.Sprint(r.EUID()), human.Result(r), by, place(a.Source.Span()))
	who := fmt.Sprintf("%s in %s by euid %d", human.Asked(r), human.Caller(r), r.EUID())
	if e := r.Event; e != nil {
		who += fmt.Sprintf(", process %d", e.PID)
	}
	row.Detail = texts(human.Result(r)+": "+who, at.Format("2006-01-02 15:04:05.000"))
	if why != "" {
		row.Detail = append(row.Detail, text(why))
	}
	if a.Source.Policy != "" {
		row.Detail = append(row.Detail, text(fmt.Sprintf("policy %s, %s", a.Source.Policy, a.Source.Span())))
	}
	if e := r.Event; e != nil && e.Generation != 0 {
		row.Detail = append(row.Detail, text(fmt.Sprintf("decision %d, under generation %d", e.Sequence, e.Generation)))
	}
	return row
}
