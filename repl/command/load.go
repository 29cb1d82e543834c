package command

import (
	"errors"
	"fmt"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/abi"
	"cellsh/kernel/connect"
	"cellsh/kernel/disk"
	"cellsh/kernel/host"
	"cellsh/lua/loader"
	"cellsh/lua/syntax"
	"cellsh/policy/analysis"
	"cellsh/policy/diag"
	"cellsh/policy/progress"
	"cellsh/policy/report"
	"cellsh/policy/study"
	"cellsh/repl/flags"
	"cellsh/repl/human"
)

func loadCommand() *Command {
	return &Command{
		Name: "load", Args: "PATH...", Short: "check policies and push them into the kernel",
		Changes: true,
		Long: `Checks the policies of the files and folders and pushes their programs into the
kernel for the cells that exist. All or nothing: if anything is wrong with any
of them, nothing changes. What is loaded is kept as a generation, with its
sources: cells that are made later are compiled from it, and rollback goes back
to it.

  cellsh load /etc/cellsh/policy.d

With --confirm the last generation that needs no confirmation is loaded again
after that time, unless cellsh confirm N comes first: a policy that locks its
author out goes away by itself. The command waits, and goes on waiting when its
terminal is gone; if it is killed, the first command after that time goes back,
whoever gives it. A session does not wait: at its end it goes back if that is
not confirmed. A load while a generation waits takes its place, and says so.

If cells that exist would lose policies that they have, or if there is nothing
to load although something is loaded, a terminal is asked first. Where there is
none the load is refused, unless --yes is given.

A session that ends takes back what it has loaded and nobody has confirmed.

In a session load without a path loads what was declared there, together with
what is loaded. Outside of sessions - is standard input, as it is for every
command that takes policies.

With --dry-run nothing is loaded: it says which decisions and budgets would
change, which cells would lose or get policies, and whether the policies could
be loaded. The exit code is 0 if they could, and 1 if not, also where a load
without --yes would be refused because cells lose policies. With --exit-code it
is 5 where they could and anything would be different: a decision, a budget,
the policies of a live cell, who answers for it, or how cells are made. With -v
a load says the same before it asks, or changes anything.

  cellsh load --dry-run /etc/cellsh/policy.d

With --only policies of that name are put in place of the loaded ones, or
beside them, and all others stay as they are loaded. What must never be allowed
by the files of these policies is checked from then on too; what the loaded
files assert stays, even if their policies are replaced. Cells go on being made
as --usable chose before. While a generation waits to be confirmed only what
has to be confirmed too can be made of it.

  cellsh load --only web /etc/cellsh/policy.d

A kernel without the evaluation model asks no programs. There the policies
choose profile, ports and limits of cells that are made from now on (cellsh fit
shows how); --strict refuses policies of which such a kernel enforces less, and
--usable chooses the profile so that services run, even if it lets through more
(cellsh fit says what a service needs). The choice is kept with the generation.

With --boot the policies are those of /etc/cellsh/policy.d, if no path is
given. All files, and the folders above them, must belong to root (on a
simulated kernel to root or to the caller) and be writable by nobody else; a
sticky folder as /tmp is may be, if it only leads to the folder of the files. If
the policies can't be loaded the last good generation is, and without one, with
--lockdown, a policy that denies everything to cells. The exit code then says
what is active: 1 the last good generation, 3 lockdown, 4 nothing. So it does
where the kernel can't be opened or changed at all, because another program has
it, say: then what was active stays. A signal does not end it half-way.

At boot nothing is loaded that had to be confirmed and never was, whether the
machine went down meanwhile or it was rolled back; files that were changed since
are new. Files without any policy are refused, unless the last good generation
has none either. A list of generations that is damaged is kept aside, and a new
one begins. What can't be noted, because the disk is full or read-only, is
loaded all the same into a kernel that has nothing good.`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			var l loading
			l.declare(fs)
			fs.List(&l.only, "only", "POLICY", "replace the loaded POLICY of that name alone, or add it; repeats")
			fs.Switch(&l.strict, "strict", "refuse policies that the kernel would enforce only in part")
			fs.Switch(&l.usable, "usable", "have cells made so that services run, where the kernel asks no programs")
			fs.Switch(&l.boot, "boot", "load as at boot")
			fs.Switch(&l.lockdown, "lockdown", "with --boot: if nothing else can be loaded, deny everything to cells")
			return l.run
		},
	}
}

func unloadCommand() *Command {
	return &Command{
		Name: "unload", Args: "POLICY...", Short: "take single policies out of what is loaded",
		Changes: true, Without: []string{"policy"},
		Long: `Loads what is loaded again, as a new generation, without the policies of these
names. All others stay as they are loaded, also if their files have changed
since. What must never be allowed stays, even if it stands in the same file: to
be rid of that load the other files. rollback goes back, and cells that are made
later are made without these policies.

If cells that exist lose policies by that, as they mostly do, a terminal is
asked first. Where there is none it is refused, unless --yes is given. The other
flags are those of load.

  cellsh -k sim:cells.state unload --yes web`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			var l loading
			l.declare(fs)
			return l.unload
		},
	}
}

// loading is the flags of load and unload.
type loading struct {
	confirm                                                 time.Duration
	strict, usable, boot, lockdown, yes, dry, exit, verbose bool
	only                                                    []string
}

// declare declares the flags that both have.
func (l *loading) declare(fs *flags.Set) {
	fs.Func("confirm", "TIME", "roll back after TIME, such as 30s, unless confirmed", l.within)
	fs.Switch(&l.yes, "yes", "do it even if cells lose policies that they have")
	fs.Switch(&l.dry, "dry-run", "say what it would do to each cell, and do nothing")
	fs.Switch(&l.exit, "exit-code", "with --dry-run: exit with 5 if anything would change")
	fs.Switch(&l.verbose, "v", "say what changes before anything does")
}

// within takes the time to confirm.
func (l *loading) within(text string) string {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return flags.Must("be a time above 0, such as 30s", text)
	}
	l.confirm = d
	return ""
}

func (l *loading) run(inv *Invocation) error {
	paths := append(inv.Args, inv.Policy...)
	switch {
	case l.lockdown && !l.boot:
		return usage("--lockdown goes with --boot")
	case l.boot && l.confirm != 0:
		return usage("--boot and --confirm can't be given together: nobody is there to confirm")
	case l.boot && l.yes:
		return usage("--boot and --yes can't be given together: --boot never asks")
	case l.boot && (l.dry || l.verbose || len(l.only) > 0):
		return usage("--boot can't be given with --dry-run, -v or --only: a boot loads all, or what was good before")
	case l.exit && !l.dry:
		return usage("--exit-code goes with --dry-run")
	case l.boot:
		return l.atBoot(inv, paths)
	case len(paths) == 0 && (inv.Session == nil || len(l.only) > 0):
		return usage("a path must be given")
	}
	var again []string
	for _, name := range l.only {
		again = append(again, "--only", name)
	}
	return l.work(inv, append(again, paths...), func(h *host.Host) (*host.Proposal, error) {
		if len(paths) == 0 {
			return inv.Session.Pending()
		}
		p := inv.target.Reader.Read(paths)
		if len(l.only) > 0 {
			return h.Only(p, l.only)
		}
		return host.Whole(p), nil
	})
}

func (l *loading) unload(inv *Invocation) error {
	switch {
	case l.exit && !l.dry:
		return usage("--exit-code goes with --dry-run")
	case len(inv.Args) == 0:
		return usage("the name of a policy must be given")
	}
	return l.work(inv, inv.Args, func(h *host.Host) (*host.Proposal, error) { return h.Unload(inv.Args) })
}

// droppable says of broken assertions that are pending how to be rid of them: it is only those that are loaded that stay.
func (inv *Invocation) droppable(err error) error {
	var list diag.List
	if inv.Session == nil || !errors.As(err, &list) {
		return err
	}
	list = slices.Clone(list)
	for i := range list {
		for _, n := range inv.Session.Declared().Nevers {
			if list[i].Code == diag.NeverBroken && list[i].Span == n.Span {
				list[i].Hint = "it is only pending: to be rid of it run: " + inv.called("forget "+shellWords([]string{n.Title}))
			}
		}
	}
	return list
}

// work loads what is proposed, or says what that would do. Words are what the command was given beside its flags.
func (l *loading) work(inv *Invocation, words []string, propose func(*host.Host) (*host.Proposal, error)) error {
	inv.looks = l.dry
	h, err := inv.host()
	if err != nil {
		return err
	}
	if l.confirm != 0 {
		if err := inv.confirmable(); err != nil {
			return err
		}
	}
	proposal, err := propose(h)
	if err != nil {
		return err
	}
	plan, err := h.Plan(proposal, host.LoadOptions{Confirm: l.confirm, Strict: l.strict, Usable: l.usable, Yes: l.yes, Compare: l.dry || l.verbose})
	if err != nil {
		return err
	}
	loss := new(host.LossError)
	if errors.As(plan.Problem, &loss) {
		loss.Hint = "if that is meant, run: " + inv.line(shellWords(append([]string{inv.Command.Name, "--yes"}, words...)))
	}
	if l.dry {
		inv.lap("plan")
		return l.dryRun(inv, plan)
	}
	if l.verbose && !inv.JSON && plan.Generation != 0 {
		fmt.Fprint(inv.Stdout, PlanText(plan))
	}
	if loss.Losses != nil || loss.Gone != nil {
		if inv.Ask != nil && !inv.JSON {
			if !inv.Ask(loss.Error() + ". " + map[string]string{"load": "Load", "unload": "Unload"}[inv.Command.Name] + " all the same?") {
				inv.note("nothing has changed")
				return quiet{Failed}
			}
			plan.Agree()
		}
	}
	if plan.Problem != nil {
		inv.lap("load")
		return inv.droppable(plan.Problem)
	}
	out, err := h.Carry(plan)
	inv.lap("load")
	if err != nil {
		return err
	}
	inv.warnings(plan.Check.Problems)
	if inv.JSON && l.verbose {
		report, what := out.Report(), plan.Report()
		report.Plan = &what
		err = inv.json(report)
	} else {
		err = inv.loaded(out)
	}
	if err != nil {
		return err
	}
	return inv.await(out)
}

// dryRun says what a load would do.
func (l *loading) dryRun(inv *Invocation, plan *host.Plan) error {
	switch {
	case inv.JSON:
		if err := inv.json(plan.Report()); err != nil {
			return err
		}
		if plan.Problem != nil {
			return quiet{Failed}
		}
	case plan.Generation == 0:
		return plan.Problem
	default:
		inv.warnings(plan.Check.Problems)
		fmt.Fprint(inv.Stdout, PlanText(plan))
		if plan.Stock {
			fmt.Fprintf(inv.Stdout, "generation %d would be: this kernel asks no programs\n", plan.Generation)
			inv.madeText(plan.Made, plan.Frozen)
		} else {
			fmt.Fprintf(inv.Stdout, "generation %d would be: %s for %s, %d bytes\n", plan.Generation, human.Plural(plan.Programs, "program"), human.Plural(plan.Covered, "cell"), plan.Bytes)
		}
		for _, text := range PlanNotes(plan) {
			inv.note("%s", text)
		}
		if plan.Confirm != 0 {
			inv.note("it would be rolled back in %s unless confirmed", plan.Confirm)
		}
		if plan.Problem != nil {
			return plan.Problem
		}
	}
	if l.exit && plan.Changes() {
		return quiet{Changed}
	}
	return nil
}

// PlanNotes is what there is to say about a plan beside what it changes: what ends with it, and what it has no effect on.
func PlanNotes(p *host.Plan) []string {
	var out []string
	if p.Disabled {
		out = append(out, switchedOff)
	}
	out = append(out, overruledTexts(p.Overruled)...)
	if len(p.Ended) > 0 {
		out = append(out, fmt.Sprintf("the audit of %s would end", human.Cells(p.Ended)))
	}
	if p.Replaced != 0 {
		out = append(out, fmt.Sprintf("generation %d, which waits to be confirmed, would be replaced", p.Replaced))
	}
	return out
}

// PlanText is what a plan that was compared changes, cell by cell.
func PlanText(p *host.Plan) string {
	var b strings.Builder
	if p.Difference != nil {
		b.WriteString(DiffText(p.Difference, p.Proposal.Policies))
	} else {
		b.WriteString(wrap(0, "which decisions change is not known: "+diag.Of(p.Unknown)[0].Message))
	}
	if p.Behind != 0 {
		b.WriteString(wrap(0, fmt.Sprintf("the kernel has generation %d, and not %d, with which this compares", p.Behind, p.Active)))
	}
	for _, g := range alike(p.Cells, func(c *host.CellPlan) string { return c.Name }, func(c *host.CellPlan) string { return cellPlanText(c, p.Stock) }) {
		b.WriteString(wrap(0, human.Cells(g.names)+": "+g.text))
	}
	return b.String()
}

func cellPlanText(c *host.CellPlan, stock bool) string {
	var parts []string
	if len(c.Loses) > 0 {
		parts = append(parts, "loses "+policiesText(c.Loses))
	}
	if len(c.Gets) > 0 {
		parts = append(parts, "gets "+policiesText(c.Gets))
	}
	if c.Changes > 0 {
		parts = append(parts, human.Plural(c.Changes, "change"))
	}
	if c.Budgets > 0 {
		parts = append(parts, human.Plural(c.Budgets, "budget"))
	}
	if c.Was != c.Will {
		parts = append(parts, map[analysis.Answering]string{analysis.ByPolicies: "policies are asked", analysis.ByFallback: "no policies are asked: the fallback denies what the profile high would",
			analysis.ByNone: "no policies are asked: its profile holds it"}[c.Will])
	}
	switch {
	case stock:
		parts = append(parts, "stays as it was made, with profile "+c.Profile)
	case len(parts) == 0:
		return "nothing changes"
	}
	return strings.Join(parts, "; ")
}

func policiesText(names []string) string {
	if len(names) == 1 {
		return "policy " + names[0]
	}
	return "policies " + human.Listed(names)
}

// shellWords writes arguments as a shell reads them.
func shellWords(words []string) string {
	var quoted []string
	for _, w := range words {
		quoted = append(quoted, study.QuoteWord(w))
	}
	return strings.Join(quoted, " ")
}

// confirmable says why nobody could confirm what this command loads, if that is so.
func (inv *Invocation) confirmable() error {
	if inv.Session == nil && inv.target.Ephemeral() {
		return &kernel.Error{Op: "wait for the confirmation", Text: "the kernel must be one that others can reach, but its state ends with this command", Hint: "give -k sim:FILE"}
	}
	return nil
}

// line is how a command is given where this one was given.
func (inv *Invocation) line(name string) string {
	if inv.Session != nil {
		return name
	}
	line := "cellsh"
	if inv.Kernel != "" {
		line += " -k " + inv.Kernel
	}
	return line + " " + name
}

// loaded writes what a load did.
func (inv *Invocation) loaded(l *host.Loaded) error {
	inv.tellMonitors(inv.target)
	if inv.JSON {
		return inv.json(l.Report())
	}
	defer func() {
		if len(l.Ended) > 0 {
			inv.note("the audit of %s has ended", human.Cells(l.Ended))
		}
		if l.Replaced != 0 {
			inv.note("generation %d, which waited to be confirmed, is replaced", l.Replaced)
		}
		for _, loss := range l.Losses {
			inv.note("%s", loss)
		}
		if l.Disabled {
			inv.note("%s", switchedOff)
		}
		for _, text := range overruledTexts(l.Overruled) {
			inv.note("%s", text)
		}
	}()
	if !l.Stock {
		fmt.Fprintf(inv.Stdout, "generation %d: %s for %s, %d bytes\n", l.Generation, human.Plural(l.Programs, "program"), human.Plural(len(l.Cells), "cell"), l.Bytes)
		return nil
	}
	fmt.Fprintf(inv.Stdout, "generation %d: this kernel asks no programs; cells made from now on get what fits the policies best\n", l.Generation)
	inv.madeText(l.Made, l.Frozen)
	return nil
}

// switchedOff says that no program is asked, and what helps.
const switchedOff = "the evaluation model is switched off, so that no program is asked: run: sysctl -w " + abi.EvalDisable + "=0"

// overruledTexts say which cells have profiles that refuse what their policies allow.
func overruledTexts(list []host.Overruled) (out []string) {
	for _, g := range alike(list, func(o *host.Overruled) string { return o.Cell }, (*host.Overruled).Text) {
		out = append(out, human.Cells(g.names)+": "+g.text)
	}
	return out
}

// madeText writes how cells are made on a kernel that asks no programs.
func (inv *Invocation) madeText(made []host.Making, frozen []host.Frozen) {
	better, low := false, false
	for i := range made {
		m := &made[i]
		ports := ""
		if len(m.Fit.Ports) > 0 {
			ports = ", " + portsText(m.Fit.Ports)
		}
		best := m.Fit.Best()
		fmt.Fprint(inv.Stdout, wrap(2, fmt.Sprintf("%s: profile %s%s%s", m.Cells(), best.Profile, ports, host.Misfit(m.Fit, best))))
		low = low || best.Profile == kernel.Low
		better = better || len(m.Fit.For(analysis.Usable).Best().Lacking) < len(best.Lacking)
	}
	if len(frozen) > 0 {
		fmt.Fprintln(inv.Stdout, "cells that live, and stay as they were made:")
		for _, g := range alike(frozen, func(f *host.Frozen) string { return f.Cell }, (*host.Frozen).Misfit) {
			fmt.Fprint(inv.Stdout, wrap(2, human.Listed(g.names)+": "+g.text))
		}
	}
	if low {
		inv.note("profile low leaves it to root in a cell to reboot the host, to load modules and to mount")
	}
	if better {
		inv.note("with load --usable cells get a profile that lets services run")
	}
}

// await says until when a generation must be confirmed, and waits for that: it lets the kernel go, so that another program
// can confirm, and rolls back when the time is over. It outlives its terminal: a policy that cuts the line must still go
// away. A session does not wait.
func (inv *Invocation) await(l *host.Loaded) error {
	d := l.Deadline
	if d == nil {
		return nil
	}
	inv.note("generation %d is rolled back in %s unless confirmed: %s %d", d.Generation, d.Window, inv.line("confirm"), d.Generation)
	if inv.Session != nil {
		return nil
	}
	signal.Ignore(syscall.SIGHUP)
	defer signal.Reset(syscall.SIGHUP)
	ctx, end := inv.Work.Listen()
	defer end()
	inv.Work.At(progress.Step{Doing: fmt.Sprintf("waiting for generation %d to be confirmed", d.Generation), Until: inv.Now().Add(d.Left(inv.Now()))})
	if err := inv.close(); err != nil {
		return err
	}
	vigil := host.Vigil{Deadline: *d, After: inv.After, Now: inv.Now, Open: func(readOnly bool) (*host.Session, error) {
		t, err := inv.enter(readOnly, patience, false)
		if err != nil {
			return nil, err
		}
		return t.Steps, nil
	}}
	fate, err := vigil.Wait(ctx)
	if err != nil {
		return err
	}
	if !fate.Confirmed {
		if t, err := inv.enter(true, patience, false); err == nil {
			inv.tellMonitors(t)
			if err := t.Steps.Release(); err != nil {
				return err
			}
		}
		return &kernel.Error{Op: inv.Command.Name, Text: fate.String()}
	}
	fmt.Fprintln(inv.Stderr, fate)
	return nil
}

// bootReader reads policies as at boot: only those that nobody else can have changed.
func (t *Target) bootReader() loader.Reader {
	r := t.Reader
	r.Standard = nil // nobody knows who wrote it
	r.Files = &disk.Trust{Owners: t.Owners, Limit: syntax.MaxSource}
	return r
}

// booted says in words what is active after a boot that could not load the policies.
var booted = map[host.Booted]string{
	host.BootLastGood: "the policies could not be loaded: the last good generation is active",
	host.BootLockdown: "the policies could not be loaded, and no earlier generation: lockdown is active, cells are denied everything",
	host.BootNothing:  "the policies could not be loaded: nothing is active, and cells are answered by the kernel's own models",
}

// atBoot loads as at boot. That is not stopped: nobody may find a kernel without policies because a key was pressed.
func (l *loading) atBoot(inv *Invocation, paths []string) error {
	return inv.Work.Firmly(func() error { return l.bootFrom(inv, paths) })
}

func (l *loading) bootFrom(inv *Invocation, paths []string) error {
	if len(paths) == 0 {
		paths = []string{inv.Machine.BootFolder()}
	}
	if err := connect.CheckTarget(inv.Kernel); err != nil {
		inv.problems(diag.Of(err)) // there is no kernel of which anything could be said
		return quiet{Usage}
	}
	h, err := inv.host()
	if usage := new(usageError); errors.As(err, &usage) {
		return err
	}
	if err != nil {
		return inv.notBooted(inv.standing(), nil, err, nil)
	}
	var notes []string
	note := func(text string) { notes = append(notes, text) }
	booted, out, err := h.Boot(inv.target.bootReader().Read(paths), host.BootOptions{Lockdown: l.lockdown, Strict: l.strict, Usable: l.usable, Note: note})
	// What can't be saved is lost with the command.
	if serr := inv.target.Steps.Settle(); serr != nil {
		booted, out, err = inv.standing(), nil, errors.Join(err, serr)
	}
	inv.lap("load")
	if err != nil {
		return inv.notBooted(booted, out, err, notes)
	}
	if inv.JSON {
		report := out.Report()
		report.Notes = notes
		return inv.json(report)
	}
	inv.allNotes(notes)
	return inv.loaded(out)
}

// allNotes says several things beside the result.
func (inv *Invocation) allNotes(notes []string) {
	for _, text := range notes {
		inv.note("%s", text)
	}
}

// standing looks which policies are active in a kernel that can't be changed: another program may have it.
func (inv *Invocation) standing() host.Booted {
	if inv.Session != nil {
		return inv.Session.Host.Standing()
	}
	t, err := inv.enter(true, 0, true)
	if err != nil {
		return host.BootNothing
	}
	booted := t.Host.Standing()
	if err := t.Steps.Release(); err != nil {
		return host.BootNothing
	}
	return booted
}

// notBooted tells why the policies could not be loaded at boot, and what is active: if out is not nil it has just been
// loaded. Notes are what else there is to say.
func (inv *Invocation) notBooted(what host.Booted, out *host.Loaded, err error, notes []string) error {
	problems := diag.Of(err)
	inv.out.Settle = nil // what is told is saved, or is why it could not be
	if inv.JSON {
		report := map[string]any{"ok": false, "active": what.String(), "diagnostics": report.List(problems)}
		if out != nil {
			report["loaded"] = out.Report()
		}
		if notes != nil {
			report["notes"] = notes
		}
		if err := inv.json(report); err != nil {
			return err
		}
		return quiet{int(what)}
	}
	inv.problems(problems)
	inv.allNotes(notes)
	fmt.Fprintf(inv.Stderr, "cellsh: %s\n", booted[what])
	if out != nil {
		if err := inv.loaded(out); err != nil {
			return err
		}
	}
	return quiet{int(what)}
}
