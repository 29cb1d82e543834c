package written

import (
	"fmt"
	"slices"
	"strings"

	"cellsh/lua/syntax"
	"cellsh/lua/value"
	"cellsh/policy/diag"
)

// Reader reads one table of a declaration, and reports what is wrong with it. It may be copied.
type Reader struct {
	// Findings get what is wrong.
	Findings *Findings
	// Codes of what is found.
	Codes Codes
	// Whole is the place of the declaration, for what has no other; Written is the table as it is written.
	Whole   diag.Span
	Written *Literal
	// Names are globals of the files, which misspelt ones may mean.
	Names []string
	// Meant says what somebody means by a key that there is not, as a hint, "" if nothing is known of it; nil knows nothing.
	Meant func(key string) string
}

// Codes are the codes under which readers report.
type Codes struct {
	// Value of the wrong kind, a Key that does not exist, and Limit for too much of something.
	Value, Key, Limit diag.Code
}

// Wrong reports a value that is wrong.
func (r *Reader) Wrong(at diag.Span, hint, form string, args ...any) {
	r.Problem(r.Codes.Value, at, hint, form, args...)
}

// Problem reports an error under a code.
func (r *Reader) Problem(code diag.Code, at diag.Span, hint, form string, args ...any) {
	r.Note(diag.Error, code, at, hint, form, args...)
}

// Note reports something of any severity.
func (r *Reader) Note(s diag.Severity, code diag.Code, at diag.Span, hint, form string, args ...any) {
	r.Findings.Report(diag.Diagnostic{Span: at, Severity: s, Code: code, Message: fmt.Sprintf(form, args...), Hint: hint})
}

// Below reads the table that is the value of a key.
func (r *Reader) Below(key string) *Reader {
	in := *r
	in.Written, in.Whole = LiteralOf(r.Written.file, r.Written.Value(key)), r.Key(key)
	return &in
}

// Key is the place of a key of the declaration.
func (r *Reader) Key(name string) diag.Span { return r.Written.Key(value.String(name), r.Whole) }

// TooLong reports a table with more elements than a declaration can have, or than all together can.
func (r *Reader) TooLong(t *value.Table, at diag.Span, what string) bool {
	n := 0
	for range t.Pairs {
		if n++; n > MaxElements {
			r.Problem(r.Codes.Limit, at, "", "%s must have at most %d elements, but has more", what, MaxElements)
			return true
		}
	}
	before := r.Findings.elements
	if r.Findings.elements += n; r.Findings.elements <= maxAllElements {
		return false
	}
	if before <= maxAllElements {
		r.Problem(r.Codes.Limit, at, "tables and functions can say the same with fewer", "the declarations of a load must have at most %d elements, but have more", maxAllElements)
	}
	return true
}

// EachKey reports keys that a table must not have. The hint is for values without a key.
func (r *Reader) EachKey(t *value.Table, known []string, what, hint string) {
	r.Plain(t, r.Whole, what)
	for k, v := range t.Pairs {
		at := r.Written.Key(k, r.Whole)
		name, ok := k.(value.String)
		if !ok {
			r.Problem(r.Codes.Key, at, hint, "a key of %s must be a name, but is %s, which stands for %s", what, Describe(k), Describe(v))
			continue
		}
		if slices.Contains(known, string(name)) {
			continue
		}
		hint := ""
		if r.Meant != nil {
			hint = r.Meant(string(name))
		}
		if hint == "" {
			hint = diag.DidYouMean(string(name), known)
		}
		if hint == "" {
			hint = "the keys are " + strings.Join(known, ", ")
		}
		r.Problem(r.Codes.Key, at, hint, "a key of %s must be a known one, but is %s", what, Describe(k))
	}
}

// Plain reports a table with a metatable: what that would give is not looked at.
func (r *Reader) Plain(t *value.Table, at diag.Span, what string) {
	if t.Meta != nil {
		r.Wrong(at, "copy what is inherited into the table", "the table of %s must hold its values itself, but has a metatable", what)
	}
}

// Unset reports values that are written down as something else than nil and are nil: Lua drops them without a word,
// and a misspelt name must not take anything away.
func (r *Reader) Unset(l *Literal, t *value.Table) {
	if l.table == nil {
		return
	}
	index := 0
	for i, f := range l.table.Fields {
		if f.Key == nil {
			index++
			// A call at the end may give several values, or none.
			if t.At(index) == (value.Nil{}) && !(syntax.Multiple(f.Value) && i == len(l.table.Fields)-1) && !meansNil(f.Value) {
				name, hint := r.writtenAs(l.file, f.Value)
				r.Wrong(l.file.Span(f.Value), hint, "element %d must have a value, but %s is nil", index, name)
			}
			continue
		}
		if key, ok := syntax.Unparen(f.Key).(*syntax.StringExpr); ok && t.Field(key.Value) == (value.Nil{}) && !meansNil(f.Value) {
			name, hint := r.writtenAs(l.file, f.Value)
			r.Wrong(Text(l.file, key), hint, "%s must have a value, but %s is nil", diag.Short(key.Value), name)
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
func (r *Reader) writtenAs(f *syntax.File, e syntax.Expr) (name, hint string) {
	if name = nameOf(e); name != "" {
		if hint := diag.DidYouMean(name, r.Names); hint != "" {
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

// Element is a string of a list, and where it stands.
type Element struct {
	Text string
	At   diag.Span
}

// Strings gives a list of strings, or the string that stands for a list of one; nil where there is none.
func (r *Reader) Strings(t *value.Table, key, what string) []Element {
	v := t.Field(key)
	at := r.Key(key)
	expr := r.Written.Value(key)
	switch x := v.(type) {
	case value.Nil:
		return nil
	case value.String:
		if expr != nil {
			at = Text(r.Written.file, expr)
		}
		return []Element{{string(x), at}}
	case *value.Table:
		return r.list(x, LiteralOf(r.Written.file, expr), key, what)
	}
	r.Wrong(at, "", "%s must be a list of %s, but is %s", key, what, Describe(v))
	return nil
}

func (r *Reader) list(t *value.Table, written *Literal, key, what string) []Element {
	at := r.Key(key)
	whole := at
	if expr := r.Written.Value(key); expr != nil {
		whole = r.Written.file.Span(expr)
	}
	r.Plain(t, at, key)
	if r.TooLong(t, at, key) {
		return nil
	}
	before := r.Findings.Number()
	r.Unset(written, t)
	unset := r.Findings.Number() > before
	list := []Element{}
	var indices []int
	for k := range t.Pairs {
		if n, ok := k.(value.Number); ok && n >= 1 && n < value.MaxArray && n == value.Number(int(n)) {
			indices = append(indices, int(n))
		} else {
			r.Wrong(written.Key(k, at), "", "%s must be a list of %s, but has the key %s", key, what, Describe(k))
		}
	}
	slices.Sort(indices)
	last := 0
	for _, i := range indices {
		switch {
		case unset:
		case i == last+2:
			r.Wrong(written.Element(value.Number(i-1), at), "", "%s must be a list of %s, but element %d is nil", key, what, i-1)
		case i > last+2:
			r.Wrong(written.Element(value.Number(last+1), at), "", "%s must be a list of %s, but elements %d to %d are nil", key, what, last+1, i-1)
		}
		last = i
		if s, ok := t.At(i).(value.String); ok {
			list = append(list, Element{string(s), written.Element(value.Number(i), whole)})
		} else {
			r.Wrong(written.Element(value.Number(i), at), "", "%s must be a list of %s, but element %d is %s", key, what, i, Describe(t.At(i)))
		}
	}
	return list
}
