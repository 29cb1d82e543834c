package model

import (
	"strings"
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
		m.close(q)
		return m.do(q.Choices[q.chosen].Effects)
	case Escape, F10:
		m.close(q)
		return m.do(q.Cancel)
	case Text:
		for i, c := range q.Choices {
			if strings.EqualFold(c.Label[:1], k.Text) {
				m.close(q)
				return m.do(q.Choices[i].Effects)
			}
		}
	}
	return nil
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
		case Write:
			out = append(out, m.begin(x, "write")...)
		default:
			out = append(out, e)
		}
	}
	return out
}

// Message is a text that is read and put away.
type Message struct {
	Title, Text string
	Tone        Tone
	top         int
}

// Top is the first line that is seen.
func (d *Message) Top() int { return d.top }

func (d *Message) press(m *Model, k Key) []Effect {
	switch k.Name {
	case Up:
		d.top = max(d.top-1, 0)
	case Down:
		d.top = min(d.top+1, strings.Count(d.Text, "\n"))
	case Enter, Escape, F10:
		m.close(d)
	case Text:
		if k.Text == " " || k.Text == "q" {
			m.close(d)
		}
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
}

// PageKey is what a function key does for a page.
type PageKey struct {
	Label   string
	Effects []Effect
	// do does what is no effect, in place of Effects; nil for most.
	do func(m *Model) []Effect
}

// Top is the first line that is seen, Left the first column, and Rows how many lines have room.
func (p *Page) Top() int { return p.top }

// Left is the first column that is seen.
func (p *Page) Left() int { return p.left }

// Rows is how many lines have room.
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

func (p *Page) resize(width, height int) {
	p.width, p.height = width, max(height-2, 1) // the title and the keys
	p.scroll(0)
}

func (p *Page) scroll(by int) {
	p.top = max(0, min(p.top+by, len(p.Lines)-p.height))
}

func (p *Page) press(m *Model, k Key) []Effect {
	if p.search != nil {
		switch k.Name {
		case Text, Paste:
			*p.search += k.Text
		case Backspace:
			*p.search = cutLast(*p.search)
		case Enter:
			p.found, p.search = *p.search, nil
			p.next(p.top)
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
	switch k.Name {
	case Up:
		p.scroll(-1)
	case Down, Enter:
		p.scroll(1)
	case PageUp:
		p.scroll(-p.height)
	case PageDown:
		p.scroll(p.height)
	case Home:
		p.scroll(-len(p.Lines))
	case End:
		p.scroll(len(p.Lines))
	case Left:
		p.left = max(p.left-8, 0)
	case Right:
		p.left += 8
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
			p.next(p.top + 1)
		case " ":
			p.scroll(p.height)
		case "q":
			m.close(p)
		}
	}
	return nil
}

// next goes to the next line from one on that has what was looked for.
func (p *Page) next(from int) {
	if p.found == "" {
		return
	}
	want := strings.ToLower(p.found)
	for i := range p.Lines {
		at := (from + i) % len(p.Lines)
		if strings.Contains(strings.ToLower(p.Lines[at]), want) {
			p.top = 0
			p.scroll(at)
			return
		}
	}
}

// cutLast is a text without its last character.
func cutLast(s string) string {
	r := []rune(s)
	if len(r) == 0 {
		return ""
	}
	return string(r[:len(r)-1])
}
