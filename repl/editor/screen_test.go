package editor

import (
	"io"

	"cellsh/repl/screentest"
)

// newGlass makes a screen as plain as NetBSD's console, on which no row may be too long.
func newGlass(t screentest.Fails, columns, rows int) *screentest.Screen {
	g := screentest.New(t, screentest.Console, columns, rows)
	g.Fix()
	return g
}

// draw is what a draft shows on a new screen.
func draw(t screentest.Fails, d *Draft, columns, rows int) string {
	g := newGlass(t, columns, rows)
	var c canvas
	io.WriteString(g, c.draw(d.View(columns, rows)))
	return g.Marked()
}
