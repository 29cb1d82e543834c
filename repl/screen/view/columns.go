package view

import "cellsh/repl/screen/model"

// column is where a column of a table is.
type column struct {
	// index is which it is, and from and width where.
	index, from, width int
}

// columns finds room for the columns of a panel: those of the greatest ranks are left out until the others have what they need.
func columns(p *model.Panel, room int) []column {
	all, natural := p.Table.Columns, p.Widths()
	if len(all) == 0 || room <= 0 {
		return nil
	}
	least := func(i int) int {
		switch {
		case all[i].Least == 0:
			return natural[i]
		case i == 0:
			// What tells rows from each other is of no use if it is cut.
			return max(all[i].Least, min(natural[i], room/2))
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
		worst := 1
		for i := range out[1:] {
			if all[out[i+1].index].Rank >= all[out[worst].index].Rank {
				worst = i + 1
			}
		}
		need -= out[worst].width + 1
		out = append(out[:worst], out[worst+1:]...)
	}
	out[0].width = min(out[0].width, room)
	rest := max(room-need, 0)
	// The most needed get what they have text for first.
	for rest > 0 {
		next := -1
		for i, c := range out {
			if c.width < natural[c.index] && (next < 0 || all[c.index].Rank < all[out[next].index].Rank) {
				next = i
			}
		}
		if next < 0 {
			break
		}
		n := min(rest, natural[out[next].index]-out[next].width)
		out[next].width += n
		rest -= n
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
	}
	return out
}
