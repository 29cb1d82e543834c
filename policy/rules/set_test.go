package rules

import (
	"slices"
	"testing"
)

// Of what is declared twice the newer stays, and neither set changes.
func TestSetWith(t *testing.T) {
	set := func(names ...string) *Set {
		s := &Set{Sources: []Source{{File: names[0]}}}
		for _, name := range names {
			s.Policies = append(s.Policies, &Policy{Name: name, Cells: []Glob{{Pattern: names[0] + "*"}}})
			s.Nevers = append(s.Nevers, &Never{Title: name})
		}
		return s
	}
	older, newer := set("b", "c", "a"), set("a", "d")
	got := older.With(newer)
	var policies, nevers []string
	for _, p := range got.Policies {
		policies = append(policies, p.Name)
	}
	for _, n := range got.Nevers {
		nevers = append(nevers, n.Title)
	}
	if !slices.Equal(policies, []string{"a", "b", "c", "d"}) || got.Policies[0] != newer.Policies[0] {
		t.Errorf("policies %v", policies)
	}
	if !slices.Equal(nevers, []string{"b", "c", "a", "d"}) || got.Nevers[2] != newer.Nevers[0] {
		t.Errorf("nevers %v", nevers)
	}
	if got.Sources[0].File != "b" || len(older.Policies) != 3 || older.Policies[2].Cells[0].Pattern != "b*" || older.Nevers[2].Title != "a" || len(newer.Policies) != 2 {
		t.Errorf("%v, and the sets were %v and %v", got.Sources, older, newer)
	}
	if for1 := NewCompiler(got, Options{}).For("b-1"); len(for1) != 2 || for1[0].Name != "b" || for1[1].Name != "c" {
		t.Errorf("for b-1: %v", for1)
	}
}
