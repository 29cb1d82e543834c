package library

import (
	"fmt"
	"math"
	"strings"

	"cellsh/lua/value"
)

// Args are the arguments of a call, from 1 on, as functions read them. The first that is wrong makes the error, which is
// kept: what is read after it is nothing, and Err is asked once, before anything is done.
//
// Strings are taken for numbers and numbers for strings, as Lua does. It is not safe for concurrent use.
type Args struct {
	function string
	meter    Meter
	values   []value.Value
	err      error
}

// NewArgs are the arguments of a call of the function with that name.
func NewArgs(function string, m Meter, values []value.Value) *Args {
	return &Args{function: function, meter: m, values: values}
}

// Err is what is wrong, nil for nothing: the first argument that was not what it was read as, or the meter's error.
func (a *Args) Err() error { return a.err }

// Len is how many arguments there are.
func (a *Args) Len() int { return len(a.values) }

// Stop makes the meter's error, unless there is one.
func (a *Args) Stop(err error) {
	if a.err == nil {
		a.err = err
	}
}

// Get is argument i, Nil where there is none.
func (a *Args) Get(i int) value.Value {
	if i > len(a.values) {
		return value.Nil{}
	}
	return a.values[i-1]
}

// Absent is whether argument i is missing or nil, so that a default stands for it.
func (a *Args) Absent(i int) bool { return a.Get(i) == value.Nil{} }

// Fail makes the error, unless there is one.
func (a *Args) Fail(format string, args ...any) {
	if a.err == nil {
		a.err = fmt.Errorf(format, args...)
	}
}

// Must makes the error that argument i must be something else.
func (a *Args) Must(i int, must string) {
	a.Wrong(i, must, "is "+a.describe(i))
}

// Wrong makes the error that argument i must be something, but is or has something else.
func (a *Args) Wrong(i int, must, but string) {
	a.Fail("argument %d of %s must be %s, but %s", i, a.function, must, but)
}

// longestQuote bounds the part of a string that an error shows.
const longestQuote = 40

// describe says what an argument is.
func (a *Args) describe(i int) string {
	if i > len(a.values) {
		return "missing"
	}
	switch v := a.values[i-1].(type) {
	case value.Nil:
		return "nil"
	case value.String:
		if len(v) <= longestQuote {
			return fmt.Sprintf("the string %q", string(v))
		}
		return "a string"
	default:
		return "a " + v.Type().String()
	}
}

// Most makes the error that there are more than n arguments. Lua's own functions ignore what they don't take; in one that
// decides, as in has(r.flags, "MNT_RDONLY", "MNT_NOSUID"), it would be a condition that nobody asks.
func (a *Args) Most(n int) {
	if len(a.values) > n {
		a.Fail("%s must have at most %d arguments, but has %d", a.function, n, len(a.values))
	}
}

// Any is argument i, which must be there.
func (a *Args) Any(i int) value.Value {
	if i > len(a.values) {
		a.Must(i, "a value")
	}
	return a.Get(i)
}

// String is argument i, which must be a string.
func (a *Args) String(i int) string {
	s, ok := value.ToString(a.Get(i))
	if !ok {
		a.Must(i, "a string")
	}
	return s
}

// Number is argument i, which must be a number.
func (a *Args) Number(i int) float64 {
	n, ok := value.ToNumber(a.Get(i))
	if !ok {
		a.Must(i, "a number")
	}
	return float64(n)
}

// mostInteger is the greatest integer that Integer gives, and the greatest size: 2^53, up to which numbers have all
// integers, or less where int is small.
const mostInteger = min(1<<53, math.MaxInt/4)

// Integer is argument i, which must be a number, without its fraction. What is beyond ±mostInteger is cut to it,
// infinities too: what C makes of it depends on the machine. So does what it makes of NaN, which is an error.
func (a *Args) Integer(i int) int {
	x := a.Number(i)
	if x != x {
		a.Wrong(i, "a number", "is nan")
		return 0
	}
	return int(max(-mostInteger, min(x, mostInteger)))
}

// OptString is String, or a default where there is no argument.
func (a *Args) OptString(i int, otherwise string) string {
	if a.Absent(i) {
		return otherwise
	}
	return a.String(i)
}

// OptInteger is Integer, or a default where there is no argument.
func (a *Args) OptInteger(i, otherwise int) int {
	if a.Absent(i) {
		return otherwise
	}
	return a.Integer(i)
}

// Array is argument i, which must be a table.
func (a *Args) Array(i int) Array {
	t, ok := a.Get(i).(Array)
	if !ok {
		a.Must(i, "a table")
	}
	return t
}

// work counts instructions.
func (a *Args) work(instructions int) {
	if a.err == nil && instructions > 0 {
		a.err = a.meter.Work(instructions)
	}
}

// bytesPerInstruction is how many bytes a library function looks at in the time of about one instruction.
const bytesPerInstruction = 64

// look counts bytes that are looked at.
func (a *Args) look(bytes int) { a.work(bytes / bytesPerInstruction) }

// grow counts a result that is about to be built, and the looking at it.
func (a *Args) grow(bytes int) {
	a.announce(bytes)
	a.look(bytes)
}

// announce counts a result whose building is counted elsewhere.
func (a *Args) announce(bytes int) {
	if a.err == nil {
		a.err = a.meter.Grow("the result of "+a.function, bytes)
	}
}

// output is a result whose size is not known before: it is announced as it grows, twice as much each time.
type output struct {
	a    *Args
	text strings.Builder
	told int
}

func (o *output) write(part string) {
	if o.text.Len()+len(part) > o.told {
		more := max(len(part), o.told)
		o.a.announce(more)
		o.told += more
	}
	if o.a.look(len(part)); o.a.err == nil {
		o.text.WriteString(part)
	}
}
