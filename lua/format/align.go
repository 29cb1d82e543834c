package format

import "strings"

// alignKeys puts the = of fields into one column, where each has a line of its own and the lines follow each other.
func alignKeys(lines []line) {
	align(lines, func(l *line) int { return l.key }, func(a, b *line) bool { return a.table == b.table }, func(l *line, spaces string) {
		l.text = l.text[:l.key] + spaces + l.text[l.key:]
		if l.comment >= 0 {
			l.comment += len(spaces)
		}
	})
}

// alignComments does so with the comments behind code.
func alignComments(lines []line) {
	align(lines, func(l *line) int { return l.comment }, func(a, b *line) bool { return a.indent == b.indent && (a == b || !a.closes && !b.closes) }, func(l *line, spaces string) {
		l.text = l.text[:l.comment] + spaces + l.text[l.comment:]
	})
}

// align pads the lines of each run to the width of the widest, at the place that is given; -1 is none.
func align(lines []line, place func(*line) int, same func(a, b *line) bool, pad func(l *line, spaces string)) {
	for from := 0; from < len(lines); {
		to, widest := from, 0
		for ; to < len(lines) && place(&lines[to]) >= 0 && same(&lines[from], &lines[to]); to++ {
			widest = max(widest, width(lines[to].text[:place(&lines[to])]))
		}
		for i := from; i < to; i++ {
			l := &lines[i]
			pad(l, strings.Repeat(" ", widest-width(l.text[:place(l)])))
		}
		from = max(to, from+1)
	}
}
