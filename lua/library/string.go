package library

import (
	"strings"

	"cellsh/lua/value"
	"cellsh/policy/kauth"
)

// plainStrings has the functions of strings that know no patterns, and find for plain text.
var plainStrings = []definition{
	{name: "string.byte", call: stringByte},
	{name: "string.char", call: stringChar},
	{name: "string.find", call: func(a *Args) []value.Value {
		s, what, from := a.String(1), a.String(2), a.OptInteger(3, 1)
		return a.findPlain(s, what, from)
	}},
	{name: "string.format", call: stringFormat},
	{name: "string.glob", call: func(a *Args) []value.Value {
		a.Most(2)
		s, pattern := a.String(1), a.String(2)
		a.look(len(s) + len(pattern))
		return one(value.Bool(a.err == nil && kauth.MatchGlob(pattern, s)))
	}},
	{name: "string.len", call: func(a *Args) []value.Value { return number(float64(len(a.String(1)))) }},
	{name: "string.lower", call: mapBytes('A', 'Z')},
	{name: "string.upper", call: mapBytes('a', 'z')},
	{name: "string.rep", call: func(a *Args) []value.Value {
		s, n := a.String(1), a.Integer(2)
		if a.err != nil || n <= 0 || s == "" {
			return text("")
		}
		size := mostInteger
		if n <= mostInteger/len(s) {
			size = len(s) * n
		}
		if a.grow(size); a.err != nil {
			return nil
		}
		return text(strings.Repeat(s, n))
	}},
	{name: "string.reverse", call: func(a *Args) []value.Value {
		s := a.String(1)
		if a.grow(len(s)); a.err != nil {
			return nil
		}
		b := make([]byte, len(s))
		for i := range len(s) {
			b[len(s)-1-i] = s[i]
		}
		return text(string(b))
	}},
	{name: "string.sub", call: func(a *Args) []value.Value {
		s, from, to := a.String(1), a.Integer(2), a.OptInteger(3, -1)
		from, to = slice(len(s), from, to)
		return text(s[from:to])
	}},
}

// slice turns the positions of Lua in n bytes, from 1, negative from the end, both included, into those of Go. They are
// equal where there is nothing between them.
func slice(n, from, to int) (int, int) {
	from = max(position(n, from), 1) - 1
	to = min(position(n, to), n)
	return min(from, n), max(min(from, n), to)
}

// position makes a position that counts from the end one that counts from the beginning, 0 for one before it.
func position(n, i int) int {
	if i < 0 {
		i += n + 1
	}
	return max(i, 0)
}

func stringByte(a *Args) []value.Value {
	s, first := a.String(1), a.OptInteger(2, 1)
	from, to := slice(len(s), first, a.OptInteger(3, position(len(s), first)))
	if a.err != nil {
		return nil
	}
	n := to - from
	if n > maxValues {
		a.Fail("string.byte must give at most %d values, but would give %d", maxValues, n)
	}
	a.work(n)
	if a.announce(valueSize * n); a.err != nil {
		return nil
	}
	results := make([]value.Value, n)
	for i := range results {
		results[i] = value.Number(s[from+i])
	}
	return results
}

func stringChar(a *Args) []value.Value {
	for i := 1; i <= len(a.values); i++ {
		if n := a.Integer(i); n < 0 || n > 255 {
			a.Wrong(i, "a byte, 0 to 255", "is "+value.Format(value.Number(a.Number(i))))
		}
	}
	if a.grow(len(a.values)); a.err != nil {
		return nil
	}
	b := make([]byte, len(a.values))
	for i := range b {
		b[i] = byte(a.Integer(i + 1))
	}
	return text(string(b))
}

// findPlain looks for text from a position on; behind the end is at the end.
func (a *Args) findPlain(s, what string, from int) []value.Value {
	from, _ = slice(len(s), from, len(s))
	if a.look(len(s) - from + len(what)); a.err != nil {
		return nil
	}
	i := strings.Index(s[from:], what)
	if i < 0 {
		return none
	}
	return []value.Value{value.Number(from + i + 1), value.Number(from + i + len(what))}
}

// mapBytes changes the case of the letters in a range, those of ASCII: so does the C locale, and other bytes may be of
// any encoding.
func mapBytes(first, last byte) func(a *Args) []value.Value {
	return func(a *Args) []value.Value {
		s := a.String(1)
		if a.grow(len(s)); a.err != nil {
			return nil
		}
		b := []byte(s)
		for i, c := range b {
			if first <= c && c <= last {
				b[i] = c ^ 0x20
			}
		}
		return text(string(b))
	}
}
