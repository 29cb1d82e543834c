package model

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"cellsh/kernel"
	"cellsh/kernel/members"
	"cellsh/policy"
	"cellsh/policy/secmodel"
)

// cellActions are what can be done with cells.
func cellActions() []Action {
	return []Action{
		{Label: "View", Name: "what it may do, in full", key: 3, ready: one(func(m *Model, c Cell) []Effect { return m.can(c.Name, "") })},
		{Label: "Rules", Name: "the policies that are for it, which can be edited there", key: 4, ready: one(func(m *Model, c Cell) []Effect { return m.Panel().visit(Place{Policies, c.Name}) })},
		{Label: "Copy", Name: "make another like it", key: 5, changes: true, ready: oneOf(func(c Cell) bool { return len(c.Create) > 0 }, (*Model).copyCell)},
		{Label: "Log", Name: "what was decided about it", key: 6, ready: one(func(m *Model, c Cell) []Effect { return m.Panel().visit(Place{Decisions, c.Name}) })},
		{Label: "Create", Name: "make a cell", key: 7, changes: true, ready: always((*Model).createCell)},
		{Label: "Remove", Name: "destroy it, or all that are selected", key: 8, changes: true, ready: each((*Model).destroy)},
		{Name: "a shell in it", changes: true, ready: one(func(m *Model, c Cell) []Effect { return m.statement(statement(words("exec", nil, c.Name))) })},
		{Name: "run a command in it", changes: true, ready: one(func(m *Model, c Cell) []Effect { return m.exec(c.Name) })},
		{Name: "send a signal to all processes in it", changes: true, ready: one(func(m *Model, c Cell) []Effect { return m.kill(c.Name) })},
		{Name: "what it uses, and how often it was denied", ready: each(func(m *Model, all []Cell) []Effect {
			_, list := called(all, "cell")
			return m.page("stats", words("stats", nil, list...)...)
		})},
		{Name: "give it the programs of what is loaded", changes: true, ready: each(func(m *Model, all []Cell) []Effect {
			text, list := called(all, "cell")
			return m.do(run("attach "+text, words("attach", nil, list...)))
		})},
	}
}

// memberActions are what can be done with the processes in a cell.
func memberActions() []Action {
	return []Action{
		{Label: "View", Name: "all processes of the cell with what they use", key: 3, ready: of(func(m *Model, cell string) []Effect { return m.page("ps "+cell, words("ps", nil, cell)...) })},
		{Label: "Rules", Name: "the policies that are for the cell", key: 4, ready: of(func(m *Model, cell string) []Effect { return m.Panel().visit(Place{Policies, cell}) })},
		{Label: "Log", Name: "what was decided about the cell", key: 6, ready: of(func(m *Model, cell string) []Effect { return m.Panel().visit(Place{Decisions, cell}) })},
		{Label: "Run", Name: "run a command in the cell", key: 7, changes: true, ready: of((*Model).exec)},
		{Label: "Kill", Name: "send a signal to all processes in the cell", key: 8, changes: true, ready: of((*Model).kill)},
		{Name: "a shell in the cell", changes: true, ready: of(func(m *Model, cell string) []Effect { return m.statement(statement(words("exec", nil, cell))) })},
		{Name: "what the cell may do, in full", ready: of(func(m *Model, cell string) []Effect { return m.can(cell, "") })},
	}
}

// can shows what a cell may do, or what becomes of some requests.
func (m *Model) can(cell, requests string) []Effect {
	args := []string{cell}
	if requests != "" {
		args = append(args, requests)
	}
	return m.page("can "+strings.Join(args, " "), words("can", nil, args...)...)
}

// statement is a command as it is typed in a session. Its words need no quotes.
func statement(words []string) string { return strings.Join(words, " ") }

// statement enters one.
func (m *Model) statement(text string) []Effect {
	if m.busy() {
		return nil
	}
	return []Effect{Statement{text}}
}

// exec asks for a command to run in a cell.
func (m *Model) exec(cell string) []Effect {
	m.Open(&Form{Title: "Run in cell " + cell, Fields: []*Input{
		NewInput("Command", "", "with its arguments, as it is typed"),
		NewInput("User", "", "USER or USER:GROUP of the cell; root if empty"),
	}, make: func(m *Model, v []string) ([]Effect, []string) {
		wrong := make([]string, 2)
		if strings.TrimSpace(v[0]) == "" {
			wrong[0] = "must not be empty, but is"
		}
		if strings.ContainsFunc(v[1], func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-:", r)
		}) {
			wrong[1] = fmt.Sprintf("must be USER or USER:GROUP, but is %q", v[1])
		}
		var user []string
		if v[1] != "" {
			user = []string{"--user=" + v[1]}
		}
		call := words("exec", user, cell)
		if !strings.HasPrefix(cell, "-") {
			call = append(call, "--")
		}
		return []Effect{Statement{statement(call) + " " + strings.TrimSpace(v[0])}}, wrong
	}})
	return nil
}

// signals are those that a question offers.
var signals = []string{"TERM", "HUP", "INT", "KILL", "USR1"}

// kill asks which signal is sent to the processes in a cell.
func (m *Model) kill(cell string) []Effect {
	send := func(signal string) []Effect {
		return run("send "+signal+" to cell "+cell, words("kill", nil, cell, signal))
	}
	var choices []Choice
	for _, s := range signals {
		choices = append(choices, Choice{s, send(s)})
	}
	other := &Form{Title: "Send a signal to cell " + cell, Fields: []*Input{NewInput("Signal", "", "a name or a number, as WINCH or 28")}, make: func(m *Model, v []string) ([]Effect, []string) {
		if _, ok := members.ParseSignal(v[0]); !ok {
			return nil, []string{fmt.Sprintf("must be a name or a number of a signal, like TERM, KILL, HUP or 15, but is %q", v[0])}
		}
		return send(v[0]), nil
	}}
	choices = append(choices, Choice{"Other", []Effect{open{other}}})
	return m.question("Signal", fmt.Sprintf("It goes to all processes in cell %s, and to nobody else. A service that ends so is started again: stop it instead.", cell), choices...)
}

// destroy asks about destroying cells, and says what is in the way.
func (m *Model) destroy(all []Cell) []Effect {
	text, list := called(all, "cell")
	var way []string
	unknown := false
	for _, c := range all {
		if c.Members > 0 {
			way = append(way, fmt.Sprintf("%s in cell %s", count(c.Members, "process"), c.Name))
		}
		switch n := len(c.Services); {
		case n == 1:
			way = append(way, fmt.Sprintf("service %s in cell %s", c.Services[0], c.Name))
		case n > 1:
			way = append(way, fmt.Sprintf("services %s in cell %s", strings.Join(c.Services, ", "), c.Name))
		}
		unknown = unknown || c.Members < 0
	}
	plain := Choice{"Destroy", run("destroy "+text, words("destroy", nil, list...))}
	ends := Choice{"Stop and destroy", run("stop and destroy "+text, words("destroy", []string{"--stop"}, list...))}
	title, question := "Destroy", "Destroy "+text+"?"
	const most = 6
	switch {
	case len(way) > most:
		question += fmt.Sprintf("\n\nIn the way:\n  %s\n  and more in other cells", strings.Join(way[:most], "\n  "))
	case len(way) > 0:
		question += "\n\nIn the way:\n  " + strings.Join(way, "\n  ")
	case unknown:
		question += "\n\nIt is not known what runs there."
	default:
		return m.question(title, question, plain)
	}
	return m.question(title, question, plain, ends)
}

// count is a number of things.
func count(n int, one string) string {
	switch {
	case n == 1:
		return "1 " + one
	case strings.HasSuffix(one, "s"):
		return fmt.Sprintf("%d %ses", n, one)
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// createCell asks for a new cell.
func (m *Model) createCell() []Effect {
	base := ""
	if r := m.Panel().Row(); r != nil {
		if c, is := r.Subject.(Cell); is {
			if root := parseCreate(c.Create)["root"]; path.Base(root) == c.Name {
				base = path.Dir(root)
			}
		}
	}
	m.Open(cellForm("Create a cell", "", base, nil, nil))
	return nil
}

// copyCell asks for a cell like another.
func (m *Model) copyCell(c Cell) []Effect {
	like := parseCreate(c.Create)
	base := ""
	if path.Base(like["root"]) == c.Name {
		base = path.Dir(like["root"])
		delete(like, "root")
	}
	hints := map[string]string{}
	if ports := like["ports"]; ports != "" {
		// A port belongs to one cell.
		delete(like, "ports")
		hints["ports"] = c.Name + " has " + ports
	}
	m.Open(cellForm("A cell like "+c.Name, m.freeName(c.Name), base, like, hints))
	return nil
}

// freeName is a name that no cell has that is listed, made of another by counting on.
func (m *Model) freeName(name string) string {
	stem := strings.TrimRight(name, "0123456789")
	n, err := strconv.Atoi(name[len(stem):])
	if err != nil {
		stem, n = name+"-", 1
	}
	for {
		n++
		if s := stem + strconv.Itoa(n); s != name && !slices.Contains(m.cells, s) {
			return s
		}
	}
}

// parseCreate are the flags of create by their names, without dashes. One without a value is "yes".
func parseCreate(flags []string) map[string]string {
	out := map[string]string{}
	for i := 0; i < len(flags); i++ {
		name, is := strings.CutPrefix(flags[i], "-")
		if !is {
			continue
		}
		name, value, given := strings.Cut(strings.TrimPrefix(name, "-"), "=")
		if !given {
			value = "yes"
			if i+1 < len(flags) && !strings.HasPrefix(flags[i+1], "-") {
				i++
				value = flags[i]
			}
		}
		out[name] = value
	}
	return out
}

// cellFields are what a cell is made with beside its name, by the flags of create.
var cellFields = []struct {
	flag, label, hint string
	choices           []string
}{
	{"root", "Root", "the directory that its members are chrooted to, absolute", nil},
	{"profile", "Profile", "what the kernel denies by itself; if empty the policies decide", []string{"", "low", "medium", "high"}},
	{"ports", "Ports", "that only this cell may bind, as 80,443", nil},
	{"nofile", "Open files", "at most so many, or unlimited; if empty the policies decide", nil},
	{"as", "Memory", "address space at most, as 512M, or unlimited", nil},
	{"core", "Core dumps", "at most, as 512M, or unlimited", nil},
	{"yes", "Host's root", "whether the root may be that of the host", []string{"no", "yes"}},
}

// cellForm asks for what a cell is made with. While the root is not written by hand it is the directory base with the name.
func cellForm(title, name, base string, like, hints map[string]string) *Form {
	f := &Form{Title: title, Fields: []*Input{NewInput("Name", name, "of A-Z a-z 0-9 . _ -, at most 63")}}
	for _, field := range cellFields {
		value, hint := like[field.flag], field.hint
		if h := hints[field.flag]; h != "" {
			hint = h
		}
		if field.choices != nil && !slices.Contains(field.choices, value) {
			value = field.choices[0]
		}
		f.Fields = append(f.Fields, NewInput(field.label, value, hint, field.choices...))
	}
	if base != "" {
		f.Fields[1].follow = func() string {
			if name := f.Fields[0].Text(); name != "" {
				return path.Join(base, name)
			}
			return ""
		}
		f.Fields[1].Set(f.Fields[1].follow())
	}
	f.make = func(m *Model, v []string) ([]Effect, []string) {
		wrong := checkCell(v)
		var flags []string
		for i, field := range cellFields {
			switch value := v[i+1]; {
			case field.flag == "yes" && value == "yes":
				flags = append(flags, "--yes")
			case field.flag != "yes" && value != "":
				flags = append(flags, "--"+field.flag+"="+value)
			}
		}
		return run("create cell "+v[0], words("create", flags, v[0])), wrong
	}
	return f
}

// checkCell says what is wrong with each of the values, by the rules of create.
func checkCell(v []string) []string {
	wrong := make([]string, len(v))
	wrong[0] = policy.CheckName(v[0])
	for i, field := range cellFields {
		text := v[i+1]
		var spec kernel.Spec
		switch {
		case field.flag == "yes":
			continue
		case field.flag == "root":
			wrong[i+1] = checkRoot(text)
			continue
		case text == "":
			continue
		}
		var value any = text
		if field.flag == "ports" {
			var list []any
			for s := range strings.SplitSeq(text, ",") {
				list = append(list, s)
			}
			value = list
		}
		if e, is := spec.Set(field.flag, value).(*policy.KeyError); is {
			wrong[i+1] = e.Text
		}
	}
	return wrong
}

// checkRoot says what is wrong with the root of a cell, by the rules of the kernel.
func checkRoot(root string) string {
	spec := kernel.Spec{Name: "x", Root: root}
	if e, is := spec.Check(secmodel.Current).(*kernel.Error); is {
		return strings.TrimPrefix(e.Text, "the root ")
	}
	return ""
}
