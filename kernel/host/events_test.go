package host

import (
	"errors"
	"fmt"
	"strings"
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
	b.Dropped = func(s *Subscription) { dropped = append(dropped, s.Failed.Error()) }
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

// To look at usage has no effects: whoever does it takes no event from a hook.
func TestUsageHasNoEffects(t *testing.T) {
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

	told := 0
	look := func(memory uint64, over bool) {
		t.Helper()
		g.memory = memory
		list, err := s.h.Usage()
		if err != nil || len(list) != 1 || len(list[0].Over) > 0 != over {
			t.Fatalf("%+v, %v", list, err)
		}
	}
	watch := func(want int) {
		t.Helper()
		list, err := s.h.NewExcesses()
		ok(t, err)
		for _, e := range list {
			s.h.Events.Emit(e)
		}
		if told != want {
			t.Errorf("told %d times, want %d", told, want)
		}
	}
	look(200, true)
	watch(0) // nobody wants to know
	hook := s.h.Events.On("over-budget", func(Event) error { told++; return nil })
	look(200, true)
	look(200, true)
	watch(1)
	watch(1)
	look(50, false)
	look(200, true)
	watch(1) // it was not watched meanwhile
	look(50, false)
	watch(1)
	look(200, true)
	watch(2)
	// Who comes later is told of what is so already.
	hook.Cancel()
	watch(2)
	s.h.Events.On("over-budget", func(Event) error { told++; return nil })
	watch(3)
}

// TestBudgetEvents: a budget tells that it is near, exceeded after as long as it says by the kernel's clock, and no more; one
// that swings round its limit tells it once, and a policy that changes begins anew.
func TestBudgetEvents(t *testing.T) {
	k, err := sim.New(sim.Options{})
	ok(t, err)
	g := &greedy{Kernel: k}
	s := newStage(t)
	s.h = New(g, &Memory{}, load, s.h.now)
	give := func(w rules.Watch) {
		t.Helper()
		p := policies("small", "system.reboot")
		p.Set().Policies[0].Budget.Memory = &w
		_, _, err := s.h.LoadProposal(inSession(study.New(p.Set(), nil, study.Options{})), LoadOptions{})
		ok(t, err)
	}
	give(rules.Watch{Limit: 100, Terms: rules.Terms{Warn: 80, Over: 2000}})
	_, err = s.h.Create(kernel.Spec{Name: "web-1", Root: "/cells"})
	ok(t, err)
	var told []string
	for _, kind := range []string{NearBudget, OverBudget, UnderBudget} {
		s.h.Events.On(kind, func(e Event) error {
			told = append(told, fmt.Sprintf("%s %s %d of %d", e.Kind, e.Cell, e.Excess.Use, e.Excess.Limit))
			return nil
		})
	}
	for _, x := range []struct {
		memory uint64
		want   string
	}{{50, ""}, {85, "near-budget web-1 85 of 100"}, {120, ""}, {110, ""}, {120, "over-budget web-1 120 of 100"}, {95, ""}, {120, ""},
		{80, ""}, {70, ""}, {60, "under-budget web-1 60 of 100"}} {
		g.memory, told = x.memory, nil
		list, err := s.h.NewExcesses()
		ok(t, err)
		for _, e := range list {
			s.h.Events.Emit(e)
		}
		if got := strings.Join(told, ", "); got != x.want {
			t.Errorf("with %d: told %q, want %q", x.memory, got, x.want)
		}
		k.Advance(time.Second)
	}
	give(rules.Watch{Limit: 10})
	list, err := s.h.NewExcesses()
	if err != nil || len(list) != 1 || list[0].Kind != OverBudget || list[0].Excess.Limit != 10 {
		t.Errorf("a new limit must be watched at once: %+v, %v", list, err)
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
	var services map[kernel.CellID][]budget.Excess
	s.h.Services = func() map[kernel.CellID][]budget.Excess { return services }
	s.h.Events.On(OverBudget, func(Event) error { return nil })
	rule := budget.Rule{Budget: "memory", Limit: 100, Policy: "small"}
	for i, x := range []struct {
		services map[kernel.CellID][]budget.Excess
		over     int64
		want     string
	}{
		{map[kernel.CellID][]budget.Excess{id: nil}, 0, ""},
		{map[kernel.CellID][]budget.Excess{id: {{Rule: rule, Use: 150}}}, 150, "over-budget"},
		{map[kernel.CellID][]budget.Excess{id: {{Rule: rule, Use: 150}}}, 150, ""},
		{map[kernel.CellID][]budget.Excess{id: {}}, 0, "under-budget"},
		{nil, 500, "over-budget"},
		{nil, 500, ""},
	} {
		services = x.services
		list, err := s.h.Usage()
		ok(t, err)
		var use int64
		for _, e := range list[0].Over {
			use = e.Use
		}
		events, err := s.h.NewExcesses()
		ok(t, err)
		var told []string
		for _, e := range events {
			told = append(told, e.Kind)
		}
		if got := strings.Join(told, " "); got != x.want || use != x.over {
			t.Errorf("look %d: told %q with %d used, want %q with %d", i, got, use, x.want, x.over)
		}
	}
}
