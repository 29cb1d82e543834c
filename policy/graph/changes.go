package graph

import (
	"fmt"
	"math"
	"slices"

	"cellsh/policy"
	"cellsh/policy/kauth"
)

// Change is another value of one field of a request that leads to another outcome.
type Change[L any] struct {
	Field kauth.Field
	// From and To are the values as policies write them.
	From, To string
	Outcome  L
	// Distance between numbers; 1 for fields whose values have none.
	Distance float64
}

// Changes gives for each variable of the space the nearest value for which try says yes, everything else being as it
// is in the request: the smallest changes first. Fields that the request does not give are not changed. try gets
// a request that it must not keep, and says which outcome that leads to.
func Changes[L any](s *Space, q *policy.Request, try func(*policy.Request) (outcome L, yes bool)) []Change[L] {
	var out []Change[L]
	for i := range s.vars {
		v := &s.vars[i]
		if v.kind == policy.Compare || !q.Given.Has(v.field) {
			continue
		}
		now := v.of(q)
		best := Change[L]{Distance: math.Inf(1)}
		for atom := range v.atoms {
			if atom == now {
				continue
			}
			moved := *q
			moved.Groups = slices.Clone(q.Groups)
			c := v.moveTo(&moved, atom, now)
			if c.Distance >= best.Distance {
				continue
			}
			// The whole request is tried: other variables of the same field follow.
			if outcome, yes := try(&moved); yes {
				best = Change[L]{v.field, c.From, c.To, outcome, c.Distance}
			}
		}
		if !math.IsInf(best.Distance, 1) {
			out = append(out, best)
		}
	}
	slices.SortStableFunc(out, func(a, b Change[L]) int {
		switch {
		case a.Distance < b.Distance:
			return -1
		case a.Distance > b.Distance:
			return 1
		}
		return 0
	})
	return out
}

// moveTo changes the field so that its value is in the atom, as near as it can be.
func (v *variable) moveTo(q *policy.Request, atom, now int32) (c Change[bool]) {
	c.Distance = 1
	switch v.kind {
	case policy.In:
		r := v.numbers(atom, atom+1)
		old := q.Int[v.field]
		to := r.Lo
		if atom < now {
			to = r.Hi
		}
		c.From, c.To = v.field.FormatValue(old), v.field.FormatValue(to)
		if v.field.Info().Kind == kauth.KindInt {
			c.Distance = math.Abs(float64(to) - float64(old))
		}
		q.SetInt(v.field, to)
	case policy.Is:
		c.From, c.To = quoteText(v.field, q.Text(v.field)), quoteText(v.field, v.textOf(atom))
		q.SetText(v.field, v.textOf(atom))
	case policy.Within:
		c.From, c.To = q.Addr.String(), v.addrOf(atom).String()
		q.SetAddr(v.addrOf(atom))
	case policy.Member:
		if atom == 1 {
			c.From, c.To = "not in group", fmt.Sprintf("in group %d", v.gid)
			q.Groups = append(q.Groups, v.gid)
			break
		}
		c.From, c.To = "in group", fmt.Sprintf("not in group %d", v.gid)
		q.Groups = slices.DeleteFunc(q.Groups, func(g uint32) bool { return g == v.gid })
		if q.Int[kauth.FieldEGID] == int64(v.gid) {
			c.Distance = math.Inf(1) // it is the effective group that makes it a member
		}
	}
	return c
}

func quoteText(f kauth.Field, s string) string {
	if s == "" && f.Info().Nullable {
		return "nil"
	}
	return fmt.Sprintf("%q", s)
}
