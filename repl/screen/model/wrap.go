package model

import (
	"sort"

	"cellsh/repl/show"
)

// piece is a part of a line of a page that has a row of its own.
type piece struct {
	text string
	// line it is of.
	line int
}

// Len is how many rows the text has. Without wrapping each is a line.
func (p *Page) Len() int {
	if p.wrapped {
		return len(p.pieces)
	}
	return len(p.Lines)
}

// Row is what is in a row as it is shown, and which line that is of. It must be one of Len.
func (p *Page) Row(row int) (text string, line int) {
	if p.wrapped {
		return p.pieces[row].text, p.pieces[row].line
	}
	return Shown(p.Lines[row]), row
}

// Wrapped reports whether lines that are too long go on in other rows.
func (p *Page) Wrapped() bool { return p.wrapped }

// line is the one that a row is of.
func (p *Page) line(row int) int {
	if p.wrapped && row < len(p.pieces) {
		return p.pieces[row].line
	}
	return row
}

// show scrolls to a line.
func (p *Page) show(line int) {
	p.top = line
	if p.wrapped {
		p.top = sort.Search(len(p.pieces), func(i int) bool { return p.pieces[i].line >= line })
	}
	p.scroll(0)
}

// wrap has lines that are too long go on in other rows, or no more. The same line is seen first.
func (p *Page) wrap(on bool) {
	line := p.line(p.top)
	p.wrapped, p.left, p.pieces = on, 0, nil
	if on {
		for i, l := range p.Lines {
			for _, part := range show.Wrap(Shown(l), p.width) {
				p.pieces = append(p.pieces, piece{part, i})
			}
		}
	}
	p.show(line)
}

// resize is told how large the screen is. On one that is too narrow for most texts lines are wrapped at first.
func (p *Page) resize(width, height int) {
	first := p.width == 0
	same := p.width == width
	p.width, p.height = width, max(height-2, 1) // the title and the keys
	switch {
	case first && width < bothWide:
		p.wrap(true)
	case p.wrapped && !same:
		p.wrap(true)
	default:
		p.scroll(0)
	}
}
