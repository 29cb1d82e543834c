package view

import (
	"strings"

	"cellsh/repl/screen/model"
	"cellsh/repl/show"
)

// formWidth is how many columns a form has at most.
const formWidth = 60

func (g *Grid) form(d *model.Form) {
	columns, free := model.Room(g.Width)
	columns = min(columns, formWidth)
	n, at := len(d.Fields), d.At()
	label := 0
	for _, in := range d.Fields {
		label = max(label, textWidth(safe(in.Label)))
	}
	label = min(label, columns/3)
	said, role := g.about(d, columns, columns-label-1)
	told := max(min(max(len(said), 1), g.high-5), 0)
	gaps := 0
	if g.high >= n+told+5 {
		gaps = 2
	}
	most := g.high - 3 - told - gaps
	if g.high >= 16 {
		most -= 4 // what is below is seen a bit
	}
	seen := max(min(n, most), 1)
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
		if in.Wrong != "" {
			g.set(r.X+label, y, cluster{g.skin.tones[model.Bad], 1}, DialogBad, "")
		}
		x := r.X + label + 1
		field := model.Rect{X: x, Y: y, Width: r.X + r.Width - x, Height: 1}
		g.zone(model.Rect{X: r.X, Y: y, Width: r.Width, Height: 1}, model.AtInput{Index: first + i})
		g.value(in, first+i, field, active)
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

// value draws what is in a field: a text with its cursor, one of few values beside the others, or one that the arrows change.
func (g *Grid) value(in *model.Input, index int, r model.Rect, active bool) {
	if r.Width < 3 {
		return
	}
	role := Input
	if active {
		role = ActiveInput
	}
	g.fill(r, role)
	if beside(in, r.Width) {
		x := r.X
		for i, c := range in.Choices {
			dot := " "
			if c == in.Text() {
				dot = g.skin.mark
			}
			from := x
			x = g.write(x, r.Y, 1, "(", role)
			x = g.write(x, r.Y, 1, dot, role)
			x = g.write(x, r.Y, 2, ") ", role)
			x = g.write(x, r.Y, r.Width, choice(c), role)
			g.zone(model.Rect{X: from, Y: r.Y, Width: x - from, Height: 1}, model.AtChoice{Input: index, Index: i})
			x += 2
		}
		return
	}
	before, after := "[", "]"
	if in.Choices != nil {
		before, after = g.skin.left, g.skin.right
	}
	g.set(r.X, r.Y, cluster{before, 1}, role, "")
	g.set(r.X+r.Width-1, r.Y, cluster{after, 1}, role, "")
	text := safe(in.Text())
	switch {
	case in.Choices != nil:
		g.put(r.X+2, r.Y, r.Width-4, choice(in.Text()), role)
	case active:
		g.input(r.X+1, r.Y, r.Width-2, text, textWidth(safe(in.Text()[:in.At()])), role)
	default:
		g.put(r.X+1, r.Y, r.Width-2, text, role)
	}
}

// choice is a value as it is shown, also one that is no text.
func choice(value string) string {
	if value == "" {
		return "left out"
	}
	return safe(value)
}

// beside reports whether all values of a field have room beside each other.
func beside(in *model.Input, width int) bool {
	w := -2
	for _, c := range in.Choices {
		w += textWidth(choice(c)) + 6
	}
	return in.Choices != nil && w <= width
}

// about is what is said below the fields: what is wrong, or what the field may have.
func (g *Grid) about(d *model.Form, columns, value int) ([]string, Role) {
	text, role := "", DialogFaint
	in := d.Fields[d.At()]
	switch {
	case d.Wrong != "":
		text, role = g.skin.tones[model.Bad]+" "+d.Wrong, DialogBad
	default:
		text = in.Hint
		if in.Choices != nil && !beside(in, value) {
			var all []string
			for _, c := range in.Choices {
				all = append(all, choice(c))
			}
			if text != "" {
				text += ": "
			}
			text += strings.Join(all, ", ")
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
