package view

import (
	"slices"
	"strings"

	"cellsh/repl/screen/model"
	"cellsh/repl/show"
)

func (g *Grid) form(d *model.Form) {
	columns, free := model.Room(g.Width)
	n, at := len(d.Fields), d.At()
	label := 0
	for _, in := range d.Fields {
		label = max(label, textWidth(safe(in.Label)))
	}
	label = min(label, columns/3)
	// What is said of the field has two lines, where there is room for more than that, so that the dialog stays where it is.
	said, role := g.about(d, columns)
	least := 1
	if g.Height >= n+8 {
		least = 2
	}
	told := max(min(len(said), g.Height-5), min(least, g.Height-5), 0)
	gaps := 0
	if g.Height >= n+told+5 {
		gaps = 2
	}
	seen := max(min(n, g.Height-3-told-gaps), 1)
	first := max(0, min(at-seen/2, n-seen))
	r := g.box(columns, seen+gaps+told+1, free, d.Title)
	for i := range seen {
		in := d.Fields[first+i]
		y := r.Y + i
		active := first+i == at
		name, edge := DialogFaint, " "
		if active {
			name, edge = Dialog, g.skin.right
		}
		g.set(r.X-1, y, cluster{edge, 1}, Dialog, "")
		g.put(r.X, y, label, safe(in.Label), name)
		x := r.X + label + 1
		field := model.Rect{X: x, Y: y, Width: r.X + r.Width - x, Height: 1}
		g.choice(in, field, active)
		g.zone(model.Rect{X: r.X, Y: y, Width: r.Width, Height: 1}, model.AtInput{Index: first + i})
	}
	edge := r.X + r.Width + free
	if first > 0 {
		g.set(edge, r.Y, cluster{g.skin.up, 1}, DialogTitle, "")
	}
	if first+seen < n {
		g.set(edge, r.Y+seen-1, cluster{g.skin.down, 1}, DialogTitle, "")
	}
	for i := range min(told, len(said)) {
		g.put(r.X, r.Y+seen+gaps/2+i, r.Width, said[i], role)
	}
	g.buttons(r, []string{"OK", "Cancel"}, 0, true)
}

// choice draws a field: a text with its cursor, or a value that the arrows change.
func (g *Grid) choice(in *model.Input, r model.Rect, active bool) {
	if r.Width < 3 {
		return
	}
	role := Input
	if active {
		role = ActiveInput
	}
	g.fill(r, role)
	before, after := "[", "]"
	if in.Choices != nil {
		before, after = g.skin.left, g.skin.right
	}
	g.set(r.X, r.Y, cluster{before, 1}, role, "")
	g.set(r.X+r.Width-1, r.Y, cluster{after, 1}, role, "")
	text := safe(in.Text())
	switch {
	case in.Choices != nil:
		g.put(r.X+2, r.Y, r.Width-4, text, role)
	case active:
		g.input(r.X+1, r.Y, r.Width-2, text, textWidth(safe(in.Text()[:in.At()])), role)
	default:
		g.put(r.X+1, r.Y, r.Width-2, text, role)
	}
}

// about is what is said below the fields: what is wrong, or what the field may have.
func (g *Grid) about(d *model.Form, columns int) ([]string, Role) {
	text, role := "", DialogFaint
	in := d.Fields[d.At()]
	switch {
	case d.Wrong != "":
		text, role = g.skin.tones[model.Bad]+" "+d.Wrong, DialogBad
	default:
		text = in.Hint
		if len(in.Choices) > 0 && !slices.Contains(in.Choices, "") {
			if text != "" {
				text += ": "
			}
			text += strings.Join(in.Choices, ", ")
		}
	}
	if text == "" {
		return nil, role
	}
	var out []string
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		out = append(out, show.Wrap(safe(line), columns)...)
	}
	return out, role
}
