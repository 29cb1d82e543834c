package view

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cellsh/repl/screen/model"
)

var update = flag.Bool("update", false, "write the golden screens anew")

// places of both panels.
func places(left, right model.Kind) (l, r model.Place) {
	place := func(k model.Kind) model.Place {
		switch k {
		case model.Members, model.Output:
			return model.Place{Kind: k, Of: "web-1"}
		}
		return model.Place{Kind: k}
	}
	return place(left), place(right)
}

// scenes are screens of all kinds.
var scenes = []struct {
	name        string
	left, right model.Kind
	make        func(m *model.Model)
}{
	{"cells", model.Cells, model.Decisions, func(m *model.Model) {
		press(m, "Down", "Insert", "Insert")
		m.Status = model.Status{Kernel: "NetBSD", Generation: 7, Confirm: now.Add(42 * time.Second), Audit: now.Add(25 * time.Minute), Pending: 2, ReadOnly: true}
	}},
	{"members", model.Members, model.Cells, func(m *model.Model) { press(m, "Down", "Left") }},
	{"services", model.Services, model.Output, func(m *model.Model) { press(m, "Down", "Down", "Down", "Down") }},
	{"output", model.Services, model.Output, func(m *model.Model) { press(m, "Tab") }},
	{"policies", model.Policies, model.Generations, func(m *model.Model) {
		press(m, "Down", "Down", "Down", "Down", "Left", "Up", "Up")
		m.Status.Pending = 1
	}},
	{"decisions", model.Decisions, model.Cells, nil},
	{"generations", model.Policies, model.Generations, func(m *model.Model) {
		press(m, "Tab", "Up")
		m.Status.Confirm = now.Add(9 * time.Second)
	}},
	{"reading", model.Cells, model.Decisions, func(m *model.Model) { m.Press(model.Key{Name: model.Enter}) }},
	{"unreadable", model.Cells, model.Decisions, func(m *model.Model) {
		m.Press(model.Key{Name: model.Enter})
		m.Filled(m.Panels[0].Place, model.Table{}, wrong)
	}},
	{"empty", model.Cells, model.Decisions, func(m *model.Model) { m.Filled(m.Panels[0].Place, model.Table{}, "") }},
	{"wrong", model.Cells, model.Decisions, func(m *model.Model) {
		m.Filled(m.Panels[1].Place, model.Table{}, wrong)
	}},
	{"many", model.Cells, model.Decisions, func(m *model.Model) {
		fill(m, 10000)
		press(m, "PageDown", "PageDown", "PageDown", "Down", "+")
		press(m, "Backspace", "cell-0*7", "Enter")
	}},
	{"search", model.Policies, model.Services, func(m *model.Model) { press(m, "Ctrl-S", "bi") }},
	{"sieve", model.Cells, model.Decisions, func(m *model.Model) { press(m, "/", "web") }},
	{"sifted", model.Cells, model.Decisions, func(m *model.Model) { press(m, "/", "e", "Enter", "Insert", "Alt-s", "Alt-s") }},
	{"question", model.Cells, model.Decisions, func(m *model.Model) {
		m.Open(&model.Question{Title: "Destroy", Text: "Destroy cell web-1? It has 9 processes, which are stopped first: nginx (813, 820, 821), php-fpm (830), sh (1440) and 4 others.",
			Choices: []model.Choice{{Label: "Destroy"}, {Label: "Keep"}}})
		press(m, "Right")
	}},
	{"choices", model.Cells, model.Decisions, func(m *model.Model) {
		m.Open(&model.Question{Title: "Load", Text: "/etc/cells/web.lua is written. Load it?", Choices: []model.Choice{{Label: "For a minute, then ask"}, {Label: "For good"}, {Label: "Not now"}, {Label: "Show the difference"}}})
	}},
	{"message", model.Cells, model.Decisions, func(m *model.Model) {
		m.Open(&model.Message{Title: "load", Tone: model.Bad, Text: "web.lua:4:12: error: the port must be from 1 to 65535, but is 70000 [policy.range]\n    4 |   if r.port == 70000 then return allow end\n      |                ^~~~~\n   hint: ports are unsigned numbers of 16 bits\n"})
	}},
	{"long", model.Cells, model.Decisions, func(m *model.Model) {
		m.Open(&model.Message{Title: "check", Text: strings.Repeat("A line that says what was checked, and that all of it holds.\n", 80)})
		press(m, "PageDown", "Down", "Down")
	}},
	{"form", model.Cells, model.Decisions, func(m *model.Model) { m.Open(create()); press(m, "Tab", "End", "-new") }},
	{"wrongform", model.Cells, model.Decisions, func(m *model.Model) {
		f := create()
		m.Open(f)
		press(m, "Tab", "Tab", "Right")
		f.Wrong = "a cell of profile high must have no ports below 1024 that are reserved, but has 80"
	}},
	{"longform", model.Cells, model.Decisions, func(m *model.Model) {
		f := create()
		for i := range 30 {
			f.Fields = append(f.Fields, model.NewInput(fmt.Sprintf("Limit %d", i), "unlimited", "a number, or unlimited", "unlimited", "1024", "65536", "1048576", "as the host has it"))
		}
		m.Open(f)
		press(m, strings.Fields(strings.Repeat("Tab ", 20))...)
	}},
	{"menu", model.Cells, model.Decisions, func(m *model.Model) { press(m, "F9", "Down", "Down") }},
	{"themes", model.Cells, model.Decisions, func(m *model.Model) { press(m, "F9", "Left", "End") }},
	{"page", model.Cells, model.Decisions, func(m *model.Model) { m.Open(page()); press(m, "/", "line", "Enter", "n", "n") }},
	{"pagesearch", model.Cells, model.Decisions, func(m *model.Model) { m.Open(page()); press(m, "Right", "/", "line of") }},
	{"proposal", model.Cells, model.Decisions, func(m *model.Model) {
		m.Job = &model.Job{Title: "learn network.bind", Began: now}
		m.Learned(&model.Proposal{Title: "allow network.bind port=80 in web-1", Text: proposal, Files: []model.File{{Name: "web.lua"}}}, "")
		m.Job = &model.Job{Title: "write", Began: now.Add(-time.Second)}
	}},
	{"wrapped", model.Cells, model.Decisions, func(m *model.Model) {
		m.Open(&model.Page{Title: "difference", Lines: strings.Split(strings.TrimRight(proposal, "\n"), "\n")})
		press(m, "F2")
	}},
	{"completion", model.Cells, model.Decisions, func(m *model.Model) { press(m, "ex", "Tab") }},
	{"statement", model.Cells, model.Decisions, func(m *model.Model) {
		m.Press(model.Key{Name: model.Paste, Text: "for c in cells() do\n  print(c.name, \"naïve 日本\")\nend"})
	}},
	{"job", model.Services, model.Decisions, func(m *model.Model) {
		m.Job = &model.Job{Title: "stop web-1", Began: now.Add(-73 * time.Second), Where: "waits for nginx (813) to end"}
		m.Status.Confirm = now.Add(42 * time.Second)
	}},
	{"stopping", model.Services, model.Decisions, func(m *model.Model) {
		m.Job = &model.Job{Title: "prove base", Began: now.Add(-2*time.Hour - 3*time.Second), Where: "request 118 of 214", Stopping: true}
	}},
	{"said", model.Services, model.Decisions, func(m *model.Model) {
		m.Job = &model.Job{Title: "prove base", Began: now.Add(-3 * time.Second)}
		m.Say(model.Warning, "prove base is not done yet: Ctrl-C stops it")
	}},
	{"result", model.Services, model.Decisions, func(m *model.Model) {
		m.Say(model.Good, "generation 8 is loaded for a minute: 2 policies, 1 of them changed, for 6 cells; confirm it or it goes away, and 7 comes back")
	}},
	{"heard", model.Cells, model.Decisions, func(m *model.Model) {
		m.Open(page())
		m.Say(model.Bad, "only what is denied can be learned from, but network.bind of web-1 is not")
	}},
}

const wrong = "this cannot be read: only the superuser of the host may (security.models.celleval.log)\n   hint: run cellsh as root"

const proposal = `One clause of policy web allows it, and nothing else changes:

--- /etc/cells/web.lua
+++ /etc/cells/web.lua
@@ -1,5 +1,5 @@
 policy "web" {
 	cells = { "web-*" },
-	on = { ["network.bind"] = function(r) return r.port == 443 and allow or deny end },
+	on = { ["network.bind"] = function(r) return (r.port == 443 or r.port == 80) and allow or deny end },
 }

Decisions that change: 1 of 65536 ports of network.bind
- network.bind port=80  deny -> allow
`

// page is a text that is longer than any screen, with lines that are.
func page() *model.Page {
	p := &model.Page{Title: "what is said of cells", Lines: []string{"What the keys do for cells.", "", "\t" + strings.Repeat("a line that is long, ", 12)}}
	for i := range 90 {
		p.Lines = append(p.Lines, fmt.Sprintf("A line of help, the %d. of them.", i))
	}
	return p
}

func create() *model.Form {
	return &model.Form{Title: "Create a cell", Fields: []*model.Input{model.NewInput("Name", "web-3", "letters, digits, dots, _ and -"), model.NewInput("Root", "/cells/web-3", "an absolute path of a folder that is there"),
		model.NewInput("Profile", "medium", "what is denied without policies", "low", "medium", "high"), model.NewInput("Ports", "80 443", "reserved for this cell")}}
}

// fill has so many cells in the left panel.
func fill(m *model.Model, n int) {
	t := tables[model.Place{Kind: model.Cells}]
	t.Rows = nil
	for i := range n {
		t.Rows = append(t.Rows, cell(fmt.Sprintf("cell-%05d", i), i%17, "1%", "12M", i%3, model.Tone(i%5), "running", "base", 1, 2, 3, 4, 5, 6, 7, 0))
	}
	m.Filled(model.Place{Kind: model.Cells}, t, "")
}

func TestScreens(t *testing.T) {
	if *update {
		old, _ := filepath.Glob("testdata/*.screen")
		for _, f := range old {
			os.Remove(f)
		}
	}
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			var b strings.Builder
			for i, size := range [][2]int{{80, 24}, {132, 43}, {40, 10}, {200, 60}} {
				if i == 3 && s.name != "cells" {
					continue
				}
				for _, skin := range []struct {
					name string
					Skin
				}{{"unicode", Unicode}, {"ascii", ASCII}} {
					left, right := places(s.left, s.right)
					m := newModel(size[0], size[1], left, right)
					if s.make != nil {
						s.make(m)
					}
					g := Draw(m, skin.Skin)
					cursor := "no cursor"
					if g.Cursor {
						cursor = fmt.Sprintf("cursor at %d,%d", g.X, g.Y)
					}
					fmt.Fprintf(&b, "== %dx%d %s, %s\n%s", g.Width, g.Height, skin.name, cursor, g.Text())
					if size[0] == 80 && skin.name == "unicode" {
						fmt.Fprintf(&b, "== roles\n%s", g.Outline())
					}
				}
			}
			name := filepath.Join("testdata", s.name+".screen")
			if *update {
				if err := os.WriteFile(name, []byte(b.String()), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if b.String() != string(want) {
				t.Errorf("%s is not what is drawn (-update writes it anew):\n%s", name, difference(string(want), b.String()))
			}
		})
	}
}

// difference is the first lines that differ, with some before them.
func difference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	head := ""
	for i := range max(len(a), len(b)) {
		line := func(l []string) string {
			if i < len(l) {
				return l[i]
			}
			return ""
		}
		if strings.HasPrefix(line(b), "== ") {
			head = line(b)
		}
		if line(a) != line(b) {
			return fmt.Sprintf("%s\nline %d\nwant %s\ngot  %s", head, i+1, line(a), line(b))
		}
	}
	return ""
}
