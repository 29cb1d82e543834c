package study

import (
	"slices"

	"cellsh/policy"
	"cellsh/policy/kauth"
)

// ruinous are requests with which root in a cell can take the whole host.
var ruinous = []kauth.RequestID{kauth.MustFind("system.reboot"), kauth.MustFind("system.module"),
	kauth.MustFind("machdep.unmanagedmem"), kauth.MustFind("device.rawio_spec.write")}

// LeftToRoot is what no policy denies to root in some cells although it can take the whole host with it. The profile
// low, which cells with policies have, does not deny it either.
type LeftToRoot struct {
	Cells []string `json:"cells"`
	// Names of the requests.
	Names []string `json:"requests"`
}

// LeftToRoot looks for it in the cells that policies name, and puts together those that are alike. Where the answer
// depends on more than who asks the policies have thought of it.
func (p *Policies) LeftToRoot(cells []string) []LeftToRoot {
	var out []LeftToRoot
	for _, cell := range cells {
		if !p.Names(cell) || policy.CheckName(cell) != "" {
			continue
		}
		left := p.leftIn(cell)
		if len(left) == 0 {
			continue
		}
		i := slices.IndexFunc(out, func(l LeftToRoot) bool { return slices.Equal(l.Names, left) })
		if i < 0 {
			i, out = len(out), append(out, LeftToRoot{Names: left})
		}
		out[i].Cells = append(out[i].Cells, cell)
	}
	return out
}

// leftIn names the requests.
func (p *Policies) leftIn(cell string) []string {
	var left []string
	for _, id := range ruinous {
		q := policy.Question{Cell: cell, Request: policy.Request{ID: id}}
		q.SetCredential(0, 0, 0, 0)
		if a, err := p.Decide(&q); err == nil && a.Result != policy.Deny {
			left = append(left, id.String())
		}
	}
	return left
}
