package model

import "cellsh/repl/input"

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
		{Label: "Restrt", Name: "stop it and start it again, as its file says now", key: 6, changes: true, ready: eachOf(runs, func(m *Model, all []Service) []Effect { return m.restart(called(all, "service")) })},
		{Label: "Start", Name: "start it, with what it needs", key: 7, changes: true, ready: eachOf(stands, func(m *Model, all []Service) []Effect {
			text, list := called(all, "service")
			return m.do(run("start "+text, words("start", nil, list...)))
		})},
		{Label: "Stop", Name: "stop it, with what needs it", key: 8, changes: true, ready: eachOf(runs, func(m *Model, all []Service) []Effect { return m.stopServices(called(all, "service")) })},
		{Name: "the processes of its cell", ready: one(func(m *Model, s Service) []Effect { return m.Panel().visit(Place{Members, s.Cell}) })},
		{Name: "what was decided about its cell", ready: one(func(m *Model, s Service) []Effect { return m.Panel().visit(Place{Decisions, s.Cell}) })},
	}
}

// outputActions are what can be done with the service whose output is listed.
func outputActions() []Action {
	single := func(do func(*Model, string, []string) []Effect) ready {
		return of(func(m *Model, name string) []Effect { return do(m, "service "+name, []string{name}) })
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

func (m *Model) restart(text string, list []string) []Effect {
	return m.question("Restart", "Stop "+text+", and start again as the files say now?", Choice{"Restart", run("restart "+text, words("restart", nil, list...))})
}

func (m *Model) stopServices(text string, list []string) []Effect {
	return m.question("Stop", "Stop "+text+"? Services that need them are stopped before. Cells stay.", Choice{"Stop", run("stop "+text, words("stop", nil, list...))})
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
