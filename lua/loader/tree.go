package loader

import (
	"fmt"
	"strconv"

	"github.com/yuin/gopher-lua/ast"

	"cellsh/lua/syntax"
	"cellsh/policy/diag"
)

// tree is what the syntax tree of a file tells that running it does not: the lines inside of declarations, and keys
// that are given twice.
type tree struct {
	// declarations that are written out, by word and name, each in the order of the source.
	declarations map[title][]*declaration
}

// title is what a declaration begins with.
type title struct{ word, name string }

// declaration is policy "name" { ... } or never("title", { ... }).
type declaration struct {
	title
	// first and last are the lines that it takes.
	first, last int
	table       *ast.TableExpr
}

// inspect looks at a tree. Problems go to report, at the places that find gives.
func inspect(file string, chunk []ast.Stmt, find func(file string, line int, token string) diag.Span, report func(diag.Diagnostic)) *tree {
	t := &tree{declarations: map[title][]*declaration{}}
	syntax.Inspect(chunk, func(node any) {
		switch n := node.(type) {
		case *ast.FuncCallExpr:
			if d, ok := declarationOf(n); ok {
				t.declarations[d.title] = append(t.declarations[d.title], d)
			}
		case *ast.TableExpr:
			duplicateKeys(file, n, find, report)
		}
	})
	return t
}

func declarationOf(call *ast.FuncCallExpr) (*declaration, bool) {
	d := &declaration{first: call.Line(), last: max(call.LastLine(), call.Line())}
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
	list := t.declarations[title{word, name}]
	for _, d := range list {
		if d.first <= line && line <= max(d.last, lastLine(d.table)) {
			return d
		}
	}
	if len(list) == 1 {
		return list[0]
	}
	return nil
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

// tree is the table as it is written, nil if it is not.
func (d *declaration) tree() *ast.TableExpr {
	if d == nil {
		return nil
	}
	return d.table
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
			return f.Value, fieldLine(f)
		}
	}
	return nil, 0
}

// fieldLine is the line of a field: that of its key, or of its value if the key has none.
func fieldLine(f *ast.Field) int {
	if f.Key != nil && f.Key.Line() > 0 {
		return f.Key.Line()
	}
	return f.Value.Line()
}

// elementLines gives the lines of the strings in a list, which may also be one string itself. A string that is there
// more than once has several.
func elementLines(e ast.Expr) map[string][]int {
	lines := map[string][]int{}
	switch n := e.(type) {
	case *ast.StringExpr:
		lines[n.Value] = []int{n.Line()}
	case *ast.TableExpr:
		for _, f := range n.Fields {
			if s, ok := f.Value.(*ast.StringExpr); ok && f.Key == nil {
				lines[s.Value] = append(lines[s.Value], s.Line())
			}
		}
	}
	return lines
}

// duplicateKeys reports keys that a table constructor gives twice: one of the values is lost without a word. A value
// without a key has the next number.
func duplicateKeys(file string, t *ast.TableExpr, find func(file string, line int, token string) diag.Span, report func(diag.Diagnostic)) {
	type place struct {
		line  int
		token string
	}
	span := func(p place) diag.Span {
		if p.token == "" {
			return diag.Span{File: file, Line: p.line}
		}
		return find(file, p.line, p.token)
	}
	seen := map[any]place{}
	index := 0
	for _, f := range t.Fields {
		var key any
		at := place{line: fieldLine(f)}
		switch k := f.Key.(type) {
		case nil:
			index++
			key = float64(index)
		case *ast.StringExpr:
			key, at.token = k.Value, k.Value
		case *ast.NumberExpr:
			n, ok := number(k.Value)
			if !ok {
				continue
			}
			key, at.token = n, k.Value
		default:
			continue
		}
		first, twice := seen[key]
		if !twice {
			seen[key] = at
			continue
		}
		report(diag.Diagnostic{
			Span: span(at), Code: diag.PolicyDuplicate,
			Message: fmt.Sprintf("a key must be given once, but %s is given twice", short(fmt.Sprint(key))),
			Related: []diag.Related{{Span: span(first), Message: "the first is here"}},
		})
	}
}

// number is the value of a literal.
func number(literal string) (float64, bool) {
	if n, err := strconv.ParseFloat(literal, 64); err == nil {
		return n, true
	}
	// Lua's hexadecimal numbers have no exponent, which is what Go misses in them.
	n, err := strconv.ParseUint(literal, 0, 64)
	return float64(n), err == nil
}
