package sim_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cellsh/kernel/sim"
	"cellsh/policy"
)

// getters are the methods of Args, with the kinds of parameters that they have a value for.
var getters = map[string][]sim.ParamKind{
	"int": {sim.Integer, sim.Named}, "int64": {sim.Integer, sim.Named}, "uint32": {sim.Integer, sim.Named}, "ints": {sim.Integers},
	"text": {sim.Text, sim.Word}, "on": {sim.Switch}, "addr": {sim.Address},
}

// TestCallsReadTheirParameters: an argument that no parameter has, or that one of another kind has, would be read as 0; a
// word that a parameter never is would be compared in vain; and a parameter that nobody reads would be ignored.
func TestCallsReadTheirParameters(t *testing.T) {
	files := parsed(t)
	helpers := map[string]*ast.FuncDecl{}
	for _, file := range files {
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				helpers[f.Name.Name] = f
			}
		}
	}
	seen := 0
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			if c, do := call(t, n); c != nil {
				seen++
				r := reader{t, c, helpers, map[string]bool{}}
				r.function(do.Type, do.Body)
				for _, p := range c.Params {
					if !r.read[p.Name] {
						t.Errorf("%s does not read its argument %s", c.Name, p.Name)
					}
				}
			}
			return true
		})
	}
	if seen != len(sim.Calls()) {
		t.Errorf("%d of %d calls were looked at", seen, len(sim.Calls()))
	}
}

// reader follows what a call reads.
type reader struct {
	*testing.T
	call    *sim.Call
	helpers map[string]*ast.FuncDecl
	read    map[string]bool
}

// function looks at a function that is given the arguments.
func (r *reader) function(typ *ast.FuncType, body *ast.BlockStmt) {
	args := ""
	for _, p := range typ.Params.List {
		if x, ok := p.Type.(*ast.Ident); ok && x.Name == "Args" {
			args = p.Names[0].Name
		}
	}
	if args == "" {
		r.Errorf("%s hands its arguments to a function that takes none", r.call.Name)
		return
	}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if method, name := argument(n, args); method != "" {
				if p := r.param(name); p != nil && !slices.Contains(getters[method], p.Kind) {
					r.Errorf("%s reads %s with %s, but it is of another kind", r.call.Name, name, method)
				}
			}
			for _, a := range n.Args {
				if id, given := a.(*ast.Ident); !given || id.Name != args {
					continue
				}
				f, ok := n.Fun.(*ast.SelectorExpr)
				if !ok || r.helpers[f.Sel.Name] == nil {
					r.Errorf("%s hands its arguments to a function that is not found", r.call.Name)
					continue
				}
				r.function(r.helpers[f.Sel.Name].Type, r.helpers[f.Sel.Name].Body)
			}
		case *ast.IndexExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == args {
				name, _ := literal(n.Index)
				r.param(name)
			}
		case *ast.BinaryExpr:
			r.compare(r.word(n.X, args), n.Y)
		case *ast.SwitchStmt:
			if p := r.word(n.Tag, args); p != nil {
				for _, clause := range n.Body.List {
					for _, e := range clause.(*ast.CaseClause).List {
						r.compare(p, e)
					}
				}
			}
		}
		return true
	})
}

func (r *reader) param(name string) *sim.Param {
	r.read[name] = true
	i := slices.IndexFunc(r.call.Params, func(p sim.Param) bool { return p.Name == name })
	if i < 0 {
		r.Errorf("%s reads an argument %q, which it has not", r.call.Name, name)
		return nil
	}
	return &r.call.Params[i]
}

// word is the parameter that an expression reads, if that is one of words.
func (r *reader) word(e ast.Expr, args string) *sim.Param {
	if method, name := argument(e, args); method == "text" {
		if p := r.param(name); p != nil && p.Kind == sim.Word {
			return p
		}
	}
	return nil
}

func (r *reader) compare(p *sim.Param, e ast.Expr) {
	if word, ok := literal(e); ok && p != nil && !slices.Contains(p.Words, word) && (word != "" || !p.Optional) {
		r.Errorf("%s compares %s with %q, but it is one of %q", r.call.Name, p.Name, word, p.Words)
	}
}

// TestDefaults: what a parameter is if it is left out is of the kind that calls read, and one of its words.
func TestDefaults(t *testing.T) {
	for _, c := range sim.Calls() {
		for _, p := range c.Params {
			var ok bool
			switch v := p.Default.(type) {
			case nil:
				ok = true
			case int64:
				ok = p.Kind == sim.Named || p.Kind == sim.Integer // which may be a number that cannot be given
			case string:
				ok = p.Kind == sim.Text || p.Kind == sim.Word && slices.Contains(p.Words, v)
			case bool:
				ok = p.Kind == sim.Switch
			case policy.Addr:
				ok = p.Kind == sim.Address
			}
			if !ok || p.Default != nil && !p.Optional {
				t.Errorf("%s: %s can't be %v if it is left out", c.Name, p.Name, p.Default)
			}
		}
	}
}

// parsed is the source of the simulator, without its tests.
func parsed(t *testing.T) []*ast.File {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// call gives the call that an expression declares, and its function; nil if it declares none.
func call(t *testing.T, n ast.Node) (*sim.Call, *ast.FuncLit) {
	lit, ok := n.(*ast.CompositeLit)
	if !ok {
		return nil, nil
	}
	if typ, ok := lit.Type.(*ast.Ident); !ok || typ.Name != "Call" {
		return nil, nil
	}
	var name string
	var do *ast.FuncLit
	for _, e := range lit.Elts {
		pair := e.(*ast.KeyValueExpr)
		switch pair.Key.(*ast.Ident).Name {
		case "Name":
			name, _ = literal(pair.Value)
		case "do":
			do, _ = pair.Value.(*ast.FuncLit)
		}
	}
	c, ok := sim.FindCall(name)
	if !ok || do == nil {
		t.Errorf("the call %q must be in the table and have its function with it", name)
		return nil, nil
	}
	return c, do
}

// argument gives the method of the arguments and the name that an expression calls it with.
func argument(e ast.Expr, args string) (method, name string) {
	call, ok := e.(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return "", ""
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	if x, ok := f.X.(*ast.Ident); !ok || x.Name != args || getters[f.Sel.Name] == nil {
		return "", ""
	}
	name, _ = literal(call.Args[0])
	return f.Sel.Name, name
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}
