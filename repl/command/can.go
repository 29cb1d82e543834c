package command

import (
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cellsh/lua/engine"
	"cellsh/policy"
	"cellsh/policy/analysis"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
	"cellsh/policy/stock"
)

func init() {
	register(&Command{
		Name: "can", Args: "[--policy PATH...] CELL [REQUEST]", Short: "what a cell may do, in full",
		Long: `Says what becomes of every request of a cell, or of those of one scope, action or request: what the policies answer
and where, and what finally happens to root (the effective user id is 0) and to other users, after all other models of
the kernel. Requests are split into cases by their fields until every case has one answer; what nobody can know before
a request is made is said as a condition. The host's settings are taken to be those of GENERIC.

A cell that no policy names is answered by the built-in fallback if its profile is low. cellsh makes cells with
policies with profile low; the profile of others is unknown unless --profile tells it.

  cellsh can --policy web.lua web-1 network.bind
  cellsh can --policy web.lua web-1 process.signal
  cellsh can --program none --profile high --revision april web-1 system`,
		Flags: func(fs *flag.FlagSet, o *Options) {
			fs.StringVar(&o.Program, "program", "", "what answers for the cell: `policies`, fallback or none")
			fs.StringVar(&o.Profile, "profile", "", "the `PROFILE` of the cell: low, medium, high or unknown")
			fs.StringVar(&o.Revision, "revision", "current", "the `REVISION` of secmodel_cell: april or current")
			fs.StringVar(&o.Ports, "ports", "", "the `PORTS` that the cell reserves, separated by commas")
		},
		Work: runCan,
	})
}

// maxCases is how many cases of one request are written.
const maxCases = 1000

func runCan(inv *Invocation) error {
	if len(inv.Args) == 0 {
		return usage("a cell must be given")
	}
	if len(inv.Args) > 2 {
		return usage("a cell and one request must be given, but %q is too", inv.Args[2])
	}
	cell := inv.Args[0]
	if cell == "" {
		return usage("a cell must have a name, but it is empty")
	}
	var pattern *kauth.Pattern
	if len(inv.Args) == 2 {
		p, err := engine.ParsePattern(inv.Args[1])
		if err != nil {
			return err
		}
		pattern = &p
	}
	o, err := inv.canOptions()
	if err != nil {
		return err
	}
	p, err := inv.policies()
	if err != nil {
		return err
	}
	applying := p.Applying(cell)
	if inv.Program == "" && len(applying) == 0 {
		o.Program = analysis.ByFallback
	}
	if inv.Profile == "" && o.Program == analysis.ByPolicies {
		low := stock.Low
		o.Profile = &low
	}
	abilities, err := p.Can(cell, pattern, o)
	if err != nil {
		return err
	}
	c := &canReport{cell, o, applying, abilities}
	if inv.JSON {
		return inv.json(c.json())
	}
	fmt.Fprint(inv.Stdout, c.text(pattern))
	return nil
}

// canOptions reads the flags.
func (inv *Invocation) canOptions() (analysis.CanOptions, error) {
	o := analysis.CanOptions{Most: maxCases}
	var ok bool
	if inv.Program != "" {
		if o.Program, ok = analysis.ParseAnswering(inv.Program); !ok {
			return o, usage("--program must be policies, fallback or none, but is %q", inv.Program)
		}
	}
	if inv.Profile != "" && inv.Profile != "unknown" {
		place, ok := stock.ParsePlace(inv.Profile)
		if !ok || place == stock.Host {
			return o, usage("--profile must be low, medium, high or unknown, but is %q", inv.Profile)
		}
		o.Profile = &place
	}
	var err error
	if o.Revision, err = inv.revision(); err != nil {
		return o, err
	}
	o.Ports, err = parsePorts(inv.Ports)
	return o, err
}

// revision reads the flag --revision.
func (inv *Invocation) revision() (stock.Revision, error) {
	rev, ok := stock.ParseRevision(inv.Revision)
	if !ok {
		return rev, usage("--revision must be april or current, but is %q", inv.Revision)
	}
	return rev, nil
}

// parsePorts reads ports that a cell reserves.
func parsePorts(list string) ([]uint16, error) {
	var out []uint16
	if list == "" {
		return nil, nil
	}
	for s := range strings.SplitSeq(list, ",") {
		n, err := strconv.ParseUint(s, 10, 16)
		if err != nil || n == 0 {
			return nil, usage("--ports must be ports from 1 to 65535, separated by commas, but one is %q", s)
		}
		if slices.Contains(out, uint16(n)) {
			return nil, usage("--ports must name every port once, but names %d twice", n)
		}
		out = append(out, uint16(n))
	}
	if len(out) > analysis.MaxPorts {
		return nil, usage("--ports must name at most %d ports, but names %d", analysis.MaxPorts, len(out))
	}
	return out, nil
}

// canReport is what can found out.
type canReport struct {
	cell      string
	options   analysis.CanOptions
	applying  []*rules.Policy
	abilities []analysis.Ability
}

func (c *canReport) profile() string {
	if c.options.Profile == nil {
		return "unknown"
	}
	return c.options.Profile.String()
}

func (c *canReport) text(pattern *kauth.Pattern) string {
	var b strings.Builder
	fmt.Fprintf(&b, "cell %s: ", c.cell)
	switch {
	case c.options.Program == analysis.ByNone:
		b.WriteString("no program answers")
	case c.options.Program == analysis.ByFallback && len(c.applying) == 0:
		b.WriteString("no policy names it; the built-in fallback answers if its profile is low")
	case c.options.Program == analysis.ByFallback:
		b.WriteString("the built-in fallback answers if its profile is low")
	case len(c.applying) == 0:
		b.WriteString("no policy names it")
	default:
		names := make([]string, len(c.applying))
		for i, p := range c.applying {
			names[i] = p.Name
		}
		fmt.Fprintf(&b, "%s answers", strings.Join(names, ", "))
	}
	fmt.Fprintf(&b, "; profile %s, secmodel_cell %s\n\n", c.profile(), c.options.Revision)
	single := pattern != nil && len(c.abilities) == 1
	var never []string
	var entries []entry
	for i := range c.abilities {
		a := &c.abilities[i]
		if a.Request.Info().Flags.Has(kauth.NeverRaised) && !single {
			never = append(never, a.Request.String())
			continue
		}
		entries = append(entries, entry{a.Request, c.body(a)})
	}
	b.WriteString(grouped(entries))
	if len(never) > 0 {
		fmt.Fprintf(&b, "never asked by the kernel: %s\n", strings.Join(never, ", "))
	}
	return b.String()
}

// body is what there is to say about a request, after its name.
func (c *canReport) body(a *analysis.Ability) string {
	var b strings.Builder
	flags := a.Request.Info().Flags
	if flags.Has(kauth.Probe) {
		b.WriteString(" (a probe: a denial only picks a behaviour)")
	}
	if flags.Has(kauth.NeverRaised) {
		b.WriteString(" (never asked by the kernel)")
	}
	for i := range a.Cases {
		x := &a.Cases[i]
		if len(a.Cases) == 1 {
			fmt.Fprintf(&b, ": %s\n", c.answer(a, x))
		} else {
			if i == 0 {
				b.WriteString("\n")
			}
			fmt.Fprintf(&b, "  %s: %s\n", x.Where, c.answer(a, x))
		}
		if w := x.Decision.Would; w.Result != policy.Pass {
			fmt.Fprintf(&b, "      policies in audit mode would say %s\n", answerText(w))
		}
		fmt.Fprintf(&b, "      %s\n", outcomes(x))
	}
	if a.More {
		fmt.Fprintf(&b, "  and more cases than the %d that are listed\n", len(a.Cases))
	}
	return b.String()
}

// answer is what the program says in a case.
func (c *canReport) answer(a *analysis.Ability, x *analysis.Case) string {
	d := x.Decision
	switch {
	case !d.Implicit():
		return answerText(d.Answer)
	case c.options.Program == analysis.ByNone:
		return "nobody is asked"
	case a.Request.Info().Flags.Has(kauth.Spin):
		return "policies are not asked, the kernel holds a spin lock"
	case !a.Asked():
		return "policies are not asked"
	case c.options.Program == analysis.ByFallback && d.Result == policy.Deny:
		return "deny, by the fallback"
	case c.options.Program == analysis.ByFallback:
		return "allow, the fallback does not object"
	case len(c.applying) == 0:
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

// entry is a request and what there is to say about it.
type entry struct {
	request kauth.RequestID
	body    string
}

// grouped writes entries. Where the same is to be said of all requests of a scope or an action it is said once, under
// its name; requests that the kernel never asks do not count.
func grouped(entries []entry) string {
	var b strings.Builder
	for i := 0; i < len(entries); {
		name, n := entries[i].request.String(), 1
		// The scope first, then the action.
		for _, p := range slices.Backward(entries[i].request.Chain()) {
			same := 0
			for i+same < len(entries) && p.Matches(entries[i+same].request) && entries[i+same].body == entries[i].body {
				same++
			}
			if same > 1 && same == raised(p) {
				name, n = p.String(), same
				break
			}
		}
		b.WriteString(name + entries[i].body)
		i += n
	}
	return b.String()
}

// indent puts a prefix before every line.
func indent(lines, prefix string) string {
	if lines == "" {
		return ""
	}
	return prefix + strings.ReplaceAll(strings.TrimSuffix(lines, "\n"), "\n", "\n"+prefix) + "\n"
}

// raised is how many requests of a pattern the kernel asks.
func raised(p kauth.Pattern) int {
	n := 0
	for id, hi := p.Range(); id < hi; id++ {
		if !id.Info().Flags.Has(kauth.NeverRaised) {
			n++
		}
	}
	return n
}

func (c *canReport) json() any {
	type requestJSON struct {
		Request     string     `json:"request"`
		Probe       bool       `json:"probe,omitempty"`
		Spin        bool       `json:"spin,omitempty"`
		NeverRaised bool       `json:"never_raised,omitempty"`
		Cases       []caseJSON `json:"cases"`
		More        bool       `json:"more,omitempty"`
	}
	out := struct {
		Cell     string        `json:"cell"`
		Program  string        `json:"program"`
		Policies []string      `json:"policies"`
		Profile  string        `json:"profile"`
		Revision string        `json:"revision"`
		Ports    []uint16      `json:"ports"`
		Requests []requestJSON `json:"requests"`
	}{c.cell, c.options.Program.String(), []string{}, c.profile(), c.options.Revision.String(), nonNil(c.options.Ports), []requestJSON{}}
	for _, p := range c.applying {
		out.Policies = append(out.Policies, p.Name)
	}
	for i := range c.abilities {
		a := &c.abilities[i]
		flags := a.Request.Info().Flags
		j := requestJSON{a.Request.String(), flags.Has(kauth.Probe), flags.Has(kauth.Spin), flags.Has(kauth.NeverRaised), []caseJSON{}, a.More}
		for k := range a.Cases {
			x := &a.Cases[k]
			j.Cases = append(j.Cases, caseJSON{x.Where, answerToJSON(x.Decision), outcomeJSON(x.Root), outcomeJSON(x.User)})
		}
		out.Requests = append(out.Requests, j)
	}
	return out
}

type caseJSON struct {
	Where string `json:"where"`
	answerJSON
	Root *finalJSON `json:"root"`
	User *finalJSON `json:"user"`
}

// finalJSON is how outcomes are written: final is allowed, refused or depends.
type finalJSON struct {
	Final    string                `json:"final"`
	By       []string              `json:"by,omitempty"`
	If       [][]literalJSON       `json:"if,omitempty"`
	Profiles map[string]*finalJSON `json:"profiles,omitempty"`
}

type literalJSON struct {
	Fact  string `json:"fact"`
	Holds bool   `json:"holds"`
	Text  string `json:"text"`
}

func outcomeJSON(o *analysis.Outcome) *finalJSON {
	if o == nil {
		return nil
	}
	j := &finalJSON{Final: map[stock.Truth]string{stock.Yes: "allowed", stock.No: "refused", stock.Unknown: "depends"}[o.Allowed], By: o.By, If: conditionsJSON(o.If)}
	for i := range o.Profiles {
		if j.Profiles == nil {
			j.Profiles = map[string]*finalJSON{}
		}
		j.Profiles[analysis.Profiles[i].String()] = outcomeJSON(&o.Profiles[i])
	}
	return j
}

func conditionsJSON(list []stock.Condition) [][]literalJSON {
	var out [][]literalJSON
	for _, c := range list {
		terms := []literalJSON{}
		for _, l := range c {
			terms = append(terms, literalJSON{l.Fact.Name(), !l.Not, l.String()})
		}
		out = append(out, terms)
	}
	return out
}
