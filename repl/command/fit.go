package command

import (
	"fmt"
	"strings"

	"cellsh/policy/analysis"
	"cellsh/policy/kauth"
	"cellsh/policy/secmodel"
	"cellsh/policy/stock"
	"cellsh/policy/study"
	"cellsh/repl/flags"
	"cellsh/repl/human"
)

func fitCommand() *Command {
	return &Command{
		Name: "fit", Args: "PATH...", Short: "how cells fit a kernel without the evaluation model",
		Long: `Compares the policies with the three profiles of secmodel_cell, exactly, and
says for each cell with which profile, reserved ports and resource limits it is
best made on a kernel that can't ask policies. It lists every request that such
a kernel allows although the policies refuse it (laxer), and the other way
round (stricter); what the kernel's other models refuse anyway is no
difference. It looks at one sample of each glob, and at each --cell.

The profile fits best that lets through the fewest requests which the policies
refuse, and of these the one that refuses the fewest others. A service may not
run with that: high does not even let it open /dev/null. With --usable the
profile comes first that refuses the fewest requests which a service needs, as
far as its policies allow them: to open device nodes; to make processes and
become their user; to signal, see and limit processes of its own cell; to make
ordinary sockets and bind them. What it lacks is said.

The exit code is 1 if the policies are wrong, and with --strict if any cell's
fit is lax.

  cellsh fit web.lua
  cellsh fit --revision april --cell web-7 web.lua`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			var o fitting
			cellList(fs, &o.cells, "look at the cell NAME too; repeats")
			fs.Switch(&o.strict, "strict", "fail if the kernel allows anything that the policies refuse")
			fs.Switch(&o.verbose, "v", "list the differences of all three profiles")
			fs.Switch(&o.usable, "usable", "choose so that services run, as load --usable does")
			fs.Text(&o.revision, "revision", "REVISION", "the REVISION of secmodel_cell: "+secmodel.RevisionNames()+"; without it the kernel's")
			return o.run
		},
	}
}

// fitting is the flags of fit.
type fitting struct {
	cells    []string
	strict   bool
	verbose  bool
	usable   bool
	revision string
}

func (flags *fitting) run(inv *Invocation) error {
	if len(inv.Args) == 0 && len(inv.Policy) == 0 {
		return usage("a path must be given")
	}
	var rev secmodel.Revision
	if flags.revision != "" {
		var err error
		if rev, err = study.ParseRevision(flags.revision); err != nil {
			return flagError(err)
		}
	}
	p, err := inv.read(inv.Args, false)
	if err != nil {
		return err
	}
	if rev == 0 {
		rev = inv.target.Info().Revision
	}
	aim := analysis.Strict
	if flags.usable {
		aim = analysis.Usable
	}
	if p.Loading.Failed() {
		return p.Loading
	}
	live, err := inv.live()
	if err != nil {
		return err
	}
	var fits []*analysis.StockFit
	lax := 0
	for _, s := range p.Samples(live, flags.cells) {
		f, err := p.Fit(s.Name, rev, aim)
		if err != nil {
			return err
		}
		if f.Lax() {
			lax++
		}
		fits = append(fits, f)
	}
	if inv.JSON {
		out := struct {
			Revision string                 `json:"revision"`
			Fits     []study.StockFitReport `json:"fits"`
		}{rev.String(), []study.StockFitReport{}}
		for _, f := range fits {
			out.Fits = append(out.Fits, study.ReportFit(f))
		}
		if err := inv.json(out); err != nil {
			return err
		}
	} else {
		fmt.Fprint(inv.Stdout, fitsText(fits, flags.verbose))
	}
	if flags.strict && lax > 0 {
		if !inv.JSON {
			fmt.Fprintf(inv.Stderr, "the fit must be strict, but is lax for %s\n", human.Plural(lax, "cell"))
		}
		return quiet{Failed}
	}
	return nil
}

// fitsText writes cells with the same fit together.
func fitsText(fits []*analysis.StockFit, all bool) string {
	var b strings.Builder
	for _, g := range alike(fits, func(f **analysis.StockFit) string { return (*f).Cell }, func(f **analysis.StockFit) string { return fitText(*f, all) }) {
		b.WriteString(wrap(0, human.Cells(g.names)+":") + g.text)
	}
	return b.String()
}

func fitText(f *analysis.StockFit, all bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  profile %s fits best%s (secmodel_cell %s)\n", f.Best().Profile, map[analysis.Aim]string{analysis.Usable: " for services"}[f.Aim], f.Revision)
	var made []string
	if len(f.Ports) > 0 {
		made = append(made, portsText(f.Ports))
	}
	for i := range f.Limits {
		made = append(made, f.Limits[i].String())
	}
	if len(made) > 0 {
		b.WriteString(wrap(2, "made with "+strings.Join(made, ", ")))
	}
	for i := range f.Unenforced {
		u := &f.Unenforced[i]
		b.WriteString(wrap(2, fmt.Sprintf("laxer: nothing enforces the budget %s (%s)", u, u.Span)))
	}
	if all {
		for i := range f.Profiles {
			b.WriteString(profileText(f, &f.Profiles[i]))
		}
	} else {
		b.WriteString(profileText(f, f.Best()))
		for i := range f.Profiles {
			if p := &f.Profiles[i]; i != f.Chosen {
				text := fmt.Sprintf("profile %s: laxer in %s, stricter in %s", p.Profile,
					human.Plural(analysis.Requests(p.Laxer), "request"), human.Plural(analysis.Requests(p.Stricter), "request"))
				if needs := analysis.Needs(p.Lacking); len(needs) > 0 {
					text += ": a service can't " + strings.Join(needs, ", or ")
				}
				b.WriteString(wrap(2, text))
			}
		}
	}
	for _, n := range f.Notes {
		b.WriteString(wrap(2, "note: "+n))
	}
	return b.String()
}

func profileText(f *analysis.StockFit, p *analysis.ProfileFit) string {
	var b strings.Builder
	for _, side := range [...]struct {
		word, what string
		gaps       []analysis.Gap
	}{{"laxer", "it allows what the policies refuse", p.Laxer}, {"stricter", "it refuses what the policies allow", p.Stricter}} {
		if len(side.gaps) == 0 {
			fmt.Fprintf(&b, "  profile %s is %s in nothing\n", p.Profile, side.word)
			continue
		}
		fmt.Fprintf(&b, "  profile %s is %s in %s: %s\n", p.Profile, side.word, human.Plural(analysis.Requests(side.gaps), "request"), side.what)
		var entries []entry
		for i := 0; i < len(side.gaps); {
			request := side.gaps[i].Request
			n := i
			for n < len(side.gaps) && side.gaps[n].Request == request {
				n++
			}
			entries = append(entries, gapsEntry(request, side.gaps[i:n]))
			i = n
		}
		b.WriteString(grouped(f.Vocabulary, 4, entries))
	}
	if needs := analysis.Needs(p.Lacking); len(needs) > 0 {
		b.WriteString(wrap(2, fmt.Sprintf("with profile %s a service can't %s", p.Profile, strings.Join(needs, ", or "))))
	}
	return b.String()
}

// gapsEntry is what there is to say about the gaps of one request.
func gapsEntry(request kauth.RequestID, gaps []analysis.Gap) entry {
	e := entry{request: request}
	for i := range gaps {
		g := &gaps[i]
		text := meets(g) + ", policies: " + decisionText(&g.Decision)
		if len(gaps) == 1 && g.Where == "any request" {
			e.head = ": " + text
		} else {
			e.body += wrap(6, g.Where+": "+text)
		}
	}
	return e
}

// meets says for whom there is a difference.
func meets(g *analysis.Gap) string {
	one := func(who string, m analysis.Meeting) string {
		if m.Truth == stock.Yes {
			return who
		}
		return who + " " + m.String()
	}
	switch {
	case g.Root.String() == g.User.String():
		return one("for all", g.Root)
	case g.User.Truth == stock.No:
		return one("for root", g.Root)
	case g.Root.Truth == stock.No:
		return one("for users", g.User)
	}
	return one("for root", g.Root) + " and " + one("for users", g.User)
}
