package library

import "cellsh/lua/value"

// Meter is where functions say beforehand what they are going to cost. An error of either method ends the function,
// which returns it as it is: the machine knows its own errors again.
type Meter interface {
	// Work counts work in instructions of the machine. A long search calls it again and again, so that it can be
	// interrupted.
	Work(instructions int) error
	// Grow is called before a result is built: what names it ("the result of string.rep"), bytes is its whole size. A
	// result that is not known before, as that of Gsub, is announced piece by piece.
	Grow(what string, bytes int) error
}

// Function is a function of the library. It is safe for concurrent use.
type Function struct {
	// Name as code calls it, "string.rep".
	Name string
	// Pure functions depend on nothing but their arguments and change nothing.
	Pure bool
	// Call calls the function. Tables among the arguments must be an Array, or Fields, where the function looks into
	// them; what values of other packages are to tostring, they say as Text. Errors are those of the meter, of an
	// argument, or texts for the user.
	Call func(m Meter, args []value.Value) ([]value.Value, error)
}

// Set is functions by their names.
type Set map[string]*Function

// Policy has the functions of policy files. They give the same answer every time, and know no Lua patterns, because
// matching those can take longer than anybody waits.
var Policy = newSet(base, decisions, plainStrings, expressions, maths, tables)

// Session has the functions of sessions and scripts: those of Policy, but with patterns.
var Session = newSet(base, decisions, plainStrings, expressions, maths, tables, patterns, times)

// IpairsStep is the name of the function that loops over ipairs call: code can't.
const IpairsStep = "(ipairs step)"

// ModuleName reports whether require takes a name: those lead nowhere else.
func ModuleName(name string) bool {
	for _, c := range name {
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_') {
			return false
		}
	}
	return name != ""
}

// Constants are the values of the library that are no functions.
var Constants = map[string]value.Value{"math.pi": value.Number(pi), "math.huge": value.Number(huge)}

// definition is a function that reads its arguments by Args: what they have as error counts after it.
type definition struct {
	name   string
	change bool
	call   func(a *Args) []value.Value
}

func newSet(parts ...[]definition) Set {
	set := Set{}
	for _, part := range parts {
		for _, d := range part {
			set[d.name] = d.function()
		}
	}
	return set
}

func (d definition) function() *Function {
	return &Function{Name: d.name, Pure: !d.change, Call: func(m Meter, args []value.Value) ([]value.Value, error) {
		a := NewArgs(d.name, m, args)
		results := d.call(a)
		if a.err != nil {
			return nil, a.err
		}
		return results, nil
	}}
}

func one(v value.Value) []value.Value { return []value.Value{v} }

// none is a single nil.
var none = []value.Value{value.Nil{}}

func text(s string) []value.Value { return one(value.String(s)) }

func number(x float64) []value.Value { return one(value.Number(x)) }
