package model

import (
	"cellsh/repl/editor/block"
)

// Form asks for several texts.
type Form struct {
	Title  string
	Fields []*Input
	// Wrong is what is wrong with the field at At, "" if nothing is known to be.
	Wrong string
	// make gives what is done with the texts; or what is wrong, and with which of them.
	make func(m *Model, values []string) (effects []Effect, at int, wrong string)
	at   int
}

// Input is a text that is asked for.
type Input struct {
	Label string
	// Hint says what it may be, in a few words.
	Hint string
	// Choices are all values that it may have; nil if they are not few.
	Choices []string
	text    block.Block
}

// NewInput is an input with a value.
func NewInput(label, value, hint string, choices ...string) *Input {
	in := &Input{Label: label, Hint: hint, Choices: choices}
	in.text.Set(value, len(value))
	return in
}

// Text is what is there, and At the place in it.
func (in *Input) Text() string { return in.text.Text() }

// At is the place in the text, in bytes.
func (in *Input) At() int { return in.text.At() }

// At is which field has the keys.
func (f *Form) At() int { return f.at }

func (f *Form) press(m *Model, k Key) []Effect {
	in := f.Fields[f.at]
	n := len(f.Fields)
	f.Wrong = ""
	switch k.Name {
	case Tab, Down:
		f.at = (f.at + 1) % n
	case BackTab, Up:
		f.at = (f.at + n - 1) % n
	case Escape, F10:
		m.close(f)
	case Enter:
		values := make([]string, n)
		for i, x := range f.Fields {
			values[i] = x.Text()
		}
		effects, at, wrong := f.make(m, values)
		if wrong != "" {
			f.at, f.Wrong = at, wrong
			return nil
		}
		m.close(f)
		return m.do(effects)
	default:
		in.press(k)
	}
	return nil
}

// press edits the text. Of one with choices the arrows and a space choose.
func (in *Input) press(k Key) {
	b := &in.text
	if in.Choices != nil {
		switch {
		case k.Name == Right, k.Name == Text && k.Text == " ":
			in.choose(1)
		case k.Name == Left:
			in.choose(-1)
		}
		return
	}
	switch k.Name {
	case Text, Paste:
		b.Insert(k.Text)
	case Backspace:
		b.Backspace()
	case Delete:
		b.Delete()
	case Left:
		b.Left()
	case Right:
		b.Right()
	case Home:
		b.Home()
	case End:
		b.End()
	case Control:
		switch k.Text {
		case "a":
			b.Home()
		case "e":
			b.End()
		case "u":
			b.CutBefore()
		case "k":
			b.CutLine()
		case "w":
			b.CutArgument()
		}
	}
}

func (in *Input) choose(by int) {
	n, at := len(in.Choices), 0
	for i, c := range in.Choices {
		if c == in.Text() {
			at = i
		}
	}
	c := in.Choices[((at+by)%n+n)%n]
	in.text.Set(c, len(c))
}

// pattern asks for rows to be selected, or no more.
func (m *Model) pattern(on bool) *Form {
	title := "Select"
	if !on {
		title = "Select no more"
	}
	return &Form{Title: title, Fields: []*Input{NewInput("Names", "*", "a pattern as the shell has it")}, make: func(m *Model, values []string) ([]Effect, int, string) {
		if err := m.match(values[0], on); err != nil {
			return nil, 0, err.Error()
		}
		return nil, 0, ""
	}}
}
