package celltest

import (
	"math"
	"slices"
	"testing"

	"cellsh/policy"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
)

// How far members must be counted, held against what a test answers to every number of them that could matter.
func TestMembers(t *testing.T) {
	limit := kauth.FieldMembers.Info().Max
	edges := []int64{math.MinInt64, -7, -1, 0, 1, 5, limit - 1, limit, limit + 1, math.MaxInt64}
	var nodes []program.Node
	for _, k := range edges {
		for _, op := range []program.Op{program.Eq, program.Lt, program.Le} {
			nodes = append(nodes, program.Node{Op: op, K: k})
		}
		for _, to := range edges {
			if k <= to {
				nodes = append(nodes, program.Node{Op: program.InSet, Set: interval.Between(k, to)})
				nodes = append(nodes, program.Node{Op: program.InSet, Set: interval.Between(k, to).Union(interval.Between(3, 3))})
			}
		}
	}
	d := start(t, targets[0])
	fork := carriers[kauth.FieldMembers][0]
	ask := func(n program.Node) uint32 {
		n.Field, n.Yes, n.No = kauth.FieldMembers, program.LeafRef(0), program.LeafRef(1)
		p, err := program.New([]program.Root{{Request: fork, Ref: 0}}, []program.Node{n}, []policy.Decision{policy.Allowed, {Answer: policy.Answer{Result: policy.Deny}}})
		if err != nil {
			t.Fatal(err)
		}
		answer := d.ask(t, 'P', p.Encode(vocabulary))
		if answer[0] != 0 {
			t.Fatalf("%+v has fault %d", n, answer[0])
		}
		return le.Uint32(answer[9:])
	}
	var counts []int64
	for _, e := range append(edges, 3) {
		for _, v := range []int64{e - 1, e, e + 1} {
			if 0 <= v && v <= limit {
				counts = append(counts, v)
			}
		}
	}
	slices.Sort(counts)
	for _, n := range nodes {
		test := n.Test()
		test.Field = kauth.FieldMembers
		answer := func(v int64) bool {
			q := &policy.Request{ID: fork}
			q.SetInt(kauth.FieldMembers, v)
			return test.Eval(q)
		}
		// The last number that is answered otherwise than the one before it.
		want := uint32(0)
		for i := 1; i < len(counts); i++ {
			if answer(counts[i]) != answer(counts[i-1]) {
				want = uint32(counts[i])
			}
		}
		if got := ask(n); got != want {
			t.Errorf("%s: count to %d, want %d", test.String(), got, want)
		}
	}
	for _, n := range []program.Node{{Op: program.FieldLt, Other: kauth.FieldNprocs}, {Op: program.Modulus, K: 2, Set: interval.Single(1)}} {
		if got := ask(n); got != math.MaxUint32 {
			t.Errorf("%s: count to %d", n.Op, got)
		}
	}
}
