package lower

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"cellsh/lua/syntax"
	"cellsh/policy/diag"
)

func init() {
	// The compiler keeps a register for arg in every function with varargs, which the rule "arg" does better.
	lua.CompatVarArg = false
}

// Hidden are the functions that lowered code calls, by these names. The errors that they raise stand at the place of
// their call.
const (
	// HiddenConcat takes the operands of ".." from left to right.
	HiddenConcat = "(concat)"
	// HiddenAdd and those after it take the two operands of arithmetic.
	HiddenAdd = "(add)"
	HiddenSub = "(sub)"
	HiddenMul = "(mul)"
	HiddenDiv = "(div)"
	HiddenMod = "(mod)"
	HiddenPow = "(pow)"
	// HiddenNegate takes the operand of the minus sign.
	HiddenNegate = "(negate)"
	// HiddenLen takes the operand of #.
	HiddenLen = "(len)"
	// HiddenLoop takes start, limit and step of a numeric loop, and gives them as numbers.
	HiddenLoop = "(loop)"
	// HiddenTable takes a table or nil, a *Plan as userdata, and tables, and gives a table; see Plan.
	HiddenTable = "(table)"
	// HiddenArg takes varargs and gives the table arg.
	HiddenArg = "(arg)"
	// HiddenSet takes a table, a key and a value, and assigns; only with Options.Guard.
	HiddenSet = "(set)"
	// HiddenKey takes the key of a table constructor and gives it back; only with Options.Guard.
	HiddenKey = "(key)"
	// HiddenConstants is a table of the first pages of Lowered.Constants, HiddenMore a table of tables of the others: each
	// has PageSize elements at most.
	HiddenConstants = "(constants)"
	HiddenMore      = "(more constants)"
)

// Plan says how HiddenTable puts a table together: the tables that follow it are read one after the other where a part
// asks for one. What was there when it is called stays.
type Plan struct{ Parts []Part }

// Part is a piece of a table.
type Part struct {
	// Keys and Values are constants. Without Keys the values are elements, from First on.
	Keys, Values []lua.LValue
	// Elements says that the next of the tables has elements from First on: Count of them, or as many as it has if Count
	// is negative. Fields says that it has fields.
	Elements, Fields bool
	First, Count     int
}

// Options of File. The zero value is for sessions.
type Options struct {
	// First is the number of the first place; 0 is 1. Places of different files can so be told apart.
	First int
	// Guard makes calls of assignments t[k] = v and of keys [k] = v, because nothing else sees how much memory these take.
	Guard bool
	// Share makes globals of the locals that the file's outermost block declares, so that later files see them.
	Share bool
}

// Lowered is a file in gopher-lua's terms.
type Lowered struct {
	File *syntax.File
	// Constants are those that functions with very many have, by page.
	Constants [][]lua.LValue
	// first is the number of the first of places.
	first  int
	places []syntax.Node
	chunk  []ast.Stmt
	homes  map[*syntax.Local]home
	// jumps are the pieces of functions that are jumped across, in both directions: loops, and what lies between labels and
	// gotos.
	jumps []jump
}

// jump is a piece of a function that a jump crosses: the places from one number to below another.
type jump struct {
	node     syntax.Node
	from, to int
}

// Node is the node that a line stands for, nil if it is none of the file's.
func (l *Lowered) Node(line int) syntax.Node {
	if i := line - l.first; i >= 0 && i < len(l.places) {
		return l.places[i]
	}
	return nil
}

// Next is the number behind the last place.
func (l *Lowered) Next() int { return l.first + len(l.places) }

// home is where a local lives: in a variable, or as an element of a table that is in one.
type home struct {
	name string
	// element is 0 where the variable itself is meant.
	element int
	// frame says that the table is that of the function, which others live in too; else it is a box for this local.
	frame bool
}

// Variable is the name that the machine knows a local by which functions share, "" if it knows none. Where element is not 0
// its value is that element of a table.
func (l *Lowered) Variable(local *syntax.Local) (name string, element int) {
	h := l.homes[local]
	return h.name, h.element
}

// File lowers a file without problems. The error is a diag.List.
func File(f *syntax.File, o Options) (*Lowered, error) {
	if f.Problems.Failed() {
		return nil, f.Problems
	}
	l := &lowerer{options: o, file: f, hidden: map[string]bool{}, constantAt: map[any]int{}, certainties: map[syntax.Expr]certainty{}, shared: map[*syntax.Local]bool{}, captured: map[*syntax.FunctionExpr][]int{}}
	l.lowered = &Lowered{File: f, first: max(o.First, 1), homes: map[*syntax.Local]home{}}
	if o.Share {
		for _, s := range f.Main.Body.Stmts {
			switch n := s.(type) {
			case *syntax.LocalStmt:
				for _, local := range n.Names {
					l.shared[local] = true
				}
			case *syntax.LocalFunctionStmt:
				l.shared[n.Name] = true
			}
		}
	}
	main := l.functionExpr(f.Main)
	l.lowered.chunk = []ast.Stmt{
		&ast.LocalAssignStmt{Names: l.hiddenNames()},
		&ast.ReturnStmt{Exprs: []ast.Expr{main}},
	}
	if len(l.problems) > 0 {
		return nil, l.problems.Sort()
	}
	return l.lowered, nil
}

// inBox reports whether functions share a local that is assigned to: it lives in a table.
func inBox(local *syntax.Local) bool { return local.Captured && local.Assigned }

type lowerer struct {
	options Options
	file    *syntax.File
	lowered *Lowered
	// hidden are the functions that are used.
	hidden   map[string]bool
	shared   map[*syntax.Local]bool
	problems diag.List
	// constantAt is where on the pages a constant lies.
	constantAt  map[any]int
	certainties map[syntax.Expr]certainty
	// counter makes names.
	counter int
	// captured are the offsets of the shared locals of each function, ascending.
	captured map[*syntax.FunctionExpr][]int
	// line is the place of what is lowered.
	line int
	// out is where statements go.
	out      *[]ast.Stmt
	function *function
}

// function is one that is being lowered.
type function struct {
	node *syntax.FunctionExpr
	// constants and names that it uses, as the compiler keeps them.
	constants map[any]bool
	names     map[string]bool
	// fields and globals are how many of the names are which.
	fields, globals int
	loop            *loop
	labels          map[*syntax.LabelStmt]label
	jumps           int
	// branches are the labels of what branches; see branch.
	branches int
	tooMany  bool
	// live are the locals that can be seen, without parameters. frame is the name of the table for those that registers
	// may be missing for, "" if there is none, and kept how many live in it for good.
	live, kept int
	frame      string
	nests      map[ast.Expr]nest
}

// loop is one that break can leave. Where label is set, break goes there.
type loop struct {
	label string
	used  bool
	outer *loop
}

func (l *lowerer) hiddenNames() []string {
	// The first is there so that a file without any is no other case.
	names := []string{"(file)"}
	for name := range l.hidden {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// place gives a node a number, and makes it the place of what follows.
func (l *lowerer) place(n syntax.Node) int {
	l.lowered.places = append(l.lowered.places, n)
	l.line = l.lowered.Next() - 1
	return l.line
}

// at gives a new node of the compiler's tree a place.
func at[N ast.PositionHolder](line int, n N) N {
	n.SetLine(line)
	n.SetLastLine(line)
	return n
}

// emit puts a statement behind those before it. All that branches comes through here once, because its labels are counted.
func (l *lowerer) emit(s ast.Stmt) {
	switch s.(type) {
	case *ast.IfStmt, *ast.WhileStmt, *ast.NumberForStmt, *ast.GenericForStmt:
		l.branch(s.Line(), labelsOfCondition)
	case *ast.LabelStmt:
		l.branch(s.Line(), labelsOfTest)
	}
	*l.out = append(*l.out, s)
}

// collect gives the statements that f emits.
func (l *lowerer) collect(f func()) []ast.Stmt {
	outer := l.out
	var list []ast.Stmt
	l.out = &list
	f()
	l.out = outer
	return list
}

// scoped emits what f emits, in a block of its own unless it is one statement that declares nothing.
func (l *lowerer) scoped(f func()) {
	line := l.line
	list := l.collect(f)
	if len(list) == 1 {
		if _, declares := list[0].(*ast.LocalAssignStmt); !declares {
			*l.out = append(*l.out, list...)
			return
		}
	}
	if len(list) > 0 {
		l.emit(at(line, &ast.DoBlockStmt{Stmts: list}))
	}
}

func (l *lowerer) fail(n syntax.Node, code diag.Code, hint, form string, args ...any) {
	span := l.file.Span(n)
	l.problems = append(l.problems, diag.Diagnostic{Span: span, Code: code, Message: fmt.Sprintf(form, args...), Hint: hint})
}

// newName makes a name that nothing else has: sources have no names with blanks.
func (l *lowerer) newName(of string) string {
	l.counter++
	return of + " " + strconv.Itoa(l.counter)
}

// temporary makes a name for a value of our own.
func (l *lowerer) temporary() string { return l.newName("") }

func (l *lowerer) ident(name string) *ast.IdentExpr { return at(l.line, &ast.IdentExpr{Value: name}) }

// call makes a call of a hidden function that gives one value.
func (l *lowerer) call(line int, name string, args ...ast.Expr) *ast.FuncCallExpr {
	l.hidden[name] = true
	return at(line, &ast.FuncCallExpr{Func: at(line, &ast.IdentExpr{Value: name}), Args: args, AdjustRet: true})
}

// local emits a declaration.
func (l *lowerer) local(name string, e ast.Expr) {
	l.emit(at(l.line, &ast.LocalAssignStmt{Names: []string{name}, Exprs: []ast.Expr{e}}))
}

// spill puts a value into a local of our own.
func (l *lowerer) spill(e ast.Expr) ast.Expr {
	name := l.temporary()
	l.local(name, e)
	return l.ident(name)
}

// kept is an expression that gives the same later on: the value is put into a local of our own, where it must be.
func (l *lowerer) kept(e ast.Expr) ast.Expr {
	if stable(e) {
		return e
	}
	return l.spill(e)
}

// isLocal reports whether a name is that of a local or a hidden function.
func isLocal(name string) bool { return strings.IndexByte(name, ' ') >= 0 || name[0] == '(' }

// stable reports whether an expression gives the same whenever it is worked out: constants, and variables that are not in
// boxes. Nothing assigns to those within a statement before it has worked out its values.
func stable(e ast.Expr) bool {
	switch n := e.(type) {
	case *ast.NilExpr, *ast.TrueExpr, *ast.FalseExpr, *ast.NumberExpr, *ast.StringExpr:
		return true
	case *ast.IdentExpr:
		return isLocal(n.Value)
	}
	return false
}

// list lowers n expressions that are worked out one after the other. If one of them needs statements, those before it are
// put into locals first.
func (l *lowerer) list(n int, lower func(i int) ast.Expr) []ast.Expr {
	results := make([]ast.Expr, 0, n)
	for i := range n {
		mark := len(*l.out)
		e := lower(i)
		if len(*l.out) > mark {
			for j, before := range results {
				if stable(before) {
					continue
				}
				name := l.temporary()
				*l.out = slices.Insert(*l.out, mark, ast.Stmt(at(before.Line(), &ast.LocalAssignStmt{Names: []string{name}, Exprs: []ast.Expr{before}})))
				results[j] = at(before.Line(), &ast.IdentExpr{Value: name})
				mark++
			}
		}
		results = append(results, e)
	}
	return results
}

// functionExpr lowers a function.
func (l *lowerer) functionExpr(n *syntax.FunctionExpr) ast.Expr {
	outer, line := l.function, l.place(n)
	l.function = &function{node: n, constants: map[any]bool{}, names: map[string]bool{}, labels: map[*syntax.LabelStmt]label{}, nests: map[ast.Expr]nest{}}
	for _, local := range n.Locals {
		if local.Captured && !local.Implicit {
			l.captured[n] = append(l.captured[n], local.Pos())
		}
	}
	f := at(line, &ast.FunctionExpr{ParList: &ast.ParList{HasVargs: n.Vararg}})
	f.Stmts = l.collect(func() {
		for _, p := range n.Params {
			f.ParList.Names = append(f.ParList.Names, l.parameter(p, false))
		}
		if n.Arg != nil {
			var e ast.Expr = at(line, &ast.NilExpr{})
			if !n.UsesVararg {
				e = l.call(line, HiddenArg, at(line, &ast.Comma3Expr{}))
			}
			l.local(l.declare(n.Arg, false).name, l.boxedValue(n.Arg, e))
		}
		l.block(n.Body)
	})
	if frame := l.function.frame; frame != "" {
		f.Stmts = slices.Insert(f.Stmts, 0, ast.Stmt(at(line, &ast.LocalAssignStmt{Names: []string{frame}, Exprs: []ast.Expr{at(line, &ast.TableExpr{})}})))
	}
	l.function = outer
	return f
}

// parameter gives the name of a variable whose value comes from outside; if it lives in a table, it is put there.
func (l *lowerer) parameter(local *syntax.Local, framed bool) string {
	h := l.declare(local, framed)
	if h.element == 0 {
		return h.name
	}
	value := l.temporary()
	if h.frame {
		l.assignTo(l.variable(local), l.ident(value))
	} else {
		l.local(h.name, l.boxedValue(local, l.ident(value)))
	}
	return value
}

// declare gives a local its home. framed says that this can be the frame.
func (l *lowerer) declare(local *syntax.Local, framed bool) home {
	f := l.function
	h := home{name: l.newName(local.Name)}
	if inBox(local) {
		h.element = 1
	}
	if framed {
		if f.live++; f.live > threshold.locals && (!local.Captured || l.once() && f.kept < maxKept) {
			if f.frame == "" {
				f.frame = l.newName("frame")
			}
			h = home{f.frame, f.live, true}
			if local.Captured {
				// Functions keep it when others are declared in its place.
				f.kept++
				h.element = maxRegisters + f.kept
			}
		}
	}
	l.lowered.homes[local] = h
	return h
}

// once reports whether what is lowered is run once in a call of the function at most.
func (l *lowerer) once() bool { return l.function.loop == nil && len(l.function.labels) == 0 }

// boxedValue is a local's first value: in a box, if the local lives in one.
func (l *lowerer) boxedValue(local *syntax.Local, e ast.Expr) ast.Expr {
	if h := l.lowered.homes[local]; h.element == 0 || h.frame {
		return e
	}
	return at(e.Line(), &ast.TableExpr{Fields: []*ast.Field{{Value: e}}})
}

// variable is a local as what is read or assigned to.
func (l *lowerer) variable(local *syntax.Local) ast.Expr {
	h := l.lowered.homes[local]
	e := l.ident(h.name)
	if h.element == 0 {
		return e
	}
	return at(l.line, &ast.AttrGetExpr{Object: e, Key: l.integer(h.element)})
}

// ownBox reports whether an expression is a local of this function in a box.
func (l *lowerer) ownBox(e syntax.Expr) *syntax.Local {
	if local := l.own(e); local != nil && inBox(local) && !l.shared[local] {
		return local
	}
	return nil
}

// own is the local of this function that an expression is, nil if it is something else.
func (l *lowerer) own(e syntax.Expr) *syntax.Local {
	if name, ok := syntax.Unparen(e).(*syntax.NameExpr); ok && name.Local != nil && name.Local.Function == l.function.node {
		return name.Local
	}
	return nil
}

// calm reports whether working an expression out can change no variable.
func calm(e syntax.Expr) bool {
	switch n := e.(type) {
	case *syntax.NilExpr, *syntax.TrueExpr, *syntax.FalseExpr, *syntax.NumberExpr, *syntax.StringExpr, *syntax.VarargExpr, *syntax.FunctionExpr, *syntax.NameExpr:
		return true
	case *syntax.ParenExpr:
		return calm(n.Inner)
	}
	return false
}

// PageSize is how many constants a page has: few, because the places on a page are constants too.
const PageSize = 128

// thresholds are sizes at which the compiler gets help. Smaller ones give code that does the same.
type thresholds struct {
	// constants is how many constants a function has, and fields how many different fields it names, before others go to
	// pages.
	constants, fields int
	// arithmetic is how deep arithmetic lies in arithmetic: each operation takes registers of its own.
	arithmetic int
	// chain is how many branches lie within each other.
	chain int
	// elements of a constructor: beyond 511 batches it loses them.
	elements int
	// run is how many constants in a row are worth a page of their own.
	run int
	// locals is how many locals a function has at a time in registers: others live in its frame, so that there are registers
	// left to work with.
	locals int
	// names is how many variables one statement gives values that are worked out in registers.
	names int
	// parts is how many parts of a table one call puts together: each takes a register.
	parts int
}

var threshold = thresholds{constants: 64, fields: 512, arithmetic: 8, chain: 16, elements: 510 * batch, run: 64, locals: 100, names: 32, parts: 64}

// Sizes beyond which a function is refused.
const (
	// maxKept is how many locals that functions share live in a frame: beyond those at the top of a function there are only
	// others in blocks.
	maxKept = 100
	// maxGlobals is how many different globals and methods a function can name.
	maxGlobals = 1024
	// maxJumps is how many labels and gotos a function has: the compiler looks for each through all.
	maxJumps = 1000
)

// integer is a small number that instructions use.
func (l *lowerer) integer(i int) ast.Expr {
	l.function.constants[float64(i)] = true
	return at(l.line, &ast.NumberExpr{Value: strconv.Itoa(i)})
}

// number is a constant.
func (l *lowerer) number(v float64) ast.Expr {
	return l.constant(constantKey(lua.LNumber(v)), lua.LNumber(v))
}

// constantKey tells constants apart, 0 from -0 too.
func constantKey(v lua.LValue) any {
	if n, ok := v.(lua.LNumber); ok {
		if n == 0 && 1/n < 0 {
			return "-0"
		}
		return float64(n)
	}
	return v
}

// constant is a number or a string: the compiler's constant, or an element of a page.
func (l *lowerer) constant(key any, v lua.LValue) ast.Expr {
	f := l.function
	if f.constants[key] || len(f.constants) < threshold.constants {
		switch x := v.(type) {
		case lua.LString:
			f.constants[key] = true
			return at(l.line, &ast.StringExpr{Value: string(x)})
		case lua.LNumber:
			// An infinity and -0 have no text that the compiler reads as such.
			if x-x == 0 && key != "-0" {
				f.constants[key] = true
				return at(l.line, &ast.NumberExpr{Value: strconv.FormatFloat(float64(x), 'g', -1, 64)})
			}
		}
	}
	return l.page(key, v)
}

// page is an element of a page.
func (l *lowerer) page(key any, v lua.LValue) ast.Expr {
	i, ok := l.constantAt[key]
	if !ok {
		i = l.newConstant(v)
		l.constantAt[key] = i
	}
	return l.onPage(i)
}

func (l *lowerer) newConstant(v lua.LValue) int {
	c := &l.lowered.Constants
	if n := len(*c); n == 0 || len((*c)[n-1]) == PageSize {
		*c = append(*c, nil)
	}
	last := len(*c) - 1
	(*c)[last] = append((*c)[last], v)
	return last*PageSize + len((*c)[last]) - 1
}

func (l *lowerer) onPage(i int) ast.Expr {
	element := func(of ast.Expr, i int) ast.Expr {
		return at(l.line, &ast.AttrGetExpr{Object: of, Key: l.integer(1 + i)})
	}
	page, place := i/PageSize, i%PageSize
	if page < PageSize {
		l.hidden[HiddenConstants] = true
		return element(element(l.ident(HiddenConstants), page), place)
	}
	page -= PageSize
	l.hidden[HiddenMore] = true
	return element(element(element(l.ident(HiddenMore), page/PageSize), page%PageSize), place)
}

// name counts a name that must stand in the code.
func (l *lowerer) name(name string, n syntax.Node) {
	f := l.function
	if f.names[name] || f.tooMany {
		return
	}
	if f.globals == maxGlobals {
		f.tooMany = true
		l.fail(n, diag.SourceSize, "divide the function, or put some into a table", "a function must use at most %d different globals and methods, but uses more here", maxGlobals)
		return
	}
	f.globals++
	f.names[name] = true
}

// field is a name as a key.
func (l *lowerer) field(name string) ast.Expr {
	f := l.function
	if !f.names[name] {
		if f.fields == threshold.fields {
			return l.page(lua.LString(name), lua.LString(name))
		}
		f.fields++
		f.names[name] = true
	}
	return at(l.line, &ast.StringExpr{Value: name})
}

// closes reports whether functions share a local that a statement declares.
func (l *lowerer) closes(n syntax.Node) bool {
	offsets := l.captured[l.function.node]
	i := sort.SearchInts(offsets, n.Pos())
	return i < len(offsets) && offsets[i] < n.End()
}
