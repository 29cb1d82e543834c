package written

import (
	"cellsh/lua/syntax"
	"cellsh/lua/value"
	"cellsh/policy/diag"
)

// Word is a function that declares: it takes a text, and a table with it or after it.
type Word struct {
	Name string
	// Title is what the text is, and Form how a declaration is written.
	Title, Form string
	// Take declares what is in the table.
	Take func(d *Declaration, t *value.Table)
}

// Declaration is one that is being made. Its Reader reads its table.
type Declaration struct {
	Reader
	// Name is the text that it has.
	Name string
	// Title is the place of the text.
	Title diag.Span
	word  *Word
	// named is false if the text is none.
	named bool
}

// Calls are the calls of words. They are not safe for concurrent use.
type Calls struct {
	// Reader is what readers of declarations have but for their places.
	Reader Reader
	// begun are the declarations of the running file that have a name and no table yet; nil outside of files.
	begun map[*Declaration]bool
}

// Begin says that a file is run from now on: that each declaration has its table is looked at in the end.
func (c *Calls) Begin() { c.begun = map[*Declaration]bool{} }

// End says that the file has ended, and whether by itself. Without an error the declarations that it began and did not
// finish are problems.
func (c *Calls) End(failed bool) {
	if !failed {
		for d := range c.begun {
			d.Wrong(d.Whole, "write: "+d.word.Form, "what a %s declares must be a table, but is missing", d.word.Name)
		}
	}
	c.begun = nil
}

// Call is a call of a word. It gives what the word gives: a function that takes the table, or nil if the table was
// among the arguments.
func (c *Calls) Call(word *Word, args []value.Value, at Site) func(args []value.Value, at Site) {
	c.Reader.Findings.Know(at.File)
	first := argument(args, 0)
	name, named := first.(value.String)
	d := &Declaration{Reader: c.Reader, word: word, Name: string(name), named: named}
	d.Whole, d.Written = at.Place(), &Literal{}
	d.Title = d.Whole
	if written, ok := at.Arg(0).(*syntax.StringExpr); ok && named && written.Value == d.Name {
		d.Title = Text(at.File, written)
	}
	if !named {
		d.Wrong(d.Whole, "write: "+word.Form, "the %s of a %s must be a string, but is %s", word.Title, word.Name, Describe(first))
	}
	if len(args) > 1 {
		d.take(args[1], at, 1)
		return nil
	}
	if c.begun != nil && named {
		c.begun[d] = true
	}
	return func(args []value.Value, at Site) {
		delete(c.begun, d)
		c.Reader.Findings.Know(at.File)
		second := *d
		if at.File != nil {
			second.Whole = at.Place()
		}
		second.take(argument(args, 0), at, 0)
	}
}

func argument(args []value.Value, i int) value.Value {
	if i < len(args) {
		return args[i]
	}
	return value.Nil{}
}

// take makes the declaration of a value, which is an argument of the call.
func (d *Declaration) take(v value.Value, at Site, index int) {
	t, ok := v.(*value.Table)
	switch {
	case !ok:
		d.Wrong(d.Whole, "write: "+d.word.Form, "what a %s declares must be a table, but is %s", d.word.Name, Describe(v))
		return
	case !d.named:
		return
	}
	if written := at.Arg(index); written != nil {
		d.Written = LiteralOf(at.File, written)
	}
	d.word.Take(d, t)
}
