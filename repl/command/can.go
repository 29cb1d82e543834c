package command

import (
	"fmt"
	"strings"

	"cellsh/kernel"
	"cellsh/kernel/host"
	"cellsh/policy"
	"cellsh/policy/analysis"
	"cellsh/policy/kauth"
	"cellsh/policy/secmodel"
	"cellsh/policy/study"
	"cellsh/repl/flags"
)

func canCommand() *Command {
	return &Command{
		Name: "can", Args: "[--policy PATH...] CELL [REQUEST]", Short: "what a cell may do, in full",
		Long: `Says what becomes of every request of a cell, or of those of one scope, action
or request: what the policies answer and where, and what finally happens to
root (the effective user id is 0) and to other users, after all other models of
the kernel. Requests are split into cases by their fields until every case has
one answer; what nobody can know before a request is made is said as a
condition. The host's settings are taken to be those of GENERIC.

What answers for the cell is what does on the kernel at hand: where that asks
programs, the policies that name the cell, or else the built-in fallback, which
speaks for profile low only; where it asks none, the cell's profile alone. The
profile is the one that the cell was made with, if cellsh has made it; of a cell
that does not exist it is the one that cellsh would choose. --program,
--profile, --revision and --ports suppose something else: with --program
policies it is said what the policies would have of everything where they are
asked.

  cellsh can --policy web.lua web-1 network.bind
  cellsh can --policy web.lua web-1 process.signal
  cellsh can --program none --profile high --revision april web-1 system`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			var o asking
			fs.Text(&o.program, "program", "WHO", "what answers for the cell, WHO: policies, fallback or none")
			fs.Text(&o.profile, "profile", "PROFILE", "the PROFILE of the cell: low, medium, high or unknown")
			fs.Text(&o.revision, "revision", "REVISION", "the REVISION of secmodel_cell: "+secmodel.RevisionNames()+"; without it the kernel's")
			fs.Words("program", []string{"policies", "fallback", "none"})
			fs.Words("profile", append(profileNames(), "unknown"))
			fs.Words("revision", revisionNames())
			fs.Text(&o.ports, "ports", "PORTS", "the PORTS that the cell reserves, separated by commas")
			return o.run
		},
	}
}

func profileNames() []string {
	var names []string
	for _, p := range secmodel.Profiles {
		names = append(names, p.String())
	}
	return names
}

func revisionNames() []string {
	var names []string
	for _, r := range secmodel.Revisions() {
		names = append(names, r.String())
	}
	return names
}

// asking is the flags of can.
type asking struct {
	program  string
	profile  string
	revision string
	ports    string
}

func (flags *asking) run(inv *Invocation) error {
	if len(inv.Args) == 0 {
		return usage("a cell must be given")
	}
	if len(inv.Args) > 2 {
		return usage("a cell and one request must be given, but %q is too", inv.Args[2])
	}
	cell := inv.Args[0]
	if problem := policy.CheckName(cell); problem != "" {
		return usage("the name of a cell %s", problem)
	}
	var pattern *kauth.Pattern
	if len(inv.Args) == 2 {
		p, err := study.ParsePattern(inv.Args[1])
		if err != nil {
			return err
		}
		pattern = &p
	}
	o := study.Supposition{Program: flags.program, Profile: flags.profile, Revision: flags.revision}
	var err error
	if flags.ports != "" {
		if o.Ports, err = kernel.ParsePorts(commas(flags.ports)); err != nil {
			return flagError(err)
		}
	}
	p, err := inv.policies()
	if err != nil {
		return err
	}
	t, err := inv.open()
	if err != nil {
		return err
	}
	able, err := t.Host.Can(cell, pattern, p, inv.supposed(), o)
	if err != nil {
		return flagError(err)
	}
	if err := inv.missing(able.Standing, "this is what one of that name could do"); err != nil {
		return err
	}
	if inv.JSON {
		return inv.json(able.Report())
	}
	c := &canReport{able.Abilities, able.Standing, o.Program != "", p.Set().Audits(cell)}
	fmt.Fprint(inv.Stdout, c.text(pattern))
	return nil
}

// flagError makes an error of an option one of the command line.
func flagError(err error) error {
	if k, ok := err.(*policy.KeyError); ok {
		return usage("--%s %s", k.Key, k.Text)
	}
	return err
}

// canReport puts abilities into words.
type canReport struct {
	*study.Abilities
	standing *host.Standing
	// supposed says that another program is asked about than the kernel's, and audited that the policies refuse nothing now.
	supposed, audited bool
}

func (c *canReport) text(pattern *kauth.Pattern) string {
	names := make([]string, len(c.Policies))
	for i, p := range c.Policies {
		names[i] = p.Name
	}
	var answers string
	switch {
	case !c.supposed && !c.standing.Asks:
		answers = "this kernel asks no programs"
	case c.Answerer.Program == analysis.ByNone:
		answers = "no program answers"
	case c.Answerer.Program == analysis.ByFallback && len(c.Policies) == 0:
		answers = "no policy names it; the built-in fallback answers if its profile is low"
	case c.Answerer.Program == analysis.ByFallback:
		answers = "the built-in fallback answers if its profile is low"
	case len(c.Policies) == 0:
		answers = "no policy names it"
	case !c.supposed && c.standing.Behind != 0:
		answers = fmt.Sprintf("the kernel still has generation %d; from the next load on answered by %s", c.standing.Behind, strings.Join(names, ", "))
	case !c.standing.Asks:
		answers = "where programs are asked answered by " + strings.Join(names, ", ")
	default:
		answers = "answered by " + strings.Join(names, ", ")
		if c.audited {
			answers += "; audited, refusing nothing"
		}
	}
	var b strings.Builder
	b.WriteString(wrap(0, fmt.Sprintf("cell %s: %s; profile %s, secmodel_cell %s", c.Cell, answers, c.Answerer.ProfileName(), c.Answerer.Revision)) + "\n")
	single := pattern != nil && len(c.Requests) == 1
	var never []string
	var entries []entry
	for i := range c.Requests {
		a := &c.Requests[i]
		if a.Flags.Has(kauth.NeverRaised) && !single {
			never = append(never, a.Request.String())
			continue
		}
		entries = append(entries, c.entry(a))
	}
	b.WriteString(grouped(c.Vocabulary, 0, entries))
	if !c.supposed && !c.standing.Asks && len(c.Policies) > 0 {
		b.WriteString(wrap(0, "what "+strings.Join(names, ", ")+" would have of it where programs are asked: --program policies"))
	}
	if len(never) > 0 {
		b.WriteString(wrap(0, "never asked by the kernel: "+strings.Join(never, ", ")))
	}
	return b.String()
}

// entry is what there is to say about a request.
func (c *canReport) entry(a *analysis.Ability) entry {
	e := entry{request: a.Request}
	flags := a.Flags
	if flags.Has(kauth.Probe) {
		e.head = " (a probe: a denial only picks a behaviour)"
	}
	if flags.Has(kauth.NeverRaised) {
		e.head += " (never asked by the kernel)"
	}
	for i := range a.Cases {
		x := &a.Cases[i]
		if len(a.Cases) == 1 {
			e.head += ": " + c.answer(a, x)
		} else {
			e.body += wrap(2, x.Where+": "+c.answer(a, x))
		}
		if w := x.Decision.Would; w.Result != policy.Pass {
			e.body += wrap(4, "policies in audit mode would say "+answerText(w))
		}
		if x.Decision.Record {
			e.body += "    a policy wants it to be recorded\n"
		}
		// That a denial by the policies stands goes without saying.
		if o := outcomes(x); o != "refused by policies" {
			e.body += wrap(4, o)
		}
	}
	if a.More {
		e.body += fmt.Sprintf("  and more cases than the %d that are listed\n", len(a.Cases))
	}
	return e
}

// answer is what the program says in a case.
func (c *canReport) answer(a *analysis.Ability, x *analysis.Case) string {
	d := x.Decision
	switch {
	case !d.Implicit():
		return answerText(d.Answer)
	case c.Answerer.Asked() == analysis.ByNone:
		return "nobody is asked"
	case a.Flags.Has(kauth.Spin):
		return "policies are not asked, the kernel holds a spin lock"
	case !a.Flags.Asked():
		return "policies are not asked"
	case c.Answerer.Asked() == analysis.ByFallback && d.Result == policy.Deny:
		return "deny, by the fallback"
	case c.Answerer.Asked() == analysis.ByFallback:
		return "allow, the fallback does not object"
	case len(c.Policies) == 0:
		return "allow, no policy names the cell"
	}
	return "allow, no policy objects"
}

// outcomes is what becomes of a case for root and for other users.
func outcomes(x *analysis.Case) string {
	switch {
	case x.Root != nil && x.User != nil && x.Root.String() == x.User.String():
		return x.Root.String()
	case x.User == nil:
		return "root " + x.Root.String()
	case x.Root == nil:
		return "users " + x.User.String()
	}
	return "root " + x.Root.String() + "; users " + x.User.String()
}
