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
	// search is what is looked for, nil while nothing is, and from the row that the cursor was at before.
	search *string
	from   int
	// sieve is what rows must have to be shown, and sieving says that it is being typed.
	sieve   string
	sieving bool
	// raw are the rows as they were read, order is how those of the table are sorted, and parents are those that others stand below.
	raw     []Row
	order   order
	parents map[string]bool
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
	order order
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
func (p *Panel) Folded(r *Row) bool { return p.folded[r.ID] && p.sieve == "" }

// Search is what is looked for.
func (p *Panel) Search() (text string, on bool) {
	if p.search == nil {
		return "", false
	}
	return *p.search, true
}

// Finding reports whether the text of a search or a sieve is being typed.
func (p *Panel) Finding() bool { return p.search != nil || p.sieving }

// Sieve is the text that rows must have to be shown, "" if all are, and whether it is being typed.
func (p *Panel) Sieve() (text string, typing bool) { return p.sieve, p.sieving }

// Parent reports whether rows stand below the row.
func (p *Panel) Parent(r *Row) bool { return p.parents[r.ID] }

// Subjects are those of the selected rows, or of the row under the cursor.
func (p *Panel) Subjects() []Subject {
	var out []Subject
	shown := p.shown
	if len(p.marked) == 0 {
		shown = nil
	}
	for _, i := range shown {
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
	id, place := p.here(), p.cursor
	end := p.Place.Kind.Grows() && p.order.column == "" && (id == "" || p.Known && p.cursor == len(p.shown)-1)
	p.goal = ""
	p.Table, p.Wrong, p.Known, p.done = t, "", true, false
	p.raw = t.Rows
	p.arrange()
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

// arrange puts what was read in order.
func (p *Panel) arrange() {
	p.Table.Rows = p.order.sort(p.Table.Columns, p.raw)
	rows := p.Table.Rows
	p.parents = map[string]bool{}
	for i := range rows {
		if i+1 < len(rows) && rows[i+1].Depth > rows[i].Depth {
			p.parents[rows[i].ID] = true
		}
	}
	there := make(map[string]bool, len(rows))
	for i := range rows {
		there[rows[i].ID] = true
	}
	for x := range p.folded {
		if !there[x] {
			delete(p.folded, x)
		}
	}
	p.unfold()
}

// unfold works out which rows are to be seen. Those that are not are not selected, either: nothing is done to what nobody sees.
func (p *Panel) unfold() {
	p.shown = p.shown[:0]
	if p.sieve != "" {
		p.shown = p.sifted()
	} else {
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
	if len(p.marked) == 0 {
		return
	}
	marked := map[string]bool{}
	for _, i := range p.shown {
		if id := p.Table.Rows[i].ID; p.marked[id] {
			marked[id] = true
		}
	}
	p.marked = marked
}

// sifted are the rows that have the text of the sieve, and those that they are below, whether they are folded or not.
func (p *Panel) sifted() []int {
	want := strings.ToLower(p.sieve)
	var out, above []int
	for i := range p.Table.Rows {
		r := &p.Table.Rows[i]
		for len(above) > 0 && p.Table.Rows[above[len(above)-1]].Depth >= r.Depth {
			above = above[:len(above)-1]
		}
		if strings.Contains(strings.ToLower(r.Text()), want) {
			for _, j := range above {
				if len(out) == 0 || j > out[len(out)-1] {
					out = append(out, j)
				}
			}
			out = append(out, i)
		}
		above = append(above, i)
	}
	return out
}

// sift has only those rows shown that have a text, "" all. The cursor stays at its row if that is one of them.
func (p *Panel) sift(text string) {
	p.keeping(func() {
		p.sieve = text
		p.unfold()
	})
	if text != "" {
		p.seek(p.cursor, 1, text)
	}
}

// here is the row under the cursor, or the one that it goes to once that is read.
func (p *Panel) here() string {
	if r := p.Row(); r != nil {
		return r.ID
	}
	return p.goal
}

// keeping changes which rows are shown, or their order. The cursor stays at its row if that is still there.
func (p *Panel) keeping(change func()) {
	id := p.here()
	change()
	p.find(id)
	p.settle()
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

// fold folds away what is below the row under the cursor, or shows it again; false if nothing is below it, or if a sieve shows it.
func (p *Panel) fold() bool {
	r := p.Row()
	if r == nil || !p.Parent(r) || p.sieve != "" {
		return false
	}
	p.keeping(func() {
		if p.folded[r.ID] {
			delete(p.folded, r.ID)
		} else {
			p.folded[r.ID] = true
		}
		p.unfold()
	})
	return true
}

// out folds away what is below the row under the cursor, or else goes to the row that it is below.
func (p *Panel) out() {
	r := p.Row()
	if r == nil || p.Parent(r) && !p.Folded(r) && p.fold() {
		return
	}
	for i := p.cursor - 1; i >= 0; i-- {
		if p.Table.Rows[p.shown[i]].Depth < r.Depth {
			p.cursor = i
			p.settle()
			return
		}
	}
}

// in shows what is below the row under the cursor, or else goes there.
func (p *Panel) in() {
	r := p.Row()
	switch {
	case r == nil || !p.Parent(r):
	case p.Folded(r) && p.fold():
	case p.cursor+1 < len(p.shown) && p.Table.Rows[p.shown[p.cursor+1]].Depth > r.Depth:
		p.move(1)
	}
}

// invert selects what is not selected, and no more what is.
func (p *Panel) invert() {
	for _, i := range p.shown {
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

// seek puts the cursor at the next row from one on that has a text, forward if step is 0; false if none has.
func (p *Panel) seek(from, step int, text string) bool {
	want := strings.ToLower(text)
	n := len(p.shown)
	if step == 0 {
		step = 1
	}
	for i := range n {
		at := ((from+i*step)%n + n) % n
		if strings.Contains(strings.ToLower(p.Table.Rows[p.shown[at]].Text()), want) {
			p.cursor = at
			p.settle()
			return true
		}
	}
	return false
}

// Text of the row, its fields with spaces between.
func (r *Row) Text() string {
	var words []string
	for _, f := range r.Fields {
		words = append(words, f.Text)
	}
	return strings.Join(words, " ")
}

// maxBefore is how many places are remembered.
const maxBefore = 100

// visit shows another place, and remembers this one.
func (p *Panel) visit(to Place) []Effect {
	if to == p.Place {
		return nil
	}
	m := memory{place: p.Place, order: p.order}
	if r := p.Row(); r != nil {
		m.row = r.ID
	}
	before := append(p.before[max(len(p.before)-maxBefore, 0):len(p.before):len(p.before)], m)
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
	*p = Panel{Place: m.place, height: p.height, before: rest, goal: m.row, order: m.order, marked: map[string]bool{}, folded: map[string]bool{}}
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
