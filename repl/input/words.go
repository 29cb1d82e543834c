package input

import (
	"strings"

	"cellsh/policy/diag"
)

// Words divides a command line as sh does: space separates, single quotes keep everything, double quotes all but \"
// and \\, and a backslash keeps the next character. Nothing is expanded and nothing is a comment. The error is a
// diag.List that says where a quote was opened.
func Words(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; c {
		case ' ', '\t', '\r', '\n', '\v', '\f':
			if inWord {
				words = append(words, word.String())
				word.Reset()
			}
			inWord = false
		case '\'', '"':
			text, end := quoted(line[i+1:], c)
			if end < 0 {
				return nil, badWords(line, i, "the quote must be closed, but the line ends before", "a quote that means itself is written \\"+string(c))
			}
			word.WriteString(text)
			inWord = true
			i += end + 1
		case '\\':
			i++
			if i == len(line) {
				return nil, badWords(line, i-1, "a backslash must stand before a character, but is the last one", "a backslash that means itself is written \\\\")
			}
			word.WriteByte(line[i])
			inWord = true
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}

// quoted gives the text up to the closing quote and where that is, or -1.
func quoted(s string, quote byte) (string, int) {
	var text strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == quote:
			return text.String(), i
		case s[i] == '\\' && quote == '"' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			text.WriteByte(s[i])
		default:
			text.WriteByte(s[i])
		}
	}
	return "", -1
}

func badWords(line string, at int, message, hint string) error {
	return diag.List{{Span: diag.Span{File: "command", Line: 1, Column: at + 1, Width: 1}, Code: diag.CommandLine, Message: message, Hint: hint, Excerpt: line}}
}
