// Package natural is the order of names as people have it: numbers in them count as numbers.
//
//	slices.SortFunc(names, natural.Compare) // web-2 before web-10
//
// What it is not: it knows no language; other characters are in the order of their numbers.
package natural

import (
	"cmp"
	"strings"
)

// Compare compares names as people do: web-2 comes before web-10. It is 0 only for two that are the same.
func Compare(a, b string) int {
	whole := strings.Compare(a, b)
	for a != "" && b != "" {
		x, y := digits(a), digits(b)
		if x == 0 || y == 0 {
			if a[0] != b[0] {
				return cmp.Compare(a[0], b[0])
			}
			a, b = a[1:], b[1:]
			continue
		}
		// Without zeros before it the longer number is the greater one.
		m, n := strings.TrimLeft(a[:x], "0"), strings.TrimLeft(b[:y], "0")
		if c := cmp.Or(cmp.Compare(len(m), len(n)), strings.Compare(m, n)); c != 0 {
			return c
		}
		a, b = a[x:], b[y:]
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), whole)
}

// digits is how many digits a text begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}
