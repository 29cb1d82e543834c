package metrics

import (
	"testing"

	"cellsh/kernel"
	"cellsh/kernel/host"
	"cellsh/policy/analysis"
	"cellsh/policy/rules"
)

// TestBudgets: the least limit of a budget counts, and whether it is exceeded is for the monitor of a service to say.
func TestBudgets(t *testing.T) {
	m := host.Measure{Cell: kernel.Cell{Memory: 500}, Budgets: []analysis.Budget{
		{Name: analysis.BudgetMemory, Value: 300, Terms: rules.Terms{Action: rules.Log}, Policy: "tells"},
		{Name: analysis.BudgetMemory, Value: 100, Terms: rules.Terms{Action: rules.Stop}, Policy: "stops"},
		{Name: analysis.BudgetMemory, Value: 200, Terms: rules.Terms{Action: rules.Restart}, Policy: "restarts"},
	}}
	check := func(want bool) {
		t.Helper()
		if b := cellOf(&m).MemoryBudget; b.Limit != 100 || b.Policy != "stops" || b.Use != 500 || b.exceeded() != want {
			t.Errorf("%+v must be exceeded: %v", b, want)
		}
	}
	check(true)
	m.Supervised = true
	check(false)
	m.Over = []host.Excess{{Budget: "memory", Use: 301, Limit: 300, Policy: "tells"}}
	check(true)
	m.Over = []host.Excess{{Budget: "cpu", Use: 301, Limit: 300, Policy: "tells"}}
	check(false)
}
