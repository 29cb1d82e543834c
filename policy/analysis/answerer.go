package analysis

import (
	"cmp"

	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/secmodel"
)

// Answering says which program the kernel asks about a cell.
type Answering uint8

const (
	// ByPolicies: the program that was compiled for the cell.
	ByPolicies Answering = iota
	// ByFallback: the built-in fallback (stock.Fallback). It speaks only for cells whose profile is low.
	ByFallback
	// ByNone: no program, as on a kernel without the evaluation model.
	ByNone

	numAnswering = iota
)

// String is "policies", "fallback" or "none".
func (a Answering) String() string { return [...]string{"policies", "fallback", "none"}[a] }

// ParseAnswering gives the value of that name.
func ParseAnswering(name string) (Answering, bool) {
	for a := range Answering(numAnswering) {
		if a.String() == name {
			return a, true
		}
	}
	return 0, false
}

// Answerer is what answers for a cell in a kernel, beside the models that are the same for all cells. Whatever is said about
// answers is said of one. The zero value is a cell of unknown profile, without reserved ports, in the current revision,
// whose policies answer.
type Answerer struct {
	Program Answering
	// Revision of secmodel_cell; zero is the current one.
	Revision secmodel.Revision
	// Profile of the cell; nil if it is unknown: no kernel tells it.
	Profile *secmodel.Profile
	// Ports that the cell reserves.
	Ports []uint16
}

// Asked is the program that is really asked: the fallback has nothing to say about a profile that is not low.
func (a *Answerer) Asked() Answering {
	if a.Program == ByFallback && a.Profile != nil && *a.Profile != secmodel.Low {
		return ByNone
	}
	return a.Program
}

// ProfileName is low, medium, high or unknown.
func (a *Answerer) ProfileName() string {
	if a.Profile == nil {
		return "unknown"
	}
	return a.Profile.String()
}

// String says who answers, in a few words: "policies", "fallback", "profile high".
func (a *Answerer) String() string {
	profile := "profile " + a.ProfileName()
	switch {
	case a.Asked() == ByPolicies:
		return "policies"
	case a.Asked() == ByNone:
		return profile
	case a.Profile == nil:
		return "fallback if its profile is low, " + profile
	}
	return "fallback"
}

// revision of secmodel_cell.
func (a *Answerer) revision() secmodel.Revision { return cmp.Or(a.Revision, secmodel.Current) }

// profiles that the cell may have.
func (a *Answerer) profiles() []secmodel.Profile {
	if a.Profile != nil {
		return []secmodel.Profile{*a.Profile}
	}
	return secmodel.Profiles[:]
}

// Becomes says what becomes of a request of which some fields are given: the cases of Can that it may be one of. Who asks is
// told from the effective user id, if that is given.
func Becomes(a *Ability, r *policy.Request) []Case {
	var out []Case
	for _, c := range a.Cases {
		if !c.Region.MayContain(r) {
			continue
		}
		if r.Given.Has(kauth.FieldEUID) {
			if r.Int[kauth.FieldEUID] == 0 {
				c.User = nil
			} else {
				c.Root = nil
			}
		}
		if c.Root != nil || c.User != nil {
			out = append(out, c)
		}
	}
	return out
}
