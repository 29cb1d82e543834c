package syntax

import (
	"iter"
	"slices"
	"strings"
)

// Kind is the kind of a token.
type Kind uint8

// The kinds. Space between tokens is no token.
const (
	Name Kind = iota
	Keyword
	Number
	String
	Operator
	Comment
	// Broken is a string or comment that does not end, or a character that Lua does not know.
	Broken
)

// Token is a piece of source.
type Token struct {
	Kind Kind
	// Text as it stands in the source.
	Text string
	// Offset in bytes; Line and Column count from 1, columns in bytes.
	Offset, Line, Column int
}

var keywords = map[string]bool{"and": true, "break": true, "do": true, "else": true, "elseif": true, "end": true,
	"false": true, "for": true, "function": true, "goto": true, "if": true, "in": true, "local": true, "nil": true,
	"not": true, "or": true, "repeat": true, "return": true, "then": true, "true": true, "until": true, "while": true}

// Scan divides the source into tokens. It accepts any text: what is no Lua is Broken.
func Scan(src string) []Token {
	return slices.Collect(tokens(src))
}

// tokens are those of Scan, one after the other.
func tokens(src string) iter.Seq[Token] {
	return func(yield func(Token) bool) { scan(src, yield) }
}

func scan(src string, yield func(Token) bool) {
	s := &scanner{src: src, line: 1}
	// A first line that starts with # is for the operating system.
	if strings.HasPrefix(src, "#") {
		s.at = len(src)
		if i := strings.IndexByte(src, '\n'); i >= 0 {
			s.at = i
		}
		if !yield(Token{Comment, src[:s.at], 0, 1, 1}) {
			return
		}
	}
	for {
		s.space()
		if s.at == len(src) {
			return
		}
		t := Token{Offset: s.at, Line: s.line, Column: s.at - s.lineStart + 1}
		t.Kind = s.token()
		t.Text = src[t.Offset:s.at]
		s.countLines(t.Text, t.Offset)
		if !yield(t) {
			return
		}
	}
}

type scanner struct {
	src       string
	at        int
	line      int
	lineStart int
}

func (s *scanner) countLines(text string, offset int) {
	for {
		i := strings.IndexByte(text, '\n')
		if i < 0 {
			return
		}
		offset += i + 1
		s.line++
		s.lineStart = offset
		text = text[i+1:]
	}
}

func (s *scanner) space() {
	from := s.at
	for s.at < len(s.src) && strings.IndexByte(" \t\r\n\f\v", s.src[s.at]) >= 0 {
		s.at++
	}
	s.countLines(s.src[from:s.at], from)
}

func (s *scanner) peek(ahead int) byte {
	if s.at+ahead < len(s.src) {
		return s.src[s.at+ahead]
	}
	return 0
}

// token moves over one token.
func (s *scanner) token() Kind {
	c := s.src[s.at]
	switch {
	case isLetter(c):
		from := s.at
		for s.at < len(s.src) && (isLetter(s.src[s.at]) || isDigit(s.src[s.at])) {
			s.at++
		}
		if keywords[s.src[from:s.at]] {
			return Keyword
		}
		return Name
	case isDigit(c) || c == '.' && isDigit(s.peek(1)):
		for s.at < len(s.src) {
			c := s.src[s.at]
			if (c == '+' || c == '-') && strings.IndexByte("eEpP", s.src[s.at-1]) < 0 || c != '+' && c != '-' && c != '.' && !isLetter(c) && !isDigit(c) {
				break
			}
			// 1..2 is a number and an operator.
			if c == '.' && s.peek(1) == '.' {
				break
			}
			s.at++
		}
		return Number
	case c == '"' || c == '\'':
		return s.quoted(c)
	case c == '[' && s.longLevel() >= 0:
		return s.long(String)
	case c == '-' && s.peek(1) == '-':
		s.at += 2
		if s.peek(0) == '[' && s.longLevel() >= 0 {
			return s.long(Comment)
		}
		for s.at < len(s.src) && s.src[s.at] != '\n' {
			s.at++
		}
		return Comment
	}
	for _, op := range [...]string{"...", "..", "==", "~=", "<=", ">=", "::"} {
		if strings.HasPrefix(s.src[s.at:], op) {
			s.at += len(op)
			return Operator
		}
	}
	s.at++
	if strings.IndexByte("+-*/%^#<>=(){}[];:,.", c) >= 0 {
		return Operator
	}
	return Broken
}

func (s *scanner) quoted(quote byte) Kind {
	s.at++
	for s.at < len(s.src) {
		switch c := s.src[s.at]; c {
		case '\\':
			s.at++
			if s.at < len(s.src) {
				s.at++
			}
		case '\n':
			return Broken
		case quote:
			s.at++
			return String
		default:
			s.at++
		}
	}
	return Broken
}

// longLevel is the number of = of a long bracket that opens here, or -1.
func (s *scanner) longLevel() int {
	n := 0
	for s.peek(1+n) == '=' {
		n++
	}
	if s.peek(1+n) == '[' {
		return n
	}
	return -1
}

func (s *scanner) long(kind Kind) Kind {
	n := s.longLevel()
	s.at += n + 2
	i := strings.Index(s.src[s.at:], "]"+strings.Repeat("=", n)+"]")
	if i < 0 {
		s.at = len(s.src)
		return Broken
	}
	s.at += i + n + 2
	return kind
}

func isLetter(c byte) bool { return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
