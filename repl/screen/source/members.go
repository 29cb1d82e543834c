package source

import (
	"errors"
	"fmt"

	"cellsh/kernel"
	"cellsh/kernel/process"
	"cellsh/repl/human"
	"cellsh/repl/screen/model"
)

func (s *Source) readMembers(name string) (model.Table, error) {
	t := model.Table{Columns: []model.Column{{Title: "COMMAND", Least: 12, Grows: true}, {Title: "PID", Right: true, Least: 5, Rank: 1}, {Title: "UID", Right: true, Least: 4, Rank: 2},
		{Title: "STATE", Least: 8, Rank: 3}, {Title: "MEMORY", Right: true, Least: 6, Rank: 4}, {Title: "TIME", Right: true, Least: 6, Rank: 5}}}
	c, err := s.host.Cell("see the members of cell "+name, name)
	if err != nil {
		return t, err
	}
	list, err := s.sees.Members.Processes(c)
	// What this system, or this caller, can't be told is no fault of the cell's.
	if errors.As(err, new(*kernel.UnsupportedError)) || errors.As(err, new(*kernel.Error)) {
		t.Note = err.Error()
		return t, nil
	}
	if err != nil {
		return t, err
	}
	t.Rows = tree(list, c.Name)
	switch {
	case len(list) > 0:
	case c.Processes > 0 && !s.sees.Info().Simulated:
		t.Note = fmt.Sprintf("no process can be seen, but the kernel has counted %d: a policy that denies process.cansee to the cell hides them", c.Processes)
	case s.sees.Info().Simulated:
		t.Note = "no process: in a simulated kernel only what cellsh has started for the cell is seen"
	default:
		t.Note = "no process"
	}
	return t, nil
}

// tree puts processes below their parents, as far as these are in the list.
func tree(list []process.Process, cell string) []model.Row {
	at := make(map[int]bool, len(list))
	for i := range list {
		at[list[i].PID] = true
	}
	children := map[int][]*process.Process{}
	var roots []*process.Process
	for i := range list {
		p := &list[i]
		if at[p.Parent] && p.Parent != p.PID {
			children[p.Parent] = append(children[p.Parent], p)
		} else {
			roots = append(roots, p)
		}
	}
	rows := make([]model.Row, 0, len(list))
	seen := map[int]bool{}
	var add func(p *process.Process, depth int)
	add = func(p *process.Process, depth int) {
		if seen[p.PID] {
			return
		}
		seen[p.PID] = true
		rows = append(rows, memberRow(p, cell, depth))
		for _, c := range children[p.PID] {
			add(c, depth+1)
		}
	}
	for _, p := range roots {
		add(p, 0)
	}
	// Processes are not looked at all at once: some may seem to be each other's parents.
	for i := range list {
		add(&list[i], 0)
	}
	return rows
}

func memberRow(p *process.Process, cell string, depth int) model.Row {
	memory, spent := "-", "-"
	row := model.Row{ID: fmt.Sprintf("%d %s", p.PID, p.Born), Depth: depth, Subject: model.Process{Cell: cell, PID: p.PID, Command: p.Command()}}
	who := fmt.Sprintf("process %d of group %d and session %d, user %d", p.PID, p.Group, p.Session, p.UID)
	if p.RealUID != p.UID {
		who += fmt.Sprintf(", really %d", p.RealUID)
	}
	row.Detail = texts(p.Command(), who)
	if p.Measured {
		memory, spent = human.Size(p.Resident), human.Spent(p.Time)
		row.Detail = append(row.Detail, text("began "+p.Start.Format("2006-01-02 15:04:05")))
		if p.Nice != 0 {
			row.Detail = append(row.Detail, text(fmt.Sprintf("its priority is lowered or raised: nice %d", p.Nice)))
		}
	}
	switch p.State {
	case process.Zombie:
		row.Tone = model.Faint
	case process.Stopped:
		row.Tone = model.Warning
	}
	row.Fields = texts(p.Command(), fmt.Sprint(p.PID), fmt.Sprint(p.UID), p.State.String(), memory, spent)
	return row
}
