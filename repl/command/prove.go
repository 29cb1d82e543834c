package command

import (
	"flag"
	"fmt"
	"strings"

	"cellsh/lua/engine"
	"cellsh/policy/diag"
)

func init() {
	register(&Command{
		Name: "prove", Args: "PATH...", Short: "show that the compiled programs decide as the functions do",
		Long: `For every outcome of every test that a program makes a request is found that
takes it, and for every limit of a number or an address the values below, at
and above it, and of two fields that are compared less, equal and greater; each
is put through the Lua functions themselves, and the answers must be the same.
The optimised programs are then compared with what the functions compiled to,
exactly, for all requests. It is the proof that is part of check, without a
bound on its effort.

The exit code is 1 if there is any difference, which is a fault of cellsh, or
if the policies are wrong.

  cellsh prove web.lua
  cellsh prove --cell web-7 web.lua`,
		Setup: func(fs *flag.FlagSet) func(*Invocation) error {
			var o proving
			fs.Var(&o.cells, "cell", "look at the cell `NAME` too; repeats")
			fs.BoolVar(&o.noOptimize, "no-optimize", false, "prove what is compiled without optimising")
			return o.run
		},
	})
}

// proving is the flags of prove.
type proving struct {
	cells      cellList
	noOptimize bool
}

func (flags *proving) run(inv *Invocation) error {
	if len(inv.Args) == 0 && len(inv.Policy) == 0 {
		return usage("a path must be given")
	}
	p, err := inv.read(inv.Args, flags.noOptimize)
	if err != nil {
		return err
	}
	if p.Loading.Failed() {
		return p.Loading
	}
	live, err := inv.live()
	if err != nil {
		return err
	}
	proved, err := p.Prove(live, flags.cells)
	if err != nil {
		return err
	}
	if inv.JSON {
		if err := inv.json(proved.Report()); err != nil {
			return err
		}
	} else {
		diag.Write(inv.Stderr, engine.ProofProblems(proved.Proof))
		fmt.Fprint(inv.Stdout, provedText(proved))
	}
	if len(proved.Differences) > 0 {
		return quiet{Failed}
	}
	return nil
}

func provedText(p *engine.Proved) string {
	var b strings.Builder
	b.WriteString(samplesText(p.Cells))
	fmt.Fprintf(&b, "outcomes of tests: %d, put through the functions: %d\n", p.Edges, p.EdgesCovered)
	fmt.Fprintf(&b, "boundaries: %d, put through the functions: %d\n", p.Boundaries, p.BoundariesCovered)
	if p.Infeasible > 0 {
		fmt.Fprintf(&b, "outcomes that no request takes: %d\n", p.Infeasible)
	}
	if p.Undecided > 0 {
		fmt.Fprintf(&b, "outcomes for which it is too costly to tell whether any request takes them: %d\n", p.Undecided)
	}
	fmt.Fprintf(&b, "requests asked: %d, programs equal to the policies: %d\n", p.Asked, p.Programs)
	if p.Limited {
		b.WriteString("something was too large to be compared\n")
	}
	if n := len(p.Differences); n > 0 {
		fmt.Fprintf(&b, "%s\n", plural(n, "difference"))
	} else {
		b.WriteString("no differences\n")
	}
	return b.String()
}
