package view

import (
	"cellsh/repl/screen/model"
)

// dialogTones are the roles of texts in dialogs.
var dialogTones = [...]Role{model.Plain: Dialog, model.Good: DialogGood, model.Warning: DialogWarning, model.Bad: DialogBad, model.Faint: DialogFaint}

// text draws the lines of a dialog that are seen, and says at its edge whether there are more.
func (g *Grid) text(r model.Rect, free int, lines []string, above, below int, role Role) {
	for i, line := range lines {
		g.put(r.X, r.Y+i, r.Width, line, role)
	}
	edge := r.X + r.Width + free
	if above > 0 {
		g.set(edge, r.Y, cluster{g.skin.up, 1}, DialogTitle, "")
	}
	if below > 0 {
		g.set(edge, r.Y+len(lines)-1, cluster{g.skin.down, 1}, DialogTitle, "")
	}
}

// widthOf is how many columns lines take, and others that a dialog has.
func widthOf(lines []string, others ...int) int {
	n := 0
	for _, l := range lines {
		n = max(n, textWidth(l))
	}
	for _, o := range others {
		n = max(n, o)
	}
	return n
}

// leastDialog is how wide a dialog is at least, where there is room.
const leastDialog = 30

func (g *Grid) message(d *model.Message) {
	room, free := model.Room(g.Width)
	lines := d.Lines()
	title := d.Title
	if mark := g.skin.tones[d.Tone]; mark != " " {
		title = mark + " " + title
	}
	columns := min(widthOf(d.All(), textWidth(safe(title))+4, leastDialog), room)
	r := g.box(columns, len(lines)+2, free, title)
	role := dialogTones[d.Tone]
	if d.Tone == model.Bad {
		g.paintFrame(r, free)
	}
	g.text(r, free, lines, d.Above(), d.Below(), role)
	g.buttons(r, []string{"OK"}, 0, true)
}

// paintFrame has the title of a dialog stand out that tells what went wrong.
func (g *Grid) paintFrame(r model.Rect, free int) {
	y := r.Y - 1
	if y < 0 || y >= g.Height {
		return
	}
	for x := max(r.X-free, 0); x < min(r.X+r.Width+free, g.Width); x++ {
		if c := &g.Row(y)[x]; c.Role == DialogTitle {
			c.Role = DialogBad
		}
	}
}

func (g *Grid) question(d *model.Question) {
	room, free := model.Room(g.Width)
	lines := d.Lines()
	var labels []string
	buttons := -2
	for _, c := range d.Choices {
		labels = append(labels, safe(c.Label))
		buttons += textWidth(safe(c.Label)) + model.ButtonMore + 2
	}
	across := d.Across(g.Width)
	rows := 1
	if !across {
		rows, buttons = len(labels), 0
	}
	columns := min(widthOf(d.All(), textWidth(safe(d.Title))+4, leastDialog, buttons), room)
	r := g.box(columns, len(lines)+1+rows, free, d.Title)
	g.text(r, free, lines, d.Above(), d.Below(), Dialog)
	g.buttons(r, labels, d.Chosen(), across)
}

// buttons draws answers in the last rows of a dialog, beside each other or below.
func (g *Grid) buttons(r model.Rect, labels []string, chosen int, across bool) {
	total := -2
	for _, l := range labels {
		total += textWidth(l) + model.ButtonMore + 2
	}
	x, y := r.X+max((r.Width-total)/2, 0), r.Y+r.Height-1
	if !across {
		y -= len(labels) - 1
	}
	for i, label := range labels {
		w := textWidth(label) + model.ButtonMore
		if !across {
			x, w = r.X, r.Width
		}
		before, after, role := "[  ", "  ]", Button
		if i == chosen {
			before, after, role = "["+g.skin.right+" ", " "+g.skin.left+"]", ActiveButton
		}
		end := g.write(x, y, r.X+r.Width-x, before, role)
		end = g.put(end, y, min(textWidth(label), max(r.X+r.Width-end-3, 0)), label, role)
		end = g.write(end, y, r.X+r.Width-end, after, role)
		g.zone(model.Rect{X: x, Y: y, Width: end - x, Height: 1}, model.AtButton{Index: i})
		if across {
			x += w + 2
		} else {
			y++
		}
	}
}
