package model

import (
	"fmt"
	"slices"
	"strings"
)

// Menu has all that can be done, in lists below their titles.
type Menu struct {
	Lists []MenuList
	list  int
	item  int
}

// MenuList is a list of a menu.
type MenuList struct {
	Title string
	Items []MenuItem
}

// MenuItem is something that can be done.
type MenuItem struct {
	// Label says what it does. The one that is so already begins with "* ", and the others of its kind with two spaces.
	Label string
	// Key does the same; "" if none does.
	Key string
	do  func(m *Model) []Effect
}

// Chosen is the item that Enter takes.
func (d *Menu) Chosen() (list, item int) { return d.list, d.item }

func (d *Menu) press(m *Model, k Key) []Effect {
	items := d.Lists[d.list].Items
	n := len(items)
	switch k.Name {
	case Left, BackTab:
		d.list, d.item = (d.list+len(d.Lists)-1)%len(d.Lists), 0
	case Right, Tab:
		d.list, d.item = (d.list+1)%len(d.Lists), 0
	case Up:
		d.item = (d.item + n - 1) % n
	case Down:
		d.item = (d.item + 1) % n
	case Home, PageUp:
		d.item = 0
	case End, PageDown:
		d.item = n - 1
	case Escape, F9, F10:
		m.close(d)
	case F1:
		m.Open(keysPage("menus", d))
	case Enter:
		return d.take(m)
	case Text:
		// A letter takes the item that begins with it, or goes through them if there are several.
		var at []int
		for i, x := range items {
			if label := strings.TrimLeft(x.Label, "* "); label != "" && strings.EqualFold(label[:1], k.Text) {
				at = append(at, i)
			}
		}
		switch {
		case len(at) == 1:
			d.item = at[0]
			return d.take(m)
		case len(at) > 1:
			next := slices.IndexFunc(at, func(i int) bool { return i > d.item })
			d.item = at[max(next, 0)]
		}
	}
	return nil
}

func (d *Menu) take(m *Model) []Effect {
	m.close(d)
	return d.Lists[d.list].Items[d.item].do(m)
}

// item is an action as the menu has it.
func (a Action) item() MenuItem {
	key := ""
	if a.key > 0 {
		key = Key{Name: F1 + Name(a.key-1)}.String()
	}
	return MenuItem{Label: a.Name, Key: key, do: func(*Model) []Effect { return a.do() }}
}

// mark says whether something is so already.
func mark(label string, is bool) string {
	if is {
		return "* " + label
	}
	return "  " + label
}

// kindList is what a panel can list.
func (m *Model) kindList(side int) MenuList {
	l := MenuList{Title: [2]string{"Left", "Right"}[side]}
	for _, kind := range Kinds() {
		place := Place{Kind: kind}
		l.Items = append(l.Items, MenuItem{Label: mark(kind.String(), m.Panels[side].Place == place), do: func(m *Model) []Effect { return m.Panels[side].visit(place) }})
	}
	return l
}

// sideList is what can be done with a panel: what it lists, and in which order.
func (m *Model) sideList(side int) MenuList {
	l := m.kindList(side)
	for i := range l.Items {
		l.Items[i].Key = "Alt-k " + strings.TrimLeft(l.Items[i].Label, "* ")[:1]
	}
	p := &m.Panels[side]
	column, back := p.Sorted()
	// next is the column that Alt-s would sort by now.
	next := p.nextColumn()
	add := func(label string, is bool, key string, o order) {
		l.Items = append(l.Items, MenuItem{mark(label, is), key, func(m *Model) []Effect {
			m.Panels[side].sortBy(o)
			return nil
		}})
	}
	for i, c := range p.Table.Columns {
		if c.Title != "" {
			key := ""
			if i == next {
				key = "Alt-s"
			}
			add("sort by "+c.Title, column == i, key, order{c.Title, back})
		}
	}
	if column >= 0 {
		add("the greatest first", back, "Alt-r", order{p.order.column, !back})
		key := ""
		if next == len(p.Table.Columns) {
			key = "Alt-s"
		}
		add("not sorted", false, key, order{})
	}
	return l
}

// subjectTitles are what a list of what can be done with a row is called.
var subjectTitles = [kinds]string{"Cell", "Process", "Service", "Output", "Policy", "Decision", "Generation"}

// subjectList is what can be done with what is under the cursor or selected; its items may be none.
func (m *Model) subjectList() MenuList {
	kind := m.Panel().Place.Kind
	l := MenuList{Title: subjectTitles[kind]}
	taken := [11]bool{}
	for _, a := range actions(kind) {
		if a = a.offer(m); a.do == nil || a.key > 0 && taken[a.key] {
			continue
		}
		taken[a.key] = true
		l.Items = append(l.Items, a.item())
	}
	return l
}

// sessionList is what can be done with the kernel and its policies.
func (m *Model) sessionList() MenuList {
	l := MenuList{Title: "Session"}
	for _, a := range forSession() {
		if a = a.offer(m); a.do != nil {
			l.Items = append(l.Items, a.item())
		}
	}
	for _, a := range everywhere() {
		if a.key != 2 && a.key != 9 { // these open menus
			l.Items = append(l.Items, a.offer(m).item())
		}
	}
	return l
}

// panelList is what other keys do at the panels.
func (m *Model) panelList() MenuList {
	l := MenuList{Title: "Panels"}
	for _, b := range panelKeys() {
		if k := b.keys[0]; k.Name == Text || k.Name == Control || k.Name == Alt || k.Name == AltEnter || k.Name == Insert || k.Name == Tab {
			l.Items = append(l.Items, MenuItem{b.says, k.String(), b.do})
		}
	}
	return l
}

// themeList is how the screen can look; its items may be none.
func (m *Model) themeList() MenuList {
	l := MenuList{Title: "Themes"}
	for _, name := range m.options.Themes {
		l.Items = append(l.Items, MenuItem{Label: mark(name, name == m.Theme), do: func(m *Model) []Effect {
			m.Theme = name
			return nil
		}})
	}
	return l
}

// menu opens the menu at the list of the active panel.
func (m *Model) menu() []Effect {
	d := &Menu{}
	lists := []MenuList{m.sideList(0), m.subjectList(), m.sessionList(), m.panelList(), m.themeList(), m.sideList(1)}
	for i, l := range lists {
		if len(l.Items) == 0 {
			continue
		}
		if i == 5*m.Active {
			d.list = len(d.Lists)
		}
		d.Lists = append(d.Lists, l)
	}
	m.Open(d)
	return nil
}

// doMenu opens a menu with what can be done with what is under the cursor, and then with the session.
func (m *Model) doMenu() []Effect {
	d := &Menu{}
	for _, l := range []MenuList{m.subjectList(), m.sessionList(), m.themeList()} {
		if len(l.Items) > 0 {
			d.Lists = append(d.Lists, l)
		}
	}
	if n := m.Panel().Marks(); n > 0 && len(d.Lists[0].Items) > 0 && d.Lists[0].Title == subjectTitles[m.Panel().Place.Kind] {
		d.Lists[0].Title = fmt.Sprintf("%s (%d selected)", d.Lists[0].Title, n)
	}
	m.Open(d)
	return nil
}
