package loader

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/declare"
	"cellsh/lua/symbolic"
	"cellsh/lua/syntax"
	"cellsh/lua/value"
	"cellsh/lua/vm"
	"cellsh/lua/written"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/progress"
	"cellsh/policy/rules"
)

// Options of a load.
type Options struct {
	// Groups of the host that the policies are for.
	Groups policy.Groups
	// Vocabulary of the kernel that they are for; nil is kauth.Newest.
	Vocabulary *kauth.Vocabulary
	// Output is where print in a policy file writes; nil discards.
	Output io.Writer
	// Module reads a file that require asks for: name.lua beside the policy file in dir. Nil reads it from there. It
	// is not asked for the modules that are among the sources already.
	Module func(dir, name string) (file, text string, err error)
	// VM has limits for tests; both readings keep them.
	VM vm.Options
	// Work that loading, and compiling and asking functions, is part of.
	Work *progress.Work

	// second is another second reading, for tests.
	second reading
}

// LoadSources runs the sources, which [Read] gives for paths, in both readings. The set holds what could be declared;
// the problems are all, sorted. Modules that are not among the sources are looked for beside the files; the set's
// sources have all that were used.
func LoadSources(sources []rules.Source, o Options) (*rules.Set, diag.List) {
	l := &loading{options: o, sources: slices.Clone(sources), files: map[string]*syntax.File{}}
	l.first = declare.New(func(f value.Value, where bool) rules.Function { return decisionOf(l.tree, f, where) }, o.Vocabulary)
	l.second = declare.New(askedOf(o.Groups), o.Vocabulary)
	for i, s := range sources {
		if !s.Module {
			o.Work.At(progress.Step{Doing: "reading", Of: s.File, Done: i, Total: len(sources)})
			l.file(s)
		}
	}
	set := l.first.Set()
	set.Sources = l.sources
	return set, l.first.Problems()
}

// loading is the state of LoadSources.
type loading struct {
	options Options
	// sources are all that were used so far.
	sources []rules.Source
	// files are those that were read, by name: each is read once, and both readings have the same tree.
	files map[string]*syntax.File
	// unreported are problems of the files that were read since the last file was run.
	unreported diag.List
	// first and second are what the two readings declare.
	first, second *declare.Declarations
	// tree is the machine of the file that runs.
	tree *symbolic.Machine
}

// reading runs a file and gives what went wrong.
type reading func(file *syntax.File, modules func(name string) (*syntax.File, error), d *declare.Declarations, o Options) error

// read gives the tree of a source. What is wrong with it is told the first time.
func (l *loading) read(name, text string) *syntax.File {
	f := l.files[name]
	if f != nil && f.Text == text {
		return f
	}
	f = syntax.Read(name, text)
	l.files[name] = f
	l.first.Know(f)
	problems := f.Problems
	if !problems.Failed() {
		problems = append(slices.Clone(problems), written.DuplicateKeys(f, diag.PolicyDuplicate)...)
	}
	l.unreported = append(l.unreported, problems...)
	return f
}

// tell reports what is wrong with sources that were read.
func (l *loading) tell() {
	for _, p := range l.unreported {
		l.first.Report(p)
	}
	l.unreported = nil
}

// file runs one policy file, each reading in a machine of its own, and compares what they declare.
func (l *loading) file(s rules.Source) {
	defer l.tell()
	file := l.read(s.File, s.Text)
	if file.Problems.Failed() {
		if d, foreign := declare.Foreign(file, diag.Span{}); foreign {
			l.unreported = diag.List{d}
		}
		return
	}
	modules := l.modules(filepath.Dir(s.File))
	before := [2]mark{markOf(l.first), markOf(l.second)}
	options := symbolic.MachineOptions{Groups: l.options.Groups, Output: l.options.Output, Require: modules,
		Instructions: l.options.VM.Instructions, Memory: l.options.VM.Memory, Work: l.options.Work}
	l.tree = symbolic.NewMachine(options)
	words(l.tree, l.first)
	l.first.Begin(s.File)
	err := l.tree.Run(file)
	l.first.End(err != nil)
	var raised *symbolic.Error
	if err != nil && !errors.As(err, &raised) {
		raised = &symbolic.Error{Diagnostic: diag.Diagnostic{Span: diag.Span{File: s.File}, Code: diag.Runtime, Message: err.Error()}, Raised: true}
	}
	if raised != nil {
		raised.Message = readable(raised.Message)
	}
	if raised != nil && raised.Hint == "" && written.Called(raised.Node) == declare.ServiceWord {
		raised.Hint = "services are declared in files of their own, which check --services reads"
	}
	if raised != nil && !raised.Raised {
		// A bound was reached. The second reading has others, and nothing to be compared with.
		l.first.Report(raised.Diagnostic)
		return
	}
	one := before[0].since(l.first)
	// What is wrong with a file of another tool is only that.
	if raised != nil {
		if d, foreign := declare.Foreign(file, raised.Span); foreign {
			l.first.Report(d)
			return
		}
	} else if len(one.policies)+len(one.nevers) == 0 && filepath.Ext(s.File) != ".lua" {
		// Settings can be Lua that assigns to globals.
		if d, foreign := declare.Foreign(file, diag.Span{}); foreign {
			l.first.Report(d)
			return
		}
	}
	if raised == nil {
		l.openAnswers(&open{file: file, options: options, machine: l.tree, policies: one.policies, nevers: one.nevers})
	}

	run := l.options.second
	if run == nil {
		run = secondReading
	}
	l.second.Begin(s.File)
	err = run(file, modules, l.second, l.options)
	l.options.Work.Check() // where it was stopped it has ended otherwise than the first
	l.second.End(err != nil)
	if !l.agree(file, raised, err) {
		return
	}
	for _, d := range compare(one, before[1].since(l.second), pairUp) {
		l.differs(d.at, d.text)
	}
}

// readable is the text of an error, for people.
func readable(message string) string {
	if message == "" {
		return "an error without a text"
	}
	return diag.Cut(message, 1000)
}

// agree reports whether the two readings of a file ended alike, and tells what they raised.
func (l *loading) agree(file *syntax.File, raised *symbolic.Error, second error) bool {
	var other *vm.Error
	if second != nil && !errors.As(second, &other) {
		other = &vm.Error{Diagnostic: diag.Diagnostic{Span: diag.Span{File: file.Name}, Code: diag.Runtime, Message: second.Error()}}
	}
	if other != nil {
		other.Message = readable(other.Message)
	}
	switch {
	case raised != nil && other != nil:
		if raised.Hint == "" && raised.File == other.File && raised.Line == other.Line {
			// gopher-lua's machine says what the sandbox does not have.
			raised.Hint = other.Hint
		}
		if other.Value != nil && other.Value.Type() == lua.LTTable && raised.File == other.File && raised.Line == other.Line {
			// It asks a table for its text.
			raised.Message = other.Message
		}
		l.first.Report(raised.Diagnostic)
		return other.Code == diag.Runtime
	case raised != nil:
		l.differs(raised.Span, fmt.Sprintf("the first raises an error, and the second none: %s", raised.Message))
		return false
	case other == nil:
		return true
	}
	if other.File == "" {
		other.File = file.Name
	}
	if other.Code == diag.Runtime {
		l.differs(other.Span, fmt.Sprintf("the second raises an error, and the first none: %s", other.Message))
		return false
	}
	// It has bounds of its own, and is a part of every load.
	problems := other.Problems
	if problems == nil {
		problems = diag.List{other.Diagnostic}
	}
	for _, p := range problems {
		l.first.Report(p)
	}
	return false
}

// differs reports a difference between the readings.
func (l *loading) differs(at diag.Span, text string) {
	l.first.Report(diag.Diagnostic{Span: at, Code: diag.ReadingDiffers, Message: "two readings of a file must be equal, but " + text,
		Hint: "one of the two is wrong: this is a fault of cellsh and not of the file; please report it"})
}

// modules gives the trees of the modules that a file in the folder requires.
func (l *loading) modules(dir string) func(name string) (*syntax.File, error) {
	read := l.options.Module
	if read == nil {
		read = Module
	}
	return func(name string) (*syntax.File, error) {
		path := filepath.Join(dir, name+".lua")
		var f *syntax.File
		if i := slices.IndexFunc(l.sources, func(x rules.Source) bool { return x.Module && x.File == path }); i >= 0 {
			f = l.read(path, l.sources[i].Text)
		} else {
			file, text, err := read(dir, name)
			if err != nil {
				return nil, err
			}
			l.sources = append(l.sources, rules.Source{File: file, Text: text, Module: true})
			f = l.read(file, text)
		}
		if f.Problems.Failed() {
			return nil, fmt.Errorf("module %s must be without errors, but has some", diag.Short(name))
		}
		return f, nil
	}
}

// words defines the words of policies in a machine of the first reading.
func words(m *symbolic.Machine, d *declare.Declarations) {
	for name, v := range declare.Constants() {
		m.Define(name, v)
	}
	for _, word := range declare.Words {
		m.Define(word, m.Native(word, func(c *symbolic.Call) ([]value.Value, error) {
			then := d.Call(word, c.Args, declare.Site(c.Site))
			if then == nil {
				return nil, nil
			}
			return []value.Value{m.Native(word, func(c *symbolic.Call) ([]value.Value, error) {
				then(c.Args, declare.Site(c.Site))
				return nil, nil
			})}, nil
		}))
	}
}
