package learn

import (
	"fmt"
	"time"

	"cellsh/kernel/host"
	"cellsh/policy"
	"cellsh/policy/kauth"
)

// Asked is a request that was denied, or would have been by policies in audit mode, as far as it is known.
type Asked struct {
	Cell    string
	Request kauth.RequestID
	EUID    uint32
	// Denial is the answer of the policy that is to be changed. Of others that deny the same nothing is recorded.
	Denial policy.Answer
	// Audit says that it was only recorded.
	Audit bool
	// Count is how often it was recorded, first and last at these times.
	Count       int
	First, Last time.Time
}

// key is what tells requests apart.
type key struct {
	cell    string
	request kauth.RequestID
	euid    uint32
	denial  policy.Answer
	audit   bool
}

// Left is denials that no change of a policy could lift.
type Left struct {
	Cell string
	// Request, or several of which it was one.
	Requests []kauth.RequestID
	EUID     uint32
	Count    int
	// Why, and what helps instead.
	Why, Help string
}

// Fold gives the denials among recorded decisions, each once, in the order in which they came first; and those that no change of
// a policy could lift.
func Fold(list []host.Recorded) (asked []*Asked, left []*Left) {
	known := map[key]*Asked{}
	others := map[string]*Left{}
	add := func(r *host.Recorded, a policy.Answer, audit bool) {
		k := key{r.Name, r.Event.Request, r.Event.EUID, a, audit}
		k.denial.Record = false
		x := known[k]
		if x == nil {
			x = &Asked{Cell: k.cell, Request: k.request, EUID: k.euid, Denial: k.denial, Audit: audit, First: r.At()}
			known[k] = x
			asked = append(asked, x)
		}
		x.Count++
		x.Last = r.At()
	}
	other := func(r *host.Recorded, why, help string) {
		k := fmt.Sprint(r.Name, r.Requests(), r.EUID(), why)
		x := others[k]
		if x == nil {
			x = &Left{Cell: r.Name, Requests: r.Requests(), EUID: r.EUID(), Why: why, Help: help}
			others[k] = x
			left = append(left, x)
		}
		x.Count++
	}
	for i := range list {
		r := &list[i]
		e := r.Event
		switch {
		case e == nil:
			other(r, "secmodel_cell denied it by itself, by the profile of the cell or a port that another cell reserves: no rule of a policy lifts that",
				"a cell that is made anew under a policy has the profile low, and its policies decide")
			continue
		case e.Fallback && e.Result == policy.Deny:
			other(r, "the built-in fallback denied it, because the cell had no program of policies",
				"write a policy that names the cell, and load it")
			continue
		case r.Name == "" && (e.Result == policy.Deny || e.Would.Result == policy.Deny):
			other(r, "the name of the cell is not known any more", "")
			continue
		}
		if e.Result == policy.Deny {
			add(r, e.Answer, false)
		}
		if e.Would.Result == policy.Deny {
			add(r, e.Would, true)
		}
	}
	return asked, left
}
