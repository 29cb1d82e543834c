package command

import (
	"flag"
	"fmt"
	"slices"
	"strings"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
	"cellsh/policy/report"
	"cellsh/policy/rules"
	"cellsh/policy/study"
)

func init() {
	register(&Command{
		Name: "dump", Args: "[--stage STAGE] PATH...", Short: "what policies are compiled to",
		Long: `Writes what the policies of files and folders are compiled to, for one sample
of each glob, or for each --cell. The stages are

  graph      the functions of each policy, test by test as in the source
  optimized  the decision of all policies together, as it is tested, and what
             each step of optimising did
  program    the program for the kernel, disassembled (the default)
  bytes      its encoding, field by field

Beside every test stands the line of Lua that it comes from.

  cellsh dump web.lua
  cellsh dump --stage graph --request network.bind.privport web.lua
  cellsh dump --stage bytes --cell web-7 web.lua`,
		Setup: func(fs *flag.FlagSet) func(*Invocation) error {
			var o dumping
			fs.StringVar(&o.stage, "stage", "program", "the `STAGE`: graph, optimized, program or bytes")
			fs.Var(&o.cells, "cell", "compile for the cell `NAME`; repeats")
			fs.StringVar(&o.request, "request", "", "only the requests of the scope, action or request `NAME`")
			fs.BoolVar(&o.noOptimize, "no-optimize", false, "compile without optimising")
			return o.run
		},
	})
}

// stages of dump, in the order in which policies go through them.
var stages = []string{"graph", "optimized", "program", "bytes"}

// dumping is the flags of dump.
type dumping struct {
	stage      string
	cells      cellList
	request    string
	noOptimize bool
}

func (flags *dumping) run(inv *Invocation) error {
	if len(inv.Args) == 0 && len(inv.Policy) == 0 {
		return usage("a path must be given")
	}
	if flags.stage == "optimised" {
		flags.stage = "optimized"
	}
	if !slices.Contains(stages, flags.stage) {
		return usage("--stage must be graph, optimized, program or bytes, but is %q", flags.stage)
	}
	d := &dumper{stage: flags.stage}
	var only *kauth.Pattern
	if flags.request != "" {
		if flags.stage == "bytes" {
			return usage("--request selects nodes, but --stage bytes writes a whole program")
		}
		p, err := study.ParsePattern(flags.request)
		if err != nil {
			return err
		}
		only = &p
	}
	var err error
	if d.Policies, err = inv.read(inv.Args, flags.noOptimize); err != nil {
		return err
	}
	d.requests = slices.Clone(d.Requests())
	if only != nil {
		d.requests = slices.DeleteFunc(d.requests, func(id kauth.RequestID) bool { return !only.Matches(id) })
		if len(d.requests) == 0 {
			return diag.List{{Code: diag.PolicyNever, Message: fmt.Sprintf("a request must be one that policies are asked, but %s is not", only)}}
		}
		d.selected = true
	}
	if d.Loading.Failed() {
		return d.Loading
	}
	cells := []string(flags.cells)
	if len(cells) == 0 {
		live, err := inv.live()
		if err != nil {
			return err
		}
		for _, s := range d.Samples(live, nil) {
			cells = append(cells, s.Name)
		}
	}
	var dumps []cellDump
	for _, cell := range cells {
		x, err := d.cell(cell)
		if err != nil {
			return err
		}
		dumps = append(dumps, x)
	}
	if inv.JSON {
		return inv.json(map[string]any{"stage": d.stage, "cells": dumps})
	}
	fmt.Fprint(inv.Stdout, dumpText(dumps))
	return nil
}

type dumper struct {
	*study.Policies
	stage string
	// requests to write; selected says that they are not all.
	requests []kauth.RequestID
	selected bool
}

// cellDump is one cell at one stage: what of the members is there depends on the stage.
type cellDump struct {
	Cell   string      `json:"cell"`
	Graphs []graphDump `json:"graphs,omitempty"`
	// Steps of optimising, with the sizes of all graphs together.
	Steps   []stepDump   `json:"steps,omitempty"`
	Program *programDump `json:"program,omitempty"`
	Bytes   []byteDump   `json:"bytes,omitempty"`
}

type graphDump struct {
	// Policy is absent for the decision of all policies.
	Policy  string     `json:"policy,omitempty"`
	Request string     `json:"request"`
	Start   string     `json:"start"`
	Nodes   []nodeDump `json:"nodes"`
	Leaves  []leafDump `json:"leaves"`
}

// stepDump is what a step of optimising did to the graphs.
type stepDump struct {
	Name string `json:"name"`
	Does string `json:"does"`
	// Relies is what makes the step right.
	Relies string `json:"relies"`
	// Graphs are how many went through it, Changed how many came out otherwise.
	Graphs  int      `json:"graphs"`
	Changed int      `json:"changed"`
	Before  sizeDump `json:"before"`
	After   sizeDump `json:"after"`
}

type sizeDump struct {
	Nodes  int `json:"nodes"`
	Leaves int `json:"leaves"`
	// Depth is the most tests on a path of any of the graphs.
	Depth int `json:"depth"`
}

func dumpStep(s graph.StepStats) stepDump {
	all := rules.Steps()
	about := all[slices.IndexFunc(all, func(x rules.StepInfo) bool { return x.Name == s.Name })]
	return stepDump{s.Name, about.Does, about.Relies, s.Graphs, s.Changed, sizeDump(s.Before), sizeDump(s.After)}
}

type programDump struct {
	Requests []rootDump `json:"requests"`
	Nodes    []nodeDump `json:"nodes"`
	Leaves   []leafDump `json:"leaves"`
	// Bytes is the length of the encoding.
	Bytes int `json:"bytes"`

	vocabulary *kauth.Vocabulary
	// selected says that only some requests are there.
	selected bool
}

type rootDump struct {
	Request string   `json:"request"`
	Start   string   `json:"start"`
	Fields  []string `json:"fields"`

	id kauth.RequestID
}

// nodeDump is a test. Places to go on to are names of nodes and leaves.
type nodeDump struct {
	Name string `json:"name"`
	// Op is the operation of a program's node.
	Op   string `json:"op,omitempty"`
	Test string `json:"test"`
	Yes  string `json:"yes"`
	No   string `json:"no"`
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	// Source is the line of Lua.
	Source string `json:"source,omitempty"`
}

type leafDump struct {
	Name string `json:"name"`
	report.Answer
	// Fault is what makes the answer impossible.
	Fault string `json:"fault,omitempty"`

	text string
}

type byteDump struct {
	Offset  int    `json:"offset"`
	Hex     string `json:"hex"`
	Section string `json:"section"`
	Field   string `json:"field"`
	Value   string `json:"value"`
}

func (d *dumper) cell(cell string) (cellDump, error) {
	out := cellDump{Cell: cell}
	if err := d.Usable(cell); err != nil {
		return out, err
	}
	switch d.stage {
	case "graph":
		for _, id := range d.requests {
			for _, g := range d.PolicyGraphs(cell, id) {
				x := dumpGraph(d, g.Graph, d.outcome)
				x.Policy, x.Request = g.Policy.Name, id.String()
				out.Graphs = append(out.Graphs, x)
			}
		}
	case "optimized":
		var stats graph.Stats
		for _, id := range d.requests {
			g, did := d.Optimized(cell, id)
			stats.Add(did)
			x := dumpGraph(d, g, d.decision)
			x.Request = id.String()
			out.Graphs = append(out.Graphs, x)
		}
		for _, s := range stats.Steps {
			out.Steps = append(out.Steps, dumpStep(s))
		}
	default:
		p, err := d.Program(cell)
		if err != nil {
			return out, err
		}
		text := p.Encode(d.Vocabulary())
		if d.stage == "program" {
			out.Program = d.program(p, len(text))
			break
		}
		parts, err := program.Describe(text, d.Vocabulary())
		if err != nil {
			return out, err
		}
		for _, x := range parts {
			out.Bytes = append(out.Bytes, byteDump{x.Offset, fmt.Sprintf("% x", x.Bytes), x.Section, x.Field, x.Value})
		}
	}
	return out, nil
}

func nodeName(i int) string { return fmt.Sprintf("n%d", i) }
func leafName(i int) string { return fmt.Sprintf("L%d", i) }

// dumpGraph lists the nodes that the root leads to, from there on: every node stands before those that it leads to.
func dumpGraph[L comparable](d *dumper, g *graph.Graph[L], leaf func(L) leafDump) graphDump {
	reach := g.Reachable()
	names := map[graph.Ref]string{}
	var order []graph.Ref
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		if reach[i] {
			names[graph.Ref(i)] = nodeName(len(order))
			order = append(order, graph.Ref(i))
		}
	}
	out := graphDump{Nodes: []nodeDump{}, Leaves: []leafDump{}}
	name := func(r graph.Ref) string {
		i, ok := r.Leaf()
		if ok && names[r] == "" {
			names[r] = leafName(len(out.Leaves))
			x := leaf(g.Leaves[i])
			x.Name = names[r]
			out.Leaves = append(out.Leaves, x)
		}
		return names[r]
	}
	out.Start = name(g.Root)
	for _, r := range order {
		n := &g.Nodes[r]
		x := nodeDump{Name: names[r], Test: n.Test.String(), Yes: name(n.Yes), No: name(n.No)}
		d.place(&x, n.Span)
		out.Nodes = append(out.Nodes, x)
	}
	return out
}

func (d *dumper) place(x *nodeDump, at diag.Span) {
	x.File, x.Line, x.Source = at.File, at.Line, strings.TrimSpace(d.SourceLine(at))
}

func (d *dumper) outcome(o rules.Outcome) leafDump {
	x := d.decision(policy.Decision{Answer: o.Answer})
	if o.Fault != nil {
		x.Fault, x.text = o.Fault.Message, "fault: "+o.Fault.Message
	}
	return x
}

func (d *dumper) decision(x policy.Decision) leafDump {
	return leafDump{Answer: report.Of(&x), text: decisionText(&x)}
}

func (d *dumper) program(p *rules.Program, length int) *programDump {
	out := &programDump{Requests: []rootDump{}, Nodes: []nodeDump{}, Leaves: []leafDump{}, Bytes: length, vocabulary: d.Vocabulary(), selected: d.selected}
	name := func(r program.Ref) string {
		if i, ok := r.Leaf(); ok {
			return leafName(i)
		}
		return nodeName(int(r))
	}
	nodes := p.Nodes()
	// What the selected requests lead to.
	reach, leaves := make([]bool, len(nodes)), make([]bool, len(p.Leaves()))
	mark := func(r program.Ref) {
		if i, ok := r.Leaf(); ok {
			leaves[i] = true
		} else {
			reach[r] = true
		}
	}
	for _, root := range p.Roots() {
		if !slices.Contains(d.requests, root.Request) {
			continue
		}
		mark(root.Ref)
		x := rootDump{root.Request.String(), name(root.Ref), []string{}, root.Request}
		for _, f := range p.Mask(root.Request).Fields() {
			x.Fields = append(x.Fields, f.String())
		}
		out.Requests = append(out.Requests, x)
	}
	for i := range nodes {
		if !reach[i] {
			continue
		}
		n := &nodes[i]
		mark(n.Yes)
		mark(n.No)
		t := n.Test()
		x := nodeDump{Name: nodeName(i), Op: n.Op.String(), Test: t.String(), Yes: name(n.Yes), No: name(n.No)}
		d.place(&x, p.Spans[i])
		out.Nodes = append(out.Nodes, x)
	}
	for i, l := range p.Leaves() {
		if leaves[i] {
			x := d.decision(l)
			x.Name = leafName(i)
			out.Leaves = append(out.Leaves, x)
		}
	}
	return out
}

// dumpText writes cells of which the same is to be said together.
func dumpText(dumps []cellDump) string {
	var b strings.Builder
	for _, g := range alike(dumps, func(x *cellDump) string { return x.Cell }, (*cellDump).text) {
		b.WriteString(wrap(0, cellsText(g.names)) + g.text)
	}
	return b.String()
}

func (x *cellDump) text() string {
	var b strings.Builder
	for i := range x.Graphs {
		g := &x.Graphs[i]
		of := ""
		if g.Policy != "" {
			of = "policy " + g.Policy + ", "
		}
		fmt.Fprintf(&b, "\n%s%s: %s, %s, starts at %s\n", of, g.Request, plural(len(g.Nodes), "node"), leafCount(len(g.Leaves)), g.Start)
		b.WriteString(nodesText(g.Nodes) + leavesText(g.Leaves))
	}
	b.WriteString(stepsText(x.Steps))
	if p := x.Program; p != nil {
		fmt.Fprintf(&b, "%s, %s, %s, %d bytes\n\n", plural(len(p.Requests), "request"), plural(len(p.Nodes), "node"), leafCount(len(p.Leaves)), p.Bytes)
		var entries []entry
		for _, r := range p.Requests {
			fields := ""
			if len(r.Fields) > 0 {
				fields = ", looks at " + strings.Join(r.Fields, ", ")
			}
			entries = append(entries, entry{request: r.id, head: " starts at " + r.Start + fields})
		}
		b.WriteString(grouped(p.vocabulary, 2, entries))
		if !p.selected {
			b.WriteString("  what is not listed is allowed\n")
		}
		b.WriteString("\n")
		b.WriteString(nodesText(p.Nodes) + leavesText(p.Leaves))
	}
	section := ""
	for _, p := range x.Bytes {
		if p.Section != section {
			section = p.Section
			fmt.Fprintf(&b, "%s\n", section)
		}
		b.WriteString(hexText(p))
	}
	return b.String()
}

// stepsText is a table of the steps.
func stepsText(steps []stepDump) string {
	if len(steps) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\nsteps, the graphs of all requests together:\n  %-12s %15s %17s %17s %17s\n", "", "graphs changed", "nodes", "leaves", "most tests")
	for _, s := range steps {
		change := func(before, after int) string { return fmt.Sprintf("%d to %d", before, after) }
		fmt.Fprintf(&b, "  %-12s %15s %17s %17s %17s\n", s.Name, fmt.Sprintf("%d of %d", s.Changed, s.Graphs),
			change(s.Before.Nodes, s.After.Nodes), change(s.Before.Leaves, s.After.Leaves), change(s.Before.Depth, s.After.Depth))
	}
	for _, s := range steps {
		b.WriteString(wrap(2, fmt.Sprintf("%s: %s. It relies on this: %s.", s.Name, s.Does, s.Relies)))
	}
	return b.String()
}

func leafCount(n int) string {
	if n == 1 {
		return "1 leaf"
	}
	return fmt.Sprintf("%d leaves", n)
}

func nodesText(nodes []nodeDump) string {
	var b strings.Builder
	test := 0
	for _, n := range nodes {
		test = max(test, min(len(n.Test), 44))
	}
	for _, n := range nodes {
		op := ""
		if n.Op != "" {
			op = fmt.Sprintf("%-7s", n.Op)
		}
		at := ""
		if n.Line > 0 {
			at = fmt.Sprintf("  ; %s:%d", n.File, n.Line)
			if n.Source != "" {
				at += "  " + n.Source
			}
		}
		fmt.Fprintf(&b, "  %-5s %s%-*s  yes %-5s no %-5s%s\n", n.Name, op, test, n.Test, n.Yes, n.No, at)
	}
	return b.String()
}

func leavesText(leaves []leafDump) string {
	var b strings.Builder
	for _, l := range leaves {
		fmt.Fprintf(&b, "  %-5s %s\n", l.Name, l.text)
	}
	return b.String()
}

// hexText writes a field; more than eight bytes take further lines.
func hexText(p byteDump) string {
	const line = 8 * 3
	var b strings.Builder
	hex := p.Hex + " "
	for at := 0; at < len(hex); at += line {
		part := hex[at:min(at+line, len(hex))]
		if at == 0 {
			fmt.Fprintf(&b, "  %06x  %-*s %s: %s\n", p.Offset, line, part, p.Field, p.Value)
		} else {
			fmt.Fprintf(&b, "  %06x  %s\n", p.Offset+at/3, strings.TrimSpace(part))
		}
	}
	return b.String()
}
