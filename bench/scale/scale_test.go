package scale

import (
	"testing"

	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// The fleet is what it is said to be: every cell has the program of its team, which comes from both of its policies.
func TestFleet(t *testing.T) {
	f := Fleet{Teams: 4, Cells: 5}
	h, err := Host(f.Names())
	if err != nil {
		t.Fatal(err)
	}
	times, err := Load(h, f.Sources())
	if err != nil {
		t.Fatal(err)
	}
	if times.Cells != 20 || times.Programs != 4 {
		t.Errorf("%s", times)
	}
	p, err := h.Policies()
	if err != nil {
		t.Fatal(err)
	}
	for _, pol := range p.Set().Policies {
		if len(pol.Entries) != 20 {
			t.Errorf("policy %s has %d entries", pol.Name, len(pol.Entries))
		}
	}
	programs := map[string]int{}
	for _, name := range f.Names() {
		prog, err := p.Program(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(prog.Policies) != 2 {
			t.Errorf("%s has %d policies", name, len(prog.Policies))
		}
		programs[string(prog.Encode(&kauth.NetBSD109912))]++
	}
	if len(programs) != 4 {
		t.Errorf("the cells have %d programs", len(programs))
	}
	if e, err := h.Kernel.Evaluator(); err != nil {
		t.Error(err)
	} else if s, err := e.Status(); err != nil || s.Cells != 20 {
		t.Errorf("covered are %d cells, %v", s.Cells, err)
	}
}

// The rules of the large policies all count: the results that the lines give, in turn.
func TestRulesCount(t *testing.T) {
	const n = 200
	for name, c := range map[string]struct {
		sources []rules.Source
		// at sets what rule i is about.
		at func(q *policy.Request, i int)
	}{
		"ports": {Ports(n), func(q *policy.Request, i int) { q.SetInt(kauth.FieldPort, int64(1+i*5)) }},
		"chain": {Chain(n), func(q *policy.Request, i int) {
			q.SetInt(kauth.FieldPort, 65000)
			q.SetInt(kauth.FieldUID, 90000)
			q.SetInt(kauth.FieldType, 1)
			switch i % 4 {
			case 0:
				q.SetInt(kauth.FieldPort, int64(1+i*5))
			case 1:
				q.SetInt(kauth.FieldPort, int64(2+i*5))
				q.SetInt(kauth.FieldUID, int64(i))
			case 2:
				q.SetInt(kauth.FieldType, 2)
				q.SetInt(kauth.FieldPort, int64(1+i*5))
			case 3:
				q.SetInt(kauth.FieldUID, int64(100000+i))
			}
		}},
		"lines": {Lines(4 * n), func(q *policy.Request, i int) {
			q.SetInt(kauth.FieldPort, int64(1+i*5))
			q.SetInt(kauth.FieldUID, 80)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h, err := Host([]string{"cell-1"})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Load(h, c.sources); err != nil {
				t.Fatal(err)
			}
			policies, err := h.Policies()
			if err != nil {
				t.Fatal(err)
			}
			p, err := policies.Program("cell-1")
			if err != nil {
				t.Fatal(err)
			}
			id, _ := kauth.Find("network.bind.port")
			want := []policy.Result{policy.Deny, policy.Allow, policy.Deny, policy.Grant, policy.Deny}
			for i := range n {
				q := &policy.Request{ID: id, Given: id.Info().Fields}
				c.at(q, i)
				if got := p.Decide(q).Result; got != want[i%5] {
					t.Fatalf("rule %d gives %s, want %s", i, got, want[i%5])
				}
			}
		})
	}
}

// Both readings are timed, and the second is asked: what is said of them is of this load.
func TestReadings(t *testing.T) {
	for _, c := range Shapes {
		r, err := ReadingsOf(c.Make(200))
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		if r.First <= 0 || r.Second <= 0 || r.All <= 0 || r.Asked == 0 {
			t.Errorf("%s: %+v", c.Name, r)
		}
	}
}

// What is scraped is there for every cell, also the second time.
func TestScrape(t *testing.T) {
	f := Fleet{Teams: 2, Cells: 5}
	h, err := Host(f.Names())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Load(h, f.Sources()); err != nil {
		t.Fatal(err)
	}
	s, err := Scrape(h, 2)
	if err != nil || s.Bytes < 10*500 {
		t.Errorf("%s, %v", s, err)
	}
}
