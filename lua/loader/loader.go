package loader

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"cellsh/lua/symbolic"
	"cellsh/lua/vm"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// Options of a load.
type Options struct {
	// Groups of the host that the policies are for.
	Groups symbolic.Groups
	// Output is where print in a policy file writes; nil discards.
	Output io.Writer
	// Module reads a file that require asks for: name.lua beside the policy file in dir. Nil reads it from there. It
	// is not asked for the modules that are among the sources already.
	Module func(dir, name string) (file, text string, err error)
	// VM has limits for tests.
	VM vm.Options
}

// LoadSources runs the sources, which [Read] gives for paths. The set holds what could be declared; the problems are
// all, sorted. Modules that are not among the sources are looked for beside the files; the set's sources have all
// that were used.
func LoadSources(sources []rules.Source, o Options) (*rules.Set, diag.List) {
	d := NewDeclarer(o.Groups)
	used := slices.Clone(sources)
	for _, s := range sources {
		if !s.Module {
			d.runFile(s, &used, o)
		}
	}
	set := d.Set()
	set.Sources = used
	return set, d.Problems()
}

// Declarer collects what the words policy and never declare, in policy files or in a session.
type Declarer struct {
	groups   symbolic.Groups
	policies []*rules.Policy
	nevers   []*rules.Never
	problems diag.List
	// unreported are the problems that are too many to be kept.
	unreported unreported
	files      diag.Files
	// roots are the files that were run when policies were declared, which may be in modules.
	roots   map[*rules.Policy]string
	running string
	// begun are the declarations of the running file that have a name and no table yet; nil outside of files.
	begun map[*context]bool
}

// NewDeclarer is empty.
func NewDeclarer(groups symbolic.Groups) *Declarer {
	return &Declarer{groups: groups, roots: map[*rules.Policy]string{}}
}

// Set gives what was declared, sorted by name. Problems between policies are added to Problems.
func (d *Declarer) Set() *rules.Set {
	set := &rules.Set{Nevers: d.nevers}
	seen := map[string]*rules.Policy{}
	for _, p := range d.policies {
		if same, twice := seen[p.Name]; twice {
			first, hint := same.Span, ""
			if first == p.Span && d.roots[same] != d.roots[p] {
				hint = "a module is run for each file that needs it, and in a folder also by itself; declare policies elsewhere"
			}
			d.report(diag.Diagnostic{Span: p.Span, Code: diag.PolicyDuplicate, Hint: hint,
				Message: fmt.Sprintf("a policy's name must be its own, but %s is used twice", describe(lua.LString(p.Name))),
				Related: []diag.Related{{Span: first, Message: "the first is here"}}})
			continue
		}
		seen[p.Name] = p
		set.Policies = append(set.Policies, p)
	}
	slices.SortFunc(set.Policies, func(a, b *rules.Policy) int { return strings.Compare(a.Name, b.Name) })
	return set
}

// Problems are all that were found, sorted, with the lines that they speak of.
func (d *Declarer) Problems() diag.List {
	list := slices.Clone(d.problems)
	if d.unreported.number > 0 {
		list = append(list, diag.Diagnostic{Severity: d.unreported.worst, Code: diag.PolicyLimit,
			Message: fmt.Sprintf("a load tells at most %d problems, but has %d more", maxProblems, d.unreported.number)})
	}
	return d.files.Fill(list).Sort()
}

// Clear forgets what was declared.
func (d *Declarer) Clear() {
	d.policies, d.nevers, d.problems = nil, nil, nil
	d.unreported = unreported{}
	clear(d.roots)
}

// The limits of a load. The machine's ceiling for memory sees only what Lua has; what is made of it here is larger.
const (
	maxDeclarations = 10_000
	maxElements     = 10_000
	maxProblems     = 1_000
)

// unreported are problems beyond the limit: how many, and the severity of the worst.
type unreported struct {
	number int
	worst  diag.Severity
}

func (d *Declarer) report(p diag.Diagnostic) {
	if len(d.problems) < maxProblems {
		d.problems = append(d.problems, p)
		return
	}
	if d.unreported.number == 0 || p.Severity < d.unreported.worst {
		d.unreported.worst = p.Severity
	}
	d.unreported.number++
}

// runFile runs one policy file in a machine of its own.
func (d *Declarer) runFile(s rules.Source, sources *[]rules.Source, o Options) {
	d.files.Add(s.File, s.Text)
	options := o.VM
	options.Level, options.Output = vm.Policy, o.Output
	read := o.Module
	if read == nil {
		read = Module
	}
	options.Require = func(name string) (string, string, error) {
		dir := filepath.Dir(s.File)
		path := filepath.Join(dir, name+".lua")
		i := slices.IndexFunc(*sources, func(x rules.Source) bool { return x.Module && x.File == path })
		if i >= 0 {
			d.files.Add(path, (*sources)[i].Text)
			return path, (*sources)[i].Text, nil
		}
		file, text, err := read(dir, name)
		if err == nil {
			d.files.Add(file, text)
			*sources = append(*sources, rules.Source{File: file, Text: text, Module: true})
		}
		return file, text, err
	}
	m := d.Machine(options)
	d.begun, d.running = map[*context]bool{}, s.File
	fn, err := m.Compile(s.File, s.Text)
	if err == nil {
		_, err = m.Call(fn)
	}
	if err == nil {
		for c := range d.begun {
			c.wrong(c.here(), "write: "+forms[c.word], "what a %s declares must be a table, but is missing", c.word)
		}
		return
	}
	problem := diag.Diagnostic{Code: diag.Runtime, Message: err.Error()}
	var e *vm.Error
	if errors.As(err, &e) {
		problem = e.Diagnostic
	}
	if problem.File == "" {
		problem.File = s.File
	}
	d.report(problem)
}

// Machine makes a machine whose declarations go to the declarer.
func (d *Declarer) Machine(o vm.Options) *vm.VM {
	trees := map[string]*tree{}
	o.Inspect = func(file string, chunk []ast.Stmt) { trees[file] = inspect(file, chunk, d.files.Find, d.report) }
	m := vm.New(o)
	d.Words(m, func(file string) *tree { return trees[file] })
	return m
}

// Words defines policy, never and the results in a machine.
func (d *Declarer) Words(m *vm.VM, treeOf func(file string) *tree) {
	for r := policy.Allow; r <= policy.Deny; r++ {
		m.Define(r.String(), lua.LString(r.String()))
	}
	m.Define("unlimited", lua.LNumber(kauth.Unlimited))
	define := func(word string, declare func(c *context, name string, t *lua.LTable)) {
		m.Define(word, m.Function(vm.Builtin{Name: word}, func(L *lua.LState) int {
			name, named := L.Get(1).(lua.LString)
			c := d.context(m, L, word, string(name), treeOf)
			if !named {
				c.wrong(c.here(), "write: "+forms[word], "the %s of a %s must be a string, but is %s", titles[word], word, describe(L.Get(1)))
			}
			body := func(L *lua.LState, v lua.LValue) {
				c := d.context(m, L, word, string(name), treeOf)
				t, ok := v.(*lua.LTable)
				if !ok {
					c.wrong(c.here(), "write: "+forms[word], "what a %s declares must be a table, but is %s", word, describe(v))
				} else if named {
					declare(c, string(name), t)
				}
			}
			if L.GetTop() > 1 {
				body(L, L.Get(2))
				return 0
			}
			if d.begun != nil && named {
				d.begun[c] = true
			}
			L.Push(L.NewFunction(func(L *lua.LState) int {
				delete(d.begun, c)
				body(L, L.Get(1))
				return 0
			}))
			return 1
		}))
	}
	define("policy", (*context).policy)
	define("never", (*context).never)
}

// forms show how declarations are written, and titles say what their strings are.
var forms = map[string]string{"policy": `policy "name" { ... }`, "never": `never("title", { ... })`}
var titles = map[string]string{"policy": "name", "never": "title"}

// context is one declaration that is being made.
type context struct {
	d    *Declarer
	m    *vm.VM
	word string
	file string
	line int
	decl *declaration
}

func (d *Declarer) context(m *vm.VM, L *lua.LState, word, name string, treeOf func(string) *tree) *context {
	c := &context{d: d, m: m, word: word}
	// The innermost frame that is written in Lua.
	for level := 0; ; level++ {
		frame, ok := L.GetStack(level)
		if !ok {
			break
		}
		if _, err := L.GetInfo("Sl", frame, lua.LNil); err == nil && frame.CurrentLine > 0 {
			c.file, c.line = frame.Source, frame.CurrentLine
			break
		}
	}
	if treeOf == nil {
		return c
	}
	if t := treeOf(c.file); t != nil {
		c.decl = t.find(word, name, c.line)
		if c.decl != nil {
			c.line = c.decl.first
		}
	}
	return c
}

// here is the place of the declaration.
func (c *context) here() diag.Span { return diag.Span{File: c.file, Line: c.line} }

// at is the place of a token on a line, or of the declaration if the line is not known.
func (c *context) at(line int, token string) diag.Span {
	if line == 0 {
		return c.here()
	}
	return c.m.Files().Find(c.file, line, token)
}

// name is the place of a string on a line: in quotes if it stands there so, because names are parts of other names.
func (c *context) name(line int, s string) diag.Span {
	for _, quote := range []string{`"`, `'`} {
		if span := c.at(line, quote+s+quote); span.Column > 0 {
			if s != "" {
				span.Column, span.Width = span.Column+1, len(s)
			}
			return span
		}
	}
	return c.at(line, s)
}

// elements gives the places of the strings of a list that is written out; one that is asked for again is the next of
// its kind. The others are on the line.
func (c *context) elements(list ast.Expr, line int) func(s string) diag.Span {
	lines := elementLines(list)
	return func(s string) diag.Span {
		at := line
		if next := lines[s]; len(next) > 0 {
			at, lines[s] = next[0], next[1:]
		}
		return c.name(at, s)
	}
}

func (c *context) wrong(at diag.Span, hint, form string, args ...any) {
	c.problem(diag.PolicyValue, at, hint, form, args...)
}

func (c *context) problem(code diag.Code, at diag.Span, hint, form string, args ...any) {
	c.d.report(diag.Diagnostic{Span: at, Code: code, Message: fmt.Sprintf(form, args...), Hint: hint, Excerpt: c.m.Files().Line(at.File, at.Line)})
}

// describe says what a value is, for messages.
func describe(v lua.LValue) string {
	switch x := v.(type) {
	case lua.LString:
		return fmt.Sprintf("%q", short(string(x)))
	case lua.LNumber:
		if x == lua.LNumber(kauth.Unlimited) {
			return "unlimited"
		}
		return x.String()
	case lua.LBool:
		return x.String()
	case *lua.LNilType:
		return "nil"
	}
	return "a " + v.Type().String()
}

// short cuts what would make a message unreadable.
func short(s string) string {
	const most = 60
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}
