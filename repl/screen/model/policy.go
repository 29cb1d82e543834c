package model

import (
	"fmt"
	"strings"
	"time"

	"cellsh/policy"
	"cellsh/policy/kauth"
)

// policyActions are what can be done with policies and with what they decide.
func policyActions() []Action {
	return []Action{
		{Label: "View", Name: "its source as it was loaded, at its line", key: 3, ready: oneOf(func(p Policy) bool { return !p.Pending && onDisk(p.File) }, func(m *Model, p Policy) []Effect { return m.source(p.File, p.Line) })},
		{Label: "View", Name: "the source of what decides, at its line", key: 3, ready: oneOf(func(r Rule) bool { return onDisk(r.File) }, func(m *Model, r Rule) []Effect { return m.source(r.File, r.Line) })},
		{Label: "Edit", Name: "edit its file at its line, which is checked afterwards", key: 4, ready: oneOf(func(p Policy) bool { return onDisk(p.File) }, func(m *Model, p Policy) []Effect { return m.edit(p.File, p.Line) })},
		{Label: "Edit", Name: "edit the file of what decides, at its line", key: 4, ready: oneOf(func(r Rule) bool { return onDisk(r.File) }, func(m *Model, r Rule) []Effect { return m.edit(r.File, r.Line) })},
		{Label: "Why", Name: "how a request would be answered, and why", key: 5, ready: one(func(m *Model, r Rule) []Effect { return m.explain(m.cellHere(r.Policy), r.Request) })},
		{Label: "Why", Name: "how a request would be answered, and why", key: 5, ready: one(func(m *Model, p Policy) []Effect { return m.explain(m.cellHere(p.Name), "") })},
		{Label: "Rename", Name: "give it another name, or other cells", key: 6, ready: oneOf(func(p Policy) bool { return !p.Pending && onDisk(p.File) }, (*Model).rename)},
		{Name: "what it has decided", ready: one(func(m *Model, p Policy) []Effect { return m.Panel().visit(Place{Decisions, p.Name}) })},
		{Label: "Load", Name: "load policies", key: 7, changes: true, ready: always((*Model).load)},
		{Label: "Forget", Name: "drop it from what the session has declared", key: 8, ready: eachOf(func(p Policy) bool { return p.Pending }, (*Model).forget)},
		{Label: "Unload", Name: "take it out of what is loaded", key: 8, changes: true, ready: eachOf(func(p Policy) bool { return !p.Pending }, (*Model).unload)},
	}
}

// decisionActions are what can be done with decisions.
func decisionActions() []Action {
	return []Action{
		{Label: "Why", Name: "why it was decided so, and what would have turned it", key: 3, ready: oneOf(asked, func(m *Model, _ Decision) []Effect { return m.why() })},
		{Label: "Edit", Name: "edit the policy that decided, at its line", key: 4, ready: oneOf(func(d Decision) bool { return onDisk(d.File) }, func(m *Model, d Decision) []Effect { return m.edit(d.File, d.Line) })},
		{Label: "Learn", Name: "find the smallest change of policies that allows it", key: 5, ready: oneOf(func(d Decision) bool { return asked(d) && (d.Denied || d.Would) }, func(m *Model, _ Decision) []Effect { return m.learn() })},
		{Label: "Can", Name: "what becomes of such requests of the cell, case by case", key: 6, ready: oneOf(known, func(m *Model, d Decision) []Effect { return m.can(d.Cell, d.Request) })},
		{Label: "Cell", Name: "the processes of the cell", key: 7, ready: oneOf(func(d Decision) bool { return d.Cell != "" }, func(m *Model, d Decision) []Effect { return m.Panel().visit(Place{Members, d.Cell}) })},
		{Name: "how another request would be answered, and why", ready: one(func(m *Model, d Decision) []Effect { return m.explain(d.Cell, d.Request) })},
		{Name: "have its cell refuse nothing for a time", changes: true, ready: oneOf(func(d Decision) bool { return d.Cell != "" }, func(m *Model, d Decision) []Effect { return m.auditOf(d.Cell) })},
	}
}

// asked reports whether a decision tells who has asked for what: the kernel does not always.
func asked(d Decision) bool { return d.Cell != "" && d.Request != "" }

func known(d Decision) bool {
	_, is := kauth.FindPattern(d.Request)
	return is && d.Cell != ""
}

// cellHere is the cell that a place is of, or one that a policy is for.
func (m *Model) cellHere(name string) string {
	p := m.Panel()
	var globs []string
	for i := range p.Table.Rows {
		if x, is := p.Table.Rows[i].Subject.(Policy); is && x.Name == name {
			globs = append(globs, x.Cells...)
		}
	}
	for _, g := range globs {
		for _, c := range m.cells {
			if policy.MatchGlob(g, c) {
				return c
			}
		}
	}
	for _, g := range globs {
		// None exists; it can be asked about all the same.
		if sample := strings.ReplaceAll(g, "*", "1"); policy.CheckName(sample) == "" {
			return sample
		}
	}
	if p.Place.Of != name {
		return p.Place.Of
	}
	return ""
}

// source shows what was loaded of a file, at a line.
func (m *Model) source(file string, line int) []Effect {
	return m.do([]Effect{Run{Words: []string{"show"}, Shows: AsPage, Title: "source", File: file, Line: line}})
}

// explain asks for a request, and shows how it is answered.
func (m *Model) explain(cell, request string) []Effect {
	m.Open(&Form{Title: "Why", Fields: []*Input{
		NewInput("Cell", cell, "of which the request is"),
		NewInput("Request", request, "as network.bind.privport; of several all cases are shown"),
		NewInput("Fields", "", "as euid=0 port=80, with spaces between"),
	}, make: func(m *Model, v []string) ([]Effect, []string) {
		wrong := []string{policy.CheckName(v[0]), "", ""}
		fields := strings.Fields(v[2])
		for _, f := range fields {
			if name, _, is := strings.Cut(f, "="); !is || name == "" {
				wrong[2] = fmt.Sprintf("must be NAME=VALUE, but one is %q", f)
			}
		}
		_, one := kauth.Find(v[1])
		_, some := kauth.FindPattern(v[1])
		switch {
		case !some:
			wrong[1] = fmt.Sprintf("must be a scope, an action or a request, but is %q", v[1])
		case !one && len(fields) > 0 && wrong[2] == "":
			wrong[2] = fmt.Sprintf("must be empty for several requests, as %s stands for, but is not", v[1])
		case !one:
			return []Effect{Run{Words: words("can", nil, v[0], v[1]), Shows: AsPage, Title: "can " + v[0] + " " + v[1]}}, wrong
		}
		return []Effect{Run{Words: words("explain", nil, append([]string{v[0], v[1]}, fields...)...), Shows: AsPage, Title: "why " + v[1] + " in " + v[0]}}, wrong
	}})
	return nil
}

// rename asks for another name, or other cells.
func (m *Model) rename(p Policy) []Effect {
	cells := strings.Join(p.Cells, " ")
	m.Open(&Form{Title: "Policy " + p.Name, Fields: []*Input{
		NewInput("Name", p.Name, "of A-Z a-z 0-9 . _ -, at most 63"),
		NewInput("Cells", cells, "names and globs, with spaces between"),
	}, make: func(m *Model, v []string) ([]Effect, []string) {
		wrong := []string{policy.CheckName(v[0]), ""}
		globs := strings.FieldsFunc(v[1], func(r rune) bool { return r == ' ' || r == ',' })
		if len(globs) == 0 && cells != "" {
			wrong[1] = "must name a cell, but is empty"
		}
		for _, g := range globs {
			// What a star stands for can be any name.
			if problem := policy.CheckName(strings.ReplaceAll(g, "*", "x")); problem != "" && g != "" {
				wrong[1] = fmt.Sprintf("must be names and globs, but %q %s", g, problem)
			}
		}
		joined := strings.Join(globs, " ")
		if v[0] == p.Name && joined == cells {
			wrong[0] = "or the cells must be others, but are the same"
		}
		return []Effect{Rewrite{Policy: p.Name, Name: v[0], Cells: joined}}, wrong
	}})
	return nil
}

func (m *Model) forget(all []Policy) []Effect {
	text, list := called(all, "policy")
	return m.question("Forget", "Forget "+text+"? It was declared in the session, and is not loaded.", Choice{"Forget", run("forget "+text, words("forget", nil, list...))})
}

func (m *Model) unload(all []Policy) []Effect {
	text, list := called(all, "policy")
	return m.question("Unload", "Unload "+text+"? Everything else that is loaded stays, what must never be allowed too.",
		Choice{"Unload", run("unload "+text, words("unload", nil, list...))},
		Choice{"For a minute", run("unload "+text, words("unload", []string{"--confirm=60s"}, list...))})
}

// checkTime says what is wrong with a time such as 30s.
func checkTime(s string) string {
	if d, err := time.ParseDuration(s); err != nil || d <= 0 {
		return fmt.Sprintf("must be a time such as 30s or 10m, but is %q", s)
	}
	return ""
}

// load asks which policies are to be loaded.
func (m *Model) load() []Effect {
	hint := "a file or a folder"
	if m.pends() {
		hint += "; what the session has declared if empty"
	}
	file := ""
	if r := m.Panel().Row(); r != nil {
		switch s := r.Subject.(type) {
		case Policy:
			file = s.File
		case Rule:
			file = s.File
		}
	}
	if !onDisk(file) {
		file = ""
	}
	m.Open(&Form{Title: "Load policies", Fields: []*Input{
		NewInput("Path", file, hint),
		NewInput("Only", "", "put only the policy of this name in place; all if empty"),
		NewInput("Confirm", "60s", "go back after that time unless confirmed; never if empty"),
	}, make: func(m *Model, v []string) ([]Effect, []string) {
		wrong := make([]string, 3)
		var flags, args []string
		if v[0] != "" {
			args = []string{v[0]}
		} else if !m.pends() {
			wrong[0] = "must be a file or a folder, but is empty"
		}
		if v[1] != "" {
			wrong[1] = policy.CheckName(v[1])
			flags = append(flags, "--only="+v[1])
		}
		if v[2] != "" {
			wrong[2] = checkTime(v[2])
			flags = append(flags, "--confirm="+v[2])
		}
		return run("load", words("load", flags, args...)), wrong
	}})
	return nil
}

func (m *Model) pends() bool { return m.Status.Pending > 0 }

// loadPending asks how what the session has declared is loaded.
func (m *Model) loadPending() []Effect {
	return m.question("Load", fmt.Sprintf("Load what the session has declared (%s)?", count(m.Status.Pending, "declaration")),
		Choice{"For a minute", run("load", words("load", []string{"--confirm=60s"}))}, Choice{"Load", run("load", words("load", nil))})
}

// path asks for policies to look at.
func (m *Model) path(title, command, hint string, flags ...string) []Effect {
	m.Open(&Form{Title: title, Fields: []*Input{NewInput("Path", "", hint)}, make: func(m *Model, v []string) ([]Effect, []string) {
		if v[0] == "" {
			return nil, []string{"must be a file or a folder, but is empty"}
		}
		return []Effect{Run{Words: words(command, flags, v[0]), Shows: AsPage, Title: command + " " + v[0]}}, nil
	}})
	return nil
}

func (m *Model) check() []Effect { return m.path("Check policies", "check", "a file or a folder") }

func (m *Model) test() []Effect {
	return m.path("Run tests of policies", "test", "a folder, or a file of tests", "-v")
}

func (m *Model) audits() bool { return !m.Status.Audit.IsZero() }

// audit asks which cells are to be audited.
func (m *Model) audit() []Effect {
	var list []string
	for _, s := range m.Panel().Subjects() {
		if c, is := s.(Cell); is {
			list = append(list, c.Name)
		}
	}
	if len(list) == 0 {
		switch p := m.Panel().Place; p.Kind {
		case Members, Decisions:
			list = append(list, p.Of)
		}
	}
	return m.auditOf(list...)
}

func (m *Model) auditOf(cells ...string) []Effect {
	m.Open(&Form{Title: "Audit", Fields: []*Input{
		NewInput("Cells", strings.Join(cells, " "), "whose policies refuse nothing meanwhile, with spaces between"),
		NewInput("For", "30m", "the time after which they refuse again"),
	}, make: func(m *Model, v []string) ([]Effect, []string) {
		wrong := []string{"", checkTime(v[1])}
		list := strings.Fields(v[0])
		if len(list) == 0 {
			wrong[0] = "must name a cell, but is empty"
		}
		for _, c := range list {
			if problem := policy.CheckName(c); problem != "" {
				wrong[0] = fmt.Sprintf("must be names of cells, but %q %s", c, problem)
			}
		}
		return run("audit", words("audit", []string{"start", "--for=" + v[1]}, list...)), wrong
	}})
	return nil
}

func (m *Model) endAudit() []Effect {
	return m.do(run("end the audit", []string{"audit", "stop"}))
}
