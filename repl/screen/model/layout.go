package model

// Rect is a part of the screen.
type Rect struct{ X, Y, Width, Height int }

// Has reports whether a place on the screen is in it.
func (r Rect) Has(x, y int) bool {
	return r.X <= x && x < r.X+r.Width && r.Y <= y && y < r.Y+r.Height
}

// Layout is where everything is.
type Layout struct {
	Width, Height int
	// Panels have a frame around them. One that is too narrow to be of use has no width: the active one then has all of it.
	Panels [2]Rect
	// Details is how many lines in the panel below its rows are for the row under the cursor.
	Details int
	// Status is the line with what is so, Line that for commands, and Keys that of the function keys; without height where there
	// is no room.
	Status, Line, Keys Rect
}

// Layout is where everything is now.
func (m *Model) Layout() Layout { return m.layout }

// bothWide is how wide the screen must be for two panels.
const bothWide = 60

// Resize is told how large the screen is.
func (m *Model) Resize(width, height int) {
	width, height = max(width, 1), max(height, 1)
	l := Layout{Width: width, Height: height}
	left := height
	take := func(least int) Rect {
		if left <= least {
			return Rect{Y: left, Width: width}
		}
		left--
		return Rect{Y: left, Width: width, Height: 1}
	}
	// The last is the most needed.
	l.Keys = take(7)
	l.Line = take(5)
	l.Status = take(8)
	switch {
	case left >= 30:
		l.Details = 4
	case left >= 20:
		l.Details = 2
	case left >= 8:
		l.Details = 1
	}
	if width >= bothWide {
		l.Panels[0] = Rect{0, 0, width / 2, left}
		l.Panels[1] = Rect{width / 2, 0, width - width/2, left}
	} else {
		l.Panels[m.Active] = Rect{0, 0, width, left}
	}
	m.layout = l
	// Frame, head, and the line above the details.
	inside := left - 3
	if l.Details > 0 {
		inside -= l.Details + 1
	}
	for i := range m.Panels {
		m.Panels[i].height = max(inside, 1)
		m.Panels[i].settle()
	}
	for _, d := range m.dialogs {
		if p, ok := d.(*Page); ok {
			p.resize(width, height)
		}
	}
}
