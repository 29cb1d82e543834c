package edit

import (
	"fmt"
	"slices"

	"cellsh/lua/syntax"
	"cellsh/policy/diag"
)

// Declared finds what a declaration at a place of the source is written with: the expression of its name, and the constructor of its
// table. Both are nil if there is none at that place, and the constructor is if the table is not written as one.
func (s *Source) Declared(at diag.Span) (name syntax.Expr, body *syntax.TableExpr) {
	holds := func(n syntax.Node) bool {
		line, from := s.File.Place(n.Pos())
		_, to := s.File.Place(n.End())
		return line == at.Line && from <= at.Column && at.Column < to
	}
	syntax.Walk(s.File.Main, func(n syntax.Node) bool {
		c, ok := n.(*syntax.CallExpr)
		if !ok || name != nil {
			return true
		}
		inner, args := c, c.Args
		if f, ok := syntax.Unparen(c.Func).(*syntax.CallExpr); ok && len(f.Args) > 0 {
			inner = f // policy "name" { ... }
		} else if len(args) > 1 {
			args = args[1:] // policy("name", { ... })
		} else {
			return true
		}
		if len(args) == 0 || !(holds(inner.Args[0]) || holds(inner.Callee())) {
			return true
		}
		name, body = inner.Args[0], s.Constructor(args[0])
		return true
	})
	return name, body
}

// Constructor is the constructor that an expression is, or that a local variable begins with; nil if it is another expression.
func (s *Source) Constructor(e syntax.Expr) *syntax.TableExpr {
	e = syntax.Unparen(e)
	name, ok := e.(*syntax.NameExpr)
	if !ok || name.Local == nil {
		t, _ := e.(*syntax.TableExpr)
		return t
	}
	var found *syntax.TableExpr
	syntax.Walk(s.File.Main, func(n syntax.Node) bool {
		if l, ok := n.(*syntax.LocalStmt); ok {
			if i := slices.Index(l.Names, name.Local); i >= 0 && i < len(l.Exprs) {
				found, _ = syntax.Unparen(l.Exprs[i]).(*syntax.TableExpr)
			}
		}
		return found == nil
	})
	return found
}

// Field is the field of a constructor with a constant key.
func Field(t *syntax.TableExpr, key string) *syntax.TableField {
	for _, f := range t.Fields {
		if k, ok := f.Key.(*syntax.StringExpr); ok && k.Value == key {
			return f
		}
	}
	return nil
}

// RewritePolicy gives the policy that a source declares at a place another name and other cells: "" and nil leave them as they are. Comments
// and the style of the text stay. The error is a diag.List: what is changed must be written there as strings, and not be calculated.
func RewritePolicy(s *Source, at diag.Span, name string, cells []string) (string, error) {
	file, before := s.File.Name, s.Text()
	old, body := s.Declared(at)
	var problems diag.List
	wrong := func(n syntax.Node, message string) {
		span := at
		if n != nil {
			span = s.File.Span(n)
		}
		problems = append(problems, diag.Diagnostic{Span: span, Code: diag.Failed, Message: message, Hint: "change it by hand"})
	}
	if old == nil {
		wrong(nil, "the policy must be declared here, but is not")
		return "", s.fill(problems)
	}
	if _, ok := syntax.Unparen(old).(*syntax.StringExpr); !ok && name != "" {
		wrong(old, "the name of a policy must be written as a string to be changed, but is calculated")
	}
	var value syntax.Expr
	switch {
	case cells == nil:
	case body == nil:
		wrong(nil, "the policy must be written as a table for its cells to be changed, but is calculated")
	default:
		if f := Field(body, "cells"); f != nil {
			value = f.Value
			if !literal(value) {
				wrong(value, "the cells of a policy must be written there as strings to be changed, but are calculated")
			}
		}
	}
	if problems != nil {
		return "", s.fill(problems)
	}
	if cells != nil {
		s = s.setCells(at, cells)
	}
	if name != "" {
		old, _ := s.Declared(at)
		s = s.with(s.quoted(syntax.Unparen(old), name))
	}
	return InStyle(file, before, s.Text()), nil
}

// fill gives problems their source lines.
func (s *Source) fill(l diag.List) error {
	files := &diag.Files{}
	files.Add(s.File.Name, s.Text())
	return files.Fill(l).Err()
}

// with is the source with edits.
func (s *Source) with(edits ...Edit) *Source { return Read(s.File.Name, Apply(s.Text(), edits)) }

// literal reports whether an expression is a string, or a constructor of a list of strings.
func literal(e syntax.Expr) bool {
	t, ok := e.(*syntax.TableExpr)
	if !ok {
		_, ok := syntax.Unparen(e).(*syntax.StringExpr)
		return ok
	}
	return !slices.ContainsFunc(t.Fields, func(f *syntax.TableField) bool {
		_, ok := syntax.Unparen(f.Value).(*syntax.StringExpr)
		return f.Key != nil || !ok
	})
}

// quoted replaces a string by another, in the same quotes.
func (s *Source) quoted(e syntax.Expr, text string) Edit {
	quote := `"`
	if s.Text()[e.Pos()] == '\'' {
		quote = "'"
	}
	return Replace(e.Pos(), e.End(), quote+text+quote)
}

// setCells writes other cells: those that stay keep their places.
func (s *Source) setCells(at diag.Span, cells []string) *Source {
	_, body := s.Declared(at)
	f := Field(body, "cells")
	if f == nil {
		return s.with(s.AppendTo(body, []string{"cells = " + list(cells)})...)
	}
	if _, is := f.Value.(*syntax.TableExpr); !is {
		e := syntax.Unparen(f.Value)
		if len(cells) == 1 {
			return s.with(s.quoted(e, cells[0]))
		}
		return s.with(Replace(f.Value.Pos(), f.Value.End(), list(cells)))
	}
	now := func() *syntax.TableExpr {
		_, body := s.Declared(at)
		t, _ := Field(body, "cells").Value.(*syntax.TableExpr)
		return t
	}
	text := func(f *syntax.TableField) string {
		x, _ := syntax.Unparen(f.Value).(*syntax.StringExpr)
		return x.Value
	}
	for _, c := range cells {
		if t := now(); !slices.ContainsFunc(t.Fields, func(f *syntax.TableField) bool { return text(f) == c }) {
			s = s.with(s.AppendTo(t, []string{fmt.Sprintf("%q", c)})...)
		}
	}
	for {
		t := now()
		i := slices.IndexFunc(t.Fields, func(f *syntax.TableField) bool { return !slices.Contains(cells, text(f)) })
		if i < 0 {
			return s
		}
		s = s.with(s.Remove(t, t.Fields[i]))
	}
}

// list writes one string, or several as a table.
func list(texts []string) string {
	if len(texts) == 1 {
		return fmt.Sprintf("%q", texts[0])
	}
	out := "{ "
	for i, t := range texts {
		if i > 0 {
			out += ", "
		}
		out += fmt.Sprintf("%q", t)
	}
	return out + " }"
}
