package value

import (
	"math"
	"strconv"
	"strings"
)

// Format is the text of a number, as tostring, .. and table.concat write it: at most 14 digits, "%.14g" of C. Infinities
// are "inf" and "-inf". NaN is always "nan": C writes its sign, which says nothing and differs between machines.
func Format(n Number) string {
	x := float64(n)
	switch {
	case x != x:
		return "nan"
	case math.IsInf(x, 1):
		return "inf"
	case math.IsInf(x, -1):
		return "-inf"
	case math.Abs(x) < 1e14 && x == math.Trunc(x) && (x != 0 || !math.Signbit(x)):
		return strconv.FormatInt(int64(x), 10)
	}
	return strconv.FormatFloat(x, 'g', 14, 64)
}

// ParseNumber reads the text of a number: decimal with fraction and exponent, or hexadecimal ("0x10", and "0x1.8p3" as
// in C99), with a sign and white space around it. What is too large is infinite.
//
// PUC Lua asks strtod of the C library. Other than glibc's, the words "inf", "infinity" and "nan" are no numbers here,
// as the manual has it, and a zero byte does not end the text.
func ParseNumber(s string) (Number, bool) {
	s = strings.Trim(s, " \t\n\v\f\r")
	digits := s
	if digits != "" && (digits[0] == '-' || digits[0] == '+') {
		digits = digits[1:]
	}
	hexadecimal := len(digits) > 1 && digits[0] == '0' && digits[1]|0x20 == 'x'
	isDigit, exponent := isDecimal, byte('e')
	if hexadecimal {
		digits, isDigit, exponent = digits[2:], isHexadecimal, 'p'
	}
	whole, rest := span(digits, isDigit)
	fraction := ""
	if rest != "" && rest[0] == '.' {
		fraction, rest = span(rest[1:], isDigit)
	}
	if whole+fraction == "" {
		return 0, false
	}
	if rest == "" && hexadecimal {
		// Go wants an exponent here.
		s += "p0"
	}
	if rest != "" {
		if rest[0]|0x20 != exponent {
			return 0, false
		}
		if rest = rest[1:]; rest != "" && (rest[0] == '-' || rest[0] == '+') {
			rest = rest[1:]
		}
		if power, behind := span(rest, isDecimal); power == "" || behind != "" {
			return 0, false
		}
	}
	// The only error that is left is that of the range, where the result is right.
	x, _ := strconv.ParseFloat(s, 64)
	return Number(x), true
}

func isDecimal(c byte) bool { return '0' <= c && c <= '9' }

func isHexadecimal(c byte) bool { return isDecimal(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

// span cuts off the bytes at the beginning that are in a class.
func span(s string, class func(byte) bool) (head, tail string) {
	i := 0
	for i < len(s) && class(s[i]) {
		i++
	}
	return s[:i], s[i:]
}

// ToNumber is a value as arithmetic takes it: a number, or a string that is the text of one.
func ToNumber(v Value) (Number, bool) {
	switch x := v.(type) {
	case Number:
		return x, true
	case String:
		return ParseNumber(string(x))
	}
	return 0, false
}

// ToString is a value as .. takes it: a string, or a number as Format writes it.
func ToString(v Value) (string, bool) {
	switch x := v.(type) {
	case String:
		return string(x), true
	case Number:
		return Format(x), true
	}
	return "", false
}

// Add is a + b.
func Add(a, b Number) Number { return a + b }

// Sub is a - b.
func Sub(a, b Number) Number { return a - b }

// Mul is a * b.
func Mul(a, b Number) Number { return a * b }

// Div is a / b.
func Div(a, b Number) Number { return a / b }

// Mod is a % b, which Lua 5.1 defines as a - floor(a/b)*b: the sign of the result is that of b, a % 0 is NaN, and so is
// a % (1/0).
func Mod(a, b Number) Number {
	// Each step is rounded: without the conversion, some machines would round only once.
	return a - Number(math.Floor(float64(a/b))*float64(b))
}

// Equal is a == b without metamethods.
func Equal(a, b Value) bool { return a == b }

// Less is a < b without metamethods, for two numbers or two strings; strings are compared byte by byte, as the C locale
// does. ok is false for other values.
func Less(a, b Value) (less, ok bool) {
	switch x := a.(type) {
	case Number:
		if y, ok := b.(Number); ok {
			return x < y, true
		}
	case String:
		if y, ok := b.(String); ok {
			return x < y, true
		}
	}
	return false, false
}

// LessEqual is a <= b, as Less is a < b.
func LessEqual(a, b Value) (lessEqual, ok bool) {
	switch x := a.(type) {
	case Number:
		if y, ok := b.(Number); ok {
			return x <= y, true
		}
	case String:
		if y, ok := b.(String); ok {
			return x <= y, true
		}
	}
	return false, false
}
