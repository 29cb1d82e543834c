package value

import "fmt"

// What Lua raises as errors of its own, in words that both readings can give: pcall hands these texts to the code. The
// manual leaves them open.

// IndexText is the error of reading or assigning a field of something that is no table.
func IndexText(t Type) string {
	return fmt.Sprintf("what is indexed must be a table, but is %s", t)
}

// CallText is the error of calling something that is no function.
func CallText(t Type) string {
	return fmt.Sprintf("what is called must be a function, but is %s", t)
}

// ArithText is the error of calculating with something that is no number.
func ArithText(operator string, t Type) string {
	return fmt.Sprintf("the operands of %s must be numbers, but one is %s", operator, t)
}

// NegateText is that of the minus sign with one operand.
func NegateText(t Type) string { return fmt.Sprintf("the operand of - must be a number, but is %s", t) }

// LengthText is the error of # with something that has no length.
func LengthText(t Type) string {
	return fmt.Sprintf("the operand of # must be a table or string, but is %s", t)
}

// ConcatText is the error of joining something that is neither a string nor a number.
func ConcatText(t Type) string {
	return fmt.Sprintf("joined values must be strings or numbers, but one is %s", t)
}

// CompareText is the error of comparing what has no order.
func CompareText(a, b Type) string {
	return fmt.Sprintf("compared values must be two numbers or two strings, but are %s and %s", a, b)
}

// LoopText is the error of a numeric loop; what is "initial value", "limit" or "step".
func LoopText(what string, t Type) string {
	return fmt.Sprintf("the %s of a loop must be a number, but is %s", what, t)
}

// HandlerText is what xpcall gives where its second function raises an error too.
const HandlerText = "the function that handles an error must not raise one, but does"

// OddErrorText is an error that is no text: of the type that it is, and as it is shown.
func OddErrorText(t Type, shown string) string {
	if t == TableType {
		return "an error that is a table: " + shown
	}
	return "an error that is a " + t.String()
}
