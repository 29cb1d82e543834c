package input

import (
	"strings"

	"cellsh/policy/diag"
)

// Redirect is where a command writes to: nowhere else, if it is empty, or to a file, or to a command of the machine's shell.
type Redirect struct {
	// File that is written, or added to with Append.
	File   string
	Append bool
	// Pipe is what the shell runs, with what the command writes as its input.
	Pipe string
}

// Words divides a command line as sh does: space separates, single quotes keep everything, double quotes all but \"
// and \\, and a backslash keeps the next character. Nothing is expanded and nothing is a comment. The error is a
// diag.List that says where a quote was opened.
func Words(line string) ([]string, error) {
	w := wordReader{line: line}
	for w.at < len(line) {
		if err := w.step(); err != nil {
			return nil, err
		}
	}
	w.end()
	return w.words, nil
}

// Command divides a line as Words does, but that a ; ends the command, | and what follows it is given to the machine's shell, and
// > FILE and >> FILE say where it writes to. Within a word that has a =, | and > are what they are, as flags of a request are
// written with them. The rest is what follows a ;, and those that follow it with nothing between.
func Command(line string) (words []string, to Redirect, rest string, err error) {
	w := wordReader{line: line}
	for w.at < len(line) {
		switch c := line[w.at]; {
		case c == ';':
			w.end()
			return w.words, to, behind(line[w.at+1:]), nil
		case (c == '|' || c == '>') && strings.Contains(w.word.String(), "="):
			w.word.WriteByte(c)
			w.at++
		case c == '|':
			w.end()
			if to.Pipe = strings.TrimSpace(line[w.at+1:]); to.Pipe == "" {
				return nil, to, "", badWords(line, w.at, "a | must be followed by a command of this machine, but nothing follows it", "")
			}
			return w.words, to, "", nil
		case c == '>':
			w.end()
			rest, err := w.file(&to)
			return w.words, to, rest, err
		default:
			if err := w.step(); err != nil {
				return nil, to, "", err
			}
		}
	}
	w.end()
	return w.words, to, "", nil
}

// behind is what follows a ; without more of them: Lua 5.1 has no empty statement, but where commands stand one does no harm.
func behind(rest string) string {
	for {
		trimmed, ok := strings.CutPrefix(strings.TrimLeft(rest, " \t"), ";")
		if !ok {
			return rest
		}
		rest = trimmed
	}
}

// wordReader goes through a line.
type wordReader struct {
	line   string
	at     int
	words  []string
	word   strings.Builder
	inWord bool
}

// step takes a character, or all that is in quotes.
func (w *wordReader) step() error {
	line := w.line
	switch c := line[w.at]; c {
	case ' ', '\t', '\r', '\n', '\v', '\f':
		w.end()
	case '\'', '"':
		text, end := quoted(line[w.at+1:], c)
		if end < 0 {
			return badWords(line, w.at, "the quote must be closed, but the line ends before", "a quote that means itself is written \\"+string(c))
		}
		w.word.WriteString(text)
		w.inWord = true
		w.at += end + 1
	case '\\':
		w.at++
		if w.at == len(line) {
			return badWords(line, w.at-1, "a backslash must stand before a character, but is the last one", "a backslash that means itself is written \\\\")
		}
		w.word.WriteByte(line[w.at])
		w.inWord = true
	default:
		w.word.WriteByte(c)
		w.inWord = true
	}
	w.at++
	return nil
}

// end ends the word, if there is one.
func (w *wordReader) end() {
	if w.inWord {
		w.words = append(w.words, w.word.String())
		w.word.Reset()
	}
	w.inWord = false
}

// file reads what follows a >, which nothing but a ; may follow.
func (w *wordReader) file(to *Redirect) (rest string, err error) {
	begin := w.at
	if w.at++; w.at < len(w.line) && w.line[w.at] == '>' {
		to.Append = true
		w.at++
	}
	names := wordReader{line: w.line, at: w.at}
	for names.at < len(w.line) && w.line[names.at] != ';' {
		from := names.at
		if len(names.words) > 0 && strings.TrimSpace(w.line[from:from+1]) != "" {
			return "", badWords(w.line, from, "what a command writes to must be the last on its line, but more follows", "")
		}
		if err := names.step(); err != nil {
			return "", err
		}
	}
	names.end()
	if len(names.words) == 0 {
		return "", badWords(w.line, begin, "a > must be followed by the name of a file, but nothing follows it", "")
	}
	to.File = names.words[0]
	if names.at < len(w.line) {
		rest = behind(w.line[names.at+1:])
	}
	return rest, nil
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
