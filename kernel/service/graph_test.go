package service

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func defs(list ...Definition) []Definition { return list }

func TestGraph(t *testing.T) {
	g, err := NewGraph(defs(
		Definition{Name: "web", Requires: []string{"app"}, After: []string{"log"}},
		Definition{Name: "app", Requires: []string{"db"}},
		Definition{Name: "db"},
		Definition{Name: "log"},
		Definition{Name: "other"},
	))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		got, want []string
	}{
		{g.Names(), []string{"db", "app", "log", "web", "other"}},
		{g.Start("web"), []string{"db", "app", "web"}},
		{g.Start("other", "app"), []string{"db", "app", "other"}},
		{g.Stop("db"), []string{"web", "app", "db"}},
		{g.Stop("log"), []string{"log"}},
		{g.Stop("log", "db"), []string{"web", "log", "app", "db"}},
		{g.Start("nobody"), nil},
		{g.Before("web"), []string{"app", "log"}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("got %v, want %v", c.got, c.want)
		}
	}
}

func TestGraphErrors(t *testing.T) {
	_, err := NewGraph(defs(Definition{Name: "a", After: []string{"b"}}))
	if want := (&UnknownError{"a", "b", "after"}); !reflect.DeepEqual(err, error(want)) {
		t.Errorf("got %v", err)
	}
	_, err = NewGraph(defs(Definition{Name: "x", Requires: []string{"a"}}, Definition{Name: "a", After: []string{"b"}}, Definition{Name: "b", Requires: []string{"a"}}))
	if err == nil || err.Error() != "services must not wait for each other, but a waits for b, b for a" {
		t.Errorf("got %v", err)
	}
	_, err = NewGraph(defs(Definition{Name: "a", Requires: []string{"a"}}))
	if err == nil || err.Error() != "services must not wait for each other, but a waits for a" {
		t.Errorf("got %v", err)
	}
}

// TestGraphOrder: whatever services wait for, each comes after all that it waits for, or a cycle is told that is one.
func TestGraphOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "n")
		var list []Definition
		for i := range n {
			pick := rapid.SliceOfNDistinct(rapid.IntRange(0, n-1), 0, 2, rapid.ID[int])
			d := Definition{Name: fmt.Sprint(i)}
			for _, r := range pick.Draw(t, "requires") {
				d.Requires = append(d.Requires, fmt.Sprint(r))
			}
			for _, a := range pick.Draw(t, "after") {
				d.After = append(d.After, fmt.Sprint(a))
			}
			list = append(list, d)
		}
		waits := func(a, b string) bool {
			i := slices.IndexFunc(list, func(d Definition) bool { return d.Name == a })
			return slices.Contains(list[i].Requires, b) || slices.Contains(list[i].After, b)
		}
		g, err := NewGraph(list)
		var cycle *CycleError
		if errors.As(err, &cycle) {
			for i, name := range cycle.Names {
				if next := cycle.Names[(i+1)%len(cycle.Names)]; !waits(name, next) {
					t.Fatalf("%v: %s does not wait for %s", err, name, next)
				}
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		names := g.Names()
		if len(names) != n {
			t.Fatalf("%v must be all %d", names, n)
		}
		for i, a := range names {
			for _, b := range names[i:] {
				if waits(a, b) {
					t.Fatalf("%s waits for %s, but is before it in %v", a, b, names)
				}
			}
		}
		for _, name := range names {
			start, stop := g.Start(name), g.Stop(name)
			for _, a := range start {
				if !slices.Contains(g.Stop(a), name) {
					t.Fatalf("%s requires %s, but Stop(%s) is %v", name, a, a, g.Stop(a))
				}
			}
			if !slices.Contains(start, name) || stop[len(stop)-1] != name && !slices.Contains(stop, name) {
				t.Fatalf("%s must be in %v and %v", name, start, stop)
			}
		}
	})
}

// TestEach: whatever order chance has, each is started after those that it waits for, and stopped before them; what requires one
// that failed is not started.
func TestEach(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "n")
		var list []Definition
		for i := range n {
			d := Definition{Name: fmt.Sprint(i)}
			for j := range i {
				switch rapid.IntRange(0, 3).Draw(t, "waits") {
				case 0:
					d.Requires = append(d.Requires, fmt.Sprint(j))
				case 1:
					d.After = append(d.After, fmt.Sprint(j))
				}
			}
			list = append(list, d)
		}
		g, err := NewGraph(list)
		if err != nil {
			t.Fatal(err)
		}
		names := g.Start(rapid.SliceOfDistinct(rapid.SampledFrom(g.Names()), rapid.ID[string]).Draw(t, "names")...)
		fails := map[string]bool{}
		for _, name := range names {
			fails[name] = rapid.IntRange(0, 4).Draw(t, "fails") == 0
		}
		var mu sync.Mutex
		var order []string
		do := func(name string) error {
			mu.Lock()
			defer mu.Unlock()
			order = append(order, name)
			if fails[name] {
				return errors.New("it fails")
			}
			return nil
		}
		failed := map[string]bool{}
		var told []string
		g.StartEach(names, do, func(name string, err error) {
			told = append(told, name)
			failed[name] = err != nil
			mu.Lock()
			done := slices.Clone(order)
			mu.Unlock()
			var required *RequiredError
			if errors.As(err, &required) != (err != nil && !slices.Contains(done, name)) {
				t.Fatalf("%s: %v, done %v", name, err, done)
			}
			if errors.As(err, &required) && (!failed[required.Required] || !slices.Contains(g.Find(name).Requires, required.Required)) {
				t.Fatalf("%v", err)
			}
		})
		if !slices.Equal(told, names) {
			t.Fatalf("told of %v, not of %v", told, names)
		}
		for i, name := range order {
			for _, later := range order[i:] {
				if slices.Contains(g.Before(name), later) {
					t.Fatalf("%s is started before %s: %v", name, later, order)
				}
			}
			for _, r := range g.Find(name).Requires {
				if failed[r] {
					t.Fatalf("%s is started, but requires %s", name, r)
				}
			}
		}
		order = nil
		g.StopEach(names, do, func(name string, err error) {
			if (err != nil) != fails[name] {
				t.Fatalf("%s: %v", name, err)
			}
		})
		for i, name := range order {
			for _, earlier := range order[:i] {
				if slices.Contains(g.Before(name), earlier) {
					t.Fatalf("%s is stopped before %s: %v", earlier, name, order)
				}
			}
		}
		if len(order) != len(names) {
			t.Fatalf("%v must be all of %v", order, names)
		}
	})
}
