package library

import (
	"cellsh/lua/value"
	"cellsh/policy/kauth"
)

// decisions has the functions that are there for decisions.
var decisions = []definition{
	{name: "has", call: func(a *Args) []value.Value {
		a.Most(2)
		n, mask := a.flags(1), int64(0)
		if name, ok := a.Get(2).(value.String); ok {
			var known bool
			if _, mask, known = kauth.FindBit(string(name)); !known {
				a.Wrong(2, "the name of a flag or a number", "is "+a.describe(2))
			}
		} else if mask = a.flags(2); mask == 0 {
			a.Wrong(2, "the name of a flag or a number above 0", "is "+a.describe(2))
		}
		return one(value.Bool(n&mask == mask))
	}},
}

// flags is argument i, which must be a whole number that is not negative.
func (a *Args) flags(i int) int64 {
	n, ok := a.Get(i).(value.Number)
	switch {
	case !ok:
		a.Must(i, "a number")
	case n < 0 || n > kauth.MaxExact || n != value.Number(int64(n)):
		a.Wrong(i, "a whole number from 0 to 2^53", "is "+value.Format(n))
	default:
		return int64(n)
	}
	return 0
}
