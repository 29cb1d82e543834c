package show

import (
	"fmt"
	"slices"
	"strings"
)

// around is how many equal lines stand before and behind those that differ.
const around = 3

// Difference is how two texts of a file differ, as diff -u has it; "" if they do not.
func Difference(name, from, to string) string {
	if from == to {
		return ""
	}
	a, b := slices.Collect(strings.Lines(from)), slices.Collect(strings.Lines(to))
	var out strings.Builder
	fmt.Fprintf(&out, "--- %s\n+++ %s\n", name, name)
	changes := differences(a, b)
	for len(changes) > 0 {
		n := 1
		for n < len(changes) && changes[n].fromA-changes[n-1].toA <= 2*around {
			n++
		}
		hunk(&out, a, b, changes[:n])
		changes = changes[n:]
	}
	return out.String()
}

// Change is a piece of a text that others replace: from one offset to another.
type Change struct {
	From, To int
	Text     string
}

// Changes are what makes the one text of the other, in order and in whole lines.
func Changes(from, to string) []Change {
	a, b := slices.Collect(strings.Lines(from)), slices.Collect(strings.Lines(to))
	var out []Change
	at, offset := 0, 0
	move := func(line int) int {
		for ; at < line; at++ {
			offset += len(a[at])
		}
		return offset
	}
	for _, c := range differences(a, b) {
		begin := move(c.fromA)
		out = append(out, Change{begin, move(c.toA), strings.Join(b[c.fromB:c.toB], "")})
	}
	return out
}

// change is a piece of a that is replaced by one of b.
type change struct{ fromA, toA, fromB, toB int }

// hunk writes changes that lie close to each other.
func hunk(out *strings.Builder, a, b []string, changes []change) {
	first, last := changes[0], changes[len(changes)-1]
	before, behind := min(around, first.fromA), min(around, len(a)-last.toA)
	fmt.Fprintf(out, "@@ -%s +%s @@\n", part(first.fromA-before, last.toA+behind), part(first.fromB-before, last.toB+behind))
	at := first.fromA - before
	for _, c := range changes {
		lines(out, ' ', a[at:c.fromA])
		lines(out, '-', a[c.fromA:c.toA])
		lines(out, '+', b[c.fromB:c.toB])
		at = c.toA
	}
	lines(out, ' ', a[at:at+behind])
}

// part is a number of lines as diff writes it.
func part(from, to int) string {
	switch to - from {
	case 0:
		return fmt.Sprintf("%d,0", from)
	case 1:
		return fmt.Sprint(from + 1)
	}
	return fmt.Sprintf("%d,%d", from+1, to-from)
}

func lines(out *strings.Builder, sign byte, list []string) {
	for _, l := range list {
		out.WriteByte(sign)
		out.WriteString(l)
		if !strings.HasSuffix(l, "\n") {
			out.WriteString("\n\\ No newline at end of file\n")
		}
	}
}

// differences are the changes that make b of a, in order. Lines that both have once are held against each other, and
// what is equal around them, and what lies between these is compared in all ways unless it is large; so it takes time in
// proportion to the texts, and people see what they know again.
func differences(a, b []string) []change {
	var out []change
	at, bt := 0, 0
	for _, m := range append(anchors(a, b), [2]int{len(a), len(b)}) {
		i, j := m[0], m[1]
		if i < at || j < bt {
			// It was equal to what surrounds one before.
			continue
		}
		for i > at && j > bt && a[i-1] == b[j-1] {
			i, j = i-1, j-1
		}
		for at < i && bt < j && a[at] == b[bt] {
			at, bt = at+1, bt+1
		}
		out = between(out, a, b, change{at, i, bt, j})
		at, bt = m[0], m[1]
		for at < len(a) && bt < len(b) && a[at] == b[bt] {
			at, bt = at+1, bt+1
		}
	}
	return out
}

// most pairs of lines that are compared between two that are equal.
const most = 1 << 20

// between adds the changes that make up one: what is left of it without the most lines that are equal in both.
func between(out []change, a, b []string, c change) []change {
	add := func(c change) {
		if n := len(out); n > 0 && out[n-1].toA == c.fromA && out[n-1].toB == c.fromB {
			out[n-1].toA, out[n-1].toB = c.toA, c.toB
		} else if c.fromA < c.toA || c.fromB < c.toB {
			out = append(out, c)
		}
	}
	n, m := c.toA-c.fromA, c.toB-c.fromB
	if n*m > most {
		add(c)
		return out
	}
	// equal has how many lines can be equal from each pair of lines on.
	equal := make([]int32, (n+1)*(m+1))
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if a[c.fromA+i] == b[c.fromB+j] {
				equal[i*(m+1)+j] = equal[(i+1)*(m+1)+j+1] + 1
			} else {
				equal[i*(m+1)+j] = max(equal[(i+1)*(m+1)+j], equal[i*(m+1)+j+1])
			}
		}
	}
	for i, j := 0, 0; i < n || j < m; {
		at, bt := c.fromA+i, c.fromB+j
		switch {
		case i < n && j < m && a[at] == b[bt]:
			i, j = i+1, j+1
		case j == m || i < n && equal[(i+1)*(m+1)+j] >= equal[i*(m+1)+j+1]:
			add(change{at, at + 1, bt, bt})
			i++
		default:
			add(change{at, at, bt, bt + 1})
			j++
		}
	}
	return out
}

// anchors are the longest run of pairs of lines that each text has once, in the order of both.
func anchors(a, b []string) [][2]int {
	type seen struct{ inA, inB, atA, atB int }
	all := map[string]*seen{}
	for i, l := range a {
		s := all[l]
		if s == nil {
			s = &seen{}
			all[l] = s
		}
		s.inA, s.atA = s.inA+1, i
	}
	for j, l := range b {
		if s := all[l]; s != nil {
			s.inB, s.atB = s.inB+1, j
		}
	}
	// Of the pairs in the order of a, the longest that rises in b: ends has for each length the pair that ends lowest.
	var pairs [][2]int
	var before, ends []int
	for i, l := range a {
		s := all[l]
		if s.inA != 1 || s.inB != 1 {
			continue
		}
		n, _ := slices.BinarySearchFunc(ends, s.atB, func(e, at int) int { return pairs[e][1] - at })
		last := -1
		if n > 0 {
			last = ends[n-1]
		}
		pairs, before = append(pairs, [2]int{i, s.atB}), append(before, last)
		if n == len(ends) {
			ends = append(ends, 0)
		}
		ends[n] = len(pairs) - 1
	}
	var out [][2]int
	if len(ends) > 0 {
		for e := ends[len(ends)-1]; e >= 0; e = before[e] {
			out = append(out, pairs[e])
		}
	}
	slices.Reverse(out)
	return out
}
