package written

import (
	"cellsh/lua/syntax"
	"cellsh/lua/value"
	"cellsh/policy/diag"
)

// Site is where a word is called.
type Site struct {
	// File that the call stands in; nil where that is not known.
	File *syntax.File
	// Call is the call as it is written; nil where it is made without one, as a metamethod is.
	Call *syntax.CallExpr
}

// Place is the place of what is called: that of the word, where it is called by its name.
func (s Site) Place() diag.Span {
	switch {
	case s.File == nil:
		return diag.Span{}
	case s.Call == nil:
		return diag.Span{File: s.File.Name}
	case s.Call.Method != nil:
		return s.File.Span(s.Call.Method)
	}
	e := s.Call.Func
	if s.protected() && len(s.Call.Args) > 0 {
		e = s.Call.Args[0]
	}
	for {
		e = syntax.Unparen(e)
		call, ok := e.(*syntax.CallExpr)
		if !ok {
			return s.File.Span(e)
		}
		// The first part of policy "name" { ... }.
		e = call.Func
	}
}

// protected is whether the call is one of pcall, which calls the word.
func (s Site) protected() bool {
	if s.Call == nil {
		return false
	}
	name, ok := s.Call.Func.(*syntax.NameExpr)
	return ok && name.Local == nil && name.Name == "pcall"
}

// Arg is an argument of the word as it is written, nil where there are not so many.
func (s Site) Arg(i int) syntax.Expr {
	if s.protected() {
		i++
	}
	if s.Call == nil || i >= len(s.Call.Args) {
		return nil
	}
	return syntax.Unparen(s.Call.Args[i])
}

// Text is the place of a string: what it says, without quotes, where that stands in the source as it is.
func Text(f *syntax.File, e syntax.Expr) diag.Span {
	s, ok := e.(*syntax.StringExpr)
	if ok && s.Value != "" && s.End()-s.Pos() == len(s.Value)+2 && f.Text[s.Pos()+1:s.End()-1] == s.Value {
		return f.SpanOf(s.Pos()+1, s.End()-1)
	}
	return f.Span(e)
}

// Literal is a table as it is written. The zero Literal is one that is not.
type Literal struct {
	file  *syntax.File
	table *syntax.TableExpr
	// fields by their constant keys, made when there are too many to be gone through.
	fields map[value.Value]*syntax.TableField
}

// LiteralOf is the Literal of an expression, the zero one if that is no constructor.
func LiteralOf(f *syntax.File, e syntax.Expr) *Literal {
	t, _ := syntax.Unparen(e).(*syntax.TableExpr)
	return &Literal{file: f, table: t}
}

// fewFields are gone through for each key that is looked for.
const fewFields = 8

// field is the field of a key, the last where there are several. It is nil where none is written, or its key is not.
func (l *Literal) field(k value.Value) *syntax.TableField {
	if l.table == nil {
		return nil
	}
	if l.fields == nil && len(l.table.Fields) > fewFields {
		l.fields = map[value.Value]*syntax.TableField{}
		for key, f := range constantKeys(l.table) {
			l.fields[key] = f
		}
	}
	if l.fields != nil {
		return l.fields[k]
	}
	var found *syntax.TableField
	for key, f := range constantKeys(l.table) {
		if key == k {
			found = f
		}
	}
	return found
}

// Value is what is written for a key, nil where nothing is.
func (l *Literal) Value(key string) syntax.Expr {
	if f := l.field(value.String(key)); f != nil {
		return syntax.Unparen(f.Value)
	}
	return nil
}

// Key is the place of a key; without one it is that of the value, and otherwise that of the whole declaration.
func (l *Literal) Key(k value.Value, whole diag.Span) diag.Span {
	f := l.field(k)
	switch {
	case f == nil && l.table != nil:
		if n, ok := k.(value.Number); ok && n >= 1 {
			return l.open(whole)
		}
		return whole
	case f == nil:
		return whole
	case f.Key == nil:
		return Text(l.file, f.Value)
	}
	return Text(l.file, f.Key)
}

// open is the place of elements that no field is written for: that of the call, or of the "...", which ends the list.
func (l *Literal) open(whole diag.Span) diag.Span {
	if n := len(l.table.Fields); n > 0 {
		if last := l.table.Fields[n-1]; last.Key == nil && syntax.Multiple(last.Value) {
			return l.file.Span(last.Value)
		}
	}
	return whole
}

// Element is the place of the value of a key; where none is written it is that of the whole list.
func (l *Literal) Element(k value.Value, whole diag.Span) diag.Span {
	if l.table == nil {
		return whole
	}
	if f := l.field(k); f != nil {
		return Text(l.file, f.Value)
	}
	return l.open(whole)
}

// constantKeys are the fields whose keys can be read off: strings, numbers, booleans, and the places of values without
// a key.
func constantKeys(t *syntax.TableExpr) func(yield func(value.Value, *syntax.TableField) bool) {
	return func(yield func(value.Value, *syntax.TableField) bool) {
		index := 0
		for _, f := range t.Fields {
			var key value.Value
			if f.Key == nil {
				index++
				key = value.Number(index)
			} else if key = constant(f.Key); key == nil {
				continue
			}
			if !yield(key, f) {
				return
			}
		}
	}
}

// constant is the value of an expression that can be a key and needs no running, nil for others.
func constant(e syntax.Expr) value.Value {
	switch k := syntax.Unparen(e).(type) {
	case *syntax.StringExpr:
		return value.String(k.Value)
	case *syntax.NumberExpr:
		return value.Number(k.Value)
	case *syntax.TrueExpr:
		return value.Bool(true)
	case *syntax.FalseExpr:
		return value.Bool(false)
	case *syntax.UnaryExpr:
		if n, ok := syntax.Unparen(k.Operand).(*syntax.NumberExpr); ok && k.Op == syntax.Neg {
			return value.Number(-n.Value)
		}
	}
	return nil
}

// Called is the global function that a call is of, "" for what is no such call: where that is nil, its name says what was meant.
func Called(n syntax.Node) string {
	if call, ok := n.(*syntax.CallExpr); ok && call.Method == nil {
		if name, ok := syntax.Unparen(call.Func).(*syntax.NameExpr); ok && name.Local == nil {
			return name.Name
		}
	}
	return ""
}
