package command

import (
	"flag"
	"fmt"
	"slices"
	"strings"

	"cellsh/lua/engine"
	"cellsh/policy"
	"cellsh/policy/analysis"
	"cellsh/policy/diag"
)

func init() {
	register(&Command{
		Name: "diff", Args: "[--cell NAME...] OLD NEW", Short: "exactly which requests change their answer",
		Long: `Compares the policies of two files or folders and lists every request whose answer changes, and every budget that
does. Changes of reasons, of places in files and of the order of things are none. It looks at one sample of each glob
of either side, and at each --cell; the output names them. The policies of --policy are added to both sides.

The exit code is 0 whether or not there are changes; it is 1 if policies are wrong.

  cellsh diff old.lua web.lua
  cellsh diff --cell web-7 old.lua web.lua`,
		Flags: func(fs *flag.FlagSet, o *Options) {
			fs.Var(&o.Cells, "cell", "look at the cell `NAME` too; repeats")
		},
		Work: runDiff,
	})
}

func runDiff(inv *Invocation) error {
	if len(inv.Args) != 2 {
		return usage("an old and a new path must be given, but there are %d arguments", len(inv.Args))
	}
	old, err := inv.read(inv.Args[:1])
	if err != nil {
		return err
	}
	new, err := inv.read(inv.Args[1:])
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
	d, err := engine.Diff(old, new, live, inv.Cells)
	if err != nil {
		return err
	}
	if inv.JSON {
		return inv.json(diffJSON(d))
	}
	fmt.Fprint(inv.Stdout, diffText(d))
	return nil
}

// failed is the problems of policies that can't be used.
func failed(p *engine.Policies) diag.List {
	if p.Loading.Failed() {
		return p.Loading
	}
	return nil
}

func diffText(d *engine.Difference) string {
	var b strings.Builder
	for i := range d.Requests {
		c := &d.Requests[i]
		where := ""
		if c.Where != "any request" {
			where = " where " + c.Where
		}
		fmt.Fprintf(&b, "%s%s\n", c.Request, where)
		fmt.Fprintf(&b, "  was %s\n", decisionText(&c.Old))
		fmt.Fprintf(&b, "  now %s\n", decisionText(&c.New))
		fmt.Fprintf(&b, "  in %s; for example: cellsh explain %s\n", listed(c.Cells), engine.ExplainArgs(c.Cells[0], c.Example))
	}
	for _, c := range d.Budgets {
		fmt.Fprintf(&b, "budget %s\n  was %s\n  now %s\n  in %s\n", c.Name, budgetText(c.Old), budgetText(c.New), listed(c.Cells))
	}
	fmt.Fprintf(&b, "cells looked at: %s\n", sampleNames(d.Cells))
	if len(d.Requests)+len(d.Budgets) == 0 {
		b.WriteString("nothing changes\n")
		return b.String()
	}
	kinds := map[string]int{}
	for i := range d.Requests {
		kinds[d.Requests[i].Kind()]++
	}
	parts := []string{plural(len(d.Requests), "change")}
	for _, k := range []string{"denied", "allowed", "granted", "audit"} {
		if kinds[k] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", kinds[k], kindWords[k]))
		}
	}
	if len(d.Budgets) > 0 {
		parts = append(parts, plural(len(d.Budgets), "budget"))
	}
	b.WriteString(strings.Join(parts, ", ") + "\n")
	return b.String()
}

// kindWords say what kinds of changes mean.
var kindWords = map[string]string{"denied": "now denied", "allowed": "now allowed", "granted": "now granted", "audit": "only in audit mode"}

// decisionText is a decision with what policies in audit mode would say.
func decisionText(d *policy.Decision) string {
	s := answerText(d.Answer)
	if d.Implicit() {
		s = "allow, no policy objects"
	}
	if d.Would.Result != policy.Pass {
		s += "; policies in audit mode would say " + answerText(d.Would)
	}
	return s
}

func budgetText(b *analysis.Budget) string {
	if b == nil {
		return "none"
	}
	return fmt.Sprintf("%s (%s)", b.Name.Format(b.Value), b.Span)
}

// listed names a few of many.
func listed(names []string) string {
	const most = 12
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

func diffJSON(d *engine.Difference) any {
	type changeJSON struct {
		Kind    string     `json:"kind"`
		Request string     `json:"request"`
		Where   string     `json:"where"`
		Cells   []string   `json:"cells"`
		Old     answerJSON `json:"old"`
		New     answerJSON `json:"new"`
		Example string     `json:"example"`
	}
	type changedBudgetJSON struct {
		Budget string      `json:"budget"`
		Cells  []string    `json:"cells"`
		Old    *budgetJSON `json:"old"`
		New    *budgetJSON `json:"new"`
	}
	out := struct {
		Changes []changeJSON        `json:"changes"`
		Budgets []changedBudgetJSON `json:"budgets"`
		Cells   []string            `json:"cells"`
	}{[]changeJSON{}, []changedBudgetJSON{}, []string{}}
	for i := range d.Requests {
		c := &d.Requests[i]
		out.Changes = append(out.Changes, changeJSON{c.Kind(), c.Request.String(), c.Where, c.Cells,
			answerToJSON(c.Old), answerToJSON(c.New), engine.ExplainArgs(c.Cells[0], c.Example)})
	}
	for _, c := range d.Budgets {
		out.Budgets = append(out.Budgets, changedBudgetJSON{string(c.Name), c.Cells, budgetToJSON(c.Old), budgetToJSON(c.New)})
	}
	for _, s := range d.Cells {
		out.Cells = append(out.Cells, s.Name)
	}
	return out
}

// budgetJSON is how budgets are written; value is a number, and text what a policy would say.
type budgetJSON struct {
	Value  int64  `json:"value"`
	Text   string `json:"text"`
	Policy string `json:"policy"`
	File   string `json:"file"`
	Line   int    `json:"line"`
}

func budgetToJSON(b *analysis.Budget) *budgetJSON {
	if b == nil {
		return nil
	}
	return &budgetJSON{b.Value, b.Name.Format(b.Value), b.Policy, b.File, b.Line}
}
