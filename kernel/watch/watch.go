package watch

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/budget"
	"cellsh/kernel/host"
	"cellsh/policy"
)

// Cells finds cells that were made and removed. The zero value has seen none; it is not safe for concurrent use.
type Cells struct {
	seen map[kernel.CellID]kernel.Cell
}

// Knows reports whether the cell of that number was there at the last look.
func (c *Cells) Knows(id kernel.CellID) bool {
	_, ok := c.seen[id]
	return ok
}

// Next gives the events since the last look: cells that are gone before those that are new, each by id. A number that belongs to
// another cell than before is both.
func (c *Cells) Next(list []kernel.Cell) []host.Event {
	before := c.seen
	c.seen = make(map[kernel.CellID]kernel.Cell, len(list))
	for _, cell := range list {
		c.seen[cell.ID] = cell
	}
	if before == nil {
		return nil
	}
	same := func(a, b kernel.Cell) bool {
		return a.Name == b.Name && (a.Created == b.Created || a.Created == 0 || b.Created == 0)
	}
	var gone, made []host.Event
	for id, old := range before {
		if now, ok := c.seen[id]; !ok || !same(old, now) {
			gone = append(gone, host.Event{Kind: host.Destroyed, Cell: old.Name, ID: id})
		}
	}
	for id, now := range c.seen {
		if old, ok := before[id]; !ok || !same(old, now) {
			made = append(made, host.Event{Kind: host.Created, Cell: now.Name, ID: id})
		}
	}
	byID := func(a, b host.Event) int { return cmp.Compare(a.ID, b.ID) }
	slices.SortFunc(gone, byID)
	slices.SortFunc(made, byID)
	return append(gone, made...)
}

// Budgets follows budgets that the kernel does not enforce: whether they are near, exceeded for as long as they say, and not any more.
// The zero value has seen none; it is not safe for concurrent use.
type Budgets struct {
	watchers map[watched]*budget.Watcher
	// told has those that monitors of services watch and were exceeded at the last look.
	told map[supervised]bool
}

// supervised is a budget of a cell that the monitor of a service watches.
type supervised struct {
	id   kernel.CellID
	name string
	// excess without what is used.
	excess host.Excess
}

// watched is a budget of a cell; one whose rule changes begins anew.
type watched struct {
	id   kernel.CellID
	name string
	budget.Rule
}

var budgetKinds = map[budget.Kind]string{budget.Near: host.NearBudget, budget.Over: host.OverBudget, budget.Under: host.UnderBudget}

// Next takes a sample of what all cells use at a time, by the kernel's clock, and gives the events, by cell. Also the first sample
// finds what is exceeded. Of a cell that is gone there is nothing to tell.
func (b *Budgets) Next(list []host.Measure, at time.Duration) []host.Event {
	before, exceeded := b.watchers, b.told
	b.watchers, b.told = map[watched]*budget.Watcher{}, map[supervised]bool{}
	var out []host.Event
	for i := range list {
		m := &list[i]
		if m.Supervised {
			out = append(out, b.changes(m, exceeded)...)
			continue
		}
		for _, r := range budget.Rules(m.Budgets) {
			key := watched{m.ID, m.Name, r}
			w := before[key]
			if w == nil {
				w = &budget.Watcher{Rule: r}
			}
			b.watchers[key] = w
			use, _ := m.Use(r.Budget)
			for _, e := range w.Step(at, int64(math.Ceil(use))) {
				out = append(out, host.Event{Kind: budgetKinds[e.Kind], Cell: m.Name, ID: m.ID, Excess: &host.Excess{Budget: string(r.Budget), Use: int64(use), Limit: r.Limit, Policy: r.Policy}})
			}
		}
	}
	return out
}

// changes are the events of a cell whose budgets a monitor watches: what it exceeds and did not before, and what it did.
func (b *Budgets) changes(m *host.Measure, before map[supervised]bool) []host.Event {
	key := func(x host.Excess) supervised {
		x.Use = 0
		return supervised{m.ID, m.Name, x}
	}
	var out []host.Event
	for i := range m.Over {
		k := key(m.Over[i])
		if b.told[k] = true; !before[k] {
			out = append(out, host.Event{Kind: host.OverBudget, Cell: m.Name, ID: m.ID, Excess: &m.Over[i]})
		}
	}
	var under []host.Event
	for k := range before {
		if k.id == m.ID && k.name == m.Name && !b.told[k] {
			under = append(under, host.Event{Kind: host.UnderBudget, Cell: m.Name, ID: m.ID, Excess: &k.excess})
		}
	}
	slices.SortFunc(under, func(x, y host.Event) int {
		return cmp.Or(cmp.Compare(x.Excess.Budget, y.Excess.Budget), cmp.Compare(x.Excess.Limit, y.Excess.Limit), cmp.Compare(x.Excess.Policy, y.Excess.Policy))
	})
	return append(out, under...)
}

// Generations finds loads and rollbacks, whoever has done them. The zero value has seen none; it is not safe for concurrent use.
type Generations struct {
	begun bool
	// newest is the highest number that was seen, active that of what was active, and origin that of its policies.
	newest, active, origin uint64
}

// Next gives the events since the last look, oldest first.
func (g *Generations) Next(h *host.History) []host.Event {
	var out []host.Event
	change := func(kind string, to *host.Generation) {
		c := host.Change{From: g.active}
		g.active, g.origin = 0, 0
		if to != nil {
			c.Generation, c.Of = to.Number, to.Of
			for i := range to.Sources {
				c.Files = append(c.Files, to.Sources[i].File)
			}
			g.active, g.origin = to.Number, to.Origin()
		}
		out = append(out, host.Event{Kind: kind, Change: &c})
	}
	if n := h.Newest(); n == nil && g.newest > 0 || n != nil && n.Number < g.newest {
		*g = Generations{} // it is another history
	}
	begun := g.begun
	for i := range h.Generations {
		switch to := &h.Generations[i]; {
		case to.Number <= g.newest:
			continue
		case to.Of == 0:
			change(host.Replaced, to)
		case to.Origin() != g.origin:
			change(host.RolledBack, to)
		default:
			g.active = to.Number // the same policies anew
		}
		g.newest = h.Generations[i].Number
	}
	// A kernel goes back by itself, before anybody notes it.
	if a := h.Active(); a == nil && g.active != 0 {
		change(host.RolledBack, nil)
	} else if a != nil && a.Origin() != g.origin {
		change(host.RolledBack, a)
	}
	g.begun = true
	if !begun {
		return nil
	}
	return out
}

// Decided is a decision as an event: a denial or a grant; false for others.
func Decided(r *host.Recorded) (host.Event, bool) {
	kind := host.Denied // what has no event is a denial by secmodel_cell
	if r.Event != nil {
		kind = kinds[r.Event.Result]
	}
	return host.Event{Kind: kind, Cell: r.Name, ID: r.Cell(), Decision: r, Count: 1}, kind != ""
}

var kinds = map[policy.Result]string{policy.Deny: host.Denied, policy.Grant: host.Granted}

// Unsupported reports whether an error says that something can't happen on the kernel at hand.
func Unsupported(err error) bool { return errors.As(err, new(*kernel.UnsupportedError)) }
