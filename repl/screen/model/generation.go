package model

import (
	"fmt"
	"time"
)

// generationActions are what can be done with generations.
func generationActions() []Action {
	return []Action{
		{Label: "View", Name: "its sources as they were loaded", key: 3, ready: one(func(m *Model, g Generation) []Effect {
			return m.page(fmt.Sprintf("generation %d", g.Number), "show", word(g))
		})},
		{Label: "Diff", Name: "what loading it would change, or has changed; of two that are selected what differs", key: 5, ready: diff},
		{Label: "Confrm", Name: "keep it, which was loaded with --confirm", key: 7, changes: true, ready: oneOf(func(g Generation) bool { return g.Waiting }, func(m *Model, g Generation) []Effect { return m.confirmNumber(g.Number) })},
		{Label: "RollBk", Name: "load it again, as a new one", key: 8, changes: true, ready: oneOf(func(g Generation) bool { return g.Good && !g.Active }, (*Model).rollBackTo)},
		{Label: "RollBk", Name: "go back from it to what was loaded before", key: 8, changes: true, ready: oneOf(func(g Generation) bool { return g.Waiting }, func(m *Model, _ Generation) []Effect { return m.rollBack() })},
	}
}

// diff compares generations.
func diff(m *Model) func() []Effect {
	var all []uint64
	for _, s := range m.Panel().Subjects() {
		if g, is := s.(Generation); is {
			all = append(all, g.Number)
		}
	}
	r := m.Panel().Row()
	if len(all) == 0 || len(all) > 2 || r == nil {
		return nil
	}
	if g, is := r.Subject.(Generation); is && len(all) == 1 && all[0] == g.Number && g.Active {
		// The one before it.
		before := uint64(0)
		for i := range m.Panel().Table.Rows {
			if x, is := m.Panel().Table.Rows[i].Subject.(Generation); is && x.Number < g.Number {
				before = max(before, x.Number)
			}
		}
		if before == 0 {
			return nil
		}
		all = []uint64{before, g.Number}
	}
	if len(all) == 2 && all[0] > all[1] {
		all[0], all[1] = all[1], all[0]
	}
	title, args := "what changes from", []string{}
	for i, n := range all {
		if i == 1 {
			title += " to"
		}
		title += fmt.Sprintf(" generation %d", n)
		args = append(args, fmt.Sprint(n))
	}
	if len(all) == 1 {
		title = fmt.Sprintf("what generation %d would change", all[0])
	}
	return func() []Effect { return m.page(title, words("diff", []string{"--generations"}, args...)...) }
}

// waits reports whether a generation waits to be confirmed.
func (m *Model) waits() bool { return !m.Status.Confirm.IsZero() }

func (m *Model) confirm() []Effect { return m.confirmNumber(m.Status.Generation) }

func confirmWords(n uint64) []Effect {
	return run(fmt.Sprintf("confirm generation %d", n), []string{"confirm", fmt.Sprint(n)})
}

func (m *Model) confirmNumber(n uint64) []Effect { return m.do(confirmWords(n)) }

// rollBack asks about going back to what was loaded before.
func (m *Model) rollBack() []Effect {
	text := "Load again what was loaded before and needs no confirmation?"
	if m.waits() && m.Status.Back != 0 {
		text = fmt.Sprintf("Load again what was loaded before generation %d, which is generation %d?", m.Status.Generation, m.Status.Back)
	}
	return m.question("Roll back", text, Choice{"Roll back", run("roll back", m.backWords())})
}

// backWords are the command that goes back. What it goes back from may be over by the time that somebody has answered: then it
// must not go one further back.
func (m *Model) backWords() []string {
	if m.waits() && m.Status.Back != 0 {
		return []string{"rollback", fmt.Sprint(m.Status.Back)}
	}
	return []string{"rollback"}
}

// rollBackTo asks about going back to a generation.
func (m *Model) rollBackTo(g Generation) []Effect {
	return m.question("Roll back", fmt.Sprintf("Load generation %d again, as a new one?", g.Number), Choice{"Roll back", run(fmt.Sprintf("roll back to generation %d", g.Number), []string{"rollback", fmt.Sprint(g.Number)})})
}

// remind asks once about a generation that waits to be confirmed, when nothing else is being done, and no more once it does not wait.
func (m *Model) remind() {
	if m.reminder != nil && (!m.waits() || m.Status.Generation != m.reminded) {
		m.close(m.reminder)
		m.reminder = nil
	}
	if !m.waits() || m.Status.ReadOnly || m.Status.Generation == m.reminded || m.Dialog() != nil || m.Line.Text() != "" || m.Panel().Finding() || m.Job != nil {
		return
	}
	m.reminded = m.Status.Generation
	m.reminder = &Question{
		Title: "Confirm",
		Text: fmt.Sprintf("Generation %d is loaded until %s, and then goes away unless it is confirmed. Does everything still work?",
			m.Status.Generation, m.Status.Confirm.Format(time.TimeOnly)),
		Choices: []Choice{{"Confirm", confirmWords(m.Status.Generation)}, {"Roll back", run("roll back", m.backWords())}, {"Later", nil}},
		chosen:  2, sudden: true,
	}
	m.Open(m.reminder)
}
