package syntax

import (
	"slices"
	"sort"
	"strings"

	"cellsh/policy/diag"
)

// File is a source that was read: its tokens, its tree, and what is wrong with it. A file with problems has a tree all
// the same, of what could be understood.
type File struct {
	// Name as diagnostics give it, and the whole text.
	Name, Text string
	// Tokens are all of the text, comments included.
	Tokens []Token
	// Main is the file as a function without parameters and with varargs.
	Main *FunctionExpr
	// Problems are all that is wrong, in the order of their places.
	Problems diag.List
	// Incomplete says that more text behind the end could mend what is wrong: a session reads on.
	Incomplete bool
	// lines has the offset at which each line begins.
	lines []int
}

// Place is where an offset of the text is: the line, and the column in bytes, both from 1.
func (f *File) Place(offset int) (line, column int) {
	i := sort.Search(len(f.lines), func(i int) bool { return f.lines[i] > offset })
	if i == 0 {
		return 1, offset + 1
	}
	return i, offset - f.lines[i-1] + 1
}

// Line is the text of a line, from 1, without what ends it; "" where there is none.
func (f *File) Line(line int) string {
	if line < 1 || line > len(f.lines) {
		return ""
	}
	to := len(f.Text)
	if line < len(f.lines) {
		to = f.lines[line]
	}
	return strings.TrimRight(f.Text[f.lines[line-1]:to], "\r\n")
}

// Span is the place of a node for a diagnostic: from its begin to its end, or to the end of its first line.
func (f *File) Span(n Node) diag.Span { return f.SpanOf(n.Pos(), n.End()) }

// SpanOf is Span for a piece of the text.
func (f *File) SpanOf(from, to int) diag.Span {
	line, column := f.Place(from)
	if to > from+1 && line < len(f.lines) {
		to = min(to, f.lines[line-1]+len(f.Line(line)))
	}
	return diag.Span{File: f.Name, Line: line, Column: column, Width: max(to-from, 1)}
}

// Node is a piece of the tree.
type Node interface {
	// Pos is the offset of the node's first byte in the text, End that behind its last.
	Pos() int
	End() int
}

// extent is where a node stands: in 32 bits, because sources are small and trees are large.
type extent struct{ from, to int32 }

func (e extent) Pos() int { return int(e.from) }
func (e extent) End() int { return int(e.to) }

// Ident is a name where it stands in the source.
type Ident struct {
	extent
	Name string
}

// Local is a local variable. Every declaration is a Local of its own, whatever it is called.
type Local struct {
	Ident
	// Function is the one that declares it.
	Function *FunctionExpr
	// Index numbers the locals of a function, parameters first, in the order of the source.
	Index int
	// Captured says that a function inside of its own uses it: it must live in a box. Assigned says that it is assigned to
	// after its declaration.
	Captured, Assigned bool
	// Implicit variables are declared nowhere in the source: self of a method, and arg of a function with varargs; see
	// FunctionExpr. They have the place of the word function.
	Implicit bool
}

// Block is statements with locals of their own. It reaches from the word before it to the word behind it, comments
// included.
type Block struct {
	extent
	Stmts []Stmt
}

// Stmt is a statement.
type Stmt interface {
	Node
	stmt()
}

// The statements.
type (
	// LocalStmt is local NAMES = EXPRS. The locals are in scope behind the statement.
	LocalStmt struct {
		extent
		Names []*Local
		Exprs []Expr
	}
	// AssignStmt is TARGETS = EXPRS; targets are NameExpr or IndexExpr.
	AssignStmt struct {
		extent
		Targets, Exprs []Expr
	}
	// CallStmt is a call whose results are dropped.
	CallStmt struct {
		extent
		Call *CallExpr
	}
	// DoStmt is do ... end.
	DoStmt struct {
		extent
		Body *Block
	}
	// WhileStmt is while COND do ... end.
	WhileStmt struct {
		extent
		Cond Expr
		Body *Block
	}
	// RepeatStmt is repeat ... until COND. The condition sees the locals of the body.
	RepeatStmt struct {
		extent
		Body *Block
		Cond Expr
	}
	// IfStmt is if with all its elseif, and Else, which is nil where there is none.
	IfStmt struct {
		extent
		Clauses []*IfClause
		Else    *Block
	}
	// IfClause is a condition and what is done if it holds.
	IfClause struct {
		extent
		Cond Expr
		Body *Block
	}
	// NumericFor is for VAR = START, LIMIT, STEP do ... end; Step is nil where none is given.
	NumericFor struct {
		extent
		Var                *Local
		Start, Limit, Step Expr
		Body               *Block
	}
	// GenericFor is for VARS in EXPRS do ... end.
	GenericFor struct {
		extent
		Vars  []*Local
		Exprs []Expr
		Body  *Block
	}
	// FunctionStmt is function TARGET ... end: an assignment to a NameExpr or IndexExpr. Where Method is set, the last name
	// of the target stands behind a colon, and the function's first parameter is an implicit self.
	FunctionStmt struct {
		extent
		Target Expr
		Method bool
		Func   *FunctionExpr
	}
	// LocalFunctionStmt is local function NAME ... end. The function sees its own name.
	LocalFunctionStmt struct {
		extent
		Name *Local
		Func *FunctionExpr
	}
	// ReturnStmt is return EXPRS.
	ReturnStmt struct {
		extent
		Exprs []Expr
	}
	// BreakStmt leaves the innermost loop.
	BreakStmt struct{ extent }
	// GotoStmt goes to a label: the one extension of Lua 5.1. Target is nil where there is no such label, which is a
	// problem of the file.
	GotoStmt struct {
		extent
		Label  Ident
		Target *LabelStmt
	}
	// LabelStmt is ::NAME::.
	LabelStmt struct {
		extent
		Name Ident
	}
	// BadStmt is what could not be understood. It stands only in files with problems.
	BadStmt struct{ extent }
)

func (*LocalStmt) stmt()         {}
func (*AssignStmt) stmt()        {}
func (*CallStmt) stmt()          {}
func (*DoStmt) stmt()            {}
func (*WhileStmt) stmt()         {}
func (*RepeatStmt) stmt()        {}
func (*IfStmt) stmt()            {}
func (*NumericFor) stmt()        {}
func (*GenericFor) stmt()        {}
func (*FunctionStmt) stmt()      {}
func (*LocalFunctionStmt) stmt() {}
func (*ReturnStmt) stmt()        {}
func (*BreakStmt) stmt()         {}
func (*GotoStmt) stmt()          {}
func (*LabelStmt) stmt()         {}
func (*BadStmt) stmt()           {}

// Expr is an expression.
type Expr interface {
	Node
	expr()
}

// The expressions.
type (
	// NilExpr, TrueExpr and FalseExpr are the constants.
	NilExpr   struct{ extent }
	TrueExpr  struct{ extent }
	FalseExpr struct{ extent }
	// NumberExpr is a number literal with its value, as strtod(3) reads it.
	NumberExpr struct {
		extent
		Value float64
	}
	// StringExpr is a string literal with its value.
	StringExpr struct {
		extent
		Value string
	}
	// VarargExpr is "...".
	VarargExpr struct{ extent }
	// FunctionExpr is a function: its parameters, and its body.
	FunctionExpr struct {
		extent
		// File that it stands in.
		File *File
		// Parent is the function around it, nil for the file itself.
		Parent *FunctionExpr
		// Name is how the source calls it: "a.b:c" where it is declared so, assigned to or a field, "" if nothing
		// like that gives it a name.
		Name   string
		Params []*Local
		Vararg bool
		// UsesVararg says that "..." stands in it.
		UsesVararg bool
		// Arg is the implicit local arg of a function with varargs, as Lua 5.1 has it: a table of the varargs with their
		// number as its field n, or nil where the function uses "..." . It is nil here where the name is not used.
		Arg  *Local
		Body *Block
		// Locals are all that it declares, by their Index: the parameters, Arg, and the others.
		Locals []*Local
		// Upvalues are the locals of functions around it that it, or a function inside of it, uses; in the order of
		// their first use.
		Upvalues []*Local
	}
	// NameExpr is a variable: Local where one is in scope, else a global.
	NameExpr struct {
		Ident
		Local *Local
	}
	// IndexExpr is OBJECT[KEY], or OBJECT.NAME, where Dot is set and Key is a StringExpr.
	IndexExpr struct {
		extent
		Object, Key Expr
		Dot         bool
	}
	// CallExpr is FUNC(ARGS), or FUNC:METHOD(ARGS) where Method is not nil.
	CallExpr struct {
		extent
		Func   Expr
		Method *Ident
		Args   []Expr
	}
	// BinaryExpr is LEFT OP RIGHT, "and" and "or" among them.
	BinaryExpr struct {
		extent
		Op          Op
		OpPos       int
		Left, Right Expr
	}
	// UnaryExpr is OP OPERAND.
	UnaryExpr struct {
		extent
		Op      Op
		Operand Expr
	}
	// TableExpr is a table constructor.
	TableExpr struct {
		extent
		Fields []*TableField
	}
	// TableField is an element of a constructor: VALUE with Key nil, NAME = VALUE with Named set and Key a StringExpr, or
	// [KEY] = VALUE.
	TableField struct {
		extent
		Key, Value Expr
		Named      bool
	}
	// ParenExpr is an expression in parentheses, which has one value.
	ParenExpr struct {
		extent
		Inner Expr
	}
	// BadExpr is what could not be understood. It stands only in files with problems.
	BadExpr struct{ extent }
)

func (*NilExpr) expr()      {}
func (*TrueExpr) expr()     {}
func (*FalseExpr) expr()    {}
func (*NumberExpr) expr()   {}
func (*StringExpr) expr()   {}
func (*VarargExpr) expr()   {}
func (*FunctionExpr) expr() {}
func (*NameExpr) expr()     {}
func (*IndexExpr) expr()    {}
func (*CallExpr) expr()     {}
func (*BinaryExpr) expr()   {}
func (*UnaryExpr) expr()    {}
func (*TableExpr) expr()    {}
func (*ParenExpr) expr()    {}
func (*BadExpr) expr()      {}

// Op is an operator.
type Op uint8

// The operators. Unary ones are Neg, Not and Len.
const (
	Or Op = iota
	And
	Less
	Greater
	LessEqual
	GreaterEqual
	NotEqual
	Equal
	Concat
	Add
	Sub
	Mul
	Div
	Mod
	Pow
	Not
	Len
	Neg
)

// String is the operator as the source spells it.
func (o Op) String() string {
	return [...]string{"or", "and", "<", ">", "<=", ">=", "~=", "==", "..", "+", "-", "*", "/", "%", "^", "not", "#", "-"}[o]
}

// Multiple reports whether an expression gives all its values where it stands last in a list: a call or "..." without
// parentheses.
func Multiple(e Expr) bool {
	switch e.(type) {
	case *CallExpr, *VarargExpr:
		return true
	}
	return false
}

// Unparen is an expression without the parentheses around it.
func Unparen(e Expr) Expr {
	for {
		p, ok := e.(*ParenExpr)
		if !ok {
			return e
		}
		e = p.Inner
	}
}

// Spelling is how a variable or a field of one is written, "a.b", and "" for other expressions.
func Spelling(e Expr) string {
	var parts []string
	for {
		switch n := e.(type) {
		case *NameExpr:
			parts = append(parts, n.Name)
			slices.Reverse(parts)
			return strings.Join(parts, ".")
		case *IndexExpr:
			if !n.Dot {
				return ""
			}
			parts = append(parts, n.Key.(*StringExpr).Value)
			e = n.Object
		default:
			return ""
		}
	}
}

// Spelling is what is called as it is written, "a.b" or "a:b", and "" for what is no variable, field or method.
func (c *CallExpr) Spelling() string {
	name := Spelling(c.Func)
	switch {
	case c.Method == nil:
		return name
	case name == "":
		return c.Method.Name
	}
	return name + ":" + c.Method.Name
}

// Callee is where the name of what is called stands: that of a method or a field, or else all of Func.
func (c *CallExpr) Callee() Node {
	if c.Method != nil {
		return c.Method
	}
	if x, ok := c.Func.(*IndexExpr); ok && x.Dot {
		return x.Key
	}
	return c.Func
}

// Word is the place of the word function, or of the first that long of a file.
func (f *FunctionExpr) Word() diag.Span {
	from := f.Pos()
	return f.File.SpanOf(from, min(from+len("function"), f.End()))
}
