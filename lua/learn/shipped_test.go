package learn

import (
	"slices"
	"testing"

	"cellsh/lua/loader"
	"cellsh/policy"
	"cellsh/policy/kauth"
)

// The policies that ship, which share modules and have assertions: what is denied there is learned, or it is said why not.
func TestShippedPolicies(t *testing.T) {
	base := loader.Reader{Groups: machine}.Read([]string{"../../scripts/policy.d"})
	if base.Loading.Failed() {
		t.Fatal(base.Loading)
	}
	learned, left := 0, 0
	for _, cell := range []string{"bluegreen-blue"} {
		for _, id := range base.Requests() {
			if id%29 != 0 {
				continue
			}
			d, ref, err := base.Diagram(cell, id)
			if err != nil {
				t.Fatal(err)
			}
			q, ok := anyOf(d, ref, func(x policy.Decision) bool { return x.Result == policy.Deny })
			if !ok {
				continue
			}
			a := &Asked{Cell: cell, Request: id, EUID: uint32(q.Int[kauth.FieldEUID]), Denial: d.Eval(ref, q).Answer, Count: 1}
			l, err := Learn(base, []*Asked{a}, Options{Read: read, Groups: machine})
			if err != nil {
				t.Errorf("%s %s: %v", cell, id, err)
				continue
			}
			for _, u := range l.Left {
				left++
				t.Logf("%s %s (%s): %s; %s", cell, id, a.Denial.Source.Span(), u.Why, u.ByHand)
				if u.Why == "" {
					t.Errorf("%s %s: it must be said why nothing can be done", cell, id)
				}
			}
			if len(l.Left) > 0 {
				continue
			}
			learned++
			for _, r := range l.Rules {
				t.Logf("%s %s (%s): %s: %s", cell, id, r.Denial.Source.Span(), r.Shape, r.Text)
			}
			for _, c := range l.Difference.Requests {
				if c.Request != id || !slices.Equal(c.Cells, []string{cell}) {
					t.Errorf("%s %s: what changes is %s in %q", cell, id, c.Request, c.Cells)
				}
			}
		}
	}
	if learned == 0 || left == 0 {
		t.Errorf("%d are learned and %d left: both must be seen", learned, left)
	}
}
