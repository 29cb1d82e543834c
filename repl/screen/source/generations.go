package source

import (
	"fmt"
	"strings"
	"time"

	"cellsh/kernel/host"
	"cellsh/repl/human"
	"cellsh/repl/screen/model"
)

func (s *Source) readGenerations(string) (model.Table, error) {
	t := model.Table{Columns: []model.Column{{Title: "GEN", Right: true, Least: 4}, {Title: "LOADED", Least: 8, Rank: 2}, {Title: "STATE", Least: 8, Rank: 1}, {Title: "FROM", Least: 8, Grows: true, Rank: 3}}}
	history, err := s.host.History()
	if host.Hidden(err) {
		t.Note = err.Error()
		return t, nil
	}
	if err != nil {
		return t, err
	}
	if history.Newest() == nil {
		t.Note = "nothing was loaded"
		return t, nil
	}
	now := s.o.Now()
	for i := len(history.Generations) - 1; i >= 0; i-- { // the newest is of most interest
		t.Rows = append(t.Rows, s.generationRow(history, &history.Generations[i], now))
	}
	return t, nil
}

func (s *Source) generationRow(h *host.History, g *host.Generation, now time.Time) model.Row {
	active := h.Active()
	_, differs := h.Instead()
	is := active != nil && active.Number == g.Number
	d := h.Deadline
	waits := d != nil && d.Generation == g.Number && h.Overdue() == nil
	row := model.Row{ID: fmt.Sprint(g.Number)}
	// An audit is never loaded again; and of what a session has declared the text is gone with it.
	row.Subject = model.Generation{Number: g.Number, Active: is && !differs, Waiting: waits && g.Audit == nil, Good: !is && g.Audit == nil && (!g.Session || s.known(g))}
	state := "-"
	switch {
	case waits && g.Audit != nil:
		state, row.Tone = "audit, "+human.Left(d.Left(now))+" left", model.Warning
	case waits:
		state, row.Tone = "confirm, "+human.Left(d.Left(now))+" left", model.Warning
	case is && differs:
		state, row.Tone = "not in the kernel", model.Bad
	case is && g.Lockdown:
		state, row.Tone = "active, lockdown", model.Bad
	case is:
		state, row.Tone = "active", model.Good
	case g.Audit != nil:
		state, row.Tone = "audit, over", model.Faint
	case g.Tentative != 0:
		state, row.Tone = "never confirmed", model.Faint
	}
	loaded := clock(g.Time.In(now.Location()), now)
	origin := human.Origin(g)
	row.Fields = texts(row.ID, loaded, state, origin)
	first := "generation " + row.ID + " was loaded " + g.Time.In(now.Location()).Format(time.DateTime)
	if phase := human.Phase(h, g); phase != "" {
		first += "; " + phase
	}
	row.Detail = texts(first)
	if files := g.Files(); len(files) > 0 {
		row.Detail = append(row.Detail, text("files: "+strings.Join(files, ", ")))
	}
	if g.Of != 0 || g.Lockdown || g.Audit != nil || g.Session {
		row.Detail = append(row.Detail, text(origin))
	}
	if d != nil && waits {
		back := "nothing"
		if d.Back != 0 {
			back = fmt.Sprintf("generation %d", d.Back)
		}
		row.Detail = append(row.Detail, text("then "+back+" is loaded again"))
	}
	return row
}

// known reports whether the policies of a generation are known yet.
func (s *Source) known(g *host.Generation) bool {
	_, err := s.host.GenerationPolicies(g.Number)
	return err == nil
}
