package command

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cellsh/kernel/host"
	"cellsh/lua/services"
	"cellsh/policy/analysis"
	"cellsh/policy/diag"
	"cellsh/policy/report"
	"cellsh/policy/rules"
	"cellsh/policy/study"
	"cellsh/repl/flags"
	"cellsh/repl/human"
)

func checkCommand() *Command {
	return &Command{
		Name: "check", Args: "PATH...", Short: "compile and verify policies",
		Long: `Reads the policies of the files and folders, compiles them for the cells that
exist, for each --cell, and for one sample of each glob, and says everything
that is wrong. It lists what the policies grant, checks what must never be
allowed, and proves that two readings of the policies agree, and the compiled
programs with them: see prove. And it says where policies leave to root in a
cell what could take the whole host, or change the host's network: the kernel's
profile, which denies that in other cells, is low where policies are asked. Of
cells that exist with another profile it says that this refuses more.

With --services it reads files of services instead, and says everything that is
wrong with them.

The exit code is 1 if there is any error.

  cellsh check /etc/cellsh/policy.d
  cellsh check --cell web-7 web.lua
  cellsh check --services /etc/cellsh/services.d

  cellsh check - < web.lua`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			var o checking
			cellList(fs, &o.cells, "look at the cell NAME too; repeats")
			fs.Switch(&o.noProof, "no-proof", "compare two readings for one request for each answer only, and no programs")
			fs.Switch(&o.noOptimize, "no-optimize", "compile without optimising")
			fs.List(&o.services, "services", "PATH", "check the services of PATH, and no policies; repeats")
			return o.run
		},
	}
}

// checkEffort bounds the proof that is part of check; cellsh prove has no bound.
const checkEffort = 5_000_000

// checking is the flags of check.
type checking struct {
	cells      []string
	noProof    bool
	noOptimize bool
	services   []string
}

func (flags *checking) run(inv *Invocation) error {
	if len(flags.services) > 0 {
		return flags.checkServices(inv)
	}
	if len(inv.Args) == 0 && len(inv.Policy) == 0 {
		return usage("a path must be given")
	}
	p, err := inv.read(inv.Args, flags.noOptimize)
	if err != nil {
		return err
	}
	t, err := inv.open()
	if err != nil {
		return err
	}
	live, err := t.Host.LiveNames()
	if err != nil {
		return err
	}
	c, err := p.Check(study.CheckOptions{Live: live, Cells: flags.cells, Unasked: !t.Host.Evaluates(), Effort: checkEffort, NoProof: flags.noProof})
	if err != nil {
		return err
	}
	var overruled []host.Overruled
	if !c.Problems.Failed() {
		if overruled, err = t.Host.Overruled(p); err != nil {
			return err
		}
	}
	if inv.JSON {
		err := inv.json(struct {
			study.CheckReport
			Overruled []host.OverruledReport `json:"overruled,omitempty"`
		}{c.Report(), host.ReportOverruled(overruled)})
		if err != nil {
			return err
		}
	} else {
		withBase := ""
		if len(c.LeftToRoot) > 0 && !hasBase(c.Policies) {
			withBase = inv.withBase(append(slices.Clone(inv.Args), inv.Policy...))
		}
		_ = inv.Style.Problems(inv.Stderr, c.Problems)
		fmt.Fprint(inv.Stdout, checkText(c, withBase))
		for _, text := range overruledTexts(overruled) {
			inv.note("%s", text)
		}
	}
	if c.Problems.Failed() {
		return quiet{Failed}
	}
	return nil
}

// serviceCheck is the report of a check of services.
type serviceCheck struct {
	OK          bool      `json:"ok"`
	Diagnostics diag.List `json:"diagnostics"`
	// Services that are right, in the order in which they are started.
	Services []string `json:"services"`
}

func (flags *checking) checkServices(inv *Invocation) error {
	if len(inv.Args) > 0 || len(inv.Policy) > 0 {
		return usage("services are checked alone, but a policy is given too")
	}
	if len(flags.cells) > 0 || flags.noProof || flags.noOptimize {
		return usage("--cell, --no-proof and --no-optimize are for policies, but services are checked")
	}
	set, problems := services.Read(flags.services, services.Options{Output: inv.Stderr})
	names := []string{}
	for i := range set.Services {
		names = append(names, set.Services[i].Name)
	}
	if inv.JSON {
		if err := inv.json(serviceCheck{!problems.Failed(), report.List(problems), names}); err != nil {
			return err
		}
	} else {
		_ = inv.Style.Problems(inv.Stderr, problems)
		if len(names) > 0 {
			fmt.Fprint(inv.Stdout, wrap(0, "order of start: "+strings.Join(names, ", ")))
		}
		fmt.Fprintf(inv.Stdout, "%s, %s, %s\n", human.Plural(len(names), "service"), human.Plural(problems.Count(diag.Error), "error"), human.Plural(problems.Count(diag.Warning), "warning"))
	}
	if problems.Failed() {
		return quiet{Failed}
	}
	return nil
}

// checkText writes what was found; withBase is the line that checks the policies together with the base policy, "" where that
// would close nothing.
func checkText(c *study.Check, withBase string) string {
	var b strings.Builder
	errors, warnings := c.Problems.Count(diag.Error), c.Problems.Count(diag.Warning)
	if len(c.Grants) > 0 {
		b.WriteString("grants, which give rights that the kernel may refuse otherwise:\n")
		for _, g := range c.Grants {
			what := ids(g.Requests)
			if len(g.Requests) > 3 {
				what = fmt.Sprintf("%s and %d more", ids(g.Requests[:2]), len(g.Requests)-2)
			}
			if g.Reason != "" {
				what += fmt.Sprintf(" %q", g.Reason)
			}
			if g.Audit {
				what += " (audit: does not apply)"
			}
			if g.Unsure {
				what += " (not known whether any request gets it: there are too many cases)"
			}
			b.WriteString(wrap(2, fmt.Sprintf("%s: policy %s: %s", g.Span, g.Policy, what)))
		}
	}
	for _, l := range c.LeftToRoot {
		for _, text := range leftTexts(&l) {
			b.WriteString(wrap(0, fmt.Sprintf("root in %s may still %s", human.Cells(l.Cells), text)))
		}
	}
	if withBase != "" {
		// The line is for typing: it stays whole.
		fmt.Fprintf(&b, "the base policy that ships with cellsh denies all of that; with it:\n    %s\n", withBase)
	}
	b.WriteString(samplesText(c.Cells))
	if c.Nevers > 0 && (errors == 0 || len(c.Breaches) > 0) {
		// Where something is wrong not all of them could be worked out.
		fmt.Fprintf(&b, "never: %s, %d broken\n", human.Plural(c.Nevers, "assertion"), len(c.Breaches))
	}
	if c.Proof != nil {
		b.WriteString(proofText(c.Proof))
	}
	if w := c.Witnessed; w != nil && w.Answers > 0 {
		fmt.Fprintf(&b, "%s: %d of %d answers\n", agreeText(w.Differing, w.Asked), w.Asked, w.Answers)
	}
	fmt.Fprintf(&b, "%s, %s, %s\n", human.Plural(len(c.Policies), "policy"), human.Plural(errors, "error"), human.Plural(warnings, "warning"))
	return b.String()
}

// leftTexts say what root in a cell may still do to the host, each after "may still".
func leftTexts(l *study.LeftToRoot) []string {
	var out []string
	if len(l.Host) > 0 {
		out = append(out, "take the host: no policy denies "+leftNames(l.Host))
	}
	if kinds := leftKinds(l); len(kinds) > 0 {
		out = append(out, "change the host's network, which no policy denies: "+strings.Join(kinds, ", "))
	}
	return out
}

// leftKinds are the things of the host's network that are left to root.
func leftKinds(l *study.LeftToRoot) []string {
	var kinds []string
	for _, k := range l.Network {
		text := k.What
		if !k.Whole {
			text += " (" + leftNames(k.Requests) + ")"
		}
		kinds = append(kinds, text)
	}
	return kinds
}

// leftNames names what is left to root.
func leftNames(list []study.LeftRequest) string {
	var parts []string
	for _, r := range list {
		text := r.Request
		if len(r.Where) > 0 {
			text += " where " + strings.Join(r.Where, "; or ")
		}
		switch {
		case r.More:
			text += "; or in more cases"
		case r.Unsure:
			text += " (not known: there are too many cases)"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

// basePolicy lies in the folder of examples. It denies to all cells what takes the host or its network.
const basePolicy = "/policy.d/00-base.lua"

// withBase is the line that checks policies together with the base policy.
func (inv *Invocation) withBase(paths []string) string {
	return inv.line(shellWords(append([]string{"check"}, append(paths, examples()+basePolicy)...)))
}

// hasBase reports whether the base policy, as it ships or changed, is among policies.
func hasBase(list []*rules.Policy) bool {
	return slices.ContainsFunc(list, func(p *rules.Policy) bool { return p.Name == "base" })
}

// examples is the folder with what ships: as make install lays it beside the program, or in its sources, or else where it
// usually is.
func examples() string {
	if exe, err := os.Executable(); err == nil {
		for _, dir := range []string{"../share/examples/cellsh", "../scripts"} {
			dir = filepath.Join(filepath.Dir(exe), dir)
			if _, err := os.Stat(dir + basePolicy); err == nil {
				return dir
			}
		}
	}
	return "/usr/local/share/examples/cellsh"
}

func proofText(p *analysis.Proof) string {
	s := wrap(0, fmt.Sprintf("%s: %d of %d outcomes, %d of %d boundaries; %s equal to the policies", agreeText(p.Differing, p.Asked),
		p.EdgesCovered, p.Edges, p.BoundariesCovered, p.Boundaries, human.Plural(p.Programs, "program")))
	if n := len(p.Mismatches); n > 0 {
		s += fmt.Sprintf("%s not equal to the policies\n", human.Plural(n, "program"))
	}
	if p.Limited {
		s += "not everything was looked at, to save time; cellsh prove looks at the rest\n"
	}
	if p.TooLarge > 0 {
		s += wrap(0, fmt.Sprintf("%s not compared with the policies as a whole: there are too many cases", human.Plural(p.TooLarge, "program")))
	}
	if p.Undecided > 0 {
		s += wrap(0, fmt.Sprintf("for %s it is not known whether any request takes them", human.Plural(p.Undecided, "outcome")))
	}
	return s
}

// samplesText names the cells that were looked at.
func samplesText(samples []analysis.Sample) string {
	const most = 200
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
	return wrap(0, "cells looked at: "+strings.Join(parts, ", "))
}

func ids[T fmt.Stringer](list []T) string {
	parts := make([]string, len(list))
	for i, x := range list {
		parts[i] = x.String()
	}
	return strings.Join(parts, ", ")
}
