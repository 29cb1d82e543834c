// Package view draws what the screen shows, on cells of text.
//
//	grid := view.Draw(m, view.Unicode)
//	fmt.Print(grid.Text())
//	effects := m.Click(grid.Spot(x, y), false)
//
// A [Grid] has as many cells as the screen. Each has a character and a [Role], for which a theme has a colour; what is written in the
// line for commands has colours of its own. A [Skin] is what frames, figures and marks look like: [Unicode] where the terminal shows it,
// and else [ASCII].
//
// Whatever comes from cells is made harmless first, as package show does it. Whatever has a colour that means something has a mark
// too: the active panel has other lines, the row under the cursor an arrow at its edge, and each tone its sign.
//
// A grid is made anew each time, of the rows that are seen and no others; only how wide columns are is found for all, once for what was
// read (model.Panel.Widths).
//
// The files: grid.go has cells, skin.go characters, role.go what is coloured; view.go the whole screen, panel.go and columns.go a
// panel, status.go the lines below, and dialog.go, form.go, menu.go and page.go what is on top.
//
// What it is not: it knows no terminal (package display) and changes nothing (package model).
package view
