package value

// Type is the type of a value, as the function type tells it.
type Type uint8

// The types of Lua 5.1.
const (
	NilType Type = iota
	BoolType
	NumberType
	StringType
	TableType
	FunctionType
	UserdataType
	ThreadType
)

// String is what the function type gives.
func (t Type) String() string {
	return [...]string{"nil", "boolean", "number", "string", "table", "function", "userdata", "thread"}[t]
}

// Value is a value of Lua: Nil, Bool, Number, String, *Table, *Builtin, or a type of another package, as functions
// written in Lua are. Two values are the same to Lua if the interfaces are equal, but for NaN, which is never.
type Value interface {
	Type() Type
}

// Nil is nil. A Go nil is no value.
type Nil struct{}

// Bool is true or false.
type Bool bool

// Number is every number: Lua 5.1 has no integers.
type Number float64

// String is bytes.
type String string

func (Nil) Type() Type    { return NilType }
func (Bool) Type() Type   { return BoolType }
func (Number) Type() Type { return NumberType }
func (String) Type() Type { return StringType }

// Truth is whether a value counts as true in a condition: all do but nil and false.
func Truth(v Value) bool {
	switch x := v.(type) {
	case Nil:
		return false
	case Bool:
		return bool(x)
	}
	return true
}

// Builtin is a function that is not written in Lua. Equal functions are one pointer. What it does is known to the
// machines that call it, by its name.
type Builtin struct {
	// Name as code calls it, "string.rep".
	Name string
}

// Type is FunctionType.
func (*Builtin) Type() Type { return FunctionType }
