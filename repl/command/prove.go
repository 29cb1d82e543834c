package command

import (
	"fmt"
	"strings"

	"cellsh/policy/analysis"
	"cellsh/policy/diag"
	"cellsh/policy/study"
	"cellsh/repl/flags"
	"cellsh/repl/human"
)

func proveCommand() *Command {
	return &Command{
		Name: "prove", Args: "PATH...", Short: "show that two readings of the policies agree",
		Long: `Everything that a policy decides is read twice: the functions are followed as
they are written, for all requests at once, which gives the programs; and they
are run. For every outcome of every test that a function makes a request is
found that takes it, a witness, and for every limit of a number or an address
the values below, at and above it, and of two fields that are compared less,
equal and greater; for each witness both readings must give the same. So must
they for the functions of never. The optimised programs are then compared with
what the functions compiled to, exactly, for all requests. It is the proof that
is part of check, without a bound on its effort.

The exit code is 1 if there is any difference, which is a fault of cellsh, or
if the policies are wrong.

  cellsh prove web.lua
  cellsh prove --cell web-7 web.lua`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			var o proving
			cellList(fs, &o.cells, "look at the cell NAME too; repeats")
			fs.Switch(&o.noOptimize, "no-optimize", "prove what is compiled without optimising")
			return o.run
		},
	}
}

// proving is the flags of prove.
type proving struct {
	cells      []string
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
		diag.Write(inv.Stderr, proved.Problems())
		fmt.Fprint(inv.Stdout, provedText(proved))
	}
	if proved.Failed() {
		return quiet{Failed}
	}
	return nil
}

func provedText(p *study.Proved) string {
	var b strings.Builder
	b.WriteString(samplesText(p.Cells))
	b.WriteString(readingsText(p.Proof))
	if p.Infeasible > 0 {
		fmt.Fprintf(&b, "outcomes that no request takes: %d\n", p.Infeasible)
	}
	if p.Undecided > 0 {
		fmt.Fprintf(&b, "outcomes for which it is too costly to tell whether any request takes them: %d\n", p.Undecided)
	}
	fmt.Fprintf(&b, "%s equal to the policies\n", human.Plural(p.Programs, "program"))
	if p.Limited {
		b.WriteString("something was too large to be compared\n")
	}
	if n := len(p.Mismatches); n > 0 {
		fmt.Fprintf(&b, "%s not equal to the policies\n", human.Plural(n, "program"))
	}
	return b.String()
}

// readingsText says what a proof shows about the two readings of functions.
func readingsText(p *analysis.Proof) string {
	return wrap(0, fmt.Sprintf("%s: %d of %d outcomes, %d of %d boundaries", agreeText(p.Differing, p.Asked), p.EdgesCovered, p.Edges, p.BoundariesCovered, p.Boundaries))
}

// agreeText says of how many witnesses two readings agree, or do not.
func agreeText(differing, asked int) string {
	if differing > 0 {
		return fmt.Sprintf("two readings of Lua differ on %d of %s", differing, human.Plural(asked, "witness"))
	}
	return "two readings of Lua agree on " + human.Plural(asked, "witness")
}
