package rules

import (
	"fmt"

	"cellsh/policy/graph"
	"cellsh/policy/kauth"
)

// faultKey is a graph with the request that it was searched for.
type faultKey struct {
	graph *PolicyGraph
	id    kauth.RequestID
}

// findFaults adds the problems of a policy's graph: every fault that some request really meets, with that request.
// A fault that Lua would raise must be confirmed by the function itself; otherwise the graph would be wrong.
func (c *Compiler) findFaults(g *PolicyGraph, id kauth.RequestID, cell string) {
	d := graph.NewDiagrams[Outcome](graph.NewSpace(id, g.Graph))
	r, err := graph.Reduce(d, g.Graph)
	if err != nil {
		// Too many cases to tell which faults are met: all of them are reported.
		for _, leaf := range g.Graph.Leaves {
			c.addFault(leaf.Fault, g, id, "")
		}
		return
	}
	met := map[*Fault]bool{}
	d.RegionsOf(r, func(o Outcome) bool { return o.Fault != nil && !met[o.Fault] }, func(region graph.Region, o Outcome) bool {
		if met[o.Fault] {
			return true
		}
		q, ok := region.Witness()
		if !ok {
			return true // no request is there
		}
		met[o.Fault] = true
		if o.Fault.Raised {
			if _, err := g.Policy.Ask(q, cell); err == nil {
				wrong := *o.Fault
				wrong.Message = "the compiler holds that Lua raises an error here, but Lua does not: " + wrong.Message
				wrong.Hint = "this is a fault of cellsh: please report it"
				c.addFault(&wrong, g, id, region.String())
				return true
			}
		}
		where := region.String()
		if where == "any request" {
			where = ""
		}
		c.addFault(o.Fault, g, id, where)
		return true
	})
}

// fault is a problem that several requests may have.
type foundFault struct {
	*Fault
	requests []kauth.RequestID
	where    string
	graphs   map[*PolicyGraph]bool
}

// addFault adds a fault, or only the request if the same was found before.
func (c *Compiler) addFault(f *Fault, g *PolicyGraph, id kauth.RequestID, where string) {
	if f == nil {
		return
	}
	for _, old := range c.found {
		if old.Span == f.Span && old.Code == f.Code && old.Message == f.Message {
			if old.requests[len(old.requests)-1] != id {
				old.requests = append(old.requests, id)
			}
			old.graphs[g] = true
			return
		}
	}
	c.found = append(c.found, &foundFault{f, []kauth.RequestID{id}, where, map[*PolicyGraph]bool{g: true}})
}

// describe adds to a fault's message for which requests it happens.
func (f *foundFault) describe() string {
	s := fmt.Sprintf("%s (%s", f.Message, f.requests[0])
	if n := len(f.requests) - 1; n > 0 {
		s += fmt.Sprintf(" and %d more", n)
	}
	if f.where != "" {
		s += " where " + f.where
	}
	return s + ")"
}
