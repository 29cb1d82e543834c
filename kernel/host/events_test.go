package host

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/budget"
	"cellsh/kernel/sim"
	"cellsh/policy/rules"
	"cellsh/policy/study"
)

// Hooks that set each other off are dropped, and what they were not told of is counted.
func TestChainOfEvents(t *testing.T) {
	var b Bus
	var dropped []string
	b.Failed = func(s *Subscription) { dropped = append(dropped, s.Failed.Error()) }
	b.On("create", func(Event) error {
		b.Emit(Event{Kind: "create"})
		b.Emit(Event{Kind: "create"})
		return nil
	})
	b.Emit(Event{Kind: "create"})
	if len(dropped) != 1 || dropped[0] != "hooks must not set each other off without end, but did 1000 times; 1001 events are not told" {
		t.Errorf("%q", dropped)
	}
	// Those that are dropped are told of nothing more, and others still are.
	told := 0
	b.On("create", func(Event) error { told++; return nil })
	if b.Emit(Event{Kind: "create"}); told != 1 {
		t.Errorf("told %d times", told)
	}
}

// ring is a kernel that keeps only some of the decisions that it records.
type ring struct {
	*sim.Kernel
	kept []kernel.Event
	err  error
	// unlisted is why cells can't be listed.
	unlisted error
}

func (r *ring) List() ([]kernel.Cell, error) {
	if r.unlisted != nil {
		return nil, r.unlisted
	}
	return r.Kernel.List()
}

func (r *ring) Evaluator() (kernel.Evaluator, error) { return r, nil }

// Status has the number of the last.
func (r *ring) Status() (kernel.Status, error) {
	s, err := r.Kernel.Status()
	if n := len(r.kept); n > 0 {
		s.Sequence = r.kept[n-1].Sequence
	}
	return s, err
}

func (r *ring) Events(after uint64) ([]kernel.Event, error) {
	var out []kernel.Event
	for _, e := range r.kept {
		if e.Sequence > after {
			out = append(out, e)
		}
	}
	return out, r.err
}

// sequence are events with these numbers.
func sequence(numbers ...uint64) []kernel.Event {
	var out []kernel.Event
	for _, n := range numbers {
		out = append(out, kernel.Event{Sequence: n})
	}
	return out
}

func TestTail(t *testing.T) {
	k, err := sim.New(sim.Options{})
	ok(t, err)
	r := &ring{Kernel: k}
	tail := New(r, &Memory{}, load, time.Now).Tail(0)
	for i, c := range []struct {
		kept []kernel.Event
		n    int
		lost uint64
	}{
		{nil, 0, 0},
		{sequence(1, 2), 2, 0},
		{sequence(1, 2), 0, 0},
		{sequence(2, 3), 1, 0},
		{sequence(7, 8), 2, 3},
		{sequence(8, 10, 13), 2, 3},
	} {
		r.kept = c.kept
		list, lost, err := tail.Next()
		if err != nil || len(list) != c.n || lost != c.lost {
			t.Errorf("%d: %d decisions, %d lost, %v; want %d and %d", i, len(list), lost, err, c.n, c.lost)
		}
	}
	// What could not be given comes again.
	r.kept, r.unlisted = sequence(13, 14, 16), errors.New("no")
	if list, lost, err := tail.Next(); err == nil || len(list) != 0 || lost != 0 {
		t.Errorf("without names: %d, %d, %v", len(list), lost, err)
	}
	r.unlisted = nil
	if list, lost, err := tail.Next(); err != nil || len(list) != 2 || lost != 1 {
		t.Errorf("after that: %d, %d, %v", len(list), lost, err)
	}
	r.kept, r.err = sequence(17), errors.New("no")
	if _, _, err := tail.Next(); err == nil {
		t.Error("an error must be told")
	}
	if err := tail.Skip(); err == nil {
		t.Error("an error must be told")
	}
	r.err = nil
	if list, lost, err := tail.Next(); err != nil || len(list) != 0 || lost != 0 {
		t.Errorf("after Skip, which failed: %d, %d, %v", len(list), lost, err)
	}
	r.kept = sequence(17, 18)
	if list, _, err := tail.Next(); err != nil || len(list) != 1 {
		t.Errorf("after that: %d, %v", len(list), err)
	}
	ok(t, tail.Skip())
	if list, lost, err := tail.Next(); err != nil || len(list) != 0 || lost != 0 {
		t.Errorf("after Skip: %d, %d, %v", len(list), lost, err)
	}
}

// greedy is a kernel of which all cells use so much memory.
type greedy struct {
	*sim.Kernel
	memory uint64
}

func (g *greedy) List() ([]kernel.Cell, error) {
	list, err := g.Kernel.List()
	for i := range list {
		list[i].Memory = g.memory
	}
	return list, err
}

// What is over a budget is so as long as it is.
func TestUsageOver(t *testing.T) {
	k, err := sim.New(sim.Options{})
	ok(t, err)
	g := &greedy{Kernel: k}
	s := newStage(t)
	s.h = New(g, &Memory{}, load, s.h.now)
	p := policies("small", "system.reboot")
	p.Set().Policies[0].Budget.Memory = &rules.Watch{Limit: 100}
	_, _, err = s.h.LoadProposal(inSession(study.New(p.Set(), nil, study.Options{})), LoadOptions{})
	ok(t, err)
	_, err = s.h.Create(kernel.Spec{Name: "web-1", Root: "/cells"})
	ok(t, err)
	for _, test := range []struct {
		memory uint64
		want   string
	}{{200, "[{memory 200 100 small}]"}, {200, "[{memory 200 100 small}]"}, {100, "[]"}, {101, "[{memory 101 100 small}]"}} {
		g.memory = test.memory
		list, err := s.h.Usage()
		if err != nil || len(list) != 1 || fmt.Sprint(list[0].Over) != test.want {
			t.Errorf("%d: %+v, %v", test.memory, list, err)
		}
		if use, known := list[0].Use("memory"); use != float64(test.memory) || !known {
			t.Errorf("%v", use)
		}
		if _, known := list[0].Use("nofile"); known {
			t.Error("a limit of each process is used by no cell")
		}
	}
}

// A hook that fails is called again where the bus keeps it.
func TestBusKeeps(t *testing.T) {
	b := Bus{Keep: true}
	var failed []string
	b.Failed = func(s *Subscription) { failed = append(failed, fmt.Sprint(s.Failed, s.Active())) }
	calls := 0
	s := b.On("create", func(Event) error {
		if calls++; calls < 3 {
			return fmt.Errorf("no %d", calls)
		}
		return nil
	})
	for range 3 {
		b.Emit(Event{Kind: "create"})
	}
	if calls != 3 || fmt.Sprint(failed) != "[no 1 true no 2 true]" || !s.Active() {
		t.Errorf("%d, %q", calls, failed)
	}
}

func TestKinds(t *testing.T) {
	for i, k := range Kinds {
		if found, ok := FindKind(k.Name); !ok || found != k || k.Doc == "" || i > 0 && Kinds[i-1].Name >= k.Name {
			t.Errorf("%+v", k)
		}
	}
	if _, ok := FindKind("dney"); ok {
		t.Error("there is no dney")
	}
}

// TestBudgetsOfServices: where the monitor of a service watches a cell, what it says counts, and not what the kernel samples.
func TestBudgetsOfServices(t *testing.T) {
	k, err := sim.New(sim.Options{})
	ok(t, err)
	s := newStage(t)
	s.h = New(&greedy{Kernel: k, memory: 500}, &Memory{}, load, s.h.now)
	p := policies("small", "system.reboot")
	p.Set().Policies[0].Budget.Memory = &rules.Watch{Limit: 100}
	_, _, err = s.h.LoadProposal(inSession(study.New(p.Set(), nil, study.Options{})), LoadOptions{})
	ok(t, err)
	id, err := s.h.Create(kernel.Spec{Name: "web-1", Root: "/cells"})
	ok(t, err)
	var services map[kernel.CellID]budget.Watched
	s.h.Services = func() map[kernel.CellID]budget.Watched { return services }
	rule := budget.Rule{Budget: "memory", Limit: 100, Policy: "small"}
	for i, x := range []struct {
		services map[kernel.CellID]budget.Watched
		over     int64
		// used is what is compared with the budget, -1 if that is not known.
		used float64
	}{
		{map[kernel.CellID]budget.Watched{id: {}}, 0, -1},
		{map[kernel.CellID]budget.Watched{id: {Uses: budget.Uses{"memory": 70}}}, 0, 70},
		{map[kernel.CellID]budget.Watched{id: {Over: []budget.Excess{{Rule: rule, Use: 150}}, Uses: budget.Uses{"memory": 70}}}, 150, 150},
		{map[kernel.CellID]budget.Watched{id: {Over: []budget.Excess{{Rule: rule, Use: 150}}}}, 150, 150},
		{map[kernel.CellID]budget.Watched{id: {Uses: budget.Uses{"cpu": 70}}}, 0, -1},
		{nil, 500, 500},
		{nil, 500, 500},
	} {
		services = x.services
		list, err := s.h.Usage()
		ok(t, err)
		var use int64
		for _, e := range list[0].Over {
			use = e.Use
		}
		if used, known := list[0].Use("memory"); known != (x.used >= 0) || known && used != x.used {
			t.Errorf("look %d: %v of the budget is used, known %v; want %v", i, used, known, x.used)
		}
		if supervised := x.services != nil; use != x.over || list[0].Supervised != supervised {
			t.Errorf("look %d: %d used, supervised %v; want %d, %v", i, use, list[0].Supervised, x.over, supervised)
		}
	}
}
