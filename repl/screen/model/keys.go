package model

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"cellsh/repl/editor"
)

// Press does what a key means, and gives what others are to do.
func (m *Model) Press(k Key) []Effect {
	m.Said = Said{}
	k, held := m.escape(k)
	if held {
		return nil
	}
	open := m.Dialog()
	out := m.press(k)
	if k.Name == Escape && open != nil && m.Dialog() != open {
		m.closed, m.since = open, time.Time{}
	}
	return out
}

// escape makes function keys of Escape and a digit, for terminals that have none, and of Alt with one; and Alt with a key of
// Escape and that key. It holds an Escape that may be the first of two keys. One that has closed a dialog was no Escape by
// itself if a digit follows: then the dialog is opened again if it has function keys.
func (m *Model) escape(k Key) (_ Key, held bool) {
	was, closed := m.escaped, m.closed
	m.escaped, m.closed = false, nil
	digit := len(k.Text) == 1 && '0' <= k.Text[0] && k.Text[0] <= '9'
	function := func() Key { return Key{Name: F1 + Name(k.Text[0]-'0'+9)%10} }
	switch {
	case k.Name == Alt && digit:
		return function(), false
	case closed != nil && k.Name == Text && digit:
		page, is := closed.(*Page)
		if is {
			m.Open(page)
		}
		return function(), !is
	case closed != nil && k.Name == Escape:
		return k, true // the second of two that close a dialog
	case was && k.Name == Text && digit:
		return function(), false
	case was && k.Name == Text && means(Key{Alt, k.Text}):
		return Key{Alt, k.Text}, false
	case was && k.Name == Enter:
		return Key{Name: AltEnter}, false
	case k.Name == Escape && !was && m.Dialog() == nil && !m.Line.Choosing() && !m.Panel().Finding():
		m.escaped, m.since = true, time.Time{}
		return k, true
	}
	return k, false
}

// means reports whether a key with Alt means anything at the panels.
func means(k Key) bool {
	_, panel := bound(panelKeys(), k)
	_, line := lineKey(k)
	return panel || line
}

// press does what a key means that is whole.
func (m *Model) press(k Key) []Effect {
	if k.Name == Control && k.Text == "c" && m.Job != nil {
		return m.stop()
	}
	erasing := m.erasing
	m.erasing = false
	if d := m.Dialog(); d != nil {
		if k == control("c") || k == control("g") {
			k = Key{Name: Escape}
		}
		return d.press(m, k)
	}
	p := m.Panel()
	if p.Finding() && p.finding(m, k) {
		return nil
	}
	if n := k.Function(); n > 0 {
		if a := m.Keys()[n-1]; a.do != nil {
			return a.do()
		}
		return nil
	}
	text := m.Line.Text()
	b, is := bound(panelKeys(), k)
	switch {
	case m.Line.Choosing():
		is = false
	case text == "":
		// Whoever has held it down to erase the line does not want to be elsewhere.
		is = is && !(k.Name == Backspace && erasing)
	case k.Name == Up || k.Name == Down:
		is = !strings.Contains(text, "\n")
	case is:
		is = b.typing
	}
	if is {
		return b.do(m)
	}
	m.erasing = k.Name == Backspace
	return m.line(k)
}

// binding is what keys do at the panels.
type binding struct {
	keys []Key
	// typing says that they do it also while something is typed.
	typing bool
	// Says what they do: what follows their names in a list, and in the menu.
	says string
	do   func(m *Model) []Effect
}

// bound is what a key is bound to.
func bound(all []binding, k Key) (binding, bool) {
	for _, b := range all {
		for _, x := range b.keys {
			if x == k {
				return b, true
			}
		}
	}
	return binding{}, false
}

func text(s string) Key    { return Key{Text, s} }
func control(s string) Key { return Key{Control, s} }
func alt(s string) Key     { return Key{Alt, s} }

// panelKeys are the keys of the panels, but for those of functions.
func panelKeys() []binding {
	moves := func(by func(p *Panel) int) func(m *Model) []Effect {
		return func(m *Model) []Effect {
			m.Panel().move(by(m.Panel()))
			return nil
		}
	}
	panel := func(do func(p *Panel)) func(m *Model) []Effect {
		return func(m *Model) []Effect {
			do(m.Panel())
			return nil
		}
	}
	gives := func(e Effect) func(m *Model) []Effect { return func(*Model) []Effect { return []Effect{e} } }
	opens := func(d func(m *Model) Dialog) func(m *Model) []Effect {
		return func(m *Model) []Effect {
			m.Open(d(m))
			return nil
		}
	}
	return []binding{
		{[]Key{{Name: Up}}, true, "to the row above", moves(func(*Panel) int { return -1 })},
		{[]Key{{Name: Down}}, true, "to the row below", moves(func(*Panel) int { return 1 })},
		{[]Key{{Name: PageUp}}, true, "as many rows up as there is room for", moves(func(p *Panel) int { return -p.height })},
		{[]Key{{Name: PageDown}}, true, "as many rows down", moves(func(p *Panel) int { return p.height })},
		{[]Key{{Name: Home}}, false, "to the first row", moves(func(p *Panel) int { return -p.Len() })},
		{[]Key{{Name: End}}, false, "to the last row", moves(func(p *Panel) int { return p.Len() })},
		{[]Key{{Name: Left}}, false, "fold away what is below the row, or go to the row that it is below", panel((*Panel).out)},
		{[]Key{{Name: Right}}, false, "show what is below the row, or go there", panel((*Panel).in)},
		{[]Key{{Name: Enter}}, false, "go into what is under the cursor, fold it, or view it", (*Model).enter},
		{[]Key{{Name: Backspace}}, false, "back to the place before", func(m *Model) []Effect { return m.Panel().leave() }},
		{[]Key{{Name: Tab}, {Name: BackTab}}, false, "to the other panel", (*Model).change},
		{[]Key{control("u")}, false, "exchange the panels", (*Model).swap},
		{[]Key{alt("k")}, true, "choose what the panel lists", opens(func(m *Model) Dialog { return &Menu{Lists: []MenuList{m.kindList(m.Active)}} })},
		{[]Key{{Name: Insert}, control("t")}, false, "select the row, or no more", panel((*Panel).mark)},
		{[]Key{text("+")}, false, "select rows by a pattern of the shell", opens(func(m *Model) Dialog { return m.pattern(true) })},
		{[]Key{text("-")}, false, "select them no more", opens(func(m *Model) Dialog { return m.pattern(false) })},
		{[]Key{text("*")}, false, "select those that are not selected, and no others", panel((*Panel).invert)},
		{[]Key{control("s")}, true, "look for a row: again is the next, Up the one before, Esc ends it", panel(func(p *Panel) { p.search, p.from = new(string), p.cursor })},
		{[]Key{text("/")}, false, "show rows with a text only: Enter ends typing it, Esc shows all", panel(func(p *Panel) { p.sieving = true })},
		{[]Key{alt("s")}, true, "sort by the next column", (*Model).sortNext},
		{[]Key{alt("r")}, true, "sort the other way round", (*Model).sortBack},
		{[]Key{{Name: AltEnter}}, true, "put the name under the cursor into the line", (*Model).insertName},
		{[]Key{control("o")}, true, "show what is behind the screen: the output of the session", gives(ShowOutput{})},
		{[]Key{control("l")}, true, "draw everything anew", gives(Redraw{})},
		{[]Key{control("z")}, true, "give the terminal to the shell", gives(Suspend{})},
		{[]Key{control("d")}, false, "leave", (*Model).leave},
		{[]Key{{Name: Escape}}, true, "twice: erase the line, or else show all rows, or else select none", (*Model).calm},
	}
}

// change makes the other panel the active one.
func (m *Model) change() []Effect {
	m.Active = 1 - m.Active
	m.Resize(m.layout.Width, m.layout.Height)
	return nil
}

// swap exchanges the panels.
func (m *Model) swap() []Effect {
	m.Panels[0], m.Panels[1] = m.Panels[1], m.Panels[0]
	m.Resize(m.layout.Width, m.layout.Height)
	return nil
}

// insertName puts what names the row into the line.
func (m *Model) insertName() []Effect {
	if r := m.Panel().Row(); r != nil && r.Subject != nil {
		m.Line.Press(editor.Key{Name: editor.KeyText, Text: word(r.Subject) + " "})
	}
	return nil
}

// calm undoes one thing after the other that makes the screen unusual.
func (m *Model) calm() []Effect {
	p := m.Panel()
	switch {
	case m.Line.Text() != "":
		m.Line = m.options.NewLine()
	case p.sieve != "":
		p.sift("")
	default:
		clear(p.marked)
	}
	return nil
}

// stop has the job end. It gets no more answers: what it has asked is answered with no.
func (m *Model) stop() []Effect {
	if m.Job == nil {
		return nil
	}
	m.Job.Stopping = true
	var out []Effect
	for _, d := range m.Dialogs() {
		if q, is := d.(*Question); is && q.ofJob() {
			out = append(out, q.Cancel...)
		}
	}
	m.dropQuestions()
	return append(out, Stop{})
}

// edit is what a key does in the line for commands.
type edit struct {
	keys []Key
	to   editor.KeyName
	// says what they do; "" for what everybody knows.
	says string
}

// lineKeys are the keys of the line for commands, but for what is typed and pasted.
var lineKeys = []edit{
	{[]Key{{Name: Enter}}, editor.KeyEnter, "enter it in the session"},
	{[]Key{{Name: Tab}}, editor.KeyTab, "complete it; again chooses what can follow"},
	{[]Key{{Name: BackTab}}, editor.KeyBackTab, ""},
	{[]Key{{Alt, "p"}, {Control, "p"}}, editor.KeyUp, "an earlier line of the history that begins so"},
	{[]Key{{Alt, "n"}, {Control, "n"}}, editor.KeyDown, "a later one"},
	{[]Key{{Name: Up}}, editor.KeyUp, ""},
	{[]Key{{Name: Down}}, editor.KeyDown, ""},
	{[]Key{{Control, "r"}}, editor.KeySearch, "look for a text in the history"},
	{[]Key{{Name: Left}, {Control, "b"}}, editor.KeyLeft, ""},
	{[]Key{{Name: Right}, {Control, "f"}}, editor.KeyRight, "go on; at its end take what is suggested"},
	{[]Key{{Alt, "b"}}, editor.KeyWordLeft, "to the word before"},
	{[]Key{{Alt, "f"}}, editor.KeyWordRight, "behind the next word"},
	{[]Key{{Name: Home}, {Control, "a"}}, editor.KeyHome, "to its begin"},
	{[]Key{{Name: End}, {Control, "e"}}, editor.KeyEnd, "to its end"},
	{[]Key{{Alt, "<"}}, editor.KeyTop, "to the begin of the first of several lines"},
	{[]Key{{Alt, ">"}}, editor.KeyBottom, "to the end of the last"},
	{[]Key{{Name: Backspace}, {Control, "h"}}, editor.KeyBackspace, ""},
	{[]Key{{Name: Delete}}, editor.KeyDelete, ""},
	{[]Key{{Control, "d"}}, editor.KeyDeleteOrGo, ""},
	{[]Key{{Control, "u"}}, editor.KeyCutBefore, "cut what comes before"},
	{[]Key{{Control, "k"}}, editor.KeyCutLine, "cut what follows"},
	{[]Key{{Control, "w"}}, editor.KeyCutArgument, "cut the argument before"},
	{[]Key{{Alt, "d"}}, editor.KeyCutWord, "cut the next word"},
	{[]Key{{Control, "y"}}, editor.KeyYank, "put in what was cut"},
	{[]Key{{Control, "t"}}, editor.KeyTranspose, ""},
	{[]Key{{Control, "_"}}, editor.KeyUndo, "undo"},
	{[]Key{{Control, "c"}}, editor.KeyInterrupt, "give the line up"},
	{[]Key{{Control, "g"}, {Name: Escape}}, editor.KeyCancel, ""},
}

// lineKey is what a key does in the line.
func lineKey(k Key) (editor.KeyName, bool) {
	for _, e := range lineKeys {
		for _, x := range e.keys {
			if x == k {
				return e.to, true
			}
		}
	}
	return 0, false
}

// line gives a key to the line for commands.
func (m *Model) line(k Key) []Effect {
	var key editor.Key
	switch k.Name {
	case Text:
		key = editor.Key{Name: editor.KeyText, Text: k.Text}
	case Paste:
		key = editor.Key{Name: editor.KeyPaste, Text: k.Text}
		if len(m.Line.Text())+len(k.Text) > editor.MaxLine {
			key = editor.Key{Name: editor.KeyTooLong}
		}
	default:
		name, ok := lineKey(k)
		if !ok {
			return nil
		}
		key.Name = name
	}
	if k.Name == Control && k.Text == "d" && m.Line.Text() == "" {
		return nil // it would end a session
	}
	switch m.Line.Press(key) {
	case editor.Accepted:
		text := m.Line.Text()
		switch {
		case strings.TrimSpace(text) == "":
			m.Line = m.options.NewLine()
		case !m.busy():
			m.Line = m.options.NewLine() // who presses Enter twice enters it once
			return []Effect{Statement{text}}
		}
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
		if a := m.Keys()[viewKey-1]; a.do != nil {
			return a.do()
		}
	}
	return nil
}

// finding is what a key means while a text is typed that rows are looked for by; false if that ends it, and the key means what it
// always does.
func (p *Panel) finding(m *Model, k Key) bool {
	step, at := 0, p.cursor
	typed := p.search
	if p.sieving {
		typed = &p.sieve
	}
	switch {
	case k.Name == Text || k.Name == Paste:
		*typed += clean(k.Text)
	case k.Name == Backspace:
		*typed, at = cutLast(*typed), p.from
	case p.sieving && k.Name == Escape:
		*typed, p.sieving = "", false
	case p.sieving && (k.Name == Up || k.Name == Down):
		return false
	case p.sieving && k.Name == Enter:
		p.sieving = false
		return true
	case k.Name == Escape:
		p.search = nil
		return true
	case k.Name == Control && k.Text == "s", k.Name == Down:
		step = 1
	case k.Name == Up:
		step = -1
	default:
		p.search, p.sieving = nil, false
		return false
	}
	if typed == &p.sieve {
		p.sift(p.sieve)
		if p.sieve != "" && p.Len() == 0 {
			m.Say(Warning, "no row has %q", p.sieve)
		}
		return true
	}
	if *p.search == "" {
		p.cursor = at
		p.settle()
	} else if !p.seek(at+step, step, *p.search) {
		m.Say(Warning, "no row has %q", *p.search)
	}
	return true
}

// clean is a text on one line.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r < ' ' || r == 0x7f || r == utf8.RuneError:
			return -1
		}
		return r
	}, s)
}

// leave ends the screen; what would be lost by that is asked about.
func (m *Model) leave() []Effect {
	switch {
	case m.Job != nil:
		m.Open(&Question{Title: "Leave", Text: m.Job.Title + " is not done yet.", Choices: []Choice{{"Stop it", []Effect{Stop{}}}, {"Wait", nil}}, chosen: 1})
	case m.waits() || m.trial != nil:
		n := m.Status.Generation
		if m.trial != nil {
			n = m.trial.generation // of which the status may not tell yet
		}
		m.Open(&Question{Title: "Leave", Text: fmt.Sprintf("Generation %d is not confirmed: leaving may roll it back.", n) + m.leftOver(),
			Choices: []Choice{{"Confirm", confirmWords(n)}, {"Leave", []Effect{Leave{}}}, {"Stay", nil}}, chosen: 2})
	default:
		return []Effect{Leave{}}
	}
	return nil
}
