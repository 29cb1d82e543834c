package view
import ("testing";"fmt";"time";"cellsh/repl/screen/model")
func TestLook(t *testing.T) {
	show := func(m *model.Model) { fmt.Println(Draw(m, Unicode).Text()) }
	at := func(k, l model.Kind) *model.Model { return newModel(80, 24, model.Place{Kind: k}, model.Place{Kind: l}) }
	m := at(model.Cells, model.Decisions)
	press(m, "Down", "Down", "Insert")
	m.Status = model.Status{Kernel: "NetBSD", Generation: 7, Confirm: now.Add(42*time.Second), Audit: now.Add(3*time.Hour), Pending: 2, ReadOnly: true}
	show(m)
	m.Job = &model.Job{Title: "destroy web-1", Began: now.Add(-13*time.Second), Where: "3 of 9 processes"}
	show(m)
	press(m, "ex", "Tab")
	show(m)
	press(m, "Tab", "Tab")
	m.Job=nil
	show(m)
	m = at(model.Cells, model.Decisions)
	m.Open(&model.Question{Title: "Destroy", Text: "Destroy cell web-1? It has 9 processes: nginx (813, 820, 821), php-fpm (830) and 5 others, which would be stopped first.", Choices: []model.Choice{{Label:"Destroy"},{Label:"Keep"}}})
	show(m)
	m = at(model.Cells, model.Decisions)
	m.Open(&model.Message{Title: "load", Tone: model.Bad, Text: "web.lua:4:12: error: the port must be from 1 to 65535, but is 70000 [policy.range]\n    4 |   if r.port == 70000 then return allow end\n      |                ^~~~~\n   hint: ports are unsigned numbers of 16 bits\n"})
	show(m)
	m = at(model.Cells, model.Decisions)
	f := &model.Form{Title: "Create a cell", Fields: []*model.Input{model.NewInput("Name", "web-3", "letters, digits, dots, _ and -"), model.NewInput("Root", "/cells/web-3", "an absolute path"), model.NewInput("Profile", "medium", "", "low", "medium", "high"), model.NewInput("Ports", "80 443", "reserved ports")}}
	m.Open(f)
	press(m, "Tab", "Tab")
	show(m)
	f.Wrong = "the profile must be low, medium or high, but is \"x\""
	press(m)
	show(m)
	m = at(model.Cells, model.Decisions)
	press(m, "F9", "Right")
	show(m)
	m = at(model.Cells, model.Decisions)
	press(m, "F1", "/", "help", "Enter", "PageDown")
	show(m)
}
