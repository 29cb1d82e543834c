package syntax

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
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
	// Broken is a string or comment that does not end, or characters that Lua does not know.
	Broken
)

// Token is a piece of source.
type Token struct {
	Kind Kind
	// code says which word or operator it is.
	code code
	// Text as it stands in the source.
	Text string
	// Offset in bytes; Line and Column count from 1, columns in bytes. Lines are counted as Lua does: \n, \r, and both
	// together in either order end one.
	Offset, Line, Column int
}

// End is the offset behind the token.
func (t *Token) End() int { return t.Offset + len(t.Text) }

// code is what a token is to the parser.
type code uint8

const (
	// codeEnd is the end of the source.
	codeEnd code = iota
	codeName
	codeNumber
	codeString
	codeComment
	// codeOpen is a string that does not end on its line, codeOpenLong one in long brackets, or a comment, that does not
	// end at all; codeDelimiter is [= without a second bracket; codeUnknown are characters that Lua does not know.
	codeOpen
	codeOpenLong
	codeDelimiter
	codeUnknown

	codeAnd
	codeBreak
	codeDo
	codeElse
	codeElseif
	codeEndWord
	codeFalse
	codeFor
	codeFunction
	codeGoto
	codeIf
	codeIn
	codeLocal
	codeNil
	codeNot
	codeOr
	codeRepeat
	codeReturn
	codeThen
	codeTrue
	codeUntil
	codeWhile

	codePlus
	codeMinus
	codeStar
	codeSlash
	codePercent
	codeCaret
	codeHash
	codeLess
	codeGreater
	codeLessEqual
	codeGreaterEqual
	codeAssign
	codeEqual
	codeNotEqual
	codeOpenParen
	codeCloseParen
	codeOpenBrace
	codeCloseBrace
	codeOpenBracket
	codeCloseBracket
	codeSemicolon
	codeColon
	codeLabel
	codeComma
	codeDot
	codeConcat
	codeVararg
)

// String is how the source spells it.
func (c code) String() string { return spellings[c] }

var spellings = func() (all [codeVararg + 1]string) {
	for word, c := range words {
		all[c] = word
	}
	for sign, c := range signs {
		if c != codeEnd {
			all[c] = string(rune(sign))
		}
	}
	for c, sign := range map[code]string{codeLessEqual: "<=", codeGreaterEqual: ">=", codeEqual: "==", codeNotEqual: "~=", codeLabel: "::", codeConcat: "..", codeVararg: "..."} {
		all[c] = sign
	}
	return all
}()

// words are the keywords, and goto, which is one only where a statement begins.
var words = map[string]code{"and": codeAnd, "break": codeBreak, "do": codeDo, "else": codeElse, "elseif": codeElseif,
	"end": codeEndWord, "false": codeFalse, "for": codeFor, "function": codeFunction, "goto": codeGoto, "if": codeIf, "in": codeIn,
	"local": codeLocal, "nil": codeNil, "not": codeNot, "or": codeOr, "repeat": codeRepeat, "return": codeReturn,
	"then": codeThen, "true": codeTrue, "until": codeUntil, "while": codeWhile}

// Keywords lists the keywords by name, and goto with them, which is one only where a statement begins.
func Keywords() []string { return slices.Sorted(maps.Keys(words)) }

// IsName reports whether a text can stand for itself where Lua takes a name, as in t.NAME and { NAME = 1 }, in any
// dialect: goto is not taken for one.
func IsName(s string) bool {
	tokens := Scan(s)
	return len(tokens) == 1 && tokens[0].Kind == Name && tokens[0].Text == s
}

var signs = [256]code{'+': codePlus, '-': codeMinus, '*': codeStar, '/': codeSlash, '%': codePercent, '^': codeCaret,
	'#': codeHash, '<': codeLess, '>': codeGreater, '=': codeAssign, '(': codeOpenParen, ')': codeCloseParen, '{': codeOpenBrace,
	'}': codeCloseBrace, '[': codeOpenBracket, ']': codeCloseBracket, ';': codeSemicolon, ':': codeColon, ',': codeComma, '.': codeDot}

// Scan divides the source into tokens. It accepts any text: what is no Lua is Broken. The word goto is a Keyword
// everywhere, though in most places it is a name.
func Scan(src string) []Token {
	l := newLexer(src)
	all := make([]Token, 0, len(src)/4+1)
	for l.next() {
		all = append(all, l.token)
	}
	return all
}

// lexer moves over a source.
type lexer struct {
	src string
	at  int
	// lines has the offset at which each line begins.
	lines []int
	token Token
	// middle says that the text is no whole file: a # at its begin is an operator.
	middle bool
}

func newLexer(src string) *lexer { return &lexer{src: src, lines: []int{0}} }

// next moves to the next token. It reports false at the end.
func (l *lexer) next() bool {
	for l.at < len(l.src) && isSpace(l.src[l.at]) {
		if !l.newline() {
			l.at++
		}
	}
	if l.at == len(l.src) {
		return false
	}
	l.token = Token{Offset: l.at, Line: len(l.lines), Column: l.at - l.lines[len(l.lines)-1] + 1}
	l.token.code = l.scan()
	l.token.Text = l.src[l.token.Offset:l.at]
	l.token.Kind = l.token.code.kind()
	return true
}

func (c code) kind() Kind {
	switch {
	case c == codeName:
		return Name
	case c == codeNumber:
		return Number
	case c == codeString:
		return String
	case c == codeComment:
		return Comment
	case c < codeAnd:
		return Broken
	case c < codePlus:
		return Keyword
	}
	return Operator
}

// newline moves over the end of a line, if one is here.
func (l *lexer) newline() bool {
	if l.at == len(l.src) {
		return false
	}
	c := l.src[l.at]
	if c != '\n' && c != '\r' {
		return false
	}
	l.at++
	if l.at < len(l.src) && l.src[l.at] != c && (l.src[l.at] == '\n' || l.src[l.at] == '\r') {
		l.at++
	}
	l.lines = append(l.lines, l.at)
	return true
}

func (l *lexer) peek(ahead int) byte {
	if l.at+ahead < len(l.src) {
		return l.src[l.at+ahead]
	}
	return 0
}

// scan moves over one token.
func (l *lexer) scan() code {
	from := l.at
	c := l.src[from]
	// A first line that starts with # is for the operating system.
	if from == 0 && c == '#' && !l.middle {
		l.at = len(l.src)
		if i := strings.IndexByte(l.src, '\n'); i >= 0 {
			l.at = i
		}
		return codeComment
	}
	switch {
	case isLetter(c):
		for l.at < len(l.src) && isWord(l.src[l.at]) {
			l.at++
		}
		if word, ok := words[l.src[from:l.at]]; ok {
			return word
		}
		return codeName
	case isDigit(c) || c == '.' && isDigit(l.peek(1)):
		l.number()
		return codeNumber
	case c == '"' || c == '\'':
		return l.quoted(c)
	case c == '[':
		level, long := l.longLevel()
		if long {
			return l.long(level, codeString)
		}
		l.at++
		if level > 0 {
			l.at += level
			return codeDelimiter
		}
		return codeOpenBracket
	case c == '-' && l.peek(1) == '-':
		l.at += 2
		if l.peek(0) == '[' {
			if level, long := l.longLevel(); long {
				return l.long(level, codeComment)
			}
		}
		for l.at < len(l.src) && l.src[l.at] != '\n' && l.src[l.at] != '\r' {
			l.at++
		}
		return codeComment
	case c == '.' && l.peek(1) == '.':
		if l.peek(2) == '.' {
			l.at += 3
			return codeVararg
		}
		l.at += 2
		return codeConcat
	case c == ':' && l.peek(1) == ':':
		l.at += 2
		return codeLabel
	case l.peek(1) == '=':
		two := codeEnd
		switch c {
		case '=':
			two = codeEqual
		case '~':
			two = codeNotEqual
		case '<':
			two = codeLessEqual
		case '>':
			two = codeGreaterEqual
		}
		if two != codeEnd {
			l.at += 2
			return two
		}
	}
	l.at++
	if sign := signs[c]; sign != codeEnd {
		return sign
	}
	if c >= utf8.RuneSelf {
		l.at = from
		l.foreign()
	}
	return codeUnknown
}

// foreign moves over a character that is not ASCII. Letters belong together, and so do bytes that are no character.
func (l *lexer) foreign() {
	kind := func() int {
		if l.at == len(l.src) || l.src[l.at] < utf8.RuneSelf {
			return -1
		}
		switch r, size := utf8.DecodeRuneInString(l.src[l.at:]); {
		case r == utf8.RuneError && size == 1:
			return 1
		case unicode.IsLetter(r) || unicode.IsMark(r):
			return 2
		}
		return 0
	}
	for first := kind(); ; {
		_, size := utf8.DecodeRuneInString(l.src[l.at:])
		l.at += size
		if first == 0 || kind() != first {
			return
		}
	}
}

// number moves over what Lua 5.1 takes for a number: digits and points, an exponent with its sign, and letters. What
// these are worth, if anything, is found later.
func (l *lexer) number() {
	for isDigit(l.peek(0)) || l.peek(0) == '.' {
		l.at++
	}
	if c := l.peek(0); c == 'e' || c == 'E' {
		l.at++
		if c := l.peek(0); c == '+' || c == '-' {
			l.at++
		}
	}
	for isWord(l.peek(0)) {
		l.at++
	}
}

func (l *lexer) quoted(quote byte) code {
	l.at++
	for l.at < len(l.src) {
		switch c := l.src[l.at]; c {
		case '\\':
			l.at++
			if !l.newline() && l.at < len(l.src) {
				l.at++
			}
		case '\n', '\r':
			return codeOpen
		case quote:
			l.at++
			return codeString
		default:
			l.at++
		}
	}
	return codeOpen
}

// longLevel is the number of = that follow the bracket here, and whether another bracket follows them, so that a long
// string or comment begins.
func (l *lexer) longLevel() (int, bool) {
	n := 0
	for l.peek(1+n) == '=' {
		n++
	}
	return n, l.peek(1+n) == '['
}

func (l *lexer) long(level int, whole code) code {
	l.at += level + 2
	closing := "]" + l.src[l.at-level-1:l.at-1] + "]"
	end := len(l.src)
	if i := strings.Index(l.src[l.at:], closing); i >= 0 {
		end = l.at + i
	} else {
		closing, whole = "", codeOpenLong
	}
	for l.at < end {
		i := strings.IndexAny(l.src[l.at:end], "\r\n")
		if i < 0 {
			break
		}
		l.at += i
		l.newline()
	}
	l.at = end + len(closing)
	return whole
}

func isSpace(c byte) bool  { return c == ' ' || '\t' <= c && c <= '\r' }
func isLetter(c byte) bool { return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isWord(c byte) bool   { return isLetter(c) || isDigit(c) }
