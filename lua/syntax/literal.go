package syntax

import (
	"strconv"
	"strings"
)

// number gives the value of an item that is a number.
func (p *parser) number(i int) float64 {
	v, ok := parseNumber(p.textAt(i))
	if !ok {
		p.badNumber(i)
	}
	return v
}

func (p *parser) badNumber(i int) {
	text, hint := p.textAt(i), ""
	if before, after, ok := strings.Cut(text, ".."); ok {
		hint = "write spaces around ..: " + short(before) + " .. " + short(after)
	}
	p.problem(p.items[i].from, p.items[i].to, hint, "a number must be like 80, 0.5, 1e9 or 0xff, but is %s", quoted(text))
}

// parseNumber gives the value of a number as Lua 5.1 does, by strtod(3).
func parseNumber(text string) (float64, bool) {
	rest, hexadecimal := text, false
	if len(text) > 1 && (text[1] == 'x' || text[1] == 'X') && text[0] == '0' {
		rest, hexadecimal = text[2:], true
	}
	digits, points, exponent := 0, 0, -1
	i := 0
	for ; i < len(rest) && exponent < 0; i++ {
		switch c := rest[i]; {
		case isDigit(c) || hexadecimal && ('a' <= c|0x20 && c|0x20 <= 'f'):
			digits++
		case c == '.':
			points++
		case digits > 0 && (!hexadecimal && c|0x20 == 'e' || hexadecimal && c|0x20 == 'p'):
			exponent = 0
		default:
			return 0, false
		}
	}
	if exponent == 0 && i < len(rest) && (rest[i] == '+' || rest[i] == '-') {
		i++
	}
	for ; i < len(rest); i++ {
		if !isDigit(rest[i]) {
			return 0, false
		}
		exponent++
	}
	if digits == 0 || points > 1 || exponent == 0 {
		return 0, false
	}
	if hexadecimal && exponent < 0 {
		text += "p0"
	}
	// Out of range is an infinity or zero, as it is for strtod.
	v, _ := strconv.ParseFloat(text, 64)
	return v, true
}

// str gives the value of an item that is a string.
func (p *parser) str(i int) string {
	text := p.textAt(i)
	if p.items[i].flags&silent != 0 {
		// It does not end.
		return ""
	}
	if text[0] == '[' {
		level := strings.IndexByte(text[1:], '[')
		text = text[level+2 : len(text)-level-2]
		if level == 0 {
			p.told.nested(p.items[i].from+2, text)
		}
		return strings.TrimPrefix(newlines(text), "\n")
	}
	text = text[1 : len(text)-1]
	if strings.IndexByte(text, '\\') < 0 {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for at := 0; at < len(text); at++ {
		c := text[at]
		if c != '\\' {
			b.WriteByte(c)
			continue
		}
		at++
		switch c = text[at]; c {
		case 'a':
			c = '\a'
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'v':
			c = '\v'
		case '\n', '\r':
			if at+1 < len(text) && text[at+1] != c && (text[at+1] == '\n' || text[at+1] == '\r') {
				at++
			}
			c = '\n'
		default:
			if !isDigit(c) {
				// Any other character is itself.
				break
			}
			n, from := 0, at
			for at < len(text) && at < from+3 && isDigit(text[at]) {
				n = n*10 + int(text[at]-'0')
				at++
			}
			at--
			if n > 255 {
				offset := p.items[i].from + int32(from)
				p.problem(offset, offset+int32(at-from)+2, "", "a number after \\ must be at most 255, but is %d", n)
			}
			c = byte(n)
		}
		b.WriteByte(c)
	}
	return b.String()
}

// newlines makes \n of every end of a line.
func newlines(text string) string {
	if strings.IndexByte(text, '\r') < 0 {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '\n' || c == '\r' {
			if i+1 < len(text) && text[i+1] != c && (text[i+1] == '\n' || text[i+1] == '\r') {
				i++
			}
			c = '\n'
		}
		b.WriteByte(c)
	}
	return b.String()
}
