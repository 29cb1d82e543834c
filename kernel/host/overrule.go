package host

import (
	"fmt"
	"slices"

	"cellsh/kernel"
	"cellsh/policy/analysis"
	"cellsh/policy/secmodel"
	"cellsh/policy/study"
)

// Overruled is a live cell whose policies are asked, and whose profile refuses requests that they allow: cellsh gives profile low
// to cells that policies name, but this one was made before, or with a profile that somebody chose.
type Overruled struct {
	Cell    string
	Profile secmodel.Profile
	// Requests that the profile refuses in some cases although the policies allow them, as policies name them, each once.
	Requests []string
	// Unknown says why the requests are not known; nil if they are.
	Unknown error
}

// Text says what is wrong, to be written behind the name of the cell, and what helps; it is a sentence without a full stop.
func (o *Overruled) Text() string {
	what := count(len(o.Requests), "request")
	if o.Unknown != nil {
		what = "requests, it is not known which,"
	}
	return fmt.Sprintf("made with profile %s, which refuses %s that the policies allow: make it anew with profile low", o.Profile, what)
}

// Overruled are those of the live cells that policies overrule, if these policies were loaded; none where the kernel asks no
// programs, where Frozen has them.
func (h *Host) Overruled(p *study.Policies) ([]Overruled, error) {
	if !h.Evaluates() {
		return nil, nil
	}
	cells, err := h.Kernel.List()
	if err != nil {
		return nil, err
	}
	return h.overruled(p, cells)
}

func (h *Host) overruled(p *study.Policies, cells []kernel.Cell) ([]Overruled, error) {
	if !h.Evaluates() {
		return nil, nil
	}
	a, err := h.answering(p, true)
	if err != nil {
		return nil, err
	}
	var out []Overruled
	for _, c := range cells {
		who := a.of(c)
		if who.Profile == nil || who.Asked() != analysis.ByPolicies {
			continue
		}
		names, err := p.Overruled(c.Name, who)
		if err != nil || len(names) > 0 {
			out = append(out, Overruled{c.Name, *who.Profile, slices.Clone(names), err})
		}
	}
	return out, nil
}
