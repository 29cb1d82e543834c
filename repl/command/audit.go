package command

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/host"
	"cellsh/policy/diag"
	"cellsh/repl/flags"
	"cellsh/repl/human"
)

func auditCommand() *Command {
	return &Command{
		Name: "audit", Args: "[start|stop|status] [CELL...]", Short: "have policies of cells record and refuse nothing, for a time",
		Changes: true, Without: []string{"policy"},
		Long: `With audit start the policies of the cells refuse nothing for TIME: what they
would deny is left to the kernel's other models, and recorded, so that log
--result would-deny shows it. What they grant stays granted, and no more is. All
other cells are held as before, and so are those made meanwhile, unless they
have the name of one that is audited.

  cellsh -k sim:cells.state audit start web-1 --for 30m --yes

It says what that leaves open: what root in the cells could do to the host, and
which assertions of never do not hold there. A terminal is asked; where there is
none --yes must be given. What the profile of a cell refuses by itself stays
refused.

An audit is a generation that ends by itself, as one that nobody confirms: when
the time is over the kernel loads what was loaded before again, also if cellsh
is gone, and the next command notes that. It is never what a boot loads, and it
can't be confirmed or rolled back to. It ends before its time with audit stop,
with rollback, and with any load or unload, which change what was loaded before
it. There is one at a time: to add cells or time start it again, for all cells
that are audited. A session's audit goes on after the session, unless it is of
policies that the session has declared.

Without more, or with status, it says what is audited, and how long.

  cellsh -k sim:cells.state audit
  cellsh -k sim:cells.state audit stop

A kernel without the evaluation model asks no policies, and can't audit.`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			var a auditing
			fs.Func("for", "TIME", "with start: audit for TIME, such as 30m", a.within)
			fs.Switch(&a.yes, "yes", "with start: do it without asking")
			return a.run
		},
	}
}

// auditing is the flags of audit.
type auditing struct {
	lasts time.Duration
	yes   bool
}

// within takes the time of the audit.
func (a *auditing) within(text string) string {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 || d > host.MaxAudit {
		return flags.Must(fmt.Sprintf("be a time above 0 and at most %.0fh, such as 30m", host.MaxAudit.Hours()), text)
	}
	a.lasts = d
	return ""
}

func (a *auditing) run(inv *Invocation) error {
	what := "status"
	if len(inv.Args) > 0 {
		what = inv.Args[0]
	}
	switch {
	case what == "start" && len(inv.Args) == 1:
		return usage("the name of a cell must be given")
	case what == "start" && a.lasts == 0:
		return usage("--for TIME must be given: how long the audit lasts")
	case what == "start":
		return a.start(inv, inv.Args[1:])
	case a.lasts != 0 || a.yes:
		return usage("--for and --yes go with audit start")
	case what != "status" && what != "stop":
		hint := diag.DidYouMean(what, []string{"start", "status", "stop"})
		if hint != "" {
			hint = "; " + hint
		}
		return usage("audit must be followed by start, stop or status, but is by %q%s", what, hint)
	case len(inv.Args) > 1:
		return usage("audit %s takes no arguments, but %q is given", what, inv.Args[1])
	case what == "stop":
		return stopAudit(inv)
	}
	return auditStatus(inv)
}

func (a *auditing) start(inv *Invocation, cells []string) error {
	h, err := inv.host()
	if err != nil {
		return err
	}
	proposal, err := h.ProposeAudit(cells, a.lasts)
	if err != nil {
		return err
	}
	plan, err := h.Plan(proposal, host.LoadOptions{Yes: a.yes})
	if err != nil {
		return err
	}
	if !inv.JSON && plan.Audit != nil {
		fmt.Fprint(inv.Stdout, openingText(plan, a.lasts))
	}
	if open := new(host.OpenError); errors.As(plan.Problem, &open) {
		open.Hint = "if that is meant, run: " + inv.line(shellWords(append([]string{"audit", "start", "--yes", "--for", a.lasts.String()}, cells...)))
		if inv.Ask != nil && !inv.JSON {
			if !inv.Ask("Audit " + human.Cells(plan.Audit.Cells) + "?") {
				inv.note("nothing has changed")
				return quiet{Failed}
			}
			plan.Agree()
		}
	}
	if plan.Problem != nil {
		return plan.Problem
	}
	out, err := h.Carry(plan)
	if err != nil {
		return err
	}
	if inv.JSON {
		return inv.json(host.AuditedReport{LoadReport: out.Report(), Audit: plan.Audit.Report()})
	}
	d := out.Deadline
	fmt.Fprintf(inv.Stdout, "generation %d: %s audited until %s UTC; then generation %d is loaded again\n", out.Generation, areAudited(plan.Audit.Cells), d.Until.UTC().Format(time.TimeOnly), d.Back)
	if out.Disabled {
		inv.note("%s", switchedOff)
	}
	inv.note("see what would be denied: %s; end it: %s", inv.line(shellWords([]string{"log", "--result", "would-deny"})), inv.line("audit stop"))
	return nil
}

// openingText says what an audit leaves open.
func openingText(p *host.Plan, lasts time.Duration) string {
	o := p.Audit
	var b strings.Builder
	b.WriteString(wrap(0, fmt.Sprintf("for %s nothing is refused in %s by %s: what would be is recorded", lasts, human.Cells(o.Cells), policiesText(o.Policies))))
	for i := range o.Left {
		l := &o.Left[i]
		if len(l.Host) > 0 {
			b.WriteString(wrap(0, fmt.Sprintf("root in %s could take the host: %s", human.Cells(l.Cells), leftNames(l.Host))))
		}
		if kinds := leftKinds(l); len(kinds) > 0 {
			b.WriteString(wrap(0, fmt.Sprintf("root in %s could change the host's network: %s", human.Cells(l.Cells), strings.Join(kinds, ", "))))
		}
	}
	for _, n := range o.Nevers {
		b.WriteString(wrap(0, fmt.Sprintf("the assertion %q (%s) does not hold there meanwhile", n.Title, n.Span)))
	}
	for _, text := range overruledTexts(p.Overruled) {
		b.WriteString(wrap(0, text))
	}
	return b.String()
}

// areAudited is "cell web-1 is", "cells db and web-1 are".
func areAudited(cells []string) string {
	if len(cells) == 1 {
		return human.Cells(cells) + " is"
	}
	return human.Cells(cells) + " are"
}

func stopAudit(inv *Invocation) error {
	h, err := inv.host()
	if err != nil {
		return err
	}
	out, err := h.EndAudit()
	switch {
	case err != nil:
		return err
	case out == nil:
		return &kernel.Error{Op: "audit stop", Text: "an audit must run to be ended, but none does"}
	}
	return inv.loaded(out)
}

func auditStatus(inv *Invocation) error {
	inv.looks = true
	h, err := inv.host()
	if err != nil {
		return err
	}
	a, err := h.Audit()
	if err != nil {
		return err
	}
	switch {
	case inv.JSON && a == nil:
		return inv.json(map[string]any{"audit": nil})
	case inv.JSON:
		return inv.json(map[string]any{"audit": a.Report()})
	case a == nil:
		fmt.Fprintln(inv.Stdout, "no cell is audited")
		return nil
	}
	fmt.Fprintf(inv.Stdout, "generation %d: %s audited until %s UTC, for %s more; then generation %d is loaded again\n", a.Generation, areAudited(a.Cells), a.Until.UTC().Format(time.TimeOnly),
		human.Left(a.Left(inv.Now())), a.Back)
	return nil
}
