package syntax

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"

	"cellsh/policy/diag"
)

// reading is what gopher-lua's parser makes of a source: its tree as text, or why it refuses it.
func reading(text string) (tree string, err error) {
	if strings.HasPrefix(text, "#") {
		_, text, _ = strings.Cut(text, "\n")
	}
	chunk, err := parse.Parse(strings.NewReader(text), "f.lua")
	if err == nil && chunk == nil {
		// It panicked with something that is no error.
		err = fmt.Errorf("panic")
	}
	if err != nil {
		return "", err
	}
	var w gopherWriter
	w.block(chunk)
	return w.String(), nil
}

// plainNumber is a number that both read alike.
var plainNumber = regexp.MustCompile(`^([0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?|\.[0-9]+([eE][+-]?[0-9]+)?|0[xX][0-9a-fA-F]+)$`)

// alien gives the reason why the two can read a source in different ways, whatever they say of it; "" if there is none.
// docs/language.md lists these differences.
func alien(f *File) string {
	if strings.ContainsAny(f.Text, "\v\f\x00") {
		return "what is space, and that a source is text, is as in Lua"
	}
	for i := range f.Tokens {
		switch t := &f.Tokens[i]; {
		case t.code == codeGoto:
			return "goto is a name wherever it is not a statement"
		case t.code == codeNumber && !plainNumber.MatchString(t.Text):
			return "numbers are those of strtod(3), and letters behind them belong to them"
		case t.code == codeComment && strings.HasPrefix(t.Text, "--[="):
			return "a comment that begins with --[= is one of a line, if no other bracket follows"
		}
	}
	return ""
}

var twoSeparators = regexp.MustCompile(`^an expression must follow "[,;]", but "[,;]" does$`)

// excused gives the reason why we refuse what gopher-lua takes.
func excused(f *File) string {
	for _, d := range f.Problems {
		switch {
		case d.Code != diag.Syntax:
			return "limits"
		case strings.Contains(d.Message, "a statement must stand before ;"), strings.Contains(d.Hint, "empty statement"):
			return "Lua 5.1 has no empty statement"
		case strings.HasPrefix(d.Message, "a call must have its ("):
			return "its check for ( at the begin of a line mostly looks at another token"
		case twoSeparators.MatchString(d.Message):
			return "a table has one separator between two fields"
		case strings.HasPrefix(d.Message, "a statement must do something, but \"("), strings.HasPrefix(d.Message, "the source must go on after \")\""):
			return "a call in parentheses is no statement"
		case strings.HasPrefix(d.Message, "break must stand"), strings.HasPrefix(d.Message, "... must stand"):
			return "its compiler tells"
		case strings.HasPrefix(d.Message, "goto must"), strings.HasPrefix(d.Message, "a label must"):
			return "its compiler tells, or nobody"
		case strings.HasPrefix(d.Message, "a number after \\"):
			return "it takes the rest of the division by 256"
		case strings.HasPrefix(d.Message, "what stands between [["):
			return "PUC Lua refuses nested brackets"
		}
	}
	return ""
}

// compareReadings compares our tree with gopher-lua's.
func compareReadings(t *testing.T, text string) (same bool) {
	t.Helper()
	f := Read("f.lua", text)
	tree, err := reading(text)
	if alien(f) != "" {
		return false
	}
	switch ok := len(f.Problems) == 0; {
	case ok && err != nil:
		t.Fatalf("gopher-lua refuses %q: %v", text, err)
	case !ok && err == nil && excused(f) == "":
		t.Fatalf("gopher-lua takes %q: %v", text, f.Problems)
	case ok:
		var w treeWriter
		w.block(f.Main.Body)
		if ours := w.String(); ours != tree {
			t.Fatalf("%q\nours   %s\ntheirs %s", text, ours, tree)
		}
		return true
	}
	return false
}

func TestGopher(t *testing.T) {
	rnd := rand.New(rand.NewPCG(4, 8))
	texts := programs(t)
	same := 0
	all := append(texts, append(generated(rnd, 5000), mutated(rnd, texts, 5000)...)...)
	for _, s := range all {
		if compareReadings(t, strings.ReplaceAll(s, "goto", "gone")) {
			same++
		}
	}
	t.Logf("%d of %d are the same trees", same, len(all))
	if same < len(all)/3 {
		t.Errorf("too few are compared: %d", same)
	}
}

func FuzzGopher(f *testing.F) {
	for _, s := range []string{"", "return 1", "x = y.z[1]:f{}", "for i = 1, 2 do break end", "local function f(...) return (...), ((f())) end", "if a then elseif b then else end",
		"function a.b:c() end", "repeat local x until x", "x = -2 ^ -3 .. 'a' == not #b", "x = {1, a = 2; [3] = f(), }", "do end; f'x'[[y]]", "while x do end", "for k in next, t do end"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) { compareReadings(t, text) })
}

// treeWriter writes our tree as gopherWriter writes the other.
type treeWriter struct{ strings.Builder }

func (w *treeWriter) block(b *Block) {
	w.WriteString("{")
	for _, s := range b.Stmts {
		w.stmt(s)
		w.WriteString("; ")
	}
	w.WriteString("}")
}

func (w *treeWriter) exprs(list []Expr) {
	w.WriteString("[")
	for _, e := range list {
		w.expr(e)
		w.WriteString(", ")
	}
	w.WriteString("]")
}

func (w *treeWriter) names(list []*Local) {
	for _, l := range list {
		if !l.Implicit {
			fmt.Fprintf(w, "%s ", l.Name)
		}
	}
}

func (w *treeWriter) stmt(s Stmt) {
	switch n := s.(type) {
	case *LocalStmt:
		w.WriteString("local ")
		w.names(n.Names)
		w.exprs(n.Exprs)
	case *LocalFunctionStmt:
		fmt.Fprintf(w, "local %s [", n.Name.Name)
		w.expr(n.Func)
		w.WriteString(", ]")
	case *AssignStmt:
		w.exprs(n.Targets)
		w.WriteString("=")
		w.exprs(n.Exprs)
	case *CallStmt:
		w.expr(n.Call)
	case *DoStmt:
		w.WriteString("do ")
		w.block(n.Body)
	case *WhileStmt:
		w.WriteString("while ")
		w.expr(n.Cond)
		w.block(n.Body)
	case *RepeatStmt:
		w.WriteString("repeat ")
		w.block(n.Body)
		w.expr(n.Cond)
	case *IfStmt:
		for _, c := range n.Clauses {
			w.WriteString("if ")
			w.expr(c.Cond)
			w.block(c.Body)
		}
		if n.Else != nil && len(n.Else.Stmts) > 0 {
			// An if that stands alone in else is elseif to gopher-lua.
			if inner, ok := n.Else.Stmts[0].(*IfStmt); ok && len(n.Else.Stmts) == 1 {
				w.stmt(inner)
				return
			}
			w.WriteString("else ")
			w.block(n.Else)
		}
	case *NumericFor:
		fmt.Fprintf(w, "for %s ", n.Var.Name)
		w.expr(n.Start)
		w.expr(n.Limit)
		if n.Step != nil {
			w.expr(n.Step)
		}
		w.block(n.Body)
	case *GenericFor:
		w.WriteString("for in ")
		w.names(n.Vars)
		w.exprs(n.Exprs)
		w.block(n.Body)
	case *FunctionStmt:
		w.WriteString("function ")
		w.expr(n.Target)
		if n.Method {
			w.WriteString(":")
		}
		w.expr(n.Func)
	case *ReturnStmt:
		w.WriteString("return ")
		w.exprs(n.Exprs)
	case *BreakStmt:
		w.WriteString("break")
	case *GotoStmt:
		fmt.Fprintf(w, "goto %s", n.Label.Name)
	case *LabelStmt:
		fmt.Fprintf(w, "label %s", n.Name.Name)
	}
}

func (w *treeWriter) expr(e Expr) {
	if paren, ok := e.(*ParenExpr); ok && !Multiple(paren.Inner) {
		w.expr(paren.Inner)
		return
	}
	w.WriteString("(")
	defer w.WriteString(")")
	switch n := e.(type) {
	case *NilExpr:
		w.WriteString("nil")
	case *TrueExpr:
		w.WriteString("true")
	case *FalseExpr:
		w.WriteString("false")
	case *NumberExpr:
		fmt.Fprintf(w, "%v", n.Value)
	case *StringExpr:
		fmt.Fprintf(w, "%q", n.Value)
	case *VarargExpr:
		w.WriteString("...")
	case *FunctionExpr:
		w.WriteString("function ")
		w.names(n.Params)
		if n.Vararg {
			w.WriteString("... ")
		}
		w.block(n.Body)
	case *NameExpr:
		w.WriteString(n.Name)
	case *IndexExpr:
		w.expr(n.Object)
		w.WriteString(".")
		w.expr(n.Key)
	case *CallExpr:
		w.expr(n.Func)
		if n.Method != nil {
			fmt.Fprintf(w, ":%s", n.Method.Name)
		}
		w.exprs(n.Args)
	case *BinaryExpr:
		w.expr(n.Left)
		w.WriteString(n.Op.String())
		w.expr(n.Right)
	case *UnaryExpr:
		w.WriteString(n.Op.String())
		w.expr(n.Operand)
	case *TableExpr:
		for _, f := range n.Fields {
			if f.Key != nil {
				w.expr(f.Key)
				w.WriteString("=")
			}
			w.expr(f.Value)
			w.WriteString(", ")
		}
	case *ParenExpr:
		w.WriteString("one ")
		w.expr(n.Inner)
	}
}

// gopherWriter writes a tree of gopher-lua.
type gopherWriter struct{ strings.Builder }

func (w *gopherWriter) block(list []ast.Stmt) {
	w.WriteString("{")
	for _, s := range list {
		w.stmt(s)
		w.WriteString("; ")
	}
	w.WriteString("}")
}

func (w *gopherWriter) exprs(list []ast.Expr) {
	w.WriteString("[")
	for _, e := range list {
		w.expr(e)
		w.WriteString(", ")
	}
	w.WriteString("]")
}

func (w *gopherWriter) stmt(s ast.Stmt) {
	switch n := s.(type) {
	case *ast.LocalAssignStmt:
		w.WriteString("local ")
		for _, name := range n.Names {
			fmt.Fprintf(w, "%s ", name)
		}
		w.exprs(n.Exprs)
	case *ast.AssignStmt:
		w.exprs(n.Lhs)
		w.WriteString("=")
		w.exprs(n.Rhs)
	case *ast.FuncCallStmt:
		w.expr(n.Expr)
	case *ast.DoBlockStmt:
		w.WriteString("do ")
		w.block(n.Stmts)
	case *ast.WhileStmt:
		w.WriteString("while ")
		w.expr(n.Condition)
		w.block(n.Stmts)
	case *ast.RepeatStmt:
		w.WriteString("repeat ")
		w.block(n.Stmts)
		w.expr(n.Condition)
	case *ast.IfStmt:
		w.WriteString("if ")
		w.expr(n.Condition)
		w.block(n.Then)
		if inner, ok := first(n.Else).(*ast.IfStmt); ok && len(n.Else) == 1 {
			w.stmt(inner)
		} else if len(n.Else) > 0 {
			w.WriteString("else ")
			w.block(n.Else)
		}
	case *ast.NumberForStmt:
		fmt.Fprintf(w, "for %s ", n.Name)
		w.expr(n.Init)
		w.expr(n.Limit)
		if n.Step != nil {
			w.expr(n.Step)
		}
		w.block(n.Stmts)
	case *ast.GenericForStmt:
		w.WriteString("for in ")
		for _, name := range n.Names {
			fmt.Fprintf(w, "%s ", name)
		}
		w.exprs(n.Exprs)
		w.block(n.Stmts)
	case *ast.FuncDefStmt:
		w.WriteString("function ")
		if n.Name.Func != nil {
			w.expr(n.Name.Func)
		} else {
			w.WriteString("(")
			w.expr(n.Name.Receiver)
			fmt.Fprintf(w, ".(%q)):", n.Name.Method)
		}
		w.expr(n.Func)
	case *ast.ReturnStmt:
		w.WriteString("return ")
		w.exprs(n.Exprs)
	case *ast.BreakStmt:
		w.WriteString("break")
	case *ast.GotoStmt:
		fmt.Fprintf(w, "goto %s", n.Label)
	case *ast.LabelStmt:
		fmt.Fprintf(w, "label %s", n.Name)
	}
}

func first(list []ast.Stmt) ast.Stmt {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

func (w *gopherWriter) expr(e ast.Expr) {
	w.WriteString("(")
	defer w.WriteString(")")
	binary := func(left ast.Expr, op string, right ast.Expr) {
		w.expr(left)
		w.WriteString(op)
		w.expr(right)
	}
	switch n := e.(type) {
	case *ast.NilExpr:
		w.WriteString("nil")
	case *ast.TrueExpr:
		w.WriteString("true")
	case *ast.FalseExpr:
		w.WriteString("false")
	case *ast.NumberExpr:
		v, _ := parseNumber(n.Value)
		fmt.Fprintf(w, "%v", v)
	case *ast.StringExpr:
		fmt.Fprintf(w, "%q", n.Value)
	case *ast.Comma3Expr:
		if n.AdjustRet {
			w.WriteString("one (...)")
			return
		}
		w.WriteString("...")
	case *ast.FunctionExpr:
		w.WriteString("function ")
		for _, name := range n.ParList.Names {
			fmt.Fprintf(w, "%s ", name)
		}
		if n.ParList.HasVargs {
			w.WriteString("... ")
		}
		w.block(n.Stmts)
	case *ast.IdentExpr:
		w.WriteString(n.Value)
	case *ast.AttrGetExpr:
		binary(n.Object, ".", n.Key)
	case *ast.FuncCallExpr:
		if n.AdjustRet {
			w.WriteString("one (")
			defer w.WriteString(")")
		}
		if n.Func != nil {
			w.expr(n.Func)
		} else {
			w.expr(n.Receiver)
			fmt.Fprintf(w, ":%s", n.Method)
		}
		w.exprs(n.Args)
	case *ast.LogicalOpExpr:
		binary(n.Lhs, n.Operator, n.Rhs)
	case *ast.RelationalOpExpr:
		binary(n.Lhs, n.Operator, n.Rhs)
	case *ast.StringConcatOpExpr:
		binary(n.Lhs, "..", n.Rhs)
	case *ast.ArithmeticOpExpr:
		binary(n.Lhs, n.Operator, n.Rhs)
	case *ast.UnaryMinusOpExpr:
		w.WriteString("-")
		w.expr(n.Expr)
	case *ast.UnaryNotOpExpr:
		w.WriteString("not")
		w.expr(n.Expr)
	case *ast.UnaryLenOpExpr:
		w.WriteString("#")
		w.expr(n.Expr)
	case *ast.TableExpr:
		for _, f := range n.Fields {
			if f.Key != nil {
				w.expr(f.Key)
				w.WriteString("=")
			}
			w.expr(f.Value)
			w.WriteString(", ")
		}
	}
}
