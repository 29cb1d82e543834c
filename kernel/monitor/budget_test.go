package monitor

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cellsh/kernel/budget"
	"cellsh/kernel/monitor/rundir"
	"cellsh/kernel/process"
	"cellsh/kernel/service"
	"cellsh/policy/analysis"
	"cellsh/policy/rules"
)

// tiny is a budget that every process exceeds at once.
func tiny(a rules.Action) budget.Rule {
	return budget.Rule{Budget: analysis.BudgetMemory, Limit: 1, Action: a, Policy: "small"}
}

// status is what is told of a service now.
func (l *lab) status(name string) rundir.Status {
	l.Helper()
	s, err := l.Status(l.Context(), name)
	if err != nil {
		l.Fatal(err)
	}
	return s
}

// exceeded are the rules whose budgets are, all of which must say what was used.
func exceeded(s rundir.Status) []budget.Rule {
	var list []budget.Rule
	for _, x := range s.Over {
		if x.Use > x.Limit {
			list = append(list, x.Rule)
		}
	}
	return list
}

// nice is the priority of a process.
func (l *lab) nice(pid int) int {
	l.Helper()
	list, err := process.Read(process.Query{})
	i := slices.IndexFunc(list, func(p process.Process) bool { return p.PID == pid })
	if err != nil || i < 0 {
		l.Fatalf("process %d must be there: %v", pid, err)
	}
	return list[i].Nice
}

func (l *lab) log(name string) string {
	text, err := os.ReadFile(filepath.Join(l.Dir.Log(), name+".log"))
	if err != nil {
		l.Fatal(err)
	}
	return string(text)
}

// TestBudgetIsTold: that a budget is exceeded is in the status and in the output, and can be changed while the service runs.
func TestBudgetIsTold(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	task := l.shell("web", counted)
	large := budget.Rule{Budget: analysis.BudgetMemory, Limit: 1 << 50, Policy: "large"}
	task.Budgets = []budget.Rule{large, tiny(rules.Log)}
	first := l.must(l.Start(ctx, task))(service.Running)
	over := func(want ...budget.Rule) func() bool {
		return func() bool { return slices.Equal(exceeded(l.status("web")), want) }
	}
	l.until("the small budget is exceeded", over(tiny(rules.Log)))
	s := l.status("web")
	l.until("what is used is told", func() bool { s := l.status("web"); return s.Uses[analysis.BudgetMemory] > 1 })
	if want := "memory is over 1, its budget in policy small"; Why(&s) != want {
		t.Errorf("%s", Why(&s))
	}
	if err := l.SetBudgets(ctx, "web", []budget.Rule{large}); err != nil {
		t.Fatal(err)
	}
	l.until("no budget is exceeded", over())
	// One that is started again is told too, and runs on.
	task.Budgets = []budget.Rule{tiny(rules.Log)}
	if again := l.must(l.Start(ctx, task))(service.Running); again.PID != first.PID {
		t.Errorf("process %d must run on, but is %d", first.PID, again.PID)
	}
	l.until("the small budget is exceeded", over(tiny(rules.Log)))
	if known, found, err := l.Task("web"); err != nil || !found || !slices.Equal(known.Budgets, task.Budgets) {
		t.Errorf("the budgets must be kept, but are %+v, %v, %v", known.Budgets, found, err)
	}
	l.must(l.Stop(ctx, "web"))(service.Stopped)
	if err := l.SetBudgets(ctx, "web", nil); err != nil {
		t.Errorf("a service without a monitor has nobody to tell: %v", err)
	}
	if s := l.status("web"); s.Over != nil {
		t.Errorf("what does not run exceeds nothing, but: %+v", s.Over)
	}
	if text := l.log("web"); strings.Count(text, "memory is over its budget: ") != 2 || !strings.Contains(text, ", but policy small says 1\n") {
		t.Errorf("the output must tell twice:\n%s", text)
	}
}

// TestBudgetStops: a service that is stopped by a budget has failed, and why is said.
func TestBudgetStops(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	task := l.shell("web", counted)
	task.Budgets = []budget.Rule{tiny(rules.Stop)}
	l.Start(ctx, task)
	s, err := l.Wait(ctx, "web", []service.State{service.Failed})
	if err != nil || !strings.HasPrefix(s.Why, "memory is over its budget: ") || len(l.living()) != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestBudgetRestarts: a service that exceeds its budget again and again is in a crash loop.
func TestBudgetRestarts(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	task := l.shell("web", counted)
	task.Service.Backoff.Crashes = 2
	task.Budgets = []budget.Rule{tiny(rules.Restart)}
	l.Start(ctx, task)
	s, err := l.Wait(ctx, "web", []service.State{service.CrashLoop})
	if err != nil || s.Starts != 2 || !strings.HasPrefix(s.Why, "memory is over its budget: ") || len(l.living()) != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestBudgetThrottles: processes that are held back have the last priority, those that they start too, and get back what they had.
func TestBudgetThrottles(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	task := l.shell("web", `/bin/sh -c 'echo $$ >> $D/pids; exec sleep 1000' & echo $$ >> $D/pids; wait`)
	task.Budgets = []budget.Rule{tiny(rules.Throttle)}
	l.must(l.Start(ctx, task))(service.Running)
	held := func(pids []int) bool {
		return len(pids) == 2 && l.nice(pids[0]) >= 19 && l.nice(pids[1]) >= 19
	}
	l.until("it is held back", func() bool { return l.status("web").Throttled && held(l.living()) })
	s := l.status("web")
	l.until("what is used is told", func() bool { s := l.status("web"); return s.Uses[analysis.BudgetMemory] > 1 })
	if want := "memory is over 1, its budget in policy small; it is held back"; Why(&s) != want {
		t.Errorf("%s", Why(&s))
	}
	if os.Geteuid() != 0 {
		t.Skip("only root gives a better priority")
	}
	if err := l.SetBudgets(ctx, "web", nil); err != nil {
		t.Fatal(err)
	}
	l.until("it is let go", func() bool { s := l.status("web"); return !s.Throttled && s.State == service.Running })
	for _, pid := range l.living() {
		if n := l.nice(pid); n >= 19 {
			t.Errorf("process %d must have what it had, but has %d", pid, n)
		}
	}
}

// TestBudgetOfTime: time that is used is seen.
func TestBudgetOfTime(t *testing.T) {
	l := newLab(t)
	task := l.shell("web", `echo $$ >> $D/pids; while :; do :; done`)
	cpu := budget.Rule{Budget: analysis.BudgetCPU, Limit: 1, Over: time.Millisecond, Policy: "slow"}
	task.Budgets = []budget.Rule{cpu}
	l.must(l.Start(t.Context(), task))(service.Running)
	l.until("it is seen", func() bool { return slices.Equal(exceeded(l.status("web")), []budget.Rule{cpu}) })
}
