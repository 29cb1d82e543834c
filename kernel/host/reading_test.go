package host

import (
	"errors"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/sim"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
	"cellsh/policy/study"
)

// twofold is a function that says deny as a graph, and something else when it is run in a cell.
type twofold struct{ wrongIn string }

func (f twofold) Compile(kauth.RequestID, string) *rules.Compiled {
	answer := policy.Answer{Result: policy.Deny, Source: policy.Source{File: "f.lua", Line: 3}}
	// The graph is made anew for each cell, as of a function that reads its name.
	return &rules.Compiled{Graph: graph.Constant(rules.Outcome{Answer: answer}), CellRead: true}
}

func (f twofold) Ask(_ *policy.Request, cell string) (policy.Answer, int64, error) {
	if cell == f.wrongIn {
		return policy.Answer{}, 1, nil
	}
	return policy.Answer{Result: policy.Deny}, 1, nil
}

func (f twofold) Span() diag.Span { return diag.Span{File: "f.lua", Line: 2} }

// declared are policies with one function.
func declared(t *testing.T, f rules.Function) *study.Policies {
	t.Helper()
	on, ok := kauth.FindPattern("system.reboot")
	if !ok {
		t.Fatal("there is no system.reboot")
	}
	p := &rules.Policy{Name: "p", Cells: []rules.Glob{{Pattern: "web-1"}, {Pattern: "web-2"}}, Default: rules.Default{Result: policy.Allow},
		Entries: []rules.Entry{{Pattern: on, Function: f}}}
	return study.New(&rules.Set{Policies: []*rules.Policy{p}}, nil, study.Options{})
}

// Functions whose two readings differ are not loaded, and cells for which they do are not made.
func TestReadingsThatDiffer(t *testing.T) {
	k, err := sim.New(sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := New(k, &Memory{}, load, time.Now)
	differs := func(err error) {
		t.Helper()
		var l diag.List
		if !errors.As(err, &l) || len(l) != 1 || l[0].Code != diag.ReadingDiffers || l[0].File != "f.lua" || l[0].Line != 3 {
			t.Errorf("the readings must differ in line 3, but %v", err)
		}
	}
	_, check, err := h.Load(declared(t, twofold{"web-2"}), LoadOptions{})
	differs(err)
	if check.Witnessed == nil || check.Witnessed.Asked != 2 || check.Witnessed.Differing != 1 {
		t.Errorf("%+v", check.Witnessed)
	}
	if history, err := h.History(); err != nil || history.Active() != nil {
		t.Errorf("nothing must be loaded, but %v, %v", history, err)
	}
	// One that is right where the load looks is found out when a cell is made.
	p := declared(t, twofold{"web-3"})
	p.Set().Policies[0].Cells[1].Pattern = "web-2*"
	p.Set().Policies[0].Cells = append(p.Set().Policies[0].Cells, rules.Glob{Pattern: "web-*"})
	p = study.New(p.Set(), nil, study.Options{})
	if _, check, err = h.LoadProposal(inSession(p), LoadOptions{}); err != nil || check.Witnessed.Asked == 0 {
		t.Fatalf("%+v, %v", check, err)
	}
	if _, err := h.Create(kernel.Spec{Name: "web-4", Root: "/cells"}); err != nil {
		t.Fatal(err)
	}
	_, err = h.Create(kernel.Spec{Name: "web-3", Root: "/cells"})
	differs(err)
	// check says the same with a proof and without.
	for _, o := range []study.CheckOptions{{}, {NoProof: true}, {ErrorsOnly: true}} {
		c, err := declared(t, twofold{"web-2"}).Check(o)
		if err != nil {
			t.Fatal(err)
		}
		differs(c.Problems.Err())
	}
	proved, err := declared(t, twofold{"web-2"}).Prove(nil, nil)
	if err != nil || !proved.Failed() || len(proved.Problems()) != 1 || proved.Report().OK {
		t.Errorf("%v, %v", proved, err)
	}
}
