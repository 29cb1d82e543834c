package model

// Spot is what a mouse is at; nil if that is nothing.
type Spot interface{ spot() }

type (
	// AtRow is a row of a panel, counted from the first that is seen. Fold says that the mouse is at the mark of one that others stand below.
	AtRow struct {
		Panel, Row int
		Fold       bool
	}
	// AtHead is the title of a column.
	AtHead struct{ Panel, Column int }
	// AtPanel is anywhere else in a panel.
	AtPanel struct{ Panel int }
	// AtKey is a function key in the line of them.
	AtKey struct{ Number int }
	// AtButton is a button of the dialog: an answer of a question, or the first is Enter and the second Escape.
	AtButton struct{ Index int }
	// AtInput is a field of a form.
	AtInput struct{ Index int }
	// AtChoice is a value of a field that has few.
	AtChoice struct{ Input, Index int }
	// AtList is the title of a list of the menu, and AtItem an item of that which is open.
	AtList struct{ Index int }
	AtItem struct{ Index int }
	// AtText is a text that can be scrolled.
	AtText struct{}
)

func (AtRow) spot()    {}
func (AtHead) spot()   {}
func (AtPanel) spot()  {}
func (AtKey) spot()    {}
func (AtButton) spot() {}
func (AtInput) spot()  {}
func (AtChoice) spot() {}
func (AtList) spot()   {}
func (AtItem) spot()   {}
func (AtText) spot()   {}

// Click does what a click means, double for the second of two, and gives what others are to do.
func (m *Model) Click(at Spot, double bool) []Effect {
	m.Said, m.escaped, m.erasing, m.closed = Said{}, false, false, nil
	if k, is := at.(AtKey); is {
		if 1 <= k.Number && k.Number <= 10 {
			return m.press(Key{Name: F1 + Name(k.Number-1)})
		}
		return nil
	}
	switch d := m.Dialog().(type) {
	case nil:
		return m.clickPanel(at, double)
	case *Question:
		if b, is := at.(AtButton); is && b.Index < len(d.Choices) {
			d.chosen = b.Index
			return d.press(m, Key{Name: Enter})
		}
	case *Message:
		if _, is := at.(AtButton); is {
			return d.press(m, Key{Name: Enter})
		}
	case *Form:
		return m.clickForm(d, at)
	case *Menu:
		return m.clickMenu(d, at)
	}
	return nil
}

func (m *Model) clickPanel(at Spot, double bool) []Effect {
	switch at := at.(type) {
	case AtPanel:
		if at.Panel != m.Active {
			return m.change()
		}
	case AtHead:
		var out []Effect
		if at.Panel != m.Active {
			out = m.change()
		}
		m.clickHead(at.Column)
		return out
	case AtRow:
		var out []Effect
		if at.Panel != m.Active {
			out = m.change()
		}
		p := m.Panel()
		if p.top+at.Row >= len(p.shown) {
			return out
		}
		p.search, p.sieving = nil, false
		p.cursor = p.top + at.Row
		p.settle()
		switch {
		case at.Fold:
			p.fold()
		case double:
			out = append(out, m.enter()...)
		}
		return out
	}
	return nil
}

// clickHead sorts by a column, and by the one that rows are sorted by the other way round.
func (m *Model) clickHead(column int) {
	p := m.Panel()
	if column >= len(p.Table.Columns) || p.Table.Columns[column].Title == "" {
		return
	}
	o := order{column: p.Table.Columns[column].Title}
	if is, back := p.Sorted(); is == column {
		o.back = !back
	}
	m.sortSaid(o)
}

func (m *Model) clickForm(d *Form, at Spot) []Effect {
	switch at := at.(type) {
	case AtButton:
		if at.Index == 0 {
			return d.press(m, Key{Name: Enter})
		}
		return d.press(m, Key{Name: Escape})
	case AtInput:
		if at.Index >= len(d.Fields) {
			return nil
		}
		if at.Index == d.at && d.Fields[at.Index].Choices != nil {
			d.change(func(in *Input) { in.choose(1) })
		}
		d.at = at.Index
	case AtChoice:
		if at.Input >= len(d.Fields) || at.Index >= len(d.Fields[at.Input].Choices) {
			return nil
		}
		d.at = at.Input
		d.change(func(in *Input) { in.Set(in.Choices[at.Index]) })
	}
	d.Wrong = d.Fields[d.at].Wrong
	return nil
}

// clickMenu takes an item, opens a list, or closes the menu.
func (m *Model) clickMenu(d *Menu, at Spot) []Effect {
	switch at := at.(type) {
	case AtList:
		if at.Index < len(d.Lists) {
			d.list, d.item = at.Index, 0
		}
	case AtItem:
		if at.Index < len(d.Lists[d.list].Items) {
			d.item = at.Index
			return d.press(m, Key{Name: Enter})
		}
	default:
		m.close(d)
	}
	return nil
}

// Wheel scrolls what a mouse is at by rows, up if there are fewer than none.
func (m *Model) Wheel(at Spot, rows int) {
	key := Key{Name: Down}
	if rows < 0 {
		key, rows = Key{Name: Up}, -rows
	}
	side := -1
	switch at := at.(type) {
	case AtRow:
		side = at.Panel
	case AtHead:
		side = at.Panel
	case AtPanel:
		side = at.Panel
	}
	switch d := m.Dialog().(type) {
	case nil:
		if side >= 0 {
			if key.Name == Up {
				rows = -rows
			}
			m.Panels[side].move(rows)
		}
	case *Page, *Message:
		for range rows {
			d.press(m, key)
		}
	}
}
