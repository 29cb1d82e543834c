package rules

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/listing"
	"cellsh/policy/program"
	"cellsh/policy/progress"
)

// Options of a Compiler. The zero value optimises.
type Options struct {
	// SkipOptimizations makes programs of the graphs as they are: larger and slower, and the same decisions.
	SkipOptimizations bool
	// Vocabulary of the kernel that programs are for; nil is kauth.Newest.
	Vocabulary *kauth.Vocabulary
	// Work that compiling, and whatever is worked out with its graphs, is part of. Where that is stopped the compiler is of no
	// use any more.
	Work *progress.Work
}

// Compiler makes programs of a set. It remembers what it made, so that cells which no policy tells apart share
// everything. It is not safe for concurrent use.
type Compiler struct {
	set     *Set
	options Options
	// requests are those that the vocabulary's kernel asks policies.
	requests []kauth.RequestID
	// exact has the policies that name a cell without a glob, globs the others; both by position in the set.
	exact map[string][]position
	globs []position

	policies map[policyKey][]*PolicyGraph
	// searched has the graphs and requests whose faults were looked for.
	searched map[graphKey]bool
	programs map[string]*Program
	// kinds has the first program of each kind of those that read the names of cells, and alike the numbers of graphs by what
	// they say.
	kinds map[string]*Program
	alike map[[sha256.Size]byte]int
	// cells has the program of each name that was asked for.
	cells map[string]*Program
	notes diag.List
	found Faults
	equal map[string]*program.Program
}

// position is that of a policy in the set. In cells that are audited it is the one beyond all of them by as much: the same policy, and
// other graphs and programs.
type position int

// policyKey is what a policy's graphs depend on, but for the request's fields: the entries that speak of the request.
// cell is "" if no function read its name.
type policyKey struct {
	policy  position
	entries entries
	cell    string
}

// entries are positions in Policy.Entries, the most specific first, and -1 for none.
type entries [3]int

// entriesFor finds what the policy says to a request.
func (p *Policy) entriesFor(id kauth.RequestID) entries {
	out := entries{-1, -1, -1}
	for i, pattern := range id.Chain() {
		out[i] = slices.IndexFunc(p.Entries, func(e Entry) bool { return e.Pattern == pattern })
	}
	return out
}

// PolicyGraph is what one policy says to a request in a cell: its entries, the most specific first, and its
// default. Requests that the policy can't tell apart share it. The leaves have the policy's name; there is no Pass.
type PolicyGraph struct {
	Policy *Policy
	Graph  *graph.Graph[Outcome]
	// Lifted says that it is of a cell that is audited, as then are those of all its policies.
	Lifted bool
	// CellRead says that it is for this cell only.
	CellRead bool
	// Function says that functions have a part in it.
	Function bool
	// It was made for request id, and is the same for all that are alike in the fields read.
	id   kauth.RequestID
	read kauth.FieldSet
	// faulty says that some leaf is a fault.
	faulty bool
	// like is the number of the first graph that says the same; 0 for one that does not read the name of the cell, or is
	// faulty: it is like no other.
	like int
}

// Program is what was compiled for a cell.
type Program struct {
	*program.Program
	// Policies that apply, by name.
	Policies []*Policy
	// Stats of optimising, summed up over all requests.
	Stats graph.Stats
	// Spans are the places of the program's nodes in the source, by node; of one that stands for several tests, that
	// of one of them.
	Spans []diag.Span
	// CellRead says that functions have read the name of the cell: it is for this cell only.
	CellRead bool
	kind     *Program
}

// Kind is the first program whose policies say the same to every request. Whatever is found out about what they say holds
// for all programs of a kind; what functions do by themselves, which may read the names of cells, is another matter.
func (p *Program) Kind() *Program {
	if p.kind == nil {
		return p
	}
	return p.kind
}

// List is the program as people read it, with the places of its nodes.
func (p *Program) List(requests []kauth.RequestID) *listing.Listing[policy.Decision] {
	return p.Program.List(requests, p.Spans)
}

// NewCompiler makes a compiler for the set.
func NewCompiler(set *Set, o Options) *Compiler {
	if o.Vocabulary == nil {
		o.Vocabulary = kauth.Newest()
	}
	c := &Compiler{set: set, options: o, requests: o.Vocabulary.Requests(), exact: map[string][]position{}, policies: map[policyKey][]*PolicyGraph{},
		searched: map[graphKey]bool{}, programs: map[string]*Program{}, kinds: map[string]*Program{}, alike: map[[sha256.Size]byte]int{}, cells: map[string]*Program{}, equal: map[string]*program.Program{}}
	for at, p := range set.Policies {
		i := position(at)
		if p.Cells == nil {
			c.globs = append(c.globs, i)
			continue
		}
		glob := false
		for _, g := range p.Cells {
			if strings.Contains(g.Pattern, "*") {
				glob = true
			}
		}
		if glob {
			c.globs = append(c.globs, i)
			continue
		}
		for _, g := range p.Cells {
			if list := c.exact[g.Pattern]; !slices.Contains(list, i) {
				c.exact[g.Pattern] = append(list, i)
			}
		}
	}
	return c
}

// applying gives the policies for a cell, by position.
func (c *Compiler) applying(cell string) []position {
	list := slices.Clone(c.exact[cell])
	for _, i := range c.globs {
		if c.set.Policies[i].AppliesTo(cell) {
			list = append(list, i)
		}
	}
	slices.Sort(list)
	if c.set.Audits(cell) {
		for i := range list {
			list[i] += position(len(c.set.Policies))
		}
	}
	return list
}

// policyAt gives the policy at a position, and whether that is the one of cells that are audited.
func (c *Compiler) policyAt(i position) (p *Policy, audited bool) {
	n := position(len(c.set.Policies))
	return c.set.Policies[i%n], i >= n
}

// For gives the policies that apply to the cell of that name, in the order of the set.
func (c *Compiler) For(cell string) []*Policy { return c.at(c.applying(cell)) }

// at gives the policies at these positions.
func (c *Compiler) at(list []position) []*Policy {
	var out []*Policy
	for _, i := range list {
		p, _ := c.policyAt(i)
		out = append(out, p)
	}
	return out
}

// Set is what the compiler was made for.
func (c *Compiler) Set() *Set { return c.set }

// Problems are those of everything compiled so far, sorted: what functions do and must not, with the requests for
// which they do it, and warnings.
func (c *Compiler) Problems() diag.List {
	list := slices.Clone(c.notes)
	return append(list, c.found.List()...).Sort()
}

// ProblemsOf are the Problems that a cell has: what functions must not do for other cells is left out.
func (c *Compiler) ProblemsOf(cell string) diag.List {
	if len(c.found.list) == 0 {
		return c.Problems()
	}
	mine := map[*PolicyGraph]bool{}
	for _, id := range c.requests {
		for _, g := range c.PolicyGraphs(cell, id) {
			mine[g] = true
		}
	}
	list := slices.Clone(c.notes)
	for _, f := range c.found.list {
		for g := range f.graphs {
			if mine[g] {
				list = append(list, f.diagnostic())
				break
			}
		}
	}
	return list.Sort()
}

// Vocabulary of the kernel that programs are for.
func (c *Compiler) Vocabulary() *kauth.Vocabulary { return c.options.Vocabulary }

// Work is what compiling is part of; nil is nothing that could be stopped.
func (c *Compiler) Work() *progress.Work { return c.options.Work }

// Requests are those that policies are asked there: raised by the kernel, and not under a spin lock. The slice belongs to the
// compiler.
func (c *Compiler) Requests() []kauth.RequestID { return c.requests }

// PolicyGraphs gives what each policy that applies to the cell says to the request, ordered by name; nothing of a request
// that policies are not asked.
func (c *Compiler) PolicyGraphs(cell string, id kauth.RequestID) []*PolicyGraph {
	var out []*PolicyGraph
	if !c.options.Vocabulary.Asks(id) {
		return nil
	}
	for _, i := range c.applying(cell) {
		out = append(out, c.policyGraph(i, id, cell))
	}
	return out
}

func (c *Compiler) policyGraph(i position, id kauth.RequestID, cell string) *PolicyGraph {
	g := c.findPolicy(i, id, cell)
	if found := (graphKey{g, id}); g.faulty && !c.searched[found] {
		c.searched[found] = true
		c.findFaults(g, id, cell)
	}
	return g
}

// findPolicy gives the graph that was made for the request, or for one that the policy can't tell from it.
func (c *Compiler) findPolicy(i position, id kauth.RequestID, cell string) *PolicyGraph {
	p, audited := c.policyAt(i)
	key := policyKey{policy: i, entries: p.entriesFor(id)}
	for _, key.cell = range [...]string{"", cell} {
		for _, g := range c.policies[key] {
			if g.id.Alike(id, g.read) {
				return g
			}
		}
	}
	g := c.buildPolicy(p, key.entries, id, cell)
	g.Lifted = audited
	if !g.CellRead {
		key.cell = ""
	} else if !g.faulty {
		g.like = c.likeness(g)
	}
	c.policies[key] = append(c.policies[key], g)
	return g
}

// likeness is the number of the first graph that says the same, its own if it is the first.
func (c *Compiler) likeness(g *PolicyGraph) int {
	// In the syntax of Go every value has one text, and a text one value.
	sum := sha256.Sum256(fmt.Appendf(nil, "%#v", *g.Graph))
	n, known := c.alike[sum]
	if !known {
		n = len(c.alike) + 1
		c.alike[sum] = n
	}
	return n
}

// buildPolicy chains the entries of a policy, the budget first.
func (c *Compiler) buildPolicy(p *Policy, list entries, id kauth.RequestID, cell string) *PolicyGraph {
	out := &PolicyGraph{Policy: p, id: id}
	var b graph.Builder[Outcome]
	source := func(s diag.Span) policy.Source { return policy.Source{Policy: p.Name, File: s.File, Line: s.Line} }
	last := policy.Answer{Result: p.Default.Result}
	if p.Default.Span != (diag.Span{}) {
		last.Source = source(p.Default.Span)
	}
	at := b.Leaf(Outcome{Answer: last})
	for i := len(list) - 1; i >= 0; i-- {
		if list[i] < 0 {
			continue
		}
		e := &p.Entries[list[i]]
		if e.Function == nil {
			at = b.Leaf(Outcome{Answer: policy.Answer{Result: e.Result, Source: source(e.Span)}})
			continue
		}
		compiled := e.Function.Compile(id, cell)
		out.Function = true
		out.read |= compiled.Read
		out.CellRead = out.CellRead || compiled.CellRead
		c.notes = append(c.notes, compiled.Notes...)
		if i := compiled.gaveUp(); i >= 0 {
			// What was found out until it was too much is of no use, and can be very large.
			at = b.Leaf(compiled.Graph.Leaves[i])
			continue
		}
		next := at
		at = graph.Splice(&b, compiled.Graph, func(o Outcome) graph.Ref {
			if o.Fault == nil && o.Result == policy.Pass {
				return next
			}
			if o.Fault == nil {
				o.Source.Policy = p.Name
			}
			return b.Leaf(o)
		})
	}
	if n := p.Budget.Procs; n != nil {
		out.read = out.read.With(kauth.FieldMembers)
	}
	if n := p.Budget.Procs; n != nil && id.Info().Fields.Has(kauth.FieldMembers) {
		deny := b.Leaf(Outcome{Answer: policy.Answer{Result: policy.Deny, Reason: "budget procs = " + itoa(*n), Source: source(p.Budget.Span)}})
		full := policy.Test{Kind: policy.In, Field: kauth.FieldMembers, Set: interval.Between(*n, kauth.FieldMembers.Info().Max)}
		at = b.Node(full, deny, at, p.Budget.Span)
	}
	out.Graph = b.Graph(at).For(c.options.Work)
	out.faulty = slices.ContainsFunc(out.Graph.Leaves, func(o Outcome) bool { return o.Fault != nil })
	return out
}

// GaveUp reports whether the function was given up because it is too complex. The graph is of no use then.
func (c *Compiled) GaveUp() bool { return c.gaveUp() >= 0 }

// gaveUp is the leaf that says so, -1 if there is none.
func (c *Compiled) gaveUp() int { return slices.IndexFunc(c.Graph.Leaves, tooComplex) }

func tooComplex(o Outcome) bool { return o.Fault != nil && o.Fault.Code == diag.DecisionBudget }

// Decision is what an outcome of a policy contributes to the decision: that of a policy in audit mode is only
// noted.
func (p *Policy) Decision(o Outcome) policy.Decision {
	if o.Fault != nil {
		// Nothing with faults is loaded; for analysis of the rest they count as refusals.
		return policy.Decision{Answer: policy.Answer{Result: policy.Deny}}
	}
	if !p.Audit {
		return policy.Decision{Answer: o.Answer}
	}
	d := policy.Allowed
	if d.Record = o.Record; o.Result == policy.Deny || o.Result == policy.Grant {
		d.Would = o.Answer
		d.Would.Record = false
	}
	return d
}

// Diagram gives the whole decision for a request in a cell, reduced.
func (c *Compiler) Diagram(cell string, id kauth.RequestID) (*graph.Diagrams[policy.Decision], graph.Ref, error) {
	graphs := c.PolicyGraphs(cell, id)
	d := graph.NewDiagrams[policy.Decision](graph.NewSpace(id, Tested(graphs)...))
	r, err := Combine(d, graphs)
	return d, r, err
}

// Tested are the policies' graphs for graph.NewSpace.
func Tested(graphs []*PolicyGraph) []graph.Tested {
	out := make([]graph.Tested, len(graphs))
	for i, g := range graphs {
		out[i] = g.Graph
	}
	return out
}

// Combine reduces the policies' graphs, whose tests must be in the space of d, and puts their decisions together.
func Combine(d *graph.Diagrams[policy.Decision], graphs []*PolicyGraph) (graph.Ref, error) {
	if len(graphs) == 0 {
		return d.Leaf(policy.Allowed), nil
	}
	var at graph.Ref
	for i, g := range graphs {
		outcomes := graph.NewDiagrams[Outcome](d.Space)
		outcomes.Bound(d.Limit())
		r, err := graph.Reduce(outcomes, g.Graph)
		if err != nil {
			return 0, err
		}
		if i == 0 {
			at, err = graph.Map(d, outcomes, r, g.Policy.Decision)
		} else {
			at, err = graph.Apply(d, d, at, outcomes, r, func(a policy.Decision, o Outcome) policy.Decision { return a.Combine(g.Policy.Decision(o)) })
		}
		if err != nil {
			return 0, err
		}
	}
	if lifted(graphs) {
		return graph.Map(d, d, at, policy.Decision.Lifted)
	}
	return at, nil
}

// lifted reports whether the graphs are those of a cell that is audited. That is done to what they say together: a denial
// by one policy overrules what another grants.
func lifted(graphs []*PolicyGraph) bool { return len(graphs) > 0 && graphs[0].Lifted }

// Program compiles what the policies say to all requests in a cell. Cells for which it is the same get the same.
func (c *Compiler) Program(cell string) (*Program, error) {
	if p, ok := c.cells[cell]; ok {
		return p, nil
	}
	p, err := c.program(cell)
	if err == nil {
		c.cells[cell] = p
	}
	return p, err
}

func (c *Compiler) program(cell string) (*Program, error) {
	applying := c.applying(cell)
	// What the program is made of: the policies, and for those that read it the name.
	var graphs [][]*PolicyGraph
	ids := c.requests
	cellRead, alike := false, true
	var likes []int
	shared := keyOf(applying)
	if p, ok := c.programs[shared]; ok {
		return p, nil
	}
	if p, ok := c.programs[shared+" "+cell]; ok {
		return p, nil
	}
	for k, id := range ids {
		c.options.Work.At(progress.Step{Doing: "following functions", Of: cell + " " + id.String(), Done: k, Total: len(ids)})
		var list []*PolicyGraph
		for _, i := range applying {
			g := c.policyGraph(i, id, cell)
			if g.CellRead {
				cellRead, alike = true, alike && g.like != 0
				likes = append(likes, g.like)
			}
			list = append(list, g)
		}
		graphs = append(graphs, list)
	}
	kind := ""
	if cellRead && alike {
		kind = shared + " " + keyOf(likes)
		if first, ok := c.kinds[kind]; ok {
			out := *first
			out.kind = first
			c.programs[shared+" "+cell] = &out
			return &out, nil
		}
	}
	out := &Program{Policies: c.at(applying), CellRead: cellRead}
	a := newAssembler()
	var decided []decided
	for k, id := range ids {
		c.options.Work.At(progress.Step{Doing: "compiling", Of: cell + " " + id.String(), Done: k, Total: len(ids)})
		d := c.decide(graphs[k], id, decided)
		if !d.constant() {
			decided = append(decided, d)
		}
		out.Stats.Add(d.stats)
		a.add(id, d.graph)
	}
	p, spans, err := a.program()
	if err != nil {
		return nil, err
	}
	out.Spans = spans
	// Equal programs of different cells are one.
	text := string(p.Encode(c.options.Vocabulary))
	if same, ok := c.equal[text]; ok {
		p = same
	} else {
		c.equal[text] = p
	}
	out.Program = p
	if cellRead {
		shared += " " + cell
	}
	c.programs[shared] = out
	if kind != "" {
		c.kinds[kind] = out
	}
	return out, nil
}

func keyOf[T ~int](list []T) string {
	var b strings.Builder
	for _, i := range list {
		b.WriteString(itoa(int64(i)))
		b.WriteByte(',')
	}
	return b.String()
}

// decided is the decision for one request: the graph of what the policies say together.
type decided struct {
	policies []*PolicyGraph
	graph    *graph.Graph[policy.Decision]
	stats    graph.Stats
}

func (d *decided) constant() bool { return d.graph.Root < 0 }

// Optimized gives the whole decision for a request in a cell as the graph that its program is made of, and what was done
// to the policies' graphs to get there.
func (c *Compiler) Optimized(cell string, id kauth.RequestID) (*graph.Graph[policy.Decision], graph.Stats) {
	d := c.decide(c.PolicyGraphs(cell, id), id, nil)
	return d.graph, d.stats
}

// decide gives the graph of the whole decision for a request, optimised. Requests that the policies treat alike,
// like those for a port and for a low port, are worked out once: before has what was decided for others.
func (c *Compiler) decide(graphs []*PolicyGraph, id kauth.RequestID, before []decided) decided {
	for _, d := range before {
		if slices.Equal(d.policies, graphs) {
			return d
		}
	}
	out := decided{policies: graphs}
	constant, all := policy.Allowed, true
	var size graph.Size
	for i, g := range graphs {
		one := g.Graph.Size()
		size.Nodes += one.Nodes
		size.Leaves += one.Leaves
		size.Depth += one.Depth // they are asked one after the other
		if leaf, ok := g.Graph.Root.Leaf(); ok {
			d := g.Policy.Decision(g.Graph.Leaves[leaf])
			if i > 0 {
				d = constant.Combine(d)
			}
			constant = d
		} else {
			all = false
		}
	}
	if all {
		if lifted(graphs) {
			constant = constant.Lifted()
		}
		out.stats = graph.Stats{Before: size, After: graph.Size{Leaves: 1}}
		out.graph = graph.Constant(constant)
		return out
	}
	out.graph, out.stats = c.together(graphs, id, size)
	return out
}

// StepInfo says what a step does, and which invariant makes that right.
type StepInfo struct{ Name, Does, Relies string }

// Steps are all that graphs of policies can go through, in their order: putting them together in one of two ways, and
// then the steps of [graph.Optimize], or of [graph.Finish].
func Steps() []StepInfo {
	out := []StepInfo{
		{"compose", "the policies are asked one after the other, and the decision is the combination of their answers",
			"what an answer combines with depends on the answers before it alone"},
		{"combine", "the policies are put together as diagrams, which have every variable in one order and no test twice",
			"the request carries every field that is tested, with a value in the field's range, and a field keeps its value during a decision"},
	}
	for _, s := range graph.Steps[policy.Decision]() {
		out = append(out, StepInfo{s.Name, s.Does, s.Relies})
	}
	return out
}

// together puts the policies' graphs, whose size is given, together and optimises the result.
//
// What several policies say is combined as diagrams, which stay smaller than the composition: the graph that is written of
// them is in order already. One policy alone, and several whose diagrams would be too large, go through all steps.
func (c *Compiler) together(graphs []*PolicyGraph, id kauth.RequestID, size graph.Size) (*graph.Graph[policy.Decision], graph.Stats) {
	first := graph.StepStats{Name: "compose", Graphs: 1, Before: size}
	if len(graphs) > 1 {
		first.Changed = 1
	}
	var g *graph.Graph[policy.Decision]
	var rest graph.Stats
	if len(graphs) > 1 && !c.options.SkipOptimizations {
		d := graph.NewDiagrams[policy.Decision](graph.NewSpace(id, Tested(graphs)...))
		d.Bound(graph.ReducedLimit(size.Nodes))
		if r, err := Combine(d, graphs); err == nil {
			first.Name = "combine"
			g, rest = graph.Finish(d.Graph(r), id)
		}
	}
	if g == nil {
		g = compose(graphs)
		if c.options.SkipOptimizations {
			rest.Before = g.Size()
			rest.After = rest.Before
		} else {
			g, rest = graph.Optimize(g, id)
		}
	}
	first.After = rest.Before
	return g, graph.Stats{Before: size, After: rest.After, Steps: append([]graph.StepStats{first}, rest.Steps...)}
}

// compose asks the policies one after the other, with what was decided so far kept in the place that is reached.
func compose(graphs []*PolicyGraph) *graph.Graph[policy.Decision] {
	var b graph.Builder[policy.Decision]
	type key struct {
		i     int
		sofar policy.Decision
	}
	memo := map[key]graph.Ref{}
	var from func(i int, sofar policy.Decision) graph.Ref
	from = func(i int, sofar policy.Decision) graph.Ref {
		if i == len(graphs) {
			if lifted(graphs) {
				sofar = sofar.Lifted()
			}
			return b.Leaf(sofar)
		}
		k := key{i, sofar}
		if r, ok := memo[k]; ok {
			return r
		}
		g := graphs[i]
		r := graph.Splice(&b, g.Graph, func(o Outcome) graph.Ref {
			d := g.Policy.Decision(o)
			if i > 0 {
				d = sofar.Combine(d)
			}
			return from(i+1, d)
		})
		memo[k] = r
		return r
	}
	return b.Graph(from(0, policy.Allowed))
}
