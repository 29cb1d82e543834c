package study

import (
	"fmt"

	"cellsh/policy/analysis"
	"cellsh/policy/rules"
	"cellsh/policy/secmodel"
)

// overruleKey is what Overruled depends on.
type overruleKey struct {
	program  *rules.Program
	revision secmodel.Revision
	profile  secmodel.Profile
	ports    string
}

// Overruled names the requests that the profile of a cell takes away from its policies, each once: see analysis.Overruled. Of
// cells that no policy tells apart it is worked out for one. Errors are as for Decide.
func (p *Policies) Overruled(cell string, who analysis.Answerer) ([]string, error) {
	if who.Profile == nil || *who.Profile == secmodel.Low {
		return nil, nil
	}
	if err := p.Usable(cell); err != nil {
		return nil, err
	}
	prog, err := p.Program(cell)
	if err != nil {
		return nil, err
	}
	key := overruleKey{prog.Kind(), who.Revision, *who.Profile, fmt.Sprint(who.Ports)}
	names, known := p.overruled[key]
	if known {
		return names, nil
	}
	gaps, err := analysis.Overruled(p.Compiler, cell, who)
	if err != nil {
		return nil, tooLarge(err)
	}
	names = analysis.RequestNames(gaps)
	p.overruled[key] = names
	return names, nil
}
