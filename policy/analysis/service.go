package analysis

import (
	"slices"

	"cellsh/policy"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
)

// ServiceNeed is requests that a service makes, whatever it serves: without them it does not start, or not serve.
type ServiceNeed struct {
	Pattern kauth.Pattern
	// What it is for, in words.
	What string
	// where says which of the requests; nil for all.
	where []policy.Test
}

// Within its own cell, and ordinary sockets.
var (
	ownCell  = policy.Test{Kind: policy.In, Field: kauth.FieldTargetSameCell, Set: interval.Single(1)}
	ordinary = []policy.Test{
		numbered(kauth.FieldDomain, "local", "inet", "inet6"),
		numbered(kauth.FieldType, "stream", "dgram"),
	}
)

// ServiceNeeds are what every service needs at least, as far as its policies allow it: to open device nodes such as
// /dev/null, of which those that are there are in its root; to make processes and become their user; to signal, look at
// and limit processes of its own cell; and to make and bind ordinary sockets. To run a program (execve) asks nothing.
var ServiceNeeds = []ServiceNeed{
	{kauth.MustFindPattern("device.rawio_spec"), "open device nodes such as /dev/null", nil},
	{kauth.MustFindPattern("process.fork"), "make processes", nil},
	{kauth.MustFindPattern("process.setid"), "become another user", nil},
	{kauth.MustFindPattern("process.signal"), "signal its own processes", []policy.Test{ownCell}},
	{kauth.MustFindPattern("process.cansee"), "see its own processes", []policy.Test{ownCell}},
	{kauth.MustFindPattern("process.rlimit"), "limit its own processes", []policy.Test{ownCell}},
	{kauth.MustFindPattern("network.socket.open"), "make sockets", ordinary},
	{kauth.MustFindPattern("network.bind"), "bind every port that its policies give it", nil},
}

// numbered is the test whether a field has one of the named values.
func numbered(f kauth.Field, names ...string) policy.Test {
	t := policy.Test{Kind: policy.In, Field: f}
	for _, name := range names {
		t.Set = t.Set.Union(interval.Single(f.Info().Names.MustValue(name)))
	}
	return t
}

// needed reports whether a service needs some of the requests of a gap.
func needed(g *Gap) bool {
	return slices.ContainsFunc(ServiceNeeds, func(n ServiceNeed) bool { return n.among(g) })
}

func (n *ServiceNeed) among(g *Gap) bool {
	if !n.Pattern.Matches(g.Request) {
		return false
	}
	var tests []*policy.Test
	for i := range n.where {
		if t := &n.where[i]; t.Needs()&^g.Request.Info().Fields == 0 {
			tests = append(tests, t)
		}
	}
	_, some := g.Region.WitnessWith(tests...)
	return some
}

// Needs says in words what a service can't do for want of the requests of gaps.
func Needs(gaps []Gap) []string {
	var out []string
	for i := range ServiceNeeds {
		n := &ServiceNeeds[i]
		if slices.ContainsFunc(gaps, func(g Gap) bool { return n.among(&g) }) {
			out = append(out, n.What)
		}
	}
	return out
}
