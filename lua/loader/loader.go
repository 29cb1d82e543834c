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

// Load reads the files of the paths and runs them. The set holds what could be declared; the problems are all,
// sorted.
func Load(paths []string, o Options) (*rules.Set, diag.List) {
	sources, problems := Read(paths)
	set, more := LoadSources(sources, o)
	return set, append(problems, more...).Sort()
}

// LoadSources is Load for texts that were read before. Modules that are not among them are looked for beside the
// files; the set's sources have all that were used.
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
	files    diag.Files
}

// NewDeclarer is empty.
func NewDeclarer(groups symbolic.Groups) *Declarer { return &Declarer{groups: groups} }

// Set gives what was declared, sorted by name. Problems between policies are added to Problems.
func (d *Declarer) Set() *rules.Set {
	set := &rules.Set{Nevers: d.nevers}
	for _, p := range d.policies {
		if i := slices.IndexFunc(set.Policies, func(q *rules.Policy) bool { return q.Name == p.Name }); i >= 0 {
			first := set.Policies[i].Span
			d.report(diag.Diagnostic{Span: p.Span, Code: diag.PolicyDuplicate,
				Message: fmt.Sprintf("a policy's name must be its own, but %q is used twice", p.Name),
				Related: []diag.Related{{Span: first, Message: "the first is here"}}})
			continue
		}
		set.Policies = append(set.Policies, p)
	}
	slices.SortFunc(set.Policies, func(a, b *rules.Policy) int { return strings.Compare(a.Name, b.Name) })
	return set
}

// Problems are all that were found, sorted, with the lines that they speak of.
func (d *Declarer) Problems() diag.List { return d.files.Fill(slices.Clone(d.problems)).Sort() }

// Clear forgets what was declared.
func (d *Declarer) Clear() { d.policies, d.nevers, d.problems = nil, nil, nil }

// Empty reports whether nothing was declared.
func (d *Declarer) Empty() bool {
	return len(d.policies) == 0 && len(d.nevers) == 0 && len(d.problems) == 0
}

func (d *Declarer) report(p diag.Diagnostic) { d.problems = append(d.problems, p) }

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
	fn, err := m.Compile(s.File, s.Text)
	if err == nil {
		_, err = m.Call(fn)
	}
	if err != nil {
		var e *vm.Error
		if errors.As(err, &e) {
			d.report(e.Diagnostic)
		} else {
			d.report(diag.Diagnostic{Span: diag.Span{File: s.File}, Code: diag.Runtime, Message: err.Error()})
		}
	}
}

// Machine makes a machine whose declarations go to the declarer.
func (d *Declarer) Machine(o vm.Options) *vm.VM {
	trees := map[string]*tree{}
	o.Inspect = func(file string, chunk []ast.Stmt) { trees[file] = inspect(file, chunk, d.report) }
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
				c.wrong(c.here(), "write: "+word+" \"name\" { ... }", "the name of a %s must be a string, but is %s", nouns[word], describe(L.Get(1)))
			}
			body := func(L *lua.LState, v lua.LValue) {
				c := d.context(m, L, word, string(name), treeOf)
				t, ok := v.(*lua.LTable)
				if !ok {
					c.wrong(c.here(), "", "what a %s declares must be a table, but is %s", nouns[word], describe(v))
				} else if named {
					declare(c, string(name), t)
				}
			}
			if L.GetTop() > 1 {
				body(L, L.Get(2))
				return 0
			}
			L.Push(L.NewFunction(func(L *lua.LState) int {
				body(L, L.Get(1))
				return 0
			}))
			return 1
		}))
	}
	define("policy", (*context).policy)
	define("never", (*context).never)
}

var nouns = map[string]string{"policy": "policy", "never": "never"}

// context is one declaration that is being made.
type context struct {
	d    *Declarer
	m    *vm.VM
	file string
	line int
	decl *declaration
}

func (d *Declarer) context(m *vm.VM, L *lua.LState, word, name string, treeOf func(string) *tree) *context {
	c := &context{d: d, m: m}
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
		if len(x) > 40 {
			return fmt.Sprintf("%q", string(x[:40])+"...")
		}
		return fmt.Sprintf("%q", string(x))
	case lua.LNumber, lua.LBool:
		return x.String()
	case *lua.LNilType:
		return "nil"
	}
	return "a " + v.Type().String()
}
