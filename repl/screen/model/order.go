package model

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"cellsh/repl/natural"
)

// order is how the rows of a panel are sorted.
type order struct {
	// column is the title of that which they are sorted by, "" if they stay as they were read; back is the other way round.
	column string
	back   bool
}

// Sorted is the column that rows are sorted by, -1 if they are as they were read, and whether the greatest comes first.
func (p *Panel) Sorted() (column int, back bool) {
	return p.order.index(p.Table.Columns), p.order.back
}

func (o order) index(columns []Column) int {
	if o.column == "" {
		return -1
	}
	return slices.IndexFunc(columns, func(c Column) bool { return c.Title == o.column })
}

// sort gives the rows in order. Of a tree those are sorted that stand below the same row; a row that only divides stays where it
// is.
func (o order) sort(columns []Column, rows []Row) []Row {
	column := o.index(columns)
	if column < 0 {
		return rows
	}
	return o.siblings(columns[column].Right, column, rows)
}

func (o order) siblings(figures bool, column int, rows []Row) []Row {
	type branch struct {
		rows []Row
		key  key
	}
	var out []Row
	var branches []branch
	flush := func() {
		slices.SortStableFunc(branches, func(a, b branch) int {
			c := a.key.compare(b.key)
			if o.back && a.key.known == b.key.known {
				c = -c
			}
			return c
		})
		for _, b := range branches {
			out = append(out, b.rows[0])
			out = append(out, o.siblings(figures, column, b.rows[1:])...)
		}
		branches = nil
	}
	for i := 0; i < len(rows); {
		end := i + 1
		for end < len(rows) && rows[end].Depth > rows[i].Depth {
			end++
		}
		if r := &rows[i]; r.Subject == nil && end == i+1 {
			flush()
			out = append(out, *r)
		} else {
			text := ""
			if column < len(r.Fields) {
				text = r.Fields[column].Text
			}
			branches = append(branches, branch{rows[i:end], newKey(text, figures)})
		}
		i = end
	}
	flush()
	return out
}

// key is what a field is sorted by: its figure, or its text.
type key struct {
	// known is false for what has nothing to say, which comes last.
	known  bool
	figure float64
	text   string
}

func newKey(text string, figures bool) key {
	text = strings.TrimSpace(text)
	if text == "" || text == "-" {
		return key{}
	}
	if figures {
		if n, ok := figure(text); ok {
			return key{true, n, ""}
		}
	}
	return key{true, 0, strings.ToLower(text)}
}

func (k key) compare(o key) int {
	switch {
	case k.known != o.known && k.known:
		return -1
	case k.known != o.known:
		return 1
	}
	return cmp.Or(cmp.Compare(k.figure, o.figure), natural.Compare(k.text, o.text))
}

// units are those that figures have, as commands write them: sizes, percents and times.
var units = map[string]float64{"": 1, "%": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40, "P": 1 << 50, "E": 1 << 60,
	"ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400}

// figure is what a text like 12, 3.4M, 7% or 2h5m amounts to. Of one with more words it is the first.
func figure(text string) (float64, bool) {
	text, _, _ = strings.Cut(text, " ")
	text = strings.TrimRight(text, ",")
	sum, rest := 0.0, text
	for rest != "" {
		n := 0
		for n < len(rest) && ('0' <= rest[n] && rest[n] <= '9' || rest[n] == '.' || n == 0 && rest[n] == '-') {
			n++
		}
		v, err := strconv.ParseFloat(rest[:n], 64)
		if err != nil {
			return 0, false
		}
		rest = rest[n:]
		n = 0
		for n < len(rest) && (rest[n] < '0' || rest[n] > '9') {
			n++
		}
		unit, ok := units[rest[:n]]
		if !ok {
			return 0, false
		}
		sum += v * unit
		rest = rest[n:]
	}
	return sum, text != ""
}

// nextColumn is the one behind that which rows are sorted by, or the number of columns; one without a title is none.
func (p *Panel) nextColumn() int {
	at := p.order.index(p.Table.Columns) + 1
	for at < len(p.Table.Columns) && p.Table.Columns[at].Title == "" {
		at++
	}
	return at
}

// sortNext sorts by the next column, and after the last as it was read.
func (m *Model) sortNext() []Effect {
	p := m.Panel()
	at := p.nextColumn()
	if at >= len(p.Table.Columns) {
		p.sortBy(order{})
		m.Say(Plain, "not sorted")
		return nil
	}
	m.sortSaid(order{p.Table.Columns[at].Title, p.order.back})
	return nil
}

// sortBack turns the order round.
func (m *Model) sortBack() []Effect {
	p := m.Panel()
	o := p.order
	if p.order.index(p.Table.Columns) < 0 {
		at := p.nextColumn()
		if at >= len(p.Table.Columns) {
			return nil
		}
		o.column = p.Table.Columns[at].Title
	}
	o.back = !o.back
	m.sortSaid(o)
	return nil
}

func (m *Model) sortSaid(o order) {
	m.Panel().sortBy(o)
	first := "the smallest first"
	if o.back {
		first = "the greatest first"
	}
	m.Say(Plain, "sorted by %s, %s", o.column, first)
}

// sortBy sorts the rows otherwise. The cursor stays at its row.
func (p *Panel) sortBy(o order) {
	p.keeping(func() {
		p.order = o
		p.arrange()
	})
}
