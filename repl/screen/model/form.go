package model

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"cellsh/repl/editor/block"
)

// Form asks for several texts.
type Form struct {
	Title  string
	Fields []*Input
	// Wrong is all that is wrong, in lines, once it was entered; then what is wrong with the field that has the keys. "" if nothing is
	// known to be.
	Wrong string
	// make gives what is done with the texts, and what is wrong with each of them: what follows the label in a sentence, "" if
	// nothing is. It may give fewer.
	make func(m *Model, values []string) (effects []Effect, wrong []string)
	at   int
}

// Input is a text that is asked for.
type Input struct {
	Label string
	// Hint says what it may be, in a few words.
	Hint string
	// Wrong is what is wrong with it, as a sentence; "" if nothing is known to be.
	Wrong string
	// Choices are all values that it may have; nil if they are not few.
	Choices []string
	text    block.Block
	// follow is the text as long as nobody has written one; nil if nothing is known.
	follow func() string
}

// NewInput is an input with a value.
func NewInput(label, value, hint string, choices ...string) *Input {
	in := &Input{Label: label, Hint: hint, Choices: choices}
	in.Set(value)
	return in
}

// Set puts another text in place of what is there.
func (in *Input) Set(text string) {
	if text != in.Text() {
		in.text.Set(text, len(text))
	}
}

// Text is what is there, and At the place in it.
func (in *Input) Text() string { return in.text.Text() }

// At is the place in the text, in bytes.
func (in *Input) At() int { return in.text.At() }

// At is which field has the keys.
func (f *Form) At() int { return f.at }

func (f *Form) press(m *Model, k Key) []Effect {
	n := len(f.Fields)
	switch k.Name {
	case Tab, Down:
		f.at = (f.at + 1) % n
	case BackTab, Up:
		f.at = (f.at + n - 1) % n
	case Escape, F10:
		m.close(f)
		return nil
	case F1:
		m.Open(keysPage("forms", f))
		return nil
	case Enter:
		return f.enter(m)
	default:
		f.change(func(in *Input) { in.press(k) })
	}
	f.Wrong = f.Fields[f.at].Wrong
	return nil
}

// change changes the field that has the keys. What was wrong with it is not known any more, and others may follow it.
func (f *Form) change(do func(in *Input)) {
	in := f.Fields[f.at]
	before := in.Text()
	do(in)
	if in.Text() == before {
		return
	}
	in.Wrong, in.follow = "", nil
	for _, x := range f.Fields {
		if x.follow != nil {
			x.Set(x.follow())
			x.Wrong = ""
		}
	}
}

// enter does what is asked for, or says all that is wrong. The form stays as long as it can't be done.
func (f *Form) enter(m *Model) []Effect {
	values := make([]string, len(f.Fields))
	for i, x := range f.Fields {
		values[i] = x.Text()
	}
	effects, wrong := f.make(m, values)
	first := -1
	var all []string
	for i, x := range f.Fields {
		x.Wrong = ""
		if i < len(wrong) && wrong[i] != "" {
			x.Wrong = x.Label + " " + wrong[i]
			all = append(all, x.Wrong)
			if first < 0 {
				first = i
			}
		}
	}
	f.Wrong = ""
	switch {
	case first >= 0:
		f.at, f.Wrong = first, strings.Join(all, "\n")
		return nil
	case begins(effects) && m.busy():
		f.Wrong = m.Said.Text
		return nil
	}
	m.close(f)
	out := m.do(effects)
	if m.Job != nil && len(out) > 0 {
		m.Job.form = f
	}
	return out
}

// press edits the text. Of one with choices the arrows and a space choose, and a letter the next that begins so.
func (in *Input) press(k Key) {
	b := &in.text
	if in.Choices != nil {
		switch {
		case k.Name == Right, k == text(" "):
			in.choose(1)
		case k.Name == Left:
			in.choose(-1)
		case k.Name == Home:
			in.Set(in.Choices[0])
		case k.Name == End:
			in.Set(in.Choices[len(in.Choices)-1])
		case k.Name == Text:
			at := slices.Index(in.Choices, in.Text())
			for i := range in.Choices {
				if c := in.Choices[(at+1+i)%len(in.Choices)]; strings.HasPrefix(strings.ToLower(c), strings.ToLower(k.Text)) {
					in.Set(c)
					return
				}
			}
		case k.Name == Paste && slices.Contains(in.Choices, clean(k.Text)):
			in.Set(clean(k.Text))
		}
		return
	}
	switch k.Name {
	case Text, Paste:
		if s := clean(k.Text); len(in.Text())+len(s) <= maxInput {
			b.Insert(s)
		}
	case Alt, Control, Backspace, Delete, Left, Right, Home, End:
		for _, e := range inputKeys {
			if slices.Contains(e.keys, k) {
				e.do(b)
			}
		}
	}
}

// maxInput is how long the text of an input can be, in bytes.
const maxInput = 4096

// inputKeys are the keys of a text that is asked for.
var inputKeys = []struct {
	keys []Key
	do   func(*block.Block)
}{
	{[]Key{{Name: Backspace}, {Control, "h"}}, (*block.Block).Backspace},
	{[]Key{{Name: Delete}, {Control, "d"}}, (*block.Block).Delete},
	{[]Key{{Name: Left}, {Control, "b"}}, (*block.Block).Left},
	{[]Key{{Name: Right}, {Control, "f"}}, (*block.Block).Right},
	{[]Key{{Name: Home}, {Control, "a"}}, (*block.Block).Home},
	{[]Key{{Name: End}, {Control, "e"}}, (*block.Block).End},
	{[]Key{{Alt, "b"}}, (*block.Block).WordLeft},
	{[]Key{{Alt, "f"}}, (*block.Block).WordRight},
	{[]Key{{Alt, "d"}}, (*block.Block).CutWord},
	{[]Key{{Control, "u"}}, (*block.Block).CutBefore},
	{[]Key{{Control, "k"}}, (*block.Block).CutLine},
	{[]Key{{Control, "w"}}, (*block.Block).CutArgument},
	{[]Key{{Control, "y"}}, (*block.Block).Paste},
	{[]Key{{Control, "t"}}, (*block.Block).Transpose},
	{[]Key{{Control, "_"}}, func(b *block.Block) { b.Undo() }},
}

func (in *Input) choose(by int) {
	n, at := len(in.Choices), max(slices.Index(in.Choices, in.Text()), 0)
	in.Set(in.Choices[((at+by)%n+n)%n])
}

// pattern asks for rows to be selected, or no more.
func (m *Model) pattern(on bool) *Form {
	title := "Select"
	if !on {
		title = "Select no more"
	}
	return &Form{Title: title, Fields: []*Input{NewInput("Names", "*", "a pattern of the shell: web-*, [a-c]?")}, make: func(m *Model, v []string) ([]Effect, []string) {
		n, err := m.Panel().match(v[0], on)
		switch {
		case err != nil:
			return nil, []string{err.Error()}
		case n == 0:
			return nil, []string{fmt.Sprintf("must match a row that is shown, but %q matches none", v[0])}
		}
		return nil, nil
	}}
}

// match selects the rows whose name is like a pattern of the shell, or no more, and gives how many that are. It looks at those
// only that are to be seen.
func (p *Panel) match(pattern string, on bool) (int, error) {
	// A slash is nothing special in a name.
	plain := func(s string) string { return strings.ReplaceAll(s, "/", "\x00") }
	if _, err := path.Match(plain(pattern), ""); err != nil {
		return 0, fmt.Errorf("must be a pattern with its brackets closed and something behind each \\, but is %q", pattern)
	}
	n := 0
	for _, i := range p.shown {
		r := &p.Table.Rows[i]
		if r.Subject == nil {
			continue
		}
		is, _ := path.Match(plain(pattern), plain(word(r.Subject)))
		if !is && len(r.Fields) > 0 {
			is, _ = path.Match(plain(pattern), plain(strings.TrimSpace(r.Fields[0].Text)))
		}
		switch {
		case !is:
			continue
		case on:
			p.marked[r.ID] = true
		default:
			delete(p.marked, r.ID)
		}
		n++
	}
	return n, nil
}
