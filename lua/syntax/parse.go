package syntax

import (
	"errors"
	"fmt"
	"strings"

	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"

	"cellsh/policy/diag"
)

// The bounds of a source.
const (
	// MaxSource is the size of a file in bytes.
	MaxSource = 1 << 20
	// MaxNesting is how deep brackets and blocks may lie within each other.
	MaxNesting = 200
	// MaxChain is how deep the tree may be where no brackets make it so: operators and else branches that follow
	// each other.
	MaxChain = 20000
)

// Error is a problem of a source.
type Error struct {
	diag.Diagnostic
	// Incomplete says that more text at the end could mend it, so that a session asks for the next line.
	Incomplete bool
}

func problem(code diag.Code, at diag.Span, incomplete bool, hint, form string, args ...any) *Error {
	return &Error{diag.Diagnostic{Span: at, Code: code, Message: fmt.Sprintf(form, args...), Hint: hint}, incomplete}
}

// Parse reads a chunk of Lua. The error is nil or an *Error.
func Parse(name, text string) ([]ast.Stmt, error) {
	if len(text) > MaxSource {
		return nil, problem(diag.SourceSize, diag.Span{File: name}, false, "divide it into several files", "the source must be at most %d bytes, but is %d", MaxSource, len(text))
	}
	if i := strings.IndexByte(text, 0); i >= 0 {
		line := 1 + strings.Count(text[:i], "\n")
		return nil, problem(diag.SourceBinary, diag.Span{File: name, Line: line}, false, "", "the source must be text, but holds a zero byte")
	}
	if err := checkNesting(name, text); err != nil {
		return nil, err
	}
	// The parser takes a first line with # for code.
	src := text
	if strings.HasPrefix(src, "#") {
		src = "--" + src[1:]
	}
	chunk, err := parseProtected(name, src)
	if err != nil {
		return nil, explain(name, text, err)
	}
	if line := tooDeep(chunk); line > 0 {
		return nil, problem(diag.SourceDepth, diag.Span{File: name, Line: line}, false, "use a table and a loop", "operators and branches must follow each other at most %d times, but do more often here", MaxChain)
	}
	return chunk, nil
}

// parseProtected turns a panic of the parser into an error: it has known ones for odd numbers and labels.
func parseProtected(name, src string) (chunk []ast.Stmt, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the parser can't read this: %v", r)
		}
	}()
	return parse.Parse(strings.NewReader(src), name)
}

// checkNesting counts brackets and blocks, which is all that makes the tree deep before it is parsed.
func checkNesting(name, text string) error {
	depth := 0
	for t := range tokens(text) {
		switch {
		case t.Kind == Operator && strings.Contains("({[", t.Text), t.Kind == Keyword && (t.Text == "function" || t.Text == "do" || t.Text == "if" || t.Text == "repeat"):
			depth++
			if depth > MaxNesting {
				return problem(diag.SourceDepth, diag.Span{File: name, Line: t.Line, Column: t.Column, Width: len(t.Text)}, false,
					"give inner parts names of their own", "brackets and blocks must lie at most %d deep, but lie deeper here", MaxNesting)
			}
		case t.Kind == Operator && strings.Contains(")}]", t.Text), t.Kind == Keyword && (t.Text == "end" || t.Text == "until"):
			depth--
		}
	}
	return nil
}

// explain turns an error of the parser into a diagnostic.
func explain(name, text string, err error) *Error {
	var pe *parse.Error
	if !errors.As(err, &pe) {
		return problem(diag.Syntax, diag.Span{File: name}, false, "", "%s", err)
	}
	tokens := Scan(text)
	var last *Token
	for i := range tokens {
		if tokens[i].Kind != Comment {
			last = &tokens[i]
		}
	}
	if pe.Pos.Line == parse.EOF {
		at := diag.Span{File: name, Line: 1 + strings.Count(text, "\n")}
		if last == nil {
			return problem(diag.Syntax, at, true, "", "the source ends too early")
		}
		at = diag.Span{File: name, Line: last.Line, Column: last.Column, Width: firstLine(last.Text)}
		if last.Kind == Broken {
			return problem(diag.Syntax, at, strings.HasPrefix(last.Text, "[") || strings.HasPrefix(last.Text, "--["), "", "%s must end, but the source ends before", describe(last))
		}
		return problem(diag.Syntax, at, true, opened(tokens), "the source must go on after %s, but ends", describe(last))
	}
	at := diag.Span{File: name, Line: pe.Pos.Line}
	for i := range tokens {
		if t := &tokens[i]; t.Kind == Broken && len(t.Text) > 1 && t.Line <= pe.Pos.Line {
			at := diag.Span{File: name, Line: t.Line, Column: t.Column, Width: firstLine(t.Text)}
			return problem(diag.Syntax, at, false, "", "%s must end on its line, but does not", describe(t))
		}
	}
	// The parser counts columns from 0 at odd places; trust only the token itself, the nearest of its like.
	nearest := -1
	for i := range tokens {
		t := &tokens[i]
		far := abs(t.Column - pe.Pos.Column)
		if t.Line == pe.Pos.Line && t.Kind != Comment && (t.Text == pe.Token || strings.HasPrefix(t.Text, "\"") && strings.Contains(t.Text, pe.Token) && pe.Token != "") && far <= len(t.Text)+1 && (nearest < 0 || far < nearest) {
			at.Column, at.Width, nearest = t.Column, firstLine(t.Text), far
		}
	}
	if pe.Token == "" {
		return problem(diag.Syntax, at, false, "", "the source must be Lua, but can't be read here: %s", pe.Message)
	}
	hint := ""
	switch pe.Token {
	case "=":
		hint = "compare with == ; = assigns, and only a statement does"
	case "!":
		hint = "Lua writes ~= for unequal and not for negation"
	case "\xef":
		if strings.HasPrefix(text, "\ufeff") {
			hint = "save the file without a byte order mark"
		}
	case "else", "elseif", "end", "until":
		hint = opened(tokens)
	}
	return problem(diag.Syntax, at, false, hint, "the source must be Lua, but %q can't stand here", pe.Token)
}

// opened says which block or bracket is still open, for the hint of a source that ends too early.
func opened(tokens []Token) string {
	var stack []Token
	for _, t := range tokens {
		switch {
		case t.Kind == Operator && strings.Contains("({[", t.Text), t.Kind == Keyword && (t.Text == "function" || t.Text == "do" || t.Text == "if" || t.Text == "repeat"):
			stack = append(stack, t)
		case t.Kind == Operator && strings.Contains(")}]", t.Text), t.Kind == Keyword && (t.Text == "end" || t.Text == "until"):
			if len(stack) > 0 {
				stack = stack[:len(stack)-1]
			}
		}
	}
	if len(stack) == 0 {
		return ""
	}
	t := stack[len(stack)-1]
	return fmt.Sprintf("the %q of line %d is not closed", t.Text, t.Line)
}

func describe(t *Token) string {
	switch {
	case t.Kind == Broken && (t.Text[0] == '"' || t.Text[0] == '\'' || t.Text[0] == '['):
		return "the string"
	case t.Kind == Broken && t.Text[0] == '-':
		return "the comment"
	case len(t.Text) > 20:
		return fmt.Sprintf("%q", t.Text[:20]+"...")
	}
	return fmt.Sprintf("%q", t.Text)
}

func firstLine(s string) int {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		return i
	}
	return len(s)
}

func abs(n int) int { return max(n, -n) }
