package view

import (
	"strings"

	"cellsh/repl/screen/model"
)

func (g *Grid) menu(d *model.Menu) {
	bar := model.Rect{Width: g.Width, Height: 1}
	g.fill(bar, MenuBar)
	list, item := d.Chosen()
	total, pad := 1, 2
	for _, l := range d.Lists {
		total += textWidth(safe(l.Title)) + 4
	}
	if total > g.Width {
		pad = 1
	}
	// The list that is open is always to be seen.
	x := pad - 1
	for i, l := range d.Lists {
		if w := textWidth(safe(l.Title)) + 2*pad; i == list {
			x = min(0, g.Width-x-w) + pad - 1
			break
		} else {
			x += w
		}
	}
	open := 0
	for i, l := range d.Lists {
		text := safe(l.Title)
		role := MenuBar
		if i == list {
			role, open = MenuTitle, x
		}
		w := textWidth(text) + 2*pad
		zone := model.Rect{X: x, Width: w, Height: 1}
		g.fill(zone, role)
		g.put(x+pad, 0, textWidth(text), text, role)
		g.zone(zone, model.AtList{Index: i})
		x += w
	}
	items := d.Lists[list].Items
	widest, key := 0, 0
	for _, it := range items {
		widest, key = max(widest, textWidth(safe(it.Label))), max(key, textWidth(safe(it.Key)))
	}
	columns := widest + 4
	if key > 0 {
		columns += key + 2
	}
	columns = min(columns, max(g.Width-2, 1))
	rows := min(len(items), max(g.high-3, 1))
	r := model.Rect{X: max(0, min(open, g.Width-columns-2)), Y: 1, Width: columns + 2, Height: rows + 2}
	g.frame(r, g.skin.single, MenuFrame, MenuItem)
	g.shadow(r)
	first := max(0, min(item-rows/2, len(items)-rows))
	for i := range rows {
		it := items[first+i]
		y := r.Y + 1 + i
		role, keyRole, edge := MenuItem, MenuKey, " "
		if first+i == item {
			role, keyRole, edge = MenuChosen, MenuChosen, g.skin.at
		}
		line := model.Rect{X: r.X + 1, Y: y, Width: columns, Height: 1}
		g.fill(line, role)
		g.set(line.X, y, cluster{edge, 1}, role, "")
		label := safe(it.Label)
		if rest, is := strings.CutPrefix(label, "* "); is { // it is so already
			label = g.skin.mark + " " + rest
		}
		g.put(line.X+2, y, columns-3, label, role)
		if key > 0 && columns > widest+key {
			g.putRight(line.X+columns-1-key, y, key, safe(it.Key), keyRole)
		}
		g.zone(line, model.AtItem{Index: first + i})
	}
	edge := r.X + r.Width - 1
	if first > 0 {
		g.set(edge, r.Y+1, cluster{g.skin.up, 1}, MenuFrame, "")
	}
	if first+rows < len(items) {
		g.set(edge, r.Y+rows, cluster{g.skin.down, 1}, MenuFrame, "")
	}
}
