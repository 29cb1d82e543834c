package library

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"cellsh/lua/value"
)

// conversion is one of string.format, as "%-8.3s": flags, width and precision as in C, at most two digits each.
type conversion struct {
	minus, plus, space, alternative, zero bool
	width                                 int
	// precision is -1 where there is none.
	precision int
	verb      byte
}

// ErrTostring is the error of string.format in policies for a value with __tostring: there, it calls no functions of Lua.
var ErrTostring = errors.New("what string.format writes must have no __tostring, but has: write tostring(v)")

// maxFlags is how many flags a conversion may have, repeated ones too.
const maxFlags = 5

// parseConversion reads the conversion behind a %, and gives what is behind it.
func parseConversion(s string) (c conversion, rest string, ok bool) {
	c.precision = -1
	flags := 0
	for ; flags < len(s); flags++ {
		switch s[flags] {
		case '-':
			c.minus = true
		case '+':
			c.plus = true
		case ' ':
			c.space = true
		case '#':
			c.alternative = true
		case '0':
			c.zero = true
		default:
			goto number
		}
	}
number:
	if flags > maxFlags {
		return c, "", false
	}
	c.width, s = twoDigits(s[flags:])
	if s != "" && s[0] == '.' {
		c.precision, s = twoDigits(s[1:])
	}
	if s == "" || strings.IndexByte("cdeEfgGioqsuxX", s[0]) < 0 {
		return c, "", false
	}
	c.verb = s[0]
	return c, s[1:], true
}

func twoDigits(s string) (n int, rest string) {
	for i := 0; i < 2 && s != "" && '0' <= s[0] && s[0] <= '9'; i++ {
		n, s = 10*n+int(s[0]-'0'), s[1:]
	}
	return n, s
}

// conversionWork is what a conversion costs beside the looking at its bytes, in instructions.
const conversionWork = 8

// stringFormat is string.format: the conversions of C's printf. The pieces are made first, and put together when the
// size of the result is known.
func stringFormat(a *Args) []value.Value {
	form := a.String(1)
	a.look(len(form))
	var pieces []string
	size, arg := 0, 1
	add := func(s string) {
		if s != "" {
			pieces = append(pieces, s)
			size = saturate(size + len(s))
		}
	}
	for a.err == nil {
		i := strings.IndexByte(form, '%')
		if i < 0 {
			add(form)
			break
		}
		add(form[:i])
		if form = form[i+1:]; form != "" && form[0] == '%' {
			add("%")
			form = form[1:]
			continue
		}
		c, rest, ok := parseConversion(form)
		if !ok {
			a.Fail("a conversion of string.format must be one of c d e E f g G i o q s u x X and %%, with at most two digits for width and precision, but is %q",
				"%"+form[:min(len(form), 8)])
			return nil
		}
		form = rest
		arg++
		a.work(conversionWork)
		add(a.convert(c, arg, size))
	}
	if a.grow(size); a.err != nil {
		return nil
	}
	return text(strings.Join(pieces, ""))
}

// convert is the text of argument i. before is the size of the text before it.
func (a *Args) convert(c conversion, i, before int) string {
	switch c.verb {
	case 's':
		v := a.Any(i)
		if a.err != nil {
			return ""
		}
		s, err := ToString(v)
		a.err = err
		if c.precision >= 0 {
			s = s[:min(len(s), c.precision)]
		}
		return c.pad("", s, false)
	case 'q':
		s := a.String(i)
		// Quoting makes it longer, so the whole is bounded here.
		size := quotedSize(s)
		if a.look(size); a.err == nil && size > maxQuoted {
			a.announce(saturate(before + size))
		}
		if a.err != nil {
			return ""
		}
		return quote(s, size)
	}
	x := a.Number(i)
	if a.err != nil {
		return ""
	}
	switch c.verb {
	case 'c':
		return c.pad("", string([]byte{byte(castInt32(x))}), false)
	case 'd', 'i':
		n := castInt64(x)
		if n < 0 {
			return c.integer("-", strconv.FormatUint(-uint64(n), 10))
		}
		return c.integer(c.sign(), strconv.FormatInt(n, 10))
	case 'u':
		return c.integer("", strconv.FormatUint(castUint64(x), 10))
	case 'o':
		digits := strconv.FormatUint(castUint64(x), 8)
		if c.alternative && digits != "0" && c.precision <= len(digits) {
			c.precision = len(digits) + 1
		} else if c.alternative && digits == "0" && c.precision == 0 {
			c.precision = 1
		}
		return c.integer("", digits)
	case 'x', 'X':
		digits, prefix := strconv.FormatUint(castUint64(x), 16), ""
		if c.alternative && digits != "0" {
			prefix = "0x"
		}
		if c.verb == 'X' {
			digits, prefix = strings.ToUpper(digits), strings.ToUpper(prefix)
		}
		return c.integer(prefix, digits)
	}
	return c.float(x)
}

// pad brings a text to the width, with zeros behind the sign or prefix, or blanks.
func (c conversion) pad(prefix, s string, zeros bool) string {
	missing := c.width - len(prefix) - len(s)
	switch {
	case missing <= 0:
		return prefix + s
	case c.minus:
		return prefix + s + strings.Repeat(" ", missing)
	case zeros && c.zero:
		return prefix + strings.Repeat("0", missing) + s
	}
	return strings.Repeat(" ", missing) + prefix + s
}

// sign is what stands before a number that is not negative.
func (c conversion) sign() string {
	switch {
	case c.plus:
		return "+"
	case c.space:
		return " "
	}
	return ""
}

// integer writes digits; a precision is how many there are at least.
func (c conversion) integer(prefix, digits string) string {
	if c.precision == 0 && digits == "0" {
		digits = ""
	}
	if n := c.precision - len(digits); n > 0 {
		digits = strings.Repeat("0", n) + digits
	}
	return c.pad(prefix, digits, c.precision < 0)
}

// float writes a number as e, f or g.
func (c conversion) float(x float64) string {
	sign := c.sign()
	if math.Signbit(x) && x == x {
		sign, x = "-", -x
	}
	upper := c.verb < 'a'
	if math.IsInf(x, 0) || x != x {
		s := "inf"
		if x != x {
			s = "nan"
		}
		if upper {
			s = strings.ToUpper(s)
		}
		return c.pad(sign, s, false)
	}
	precision := c.precision
	if precision < 0 {
		precision = 6
	}
	var s string
	switch c.verb | 0x20 {
	case 'e':
		s = c.scientific(x, precision)
	case 'f':
		s = c.fixed(x, precision)
	default:
		s = c.general(x, max(precision, 1))
	}
	if upper {
		s = strings.ToUpper(s)
	}
	return c.pad(sign, s, true)
}

func (c conversion) scientific(x float64, precision int) string {
	s := strconv.FormatFloat(x, 'e', precision, 64)
	if precision == 0 && c.alternative {
		s = s[:1] + "." + s[1:]
	}
	return s
}

func (c conversion) fixed(x float64, precision int) string {
	s := strconv.FormatFloat(x, 'f', precision, 64)
	if precision == 0 && c.alternative {
		s += "."
	}
	return s
}

// general is e or f, whichever is shorter, with that many digits that count, and without zeros at the end unless the
// flag # is there.
func (c conversion) general(x float64, digits int) string {
	s := c.scientific(x, digits-1)
	mantissa, power, _ := strings.Cut(s, "e")
	exponent, err := strconv.Atoi(power)
	if err != nil {
		panic("library: Go writes an exponent that it can't read: " + s)
	}
	if exponent >= -4 && exponent < digits {
		mantissa, power = c.fixed(x, digits-1-exponent), ""
	} else {
		power = "e" + power
	}
	if !c.alternative && strings.Contains(mantissa, ".") {
		mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
	}
	return mantissa + power
}

// The casts of C as they are on amd64, where a number that does not fit is the least one.

func castInt32(x float64) int32 {
	if x > math.MinInt32-1 && x < math.MaxInt32+1 {
		return int32(x)
	}
	return math.MinInt32
}

func castInt64(x float64) int64 {
	if x >= -1<<63 && x < 1<<63 {
		return int64(x)
	}
	return math.MinInt64
}

func castUint64(x float64) uint64 {
	if x >= 1<<63 {
		return uint64(castInt64(x-1<<63)) ^ 1<<63
	}
	return uint64(castInt64(x))
}

// maxQuoted is the size from which on a quoted string is announced by itself: before the whole is.
const maxQuoted = 1 << 20

// quotedSize is the length of quote(s).
func quotedSize(s string) int {
	n := len(s) + 2
	for i := range len(s) {
		switch s[i] {
		case '"', '\\', '\n', '\r':
			n++
		case 0:
			n += 3
		}
	}
	return n
}

// quote writes a string as Lua source, of that many bytes.
func quote(s string, size int) string {
	b := make([]byte, 0, size)
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\', '\n':
			b = append(b, '\\', c)
		case '\r':
			b = append(b, `\r`...)
		case 0:
			b = append(b, `\000`...)
		default:
			b = append(b, c)
		}
	}
	return string(append(b, '"'))
}
