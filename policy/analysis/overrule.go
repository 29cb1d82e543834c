package analysis

import (
	"cellsh/policy"
	"cellsh/policy/graph"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
	"cellsh/policy/secmodel"
	"cellsh/policy/stock"
)

// Overruled are the requests that the kernel refuses in a cell of that profile although its policies are asked and it would
// allow them in a cell of profile low: those that the profile takes away from the policies. The answerer has the profile, the
// ports and the revision; of profile low, and of one that is not known, there are none. Requests about which the kernel can't ask
// policies are left out.
func Overruled(c *rules.Compiler, cell string, who Answerer) (out []Gap, err error) {
	if who.Profile == nil || *who.Profile == secmodel.Low {
		return nil, nil
	}
	for j, id := range c.Requests() {
		at(c, "comparing with the profile", []string{cell}, 0, j)
		gaps, err := overruled(c, cell, id, who)
		if err != nil {
			return nil, err
		}
		out = append(out, gaps...)
	}
	return out, nil
}

func overruled(c *rules.Compiler, cell string, id kauth.RequestID, who Answerer) ([]Gap, error) {
	settings := stock.DefaultSettings()
	m := newModels(id, scene{who.revision(), secmodel.Low, &settings, who.Ports, true}, scene{who.revision(), *who.Profile, &settings, who.Ports, true})
	differences, found, err := together(m, policiesGraph(c, cell, id), nil, graph.DefaultLimit, func(x policy.Decision, r replies) difference {
		root := differ(judged(x.Result, r.root[0]), judged(x.Result, r.root[1]), allowed, refused)
		user := differ(judged(x.Result, r.user[0]), judged(x.Result, r.user[1]), allowed, refused)
		if root == "" && user == "" {
			return difference{}
		}
		return difference{x, root, user}
	})
	if err != nil {
		return nil, err
	}
	return m.gaps(id, differences, found), nil
}
