package analysis

import (
	"fmt"
	"strings"
	"testing"

	"cellsh/policy/rules"
)

// texts are the budgets of a cell with the policies that they are from.
func budgetTexts(list []Budget) string {
	var b strings.Builder
	for i := range list {
		fmt.Fprintf(&b, "%s: %s\n", list[i].Policy, &list[i])
	}
	return b.String()
}

// TestBudgetsByAction: of what is watched the least limit counts for each action, so that one that tells does not hide one that acts.
func TestBudgetsByAction(t *testing.T) {
	memory := func(name string, w rules.Watch) *rules.Policy {
		return &rules.Policy{Name: name, Budget: rules.Budget{Memory: &w}}
	}
	set := &rules.Set{Policies: []*rules.Policy{
		memory("a", rules.Watch{Limit: 1 << 30, Terms: rules.Terms{Over: 10_000, Action: rules.Stop}}),
		memory("b", rules.Watch{Limit: 512 << 20}),
		memory("c", rules.Watch{Limit: 256 << 20, Terms: rules.Terms{Warn: 90}}),
		memory("d", rules.Watch{Limit: 2 << 30, Terms: rules.Terms{Action: rules.Stop}}),
		{Name: "e", Audit: true, Budget: rules.Budget{Memory: &rules.Watch{Limit: 1}}},
	}}
	want := "c: memory = { limit = 256M, warn = 90% }\na: memory = { limit = 1G, over = 10s, action = stop }\n"
	if got := budgetTexts(Budgets(set, "web")); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}

func TestBudgetChangesOfActions(t *testing.T) {
	of := func(watches ...rules.Watch) *rules.Set {
		set := &rules.Set{}
		for i := range watches {
			set.Policies = append(set.Policies, &rules.Policy{Name: fmt.Sprint(i), Budget: rules.Budget{CPU: &watches[i]}})
		}
		return set
	}
	tell, stop := rules.Watch{Limit: 50}, rules.Watch{Limit: 50, Terms: rules.Terms{Action: rules.Stop}}
	for _, test := range []struct {
		name     string
		old, new *rules.Set
		want     string
	}{
		{"the same", of(tell), of(tell), ""},
		{"another action", of(tell), of(stop), "50% -> { limit = 50%, action = stop }"},
		{"another term", of(tell), of(rules.Watch{Limit: 50, Terms: rules.Terms{Warn: 80}}), "50% -> { limit = 50%, warn = 80% }"},
		{"one more", of(tell), of(tell, stop), "none -> { limit = 50%, action = stop }"},
		{"one less", of(stop, tell), of(stop), "50% -> none"},
		{"none", of(stop, tell), of(), "50% -> none; { limit = 50%, action = stop } -> none"},
	} {
		var got []string
		text := func(b *Budget) string {
			if b == nil {
				return "none"
			}
			return b.Text()
		}
		for _, c := range BudgetChanges(test.old, test.new, []string{"web"}) {
			got = append(got, text(c.Old)+" -> "+text(c.New))
		}
		if g := strings.Join(got, "; "); g != test.want {
			t.Errorf("%s: got %s, want %s", test.name, g, test.want)
		}
	}
}
