package model

import (
	"slices"
	"strings"
)

// Panel lists a place.
type Panel struct {
	Place Place
	Table Table
	// Wrong is why it could not be read, "" if it could. What was read before stays.
	Wrong string
	// Known says that it was read at least once.
	Known bool

	// asked says that it is being read.
	asked bool
	// shown are the places of the rows that are not folded away.
	shown  []int
	cursor int
	// top is the first shown row that is seen, of height.
	top, height int
	marked      map[string]bool
	folded      map[string]bool
	// search is what is looked for, nil while nothing is.
	search *string
	// goal is the row that the cursor goes to once it is read.
	goal string
	measured
	// before are the places that Backspace leads back to.
	before []memory
}

// memory is where somebody was.
type memory struct {
	place Place
	row   string
}

// Rows are those that are to be seen, in a panel with room for so many.
func (p *Panel) Rows() []*Row {
	var out []*Row
	for _, i := range p.shown[min(p.top, len(p.shown)):min(p.top+p.height, len(p.shown))] {
		out = append(out, &p.Table.Rows[i])
	}
	return out
}

// Len is how many rows are not folded away, and Top the first of them that is seen.
func (p *Panel) Len() int { return len(p.shown) }

// Top is the place of the first row that is seen among those that are not folded away.
func (p *Panel) Top() int { return p.top }

// Cursor is the place of the cursor among the rows that are seen.
func (p *Panel) Cursor() int { return p.cursor - p.top }

// Row is the one under the cursor, nil if there is none.
func (p *Panel) Row() *Row {
	if p.cursor < 0 || p.cursor >= len(p.shown) {
		return nil
	}
	return &p.Table.Rows[p.shown[p.cursor]]
}

// Marked reports whether a row is selected.
func (p *Panel) Marked(r *Row) bool { return p.marked[r.ID] }

// Marks is how many rows are selected.
func (p *Panel) Marks() int { return len(p.marked) }

// Folded reports whether rows below one are folded away.
func (p *Panel) Folded(r *Row) bool { return p.folded[r.ID] }

// Search is what is looked for.
func (p *Panel) Search() (text string, on bool) {
	if p.search == nil {
		return "", false
	}
	return *p.search, true
}

// Parent reports whether rows stand below the row.
func (p *Panel) Parent(r *Row) bool {
	i := slices.IndexFunc(p.Table.Rows, func(x Row) bool { return x.ID == r.ID })
	return i >= 0 && i+1 < len(p.Table.Rows) && p.Table.Rows[i+1].Depth > r.Depth
}

// Subjects are those of the selected rows, or of the row under the cursor.
func (p *Panel) Subjects() []Subject {
	var out []Subject
	for i := range p.Table.Rows {
		if r := &p.Table.Rows[i]; p.marked[r.ID] && r.Subject != nil {
			out = append(out, r.Subject)
		}
	}
	if r := p.Row(); len(out) == 0 && r != nil && r.Subject != nil {
		out = []Subject{r.Subject}
	}
	return out
}

// fill takes what was read. The cursor stays at its row, or at the end where rows come by themselves.
func (p *Panel) fill(t Table) {
	id, place := p.goal, p.cursor
	if r := p.Row(); r != nil {
		id = r.ID
	}
	end := p.Place.Kind.Grows() && id == "" || p.Place.Kind.Grows() && p.Known && p.cursor == len(p.shown)-1
	p.goal = ""
	p.Table, p.Wrong, p.Known, p.done = t, "", true, false
	there := map[string]bool{}
	for i := range t.Rows {
		there[t.Rows[i].ID] = true
	}
	for _, set := range []map[string]bool{p.marked, p.folded} {
		for x := range set {
			if !there[x] {
				delete(set, x)
			}
		}
	}
	p.unfold()
	p.cursor = place
	switch {
	case end:
		p.cursor = len(p.shown) - 1
	case id != "":
		p.find(id)
	}
	p.settle()
}

// find puts the cursor at a row, if it is there.
func (p *Panel) find(id string) {
	if i := slices.IndexFunc(p.shown, func(i int) bool { return p.Table.Rows[i].ID == id }); i >= 0 {
		p.cursor = i
	}
}

// unfold works out which rows are to be seen.
func (p *Panel) unfold() {
	p.shown = p.shown[:0]
	hidden := -1 // below rows of this depth
	for i := range p.Table.Rows {
		r := &p.Table.Rows[i]
		if hidden >= 0 && r.Depth > hidden {
			continue
		}
		hidden = -1
		if p.folded[r.ID] {
			hidden = r.Depth
		}
		p.shown = append(p.shown, i)
	}
}

// settle keeps cursor and top within the rows.
func (p *Panel) settle() {
	p.cursor = max(0, min(p.cursor, len(p.shown)-1))
	p.top = max(0, min(p.top, len(p.shown)-p.height))
	p.top = max(min(p.top, p.cursor), p.cursor-p.height+1)
}

// move moves the cursor by rows.
func (p *Panel) move(by int) {
	p.cursor += by
	p.settle()
}

// fold folds away what is below the row under the cursor, or shows it again; false if nothing is below it.
func (p *Panel) fold() bool {
	r := p.Row()
	if r == nil || !p.Parent(r) {
		return false
	}
	if p.folded[r.ID] {
		delete(p.folded, r.ID)
	} else {
		p.folded[r.ID] = true
	}
	p.unfold()
	p.find(r.ID)
	p.settle()
	return true
}

// mark selects the row under the cursor, or no more.
func (p *Panel) mark() {
	r := p.Row()
	switch {
	case r == nil || r.Subject == nil:
	case p.marked[r.ID]:
		delete(p.marked, r.ID)
	default:
		p.marked[r.ID] = true
	}
	p.move(1)
}

// seek puts the cursor at the next row from one on that has the text of the search in its first fields.
func (p *Panel) seek(from, step int) {
	want := strings.ToLower(*p.search)
	n := len(p.shown)
	for i := range n {
		at := ((from+i*step)%n + n) % n
		if strings.Contains(strings.ToLower(p.Table.Rows[p.shown[at]].Text()), want) {
			p.cursor = at
			p.settle()
			return
		}
	}
}

// Text of the row, its fields with spaces between.
func (r *Row) Text() string {
	var words []string
	for _, f := range r.Fields {
		words = append(words, f.Text)
	}
	return strings.Join(words, " ")
}

// visit shows another place, and remembers this one.
func (p *Panel) visit(to Place) []Effect {
	m := memory{place: p.Place}
	if r := p.Row(); r != nil {
		m.row = r.ID
	}
	before := append(p.before, m)
	*p = Panel{Place: to, height: p.height, before: before, marked: map[string]bool{}, folded: map[string]bool{}}
	return p.read()
}

// leave goes back to the place before.
func (p *Panel) leave() []Effect {
	if len(p.before) == 0 {
		return nil
	}
	m := p.before[len(p.before)-1]
	rest := p.before[:len(p.before)-1]
	*p = Panel{Place: m.place, height: p.height, before: rest, goal: m.row, marked: map[string]bool{}, folded: map[string]bool{}}
	return p.read()
}

// read has the place read, unless it is being read.
func (p *Panel) read() []Effect {
	if p.asked {
		return nil
	}
	p.asked = true
	return []Effect{Read{p.Place}}
}
