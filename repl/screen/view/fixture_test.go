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
		Columns: []model.Column{{Title: "cell", Least: 8, Grows: true}, {Title: "procs", Right: true, Rank: 1}, {Title: "cpu", Right: true, Least: 6, Rank: 2},
			{Title: "load", Least: 8, Rank: 4}, {Title: "memory", Right: true, Least: 6, Rank: 3}, {Title: "denied", Right: true, Least: 6, Rank: 2}, {Title: "policies", Least: 10, Grows: true, Rank: 5}},
		Rows: []model.Row{
			cell("db", 14, "3.1 %", "412 M", 0, model.Plain, "base, postgres", 1, 1, 2, 3, 2, 1, 1, 2),
			cell("forgejo", 23, "11.8 %", "880 M", 0, model.Plain, "base, forgejo", 2, 3, 3, 4, 5, 4, 3, 3),
			cell("luanti", 3, "27.0 %", "1.2 G", 2, model.Warning, "base", 4, 5, 5, 6, 7, 6, 6, 7),
			cell("mail", 0, "", "", 0, model.Faint, "base"),
			cell("web-1", 9, "0.4 %", "64 M", 118, model.Bad, "base, web", 0, 0, 1, 0, 0, 0, 1, 0),
			cell("web-2", 9, "0.5 %", "66 M", 0, model.Good, "base, web", 0, 1, 0, 0, 0, 1, 0, 0),
		},
	},
	{Kind: model.Members, Of: "web-1"}: {
		Columns: []model.Column{{Title: "command", Least: 10, Grows: true}, {Title: "pid", Right: true, Least: 5}, {Title: "user", Least: 6, Rank: 3}, {Title: "cpu", Right: true, Least: 5, Rank: 1}, {Title: "memory", Right: true, Least: 6, Rank: 2}},
		Rows: []model.Row{
			process(0, "supervise", 812, "root", "0.0 %", "2 M"), process(1, "nginx: master", 813, "root", "0.0 %", "8 M"), process(2, "nginx: worker", 820, "www", "0.2 %", "22 M"),
			process(2, "nginx: worker", 821, "www", "0.2 %", "22 M"), process(1, "php-fpm", 830, "www", "0.0 %", "10 M"), process(0, "sh", 1440, "root", "0.0 %", "1 M"),
		},
	},
	{Kind: model.Services}: {
		Columns: []model.Column{{Title: "service", Least: 8, Grows: true}, {Title: "cell", Least: 6, Rank: 1}, {Title: "state", Least: 7, Rank: 0}, {Title: "since", Right: true, Least: 6, Rank: 2}, {Title: "health", Least: 6, Rank: 3}},
		Rows: []model.Row{
			service("db", "db", "running", "4 d", "ok", model.Good), service("forgejo", "forgejo", "running", "4 d", "ok", model.Good), service("mail", "mail", "stopped", "", "", model.Faint),
			service("web-1", "web-1", "starts", "2 s", "not yet", model.Warning), service("web-2", "web-2", "failed", "9 s", "exit 3", model.Bad),
		},
		Note: "Services of other users are not shown: only root sees them.",
	},
	{Kind: model.Output, Of: "web-1"}: {
		Columns: []model.Column{{Title: "time", Least: 8, Rank: 1}, {Title: "text", Least: 10, Grows: true}},
		Rows: []model.Row{
			written("12:00:01", "[notice] 813#0: using the \"kqueue\" event method", model.Plain), written("12:00:01", "[notice] 813#0: start worker processes", model.Plain),
			written("12:00:02", "[emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)", model.Bad), written("12:00:03", "\x1b[31mdanger\x1b[0m\x07 naïve 日本語 e\u0301", model.Plain),
		},
	},
	{Kind: model.Policies}: {
		Columns: []model.Column{{Title: "policy", Least: 12, Grows: true}, {Title: "decides", Least: 7, Rank: 1}, {Title: "at", Least: 8, Rank: 2}},
		Rows: []model.Row{
			rule(0, "base", "", "*", model.Plain), rule(1, "network", "", "", model.Plain), rule(2, "bind", "allow, deny", "base.lua:12", model.Warning), rule(2, "connect", "allow", "base.lua:20", model.Good),
			rule(1, "process", "", "", model.Plain), rule(2, "ptrace", "deny", "base.lua:31", model.Bad), rule(2, "signal", "own cell", "base.lua:35", model.Warning),
			rule(0, "web (pending)", "", "web-*", model.Faint), rule(1, "network", "", "", model.Plain), rule(2, "bind", "allow", "web.lua:4", model.Good),
		},
	},
	{Kind: model.Decisions}: {
		Columns: []model.Column{{Title: "time", Least: 8, Rank: 3}, {Title: "cell", Least: 6}, {Title: "request", Least: 20, Grows: true}, {Title: "decision", Least: 5, Rank: 1}, {Title: "n", Right: true, Least: 3, Rank: 4}},
		Rows: []model.Row{
			decision("11:59:12", "db", "network.bind port=5432", "allow", 1, model.Good), decision("11:59:40", "web-2", "network.bind port=80", "allow", 1, model.Good),
			decision("11:59:58", "luanti", "process.ptrace pid=1", "would deny", 2, model.Warning), decision("12:00:02", "web-1", "network.bind port=80", "deny", 118, model.Bad),
		},
	},
	{Kind: model.Generations}: {
		Columns: []model.Column{{Title: "generation", Right: true, Least: 4}, {Title: "loaded", Least: 10, Grows: true}, {Title: "state", Least: 8}},
		Rows: []model.Row{
			{ID: "5", Fields: fields("5", "2026-02-12 09:14", "good"), Subject: model.Generation{Number: 5, Good: true}},
			{ID: "6", Fields: fields("6", "2026-02-27 17:40", "good"), Subject: model.Generation{Number: 6, Good: true}},
			{ID: "7", Fields: fields("7", "2026-03-01 11:59", "confirm 0:42"), Tone: model.Warning, Subject: model.Generation{Number: 7, Active: true, Waiting: true},
				Detail: fields("loaded by root from /etc/cells", "2 policies, 1 of them changed: web")},
		},
	},
}

func cell(name string, procs int, cpu, memory string, denied int, tone model.Tone, policies string, spark ...uint8) model.Row {
	detail := []model.Field{field("root /cells/" + name + ", profile medium, ports 80 443"), field("policies " + policies), field("cpu", spark...), field("denied in the last hour: " + fmt.Sprint(denied))}
	return model.Row{ID: name, Tone: tone, Subject: model.Cell{Name: name, Members: procs}, Into: &model.Place{Kind: model.Members, Of: name}, Detail: detail,
		Fields: append(fields(name, fmt.Sprint(procs), cpu), field("", spark...), field(memory), field(fmt.Sprint(denied)), field(policies))}
}

func process(depth int, command string, pid int, user, cpu, memory string) model.Row {
	return model.Row{ID: fmt.Sprint(pid), Depth: depth, Subject: model.Process{Cell: "web-1", PID: pid, Command: command}, Fields: fields(command, fmt.Sprint(pid), user, cpu, memory),
		Detail: fields("/usr/pkg/sbin/"+command, "started 11:58:02 by supervise")}
}

func service(name, cell, state, since, health string, tone model.Tone) model.Row {
	return model.Row{ID: name, Tone: tone, Subject: model.Service{Name: name, Cell: cell}, Fields: fields(name, cell, state, since, health), Detail: fields("/etc/cells/services.lua:14")}
}

func written(at, text string, tone model.Tone) model.Row {
	return model.Row{ID: at + text, Tone: tone, Subject: model.Written{Service: "web-1", Text: text}, Fields: fields(at, text), Detail: fields(text)}
}

var rules int

func rule(depth int, name, decides, at string, tone model.Tone) model.Row {
	rules++
	return model.Row{ID: fmt.Sprint(rules), Depth: depth, Tone: tone, Subject: model.Rule{Policy: "base", Request: name}, Fields: fields(name, decides, at), Detail: fields(name + " is decided at " + at)}
}

func decision(at, cell, request, is string, n int, tone model.Tone) model.Row {
	return model.Row{ID: at + request, Tone: tone, Fields: fields(at, cell, request, is, fmt.Sprint(n)), Subject: model.Decision{Cell: cell, Request: request, Denied: tone == model.Bad},
		Detail: fields("euid 0, policy web at web.lua:4", "nearest: port must be 443, but is 80")}
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
	m := model.New(model.Options{Left: left, Right: right, NewLine: newLine, Themes: []string{"mc", "amber", "green", "mono", "sysinst", "synthwave"},
		Help: func(topic string) string {
			return "What the keys do for " + topic + ".\n\n" + strings.Repeat("A line of help.\n", 40)
		}})
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
