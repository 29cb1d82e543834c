package input

import (
	"fmt"
	"strings"

	"cellsh/lua/syntax"
	"cellsh/policy/diag"
)

// Statement is something to run.
type Statement struct {
	// Text as it was typed, lines separated by \n.
	Text string
	// Words of a command with its name first, and where it writes to; nil for Lua.
	Words []string
	To    Redirect
	// Host is what the machine's shell runs: a line that began with !.
	Host string
	// File is the Lua, called "session[3]" in diagnostics. Values that it returns are for the user.
	File *syntax.File
}

// Reader collects lines. It is not safe for concurrent use.
type Reader struct {
	isCommand func(string) bool
	// Mistaken gives the error of a line that is no command and, as lua says, may be Lua: nil if it is none that somebody took for
	// one. It is asked only of lines that look like commands; nil asks nobody.
	Mistaken func(line string, lua bool) error
	// interactive readers take a blank line as the end of an attempt.
	interactive bool
	statements  int
	// lines of a statement that is not finished.
	lines   []string
	open    int
	quoting string
}

// New makes a reader for people, in which a blank line gives up a statement that is not finished. The function says
// what the commands are called.
func New(isCommand func(string) bool) *Reader {
	return &Reader{isCommand: isCommand, interactive: true}
}

// NewScript makes a reader for text that nobody types, in which blank lines mean nothing.
func NewScript(isCommand func(string) bool) *Reader { return &Reader{isCommand: isCommand} }

// Pending reports whether a statement is not finished.
func (r *Reader) Pending() bool { return len(r.lines) > 0 }

// Unfinished is the text of a statement that is not finished, "" if there is none.
func (r *Reader) Unfinished() string { return strings.Join(r.lines, "\n") }

// Drop forgets a statement that is not finished, as Ctrl-C does.
func (r *Reader) Drop() { r.lines, r.open, r.quoting = nil, 0, "" }

// End says that no more lines come. The error is that of a statement that is not finished, a diag.List.
func (r *Reader) End() error {
	if !r.Pending() {
		return nil
	}
	text := r.Unfinished()
	r.Drop()
	return parse(r.name(), text).Problems.Err()
}

// Add takes a line, without its newline, and gives the statements that it completes: one, or none if it is blank or
// more lines are needed. Text of several lines, as it is pasted, is taken line by line, and blank lines in it mean
// nothing. The error is a diag.List and about what follows the statements; the rest of the text is dropped.
//
// A line is a command if its first word is the name of one and a space or the end follows it; unless a bracket or an operator
// of Lua comes next. What could be a flag or a path is none of these: a - before a word, a / at
// the begin of one, and . and .. alone or before a slash; nor are > and ; which Command knows. A line that begins with ! is for
// the machine's shell.
func (r *Reader) Add(text string) ([]Statement, error) {
	if !strings.Contains(text, "\n") {
		return r.line(text, r.interactive)
	}
	var all []Statement
	for line := range strings.SplitSeq(text, "\n") {
		statements, err := r.line(line, false)
		all = append(all, statements...)
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

func (r *Reader) line(line string, blankEnds bool) ([]Statement, error) {
	line = strings.TrimSuffix(line, "\r")
	blank := strings.TrimSpace(line) == ""
	if !r.Pending() {
		if blank {
			return nil, nil
		}
		if host, ok := strings.CutPrefix(strings.TrimSpace(line), "!"); ok {
			if host = strings.TrimSpace(host); host == "" {
				return nil, badWords(line, strings.Index(line, "!"), "a ! must be followed by a command of this machine, but nothing follows it", "")
			}
			return []Statement{{Text: line, Host: host}}, nil
		}
		if IsCommand(line, r.isCommand) {
			words, to, rest, err := Command(line)
			if err != nil {
				return nil, err
			}
			more, err := r.line(rest, false)
			return append([]Statement{{Text: line, Words: words, To: to}}, more...), err
		}
		if err := r.mistaken(line); err != nil {
			return nil, err
		}
	}
	r.count(line)
	if blank && blankEnds && r.quoting == "" {
		return nil, r.End()
	}
	r.lines = append(r.lines, line)
	if r.open > 0 && len(r.lines) > eagerLines {
		return nil, nil
	}
	text := r.Unfinished()
	file := parse(r.name(), text)
	if file.Incomplete {
		return nil, nil
	}
	r.Drop()
	if file.Problems.Failed() {
		return nil, file.Problems
	}
	if len(file.Main.Body.Stmts) == 0 {
		return nil, nil
	}
	r.statements++
	return []Statement{{Text: text, File: file}}, nil
}

// mistaken is the error of a line that begins a statement and that somebody took for a command.
func (r *Reader) mistaken(line string) error {
	if r.Mistaken == nil {
		return nil
	}
	tokens := syntax.Scan(line)
	if len(tokens) == 0 || tokens[0].Kind != syntax.Name {
		return nil
	}
	if len(tokens) == 1 {
		return r.Mistaken(line, true)
	}
	second := tokens[1]
	switch apart := second.Offset > tokens[0].End(); {
	case !apart:
		return nil
	case second.Kind == syntax.Name || second.Kind == syntax.Number:
		// Nothing in Lua begins with two names.
		return r.Mistaken(line, false)
	case second.Text == "-" && len(tokens) > 2 && tokens[2].Offset == second.End():
		return r.Mistaken(line, !parse(r.name(), line).Problems.Failed())
	}
	return nil
}

// eagerLines is up to how many lines an unfinished statement is read again with every line, so that mistakes show at
// once. Longer ones are read when all their brackets and blocks are closed.
const eagerLines = 200

// count keeps the number of open brackets and blocks, and the long bracket in which the text ends.
func (r *Reader) count(line string) {
	tokens := syntax.Scan(r.quoting + line + "\n")
	r.quoting = ""
	for _, t := range tokens {
		switch {
		case t.Kind == syntax.Operator && strings.Contains("({[", t.Text), t.Kind == syntax.Keyword && (t.Text == "function" || t.Text == "do" || t.Text == "if" || t.Text == "repeat"):
			r.open++
		case t.Kind == syntax.Operator && strings.Contains(")}]", t.Text), t.Kind == syntax.Keyword && (t.Text == "end" || t.Text == "until"):
			r.open--
		case t.Kind == syntax.Broken:
			if opening := strings.TrimPrefix(t.Text, "--"); strings.HasPrefix(opening, "[") {
				r.quoting = t.Text[:len(t.Text)-len(opening)+strings.IndexByte(opening[1:], '[')+2]
			}
		}
	}
}

// typed is what the names of statements begin with.
const typed = "session["

// name of the statement that is being read.
func (r *Reader) name() string { return fmt.Sprintf("%s%d]", typed, r.statements+1) }

// Typed reports whether the name of a file is that of a statement: there is no such file.
func Typed(file string) bool { return strings.HasPrefix(file, typed) }

// parse reads Lua as an expression, or else as statements. Of two that have problems that counts whose first is further in
// the text, but one that could go on before one that could not.
func parse(name, text string) *syntax.File {
	if rest, ok := strings.CutPrefix(strings.TrimLeft(text, " \t"), "="); ok {
		// Places stay what they are.
		return syntax.ReadExpressions(name, strings.Repeat(" ", len(text)-len(rest))+rest)
	}
	expressions := syntax.ReadExpressions(name, text)
	if !expressions.Problems.Failed() || strings.HasPrefix(text, "#") {
		// No length of anything begins a statement, and a file's first line is something else.
		return expressions
	}
	statements := syntax.Read(name, text)
	switch {
	case !statements.Problems.Failed():
		return statements
	case expressions.Incomplete != statements.Incomplete:
		if expressions.Incomplete {
			return expressions
		}
	case further(expressions.Problems[0].Span, statements.Problems[0].Span):
		return expressions
	}
	return statements
}

func further(a, b diag.Span) bool {
	return a.Line > b.Line || a.Line == b.Line && a.Column > b.Column
}

// IsCommand reports whether a line that begins a statement is a command; see Add.
func IsCommand(line string, isCommand func(word string) bool) bool {
	line = strings.TrimSpace(line)
	word, rest := line, ""
	if i := strings.IndexAny(line, " \t\v\f;|>"); i >= 0 {
		word, rest = line[:i], strings.TrimSpace(line[i:])
	}
	if !isCommand(word) {
		return false
	}
	if rest == "" {
		return true
	}
	next := rest
	if i := strings.IndexAny(rest, " \t\v\f"); i >= 0 {
		next = rest[:i]
	}
	switch rest[0] {
	case '-':
		return next != "-" || next == rest
	case '/':
		return next != "/" || next == rest
	case '.':
		path := strings.TrimLeft(next, ".")
		dots := len(next) - len(path)
		return dots <= 2 && (path == "" && (dots == 1 || next == rest) || strings.HasPrefix(path, "/"))
	case '~':
		return !strings.HasPrefix(rest, "~=")
	case '>':
		return !strings.HasPrefix(rest, ">=")
	}
	return strings.IndexByte("=<({[]}),:+*%^", rest[0]) < 0 && next != "and" && next != "or"
}
