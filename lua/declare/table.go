package declare

import (
	"slices"
	"strings"

	"cellsh/lua/syntax"
	"cellsh/lua/value"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
)

// key is the place of a key of the declaration.
func (c *context) key(name string) diag.Span { return c.written.key(value.String(name), c.whole) }

// tooLong reports a table with more elements than a declaration can have, or than all together can.
func (c *context) tooLong(t *value.Table, at diag.Span, what string) bool {
	n := 0
	for range t.Pairs {
		if n++; n > MaxElements {
			c.problem(diag.PolicyLimit, at, "", "%s must have at most %d elements, but has more", what, MaxElements)
			return true
		}
	}
	before := c.d.elements
	if c.d.elements += n; c.d.elements <= maxAllElements {
		return false
	}
	if before <= maxAllElements {
		c.problem(diag.PolicyLimit, at, "tables and functions can say the same with fewer", "the declarations of a load must have at most %d elements, but have more", maxAllElements)
	}
	return true
}

// eachKey reports keys that a table must not have. The hint is for values without a key.
func (c *context) eachKey(t *value.Table, known []string, what, hint string) {
	c.plain(t, c.whole, what)
	for k, v := range t.Pairs {
		at := c.written.key(k, c.whole)
		name, ok := k.(value.String)
		if !ok {
			c.problem(diag.PolicyKey, at, hint, "a key of %s must be a name, but is %s, which stands for %s", what, describe(k), describe(v))
			continue
		}
		if slices.Contains(known, string(name)) {
			continue
		}
		hint := diag.DidYouMean(string(name), known)
		if hint == "" {
			hint = "the keys are " + strings.Join(known, ", ")
		}
		c.problem(diag.PolicyKey, at, hint, "a key of %s must be a known one, but is %s", what, describe(k))
	}
}

// plain reports a table with a metatable: what that would give is not looked at.
func (c *context) plain(t *value.Table, at diag.Span, what string) {
	if t.Meta != nil {
		c.wrong(at, "copy what is inherited into the table", "the table of %s must hold its values itself, but has a metatable", what)
	}
}

// unset reports values that are written down as something else than nil and are nil: Lua drops them without a word,
// and a misspelt name must not take a rule away.
func (c *context) unset(l *literal, t *value.Table) {
	if l.table == nil {
		return
	}
	index := 0
	for i, f := range l.table.Fields {
		if f.Key == nil {
			index++
			// A call at the end may give several values, or none.
			if t.At(index) == (value.Nil{}) && !(syntax.Multiple(f.Value) && i == len(l.table.Fields)-1) && !meansNil(f.Value) {
				name, hint := writtenAs(l.file, f.Value)
				c.wrong(l.file.Span(f.Value), hint, "element %d must have a value, but %s is nil", index, name)
			}
			continue
		}
		if key, ok := syntax.Unparen(f.Key).(*syntax.StringExpr); ok && t.Field(key.Value) == (value.Nil{}) && !meansNil(f.Value) {
			name, hint := writtenAs(l.file, f.Value)
			c.wrong(text(l.file, key), hint, "%s must have a value, but %s is nil", diag.Short(key.Value), name)
		}
	}
}

// meansNil is whether an expression says itself that it may be nil: nil, or one that ends in "or nil".
func meansNil(e syntax.Expr) bool {
	switch n := syntax.Unparen(e).(type) {
	case *syntax.NilExpr:
		return true
	case *syntax.BinaryExpr:
		return n.Op == syntax.Or && meansNil(n.Right)
	}
	return false
}

// writtenAs is an expression for a message, and what to do if its value is nil.
func writtenAs(f *syntax.File, e syntax.Expr) (name, hint string) {
	if name = nameOf(e); name != "" {
		if hint := diag.DidYouMean(name, []string{"allow", "deny", "grant", "unlimited"}); hint != "" {
			return diag.Short(name), hint
		}
		return diag.Short(name), "to leave it out write: nil"
	}
	name, _, more := strings.Cut(f.Text[e.Pos():e.End()], "\n")
	if more {
		name += " ..."
	}
	return diag.Short(name), "to leave it out where it is nil write: or nil"
}

// nameOf says how a variable, a field or a call is written, "" for other expressions.
func nameOf(e syntax.Expr) string {
	switch n := syntax.Unparen(e).(type) {
	case *syntax.NameExpr:
		return n.Name
	case *syntax.IndexExpr:
		if key, ok := n.Key.(*syntax.StringExpr); ok {
			if object := nameOf(n.Object); object != "" {
				return object + "." + key.Value
			}
		}
	case *syntax.CallExpr:
		if n.Method == nil {
			if f := nameOf(n.Func); f != "" {
				return f + "()"
			}
		}
	}
	return ""
}

// element is a string of a list, and where it stands.
type element struct {
	text string
	at   diag.Span
}

// strings gives a list of strings, or the string that stands for a list of one; nil where there is none.
func (c *context) strings(t *value.Table, key, what string) []element {
	v := t.Field(key)
	at := c.key(key)
	expr := c.written.value(key)
	switch x := v.(type) {
	case value.Nil:
		return nil
	case value.String:
		if expr != nil {
			at = text(c.written.file, expr)
		}
		return []element{{string(x), at}}
	case *value.Table:
		return c.list(x, literalOf(c.written.file, expr), key, what)
	}
	c.wrong(at, "", "%s must be a list of %s, but is %s", key, what, describe(v))
	return nil
}

func (c *context) list(t *value.Table, written *literal, key, what string) []element {
	at := c.key(key)
	whole := at
	if expr := c.written.value(key); expr != nil {
		whole = c.written.file.Span(expr)
	}
	c.plain(t, at, key)
	if c.tooLong(t, at, key) {
		return nil
	}
	before := c.d.found()
	c.unset(written, t)
	unset := c.d.found() > before
	list := []element{}
	var indices []int
	for k := range t.Pairs {
		if n, ok := k.(value.Number); ok && n >= 1 && n < value.MaxArray && n == value.Number(int(n)) {
			indices = append(indices, int(n))
		} else {
			c.wrong(written.key(k, at), "", "%s must be a list of %s, but has the key %s", key, what, describe(k))
		}
	}
	slices.Sort(indices)
	last := 0
	for _, i := range indices {
		switch {
		case unset:
		case i == last+2:
			c.wrong(written.element(i-1, at), "", "%s must be a list of %s, but element %d is nil", key, what, i-1)
		case i > last+2:
			c.wrong(written.element(last+1, at), "", "%s must be a list of %s, but elements %d to %d are nil", key, what, last+1, i-1)
		}
		last = i
		if s, ok := t.At(i).(value.String); ok {
			list = append(list, element{string(s), written.element(i, whole)})
		} else {
			c.wrong(written.element(i, at), "", "%s must be a list of %s, but element %d is %s", key, what, i, describe(t.At(i)))
		}
	}
	return list
}

// found is how many problems were found so far.
func (d *Declarations) found() int { return len(d.problems) + d.unreported.number }

// cells reads the globs of a declaration; nil means every cell.
func (c *context) cells(t *value.Table) []rules.Glob {
	before := c.d.found()
	list := c.strings(t, "cells", "globs")
	if list == nil {
		return nil
	}
	if len(list) == 0 && c.d.found() == before {
		c.wrong(c.key("cells"), "leave it out for every cell", "cells must name at least one cell, but is empty")
	}
	globs := []rules.Glob{}
	for _, e := range list {
		s := e.text
		bad := strings.IndexFunc(s, func(r rune) bool {
			return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("._-*", r))
		})
		switch {
		case s == "":
			c.wrong(e.at, "", "a glob must not be empty, but is")
		case len(s) > 256:
			c.wrong(e.at, "", "a glob must have at most 256 characters, but has %d", len(s))
		case bad >= 0:
			hint := ""
			if strings.ContainsAny(s, "?[]{}") {
				hint = "only * is special"
			}
			c.wrong(e.at, hint, "a glob must consist of A-Z a-z 0-9 . _ - and *, but has the character %s", policy.FirstCharacter(s[bad:]))
		default:
			globs = append(globs, rules.Glob{Pattern: s, Span: e.at})
		}
	}
	return globs
}
