package loader

import (
	"slices"

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

	// flips are the runs with other answers, by the place that they are restricted to.
	flips map[diag.Span]*flip
}

// flip is a run with other answers.
type flip struct {
	// other are the functions that it declares instead.
	other map[*decision]*symbolic.Function
	// differs says that other things are declared.
	differs bool
}

// flip runs the file with the other answers at one place, or with the zero Span at all.
func (o *open) flip(at diag.Span) *flip {
	if f := o.flips[at]; f != nil {
		return f
	}
	out := &flip{other: map[*decision]*symbolic.Function{}}
	if o.flips == nil {
		o.flips = map[diag.Span]*flip{}
	}
	o.flips[at] = out
	options := o.options
	options.Flipped, options.FlippedAt, options.Output = true, at, nil
	m := symbolic.NewMachine(options)
	d := declare.New(func(f value.Value, where bool) rules.Function { return decisionOf(m, f, where) }, nil)
	words(m, d)
	d.Begin(o.file.Name)
	if m.Run(o.file) != nil {
		out.differs = true
		return out
	}
	one := declared{policies: o.policies, nevers: o.nevers}
	other := declared{policies: d.Policies(), nevers: d.Nevers()}
	out.differs = len(compare(one, other, func(first, second rules.Function) bool {
		f, g := first.(*decision), second.(*decision)
		out.other[f] = g.Function
		return f.Node() == g.Node()
	})) > 0
	return out
}

// maxFlips bounds how many places are tried one by one: each takes another run.
const maxFlips = 16

// blame gives the place at which another answer makes the difference that differs sees. Those in the function, if there is
// one, come first, and where it takes several places the first of all is as good as the others.
func (o *open) blame(within *syntax.FunctionExpr, differs func(*flip) bool) diag.Span {
	places := slices.Clone(o.machine.Opened())
	if within != nil {
		from, _ := within.File.Place(within.Pos())
		to, _ := within.File.Place(within.End())
		outside := func(at diag.Span) bool { return at.File != within.File.Name || at.Line < from || at.Line > to }
		slices.SortStableFunc(places, func(a, b diag.Span) int {
			switch {
			case outside(a) == outside(b):
				return 0
			case outside(a):
				return 1
			}
			return -1
		})
	}
	if len(places) > 1 {
		for _, at := range places[:min(len(places), maxFlips)] {
			if differs(o.flip(at)) {
				return at
			}
		}
	}
	return places[0]
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
	if len(o.machine.Opened()) > 0 {
		differs := func(f *flip) bool { return f.differs }
		if differs(o.flip(diag.Span{})) {
			l.first.Report(warning(o.blame(nil, differs), "what a file declares"))
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
	differs := func(run *flip) bool {
		other := run.other[f]
		return other != nil && differ(id, c.Graph, other.Compile(id, cell).Graph)
	}
	if !differs(f.open.flip(diag.Span{})) {
		return c
	}
	at := f.open.blame(f.Node(), differs)
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
