package analysis

import (
	"fmt"
	"slices"
	"strconv"

	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// BudgetName is the key of a budget in a policy.
type BudgetName string

// The budgets.
const (
	BudgetProcs  BudgetName = "procs"
	BudgetNofile BudgetName = "nofile"
	BudgetAS     BudgetName = "as"
	BudgetCore   BudgetName = "core"
	BudgetMemory BudgetName = "memory"
	BudgetCPU    BudgetName = "cpu"
)

// BudgetNames are all budgets, in the order in which they are listed.
var BudgetNames = []BudgetName{BudgetProcs, BudgetNofile, BudgetAS, BudgetCore, BudgetMemory, BudgetCPU}

// of gives the budget of that name in a declaration, nil if it has none.
func (n BudgetName) of(b *rules.Budget) *rules.Watch {
	var limit *int64
	switch n {
	case BudgetProcs:
		limit = b.Procs
	case BudgetNofile:
		limit = b.Nofile
	case BudgetAS:
		limit = b.AS
	case BudgetCore:
		limit = b.Core
	case BudgetMemory:
		return b.Memory
	case BudgetCPU:
		return b.CPU
	}
	if limit == nil {
		return nil
	}
	return &rules.Watch{Limit: *limit}
}

// Watched reports whether the budget is watched, and not enforced.
func (n BudgetName) Watched() bool { return n == BudgetMemory || n == BudgetCPU }

// Budget is what limits a cell: the smallest value that a policy gives, and which policy.
type Budget struct {
	Name BudgetName
	// Value in processes, files, bytes, or percent of one processor; kauth.Unlimited for none.
	Value int64
	// Terms of the same policy; only a budget that is watched has any.
	rules.Terms
	Policy string
	diag.Span
}

// String is "nofile = 1024", with units where policies write them.
func (b *Budget) String() string { return string(b.Name) + " = " + b.Text() }

// Text is the value as policies write it: 1024, or { limit = 512M, action = stop }.
func (b *Budget) Text() string {
	value := b.Name.Format(b.Value)
	if terms := b.Terms.String(); terms != "" {
		return "{ limit = " + value + ", " + terms + " }"
	}
	return value
}

// Format writes a value as policies do: 512M, 50%, unlimited.
func (n BudgetName) Format(v int64) string {
	switch {
	case v == kauth.Unlimited:
		return "unlimited"
	case n == BudgetCPU:
		return fmt.Sprintf("%d%%", v)
	case n == BudgetProcs || n == BudgetNofile || v == 0:
		return strconv.FormatInt(v, 10)
	}
	unit := 0
	for ; unit < 4 && v&(1<<10-1) == 0; unit++ {
		v >>= 10
	}
	return strconv.FormatInt(v, 10) + [...]string{"", "K", "M", "G", "T"}[unit]
}

// Budgets are those that a cell has, in the order of BudgetNames. Those of policies in audit mode limit nothing. Of those that
// are watched there can be one for each action: what is told at 256M does not keep a service from being stopped at 1G.
func Budgets(set *rules.Set, cell string) []Budget {
	var list []*rules.Policy
	for _, p := range set.Policies {
		// Most policies have none, and to find out whether one applies takes longer.
		limits := func(n BudgetName) bool { return n.of(&p.Budget) != nil }
		if slices.ContainsFunc(BudgetNames, limits) && p.AppliesTo(cell) {
			list = append(list, p)
		}
	}
	return BudgetsOf(list)
}

// BudgetsOf are those of a cell to which these policies apply.
func BudgetsOf(policies []*rules.Policy) []Budget {
	var out []Budget
	for _, name := range BudgetNames {
		var least [len(rules.Actions)]*Budget
		for _, p := range policies {
			w := name.of(&p.Budget)
			if w == nil || p.Audit {
				continue
			}
			if b := &least[w.Action]; *b == nil || w.Limit < (*b).Value {
				*b = &Budget{name, w.Limit, w.Terms, p.Name, p.Budget.Span}
			}
		}
		for _, b := range least {
			if b != nil {
				out = append(out, *b)
			}
		}
	}
	return out
}

// BudgetChange is a budget that differs between two sets.
type BudgetChange struct {
	Name BudgetName
	// Cells for which it is so.
	Cells []string
	// Old and New; nil for none.
	Old, New *Budget
}

// BudgetChanges lists the budgets of the cells that are others in the new set. Cells with the same change share it.
func BudgetChanges(old, new *rules.Set, cells []string) []BudgetChange {
	type key struct {
		name     BudgetName
		had, has bool
		old, new Budget
	}
	var out []BudgetChange
	seen := map[key]int{}
	for _, cell := range names(cells) {
		a, b := Budgets(old, cell), Budgets(new, cell)
		for _, name := range BudgetNames {
			for _, pair := range pairs(of(a, name), of(b, name)) {
				x, y := pair[0], pair[1]
				if x != nil && y != nil && x.Value == y.Value && x.Terms == y.Terms {
					continue
				}
				k := key{name: name, had: x != nil, has: y != nil}
				if x != nil {
					k.old = *x
				}
				if y != nil {
					k.new = *y
				}
				i, ok := seen[k]
				if !ok {
					i = len(out)
					seen[k] = i
					out = append(out, BudgetChange{Name: name, Old: x, New: y})
				}
				out[i].Cells = append(out[i].Cells, cell)
			}
		}
	}
	return out
}

// of are the budgets of a name, in the order of their actions.
func of(list []Budget, name BudgetName) (same []*Budget) {
	for i := range list {
		if list[i].Name == name {
			same = append(same, &list[i])
		}
	}
	return same
}

// pairs puts budgets of one name together: those with one action, and if there is one on each side, these whatever they do.
func pairs(old, new []*Budget) (pairs [][2]*Budget) {
	if len(old) == 1 && len(new) == 1 {
		return [][2]*Budget{{old[0], new[0]}}
	}
	with := func(list []*Budget, a rules.Action) *Budget {
		i := slices.IndexFunc(list, func(b *Budget) bool { return b.Action == a })
		if i < 0 {
			return nil
		}
		return list[i]
	}
	for a := range rules.Actions {
		x, y := with(old, rules.Action(a)), with(new, rules.Action(a))
		if x != nil || y != nil {
			pairs = append(pairs, [2]*Budget{x, y})
		}
	}
	return pairs
}
