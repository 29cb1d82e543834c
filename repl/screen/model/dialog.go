package model

import (
	"slices"
	"strings"

	"cellsh/repl/show"
)

// Dialog is on top of the panels, and has the keys.
type Dialog interface {
	// press does what a key means.
	press(m *Model, k Key) []Effect
}

// Question has several answers.
type Question struct {
	Title, Text string
	Choices     []Choice
	// Cancel is what Escape does.
	Cancel []Effect
	chosen int
	sheet
	// sudden says that it came by itself: what is typed then was meant for something else, so that a letter only chooses.
	sudden bool
}

// Choice is an answer, and what comes of it.
type Choice struct {
	Label   string
	Effects []Effect
}

// Chosen is which answer Enter takes.
func (q *Question) Chosen() int { return q.chosen }

// ofJob reports whether a job waits for the answer.
func (q *Question) ofJob() bool {
	_, is := first(q.Cancel).(Answer)
	return is
}

func first(effects []Effect) Effect {
	if len(effects) == 0 {
		return nil
	}
	return effects[0]
}

func (q *Question) press(m *Model, k Key) []Effect {
	n := len(q.Choices)
	switch k.Name {
	case Left, Up, BackTab:
		q.chosen = (q.chosen + n - 1) % n
	case Right, Down, Tab:
		q.chosen = (q.chosen + 1) % n
	case Enter:
		return q.take(m)
	case Escape, F10:
		m.close(q)
		return m.do(q.Cancel)
	case Text:
		if i := initial(q.Choices, k.Text); i >= 0 {
			q.chosen = i
			if !q.sudden {
				return q.take(m)
			}
		} else if q.sudden {
			q.chosen = n - 1
		}
	case PageUp, PageDown, Home, End:
		q.turn(k)
	}
	return nil
}

// initial is the choice that begins with the letter, -1 if none does.
func initial(choices []Choice, letter string) int {
	return slices.IndexFunc(choices, func(c Choice) bool { return strings.EqualFold(c.Label[:1], letter) })
}

// take takes the answer that is chosen. While something else runs one that begins something can't be taken.
func (q *Question) take(m *Model) []Effect {
	effects := q.Choices[q.chosen].Effects
	if begins(effects) && m.busy() {
		return nil
	}
	m.close(q)
	return m.do(effects)
}

// open is an effect that stays here: another dialog.
type open struct{ Dialog Dialog }

func (open) effect() {}

// begins reports whether effects begin a job, or take the terminal.
func begins(effects []Effect) bool {
	return slices.ContainsFunc(effects, func(e Effect) bool {
		switch e.(type) {
		case Run, Learn, Rewrite, Review, Write, Statement, Edit:
			return true
		}
		return false
	})
}

// do has effects done. Those that are jobs begin only if none runs.
func (m *Model) do(effects []Effect) []Effect {
	var out []Effect
	for _, e := range effects {
		switch x := e.(type) {
		case Run:
			out = append(out, m.begin(x, x.Title)...)
		case Learn:
			out = append(out, m.begin(x, "learn "+x.Decision.Request)...)
		case Rewrite:
			out = append(out, m.begin(x, "change policy "+x.Policy)...)
		case Review:
			out = append(out, m.begin(x, "compare "+x.File)...)
		case Write:
			out = append(out, m.begin(x, "write")...)
		case Statement, Edit:
			if !m.busy() {
				out = append(out, e)
			}
		case Stop:
			out = append(out, m.stop()...)
		case open:
			m.Open(x.Dialog)
		default:
			out = append(out, e)
		}
	}
	return out
}

// dropQuestions closes the questions of a job that waits for no answer any more.
func (m *Model) dropQuestions() {
	m.dialogs = slices.DeleteFunc(m.dialogs, func(d Dialog) bool { q, is := d.(*Question); return is && q.ofJob() })
}

// Message is a text that is read and put away.
type Message struct {
	Title, Text string
	Tone        Tone
	sheet
}

func (d *Message) press(m *Model, k Key) []Effect {
	switch k.Name {
	case Enter, Escape, F10:
		m.close(d)
	case Text:
		if k.Text == " " || k.Text == "q" {
			m.close(d)
		}
	default:
		d.turn(k)
	}
	return nil
}

// Page is a long text, on the whole screen.
type Page struct {
	Title string
	Lines []string
	// Keys are those function keys that do something for this text, by their numbers.
	Keys map[int]PageKey

	top, left, width, height int
	search                   *string
	found                    string
	// proposes says that it is a proposal, of which one is open at most.
	proposes bool
	// keys says that it tells what keys do in a dialog: there is no help on that.
	keys bool
	// hit is one more than the line in which that was found last, 0 if in none.
	hit int
	// wrapped says that lines that are too long go on in other rows, which are pieces then.
	wrapped bool
	pieces  []piece
}

// PageKey is what a function key does for a page.
type PageKey struct {
	Label   string
	Effects []Effect
	// do does what is no effect, in place of Effects; nil for most.
	do func(m *Model) []Effect
}

// Top is the first row of the text that is seen, Left the first column, and Rows how many rows have room.
func (p *Page) Top() int { return p.top }

// Left is the first column that is seen.
func (p *Page) Left() int { return p.left }

// Rows is how many rows have room.
func (p *Page) Rows() int { return p.height }

// Search is what is being looked for, if something is.
func (p *Page) Search() (text string, on bool) {
	if p.search == nil {
		return "", false
	}
	return *p.search, true
}

// Found is what was looked for last.
func (p *Page) Found() string { return p.found }

func (p *Page) scroll(by int) {
	p.top = max(0, min(p.top+by, p.Len()-p.height))
}

func (p *Page) press(m *Model, k Key) []Effect {
	if p.search != nil {
		switch k.Name {
		case Text, Paste:
			*p.search += clean(k.Text)
		case Backspace:
			*p.search = cutLast(*p.search)
		case Enter:
			p.found, p.search = *p.search, nil
			p.hit = 0
			p.look(m, p.line(p.top), 1)
		case Escape, F10:
			p.search = nil
		}
		return nil
	}
	if n := k.Function(); n > 0 {
		if x, ok := p.Keys[n]; ok {
			if x.do != nil {
				return x.do(m)
			}
			return m.do(x.Effects)
		}
	}
	top := p.top
	defer func() {
		if p.top != top && k != text("n") && k != text("N") {
			p.hit = 0 // somebody is elsewhere
		}
	}()
	switch k.Name {
	case Up, Down, PageUp, PageDown, Home, End:
		p.scroll(travel(k, p.height, p.Len()))
	case Enter:
		p.scroll(1)
	case Left:
		p.left = max(p.left-8, 0)
	case Right:
		if !p.wrapped {
			p.left = max(min(p.left+8, p.widest()-p.width+1), p.left)
		}
	case F2:
		p.wrap(!p.wrapped)
	case F1:
		if !p.keys {
			m.Open(keysPage("texts", p))
		}
	case F7:
		p.search = new(string)
	case Escape, F10, F3:
		m.close(p)
	case Control:
		if k.Text == "s" {
			p.search = new(string)
		}
	case Text:
		switch k.Text {
		case "/":
			p.search = new(string)
		case "n":
			p.look(m, p.after(), 1)
		case "N":
			p.look(m, p.before(), -1)
		case " ":
			p.scroll(p.height)
		case "q":
			m.close(p)
		}
	}
	return nil
}

// after and before are where it is looked for the next one that was found, and for the one before.
func (p *Page) after() int {
	if p.hit > 0 {
		return p.hit
	}
	return p.line(p.top)
}

func (p *Page) before() int {
	if p.hit > 0 {
		return p.hit - 2
	}
	return p.line(p.top) - 1
}

// look goes to the next line from one on, that has what was looked for, or the other way if step is -1.
func (p *Page) look(m *Model, from, step int) {
	n := len(p.Lines)
	if p.found == "" || n == 0 {
		return
	}
	want := strings.ToLower(p.found)
	for i := range n {
		at := ((from+i*step)%n + n) % n
		if strings.Contains(strings.ToLower(p.Lines[at]), want) {
			p.hit = at + 1
			p.show(at)
			return
		}
	}
	m.Say(Warning, "no line has %q", p.found)
}

// Hit is the line in which what was looked for was found last, -1 if it was in none.
func (p *Page) Hit() int { return p.hit - 1 }

// widest is how many columns the longest line has.
func (p *Page) widest() int {
	n := 0
	for _, l := range p.Lines {
		n = max(n, show.Width(Shown(l)))
	}
	return n
}

// cutLast is a text without its last character.
func cutLast(s string) string {
	r := []rune(s)
	if len(r) == 0 {
		return ""
	}
	return string(r[:len(r)-1])
}
