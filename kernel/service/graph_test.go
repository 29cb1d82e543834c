package service

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
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
