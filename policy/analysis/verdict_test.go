package analysis

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"cellsh/policy/graph"
	"cellsh/policy/kauth"
)

// TestVerdictIsExact: every request is in one part, and gets what that says, from all policies and from each alone.
func TestVerdictIsExact(t *testing.T) {
	ids := kauth.Newest().Requests()
	several := 0
	rapid.Check(t, func(rt *rapid.T) {
		id := rapid.SampledFrom(ids).Draw(rt, "request")
		policies := smallSet(rt, t, id)
		for i := -1; i < len(policies); i++ {
			asked := policies
			if i >= 0 {
				asked = policies[i : i+1]
			}
			v, err := VerdictOf(compiler(asked...), "web-1", id)
			if errors.Is(err, graph.ErrTooLarge) {
				continue
			}
			if err != nil {
				rt.Fatal(err)
			}
			if len(v.Parts) > 1 {
				several++
			}
			if (len(v.Parts) > 1) != (v.Depends != 0) {
				rt.Fatalf("%d parts depend on %v", len(v.Parts), v.Depends.Fields())
			}
			for range 12 {
				q := smallRequest(rt, id)
				if !likely(q) {
					continue
				}
				in, n := len(v.Parts)-1, 0
				for j := range v.Parts[:in] {
					for _, r := range v.Parts[j].Regions {
						if r.Contains(q) {
							in = j
							n++
						}
					}
				}
				if got, want := v.Parts[in].Decision, decide(asked, q); n > 1 || !alike(got, want) {
					rt.Fatalf("%v is in %d regions, and gets %v instead of %v", q, n, got, want)
				}
			}
		}
	})
	enough(t, several, 10, "have several parts")
}
