package command

import (
	"fmt"
	"slices"
	"strings"

	"cellsh/policy/analysis"
	"cellsh/policy/diag"
	"cellsh/policy/study"
	"cellsh/repl/flags"
)

func diffCommand() *Command {
	return &Command{
		Name: "diff", Args: "[--cell NAME...] OLD NEW", Short: "exactly which requests change their answer",
		Long: `Compares the policies of two files or folders and lists every request whose
answer changes, and every budget that does. Changes of reasons, of places in
files and of the order of things are none. It looks at one sample of each glob
of either side, and at each --cell; the output names them. The policies of
--policy are added to both sides.

The exit code is 0 whether or not there are changes; it is 1 if policies are
wrong.

  cellsh diff old.lua web.lua
  cellsh diff --cell web-7 old.lua web.lua`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			var o comparing
			cellList(fs, &o.cells, "look at the cell NAME too; repeats")
			return o.run
		},
	}
}

// comparing is the flags of diff.
type comparing struct {
	cells []string
}

func (flags *comparing) run(inv *Invocation) error {
	if len(inv.Args) != 2 {
		return usage("an old and a new path must be given, but %s given", given(len(inv.Args)))
	}
	old, err := inv.read(inv.Args[:1], false)
	if err != nil {
		return err
	}
	new, err := inv.read(inv.Args[1:], false)
	if err != nil {
		return err
	}
	live, err := inv.live()
	if err != nil {
		return err
	}
	if problems := slices.Concat(failed(old), failed(new)); problems.Failed() {
		return problems
	}
	d, err := study.Diff(old, new, live, flags.cells)
	if err != nil {
		return err
	}
	if inv.JSON {
		return inv.json(d.Report())
	}
	fmt.Fprint(inv.Stdout, diffText(d, new))
	return nil
}

// failed is the problems of policies that can't be used.
func failed(p *study.Policies) diag.List {
	if p.Loading.Failed() {
		return p.Loading
	}
	return nil
}

// given is "1 is", "3 are".
func given(n int) string {
	if n == 1 {
		return "1 is"
	}
	return fmt.Sprintf("%d are", n)
}

func diffText(d *study.Difference, new *study.Policies) string {
	var b strings.Builder
	for _, g := range alike(d.Requests, func(c *analysis.Change) string { return c.Request.String() }, changeText) {
		b.WriteString(wrap(0, strings.Join(g.names, ", ")) + g.text)
		for _, c := range g.things {
			if example := new.ExplainCommand(c.Cells[0], c.Example); example != "" {
				fmt.Fprintf(&b, "  for example: %s\n", example)
				break
			}
		}
	}
	for _, c := range d.Budgets {
		fmt.Fprintf(&b, "budget %s\n  was %s\n  now %s\n  in %s\n", c.Name, budgetText(c.Old), budgetText(c.New), listed(c.Cells))
	}
	b.WriteString(samplesText(d.Cells))
	if len(d.Requests)+len(d.Budgets) == 0 {
		b.WriteString("nothing changes\n")
		return b.String()
	}
	var kinds [analysis.NumChangeKinds]int
	for i := range d.Requests {
		kinds[d.Requests[i].Kind()]++
	}
	parts := []string{plural(len(d.Requests), "change")}
	for k, n := range kinds {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, kindWords[k]))
		}
	}
	if len(d.Budgets) > 0 {
		parts = append(parts, plural(len(d.Budgets), "budget"))
	}
	b.WriteString(wrap(0, strings.Join(parts, ", ")))
	return b.String()
}

// changeText is what there is to say about a change, after the name of its request.
func changeText(c *analysis.Change) string {
	where := ""
	if c.Where != "any request" {
		where = wrap(2, "where "+c.Where)
	}
	return where + wrap(2, "was "+decisionText(&c.Old)) + wrap(2, "now "+decisionText(&c.New)) + wrap(2, "in "+listed(c.Cells))
}

// kindWords say what kinds of changes mean, in the order of the kinds.
var kindWords = [analysis.NumChangeKinds]string{"now denied", "now allowed", "now granted", "only in audit mode", "only recorded or not"}

func budgetText(b *analysis.Budget) string {
	if b == nil {
		return "none"
	}
	return fmt.Sprintf("%s (%s)", b.Name.Format(b.Value), b.Span)
}
