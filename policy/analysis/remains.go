package analysis

import (
	"cellsh/policy"
	"cellsh/policy/graph"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
	"cellsh/policy/secmodel"
	"cellsh/policy/stock"
)

// Remainder is what policies leave of a request to root in a cell: what they do not refuse, and no other model of the
// kernel either.
type Remainder struct {
	// Whole says that it is everything.
	Whole bool
	// Parts are the requests, as far as root makes them; nil if it is nothing or everything. More says that there are more
	// parts than these.
	Parts []graph.Region
	More  bool
}

// Nothing reports whether nothing is left.
func (r *Remainder) Nothing() bool { return !r.Whole && r.Parts == nil }

// Where says in words which requests the parts are.
func (r *Remainder) Where() []string {
	var out []string
	for _, p := range r.Parts {
		out = append(out, p.String())
	}
	return out
}

// maxParts is how many parts of a remainder are told.
const maxParts = 3

// Remains works out what the policies leave of a request to root in a cell of profile low of the current revision, which
// is how cells with policies are made. Only those requests count for which the test holds, if it is not nil: it must be one
// that the request carries the field of. What depends on more than the request counts as left. The error is
// graph.ErrTooLarge where there are too many cases.
func Remains(c *rules.Compiler, cell string, id kauth.RequestID, only *policy.Test) (*Remainder, error) {
	settings := stock.DefaultSettings()
	m := newModels(id, scene{secmodel.Current, secmodel.Low, &settings, nil, true})
	low := secmodel.Low
	var mine graph.Tests
	if only != nil {
		mine = graph.Tests{*only}
	}
	all, end, err := together(m, programGraph(c, cell, id, &Answerer{Profile: &low}), mine, smallCan, func(x policy.Decision, r replies) bool {
		return truthOf(decideFate(x.Result, r.root[0]).allowed, allowed) != stock.No
	})
	if err != nil {
		return nil, err
	}
	out := &Remainder{Whole: true}
	regions := 0
	all.Regions(end, func(region graph.Region, left bool) bool {
		if regions++; regions > smallRegions {
			err = graph.ErrTooLarge
			return false
		}
		if only != nil {
			region = region.Restrict(only, true)
		}
		if region.Empty() {
			return true
		}
		root := region.Restrict(&isRoot, true)
		if root.Empty() {
			return true
		}
		if _, ok := example(root); !ok {
			return true
		}
		switch {
		case !left:
			out.Whole = false
		case len(out.Parts) == maxParts:
			out.More = true
		default:
			out.Parts = append(out.Parts, region.Clone())
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	if out.Whole {
		return &Remainder{Whole: true}, nil
	}
	return out, nil
}
