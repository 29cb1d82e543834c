package library

import (
	"strings"

	"cellsh/lua/value"
)

// maxValues bounds the values that one call gives.
const maxValues = 10_000

// valueSize is how many bytes a value in a list of them takes.
const valueSize = 16

// Text is a value that says itself what tostring makes of it, as tables with the metamethod __tostring do.
type Text interface {
	value.Value
	Text() (string, error)
}

// ToString is what tostring gives. Tables and functions are the name of their type, "table", unless they are a Text: an
// address would be another one the next time.
func ToString(v value.Value) (string, error) {
	switch x := v.(type) {
	case Text:
		return x.Text()
	case value.Bool:
		if x {
			return "true", nil
		}
		return "false", nil
	}
	if s, ok := value.ToString(v); ok {
		return s, nil
	}
	return v.Type().String(), nil
}

var base = []definition{
	{name: "type", call: func(a *Args) []value.Value { return text(a.Any(1).Type().String()) }},
	{name: "tostring", call: func(a *Args) []value.Value {
		v := a.Any(1)
		if a.err != nil {
			return nil
		}
		s, err := ToString(v)
		a.err = err
		return text(s)
	}},
	{name: "tonumber", call: toNumber},
	{name: "select", call: func(a *Args) []value.Value {
		if a.Get(1) == value.String("#") {
			return number(float64(len(a.values) - 1))
		}
		n := a.Integer(1)
		if n < 0 {
			n += len(a.values)
		}
		if n < 1 && a.err == nil {
			a.Wrong(1, "the index of an argument, or \"#\"", "is "+value.Format(value.Number(a.Number(1))))
		}
		if a.err != nil {
			return nil
		}
		return a.values[min(n, len(a.values)):]
	}},
	{name: "unpack", call: func(a *Args) []value.Value {
		t := a.Array(1)
		from := a.OptInteger(2, 1)
		if a.err != nil {
			return nil
		}
		to := a.OptInteger(3, t.Len())
		if a.err != nil || from > to {
			return nil
		}
		n := to - from + 1
		if n > maxValues {
			a.Fail("unpack must give at most %d values, but would give %d", maxValues, n)
			return nil
		}
		a.work(n)
		a.announce(valueSize * n)
		if a.err != nil {
			return nil
		}
		results := make([]value.Value, n)
		for i := range results {
			results[i] = t.At(from + i)
		}
		return results
	}},
}

func toNumber(a *Args) []value.Value {
	v := a.Any(1)
	base := a.OptInteger(2, 10)
	if base == 10 {
		if s, ok := v.(value.String); ok {
			a.look(len(s))
		}
		if n, ok := value.ToNumber(v); ok {
			return one(n)
		}
		return none
	}
	s := a.String(1)
	if base < 2 || base > 36 {
		a.Wrong(2, "a base from 2 to 36", "is "+value.Format(value.Number(a.Number(2))))
	}
	a.look(len(s))
	if a.err != nil {
		return nil
	}
	if n, ok := parseBase(s, base); ok {
		return number(n)
	}
	return none
}

// parseBase reads digits of a base, with a sign and white space around them, and 0x before those of 16. What is too large
// for 64 bits is rounded; C would saturate, and wrap negative numbers around.
func parseBase(s string, base int) (float64, bool) {
	s = strings.Trim(s, " \t\n\v\f\r")
	negative := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		negative, s = s[0] == '-', s[1:]
	}
	if base == 16 && len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		s = s[2:]
	}
	if s == "" {
		return 0, false
	}
	whole, rounded, exact := uint64(0), 0.0, true
	for i := range len(s) {
		d := digit(s[i])
		if d >= base {
			return 0, false
		}
		switch {
		case exact && whole <= (1<<64-1-36)/36:
			whole = whole*uint64(base) + uint64(d)
		case exact:
			rounded, exact = float64(whole), false
			fallthrough
		default:
			rounded = float64(rounded*float64(base)) + float64(d)
		}
	}
	if exact {
		rounded = float64(whole)
	}
	if negative {
		rounded = -rounded
	}
	return rounded, true
}

// digit is the value of a digit of any base up to 36, more for what is none.
func digit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'z':
		return int(c|0x20-'a') + 10
	}
	return 99
}
