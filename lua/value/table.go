package value

import (
	"errors"
	"math"
)

// MaxArray is the highest index that is kept in the array of a table; higher ones are hashed.
const MaxArray = 1 << 22

// Table is a table. The order of its pairs is that of the integer indices from 1 on as far as the table has an array,
// and then that in which the other keys first came; # is a border that is the same every time. The zero Table is empty
// and ready. It is not safe for concurrent use.
//
// Lua leaves both open; gopher-lua does what is done here.
type Table struct {
	// Meta is the metatable, nil for none.
	Meta *Table
	// ReadOnly tables are those of libraries: code may not assign to them.
	ReadOnly string

	array []Value
	// holes is how many elements of the array are nil.
	holes   int
	entries []entry
	index   map[Value]int
}

type entry struct{ key, value Value }

// Type is TableType.
func (*Table) Type() Type { return TableType }

// The keys that no table has.
var (
	ErrNilKey = errors.New("the key of a table must be a value, but is nil")
	ErrNaNKey = errors.New("the key of a table must be a value, but is NaN")
)

// ArrayIndex is a key as an index of the array of a table; false for keys that are hashed.
func ArrayIndex(k Value) (int, bool) {
	n, ok := k.(Number)
	if !ok || !(n >= 1) || n >= MaxArray || float64(n) != math.Trunc(float64(n)) {
		return 0, false
	}
	return int(n), true
}

// Get is the value of a key, without metatables; Nil where there is none.
func (t *Table) Get(k Value) Value {
	if i, ok := ArrayIndex(k); ok {
		return t.At(i)
	}
	if i, ok := t.index[k]; ok {
		return t.entries[i].value
	}
	return Nil{}
}

// At is Get for an index from 1.
func (t *Table) At(i int) Value {
	if i >= 1 && i <= len(t.array) {
		return t.array[i-1]
	}
	if i < 1 || i >= MaxArray {
		return t.Get(Number(i))
	}
	return Nil{}
}

// Field is Get for a string.
func (t *Table) Field(name string) Value { return t.Get(String(name)) }

// Set gives a key a value, without metatables; Nil takes it away.
func (t *Table) Set(k, v Value) error {
	if i, ok := ArrayIndex(k); ok {
		for len(t.array) < i {
			t.array = append(t.array, Nil{})
			t.holes++
		}
		if (t.array[i-1] == Nil{}) {
			t.holes--
		}
		if (v == Nil{}) {
			t.holes++
		}
		t.array[i-1] = v
		return nil
	}
	switch x := k.(type) {
	case Nil:
		return ErrNilKey
	case Number:
		if x != x {
			return ErrNaNKey
		}
	}
	i, ok := t.index[k]
	if !ok {
		if (v == Nil{}) {
			return nil
		}
		i = len(t.entries)
		t.entries = append(t.entries, entry{key: k})
		if t.index == nil {
			t.index = map[Value]int{}
		}
		t.index[k] = i
	}
	t.entries[i].value = v
	return nil
}

// Growth is how many bytes an assignment to the key would add to the table at most.
func (t *Table) Growth(k Value) int {
	if i, ok := ArrayIndex(k); ok {
		return 16 * max(i-len(t.array), 0)
	}
	return 64
}

// Next gives the pair that follows a key, or the first for Nil. Nil is the key behind the last pair; ok is false for a
// key that the table does not have.
func (t *Table) Next(k Value) (key, v Value, ok bool) {
	at := 0
	if (k != Nil{}) {
		i, has := t.Position(k)
		if !has {
			return Nil{}, Nil{}, false
		}
		at = i + 1
	}
	for elements, entries := t.Sizes(); at < elements+entries; at++ {
		if k, v := t.Pair(at); (v != Nil{}) {
			return k, v, true
		}
	}
	return Nil{}, Nil{}, true
}

// Sizes are how many elements the array has, and how many other keys there are: some may have no value any more.
func (t *Table) Sizes() (elements, entries int) { return len(t.array), len(t.entries) }

// Pair is the pair at a position from 0, elements first; its value may be Nil.
func (t *Table) Pair(i int) (key, v Value) {
	if i < len(t.array) {
		return Number(i + 1), t.array[i]
	}
	e := t.entries[i-len(t.array)]
	return e.key, e.value
}

// Position is where the pair of a key is.
func (t *Table) Position(k Value) (int, bool) {
	if i, isIndex := ArrayIndex(k); isIndex && i <= len(t.array) {
		return i - 1, true
	}
	i, ok := t.index[k]
	return len(t.array) + i, ok
}

// Pairs are all pairs in the order of Next.
func (t *Table) Pairs(yield func(k, v Value) bool) {
	for i, v := range t.array {
		if (v != Nil{}) && !yield(Number(i+1), v) {
			return
		}
	}
	for _, e := range t.entries {
		if (e.value != Nil{}) && !yield(e.key, e.value) {
			return
		}
	}
}

func (t *Table) has(i int) bool { return t.At(i) != Nil{} }

// Len is what # gives: an index that has a value and whose successor has none, or 0. Among several it is one of the
// highest.
func (t *Table) Len() int { return Border(len(t.array), t.has) }

// Borders gives Len, and the lowest border where there are several and # could give another.
func (t *Table) Borders() (length, lowest int) {
	length = t.Len()
	if t.holes == 0 {
		return length, length
	}
	return length, LowestBorder(length, t.has)
}

// LowestBorder is the lowest border of an array one of whose borders is known.
func LowestBorder(border int, has func(i int) bool) int {
	for i := range border {
		if !has(i + 1) {
			return i
		}
	}
	return border
}

// Border is Len for an array of that many elements; has says whether there is a value at an index from 1.
func Border(n int, has func(i int) bool) int {
	for i := n; i > 0; i-- {
		switch {
		case has(i):
			return i
		case i > 1 && has(i-1):
			return i - 1
		}
	}
	return 0
}

// MaxN is the highest positive numeric key, 0 if there is none; see table.maxn.
func (t *Table) MaxN() float64 {
	highest := 0.0
	for k := range t.Pairs {
		if n, ok := k.(Number); ok {
			highest = max(highest, float64(n))
		}
	}
	return highest
}
