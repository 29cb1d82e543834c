package analysis

import (
	"cmp"
	"fmt"
	"slices"

	"cellsh/policy"
	"cellsh/policy/graph"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
	"cellsh/policy/secmodel"
	"cellsh/policy/stock"
)

// StockFit is how a cell is best made on a kernel without the evaluation model, and what is lost.
type StockFit struct {
	Cell     string
	Revision secmodel.Revision
	// Vocabulary of the kernel.
	Vocabulary *kauth.Vocabulary
	// Policies that apply, by name; those in audit mode deny nothing.
	Policies []string
	// Ports to reserve, ascending.
	Ports []uint16
	// Limits become resource limits of what is started in the cell: nofile, as and core.
	Limits []Budget
	// Unenforced budgets are those that nothing in such a kernel enforces: procs, memory and cpu, and limits where the
	// kernel keeps none with a cell.
	Unenforced []Budget
	// Profiles are all three, in the order low, medium, high; Chosen is the one that fits best for the aim.
	Profiles [secmodel.NumProfiles]ProfileFit
	Chosen   int
	Aim      Aim
	// Notes are sentences about what can't be known or done.
	Notes []string
}

// Aim says which profile fits best.
type Aim uint8

const (
	// Strict is the profile that lets through the fewest requests which the policies refuse. A service may not run with it.
	Strict Aim = iota
	// Usable is first of all one that refuses the fewest requests which a service needs and the policies allow: see
	// ServiceNeeds.
	Usable
)

// String is "strict" or "usable".
func (a Aim) String() string { return [...]string{"strict", "usable"}[a] }

// For is the fit for an aim: the same comparison, and the profile that is best then.
func (f *StockFit) For(a Aim) *StockFit {
	out := *f
	out.Aim, out.Chosen = a, 0
	for i := range out.Profiles {
		if out.better(&out.Profiles[i], out.Best()) {
			out.Chosen = i
		}
	}
	return &out
}

// With is how the profile fits.
func (f *StockFit) With(p secmodel.Profile) *ProfileFit {
	for i := range f.Profiles {
		if f.Profiles[i].Profile == p {
			return &f.Profiles[i]
		}
	}
	return f.Best()
}

// Best is the profile that fits best.
func (f *StockFit) Best() *ProfileFit { return &f.Profiles[f.Chosen] }

// Lax reports whether the kernel will let something through that the policies refuse.
func (f *StockFit) Lax() bool { return len(f.Best().Laxer) > 0 || len(f.Unenforced) > 0 }

// ProfileFit is how one profile differs from the policies.
type ProfileFit struct {
	Profile secmodel.Profile
	// Laxer and Stricter are the requests that the kernel allows although the policies refuse them, and the other way
	// round. Both count what happens in the end, with all other models of the kernel: what those refuse anyway is no
	// difference.
	Laxer, Stricter []Gap
	// Lacking are those of Stricter that a service needs.
	Lacking []Gap
}

// LackingNames are the requests that a service needs and does not get, as policies name them.
func (p *ProfileFit) LackingNames() []string { return RequestNames(p.Lacking) }

// Requests counts the different requests among gaps.
func Requests(gaps []Gap) int { return len(RequestNames(gaps)) }

// RequestNames are the different requests among gaps, as policies name them.
func RequestNames(gaps []Gap) []string {
	var out []string
	for i := range gaps {
		if i == 0 || gaps[i].Request != gaps[i-1].Request {
			out = append(out, gaps[i].Request.String())
		}
	}
	return out
}

// Gap is requests of which the kernel makes something else than the policies would.
type Gap struct {
	Request kauth.RequestID
	Region  graph.Region
	// Where says in words which requests they are.
	Where string
	// Decision of the policies.
	Decision policy.Decision
	// Root and User say when callers with effective user id 0, and others, meet the difference.
	Root, User Meeting
}

// Meeting says when something is met.
type Meeting struct {
	// Truth is No if it never is, and Unknown if it depends.
	Truth stock.Truth
	// If says on what: it is met where one of the conditions holds.
	If []stock.Condition
}

// String is "never", "always" or "if ..., or if ...".
func (m Meeting) String() string {
	switch m.Truth {
	case stock.No:
		return "never"
	case stock.Yes:
		return "always"
	}
	return orIf(m.If)
}

// Fit compares exactly what becomes of every request in a cell of each profile with what would become of it if the
// policies were asked: on a kernel with the evaluation model, in a cell of profile low. The profile that fits best is, with the
// aim Strict, the one that is laxer for the fewest requests, because a service that does not run is noticed, and a cell whose
// root may reboot the host is not; of these the one that is stricter for the fewest, then the lowest. See For. Requests about which the kernel can't ask
// policies are left out.
func Fit(c *rules.Compiler, cell string, rev secmodel.Revision) (*StockFit, error) {
	f := &StockFit{Cell: cell, Revision: rev, Vocabulary: c.Vocabulary()}
	for _, p := range c.For(cell) {
		f.Policies = append(f.Policies, p.Name)
	}
	if err := f.ports(c); err != nil {
		return nil, err
	}
	for _, b := range Budgets(c.Set(), cell) {
		switch b.Name {
		case BudgetNofile, BudgetAS, BudgetCore:
			if rev.Properties().Limits {
				f.Limits = append(f.Limits, b)
				continue
			}
		}
		f.Unenforced = append(f.Unenforced, b)
	}
	for i, p := range secmodel.Profiles {
		f.Profiles[i].Profile = p
	}
	for j, id := range c.Requests() {
		at(c, "comparing with profiles", []string{cell}, 0, j)
		if err := f.compare(c, id); err != nil {
			return nil, err
		}
	}
	for i := range f.Profiles {
		p := &f.Profiles[i]
		for _, g := range p.Stricter {
			if needed(&g) {
				p.Lacking = append(p.Lacking, g)
			}
		}
	}
	f.notes()
	return f.For(Strict), nil
}

func (f *StockFit) better(p, q *ProfileFit) bool {
	lacking := 0
	if f.Aim == Usable {
		lacking = Requests(p.Lacking) - Requests(q.Lacking)
	}
	return cmp.Or(lacking, Requests(p.Laxer)-Requests(q.Laxer), Requests(p.Stricter)-Requests(q.Stricter)) < 0
}

// compare adds the gaps of one request.
func (f *StockFit) compare(c *rules.Compiler, id kauth.RequestID) error {
	settings := stock.DefaultSettings()
	// The policies on a kernel that asks them. Ports are not theirs to give away, but nobody else reserves them.
	scenes := []scene{{f.Revision, secmodel.Low, &settings, f.Ports, false}}
	for _, p := range secmodel.Profiles {
		scenes = append(scenes, scene{f.Revision, p, &settings, f.Ports, true})
	}
	m := newModels(id, scenes...)
	said := m.graph()
	graphs := c.PolicyGraphs(f.Cell, id)
	space := graph.NewSpace(id, append(rules.Tested(graphs), said, graph.Tests{isRoot})...)
	d := graph.NewDiagrams[policy.Decision](space)
	decided, err := rules.Combine(d, graphs)
	if err != nil {
		return err
	}
	others := graph.NewDiagrams[replies](space)
	replied, err := graph.Reduce(others, said)
	if err != nil {
		return err
	}
	for i := range f.Profiles {
		p := &f.Profiles[i]
		for _, side := range [...]struct {
			gaps           *[]Gap
			policy, kernel rune
		}{{&p.Laxer, refused, allowed}, {&p.Stricter, allowed, refused}} {
			differences := graph.NewDiagrams[difference](space)
			found, err := graph.Apply(differences, d, decided, others, replied, func(x policy.Decision, r replies) difference {
				root := differ(judged(x.Result, r.root[0]), judged(policy.Allow, r.root[i+1]), side.policy, side.kernel)
				user := differ(judged(x.Result, r.user[0]), judged(policy.Allow, r.user[i+1]), side.policy, side.kernel)
				if root == "" && user == "" {
					return difference{}
				}
				return difference{x, root, user}
			})
			if err != nil {
				return err
			}
			*side.gaps = append(*side.gaps, m.gaps(id, differences, found)...)
		}
	}
	return nil
}

// difference is a leaf of what Fit works out: a decision, and in which combinations of the open facts the kernel makes
// something else of it, for root and for others; "" for none.
type difference struct {
	decision   policy.Decision
	root, user string
}

// gaps are the regions of a diagram of differences that somebody meets.
func (m *models) gaps(id kauth.RequestID, differences *graph.Diagrams[difference], found graph.Ref) (out []Gap) {
	differences.RegionsOf(found, func(x difference) bool { return x != difference{} }, func(r graph.Region, x difference) bool {
		if _, ok := example(r); !ok {
			return true
		}
		r = r.Clone()
		g := Gap{Request: id, Region: r, Where: r.String(), Decision: x.decision, Root: Meeting{Truth: stock.No}, User: Meeting{Truth: stock.No}}
		root, user := callers(r)
		if root {
			g.Root = m.meeting(x.root)
		}
		if user {
			g.User = m.meeting(x.user)
		}
		if g.Root.Truth != stock.No || g.User.Truth != stock.No {
			out = append(out, g)
		}
		return true
	})
	return out
}

// differ marks the combinations in which the policies lead to one result and the kernel to the other.
func differ(policies, kernel string, p, k rune) string {
	out := make([]byte, len(policies))
	any := false
	for i := range policies {
		out[i] = refused
		if rune(policies[i]) == p && rune(kernel[i]) == k {
			out[i], any = allowed, true
		}
	}
	if !any {
		return ""
	}
	return string(out)
}

func (m *models) meeting(differs string) Meeting {
	t := truthOf(differs, allowed)
	if differs == "" {
		t = stock.No
	}
	if t != stock.Unknown {
		return Meeting{Truth: t}
	}
	return Meeting{t, conditions(m.open, differs, allowed)}
}

// binds are the requests for ports, and what the other models say to everybody who asks them.
var binds = [...]struct {
	request kauth.RequestID
	ports   interval.Set
	stock   policy.Result
}{
	{kauth.MustFind("network.bind.privport"), interval.Between(1, 1023), policy.Allow},
	{kauth.MustFind("network.bind.port"), interval.Between(1024, 65535), policy.Grant},
}

// ports chooses those to reserve: the ones that the policies say may be bound, by a grant or an allow of their own for
// no more ports than a cell can reserve. In the revision of April who reserves a port needs no other right to it, so that there only those are
// chosen that this gives to nobody whom the policies refuse.
func (f *StockFit) ports(c *rules.Compiler) error {
	var granted, allowed, unsafe interval.Set
	left := 0
	for _, bind := range binds {
		d, ref, err := c.Diagram(f.Cell, bind.request)
		if err != nil {
			return err
		}
		d.Regions(ref, func(r graph.Region, x policy.Decision) bool {
			ports := bind.ports
			for _, t := range r.Tests() {
				switch {
				case t.Field != kauth.FieldPort:
				case t.Kind == policy.In:
					ports = ports.Intersect(t.Set)
				case t.Kind == policy.Modulus:
					// There are no more ranges than ports.
					set, _ := t.Set.Unmod(t.Mod, 0, 65535, 1<<16)
					ports = ports.Intersect(set)
				}
			}
			if max(x.Result, bind.stock) != policy.Grant {
				unsafe = unsafe.Union(ports)
			}
			if size(ports) > secmodel.MaxPorts && x.Result == policy.Grant {
				left += int(size(ports))
			}
			if size(ports) > secmodel.MaxPorts || x.Implicit() {
				return true
			}
			switch x.Result {
			case policy.Grant:
				granted = granted.Union(ports)
			case policy.Allow:
				allowed = allowed.Union(ports)
			}
			return true
		})
	}
	if f.Revision.Properties().PortsGrant {
		granted, allowed = granted.Minus(unsafe), allowed.Minus(unsafe)
	}
	for _, set := range [...]interval.Set{granted, allowed.Minus(granted)} {
		for p, ok := set.Next(1); ok; p, ok = set.Next(p + 1) {
			if len(f.Ports) == secmodel.MaxPorts {
				left++
				continue
			}
			f.Ports = append(f.Ports, uint16(p))
		}
	}
	slices.Sort(f.Ports)
	if left > 0 {
		f.Notes = append(f.Notes, fmt.Sprintf("a cell can reserve %d ports: of those that the policies allow %d more can't be reserved", secmodel.MaxPorts, left))
	}
	return nil
}

// size is how many numbers a set of ports has.
func size(ports interval.Set) int64 {
	n := int64(0)
	for _, r := range ports {
		n += r.Hi - r.Lo + 1
	}
	return n
}

// notes says what the comparison can't tell.
func (f *StockFit) notes() {
	if len(f.Policies) == 0 {
		f.Notes = append(f.Notes, "no policy names the cell, so that every profile is stricter than the policies or the same")
	}
	if len(f.Ports) > 0 {
		f.Notes = append(f.Notes, "only one cell can reserve a port: create fails if another has it")
	}
	f.Notes = append(f.Notes, "what other cells reserve can't be known: they are refused to this cell, whatever the policies say")
}
