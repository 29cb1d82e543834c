package model

import (
	"fmt"

	"cellsh/repl/input"
)

// serviceActions are what can be done with services.
func serviceActions() []Action {
	return []Action{
		{Label: "Status", Name: "what it does, since when, and why", key: 3, ready: each(func(m *Model, all []Service) []Effect {
			_, list := called(all, "service")
			return m.page("status", words("status", nil, list...)...)
		})},
		{Label: "Edit", Name: "edit the file that declares it", key: 4, ready: oneOf(func(s Service) bool { return onDisk(s.File) }, func(m *Model, s Service) []Effect { return m.edit(s.File, s.Line) })},
		{Label: "Output", Name: "all that it has written", key: 5, ready: each(func(m *Model, all []Service) []Effect {
			_, list := called(all, "service")
			return m.page("output", words("output", nil, list...)...)
		})},
		{Label: "Restrt", Name: "stop it and start it again, as its file says now", key: 6, changes: true, ready: eachOf(runs, func(m *Model, all []Service) []Effect { return m.restart(services{all, true}) })},
		{Label: "Start", Name: "start it, with what it needs", key: 7, changes: true, ready: eachOf(stands, func(m *Model, all []Service) []Effect {
			text, list := called(all, "service")
			return m.do(run("start "+text, words("start", nil, list...)))
		})},
		{Label: "Stop", Name: "stop it, with what needs it", key: 8, changes: true, ready: eachOf(runs, func(m *Model, all []Service) []Effect { return m.stopServices(services{all, true}) })},
		{Name: "the processes of its cell", ready: one(func(m *Model, s Service) []Effect { return m.Panel().visit(Place{Members, s.Cell}) })},
		{Name: "what was decided about its cell", ready: one(func(m *Model, s Service) []Effect { return m.Panel().visit(Place{Decisions, s.Cell}) })},
	}
}

// outputActions are what can be done with the service whose output is listed.
func outputActions() []Action {
	single := func(do func(*Model, services) []Effect) ready {
		return of(func(m *Model, name string) []Effect { return do(m, m.service(name)) })
	}
	return []Action{
		{Label: "View", Name: "all that the service has written", key: 3, ready: of(func(m *Model, name string) []Effect { return m.page("output "+name, words("output", nil, name)...) })},
		{Label: "Status", Name: "what the service does, since when, and why", key: 5, ready: of(func(m *Model, name string) []Effect { return m.page("status "+name, words("status", nil, name)...) })},
		{Label: "Restrt", Name: "stop the service and start it again, as its file says now", key: 6, changes: true, ready: single((*Model).restart)},
		{Label: "Stop", Name: "stop the service, with what needs it", key: 8, changes: true, ready: single((*Model).stopServices)},
	}
}

func runs(s Service) bool { return s.Runs }

func stands(s Service) bool { return !s.Runs && s.File != "" }

// services are what is to be stopped. Known says that it is known of each what needs it.
type services struct {
	all   []Service
	known bool
}

// service is one by its name, as a panel lists it if one does.
func (m *Model) service(name string) services {
	for i := range m.Panels {
		for j := range m.Panels[i].Table.Rows {
			if s, is := m.Panels[i].Table.Rows[j].Subject.(Service); is && s.Name == name {
				return services{[]Service{s}, true}
			}
		}
	}
	return services{[]Service{{Name: name}}, false}
}

func (m *Model) restart(s services) []Effect {
	text, list := called(s.all, "service")
	return m.question("Restart", "Stop "+text+", and start again as the files say now?"+s.needed("stopped before, and started again after it"), Choice{"Restart", run("restart "+text, words("restart", nil, list...))})
}

func (m *Model) stopServices(s services) []Effect {
	text, list := called(s.all, "service")
	return m.question("Stop", "Stop "+text+"? Cells stay."+s.needed("stopped before"), Choice{"Stop", run("stop "+text, words("stop", nil, list...))})
}

// needed says what else is met because it needs the services; "" if nothing does.
func (s services) needed(met string) string {
	if !s.known {
		return "\n\nWhatever needs it is " + met + "."
	}
	var others []Service
	named := map[string]bool{}
	for _, x := range s.all {
		named[x.Name] = true
	}
	for _, x := range s.all {
		for _, name := range x.NeededBy {
			if !named[name] {
				named[name] = true
				others = append(others, Service{Name: name})
			}
		}
	}
	if len(others) == 0 {
		return ""
	}
	text, _ := called(others, "service")
	needs, is := "needs", "is"
	if len(others) > 1 {
		needs, is = "need", "are"
	}
	return fmt.Sprintf("\n\nIn the way:\n  %s, which %s that, and %s %s.", text, needs, is, met)
}

// onDisk reports whether a name is that of a file, and neither of what was typed in a session nor of standard input.
func onDisk(file string) bool { return file != "" && file != "-" && !input.Typed(file) }

// edit has a file edited.
func (m *Model) edit(file string, line int) []Effect {
	if m.busy() {
		return nil
	}
	return []Effect{Edit{file, line}}
}
