package view

import "cellsh/repl/screen/model"

// column is where a column of a table is.
type column struct {
	// index is which it is, and from and width where; spark is how many columns of it are for figures.
	index, from, width, spark int
}

// leastSpark is how many figures are shown at least behind a text, if any are.
const leastSpark = 4

// columns finds room for the columns of a panel: those of the greatest ranks are left out until the others have what they need.
func columns(p *model.Panel, room int) []column {
	all, natural := p.Table.Columns, p.Widths()
	if len(all) == 0 || room <= 0 {
		return nil
	}
	key := 0 // the one that always stays
	for i := range all {
		if all[i].Rank < all[key].Rank {
			key = i
		}
	}
	least := func(i int) int {
		switch {
		case all[i].Least == 0:
			return max(natural[i].Title, natural[i].Fields())
		case i == key:
			// What tells rows from each other is of no use if it is cut.
			return max(all[i].Least, min(natural[i].Fields(), room/2))
		}
		return all[i].Least
	}
	var out []column
	need := -1
	for i := range all {
		out = append(out, column{index: i, width: least(i)})
		need += least(i) + 1
	}
	for need > room && len(out) > 1 {
		worst := -1
		for i, c := range out {
			if c.index != key && (worst < 0 || all[c.index].Rank >= all[out[worst].index].Rank) {
				worst = i
			}
		}
		need -= out[worst].width + 1
		out = append(out[:worst], out[worst+1:]...)
	}
	if len(out) == 1 {
		out[0].width = min(out[0].width, room)
	}
	rest := max(room-need, 0)
	// The most needed get first what they have text for, then what their figures and titles need.
	for _, want := range []func(model.Width) int{func(w model.Width) int { return w.Text }, model.Width.Fields, func(w model.Width) int { return w.Title }} {
		for rest > 0 {
			next := -1
			for i, c := range out {
				if c.width < want(natural[c.index]) && (next < 0 || all[c.index].Rank < all[out[next].index].Rank) {
					next = i
				}
			}
			if next < 0 {
				break
			}
			n := min(rest, want(natural[out[next].index])-out[next].width)
			out[next].width += n
			rest -= n
		}
	}
	gap := 1
	if n := len(out) - 1; n > 0 && rest >= n {
		gap, rest = 2, rest-n
	}
	var growing []int
	for i, c := range out {
		if all[c.index].Grows {
			growing = append(growing, i)
		}
	}
	for n, i := range growing {
		share := rest / (len(growing) - n)
		out[i].width += share
		rest -= share
	}
	x := 0
	for i := range out {
		out[i].from = x
		x += out[i].width + gap
		// A few figures tell nothing.
		if w := natural[out[i].index]; w.Spark > 0 {
			if room := out[i].width - w.Text - 1; w.Text == 0 {
				out[i].spark = min(out[i].width, w.Spark)
			} else if room >= min(w.Spark, leastSpark) {
				out[i].spark = min(room, w.Spark)
			}
		}
	}
	return out
}

// missing is how much of the texts has no room.
func missing(p *model.Panel, list []column) int {
	n := 0
	for _, c := range list {
		n += max(p.Widths()[c.index].Text-c.width, 0)
	}
	return n
}
