package assist

import (
	"fmt"
	"slices"
	"strings"

	"cellsh/lua/declare"
	"cellsh/lua/syntax"
)

// Range is a piece of a text: the offset of its first byte, and that behind its last.
type Range struct{ From, To int }

// localAt is the local whose name stands at an offset or ends there, nil if none does.
func localAt(f *syntax.File, offset int) *syntax.Local {
	for _, at := range []int{offset, offset - 1} {
		switch n := above(pathTo(f, at), 0).(type) {
		case *syntax.NameExpr:
			return n.Local
		case *syntax.Local:
			return n
		}
	}
	return nil
}

// References are the places where the local at an offset stands, its declaration first. There are none where another
// thing stands there.
func References(f *syntax.File, offset int) []Range {
	l := localAt(f, offset)
	if l == nil || l.Implicit {
		return nil
	}
	return referencesOf(f, l)
}

func referencesOf(f *syntax.File, l *syntax.Local) []Range {
	list := []Range{{l.Pos(), l.End()}}
	syntax.Walk(f.Main, func(n syntax.Node) bool {
		if name, ok := n.(*syntax.NameExpr); ok && name.Local == l {
			list = append(list, Range{name.Pos(), name.End()})
		}
		return true
	})
	return list
}

// Definition is where the name at an offset is declared: a local, or a function or field of the file.
func Definition(f *syntax.File, offset int) (Range, bool) {
	if l := localAt(f, offset); l != nil {
		return Range{l.Pos(), l.End()}, true
	}
	for _, at := range []int{offset, offset - 1} {
		path := pathTo(f, at)
		spelling, root := spelled(path)
		if spelling == "" {
			continue
		}
		return assigned(f, spelling, root)
	}
	return Range{}, false
}

// Exported is where a name stands that others get of a module: the function or field behind the local or table that it
// returns.
func Exported(f *syntax.File, name string) (Range, bool) {
	stmts := f.Main.Body.Stmts
	if len(stmts) == 0 {
		return Range{}, false
	}
	r, ok := stmts[len(stmts)-1].(*syntax.ReturnStmt)
	if !ok || len(r.Exprs) == 0 {
		return Range{}, false
	}
	switch e := syntax.Unparen(r.Exprs[0]).(type) {
	case *syntax.NameExpr:
		return assigned(f, e.Name+"."+name, e.Local)
	case *syntax.TableExpr:
		return fieldIn(e, name)
	}
	return Range{}, false
}

// Required says that the name at an offset is a field of a module: require "module" is the value of its local.
func Required(f *syntax.File, offset int) (module, name string, ok bool) {
	for _, at := range []int{offset, offset - 1} {
		spelling, root := spelled(pathTo(f, at))
		if root == nil {
			continue
		}
		_, name, found := strings.Cut(spelling, ".")
		module := ""
		syntax.Walk(f.Main, func(n syntax.Node) bool {
			s, ok := n.(*syntax.LocalStmt)
			if ok && len(s.Names) == 1 && s.Names[0] == root && len(s.Exprs) == 1 {
				if call, ok := s.Exprs[0].(*syntax.CallExpr); ok && calledName(call) == "require" && len(call.Args) == 1 {
					if text, ok := call.Args[0].(*syntax.StringExpr); ok {
						module = text.Value
					}
				}
			}
			return true
		})
		if found && module != "" {
			return module, name, true
		}
	}
	return "", "", false
}

// spelled is how the variable or field to which a path leads is written, and the local that it begins with, nil for a
// global.
func spelled(path []syntax.Node) (string, *syntax.Local) {
	var e syntax.Expr
	switch n := above(path, 0).(type) {
	case *syntax.NameExpr:
		e = n
	case *syntax.StringExpr:
		x, ok := above(path, 1).(*syntax.IndexExpr)
		if !ok || !x.Dot || x.Key != syntax.Expr(n) {
			return "", nil
		}
		e = x
	case *syntax.Ident:
		call, ok := above(path, 1).(*syntax.CallExpr)
		if !ok || call.Method != n {
			return "", nil
		}
		spelling := syntax.Spelling(call.Func)
		if spelling == "" {
			return "", nil
		}
		return spelling + "." + n.Name, rootOf(call.Func)
	default:
		return "", nil
	}
	return syntax.Spelling(e), rootOf(e)
}

// rootOf is the local that a variable or field begins with, nil for a global.
func rootOf(e syntax.Expr) *syntax.Local {
	for {
		switch n := e.(type) {
		case *syntax.IndexExpr:
			e = n.Object
			continue
		case *syntax.NameExpr:
			return n.Local
		}
		return nil
	}
}

// assigned is where a variable or field is first given a value: by function, by an assignment, or in the table that its
// local is declared with.
func assigned(f *syntax.File, spelling string, root *syntax.Local) (Range, bool) {
	var found Range
	ok := false
	place := func(e syntax.Expr) {
		if ok || syntax.Spelling(e) != spelling || rootOf(e) != root {
			return
		}
		found, ok = nameRange(e), true
	}
	syntax.Walk(f.Main, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.FunctionStmt:
			place(n.Target)
		case *syntax.AssignStmt:
			for _, t := range n.Targets {
				place(t)
			}
		case *syntax.LocalStmt:
			for i, l := range n.Names {
				rest, below := strings.CutPrefix(spelling, l.Name+".")
				if l != root || !below || ok || i >= len(n.Exprs) {
					continue
				}
				if t, isTable := n.Exprs[i].(*syntax.TableExpr); isTable {
					found, ok = fieldIn(t, rest)
				}
			}
		}
		return !ok
	})
	return found, ok
}

// nameRange is where the last name of a variable or field stands.
func nameRange(e syntax.Expr) Range {
	if x, ok := e.(*syntax.IndexExpr); ok {
		return Range{x.Key.Pos(), x.Key.End()}
	}
	return Range{e.Pos(), e.End()}
}

// fieldIn is where a field stands in a table, "a.b" in one within it.
func fieldIn(t *syntax.TableExpr, name string) (Range, bool) {
	first, rest, below := strings.Cut(name, ".")
	for _, f := range t.Fields {
		k, ok := f.Key.(*syntax.StringExpr)
		if !ok || k.Value != first {
			continue
		}
		if !below {
			return Range{k.Pos(), k.End()}, true
		}
		if inner, ok := f.Value.(*syntax.TableExpr); ok {
			return fieldIn(inner, rest)
		}
	}
	return Range{}, false
}

// Rename gives the places where the local at an offset must be written anew to have another name. The problem says why
// that can't be done: where another variable would be meant, in the file with the new name, than is now.
func Rename(f *syntax.File, offset int, name string) (places []Range, problem string) {
	if f.Problems.Failed() {
		return nil, "a name can only be changed where the file has no errors, but it has some"
	}
	l := localAt(f, offset)
	switch {
	case l == nil:
		return nil, "only a local can be renamed, but none stands here"
	case l.Implicit:
		return nil, fmt.Sprintf("a local must be declared to be renamed, but %s is not", l.Name)
	}
	if tokens := syntax.Scan(name); len(tokens) != 1 || tokens[0].Kind != syntax.Name || tokens[0].Text != name {
		return nil, fmt.Sprintf("a local must have a name, but %q is none", name)
	}
	places = referencesOf(f, l)
	slices.SortFunc(places, func(a, b Range) int { return a.From - b.From })
	var b strings.Builder
	at := 0
	for _, p := range places {
		b.WriteString(f.Text[at:p.From] + name)
		at = p.To
	}
	b.WriteString(f.Text[at:])
	after := syntax.Read(f.Name, b.String())
	if after.Problems.Failed() {
		return nil, after.Problems[0].Message
	}
	if line := mixedUp(f, after); line > 0 {
		return nil, fmt.Sprintf("%s must not be mixed up with another variable, but would be in line %d", name, line)
	}
	return places, ""
}

// mixedUp is a line on which a name of the second file, which has the same names but for one, means another variable than
// in the first; 0 if none does.
func mixedUp(before, after *syntax.File) int {
	left, right := namesIn(before), namesIn(after)
	same := map[*syntax.Local]*syntax.Local{nil: nil}
	for i := range left {
		if i >= len(right) {
			return 1
		}
		want, known := same[left[i].local]
		if !known && right[i].local != nil {
			same[left[i].local], want, known = right[i].local, right[i].local, true
		}
		if !known || want != right[i].local {
			line, _ := before.Place(left[i].at)
			return line
		}
	}
	return 0
}

type named struct {
	local *syntax.Local
	at    int
}

func namesIn(f *syntax.File) []named {
	var list []named
	syntax.Walk(f.Main, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.NameExpr:
			list = append(list, named{n.Local, n.Pos()})
		case *syntax.Local:
			list = append(list, named{n, n.Pos()})
		}
		return true
	})
	return list
}

// Symbol is something that a file declares.
type Symbol struct {
	Name string
	// Policy says that it is a policy, an assertion, a test or a service, and no function.
	Policy bool
	// Whole is all of it, At its name.
	Whole, At Range
}

// Symbols are the functions, policies, assertions and tests that a file declares outside of functions, in order.
func Symbols(f *syntax.File) []Symbol {
	var list []Symbol
	for _, s := range f.Main.Body.Stmts {
		whole := Range{s.Pos(), s.End()}
		switch s := s.(type) {
		case *syntax.FunctionStmt:
			list = append(list, Symbol{s.Func.Name, false, whole, nameRange(s.Target)})
		case *syntax.LocalFunctionStmt:
			list = append(list, Symbol{s.Name.Name, false, whole, Range{s.Name.Pos(), s.Name.End()}})
		case *syntax.CallStmt:
			call := s.Call
			if inner, ok := call.Func.(*syntax.CallExpr); ok && call.Method == nil {
				call = inner
			}
			if len(call.Args) == 0 {
				continue
			}
			switch word := calledName(call); word {
			case "policy", "never", "test", "cases", declare.ServiceWord:
				if title, ok := call.Args[0].(*syntax.StringExpr); ok {
					list = append(list, Symbol{word + " " + title.Value, true, whole, Range{title.Pos(), title.End()}})
				}
			}
		}
	}
	return list
}
