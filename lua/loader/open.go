package loader

import (
	"sync"

	"cellsh/lua/declare"
	"cellsh/lua/symbolic"
	"cellsh/lua/syntax"
	"cellsh/lua/value"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// open finds out whether what a file decides depends on what Lua leaves open: the order of pairs, # of a table with holes,
// the text of a table. The file is run once more with other answers; what is the same then does not depend on them.
type open struct {
	file    *syntax.File
	options symbolic.MachineOptions
	machine *symbolic.Machine
	// policies and nevers are what the file declares with the usual answers.
	policies []*rules.Policy
	nevers   []*rules.Never

	once  sync.Once
	other map[*decision]*symbolic.Function
	// differs says that other things are declared.
	differs bool
}

// flip runs the file with the other answers.
func (o *open) flip() {
	o.once.Do(func() {
		o.other = map[*decision]*symbolic.Function{}
		options := o.options
		options.Flipped, options.Output = true, nil
		m := symbolic.NewMachine(options)
		d := declare.New(func(f value.Value, where bool) rules.Function { return decisionOf(m, f, where) }, nil)
		words(m, d)
		d.Begin(o.file.Name)
		if m.Run(o.file) != nil {
			o.differs = true
			return
		}
		one := declared{policies: o.policies, nevers: o.nevers}
		other := declared{policies: d.Policies(), nevers: d.Nevers()}
		o.differs = len(compare(one, other, func(first, second rules.Function) bool {
			f, g := first.(*decision), second.(*decision)
			o.other[f] = g.Function
			return f.Node() == g.Node()
		})) > 0
	})
}

// openAnswers has functions look whether they depend on what Lua leaves open, and warns where the declarations do.
func (l *loading) openAnswers(o *open) {
	add := func(f rules.Function) {
		if f, ok := f.(*decision); ok {
			f.open = o
		}
	}
	for _, p := range o.policies {
		for _, e := range p.Entries {
			add(e.Function)
		}
	}
	for _, n := range o.nevers {
		add(n.Where)
	}
	if opened := o.machine.Opened(); len(opened) > 0 {
		if o.flip(); o.differs {
			l.first.Report(warning(opened[0], "what a file declares"))
		}
	}
}

// warning is what is said of a place.
func warning(at diag.Span, what string) diag.Diagnostic {
	return diag.Diagnostic{Span: at, Severity: diag.Warning, Code: diag.DecisionOpen, Hint: "use ipairs, or keep an order of your own",
		Message: what + " must not depend on what Lua leaves open (the order of pairs, # of a table with holes, the text of a table), but does here"}
}

// Compile gives the function as a graph; see rules.Function.
func (f *decision) Compile(id kauth.RequestID, cell string) *rules.Compiled {
	c := f.Function.Compile(id, cell)
	if f.open == nil || len(f.open.machine.Opened()) == 0 || f.told[c] {
		return c
	}
	if f.told == nil {
		f.told = map[*rules.Compiled]bool{}
	}
	f.told[c] = true
	f.open.flip()
	other := f.open.other[f]
	if other == nil || !differ(id, c.Graph, other.Compile(id, cell).Graph) {
		return c
	}
	at := f.open.machine.Opened()[0]
	for _, place := range f.open.machine.Opened() {
		// A place inside of the function says more than one that made its tables.
		from, _ := f.Node().File.Place(f.Node().Pos())
		to, _ := f.Node().File.Place(f.Node().End())
		if place.File == f.Node().File.Name && from <= place.Line && place.Line <= to {
			at = place
			break
		}
	}
	c.Notes = append(c.Notes, warning(at, "a decision"))
	return c
}

// said is what a graph says to a request.
type said struct {
	result policy.Result
	reason string
	fault  bool
}

// differ reports whether two graphs say different things to some request. What is too large to be compared does not.
func differ(id kauth.RequestID, a, b *graph.Graph[rules.Outcome]) bool {
	plain := func(g *graph.Graph[rules.Outcome]) *graph.Graph[said] {
		p := &graph.Graph[said]{Root: g.Root, Nodes: g.Nodes}
		for _, o := range g.Leaves {
			p.Leaves = append(p.Leaves, said{o.Result, o.Reason, o.Fault != nil})
		}
		return p
	}
	p, q := plain(a), plain(b)
	d := graph.NewDiagrams[said](graph.NewSpace(id, p, q))
	one, err := graph.Reduce(d, p)
	if err != nil {
		return false
	}
	other, err := graph.Reduce(d, q)
	return err == nil && one != other
}
