package symbolic

import (
	"testing"

	"pgregory.net/rapid"

	"cellsh/lua/value"
	"cellsh/policy"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
)

// What is asked of a field says of every number what Lua's arithmetic says of the expression.
func TestPreimages(t *testing.T) {
	divided := 0
	rapid.Check(t, func(rt *rapid.T) {
		draw := func(lo, hi int, label string) int64 { return int64(rapid.IntRange(lo, hi).Draw(rt, label)) }
		f := rapid.SampledFrom([]kauth.Field{kauth.FieldUID, kauth.FieldPort, kauth.FieldNice, kauth.FieldFlags}).Draw(rt, "field")
		request := map[kauth.Field]string{kauth.FieldUID: "system.reboot", kauth.FieldPort: "network.bind.port", kauth.FieldNice: "process.nice", kauth.FieldFlags: "system.mount.new"}[f]
		id, _ := kauth.Find(request)
		x := newExec(NewMachine(MachineOptions{}), Options{Instructions: 1000, Memory: 1 << 20})
		x.id, x.info = id, id.Info()
		nonzero := func(lo, hi int, label string) int64 {
			if v := draw(lo, hi, label); v != 0 {
				return v
			}
			return 1
		}
		e, ok := x.newExpr(exprKey{field: f, mul: nonzero(-12, 12, "mul"), add: draw(-50, 50, "add")})
		for range rapid.IntRange(1, 2).Draw(rt, "divisions") {
			if ok {
				e, ok = x.newExpr(exprKey{field: f, inner: e, mod: nonzero(-60, 60, "mod"), mul: nonzero(-3, 3, "factor"), add: draw(-9, 9, "summand")})
			}
		}
		if !ok {
			rt.Fatal("numbers this small must do")
		}
		at := draw(-70, 70, "at")
		set := interval.Between(at, at+draw(0, 9, "width"))
		fields, err := e.preimage(set)
		if err != nil {
			return // flags, and divisions of divisions, may make too many ranges
		}
		test := e.test(fields)
		if test.Kind == policy.Modulus {
			divided++
		}
		lo, hi := id.Range(f)
		for range 20 {
			v := lo + draw(0, int(min(hi-lo, 70000)), "value")
			q := &policy.Request{ID: id}
			q.SetInt(f, v)
			want := set.Contains(int64(calculated(e, v)))
			if got := test.Eval(q); got != want {
				rt.Fatalf("%s in %s is %v for %d, but %s is %v", e, set, want, v, test.String(), got)
			}
		}
	})
	// Few of few are no fault.
	if divided < 10 && !testing.Short() {
		t.Errorf("only %d were asked by what is left", divided)
	}
}

// calculated is the expression for a number, as Lua calculates it.
func calculated(e *expr, v int64) value.Number {
	n := value.Number(v)
	if e.inner != nil {
		n = value.Mod(calculated(e.inner, v), value.Number(e.mod))
	}
	return n*value.Number(e.mul) + value.Number(e.add)
}
