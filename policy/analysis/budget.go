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
func (n BudgetName) of(b *rules.Budget) *int64 {
	switch n {
	case BudgetProcs:
		return b.Procs
	case BudgetNofile:
		return b.Nofile
	case BudgetAS:
		return b.AS
	case BudgetCore:
		return b.Core
	case BudgetMemory:
		return b.Memory
	}
	return b.CPU
}

// Budget is what limits a cell: the smallest value that a policy gives, and which policy.
type Budget struct {
	Name BudgetName
	// Value in processes, files, bytes, or percent of one processor; kauth.Unlimited for none.
	Value  int64
	Policy string
	diag.Span
}

// String is "nofile = 1024", with units where policies write them.
func (b *Budget) String() string { return string(b.Name) + " = " + b.Name.Format(b.Value) }

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

// Budgets are those that a cell has, in the order of BudgetNames. Those of policies in audit mode limit nothing.
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
		var least *Budget
		for _, p := range policies {
			v := name.of(&p.Budget)
			if v == nil || p.Audit {
				continue
			}
			if least == nil || *v < least.Value {
				least = &Budget{name, *v, p.Name, p.Budget.Span}
			}
		}
		if least != nil {
			out = append(out, *least)
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

// BudgetChanges lists the budgets of the cells whose value is another in the new set. Cells with the same change share
// it.
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
			x, y := find(a, name), find(b, name)
			if x == nil && y == nil || x != nil && y != nil && x.Value == y.Value {
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
	return out
}

func find(list []Budget, name BudgetName) *Budget {
	for i := range list {
		if list[i].Name == name {
			return &list[i]
		}
	}
	return nil
}
