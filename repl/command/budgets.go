package command

import (
	"context"

	"cellsh/kernel"
	"cellsh/kernel/budget"
	"cellsh/kernel/monitor"
	"cellsh/kernel/monitor/rundir"
	"cellsh/repl/inventory"
)

// tellMonitors tells the monitors of services in cells of the kernel what is to be watched now that other policies are loaded.
// A monitor that can't be told watches what it did, which is said; nothing else depends on it.
func (inv *Invocation) tellMonitors(t *Target) {
	if t.Ephemeral() {
		return // no service runs there
	}
	m := &monitor.Manager{Dir: inv.Machine.RunDir()}
	ctx := context.Background()
	all, err := m.All(ctx)
	if err != nil {
		return // who may not look at services has none
	}
	for _, s := range all {
		if s.Monitor == 0 || s.Kernel != t.Place {
			continue
		}
		list, err := t.Host.WatchedBudgets(s.Cell)
		if err == nil {
			err = m.SetBudgets(ctx, s.Service, list)
		}
		if err != nil {
			inv.note("service %s is watched by the budgets that it had: %s", s.Service, err)
		}
	}
}

// watched tells of the cells of a kernel with services whose monitors watch them what they use of budgets, and which they exceed.
func watched(dir rundir.Dir, place string) map[kernel.CellID]budget.Watched {
	names, err := dir.Names()
	if err != nil {
		return nil // who may not look at services has none
	}
	var list []*rundir.Status
	for _, name := range names {
		if s, err := dir.Service(name).Look(); err == nil {
			list = append(list, &s)
		}
	}
	return inventory.Watched(list, place)
}
