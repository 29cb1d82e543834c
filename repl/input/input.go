package input

import (
	"errors"
	"fmt"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"cellsh/lua/syntax"
	"cellsh/policy/diag"
)

// Statement is something to run.
type Statement struct {
	// Text as it was typed, lines separated by \n.
	Text string
	// Words of a command with its name first; nil for Lua.
	Words []string
	// Name of the source in diagnostics, "session[3]"; Chunk is its tree. Values that it returns are for the user.
	Name  string
	Chunk []ast.Stmt
}

// Reader collects lines. It is not safe for concurrent use.
type Reader struct {
	isCommand func(string) bool
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
	_, err := parse(r.name(), text)
	return asList(err, text)
}

// Add takes a line, without its newline, and gives the statements that it completes: one, or none if it is blank or
// more lines are needed. Text of several lines, as it is pasted, is taken line by line, and blank lines in it mean
// nothing. The error is a diag.List and about what follows the statements; the rest of the text is dropped.
//
// A line is a command if its first word is the name of one and a space or the end follows it; unless a string, a
// bracket or an operator of Lua comes next. What could be a flag or a path is none of these: a - before a word, a / at
// the begin of one, and . and .. alone or before a slash.
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
		if IsCommand(line, r.isCommand) {
			words, err := Words(line)
			if err != nil {
				return nil, err
			}
			return []Statement{{Text: line, Words: words}}, nil
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
	chunk, err := parse(r.name(), text)
	var se *syntax.Error
	if errors.As(err, &se) && se.Incomplete {
		return nil, nil
	}
	r.Drop()
	if err != nil {
		return nil, asList(err, text)
	}
	if len(chunk) == 0 {
		return nil, nil
	}
	name := r.name()
	r.statements++
	share(chunk)
	return []Statement{{Text: text, Name: name, Chunk: chunk}}, nil
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

// name of the statement that is being read.
func (r *Reader) name() string { return fmt.Sprintf("session[%d]", r.statements+1) }

// parse reads Lua as an expression, or else as statements. Of two errors that counts which is further in the text.
func parse(name, text string) ([]ast.Stmt, error) {
	if rest, ok := strings.CutPrefix(strings.TrimLeft(text, " \t"), "="); ok {
		return parseExpressions(name, text, len(text)-len(rest))
	}
	chunk, err := parseExpressions(name, text, 0)
	if err == nil {
		return chunk, nil
	}
	if strings.HasPrefix(text, "#") {
		// No length of anything begins a statement, and a file's first line is something else.
		return nil, err
	}
	chunk, statementErr := syntax.Parse(name, text)
	if statementErr == nil {
		return chunk, nil
	}
	var asExpression, asStatement *syntax.Error
	if errors.As(err, &asExpression) && errors.As(statementErr, &asStatement) {
		if asExpression.Incomplete != asStatement.Incomplete {
			if asExpression.Incomplete {
				return nil, err
			}
		} else if further(asExpression.Span, asStatement.Span) {
			return nil, err
		}
	}
	return nil, statementErr
}

func further(a, b diag.Span) bool {
	return a.Line > b.Line || a.Line == b.Line && a.Column > b.Column
}

const returning = "return "

// parseExpressions reads what follows the first bytes of the text as a list of expressions and gives a statement that
// returns them.
func parseExpressions(name, text string, skip int) ([]ast.Stmt, error) {
	chunk, err := syntax.Parse(name, returning+text[skip:])
	shift := skip - len(returning)
	if err == nil {
		if len(chunk) == 1 {
			if ret, ok := chunk[0].(*ast.ReturnStmt); ok && len(ret.Exprs) > 0 {
				return chunk, nil
			}
		}
		err = &syntax.Error{Diagnostic: diag.Diagnostic{Span: diag.Span{File: name, Line: 1}, Code: diag.Syntax, Message: "the source must be an expression, but is none"}}
		shift = 0
	}
	var se *syntax.Error
	if errors.As(err, &se) && se.Line == 1 && se.Column > 0 {
		se.Column += shift
		if se.Column <= skip {
			// It is about the word that is not in the text.
			se.Column, se.Width = 0, 0
			se.Message = "the source must be an expression, but is none"
		}
	}
	return nil, err
}

// share makes globals of the locals of the top level.
func share(chunk []ast.Stmt) {
	for i, s := range chunk {
		local, ok := s.(*ast.LocalAssignStmt)
		if !ok {
			continue
		}
		assign := &ast.AssignStmt{Rhs: local.Exprs}
		assign.SetLine(local.Line())
		assign.SetLastLine(local.LastLine())
		for _, name := range local.Names {
			ident := &ast.IdentExpr{Value: name}
			ident.SetLine(local.Line())
			ident.SetLastLine(local.Line())
			assign.Lhs = append(assign.Lhs, ident)
		}
		if len(assign.Rhs) == 0 {
			none := &ast.NilExpr{}
			none.SetLine(local.Line())
			none.SetLastLine(local.Line())
			assign.Rhs = []ast.Expr{none}
		}
		chunk[i] = assign
	}
}

func asList(err error, text string) error {
	var se *syntax.Error
	if !errors.As(err, &se) {
		return err
	}
	var files diag.Files
	files.Add(se.File, text)
	return files.Fill(diag.List{se.Diagnostic})
}

// IsCommand reports whether a line that begins a statement is a command; see Add.
func IsCommand(line string, isCommand func(word string) bool) bool {
	line = strings.TrimSpace(line)
	word, rest := line, ""
	if i := strings.IndexAny(line, " \t\v\f"); i >= 0 {
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
	}
	return strings.IndexByte("=<>({[]}),:;\"'+*%^", rest[0]) < 0 && next != "and" && next != "or"
}
