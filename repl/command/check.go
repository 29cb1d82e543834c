package command

import (
	"flag"
	"fmt"
	"strings"

	"cellsh/lua/engine"
	"cellsh/policy/analysis"
	"cellsh/policy/diag"
)

func init() {
	register(&Command{
		Name: "check", Args: "PATH...", Short: "compile and verify policies",
		Long: `Reads the policies of the files and folders, compiles them for the cells that exist, for each --cell, and for one
sample of each glob, and says everything that is wrong. It lists what the policies grant, checks what must never be
allowed, and proves that the compiled programs decide as the functions do.

The exit code is 1 if there is any error.

  cellsh check /etc/cellsh/policy.d
  cellsh check --cell web-7 web.lua`,
		Flags: func(fs *flag.FlagSet, o *Options) {
			fs.Var(&o.Cells, "cell", "look at the cell `NAME` too; repeats")
			fs.BoolVar(&o.NoProof, "no-proof", false, "do not compare programs with functions")
			fs.BoolVar(&o.NoOpt, "no-optimize", false, "compile without optimising")
		},
		Work: runCheck,
	})
}

// checkEffort bounds the proof that is part of check; cellsh prove has no bound.
const checkEffort = 20_000_000

func runCheck(inv *Invocation) error {
	if len(inv.Args) == 0 && len(inv.Policy) == 0 {
		return usage("a path must be given")
	}
	p, err := inv.read(inv.Args)
	if err != nil {
		return err
	}
	live, err := inv.live()
	if err != nil {
		return err
	}
	c, err := p.Check(engine.CheckOptions{Live: live, Cells: inv.Cells, Effort: checkEffort, NoProof: inv.NoProof})
	if err != nil {
		return err
	}
	if inv.JSON {
		if err := inv.json(checkJSON(c)); err != nil {
			return err
		}
	} else {
		diag.Write(inv.Stderr, c.Problems)
		fmt.Fprint(inv.Stdout, checkText(c))
	}
	if c.Problems.Failed() {
		return quiet{Failed}
	}
	return nil
}

func checkText(c *engine.Check) string {
	var b strings.Builder
	errors, warnings := 0, 0
	for _, p := range c.Problems {
		switch p.Severity {
		case diag.Error:
			errors++
		case diag.Warning:
			warnings++
		}
	}
	if len(c.Grants) > 0 {
		b.WriteString("grants, which give rights that the kernel may refuse otherwise:\n")
		for _, g := range c.Grants {
			reason := ""
			if g.Reason != "" {
				reason = fmt.Sprintf(" %q", g.Reason)
			}
			if g.Audit {
				reason += " (audit: does not apply)"
			}
			requests := ids(g.Requests)
			if len(g.Requests) > 3 {
				requests = fmt.Sprintf("%s and %d more", ids(g.Requests[:2]), len(g.Requests)-2)
			}
			fmt.Fprintf(&b, "  %s: policy %s: %s%s\n", g.Span, g.Policy, requests, reason)
		}
	}
	fmt.Fprintf(&b, "cells looked at: %s\n", sampleNames(c.Cells))
	if c.Nevers > 0 {
		fmt.Fprintf(&b, "never: %s, %d broken\n", plural(c.Nevers, "assertion"), len(c.Breaches))
	}
	if c.Proof != nil {
		b.WriteString(proofText(c.Proof))
	}
	fmt.Fprintf(&b, "%s, %s, %s\n", plural(len(c.Policies), "policy"), plural(errors, "error"), plural(warnings, "warning"))
	return b.String()
}

func proofText(p *analysis.Proof) string {
	s := fmt.Sprintf("proof: %d of %d outcomes and %d of %d boundaries put through the functions, %s equal to the policies\n",
		p.EdgesCovered, p.Edges, p.BoundariesCovered, p.Boundaries, plural(p.Programs, "program"))
	if p.Limited {
		s += "proof: not everything, to save time; cellsh prove looks at the rest\n"
	}
	if p.Undecided > 0 {
		s += fmt.Sprintf("proof: for %s it is not known whether any request takes them\n", plural(p.Undecided, "outcome"))
	}
	return s
}

func sampleNames(samples []analysis.Sample) string {
	const most = 12
	var parts []string
	for i, s := range samples {
		if i == most {
			parts = append(parts, fmt.Sprintf("and %d more", len(samples)-most))
			break
		}
		switch {
		case s.Glob != "" && s.Glob != s.Name:
			parts = append(parts, fmt.Sprintf("%s (for %s)", s.Name, s.Glob))
		default:
			parts = append(parts, s.Name)
		}
	}
	return strings.Join(parts, ", ")
}

func ids[T fmt.Stringer](list []T) string {
	parts := make([]string, len(list))
	for i, x := range list {
		parts[i] = x.String()
	}
	return strings.Join(parts, ", ")
}

func checkJSON(c *engine.Check) any {
	type policyJSON struct {
		Name  string   `json:"name"`
		File  string   `json:"file"`
		Line  int      `json:"line"`
		Cells []string `json:"cells"`
		Mode  string   `json:"mode"`
	}
	type grantJSON struct {
		Policy   string   `json:"policy"`
		Requests []string `json:"requests"`
		Reason   string   `json:"reason"`
		File     string   `json:"file"`
		Line     int      `json:"line"`
		Audit    bool     `json:"audit,omitempty"`
	}
	type cellJSON struct {
		Name string `json:"name"`
		Live bool   `json:"live"`
		Glob string `json:"glob,omitempty"`
	}
	type programJSON struct {
		Cell   string `json:"cell"`
		Nodes  int    `json:"nodes"`
		Leaves int    `json:"leaves"`
		Bytes  int    `json:"bytes"`
		Before int    `json:"nodes_before"`
		Depth  int    `json:"depth"`
	}
	type neverJSON struct {
		Title   string `json:"title"`
		Cell    string `json:"cell"`
		Request string `json:"request"`
		Where   string `json:"where"`
	}
	out := struct {
		OK          bool          `json:"ok"`
		Diagnostics diag.List     `json:"diagnostics"`
		Policies    []policyJSON  `json:"policies"`
		Grants      []grantJSON   `json:"grants"`
		Cells       []cellJSON    `json:"cells"`
		Programs    []programJSON `json:"programs"`
		Nevers      int           `json:"nevers"`
		Broken      []neverJSON   `json:"broken"`
		Proof       any           `json:"proof,omitempty"`
	}{OK: !c.Problems.Failed(), Diagnostics: nonNil(c.Problems), Policies: []policyJSON{}, Grants: []grantJSON{}, Cells: []cellJSON{},
		Programs: []programJSON{}, Nevers: c.Nevers, Broken: []neverJSON{}}
	for _, p := range c.Policies {
		j := policyJSON{p.Name, p.Span.File, p.Span.Line, []string{}, "enforce"}
		for _, g := range p.Cells {
			j.Cells = append(j.Cells, g.Pattern)
		}
		if p.Audit {
			j.Mode = "audit"
		}
		out.Policies = append(out.Policies, j)
	}
	for _, g := range c.Grants {
		j := grantJSON{g.Policy, nil, g.Reason, g.File, g.Line, g.Audit}
		for _, id := range g.Requests {
			j.Requests = append(j.Requests, id.String())
		}
		out.Grants = append(out.Grants, j)
	}
	for _, s := range c.Cells {
		out.Cells = append(out.Cells, cellJSON{s.Name, s.Live, s.Glob})
	}
	for _, p := range c.Programs {
		out.Programs = append(out.Programs, programJSON{p.Cell, p.Nodes, p.Leaves, p.Bytes, p.NodesBefore, p.Depth})
	}
	for _, b := range c.Breaches {
		out.Broken = append(out.Broken, neverJSON{b.Never.Title, b.Cell, b.Request.String(), b.Where})
	}
	if c.Proof != nil {
		out.Proof = proofJSON(c.Proof)
	}
	return out
}

func proofJSON(p *analysis.Proof) any {
	return map[string]any{"edges": p.Edges, "edges_covered": p.EdgesCovered, "boundaries": p.Boundaries, "boundaries_covered": p.BoundariesCovered,
		"infeasible": p.Infeasible, "undecided": p.Undecided, "asked": p.Asked, "programs": p.Programs, "limited": p.Limited, "differences": len(p.Differences)}
}
