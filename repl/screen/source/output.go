package source

import (
	"fmt"
	"slices"
	"time"

	"cellsh/kernel/output"
	"cellsh/policy/diag"
	"cellsh/repl/inventory"
	"cellsh/repl/screen/model"
)

// How many lines of a service are kept, and of how many services: what was looked at last.
const (
	maxLines = 1000
	maxFiles = 4
)

// written is what a service has written, as far as it was read.
type written struct {
	name, file string
	tail       *output.Tail
	// rows are the last lines, and n is how many there were before.
	rows []model.Row
	n    int
}

func (s *Source) readOutput(name string) (model.Table, error) {
	t := model.Table{Columns: []model.Column{{Title: "TIME", Least: 8, Rank: 1}, {Title: "FROM", Least: 7, Rank: 2}, {Title: "TEXT", Least: 12, Grows: true}}}
	dir, err := s.dir()
	if err != nil {
		return t, err
	}
	set, _ := s.declared()
	known, err := inventory.Names(set, dir)
	if err != nil {
		return t, err
	}
	if !slices.Contains(known, name) {
		return t, diag.List{{Code: diag.ServiceUnknown, Message: fmt.Sprintf("there must be a service called %s, but there is none", diag.Short(name)), Hint: diag.DidYouMean(name, known)}}
	}
	log, err := inventory.Log(set, dir, name)
	if err != nil {
		return t, err
	}
	w, err := s.open(name, log.File)
	if err != nil {
		return t, err
	}
	if err := w.read(s.o.Now()); err != nil {
		return t, err
	}
	t.Rows = w.rows[:len(w.rows):len(w.rows)]
	switch {
	case len(w.rows) > 0:
	case log.Size == 0:
		t.Note = fmt.Sprintf("what %s writes is kept in no file: the size of its log is 0", name)
	default:
		t.Note = name + " has written nothing that is kept"
	}
	return t, nil
}

// open gives the output of a service, which was opened before if it was looked at.
func (s *Source) open(name, file string) (*written, error) {
	i := slices.IndexFunc(s.outputs, func(w *written) bool { return w.name == name })
	if i >= 0 && s.outputs[i].file == file {
		w := s.outputs[i]
		s.outputs = append(slices.Delete(s.outputs, i, i+1), w)
		return w, nil
	}
	if i < 0 && len(s.outputs) == maxFiles {
		i = 0
	}
	if i >= 0 {
		s.outputs[i].tail.Close()
		s.outputs = slices.Delete(s.outputs, i, i+1)
	}
	tail, err := output.NewTail(file, output.TailOptions{Last: maxLines})
	if err != nil {
		return nil, err
	}
	w := &written{name: name, file: file, tail: tail}
	s.outputs = append(s.outputs, w)
	return w, nil
}

// read takes what was written since the last time.
func (w *written) read(now time.Time) error {
	for {
		r, ok, err := w.tail.Next()
		if err != nil {
			return err
		}
		if !ok {
			return nil
		}
		if len(w.rows) >= 2*maxLines {
			w.rows = slices.Clone(w.rows[len(w.rows)-maxLines:])
		}
		w.rows = append(w.rows, w.row(&r, now))
	}
}

func (w *written) row(r *output.Record, now time.Time) model.Row {
	w.n++
	from, at := r.Stream.String(), "-"
	if r.More {
		from += "+" // it goes on in the next line
	}
	row := model.Row{ID: fmt.Sprint(w.n), Subject: model.Written{Service: w.name, Text: r.Text}}
	switch {
	case r.Foreign:
		from = "-"
	case r.Stream == output.Stderr:
		row.Tone = model.Warning
	case r.Stream == output.Service:
		row.Tone = model.Faint
	}
	row.Detail = texts(r.Text)
	if !r.Foreign {
		local := r.Time.In(now.Location())
		at = local.Format(time.TimeOnly)
		row.Detail = append(texts(local.Format("2006-01-02 15:04:05.000000")+" "+from), row.Detail...)
	}
	row.Fields = texts(at, from, r.Text)
	return row
}
