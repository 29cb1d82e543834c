package value

import (
	"iter"
	"strconv"
	"strings"

	"cellsh/lua/syntax"
	"cellsh/policy/diag"
)

// Describer writes values of any machine for messages: in a line, with what tables hold. V are the machine's values.
type Describer[V any] struct {
	// Plain is nil, a boolean, a number or a string as a value of this package; nil for others.
	Plain func(V) Value
	// Pairs are those of a table; nil for what is none.
	Pairs func(V) iter.Seq2[V, V]
	// Other is the text of what is neither.
	Other func(V) string
}

// How much of a table is shown: so many pairs of it, and tables so deep within each other.
const (
	shownPairs = 8
	shownDepth = 3
)

// Describe writes a value as a source would have it, and of a long one the beginning.
func (d Describer[V]) Describe(v V) string {
	var b strings.Builder
	d.write(&b, v, shownDepth)
	return b.String()
}

func (d Describer[V]) write(b *strings.Builder, v V, depth int) {
	switch x := d.Plain(v).(type) {
	case Nil:
		b.WriteString("nil")
		return
	case Bool:
		b.WriteString(strconv.FormatBool(bool(x)))
		return
	case Number:
		b.WriteString(Format(x))
		return
	case String:
		b.WriteString(Quote(diag.Short(string(x))))
		return
	}
	pairs := d.Pairs(v)
	if pairs == nil {
		b.WriteString(d.Other(v))
		return
	}
	b.WriteByte('{')
	n := 0
	for k, x := range pairs {
		if n > 0 {
			b.WriteString(", ")
		}
		if n == shownPairs || depth == 0 {
			b.WriteString("...")
			break
		}
		n++
		switch key := d.Plain(k).(type) {
		case Number:
			// The elements need no key.
			if key != Number(n) {
				b.WriteString("[" + Format(key) + "] = ")
			}
		case String:
			if isName(string(key)) {
				b.WriteString(string(key) + " = ")
				break
			}
			b.WriteString("[" + Quote(diag.Short(string(key))) + "] = ")
		default:
			b.WriteByte('[')
			d.write(b, k, 0)
			b.WriteString("] = ")
		}
		d.write(b, x, depth-1)
	}
	b.WriteByte('}')
}

// longestName is how long a key can be that is not cut.
const longestName = 40

// isName reports whether a key is written as NAME = VALUE.
func isName(s string) bool { return len(s) <= longestName && syntax.IsName(s) }
