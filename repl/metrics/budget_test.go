package metrics

import (
	"strings"
	"testing"

	"cellsh/kernel"
	"cellsh/kernel/budget"
	"cellsh/kernel/host"
	"cellsh/policy/analysis"
	"cellsh/policy/rules"
)

// TestBudgets: the least limit of a budget counts, and whether it is exceeded is for the monitor of a service to say, and then by how much.
func TestBudgets(t *testing.T) {
	m := host.Measure{Cell: kernel.Cell{Memory: 500}, Budgets: []analysis.Budget{
		{Name: analysis.BudgetMemory, Value: 300, Terms: rules.Terms{Action: rules.Log}, Policy: "tells"},
		{Name: analysis.BudgetMemory, Value: 100, Terms: rules.Terms{Action: rules.Stop}, Policy: "stops"},
		{Name: analysis.BudgetMemory, Value: 200, Terms: rules.Terms{Action: rules.Restart}, Policy: "restarts"},
	}}
	check := func(want bool, use float64) {
		t.Helper()
		if b := cellOf(&m).MemoryBudget; b.Limit != 100 || b.Policy != "stops" || b.Use != use || b.exceeded() != want {
			t.Errorf("%+v must be exceeded: %v", b, want)
		}
	}
	check(true, 500)
	m.Supervised = true
	m.Watched = budget.Uses{"memory": 70}
	check(false, 70)
	m.Over = []host.Excess{{Budget: "memory", Use: 301, Limit: 300, Policy: "tells"}}
	check(true, 301)
	m.Over = []host.Excess{{Budget: "cpu", Use: 301, Limit: 300, Policy: "tells"}}
	check(false, 70)
}

// TestUnknownUse: what a monitor watches and has not told is left out, and not replaced by what the kernel samples.
func TestUnknownUse(t *testing.T) {
	for _, c := range []struct {
		supervised bool
		watched    budget.Uses
		over       []host.Excess
		want       string
	}{
		{false, nil, nil, "} 500\n"},
		{true, nil, nil, ""},
		{true, budget.Uses{"cpu": 1}, nil, ""},
		{true, budget.Uses{"memory": 70}, nil, "} 70\n"},
		{true, nil, []host.Excess{{Budget: "memory", Use: 301, Limit: 300}}, "} 301\n"},
	} {
		m := host.Measure{Cell: kernel.Cell{ID: 1, Name: "web", Memory: 500}, Supervised: c.supervised, Watched: c.watched, Over: c.over,
			Budgets: []analysis.Budget{{Name: analysis.BudgetMemory, Value: 300, Policy: "p"}}}
		s := Snapshot{Cells: []Cell{cellOf(&m)}}
		text := string(s.Text())
		got := ""
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "cell_budget_memory_use_bytes{") {
				got += line
			}
		}
		if !strings.HasSuffix(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%+v: %q, want %q", c, got, c.want)
		}
	}
}
