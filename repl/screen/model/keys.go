package model

import (
	"fmt"
	"path"
	"strings"

	"cellsh/repl/editor"
)

// Action is what a function key does.
type Action struct {
	// Label is at most six characters, for the line of keys.
	Label string
	// do does it.
	do func(m *Model) []Effect
}

// Keys are what the function keys do now, F1 first; one that does nothing has no label.
func (m *Model) Keys() [10]Action {
	switch d := m.Dialog().(type) {
	case *Page:
		keys := [10]Action{0: {Label: "Help"}, 6: {Label: "Search"}, 9: {Label: "Back"}}
		for n, k := range d.Keys {
			keys[n-1] = Action{Label: k.Label}
		}
		return keys
	case nil:
	default:
		return [10]Action{9: {Label: "Cancel"}}
	}
	keys := [10]Action{
		0: {"Help", (*Model).help},
		8: {"Menu", (*Model).menu},
		9: {"Leave", (*Model).leave},
	}
	for n, a := range actions[m.Panel().Place.Kind] {
		keys[n-1] = a
	}
	return keys
}

// Press does what a key means, and gives what others are to do.
func (m *Model) Press(k Key) []Effect {
	m.Said = Said{}
	if k, held := m.escape(k); !held {
		return m.press(k)
	}
	return nil
}

// escape makes function keys of Escape and a digit, for terminals that have none, and of Alt with one. It holds an Escape that
// means nothing by itself.
func (m *Model) escape(k Key) (_ Key, held bool) {
	was := m.escaped
	m.escaped = false
	digit := func() (Key, bool) {
		if len(k.Text) == 1 && '0' <= k.Text[0] && k.Text[0] <= '9' {
			return Key{Name: F1 + Name(k.Text[0]-'0'+9)%10}, true
		}
		return k, false
	}
	switch {
	case k.Name == Alt:
		k, _ = digit()
	case was && k.Name == Text:
		k, _ = digit()
	case k.Name == Escape && !was && m.Dialog() == nil && !m.busyLine() && m.Panel().search == nil:
		m.escaped = true
		return k, true
	}
	return k, false
}

// busyLine reports whether the line has a menu or a search open, which Escape closes.
func (m *Model) busyLine() bool { return m.Line.Choosing() }

func (m *Model) press(k Key) []Effect {
	if d := m.Dialog(); d != nil {
		if k.Name == Control && k.Text == "c" && m.Job != nil {
			return m.stop()
		}
		return d.press(m, k)
	}
	p := m.Panel()
	if p.search != nil {
		if done := m.searching(k); done {
			return nil
		}
	}
	if n := k.Function(); n > 0 {
		if a := m.Keys()[n-1]; a.do != nil {
			return a.do(m)
		}
		return nil
	}
	empty := m.Line.Text() == ""
	if m.Line.Choosing() || !empty && typed(k) {
		return m.line(k)
	}
	switch k.Name {
	case Up:
		p.move(-1)
	case Down:
		p.move(1)
	case PageUp:
		p.move(-p.height)
	case PageDown:
		p.move(p.height)
	case Home:
		p.move(-p.Len())
	case End:
		p.move(p.Len())
	case Left:
		if r := p.Row(); r != nil && p.Parent(r) && !p.Folded(r) {
			p.fold()
		}
	case Right:
		if r := p.Row(); r != nil && p.Folded(r) {
			p.fold()
		}
	case Tab, BackTab:
		return m.change()
	case Enter:
		return m.enter()
	case AltEnter:
		if r := p.Row(); r != nil && r.Subject != nil {
			m.Line.Press(editor.Key{Name: editor.KeyText, Text: word(r.Subject) + " "})
		}
	case Backspace:
		return p.leave()
	case Insert:
		p.mark()
	case Escape:
		p.marked = map[string]bool{}
	case Text:
		switch k.Text {
		case "+":
			m.Open(m.pattern(true))
			return nil
		case "-":
			m.Open(m.pattern(false))
			return nil
		case "*":
			m.invert()
			return nil
		}
		return m.line(k)
	case Control:
		return m.control(k)
	default:
		return m.line(k)
	}
	return nil
}

// typed reports whether a key belongs to the line for commands once something is there; the others always move in the panel.
func typed(k Key) bool {
	switch k.Name {
	case Up, Down, PageUp, PageDown, Insert:
		return false
	case Control:
		return !strings.Contains("oszl", k.Text)
	}
	return true
}

// change makes the other panel the active one.
func (m *Model) change() []Effect {
	m.Active = 1 - m.Active
	m.Resize(m.layout.Width, m.layout.Height)
	return nil
}

// control is what Ctrl and a letter mean while nothing is typed.
func (m *Model) control(k Key) []Effect {
	p := m.Panel()
	switch k.Text {
	case "c":
		if m.Job != nil {
			return m.stop()
		}
	case "u":
		m.Panels[0], m.Panels[1] = m.Panels[1], m.Panels[0]
		m.Resize(m.layout.Width, m.layout.Height)
	case "s":
		p.search = new(string)
	case "o":
		return []Effect{ShowOutput{}}
	case "l":
		return []Effect{Redraw{}}
	case "z":
		return []Effect{Suspend{}}
	case "t":
		p.mark()
	case "d":
		return m.leave()
	default:
		return m.line(k)
	}
	return nil
}

// stop has the job end.
func (m *Model) stop() []Effect {
	m.Job.Stopping = true
	return []Effect{Stop{}}
}

// controls are the keys of the line for commands by the letter of Control; alts by that of Alt.
var (
	controls = map[string]editor.KeyName{"a": editor.KeyHome, "b": editor.KeyLeft, "c": editor.KeyInterrupt, "d": editor.KeyDeleteOrGo, "e": editor.KeyEnd, "f": editor.KeyRight,
		"g": editor.KeyCancel, "k": editor.KeyCutLine, "n": editor.KeyDown, "p": editor.KeyUp, "r": editor.KeySearch, "t": editor.KeyTranspose, "u": editor.KeyCutBefore,
		"w": editor.KeyCutArgument, "y": editor.KeyYank, "_": editor.KeyUndo}
	alts     = map[string]editor.KeyName{"b": editor.KeyWordLeft, "f": editor.KeyWordRight, "d": editor.KeyCutWord, "p": editor.KeyUp, "n": editor.KeyDown, "<": editor.KeyTop, ">": editor.KeyBottom}
	ordinary = map[Name]editor.KeyName{Text: editor.KeyText, Paste: editor.KeyPaste, Enter: editor.KeyEnter, Tab: editor.KeyTab, BackTab: editor.KeyBackTab, Backspace: editor.KeyBackspace,
		Delete: editor.KeyDelete, Home: editor.KeyHome, End: editor.KeyEnd, Left: editor.KeyLeft, Right: editor.KeyRight, Up: editor.KeyUp, Down: editor.KeyDown, Escape: editor.KeyCancel, AltEnter: editor.KeyNewline}
)

// line gives a key to the line for commands.
func (m *Model) line(k Key) []Effect {
	name, ok := ordinary[k.Name]
	switch k.Name {
	case Control:
		name, ok = controls[k.Text]
	case Alt:
		name, ok = alts[k.Text]
	}
	if !ok {
		return nil
	}
	if k.Name == AltEnter {
		if r := m.Panel().Row(); r != nil && r.Subject != nil {
			m.Line.Press(editor.Key{Name: editor.KeyText, Text: word(r.Subject) + " "})
			return nil
		}
	}
	out := editor.Key{Name: name}
	if k.Name == Text || k.Name == Paste {
		out.Text = k.Text
	}
	switch m.Line.Press(out) {
	case editor.Accepted:
		text := m.Line.Text()
		if strings.TrimSpace(text) == "" {
			m.Line = m.options.NewLine()
			return nil
		}
		if m.busy() {
			return nil
		}
		return []Effect{Statement{text}}
	case editor.Interrupted, editor.Ended:
		m.Line = m.options.NewLine()
	case editor.TooLong:
		m.Say(Bad, "what is pasted must be at most %d bytes, but is longer", editor.MaxLine)
	}
	return nil
}

// enter goes into what is under the cursor.
func (m *Model) enter() []Effect {
	p := m.Panel()
	r := p.Row()
	switch {
	case r == nil:
	case r.Into != nil:
		return p.visit(*r.Into)
	case p.fold():
	default:
		if a := m.Keys()[2]; a.do != nil { // look at it
			return a.do(m)
		}
	}
	return nil
}

// searching is what a key means while a panel is searched; false if it ends the search and means what it always does.
func (m *Model) searching(k Key) bool {
	p := m.Panel()
	switch {
	case k.Name == Text || k.Name == Paste:
		*p.search += k.Text
		p.seek(p.cursor, 1)
	case k.Name == Backspace:
		*p.search = cutLast(*p.search)
		p.seek(p.cursor, 1)
	case k.Name == Control && k.Text == "s", k.Name == Down:
		p.seek(p.cursor+1, 1)
	case k.Name == Up:
		p.seek(p.cursor-1, -1)
	case k.Name == Escape:
		p.search = nil
	default:
		p.search = nil
		return false
	}
	return true
}

// invert selects what is not selected, and no more what is.
func (m *Model) invert() {
	p := m.Panel()
	for i := range p.Table.Rows {
		r := &p.Table.Rows[i]
		if r.Subject == nil {
			continue
		}
		if p.marked[r.ID] {
			delete(p.marked, r.ID)
		} else {
			p.marked[r.ID] = true
		}
	}
}

// match selects the rows whose name is like a pattern of the shell, or no more.
func (m *Model) match(pattern string, on bool) error {
	p := m.Panel()
	for i := range p.Table.Rows {
		r := &p.Table.Rows[i]
		if r.Subject == nil {
			continue
		}
		is, err := path.Match(pattern, word(r.Subject))
		switch {
		case err != nil:
			return fmt.Errorf("a pattern must have its brackets closed, but is %q", pattern)
		case is && on:
			p.marked[r.ID] = true
		case is:
			delete(p.marked, r.ID)
		}
	}
	return nil
}

// word is what names a subject on a command line.
func word(s Subject) string {
	switch s := s.(type) {
	case Cell:
		return s.Name
	case Process:
		return fmt.Sprint(s.PID)
	case Service:
		return s.Name
	case Written:
		return s.Service
	case Policy:
		return s.Name
	case Rule:
		return s.Request
	case Decision:
		return s.Request
	case Generation:
		return fmt.Sprint(s.Number)
	}
	return ""
}

// leave ends the screen; what would be lost by that is asked about.
func (m *Model) leave() []Effect {
	switch {
	case m.Job != nil:
		m.Open(&Question{Title: "Leave", Text: m.Job.Title + " is not done yet.", Choices: []Choice{{"Stop it", []Effect{Stop{}}}, {"Wait", nil}}, chosen: 1})
	case !m.Status.Confirm.IsZero():
		m.Open(&Question{Title: "Leave", Text: fmt.Sprintf("Generation %d is not confirmed: leaving may roll it back.", m.Status.Generation),
			Choices: []Choice{{"Leave", []Effect{Leave{}}}, {"Stay", nil}}, chosen: 1})
	default:
		return []Effect{Leave{}}
	}
	return nil
}
