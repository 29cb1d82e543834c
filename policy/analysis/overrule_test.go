package analysis

import (
	"testing"

	"pgregory.net/rapid"

	"cellsh/policy/kauth"
	"cellsh/policy/secmodel"
	"cellsh/policy/stock"
)

// A profile overrules policies exactly where asking all models says so, whatever the open facts are.
func TestOverruledIsExact(t *testing.T) {
	ids := kauth.Newest().Requests()
	overruledOnes := 0
	rapid.Check(t, func(rt *rapid.T) {
		id := rapid.SampledFrom(ids).Draw(rt, "request")
		policies := smallSet(rt, t, id)
		profile := rapid.SampledFrom(secmodel.Profiles[:]).Draw(rt, "profile")
		who := Answerer{Revision: rapid.SampledFrom(secmodel.Revisions()).Draw(rt, "revision"), Profile: &profile}
		if rapid.Bool().Draw(rt, "reserves") {
			who.Ports = []uint16{80, 8080}
		}
		gaps, err := overruled(compiler(policies...), "web-1", id, who)
		if err != nil {
			rt.Fatal(err)
		}
		for range 8 {
			w := &world{request: smallRequest(rt, id), revision: who.Revision, settings: stock.DefaultSettings(), ports: who.Ports, reserves: true}
			for i := range w.drawn {
				w.drawn[i] = rapid.Bool().Draw(rt, "fact")
			}
			if !realistic(w.request) {
				continue
			}
			decision := decide(policies, w.request)
			w.profile = secmodel.Low
			if !w.possible() {
				continue
			}
			low := w.ask(decision.Result)
			w.profile = profile
			if !w.possible() {
				continue
			}
			own := w.ask(decision.Result)
			if said := w.metGap(gaps); said != (low && !own) {
				rt.Fatalf("%s in profile %s (%s): overruled %v, but the policies give %s, which leads to %v with low and to %v with it", id, profile, who.Revision, said, decision.Result, low, own)
			}
			if low && !own {
				overruledOnes++
			}
		}
	})
	enough(t, overruledOnes, 10, "requests were overruled")
}

// What a profile that is low, or that nobody knows, takes away is nothing.
func TestLowOverrulesNothing(t *testing.T) {
	low := secmodel.Low
	for _, p := range []*secmodel.Profile{nil, &low} {
		if gaps, err := Overruled(compiler(), "web-1", Answerer{Profile: p}); len(gaps) > 0 || err != nil {
			t.Errorf("%v, %v", gaps, err)
		}
	}
}
