package analysis

import (
	"cmp"
	"strings"

	"cellsh/policy"
	"cellsh/policy/graph"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
	"cellsh/policy/secmodel"
	"cellsh/policy/stock"
)

// CanOptions say how Can looks. The zero value is a host with the settings of GENERIC, and no bound.
type CanOptions struct {
	// Settings of the host; nil is stock.DefaultSettings.
	Settings *stock.Settings
	// Most is how many cases of a request are enough; 0 is no bound.
	Most int
	// Pieces is how many pieces diagrams may have before the answer is graph.ErrTooLarge; 0 is graph.DefaultLimit.
	Pieces int
}

// Ability is what becomes of one request of a cell.
type Ability struct {
	Request kauth.RequestID
	// Flags of the request in the kernel that is asked about.
	Flags kauth.Flags
	// Cases are disjoint, and together all requests that a process of a cell can make, unless More is set.
	Cases []Case
	More  bool
}

// Case is requests that get the same decision and of which the same becomes.
type Case struct {
	Region graph.Region
	// Where says in words which requests they are.
	Where string
	// Decision of the program; an implicit allow where none answers.
	Decision policy.Decision
	// Root and User are what becomes of those whose effective user id is 0, and of those of others. Nil says that
	// there are none.
	Root, User *Outcome
}

// Outcome is what finally becomes of requests, after the program and all other models of the kernel.
type Outcome struct {
	// Allowed is Unknown if it depends on what nobody knows beforehand.
	Allowed stock.Truth
	// If says on what: it is allowed where one of the conditions holds.
	If []stock.Condition
	// By are the models that decide, none if it is refused because none of them allows it. The model that asks the
	// program is called "policies" or "fallback".
	By []string
	// Profiles has the outcome for each profile, in the order low, medium, high, if the profile is unknown and
	// matters. Allowed is Unknown then, and If and By say nothing.
	Profiles []Outcome
}

// String is "allowed by suser", "refused, nobody allows it", or "allowed if ..., or if ...".
func (o *Outcome) String() string {
	if o.Profiles != nil {
		var parts []string
		for i := 0; i < len(o.Profiles); {
			who, what := secmodel.Profiles[i].String(), o.Profiles[i].String()
			for i++; i < len(o.Profiles) && o.Profiles[i].String() == what; i++ {
				who += " and " + secmodel.Profiles[i].String()
			}
			parts = append(parts, who+": "+what)
		}
		return "depends on the profile (" + strings.Join(parts, "; ") + ")"
	}
	by := strings.Join(o.By, " and ")
	switch o.Allowed {
	case stock.Yes:
		return "allowed by " + by
	case stock.No:
		if by == "" {
			return "refused, nobody allows it"
		}
		return "refused by " + by
	}
	return "allowed " + orIf(o.If)
}

// orIf lists conditions of which one must hold.
func orIf(list []stock.Condition) string {
	parts := make([]string, len(list))
	for i, c := range list {
		parts[i] = "if " + c.String()
	}
	return strings.Join(parts, ", or ")
}

// ending is a leaf of what Can works out: a decision and what becomes of it.
type ending struct {
	decision   policy.Decision
	root, user [secmodel.NumProfiles]fate
}

// fate is what becomes of a request in one scene, for each combination of the open facts, and whose doing it is. It is
// comparable.
type fate struct {
	allowed string
	by      uint32
}

// byProgram is the bit of a fate that stands for the model that asks the program.
const byProgram = 1 << 31

// decideFate gives the fate of a request that the program and the other models answer.
func decideFate(result policy.Result, r reply) fate {
	f := fate{allowed: judged(result, r)}
	switch {
	case result == policy.Deny:
		f.by = byProgram
	case truthOf(r.said, saysDeny) == stock.Yes:
		f.by = r.denies
	case truthOf(f.allowed, allowed) == stock.No:
		// Nobody allows it.
	case result == policy.Grant && strings.ContainsRune(r.said, saysNone):
		f.by = byProgram | r.allows
	default:
		f.by = r.allows
	}
	if truthOf(f.allowed, allowed) == stock.Unknown {
		f.by |= r.denies
	}
	return f
}

// Can says what becomes of a request in a cell: every region of requests that the program of the cell tells apart,
// joined with what the kernel's other models answer there. It is exact: what fields of the request decide is split
// into cases; what nobody can know beforehand is said.
func Can(c *rules.Compiler, cell string, id kauth.RequestID, who Answerer, o CanOptions) (*Ability, error) {
	settings := o.Settings
	if settings == nil {
		s := stock.DefaultSettings()
		settings = &s
	}
	profiles := who.profiles()
	var scenes []scene
	for _, p := range profiles {
		scenes = append(scenes, scene{who.revision(), p, settings, who.Ports, true})
	}
	m := newModels(id, scenes...)
	all, end, err := together(m, programGraph(c, cell, id, &who), nil, cmp.Or(o.Pieces, graph.DefaultLimit), func(x policy.Decision, r replies) ending {
		e := ending{decision: x}
		for i, p := range profiles {
			result := x.Result
			if who.Program == ByFallback && p != secmodel.Low {
				result = policy.Allow
			}
			e.root[i], e.user[i] = decideFate(result, r.root[i]), decideFate(result, r.user[i])
		}
		return e
	})
	if err != nil {
		return nil, err
	}
	out := &Ability{Request: id, Flags: c.Vocabulary().Flags(id)}
	all.Regions(end, func(r graph.Region, e ending) bool {
		if _, ok := example(r); !ok {
			return true
		}
		if o.Most > 0 && len(out.Cases) == o.Most {
			out.More = true
			return false
		}
		r = r.Clone()
		x := Case{Region: r, Where: r.String(), Decision: e.decision}
		root, user := callers(r)
		if root {
			x.Root = m.outcome(e.root[:len(profiles)], who.Program)
		}
		if user {
			x.User = m.outcome(e.user[:len(profiles)], who.Program)
		}
		out.Cases = append(out.Cases, x)
		return true
	})
	return out, nil
}

// outcome puts the fates in all scenes together.
func (m *models) outcome(fates []fate, program Answering) *Outcome {
	all := make([]Outcome, len(fates))
	var by []string
	same, nobody := true, false
	for i, f := range fates {
		o := Outcome{Allowed: truthOf(f.allowed, allowed)}
		if o.Allowed == stock.Unknown {
			o.If = conditions(m.open, f.allowed, allowed)
		}
		if f.by&byProgram != 0 {
			o.By = append(o.By, program.String())
		}
		o.By = append(o.By, m.names(i, f.by&^byProgram)...)
		all[i] = o
		by = append(by, o.By...)
		nobody = nobody || o.By == nil
		same = same && f.allowed == fates[0].allowed
	}
	if same {
		// It is the same with every profile, though not always the same models' doing.
		if all[0].By = names(by); nobody {
			all[0].By = nil
		}
		return &all[0]
	}
	return &Outcome{Profiles: all}
}

// isRoot tests what tells the two classes of callers apart.
var isRoot = policy.Test{Kind: policy.In, Field: kauth.FieldEUID, Set: interval.Single(0)}

// callers reports whether requests of the region can come from root, and from other users. The space must have been
// made with isRoot.
func callers(r graph.Region) (root, user bool) {
	has := func(yes bool) bool {
		part := r.Restrict(&isRoot, yes)
		if part.Empty() {
			return false
		}
		_, ok := example(part)
		return ok
	}
	return has(true), has(false)
}

// answering is what a program says to a request, before it is reduced.
type answering struct {
	tested []graph.Tested
	reduce func(*graph.Diagrams[policy.Decision]) (graph.Ref, error)
}

func programGraph(c *rules.Compiler, cell string, id kauth.RequestID, who *Answerer) answering {
	switch {
	case who.Asked() == ByPolicies:
		return policiesGraph(c, cell, id)
	case who.Asked() == ByFallback && c.Vocabulary().Asks(id):
		g := rules.ProgramGraph(stock.FallbackFor(c.Vocabulary()), id)
		return answering{[]graph.Tested{g}, func(d *graph.Diagrams[policy.Decision]) (graph.Ref, error) { return graph.Reduce(d, g) }}
	}
	return answering{nil, func(d *graph.Diagrams[policy.Decision]) (graph.Ref, error) { return d.Leaf(policy.Allowed), nil }}
}

// policiesGraph is what the policies of a cell say.
func policiesGraph(c *rules.Compiler, cell string, id kauth.RequestID) answering {
	graphs := c.PolicyGraphs(cell, id)
	return answering{rules.Tested(graphs), func(d *graph.Diagrams[policy.Decision]) (graph.Ref, error) { return rules.Combine(d, graphs) }}
}

// together works out, for all requests, what f makes of what the program says and what the models reply. Whether the caller is
// root is told apart, and what more is tested. The error is graph.ErrTooLarge where the program or the outcome takes more
// pieces than that.
func together[E comparable](m *models, program answering, more graph.Tests, pieces int, f func(policy.Decision, replies) E) (*graph.Diagrams[E], graph.Ref, error) {
	said := m.graph()
	tests := append(graph.Tests{isRoot}, more...)
	space := graph.NewSpace(m.id, append(program.tested, said, tests)...)
	d := graph.NewDiagrams[policy.Decision](space)
	d.Bound(pieces)
	decided, err := program.reduce(d)
	if err != nil {
		return nil, 0, err
	}
	others := graph.NewDiagrams[replies](space)
	replied, err := graph.Reduce(others, said)
	if err != nil {
		return nil, 0, err
	}
	all := graph.NewDiagrams[E](space)
	all.Bound(pieces)
	end, err := graph.Apply(all, d, decided, others, replied, f)
	return all, end, err
}
