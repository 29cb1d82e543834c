package loader

import (
	"fmt"

	"github.com/yuin/gopher-lua/ast"

	"cellsh/lua/syntax"
	"cellsh/policy/diag"
)

// tree is what the syntax tree of a file tells that running it does not: the lines inside of declarations, and keys
// that are given twice.
type tree struct {
	file string
	// declarations that are written out, in the order of the source.
	declarations []declaration
}

// declaration is policy "name" { ... } or never("title", { ... }).
type declaration struct {
	word, name string
	// first and last are the lines that it takes.
	first, last int
	table       *ast.TableExpr
}

// inspect looks at a tree. Problems go to report.
func inspect(file string, chunk []ast.Stmt, report func(diag.Diagnostic)) *tree {
	t := &tree{file: file}
	syntax.Inspect(chunk, func(node any) {
		switch n := node.(type) {
		case *ast.FuncCallExpr:
			if d, ok := declarationOf(n); ok {
				t.declarations = append(t.declarations, d)
			}
		case *ast.TableExpr:
			duplicateKeys(file, n, report)
		}
	})
	return t
}

func declarationOf(call *ast.FuncCallExpr) (declaration, bool) {
	d := declaration{first: call.Line(), last: max(call.LastLine(), call.Line())}
	name := func(e ast.Expr) bool {
		s, ok := e.(*ast.StringExpr)
		if ok {
			d.name = s.Value
		}
		return ok
	}
	word := func(e ast.Expr) bool {
		id, ok := e.(*ast.IdentExpr)
		if ok && (id.Value == "policy" || id.Value == "never") {
			d.word = id.Value
			return true
		}
		return false
	}
	switch {
	case len(call.Args) == 1:
		// policy "name" { ... }
		inner, ok := call.Func.(*ast.FuncCallExpr)
		if !ok || !word(inner.Func) || len(inner.Args) != 1 || !name(inner.Args[0]) {
			return d, false
		}
		d.first = min(d.first, inner.Line())
		d.table, ok = call.Args[0].(*ast.TableExpr)
		return d, ok
	case len(call.Args) == 2:
		var ok bool
		d.table, ok = call.Args[1].(*ast.TableExpr)
		return d, ok && word(call.Func) && name(call.Args[0])
	}
	return d, false
}

// find gives the declaration of that name that the running line belongs to.
func (t *tree) find(word, name string, line int) *declaration {
	var found *declaration
	for i := range t.declarations {
		d := &t.declarations[i]
		if d.word != word || d.name != name {
			continue
		}
		if d.first <= line && line <= max(d.last, lastLine(d.table)) {
			return d
		}
		if found != nil {
			found = nil
			break
		}
		found = d
	}
	return found
}

// lastLine is the highest line of a table's fields.
func lastLine(t *ast.TableExpr) int {
	line := t.Line()
	for _, f := range t.Fields {
		line = max(line, f.Value.Line(), f.Value.LastLine())
		if inner, ok := f.Value.(*ast.TableExpr); ok {
			line = max(line, lastLine(inner))
		}
	}
	return line
}

// field gives the value of a named key, and its line.
func (d *declaration) field(key string) (ast.Expr, int) {
	if d == nil {
		return nil, 0
	}
	return fieldOf(d.table, key)
}

func fieldOf(t *ast.TableExpr, key string) (ast.Expr, int) {
	for _, f := range t.Fields {
		if k, ok := f.Key.(*ast.StringExpr); ok && k.Value == key {
			line := k.Line()
			if line == 0 {
				line = f.Value.Line()
			}
			return f.Value, line
		}
	}
	return nil, 0
}

// element gives the line of a string in a list, which may also be the string itself; 0 if it is not there.
func element(e ast.Expr, text string) int {
	switch n := e.(type) {
	case *ast.StringExpr:
		if n.Value == text {
			return n.Line()
		}
	case *ast.TableExpr:
		for _, f := range n.Fields {
			if s, ok := f.Value.(*ast.StringExpr); ok && f.Key == nil && s.Value == text {
				return s.Line()
			}
		}
	}
	return 0
}

// duplicateKeys reports keys that a table constructor gives twice: the first value is lost without a word.
func duplicateKeys(file string, t *ast.TableExpr, report func(diag.Diagnostic)) {
	lines := map[string]int{}
	for _, f := range t.Fields {
		var key, token string
		switch k := f.Key.(type) {
		case *ast.StringExpr:
			key, token = "s"+k.Value, k.Value
		case *ast.NumberExpr:
			key, token = "n"+k.Value, k.Value
		default:
			continue
		}
		line := f.Key.Line()
		if line == 0 {
			line = f.Value.Line()
		}
		first, ok := lines[key]
		if !ok {
			lines[key] = line
			continue
		}
		report(diag.Diagnostic{
			Span: diag.Span{File: file, Line: line}, Code: diag.PolicyDuplicate,
			Message: fmt.Sprintf("a key must be given once, but %s is given twice", token),
			Related: []diag.Related{{Span: diag.Span{File: file, Line: first}, Message: "the first is here"}},
		})
	}
}
