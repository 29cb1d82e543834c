package command

import (
	"fmt"
	"slices"
	"strings"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/kauth"
	"cellsh/policy/listing"
	"cellsh/policy/program"
	"cellsh/policy/report"
	"cellsh/policy/rules"
	"cellsh/policy/study"
	"cellsh/repl/flags"
	"cellsh/repl/human"
)

func dumpCommand() *Command {
	return &Command{
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
		Setup: func(fs *flags.Set) func(*Invocation) error {
			var o dumping
			o.stage = "program"
			fs.Text(&o.stage, "stage", "STAGE", "the STAGE: graph, optimized, program or bytes")
			cellList(fs, &o.cells, "compile for the cell NAME; repeats")
			fs.Text(&o.request, "request", "NAME", "only the requests of the scope, action or request NAME")
			fs.Switch(&o.noOptimize, "no-optimize", "compile without optimising")
			return o.run
		},
	}
}

// stages of dump, in the order in which policies go through them.
var stages = []string{"graph", "optimized", "program", "bytes"}

// dumping is the flags of dump.
type dumping struct {
	stage      string
	cells      []string
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
	cells := flags.cells
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

	bytes string
}

type graphDump struct {
	// Policy is absent for the decision of all policies.
	Policy  string     `json:"policy,omitempty"`
	Request string     `json:"request"`
	Start   string     `json:"start"`
	Nodes   []nodeDump `json:"nodes"`
	Leaves  []leafDump `json:"leaves"`

	text string
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

	text       string
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
				of := graphDump{Policy: g.Policy.Name, Request: id.String()}
				out.Graphs = append(out.Graphs, dumpGraph(d, of, g.Graph, outcomeDump, outcomeText))
			}
		}
	case "optimized":
		var stats graph.Stats
		for _, id := range d.requests {
			g, did := d.Optimized(cell, id)
			stats.Add(did)
			text := func(x policy.Decision) string { return decisionText(&x) }
			out.Graphs = append(out.Graphs, dumpGraph(d, graphDump{Request: id.String()}, g, decisionDump, text))
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
			out.Bytes = append(out.Bytes, byteDump{x.Offset, x.Hex(), x.Section, x.Field, x.Value})
		}
		out.bytes = program.PartsText(parts)
	}
	return out, nil
}

// nodes are those of a listing.
func (d *dumper) nodes(list []listing.Node) []nodeDump {
	out := []nodeDump{}
	for _, n := range list {
		out = append(out, nodeDump{n.Name, n.Op, n.Test, n.Yes, n.No, n.Span.File, n.Span.Line, strings.TrimSpace(d.SourceLine(n.Span))})
	}
	return out
}

// leaves are those of a listing.
func leaves[L any](list []listing.Leaf[L], report func(L) leafDump) []leafDump {
	out := []leafDump{}
	for _, l := range list {
		x := report(l.Value)
		x.Name = l.Name
		out = append(out, x)
	}
	return out
}

// dumpGraph writes a graph down; of is whose, and text what is in its leaves.
func dumpGraph[L comparable](d *dumper, of graphDump, g *graph.Graph[L], report func(L) leafDump, text func(L) string) graphDump {
	l := g.List()
	of.Start, of.Nodes, of.Leaves = l.Starts[0].Name, d.nodes(l.Nodes), leaves(l.Leaves, report)
	of.text = l.Text(d.SourceLine, text)
	return of
}

func outcomeDump(o rules.Outcome) leafDump {
	x := decisionDump(policy.Decision{Answer: o.Answer})
	if o.Fault != nil {
		x.Fault = o.Fault.Message
	}
	return x
}

func outcomeText(o rules.Outcome) string {
	if o.Fault != nil {
		return "fault: " + o.Fault.Message
	}
	return decisionText(&policy.Decision{Answer: o.Answer})
}

func decisionDump(x policy.Decision) leafDump { return leafDump{Answer: report.Of(&x)} }

func (d *dumper) program(p *rules.Program, length int) *programDump {
	l := p.List(d.requests)
	out := &programDump{Requests: []rootDump{}, Nodes: d.nodes(l.Nodes), Leaves: leaves(l.Leaves, decisionDump), Bytes: length, vocabulary: d.Vocabulary(), selected: d.selected}
	out.text = l.Text(d.SourceLine, func(x policy.Decision) string { return decisionText(&x) })
	for _, s := range l.Starts {
		x := rootDump{s.Request.String(), s.Name, []string{}, s.Request}
		for _, f := range s.Fields {
			x.Fields = append(x.Fields, f.String())
		}
		out.Requests = append(out.Requests, x)
	}
	return out
}

// dumpText writes cells of which the same is to be said together.
func dumpText(dumps []cellDump) string {
	var b strings.Builder
	for _, g := range alike(dumps, func(x *cellDump) string { return x.Cell }, (*cellDump).text) {
		b.WriteString(wrap(0, human.Cells(g.names)) + g.text)
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
		fmt.Fprintf(&b, "\n%s%s: %s, %s, starts at %s\n", of, g.Request, human.Plural(len(g.Nodes), "node"), leafCount(len(g.Leaves)), g.Start)
		b.WriteString(g.text)
	}
	b.WriteString(stepsText(x.Steps))
	if p := x.Program; p != nil {
		fmt.Fprintf(&b, "%s, %s, %s, %d bytes\n\n", human.Plural(len(p.Requests), "request"), human.Plural(len(p.Nodes), "node"), leafCount(len(p.Leaves)), p.Bytes)
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
		b.WriteString("\n" + p.text)
	}
	b.WriteString(x.bytes)
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
