package source

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cellsh/kernel/monitor"
	"cellsh/kernel/monitor/rundir"
	"cellsh/kernel/service"
	"cellsh/lua/services"
	"cellsh/policy/diag"
	"cellsh/repl/human"
	"cellsh/repl/inventory"
	"cellsh/repl/natural"
	"cellsh/repl/screen/model"
)

// declarations are the services that files declare, and what those that have run do. Files are read again only when one of them, or
// one beside them, has changed.
type declarations struct {
	set      *services.Set
	problems diag.List
	stamp    string
	looks    rundir.Looks
	// seen are those that have run, at the last look.
	seen []*rundir.Status
	// needed are the services that need one, in the order in which they are stopped.
	needed map[string][]string
}

// declared gives the services that files declare.
func (s *Source) declared() (*services.Set, diag.List) {
	d := &s.services
	if stamp := stampOf(inventory.Paths(s.o.Services, &s.o.Machine)); d.set == nil || stamp != d.stamp {
		d.set, d.problems = inventory.Read(s.o.Services, &s.o.Machine, s.o.Output)
		d.stamp = stamp
		d.needed = map[string][]string{}
		for _, name := range d.set.Graph.Names() {
			list := d.set.Graph.Stop(name)
			d.needed[name] = list[:len(list)-1] // itself is the last
		}
	}
	return d.set, d.problems
}

// stampOf tells files and folders from what they are after a change. Modules are beside the files that want them.
func stampOf(paths []string) string {
	var b strings.Builder
	add := func(path string) {
		info, err := os.Stat(path)
		if err != nil {
			fmt.Fprintf(&b, "%s: %s\n", path, err)
			return
		}
		fmt.Fprintf(&b, "%s %d %d %v\n", path, info.Size(), info.ModTime().UnixNano(), info.Mode())
	}
	for _, path := range paths {
		add(path)
		folder := path
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			folder = filepath.Dir(path)
		}
		// What can't be looked at is told by who reads it.
		_ = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err == nil && filepath.Ext(path) == ".lua" {
				add(path)
			}
			return nil
		})
	}
	return b.String()
}

// inventory gives the services of this kernel by name, and says what can't be known of some.
func (s *Source) inventory() (list []inventory.Service, missing []string, err error) {
	dir, err := s.dir()
	if err != nil {
		return nil, nil, err
	}
	set, problems := s.declared()
	if n := len(problems); problems.Failed() {
		text := fmt.Sprintf("not all files of services are right: %s: %s", problems[0].Span, problems[0].Message)
		if n > 1 {
			text += fmt.Sprintf(", and %d more", n-1)
		}
		missing = append(missing, text)
	}
	s.services.looks.Dir = dir
	seen, err := s.services.looks.Next()
	s.services.seen = s.services.seen[:0]
	for _, x := range seen {
		s.services.seen = append(s.services.seen, &x.Status)
	}
	if err != nil && seen == nil {
		return nil, nil, err
	}
	if err != nil {
		for _, d := range diag.Of(err) {
			missing = append(missing, d.Message)
		}
	}
	known := map[string]bool{}
	add := func(status rundir.Status) {
		known[status.Service] = true
		if x := inventory.Of(set, status); x.Listed(s.sees.Place) {
			list = append(list, x)
		}
	}
	for _, x := range seen {
		add(x.Status)
	}
	for _, name := range set.Graph.Names() {
		if !known[name] {
			add(rundir.Status{Service: name})
		}
	}
	slices.SortFunc(list, func(a, b inventory.Service) int { return natural.Compare(a.Service, b.Service) })
	return list, missing, nil
}

// toneOf is how the state of a service stands out.
func toneOf(s service.State) model.Tone {
	switch s {
	case service.Running:
		return model.Good
	case service.Starting, service.Waiting, service.Stopping:
		return model.Warning
	case service.Unhealthy, service.CrashLoop, service.Failed, service.Lost:
		return model.Bad
	}
	return model.Faint
}

func (s *Source) readServices(string) (model.Table, error) {
	t := model.Table{Columns: []model.Column{{Title: "SERVICE", Least: 8, Grows: true}, {Title: "STATE", Least: 10, Rank: 1}, {Title: "CELL", Least: 6, Rank: 2},
		{Title: "SINCE", Right: true, Least: 6, Rank: 3}, {Title: "HEALTH", Least: 6, Rank: 5}, {Title: "RESTARTS", Right: true, Least: 8, Rank: 4}, {Title: "LAST EXIT", Least: 9, Rank: 6}}}
	list, missing, err := s.inventory()
	if err != nil {
		return t, err
	}
	now := s.o.Now()
	runs := map[string]bool{}
	for i := range list {
		runs[list[i].Service] = list[i].Runs()
	}
	for i := range list {
		row := serviceRow(&list[i], now)
		x := row.Subject.(model.Service)
		for _, name := range s.services.needed[x.Name] {
			if runs[name] {
				x.NeededBy = append(x.NeededBy, name)
			}
		}
		row.Subject = x
		t.Rows = append(t.Rows, row)
	}
	if len(list) == 0 && missing == nil {
		missing = []string{"no service is declared, and none has run"}
	}
	t.Note = strings.Join(missing, "; ")
	return t, nil
}

func serviceRow(x *inventory.Service, now time.Time) model.Row {
	since, health, restarts, ended := "-", "-", "-", "-"
	if !x.Since.IsZero() {
		since = human.Age(max(0, now.Sub(x.Since)))
	}
	if x.Healthy != nil {
		health = map[bool]string{true: "good", false: "bad"}[*x.Healthy]
	}
	if x.Starts > 0 {
		restarts = fmt.Sprint(x.Restarts)
	}
	if x.Exit != nil {
		ended = monitor.ExitText(*x.Exit)
	}
	row := model.Row{ID: x.Service, Fields: texts(x.Service, x.State.String(), x.Cell, since, health, restarts, ended), Tone: toneOf(x.State),
		Subject: model.Service{Name: x.Service, Cell: x.Cell, File: x.At.File, Line: x.At.Line, Runs: x.Runs()},
		Into:    &model.Place{Kind: model.Output, Of: x.Service}}
	first := x.Service + " is " + x.State.String()
	if !x.Since.IsZero() {
		first += " since " + clock(x.Since.In(now.Location()), now)
	}
	if why := monitor.Why(&x.Status); why != "" {
		first += ": " + why
	}
	row.Detail = texts(first)
	if x.PID != 0 {
		leads := fmt.Sprintf("process %d leads it", x.PID)
		if x.Monitor != 0 {
			leads += fmt.Sprintf(", process %d watches over it", x.Monitor)
		}
		row.Detail = append(row.Detail, text(leads))
	}
	if len(x.Command) > 0 {
		row.Detail = append(row.Detail, text("command: "+strings.Join(x.Command, " ")))
	}
	switch {
	case x.Declared && x.Autostart:
		row.Detail = append(row.Detail, text(fmt.Sprintf("declared at %s, started with the machine", x.At)))
	case x.Declared:
		row.Detail = append(row.Detail, text(fmt.Sprintf("declared at %s", x.At)))
	case x.Supervised:
		row.Detail = append(row.Detail, text("begun by supervise, and declared in no file"))
	default:
		row.Detail = append(row.Detail, text("no file declares it"))
	}
	if x.Output != "" {
		row.Detail = append(row.Detail, text(x.Output))
	}
	return row
}

// clock writes a time of day, with the date unless it is of today.
func clock(t, now time.Time) string {
	y, m, d := t.Date()
	if ny, nm, nd := now.In(t.Location()).Date(); y == ny && m == nm && d == nd {
		return t.Format(time.TimeOnly)
	}
	return t.Format(time.DateTime)
}
