package human

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Age writes how long ago something was, without too many digits.
func Age(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	case d >= time.Hour:
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%dm%ds", d/time.Minute, d%time.Minute/time.Second)
	}
	return fmt.Sprintf("%ds", d/time.Second)
}

// Left writes a time that is left, with as many digits as people need; what is over has none left.
func Left(d time.Duration) string { return Age(max(d, 0) + time.Second - 1) }

// Spent writes processor time.
func Spent(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.2fs", d.Seconds())
	}
	return Age(d)
}

// Size writes bytes as people read them.
func Size(n uint64) string {
	const units = "KMGTPE"
	if n < 1024 {
		return strconv.FormatUint(n, 10)
	}
	v, unit := float64(n), byte(0)
	for i := 0; i < len(units) && v >= 1024; i++ {
		v, unit = v/1024, units[i]
	}
	if v < 10 {
		return fmt.Sprintf("%.1f%c", math.Floor(v*10)/10, unit)
	}
	return fmt.Sprintf("%.0f%c", math.Floor(v), unit)
}

// Amount writes what is used of a budget, or its limit, in the unit of the budget.
func Amount(budget string, n int64) string {
	if budget == "cpu" {
		return fmt.Sprintf("%d%%", n)
	}
	return Size(uint64(n))
}

// Plural is "1 cell" or "2 cells".
func Plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	if strings.HasSuffix(what, "y") {
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(what, "y"))
	}
	if strings.HasSuffix(what, "s") {
		return fmt.Sprintf("%d %ses", n, what)
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// AreMany is "1 cell is" or "2 cells are".
func AreMany(n int, what string) string {
	if n == 1 {
		return Plural(n, what) + " is"
	}
	return Plural(n, what) + " are"
}

// Cells is "cell web-1", or "cells web-1, web-2 and 30 more".
func Cells(names []string) string {
	if len(names) == 1 {
		return "cell " + names[0]
	}
	return "cells " + Listed(names)
}

// Listed names a few of many.
func Listed(names []string) string {
	const most = 12
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
