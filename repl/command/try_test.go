package command

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/host"
	"cellsh/kernel/sim"
	"cellsh/lua/loader"
	"cellsh/policy"
	"cellsh/policy/analysis"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
	"cellsh/policy/secmodel"
	"cellsh/policy/stock"
	"cellsh/policy/study"
)

const tryPolicies = `policy "web" {
  cells = { "web-*" }, deny = { "system.time", "machdep" }, grant = { "process.nice" }, on = {
    ["network.bind"] = function(r)
      if not r.port then return deny, "any address" end
      if r.port == 80 then return grant, "web port" end
      if r.port < 1024 then return deny, "low" end
    end,
    ["process.signal"] = function(r) if r.signal == "kill" then return deny end if r.euid == 80 then return grant end end,
  } }`

// anyRequest gives every field of a request a value, of those that the kernel can give.
func anyRequest(rnd *rand.Rand, id kauth.RequestID) *policy.Request {
	r := &policy.Request{ID: id}
	for _, f := range id.Info().Fields.Fields() {
		switch f.Info().Kind {
		case kauth.KindString:
			r.SetText(f, []string{"a", "lo0", "ffs"}[rnd.IntN(3)])
		case kauth.KindAddr:
			a, _ := policy.ParseAddr("10.0.0.1")
			r.SetAddr(a)
		case kauth.KindGroups:
			r.SetGroups(uint32(rnd.IntN(2)))
		default:
			lo, hi := id.Range(f)
			v := max(lo, 0) + rnd.Int64N(min(hi-max(lo, 0), 60)+1)
			if f == kauth.FieldPort {
				v = []int64{1, 80, 1023, 1024, 8080}[rnd.IntN(5)]
			}
			r.SetInt(f, v)
		}
	}
	for _, f := range []kauth.Field{kauth.FieldUID, kauth.FieldEUID, kauth.FieldGID, kauth.FieldEGID} {
		r.SetInt(f, []int64{0, 80, 81}[rnd.IntN(3)])
	}
	same := func(f, as kauth.Field) {
		if id.Info().Fields.Has(f) {
			r.SetInt(f, r.Int[as])
		}
	}
	if id.Info().Fields.Has(kauth.FieldTargetIsSelf) && r.Int[kauth.FieldTargetIsSelf] != 0 {
		r.SetInt(kauth.FieldTargetSameCell, 1)
		same(kauth.FieldTargetUID, kauth.FieldUID)
		same(kauth.FieldTargetEUID, kauth.FieldEUID)
		r.SetInt(kauth.FieldTargetIsInit, 0)
	}
	return r
}

// TestTryAndExplain: what the kernel answers with programs that were pushed is what is worked out of graphs and of the models in
// another way, for every request, by root and by others, in cells with policies and without.
func TestTryAndExplain(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, rev := range []secmodel.Revision{secmodel.Current, secmodel.April} {
		set, problems := loader.LoadSources([]rules.Source{{File: "web.lua", Text: tryPolicies}}, loader.Options{})
		if problems.Failed() {
			t.Fatal(problems)
		}
		p := study.New(set, nil, study.Options{})
		k, err := sim.New(sim.Options{Revision: rev})
		if err != nil {
			t.Fatal(err)
		}
		h := host.New(k, &host.Memory{}, loader.Reader{}.Load, time.Now)
		if _, _, err := h.Load(p, host.LoadOptions{}); err != nil {
			t.Fatal(err)
		}
		try := &tryout{p, h, k}
		open := 0
		for _, cell := range []string{"web-1", "x"} {
			var list []*policy.Question
			for id := range kauth.RequestID(kauth.NumRequests) {
				if !p.Vocabulary().Flags(id).Asked() {
					continue
				}
				for range 20 {
					list = append(list, &policy.Question{Cell: cell, Request: *anyRequest(rnd, id)})
				}
			}
			answers, err := try.ask(list)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := h.Create(kernel.Spec{Name: cell, Root: "/cells/" + cell}); err != nil {
				t.Fatal(err)
			}
			for i, q := range list {
				e, err := h.Explain(q, p, false)
				if err != nil {
					t.Fatal(err)
				}
				want := stock.No
				if len(e.Becomes) > 0 {
					want = becomes(t, e.Becomes, q.Int[kauth.FieldEUID] == 0)
				}
				got := stock.TruthOf(answers[i].Errno == 0)
				if len(answers[i].Open) > 0 {
					open++
					got = stock.Unknown
				}
				if got != want {
					t.Errorf("revision %s: %s: the kernel gives %s (%s, open %v), but it must be %s", rev, study.ExplainArgs(cell, &q.Request), got, answers[i].Why(), answers[i].Open, want)
				}
			}
			if err := h.Destroy(cell); err != nil {
				t.Fatal(err)
			}
		}
		if open == 0 {
			t.Error("some answers must depend on what no field tells")
		}
	}
}

// becomes is whether a request that was asked by root or another is allowed. No cell reserves a port here.
func becomes(t *testing.T, cases []analysis.Case, root bool) stock.Truth {
	t.Helper()
	if len(cases) != 1 {
		t.Fatalf("every field is given, but there are %d cases", len(cases))
	}
	o := cases[0].User
	if root {
		o = cases[0].Root
	}
	if o.Allowed == stock.Unknown && slices.ContainsFunc(o.If, func(c stock.Condition) bool {
		return !slices.ContainsFunc(c, func(l stock.Literal) bool { return l.Fact != stock.PortReservedByOther || !l.Not })
	}) {
		return stock.Yes
	}
	return o.Allowed
}
