package change

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"cellsh/policy/diag"
	"cellsh/repl/command"
	"cellsh/repl/editor"
	"cellsh/repl/screen/model"
)

// hand presses keys, and does at once what they ask for.
type hand struct {
	*desk
	m    *model.Model
	keys int
	did  []string
}

func (d *desk) hand() *hand {
	h := &hand{desk: d}
	h.m = model.New(model.Options{Left: model.Place{Kind: model.Decisions}, Right: model.Place{Kind: model.Cells},
		NewLine: func() *editor.Draft {
			return editor.NewDraft(editor.Language{}, editor.NewPalette(false, ""), editor.Prompts{First: "> "}, nil)
		}})
	h.tick()
	return h
}

// tick lets the model look.
func (h *hand) tick() {
	h.t.Helper()
	if err := h.Steps.Step(func() error { return nil }); err != nil { // the kernel's clock goes on
		h.t.Fatal(err)
	}
	history, err := h.Target.Host.History()
	if err != nil {
		h.t.Fatal(err)
	}
	h.m.Status = model.Status{}
	if g := history.Active(); g != nil {
		h.m.Status.Generation = g.Number
	}
	if history.Deadline != nil {
		h.m.Status.Confirm = history.Deadline.Until
	}
	h.do(h.m.Tick(h.now))
}

func (h *hand) press(words ...string) {
	h.t.Helper()
	for _, k := range model.ParseKeys(words) {
		h.keys++
		h.do(h.m.Press(k))
	}
}

func (h *hand) do(effects []model.Effect) {
	h.t.Helper()
	wrong := func(err error) string {
		if err == nil {
			return ""
		}
		var b strings.Builder
		_ = diag.Write(&b, diag.Of(err))
		return b.String()
	}
	for _, e := range effects {
		switch e := e.(type) {
		case model.Read:
			var t model.Table
			if e.Place.Kind == model.Decisions {
				if b, err := h.Target.Host.Log(0).Next(); err == nil && len(b.List) > 0 {
					t.Rows = []model.Row{{ID: fmt.Sprint(len(b.List)), Subject: h.last()}}
				}
			}
			h.m.Filled(e.Place, t, "")
		case model.Run:
			h.did = append(h.did, strings.ReplaceAll(strings.Join(e.Words, " "), h.dir, "DIR"))
			var out bytes.Buffer
			code := -1
			err := h.Steps.Step(func() error {
				code = command.Find(e.Words[0]).Run(e.Words[1:], command.Common{}, command.Env{Stdout: &out, Stderr: &out, Now: func() time.Time { return h.now }, Session: h.Target, Machine: machine})
				return nil
			})
			if err != nil {
				h.t.Fatal(err)
			}
			h.do(h.m.Ran(model.Result{Text: out.String(), Failed: code != 0}))
		case model.Learn:
			h.did = append(h.did, "learn "+e.Known)
			p, err := h.try(func() (*model.Proposal, error) { return h.Learn(e) })
			h.m.Learned(p, wrong(err))
		case model.Write:
			h.did = append(h.did, "write")
			h.do(h.m.Wrote(e.Proposal, wrong(h.Write(e.Proposal))))
		default:
			h.t.Fatalf("%T is not for this", e)
		}
	}
}

// TestKeys presses the keys of the whole way, on the real commands.
func TestKeys(t *testing.T) {
	for _, c := range []struct {
		name    string
		keys    string
		did     string
		allowed bool
		changed bool
	}{
		{"the shortest", "F5 F5 Enter c Enter", "learn , write, load DIR/web.lua --confirm 60s, confirm 2", true, true},
		{"with a look at why", "F3 F5 F5 Enter c Enter", "explain --source --by DIR/web.lua:7 web-1 system.reboot euid=0, learn , write, load DIR/web.lua --confirm 60s, confirm 2", true, true},
		{"rolled back", "F5 F5 Enter r Enter", "learn , write, load DIR/web.lua --confirm 60s, rollback 1, write", false, false},
		{"for good", "F5 F5 l", "learn , write, load DIR/web.lua", true, true},
		{"only written", "F5 F5 w", "learn , write", false, true},
		{"not at all", "F5 F5 Esc q", "learn ", false, false},
		{"later", "F5 F5 Enter Enter", "learn , write, load DIR/web.lua --confirm 60s", true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := sit(t, "sim", map[string]string{"web.lua": web}, "web-1")
			d.run(0, "load", d.path("web.lua"))
			d.reboot("web-1")
			h := d.hand()
			h.press(strings.Fields(c.keys)...)
			if got := strings.Join(h.did, ", "); got != c.did {
				t.Errorf("it did %s, and must do %s: %+v", got, c.did, h.m.Dialog())
			}
			if h.m.Dialog() != nil {
				t.Errorf("there is %+v", h.m.Dialog())
			}
			if d.reboot("web-1") != c.allowed || (d.read("web.lua") != web) != c.changed {
				t.Errorf("allowed must be %v, and changed %v:\n%s", c.allowed, c.changed, d.read("web.lua"))
			}
		})
	}
}

// TestKeysLate: when the time is over the file can be written as it was.
func TestKeysLate(t *testing.T) {
	d := sit(t, "sim", map[string]string{"web.lua": web}, "web-1")
	d.run(0, "load", d.path("web.lua"))
	d.reboot("web-1")
	h := d.hand()
	h.press("F5", "F5", "Enter")
	d.now = d.now.Add(20 * time.Second)
	h.tick()
	if q, is := h.m.Dialog().(*model.Question); !is || !strings.Contains(q.Text, "rolled back in 40s unless confirmed") {
		t.Fatalf("%+v", h.m.Dialog())
	}
	d.now = d.now.Add(41 * time.Second)
	d.run(0, "list")
	h.tick()
	if q, is := h.m.Dialog().(*model.Question); !is || q.Title != "Rolled back" {
		t.Fatalf("%+v", h.m.Dialog())
	}
	if d.reboot("web-1") || d.read("web.lua") == web {
		t.Error("the kernel must have gone back, and the file not")
	}
	h.press("t", "Enter")
	if d.read("web.lua") != web || h.m.Dialog() != nil {
		t.Errorf("%+v\n%s", h.m.Dialog(), d.read("web.lua"))
	}
}
