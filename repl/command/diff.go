package command

import (
	"fmt"
	"slices"
	"strings"

	"cellsh/policy/analysis"
	"cellsh/policy/diag"
	"cellsh/policy/study"
	"cellsh/repl/flags"
	"cellsh/repl/human"
)

func diffCommand() *Command {
	return &Command{
		Name: "diff", Args: "[--cell NAME...] [OLD] NEW", Short: "exactly which requests change their answer",
		Long: `Compares the policies of two files or folders and lists every request whose
answer changes, and every budget that does. Changes of reasons, of places in
files and of the order of things are none. It looks at one sample of each glob
of either side, at the cells that exist, and at each --cell; the output names
them. The policies of --policy are added to both sides. For a cell that exists
and that no policy of a side names the fallback answers there, unless the cell
has another profile than low.

With one path the policies are compared with those that are loaded, in a session
without any path those that were declared there; with these as they come again
where an audit runs. load --dry-run says more about the cells that exist. With
--generations the arguments are numbers of generations that are kept; one alone
is compared with what is loaded.

The exit code is 0 whether or not there are changes, unless --exit-code is
given: then it is 5 where there are. It is 1 if policies are wrong.

  cellsh diff old.lua web.lua
  cellsh diff --cell web-7 old.lua web.lua
  cellsh -k sim:cells.state diff --generations 1 2`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			var o comparing
			cellList(fs, &o.cells, "look at the cell NAME too; repeats")
			fs.Switch(&o.generations, "generations", "the arguments are numbers of generations: see cellsh generations")
			fs.Switch(&o.exit, "exit-code", "exit with 5 if there are changes")
			return o.run
		},
	}
}

// comparing is the flags of diff.
type comparing struct {
	cells             []string
	generations, exit bool
}

func (flags *comparing) run(inv *Invocation) error {
	old, new, err := flags.sides(inv)
	if err != nil {
		return err
	}
	t, err := inv.open()
	if err != nil {
		return err
	}
	if problems := slices.Concat(failed(old), failed(new)); problems.Failed() {
		return problems
	}
	d, err := t.Host.Diff(old, new, flags.cells)
	if err != nil {
		return err
	}
	if inv.JSON {
		err = inv.json(d.Report())
	} else {
		fmt.Fprint(inv.Stdout, DiffText(d, new))
	}
	if err == nil && flags.exit && d.Any() {
		return quiet{Changed}
	}
	return err
}

// sides are what is compared.
func (flags *comparing) sides(inv *Invocation) (old, new *study.Policies, err error) {
	n := len(inv.Args)
	switch {
	case flags.generations && (n == 0 || n > 2):
		return nil, nil, usage("one or two generations must be given, but %s given", given(n))
	case !flags.generations && (n > 2 || n == 0 && inv.Session == nil):
		return nil, nil, usage("an old and a new path must be given, or a new one alone, but %s given", given(n))
	case len(inv.Policy) > 0 && (flags.generations || n < 2):
		return nil, nil, usage("--policy goes with an old and a new path, to both of which it is added")
	case flags.generations:
		return flags.kept(inv)
	case n == 2:
		if old, err = inv.read(inv.Args[:1], false); err == nil {
			new, err = inv.read(inv.Args[1:], false)
		}
		return old, new, err
	}
	if old, err = inv.loadedPolicies(); err != nil {
		return nil, nil, err
	}
	if n == 1 {
		new, err = inv.read(inv.Args, false)
		return old, new, err
	}
	p, err := inv.Session.Pending()
	if err != nil {
		return nil, nil, err
	}
	return old, p.Policies, nil
}

// kept are the policies of generations.
func (flags *comparing) kept(inv *Invocation) (old, new *study.Policies, err error) {
	var sides [2]*study.Policies
	for i, arg := range inv.Args {
		number, err := generation(arg)
		if err != nil {
			return nil, nil, err
		}
		t, err := inv.open()
		if err != nil {
			return nil, nil, err
		}
		if sides[i], err = t.Host.GenerationPolicies(number); err != nil {
			return nil, nil, err
		}
	}
	if len(inv.Args) == 1 {
		sides[1], err = inv.loadedPolicies()
	}
	return sides[0], sides[1], err
}

// loadedPolicies are those that are loaded, whatever is audited just now. That there are none is said.
func (inv *Invocation) loadedPolicies() (*study.Policies, error) {
	t, err := inv.open()
	if err != nil {
		return nil, err
	}
	g, err := t.Host.Generation(0)
	if err == nil && g == nil {
		inv.note("no policy is loaded: this compares with none")
	}
	if err != nil {
		return nil, err
	}
	return t.Host.Enforced()
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

func DiffText(d *study.Difference, new *study.Policies) string {
	var b strings.Builder
	for _, g := range alike(d.Requests, func(c *analysis.Change) string { return c.Request.String() }, changeText) {
		b.WriteString(wrap(0, strings.Join(g.names, ", ")) + g.text)
		for _, c := range g.things {
			if !new.Named() {
				break // no command has these policies
			}
			if example := new.ExplainCommand(c.Cells[0], c.Example); example != "" {
				fmt.Fprintf(&b, "  for example: %s\n", example)
				break
			}
		}
	}
	for _, c := range d.Budgets {
		fmt.Fprintf(&b, "budget %s\n  was %s\n  now %s\n  in %s\n", c.Name, budgetText(c.Old), budgetText(c.New), human.Listed(c.Cells))
	}
	b.WriteString(samplesText(d.Cells))
	if !d.Any() {
		b.WriteString("nothing changes\n")
		return b.String()
	}
	var kinds [analysis.NumChangeKinds]int
	for i := range d.Requests {
		kinds[d.Requests[i].Kind()]++
	}
	parts := []string{human.Plural(len(d.Requests), "change")}
	for k, n := range kinds {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, kindWords[k]))
		}
	}
	if len(d.Budgets) > 0 {
		parts = append(parts, human.Plural(len(d.Budgets), "budget"))
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
	return where + wrap(2, "was "+decisionText(&c.Old)) + wrap(2, "now "+decisionText(&c.New)) + wrap(2, "in "+human.Listed(c.Cells))
}

// kindWords say what kinds of changes mean, in the order of the kinds.
var kindWords = [analysis.NumChangeKinds]string{"now denied", "now allowed", "now granted", "only in audit mode", "only recorded or not"}

func budgetText(b *analysis.Budget) string {
	if b == nil {
		return "none"
	}
	return fmt.Sprintf("%s (%s)", b.Text(), b.Span)
}
