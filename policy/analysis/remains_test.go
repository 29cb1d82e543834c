package analysis

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cellsh/policy"
	"cellsh/policy/graph"
	"cellsh/policy/kauth"
	"cellsh/policy/secmodel"
	"cellsh/policy/stock"
	"cellsh/policy/stock/stocktest"
)

// What remains to root is exactly what policies and models together do not refuse to it, whatever is open.
func TestRemainsIsExact(t *testing.T) {
	ids := kauth.Newest().Requests()
	settings := stock.DefaultSettings()
	whole, nothing, parts := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		id := rapid.SampledFrom(ids).Draw(rt, "request")
		policies := smallSet(rt, t, id)
		var only *policy.Test
		if rapid.Bool().Draw(rt, "only") {
			x := smallTest(rt, id)
			only = &x
		}
		left, err := Remains(compiler(policies...), "web-1", id, only)
		if err != nil {
			rt.Fatal(err)
		}
		switch {
		case left.Whole:
			whole++
		case left.Nothing():
			nothing++
		default:
			parts++
		}
		q := smallRequest(rt, id)
		q.SetInt(kauth.FieldEUID, 0)
		if !likely(q) || only != nil && !only.Eval(q) {
			return
		}
		program := stock.Listener{Name: "program"}
		if d := decide(policies, q); d.Result != policy.Allow {
			program.Rules = []stock.Rule{{Answer: d.Result}}
		}
		known := &stocktest.Known{Settings: &settings, Request: q, Place: stock.In(secmodel.Low)}
		v := stocktest.Judge(append(stock.Everything(secmodel.Current, stock.In(secmodel.Low), id), program), known)
		told := left.Whole || slices.ContainsFunc(left.Parts, func(p graph.Region) bool { return p.Contains(q) })
		if refused := v.Allowed == stock.No; refused && told || !refused && !told && !left.More {
			rt.Fatalf("%s: it remains: %v, but the models say %s; parts %q", id, told, v, left.Where())
		}
	})
	enough(t, whole, 5, "wholes")
	enough(t, nothing, 5, "nothings")
	enough(t, parts, 5, "parts")
}
