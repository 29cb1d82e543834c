package source

import (
	"slices"

	"cellsh/repl/screen/model"
)

// The figures that are kept of each cell, and how many of them a line in a table has.
const (
	kept  = 48
	short = 8
)

// figures are the last of something that was measured again and again: levels from 0 to model.SparkTop, the oldest first. Before the
// first that is not 0 there are none, so that of what does nothing nothing is kept.
type figures []uint8

// add takes another one, and reports whether there is anything new to see. What was given of them before stays as it was.
func (f *figures) add(level uint8) (changed bool) {
	old := *f
	if len(old) == kept {
		old = old[1:]
	}
	for len(old) > 0 && old[0] == 0 {
		old = old[1:]
	}
	if len(old) == 0 && level == 0 {
		changed = *f != nil
		*f = nil
		return changed
	}
	next := append(append(make(figures, 0, len(old)+1), old...), level)
	changed = !slices.Equal(next, *f)
	*f = next
	return changed
}

// last are the newest of them.
func (f figures) last(n int) []uint8 { return f[max(0, len(f)-n):] }

// scale gives levels: level i is for what is at least the bound i-1, and level 0 for what is none. Scales are fixed, so that
// lines of several cells can be compared.
type scale [model.SparkTop]float64

var (
	// percents are of one processor: 100 is the greatest level.
	percents = scale{0, 5, 10, 25, 50, 75, 100}
	// parts are percent of what is the most.
	parts = scale{0, 15, 30, 45, 60, 75, 90}
	// rates are by the second.
	rates = scale{0, 1, 3, 10, 30, 100, 1000}
)

// of is the level of a value.
func (s *scale) of(v float64) uint8 {
	if v <= 0 {
		return 0
	}
	level := uint8(1)
	for int(level) < len(s) && v >= s[level] {
		level++
	}
	return level
}
