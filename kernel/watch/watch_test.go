package watch

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cellsh/kernel"
	"cellsh/kernel/host"
	"cellsh/kernel/sim"
	"cellsh/lua/loader"
	"cellsh/policy/analysis"
	"cellsh/policy/rules"
)

// words are events in short.
func words(list []host.Event) string {
	var out []string
	for _, e := range list {
		text := fmt.Sprintf("%s %s", e.Kind, e.Cell)
		switch {
		case e.Excess != nil:
			text += fmt.Sprintf(" %s %d/%d", e.Excess.Budget, e.Excess.Use, e.Excess.Limit)
		case e.Change != nil:
			text = fmt.Sprintf("%s %d from %d of %d %v", e.Kind, e.Change.Generation, e.Change.From, e.Change.Of, e.Change.Files)
		case e.Service != nil:
			text = fmt.Sprintf("%s %s", e.Kind, e.Service.Service)
			if c := e.Service.Code; c != nil {
				text += fmt.Sprintf(" code %d", *c)
			}
			if s := e.Service.Signal; s != nil {
				text += fmt.Sprintf(" signal %d", *s)
			}
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

func TestCells(t *testing.T) {
	cell := func(id kernel.CellID, name string, created time.Duration) kernel.Cell {
		return kernel.Cell{ID: id, Name: name, Created: created}
	}
	var c Cells
	for i, step := range []struct {
		list []kernel.Cell
		want string
	}{
		{[]kernel.Cell{cell(1, "web", 5)}, ""}, // what is there at first is not new
		{[]kernel.Cell{cell(1, "web", 5)}, ""},
		{[]kernel.Cell{cell(1, "web", 5), cell(3, "c", 9), cell(2, "db", 7)}, "create db, create c"},
		{nil, "destroy web, destroy db, destroy c"},
		{[]kernel.Cell{cell(1, "web", 5)}, "create web"},
		// The kernel has begun to count anew, or a state file is another.
		{[]kernel.Cell{cell(1, "other", 5)}, "destroy web, create other"},
		{[]kernel.Cell{cell(1, "other", 6)}, "destroy other, create other"},
		// One that does not tell when.
		{[]kernel.Cell{cell(1, "other", 0)}, ""},
		{[]kernel.Cell{cell(1, "other", 8)}, ""},
	} {
		if got := words(c.Next(step.list)); got != step.want {
			t.Errorf("step %d: %s, want %s", i, got, step.want)
		}
	}
	if !c.Knows(1) || c.Knows(2) {
		t.Error("known are those of the last look")
	}
}

// TestCellsAreWhole: whoever plays the events after each other has the cells that there are.
func TestCellsAreWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c Cells
		have := map[kernel.CellID]string{}
		for i := range rapid.IntRange(1, 8).Draw(t, "looks") {
			var list []kernel.Cell
			want := map[kernel.CellID]string{}
			for id := range kernel.CellID(5) {
				if rapid.Bool().Draw(t, "there") {
					name := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "name")
					list = append(list, kernel.Cell{ID: id, Name: name, Created: time.Duration(rapid.IntRange(1, 2).Draw(t, "created"))})
					want[id] = name
				}
			}
			events := c.Next(list)
			if i == 0 {
				have = want
				continue
			}
			for _, e := range events {
				switch {
				case e.Kind == host.Destroyed && have[e.ID] == e.Cell:
					delete(have, e.ID)
				case e.Kind == host.Created && have[e.ID] == "":
					have[e.ID] = e.Cell
				default:
					t.Fatalf("%v does not follow from %v", e, have)
				}
			}
			if fmt.Sprint(have) != fmt.Sprint(want) {
				t.Fatalf("%v, want %v", have, want)
			}
		}
	})
}

// TestBudgets: a budget tells that it is near, exceeded after as long as it says by the kernel's clock, and no more; one that swings
// round its limit tells it once, and a policy that changes begins anew.
func TestBudgets(t *testing.T) {
	// measure is a cell that uses so much of a budget, which has a limit of 0 for none.
	measure := func(name string, use uint64, limit int64, terms rules.Terms) host.Measure {
		m := host.Measure{Cell: kernel.Cell{ID: 1, Name: name, Memory: use}}
		if limit > 0 {
			m.Budgets = []analysis.Budget{{Name: analysis.BudgetMemory, Value: limit, Policy: "p", Terms: terms}}
		}
		return m
	}
	slow := rules.Terms{Warn: 80, Over: 2000}
	var b Budgets
	for i, step := range []struct {
		list []host.Measure
		want string
	}{
		{[]host.Measure{measure("web", 50, 100, slow)}, ""},
		{[]host.Measure{measure("web", 85, 100, slow)}, "near-budget web memory 85/100"},
		{[]host.Measure{measure("web", 120, 100, slow)}, ""},
		{[]host.Measure{measure("web", 110, 100, slow)}, ""},
		{[]host.Measure{measure("web", 120, 100, slow)}, "over-budget web memory 120/100"},
		{[]host.Measure{measure("web", 95, 100, slow)}, ""},
		{[]host.Measure{measure("web", 120, 100, slow)}, ""},
		{[]host.Measure{measure("web", 80, 100, slow)}, ""},
		{[]host.Measure{measure("web", 70, 100, slow)}, ""},
		{[]host.Measure{measure("web", 60, 100, slow)}, "under-budget web memory 60/100"},
		// Another limit is watched at once, also where nothing has changed but that.
		{[]host.Measure{measure("web", 60, 10, rules.Terms{})}, "over-budget web memory 60/10"},
		{[]host.Measure{measure("web", 60, 0, rules.Terms{})}, ""},
		{[]host.Measure{measure("web", 60, 10, rules.Terms{})}, "over-budget web memory 60/10"},
		// Of one that is gone there is nothing to say, and another of its number begins anew.
		{[]host.Measure{measure("db", 60, 10, rules.Terms{})}, "over-budget db memory 60/10"},
		{nil, ""},
		{[]host.Measure{measure("db", 1, 10, rules.Terms{})}, ""},
	} {
		if got := words(b.Next(step.list, time.Duration(i)*time.Second)); got != step.want {
			t.Errorf("step %d: %s, want %s", i, got, step.want)
		}
	}
}

// TestBudgetsOfServices: of a cell whose budgets a monitor watches it counts what that says.
func TestBudgetsOfServices(t *testing.T) {
	measure := func(supervised bool, over ...int64) host.Measure {
		m := host.Measure{Cell: kernel.Cell{ID: 1, Name: "web", Memory: 500}, Supervised: supervised,
			Budgets: []analysis.Budget{{Name: analysis.BudgetMemory, Value: 100, Policy: "p"}}}
		for _, limit := range over {
			m.Over = append(m.Over, host.Excess{Budget: "memory", Use: limit + 1, Limit: limit, Policy: "p"})
		}
		return m
	}
	var b Budgets
	for i, step := range []struct {
		list []host.Measure
		want string
	}{
		{[]host.Measure{measure(true)}, ""},
		{[]host.Measure{measure(true, 100)}, "over-budget web memory 101/100"},
		{[]host.Measure{measure(true, 100)}, ""},
		{[]host.Measure{measure(true, 100, 200)}, "over-budget web memory 201/200"},
		{[]host.Measure{measure(true)}, "under-budget web memory 0/100, under-budget web memory 0/200"},
		{[]host.Measure{measure(false)}, "over-budget web memory 500/100"},
		{[]host.Measure{measure(true, 100)}, "over-budget web memory 101/100"},
		{nil, ""},
		{[]host.Measure{measure(true)}, ""},
	} {
		if got := words(b.Next(step.list, time.Duration(i)*time.Second)); got != step.want {
			t.Errorf("step %d: %s, want %s", i, got, step.want)
		}
	}
}

func TestGenerations(t *testing.T) {
	g := func(number, of uint64) host.Generation {
		return host.Generation{Number: number, Of: of, Sources: []host.Source{{}}}
	}
	history := func(list ...host.Generation) *host.History { return &host.History{Generations: list} }
	var w Generations
	for i, step := range []struct {
		h    *host.History
		want string
	}{
		{history(), ""},
		{history(g(1, 0)), "load 1 from 0 of 0 []"},
		{history(g(1, 0)), ""},
		// Several between two looks.
		{history(g(1, 0), g(2, 0), g(3, 0)), "load 2 from 1 of 0 [], load 3 from 2 of 0 []"},
		{history(g(1, 0), g(2, 0), g(3, 0), g(4, 2)), "rollback 4 from 3 of 2 []"},
		// The kernel was started anew, and the same policies were loaded again.
		{history(g(2, 0), g(3, 0), g(4, 2), g(5, 2)), ""},
		{history(g(3, 0), g(4, 2), g(5, 2), g(6, 3)), "rollback 6 from 5 of 3 []"},
		// Another state, which is seen for the first time.
		{history(g(1, 0)), ""},
		{history(g(1, 0), g(2, 0)), "load 2 from 1 of 0 []"},
		{history(), ""},
		{history(g(1, 0)), "load 1 from 0 of 0 []"},
	} {
		if got := words(w.Next(step.h)); got != step.want {
			t.Errorf("step %d: %s, want %s", i, got, step.want)
		}
	}
}

// TestGoneBack: a kernel that goes back by itself is seen when it does, and not again when that is noted.
func TestGoneBack(t *testing.T) {
	k, err := sim.New(sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	h := host.New(k, &host.Memory{}, loader.Reader{}.Load, func() time.Time { return now })
	var w Generations
	next := func(want string) {
		t.Helper()
		history, err := h.History()
		if err != nil {
			t.Fatal(err)
		}
		if got := words(w.Next(history)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	load := func(file string, o host.LoadOptions) {
		t.Helper()
		p := loader.Reader{}.Load([]rules.Source{{File: file, Text: `policy "web" { cells = { "` + file + `" } }`}})
		if _, _, err := h.Load(p, o); err != nil {
			t.Fatal(err)
		}
	}
	next("")
	load("a.lua", host.LoadOptions{})
	next("load 1 from 0 of 0 [a.lua]")
	load("b.lua", host.LoadOptions{Confirm: time.Minute})
	next("load 2 from 1 of 0 [b.lua]")
	now = now.Add(2 * time.Minute)
	k.Advance(2 * time.Minute)
	next("rollback 1 from 2 of 0 [a.lua]")
	next("")
	if _, err := h.Expire(); err != nil {
		t.Fatal(err)
	}
	next("")
	load("c.lua", host.LoadOptions{})
	next("load 4 from 3 of 0 [c.lua]")
}

func decision(cell kernel.CellID, reason string) host.Event {
	e := &kernel.Event{Cell: cell, Name: fmt.Sprint("cell", cell)}
	e.Reason = reason
	return host.Event{Kind: host.Denied, Cell: e.Name, ID: cell, Count: 1, Decision: &host.Recorded{Event: e, Name: e.Name}}
}

func TestQueue(t *testing.T) {
	q := NewQueue()
	for i := range 10_000 {
		q.Put(decision(kernel.CellID(1+i%2), "no"))
	}
	q.Put(host.Event{Kind: host.Created, Cell: "new"})
	q.Put(host.Event{Kind: host.Destroyed, Cell: "new"})
	var got []string
	for range 4 {
		e, lost, ok := q.Take(t.Context())
		got = append(got, fmt.Sprint(e.Kind, " ", e.Cell, " ", e.Count, " ", lost, " ", ok))
	}
	if want := []string{"create new 0 0 true", "destroy new 0 0 true", "deny cell1 5000 0 true", "deny cell2 5000 0 true"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	// Where nobody takes any, it does not grow, and what is lost is counted.
	for range maxEvents + 7 {
		q.Put(host.Event{Kind: host.Created})
	}
	if _, lost, _ := q.Take(t.Context()); lost != 7 {
		t.Errorf("lost are %d", lost)
	}
	q.Stop()
	q.Put(host.Event{Kind: host.Created})
	if _, _, ok := q.take(); ok {
		t.Error("nothing is taken of a queue that was stopped")
	}
}

// TestQueueCounts: whatever comes in whatever order, and however much of it, each decision is counted once, with the cell that it is
// of while there is room for one more.
func TestQueueCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := NewQueue()
		in, out := map[string]uint64{}, map[string]uint64{}
		var dropped uint64
		taken := func(e host.Event, lost uint64, ok bool) bool {
			dropped += lost
			if ok {
				out[e.Kind+e.Cell] += max(e.Count, 1)
			}
			return ok
		}
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				taken(q.take())
			case 1:
				q.Put(host.Event{Kind: host.Created, Cell: "new"})
				in["createnew"]++
			case 2:
				cell := kernel.CellID(rapid.IntRange(1, 3).Draw(t, "cell"))
				for i := range rapid.IntRange(1, 900).Draw(t, "different") {
					q.Put(decision(cell, fmt.Sprint(i)))
					in[fmt.Sprint("denycell", cell)]++
				}
			default:
				q.Put(decision(1, "one"))
				in["denycell1"]++
			}
			if n := len(q.decisions); n > 2*maxAlike || len(q.alike) != n {
				t.Fatalf("%d wait, in %d places", n, len(q.alike))
			}
		}
		for taken(q.take()) {
		}
		if dropped != 0 || fmt.Sprint(in) != fmt.Sprint(out) {
			t.Fatalf("in %v, out %v, dropped %d", in, out, dropped)
		}
	})
}

// Of a cell whose budgets a monitor watches what the monitor has found is told, once for each change.
func TestSupervisedBudgets(t *testing.T) {
	over := []host.Excess{{Budget: "memory", Use: 150, Limit: 100, Policy: "small"}}
	var b Budgets
	for i, x := range []struct {
		supervised bool
		over       []host.Excess
		memory     uint64
		want       string
	}{
		{true, nil, 500, ""},
		{true, over, 0, host.OverBudget},
		{true, over, 0, ""},
		{true, nil, 500, host.UnderBudget},
		{true, nil, 500, ""},
		{false, nil, 500, host.OverBudget},
		{false, nil, 500, ""},
	} {
		m := host.Measure{Supervised: x.supervised, Over: x.over}
		m.ID, m.Name, m.Memory = 1, "web-1", x.memory
		m.Budgets = []analysis.Budget{{Name: analysis.BudgetMemory, Value: 100, Policy: "small"}}
		var told []string
		for _, e := range b.Next([]host.Measure{m}, time.Duration(i)*time.Second) {
			told = append(told, e.Kind)
		}
		if got := strings.Join(told, " "); got != x.want {
			t.Errorf("look %d: told %q, want %q", i, got, x.want)
		}
	}
}
