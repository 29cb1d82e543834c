package analysis

import (
	"strings"
	"testing"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
	"cellsh/policy/secmodel"
)

func TestServiceNeedsAreAsked(t *testing.T) {
	for _, n := range ServiceNeeds {
		// A condition that no request of the pattern could be asked for would never be looked at.
		for i := range n.where {
			asked := false
			for id, hi := n.Pattern.Range(); id < hi; id++ {
				asked = asked || n.where[i].Needs()&^id.Info().Fields == 0
			}
			if !asked {
				t.Errorf("%s has no request that %s can be asked of", n.Pattern, n.where[i].String())
			}
		}
	}
}

// What a profile keeps from a service that the policies allow it, and the profile that keeps the least.
func TestUsable(t *testing.T) {
	deny := func(requests ...string) *rules.Policy {
		p := &rules.Policy{Name: "p", Default: rules.Default{Result: policy.Allow}}
		for _, r := range requests {
			p.Entries = append(p.Entries, rules.Entry{Pattern: pattern(t, r), Result: policy.Deny})
		}
		return p
	}
	everything := &rules.Policy{Name: "p", Default: rules.Default{Result: policy.Deny, Span: diag.Span{File: "p.lua", Line: 1}}}
	for _, c := range []struct {
		name           string
		policy         *rules.Policy
		revision       secmodel.Revision
		strict, usable secmodel.Profile
		lacking        string
	}{
		{"the administration of the host", deny("system", "machdep"), secmodel.Current, secmodel.High, secmodel.Low, "device.rawio_spec.read, device.rawio_spec.write, device.rawio_spec.rw"},
		{"profiles of April leave devices alone", deny("system", "machdep"), secmodel.April, secmodel.High, secmodel.High, ""},
		// What the policies refuse anyway no service of theirs needs.
		{"devices too", deny("system", "machdep", "device"), secmodel.Current, secmodel.High, secmodel.High, ""},
		{"all but reading devices", deny("system", "machdep", "device.rawio_spec.write", "device.rawio_spec.rw"), secmodel.Current, secmodel.High, secmodel.Low, "device.rawio_spec.read"},
		{"everything", everything, secmodel.Current, secmodel.High, secmodel.High, ""},
	} {
		f, err := Fit(compiler(c.policy), "web-1", c.revision)
		if err != nil {
			t.Fatal(err)
		}
		strict, usable := f.For(Strict), f.For(Usable)
		if strict.Best().Profile != c.strict || usable.Best().Profile != c.usable {
			t.Errorf("%s: strictly %s, for services %s; want %s and %s", c.name, strict.Best().Profile, usable.Best().Profile, c.strict, c.usable)
		}
		if got := strings.Join(strict.Best().LackingNames(), ", "); got != c.lacking {
			t.Errorf("%s: a service lacks %s, want %s", c.name, got, c.lacking)
		}
		if n := len(usable.Best().Lacking); n > len(strict.Best().Lacking) {
			t.Errorf("%s: the profile for services lacks more", c.name)
		}
		for i := range f.Profiles {
			p := &f.Profiles[i]
			if len(Needs(p.Lacking)) == 0 != (len(p.Lacking) == 0) {
				t.Errorf("%s: %d requests are lacking, which are %q", c.name, len(p.Lacking), Needs(p.Lacking))
			}
		}
	}
}

// Of a gap a service needs only what is of its own cell, and of sockets the ordinary ones.
func TestNeeded(t *testing.T) {
	for _, c := range []struct {
		request string
		where   policy.Test
		want    bool
	}{
		{"process.signal", ownCell, true},
		{"process.signal", policy.Test{Kind: policy.In, Field: kauth.FieldTargetSameCell, Set: interval.Single(0)}, false},
		{"network.socket.open", numbered(kauth.FieldDomain, "route"), false},
		{"network.socket.open", numbered(kauth.FieldDomain, "route", "inet6"), true},
		{"network.socket.open", numbered(kauth.FieldType, "raw"), false},
		{"network.socket.open", numbered(kauth.FieldType, "raw", "stream"), true},
		{"network.bind.privport", policy.Test{Kind: policy.In, Field: kauth.FieldPort, Set: interval.Single(80)}, true},
		{"system.reboot", isRoot, false},
		{"process.fork", isRoot, true},
	} {
		id := request(t, c.request)
		g := Gap{Request: id, Region: graph.NewSpace(id, graph.Tests{c.where}).Everything().Restrict(&c.where, true)}
		if got := needed(&g); got != c.want {
			t.Errorf("%s where %s: needed %v, want %v", c.request, g.Region, got, c.want)
		}
	}
}
