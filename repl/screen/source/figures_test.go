package source

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cellsh/repl/screen/model"
)

// TestFigures: the last are kept, without zeros before the first that is none, and what was given stays as it was.
func TestFigures(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []uint8
		var f figures
		for range rapid.IntRange(0, 3*kept).Draw(t, "n") {
			level := rapid.SampledFrom([]uint8{0, 0, 0, 0, 0, 0, 0, 1, 7}).Draw(t, "level")
			if rapid.IntRange(0, 20).Draw(t, "pause") == 0 {
				for range kept {
					all = append(all, 0)
					f.add(0)
				}
			}
			before, was := f, slices.Clone(f)
			changed := f.add(level)
			all = append(all, level)
			want := all[max(0, len(all)-kept):]
			for len(want) > 0 && want[0] == 0 {
				want = want[1:]
			}
			if !slices.Equal(f, figures(want)) {
				t.Fatalf("%v, want %v", f, want)
			}
			if !slices.Equal(before, was) || changed == slices.Equal(f, was) {
				t.Fatalf("%v became %v with %d, changed %v", was, f, level, changed)
			}
		}
	})
}

// TestScales: levels rise with what is measured, from none to the top.
func TestScales(t *testing.T) {
	for _, s := range []*scale{&percents, &parts, &rates} {
		last := uint8(0)
		for _, v := range []float64{-1, 0, 0.1, 1, 5, 10, 15, 25, 30, 45, 50, 60, 75, 90, 100, 1000, 1e9} {
			level := s.of(v)
			if level < last || level > model.SparkTop || (level == 0) != (v <= 0) {
				t.Errorf("%v is level %d after %d", v, level, last)
			}
			last = level
		}
		if last != model.SparkTop {
			t.Errorf("the greatest level is %d", last)
		}
	}
}
