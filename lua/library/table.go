package library

import (
	"strings"

	"cellsh/lua/value"
)

// Array is what the functions of tables see of one: its elements without metamethods.
type Array interface {
	// Len is what # gives.
	Len() int
	// At is the value of an index, Nil where there is none.
	At(i int) value.Value
	// Put gives an index a value. It counts what the table grows by, and refuses tables that may not be changed.
	Put(i int, v value.Value) error
	// MaxN is the highest positive numeric key, 0 if there is none.
	MaxN() float64
}

var tables = []definition{
	{name: "table.concat", call: tableConcat},
	{name: "table.insert", change: true, call: tableInsert},
	{name: "table.remove", change: true, call: tableRemove},
	{name: "table.getn", call: func(a *Args) []value.Value {
		t := a.Array(1)
		if a.err != nil {
			return nil
		}
		return number(float64(t.Len()))
	}},
	{name: "table.maxn", call: func(a *Args) []value.Value {
		t := a.Array(1)
		if a.err != nil {
			return nil
		}
		return number(t.MaxN())
	}},
}

func tableConcat(a *Args) []value.Value {
	t := a.Array(1)
	separator := a.OptString(2, "")
	from := a.OptInteger(3, 1)
	if a.err != nil {
		return nil
	}
	to := a.OptInteger(4, t.Len())
	if a.err != nil || from > to {
		return text("")
	}
	// The elements are looked at twice, so that the result is not built before its size is known.
	size := 0
	for i := from; i <= to; i++ {
		v := t.At(i)
		s, ok := value.ToString(v)
		if !ok {
			a.Fail("the elements that table.concat joins must be strings or numbers, but element %d is %s", i, v.Type())
		}
		if i > from {
			size += len(separator)
		}
		size = saturate(size + len(s))
		if a.work(2); a.err != nil {
			return nil
		}
	}
	if a.grow(size); a.err != nil {
		return nil
	}
	var b strings.Builder
	b.Grow(size)
	for i := from; i <= to; i++ {
		if i > from {
			b.WriteString(separator)
		}
		s, _ := value.ToString(t.At(i))
		b.WriteString(s)
	}
	return text(b.String())
}

// saturate keeps sums of sizes from overflowing.
func saturate(size int) int { return min(size, mostInteger) }

func tableInsert(a *Args) []value.Value {
	t := a.Array(1)
	if a.err != nil {
		return nil
	}
	end := t.Len() + 1
	switch len(a.values) {
	case 2:
		a.put(t, end, a.values[1])
		return nil
	case 3:
	default:
		a.Fail("table.insert must have 2 or 3 arguments, but has %d", len(a.values))
		return nil
	}
	at := a.Integer(2)
	end = max(end, at)
	for i := end; i > at && a.err == nil; i-- {
		a.work(1)
		a.put(t, i, t.At(i-1))
	}
	a.put(t, at, a.values[2])
	return nil
}

func (a *Args) put(t Array, i int, v value.Value) {
	if a.err == nil {
		a.err = t.Put(i, v)
	}
}

func tableRemove(a *Args) []value.Value {
	t := a.Array(1)
	if a.err != nil {
		return nil
	}
	end := t.Len()
	at := a.OptInteger(2, end)
	if a.err != nil || at < 1 || at > end {
		return nil
	}
	removed := t.At(at)
	a.work(end - at)
	for i := at; i < end && a.err == nil; i++ {
		a.put(t, i, t.At(i+1))
	}
	a.put(t, end, value.Nil{})
	return one(removed)
}

// Sort is table.sort. less calls the function that is the second argument, or does what the operator < does where f is
// Nil. The order of elements that are equal is kept, and the same calls are made every time. A function that
// contradicts itself gives some order, never an error. If less fails the table stays as it was.
func Sort(m Meter, args []value.Value, less func(f, a, b value.Value) (bool, error)) error {
	a := NewArgs("table.sort", m, args)
	t := a.Array(1)
	if !a.Absent(2) && a.Get(2).Type() != value.FunctionType {
		a.Must(2, "a function")
	}
	if a.err != nil {
		return a.err
	}
	n := t.Len()
	a.work(n)
	if a.err == nil {
		a.err = m.Grow("the list that table.sort works on", 2*valueSize*n)
	}
	if a.err != nil {
		return a.err
	}
	list := make([]value.Value, n)
	for i := range list {
		list[i] = t.At(i + 1)
	}
	s := sorter{args: a, less: less, f: a.Get(2), spare: make([]value.Value, n)}
	s.sort(list)
	for i := range list {
		a.put(t, i+1, list[i])
	}
	return a.err
}

type sorter struct {
	args  *Args
	less  func(f, a, b value.Value) (bool, error)
	f     value.Value
	spare []value.Value
}

// sort sorts by merging halves. After an error the order is some.
func (s *sorter) sort(list []value.Value) {
	if len(list) < 2 {
		return
	}
	half := len(list) / 2
	s.sort(list[:half])
	s.sort(list[half:])
	left, right := s.spare[:half], list[half:]
	copy(left, list)
	at := 0
	for len(left) > 0 && len(right) > 0 && s.args.err == nil {
		if s.before(right[0], left[0]) {
			list[at], right = right[0], right[1:]
		} else {
			list[at], left = left[0], left[1:]
		}
		at++
	}
	copy(list[at:], left)
}

func (s *sorter) before(x, y value.Value) bool {
	s.args.work(1)
	if s.args.err != nil {
		return false
	}
	yes, err := s.less(s.f, x, y)
	s.args.err = err
	return yes
}
