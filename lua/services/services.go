package services

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"slices"

	"cellsh/kernel/service"
	"cellsh/lua/declare"
	"cellsh/lua/loader"
	"cellsh/lua/symbolic"
	"cellsh/lua/syntax"
	"cellsh/lua/value"
	"cellsh/lua/written"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// Folder is where the services of a machine are declared.
const Folder = "/etc/cellsh/services.d"

// maxServices is how many services there can be.
const maxServices = 10_000

// Options of Read and Load.
type Options struct {
	// Files reads files and modules; nil reads them whoever may have changed them.
	Files loader.Files
	// Output is where print writes; nil discards.
	Output io.Writer
}

// Set is services that were declared.
type Set struct {
	// Services that are right, in the order in which they are started.
	Services []service.Definition
	// Graph is their order.
	Graph *service.Graph
}

// Read reads the services of the paths: files, or folders' files *.lua in the order of their names. The set has those that are
// right, without what is wrong with the order of others; the problems are all, sorted.
func Read(paths []string, o Options) (*Set, diag.List) {
	if o.Files == nil {
		o.Files = loader.Disk()
	}
	sources, unread := loader.ReadServices(paths, o.Files)
	set, problems := Load(sources, o)
	return set, append(unread, problems...).Sort()
}

// Load is Read for texts that were read before. Modules are read from beside the files.
func Load(sources []rules.Source, o Options) (*Set, diag.List) {
	if o.Files == nil {
		o.Files = loader.Disk()
	}
	l := &loading{options: o, findings: written.NewFindings(diag.ServiceLimit)}
	l.calls.Reader = written.Reader{Findings: l.findings, Codes: written.Codes{Value: diag.ServiceValue, Key: diag.ServiceKey, Limit: diag.ServiceLimit},
		Names: []string{"unlimited"}}
	l.word = &written.Word{Name: declare.ServiceWord, Title: "name", Form: `service "name" { ... }`, Take: l.declare}
	for _, s := range sources {
		l.file(s)
	}
	return l.set(), l.findings.Problems()
}

// loading is the state of Load.
type loading struct {
	options  Options
	findings *written.Findings
	calls    written.Calls
	word     *written.Word
	services []*declared
	// lossy says that the file that is being run, or a module of it, writes values that are lost.
	lossy bool
}

// read gives the tree of a source, after it is told what is wrong with that.
func (l *loading) read(name, text string) *syntax.File {
	f := syntax.Read(name, text)
	l.findings.Know(f)
	problems := f.Problems
	if !problems.Failed() {
		lost := written.DuplicateKeys(f, diag.ServiceDuplicate)
		l.lossy = l.lossy || len(lost) > 0
		problems = append(slices.Clone(problems), lost...)
	} else if d, foreign := declare.Foreign(f, diag.Span{}); foreign {
		problems = diag.List{d}
	}
	for _, p := range problems {
		l.findings.Report(p)
	}
	return f
}

// file runs a file.
func (l *loading) file(s rules.Source) {
	l.lossy = false
	first := len(l.services)
	defer func() {
		// Which services a value would have come to nobody knows.
		for _, d := range l.services[first:] {
			d.wrong[whole] = d.wrong[whole] || l.lossy
		}
	}()
	f := l.read(s.File, s.Text)
	if f.Problems.Failed() {
		return
	}
	m := symbolic.NewMachine(symbolic.MachineOptions{Output: l.options.Output, Require: l.modules(filepath.Dir(s.File))})
	m.Define("unlimited", value.Number(kauth.Unlimited))
	m.Define(declare.ServiceWord, m.Native(declare.ServiceWord, func(c *symbolic.Call) ([]value.Value, error) {
		then := l.calls.Call(l.word, c.Args, written.Site(c.Site))
		if then == nil {
			return nil, nil
		}
		return []value.Value{m.Native(declare.ServiceWord, func(c *symbolic.Call) ([]value.Value, error) {
			then(c.Args, written.Site(c.Site))
			return nil, nil
		})}, nil
	}))
	l.calls.Begin()
	err := m.Run(f)
	l.calls.End(err != nil)
	if err != nil {
		l.raised(f, err)
	}
}

// raised tells what ended a file.
func (l *loading) raised(f *syntax.File, err error) {
	var e *symbolic.Error
	if !errors.As(err, &e) {
		e = &symbolic.Error{Diagnostic: diag.Diagnostic{Span: diag.Span{File: f.Name}, Code: diag.Runtime, Message: err.Error()}}
	}
	if d, foreign := declare.Foreign(f, e.Span); e.Raised && foreign {
		l.findings.Report(d)
		return
	}
	d := e.Diagnostic
	if d.Message = diag.Cut(d.Message, 1000); d.Message == "" {
		d.Message = "an error without a text"
	}
	if d.Hint == "" && slices.Contains(declare.Words, written.Called(e.Node)) {
		d.Hint = "policies are declared in files of their own, which load and check read"
	}
	l.findings.Report(d)
}

// modules gives the trees of the modules beside a file.
func (l *loading) modules(dir string) func(name string) (*syntax.File, error) {
	read := loader.ModuleFrom(l.options.Files)
	return func(name string) (*syntax.File, error) {
		file, text, err := read(dir, name)
		if err != nil {
			return nil, err
		}
		f := l.read(file, text)
		if f.Problems.Failed() {
			return nil, fmt.Errorf("module %s must be without errors, but has some", diag.Short(name))
		}
		return f, nil
	}
}

// set is what was declared, after what can be looked at only now: doubles, cells, and the order.
func (l *loading) set() *Set {
	byName := map[string]*declared{}
	var list []*declared
	for _, d := range l.services {
		if first := byName[d.Name]; first != nil {
			l.double(d.At, first.At, fmt.Sprintf("a service's name must be its own, but %q is used twice", diag.Short(d.Name)))
			first.wrong["name"] = true // nobody knows which is meant
			continue
		}
		byName[d.Name] = d
		list = append(list, d)
	}
	l.cells(list)
	l.names(list, byName)
	l.files(list)
	var right []service.Definition
	for _, d := range list {
		right = append(right, d.Definition)
	}
	slices.SortFunc(right, func(a, b service.Definition) int { return cmp.Compare(a.Name, b.Name) })
	graph := l.order(right, byName)
	set := &Set{Graph: graph}
	for _, name := range graph.Names() {
		if byName[name].right() {
			set.Services = append(set.Services, *graph.Find(name))
		}
	}
	return set
}

func (l *loading) double(at, first diag.Span, message string) {
	l.findings.Report(diag.Diagnostic{Span: at, Code: diag.ServiceDuplicate, Message: message, Related: []diag.Related{{Span: first, Message: "the first is here"}}})
}

// cells gives services the cells that others declare, and refuses one that is declared twice in different ways.
func (l *loading) cells(list []*declared) {
	first := map[string]*declared{}
	for _, d := range list {
		if d.borrows || d.wrong["cell"] {
			continue
		}
		other := first[d.Cell.Name]
		if other == nil {
			first[d.Cell.Name] = d
			continue
		}
		if !reflect.DeepEqual(other.Cell, d.Cell) {
			d.wrong["cell"], other.wrong["cell"] = true, true
			l.double(d.places["cell"], other.places["cell"], fmt.Sprintf("a cell must be made in one way, but %s is declared in two", d.Cell.Name))
		}
	}
	for _, d := range list {
		if from := first[d.Cell.Name]; d.borrows && from != nil {
			d.Cell = from.Cell
		}
	}
}

// names refuses to wait for what there is not.
func (l *loading) names(list []*declared, byName map[string]*declared) {
	var known []string
	for _, d := range list {
		known = append(known, d.Name)
	}
	for _, d := range list {
		gone := func(key string, names []string) []string {
			return slices.DeleteFunc(names, func(name string) bool {
				if byName[name] != nil {
					return false
				}
				i := slices.IndexFunc(d.waits, func(w wait) bool { return w.key == key && w.name == name })
				hint := diag.DidYouMean(name, known)
				l.findings.Report(diag.Diagnostic{Span: d.waits[i].at, Code: diag.ServiceUnknown, Hint: hint,
					Message: fmt.Sprintf("%s must name a service, but there is none called %q", key, diag.Short(name))})
				d.wrong[key] = true
				return true
			})
		}
		d.Requires, d.After = gone("requires", d.Requires), gone("after", d.After)
	}
}

// files refuses to let two services write one file.
func (l *loading) files(list []*declared) {
	first := map[string]*declared{}
	for _, d := range list {
		file := d.Log.File
		if file == "" || d.Log.Size == 0 {
			continue
		}
		if other := first[file]; other != nil {
			l.double(d.places["log"], other.places["log"], fmt.Sprintf("a file must keep the output of one service, but %s is that of two", file))
			d.wrong["log"], other.wrong["log"] = true, true
			continue
		}
		first[file] = d
	}
}

// order orders services. Of each cycle one that it could do without is told, and left out.
func (l *loading) order(list []service.Definition, byName map[string]*declared) *service.Graph {
	for {
		graph, err := service.NewGraph(list)
		if err == nil {
			return graph
		}
		var cycle *service.CycleError
		if !errors.As(err, &cycle) {
			panic("services: names are known: " + err.Error())
		}
		last, next := cycle.Names[len(cycle.Names)-1], cycle.Names[0]
		place := func(from, to string) diag.Span {
			d := byName[from]
			i := slices.IndexFunc(d.waits, func(w wait) bool { return w.name == to })
			return d.waits[i].at
		}
		p := diag.Diagnostic{Span: place(last, next), Code: diag.ServiceCycle, Message: cycle.Error()}
		for i, name := range cycle.Names[:len(cycle.Names)-1] {
			to := cycle.Names[i+1]
			p.Related = append(p.Related, diag.Related{Span: place(name, to), Message: fmt.Sprintf("%s waits for %s here", name, to)})
		}
		l.findings.Report(p)
		byName[last].wrong["after"] = true
		for i := range list {
			if list[i].Name == last {
				without := func(names []string) []string {
					return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == next })
				}
				list[i].Requires, list[i].After = without(list[i].Requires), without(list[i].After)
			}
		}
	}
}
