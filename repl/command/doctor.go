package command

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/host"
	"cellsh/lua/loader"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/secmodel"
	"cellsh/policy/study"
	"cellsh/repl/flags"
	"cellsh/repl/human"
)

func doctorCommand() *Command {
	return &Command{
		Name: "doctor", Short: "what this kernel can do, and what follows for the policies", Without: []string{"policy"},
		Long: `Says which kernel it is, what it can do and what it can't, and how that was
found out; what is loaded, which cells it does not reach, and of which cells the
profile refuses what their policies allow; whether root in a cell could take the
host or change its network because its policies don't deny it; and whether
load --boot would take the policies for boot. The exit code is 1 if anything
needs attention. What only root of the host may know is not looked at for
others, and that is said; in a cell there is little to look at.

  cellsh -k sim doctor`,
		Setup: func(*flags.Set) func(*Invocation) error { return runDoctor },
	}
}

// lost says what is lost without a capability, "" where the caller can't know.
func (d *diagnosis) lost(c kernel.Capability) string {
	k := &d.Kernel
	switch c {
	case kernel.CapEvaluation:
		switch {
		case d.Place == inCell:
			return ""
		case k.EvaluationUnseen:
			return "nothing can be loaded into it, and whether programs are asked that others have loaded is not known"
		}
		return "policies are not asked; load chooses the profiles, ports and limits of new cells (see cellsh fit)"
	case kernel.CapProcesses:
		return "system calls can't be tried out (cell:process in Lua)"
	case kernel.CapDenials:
		return "log shows no denials by profiles"
	case kernel.CapEnter:
		if k.Simulated && !d.readOnly {
			return "exec runs commands on this machine, in no cell"
		}
		return "exec runs nothing"
	case kernel.CapState:
		return "cells and policies are gone when the program ends"
	}
	return "what needs it is refused"
}

// diagnosis is what doctor finds.
type diagnosis struct {
	Kernel   host.InfoReport `json:"kernel"`
	Findings []string        `json:"findings"`
	// Place is where the program runs: onHost or inCell.
	Place      string `json:"place"`
	Generation uint64 `json:"generation"`
	Cells      int    `json:"cells"`
	// Attention is what somebody should look after.
	Attention []string `json:"attention"`
	// Unread is what was not looked at, and why.
	Unread []string `json:"unread"`
	Boot   string   `json:"boot,omitempty"`

	readOnly, hidden bool
	// instead says that the kernel has another generation.
	instead bool
}

// The places.
const (
	onHost = "host"
	inCell = "cell"
)

func runDoctor(inv *Invocation) error {
	if len(inv.Args) > 0 {
		return usage("doctor takes no arguments, but %q is given", inv.Args[0])
	}
	t, err := inv.open()
	if err != nil {
		return err
	}
	// Commands that change nothing have a kernel that can't be changed; what the kernel could do is told all the same.
	info := t.Whole()
	if inv.ReadOnly {
		info = t.Info()
	}
	d, err := diagnose(t, info, inv.Machine.BootFolder())
	if err != nil {
		return err
	}
	d.readOnly = inv.ReadOnly
	if inv.JSON {
		err = inv.json(d)
	} else {
		fmt.Fprint(inv.Stdout, d.text())
	}
	if err == nil && len(d.Attention) > 0 {
		return quiet{Failed}
	}
	return err
}

func diagnose(t *Target, info kernel.Info, bootFolder string) (*diagnosis, error) {
	d := &diagnosis{Kernel: host.KernelReport(info), Findings: append([]string{}, info.Findings...), Place: onHost, Attention: []string{}, Unread: []string{}}
	if _, err := t.Current(); errors.Is(err, kauth.EPERM) {
		// The files here are those of the cell, and tell nothing of the host either.
		d.Place = inCell
		d.unread("the kernel tells members of a cell neither which cells there are nor what is loaded")
		return d, nil
	} else if err != nil {
		return nil, err
	}
	history, err := t.Host.History()
	d.hidden = host.Hidden(err)
	if d.hidden {
		history = &host.History{}
		d.unread("only root of the host may read which policies are loaded, and what cells were made with")
	} else if err != nil {
		return nil, err
	}
	usages, err := t.Host.Usage()
	if err != nil {
		return nil, err
	}
	d.Cells = len(usages)
	var p *study.Policies // of the active generation; nil if nothing is loaded, or if they can't be compiled
	if g := history.Active(); g != nil {
		d.Generation = g.Number
		_, d.instead = history.Instead()
		if p, err = t.Host.Enforced(); err != nil {
			d.attend("the policies of generation %d can't be compiled for new cells: %s", g.Number, err)
		}
		audit, err := t.Host.AuditOf(history)
		switch {
		case err != nil:
			return nil, err
		case audit != nil && history.Overdue() == nil:
			d.attend("%s audited until %s UTC: policies refuse nothing there", areAudited(audit.Cells), audit.Until.UTC().Format(time.TimeOnly))
		case history.Deadline != nil && g.Audit == nil && history.Overdue() == nil:
			d.attend("generation %d waits to be confirmed until %s UTC", g.Number, history.Deadline.Until.UTC().Format("15:04:05"))
		}
	}
	if o := history.Overdue(); o != nil {
		d.attend("%s", o)
	}
	if e, err := t.Host.Kernel.Evaluator(); err == nil {
		status, err := e.Status()
		if err != nil {
			return nil, err
		}
		if status.Generation != d.Generation && !d.hidden {
			how := ", or attach"
			if status.Generation != 0 {
				how = ""
			}
			d.attend("the kernel has generation %d, but %d was loaded last; load again%s", status.Generation, d.Generation, how)
		}
		if status.Disabled {
			d.attend("%s", switchedOff)
		}
		var missed []string
		for i := range usages {
			if u := &usages[i]; u.Unattached {
				missed = append(missed, u.Name)
			}
		}
		if len(missed) > 0 {
			d.attend("cells that policies name have no program of theirs: %s; run: cellsh attach", strings.Join(missed, ", "))
		}
		if err := info.EvaluationInWay; err != nil {
			text := err.Error()
			if hint := diag.Of(err)[0].Hint; hint != "" {
				text += "; " + hint
			}
			d.attend("%s", text)
		}
		if p != nil {
			overruled, err := t.Host.Overruled(p)
			if err != nil {
				return nil, err
			}
			for _, text := range overruledTexts(overruled) {
				d.attend("%s", text)
			}
			d.powerful(p, usages)
		}
	} else if p != nil {
		frozen, err := t.Host.Frozen(p, history.Active().Aim())
		if err != nil {
			return nil, err
		}
		d.misfits(frozen)
	}
	for i := range usages {
		for _, x := range usages[i].Over {
			d.attend("cell %s is over its budget of %s", usages[i].Name, x.Budget)
		}
	}
	return d, d.boot(t, bootFolder)
}

// misfits tells where what cells were made with, on a kernel that asks no programs, differs from their policies.
func (d *diagnosis) misfits(list []host.Frozen) {
	for _, g := range alike(list, func(f *host.Frozen) string { return f.Cell }, misfitText) {
		if g.text != "" {
			d.attend("%s: %s; see cellsh fit --cell %s", human.Cells(g.names), g.text, g.names[0])
		}
	}
}

// misfitText is what is wrong about how a cell was made, "" if nothing is.
func misfitText(f *host.Frozen) string {
	best := f.Fit.Best()
	if f.Profile == nil {
		return fmt.Sprintf("%s fits the policies best, but the profile is not known: %s", best.Profile, host.WhyUnknown)
	}
	with := f.Fit.With(*f.Profile)
	text := f.Misfit()
	if with.Profile != best.Profile {
		text += fmt.Sprintf("; %s fits best, with which it would have to be made anew", best.Profile)
	} else if len(with.Laxer)+len(f.Fit.Unenforced)+len(with.Lacking) == 0 {
		return "" // what else it refuses no service needs
	}
	return text
}

// powerful tells of cells whose policies leave to root what the profile high denies, if their profile may be low, which
// leaves it to root too.
func (d *diagnosis) powerful(p *study.Policies, usages []host.Usage) {
	var covered []string
	for i := range usages {
		if p := usages[i].Answerer.Profile; usages[i].Covered() && (p == nil || *p == secmodel.Low) {
			covered = append(covered, usages[i].Name)
		}
	}
	left := p.LeftToRoot(covered)
	for _, l := range left {
		for _, text := range leftTexts(&l) {
			d.attend("root in %s may still %s, and the profile low does not either; see cellsh can", human.Cells(l.Cells), text)
		}
	}
	if len(left) > 0 && !hasBase(p.Set().Policies) {
		d.attend("the base policy that ships with cellsh denies that: load %s with the others", examples()+basePolicy)
	}
}

func (d *diagnosis) unread(form string, args ...any) {
	d.Unread = append(d.Unread, fmt.Sprintf(form, args...))
}

func (d *diagnosis) attend(form string, args ...any) {
	d.Attention = append(d.Attention, fmt.Sprintf(form, args...))
}

// looking notes what became of reading files.
type looking struct {
	loader.Files
	absent, denied bool
}

// ReadDir notes a folder that does not exist.
func (l *looking) ReadDir(path string) (names []string, folder bool, err error) {
	names, folder, err = l.Files.ReadDir(path)
	l.absent = l.absent || errors.Is(err, fs.ErrNotExist)
	l.denied = l.denied || errors.Is(err, fs.ErrPermission)
	return names, folder, err
}

// ReadFile notes a file that may not be read.
func (l *looking) ReadFile(path string) (string, error) {
	text, err := l.Files.ReadFile(path)
	l.denied = l.denied || errors.Is(err, fs.ErrPermission)
	return text, err
}

// boot says whether load --boot would take its policies: it reads and checks them in the same way.
func (d *diagnosis) boot(t *Target, folder string) error {
	r := t.bootReader()
	files := &looking{Files: r.Files}
	r.Files = files
	p := r.Read([]string{folder})
	switch uid := os.Geteuid(); {
	case files.absent:
		d.Boot = folder + " does not exist: nothing is loaded at boot"
		return nil
	case files.denied && uid != 0:
		d.Boot = folder + " holds what only root may read"
		d.unread("uid %d may not read all of %s", uid, folder)
		return nil
	}
	problems := p.Loading
	if !problems.Failed() {
		check, err := t.Host.Check(p)
		if err != nil {
			return err
		}
		problems = check.Problems
	}
	d.Boot = fmt.Sprintf("%s holds %s, and load --boot would take them", folder, human.Plural(len(p.Set().Sources), "file"))
	if problems.Failed() {
		d.Boot = folder + " holds what load --boot would refuse"
	}
	for _, problem := range problems {
		if problem.Severity == diag.Error {
			d.attend("load --boot: %s", problem.Error())
		}
	}
	if err := t.Host.Bootable(p); err != nil {
		d.Boot = folder + " holds what load --boot would refuse"
		d.attend("%s", err)
	}
	return nil
}

func (d *diagnosis) text() string {
	var b strings.Builder
	k := &d.Kernel
	what := "a running kernel"
	if k.Simulated {
		what = "simulated: nothing here has an effect outside of cellsh"
	}
	revision := k.Revision
	if k.RevisionAssumed {
		revision = fmt.Sprintf("of a revision that is not known (the rules of %s are used)", k.Revision)
	}
	fmt.Fprintf(&b, "kernel %s: NetBSD %s, secmodel_cell %s (%s)\n", k.Name, k.Version, revision, what)
	for _, c := range slices.Sorted(maps.Keys(k.Capabilities)) {
		fmt.Fprintf(&b, "  %-11s yes: %s\n", c, k.Capabilities[c])
	}
	for _, c := range slices.Sorted(maps.Keys(k.Missing)) {
		fmt.Fprintf(&b, "  %-11s no: %s\n", c, k.Missing[c])
		if text := d.lost(c); text != "" {
			fmt.Fprintf(&b, "              so %s\n", text)
		}
	}
	for _, f := range d.Findings {
		fmt.Fprintf(&b, "  found: %s\n", f)
	}
	if d.Place == onHost {
		loaded := "nothing is loaded"
		switch {
		case d.Generation > 0:
			loaded = fmt.Sprintf("generation %d is loaded", d.Generation)
			if d.instead {
				loaded = fmt.Sprintf("generation %d was loaded last", d.Generation)
			}
		case d.hidden:
			loaded = "what is loaded is not known"
		}
		fmt.Fprintf(&b, "policies: %s; %s\nboot: %s\n", loaded, human.Plural(d.Cells, "cell"), d.Boot)
	} else {
		b.WriteString("this is a cell: run cellsh on the host, as its root\n")
	}
	for _, u := range d.Unread {
		fmt.Fprintf(&b, "not looked at: %s\n", u)
	}
	for _, a := range d.Attention {
		fmt.Fprintf(&b, "attention: %s\n", a)
	}
	switch {
	case len(d.Attention) > 0:
	case len(d.Unread) > 0:
		b.WriteString("nothing that was looked at needs attention\n")
	default:
		b.WriteString("nothing needs attention\n")
	}
	return b.String()
}
