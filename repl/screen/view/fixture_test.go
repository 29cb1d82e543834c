package view

import (
	"fmt"
	"strings"
	"time"

	"cellsh/repl/complete"
	"cellsh/repl/editor"
	"cellsh/repl/screen/model"
)

// now is when the screens of the tests are seen.
var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func field(text string, spark ...uint8) model.Field { return model.Field{Text: text, Spark: spark} }

func fields(texts ...string) []model.Field {
	var out []model.Field
	for _, t := range texts {
		out = append(out, field(t))
	}
	return out
}

// tables are what is read in the tests.
var tables = map[model.Place]model.Table{
	{Kind: model.Cells}: {
		Columns: []model.Column{{Title: "CELL", Least: 8, Grows: true}, {Title: "PROC", Right: true, Least: 4, Rank: 3}, {Title: "MEMORY", Right: true, Least: 6, Rank: 2}, {Title: "CPU", Right: true, Least: 4, Rank: 1},
			{Title: "DENIED", Right: true, Least: 6, Rank: 4}, {Title: "SERVICE", Least: 8, Rank: 5}, {Title: "ANSWERED BY", Least: 11, Grows: true, Rank: 6}},
		Rows: []model.Row{
			cell("db", 14, "3%", "412M", 0, model.Plain, "running", "base, postgres", 1, 1, 2, 3, 2, 1, 1, 2),
			cell("forgejo", 23, "12%", "880M", 0, model.Plain, "running", "base, forgejo", 2, 3, 3, 4, 5, 4, 3, 3),
			cell("luanti", 3, "97%", "1.2G", 2, model.Warning, "running", "base, audited", 4, 5, 5, 6, 7, 6, 6, 7),
			cell("mail", 0, "-", "-", 0, model.Faint, "stopped", "base"),
			cell("web-1", 9, "0%", "64M", 118, model.Bad, "starting", "base, web", 0, 0, 1, 0, 0, 0, 1, 0),
			cell("web-2", 9, "1%", "66M", 0, model.Plain, "running", "base, web", 0, 1, 0, 0, 0, 1, 0, 0),
		},
	},
	{Kind: model.Members, Of: "web-1"}: {
		Columns: []model.Column{{Title: "COMMAND", Least: 12, Grows: true}, {Title: "PID", Right: true, Least: 5, Rank: 1}, {Title: "UID", Right: true, Least: 4, Rank: 2}, {Title: "STATE", Least: 8, Rank: 3},
			{Title: "MEMORY", Right: true, Least: 6, Rank: 4}, {Title: "TIME", Right: true, Least: 6, Rank: 5}},
		Rows: []model.Row{
			process(0, "supervise", 812, "0", "sleeping", "2M", "0:00"), process(1, "nginx: master", 813, "0", "sleeping", "8M", "0:01"), process(2, "nginx: worker", 820, "1001", "running", "22M", "4:12"),
			process(2, "nginx: worker", 821, "1001", "sleeping", "22M", "3:58"), process(1, "php-fpm", 830, "1001", "sleeping", "10M", "0:44"), process(0, "sh", 1440, "0", "stopped", "1M", "0:00"),
		},
	},
	{Kind: model.Services}: {
		Columns: []model.Column{{Title: "SERVICE", Least: 8, Grows: true}, {Title: "STATE", Least: 10, Rank: 1}, {Title: "CELL", Least: 6, Rank: 2}, {Title: "SINCE", Right: true, Least: 6, Rank: 3}, {Title: "HEALTH", Least: 6, Rank: 5},
			{Title: "RESTARTS", Right: true, Least: 8, Rank: 4}, {Title: "LAST EXIT", Least: 9, Rank: 6}},
		Rows: []model.Row{
			service("db", "running", "4d", "good", "0", "-", model.Good), service("forgejo", "running", "4d", "good", "1", "signal 9", model.Good), service("mail", "stopped", "-", "-", "-", "0", model.Faint),
			service("web-1", "starting", "2s", "-", "7", "1", model.Warning), service("web-2", "failed", "9s", "bad", "3", "78", model.Bad),
		},
		Note: "services of other users are not seen: only root may look at them",
	},
	{Kind: model.Output, Of: "web-1"}: {
		Columns: []model.Column{{Title: "TIME", Least: 8, Rank: 1}, {Title: "FROM", Least: 7, Rank: 2}, {Title: "TEXT", Least: 12, Grows: true}},
		Rows: []model.Row{
			written("12:00:01", "[notice] 813#0: using the \"kqueue\" event method", model.Plain), written("12:00:01", "[notice] 813#0: start worker processes", model.Plain),
			written("12:00:02", "[emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)", model.Bad), written("12:00:03", "\x1b[31mdanger\x1b[0m\x07 naïve 日本語 e\u0301", model.Plain),
		},
	},
	{Kind: model.Policies}: {
		Columns: []model.Column{{Title: "POLICY", Least: 16, Grows: true}, {Title: "DECISION", Least: 12, Grows: true, Rank: 1}, {Title: "WHERE", Least: 10, Rank: 2}},
		Rows: []model.Row{
			rule(0, "base", "for *", "base.lua:1", model.Plain), rule(1, "network", "", "", model.Plain), rule(2, "bind", "asks port, uid", "base.lua:12", model.Plain), rule(2, "connect", "allow", "base.lua:20", model.Good),
			rule(1, "process", "", "", model.Plain), rule(2, "ptrace", "deny", "base.lua:31", model.Bad), rule(2, "signal", "asks cell", "base.lua:35", model.Plain),
			rule(0, "web (pending)", "for web-*", "web.lua:1", model.Warning), rule(1, "network", "", "", model.Plain), rule(2, "bind", "allow", "web.lua:4", model.Good),
		},
	},
	{Kind: model.Decisions}: {
		Columns: []model.Column{{Title: "TIME", Least: 8, Rank: 3}, {Title: "CELL", Least: 6, Rank: 1}, {Title: "REQUEST", Least: 14, Grows: true}, {Title: "EUID", Right: true, Least: 4, Rank: 4}, {Title: "RESULT", Least: 6, Rank: 2},
			{Title: "BY", Least: 6, Rank: 5}, {Title: "WHERE", Least: 8, Rank: 6}},
		Rows: []model.Row{
			decision("11:59:12", "db", "network.bind port=5432", "1002", "allow", "postgres", model.Plain), decision("11:59:40", "web-2", "network.bind port=80", "0", "allow", "web", model.Plain),
			decision("11:59:58", "luanti", "process.ptrace", "0", "would deny", "base", model.Warning), decision("12:00:02", "web-1", "network.bind port=80", "0", "deny", "web", model.Bad),
		},
	},
	{Kind: model.Generations}: {
		Columns: []model.Column{{Title: "GEN", Right: true, Least: 4}, {Title: "LOADED", Least: 8, Rank: 2}, {Title: "STATE", Least: 8, Rank: 1}, {Title: "FROM", Least: 8, Grows: true, Rank: 3}},
		Rows: []model.Row{
			{ID: "7", Fields: fields("7", "11:59:18", "confirm, 0:42 left", "/etc/cells, by root"), Tone: model.Warning, Subject: model.Generation{Number: 7, Active: true, Waiting: true},
				Detail: fields("generation 7 was loaded 2026-03-01 11:59:18", "files: /etc/cells/base.lua, /etc/cells/web.lua", "then generation 6 is loaded again")},
			{ID: "6", Fields: fields("6", "Feb 27 17:40", "-", "/etc/cells, by root"), Subject: model.Generation{Number: 6, Good: true}, Detail: fields("generation 6 was loaded 2026-02-27 17:40:02")},
			{ID: "5", Fields: fields("5", "Feb 12 09:14", "never confirmed", "a session of alice"), Tone: model.Faint, Subject: model.Generation{Number: 5}, Detail: fields("generation 5 was loaded 2026-02-12 09:14:50")},
		},
	},
}

func cell(name string, procs int, cpu, memory string, denied int, tone model.Tone, service, by string, spark ...uint8) model.Row {
	detail := []model.Field{field("root /cells/" + name + ", profile medium, ports 80 443"), field("processor", spark...), field("answered by " + by), field("denied since it was created: " + fmt.Sprint(denied))}
	return model.Row{ID: name, Tone: tone, Subject: model.Cell{Name: name, Members: procs}, Into: &model.Place{Kind: model.Members, Of: name}, Detail: detail,
		Fields: []model.Field{field(name), field(fmt.Sprint(procs)), field(memory), field(cpu, spark...), field(fmt.Sprint(denied)), field(service), field(by)}}
}

func process(depth int, command string, pid int, uid, state, memory, took string) model.Row {
	return model.Row{ID: fmt.Sprint(pid), Depth: depth, Subject: model.Process{Cell: "web-1", PID: pid, Command: command}, Fields: fields(command, fmt.Sprint(pid), uid, state, memory, took),
		Detail: fields("/usr/pkg/sbin/"+command, "started 11:58:02 by supervise")}
}

func service(name, state, since, health, restarts, exit string, tone model.Tone) model.Row {
	return model.Row{ID: name, Tone: tone, Subject: model.Service{Name: name, Cell: name}, Fields: fields(name, state, name, since, health, restarts, exit),
		Detail: fields(name+" is "+state, "declared at /etc/cells/services.lua:14, started with the machine")}
}

func written(at, text string, tone model.Tone) model.Row {
	return model.Row{ID: at + text, Tone: tone, Subject: model.Written{Service: "web-1", Text: text}, Fields: fields(at, "error", text), Detail: fields(text)}
}

var rules int

func rule(depth int, name, decides, at string, tone model.Tone) model.Row {
	rules++
	return model.Row{ID: fmt.Sprint(rules), Depth: depth, Tone: tone, Subject: model.Rule{Policy: "base", Request: name}, Fields: fields(name, decides, at), Detail: fields(name + " is decided at " + at)}
}

func decision(at, cell, request, euid, is, by string, tone model.Tone) model.Row {
	return model.Row{ID: at + request, Tone: tone, Fields: fields(at, cell, request, euid, is, by, by+".lua:4"), Subject: model.Decision{Cell: cell, Request: request, Denied: tone == model.Bad},
		Detail: fields(request+" by nginx (813), euid "+euid, "policy "+by+" at "+by+".lua:4: only port 443")}
}

// newLine is a line for commands that completes some.
func newLine() *editor.Draft {
	return editor.NewDraft(editor.Language{Complete: func(text string, at int) []complete.Candidate {
		if !strings.HasPrefix(text, "ex") {
			return nil
		}
		return []complete.Candidate{{Text: "exec", Insert: "ec", Doc: "runs a program in a cell"}, {Text: "explain", Insert: "plain", Doc: "says why a request is decided as it is"}, {Text: "exit", Insert: "it", Doc: "ends the session"}}
	}}, editor.NewPalette(false, ""), editor.Prompts{First: "NetBSD> ", Next: "NetBSD| "}, nil)
}

// newModel is a screen of a size, with both places read.
func newModel(width, height int, left, right model.Place) *model.Model {
	m := model.New(model.Options{Left: left, Right: right, NewLine: newLine, Themes: []string{"mc", "amber", "green", "mono", "sysinst", "synthwave"}})
	m.Now = now
	m.Status = model.Status{Kernel: "NetBSD", Generation: 7}
	m.Resize(width, height)
	for _, p := range []model.Place{left, right} {
		m.Filled(p, tables[p], "")
	}
	return m
}

func press(m *model.Model, words ...string) {
	for _, k := range model.ParseKeys(words) {
		for _, e := range m.Press(k) {
			if r, is := e.(model.Read); is {
				if t, is := tables[r.Place]; is {
					m.Filled(r.Place, t, "")
				}
			}
		}
	}
}
