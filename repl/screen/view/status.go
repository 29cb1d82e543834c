package view

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"cellsh/repl/screen/model"
	"cellsh/repl/show"
)

// part of the line with what is so.
type part struct {
	role Role
	// texts are the same in fewer and fewer characters.
	texts []string
	// rank says what is left out first where not all has room: that with the greatest.
	rank int
}

var statusRoles = [...]Role{model.Plain: Status, model.Good: StatusGood, model.Warning: StatusWarning, model.Bad: StatusBad, model.Faint: Status}

// status draws the line with what is so: the kernel and its policies, or what was said; at the right what is being done. What was said
// has more lines above where it is longer than one, and is above what is being done where both have no room beside each other.
func (g *Grid) status(m *model.Model, r model.Rect) {
	room := r.Width - 1
	right := r.X + room
	said := safe(m.Said.Text)
	job := 0
	g.fill(r, Status)
	if m.Job != nil {
		job = g.job(m, r, room, func(rank int) int {
			if said != "" {
				return 0
			}
			return least(m, rank)
		}) + 2
	}
	lines := show.Wrap(said, r.Width-4)
	most := min(max(g.Height/3, 1), r.Y+1)
	switch {
	case said == "":
		g.parts(m, r.X, r.Y, right-job)
	case len(lines) == 1 && textWidth(said)+3 <= room-job || most < 2:
		g.said(m.Said.Tone, r.X, r.Y, room-job, said)
	default:
		y := r.Y
		if m.Job != nil {
			g.parts(m, r.X, y, right-job)
			y, most = y-1, most-1
		}
		n := min(len(lines), most)
		y -= n - 1
		g.fill(model.Rect{X: r.X, Y: y, Width: r.Width, Height: n}, Status)
		for i := range n {
			line := lines[i]
			if i == n-1 {
				line = strings.Join(lines[i:], " ") // if more is there it is cut, which is shown
			}
			tone := m.Said.Tone
			if i > 0 {
				g.put(r.X+3, y+i, r.Width-4, line, statusRoles[tone])
				continue
			}
			g.said(tone, r.X, y, room, line)
		}
	}
}

// said writes what was said, with the mark of its tone.
func (g *Grid) said(tone model.Tone, x, y, room int, text string) {
	role := statusRoles[tone]
	g.set(x+1, y, cluster{g.skin.tones[tone], 1}, role, "")
	g.put(x+3, y, room-3, text, role)
}

// parts writes those that have room up to a column.
func (g *Grid) parts(m *model.Model, x, y, right int) {
	parts := fit(m, right-x-1, 0)
	for i, p := range parts {
		text := " " + p.texts[0] + " "
		if x+textWidth(text) > right {
			return // beside what is being done nothing has room
		}
		if i > 0 && !(i == 1 && parts[0].role == StatusKernel) {
			x = g.put(x, y, right-x, g.skin.single.down, Status)
		}
		x = g.put(x, y, right-x, text, p.role)
	}
}

// least is how many columns those parts take that are needed as much as rank or more, and two that are free.
func least(m *model.Model, rank int) int {
	n := 2
	for _, p := range fit(m, 0, rank) {
		n += textWidth(p.texts[0]) + 3
	}
	return n
}

// fit gives the parts that have room, each with the text that does; those up to the rank least in any case.
func fit(m *model.Model, room, least int) []part {
	s := m.Status
	var parts []part
	add := func(rank int, role Role, texts ...string) {
		parts = append(parts, part{role: role, texts: texts, rank: rank})
	}
	if s.Kernel != "" {
		add(2, StatusKernel, safe(s.Kernel))
	}
	if s.Generation > 0 {
		n := strconv.FormatUint(s.Generation, 10)
		add(3, Status, "generation "+n, "gen "+n)
	} else {
		add(3, Status, "no policies")
	}
	if !s.Confirm.IsZero() {
		left := s.Confirm.Sub(m.Now)
		role := StatusWarning
		if left < 15*time.Second {
			role = StatusBad
		}
		add(0, role, "confirm within "+clock(left), "confirm "+clock(left))
	}
	if !s.Audit.IsZero() {
		add(4, StatusWarning, "audit ends in "+clock(s.Audit.Sub(m.Now)), "audit "+clock(s.Audit.Sub(m.Now)))
	}
	if s.Pending > 0 {
		add(5, StatusWarning, strconv.Itoa(s.Pending)+" pending")
	}
	if s.ReadOnly {
		add(1, StatusWarning, "read-only")
	}
	total := func() int {
		n := 0
		for _, p := range parts {
			n += textWidth(p.texts[0]) + 3
		}
		return n - 2
	}
	// The least needed gets shorter first, and is left out when that is not enough.
	for _, shorten := range []bool{true, false} {
		for rank := 5; rank >= 0 && (shorten || rank > least) && total() > room; rank-- {
			for i := range parts {
				if parts[i].rank != rank {
					continue
				}
				if shorten {
					parts[i].texts = parts[i].texts[len(parts[i].texts)-1:]
				} else if len(parts) > 1 {
					parts = append(parts[:i], parts[i+1:]...)
				}
				break
			}
		}
	}
	return parts
}

// job draws what is being done at the right, and gives how many columns it took of the room. It leaves what others need that are needed
// as much as a rank or more: all of it, or at least what is needed most.
func (g *Grid) job(m *model.Model, r model.Rect, room int, others func(rank int) int) int {
	j := m.Job
	gone := max(m.Now.Sub(j.Began), 0)
	turn := g.skin.turn[int(gone/(250*time.Millisecond))%len(g.skin.turn)]
	end := "Ctrl-C stops"
	if j.Stopping {
		end = "stopping" + g.dots()
	}
	dot := " " + g.skin.dot + " "
	head := turn + " " + safe(j.Title)
	long := head + " " + clock(gone)
	whole := long + dot + end
	room = max(room-others(3), min(room-others(0), textWidth(whole)), min(room, textWidth(long)))
	where := safe(j.Where)
	text := head
	switch rest := room - textWidth(whole+dot); {
	case where != "" && (rest >= 8 || textWidth(where) <= rest):
		text = long + dot + g.cut(where, rest) + dot + end
	case textWidth(whole) <= room:
		text = whole
	case textWidth(long) <= room:
		text = long
	}
	w := min(textWidth(text), room)
	g.put(r.X+r.Width-1-w, r.Y, w, text, StatusWarning)
	return w
}

// cut is a text that takes so many columns at most.
func (g *Grid) cut(text string, columns int) string {
	if textWidth(text) <= columns {
		return text
	}
	w := 0
	for rest := text; rest != ""; {
		c, next := next(rest)
		if w += c.width; w > columns-1 {
			return text[:len(text)-len(rest)] + g.skin.more
		}
		rest = next
	}
	return text
}

// clock is a time as minutes and seconds, and hours if there are any.
func clock(d time.Duration) string {
	s := max(int(d.Round(time.Second)/time.Second), 0)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// commandLine draws the line for commands, which grows upwards, and gives how many rows it took.
func (g *Grid) commandLine(m *model.Model, r model.Rect) int {
	f := m.Line.View(r.Width, max(min(r.Y+1, g.Height*2/3), 1))
	n := min(len(f.Rows), r.Y+1)
	top := r.Y - n + 1
	g.fill(model.Rect{X: r.X, Y: top, Width: r.Width, Height: n}, Line)
	for i, row := range f.Rows[:n] {
		x := r.X
		for _, c := range row {
			g.set(x, top+i, cluster{c.Text, c.Width}, Line, c.SGR)
			x += c.Width
		}
	}
	g.X, g.Y = min(r.X+f.Column, g.Width-1), max(min(top+f.Row, g.Height-1), 0)
	g.Cursor = true
	return n
}

// keys draws the line of function keys: ten of the same width where all have room, and else those that do something.
func (g *Grid) keys(m *model.Model, r model.Rect) {
	g.fill(r, KeyNumber)
	actions := m.Keys()
	if r.Width >= 80 {
		for i, a := range actions {
			from, to := r.Width*i/10, r.Width*(i+1)/10
			number := fmt.Sprintf("%2d", i+1)
			x := g.put(r.X+from, r.Y, 2, number, KeyNumber)
			g.fill(model.Rect{X: x, Y: r.Y, Width: to - from - 2, Height: 1}, KeyLabel)
			g.put(x, r.Y, to-from-2, safe(a.Label), KeyLabel)
			g.zone(model.Rect{X: r.X + from, Y: r.Y, Width: to - from, Height: 1}, model.AtKey{Number: i + 1})
		}
		return
	}
	type key struct {
		number, label string
		action, width int
	}
	var list []*key
	total := -1
	for i, a := range actions {
		if a.Label != "" {
			k := &key{strconv.Itoa(i + 1), safe(a.Label), i + 1, textWidth(safe(a.Label))}
			list = append(list, k)
			total += len(k.number) + k.width + 1
		}
	}
	for ; total > r.Width; total-- {
		longest := list[0]
		for _, k := range list {
			if k.width > longest.width {
				longest = k
			}
		}
		if longest.width == 1 {
			break
		}
		longest.width--
	}
	x := r.X
	for _, k := range list {
		from := x
		x = g.put(x, r.Y, r.Width-x, k.number, KeyNumber)
		x = g.write(x, r.Y, min(k.width, r.Width-x), k.label, KeyLabel)
		g.zone(model.Rect{X: from, Y: r.Y, Width: x - from, Height: 1}, model.AtKey{Number: k.action})
		x++
	}
}
