package model

import "fmt"

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
	Label string
	// Key does the same; "" if none does.
	Key string
	do  func(m *Model) []Effect
}

// Chosen is the item that Enter takes.
func (d *Menu) Chosen() (list, item int) { return d.list, d.item }

func (d *Menu) press(m *Model, k Key) []Effect {
	items := d.Lists[d.list].Items
	switch k.Name {
	case Left, BackTab:
		d.list, d.item = (d.list+len(d.Lists)-1)%len(d.Lists), 0
	case Right, Tab:
		d.list, d.item = (d.list+1)%len(d.Lists), 0
	case Up:
		d.item = (d.item + len(items) - 1) % len(items)
	case Down:
		d.item = (d.item + 1) % len(items)
	case Home:
		d.item = 0
	case End:
		d.item = len(items) - 1
	case Escape, F9, F10:
		m.close(d)
	case Enter:
		m.close(d)
		return items[d.item].do(m)
	}
	return nil
}

// menu opens the menu at the list of the active panel.
func (m *Model) menu() []Effect {
	d := &Menu{list: 2 * m.Active}
	panel := func(side int) MenuList {
		l := MenuList{Title: [2]string{"Left", "Right"}[side]}
		for _, kind := range Kinds() {
			l.Items = append(l.Items, MenuItem{Label: kind.String(), do: func(m *Model) []Effect { return m.Panels[side].visit(Place{Kind: kind}) }})
		}
		return l
	}
	does := MenuList{Title: "Command"}
	for i, a := range m.Keys() {
		if a.do != nil && i != 8 {
			does.Items = append(does.Items, MenuItem{a.Label, fmt.Sprintf("F%d", i+1), a.do})
		}
	}
	looks := MenuList{Title: "Themes"}
	for _, name := range m.options.Themes {
		looks.Items = append(looks.Items, MenuItem{Label: name, do: func(m *Model) []Effect { m.Theme = name; return nil }})
	}
	d.Lists = []MenuList{panel(0), does, panel(1)}
	if looks.Items != nil {
		d.Lists = append(d.Lists, looks)
	}
	m.Open(d)
	return nil
}
